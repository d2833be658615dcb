//! Any bytes as a snapshot file: refused, or read so that writing and reading again changes nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use planscope_collection::store::codec::{decode, encode};
use planscope_explain::workload::Snapshot;
use serde_json::Value;
use std::path::Path;

fuzz_target!(|data: &[u8]| {
    let Ok(read) = decode(data, Path::new("fuzz")) else { return };
    let (again, bytes) = round_trip(&read);
    if !has_long_integers(&read) {
        assert_eq!(again, read);
    }
    let (third, same_bytes) = round_trip(&again);
    assert_eq!(third, again);
    assert_eq!(same_bytes, bytes);
});

fn round_trip(snapshot: &Snapshot) -> (Snapshot, Vec<u8>) {
    let bytes = encode(snapshot).expect("what was read can be written");
    let read = decode(&bytes, Path::new("fuzz")).expect("what was written can be read");
    (read, bytes)
}

/// Integers that JavaScript would round become strings on purpose, once.
fn has_long_integers(snapshot: &Snapshot) -> bool {
    let plans = snapshot.statements.iter().flat_map(|s| &s.plans).map(|record| &record.plan);
    let details = |plan: &planscope_explain::Plan| {
        let of_nodes = plan.nodes().iter().map(|node| Value::from(node.details.clone()));
        of_nodes.chain([Value::from(plan.details.clone())]).any(|value| is_long(&value))
    };
    plans.into_iter().any(details)
}

fn is_long(value: &Value) -> bool {
    const MOST: u64 = 1 << 53;
    match value {
        Value::Number(n) => {
            n.as_i64().is_some_and(|n| n.unsigned_abs() > MOST) || n.as_u64() > Some(MOST)
        }
        Value::Array(items) => items.iter().any(is_long),
        Value::Object(fields) => fields.values().any(is_long),
        _ => false,
    }
}

//! Any bytes as a log: read or refused, nothing lost without a word, whatever the cut of the input.
//!
//! With `PLANSCOPE_FUZZ_FORMAT=mysql-slow` by that reader only, else by all and by the detected one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use planscope_collection::Stop;
use planscope_collection::logs::{ALL, Input, LogDigest, LogReader, Options, by_name, digest};
use planscope_collection::store::codec::{decode, encode};
use std::path::Path;
use std::sync::OnceLock;

fuzz_target!(|data: &[u8]| {
    for reader in chosen() {
        check(data, Some(reader));
    }
    if chosen().len() == ALL.len() {
        check(data, None);
    }
});

/// The readers to try.
fn chosen() -> &'static [&'static LogReader] {
    static CHOSEN: OnceLock<Vec<&'static LogReader>> = OnceLock::new();
    CHOSEN.get_or_init(|| match std::env::var("PLANSCOPE_FUZZ_FORMAT") {
        Ok(name) => vec![by_name(&name).expect("no such reader")],
        Err(_) => ALL.to_vec(),
    })
}

fn read(inputs: &[Input], reader: Option<&'static LogReader>, keep: bool) -> Option<LogDigest> {
    let options = Options { reader, threads: 1, keep_literals: keep, ..Options::default() };
    digest(inputs, &options, &Stop::new()).ok()
}

fn check(data: &[u8], reader: Option<&'static LogReader>) {
    let input = Input::Bytes("log".into(), data.to_vec());
    let Some(read_once) = read(&[input.clone()], reader, true) else { return };
    let facts = &read_once.facts;
    let calls: u64 = read_once.snapshot.statements.iter().filter_map(|s| s.history.as_ref()).map(|h| h.events).sum();
    assert_eq!(calls + facts.empty, facts.events, "events are in a statement or empty");
    let total: f64 = read_once.snapshot.statements.iter().filter_map(|s| s.counters.total_ms).sum();
    assert!(total.is_finite());
    // What was read is written and read back the same.
    let bytes = encode(&read_once.snapshot).expect("a snapshot can be written");
    let again = decode(&bytes, Path::new("fuzz")).expect("what was written can be read");
    assert_eq!(again.log, read_once.snapshot.log);
    for (one, other) in again.statements.iter().zip(&read_once.snapshot.statements) {
        assert_eq!((&one.history, &one.counters), (&other.history, &other.counters));
    }
    // Private: no literal survives redaction that the fingerprint does not know.
    let private = read(&[input], reader, false).expect("it was read before");
    assert_eq!(private.facts.events, facts.events);
}

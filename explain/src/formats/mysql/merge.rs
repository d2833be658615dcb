//! One statement in both versions of FORMAT=JSON: version 2 shows the tree, version 1 what was attached
//! to each table. Together they are one plan.

use crate::formats::{Note, Reading};
use crate::plan::{Node, Plan};
use serde_json::Value;
use std::collections::BTreeMap;

/// Merges neighbours that are version 1 and 2 of one statement.
pub(super) fn merge(readings: Vec<Reading>) -> Vec<Reading> {
    let mut merged: Vec<Reading> = Vec::with_capacity(readings.len());
    for reading in readings {
        let formats = |a: &Reading, b: &Reading| (a.plan.format, b.plan.format);
        match merged.pop() {
            Some(last) if formats(&last, &reading) == ("mysql-json", "mysql-json-v2") && are_one(&last.plan, &reading.plan) => {
                merged.push(both(&last, reading));
            }
            Some(last) if formats(&last, &reading) == ("mysql-json-v2", "mysql-json") && are_one(&reading.plan, &last.plan) => {
                merged.push(both(&reading, last));
            }
            last => {
                merged.extend(last);
                merged.push(reading);
            }
        }
    }
    merged
}

/// The tables that a plan reads, and how often each.
fn tables(plan: &Plan) -> BTreeMap<&str, usize> {
    let mut found = BTreeMap::new();
    for node in plan.nodes().iter().filter(|node| node.operator.is_scan() && !is_part(node)) {
        if let Some(name) = node.relation_name().filter(|name| !name.starts_with('<')) {
            *found.entry(name).or_insert(0) += 1;
        }
    }
    found
}

/// An index of an index merge: its table is counted by the merge, or once for all.
fn is_part(node: &Node) -> bool {
    node.label == "range" || node.operator == crate::plan::Operator::MultiIndex
}

/// Whether both are of one statement. Tables that are read while planning are in version 1 only.
fn are_one(v1: &Plan, v2: &Plan) -> bool {
    let same_text = match (&v1.statement, &v2.statement) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    let (one, two) = (tables(v1), tables(v2));
    same_text && !(one.is_empty() && !two.is_empty()) && two.keys().all(|name| one.contains_key(name) || is_made(v2, name))
}

/// Whether a name is one that version 2 gives to rows it made itself.
fn is_made(plan: &Plan, name: &str) -> bool {
    plan.nodes().iter().any(|node| node.relation_name() == Some(name) && !node.operator.is_index_access() && !node.operator.is_full_scan())
}

/// Version 2 with what version 1 knows.
fn both(v1: &Reading, v2: Reading) -> Reading {
    let mut by_name: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for node in v1.plan.nodes().iter().filter(|node| node.operator.is_scan() && !is_part(node)) {
        by_name.entry(node.relation_name().unwrap_or_default()).or_default().push(node);
    }
    by_name.values_mut().for_each(|nodes| nodes.reverse());
    let Reading { plan, mut notes } = v2;
    let mut plan = plan.map_nodes(|node| {
        let is_table = node.operator.is_scan() && !is_part(node);
        let same = node.relation_name().filter(|_| is_table).and_then(|name| by_name.get_mut(name));
        // Tables that are read twice come in the same order in both, or share the last.
        let found = same.and_then(|nodes| if nodes.len() > 1 { nodes.pop() } else { nodes.last().copied() });
        if let Some(found) = found {
            complete(node, found);
        }
    });
    let blocks = v1.plan.nodes().iter().filter_map(|node| node.details.get("message").cloned());
    let messages: Vec<Value> = blocks.chain(v1.plan.nodes().iter().filter(|node| node.relation.is_none() && node.depth() == 0 && node.subtree_len() == 1).map(|node| Value::String(node.label.clone()))).collect();
    if !messages.is_empty() {
        plan.details.insert("messages".into(), Value::Array(messages));
    }
    plan.statement = plan.statement.or_else(|| v1.plan.statement.clone());
    notes.push(Note {
        place: "the input".into(),
        message: "FORMAT=JSON versions 1 and 2 of one statement were read as one plan".into(),
    });
    Reading { plan, notes }
}

fn complete(node: &mut Node, v1: &Node) {
    for (key, value) in v1.details.iter() {
        if !node.details.contains_key(key) {
            node.details.insert(key.clone(), value.clone());
        }
    }
    for condition in &v1.conditions {
        // Version 2 has lookups of its own, in its own words.
        let is_known = node.conditions.iter().any(|have| have.kind == condition.kind);
        if !is_known {
            node.conditions.push(condition.clone());
        }
    }
    node.index = node.index.take().or_else(|| v1.index.clone());
}

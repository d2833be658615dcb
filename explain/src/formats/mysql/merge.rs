//! One statement in both versions of FORMAT=JSON: version 2 shows the tree, version 1 what was attached
//! to each table. Together they are one plan.

use crate::formats::{Note, Reading};
use crate::plan::{Node, Operator, Plan, Role};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

const V1: &str = "mysql-json";
const V2: &str = "mysql-json-v2";

/// Merges neighbours that are version 1 and 2 of one statement.
pub(super) fn merge(readings: Vec<Reading>) -> Vec<Reading> {
    let mut merged: Vec<Reading> = Vec::with_capacity(readings.len());
    for reading in readings {
        let pair = merged.last().map(|last| (last.plan.format, reading.plan.format));
        let both = match (pair, merged.last()) {
            (Some((V1, V2)), Some(v1)) if are_one(&v1.plan, &reading.plan) => {
                Some(both(v1, &reading))
            }
            (Some((V2, V1)), Some(v2)) if are_one(&reading.plan, &v2.plan) => {
                Some(both(&reading, v2))
            }
            _ => None,
        };
        match both {
            Some(both) => {
                merged.pop();
                merged.push(both);
            }
            None => merged.push(reading),
        }
    }
    merged
}

/// The scans of tables, not of what the statement itself has made.
fn scans(plan: &Plan) -> impl Iterator<Item = &Node> {
    let derived = |id| plan.children(id).any(|(_, child)| child.role == Role::Subquery);
    let tables = plan.iter().filter(move |(id, node)| is_table(node) && !derived(*id));
    tables.map(|(_, node)| node)
}

/// Whether the node scans a table, all of it and not one index of a merge.
fn is_table(node: &Node) -> bool {
    let is_scan = node.operator.is_index_access() || node.operator.is_full_scan();
    let is_const = node.operator == Operator::MetadataRead && node.relation.is_some();
    (is_scan || is_const) && node.relation_name().is_some_and(|name| !name.starts_with('<'))
}

/// Whether both are of one statement: each names the tables of the other. Tables that are read while
/// planning have a name in version 1 only.
fn are_one(v1: &Plan, v2: &Plan) -> bool {
    if let (Some(a), Some(b)) = (&v1.statement, &v2.statement)
        && a != b
    {
        return false;
    }
    let all = |plan| -> BTreeSet<&str> { names(plan) };
    let (in_v1, in_v2) = (all(v1), all(v2));
    let fetched = v2
        .nodes()
        .iter()
        .any(|node| matches!(node.operator, Operator::MetadataRead | Operator::Result));
    let known_in_v1 = scans(v2).filter_map(Node::relation_name).all(|name| in_v1.contains(name));
    let known_in_v2 =
        scans(v1).filter_map(Node::relation_name).all(|name| in_v2.contains(name) || fetched);
    known_in_v1 && known_in_v2
}

fn names(plan: &Plan) -> BTreeSet<&str> {
    plan.nodes().iter().filter_map(Node::relation_name).collect()
}

/// Nodes of version 1 that wait for theirs in version 2, by what they are matched by.
type Waiting<'a> = BTreeMap<String, VecDeque<&'a Node>>;

/// What a node is matched by: its table, or what it does.
fn mark(node: &Node) -> Option<String> {
    if is_table(node) {
        return node.relation_name().map(|name| format!("table {name}"));
    }
    let is_step = node.operator.is_sort() || node.operator.is_aggregate();
    let is_other = matches!(node.operator, Operator::Distinct | Operator::WindowAggregate);
    (is_step || is_other).then(|| node.operator.name().to_owned())
}

/// Version 2 with what version 1 knows.
fn both(v1: &Reading, v2: &Reading) -> Reading {
    let mut waiting = Waiting::new();
    let parts = |node: &&Node| node.label != "range" || node.role != Role::Member;
    for node in v1.plan.nodes().iter().filter(parts) {
        if let Some(mark) = mark(node) {
            waiting.entry(mark).or_default().push_back(node);
        }
    }
    let mut plan = v2.plan.clone().map_nodes(|node| {
        let same = mark(node).and_then(|mark| waiting.get_mut(&mark));
        if let Some(found) = same.and_then(|same| take(same, node)) {
            complete(node, found);
        }
    });
    let is_message = |node: &&Node| {
        let says = matches!(node.operator, Operator::Result | Operator::MetadataRead);
        says && node.relation.is_none() && node.subtree_len() == 1
    };
    let messages =
        v1.plan.nodes().iter().filter(is_message).map(|node| Value::String(node.label.clone()));
    let messages: Vec<Value> = messages.collect();
    if !messages.is_empty() {
        plan.details.insert("messages".into(), Value::Array(messages));
    }
    plan.statement = plan.statement.or_else(|| v1.plan.statement.clone());
    let message = "versions 1 and 2 of FORMAT=JSON of one statement were read as one plan";
    let note = Note { place: "the input".into(), message: message.into() };
    Reading { plan, notes: v1.notes.iter().chain(&v2.notes).cloned().chain([note]).collect() }
}

/// The node for `node`: the first that uses the same index, else the first. An index merge takes the
/// same for each of its indexes.
fn take<'a>(same: &mut VecDeque<&'a Node>, node: &Node) -> Option<&'a Node> {
    let at = same.iter().position(|found| found.index == node.index).unwrap_or(0);
    if same.len() > 1 { same.remove(at) } else { same.front().copied() }
}

fn complete(node: &mut Node, v1: &Node) {
    for (key, value) in v1.details.iter() {
        if !node.details.contains_key(key) {
            node.details.insert(key.clone(), value.clone());
        }
    }
    // Version 2 has the lookups and sort keys in its own words.
    let known: Vec<_> = node.conditions.iter().map(|condition| condition.kind).collect();
    let new = v1.conditions.iter().filter(|condition| !known.contains(&condition.kind)).cloned();
    node.conditions.extend(new);
}

//! The canonical text of a plan: operators, relations, indexes and conditions, one line a node,
//! without costs, rows, times or literals. Equal texts are equal plans.

use super::{ConditionKind, Node, Plan};
use crate::workload::fingerprint;
use xxhash_rust::xxh3::xxh3_64;

/// The canonical text, ending with a line feed.
pub fn canonical(plan: &Plan) -> String {
    let mut text = String::new();
    for node in plan.nodes() {
        text.push_str(&"  ".repeat(node.depth() as usize));
        text.push_str(&line(plan, node));
        text.push('\n');
    }
    text
}

/// A 64-bit hash of the plan's shape that ignores costs and literals.
pub fn plan_hash(plan: &Plan) -> u64 {
    // Depth as a number, not as blanks: a plan of 100,000 levels must not make gigabytes of text.
    let mut text = String::new();
    for node in plan.nodes() {
        text.push_str(&node.depth().to_string());
        text.push(' ');
        text.push_str(&line(plan, node));
        text.push('\n');
    }
    xxh3_64(text.as_bytes())
}

fn line(plan: &Plan, node: &Node) -> String {
    let mut line = node.operator.name().to_owned();
    if let Some(join) = node.join_type.as_deref().filter(|join| *join != "Inner") {
        line.push_str(&format!(" {}", join.to_lowercase()));
    }
    if let Some(relation) = &node.relation {
        line.push_str(&format!(" {relation}"));
    }
    if let Some(alias) = node.alias.as_ref().filter(|alias| node.relation.as_ref() != Some(alias)) {
        line.push_str(&format!(" as {alias}"));
    }
    if let Some(index) = &node.index {
        line.push_str(&format!(" using {index}"));
    }
    for condition in node.conditions.iter().filter(|c| c.kind != ConditionKind::Output) {
        let text = fingerprint::normalize(&condition.text, plan.engine);
        line.push_str(&format!(" [{} {text}]", condition.kind));
    }
    line
}

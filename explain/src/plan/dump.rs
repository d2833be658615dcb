//! The canonical text of a plan: operators, relations, indexes and conditions, one line a node,
//! without costs, rows, times or literals. Equal texts are equal plans.
//!
//! The text is for version control: it is the same for every run, every format and, as far as they
//! differ in spelling only, every version of an engine. What is left out: figures, literals, the
//! schema and the output columns (both only printed with VERBOSE), numbers of InitPlans and SubPlans.

mod neutral;

use super::{ConditionKind, Node, Operator, Plan, Role};
use xxhash_rust::xxh3::xxh3_64;

/// Deepest level that is indented. Below it the level is written as a number, else a plan of
/// 100,000 levels would be gigabytes of blanks.
const MOST_LEVELS: usize = 40;

/// Words of a label that make another plan of the same operator.
const QUALIFIERS: [&str; 4] = ["Parallel", "Partial", "Finalize", "Backward"];
/// The same for an operator that writes, or that compares sets.
const DEEDS: [&str; 8] =
    ["Insert", "Update", "Delete", "Merge", "Replace", "Except", "Intersect", "All"];

/// The canonical text, ending with a line feed.
///
/// Two blanks a level down to level 40, then the level as a number: `[41] SeqScan orders`.
pub fn canonical(plan: &Plan) -> String {
    let mut text = String::new();
    for node in plan.nodes() {
        let depth = node.depth() as usize;
        text.push_str(&"  ".repeat(depth.min(MOST_LEVELS)));
        if depth > MOST_LEVELS {
            text.push_str(&format!("[{depth}] "));
        }
        text.push_str(&line(plan, node));
        text.push('\n');
    }
    text
}

/// A 64-bit hash of the plan's shape that ignores costs and literals: XXH3 of [`canonical`]. Printed
/// as 16 hexadecimal digits.
pub fn plan_hash(plan: &Plan) -> u64 {
    xxh3_64(canonical(plan).as_bytes())
}

fn line(plan: &Plan, node: &Node) -> String {
    let mut line = role(node);
    line.push_str(node.operator.name());
    for word in qualifiers(node) {
        line.push_str(&format!(" {}", word.to_lowercase()));
    }
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
        let text = neutral::condition(condition, plan.engine);
        line.push_str(&format!(" [{} {text}]", condition.kind));
    }
    // Names and conditions may hold line feeds; a node is one line.
    if line.contains(char::is_control) { line.replace(char::is_control, " ") } else { line }
}

/// What a subtree is for, where it is no ordinary input.
fn role(node: &Node) -> String {
    match node.role {
        Role::InitPlan => "InitPlan: ".to_owned(),
        Role::SubPlan => "SubPlan: ".to_owned(),
        Role::Cte => {
            let name = node.subplan.as_deref().unwrap_or_default();
            format!("CTE {}: ", name.strip_prefix("CTE ").unwrap_or(name))
        }
        Role::Outer | Role::Inner | Role::Member | Role::Subquery => String::new(),
    }
}

fn qualifiers(node: &Node) -> impl Iterator<Item = &str> {
    let has_deeds = matches!(node.operator, Operator::Modify | Operator::SetOperation);
    let counts =
        move |word: &&str| QUALIFIERS.contains(word) || (has_deeds && DEEDS.contains(word));
    // Only what stands before a name: a table can be called `Parallel`.
    node.label.split(' ').take(4).filter(counts)
}

#[cfg(test)]
mod tests;

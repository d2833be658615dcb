//! An entry as text.

use super::tokens::{must_be_escaped, name, quoted};
use super::{Entry, MAGIC};
use crate::plan::{Node, Operator, Plan, Role};
use crate::workload::{Index, IndexKey, Table};

/// Deepest level that is indented; below it the level is a number, else a plan of 100,000 levels
/// would be gigabytes of blanks.
pub(super) const MOST_LEVELS: usize = 40;

/// The text of an entry, ending with a line feed.
pub fn write(entry: &Entry) -> String {
    let mut out = format!("{MAGIC}\n");
    out.push_str(&format!("query: {}\n", name(&entry.name)));
    out.push_str(&format!("fingerprint: {}\n", entry.fingerprint));
    if let Some(source) = &entry.source {
        out.push_str(&format!("source: {} {}\n", name(&source.file), source.line));
    }
    out.push_str(&format!("server: {} {}\n", entry.engine.name(), name(&entry.version)));
    section(
        &mut out,
        "settings",
        entry.settings.iter().map(|(n, v)| format!("{} {}", name(n), name(v))),
    );
    section(&mut out, "tables", entry.tables.iter().map(table));
    section(&mut out, "indexes", entry.indexes.iter().map(index));
    section(&mut out, "statement", entry.text.lines().map(escaped_line));
    section(&mut out, "plan", plan_lines(&entry.plan, true).into_iter());
    out
}

/// The plan's lines without rows and costs.
pub(super) fn plan_shape(plan: &Plan) -> Vec<String> {
    plan_lines(plan, false)
}

fn section(out: &mut String, head: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    out.push_str(&format!("\n{head}:\n"));
    for line in lines {
        out.push_str(&format!("  {line}\n"));
    }
}

/// A line of SQL. Only one with characters that must not stand in a text is in quotes, and one that
/// looks like that.
fn escaped_line(line: &str) -> String {
    match line.starts_with('"') || line.chars().any(must_be_escaped) {
        true => quoted(line),
        false => line.to_owned(),
    }
}

fn qualified(schema: Option<&str>, table: &str) -> String {
    match schema {
        Some(schema) => format!("{} in {}", name(table), name(schema)),
        None => name(table),
    }
}

fn table(table: &Table) -> String {
    let rows = table.rows.map_or(String::new(), |rows| format!("  rows {rows}"));
    format!("{}{rows}", qualified(table.schema.as_deref(), &table.name))
}

/// `orders_customer_idx on orders in public unique (customer_id, created_at desc) include (total)`.
fn index(index: &Index) -> String {
    let mut line = name(&index.name);
    line.push_str(&format!(" on {}", qualified(index.schema.as_deref(), &index.table)));
    if !matches!(index.method.as_str(), "" | "btree") {
        line.push_str(&format!(" using {}", name(&index.method)));
    }
    for (flag, word) in [
        (index.unique, "unique"),
        (index.primary, "primary"),
        (index.constraint, "constraint"),
        (!index.usable, "unusable"),
    ] {
        if flag {
            line.push_str(&format!(" {word}"));
        }
    }
    let keys: Vec<String> = index.keys.iter().map(key).collect();
    line.push_str(&format!(" ({})", keys.join(", ")));
    if !index.include.is_empty() {
        let columns: Vec<String> = index.include.iter().map(|column| name(column)).collect();
        line.push_str(&format!(" include ({})", columns.join(", ")));
    }
    if let Some(predicate) = &index.predicate {
        line.push_str(&format!(" where {}", quoted(predicate)));
    }
    line
}

fn key(key: &IndexKey) -> String {
    let mut text = match (&key.column, &key.expression) {
        (Some(column), _) => name(column),
        (None, expression) => format!("expr {}", quoted(expression.as_deref().unwrap_or_default())),
    };
    if let Some(length) = key.prefix_length {
        text.push_str(&format!(" prefix {length}"));
    }
    if let Some(collation) = &key.collation {
        text.push_str(&format!(" collate {}", name(collation)));
    }
    if let Some(class) = &key.operator_class {
        text.push_str(&format!(" opclass {}", name(class)));
    }
    if key.descending {
        text.push_str(" desc");
    }
    match key.nulls_first {
        Some(true) => text.push_str(" nulls-first"),
        Some(false) => text.push_str(" nulls-last"),
        None => {}
    }
    text
}

fn plan_lines(plan: &Plan, with_figures: bool) -> Vec<String> {
    let mut lines = Vec::with_capacity(plan.nodes().len());
    for node in plan.nodes() {
        let depth = node.depth() as usize;
        let mut indent = "  ".repeat(depth.min(MOST_LEVELS));
        let margin = indent.clone();
        if depth > MOST_LEVELS {
            indent.push_str(&format!("[{depth}] "));
        }
        lines.push(format!("{indent}{}", node_line(node, with_figures)));
        for condition in &node.conditions {
            let text = escaped_line(&condition.text);
            lines.push(format!("{margin}  | {}: {text}", condition.kind));
        }
    }
    lines
}

fn node_line(node: &Node, with_figures: bool) -> String {
    let mut line = name(node.operator.name());
    let mut part = |word: &str, value: &str| line.push_str(&format!(" {word} {}", name(value)));
    if node.label != usual_label(&node.operator) {
        part("label", &node.label);
    }
    if let Some(join) = &node.join_type {
        part("join", join);
    }
    if let Some(relation) = &node.relation {
        part("on", relation);
    }
    if let Some(schema) = &node.schema {
        part("in", schema);
    }
    if let Some(alias) = &node.alias {
        part("as", alias);
    }
    if let Some(index) = &node.index {
        part("using", index);
    }
    if node.role != Role::Outer {
        part("role", node.role.name());
    }
    if let Some(subplan) = &node.subplan {
        part("sub", subplan);
    }
    if let Some(workers) = node.workers.and_then(|w| w.planned) {
        part("workers", &workers.to_string());
    }
    if let Some(details) = node.details.given() {
        // Numbers and flags only: always JSON.
        part("details", &serde_json::to_string(details).unwrap_or_default());
    }
    if with_figures {
        line.push_str(&figures(node));
    }
    line
}

fn figures(node: &Node) -> String {
    let figure = |word: &str, value: Option<f64>| {
        value.map_or(String::new(), |value| format!("  {word} {value}"))
    };
    let estimate = &node.estimate;
    figure("rows", estimate.rows_per_loop) + &figure("cost", estimate.total_cost)
}

/// PostgreSQL's label of an operator: its name in words, `Seq Scan`.
pub(super) fn usual_label(operator: &Operator) -> String {
    let mut label = String::new();
    for c in operator.name().chars() {
        if c.is_uppercase() && !label.is_empty() && !label.ends_with(' ') {
            label.push(' ');
        }
        label.push(c);
    }
    label
}

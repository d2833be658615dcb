//! What stands below a node: its conditions, what it used, and a table of everything.

use super::{Section, escape};
use crate::output::node as words;
use planscope_explain::heat::Metric;
use planscope_explain::plan::{ConditionKind, Node};
use planscope_explain::units::{Bytes, Count, Millis};
use serde_json::Value;

/// Draws the facts of a node.
pub(super) fn draw(section: &Section<'_>, node: &Node, out: &mut String) {
    out.push_str("<div class=\"x\">");
    all(section, node, out);
    for (kind, text) in words::conditions(&node.conditions) {
        let (kind, text) = (kind.label(), escape(&text));
        out.push_str(&format!("<p><b>{kind}</b> <code>{text}</code></p>"));
    }
    // Blocks are said here whichever metric is shown.
    let resources = words::resources(node, Metric::Time);
    if !resources.is_empty() {
        out.push_str(&format!("<p>{}</p>", escape(&resources.join(" · "))));
    }
    out.push_str("</div>\n");
}

/// Every figure and key of the node, folded.
fn all(section: &Section<'_>, node: &Node, out: &mut String) {
    out.push_str("<details class=\"all\"><summary>figures</summary><dl>");
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            let (name, value) = (escape(name), escape(&value));
            out.push_str(&format!("<dt>{name}</dt><dd>{value}</dd>"));
        }
    };
    names(section, node, &mut row);
    measured(section, node, &mut row);
    used(node, &mut row);
    for (key, value) in node.details.iter() {
        row(key, shown(value));
    }
    out.push_str("</dl></details>");
}

type Row<'a> = dyn FnMut(&str, String) + 'a;

fn text(value: Option<&String>) -> String {
    value.cloned().unwrap_or_default()
}

fn count(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| Count(words::rounded(value)).to_string())
}

fn ms(value: Option<f64>) -> String {
    value.map_or(String::new(), |ms| Millis(ms).to_string())
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn names(section: &Section<'_>, node: &Node, row: &mut Row<'_>) {
    row("operator", node.operator.name().to_owned());
    row("part", if node.parent().is_some() { node.role.name().to_owned() } else { String::new() });
    row("subplan", text(node.subplan.as_ref()));
    row("schema", text(node.schema.as_ref()));
    row("relation", text(node.relation.as_ref()));
    row("alias", text(node.alias.as_ref()));
    row("index", text(node.index.as_ref()));
    row("join", text(node.join_type.as_ref()));
    let output: Vec<&str> = node.conditions_of(ConditionKind::Output).collect();
    row("output", output.join(", "));
    row("engine", section.plan().engine.label().to_owned());
}

fn measured(section: &Section<'_>, node: &Node, row: &mut Row<'_>) {
    let e = &node.estimate;
    row("estimated rows a loop", count(e.rows_per_loop));
    if let Some(actual) = node.actual {
        row("rows a loop", count(Some(actual.rows_per_loop)));
        row("loops", count(Some(actual.loops)));
        row("rows, all loops", count(Some(actual.rows())));
        row("first row of a loop after", ms(actual.startup_ms_per_loop));
    }
    if section.plan().is_analyzed() && !node.never_executed() {
        row("time with inputs", ms(node.total_ms()));
        row("self time", ms(node.self_ms()));
    }
    row("row width", e.width_bytes.map_or(String::new(), |width| Bytes(width).to_string()));
    row("startup cost", count(e.startup_cost));
    row("cost with inputs", count(e.total_cost));
    row("self cost", count(node.self_cost()));
}

fn used(node: &Node, row: &mut Row<'_>) {
    row("blocks touched by itself", count(node.self_buffers()));
    row("blocks read by itself", count(node.self_reads()));
    row("temporary blocks written by itself", count(node.self_temp_written()));
    for (name, value) in node.buffers.named() {
        let name = name.replace('_', " ");
        row(&format!("{name}, with inputs"), count(value.map(|blocks| blocks as f64)));
    }
    row("keys examined", count(node.examined.keys));
    row("rows examined", count(node.examined.rows));
    row("removed by filter", count(node.removed.by_filter));
    row("removed by join filter", count(node.removed.by_join_filter));
    row("removed by recheck", count(node.removed.by_recheck));
    row("method", text(node.memory.method.as_ref()));
    let bytes = |n: Option<u64>| n.map_or(String::new(), |n| Bytes(n as f64).to_string());
    row("memory", bytes(node.memory.peak_bytes));
    row("disk", bytes(node.memory.disk_bytes));
    row("batches", count(node.memory.batches.map(|n| n as f64)));
}

//! What is said of a node, in words: shared by the tree, the table and the page.

use planscope_advisors::Finding;
use planscope_explain::Engine;
use planscope_explain::heat::{self, Heat, HeatClass, Metric};
use planscope_explain::plan::{Condition, ConditionKind, Node, Plan, Role};
use planscope_explain::units::{Bytes, Count, Millis};
use std::cmp::Ordering;

/// A misestimate below this is none worth an arrow.
const LEAST_FACTOR: f64 = 1.5;

/// What the figures of a metric are, as a column head.
pub fn metric_head(plan: &Plan, metric: Metric) -> &'static str {
    match metric {
        Metric::Time => "self time",
        Metric::Cost => "self cost",
        Metric::Rows => "rows read",
        Metric::Buffers if plan.root().self_buffers().is_none() => "examined",
        Metric::Buffers => "blocks",
        Metric::Io => "I/O blocks",
        Metric::Misestimate => "rows off by",
    }
}

/// The node's own figure; empty where there is none, and where it never ran.
pub fn figure(node: &Node, metric: Metric, heat: &Heat) -> String {
    match (heat.value, metric) {
        (None, _) => String::new(),
        _ if node.never_executed() => String::new(),
        (Some(ms), Metric::Time) => Millis(ms).to_string(),
        // Blank would say that nothing is known.
        (Some(factor), Metric::Misestimate) if factor < LEAST_FACTOR => format!("{factor:.1}×"),
        (Some(factor), Metric::Misestimate) => factor_text(node, factor),
        (Some(value), _) => Count(rounded(value)).to_string(),
    }
}

/// `↑120×` when that many times more rows came than expected, `↓120×` when fewer; empty below 1.5.
pub fn factor_text(node: &Node, factor: f64) -> String {
    let arrow = if heat::misestimate_direction(node) == Ordering::Less { '↓' } else { '↑' };
    match factor {
        f if f >= 10.0 => format!("{arrow}{}×", Count(f.round())),
        f if f >= LEAST_FACTOR => format!("{arrow}{f:.1}×"),
        _ => String::new(),
    }
}

/// The operator with its object, as its engine writes it.
pub fn title(plan: &Plan, node: &Node) -> String {
    let mut title = match (&node.subplan, node.role) {
        (Some(name), _) => format!("[{name}] {}", node.label),
        (None, Role::InitPlan) => format!("[init plan] {}", node.label),
        (None, Role::SubPlan) => format!("[subplan] {}", node.label),
        _ => node.label.clone(),
    };
    // `Seq Scan on orders`, but `SCAN orders`: each as its engine writes it.
    let sqlite = plan.engine == Engine::Sqlite;
    let index = node.index.as_ref().filter(|i| !title.contains(i.as_str()));
    let using = index.map(|index| format!(" using {index}")).unwrap_or_default();
    if !sqlite {
        title.push_str(&using);
    }
    if let Some(relation) = node.relation.as_ref().filter(|r| !has_word(&title, r)) {
        title.push_str(&format!(" {}{relation}", if sqlite { "" } else { "on " }));
    }
    match &node.alias {
        Some(alias) if node.relation.as_ref() != Some(alias) && !has_word(&title, alias) => {
            title.push_str(&format!(" {alias}"));
        }
        _ => {}
    }
    if sqlite {
        title.push_str(&using);
    }
    title
}

/// Whether `text` holds `word` as a word of its own.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || c == '.').any(|part| part == word)
}

/// Rows in, rows out: `125k → 100k ↓12×, 3 loops`. `factor` is the misestimate where it is known.
pub fn rows(node: &Node, factor: Option<f64>) -> String {
    let estimate = node.estimate.rows_per_loop;
    let Some(actual) = node.actual else {
        return estimate.map_or(String::new(), |rows| format!("~{}", Count(rounded(rows))));
    };
    if actual.never_executed() {
        return "(never executed)".to_owned();
    }
    let mut text = match estimate {
        Some(rows) => format!("{} → ", Count(rounded(rows * actual.loops))),
        None => String::new(),
    };
    text.push_str(&Count(rounded(actual.rows())).to_string());
    if let Some(factor) = factor.filter(|&factor| factor >= 10.0) {
        text.push_str(&format!(" {}", factor_text(node, factor)));
    }
    if actual.loops > 1.0 {
        text.push_str(&format!(", {} loops", Count(rounded(actual.loops))));
    }
    text
}

/// One line a kind: lists (sort keys) are joined, output columns left out.
pub fn conditions(conditions: &[Condition]) -> Vec<(ConditionKind, String)> {
    let mut lines: Vec<(ConditionKind, String)> = Vec::new();
    for condition in conditions.iter().filter(|c| c.kind != ConditionKind::Output) {
        match lines.last_mut() {
            Some((kind, line)) if *kind == condition.kind => {
                line.push_str(", ");
                line.push_str(&condition.text);
            }
            _ => lines.push((condition.kind, condition.text.clone())),
        }
    }
    lines
}

/// What it cost beside time: rows thrown away, spills, workers, blocks, what it examined. Blocks are
/// left out where `metric` shows them already, and below a hundred (800 kB): nothing is slow
/// because of them.
pub fn resources(node: &Node, metric: Metric) -> Vec<String> {
    let mut facts = Vec::new();
    if node.removed.total() > 0.0 {
        facts.push(format!("removed {} rows", Count(rounded(node.removed.total()))));
    }
    facts.extend(memory(node));
    facts.extend(workers(node));
    let (reads, written) = (node.self_reads(), node.self_temp_written());
    let some = |blocks: Option<f64>| blocks.filter(|&blocks| blocks >= 100.0);
    let count = |blocks: f64| Count(blocks.round());
    if let Some(blocks) = some(node.self_buffers()).filter(|_| metric != Metric::Buffers) {
        facts.push(format!("touched {} blocks", count(blocks)));
    }
    if let Some(blocks) = some(reads).filter(|_| metric != Metric::Io) {
        facts.push(format!("read {} blocks", count(blocks)));
    }
    if let Some(blocks) = some(written) {
        facts.push(format!("wrote {} temporary blocks", count(blocks)));
    }
    facts.extend(examined(node));
    facts
}

fn examined(node: &Node) -> Option<String> {
    let part = |n: Option<f64>, what| n.map(|n| format!("{} {what}", Count(rounded(n))));
    let parts = [part(node.examined.keys, "keys"), part(node.examined.rows, "rows")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("examined {}", parts.join(", ")))
}

fn workers(node: &Node) -> Option<String> {
    let workers = node.workers?;
    let number = |n: Option<u32>| n.map_or("?".to_owned(), |n| n.to_string());
    let (planned, launched) = (number(workers.planned), number(workers.launched));
    Some(match workers.launched {
        Some(_) => format!("workers: {launched} of {planned} launched"),
        None => format!("workers: {planned} planned"),
    })
}

fn memory(node: &Node) -> Option<String> {
    let memory = &node.memory;
    let bytes = |n: Option<u64>| n.filter(|&n| n > 0).map(|n| Bytes(n as f64));
    let mut facts: Vec<String> = memory.method.iter().cloned().collect();
    facts.extend(memory.batches.filter(|&b| b > 1).map(|b| format!("{b} batches")));
    facts.extend(bytes(memory.peak_bytes).map(|b| format!("memory {b}")));
    facts.extend(bytes(memory.disk_bytes).map(|b| format!("disk {b}")));
    let spilled = if memory.spilled() { "spilled: " } else { "" };
    (!facts.is_empty()).then(|| format!("{spilled}{}", facts.join(", ")))
}

/// Of each node in preorder, the numbers of the findings about it, from 1.
pub fn numbers_of_findings(plan: &Plan, findings: &[Finding]) -> Vec<Vec<usize>> {
    let mut see = vec![Vec::new(); plan.nodes().len()];
    for (i, finding) in findings.iter().enumerate() {
        for id in &finding.nodes {
            if let Some(numbers) = see.get_mut(id.index()) {
                numbers.push(i + 1);
            }
        }
    }
    see
}

/// The node that is hottest by far enough to point at; the first of equals.
pub fn hottest(heat: &[Heat]) -> Option<usize> {
    let top = heat.iter().map(|heat| heat.share).fold(0.0, f64::max);
    let at = heat.iter().position(|heat| heat.share >= top && heat.class > HeatClass::Cool)?;
    (heat.len() > 1).then_some(at)
}

/// Whole numbers above ten, two digits below.
pub fn rounded(value: f64) -> f64 {
    if value.abs() >= 10.0 { value.round() } else { (value * 100.0).round() / 100.0 }
}

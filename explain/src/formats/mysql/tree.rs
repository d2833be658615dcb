//! FORMAT=TREE and EXPLAIN ANALYZE: `-> ` lines, deeper by four blanks a level.

use super::draft::{At, Draft};
use super::iterators;
use super::numbers::{number, rounding};
use super::operation;
use super::pieces::Line;
use crate::formats::{FormatError, Note, Reading, shortened};
use crate::plan::{Actual, Estimate, Node, Operator, Plan};
use std::collections::HashSet;

/// Reads the plans of a run of lines, of which the first begins a tree.
pub(super) fn read(lines: &[Line<'_>], format: &'static str) -> Result<Vec<Reading>, FormatError> {
    let mut readings = Vec::new();
    let mut tree = Tree { draft: Draft::expecting(lines.len()), ..Tree::default() };
    let mut rest = lines;
    while let Some((line, after)) = rest.split_first() {
        let more = after.iter().take_while(|line| !is_node(&line.text)).count();
        let (continued, following) = after.split_at(more);
        let mut text = line.text.trim_end().to_owned();
        for line in continued.iter().filter(|line| !line.text.trim().is_empty()) {
            text.push('\n');
            text.push_str(line.text.trim_end());
        }
        if tree.begins_another(&text) {
            readings.extend(std::mem::take(&mut tree).finish(format)?);
        }
        tree.node(&text, line.number)?;
        rest = following;
    }
    readings.extend(tree.finish(format)?);
    Ok(readings)
}

/// Whether the line is one of a node: `-> `, and not the two blanks of PostgreSQL.
pub(super) fn is_node(line: &str) -> bool {
    line.trim_start()
        .strip_prefix("-> ")
        .is_some_and(|rest| rest.starts_with(|c: char| !c.is_whitespace()))
}

/// The text of a node's line and its indentation.
fn parts(line: &str) -> (usize, &str) {
    let text = line.trim_start();
    (line.len() - text.len(), text.strip_prefix("->").unwrap_or(text).trim())
}

#[derive(Default)]
struct Tree {
    draft: Draft,
    root: Option<At>,
    /// Indentation, node, and inputs so far of the lines that are open.
    open: Vec<(usize, At, usize)>,
    outside: HashSet<At>,
    notes: Vec<Note>,
}

impl Tree {
    fn begins_another(&self, line: &str) -> bool {
        let (indent, text) = parts(line);
        let top = self.open.first().map_or(0, |(indent, ..)| *indent);
        self.root.is_some() && indent <= top && !iterators::is_subquery(text)
    }

    fn node(&mut self, line: &str, number: usize) -> Result<(), FormatError> {
        let (indent, text) = parts(line);
        let (label, figures) = split_figures(text);
        let mut node = operation::node(label);
        read_figures(&mut node, figures);
        self.remark(&node, number);
        while self.open.len() > 1 && self.open.last().is_some_and(|(open, ..)| *open >= indent) {
            self.open.pop();
        }
        let subquery = iterators::is_subquery(label);
        if subquery {
            iterators::name_subquery(&mut node, label);
        }
        let at = self.draft.add(node)?;
        match self.open.last_mut() {
            Some((open, parent, inputs)) => {
                let role = if subquery {
                    iterators::subquery_role(label)
                } else {
                    *inputs += 1;
                    iterators::input_role(self.draft.node(*parent), *inputs - 1)
                };
                if *open >= indent {
                    self.outside.insert(at);
                }
                self.draft.adopt(*parent, at, role);
            }
            None => self.root = Some(at),
        }
        self.open.push((indent, at, 0));
        Ok(())
    }

    fn remark(&mut self, node: &Node, number: usize) {
        let message = match &node.operator {
            Operator::Other(name) => format!("unknown operation {}", shortened(name)),
            Operator::Modify if node.label == operation::NOT_EXECUTABLE => {
                "MySQL shows no plan of this statement in this format; FORMAT=TRADITIONAL does"
                    .to_owned()
            }
            _ => return,
        };
        self.notes.push(Note { place: format!("line {number}"), message });
    }

    fn finish(self, format: &'static str) -> Result<Option<Reading>, FormatError> {
        let Some(root) = self.root else { return Ok(None) };
        let plan: Plan = iterators::finish(self.draft, root, &self.outside, format)?;
        Ok(Some(Reading { plan, notes: self.notes }))
    }
}

/// The label and the figures in parentheses at its end.
fn split_figures(text: &str) -> (&str, &str) {
    const FIGURES: [&str; 5] =
        ["(cost=", "(rows=", "(actual time=", "(actual rows=", "(never executed)"];
    let mut label = text;
    // At most the estimate and what was measured, in this order.
    for _ in 0..2 {
        let Some(at) = label.rfind(" (").filter(|_| label.ends_with(')')) else { break };
        let figures = label.get(at + 1..).unwrap_or_default();
        if !FIGURES.iter().any(|start| figures.starts_with(start)) {
            break;
        }
        label = label.get(..at).unwrap_or_default().trim_end();
    }
    (label, text.get(label.len()..).unwrap_or_default())
}

/// `(cost=0.35..1.2 rows=1) (actual time=0.1..0.2 rows=1 loops=1)`.
fn read_figures(node: &mut Node, figures: &str) {
    for group in figures.split('(').skip(1) {
        let group = group.trim_end().trim_end_matches(')');
        if group == "never executed" {
            node.actual = Some(Actual::default());
        } else if let Some(measured) = group.strip_prefix("actual ") {
            node.actual = Some(actual(measured));
        } else {
            node.estimate = estimate(group);
        }
    }
}

fn figure<'a>(group: &'a str, name: &str) -> Option<&'a str> {
    group.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

fn estimate(group: &str) -> Estimate {
    let (startup, total) = range(figure(group, "cost"));
    let rows_per_loop = figure(group, "rows").and_then(number);
    Estimate { rows_per_loop, width_bytes: None, startup_cost: startup, total_cost: total }
}

fn actual(group: &str) -> Actual {
    let (first, last) = range(figure(group, "time"));
    let rows = figure(group, "rows").unwrap_or("0");
    let loops = figure(group, "loops").and_then(number).unwrap_or(1.0);
    Actual {
        loops,
        rows_per_loop: number(rows).unwrap_or(0.0),
        rows_rounding: rounding(rows),
        startup_ms_per_loop: first,
        total_ms_per_loop: last,
    }
}

/// `a..b`, or only the end.
fn range(text: Option<&str>) -> (Option<f64>, Option<f64>) {
    match text.map(|text| text.split_once("..").map_or((None, text), |(a, b)| (Some(a), b))) {
        Some((first, last)) => (first.and_then(number), number(last)),
        None => (None, None),
    }
}

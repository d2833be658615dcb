//! SQLite's EXPLAIN QUERY PLAN: the tree of the command line shell, or rows of
//! `id|parent|notused|detail`.
//!
//! The loops of one join are siblings in SQLite and stay so: the first is `Outer`, the others are
//! `Inner`. No join nodes are made up. The root is a heading that no row stands for.

mod detail;

use super::{Format, FormatError, Note, Reading, shortened};
use crate::engine::Engine;
use crate::plan::{LimitError, MAX_DEPTH, MAX_NODES, Node, Operator, Plan, PlanBuilder, Role};
use detail::{is_loop, made_name};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

pub(super) static FORMAT: Format = Format {
    name: "sqlite-query-plan",
    engine: Engine::Sqlite,
    summary: "SQLite's EXPLAIN QUERY PLAN, as a tree or as rows",
    detect,
    parse,
};

/// A row of EXPLAIN QUERY PLAN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EqpRow {
    /// The row's id.
    pub id: i64,
    /// The id of the row above it; 0 at the top.
    pub parent: i64,
    /// The estimated cost of a loop in SQLite's logarithmic unit (10·log2) in newer versions, else 0.
    pub notused: i64,
    /// What is done.
    pub detail: String,
}

/// The plan of the rows that SQLite returned.
///
/// # Errors
/// When there is no row or a limit of the plan is passed.
pub fn from_rows(rows: &[EqpRow]) -> Result<Plan, FormatError> {
    read_rows(rows, &[]).map(|reading| reading.plan)
}

/// The rows as the tree that the command line shell prints.
pub fn to_text(rows: &[EqpRow]) -> String {
    let children = children_of(rows);
    let mut text = String::from("QUERY PLAN\n");
    // What is left to print: row, and the length of the prefix below its parent.
    let mut prefix = String::new();
    let mut waiting: Vec<(usize, usize, bool)> = Vec::new();
    let push = |waiting: &mut Vec<_>, row: Option<usize>, prefix: usize| {
        let below = row.map_or(&children.top, |row| &children.below[row]);
        let last = below.last().copied();
        waiting.extend(below.iter().rev().map(|&child| (child, prefix, Some(child) == last)));
    };
    push(&mut waiting, None, 0);
    while let Some((row, prefix_len, is_last)) = waiting.pop() {
        prefix.truncate(prefix_len);
        text.push_str(&prefix);
        text.push_str(if is_last { "`--" } else { "|--" });
        text.push_str(&rows[row].detail);
        text.push('\n');
        prefix.push_str(if is_last { "   " } else { "|  " });
        push(&mut waiting, Some(row), prefix.len());
    }
    text
}

fn detect(text: &str) -> u8 {
    let mut best = 0;
    for line in text.lines().map(str::trim_end) {
        best = best.max(match (tree_line(line), row_line(line)) {
            (Some((_, detail)), _) if is_known(detail) => 85,
            (_, Some(row)) if is_known(&row.detail) => 75,
            _ => 0,
        });
    }
    best
}

fn is_known(detail: &str) -> bool {
    !matches!(detail::node(detail).operator, Operator::Other(_))
}

fn parse(text: &str) -> Result<Vec<Reading>, FormatError> {
    let mut readings = Vec::new();
    let mut rows = Rows::default();
    for (i, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if is_header(line) {
            rows.finish(&mut readings)?;
        } else if let Some((depth, detail)) = tree_line(line) {
            rows.tree(i + 1, depth, detail)?;
        } else if let Some(row) = row_line(line) {
            rows.row(i + 1, row)?;
        }
    }
    rows.finish(&mut readings)?;
    if readings.is_empty() {
        return Err(FormatError::Malformed {
            place: "the input".into(),
            expected: "a row of EXPLAIN QUERY PLAN, such as `|--SCAN t` or `3|0|0|SCAN t`".into(),
            found: shortened(text),
        });
    }
    Ok(readings)
}

/// `QUERY PLAN` over a tree, or the column names over rows.
fn is_header(line: &str) -> bool {
    let words: Vec<&str> = words_of(line).collect();
    matches!(words[..], ["QUERY PLAN"] | ["id", "parent", "notused", "detail"])
}

fn words_of(line: &str) -> impl Iterator<Item = &str> {
    line.split(['|', '│', '\t', ','])
        .flat_map(|cell| cell.split("  "))
        .map(str::trim)
        .filter(|w| !w.is_empty())
}

/// Depth and text of `|  |--SCAN t`.
fn tree_line(line: &str) -> Option<(usize, &str)> {
    let mut rest = line;
    let mut depth = 0;
    loop {
        if let Some(detail) = rest.strip_prefix("|--").or_else(|| rest.strip_prefix("`--")) {
            return Some((depth, detail)).filter(|(_, detail)| !detail.trim().is_empty());
        }
        rest = rest.strip_prefix("|  ").or_else(|| rest.strip_prefix("   "))?;
        depth += 1;
    }
}

/// `3|0|0|SCAN t`, with bars, tabs or wide blanks between the cells, framed or not.
fn row_line(line: &str) -> Option<EqpRow> {
    let line = line.trim_matches(['|', '│', '║', ' ', '\t']);
    let mut rest = line;
    let mut numbers = [0_i64; 3];
    for number in &mut numbers {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '-'))?;
        *number = rest[..end].parse().ok()?;
        let after = &rest[end..];
        rest = after.trim_start_matches([' ', '\t', '|', '│', '║', ',']);
        let gap = &after[..after.len() - rest.len()];
        // One blank alone is between words, not between cells.
        if gap == " " || gap.is_empty() {
            return None;
        }
    }
    let [id, parent, notused] = numbers;
    let detail = rest.trim().trim_matches('"').to_owned();
    (!detail.is_empty()).then_some(EqpRow { id, parent, notused, detail })
}

/// Collects the rows of one plan.
#[derive(Default)]
struct Rows {
    rows: Vec<EqpRow>,
    lines: Vec<usize>,
    /// Ids of the rows above the next one, for trees.
    above: Vec<i64>,
}

impl Rows {
    fn tree(&mut self, line: usize, depth: usize, detail: &str) -> Result<(), FormatError> {
        self.above.truncate(depth);
        let id = self.rows.len() as i64 + 1;
        let parent = self.above.last().copied().unwrap_or(0);
        self.above.push(id);
        self.row(line, EqpRow { id, parent, notused: 0, detail: detail.trim().to_owned() })
    }

    fn row(&mut self, line: usize, row: EqpRow) -> Result<(), FormatError> {
        if self.rows.len() >= MAX_NODES {
            return Err(LimitError::Nodes.into());
        }
        self.rows.push(row);
        self.lines.push(line);
        Ok(())
    }

    fn finish(&mut self, readings: &mut Vec<Reading>) -> Result<(), FormatError> {
        let rows = std::mem::take(&mut self.rows);
        let lines = std::mem::take(&mut self.lines);
        self.above.clear();
        if !rows.is_empty() {
            readings.push(read_rows(&rows, &lines)?);
        }
        Ok(())
    }
}

/// The rows below each row and at the top, in order.
struct Tree {
    top: Vec<usize>,
    below: Vec<Vec<usize>>,
}

/// A row belongs below the last row before it that has its parent's id. So there is no cycle, and
/// a row without a known parent (the columns had other meanings before 3.24) is at the top.
fn children_of(rows: &[EqpRow]) -> Tree {
    let mut tree = Tree { top: Vec::new(), below: vec![Vec::new(); rows.len()] };
    let mut by_id: HashMap<i64, usize> = HashMap::new();
    for (i, row) in rows.iter().enumerate() {
        match by_id.get(&row.parent) {
            Some(&parent) if row.parent != 0 => tree.below[parent].push(i),
            _ => tree.top.push(i),
        }
        by_id.insert(row.id, i);
    }
    tree
}

fn read_rows(rows: &[EqpRow], lines: &[usize]) -> Result<Reading, FormatError> {
    let tree = children_of(rows);
    let mut nodes: Vec<Node> = rows.iter().map(row_node).collect();
    let mut notes = Vec::new();
    for (i, node) in nodes.iter().enumerate() {
        if let Operator::Other(text) = &node.operator
            && notes.len() < 50
        {
            let place =
                lines.get(i).map_or_else(|| format!("row {}", i + 1), |n| format!("line {n}"));
            notes.push(Note { place, message: format!("unknown row {}", shortened(text)) });
        }
    }
    for siblings in std::iter::once(&tree.top).chain(&tree.below) {
        loop_roles(&mut nodes, siblings);
    }
    Subqueries::find(&nodes, &tree).mark(&mut nodes, &tree);

    let mut builder = PlanBuilder::new();
    builder.open(Node::new(Operator::Heading, "QUERY PLAN"))?;
    let mut waiting: Vec<(usize, usize)> = tree.top.iter().rev().map(|&i| (i, 1)).collect();
    if waiting.is_empty() {
        return Err(LimitError::Empty.into());
    }
    while let Some((i, depth)) = waiting.pop() {
        if depth >= MAX_DEPTH {
            return Err(LimitError::Depth.into());
        }
        builder.close_to_depth(depth);
        builder.open(std::mem::take(&mut nodes[i]))?;
        waiting.extend(tree.below[i].iter().rev().map(|&child| (child, depth + 1)));
    }
    Ok(Reading { plan: builder.finish(Engine::Sqlite, FORMAT.name)?, notes })
}

fn row_node(row: &EqpRow) -> Node {
    let mut node = detail::node(&row.detail);
    if row.notused > 0 {
        node.details.insert("log_est".into(), Value::from(row.notused));
    }
    node
}

fn loop_roles(nodes: &mut [Node], siblings: &[usize]) {
    let mut first = true;
    for &i in siblings {
        if is_loop(&nodes[i]) {
            nodes[i].role = if first { Role::Outer } else { Role::Inner };
            first = false;
        }
    }
}

/// Which names are subqueries and not tables.
struct Subqueries {
    /// Name and what its scan is.
    names: HashMap<String, Operator>,
    /// Rows that scan a subquery under an alias.
    aliased: Vec<(usize, Operator)>,
}

impl Subqueries {
    fn find(nodes: &[Node], tree: &Tree) -> Self {
        let mut found = Self { names: HashMap::new(), aliased: Vec::new() };
        for node in nodes {
            if let Some(name) = made_name(node) {
                found.names.insert(name.to_owned(), scan_of(node));
            }
        }
        for siblings in std::iter::once(&tree.top).chain(&tree.below) {
            found.find_aliased(nodes, siblings);
        }
        found
    }

    /// A subquery is made under its name, but scanned under its alias. Where as many names are not
    /// scanned as there are plain scans of unknown names, they belong together in order.
    fn find_aliased(&mut self, nodes: &[Node], siblings: &[usize]) {
        let loops = siblings.iter().map(|&i| &nodes[i]).filter(|node| is_loop(node));
        let scanned: HashSet<&str> = loops.filter_map(|node| node.relation.as_deref()).collect();
        let made: Vec<usize> = siblings
            .iter()
            .copied()
            .filter(|&i| made_name(&nodes[i]).is_some_and(|name| !scanned.contains(name)))
            .collect();
        if made.is_empty() {
            return;
        }
        let scans: Vec<usize> = siblings
            .iter()
            .copied()
            .filter(|&i| i > made[0] && matches!(nodes[i].operator, Operator::SeqScan))
            .filter(|&i| nodes[i].relation.as_ref().is_some_and(|r| !self.names.contains_key(r)))
            .collect();
        if scans.len() == made.len() {
            let pairs = scans.into_iter().zip(made);
            self.aliased.extend(pairs.map(|(scan, made)| (scan, scan_of(&nodes[made]))));
        }
    }

    fn mark(self, nodes: &mut [Node], tree: &Tree) {
        for node in nodes.iter_mut().filter(|node| node.operator == Operator::SeqScan) {
            let operator = node.relation.as_ref().and_then(|name| self.names.get(name));
            if let Some(operator) = operator {
                node.operator = operator.clone();
            }
        }
        for (scan, operator) in self.aliased {
            nodes[scan].operator = operator;
        }
        // Within its own recursive step the name is the queue of new rows.
        for step in
            (0..nodes.len()).filter(|&i| nodes[i].label == "RECURSIVE STEP").collect::<Vec<_>>()
        {
            for &i in &tree.below[step] {
                if matches!(nodes[i].operator, Operator::CteScan | Operator::SubqueryScan) {
                    nodes[i].operator = Operator::WorkTableScan;
                }
            }
        }
    }
}

fn scan_of(made: &Node) -> Operator {
    if made.operator == Operator::Materialize { Operator::CteScan } else { Operator::SubqueryScan }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

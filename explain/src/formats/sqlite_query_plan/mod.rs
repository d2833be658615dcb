//! SQLite's EXPLAIN QUERY PLAN: the tree of the command line shell, or rows of
//! `id|parent|notused|detail`.
//!
//! The loops of one join are siblings in SQLite and stay so: the first is `Outer`, the others are
//! `Inner`. No join nodes are made up. The root is a heading that no row stands for.

mod detail;
mod rows;
mod scanstats;

use super::unwrap::clean_margins as clean;
use super::{Format, FormatError, Note, Reading, shortened};
use crate::engine::Engine;
use crate::plan::{LimitError, MAX_DEPTH, MAX_NODES, Node, Operator, Plan, PlanBuilder, Role};
use detail::{is_loop, made_name};
use rows::Keyed;
use scanstats::Stats;
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
    read_rows(rows, &[], &[]).map(|reading| reading.plan)
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
    let mut keyed = Keyed::default();
    for line in clean(text) {
        let line = line.text.trim_end();
        let is_known_row = |row: &EqpRow| is_known(&row.detail);
        best = best.max(match tree_line(line.trim_start()) {
            Some((_, detail)) if is_known(scanstats::split(detail).0) => 85,
            _ if rows::row(line).is_some_and(|row| is_known_row(&row)) => 75,
            _ if keyed.line(line).is_some_and(|rows| rows.iter().any(is_known_row)) => 75,
            _ if scanstats::old_row(line).is_some_and(is_known) => 75,
            _ => 0,
        });
        if best == 85 {
            break;
        }
    }
    best
}

fn is_known(detail: &str) -> bool {
    !matches!(detail::node(detail).operator, Operator::Other(_))
}

fn parse(text: &str) -> Result<Vec<Reading>, FormatError> {
    let mut readings = Vec::new();
    let mut rows = Rows::default();
    for line in clean(text) {
        rows.line(line.number, line.text.trim_end(), &mut readings)?;
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

/// `QUERY PLAN` over a tree, also with the cycles of the whole statement.
fn tree_heading(line: &str) -> Option<Option<Stats>> {
    let (words, stats) = scanstats::split(line);
    let words = words.trim_matches(|c: char| c.is_whitespace() || matches!(c, '|' | '│' | '"'));
    (words == "QUERY PLAN").then_some(stats)
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

/// Collects the rows of one plan.
#[derive(Default)]
struct Rows {
    rows: Vec<EqpRow>,
    lines: Vec<usize>,
    stats: Vec<Option<Stats>>,
    /// Ids of the rows above the next one, for trees.
    above: Vec<i64>,
    /// Columns of the indentation before the tree.
    indent: Option<usize>,
    /// The plan is a tree: rows of numbers are results.
    is_tree: bool,
    /// The columns have the names that they had until 3.23.
    is_old: bool,
    /// Names of the columns stood above the row.
    has_heading: bool,
    /// The number of the line that had the last row.
    last: usize,
    keyed: Keyed,
    /// The row that the figures of the next line belong to.
    measured: Option<usize>,
    whole: Option<Stats>,
}

impl Rows {
    fn line(
        &mut self,
        number: usize,
        line: &str,
        readings: &mut Vec<Reading>,
    ) -> Result<(), FormatError> {
        if let Some(stats) = tree_heading(line) {
            self.finish(readings)?;
            self.whole = stats;
            return Ok(());
        }
        if let Some(is_old) = rows::heading(line) {
            self.finish(readings)?;
            (self.is_old, self.has_heading) = (is_old, true);
            return Ok(());
        }
        let inner = self.unindented(line);
        if let Some((depth, detail)) = tree_line(inner) {
            return self.tree(number, depth, detail);
        }
        if let Some(at) = self.measured.take()
            && let Some(stats) = scanstats::read(line).filter(|_| line.contains("nLoop="))
        {
            self.stats[at] = Some(stats);
        } else if let Some(detail) = scanstats::old_row(line) {
            self.measure(number, detail)?;
        } else if let Some(row) = rows::row(line) {
            if self.is_ours(number, &row) {
                self.row(number, row, None)?;
            }
        } else if let Some(found) = self.keyed.line(line) {
            self.is_old |= self.keyed.is_old();
            for row in found {
                self.row(number, row, None)?;
            }
        }
        Ok(())
    }

    /// Whether a row of numbers and a text is one of the plan and none of a result.
    fn is_ours(&self, number: usize, row: &EqpRow) -> bool {
        let goes_on = self.last + 1 == number || self.has_heading;
        let is_below = || self.rows.iter().rev().take(64).any(|above| above.id == row.parent);
        !self.is_tree
            && (is_known(&row.detail) && (self.rows.is_empty() || goes_on)
                || goes_on && !self.rows.is_empty() && (row.parent == 0 || is_below()))
    }

    /// A tree may be indented as a whole, in a comment or a mail.
    fn unindented<'t>(&mut self, line: &'t str) -> &'t str {
        let inner = line.trim_start_matches([' ', '\t']);
        if self.indent.is_none() && (inner.starts_with("|--") || inner.starts_with("`--")) {
            self.indent = Some(line.len() - inner.len());
        }
        let indent = self.indent.unwrap_or(0);
        match line.get(..indent) {
            Some(margin) if margin.trim().is_empty() => &line[indent..],
            _ => line,
        }
    }

    fn tree(&mut self, line: usize, depth: usize, detail: &str) -> Result<(), FormatError> {
        self.is_tree = true;
        self.above.truncate(depth);
        let id = self.rows.len() as i64 + 1;
        let parent = self.above.last().copied().unwrap_or(0);
        self.above.push(id);
        let (detail, stats) = scanstats::split(detail.trim());
        self.row(line, EqpRow { id, parent, notused: 0, detail: detail.to_owned() }, stats)
    }

    /// A loop whose figures follow: a row of the plan above, or one of its own.
    fn measure(&mut self, line: usize, detail: &str) -> Result<(), FormatError> {
        let of_plan = self
            .rows
            .iter()
            .zip(&self.stats)
            .position(|(row, stats)| row.detail == detail && stats.is_none());
        if of_plan.is_none() {
            let id = self.rows.len() as i64 + 1;
            self.row(line, EqpRow { id, parent: 0, notused: 0, detail: detail.to_owned() }, None)?;
        }
        self.measured = of_plan.or(self.rows.len().checked_sub(1));
        Ok(())
    }

    fn row(&mut self, line: usize, row: EqpRow, stats: Option<Stats>) -> Result<(), FormatError> {
        if self.rows.len() >= MAX_NODES {
            return Err(LimitError::Nodes.into());
        }
        self.rows.push(row);
        self.lines.push(line);
        self.stats.push(stats);
        self.last = line;
        Ok(())
    }

    fn finish(&mut self, readings: &mut Vec<Reading>) -> Result<(), FormatError> {
        let mut done = std::mem::take(self);
        // Ids begin at 1 since 3.24.
        if !done.is_tree && (done.is_old || done.rows.iter().any(|row| row.id == 0)) {
            (done.rows, done.lines) = rows::modern(&done.rows, &done.lines);
            done.stats = vec![None; done.rows.len()];
        }
        if !done.rows.is_empty() {
            readings.push(done.read()?);
        }
        Ok(())
    }

    fn read(&self) -> Result<Reading, FormatError> {
        let mut reading = read_rows(&self.rows, &self.lines, &self.stats)?;
        if let Some(whole) = &self.whole {
            let mut root = true;
            reading.plan = reading.plan.map_nodes(|node| {
                if std::mem::take(&mut root) {
                    whole.put(node);
                }
            });
        }
        Ok(reading)
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

fn read_rows(
    rows: &[EqpRow],
    lines: &[usize],
    stats: &[Option<Stats>],
) -> Result<Reading, FormatError> {
    let tree = children_of(rows);
    let mut nodes: Vec<Node> = rows.iter().map(row_node).collect();
    for (node, stats) in nodes.iter_mut().zip(stats) {
        if let Some(stats) = stats {
            stats.put(node);
        }
    }
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

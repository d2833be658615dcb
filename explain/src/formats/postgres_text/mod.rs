//! PostgreSQL's EXPLAIN in its text format, 8.4 to 18, as psql, a log or a paste has it.
//!
//! Nesting is told by the column of the arrows alone. A line that is not understood is a note.

mod lines;
mod node_line;
mod properties;
mod summary;

use super::postgres_keys::{Facts, Summary, note, subplan_role};
use super::postgres_label::meaning;
use super::{Format, FormatError, Note, Reading, shortened};
use crate::engine::Engine;
use crate::plan::{LimitError, Node, NodeId, Operator, PlanBuilder};
use lines::{Item, Logical, arrow, is_firm, key_of, logical};
use node_line::NodeLine;
use serde_json::{Map, Value};

pub(super) static FORMAT: Format = Format {
    name: "postgres-text",
    engine: Engine::Postgres,
    summary: "PostgreSQL's EXPLAIN in its text format, also as psql or auto_explain write it",
    detect,
    parse,
};

fn detect(text: &str) -> u8 {
    let mut best = 0;
    let mut words = Words::default();
    for item in logical(text) {
        match item {
            Item::Line(line) => {
                best = best.max(likeness(&line.text));
                words.line(&line.text);
            }
            Item::Header => words.has_heading = true,
            Item::Footer => {}
        }
        if best == 90 {
            break;
        }
    }
    if best >= 70 || words.are_a_plan() { best } else { 0 }
}

/// Plans without figures and arrows, such as `Result`, are words that any text may have.
#[derive(Debug, Default)]
struct Words {
    has_heading: bool,
    /// Lines of nodes, but for those that never stand alone.
    nodes: usize,
    /// Lines that are none of a plan.
    other: usize,
}

impl Words {
    fn line(&mut self, text: &str) {
        match node_line::parse(text) {
            Some(node) => {
                let operator = meaning(&node.label).map(|(operator, _)| operator);
                self.nodes += usize::from(operator != Some(Operator::Modify));
            }
            None if key_of(text).is_some() || subplan_role(text).is_some() => {}
            // The statement itself.
            None if text.to_ascii_lowercase().contains("explain") => {}
            None => self.other += 1,
        }
    }

    fn are_a_plan(&self) -> bool {
        self.nodes > 0 && (self.has_heading || self.other == 0)
    }
}

/// How much a line looks like that of a node. MySQL's tree has arrows and costs too, but a colon
/// in its labels, no width, and one number as its cost.
pub(super) fn likeness(text: &str) -> u8 {
    let (arrow, inner) = match arrow(text) {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    match node_line::parse(inner) {
        Some(line) if line.has_figures && text.contains(" width=") => 90,
        Some(line) if line.known && line.has_figures => 80,
        Some(line) if line.known && arrow => 70,
        Some(line) if line.known => 50,
        _ => 0,
    }
}

fn parse(text: &str) -> Result<Vec<Reading>, FormatError> {
    let builder = PlanBuilder::expecting(1 + text.matches("->").count());
    let mut reader = Reader { builder, ..Reader::default() };
    for item in logical(text) {
        match item {
            Item::Line(line) => reader.line(&line)?,
            Item::Header => {
                reader.finish()?;
                reader.summary = Summary::default();
            }
            Item::Footer => reader.finish()?,
        }
    }
    reader.finish()?;
    drop_words(&mut reader.readings);
    if reader.readings.is_empty() {
        return Err(FormatError::Malformed {
            place: "the input".into(),
            expected: "a line of a plan, such as `Seq Scan on t  (cost=…)`".into(),
            found: shortened(text),
        });
    }
    Ok(reader.readings)
}

/// A word alone, such as `Result`, may be a heading. It is none beside plans with figures.
fn drop_words(readings: &mut Vec<Reading>) {
    let has_figures = |node: &Node| node.actual.is_some() || node.estimate.total_cost.is_some();
    if readings.iter().any(|reading| has_figures(reading.plan.root())) {
        readings.retain(|Reading { plan, .. }| {
            let root = plan.root();
            plan.nodes().len() > 1 || has_figures(root) || !root.conditions.is_empty()
        });
    }
}

/// Most stray lines that are kept for notes.
const MAX_STRAYS: usize = 50;

/// A node that is open.
struct Open {
    /// Column of its arrow; nothing is left of the root.
    column: Option<usize>,
    id: NodeId,
    facts: Facts,
}

/// A line that deeper lines belong to.
struct Heading<T> {
    column: usize,
    name: T,
}

#[derive(Default)]
struct Reader {
    readings: Vec<Reading>,
    builder: PlanBuilder,
    stack: Vec<Open>,
    /// The last node, which the property lines belong to, is at the top of `stack`.
    root_column: usize,
    /// `InitPlan 1 (returns $0)` and the like, outermost first. Before 8.4 one heading without a
    /// name stood over all of them.
    subplans: Vec<Heading<String>>,
    /// `JIT:` or `Planning:`.
    group: Option<Heading<&'static str>>,
    /// `Worker 1:`.
    worker: Option<Heading<Value>>,
    summary: Summary,
    /// The statement, while its lines come in.
    query_text: Option<String>,
    notes: Vec<Note>,
    /// A note about figures that are no numbers was made.
    odd_figures: bool,
    /// Lines at the left edge that are no part of a plan. If the plan goes on behind them, they are
    /// notes; else they stood behind the plan.
    strays: Vec<(usize, String)>,
}

impl Reader {
    fn line(&mut self, line: &Logical) -> Result<(), LimitError> {
        if let Some(inner) = line.text.strip_prefix("->  ") {
            self.settle_strays();
            return self.arrow(line, inner.trim_start());
        }
        if self.stack.is_empty() {
            return self.outside(line);
        }
        if let Some(node) = node_line::parse(&line.text)
            && (line.column <= self.root_column || node.has_figures || !self.strays.is_empty())
        {
            self.finish()?;
            return self.root(line, &node);
        }
        if self.is_stray(line) {
            if self.strays.len() < MAX_STRAYS {
                self.strays.push((line.number, shortened(&line.text)));
            }
            return Ok(());
        }
        self.settle_strays();
        self.inside(line);
        Ok(())
    }

    /// Whether a line below a plan's first is none of the plan, for all that is known by now: it
    /// stands at the left edge, or behind another one, and says nothing that a plan says.
    fn is_stray(&self, line: &Logical) -> bool {
        let text = line.text.as_str();
        // A table of a result has a blank before its values.
        if line.column > self.root_column + 1 && self.strays.is_empty() {
            return false;
        }
        let is_summary = summary::is_key(text) || summary::trigger(text).is_some();
        let in_group = self.group.as_ref().is_some_and(|group| line.column > group.column);
        let is_cut = text.contains("log message was truncated");
        let is_known = key_of(text).is_some_and(is_firm) || subplan_role(text).is_some();
        !(is_summary || in_group || is_cut || is_known)
    }

    /// The plan goes on: what was read since is noted.
    fn settle_strays(&mut self) {
        for (number, text) in std::mem::take(&mut self.strays) {
            let place = format!("line {number}");
            note(&mut self.notes, &place, format!("the line {text} was not understood"));
        }
    }

    /// A line before a plan.
    fn outside(&mut self, line: &Logical) -> Result<(), LimitError> {
        if let Some(node) = node_line::parse(&line.text) {
            return self.root(line, &node);
        }
        if let Some((before, _)) = line.text.split_once(" ms  plan:") {
            self.summary = Summary::default();
            self.query_text = None;
            let ms = before.rsplit_once("duration: ").and_then(|(_, ms)| node_line::number(ms));
            self.summary.apply("Duration", ms.unwrap_or(Value::Null));
        } else if let Some(text) = line.text.strip_prefix("Query Text: ") {
            self.query_text = Some(text.to_owned());
        } else if let Some(text) = line.text.strip_prefix("Query Parameters: ") {
            self.summary.apply("Query Parameters", Value::from(text));
        } else if let Some(text) = &mut self.query_text {
            text.push('\n');
            text.push_str(&line.text);
        }
        Ok(())
    }

    fn root(&mut self, line: &Logical, node: &NodeLine) -> Result<(), LimitError> {
        self.root_column = line.column;
        if let Some(text) = self.query_text.take() {
            self.summary.statement = Some(text);
        }
        self.open(None, line, node)
    }

    fn arrow(&mut self, line: &Logical, inner: &str) -> Result<(), LimitError> {
        let node = node_line::parse(inner).unwrap_or_else(|| unknown(inner));
        if self.stack.is_empty() {
            // A part of a plan, cut out by hand.
            return self.root(line, &node);
        }
        self.close_to(line.column);
        self.open(Some(line.column), line, &node)
    }

    /// Closes the nodes whose arrow is at `column` or right of it.
    fn close_to(&mut self, column: usize) {
        while self.stack.last().is_some_and(|open| open.column.is_some_and(|at| at >= column)) {
            self.close();
        }
        self.worker = None;
        self.group = None;
    }

    fn close(&mut self) {
        let Some(mut open) = self.stack.pop() else { return };
        self.builder.close();
        if let Some(message) = open.facts.complete(&mut self.builder, open.id) {
            self.note_at(None, message);
        }
        if let Some(parent) = self.stack.last_mut() {
            parent.facts.adopt(open.id, open.facts.role_given);
        }
    }

    fn open(
        &mut self,
        column: Option<usize>,
        line: &Logical,
        parts: &NodeLine,
    ) -> Result<(), LimitError> {
        if parts.odd_figures && !std::mem::replace(&mut self.odd_figures, true) {
            self.note_at(Some(line), "some figures are no numbers and were left out");
        }
        let heading = column.and_then(|column| self.heading_at(column));
        let id = self.builder.open(Node::new(Operator::default(), parts.label.as_str()))?;
        self.stack.push(Open { column, id, facts: Facts::default() });
        for (key, value) in &parts.properties {
            self.apply(key, value.clone());
        }
        if let Some(name) = heading {
            self.apply("Subplan Name", Value::String(name));
        }
        Ok(())
    }

    /// The heading that stands between an arrow at `column` and the node above it.
    fn heading_at(&mut self, column: usize) -> Option<String> {
        self.close_headings(column);
        let parent = self.stack.last().and_then(|open| open.column);
        let heading = self.subplans.last()?;
        parent.is_none_or(|parent| parent < heading.column).then(|| heading.name.clone())
    }

    fn close_headings(&mut self, column: usize) {
        while self.subplans.last().is_some_and(|heading| heading.column >= column) {
            self.subplans.pop();
        }
    }

    fn apply(&mut self, key: &str, value: Value) {
        self.apply_at(self.stack.len().saturating_sub(1), key, value);
    }

    fn apply_at(&mut self, at: usize, key: &str, value: Value) {
        let Some(open) = self.stack.get_mut(at) else { return };
        if let Some(node) = self.builder.node_mut(open.id) {
            open.facts.apply(node, key, value);
        }
    }

    /// A line below a node's line.
    fn inside(&mut self, line: &Logical) {
        if line.open {
            self.note_at(Some(line), "the line breaks off");
        }
        let text = line.text.as_str();
        if subplan_role(text).is_some() && !text.ends_with(':') {
            self.close_to(line.column);
            self.close_headings(line.column);
            self.subplans.push(Heading { column: line.column, name: text.to_owned() });
            return;
        }
        if let Some(trigger) = summary::trigger(text) {
            self.summary.triggers.push(trigger);
            return;
        }
        let Some(key) = key_of(text) else { return self.odd(line) };
        let rest = text[key.len() + 1..].trim();
        if let Some(group) = &self.group
            && line.column > group.column
        {
            return summary::group_line(&mut self.summary, group.name, key, rest);
        }
        // One column of tolerance: the first line often loses its blank in a paste.
        if line.column <= self.root_column + 1
            && let Some(group) = summary::line(&mut self.summary, key, rest)
        {
            self.group = group.map(|name| Heading { column: line.column, name });
            self.worker = None;
            return;
        }
        self.property(line, key, rest);
    }

    fn property(&mut self, line: &Logical, key: &str, rest: &str) {
        if let Some(number) = key.strip_prefix("Worker ").and_then(node_line::number) {
            self.worker = Some(Heading { column: line.column, name: number });
            return self.worker_properties(properties::worker(rest));
        }
        let found = properties::expand(key, rest);
        if self.worker.as_ref().is_some_and(|worker| line.column > worker.column) {
            return self.worker_properties(found);
        }
        self.worker = None;
        let owner = self.owner(line.column);
        for (key, value) in found {
            self.apply_at(owner, &key, value);
        }
    }

    /// The node that a property at that column belongs to. It is the last one, but where extensions
    /// go on behind a subplan: then the line is left of the last arrow.
    fn owner(&self, column: usize) -> usize {
        let is_left = |open: &Open| open.column.is_none_or(|arrow| arrow < column);
        let last = self.stack.len().saturating_sub(1);
        if column <= self.root_column + 1 {
            return last;
        }
        self.stack.iter().rposition(is_left).unwrap_or(last)
    }

    fn worker_properties(&mut self, found: Vec<properties::Property>) {
        let Some(worker) = &self.worker else { return };
        let mut object = Map::new();
        object.insert("Worker Number".into(), worker.name.clone());
        object.extend(found.into_iter().map(|(key, value)| (key.into_owned(), value)));
        self.apply("Workers", Value::Array(vec![Value::Object(object)]));
    }

    /// A line without a key: the target of a ModifyTable, or something unknown.
    fn odd(&mut self, line: &Logical) {
        match node_line::parse(&line.text) {
            Some(target) => {
                let properties = target.properties.into_iter().map(|(k, v)| (k.to_owned(), v));
                let target = Value::Object(properties.collect());
                self.apply("Target Tables", Value::Array(vec![target]));
            }
            None if line.text.contains("log message was truncated") => {
                self.note_at(Some(line), "the log cut the plan off");
            }
            None => {
                let text = shortened(&line.text);
                self.note_at(Some(line), format!("the line {text} was not understood"));
            }
        }
    }

    fn note_at(&mut self, line: Option<&Logical>, message: impl Into<String>) {
        let place = line.map_or_else(|| "the plan".to_owned(), |at| format!("line {}", at.number));
        note(&mut self.notes, &place, message);
    }

    /// Ends the plan that is open, if there is one.
    fn finish(&mut self) -> Result<(), LimitError> {
        while !self.stack.is_empty() {
            self.close();
        }
        self.subplans.clear();
        self.strays.clear();
        (self.group, self.worker, self.odd_figures) = (None, None, false);
        if self.builder.is_empty() {
            return Ok(());
        }
        let builder = std::mem::take(&mut self.builder);
        let notes = std::mem::take(&mut self.notes);
        let summary = std::mem::take(&mut self.summary);
        self.readings.push(summary.finish(builder, FORMAT.name, notes)?);
        Ok(())
    }
}

/// A node with an unknown name and no figures.
fn unknown(inner: &str) -> NodeLine {
    NodeLine {
        label: inner.to_owned(),
        properties: Vec::new(),
        known: false,
        has_figures: false,
        odd_figures: false,
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

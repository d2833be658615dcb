//! Makes plans of properties as they come: what the readers of PostgreSQL's YAML and XML share.
//!
//! A reader says which map or list opens under which key, which scalar stands there and what
//! closes. The keys are those of `EXPLAIN (FORMAT JSON)`. Everything open is on one explicit stack.

use super::Reading;
use super::json_value::MAX_KEPT_DEPTH;
use super::postgres_keys::{Facts, Summary, condition_kind, note};
use crate::plan::{LimitError, MAX_DEPTH, Node, NodeId, PlanBuilder};
use serde_json::{Map, Number, Value};

/// Most maps and lists inside one another: a node opens up to three.
const MAX_OPEN: usize = 3 * MAX_DEPTH + MAX_KEPT_DEPTH;

/// A property of any other kind.
enum Held {
    List(Vec<Value>),
    Map(Map<String, Value>),
    /// Too deep to keep.
    Skipped,
}

enum Frame {
    /// The list of plans.
    Documents,
    /// The map around a plan; or, as it turns out later, a bare node.
    Query,
    Node {
        id: NodeId,
        facts: Box<Facts>,
    },
    /// The `Plans` of a node.
    Plans,
    Value {
        key: String,
        held: Held,
        depth: usize,
    },
}

/// Collects the plans of one document.
pub(super) struct Collector {
    format: &'static str,
    stack: Vec<Frame>,
    /// Where in the stack the nodes are.
    nodes: Vec<usize>,
    builder: PlanBuilder,
    summary: Summary,
    notes: Vec<super::Note>,
    readings: Vec<Reading>,
    /// Properties of the query, which may turn out to be a bare node.
    pending: Vec<(String, Value)>,
    /// The line that is being read, for notes.
    pub(super) line: usize,
}

impl Collector {
    /// Of that format.
    pub(super) fn new(format: &'static str) -> Self {
        Self {
            format,
            stack: Vec::new(),
            nodes: Vec::new(),
            builder: PlanBuilder::new(),
            summary: Summary::default(),
            notes: Vec::new(),
            readings: Vec::new(),
            pending: Vec::new(),
            line: 0,
        }
    }

    /// Whether anything showed that this is a plan and no other text.
    pub(super) fn is_plan(&self) -> bool {
        !self.builder.is_empty() || !self.readings.is_empty()
    }

    /// Whether the plan that is being read has a node.
    pub(super) fn has_root(&self) -> bool {
        !self.builder.is_empty()
    }

    /// The key of the innermost property that is open, if it is neither statement nor node.
    pub(super) fn top_key(&self) -> &str {
        match self.stack.last() {
            Some(Frame::Value { key, .. }) => key,
            _ => "",
        }
    }

    /// What the innermost property or the details of the node that is open have under `key`.
    pub(super) fn told(&mut self, key: &str) -> Option<&Value> {
        match self.stack.last()? {
            Frame::Value { held: Held::Map(map), .. } => map.get(key),
            Frame::Node { id, .. } => self.builder.node_mut(*id)?.details.get(key),
            _ => None,
        }
    }

    /// Whether what comes next belongs to a statement and to no node.
    pub(super) fn in_query(&self) -> bool {
        matches!(self.stack.last(), None | Some(Frame::Documents | Frame::Query))
    }

    /// The plans.
    pub(super) fn finish(mut self) -> Result<Vec<Reading>, LimitError> {
        while !self.stack.is_empty() {
            self.close()?;
        }
        Ok(self.readings)
    }

    /// Opens a map under `key`, which is empty in a list.
    pub(super) fn open_map(&mut self, key: &str) -> Result<(), LimitError> {
        match self.stack.last() {
            None | Some(Frame::Documents) => return self.push(Frame::Query),
            // PostgreSQL's XML has an element for every statement inside of the document's.
            Some(Frame::Query) if key == "Query" => return self.push(Frame::Query),
            Some(Frame::Query) if key == "Plan" && self.builder.is_empty() => {
                return self.open_node();
            }
            Some(Frame::Plans) => return self.open_node(),
            // Extensions have plans inside (`Remote Plan` of Citus).
            Some(Frame::Value { held, .. })
                if key == "Plan" && !self.nodes.is_empty() && !matches!(held, Held::List(_)) =>
            {
                return self.open_node();
            }
            _ => {}
        }
        self.push_value(key, Held::Map(Map::new()))
    }

    /// Opens a list under `key`, which is empty in a list.
    pub(super) fn open_list(&mut self, key: &str) -> Result<(), LimitError> {
        match self.stack.last() {
            None => self.push(Frame::Documents),
            Some(Frame::Node { .. }) if key == "Plans" => self.push(Frame::Plans),
            _ => self.push_value(key, Held::List(Vec::new())),
        }
    }

    /// A value under `key`, which is empty in a list.
    pub(super) fn value(&mut self, key: &str, value: Value) -> Result<(), LimitError> {
        let in_query = matches!(self.stack.last(), Some(Frame::Query));
        if in_query && key == "Node Type" && self.builder.is_empty() {
            self.become_node()?;
        }
        match self.stack.last_mut() {
            Some(Frame::Value { held: Held::List(items), .. }) => items.push(value),
            Some(Frame::Value { held: Held::Map(map), .. }) => {
                map.insert(key.to_owned(), value);
            }
            Some(Frame::Value { held: Held::Skipped, .. }) => {}
            Some(Frame::Node { id, facts }) => {
                if let Some(node) = self.builder.node_mut(*id) {
                    facts.apply(node, key, value);
                }
            }
            Some(Frame::Query) => self.pending.push((key.to_owned(), value)),
            Some(Frame::Plans | Frame::Documents) | None => {
                self.note("an item that is no plan was left out");
            }
        }
        Ok(())
    }

    /// A map or list under `key` with nothing in it.
    pub(super) fn empty(&mut self, key: &str) -> Result<(), LimitError> {
        if key == "Plans" {
            return Ok(());
        }
        let value = if is_list(key) { Value::Array(Vec::new()) } else { Map::new().into() };
        self.value(key, value)
    }

    /// Closes the map or list that was opened last.
    pub(super) fn close(&mut self) -> Result<(), LimitError> {
        match self.stack.pop() {
            Some(Frame::Node { id, facts }) => self.close_node(id, *facts)?,
            Some(Frame::Query) => self.end_plan()?,
            Some(Frame::Value { key, held, .. }) => {
                let value = match held {
                    Held::List(items) => Value::Array(items),
                    Held::Map(map) => Value::Object(map),
                    Held::Skipped => Value::Null,
                };
                self.value(&key, value)?;
            }
            Some(Frame::Documents | Frame::Plans) | None => {}
        }
        Ok(())
    }

    fn push(&mut self, frame: Frame) -> Result<(), LimitError> {
        if self.stack.len() >= MAX_OPEN {
            return Err(LimitError::Depth);
        }
        self.stack.push(frame);
        Ok(())
    }

    fn push_value(&mut self, key: &str, held: Held) -> Result<(), LimitError> {
        let depth = match self.stack.last() {
            Some(Frame::Value { depth, .. }) => depth + 1,
            _ => 1,
        };
        let held = if depth > MAX_KEPT_DEPTH { Held::Skipped } else { held };
        if depth == MAX_KEPT_DEPTH + 1 {
            self.note("a property is nested too deeply to be kept whole");
        }
        self.push(Frame::Value { key: key.to_owned(), held, depth })
    }

    fn open_node(&mut self) -> Result<(), LimitError> {
        let id = self.builder.open(Node::default())?;
        self.nodes.push(self.stack.len());
        self.push(Frame::Node { id, facts: Box::default() })
    }

    /// Turns the query that is open into a bare node.
    fn become_node(&mut self) -> Result<(), LimitError> {
        self.stack.pop();
        self.open_node()?;
        for (key, value) in std::mem::take(&mut self.pending) {
            self.value(&key, value)?;
        }
        Ok(())
    }

    fn close_node(&mut self, id: NodeId, mut facts: Facts) -> Result<(), LimitError> {
        self.nodes.pop();
        self.builder.close();
        if let Some(unknown) = facts.complete(&mut self.builder, id) {
            self.note(&unknown);
        }
        let parent = self.nodes.last().and_then(|&at| self.stack.get_mut(at));
        if let Some(Frame::Node { facts: parent, .. }) = parent {
            parent.adopt(id, facts.role_given);
        }
        if matches!(self.stack.last(), None | Some(Frame::Documents)) {
            self.end_plan()?;
        }
        Ok(())
    }

    /// Ends a plan, if there is one.
    fn end_plan(&mut self) -> Result<(), LimitError> {
        let builder = std::mem::take(&mut self.builder);
        let mut summary = std::mem::take(&mut self.summary);
        let notes = std::mem::take(&mut self.notes);
        for (key, value) in std::mem::take(&mut self.pending) {
            summary.apply(&key, value);
        }
        if !builder.is_empty() {
            self.readings.push(summary.finish(builder, self.format, notes)?);
        }
        Ok(())
    }

    fn note(&mut self, message: &str) {
        note(&mut self.notes, &format!("line {}", self.line), message);
    }
}

/// Whether PostgreSQL writes a list under that key; an empty one does not show it.
pub(super) fn is_list(key: &str) -> bool {
    const LISTS: [&str; 8] = [
        "Grouping Sets",
        "Group Keys",
        "Hash Keys",
        "Plans",
        "Target Tables",
        "Triggers",
        "Workers",
        "Conflict Arbiter Indexes",
    ];
    LISTS.contains(&key) || condition_kind(key).is_some_and(|(_, is_list)| is_list)
}

/// A number, `true` or `false` that stands without quotes; any other text is itself.
pub(super) fn plain(text: &str) -> Value {
    match text {
        "true" | "false" => Value::Bool(text == "true"),
        // Only what may begin a number: parsing is not for free.
        _ if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            serde_json::from_str::<Number>(text).map_or_else(|_| Value::from(text), Value::Number)
        }
        _ => Value::from(text),
    }
}

/// Whether a line begins with `mark`, whatever clients put before it.
pub(super) fn some_line_starts(text: &str, mark: &str) -> bool {
    text.match_indices(mark).any(|(at, _)| {
        let before = text[..at].trim_end_matches([' ', '\t', '|', '│', '║', '"', '\'', '-']);
        before.is_empty() || before.ends_with('\n')
    })
}

//! `EXPLAIN (FORMAT JSON)` of PostgreSQL, 9.0 to 18, and auto_explain's JSON.
//!
//! Accepts `[{"Plan": …}]`, `{"Plan": …}` and a bare node, several plans in one array (a statement
//! that rules rewrote), several documents one after the other, keys in any order (jsonb sorts
//! them), and whatever psql puts around. Nesting is kept on an explicit stack.

use super::json_value::{Progress, ValueReader};
use super::postgres_json_dialects as dialects;
use super::postgres_keys::{Facts, Summary, note};
use super::postgres_tree::some_line_starts;
use super::unwrap::Source;
use super::{Format, FormatError, Note, Reading, shortened};
use crate::engine::Engine;
use crate::plan::{LimitError, Node, NodeId, PlanBuilder};
use jiter::{Jiter, JiterError, Peek};
use serde_json::Value;

pub(super) static FORMAT: Format = Format {
    name: "postgres-json",
    engine: Engine::Postgres,
    summary: "PostgreSQL's EXPLAIN (FORMAT JSON), also as psql or auto_explain write it",
    detect,
    parse,
};

fn detect(text: &str) -> u8 {
    let has = |key: &str| text.contains(key);
    let begins = |mark| some_line_starts(text, mark);
    match () {
        () if !has("{") => 0,
        () if has("\"Node Type\"") => {
            let is_document = ["{", "[", "\"Plan\"", "\"Node Type\""].into_iter().any(begins);
            // A text plan may compare with a document.
            if is_document || has("plan:") || has("\"Plan\"") { 95 } else { 60 }
        }
        // In a string of a program, however deep.
        () if has("\\\"Node Type\\") => 94,
        // On a web page.
        () if has("&quot;Node Type&quot;") => 94,
        () if dialects::is_one(text) => 93,
        () if has("\"Plan\"") && has("\"Query Text\"") => 60,
        () => 0,
    }
}

fn parse(text: &str) -> Result<Vec<Reading>, FormatError> {
    let mut source = Source::new(text);
    let strict = documents(&source, text);
    // Only what no JSON is is read as something that is like it.
    if matches!(strict, Err(FormatError::Malformed { .. }))
        && let Some(plain) = dialects::to_json(&source.text)
    {
        source.replace(plain);
        return documents(&source, text).or(strict);
    }
    strict
}

/// Reads a text that is one JSON document with a plan and nothing else, which is the most frequent
/// and the largest input: no other format needs to be asked, and nothing to be unwrapped. `None` for
/// any other text, broken JSON among it.
pub(super) fn read_plain(text: &str) -> Option<Vec<Reading>> {
    /// A plan shows in its first bytes that it is one.
    const HEAD: usize = 4096;
    let start = text.find(|c: char| !c.is_ascii_whitespace())?;
    if !text[start..].starts_with(['[', '{']) {
        return None;
    }
    let head = text.as_bytes().get(..HEAD).unwrap_or(text.as_bytes());
    let key = b"\"Node Type\"";
    head.windows(key.len()).any(|window| window == key).then_some(())?;
    let source = Source::plain(text);
    let mut reader = Reader::new(&source, start);
    reader.document().ok()?;
    let rest = &text[start + reader.jiter.current_index()..];
    let alone = rest.bytes().all(|b| b.is_ascii_whitespace());
    (alone && !reader.readings.is_empty()).then_some(reader.readings)
}

fn documents(source: &Source, text: &str) -> Result<Vec<Reading>, FormatError> {
    let mut readings = Vec::new();
    let mut from = 0;
    while let Some(start) = document_after(&source.text, from) {
        let mut reader = Reader::new(source, start);
        let outcome = reader.document();
        let end = start + reader.jiter.current_index();
        let is_plan = reader.is_plan;
        readings.append(&mut reader.readings);
        from = match outcome {
            Ok(()) => end,
            Err(error) if is_plan => return Err(error.at(source, start)),
            // Some other text in braces, before or after the plan.
            Err(_) => end.max(start + 1),
        };
    }
    if readings.is_empty() {
        return Err(FormatError::Malformed {
            place: "the input".into(),
            expected: "a JSON document with a `Plan` or a `Node Type`".into(),
            found: shortened(text),
        });
    }
    Ok(readings)
}

/// Where the next document may begin: `{` before a key, `[` before an object.
fn document_after(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|b| matches!(b, b'{' | b'['))?;
        let inner = bytes[at + 1..].iter().find(|b| !b.is_ascii_whitespace());
        if matches!((bytes[at], inner), (b'{', Some(b'"')) | (b'[', Some(b'{'))) {
            return Some(at);
        }
        at += 1;
    }
}

/// Most lists and results around a document.
const MAX_ROWS: usize = 64;

/// What a statement has besides its plan, in keys that hold more keys.
const OF_STATEMENT: [&str; 5] = ["Settings", "JIT", "Triggers", "Planning", "Serialization"];

/// Why a document could not be read.
enum Trouble {
    Json(JiterError),
    Limit(LimitError),
}

impl From<JiterError> for Trouble {
    fn from(error: JiterError) -> Self {
        Self::Json(error)
    }
}

impl From<LimitError> for Trouble {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}

impl Trouble {
    fn at(self, source: &Source, start: usize) -> FormatError {
        let error = match self {
            Self::Limit(limit) => return limit.into(),
            Self::Json(error) => error,
        };
        let at = start + error.index;
        let rest = source.text.get(at..).unwrap_or_default();
        FormatError::Malformed {
            place: source.place(at),
            expected: format!("JSON of a plan ({})", error.error_type),
            found: if rest.trim().is_empty() { "the end".into() } else { shortened(rest) },
        }
    }
}

/// A container that is being read.
enum Frame {
    /// The array of plans.
    Documents,
    /// The object around a plan; or, as it turns out later, a bare node.
    Query,
    /// A node.
    Node { id: NodeId, facts: Box<Facts> },
    /// The `Plans` of a node.
    Plans,
    /// Any other property. Extensions have plans inside (`Remote Plan` of Citus).
    Value { key: String, reader: ValueReader },
}

/// What comes next in the innermost container.
enum Step {
    Key(String, Peek),
    Item(Peek),
    Value,
    End,
}

/// Reads one document.
struct Reader<'a> {
    source: &'a Source,
    start: usize,
    jiter: Jiter<'a>,
    stack: Vec<Frame>,
    /// The container at the top of the stack has not been stepped into.
    fresh: bool,
    /// Whether anything showed that this is a plan and no other JSON.
    is_plan: bool,
    builder: PlanBuilder,
    summary: Summary,
    /// Properties of the query object, which may turn out to be a bare node.
    pending: Vec<(String, Value)>,
    notes: Vec<Note>,
    readings: Vec<Reading>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a Source, start: usize) -> Self {
        Self {
            source,
            start,
            jiter: Jiter::new(&source.text.as_bytes()[start..]),
            stack: Vec::new(),
            fresh: true,
            is_plan: false,
            builder: PlanBuilder::new(),
            summary: Summary::default(),
            pending: Vec::new(),
            notes: Vec::new(),
            readings: Vec::new(),
        }
    }

    fn place(&self) -> String {
        self.source.place(self.start + self.jiter.current_index())
    }

    fn document(&mut self) -> Result<(), Trouble> {
        let first = self.jiter.peek()?;
        self.push(if first == Peek::Array { Frame::Documents } else { Frame::Query });
        while !self.stack.is_empty() {
            match self.step()? {
                Step::End => self.pop()?,
                Step::Item(peek) => self.item(peek)?,
                Step::Value => self.value()?,
                Step::Key(key, peek) => self.property(key, peek)?,
            }
        }
        Ok(())
    }

    fn push(&mut self, frame: Frame) {
        self.stack.push(frame);
        self.fresh = true;
    }

    fn step(&mut self) -> Result<Step, Trouble> {
        let fresh = std::mem::take(&mut self.fresh);
        if matches!(self.stack.last(), Some(Frame::Value { .. })) {
            return Ok(Step::Value);
        }
        if matches!(self.stack.last(), Some(Frame::Documents | Frame::Plans)) {
            let peek = if fresh { self.jiter.next_array()? } else { self.jiter.array_step()? };
            return Ok(peek.map_or(Step::End, Step::Item));
        }
        let key = if fresh { self.jiter.next_object()? } else { self.jiter.next_key()? };
        let Some(key) = key.map(str::to_owned) else { return Ok(Step::End) };
        let peek = self.jiter.peek()?;
        Ok(Step::Key(key, peek))
    }

    fn item(&mut self, peek: Peek) -> Result<(), Trouble> {
        match (self.stack.last(), peek) {
            (Some(Frame::Documents), Peek::Object) => self.push(Frame::Query),
            // Rows that are lists themselves.
            (Some(Frame::Documents), Peek::Array) if self.stack.len() < MAX_ROWS => {
                self.push(Frame::Documents);
            }
            (_, Peek::Object) => self.open_node()?,
            _ => {
                ValueReader::new(peek).read(&mut self.jiter, false)?;
                if self.is_plan {
                    note(&mut self.notes, "JSON", "an item that is no plan was left out");
                }
            }
        }
        Ok(())
    }

    fn open_node(&mut self) -> Result<(), Trouble> {
        self.is_plan = true;
        let id = self.builder.open(Node::default())?;
        self.push(Frame::Node { id, facts: Box::default() });
        Ok(())
    }

    fn property(&mut self, key: String, peek: Peek) -> Result<(), Trouble> {
        let in_query = matches!(self.stack.last(), Some(Frame::Query));
        self.is_plan |= in_query && key == "Query Text" && peek == Peek::String;
        match (key.as_str(), peek) {
            ("Plan", Peek::Object) if in_query && self.builder.is_empty() => {
                return self.open_node();
            }
            // The keys of a bare node come in any order: it is one when it shows to be one.
            ("Plans", Peek::Array) if in_query && self.builder.is_empty() => {
                self.become_node()?;
                self.push(Frame::Plans);
                return Ok(());
            }
            // A result around the document: `"QUERY PLAN": [{"Plan": …}]`, `"rows": […]`.
            (key, Peek::Array | Peek::Object)
                if in_query
                    && self.builder.is_empty()
                    && self.stack.len() < MAX_ROWS
                    && !OF_STATEMENT.contains(&key) =>
            {
                self.push(if peek == Peek::Array { Frame::Documents } else { Frame::Query });
                return Ok(());
            }
            ("Plans", Peek::Array) if !in_query => {
                self.push(Frame::Plans);
                return Ok(());
            }
            ("Node Type", Peek::String) if in_query && self.builder.is_empty() => {
                self.become_node()?;
            }
            _ => {}
        }
        self.push(Frame::Value { key, reader: ValueReader::new(peek) });
        Ok(())
    }

    /// Reads on in the property at the top of the stack.
    fn value(&mut self) -> Result<(), Trouble> {
        let in_node = matches!(self.stack.iter().rev().nth(1), Some(Frame::Node { .. }));
        let Some(Frame::Value { reader, .. }) = self.stack.last_mut() else { return Ok(()) };
        let value = match reader.read(&mut self.jiter, in_node)? {
            Progress::Plan => return self.open_node(),
            Progress::Done(value) => value,
        };
        let Some(Frame::Value { key, reader }) = self.stack.pop() else { return Ok(()) };
        if reader.cut {
            let place = self.place();
            note(&mut self.notes, &place, format!("`{key}` is nested too deeply to be kept whole"));
        }
        match self.stack.last_mut() {
            Some(Frame::Node { id, facts }) => {
                if let Some(node) = self.builder.node_mut(*id) {
                    facts.apply(node, &key, value);
                }
            }
            _ => self.pending.push((key, value)),
        }
        Ok(())
    }

    /// Turns the query object that is open into a bare node.
    fn become_node(&mut self) -> Result<(), Trouble> {
        self.stack.pop();
        let fresh = self.fresh;
        self.open_node()?;
        self.fresh = fresh;
        let pending = std::mem::take(&mut self.pending);
        if let Some(Frame::Node { id, facts }) = self.stack.last_mut()
            && let Some(node) = self.builder.node_mut(*id)
        {
            for (key, value) in pending {
                facts.apply(node, &key, value);
            }
        }
        Ok(())
    }

    fn pop(&mut self) -> Result<(), Trouble> {
        match self.stack.pop() {
            Some(Frame::Node { id, mut facts }) => {
                self.builder.close();
                if let Some(unknown) = facts.complete(&mut self.builder, id) {
                    let place = self.place();
                    note(&mut self.notes, &place, unknown);
                }
                // Below a `Plans` or another property, the parent is one further down.
                let parent = self.stack.iter_mut().rev().nth(1);
                if let Some(Frame::Node { facts: parent, .. }) = parent {
                    parent.adopt(id, facts.role_given);
                }
                if matches!(self.stack.last(), None | Some(Frame::Documents)) {
                    self.finish()?;
                }
            }
            Some(Frame::Query) => self.finish()?,
            _ => {}
        }
        Ok(())
    }

    /// Ends a plan, if there is one.
    fn finish(&mut self) -> Result<(), Trouble> {
        let builder = std::mem::take(&mut self.builder);
        let mut summary = std::mem::take(&mut self.summary);
        let notes = std::mem::take(&mut self.notes);
        for (key, value) in std::mem::take(&mut self.pending) {
            summary.apply(&key, value);
        }
        if !builder.is_empty() {
            self.readings.push(summary.finish(builder, FORMAT.name, notes)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ConditionKind, Operator, Role};

    fn one(text: &str) -> Reading {
        let mut readings = parse(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(readings.len(), 1);
        readings.remove(0)
    }

    #[test]
    fn a_node_is_read_whole() {
        let plan = one(
            r#"[{"Plan": {"Node Type": "Hash Join", "Parallel Aware": true, "Join Type": "Left",
            "Startup Cost": 1.5, "Total Cost": 20.25, "Plan Rows": 100, "Plan Width": 8,
            "Actual Startup Time": 0.1, "Actual Total Time": 2.5, "Actual Rows": 7, "Actual Loops": 3,
            "Hash Cond": "(a.id = b.id)", "Rows Removed by Join Filter": 2,
            "Shared Hit Blocks": 5, "Temp Written Blocks": 1, "Warp": {"a": [1]}, "Plans": [
              {"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Relation Name": "a", "Alias": "a"},
              {"Node Type": "Hash", "Parent Relationship": "Inner", "Hash Batches": 4, "Original Hash Batches": 1,
               "Peak Memory Usage": 25}]},
            "Planning Time": 0.5, "Execution Time": 3.5, "Query Identifier": -616535572753039263,
            "Settings": {"jit": "off"}, "JIT": {"Functions": 1, "Timing": {"Total": 1.25}},
            "Triggers": [{"Trigger Name": "t", "Relation": "a", "Time": 0.5, "Calls": 2}]}]"#,
        )
        .plan;
        let root = plan.root();
        assert_eq!(
            (root.operator.name(), root.label.as_str()),
            ("HashJoin", "Parallel Hash Left Join")
        );
        assert_eq!(root.join_type.as_deref(), Some("Left"));
        assert_eq!(root.estimate.total_cost, Some(20.25));
        let actual = root.actual.unwrap();
        assert_eq!((actual.loops, actual.rows_per_loop, actual.rows_rounding), (3.0, 7.0, 0.5));
        assert_eq!(root.removed.by_join_filter, Some(6.0), "an average over three loops");
        assert_eq!((root.buffers.shared_hit, root.buffers.temp_written), (Some(5), Some(1)));
        assert_eq!(root.conditions_of(ConditionKind::Join).collect::<Vec<_>>(), ["(a.id = b.id)"]);
        assert_eq!(root.details["Warp"]["a"][0], 1);
        let [_, scan, hash] = plan.nodes() else { panic!() };
        assert_eq!(
            (scan.role, scan.relation_name(), scan.alias.as_ref()),
            (Role::Outer, Some("a"), None)
        );
        assert_eq!(
            (hash.role, hash.memory.batches, hash.memory.peak_bytes),
            (Role::Inner, Some(4), Some(25600))
        );
        assert_eq!(
            (plan.planning_ms, plan.execution_ms, plan.jit_ms),
            (Some(0.5), Some(3.5), Some(1.25))
        );
        assert_eq!(plan.engine_id.as_deref(), Some("-616535572753039263"));
        assert_eq!(plan.settings, [("jit".to_owned(), "off".to_owned())]);
        assert_eq!((plan.triggers[0].name.as_str(), plan.triggers[0].calls), ("t", 2.0));
    }

    #[test]
    fn keys_come_in_any_order() {
        // As jsonb sorts them: short keys first, children before the node's own type.
        let bare = r#"{"Alias": "x", "Plans": [{"Alias": "o", "Node Type": "Seq Scan", "Relation Name": "t"}],
            "Node Type": "Subquery Scan", "Plan Rows": 3}"#;
        for text in [
            bare.to_owned(),
            format!("[{bare}]"),
            format!(r#"{{"Planning Time": 1, "Plan": {bare}}}"#),
        ] {
            let plan = one(&text).plan;
            assert_eq!(plan.nodes().len(), 2, "{text}");
            assert_eq!(plan.root().operator, Operator::SubqueryScan);
            assert_eq!(plan.root().alias.as_deref(), Some("x"));
            assert_eq!(plan.root().estimate.rows_per_loop, Some(3.0));
            assert_eq!(plan.nodes()[1].role, Role::Subquery);
        }
        let plan = one(r#"{"Plan Rows": 1, "Node Type": "Result"}"#).plan;
        assert_eq!(
            (plan.root().operator.name(), plan.root().estimate.rows_per_loop),
            ("Result", Some(1.0))
        );
    }

    #[test]
    fn several_plans_and_other_text() {
        let result = r#"{"Plan": {"Node Type": "Result"}}"#;
        assert_eq!(parse(&format!("[{result}, {result}]")).unwrap().len(), 2);
        assert_eq!(
            parse(&format!("note {{\"a\": 1}}\n{result}\n-- and\n[{result}]\nend }}{{"))
                .unwrap()
                .len(),
            2
        );
        let psql = format!(" QUERY PLAN \n-----\n [ +\n {result} +\n ]\n(1 row)\n");
        assert_eq!(one(&psql).plan.nodes().len(), 1);
        let framed = format!(
            "┌────┐\n│ QUERY PLAN │\n├────┤\n│ [ ↵│\n│ {result} ↵│\n│ ] │\n└────┘\n(1 row)\n"
        );
        assert_eq!(one(&framed).plan.nodes().len(), 1);
        let logged = "duration: 1.5 ms  plan:\n\t{\n\t  \"Query Text\": \"SELECT 1;\",\n\t  \"Plan\": {\"Node Type\": \"Result\"}\n\t}\n";
        assert_eq!(one(logged).plan.statement.as_deref(), Some("SELECT 1;"));
    }

    #[test]
    fn roles_of_subplans() {
        let plan = one(
            r#"{"Plan": {"Node Type": "ModifyTable", "Operation": "Update", "Plans": [
            {"Node Type": "Result", "Parent Relationship": "InitPlan", "Subplan Name": "CTE x"},
            {"Subplan Name": "CTE y", "Parent Relationship": "InitPlan", "Node Type": "Result"},
            {"Node Type": "Result", "Parent Relationship": "InitPlan", "Subplan Name": "InitPlan 1 (returns $0)"},
            {"Node Type": "Result", "Parent Relationship": "SubPlan", "Subplan Name": "SubPlan 2"},
            {"Node Type": "Result", "Parent Relationship": "Member"}]}}"#,
        )
        .plan;
        let roles: Vec<Role> = plan.nodes()[1..].iter().map(|node| node.role).collect();
        assert_eq!(roles, [Role::Cte, Role::Cte, Role::InitPlan, Role::SubPlan, Role::Outer]);
        assert_eq!(plan.nodes()[3].subplan.as_deref(), Some("InitPlan 1 (returns $0)"));
    }

    #[test]
    fn plans_inside_of_other_properties_are_children() {
        let plan = one(
            r#"{"Plan": {"Node Type": "Custom Scan", "Custom Plan Provider": "Citus Adaptive",
            "Distributed Query": {"Tasks": [{"Node": "n", "Remote Plan": [[{"Plan": {"Node Type": "Limit",
              "Plans": [{"Node Type": "Seq Scan"}]}}]]}], "Count": 1}}}"#,
        )
        .plan;
        assert_eq!(plan.nodes().len(), 3);
        assert_eq!(plan.root().label, "Custom Scan (Citus Adaptive)");
        assert_eq!(plan.root().details["Distributed Query"]["Count"], 1);
        assert_eq!(plan.nodes()[2].depth(), 2);
    }

    #[test]
    fn unknown_operators_are_noted() {
        let reading = one(r#"[{"Plan": {"Node Type": "Warp Join", "Join Type": "Left"}}]"#);
        assert_eq!(reading.plan.root().operator, Operator::Other("Warp Join".into()));
        assert_eq!(reading.plan.root().join_type.as_deref(), Some("Left"));
        assert_eq!(reading.notes.len(), 1);
    }

    #[test]
    fn errors_name_the_place() {
        let error = |text: &str| parse(text).unwrap_err().to_string();
        let cut = error(" QUERY PLAN \n---\n| {\"Plan\": |\n| {\"Node Type\": \"Limit\", |\n");
        assert!(cut.starts_with("line 4, column "), "{cut}");
        assert!(cut.ends_with("found the end"), "{cut}");
        let odd = error("{\"Plan\": {\"Node Type\": \"Limit\",\n \"Plan Rows\": N}}");
        assert_eq!(odd, "line 2, column 15: expected JSON of a plan (expected value), found `N}}`");
        assert!(error("hello").starts_with("the input: expected a JSON document"));
        assert!(error("{\"a\": 1}").contains("`Node Type`"));
    }
}

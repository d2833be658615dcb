//! FORMAT=JSON version 1 of MySQL (since 5.6) and all JSON of MariaDB (since 10.1): nested
//! `query_block`s. One reader for both, as what cannot be told apart is read alike.
//!
//! Every value is looked at after all that is inside of it, so objects find their inputs made.

mod blocks;
mod marks;
mod operations;
mod table;
mod times;

use super::access::{Input, Join, left_deep};
use super::draft::{At, Draft};
use super::json::{Json, Kind};
use crate::engine::Engine;
use crate::formats::{FormatError, Note, Reading};
use crate::plan::{LimitError, Node, Operator};
use std::collections::HashMap;
use times::{Facts, Time};

pub(super) use marks::engine_of;

/// Whether the document has the plan of a query block.
pub(super) fn is_it(json: &Json<'_>) -> bool {
    json.get(0, "query_block").is_some_and(|at| json.is_object(at))
        || json.get(0, "select_id").is_some()
}

/// Reads the plan.
pub(super) fn read(
    json: &Json<'_>,
    engine: Engine,
    place: &str,
    format: &'static str,
) -> Result<Reading, FormatError> {
    let mut reader = Reader::new(json, place);
    for at in (0..json.len()).rev() {
        match json.kind(at) {
            Kind::Object => reader.object(at)?,
            Kind::Array => reader.array(at)?,
            _ => {}
        }
    }
    let root = reader
        .made(0)
        .map_or_else(|| reader.draft.add(Node::new(Operator::Result, "query_block")), Ok)?;
    let order = reader.draft.preorder(root);
    let analyzed = reader.settle(&order);
    drop(order);
    let Reader { draft, mut notes, .. } = reader;
    let mut plan = draft.finish(root, engine, format)?;
    for at in
        json.children(0).filter(|&at| json.key(at) != "query_block" && json.key(at) != "table")
    {
        if json.key(at) == "query_optimization" {
            plan.planning_ms = json.number_of(at, "r_total_time_ms");
        } else if json.get(0, "query_block").is_some() {
            plan.details.insert(json.key(at).to_owned(), json.value(at));
        }
    }
    plan.partial = json.get(0, "r_query_time_in_progress_ms").is_some();
    if analyzed {
        plan.execution_ms = plan.root().total_ms();
    }
    notes.reverse();
    Ok(Reading { plan, notes })
}

/// Objects that only hold something together.
const TRANSPARENT: [&str; 8] = [
    "",
    "insert_from",
    "read_sorted_file",
    "range-checked-for-each-record",
    "nested_loop",
    "table",
    "EXPLAIN",
    "ANALYZE",
];

struct Reader<'a, 'b> {
    json: &'b Json<'a>,
    place: &'b str,
    draft: Draft,
    /// Of each value: its node, if it is one.
    made: Vec<Option<u32>>,
    /// What is known of a node and has no place on it.
    facts: HashMap<At, Facts>,
    /// Which node mentions a subquery of that number.
    mentions: HashMap<u64, At>,
    /// Nodes that run as often as their block, and where they stand.
    of_block: Vec<(usize, At)>,
    notes: Vec<Note>,
}

impl<'a, 'b> Reader<'a, 'b> {
    fn new(json: &'b Json<'a>, place: &'b str) -> Self {
        Self {
            json,
            place,
            // Of a join, each table but the first has the node of the join above it.
            draft: Draft::expecting(json.count("table") * 2),
            made: vec![None; json.len()],
            facts: HashMap::new(),
            mentions: HashMap::new(),
            of_block: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn made(&self, at: usize) -> Option<At> {
        self.made.get(at).copied().flatten().map(|at| at as At)
    }

    fn note(&mut self, message: String) {
        self.notes.push(Note { place: self.place.to_owned(), message });
    }

    fn facts(&mut self, at: At) -> &mut Facts {
        self.facts.entry(at).or_default()
    }

    /// Adds a node that runs as often as the block that the value at `value` stands in.
    fn add(&mut self, value: usize, node: Node) -> Result<At, LimitError> {
        let at = self.draft.add(node)?;
        self.of_block.push((value, at));
        Ok(at)
    }

    /// Adds a node above another.
    fn wrap(&mut self, value: usize, child: At, node: Node) -> Result<At, LimitError> {
        let at = self.draft.wrap(child, node)?;
        self.of_block.push((value, at));
        // How a table joins, and what is written, is for whoever stands above.
        if let Some(facts) = self.facts.get_mut(&child) {
            let (join, write) = (facts.join.take(), std::mem::take(&mut facts.writes));
            let rows = facts.join_rows;
            let mine = self.facts(at);
            (mine.join, mine.writes, mine.join_rows) = (join, write, rows);
        }
        Ok(at)
    }

    fn object(&mut self, at: usize) -> Result<(), LimitError> {
        let key = self.json.key(at);
        let made = match key {
            "query_block" => Some(self.block(at)?),
            "" if self.json.get(at, "select_id").is_some() => Some(self.block(at)?),
            "table" => Some(self.table(at)?),
            "block-nl-join" => self.buffered(at)?,
            _ if self.is_list(key) => None,
            _ => self.operation(at, key)?,
        };
        self.made[at] = made.map(|at| at as u32);
        Ok(())
    }

    fn array(&mut self, at: usize) -> Result<(), LimitError> {
        let key = self.json.key(at);
        if self.is_list(key) {
            return Ok(());
        }
        let mut made = self.inputs(at)?;
        if key == "duplicates_removal"
            && let Some(input) = made
        {
            made = Some(self.wrap(at, input, Node::new(Operator::Distinct, key))?);
        }
        self.made[at] = made.map(|at| at as u32);
        Ok(())
    }

    /// Whether somebody else takes what is in the value: subqueries, the parts of a union.
    fn is_list(&self, key: &str) -> bool {
        key.ends_with("subqueries") || matches!(key, "query_specifications" | "windows" | "sorts")
    }

    /// What a value reads: the one input inside, or all of them joined.
    fn inputs(&mut self, at: usize) -> Result<Option<At>, LimitError> {
        let json = self.json;
        let inner = json.children(at).filter(|&child| !self.is_list(json.key(child)));
        let inner: Vec<At> = inner.filter_map(|child| self.made(child)).collect();
        if inner.len() < 2 {
            return Ok(inner.first().copied());
        }
        let mut writes = Vec::new();
        let mut inputs = Vec::with_capacity(inner.len());
        for input in inner {
            let facts = self.facts(input);
            writes.append(&mut facts.writes);
            let join = facts.join.take().map(|join| *join).unwrap_or_default();
            inputs.push(Input { at: input, join });
        }
        let (top, joins) = left_deep(&mut self.draft, inputs)?;
        for (join, inner) in joins {
            self.of_block.push((at, join));
            self.join_facts(join, inner);
        }
        if let Some(top) = top.filter(|_| !writes.is_empty()) {
            self.facts(top).writes = writes;
        }
        Ok(top)
    }

    /// What was measured of a join buffer belongs to the join.
    fn join_facts(&mut self, join: At, inner: At) {
        let of_inner = self.facts(inner);
        let (own_ms, rows) = (of_inner.join_ms.take(), of_inner.join_rows.take());
        let facts = self.facts(join);
        facts.time = own_ms.map_or(Time::Unknown, Time::Own);
        facts.rows = rows;
        facts.is_join = true;
    }

    /// Keeps the keys that are not `known` as details.
    fn keep(&self, at: usize, node: &mut Node, known: &[&str]) {
        let json = self.json;
        for child in json.children(at) {
            let key = json.key(child);
            let is_node = self.made(child).is_some() || self.is_list(key);
            if !is_node && !known.contains(&key) {
                node.details.insert(key.to_owned(), json.value(child));
            }
        }
    }
}

/// The join of a table whose object says so.
fn join_of(json: &Json<'_>, at: usize) -> Join {
    let kind = match () {
        () if json.is_true(at, "not_exists") => Some("Anti"),
        () if json.get(at, "first_match").is_some() => Some("Semi"),
        () => {
            json.text_of(at, "attached_condition").and_then(|condition| Join::kind_of(&condition))
        }
    };
    let number = |key: &str| json.get(at, "cost_info").and_then(|cost| json.number_of(cost, key));
    Join {
        buffer: json.text_of(at, "using_join_buffer").map(|text| text.into_owned()),
        kind,
        conditions: Vec::new(),
        rows: json.number_of(at, "rows_produced_per_join"),
        cost: number("prefix_cost"),
    }
}

//! A table of a join, with what is looked up, filtered and measured.

use super::super::access::{Access, Join};
use super::super::draft::At;
use super::times::{Facts, Time};
use super::{Reader, blocks, join_of};
use crate::plan::{Actual, Condition, ConditionKind, LimitError, Node, Operator, Role};
use serde_json::Value;

/// Keys that are read here. All others are details.
const KNOWN: [&str; 23] = [
    "table_name",
    "access_type",
    "key",
    "index_condition",
    "index_condition_bka",
    "attached_condition",
    "pushed_condition",
    "message",
    "cost",
    "cost_info",
    "r_engine_stats",
    "loops",
    "r_loops",
    "r_rows",
    "r_filtered",
    "r_table_time_ms",
    "r_other_time_ms",
    "r_total_time_ms",
    "insert",
    "replace",
    "update",
    "delete",
    "rowid_filter",
];

const COSTS: [&str; 3] = ["read_cost", "eval_cost", "prefix_cost"];
const PAGES: [&str; 2] = ["pages_accessed", "pages_read_count"];

impl Reader<'_, '_> {
    /// The node of a `table`.
    pub(super) fn table(&mut self, at: usize) -> Result<At, LimitError> {
        let json = self.json;
        let access = self.access(at);
        let is_write = json.is_true(at, "insert") || json.is_true(at, "replace");
        // MariaDB shows of INSERT and REPLACE nothing but the table's name.
        let is_bare =
            access.kind.is_none() && access.table.is_some() && json.get(at, "message").is_none();
        if is_write || is_bare && json.children(at).nth(1).is_none() {
            let verb = if json.is_true(at, "replace") { "REPLACE" } else { "INSERT" };
            let mut node = Node::new(Operator::Modify, verb);
            node.relation = access.table;
            return self.add(at, node);
        }
        let mut node = access.node();
        if let Some(message) = json.text_of(at, "message") {
            if access.kind.is_none() {
                node = Node::new(blocks::message_operator(&message), message.as_ref());
                node.relation = access.table.clone();
            } else {
                node.details.insert("message".into(), Value::String(message.into_owned()));
            }
        }
        if let Operator::Other(kind) = &node.operator {
            self.note(format!("unknown access type `{kind}`"));
        }
        let mut join = join_of(json, at);
        self.conditions(at, &mut node, &mut join, access.table.as_deref().unwrap_or_default());
        self.keep(at, &mut node, &KNOWN);
        // What is not in the estimate and the buffers.
        for (key, known) in [("cost_info", &COSTS[..]), ("r_engine_stats", &PAGES[..])] {
            if let Some(inner) = json.get(at, key) {
                self.keep(inner, &mut node, known);
            }
        }
        let facts = self.measured(at, &mut node);
        self.costs(at, &mut node, &join);
        let made = self.draft.add(node)?;
        for key in ["attached_condition", "index_condition"] {
            let condition = json.text_of(at, key).unwrap_or_default();
            self.mention(&condition, made);
        }
        *self.facts(made) = Facts { join: Some(Box::new(join)), ..facts };
        self.write(at, made, access.table.as_deref());
        self.inside(at, made, &access)?;
        Ok(made)
    }

    fn access(&self, at: usize) -> Access {
        let json = self.json;
        let text = |key: &str| json.text_of(at, key).map(|text| text.into_owned());
        Access {
            table: text("table_name"),
            kind: text("access_type"),
            key: text("key"),
            references: json.texts_of(at, "ref"),
            key_parts: json.texts_of(at, "used_key_parts"),
            covering: json.is_true(at, "using_index")
                || json.is_true(at, "using_index_for_group_by"),
            rows: json.number_of(at, "rows_examined_per_scan").or(json.number_of(at, "rows")),
            filtered: json.number_of(at, "filtered"),
        }
    }

    fn conditions(&self, at: usize, node: &mut Node, join: &mut Join, table: &str) {
        let json = self.json;
        for key in ["index_condition", "index_condition_bka", "pushed_condition"] {
            if let Some(condition) = json.text_of(at, key) {
                node.conditions.push(Condition::new(ConditionKind::Index, condition.into_owned()));
            }
        }
        let Some(filter) = json.text_of(at, "attached_condition") else { return };
        if join.buffer.is_some() {
            node.conditions.extend(join.take(table, &filter));
        } else {
            node.conditions.push(Condition::new(ConditionKind::Filter, filter.into_owned()));
        }
    }

    /// What MySQL counts for all scans together, for one of them.
    fn costs(&self, at: usize, node: &mut Node, join: &Join) {
        let json = self.json;
        let part = |key: &str| json.get(at, "cost_info").and_then(|cost| json.number_of(cost, key));
        if let (Some(read), Some(eval)) = (part("read_cost"), part("eval_cost")) {
            // A join of one table is its prefix, of more the scan ran once for each row before it.
            let before = self.rows_before(node, join);
            node.estimate.total_cost = Some((read + eval) / before);
        } else if let Some(cost) = json.number_of(at, "cost") {
            // MariaDB since 11.0.
            node.estimate.total_cost =
                Some(cost / json.number_of(at, "loops").unwrap_or(1.0).max(1.0));
        }
    }

    /// Rows that the tables before this one give: it makes `rows` of each. A join buffer is scanned
    /// for all of them at once.
    fn rows_before(&self, node: &Node, join: &Join) -> f64 {
        match (join.rows, node.estimate.rows_per_loop) {
            (Some(after), Some(rows)) if join.buffer.is_none() && rows > 0.0 => {
                (after / rows).max(1.0)
            }
            _ => 1.0,
        }
    }

    /// Takes what was measured; rows are those read, before the filter.
    fn measured(&self, at: usize, node: &mut Node) -> Facts {
        let json = self.json;
        let number = |key: &str| json.number_of(at, key);
        let Some(loops) = number("r_loops") else { return Facts::default() };
        let read = number("r_rows").unwrap_or(0.0);
        let kept = read * number("r_filtered").unwrap_or(100.0).clamp(0.0, 100.0) / 100.0;
        let engine = json.get(at, "r_engine_stats");
        let pages = |key: &str| engine.and_then(|engine| json.number_of(engine, key));
        let mut facts = Facts {
            measured: true,
            loops: Some(loops),
            rows: Some(kept * loops),
            accessed: pages("pages_accessed"),
            pages_read: pages("pages_read_count"),
            ..Facts::default()
        };
        let ms = number("r_table_time_ms").or(number("r_total_time_ms"));
        facts.time =
            ms.map_or(Time::Unknown, |ms| Time::Own(ms + number("r_other_time_ms").unwrap_or(0.0)));
        // Tables of one row are read before the execution, and their loops are not counted.
        let is_const = matches!(node.label.as_str(), "const" | "system");
        if is_const && loops == 0.0 {
            (facts.loops, facts.rows) = (Some(1.0), Some(1.0));
            return facts;
        }
        node.actual = Some(Actual { loops, rows_per_loop: kept, ..Actual::default() });
        node.removed.by_filter = Some((read - kept) * loops);
        node.examined.rows = Some(read * loops);
        facts
    }

    fn write(&mut self, at: usize, made: At, table: Option<&str>) {
        let verbs = [("update", "UPDATE"), ("delete", "DELETE")];
        if let Some((_, verb)) = verbs.iter().find(|(key, _)| self.json.is_true(at, key)) {
            let relation = table.unwrap_or_default().to_owned();
            self.facts(made).writes.push(((*verb).to_owned(), relation));
        }
    }

    /// What hangs below a table: a derived table, the indexes of a merge, a filter, subqueries.
    fn inside(&mut self, at: usize, made: At, access: &Access) -> Result<(), LimitError> {
        let json = self.json;
        let inner: Vec<At> = json.children(at).filter_map(|child| self.made(child)).collect();
        for child in inner {
            self.draft.adopt(made, child, Role::Subquery);
            let node = self.draft.node_mut(made);
            if node.operator == Operator::SeqScan {
                node.operator = Operator::SubqueryScan;
            }
        }
        if json.text_of(at, "table_function").is_some() {
            self.draft.node_mut(made).operator = Operator::TableFunctionScan;
        }
        let listed =
            json.get(at, "index_merge").map(|merge| self.ranges(merge)).unwrap_or_default();
        let named = access.key.as_deref().filter(|_| access.kind.as_deref() == Some("index_merge"));
        let named = named.map(Access::merged).unwrap_or_default();
        for index in listed.iter().map(String::as_str).chain(named) {
            let mut node = Node::new(Operator::IndexScan, "range");
            node.relation.clone_from(&access.table);
            node.index = Some(index.to_owned());
            let range = self.draft.add(node)?;
            self.draft.adopt(made, range, Role::Member);
        }
        self.row_filter(at, made)?;
        self.subqueries(at, made);
        Ok(())
    }

    /// The keys of the `range`s anywhere inside of MariaDB's `index_merge`.
    fn ranges(&self, merge: usize) -> Vec<String> {
        let json = self.json;
        // A merge has some indexes, and nothing else is inside of it.
        let keys = (merge..json.after(merge)).take(1_000).filter(|&at| json.key(at) == "key");
        keys.filter_map(|at| json.text(at)).map(|key| key.into_owned()).collect()
    }

    /// MariaDB's filter of row ids: another index is read whole, and rows not in it are not fetched.
    fn row_filter(&mut self, at: usize, made: At) -> Result<(), LimitError> {
        let json = self.json;
        let Some(filter) = json.get(at, "rowid_filter") else { return Ok(()) };
        let mut node = Node::new(Operator::IndexOnlyScan, "rowid filter");
        self.keep(filter, &mut node, &["rows", "r_rows", "r_filling_time_ms"]);
        node.relation.clone_from(&self.draft.node(made).relation);
        node.index = json
            .get(filter, "range")
            .and_then(|range| json.text_of(range, "key"))
            .map(|key| key.into_owned());
        node.estimate.rows_per_loop = json.number_of(filter, "rows");
        let rows = json.number_of(filter, "r_rows");
        node.actual =
            rows.map(|rows| Actual { loops: 1.0, rows_per_loop: rows, ..Actual::default() });
        let child = self.draft.add(node)?;
        let facts = self.facts(child);
        facts.measured = rows.is_some();
        facts.loops = rows.map(|_| 1.0);
        facts.time = json.number_of(filter, "r_filling_time_ms").map_or(Time::Unknown, Time::Own);
        self.draft.adopt(made, child, Role::Outer);
        Ok(())
    }

    /// MariaDB's `block-nl-join`: a table that is read through a join buffer.
    pub(super) fn buffered(&mut self, at: usize) -> Result<Option<At>, LimitError> {
        let json = self.json;
        let Some(made) = self.inputs(at)? else { return Ok(None) };
        let text = |key: &str| json.text_of(at, key).unwrap_or_default();
        let condition = text("attached_condition");
        let mut join = self.facts(made).join.take().map(|join| *join).unwrap_or_default();
        join.buffer = Some(format!("{}, {} join", text("buffer_type"), text("join_type")));
        join.kind = join.kind.or(Join::kind_of(&condition));
        if !condition.is_empty() {
            join.conditions.push(Condition::new(ConditionKind::Join, condition.as_ref()));
            self.mention(&condition, made);
        }
        let number = |key: &str| json.number_of(at, key);
        let own = [number("r_unpack_time_ms"), number("r_other_time_ms")];
        let rows = number("r_loops").and_then(|loops| Some(loops * number("r_effective_rows")?));
        let facts = self.facts(made);
        facts.join = Some(Box::new(join));
        facts.join_ms = own.into_iter().flatten().reduce(|a, b| a + b);
        facts.join_rows = rows;
        for key in ["buffer_size", "mrr_type", "r_filtered", "r_loops", "r_effective_rows"] {
            if let Some(value) = json.get(at, key) {
                self.detail(made, &format!("join_{key}"), json.value(value));
            }
        }
        Ok(Some(made))
    }
}

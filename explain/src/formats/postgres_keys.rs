//! PostgreSQL's properties of nodes and statements, mapped onto our plan.
//!
//! The keys are those of `EXPLAIN (FORMAT JSON)`. The text reader turns its lines into the same
//! keys (`Buffers: shared hit=3` is `Shared Hit Blocks`), so that one place knows what they mean.

use super::postgres_label::{Pieces, meaning};
use super::{Note, Reading, shortened};
use crate::engine::Engine;
use crate::plan::{
    Actual, Condition, ConditionKind, LimitError, Node, NodeId, Operator, PlanBuilder, Removed,
    Role, Trigger,
};
use serde_json::{Map, Value};

/// Most notes that one plan carries; a text that is no plan at all must not make millions.
const MAX_NOTES: usize = 50;

/// PostgreSQL's own limit of `max_parallel_workers`.
const MAX_WORKERS: usize = 1024;

/// What is known of a node before all its properties are in.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pieces: Pieces,
    rows: Option<(f64, bool)>,
    loops: Option<f64>,
    startup_ms: Option<f64>,
    total_ms: Option<f64>,
    sort_space_kb: Option<u64>,
    sort_on_disk: bool,
    /// Whether the format said how the node hangs on its parent.
    pub(super) role_given: bool,
    /// The children, and whether their role was given.
    children: Vec<(NodeId, bool)>,
}

impl Facts {
    /// Puts one property where it belongs: into `node`, or aside until the node is complete.
    pub(super) fn apply(&mut self, node: &mut Node, key: &str, value: Value) {
        let Some(value) = self.pieces.take(key, value) else { return };
        let known = self.figure(node, key, &value)
            || identity(node, key, &value)
            || self.role(node, key, &value)
            || conditions(node, key, &value)
            || self.memory(node, key, &value)
            || counters(node, key, &value);
        if !known && !is_idle(key, &value) {
            keep(&mut node.details, key, value);
        }
    }

    /// A child that was opened below this node.
    pub(super) fn adopt(&mut self, child: NodeId, role_given: bool) {
        self.children.push((child, role_given));
    }

    fn figure(&mut self, node: &mut Node, key: &str, value: &Value) -> bool {
        let Some(number) = number(value) else { return false };
        match key {
            "Plan Rows" => node.estimate.rows_per_loop = Some(number),
            "Plan Width" => node.estimate.width_bytes = Some(number),
            "Startup Cost" => node.estimate.startup_cost = Some(number),
            "Total Cost" => node.estimate.total_cost = Some(number),
            "Actual Rows" => self.rows = Some((number, value.is_f64())),
            "Actual Loops" => self.loops = Some(number),
            "Actual Startup Time" => self.startup_ms = Some(number),
            "Actual Total Time" => self.total_ms = Some(number),
            _ => return false,
        }
        true
    }

    fn role(&mut self, node: &mut Node, key: &str, value: &Value) -> bool {
        let Some(word) = value.as_str() else { return false };
        match key {
            "Parent Relationship" => {
                let role = match word {
                    "Inner" => Role::Inner,
                    "Member" => Role::Member,
                    "Subquery" => Role::Subquery,
                    "InitPlan" => Role::InitPlan,
                    "SubPlan" => Role::SubPlan,
                    _ => Role::Outer,
                };
                // `Subplan Name` may have come first and knows better: a CTE is an InitPlan too.
                if node.role != Role::Cte {
                    node.role = role;
                }
                self.role_given = true;
            }
            "Subplan Name" => {
                if let Some(role) = subplan_role(word) {
                    node.role = role;
                    self.role_given = true;
                }
                node.subplan = Some(word.to_owned());
            }
            _ => return false,
        }
        true
    }

    fn memory(&mut self, node: &mut Node, key: &str, value: &Value) -> bool {
        match key {
            "Sort Method" => node.memory.method = value.as_str().map(str::to_owned),
            "Sort Space Used" => self.sort_space_kb = count(value),
            "Sort Space Type" => self.sort_on_disk = value == "Disk",
            "Hash Batches" | "HashAgg Batches" => node.memory.batches = count(value),
            "Original Hash Batches" => node.memory.planned_batches = count(value),
            "Peak Memory Usage" => raise(&mut node.memory.peak_bytes, kilobytes(value)),
            // The text prints it only where there is some.
            "Disk Usage" => {
                add(&mut node.memory.disk_bytes, kilobytes(value).filter(|bytes| *bytes > 0));
            }
            _ => return false,
        }
        true
    }

    /// Derives what needs all properties of the node and its children. Returns a message if the
    /// operator is unknown.
    pub(super) fn complete(&mut self, builder: &mut PlanBuilder, id: NodeId) -> Option<String> {
        let node = builder.node_mut(id)?;
        if !self.pieces.is_empty() {
            node.label = self.pieces.label();
        }
        let mut unknown = None;
        if let Some((operator, join_type)) = meaning(&node.label) {
            node.operator = operator;
            node.join_type = join_type.map(str::to_owned);
        } else {
            unknown = Some(format!("unknown operator {}", shortened(&node.label)));
            node.operator = Operator::Other(node.label.clone());
            node.join_type = self.pieces.join_type().map(str::to_owned);
        }
        if node.alias == node.relation {
            node.alias = None;
        }
        self.complete_actual(node);
        self.complete_memory(node);
        let operator = node.operator.clone();
        self.place_children(builder, &operator);
        unknown
    }

    fn complete_actual(&mut self, node: &mut Node) {
        let Some(loops) = self.loops.or(self.rows.map(|_| 1.0)) else { return };
        let (rows, fractional) = self.rows.unwrap_or((0.0, false));
        let ran = loops > 0.0;
        let rows_rounding = match fractional {
            _ if loops <= 1.0 => 0.0,
            true => 0.005,
            false => 0.5,
        };
        node.actual = Some(Actual {
            loops,
            rows_per_loop: if ran { rows } else { 0.0 },
            rows_rounding,
            startup_ms_per_loop: self.startup_ms.filter(|_| ran),
            total_ms_per_loop: self.total_ms.filter(|_| ran),
        });
        // Printed as an average over the loops.
        let over_all = |rows: Option<f64>| rows.map(|rows| rows * loops);
        node.removed = Removed {
            by_filter: over_all(node.removed.by_filter),
            by_join_filter: over_all(node.removed.by_join_filter),
            by_recheck: over_all(node.removed.by_recheck),
        }
        .into();
    }

    fn complete_memory(&mut self, node: &mut Node) {
        let bytes = self.sort_space_kb.map(|kb| kb.saturating_mul(1024));
        if self.sort_on_disk {
            add(&mut node.memory.disk_bytes, bytes);
        } else {
            raise(&mut node.memory.peak_bytes, bytes);
        }
        for groups in ["Full-sort Groups", "Pre-sorted Groups"] {
            let Some(Value::Object(groups)) = node.details.get(groups) else { continue };
            sort_groups(&mut node.memory, groups);
        }
        if let Some(Value::Array(workers)) = node.details.get("Workers") {
            for worker in workers.iter().filter_map(Value::as_object) {
                worker_memory(&mut node.memory, worker);
            }
        }
    }

    /// Says how the children hang on this node, where the format did not or says it by version.
    fn place_children(&self, builder: &mut PlanBuilder, operator: &Operator) {
        let attached = |builder: &mut PlanBuilder, id: NodeId| {
            builder.node_mut(id).is_some_and(|node| {
                !matches!(node.role, Role::InitPlan | Role::SubPlan | Role::Cte)
            })
        };
        let children: Vec<(NodeId, bool)> =
            self.children.iter().copied().filter(|(id, _)| attached(builder, *id)).collect();
        for (i, (id, given)) in children.iter().enumerate() {
            let role = match operator {
                // Until 13 the input of a ModifyTable is a `Member`, since 14 it is `Outer`.
                Operator::Modify | Operator::CustomScan if children.len() > 1 => Role::Member,
                Operator::Modify | Operator::CustomScan => Role::Outer,
                _ if *given => continue,
                Operator::Append
                | Operator::MergeAppend
                | Operator::BitmapAnd
                | Operator::BitmapOr => Role::Member,
                Operator::SubqueryScan => Role::Subquery,
                _ if i == 0 => Role::Outer,
                _ => Role::Inner,
            };
            if let Some(node) = builder.node_mut(*id) {
                node.role = role;
            }
        }
    }
}

/// The role that the name of a subplan tells: `CTE x`, `InitPlan 1 (returns $0)`, `SubPlan 2`.
pub(super) fn subplan_role(name: &str) -> Option<Role> {
    let (word, _) = name.split_once(' ').unwrap_or((name, ""));
    match word {
        "CTE" => Some(Role::Cte),
        "InitPlan" => Some(Role::InitPlan),
        "SubPlan" | "AlternativeSubPlan" => Some(Role::SubPlan),
        _ => None,
    }
}

fn identity(node: &mut Node, key: &str, value: &Value) -> bool {
    let slot = match key {
        "Relation Name"
        | "Function Name"
        | "CTE Name"
        | "Table Function Name"
        | "Tuplestore Name" => &mut node.relation,
        "Schema" => &mut node.schema,
        "Alias" => &mut node.alias,
        "Index Name" => &mut node.index,
        _ => return false,
    };
    let Some(name) = value.as_str() else { return false };
    // Before 14 an index name that needs quotes has them in every format.
    *slot = Some(if key == "Index Name" { unquoted(name) } else { name.to_owned() });
    true
}

/// `"Odd name"` without its quotes; any other name as it is.
pub(super) fn unquoted(name: &str) -> String {
    match name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) if name.len() > 2 => inner.replace("\"\"", "\""),
        _ => name.to_owned(),
    }
}

/// The kind of condition of that key, and whether it is a list.
pub(super) fn condition_kind(key: &str) -> Option<(ConditionKind, bool)> {
    Some(match key {
        "Index Cond" | "TID Cond" => (ConditionKind::Index, false),
        "Recheck Cond" => (ConditionKind::Recheck, false),
        // The second is TimescaleDB's.
        "Filter" | "Vectorized Filter" => (ConditionKind::Filter, false),
        "Hash Cond" | "Merge Cond" => (ConditionKind::Join, false),
        "Join Filter" => (ConditionKind::JoinFilter, false),
        "One-Time Filter" => (ConditionKind::OneTime, false),
        "Sort Key" => (ConditionKind::SortKey, true),
        "Presorted Key" => (ConditionKind::PresortedKey, true),
        "Group Key" | "Hash Key" => (ConditionKind::GroupKey, true),
        "Cache Key" => (ConditionKind::CacheKey, true),
        "Order By" => (ConditionKind::OrderBy, false),
        "Run Condition" => (ConditionKind::Run, false),
        "Output" => (ConditionKind::Output, true),
        _ => return None,
    })
}

fn conditions(node: &mut Node, key: &str, value: &Value) -> bool {
    if key == "Grouping Sets" {
        grouping_sets(node, value);
        return true;
    }
    let Some((kind, is_list)) = condition_kind(key) else { return false };
    match value {
        Value::String(text) if is_list => {
            node.conditions.extend(split_list(text).map(|item| Condition::new(kind, item)));
        }
        Value::String(text) => node.conditions.push(Condition::new(kind, text.as_str())),
        Value::Array(items) => {
            let texts = items.iter().filter_map(Value::as_str);
            node.conditions.extend(texts.map(|text| Condition::new(kind, text)));
        }
        _ => return false,
    }
    true
}

/// `[{"Sort Key": […], "Group Keys": [["a", "b"], []]}, {"Hash Keys": [["c"]]}]`. An empty set is
/// `()`, as the text prints it.
fn grouping_sets(node: &mut Node, value: &Value) {
    let sets = value.as_array().into_iter().flatten().filter_map(Value::as_object);
    for (key, keys) in sets.flatten() {
        let keys = keys.as_array().map(Vec::as_slice).unwrap_or_default();
        let kind = match key.as_str() {
            "Sort Key" => ConditionKind::SortKey,
            _ => ConditionKind::GroupKey,
        };
        for item in keys {
            let texts: Vec<&str> = match item {
                Value::String(text) => vec![text],
                Value::Array(set) if set.is_empty() => vec!["()"],
                Value::Array(set) => set.iter().filter_map(Value::as_str).collect(),
                _ => continue,
            };
            node.conditions.extend(texts.into_iter().map(|text| Condition::new(kind, text)));
        }
    }
}

/// The items of `a, f(b, c), 'd, e'`.
pub(super) fn split_list(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    let mut quote = None;
    text.split(move |c: char| {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',') => return depth <= 0,
            _ => {}
        }
        false
    })
    .map(str::trim)
    .filter(|item| !item.is_empty())
}

fn counters(node: &mut Node, key: &str, value: &Value) -> bool {
    if let Some(name) = buffer_name(key)
        && let Some(slot) = node.buffers.slot(&name)
        && let Some(blocks) = count(value)
    {
        *slot = Some(blocks);
        return true;
    }
    let removed = match key {
        "Rows Removed by Filter" => &mut node.removed.by_filter,
        "Rows Removed by Join Filter" => &mut node.removed.by_join_filter,
        "Rows Removed by Index Recheck" => &mut node.removed.by_recheck,
        "Workers Planned" | "Workers Launched" => return worker_count(node, key, value),
        _ => return false,
    };
    let Some(rows) = number(value) else { return false };
    *removed = Some(removed.unwrap_or(0.0) + rows);
    true
}

/// `Shared Hit Blocks` is `shared_hit`.
fn buffer_name(key: &str) -> Option<String> {
    Some(key.strip_suffix(" Blocks")?.to_ascii_lowercase().replace(' ', "_"))
}

fn worker_count(node: &mut Node, key: &str, value: &Value) -> bool {
    let Some(n) = count(value).and_then(|n| u32::try_from(n).ok()) else { return false };
    let workers = node.workers.get_or_insert_default();
    let slot = if key == "Workers Planned" { &mut workers.planned } else { &mut workers.launched };
    *slot = Some(n);
    true
}

/// Whether the property says nothing: what only some versions and formats print when it is off.
fn is_idle(key: &str, value: &Value) -> bool {
    key == "Disabled" && *value == Value::Bool(false)
}

/// Keeps a property under its key. The text brings lists piece by piece; a worker that is known by
/// its number is completed.
fn keep(details: &mut Map<String, Value>, key: &str, value: Value) {
    let (Some(Value::Array(kept)), true) = (details.get_mut(key), value.is_array()) else {
        details.insert(key.to_owned(), value);
        return;
    };
    let Value::Array(more) = value else { return };
    for item in more {
        let number = item.get("Worker Number").cloned();
        let same =
            |known: &&mut Value| number.is_some() && known.get("Worker Number") == number.as_ref();
        // Lines of one worker follow each other, so it is among the last.
        match (kept.iter_mut().rev().take(MAX_WORKERS).find(same), item) {
            (Some(Value::Object(known)), Value::Object(facts)) => known.extend(facts),
            (_, item) => kept.push(item),
        }
    }
}

fn sort_groups(memory: &mut crate::plan::Memory, groups: &Map<String, Value>) {
    if let Some(Value::Array(methods)) = groups.get("Sort Methods Used") {
        let methods: Vec<&str> = methods.iter().filter_map(Value::as_str).collect();
        memory.method = Some(methods.join(", ")).filter(|m| !m.is_empty()).or(memory.method.take());
    }
    let peak = |space: &str| groups.get(space)?.get("Peak Sort Space Used").and_then(kilobytes);
    raise(&mut memory.peak_bytes, peak("Sort Space Memory"));
    add(&mut memory.disk_bytes, peak("Sort Space Disk"));
}

fn worker_memory(memory: &mut crate::plan::Memory, worker: &Map<String, Value>) {
    let space = worker.get("Sort Space Used").and_then(kilobytes);
    if worker.get("Sort Space Type").is_some_and(|kind| kind == "Disk") {
        add(&mut memory.disk_bytes, space);
    } else {
        raise(&mut memory.peak_bytes, space);
    }
    if memory.method.is_none() {
        memory.method = worker.get("Sort Method").and_then(Value::as_str).map(str::to_owned);
    }
    raise(&mut memory.peak_bytes, worker.get("Peak Memory Usage").and_then(kilobytes));
    let disk = worker.get("Disk Usage").and_then(kilobytes);
    add(&mut memory.disk_bytes, disk.filter(|bytes| *bytes > 0));
    raise(&mut memory.batches, worker.get("HashAgg Batches").and_then(count));
}

fn raise(slot: &mut Option<u64>, value: Option<u64>) {
    *slot = (*slot).max(value);
}

fn add(slot: &mut Option<u64>, value: Option<u64>) {
    if let Some(value) = value {
        *slot = Some(slot.unwrap_or(0).saturating_add(value));
    }
}

/// A finite number, also one that is written as a string.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(s) => s.trim().parse().ok(),
        _ => None,
    }
    .filter(|n| n.is_finite())
}

fn count(value: &Value) -> Option<u64> {
    // `as` saturates, which is what an absurd count deserves.
    value.as_u64().or_else(|| number(value).filter(|n| *n >= 0.0).map(|n| n as u64))
}

fn kilobytes(value: &Value) -> Option<u64> {
    count(value).map(|kb| kb.saturating_mul(1024))
}

/// Adds a note, up to a limit.
pub(super) fn note(notes: &mut Vec<Note>, place: &str, message: impl Into<String>) {
    if notes.len() < MAX_NOTES {
        notes.push(Note { place: place.to_owned(), message: message.into() });
    }
}

/// What a plan says of the statement as a whole.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) statement: Option<String>,
    pub(super) triggers: Vec<Trigger>,
    engine_id: Option<String>,
    planning_ms: Option<f64>,
    execution_ms: Option<f64>,
    jit_ms: Option<f64>,
    settings: Vec<(String, String)>,
    details: Map<String, Value>,
}

impl Summary {
    /// Puts one property of the statement where it belongs.
    pub(super) fn apply(&mut self, key: &str, value: Value) {
        match (key, &value) {
            ("Planning Time", v) if number(v).is_some() => self.planning_ms = number(v),
            ("Execution Time" | "Total Runtime", v) if number(v).is_some() => {
                self.execution_ms = number(v);
            }
            // The log's figure for the same thing; PostgreSQL's own goes first.
            ("Duration", v) if number(v).is_some() => {
                self.execution_ms = self.execution_ms.or(number(v));
            }
            ("Query Text", Value::String(text)) => self.statement = Some(text.clone()),
            ("Query Identifier", Value::Number(id)) => self.engine_id = Some(id.to_string()),
            ("Query Identifier", Value::String(id)) => self.engine_id = Some(id.clone()),
            ("Settings", Value::Object(settings)) => {
                let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
                self.settings.extend(settings.iter().map(|(k, v)| (k.clone(), text(v))));
            }
            ("Triggers", Value::Array(triggers)) => {
                self.triggers.extend(triggers.iter().filter_map(Value::as_object).map(trigger));
            }
            ("JIT", Value::Object(jit)) => {
                self.jit_ms = jit.get("Timing").and_then(|t| t.get("Total")).and_then(number);
                self.details.insert(key.to_owned(), value);
            }
            _ => {
                self.details.insert(key.to_owned(), value);
            }
        }
    }

    /// An object among the details, to be filled in.
    pub(super) fn group(&mut self, key: &str) -> Option<&mut Map<String, Value>> {
        let group = self.details.entry(key).or_insert_with(|| Value::Object(Map::new()));
        group.as_object_mut()
    }

    /// The finished plan.
    pub(super) fn finish(
        mut self,
        mut builder: PlanBuilder,
        format: &'static str,
        notes: Vec<Note>,
    ) -> Result<Reading, LimitError> {
        zero_buffers(&mut builder);
        if let Some(jit) = self.details.get("JIT").and_then(|jit| jit.get("Timing")) {
            self.jit_ms = jit.get("Total").and_then(number);
        }
        let mut plan = builder.finish(Engine::Postgres, format)?;
        plan.statement = self.statement;
        plan.triggers = self.triggers;
        plan.engine_id = self.engine_id;
        plan.planning_ms = self.planning_ms;
        plan.execution_ms = self.execution_ms;
        plan.jit_ms = self.jit_ms;
        plan.settings = self.settings;
        plan.details = self.details;
        Ok(Reading { plan, notes })
    }
}

/// Counters that the text leaves out are 0 where blocks were counted at all, which the root shows.
fn zero_buffers(builder: &mut PlanBuilder) {
    if builder.node_mut(NodeId::ROOT).is_none_or(|root| root.buffers.is_empty()) {
        return;
    }
    for id in 0..builder.len() {
        let Some(node) = builder.node_mut(NodeId(id as u32)) else { continue };
        let names = node.buffers.named().map(|(name, _)| name);
        for name in names {
            if let Some(slot) = node.buffers.slot(name) {
                slot.get_or_insert(0);
            }
        }
    }
}

fn trigger(facts: &Map<String, Value>) -> Trigger {
    let text = |key: &str| facts.get(key).and_then(Value::as_str).map(str::to_owned);
    Trigger {
        name: text("Constraint Name").or_else(|| text("Trigger Name")).unwrap_or_default(),
        relation: text("Relation"),
        total_ms: facts.get("Time").and_then(number),
        calls: facts.get("Calls").and_then(number).unwrap_or(0.0),
    }
}

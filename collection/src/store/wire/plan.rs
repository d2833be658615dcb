//! Plans on the wire: the same objects in a snapshot and in `planscope.explain/1`.
//!
//! A node carries what a script reads first (`actual_rows` and `total_ms` over all loops, self time,
//! heat) and, beside it, what the engine really said per loop: only the latter is read back. The
//! tree is rebuilt through [`PlanBuilder`], so that a file cannot make a plan with broken links.

use super::Broken;
use super::condition::{ConditionDoc, conditions};
use planscope_explain::Engine;
use planscope_explain::formats;
use planscope_explain::heat::{self, Heat, Metric};
use planscope_explain::plan::{
    Actual, Buffers, Estimate, Examined, Memory, Node, Operator, Plan, PlanBuilder, Removed, Role,
    Trigger, Workers, plan_hash,
};
use planscope_explain::workload::PlanRecord;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Details whose large integers (identifiers of 64 bits) are strings: JavaScript would round them.
/// The parsers keep values of a few levels only, so this may recurse.
fn with_exact_numbers(details: &Map<String, Value>) -> Map<String, Value> {
    details.iter().map(|(key, value)| (key.clone(), exact(value))).collect()
}

fn exact(value: &Value) -> Value {
    const MOST: u64 = 1 << 53;
    match value {
        Value::Number(n)
            if n.as_i64().is_some_and(|n| n.unsigned_abs() > MOST) || n.as_u64() > Some(MOST) =>
        {
            Value::String(n.to_string())
        }
        Value::Array(items) => items.iter().map(exact).collect(),
        Value::Object(fields) => Value::Object(with_exact_numbers(fields)),
        other => other.clone(),
    }
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PlanDoc {
    /// The engine that made it, e.g. `postgresql`.
    pub engine: String,
    /// The format it was read from, e.g. `postgres-text`.
    pub format: String,
    /// The file it was read from, when it was one.
    pub source: Option<String>,
    /// The statement's text, when the plan came with it.
    pub statement: Option<String>,
    /// The statement's fingerprint, when the text is known.
    pub fingerprint: Option<String>,
    /// The engine's id of the statement.
    pub engine_id: Option<String>,
    /// Hash of the plan's shape that ignores costs, rows, times and literals: 16 hexadecimal digits.
    /// Equal hashes are equal plans.
    pub plan_hash: Option<String>,
    /// What `heat` is measured in: `time`, `cost`, `rows`, `buffers`, `io` or `misestimate`.
    pub metric: Option<String>,
    /// Milliseconds of planning.
    pub planning_ms: Option<f64>,
    /// Milliseconds of execution.
    pub execution_ms: Option<f64>,
    /// Whether execution was cut short.
    pub partial: bool,
    /// Settings changed from their defaults, as the plan lists them.
    pub settings: Vec<SettingDoc>,
    /// Triggers that fired.
    pub triggers: Vec<TriggerDoc>,
    /// Milliseconds of just-in-time compilation.
    pub jit_ms: Option<f64>,
    /// Statement-level facts that only this engine says.
    pub details: Map<String, Value>,
    /// What the reader did not know or had to guess.
    pub notes: Vec<NoteDoc>,
    /// The nodes in preorder.
    pub nodes: Vec<NodeDoc>,
    /// The engine's own text of the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

/// A setting that a plan lists.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SettingDoc {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// A trigger that fired.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TriggerDoc {
    /// Name of the trigger or of the constraint it serves.
    pub name: String,
    /// Relation it is on.
    pub relation: Option<String>,
    /// Milliseconds over all calls.
    pub total_ms: Option<f64>,
    /// How often it fired.
    pub calls: f64,
}

/// How a plan was read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NoteDoc {
    /// Where in the input.
    pub place: String,
    /// What.
    pub message: String,
}

/// A node of a plan.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NodeDoc {
    /// Index in preorder.
    pub id: u32,
    /// The parent's id; `null` for the root.
    pub parent: Option<u32>,
    /// Levels below the root.
    pub depth: u32,
    /// How it hangs on its parent: `outer`, `inner`, `init-plan` …
    pub role: String,
    /// Engine-neutral operator, e.g. `HashJoin`.
    pub operator: String,
    /// The engine's own words.
    pub label: String,
    /// Schema of the relation.
    pub schema: Option<String>,
    /// Relation that is read or written.
    pub relation: Option<String>,
    /// Its name inside the statement.
    pub alias: Option<String>,
    /// Index that is used.
    pub index: Option<String>,
    /// `Inner`, `Left` …
    pub join_type: Option<String>,
    /// Name of the subplan, init plan or CTE.
    pub subplan: Option<String>,
    /// Estimated rows of one loop.
    pub estimated_rows: Option<f64>,
    /// Rows out over all loops.
    pub actual_rows: Option<f64>,
    /// Loops.
    pub loops: Option<f64>,
    /// Average rows of one loop, as the engine printed them.
    pub rows_per_loop: Option<f64>,
    /// Half of the last printed digit of `rows_per_loop`.
    pub rows_rounding: Option<f64>,
    /// Average width of a row in bytes.
    pub width_bytes: Option<f64>,
    /// Estimated cost until the first row.
    pub startup_cost: Option<f64>,
    /// Estimated cost until the last row, inputs included.
    pub total_cost: Option<f64>,
    /// Estimated cost of this node alone.
    pub self_cost: Option<f64>,
    /// Milliseconds over all loops, inputs included.
    pub total_ms: Option<f64>,
    /// Milliseconds of this node alone.
    pub self_ms: Option<f64>,
    /// Average milliseconds until the first row of a loop.
    pub startup_ms_per_loop: Option<f64>,
    /// Average milliseconds until the last row of a loop.
    pub total_ms_per_loop: Option<f64>,
    /// Whether the plan was run and this node never was.
    pub never_executed: bool,
    /// Share in the plan's total of the chosen metric, 0 to 1; of a misestimate, a third for every
    /// power of ten.
    pub heat: f64,
    /// `cool`, `warm` (10 % or 10×), `hot` (40 % or 100×) or `burning` (90 % or 1000×).
    pub heat_class: String,
    /// By which factor the estimated rows were off, 1 or more; `null` where it cannot be known: not
    /// measured, never run, or stopped early by what is above it.
    pub misestimate: Option<f64>,
    /// Blocks this node alone touched in the buffers.
    pub self_buffers: Option<f64>,
    /// Blocks this node alone read from outside the cache, temporary ones included.
    pub self_reads: Option<f64>,
    /// Temporary blocks this node alone wrote.
    pub self_temp_written: Option<f64>,
    /// Lookups, filters, joins, keys.
    pub conditions: Vec<ConditionDoc>,
    /// Blocks touched, inputs included, by counter.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub buffers: BTreeMap<String, u64>,
    /// Keys and rows this node alone looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub examined: Option<ExaminedDoc>,
    /// Rows thrown away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<RemovedDoc>,
    /// Memory and disk of a sort, hash or aggregate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryDoc>,
    /// Parallel workers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<WorkersDoc>,
    /// What only this engine says.
    pub details: Map<String, Value>,
}

super::mirrored! {
    /// What the node itself looked at, over all loops.
    ExaminedDoc of Examined {
        /// Index entries.
        keys: Option<f64>,
        /// Rows or documents.
        rows: Option<f64>,
    }
}

super::mirrored! {
    /// Rows thrown away, over all loops.
    RemovedDoc of Removed {
        /// By a filter.
        by_filter: Option<f64>,
        /// By a join filter.
        by_join_filter: Option<f64>,
        /// By rechecking an index condition.
        by_recheck: Option<f64>,
    }
}

super::mirrored! {
    /// Memory and disk.
    MemoryDoc of Memory {
        /// Method in the engine's words.
        method: Option<String>,
        /// Largest memory used.
        peak_bytes: Option<u64>,
        /// Written to disk.
        disk_bytes: Option<u64>,
        /// Batches of a hash.
        batches: Option<u64>,
        /// Batches foreseen.
        planned_batches: Option<u64>,
    }
}

super::mirrored! {
    /// Parallel workers.
    WorkersDoc of Workers {
        /// Asked for.
        planned: Option<u32>,
        /// Started.
        launched: Option<u32>,
    }
}

impl PlanDoc {
    /// The plan with the heat of its nodes in `metric`.
    pub fn of(plan: &Plan, metric: Metric) -> Self {
        let heat = heat::of(plan, metric);
        let misestimates = heat::misestimates(plan);
        let nodes = plan.iter().zip(heat).zip(misestimates).map(|(((id, node), heat), factor)| {
            NodeDoc { misestimate: factor, ..NodeDoc::of(id.0, node, heat) }
        });
        let setting = |(name, value): &(String, String)| SettingDoc {
            name: name.clone(),
            value: value.clone(),
        };
        Self {
            engine: plan.engine.name().to_owned(),
            format: plan.format.to_owned(),
            statement: plan.statement.clone(),
            engine_id: plan.engine_id.clone(),
            plan_hash: Some(format!("{:016x}", plan_hash(plan))),
            metric: Some(metric.name().to_owned()),
            planning_ms: plan.planning_ms,
            execution_ms: plan.execution_ms,
            partial: plan.partial,
            settings: plan.settings.iter().map(setting).collect(),
            triggers: plan.triggers.iter().map(TriggerDoc::of).collect(),
            jit_ms: plan.jit_ms,
            details: with_exact_numbers(&plan.details),
            nodes: nodes.collect(),
            ..Self::default()
        }
    }

    /// Reads columns and comparisons out of the conditions.
    #[must_use]
    pub fn with_predicates(mut self, engine: Engine) -> Self {
        let conditions = self.nodes.iter_mut().flat_map(|node| &mut node.conditions);
        conditions.for_each(|condition| condition.read(engine));
        self
    }

    /// Rebuilds the plan.
    ///
    /// # Errors
    /// When the engine is unknown or the nodes are not a tree in preorder.
    pub fn into_plan(self) -> Result<Plan, Broken> {
        let engine = Engine::from_name(&self.engine)
            .ok_or_else(|| Broken::new("engine", format!("unknown engine `{}`", self.engine)))?;
        // A format that this version does not have is no reason to refuse the plan.
        let format = formats::by_name(&self.format).map_or("unknown", |format| format.name);
        let mut plan = rebuild(self.nodes, engine, format)?;
        plan.statement = self.statement;
        plan.engine_id = self.engine_id;
        plan.planning_ms = self.planning_ms;
        plan.execution_ms = self.execution_ms;
        plan.partial = self.partial;
        plan.settings = self.settings.into_iter().map(|s| (s.name, s.value)).collect();
        plan.triggers = self.triggers.into_iter().map(TriggerDoc::into_trigger).collect();
        plan.jit_ms = self.jit_ms;
        plan.details = self.details;
        Ok(plan)
    }
}

impl From<&PlanRecord> for PlanDoc {
    fn from(record: &PlanRecord) -> Self {
        let metric = Metric::best_for(&record.plan);
        Self { raw: record.raw.clone(), ..Self::of(&record.plan, metric) }
    }
}

impl TryFrom<PlanDoc> for PlanRecord {
    type Error = Broken;

    fn try_from(mut doc: PlanDoc) -> Result<Self, Broken> {
        let raw = doc.raw.take();
        Ok(Self { plan: doc.into_plan()?, raw })
    }
}

fn rebuild(nodes: Vec<NodeDoc>, engine: Engine, format: &'static str) -> Result<Plan, Broken> {
    let mut builder = PlanBuilder::new();
    for (i, node) in nodes.into_iter().enumerate() {
        let broken = |what: String| Broken::new(format!("nodes[{i}]"), what);
        let depth = node.depth as usize;
        if depth > builder.depth() || (depth == 0) != (i == 0) {
            return Err(broken(format!("depth {depth} does not fit the node before it")));
        }
        builder.close_to_depth(depth);
        builder.open(node.into_node().map_err(broken)?).map_err(|e| broken(e.to_string()))?;
    }
    builder.finish(engine, format).map_err(|error| Broken::new("nodes", error.to_string()))
}

impl NodeDoc {
    fn of(id: u32, node: &Node, heat: Heat) -> Self {
        Self {
            id,
            parent: node.parent().map(|parent| parent.0),
            depth: node.depth(),
            role: node.role.name().to_owned(),
            operator: node.operator.name().to_owned(),
            label: node.label.clone(),
            schema: node.schema.clone(),
            relation: node.relation.clone(),
            alias: node.alias.clone(),
            index: node.index.clone(),
            join_type: node.join_type.clone(),
            subplan: node.subplan.clone(),
            never_executed: node.never_executed(),
            heat: heat.share,
            heat_class: heat.class.name().to_owned(),
            conditions: node.conditions.iter().map(ConditionDoc::of).collect(),
            details: with_exact_numbers(&node.details),
            ..Self::default()
        }
        .with_estimate(node)
        .with_actual(node)
        .with_resources(node)
    }

    fn with_estimate(self, node: &Node) -> Self {
        Self {
            estimated_rows: node.estimate.rows_per_loop,
            width_bytes: node.estimate.width_bytes,
            startup_cost: node.estimate.startup_cost,
            total_cost: node.estimate.total_cost,
            self_cost: node.self_cost(),
            ..self
        }
    }

    fn with_actual(self, node: &Node) -> Self {
        Self {
            actual_rows: node.actual_rows(),
            loops: node.actual.map(|actual| actual.loops),
            rows_per_loop: node.actual.map(|actual| actual.rows_per_loop),
            rows_rounding: node.actual.map(|actual| actual.rows_rounding),
            startup_ms_per_loop: node.actual.and_then(|actual| actual.startup_ms_per_loop),
            total_ms_per_loop: node.actual.and_then(|actual| actual.total_ms_per_loop),
            total_ms: node.total_ms(),
            self_ms: node.self_ms(),
            ..self
        }
    }

    fn with_resources(self, node: &Node) -> Self {
        let known = |(name, value): (&str, Option<u64>)| value.map(|v| (name.to_owned(), v));
        Self {
            buffers: node.buffers.named().into_iter().filter_map(known).collect(),
            self_buffers: node.self_buffers(),
            self_reads: node.self_reads(),
            self_temp_written: node.self_temp_written(),
            examined: node.examined.given().map(ExaminedDoc::from),
            removed: node.removed.given().map(RemovedDoc::from),
            memory: node.memory.given().map(MemoryDoc::from),
            workers: node.workers.as_ref().map(WorkersDoc::from),
            ..self
        }
    }

    fn into_node(self) -> Result<Node, String> {
        let mut node = Node::new(Operator::from_name(&self.operator), "");
        node.estimate = Estimate {
            rows_per_loop: self.estimated_rows,
            width_bytes: self.width_bytes,
            startup_cost: self.startup_cost,
            total_cost: self.total_cost,
        };
        node.actual = self.loops.map(|loops| Actual {
            loops,
            rows_per_loop: self.rows_per_loop.unwrap_or(0.0),
            rows_rounding: self.rows_rounding.unwrap_or(0.0),
            startup_ms_per_loop: self.startup_ms_per_loop,
            total_ms_per_loop: self.total_ms_per_loop,
        });
        node.role = Role::from_name(&self.role).unwrap_or_default();
        node.label = self.label;
        node.schema = self.schema;
        node.relation = self.relation;
        node.alias = self.alias;
        node.index = self.index;
        node.join_type = self.join_type;
        node.subplan = self.subplan;
        node.buffers = buffers(&self.buffers).into();
        node.examined = self.examined.map(Examined::from).unwrap_or_default().into();
        node.removed = self.removed.map(Removed::from).unwrap_or_default().into();
        node.memory = self.memory.map(Memory::from).unwrap_or_default().into();
        node.workers = self.workers.map(Workers::from);
        node.conditions = conditions(self.conditions)?;
        node.details = self.details.into();
        Ok(node)
    }
}

fn buffers(named: &BTreeMap<String, u64>) -> Buffers {
    let mut buffers = Buffers::default();
    for (name, value) in named {
        if let Some(slot) = buffers.slot(name) {
            *slot = Some(*value);
        }
    }
    buffers
}

impl TriggerDoc {
    fn of(trigger: &Trigger) -> Self {
        Self {
            name: trigger.name.clone(),
            relation: trigger.relation.clone(),
            total_ms: trigger.total_ms,
            calls: trigger.calls,
        }
    }

    fn into_trigger(self) -> Trigger {
        Trigger {
            name: self.name,
            relation: self.relation,
            total_ms: self.total_ms,
            calls: self.calls,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn identifiers_of_64_bits_are_strings() {
        let details = json!({"a": 5457019535816659310_i64, "b": [-9e15 as i64, -9223372036854775807_i64, 7, 0.5],
            "c": {"d": u64::MAX}});
        let expected = json!({"a": "5457019535816659310", "b": [-9e15 as i64, "-9223372036854775807", 7, 0.5],
            "c": {"d": "18446744073709551615"}});
        assert_eq!(exact(&details), expected);
    }
}

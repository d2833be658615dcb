//! The shapes of the documents.

use super::Object;
use planscope_collection::store::wire::{
    CoverageDoc, LogDoc, PlanDoc, ProblemDoc, TargetDoc, WindowDoc,
};
use planscope_explain::workload::IndexKey;
use schemars::JsonSchema;
use serde::Serialize;

/// `planscope.explain/1`: plans.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainDoc {
    /// `planscope.explain/1`.
    pub schema: String,
    /// The plans.
    pub plans: Vec<ShownPlanDoc>,
}

/// A plan with its findings.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShownPlanDoc {
    /// The plan.
    #[serde(flatten)]
    pub plan: PlanDoc,
    /// What the rules say of it.
    pub findings: Vec<FindingDoc>,
}

/// `planscope.collect/1`: what was collected and where it is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CollectDoc {
    /// `planscope.collect/1`.
    pub schema: String,
    /// The snapshot file.
    pub path: Option<String>,
    /// What was looked at.
    pub target: TargetDoc,
    /// When, RFC 3339.
    pub taken_at: String,
    /// The time that the counters cover.
    pub window: WindowDoc,
    /// How much of the workload the snapshot stands for.
    pub coverage: CoverageDoc,
    /// How many statements have a plan.
    pub plans: u64,
    /// What was not collected, and why.
    pub problems: Vec<ProblemDoc>,
    /// What logs say besides; null when it was not collected from logs.
    pub log: Option<LogDoc>,
}

/// A finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FindingDoc {
    /// The rule's name.
    pub rule: String,
    /// `info`, `low`, `medium` or `high`.
    pub severity: String,
    /// How sure the rule is, 0 to 1.
    pub confidence: f64,
    /// What was found.
    pub title: String,
    /// Fingerprint of the statement.
    pub statement: Option<String>,
    /// Nodes of the statement's newest plan.
    pub nodes: Vec<u32>,
    /// Figures and names; units are in the names.
    pub evidence: Object,
    /// Milliseconds that could be saved over all calls.
    pub saving_ms: Option<f64>,
    /// Cost that could be saved over all calls.
    pub saving_cost: Option<f64>,
    /// What to do about it.
    pub remedies: Vec<RemedyDoc>,
}

/// A remedy.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RemedyDoc {
    /// `create-index`, `drop-index`, `rewrite`, `analyze`, `create-statistics` or `setting`.
    pub kind: String,
    /// For people.
    pub description: String,
    /// The table it is about.
    pub table: Option<String>,
    /// The columns it is about.
    pub columns: Vec<String>,
    /// The statement that does it.
    pub sql: Option<String>,
}

/// `planscope.analyze/1`: findings.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AnalyzeDoc {
    /// `planscope.analyze/1`.
    pub schema: String,
    /// What was analyzed.
    pub source: String,
    /// The findings, the most important first.
    pub findings: Vec<FindingDoc>,
    /// How many more there are.
    pub more: u64,
    /// The workload they were found in.
    pub workload: WorkloadDoc,
}

/// The workload in figures.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WorkloadDoc {
    /// Statements.
    pub statements: u64,
    /// Milliseconds of all of them.
    pub total_ms: f64,
    /// Share of the server's execution time that they stand for.
    pub time_share: Option<f64>,
    /// What logs say besides; null when the snapshot was not made of logs.
    pub log: Option<LogDoc>,
}

/// `planscope.advise/1`: advice.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AdviseDoc {
    /// `planscope.advise/1`.
    pub schema: String,
    /// What was looked at.
    pub source: String,
    /// How the questions were answered.
    pub method: String,
    /// How many candidates there were.
    pub candidates: u64,
    /// How many questions were answered.
    pub questions: u64,
    /// The advice.
    pub advice: Vec<AdviceDoc>,
    /// Indexes that others make superfluous.
    pub redundant: Vec<FindingDoc>,
    /// What stood in the way.
    pub notes: Vec<String>,
}

/// An index to make.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AdviceDoc {
    /// `create-index`.
    pub kind: String,
    /// Table, with its schema.
    pub table: String,
    /// The index's name.
    pub name: String,
    /// Key columns in order.
    pub columns: Vec<AdviceColumnDoc>,
    /// Payload columns.
    pub include: Vec<String>,
    /// Condition of a partial index.
    #[serde(rename = "where")]
    pub condition: Option<String>,
    /// Access method.
    pub method: String,
    /// The statement that makes it.
    pub sql: String,
    /// The statement that drops it again.
    pub undo_sql: String,
    /// `measured`, `hypothetical` or `estimated`.
    pub proof: String,
    /// Estimated size.
    pub size_bytes: Option<f64>,
    /// Cost of its statements without it, weighted by calls.
    pub cost_before: f64,
    /// The same with it.
    pub cost_after: f64,
    /// Milliseconds that all calls together could save.
    pub saving_ms: Option<f64>,
    /// The statements it touches.
    pub statements: Vec<EffectDoc>,
    /// What to know before pasting it.
    pub notes: Vec<String>,
}

/// A key column.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AdviceColumnDoc {
    /// Column or expression.
    pub name: String,
    /// `asc` or `desc`.
    pub order: String,
}

impl AdviceColumnDoc {
    pub(super) fn of(key: &IndexKey) -> Self {
        let order = if key.descending { "desc" } else { "asc" };
        Self { name: key.text().to_owned(), order: order.to_owned() }
    }
}

/// The effect on one statement.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EffectDoc {
    /// The statement.
    pub fingerprint: String,
    /// Cost of a call without it.
    pub before: f64,
    /// Cost of a call with it.
    pub after: f64,
    /// Milliseconds that all calls together could save.
    pub saving_ms: Option<f64>,
}

/// `planscope.doctor/1`: checks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DoctorDoc {
    /// `planscope.doctor/1`.
    pub schema: String,
    /// The target, without its password.
    pub target: String,
    /// The checks.
    pub checks: Vec<CheckDoc>,
}

/// A check.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckDoc {
    /// A stable word.
    pub id: String,
    /// `ok`, `warn`, `fail` or `skipped`.
    pub status: String,
    /// What was seen.
    pub message: String,
    /// What mends it.
    pub remedy: Option<String>,
}

/// `planscope.rules/1`: the rules.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RulesDoc {
    /// `planscope.rules/1`.
    pub schema: String,
    /// The rules.
    pub rules: Vec<RuleDoc>,
}

/// A rule.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RuleDoc {
    /// Its name.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Its area.
    pub category: String,
    /// Engines it understands.
    pub engines: Vec<String>,
    /// The file that holds it.
    pub source_file: String,
    /// The manual page, when one rule was asked for.
    pub docs: Option<String>,
}

/// `planscope.snapshots/1`: the store.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SnapshotsDoc {
    /// `planscope.snapshots/1`.
    pub schema: String,
    /// The folder.
    pub folder: String,
    /// The files, newest first.
    pub snapshots: Vec<EntryDoc>,
}

/// A file of the store.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EntryDoc {
    /// The file.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
    /// The target's name.
    pub target: Option<String>,
    /// The engine.
    pub engine: Option<String>,
    /// When it was taken.
    pub taken_at: Option<String>,
    /// How many statements it holds.
    pub statements: Option<u64>,
    /// Why it cannot be read.
    pub problem: Option<String>,
}

/// `planscope.error/1`: a failure, on stderr.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ErrorDoc {
    /// `planscope.error/1`.
    pub schema: String,
    /// `usage`, `config`, `connection`, `input`, `store`, `interrupted` or `internal`.
    pub kind: String,
    /// What happened and where.
    pub message: String,
    /// What to type next.
    pub hints: Vec<String>,
    /// The messages underneath, outermost first.
    pub source: Vec<String>,
}

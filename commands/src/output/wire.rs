//! The documents of `--format json`: `planscope.<command>/1`. Names are fixed; fields may be added.

use crate::error::CommandError;
use crate::report::{
    AdviseReport, AnalyzeReport, CollectReport, DoctorReport, ExplainReport, Report, RulesReport,
    ShownPlan, SnapshotsReport,
};
use crate::safe::escaped_json;
use planscope_advisors::{Advice, Evidence, Finding, Remedy};
use planscope_collection::store::wire::{LogDoc, NoteDoc, PlanDoc, ProblemDoc, SnapshotDoc};
use planscope_explain::Engine;
use planscope_explain::formats::Note;
use planscope_explain::heat::Metric;
use planscope_explain::workload::{Index, ddl};
use schemars::{Schema, schema_for};
use serde::Serialize;
use serde_json::{Map, Value, json};

mod browse;
mod compare;
mod documents;
mod dry_run;
mod fleet;
pub use documents::*;

/// A wire document and how its schema is printed.
pub struct WireSchema {
    /// The name, e.g. `explain`.
    pub name: &'static str,
    /// Its JSON Schema.
    pub schema: fn() -> Schema,
}

/// Every document, for `util schema`.
pub static SCHEMAS: &[WireSchema] = &[
    WireSchema { name: "advise", schema: || schema_for!(AdviseDoc) },
    WireSchema { name: "analyze", schema: || schema_for!(AnalyzeDoc) },
    WireSchema { name: "baseline", schema: || schema_for!(compare::BaselineDoc) },
    WireSchema { name: "browse", schema: || schema_for!(browse::BrowseDoc) },
    WireSchema { name: "collect", schema: || schema_for!(CollectDoc) },
    WireSchema { name: "diff", schema: || schema_for!(compare::DiffDoc) },
    WireSchema { name: "doctor", schema: || schema_for!(DoctorDoc) },
    WireSchema { name: "dry-run", schema: || schema_for!(dry_run::DryRunDoc) },
    WireSchema { name: "error", schema: || schema_for!(ErrorDoc) },
    WireSchema { name: "explain", schema: || schema_for!(ExplainDoc) },
    WireSchema { name: "fleet", schema: || schema_for!(fleet::FleetDoc) },
    WireSchema { name: "rules", schema: || schema_for!(RulesDoc) },
    WireSchema { name: "snapshot", schema: || schema_for!(SnapshotDoc) },
    WireSchema { name: "snapshots", schema: || schema_for!(SnapshotsDoc) },
];

/// The document of a report, pretty-printed.
///
/// # Errors
/// When a number is not finite, which would be a defect.
pub fn to_text(report: &Report) -> serde_json::Result<String> {
    document(report, Pretty)
}

/// The document of a report, as a value.
///
/// # Errors
/// As [`to_text`].
pub fn to_value(report: &Report) -> serde_json::Result<Value> {
    document(report, AsValue)
}

/// What a document is made into.
trait Make {
    type Made;
    fn make(self, document: &impl Serialize) -> serde_json::Result<Self::Made>;
}

struct Pretty;
struct AsValue;

impl Make for Pretty {
    type Made = String;
    fn make(self, document: &impl Serialize) -> serde_json::Result<String> {
        serde_json::to_string_pretty(document)
    }
}

impl Make for AsValue {
    type Made = Value;
    fn make(self, document: &impl Serialize) -> serde_json::Result<Value> {
        serde_json::to_value(document)
    }
}

fn document<M: Make>(report: &Report, form: M) -> serde_json::Result<M::Made> {
    match report {
        Report::Explain(report) => form.make(&explain(report)),
        // What was not saved is printed whole.
        Report::Collect(report) if report.path.is_none() => {
            form.make(&SnapshotDoc::from(&report.snapshot))
        }
        Report::Collect(report) => form.make(&collect(report)),
        Report::Browse(report) => form.make(&browse::browse(report)),
        Report::Analyze(report) => form.make(&analyze(report)),
        Report::Advise(report) => form.make(&advise(report)),
        Report::Diff(report) => form.make(&compare::diff(report)),
        Report::Baseline(report) => form.make(&compare::baseline(report)),
        Report::Doctor(report) => form.make(&doctor(report)),
        Report::Rules(report) => form.make(&rules(report)),
        Report::Fleet(report) => form.make(&fleet::fleet(report)),
        Report::DryRun(report) => form.make(&dry_run::dry_run(report)),
        Report::Snapshots(report) => form.make(&snapshots(report)),
    }
}

/// The error document, ending with a line feed.
pub fn error_document(error: &CommandError) -> String {
    let document = ErrorDoc {
        schema: "planscope.error/1".to_owned(),
        kind: error.kind.name().to_owned(),
        message: error.message.clone(),
        hints: error.hints.clone(),
        source: error.sources.clone(),
    };
    // A struct of strings always has a JSON form.
    escaped_json(&serde_json::to_string(&document).unwrap_or_default()) + "\n"
}

fn explain(report: &ExplainReport) -> ExplainDoc {
    let plans = report.plans.iter().map(|shown| shown_plan(shown, report.metric)).collect();
    ExplainDoc { schema: "planscope.explain/1".to_owned(), plans }
}

fn shown_plan(shown: &ShownPlan, metric: Option<Metric>) -> ShownPlanDoc {
    let metric = metric.unwrap_or_else(|| Metric::best_for(&shown.plan));
    let mut plan = PlanDoc::of(&shown.plan, metric).with_predicates(shown.plan.engine);
    plan.source = Some(shown.source.clone());
    plan.statement = shown.statement.clone().or(plan.statement);
    plan.fingerprint = shown.fingerprint.map(|f| f.to_string());
    plan.notes = shown.notes.iter().map(note).collect();
    let engine = shown.plan.engine;
    let findings = shown.findings.iter().map(|f| finding(f, engine)).collect();
    ShownPlanDoc { plan, findings }
}

fn note(note: &Note) -> NoteDoc {
    NoteDoc { place: note.place.clone(), message: note.message.clone() }
}

fn collect(report: &CollectReport) -> CollectDoc {
    let snapshot = SnapshotDoc::from(&report.snapshot);
    let planned = report.snapshot.statements.iter().filter(|s| !s.plans.is_empty()).count();
    let of_statements = report.snapshot.statements.iter().flat_map(|s| &s.problems);
    CollectDoc {
        schema: "planscope.collect/1".to_owned(),
        path: report.path.as_ref().map(|path| path.display().to_string()),
        target: snapshot.target,
        taken_at: snapshot.taken_at,
        window: snapshot.window,
        coverage: snapshot.coverage,
        plans: planned as u64,
        problems: snapshot
            .problems
            .into_iter()
            .chain(of_statements.map(ProblemDoc::from))
            .collect(),
        log: snapshot.log,
    }
}

fn finding(finding: &Finding, engine: Engine) -> FindingDoc {
    FindingDoc {
        rule: finding.rule.to_owned(),
        severity: finding.severity.name().to_owned(),
        confidence: finding.confidence,
        title: finding.title.clone(),
        statement: finding.statement.map(|f| f.to_string()),
        nodes: finding.nodes.iter().map(|id| id.0).collect(),
        evidence: finding
            .evidence
            .iter()
            .map(|(name, value)| ((*name).to_owned(), evidence(value)))
            .collect(),
        saving_ms: finding.saving_ms,
        saving_cost: finding.saving_cost,
        remedies: finding.remedies.iter().map(|r| remedy(r, engine)).collect(),
    }
}

fn evidence(value: &Evidence) -> Value {
    match value {
        Evidence::Number(number) => json!(number),
        Evidence::Text(text) => json!(text),
        Evidence::List(list) => json!(list),
    }
}

fn remedy(remedy: &Remedy, engine: Engine) -> RemedyDoc {
    let (table, columns) = match remedy {
        Remedy::CreateIndex(index) | Remedy::DropIndex { index, .. } => {
            let columns = index.keys.iter().map(|key| key.text().to_owned()).collect();
            (Some(index.table.clone()), columns)
        }
        Remedy::Analyze { table, .. } => (Some(table.clone()), Vec::new()),
        Remedy::CreateStatistics { table, columns, .. } => (Some(table.clone()), columns.clone()),
        Remedy::Act { .. } | Remedy::Rewrite { .. } | Remedy::Setting { .. } => (None, Vec::new()),
    };
    RemedyDoc {
        kind: remedy.kind().to_owned(),
        description: remedy.describe(),
        table,
        columns,
        sql: remedy.sql(engine),
    }
}

fn analyze(report: &AnalyzeReport) -> AnalyzeDoc {
    let engine = report.snapshot.target.engine;
    let coverage = report.snapshot.coverage;
    AnalyzeDoc {
        schema: "planscope.analyze/1".to_owned(),
        source: report.source.clone(),
        findings: report.findings.iter().map(|f| finding(f, engine)).collect(),
        more: report.more as u64,
        workload: WorkloadDoc {
            statements: report.snapshot.statements.len() as u64,
            total_ms: report.snapshot.total_ms(),
            time_share: coverage.time_share,
            log: report.snapshot.log.as_deref().map(LogDoc::from),
        },
    }
}

fn advise(report: &AdviseReport) -> AdviseDoc {
    let engine = report.snapshot.target.engine;
    AdviseDoc {
        schema: "planscope.advise/1".to_owned(),
        source: report.source.clone(),
        method: report.method.clone(),
        candidates: report.candidates as u64,
        questions: report.questions as u64,
        advice: report.advice.iter().map(|a| advice(a, engine)).collect(),
        redundant: report.redundant.iter().map(|f| finding(f, engine)).collect(),
        notes: report.notes.clone(),
    }
}

fn advice(advice: &Advice, engine: Engine) -> AdviceDoc {
    let index = &advice.index;
    let effect = |effect: &planscope_advisors::advice::Effect| EffectDoc {
        fingerprint: effect.fingerprint.to_string(),
        before: effect.before,
        after: effect.after,
        saving_ms: effect.saving_ms,
    };
    AdviceDoc {
        kind: "create-index".to_owned(),
        table: qualified(index),
        name: index.name.clone(),
        columns: index.keys.iter().map(AdviceColumnDoc::of).collect(),
        include: index.include.clone(),
        condition: index.predicate.clone(),
        method: index.method.clone(),
        sql: ddl::create_index_online(engine, index),
        undo_sql: ddl::drop_index_online(engine, index),
        proof: advice.proof.name().to_owned(),
        size_bytes: advice.size_bytes,
        cost_before: advice.cost_before,
        cost_after: advice.cost_after,
        saving_ms: advice.saving_ms,
        statements: advice.statements.iter().map(effect).collect(),
        notes: advice.notes.clone(),
    }
}

fn qualified(index: &Index) -> String {
    match &index.schema {
        Some(schema) => format!("{schema}.{}", index.table),
        None => index.table.clone(),
    }
}

fn doctor(report: &DoctorReport) -> DoctorDoc {
    let check = |check: &planscope_collection::driver::Check| CheckDoc {
        id: check.id.clone(),
        status: check.status.name().to_owned(),
        message: check.message.clone(),
        remedy: check.remedy.clone(),
    };
    DoctorDoc {
        schema: "planscope.doctor/1".to_owned(),
        target: report.target.clone(),
        checks: report.checks.iter().map(check).collect(),
    }
}

fn rules(report: &RulesReport) -> RulesDoc {
    let rule = |rule: &&'static planscope_advisors::Rule| RuleDoc {
        name: rule.name.to_owned(),
        summary: rule.summary.to_owned(),
        category: rule.category.label().to_owned(),
        engines: rule.engines.iter().map(|engine| engine.name().to_owned()).collect(),
        source_file: rule.file.to_owned(),
        docs: report.in_full.then(|| rule.docs.to_owned()),
    };
    RulesDoc {
        schema: "planscope.rules/1".to_owned(),
        rules: report.rules.iter().map(rule).collect(),
    }
}

fn snapshots(report: &SnapshotsReport) -> SnapshotsDoc {
    let entry = |entry: &planscope_collection::store::Entry| {
        let content = entry.content.as_ref().ok();
        EntryDoc {
            path: entry.path.display().to_string(),
            size_bytes: entry.size_bytes,
            target: content.map(|c| c.target.clone()),
            engine: content.map(|c| c.engine.clone()),
            taken_at: content.map(|c| c.taken_at.clone()),
            statements: content.map(|c| c.statements as u64),
            problem: entry.content.as_ref().err().cloned(),
        }
    };
    SnapshotsDoc {
        schema: "planscope.snapshots/1".to_owned(),
        folder: report.folder.display().to_string(),
        snapshots: report.entries.iter().map(entry).collect(),
    }
}

/// A JSON object of anything, for [`FindingDoc::evidence`].
type Object = Map<String, Value>;

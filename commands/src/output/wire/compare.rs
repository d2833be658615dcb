//! The documents of comparisons and baselines.

use super::{RemedyDoc, remedy};
use crate::compare::{self, Compared};
use crate::report::{BaselineReport, DiffContent, DiffReport};
use planscope_explain::diff::{Change, PlanDiff, Rates, Says, StatementDiff, Timing, Trend};
use schemars::JsonSchema;
use serde::Serialize;

/// `planscope.diff/1`: a comparison.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct DiffDoc {
    /// `planscope.diff/1`.
    pub schema: String,
    /// `same`, `better`, `worse`, `changed` or `not-comparable`.
    pub verdict: String,
    /// What was before.
    pub before: String,
    /// What is after.
    pub after: String,
    /// Why they are not comparable.
    pub not_comparable: Option<String>,
    /// What may explain the differences.
    pub causes: Vec<String>,
    /// The same as data, in the same order.
    pub cause_details: Vec<CauseDoc>,
    /// The statements that both have, gravest first.
    pub statements: Vec<StatementDiffDoc>,
    /// Fingerprints only after.
    pub added: Vec<String>,
    /// Fingerprints only before.
    pub removed: Vec<String>,
    /// The statements only after, those first that take most time.
    pub added_statements: Vec<LoneDoc>,
    /// The statements only before, likewise.
    pub removed_statements: Vec<LoneDoc>,
    /// Hours that the counters cover before and after.
    pub hours: [Option<f64>; 2],
    /// What the gate says.
    pub gate: GateDoc,
}

/// What fails a run, and what was let pass.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct GateDoc {
    /// `worse`, `changed`, `never`, `new-seq-scan`, kinds of change.
    pub fail_on: Vec<String>,
    /// Whether a statement fails.
    pub failed: bool,
    /// Allows that let nothing pass.
    pub unused_allows: Vec<AllowDoc>,
    /// Allows whose time is over.
    pub expired_allows: Vec<AllowDoc>,
}

/// An allow of the config.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AllowDoc {
    /// Where it is written: file and line.
    pub place: String,
    /// Why.
    pub reason: String,
    /// Its last day.
    pub expires: String,
}

/// Something that changed around the plans.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CauseDoc {
    /// `index-dropped`, `setting`, `rows`, `statistics`, `version` …
    pub kind: String,
    /// The table it concerns.
    pub table: Option<String>,
    /// For people.
    pub text: String,
}

/// A statement's comparison.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct StatementDiffDoc {
    /// The statement; null when plans were compared.
    pub fingerprint: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The file it stands in, from the repository's root.
    pub file: Option<String>,
    /// The line.
    pub line: Option<u32>,
    /// Whether its text is another one than before.
    pub rewritten: bool,
    /// As above.
    pub verdict: String,
    /// What `cost_ratio` compares.
    pub measured_by: Option<String>,
    /// After ÷ before.
    pub cost_ratio: Option<f64>,
    /// Mean milliseconds before.
    pub mean_ms_before: Option<f64>,
    /// Mean milliseconds after.
    pub mean_ms_after: Option<f64>,
    /// Milliseconds an hour that it takes more than before.
    pub added_ms_per_hour: Option<f64>,
    /// What became of the time of a call: `regressed`, `improved`, `steady`, `unknown`.
    pub trend: Option<String>,
    /// How sure it is that calls take another time at all, 0 to 1.
    pub trend_confidence: Option<f64>,
    /// What was counted before and after; null when plans were compared.
    pub rates: Option<[RatesDoc; 2]>,
    /// Its plans with their shares, where there are several.
    pub plans: Vec<PlanShareDoc>,
    /// Why.
    pub reason: Option<String>,
    /// What fails the run.
    pub failures: Vec<FailureDoc>,
    /// What would and is allowed.
    pub allowed: Vec<FailureDoc>,
    /// Places in `causes` of what may explain it, the likeliest first.
    pub causes: Vec<usize>,
    /// What would undo it.
    pub advice: Vec<AdvisedDoc>,
    /// Everything that is known of both sides.
    pub measures: Vec<MeasureDoc>,
    /// The test of repeated runs.
    pub timing: Option<TimingDoc>,
    /// What differs around the plans: version, settings, data.
    pub differences: Vec<String>,
    /// The differences, gravest first.
    pub changes: Vec<ChangeDoc>,
}

/// How much a statement runs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RatesDoc {
    /// Calls in the time that the counters cover.
    pub calls: Option<f64>,
    /// Calls an hour of that time.
    pub calls_per_hour: Option<f64>,
    /// Milliseconds an hour.
    pub total_ms_per_hour: Option<f64>,
    /// Milliseconds of a mean call.
    pub mean_ms: Option<f64>,
    /// Standard deviation of a call's milliseconds.
    pub stddev_ms: Option<f64>,
    /// Half of the calls took at most this.
    pub p50_ms: Option<f64>,
    /// 95 % of the calls took at most this.
    pub p95_ms: Option<f64>,
    /// Rows that a mean call returned or changed.
    pub rows_per_call: Option<f64>,
    /// Rows that a mean call looked at.
    pub examined_per_call: Option<f64>,
}

/// A statement that only one side has.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LoneDoc {
    /// The statement.
    pub fingerprint: String,
    /// Its name.
    pub name: Option<String>,
    /// Its text.
    pub text: String,
    /// What was counted of it.
    pub rates: RatesDoc,
}

/// How often a plan was seen.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanShareDoc {
    /// The hash of the plan's shape, 16 hexadecimal digits.
    pub plan_hash: String,
    /// Its share of all observations before, 0 to 1.
    pub share_before: f64,
    /// The same after.
    pub share_after: f64,
}

/// Something that fails a run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FailureDoc {
    /// What of `fail_on` it is.
    pub rule: String,
    /// The place of the change in `changes`, where it is one.
    pub change: Option<usize>,
    /// Where it is allowed.
    pub allowed_by: Option<AllowDoc>,
}

/// Advice.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AdvisedDoc {
    /// What to do.
    #[serde(flatten)]
    pub remedy: RemedyDoc,
    /// `undo` of what changed, or `estimated`.
    pub proof: String,
}

/// A quantity that is known of both sides.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MeasureDoc {
    /// `rows`, `blocks`, `examined`, `vm steps`, `cost` or `time` (milliseconds).
    pub name: String,
    /// Before.
    pub before: f64,
    /// After.
    pub after: f64,
    /// `less`, `same`, `more`, `too-small` or `withheld`.
    pub says: String,
}

/// The test of repeated runs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TimingDoc {
    /// Runs before and after.
    pub runs: [usize; 2],
    /// Median milliseconds before and after.
    pub median_ms: [f64; 2],
    /// Median deviation as a share of the median, before and after.
    pub spread: [f64; 2],
    /// How sure it is that the two differ, 0 to 1.
    pub confidence: f64,
    /// Whether that is as sure as asked for.
    pub significant: bool,
    /// Runs a side that could be as sure as asked for.
    pub runs_needed: usize,
}

/// A difference.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeDoc {
    /// The kind, e.g. `access-path`.
    pub kind: String,
    /// `info`, `low`, `medium` or `high`.
    pub severity: String,
    /// The relation, by its alias.
    pub relation: Option<String>,
    /// What was there.
    pub before: String,
    /// What is there.
    pub after: String,
    /// Nodes before and after.
    pub nodes: [Vec<u32>; 2],
    /// Whether a table that is not small is read from end to end and was not before.
    pub new_seq_scan: bool,
}

/// `planscope.baseline/1`: what was done, or would be done, to a baseline.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BaselineDoc {
    /// `planscope.baseline/1`.
    pub schema: String,
    /// The folder.
    pub folder: String,
    /// Whether files were written.
    pub written: bool,
    /// The files.
    pub files: Vec<BaselineFileDoc>,
    /// What stood in the way.
    pub notes: Vec<String>,
}

/// A file of a baseline.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BaselineFileDoc {
    /// The statement's name.
    pub query: String,
    /// The file.
    pub path: String,
    /// The file that goes, when the statement was renamed.
    pub replaces: Option<String>,
    /// `add`, `change`, `rename`, `remove` or `keep`.
    pub action: String,
    /// Whether it was asked for.
    pub accepted: bool,
    /// What the comparison of the plans says.
    pub reason: Option<String>,
}

/// The document of a comparison.
pub fn diff(report: &DiffReport) -> DiffDoc {
    let mut document = DiffDoc {
        schema: "planscope.diff/1".to_owned(),
        verdict: report.verdict().name().to_owned(),
        before: report.sources[0].clone(),
        after: report.sources[1].clone(),
        statements: compare::all(report).iter().map(|s| statement(report, s)).collect(),
        gate: gate(report),
        ..DiffDoc::default()
    };
    if let DiffContent::Snapshots { diff, .. } = &report.content {
        document.added = diff.added.iter().map(ToString::to_string).collect();
        document.removed = diff.removed.iter().map(ToString::to_string).collect();
        document.added_statements = compare::lone(report, 1).iter().map(lone).collect();
        document.removed_statements = compare::lone(report, 0).iter().map(lone).collect();
        document.hours = diff.hours;
        document.causes = diff.causes.iter().map(|cause| cause.text.clone()).collect();
        document.cause_details = diff.causes.iter().map(cause).collect();
        document.not_comparable.clone_from(&diff.not_comparable);
    }
    document
}

fn lone(lone: &compare::Lone<'_>) -> LoneDoc {
    LoneDoc {
        fingerprint: lone.statement.fingerprint.to_string(),
        name: lone.statement.name.clone(),
        text: lone.statement.text.clone(),
        rates: rates(&lone.rates),
    }
}

fn rates(rates: &Rates) -> RatesDoc {
    RatesDoc {
        calls: rates.calls,
        calls_per_hour: rates.calls_per_hour,
        total_ms_per_hour: rates.total_ms_per_hour,
        mean_ms: rates.mean_ms,
        stddev_ms: rates.stddev_ms,
        p50_ms: rates.p50_ms,
        p95_ms: rates.p95_ms,
        rows_per_call: rates.rows_per_call,
        examined_per_call: rates.examined_per_call,
    }
}

fn cause(cause: &planscope_explain::diff::Cause) -> CauseDoc {
    CauseDoc {
        kind: cause.kind.name().to_owned(),
        table: cause.table.clone(),
        text: cause.text.clone(),
    }
}

fn allow(report: &DiffReport, place: usize) -> Option<AllowDoc> {
    let allow = report.gate.allows.get(place)?;
    Some(AllowDoc {
        place: allow.place.clone(),
        reason: allow.reason.clone(),
        expires: allow.expires.clone(),
    })
}

fn gate(report: &DiffReport) -> GateDoc {
    let allows =
        |places: &[usize]| places.iter().filter_map(|place| allow(report, *place)).collect();
    GateDoc {
        fail_on: report.gate.fail_on.iter().map(|word| word.name().to_owned()).collect(),
        failed: report.fails(),
        unused_allows: allows(&report.leftover.unused),
        expired_allows: allows(&report.leftover.expired),
    }
}

fn statement(report: &DiffReport, statement: &Compared<'_>) -> StatementDiffDoc {
    let mut document = StatementDiffDoc {
        fingerprint: statement.fingerprint.map(|print| print.to_string()),
        name: statement.name.map(str::to_owned),
        file: statement.source.map(|source| source.file.clone()),
        line: statement.source.map(|source| source.line),
        rewritten: statement.is_rewritten,
        verdict: statement.verdict.name().to_owned(),
        reason: Some(statement.reason.clone()),
        ..StatementDiffDoc::default()
    };
    let failure = |failure: &crate::gate::Failure, by: Option<usize>| FailureDoc {
        rule: failure.rule.to_owned(),
        change: failure.change,
        allowed_by: by.and_then(|by| allow(report, by)),
    };
    document.failures = statement.ruling.failures.iter().map(|f| failure(f, None)).collect();
    document.allowed =
        statement.ruling.allowed.iter().map(|(f, by)| failure(f, Some(*by))).collect();
    document.advice = statement
        .advice
        .iter()
        .map(|advised| AdvisedDoc {
            remedy: remedy(&advised.remedy, statement.engine),
            proof: advised.proof.to_owned(),
        })
        .collect();
    if let Some(counted) = statement.counted {
        fill_counted(&mut document, counted);
    }
    if let Some(plan) = statement.plan {
        fill_plan(&mut document, plan);
    }
    document
}

fn fill_counted(document: &mut StatementDiffDoc, counted: &StatementDiff) {
    [document.mean_ms_before, document.mean_ms_after] = counted.mean_ms;
    document.added_ms_per_hour = counted.added_ms_per_hour;
    document.causes.clone_from(&counted.causes);
    document.trend_confidence = counted.confidence;
    document.rates = Some([rates(&counted.rates[0]), rates(&counted.rates[1])]);
    let trend = match counted.trend {
        Trend::Regressed => "regressed",
        Trend::Improved => "improved",
        Trend::Steady => "steady",
        Trend::Unknown => "unknown",
    };
    document.trend = Some(trend.to_owned());
    let share = |plan: &planscope_explain::diff::PlanShare| PlanShareDoc {
        plan_hash: format!("{:016x}", plan.hash),
        share_before: plan.shares[0],
        share_after: plan.shares[1],
    };
    document.plans = counted.flip.iter().flat_map(|flip| &flip.plans).map(share).collect();
}

fn fill_plan(document: &mut StatementDiffDoc, plan: &PlanDiff) {
    document.cost_ratio = plan.cost_ratio.filter(|ratio| ratio.is_finite());
    document.measured_by = Some(plan.measured_by.to_owned());
    document.changes = plan.changes.iter().map(change).collect();
    document.differences = plan.differences.iter().map(ToString::to_string).collect();
    document.timing = plan.timing.as_ref().map(timing);
    document.measures = plan
        .measures
        .iter()
        .map(|measure| MeasureDoc {
            name: measure.name.to_owned(),
            before: measure.values[0],
            after: measure.values[1],
            says: says(measure.says).to_owned(),
        })
        .collect();
}

fn says(says: Says) -> &'static str {
    match says {
        Says::Less => "less",
        Says::Same => "same",
        Says::More => "more",
        Says::TooSmall => "too-small",
        Says::Withheld => "withheld",
    }
}

fn timing(timing: &Timing) -> TimingDoc {
    TimingDoc {
        runs: timing.runs,
        median_ms: timing.median_ms,
        spread: timing.spread,
        confidence: timing.confidence,
        significant: timing.slower.is_ne(),
        runs_needed: timing.runs_needed,
    }
}

fn change(change: &Change) -> ChangeDoc {
    let ids = |i: usize| change.nodes[i].iter().map(|id| id.0).collect();
    ChangeDoc {
        kind: change.kind.name().to_owned(),
        severity: change.severity.name().to_owned(),
        relation: change.relation.clone(),
        before: change.before.clone(),
        after: change.after.clone(),
        nodes: [ids(0), ids(1)],
        new_seq_scan: change.new_full_scan,
    }
}

/// The document of a baseline.
pub fn baseline(report: &BaselineReport) -> BaselineDoc {
    let file = |file: &crate::report::FileChange| BaselineFileDoc {
        query: file.query.clone(),
        path: file.path.display().to_string(),
        replaces: file.replaces.as_ref().map(|path| path.display().to_string()),
        action: file.action.name().to_owned(),
        accepted: file.is_chosen && report.written,
        reason: file.reason.clone(),
    };
    BaselineDoc {
        schema: "planscope.baseline/1".to_owned(),
        folder: report.folder.display().to_string(),
        written: report.written,
        files: report.files.iter().map(file).collect(),
        notes: report.notes.clone(),
    }
}

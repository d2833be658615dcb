//! `planscope.browse/1`: the statements of a snapshot with all that is known of them.

use super::{FindingDoc, finding};
use crate::report::{BrowseReport, BrowseRow};
use planscope_collection::store::wire::{
    CoverageDoc, ProblemDoc, StatementDoc, TargetDoc, WindowDoc,
};
use planscope_explain::Statement;
use schemars::JsonSchema;
use serde::Serialize;

/// `planscope.browse/1`: statements, their plans, and the findings about them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BrowseDoc {
    /// `planscope.browse/1`.
    pub schema: String,
    /// What was looked at.
    pub source: String,
    /// The target of the snapshot.
    pub target: TargetDoc,
    /// When it was taken, RFC 3339.
    pub taken_at: String,
    /// The time that the counters cover.
    pub window: WindowDoc,
    /// How much of the workload is in the snapshot.
    pub coverage: CoverageDoc,
    /// The snapshot it is compared with.
    pub before: Option<String>,
    /// The listed statements, in their order.
    pub statements: Vec<BrowseStatementDoc>,
    /// All findings, the most important first.
    pub findings: Vec<FindingDoc>,
    /// What was not collected.
    pub problems: Vec<ProblemDoc>,
}

/// A statement with all that is known of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BrowseStatementDoc {
    /// As in the snapshot.
    #[serde(flatten)]
    pub statement: StatementDoc,
    /// Whether the newest plan is another one than before; `null` when that is not known.
    pub plan_changed: Option<bool>,
    /// `same`, `better`, `changed`, `worse` or `not-comparable` with what was before.
    pub verdict: Option<String>,
    /// Places in the list of findings, from 0.
    pub findings: Vec<u64>,
}

/// The document of a list of statements.
pub fn browse(report: &BrowseReport) -> BrowseDoc {
    let snapshot = &report.snapshot;
    let statement = |(statement, row): (&Statement, &BrowseRow)| BrowseStatementDoc {
        statement: StatementDoc::from(statement),
        plan_changed: row.plan_changed,
        verdict: row.verdict.map(|verdict| verdict.name().to_owned()),
        findings: row.findings.iter().map(|number| *number as u64 - 1).collect(),
    };
    let engine = snapshot.target.engine;
    BrowseDoc {
        schema: "planscope.browse/1".to_owned(),
        source: report.source.clone(),
        target: TargetDoc::from(&snapshot.target),
        taken_at: snapshot.taken_at.clone(),
        window: WindowDoc::from(&snapshot.window),
        coverage: CoverageDoc::from(&snapshot.coverage),
        before: report.before.clone(),
        statements: snapshot.statements.iter().zip(&report.rows).map(statement).collect(),
        findings: report.findings.iter().map(|f| finding(f, engine)).collect(),
        problems: snapshot.problems.iter().map(ProblemDoc::from).collect(),
    }
}

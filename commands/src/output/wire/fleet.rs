//! `planscope.fleet/1`: many collections.

use crate::report::FleetReport;
use schemars::JsonSchema;
use serde::Serialize;

/// `planscope.fleet/1`: what came of collecting from many targets.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FleetDoc {
    /// `planscope.fleet/1`.
    pub schema: String,
    /// The targets, by name.
    pub targets: Vec<FleetRowDoc>,
}

/// What came of one target.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FleetRowDoc {
    /// The target's name.
    pub target: String,
    /// The snapshot's file; `null` when there is none.
    pub path: Option<String>,
    /// Statements in it.
    pub statements: Option<u64>,
    /// Statements with a plan.
    pub plans: Option<u64>,
    /// Share of the server's execution time that they stand for.
    pub time_share: Option<f64>,
    /// What failed.
    pub error: Option<String>,
    /// What to type next.
    pub hints: Vec<String>,
}

/// The document of a fleet's collection.
pub fn fleet(report: &FleetReport) -> FleetDoc {
    let row = |row: &crate::report::FleetRow| {
        let done = row.outcome.as_ref().ok();
        let count = |n: usize| n as u64;
        let failed = row.outcome.as_ref().err();
        FleetRowDoc {
            target: row.name.clone(),
            path: done.map(|(_, path)| path.display().to_string()),
            statements: done.map(|(snapshot, _)| count(snapshot.statements.len())),
            plans: done.map(|(snapshot, _)| {
                count(snapshot.statements.iter().filter(|s| !s.plans.is_empty()).count())
            }),
            time_share: done.and_then(|(snapshot, _)| snapshot.coverage.time_share),
            error: failed.map(|error| error.message.clone()),
            hints: failed.map(|error| error.hints.clone()).unwrap_or_default(),
        }
    };
    FleetDoc {
        schema: "planscope.fleet/1".to_owned(),
        targets: report.rows.iter().map(row).collect(),
    }
}

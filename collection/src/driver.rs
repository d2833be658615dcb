//! What every engine's driver does for the collection core.
//!
//! A driver is one file in `drivers/` with a `static` of type [`Driver`]. Its session answers small
//! questions; the order in which they are asked, the redaction, the budget and the store are the
//! core's (`collect.rs`), the same for every engine.

use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::{Load, Policy, Stop};
use crate::queries::QueryText;
use crate::select::Selection;
use crate::target::Target;
use crate::wanted::{Found, Wanted};
use futures_util::future::BoxFuture;
use planscope_explain::Engine;
use planscope_explain::plan::Plan;
use planscope_explain::workload::{
    Counters, Index, PlanRecord, Problem, Snapshot, Statement, TargetIdentity, Window,
};
use std::collections::BTreeMap;

/// An engine's driver.
#[derive(Debug)]
pub struct Driver {
    /// The engine.
    pub engine: Engine,
    /// Opens a session that keeps to the policy and ends its work when stopped.
    pub connect: Connect,
    /// How an empty database comes to plan like a full one.
    pub inject: Inject,
}

/// How an empty database is given the statistics of a snapshot.
#[derive(Debug)]
pub enum Inject {
    /// So. The database must be an empty scratch database; what is not is refused.
    By(InjectStatistics),
    /// It cannot be done honestly, and this is why.
    Cannot(&'static str),
}

/// Writes the statistics of a snapshot into an empty scratch database.
pub type InjectStatistics =
    for<'a> fn(&'a Target, &'a Policy, Stop, &'a Snapshot) -> BoxFuture<'a, Result<Injected>>;

/// What was written into a scratch database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Injected {
    /// Tables that have statistics now.
    pub tables: usize,
    /// What is not as it is in the database that the statistics came from.
    pub notes: Vec<String>,
}

/// Opens a session.
pub type Connect =
    for<'a> fn(&'a Target, &'a Policy, Stop) -> BoxFuture<'a, Result<Box<dyn Session>>>;

/// By what the heaviest statements are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ranking {
    /// Time over all calls.
    #[default]
    TotalTime,
    /// Time of an average call.
    MeanTime,
    /// Number of calls.
    Calls,
    /// Rows looked at, or rows returned where the server does not count them.
    Rows,
    /// Blocks read.
    Reads,
    /// Temporary blocks written, temporary tables on disk, or sorts: what the server counts.
    Temp,
    /// Rows looked at for each row returned: where an index may be missing.
    RowsPerResult,
    /// How much the times of the calls differ.
    Variance,
}

impl Ranking {
    /// Every ranking.
    pub const ALL: [Self; 8] = [
        Self::TotalTime,
        Self::MeanTime,
        Self::Calls,
        Self::Rows,
        Self::Reads,
        Self::Temp,
        Self::RowsPerResult,
        Self::Variance,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::TotalTime => "total-time",
            Self::MeanTime => "mean-time",
            Self::Calls => "calls",
            Self::Rows => "rows",
            Self::Reads => "reads",
            Self::Temp => "temp",
            Self::RowsPerResult => "rows-per-result",
            Self::Variance => "variance",
        }
    }

    /// The figure of a statement by which it is ranked; 0 when it is not known.
    pub fn value(self, counters: &Counters) -> f64 {
        let value = match self {
            Self::TotalTime => counters.total_ms,
            Self::MeanTime => counters.mean_ms,
            Self::Calls => counters.calls,
            Self::Rows => counters.rows_examined.or(counters.rows),
            Self::Reads => counters.shared_blocks_read.or(counters.rows_examined),
            Self::Temp => {
                let on_disk = counters.temp_blocks_written.or(counters.tmp_disk_tables);
                on_disk.or(counters.sorts)
            }
            Self::RowsPerResult => counters
                .rows_examined
                .zip(counters.rows)
                // Of a few rows the ratio says nothing.
                .filter(|(examined, _)| *examined >= 10_000.0)
                .map(|(examined, rows)| examined / rows.max(1.0)),
            Self::Variance => counters.stddev_ms,
        };
        value.unwrap_or(0.0)
    }
}

/// The statements that the server knows, already cut to the heaviest.
#[derive(Debug, Clone, Default)]
pub struct Workload {
    /// The chosen statements, heaviest first, without plans. Texts as the server has them.
    pub statements: Vec<Statement>,
    /// How many statements the server knew.
    pub of: u64,
    /// Milliseconds of all of them; `None` when times are not known.
    pub total_ms: Option<f64>,
    /// The time that the counters cover.
    pub window: Window,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// How to run a statement that is measured or planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Execution {
    /// Plan only; nothing is run.
    #[default]
    PlanOnly,
    /// Run it: parsed SELECTs without side effects only.
    Analyze,
}

/// "How would this statement be planned if these indexes existed?"
#[derive(Debug, Clone)]
pub struct WhatIfQuestion {
    /// The statement's text as it is in the snapshot (may hold `$1`, `?`).
    pub sql: String,
    /// Indexes to pretend. Their names are only for the answer's `used`.
    pub indexes: Vec<Index>,
    /// Names of real indexes to pretend away, where the engine can.
    pub without: Vec<String>,
}

/// The planner's answer.
#[derive(Debug, Clone)]
pub struct WhatIfAnswer {
    /// The plan; the pretended indexes appear in it under the names of the question.
    pub plan: Plan,
    /// Its total cost in the planner's units; `None` where the engine has no cost.
    pub cost: Option<f64>,
    /// Estimated bytes of each pretended index, in the question's order.
    pub sizes_bytes: Vec<Option<f64>>,
}

/// How a check of `doctor` came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckStatus {
    /// Fine.
    Ok,
    /// Works, but less well than it could.
    Warn,
    /// planscope cannot do its work.
    Fail,
    /// Could not be looked at.
    Skipped,
}

impl CheckStatus {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
        }
    }
}

/// A check of `doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// A stable word, e.g. `pg-stat-statements`.
    pub id: String,
    /// How it came out.
    pub status: CheckStatus,
    /// What was seen.
    pub message: String,
    /// The exact SQL or setting that mends it.
    pub remedy: Option<String>,
}

/// A statement's plan, or why it has none.
pub type PlanOutcome = std::result::Result<PlanRecord, Problem>;

/// All plans of [`Session::plans`] at once.
///
/// # Errors
/// As [`Session::plans`].
pub async fn all_plans(
    session: &mut dyn Session,
    statements: &[Statement],
    execution: Execution,
) -> Result<Vec<PlanOutcome>> {
    let mut plans = Vec::with_capacity(statements.len());
    session.plans(statements, execution, &mut |outcome| plans.push(outcome)).await?;
    Ok(plans)
}

/// An open, guarded session. Every method may fail with [`crate::ErrorKind::Stopped`].
pub trait Session: Send {
    /// What the target is.
    fn identity(&self) -> &TargetIdentity;

    /// The switch that ends its work.
    fn stop(&self) -> &Stop;

    /// How busy the server is; what it does not tell this user is not known.
    fn load(&mut self) -> BoxFuture<'_, Result<Load>> {
        Box::pin(async { Ok(Load::default()) })
    }

    /// Settings that matter to plans and advice.
    fn settings(&mut self) -> BoxFuture<'_, Result<BTreeMap<String, String>>>;

    /// The statements of the server's own statistics that the selection chooses.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Missing`] with a hint when the server keeps none.
    fn workload<'a>(&'a mut self, selection: &'a Selection) -> BoxFuture<'a, Result<Workload>>;

    /// The statements that run now, longest first, without ours: their time is that so far.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Missing`] where there is no such list.
    fn running(&mut self) -> BoxFuture<'_, Result<Workload>> {
        let engine = self.identity().engine.label();
        Box::pin(async move {
            let message = format!("planscope cannot see what runs now on {engine}");
            Err(CollectError::new(ErrorKind::Missing, message)
                .hint("leave --running out: the server's statistics have what has run"))
        })
    }

    /// Statements from files as statements of a workload: measured where the engine counts without
    /// side effects (SQLite) or `execution` asks for it, else without counters.
    fn measure<'a>(
        &'a mut self,
        queries: &'a [QueryText],
        execution: Execution,
        progress: &'a mut (dyn FnMut(usize) + Send),
    ) -> BoxFuture<'a, Result<Workload>>;

    /// Gets the plan of each statement and gives it to `found`, in order and as it comes: what was
    /// found before a stop or a lost connection is not lost with it. A failure that concerns one
    /// statement is found as its problem.
    fn plans<'a>(
        &'a mut self,
        statements: &'a [Statement],
        execution: Execution,
        found: &'a mut (dyn FnMut(PlanOutcome) + Send),
    ) -> BoxFuture<'a, Result<()>>;

    /// Tables with columns and statistics, and their indexes, as far as the user may see them, system
    /// schemas left out: always those that are used, and all of them where that is cheap. A question
    /// that takes too long is a problem of what was found.
    fn catalog<'a>(&'a mut self, wanted: &'a Wanted) -> BoxFuture<'a, Result<Found>>;

    /// Whether and how [`Session::what_if`] works here: `hypopg 1.3.1`, `sqlite clone`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Missing`] with the statement that would install it.
    fn what_if_method(&mut self) -> BoxFuture<'_, Result<String>>;

    /// Asks the planner, in order; a question that it cannot answer is an `Err` of its own.
    fn what_if<'a>(
        &'a mut self,
        questions: &'a [WhatIfQuestion],
    ) -> BoxFuture<'a, Result<Vec<Result<WhatIfAnswer>>>>;

    /// The checks of `doctor`.
    fn doctor(&mut self) -> BoxFuture<'_, Result<Vec<Check>>>;
}

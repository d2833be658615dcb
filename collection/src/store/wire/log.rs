//! What only logs know, on the wire.

use super::{Broken, mirrored, read_fingerprint};
use planscope_explain::workload::log::{
    Counted, FailedStatement, History, HourOfCalls, LoadStep, LogFacts, LogSource, RejectedPieces,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mirrored! {
    /// Executions of a statement in an hour.
    HourDoc of HourOfCalls {
        /// When the hour began, RFC 3339.
        start: String,
        /// Executions.
        calls: u64,
    }
}

mirrored! {
    /// The work of a piece of time, over all statements.
    LoadStepDoc of LoadStep {
        /// When it began, RFC 3339.
        start: String,
        /// Executions.
        calls: u64,
        /// Milliseconds of them.
        total_ms: f64,
    }
}

mirrored! {
    /// A name and how often it was counted.
    CountedDoc of Counted {
        /// The name: a message without its values, a table.
        name: String,
        /// How often.
        count: u64,
    }
}

mirrored! {
    /// A log that was read.
    LogSourceDoc of LogSource {
        /// Its name.
        name: String,
        /// The reader's name, e.g. `postgres-stderr`; `empty` when there was nothing in it.
        format: String,
        /// Bytes, without compression.
        bytes: u64,
        /// Lines, without compression.
        lines: u64,
        /// Executions that were found in it.
        events: u64,
    }
}

mirrored! {
    /// Pieces of a log that were not read, for one reason.
    RejectedDoc of RejectedPieces {
        /// A stable word for the reason.
        kind: String,
        /// The reason in words.
        reason: String,
        /// How many.
        count: u64,
        /// Their bytes.
        bytes: u64,
    }
}

/// A statement that only ever failed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FailedDoc {
    /// 16 hexadecimal digits.
    pub fingerprint: String,
    /// The text.
    pub text: String,
    /// Its database.
    pub database: Option<String>,
    /// How often it failed.
    pub errors: u64,
}

/// When a statement ran, and what else a log says of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HistoryDoc {
    /// Its first execution in the log, RFC 3339.
    pub first_seen: Option<String>,
    /// Its last execution in the log.
    pub last_seen: Option<String>,
    /// Executions per hour, in order; hours without any are left out.
    pub hours: Vec<HourDoc>,
    /// Entries of the log that tell of it: fewer than its calls under a rate limit.
    pub events: u64,
    /// Milliseconds of its slowest execution, whose text the statement shows.
    pub slowest_ms: Option<f64>,
    /// When that was.
    pub slowest_at: Option<String>,
    /// The trace of that execution (W3C `traceparent`).
    pub trace: Option<String>,
    /// What the comments of that execution say (sqlcommenter).
    pub tags: BTreeMap<String, String>,
    /// Plans that were logged with it, of which the slowest are kept.
    pub logged_plans: u64,
}

/// What logs say besides the statements.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LogDoc {
    /// What was read.
    pub sources: Vec<LogSourceDoc>,
    /// Executions that were counted, before rate limits are weighed.
    pub events: u64,
    /// Milliseconds of those.
    pub total_ms: f64,
    /// Executions that the filters left out.
    pub filtered: u64,
    /// Executions of planscope itself, left out.
    pub own: u64,
    /// Statements logged without a duration: not counted as executions.
    pub untimed: u64,
    /// Executions that say nothing (`;`, a comment).
    pub empty: u64,
    /// Parse and bind steps of prepared statements: not executions.
    pub steps: u64,
    /// Milliseconds of those.
    pub steps_ms: f64,
    /// Administrator commands among the executions.
    pub administrator_commands: u64,
    /// Events that stand for more than one execution (rate limits).
    pub weighed: u64,
    /// Executions that are in the totals only.
    pub summarised: u64,
    /// Milliseconds of those.
    pub summarised_ms: f64,
    /// Errors per message, values removed; most frequent first.
    pub errors: Vec<CountedDoc>,
    /// Statements that failed and never succeeded.
    pub failed: Vec<FailedDoc>,
    /// Temporary files that were written.
    pub temp_files: u64,
    /// Their bytes.
    pub temp_bytes: u64,
    /// Checkpoints that were completed.
    pub checkpoints: u64,
    /// Why checkpoints began: `time`, `wal`, `request`.
    pub checkpoint_starts: Vec<CountedDoc>,
    /// Warnings that checkpoints come too often.
    pub checkpoint_warnings: u64,
    /// Milliseconds of the longest sync of a checkpoint.
    pub checkpoint_sync_ms: f64,
    /// Autovacuum runs per table.
    pub autovacuum: Vec<CountedDoc>,
    /// Autovacuum runs per table that had to leave many dead rows.
    pub vacuum_held_back: Vec<CountedDoc>,
    /// Autoanalyze runs per table.
    pub autoanalyze: Vec<CountedDoc>,
    /// Waits for a lock that the server reported.
    pub lock_waits: u64,
    /// Milliseconds of lock waits whose end was reported.
    pub lock_ms: f64,
    /// Deadlocks.
    pub deadlocks: u64,
    /// Connections that were made.
    pub connections: u64,
    /// What was not read, by reason.
    pub rejects: Vec<RejectedDoc>,
    /// Seconds of each step of `load`.
    pub load_step_s: u64,
    /// The work over time; steps without any are left out.
    pub load: Vec<LoadStepDoc>,
    /// The work per hour; hours without any are left out.
    pub hours: Vec<LoadStepDoc>,
}

fn all<'a, A, B: From<&'a A>>(list: &'a [A]) -> Vec<B> {
    list.iter().map(B::from).collect()
}

fn back<A, B: From<A>>(list: Vec<A>) -> Vec<B> {
    list.into_iter().map(B::from).collect()
}

impl From<&History> for HistoryDoc {
    fn from(from: &History) -> Self {
        Self {
            first_seen: from.first_seen.clone(),
            last_seen: from.last_seen.clone(),
            hours: all(&from.hours),
            events: from.events,
            slowest_ms: from.slowest_ms,
            slowest_at: from.slowest_at.clone(),
            trace: from.trace.clone(),
            tags: from.tags.iter().cloned().collect(),
            logged_plans: from.plans,
        }
    }
}

impl From<HistoryDoc> for History {
    fn from(from: HistoryDoc) -> Self {
        Self {
            first_seen: from.first_seen,
            last_seen: from.last_seen,
            hours: back(from.hours),
            events: from.events,
            slowest_ms: from.slowest_ms,
            slowest_at: from.slowest_at,
            trace: from.trace,
            tags: from.tags.into_iter().collect(),
            plans: from.logged_plans,
        }
    }
}

impl From<&FailedStatement> for FailedDoc {
    fn from(from: &FailedStatement) -> Self {
        Self {
            fingerprint: from.fingerprint.to_string(),
            text: from.text.clone(),
            database: from.database.clone(),
            errors: from.errors,
        }
    }
}

impl TryFrom<FailedDoc> for FailedStatement {
    type Error = Broken;

    fn try_from(from: FailedDoc) -> Result<Self, Broken> {
        Ok(Self {
            fingerprint: read_fingerprint("failed.fingerprint", &from.fingerprint)?,
            text: from.text,
            database: from.database,
            errors: from.errors,
        })
    }
}

impl From<&LogFacts> for LogDoc {
    fn from(from: &LogFacts) -> Self {
        Self {
            sources: all(&from.sources),
            events: from.events,
            total_ms: from.total_ms,
            filtered: from.filtered,
            own: from.own,
            untimed: from.untimed,
            empty: from.empty,
            steps: from.steps,
            steps_ms: from.steps_ms,
            administrator_commands: from.administrator_commands,
            weighed: from.weighed,
            summarised: from.summarised,
            summarised_ms: from.summarised_ms,
            errors: all(&from.errors),
            failed: all(&from.failed),
            temp_files: from.temp_files,
            temp_bytes: from.temp_bytes,
            checkpoints: from.checkpoints,
            checkpoint_starts: all(&from.checkpoint_starts),
            checkpoint_warnings: from.checkpoint_warnings,
            checkpoint_sync_ms: from.checkpoint_sync_ms,
            autovacuum: all(&from.autovacuum),
            vacuum_held_back: all(&from.vacuum_held_back),
            autoanalyze: all(&from.autoanalyze),
            lock_waits: from.lock_waits,
            lock_ms: from.lock_ms,
            deadlocks: from.deadlocks,
            connections: from.connections,
            rejects: all(&from.rejects),
            load_step_s: from.load_step_s,
            load: all(&from.load),
            hours: all(&from.hours),
        }
    }
}

impl TryFrom<LogDoc> for LogFacts {
    type Error = Broken;

    fn try_from(from: LogDoc) -> Result<Self, Broken> {
        let failed: Result<Vec<_>, Broken> =
            from.failed.into_iter().map(FailedStatement::try_from).collect();
        Ok(Self {
            sources: back(from.sources),
            events: from.events,
            total_ms: from.total_ms,
            filtered: from.filtered,
            own: from.own,
            untimed: from.untimed,
            empty: from.empty,
            steps: from.steps,
            steps_ms: from.steps_ms,
            administrator_commands: from.administrator_commands,
            weighed: from.weighed,
            summarised: from.summarised,
            summarised_ms: from.summarised_ms,
            errors: back(from.errors),
            failed: failed?,
            temp_files: from.temp_files,
            temp_bytes: from.temp_bytes,
            checkpoints: from.checkpoints,
            checkpoint_starts: back(from.checkpoint_starts),
            checkpoint_warnings: from.checkpoint_warnings,
            checkpoint_sync_ms: from.checkpoint_sync_ms,
            autovacuum: back(from.autovacuum),
            vacuum_held_back: back(from.vacuum_held_back),
            autoanalyze: back(from.autoanalyze),
            lock_waits: from.lock_waits,
            lock_ms: from.lock_ms,
            deadlocks: from.deadlocks,
            connections: from.connections,
            rejects: back(from.rejects),
            load_step_s: from.load_step_s,
            load: back(from.load),
            hours: back(from.hours),
        })
    }
}

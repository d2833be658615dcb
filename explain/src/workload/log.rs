//! What only a log knows: when a statement ran, and what else happened on the server.
//!
//! A live collection has totals; a log has every execution with its time. What that adds to a
//! statement is its [`History`], what it says of the server are the [`LogFacts`]. Times are RFC
//! 3339 texts in UTC, as everywhere in a snapshot.

use super::Fingerprint;

/// When a statement ran, and what else a log says of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// Its first execution in the log.
    pub first_seen: Option<String>,
    /// Its last execution in the log.
    pub last_seen: Option<String>,
    /// Executions per hour, in order; hours without any are left out.
    pub hours: Vec<HourOfCalls>,
    /// Lines or entries of the log that tell of it: fewer than its calls where the server logged
    /// only a part of them.
    pub events: u64,
    /// Milliseconds of its slowest execution, whose text the statement shows.
    pub slowest_ms: Option<f64>,
    /// When that was.
    pub slowest_at: Option<String>,
    /// The trace of that execution (W3C `traceparent`), from a comment in its text.
    pub trace: Option<String>,
    /// What the comments of that execution say (sqlcommenter): keys and values, in their order.
    pub tags: Vec<(String, String)>,
    /// Plans that were logged with it, of which the slowest are kept.
    pub plans: u64,
}

/// Executions of a statement in an hour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HourOfCalls {
    /// When the hour began.
    pub start: String,
    /// Executions.
    pub calls: u64,
}

/// The work of a piece of time, over all statements.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LoadStep {
    /// When it began.
    pub start: String,
    /// Executions.
    pub calls: u64,
    /// Milliseconds of them.
    pub total_ms: f64,
}

/// A name and how often it was counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counted {
    /// The name: a message without its values, a table, a reason.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// A log that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogSource {
    /// Its name.
    pub name: String,
    /// The reader's name, e.g. `postgres-stderr`; `empty` when there was nothing in it.
    pub format: String,
    /// Bytes, without compression.
    pub bytes: u64,
    /// Lines, without compression.
    pub lines: u64,
    /// Executions that were found in it.
    pub events: u64,
}

/// A statement that only ever failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FailedStatement {
    /// The statement.
    pub fingerprint: Fingerprint,
    /// Its text; literals replaced unless the user asked to keep them.
    pub text: String,
    /// Its database.
    pub database: Option<String>,
    /// How often it failed.
    pub errors: u64,
}

/// Pieces of a log that were not read, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RejectedPieces {
    /// A stable word for the reason, e.g. `no-record`.
    pub kind: String,
    /// The reason in words.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What logs say besides the statements of a snapshot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogFacts {
    /// What was read.
    pub sources: Vec<LogSource>,
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
    /// Executions that say nothing (`;`, a comment): in the totals, and in no statement.
    pub empty: u64,
    /// Steps that are logged beside the execution they belong to (parse, bind; the command around
    /// MongoDB's updates): not executions.
    pub steps: u64,
    /// Milliseconds of those.
    pub steps_ms: f64,
    /// Administrator commands (Ping, Quit …) among the executions.
    pub administrator_commands: u64,
    /// Events that stand for more than one execution (rate limits).
    pub weighed: u64,
    /// Executions that are in the totals only, because there were too many different statements.
    pub summarised: u64,
    /// Milliseconds of those.
    pub summarised_ms: f64,
    /// Errors per message, values removed; most frequent first.
    pub errors: Vec<Counted>,
    /// Statements that failed and never succeeded; most errors first.
    pub failed: Vec<FailedStatement>,
    /// Temporary files that were written.
    pub temp_files: u64,
    /// Their bytes.
    pub temp_bytes: u64,
    /// Checkpoints that were completed.
    pub checkpoints: u64,
    /// Why checkpoints began, as far as that was logged: `time`, `wal`, `request`.
    pub checkpoint_starts: Vec<Counted>,
    /// Warnings that checkpoints come too often.
    pub checkpoint_warnings: u64,
    /// Milliseconds of the longest syncing of files at the end of a checkpoint.
    pub checkpoint_sync_ms: f64,
    /// Autovacuum runs per table; most frequent first.
    pub autovacuum: Vec<Counted>,
    /// Autovacuum runs per table that left a thousand dead rows and more, because some session may
    /// still see them; most frequent first.
    pub vacuum_held_back: Vec<Counted>,
    /// Autoanalyze runs per table; most frequent first.
    pub autoanalyze: Vec<Counted>,
    /// Waits for a lock that the server reported.
    pub lock_waits: u64,
    /// Milliseconds of lock waits whose end was reported.
    pub lock_ms: f64,
    /// Deadlocks.
    pub deadlocks: u64,
    /// Connections that were made.
    pub connections: u64,
    /// What was not read, by reason.
    pub rejects: Vec<RejectedPieces>,
    /// Seconds of each step of `load`.
    pub load_step_s: u64,
    /// The work over time, in order; steps without any are left out.
    pub load: Vec<LoadStep>,
    /// The work per hour, in order; hours without any are left out.
    pub hours: Vec<LoadStep>,
}

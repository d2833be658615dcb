//! Plans, by EXPLAIN.
//!
//! Each statement is a message of its own, so that a failure hurts no other, and many are under
//! way at once on one connection: the server's speed is then the limit, not the way to it.
//! A normalized text is planned with GENERIC_PLAN (16+) or as a prepared statement with a generic
//! plan; either goes by the simple protocol only.

use super::errors;
use super::generic;
use super::link::{Link, MARK, Row};
use super::redacted;
use super::repairs::{self, Failure};
use super::routines::Routines;
use crate::driver::{Execution, PlanOutcome};
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::Policy;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use planscope_explain::workload::query::{explainable, is_single_select_without_side_effects};
use planscope_explain::workload::{PlanRecord, Problem, Statement};
use planscope_explain::{Engine, formats};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio_postgres::error::ErrorPosition;

/// Messages under way at once. 32 to 500 take the same time over a network of 10 ms; few enough
/// that a stop finds little left to cancel.
pub(super) const PIPELINE: usize = 32;

/// Most texts that are tried for one statement.
const MOST_ATTEMPTS: usize = 24;

/// How long after its limit the server may still come up with the answer.
const GRACE: Duration = Duration::from_secs(3);

/// Names of prepared statements; never the same twice, because one that is left behind by a
/// failure must not be in the way of the next.
static PREPARED: AtomicU64 = AtomicU64::new(0);

/// How plans are asked for on this server.
#[derive(Clone)]
pub(super) struct Explainer<'a> {
    pub link: &'a Link,
    /// Goes before and after each EXPLAIN in the same message (hypothetical indexes).
    pub before: String,
    /// See `before`.
    pub after: String,
}

/// Whether and how statements are run.
struct Run<'a> {
    policy: &'a Policy,
    execution: Execution,
    routines: &'a Routines,
}

/// An EXPLAIN as it is sent: the text of the statement stands between the two.
struct Message {
    head: String,
    tail: String,
    /// The prepared statement that is left behind when the message fails.
    prepared: Option<String>,
}

/// A plan with all that the message answered.
pub(super) struct Planned {
    pub record: PlanRecord,
    /// The rows of each statement of the message.
    pub sets: Vec<Vec<Row>>,
}

/// Gives the plans of statements to `found`, in order.
pub(super) async fn plans(
    link: &Link,
    policy: &Policy,
    statements: &[Statement],
    execution: Execution,
    found: &mut (dyn FnMut(PlanOutcome) + Send),
) -> Result<()> {
    let explainer = Explainer { link, before: String::new(), after: String::new() };
    let depth = if execution == Execution::Analyze { 1 } else { PIPELINE };
    let limit = match execution {
        Execution::PlanOnly => policy.plan_timeout(link.pulse.slowest()),
        Execution::Analyze if link.facts.version_num < 130_000 => policy.analyze_timeout,
        Execution::Analyze => policy.statement_timeout,
    };
    let is_limited = limit != policy.statement_timeout;
    let work = async {
        if is_limited {
            limit_messages(link, limit).await?;
        }
        // What users wrote matters only to what is run.
        let routines = match execution {
            Execution::Analyze => Routines::read(link).await?,
            Execution::PlanOnly => Routines::default(),
        };
        let run = Run { policy, execution, routines: &routines };
        let mut asked: Vec<BoxFuture<'_, Result<PlanOutcome>>> = Vec::new();
        for statement in statements {
            asked.push(Box::pin(explainer.outcome(statement, &run)));
        }
        let mut outcomes = stream::iter(asked).buffered(depth);
        while let Some(outcome) = outcomes.next().await {
            found(outcome?);
        }
        if is_limited {
            limit_messages(link, policy.statement_timeout).await?;
        }
        Ok(())
    };
    link.until_stopped(work).await
}

/// For all messages that follow: before 13 the clock of a message runs from its start, whatever is set
/// in it.
async fn limit_messages(link: &Link, limit: Duration) -> Result<()> {
    if link.facts.is_pooled {
        return Ok(()); // A setting of the session would stay for others.
    }
    let set = format!("SET {MARK} statement_timeout = {}", limit.as_millis().max(1));
    link.ask(&set).await.map(|_| ())
}

impl Explainer<'_> {
    /// A statement's plan or problem; an error only when going on is pointless.
    async fn outcome(&self, statement: &Statement, run: &Run<'_>) -> Result<PlanOutcome> {
        let problem = |kind: &str, message: String| Problem {
            kind: kind.to_owned(),
            message,
            statement: Some(statement.fingerprint),
        };
        if let Err(why) = explainable(&statement.text, Engine::Postgres) {
            return Ok(Err(problem(
                "not-explainable",
                format!("the statement has no plan: {why}"),
            )));
        }
        let not_run = not_run(&statement.text)
            .or_else(|| run.routines.refusal(&statement.text).map(|why| format!("not run: {why}")));
        let record = match (run.execution, not_run) {
            (Execution::Analyze, None) => {
                self.analyzed(&statement.text, run.policy.run_timeout(statement)).await
            }
            (Execution::Analyze, Some(why)) => {
                self.planned(&statement.text).await.map(|planned| noted(planned.record, &why))
            }
            (Execution::PlanOnly, _) => {
                self.planned(&statement.text).await.map(|planned| planned.record)
            }
        };
        match record {
            Ok(record) => Ok(Ok(record)),
            Err(error) if matters_to_all(&error) => Err(error),
            Err(error) => Ok(Err(errors::problem(&error, statement.fingerprint))),
        }
    }

    /// Runs the statement. The server ends it at its limit; should it not, we do.
    async fn analyzed(&self, sql: &str, limit: Duration) -> Result<PlanRecord> {
        let millis = limit.as_millis().max(1);
        let set = format!("SET LOCAL statement_timeout = {millis};");
        let head = format!("{set}EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON, SETTINGS) {MARK} ");
        let message = Message { head, tail: ";".to_owned(), prepared: None };
        let sent = tokio::time::timeout(limit + GRACE, self.send(&message, sql)).await;
        let Ok(answer) = sent else {
            self.link.cancel().await;
            let message = format!("no answer within {} s", limit.as_secs_f64());
            return Err(CollectError::new(ErrorKind::Timeout, message));
        };
        Ok(answer?.record)
    }

    /// Plans the statement, with what it takes to make a normalized text valid.
    pub async fn planned(&self, sql: &str) -> Result<Planned> {
        let mut first: Option<CollectError> = None;
        let mut tried = BTreeSet::new();
        let mut next = vec![(generic::rewrite(&redacted::with_parameters(sql)), None)];
        while let Some((text, failed_at)) = next.pop() {
            if tried.len() == MOST_ATTEMPTS || !tried.insert(text.clone()) {
                continue;
            }
            match self.once(&text).await {
                Ok(planned) => return Ok(planned),
                Err(failed) => {
                    // A repair that fails at the same place was none; what it leads to is no use.
                    let at = failed.at.map(|at| repairs::parameters_before(&text, at));
                    if at.is_none() || at != failed_at {
                        let repairs = failed.repairs(&text).into_iter().rev();
                        next.extend(repairs.map(|text| (text, at)));
                    }
                    first = first.or(Some(failed.error));
                }
            }
        }
        let none = || CollectError::new(ErrorKind::Input, "the statement is empty");
        Err(first.unwrap_or_else(none))
    }

    /// Plans one text.
    async fn once(&self, sql: &str) -> Result<Planned, Failed> {
        let parameters = generic::parameter_count(sql);
        let planned = self.send(&self.message(parameters, false), sql).await?;
        let is_pruned = parameters > 0
            && self.link.facts.version_num < 160_000
            && planned.record.raw.as_deref().is_some_and(lacks_partitions);
        if !is_pruned {
            return Ok(planned);
        }
        // EXECUTE (NULL) prunes every partition when it starts; the generic plan has them all.
        self.send(&self.message(parameters, true), sql).await
    }

    fn message(&self, parameters: u32, keep_partitions: bool) -> Message {
        let options = "FORMAT JSON, SETTINGS";
        if parameters == 0 {
            let head = format!("EXPLAIN ({options}) {MARK} ");
            return Message { head, tail: ";".to_owned(), prepared: None };
        }
        if self.link.facts.version_num >= 160_000 {
            let head = format!("EXPLAIN (GENERIC_PLAN, {options}) {MARK} ");
            return Message { head, tail: ";".to_owned(), prepared: None };
        }
        let name = format!("planscope_{}", PREPARED.fetch_add(1, Ordering::Relaxed));
        let pruning = match keep_partitions {
            true => "SET LOCAL enable_partition_pruning = off;",
            false => "",
        };
        let nulls = vec!["NULL"; parameters as usize].join(",");
        Message {
            head: format!(
                "SET LOCAL plan_cache_mode = force_generic_plan;{pruning}PREPARE {name} AS {MARK} "
            ),
            tail: format!(";EXPLAIN ({options}) EXECUTE {name} ({nulls});DEALLOCATE {name};"),
            prepared: Some(name),
        }
    }

    /// Sends a message; gives the plan in its answer.
    async fn send(&self, message: &Message, sql: &str) -> Result<Planned, Failed> {
        let head = format!("{}{}", self.before, message.head);
        // A comment at the text's end must not swallow what follows.
        let sent = format!("{head}{sql}\n{}{}", message.tail, self.after);
        match self.link.ask(&sent).await {
            Ok(sets) => Ok(Planned { record: read(&plan_text(&sets))?, sets }),
            Err(error) => {
                let before = self.link.prelude.chars().count() + head.chars().count();
                let failed = Failed { at: place(&error, before, sql), error };
                if let Some(name) = message.prepared.as_ref().filter(|_| !failed.is_in_text()) {
                    // It was prepared before the failure, and outlives the transaction.
                    let _ = self.link.ask(&format!("DEALLOCATE {name}")).await;
                }
                Err(failed)
            }
        }
    }
}

/// A failure and the byte of the statement's text that the server points at.
struct Failed {
    error: CollectError,
    at: Option<usize>,
}

impl From<CollectError> for Failed {
    fn from(error: CollectError) -> Self {
        Self { error, at: None }
    }
}

impl From<Failed> for CollectError {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

impl Failed {
    /// Whether the text itself was refused: a syntax error or an unknown name or type.
    fn is_in_text(&self) -> bool {
        errors::database_error(&self.error).is_some_and(|db| {
            let code = db.code().code();
            code.starts_with("42") && code != "42501"
        })
    }

    fn repairs(&self, sql: &str) -> Vec<String> {
        let Some(db) = errors::database_error(&self.error) else { return Vec::new() };
        let failure = Failure { code: db.code().code(), message: db.message(), at: self.at };
        repairs::repairs(sql, &failure)
    }
}

/// Where the server points at in `sql`, which stands after `before` characters of the message.
fn place(error: &CollectError, before: usize, sql: &str) -> Option<usize> {
    let Some(ErrorPosition::Original(position)) = errors::database_error(error)?.position() else {
        return None;
    };
    let character = (*position as usize).checked_sub(before + 1)?;
    sql.char_indices().nth(character).map(|(byte, _)| byte)
}

/// The plan's text: of the answer's sets of rows, the one in EXPLAIN's only column.
fn plan_text(sets: &[Vec<Row>]) -> String {
    let is_plan = |rows: &&Vec<Row>| {
        rows.first().and_then(|row| row.get(0)).is_some_and(|text| text.starts_with('['))
    };
    let lines = sets.iter().find(is_plan).into_iter().flatten();
    lines.filter_map(|row| row.get(0)).collect::<Vec<_>>().join("\n")
}

fn read(text: &str) -> Result<PlanRecord> {
    let format = formats::by_name("postgres-json");
    let unreadable = |error: formats::FormatError| {
        CollectError::new(ErrorKind::Input, format!("the plan cannot be read: {error}"))
    };
    let readings = formats::read(text, format).map_err(unreadable)?;
    let Some(reading) = readings.into_iter().next() else {
        return Err(CollectError::new(ErrorKind::Input, "the answer holds no plan"));
    };
    let mut plan = reading.plan;
    // Ours, not the application's.
    plan.settings
        .retain(|(name, _)| name != "plan_cache_mode" && name != "enable_partition_pruning");
    Ok(PlanRecord { plan, raw: Some(text.to_owned()) })
}

/// Whether partitions were pruned when execution started.
fn lacks_partitions(raw: &str) -> bool {
    raw.match_indices("\"Subplans Removed\":").any(|(at, found)| {
        let count = raw[at + found.len()..].trim_start();
        !count.starts_with('0')
    })
}

/// Why a statement is not run though it was asked for; `None` when it may be.
fn not_run(sql: &str) -> Option<String> {
    if generic::parameter_count(sql) > 0 {
        return Some("not run: its parameters are not known".to_owned());
    }
    let safe = is_single_select_without_side_effects(sql, Engine::Postgres);
    safe.err().map(|why| format!("not run: {why}"))
}

/// The key under which a plan says why it holds no times though they were asked for.
const NOT_RUN: &str = "planscope.not_run";

/// Tells at a statement that is to be run why it will not be.
pub(super) fn note_not_run(statement: &mut Statement) {
    if let Some(message) = not_run(&statement.text) {
        let kind = "not-run".to_owned();
        let statement_id = Some(statement.fingerprint);
        statement.problems.push(Problem { kind, message, statement: statement_id });
    }
}

fn noted(mut record: PlanRecord, why: &str) -> PlanRecord {
    record.plan.details.insert(NOT_RUN.to_owned(), Value::String(why.to_owned()));
    record
}

/// Whether the failure is not the statement's: nothing else will work either.
pub(super) fn matters_to_all(error: &CollectError) -> bool {
    matches!(error.kind, ErrorKind::Connection | ErrorKind::Stopped)
}

//! Running statements from a file and counting what they cost.
//!
//! Only statements that SQLite itself calls read-only are run, on a connection that cannot write. A
//! statement runs as often as the file says, but no longer than [`BUDGET`]: `calls` is what was
//! really run, never an extrapolation.
//!
//! Beside the clock SQLite counts work, which is the same on every machine: instructions of its
//! virtual machine (`vm_steps`), sorts, rows put into automatic indexes, and the steps of full
//! scans, which stand for `rows_examined` (rows found through an index are not counted by SQLite).

use super::SqliteSession;
use super::connect::now;
use crate::clock;
use crate::driver::Workload;
use crate::error::{CollectError, ErrorKind, Result};
use crate::queries::QueryText;
use planscope_explain::Engine;
use planscope_explain::workload::fingerprint::fingerprint;
use planscope_explain::workload::{Counters, Percentiles, Problem, Statement, Window};
use rusqlite::{Statement as Prepared, StatementStatus};
use std::time::Duration;

/// Longest time that one statement is repeated: long enough for a steady mean, short enough that
/// a hundred statements are done within minutes.
const BUDGET: Duration = Duration::from_secs(2);

/// The runs of one statement.
#[derive(Debug, Default)]
struct Runs {
    /// Milliseconds of each run, in order.
    times_ms: Vec<f64>,
    rows: f64,
    full_scan_steps: f64,
    sorts: f64,
    auto_index_rows: f64,
    vm_steps: f64,
}

impl SqliteSession {
    /// Measures the statements in order. When the user stops it, those that are done are kept.
    pub(super) fn measure_all(
        &mut self,
        queries: &[QueryText],
        progress: &mut dyn FnMut(usize),
    ) -> Result<Workload> {
        let from = clock::now();
        let mut statements = Vec::with_capacity(queries.len());
        let mut problems = Vec::new();
        for (done, query) in queries.iter().enumerate() {
            match self.measure_one(query) {
                Ok(statement) => statements.push(statement),
                Err(error) if error.kind == ErrorKind::Stopped && done > 0 => {
                    let message = format!("stopped after {done} of {} statements", queries.len());
                    problems.push(problem("stopped", message));
                    break;
                }
                Err(error) => return Err(error),
            }
            progress(done + 1);
        }
        let total_ms = statements.iter().filter_map(|s: &Statement| s.counters.total_ms).sum();
        Ok(Workload {
            statements,
            of: queries.len() as u64,
            total_ms: Some(total_ms),
            window: Window { from: Some(from), to: Some(clock::now()) },
            problems,
        })
    }

    fn measure_one(&self, query: &QueryText) -> Result<Statement> {
        self.watch.stop.check()?;
        let mut statement = Statement {
            fingerprint: fingerprint(&query.text, Engine::Sqlite),
            text: query.text.clone(),
            name: Some(query.name.clone()),
            source: Some(query.source.clone()),
            ..Statement::default()
        };
        // A text that cannot be prepared is reported once, by the plan that cannot be made of it.
        let Ok(mut prepared) = self.connection.compile(&query.text) else {
            if self.policy.rehearsal.is_some() && is_query(&query.text) {
                self.record_run(&query.text)?;
            }
            return Ok(statement);
        };
        if let Some(problem) = reason_not_to_run(&prepared, &query.text) {
            statement.problems.push(problem);
            return Ok(statement);
        }
        self.record_run(&query.text)?;
        let mut runs = Runs::default();
        let outcome = self.repeat(&mut prepared, query.calls.max(1), &mut runs);
        statement.counters = runs.counters();
        statement.percentiles = runs.percentiles();
        statement.problems.extend(outcome?);
        Ok(statement)
    }

    fn record_run(&self, text: &str) -> Result<()> {
        self.connection.record(text).map_err(|error| self.error(error))
    }

    /// Runs it up to `calls` times; what kept it from running as often is the problem returned.
    fn repeat(
        &self,
        prepared: &mut Prepared<'_>,
        calls: u32,
        runs: &mut Runs,
    ) -> Result<Option<Problem>> {
        let start = now();
        for done in 0..calls {
            if done > 0 && start.elapsed() >= BUDGET {
                let seconds = BUDGET.as_secs();
                let message = format!("run {done} of {calls} times: {seconds} s is the limit");
                return Ok(Some(problem("calls-cut", message)));
            }
            let _limit = self.watch.limit(self.policy.analyze_timeout);
            match runs.add(prepared).map_err(|error| self.error(error)) {
                Ok(()) => {}
                Err(error) if error.kind == ErrorKind::Stopped => return Err(error),
                Err(error) => return Ok(Some(failure(&error))),
            }
        }
        Ok(None)
    }
}

fn problem(kind: &str, message: impl Into<String>) -> Problem {
    Problem { kind: kind.into(), message: message.into(), statement: None }
}

fn failure(error: &CollectError) -> Problem {
    let kind = if error.kind == ErrorKind::Timeout { "timeout" } else { "failed" };
    problem(kind, error.message.clone())
}

/// Why a statement is planned but not run, if so.
fn reason_not_to_run(prepared: &Prepared<'_>, text: &str) -> Option<Problem> {
    // ATTACH, PRAGMA and BEGIN count as read-only, too; only queries are run.
    if !prepared.readonly() || prepared.column_count() == 0 || !is_query(text) {
        return Some(problem("not-run", "it is not a plain query: planned, not run"));
    }
    let parameters = prepared.parameter_count();
    (parameters > 0).then(|| {
        let message = format!("{parameters} parameter(s) without a value: planned, not run");
        problem("parameters", message)
    })
}

/// Whether the first word after comments begins a query.
fn is_query(text: &str) -> bool {
    let mut rest = text.trim_start();
    loop {
        rest = if let Some(line) = rest.strip_prefix("--") {
            line.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(block) = rest.strip_prefix("/*") {
            block.split_once("*/").map_or("", |(_, after)| after)
        } else {
            break;
        }
        .trim_start();
    }
    let word: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
    ["select", "with", "values"].contains(&word.to_ascii_lowercase().as_str())
}

impl Runs {
    /// Runs it once to its last row.
    fn add(&mut self, prepared: &mut Prepared<'_>) -> rusqlite::Result<()> {
        let start = now();
        let mut rows = prepared.raw_query();
        let mut count = 0_u64;
        while rows.next()?.is_some() {
            count += 1;
        }
        drop(rows);
        self.times_ms.push(start.elapsed().as_secs_f64() * 1000.0);
        self.rows += count as f64;
        // The counters are 32 bits wide and unsigned underneath; they are reset at every run.
        let take = |what| f64::from(prepared.reset_status(what).cast_unsigned());
        self.full_scan_steps += take(StatementStatus::FullscanStep);
        self.sorts += take(StatementStatus::Sort);
        self.auto_index_rows += take(StatementStatus::AutoIndex);
        self.vm_steps += take(StatementStatus::VmStep);
        Ok(())
    }

    fn counters(&self) -> Counters {
        if self.times_ms.is_empty() {
            return Counters::default();
        }
        let calls = self.times_ms.len() as f64;
        let total: f64 = self.times_ms.iter().sum();
        let mean = total / calls;
        let variance = self.times_ms.iter().map(|ms| (ms - mean).powi(2)).sum::<f64>() / calls;
        Counters {
            calls: Some(calls),
            total_ms: Some(total),
            mean_ms: Some(mean),
            min_ms: self.times_ms.iter().copied().reduce(f64::min),
            max_ms: self.times_ms.iter().copied().reduce(f64::max),
            stddev_ms: Some(variance.sqrt()),
            rows: Some(self.rows),
            rows_examined: Some(self.full_scan_steps),
            sorts: Some(self.sorts),
            auto_index_rows: Some(self.auto_index_rows),
            vm_steps: Some(self.vm_steps),
            ..Counters::default()
        }
    }

    fn percentiles(&self) -> Percentiles {
        let mut sorted = self.times_ms.clone();
        sorted.sort_by(f64::total_cmp);
        // Nearest rank: always a time that was really measured.
        let at = |share: f64| {
            let rank = (share * sorted.len() as f64).ceil() as usize;
            sorted.get(rank.saturating_sub(1)).copied()
        };
        Percentiles { p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99) }
    }
}

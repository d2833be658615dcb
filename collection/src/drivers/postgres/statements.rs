//! The workload, from pg_stat_statements.

use super::link::{Link, Row};
use crate::clock;
use crate::driver::{Ranking, Workload};
use crate::drivers::counters::add;
use crate::error::{CollectError, ErrorKind, Result};
use crate::select::{Filter, Selection};
use planscope_explain::workload::fingerprint::fingerprint;
use planscope_explain::workload::query::explainable;
use planscope_explain::workload::{Counters, Fingerprint, Problem, Statement, Window};
use planscope_explain::{Engine, units};
use serde::Deserialize;
use std::collections::BTreeMap;

pub(super) const VIEW: &str = include_str!("../sql/postgres/statistics_view.sql");
const WORKLOAD: &str = include_str!("../sql/postgres/workload.sql");
const OTHERS: &str = include_str!("../sql/postgres/other_databases.sql");
const INFO: &str = include_str!("../sql/postgres/statistics_info.sql");

/// The extension's view on this server.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// The schema it is in, quoted where needed.
    pub schema: String,
    /// The extension's version in this database.
    pub version: String,
    columns: Vec<String>,
    /// Whether `pg_stat_statements_info` is there.
    pub has_info: bool,
    times_io: bool,
}

/// A row of the view. Names are of version 1.8 and newer; the others are aliases.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Entry {
    id: Option<String>,
    query: Option<String>,
    rolname: Option<String>,
    datname: Option<String>,
    calls: f64,
    #[serde(alias = "total_time")]
    total_exec_time: f64,
    #[serde(alias = "min_time")]
    min_exec_time: f64,
    #[serde(alias = "max_time")]
    max_exec_time: f64,
    #[serde(alias = "stddev_time")]
    stddev_exec_time: f64,
    plans: Option<f64>,
    total_plan_time: Option<f64>,
    rows: f64,
    shared_blks_hit: f64,
    shared_blks_read: f64,
    shared_blks_dirtied: f64,
    shared_blks_written: f64,
    temp_blks_read: f64,
    temp_blks_written: f64,
    #[serde(alias = "blk_read_time")]
    shared_blk_read_time: f64,
    #[serde(alias = "blk_write_time")]
    shared_blk_write_time: f64,
    local_blk_read_time: f64,
    local_blk_write_time: f64,
    temp_blk_read_time: f64,
    temp_blk_write_time: f64,
    wal_bytes: Option<f64>,
    all_statements: u64,
    all_ms: Option<f64>,
    hidden: u64,
}

impl View {
    /// Finds the view.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] with what to type when the extension is not there.
    pub async fn find(link: &Link) -> Result<Self> {
        let rows = link.rows(VIEW).await?;
        let row = rows.first().ok_or_else(|| missing(&link.facts.database))?;
        let text = |column| row.get(column).unwrap_or_default().to_owned();
        Ok(Self {
            schema: text(0),
            version: text(1),
            columns: text(2).split(',').map(str::to_owned).collect(),
            has_info: row.flag(3),
            times_io: row.flag(4),
        })
    }

    fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|have| have == column)
    }

    fn fill(&self, sql: &str, by: &[Ranking], limit: usize) -> String {
        let exec = if self.has("total_exec_time") { "_exec" } else { "" };
        let mut ranks: Vec<String> = by.iter().filter_map(|by| figure(*by, exec)).collect();
        if ranks.is_empty() {
            ranks.push(format!("total{exec}_time"));
        }
        let place = |figure: &String| format!("row_number() OVER (ORDER BY {figure} DESC)");
        let places: Vec<String> = ranks.iter().map(place).collect();
        sql.replace("{schema}", &self.schema)
            .replace("{total}", &format!("total{exec}_time"))
            .replace("{place}", &format!("least({})", places.join(", ")))
            // int4, which LIMIT and a comparison take in every version.
            .replace("{limit}", &limit.min(i32::MAX as usize).to_string())
    }
}

/// The column of a ranking; `None` where the view has none (rows examined are not counted).
fn figure(by: Ranking, exec: &str) -> Option<String> {
    Some(match by {
        Ranking::TotalTime => format!("total{exec}_time"),
        Ranking::MeanTime => format!("mean{exec}_time"),
        Ranking::Calls => "calls".to_owned(),
        Ranking::Rows => "rows".to_owned(),
        Ranking::Reads => "shared_blks_read".to_owned(),
        Ranking::Temp => "temp_blks_written".to_owned(),
        Ranking::Variance => format!("stddev{exec}_time"),
        Ranking::RowsPerResult => return None,
    })
}

fn missing(database: &str) -> CollectError {
    CollectError::new(
        ErrorKind::Missing,
        format!("the database {database} does not have the extension pg_stat_statements"),
    )
    .hint("CREATE EXTENSION pg_stat_statements;")
    .hint("in postgresql.conf: shared_preload_libraries = 'pg_stat_statements', then restart the server")
    .hint("without it: planscope collect --queries FILE takes the statements from a file")
}

/// The view is there, but the library behind it was not loaded with the server.
fn explained(error: CollectError) -> CollectError {
    if !error.message.contains("shared_preload_libraries") {
        return error;
    }
    CollectError { kind: ErrorKind::Missing, hints: Vec::new(), ..error }
        .hint("in postgresql.conf: shared_preload_libraries = 'pg_stat_statements', then restart the server")
}

/// The heaviest statements.
pub(super) async fn workload(link: &Link, selection: &Selection) -> Result<Workload> {
    let view = View::find(link).await?;
    // Utility statements are told apart by their text, here; so a few more are asked for, and
    // again when that was not enough.
    let mut limit = selection.limit();
    let (entries, statements) = loop {
        let sql = view.fill(WORKLOAD, &selection.by, limit);
        let entries: Vec<Entry> = link.records(&sql).await.map_err(explained)?;
        let statements = selection.choose(merged(&entries, &view, &selection.filter));
        if statements.len() >= selection.top || entries.len() < limit {
            break (entries, statements);
        }
        limit = limit.saturating_mul(4);
    };
    let first = entries.into_iter().next().unwrap_or_default();
    let mut workload = Workload {
        statements,
        of: first.all_statements,
        total_ms: first.all_ms.filter(|_| first.all_statements > 0),
        window: Window { from: None, to: Some(clock::now()) },
        problems: Vec::new(),
    };
    if first.hidden > 0 {
        workload.problems.push(hidden(first.hidden, &link.facts.user));
    }
    let spread = link.rows(&view.fill(OTHERS, &[], limit)).await.map_err(explained)?;
    let spread: Vec<Share> = spread.iter().filter_map(Share::of).collect();
    workload.problems.extend(elsewhere(&spread));
    if view.has_info {
        let rows = link.rows(&view.fill(INFO, &[], limit)).await?;
        rows.first().into_iter().for_each(|row| take_info(&mut workload, row));
    }
    Ok(workload)
}

fn hidden(count: u64, user: &str) -> Problem {
    let quoted = Engine::Postgres.quoted(user);
    Problem {
        kind: "permission".to_owned(),
        message: format!(
            "{count} statements of other users are hidden from {user}; GRANT pg_read_all_stats TO {quoted}"
        ),
        statement: None,
    }
}

/// A database's part of the time that the server spent.
struct Share {
    database: String,
    ms: f64,
    is_ours: bool,
}

impl Share {
    fn of(row: &Row) -> Option<Self> {
        let (database, ms) = (row.get(0)?.to_owned(), row.get(1)?.parse().ok()?);
        Some(Self { database, ms, is_ours: row.flag(2) })
    }
}

/// From which share on it is said that the time goes to other databases.
const ELSEWHERE: f64 = 0.5;

/// A connection sees the statements of its own database only; the trouble may be in another.
fn elsewhere(spread: &[Share]) -> Option<Problem> {
    let all: f64 = spread.iter().map(|share| share.ms).sum();
    let others: Vec<&Share> = spread.iter().filter(|share| !share.is_ours).collect();
    let share = others.iter().map(|share| share.ms).sum::<f64>() / all;
    if share.is_nan() || share < ELSEWHERE {
        return None;
    }
    let most = others.iter().take(3);
    let names: Vec<String> =
        most.map(|s| format!("{} ({})", s.database, units::Share(s.ms / all))).collect();
    Some(Problem {
        kind: "other-databases".to_owned(),
        message: format!(
            "{} of the time of the server's statements went to other databases: {}; collect from them, too",
            units::Share(share),
            names.join(", ")
        ),
        statement: None,
    })
}

fn take_info(workload: &mut Workload, row: &Row) {
    workload.window.from = row.get(1).map(str::to_owned);
    let evicted: u64 = row.get(0).and_then(|text| text.parse().ok()).unwrap_or(0);
    if evicted > 0 {
        let since = row.get(1).unwrap_or("its last reset");
        let max = row.get(2).unwrap_or("its limit");
        workload.problems.push(Problem {
            kind: "evictions".to_owned(),
            message: format!(
                "pg_stat_statements was full {evicted} times since {since} and forgot its rarest statements; \
                 pg_stat_statements.max is {max}"
            ),
            statement: None,
        });
    }
}

/// The statements that have a plan, one for each fingerprint. What the filter leaves out is not added
/// to the figures of another user's.
fn merged(entries: &[Entry], view: &View, filter: &Filter) -> Vec<Statement> {
    let mut place: BTreeMap<Fingerprint, usize> = BTreeMap::new();
    let mut statements: Vec<Statement> = Vec::new();
    for entry in entries {
        let Some(text) =
            entry.query.as_deref().filter(|text| explainable(text, Engine::Postgres).is_ok())
        else {
            continue;
        };
        let statement = Statement {
            fingerprint: fingerprint(text, Engine::Postgres),
            engine_id: entry.id.clone(),
            text: text.to_owned(),
            database: entry.datname.clone(),
            user: entry.rolname.clone(),
            counters: entry.counters(view.times_io),
            ..Statement::default()
        };
        if !filter.passes(&statement) {
            continue;
        }
        match place.get(&statement.fingerprint) {
            // The same statement of another user, or of a table that was made anew.
            Some(&at) => add(&mut statements[at].counters, &statement.counters),
            None => {
                place.insert(statement.fingerprint, statements.len());
                statements.push(statement);
            }
        }
    }
    statements
}

impl Entry {
    fn counters(&self, times_io: bool) -> Counters {
        let io_ms = self.shared_blk_read_time
            + self.shared_blk_write_time
            + self.local_blk_read_time
            + self.local_blk_write_time
            + self.temp_blk_read_time
            + self.temp_blk_write_time;
        let planned = self.plans.is_some_and(|plans| plans > 0.0);
        let ran = self.calls > 0.0;
        Counters {
            calls: Some(self.calls),
            total_ms: Some(self.total_exec_time),
            mean_ms: ran.then(|| self.total_exec_time / self.calls),
            min_ms: ran.then_some(self.min_exec_time),
            max_ms: ran.then_some(self.max_exec_time),
            stddev_ms: ran.then_some(self.stddev_exec_time),
            planning_ms: self.total_plan_time.filter(|_| planned),
            rows: Some(self.rows),
            shared_blocks_hit: Some(self.shared_blks_hit),
            shared_blocks_read: Some(self.shared_blks_read),
            shared_blocks_dirtied: Some(self.shared_blks_dirtied),
            shared_blocks_written: Some(self.shared_blks_written),
            temp_blocks_read: Some(self.temp_blks_read),
            temp_blocks_written: Some(self.temp_blks_written),
            io_ms: (times_io || io_ms > 0.0).then_some(io_ms),
            wal_bytes: self.wal_bytes,
            ..Counters::default()
        }
    }
}

/// For `doctor`: how many entries there are and how many fit.
pub(super) async fn fill_level(link: &Link, view: &View) -> Result<(u64, Option<u64>)> {
    let sql = format!(
        "SELECT /* planscope */ count(*), current_setting('pg_stat_statements.max', true) \
         FROM {}.pg_stat_statements(false)",
        view.schema
    );
    let rows = link.rows(&sql).await.map_err(explained)?;
    let number = |column| rows.first().and_then(|row| row.get(column)?.parse().ok());
    Ok((number(0).unwrap_or(0), number(1)))
}

/// For `doctor`: how often entries were thrown away to make room.
pub(super) async fn evictions(link: &Link, view: &View) -> Result<Option<u64>> {
    let rows = link.rows(&INFO.replace("{schema}", &view.schema)).await?;
    Ok(rows.first().and_then(|row| row.get(0)?.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::postgres::link::read_json;

    #[test]
    fn both_generations_of_columns_are_read() {
        let old: Entry =
            read_json(r#"{"id":"1","calls":2,"total_time":6.0,"min_time":1}"#).unwrap();
        let new: Entry = read_json(r#"{"id":"1","calls":2,"total_exec_time":6.0}"#).unwrap();
        assert_eq!(old.counters(false).mean_ms, Some(3.0));
        assert_eq!(new.counters(false).total_ms, Some(6.0));
        assert_eq!(old.counters(false).io_ms, None);
        assert_eq!(old.counters(true).io_ms, Some(0.0));
    }

    #[test]
    fn time_that_goes_elsewhere_is_said() {
        let share = |database: &str, ms, is_ours| Share { database: database.into(), ms, is_ours };
        let spread =
            [share("shop", 80.0, false), share("here", 15.0, true), share("x", 5.0, false)];
        let said = elsewhere(&spread).unwrap().message;
        assert!(said.starts_with("85 % of the time"), "{said}");
        assert!(said.contains("shop (80 %), x (5.0 %)"), "{said}");
        assert!(elsewhere(&[share("shop", 40.0, false), share("here", 60.0, true)]).is_none());
        assert!(elsewhere(&[]).is_none());
    }

    #[test]
    fn entries_of_one_statement_are_added_up() {
        let entry = |calls, mean: f64, stddev| Entry {
            calls,
            total_exec_time: mean * calls,
            min_exec_time: mean - 1.0,
            max_exec_time: mean + 1.0,
            stddev_exec_time: stddev,
            ..Entry::default()
        };
        let mut sum = entry(1.0, 2.0, 0.0).counters(false);
        add(&mut sum, &entry(3.0, 6.0, 0.0).counters(false));
        assert_eq!(sum.calls, Some(4.0));
        assert_eq!(sum.total_ms, Some(20.0));
        assert_eq!(sum.mean_ms, Some(5.0));
        assert_eq!((sum.min_ms, sum.max_ms), (Some(1.0), Some(7.0)));
        assert_eq!(sum.stddev_ms, Some(3.0_f64.sqrt()));
    }
}

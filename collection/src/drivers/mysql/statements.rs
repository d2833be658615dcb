//! The workload, from performance_schema's digests.
//!
//! Reading whole rows of all digests costs the server ten times as much as ranking them by narrow
//! columns: so the texts of samples and the percentiles are asked for only of those that are chosen.

use super::known::Known;
use super::link::{Link, Row, literal};
use super::samples::{self, Chosen};
use super::settings;
use crate::clock;
use crate::driver::{Ranking, Workload};
use crate::drivers::counters::add;
use crate::error::{CollectError, ErrorKind, Result};
use planscope_explain::Engine;
use planscope_explain::workload::fingerprint::fingerprint;
use planscope_explain::workload::query::explainable;
use planscope_explain::workload::{Counters, Fingerprint, Problem, Statement, Window};
use std::collections::BTreeMap;

const DIGESTS: &str = include_str!("../sql/mysql/digests.sql");
const TOTALS: &str = include_str!("../sql/mysql/digest_totals.sql");

/// By which our own statements are known: a name survives in a digest, a comment does not.
const OWN: &str = "planscope_own";

/// Schemas of the server itself.
pub(super) const SYSTEM: &str = "'information_schema', 'mysql', 'performance_schema', 'sys'";

/// Picoseconds in a millisecond.
pub(super) const PS: f64 = 1e9;

/// The heaviest statements, and what planning them needs.
pub(super) async fn workload(
    link: &mut Link,
    top: usize,
    by: Ranking,
    known: &mut Known,
) -> Result<Workload> {
    let settings = settings::global(
        link,
        &["performance_schema", "performance_schema_digests_size", "version"],
    );
    let settings = settings.await?;
    if settings.get("performance_schema").is_none_or(|value| value != "ON") {
        return Err(switched_off(link));
    }
    let scope = scope(link);
    let totals = link.ask(&TOTALS.replace("{schemas}", &scope)).await;
    let totals = totals.map_err(|error| forbidden(error, link))?;
    let (mut chosen, seen) = ranked(link, &scope, top, by).await?;
    if chosen.is_empty() {
        check_consumer(link).await?;
    }
    samples::find(link, &mut chosen).await?;
    let total = totals.first();
    let number = |name: &str| total.and_then(|row| row.number(name)).unwrap_or(0.0);
    let mut workload = Workload {
        of: seen.map_or(number("digests") as u64, |seen| seen.digests),
        total_ms: Some(seen.map_or(number("total") / PS, |seen| seen.total_ms))
            .filter(|ms| *ms > 0.0),
        window: Window {
            from: total.and_then(|row| row.text("since")).map(rfc3339),
            to: Some(clock::now()),
        },
        ..Workload::default()
    };
    let size = settings.get("performance_schema_digests_size").map_or("?", String::as_str);
    workload.problems.extend(evictions(number("lost_calls"), number("lost_total"), size));
    workload.problems.extend(samples::without_text(&chosen, link.facts.engine));
    for entry in chosen {
        known.remember(entry.statement.fingerprint, entry.sample());
        workload.statements.push(entry.statement);
    }
    Ok(workload)
}

/// What to look at: the target's database, or everything that is not the server's own.
fn scope(link: &Link) -> String {
    match &link.facts.database {
        Some(database) => format!("SCHEMA_NAME = {}", literal(database)),
        None => format!("(SCHEMA_NAME IS NULL OR SCHEMA_NAME NOT IN ({SYSTEM}))"),
    }
}

fn switched_off(link: &Link) -> CollectError {
    let group = if link.facts.engine == Engine::Mariadb { "mariadbd" } else { "mysqld" };
    CollectError::new(
        ErrorKind::Missing,
        format!("{} keeps no statistics of statements: performance_schema is off", link.server),
    )
    .hint(format!("in my.cnf under [{group}]: performance_schema = ON, then restart the server"))
    .hint(match link.facts.engine {
        Engine::Mariadb => {
            "and for executed texts, from which plans are made: \
             performance-schema-consumer-events-statements-current = ON, \
             performance-schema-consumer-events-statements-history-long = ON"
        }
        _ => "what runs at this moment is seen without it: --running",
    })
    .hint("without it: planscope collect --queries FILE takes the statements from a file")
}

fn forbidden(error: CollectError, link: &Link) -> CollectError {
    if error.kind != ErrorKind::Permission {
        return error;
    }
    let account = quoted_account(&link.facts.account);
    CollectError { hints: Vec::new(), ..error }
        .hint(format!("GRANT SELECT ON performance_schema.* TO {account};"))
        .hint("without it: planscope collect --queries FILE takes the statements from a file")
}

/// `a@b` as `'a'@'b'`.
pub(super) fn quoted_account(account: &str) -> String {
    let (user, host) = account.rsplit_once('@').unwrap_or((account, "%"));
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    format!("{}@{}", quoted(user), quoted(host))
}

/// Nothing was counted: perhaps because nothing is to be.
async fn check_consumer(link: &mut Link) -> Result<()> {
    let sql = format!(
        "{} ENABLED AS enabled FROM performance_schema.setup_consumers \
         WHERE NAME IN ('statements_digest', 'global_instrumentation')",
        super::link::SELECT
    );
    let rows = link.ask_if_allowed(&sql).await?.unwrap_or_default();
    if rows.iter().all(|row| row.text("enabled") == Some("YES")) {
        return Ok(());
    }
    let message = format!("{} counts no statements: its consumer is switched off", link.server);
    Err(CollectError::new(ErrorKind::Missing, message).hint(
        "UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' \
         WHERE NAME IN ('statements_digest', 'global_instrumentation');",
    ))
}

fn evictions(calls: f64, total: f64, size: &str) -> Option<Problem> {
    (calls > 0.0).then(|| Problem {
        kind: "evictions".to_owned(),
        message: format!(
            "performance_schema was full: {calls} executions ({:.0} ms) are counted without their statement; \
             performance_schema_digests_size is {size}, and \
             TRUNCATE performance_schema.events_statements_summary_by_digest starts anew",
            total / PS
        ),
        statement: None,
    })
}

/// `2026-11-21 15:50:16.123456`, in UTC as the session is.
fn rfc3339(text: &str) -> String {
    format!("{}Z", text.replacen(' ', "T", 1))
}

fn fill(by: Ranking, scope: &str, limit: usize) -> String {
    let rank = match by {
        Ranking::TotalTime => "SUM_TIMER_WAIT",
        Ranking::MeanTime => "AVG_TIMER_WAIT",
        Ranking::Calls => "COUNT_STAR",
        Ranking::Rows | Ranking::Reads => "SUM_ROWS_EXAMINED",
        Ranking::Temp => "SUM_CREATED_TMP_DISK_TABLES",
    };
    DIGESTS
        .replace("{schemas}", scope)
        .replace("{rank}", rank)
        .replace("{limit}", &limit.to_string())
}

/// The statements worth a plan, one for each fingerprint, heaviest first.
/// What there was in all, when all of it had to be read.
async fn ranked(
    link: &mut Link,
    scope: &str,
    top: usize,
    by: Ranking,
) -> Result<(Vec<Chosen>, Option<Seen>)> {
    // What has no plan is told apart by its text, here; so a few more are asked for, and again when
    // that was not enough.
    let mut limit = top.saturating_mul(2).saturating_add(100);
    loop {
        let rows = link.ask(&fill(by, scope, limit)).await?;
        let chosen = choose(&rows, link.facts.engine, top, by);
        if rows.len() < limit {
            return Ok((chosen, Some(Seen::of(&rows))));
        }
        if chosen.len() >= top {
            return Ok((chosen, None));
        }
        limit = limit.saturating_mul(4);
    }
}

/// All digests but those of sessions that look around, as ours does.
#[derive(Clone, Copy, Default)]
struct Seen {
    digests: u64,
    total_ms: f64,
}

impl Seen {
    fn of(rows: &[Row]) -> Self {
        const LOOKING: [&str; 6] = ["EXPLAIN", "ANALYZE", "KILL", "SET", "SHOW", "USE"];
        let mut seen = Self::default();
        for row in rows {
            let text = row.text("text").unwrap_or_default();
            let first = text.split_whitespace().next().unwrap_or_default();
            if !text.contains(OWN) && !LOOKING.contains(&first.to_ascii_uppercase().as_str()) {
                seen.digests += 1;
                seen.total_ms += row.number("total").unwrap_or(0.0) / PS;
            }
        }
        seen
    }
}

fn choose(rows: &[Row], engine: Engine, top: usize, by: Ranking) -> Vec<Chosen> {
    let mut place: BTreeMap<Fingerprint, usize> = BTreeMap::new();
    let mut all: Vec<Chosen> = Vec::new();
    for row in rows {
        let Some(text) = row.text("text").filter(|text| is_wanted(text, engine)) else { continue };
        let id = fingerprint(text, engine);
        let digest = (row.text("name").map(str::to_owned), row.string("digest"));
        match place.get(&id) {
            // The same statement in another schema, or with lists of another length.
            Some(&at) => {
                add(&mut all[at].statement.counters, &counters(row));
                all[at].digests.push(digest);
            }
            None => {
                place.insert(id, all.len());
                let statement = Statement {
                    fingerprint: id,
                    engine_id: Some(digest.1.clone()),
                    text: text.to_owned(),
                    database: digest.0.clone(),
                    counters: counters(row),
                    ..Statement::default()
                };
                all.push(Chosen { statement, digests: vec![digest], text: None });
            }
        }
    }
    let value = |chosen: &Chosen| by.value(&chosen.statement.counters);
    all.sort_by(|a, b| value(b).total_cmp(&value(a)));
    all.truncate(top);
    all
}

/// Whether a digest's text has a plan and is not ours. Whether a text that was cut has one, its
/// sample may tell.
fn is_wanted(text: &str, engine: Engine) -> bool {
    let whole = text.trim_end().trim_end_matches("...");
    !text.contains(OWN) && explainable(whole, engine).is_ok()
}

fn counters(row: &Row) -> Counters {
    let ms = |name: &str| row.number(name).map(|ps| ps / PS);
    let calls = row.number("calls");
    let ran = calls.filter(|calls| *calls > 0.0);
    let sum = |a: &str, b: &str| Some(row.number(a)? + row.number(b)?);
    Counters {
        calls,
        total_ms: ms("total"),
        mean_ms: ran.zip(ms("total")).map(|(calls, total)| total / calls),
        min_ms: ran.and(ms("fastest")),
        max_ms: ran.and(ms("slowest")),
        rows: sum("sent", "affected"),
        rows_examined: row.number("examined"),
        sorts: row.number("sorts"),
        lock_ms: ms("waited"),
        no_index_used: row.number("no_index_used"),
        full_joins: row.number("full_joins"),
        tmp_tables: row.number("tmp_tables"),
        tmp_disk_tables: row.number("tmp_disk_tables"),
        sort_merge_passes: row.number("sort_merge_passes"),
        errors: row.number("errors"),
        ..Counters::default()
    }
}

//! The workload, from performance_schema's digests.
//!
//! Reading whole rows of all digests costs the server ten times as much as ranking them by narrow
//! columns: so the texts of samples and the percentiles are asked for only of those that are chosen.

use super::known::{Known, Sample};
use super::link::{Link, Row, literal};
use super::settings;
use crate::clock;
use crate::driver::{Ranking, Workload};
use crate::drivers::counters::add;
use crate::error::{CollectError, ErrorKind, Result};
use planscope_explain::Engine;
use planscope_explain::workload::fingerprint::fingerprint;
use planscope_explain::workload::query::explainable;
use planscope_explain::workload::{Counters, Fingerprint, Percentiles, Problem, Statement, Window};
use std::collections::BTreeMap;

const DIGESTS: &str = include_str!("../sql/mysql/digests.sql");
const TOTALS: &str = include_str!("../sql/mysql/digest_totals.sql");
const SAMPLES: &str = include_str!("../sql/mysql/digest_samples.sql");
const HISTORY: &str = include_str!("../sql/mysql/history_samples.sql");

/// Where executed texts are kept, the longest memory first.
const HISTORIES: [&str; 3] =
    ["events_statements_history_long", "events_statements_history", "events_statements_current"];

/// By which our own statements are known: a name survives in a digest, a comment does not.
const OWN: &str = "planscope_own";

/// Schemas of the server itself.
pub(super) const SYSTEM: &str = "'information_schema', 'mysql', 'performance_schema', 'sys'";

/// Picoseconds in a millisecond.
const PS: f64 = 1e9;

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
    samples(link, &mut chosen).await?;
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
    workload.problems.extend(without_text(&chosen, link.facts.engine));
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

/// How many statements lack a text to plan, and what to switch on.
fn without_text(chosen: &[Chosen], engine: Engine) -> Vec<Problem> {
    let of = chosen.len();
    let problem = |kind: &str, count: usize, what: &str| Problem {
        kind: kind.to_owned(),
        message: format!("{count} of {of} statements are planned with made-up values: {what}"),
        statement: None,
    };
    let none = chosen.iter().filter(|chosen| chosen.text.is_none()).count();
    let cut = chosen.iter().filter(|chosen| chosen.text.as_deref().is_some_and(is_cut)).count();
    let mut problems = Vec::new();
    if none > 0 {
        let remedy = match engine {
            Engine::Mariadb => {
                "the server keeps no executed texts; UPDATE performance_schema.setup_consumers \
                 SET ENABLED = 'YES' WHERE NAME LIKE 'events\\_statements\\_%'"
            }
            _ => "the server kept no executed text of them",
        };
        problems.push(problem("no-sample", none, remedy));
    }
    if cut > 0 {
        let remedy = "the server keeps only the beginnings of long texts; \
                      in my.cnf: performance_schema_max_sql_text_length = 8192, then restart";
        problems.push(problem("truncated-sample", cut, remedy));
    }
    problems
}

/// `2026-11-21 15:50:16.123456`, in UTC as the session is.
fn rfc3339(text: &str) -> String {
    format!("{}Z", text.replacen(' ', "T", 1))
}

/// A statement with all its digests, the heaviest first.
struct Chosen {
    statement: Statement,
    /// Schema and digest.
    digests: Vec<(Option<String>, String)>,
    text: Option<String>,
}

impl Chosen {
    fn sample(&self) -> Sample {
        let (schema, _) = self.digests.first().cloned().unwrap_or_default();
        Sample { schema, text: self.text.clone(), connection: None }
    }
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

/// Finds an executed text of each statement, and how its times are spread.
async fn samples(link: &mut Link, chosen: &mut Vec<Chosen>) -> Result<()> {
    if chosen.is_empty() {
        return Ok(());
    }
    if link.facts.engine == Engine::Mysql {
        let wanted: Vec<String> =
            chosen.iter().flat_map(|chosen| &chosen.digests).map(is_digest).collect();
        let sql = SAMPLES.replace("{chosen}", &wanted.join(" OR "));
        let rows = link.ask(&sql).await?;
        take_samples(chosen, &rows);
        take_percentiles(chosen, &rows);
    }
    // What a digest knows only in part may stand whole in the history.
    for table in HISTORIES {
        let lacking: Vec<String> = chosen
            .iter()
            .filter(|chosen| chosen.text.is_none())
            .flat_map(|chosen| &chosen.digests)
            .map(|(_, digest)| literal(digest))
            .collect();
        if lacking.is_empty() {
            break;
        }
        let sql = HISTORY.replace("{table}", table).replace("{digests}", &lacking.join(", "));
        let rows = link.ask_if_allowed(&sql).await?.unwrap_or_default();
        take_samples(chosen, &rows);
    }
    chosen.retain(|chosen| !chosen.text.as_deref().is_some_and(is_marked));
    Ok(())
}

fn is_digest((schema, digest): &(Option<String>, String)) -> String {
    let digest = literal(digest);
    match schema {
        Some(schema) => format!("(SCHEMA_NAME = {} AND DIGEST = {digest})", literal(schema)),
        None => format!("(SCHEMA_NAME IS NULL AND DIGEST = {digest})"),
    }
}

fn is_marked(text: &str) -> bool {
    text.contains(super::link::MARK)
}

/// Of several texts the whole ones win, then those in the schema of the heaviest digest.
fn take_samples(chosen: &mut [Chosen], rows: &[Row]) {
    for chosen in chosen {
        let fits = |row: &&Row| {
            let digest = row.text("digest");
            chosen.digests.iter().any(|(schema, id)| {
                digest == Some(id.as_str()) && row.text("name") == schema.as_deref()
            })
        };
        let schema = chosen.digests.first().and_then(|(schema, _)| schema.as_deref());
        let worth = |text: &str, of: Option<&str>| (!is_cut(text), of == schema);
        let mut best: Option<(&str, Option<&str>)> = None;
        for row in rows.iter().filter(fits) {
            let Some(text) = row.text("sample").filter(|text| !text.is_empty()) else { continue };
            let of = row.text("name");
            if best.is_none_or(|(b, b_of)| worth(text, of) > worth(b, b_of)) {
                best = Some((text, of));
            }
        }
        let Some((text, of)) = best else { continue };
        if chosen.text.as_deref().is_none_or(is_cut) {
            chosen.text = Some(text.to_owned());
            // The plan is to be of the schema in which the text ran.
            if let Some(at) = chosen.digests.iter().position(|(s, _)| s.as_deref() == of) {
                chosen.digests.swap(0, at);
            }
        }
    }
}

/// Whether the server kept only the beginning of a text.
pub(super) fn is_cut(text: &str) -> bool {
    text.ends_with("...")
}

/// Percentiles of several digests cannot be added up: those of the heaviest stand for all.
fn take_percentiles(chosen: &mut [Chosen], rows: &[Row]) {
    for chosen in chosen {
        let id = chosen.statement.engine_id.as_deref();
        let name = chosen.statement.database.as_deref();
        let is_it = |row: &&Row| row.text("digest") == id && row.text("name") == name;
        let Some(row) = rows.iter().find(is_it) else { continue };
        // They are the upper ends of the histogram's buckets, and may be above the slowest call.
        let most = chosen.statement.counters.max_ms.unwrap_or(f64::INFINITY);
        let ms = |name: &str| row.number(name).map(|ps| (ps / PS).min(most)).filter(|ms| *ms > 0.0);
        chosen.statement.percentiles =
            Percentiles { p50_ms: None, p95_ms: ms("p95"), p99_ms: ms("p99") };
    }
}

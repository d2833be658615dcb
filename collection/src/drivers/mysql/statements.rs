//! The workload, from performance_schema's digests.
//!
//! Reading whole rows of all digests costs the server ten times as much as ranking them by narrow
//! columns: so the texts of samples and the percentiles are asked for only of those that are chosen.

use super::known::Known;
use super::link::{Link, Row, literal};
use super::samples::{self, Chosen};
use super::settings;
use crate::clock;
use crate::driver::Workload;
use crate::drivers::counters::add;
use crate::error::{CollectError, ErrorKind, Result};
use crate::select::Selection;
use planscope_explain::Engine;
use planscope_explain::workload::fingerprint::fingerprint;
use planscope_explain::workload::query::explainable;
use planscope_explain::workload::{Counters, Fingerprint, Problem, Statement, Window};
use std::cmp::Ordering::Equal;
use std::collections::BTreeMap;

const DIGESTS: &str = include_str!("../sql/mysql/digests.sql");
const TEXTS: &str = include_str!("../sql/mysql/digest_texts.sql");

/// By which our own statements are known: a name survives in a digest, a comment does not.
const OWN: &str = "planscope_own";

/// Schemas of the server itself.
pub(super) const SYSTEM: &str = "'information_schema', 'mysql', 'performance_schema', 'sys'";

/// Picoseconds in a millisecond.
pub(super) const PS: f64 = 1e9;

/// The statements that the selection chooses, and what planning them needs.
pub(super) async fn workload(
    link: &mut Link,
    selection: &Selection,
    known: &mut Known,
) -> Result<Workload> {
    let settings =
        settings::global(link, &["performance_schema", "performance_schema_digests_size"]).await?;
    if settings.get("performance_schema").is_none_or(|value| value != "ON") {
        return Err(switched_off(link));
    }
    let scope = scope(link);
    let rows = link.ask(&DIGESTS.replace("{schemas}", &scope)).await;
    let rows = rows.map_err(|error| forbidden(error, link))?;
    let since = rows.iter().filter_map(|row| row.text("since")).min().map(rfc3339);
    let (entries, lost): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| row.text("digest").is_some());
    if entries.is_empty() {
        check_consumer(link).await?;
    }
    let (mut chosen, seen) = chosen(link, &entries, selection).await?;
    samples::find(link, &mut chosen).await?;
    let mut workload = Workload {
        of: seen.digests,
        total_ms: Some(seen.total_ms).filter(|ms| *ms > 0.0),
        window: Window { from: since, to: Some(clock::now()) },
        ..Workload::default()
    };
    let size = settings.get("performance_schema_digests_size").map_or("?", String::as_str);
    workload.problems.extend(lost.first().and_then(|row| evictions(row, size)));
    workload.problems.extend(samples::without_text(&chosen, link.facts.engine));
    for entry in chosen {
        known.remember(entry.statement.fingerprint, entry.sample());
        workload.statements.push(entry.statement);
    }
    Ok(workload)
}

/// What to look at: the target's database, or everything that is not the server's own.
pub(super) fn scope(link: &Link) -> String {
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

/// The row without a digest counts what found no room.
fn evictions(lost: &Row, size: &str) -> Option<Problem> {
    let calls = lost.number("calls").filter(|calls| *calls > 0.0)?;
    Some(Problem {
        kind: "evictions".to_owned(),
        message: format!(
            "performance_schema was full: {calls} executions ({:.0} ms) are counted without their statement; \
             performance_schema_digests_size is {size}, and \
             TRUNCATE performance_schema.events_statements_summary_by_digest starts anew",
            lost.number("total").unwrap_or(0.0) / PS
        ),
        statement: None,
    })
}

/// `2026-11-21 15:50:16.123456`, in UTC as the session is.
fn rfc3339(text: &str) -> String {
    format!("{}Z", text.replacen(' ', "T", 1))
}

/// How many digests there are, and the time that they took.
#[derive(Clone, Copy, Default)]
struct Seen {
    digests: u64,
    total_ms: f64,
}

impl Seen {
    fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
        rows.fold(Self::default(), |seen, row| Self {
            digests: seen.digests + 1,
            total_ms: seen.total_ms + row.number("total").unwrap_or(0.0) / PS,
        })
    }
}

/// The chosen statements, and what there was in all. What has no plan is told apart by its text, which
/// is asked for only of those that have a good place in some ranking; and of more when they were not
/// enough.
async fn chosen(
    link: &mut Link,
    entries: &[Row],
    selection: &Selection,
) -> Result<(Vec<Chosen>, Seen)> {
    let mut limit = selection.limit();
    loop {
        let best = best(entries, selection, limit);
        let is_all = best.len() == entries.len();
        let texts = texts(link, &best, is_all).await?;
        let text_of = |row: &Row| texts.get(&key(row)).map(String::as_str);
        let all = merged(&best, &text_of, link.facts.engine);
        let places: BTreeMap<Fingerprint, Chosen> =
            all.into_iter().map(|chosen| (chosen.statement.fingerprint, chosen)).collect();
        let statements = places.values().map(|chosen| chosen.statement.clone()).collect();
        let statements = selection.choose(statements);
        if statements.len() < selection.top && !is_all {
            limit = limit.saturating_mul(4);
            continue;
        }
        // Sessions that look around, as ours does, are no workload; their texts are known when all are.
        let counts = |row: &&&Row| !is_all || text_of(row).is_none_or(|text| !looks_around(text));
        let seen = match is_all {
            true => Seen::of(best.iter().filter(|row| counts(row)).copied()),
            false => Seen::of(entries.iter()),
        };
        let mut places = places;
        let take = |statement: Statement| places.remove(&statement.fingerprint);
        return Ok((statements.into_iter().filter_map(take).collect(), seen));
    }
}

/// Schema and digest.
fn key(row: &Row) -> (String, String) {
    (row.string("name"), row.string("digest"))
}

/// The entries with the best places that they have in any of the rankings.
fn best<'a>(entries: &'a [Row], selection: &Selection, limit: usize) -> Vec<&'a Row> {
    if entries.len() <= limit {
        return entries.iter().collect();
    }
    let counters: Vec<Counters> = entries.iter().map(counters).collect();
    let mut places = vec![usize::MAX; entries.len()];
    for by in &selection.by {
        let mut order: Vec<(f64, usize)> =
            counters.iter().map(|c| by.value(c)).zip(0..entries.len()).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (place, (_, at)) in order.into_iter().enumerate() {
            places[at] = places[at].min(place);
        }
    }
    let mut order: Vec<(usize, &Row)> = places.into_iter().zip(entries).collect();
    order.sort_by_key(|(place, _)| *place);
    order.into_iter().take(limit).map(|(_, row)| row).collect()
}

/// The texts of entries, or of all.
async fn texts(
    link: &mut Link,
    entries: &[&Row],
    all: bool,
) -> Result<BTreeMap<(String, String), String>> {
    let digests: Vec<String> = entries.iter().map(|row| literal(&row.string("digest"))).collect();
    let chosen = match all {
        true => scope(link),
        false => format!("DIGEST IN ({})", digests.join(", ")),
    };
    let rows = link.ask(&TEXTS.replace("{chosen}", &chosen)).await?;
    Ok(rows.iter().map(|row| (key(row), row.string("text"))).collect())
}

/// Whether a statement belongs to a session that explains, asks and sets.
fn looks_around(text: &str) -> bool {
    const VERBS: [&str; 6] = ["EXPLAIN", "ANALYZE", "KILL", "SET", "SHOW", "USE"];
    let first = text.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    text.contains(OWN) || VERBS.contains(&first.as_str())
}

/// The statements that have a plan, one for each fingerprint, of its digests the heaviest first.
fn merged<'a>(
    entries: &[&'a Row],
    text_of: &impl Fn(&Row) -> Option<&'a str>,
    engine: Engine,
) -> Vec<Chosen> {
    let mut sorted = entries.to_vec();
    sorted.sort_by(|a, b| b.number("total").partial_cmp(&a.number("total")).unwrap_or(Equal));
    let mut place: BTreeMap<Fingerprint, usize> = BTreeMap::new();
    let mut all: Vec<Chosen> = Vec::new();
    for row in sorted {
        let Some(text) = text_of(row).filter(|text| is_wanted(text, engine)) else { continue };
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

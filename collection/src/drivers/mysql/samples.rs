//! Texts that were executed: the server's digests lack the values, and a plan needs them.

use super::known::Sample;
use super::link::{Link, MARK, Row, literal};
use super::statements::{PS, scope};
use crate::error::Result;
use planscope_explain::Engine;
use planscope_explain::workload::{Percentiles, Problem, Statement};

/// More digests than are asked for one by one.
const MANY: usize = 1000;

const SAMPLES: &str = include_str!("../sql/mysql/digest_samples.sql");
const HISTORY: &str = include_str!("../sql/mysql/history_samples.sql");

/// Where executed texts are kept, the longest memory first.
const HISTORIES: [&str; 3] =
    ["events_statements_history_long", "events_statements_history", "events_statements_current"];

/// A statement with all its digests, the heaviest first.
pub(super) struct Chosen {
    pub statement: Statement,
    /// Schema and digest.
    pub digests: Vec<(Option<String>, String)>,
    /// A text that was executed.
    pub text: Option<String>,
}

impl Chosen {
    /// What planning it needs.
    pub fn sample(&self) -> Sample {
        let (schema, _) = self.digests.first().cloned().unwrap_or_default();
        Sample { schema, text: self.text.clone(), connection: None }
    }
}

/// Finds an executed text of each statement, and how its times are spread.
pub(super) async fn find(link: &mut Link, chosen: &mut Vec<Chosen>) -> Result<()> {
    if chosen.is_empty() {
        return Ok(());
    }
    if link.facts.engine == Engine::Mysql {
        let wanted: Vec<String> =
            chosen.iter().flat_map(|chosen| &chosen.digests).map(is_digest).collect();
        let wanted = match wanted.len() {
            // One pass over all of them is cheaper than a condition of thousands of parts.
            MANY.. => scope(link),
            _ => wanted.join(" OR "),
        };
        let sql = SAMPLES.replace("{chosen}", &wanted);
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
    text.contains(MARK)
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

/// How many statements lack a text to plan, and what to switch on.
pub(super) fn without_text(chosen: &[Chosen], engine: Engine) -> Vec<Problem> {
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

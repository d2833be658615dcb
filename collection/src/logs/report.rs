//! From what was read to a snapshot and what goes with it.

use super::class::Class;
use super::event::MARKS;
use super::facts::{Facts, Rejects};
use super::sink::Sink;
use super::time::{Micros, rfc3339};
use super::{Options, SourceRead};
use crate::clock;
use memchr::memmem;
use planscope_explain::workload::{
    Coverage, Fingerprint, PlanRecord, Problem, Snapshot, Statement, TargetIdentity, Window,
};
use planscope_explain::{Engine, formats};

/// What was read from logs.
#[derive(Debug, Clone)]
pub struct LogDigest {
    /// The statements, as a live collection gives them.
    pub snapshot: Snapshot,
    /// What only a log knows of each statement, in the order of the snapshot.
    pub histories: Vec<History>,
    /// Statements that failed and never succeeded in this log, most errors first.
    pub failed: Vec<Failed>,
    /// What the logs say besides.
    pub facts: Facts,
    /// What was not read, by reason.
    pub rejects: Rejects,
    /// The logs that were read.
    pub sources: Vec<SourceRead>,
}

/// When a statement ran, and what else a log says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The statement.
    pub fingerprint: Fingerprint,
    /// Its first and last time.
    pub span: Option<(Micros, Micros)>,
    /// Executions per hour: hours since 1970 in UTC, and executions, in order.
    pub hours: Vec<(i32, u32)>,
    /// Events, before rate limits are weighed.
    pub events: u64,
    /// Errors.
    pub errors: u64,
    /// Milliseconds of waiting for locks.
    pub lock_ms: Option<f64>,
    /// Bytes of temporary files.
    pub temp_bytes: Option<u64>,
    /// The application, when there was only one.
    pub app: Option<String>,
    /// The trace of its slowest execution (W3C `traceparent`), from a comment in its text.
    pub trace: Option<String>,
    /// Events per mark of [`MARKS`], those that occur.
    pub marks: Vec<(&'static str, u64)>,
    /// Plans that were logged with it, of which the slowest are in the snapshot.
    pub plans: u64,
}

/// A statement that only ever failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The statement.
    pub fingerprint: Fingerprint,
    /// Its database.
    pub database: Option<String>,
    /// How often.
    pub errors: u64,
}

pub(super) fn report(
    sink: Sink<'_>,
    engine: Engine,
    options: &Options,
    sources: Vec<SourceRead>,
) -> LogDigest {
    let (mut classes, facts, rejects) = sink.into_classes();
    let mut failed: Vec<Failed> = classes
        .extract_if(.., |(class, _)| class.events == 0)
        .filter(|(class, _)| class.errors > 0)
        .map(|(class, database)| Failed {
            fingerprint: class.fingerprint,
            database,
            errors: class.errors,
        })
        .collect();
    failed.sort_by_key(|failed| (std::cmp::Reverse(failed.errors), failed.fingerprint));
    let of = classes.len() as u64;
    let all_ns = classes.iter().map(|(class, _)| class.total_ns).sum::<u128>() + facts.summarised.1;
    classes.sort_by(|(a, _), (b, _)| {
        let value = |class: &Class| options.by.value(&class.counters());
        value(b).total_cmp(&value(a))
    });
    classes.truncate(options.top);
    let shown_ns: u128 = classes.iter().map(|(class, _)| class.total_ns).sum();
    let share = (all_ns > 0).then(|| shown_ns as f64 / all_ns as f64);
    let mut problems = problems_of(&facts, &rejects);
    let mut histories = Vec::with_capacity(classes.len());
    let mut statements = Vec::with_capacity(classes.len());
    for (class, database) in classes {
        histories.push(history(&class));
        statements.push(statement(class, database));
    }
    let coverage = Coverage { statements: statements.len() as u64, of, time_share: share };
    problems.sort_by(|a, b| a.kind.cmp(&b.kind));
    let snapshot = Snapshot {
        target: target(engine, &facts, &sources, &statements),
        taken_at: clock::now(),
        window: Window {
            from: facts.span.and_then(|(first, _)| rfc3339(first)),
            to: facts.span.and_then(|(_, last)| rfc3339(last)),
        },
        coverage,
        statements,
        catalog: Default::default(),
        settings: Default::default(),
        problems,
    };
    LogDigest { snapshot, histories, failed, facts, rejects, sources }
}

fn target(
    engine: Engine,
    facts: &Facts,
    sources: &[SourceRead],
    statements: &[Statement],
) -> TargetIdentity {
    let mut databases = statements.iter().map(|s| s.database.as_deref());
    let first = databases.next().flatten();
    let database = first.filter(|first| databases.all(|other| other == Some(*first)));
    TargetIdentity {
        name: sources.first().map_or_else(|| "log".to_owned(), |source| source.name.clone()),
        engine,
        version: facts.said.get("version").cloned().unwrap_or_default(),
        database: database.map(str::to_owned),
    }
}

fn history(class: &Class) -> History {
    History {
        fingerprint: class.fingerprint,
        span: class.span,
        hours: class.hours.clone(),
        events: class.events,
        errors: class.errors,
        lock_ms: class.lock_ms(),
        temp_bytes: class.temp_bytes,
        app: class.app.name(),
        trace: trace(&class.example),
        marks: MARKS.into_iter().zip(class.marks).filter(|(_, count)| *count > 0).collect(),
        plans: class.plan_count,
    }
}

/// `traceparent='00-…-…-01'` in a comment, as sqlcommenter and others write it.
fn trace(text: &[u8]) -> Option<String> {
    /// Version, trace, span and flags in hexadecimal, with hyphens between them.
    const LENGTH: usize = 55;
    let at = memmem::find(text, b"traceparent")? + 11;
    let rest = text.get(at..)?;
    let start =
        rest.iter().take(4).take_while(|b| matches!(b, b'=' | b':' | b' ' | b'\'' | b'"')).count();
    let found = rest.get(start..start + LENGTH)?;
    let is_trace = found.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-');
    is_trace.then(|| String::from_utf8_lossy(found).into_owned())
}

fn statement(class: Class, database: Option<String>) -> Statement {
    let mut problems = Vec::new();
    let mut plans = Vec::new();
    for logged in &class.plans {
        match formats::read(&logged.raw, None) {
            Ok(readings) => {
                plans.extend(readings.into_iter().take(1).map(|reading| PlanRecord {
                    plan: reading.plan,
                    raw: Some(logged.raw.clone()),
                }))
            }
            Err(error) => problems.push(Problem {
                kind: "plan-unreadable".into(),
                message: format!("its logged plan: {error}"),
                statement: Some(class.fingerprint),
            }),
        }
    }
    if class.cut {
        problems.push(Problem {
            kind: "text-cut".into(),
            message: format!("its text is cut after {} bytes", class.example.len()),
            statement: Some(class.fingerprint),
        });
    }
    Statement {
        fingerprint: class.fingerprint,
        engine_id: (!class.engine_id.is_empty()).then(|| class.engine_id.clone()),
        text: example_text(&class.example),
        database,
        user: class.user.name(),
        counters: class.counters(),
        percentiles: class.percentiles(),
        plans,
        problems,
        ..Statement::default()
    }
}

/// The text without the tabs that PostgreSQL's plain log puts after each end of a line.
fn example_text(example: &[u8]) -> String {
    super::postgres::plan::without_tabs(example).trim().to_owned()
}

/// What the reader of the snapshot must know about what is not in it.
fn problems_of(facts: &Facts, rejects: &Rejects) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut say = |kind: &str, message: String| {
        problems.push(Problem { kind: kind.to_owned(), message, statement: None });
    };
    for (reason, rejected) in rejects {
        say(
            "log-rejected",
            format!(
                "{} pieces of the log were not read: {} ({} bytes)",
                rejected.count,
                reason.text(),
                rejected.bytes
            ),
        );
    }
    if facts.untimed > 0 {
        say(
            "log-untimed",
            format!(
                "{} statements have no duration in the log and are not counted; \
             set log_min_duration_statement or log_duration",
                facts.untimed
            ),
        );
    }
    if facts.weighed > 0 {
        say(
            "log-rate-limited",
            format!(
                "the server logged only a part: {} events stand for several executions each",
                facts.weighed
            ),
        );
    }
    if facts.summarised.0 > 0 {
        say(
            "log-summarised",
            format!(
                "{} executions of light statements ({:.0} ms) are in no statement: there were too many \
             different ones",
                facts.summarised.0,
                facts.summarised.1 as f64 / 1e6
            ),
        );
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_found_in_comments() {
        let id = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let text = format!("SELECT 1 /*app='x',traceparent='{id}'*/");
        assert_eq!(trace(text.as_bytes()).as_deref(), Some(id));
        assert_eq!(trace(b"SELECT traceparent FROM t"), None);
    }
}

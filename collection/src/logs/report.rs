//! From what was read to a snapshot and what goes with it.

use super::class::Class;
use super::facts::{Facts, Rejects};
use super::sink::Sink;
use super::summary;
use super::time::rfc3339;
use super::trace::{tags, trace};
use super::{Options, SourceRead};
use crate::clock;
use planscope_explain::workload::log::{FailedStatement, History, HourOfCalls};
use planscope_explain::workload::{
    Coverage, PlanRecord, Problem, Snapshot, Statement, TargetIdentity, Window,
};
use planscope_explain::{Engine, formats};
use rustc_hash::FxHashMap;

/// Most statements that only ever failed.
const MOST_FAILED: usize = 1000;

/// What was read from logs.
#[derive(Debug, Clone)]
pub struct LogDigest {
    /// The statements, as a live collection gives them, and what the logs say besides.
    pub snapshot: Snapshot,
    /// What the logs say besides, as it was counted.
    pub facts: Facts,
    /// What was not read, by reason.
    pub rejects: Rejects,
    /// The logs that were read.
    pub sources: Vec<SourceRead>,
}

impl LogDigest {
    /// Whether the filters left everything out that was in the logs.
    pub fn is_all_left_out(&self) -> bool {
        self.facts.events == 0 && self.facts.filtered > 0
    }
}

/// What a class has besides its statement: told only of those that are chosen, as there may be
/// a hundred times as many.
struct Rest {
    class: Box<Class>,
    cut_after: Option<usize>,
}

pub(super) fn report(
    sink: Sink<'_>,
    engine: Engine,
    options: &Options,
    sources: Vec<SourceRead>,
) -> LogDigest {
    let (mut classes, facts, rejects) = sink.into_classes();
    let failed = failed(classes.extract_if(.., |(class, _)| class.events == 0));
    let of = classes.len() as u64;
    let all_ns = classes.iter().map(|(class, _)| class.total_ns).sum::<u128>() + facts.summarised.1;
    let mut rests = FxHashMap::default();
    let mut statements = Vec::with_capacity(classes.len());
    for (class, database) in classes {
        let (statement, rest) = taken_apart(class, database);
        rests.insert((statement.fingerprint, statement.database.clone()), rest);
        statements.push(statement);
    }
    let mut statements = options.selection.choose(statements);
    for statement in &mut statements {
        if let Some(rest) = rests.remove(&(statement.fingerprint, statement.database.clone())) {
            complete(statement, rest);
        }
    }
    let shown_ms: f64 = statements.iter().filter_map(|s| s.counters.total_ms).sum();
    let share = (all_ns > 0).then(|| (shown_ms * 1e6 / all_ns as f64).min(1.0));
    let snapshot = Snapshot {
        target: target(engine, options, &facts, &sources, &statements),
        taken_at: clock::now(),
        window: Window {
            from: facts.span.and_then(|(first, _)| rfc3339(first)),
            to: facts.span.and_then(|(_, last)| rfc3339(last)),
        },
        coverage: Coverage { statements: statements.len() as u64, of, time_share: share },
        statements,
        catalog: Default::default(),
        settings: Default::default(),
        problems: problems_of(&facts, &rejects),
        log: Some(Box::new(summary::facts(&facts, &rejects, &sources, failed))),
    };
    LogDigest { snapshot, facts, rejects, sources }
}

/// Statements that only ever failed, most errors first.
fn failed(classes: impl Iterator<Item = (Box<Class>, Option<String>)>) -> Vec<FailedStatement> {
    let mut failed: Vec<FailedStatement> = classes
        .filter(|(class, _)| class.errors > 0)
        .map(|(class, database)| FailedStatement {
            fingerprint: class.fingerprint,
            text: example_text(&class.example),
            database,
            errors: class.errors,
        })
        .collect();
    failed.sort_by_key(|failed| (std::cmp::Reverse(failed.errors), failed.fingerprint));
    failed.truncate(MOST_FAILED);
    failed
}

fn target(
    engine: Engine,
    options: &Options,
    facts: &Facts,
    sources: &[SourceRead],
    statements: &[Statement],
) -> TargetIdentity {
    let mut databases = statements.iter().map(|s| s.database.as_deref());
    let first = databases.next().flatten();
    let database = first.filter(|first| databases.all(|other| other == Some(*first)));
    TargetIdentity {
        name: options.name.clone().unwrap_or_else(|| name_of(sources)),
        engine,
        version: facts.said.get("version").cloned().unwrap_or_default(),
        database: database.map(str::to_owned),
    }
}

/// The name of the first log without its folder.
fn name_of(sources: &[SourceRead]) -> String {
    let first = sources.first().map_or("log", |source| source.name.as_str());
    match first {
        "-" => "stdin".to_owned(),
        path => path.rsplit('/').next().unwrap_or(path).to_owned(),
    }
}

/// The statement without its plans, and what else is known of it.
fn taken_apart(mut class: Box<Class>, database: Option<String>) -> (Statement, Rest) {
    let statement = Statement {
        fingerprint: class.fingerprint,
        engine_id: (!class.engine_id.is_empty()).then(|| std::mem::take(&mut class.engine_id)),
        text: example_text(&class.example),
        database,
        user: class.user.name(),
        application: class.app.name(),
        counters: class.counters(),
        percentiles: class.percentiles(),
        ..Statement::default()
    };
    let cut_after = class.cut.then_some(class.example.len());
    // The statement has it now.
    class.example = Vec::new();
    (statement, Rest { class, cut_after })
}

fn history(class: &Class, text: &[u8]) -> History {
    let hour = |(hour, calls): &(i32, u32)| {
        let start = rfc3339(i64::from(*hour) * 3_600_000_000)?;
        Some(HourOfCalls { start, calls: u64::from(*calls) })
    };
    let slowest_ms = class.counters().max_ms;
    History {
        first_seen: class.span.and_then(|(first, _)| rfc3339(first)),
        last_seen: class.span.and_then(|(_, last)| rfc3339(last)),
        hours: class.hours.iter().filter_map(hour).collect(),
        events: class.events,
        slowest_ms,
        slowest_at: class.example_time.filter(|_| slowest_ms.is_some()).and_then(rfc3339),
        trace: trace(text),
        tags: tags(text),
        plans: class.plan_count,
    }
}

/// Reads the plans of a statement that was chosen.
fn complete(statement: &mut Statement, rest: Rest) {
    let fingerprint = Some(statement.fingerprint);
    let mut problem = |kind: &str, message: String| {
        statement.problems.push(Problem { kind: kind.into(), message, statement: fingerprint });
    };
    let history = history(&rest.class, statement.text.as_bytes());
    for logged in rest.class.plans {
        match formats::read(&logged.raw, None) {
            Ok(readings) => {
                let first = readings.into_iter().next();
                statement
                    .plans
                    .extend(first.map(|r| PlanRecord { plan: r.plan, raw: Some(logged.raw) }));
            }
            Err(error) => problem("plan-unreadable", format!("its logged plan: {error}")),
        }
    }
    if let Some(bytes) = rest.cut_after {
        problem("text-cut", format!("its text is cut after {bytes} bytes"));
    }
    statement.history = Some(Box::new(history));
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
                "logged without a duration and so not counted: {} statements; \
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
    if let Some(said) = facts.said.get("time-zone") {
        say("log-time-zone", format!("the log's time zone: {said}"));
    }
    problems.sort_by(|a, b| a.kind.cmp(&b.kind));
    problems
}

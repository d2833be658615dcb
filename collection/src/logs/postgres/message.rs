//! What the entries of a PostgreSQL log mean: executions, plans, errors, facts.
//!
//! A duration that stands alone (`log_duration`, or `log_statement` together with
//! `log_min_duration_statement`) belongs to the statement that its process logged before it. A plan
//! of auto_explain comes before the duration of its statement: it is attached there, and counts as
//! an execution of its own only when no such duration follows.

use super::super::event::{Event, Session};
use super::super::facts::{Reason, count_name};
use super::super::sink::Sink;
use super::super::time::Micros;
use super::plan::{statement as plan_statement, without_tabs};
use super::{Entry, Severity, duration};
use memchr::memmem;
use rustc_hash::FxHashMap;

/// Most processes of which something is remembered at one time.
const MOST_PROCESSES: usize = 4096;

/// What a process has logged that waits for what comes next.
#[derive(Debug, Default)]
struct Pending {
    /// A statement without its duration.
    statement: Option<Vec<u8>>,
    /// A plan without the duration of its statement.
    plan: Option<WaitingPlan>,
}

#[derive(Debug)]
struct WaitingPlan {
    time: Option<Micros>,
    duration_ns: u64,
    statement: String,
    raw: String,
    database: Vec<u8>,
    user: Vec<u8>,
    app: Vec<u8>,
}

/// Reads entries one after the other.
#[derive(Debug, Default)]
pub(in crate::logs) struct Messages {
    pending: FxHashMap<u32, Pending>,
}

impl Messages {
    /// Reads an entry.
    pub(in crate::logs) fn read(&mut self, entry: &Entry<'_>, sink: &mut Sink<'_>) {
        match entry.severity {
            Severity::Log => self.log(entry, sink),
            Severity::Error => error(entry, sink),
            _ => {}
        }
    }

    /// At the end of the log: plans without a duration are executions.
    pub(in crate::logs) fn finish(&mut self, sink: &mut Sink<'_>) {
        let mut left: Vec<_> = self.pending.drain().collect();
        left.sort_by_key(|(pid, _)| *pid);
        for (_, pending) in left {
            if let Some(plan) = pending.plan {
                plan.count(sink);
            }
        }
    }

    fn log(&mut self, entry: &Entry<'_>, sink: &mut Sink<'_>) {
        if let Some(rest) = entry.message.strip_prefix(b"duration: ") {
            return self.duration(entry, rest, sink);
        }
        if let Some((Step::Execute, statement)) = step(entry.message) {
            self.statement(entry, statement, sink);
        } else {
            fact(entry, sink);
        }
    }

    /// `duration: 1.234 ms`, and what may follow.
    fn duration(&mut self, entry: &Entry<'_>, text: &[u8], sink: &mut Sink<'_>) {
        let found = duration(text, 1_000_000);
        let Some((ns, rest)) = found.and_then(|(ns, length)| {
            Some((ns, text.get(length..)?.strip_prefix(b" ms")?.trim_ascii_start()))
        }) else {
            return sink.reject(Reason::Malformed, entry.message);
        };
        if rest.is_empty() {
            return self.bare_duration(entry, ns, sink);
        }
        if let Some(plan) = rest.strip_prefix(b"plan:") {
            return self.plan(entry, ns, plan, sink);
        }
        match step(rest) {
            Some((Step::Execute, statement)) => self.execution(entry, ns, statement, sink),
            Some((Step::Prepare, _)) => {
                sink.facts.steps.0 += 1;
                sink.facts.steps.1 += u128::from(ns);
            }
            None => sink.reject(Reason::Malformed, entry.message),
        }
    }

    fn execution(&mut self, entry: &Entry<'_>, ns: u64, statement: &[u8], sink: &mut Sink<'_>) {
        let statement = prepared(entry.detail).unwrap_or(statement);
        let event = Event { duration_ns: Some(ns), statement, ..event_of(entry) };
        // Nothing waits in most logs.
        let waiting = if self.pending.is_empty() { None } else { self.pending.remove(&entry.pid) };
        match waiting.and_then(|pending| pending.plan) {
            Some(plan) => {
                if same(plan.statement.as_bytes(), statement) {
                    sink.event(&Event { plan: Some(&plan.raw), ..event });
                } else {
                    plan.count(sink);
                    sink.event(&event);
                }
            }
            None => sink.event(&event),
        }
    }

    /// A duration without a statement: that of the statement before it.
    fn bare_duration(&mut self, entry: &Entry<'_>, ns: u64, sink: &mut Sink<'_>) {
        let pending = self.pending.remove(&entry.pid).unwrap_or_default();
        let Some(statement) = pending.statement else {
            if let Some(plan) = pending.plan {
                // The plan tells the statement; its own duration is shorter by the planning.
                return sink.event(&Event {
                    duration_ns: Some(ns),
                    statement: plan.statement.as_bytes(),
                    plan: Some(&plan.raw),
                    ..event_of(entry)
                });
            }
            return sink.reject(Reason::NoStatement, entry.message);
        };
        sink.facts.untimed = sink.facts.untimed.saturating_sub(1);
        let raw = pending.plan.as_ref().map(|plan| plan.raw.as_str());
        let event =
            Event { duration_ns: Some(ns), statement: &statement, plan: raw, ..event_of(entry) };
        sink.event(&event);
    }

    /// A statement whose duration may follow.
    fn statement(&mut self, entry: &Entry<'_>, statement: &[u8], sink: &mut Sink<'_>) {
        if !sink.keeps(entry.time, &entry.session) {
            sink.facts.left_out(entry.time);
            return;
        }
        sink.facts.untimed += 1;
        if let Some(time) = entry.time {
            sink.facts.saw(time);
        }
        self.make_room(sink);
        let pending = self.pending.entry(entry.pid).or_default();
        if let Some(plan) = pending.plan.take() {
            plan.count(sink);
        }
        let statement = prepared(entry.detail).unwrap_or(statement);
        let kept = pending.statement.get_or_insert_default();
        kept.clear();
        kept.extend_from_slice(statement);
    }

    /// A plan of auto_explain.
    fn plan(&mut self, entry: &Entry<'_>, ns: u64, plan: &[u8], sink: &mut Sink<'_>) {
        let raw = without_tabs(plan).trim().to_owned();
        let statement = plan_statement(&raw).into_owned();
        if statement.is_empty() {
            return sink.reject(Reason::NoStatement, entry.message);
        }
        self.make_room(sink);
        let plan = WaitingPlan {
            time: entry.time,
            duration_ns: ns,
            statement,
            raw,
            database: entry.session.database.to_owned(),
            user: entry.session.user.to_owned(),
            app: entry.session.app.to_owned(),
        };
        let pending = self.pending.entry(entry.pid).or_default();
        // A plan before this one belongs to a statement inside of this one (nested statements).
        if let Some(nested) = pending.plan.replace(plan) {
            nested.count(sink);
        }
    }

    /// Forgets the statements that wait when too many processes wait.
    fn make_room(&mut self, sink: &mut Sink<'_>) {
        if self.pending.len() >= MOST_PROCESSES {
            self.finish(sink);
        }
    }
}

impl WaitingPlan {
    /// Counts the plan as an execution.
    fn count(&self, sink: &mut Sink<'_>) {
        sink.event(&Event {
            time: self.time,
            duration_ns: Some(self.duration_ns),
            statement: self.statement.as_bytes(),
            session: Session { database: &self.database, user: &self.user, app: &self.app },
            plan: Some(&self.raw),
            ..Event::default()
        });
    }
}

fn event_of<'a>(entry: &Entry<'a>) -> Event<'a> {
    Event {
        time: entry.time,
        session: entry.session,
        engine_id: entry.query_id,
        ..Event::default()
    }
}

/// Whether two texts are the same statement, but for layout.
fn same(a: &[u8], b: &[u8]) -> bool {
    let significant = |text: &'_ [u8]| {
        text.iter().copied().filter(|b| !b.is_ascii_whitespace() && *b != b';').collect::<Vec<_>>()
    };
    significant(a) == significant(b)
}

/// A step of running a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// `statement:`, `execute NAME:`, `execute fetch from NAME:`, `fastpath function call:`.
    Execute,
    /// `parse NAME:`, `bind NAME:`.
    Prepare,
}

/// The step at the start of a message, and its statement.
fn step(text: &[u8]) -> Option<(Step, &[u8])> {
    let after = |mark: &[u8]| text.strip_prefix(mark).map(<[u8]>::trim_ascii_start);
    if let Some(statement) = after(b"statement:") {
        return Some((Step::Execute, statement));
    }
    if text.starts_with(b"execute ") {
        return Some((Step::Execute, after_name(text)?));
    }
    if text.starts_with(b"parse ") || text.starts_with(b"bind ") {
        return Some((Step::Prepare, b""));
    }
    after(b"fastpath function call:").map(|call| (Step::Execute, call))
}

/// What follows the name of a prepared statement.
fn after_name(text: &[u8]) -> Option<&[u8]> {
    let head = text.get(..300).unwrap_or(text);
    let colons = || memchr::memchr_iter(b':', head);
    let colon = colons().find(|at| head.get(at + 1) == Some(&b' ')).or_else(|| colons().next())?;
    text.get(colon + 1..).map(<[u8]>::trim_ascii_start)
}

/// `prepare: PREPARE name AS statement`, the detail of an EXECUTE: the statement itself.
fn prepared(detail: &[u8]) -> Option<&[u8]> {
    let rest = detail.strip_prefix(b"prepare: ")?;
    let place = rest.windows(4).position(|word| {
        word[0].is_ascii_whitespace()
            && word[1..3].eq_ignore_ascii_case(b"as")
            && word[3].is_ascii_whitespace()
    })?;
    Some(rest[place + 4..].trim_ascii_start())
}

fn error(entry: &Entry<'_>, sink: &mut Sink<'_>) {
    if entry.message.starts_with(b"deadlock detected") {
        sink.facts.deadlocks += 1;
    }
    let shown = shown_error(entry.message);
    sink.error(&shown, entry.statement, entry.time, &entry.session);
}

/// The first line of an error without the values in it: quoted text and numbers.
fn shown_error(message: &[u8]) -> String {
    let line = message.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = line.get(..300).unwrap_or(line);
    let end = memmem::find(line, b" at character ").unwrap_or(line.len());
    let mut shown = String::new();
    let mut quoted = false;
    let mut number = false;
    for letter in String::from_utf8_lossy(&line[..end]).chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                shown.push_str(if quoted { "\"…" } else { "\"" });
            }
            _ if quoted => {}
            '0'..='9' if !number => shown.push('?'),
            '0'..='9' => {}
            other => shown.push(other),
        }
        number = letter.is_ascii_digit();
    }
    shown
}

/// Dead rows from which a vacuum that leaves them counts: with fewer, a transaction of a moment ago
/// may still have been open.
const LEFT_BEHIND: u64 = 1000;

/// What a LOG entry says that is no statement.
fn fact(entry: &Entry<'_>, sink: &mut Sink<'_>) {
    let message = entry.message;
    if let Some(rest) = message.strip_prefix(b"temporary file: path ") {
        temporary_file(entry, rest, sink);
    } else if let Some(rest) = after_either(message, [b"checkpoint ", b"restartpoint "]) {
        checkpoint(rest, sink);
    } else if message.starts_with(b"checkpoints are occurring too frequently") {
        sink.facts.checkpoint_warnings += 1;
    } else if message.starts_with(b"automatic ") {
        automatic(message, sink);
    } else if message.starts_with(b"process ") {
        lock_wait(entry, sink);
    } else if message.starts_with(b"connection authorized") {
        sink.facts.connections += 1;
    } else if let Some(version) = message.strip_prefix(b"starting PostgreSQL ") {
        let version = version.split(|b| *b == b' ').next().unwrap_or_default();
        let version = String::from_utf8_lossy(version).into_owned();
        sink.facts.said.insert("version".into(), version);
    }
    if let Some(time) = entry.time {
        sink.facts.saw(time);
    }
}

fn after_either<'a>(text: &'a [u8], marks: [&[u8]; 2]) -> Option<&'a [u8]> {
    marks.into_iter().find_map(|mark| text.strip_prefix(mark))
}

/// `starting: wal`, `complete: wrote 5 buffers (0.0%); …, sync=1.234 s, total=…`.
fn checkpoint(rest: &[u8], sink: &mut Sink<'_>) {
    if let Some(flags) = rest.strip_prefix(b"starting:") {
        let has = |word: &[u8]| memmem::find(flags, word).is_some();
        // Before version 10 the log was called xlog.
        let why = match () {
            () if has(b"wal") || has(b"xlog") => "wal",
            () if has(b"time") => "time",
            () => "request",
        };
        count_name(&mut sink.facts.checkpoint_starts, why, 1);
    } else if rest.starts_with(b"complete") {
        sink.facts.checkpoints += 1;
        let sync = memmem::find(rest, b" sync=")
            .and_then(|at| duration(&rest[at + 6..], 1_000_000_000))
            .map_or(0, |(ns, _)| ns);
        sink.facts.checkpoint_sync_ns = sink.facts.checkpoint_sync_ns.max(sync);
    }
}

/// `"base/pgsql_tmp/pgsql_tmp1.0", size 1234`.
fn temporary_file(entry: &Entry<'_>, rest: &[u8], sink: &mut Sink<'_>) {
    let size = memmem::find(rest, b", size ").and_then(|at| {
        let text = &rest[at + 7..];
        super::super::time::number(&text[..super::super::time::digits(text)])
    });
    let Some(bytes) = size.and_then(|size| u64::try_from(size).ok()) else {
        return sink.reject(Reason::Malformed, entry.message);
    };
    if sink.keeps(entry.time, &entry.session) {
        sink.facts.temp_files.0 += 1;
        sink.facts.temp_files.1 += bytes;
        sink.cost(entry.statement, entry.time, &entry.session, (Some(bytes), None));
    }
}

/// `automatic [aggressive] vacuum of table "db.schema.table": …`, `automatic analyze of table …`.
fn automatic(message: &[u8], sink: &mut Sink<'_>) {
    let mut quotes = message.splitn(3, |b| *b == b'"');
    let (Some(kind), Some(table)) = (quotes.next(), quotes.next()) else { return };
    let table = String::from_utf8_lossy(table);
    let names = if memmem::find(kind, b"analyze of table").is_some() {
        &mut sink.facts.autoanalyze
    } else if memmem::find(kind, b"vacuum").is_some() {
        &mut sink.facts.autovacuum
    } else {
        return;
    };
    count_name(names, &table, 1);
    if left_behind(message).is_some_and(|rows| rows >= LEFT_BEHIND) {
        count_name(&mut sink.facts.vacuum_held_back, &table, 1);
    }
}

/// Dead rows that a vacuum had to leave: `…, 1234 are dead but not yet removable`.
fn left_behind(message: &[u8]) -> Option<u64> {
    let end = memmem::find(message, b" are dead but not yet removable")?;
    let from = message[..end].iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |at| at + 1);
    std::str::from_utf8(&message[from..end]).ok()?.parse().ok()
}

/// `process 1 still waiting for ShareLock on … after 1000.123 ms`, `process 1 acquired … after …`.
fn lock_wait(entry: &Entry<'_>, sink: &mut Sink<'_>) {
    if !sink.keeps(entry.time, &entry.session) {
        return;
    }
    if memmem::find(entry.message, b" still waiting for ").is_some() {
        sink.facts.lock_waits += 1;
    }
    // Only the end of a wait tells how long it was; before it the same wait is reported again.
    if memmem::find(entry.message, b" acquired ").is_none() {
        return;
    }
    let waited = memmem::rfind(entry.message, b" after ")
        .and_then(|at| duration(&entry.message[at + 7..], 1_000_000));
    if let Some((ns, _)) = waited {
        sink.facts.lock_ns += u128::from(ns);
        sink.cost(entry.statement, entry.time, &entry.session, (None, Some(ns)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_told_apart() {
        let of = |text: &'static str| {
            step(text.as_bytes()).map(|(s, t)| (s, std::str::from_utf8(t).unwrap()))
        };
        assert_eq!(of("statement: SELECT 1"), Some((Step::Execute, "SELECT 1")));
        assert_eq!(of("execute <unnamed>: SELECT a::int"), Some((Step::Execute, "SELECT a::int")));
        assert_eq!(of("execute fetch from S_1/C_2: SELECT 1"), Some((Step::Execute, "SELECT 1")));
        assert_eq!(of("parse S_1: SELECT 1"), Some((Step::Prepare, "")));
        assert_eq!(of("checkpoint starting: time"), None);
        assert_eq!(
            prepared(b"prepare: PREPARE p (int) AS SELECT $1 as x"),
            Some(&b"SELECT $1 as x"[..])
        );
        assert_eq!(prepared(b"parameters: $1 = '1'"), None);
    }

    #[test]
    fn rows_that_a_vacuum_leaves_are_read() {
        let of = |text: &str| left_behind(text.as_bytes());
        let message = "automatic vacuum of table \"a.b.c\": index scans: 0\n\tpages: 0 removed\n\ttuples: \
                       0 removed, 9 remain, 4711 are dead but not yet removable, oldest xmin: 7";
        assert_eq!(of(message), Some(4711));
        assert_eq!(of("automatic vacuum of table \"a.b.c\": index scans: 0"), None);
    }

    #[test]
    fn errors_lose_their_values() {
        assert_eq!(
            shown_error(b"relation \"secret\" does not exist at character 15\n\tx"),
            "relation \"…\" does not exist"
        );
        assert_eq!(shown_error(b"value 4711 out of range"), "value ? out of range");
    }
}

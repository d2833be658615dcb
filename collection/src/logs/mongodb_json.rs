//! MongoDB's structured log (since 4.4): one JSON object a line.
//!
//! Of a line about a slow operation only the members that matter are read: what comes after the
//! figures (locks, flow control, storage) is passed over, and the duration is read from the end.

use super::event::{Event, Session};
use super::facts::Reason;
use super::json::{Value, members};
use super::mongodb::{Operation, Statements};
use super::reader::{Hints, LogReader, Parser, Records, content, last_line_end, lines};
use super::sink::Sink;
use super::time::{Clock, Micros, digits, number};
use memchr::memmem;
use planscope_explain::Engine;
use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_64;

/// MongoDB's structured log.
pub static READER: LogReader = LogReader {
    name: "mongodb-json",
    engine: Engine::Mongodb,
    summary: "MongoDB's structured log (4.4 and later)",
    detect,
    open,
};

/// Lines of writes at the end of a block that are kept together with what follows them.
const MOST_WRITES: usize = 1000;

/// Most connections that are remembered.
const MOST_CONNECTIONS: usize = 4096;

fn detect(sample: &[u8]) -> u8 {
    let good = lines(sample)
        .take(100)
        .filter(|line| {
            line.starts_with(b"{\"t\":{\"$date\":") && memmem::find(line, b"\"msg\":").is_some()
        })
        .count();
    if good > 0 { 95 } else { 0 }
}

fn open(_sample: &[u8], _hints: &Hints) -> Box<dyn Parser> {
    Box::new(Structured)
}

struct Structured;

impl Parser for Structured {
    fn engine(&self) -> Engine {
        Engine::Mongodb
    }

    /// Not between a write and the command around it, which comes next: see [`Lines::slow`].
    fn cut(&self, block: &[u8]) -> usize {
        let whole = last_line_end(block);
        let mut end = whole;
        for _ in 0..MOST_WRITES {
            let before = last_line_end(block[..end].strip_suffix(b"\n").unwrap_or_default());
            let line = &block[before..end];
            if memmem::find(line.get(..200).unwrap_or(line), b"\"c\":\"WRITE\"").is_none() {
                break;
            }
            end = before;
        }
        if end > 0 { end } else { whole }
    }

    fn is_stateless(&self) -> bool {
        true
    }

    fn start(&self) -> Box<dyn Records> {
        Box::new(Lines::default())
    }
}

struct Lines {
    clock: Clock,
    statements: Statements,
    /// Connections (hashed) that logged an update or a delete and not yet the command around it.
    writing: FxHashSet<u64>,
    /// Finds [`SLOW`].
    slow: memmem::Finder<'static>,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            clock: Clock::default(),
            statements: Statements::default(),
            writing: FxHashSet::default(),
            slow: memmem::Finder::new(SLOW),
        }
    }
}

/// The message of a slow operation, and what follows it.
const SLOW: &[u8] = b"\"msg\":\"Slow query\"";
const ATTRIBUTES: &[u8] = b",\"attr\":";

impl Records for Lines {
    fn read(&mut self, chunk: &[u8], sink: &mut Sink<'_>) {
        for line in lines(chunk) {
            let text = content(line).trim_ascii();
            if text.is_empty() {
                continue;
            }
            // The message is near the start, behind the time, the component and the thread.
            let head = text.get(..400).unwrap_or(text);
            match self.slow.find(head) {
                Some(at) => self.slow(text, at, line, sink),
                None if is_object(text, line) => self.other(head, text, sink),
                None if line.ends_with(b"\n") => sink.reject(Reason::Malformed, line),
                None => sink.reject(Reason::CutShort, line),
            }
        }
    }
}

/// Whether a line is an object; the last line of a log may be cut at an inner brace.
fn is_object(text: &[u8], line: &[u8]) -> bool {
    let braces = text.starts_with(b"{") && text.ends_with(b"}");
    let whole = || {
        let mut all = members(text);
        all.by_ref().count();
        !all.broken
    };
    braces && (line.ends_with(b"\n") || whole())
}

impl Lines {
    /// `{"t":{"$date":"2026-11-21T15:58:55.928+00:00"},…`.
    fn time(&mut self, text: &[u8]) -> Option<Micros> {
        let stamp = text.strip_prefix(b"{\"t\":{\"$date\":\"")?;
        self.clock.read(stamp).map(|(time, _)| time)
    }

    fn slow(&mut self, text: &[u8], at: usize, line: &[u8], sink: &mut Sink<'_>) {
        let time = self.time(text);
        let after = at + SLOW.len();
        let attributes = if text[after..].starts_with(ATTRIBUTES) {
            Some(after + ATTRIBUTES.len())
        } else {
            memmem::find(&text[after..], b"\"attr\":").map(|found| after + found + 7)
        };
        let found = attributes.and_then(|at| Slow::read(&text[at..]));
        let duration_ns = millis(text);
        let (Some(mut found), Some(duration_ns)) = (found, duration_ns) else {
            let whole = text.ends_with(b"}");
            return sink.reject(if whole { Reason::Malformed } else { Reason::CutShort }, line);
        };
        if found.operation.event.session.app.starts_with(b"planscope") {
            sink.facts.own += 1;
            return;
        }
        if self.is_said_already(&found.operation, &text[..at]) {
            sink.facts.steps.0 += 1;
            sink.facts.steps.1 += u128::from(duration_ns);
            return;
        }
        found.operation.event.time = time;
        found.operation.event.duration_ns = Some(duration_ns);
        self.statements.add(&found.operation, sink);
    }

    /// An update or a delete is logged twice: each of its parts with its figures, then the command
    /// around them, which has none. The command counts only when no part was slow enough.
    fn is_said_already(&mut self, operation: &Operation<'_>, head: &[u8]) -> bool {
        let is_part = matches!(operation.kind, b"update" | b"remove" | b"delete");
        let around = || {
            operation.kind == b"command"
                && members(operation.command).next().is_some_and(|(key, value)| {
                    matches!(key, b"update" | b"delete") && matches!(value, Value::String(_))
                })
        };
        if !is_part && !around() {
            return false;
        }
        let connection = memmem::find(head, b"\"ctx\":\"").map_or(&b""[..], |at| {
            let rest = &head[at + 7..];
            &rest[..memchr::memchr(b'"', rest).unwrap_or(rest.len())]
        });
        let connection = xxh3_64(connection);
        if !is_part {
            return self.writing.remove(&connection);
        }
        if self.writing.len() >= MOST_CONNECTIONS {
            self.writing.clear();
        }
        self.writing.insert(connection);
        false
    }

    /// What the log says besides.
    fn other(&mut self, head: &[u8], text: &[u8], sink: &mut Sink<'_>) {
        if let Some(time) = self.time(text) {
            sink.facts.saw(time);
        }
        if memmem::find(head, b"\"msg\":\"Build Info\"").is_some() {
            let version = memmem::find(text, b"\"version\":\"").and_then(|at| {
                let rest = &text[at + 11..];
                rest.get(..memchr::memchr(b'"', rest)?)
            });
            if let Some(version) = version {
                let version = String::from_utf8_lossy(version).into_owned();
                sink.facts.said.insert("version".into(), version);
            }
        } else if memmem::find(head, b"\"msg\":\"Connection accepted\"").is_some() {
            sink.facts.connections += 1;
        }
    }
}

/// Nanoseconds of the `durationMillis` that ends the attributes of a slow operation.
fn millis(text: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"\"durationMillis\":";
    if let Some(head) = text.strip_suffix(b"}}") {
        let length = head.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let (head, figures) = head.split_at(head.len() - length);
        if head.ends_with(NAME) {
            return u64::try_from(number(figures)?).ok()?.checked_mul(1_000_000);
        }
    }
    let tail = text.get(text.len().saturating_sub(64)..)?;
    let after = match memmem::rfind(tail, NAME) {
        Some(at) => &tail[at + NAME.len()..],
        None => &text[memmem::rfind(text, NAME)? + NAME.len()..],
    };
    u64::try_from(number(&after[..digits(after)])?).ok()?.checked_mul(1_000_000)
}

/// The attributes of a slow operation.
struct Slow<'a> {
    operation: Operation<'a>,
}

impl<'a> Slow<'a> {
    fn read(attributes: &'a [u8]) -> Option<Self> {
        let mut operation = Operation::default();
        let mut event = Event::default();
        let mut session = Session::default();
        let mut changed = None;
        let mut all = members(attributes);
        for (key, value) in all.by_ref() {
            let raw = value.raw();
            let count = || number(raw).and_then(|n| u64::try_from(n).ok());
            match key {
                b"type" => operation.kind = raw,
                b"ns" => operation.namespace = raw,
                b"appName" => session.app = raw,
                b"user" => session.user = raw.split(|b| *b == b'@').next().unwrap_or_default(),
                b"command" => operation.command = raw,
                b"originatingCommand" => operation.originating = raw,
                b"docsExamined" => event.rows_examined = count(),
                b"nreturned" => event.rows = count(),
                b"nModified" | b"nMatched" | b"ndeleted" | b"ninserted" => {
                    changed = changed.max(count())
                }
                b"queryHash" | b"planCacheShapeHash" => event.engine_id = raw,
                b"planSummary" => event.marks |= u8::from(raw.starts_with(b"COLLSCAN")),
                b"usedDisk" if raw == b"true" => event.marks |= 4,
                b"ok" if raw == b"0" => event.marks |= 16,
                // What follows are locks, storage and the duration.
                b"locks" => break,
                _ => {}
            }
        }
        event.rows = event.rows.or(changed);
        event.session = session;
        operation.event = event;
        (!all.broken && operation.command.first() == Some(&b'{')).then_some(Self { operation })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Filter;
    use super::*;

    fn read(text: &str) -> Sink<'static> {
        static FILTER: Filter = Filter {
            since: None,
            until: None,
            databases: Vec::new(),
            not_databases: Vec::new(),
            users: Vec::new(),
            not_users: Vec::new(),
            apps: Vec::new(),
            not_apps: Vec::new(),
        };
        let mut sink = Sink::new(Engine::Mongodb, &FILTER, false, 1);
        Lines::default().read(text.as_bytes(), &mut sink);
        sink
    }

    const LINE: &str = r#"{"t":{"$date":"2026-11-21T15:58:58.764+00:00"},"s":"I",  "c":"WRITE",    "id":51803,   "ctx":"conn14","msg":"Slow query","attr":{"type":"update","ns":"shop.orders","command":{"q":{"customer_id":3},"u":{"$set":{"seen":true}},"multi":true,"upsert":false},"planSummary":"COLLSCAN","docsExamined":100,"nMatched":100,"nModified":90,"queryHash":"FB2ACDFE","locks":{"Global":{"acquireCount":{"w":1}}},"storage":{},"durationMillis":12}}"#;

    #[test]
    fn a_slow_operation_is_an_event() {
        let (classes, facts, rejects) = read(&format!("{LINE}\n")).into_classes();
        assert_eq!((facts.events, rejects.len()), (1, 0));
        let (class, database) = &classes[0];
        assert_eq!(database.as_deref(), Some("shop"));
        assert_eq!(class.engine_id, "FB2ACDFE");
        let counters = class.counters();
        assert_eq!(
            (counters.total_ms, counters.rows, counters.rows_examined),
            (Some(12.0), Some(100.0), Some(100.0))
        );
        assert!(class.example.starts_with(b"{\"update\":\"orders\",\"updates\":[{\"q\":"));
    }

    #[test]
    fn every_truncation_is_an_event_or_a_reject() {
        for end in 1..LINE.len() {
            let (_, facts, rejects) = read(&LINE[..end]).into_classes();
            assert_eq!(facts.events + rejects.values().map(|r| r.count).sum::<u64>(), 1, "{end}");
        }
    }

    /// The command around an update, as the server logs it after the update itself.
    const AROUND: &str = r#"{"t":{"$date":"2026-11-21T15:58:58.765+00:00"},"s":"I",  "c":"COMMAND",  "id":51803,   "ctx":"conn14","msg":"Slow query","attr":{"type":"command","ns":"shop.$cmd","command":{"update":"orders","updates":[{"q":{"customer_id":3},"u":{"$set":{"seen":true}},"multi":true}],"$db":"shop"},"numYields":0,"reslen":60,"durationMillis":12}}"#;

    #[test]
    fn an_update_that_is_logged_twice_counts_once() {
        let other = AROUND.replace("conn14", "conn15");
        let text = format!("{LINE}\n{other}\n{AROUND}\n");
        let (classes, facts, _) = read(&text).into_classes();
        assert_eq!((facts.events, facts.steps.0, classes.len()), (2, 1, 1));
        // Blocks do not end between the two.
        let block = format!("{other}\n{LINE}\n");
        assert_eq!(Structured.cut(block.as_bytes()), other.len() + 1);
        assert_eq!(Structured.cut(format!("{LINE}\n").as_bytes()), LINE.len() + 1);
    }
}

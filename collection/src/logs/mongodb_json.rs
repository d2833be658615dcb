//! MongoDB's structured log (since 4.4): one JSON object a line.
//!
//! Of a line about a slow operation only the members that matter are read: what comes after the
//! figures (locks, flow control, storage) is passed over, and the duration is read from the end.

use super::facts::Reason;
use super::json::{Members, members};
use super::mongodb::{self, Figures, Look, Operation, Waits, look};
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
    /// Connections (hashed) that logged an update or a delete and not yet the command around it.
    writing: FxHashSet<u64>,
    /// Finds [`SLOW`], and where it was in the line before.
    slow: memmem::Finder<'static>,
    slow_at: usize,
    waits: Waits,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            clock: Clock::default(),
            writing: FxHashSet::default(),
            slow: memmem::Finder::new(SLOW),
            slow_at: 0,
            waits: Waits::default(),
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
            match self.find_slow(head) {
                Some(at) => self.slow(text, at, line, sink),
                None if is_object(text, line) => self.other(head, text, sink),
                None if line.ends_with(b"\n") => sink.reject(Reason::Malformed, line),
                None => sink.reject(Reason::CutShort, line),
            }
        }
    }
}

/// The connection of a line: the last member before the message, as a rule.
fn connection(head: &[u8]) -> &[u8] {
    const KEY: &[u8] = b"\"ctx\":\"";
    let text = head.strip_suffix(b"\",").unwrap_or(head);
    if let Some(quote) = memchr::memrchr(b'"', text)
        && text[..=quote].ends_with(KEY)
    {
        return &text[quote + 1..];
    }
    let Some(at) = memmem::find(head, KEY) else { return b"" };
    let rest = &head[at + KEY.len()..];
    &rest[..memchr::memchr(b'"', rest).unwrap_or(rest.len())]
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

    /// Where the message of a slow operation is. Most lines have it where the one before had it.
    fn find_slow(&mut self, head: &[u8]) -> Option<usize> {
        if head.get(self.slow_at..).is_some_and(|rest| rest.starts_with(SLOW)) {
            return Some(self.slow_at);
        }
        let found = self.slow.find(head);
        self.slow_at = found.unwrap_or(self.slow_at);
        found
    }

    fn slow(&mut self, text: &[u8], at: usize, line: &[u8], sink: &mut Sink<'_>) {
        let time = self.time(text);
        let after = at + SLOW.len();
        let attributes = if text[after..].starts_with(ATTRIBUTES) {
            Some(after + ATTRIBUTES.len())
        } else {
            memmem::find(&text[after..], b"\"attr\":").map(|found| after + found + 7)
        };
        let found = attributes.and_then(|at| read(&text[at..], &self.waits));
        let duration_ns = millis(text);
        let (Some(mut found), Some(duration_ns)) = (found, duration_ns) else {
            let whole = text.ends_with(b"}");
            return sink.reject(if whole { Reason::Malformed } else { Reason::CutShort }, line);
        };
        if found.event.session.app.starts_with(b"planscope") {
            sink.facts.own += 1;
            return;
        }
        if self.is_said_already(&found, &text[..at]) {
            sink.facts.steps.0 += 1;
            sink.facts.steps.1 += u128::from(duration_ns);
            return;
        }
        found.event.time = time;
        found.event.duration_ns = Some(duration_ns);
        mongodb::add(&found, sink);
    }

    /// An update or a delete is logged twice: each of its parts with its figures, then the command
    /// around them, which has none. The command counts only when no part was slow enough.
    fn is_said_already(&mut self, operation: &Operation<'_>, head: &[u8]) -> bool {
        let is_part = matches!(operation.kind, b"update" | b"remove" | b"delete");
        let is_write =
            |command: &Look<'_>| command.is_named && matches!(command.name, b"update" | b"delete");
        let is_around =
            operation.kind == b"command" && operation.command.as_ref().is_some_and(is_write);
        if !is_part && !is_around {
            return false;
        }
        let connection = xxh3_64(connection(head));
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

/// Reads the attributes of a slow operation; `None` when they are broken or have no command.
fn read<'a>(attributes: &'a [u8], waits: &Waits) -> Option<Operation<'a>> {
    let mut operation = Operation::default();
    let mut figures = Figures::default();
    let event = &mut operation.event;
    let mut all = members(attributes);
    while let Some(key) = all.next_key() {
        match key {
            b"command" => operation.command = command(&mut all),
            b"originatingCommand" => operation.originating = command(&mut all),
            // What follows are locks, storage and the duration.
            b"locks" => break,
            _ => {
                let value = all.value().raw();
                match key {
                    b"type" => operation.kind = value,
                    b"ns" => operation.namespace = value,
                    b"appName" => event.session.app = value,
                    b"user" => {
                        event.session.user = value.split(|b| *b == b'@').next().unwrap_or_default();
                    }
                    b"queryHash" | b"planCacheShapeHash" => event.engine_id = value,
                    _ => figures.take(key, value, count),
                }
            }
        }
    }
    if all.broken || operation.command.is_none() {
        return None;
    }
    figures.put(event);
    waits.read(all.rest(), count, event);
    Some(operation)
}

/// A command among the attributes.
fn command<'a>(all: &mut Members<'a>) -> Option<Look<'a>> {
    let found = look(all.rest());
    match found {
        Some(found) => all.pass(found.text.len()),
        None => drop(all.value()),
    }
    found
}

fn count(value: &[u8]) -> Option<u64> {
    u64::try_from(number(value)?).ok()
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
            (Some(12.0), Some(90.0), Some(100.0))
        );
        assert!(class.example.starts_with(b"{\"update\":\"orders\",\"updates\":[{\"q\":"));
    }

    #[test]
    fn what_is_examined_sorted_and_waited_for_is_counted() {
        let line = LINE
            .replace(r#""docsExamined":100,"#, r#""keysExamined":7,"docsExamined":100,"hasSortStage":true,"#)
            .replace(r#"{"w":1}}}"#, r#"{"w":1},"timeAcquiringMicros":{"w":2500,"r":500}}},"flowControl":{"timeAcquiringMicros":9}"#)
            .replace(r#""storage":{}"#, r#""storage":{"data":{"bytesRead":4096,"timeReadingMicros":1500,"timeWritingMicros":250}}"#);
        let (classes, _, rejects) = read(&format!("{LINE}\n{line}\n")).into_classes();
        assert!(rejects.is_empty());
        let counters = classes[0].0.counters();
        assert_eq!(
            (counters.keys_examined, counters.sorts, counters.lock_ms, counters.io_ms),
            (Some(7.0), Some(1.0), Some(3.0), Some(1.75))
        );
        assert_eq!(counters.no_index_used, Some(2.0));
    }

    /// The statement is written for a new shape and for a slower execution only.
    #[test]
    fn the_example_is_of_the_slowest_execution() {
        let other = LINE
            .replace(r#""customer_id":3"#, r#""customer_id":44"#)
            .replace(r#""durationMillis":12"#, r#""durationMillis":13"#);
        for text in [format!("{LINE}\n{other}\n"), format!("{other}\n{LINE}\n")] {
            let (classes, _, _) = read(&text).into_classes();
            assert_eq!(classes.len(), 1);
            assert!(memmem::find(&classes[0].0.example, br#""customer_id":44"#).is_some());
        }
    }

    const FIND: &str = r#"{"t":{"$date":"2026-11-21T15:58:58.764+00:00"},"s":"I",  "c":"COMMAND",  "id":51803,   "ctx":"conn14","msg":"Slow query","attr":{"type":"command","ns":"shop.orders","command":{"find":"orders","filter":{"a":3}},"nreturned":101,"locks":{},"durationMillis":5}}"#;
    const MORE: &str = r#"{"t":{"$date":"2026-11-21T15:58:58.764+00:00"},"s":"I",  "c":"COMMAND",  "id":51803,   "ctx":"conn14","msg":"Slow query","attr":{"type":"command","ns":"shop.orders","command":{"getMore":77,"collection":"orders"},"originatingCommand":{"find":"orders","filter":{"a":4}},"nreturned":50,"locks":{},"durationMillis":9}}"#;

    /// As a live collection counts it: time and rows are the statement's, the call is one.
    #[test]
    fn fetching_more_is_no_execution() {
        let check = |text: &str, events: u64, figures: [f64; 5]| {
            let (classes, facts, _) = read(text).into_classes();
            assert_eq!((classes.len(), facts.events), (1, events), "{text}");
            let c = classes[0].0.counters();
            let found = [c.calls, c.total_ms, c.mean_ms, c.max_ms, c.rows].map(Option::unwrap);
            assert_eq!(found, figures, "{text}");
            let of_find = memmem::find(&classes[0].0.example, br#""a":3"#).is_some();
            assert_eq!(of_find, text.contains(FIND), "{text}");
        };
        let both = [1.0, 23.0, 23.0, 5.0, 201.0];
        check(&format!("{FIND}\n{MORE}\n{MORE}\n"), 3, both);
        check(&format!("{MORE}\n{MORE}\n{FIND}\n"), 3, both);
        check(&format!("{MORE}\n{MORE}\n"), 2, [2.0, 18.0, 9.0, 9.0, 100.0]);
    }

    #[test]
    fn every_truncation_is_an_event_or_a_reject() {
        let begins = (1..LINE.len()).map(|end| &LINE[..end]);
        // Found by fuzzing: a line that begins with its message. A whole object is of something else.
        let ends = (1..LINE.len()).map(|start| &LINE[start..]);
        let ends = ends.filter(|end| !end.starts_with('{'));
        for part in begins.chain(ends) {
            let (_, facts, rejects) = read(part).into_classes();
            let rejected: u64 = rejects.values().map(|reject| reject.count).sum();
            assert_eq!(facts.events + rejected, 1, "{part}");
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

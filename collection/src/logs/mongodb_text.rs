//! MongoDB's plain log (until 4.2): a line an operation, ending with its milliseconds.
//!
//! `<time> [I COMMAND] [conn1] command shop.orders appName: "x" command: find { find: "orders", … }
//! planSummary: COLLSCAN keysExamined:0 docsExamined:5 … 12ms`. Other lines end with milliseconds
//! too (a pause, a vote); only those that name an operation and a namespace are executions.

use super::event::{Event, Session};
use super::facts::Reason;
use super::mongodb::{Figures, add_text, split_namespace};
use super::reader::{Hints, LogReader, Parser, Records, content, last_line_end, lines};
use super::sink::Sink;
use super::time::{Clock, Micros, Years, clock_time, days, fraction, month, number};
use memchr::memmem;
use planscope_explain::Engine;

/// MongoDB's plain log.
pub static READER: LogReader = LogReader {
    name: "mongodb-text",
    engine: Engine::Mongodb,
    summary: "MongoDB's plain log (until 4.2)",
    detect,
    open,
};

/// The operations that are logged.
const OPERATIONS: [&[u8]; 6] =
    [b"query ", b"getmore ", b"insert ", b"update ", b"remove ", b"command "];

fn detect(sample: &[u8]) -> u8 {
    let mut heads = Heads { years: Years::from(2000), clock: Clock::default() };
    let good = lines(sample).take(200).filter(|line| heads.read(content(line)).is_some()).count();
    match good {
        0 => 0,
        1 => 65,
        _ => 80,
    }
}

fn open(sample: &[u8], hints: &Hints) -> Box<dyn Parser> {
    let short = |line: &[u8]| month(line.get(4..)?).filter(|_| line[3] == b' ');
    let first = lines(sample).find_map(short);
    let years = hints.year.map_or_else(|| Years::guessed(first), |year| Years::from(year.into()));
    Box::new(Plain { years, has_years: first.is_none() })
}

struct Plain {
    years: Years,
    /// Whether each time has its year, and needs nothing from the lines before it.
    has_years: bool,
}

impl Parser for Plain {
    fn engine(&self) -> Engine {
        Engine::Mongodb
    }

    fn cut(&self, block: &[u8]) -> usize {
        last_line_end(block)
    }

    fn is_stateless(&self) -> bool {
        self.has_years
    }

    fn start(&self) -> Box<dyn Records> {
        let heads = Heads { years: self.years, clock: Clock::default() };
        Box::new(Lines { heads, text: Vec::new() })
    }
}

/// Reads the beginnings of lines.
struct Heads {
    years: Years,
    clock: Clock,
}

impl Heads {
    /// The time of a line and its message, after the thread in brackets.
    fn read<'a>(&mut self, line: &'a [u8]) -> Option<(Micros, &'a [u8])> {
        let (time, length) = match line.first()? {
            b'1' | b'2' => self.clock.read(line).filter(|_| line.get(10) == Some(&b'T'))?,
            _ => self.short(line)?,
        };
        let rest = line[length..].strip_prefix(b" ")?;
        // `I COMMAND  [conn1] `, where the first two are of 3.0 and later.
        let open = memchr::memchr(b'[', rest.get(..24).unwrap_or(rest))?;
        let before = &rest[..open];
        let level =
            before.is_empty() || (before.get(1) == Some(&b' ') && b"IWEFD".contains(&before[0]));
        let close = open + memchr::memchr(b']', &rest[open..])?;
        level.then_some((time, rest.get(close + 2..).unwrap_or_default()))
    }

    /// `Wed Jul 13 16:14:35.324`, in the server's zone, which it does not say.
    fn short(&mut self, line: &[u8]) -> Option<(Micros, usize)> {
        let month = month(line.get(4..)?).filter(|_| line[3] == b' ')?;
        let day = number(line.get(8..10)?.trim_ascii())?;
        let (time, length) = clock_time(line.get(11..)?)?;
        let (micros, more) = fraction(&line[11 + length..]);
        let start = days(self.years.of(month), month, day) * 86_400_000_000;
        Some((start + time + micros, 11 + length + more))
    }
}

struct Lines {
    heads: Heads,
    text: Vec<u8>,
}

impl Records for Lines {
    fn read(&mut self, chunk: &[u8], sink: &mut Sink<'_>) {
        for line in lines(chunk) {
            let text = content(line).trim_ascii_end();
            if text.is_empty() {
                continue;
            }
            match self.heads.read(text) {
                Some((time, message)) => self.message(time, message, sink),
                // The banner of a log that was begun anew, or what a library printed.
                None => sink.reject(Reason::NoRecord, line),
            }
        }
    }
}

impl Lines {
    fn message(&mut self, time: Micros, message: &[u8], sink: &mut Sink<'_>) {
        sink.facts.saw(time);
        if let Some(version) = message.strip_prefix(b"db version v") {
            let version = String::from_utf8_lossy(version).into_owned();
            sink.facts.said.insert("version".into(), version);
        } else if message.starts_with(b"connection accepted") {
            sink.facts.connections += 1;
        }
        let Some(duration_ns) = millis(message) else { return };
        let Some(kind) = OPERATIONS.iter().find(|kind| message.starts_with(kind)) else { return };
        let rest = &message[kind.len()..];
        let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
        let (namespace, rest) = rest.split_at(end);
        if !namespace.contains(&b'.') {
            return;
        }
        let figures = self.statement(kind.trim_ascii(), namespace, rest);
        let (database, _) = split_namespace(namespace);
        let mut event = Event {
            time: Some(time),
            statement: &self.text,
            duration_ns: Some(duration_ns),
            session: Session { database, user: b"", app: quoted(rest, b" appName: \"") },
            is_more: *kind == b"getmore " || memmem::find(rest, b" command: getMore {").is_some(),
            ..Event::default()
        };
        read_figures(figures, &mut event);
        add_text(&event, sink);
    }

    /// Writes the statement; what follows it.
    fn statement<'a>(&mut self, kind: &[u8], namespace: &[u8], rest: &'a [u8]) -> &'a [u8] {
        let (_, collection) = split_namespace(namespace);
        let mut parts = Parts { rest, end: 0 };
        let command = parts.after(b" command: ");
        let originating = parts.after(b" originatingCommand: ");
        let query = parts.after(b" query: ");
        let update = parts.after(b" update: ");
        self.text.clear();
        let text = &mut self.text;
        let mut put =
            |pieces: &[&[u8]]| pieces.iter().for_each(|piece| text.extend_from_slice(piece));
        match (kind, command, query) {
            (b"update" | b"remove", Some(part), _) if part.starts_with(b"{ q:") => {
                put(&wrapped(kind, collection, part));
            }
            (_, Some(command), _) => put(&[originating.unwrap_or(command)]),
            (b"update", None, Some(query)) => {
                put(&[b"{ update: \"", collection, b"\", updates: [ { q: ", query, b", u: "]);
                put(&[update.unwrap_or(b"{}"), b" } ] }"]);
            }
            (b"remove", None, Some(query)) => {
                put(&[b"{ delete: \"", collection, b"\", deletes: [ { q: ", query, b" } ] }"]);
            }
            (_, None, Some(query)) => {
                put(&[b"{ find: \"", collection, b"\", filter: ", query, b" }"]);
            }
            (kind, None, None) => {
                let name: &[u8] = if kind == b"remove" { b"delete" } else { kind };
                put(&[b"{ ", name, b": \"", collection, b"\" }"]);
            }
        }
        &rest[parts.end..]
    }
}

/// A part of an `update` or a `delete`, with the command around it.
fn wrapped<'a>(kind: &[u8], collection: &'a [u8], part: &'a [u8]) -> [&'a [u8]; 5] {
    let (name, parts): (&[u8], &[u8]) = match kind {
        b"update" => (b"{ update: \"", b"\", updates: [ "),
        _ => (b"{ delete: \"", b"\", deletes: [ "),
    };
    [name, collection, parts, part, b" ] }"]
}

/// The objects of a line.
struct Parts<'a> {
    rest: &'a [u8],
    /// Where the last of them ends.
    end: usize,
}

impl<'a> Parts<'a> {
    /// The object after a mark; a command's name may stand before it.
    fn after(&mut self, mark: &[u8]) -> Option<&'a [u8]> {
        let start = memmem::find(self.rest, mark)? + mark.len();
        let open = start
            + memchr::memchr(b'{', self.rest[start..].get(..64).unwrap_or(&self.rest[start..]))?;
        let length = object_length(&self.rest[open..])?;
        self.end = self.end.max(open + length);
        self.rest.get(open..open + length)
    }
}

/// The length of the object at the start of `text`; strings are in double quotes.
fn object_length(text: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at += 1;
                loop {
                    at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
                    if text[at] == b'"' {
                        break;
                    }
                    at += 2;
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The milliseconds at the end of a message, in nanoseconds.
fn millis(message: &[u8]) -> Option<u64> {
    let text = message.strip_suffix(b"ms")?;
    let start = text.iter().rposition(|b| !b.is_ascii_digit())? + 1;
    let value = number(&text[start..]).filter(|_| text[start - 1] == b' ')?;
    u64::try_from(value).ok()?.checked_mul(1_000_000)
}

/// The text between a mark that ends with a quote and the next quote.
fn quoted<'a>(text: &'a [u8], mark: &[u8]) -> &'a [u8] {
    let found =
        memmem::find(text.get(..200).unwrap_or(text), mark).map(|at| &text[at + mark.len()..]);
    let end = |rest: &'a [u8]| memchr::memchr(b'"', rest).map(|end| &rest[..end]);
    found.and_then(end).unwrap_or_default()
}

/// `keysExamined:0 docsExamined:5 … nreturned:1`, under the names that they had before 3.2 as well.
fn read_figures(text: &[u8], event: &mut Event<'_>) {
    let mut figures = Figures::default();
    for word in text.split(|b| *b == b' ') {
        let Some(colon) = memchr::memchr(b':', word) else { continue };
        let name: &[u8] = match &word[..colon] {
            b"nscannedObjects" => b"docsExamined",
            b"nscanned" => b"keysExamined",
            b"scanAndOrder" => b"hasSortStage",
            b"nupdated" => b"nModified",
            b"locks" | b"locks(micros)" => break,
            name => name,
        };
        figures.take(name, &word[colon + 1..], count);
    }
    figures.put(event);
    // 2.2 has one figure for both.
    event.rows_examined = event.rows_examined.or(event.keys_examined);
    event.marks |= u8::from(memmem::find(text, b"planSummary: COLLSCAN").is_some());
}

fn count(value: &[u8]) -> Option<u64> {
    u64::try_from(number(value)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(message: &str) -> (String, Option<u64>) {
        let heads = Heads { years: Years::from(2018), clock: Clock::default() };
        let mut lines = Lines { heads, text: Vec::new() };
        let kind = message.split(' ').next().unwrap();
        let rest = &message[kind.len() + 1..];
        let end = rest.find(' ').unwrap_or(rest.len());
        let figures =
            lines.statement(kind.as_bytes(), &rest.as_bytes()[..end], &rest.as_bytes()[end..]);
        let mut event = Event::default();
        read_figures(figures, &mut event);
        (String::from_utf8(lines.text.clone()).unwrap(), event.rows_examined)
    }

    #[test]
    fn operations_of_every_version() {
        let check = |message: &str, wanted: &str, examined: Option<u64>| {
            assert_eq!(statement(message), (wanted.to_owned(), examined));
        };
        check(
            "command a.b command: find { find: \"b\", filter: { x: 1 } } planSummary: COLLSCAN docsExamined:5 locks:{} 3ms",
            "{ find: \"b\", filter: { x: 1 } }",
            Some(5),
        );
        check(
            "update a.b command: { q: { x: \"}\" }, u: {} } planSummary: IDHACK docsExamined:1 2ms",
            "{ update: \"b\", updates: [ { q: { x: \"}\" }, u: {} } ] }",
            Some(1),
        );
        check(
            "query a.b query: { x: 1 } nscanned:7 2ms",
            "{ find: \"b\", filter: { x: 1 } }",
            Some(7),
        );
        check("insert a.b keyUpdates:0 2ms", "{ insert: \"b\" }", None);
        check(
            "remove a.b query: { x: 1 } 2ms",
            "{ delete: \"b\", deletes: [ { q: { x: 1 } } ] }",
            None,
        );
    }

    #[test]
    fn only_milliseconds_at_the_end_are_a_duration() {
        assert_eq!(millis(b"query a.b 12ms"), Some(12_000_000));
        assert_eq!(millis(b"took 12ms,"), None);
        assert_eq!(millis(b"x:12ms"), None);
    }
}

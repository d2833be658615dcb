//! The slow log of MySQL, Percona Server and MariaDB, of every version and verbosity.
//!
//! An event is a block of `# Key: value` lines with a `Query_time`, then `use …;` and
//! `SET timestamp=…;` when they are needed, then the statement, up to the next block. `use` is
//! written only when the database is another one than in the event before, whoever ran it.

mod header;

pub(super) use header::short_time;

use super::event::{Event, Session};
use super::facts::Reason;
use super::reader::{Hints, LogReader, Parser, Records};
use super::sink::Sink;
use super::time::{Clock, Micros, digits, number};
use header::Header;
use memchr::memmem;
use planscope_explain::Engine;
use std::any::Any;

/// The slow log.
pub static READER: LogReader = LogReader {
    name: "mysql-slow",
    engine: Engine::Mysql,
    summary: "the slow log of MySQL, Percona Server and MariaDB",
    detect,
    open,
};

fn detect(sample: &[u8]) -> u8 {
    let has = |mark: &[u8]| memmem::find(sample, mark).is_some();
    if has(b"# Query_time: ") || has(b"# Query_time:") {
        if has(b"# User@Host: ") || has(b"# Time: ") { 95 } else { 80 }
    } else {
        // A log that was begun but has no event yet.
        u8::from(has(b"Command    Argument") && !has(b"\t")) * 20
    }
}

fn open(sample: &[u8], _hints: &Hints) -> Box<dyn Parser> {
    let has = |mark: &[u8]| memmem::find(sample, mark).is_some();
    let engine = if has(b"MariaDB") || has(b"QC_hit: ") { Engine::Mariadb } else { Engine::Mysql };
    // Old versions write the time only when the second changes.
    let stateless = !has(b"\nuse ") && (has(b"# Time: 2") || has(b"\nSET timestamp="));
    Box::new(SlowLog { engine, stateless })
}

struct SlowLog {
    engine: Engine,
    stateless: bool,
}

impl Parser for SlowLog {
    fn engine(&self) -> Engine {
        self.engine
    }

    fn cut(&self, block: &[u8]) -> usize {
        let mut before = block.len();
        for end in memchr::memrchr_iter(b'\n', block) {
            let line = block.get(end + 1..before).unwrap_or_default();
            if line.starts_with(b"# Time: ") {
                return end + 1;
            }
            let above = &block[..end];
            let above = &above[memchr::memrchr(b'\n', above).map_or(0, |at| at + 1)..];
            if line.starts_with(b"# User@Host: ") && !above.starts_with(b"# ") {
                return end + 1;
            }
            before = end;
        }
        0
    }

    fn is_stateless(&self) -> bool {
        self.stateless
    }

    fn start(&self) -> Box<dyn Records> {
        Box::new(SlowRecords::default())
    }
}

#[derive(Default)]
struct SlowRecords {
    database: Vec<u8>,
    time: Option<Micros>,
    clock: Clock,
}

impl Records for SlowRecords {
    fn read(&mut self, chunk: &[u8], sink: &mut Sink<'_>) {
        let mut at = 0;
        while at < chunk.len() {
            let (header, length) = Header::read(&chunk[at..], &mut self.clock);
            let end = event_end(chunk, at, at + length);
            self.event(&chunk[at..end], &header, length, sink);
            at = end;
        }
    }

    fn hand_over(&mut self) -> Option<Box<dyn Any>> {
        Some(Box::new((std::mem::take(&mut self.database), self.time)))
    }

    fn take_over(&mut self, state: Box<dyn Any>) {
        if let Ok(state) = state.downcast() {
            (self.database, self.time) = *state;
        }
    }
}

/// Whether a line that begins with `#` begins an event. Statements have comments with `#` too.
fn begins(line: &[u8]) -> bool {
    const WORDS: [&[u8]; 4] = [b"# Time: ", b"# User@Host: ", b"# Query_time: ", b"# Thread_id: "];
    WORDS.iter().any(|word| line.starts_with(word))
}

/// Where the event at `start` whose header ends at `statement` ends: at the next block of header lines.
fn event_end(chunk: &[u8], start: usize, statement: usize) -> usize {
    if statement > start && begins(&chunk[statement..]) {
        return statement;
    }
    // The newline before the statement's first line may be the one that ends it.
    let mut at = statement.saturating_sub(1).max(start);
    while let Some(found) = memchr::memchr(b'\n', &chunk[at..]) {
        at += found + 1;
        if chunk.get(at) == Some(&b'#') && begins(&chunk[at..]) {
            return at;
        }
    }
    chunk.len()
}

impl SlowRecords {
    fn event(&mut self, event: &[u8], header: &Header<'_>, length: usize, sink: &mut Sink<'_>) {
        if let Some(time) = header.time {
            self.time = Some(time);
        }
        let whole = &event[length..];
        let body = without_banner(whole);
        if body.len() < whole.len() {
            note_version(&whole[body.len()..], sink);
        }
        let preamble = Preamble::read(body);
        if let Some(database) = preamble.database {
            self.database.clear();
            self.database.extend(database.iter().filter(|byte| **byte != b'`'));
        }
        if !header.timed {
            return self.no_event(event, body, sink);
        }
        let rest = body[preamble.length..].trim_ascii();
        let command = rest.strip_prefix(b"# administrator command: ");
        sink.facts.administrator_commands += u64::from(command.is_some());
        // Without the sign, which begins a comment.
        let statement = if command.is_some() { rest[2..].trim_ascii() } else { rest };
        let statement = if statement.is_empty() { preamble.last } else { statement };
        if statement.is_empty() {
            return sink.reject(Reason::CutShort, event);
        }
        let database =
            if header.database.is_empty() { self.database.as_slice() } else { header.database };
        sink.event(&Event {
            time: preamble.time.or(self.time),
            statement,
            duration_ns: header.duration_ns,
            lock_ns: header.lock_ns,
            rows: header.rows(),
            rows_examined: header.rows_examined,
            temp_bytes: header.temp_bytes.filter(|_| header.marks & header::TEMP_ON_DISK > 0),
            session: Session { database, user: header.user, app: b"" },
            weight: header.weight(),
            marks: header.marks,
            explain_lines: header.explain_lines,
            ..Event::default()
        });
    }

    /// Text without a `Query_time`: the server's banner, or the end of an event that began before.
    fn no_event(&mut self, event: &[u8], body: &[u8], sink: &mut Sink<'_>) {
        if body.trim_ascii().is_empty() && event.len() == body.len() {
            return;
        }
        if body.trim_ascii().is_empty() && !begins(event) {
            return;
        }
        sink.reject(Reason::NoRecord, event);
    }
}

/// The lines between header and statement.
#[derive(Default)]
struct Preamble<'a> {
    length: usize,
    database: Option<&'a [u8]>,
    time: Option<Micros>,
    /// The last of the lines: the statement itself, when nothing follows.
    last: &'a [u8],
}

impl<'a> Preamble<'a> {
    fn read(body: &'a [u8]) -> Self {
        let mut found = Self::default();
        let mut stamped = false;
        loop {
            let rest = &body[found.length..];
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let line = rest[..end].trim_ascii();
            if let Some(name) = use_name(line).filter(|_| !stamped || end == rest.len()) {
                found.database = Some(name);
            } else if let Some(time) = timestamp(line).filter(|_| !stamped) {
                found.time = Some(time);
                stamped = true;
            } else if !(line.is_empty() && end > 0) {
                return found;
            }
            found.last = if line.is_empty() { found.last } else { line };
            found.length += end;
        }
    }
}

/// Notes the server's version as its banner has it, without what a build adds: `…/mysqld, Version:
/// 10.11.19-MariaDB-log (Debian 12). started with:`.
pub(super) fn note_version(banner: &[u8], sink: &mut Sink<'_>) {
    const MARK: &[u8] = b", Version: ";
    let Some(at) = memmem::rfind(banner, MARK) else { return };
    let rest = &banner[at + MARK.len()..];
    let length = rest.iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let version = String::from_utf8_lossy(&rest[..length]).into_owned();
    sink.facts.said.insert("version".into(), version);
}

/// The database of `use name;`.
fn use_name(line: &[u8]) -> Option<&[u8]> {
    let (word, rest) = line.split_at_checked(4)?;
    let name = rest.strip_suffix(b";")?.trim_ascii();
    (word.eq_ignore_ascii_case(b"use ") && !name.is_empty() && !name.contains(&b';'))
        .then_some(name)
}

/// The time of `SET timestamp=…;`, which may set `last_insert_id` and `insert_id` before it.
fn timestamp(line: &[u8]) -> Option<Micros> {
    let assignments = line.strip_prefix(b"SET ")?;
    let ours = [&b"timestamp="[..], b"last_insert_id=", b"insert_id="];
    if !ours.iter().any(|name| assignments.starts_with(name))
        || memchr::memchr(b' ', assignments).is_some()
    {
        return None;
    }
    let text = match assignments.strip_prefix(b"timestamp=") {
        Some(text) => text,
        None => &assignments[memmem::find(assignments, b"timestamp=")? + 10..],
    };
    let length = digits(text);
    let (micros, _) = super::time::fraction(&text[length..]);
    Some(number(&text[..length])?.checked_mul(1_000_000)? + micros)
}

/// A body without the lines that the server writes when it starts:
/// `…mysqld, Version: … started with:`, `Tcp port: …`, `Time   Id Command    Argument`.
fn without_banner(mut body: &[u8]) -> &[u8] {
    // A server that is started again and again writes it again and again.
    loop {
        let trimmed = body.trim_ascii_end();
        if !trimmed.ends_with(b"Argument") {
            return body;
        }
        let last = &trimmed[memchr::memrchr(b'\n', trimmed).map_or(0, |at| at + 1)..];
        if !last.starts_with(b"Time") || memmem::find(last, b" Id Command").is_none() {
            return body;
        }
        let Some(version) = memmem::rfind(trimmed, b", Version: ") else { return body };
        body = &body[..memchr::memrchr(b'\n', &trimmed[..version]).map_or(0, |at| at + 1)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preambles_end_where_the_statement_begins() {
        let read = |text: &'static str| {
            let found = Preamble::read(text.as_bytes());
            (
                &text[found.length..],
                found.database.map(|d| std::str::from_utf8(d).unwrap()),
                found.time,
            )
        };
        assert_eq!(
            read("use db1;\nSET timestamp=12;\nselect 1;\n"),
            ("select 1;\n", Some("db1"), Some(12_000_000))
        );
        assert_eq!(
            read("SET last_insert_id=1,insert_id=2,timestamp=3.5;\nSET timestamp=4;\n"),
            ("SET timestamp=4;\n", None, Some(3_500_000))
        );
        assert_eq!(read("SET timestamp=1;\nuse `b`;\n").1, Some("`b`"));
        assert_eq!(read("SET timestamp=1, sql_mode='x';").2, None);
    }

    #[test]
    fn events_end_at_a_header_not_at_a_comment() {
        let log = b"# Query_time: 1  Lock_time: 0\nselect 1\n# a comment\nfrom t;\n# User@Host: a[a] @ b []\n# Query_time: 2\nselect 2;\n";
        let header_end = |at: usize| at + Header::read(&log[at..], &mut Clock::default()).1;
        let end = event_end(log, 0, header_end(0));
        assert!(log[end..].starts_with(b"# User@Host: "));
        assert_eq!(event_end(log, end, header_end(end)), log.len());
    }

    #[test]
    fn banners_are_no_statements() {
        let body = b"select 1;\n/usr/sbin/mysqld, Version: 5.6. started with:\nTcp port: 1  Unix socket: x\nTime                 Id Command    Argument\n";
        assert_eq!(without_banner(body), b"select 1;\n");
        let tabs = b"/usr/sbin/mariadbd, Version: 10.11. started with:\nTcp port: 1  Unix socket: x\nTime\t\t    Id Command\tArgument\n";
        assert_eq!(without_banner(tabs), b"");
        assert_eq!(without_banner(b"select 1;\n"), b"select 1;\n");
    }
}

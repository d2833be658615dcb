//! PostgreSQL's csvlog, with the columns of every version (22 until 8.4, 26 since 14).

use super::event::Session;
use super::facts::Reason;
use super::postgres::message::Messages;
use super::postgres::{Entry, Severity};
use super::reader::{Hints, LogReader, Parser, Records, last_start, lines};
use super::sink::Sink;
use super::time::{Clock, civil, number};
use memchr::memmem;
use planscope_explain::Engine;
use std::any::Any;

/// PostgreSQL's csvlog.
pub static READER: LogReader = LogReader {
    name: "postgres-csv",
    engine: Engine::Postgres,
    summary: "PostgreSQL's csvlog",
    detect,
    open,
};

/// Columns in their order since 8.3: later versions add at the end.
mod column {
    pub(super) const TIME: usize = 0;
    pub(super) const USER: usize = 1;
    pub(super) const DATABASE: usize = 2;
    pub(super) const PID: usize = 3;
    pub(super) const SEVERITY: usize = 11;
    pub(super) const MESSAGE: usize = 13;
    pub(super) const DETAIL: usize = 14;
    pub(super) const QUERY: usize = 19;
    pub(super) const APP: usize = 22;
    pub(super) const QUERY_ID: usize = 25;
    /// More than any version has.
    pub(super) const MOST: usize = 40;
}

/// Columns of the oldest format.
const FEWEST_COLUMNS: usize = 22;

fn detect(sample: &[u8]) -> u8 {
    let mut fields = Fields::default();
    let good = lines(sample).take(200).filter(|line| begins(line, &mut fields)).count();
    if good > 0 { 95 } else { 0 }
}

fn open(sample: &[u8], _hints: &Hints) -> Box<dyn Parser> {
    // A statement of its own, or a duration alone, waits for its other half.
    let marks: [&[u8]; 4] = [b",\"statement: ", b",\"execute ", b" ms\",", b" ms  plan:"];
    let stateless = marks.iter().all(|mark| memmem::find(sample, mark).is_none());
    Box::new(Csv { stateless })
}

struct Csv {
    stateless: bool,
}

impl Parser for Csv {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    fn cut(&self, block: &[u8]) -> usize {
        let mut fields = Fields::default();
        // A line within a quoted field may look like a time, hardly like a whole record.
        last_start(block, |rest| begins(rest, &mut fields))
    }

    fn is_stateless(&self) -> bool {
        self.stateless
    }

    fn start(&self) -> Box<dyn Records> {
        Box::new(CsvRecords::default())
    }
}

/// Whether `text` begins with a record: a time, and a severity in its place.
fn begins(text: &[u8], fields: &mut Fields) -> bool {
    let unquoted = text.strip_prefix(b"\"").unwrap_or(text);
    if civil(unquoted).is_none() {
        return false;
    }
    fields.read(text, 0);
    fields.severity(text).is_some()
}

/// Where a field lies, without its quotes, and whether quotes are doubled in it.
#[derive(Clone, Copy, Default)]
struct Field {
    start: usize,
    end: usize,
    doubled: bool,
}

/// The fields of one record.
struct Fields {
    all: [Field; column::MOST],
    count: usize,
}

impl Default for Fields {
    fn default() -> Self {
        Self { all: [Field::default(); column::MOST], count: 0 }
    }
}

/// How a record ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// At this place, after the end of its line.
    Whole(usize),
    /// Within a quoted field, at the end of the text.
    Open,
    /// A quoted field is followed by something else than a comma.
    Broken,
}

impl Fields {
    /// Reads the record at `start`.
    fn read(&mut self, text: &[u8], start: usize) -> End {
        self.count = 0;
        let mut at = start;
        loop {
            let field = match text.get(at) {
                Some(b'"') => match quoted(text, at + 1) {
                    Some(field) => field,
                    None => return End::Open,
                },
                _ => {
                    let rest = &text[at..];
                    let end = memchr::memchr2(b',', b'\n', rest).unwrap_or(rest.len());
                    Field { start: at, end: at + end, doubled: false }
                }
            };
            let quoted = text.get(at) == Some(&b'"');
            if let Some(place) = self.all.get_mut(self.count) {
                *place = field;
                self.count += 1;
            }
            at = field.end + usize::from(quoted);
            match &text[at..] {
                [b',', ..] => at += 1,
                [b'\n', ..] => return End::Whole(at + 1),
                [b'\r', b'\n', ..] => return End::Whole(at + 2),
                [] => return End::Whole(at),
                _ => return End::Broken,
            }
        }
    }

    fn raw<'t>(&self, text: &'t [u8], index: usize) -> &'t [u8] {
        let field = self.all.get(index).filter(|_| index < self.count);
        field.and_then(|field| text.get(field.start..field.end)).unwrap_or_default()
    }

    fn severity(&self, text: &[u8]) -> Option<Severity> {
        Severity::of(self.raw(text, column::SEVERITY)).filter(|severity| severity.begins_entry())
    }

    /// The field's text, its doubled quotes made single in `scratch`.
    fn text<'t>(&self, text: &'t [u8], index: usize, scratch: &'t mut Vec<u8>) -> &'t [u8] {
        let raw = self.raw(text, index);
        if index >= self.count || !self.all[index].doubled {
            return raw;
        }
        scratch.clear();
        let mut rest = raw;
        while let Some(at) = memchr::memchr(b'"', rest) {
            scratch.extend_from_slice(&rest[..=at]);
            rest = rest.get(at + 2..).unwrap_or_default();
        }
        scratch.extend_from_slice(rest);
        scratch
    }
}

/// The quoted field that begins at `start`, after its quote.
fn quoted(text: &[u8], start: usize) -> Option<Field> {
    let mut at = start;
    let mut doubled = false;
    loop {
        at += memchr::memchr(b'"', text.get(at..)?)?;
        if text.get(at + 1) != Some(&b'"') {
            return Some(Field { start, end: at, doubled });
        }
        doubled = true;
        at += 2;
    }
}

#[derive(Default)]
struct CsvRecords {
    fields: Fields,
    clock: Clock,
    messages: Messages,
    message: Vec<u8>,
    detail: Vec<u8>,
    query: Vec<u8>,
}

impl Records for CsvRecords {
    fn read(&mut self, chunk: &[u8], sink: &mut Sink<'_>) {
        let mut at = 0;
        while at < chunk.len() {
            let end = self.fields.read(chunk, at);
            let next = match end {
                End::Whole(next) if self.fields.count >= FEWEST_COLUMNS => {
                    self.record(chunk, &chunk[at..next], sink);
                    next
                }
                End::Whole(next) if chunk[at..next].trim_ascii().is_empty() => next,
                _ => {
                    let next = self.next_record(chunk, at);
                    let reason =
                        if end == End::Open { Reason::CutShort } else { Reason::Malformed };
                    sink.reject(reason, &chunk[at..next]);
                    next
                }
            };
            at = next;
        }
    }

    fn hand_over(&mut self) -> Option<Box<dyn Any>> {
        Some(Box::new(std::mem::take(&mut self.messages)))
    }

    fn take_over(&mut self, state: Box<dyn Any>) {
        if let Ok(messages) = state.downcast() {
            self.messages = *messages;
        }
    }

    fn finish(&mut self, sink: &mut Sink<'_>) {
        self.messages.finish(sink);
    }
}

impl CsvRecords {
    fn record(&mut self, chunk: &[u8], whole: &[u8], sink: &mut Sink<'_>) {
        let raw = |index| self.fields.raw(chunk, index);
        let time = self.clock.read(raw(column::TIME)).map(|(time, _)| time);
        let Some(severity) = self.fields.severity(chunk).filter(|_| time.is_some()) else {
            return sink.reject(Reason::Malformed, whole);
        };
        let query_id = raw(column::QUERY_ID);
        let entry = Entry {
            time,
            pid: number(raw(column::PID)).unwrap_or_default() as u32,
            session: Session {
                user: raw(column::USER),
                database: raw(column::DATABASE),
                app: raw(column::APP),
            },
            severity,
            message: self.fields.text(chunk, column::MESSAGE, &mut self.message).trim_ascii_end(),
            detail: self.fields.text(chunk, column::DETAIL, &mut self.detail),
            statement: self.fields.text(chunk, column::QUERY, &mut self.query),
            query_id: if query_id == b"0" { b"" } else { query_id },
        };
        self.messages.read(&entry, sink);
    }

    /// Where the next record after the broken one at `at` begins.
    fn next_record(&mut self, chunk: &[u8], at: usize) -> usize {
        memchr::memchr_iter(b'\n', &chunk[at..])
            .map(|end| at + end + 1)
            .find(|start| begins(&chunk[*start..], &mut self.fields))
            .unwrap_or(chunk.len())
    }
}

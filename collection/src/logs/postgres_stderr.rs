//! PostgreSQL's plain log: stderr, and what shippers make of it without changing its lines.

use super::event::Session;
use super::facts::Reason;
use super::postgres::infer::{infer, prefix_length};
use super::postgres::message::Messages;
use super::postgres::prefix::{Head, Prefix};
use super::postgres::{Entry, Severity};
use super::reader::{Hints, LogReader, Parser, Records, last_start, lines};
use super::sink::Sink;
use super::time::Clock;
use memchr::memmem;
use planscope_explain::Engine;
use std::any::Any;

/// PostgreSQL's plain log.
pub static READER: LogReader = LogReader {
    name: "postgres-stderr",
    engine: Engine::Postgres,
    summary: "PostgreSQL's log with any log_line_prefix",
    detect,
    open,
};

fn detect(sample: &[u8]) -> u8 {
    if sample.first() == Some(&b'{') {
        return 0;
    }
    let entries =
        lines(sample).take(2000).filter(|line| prefix_length(line).is_some()).take(3).count();
    match entries {
        0 => 0,
        1 => 50,
        _ => 60,
    }
}

fn open(sample: &[u8], hints: &Hints) -> Box<dyn Parser> {
    Box::new(Plain::new(sample, hints))
}

/// A plain log with its prefix.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    prefix: Prefix,
    stateless: bool,
}

impl Plain {
    pub(super) fn new(sample: &[u8], hints: &Hints) -> Self {
        let setting = hints.log_line_prefix.clone().or_else(|| infer(sample)).unwrap_or_default();
        Self { prefix: Prefix::new(&setting), stateless: durations_are_complete(sample) }
    }
}

/// Whether no duration seems to need an entry before it: no statement without its duration, no plan.
fn durations_are_complete(sample: &[u8]) -> bool {
    let marks: [&[u8]; 5] =
        [b"LOG:  statement: ", b"LOG:  execute ", b"LOG: statement: ", b" ms\n", b" ms  plan:"];
    marks.iter().all(|mark| memmem::find(sample, mark).is_none())
}

impl Parser for Plain {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    fn cut(&self, block: &[u8]) -> usize {
        // DETAIL and STATEMENT belong to the entry before them.
        last_start(block, |line| {
            line.first() != Some(&b'\t')
                && self
                    .prefix
                    .read(line, &mut Clock::default())
                    .is_some_and(|h| h.severity.begins_entry())
        })
    }

    fn is_stateless(&self) -> bool {
        self.stateless
    }

    fn start(&self) -> Box<dyn Records> {
        Box::new(PlainRecords {
            prefix: self.prefix.clone(),
            clock: Clock::default(),
            messages: Messages::default(),
        })
    }
}

struct PlainRecords {
    prefix: Prefix,
    clock: Clock,
    messages: Messages,
}

/// Where the parts of the entry that is being read lie in the chunk.
#[derive(Clone, Copy)]
struct Open<'a> {
    head: Head<'a>,
    message: (usize, usize),
    detail: (usize, usize),
    statement: (usize, usize),
    part: Severity,
}

impl Records for PlainRecords {
    fn read(&mut self, chunk: &[u8], sink: &mut Sink<'_>) {
        let mut open: Option<Open<'_>> = None;
        let mut start = 0;
        while start < chunk.len() {
            let end = line_end(chunk, start);
            let line = &chunk[start..end];
            match self.prefix.read(line, &mut self.clock) {
                Some(head) if head.severity.begins_entry() => {
                    self.entry(chunk, open.take(), sink);
                    let message = (start + head.body, end);
                    let part = head.severity;
                    open = Some(Open { head, message, detail: (0, 0), statement: (0, 0), part });
                }
                Some(head) => match &mut open {
                    // Another process' part cannot stand between; its entry is before this file.
                    Some(entry) if entry.head.pid == head.pid => {
                        entry.begin(head.severity, (start + head.body, end));
                    }
                    _ => sink.reject(Reason::NoRecord, line),
                },
                None => match &mut open {
                    Some(entry) => entry.extend(end),
                    None if line.trim_ascii().is_empty() => {}
                    None => sink.reject(Reason::NoRecord, line),
                },
            }
            start = end;
        }
        self.entry(chunk, open, sink);
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
        if self.clock.unknown_zone {
            sink.facts
                .said
                .insert("time-zone".into(), "unknown abbreviation, taken for UTC".into());
        }
    }
}

/// Where the line at `start` ends, with the lines that go on from it (a tab begins them).
fn line_end(chunk: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(end) = memchr::memchr(b'\n', &chunk[at..]) {
        at += end + 1;
        if chunk.get(at) != Some(&b'\t') {
            return at;
        }
    }
    chunk.len()
}

impl<'a> Open<'a> {
    fn begin(&mut self, part: Severity, range: (usize, usize)) {
        self.part = part;
        match part {
            Severity::Detail => self.detail = range,
            Severity::Statement => self.statement = range,
            _ => {}
        }
    }

    /// A line without a prefix belongs to what was read last.
    fn extend(&mut self, end: usize) {
        match self.part {
            Severity::Detail => self.detail.1 = end,
            Severity::Statement => self.statement.1 = end,
            Severity::More => {}
            _ => self.message.1 = end,
        }
    }
}

impl PlainRecords {
    fn entry(&mut self, chunk: &[u8], open: Option<Open<'_>>, sink: &mut Sink<'_>) {
        let Some(open) = open else { return };
        let part =
            |(from, to): (usize, usize)| chunk.get(from..to).unwrap_or_default().trim_ascii_end();
        let head = open.head;
        let session = Session { database: head.database, user: head.user, app: head.app };
        let entry = Entry {
            time: head.time,
            pid: head.pid,
            session,
            severity: head.severity,
            message: part(open.message),
            detail: part(open.detail),
            statement: part(open.statement),
            query_id: head.query_id,
        };
        self.messages.read(&entry, sink);
    }
}

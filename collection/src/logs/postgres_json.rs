//! PostgreSQL's jsonlog (since 15), and the same fields as CloudNativePG wraps them.

use super::event::Session;
use super::facts::Reason;
use super::json::{Value, members};
use super::postgres::message::Messages;
use super::postgres::{Entry, Severity};
use super::reader::{Hints, LogReader, Parser, Records, content, last_line_end, lines};
use super::sink::Sink;
use super::time::{Clock, number};
use memchr::memmem;
use planscope_explain::Engine;
use std::any::Any;

/// PostgreSQL's jsonlog.
pub static READER: LogReader = LogReader {
    name: "postgres-json",
    engine: Engine::Postgres,
    summary: "PostgreSQL's jsonlog, and CloudNativePG's",
    detect,
    open,
};

fn detect(sample: &[u8]) -> u8 {
    let good = lines(sample)
        .take(100)
        .filter(|line| {
            line.first() == Some(&b'{') && memmem::find(line, b"\"error_severity\":").is_some()
        })
        .count();
    if good > 0 { 95 } else { 0 }
}

fn open(sample: &[u8], _hints: &Hints) -> Box<dyn Parser> {
    let marks: [&[u8]; 4] =
        [b"\"message\":\"statement: ", b"\"message\":\"execute ", b" ms\",", b" ms  plan:"];
    let stateless = marks.iter().all(|mark| memmem::find(sample, mark).is_none());
    Box::new(Json { stateless })
}

struct Json {
    stateless: bool,
}

impl Parser for Json {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    fn cut(&self, block: &[u8]) -> usize {
        last_line_end(block)
    }

    fn is_stateless(&self) -> bool {
        self.stateless
    }

    fn start(&self) -> Box<dyn Records> {
        Box::new(JsonRecords::default())
    }
}

#[derive(Default)]
struct JsonRecords {
    clock: Clock,
    messages: Messages,
    /// Strings without their escapes, one a field that may have some.
    scratch: [Vec<u8>; 6],
}

/// The fields that matter.
#[derive(Clone, Copy)]
struct Fields<'a> {
    time: Value<'a>,
    pid: Value<'a>,
    severity: Value<'a>,
    query_id: Value<'a>,
    user: Value<'a>,
    database: Value<'a>,
    app: Value<'a>,
    message: Value<'a>,
    detail: Value<'a>,
    statement: Value<'a>,
}

impl<'a> Fields<'a> {
    /// The fields of the object, or of the `record` in it that CloudNativePG wraps.
    fn read(line: &'a [u8]) -> Option<Self> {
        let (fields, record) = Self::flat(line)?;
        match record {
            Some(record) => Self::flat(record).map(|(fields, _)| fields),
            None => Some(fields),
        }
    }

    fn flat(line: &'a [u8]) -> Option<(Self, Option<&'a [u8]>)> {
        let none = Value::String(b"");
        let mut fields = Self {
            time: none,
            pid: none,
            severity: none,
            query_id: none,
            user: none,
            database: none,
            app: none,
            message: none,
            detail: none,
            statement: none,
        };
        let mut all = members(line);
        let mut record = None;
        for (key, value) in all.by_ref() {
            let place = match key {
                b"timestamp" | b"log_time" => &mut fields.time,
                b"pid" | b"process_id" => &mut fields.pid,
                b"error_severity" => &mut fields.severity,
                b"query_id" => &mut fields.query_id,
                b"user" | b"user_name" => &mut fields.user,
                b"dbname" | b"database_name" => &mut fields.database,
                b"application_name" => &mut fields.app,
                b"message" => &mut fields.message,
                b"detail" => &mut fields.detail,
                b"statement" | b"query" => &mut fields.statement,
                b"record" => {
                    record = Some(value.raw());
                    continue;
                }
                _ => continue,
            };
            *place = value;
        }
        (!all.broken).then_some((fields, record.filter(|record| record.first() == Some(&b'{'))))
    }
}

impl Records for JsonRecords {
    fn read(&mut self, chunk: &[u8], sink: &mut Sink<'_>) {
        for line in lines(chunk) {
            let text = content(line).trim_ascii();
            if text.is_empty() {
                continue;
            }
            match Fields::read(text) {
                Some(fields) => self.record(&fields, line, sink),
                None if line.ends_with(b"\n") => sink.reject(Reason::Malformed, line),
                None => sink.reject(Reason::CutShort, line),
            }
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

impl JsonRecords {
    fn record(&mut self, fields: &Fields<'_>, line: &[u8], sink: &mut Sink<'_>) {
        let Some(severity) = Severity::of(fields.severity.raw()) else {
            // Others write into the same stream (the operator of CloudNativePG).
            return sink.reject(Reason::NoRecord, line);
        };
        let [user, database, app, message, detail, statement] = &mut self.scratch;
        let query_id = fields.query_id.raw();
        let entry = Entry {
            time: self.clock.read(fields.time.raw()).map(|(time, _)| time),
            pid: number(fields.pid.raw()).unwrap_or_default() as u32,
            session: Session {
                user: fields.user.text(user),
                database: fields.database.text(database),
                app: fields.app.text(app),
            },
            severity,
            message: fields.message.text(message).trim_ascii_end(),
            detail: fields.detail.text(detail),
            statement: fields.statement.text(statement),
            query_id: if query_id == b"0" { b"" } else { query_id },
        };
        self.messages.read(&entry, sink);
    }
}

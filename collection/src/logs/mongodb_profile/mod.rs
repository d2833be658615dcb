//! Exports of MongoDB's `system.profile`: documents in JSON (a line each, or an array, however it is
//! laid out), and the BSON of mongodump.

mod bson;
mod relaxed;

use super::event::Event;
use super::facts::Reason;
use super::json::{Value, members, nested_length};
use super::mongodb::{self, Figures, Operation, Waits, look, split_namespace};
use super::reader::{Hints, LogReader, Parser, Records};
use super::sink::Sink;
use super::time::{Clock, Micros, digits, number};
use memchr::memmem;
use planscope_explain::Engine;

/// Exports of the profiler.
pub static READER: LogReader = LogReader {
    name: "mongodb-profile",
    engine: Engine::Mongodb,
    summary: "MongoDB's system.profile as JSON or BSON",
    detect,
    open,
};

/// Longest document of BSON that is believed; a server's are at most 16 MiB.
const DOCUMENT_MAX_BYTES: usize = 48 << 20;

fn detect(sample: &[u8]) -> u8 {
    let has = |mark: &[u8]| memmem::find(sample, mark).is_some();
    let text = sample.trim_ascii_start();
    if matches!(text.first(), Some(b'{' | b'[')) {
        return u8::from(has(b"\"millis\"") && has(b"\"ns\"") && has(b"\"op\"")) * 85;
    }
    let is_bson = bson_length(sample)
        .is_some_and(|length| sample.get(length - 1).is_none_or(|end| *end == 0));
    u8::from(is_bson && has(b"\x02ns\0") && has(b"millis\0") && has(b"\x02op\0")) * 90
}

fn open(sample: &[u8], _hints: &Hints) -> Box<dyn Parser> {
    let is_bson = !matches!(sample.trim_ascii_start().first(), Some(b'{' | b'['));
    Box::new(Export { is_bson })
}

/// The length of the BSON document at the start of `bytes`, as it says.
fn bson_length(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    (5..=DOCUMENT_MAX_BYTES).contains(&length).then_some(length)
}

struct Export {
    is_bson: bool,
}

impl Export {
    /// The document at or after `at`: where it begins and ends.
    fn document(&self, block: &[u8], at: usize) -> Option<(usize, usize)> {
        if self.is_bson {
            let end = at + bson_length(block.get(at..)?)?;
            return (end <= block.len()).then_some((at, end));
        }
        let start = at + memchr::memchr(b'{', block.get(at..)?)?;
        Some((start, start + nested_length(&block[start..])?))
    }
}

impl Parser for Export {
    fn engine(&self) -> Engine {
        Engine::Mongodb
    }

    fn cut(&self, block: &[u8]) -> usize {
        let next = |end: &usize| self.document(block, *end).map(|(_, end)| end);
        std::iter::successors(next(&0), next).last().unwrap_or(0)
    }

    fn is_stateless(&self) -> bool {
        true
    }

    fn start(&self) -> Box<dyn Records> {
        Box::new(Documents { export: Self { is_bson: self.is_bson }, json: Vec::new() })
    }
}

struct Documents {
    export: Export,
    json: Vec<u8>,
}

impl Records for Documents {
    fn read(&mut self, chunk: &[u8], sink: &mut Sink<'_>) {
        let mut at = 0;
        while let Some((start, end)) = self.export.document(chunk, at) {
            self.document(&chunk[start..end], sink);
            at = end;
        }
        let rest = &chunk[at..];
        let between = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'[' | b']' | b',');
        if !(rest.iter().all(between) && !self.export.is_bson || rest.is_empty()) {
            sink.reject(Reason::CutShort, rest);
        }
    }
}

impl Documents {
    fn document(&mut self, document: &[u8], sink: &mut Sink<'_>) {
        let mut json = std::mem::take(&mut self.json);
        json.clear();
        if !self.export.is_bson {
            relaxed::relaxed(document, &mut json);
        } else if bson::to_json(document, &mut json).is_none() {
            sink.reject(Reason::Malformed, b"a document of BSON");
            self.json = json;
            return;
        }
        let text = json.as_slice();
        match Entry::read(text) {
            Some(entry) => entry.add(text, sink),
            None if self.export.is_bson => sink.reject(Reason::Malformed, text),
            None => sink.reject(Reason::Malformed, document),
        }
        self.json = json;
    }
}

/// A document of the profiler.
#[derive(Default)]
struct Entry<'a> {
    operation: Operation<'a>,
    /// Conditions and changes of servers before 3.6.
    query: &'a [u8],
    update: &'a [u8],
    has_plan: bool,
}

impl<'a> Entry<'a> {
    /// Reads a document; `None` when it is none of the profiler.
    fn read(text: &'a [u8]) -> Option<Self> {
        let mut entry = Self::default();
        let event = &mut entry.operation.event;
        let mut figures = Figures::default();
        let mut all = members(text);
        for (key, value) in all.by_ref() {
            let raw = value.raw();
            match key {
                b"op" => entry.operation.kind = raw,
                b"ns" => entry.operation.namespace = raw,
                b"command" => entry.operation.command = look(raw),
                b"originatingCommand" => entry.operation.originating = look(raw),
                b"query" => entry.query = raw,
                b"updateobj" => entry.update = raw,
                b"millis" => event.duration_ns = figure(raw)?.checked_mul(1_000_000),
                b"ts" => event.time = moment(value),
                b"user" => {
                    event.session.user = raw.split(|b| *b == b'@').next().unwrap_or_default();
                }
                b"appName" => event.session.app = raw,
                b"queryHash" | b"planCacheShapeHash" => event.engine_id = raw,
                b"execStats" => entry.has_plan = memmem::find(raw, b"\"stage\"").is_some(),
                b"locks" | b"storage" => Waits::default().read(raw, figure, event),
                _ => figures.take(key, raw, figure),
            }
        }
        figures.put(event);
        let known = event.duration_ns.is_some() && !entry.operation.kind.is_empty();
        (known && !all.broken).then_some(entry)
    }

    fn add(mut self, text: &'a [u8], sink: &mut Sink<'_>) {
        if self.operation.event.session.app.starts_with(b"planscope") {
            sink.facts.own += 1;
            return;
        }
        let whole = std::str::from_utf8(text).ok();
        self.operation.event.plan = whole.filter(|_| self.has_plan);
        if mongodb::add(&self.operation, sink) {
            return;
        }
        let (database, collection) = split_namespace(self.operation.namespace);
        let query = if self.query.is_empty() { &b"{}"[..] } else { self.query };
        let update = if self.update.is_empty() { &b"{}"[..] } else { self.update };
        let pieces: &[&[u8]] = match self.operation.kind {
            b"update" => &[
                b"{\"update\":\"",
                collection,
                b"\",\"updates\":[{\"q\":",
                query,
                b",\"u\":",
                update,
                b"}]}",
            ],
            b"remove" => {
                &[b"{\"delete\":\"", collection, b"\",\"deletes\":[{\"q\":", query, b"}]}"]
            }
            b"insert" => &[b"{\"insert\":\"", collection, b"\"}"],
            _ => &[b"{\"find\":\"", collection, b"\",\"filter\":", query, b"}"],
        };
        let statement = pieces.concat();
        let mut event = Event { statement: &statement, ..self.operation.event };
        event.session.database = database;
        event.is_more = self.operation.kind == b"getmore";
        mongodb::add_text(&event, sink);
    }
}

/// `12`, `12.0`, `{"$numberLong":"12"}`.
fn figure(raw: &[u8]) -> Option<u64> {
    let raw = match raw.first()? {
        b'{' => members(raw).next()?.1.raw(),
        _ => raw,
    };
    u64::try_from(number(&raw[..digits(raw)])?).ok()
}

/// `{"$date":"2024-…Z"}`, `{"$date":{"$numberLong":"…"}}`, or the text alone.
fn moment(value: Value<'_>) -> Option<Micros> {
    let raw = value.raw();
    let inner = if raw.first() == Some(&b'{') { members(raw).next()?.1.raw() } else { raw };
    match Clock::default().read(inner) {
        Some((time, _)) => Some(time),
        None => i64::try_from(figure(inner)?).ok()?.checked_mul(1000),
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use crate::guard::Stop;

    const DOCUMENT: &str = r#"{"op":"command","ns":"shop.orders","command":{"aggregate":"orders","pipeline":[{"$match":{"a":5}}],"$db":"shop"},"nreturned":3,"millis":{"$numberInt":"7"},"ts":{"$date":"2024-05-06T07:08:09.123Z"},"user":"ann@shop"}"#;
    const OLD: &str = r#"{ "op" : "query", "ns" : "shop.orders", "query" : { "a" : 1 }, "millis" : 2, "ts" : { "$date" : { "$numberLong" : "1714979289123" } } }"#;

    fn read(text: &[u8]) -> LogDigest {
        let input = Input::Bytes("x".into(), text.to_vec());
        let options = Options { keep_literals: true, ..Options::default() };
        digest(&[input], &options, &Stop::new()).unwrap()
    }

    #[test]
    fn lines_and_arrays_are_the_same() {
        let lines = read(format!("{DOCUMENT}\n{OLD}\n").as_bytes());
        let array = read(format!("[\n{DOCUMENT},\n{OLD}\n]\n").as_bytes());
        assert_eq!(lines.snapshot.statements, array.snapshot.statements);
        assert!(lines.rejects.is_empty() && array.rejects.is_empty());
        let first = &lines.snapshot.statements[0];
        assert_eq!(first.text, r#"{"aggregate":"orders","pipeline":[{"$match":{"a":5}}]}"#);
        assert_eq!((first.user.as_deref(), first.counters.rows), (Some("ann"), Some(3.0)));
        assert_eq!(lines.snapshot.window.from.as_deref(), Some("2024-05-06T07:08:09.123Z"));
        assert_eq!(lines.snapshot.window.from, lines.snapshot.window.to);
    }

    #[test]
    fn what_is_cut_is_said() {
        let digest = read(format!("{OLD}\n{}", &DOCUMENT[..40]).as_bytes());
        assert_eq!((digest.facts.events, digest.rejects[&Reason::CutShort].count), (1, 1));
    }
}

//! PostgreSQL's plain log in JSON, one object an entry or a line: Google Cloud SQL, and the logs of
//! containers.

use super::facts::Reason;
use super::json::{Value, members};
use super::postgres::infer::prefix_length;
use super::postgres_stderr::Plain;
use super::postgres_syslog::stamp_time;
use super::reader::{Hints, LogReader, Parser, Records, Unwrap, content, last_line_end, lines};
use super::time::{Clock, Micros, civil};
use planscope_explain::Engine;

/// PostgreSQL's plain log in JSON.
pub static READER: LogReader = LogReader {
    name: "postgres-wrapped",
    engine: Engine::Postgres,
    summary: "PostgreSQL's plain log in JSON (Google Cloud SQL, containers)",
    detect,
    open,
};

fn detect(sample: &[u8]) -> u8 {
    let mut scratch = Vec::new();
    let found = lines(sample).take(200).filter_map(|line| {
        Wrapped::read(line, &mut scratch).map(|w| prefix_length(w.text).is_some())
    });
    if found.filter(|good| *good).take(1).count() > 0 { 70 } else { 0 }
}

fn open(sample: &[u8], hints: &Hints) -> Box<dyn Parser> {
    let mut plain = Vec::new();
    Objects::default().unwrap(sample, false, &mut plain);
    let hints = Hints {
        log_line_prefix: hints.log_line_prefix.as_ref().map(|own| {
            let timed = own.contains("%t") || own.contains("%m") || own.contains("%n");
            if timed { own.clone() } else { format!("%m {own}") }
        }),
        ..Hints::default()
    };
    Box::new(InJson { plain: Plain::new(&plain, &hints) })
}

struct InJson {
    plain: Plain,
}

impl Parser for InJson {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    fn cut(&self, block: &[u8]) -> usize {
        self.plain.cut(block)
    }

    /// Unwrapping takes longer than reading.
    fn is_stateless(&self) -> bool {
        false
    }

    fn start(&self) -> Box<dyn Records> {
        self.plain.start()
    }

    fn unwrapper(&self) -> Option<Box<dyn Unwrap>> {
        Some(Box::new(Objects::default()))
    }
}

/// The text in an object, and its time.
struct Wrapped<'a> {
    text: &'a [u8],
    time: Option<Micros>,
}

impl<'a> Wrapped<'a> {
    fn read(line: &'a [u8], scratch: &'a mut Vec<u8>) -> Option<Self> {
        let mut all = members(content(line));
        let (mut text, mut time) = (None, None);
        for (key, value) in all.by_ref() {
            match (key, value) {
                (
                    b"textPayload" | b"log" | b"message" | b"msg" | b"@message" | b"MESSAGE",
                    Value::String(_),
                ) => {
                    text = Some(value);
                }
                (b"timestamp" | b"time" | b"ts" | b"@timestamp", Value::String(raw)) => {
                    time = Clock::default().read(raw).map(|(time, _)| time);
                }
                _ => {}
            }
        }
        if all.broken {
            return None;
        }
        Some(Self { text: text?.text(scratch), time })
    }
}

#[derive(Default)]
struct Objects {
    scratch: Vec<u8>,
    rejects: Vec<(Reason, Vec<u8>)>,
}

impl Unwrap for Objects {
    fn unwrap(&mut self, block: &[u8], last: bool, out: &mut Vec<u8>) -> usize {
        let used = if last { block.len() } else { last_line_end(block) };
        for line in lines(&block[..used]) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match Wrapped::read(line, &mut self.scratch) {
                Some(wrapped) => wrapped.write(out),
                None => self.rejects.push((Reason::Malformed, line.to_owned())),
            }
        }
        used
    }

    fn rejects(&mut self) -> Vec<(Reason, Vec<u8>)> {
        std::mem::take(&mut self.rejects)
    }
}

impl Wrapped<'_> {
    /// The lines of a plain log; the time goes before them unless they have one.
    fn write(&self, out: &mut Vec<u8>) {
        for line in lines(self.text) {
            let line = content(line);
            if let (true, None, Some(time)) =
                (prefix_length(line).is_some(), civil(line), self.time)
            {
                stamp_time(time, out);
            } else if prefix_length(line).is_none() && !line.starts_with(b"\t") {
                out.push(b'\t');
            }
            out.extend_from_slice(line);
            out.push(b'\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_become_lines() {
        let text =
            br#"{"textPayload":"[7]: [1-1] db=a LOG:  x\n\ty","timestamp":"2020-05-02T13:00:20.5Z"}
{"log":"2020-05-02 13:00:21 UTC [8] LOG:  z\n","stream":"stderr"}
{"log":"more\n"}
{"other":1}
"#;
        let mut out = Vec::new();
        let mut objects = Objects::default();
        objects.unwrap(text, true, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "2020-05-02 13:00:20.500000 UTC [7]: [1-1] db=a LOG:  x\n\ty\n\
             2020-05-02 13:00:21 UTC [8] LOG:  z\n\tmore\n"
        );
        assert_eq!(objects.rejects().len(), 1);
    }
}

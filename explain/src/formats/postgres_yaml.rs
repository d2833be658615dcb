//! `EXPLAIN (FORMAT YAML)` of PostgreSQL, 9.0 to 18, and auto_explain's YAML.
//!
//! PostgreSQL writes a small part of YAML: maps and lists by indentation, one property a line,
//! strings in JSON's quotes, and of grouping sets lists in brackets. It stands between prompts, log
//! lines and row counts, which no reader of whole YAML takes. So it is read line by line here, with
//! what is open on an explicit stack. Plain and single-quoted strings are read as well.

use super::postgres_tree::{Collector, plain, some_line_starts};
use super::unwrap::Source;
use super::{Format, FormatError, Reading, shortened};
use crate::engine::Engine;
use crate::plan::LimitError;
use serde_json::Value;

pub(super) static FORMAT: Format = Format {
    name: "postgres-yaml",
    engine: Engine::Postgres,
    summary: "PostgreSQL's EXPLAIN (FORMAT YAML), also as psql or auto_explain write it",
    detect,
    parse,
};

fn detect(text: &str) -> u8 {
    match () {
        () if !text.contains("Node Type: ") => 0,
        () if some_line_starts(text, "Node Type: ") => 95,
        // In a string of a program, or behind a margin.
        () if text.contains("Node Type: \\\"") => 94,
        () if text.contains("Node Type: \"") => 60,
        () => 0,
    }
}

fn parse(text: &str) -> Result<Vec<Reading>, FormatError> {
    let source = Source::new(text);
    let mut readings = Vec::new();
    let mut lines = source.text.split_inclusive('\n').scan(0, |at, line| {
        *at += line.len();
        Some((*at - line.len(), line.trim_end_matches('\n')))
    });
    let mut next = lines.next();
    while let Some((at, line)) = next {
        next = lines.next();
        if !is_start(line) {
            continue;
        }
        let mut document = Document::new(&source);
        let mut outcome = document.begin(at, line);
        while outcome.is_ok()
            && let Some((at, line)) = next
        {
            outcome = document.line(at, line);
            if outcome.is_ok() {
                next = lines.next();
            }
        }
        match outcome {
            Err(Trouble::Limit(limit)) => return Err(limit.into()),
            Err(Trouble::Malformed { at, expected }) if document.collector.is_plan() => {
                let rest = source.text[at..].lines().next().unwrap_or_default();
                let (expected, found) = (expected.to_owned(), shortened(rest));
                return Err(FormatError::Malformed { place: source.place(at), expected, found });
            }
            Ok(()) | Err(Trouble::End | Trouble::Malformed { .. }) => {}
        }
        readings.append(&mut document.finish()?);
    }
    if readings.is_empty() {
        return Err(FormatError::Malformed {
            place: "the input".into(),
            expected: "a line `Plan:` or `Node Type: …` of YAML".into(),
            found: shortened(text),
        });
    }
    Ok(readings)
}

/// Whether a document may begin with that line.
fn is_start(line: &str) -> bool {
    let line = trimmed(line);
    let inner = line.strip_prefix("- ").unwrap_or(line).trim_start();
    inner == "Plan:" || inner.starts_with("Query Text: ") || inner.starts_with("Node Type: ")
}

/// The line without blanks around it and psql's mark of a continued line at its end.
fn trimmed(line: &str) -> &str {
    let line = line.trim();
    line.strip_suffix(['+', '↵']).map_or(line, str::trim_end)
}

/// Why a line was not taken.
enum Trouble {
    /// The document is over.
    End,
    Malformed {
        at: usize,
        expected: &'static str,
    },
    Limit(LimitError),
}

impl From<LimitError> for Trouble {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}

/// A map or list that is open.
#[derive(Clone, Copy)]
struct Level {
    /// Where its keys or dashes stand.
    column: usize,
    is_list: bool,
}

struct Document<'a> {
    source: &'a Source,
    collector: Collector,
    levels: Vec<Level>,
    /// A key without a value so far, or the empty key of a list's item, and its column. What it
    /// has is told by the next line.
    pending: Option<(String, usize)>,
}

impl<'a> Document<'a> {
    fn new(source: &'a Source) -> Self {
        let collector = Collector::new(FORMAT.name);
        Self { source, collector, levels: Vec::new(), pending: None }
    }

    fn begin(&mut self, at: usize, line: &str) -> Result<(), Trouble> {
        let column = line.len() - line.trim_start().len();
        self.open("", Level { column, is_list: line[column..].starts_with("- ") })?;
        self.line(at, line)
    }

    fn finish(mut self) -> Result<Vec<Reading>, LimitError> {
        if let Some((key, _)) = self.pending.take() {
            self.collector.empty(&key)?;
        }
        self.collector.finish()
    }

    fn open(&mut self, key: &str, level: Level) -> Result<(), Trouble> {
        self.levels.push(level);
        if level.is_list {
            self.collector.open_list(key)?;
        } else {
            self.collector.open_map(key)?;
        }
        Ok(())
    }

    fn line(&mut self, at: usize, line: &str) -> Result<(), Trouble> {
        let mut column = line.len() - line.trim_start().len();
        let mut content = trimmed(line);
        if content.is_empty() {
            return Ok(());
        }
        self.collector.line = self.source.line(at);
        while let Some(rest) = item(content) {
            self.settle(at, Level { column, is_list: true })?;
            let inner = rest.trim_start();
            if !inner.is_empty() && item(inner).is_none() && property(inner).is_none() {
                let value = scalar(inner, at + column)?;
                return Ok(self.collector.value("", value)?);
            }
            self.pending = Some((String::new(), column));
            column += content.len() - inner.len();
            content = inner;
        }
        if content.is_empty() { Ok(()) } else { self.property(at, column, content) }
    }

    fn property(&mut self, at: usize, column: usize, content: &str) -> Result<(), Trouble> {
        self.settle(at + column, Level { column, is_list: false })?;
        let in_query = self.collector.in_query();
        let Some((key, rest)) = property(content) else {
            let expected = "`key: value` or `- item`";
            return Err(if in_query {
                Trouble::End
            } else {
                Trouble::Malformed { at: at + column, expected }
            });
        };
        // auto_explain's next plan, where nothing of the log stands between.
        if in_query && matches!(key, "Plan" | "Query Text") && self.collector.has_root() {
            return Err(Trouble::End);
        }
        if rest.is_empty() {
            self.pending = Some((key.to_owned(), column));
            return Ok(());
        }
        let value = scalar(rest, at + column + content.len() - rest.len())?;
        let is_prose = value.is_string() && !rest.starts_with(['"', '\'']);
        if in_query && is_prose && !matches!(key, "Query Text" | "Node Type") {
            return Err(Trouble::End);
        }
        Ok(self.collector.value(key, value)?)
    }

    /// Closes and opens what must be for a key or dash at that column.
    fn settle(&mut self, at: usize, level: Level) -> Result<(), Trouble> {
        if let Some((key, parent)) = self.pending.take() {
            // The dashes of a list may stand right below its key.
            let is_below = level.is_list && level.column == parent && !key.is_empty();
            if level.column > parent || is_below {
                return self.open(&key, level);
            }
            self.collector.empty(&key)?;
        }
        let is_over = |open: &Level, outermost: bool| {
            let list_ended = open.is_list && !level.is_list && !outermost;
            open.column > level.column || open.column == level.column && list_ended
        };
        while let Some(open) = self.levels.last().copied()
            && is_over(&open, self.levels.len() == 1)
        {
            self.levels.pop();
            self.collector.close()?;
        }
        match self.levels.as_slice() {
            [.., open] if open.column == level.column && open.is_list == level.is_list => Ok(()),
            [] | [_] => Err(Trouble::End),
            _ => Err(Trouble::Malformed { at, expected: "the indentation of a line above" }),
        }
    }
}

/// What stands behind the dash of a list's item.
fn item(content: &str) -> Option<&str> {
    content.strip_prefix('-').filter(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// The key, and what stands behind the colon.
fn property(content: &str) -> Option<(&str, &str)> {
    if content.starts_with(['"', '\'', '[', '{']) {
        return None;
    }
    if let Some((key, value)) = content.split_once(": ") {
        return Some((key, value.trim_start()));
    }
    content.strip_suffix(':').map(|key| (key, ""))
}

/// A value on one line, which begins at the byte `at`.
fn scalar(text: &str, at: usize) -> Result<Value, Trouble> {
    match text.as_bytes().first() {
        Some(b'"' | b'\'') => {
            let (value, len) = quoted(text)
                .ok_or(Trouble::Malformed { at, expected: "a string with both its quotes" })?;
            // The end of a CSV cell leaves a quote of its own.
            if matches!(text[len..].trim(), "" | "\"") {
                return Ok(value);
            }
            Err(Trouble::Malformed { at: at + len, expected: "the end of the line" })
        }
        Some(b'[') => flow_list(text, at),
        _ => Ok(plain(text.strip_suffix('"').unwrap_or(text))),
    }
}

/// `["a", "b"]`.
fn flow_list(text: &str, at: usize) -> Result<Value, Trouble> {
    let mut items = Vec::new();
    let mut from = 1;
    loop {
        let rest = text[from..].trim_start();
        from = text.len() - rest.len();
        let len = match rest.as_bytes().first() {
            None => return Err(Trouble::Malformed { at, expected: "a list with its `]`" }),
            Some(b']') => return Ok(Value::Array(items)),
            Some(b',') => 1,
            Some(_) => {
                let (value, len) = quoted(rest).unwrap_or_else(|| {
                    let len = rest.find([',', ']']).unwrap_or(rest.len());
                    (plain(rest[..len].trim_end()), len)
                });
                items.push(value);
                len
            }
        };
        from += len;
    }
}

/// A string in quotes at the start of `text`, and its length there.
fn quoted(text: &str) -> Option<(Value, usize)> {
    let bytes = text.as_bytes();
    let quote = *bytes.first().filter(|quote| matches!(quote, b'"' | b'\''))?;
    let mut at = 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            c if c == quote && quote == b'\'' && bytes.get(at + 1) == Some(&quote) => at += 2,
            c if c == quote => break,
            _ => at += 1,
        }
    }
    let inner = &text[1..at];
    let value = if quote == b'\'' {
        inner.replace("''", "'")
    } else {
        // Escapes that JSON does not know stay as they are.
        serde_json::from_str(&text[..=at]).unwrap_or_else(|_| inner.to_owned())
    };
    Some((value.into(), at + 1))
}

#[cfg(test)]
#[path = "postgres_yaml_tests.rs"]
mod tests;

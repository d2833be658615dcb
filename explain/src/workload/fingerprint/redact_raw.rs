//! Raw plans without their literals.
//!
//! A plan as the server printed it mixes SQL with measurements. JSON is copied byte for byte except
//! for the strings under the keys that hold SQL; text is taken line by line, where a condition goes
//! on as long as a string in it does. Nothing recurses, and a format that is not known is not kept:
//! losing a raw text is better than leaking one.

use super::redact::redact_strings;
use super::{mongodb, redact};
use crate::engine::Engine;
use crate::workload::lexer::{Lexer, TokenKind};

/// The raw text of a plan (in the format of that name, e.g. `postgres-json`) with its literals
/// replaced; `None` when the format is not known here or the text is not what its format says.
pub fn redact_raw(raw: &str, format: &str, engine: Engine) -> Option<String> {
    match format {
        "postgres-json" => json(raw, postgres_policy, engine),
        "postgres-text" => Some(postgres_text(raw, engine)),
        "mysql-json" | "mysql-json-v2" | "mariadb-json" => json(raw, mysql_policy, engine),
        "mysql-tree" => Some(mysql_tree(raw, engine)),
        "mongodb-json" => mongodb::redact_answer(raw),
        // SQLite's query plan says `a=?` itself.
        "sqlite-query-plan" => Some(raw.to_owned()),
        _ => None,
    }
}

/// What happens to the values under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Policy {
    /// Names and measurements.
    Keep,
    /// As `Keep`, for everything below too.
    KeepAll,
    /// SQL.
    Sql,
    /// Text with measurements in it: only its strings go.
    Strings,
    /// A description like `Filter: (a = 5)` or `Limit: 5 row(s)`.
    Operation,
}

/// Names may hold digits; everything else of PostgreSQL's strings is SQL or a word, which redaction
/// leaves alone.
fn postgres_policy(key: &str) -> Policy {
    match key {
        "Settings" => Policy::KeepAll,
        "Node Type"
        | "Subplan Name"
        | "Index Name"
        | "Relation Name"
        | "Schema"
        | "Alias"
        | "CTE Name"
        | "Function Name"
        | "Table Function Name"
        | "Tuplestore Name"
        | "Custom Plan Provider"
        | "Trigger Name"
        | "Constraint Name"
        | "Relation"
        | "Conflict Arbiter Indexes"
        | "Sampling Method" => Policy::Keep,
        _ => Policy::Sql,
    }
}

/// MySQL and MariaDB write costs as strings.
fn mysql_policy(key: &str) -> Policy {
    match key {
        "table_name" | "key" | "possible_keys" | "used_key_parts" | "used_columns" | "alias"
        | "schema_name" | "index_name" | "partitions" => Policy::Keep,
        "query" | "condition" | "ranges" | "pushed_condition" => Policy::Sql,
        "operation" | "heading" => Policy::Operation,
        _ if key.ends_with("_condition") || key.ends_with("_conditions") => Policy::Sql,
        _ => Policy::Strings,
    }
}

/// An open object or array of a JSON text.
struct Level {
    object: bool,
    policy: Policy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
    Nothing,
}

struct Walker<'a> {
    text: &'a str,
    at: usize,
    out: String,
    levels: Vec<Level>,
    expect: Expect,
    /// The policy for the value that comes next.
    policy: Policy,
    key: String,
    of_key: fn(&str) -> Policy,
    engine: Engine,
}

fn json(raw: &str, of_key: fn(&str) -> Policy, engine: Engine) -> Option<String> {
    let mut walker = Walker {
        text: raw,
        at: 0,
        out: String::with_capacity(raw.len()),
        levels: Vec::new(),
        expect: Expect::Value,
        policy: Policy::Strings,
        key: String::new(),
        of_key,
        engine,
    };
    while walker.at < raw.len() {
        walker.step()?;
    }
    (walker.expect == Expect::Nothing).then_some(walker.out)
}

impl Walker<'_> {
    fn step(&mut self) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let first = *rest.first()?;
        match (first, self.expect) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => self.copy(1),
            (b'{' | b'[', Expect::Value | Expect::ValueOrEnd) => self.open(first == b'{'),
            // The next document: MySQL's two versions of one plan stand one after the other.
            (b'{' | b'[', Expect::Nothing) => {
                self.policy = Policy::Strings;
                self.open(first == b'{');
            }
            (b'}', Expect::KeyOrEnd | Expect::CommaOrEnd) => self.close(true)?,
            (b']', Expect::ValueOrEnd | Expect::CommaOrEnd) => self.close(false)?,
            (b',', Expect::CommaOrEnd) => {
                self.expect = if self.levels.last()?.object { Expect::Key } else { Expect::Value };
                self.copy(1);
            }
            (b':', Expect::Colon) => {
                self.expect = Expect::Value;
                self.copy(1);
            }
            (b'"', Expect::Key | Expect::KeyOrEnd) => {
                self.key = self.string()?;
                self.policy = self.policy_below();
                self.expect = Expect::Colon;
            }
            (b'"', Expect::Value | Expect::ValueOrEnd) => self.string_value()?,
            (b'-' | b'0'..=b'9' | b't' | b'f' | b'n', Expect::Value | Expect::ValueOrEnd) => {
                self.scalar()?;
            }
            _ => return None,
        }
        Some(())
    }

    fn copy(&mut self, length: usize) {
        self.out.push_str(self.text.get(self.at..self.at + length).unwrap_or_default());
        self.at += length;
    }

    /// What the key says, unless what is around it holds for everything below.
    fn policy_below(&self) -> Policy {
        match self.levels.last().map(|level| level.policy) {
            Some(Policy::KeepAll) => Policy::KeepAll,
            _ => (self.of_key)(&self.key),
        }
    }

    fn open(&mut self, object: bool) {
        self.levels.push(Level { object, policy: self.policy });
        self.expect = if object { Expect::KeyOrEnd } else { Expect::ValueOrEnd };
        self.copy(1);
    }

    fn close(&mut self, object: bool) -> Option<()> {
        self.levels.pop().filter(|level| level.object == object)?;
        self.copy(1);
        self.value_ended();
        Some(())
    }

    fn value_ended(&mut self) {
        match self.levels.last() {
            Some(level) => {
                self.policy = level.policy;
                self.expect = Expect::CommaOrEnd;
            }
            None => self.expect = Expect::Nothing,
        }
    }

    /// Copies a string; gives its content.
    fn string(&mut self) -> Option<String> {
        let length = self.string_length()?;
        let content = serde_json::from_str(self.text.get(self.at..self.at + length)?).ok()?;
        self.copy(length);
        Some(content)
    }

    fn string_length(&self) -> Option<usize> {
        let bytes = self.text.as_bytes().get(self.at..)?;
        let mut escaped = false;
        for (at, byte) in bytes.iter().enumerate().skip(1) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => return Some(at + 1),
                _ => {}
            }
        }
        None
    }

    fn string_value(&mut self) -> Option<()> {
        let before = self.out.len();
        let content = self.string()?;
        let redacted = match self.policy {
            Policy::Keep | Policy::KeepAll => None,
            Policy::Sql => Some(redact(&content, self.engine)),
            Policy::Strings => Some(redact_strings(&content, self.engine)),
            Policy::Operation => Some(operation(&content, self.engine)),
        };
        // What did not change stays as it was escaped.
        if let Some(redacted) = redacted.filter(|redacted| *redacted != content) {
            self.out.truncate(before);
            self.out.push_str(&serde_json::to_string(&redacted).ok()?);
        }
        self.value_ended();
        Some(())
    }

    fn scalar(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')));
        let text = rest.get(..end.unwrap_or(rest.len()))?;
        let number = serde_json::from_str::<serde_json::Number>(text).is_ok();
        if !number && !matches!(text, "true" | "false" | "null") {
            return None;
        }
        self.copy(text.len());
        self.value_ended();
        Some(())
    }
}

/// `Filter: (a = 5)` loses its numbers, `Limit: 5 row(s)` keeps them.
fn operation(text: &str, engine: Engine) -> String {
    let compares = text.contains(['=', '<', '>']) && !text.starts_with("Limit");
    let filters =
        text.starts_with("Filter") || text.contains(" between ") || text.contains(" in (");
    if compares || filters { redact(text, engine) } else { redact_strings(text, engine) }
}

fn mysql_tree(raw: &str, engine: Engine) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while !rest.is_empty() {
        let (line, after) = rest.split_at(logical_line(rest, 0, engine));
        let body = line.find("-> ").map_or(0, |at| at + 3);
        let measured = [" (cost=", " (actual", " (rows=", " (never executed)"];
        let end = measured.iter().filter_map(|m| line.rfind(m)).filter(|at| *at >= body).min();
        let end = end.unwrap_or(line.len());
        out.push_str(line.get(..body).unwrap_or_default());
        out.push_str(&operation(line.get(body..end).unwrap_or_default(), engine));
        out.push_str(line.get(end..).unwrap_or_default());
        rest = after;
    }
    out
}

/// Where the line ends that begins `text`, its break included; a break inside a string or quotes after
/// `from` does not end it.
fn logical_line(text: &str, from: usize, engine: Engine) -> usize {
    for token in Lexer::starting_at(text, from, engine).filter(|t| t.kind == TokenKind::Blank) {
        if let Some(at) = token.text(text).find('\n') {
            return token.start + at + 1;
        }
    }
    text.len()
}

fn postgres_text(raw: &str, engine: Engine) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while !rest.is_empty() {
        let first = rest.get(..rest.find('\n').map_or(rest.len(), |at| at + 1)).unwrap_or(rest);
        let value = first.find(": ").map(|at| at + 2).filter(|_| !is_node(first));
        let label = value.and_then(|at| first.get(..at - 2)).unwrap_or_default().trim_start();
        let end = match value {
            Some(at) if label == "Query Text" => query_text_end(rest, at),
            Some(at) if !is_measurement(label) => logical_line(rest, at, engine),
            _ => logical_line(rest, 0, engine),
        };
        let (line, after) = rest.split_at(end);
        match value.filter(|_| !is_measurement(label)) {
            Some(at) => {
                out.push_str(line.get(..at).unwrap_or_default());
                out.push_str(&redact(line.get(at..).unwrap_or_default(), engine));
            }
            None if label == "Settings" => out.push_str(line),
            None => out.push_str(&redact_strings(line, engine)),
        }
        rest = after;
    }
    out
}

/// A statement in auto_explain's output ends where the plan begins.
fn query_text_end(text: &str, from: usize) -> usize {
    let mut at = from;
    while let Some(next) = text.get(at..).and_then(|rest| rest.find('\n')) {
        at += next + 1;
        let rest = text.get(at..).unwrap_or_default();
        let line = rest.get(..rest.find('\n').unwrap_or(rest.len())).unwrap_or_default();
        if is_node(line) || line.trim_start().starts_with("Query Parameters:") {
            return at;
        }
    }
    text.len()
}

fn is_node(line: &str) -> bool {
    line.contains("  (cost=") || line.contains("(actual ") || line.trim_start().starts_with("->")
}

/// Labels under which numbers are measurements.
fn is_measurement(label: &str) -> bool {
    const STARTS: &[&str] = &[
        "Buffers",
        "WAL",
        "I/O",
        "Sort Method",
        "Planning",
        "Execution",
        "Heap",
        "Rows Removed",
        "Worker",
        "Buckets",
        "Batches",
        "Settings",
        "Memory",
        "Peak Memory",
        "Hits",
        "Cache Mode",
        "Timing",
        "Functions",
        "Options",
        "Trigger",
        "Full-sort",
        "Pre-sorted",
        "Serialization",
        "JIT",
        "Index Searches",
        "Storage",
        "Query Identifier",
        "Maximum Storage",
        "Subplans",
        "Inner Unique",
        "Single Copy",
        "Params",
        "Relations",
        "Conflict Resolution",
        "Conflict Arbiter",
        "Tuples",
        "Conflicting",
        "Disabled",
        "Estimates",
        "Total runtime",
        "Original",
        "Disk",
        "Planned Partitions",
        "Async",
        "Cost",
        "Presorted Groups",
    ];
    STARTS.iter().any(|start| label.starts_with(start))
}

#[cfg(test)]
#[path = "redact_raw_tests.rs"]
mod tests;

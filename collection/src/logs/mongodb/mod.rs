//! MongoDB's commands as logs and the profiler write them, made into statements.

pub(super) mod shape;

use super::event::Event;
use super::json::{Value, members};
use super::sink::Sink;

/// The order of a command's keys, after the command itself; others follow as they came. The same as
/// a live collection brings them into.
const ORDER: [&[u8]; 20] = [
    b"filter",
    b"query",
    b"key",
    b"pipeline",
    b"updates",
    b"deletes",
    b"update",
    b"remove",
    b"sort",
    b"projection",
    b"fields",
    b"skip",
    b"limit",
    b"hint",
    b"min",
    b"max",
    b"collation",
    b"let",
    b"arrayFilters",
    b"upsert",
];

/// What a driver or a server adds to a command; keys with a `$` are theirs as well.
const ENVELOPE: [&[u8]; 30] = [
    b"lsid",
    b"txnNumber",
    b"autocommit",
    b"startTransaction",
    b"stmtId",
    b"stmtIds",
    b"apiVersion",
    b"apiStrict",
    b"apiDeprecationErrors",
    b"comment",
    b"maxTimeMS",
    b"maxTimeMSOpOnly",
    b"readConcern",
    b"writeConcern",
    b"shardVersion",
    b"databaseVersion",
    b"clientOperationKey",
    b"mayBypassWriteBlocking",
    b"runtimeConstants",
    b"cursor",
    b"batchSize",
    b"ordered",
    b"signature",
    b"operationTime",
    b"needsMerge",
    b"fromMongos",
    b"fromRouter",
    b"queryHash",
    b"planCacheKey",
    b"term",
];

/// Most keys of a command that are put in order; the rest is left out.
const MOST_KEYS: usize = 64;

/// What a log line or a document of the profiler says of an operation.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Operation<'a> {
    /// `command`, `update`, `remove`, `insert`, `query` …
    pub(super) kind: &'a [u8],
    /// `database.collection`.
    pub(super) namespace: &'a [u8],
    /// The command's object.
    pub(super) command: &'a [u8],
    /// The command that opened the cursor of a `getMore`.
    pub(super) originating: &'a [u8],
    /// The rest of the event; its statement is made here.
    pub(super) event: Event<'a>,
}

/// Makes statements of operations in the same memory.
#[derive(Debug, Default)]
pub(super) struct Statements {
    text: Vec<u8>,
    shape: Vec<u8>,
}

impl Statements {
    /// Adds an operation. Its statement is the command, made whole again.
    pub(super) fn add(&mut self, operation: &Operation<'_>, sink: &mut Sink<'_>) {
        let (database, collection) = split_namespace(operation.namespace);
        self.text.clear();
        if !self.write(operation, collection) {
            self.text.clear();
            self.text.extend_from_slice(operation.command);
        }
        shape::of(&self.text, &mut self.shape);
        let mut event = Event { statement: &self.text, ..operation.event };
        event.session.database = database;
        sink.shaped(&event, &self.shape);
    }

    /// Adds an operation whose statement is at hand as text.
    pub(super) fn add_text(&mut self, event: &Event<'_>, sink: &mut Sink<'_>) {
        shape::of(event.statement, &mut self.shape);
        sink.shaped(event, &self.shape);
    }

    /// Writes the statement; `false` when the command is not as it should be.
    fn write(&mut self, operation: &Operation<'_>, collection: &[u8]) -> bool {
        let sent = operation.command;
        let first = members(sent).next().map(|(key, _)| key).unwrap_or_default();
        match (operation.kind, first) {
            (_, b"getMore") if !operation.originating.is_empty() => {
                self.command(operation.originating)
            }
            (b"update", b"q") => self.part(b"update", b"updates", collection, sent),
            (b"remove" | b"delete", b"q") => self.part(b"delete", b"deletes", collection, sent),
            _ => self.command(sent),
        }
    }

    /// The command without its envelope, its keys in order.
    fn command(&mut self, command: &[u8]) -> bool {
        let mut all = members(command);
        let Some((name, value)) = all.next() else { return false };
        let mut found = [(&b""[..], Value::Other(b"")); MOST_KEYS];
        let mut count = 0;
        for (key, value) in all.by_ref() {
            if count < MOST_KEYS && says_something(key, value) {
                found[count] = (key, value);
                count += 1;
            }
        }
        self.text.push(b'{');
        self.member(canonical_name(name), value);
        for wanted in ORDER {
            if let Some((key, value)) = found[..count].iter().find(|(key, _)| *key == wanted) {
                self.member(key, *value);
            }
        }
        for (key, value) in found[..count].iter().filter(|(key, _)| !ORDER.contains(key)) {
            self.member(key, *value);
        }
        self.text.push(b'}');
        !all.broken
    }

    /// One part of an `update` or a `delete`, with the command around it.
    fn part(&mut self, name: &[u8], parts: &[u8], collection: &[u8], part: &[u8]) -> bool {
        self.text.push(b'{');
        self.member(name, Value::String(collection));
        self.text.extend_from_slice(b",\"");
        self.text.extend_from_slice(parts);
        self.text.extend_from_slice(b"\":[{");
        let mut all = members(part);
        for (key, value) in all.by_ref() {
            let off = matches!(value.raw(), b"false" | b"null");
            if !(off && matches!(key, b"multi" | b"upsert")) && key != b"upsertSupplied" {
                self.member(key, value);
            }
        }
        self.text.extend_from_slice(b"}]}");
        !all.broken
    }

    fn member(&mut self, key: &[u8], value: Value<'_>) {
        if !matches!(self.text.last(), Some(b'{')) {
            self.text.push(b',');
        }
        self.text.push(b'"');
        self.text.extend_from_slice(key);
        self.text.extend_from_slice(b"\":");
        let quote: &[u8] = if matches!(value, Value::String(_)) { b"\"" } else { b"" };
        self.text.extend_from_slice(quote);
        self.text.extend_from_slice(value.raw());
        self.text.extend_from_slice(quote);
    }
}

/// The database and the collection of a namespace.
pub(super) fn split_namespace(namespace: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'.', namespace) {
        Some(dot) => (&namespace[..dot], &namespace[dot + 1..]),
        None => (namespace, b""),
    }
}

fn canonical_name(name: &[u8]) -> &[u8] {
    match name {
        b"findandmodify" => b"findAndModify",
        b"mapreduce" => b"mapReduce",
        other => other,
    }
}

/// Whether a key belongs to the application's command. Empty parts and switches that are off are
/// how drivers say nothing; an empty condition says that there is none.
fn says_something(key: &[u8], value: Value<'_>) -> bool {
    if key.first() == Some(&b'$') || ENVELOPE.contains(&key) {
        return key == b"$truncated";
    }
    match value.raw() {
        b"{}" => matches!(value, Value::String(_)) || matches!(key, b"filter" | b"query"),
        b"false" | b"null" => matches!(value, Value::String(_)),
        b"0" => matches!(key, b"skip" | b"limit"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: &str, command: &str, originating: &str) -> String {
        let mut statements = Statements::default();
        let operation = Operation {
            kind: kind.as_bytes(),
            command: command.as_bytes(),
            originating: originating.as_bytes(),
            ..Operation::default()
        };
        assert!(statements.write(&operation, b"orders"));
        String::from_utf8(statements.text).unwrap()
    }

    #[test]
    fn commands_are_made_whole() {
        let find = r#"{"find":"orders","limit":5,"lsid":{"id":1},"filter":{"a":1},"singleBatch":false,"$db":"shop"}"#;
        let whole = r#"{"find":"orders","filter":{"a":1},"limit":5}"#;
        assert_eq!(text("command", find, ""), whole);
        assert_eq!(text("command", r#"{"getMore":77,"collection":"orders"}"#, find), whole);
        assert_eq!(
            text("update", r#"{"q":{"a":1},"u":{"$set":{"b":2}},"multi":true,"upsert":false}"#, ""),
            r#"{"update":"orders","updates":[{"q":{"a":1},"u":{"$set":{"b":2}},"multi":true}]}"#
        );
        assert_eq!(
            text("remove", r#"{"q":{"a":1},"limit":0}"#, ""),
            r#"{"delete":"orders","deletes":[{"q":{"a":1},"limit":0}]}"#
        );
    }
}

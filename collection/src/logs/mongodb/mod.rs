//! MongoDB's commands as logs and the profiler write them, made into statements.

mod look;

use super::event::{Event, FAILED, FULL_SCAN, TEMP_ON_DISK};
use super::json::{Value, members, value_length};
use super::sink::Sink;
pub(super) use look::{Look, look};
use memchr::memmem;

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

/// The lengths that keys of [`ENVELOPE`] have, a bit each, by the last five bits of their first
/// letters: most keys are known not to be there without a comparison.
const ENVELOPE_LENGTHS: [u32; 32] = {
    let mut lengths = [0; 32];
    let mut at = 0;
    while at < ENVELOPE.len() {
        lengths[(ENVELOPE[at][0] & 31) as usize] |= 1 << ENVELOPE[at].len();
        at += 1;
    }
    lengths
};

/// Whether a key of a command, which is not its first, is not the application's.
#[inline]
fn is_envelope(key: &[u8]) -> bool {
    match key {
        [b'$', ..] => key != b"$truncated",
        [first, ..] if key.len() < 32 => {
            let lengths = ENVELOPE_LENGTHS[usize::from(first & 31)];
            lengths >> key.len() & 1 == 1 && ENVELOPE.contains(&key)
        }
        _ => false,
    }
}

/// What a log line or a document of the profiler says of an operation.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Operation<'a> {
    /// `command`, `update`, `remove`, `insert`, `query` …
    pub(super) kind: &'a [u8],
    /// `database.collection`.
    pub(super) namespace: &'a [u8],
    /// The command.
    pub(super) command: Option<Look<'a>>,
    /// The command that opened the cursor of a `getMore`.
    pub(super) originating: Option<Look<'a>>,
    /// The rest of the event; its statement is made here.
    pub(super) event: Event<'a>,
}

/// What is counted of an operation, under the names of the log and of the profiler.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    returned: Option<u64>,
    changed: Option<u64>,
    docs_examined: Option<u64>,
    keys_examined: Option<u64>,
    sorts: u64,
    marks: u8,
}

impl Figures {
    /// Takes a figure; others are left alone. Nothing is read of a value that is not wanted.
    #[inline]
    pub(super) fn take(&mut self, key: &[u8], value: &[u8], count: fn(&[u8]) -> Option<u64>) {
        match key {
            b"nreturned" => self.returned = count(value),
            b"docsExamined" => self.docs_examined = count(value),
            b"keysExamined" => self.keys_examined = count(value),
            b"nModified" | b"ndeleted" | b"ninserted" | b"nUpserted" => {
                let more = count(value).unwrap_or(0);
                self.changed = Some(self.changed.unwrap_or(0).saturating_add(more));
            }
            b"planSummary" => self.mark(FULL_SCAN, value.starts_with(b"COLLSCAN")),
            b"hasSortStage" => self.sorts = u64::from(is_on(value)),
            b"usedDisk" => self.mark(TEMP_ON_DISK, is_on(value)),
            b"ok" => self.mark(FAILED, value == b"0"),
            _ => {}
        }
    }

    fn mark(&mut self, mark: usize, is_set: bool) {
        self.marks |= u8::from(is_set) << mark;
    }

    /// Puts the figures into an event. That nothing is said of sorts means that there were none.
    pub(super) fn put(self, event: &mut Event<'_>) {
        event.rows = self.returned.or(self.changed);
        event.rows_examined = self.docs_examined;
        event.keys_examined = self.keys_examined;
        event.sorts = Some(self.sorts);
        event.marks |= self.marks;
    }
}

/// What an operation waited for: locks, and reading and writing.
pub(super) struct Waits {
    /// Finds what their names end with.
    names: memmem::Finder<'static>,
}

impl Default for Waits {
    fn default() -> Self {
        Self { names: memmem::Finder::new(b"ingMicros\"") }
    }
}

impl Waits {
    /// Reads the waits in what a server says of locks and storage, wherever they are in it:
    /// `"Global":{"acquireCount":{…},"timeAcquiringMicros":{"r":…}}`, and
    /// `"data":{"bytesRead":…,"timeReadingMicros":…}`. The flow control has a number for the former.
    pub(super) fn read(&self, text: &[u8], count: fn(&[u8]) -> Option<u64>, event: &mut Event<'_>) {
        for at in self.names.find_iter(text) {
            let name = text[..at].rsplit(|b| *b == b'"').next().unwrap_or_default();
            let after = text[at + self.names.needle().len()..].trim_ascii_start();
            let value = after.strip_prefix(b":").unwrap_or_default().trim_ascii_start();
            let sum = match name {
                b"timeAcquir" if value.starts_with(b"{") => &mut event.lock_ns,
                b"timeRead" | b"timeWrit" => &mut event.io_ns,
                _ => continue,
            };
            // One figure, or one for each mode of the lock.
            let micros: u64 = match name {
                b"timeAcquir" => members(value).filter_map(|(_, each)| count(each.raw())).sum(),
                _ => value_length(value).and_then(|length| count(&value[..length])).unwrap_or(0),
            };
            *sum = Some(sum.unwrap_or(0).saturating_add(micros.saturating_mul(1000)));
        }
    }
}

/// The log writes `true`, the plain one before it `1`.
fn is_on(value: &[u8]) -> bool {
    matches!(value, b"true" | b"1")
}

/// Adds an operation. Its statement is the command, made whole again; `false` when it has none.
pub(super) fn add(operation: &Operation<'_>, sink: &mut Sink<'_>) -> bool {
    let Some(told) = operation.told() else { return false };
    let (database, collection) = split_namespace(operation.namespace);
    let mut event = operation.event;
    event.session.database = database;
    event.is_more = operation.command.is_some_and(|command| command.name == b"getMore");
    // What the statement is made of beside the command.
    let shape = told.shape.with(operation.kind).with(operation.namespace);
    sink.shaped(&event, shape.0, |text| {
        let mut writer = Writer { text };
        if !writer.write(operation.kind, collection, told) {
            writer.text.clear();
            writer.text.extend_from_slice(told.text);
        }
    });
    true
}

/// Adds an operation whose statement is at hand as text.
pub(super) fn add_text(event: &Event<'_>, sink: &mut Sink<'_>) {
    let shape = look::shape_of(event.statement);
    sink.shaped(event, shape.0, |text| text.extend_from_slice(event.statement));
}

impl<'a> Operation<'a> {
    /// The command that says what was done: of a `getMore` the one that opened the cursor.
    fn told(&self) -> Option<Look<'a>> {
        let command = self.command?;
        if command.name == b"getMore" { self.originating.or(self.command) } else { self.command }
    }
}

/// Writes a statement.
struct Writer<'t> {
    text: &'t mut Vec<u8>,
}

impl Writer<'_> {
    /// Writes the statement; `false` when the command is not as it should be.
    fn write(&mut self, kind: &[u8], collection: &[u8], told: Look<'_>) -> bool {
        match (kind, told.name) {
            (b"update", b"q") => self.part(b"update", b"updates", collection, told.text),
            (b"remove" | b"delete", b"q") => {
                self.part(b"delete", b"deletes", collection, told.text)
            }
            _ => self.command(told.text),
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
    if is_envelope(key) {
        return false;
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
        let operation = Operation {
            kind: kind.as_bytes(),
            command: look(command.as_bytes()),
            originating: look(originating.as_bytes()),
            ..Operation::default()
        };
        let mut text = Vec::new();
        let told = operation.told().unwrap();
        assert!(Writer { text: &mut text }.write(operation.kind, b"orders", told));
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn the_envelope_is_known_by_letter_and_length() {
        for key in ENVELOPE {
            assert!(is_envelope(key));
        }
        assert!(is_envelope(b"$db") && !is_envelope(b"$truncated") && !is_envelope(b""));
        assert!(!is_envelope(b"list") && !is_envelope(b"filter") && !is_envelope(&[b'l'; 40]));
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

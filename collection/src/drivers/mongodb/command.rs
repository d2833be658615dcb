//! Commands as the profiler, the log and the list of running operations show them, made whole again.
//!
//! What a driver added goes (session, cluster time, comment), an update or a removal gets its command
//! back around it, a `getMore` stands for the command that opened its cursor. The keys come in one order,
//! so that a shape is the same wherever it was seen.

use super::document::{Fields as _, json};
use super::link::MARK;
use bson::{Bson, Document, doc};
use planscope_explain::workload::fingerprint::mongodb::is_envelope;

/// Commands that are statements of a workload.
const STATEMENTS: [&str; 9] = [
    "find",
    "aggregate",
    "count",
    "distinct",
    "update",
    "delete",
    "findAndModify",
    "insert",
    "mapReduce",
];

/// The order of a command's keys, after the command itself; others follow as they came.
const ORDER: [&str; 20] = [
    "filter",
    "query",
    "key",
    "pipeline",
    "updates",
    "deletes",
    "update",
    "remove",
    "sort",
    "projection",
    "fields",
    "skip",
    "limit",
    "hint",
    "min",
    "max",
    "collation",
    "let",
    "arrayFilters",
    "upsert",
];

/// A statement's command.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Command {
    /// The command, ready to be explained.
    pub document: Document,
    /// Whether the server cut it off.
    pub is_truncated: bool,
}

impl Command {
    /// A command as a client sends it; `None` when it is no statement.
    pub fn of(command: &Document) -> Option<Self> {
        let (name, value) = command.iter().next()?;
        let name = canonical_name(name);
        if !STATEMENTS.contains(&name) {
            return None;
        }
        let mut document = doc! { name: value.clone() };
        if name == "insert" {
            // What is inserted is data and nothing else.
            return Some(Self { document, is_truncated: false });
        }
        for key in ORDER {
            if let Some(value) = command.get(key).filter(|value| says_something(key, value)) {
                document.insert(key, cleaned(key, value));
            }
        }
        for (key, value) in command.iter().skip(1) {
            let known = ORDER.contains(&key.as_str());
            if !known && !is_envelope(key) && !key.starts_with('$') && says_something(key, value) {
                document.insert(key, value.clone());
            }
        }
        let is_truncated = command.contains_key("$truncated");
        if is_truncated {
            document.insert("$truncated", true);
        }
        Some(Self { document, is_truncated })
    }

    /// The command of an operation of the profiler or the log, on `collection`.
    pub fn of_operation(
        operation: &str,
        collection: &str,
        command: &Document,
        original: Option<&Document>,
    ) -> Option<Self> {
        if let Some(text) = command.text("$truncated") {
            return Some(Self::truncated(collection, text));
        }
        if let Some(original) = original.filter(|_| command.get("getMore").is_some()) {
            return Self::of_operation("query", collection, original, None);
        }
        match operation {
            "update" if command.get("q").is_some() => {
                Some(Self::write("update", "updates", collection, command))
            }
            "remove" if command.get("q").is_some() => {
                Some(Self::write("delete", "deletes", collection, command))
            }
            _ => {
                let found = Self::of(command)?;
                // Of a whole `update` only the frame is logged; its parts are operations themselves.
                let is_frame = ["update", "delete"]
                    .iter()
                    .any(|name| found.document.get(name).is_some() && found.document.len() == 1);
                (!is_frame).then_some(found)
            }
        }
    }

    fn write(name: &str, parts: &str, collection: &str, command: &Document) -> Self {
        let mut part = Document::new();
        for (key, value) in command {
            let default = matches!((key.as_str(), value), ("multi" | "upsert" | "upsertSupplied", v) if !on(v));
            if !default && key != "upsertSupplied" {
                part.insert(key, value.clone());
            }
        }
        let document = doc! { name: collection, parts: [part] };
        Self { document, is_truncated: false }
    }

    /// What is left of a command that is too long for the profiler: its name.
    fn truncated(collection: &str, text: &str) -> Self {
        let name = text.trim_start_matches(['{', ' ']);
        let name = name.split([':', ' ']).next().unwrap_or_default().trim_matches('"');
        let name = match canonical_name(name) {
            "q" => "update",
            known if STATEMENTS.contains(&known) => known,
            _ => "find",
        };
        let document = doc! { name: collection, "$truncated": true };
        Self { document, is_truncated: true }
    }

    /// The command's name.
    pub fn name(&self) -> &str {
        self.document.keys().next().map_or("", String::as_str)
    }

    /// The command as a statement's text.
    pub fn text(&self) -> String {
        json(self.document.clone())
    }
}

/// The name of a command however it is spelt.
fn canonical_name(name: &str) -> &str {
    match name {
        "findandmodify" => "findAndModify",
        "mapreduce" => "mapReduce",
        other => other,
    }
}

fn on(value: &Bson) -> bool {
    !matches!(value, Bson::Boolean(false) | Bson::Null)
}

/// An empty condition says that there is none; other empty parts and switches that are off are how
/// drivers say nothing.
fn says_something(key: &str, value: &Bson) -> bool {
    match value {
        Bson::Document(inner) => !inner.is_empty() || matches!(key, "filter" | "query"),
        Bson::Boolean(on) => *on,
        Bson::Null => false,
        Bson::Int32(0) | Bson::Int64(0) => !matches!(key, "skip" | "limit"),
        _ => true,
    }
}

/// The parts of a write without switches that are off.
fn cleaned(key: &str, value: &Bson) -> Bson {
    let parts = value.as_array().filter(|_| matches!(key, "updates" | "deletes"));
    let Some(parts) = parts else { return value.clone() };
    let clean = |part: &Bson| match part.as_document() {
        Some(part) => {
            let said = part.iter().filter(|(key, value)| {
                on(value) || !matches!(key.as_str(), "multi" | "upsert" | "upsertSupplied")
            });
            Bson::Document(said.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        None => part.clone(),
    };
    Bson::Array(parts.iter().map(clean).collect())
}

/// Whether planscope itself sent a command, or it explains another.
pub(super) fn is_own(command: &Document, original: Option<&Document>, app: Option<&str>) -> bool {
    let marked = |document: &Document| {
        document.text("comment").is_some_and(|comment| comment.starts_with(MARK))
            || document.contains_key("explain")
    };
    marked(command)
        || original.is_some_and(marked)
        || app.is_some_and(|app| app == MARK || app.starts_with("planscope "))
}

/// The collection of a namespace `database.collection`; `None` for one of the server's own.
pub(super) fn split_namespace(namespace: &str) -> Option<(&str, &str)> {
    let (database, collection) = namespace.split_once('.')?;
    // The documents of a time series are in a collection of the server's own.
    let collection = collection.strip_prefix("system.buckets.").unwrap_or(collection);
    let own = collection.starts_with("system.") || collection == "$cmd" || collection.is_empty();
    (!own).then_some((database, collection))
}

#[cfg(test)]
mod tests {
    use super::super::document::parse;
    use super::*;

    fn text(operation: &str, command: &str) -> Option<String> {
        let command = parse(command).unwrap();
        Some(Command::of_operation(operation, "c", &command, None)?.text())
    }

    #[test]
    fn operations_become_commands() {
        let cases = [
            (
                "query",
                r#"{"find":"c","sort":{"a":1},"filter":{},"projection":{},"limit":0,"lsid":{"id":1},"$db":"d","singleBatch":false}"#,
                Some(r#"{"find":"c","filter":{},"sort":{"a":1}}"#),
            ),
            (
                "update",
                r#"{"q":{"a":1},"u":{"$set":{"b":2}},"multi":false,"upsert":true}"#,
                Some(
                    r#"{"update":"c","updates":[{"q":{"a":1},"u":{"$set":{"b":2}},"upsert":true}]}"#,
                ),
            ),
            (
                "remove",
                r#"{"q":{"a":1},"limit":0}"#,
                Some(r#"{"delete":"c","deletes":[{"q":{"a":1},"limit":0}]}"#),
            ),
            (
                "command",
                r#"{"findandmodify":"c","query":{"a":1},"remove":true,"new":false}"#,
                Some(r#"{"findAndModify":"c","query":{"a":1},"remove":true}"#),
            ),
            ("command", r#"{"update":"c","ordered":true,"lsid":{}}"#, None),
            ("command", r#"{"createIndexes":"c"}"#, None),
            ("insert", r#"{"insert":"c","documents":[{"a":1}]}"#, Some(r#"{"insert":"c"}"#)),
            (
                "query",
                r#"{"$truncated":"{ find: \"c\", filter: { a: { $in: [ 1, 2"}"#,
                Some(r#"{"find":"c","$truncated":true}"#),
            ),
            (
                "update",
                r#"{"$truncated":"{ q: { _id: { $in: [ 1, 2"}"#,
                Some(r#"{"update":"c","$truncated":true}"#),
            ),
        ];
        for (operation, command, want) in cases {
            assert_eq!(text(operation, command).as_deref(), want, "{command}");
        }
    }

    #[test]
    fn more_of_a_cursor_is_its_command() {
        let more = doc! { "getMore": 7, "collection": "c" };
        let original = doc! { "find": "c", "filter": { "a": 1 }, "batchSize": 5 };
        let found = Command::of_operation("getmore", "c", &more, Some(&original)).unwrap();
        assert_eq!(found.text(), r#"{"find":"c","filter":{"a":1}}"#);
        assert_eq!(Command::of_operation("getmore", "c", &more, None), None);
    }

    #[test]
    fn own_commands_are_known() {
        let find = doc! { "find": "c" };
        assert!(is_own(&doc! { "find": "c", "comment": "planscope 12.0" }, None, None));
        assert!(is_own(&doc! { "explain": { "find": "c" } }, None, None));
        assert!(is_own(&find, None, Some("planscope")));
        assert!(!is_own(&find, None, Some("planscopex")));
        assert!(!is_own(&find, None, None));
    }

    #[test]
    fn namespaces_of_the_server_are_not_the_users() {
        assert_eq!(split_namespace("shop.a.b"), Some(("shop", "a.b")));
        assert_eq!(split_namespace("shop.system.buckets.t"), Some(("shop", "t")));
        assert_eq!(split_namespace("shop.system.profile"), None);
        assert_eq!(split_namespace("shop.$cmd"), None);
        assert_eq!(split_namespace("shop"), None);
    }
}

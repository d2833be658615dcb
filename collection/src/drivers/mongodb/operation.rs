//! One execution of a statement, from the profiler or from the log.

use super::command::{self, Command};
use super::document::{Fields as _, moment};
use bson::{Bson, Document};

/// An execution, or the fetching of more of its result.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub database: String,
    pub command: Command,
    /// The server's id for the shape: queryHash, or planCacheShapeHash since 8.0.
    pub hash: Option<String>,
    pub user: Option<String>,
    pub application: Option<String>,
    /// When it ended, as an RFC 3339 text.
    pub at: Option<String>,
    pub millis: f64,
    /// Documents returned or changed.
    pub rows: Option<f64>,
    pub docs_examined: Option<f64>,
    pub keys_examined: Option<f64>,
    /// Whether it only fetched more of an earlier result.
    pub is_more: bool,
    pub cursor: Option<i64>,
    /// Whether it sorted in memory.
    pub sorted: bool,
    /// The executed plan, as the profiler has it.
    pub plan: Option<Document>,
}

impl Operation {
    /// A document of `system.profile`; `None` when it is no statement of the application's.
    pub fn of_profile(entry: &Document) -> Option<Self> {
        let at = entry.get("ts").and_then(moment);
        let millis = entry.number("millis")?;
        let kind = entry.text("op")?;
        let mut operation = Self::read(entry, kind, millis, at)?;
        let plan = entry.document("execStats").is_some_and(|stats| stats.contains_key("stage"));
        operation.plan = plan.then(|| entry.clone());
        Some(operation)
    }

    /// The attributes of a line `Slow query` of the log.
    pub fn of_log(attributes: &Document, at: Option<String>) -> Option<Self> {
        let millis = attributes.number("durationMillis")?;
        Self::read(attributes, attributes.text("type")?, millis, at)
    }

    fn read(entry: &Document, kind: &str, millis: f64, at: Option<String>) -> Option<Self> {
        let (database, collection) = command::split_namespace(entry.text("ns")?)?;
        let sent = entry.document("command")?;
        let original = entry.document("originatingCommand");
        if command::is_own(sent, original, entry.text("appName")) {
            return None;
        }
        let mut found = Command::of_operation(kind, collection, sent, original)?;
        let hash = entry.text("planCacheShapeHash").or(entry.text("queryHash"));
        if let Some(hash) = hash.filter(|_| found.is_truncated) {
            // The only thing that tells one long command from another.
            found.document.insert("queryHash", hash);
        }
        let changed = ["nModified", "ndeleted", "ninserted", "nUpserted"];
        let rows = entry
            .number("nreturned")
            .or_else(|| changed.iter().filter_map(|key| entry.number(key)).reduce(|a, b| a + b));
        Some(Self {
            database: database.to_owned(),
            command: found,
            hash: hash.map(str::to_owned),
            user: entry.text("user").and_then(|user| user.split('@').next()).map(str::to_owned),
            application: entry.text("appName").map(str::to_owned),
            at,
            millis,
            rows,
            docs_examined: entry.number("docsExamined"),
            keys_examined: entry.number("keysExamined"),
            is_more: sent.contains_key("getMore"),
            cursor: entry.get("cursorid").and_then(Bson::as_i64),
            sorted: entry.flag("hasSortStage"),
            plan: None,
        })
    }
}

/// The moment of a line of the log.
pub(super) fn log_moment(line: &Document) -> Option<String> {
    line.at("t").and_then(moment)
}

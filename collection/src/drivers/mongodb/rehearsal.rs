//! What a dry run takes for the server's answers: enough for the next question to be asked.

use crate::guard::Rehearsal;
use crate::target::Target;
use bson::{Bson, Document, doc};

/// The newest version that planscope is tested with.
const NEWEST: &str = "6.0.5";

/// A server that is not there.
pub(super) struct Answers {
    version: String,
    database: String,
}

impl Answers {
    pub fn new(rehearsal: &Rehearsal, target: &Target) -> Self {
        let database = target.database().unwrap_or("each_database").to_owned();
        Self { version: rehearsal.version_or(NEWEST), database }
    }

    /// The answer to a command; most find nothing.
    pub fn to(&self, command: &Document) -> Document {
        match command.keys().next().map_or("", String::as_str) {
            "listDatabases" => doc! { "databases": [{ "name": &self.database }] },
            "buildInfo" => doc! { "version": &self.version },
            "profile" => doc! { "was": 1, "slowms": 100, "sampleRate": 1.0 },
            "explain" => doc! { "queryPlanner": { "winningPlan": { "stage": "COLLSCAN" } } },
            _ => doc! {},
        }
    }

    /// The documents of a command's cursor.
    pub fn rows(&self, command: &Document) -> Vec<Document> {
        let find = doc! { "find": Rehearsal::TABLE, "filter": { "_id": 1 } };
        let namespace = format!("{}.{}", self.database, Rehearsal::TABLE);
        let runs = doc! { "op": "query", "ns": namespace, "command": find, "millis": 1, "microsecs_running": 1 };
        let stages = command.get_array("pipeline").ok();
        let first = stages.and_then(|stages| stages.first()).and_then(Bson::as_document);
        if command.get_str("find").is_ok_and(|name| name == "system.profile")
            || first.is_some_and(|stage| stage.contains_key("$currentOp"))
        {
            return vec![runs];
        }
        match command.contains_key("listCollections") {
            true => vec![doc! { "name": "each_collection", "type": "collection" }],
            false => Vec::new(),
        }
    }
}

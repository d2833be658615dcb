//! What a dry run takes for the server's answers: enough for the next question to be asked.

use crate::guard::Rehearsal;
use crate::target::Target;
use bson::{Document, doc};

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
        let of = |key: &str| command.get_str(key).unwrap_or_default();
        if of("find") == "system.profile" {
            let find = doc! { "find": Rehearsal::TABLE, "filter": { "_id": 1 } };
            let namespace = format!("{}.{}", self.database, Rehearsal::TABLE);
            let ran = doc! { "op": "query", "ns": namespace, "command": find, "millis": 1 };
            return vec![ran];
        }
        match command.contains_key("listCollections") {
            true => vec![doc! { "name": "each_collection", "type": "collection" }],
            false => Vec::new(),
        }
    }
}

//! An open connection: guarded commands, watched by the stop switch.
//!
//! Every command carries a time limit and a comment by which it is found again: in the server's
//! profiler and log, to leave it out of the workload, and among the running operations, to end it.

use super::document::{Fields as _, json};
use super::errors;
use super::rehearsal::Answers;
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::{Audit, Policy, Pulse, Stop};
use bson::{Bson, Document, doc};
use mongodb::Client;
use mongodb::options::SelectionCriteria;
use std::future::Future;
use std::time::Duration;

/// What our application name and our comments begin with.
pub(super) const MARK: &str = "planscope";

/// Longest time for the server to come to rest after a stop.
const REST: Duration = Duration::from_millis(900);

/// Between two looks at what still runs.
const PAUSE: Duration = Duration::from_millis(20);

/// How long after its limit the server may still come up with an answer.
const GRACE: Duration = Duration::from_secs(3);

/// What was learned of the server when the connection was opened.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// E.g. `6.0.5`.
    pub version: String,
    /// The databases to look at.
    pub databases: Vec<String>,
    /// The user, with the database that knows it: `app@admin`; `None` where nobody logs in.
    pub user: Option<String>,
    /// Roles of the user: `read@shop`.
    pub roles: Vec<String>,
    /// What the user may do.
    pub privileges: Vec<Document>,
    /// `standalone`, `primary`, `secondary`, `mongos` …
    pub state: &'static str,
    /// The name of the replica set.
    pub replica_set: Option<String>,
    /// Whether the connection is encrypted.
    pub is_encrypted: bool,
}

/// Who answers.
pub(super) enum Wire {
    /// The server.
    Server(Client),
    /// Nobody: this is a dry run.
    Rehearsal(Answers),
}

/// An open connection.
pub(super) struct Link {
    /// What was learned of the server.
    pub facts: Facts,
    /// `host:port`, for messages.
    pub server: String,
    pub(super) wire: Wire,
    pub(super) criteria: SelectionCriteria,
    /// Marks what this session sends and no other.
    pub(super) comment: String,
    pub(super) policy: Policy,
    pub(super) stop: Stop,
    /// How quickly the server answers.
    pub(super) pulse: Pulse,
}

impl Link {
    /// Runs a command; watches the switch.
    pub async fn run(&self, database: &str, command: Document) -> Result<Document> {
        self.pulse.feel(self.run_for(database, command, self.policy.statement_timeout)).await
    }

    /// Runs a command that may take as long as `limit`.
    pub async fn run_for(
        &self,
        database: &str,
        command: Document,
        limit: Duration,
    ) -> Result<Document> {
        self.until_stopped(within(limit, self.send(database, self.guarded(command, limit)))).await
    }

    /// All documents that a command's cursor gives, at most `most`.
    pub async fn rows(
        &self,
        database: &str,
        command: Document,
        most: usize,
    ) -> Result<Vec<Document>> {
        let limit = self.policy.statement_timeout;
        let command = self.guarded(command, limit);
        let read = self.pulse.feel(self.read(database, command, most));
        self.until_stopped(within(limit, read)).await
    }

    async fn send(&self, database: &str, command: Document) -> Result<Document> {
        record(&self.policy.audit, &self.server, database, &command)?;
        let client = match &self.wire {
            Wire::Server(client) => client,
            Wire::Rehearsal(answers) => return Ok(answers.to(&command)),
        };
        let database = client.database(database);
        let sent = database.run_command(command).selection_criteria(self.criteria.clone());
        sent.await.map_err(|error| errors::failed(error, &self.server))
    }

    async fn read(&self, database: &str, command: Document, most: usize) -> Result<Vec<Document>> {
        record(&self.policy.audit, &self.server, database, &command)?;
        let failed = |error| errors::failed(error, &self.server);
        let client = match &self.wire {
            Wire::Server(client) => client,
            Wire::Rehearsal(answers) => return Ok(answers.rows(&command)),
        };
        let database = client.database(database);
        let mut cursor = database
            .run_cursor_command(command)
            .selection_criteria(self.criteria.clone())
            .comment(Bson::String(self.comment.clone()))
            .await
            .map_err(failed)?;
        let mut rows = Vec::new();
        while rows.len() < most && cursor.advance().await.map_err(failed)? {
            rows.push(cursor.deserialize_current().map_err(failed)?);
        }
        Ok(rows)
    }

    /// A command with our limit and mark. Inside an explained command they would do nothing.
    fn guarded(&self, mut command: Document, limit: Duration) -> Document {
        let millis = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX).max(1);
        command.insert("maxTimeMS", millis);
        command.insert("comment", self.comment.as_str());
        command
    }

    /// Does the work unless the switch is thrown first; then ends what the server runs for us.
    pub async fn until_stopped<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.stop.check()?;
        let stopped = tokio::select! {
            done = work => return done,
            () = self.stop.stopped() => CollectError::stopped(),
        };
        let _ = tokio::time::timeout(REST, self.kill()).await;
        Err(stopped)
    }

    /// Ends our operations until none is left: one may have been on its way.
    async fn kill(&self) {
        let mut quiet = 0;
        while quiet < 2 {
            let Ok(operations) = self.running_operations().await else { return };
            quiet = if operations.is_empty() { quiet + 1 } else { 0 };
            for operation in operations {
                let command =
                    doc! { "killOp": 1, "op": operation, "comment": format!("{MARK} stop") };
                let _ = self.send("admin", command).await;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The ids of what the server runs for this session. A user may see and end operations of its own.
    async fn running_operations(&self) -> Result<Vec<Bson>> {
        let mine = doc! { "$or": [
            { "command.comment": &self.comment },
            { "cursor.originatingCommand.comment": &self.comment },
        ]};
        let pipeline = vec![
            doc! { "$currentOp": { "allUsers": false } },
            doc! { "$match": mine },
            doc! { "$project": { "opid": 1 } },
        ];
        let command = doc! {
            "aggregate": 1, "pipeline": pipeline, "cursor": {}, "comment": format!("{MARK} stop"),
        };
        let rows = self.read("admin", command, 100).await?;
        Ok(rows.iter().filter_map(|row| row.get("opid").cloned()).collect())
    }

    /// Whether the user has a privilege for `action`, on every database or on `database`.
    pub fn may(&self, action: &str, database: &str) -> bool {
        let fits = |privilege: &Document| {
            let resource = privilege.document("resource");
            let on = resource.and_then(|r| r.text("db")).unwrap_or_default();
            let collection = resource.and_then(|r| r.text("collection")).unwrap_or_default();
            let any = resource.is_some_and(|r| r.get("anyResource").is_some());
            any || (collection.is_empty() && (on.is_empty() || on == database))
        };
        let acts = |privilege: &Document| {
            let actions = privilege.get_array("actions").ok();
            actions.is_some_and(|actions| actions.iter().any(|a| a.as_str() == Some(action)))
        };
        // Without access control everybody may do everything.
        self.facts.user.is_none() || self.facts.privileges.iter().any(|p| fits(p) && acts(p))
    }
}

/// Records a command just before it is sent; fetching the rest of its answer is part of it.
pub(super) fn record(
    audit: &Audit,
    server: &str,
    database: &str,
    command: &Document,
) -> Result<()> {
    let mut sent = command.clone();
    sent.insert("$db", database);
    audit.sent(server, &json(sent))
}

/// The server ends the work at its limit; should it not, we do.
async fn within<T>(limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(limit + GRACE, work).await.unwrap_or_else(|_| {
        let message = format!("no answer within {} s", limit.as_secs_f64());
        Err(CollectError::new(ErrorKind::Timeout, message))
    })
}

//! An open connection: simple-query messages only, watched by the stop switch.
//!
//! Nothing is prepared on the server by name across messages and nothing relies on the session
//! where a pooler may hand each transaction to another one: the settings then travel in front of
//! every message (`SET LOCAL` in the implicit transaction that a message of several statements is).

use super::errors;
use super::rehearsal::Answers;
use super::socket::{self, Address};
use crate::error::{CollectError, Result};
use crate::guard::{Audit, Pulse, Stop};
use std::future::Future;
use std::time::Duration;
use tokio_postgres::{CancelToken, Client, SimpleQueryMessage, SimpleQueryRow};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The comment that marks every statement of ours, so that the workload can leave them out.
pub(super) const MARK: &str = "/* planscope */";

/// Longest time for the server to come to rest after a stop.
const REST: Duration = Duration::from_millis(900);

/// Between two cancellations.
const PAUSE: Duration = Duration::from_millis(25);

/// What was learned of the server when the connection was opened.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// E.g. 150018.
    pub version_num: u32,
    /// E.g. `15.18`.
    pub version: String,
    /// The database.
    pub database: String,
    /// The user.
    pub user: String,
    /// Whether the user is a superuser.
    pub is_superuser: bool,
    /// Whether the connection is encrypted.
    pub is_encrypted: Option<bool>,
    /// Whether the server replays another's log.
    pub is_standby: bool,
    /// Whether the session's settings were not taken: a pooler stands between.
    pub is_pooled: bool,
    /// Whether pg_stat_statements does not count what we do.
    pub is_untracked: bool,
}

/// An open connection.
pub(super) struct Link {
    /// What was learned of the server.
    pub facts: Facts,
    /// `host:port`, for messages.
    pub server: String,
    /// The host's name, for its certificate.
    pub(super) host: String,
    pub(super) address: Address,
    pub(super) wire: Wire,
    pub(super) tls: MakeRustlsConnect,
    /// Goes in front of every message.
    pub(super) prelude: String,
    pub(super) stop: Stop,
    pub(super) audit: Audit,
    /// How quickly the server answers.
    pub(super) pulse: Pulse,
}

/// Who answers.
pub(super) enum Wire {
    /// The server.
    Server(Client),
    /// Nobody: this is a dry run.
    Rehearsal(Answers),
}

impl Wire {
    async fn ask(&self, sql: &str) -> Result<Vec<Vec<Row>>, tokio_postgres::Error> {
        let client = match self {
            Self::Server(client) => client,
            Self::Rehearsal(answers) => return Ok(answers.to(sql)),
        };
        let mut sets = Vec::new();
        for message in client.simple_query(sql).await? {
            match message {
                SimpleQueryMessage::RowDescription(_) => sets.push(Vec::new()),
                SimpleQueryMessage::Row(row) => {
                    let rows: Option<&mut Vec<Row>> = sets.last_mut();
                    rows.map(|rows| rows.push(Row::Sent(row))).unwrap_or(());
                }
                _ => {}
            }
        }
        Ok(sets)
    }
}

/// A row as text.
#[derive(Debug)]
pub(super) enum Row {
    /// As the server sent it.
    Sent(SimpleQueryRow),
    /// As a dry run made it up.
    MadeUp(Vec<Option<String>>),
}

impl Row {
    /// The value of a column; `None` for NULL.
    pub fn get(&self, column: usize) -> Option<&str> {
        match self {
            Self::Sent(row) => row.try_get(column).ok().flatten(),
            Self::MadeUp(values) => values.get(column)?.as_deref(),
        }
    }

    /// The value of a column that is a boolean.
    pub fn flag(&self, column: usize) -> bool {
        self.get(column) == Some("t")
    }
}

impl Link {
    /// Runs one message and gives the rows of each of its statements that has some. Does not
    /// watch the switch: wrap it in [`Link::until_stopped`].
    pub async fn ask(&self, sql: &str) -> Result<Vec<Vec<Row>>> {
        let sent = format!("{}{sql}", self.prelude);
        self.audit.sent(&self.server, &sent)?;
        self.wire.ask(&sent).await.map_err(|error| errors::failed(error, &self.server))
    }

    /// The rows of the last statement of a message; watches the switch.
    pub async fn rows(&self, sql: &str) -> Result<Vec<Row>> {
        let mut sets = self.until_stopped(self.pulse.feel(self.ask(sql))).await?;
        Ok(sets.pop().unwrap_or_default())
    }

    /// The JSON texts in the first column of the last statement's rows, read.
    pub async fn records<T: serde::de::DeserializeOwned>(&self, sql: &str) -> Result<Vec<T>> {
        let rows = self.rows(sql).await?;
        rows.iter().map(|row| read_json(row.get(0).unwrap_or("null"))).collect()
    }

    /// Does the work unless the switch is thrown first; then cancels what the server runs.
    pub async fn until_stopped<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.stop.check()?;
        let stopped = tokio::select! {
            done = work => return done,
            () = self.stop.stopped() => CollectError::stopped(),
        };
        self.cancel().await;
        Err(stopped)
    }

    /// Cancels until the server has nothing of ours left to run: messages that were sent ahead
    /// start one after the other, so one cancellation may not be enough.
    pub async fn cancel(&self) {
        let Wire::Server(client) = &self.wire else { return };
        // A log that cannot be written must not keep a statement running.
        let _ = self.audit.did(&self.server, "cancels what runs, and sends an empty statement");
        let at_rest = client.simple_query("");
        let (resting, rested) = tokio::sync::oneshot::channel::<()>();
        // A task of its own: a request that was begun is not to be cut off when we are at rest.
        let cancelling = tokio::spawn(cancel_until(
            rested,
            self.address.clone(),
            client.cancel_token(),
            self.tls.clone(),
            self.host.clone(),
        ));
        let rest = async {
            let _ = at_rest.await;
            drop(resting);
            let _ = cancelling.await;
        };
        let _ = tokio::time::timeout(REST, rest).await;
    }
}

/// Sends one cancellation after the other until the server is at rest.
async fn cancel_until(
    mut rested: tokio::sync::oneshot::Receiver<()>,
    address: Address,
    token: CancelToken,
    tls: MakeRustlsConnect,
    host: String,
) {
    loop {
        let _ = tokio::time::timeout(REST, socket::cancel(&address, &token, &tls, &host)).await;
        if tokio::time::timeout(PAUSE, &mut rested).await.is_ok() {
            return;
        }
    }
}

/// Reads a JSON text that a query of ours made.
pub(super) fn read_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        let message = format!("the server's answer is not what was expected: {error}");
        CollectError::new(crate::ErrorKind::Input, message).caused_by(error)
    })
}

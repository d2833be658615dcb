//! An open connection: one text at a time, with a limit, watched by the stop switch.
//!
//! What takes too long, or is stopped, is ended on the server by `KILL QUERY` over a second
//! connection, which is opened for that alone.

use super::errors;
use super::rehearsal::Answers;
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::{Audit, Pulse, Stop};
use futures_util::FutureExt as _;
use mysql_async::consts::ColumnType;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Column, Conn, Opts, Value};
use planscope_explain::Engine;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// The comment that marks every statement of ours.
pub(super) const MARK: &str = "/* planscope */";

/// How our SELECTs begin. The server drops comments from a digest's text; the name of a column stays,
/// and by it the workload leaves them out.
pub(super) const SELECT: &str = "SELECT /* planscope */ 1 AS planscope_own,";

/// How long the server may take to end a statement that we ended: a stop is to be over within 1 s.
const REST: Duration = Duration::from_millis(900);

/// How long after its limit the server may still come up with the answer, or end it by itself.
const GRACE: Duration = Duration::from_millis(1500);

/// What was learned of the server when the connection was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// MySQL or MariaDB, whatever the URL said.
    pub engine: Engine,
    /// Major, minor, patch.
    pub number: (u32, u32, u32),
    /// E.g. `10.11.19`.
    pub version: String,
    /// The account, `user@host`.
    pub account: String,
    /// The database, when one was named.
    pub database: Option<String>,
    /// The server's number of our connection.
    pub connection: u64,
    /// Whether the connection is encrypted.
    pub is_encrypted: bool,
    /// Whether the server itself takes no writes.
    pub is_replica_like: bool,
    /// The session's `sql_mode`.
    pub sql_mode: String,
    /// Whether plans come in a second form (`explain_json_format_version`, MySQL 8.3+).
    pub has_json_v2: bool,
    /// Whether the session is read-only, as it asked to be.
    pub is_read_only: bool,
    /// Whether the number in the greeting is not the server's: a proxy stands between.
    pub is_proxied: bool,
}

/// An open connection.
pub(super) struct Link {
    pub facts: Facts,
    /// `host:port`, for messages.
    pub server: String,
    /// Longest time of a statement.
    pub limit: Duration,
    pub stop: Stop,
    pub(super) wire: Wire,
    pub(super) audit: Audit,
    pub(super) opts: Opts,
    /// How quickly the server answers.
    pub(super) pulse: Pulse,
}

/// Who answers.
pub(super) enum Wire {
    /// A connection that says goodbye: the server logs those that do not.
    Server(Option<Conn>),
    /// Nobody: this is a dry run.
    Rehearsal(Answers),
}

impl Wire {
    pub fn new(conn: Conn) -> Self {
        Self::Server(Some(conn))
    }

    async fn rows(&mut self, sql: &str) -> mysql_async::Result<Vec<Row>> {
        let conn = match self {
            Self::Server(Some(conn)) => conn,
            Self::Server(None) => return Err(mysql_async::DriverError::ConnectionClosed.into()),
            Self::Rehearsal(answers) => return Ok(answers.to(sql)),
        };
        let rows: Vec<mysql_async::Row> = conn.query(sql).await?;
        Ok(rows.into_iter().map(read).collect())
    }
}

impl Drop for Wire {
    /// A few bytes, which the socket takes at once; if not, it is closed without them.
    fn drop(&mut self) {
        if let Self::Server(conn) = self
            && let Some(conn) = conn.take()
        {
            let _ = conn.disconnect().now_or_never();
        }
    }
}

/// A row as text.
#[derive(Debug, Clone)]
pub(super) struct Row {
    columns: Arc<[Column]>,
    values: Vec<Option<String>>,
}

impl Row {
    /// One that a dry run makes up: names and values.
    pub fn made_up(cells: &[(&str, &str)]) -> Self {
        let column = |(name, _): &(&str, &str)| {
            Column::new(ColumnType::MYSQL_TYPE_VAR_STRING).with_name(name.as_bytes())
        };
        Self {
            columns: cells.iter().map(column).collect(),
            values: cells.iter().map(|(_, value)| Some((*value).to_owned())).collect(),
        }
    }

    /// The value of the column of that name; `None` for NULL.
    pub fn text(&self, name: &str) -> Option<&str> {
        let at = self.columns.iter().position(|c| c.name_str().eq_ignore_ascii_case(name))?;
        self.at(at)
    }

    /// The value at a place, from 0.
    pub fn at(&self, column: usize) -> Option<&str> {
        self.values.get(column)?.as_deref()
    }

    /// An owned text; nothing for NULL.
    pub fn string(&self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_owned()
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.text(name)?.parse().ok()
    }
}

impl Link {
    /// The rows of one statement, which the server ends at its limit.
    pub async fn ask(&mut self, sql: &str) -> Result<Vec<Row>> {
        self.stop.check()?;
        self.audit.sent(&self.server, sql)?;
        let server = self.server.clone();
        let killer = Killer {
            opts: self.opts.clone(),
            connection: self.facts.connection,
            server: server.clone(),
            audit: self.audit.clone(),
        };
        let mut work = std::pin::pin!(self.pulse.feel(self.wire.rows(sql)));
        let late = CollectError::new(ErrorKind::Timeout, "it took too long and was ended");
        let end = tokio::select! {
            done = &mut work => return done.map_err(|error| errors::failed(error, &server)),
            () = self.stop.stopped() => CollectError::stopped(),
            () = tokio::time::sleep(self.limit + GRACE) => late,
        };
        let at_rest = tokio::time::timeout(REST, killer.end(work)).await.is_ok();
        if at_rest || end.kind == ErrorKind::Stopped {
            return Err(end);
        }
        let message = format!("lost the connection to {server}: no answer");
        Err(CollectError::new(ErrorKind::Connection, message))
    }

    /// As [`Link::ask`]; `None` when the server lacks the object or we lack the privilege.
    pub async fn ask_if_allowed(&mut self, sql: &str) -> Result<Option<Vec<Row>>> {
        match self.ask(sql).await {
            Ok(rows) => Ok(Some(rows)),
            Err(error) if errors::matters_to_all(&error) => Err(error),
            Err(_) => Ok(None),
        }
    }
}

/// Ends what runs on a connection, over another.
struct Killer {
    opts: Opts,
    connection: u64,
    server: String,
    audit: Audit,
}

impl Killer {
    /// Until `work` is over: the statement may begin just after a `KILL`.
    async fn end(self, work: impl Future) {
        let killing = async {
            let _ = self.audit.did(&self.server, "connects once more, to end what runs");
            let Ok(conn) = Conn::new(self.opts).await else { return };
            let mut wire = Wire::new(conn);
            loop {
                let kill = format!("KILL {MARK} QUERY {}", self.connection);
                // A log that cannot be written must not keep a statement running.
                let _ = self.audit.sent(&self.server, &kill);
                if wire.rows(&kill).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let killing = async {
            killing.await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            _ = work => {}
            () = killing => {}
        }
    }
}

fn read(row: mysql_async::Row) -> Row {
    let columns = row.columns();
    let values = row.unwrap_raw().into_iter().map(|value| value.and_then(as_text)).collect();
    Row { columns, values }
}

/// The text protocol sends bytes, or NULL.
fn as_text(value: Value) -> Option<String> {
    match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }),
        other => Some(other.as_sql(true)),
    }
}

/// A text as a literal of SQL, valid in every `sql_mode`.
pub(super) fn literal(text: &str) -> String {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    // An introducer gives the bytes their meaning; X'' is the empty string.
    format!("_utf8mb4 X'{hex}'")
}

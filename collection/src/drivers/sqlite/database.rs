//! An open database that records what it is asked.
//!
//! The methods are those of the library with the same names; each text is recorded before SQLite sees
//! it. A statement that is run many times was asked once.

use crate::error::CollectError;
use crate::guard::Audit;
use rusqlite::{CachedStatement, Connection, Params, Result, Row, Statement};

/// An open database.
pub(super) struct Database {
    connection: Connection,
    audit: Audit,
    /// Its name in the record.
    target: String,
}

impl Database {
    /// One whose questions are recorded.
    pub fn new(connection: Connection, audit: &Audit, target: &str) -> Self {
        Self { connection, audit: audit.clone(), target: target.to_owned() }
    }

    /// One of planscope's own, in memory: nobody else's business.
    pub fn own() -> Result<Self> {
        Ok(Self::new(Connection::open_in_memory()?, &Audit::default(), ""))
    }

    /// The connection itself, for what sends no text.
    pub fn raw(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// The collation of a column, which the library knows without asking.
    pub fn collation(&self, table: &str, column: &str) -> Option<String> {
        let (_, collation, ..) = self.connection.column_metadata(None, table, column).ok()?;
        collation.map(|name| name.to_string_lossy().into_owned())
    }

    /// Compiles a statement without a record: who runs it must [`Database::record`] it first.
    pub fn compile(&self, sql: &str) -> Result<Statement<'_>> {
        self.connection.prepare(sql)
    }

    pub fn record(&self, sql: &str) -> Result<()> {
        self.audit.sent(&self.target, sql).map_err(wrapped)
    }

    pub fn prepare(&self, sql: &str) -> Result<Statement<'_>> {
        self.record(sql)?;
        self.connection.prepare(sql)
    }

    pub fn prepare_cached(&self, sql: &str) -> Result<CachedStatement<'_>> {
        self.record(sql)?;
        self.connection.prepare_cached(sql)
    }

    pub fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        take: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.record(sql)?;
        self.connection.query_row(sql, params, take)
    }

    pub fn execute(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.record(sql)?;
        self.connection.execute(sql, params)
    }

    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        self.record(sql)?;
        self.connection.execute_batch(sql)
    }

    /// The value of a PRAGMA. The name is ours.
    pub fn pragma<T>(&self, name: &str, take: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<T> {
        self.query_row(&format!("PRAGMA {name}"), [], take)
    }
}

/// An error of ours on its way through the library's.
fn wrapped(error: CollectError) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

/// The error of ours that was wrapped.
pub(super) fn unwrapped(
    error: rusqlite::Error,
) -> std::result::Result<CollectError, rusqlite::Error> {
    match error {
        rusqlite::Error::ToSqlConversionFailure(inner) => match inner.downcast::<CollectError>() {
            Ok(error) => Ok(*error),
            Err(inner) => Err(rusqlite::Error::ToSqlConversionFailure(inner)),
        },
        other => Err(other),
    }
}

//! Opening a database so that nothing can happen to it, and watching what runs.

use super::database::{Database, unwrapped};
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::{Policy, Stop};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Instructions of SQLite's virtual machine between two looks at stop and deadline: some 20 µs of
/// work, so the looks cost less than one percent.
const STEPS_BETWEEN_LOOKS: i32 = 2000;

/// The clock of measurements.
#[expect(clippy::disallowed_methods, reason = "drivers measure; nothing is stored but durations")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// What interrupts a running statement: the user's stop, or a deadline.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    /// The user's stop.
    pub stop: Stop,
    deadline: Arc<Mutex<Option<Instant>>>,
}

impl Watch {
    pub(super) fn new(stop: Stop) -> Self {
        Self { stop, deadline: Arc::default() }
    }

    /// Sets a deadline that holds until the returned value is dropped.
    pub(super) fn limit(&self, time: Duration) -> Limit {
        self.set(Some(now() + time));
        Limit { watch: self.clone() }
    }

    fn set(&self, deadline: Option<Instant>) {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) = deadline;
    }

    fn is_late(&self) -> bool {
        let deadline = *self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        deadline.is_some_and(|deadline| now() >= deadline)
    }

    /// Makes every statement of `connection` end when it is told to.
    pub(super) fn attach(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        let watch = self.clone();
        let ends = move || watch.stop.is_stopped() || watch.is_late();
        connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(ends))
    }

    /// What an error of SQLite means.
    pub(super) fn error(&self, path: &Path, error: rusqlite::Error) -> CollectError {
        let error = match unwrapped(error) {
            Ok(ours) => return ours,
            Err(error) => error,
        };
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) if self.stop.is_stopped() => {
                CollectError::stopped()
            }
            Some(ErrorCode::OperationInterrupted) => {
                CollectError::new(ErrorKind::Timeout, "the statement took too long and was stopped")
            }
            code => describe(path, code, error),
        }
    }
}

/// A deadline that ends with this value.
#[derive(Debug)]
pub(super) struct Limit {
    watch: Watch,
}

impl Drop for Limit {
    fn drop(&mut self) {
        self.watch.set(None);
    }
}

/// Opens `path` read-only: the file, its journal and its schema cannot be changed through the
/// connection, and functions that the schema mentions cannot reach outside of it.
pub(super) fn open(path: &Path, policy: &Policy, watch: &Watch) -> Result<Database> {
    let target = path.display().to_string();
    policy.audit.did(&target, "opens the file, read-only")?;
    let failed = |error| watch.error(path, error);
    let connection = match policy.rehearsal {
        None => {
            check_file(path)?;
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(path, flags).map_err(failed)?
        }
        Some(_) => stand_in().map_err(failed)?,
    };
    let mut connection = Database::new(connection, &policy.audit, &target);
    watch.attach(connection.raw()).map_err(failed)?;
    connection.raw().busy_timeout(policy.lock_timeout).map_err(failed)?;
    harden(&mut connection).map_err(failed)?;
    let _limit = watch.limit(policy.connect_timeout);
    // The first real read: only now does SQLite look whether it is a database.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(failed)?;
    Ok(connection)
}

fn harden(connection: &mut Database) -> rusqlite::Result<()> {
    connection.raw().set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.raw().set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.execute_batch("PRAGMA query_only = 1")
}

/// For a dry run, which does not touch the file: a database with a table to ask about.
fn stand_in() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch("CREATE TABLE each_table (each_column); CREATE INDEX each_index ON each_table (each_column)")?;
    Ok(connection)
}

/// SQLite's own messages for these say "unable to open database file" for everything.
fn check_file(path: &Path) -> Result<()> {
    let shown = path.display();
    let meta = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            CollectError::new(ErrorKind::Input, format!("{shown}: there is no such file"))
                .hint("check the path; planscope never creates a database")
        }
        _ => cannot_open(path).caused_by(error),
    })?;
    if meta.is_dir() {
        return Err(CollectError::new(ErrorKind::Input, format!("{shown} is a folder"))
            .hint("name the database file in it"));
    }
    std::fs::File::open(path).map(drop).map_err(|error| cannot_open(path).caused_by(error))
}

fn cannot_open(path: &Path) -> CollectError {
    let message = format!("{} cannot be opened", path.display());
    CollectError::new(ErrorKind::Connection, message)
        .hint("planscope needs to read the file; look at its permissions")
}

fn describe(path: &Path, code: Option<ErrorCode>, error: rusqlite::Error) -> CollectError {
    let shown = path.display();
    let of = |kind, what: &str| CollectError::new(kind, format!("{shown} {what}"));
    let described = match code {
        Some(ErrorCode::NotADatabase) => of(ErrorKind::Input, "is not an SQLite database")
            .hint("an encrypted database looks the same; decrypt a copy first"),
        Some(ErrorCode::DatabaseCorrupt) => of(ErrorKind::Input, "is damaged")
            .hint(format!("sqlite3 {shown} .recover > recovered.sql")),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            of(ErrorKind::Connection, "is locked by another process")
                .hint("wait until its transaction ends, or look at a copy of the file")
        }
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => {
            of(ErrorKind::Connection, "cannot be read as it is")
                .hint(
                    "a database in WAL mode needs a folder that planscope may write to (for -shm)",
                )
                .hint(format!("look at a copy: sqlite3 {shown} \".backup copy.db\""))
        }
        Some(ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied) => {
            of(ErrorKind::Permission, "may not be read")
        }
        _ => CollectError::new(ErrorKind::Input, first_line(&error)),
    };
    described.caused_by(error)
}

/// The engine's message without the statement that rusqlite appends to it.
pub(super) fn first_line(error: &rusqlite::Error) -> String {
    let text = match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    text.lines().next().unwrap_or_default().to_owned()
}

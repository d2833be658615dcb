//! The demo web shop: an SQLite database, deterministic, with a workload of real shapes.
//!
//! It has the faults that a shop of some age has: foreign keys without an index, an index that is
//! the beginning of another one, pages fetched by offset, searches that no index can serve, and
//! statements that are fine as they are. Everything is computed from row numbers: the same release
//! makes the same bytes on every machine and at any time.

mod data;
mod random;
mod schema;

#[cfg(test)]
mod tests;

use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::Stop;
use data::{Loader, Scale};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs;
use std::path::Path;

/// The workload: 25 read-only statements with `-- name:` and `-- calls:` headers.
pub const SHOP_SQL: &str = include_str!("shop.sql");

/// Instructions between two looks at the stop.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Makes the shop's database as a new file and analyzes it. `progress` is told rows done and rows in all.
///
/// # Errors
/// When the file exists, cannot be written, or the user stops it; a half-made file is removed.
pub fn create_shop(path: &Path, stop: &Stop, progress: &mut dyn FnMut(u64, u64)) -> Result<()> {
    create(path, Scale::FULL, stop, progress)
}

/// A fiftieth of the shop, for tests.
#[cfg(test)]
pub(crate) fn create_small(path: &Path) -> Result<()> {
    create(path, Scale::SMALL, &Stop::new(), &mut |_, _| {})
}

fn create(
    path: &Path,
    scale: Scale,
    stop: &Stop,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        let message = format!("{} exists already", path.display());
        return Err(CollectError::new(ErrorKind::Input, message)
            .hint("name another folder, or remove the file"));
    }
    let built = build(path, scale, stop, progress);
    if built.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(path);
    }
    built
}

fn build(path: &Path, scale: Scale, stop: &Stop, progress: &mut dyn FnMut(u64, u64)) -> Result<()> {
    stop.check()?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = open(path, flags, stop)?;
    let failed = |error| failure(path, stop, error);
    // Nobody else knows the file yet and a half-made one is removed: no journal, no waiting for disks.
    connection
        .execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA cache_size = -100000; PRAGMA foreign_keys = OFF; BEGIN;",
        )
        .map_err(failed)?;
    connection.execute_batch(schema::TABLES).map_err(failed)?;
    Loader::new(&connection, scale, stop, progress).load().map_err(failed)?;
    connection.execute_batch(schema::INDEXES).map_err(failed)?;
    connection.execute_batch("COMMIT; ANALYZE;").map_err(failed)?;
    stop.check()
}

/// Runs advised `CREATE INDEX` and `DROP INDEX` statements on the demo's database, all or none, and
/// analyzes it anew.
///
/// # Errors
/// When a statement is anything else, fails, or the user stops it; nothing is changed then.
pub fn apply(path: &Path, ddl: &[String], stop: &Stop) -> Result<()> {
    stop.check()?;
    if let Some(foreign) = ddl.iter().find(|sql| !is_index_ddl(sql)) {
        let message = format!("only indexes are made or dropped here: {foreign}");
        return Err(CollectError::new(ErrorKind::Input, message));
    }
    let mut connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, stop)?;
    let failed = |error| failure(path, stop, error);
    let transaction = connection.transaction().map_err(failed)?;
    for sql in ddl {
        // One statement each: `execute` refuses a second one.
        transaction.execute(sql, []).map_err(failed)?;
    }
    transaction.execute_batch("ANALYZE").map_err(failed)?;
    transaction.commit().map_err(failed)
}

fn is_index_ddl(sql: &str) -> bool {
    let words: Vec<String> =
        sql.split_ascii_whitespace().take(3).map(str::to_ascii_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(words[..], ["create", "unique", "index"] | ["create" | "drop", "index", _])
}

fn open(path: &Path, flags: OpenFlags, stop: &Stop) -> Result<Connection> {
    let failed = |error| failure(path, stop, error);
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    let watched = stop.clone();
    connection
        .progress_handler(STEPS_BETWEEN_LOOKS, Some(move || watched.is_stopped()))
        .map_err(failed)?;
    Ok(connection)
}

fn failure(path: &Path, stop: &Stop, error: rusqlite::Error) -> CollectError {
    if stop.is_stopped() {
        return CollectError::stopped();
    }
    let shown = path.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            CollectError::new(ErrorKind::Store, format!("cannot write {shown}: the disk is full"))
                .hint("the demo needs 60 MB; name another folder with `--keep DIR`")
        }
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::SystemIoFailure) => {
            CollectError::new(ErrorKind::Store, format!("cannot write {shown}"))
                .hint("name a folder that you may write to with `--keep DIR`")
        }
        _ => CollectError::new(ErrorKind::Input, format!("{shown}: {error}")),
    }
    .caused_by(error)
}

//! `--inject-stats`: sqlite_stat1 of an empty database, written from a snapshot.
//!
//! SQLite plans by the schema and sqlite_stat1 alone and never looks at the rows, so an empty file
//! with the statistics of a full one plans as the full one does. What the full one's sqlite_stat4
//! (samples of values) adds is lost: a snapshot does not hold values.

use super::catalog::Stat1;
use super::connect::Watch;
use super::database::Database;
use super::estimate::Statistics;
use super::what_if::insert_stat1;
use crate::driver::Injected;
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::{Policy, Stop};
use planscope_explain::workload::catalog::TableKind;
use planscope_explain::workload::{Catalog, Index, Table};
use planscope_explain::{Engine, Snapshot};
use rusqlite::{Connection, OpenFlags, params};
use std::path::Path;

/// Rows in a table from which on it is no scratch table: migrations bring a few of their own.
const MOST_ROWS_OF_SCRATCH: u32 = 1000;

/// Writes the statistics of `snapshot` into the file at `path`.
pub(super) fn inject(
    path: &Path,
    policy: &Policy,
    stop: Stop,
    snapshot: &Snapshot,
) -> Result<Injected> {
    stop.check()?;
    let watch = Watch::new(stop);
    let failed = |error| watch.error(path, error);
    // Without CREATE: a database that is not there is a mistake.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(|error| {
        CollectError::new(ErrorKind::Input, format!("{} cannot be written", path.display()))
            .hint("statistics are written into an empty database file with the schema only")
            .caused_by(error)
    })?;
    watch.attach(&mut connection).map_err(failed)?;
    connection.busy_timeout(policy.lock_timeout).map_err(failed)?;
    let _limit = watch.limit(policy.analyze_timeout);
    let name = path.display().to_string();
    let database = Database::new(connection, &policy.audit, &name);
    let tables = tables(&database).map_err(failed)?;
    check_scratch(&database, &tables, path, &watch)?;
    write(&database, &tables, &snapshot.catalog).map_err(failed)
}

/// The ordinary tables.
fn tables(connection: &Database) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table'
               AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql NOT LIKE 'CREATE VIRTUAL %'";
    connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// Refuses a database with data in it: its statistics would be overwritten.
fn check_scratch(
    connection: &Database,
    tables: &[String],
    path: &Path,
    watch: &Watch,
) -> Result<()> {
    for table in tables {
        let quoted = Engine::Sqlite.quoted(table);
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {quoted} LIMIT {})",
            MOST_ROWS_OF_SCRATCH + 1
        );
        let rows: u32 =
            connection.query_row(&sql, [], |row| row.get(0)).map_err(|e| watch.error(path, e))?;
        if rows > MOST_ROWS_OF_SCRATCH {
            let message = format!(
                "{table} has more than {MOST_ROWS_OF_SCRATCH} rows: {} is no scratch database",
                path.display()
            );
            return Err(CollectError::new(ErrorKind::Refused, message)
                .hint("statistics are written into an empty database file with the schema only"));
        }
    }
    Ok(())
}

/// All or nothing.
fn write(
    connection: &Database,
    tables: &[String],
    catalog: &Catalog,
) -> rusqlite::Result<Injected> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let written = write_all(connection, tables, catalog);
    connection.execute_batch(if written.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    written
}

fn write_all(
    connection: &Database,
    tables: &[String],
    catalog: &Catalog,
) -> rusqlite::Result<Injected> {
    let mut injected = Injected::default();
    // This makes the tables of the statistics, which are then filled.
    connection.execute_batch("ANALYZE; DELETE FROM sqlite_stat1")?;
    let has_samples = connection.execute_batch("DELETE FROM sqlite_stat4").is_ok();
    let unknown = Stat1::new();
    let statistics = Statistics { catalog, stat1: &unknown, pretended: &[] };
    for table in catalog.tables.iter().filter(|table| table.kind == TableKind::Table) {
        if !tables.iter().any(|name| name.eq_ignore_ascii_case(&table.name)) {
            injected.notes.push(format!("{} is not in the scratch database", table.name));
            continue;
        }
        if table.rows.is_some_and(|rows| rows > 0.0) {
            one(connection, table, catalog, &statistics)?;
            injected.tables += 1;
        }
    }
    if has_samples {
        injected.notes.push("samples of values (sqlite_stat4) are not in a snapshot".to_owned());
    }
    Ok(injected)
}

fn one(
    connection: &Database,
    table: &Table,
    catalog: &Catalog,
    statistics: &Statistics<'_>,
) -> rusqlite::Result<()> {
    let exists = "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = ?1";
    let mut tells_size = false;
    for index in catalog.indexes_of(table) {
        let is_own = index.primary && !index.name.starts_with("sqlite_rowid_");
        let is_there: u32 = connection.query_row(exists, params![index.name], |row| row.get(0))?;
        // An index that was dropped here is what the comparison is about.
        if is_there > 0 {
            insert_stat1(
                connection,
                &index.table,
                &index.name,
                &stat_of(index, table, statistics),
            )?;
            tells_size |= index.predicate.is_none();
        } else if is_own && index.entries.is_some() {
            // The primary key of a table without rowids goes by the table's name.
            insert_stat1(
                connection,
                &index.table,
                &index.table,
                &stat_of(index, table, statistics),
            )?;
            tells_size = true;
        }
    }
    if !tells_size {
        let rows = format!("{:.0}", table.rows.unwrap_or(0.0));
        let sql = "INSERT INTO sqlite_stat1 VALUES (?1, NULL, ?2)";
        connection.execute(sql, params![table.name, rows])?;
    }
    Ok(())
}

/// What ANALYZE counted where the snapshot comes from, else what its sample leads to expect.
fn stat_of(index: &Index, table: &Table, statistics: &Statistics<'_>) -> Vec<f64> {
    match index.entries {
        Some(entries) => {
            std::iter::once(entries).chain(index.entries_per_key.iter().copied()).collect()
        }
        None => statistics.stat1_of(table, index),
    }
}

//! The catalog: tables, columns with statistics, indexes.
//!
//! Row counts are ANALYZE's where it ran, else the sample's. For the rowid table's own b-tree, which
//! SQLite's catalog does not list as an index, an index `sqlite_rowid_<table>` on its INTEGER PRIMARY
//! KEY is listed: without it every lookup by id would look like one without an index.

use super::SqliteSession;
use super::database::Database;
use super::sample::{ColumnSample, Sample, sample};
use super::schema_text;
use crate::error::Result;
use planscope_explain::Engine;
use planscope_explain::workload::catalog::{ForeignKey, TableKind};
use planscope_explain::workload::{Catalog, Column, Index, IndexKey, Table};
use std::collections::BTreeMap;

const TABLES: &str = include_str!("../sql/sqlite/tables.sql");
const COLUMNS: &str = include_str!("../sql/sqlite/columns.sql");
const INDEXES: &str = include_str!("../sql/sqlite/indexes.sql");
const INDEX_TEXTS: &str = include_str!("../sql/sqlite/index_texts.sql");
const INDEX_KEYS: &str = include_str!("../sql/sqlite/index_keys.sql");
const FOREIGN_KEYS: &str = include_str!("../sql/sqlite/foreign_keys.sql");
const SIZES: &str = include_str!("../sql/sqlite/sizes.sql");

/// Up to this size of the file the bytes of each table are asked for: that reads every page.
const MOST_BYTES_FOR_SIZES: u64 = 256 << 20;

/// Settings that change what SQLite plans or how long it takes.
const SETTINGS: [&str; 8] = [
    "page_size",
    "page_count",
    "journal_mode",
    "cache_size",
    "encoding",
    "auto_vacuum",
    "mmap_size",
    "user_version",
];

/// A table as `sqlite_schema` lists it.
struct Listed {
    name: String,
    is_table: bool,
    is_virtual: bool,
    has_rowid: bool,
}

/// A row of `pragma_table_xinfo`.
struct Described {
    column: Column,
    /// Place in the primary key, from 1; 0 is not in it.
    key: u32,
}

/// `sqlite_stat1`: for an index (or `None`, the table) the rows and the average rows of each prefix.
pub(super) type Stat1 = BTreeMap<(String, Option<String>), Vec<f64>>;

impl SqliteSession {
    pub(super) fn read_settings(&self) -> Result<BTreeMap<String, String>> {
        self.timed(|connection| {
            let mut settings = BTreeMap::new();
            for name in SETTINGS {
                match connection.pragma(name, |row| row.get(0)) {
                    Ok(value) => drop(settings.insert(name.to_owned(), shown(&value))),
                    // A database in memory has no mmap, a small build of SQLite fewer settings.
                    Err(rusqlite::Error::QueryReturnedNoRows) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(settings)
        })
    }

    pub(super) fn read_catalog(&self) -> Result<Catalog> {
        let stat1 = self.timed(read_stat1)?;
        let sizes = self.sizes()?;
        let texts = self.timed(index_texts)?;
        let mut catalog = Catalog::default();
        for listed in self.timed(list)? {
            let mut described = self.timed(|c| describe(c, &listed.name))?;
            let mut table = Table { name: listed.name.clone(), ..Table::default() };
            table.size_bytes = sizes.get(&table.name).copied();
            if listed.is_table && !listed.is_virtual {
                let mut indexes = self.timed(|c| indexes(c, &listed, &described, &texts))?;
                for index in &mut indexes {
                    index.size_bytes = sizes.get(&index.name).copied();
                }
                table.foreign_keys = self.timed(|c| foreign_keys(c, &listed.name))?;
                self.add_statistics(&listed, &mut table, &mut described, &mut indexes, &stat1)?;
                catalog.indexes.extend(indexes);
            } else {
                table.kind = TableKind::Other;
            }
            table.columns = described.into_iter().map(|described| described.column).collect();
            catalog.tables.push(table);
        }
        Ok(catalog)
    }

    /// Bytes of each table and index; empty where asking would read too much.
    fn sizes(&self) -> Result<BTreeMap<String, f64>> {
        let file_bytes = std::fs::metadata(&self.path).map_or(u64::MAX, |meta| meta.len());
        if file_bytes > MOST_BYTES_FOR_SIZES {
            return Ok(BTreeMap::new());
        }
        self.timed(|connection| {
            // A library without dbstat: sizes are not known.
            let Ok(mut statement) = connection.prepare(SIZES) else { return Ok(BTreeMap::new()) };
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
    }

    fn add_statistics(
        &self,
        listed: &Listed,
        table: &mut Table,
        described: &mut [Described],
        indexes: &mut [Index],
        stat1: &Stat1,
    ) -> Result<()> {
        let quoted = |name: &str| Engine::Sqlite.quoted(name);
        let columns: Vec<String> = described.iter().map(|d| quoted(&d.column.name)).collect();
        // A table that cannot be read in time, or at all, has no statistics: no reason to fail.
        let sampled = self.timed(|c| sample(c, &quoted(&table.name), &columns, listed.has_rowid));
        self.watch.stop.check()?;
        let Sample { rows, columns } = sampled.unwrap_or_default();
        let analyzed = analyzed_rows(stat1, &table.name);
        table.rows = analyzed.or(rows);
        let never = analyzed.is_none() && table.rows != Some(0.0);
        table.analyzed_at = never.then(String::new);
        for (described, sampled) in described.iter_mut().zip(columns) {
            apply(&mut described.column, sampled);
        }
        for index in &mut *indexes {
            exact_distinct(index, described, stat1);
            if let Some([entries, per_key @ ..]) = stat_of(stat1, index) {
                index.entries = Some(*entries);
                index.entries_per_key = per_key.to_vec();
            }
        }
        Ok(())
    }
}

fn apply(column: &mut Column, sampled: ColumnSample) {
    column.distinct = Some(sampled.distinct);
    column.null_share = Some(sampled.null_share);
    column.width_bytes = Some(sampled.width_bytes);
    column.common_shares = sampled.common_shares;
}

/// Where ANALYZE counted the rows of an average key, the number of keys is no estimate.
fn exact_distinct(index: &Index, described: &mut [Described], stat1: &Stat1) {
    let leading = index.leading_columns().next();
    let (Some(stat), Some(leading), None) = (stat_of(stat1, index), leading, &index.predicate)
    else {
        return;
    };
    let column = described.iter_mut().find(|d| d.column.name == leading);
    if let (Some(described), [rows, average, ..]) = (column, stat) {
        described.column.distinct = Some((rows / average.max(1.0)).round().max(1.0));
    }
}

/// Rows of the table when ANALYZE counted them. A partial index holds fewer than its table.
pub(super) fn analyzed_rows(stat1: &Stat1, table: &str) -> Option<f64> {
    let of_table = stat1.iter().filter(|((of, _), _)| of == table);
    of_table.filter_map(|(_, stat)| stat.first().copied()).reduce(f64::max)
}

/// What ANALYZE counted of an index. The primary key of a table without rowids goes by the table's name.
pub(super) fn stat_of<'a>(stat1: &'a Stat1, index: &Index) -> Option<&'a [f64]> {
    let by_name = |name: &str| stat1.get(&(index.table.clone(), Some(name.to_owned())));
    let own = by_name(&index.name);
    own.or_else(|| by_name(&index.table).filter(|_| index.primary)).map(Vec::as_slice)
}

/// The rows of `sqlite_stat1`; none when ANALYZE never ran.
pub(super) fn read_stat1(connection: &Database) -> rusqlite::Result<Stat1> {
    let sql = "SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl IS NOT NULL AND stat IS NOT NULL";
    let Ok(mut statement) = connection.prepare(sql) else { return Ok(Stat1::new()) };
    let numbers = |text: String| -> Vec<f64> {
        text.split_ascii_whitespace().map_while(|word| word.parse().ok()).collect()
    };
    let rows =
        statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), numbers(row.get(2)?))))?;
    rows.collect()
}

fn list(connection: &Database) -> rusqlite::Result<Vec<Listed>> {
    let mut statement = connection.prepare(TABLES)?;
    let rows = statement.query_map([], |row| {
        let (kind, detail): (String, String) = (row.get(1)?, row.get(4)?);
        Ok(Listed {
            name: row.get(0)?,
            is_table: kind == "table",
            is_virtual: detail == "virtual",
            has_rowid: !row.get::<_, bool>(3)?,
        })
    })?;
    rows.collect()
}

fn describe(connection: &Database, table: &str) -> rusqlite::Result<Vec<Described>> {
    // A view over a table that is gone cannot be described; it has no columns then.
    let Ok(mut statement) = connection.prepare(COLUMNS) else { return Ok(Vec::new()) };
    let rows = statement.query_map([table], |row| {
        let key: u32 = row.get(3)?;
        let column = Column {
            name: row.get(0)?,
            data_type: row.get(1)?,
            nullable: !row.get::<_, bool>(2)? && key == 0,
            ..Column::default()
        };
        Ok(Described { column, key })
    })?;
    rows.collect()
}

fn foreign_keys(connection: &Database, table: &str) -> rusqlite::Result<Vec<ForeignKey>> {
    let mut statement = connection.prepare(FOREIGN_KEYS)?;
    let mut rows = statement.query([table])?;
    let mut keys: Vec<(i64, ForeignKey)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, references, column): (i64, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        if keys.last().is_none_or(|(last, _)| *last != id) {
            keys.push((id, ForeignKey { references, ..ForeignKey::default() }));
        }
        if let Some((_, key)) = keys.last_mut() {
            key.columns.push(column);
        }
    }
    // SQLite keeps no names of foreign keys; this is what PostgreSQL would call it.
    let named = |(_, key): (i64, ForeignKey)| ForeignKey {
        name: format!("{table}_{}_fkey", key.columns.join("_")),
        ..key
    };
    Ok(keys.into_iter().map(named).collect())
}

fn index_texts(connection: &Database) -> rusqlite::Result<BTreeMap<String, String>> {
    let mut statement = connection.prepare(INDEX_TEXTS)?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn indexes(
    connection: &Database,
    listed: &Listed,
    described: &[Described],
    made_with: &BTreeMap<String, String>,
) -> rusqlite::Result<Vec<Index>> {
    let mut statement = connection.prepare(INDEXES)?;
    let mut rows = statement.query([&listed.name])?;
    let mut indexes = Vec::new();
    while let Some(row) = rows.next()? {
        let (name, origin): (String, String) = (row.get(0)?, row.get(2)?);
        let sql = made_with.get(&name).cloned().unwrap_or_default();
        let (texts, predicate) = schema_text::index_parts(&sql);
        indexes.push(Index {
            table: listed.name.clone(),
            keys: index_keys(connection, &listed.name, &name, &texts)?,
            name,
            method: "btree".into(),
            unique: row.get(1)?,
            primary: origin == "pk",
            constraint: origin != "c",
            usable: true,
            predicate,
            definition: Some(sql).filter(|sql| !sql.is_empty()),
            ..Index::default()
        });
    }
    if listed.has_rowid && !indexes.iter().any(|index| index.primary) {
        indexes.extend(rowid_index(listed, described));
    }
    Ok(indexes)
}

/// The table's own b-tree, when a column is its key.
fn rowid_index(listed: &Listed, described: &[Described]) -> Option<Index> {
    let key = described.iter().find(|described| described.key == 1)?;
    Some(Index {
        table: listed.name.clone(),
        name: format!("sqlite_rowid_{}", listed.name),
        method: "btree".into(),
        unique: true,
        primary: true,
        constraint: true,
        usable: true,
        keys: vec![IndexKey::column(&key.column.name)],
        ..Index::default()
    })
}

fn index_keys(
    connection: &Database,
    table: &str,
    index: &str,
    texts: &[String],
) -> rusqlite::Result<Vec<IndexKey>> {
    let mut statement = connection.prepare_cached(INDEX_KEYS)?;
    let mut rows = statement.query([index])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let (column, collation): (Option<String>, String) = (row.get(1)?, row.get(3)?);
        let own = column.as_deref().and_then(|column| connection.collation(table, column));
        let is_own = own.as_deref().unwrap_or("BINARY").eq_ignore_ascii_case(&collation);
        let expression = column.is_none().then(|| texts.get(keys.len()).cloned()).flatten();
        keys.push(IndexKey {
            column,
            expression,
            descending: row.get(2)?,
            collation: (!is_own).then_some(collation),
            ..IndexKey::default()
        });
    }
    Ok(keys)
}

fn shown(value: &rusqlite::types::Value) -> String {
    use rusqlite::types::Value;
    match value {
        Value::Null | Value::Blob(_) => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    }
}

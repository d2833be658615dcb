//! Tables, columns with their statistics, foreign keys and indexes: one query each.
//!
//! The size of a relation, an index's expressions and its definition can only be read with a lock
//! that waits behind DDL. For relations that are locked right now the pages of the last VACUUM stand
//! for the size, `?` for an expression (which then equals no other), and there is no definition.

use super::link::Link;
use crate::error::{ErrorKind, Result};
use planscope_explain::workload::catalog::{
    Catalog, Column, ForeignKey, Index, IndexKey, Table, TableKind,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

const TABLES: &str = include_str!("../sql/postgres/tables.sql");
const COLUMNS: &str = include_str!("../sql/postgres/columns.sql");
const FOREIGN_KEYS: &str = include_str!("../sql/postgres/foreign_keys.sql");
const INDEXES: &str = include_str!("../sql/postgres/indexes.sql");

/// After a relation's oid: whether a lock on it would have to be waited for.
const LOCKED: &str = "IN (SELECT l.relation FROM pg_locks l \
     WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL)";

/// The same when that was not enough, because the lock came in the moment between.
const ALL_LOCKED: &str = "IS NOT NULL";

/// Just-in-time compilation takes longer than any of these queries.
const NO_JIT: &str = "SET LOCAL jit = off; ";

#[derive(Deserialize)]
struct TableRow {
    oid: u64,
    schema: String,
    name: String,
    kind: String,
    parent: Option<String>,
    rows: Option<f64>,
    size_bytes: Option<f64>,
    pages: Option<f64>,
    visible_share: Option<f64>,
    modified_since_analyze: Option<f64>,
    analyzed_at: Option<String>,
    inserts: Option<f64>,
    updates: Option<f64>,
    hot_updates: Option<f64>,
    deletes: Option<f64>,
    full_scans: Option<f64>,
    index_scans: Option<f64>,
}

#[derive(Deserialize)]
struct ColumnsRow {
    oid: u64,
    columns: Vec<ColumnRow>,
}

#[derive(Deserialize)]
struct ColumnRow {
    name: String,
    data_type: String,
    nullable: bool,
    n_distinct: Option<f64>,
    null_share: Option<f64>,
    width_bytes: Option<f64>,
    correlation: Option<f64>,
    common_shares: Option<Vec<f64>>,
    common_values: Option<String>,
    histogram: Option<String>,
}

#[derive(Deserialize)]
struct ForeignKeyRow {
    oid: u64,
    name: String,
    columns: Option<Vec<String>>,
    references: String,
}

#[derive(Deserialize)]
struct IndexRow {
    schema: String,
    table: String,
    name: String,
    method: String,
    unique: bool,
    primary: bool,
    constraint: bool,
    usable: bool,
    keys: Option<Vec<KeyRow>>,
    include: Option<Vec<String>>,
    predicate: Option<String>,
    size_bytes: Option<f64>,
    scans: Option<f64>,
    definition: Option<String>,
}

#[derive(Deserialize)]
struct KeyRow {
    column: Option<String>,
    expression: Option<String>,
    descending: bool,
    nulls_first: bool,
    operator_class: Option<String>,
    collation: Option<String>,
}

/// The catalog of the database.
pub(super) async fn catalog(link: &Link) -> Result<Catalog> {
    let mut tables: BTreeMap<u64, Table> = BTreeMap::new();
    let mut order = Vec::new();
    for row in unlocked::<TableRow>(link, TABLES).await? {
        order.push(row.oid);
        tables.insert(row.oid, row.into());
    }
    for row in link.records::<ColumnsRow>(&format!("{NO_JIT}{COLUMNS}")).await? {
        if let Some(table) = tables.get_mut(&row.oid) {
            let rows = table.rows;
            table.columns = row.columns.into_iter().map(|column| column.read(rows)).collect();
        }
    }
    for row in link.records::<ForeignKeyRow>(&format!("{NO_JIT}{FOREIGN_KEYS}")).await? {
        if let Some(table) = tables.get_mut(&row.oid) {
            table.foreign_keys.push(ForeignKey {
                name: row.name,
                columns: row.columns.unwrap_or_default(),
                references: row.references,
            });
        }
    }
    let indexes = unlocked::<IndexRow>(link, INDEXES).await?;
    Ok(Catalog {
        tables: order.iter().filter_map(|oid| tables.remove(oid)).collect(),
        indexes: indexes.into_iter().map(Index::from).collect(),
    })
}

/// The rows of a query that takes locks, without waiting for one.
async fn unlocked<T: DeserializeOwned>(link: &Link, sql: &str) -> Result<Vec<T>> {
    let query = |locked: &str| format!("{NO_JIT}{}", sql.replace("{locked}", locked));
    match link.records(&query(LOCKED)).await {
        Err(error) if error.kind == ErrorKind::Timeout => link.records(&query(ALL_LOCKED)).await,
        other => other,
    }
}

impl From<TableRow> for Table {
    fn from(row: TableRow) -> Self {
        Self {
            schema: Some(row.schema),
            name: row.name,
            kind: match row.kind.as_str() {
                "r" => TableKind::Table,
                "p" => TableKind::Partitioned,
                "m" => TableKind::MaterializedView,
                _ => TableKind::Other,
            },
            parent: row.parent,
            storage_engine: None,
            rows: row.rows,
            size_bytes: row.size_bytes,
            pages: row.pages,
            visible_share: row.visible_share,
            columns: Vec::new(),
            foreign_keys: Vec::new(),
            modified_since_analyze: row.modified_since_analyze,
            analyzed_at: Some(row.analyzed_at.unwrap_or_default()),
            inserts: row.inserts,
            updates: row.updates,
            hot_updates: row.hot_updates,
            deletes: row.deletes,
            full_scans: row.full_scans,
            index_scans: row.index_scans,
        }
    }
}

impl ColumnRow {
    /// `n_distinct` below zero is a share of the rows.
    fn read(self, rows: Option<f64>) -> Column {
        let distinct = match self.n_distinct {
            Some(share) if share < 0.0 => rows.map(|rows| (-share * rows).round()),
            // 0 says that nothing is known.
            other => other.filter(|count| *count > 0.0),
        };
        Column {
            name: self.name,
            data_type: self.data_type,
            nullable: self.nullable,
            distinct,
            null_share: self.null_share,
            width_bytes: self.width_bytes,
            common_shares: self.common_shares.unwrap_or_default(),
            correlation: self.correlation,
            common_values: self.common_values,
            histogram: self.histogram,
        }
    }
}

impl From<IndexRow> for Index {
    fn from(row: IndexRow) -> Self {
        let ordered = row.method == "btree";
        let key = |key: KeyRow| key.read(ordered);
        Self {
            schema: Some(row.schema),
            table: row.table,
            name: row.name,
            method: row.method,
            unique: row.unique,
            primary: row.primary,
            constraint: row.constraint,
            usable: row.usable,
            keys: row.keys.unwrap_or_default().into_iter().map(key).collect(),
            include: row.include.unwrap_or_default(),
            predicate: row.predicate,
            size_bytes: row.size_bytes,
            scans: row.scans,
            definition: row.definition,
            ..Self::default()
        }
    }
}

impl KeyRow {
    fn read(self, ordered: bool) -> IndexKey {
        let descending = ordered && self.descending;
        // NULLs are the largest values: last in ascending order, first in descending.
        let is_default = self.nulls_first == descending;
        IndexKey {
            column: self.column,
            expression: self.expression,
            descending,
            nulls_first: (ordered && !is_default).then_some(self.nulls_first),
            collation: self.collation,
            operator_class: self.operator_class,
            prefix_length: None,
        }
    }
}

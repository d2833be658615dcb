//! Tables, columns with their statistics, foreign keys and indexes: one query each.
//!
//! The exact size of a relation needs a lock that waits behind DDL. Relations that are locked right
//! now are therefore measured by their pages at the last ANALYZE; should the query be caught in the
//! moment between, all of them are.

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

/// The size of relation `{r}` from its pages, as of the last VACUUM or ANALYZE.
const SIZE_BY_PAGES: &str = "nullif({r}.relpages, 0) * current_setting('block_size')::float8";

/// The size of relation `{r}` from its files.
const SIZE_BY_FILES: &str = "CASE WHEN {r}.oid IN (SELECT l.relation FROM pg_locks l \
     WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL) \
     THEN {pages} ELSE {function}({r}.oid)::float8 END";

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
    for row in sized::<TableRow>(link, TABLES, "c", "pg_table_size").await? {
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
    let indexes = sized::<IndexRow>(link, INDEXES, "i", "pg_relation_size").await?;
    Ok(Catalog {
        tables: order.iter().filter_map(|oid| tables.remove(oid)).collect(),
        indexes: indexes.into_iter().map(Index::from).collect(),
    })
}

/// The rows of a query with sizes: by files, or by pages when a lock is in the way.
async fn sized<T: DeserializeOwned>(
    link: &Link,
    sql: &str,
    relation: &str,
    function: &str,
) -> Result<Vec<T>> {
    let pages = SIZE_BY_PAGES.replace("{r}", relation);
    let files = SIZE_BY_FILES
        .replace("{r}", relation)
        .replace("{pages}", &pages)
        .replace("{function}", function);
    let query = |size: &str| format!("{NO_JIT}{}", sql.replace("{size}", size));
    match link.records(&query(&files)).await {
        Err(error) if error.kind == ErrorKind::Timeout => link.records(&query(&pages)).await,
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
            rows: row.rows,
            size_bytes: row.size_bytes,
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

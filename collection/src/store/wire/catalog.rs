//! Tables, columns and indexes on the wire.

use planscope_explain::workload::catalog::{
    Catalog, Column, ForeignKey, Index, IndexKey, Table, TableKind,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tables and indexes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CatalogDoc {
    /// The tables.
    pub tables: Vec<TableDoc>,
    /// The indexes of those tables.
    pub indexes: Vec<IndexDoc>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TableDoc {
    /// Schema or database.
    pub schema: Option<String>,
    /// Name.
    pub name: String,
    /// `table`, `partitioned`, `materialized-view`, `other`.
    pub kind: String,
    /// Parent of a partition.
    pub parent: Option<String>,
    /// Storage engine, where the server has several: `InnoDB`.
    pub storage_engine: Option<String>,
    /// Estimated rows.
    pub rows: Option<f64>,
    /// Size without indexes.
    pub size_bytes: Option<f64>,
    /// Pages of the table's own file when its rows were counted.
    pub pages: Option<f64>,
    /// Share of these pages whose rows everybody sees.
    pub visible_share: Option<f64>,
    /// The columns in order.
    pub columns: Vec<ColumnDoc>,
    /// Foreign keys from this table.
    pub foreign_keys: Vec<ForeignKeyDoc>,
    /// Rows changed since the last ANALYZE.
    pub modified_since_analyze: Option<f64>,
    /// When ANALYZE last ran; `""` when it never did.
    pub analyzed_at: Option<String>,
    /// Rows inserted.
    pub inserts: Option<f64>,
    /// Rows updated.
    pub updates: Option<f64>,
    /// Rows updated without touching an index.
    pub hot_updates: Option<f64>,
    /// Rows deleted.
    pub deletes: Option<f64>,
    /// Full scans.
    pub full_scans: Option<f64>,
    /// Scans through an index.
    pub index_scans: Option<f64>,
}

super::mirrored! {
    /// A column with its statistics; with values only where literals are kept.
    ColumnDoc of Column {
        /// Name.
        name: String,
        /// Type as the engine writes it.
        data_type: String,
        /// Whether it can be NULL.
        nullable: bool,
        /// Distinct values.
        distinct: Option<f64>,
        /// Share of NULLs, 0 to 1.
        null_share: Option<f64>,
        /// Average width.
        width_bytes: Option<f64>,
        /// Shares of the most common values.
        common_shares: Vec<f64>,
        /// Correlation with the order on disk.
        correlation: Option<f64>,
        /// The most common values, where literals are kept.
        common_values: Option<String>,
        /// Bounds of parts with equally many rows, where literals are kept.
        histogram: Option<String>,
    }
}

super::mirrored! {
    /// A foreign key.
    ForeignKeyDoc of ForeignKey {
        /// Name of the constraint.
        name: String,
        /// Columns of this table.
        columns: Vec<String>,
        /// Table referred to.
        references: String,
    }
}

/// An index.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct IndexDoc {
    /// Schema or database of its table.
    pub schema: Option<String>,
    /// Name of its table.
    pub table: String,
    /// Name.
    pub name: String,
    /// Access method, e.g. `btree`.
    pub method: String,
    /// Whether it allows a key only once.
    pub unique: bool,
    /// Whether it is the primary key.
    pub primary: bool,
    /// Whether a constraint owns it.
    pub constraint: bool,
    /// Whether the planner may use it.
    pub usable: bool,
    /// Key columns in order.
    pub keys: Vec<IndexKeyDoc>,
    /// Payload columns.
    pub include: Vec<String>,
    /// `WHERE` of a partial index.
    pub predicate: Option<String>,
    /// Size.
    pub size_bytes: Option<f64>,
    /// Scans since the statistics were reset.
    pub scans: Option<f64>,
    /// The statement that makes it.
    pub definition: Option<String>,
    /// Entries when they were last counted.
    pub entries: Option<f64>,
    /// Average entries that share the first key, the first two keys …
    pub entries_per_key: Vec<f64>,
}

super::mirrored! {
    /// A key of an index.
    IndexKeyDoc of IndexKey {
        /// The column, when the key is one.
        column: Option<String>,
        /// The expression, when it is not.
        expression: Option<String>,
        /// Descending order.
        descending: bool,
        /// NULLs first; `null` is the engine's default.
        nulls_first: Option<bool>,
        /// Collation, when not the column's own.
        collation: Option<String>,
        /// Operator class, when not the default.
        operator_class: Option<String>,
        /// Length of an indexed prefix.
        prefix_length: Option<u32>,
    }
}

impl From<&Catalog> for CatalogDoc {
    fn from(catalog: &Catalog) -> Self {
        Self {
            tables: catalog.tables.iter().map(TableDoc::from).collect(),
            indexes: catalog.indexes.iter().map(IndexDoc::from).collect(),
        }
    }
}

impl From<CatalogDoc> for Catalog {
    fn from(doc: CatalogDoc) -> Self {
        Self {
            tables: doc.tables.into_iter().map(Table::from).collect(),
            indexes: doc.indexes.into_iter().map(Index::from).collect(),
        }
    }
}

impl From<&Table> for TableDoc {
    fn from(table: &Table) -> Self {
        Self {
            schema: table.schema.clone(),
            name: table.name.clone(),
            kind: table.kind.name().to_owned(),
            parent: table.parent.clone(),
            rows: table.rows,
            size_bytes: table.size_bytes,
            pages: table.pages,
            visible_share: table.visible_share,
            columns: table.columns.iter().map(ColumnDoc::from).collect(),
            foreign_keys: table.foreign_keys.iter().map(ForeignKeyDoc::from).collect(),
            modified_since_analyze: table.modified_since_analyze,
            analyzed_at: table.analyzed_at.clone(),
            inserts: table.inserts,
            updates: table.updates,
            storage_engine: table.storage_engine.clone(),
            hot_updates: table.hot_updates,
            deletes: table.deletes,
            full_scans: table.full_scans,
            index_scans: table.index_scans,
        }
    }
}

impl From<TableDoc> for Table {
    fn from(doc: TableDoc) -> Self {
        Self {
            schema: doc.schema,
            name: doc.name,
            kind: TableKind::from_name(&doc.kind),
            parent: doc.parent,
            rows: doc.rows,
            size_bytes: doc.size_bytes,
            pages: doc.pages,
            visible_share: doc.visible_share,
            columns: doc.columns.into_iter().map(Column::from).collect(),
            foreign_keys: doc.foreign_keys.into_iter().map(ForeignKey::from).collect(),
            modified_since_analyze: doc.modified_since_analyze,
            analyzed_at: doc.analyzed_at,
            inserts: doc.inserts,
            updates: doc.updates,
            storage_engine: doc.storage_engine,
            hot_updates: doc.hot_updates,
            deletes: doc.deletes,
            full_scans: doc.full_scans,
            index_scans: doc.index_scans,
        }
    }
}

impl From<&Index> for IndexDoc {
    fn from(index: &Index) -> Self {
        Self {
            schema: index.schema.clone(),
            table: index.table.clone(),
            name: index.name.clone(),
            method: index.method.clone(),
            unique: index.unique,
            primary: index.primary,
            constraint: index.constraint,
            usable: index.usable,
            keys: index.keys.iter().map(IndexKeyDoc::from).collect(),
            include: index.include.clone(),
            predicate: index.predicate.clone(),
            size_bytes: index.size_bytes,
            scans: index.scans,
            definition: index.definition.clone(),
            entries: index.entries,
            entries_per_key: index.entries_per_key.clone(),
        }
    }
}

impl From<IndexDoc> for Index {
    fn from(doc: IndexDoc) -> Self {
        Self {
            schema: doc.schema,
            table: doc.table,
            name: doc.name,
            method: doc.method,
            unique: doc.unique,
            primary: doc.primary,
            constraint: doc.constraint,
            usable: doc.usable,
            keys: doc.keys.into_iter().map(IndexKey::from).collect(),
            include: doc.include,
            predicate: doc.predicate,
            size_bytes: doc.size_bytes,
            scans: doc.scans,
            definition: doc.definition,
            entries: doc.entries,
            entries_per_key: doc.entries_per_key,
        }
    }
}

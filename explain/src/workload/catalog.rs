//! The catalog: tables, columns with their statistics, indexes.

/// Tables and indexes of a database, as far as they were collected.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Catalog {
    /// The tables.
    pub tables: Vec<Table>,
    /// The indexes of those tables.
    pub indexes: Vec<Index>,
}

/// What kind of relation a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TableKind {
    /// An ordinary table or collection.
    #[default]
    Table,
    /// A table that is split in partitions.
    Partitioned,
    /// A materialized view.
    MaterializedView,
    /// Any other relation: a view, a foreign or a virtual table.
    Other,
}

impl TableKind {
    const NAMES: [(Self, &'static str); 4] = [
        (Self::Table, "table"),
        (Self::Partitioned, "partitioned"),
        (Self::MaterializedView, "materialized-view"),
        (Self::Other, "other"),
    ];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("other", |(_, name)| name)
    }

    /// The kind of that wire name; an unknown name is `Other`.
    pub fn from_name(name: &str) -> Self {
        Self::NAMES.iter().find(|(_, n)| *n == name).map_or(Self::Other, |(kind, _)| *kind)
    }
}

/// A table. Counters are since the server's statistics were last reset.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Schema or database; `None` where the engine has none.
    pub schema: Option<String>,
    /// Name.
    pub name: String,
    /// Kind of relation.
    pub kind: TableKind,
    /// Partitioned table or parent that this one belongs to.
    pub parent: Option<String>,
    /// Storage engine, where the server has several (MySQL, MariaDB): `InnoDB`.
    pub storage_engine: Option<String>,
    /// Rows, as estimated by the engine.
    pub rows: Option<f64>,
    /// Size of the table itself in bytes, without indexes.
    pub size_bytes: Option<f64>,
    /// Pages of the table's own file when its rows were counted (PostgreSQL).
    pub pages: Option<f64>,
    /// Share of these pages whose rows everybody sees, 0 to 1 (PostgreSQL).
    pub visible_share: Option<f64>,
    /// The columns in order.
    pub columns: Vec<Column>,
    /// Foreign keys from this table.
    pub foreign_keys: Vec<ForeignKey>,
    /// Rows inserted, updated or deleted since the last ANALYZE.
    pub modified_since_analyze: Option<f64>,
    /// When ANALYZE last ran (RFC 3339), or `Some("")` when it is known that it never did.
    pub analyzed_at: Option<String>,
    /// Rows inserted.
    pub inserts: Option<f64>,
    /// Rows updated.
    pub updates: Option<f64>,
    /// Rows updated without touching an index (HOT).
    pub hot_updates: Option<f64>,
    /// Rows deleted.
    pub deletes: Option<f64>,
    /// Full scans.
    pub full_scans: Option<f64>,
    /// Scans through an index.
    pub index_scans: Option<f64>,
}

impl Table {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Rows written (inserted, updated, deleted), when any of them is known.
    pub fn writes(&self) -> Option<f64> {
        [self.inserts, self.updates, self.deletes].into_iter().flatten().reduce(|a, b| a + b)
    }
}

/// A column and its statistics. Values themselves are kept only where the user keeps literals, else
/// only their frequencies.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Column {
    /// Name.
    pub name: String,
    /// Type as the engine writes it.
    pub data_type: String,
    /// Whether it can be NULL.
    pub nullable: bool,
    /// Distinct values in the whole table.
    pub distinct: Option<f64>,
    /// Share of NULLs, 0 to 1.
    pub null_share: Option<f64>,
    /// Average width in bytes.
    pub width_bytes: Option<f64>,
    /// Shares of the most common values, largest first, 0 to 1.
    pub common_shares: Vec<f64>,
    /// Correlation of the column's order with the order on disk, -1 to 1.
    pub correlation: Option<f64>,
    /// The most common values themselves, as the engine writes a list of them; kept only where
    /// literals are.
    pub common_values: Option<String>,
    /// Bounds of parts of the column with equally many rows, likewise.
    pub histogram: Option<String>,
}

/// A foreign key of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ForeignKey {
    /// Name of the constraint.
    pub name: String,
    /// Columns of this table.
    pub columns: Vec<String>,
    /// Table that is referred to, with its schema where there is one.
    pub references: String,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Index {
    /// Schema or database of its table.
    pub schema: Option<String>,
    /// Name of its table.
    pub table: String,
    /// Name.
    pub name: String,
    /// Access method, lower case: `btree`, `hash`, `gin`, `brin` …
    pub method: String,
    /// Whether it allows a key only once.
    pub unique: bool,
    /// Whether it is the primary key.
    pub primary: bool,
    /// Whether a constraint (primary key, unique, exclusion) owns it.
    pub constraint: bool,
    /// Whether the planner may use it (valid, visible, ready).
    pub usable: bool,
    /// Key columns in order.
    pub keys: Vec<IndexKey>,
    /// Payload columns.
    pub include: Vec<String>,
    /// `WHERE` of a partial index.
    pub predicate: Option<String>,
    /// Size in bytes.
    pub size_bytes: Option<f64>,
    /// Scans since the statistics were reset.
    pub scans: Option<f64>,
    /// The statement that makes it.
    pub definition: Option<String>,
    /// Entries when they were last counted (SQLite).
    pub entries: Option<f64>,
    /// Average entries that share the first key, the first two keys … (SQLite).
    pub entries_per_key: Vec<f64>,
}

impl Index {
    /// Names of the key columns while they are plain columns, in order.
    pub fn leading_columns(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map_while(|key| key.column.as_deref())
    }
}

/// A key of an index: a column or an expression.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndexKey {
    /// The column, when the key is one.
    pub column: Option<String>,
    /// The expression, when it is not.
    pub expression: Option<String>,
    /// Descending order.
    pub descending: bool,
    /// NULLs come first; `None` is the engine's default for the direction.
    pub nulls_first: Option<bool>,
    /// Collation, when it is not the column's own.
    pub collation: Option<String>,
    /// Operator class, when it is not the type's default.
    pub operator_class: Option<String>,
    /// Length of the prefix that is indexed (MySQL).
    pub prefix_length: Option<u32>,
}

impl IndexKey {
    /// An ascending key on a column.
    pub fn column(name: impl Into<String>) -> Self {
        Self { column: Some(name.into()), ..Self::default() }
    }

    /// The column or the expression, as text.
    pub fn text(&self) -> &str {
        self.column.as_deref().or(self.expression.as_deref()).unwrap_or_default()
    }
}

impl Catalog {
    /// The table of that name; a schema decides between equal names when it is given.
    pub fn table(&self, schema: Option<&str>, name: &str) -> Option<&Table> {
        let fits = |table: &&Table| {
            table.name.eq_ignore_ascii_case(name)
                && match (schema, &table.schema) {
                    (Some(want), Some(have)) => have.eq_ignore_ascii_case(want),
                    _ => true,
                }
        };
        let is_public = |table: &&Table| table.schema.as_deref().is_none_or(|s| s == "public");
        let mut found = self.tables.iter().filter(fits);
        let first = found.next()?;
        // Without a schema `public` wins, as it does in the default search path.
        if is_public(&first) { Some(first) } else { found.find(is_public).or(Some(first)) }
    }

    /// The index of that name.
    pub fn index(&self, name: &str) -> Option<&Index> {
        self.indexes.iter().find(|index| index.name == name)
    }

    /// The indexes of a table.
    pub fn indexes_of<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = &'a Index> {
        self.indexes.iter().filter(move |index| {
            index.table == table.name && (index.schema == table.schema || index.schema.is_none())
        })
    }
}

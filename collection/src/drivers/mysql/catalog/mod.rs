//! Tables, columns, foreign keys and indexes from information_schema; figures from wherever the
//! account may look.
//!
//! Only the names are needed: a source that is missing, or closed to us, leaves its figures unknown.

mod ask;
mod figures;
mod histogram;

use super::link::{Link, Row};
use crate::error::Result;
use crate::wanted::{Found, Name, Wanted};
use ask::{Asking, Source};
use planscope_explain::Engine;
use planscope_explain::workload::catalog::{
    Catalog, Column, ForeignKey, Index, IndexKey, Table, TableKind,
};
use planscope_explain::workload::ddl;
use std::collections::BTreeMap;

const TABLES: &str = include_str!("../../sql/mysql/tables.sql");
const COLUMNS: &str = include_str!("../../sql/mysql/columns.sql");
const PARTITIONS: &str = include_str!("../../sql/mysql/partitions.sql");
const INDEXES: &str = include_str!("../../sql/mysql/indexes.sql");
const FOREIGN_KEYS: &str = include_str!("../../sql/mysql/foreign_keys.sql");

/// What is asked of tables that MariaDB opens.
#[cfg(test)]
const OPENING: [&str; 5] = [TABLES, COLUMNS, PARTITIONS, INDEXES, FOREIGN_KEYS];

/// The catalog of the target's database, or of all schemas that are not the server's own.
pub(super) async fn catalog(
    link: &mut Link,
    wanted: &Wanted,
    limit: Option<usize>,
) -> Result<Found> {
    let engine = link.facts.engine;
    let (usable, expression) = index_columns(link);
    let indexes_sql = INDEXES.replace("{usable}", usable).replace("{expression}", expression);
    let mut asking = Asking::begin(link, wanted, limit).await?;
    let mut tables = tables(&mut asking).await?;
    let rows = asking.rows("indexes", &indexes_sql, Source::Opens).await?;
    let mut found = indexes(&rows);
    distinct_by_cardinality(&mut tables, &rows);
    for row in asking.rows_if_allowed("partitions", PARTITIONS, Source::Opens).await? {
        let part = partition(&row);
        tables.insert((row.string("db"), part.name.clone()), part);
    }
    figures::fill(&mut asking, &mut tables, &mut found).await?;
    for index in found.iter_mut().filter(|index| !index.primary) {
        index.definition = definition(engine, index);
    }
    let Asking { left_out, limit, late, .. } = asking;
    let catalog = Catalog { tables: tables.into_values().collect(), indexes: found };
    Ok(Found { catalog, left_out, limit, problems: late.problems })
}

/// Tables with their columns and foreign keys.
async fn tables(asking: &mut Asking<'_>) -> Result<BTreeMap<Name, Table>> {
    let mut tables: BTreeMap<Name, Table> = BTreeMap::new();
    for row in asking.rows("tables", TABLES, Source::Opens).await? {
        tables.insert(name(&row), table(&row));
    }
    for row in asking.rows("columns", COLUMNS, Source::Opens).await? {
        tables.entry(name(&row)).and_modify(|table| table.columns.push(column(&row)));
    }
    for row in asking.rows_if_allowed("foreign keys", FOREIGN_KEYS, Source::Opens).await? {
        tables.entry(name(&row)).and_modify(|table| add_foreign_key(table, &row));
    }
    Ok(tables)
}

/// How this server says that an index is not used, and what an index on an expression has.
fn index_columns(link: &Link) -> (&'static str, &'static str) {
    match (link.facts.engine, link.facts.number) {
        (Engine::Mariadb, number) if number >= (10, 6, 0) => ("IGNORED <> 'YES'", "NULL"),
        (Engine::Mariadb, _) => ("1", "NULL"),
        // Expressions came with 8.0.13.
        (_, number) if number < (8, 0, 13) => ("IS_VISIBLE = 'YES'", "NULL"),
        _ => ("IS_VISIBLE = 'YES'", "EXPRESSION"),
    }
}

fn name(row: &Row) -> Name {
    (row.string("db"), row.string("name"))
}

fn table(row: &Row) -> Table {
    let is_partitioned = row.text("options").is_some_and(|text| text.contains("partitioned"));
    Table {
        schema: Some(row.string("db")),
        name: row.string("name"),
        kind: match row.text("type") {
            Some("BASE TABLE") if is_partitioned => TableKind::Partitioned,
            Some("BASE TABLE" | "SYSTEM VERSIONED") => TableKind::Table,
            _ => TableKind::Other,
        },
        storage_engine: row.text("engine").map(str::to_owned),
        rows: row.number("entries"),
        size_bytes: row.number("size"),
        ..Table::default()
    }
}

/// A partition is a table of its own to the storage engine, under this name.
fn partition(row: &Row) -> Table {
    Table {
        schema: Some(row.string("db")),
        name: format!("{}#p#{}", row.string("name"), row.string("part").to_ascii_lowercase()),
        parent: Some(row.string("name")),
        rows: row.number("entries"),
        size_bytes: row.number("size"),
        ..Table::default()
    }
}

fn column(row: &Row) -> Column {
    Column {
        name: row.string("field"),
        data_type: row.string("type"),
        nullable: row.text("nullable") == Some("YES"),
        ..Column::default()
    }
}

fn add_foreign_key(table: &mut Table, row: &Row) {
    let name = row.string("constraint_name");
    let column = row.string("field");
    if let Some(key) = table.foreign_keys.iter_mut().find(|key| key.name == name) {
        key.columns.push(column);
        return;
    }
    let references = format!("{}.{}", row.string("other_db"), row.string("other"));
    table.foreign_keys.push(ForeignKey { name, columns: vec![column], references });
}

/// The rows come key by key, in order.
fn indexes(rows: &[Row]) -> Vec<Index> {
    let mut all: Vec<Index> = Vec::new();
    for row in rows {
        let (schema, table) = name(row);
        let index = row.string("ix");
        let goes_on = all.last().is_some_and(|last| {
            last.schema.as_deref() == Some(schema.as_str())
                && last.table == table
                && last.name == index
        });
        if !goes_on {
            all.push(new_index(row, schema, table, index));
        }
        if let Some(last) = all.last_mut() {
            last.keys.push(key(row));
        }
    }
    all
}

fn new_index(row: &Row, schema: String, table: String, name: String) -> Index {
    let unique = row.text("non_unique") == Some("0");
    let method = row.string("method").to_ascii_lowercase();
    Index {
        schema: Some(schema),
        table,
        primary: name == "PRIMARY",
        constraint: unique,
        unique,
        usable: row.text("usable") != Some("0"),
        method: if method == "rtree" { "spatial".to_owned() } else { method },
        name,
        ..Index::default()
    }
}

fn key(row: &Row) -> IndexKey {
    IndexKey {
        column: row.text("field").map(str::to_owned),
        // As it is written in CREATE INDEX the text stands in parentheses, and the quotes in it are
        // escaped once more.
        expression: row.text("expression").map(|text| text.replace("\\'", "'")),
        descending: row.text("direction") == Some("D"),
        prefix_length: row.text("prefix").and_then(|length| length.parse().ok()),
        ..IndexKey::default()
    }
}

/// The first column of an index: as many different values as the index says.
fn distinct_by_cardinality(tables: &mut BTreeMap<Name, Table>, rows: &[Row]) {
    let mut before: Option<(Name, String)> = None;
    for row in rows {
        let this = (name(row), row.string("ix"));
        let is_first = before.as_ref() != Some(&this);
        let counted = row.number("cardinality").filter(|count| *count > 0.0);
        if let (true, Some(count), None) = (is_first, counted, row.text("prefix")) {
            set_distinct(tables, &this.0, row.text("field"), count);
        }
        before = Some(this);
    }
}

fn set_distinct(tables: &mut BTreeMap<Name, Table>, of: &Name, column: Option<&str>, count: f64) {
    let Some(table) = tables.get_mut(of) else { return };
    let is_it = |c: &&mut Column| column.is_some_and(|name| c.name.eq_ignore_ascii_case(name));
    if let Some(column) = table.columns.iter_mut().find(is_it) {
        column.distinct = Some(count);
    }
}

fn definition(engine: Engine, index: &Index) -> Option<String> {
    let is_plain = matches!(index.method.as_str(), "btree" | "hash");
    is_plain.then(|| ddl::create_index(engine, index))
}

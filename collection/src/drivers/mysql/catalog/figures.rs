//! Sizes, numbers of values and uses: each source by itself, none of them needed.

use super::ask::{Asking, Source};
use super::{histogram, name, set_distinct};
use crate::drivers::mysql::link::Row;
use crate::error::Result;
use crate::wanted::Name;
use planscope_explain::Engine;
use planscope_explain::workload::catalog::{Column, Index, Table};
use std::collections::BTreeMap;

const INNODB_TABLES: &str = include_str!("../../sql/mysql/innodb_tables.sql");
const INNODB_INDEXES: &str = include_str!("../../sql/mysql/innodb_indexes.sql");
const TABLE_IO: &str = include_str!("../../sql/mysql/table_io.sql");
const INDEX_IO: &str = include_str!("../../sql/mysql/index_io.sql");
const USER_STATISTICS: &str = include_str!("../../sql/mysql/user_statistics.sql");
const HISTOGRAMS: &str = include_str!("../../sql/mysql/histograms.sql");
const COLUMN_STATS: &str = include_str!("../../sql/mysql/column_stats.sql");

type Tables = BTreeMap<Name, Table>;

/// What is asked for, in messages.
const TABLE_FIGURES: &str = "figures of the tables";
const INDEX_FIGURES: &str = "figures of the indexes";
const COLUMN_FIGURES: &str = "figures of the columns";

/// Fills in what the account may see.
pub(super) async fn fill(
    asking: &mut Asking<'_>,
    tables: &mut Tables,
    indexes: &mut [Index],
) -> Result<()> {
    let engine = asking.link.facts.engine;
    let object = Source::Plain("OBJECT_SCHEMA", "OBJECT_NAME");
    let sizes = asking.rows_if_allowed(TABLE_FIGURES, INNODB_TABLES, Source::InnoDb).await?;
    take_tables(tables, &sizes);
    let sizes = asking.rows_if_allowed(INDEX_FIGURES, INNODB_INDEXES, Source::InnoDb).await?;
    take_indexes(tables, indexes, &sizes);
    for row in asking.rows_if_allowed(TABLE_FIGURES, TABLE_IO, object).await? {
        if let Some(table) = tables.get_mut(&name(&row)) {
            table.inserts = row.number("inserts");
            table.updates = row.number("updates");
            table.deletes = row.number("deletes");
        }
    }
    let mut uses = asking.rows_if_allowed(INDEX_FIGURES, INDEX_IO, object).await?;
    if uses.is_empty() && engine == Engine::Mariadb {
        let source = Source::Plain("TABLE_SCHEMA", "TABLE_NAME");
        uses = asking.rows_if_allowed(INDEX_FIGURES, USER_STATISTICS, source).await?;
    }
    take_uses(indexes, &uses);
    let (sql, source) = match engine {
        Engine::Mariadb => (COLUMN_STATS, Source::Plain("db_name", "table_name")),
        _ => (HISTOGRAMS, Source::Plain("SCHEMA_NAME", "TABLE_NAME")),
    };
    let columns = asking.rows_if_allowed(COLUMN_FIGURES, sql, source).await?;
    columns.iter().for_each(|row| take_column(tables, row));
    Ok(())
}

/// The table of a name in InnoDB's statistics, and the partition if it is one: `t#P#p0#SP#s1` is a
/// part of the partition that the catalog calls `t#p#p0`.
fn whole(row: &Row) -> (Name, Option<Name>) {
    let (schema, name) = name(row);
    let at = name.find("#P#").or_else(|| name.find("#p#"));
    let Some(at) = at else { return ((schema, name), None) };
    let (table, part) = name.split_at(at);
    let part = part.to_ascii_lowercase();
    let part = part.split("#sp#").next().unwrap_or_default();
    ((schema.clone(), table.to_owned()), Some((schema, format!("{table}{part}"))))
}

/// What the planner itself uses: newer than what information_schema keeps for a day.
fn take_tables(tables: &mut Tables, rows: &[Row]) {
    let mut sums: BTreeMap<Name, Figures> = BTreeMap::new();
    for row in rows {
        let (table, part) = whole(row);
        let parts = part.into_iter();
        for of in std::iter::once(table).chain(parts) {
            sums.entry(of).or_default().add(row);
        }
    }
    for (name, sum) in sums {
        if let Some(table) = tables.get_mut(&name) {
            table.rows = Some(sum.rows);
            table.size_bytes = Some(sum.size_bytes);
            table.analyzed_at = sum.analyzed;
        }
    }
}

/// Figures of a table, or of all its partitions.
#[derive(Default)]
struct Figures {
    rows: f64,
    size_bytes: f64,
    /// Of several the last.
    analyzed: Option<String>,
}

impl Figures {
    fn add(&mut self, row: &Row) {
        self.rows += row.number("entries").unwrap_or(0.0);
        self.size_bytes += row.number("size").unwrap_or(0.0);
        let analyzed = row.text("analyzed").map(|text| format!("{}Z", text.replacen(' ', "T", 1)));
        self.analyzed = analyzed.max(self.analyzed.take());
    }
}

fn take_indexes(tables: &mut Tables, indexes: &mut [Index], rows: &[Row]) {
    let mut figures: BTreeMap<(Name, String), (f64, f64)> = BTreeMap::new();
    for row in rows {
        let (of, _) = whole(row);
        let (size, different) = figures.entry((of, row.string("ix"))).or_default();
        *size += row.number("size").unwrap_or(0.0);
        // Partitions may share values: there are at least as many as in one of them.
        *different = different.max(row.number("different").unwrap_or(0.0));
    }
    for index in indexes {
        let of = (index.schema.clone().unwrap_or_default(), index.table.clone());
        let Some((size, different)) = figures.get(&(of.clone(), index.name.clone())) else {
            continue;
        };
        index.size_bytes = Some(*size);
        let first = index.keys.first().filter(|key| key.prefix_length.is_none());
        let column = first.and_then(|key| key.column.as_deref());
        if *different > 0.0 {
            set_distinct(tables, &of, column, *different);
        }
    }
}

/// Rows that were looked up through an index: the servers count no scans.
fn take_uses(indexes: &mut [Index], rows: &[Row]) {
    let read = |row: &Row| ((name(row), row.string("ix")), row.number("scans"));
    let uses: BTreeMap<(Name, String), Option<f64>> = rows.iter().map(read).collect();
    for index in indexes {
        let of = (index.schema.clone().unwrap_or_default(), index.table.clone());
        index.scans = uses.get(&(of, index.name.clone())).copied().flatten();
    }
}

fn take_column(tables: &mut Tables, row: &Row) {
    let Some(table) = tables.get_mut(&name(row)) else { return };
    let rows = table.rows;
    let field = row.text("field").unwrap_or_default();
    let is_it = |column: &&mut Column| column.name.eq_ignore_ascii_case(field);
    let Some(column) = table.columns.iter_mut().find(is_it) else { return };
    match row.text("histogram") {
        Some(text) => histogram::read(text, column),
        None => {
            column.null_share = row.number("nulls");
            column.width_bytes = row.number("width");
            // How often an average value occurs, NULLs left out.
            let frequency = row.number("frequency").filter(|times| *times > 0.0);
            let filled = rows.map(|rows| rows * (1.0 - column.null_share.unwrap_or(0.0)));
            if let (None, Some(times), Some(filled)) = (column.distinct, frequency, filled) {
                column.distinct = Some((filled / times).round());
            }
        }
    }
}

//! `--inject-stats`: the planner of an empty scratch database is told what production's knows.
//!
//! Statistics alone are not enough: PostgreSQL takes the number of pages from the file itself, and a
//! table of no pages has no rows, whatever pg_class says. So the files are made as long as in
//! production, with rows that are inserted and *rolled back*: they leave pages behind and no row. In
//! that transaction constraints that would be in the way are dropped and a column that fills the
//! pages is added; the rollback takes that back as well. Then the statistics are written: with the
//! functions of version 18 or, before it, into pg_class and pg_statistic, which takes a superuser.
//!
//! Autovacuum is switched off for these tables: it would give the pages back.
//!
//! Rows and pages past a budget are not written. The planner still sees all rows of production, but
//! in fewer pages, and that is said.

use super::link::{Link, read_json};
use crate::driver::Injected;
use crate::error::{CollectError, ErrorKind, Result};
use planscope_explain::Snapshot;
use planscope_explain::workload::catalog::{Column, Table, TableKind};
use serde::Deserialize;

const TABLES: &str = include_str!("../sql/postgres/inject_tables.sql");
const STATISTIC: &str = include_str!("../sql/postgres/inject_statistic.sql");

/// Rows in a table from which on it is no scratch table: migrations bring a few of their own.
const MOST_ROWS_OF_SCRATCH: usize = 1000;
/// Most rows that are inserted into one table: two seconds or so, with its indexes.
const MOST_ROWS: f64 = 1_000_000.0;
/// Most pages of one table: 256 MiB.
const MOST_PAGES: f64 = 32_768.0;
/// Most pages of all tables together: 1 GiB.
const MOST_PAGES_OF_ALL: f64 = 131_072.0;
/// Bytes of a page that rows can have.
const PAGE_BYTES: f64 = 8_150.0;
/// Bytes of a row beside its columns, its pointer included.
const ROW_BYTES: f64 = 28.0;

/// A table of the scratch database.
#[derive(Debug, Deserialize)]
struct Scratch {
    schema: String,
    name: String,
    kind: String,
    partition_of: Option<String>,
    columns: Option<Vec<ScratchColumn>>,
    constraints: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct ScratchColumn {
    name: String,
    number: i32,
    #[serde(rename = "type")]
    data_type: String,
    most_chars: Option<usize>,
    required: bool,
    #[serde(default)]
    generated: Option<bool>,
    indexed: bool,
    unique: bool,
}

/// Writes the statistics of `snapshot` into the database.
pub(super) async fn inject(link: &Link, snapshot: &Snapshot) -> Result<Injected> {
    if link.facts.is_pooled {
        let message = "statistics cannot be written through a pooler";
        return Err(
            CollectError::new(ErrorKind::Refused, message).hint("connect to the server itself")
        );
    }
    let has_functions = link.facts.version_num >= 180_000;
    if !has_functions && !link.facts.is_superuser {
        let message = "statistics can only be written by a superuser before PostgreSQL 18";
        return Err(CollectError::new(ErrorKind::Permission, message)
            .hint("connect to the scratch database as a superuser, or use PostgreSQL 18"));
    }
    let scratch = tables(link).await?;
    check_scratch(link, &scratch).await?;
    let mut injected = Injected::default();
    if let Err(error) = link.until_stopped(link.ask(&emptied(&scratch))).await {
        if error.kind == ErrorKind::Stopped {
            return Err(error);
        }
        rolled_back(link).await?;
        injected.notes.push(format!("what an earlier run left in the files stays there: {error}"));
    }
    let mut budget = MOST_PAGES_OF_ALL;
    for table in &snapshot.catalog.tables {
        let place = scratch.iter().find(|s| {
            s.name == table.name && table.schema.as_deref().is_none_or(|schema| schema == s.schema)
        });
        let Some(place) = place else {
            injected.notes.push(format!("{} is not in the scratch database", table.name));
            continue;
        };
        if table.rows.is_some_and(|rows| rows > 0.0) {
            one(link, place, table, has_functions, &mut budget, &mut injected).await?;
        }
    }
    injected.notes.extend(what_is_lost(snapshot));
    Ok(injected)
}

async fn tables(link: &Link) -> Result<Vec<Scratch>> {
    let rows = link.rows(TABLES).await?;
    rows.iter().map(|row| read_json(row.get(0).unwrap_or("null"))).collect()
}

/// Refuses a database with data in it: whoever mistypes a URL must not lose production's statistics.
async fn check_scratch(link: &Link, scratch: &[Scratch]) -> Result<()> {
    for table in scratch.iter().filter(|table| table.kind == "r") {
        let sql =
            format!("SELECT 1 FROM ONLY {} OFFSET {MOST_ROWS_OF_SCRATCH} LIMIT 1", table.quoted());
        if !link.rows(&sql).await?.is_empty() {
            let message = format!(
                "{} has more than {MOST_ROWS_OF_SCRATCH} rows: {} is no scratch database",
                table.quoted(),
                link.facts.database
            );
            return Err(CollectError::new(ErrorKind::Refused, message)
                .hint("statistics are written into an empty database with the schema only"));
        }
    }
    Ok(())
}

async fn one(
    link: &Link,
    place: &Scratch,
    table: &Table,
    has_functions: bool,
    budget: &mut f64,
    injected: &mut Injected,
) -> Result<()> {
    let name = place.quoted();
    match place.kind.as_str() {
        "r" => {}
        "m" => {
            injected.notes.push(format!("{name} is a materialized view: it stays as it is"));
            return Ok(());
        }
        _ => {
            return statistics(link, place, table, has_functions, true, None).await;
        }
    }
    // Autovacuum would give back pages without rows, and ANALYZE them.
    let alone = format!(
        "BEGIN READ WRITE; SET LOCAL lock_timeout = '5s'; ALTER TABLE {name} SET (autovacuum_enabled = off); COMMIT"
    );
    link.until_stopped(link.ask(&alone)).await?;
    let filling = Filling::of(place, table, *budget);
    match link.until_stopped(link.ask(&filling.sql(place, true))).await {
        Ok(_) => {}
        Err(error) if error.kind == ErrorKind::Stopped => return Err(error),
        Err(error) => {
            rolled_back(link).await?;
            let why = error.to_string();
            injected
                .notes
                .push(format!("the indexes of {name} stay empty ({why}): they look cheaper"));
            link.until_stopped(link.ask(&filling.sql(place, false))).await?;
        }
    }
    let pages = pages_of(link, &name).await?;
    *budget -= pages;
    injected.notes.extend(filling.shortfall(&name, table, pages));
    injected.tables += 1;
    statistics(link, place, table, has_functions, false, Some(pages)).await
}

/// Gives the files of tables without a single row back their size, in case this is not the first time:
/// one statement, so that tables which refer to each other are no trouble, and under a lock, so that
/// no row can come in between.
fn emptied(scratch: &[Scratch]) -> String {
    let names =
        scratch.iter().filter(|table| table.kind == "r").map(|table| literal(&table.quoted()));
    let names: Vec<String> = names.collect();
    format!(
        "BEGIN READ WRITE; SET LOCAL lock_timeout = '5s';
         DO $planscope$ DECLARE name text; is_used bool; list text := ''; BEGIN
           FOREACH name IN ARRAY ARRAY[{}]::text[] LOOP
             EXECUTE 'LOCK TABLE ONLY ' || name || ' IN ACCESS EXCLUSIVE MODE';
             EXECUTE 'SELECT EXISTS (SELECT FROM ONLY ' || name || ')' INTO is_used;
             IF NOT is_used THEN list := list || ', ' || name; END IF;
           END LOOP;
           IF list <> '' THEN EXECUTE 'TRUNCATE ONLY' || substr(list, 2); END IF;
         EXCEPTION WHEN feature_not_supported THEN
           RAISE NOTICE 'a table with rows refers to one without';
         END $planscope$; COMMIT",
        names.join(", ")
    )
}

/// After an error the transaction that was begun is still open.
async fn rolled_back(link: &Link) -> Result<()> {
    link.ask("ROLLBACK").await.map(drop)
}

async fn pages_of(link: &Link, name: &str) -> Result<f64> {
    let sql = format!(
        "SELECT pg_relation_size({}::regclass) / current_setting('block_size')::int",
        literal(name)
    );
    let rows = link.rows(&sql).await?;
    Ok(rows.first().and_then(|row| row.get(0)?.parse().ok()).unwrap_or(0.0))
}

/// How a table's file is filled.
struct Filling {
    rows: f64,
    pages: f64,
    /// Bytes of the column that fills the pages.
    pad: f64,
}

impl Filling {
    fn of(place: &Scratch, table: &Table, budget: f64) -> Self {
        let rows = table.rows.unwrap_or(0.0).clamp(1.0, MOST_ROWS).round();
        let known = table.pages.or(table.size_bytes.map(|bytes| (bytes / 8192.0).ceil()));
        let pages = known.unwrap_or(rows / 100.0).max(1.0);
        let written = pages.min(MOST_PAGES).min(budget.max(1.0));
        // Only columns with values take room; 12 bytes are a middling one.
        let own: f64 =
            place.columns().filter(|column| column.value().is_some()).count() as f64 * 12.0;
        let pad = (written * PAGE_BYTES / rows - ROW_BYTES - own).clamp(0.0, 8_000.0).floor();
        Self { rows, pages, pad }
    }

    /// Inserts rows and takes them back. With `indexes` their files grow as well, for which the
    /// keys have to be kept; without, everything that can be in the way is dropped.
    fn sql(&self, place: &Scratch, indexes: bool) -> String {
        let table = place.quoted();
        let mut sql =
            "BEGIN READ WRITE; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '5s';\n"
                .to_owned();
        sql.push_str("SET LOCAL synchronous_commit = off;\n");
        if let Some(parent) = &place.partition_of {
            sql.push_str(&format!("ALTER TABLE {parent} DETACH PARTITION {table};\n"));
        }
        for constraint in place.constraints.iter().flatten() {
            sql.push_str(&format!(
                "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {} CASCADE;\n",
                quoted(constraint)
            ));
        }
        sql.push_str(&format!("ALTER TABLE {table} DISABLE TRIGGER USER;\n"));
        if !indexes {
            sql.push_str(&without_indexes(&table));
        }
        for column in place
            .columns()
            .filter(|column| column.required && !(indexes && column.value().is_some()))
        {
            sql.push_str(&format!(
                "ALTER TABLE {table} ALTER {} DROP NOT NULL;\n",
                quoted(&column.name)
            ));
        }
        sql.push_str(&format!("ALTER TABLE {table} ADD COLUMN planscope_pad bytea;\n"));
        sql.push_str(&format!("ALTER TABLE {table} ALTER planscope_pad SET STORAGE PLAIN;\n"));
        let columns: Vec<&ScratchColumn> =
            place.columns().filter(|column| column.generated != Some(true)).collect();
        let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
        let values: Vec<String> = columns
            .iter()
            .map(|column| column.value().filter(|_| indexes).unwrap_or_else(|| "NULL".to_owned()))
            .collect();
        let mut names = names;
        let mut values = values;
        names.push("planscope_pad".to_owned());
        values.push(format!("decode(repeat('00', {}), 'hex')", self.pad));
        sql.push_str(&format!(
            "INSERT INTO {table} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM generate_series(1, {}) g;\nROLLBACK",
            names.join(", "),
            values.join(", "),
            self.rows
        ));
        sql
    }

    /// What is not as in production.
    fn shortfall(&self, name: &str, table: &Table, pages: f64) -> Vec<String> {
        let mut notes = Vec::new();
        if pages < self.pages * 0.8 {
            notes.push(format!(
                "{name} has {pages} pages here and {} in production: a scan of it looks cheaper",
                self.pages
            ));
        }
        let rows = table.rows.unwrap_or(0.0);
        if rows > self.rows {
            notes.push(format!(
                "the indexes of {name} hold {} entries here and {rows} in production: they look smaller",
                self.rows
            ));
        }
        notes
    }
}

/// Drops every index of a table, and what hangs on it, inside the transaction.
fn without_indexes(table: &str) -> String {
    let table = literal(table);
    format!(
        "DO $planscope$ DECLARE r record; BEGIN
           FOR r IN SELECT conname FROM pg_constraint WHERE conrelid = {table}::regclass AND contype IN ('p', 'u', 'x') LOOP
             EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', {table}::regclass, r.conname);
           END LOOP;
           FOR r IN SELECT indexrelid::regclass AS name FROM pg_index WHERE indrelid = {table}::regclass LOOP
             EXECUTE format('DROP INDEX %s', r.name);
           END LOOP;
         END $planscope$;\n"
    )
}

impl Scratch {
    fn quoted(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }

    fn columns(&self) -> impl Iterator<Item = &ScratchColumn> {
        self.columns.iter().flatten()
    }
}

impl ScratchColumn {
    /// An expression of `g` (1, 2, 3 …) with another value for each, as far as the type can; `None`
    /// for a column that no index has or whose type has no such expression.
    fn value(&self) -> Option<String> {
        if !self.indexed && !self.required {
            return None;
        }
        let text = match self.most_chars {
            // Six digits are a million; less would not be unique.
            Some(most) if most < 7 && self.unique => return None,
            Some(most) => format!("left(g::text, {most})"),
            None => "g::text".to_owned(),
        };
        Some(match self.data_type.as_str() {
            "int4" | "int8" | "numeric" | "float4" | "float8" => format!("g::{}", self.data_type),
            "int2" if !self.unique => "(g % 32000)::int2".to_owned(),
            "oid" => "g::int8::oid".to_owned(),
            "text" | "varchar" | "bpchar" | "name" => text,
            "uuid" => "md5(g::text)::uuid".to_owned(),
            "timestamptz" | "timestamp" => {
                format!("('2000-01-01'::{} + g * interval '1 minute')", self.data_type)
            }
            "date" => "('4000-01-01 BC'::date + g::int)".to_owned(),
            "bool" if !self.unique => "(g % 2 = 0)".to_owned(),
            "bytea" => "decode(lpad(to_hex(g::int8), 16, '0'), 'hex')".to_owned(),
            "jsonb" | "json" if !self.unique => format!("'{{}}'::{}", self.data_type),
            _ => return None,
        })
    }
}

/// Writes the statistics of a table; `pages` are those of its file, `None` where it has none.
async fn statistics(
    link: &Link,
    place: &Scratch,
    table: &Table,
    has_functions: bool,
    inherited: bool,
    pages: Option<f64>,
) -> Result<()> {
    let mut sql = "BEGIN READ WRITE; SET LOCAL lock_timeout = '5s';\n".to_owned();
    let rows = table.rows.unwrap_or(0.0);
    if let Some(pages) = pages {
        let visible = (pages * table.visible_share.unwrap_or(0.0)).round();
        sql.push_str(&relation(place, rows, pages, visible, has_functions));
    }
    for column in place.columns() {
        let known = table.columns.iter().find(|known| known.name == column.name);
        if let Some(known) = known.filter(|known| known.distinct.is_some()) {
            sql.push_str(&attribute(place, column, known, rows, inherited, has_functions));
        }
    }
    sql.push_str("COMMIT");
    match link.until_stopped(link.ask(&sql)).await {
        Ok(_) => Ok(()),
        Err(error) => {
            rolled_back(link).await?;
            Err(error)
        }
    }
}

fn relation(place: &Scratch, rows: f64, pages: f64, visible: f64, has_functions: bool) -> String {
    let name = literal(&place.quoted());
    // The planner takes the rows of an index from its table, and its pages from its file.
    let indexes = format!(
        "UPDATE pg_class SET reltuples = {rows}, relpages = greatest(1, pg_relation_size(oid) / current_setting('block_size')::int)
           WHERE oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = {name}::regclass);\n"
    );
    if has_functions {
        return format!(
            "SELECT pg_restore_relation_stats('schemaname', {}, 'relname', {}, 'relpages', {pages}::int4, \
             'reltuples', {rows}::float4, 'relallvisible', {visible}::int4);\n",
            literal(&place.schema),
            literal(&place.name)
        );
    }
    format!(
        "UPDATE pg_class SET reltuples = {rows}, relpages = {pages}, relallvisible = {visible} WHERE oid = {name}::regclass;\n{indexes}"
    )
}

fn attribute(
    place: &Scratch,
    column: &ScratchColumn,
    known: &Column,
    rows: f64,
    inherited: bool,
    has_functions: bool,
) -> String {
    let distinct = known.distinct.unwrap_or(0.0);
    // As ANALYZE does: a number that grows with the table is a share of its rows.
    let distinct =
        if distinct > rows / 10.0 { -(distinct / rows.max(1.0)).min(1.0) } else { distinct };
    let null_share = known.null_share.unwrap_or(0.0).clamp(0.0, 1.0);
    let width = known.width_bytes.unwrap_or(8.0).round();
    let values = known.common_values.as_deref().filter(|_| !known.common_shares.is_empty());
    let shares: Vec<String> = known.common_shares.iter().map(f64::to_string).collect();
    let shares = literal(&format!("{{{}}}", shares.join(",")));
    if !has_functions {
        let or_null = |text: Option<String>| text.unwrap_or_else(|| "NULL".to_owned());
        return STATISTIC
            .replace("{table}", &format!("{}::regclass", literal(&place.quoted())))
            .replace("{number}", &column.number.to_string())
            .replace("{inherited}", &inherited.to_string())
            .replace("{null_share}", &null_share.to_string())
            .replace("{width}", &width.to_string())
            .replace("{distinct}", &distinct.to_string())
            .replace("{correlation}", &or_null(known.correlation.map(|c| format!("{c}::float4"))))
            .replace("{shares}", &shares)
            .replace("{common}", &or_null(values.map(|text| format!("{}::text", literal(text)))))
            .replace(
                "{histogram}",
                &or_null(known.histogram.as_deref().map(|text| format!("{}::text", literal(text)))),
            )
            + "\n";
    }
    // What is not given would stay as it is.
    let mut sql = format!(
        "SELECT pg_clear_attribute_stats({}, {}, {}, {inherited});\n",
        literal(&place.schema),
        literal(&place.name),
        literal(&column.name)
    );
    sql.push_str(&format!(
        "SELECT pg_restore_attribute_stats('schemaname', {}, 'relname', {}, 'attname', {}, 'inherited', {inherited}, \
         'null_frac', {null_share}::float4, 'avg_width', {width}::int4, 'n_distinct', {distinct}::float4",
        literal(&place.schema),
        literal(&place.name),
        literal(&column.name)
    ));
    if let Some(correlation) = known.correlation {
        sql.push_str(&format!(", 'correlation', {correlation}::float4"));
    }
    if let Some(values) = values {
        sql.push_str(&format!(
            ", 'most_common_vals', {}::text, 'most_common_freqs', {shares}::float4[]",
            literal(values)
        ));
    }
    if let Some(histogram) = &known.histogram {
        sql.push_str(&format!(", 'histogram_bounds', {}::text", literal(histogram)));
    }
    sql.push_str(");\n");
    sql
}

/// What a snapshot without literals does not know.
fn what_is_lost(snapshot: &Snapshot) -> Option<String> {
    let columns = || snapshot.catalog.tables.iter().flat_map(|table| &table.columns);
    let has_values =
        columns().any(|column| column.common_values.is_some() || column.histogram.is_some());
    let is_known =
        snapshot.catalog.tables.iter().any(|t| t.kind == TableKind::Table && !t.columns.is_empty());
    (!has_values && is_known).then(|| {
        "the snapshot has no values, only how often they occur: ranges and comparisons with a very common \
         value are estimated by rule of thumb; collect it with --keep-literals to have them too"
            .to_owned()
    })
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string literal; `standard_conforming_strings` is on in our sessions.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

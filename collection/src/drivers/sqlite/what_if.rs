//! What-if: the schema and its statistics, without a row, in memory.
//!
//! SQLite's planner looks at the schema and at the statistics, never at the rows. So a clone of these
//! in `:memory:` plans as the original does, an index is made in no time, and the original is not
//! touched.
//!
//! The histograms (`sqlite_stat4`) stay behind. A statement from a snapshot has `'?'` for its
//! literals, a value that by the histogram occurs nowhere: SQLite would plan for no rows at all. And a
//! pretended index has no histogram, so that one with it would not be compared fairly. Where the original was never analyzed, the statistics are written from
//! what the catalog's sample found: better founded than SQLite's guess, and the same before and after.

use super::SqliteSession;
use super::catalog::{Stat1, read_stat1, stat_of};
use super::connect::{Watch, first_line};
use super::cost;
use super::database::Database;
use super::estimate::Statistics;
use super::explain::query_plan;
use crate::driver::{WhatIfAnswer, WhatIfQuestion};
use crate::error::{CollectError, ErrorKind, Result};
use planscope_explain::Engine;
use planscope_explain::formats::sqlite_query_plan::from_rows;
use planscope_explain::workload::{Catalog, Index, ddl};
use rusqlite::params;
use rusqlite::types::Value;

/// A schema with statistics and without rows.
pub(super) struct Clone {
    connection: Database,
    stat1: Stat1,
}

/// Indexes to pretend and real ones to pretend away.
type Setting<'q> = (&'q [Index], &'q [String]);

impl SqliteSession {
    /// Answers in order. Questions about the same indexes are best asked one after the other.
    pub(super) fn answer_all(
        &mut self,
        questions: &[WhatIfQuestion],
    ) -> Result<Vec<Result<WhatIfAnswer>>> {
        self.known_catalog()?;
        if self.clone.is_none() {
            self.clone = Some(self.make_clone()?);
        }
        let (Some(catalog), Some(clone)) = (&self.catalog, &self.clone) else {
            return Ok(Vec::new());
        };
        clone.answer_all(questions, catalog, &self.watch)
    }

    fn make_clone(&self) -> Result<Clone> {
        let empty = Catalog::default();
        let catalog = self.catalog.as_ref().unwrap_or(&empty);
        let mut connection = Database::own().map_err(|error| self.error(error))?;
        self.watch.attach(connection.raw()).map_err(|error| self.error(error))?;
        self.timed(|original| {
            copy_schema(original, &connection)?;
            // This makes the tables of the statistics, which are then filled.
            connection.execute_batch("ANALYZE; DELETE FROM sqlite_stat1")?;
            copy_statistics(original, &connection)?;
            add_missing_statistics(&connection, catalog)?;
            connection.execute_batch("ANALYZE sqlite_schema")
        })?;
        let stat1 = read_stat1(&connection).map_err(|error| self.error(error))?;
        Ok(Clone { connection, stat1 })
    }
}

/// Tables, then indexes, then views. What cannot be made without the application (its functions,
/// collations, virtual tables) is left out: a statement that needs it gets an error of its own.
fn copy_schema(original: &Database, clone: &Database) -> rusqlite::Result<()> {
    let sql = "SELECT sql FROM sqlite_schema
               WHERE sql IS NOT NULL AND type IN ('table', 'index', 'view')
                 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql NOT LIKE 'CREATE VIRTUAL %'
               ORDER BY type = 'view', type = 'index', rowid";
    let mut statement = original.prepare(sql)?;
    let mut rows = statement.query([])?;
    clone.execute_batch("PRAGMA foreign_keys = OFF; BEGIN")?;
    while let Some(row) = rows.next()? {
        // `execute` refuses a second statement, which a forged file could have put behind the first.
        let _ = clone.execute(row.get_ref(0)?.as_str()?, []);
    }
    clone.execute_batch("COMMIT")
}

fn copy_statistics(original: &Database, clone: &Database) -> rusqlite::Result<()> {
    // Never analyzed: there is nothing to copy.
    let Ok(mut read) = original.prepare("SELECT tbl, idx, stat FROM sqlite_stat1") else {
        return Ok(());
    };
    let mut write = clone.prepare("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)")?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        let values: [Value; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
        write.execute(values)?;
    }
    Ok(())
}

/// Writes what ANALYZE would have counted, estimated from the catalog, for what it never saw.
fn add_missing_statistics(clone: &Database, catalog: &Catalog) -> rusqlite::Result<()> {
    let stat1 = read_stat1(clone)?;
    let statistics = Statistics { catalog, stat1: &stat1, pretended: &[] };
    for table in catalog.tables.iter().filter(|table| table.rows.is_some_and(|rows| rows > 0.0)) {
        let made = |index: &&Index| !index.name.starts_with("sqlite_rowid_");
        let indexes: Vec<&Index> = catalog.indexes_of(table).filter(made).collect();
        // As ANALYZE does: an index over all rows tells the table's size, else a row of its own.
        let tells_size = indexes.iter().any(|index| index.predicate.is_none());
        if !tells_size && !statistics.is_analyzed(table) {
            let rows = format!("{:.0}", statistics.rows(table));
            let sql = "INSERT INTO sqlite_stat1 VALUES (?1, NULL, ?2)";
            clone.execute(sql, params![table.name, rows])?;
        }
        for index in indexes.into_iter().filter(|index| stat_of(&stat1, index).is_none()) {
            insert_stat1(clone, &index.table, &index.name, &statistics.stat1_of(table, index))?;
        }
    }
    Ok(())
}

pub(super) fn insert_stat1(
    connection: &Database,
    table: &str,
    index: &str,
    stat: &[f64],
) -> rusqlite::Result<usize> {
    let numbers: Vec<String> = stat.iter().map(|number| format!("{number:.0}")).collect();
    let sql = "INSERT INTO sqlite_stat1 VALUES (?1, ?2, ?3)";
    connection.execute(sql, params![table, index, numbers.join(" ")])
}

impl Clone {
    fn answer_all(
        &self,
        questions: &[WhatIfQuestion],
        catalog: &Catalog,
        watch: &Watch,
    ) -> Result<Vec<Result<WhatIfAnswer>>> {
        let mut answers = Vec::with_capacity(questions.len());
        let setting_of =
            |question: &WhatIfQuestion| (question.indexes.clone(), question.without.clone());
        for same in questions.chunk_by(|a, b| setting_of(a) == setting_of(b)) {
            watch.stop.check()?;
            let setting: Setting<'_> = (&same[0].indexes, &same[0].without);
            answers.extend(self.answer_same(same, setting, catalog, watch)?);
        }
        Ok(answers)
    }

    /// Answers questions about one setting of indexes, and leaves the clone as it was.
    fn answer_same(
        &self,
        questions: &[WhatIfQuestion],
        setting: Setting<'_>,
        catalog: &Catalog,
        watch: &Watch,
    ) -> Result<Vec<Result<WhatIfAnswer>>> {
        let internal = |error: rusqlite::Error| {
            CollectError::new(ErrorKind::Input, "the clone of the schema failed").caused_by(error)
        };
        self.connection.execute_batch("SAVEPOINT what_if").map_err(internal)?;
        let pretended = self.pretend(setting, catalog);
        let answer = |question: &WhatIfQuestion| match &pretended {
            Ok(stat1) => {
                watch.stop.check()?;
                self.answer(question, stat1, catalog)
            }
            Err(message) => Err(CollectError::new(ErrorKind::Input, message)),
        };
        let answers = questions.iter().map(answer).collect();
        let undo = "ROLLBACK TO what_if; RELEASE what_if";
        self.connection.execute_batch(undo).map_err(internal)?;
        Ok(answers)
    }

    /// Makes and drops indexes; the statistics as they are then, or why it cannot be done.
    fn pretend(
        &self,
        (indexes, without): Setting<'_>,
        catalog: &Catalog,
    ) -> std::result::Result<Stat1, String> {
        let statistics = Statistics { catalog, stat1: &self.stat1, pretended: &[] };
        for name in without {
            let drop = format!("DROP INDEX {}", Engine::Sqlite.quoted(name));
            let dropped = self.connection.execute_batch(&drop);
            dropped
                .map_err(|error| format!("cannot pretend {name} away: {}", first_line(&error)))?;
        }
        let mut stat1 = self.stat1.clone();
        for index in indexes {
            let failed = |error| format!("cannot pretend {}: {}", index.name, first_line(&error));
            let table = catalog.table(index.schema.as_deref(), &index.table);
            let table = table.ok_or_else(|| format!("there is no table {}", index.table))?;
            let create = ddl::create_index(Engine::Sqlite, index);
            self.connection.execute(&create, []).map_err(failed)?;
            let stat = statistics.stat1_of(table, index);
            insert_stat1(&self.connection, &table.name, &index.name, &stat).map_err(failed)?;
            stat1.insert((table.name.clone(), Some(index.name.clone())), stat);
        }
        let loaded = self.connection.execute_batch("ANALYZE sqlite_schema");
        loaded.map_err(|error| first_line(&error))?;
        Ok(stat1)
    }

    fn answer(
        &self,
        question: &WhatIfQuestion,
        stat1: &Stat1,
        catalog: &Catalog,
    ) -> Result<WhatIfAnswer> {
        let rows = query_plan(&self.connection, &question.sql).map_err(|error| {
            let message = format!("the statement cannot be planned: {}", first_line(&error));
            CollectError::new(ErrorKind::Input, message)
        })?;
        let plan = from_rows(&rows)
            .map_err(|error| CollectError::new(ErrorKind::Input, error.to_string()))?;
        let statistics = Statistics { catalog, stat1, pretended: &question.indexes };
        let plan = cost::annotate(plan, &statistics, &question.sql);
        let size = |index: &Index| {
            let table = catalog.table(index.schema.as_deref(), &index.table)?;
            Some(statistics.size_bytes(table, index))
        };
        Ok(WhatIfAnswer {
            cost: plan.root().estimate.total_cost,
            sizes_bytes: question.indexes.iter().map(size).collect(),
            plan,
        })
    }
}

//! Asks for tables: for all of the target's at once, or for some by their names.
//!
//! MariaDB's information_schema opens every table of a schema to answer, unless schema and table are each
//! compared with one constant: then only that table is opened (`Scanned 0 databases` in its EXPLAIN).

use super::super::link::{Link, Row, literal};
use super::super::statements::SYSTEM;
use crate::error::{ErrorKind, Result};
use crate::wanted::{self, Case, Chosen, Late, Name, Wanted};
use planscope_explain::Engine;
use std::collections::BTreeMap;

const NAMES: &str = include_str!("../../sql/mysql/table_names.sql");

/// Most tables of a target that are all looked at. Measured with 10,000 tables on two busy cores: MariaDB
/// opens them anew for each of five questions, 23 s in all; MySQL reads its dictionary, 4 s in all.
const WHOLE_MARIADB: usize = 1000;
const WHOLE_MYSQL: usize = 5000;

/// Most single lookups put together in one question: more make none faster.
const PART_OF_LOOKUPS: usize = 50;

/// Most names of a list. The servers mostly read all names of a schema and look each up in the list, so
/// that fewer questions are better; from 1000 on MariaDB makes a subquery of it.
const PART_OF_LIST: usize = 900;

/// The table of a partition in InnoDB's statistics. Ranges would be found in the index, but MySQL takes
/// those tables for small and compares every row with every range: 4 s for 200 tables of 10,000.
const WITH_PARTITIONS: &str = "SUBSTRING_INDEX(SUBSTRING_INDEX(table_name, '#P#', 1), '#p#', 1)";

/// How a source knows its tables: the columns that hold schema and table.
#[derive(Clone, Copy)]
pub(super) enum Source {
    /// A table of information_schema that MariaDB fills by opening tables.
    Opens,
    /// Any other.
    Plain(&'static str, &'static str),
    /// Statistics of InnoDB, which have partitions under names that begin with the table's.
    InnoDb,
}

/// The tables that are asked for.
pub(super) enum Scope {
    /// All of the target's.
    Whole,
    /// Some.
    Named(Vec<Name>),
}

/// The questions of a catalog.
pub(super) struct Asking<'l> {
    pub link: &'l mut Link,
    pub scope: Scope,
    pub left_out: usize,
    pub limit: usize,
    pub late: Late,
}

impl<'l> Asking<'l> {
    /// Chooses the tables, by their names: that opens none.
    pub async fn begin(link: &'l mut Link, wanted: &Wanted, limit: Option<usize>) -> Result<Self> {
        let limit = limit.unwrap_or(match link.facts.engine {
            Engine::Mariadb => WHOLE_MARIADB,
            _ => WHOLE_MYSQL,
        });
        let sql = NAMES.replace("{tables}", &schemas(link, "TABLE_SCHEMA"));
        let mut asking =
            Self { link, scope: Scope::Whole, left_out: 0, limit, late: Late::default() };
        match asking.link.ask(&sql).await {
            Ok(rows) => asking.choose(rows.iter().map(super::name).collect(), wanted),
            Err(error) if error.kind == ErrorKind::Timeout => {
                asking.late.add("the names of the tables", &error.message);
                let database = asking.link.facts.database.as_deref();
                asking.scope = Scope::Named(wanted::unlisted(wanted, database));
            }
            Err(error) => return Err(error),
        }
        Ok(asking)
    }

    fn choose(&mut self, names: Vec<Name>, wanted: &Wanted) {
        let Chosen { names, left_out } =
            wanted::choose(names, wanted, self.limit, Case::MayNotMatter);
        self.left_out = left_out;
        if left_out > 0 {
            self.scope = Scope::Named(names);
        }
    }

    /// The rows of a query about the tables. What takes too long is said, and asked no more.
    pub async fn rows(&mut self, what: &str, sql: &str, source: Source) -> Result<Vec<Row>> {
        let mut all = Vec::new();
        for text in self.texts(sql, source) {
            if self.late.is_over() {
                break;
            }
            match self.link.ask(&text).await {
                Ok(rows) => all.extend(rows),
                Err(error) if error.kind == ErrorKind::Timeout => {
                    self.late.add(what, &error.message);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// As [`Asking::rows`]; nothing when the server lacks the source or we lack the privilege.
    pub async fn rows_if_allowed(
        &mut self,
        what: &str,
        sql: &str,
        source: Source,
    ) -> Result<Vec<Row>> {
        match self.rows(what, sql, source).await {
            Err(error) if super::super::errors::matters_to_all(&error) => Err(error),
            rows => Ok(rows.unwrap_or_default()),
        }
    }

    fn texts(&self, sql: &str, source: Source) -> Vec<String> {
        let (schema, table) = source.columns();
        let Scope::Named(names) = &self.scope else {
            return vec![sql.replace("{tables}", &schemas(self.link, schema))];
        };
        if let (Source::Opens, Engine::Mariadb) = (source, self.link.facts.engine) {
            return names.chunks(PART_OF_LOOKUPS).map(|part| lookups(sql, part)).collect();
        }
        let mut of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (schema, name) in names {
            of.entry(schema).or_default().push(name);
        }
        let parts = of.iter().flat_map(|(schema, names)| {
            names.chunks(PART_OF_LIST).map(move |part| (*schema, part))
        });
        let condition = |(name, part): (&str, &[&str])| {
            format!("{schema} = {} AND {table} IN ({})", literal(name), comma(part))
        };
        parts.map(|part| sql.replace("{tables}", &condition(part))).collect()
    }
}

impl Source {
    fn columns(self) -> (&'static str, &'static str) {
        match self {
            Self::Opens => ("TABLE_SCHEMA", "TABLE_NAME"),
            Self::Plain(schema, table) => (schema, table),
            Self::InnoDb => ("database_name", WITH_PARTITIONS),
        }
    }
}

/// The target's database, or all schemas that are not the server's own.
fn schemas(link: &Link, column: &str) -> String {
    match &link.facts.database {
        Some(database) => format!("{column} = {}", literal(database)),
        None => format!("{column} NOT IN ({SYSTEM})"),
    }
}

/// One lookup for each table, put together; in the query's order.
fn lookups(sql: &str, names: &[Name]) -> String {
    let (query, order) = sql.split_once(" ORDER BY ").unwrap_or((sql, "db, name"));
    let one = |(schema, name): &Name| {
        let is_it =
            format!("TABLE_SCHEMA = {} AND TABLE_NAME = {}", literal(schema), literal(name));
        format!("({})", query.trim_end().replace("{tables}", &is_it))
    };
    let all: Vec<String> = names.iter().map(one).collect();
    format!("{}\n ORDER BY {order}", all.join("\nUNION ALL\n"))
}

fn comma(names: &[&str]) -> String {
    let all: Vec<String> = names.iter().map(|name| literal(name)).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookups_are_single_and_ordered_together() {
        let names = [("a".to_owned(), "b'c".to_owned()), ("a".to_owned(), "d".to_owned())];
        let text =
            lookups("SELECT x AS db\n FROM y\n WHERE {tables} AND z\n ORDER BY db\n", &names);
        let one = |name: &str| {
            format!(
                "(SELECT x AS db\n FROM y\n WHERE TABLE_SCHEMA = _utf8mb4 X'61' AND TABLE_NAME = \
                 _utf8mb4 X'{name}' AND z)"
            )
        };
        assert_eq!(text, format!("{}\nUNION ALL\n{}\n ORDER BY db\n", one("622763"), one("64")));
    }

    #[test]
    fn every_query_takes_names_and_those_that_open_tables_an_order_by_alias() {
        for sql in super::super::OPENING {
            assert_eq!(sql.matches("{tables}").count(), 1, "{sql}");
            let (_, order) = sql.split_once(" ORDER BY ").unwrap();
            for column in order.split(',') {
                assert!(column == "db" || sql.contains(&format!(" AS {}", column.trim())), "{sql}");
            }
        }
    }
}

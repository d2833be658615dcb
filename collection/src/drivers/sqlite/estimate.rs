//! Estimated rows: how many rows of a table a set of conditions leaves.
//!
//! The answer depends on the conditions and never on the path by which the rows are found, so that
//! the costs before and after a pretended index can be compared. Where the same columns lead an index
//! that ANALYZE counted, its average key is taken; other columns count as independent. Ranges are
//! taken as SQLite takes them without a histogram: a quarter for one bound, a 64th for two.

use super::catalog::{Stat1, analyzed_rows, stat_of};
use planscope_explain::Engine;
use planscope_explain::workload::query::{Comparison, Operand, Predicate, Query, Scope};
use planscope_explain::workload::{Catalog, Column, Index, Table};

/// SQLite's own guess at a table that was never analyzed (2²⁰).
const UNKNOWN_ROWS: f64 = 1_048_576.0;
/// SQLite's own guess at the rows of one key of an index that was never analyzed.
const UNKNOWN_ROWS_PER_KEY: f64 = 10.0;
/// Share of the rows that a pattern or another unknown condition leaves.
const UNKNOWN_SHARE: f64 = 0.25;

/// What is known of the tables, their keys and the pretended indexes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statistics<'a> {
    pub catalog: &'a Catalog,
    pub stat1: &'a Stat1,
    pub pretended: &'a [Index],
}

/// A condition on one table's column, as far as it matters for the number of rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter {
    /// The column; `None` when it is wrapped in an expression.
    pub column: Option<String>,
    pub kind: FilterKind,
    /// The alias whose column it is compared with.
    pub other: Option<String>,
}

/// What a condition does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum FilterKind {
    /// One of so many values.
    Equal(f64),
    /// Bounded on one side.
    Bound,
    /// Bounded on both sides.
    Between,
    Null,
    NotNull,
    /// Leaves that share.
    Share(f64),
}

impl<'a> Statistics<'a> {
    pub(super) fn rows(&self, table: &Table) -> f64 {
        table.rows.unwrap_or(UNKNOWN_ROWS).max(1.0)
    }

    /// Whether the planner that made the plan knew the table's size.
    pub(super) fn is_analyzed(&self, table: &Table) -> bool {
        analyzed_rows(self.stat1, &table.name).is_some()
    }

    /// The index of that name, real or pretended.
    pub(super) fn index(&self, name: &str) -> Option<&'a Index> {
        let pretended = self.pretended.iter().find(|index| index.name == name);
        pretended.or_else(|| self.catalog.index(name))
    }

    /// The column that is the table's rowid.
    pub(super) fn rowid_column(&self, table: &Table) -> Option<&'a str> {
        let name = format!("sqlite_rowid_{}", table.name);
        self.catalog.index(&name)?.leading_columns().next()
    }

    /// Average rows of the table with one value in each of the columns, for a key that exists.
    pub(super) fn matching(&self, table: &Table, columns: &[&str]) -> f64 {
        self.expected(table, columns).max(1.0)
    }

    /// Average rows with one value in each of the columns; less than one when there may be none.
    fn expected(&self, table: &Table, columns: &[&str]) -> f64 {
        let rows = self.rows(table);
        let has = |name: &str| columns.iter().any(|column| column.eq_ignore_ascii_case(name));
        let mut best = (0, self.independent(table, columns, |_| false) * rows);
        for index in self.catalog.indexes_of(table).filter(|index| index.predicate.is_none()) {
            let leading: Vec<&str> = index.leading_columns().take_while(|name| has(name)).collect();
            let is_leading = |name: &str| leading.iter().any(|l| l.eq_ignore_ascii_case(name));
            let others = self.independent(table, columns, is_leading);
            if index.unique && leading.len() == index.keys.len() && !leading.is_empty() {
                return others;
            }
            let counted = stat_of(self.stat1, index).and_then(|stat| stat.get(leading.len()));
            if let Some(average) = counted.filter(|_| leading.len() > best.0) {
                best = (leading.len(), average * others);
            }
        }
        best.1.min(rows)
    }

    /// Share of the rows with one value in each of the columns that are not `known`.
    fn independent(&self, table: &Table, columns: &[&str], known: impl Fn(&str) -> bool) -> f64 {
        let rows = self.rows(table);
        let share = |name: &&str| match table.column(name) {
            Some(column) => equal_share(column, rows),
            None => (UNKNOWN_ROWS_PER_KEY / rows).min(1.0),
        };
        columns.iter().filter(|name| !known(name)).map(share).product()
    }

    /// Rows of the table that all the filters leave; may be less than one.
    pub(super) fn filtered(&self, table: &Table, filters: &[&Filter]) -> f64 {
        let (mut equal, mut values, mut share) = (Vec::<&str>::new(), 1.0, 1.0);
        let mut bounded: Vec<(&str, u32)> = Vec::new();
        for filter in filters {
            let column = filter.column.as_deref();
            match (filter.kind, column) {
                (FilterKind::Equal(many), Some(name)) => {
                    if !equal.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                        equal.push(name);
                        values *= many;
                    }
                }
                (FilterKind::Bound, Some(name)) => add_bound(&mut bounded, name, 1),
                (FilterKind::Between, Some(name)) => add_bound(&mut bounded, name, 2),
                (kind, name) => share *= other_share(kind, name.and_then(|n| table.column(n))),
            }
        }
        for (_, bounds) in &bounded {
            share *= if *bounds > 1 { 1.0 / 64.0 } else { 0.25 };
        }
        let matching =
            if equal.is_empty() { self.rows(table) } else { self.expected(table, &equal) };
        (matching * values).min(self.rows(table)) * share
    }

    /// The numbers that ANALYZE would write for an index: its rows, then the average rows of each
    /// prefix of its key.
    pub(super) fn stat1_of(&self, table: &Table, index: &Index) -> Vec<f64> {
        let all = self.rows(table);
        let rows = match &index.predicate {
            Some(predicate) => (all * self.predicate_share(table, predicate)).ceil().max(1.0),
            None => all,
        };
        let mut stat = vec![rows];
        let mut last = rows;
        for prefix in 1..=index.keys.len() {
            let columns: Vec<&str> = index.keys[..prefix].iter().map(|key| key.text()).collect();
            let keys = (all / self.matching(table, &columns)).clamp(1.0, rows);
            let is_whole = index.unique && prefix == index.keys.len();
            last = if is_whole { 1.0 } else { (rows / keys).ceil().clamp(1.0, last) };
            stat.push(last);
        }
        stat
    }

    /// Share of the rows in a partial index; a tenth when its predicate cannot be read.
    fn predicate_share(&self, table: &Table, predicate: &str) -> f64 {
        let read = planscope_explain::workload::query::read_condition(predicate, Engine::Sqlite);
        if read.is_empty() {
            return 0.1;
        }
        let filters: Vec<Filter> = read.iter().map(filter).collect();
        let filters: Vec<&Filter> = filters.iter().collect();
        (self.filtered(table, &filters) / self.rows(table)).clamp(0.0, 1.0)
    }

    /// Bytes of an index with that many rows: keys, rowid and headers on nearly full pages.
    pub(super) fn size_bytes(&self, table: &Table, index: &Index) -> f64 {
        let rows = self.stat1_of(table, index).first().copied().unwrap_or(0.0);
        let width = |name: &str| table.column(name).and_then(|c| c.width_bytes).unwrap_or(8.0);
        let keys: f64 = index.keys.iter().map(|key| width(key.text()) + 1.0).sum();
        // Rowid of 3 bytes and its type, length of record and header, the page's pointer to the cell.
        (rows * (keys + 3.0 + 1.0 + 2.0 + 2.0) * 1.06).ceil()
    }

    /// Width of a row of an index as a share of its table's, at most 1.
    pub(super) fn relative_width(&self, table: &Table, index: &Index) -> f64 {
        let width = |column: &Column| column.width_bytes.unwrap_or(8.0) + 1.0;
        let all: f64 = table.columns.iter().map(width).sum();
        let keys: f64 =
            index.keys.iter().filter_map(|k| table.column(k.text())).map(width).sum::<f64>() + 4.0;
        (keys / all.max(1.0)).min(1.0)
    }
}

fn equal_share(column: &Column, rows: f64) -> f64 {
    let known = 1.0 - column.null_share.unwrap_or(0.0);
    let per_key = UNKNOWN_ROWS_PER_KEY / rows;
    column.distinct.map_or(per_key, |distinct| known / distinct.max(1.0)).min(1.0)
}

fn add_bound<'f>(bounded: &mut Vec<(&'f str, u32)>, name: &'f str, bounds: u32) {
    match bounded.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        Some((_, count)) => *count += bounds,
        None => bounded.push((name, bounds)),
    }
}

fn other_share(kind: FilterKind, column: Option<&Column>) -> f64 {
    let nulls = column.and_then(|column| column.null_share);
    match kind {
        FilterKind::Share(share) => share,
        FilterKind::Null => nulls.unwrap_or(0.1),
        FilterKind::NotNull => 1.0 - nulls.unwrap_or(0.1),
        // Wrapped in an expression: of its values nothing is known.
        FilterKind::Equal(many) => (0.1 * many).min(1.0),
        FilterKind::Bound => 0.25,
        FilterKind::Between => 1.0 / 64.0,
    }
}

/// The filters of a statement, one list for each of its query levels.
#[derive(Debug, Default)]
pub(super) struct Filters {
    /// Alias, the place of its scope, and the filter.
    found: Vec<(String, usize, Filter)>,
    /// Aliases of each scope.
    scopes: Vec<Vec<String>>,
}

impl Filters {
    /// Reads the statement; `None` when it cannot be read.
    pub(super) fn read(sql: &str, catalog: &Catalog) -> Option<Self> {
        let query = Query::read(sql, Engine::Sqlite)?;
        let mut filters = Self::default();
        for (place, scope) in query.scopes.iter().enumerate() {
            filters.scopes.push(scope.tables.iter().map(|table| table.alias.clone()).collect());
            for predicate in &scope.predicates {
                filters.add(place, scope, predicate, catalog);
            }
        }
        Some(filters)
    }

    fn add(&mut self, place: usize, scope: &Scope, predicate: &Predicate, catalog: &Catalog) {
        let own = alias_of(scope, &predicate.column, catalog);
        let own_filter = filter(predicate);
        if let Operand::Column(other) = &predicate.value {
            let other_alias = alias_of(scope, other, catalog).or_else(|| other.qualifier.clone());
            if let (Comparison::Equal, Some(alias)) = (predicate.operator, &other_alias) {
                let mirrored = Filter {
                    column: Some(other.name.clone()),
                    kind: FilterKind::Equal(1.0),
                    other: own.clone().or_else(|| predicate.column.qualifier.clone()),
                };
                self.found.push((alias.clone(), place, mirrored));
            }
            if let Some(alias) = own {
                self.found.push((alias, place, Filter { other: other_alias, ..own_filter }));
            }
        } else if let Some(alias) = own {
            self.found.push((alias, place, own_filter));
        }
    }

    /// The filters on the `occurrence`th loop over `alias`, given the aliases that come after it in
    /// its nest of loops: what is compared with those is not known yet.
    pub(super) fn of(&self, alias: &str, occurrence: usize, later: &[&str]) -> Vec<&Filter> {
        let has_it = |aliases: &Vec<String>| aliases.iter().any(|a| a.eq_ignore_ascii_case(alias));
        let scopes: Vec<usize> =
            (0..self.scopes.len()).filter(|&place| has_it(&self.scopes[place])).collect();
        let Some(place) = scopes.get(occurrence).or(scopes.last()) else { return Vec::new() };
        let is_known = |filter: &Filter| {
            let other = filter.other.as_deref();
            !other.is_some_and(|o| later.iter().any(|l| l.eq_ignore_ascii_case(o)))
        };
        let fits = |(of, scope, filter): &&(String, usize, Filter)| {
            of.eq_ignore_ascii_case(alias) && scope == place && is_known(filter)
        };
        self.found.iter().filter(fits).map(|(_, _, filter)| filter).collect()
    }
}

fn alias_of(
    scope: &Scope,
    column: &planscope_explain::workload::query::ColumnRef,
    catalog: &Catalog,
) -> Option<String> {
    let fits = |table: &&planscope_explain::workload::query::TableUse| match &column.qualifier {
        Some(qualifier) => table.alias.eq_ignore_ascii_case(qualifier),
        None => catalog
            .table(None, &table.name)
            .is_some_and(|described| described.column(&column.name).is_some()),
    };
    scope.tables.iter().find(fits).map(|table| table.alias.clone())
}

fn filter(predicate: &Predicate) -> Filter {
    let kind = match predicate.operator {
        Comparison::Equal => FilterKind::Equal(1.0),
        // SQLite's own guess at the length of a list that is a subquery.
        Comparison::In(count) => FilterKind::Equal(count.map_or(25.0, f64::from)),
        Comparison::Less | Comparison::Greater => FilterKind::Bound,
        Comparison::Between | Comparison::Prefix => FilterKind::Between,
        Comparison::IsNull => FilterKind::Null,
        Comparison::IsNotNull => FilterKind::NotNull,
        Comparison::NotEqual => FilterKind::Share(0.9),
        Comparison::Pattern
        | Comparison::LikeUnknown
        | Comparison::Contains
        | Comparison::Other => FilterKind::Share(UNKNOWN_SHARE),
    };
    let column = predicate.wrapped.is_none().then(|| predicate.column.name.clone());
    Filter { column, kind, other: None }
}

/// The filters that a row of EXPLAIN QUERY PLAN shows: `(a=? AND b>? AND b<?)`.
pub(super) fn filters_of_bounds(text: &str, rowid: Option<&str>) -> Vec<Filter> {
    let inner = text.trim().trim_start_matches('(').trim_end_matches(')');
    let read = |term: &str| {
        let at = term.find(['=', '<', '>'])?;
        let name = if &term[..at] == "rowid" { rowid? } else { &term[..at] };
        let kind =
            if term.as_bytes()[at] == b'=' { FilterKind::Equal(1.0) } else { FilterKind::Bound };
        Some(Filter { column: Some(name.to_owned()), kind, other: None })
    };
    inner.split(" AND ").filter_map(read).collect()
}

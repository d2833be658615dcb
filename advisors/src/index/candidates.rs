//! Candidates: the indexes that a statement could use, read off its text and its plan.
//!
//! Per table and query level: equality columns, then either the sort columns or one range, as a
//! B-tree can use them. The selector decides among them; this file only has to name the good ones
//! and few bad ones.

use super::{expression, name_for, redundancy};
use crate::context::{StatementContext, is_hidden_by_cast, selectivity};
use planscope_explain::Engine;
use planscope_explain::plan::Operator;
use planscope_explain::workload::query::{
    ColumnRef, Comparison, Operand, OrderKey, Predicate, Scope, TableUse,
};
use planscope_explain::workload::{Index, IndexKey, Table};
use std::collections::BTreeSet;
use std::slice::from_ref;

/// Most key columns of a candidate: every further column costs space and writes and filters little.
pub const MAX_KEY_COLUMNS: usize = 4;

/// Most payload columns of a covering candidate.
const MAX_PAYLOAD_COLUMNS: usize = 3;

/// Fewest distinct values of a column for an index on an expression of it.
const LEAST_VALUES: f64 = 20.0;

/// Most bytes of a payload: an index that carries texts is soon as large as the table.
const MAX_PAYLOAD_BYTES: f64 = 48.0;

/// What one query level asks of one table.
#[derive(Debug, Default, Clone)]
pub struct Wants {
    /// Keys pinned by constants, the most selective first.
    pub equal: Vec<IndexKey>,
    /// Keys pinned by another table's row.
    pub join: Vec<IndexKey>,
    /// Keys bounded by a range, the most selective first.
    pub range: Vec<IndexKey>,
    /// Columns it sorts by; empty when the order is not this table's alone.
    pub order: Vec<OrderKey>,
    /// Columns it groups by; empty when they are not this table's alone.
    pub group: Vec<String>,
    /// Columns of which only the least or the greatest value is wanted.
    pub extremes: Vec<String>,
    /// All columns it reads; `None` when it reads them all.
    pub columns: Option<BTreeSet<String>>,
    /// Whether only the first rows are wanted.
    pub limited: bool,
}

/// An index that a statement could use.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The index.
    pub index: Index,
    /// Whether some of its columns are there only to save the visit of the table.
    pub covering: bool,
}

/// The candidates for a statement, without those that an existing index already serves.
pub fn of_statement(context: &StatementContext<'_>, least_rows: f64) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let scopes = context.query.as_ref().map_or(&[][..], |query| &query.scopes);
    for scope in scopes {
        for used in &scope.tables {
            let Some(table) = context.catalog.table(used.schema.as_deref(), &used.name) else {
                continue;
            };
            if table.rows.is_some_and(|rows| rows < least_rows) {
                continue;
            }
            for arm in arms(scope) {
                let wants = wants(context, &arm, used, table);
                add_all(context, table, &wants, &mut found);
            }
        }
    }
    if scopes.is_empty() {
        add_from_plan(context, least_rows, &mut found);
    }
    found
}

/// The best single index for the rows that one scan must find: what a rule proposes on its own;
/// `None` where it is there already.
pub fn for_filters(
    context: &StatementContext<'_>,
    table: &Table,
    filters: &[Predicate],
    order: &[OrderKey],
) -> Option<Index> {
    let mut wants = Wants::default();
    sort_out(context.engine, table, filters.iter(), &mut wants);
    let pinned = wants.equal.iter().chain(&wants.join);
    let mut keys: Vec<IndexKey> = pinned.take(MAX_KEY_COLUMNS).cloned().collect();
    if keys.len() < MAX_KEY_COLUMNS && wants.range.is_empty() && !order.is_empty() {
        keys.extend(order.iter().map(order_key).take(MAX_KEY_COLUMNS - keys.len()));
    } else if keys.len() < MAX_KEY_COLUMNS {
        keys.extend(wants.range.first().cloned());
    }
    dedup(&mut keys);
    let index = (!keys.is_empty()).then(|| build(context, table, keys, Vec::new()))?;
    let covers = |existing: &Index| redundancy::covered(context.engine, &index, existing).is_some();
    (!context.catalog.indexes.iter().any(covers)).then_some(index)
}

/// The scope itself, and for each OR a copy of it with one arm added: an index for each arm lets
/// the planner combine them.
fn arms(scope: &Scope) -> Vec<Scope> {
    let mut all = vec![scope.clone()];
    for arm in scope.alternatives.iter().flatten() {
        let mut with_arm = scope.clone();
        with_arm.predicates.extend(arm.iter().cloned());
        all.push(with_arm);
    }
    all
}

/// What `scope` asks of `used`.
pub fn wants(
    context: &StatementContext<'_>,
    scope: &Scope,
    used: &TableUse,
    table: &Table,
) -> Wants {
    let mine = |column: &ColumnRef| context.belongs(column, &used.alias, scope);
    let mirrored = mirrored(&scope.predicates);
    let own = scope.predicates.iter().chain(&mirrored).filter(|p| mine(&p.column));
    let mut wants = Wants { limited: scope.limit.is_some(), ..Wants::default() };
    sort_out(context.engine, table, own, &mut wants);
    if let Some(order) = scope.order_by.as_ref().filter(|o| o.iter().all(|k| mine(&k.column))) {
        let is_free = |key: &&OrderKey| !has_column(&wants.equal, &key.column.name);
        wants.order = order.iter().filter(is_free).cloned().collect();
    }
    if scope.group_by.iter().all(mine) {
        wants.group = scope.group_by.iter().map(|c| c.name.clone()).collect();
    }
    let extremes = scope.extremes.iter().filter(|c| mine(c) && scope.group_by.is_empty());
    wants.extremes = extremes.map(|c| column_name(table, &c.name)).collect();
    wants.columns = scope
        .columns
        .as_ref()
        .map(|columns| columns.iter().filter(|c| mine(c)).map(|c| c.name.clone()).collect());
    wants
}

/// Each `a.x = b.y` also read as `b.y = a.x`.
fn mirrored(predicates: &[Predicate]) -> Vec<Predicate> {
    let mirror = |p: &Predicate| match &p.value {
        Operand::Column(other) => Some(Predicate {
            column: other.clone(),
            value: Operand::Column(p.column.clone()),
            // The wrapping is around the left column; the right one stands bare.
            wrapped: None,
            ..p.clone()
        }),
        _ => None,
    };
    predicates.iter().filter_map(mirror).collect()
}

/// Puts each predicate that an index can use where it belongs, the most selective first.
fn sort_out<'p>(
    engine: Engine,
    table: &Table,
    predicates: impl Iterator<Item = &'p Predicate>,
    wants: &mut Wants,
) {
    let mut usable: Vec<(&Predicate, f64)> = predicates
        .filter(|p| table.columns.is_empty() || table.column(&p.column.name).is_some())
        .map(|p| (p, selectivity(table, p).unwrap_or(0.5)))
        .collect();
    usable.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    for (predicate, _) in usable {
        let list = match (&predicate.value, predicate.operator) {
            (Operand::Column(_), op) if op.is_equality() => &mut wants.join,
            (Operand::Column(_), _) => continue,
            (_, op) if op.is_equality() => &mut wants.equal,
            (_, op) if op.is_range() => &mut wants.range,
            _ => continue,
        };
        for key in keys_for(engine, table, predicate) {
            if !list.contains(&key) {
                list.push(key);
            }
        }
    }
    let Wants { equal, join, range, .. } = wants;
    let is_pinned = |key: &IndexKey| equal.iter().any(|pinned| pinned.text() == key.text());
    join.retain(|key| !is_pinned(key));
    range.retain(|key| !is_pinned(key));
}

/// The keys by which an index could find the rows of `predicate`, the surest first.
fn keys_for(engine: Engine, table: &Table, predicate: &Predicate) -> Vec<IndexKey> {
    let plain = match &predicate.wrapped {
        None if is_hidden_by_cast(table, predicate) => return Vec::new(),
        None => IndexKey::column(column_name(table, &predicate.column.name)),
        Some(text) => {
            let column = table.column(&predicate.column.name);
            // Of an expression the planner has no statistics before the index is there, and takes
            // it for selective: that it is must be seen by the column.
            let values = column.and_then(|column| column.distinct);
            let is_coarse = values.is_some_and(|values| values < LEAST_VALUES);
            if is_coarse || !expression::is_indexable(engine, text, column) {
                return Vec::new();
            }
            IndexKey { expression: Some(text.clone()), ..IndexKey::default() }
        }
    };
    if predicate.operator != Comparison::Prefix {
        return vec![plain];
    }
    match engine {
        // A B-tree in the order of a language does not hold the strings of one prefix together;
        // only where the database's collation is C the plain one does.
        Engine::Postgres => {
            let class = Some("text_pattern_ops".to_owned());
            vec![IndexKey { operator_class: class, ..plain.clone() }, plain]
        }
        // LIKE takes upper and lower case for the same there, GLOB does not.
        Engine::Sqlite => {
            let collation = Some("NOCASE".to_owned());
            vec![IndexKey { collation, ..plain.clone() }, plain]
        }
        _ => vec![plain],
    }
}

fn has_column(keys: &[IndexKey], name: &str) -> bool {
    keys.iter().any(|key| key.column.as_deref() == Some(name))
}

/// The name as the catalog writes it.
fn column_name(table: &Table, name: &str) -> String {
    table.column(name).map_or_else(|| name.to_owned(), |column| column.name.clone())
}

fn key(column: &str) -> IndexKey {
    IndexKey::column(column)
}

fn order_key(key: &OrderKey) -> IndexKey {
    IndexKey {
        descending: key.descending,
        nulls_first: key.nulls_first,
        ..IndexKey::column(key.column.name.clone())
    }
}

fn add_all(
    context: &StatementContext<'_>,
    table: &Table,
    wants: &Wants,
    found: &mut Vec<Candidate>,
) {
    let Wants { equal, join, .. } = wants;
    let mut tails: Vec<Vec<IndexKey>> = vec![Vec::new()];
    tails.extend(wants.range.iter().map(|key| vec![key.clone()]));
    if wants.limited || !equal.is_empty() || !join.is_empty() {
        tails.push(wants.order.iter().map(order_key).collect());
    }
    // Groups of the whole table have to read it, with or without an index.
    if wants.limited || !equal.is_empty() || !join.is_empty() || !wants.range.is_empty() {
        tails.push(wants.group.iter().map(|column| key(column)).collect());
    }
    tails.extend(wants.extremes.iter().map(|column| vec![key(column)]));
    let mut heads: Vec<Vec<IndexKey>> = vec![equal.clone()];
    heads.extend(join.iter().map(|key| vec![key.clone()]));
    heads.extend(join.iter().map(|key| [&equal[..], from_ref(key)].concat()));
    heads.extend(join.iter().map(|key| [from_ref(key), &equal[..]].concat()));
    heads.push(join.clone());
    heads.extend(equal.iter().map(|key| vec![key.clone()]));
    // Each pinned column in the first place: what it shares with other statements, or with an
    // index that is there, may weigh more than how selective it is.
    heads.extend(equal.iter().map(|key| [from_ref(key), &equal[..]].concat()));
    for head in &heads {
        for tail in &tails {
            add(context, table, [&head[..], &tail[..]].concat(), wants, found);
        }
    }
}

/// Adds an index on `keys`, and one that also covers the level where few columns are missing.
fn add(
    context: &StatementContext<'_>,
    table: &Table,
    mut keys: Vec<IndexKey>,
    wants: &Wants,
    found: &mut Vec<Candidate>,
) {
    dedup(&mut keys);
    keys.truncate(MAX_KEY_COLUMNS);
    if keys.is_empty() {
        return;
    }
    let payload = payload(table, wants, &keys);
    let plain = build(context, table, keys.clone(), Vec::new());
    push(context, Candidate { index: plain, covering: false }, found);
    let Some(payload) = payload else { return };
    let index = if context.engine.info().include_columns {
        build(context, table, keys, payload)
    } else {
        let longer = keys.into_iter().chain(payload.iter().map(|column| key(column))).collect();
        build(context, table, longer, Vec::new())
    };
    push(context, Candidate { index, covering: true }, found);
}

/// The columns that an index on `keys` lacks to answer the level alone, when they are few and
/// narrow, and the keys are columns as they are.
fn payload(table: &Table, wants: &Wants, keys: &[IndexKey]) -> Option<Vec<String>> {
    let is_bare = |key: &IndexKey| key.column.is_some() && key.operator_class.is_none();
    let missing: Vec<String> =
        wants.columns.as_ref()?.iter().filter(|c| !has_column(keys, c)).cloned().collect();
    let width = |name: &String| table.column(name).and_then(|column| column.width_bytes);
    let bytes: f64 = missing.iter().filter_map(width).sum();
    let fits = !missing.is_empty() && missing.len() <= MAX_PAYLOAD_COLUMNS;
    (fits && bytes <= MAX_PAYLOAD_BYTES && keys.iter().all(is_bare)).then_some(missing)
}

fn push(context: &StatementContext<'_>, candidate: Candidate, found: &mut Vec<Candidate>) {
    let Candidate { index, covering } = &candidate;
    let same = |other: &&mut Candidate| {
        other.index.table == index.table
            && other.index.schema == index.schema
            && other.index.keys == index.keys
            && other.index.include == index.include
    };
    if let Some(other) = found.iter_mut().find(same) {
        other.covering &= covering;
        return;
    }
    let covers = |existing: &Index| redundancy::covered(context.engine, index, existing).is_some();
    if !context.catalog.indexes.iter().any(covers) {
        found.push(candidate);
    }
}

fn build(
    context: &StatementContext<'_>,
    table: &Table,
    keys: Vec<IndexKey>,
    include: Vec<String>,
) -> Index {
    let mut index = Index {
        schema: table.schema.clone(),
        table: table.name.clone(),
        method: "btree".to_owned(),
        usable: true,
        keys,
        include,
        ..Index::default()
    };
    index.name = name_for(context.engine, context.catalog, &index);
    index
}

fn dedup(keys: &mut Vec<IndexKey>) {
    let mut seen = BTreeSet::new();
    keys.retain(|key| seen.insert(key.text().to_owned()));
}

/// Without a readable text the plan's own conditions must do: filters of full scans.
fn add_from_plan(context: &StatementContext<'_>, least_rows: f64, found: &mut Vec<Candidate>) {
    let Some(plan) = context.plan else { return };
    for (_, node) in plan.iter().filter(|(_, node)| node.operator == Operator::SeqScan) {
        let Some(table) = context.table_of(node) else { continue };
        if table.rows.is_some_and(|rows| rows < least_rows) {
            continue;
        }
        let filters = context.filters_of(node);
        if let Some(index) = for_filters(context, table, &filters, &[]) {
            push(context, Candidate { index, covering: false }, found);
        }
    }
}

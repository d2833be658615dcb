//! Candidates: the indexes that a statement could use, read off its text and its plan.
//!
//! Per table and query level: equality columns, then either the sort columns or one range, as a
//! B-tree can use them. The selector decides among them; this file only has to name the good ones
//! and few bad ones.

use super::{name_for, redundancy};
use crate::context::{StatementContext, selectivity};
use planscope_explain::plan::Operator;
use planscope_explain::workload::query::{
    ColumnRef, Operand, OrderKey, Predicate, Scope, TableUse,
};
use planscope_explain::workload::{Index, IndexKey, Table};
use std::collections::BTreeSet;

/// Most key columns of a candidate: every further column costs space and writes and filters little.
pub const MAX_KEY_COLUMNS: usize = 4;

/// Most payload columns of a covering candidate.
const MAX_PAYLOAD_COLUMNS: usize = 3;

/// What one query level asks of one table.
#[derive(Debug, Default, Clone)]
pub struct Wants {
    /// Columns pinned by constants, the most selective first.
    pub equal: Vec<String>,
    /// Columns pinned by another table's row.
    pub join: Vec<String>,
    /// Columns bounded by a range, the most selective first.
    pub range: Vec<String>,
    /// Columns it sorts by; empty when the order is not this table's alone.
    pub order: Vec<OrderKey>,
    /// Columns it groups by; empty when they are not this table's alone.
    pub group: Vec<String>,
    /// All columns it reads; `None` when it reads them all.
    pub columns: Option<BTreeSet<String>>,
    /// Whether only the first rows are wanted.
    pub limited: bool,
}

/// The candidates for a statement, without those that an existing index already serves.
pub fn of_statement(context: &StatementContext<'_>, least_rows: f64) -> Vec<Index> {
    let mut found: Vec<Index> = Vec::new();
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

/// The best single index for the rows that one scan must find: what a rule proposes on its own.
pub fn for_filters(
    context: &StatementContext<'_>,
    table: &Table,
    filters: &[Predicate],
    order: &[OrderKey],
) -> Option<Index> {
    let mut wants = Wants::default();
    sort_out(table, filters.iter(), &mut wants);
    let mut keys: Vec<IndexKey> = wants.equal.iter().take(MAX_KEY_COLUMNS).map(key).collect();
    if keys.len() < MAX_KEY_COLUMNS && wants.range.is_empty() && !order.is_empty() {
        keys.extend(order.iter().map(order_key).take(MAX_KEY_COLUMNS - keys.len()));
    } else if keys.len() < MAX_KEY_COLUMNS {
        keys.extend(wants.range.first().map(key));
    }
    dedup(&mut keys);
    (!keys.is_empty()).then(|| build(context, table, keys, Vec::new()))
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
    sort_out(table, own, &mut wants);
    if let Some(order) = scope.order_by.as_ref().filter(|o| o.iter().all(|k| mine(&k.column))) {
        let pinned = |key: &&OrderKey| !wants.equal.contains(&key.column.name);
        wants.order = order.iter().filter(pinned).cloned().collect();
    }
    if scope.group_by.iter().all(mine) {
        wants.group = scope.group_by.iter().map(|c| c.name.clone()).collect();
    }
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
fn sort_out<'p>(table: &Table, predicates: impl Iterator<Item = &'p Predicate>, wants: &mut Wants) {
    let mut usable: Vec<(&Predicate, f64)> = predicates
        .filter(|p| p.wrapped.is_none())
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
        let name = column_name(table, &predicate.column.name);
        if !list.contains(&name) {
            list.push(name);
        }
    }
    let Wants { equal, join, range, .. } = wants;
    join.retain(|column| !equal.contains(column));
    range.retain(|column| !equal.contains(column));
}

/// The name as the catalog writes it.
fn column_name(table: &Table, name: &str) -> String {
    table.column(name).map_or_else(|| name.to_owned(), |column| column.name.clone())
}

fn key(column: &String) -> IndexKey {
    IndexKey::column(column.clone())
}

fn order_key(key: &OrderKey) -> IndexKey {
    IndexKey {
        descending: key.descending,
        nulls_first: key.nulls_first,
        ..IndexKey::column(key.column.name.clone())
    }
}

fn add_all(context: &StatementContext<'_>, table: &Table, wants: &Wants, found: &mut Vec<Index>) {
    let equal: Vec<IndexKey> = wants.equal.iter().map(key).collect();
    let join: Vec<IndexKey> = wants.join.iter().map(key).collect();
    let order: Vec<IndexKey> = wants.order.iter().map(order_key).collect();
    let group: Vec<IndexKey> = wants.group.iter().map(key).collect();
    let mut tails: Vec<Vec<IndexKey>> = vec![Vec::new()];
    tails.extend(wants.range.iter().map(|column| vec![key(column)]));
    if wants.limited || !equal.is_empty() || !join.is_empty() {
        tails.push(order.clone());
    }
    tails.push(group);
    let mut heads: Vec<Vec<IndexKey>> = vec![equal.clone()];
    heads.extend(join.iter().map(|column| vec![column.clone()]));
    heads.extend(join.iter().map(|column| [&equal[..], &[column.clone()]].concat()));
    heads.extend(join.iter().map(|column| [&[column.clone()], &equal[..]].concat()));
    heads.push(join.clone());
    heads.extend(equal.iter().map(|column| vec![column.clone()]));
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
    found: &mut Vec<Index>,
) {
    dedup(&mut keys);
    keys.truncate(MAX_KEY_COLUMNS);
    if keys.is_empty() {
        return;
    }
    let payload = payload(wants, &keys);
    push(context, build(context, table, keys.clone(), Vec::new()), found);
    let Some(payload) = payload else { return };
    let covering = if context.engine.info().include_columns {
        build(context, table, keys, payload)
    } else {
        let longer = keys.into_iter().chain(payload.iter().map(key)).collect();
        build(context, table, longer, Vec::new())
    };
    push(context, covering, found);
}

/// The columns that an index on `keys` lacks to answer the level alone, when they are few.
fn payload(wants: &Wants, keys: &[IndexKey]) -> Option<Vec<String>> {
    let has = |column: &&String| keys.iter().any(|key| key.column.as_ref() == Some(column));
    let missing: Vec<String> =
        wants.columns.as_ref()?.iter().filter(|c| !has(c)).cloned().collect();
    (!missing.is_empty() && missing.len() <= MAX_PAYLOAD_COLUMNS).then_some(missing)
}

fn push(context: &StatementContext<'_>, index: Index, found: &mut Vec<Index>) {
    let same = |other: &Index| {
        other.table == index.table
            && other.schema == index.schema
            && other.keys == index.keys
            && other.include == index.include
    };
    let exists = context
        .catalog
        .indexes
        .iter()
        .any(|existing| redundancy::covered(context.engine, &index, existing).is_some());
    if !exists && !found.iter().any(same) {
        found.push(index);
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
fn add_from_plan(context: &StatementContext<'_>, least_rows: f64, found: &mut Vec<Index>) {
    let Some(plan) = context.plan else { return };
    for (_, node) in plan.iter().filter(|(_, node)| node.operator == Operator::SeqScan) {
        let Some(table) = context.table_of(node) else { continue };
        if table.rows.is_some_and(|rows| rows < least_rows) {
            continue;
        }
        let filters = context.filters_of(node);
        if let Some(index) = for_filters(context, table, &filters, &[]) {
            push(context, index, found);
        }
    }
}

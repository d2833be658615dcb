//! The pure cost model: what an index would save, from statistics alone.
//!
//! Used when no planner can be asked. It knows two things only, a full scan turned into a lookup
//! and a sort for the first rows turned into a walk along an index, and prices them as PostgreSQL
//! does with its default settings: a page read at random costs 4, in order 1, a row 0.01, a
//! comparison 0.0025. Its advice is marked as estimated.

use crate::context::{StatementContext, selectivity};
use planscope_explain::plan::{Node, Operator};
use planscope_explain::workload::query::{Bound, Comparison, Predicate};
use planscope_explain::workload::{Index, IndexKey, Table};

const RANDOM_PAGE: f64 = 4.0;
const ROW: f64 = 0.0125;
const PAGE_BYTES: f64 = 8192.0;
/// Rows of a page where the table's size is not known.
const ROWS_PER_PAGE: f64 = 60.0;

/// Cost of the statement's plan if `indexes` existed; `None` when the plan has no cost.
pub fn estimate(context: &StatementContext<'_>, indexes: &[&Index]) -> Option<f64> {
    let plan = context.plan?;
    let before = plan.root().estimate.total_cost?;
    let saved: f64 = plan
        .nodes()
        .iter()
        .filter(|node| node.operator == Operator::SeqScan)
        .map(|node| saving(context, node, indexes))
        .sum();
    let walked = indexes.iter().filter_map(|index| walk_cost(context, index));
    Some(walked.fold((before - saved).max(0.0), f64::min))
}

/// Cost of the first rows of a statement over one table, found in their order along `index`;
/// `None` when it does not deliver that order.
fn walk_cost(context: &StatementContext<'_>, index: &Index) -> Option<f64> {
    let scopes = &context.query.as_ref()?.scopes;
    let [scope] = scopes.as_slice() else { return None };
    let [used] = scope.tables.as_slice() else { return None };
    let limit = match scope.limit? {
        Bound::Number(rows) => rows,
        // It may be all of them.
        Bound::Unknown => return None,
    };
    let skipped = match scope.offset {
        None => 0.0,
        Some(Bound::Number(rows)) => rows,
        Some(Bound::Unknown) => return None,
    };
    let order = scope.order_by.as_ref().filter(|order| !order.is_empty())?;
    let table = context.catalog.table(used.schema.as_deref(), &used.name)?;
    let of_table = index.table == table.name && index.schema == table.schema;
    if !of_table || scope.aggregates || !scope.alternatives.is_empty() {
        return None;
    }
    let pinned = |key: &&IndexKey| {
        let on_it = |p: &Predicate| key.column.as_ref() == Some(&p.column.name);
        scope.predicates.iter().any(|p| on_it(p) && p.operator == Comparison::Equal)
    };
    let first = index.keys.iter().take_while(pinned).count();
    let keys = index.keys.get(first..first + order.len())?;
    let pairs = || keys.iter().zip(order);
    let fits = pairs().all(|(key, by)| key.column.as_ref() == Some(&by.column.name));
    let same_way = pairs().all(|(key, by)| key.descending == by.descending);
    let other_way = pairs().all(|(key, by)| key.descending != by.descending);
    if !fits || !(same_way || other_way) {
        return None;
    }
    // What the leading keys do not pin is dropped on the way.
    let of_index = |p: &&Predicate| {
        index.keys.iter().take(first).any(|key| key.column.as_ref() == Some(&p.column.name))
    };
    let dropped = scope.predicates.iter().filter(|p| !of_index(p));
    let kept: f64 = dropped.map(|p| selectivity(table, p).unwrap_or(0.1)).product();
    let rows = table.rows?.max(1.0);
    let read = ((limit + skipped) / kept.max(1.0 / rows)).min(rows);
    Some(rows.log2().max(1.0) * ROW + read * (RANDOM_PAGE + ROW))
}

fn saving(context: &StatementContext<'_>, node: &Node, indexes: &[&Index]) -> f64 {
    let (Some(table), Some(now)) = (context.table_of(node), node.self_cost()) else { return 0.0 };
    let filters = context.filters_of(node);
    let best = indexes
        .iter()
        .filter(|index| index.table == table.name && index.schema == table.schema)
        .filter_map(|index| lookup_cost(table, index, &filters))
        .fold(f64::INFINITY, f64::min);
    (now - best).max(0.0)
}

/// Cost of one lookup through `index`; `None` when it cannot serve any of `filters`.
fn lookup_cost(table: &Table, index: &Index, filters: &[Predicate]) -> Option<f64> {
    let rows = table.rows?.max(1.0);
    let share = served_share(table, index, filters)?;
    let found = (rows * share).max(1.0);
    let pages = table.size_bytes.map_or(rows / ROWS_PER_PAGE, |bytes| bytes / PAGE_BYTES).max(1.0);
    let descent = rows.log2().max(1.0) * ROW;
    Some(descent + found.min(pages) * RANDOM_PAGE + found * ROW)
}

/// Share of the rows that `index` finds: its leading equality columns, then one range.
fn served_share(table: &Table, index: &Index, filters: &[Predicate]) -> Option<f64> {
    let mut share = 1.0;
    let mut served = false;
    for column in index.leading_columns() {
        let on_it =
            |p: &&Predicate| p.wrapped.is_none() && p.column.name.eq_ignore_ascii_case(column);
        let of_column: Vec<&Predicate> = filters.iter().filter(on_it).collect();
        let equal = of_column.iter().find(|p| p.operator.is_equality());
        let range = of_column.iter().find(|p| p.operator.is_range());
        let Some(predicate) = equal.or(range) else { break };
        share *= selectivity(table, predicate).unwrap_or(0.1);
        served = true;
        if equal.is_none() {
            break;
        }
    }
    served.then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{Context, Thresholds};
    use crate::testing::Shop;

    fn cost(sql: &str, keys: &[&str]) -> f64 {
        let snapshot = Shop::scanning(sql, 300_000.0, 10.0).snapshot();
        let thresholds = Thresholds::default();
        let context = Context::new(&snapshot, &thresholds);
        let index = Index {
            schema: Some("public".into()),
            table: "orders".into(),
            usable: true,
            keys: keys.iter().map(|key| IndexKey::column(*key)).collect(),
            ..Index::default()
        };
        estimate(&context.statements[0], &[&index]).unwrap()
    }

    #[test]
    fn the_first_rows_of_an_order_are_walked_to() {
        let newest = "SELECT * FROM orders ORDER BY created_at DESC LIMIT 20";
        assert!(cost(newest, &["created_at"]) < 100.0);
        assert_eq!(cost(newest, &["status", "created_at"]), 10_000.0);
        let all = "SELECT * FROM orders ORDER BY created_at DESC";
        assert_eq!(cost(all, &["created_at"]), 10_000.0);
        let of_one = "SELECT * FROM orders WHERE status = $1 ORDER BY created_at DESC LIMIT 20";
        assert!(cost(of_one, &["status", "created_at"]) < cost(of_one, &["created_at"]));
    }
}

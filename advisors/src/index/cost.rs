//! The pure cost model: what an index would save, from statistics alone.
//!
//! Used when no planner can be asked. It knows one thing only, a full scan turned into a lookup, and
//! prices it as PostgreSQL does with its default settings: a page read at random costs 4, in order
//! 1, a row 0.01, a comparison 0.0025. Its advice is marked as estimated.

use crate::context::{StatementContext, selectivity};
use planscope_explain::plan::{Node, Operator};
use planscope_explain::workload::query::Predicate;
use planscope_explain::workload::{Index, Table};

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
    Some((before - saved).max(0.0))
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

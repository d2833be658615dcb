//! `filter-without-index`: a full scan that throws nearly everything away.

use crate::context::{Context, StatementContext, selectivity, severity_of_share};
use crate::finding::Finding;
use crate::index::candidates;
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::plan::{Node, NodeId};
use planscope_explain::units::{Count, Share};
use planscope_explain::workload::query::{OrderKey, Predicate};
use planscope_explain::workload::{Index, Table};

declare_rule! {
    /// ## What it does
    ///
    /// Finds full scans of a table that read at least 10,000 rows, keep less than 10 % of them, and
    /// whose filter no existing index serves.
    ///
    /// ## Why it matters
    ///
    /// Every execution reads the whole table to find a few rows. It gets slower as the table grows,
    /// pushes other data out of the cache, and is the most common cause of a slow statement.
    ///
    /// ## Example
    ///
    /// ```text
    /// Seq Scan on orders  (actual rows=12 loops=1)
    ///   Filter: (customer_id = 42)
    ///   Rows Removed by Filter: 299988
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// An index on the columns compared with `=`, then the sort columns or one range. An index costs
    /// disk and slows writes to the table; `planscope advise` asks the planner whether it would be
    /// used before it recommends one.
    ///
    /// ## References
    ///
    /// PostgreSQL manual, "Indexes" and "Using EXPLAIN"; SQLite, "The SQLite Query Optimizer Overview".
    pub(super) static RULE = {
        name: "filter-without-index",
        summary: "A full scan reads many rows, keeps few, and no index serves its filter",
        category: AccessPath,
        engines: &[Engine::Postgres, Engine::Mysql, Engine::Mariadb, Engine::Sqlite],
        check: check,
    };
}

/// How many rows a scan read and kept.
struct Rows {
    read: f64,
    kept: f64,
    measured: bool,
}

fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for statement in &context.statements {
        let Some(plan) = statement.plan else { continue };
        for (id, node) in plan.iter().filter(|(_, node)| node.operator.is_full_scan()) {
            findings.extend(look_at(context, statement, id, node));
        }
    }
    findings
}

fn look_at(
    context: &Context<'_>,
    statement: &StatementContext<'_>,
    id: NodeId,
    node: &Node,
) -> Option<Finding> {
    let filters: Vec<Predicate> =
        statement.filters_of(node).into_iter().filter(is_indexable).collect();
    if filters.is_empty() || node.never_executed() {
        return None;
    }
    let table = statement.table_of(node);
    let rows = rows_of(statement, node, table, &filters)?;
    let limits = context.thresholds;
    let kept_share = rows.kept / rows.read.max(1.0);
    if rows.read < limits.least_rows_read || kept_share >= limits.selective_share {
        return None;
    }
    if table.is_some_and(|table| is_served(statement, table, &filters, limits.selective_share)) {
        return None;
    }
    let share = statement.self_share(id) * (1.0 - kept_share);
    if !context.is_worth_it(statement, share) {
        return None;
    }
    Some(finding(statement, id, node, table, &filters, &rows, share))
}

/// Whether a B-tree could find the rows by it: a bare column against something that is no column
/// of another table.
fn is_indexable(predicate: &Predicate) -> bool {
    use planscope_explain::workload::query::Operand;
    predicate.wrapped.is_none()
        && !matches!(predicate.value, Operand::Column(_))
        && (predicate.operator.is_equality() || predicate.operator.is_range())
}

fn rows_of(
    statement: &StatementContext<'_>,
    node: &Node,
    table: Option<&Table>,
    filters: &[Predicate],
) -> Option<Rows> {
    if let (Some(read), Some(kept)) = (node.rows_read(), node.actual_rows()) {
        return Some(Rows { read, kept, measured: true });
    }
    let in_table = table.and_then(|table| table.rows);
    let estimated = node.estimate.rows_per_loop;
    let read = in_table.or_else(|| rows_by_cost(node))?;
    let by_statistics = || {
        let shares = filters.iter().map(|p| table.and_then(|t| selectivity(t, p)));
        shares.flatten().reduce(|a, b| a * b).map(|share| share * read)
    };
    let kept = match statement.engine {
        // SQLite's plans have no row counts after a filter.
        Engine::Sqlite => by_statistics()?,
        _ => estimated.or_else(by_statistics)?,
    };
    Some(Rows { read, kept, measured: false })
}

/// A lower bound of the rows that a sequential scan reads, from its cost: a row costs 0.0125 plus
/// its part of a page, which is about 0.02 where 50 rows fit in one.
fn rows_by_cost(node: &Node) -> Option<f64> {
    node.estimate.total_cost.map(|cost| cost / 0.0325)
}

/// Whether an index that exists could find the rows: its leading columns are compared, and what
/// they keep is little. An index whose leading columns keep much is none for this filter.
fn is_served(
    statement: &StatementContext<'_>,
    table: &Table,
    filters: &[Predicate],
    selective: f64,
) -> bool {
    let kept_by = |index: &Index| {
        let mut share = None;
        for column in index.leading_columns() {
            let Some(predicate) =
                filters.iter().find(|p| p.column.name.eq_ignore_ascii_case(column))
            else {
                break;
            };
            // Without statistics an index is given the benefit of the doubt.
            let kept = selectivity(table, predicate).unwrap_or(0.0);
            share = Some(share.unwrap_or(1.0) * kept);
            if predicate.operator.is_range() {
                break;
            }
        }
        share
    };
    statement.catalog.indexes_of(table).any(|index| {
        index.usable && index.predicate.is_none() && kept_by(index).is_some_and(|s| s < selective)
    })
}

fn finding(
    statement: &StatementContext<'_>,
    id: NodeId,
    node: &Node,
    table: Option<&Table>,
    filters: &[Predicate],
    rows: &Rows,
    share: f64,
) -> Finding {
    let relation = node.relation.as_deref().unwrap_or("the table");
    let mut columns: Vec<String> = filters.iter().map(|p| p.column.name.clone()).collect();
    columns.dedup();
    let verb = if rows.measured { "reads" } else { "would read" };
    let title = format!(
        "{relation}: a full scan {verb} {} rows to keep {} ({}), and no index serves {}",
        Count(rows.read),
        Count(rows.kept.round()),
        Share(rows.kept / rows.read),
        columns.join(", "),
    );
    let mut finding = Finding::new(RULE.name, severity_of_share(share), title)
        .with("table", relation)
        .with("columns", columns)
        .with("rows_read", rows.read)
        .with("rows_kept", rows.kept)
        .with("measured", if rows.measured { "yes" } else { "no" });
    finding.confidence = match (rows.measured, table.is_some()) {
        (true, true) => 0.95,
        (true, false) => 0.8,
        (false, true) => 0.7,
        // Rows read off a cost, and no look at the indexes that exist.
        (false, false) => 0.4,
    };
    finding.nodes = vec![id];
    statement.saves(share, &mut finding);
    let unknown;
    let table = match table {
        Some(table) => table,
        None => {
            unknown = Table {
                schema: node.schema.clone(),
                name: relation.to_owned(),
                ..Table::default()
            };
            &unknown
        }
    };
    let order = order_of(statement, node);
    let index = candidates::for_filters(statement, table, filters, &order);
    finding.remedies.extend(index.map(Remedy::CreateIndex));
    finding
}

/// The order that the statement wants of this relation alone, when it also has a LIMIT.
fn order_of(statement: &StatementContext<'_>, node: &Node) -> Vec<OrderKey> {
    let Some(scope) = statement.scope_of(node).filter(|s| s.limit.is_some()) else {
        return Vec::new();
    };
    let alias = node.relation_name().unwrap_or_default();
    let order = scope.order_by.clone().unwrap_or_default();
    let all_mine = order.iter().all(|key| statement.belongs(&key.column, alias, scope));
    if all_mine && !scope.aggregates { order } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Shop, apply, findings_of};

    #[test]
    fn a_selective_scan_is_found_and_its_index_silences_it() {
        let shop = Shop::scanning("SELECT * FROM orders WHERE customer_id = $1", 300_000.0, 12.0);
        let found = findings_of(&RULE, &shop.snapshot());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].nodes, [NodeId(0)]);
        assert_eq!(
            found[0].remedies[0].sql(Engine::Postgres).unwrap(),
            "CREATE INDEX CONCURRENTLY orders_customer_id_idx ON public.orders (customer_id)"
        );
        let mended = apply(shop.snapshot(), &found[0].remedies[0]);
        assert_eq!(findings_of(&RULE, &mended), []);
    }

    #[test]
    fn a_scan_that_keeps_most_rows_or_reads_few_is_fine() {
        let sql = "SELECT * FROM orders WHERE customer_id = $1";
        for (read, kept) in [(300_000.0, 250_000.0), (900.0, 1.0)] {
            assert_eq!(findings_of(&RULE, &Shop::scanning(sql, read, kept).snapshot()), []);
        }
    }

    #[test]
    fn a_wrapped_column_is_another_rules_business() {
        let sql = "SELECT * FROM orders WHERE lower(status) = $1";
        assert_eq!(findings_of(&RULE, &Shop::scanning(sql, 300_000.0, 12.0).snapshot()), []);
    }
}

//! `filter-without-index`: a full scan that throws nearly everything away.

use crate::context::{
    Context, StatementContext, is_hidden_by_cast, parallel_divisor, selectivity, severity_of_share,
};
use crate::finding::Finding;
use crate::index::candidates;
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::plan::{Node, NodeId, Operator, Plan};
use planscope_explain::units::{Count, Share};
use planscope_explain::workload::query::{Operand, OrderKey, Predicate};
use planscope_explain::workload::{Index, Table};
use std::collections::BTreeMap;

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

/// Bytes of a page for rows, and of a row's header and line pointer.
const PAGE_BYTES: f64 = 8168.0;
const ROW_OVERHEAD_BYTES: f64 = 28.0;

/// Most tables of one Append that a scan is compared with: a UNION ALL of more is not written by hand.
const MOST_GROUPS: usize = 64;

/// A full scan and what of its filter an index could serve.
struct Scan<'p> {
    id: NodeId,
    node: &'p Node,
    filters: Vec<Predicate>,
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
        for scans in groups(statement, plan) {
            findings.extend(look_at(context, statement, plan, &scans));
        }
    }
    findings
}

/// Full scans with a filter that some index could serve; those of the partitions of one table
/// together.
fn groups<'p>(statement: &StatementContext<'_>, plan: &'p Plan) -> Vec<Vec<Scan<'p>>> {
    let mut groups: Vec<Vec<Scan<'p>>> = Vec::new();
    let mut under: BTreeMap<NodeId, Vec<usize>> = BTreeMap::new();
    for (id, node) in plan.iter().filter(|(_, node)| node.operator.is_full_scan()) {
        let is_indexable = |predicate: &Predicate| is_indexable(statement, node, predicate);
        let filters: Vec<Predicate> =
            statement.filters_of(node).into_iter().filter(is_indexable).collect();
        if filters.is_empty() || node.never_executed() {
            continue;
        }
        let scan = Scan { id, node, filters };
        let Some(append) = append_of(plan, id) else {
            groups.push(vec![scan]);
            continue;
        };
        // A plan may have 100,000 scans: only groups under the same Append are looked at.
        let known = under.entry(append).or_default();
        let is_its_group = |&&at: &&usize| {
            groups[at].first().is_some_and(|f| are_partitions(statement, plan, f, &scan))
        };
        match known.iter().rev().take(MOST_GROUPS).find(is_its_group) {
            Some(&at) => groups[at].push(scan),
            None => {
                known.push(groups.len());
                groups.push(vec![scan]);
            }
        }
    }
    groups
}

/// The Append that a node is a member of.
fn append_of(plan: &Plan, id: NodeId) -> Option<NodeId> {
    let above = plan.ancestors(id).find(|(_, node)| !node.operator.is_gather());
    above
        .filter(|(_, node)| matches!(node.operator, Operator::Append | Operator::MergeAppend))
        .map(|(id, _)| id)
}

/// Whether two scans read partitions of one table for the same reason. Without a catalog: members
/// of one Append with the same filter, whose names begin alike.
fn are_partitions(
    statement: &StatementContext<'_>,
    plan: &Plan,
    a: &Scan<'_>,
    b: &Scan<'_>,
) -> bool {
    let asks = |scan: &Scan<'_>| {
        scan.filters.iter().map(|p| (p.column.name.clone(), p.operator)).collect::<Vec<_>>()
    };
    let append = |scan: &Scan<'_>| append_of(plan, scan.id);
    if a.id == b.id || append(a).is_none() || append(a) != append(b) || asks(a) != asks(b) {
        return false;
    }
    match (statement.table_of(a.node), statement.table_of(b.node)) {
        (Some(a), Some(b)) => a.parent.is_some() && a.parent == b.parent && a.schema == b.schema,
        _ => common_name(&[a, b]).is_some(),
    }
}

/// What the names of partitions have in common, when it is most of them: `logs` of `logs_2024_01`
/// and `logs_2024_02`.
fn common_name(scans: &[&Scan<'_>]) -> Option<String> {
    let mut names = scans.iter().filter_map(|scan| scan.node.relation.as_deref());
    let mut common = names.next()?.to_owned();
    for name in names {
        let same = common.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
        common = common.chars().take(same).collect();
    }
    let stem = common.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let stem = stem.strip_suffix("_p").or_else(|| stem.strip_suffix("_y")).unwrap_or(stem);
    let is_most = scans.iter().all(|scan| {
        scan.node
            .relation
            .as_deref()
            .is_some_and(|name| stem.len() >= 3 && stem.len() * 3 >= name.len())
    });
    is_most.then(|| stem.to_owned())
}

fn look_at(
    context: &Context<'_>,
    statement: &StatementContext<'_>,
    plan: &Plan,
    scans: &[Scan<'_>],
) -> Option<Finding> {
    let limits = context.thresholds;
    let mut rows = Rows { read: 0.0, kept: 0.0, measured: true };
    for scan in scans {
        let of_scan = rows_of(statement, plan, scan)?;
        rows.read += of_scan.read;
        rows.kept += of_scan.kept;
        rows.measured &= of_scan.measured;
    }
    let kept_share = rows.kept / rows.read.max(1.0);
    if rows.read < limits.least_rows_read || kept_share >= limits.selective_share {
        return None;
    }
    let is_served = |scan: &Scan<'_>| {
        let table = statement.table_of(scan.node);
        table.is_some_and(|t| is_served(statement, t, &scan.filters, limits.selective_share))
    };
    // Many scans of a table of a page or two: another rule's business.
    let least_per_loop = limits.least_rows_read / 10.0;
    let is_tiny = scans.iter().all(|scan| {
        let loops = scan.node.actual.map_or(1.0, |actual| actual.loops.max(1.0));
        scans.len() == 1 && rows.measured && rows.read / loops < least_per_loop
    });
    if is_tiny || scans.iter().all(is_served) {
        return None;
    }
    let share: f64 = scans.iter().map(|scan| statement.self_share(scan.id)).sum();
    let share = share * (1.0 - kept_share);
    if !context.is_worth_it(statement, share) {
        return None;
    }
    let finding = finding(statement, scans, &rows, share);
    // The index is there, and the planner had its reasons.
    (!finding.remedies.is_empty()).then_some(finding)
}

/// Whether a B-tree could find the rows by it: a bare column against something that is known
/// before the scan starts, also a column of an outer query's row.
fn is_indexable(statement: &StatementContext<'_>, node: &Node, predicate: &Predicate) -> bool {
    let is_known = match &predicate.value {
        // SQLite's conditions are read off the text, where a join looks like an outer query.
        Operand::Column(_) if statement.engine == Engine::Sqlite => false,
        Operand::Column(other) => {
            let own = node.relation_name().unwrap_or_default();
            let is_foreign = |qualifier: &String| !qualifier.eq_ignore_ascii_case(own);
            predicate.operator.is_equality() && other.qualifier.as_ref().is_some_and(is_foreign)
        }
        _ => true,
    };
    let is_hidden = |table: &Table| is_hidden_by_cast(table, predicate);
    is_known
        && predicate.wrapped.is_none()
        && !statement.table_of(node).is_some_and(is_hidden)
        && (predicate.operator.is_equality() || predicate.operator.is_range())
}

fn rows_of(statement: &StatementContext<'_>, plan: &Plan, scan: &Scan<'_>) -> Option<Rows> {
    let Scan { id, node, filters } = scan;
    if let (Some(read), Some(kept)) = (node.rows_read(), node.actual_rows()) {
        return Some(Rows { read, kept, measured: true });
    }
    let table = statement.table_of(node);
    let workers = plan.ancestors(*id).find(|(_, above)| above.operator.is_gather());
    let planned = workers.and_then(|(_, gather)| gather.workers?.planned).unwrap_or(0);
    // Below a Gather the estimate is for one of the participants.
    let estimated = node.estimate.rows_per_loop.map(|rows| rows * parallel_divisor(planned.into()));
    let read = table.and_then(|table| table.rows).or_else(|| rows_by_cost(node))?;
    let by_statistics = || {
        let shares = filters.iter().map(|p| table.and_then(|t| selectivity(t, p)));
        shares.flatten().reduce(|a, b| a * b).map(|share| share * read)
    };
    let kept = match statement.engine {
        // SQLite's plans have no row counts after a filter.
        Engine::Sqlite => by_statistics()?,
        _ => estimated.or_else(by_statistics)?,
    };
    let part = part_that_runs(plan, *id, node);
    Some(Rows { read: read * part, kept: kept * part, measured: false })
}

/// Share of the scan that the planner expects to run: what stands above costs less than the scan
/// where a LIMIT or a semi-join stops it early.
fn part_that_runs(plan: &Plan, id: NodeId, node: &Node) -> f64 {
    let cost = node.estimate.total_cost.filter(|&cost| cost > 0.0);
    let above = plan.ancestors(id).filter_map(|(_, above)| above.estimate.total_cost);
    cost.map_or(1.0, |cost| above.fold(cost, f64::min) / cost)
}

/// A lower bound of the rows that a sequential scan reads, from its cost: 1 a page and 0.0125 a
/// row. How many rows fit in a page is told by their width; where that is of a few columns only,
/// 50 are assumed at most.
fn rows_by_cost(node: &Node) -> Option<f64> {
    let width = node.estimate.width_bytes.unwrap_or(0.0);
    let rows_in_page = (PAGE_BYTES / (width + ROW_OVERHEAD_BYTES)).clamp(1.0, 50.0);
    node.estimate.total_cost.map(|cost| cost / (0.0125 + 1.0 / rows_in_page))
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
    scans: &[Scan<'_>],
    rows: &Rows,
    share: f64,
) -> Finding {
    let Scan { node, filters, .. } = &scans[0];
    let table = table_of_all(statement, scans);
    let relation = table.name.as_str();
    let mut columns: Vec<String> = Vec::new();
    for predicate in filters {
        if !columns.contains(&predicate.column.name) {
            columns.push(predicate.column.name.clone());
        }
    }
    let verb = if rows.measured { "reads" } else { "would read" };
    let what = match scans.len() {
        1 => "a full scan".to_owned(),
        count => format!("a full scan of {count} partitions"),
    };
    let title = format!(
        "{relation}: {what} {verb} {} rows to keep {} ({}), and no index serves {}",
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
    finding.confidence = match (rows.measured, statement.table_of(node).is_some()) {
        (true, true) => 0.95,
        (true, false) => 0.8,
        (false, true) => 0.7,
        // Rows read off a cost, and no look at the indexes that exist.
        (false, false) => 0.4,
    };
    finding.nodes = scans.iter().map(|scan| scan.id).collect();
    statement.saves(share, &mut finding);
    let order = order_of(statement, node);
    let index = candidates::for_filters(statement, &table, filters, &order);
    finding.remedies.extend(index.map(Remedy::CreateIndex));
    finding
}

/// The table that is scanned: of partitions the one they are parts of, as far as is known.
fn table_of_all(statement: &StatementContext<'_>, scans: &[Scan<'_>]) -> Table {
    let node = scans[0].node;
    let known = statement.table_of(node);
    let schema = known.map_or(&node.schema, |table| &table.schema);
    let parent = match known {
        Some(table) => table.parent.clone(),
        None => common_name(&scans.iter().collect::<Vec<_>>()),
    };
    if let Some(parent) = parent.filter(|_| scans.len() > 1) {
        let found = statement.catalog.table(schema.as_deref(), &parent).cloned();
        return found.unwrap_or(Table { schema: schema.clone(), name: parent, ..Table::default() });
    }
    known.cloned().unwrap_or_else(|| Table {
        schema: node.schema.clone(),
        name: node.relation.clone().unwrap_or_else(|| "the table".to_owned()),
        ..Table::default()
    })
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
    use crate::testing::{Shop, Tree, apply, findings_of};

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
    fn a_cast_of_a_number_hides_it_from_an_index_and_one_of_a_varchar_does_not() {
        let sql = "SELECT * FROM orders WHERE (customer_id)::text = $1";
        let mut snapshot = Shop::scanning(sql, 300_000.0, 12.0).snapshot();
        for (data_type, findings) in [("integer", 0), ("character varying(20)", 1)] {
            snapshot.catalog.tables[0].columns[1].data_type = data_type.into();
            assert_eq!(findings_of(&RULE, &snapshot).len(), findings, "{data_type}");
        }
    }

    #[test]
    fn a_wrapped_column_is_another_rules_business() {
        let sql = "SELECT * FROM orders WHERE lower(status) = $1";
        assert_eq!(findings_of(&RULE, &Shop::scanning(sql, 300_000.0, 12.0).snapshot()), []);
    }

    fn partition(name: &str) -> Tree {
        Tree::scan(name, 40.0).rows(5.0, 5.0).filter("(host = 'h7'::text)").removed(20_000.0, 1.0)
    }

    #[test]
    fn scans_of_partitions_are_one_finding_about_their_parent() {
        let plan = Tree::new(Operator::Append, "Append", 100.0)
            .child(1, partition("logs_2024_01"))
            .child(1, partition("logs_2024_02"));
        let found = findings_of(&RULE, &plan.snapshot());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].nodes, [NodeId(1), NodeId(2)]);
        assert_eq!(found[0].number("rows_kept"), Some(10.0));
        assert!(found[0].title.starts_with("logs: a full scan of 2 partitions"), "{found:?}");

        let others = Tree::new(Operator::Append, "Append", 100.0)
            .child(1, partition("logs"))
            .child(1, partition("audit"));
        assert_eq!(findings_of(&RULE, &others.snapshot()).len(), 2);
    }

    #[test]
    fn a_limit_that_stops_the_scan_early_is_fine() {
        let scan = Tree::scan("orders", 100.0).rows(3_000.0, 0.0).cost(7_000.0);
        let scan = scan.filter("(customer_id = 42)");
        let limited = |cost: f64| {
            Tree::new(Operator::Limit, "Limit", 100.0).cost(cost).child(1, scan.clone()).estimated()
        };
        assert_eq!(findings_of(&RULE, &limited(24.0).snapshot()), []);
        assert_eq!(findings_of(&RULE, &limited(7_000.0).snapshot()).len(), 1);
    }

    #[test]
    fn below_a_gather_the_estimate_is_of_one_participant() {
        let scan = |kept: f64| {
            let scan = Tree::scan("orders", 100.0).rows(kept, 0.0).filter("(customer_id < 42)");
            let gather = Tree::new(Operator::Gather, "Gather", 101.0).workers(2);
            gather.child(1, scan).estimated().snapshot()
        };
        // 20,000 of a participant are 48,000 of 300,000.
        assert_eq!(findings_of(&RULE, &scan(20_000.0)), []);
        assert_eq!(findings_of(&RULE, &scan(2_000.0)).len(), 1);
    }

    #[test]
    fn many_scans_of_a_tiny_table_are_another_rules_business() {
        let scan = Tree::scan("countries", 90.0).rows(1.0, 1.0).filter("(code = 'c7'::text)");
        let scan = scan.removed(199.0, 1_000.0);
        let joined = Tree::new(Operator::NestedLoop, "Nested Loop", 100.0)
            .child(1, Tree::scan("orders", 5.0).rows(1_000.0, 1_000.0))
            .child(1, scan);
        assert_eq!(findings_of(&RULE, &joined.snapshot()), []);
    }

    #[test]
    fn a_scan_for_each_row_of_an_outer_query_is_found() {
        let scan = |filter: &str| {
            let scan = Tree::scan("orders", 90.0).rows(5.0, 5.0).filter(filter);
            Tree::scan("accounts", 100.0).rows(10.0, 10.0).child(1, scan.removed(300_000.0, 10.0))
        };
        let found = findings_of(&RULE, &scan("(customer_id = a.id)").snapshot());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].remedies[0].sql(Engine::Postgres).unwrap().contains("(customer_id)"));
        // Two columns of one row are no lookup.
        assert_eq!(findings_of(&RULE, &scan("(customer_id = orders.id)").snapshot()), []);
        assert_eq!(findings_of(&RULE, &scan("(customer_id = id)").snapshot()), []);
    }

    #[test]
    fn an_index_that_is_there_is_not_asked_for() {
        let shop = Shop::scanning("SELECT * FROM orders WHERE status = $1", 300_000.0, 12.0);
        let found = findings_of(&RULE, &shop.snapshot());
        // Five values: the statistics do not call it selective, the plan does.
        assert_eq!(found.len(), 1);
        let mended = apply(shop.snapshot(), &found[0].remedies[0]);
        assert_eq!(findings_of(&RULE, &mended), []);
    }
}

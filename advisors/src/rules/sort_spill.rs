//! `sort-spill`: a sort that did not fit in memory.

use crate::context::{Context, StatementContext, severity_of_share};
use crate::finding::{Finding, Severity};
use crate::index::candidates;
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::plan::{ConditionKind, Node, NodeId, Plan};
use planscope_explain::units::Bytes;
use planscope_explain::workload::Index;
use planscope_explain::workload::query::{ColumnRef, OrderKey};

declare_rule! {
    /// ## What it does
    ///
    /// Finds sorts that were written to disk because they did not fit in memory: from a measured plan,
    /// or from the temporary blocks a statement wrote when its plan has one sort and nothing else that
    /// could have written them.
    ///
    /// ## Why it matters
    ///
    /// The rows are written to temporary files and read again, often several times. It competes for
    /// disk with everything else, and many such statements at once can fill the disk.
    ///
    /// ## Example
    ///
    /// ```text
    /// Sort  (actual rows=2000000 loops=1)
    ///   Sort Key: created_at
    ///   Sort Method: external merge  Disk: 51200kB
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// An index that delivers the order makes the sort unnecessary. Otherwise more work_mem for this
    /// statement or role only, two to three times the disk figure: every sort and hash of every
    /// session may use as much. More memory removes the files and often not the time, because they
    /// stay in the page cache: measure.
    ///
    /// ## References
    ///
    /// PostgreSQL manual, "Resource Consumption: work_mem".
    pub(super) static RULE = {
        name: "sort-spill",
        summary: "A sort did not fit in memory and went to disk",
        category: Memory,
        engines: &[Engine::Postgres],
        check: check,
    };
}

/// Bytes of a block of PostgreSQL's temporary files.
const BLOCK_BYTES: f64 = 8192.0;

fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for statement in &context.statements {
        findings.extend(of_statement(context, statement));
    }
    findings
}

/// The spilled sorts of a statement.
pub(super) fn of_statement(
    context: &Context<'_>,
    statement: &StatementContext<'_>,
) -> Vec<Finding> {
    let Some(plan) = statement.plan else { return Vec::new() };
    let measured = plan.iter().filter(|(_, node)| node.operator.is_sort() && spilled(node));
    let mut found: Vec<Finding> = measured
        .filter_map(|(id, node)| {
            let disk = disk_bytes(node);
            finding(context, statement, plan, id, node, disk, 0.95)
        })
        .collect();
    if found.is_empty() && !plan.is_analyzed() {
        found.extend(by_counters(context, statement, plan));
    }
    found
}

fn spilled(node: &Node) -> bool {
    let external = node.memory.method.as_deref().is_some_and(|method| method.contains("external"));
    external || node.memory.disk_bytes.is_some_and(|bytes| bytes > 0)
}

fn disk_bytes(node: &Node) -> f64 {
    let by_blocks = || node.self_temp_written().map(|blocks| blocks * BLOCK_BYTES);
    node.memory.disk_bytes.map(|bytes| bytes as f64).or_else(by_blocks).unwrap_or(0.0)
}

/// A plan that was not run has no spill to show, but the statement's counters may know of
/// temporary blocks, and then the only sort of the plan wrote them.
fn by_counters(
    context: &Context<'_>,
    statement: &StatementContext<'_>,
    plan: &Plan,
) -> Option<Finding> {
    let counters = &statement.statement.counters;
    let per_call = counters.temp_blocks_written? / counters.calls.filter(|&calls| calls > 0.0)?;
    let may_spill = |node: &Node| {
        node.operator.is_sort()
            || node.operator.is_aggregate() && !node.label.contains("Group")
            || matches!(
                node.operator,
                planscope_explain::plan::Operator::Hash
                    | planscope_explain::plan::Operator::Materialize
                    | planscope_explain::plan::Operator::CteScan
            )
    };
    let mut suspects = plan.iter().filter(|(_, node)| may_spill(node));
    let (id, node) = suspects.next().filter(|(_, node)| node.operator.is_sort())?;
    if suspects.next().is_some() || per_call < 1.0 {
        return None;
    }
    finding(context, statement, plan, id, node, per_call * BLOCK_BYTES, 0.7)
}

fn finding(
    context: &Context<'_>,
    statement: &StatementContext<'_>,
    plan: &Plan,
    id: NodeId,
    node: &Node,
    disk: f64,
    confidence: f64,
) -> Option<Finding> {
    let share = statement.self_share(id);
    if !context.is_worth_it(statement, share) {
        return None;
    }
    let keys: Vec<String> = node.conditions_of(ConditionKind::SortKey).map(str::to_owned).collect();
    let by = if keys.is_empty() { String::new() } else { format!(" by {}", keys.join(", ")) };
    let title = format!("the sort{by} did not fit in memory: {} went to disk", Bytes(disk));
    let severity = severity_of_share(share).max(Severity::Low);
    let mut finding = Finding::new(RULE.name, severity, title)
        .with("disk_bytes", disk)
        .with("sort_keys", keys)
        .with("share", share);
    finding.confidence = confidence;
    finding.nodes = vec![id];
    statement.saves(share, &mut finding);
    finding.remedies.extend(index_for(statement, plan, id, node).map(Remedy::CreateIndex));
    finding.remedies.push(Remedy::Setting {
        name: "work_mem".to_owned(),
        value: work_mem(disk),
        note: "for this statement or its role only, never globally".to_owned(),
    });
    Some(finding)
}

/// Three times what went to disk (rows in memory are larger than on disk), in whole megabytes.
pub(super) fn work_mem(disk: f64) -> String {
    format!("{:.0}MB", (disk * 3.0 / 1_048_576.0).ceil().max(8.0))
}

/// The index that delivers the order, when the sort is fed by the scan of one table.
fn index_for(
    statement: &StatementContext<'_>,
    plan: &Plan,
    id: NodeId,
    node: &Node,
) -> Option<Index> {
    let scans: Vec<&Node> =
        plan.subtree(id).skip(1).map(|(_, n)| n).filter(|n| n.operator.is_scan()).collect();
    let [scan] = scans.as_slice() else { return None };
    let table = statement.table_of(scan)?;
    let order: Option<Vec<OrderKey>> =
        node.conditions_of(ConditionKind::SortKey).map(order_key).collect();
    let order = order.filter(|order| !order.is_empty())?;
    if order.iter().any(|key| table.column(&key.column.name).is_none()) {
        return None;
    }
    let index = candidates::for_filters(statement, table, &statement.filters_of(scan), &order)?;
    // Behind a range an index does not deliver the order.
    let has = |by: &OrderKey| index.leading_columns().any(|column| column == by.column.name);
    order.iter().all(has).then_some(index)
}

/// A sort key as a plan shows it: `o.created_at DESC NULLS LAST`; `None` for an expression.
fn order_key(text: &str) -> Option<OrderKey> {
    let mut words = text.split_whitespace();
    let column = words.next()?;
    let rest: Vec<&str> = words.collect();
    if column.contains(['(', ')', ':', '\'']) {
        return None;
    }
    let (qualifier, name) = match column.rsplit_once('.') {
        Some((qualifier, name)) => (Some(qualifier.trim_matches('"').to_owned()), name),
        None => (None, column),
    };
    let nulls_first = rest
        .windows(2)
        .find(|pair| pair[0] == "NULLS")
        .map(|pair| pair[1].eq_ignore_ascii_case("first"));
    Some(OrderKey {
        column: ColumnRef { qualifier, name: name.trim_matches('"').to_owned() },
        descending: rest.contains(&"DESC"),
        nulls_first,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tree, findings_of};
    use planscope_explain::plan::Operator;

    fn sorted(method: &str, disk_bytes: Option<u64>) -> Tree {
        Tree::new(Operator::Sort, "Sort", 100.0)
            .sort(method, disk_bytes, &["created_at DESC"])
            .child(1, Tree::scan("orders", 40.0).rows(300_000.0, 300_000.0))
    }

    #[test]
    fn a_sort_on_disk_is_found_and_an_index_or_memory_offered() {
        let found = findings_of(&RULE, &sorted("external merge", Some(52_428_800)).snapshot());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::High);
        let sql: Vec<_> =
            found[0].remedies.iter().filter_map(|r| r.sql(Engine::Postgres)).collect();
        assert_eq!(
            sql,
            [
                "CREATE INDEX CONCURRENTLY orders_created_at_idx ON public.orders (created_at DESC)",
                "SET LOCAL work_mem = '150MB'",
            ]
        );
    }

    #[test]
    fn no_index_is_offered_that_does_not_deliver_the_order() {
        let scan = Tree::scan("orders", 40.0).rows(300_000.0, 300_000.0).filter("(id > 7)");
        let sort = Tree::new(Operator::Sort, "Sort", 100.0);
        let sort = sort.sort("external merge", Some(52_428_800), &["created_at"]).child(1, scan);
        let found = findings_of(&RULE, &sort.snapshot());
        assert!(matches!(found[0].remedies.as_slice(), [Remedy::Setting { .. }]), "{found:?}");
    }

    #[test]
    fn a_sort_in_memory_is_fine() {
        assert_eq!(findings_of(&RULE, &sorted("quicksort", None).snapshot()), []);
    }

    #[test]
    fn counters_speak_where_the_plan_was_not_run() {
        let mut snapshot = sorted("", None).estimated().snapshot();
        assert_eq!(findings_of(&RULE, &snapshot), []);
        let counters = &mut snapshot.statements[0].counters;
        (counters.calls, counters.temp_blocks_written) = (Some(10.0), Some(64_000.0));
        assert_eq!(findings_of(&RULE, &snapshot).len(), 1);
    }
}

//! `row-misestimate`: the planner expected far more or far fewer rows than came.

use crate::context::{Context, StatementContext, parallel_divisor};
use crate::finding::{Finding, Severity};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::heat;
use planscope_explain::plan::{ConditionKind, Node, NodeId, Operator, Plan, Role};
use planscope_explain::units::Count;
use planscope_explain::workload::Table;
use planscope_explain::workload::query::{Operand, read_condition};

declare_rule! {
    /// ## What it does
    ///
    /// Finds the lowest nodes of a measured plan where the planner's row estimate was off by a factor
    /// of 10 or more, on at least 100 rows, below a join, a sort or an aggregate that was planned
    /// with it. Nodes that a LIMIT, a semi-join or a merge join cut short are not judged, and rows
    /// that were printed rounded are given the benefit of the doubt.
    ///
    /// ## Why it matters
    ///
    /// The planner chooses join methods, join order and memory by these numbers. A nested loop planned
    /// for 10 rows and fed 100,000 is the classic statement that "suddenly" runs for hours.
    ///
    /// ## Example
    ///
    /// ```text
    /// Nested Loop
    ///   -> Seq Scan on addresses  (rows=12) (actual rows=48210 loops=1)
    ///        Filter: ((city = 'Berlin') AND (country = 'DE'))
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// By cause: ANALYZE where statistics are stale; extended statistics where several columns of one
    /// table are compared with `=` and depend on each other; otherwise a higher statistics target.
    /// Better estimates can change other plans too.
    ///
    /// ## References
    ///
    /// PostgreSQL manual, "Statistics Used by the Planner" and "Extended Statistics".
    pub(super) static RULE = {
        name: "row-misestimate",
        summary: "Far more or fewer rows came than the planner expected",
        category: RowEstimates,
        engines: &[Engine::Postgres, Engine::Mysql, Engine::Mariadb],
        check: check,
    };
}

/// An estimate and what came of it, over all loops.
#[derive(Debug, Clone, Copy)]
struct Off {
    factor: f64,
    estimated: f64,
    actual: f64,
}

fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for statement in &context.statements {
        let Some(plan) = statement.plan.filter(|plan| plan.is_analyzed()) else { continue };
        let off: Vec<Option<Off>> =
            plan.iter().map(|(id, node)| judge(context, plan, id, node)).collect();
        for (id, node) in plan.iter() {
            let below = || plan.subtree(id).skip(1).any(|(below, _)| off[below.index()].is_some());
            if let Some(off) = off[id.index()].filter(|_| !below()) {
                findings.extend(finding(context, statement, plan, id, node, off));
            }
        }
    }
    findings
}

/// How far the estimate of a node was off, when it can be judged and is off enough.
fn judge(context: &Context<'_>, plan: &Plan, id: NodeId, node: &Node) -> Option<Off> {
    // Bitmap combinations print no row count; caches and buffers print rows that were read again.
    let no_count = matches!(
        node.operator,
        Operator::BitmapAnd | Operator::BitmapOr | Operator::Materialize | Operator::Memoize
    );
    let actual = node.actual.filter(|actual| !no_count && !actual.never_executed())?;
    let loops = actual.loops * divisor(plan, id);
    let estimated = (node.estimate.rows_per_loop? * loops).max(1.0);
    let (low, high) = actual.rows_interval();
    let (low, high) = (low.max(1.0), high.max(1.0));
    let cut = heat::is_cut_short(plan, id);
    let reread = is_read_again(plan, node);
    let factor = match () {
        () if low > estimated && !reread => low / estimated,
        () if estimated > high && !cut => estimated / high,
        () => return None,
    };
    let limits = context.thresholds;
    // Per loop: a thousand loops of one row too many are no wrong plan.
    let most_per_loop = estimated.max(actual.rows()) / actual.loops;
    (factor >= limits.misestimate_factor && most_per_loop >= limits.misestimate_rows).then(|| Off {
        factor,
        estimated,
        actual: actual.rows(),
    })
}

/// Estimates below a Gather are per planned participant, rows are per participant that ran. Where
/// fewer ran than planned, each did more: the estimate is scaled to those that ran.
fn divisor(plan: &Plan, id: NodeId) -> f64 {
    let gather = plan.ancestors(id).find(|(_, node)| node.operator.is_gather());
    let Some(workers) = gather.and_then(|(_, node)| node.workers) else { return 1.0 };
    let (Some(planned), Some(launched)) = (workers.planned, workers.launched) else { return 1.0 };
    parallel_divisor(f64::from(planned)) / parallel_divisor(f64::from(launched)).max(1.0)
}

/// Whether rows were counted again: the inner side of a merge join goes back over equal keys.
fn is_read_again(plan: &Plan, node: &Node) -> bool {
    let parent = node.parent().map(|parent| &plan.nodes()[parent.index()]);
    node.role == Role::Inner && parent.is_some_and(|p| p.operator == Operator::MergeJoin)
}

fn finding(
    context: &Context<'_>,
    statement: &StatementContext<'_>,
    plan: &Plan,
    id: NodeId,
    node: &Node,
    off: Off,
) -> Option<Finding> {
    let suffers = |node: &Node| {
        node.operator.is_join() || node.operator.is_sort() || node.operator.is_aggregate()
    };
    let (_, victim) = plan.ancestors(id).find(|(_, above)| suffers(above))?;
    let shares = plan.ancestors(id).map(|(above, _)| statement.self_share(above));
    let at_stake: f64 = shares.sum::<f64>() + statement.self_share(id);
    if !context.is_worth_it(statement, at_stake) {
        return None;
    }
    let what = node.relation_name().map_or(String::new(), |name| format!(" on {name}"));
    let title = format!(
        "{}{what}: {} rows expected, {} came ({:.0}×); the {} above was planned with it",
        node.label,
        Count(off.estimated.round()),
        Count(off.actual.round()),
        off.factor,
        victim.label,
    );
    let severity = match off.factor / context.thresholds.misestimate_factor {
        f if f >= 100.0 => Severity::High,
        f if f >= 10.0 => Severity::Medium,
        _ => Severity::Low,
    };
    let mut finding = Finding::new(RULE.name, severity, title)
        .with("rows_estimated", off.estimated)
        .with("rows_actual", off.actual)
        .with("factor", off.factor);
    finding.nodes = vec![id];
    finding.statement = Some(statement.statement.fingerprint);
    // What a better plan would save is not known; what is planned with the wrong number is.
    finding.evidence.push(("share_at_stake", at_stake.into()));
    finding.remedies = remedies(context, statement, plan, id);
    Some(finding)
}

fn remedies(
    context: &Context<'_>,
    statement: &StatementContext<'_>,
    plan: &Plan,
    id: NodeId,
) -> Vec<Remedy> {
    let scan = plan.subtree(id).map(|(_, node)| node).find(|node| node.relation.is_some());
    let Some(scan) = scan else { return Vec::new() };
    let table = statement.table_of(scan);
    let schema = table.and_then(|t| t.schema.clone()).or_else(|| scan.schema.clone());
    let name = scan.relation.clone().unwrap_or_default();
    let mut remedies = Vec::new();
    if table.is_some_and(|table| is_stale(context, table)) {
        remedies.push(Remedy::Analyze { schema: schema.clone(), table: name.clone() });
    }
    let columns = equality_columns(statement, plan.subtree(id).map(|(_, node)| node), scan);
    if columns.len() >= 2 && context.engine() == Engine::Postgres {
        remedies.push(Remedy::CreateStatistics {
            schema: schema.clone(),
            table: name.clone(),
            columns,
        });
    }
    if remedies.is_empty() {
        remedies.push(Remedy::Analyze { schema, table: name });
    }
    remedies
}

/// Whether much was changed since the last ANALYZE, or there never was one.
fn is_stale(context: &Context<'_>, table: &Table) -> bool {
    let never = table.analyzed_at.as_deref() == Some("");
    let changed = table.modified_since_analyze.unwrap_or(0.0);
    let rows = table.rows.unwrap_or(0.0);
    never || (changed > 0.0 && changed > rows * context.thresholds.stale_share)
}

/// Columns of the scanned relation that are compared with constants by `=`, sorted.
fn equality_columns<'n>(
    statement: &StatementContext<'_>,
    nodes: impl Iterator<Item = &'n Node>,
    scan: &Node,
) -> Vec<String> {
    let same = |node: &&Node| node.relation == scan.relation || node.relation.is_none();
    let mut columns: Vec<String> = nodes
        .filter(same)
        .flat_map(|node| &node.conditions)
        .filter(|c| matches!(c.kind, ConditionKind::Filter | ConditionKind::Index))
        .flat_map(|c| read_condition(&c.text, statement.engine))
        .filter(|p| p.operator.is_equality() && p.wrapped.is_none())
        .filter(|p| !matches!(p.value, Operand::Column(_)))
        .map(|p| p.column.name)
        .collect();
    columns.sort();
    columns.dedup();
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tree, findings_of};

    /// A nested loop over a scan that expected `estimated` rows and got `actual`.
    fn joined(estimated: f64, actual: f64) -> Tree {
        Tree::new(Operator::NestedLoop, "Nested Loop", 100.0)
            .child(
                1,
                Tree::scan("addresses", 40.0)
                    .rows(estimated, actual)
                    .filter("((city = 'Berlin'::text) AND (country = 'DE'::text))"),
            )
            .child(1, Tree::scan("users", 20.0).rows(1.0, 1.0))
    }

    #[test]
    fn the_lowest_wrong_node_is_found_with_its_cause() {
        let found = findings_of(&RULE, &joined(12.0, 48_210.0).snapshot());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].nodes[0], found[0].severity), (NodeId(1), Severity::High));
        assert!(matches!(
            &found[0].remedies[0],
            Remedy::CreateStatistics { columns, .. } if columns == &["city", "country"]
        ));
        assert_eq!(findings_of(&RULE, &joined(40_000.0, 48_210.0).snapshot()), []);
    }

    #[test]
    fn few_rows_or_nothing_planned_with_them_is_harmless() {
        assert_eq!(findings_of(&RULE, &joined(2.0, 60.0).snapshot()), []);
        let alone = Tree::scan("addresses", 40.0).rows(12.0, 48_210.0);
        assert_eq!(findings_of(&RULE, &alone.snapshot()), []);
    }

    #[test]
    fn a_limit_cuts_its_input_short() {
        let limited = Tree::new(Operator::Limit, "Limit", 100.0).child(
            1,
            Tree::new(Operator::NestedLoop, "Nested Loop", 90.0)
                .rows(90_000.0, 10.0)
                .child(2, Tree::scan("addresses", 40.0).rows(100_000.0, 10.0)),
        );
        assert_eq!(findings_of(&RULE, &limited.snapshot()), []);
    }
}

//! Heat: which share of a metric each node has, so that the eye goes to what hurts.

use crate::plan::{Node, NodeId, Operator, Plan, Role};

/// What heat is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Self time.
    Time,
    /// Self cost.
    Cost,
    /// Rows read over all loops (estimated where not measured).
    Rows,
    /// Blocks touched by the node itself.
    Buffers,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 4] = [Self::Time, Self::Cost, Self::Rows, Self::Buffers];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Cost => "cost",
            Self::Rows => "rows",
            Self::Buffers => "buffers",
        }
    }

    /// The metric that says most about `plan`: time when it was timed, else cost, else rows.
    pub fn best_for(plan: &Plan) -> Self {
        let some = |f: fn(&Node) -> Option<f64>| plan.nodes().iter().any(|n| f(n) > Some(0.0));
        match () {
            () if some(Node::self_ms) => Self::Time,
            () if some(Node::self_cost) => Self::Cost,
            () => Self::Rows,
        }
    }

    /// The node's own value, not its inputs'.
    pub fn value(self, node: &Node) -> Option<f64> {
        match self {
            Self::Time => node.self_ms(),
            Self::Cost => node.self_cost(),
            Self::Rows => node.rows_read().or(node.estimate.rows_per_loop),
            Self::Buffers => node.self_buffers(),
        }
    }
}

/// How hot a node is, with the field's usual bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeatClass {
    /// Below 10 %.
    Cool,
    /// 10 % or more.
    Warm,
    /// 40 % or more.
    Hot,
    /// 90 % or more.
    Burning,
}

impl HeatClass {
    /// The class of a share between 0 and 1.
    pub fn of(share: f64) -> Self {
        match share {
            s if s >= 0.9 => Self::Burning,
            s if s >= 0.4 => Self::Hot,
            s if s >= 0.1 => Self::Warm,
            _ => Self::Cool,
        }
    }
}

/// The share of each node in the plan's total of `metric`, 0 to 1, in preorder.
pub fn shares(plan: &Plan, metric: Metric) -> Vec<f64> {
    let values: Vec<f64> =
        plan.nodes().iter().map(|node| metric.value(node).unwrap_or(0.0).max(0.0)).collect();
    let total: f64 = values.iter().sum();
    if total <= 0.0 {
        return vec![0.0; values.len()];
    }
    values.into_iter().map(|value| value / total).collect()
}

/// By which factor the planner's rows were off: at least 1; `None` where it cannot be known.
///
/// Rows of several loops are printed rounded before PostgreSQL 18: the factor is that of the
/// nearest number the print can stand for. Below one row, estimates are not taken at their word.
pub fn misestimate(node: &Node) -> Option<f64> {
    let actual = node.actual.filter(|actual| !actual.never_executed())?;
    let estimated = (node.estimate.rows_per_loop? * actual.loops).max(1.0);
    let (low, high) = actual.rows_interval();
    let (low, high) = (low.max(1.0), high.max(1.0));
    Some(if estimated < low {
        low / estimated
    } else if estimated > high {
        estimated / high
    } else {
        1.0
    })
}

/// Whether something above may have stopped the node before its last row: a LIMIT, a semi-join, a
/// merge join that ran out of partners, a subquery that needs one row. Fewer rows than expected are
/// no misestimate there.
pub fn is_cut_short(plan: &Plan, id: NodeId) -> bool {
    let mut below = id;
    for (above, node) in plan.ancestors(id) {
        let child = &plan.nodes()[below.index()];
        // EXISTS and scalar subqueries stop at the first row; a CTE is drawn as far as its scans go.
        if matches!(child.role, Role::InitPlan | Role::SubPlan | Role::Cte) {
            return true;
        }
        match node.operator {
            Operator::Limit | Operator::MergeJoin => return true,
            Operator::NestedLoop if child.role == Role::Inner && stops_at_first(node) => {
                return true;
            }
            // These read their input to its end before the first row leaves them.
            Operator::Sort
            | Operator::Hash
            | Operator::HashAggregate
            | Operator::Aggregate
            | Operator::BitmapHeapScan
            | Operator::BitmapAnd
            | Operator::BitmapOr => return false,
            _ => below = above,
        }
    }
    false
}

/// Whether a nested loop leaves its inner side at the first match.
fn stops_at_first(node: &Node) -> bool {
    let unique = node.details.get("Inner Unique").is_some_and(|v| v.as_bool() == Some(true));
    unique || matches!(node.join_type.as_deref(), Some("Semi" | "Anti" | "Right Semi"))
}

/// Whether the planner expected fewer rows than came (`↑`), more (`↓`), or about as many.
pub fn misestimate_direction(node: &Node) -> std::cmp::Ordering {
    let (Some(rows), Some(actual)) = (node.estimate.rows_per_loop, node.actual) else {
        return std::cmp::Ordering::Equal;
    };
    actual.rows().total_cmp(&(rows * actual.loops))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::plan::{Actual, PlanBuilder};

    fn scanned(estimated: f64, rows: f64, loops: f64) -> Node {
        let mut node = Node::new(Operator::SeqScan, "Seq Scan");
        node.estimate.rows_per_loop = Some(estimated);
        node.actual = Some(Actual {
            loops,
            rows_per_loop: rows,
            rows_rounding: 0.5,
            total_ms_per_loop: Some(10.0),
            ..Actual::default()
        });
        node
    }

    #[test]
    fn rounded_rows_are_an_interval() {
        // 0 rows printed over 1000 loops may be up to 499 rows: no misestimate of 500 estimated.
        assert_eq!(misestimate(&scanned(0.5, 0.0, 1000.0)), Some(1.0));
        assert_eq!(misestimate(&scanned(50.0, 0.0, 1000.0)), Some(100.0));
        assert_eq!(misestimate(&scanned(10.0, 1000.0, 1.0)), Some(100.0));
        assert_eq!(misestimate(&scanned(10.0, 0.0, 0.0)), None);
    }

    #[test]
    fn a_limit_cuts_short_what_streams_and_not_what_is_sorted_first() {
        let mut b = PlanBuilder::new();
        b.open(Node::new(Operator::Limit, "Limit")).unwrap();
        b.open(Node::new(Operator::Sort, "Sort")).unwrap();
        b.open(Node::new(Operator::SeqScan, "Seq Scan")).unwrap();
        let plan = b.finish(Engine::Postgres, "test").unwrap();
        let cut: Vec<bool> = (0..3).map(|i| is_cut_short(&plan, NodeId(i))).collect();
        assert_eq!(cut, [false, true, false]);
    }

    #[test]
    fn shares_sum_up_to_one() {
        let mut b = PlanBuilder::new();
        b.open(scanned(1.0, 1.0, 1.0)).unwrap();
        b.leaf(scanned(1.0, 1.0, 0.4)).unwrap();
        let plan = b.finish(Engine::Postgres, "test").unwrap();
        assert_eq!(Metric::best_for(&plan), Metric::Time);
        let shares = shares(&plan, Metric::Time);
        assert!((shares[0] - 0.6).abs() < 1e-9 && (shares[1] - 0.4).abs() < 1e-9);
        assert_eq!(HeatClass::of(shares[0]), HeatClass::Hot);
    }
}

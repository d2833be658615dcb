//! Heat: which share of a metric each node has, so that the eye goes to what hurts.

use crate::plan::{Node, NodeId, Operator, Plan, Role};
use std::cmp::Ordering;

/// What heat is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Self time, in milliseconds.
    Time,
    /// Self cost, in the planner's units.
    Cost,
    /// Rows read over all loops (estimated where not measured).
    Rows,
    /// Blocks touched by the node itself; keys and rows examined where the engine counts those.
    Buffers,
    /// Blocks that the node itself read from outside the cache, and temporary blocks it wrote.
    Io,
    /// By which factor the planner's rows were off, 1 or more.
    Misestimate,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 6] =
        [Self::Time, Self::Cost, Self::Rows, Self::Buffers, Self::Io, Self::Misestimate];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Cost => "cost",
            Self::Rows => "rows",
            Self::Buffers => "buffers",
            Self::Io => "io",
            Self::Misestimate => "misestimate",
        }
    }

    /// The metric of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
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

    /// Whether the values of the nodes sum up to something: a misestimate has no total.
    pub fn has_total(self) -> bool {
        self != Self::Misestimate
    }

    /// The node's own value, not its inputs'. Of a misestimate that is the printed factor; what was
    /// stopped early is known to [`of`] only.
    pub fn value(self, node: &Node) -> Option<f64> {
        match self {
            Self::Time => node.self_ms(),
            Self::Cost => node.self_cost(),
            Self::Rows => node.rows_read().or(node.estimate.rows_per_loop),
            Self::Buffers => node.self_buffers().or(node.examined.total()),
            Self::Io => {
                node.self_reads().map(|read| read + node.self_temp_written().unwrap_or(0.0))
            }
            Self::Misestimate => misestimate(node),
        }
    }
}

/// How hot a node is, with the field's usual bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum HeatClass {
    /// Below 10 %, or off by less than 10×.
    #[default]
    Cool,
    /// 10 % or more, or 10×.
    Warm,
    /// 40 % or more, or 100×.
    Hot,
    /// 90 % or more, or 1000×.
    Burning,
}

impl HeatClass {
    /// The class of a share between 0 and 1.
    pub fn of(share: f64) -> Self {
        Self::over(share, [0.1, 0.4, 0.9])
    }

    /// The class of a misestimate, 1 or more.
    pub fn of_factor(factor: f64) -> Self {
        Self::over(factor, [10.0, 100.0, 1000.0])
    }

    fn over(value: f64, [warm, hot, burning]: [f64; 3]) -> Self {
        match value {
            v if v >= burning => Self::Burning,
            v if v >= hot => Self::Hot,
            v if v >= warm => Self::Warm,
            _ => Self::Cool,
        }
    }

    /// The name on the wire, e.g. `hot`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cool => "cool",
            Self::Warm => "warm",
            Self::Hot => "hot",
            Self::Burning => "burning",
        }
    }
}

/// The heat of a node.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Heat {
    /// The node's own value, in the metric's unit; `None` where it is not known.
    pub value: Option<f64>,
    /// 0 to 1: the share in the plan's total. A misestimate has no total: its heat is a third for
    /// every power of ten, so 10× is 0.33, 100× is 0.67, 1000× and more is 1.
    pub share: f64,
    /// The class.
    pub class: HeatClass,
}

/// The heat of each node, in preorder.
pub fn of(plan: &Plan, metric: Metric) -> Vec<Heat> {
    of_values(metric, &values(plan, metric))
}

/// What each node has of `metric`, in preorder: see [`Metric::value`]; of a misestimate,
/// [`misestimates`].
pub fn values(plan: &Plan, metric: Metric) -> Vec<Option<f64>> {
    match metric {
        Metric::Misestimate => misestimates(plan),
        _ => plan.nodes().iter().map(|node| metric.value(node)).collect(),
    }
}

/// The heat of each node from its [`values`]: nodes are large, and walking over them is most of the
/// time.
pub fn of_values(metric: Metric, values: &[Option<f64>]) -> Vec<Heat> {
    if metric == Metric::Misestimate {
        return values.iter().copied().map(of_factor).collect();
    }
    let heat = |(value, share)| Heat { value, share, class: HeatClass::of(share) };
    values.iter().copied().zip(shares_of(values)).map(heat).collect()
}

fn of_factor(factor: Option<f64>) -> Heat {
    let known = factor.unwrap_or(1.0);
    let share = (known.log10() / 3.0).clamp(0.0, 1.0);
    Heat { value: factor, share, class: HeatClass::of_factor(known) }
}

/// The share of each node in the plan's total of `metric`, 0 to 1, in preorder.
pub fn shares(plan: &Plan, metric: Metric) -> Vec<f64> {
    let values: Vec<Option<f64>> = plan.nodes().iter().map(|node| metric.value(node)).collect();
    shares_of(&values)
}

fn shares_of(values: &[Option<f64>]) -> Vec<f64> {
    // Absurd figures must not add up to infinity.
    let sane = |value: f64| if value.is_nan() { 0.0 } else { value.clamp(0.0, 1e300) };
    let values: Vec<f64> = values.iter().map(|value| value.map_or(0.0, sane)).collect();
    let total: f64 = values.iter().sum();
    if total <= 0.0 {
        return vec![0.0; values.len()];
    }
    values.into_iter().map(|value| value / total).collect()
}

/// By which factor each node's rows were off, in preorder. `None` where that cannot be known: not
/// measured, never run, or fewer rows than expected where something stopped the node early.
pub fn misestimates(plan: &Plan) -> Vec<Option<f64>> {
    let cut = cut_short(plan);
    let excused = |node: &Node| misestimate_direction(node) == Ordering::Less;
    let nodes = plan.nodes().iter().zip(cut);
    nodes.map(|(node, cut)| misestimate(node).filter(|_| !(cut && excused(node)))).collect()
}

/// Of each node in preorder, whether it may have been stopped before its last row: as
/// [`is_cut_short`], or by the end of an execution that was cut short itself.
pub fn cut_short(plan: &Plan) -> Vec<bool> {
    let mut cut: Vec<bool> = Vec::with_capacity(plan.nodes().len());
    for node in plan.nodes() {
        let parent = node.parent().and_then(|id| Some((plan.get(id)?, *cut.get(id.index())?)));
        let by_parent =
            parent.is_some_and(|(above, inherited)| stops(above, node).unwrap_or(inherited));
        cut.push(plan.partial || by_parent);
    }
    cut
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
        if let Some(stops) = stops(node, &plan.nodes()[below.index()]) {
            return stops;
        }
        below = above;
    }
    false
}

/// Whether `node` may stop its input `child` early; `None` when it does what its parent lets it do.
fn stops(node: &Node, child: &Node) -> Option<bool> {
    // EXISTS and scalar subqueries stop at the first row; a CTE is drawn as far as its scans go.
    if matches!(child.role, Role::InitPlan | Role::SubPlan | Role::Cte) {
        return Some(true);
    }
    match node.operator {
        Operator::Limit | Operator::MergeJoin => Some(true),
        Operator::NestedLoop if child.role == Role::Inner && stops_at_first(node) => Some(true),
        // These read their input to its end before the first row leaves them.
        Operator::Sort
        | Operator::Hash
        | Operator::HashAggregate
        | Operator::Aggregate
        | Operator::BitmapHeapScan
        | Operator::BitmapAnd
        | Operator::BitmapOr => Some(false),
        _ => None,
    }
}

/// Whether a nested loop leaves its inner side at the first match.
fn stops_at_first(node: &Node) -> bool {
    let unique = node.details.get("Inner Unique").is_some_and(|v| v.as_bool() == Some(true));
    unique || matches!(node.join_type.as_deref(), Some("Semi" | "Anti" | "Right Semi"))
}

/// Whether the planner expected fewer rows than came (`↑`), more (`↓`), or about as many.
pub fn misestimate_direction(node: &Node) -> Ordering {
    let (Some(rows), Some(actual)) = (node.estimate.rows_per_loop, node.actual) else {
        return Ordering::Equal;
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
        assert_eq!(cut_short(&plan), cut);
    }

    #[test]
    fn misestimates_have_classes_of_their_own_and_excuse_what_was_stopped() {
        let mut b = PlanBuilder::new();
        b.open(Node::new(Operator::Limit, "Limit")).unwrap();
        b.open(scanned(10.0, 1000.0, 1.0)).unwrap();
        b.leaf(scanned(1000.0, 1.0, 1.0)).unwrap();
        b.leaf(scanned(1.0, 9000.0, 1.0)).unwrap();
        let heat = of(&b.finish(Engine::Postgres, "test").unwrap(), Metric::Misestimate);
        let values: Vec<Option<f64>> = heat.iter().map(|heat| heat.value).collect();
        assert_eq!(values, [None, Some(100.0), None, Some(9000.0)]);
        let classes: Vec<&str> = heat.iter().map(|heat| heat.class.name()).collect();
        assert_eq!(classes, ["cool", "hot", "cool", "burning"]);
        assert!((heat[1].share - 2.0 / 3.0).abs() < 1e-9 && heat[3].share == 1.0);
    }

    #[test]
    fn a_cut_execution_excuses_every_node_that_fell_short() {
        let mut b = PlanBuilder::new();
        b.open(scanned(1000.0, 1.0, 1.0)).unwrap();
        let mut plan = b.finish(Engine::Postgres, "test").unwrap();
        assert_eq!(misestimates(&plan), [Some(1000.0)]);
        plan.partial = true;
        assert_eq!(misestimates(&plan), [None]);
    }

    #[test]
    fn without_blocks_buffers_are_what_was_examined() {
        let mut node = scanned(1.0, 1.0, 1.0);
        node.examined.keys = Some(30.0);
        node.examined.rows = Some(12.0);
        let mut b = PlanBuilder::new();
        b.leaf(node).unwrap();
        let plan = b.finish(Engine::Mongodb, "test").unwrap();
        assert_eq!(of(&plan, Metric::Buffers)[0].value, Some(42.0));
        assert_eq!(of(&plan, Metric::Io)[0].value, None);
    }

    #[test]
    fn reads_and_temporary_blocks_are_io() {
        let mut node = scanned(1.0, 1.0, 1.0);
        node.buffers.shared_hit = Some(100);
        node.buffers.temp_read = Some(20);
        node.buffers.temp_written = Some(22);
        let mut b = PlanBuilder::new();
        b.leaf(node).unwrap();
        let plan = b.finish(Engine::Postgres, "test").unwrap();
        assert_eq!(plan.root().self_reads(), Some(20.0));
        assert_eq!(of(&plan, Metric::Io)[0].value, Some(42.0));
    }

    #[test]
    fn absurd_figures_have_shares_too() {
        let mut b = PlanBuilder::new();
        b.open(scanned(1e308, 1e308, 1e300)).unwrap();
        b.leaf(scanned(1e308, 1e308, 1e300)).unwrap();
        let plan = b.finish(Engine::Postgres, "test").unwrap();
        for metric in Metric::ALL {
            assert!(shares(&plan, metric).iter().all(|s| (0.0..=1.0).contains(s)), "{metric:?}");
        }
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

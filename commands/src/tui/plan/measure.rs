//! A plan measured: its heat in one metric, alone and with inputs.

use planscope_explain::heat::{self, Heat, HeatClass, Metric};
use planscope_explain::plan::Plan;

/// From which share on a node is worth showing when small ones are hidden.
const WORTH_SHOWING: f64 = 0.01;

/// What measuring needs of a plan. Its nodes are large and lie all over the memory: they are walked over
/// once, and to another metric it is a step over a few columns of figures.
#[derive(Debug)]
pub struct Figures {
    /// The parent of each node in preorder; the root is its own.
    parents: Vec<u32>,
    /// How many nodes each node's subtree has, itself included.
    sizes: Vec<u32>,
    /// What the nodes have of each metric that the plan says anything of.
    known: Vec<(Metric, Vec<Option<f64>>)>,
    /// The metric that says most.
    best: Metric,
}

impl Figures {
    /// The figures of a plan.
    pub fn of(plan: &Plan) -> Self {
        let column = |metric| (metric, heat::values(plan, metric));
        let has_any = |column: &(Metric, Vec<Option<f64>>)| column.1.iter().any(Option::is_some);
        let nodes = plan.iter();
        Self {
            parents: nodes.map(|(id, node)| node.parent().unwrap_or(id).index() as u32).collect(),
            sizes: plan.nodes().iter().map(|node| node.subtree_len()).collect(),
            known: Metric::ALL.into_iter().map(column).filter(has_any).collect(),
            best: Metric::best_for(plan),
        }
    }

    /// The metrics of which the plan says anything.
    pub fn metrics(&self) -> impl Iterator<Item = Metric> {
        self.known.iter().map(|(metric, _)| *metric)
    }

    /// Whether the plan says anything of a metric.
    pub fn has(&self, metric: Metric) -> bool {
        self.metrics().any(|known| known == metric)
    }

    /// The wished metric where the plan says anything of it, else the one that says most.
    pub fn choose(&self, wish: Option<Metric>) -> Metric {
        wish.filter(|metric| self.has(*metric)).unwrap_or(self.best)
    }

    /// The factors by which estimates were off, in preorder.
    pub fn factors(&self) -> Vec<Option<f64>> {
        self.column(Metric::Misestimate).map_or_else(|| vec![None; self.sizes.len()], <[_]>::to_vec)
    }

    /// The parent of each node in preorder, the root's is itself.
    pub fn parents(&self) -> &[u32] {
        &self.parents
    }

    /// How many nodes each subtree has.
    pub fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    fn column(&self, metric: Metric) -> Option<&[Option<f64>]> {
        self.known.iter().find(|(known, _)| *known == metric).map(|(_, values)| values.as_slice())
    }

    /// Measured in `metric`.
    pub fn measured(&self, metric: Metric) -> Measured {
        let own = match self.column(metric) {
            Some(values) => heat::of_values(metric, values),
            None => heat::of_values(metric, &vec![None; self.sizes.len()]),
        };
        Measured::new(metric, own, &self.parents)
    }
}

/// The heat of all nodes in a metric.
#[derive(Debug)]
pub struct Measured {
    /// The metric.
    pub metric: Metric,
    /// Of each node alone.
    pub own: Vec<Heat>,
    /// Of each node with its inputs; of a misestimate the worst in the subtree.
    pub with_inputs: Vec<Heat>,
    /// The hottest node.
    pub hottest: Option<usize>,
}

impl Measured {
    fn new(metric: Metric, own: Vec<Heat>, parents: &[u32]) -> Self {
        let mut sums: Vec<(Option<f64>, f64)> = own.iter().map(|h| (h.value, h.share)).collect();
        for (id, parent) in parents.iter().enumerate().skip(1).rev() {
            let below = sums[id];
            let above = &mut sums[*parent as usize];
            *above = match metric.has_total() {
                true => (added(above.0, below.0), above.1 + below.1),
                false => (larger(above.0, below.0), above.1.max(below.1)),
            };
        }
        let class = |value: Option<f64>, share| match metric.has_total() {
            true => HeatClass::of(share),
            false => HeatClass::of_factor(value.unwrap_or(1.0)),
        };
        let heat = |(value, share): (Option<f64>, f64)| {
            let share = share.clamp(0.0, 1.0);
            Heat { value, share, class: class(value, share) }
        };
        let with_inputs = sums.into_iter().map(heat).collect();
        let hottest = hottest(&own);
        Self { metric, own, with_inputs, hottest }
    }

    /// Whether the plan says nothing of this metric.
    pub fn is_empty(&self) -> bool {
        self.own.iter().all(|heat| heat.value.is_none())
    }

    /// The heat of a node, with or without its inputs.
    pub fn heat(&self, node: usize, inclusive: bool) -> Heat {
        let of = if inclusive { &self.with_inputs } else { &self.own };
        of.get(node).copied().unwrap_or_default()
    }

    /// Whether a node or one below it is worth showing.
    pub fn is_worth_showing(&self, node: usize) -> bool {
        self.with_inputs.get(node).is_some_and(|heat| heat.share >= WORTH_SHOWING)
    }
}

fn added(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    [a, b].into_iter().flatten().reduce(|a, b| a + b)
}

fn larger(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    [a, b].into_iter().flatten().reduce(f64::max)
}

/// The node with the largest share, the first of equals; none where nothing has any.
fn hottest(heat: &[Heat]) -> Option<usize> {
    let top = heat.iter().map(|heat| heat.share).fold(0.0, f64::max);
    heat.iter().position(|heat| heat.share >= top && top > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::formats;

    #[test]
    fn inputs_add_up_to_the_whole_plan() {
        let text = "Sort  (cost=10..20 rows=5 width=4) (actual time=9..10 rows=5 loops=1)\n  \
                    ->  Seq Scan on t  (cost=0..8 rows=5 width=4) (actual time=0..8 rows=500 loops=1)\n";
        let plan = formats::read(text, None).unwrap().swap_remove(0).plan;
        let figures = Figures::of(&plan);
        let time = figures.measured(Metric::Time);
        assert_eq!(time.hottest, Some(1));
        assert!((time.with_inputs[0].share - 1.0).abs() < 1e-9);
        assert_eq!(time.heat(0, true).value, Some(10.0));
        assert_eq!(time.heat(0, false).value, Some(2.0));
        let off = figures.measured(Metric::Misestimate);
        assert_eq!((off.heat(0, false).value, off.heat(0, true).value), (Some(1.0), Some(100.0)));
        assert_eq!(figures.factors(), [Some(1.0), Some(100.0)]);
    }
}

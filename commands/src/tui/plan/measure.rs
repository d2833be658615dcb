//! A plan measured: its heat in one metric, alone and with inputs.

use planscope_explain::heat::{self, Heat, HeatClass, Metric};
use planscope_explain::plan::Plan;

/// From which share on a node is worth showing when small ones are hidden.
const WORTH_SHOWING: f64 = 0.01;

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
    /// Measures a plan.
    pub fn of(plan: &Plan, metric: Metric) -> Self {
        let own = heat::of(plan, metric);
        let mut sums: Vec<(Option<f64>, f64)> = own.iter().map(|h| (h.value, h.share)).collect();
        for (id, node) in plan.iter().rev() {
            let Some(parent) = node.parent() else { continue };
            let below = sums[id.index()];
            let above = &mut sums[parent.index()];
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
        let time = Measured::of(&plan, Metric::Time);
        assert_eq!(time.hottest, Some(1));
        assert!((time.with_inputs[0].share - 1.0).abs() < 1e-9);
        assert_eq!(time.heat(0, true).value, Some(10.0));
        assert_eq!(time.heat(0, false).value, Some(2.0));
        let off = Measured::of(&plan, Metric::Misestimate);
        assert_eq!((off.heat(0, false).value, off.heat(0, true).value), (Some(1.0), Some(100.0)));
    }
}

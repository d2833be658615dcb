//! Estimates: where the planner's rows came to be off by another order of magnitude.

use super::{Effect, Finder, Sides};
use crate::diff::access::Access;
use crate::diff::profile::{Class, Profile};
use crate::diff::{ChangeKind, Severity};
use crate::heat;
use crate::plan::NodeId;

impl Finder<'_> {
    /// Changed factors, at the lowest node only: what is above multiplies the same error.
    pub(super) fn estimates(&mut self) {
        if !self.analyzed {
            return;
        }
        let factors = self.plans.map(|p| heat::misestimates(p.plan));
        let changed: Vec<(Sides<NodeId>, Sides<f64>)> = self
            .alignment
            .pairs()
            .filter_map(|(b, a)| Some(([b, a], [factors[0][b.index()]?, factors[1][a.index()]?])))
            .filter(|(_, factors)| is_other_estimate(*factors))
            .collect();
        let below = [0, 1].map(|side| {
            let ids = changed.iter().map(|(ids, _)| ids[side]);
            marked_below(self.plans[side], ids)
        });
        for (ids, factors) in changed {
            let is_lowest = (0..2).all(|side| !below[side][ids[side].index()]);
            if is_lowest && self.guess_the_same(ids) {
                self.report_estimate(ids, factors);
            }
        }
    }

    /// Whether both nodes had the same to guess: a scan that filters and one that looks up have not.
    fn guess_the_same(&self, ids: Sides<NodeId>) -> bool {
        if self.plans[0].class[ids[0].index()] != Class::Scan {
            return true;
        }
        let [before, after] = [0, 1].map(|side| Access::new(self.plans[side], ids[side]).reach);
        before == after
    }

    fn report_estimate(&mut self, ids: Sides<NodeId>, factors: Sides<f64>) {
        let effect = if factors[1] > factors[0] { Effect::Harm } else { Effect::Help };
        let texts = factors.map(|factor| format!("rows off ×{factor:.0}"));
        let nodes = ids.map(|id| vec![id]);
        // Low: a wrong estimate is a reason, not work. The plan that follows from it is judged.
        self.push(ChangeKind::Estimate, (effect, Severity::Low), self.relation(ids), texts, nodes);
    }
}

/// Factors of another class (10, 100, 1,000), and not by a hair's breadth.
fn is_other_estimate([before, after]: Sides<f64>) -> bool {
    let class = |factor: f64| [10.0, 100.0, 1_000.0].iter().filter(|from| factor >= **from).count();
    class(before) != class(after) && before.max(after) >= 2.0 * before.min(after)
}

/// The nodes that have one of `ids` below them.
fn marked_below(profile: &Profile<'_>, ids: impl Iterator<Item = NodeId>) -> Vec<bool> {
    let nodes = profile.plan.nodes();
    let mut marked = vec![false; nodes.len()];
    for id in ids {
        marked[id.index()] = true;
    }
    let mut below = vec![false; nodes.len()];
    for (i, node) in nodes.iter().enumerate().rev() {
        if let Some(parent) = node.parent()
            && (marked[i] || below[i])
        {
            below[parent.index()] = true;
        }
    }
    below
}

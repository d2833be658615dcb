//! Two plans row by row: nodes that stand for each other share a row, the others have one alone.
//! Rows go down both plans in order, so that both sides scroll in step. Of pairs that cross (another
//! join order) as many as possible share rows; the others are shown where they are, as moved.

use planscope_explain::diff::{PlanDiff, Severity};
use planscope_explain::plan::{NodeId, Plan};

/// A row of the comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The node before and the node after; at least one.
    pub nodes: [Option<NodeId>; 2],
    /// Where the node went that stands for this one, when it is not on this row.
    pub partner: Option<NodeId>,
    /// Numbers of the changes about these nodes, the gravest first.
    pub changes: Vec<u32>,
    /// The row behind the last one below these nodes.
    pub end: u32,
}

/// What happened to a row's nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Nothing.
    Same,
    /// Something about them.
    Changed,
    /// They are new.
    Added,
    /// They are gone.
    Removed,
    /// They are elsewhere.
    Moved,
}

impl Sign {
    /// The sign as one character.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Same => " ",
            Self::Changed => "~",
            Self::Added => "+",
            Self::Removed => "-",
            Self::Moved => "⇄",
        }
    }
}

impl Row {
    /// What happened to it.
    pub fn sign(&self) -> Sign {
        match self.nodes {
            _ if self.partner.is_some() => Sign::Moved,
            [Some(_), None] => Sign::Removed,
            [None, Some(_)] => Sign::Added,
            _ if self.changes.is_empty() => Sign::Same,
            _ => Sign::Changed,
        }
    }

    /// The word beside the sign: the kind of the gravest change.
    pub fn word(&self, diff: &PlanDiff) -> &'static str {
        let change = self.changes.first().and_then(|&i| diff.changes.get(i as usize));
        match (change, self.sign()) {
            (Some(change), _) => change.kind.name(),
            (None, Sign::Same | Sign::Changed) => "",
            (None, Sign::Added) => "added",
            (None, Sign::Removed) => "removed",
            (None, Sign::Moved) => "moved",
        }
    }

    /// How grave the gravest change is.
    pub fn severity(&self, diff: &PlanDiff) -> Option<Severity> {
        let changes = self.changes.iter().filter_map(|&i| diff.changes.get(i as usize));
        changes.map(|change| change.severity).max()
    }
}

/// The rows of a comparison.
pub fn of(plans: [&Plan; 2], diff: &PlanDiff) -> Vec<Row> {
    let counts = plans.map(|plan| plan.nodes().len());
    let in_plans =
        |pair: &&(NodeId, NodeId)| pair.0.index() < counts[0] && pair.1.index() < counts[1];
    let pairs: Vec<(NodeId, NodeId)> = diff.pairs.iter().filter(in_plans).copied().collect();
    let mut rows = aligned(counts, &pairs, &in_step(&pairs));
    let places = places(counts, &rows);
    note_changes(&mut rows, &places, diff);
    note_ends(&mut rows, &places, plans);
    rows
}

/// Which pairs can share rows: the longest run of pairs that grows on both sides.
fn in_step(pairs: &[(NodeId, NodeId)]) -> Vec<bool> {
    // The last pair of the best run of each length, and the pair before each.
    let mut best: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = vec![None; pairs.len()];
    for (i, pair) in pairs.iter().enumerate() {
        let at = best.partition_point(|&last| pairs[last].1 < pair.1);
        previous[i] = at.checked_sub(1).map(|at| best[at]);
        match best.get_mut(at) {
            Some(last) => *last = i,
            None => best.push(i),
        }
    }
    let mut chosen = vec![false; pairs.len()];
    let mut next = best.last().copied();
    while let Some(i) = next {
        chosen[i] = true;
        next = previous[i];
    }
    chosen
}

fn aligned(counts: [usize; 2], pairs: &[(NodeId, NodeId)], chosen: &[bool]) -> Vec<Row> {
    let mut partners = [vec![None; counts[0]], vec![None; counts[1]]];
    for ((before, after), _) in pairs.iter().zip(chosen).filter(|(_, chosen)| !**chosen) {
        partners[0][before.index()] = Some(*after);
        partners[1][after.index()] = Some(*before);
    }
    let mut rows = Vec::with_capacity(counts[0].max(counts[1]));
    let mut next = [0, 0];
    let row = |nodes, partner| Row { nodes, partner, changes: Vec::new(), end: 0 };
    let mut alone = |rows: &mut Vec<Row>, to: [usize; 2]| {
        let id = |i: usize| Some(NodeId(i as u32));
        for (i, partner) in partners[0].iter().enumerate().take(to[0]).skip(next[0]) {
            rows.push(row([id(i), None], *partner));
        }
        for (i, partner) in partners[1].iter().enumerate().take(to[1]).skip(next[1]) {
            rows.push(row([None, id(i)], *partner));
        }
        next = [to[0] + 1, to[1] + 1];
    };
    for ((before, after), _) in pairs.iter().zip(chosen).filter(|(_, chosen)| **chosen) {
        alone(&mut rows, [before.index(), after.index()]);
        rows.push(row([Some(*before), Some(*after)], None));
    }
    alone(&mut rows, counts);
    rows
}

/// The row of every node.
fn places(counts: [usize; 2], rows: &[Row]) -> [Vec<u32>; 2] {
    let mut places = counts.map(|count| vec![0; count]);
    for (i, row) in rows.iter().enumerate() {
        for (side, node) in row.nodes.iter().enumerate() {
            if let Some(node) = node {
                places[side][node.index()] = i as u32;
            }
        }
    }
    places
}

fn note_changes(rows: &mut [Row], places: &[Vec<u32>; 2], diff: &PlanDiff) {
    for (i, change) in diff.changes.iter().enumerate() {
        for (nodes, places) in change.nodes.iter().zip(places) {
            for place in nodes.iter().filter_map(|node| places.get(node.index())) {
                let noted = &mut rows[*place as usize].changes;
                // Both sides of a pair name the same row.
                if noted.last() != Some(&(i as u32)) {
                    noted.push(i as u32);
                }
            }
        }
    }
}

/// Where the part of the rows ends that lies below each row's nodes.
fn note_ends(rows: &mut [Row], places: &[Vec<u32>; 2], plans: [&Plan; 2]) {
    for (i, row) in rows.iter_mut().enumerate() {
        let last = |side: usize| {
            let node = row.nodes[side]?;
            let len = plans[side].get(node)?.subtree_len().max(1);
            places[side].get((node.0 + len - 1) as usize).copied()
        };
        row.end = last(0).max(last(1)).unwrap_or(i as u32) + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::diff::{self, Tolerance};
    use planscope_explain::formats;
    use proptest::prelude::*;

    fn plan(text: &str) -> Plan {
        formats::read(text, None).unwrap().swap_remove(0).plan
    }

    fn shown(rows: &[Row]) -> Vec<(Option<u32>, Option<u32>, Sign)> {
        let id = |node: Option<NodeId>| node.map(|node| node.0);
        rows.iter().map(|row| (id(row.nodes[0]), id(row.nodes[1]), row.sign())).collect()
    }

    #[test]
    fn what_stands_for_each_other_shares_a_row() {
        let before = plan(
            "Sort  (cost=1..10 rows=5 width=4)\n  ->  Seq Scan on orders  (cost=0..8 rows=5 width=4)\n",
        );
        let after = plan(
            "Limit  (cost=1..10 rows=5 width=4)\n  ->  Sort  (cost=1..10 rows=5 width=4)\n        \
             ->  Seq Scan on orders  (cost=0..8 rows=5 width=4)\n",
        );
        let diff = diff::plans(&before, &after, [None, None], Tolerance::default());
        let rows = of([&before, &after], &diff);
        let pairs: Vec<_> = shown(&rows).into_iter().map(|(b, a, _)| (b, a)).collect();
        assert_eq!(pairs, [(None, Some(0)), (Some(0), Some(1)), (Some(1), Some(2))]);
        assert_eq!(rows[0].sign(), Sign::Added);
        assert_eq!((rows[0].end, rows[1].end, rows[2].end), (3, 3, 3));
    }

    #[test]
    fn pairs_that_cross_are_shown_as_moved() {
        let pairs = [(0, 0), (1, 2), (2, 1)].map(|(b, a)| (NodeId(b), NodeId(a)));
        let rows = aligned([3, 3], &pairs, &in_step(&pairs));
        let signs: Vec<Sign> = rows.iter().map(Row::sign).collect();
        assert_eq!(signs.iter().filter(|sign| **sign == Sign::Moved).count(), 2, "{rows:?}");
        assert_eq!(rows.len(), 4);
    }

    proptest! {
        #[test]
        fn every_node_has_one_row_and_both_sides_go_down_in_order(
            after in Just((0..40_u32).collect::<Vec<_>>()).prop_shuffle(),
            keep in proptest::collection::vec(any::<bool>(), 40),
        ) {
            let pairs: Vec<(NodeId, NodeId)> = after
                .iter()
                .enumerate()
                .filter(|(i, _)| keep[*i])
                .map(|(i, a)| (NodeId(i as u32), NodeId(*a)))
                .collect();
            let rows = aligned([40, 40], &pairs, &in_step(&pairs));
            for side in 0..2 {
                let ids: Vec<u32> = rows.iter().filter_map(|r| r.nodes[side]).map(|n| n.0).collect();
                prop_assert_eq!(ids, (0..40).collect::<Vec<_>>());
            }
        }
    }
}

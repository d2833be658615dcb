//! The plan as an icicle: each node spans as much of the width as it has, with its inputs, of the
//! metric. Inputs lie side by side from the left, the node's own part is at the right of them.

use super::measure::{Figures, Measured};
use planscope_explain::heat::Metric;
use planscope_explain::plan::{NodeId, Plan};

/// Where every node begins, and how wide it is; the root is 0 to 1.
#[derive(Debug)]
pub struct Spans {
    start: Vec<f64>,
    width: Vec<f64>,
    /// What the widths are.
    pub metric: Option<Metric>,
}

/// A node in a row of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The node.
    pub node: NodeId,
    /// First cell.
    pub from: u16,
    /// The cell behind the last.
    pub to: u16,
    /// Level below the top of what is shown.
    pub level: u32,
}

impl Spans {
    /// The spans of a plan. A misestimate has no total: the widths are then those of the metric that
    /// says most. Where nothing is known, every node is as wide as any other.
    pub fn of(figures: &Figures, measured: &Measured) -> Self {
        let best;
        let by = if measured.metric.has_total() && has_any(measured) {
            measured
        } else {
            best = figures.measured(figures.choose(None));
            &best
        };
        let known = has_any(by);
        let count = figures.sizes().len() as f64;
        let width: Vec<f64> = match known {
            true => by.with_inputs.iter().map(|heat| heat.share).collect(),
            false => figures.sizes().iter().map(|size| f64::from(*size) / count).collect(),
        };
        // Where the next input of each node begins.
        let mut next = vec![0.0; width.len()];
        let mut start = vec![0.0; width.len()];
        for (i, parent) in figures.parents().iter().enumerate().skip(1) {
            let parent = *parent as usize;
            start[i] = next[parent];
            next[parent] += width[i];
            next[i] = start[i];
        }
        Self { start, width, metric: known.then_some(by.metric) }
    }

    /// The share of the width that a node has.
    pub fn share(&self, node: NodeId) -> f64 {
        self.width.get(node.index()).copied().unwrap_or(0.0)
    }

    /// The cells of a node when `top` fills `cells`.
    pub fn cells(&self, node: NodeId, top: NodeId, cells: u16) -> (u16, u16) {
        let (i, t) = (node.index(), top.index());
        let whole = self.width[t].max(f64::MIN_POSITIVE);
        let at = |x: f64| ((x - self.start[t]) / whole * f64::from(cells)).round();
        let cell = |x: f64| at(x).clamp(0.0, f64::from(cells)) as u16;
        (cell(self.start[i]), cell(self.start[i] + self.width[i]))
    }

    /// The nodes that own the cells of one row: the deepest at each place. In order, without gaps
    /// where something is known.
    pub fn row(&self, plan: &Plan, top: NodeId, cells: u16) -> Vec<Segment> {
        let mut own: Vec<Segment> = Vec::new();
        for (id, node) in plan.subtree(top) {
            let (from, to) = self.own_cells(plan, id, top, cells);
            if to > from {
                own.push(Segment { node: id, from, to, level: node.depth() });
            }
        }
        own.sort_by_key(|segment| segment.from);
        own
    }

    /// The cells of a node's own part.
    fn own_cells(&self, plan: &Plan, id: NodeId, top: NodeId, cells: u16) -> (u16, u16) {
        let (_, to) = self.cells(id, top, cells);
        // The last input ends where the own part begins; a leaf is its own.
        let last = plan.children(id).last();
        let from = match last {
            Some((child, _)) => self.cells(child, top, cells).1,
            None => self.cells(id, top, cells).0,
        };
        (from, to)
    }

    /// The boxes of a flame graph below `top`: levels from `first` on, at most `rows` of them. Boxes
    /// narrower than half a cell are left out, but not `always`.
    pub fn boxes(
        &self,
        plan: &Plan,
        top: NodeId,
        cells: u16,
        levels: std::ops::Range<u32>,
        always: NodeId,
    ) -> Vec<Segment> {
        let base = plan.get(top).map_or(0, |node| node.depth());
        let mut boxes = Vec::new();
        let end = top.index() + plan.get(top).map_or(0, |node| node.subtree_len() as usize);
        let mut next = top.index();
        while next < end {
            let id = NodeId(next as u32);
            let node = &plan.nodes()[next];
            let len = node.subtree_len().max(1) as usize;
            let level = node.depth() - base;
            let (from, to) = self.cells(id, top, cells);
            let holds_always = (next..next + len).contains(&always.index());
            if level >= levels.end || (to <= from && !holds_always) {
                next += len;
                continue;
            }
            if levels.contains(&level) && (to > from || id == always) {
                let from = from.min(cells.saturating_sub(1));
                boxes.push(Segment { node: id, from, to: to.max(from + 1), level });
            }
            next += 1;
        }
        boxes
    }
}

fn has_any(measured: &Measured) -> bool {
    measured.hottest.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::formats;

    fn plan() -> Plan {
        let text = "Hash Join  (cost=1..10 rows=5 width=4) (actual time=9..10 rows=5 loops=1)\n  \
            ->  Seq Scan on a  (cost=0..8 rows=5 width=4) (actual time=0..6 rows=5 loops=1)\n  \
            ->  Hash  (cost=0..8 rows=5 width=4) (actual time=2..2 rows=5 loops=1)\n        \
            ->  Seq Scan on b  (cost=0..8 rows=5 width=4) (actual time=0..1 rows=5 loops=1)\n";
        formats::read(text, None).unwrap().swap_remove(0).plan
    }

    fn timed(plan: &Plan) -> Spans {
        let figures = Figures::of(plan);
        Spans::of(&figures, &figures.measured(Metric::Time))
    }

    #[test]
    fn the_row_shows_each_node_s_own_part() {
        let plan = plan();
        let spans = timed(&plan);
        let row = spans.row(&plan, NodeId::ROOT, 10);
        let shown: Vec<(u32, u16, u16)> = row.iter().map(|s| (s.node.0, s.from, s.to)).collect();
        assert_eq!(shown, [(1, 0, 6), (3, 6, 7), (2, 7, 8), (0, 8, 10)]);
    }

    #[test]
    fn boxes_stand_below_their_parents_and_zoom() {
        let plan = plan();
        let spans = timed(&plan);
        let boxes = spans.boxes(&plan, NodeId::ROOT, 10, 1..9, NodeId::ROOT);
        let shown: Vec<(u32, u16, u16)> = boxes.iter().map(|s| (s.node.0, s.from, s.to)).collect();
        assert_eq!(shown, [(1, 0, 6), (2, 6, 8), (3, 6, 7)]);
        let zoomed = spans.boxes(&plan, NodeId(2), 10, 0..9, NodeId::ROOT);
        assert_eq!((zoomed[0].from, zoomed[0].to, zoomed[1].to), (0, 10, 5));
        // Too narrow to be seen, but under the cursor.
        let tiny = spans.boxes(&plan, NodeId::ROOT, 2, 0..9, NodeId(3));
        assert!(tiny.iter().any(|s| s.node == NodeId(3) && s.to > s.from));
    }

    #[test]
    fn without_figures_all_nodes_are_equal() {
        let text = "QUERY PLAN\n|--SCAN a\n`--SEARCH b USING INDEX i (x=?)\n";
        let plan = formats::read(text, None).unwrap().swap_remove(0).plan;
        let spans = timed(&plan);
        assert_eq!(spans.metric, None);
        assert_eq!(spans.row(&plan, NodeId::ROOT, 9).len(), 3);
    }
}

//! Which nodes of a plan are on the screen: folding, filtering, the cursor, the first row shown.

use super::measure::Measured;
use planscope_explain::plan::{NodeId, Plan};

/// The tree's state. Rows are nodes that are neither folded away nor filtered out.
#[derive(Debug)]
pub struct Tree {
    folded: Vec<bool>,
    rows: Vec<u32>,
    /// The row of the cursor.
    cursor: usize,
    /// The first row shown.
    top: usize,
}

/// Rows kept visible above and below the cursor, where there are some.
const MARGIN: usize = 2;

impl Tree {
    /// All nodes of `plan`, the cursor on the root.
    pub fn of(plan: &Plan) -> Self {
        let count = plan.nodes().len();
        let rows = (0..count as u32).collect();
        Self { folded: vec![false; count], rows, cursor: 0, top: 0 }
    }

    /// The nodes on rows, in order.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The row of the cursor.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The first row shown.
    pub fn top(&self) -> usize {
        self.top
    }

    /// The node under the cursor.
    pub fn selected(&self) -> NodeId {
        NodeId(self.rows.get(self.cursor).copied().unwrap_or(0))
    }

    /// Whether a node's inputs are folded away.
    pub fn is_folded(&self, node: NodeId) -> bool {
        self.folded.get(node.index()).copied().unwrap_or(false)
    }

    /// Whether a row lies in `range` of node ids.
    pub fn has_row_in(&self, range: std::ops::Range<u32>) -> bool {
        let next = self.rows.partition_point(|&row| row < range.start);
        self.rows.get(next).is_some_and(|&row| row < range.end)
    }

    /// Makes the rows anew; the cursor stays at its node or goes to the nearest one above it.
    pub fn refresh(&mut self, plan: &Plan, only: Option<&Measured>, zoom: Option<NodeId>) {
        let selected = self.selected().0;
        let (mut next, end) = match zoom {
            Some(top) => {
                let len = plan.get(top).map_or(0, |node| node.subtree_len());
                (top.index(), top.index() + len as usize)
            }
            None => (0, plan.nodes().len()),
        };
        let first = next;
        self.rows.clear();
        while next < end {
            let len = plan.nodes()[next].subtree_len().max(1) as usize;
            // What has nothing worth showing has nothing below it either. The top is always there.
            if next != first && only.is_some_and(|measured| !measured.is_worth_showing(next)) {
                next += len;
                continue;
            }
            self.rows.push(next as u32);
            next += if self.folded[next] { len } else { 1 };
        }
        self.cursor = self.rows.partition_point(|&row| row <= selected).saturating_sub(1);
    }

    /// Moves the cursor to a row.
    pub fn go_to_row(&mut self, row: usize) {
        self.cursor = row.min(self.rows.len().saturating_sub(1));
    }

    /// Moves the cursor by so many rows.
    pub fn move_by(&mut self, rows: isize) {
        self.go_to_row(self.cursor.saturating_add_signed(rows));
    }

    /// Moves the cursor to a node, unfolding what hides it; false when a filter hides it.
    pub fn go_to(
        &mut self,
        plan: &Plan,
        only: Option<&Measured>,
        zoom: Option<NodeId>,
        node: NodeId,
    ) -> bool {
        let mut unfolded = false;
        for (id, _) in plan.ancestors(node) {
            unfolded |= std::mem::take(&mut self.folded[id.index()]);
        }
        if unfolded {
            self.refresh(plan, only, zoom);
        }
        match self.rows.binary_search(&node.0) {
            Ok(row) => {
                self.cursor = row;
                true
            }
            Err(_) => false,
        }
    }

    /// Folds or unfolds a node.
    pub fn fold(&mut self, node: NodeId, folded: bool) {
        if let Some(slot) = self.folded.get_mut(node.index()) {
            *slot = folded;
        }
    }

    /// Unfolds everything.
    pub fn unfold_all(&mut self) {
        self.folded.fill(false);
    }

    /// Folds everything but the path to the cursor.
    pub fn fold_all(&mut self, plan: &Plan) {
        let selected = self.selected();
        for (slot, node) in self.folded.iter_mut().zip(plan.nodes()) {
            *slot = node.subtree_len() > 1;
        }
        for (id, _) in plan.ancestors(selected) {
            self.folded[id.index()] = false;
        }
    }

    /// Scrolls so that the cursor is among the `height` rows shown.
    pub fn scroll(&mut self, height: usize) {
        let margin = MARGIN.min(height.saturating_sub(1) / 2);
        let last = self.rows.len().saturating_sub(height);
        if self.cursor < self.top + margin {
            self.top = self.cursor.saturating_sub(margin);
        }
        if self.cursor + margin >= self.top + height {
            self.top = (self.cursor + margin + 1).saturating_sub(height);
        }
        self.top = self.top.min(last);
    }

    /// Scrolls by so many rows, as a wheel does; the cursor stays on the screen.
    pub fn wheel(&mut self, rows: isize, height: usize) {
        let last = self.rows.len().saturating_sub(height);
        self.top = self.top.saturating_add_signed(rows).min(last);
        let margin = MARGIN.min(height.saturating_sub(1) / 2);
        let low = if self.top == 0 { 0 } else { self.top + margin };
        let high = (self.top + height).saturating_sub(1 + margin).max(low);
        let high = if self.top >= last { self.rows.len().saturating_sub(1) } else { high };
        self.go_to_row(self.cursor.clamp(low, high.max(low)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::Engine;
    use planscope_explain::plan::{Node, Operator, PlanBuilder};

    /// 0 ( 1 ( 2 3 ) 4 )
    fn plan() -> Plan {
        let node = || Node::new(Operator::Append, "Append");
        let mut b = PlanBuilder::new();
        b.open(node()).unwrap();
        b.open(node()).unwrap();
        b.leaf(node()).unwrap();
        b.leaf(node()).unwrap();
        b.close();
        b.leaf(node()).unwrap();
        b.finish(Engine::Postgres, "test").unwrap()
    }

    #[test]
    fn folding_hides_and_going_to_a_node_unfolds() {
        let plan = plan();
        let mut tree = Tree::of(&plan);
        tree.go_to_row(3);
        tree.fold(NodeId(1), true);
        tree.refresh(&plan, None, None);
        assert_eq!(tree.rows(), [0, 1, 4]);
        // The cursor was on 3, which is gone: it stays above.
        assert_eq!(tree.selected(), NodeId(1));
        assert!(tree.has_row_in(2..5) && !tree.has_row_in(2..4));
        assert!(tree.go_to(&plan, None, None, NodeId(2)));
        assert_eq!((tree.rows().len(), tree.selected()), (5, NodeId(2)));
        tree.fold_all(&plan);
        tree.refresh(&plan, None, None);
        assert_eq!(tree.rows(), [0, 1, 2, 3, 4]);
        tree.refresh(&plan, None, Some(NodeId(1)));
        assert_eq!(tree.rows(), [1, 2, 3]);
    }

    #[test]
    fn the_cursor_stays_on_the_screen() {
        let plan = plan();
        let mut tree = Tree::of(&plan);
        tree.go_to_row(4);
        tree.scroll(2);
        assert_eq!(tree.top(), 3);
        tree.wheel(-3, 2);
        assert_eq!((tree.top(), tree.cursor()), (0, 1));
        tree.wheel(9, 2);
        assert_eq!(tree.top(), 3);
        assert!((3..5).contains(&tree.cursor()));
        tree.move_by(-99);
        tree.scroll(2);
        assert_eq!((tree.top(), tree.cursor()), (0, 0));
    }
}

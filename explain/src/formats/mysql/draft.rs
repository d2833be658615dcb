//! A plan whose tree is still being put together: nodes made in any order, joined and wrapped.

use crate::engine::Engine;
use crate::plan::{LimitError, MAX_NODES, Node, Operator, Plan, PlanBuilder, Role};

/// A node's place in the draft.
pub(super) type At = usize;

#[derive(Debug)]
struct Entry {
    node: Node,
    first: Option<u32>,
    last: Option<u32>,
    next: Option<u32>,
}

/// Nodes and who hangs on whom.
#[derive(Debug, Default)]
pub(super) struct Draft {
    entries: Vec<Entry>,
}

impl Draft {
    /// Adds a node that hangs nowhere yet.
    pub(super) fn add(&mut self, node: Node) -> Result<At, LimitError> {
        if self.entries.len() >= MAX_NODES {
            return Err(LimitError::Nodes);
        }
        self.entries.push(Entry { node, first: None, last: None, next: None });
        Ok(self.entries.len() - 1)
    }

    pub(super) fn node(&self, at: At) -> &Node {
        &self.entries[at].node
    }

    pub(super) fn node_mut(&mut self, at: At) -> &mut Node {
        &mut self.entries[at].node
    }

    /// Hangs `child` on `parent`, after the children that it has.
    pub(super) fn adopt(&mut self, parent: At, child: At, role: Role) {
        self.entries[child].node.role = role;
        match self.entries[parent].last {
            Some(last) => self.entries[last as usize].next = Some(child as u32),
            None => self.entries[parent].first = Some(child as u32),
        }
        self.entries[parent].last = Some(child as u32);
    }

    /// Adds a node above `child`.
    pub(super) fn wrap(&mut self, child: At, node: Node) -> Result<At, LimitError> {
        let at = self.add(node)?;
        self.adopt(at, child, Role::Outer);
        Ok(at)
    }

    pub(super) fn children(&self, at: At) -> impl Iterator<Item = At> + '_ {
        let at_of = |at: u32| at as usize;
        std::iter::successors(self.entries[at].first.map(at_of), move |&child| {
            self.entries[child].next.map(at_of)
        })
    }

    /// All nodes below `root`, itself first, in preorder: from the last to the first, every node
    /// comes after its children.
    pub(super) fn preorder(&self, root: At) -> Vec<u32> {
        let mut order = Vec::with_capacity(self.entries.len());
        let mut open = vec![root as u32];
        while let Some(at) = open.pop() {
            order.push(at);
            let start = open.len();
            open.extend(self.children(at as usize).map(|child| child as u32));
            open[start..].reverse();
        }
        order
    }

    /// Costs that the engine does not say are those of the inputs: a sort costs at least what it
    /// sorts. Without them the cost of the whole plan would be unknown.
    fn complete_costs(&mut self, order: &[u32]) {
        for at in order.iter().rev().map(|&at| at as usize) {
            if self.node(at).estimate.total_cost.is_some() {
                continue;
            }
            let is_loop = self.node(at).operator == Operator::NestedLoop;
            let (mut total, mut rows) = (None, 1.0);
            for child in self.children(at) {
                let node = self.node(child);
                let times = if is_loop && node.role == Role::Inner { rows } else { 1.0 };
                if node.role == Role::Outer {
                    rows = node.estimate.rows_per_loop.unwrap_or(1.0).max(1.0);
                }
                if let Some(cost) = node.estimate.total_cost {
                    total = Some(total.unwrap_or(0.0) + cost * times);
                }
            }
            self.node_mut(at).estimate.total_cost = total;
        }
    }

    /// The plan of the tree at `root`. What does not hang on it is left out.
    pub(super) fn finish(
        mut self,
        root: At,
        engine: Engine,
        format: &'static str,
    ) -> Result<Plan, LimitError> {
        let order = self.preorder(root);
        self.complete_costs(&order);
        drop(order);
        let mut builder = PlanBuilder::new();
        let mut open = vec![(root, 0)];
        while let Some((at, depth)) = open.pop() {
            builder.close_to_depth(depth);
            let start = open.len();
            open.extend(self.children(at).map(|child| (child, depth + 1)));
            open[start..].reverse();
            builder.open(std::mem::take(&mut self.entries[at].node))?;
        }
        builder.finish(engine, format)
    }
}

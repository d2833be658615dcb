//! A plan whose tree is still being put together: nodes made in any order, joined and wrapped.

use crate::engine::Engine;
use crate::plan::{LimitError, MAX_NODES, Node, Operator, Plan, PlanBuilder, Role};

/// A node's place in the draft.
pub(super) type At = usize;

/// No node.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Links {
    first: u32,
    last: u32,
    next: u32,
}

/// Nodes and who hangs on whom.
#[derive(Debug, Default)]
pub(super) struct Draft {
    nodes: Vec<Node>,
    links: Vec<Links>,
}

impl Draft {
    /// With room for so many nodes, so that a large plan need not grow by doubling.
    pub(super) fn expecting(nodes: usize) -> Self {
        let nodes = nodes.min(MAX_NODES);
        Self { nodes: Vec::with_capacity(nodes), links: Vec::with_capacity(nodes) }
    }

    /// Adds a node that hangs nowhere yet.
    pub(super) fn add(&mut self, mut node: Node) -> Result<At, LimitError> {
        if self.nodes.len() >= MAX_NODES {
            return Err(LimitError::Nodes);
        }
        node.conditions.shrink_to_fit();
        self.nodes.push(node);
        self.links.push(Links { first: NONE, last: NONE, next: NONE });
        Ok(self.nodes.len() - 1)
    }

    pub(super) fn node(&self, at: At) -> &Node {
        &self.nodes[at]
    }

    pub(super) fn node_mut(&mut self, at: At) -> &mut Node {
        &mut self.nodes[at]
    }

    /// Hangs `child` on `parent`, after the children that it has.
    pub(super) fn adopt(&mut self, parent: At, child: At, role: Role) {
        self.nodes[child].role = role;
        match self.links[parent].last {
            NONE => self.links[parent].first = child as u32,
            last => self.links[last as usize].next = child as u32,
        }
        self.links[parent].last = child as u32;
    }

    /// Adds a node above `child`.
    pub(super) fn wrap(&mut self, child: At, node: Node) -> Result<At, LimitError> {
        let at = self.add(node)?;
        self.adopt(at, child, Role::Outer);
        Ok(at)
    }

    pub(super) fn children(&self, at: At) -> impl Iterator<Item = At> + '_ {
        let known = |at: u32| (at != NONE).then_some(at as usize);
        std::iter::successors(known(self.links[at].first), move |&child| {
            known(self.links[child].next)
        })
    }

    /// All nodes below `root`, itself first, in preorder: from the last to the first, every node
    /// comes after its children.
    pub(super) fn preorder(&self, root: At) -> Vec<u32> {
        let mut order = Vec::with_capacity(self.nodes.len());
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
        let depths = self.depths(&order);
        let Self { mut nodes, links } = self;
        drop(links);
        arrange(&mut nodes, order);
        PlanBuilder::arranged(nodes, &depths)?.finish(engine, format)
    }

    /// Of each node in preorder: how many stand above it.
    fn depths(&self, order: &[u32]) -> Vec<u32> {
        let mut by_node = vec![0; self.nodes.len()];
        let mut depths = Vec::with_capacity(order.len());
        for at in order.iter().map(|&at| at as usize) {
            depths.push(by_node[at]);
            for child in self.children(at) {
                by_node[child] = by_node[at] + 1;
            }
        }
        depths
    }
}

/// Puts the nodes in `order`, in place: a second arena would double the memory. What is not in the
/// order is dropped.
fn arrange(nodes: &mut Vec<Node>, order: Vec<u32>) {
    let mut places = vec![NONE; nodes.len()];
    for (place, at) in order.iter().enumerate() {
        places[*at as usize] = place as u32;
    }
    let kept = order.len();
    drop(order);
    let unplaced = places.iter_mut().filter(|place| **place == NONE);
    for (place, at) in unplaced.zip(kept as u32..) {
        *place = at;
    }
    for at in 0..nodes.len() {
        // Every swap puts one node where it belongs.
        while places[at] as usize != at {
            let place = places[at] as usize;
            nodes.swap(at, place);
            places.swap(at, place);
        }
    }
    nodes.truncate(kept);
}

//! The only way to make a plan: open and close nodes in preorder, then finish.

use super::{Links, Node, NodeId, Plan, account};
use crate::engine::Engine;
use serde_json::Map;
use thiserror::Error;

/// Most nodes of one plan.
pub const MAX_NODES: usize = 1_000_000;
/// Most levels of one plan.
pub const MAX_DEPTH: usize = 100_000;

/// A plan that is too large, or no plan at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LimitError {
    /// More than [`MAX_NODES`] nodes.
    #[error("the plan has more than {MAX_NODES} nodes")]
    Nodes,
    /// More than [`MAX_DEPTH`] levels.
    #[error("the plan is more than {MAX_DEPTH} levels deep")]
    Depth,
    /// No node was opened.
    #[error("the plan has no node")]
    Empty,
}

/// Collects nodes in preorder.
///
/// `open` makes the node a child of the node that is open now and opens it; `close` closes it. A
/// node can be completed through `current` or `node_mut` until the plan is finished, so a format
/// whose keys come in any order (children first, details later) is no trouble.
#[derive(Debug, Default)]
pub struct PlanBuilder {
    nodes: Vec<Node>,
    open: Vec<NodeId>,
}

impl PlanBuilder {
    /// An empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty builder with room for `nodes`, so that a large plan need not grow by doubling.
    pub fn expecting(nodes: usize) -> Self {
        Self { nodes: Vec::with_capacity(nodes.min(MAX_NODES)), open: Vec::new() }
    }

    /// The builder of nodes that are in preorder already, each at the depth of the same place.
    ///
    /// # Errors
    /// As [`PlanBuilder::open`].
    pub fn arranged(mut nodes: Vec<Node>, depths: &[u32]) -> Result<Self, LimitError> {
        if nodes.len() > MAX_NODES {
            return Err(LimitError::Nodes);
        }
        let mut open: Vec<NodeId> = Vec::new();
        for (i, (node, depth)) in nodes.iter_mut().zip(depths).enumerate() {
            open.truncate(*depth as usize);
            if open.len() >= MAX_DEPTH {
                return Err(LimitError::Depth);
            }
            let parent = open.last().copied().or((i > 0).then_some(NodeId::ROOT));
            node.links = Links { parent, depth: open.len() as u32, subtree_len: 1 };
            open.push(NodeId(i as u32));
        }
        Ok(Self { nodes, open: Vec::new() })
    }

    /// Adds a node below the one that is open now, and opens it.
    ///
    /// # Errors
    /// When the plan is over [`MAX_NODES`] or [`MAX_DEPTH`]. A second root is put below the first.
    pub fn open(&mut self, mut node: Node) -> Result<NodeId, LimitError> {
        if self.nodes.len() >= MAX_NODES {
            return Err(LimitError::Nodes);
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(LimitError::Depth);
        }
        let id = NodeId(self.nodes.len() as u32);
        let parent = self.open.last().copied().or((id != NodeId::ROOT).then_some(NodeId::ROOT));
        let depth = parent.map_or(0, |p| self.nodes[p.index()].links.depth + 1);
        node.links = Links { parent, depth, subtree_len: 1 };
        self.nodes.push(node);
        self.open.push(id);
        Ok(id)
    }

    /// Closes the node that is open now. Without an open node it does nothing.
    pub fn close(&mut self) {
        self.open.pop();
    }

    /// Adds a node below the one that is open now and closes it at once.
    ///
    /// # Errors
    /// As [`PlanBuilder::open`].
    pub fn leaf(&mut self, node: Node) -> Result<NodeId, LimitError> {
        let id = self.open(node)?;
        self.close();
        Ok(id)
    }

    /// Closes nodes until the one that is open now is `depth - 1` levels below the root, so that
    /// the next `open` lands at `depth`. For formats that show depth by indentation.
    pub fn close_to_depth(&mut self, depth: usize) {
        self.open.truncate(depth);
    }

    /// How many nodes are open: the depth of the next node.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node yet.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The node that is open now.
    pub fn current(&mut self) -> Option<&mut Node> {
        let id = *self.open.last()?;
        self.nodes.get_mut(id.index())
    }

    /// The node of that id.
    pub fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.index())
    }

    /// The plan: links completed, self time and self cost computed.
    ///
    /// # Errors
    /// [`LimitError::Empty`] when no node was opened.
    pub fn finish(mut self, engine: Engine, format: &'static str) -> Result<Plan, LimitError> {
        if self.nodes.is_empty() {
            return Err(LimitError::Empty);
        }
        for i in (1..self.nodes.len()).rev() {
            let Links { parent, subtree_len, .. } = self.nodes[i].links;
            if let Some(parent) = parent {
                self.nodes[parent.index()].links.subtree_len += subtree_len;
            }
        }
        self.nodes.shrink_to_fit();
        account::derive(&mut self.nodes);
        Ok(Plan {
            engine,
            format,
            statement: None,
            engine_id: None,
            planning_ms: None,
            execution_ms: None,
            partial: false,
            settings: Vec::new(),
            triggers: Vec::new(),
            jit_ms: None,
            details: Map::new(),
            nodes: self.nodes,
        })
    }
}

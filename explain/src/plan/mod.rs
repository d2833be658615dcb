//! A plan: an arena of nodes in preorder.
//!
//! `NodeId` is the index into the arena. A node's subtree is the contiguous range
//! `id .. id + subtree_len`, so every walk is a loop and no walk recurses: a plan of 100,000 nodes
//! or 10,000 levels is an ordinary plan.

mod account;
mod builder;
mod condition;
mod dump;
mod metrics;
mod operator;
mod rare;

pub use builder::{LimitError, MAX_DEPTH, MAX_NODES, PlanBuilder};
pub use condition::{Condition, ConditionKind};
pub use dump::{canonical, plan_hash};
pub use metrics::{Actual, Buffers, Estimate, Examined, Memory, Removed, Workers};
pub use operator::Operator;
pub use rare::{Blank, Rare};

use crate::engine::Engine;
use serde_json::{Map, Value};
use std::fmt;

/// A node's place in its plan: its index in preorder, the root being 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The root of every plan.
    pub const ROOT: Self = Self(0);

    /// The index into the arena.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// How a node hangs on its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Role {
    /// The first or only input (also: the root).
    #[default]
    Outer,
    /// The second input of a join.
    Inner,
    /// One of many equal inputs (`Append`).
    Member,
    /// The query of a subquery scan.
    Subquery,
    /// Run at most once, when first needed.
    InitPlan,
    /// Run once per row of its parent, unless hashed.
    SubPlan,
    /// A common table expression, drawn by the scans of its name.
    Cte,
}

impl Role {
    const NAMES: [(Self, &'static str); 7] = [
        (Self::Outer, "outer"),
        (Self::Inner, "inner"),
        (Self::Member, "member"),
        (Self::Subquery, "subquery"),
        (Self::InitPlan, "init-plan"),
        (Self::SubPlan, "sub-plan"),
        (Self::Cte, "cte"),
    ];

    /// The name on the wire, e.g. `init-plan`.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(role, _)| *role == self).map_or("outer", |(_, name)| name)
    }

    /// The role of that wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, n)| *n == name).map(|(role, _)| *role)
    }
}

/// One operator of a plan. Fields that the engine does not say are `None` or empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Node {
    /// How the node hangs on its parent.
    pub role: Role,
    /// The engine-neutral operator.
    pub operator: Operator,
    /// The engine's own name of the operator, with what belongs to it (`Parallel Hash Left Join`).
    pub label: String,
    /// Schema of the relation.
    pub schema: Option<String>,
    /// Table, collection, CTE or function that is read or written.
    pub relation: Option<String>,
    /// The relation's name inside the statement.
    pub alias: Option<String>,
    /// Index that is used.
    pub index: Option<String>,
    /// `Inner`, `Left`, `Right`, `Full`, `Semi`, `Anti` …; `None` where it is not a join.
    pub join_type: Option<String>,
    /// Name of the subplan, init plan or CTE that this node is the top of (`CTE recent`).
    pub subplan: Option<String>,
    /// The planner's estimate.
    pub estimate: Estimate,
    /// What was measured; `None` when the plan was not run.
    pub actual: Option<Actual>,
    /// Blocks touched, inputs included.
    pub buffers: Rare<Buffers>,
    /// Keys and rows this node alone looked at.
    pub examined: Rare<Examined>,
    /// Rows thrown away.
    pub removed: Rare<Removed>,
    /// Memory and disk of a sort, hash or aggregate.
    pub memory: Rare<Memory>,
    /// Parallel workers, on the node that starts them.
    pub workers: Option<Workers>,
    /// Lookups, filters, joins, keys.
    pub conditions: Vec<Condition>,
    /// What only this engine says, by the engine's own key.
    pub details: Rare<Map<String, Value>>,
    links: Links,
    derived: Derived,
}

/// The node's place in the arena; only the builder writes it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Links {
    parent: Option<NodeId>,
    depth: u32,
    subtree_len: u32,
}

/// Figures computed by the builder from the whole plan.
#[derive(Debug, Clone, PartialEq, Default)]
struct Derived {
    total_ms: Known,
    self_ms: Known,
    self_cost: Known,
    blocks: Rare<OwnBlocks>,
}

/// Blocks of a node alone.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct OwnBlocks {
    touched: Option<f64>,
    read: Option<f64>,
    temp_written: Option<f64>,
}

/// A finite number or none, in eight bytes: NaN is none.
#[derive(Debug, Clone, Copy)]
struct Known(f64);

impl Known {
    fn get(self) -> Option<f64> {
        (!self.0.is_nan()).then_some(self.0)
    }
}

impl Default for Known {
    fn default() -> Self {
        Self(f64::NAN)
    }
}

impl From<Option<f64>> for Known {
    fn from(value: Option<f64>) -> Self {
        value.map_or_else(Self::default, Self)
    }
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Node {
    /// A node of that operator and label, all else unknown.
    pub fn new(operator: Operator, label: impl Into<String>) -> Self {
        Self { operator, label: label.into(), ..Self::default() }
    }

    /// The parent; `None` for the root.
    pub fn parent(&self) -> Option<NodeId> {
        self.links.parent
    }

    /// Levels below the root, which is 0.
    pub fn depth(&self) -> u32 {
        self.links.depth
    }

    /// Nodes in this node's subtree, itself included.
    pub fn subtree_len(&self) -> u32 {
        self.links.subtree_len
    }

    /// Elapsed milliseconds over all loops, inputs included. A node that ran in parallel counts
    /// the average of its participants. `None` when the plan was not timed.
    pub fn total_ms(&self) -> Option<f64> {
        self.derived.total_ms.get()
    }

    /// Elapsed milliseconds of this node alone. Over a plan they sum up to the root's total.
    pub fn self_ms(&self) -> Option<f64> {
        self.derived.self_ms.get()
    }

    /// Planner cost of this node alone. Over a plan they sum up to the root's total cost.
    pub fn self_cost(&self) -> Option<f64> {
        self.derived.self_cost.get()
    }

    /// Blocks this node alone touched in the shared and local buffers.
    pub fn self_buffers(&self) -> Option<f64> {
        self.derived.blocks.touched
    }

    /// Blocks this node alone had to read: shared and local ones that were not in the cache, and
    /// temporary ones.
    pub fn self_reads(&self) -> Option<f64> {
        self.derived.blocks.read
    }

    /// Temporary blocks this node alone wrote.
    pub fn self_temp_written(&self) -> Option<f64> {
        self.derived.blocks.temp_written
    }

    /// Whether the plan was run and this node never was.
    pub fn never_executed(&self) -> bool {
        self.actual.is_some_and(|actual| actual.never_executed())
    }

    /// Rows out over all loops, when measured.
    pub fn actual_rows(&self) -> Option<f64> {
        self.actual.map(|actual| actual.rows())
    }

    /// Rows read by the node over all loops: those kept and those thrown away.
    pub fn rows_read(&self) -> Option<f64> {
        self.actual_rows().map(|rows| rows + self.removed.total())
    }

    /// The conditions of one kind, in order.
    pub fn conditions_of(&self, kind: ConditionKind) -> impl Iterator<Item = &str> {
        self.conditions.iter().filter(move |c| c.kind == kind).map(|c| c.text.as_str())
    }

    /// The name by which the statement knows the relation: its alias, else the relation.
    pub fn relation_name(&self) -> Option<&str> {
        self.alias.as_deref().or(self.relation.as_deref())
    }
}

impl Default for Operator {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

/// A trigger that fired, with its time outside the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Trigger {
    /// Name of the trigger, or of the constraint it serves.
    pub name: String,
    /// Relation it is on.
    pub relation: Option<String>,
    /// Milliseconds over all calls.
    pub total_ms: Option<f64>,
    /// How often it fired.
    pub calls: f64,
}

/// A statement's plan. Never empty: it has a root.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The engine that made it.
    pub engine: Engine,
    /// The format it was read from, e.g. `postgres-text`.
    pub format: &'static str,
    /// The statement's text, when the plan came with it.
    pub statement: Option<String>,
    /// The engine's id of the statement or query shape, as text.
    pub engine_id: Option<String>,
    /// Milliseconds of planning.
    pub planning_ms: Option<f64>,
    /// Milliseconds of execution, triggers and start-up included.
    pub execution_ms: Option<f64>,
    /// Whether execution was cut short, so that actuals are incomplete.
    pub partial: bool,
    /// Settings changed from their defaults, as the plan lists them.
    pub settings: Vec<(String, String)>,
    /// Triggers that fired.
    pub triggers: Vec<Trigger>,
    /// Milliseconds of just-in-time compilation, all phases.
    pub jit_ms: Option<f64>,
    /// Statement-level facts that only this engine says, by the engine's own key.
    pub details: Map<String, Value>,
    nodes: Vec<Node>,
}

impl Plan {
    /// All nodes in preorder.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Ids and nodes in preorder.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (NodeId, &Node)> + ExactSizeIterator {
        self.nodes.iter().enumerate().map(|(i, node)| (NodeId(i as u32), node))
    }

    /// The root.
    pub fn root(&self) -> &Node {
        &self.nodes[0]
    }

    /// The node of that id, if the plan has it.
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.index())
    }

    /// The children of a node, in order.
    pub fn children(&self, id: NodeId) -> Children<'_> {
        let end = id.index() + self.nodes.get(id.index()).map_or(0, |n| n.subtree_len() as usize);
        Children { nodes: &self.nodes, next: id.index() + 1, end }
    }

    /// The nodes of a subtree in preorder, its top first.
    pub fn subtree(&self, id: NodeId) -> impl Iterator<Item = (NodeId, &Node)> {
        // A slice: skipping over the arena would make a walk over all subtrees quadratic.
        let start = id.index().min(self.nodes.len());
        let len = self.get(id).map_or(0, |node| node.subtree_len() as usize);
        let nodes = &self.nodes[start..start + len];
        nodes.iter().enumerate().map(move |(i, node)| (NodeId((start + i) as u32), node))
    }

    /// The ancestors of a node, its parent first.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = (NodeId, &Node)> {
        let parent_of = |id: NodeId| self.get(id).and_then(Node::parent);
        let first = parent_of(id);
        std::iter::successors(first, move |id| parent_of(*id))
            .map(|id| (id, &self.nodes[id.index()]))
    }

    /// Whether the plan was run.
    pub fn is_analyzed(&self) -> bool {
        self.root().actual.is_some()
    }

    /// Milliseconds of the whole statement: execution time, else the root's total.
    pub fn elapsed_ms(&self) -> Option<f64> {
        self.execution_ms.or(self.root().total_ms())
    }

    /// Changes what is written at the nodes (never their links), then computes self time and self
    /// cost anew. For replacing literals and the like.
    pub fn map_nodes(mut self, mut change: impl FnMut(&mut Node)) -> Self {
        for node in &mut self.nodes {
            let links = node.links;
            change(node);
            node.links = links;
        }
        account::derive(&mut self.nodes);
        self
    }
}

/// Iterator over the children of a node.
#[derive(Debug, Clone)]
pub struct Children<'a> {
    nodes: &'a [Node],
    next: usize,
    end: usize,
}

impl<'a> Iterator for Children<'a> {
    type Item = (NodeId, &'a Node);

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let id = self.next;
        let node = self.nodes.get(id)?;
        self.next += node.subtree_len().max(1) as usize;
        Some((NodeId(id as u32), node))
    }
}

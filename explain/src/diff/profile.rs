//! A plan seen for comparison: for each node, what it is, where it belongs and which relations lie
//! below it, as hashes that two plans can be matched by.
//!
//! Everything is computed in a few passes over the arena, never by walking up or down from a node:
//! a chain of 100,000 levels costs as much as 100,000 siblings.

use super::Side;
use super::tables::Tables;
use crate::engine::Engine;
use crate::plan::{Condition, ConditionKind, Node, NodeId, Operator, Plan, Role};
use crate::workload::query::Query;
use crate::workload::{Catalog, Table, fingerprint};
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What a node is for, whichever way it does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Class {
    /// Reads a relation. The node that stands for the whole access path.
    Scan,
    /// A part of an access path: what lies below a `BitmapHeapScan` or `MultiIndex`.
    Part,
    /// Joins.
    Join,
    /// Orders, SQLite's temporary b-trees included.
    Sort,
    /// Aggregates, groups or removes duplicates.
    Aggregate,
    /// Starts workers.
    Gather,
    /// The hash table of a hash join.
    Hash,
    /// Holds others together and does no work.
    Heading,
    /// Anything else: only the same operator is alike.
    Other,
}

/// How SQLite says that it sorts.
const TEMP_B_TREE: &str = "USE TEMP B-TREE";

/// The hashes by which a node can be matched, the strictest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Keys {
    /// As `exact`, with the same figures: tells equal neighbours apart where one is new.
    pub twin: u64,
    /// All but figures: operator, role, scope, relation, index, relations below, conditions.
    pub exact: u64,
    /// As `exact`, wherever in the plan it is.
    pub moved: u64,
    /// The same class over the same relations in the same scope.
    pub like: u64,
    /// The same class and relation.
    pub class: u64,
}

/// A plan with what the comparison needs of each node, by node index.
pub(super) struct Profile<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What each node is for.
    pub class: Vec<Class>,
    /// The access path that a part belongs to.
    pub owner: Vec<Option<NodeId>>,
    /// Relation that is read; of a part, its owner's; of an owner without one, its parts'.
    pub table: Vec<Option<&'a str>>,
    /// The name by which the statement knows that relation.
    pub name: Vec<Option<&'a str>>,
    /// The same, or the table where only the alias is another on the other side.
    known_as: Vec<Option<&'a str>>,
    /// Of a scan, its table in the catalog.
    pub known: Vec<Option<&'a Table>>,
    /// Hash of the set of relations below, each by its name; 0 where there is none.
    pub leaves: Vec<u64>,
    /// Hash of the relations below with their order and nesting.
    pub order: Vec<u64>,
    /// Whether the node is a join (or a nest of loops) with no other join above it.
    pub top_join: Vec<bool>,
    /// Hash of the chain of subplans and CTEs that the node is in.
    pub scope: Vec<u64>,
    /// Hashes to match by.
    pub keys: Vec<Keys>,
    /// Whether the plan tells what it filters and joins by.
    pub shows_filters: bool,
    /// The tables behind the aliases of the statement, where its text is known and the alias stands
    /// for one table only.
    real: HashMap<String, String>,
}

impl<'a> Profile<'a> {
    /// Looks at every node of two plans, whose statements may be known from elsewhere.
    pub fn both(sides: [&Side<'a>; 2]) -> [Self; 2] {
        let renamed = renamed(sides.map(|side| side.plan));
        [0, 1].map(|i| {
            let mut profile = Self::new(sides[i].plan, sides[i].statement, &renamed[i]);
            if let Some(catalog) = sides[i].catalog {
                profile.look_up(catalog);
            }
            profile
        })
    }

    /// Takes over what the catalog says of the tables.
    fn look_up(&mut self, catalog: &'a Catalog) {
        let nodes = self.plan.nodes();
        let scans = |i: &usize| self.class[*i] == Class::Scan && self.table[*i].is_some();
        let scans: Vec<usize> = (0..nodes.len()).filter(scans).collect();
        let tables = Tables::new(catalog, scans.len());
        for i in scans {
            let (Some(name), schema) = (self.table[i], nodes[i].schema.as_deref()) else {
                continue;
            };
            // SQLite and MySQL's tree know a relation by its alias only.
            let real = || tables.get(schema, self.real.get(name)?);
            self.known[i] = tables.get(schema, name).or_else(real);
        }
    }

    fn new(plan: &'a Plan, statement: Option<&str>, renamed: &HashMap<&'a str, &'a str>) -> Self {
        let nodes = plan.nodes();
        let owner = owners(nodes);
        let class: Vec<Class> = (0..nodes.len()).map(|i| class_of(plan, i, &owner)).collect();
        let (table, name) = names(nodes, &owner);
        let known_as =
            name.iter().map(|name| name.map(|name| *renamed.get(name).unwrap_or(&name))).collect();
        let mut profile = Self {
            plan,
            class,
            owner,
            table,
            name,
            known_as,
            known: vec![None; nodes.len()],
            leaves: Vec::new(),
            order: Vec::new(),
            top_join: Vec::new(),
            scope: scopes(nodes),
            keys: Vec::new(),
            shows_filters: nodes.iter().any(shows_filter),
            real: real_names(plan, statement),
        };
        (profile.leaves, profile.order) = profile.relations_below();
        profile.top_join = profile.top_joins();
        profile.keys = profile.all_keys();
        profile
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.class.len()
    }

    /// The node at an index.
    pub fn node(&self, id: NodeId) -> &'a Node {
        &self.plan.nodes()[id.index()]
    }

    /// The children that are inputs: neither parts nor subplans.
    pub fn inputs(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        self.plan
            .children(id)
            .filter(|(child, node)| !is_detached(node) && self.class[child.index()] != Class::Part)
            .map(|(child, _)| child)
    }

    /// Whether the node is a relation of the join order, not something above one.
    pub fn is_leaf(&self, i: usize) -> bool {
        self.class[i] == Class::Scan && self.name[i].is_some()
    }

    /// Set of relations below and their order, from the leaves up.
    fn relations_below(&self) -> (Vec<u64>, Vec<u64>) {
        let nodes = self.plan.nodes();
        let (mut leaves, mut order) = (vec![0_u64; nodes.len()], vec![0_u64; nodes.len()]);
        for i in (0..nodes.len()).rev() {
            if self.is_leaf(i) {
                let leaf = hash_of(self.known_as[i]);
                leaves[i] = leaves[i].wrapping_add(leaf);
                // An input below a scan (a subquery that is scanned) comes with it.
                order[i] = if order[i] == 0 { leaf } else { hash_of((leaf, order[i])) };
            }
            let Some(parent) = nodes[i].parent().map(NodeId::index) else { continue };
            if is_detached(&nodes[i]) || self.class[i] == Class::Part || order[i] == 0 {
                continue;
            }
            // Children come last to first here, so this folds from the right.
            leaves[parent] = leaves[parent].wrapping_add(leaves[i]);
            let rest = order[parent];
            order[parent] = if rest == 0 { order[i] } else { hash_of((order[i], rest)) };
        }
        (leaves, order)
    }

    fn top_joins(&self) -> Vec<bool> {
        let nodes = self.plan.nodes();
        let mut below = vec![false; nodes.len()];
        let mut tops = vec![false; nodes.len()];
        for (i, node) in nodes.iter().enumerate() {
            let covered = match node.parent() {
                Some(parent) if !is_detached(node) && node.role != Role::Member => {
                    below[parent.index()]
                }
                _ => false,
            };
            let joins = self.class[i] == Class::Join || self.is_nest(i);
            tops[i] = joins && !covered;
            below[i] = covered || joins;
        }
        tops
    }

    /// SQLite has no join nodes: the scans below one heading are a nest of loops, in order.
    fn is_nest(&self, i: usize) -> bool {
        let id = NodeId(i as u32);
        self.class[i] == Class::Heading
            && self.inputs(id).filter(|child| self.is_leaf(child.index())).nth(1).is_some()
    }

    fn all_keys(&self) -> Vec<Keys> {
        let sides = sides(self.plan.nodes());
        (0..self.len()).map(|i| self.keys_of(i, sides[i])).collect()
    }

    fn keys_of(&self, i: usize, side: Role) -> Keys {
        let node = &self.plan.nodes()[i];
        let what = (self.class[i], self.kind_name(i));
        let named = (self.table[i], self.known_as[i]);
        let by_index = (self.class[i] == Class::Part).then_some(node.index.as_deref());
        let like = hash_of((what, named, self.leaves[i], self.scope[i], by_index));
        let details = (&node.operator, &node.index, &node.schema, self.conditions(node));
        let moved = hash_of((what, named, self.leaves[i], details));
        let exact = hash_of((moved, self.scope[i], side));
        let twin = hash_of((exact, figures(node)));
        Keys { twin, exact, moved, like, class: hash_of((what, named)) }
    }

    /// What tells nodes of one class apart that do not stand for each other.
    fn kind_name(&self, i: usize) -> &'a str {
        let node = &self.plan.nodes()[i];
        match self.class[i] {
            Class::Other => node.operator.name(),
            Class::Sort => temp_b_tree(node).map_or("", purpose),
            Class::Heading => &node.label,
            _ => "",
        }
    }

    fn conditions(&self, node: &Node) -> u64 {
        let text = |c: &Condition| fingerprint::normalize(&c.text, self.plan.engine);
        let shown = node.conditions.iter().filter(|c| c.kind != ConditionKind::Output);
        shown.fold(0, |sum, c| hash_of((sum, c.kind, text(c))))
    }
}

/// What was estimated and measured, without times, which never repeat.
fn figures(node: &Node) -> u64 {
    let bits = |value: Option<f64>| value.map(f64::to_bits);
    let estimate = (bits(node.estimate.rows_per_loop), bits(node.estimate.total_cost));
    let actual = node.actual.map(|actual| (actual.rows().to_bits(), actual.loops.to_bits()));
    hash_of((estimate, actual, node.memory.disk_bytes))
}

/// A hash that is the same in every run of the same program.
pub(super) fn hash_of(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Whether the node hangs on its parent without being one of its inputs.
pub(super) fn is_detached(node: &Node) -> bool {
    matches!(node.role, Role::InitPlan | Role::SubPlan | Role::Cte)
}

/// Whether what lies below is part of the same access path.
pub(super) fn combines(operator: &Operator) -> bool {
    matches!(operator, Operator::BitmapHeapScan | Operator::MultiIndex)
}

/// `FOR ORDER BY` and the like, when the node is one of SQLite's temporary b-trees.
pub(super) fn temp_b_tree(node: &Node) -> Option<&str> {
    node.label.strip_prefix(TEMP_B_TREE).map(str::trim)
}

/// `FOR LAST TERM OF ORDER BY` sorts for the same purpose as `FOR ORDER BY`.
fn purpose(text: &str) -> &str {
    text.rfind(" OF ")
        .map_or_else(|| text.strip_prefix("FOR ").unwrap_or(text), |at| &text[at + 4..])
}

/// Only some engines print aliases alone, so only their statements are read.
fn real_names(plan: &Plan, statement: Option<&str>) -> HashMap<String, String> {
    let prints_aliases = matches!(plan.engine, Engine::Sqlite | Engine::Mysql);
    let statement = plan.statement.as_deref().or(statement).filter(|_| prints_aliases);
    let query = statement.and_then(|text| Query::read(text, plan.engine));
    let mut names: HashMap<String, String> = HashMap::new();
    let mut twice: Vec<String> = Vec::new();
    for table in query.iter().flat_map(|query| &query.scopes).flat_map(|scope| &scope.tables) {
        if names.get(&table.alias).is_some_and(|name| *name != table.name) {
            twice.push(table.alias.clone());
        }
        names.insert(table.alias.clone(), table.name.clone());
    }
    for alias in twice {
        names.remove(&alias);
    }
    names
}

fn shows_filter(node: &Node) -> bool {
    use ConditionKind::{Filter, Join, JoinFilter};
    node.conditions.iter().any(|c| matches!(c.kind, Filter | Join | JoinFilter))
}

fn owners(nodes: &[Node]) -> Vec<Option<NodeId>> {
    let mut owner: Vec<Option<NodeId>> = vec![None; nodes.len()];
    for (i, node) in nodes.iter().enumerate() {
        let Some(parent) = node.parent().filter(|_| !is_detached(node)) else { continue };
        let p = parent.index();
        owner[i] = owner[p].or(combines(&nodes[p].operator).then_some(parent));
    }
    owner
}

fn class_of(plan: &Plan, i: usize, owner: &[Option<NodeId>]) -> Class {
    let node = &plan.nodes()[i];
    let has_input = || plan.children(NodeId(i as u32)).any(|(_, child)| !is_detached(child));
    match &node.operator {
        _ if owner[i].is_some() => Class::Part,
        _ if temp_b_tree(node).is_some() => Class::Sort,
        // What a subquery scan reads is below it; without that it is all there is to see.
        Operator::SubqueryScan if has_input() => Class::Other,
        Operator::AutomaticIndex if node.relation_name().is_some() => Class::Scan,
        Operator::Distinct => Class::Aggregate,
        Operator::Hash => Class::Hash,
        Operator::Heading => Class::Heading,
        op if op.is_scan() => Class::Scan,
        op if op.is_join() => Class::Join,
        op if op.is_sort() => Class::Sort,
        op if op.is_aggregate() => Class::Aggregate,
        op if op.is_gather() => Class::Gather,
        _ => Class::Other,
    }
}

/// What the relations of a plan are called.
struct Called<'a> {
    /// Of each table its name in the statement, or none where it has several or is read twice.
    tables: BTreeMap<&'a str, Option<&'a str>>,
    /// Of each name its table, or none where it is used twice.
    names: BTreeMap<&'a str, Option<&'a str>>,
}

impl<'a> Called<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut called = Self { tables: BTreeMap::new(), names: BTreeMap::new() };
        for node in plan.nodes() {
            if let (Some(table), Some(name)) = (node.relation.as_deref(), node.relation_name()) {
                let twice = |other: &mut Option<&'a str>| *other = None;
                called.tables.entry(table).and_modify(twice).or_insert(Some(name));
                called.names.entry(name).and_modify(twice).or_insert(Some(table));
            }
        }
        called
    }

    /// Whether a name is free for the table that `own` stands for.
    fn is_free(&self, name: &str, own: &str) -> bool {
        name == own || !self.names.contains_key(name)
    }
}

/// Names that only one side has, of tables that both sides read once: they were given another
/// alias in the statement, and are known by their table.
fn renamed(plans: [&Plan; 2]) -> [HashMap<&str, &str>; 2] {
    let sides = plans.map(Called::new);
    let mut renamed = [HashMap::new(), HashMap::new()];
    for (table, before) in &sides[0].tables {
        let (Some(before), Some(Some(after))) = (before, sides[1].tables.get(table)) else {
            continue;
        };
        let is_single = sides[0].names.get(before) == Some(&Some(table))
            && sides[1].names.get(after) == Some(&Some(table));
        let is_new = sides[0].is_free(after, before) && sides[1].is_free(before, after);
        // A table's name may be the alias of another one.
        let is_free = sides[0].is_free(table, before) && sides[1].is_free(table, after);
        if before != after && is_single && is_new && is_free {
            renamed[0].insert(*before, *table);
            renamed[1].insert(*after, *table);
        }
    }
    renamed
}

type Names<'a> = Vec<Option<&'a str>>;

/// Relation and name of each node, shared between an access path and its parts.
fn names<'a>(nodes: &'a [Node], owner: &[Option<NodeId>]) -> (Names<'a>, Names<'a>) {
    let mut table: Names<'a> = nodes.iter().map(|n| n.relation.as_deref()).collect();
    let mut name: Names<'a> = nodes.iter().map(Node::relation_name).collect();
    for names in [&mut table, &mut name] {
        for (i, owner) in owner.iter().enumerate() {
            let Some(owner) = owner.map(NodeId::index) else { continue };
            names[owner] = names[owner].or(names[i]);
        }
        for (i, owner) in owner.iter().enumerate() {
            let Some(owner) = owner.map(NodeId::index) else { continue };
            names[i] = names[owner];
        }
    }
    (table, name)
}

/// The chain of subplans above each node. CTEs are told apart by name; the numbers of other
/// subplans shift when one comes or goes, so those are told apart by their order.
fn scopes(nodes: &[Node]) -> Vec<u64> {
    let mut scope = vec![0_u64; nodes.len()];
    for (i, node) in nodes.iter().enumerate() {
        let outer = node.parent().map_or(0, |parent| scope[parent.index()]);
        scope[i] = match node.role {
            Role::Cte => hash_of((outer, node.role, &node.subplan)),
            _ if is_detached(node) => hash_of((outer, node.role)),
            _ => outer,
        };
    }
    scope
}

/// The role a node plays for the nearest join, append or subplan above it, so that a node put
/// between the two changes no role.
fn sides(nodes: &[Node]) -> Vec<Role> {
    let mut sides: Vec<Role> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let inherited = match node.parent() {
            Some(parent)
                if node.role == Role::Outer && !nodes[parent.index()].operator.is_join() =>
            {
                sides[parent.index()]
            }
            _ => node.role,
        };
        sides.push(inherited);
    }
    sides
}

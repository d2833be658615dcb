//! Nodes that only one side has, as far as no other change tells of them.

use super::words::{NONE, gather_text, node_text, sided, sides_of, sort_text};
use super::{Effect, Finder, Sides, spilled};
use crate::diff::access;
use crate::diff::align::Alignment;
use crate::diff::profile::{Class, Profile};
use crate::diff::{ChangeKind, Severity};
use crate::engine::Engine;
use crate::plan::{Node, NodeId, Operator, Plan, Role};
use std::collections::HashMap;

/// What looking at a node alone would cost a walk over the plan.
pub(super) struct Fences<'a> {
    /// Whether a node of the subtree has a partner.
    paired_below: Sides<Vec<bool>>,
    /// The tops of common table expressions by name.
    bodies: Sides<HashMap<&'a str, NodeId>>,
    /// Whether there is a sort that the other side has not.
    sorts_anew: Sides<bool>,
}

impl<'a> Fences<'a> {
    pub(super) fn new(plans: Sides<&Profile<'a>>, alignment: &Alignment) -> Self {
        let paired = |side: usize| {
            let nodes = plans[side].plan.nodes();
            let mut below: Vec<bool> = (0..nodes.len())
                .map(|i| alignment.partner(side, NodeId(i as u32)).is_some())
                .collect();
            for (i, node) in nodes.iter().enumerate().rev() {
                if let Some(parent) = node.parent() {
                    below[parent.index()] |= below[i];
                }
            }
            below
        };
        let bodies = |side: usize| {
            let plan: &'a Plan = plans[side].plan;
            let tops = plan.iter().filter(|(_, node)| node.role == Role::Cte);
            tops.filter_map(|(id, node)| Some((name_of(node)?, id))).collect()
        };
        let is_sort = |side: usize, id: NodeId| plans[side].class[id.index()] == Class::Sort;
        Self {
            paired_below: [paired(0), paired(1)],
            bodies: [bodies(0), bodies(1)],
            sorts_anew: [0, 1].map(|side| alignment.unpaired(side).any(|id| is_sort(side, id))),
        }
    }
}

/// `CTE recent` and `recent` are the names of one.
fn name_of(node: &Node) -> Option<&str> {
    let name = node.subplan.as_deref()?;
    Some(name.strip_prefix("CTE ").unwrap_or(name))
}

impl Finder<'_> {
    /// A node that only one side has.
    pub(super) fn one_sided(&mut self, side: usize, id: NodeId) {
        let plan = self.plans[side];
        let node = plan.node(id);
        let nodes = || sides_of(side, vec![id], Vec::new());
        if self.analyzed && spilled(node) {
            self.report_spill(side, node, nodes());
        }
        if self.is_told(side, id) {
            return;
        }
        let low = (Effect::Neutral, Severity::Low);
        match (plan.class[id.index()], &node.operator) {
            (Class::Gather, _) => {
                let texts = sides_of(side, gather_text(node), "serial".to_owned());
                self.push(ChangeKind::Parallelism, low, None, texts, nodes());
            }
            (Class::Sort, _) => {
                let kind = sided(side, ChangeKind::SortRemoved, ChangeKind::SortAdded);
                let texts = sides_of(side, sort_text(node), NONE.to_owned());
                self.push(kind, self.weight_of_sort(side, id), None, texts, nodes());
            }
            (Class::Aggregate, _) if node.label.starts_with("Partial") => {
                let texts = sides_of(side, node.label.clone(), NONE.to_owned());
                self.push(ChangeKind::AggregateStrategy, low, None, texts, nodes());
            }
            (_, Operator::Memoize) => {
                let texts = sides_of(side, node_text(plan, id), NONE.to_owned());
                self.push(ChangeKind::Memoize, low, None, texts, nodes());
            }
            _ if self.is_fence(side, id) => {
                let kind = sided(side, ChangeKind::CteInlined, ChangeKind::CteMaterialized);
                let texts = sides_of(side, "computed once".to_owned(), "part of it".to_owned());
                let name = self.name_of_fence(side, id);
                let effect = (Effect::of_side(side), Severity::Low);
                self.push(kind, effect, name, texts, nodes());
            }
            (class, _) => self.report_node(side, id, class),
        }
    }

    fn report_node(&mut self, side: usize, id: NodeId, class: Class) {
        let plan = self.plans[side];
        let node = plan.node(id);
        let kind = sided(side, ChangeKind::NodeRemoved, ChangeKind::NodeAdded);
        let texts = sides_of(side, node_text(plan, id), NONE.to_owned());
        let how = weight_of_node(side, node, class);
        let relation = plan.name[id.index()].map(str::to_owned);
        self.push(kind, how, relation, texts, sides_of(side, vec![id], Vec::new()));
        let reads_all = side == 1 && node.operator.is_full_scan();
        if reads_all && !self.place([id, id], Some(1)).is_small_on(1, self.tolerance) {
            self.mark_full_scan();
        }
    }

    /// Whether the change of another node tells of this one.
    fn is_told(&self, side: usize, id: NodeId) -> bool {
        let plan = self.plans[side];
        let node = plan.node(id);
        let i = id.index();
        match (plan.class[i], &node.operator) {
            // Told by the access path, the join; a heading does nothing.
            (Class::Part | Class::Heading | Class::Hash, _) => true,
            _ if self.told[side].contains(&id) => true,
            // Where a relation is read another way, so is what filters and fetches its rows.
            (_, Operator::Filter | Operator::Fetch) => {
                plan.inputs(id).next().is_some_and(|input| self.touched[side].contains(&input))
            }
            // MongoDB's SORT stops by itself.
            (_, Operator::Limit) => {
                plan.plan.engine == Engine::Mongodb && self.fences.sorts_anew[1 - side]
            }
            // The scan of it tells.
            _ => node.role == Role::Cte && node.operator == Operator::Materialize,
        }
    }

    /// Whether the node reads what was computed once on this side, of relations that the other side
    /// reads as part of the statement.
    fn is_fence(&self, side: usize, id: NodeId) -> bool {
        let plan = self.plans[side];
        let node = plan.node(id);
        if !matches!(node.operator, Operator::CteScan | Operator::SubqueryScan) {
            return false;
        }
        let mut children = plan.plan.children(id);
        let own = children.find(|(_, child)| child.operator == Operator::Materialize);
        let named = || {
            let name = node.relation.as_deref().filter(|_| node.operator == Operator::CteScan)?;
            self.fences.bodies[side].get(name).copied()
        };
        let body = own.map(|(child, _)| child).or_else(named);
        body.is_some_and(|body| self.fences.paired_below[side][body.index()])
    }

    fn name_of_fence(&self, side: usize, id: NodeId) -> Option<String> {
        self.plans[side].name[id.index()].map(str::to_owned)
    }

    /// Whether the node belongs to the way in which its parent works, and that changed as well.
    fn is_told_by_parent(&self, side: usize, id: NodeId) -> bool {
        let Some(parent) = self.plans[side].node(id).parent() else { return false };
        let operator = &self.plans[side].node(parent).operator;
        let needs_it = matches!(
            operator,
            Operator::MergeJoin | Operator::GroupAggregate | Operator::Group | Operator::Distinct
        );
        let partner = self.alignment.partner(side, parent);
        needs_it && partner.is_none_or(|p| &self.plans[1 - side].node(p).operator != operator)
    }

    fn weight_of_sort(&self, side: usize, id: NodeId) -> (Effect, Severity) {
        let rows = sorted_rows(self.plans[side], id);
        let is_small = rows.is_some_and(|rows| rows < self.tolerance.least_rows);
        let weight = if is_small { Severity::Info } else { Severity::Medium };
        if self.is_told_by_parent(side, id) && rows.is_none() {
            return (Effect::Neutral, Severity::Low);
        }
        (Effect::of_side(side), weight)
    }
}

fn weight_of_node(side: usize, node: &Node, class: Class) -> (Effect, Severity) {
    match (&node.operator, class) {
        (Operator::AutomaticIndex, _) => (Effect::of_side(side), Severity::Medium),
        (_, Class::Scan | Class::Join | Class::Aggregate) => (Effect::Neutral, Severity::Low),
        _ => (Effect::Neutral, Severity::Info),
    }
}

/// How many rows a sort has to put in order.
fn sorted_rows(plan: &Profile<'_>, id: NodeId) -> Option<f64> {
    let node = plan.node(id);
    if let Some(rows) = node.actual_rows().or(node.estimate.rows_per_loop) {
        return Some(rows);
    }
    // SQLite's sort has no input below it: it sorts what the scans beside it read.
    let siblings = plan.inputs(node.parent()?).filter(|sibling| plan.is_leaf(sibling.index()));
    let mut most: Option<f64> = None;
    // SQLite joins at most 64 tables.
    for sibling in siblings.take(64) {
        let rows = access::table_rows(plan, sibling)?;
        most = Some(most.map_or(rows, |most| most.max(rows)));
    }
    most
}

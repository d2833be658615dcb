//! The differences between two aligned plans, one by one.

use super::access::{self, Access, Place, Reach, Term};
use super::align::Alignment;
use super::joins;
use super::profile::{Class, Profile, is_detached, temp_b_tree};
use super::{Change, ChangeKind, Severity, Tolerance};
use crate::heat;
use crate::plan::{ConditionKind, Node, NodeId, Operator};
use crate::workload::Catalog;

/// Something of the plan before and of the plan after.
pub(super) type Sides<T> = [T; 2];

/// What a change does to the statement, as far as the plans' shapes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// More work.
    Harm,
    /// Less work.
    Help,
    /// One or the other, or nothing.
    Neutral,
}

impl Effect {
    fn of_side(side: usize) -> Self {
        if side == 0 { Self::Help } else { Self::Harm }
    }
}

/// A change with what the verdict needs to know of it.
#[derive(Debug)]
pub(super) struct Found {
    /// The change.
    pub change: Change,
    /// Its direction.
    pub effect: Effect,
    /// How much it counts, whichever its direction. A gain weighs what the loss would.
    pub weight: Severity,
    /// Rows of the relation that is concerned, when they are known.
    pub rows: Option<f64>,
    /// The relation in words, e.g. `orders o`.
    pub what: String,
}

impl Found {
    /// Whether it is about the way a relation is read.
    pub fn is_access(&self) -> bool {
        matches!(self.change.kind, ChangeKind::AccessPath | ChangeKind::IndexSwapped)
    }
}

/// What stands on a side that does not have the thing.
const NONE: &str = "none";

/// Bytes on disk below which the page cache takes a spill without anybody noticing.
const SPILL_BYTES: u64 = 1 << 20;

/// Collects the changes between two plans.
pub(super) struct Finder<'a> {
    plans: Sides<&'a Profile<'a>>,
    alignment: &'a Alignment,
    catalogs: Sides<Option<&'a Catalog>>,
    tolerance: Tolerance,
    analyzed: bool,
    found: Vec<Found>,
}

/// All differences in shape between two plans.
pub(super) fn find<'a>(
    plans: Sides<&'a Profile<'a>>,
    alignment: &'a Alignment,
    catalogs: Sides<Option<&'a Catalog>>,
    tolerance: Tolerance,
) -> Vec<Found> {
    let analyzed = plans.iter().all(|p| p.plan.is_analyzed());
    let mut finder = Finder { plans, alignment, catalogs, tolerance, analyzed, found: Vec::new() };
    for (before, after) in alignment.pairs() {
        finder.compare([before, after]);
    }
    for side in [0, 1] {
        for id in alignment.unpaired(side) {
            finder.one_sided(side, id);
        }
    }
    finder.estimates();
    finder.found
}

impl Finder<'_> {
    fn compare(&mut self, ids: Sides<NodeId>) {
        match self.plans[0].class[ids[0].index()] {
            Class::Scan => self.compare_access(ids),
            Class::Join => self.compare_joins(ids),
            Class::Sort => self.compare_operators(ids, ChangeKind::SortMethod),
            Class::Aggregate => self.compare_operators(ids, ChangeKind::AggregateStrategy),
            Class::Gather => self.compare_workers(ids),
            Class::Part | Class::Hash | Class::Heading | Class::Other => {}
        }
        self.compare_order(ids);
        self.compare_spill(ids);
    }

    fn compare_access(&mut self, ids: Sides<NodeId>) {
        let paths = [0, 1].map(|side| Access::new(self.plans[side], ids[side]));
        let [before, after] = &paths;
        let same_reach = before.reach == after.reach;
        let kind = match (before.operator == after.operator, before.indexes == after.indexes) {
            (true, true) if same_reach => None,
            (true, false) if same_reach => {
                let renamed = access::only_renamed([before, after], self.catalogs);
                Some(if renamed { ChangeKind::IndexRenamed } else { ChangeKind::IndexSwapped })
            }
            _ => Some(ChangeKind::AccessPath),
        };
        if let Some(kind) = kind {
            self.report_access(kind, ids, &paths);
        }
        self.compare_conditions(ids, &paths);
    }

    fn report_access(&mut self, kind: ChangeKind, ids: Sides<NodeId>, paths: &Sides<Access<'_>>) {
        let (effect, weight) = match kind {
            ChangeKind::IndexRenamed => (Effect::Neutral, Severity::Info),
            ChangeKind::IndexSwapped => (Effect::Neutral, Severity::Medium),
            _ => access::effect([&paths[0], &paths[1]], self.costs_known(ids)),
        };
        let scanning = match effect {
            Effect::Harm => Some(1),
            Effect::Help => Some(0),
            Effect::Neutral => None,
        };
        let place = self.place(ids, scanning);
        let rows = place.rows();
        let weight = if place.is_small(self.tolerance) { Severity::Info } else { weight };
        let texts = access_texts(paths);
        let nodes = [paths[0].nodes.clone(), paths[1].nodes.clone()];
        self.push(kind, (effect, weight), self.relation(ids), texts, nodes);
        if let Some(found) = self.found.last_mut() {
            found.rows = rows;
        }
    }

    fn compare_conditions(&mut self, ids: Sides<NodeId>, paths: &Sides<Access<'_>>) {
        let shows_filters = self.plans.iter().any(|p| p.shows_filters);
        let [to_filter, to_index] = access::moved_conditions(paths, shows_filters);
        let is_small = self.place(ids, None).is_small(self.tolerance);
        let weight = if is_small { Severity::Info } else { Severity::Medium };
        let as_index = |terms: &[Term]| format!("Index {}", joined(terms));
        let as_filter = |terms: &[Term]| format!("Filter {}", joined(terms));
        let nodes = || ids.map(|id| vec![id]);
        if !to_filter.is_empty() {
            let texts = [as_index(&to_filter), as_filter(&to_filter)];
            let how = (Effect::Harm, weight);
            self.push(ChangeKind::ConditionMoved, how, self.relation(ids), texts, nodes());
        }
        if !to_index.is_empty() {
            let texts = [as_filter(&to_index), as_index(&to_index)];
            let how = (Effect::Help, weight);
            self.push(ChangeKind::ConditionMoved, how, self.relation(ids), texts, nodes());
        }
    }

    fn compare_joins(&mut self, ids: Sides<NodeId>) {
        let [b, a] = [0, 1].map(|side| self.plans[side].leaves[ids[side].index()]);
        if b != a {
            // Another order of joins: what is in between joins something else.
            return;
        }
        let nodes = [0, 1].map(|side| self.plans[side].node(ids[side]));
        let is_cheap = |node: &&Node| {
            node.estimate.total_cost.is_some_and(|cost| cost < self.tolerance.least_cost)
        };
        let is_small = nodes.iter().all(is_cheap);
        let weight = if is_small { Severity::Info } else { Severity::Medium };
        let methods = nodes.map(|n| n.operator.name());
        let types = nodes.map(joins::join_type);
        for (kind, texts) in [(ChangeKind::JoinMethod, methods), (ChangeKind::JoinType, types)] {
            // A semi join is as good as a join with distinct keys; planners flip between them.
            let is_usual = texts.iter().all(|text| matches!(*text, "Inner" | "Semi"));
            let weight = if is_usual { weight.min(Severity::Low) } else { weight };
            if texts[0] != texts[1] {
                let texts = texts.map(str::to_owned);
                let how = (Effect::Neutral, weight);
                let relations = joins::relations(self.plans, ids);
                self.push(kind, how, relations, texts, ids.map(|id| vec![id]));
            }
        }
    }

    fn compare_order(&mut self, ids: Sides<NodeId>) {
        let at = |values: fn(&Profile<'_>, usize) -> u64| {
            [0, 1].map(|side| values(self.plans[side], ids[side].index()))
        };
        let [b, a] = at(|p, i| p.leaves[i]);
        let [order_b, order_a] = at(|p, i| p.order[i]);
        let tops = at(|p, i| u64::from(p.top_join[i]));
        if tops != [1, 1] || b != a || order_b == order_a {
            return;
        }
        let texts = [0, 1].map(|side| joins::order(self.plans[side], ids[side]));
        let how = (Effect::Neutral, Severity::Low);
        self.push(ChangeKind::JoinOrder, how, None, texts, ids.map(|id| vec![id]));
    }

    fn compare_operators(&mut self, ids: Sides<NodeId>, kind: ChangeKind) {
        let texts = [0, 1].map(|side| self.plans[side].node(ids[side])).map(operator_text);
        if texts[0] != texts[1] {
            let how = (Effect::Neutral, Severity::Low);
            self.push(kind, how, None, texts, ids.map(|id| vec![id]));
        }
    }

    fn compare_workers(&mut self, ids: Sides<NodeId>) {
        let texts = [0, 1].map(|side| gather_text(self.plans[side].node(ids[side])));
        if texts[0] != texts[1] {
            let how = (Effect::Neutral, Severity::Low);
            self.push(ChangeKind::Parallelism, how, None, texts, ids.map(|id| vec![id]));
        }
    }

    /// A plan that was not run says nothing about disk, so both must have been.
    fn compare_spill(&mut self, ids: Sides<NodeId>) {
        let nodes = [0, 1].map(|side| self.plans[side].node(ids[side]));
        let [before, after] = nodes.map(spilled);
        if self.analyzed && before != after {
            let side = usize::from(after);
            self.report_spill(side, nodes[side], ids.map(|id| vec![id]));
        }
    }

    fn report_spill(&mut self, side: usize, node: &Node, nodes: Sides<Vec<NodeId>>) {
        let kind = sided(side, ChangeKind::SpillGone, ChangeKind::SpillAppeared);
        let name = node.operator.name();
        let texts = sides_of(side, format!("{name} on disk"), format!("{name} in memory"));
        let is_small = node.memory.disk_bytes.is_some_and(|bytes| bytes < SPILL_BYTES);
        let weight = if is_small { Severity::Low } else { Severity::Medium };
        self.push(kind, (Effect::of_side(side), weight), None, texts, nodes);
    }

    /// A node that only one side has.
    fn one_sided(&mut self, side: usize, id: NodeId) {
        let plan = self.plans[side];
        let node = plan.node(id);
        let nodes = || sides_of(side, vec![id], Vec::new());
        if self.analyzed && spilled(node) {
            self.report_spill(side, node, nodes());
        }
        match plan.class[id.index()] {
            // Told by the access path they belong to; a heading does nothing.
            Class::Part | Class::Heading => {}
            Class::Hash if self.is_told_by_parent(side, id) => {}
            Class::Gather => {
                let texts = sides_of(side, gather_text(node), "serial".to_owned());
                let how = (Effect::Neutral, Severity::Low);
                self.push(ChangeKind::Parallelism, how, None, texts, nodes());
            }
            Class::Sort => {
                let kind = sided(side, ChangeKind::SortRemoved, ChangeKind::SortAdded);
                let texts = sides_of(side, sort_text(node), NONE.to_owned());
                self.push(kind, self.weight_of_sort(side, id), None, texts, nodes());
            }
            class => {
                let kind = sided(side, ChangeKind::NodeRemoved, ChangeKind::NodeAdded);
                let texts = sides_of(side, node_text(plan, id), NONE.to_owned());
                let how = self.weight_of_node(side, node, class);
                let relation = plan.name[id.index()].map(str::to_owned);
                self.push(kind, how, relation, texts, nodes());
            }
        }
    }

    /// Whether the node belongs to the way in which its parent works, and that changed as well.
    fn is_told_by_parent(&self, side: usize, id: NodeId) -> bool {
        let Some(parent) = self.plans[side].node(id).parent() else { return false };
        let operator = &self.plans[side].node(parent).operator;
        let needs_it = matches!(
            operator,
            Operator::HashJoin
                | Operator::MergeJoin
                | Operator::GroupAggregate
                | Operator::Group
                | Operator::Distinct
        );
        let partner = self.alignment.partner(side, parent);
        needs_it && partner.is_none_or(|p| &self.plans[1 - side].node(p).operator != operator)
    }

    fn weight_of_sort(&self, side: usize, id: NodeId) -> (Effect, Severity) {
        if self.is_told_by_parent(side, id) {
            return (Effect::Neutral, Severity::Low);
        }
        let rows = sorted_rows(self.plans[side], id, self.catalogs[side]);
        let is_small = rows.is_some_and(|rows| rows < self.tolerance.least_rows);
        (Effect::of_side(side), if is_small { Severity::Info } else { Severity::Medium })
    }

    fn weight_of_node(&self, side: usize, node: &Node, class: Class) -> (Effect, Severity) {
        match (&node.operator, class) {
            (Operator::AutomaticIndex, _) => (Effect::of_side(side), Severity::Medium),
            (_, Class::Scan | Class::Join | Class::Aggregate) => (Effect::Neutral, Severity::Low),
            _ => (Effect::Neutral, Severity::Info),
        }
    }

    /// Where the planner's rows came to be off by another order of magnitude, at the lowest node
    /// only: what is above multiplies the same error.
    fn estimates(&mut self) {
        if !self.analyzed {
            return;
        }
        let stopped = self.plans.map(|p| stopped_early(p));
        let factor = |side: usize, id: NodeId| {
            let node = self.plans[side].node(id);
            let fewer = heat::misestimate_direction(node).is_lt();
            let excused = fewer && stopped[side][id.index()];
            heat::misestimate(node).map(|factor| if excused { 1.0 } else { factor })
        };
        let pairs: Vec<(NodeId, NodeId)> = self.alignment.pairs().collect();
        let changed: Vec<(Sides<NodeId>, Sides<f64>)> = pairs
            .into_iter()
            .filter_map(|(b, a)| Some(([b, a], [factor(0, b)?, factor(1, a)?])))
            .filter(|(_, factors)| is_other_estimate(*factors))
            .collect();
        let below = [0, 1].map(|side| {
            let ids = changed.iter().map(|(ids, _)| ids[side]);
            marked_below(self.plans[side], ids)
        });
        for (ids, factors) in changed {
            if (0..2).all(|side| !below[side][ids[side].index()]) {
                self.report_estimate(ids, factors);
            }
        }
    }

    fn report_estimate(&mut self, ids: Sides<NodeId>, factors: Sides<f64>) {
        let effect = if factors[1] > factors[0] { Effect::Harm } else { Effect::Help };
        let texts = factors.map(|factor| format!("rows off ×{factor:.0}"));
        let nodes = ids.map(|id| vec![id]);
        // Low: a wrong estimate is a reason, not work. The plan that follows from it is judged.
        self.push(ChangeKind::Estimate, (effect, Severity::Low), self.relation(ids), texts, nodes);
    }

    fn costs_known(&self, ids: Sides<NodeId>) -> bool {
        (0..2).all(|side| self.plans[side].node(ids[side]).estimate.total_cost.is_some())
    }

    fn place(&self, ids: Sides<NodeId>, scanning: Option<usize>) -> Place<'_> {
        Place { profiles: self.plans, ids, scanning, catalogs: self.catalogs }
    }

    /// The relation of a pair by its alias. Where the two differ it is the lesser, so that it is
    /// the same one in both directions.
    fn relation(&self, ids: Sides<NodeId>) -> Option<String> {
        let names = [0, 1].map(|side| self.plans[side].name[ids[side].index()]);
        names.into_iter().flatten().min().map(str::to_owned)
    }

    fn push(
        &mut self,
        kind: ChangeKind,
        (effect, weight): (Effect, Severity),
        relation: Option<String>,
        [before, after]: Sides<String>,
        nodes: Sides<Vec<NodeId>>,
    ) {
        let severity = if effect == Effect::Help { Severity::Info } else { weight };
        let what = self.in_words(relation.as_deref(), &nodes);
        let change =
            Change { kind, severity, relation, before, after, nodes, new_full_scan: false };
        self.found.push(Found { change, effect, weight, rows: None, what });
    }

    /// The table with its alias, where that is another word.
    fn in_words(&self, relation: Option<&str>, nodes: &Sides<Vec<NodeId>>) -> String {
        let table = |side: usize| self.plans[side].table[nodes[side].first()?.index()];
        match (relation, table(0).or(table(1))) {
            (Some(alias), Some(table)) if alias != table => format!("{table} {alias}"),
            (Some(name), _) => name.to_owned(),
            (None, table) => table.unwrap_or_default().to_owned(),
        }
    }
}

/// What a thing on `side` is called: gone if it was before, new if it is after.
fn sided<T>(side: usize, removed: T, added: T) -> T {
    if side == 0 { removed } else { added }
}

/// A value for the side that has the thing and one for the other.
fn sides_of<T>(side: usize, there: T, absent: T) -> Sides<T> {
    if side == 0 { [there, absent] } else { [absent, there] }
}

fn spilled(node: &Node) -> bool {
    let writes = || node.self_temp_written().is_some_and(|blocks| blocks > 0.0);
    // A hash join writes its other input only when the hash table is split, which the Hash tells.
    node.memory.spilled() || (node.operator != Operator::HashJoin && writes())
}

/// The two paths in words. Where one looks an index up and the other reads one from end to end,
/// the operators may be the same, so it is said.
fn access_texts(paths: &Sides<Access<'_>>) -> Sides<String> {
    let mut texts = [paths[0].text(), paths[1].text()];
    for (side, text) in texts.iter_mut().enumerate() {
        let reaches = [paths[side].reach, paths[1 - side].reach];
        if reaches == [Some(Reach::WholeIndex), Some(Reach::Lookup)] {
            text.insert_str(0, "full ");
        }
    }
    texts
}

/// SQLite has one operator for all of its temporary b-trees; the label says which it is.
fn operator_text(node: &Node) -> String {
    match temp_b_tree(node) {
        Some(purpose) => format!("TEMP B-TREE {purpose}").trim_end().to_owned(),
        None => node.operator.name().to_owned(),
    }
}

fn sort_text(node: &Node) -> String {
    let keys: Vec<&str> = node.conditions_of(ConditionKind::SortKey).collect();
    let text = operator_text(node);
    if keys.is_empty() || temp_b_tree(node).is_some() {
        text
    } else {
        format!("{text} ({})", shortened(&keys.join(", ")))
    }
}

fn gather_text(node: &Node) -> String {
    let name = node.operator.name();
    match node.workers.and_then(|w| w.planned) {
        Some(1) => format!("{name}, 1 worker"),
        Some(workers) => format!("{name}, {workers} workers"),
        None => name.to_owned(),
    }
}

fn node_text(plan: &Profile<'_>, id: NodeId) -> String {
    if plan.class[id.index()] == Class::Scan {
        return Access::new(plan, id).text();
    }
    let node = plan.node(id);
    if node.operator.name().is_empty() { node.label.clone() } else { node.operator.name().into() }
}

fn joined(terms: &[Term]) -> String {
    let texts: Vec<&str> = terms.iter().map(|term| term.text.as_str()).collect();
    shortened(&texts.join(" AND "))
}

/// At most 60 characters of a condition.
fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// How many rows a sort has to put in order.
fn sorted_rows(plan: &Profile<'_>, id: NodeId, catalog: Option<&Catalog>) -> Option<f64> {
    let node = plan.node(id);
    if let Some(rows) = node.actual_rows().or(node.estimate.rows_per_loop) {
        return Some(rows);
    }
    // SQLite's sort has no input below it: it sorts what the scans beside it read.
    let siblings = plan.inputs(node.parent()?).filter(|sibling| plan.is_leaf(sibling.index()));
    let mut most: Option<f64> = None;
    // SQLite joins at most 64 tables.
    for sibling in siblings.take(64) {
        let rows = access::table_rows(plan, sibling, catalog)?;
        most = Some(most.map_or(rows, |most| most.max(rows)));
    }
    most
}

/// Nodes that stop before their last row because something above them has enough.
fn stopped_early(profile: &Profile<'_>) -> Vec<bool> {
    let nodes = profile.plan.nodes();
    let mut stopped = vec![false; nodes.len()];
    for (i, node) in nodes.iter().enumerate() {
        let Some(parent) = node.parent().filter(|_| !is_detached(node)) else { continue };
        let above = &nodes[parent.index()].operator;
        // A merge join stops when one input ends; a semi join stops its inner input at a match.
        let stops = matches!(above, Operator::Limit | Operator::MergeJoin)
            || joins::stops_at_first_match(&nodes[parent.index()]);
        let reads_all = above.is_sort() || above.is_aggregate() || above == &Operator::Hash;
        stopped[i] = stops || (stopped[parent.index()] && !reads_all);
    }
    stopped
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

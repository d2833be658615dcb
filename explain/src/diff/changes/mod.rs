//! The differences between two aligned plans, one by one.
//!
//! Pairs of nodes are compared first; nodes of one side come last, because much of what is new is
//! told by the change of another node: the Hash of a hash join, the partitions of an Append.

mod estimates;
mod one_sided;
mod partitions;
mod words;

use super::access::{self, Access, Place, Term};
use super::align::Alignment;
use super::circumstances::{Difference, DifferenceKind, Withholds};
use super::joins;
use super::profile::{Class, Profile};
use super::{Change, ChangeKind, Severity, Tolerance};
use crate::plan::{Node, NodeId, Operator, Plan, Role};
use crate::workload::Catalog;
use one_sided::Fences;
use std::collections::HashSet;
pub(super) use words::NONE;
use words::{access_texts, gather_text, joined, operator_text, sided, sides_of};

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
    /// It follows from another join method: a nested loop looks its inner side up, a hash join
    /// reads it once. So it speaks neither for nor against the plan.
    pub follows_join: bool,
}

impl Found {
    /// Whether it is about the way a relation is read.
    pub fn is_access(&self) -> bool {
        matches!(self.change.kind, ChangeKind::AccessPath | ChangeKind::IndexSwapped)
    }
}

/// Bytes on disk below which the page cache takes a spill without anybody noticing.
const SPILL_BYTES: u64 = 1 << 20;

/// Heap fetches below which nobody cares, and how many times as many are another thing.
const HEAP_FETCHES: (f64, f64) = (100.0, 2.0);

/// Rows asked for, one ÷ the other, from which two scans with other literals answer other questions.
const OTHER_QUESTION: f64 = 2.0;

/// Collects the changes between two plans.
pub(super) struct Finder<'a> {
    plans: Sides<&'a Profile<'a>>,
    alignment: &'a Alignment,
    catalogs: Sides<Option<&'a Catalog>>,
    tolerance: Tolerance,
    analyzed: bool,
    fences: Fences<'a>,
    found: Vec<Found>,
    asked: Vec<Difference>,
    /// Scans that are read another way.
    touched: Sides<HashSet<NodeId>>,
    /// Nodes of one side that another change tells of.
    told: Sides<HashSet<NodeId>>,
}

/// All differences in shape between two plans, and where they were asked for other values.
pub(super) fn find<'a>(
    plans: Sides<&'a Profile<'a>>,
    alignment: &'a Alignment,
    catalogs: Sides<Option<&'a Catalog>>,
    tolerance: Tolerance,
) -> (Vec<Found>, Vec<Difference>) {
    let mut finder = Finder {
        plans,
        alignment,
        catalogs,
        tolerance,
        analyzed: plans.iter().all(|p| p.plan.is_analyzed()),
        fences: Fences::new(plans, alignment),
        found: Vec::new(),
        asked: Vec::new(),
        touched: [HashSet::new(), HashSet::new()],
        told: [HashSet::new(), HashSet::new()],
    };
    for (before, after) in alignment.pairs() {
        finder.compare([before, after]);
    }
    finder.partitions();
    for side in [0, 1] {
        for id in alignment.unpaired(side) {
            finder.one_sided(side, id);
        }
    }
    finder.estimates();
    finder.compilation();
    (finder.found, finder.asked)
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
        if before.operator == after.operator {
            self.compare_conditions(ids, &paths);
            self.compare_heap_fetches(ids);
        }
        self.compare_listed_partitions(ids);
        self.compare_questions(ids, &paths);
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
        let (rows, is_small) = (place.rows(), place.is_small(self.tolerance));
        let weight = if is_small { Severity::Info } else { weight };
        let texts = access_texts(paths);
        let nodes = [paths[0].nodes.clone(), paths[1].nodes.clone()];
        self.push(kind, (effect, weight), self.relation(ids), texts, nodes);
        let follows_join = self.follows_join(ids);
        if let Some(found) = self.found.last_mut() {
            found.rows = rows;
            found.follows_join = follows_join;
            let [before, after] = [0, 1].map(|side| paths[side].operator.is_full_scan());
            found.change.new_full_scan = after && !before && !is_small;
        }
        self.touch(ids);
    }

    fn touch(&mut self, ids: Sides<NodeId>) {
        for (touched, id) in self.touched.iter_mut().zip(ids) {
            touched.insert(id);
        }
    }

    /// Whether one of two scans is looked up by a nested loop, and the other is not.
    fn follows_join(&self, ids: Sides<NodeId>) -> bool {
        let [before, after] = [0, 1].map(|side| {
            let plan = self.plans[side];
            let node = plan.node(ids[side]);
            let above = node.parent().map(|parent| &plan.node(parent).operator);
            node.role == Role::Inner && above == Some(&Operator::NestedLoop)
        });
        let has_joins = |plan: &&Profile<'_>| plan.plan.nodes().len() > 1;
        before != after && self.plans.iter().all(has_joins)
    }

    fn mark_full_scan(&mut self) {
        if let Some(found) = self.found.last_mut() {
            found.change.new_full_scan = true;
        }
    }

    /// Rows that an index-only scan had to look up in the table: the visibility map was not set.
    fn compare_heap_fetches(&mut self, ids: Sides<NodeId>) {
        let fetches = [0, 1].map(|side| {
            let details = &self.plans[side].node(ids[side]).details;
            details.get("Heap Fetches").and_then(serde_json::Value::as_f64)
        });
        let [Some(before), Some(after)] = fetches else { return };
        let (least, times) = HEAP_FETCHES;
        let [less, more] = [before.min(after), before.max(after)];
        if more < least || more < less * times {
            return;
        }
        let effect = if after > before { Effect::Harm } else { Effect::Help };
        let weight =
            if more < self.tolerance.least_rows { Severity::Low } else { Severity::Medium };
        let texts = [before, after].map(|fetches| format!("{fetches:.0} heap fetches"));
        let nodes = ids.map(|id| vec![id]);
        self.push(ChangeKind::HeapFetches, (effect, weight), self.relation(ids), texts, nodes);
    }

    /// Whether two scans were asked for other values, and for far more or fewer rows with them: then
    /// more work is an answer to another question.
    fn compare_questions(&mut self, ids: Sides<NodeId>, paths: &Sides<Access<'_>>) {
        let Some([before, after]) = access::other_values(paths) else { return };
        let rows = [0, 1].map(|side| {
            let node = self.plans[side].node(ids[side]);
            let measured = node.actual_rows().filter(|_| self.analyzed);
            measured.or(node.estimate.rows_per_loop).unwrap_or(0.0).max(1.0)
        });
        if rows[0].max(rows[1]) < OTHER_QUESTION * rows[0].min(rows[1]) {
            return;
        }
        self.asked.push(Difference {
            kind: DifferenceKind::Parameters,
            subject: self.relation(ids),
            before,
            after,
            withholds: Withholds::Nothing,
        });
    }

    fn compare_conditions(&mut self, ids: Sides<NodeId>, paths: &Sides<Access<'_>>) {
        let shows_filters = self.plans.iter().any(|p| p.shows_filters);
        let [to_filter, to_index] = access::moved_conditions(paths, shows_filters);
        let is_small = self.place(ids, None).is_small(self.tolerance);
        let weight = if is_small { Severity::Info } else { Severity::Medium };
        let as_index = |terms: &[Term]| format!("Index {}", joined(terms));
        let as_filter = |terms: &[Term]| format!("Filter {}", joined(terms));
        let moves = [
            (Effect::Harm, &to_filter, [as_index(&to_filter), as_filter(&to_filter)]),
            (Effect::Help, &to_index, [as_filter(&to_index), as_index(&to_index)]),
        ];
        for (effect, terms, texts) in moves {
            if !terms.is_empty() {
                let (how, nodes) = ((effect, weight), ids.map(|id| vec![id]));
                self.push(ChangeKind::ConditionMoved, how, self.relation(ids), texts, nodes);
                self.touch(ids);
            }
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
        if nodes.iter().all(|node| node.operator == Operator::Lookup) {
            self.compare_lookups(ids);
        }
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

    /// MongoDB's `$lookup`: the other collection by an index, or from end to end.
    fn compare_lookups(&mut self, ids: Sides<NodeId>) {
        let nodes = [0, 1].map(|side| self.plans[side].node(ids[side]));
        let indexes = nodes.map(|node| node.index.as_deref());
        if indexes[0] == indexes[1] {
            return;
        }
        let effect = match indexes {
            [Some(_), None] => Effect::Harm,
            [None, Some(_)] => Effect::Help,
            _ => Effect::Neutral,
        };
        let rows = |side: usize| {
            let node = nodes[side];
            let known = |catalog: &Catalog| catalog.table(None, node.relation.as_deref()?)?.rows;
            self.catalogs[side].and_then(known)
        };
        let rows = [0, 1].map(rows).into_iter().flatten().reduce(f64::max);
        let is_small = rows.is_some_and(|rows| rows < self.tolerance.least_rows);
        let weight = match effect {
            _ if is_small => Severity::Info,
            Effect::Neutral => Severity::Medium,
            _ => Severity::High,
        };
        let texts = indexes.map(|index| match index {
            Some(index) => format!("Lookup {index}"),
            None => "Lookup (full scan)".to_owned(),
        });
        let relation = nodes.map(|node| node.relation.clone()).into_iter().flatten().min();
        let nodes = ids.map(|id| vec![id]);
        self.push(ChangeKind::AccessPath, (effect, weight), relation, texts, nodes);
        if effect == Effect::Harm && !is_small {
            self.mark_full_scan();
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

    /// Just-in-time compilation of the whole plan.
    fn compilation(&mut self) {
        let compiles = |plan: &Plan| plan.jit_ms.is_some() || plan.details.contains_key("JIT");
        let [before, after] = self.plans.map(|profile| compiles(profile.plan));
        if before != after {
            let texts = [before, after].map(|on| if on { "compiled" } else { "not compiled" });
            let how = (Effect::Neutral, Severity::Low);
            let nodes = [vec![NodeId::ROOT], vec![NodeId::ROOT]];
            self.push(ChangeKind::Jit, how, None, texts.map(str::to_owned), nodes);
        }
    }

    fn costs_known(&self, ids: Sides<NodeId>) -> bool {
        (0..2).all(|side| self.plans[side].node(ids[side]).estimate.total_cost.is_some())
    }

    fn place(&self, ids: Sides<NodeId>, scanning: Option<usize>) -> Place<'_> {
        Place { profiles: self.plans, ids, scanning }
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
        let found = Found { change, effect, weight, rows: None, what, follows_join: false };
        self.found.push(found);
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

fn spilled(node: &Node) -> bool {
    let writes = || node.self_temp_written().is_some_and(|blocks| blocks > 0.0);
    // A hash join writes its other input only when the hash table is split, which the Hash tells.
    node.memory.spilled() || (node.operator != Operator::HashJoin && writes())
}

//! Access paths: how a plan reads a relation, a bitmap scan and its parts being one path.

use super::changes::{Effect, Sides};
use super::profile::{Profile, combines};
use super::{Severity, Tolerance};
use crate::engine::Engine;
use crate::plan::{ConditionKind, NodeId, Operator};
use crate::workload::query::{self, Operand, Predicate};
use crate::workload::{Catalog, Index, fingerprint};

/// How much of a relation an access path has to look at, from all of it to what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// The whole relation.
    Whole,
    /// The whole relation once, to build an index that lives as long as the statement.
    Automatic,
    /// An index from end to end.
    WholeIndex,
    /// The part of an index that fits a condition, or single rows by their place.
    Lookup,
}

/// How a relation is read.
pub(super) struct Access<'a> {
    /// The node that stands for the path, then its parts.
    pub nodes: Vec<NodeId>,
    /// Its operator.
    pub operator: &'a Operator,
    /// The indexes used, in the order of the plan.
    pub indexes: Vec<&'a str>,
    /// How much is looked at; `None` for what is no table (functions, CTEs, foreign tables).
    pub reach: Option<Reach>,
    /// Bounds of the lookup, split at AND.
    pub bounds: Vec<Term>,
    /// Conditions that rows are filtered by, split likewise.
    pub filters: Vec<Term>,
}

/// A part of a condition; two are equal when they differ in literals only.
#[derive(Debug, Clone)]
pub(super) struct Term {
    /// For people: as the plan has it; of MongoDB the field.
    pub text: String,
    /// With its values, as the plan has it.
    raw: String,
    /// How `raw` is written: bounds of MongoDB's indexes are intervals, its filters are not.
    form: Form,
    normal: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Condition,
    Interval,
}

impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        self.normal == other.normal
    }
}

impl<'a> Access<'a> {
    /// The access path whose top is `id`.
    pub fn new(profile: &Profile<'a>, id: NodeId) -> Self {
        let top = profile.node(id);
        let below = if combines(&top.operator) { top.subtree_len() } else { 1 };
        let parts = (id.0 + 1..id.0 + below).map(NodeId);
        let parts = parts.filter(|part| profile.owner[part.index()] == Some(id));
        let nodes: Vec<NodeId> = std::iter::once(id).chain(parts).collect();
        let all = |kinds: &[ConditionKind]| -> Vec<Term> {
            let conditions = nodes.iter().flat_map(|id| &profile.node(*id).conditions);
            let texts = conditions.filter(|c| kinds.contains(&c.kind)).map(|c| &c.text);
            texts.flat_map(|text| terms(text, profile)).collect()
        };
        let bounds = all(&[ConditionKind::Index]);
        let mut filters = all(&[ConditionKind::Filter, ConditionKind::JoinFilter]);
        // MySQL filters, MongoDB fetches and filters in a node above.
        let above = top.parent().map(|parent| profile.node(parent));
        let above = above.filter(|n| matches!(n.operator, Operator::Filter | Operator::Fetch));
        if let Some(above) = above {
            let texts = above.conditions_of(ConditionKind::Filter);
            filters.extend(texts.flat_map(|text| terms(text, profile)));
        }
        let ordered = top.conditions_of(ConditionKind::OrderBy).next().is_some();
        let mut indexes: Vec<&str> = Vec::new();
        for index in nodes.iter().filter_map(|id| profile.node(*id).index.as_deref()) {
            if !indexes.contains(&index) {
                indexes.push(index);
            }
        }
        let reach = match &top.operator {
            Operator::SeqScan => Some(Reach::Whole),
            Operator::AutomaticIndex => Some(Reach::Automatic),
            Operator::BitmapHeapScan | Operator::MultiIndex => Some(Reach::Lookup),
            Operator::TidScan => Some(Reach::Lookup),
            op if !op.is_index_access() => None,
            _ if !bounds.is_empty() || ordered => Some(Reach::Lookup),
            _ => Some(Reach::WholeIndex),
        };
        Self { nodes, operator: &top.operator, indexes, reach, bounds, filters }
    }

    /// The path in short, e.g. `BitmapHeapScan idx_a, idx_b`.
    pub fn text(&self) -> String {
        let mut text = self.operator.name().to_owned();
        for (i, index) in self.indexes.iter().enumerate() {
            text.push_str(if i == 0 { " " } else { ", " });
            text.push_str(index);
        }
        text
    }

    /// Whether it goes through an index that exists.
    pub fn has_index(&self) -> bool {
        matches!(self.reach, Some(Reach::Lookup | Reach::WholeIndex))
            && self.operator != &Operator::TidScan
    }

    fn covers(&self) -> bool {
        self.operator == &Operator::IndexOnlyScan
    }
}

/// What it does to a statement that a relation of some size is read by another path.
pub(super) fn effect(paths: [&Access<'_>; 2], costs_known: bool) -> (Effect, Severity) {
    let [Some(before), Some(after)] = paths.map(|path| path.reach) else {
        return (Effect::Neutral, Severity::Low);
    };
    // The weight of a gain is that of the loss it undoes, so that a comparison can be turned round.
    let (worse, better, effect) = match before.cmp(&after) {
        std::cmp::Ordering::Less => (paths[0], paths[1], Effect::Help),
        std::cmp::Ordering::Greater => (paths[1], paths[0], Effect::Harm),
        std::cmp::Ordering::Equal => {
            return match (paths[0].covers(), paths[1].covers()) {
                (true, false) => (Effect::Harm, Severity::Medium),
                (false, true) => (Effect::Help, Severity::Medium),
                _ => (Effect::Neutral, Severity::Medium),
            };
        }
    };
    match (better.reach, worse.reach) {
        // Better than a scan in a loop, yet what is built for one statement is no index.
        (Some(Reach::Automatic), _) => (effect, Severity::Medium),
        // Read from end to end, a covering index only saves width; another gives order for more
        // blocks, which the sort that it saves must pay.
        (Some(Reach::WholeIndex), _) if better.covers() => (effect, Severity::Medium),
        (Some(Reach::WholeIndex), _) => (Effect::Neutral, Severity::Medium),
        // Often this trades a lookup for an order that saves a sort; the cost tells.
        (_, Some(Reach::WholeIndex)) if costs_known => (effect, Severity::Medium),
        _ => (effect, Severity::High),
    }
}

/// The values that two paths of the same conditions were asked for, where they are not the same
/// ones; `None` where a value is not known (a placeholder).
pub(super) fn other_values([before, after]: &Sides<Access<'_>>) -> Option<Sides<String>> {
    let is_elsewhere = |a: &[Term], b: &[Term]| {
        let has = |all: &[Term], term: &Term| all.contains(term);
        a.iter().any(|term| !has(b, term)) || b.iter().any(|term| !has(a, term))
    };
    // Conditions may have moved between the two, as long as they are the same ones.
    let [all_before, all_after] =
        [before, after].map(|path| [path.bounds.as_slice(), &path.filters].concat());
    if is_elsewhere(&all_before, &all_after) {
        return None;
    }
    let mut pairs = all_before.iter().filter_map(|was| {
        let alike = || all_after.iter().filter(|is| *is == was && is.form == was.form);
        let is_same = alike().any(|is| is.raw == was.raw);
        (!is_same).then(|| alike().next().map(|is| (was, is))).flatten()
    });
    let is_known = |term: &Term| !term.raw.contains(['?', '$']);
    let found = pairs.find(|(was, is)| is_known(was) && is_known(is));
    found.map(|(was, is)| [was, is].map(|term| shortened(&term.raw)))
}

/// At most 60 characters of a condition.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Whether the indexes of two paths are the same ones under other names.
pub(super) fn only_renamed(paths: [&Access<'_>; 2], catalogs: [Option<&Catalog>; 2]) -> bool {
    let [before, after] = paths;
    let changed = || before.indexes.iter().zip(&after.indexes).filter(|(b, a)| b != a);
    before.indexes.len() == after.indexes.len()
        && changed().all(|(b, a)| is_rename([b, a], catalogs, before.bounds == after.bounds))
}

fn is_rename(names: [&str; 2], catalogs: [Option<&Catalog>; 2], same_bounds: bool) -> bool {
    let [Some(old), Some(new)] = catalogs else { return false };
    let [old_has, new_has] = [old, new].map(|catalog| names.map(|name| catalog.index(name)));
    match (old_has, new_has) {
        ([Some(before), _], [_, Some(after)]) => same_index(before, after),
        // One definition is not known. The names do not overlap and the lookup is the same.
        ([Some(_), None], [None, None]) | ([None, None], [None, Some(_)]) => same_bounds,
        _ => false,
    }
}

/// Whether two indexes are the same but for their names.
pub(super) fn same_index(a: &Index, b: &Index) -> bool {
    a.table == b.table
        && a.schema == b.schema
        && a.method == b.method
        && a.keys == b.keys
        && a.include == b.include
        && a.predicate == b.predicate
}

/// The two nodes that read a relation, with what tells how large it is.
pub(super) struct Place<'a> {
    /// The plans.
    pub profiles: Sides<&'a Profile<'a>>,
    /// The nodes.
    pub ids: Sides<NodeId>,
    /// The side that reads all of the relation: how large it is there decides.
    pub scanning: Option<usize>,
}

impl Place<'_> {
    /// The rows of the relation, else those that were read of it.
    pub fn rows(&self) -> Option<f64> {
        let known = |side: usize| table_rows(self.profiles[side], self.ids[side]);
        let read = |side: usize| {
            let node = self.profiles[side].node(self.ids[side]);
            node.rows_read().filter(|_| !node.never_executed())
        };
        let rows = largest(&known, self.sides()).or_else(|| largest(&known, &[0, 1]));
        rows.or_else(|| largest(&read, self.sides()))
    }

    /// Whether the relation is too small for its access path to matter.
    pub fn is_small(&self, tolerance: Tolerance) -> bool {
        if let Some(rows) = self.rows() {
            return rows < tolerance.least_rows;
        }
        self.is_estimated_small(tolerance, self.sides())
    }

    /// Whether the relation is that small on one side, which alone has it.
    pub fn is_small_on(&self, side: usize, tolerance: Tolerance) -> bool {
        let node = self.profiles[side].node(self.ids[side]);
        let known = table_rows(self.profiles[side], self.ids[side]);
        let read = || node.rows_read().filter(|_| !node.never_executed());
        match known.or_else(read) {
            Some(rows) => rows < tolerance.least_rows,
            None => self.is_estimated_small(tolerance, if side == 0 { &[0] } else { &[1] }),
        }
    }

    fn is_estimated_small(&self, tolerance: Tolerance, sides: &[usize]) -> bool {
        let estimate = |side: usize| &self.profiles[side].node(self.ids[side]).estimate;
        let rows = largest(&|side| estimate(side).rows_per_loop, sides);
        let cost = largest(&|side| estimate(side).total_cost, sides);
        let is_below = |value: Option<f64>, least: f64| value.is_none_or(|value| value < least);
        (rows.is_some() || cost.is_some())
            && is_below(rows, tolerance.least_rows)
            && is_below(cost, tolerance.least_cost)
    }

    fn sides(&self) -> &'static [usize] {
        match self.scanning {
            Some(0) => &[0],
            Some(_) => &[1],
            None => &[0, 1],
        }
    }
}

fn largest(value: &dyn Fn(usize) -> Option<f64>, sides: &[usize]) -> Option<f64> {
    sides.iter().filter_map(|side| value(*side)).reduce(f64::max)
}

/// The rows of the table that a scan reads, as the catalog has them.
pub(super) fn table_rows(profile: &Profile<'_>, id: NodeId) -> Option<f64> {
    profile.known[id.index()]?.rows
}

/// The terms of a condition: split at each AND outside parentheses; of MongoDB the fields, because
/// bounds of an index and filters write the same condition in different ways.
fn terms(text: &str, profile: &Profile<'_>) -> Vec<Term> {
    if profile.plan.engine == Engine::Mongodb {
        let fields = query::read_condition(text, Engine::Mongodb);
        if !fields.is_empty() {
            let bound = fields.into_iter().filter(|predicate| !is_unbounded(predicate));
            return bound.map(|predicate| field(text, predicate)).collect();
        }
    }
    let normal = |term: &str| fingerprint::normalize(term, profile.plan.engine);
    let term = |text: &str| {
        let raw = text.to_owned();
        Term { text: raw.clone(), raw, form: Form::Condition, normal: normal(text) }
    };
    split_at_and(text).into_iter().map(term).collect()
}

/// Whether an index is read from end to end in this field.
fn is_unbounded(predicate: &Predicate) -> bool {
    let Operand::Literal(bounds) = &predicate.value else { return false };
    ["[MinKey, MaxKey]", "[MaxKey, MinKey]"].iter().any(|all| bounds.contains(all))
}

/// The term of a field.
fn field(text: &str, predicate: Predicate) -> Term {
    let name = predicate.column.name;
    let raw = match predicate.value {
        Operand::Literal(value) => format!("{name}: {value}"),
        _ => text.to_owned(),
    };
    let form = if raw.contains(": [\"") { Form::Interval } else { Form::Condition };
    Term { text: name.clone(), raw, form, normal: name }
}

fn split_at_and(text: &str) -> Vec<&str> {
    let mut waiting = vec![text];
    let mut found = Vec::new();
    while let Some(text) = waiting.pop() {
        let text = without_parentheses(text);
        let cuts = top_level_ands(text);
        if cuts.is_empty() {
            found.push(text);
            continue;
        }
        let starts = std::iter::once(0).chain(cuts.iter().map(|at| at + 5));
        let ends = cuts.iter().copied().chain([text.len()]);
        let parts: Vec<&str> = starts.zip(ends).map(|(from, to)| &text[from..to]).collect();
        waiting.extend(parts.into_iter().rev());
    }
    found
}

/// The text without the parentheses around all of it.
fn without_parentheses(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        let closes_early = depths(inner).any(|(_, depth)| depth < 0);
        if closes_early {
            break;
        }
        text = inner.trim();
    }
    text
}

fn top_level_ands(text: &str) -> Vec<usize> {
    let is_and =
        |at: &usize| text.get(*at..at + 5).is_some_and(|w| w.eq_ignore_ascii_case(" and "));
    let is_between =
        |at: usize| text.get(at..at + 9).is_some_and(|w| w.eq_ignore_ascii_case(" between "));
    // The AND after a BETWEEN belongs to it.
    let mut between = false;
    let mut found = Vec::new();
    for (at, _) in depths(text).filter(|(_, depth)| *depth == 0) {
        between |= is_between(at);
        if is_and(&at) && !std::mem::take(&mut between) {
            found.push(at);
        }
    }
    found
}

/// The byte offsets outside of quotes, with the depth of parentheses there.
fn depths(text: &str) -> impl Iterator<Item = (usize, i32)> {
    let (mut depth, mut quote) = (0, None);
    text.bytes().enumerate().filter_map(move |(at, byte)| {
        match (byte, quote) {
            (_, Some(open)) if byte == open => quote = None,
            (_, Some(_)) => return None,
            (b'\'' | b'"', None) => quote = Some(byte),
            (b'(', None) => depth += 1,
            (b')', None) => depth -= 1,
            _ => {}
        }
        Some((at, depth))
    })
}

/// Where a condition that an index looked up is now a filter, and the other way round.
pub(super) fn moved_conditions(paths: &Sides<Access<'_>>, shows_filters: bool) -> [Vec<Term>; 2] {
    let through_index = paths.iter().all(Access::has_index);
    let moved = |from: usize, to: usize| -> Vec<Term> {
        let (from, to) = (&paths[from], &paths[to]);
        let lost = from.bounds.iter().filter(|term| !to.bounds.contains(term));
        // SQLite shows no filters: what the same index no longer looks up can be nothing else.
        let silent = !shows_filters && from.indexes == to.indexes && !to.bounds.is_empty();
        lost.filter(|term| silent || to.filters.contains(term)).cloned().collect()
    };
    if through_index { [moved(0, 1), moved(1, 0)] } else { [Vec::new(), Vec::new()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_split_at_their_ands() {
        let split = split_at_and;
        assert_eq!(split("((a = 1) AND (b = 'x AND y'))"), ["a = 1", "b = 'x AND y'"]);
        assert_eq!(split("a=? AND b>?"), ["a=?", "b>?"]);
        assert_eq!(split("(((a = 1) OR (b = 2)) AND c)"), ["(a = 1) OR (b = 2)", "c"]);
        assert_eq!(split("(a = 1) OR (b = 2)"), ["(a = 1) OR (b = 2)"]);
        assert_eq!(split("(a between 1 and 2) and b"), ["a between 1 and 2", "b"]);
        assert_eq!(split("()"), [""]);
        assert_eq!(split("(é AND ü)"), ["é", "ü"]);
    }
}

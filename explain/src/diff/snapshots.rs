//! Comparing two snapshots: which statements go together, and how each of them did.

use super::circumstances::is_same_place;
use super::trend::{self, Rates, Trend};
use super::verdict;
use super::{
    Cause, CauseKind, ChangeKind, Side, SnapshotDiff, StatementDiff, Tolerance, Undo, Verdict,
    causes,
};
use crate::engine::Engine;
use crate::workload::time::hours_between;
use crate::workload::{Counters, Fingerprint, Snapshot, Statement, delta};
use std::collections::{HashMap, HashSet};

/// Compares two snapshots.
pub(super) fn compare(before: &Snapshot, after: &Snapshot, tolerance: Tolerance) -> SnapshotDiff {
    let mut diff = SnapshotDiff {
        verdict: Verdict::NotComparable,
        statements: Vec::new(),
        added: Vec::new(),
        removed: Vec::new(),
        hours: [None, None],
        causes: Vec::new(),
        not_comparable: None,
    };
    let engines = [before, after].map(|s| s.target.engine);
    if engines[0] != engines[1] {
        let [before, after] = engines.map(Engine::label);
        diff.not_comparable = Some(format!("the engines differ: {before} and {after}"));
        return diff;
    }
    let sides = [before, after];
    let comparer = Comparer::new(sides, tolerance);
    let mut matched = Matched::new(sides);
    diff.hours = comparer.hours;
    diff.causes = causes::find(sides, tolerance);
    diff.statements = matched.pairs.iter().map(|places| comparer.statement(*places)).collect();
    for statement in diff.statements.iter_mut().filter(|s| s.verdict == Verdict::Worse) {
        statement.causes = likely(&diff.causes, statement, sides);
    }
    rank(&mut diff.statements);
    for side in [0, 1] {
        let heaviest_first = |place: &usize| {
            let ms = sides[side].statements[*place].counters.total_ms.unwrap_or(0.0);
            std::cmp::Reverse(ms.max(0.0).to_bits())
        };
        matched.lone[side].sort_by_key(heaviest_first);
    }
    diff.removed = matched.lone_fingerprints(0, before);
    diff.added = matched.lone_fingerprints(1, after);
    diff.verdict = overall(&diff.statements);
    diff.not_comparable = why_not(&diff);
    diff
}

/// Why nothing could be compared at all.
fn why_not(diff: &SnapshotDiff) -> Option<String> {
    if diff.verdict != Verdict::NotComparable {
        return None;
    }
    let mut planned = diff.statements.iter().filter(|s| s.plan.is_some());
    Some(match planned.next() {
        _ if diff.statements.is_empty() => "no statement is in both snapshots".to_owned(),
        Some(statement) => statement.reason.clone(),
        None => "no statement has a plan in both snapshots".to_owned(),
    })
}

/// What all comparisons of statements need.
struct Comparer<'a> {
    sides: [&'a Snapshot; 2],
    tolerance: Tolerance,
    hours: [Option<f64>; 2],
    /// The window after began when the one before did: what was counted before is in both.
    overlap: bool,
    same_place: bool,
}

impl<'a> Comparer<'a> {
    fn new(sides: [&'a Snapshot; 2], tolerance: Tolerance) -> Self {
        let [before, after] = sides.map(|side| &side.window);
        let same_place = is_same_place(sides.map(|side| Some(&side.target)));
        let later = before.to.as_deref().zip(after.to.as_deref());
        let between = later.and_then(|(from, to)| hours_between(from, to));
        let overlap = same_place
            && before.from.is_some()
            && before.from == after.from
            && between.is_some_and(|hours| hours > 0.0);
        let [was, is] = [before, after].map(|window| {
            hours_between(window.from.as_deref()?, window.to.as_deref()?)
                .filter(|hours| *hours > 0.0)
        });
        let hours = [was, if overlap { between } else { is }];
        Self { sides, tolerance, hours, overlap, same_place }
    }

    fn statement(&self, places: [usize; 2]) -> StatementDiff {
        let [before, after] = self.at(places);
        let own = self.counters([before, after]);
        let rates = [0, 1].map(|side| Rates::of(&own[side], self.hours[side]));
        let trend = Trend::of([&rates[0], &rates[1]], self.tolerance);
        let seen = trend::prevailing([before, after]);
        let compared = seen.as_ref().map_or([0, 0], |(compared, _)| *compared);
        let plan = seen.is_some().then(|| {
            let side = |side: usize, of: &'a Statement| Side {
                counters: Some(&own[side]),
                statement: Some(&of.text),
                ..Side::within(&of.plans[compared[side]].plan, self.sides[side])
            };
            verdict::compare([side(0, before), side(1, after)], self.tolerance)
        });
        let planned = plan.as_ref().map_or(Verdict::NotComparable, |plan| plan.verdict);
        let mut reason = match &plan {
            Some(plan) => plan.reason.clone(),
            None => missing([before, after]).to_owned(),
        };
        let verdict = match self.by_time(planned, trend, &rates) {
            Some(by_time) => {
                reason = format!("{reason}; {}", trend::in_words(&rates));
                by_time
            }
            None => planned,
        };
        let flip = seen.and_then(|(_, flip)| flip);
        if let Some(flip) = flip.as_ref().filter(|flip| flip.flipped) {
            reason = format!("{}; {reason}", trend::flip_in_words(flip));
        }
        let added = rates[1].total_ms_per_hour.zip(rates[0].total_ms_per_hour);
        StatementDiff {
            fingerprint: before.fingerprint,
            places,
            plan,
            compared,
            flip,
            verdict,
            mean_ms: [rates[0].mean_ms, rates[1].mean_ms],
            rates,
            trend,
            added_ms_per_hour: added.map(|(is, was)| is - was),
            causes: Vec::new(),
            reason,
        }
    }

    fn at(&self, places: [usize; 2]) -> [&'a Statement; 2] {
        [0, 1].map(|side| &self.sides[side].statements[places[side]])
    }

    /// The counters of each side alone.
    fn counters(&self, [before, after]: [&Statement; 2]) -> [Counters; 2] {
        let after = match self.overlap {
            true => delta::since(&before.counters, &after.counters),
            false => after.counters,
        };
        [before.counters, after]
    }

    /// The verdict that times force where plans say nothing: many calls are repeated runs, but only
    /// those of one server, and only with a spread to test against.
    fn by_time(&self, planned: Verdict, trend: Trend, rates: &[Rates; 2]) -> Option<Verdict> {
        let is_tested = rates.iter().all(|rates| rates.stddev_ms.is_some());
        let is_open = matches!(planned, Verdict::Same | Verdict::Changed | Verdict::NotComparable);
        if !self.same_place || !is_tested || !is_open {
            return None;
        }
        match trend {
            Trend::Regressed => Some(Verdict::Worse),
            Trend::Improved => Some(Verdict::Better),
            Trend::Steady | Trend::Unknown => None,
        }
    }
}

fn missing([before, after]: [&Statement; 2]) -> &'static str {
    match (before.plans.is_empty(), after.plans.is_empty()) {
        (true, true) => "there is no plan on either side",
        (true, false) => "there is no plan before",
        _ => "there is no plan after",
    }
}

/// The causes that may have made a statement worse: those about a table or index of its plans, then
/// those about the whole server.
fn likely(causes: &[Cause], diff: &StatementDiff, sides: [&Snapshot; 2]) -> Vec<usize> {
    let used = Used::new(diff, sides);
    let mut ranked: Vec<(u8, usize)> = Vec::new();
    for (place, cause) in causes.iter().enumerate() {
        if let Some(rank) = used.rank(cause) {
            ranked.push((rank, place));
        }
    }
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, place)| place).collect()
}

/// What the plans of a statement use, and how they changed.
struct Used<'a> {
    tables: HashSet<&'a str>,
    indexes: HashSet<&'a str>,
    kinds: HashSet<ChangeKind>,
}

impl<'a> Used<'a> {
    fn new(diff: &StatementDiff, sides: [&'a Snapshot; 2]) -> Self {
        let changes = diff.plan.iter().flat_map(|plan| &plan.changes);
        let kinds = changes.map(|change| change.kind).collect();
        let mut used = Self { tables: HashSet::new(), indexes: HashSet::new(), kinds };
        for side in [0, 1] {
            let statement = &sides[side].statements[diff.places[side]];
            let Some(record) = statement.plans.get(diff.compared[side]) else { continue };
            for node in record.plan.nodes() {
                used.tables.extend(node.relation.as_deref());
                used.indexes.extend(node.index.as_deref());
            }
        }
        used
    }

    /// How likely it is that `cause` made the statement worse, 0 being the likeliest; `None` when
    /// it is about something else, or rather helps.
    fn rank(&self, cause: &Cause) -> Option<u8> {
        let touches = cause.table.as_deref().map(|table| self.tables.contains(table));
        if touches == Some(false) {
            return None;
        }
        let is_used = cause.index().is_some_and(|index| self.indexes.contains(index));
        match cause.kind {
            CauseKind::IndexRenamed => None,
            CauseKind::IndexDropped | CauseKind::IndexUnusable | CauseKind::IndexChanged => {
                Some(if is_used { 0 } else { 4 })
            }
            // A planner may fall for a new index.
            CauseKind::IndexAdded => Some(if is_used { 1 } else { 5 }),
            CauseKind::Rows | CauseKind::Schema => Some(1),
            CauseKind::Setting => Some(if self.fits_setting(cause) { 1 } else { 3 }),
            CauseKind::Version | CauseKind::Statistics => Some(2),
        }
    }

    fn fits_setting(&self, cause: &Cause) -> bool {
        let Some(Undo::Setting { name, .. }) = &cause.undo else { return false };
        MOVED_BY.iter().any(|(kind, words)| {
            self.kinds.contains(kind) && words.iter().any(|word| name.contains(word))
        })
    }
}

/// Which settings, by a part of their names, are known to bring about which kind of change.
const MOVED_BY: [(ChangeKind, &[&str]); 9] = [
    (ChangeKind::SpillAppeared, &["work_mem", "hash_mem", "_buffer_size", "table_size"]),
    (ChangeKind::AggregateStrategy, &["work_mem", "hash_mem", "enable_hashagg"]),
    (ChangeKind::Jit, &["jit"]),
    (ChangeKind::Parallelism, &["parallel", "worker_processes"]),
    (ChangeKind::PartitionsAdded, &["partition", "constraint_exclusion"]),
    (ChangeKind::AccessPath, &["scan", "page_cost", "cache_size"]),
    (ChangeKind::JoinMethod, &["enable_nestloop", "join", "page_cost", "work_mem"]),
    (ChangeKind::JoinOrder, &["collapse_limit", "geqo"]),
    (ChangeKind::Memoize, &["memoize", "work_mem"]),
];

/// Statements by their places in the two snapshots.
struct Matched {
    pairs: Vec<[usize; 2]>,
    lone: [Vec<usize>; 2],
}

impl Matched {
    fn new(sides: [&Snapshot; 2]) -> Self {
        let mut matched = Self { pairs: Vec::new(), lone: [Vec::new(), Vec::new()] };
        let mut waiting: HashMap<Fingerprint, Vec<usize>> = HashMap::new();
        for (i, statement) in sides[1].statements.iter().enumerate() {
            waiting.entry(statement.fingerprint).or_default().push(i);
        }
        let mut groups: Vec<(Fingerprint, Vec<usize>)> = Vec::new();
        let mut group_of: HashMap<Fingerprint, usize> = HashMap::new();
        for (i, statement) in sides[0].statements.iter().enumerate() {
            let print = statement.fingerprint;
            let group = *group_of.entry(print).or_insert_with(|| {
                groups.push((print, Vec::new()));
                groups.len() - 1
            });
            groups[group].1.push(i);
        }
        for (print, before) in groups {
            let after = waiting.remove(&print).unwrap_or_default();
            matched.pair_group(sides, before, after);
        }
        let left = sides[1].statements.iter().enumerate();
        let left = left.filter(|(_, s)| waiting.contains_key(&s.fingerprint));
        matched.lone[1].extend(left.map(|(i, _)| i));
        matched.lone.iter_mut().for_each(|lone| lone.sort_unstable());
        matched
    }

    /// Pairs statements of one fingerprint: by database and user, then by database. A side that
    /// has only one of them gives it to the heaviest of the other.
    fn pair_group(&mut self, sides: [&Snapshot; 2], before: Vec<usize>, after: Vec<usize>) {
        type Alike = fn(&Statement, &Statement) -> bool;
        const ALIKE: [Alike; 3] = [
            |a, b| a.database == b.database && a.user == b.user,
            |a, b| a.database == b.database,
            |_, _| true,
        ];
        let (mut before, mut after) = (before, after);
        let rules = if before.len() == 1 || after.len() == 1 { 3 } else { 2 };
        for alike in &ALIKE[..rules] {
            before.retain(|&b| {
                let statement = &sides[0].statements[b];
                let found = after.iter().position(|&a| alike(statement, &sides[1].statements[a]));
                let Some(found) = found else { return true };
                self.pairs.push([b, after.remove(found)]);
                false
            });
        }
        self.lone[0].extend(before);
        self.lone[1].extend(after);
    }

    fn lone_fingerprints(&self, side: usize, snapshot: &Snapshot) -> Vec<Fingerprint> {
        self.lone[side].iter().map(|&i| snapshot.statements[i].fingerprint).collect()
    }
}

/// Worse first, then those whose time an hour changed most.
fn rank(statements: &mut [StatementDiff]) {
    // Where the hours are not known, as if both sides covered the same time.
    let moved = |diff: &StatementDiff| {
        let by_calls = || {
            let [was, is] = &diff.rates;
            let calls = was.calls?.max(is.calls?);
            Some((is.mean_ms? - was.mean_ms?) * calls)
        };
        diff.added_ms_per_hour.or_else(by_calls).unwrap_or(0.0).abs()
    };
    statements.sort_by(|a, b| {
        let grave_first = place(a.verdict).cmp(&place(b.verdict));
        grave_first.then_with(|| moved(b).total_cmp(&moved(a)))
    });
}

/// Where a verdict stands in the list: better and changed together, by what they moved.
fn place(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Worse => 0,
        Verdict::Changed | Verdict::Better => 1,
        Verdict::Same => 2,
        Verdict::NotComparable => 3,
    }
}

/// What could not be compared says nothing, so it stands last. A change that is neither better nor
/// worse weighs less than one that is better: with one of each, the whole got better.
fn gravity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::NotComparable => 0,
        Verdict::Same => 1,
        Verdict::Changed => 2,
        Verdict::Better => 3,
        Verdict::Worse => 4,
    }
}

/// The order and the verdict of statements of which some were compared anew.
pub(super) fn settle(diff: &mut SnapshotDiff) {
    diff.statements.sort_by_key(|statement| place(statement.verdict));
    diff.verdict = overall(&diff.statements);
}

fn overall(statements: &[StatementDiff]) -> Verdict {
    let verdicts = statements.iter().map(|s| s.verdict);
    verdicts.max_by_key(|verdict| gravity(*verdict)).unwrap_or(Verdict::NotComparable)
}

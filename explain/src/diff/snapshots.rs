//! Comparing two snapshots: which statements go together, and how each of them did.

use super::circumstances::is_same_place;
use super::counted::{self, Unjudged};
use super::logs::{self, Limit};
use super::reason::number;
use super::trend::{self, Rates, Trend};
use super::verdict;
use super::{
    Cause, CauseKind, ChangeKind, Side, SnapshotDiff, StatementDiff, Tolerance, Undo, Verdict,
    causes,
};
use crate::engine::Engine;
use crate::workload::time::hours_between;
use crate::workload::{Counters, Fingerprint, Snapshot, Statement, delta};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Compares two snapshots.
pub(super) fn compare(before: &Snapshot, after: &Snapshot, tolerance: Tolerance) -> SnapshotDiff {
    let mut diff = SnapshotDiff {
        verdict: Verdict::NotComparable,
        statements: Vec::new(),
        added: Vec::new(),
        removed: Vec::new(),
        lone: [Vec::new(), Vec::new()],
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
    let mut matched = Matched::new(sides);
    let comparer = Comparer::new(sides, &matched.pairs, tolerance);
    diff.hours = comparer.hours;
    diff.causes = causes::find(sides, tolerance);
    let mut unjudged = BTreeMap::new();
    for places in &matched.pairs {
        let (statement, why) = comparer.statement(*places);
        *unjudged.entry(why).or_insert(0) += 1;
        diff.statements.push(statement);
    }
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
    diff.lone = matched.lone;
    diff.verdict = overall(&diff.statements);
    diff.not_comparable = why_not(&diff, &unjudged);
    diff
}

/// Why nothing could be compared at all.
fn why_not(diff: &SnapshotDiff, unjudged: &BTreeMap<Option<Unjudged>, usize>) -> Option<String> {
    if diff.verdict != Verdict::NotComparable {
        return None;
    }
    let mut planned = diff.statements.iter().filter(|s| s.plan.is_some());
    Some(match (planned.next(), diff.statements.as_slice()) {
        (_, []) => "no statement is in both snapshots".to_owned(),
        (Some(statement), _) | (None, [statement]) => statement.reason.clone(),
        (None, _) => {
            let reason = |(why, count): (&Option<Unjudged>, &usize)| {
                Some(format!("{} ({count})", why.as_ref()?.words()))
            };
            let reasons: Vec<String> = unjudged.iter().filter_map(reason).collect();
            let reasons = reasons.join(", ");
            format!("no statement has a plan in both snapshots, nor can its calls tell: {reasons}")
        }
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
    /// The durations from which two logs hold calls, where they are not the same.
    limit: Option<Limit>,
    /// How sure a test must be of a statement without plans: with many statements, each of them
    /// more, so that all of them together err as rarely as one would (Bonferroni).
    confidence: f64,
}

impl<'a> Comparer<'a> {
    fn new(sides: [&'a Snapshot; 2], pairs: &[[usize; 2]], tolerance: Tolerance) -> Self {
        let [before, after] = sides.map(|side| &side.window);
        let same_place = logs::is_same_place(sides)
            .unwrap_or_else(|| is_same_place(sides.map(|side| Some(&side.target))));
        let later = before.to.as_deref().zip(after.to.as_deref());
        let between = later.and_then(|(from, to)| hours_between(from, to));
        // Two logs of different names that begin in the same second are still two.
        let overlap = same_place
            && sides[0].target.name == sides[1].target.name
            && before.from.is_some()
            && before.from == after.from
            && between.is_some_and(|hours| hours > 0.0);
        let [was, is] = [before, after].map(|window| {
            hours_between(window.from.as_deref()?, window.to.as_deref()?)
                .filter(|hours| *hours > 0.0)
        });
        let hours = [was, if overlap { between } else { is }];
        let least = |side: usize, place: usize| sides[side].statements[place].counters.min_ms;
        let fastest = pairs.iter().map(|places| [0, 1].map(|side| least(side, places[side])));
        let limit = logs::is_same_place(sides).and_then(|_| Limit::between(fastest));
        let unplanned = pairs.iter().filter(|places| {
            [0, 1].into_iter().any(|s| sides[s].statements[places[s]].plans.is_empty())
        });
        let tests = unplanned.count().max(1) as f64;
        let confidence = 1.0 - (1.0 - tolerance.confidence) / tests;
        Self { sides, tolerance, hours, overlap, same_place, limit, confidence }
    }

    fn statement(&self, places: [usize; 2]) -> (StatementDiff, Option<Unjudged>) {
        let [before, after] = self.at(places);
        let own = self.counters([before, after]);
        let times =
            [before.percentiles, if self.overlap { Default::default() } else { after.percentiles }];
        let rates = [0, 1].map(|side| Rates::of(&own[side], &times[side], self.hours[side]));
        let both = [&rates[0], &rates[1]];
        let seen = trend::prevailing([before, after]);
        let compared = seen.as_ref().map_or([0, 0], |(compared, _)| *compared);
        let mut tolerance = self.tolerance;
        if seen.is_none() {
            tolerance.confidence = self.confidence;
        }
        let trend = Trend::of(both, tolerance);
        let side = |side: usize, of: &'a Statement| Side {
            counters: Some(&own[side]),
            statement: Some(&of.text),
            ..Side::within(&of.plans[compared[side]].plan, self.sides[side])
        };
        let outcome = match &seen {
            Some(_) => Ok(verdict::compare([side(0, before), side(1, after)], tolerance)),
            None => self
                .obstacle([before, after])
                .map_or_else(|| counted::compare([&own[0], &own[1]], both, trend, tolerance), Err),
        };
        let (mut verdict, mut reason) = match &outcome {
            Ok(plan) => (plan.verdict, plan.reason.clone()),
            Err(why) => (Verdict::NotComparable, self.unjudged(*why, [before, after])),
        };
        let missing = missing([before, after]).filter(|_| outcome.is_ok() && !self.is_of_logs());
        if let Some(missing) = missing {
            reason = format!("{missing}; {reason}");
        }
        if seen.is_some()
            && let Some(by_time) = self.by_time(verdict, trend, &rates)
        {
            reason = format!("{reason}; {}", trend::in_words(&rates));
            verdict = by_time;
        }
        let flip = seen.and_then(|(_, flip)| flip);
        if let Some(flip) = flip.as_ref().filter(|flip| flip.flipped) {
            reason = format!("{}; {reason}", trend::flip_in_words(flip));
        }
        let added = rates[1].total_ms_per_hour.zip(rates[0].total_ms_per_hour);
        let (plan, why) = match outcome {
            Ok(plan) => (Some(plan), None),
            Err(why) => (None, Some(why)),
        };
        let statement = StatementDiff {
            fingerprint: before.fingerprint,
            places,
            plan,
            compared,
            flip,
            verdict,
            mean_ms: [rates[0].mean_ms, rates[1].mean_ms],
            confidence: trend::confidence(both),
            rates,
            trend,
            added_ms_per_hour: added.map(|(is, was)| is - was),
            causes: Vec::new(),
            reason,
        };
        (statement, why)
    }

    fn is_of_logs(&self) -> bool {
        self.sides.iter().all(|side| side.log.is_some())
    }

    /// What forbids to hold counters of one side against those of the other.
    fn obstacle(&self, statements: [&Statement; 2]) -> Option<Unjudged> {
        if !self.same_place || (self.is_of_logs() && logs::are_elsewhere(statements)) {
            return Some(Unjudged::Elsewhere);
        }
        let hidden = self.limit.is_some_and(|limit| limit.hides(statements));
        hidden.then_some(Unjudged::OtherLimit)
    }

    /// Why a statement without plans is not judged by its counters either.
    fn unjudged(&self, why: Unjudged, statements: [&Statement; 2]) -> String {
        let of_both = |value: fn(&Statement) -> String| {
            let [before, after] = statements.map(value);
            format!("{before} before, {after} after")
        };
        let details = match why {
            Unjudged::Elsewhere if self.same_place => {
                of_both(|statement| statement.database.clone().unwrap_or_default())
            }
            Unjudged::Elsewhere => {
                let [before, after] = self.sides.map(|side| side.target.name.as_str());
                format!("{before} before, {after} after")
            }
            Unjudged::FewCalls => of_both(|s| number(s.counters.calls.unwrap_or(0.0))),
            Unjudged::OtherLimit => {
                let limit = self.limit.unwrap_or(Limit { side: 0, ms: 0.0 });
                let which = ["before", "after"][limit.side];
                format!("the one {which} has none under {} ms", number(limit.ms))
            }
            Unjudged::Unknown => String::new(),
        };
        let words = match details.is_empty() {
            true => why.words().to_owned(),
            false => format!("{}: {details}", why.words()),
        };
        match missing(statements).filter(|_| !self.is_of_logs()) {
            // A plan is what there should be; counters of another server never were an answer.
            Some(missing) if matches!(why, Unjudged::Unknown | Unjudged::Elsewhere) => {
                missing.to_owned()
            }
            Some(missing) => format!("{missing}; {words}"),
            None => words,
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

fn missing([before, after]: [&Statement; 2]) -> Option<&'static str> {
    match (before.plans.is_empty(), after.plans.is_empty()) {
        (true, true) => Some("there is no plan on either side"),
        (true, false) => Some("there is no plan before"),
        (false, true) => Some("there is no plan after"),
        (false, false) => None,
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

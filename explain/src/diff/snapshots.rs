//! Comparing two snapshots: which statements go together, and how each of them did.

use super::verdict::{self, Basis};
use super::{SnapshotDiff, StatementDiff, Tolerance, Verdict, causes};
use crate::engine::Engine;
use crate::workload::{Fingerprint, Snapshot, Statement};
use std::collections::HashMap;

/// Compares two snapshots.
pub(super) fn compare(before: &Snapshot, after: &Snapshot, tolerance: Tolerance) -> SnapshotDiff {
    let mut diff = SnapshotDiff {
        verdict: Verdict::NotComparable,
        statements: Vec::new(),
        added: Vec::new(),
        removed: Vec::new(),
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
    let matched = Matched::new(sides);
    diff.causes = causes::find(sides, tolerance);
    let basis = Basis { costs_differ: causes::costs_differ(sides), vm_steps: None };
    let compare = |places: &[usize; 2]| statement(sides, *places, tolerance, basis);
    diff.statements = matched.pairs.iter().map(compare).collect();
    rank(&mut diff.statements, after, before);
    diff.removed = matched.lone_fingerprints(0, before);
    diff.added = matched.lone_fingerprints(1, after);
    diff.verdict = overall(&diff.statements);
    diff.not_comparable = match diff.verdict {
        Verdict::NotComparable if diff.statements.is_empty() => {
            Some("no statement is in both snapshots".to_owned())
        }
        Verdict::NotComparable => Some("no statement has a plan in both snapshots".to_owned()),
        _ => None,
    };
    diff
}

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

fn statement(
    sides: [&Snapshot; 2],
    places: [usize; 2],
    tolerance: Tolerance,
    basis: Basis,
) -> StatementDiff {
    let [before, after] = [0, 1].map(|side| &sides[side].statements[places[side]]);
    let basis = Basis { vm_steps: vm_steps([before, after]), ..basis };
    let catalogs = sides.map(|side| Some(&side.catalog));
    let plan = match (before.plans.first(), after.plans.first()) {
        (Some(b), Some(a)) => {
            Some(verdict::compare([&b.plan, &a.plan], catalogs, tolerance, basis))
        }
        _ => None,
    };
    let missing = match (before.plans.is_empty(), after.plans.is_empty()) {
        (true, true) => "there is no plan on either side",
        (true, false) => "there is no plan before",
        _ => "there is no plan after",
    };
    StatementDiff {
        fingerprint: before.fingerprint,
        places,
        verdict: plan.as_ref().map_or(Verdict::NotComparable, |plan| plan.verdict),
        mean_ms: [before, after].map(mean_ms),
        reason: plan.as_ref().map_or(missing.to_owned(), |plan| plan.reason.clone()),
        plan,
    }
}

fn mean_ms(statement: &Statement) -> Option<f64> {
    let counters = &statement.counters;
    counters.mean_ms.or_else(|| per_call(counters.total_ms, counters.calls))
}

/// Work of a mean call that needs no clock and no plan; the same in every run.
fn vm_steps(statements: [&Statement; 2]) -> Option<[f64; 2]> {
    let [before, after] = statements.map(|s| per_call(s.counters.vm_steps, s.counters.calls));
    Some([before?, after?])
}

fn per_call(total: Option<f64>, calls: Option<f64>) -> Option<f64> {
    Some(total? / calls.filter(|calls| *calls > 0.0)?)
}

/// Gravest first, then those on which most time is spent.
fn rank(statements: &mut [StatementDiff], after: &Snapshot, before: &Snapshot) {
    // What the change costs or saves over all calls: what took long and still does is no news.
    let moved = |diff: &StatementDiff| {
        let of = |snapshot: &Snapshot, place: usize| {
            let counters = &snapshot.statements[place].counters;
            (counters.total_ms.unwrap_or(0.0), counters.calls.unwrap_or(1.0).max(1.0))
        };
        let (was, is) = (of(before, diff.places[0]), of(after, diff.places[1]));
        let calls = was.1.max(is.1);
        ((is.0 / is.1 - was.0 / was.1) * calls).abs()
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

fn overall(statements: &[StatementDiff]) -> Verdict {
    let verdicts = statements.iter().map(|s| s.verdict);
    verdicts.max_by_key(|verdict| gravity(*verdict)).unwrap_or(Verdict::NotComparable)
}

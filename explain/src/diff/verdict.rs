//! The verdict: measured work first, then cost, then time, then the shape of the plans.

use super::align::Alignment;
use super::changes::{self, Effect, Found, Sides};
use super::circumstances::{self, Withholds};
use super::measure::{Measure, Measures};
use super::profile::Profile;
use super::reason::{self, noun, number};
use super::{
    Change, ChangeKind, Difference, DifferenceKind, PlanDiff, Severity, Side, Tolerance, Verdict,
};
use std::cmp::Ordering;

/// How many times the cost of one plan may move where statistics are sampled: the rows of a table of
/// 20,000 are estimated as 14,000 or 29,000 by MySQL 9.7, one ANALYZE after the other.
const SAMPLED_RATIO: f64 = 2.0;

/// Compares two plans under the given circumstances.
pub(super) fn compare(sides: Sides<Side<'_>>, tolerance: Tolerance) -> PlanDiff {
    let sides = [&sides[0], &sides[1]];
    let [before, after] = Profile::both(sides);
    let profiles = [&before, &after];
    let alignment = Alignment::new(&before, &after);
    let catalogs = sides.map(|side| side.catalog);
    let (mut found, asked) = changes::find(profiles, &alignment, catalogs, tolerance);
    let mut differences = circumstances::differences(sides, profiles, tolerance);
    differences.extend(asked);
    let measures = Measures::new(sides, profiles, &differences, tolerance);
    let (verdict, measure) = judge(&measures, &found, &differences);
    let reason = reason::sentence(verdict, &found, &measures, measure.as_ref(), &differences);
    let measured = measure.filter(Measure::decides);
    found.extend(measured.map(measured_change));
    PlanDiff {
        verdict,
        cost_ratio: measure.map(|m| m.ratio()),
        measured_by: measure.map_or("shape", |m| m.name),
        measures: measures.listed(),
        timing: measures.timing,
        differences,
        changes: sorted(found),
        pairs: alignment.pairs().collect(),
        reason,
    }
}

pub(super) fn sorted(mut found: Vec<Found>) -> Vec<Change> {
    found.sort_by(|a, b| {
        let key = |f: &Found| (f.change.severity, f.weight);
        key(b).cmp(&key(a)).then_with(|| a.change.kind.cmp(&b.change.kind))
    });
    found.into_iter().map(|f| f.change).collect()
}

/// The verdict, and the measure that it rests on.
fn judge(
    measures: &Measures,
    found: &[Found],
    differences: &[Difference],
) -> (Verdict, Option<Measure>) {
    if measures.withheld == Withholds::Everything {
        let matters = |f: &Found| f.weight >= Severity::Medium || f.is_access();
        let differs = found.iter().any(matters);
        return (if differs { Verdict::NotComparable } else { Verdict::Same }, None);
    }
    let undecided = undecided(found);
    if differences.iter().any(|d| d.kind == DifferenceKind::Parameters) {
        return (undecided, None);
    }
    if measures.contradicts() {
        let together = measures.together();
        let verdict = together.map_or(Verdict::Changed, |measure| by_measure(&measure));
        return (verdict, together.or(measures.work.first().copied()));
    }
    let time = measures.time.filter(Measure::decides);
    let cost = measures.usable_cost().map(|cost| steadied(cost, measures, found));
    let Some(measure) = measures.strongest().or(cost) else {
        return match time {
            Some(time) => (by_measure(&time), Some(time)),
            None => (by_shape(measures, found, undecided), None),
        };
    };
    let verdict = match time {
        _ if measure.decides() && time.is_some_and(|t| t.direction != measure.direction) => {
            Verdict::Changed
        }
        _ if measure.decides() => by_measure(&measure),
        // Rows and blocks do not see everything: compilation, a slower operator, waiting.
        Some(time) => return (by_measure(&time), Some(time)),
        None if measure.is_small => undecided,
        None => by_spill(measures, found).or_else(|| by_cost(measures, found)).unwrap_or(undecided),
    };
    (verdict, Some(measure))
}

/// What a change of shape alone is, when nothing says whether it is good.
fn undecided(found: &[Found]) -> Verdict {
    let heaviest = found.iter().map(|f| f.weight).max().unwrap_or(Severity::Info);
    if heaviest >= Severity::Medium { Verdict::Changed } else { Verdict::Same }
}

pub(super) fn by_measure(measure: &Measure) -> Verdict {
    match measure.direction {
        Ordering::Greater => Verdict::Worse,
        Ordering::Less => Verdict::Better,
        Ordering::Equal => Verdict::Same,
    }
}

/// Where the engine samples a few pages for its statistics, the costs of one plan wobble with every
/// ANALYZE.
fn steadied(mut cost: Measure, measures: &Measures, found: &[Found]) -> Measure {
    let is_same_plan = found.iter().all(|f| f.weight < Severity::Low);
    if measures.samples && is_same_plan && cost.factor() < SAMPLED_RATIO {
        cost.direction = Ordering::Equal;
    }
    cost
}

/// Where as much was read and yet the plan does more with it (a sort, say), cost tells whether that
/// matters.
fn by_cost(measures: &Measures, found: &[Found]) -> Option<Verdict> {
    let cost = measures.usable_cost().filter(Measure::decides)?;
    let has =
        |effect: Effect| found.iter().any(|f| f.effect == effect && f.weight >= Severity::Medium);
    match (has(Effect::Harm), has(Effect::Help), cost.direction) {
        (true, false, Ordering::Greater) => Some(Verdict::Worse),
        (false, true, Ordering::Less) => Some(Verdict::Better),
        _ => None,
    }
}

/// Rows that go to disk and back are as many as those that stay in memory, so where both plans
/// were run the spill speaks for itself.
fn by_spill(measures: &Measures, found: &[Found]) -> Option<Verdict> {
    let heavy = found.iter().filter(|f| f.weight >= Severity::Medium);
    let kinds: Vec<ChangeKind> = heavy.map(|f| f.change.kind).collect();
    let count = |kind| kinds.iter().filter(|k| **k == kind).count();
    let (spills, gone) = (count(ChangeKind::SpillAppeared), count(ChangeKind::SpillGone));
    match spills.cmp(&gone) {
        _ if !measures.analyzed || (spills > 0 && gone > 0) => None,
        Ordering::Greater => Some(Verdict::Worse),
        Ordering::Less => Some(Verdict::Better),
        Ordering::Equal => None,
    }
}

/// Where nothing was measured and costs are unknown or must not be compared, only the changes
/// speak. Plans without any cost (SQLite's) are all there is, so there a change of medium weight is
/// enough; where costs were withheld (another version) only a grave one is, because versions differ
/// in harmless ways, and anything less cannot be judged.
fn by_shape(measures: &Measures, found: &[Found], undecided: Verdict) -> Verdict {
    let withheld = measures.costs_withheld();
    let enough = if withheld { Severity::High } else { Severity::Medium };
    let of = |effect: Effect| {
        let heavy = found.iter().filter(move |f| f.weight >= enough && !f.follows_join);
        heavy.filter(move |f| f.effect == effect)
    };
    let heaviest = |effect: Effect| of(effect).map(|f| f.weight).max();
    // A nest of loops turned round scans one table instead of another: the larger one counts.
    let rows = |effect: Effect| {
        let heavy = of(effect).filter(|f| Some(f.weight) == heaviest(effect));
        heavy.map(|f| f.rows).reduce(|a, b| Some(a? + b?)).flatten()
    };
    let by_rows = || {
        let (harm, help) = (rows(Effect::Harm)?, rows(Effect::Help)?);
        let is_more = |a: f64, b: f64| a > b * measures.tolerance.ratio;
        Some(is_more(harm, help).cmp(&is_more(help, harm)))
    };
    let weights = heaviest(Effect::Harm).cmp(&heaviest(Effect::Help));
    match weights.then_with(|| by_rows().unwrap_or(Ordering::Equal)) {
        Ordering::Greater => Verdict::Worse,
        Ordering::Less => Verdict::Better,
        Ordering::Equal if withheld && undecided == Verdict::Changed => Verdict::NotComparable,
        Ordering::Equal => undecided,
    }
}

pub(super) fn measured_change(measure: Measure) -> Found {
    let kind = match measure.name {
        "cost" => ChangeKind::Cost,
        "time" => ChangeKind::Time,
        _ => ChangeKind::Work,
    };
    let weight = match measure.factor() {
        r if r >= 10.0 => Severity::High,
        r if r >= 2.0 => Severity::Medium,
        _ => Severity::Low,
    };
    let is_harm = measure.direction == Ordering::Greater;
    let effect = if is_harm { Effect::Harm } else { Effect::Help };
    let [before, after] = measure.values.map(|v| format!("{} {}", noun(measure.name), number(v)));
    let change = Change {
        kind,
        severity: if is_harm { weight } else { Severity::Info },
        relation: None,
        before,
        after,
        nodes: [Vec::new(), Vec::new()],
        new_full_scan: false,
    };
    Found { change, effect, weight, rows: None, what: String::new(), follows_join: false }
}

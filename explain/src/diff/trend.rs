//! What became of a statement's time: calls and milliseconds an hour, and the shares of its plans.

use super::Tolerance;
use super::reason::number;
use super::welch::{self, Sample};
use crate::plan::plan_hash;
use crate::workload::{Counters, Percentiles, PlanRecord, Statement};
use std::collections::HashMap;

/// How far a call may get slower or faster before it counts: on a shared machine the same call
/// takes a quarter more or less from hour to hour.
pub(super) const MEAN_RATIO: f64 = 1.25;
/// Calls of each side from which means are compared.
pub(super) const LEAST_CALLS: f64 = 5.0;
/// Share of the observations that has to move to another plan for the plan to have flipped.
const SHIFT: f64 = 0.2;

/// How much a statement runs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    /// Calls in the time that the counters cover.
    pub calls: Option<f64>,
    /// Calls an hour; `None` when the time covered is not known.
    pub calls_per_hour: Option<f64>,
    /// Milliseconds an hour.
    pub total_ms_per_hour: Option<f64>,
    /// Milliseconds of a mean call.
    pub mean_ms: Option<f64>,
    /// Standard deviation of a call's milliseconds.
    pub stddev_ms: Option<f64>,
    /// Half of the calls took at most these milliseconds.
    pub p50_ms: Option<f64>,
    /// 95 % of the calls took at most these milliseconds.
    pub p95_ms: Option<f64>,
    /// Rows that a mean call returned or changed.
    pub rows_per_call: Option<f64>,
    /// Rows that a mean call looked at.
    pub examined_per_call: Option<f64>,
}

impl Rates {
    /// The rates that `counters` and `times` of `hours` stand for.
    pub fn of(counters: &Counters, times: &Percentiles, hours: Option<f64>) -> Self {
        let hours = hours.filter(|hours| *hours > 0.0);
        let an_hour = |value: Option<f64>| Some(value? / hours?);
        let calls = counters.calls.filter(|calls| *calls > 0.0);
        Self {
            calls: counters.calls,
            calls_per_hour: an_hour(counters.calls),
            total_ms_per_hour: an_hour(counters.total_ms),
            mean_ms: counters.mean_ms.or_else(|| Some(counters.total_ms? / calls?)),
            stddev_ms: counters.stddev_ms,
            p50_ms: times.p50_ms,
            p95_ms: times.p95_ms,
            rows_per_call: counters.rows.zip(calls).map(|(rows, calls)| rows / calls),
            examined_per_call: counters.rows_examined.zip(calls).map(|(rows, calls)| rows / calls),
        }
    }

    fn sample(&self) -> Option<Sample> {
        Some(Sample { count: self.calls?, mean: self.mean_ms?, deviation: self.stddev_ms? })
    }
}

/// How sure it is that the mean calls of two windows differ, 0 to 1; `None` where there are too few
/// or their spread is not known.
pub(super) fn confidence(rates: [&Rates; 2]) -> Option<f64> {
    if rates.iter().any(|rates| rates.calls.unwrap_or(0.0) < LEAST_CALLS) {
        return None;
    }
    let [before, after] = rates.map(Rates::sample);
    Some(welch::confidence([before?, after?]))
}

/// What became of the time of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// Slower, by more than the noise.
    Regressed,
    /// Faster, by more than the noise.
    Improved,
    /// About the same, or within the noise.
    Steady,
    /// Too few calls, or no times.
    Unknown,
}

impl Trend {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Regressed => "regressed",
            Self::Improved => "improved",
            Self::Steady => "steady",
            Self::Unknown => "unknown",
        }
    }

    /// Compares the mean calls of two windows.
    ///
    /// With standard deviations on both sides it is Welch's test at the confidence asked for.
    /// Without them only the ratio speaks.
    pub(super) fn of([before, after]: [&Rates; 2], tolerance: Tolerance) -> Self {
        let (Some(was), Some(is)) = (before.mean_ms, after.mean_ms) else { return Self::Unknown };
        let calls = [before, after].map(|rates| rates.calls.unwrap_or(0.0));
        if calls.iter().any(|calls| *calls < LEAST_CALLS) {
            return Self::Unknown;
        }
        let ratio = MEAN_RATIO.max(tolerance.ratio);
        if was.max(is) < tolerance.least_ms || (is < was * ratio && was < is * ratio) {
            return Self::Steady;
        }
        if confidence([before, after]).is_some_and(|sure| sure < tolerance.confidence) {
            return Self::Steady;
        }
        if is > was { Self::Regressed } else { Self::Improved }
    }
}

/// How often a plan of a statement was seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanShare {
    /// [`plan_hash`] of the plan.
    pub hash: u64,
    /// Its share of the plans seen before and after, 0 to 1.
    pub shares: [f64; 2],
    /// The newest record of it in the lists of plans of the two statements.
    pub places: [Option<usize>; 2],
}

/// The plans of a statement that has several.
#[derive(Debug, Clone, PartialEq)]
pub struct Flip {
    /// The plans, the one first whose share changed most.
    pub plans: Vec<PlanShare>,
    /// The share of executions that went to another plan, 0 to 1.
    pub shift: f64,
    /// Whether another plan prevails now, or a fifth and more went to another plan.
    pub flipped: bool,
}

/// The shares of the plans of both sides, and the place of the prevailing plan on each: the one
/// seen most often, of equals the newest. A record of a plan is one observation of it.
pub(super) fn prevailing(statements: [&Statement; 2]) -> Option<([usize; 2], Option<Flip>)> {
    let plans = statements.map(|statement| statement.plans.as_slice());
    if plans.iter().any(|plans| plans.is_empty()) {
        return None;
    }
    if plans.iter().all(|plans| plans.len() == 1) {
        return Some(([0, 0], None));
    }
    let shares = shares(plans);
    let top = [0, 1].map(|side| most_seen(&shares, side));
    let shift = shares.iter().map(|s| (s.shares[1] - s.shares[0]).abs()).sum::<f64>() / 2.0;
    let [before, after] = top.map(|share| shares[share].hash);
    let places = [0, 1].map(|side| shares[top[side]].places[side].unwrap_or(0));
    let several = shares.len() > 1;
    let flip = Flip { plans: shares, shift, flipped: before != after || shift >= SHIFT };
    Some((places, several.then_some(flip)))
}

fn most_seen(shares: &[PlanShare], side: usize) -> usize {
    let newest =
        |share: &PlanShare| share.places[side].map_or(usize::MIN, |place| usize::MAX - place);
    let rank = |share: &PlanShare| (share.shares[side], newest(share));
    let better = |best: usize, next: usize| {
        let (a, b) = (rank(&shares[best]), rank(&shares[next]));
        if b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).is_gt() { next } else { best }
    };
    (0..shares.len()).reduce(better).unwrap_or(0)
}

fn shares(plans: [&[PlanRecord]; 2]) -> Vec<PlanShare> {
    let mut shares: Vec<PlanShare> = Vec::new();
    let mut known: HashMap<u64, usize> = HashMap::new();
    for (side, records) in plans.iter().enumerate() {
        for (place, record) in records.iter().enumerate() {
            let hash = plan_hash(&record.plan);
            let at = *known.entry(hash).or_insert_with(|| {
                shares.push(PlanShare { hash, shares: [0.0, 0.0], places: [None, None] });
                shares.len() - 1
            });
            shares[at].shares[side] += 1.0 / records.len() as f64;
            shares[at].places[side].get_or_insert(place);
        }
    }
    let moved = |share: &PlanShare| (share.shares[1] - share.shares[0]).abs();
    shares.sort_by(|a, b| moved(b).total_cmp(&moved(a)).then_with(|| a.hash.cmp(&b.hash)));
    shares
}

/// What became of the mean call, e.g. `a call 3 ms → 30 ms`.
pub(super) fn in_words([before, after]: &[Rates; 2]) -> String {
    let ms = |rates: &Rates| number(rates.mean_ms.unwrap_or(0.0));
    format!("a call took {} ms and takes {} ms", ms(before), ms(after))
}

/// What became of the plans.
pub(super) fn flip_in_words(flip: &Flip) -> String {
    let percent = |share: f64| number((share * 100.0).round());
    let Some(most) = flip.plans.iter().max_by(|a, b| a.shares[1].total_cmp(&b.shares[1])) else {
        return String::new();
    };
    let [was, is] = most.shares.map(percent);
    let hash = format!("{:016x}", most.hash);
    format!("plan {} went from {was} % to {is} % of the plans seen", &hash[..8])
}

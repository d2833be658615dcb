//! A statement without plans to compare, as in logs: what was counted of its calls judges alone.
//!
//! Work of a mean call comes first, as with plans; then time, where a test is sure that it is no
//! noise and the middle or the slow end of the calls moved with the mean. More work for as many times
//! more rows is what was asked for, so it is a change and not a loss.

use super::measure::{self, Measure};
use super::reason::{figures, number, percent};
use super::trend::{self, LEAST_CALLS, MEAN_RATIO};
use super::verdict::{by_measure, measured_change, sorted};
use super::{PlanDiff, Rates, Tolerance, Trend, Verdict};
use crate::workload::Counters;
use std::cmp::Ordering;

/// How much longer a call must take before it is worse. Calls of the same minutes share the load of
/// the machine, which no test of single calls knows: the halves of one log of steady work differ by
/// up to 1.3.
const LEAST_EFFECT: f64 = 1.5;

/// Why a statement without plans cannot be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unjudged {
    /// The two sides are different servers or databases.
    Elsewhere,
    /// Too few calls.
    FewCalls,
    /// Logs that hold calls from different durations on.
    OtherLimit,
    /// Neither work nor the spread of the times is known.
    Unknown,
}

impl Unjudged {
    /// The reason in words, of any statement.
    pub fn words(self) -> &'static str {
        match self {
            Self::Elsewhere => "ran elsewhere",
            Self::FewCalls => "too few calls to judge",
            Self::OtherLimit => "the logs hold calls from different durations on",
            Self::Unknown => "neither its work nor the spread of its times is known",
        }
    }
}

/// Compares what was counted of the calls of a statement of one server.
pub(super) fn compare(
    counters: [&Counters; 2],
    rates: [&Rates; 2],
    trend: Trend,
    tolerance: Tolerance,
) -> Result<PlanDiff, Unjudged> {
    let work = measure::counted(counters, tolerance);
    let is_tested = rates.iter().all(|rates| rates.stddev_ms.is_some());
    let trend = if is_tested { trend } else { Trend::Unknown };
    let time = time(rates, trend, tolerance);
    if work.is_empty() && time.is_none() {
        let calls = rates.map(|rates| rates.calls.unwrap_or(f64::MAX));
        let is_few = calls[0].min(calls[1]) < LEAST_CALLS;
        return Err(if is_few { Unjudged::FewCalls } else { Unjudged::Unknown });
    }
    let words = time.map(|time| in_words(&time, trend, rates));
    let (verdict, by, words) = judge(&work, time.zip(words), rates);
    let found = by.filter(Measure::decides).map(measured_change);
    let all = work.iter().chain(&time);
    Ok(PlanDiff {
        verdict,
        cost_ratio: by.map(|measure| measure.ratio()),
        measured_by: by.map_or("time", |measure| measure.name),
        measures: all.map(Measure::listed).collect(),
        timing: None,
        differences: Vec::new(),
        changes: sorted(found.into_iter().collect()),
        pairs: Vec::new(),
        reason: words.join("; "),
    })
}

fn time(rates: [&Rates; 2], trend: Trend, tolerance: Tolerance) -> Option<Measure> {
    let mean = [rates[0].mean_ms?, rates[1].mean_ms?];
    let factor = mean[0].max(mean[1]) / mean[0].min(mean[1]).max(f64::MIN_POSITIVE);
    let direction = match trend {
        Trend::Unknown => return None,
        Trend::Steady => Ordering::Equal,
        _ if factor < LEAST_EFFECT => Ordering::Equal,
        Trend::Regressed => Ordering::Greater,
        Trend::Improved => Ordering::Less,
    };
    Some(measure::of_trend(mean, direction, tolerance))
}

/// The verdict, the measure that it rests on, and why.
fn judge(
    work: &[Measure],
    time: Option<(Measure, String)>,
    rates: [&Rates; 2],
) -> (Verdict, Option<Measure>, Vec<String>) {
    let decided: Vec<&Measure> = work.iter().filter(|measure| measure.decides()).collect();
    let strength = |a: &&&Measure, b: &&&Measure| a.factor().total_cmp(&b.factor());
    // The first of equals: rows before blocks.
    let strongest = decided.iter().rev().max_by(strength).map(|measure| **measure);
    let mut words: Vec<String> = decided.iter().filter_map(|m| figures(m)).map(a_call).collect();
    let (time, of_its_own) = time.unzip();
    let of_time = time.filter(Measure::decides);
    words.extend(of_its_own);
    let Some(by) = strongest.or(of_time) else {
        if words.is_empty() {
            words.extend(work.first().and_then(figures).map(a_call));
        }
        if words.is_empty() {
            words.push("a call does as much work as before".to_owned());
        }
        return (Verdict::Same, time.or(work.first().copied()), words);
    };
    if decided.iter().chain(&of_time.as_ref()).any(|m| m.direction != by.direction) {
        return (Verdict::Changed, Some(by), words);
    }
    if strongest.is_none() && !is_backed(rates, by.direction) {
        words.push("but the median and the 95th percentile did not: a few calls stand out".into());
        return (Verdict::Same, Some(by), words);
    }
    if let Some(rows) = explained(by, rates) {
        words.push(rows);
        return (Verdict::Changed, Some(by), words);
    }
    (by_measure(&by), Some(by), words)
}

fn a_call(figures: String) -> String {
    format!("a call: {figures}")
}

/// What became of the mean call, and how sure that is.
fn in_words(time: &Measure, trend: Trend, rates: [&Rates; 2]) -> String {
    let [before, after] = time.values.map(number);
    let text = format!("a call took {before} ms and takes {after} ms");
    match trend::confidence(rates) {
        _ if time.is_small => format!("{text}, too short to judge"),
        Some(sure) if time.direction != Ordering::Equal => {
            let calls = rates.map(|rates| number(rates.calls.unwrap_or(0.0)));
            format!("{text}, {} % sure after {} and {} calls", percent(sure), calls[0], calls[1])
        }
        Some(_) if trend != Trend::Steady => {
            format!("{text}, less than ×{LEAST_EFFECT}, which the load alone makes")
        }
        Some(_) if time.factor() >= MEAN_RATIO => format!("{text}, within the noise"),
        _ => text,
    }
}

/// Whether the median or the 95th percentile moved with the mean; where neither is known, the mean
/// stands alone.
fn is_backed(rates: [&Rates; 2], direction: Ordering) -> bool {
    let moved = |of: fn(&Rates) -> Option<f64>| {
        let [was, is] = [of(rates[0])?, of(rates[1])?];
        let (less, more) = if direction == Ordering::Greater { (was, is) } else { (is, was) };
        Some(more >= less * MEAN_RATIO)
    };
    let known = [moved(|rates| rates.p50_ms), moved(|rates| rates.p95_ms)];
    known.contains(&Some(true)) || known == [None, None]
}

/// What says that it was asked for: as many times more (or fewer) rows are returned.
fn explained(by: Measure, rates: [&Rates; 2]) -> Option<String> {
    let [was, is] = [rates[0].rows_per_call?, rates[1].rows_per_call?];
    let rows = is.max(1.0) / was.max(1.0);
    let (rows, more) = match by.direction {
        Ordering::Greater => (rows, by.factor()),
        _ => (1.0 / rows, by.factor()),
    };
    // Within the same factor of two that other parameters make anyway.
    let is_asked = rows >= MEAN_RATIO.max(more / 2.0);
    is_asked.then(|| format!("for {} → {} rows returned", number(was), number(is)))
}

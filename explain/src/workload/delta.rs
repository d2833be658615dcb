//! What happened between two readings of the same counters.
//!
//! Counters only grow, until somebody resets them, the server restarts, or a statement is thrown
//! out to make room and comes back. Then the later figure is smaller, or the statement is new: what
//! it shows was all done since the reset, so it counts whole.

use super::{Counters, Fingerprint, Percentiles, Statement};
use std::collections::HashMap;

/// The statements of an interval, and how sure the figures are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Interval {
    /// Statements that ran in it, with the counters of the interval alone.
    pub statements: Vec<Statement>,
    /// Statements whose counters were set back in between: theirs began at the reset.
    pub reset: u64,
    /// Statements that were there before and are gone: evicted, or everything was reset.
    pub gone: u64,
    /// Statements that were not there before.
    pub new: u64,
}

/// The work done between the readings `before` and `after`, in the order of `after`.
pub fn between(before: &[Statement], after: Vec<Statement>) -> Interval {
    let mut earlier: HashMap<Fingerprint, &Counters> =
        before.iter().map(|s| (s.fingerprint, &s.counters)).collect();
    let mut interval = Interval::default();
    for mut statement in after {
        match earlier.remove(&statement.fingerprint) {
            None => interval.new += 1,
            Some(from) if was_reset(from, &statement.counters) => interval.reset += 1,
            Some(from) => {
                statement.counters = subtract(from, &statement.counters);
                // They are of the whole time, and a difference of quantiles means nothing.
                statement.percentiles = Percentiles::default();
            }
        }
        if statement.counters.calls.is_none_or(|calls| calls > 0.0) {
            interval.statements.push(statement);
        }
    }
    interval.gone = earlier.len() as u64;
    interval
}

/// What `to` counted since `from` was read; all of it where it was set back in between.
pub fn since(from: &Counters, to: &Counters) -> Counters {
    if was_reset(from, to) { *to } else { subtract(from, to) }
}

/// Whether a counter that only grows went down.
fn was_reset(from: &Counters, to: &Counters) -> bool {
    let fell = |a: Option<f64>, b: Option<f64>| a.zip(b).is_some_and(|(a, b)| b < a);
    fell(from.calls, to.calls) || fell(from.total_ms, to.total_ms) || fell(from.rows, to.rows)
}

fn subtract(from: &Counters, to: &Counters) -> Counters {
    let mut left = *to;
    for (name, earlier) in from.named() {
        if let (Some(slot), Some(earlier)) = (left.slot(name), earlier) {
            *slot = slot.map(|later| (later - earlier).max(0.0));
        }
    }
    let calls = left.calls.filter(|calls| *calls > 0.0);
    left.mean_ms = left.total_ms.zip(calls).map(|(total, calls)| total / calls);
    left.stddev_ms = spread(from, to, &left);
    // The extremes of the whole time need not be those of the interval. With one call there is
    // no doubt; else only that nothing exceeded what was the maximum then is known.
    let only = left.mean_ms.filter(|_| calls == Some(1.0));
    let raised = to.max_ms.filter(|max| from.max_ms.is_none_or(|before| *max > before));
    let lowered = to.min_ms.filter(|min| from.min_ms.is_none_or(|before| *min < before));
    (left.min_ms, left.max_ms) = (only.or(lowered), only.or(raised));
    left
}

/// The standard deviation of the interval's calls, from the sums of squares of both readings.
fn spread(from: &Counters, to: &Counters, left: &Counters) -> Option<f64> {
    let squares = |c: &Counters| Some(c.calls? * (c.stddev_ms?.powi(2) + c.mean_ms?.powi(2)));
    let earlier = if from.calls == Some(0.0) { 0.0 } else { squares(from)? };
    let calls = left.calls.filter(|calls| *calls > 0.0)?;
    let variance = (squares(to)? - earlier) / calls - left.mean_ms?.powi(2);
    Some(variance.max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn statement(id: u64, times: &[f64]) -> Statement {
        let calls = times.len() as f64;
        let total: f64 = times.iter().sum();
        let mean = total / calls;
        let variance = times.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / calls;
        let counters = Counters {
            calls: Some(calls),
            total_ms: Some(total),
            mean_ms: Some(mean),
            stddev_ms: Some(variance.sqrt()),
            min_ms: times.iter().copied().reduce(f64::min),
            max_ms: times.iter().copied().reduce(f64::max),
            ..Counters::default()
        };
        Statement { fingerprint: Fingerprint(id), counters, ..Statement::default() }
    }

    fn near(a: Option<f64>, b: Option<f64>) -> bool {
        a.zip(b).is_some_and(|(a, b)| (a - b).abs() <= 1e-6 * b.abs().max(1.0))
    }

    proptest! {
        #[test]
        fn the_interval_is_what_ran_in_it(
            before in proptest::collection::vec(0.001..1e4_f64, 1..20),
            during in proptest::collection::vec(0.001..1e4_f64, 1..20),
        ) {
            let all: Vec<f64> = before.iter().chain(&during).copied().collect();
            let interval = between(&[statement(1, &before)], vec![statement(1, &all)]);
            let (got, wanted) = (interval.statements[0].counters, statement(1, &during).counters);
            prop_assert_eq!(got.calls, wanted.calls);
            prop_assert!(near(got.total_ms, wanted.total_ms) && near(got.mean_ms, wanted.mean_ms));
            // Small spreads drown in the rounding of large squares.
            let off = got.stddev_ms.unwrap() - wanted.stddev_ms.unwrap();
            prop_assert!(off.abs() <= 1e-3 * all.iter().copied().fold(1.0, f64::max), "{off}");
            if let Some(max) = got.max_ms.filter(|_| during.len() > 1) {
                prop_assert_eq!(Some(max), wanted.max_ms);
            }
        }
    }

    #[test]
    fn resets_evictions_and_newcomers_are_told_apart() {
        let before = [statement(1, &[5.0, 5.0]), statement(2, &[1.0]), statement(3, &[2.0])];
        let after = vec![statement(1, &[3.0]), statement(3, &[2.0]), statement(4, &[9.0])];
        let interval = between(&before, after);
        assert_eq!((interval.reset, interval.gone, interval.new), (1, 1, 1));
        let ran: Vec<(u64, Option<f64>)> =
            interval.statements.iter().map(|s| (s.fingerprint.0, s.counters.total_ms)).collect();
        assert_eq!(ran, [(1, Some(3.0)), (4, Some(9.0))], "3 did not run in between");
    }
}

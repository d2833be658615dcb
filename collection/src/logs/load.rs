//! The work of a log over time, in steps that grow with its length.
//!
//! Steps are one second at first. When there are too many, neighbours are put together: each width
//! is a multiple of the one before, so that the result depends on the first and last time only,
//! not on the order in which events or parts of a log come.

use super::time::{Micros, rfc3339};
use planscope_explain::workload::log::LoadStep;

/// Widths of a step in seconds.
const WIDTHS: [i64; 12] =
    [1, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400, 7 * 86_400, 364 * 86_400];

/// Where hours stand in [`WIDTHS`].
const HOUR: usize = 7;

/// Most steps of a load: a few for each column of a wide terminal.
const MOST_STEPS: usize = 240;

/// Most hours: those of a year and a month. A longer log is told in steps of six hours.
const MOST_HOURS: usize = 24 * 400;

/// Executions and their time, step by step.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Load {
    most: usize,
    /// Index into [`WIDTHS`].
    width: usize,
    /// Number of the first step, counted from 1970.
    first: i64,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Step {
    calls: u64,
    ns: u128,
}

impl Load {
    /// Steps that are as fine as the log's length allows.
    pub(super) fn fine() -> Self {
        Self { most: MOST_STEPS, width: 0, first: 0, steps: Vec::new() }
    }

    /// Hours.
    pub(super) fn hourly() -> Self {
        Self { most: MOST_HOURS, width: HOUR, first: 0, steps: Vec::new() }
    }

    /// Seconds of a step.
    pub(super) fn step_s(&self) -> u64 {
        WIDTHS[self.width].unsigned_abs()
    }

    /// Adds an execution that stands for `weight` of them.
    #[inline]
    pub(super) fn add(&mut self, time: Micros, ns: u64, weight: u32) {
        let work = Step { calls: u64::from(weight), ns: u128::from(ns) * u128::from(weight) };
        self.put(time.div_euclid(WIDTHS[self.width] * 1_000_000), work);
    }

    fn put(&mut self, number: i64, work: Step) {
        let place = usize::try_from(number.wrapping_sub(self.first)).ok();
        let place = match place.filter(|place| *place < self.steps.len()) {
            Some(place) => place,
            None => self.make_room(number),
        };
        if let Some(step) = self.steps.get_mut(place) {
            step.calls += work.calls;
            step.ns += work.ns;
        }
    }

    /// Makes the steps reach to `number`, wider ones where it must be: the place of that step.
    fn make_room(&mut self, mut number: i64) -> usize {
        if self.steps.is_empty() {
            self.first = number;
        }
        loop {
            let last = self.first.saturating_add(self.steps.len() as i64 - 1).max(self.first);
            let (first, last) = (self.first.min(number), last.max(number));
            let count = last.saturating_sub(first).saturating_add(1);
            if count <= self.most as i64 {
                let before = usize::try_from(self.first - first).unwrap_or(0);
                self.steps.splice(0..0, std::iter::repeat_n(Step::default(), before));
                self.steps.resize(usize::try_from(count).unwrap_or(0), Step::default());
                self.first = first;
                return usize::try_from(number - first).unwrap_or(0);
            }
            if !self.widen() {
                // A time that no server has: it counts at the end that is nearer to it.
                return if number < self.first { 0 } else { self.steps.len().saturating_sub(1) };
            }
            number = number.div_euclid(WIDTHS[self.width] / WIDTHS[self.width - 1]);
        }
    }

    /// Puts steps together to the next width; `false` when there is none.
    fn widen(&mut self) -> bool {
        let Some(next) = WIDTHS.get(self.width + 1) else { return false };
        let times = next / WIDTHS[self.width];
        let first = self.first.div_euclid(times);
        let mut steps: Vec<Step> = Vec::new();
        for (number, step) in (self.first..).zip(&self.steps) {
            let place = usize::try_from(number.div_euclid(times) - first).unwrap_or(0);
            steps.resize(steps.len().max(place + 1), Step::default());
            steps[place].calls += step.calls;
            steps[place].ns += step.ns;
        }
        (self.first, self.steps) = (first, steps);
        self.width += 1;
        true
    }

    /// Adds everything that another part of the log has.
    pub(super) fn merge(&mut self, mut other: Self) {
        while other.width < self.width && other.widen() {}
        while self.width < other.width && self.widen() {}
        for (number, step) in (other.first..).zip(other.steps) {
            if step.calls > 0 {
                // Making room may widen the steps on the way.
                let ratio = WIDTHS[self.width] / WIDTHS[other.width];
                self.put(number.div_euclid(ratio), step);
            }
        }
    }

    /// The steps with work in them.
    pub(super) fn steps(&self) -> Vec<LoadStep> {
        let width = WIDTHS[self.width] * 1_000_000;
        let worked = (self.first..).zip(&self.steps).filter(|(_, step)| step.calls > 0);
        worked
            .filter_map(|(number, step)| {
                let start = rfc3339(number.checked_mul(width)?)?;
                Some(LoadStep { start, calls: step.calls, total_ms: step.ns as f64 / 1e6 })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn load(times: impl IntoIterator<Item = i64>) -> Load {
        let mut load = Load::fine();
        times.into_iter().for_each(|second| load.add(second * 1_000_000 + 5, 2_000_000, 3));
        load
    }

    #[test]
    fn a_short_log_has_seconds_and_a_long_one_days() {
        let short = load([1_700_000_000, 1_700_000_003]);
        assert_eq!((short.step_s(), short.steps().len()), (1, 2));
        assert_eq!(short.steps()[0].start, "2023-11-14T22:13:20Z");
        assert_eq!((short.steps()[0].calls, short.steps()[0].total_ms), (3, 6.0));
        assert_eq!(load((0..240).map(|day| day * 86_400)).step_s(), 86_400);
    }

    #[test]
    fn times_that_no_server_has_do_no_harm() {
        let mut load = load([1_700_000_000]);
        for time in [i64::MIN, i64::MAX, 0, -1] {
            load.add(time, u64::MAX, u32::MAX);
        }
        assert!(load.steps.len() <= MOST_STEPS);
    }

    proptest! {
        #[test]
        fn order_and_parts_change_nothing(times in prop::collection::vec(0..3_000_000i64, 1..60), at: prop::sample::Index) {
            let whole = load(times.iter().copied());
            let (left, right) = times.split_at(at.index(times.len()));
            let mut merged = load(right.iter().rev().copied());
            merged.merge(load(left.iter().copied()));
            prop_assert_eq!(&merged.steps(), &whole.steps());
            prop_assert_eq!(merged.step_s(), whole.step_s());
            let calls: u64 = whole.steps().iter().map(|step| step.calls).sum();
            prop_assert_eq!(calls, 3 * times.len() as u64);
        }
    }
}

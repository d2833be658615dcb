//! Whether repeated runs took longer, or the machine was merely busy.
//!
//! Times are not normally distributed: most runs take about the same, some take much longer because
//! something else ran. So nothing here uses a mean of times or assumes a distribution: the
//! two-sided Mann-Whitney test counts how often a run after was slower than a run before. For few
//! runs its distribution is computed exactly, ties included; there is no random number, so the
//! same times give the same answer.
//!
//! What the test cannot know is drift (a machine that gets slower while it measures). Runs of the
//! two sides must be made in turns, the first ones thrown away.

use std::cmp::Ordering;

/// Runs of both sides together up to which the distribution is computed exactly; above, the normal
/// approximation is good to three digits.
const MOST_EXACT: usize = 50;
/// Runs of a side past which no more are looked at.
const MOST_RUNS: usize = 10_000;

/// The runs of two sides, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// How many runs there were.
    pub runs: [usize; 2],
    /// The median run in milliseconds.
    pub median_ms: [f64; 2],
    /// How far runs usually are from the median, as a share of it: the median deviation.
    pub spread: [f64; 2],
    /// Median after ÷ median before.
    pub ratio: f64,
    /// How sure it is that the two differ at all, 0 to 1 (1 − the p value of the test).
    pub confidence: f64,
    /// Which side takes longer, when that is surer than asked for: `Greater` is the one after.
    pub slower: Ordering,
    /// Runs a side that could at best be as sure as asked for.
    pub runs_needed: usize,
}

/// Compares the times of runs, in milliseconds. `None` when a side has no finite positive time.
///
/// `confidence` (0 to 1) is what must be reached for a difference to count.
pub fn judge(runs_ms: [&[f64]; 2], confidence: f64) -> Option<Timing> {
    let sorted = runs_ms.map(|runs| {
        let usable = runs.iter().copied().filter(|ms| ms.is_finite() && *ms >= 0.0);
        let mut runs: Vec<f64> = usable.take(MOST_RUNS).collect();
        runs.sort_by(f64::total_cmp);
        runs
    });
    if sorted.iter().any(Vec::is_empty) {
        return None;
    }
    let [before, after] = [median(&sorted[0]), median(&sorted[1])];
    let (p, direction) = mann_whitney(&sorted[0], &sorted[1]);
    let reached = 1.0 - p >= confidence;
    Some(Timing {
        runs: [sorted[0].len(), sorted[1].len()],
        median_ms: [before, after],
        spread: [spread(&sorted[0], before), spread(&sorted[1], after)],
        ratio: ratio(before, after),
        confidence: 1.0 - p,
        slower: if reached { direction } else { Ordering::Equal },
        runs_needed: runs_needed(confidence),
    })
}

/// A clock's finest tick keeps the ratio finite: a microsecond.
fn ratio(before: f64, after: f64) -> f64 {
    after.max(0.001) / before.max(0.001)
}

/// The middle of sorted values.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

fn spread(sorted: &[f64], median_of: f64) -> f64 {
    let mut off: Vec<f64> = sorted.iter().map(|ms| (ms - median_of).abs()).collect();
    off.sort_by(f64::total_cmp);
    median(&off) / median_of.max(0.001)
}

/// Runs a side from which the test can be that sure when all of one side are slower.
fn runs_needed(confidence: f64) -> usize {
    let mut ways = 1.0;
    for n in 1..=MOST_EXACT {
        let n_runs = n as f64;
        // (2n choose n), from that of n - 1.
        ways *= (2.0 * n_runs) * (2.0 * n_runs - 1.0) / (n_runs * n_runs);
        if 1.0 - 2.0 / ways >= confidence {
            return n;
        }
    }
    MOST_EXACT
}

/// The two-sided p value, and the side whose runs rank higher.
fn mann_whitney(before: &[f64], after: &[f64]) -> (f64, Ordering) {
    let ranks = Ranks::of(before, after);
    // In halves, so that the middle of a tie is a whole number.
    let expected = after.len() as u64 * (before.len() + after.len() + 1) as u64;
    let direction = ranks.sum_after.cmp(&expected);
    let p = if before.len() + after.len() <= MOST_EXACT {
        ranks.exact(after.len(), expected)
    } else {
        ranks.approximate(before.len() as f64, after.len() as f64, expected as f64)
    };
    (p.min(1.0), direction)
}

/// The ranks of all runs, doubled; equal runs share the middle of theirs.
struct Ranks {
    all: Vec<u64>,
    sum_after: u64,
    /// Σ t³ − t over groups of t equal runs.
    ties: f64,
}

impl Ranks {
    fn of(before: &[f64], after: &[f64]) -> Self {
        let of_before = before.iter().map(|ms| (*ms, false));
        let mut runs: Vec<(f64, bool)> =
            of_before.chain(after.iter().map(|ms| (*ms, true))).collect();
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut ranks = Self { all: Vec::with_capacity(runs.len()), sum_after: 0, ties: 0.0 };
        for group in runs.chunk_by(|a, b| a.0 == b.0) {
            let (from, count) = (ranks.all.len() as u64, group.len() as u64);
            let rank = 2 * from + count + 1;
            ranks.all.extend(std::iter::repeat_n(rank, group.len()));
            ranks.sum_after += rank * group.iter().filter(|run| run.1).count() as u64;
            let t = count as f64;
            ranks.ties += t * t * t - t;
        }
        ranks
    }

    /// The share of all ways to choose `chosen` runs whose ranks sum up to something at least as
    /// far from the expected sum.
    fn exact(&self, chosen: usize, expected: u64) -> f64 {
        let most: usize = self.all.iter().sum::<u64>() as usize;
        // ways[n][s]: how many choices of n runs have the sum s.
        let mut ways = vec![vec![0.0_f64; most + 1]; chosen + 1];
        ways[0][0] = 1.0;
        for rank in self.all.iter().map(|rank| *rank as usize) {
            for n in (1..=chosen).rev() {
                let (fewer, more) = ways.split_at_mut(n);
                for sum in (rank..=most).rev() {
                    more[0][sum] += fewer[n - 1][sum - rank];
                }
            }
        }
        let off = self.sum_after.abs_diff(expected);
        let last = ways.swap_remove(chosen);
        let all: f64 = last.iter().sum();
        let far =
            last.iter().enumerate().filter(|(sum, _)| (*sum as u64).abs_diff(expected) >= off);
        far.map(|(_, ways)| ways).sum::<f64>() / all.max(1.0)
    }

    fn approximate(&self, before: f64, after: f64, expected: f64) -> f64 {
        let n = before + after;
        let variance = before * after / 12.0 * (n + 1.0 - self.ties / (n * (n - 1.0)));
        if variance <= 0.0 {
            return 1.0;
        }
        // Ranks are doubled, and half a step corrects for their being whole.
        let off = ((self.sum_after as f64 - expected).abs() / 2.0 - 0.5).max(0.0);
        two_sided(off / variance.sqrt())
    }
}

/// The probability of a normal value at least `z` (≥ 0) away from the mean, on either side.
///
/// Abramowitz and Stegun, 26.2.17; off by less than 7.5e-8.
pub(super) fn two_sided(z: f64) -> f64 {
    const B: [f64; 5] =
        [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let polynomial = B.iter().rev().fold(0.0, |sum, b| (sum + b) * t);
    (2.0 * density * polynomial).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn p(before: &[f64], after: &[f64]) -> f64 {
        1.0 - judge([before, after], 0.95).unwrap().confidence
    }

    #[test]
    fn exact_values_are_those_of_the_tables() {
        // All of one side above the other: 2 of (n choose k) ways.
        assert!((p(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]) - 2.0 / 20.0).abs() < 1e-12);
        assert!((p(&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0]) - 2.0 / 70.0).abs() < 1e-12);
        // R: wilcox.test(c(1,3,5,7,9), c(2,4,6,8,10))$p.value
        let p_value = p(&[1.0, 3.0, 5.0, 7.0, 9.0], &[2.0, 4.0, 6.0, 8.0, 10.0]);
        assert!((p_value - 0.690_476).abs() < 1e-6, "{p_value}");
        assert_eq!(p(&[1.0, 1.0, 1.0, 1.0], &[1.0, 1.0, 1.0, 1.0]), 1.0);
    }

    #[test]
    fn the_approximation_meets_the_exact_values() {
        let before: Vec<f64> = (0..25).map(|i| f64::from(i * 7 % 25)).collect();
        let after: Vec<f64> = (0..25).map(|i| f64::from(i * 11 % 25) + 5.3).collect();
        let ranks = Ranks::of(&before, &after);
        let expected = 25 * 51;
        let (exact, near) = (ranks.exact(25, expected), ranks.approximate(25.0, 25.0, 1275.0));
        assert!((exact - near).abs() < 0.002, "{exact} {near}");
        assert!((two_sided(1.959_964) - 0.05).abs() < 1e-6);
        assert!((two_sided(0.0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_busy_machine_is_no_regression() {
        // One run was disturbed; the mean says ×3, the test says nothing.
        let timing = judge([&[10.0, 10.2, 9.9, 10.1, 10.0], &[10.1, 9.8, 100.0, 10.0, 10.2]], 0.95);
        let timing = timing.unwrap();
        assert_eq!(timing.slower, Ordering::Equal);
        assert!(timing.ratio < 1.05, "{}", timing.ratio);
        // Slower by a fifth in every run, with one run before disturbed.
        let before = [10.0, 10.2, 9.9, 50.0, 10.0, 10.1, 10.3];
        let timing = judge([&before, &[12.1, 11.8, 12.3, 12.0, 12.2, 11.9, 12.4]], 0.95);
        assert_eq!(timing.unwrap().slower, Ordering::Greater);
    }

    #[test]
    fn too_few_runs_are_never_sure() {
        let few = judge([&[1.0, 1.0, 1.0], &[9.0, 9.0, 9.0]], 0.95).unwrap();
        assert_eq!((few.slower, few.runs_needed), (Ordering::Equal, 4));
        let enough = judge([&[1.0, 1.1, 1.2, 1.3], &[9.0, 9.1, 9.2, 9.3]], 0.95).unwrap();
        assert_eq!(enough.slower, Ordering::Greater);
        assert_eq!(judge([&[], &[1.0]], 0.95), None);
        assert_eq!(judge([&[f64::NAN], &[1.0]], 0.95), None);
    }

    proptest! {
        #[test]
        fn sides_mirror(
            a in prop::collection::vec(0.0..20.0_f64, 1..40),
            b in prop::collection::vec(0.0..20.0_f64, 1..40),
        ) {
            let there = judge([&a, &b], 0.9).unwrap();
            let back = judge([&b, &a], 0.9).unwrap();
            prop_assert_eq!(there.slower, back.slower.reverse());
            prop_assert!((there.confidence - back.confidence).abs() < 1e-9);
        }

        /// With no difference at all, a confidence of 95 % errs in at most 5 of 100 splits.
        #[test]
        fn p_values_are_probabilities(
            a in prop::collection::vec(0.0..20.0_f64, 1..30),
            b in prop::collection::vec(0.0..20.0_f64, 1..30),
        ) {
            let timing = judge([&a, &b], 0.95).unwrap();
            prop_assert!((0.0..=1.0).contains(&timing.confidence));
        }
    }
}

//! Two snapshots made of logs: whether they may be of one server, and leave out the same calls.

use crate::workload::{Snapshot, Statement};

/// Milliseconds of a call under which a server that logs everything has calls: most lookups take
/// less, so a log without any leaves them out.
const LEAST_OF_ALL_MS: f64 = 1.0;
/// Statements of both logs from which their fastest calls tell a limit of the log from statements
/// that got faster.
const LEAST_STATEMENTS: usize = 5;
/// How many times faster the fastest call of the other log is then.
const OTHER_LIMIT: f64 = 2.0;

/// Whether two logs may be of one server. A log does not say whose it is, so a snapshot is known by
/// the name of the file unless it was given another; only two given names tell servers apart.
/// `None` when one of the snapshots is not of logs.
pub(super) fn is_same_place(sides: [&Snapshot; 2]) -> Option<bool> {
    if sides.iter().any(|side| side.log.is_none()) {
        return None;
    }
    let [before, after] = sides.map(given_name);
    Some(before.is_none() || after.is_none() || before == after)
}

/// The name that somebody gave the snapshot, when it is not that of its first log.
fn given_name(snapshot: &Snapshot) -> Option<&str> {
    let sources = &snapshot.log.as_ref()?.sources;
    let of_file =
        |path: &str| path == "-" || path.rsplit('/').next() == Some(&snapshot.target.name);
    let first = sources.first().is_none_or(|source| of_file(&source.name));
    (!first).then_some(snapshot.target.name.as_str())
}

/// The durations from which two logs hold calls, where they are not the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limit {
    /// The log that leaves out more.
    pub side: usize,
    /// Milliseconds of its fastest call.
    pub ms: f64,
}

impl Limit {
    /// The limit of one log that the other does not have: nothing is faster in it, while half the
    /// statements have faster calls in the other.
    pub fn between(pairs: impl Iterator<Item = [Option<f64>; 2]>) -> Option<Self> {
        let known: Vec<[f64; 2]> =
            pairs.filter_map(|[before, after]| Some([before?, after?])).collect();
        let least =
            [0, 1].map(|side| known.iter().map(|least| least[side]).fold(f64::MAX, f64::min));
        let side = usize::from(least[1] > least[0]);
        let (ms, other) = (least[side], least[1 - side]);
        let below = known.iter().filter(|least| least[1 - side] < ms).count();
        let is_cut = known.len() >= LEAST_STATEMENTS
            && ms >= LEAST_OF_ALL_MS
            && ms >= other * OTHER_LIMIT
            && below * 2 >= known.len();
        is_cut.then_some(Self { side, ms })
    }

    /// Whether the other log holds calls of a statement that this one leaves out.
    pub fn hides(&self, statements: [&Statement; 2]) -> bool {
        statements[1 - self.side].counters.min_ms.is_some_and(|least| least < self.ms)
    }
}

/// Whether statements of two logs ran in databases that are known and not the same.
pub(super) fn are_elsewhere([before, after]: [&Statement; 2]) -> bool {
    before.database.is_some() && after.database.is_some() && before.database != after.database
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_told_from_statements_that_got_faster() {
        let limit = |pairs: &[[f64; 2]]| Limit::between(pairs.iter().map(|pair| pair.map(Some)));
        let cut = [[100.2, 0.1], [140.0, 3.0], [101.0, 250.0], [180.0, 90.0], [300.0, 12.0]];
        assert_eq!(limit(&cut), Some(Limit { side: 0, ms: 100.2 }));
        assert_eq!(limit(&cut.map(|[a, b]| [b, a])), Some(Limit { side: 1, ms: 100.2 }));
        // One statement of many has an index now, and one was never slow.
        let mended = [[500.0, 2.0], [140.0, 141.0], [101.0, 99.0], [180.0, 181.0], [300.0, 310.0]];
        assert_eq!(limit(&mended), None);
        assert_eq!(limit(&cut[..4]), None);
        let all = [[0.02, 0.01], [0.3, 0.1], [0.2, 0.1], [4.0, 0.4], [5.0, 0.2]];
        assert_eq!(limit(&all), None);
    }
}

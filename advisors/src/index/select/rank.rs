//! How candidates are compared: which are as good as the best, and what one more must save.

use super::Selector;
use std::cmp::{Ordering, Reverse};

/// Shorter forms of the best candidate whose saving is within this share of it are equal; the
/// smallest is taken.
const TIE: f64 = 0.05;

/// The same for its keys in another order: PostgreSQL judges how rows lie on disk by the first
/// column alone, so that one with two values looks better there than it is.
pub(super) const TIE_OF_ORDER: f64 = 0.15;

/// The same for candidates that have nothing to do with the best.
const TIE_OF_OTHERS: f64 = 0.0005;

/// Least share of what the statements cost without any advice that one more index of a table must
/// save. One that takes the place of another need not: it makes none more.
const LEAST_OF_ORIGINAL: f64 = 0.05;

/// Least share of what the statements cost without any advice that payload columns must save:
/// they make an index wide, and pay only where the visits of the table are what a plan costs.
const LEAST_COVERED: f64 = 0.30;

impl Selector<'_> {
    /// Orders candidates by the room they take, net of what they make superfluous.
    pub(super) fn smaller(&self, a: usize, b: usize, chosen: &[usize]) -> Ordering {
        let rank = |i: usize| {
            let index = &self.candidates[i];
            let replaced: Vec<usize> =
                chosen.iter().copied().filter(|&old| self.replaces(i, old)).collect();
            let count = replaced.len() + self.made_redundant(i, chosen).count();
            let existing =
                self.made_redundant(i, chosen).filter_map(|index| index.size_bytes).sum::<f64>();
            let freed = existing + self.size_of_all(&replaced);
            let size = self.size(i).map_or(f64::INFINITY, |size| size - freed);
            let width = index.keys.len() * 2 + index.include.len();
            (size, (Reverse(count), width, i))
        };
        let ((size_a, rest_a), (size_b, rest_b)) = (rank(a), rank(b));
        size_a.total_cmp(&size_b).then(rest_a.cmp(&rest_b))
    }

    /// Whether two candidates have the same keys in another order.
    pub(super) fn is_reordered(&self, candidate: usize, best: usize) -> bool {
        let (index, leader) = (&self.candidates[candidate], &self.candidates[best]);
        index.table == leader.table
            && index.schema == leader.schema
            && index.include == leader.include
            && index.keys.len() == leader.keys.len()
            && index.keys.iter().all(|key| leader.keys.contains(key))
    }

    /// Share of the saving of `best` that may be given up for `candidate`.
    pub(super) fn tie(&self, candidate: usize, best: usize, chosen: &[usize]) -> f64 {
        let is_shorter = self.begins_with(best, &self.candidates[candidate]);
        match () {
            () if is_shorter && self.covering[best] && !self.covering[candidate] => LEAST_COVERED,
            () if is_shorter || self.is_extension(candidate, chosen) => TIE,
            // Another way altogether, such as walking along the order past rows that the filter
            // drops: it depends on where the rows are, and must be as good.
            () => TIE_OF_OTHERS,
        }
    }

    /// Share of the original cost that `added` must save.
    pub(super) fn least_of_original(&self, added: &[usize], chosen: &[usize]) -> f64 {
        // All keys of a chosen one, and not as its extension: largely the same lookup again.
        let is_known = |&new: &usize| {
            let (new, keys) = (new, &self.candidates[new].keys);
            let has = |&old: &usize| self.candidates[old].keys.iter().all(|k| keys.contains(k));
            let is_in = |old: &usize| self.has_neighbour(new, &[*old]) && has(old);
            chosen.iter().any(|old| is_in(old) && !self.replaces(new, *old))
        };
        match added {
            _ if added.iter().any(|&index| self.covering[index]) => LEAST_COVERED,
            _ if added.iter().any(is_known) => TIE_OF_ORDER,
            _ if added.iter().all(|&index| self.is_extension(index, chosen)) => 0.0,
            _ if added.iter().any(|&index| self.has_neighbour(index, chosen)) => LEAST_OF_ORIGINAL,
            _ => 0.0,
        }
    }

    /// Whether one of `chosen` is on the table of a candidate.
    fn has_neighbour(&self, candidate: usize, chosen: &[usize]) -> bool {
        let index = &self.candidates[candidate];
        let is_near = |&other: &usize| {
            let other_index = &self.candidates[other];
            other != candidate
                && other_index.table == index.table
                && other_index.schema == index.schema
        };
        chosen.iter().any(is_near)
    }

    /// Whether a candidate takes the place of an index that exists or is chosen.
    fn is_extension(&self, candidate: usize, chosen: &[usize]) -> bool {
        self.made_redundant(candidate, chosen).next().is_some()
            || chosen.iter().any(|&old| self.replaces(candidate, old))
    }
}

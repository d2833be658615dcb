//! What two sequences of keys have in common, in order.
//!
//! Myers' greedy algorithm finds a longest common subsequence in time proportional to the number of
//! edits. Plans that are worth comparing differ in few nodes, so it is linear in practice. Past
//! [`MAX_EDITS`] only the keys that occur once on either side are anchored (as in a patience diff).

use std::collections::HashMap;

/// Edits past which the exact search is given up: 1,000 edits cost half a million steps.
const MAX_EDITS: usize = 1_000;

/// Positions in `a` and `b` of a common subsequence, both ascending.
pub(super) fn common(a: &[u64], b: &[u64]) -> Vec<(usize, usize)> {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a_rest, b_rest) = (&a[head..], &b[head..]);
    let tail = a_rest.iter().rev().zip(b_rest.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a_mid, b_mid) = (&a_rest[..a_rest.len() - tail], &b_rest[..b_rest.len() - tail]);
    let middle = if a_mid.is_empty() || b_mid.is_empty() {
        Vec::new()
    } else {
        myers(a_mid, b_mid).unwrap_or_else(|| unique(a_mid, b_mid))
    };
    let mut pairs: Vec<(usize, usize)> = (0..head).map(|i| (i, i)).collect();
    pairs.extend(middle.into_iter().map(|(i, j)| (i + head, j + head)));
    pairs.extend((0..tail).rev().map(|back| (a.len() - 1 - back, b.len() - 1 - back)));
    pairs
}

/// The furthest reaching `x` on each diagonal `k = x - y`, for `k` in `-d ..= d`.
struct Front {
    reach: Vec<isize>,
    middle: isize,
}

impl Front {
    fn new(edits: usize) -> Self {
        Self { reach: vec![0; 2 * edits + 3], middle: edits as isize + 1 }
    }

    fn at(&self, k: isize) -> isize {
        self.reach[(self.middle + k) as usize]
    }

    fn set(&mut self, k: isize, x: isize) {
        let place = (self.middle + k) as usize;
        self.reach[place] = x;
    }

    /// Whether the best way to diagonal `k` with `d` edits comes from `k + 1`: an insertion.
    fn comes_from_above(&self, k: isize, d: isize) -> bool {
        k == -d || (k != d && self.at(k - 1) < self.at(k + 1))
    }

    /// What the way back needs to know after `d` edits.
    fn keep(&self, d: isize) -> Self {
        let part = (self.middle - d - 1) as usize..=(self.middle + d + 1) as usize;
        Self { reach: self.reach[part].to_vec(), middle: d + 1 }
    }
}

/// The exact answer, or `None` when it takes more than [`MAX_EDITS`].
fn myers(a: &[u64], b: &[u64]) -> Option<Vec<(usize, usize)>> {
    let (n, m) = (a.len() as isize, b.len() as isize);
    let most = (a.len() + b.len()).min(MAX_EDITS);
    let mut front = Front::new(most);
    let mut trace = Vec::new();
    for d in 0..=most as isize {
        trace.push(front.keep(d));
        for k in (-d..=d).step_by(2) {
            let above = front.comes_from_above(k, d);
            let mut x = if above { front.at(k + 1) } else { front.at(k - 1) + 1 };
            while x < n && x - k < m && a[x as usize] == b[(x - k) as usize] {
                x += 1;
            }
            front.set(k, x);
            if x >= n && x - k >= m {
                return Some(way_back(&trace, n, m));
            }
        }
    }
    None
}

fn way_back(trace: &[Front], n: isize, m: isize) -> Vec<(usize, usize)> {
    let (mut x, mut y) = (n, m);
    let mut pairs = Vec::new();
    for (d, front) in trace.iter().enumerate().rev() {
        let (k, d) = (x - y, d as isize);
        let from = if front.comes_from_above(k, d) { k + 1 } else { k - 1 };
        let start = if d == 0 { 0 } else { front.at(from) };
        let start_y = if d == 0 { 0 } else { start - from };
        while x > start && y > start_y {
            (x, y) = (x - 1, y - 1);
            pairs.push((x as usize, y as usize));
        }
        (x, y) = (start, start_y);
    }
    pairs.reverse();
    pairs
}

/// Keys that occur once in each, as far as they keep their order.
fn unique(a: &[u64], b: &[u64]) -> Vec<(usize, usize)> {
    let (once_a, once_b) = (places(a), places(b));
    let lone = |(i, key): (usize, &u64)| {
        let alone = once_a.get(key)?.is_some();
        let j = (*once_b.get(key)?)?;
        alone.then_some((i, j))
    };
    let pairs: Vec<(usize, usize)> = a.iter().enumerate().filter_map(lone).collect();
    longest_ascending(&pairs)
}

/// Where each key stands; `None` when it stands in several places.
fn places(keys: &[u64]) -> HashMap<u64, Option<usize>> {
    let mut found = HashMap::with_capacity(keys.len());
    for (i, key) in keys.iter().enumerate() {
        found.entry(*key).and_modify(|place| *place = None).or_insert(Some(i));
    }
    found
}

/// The longest selection of `pairs` (ascending in the first) that ascends in the second as well.
fn longest_ascending(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; pairs.len()];
    for (i, (_, second)) in pairs.iter().enumerate() {
        let at = ends.partition_point(|&end| pairs[end].1 < *second);
        before[i] = at.checked_sub(1).map(|prior| ends[prior]);
        if at == ends.len() {
            ends.push(i);
        } else {
            ends[at] = i;
        }
    }
    let mut chosen: Vec<(usize, usize)> =
        std::iter::successors(ends.last().copied(), |&i| before[i]).map(|i| pairs[i]).collect();
    chosen.reverse();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The textbook table, to check against.
    fn length(a: &[u64], b: &[u64]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut diagonal = 0;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    fn is_common(pairs: &[(usize, usize)], a: &[u64], b: &[u64]) -> bool {
        pairs.iter().all(|&(i, j)| a[i] == b[j])
            && pairs.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 < w[1].1)
    }

    proptest! {
        #[test]
        fn it_is_the_longest(
            a in prop::collection::vec(0_u64..5, 0..30),
            b in prop::collection::vec(0_u64..5, 0..30),
        ) {
            let pairs = common(&a, &b);
            prop_assert!(is_common(&pairs, &a, &b));
            prop_assert_eq!(pairs.len(), length(&a, &b));
        }

        #[test]
        fn unique_keys_anchor(
            a in prop::collection::vec(0_u64..60, 0..30),
            b in prop::collection::vec(0_u64..60, 0..30),
        ) {
            prop_assert!(is_common(&unique(&a, &b), &a, &b));
        }
    }

    #[test]
    fn two_long_strangers_with_one_friend() {
        let mut a: Vec<u64> = (0..30_000).collect();
        let mut b: Vec<u64> = (100_000..130_000).collect();
        (a[7], b[29_000]) = (42_000, 42_000);
        assert_eq!(common(&a, &b), [(7, 29_000)]);
    }
}

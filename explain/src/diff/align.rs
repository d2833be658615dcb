//! Alignment: which node of the plan before stands for which node of the plan after.
//!
//! Nodes are matched by what they are, not by where they stand. In preorder, a node put into a plan
//! is one element put into a sequence of keys, so a longest common subsequence finds it and leaves
//! all others paired, however deep it sits. This is done with strict keys first; the gaps that are
//! left are filled with laxer keys. What changed places (a swapped join, a moved subtree) is then
//! looked up by key among the nodes left over.
//!
//! Where the choice is free (two equal nodes before, one after) the result must not depend on which
//! plan is called "before": the two are put into an order of their own first.

use super::lcs;
use super::profile::{Class, Keys, Profile, hash_of};
use crate::plan::{NodeId, Operator, Role};
use std::collections::{HashMap, VecDeque};

/// The pairs of two plans.
#[derive(Debug)]
pub(super) struct Alignment {
    /// For each node before and for each node after, its partner.
    partner: [Vec<Option<NodeId>>; 2],
}

impl Alignment {
    /// Pairs the nodes of two plans.
    pub fn new(before: &Profile<'_>, after: &Profile<'_>) -> Self {
        if (before.len(), &before.keys) <= (after.len(), &after.keys) {
            Self::ordered([before, after])
        } else {
            let mut mirrored = Self::ordered([after, before]);
            mirrored.partner.reverse();
            mirrored
        }
    }

    /// The partner of a node of side 0 (before) or 1 (after).
    pub fn partner(&self, side: usize, id: NodeId) -> Option<NodeId> {
        self.partner[side][id.index()]
    }

    /// All pairs, in order of the plan before.
    pub fn pairs(&self) -> impl Iterator<Item = (NodeId, NodeId)> {
        let numbered = self.partner[0].iter().enumerate();
        numbered.filter_map(|(i, partner)| Some((NodeId(i as u32), (*partner)?)))
    }

    /// The nodes of one side that have no partner.
    pub fn unpaired(&self, side: usize) -> impl Iterator<Item = NodeId> {
        let numbered = self.partner[side].iter().enumerate();
        numbered.filter(|(_, partner)| partner.is_none()).map(|(i, _)| NodeId(i as u32))
    }

    fn ordered(sides: [&Profile<'_>; 2]) -> Self {
        let mut found = Self { partner: sides.map(|side| vec![None; side.len()]) };
        let mut anchors = Vec::new();
        // Twice each: a pass that had to give up on a long gap leaves shorter ones behind.
        for level in [twin, twin, exact, exact, like, like, class] {
            anchors = filled(anchors, sides.map(|s| s.keys.iter().map(level).collect()));
        }
        for (a, b) in anchors {
            found.pair(a, b);
        }
        found.pair_moved(sides);
        found.pair_hashes(sides);
        found
    }

    fn pair(&mut self, a: usize, b: usize) {
        self.partner[0][a] = Some(NodeId(b as u32));
        self.partner[1][b] = Some(NodeId(a as u32));
    }

    /// Pairs what is left over, wherever it stands, by keys that get laxer.
    fn pair_moved(&mut self, sides: [&Profile<'_>; 2]) {
        self.by_key(sides, |p, i| Some(p.keys[i].moved));
        self.by_key(sides, |p, i| Some(hash_of((read_table(p, i)?, p.name[i]?))));
        self.by_key(sides, |p, i| read_table(p, i).map(hash_of));
        self.by_key(sides, alias);
        self.nameless_scans(sides);
        let is_join = |p: &Profile<'_>, i: usize| p.class[i] == Class::Join;
        self.by_key(sides, |p, i| is_join(p, i).then_some(p.leaves[i]));
        // Another join order: the joins in between have no counterpart of the same relations.
        self.by_key(sides, |p, i| is_join(p, i).then_some(p.scope[i]));
    }

    /// Pairs leftovers of equal key, in order.
    fn by_key(
        &mut self,
        sides: [&Profile<'_>; 2],
        key: impl Fn(&Profile<'_>, usize) -> Option<u64>,
    ) {
        let mut waiting: HashMap<u64, VecDeque<usize>> = HashMap::new();
        for b in self.unpaired(1).map(NodeId::index) {
            if let Some(key) = key(sides[1], b) {
                waiting.entry(hash_of((key, sides[1].class[b]))).or_default().push_back(b);
            }
        }
        let left: Vec<usize> = self.unpaired(0).map(NodeId::index).collect();
        for a in left {
            let Some(key) = key(sides[0], a) else { continue };
            let queue = waiting.get_mut(&hash_of((key, sides[0].class[a])));
            if let Some(b) = queue.and_then(VecDeque::pop_front) {
                self.pair(a, b);
            }
        }
    }

    /// A scan whose plan does not name the relation (MongoDB's IXSCAN) may be any scan.
    fn nameless_scans(&mut self, sides: [&Profile<'_>; 2]) {
        for nameless in [0, 1] {
            let scans = |side: usize| -> Vec<usize> {
                let wanted = |i: &usize| {
                    sides[side].class[*i] == Class::Scan
                        && (side != nameless || sides[side].name[*i].is_none())
                };
                self.unpaired(side).map(NodeId::index).filter(wanted).collect()
            };
            let (a, b) = (scans(0), scans(1));
            for (a, b) in a.into_iter().zip(b) {
                self.pair(a, b);
            }
        }
    }

    /// The hash table of a hash join goes with its join, whichever side is hashed.
    fn pair_hashes(&mut self, sides: [&Profile<'_>; 2]) {
        let left: Vec<NodeId> = self.unpaired(0).collect();
        for hash in left {
            let Some(other) = self.hash_of_partner(sides, hash) else { continue };
            self.pair(hash.index(), other.index());
        }
    }

    fn hash_of_partner(&self, sides: [&Profile<'_>; 2], hash: NodeId) -> Option<NodeId> {
        let join = sides[0].node(hash).parent()?;
        let joins = sides[0].node(join).operator == Operator::HashJoin;
        if sides[0].class[hash.index()] != Class::Hash || !joins {
            return None;
        }
        let other = self.partner(0, join)?;
        let is_free = |id: &NodeId| {
            sides[1].class[id.index()] == Class::Hash && self.partner(1, *id).is_none()
        };
        sides[1].inputs(other).find(is_free)
    }
}

fn twin(keys: &Keys) -> u64 {
    keys.twin
}

fn exact(keys: &Keys) -> u64 {
    keys.exact
}

fn like(keys: &Keys) -> u64 {
    keys.like
}

fn class(keys: &Keys) -> u64 {
    keys.class
}

/// The relation that a scan or a part of one reads.
fn read_table<'a>(profile: &Profile<'a>, i: usize) -> Option<&'a str> {
    matches!(profile.class[i], Class::Scan | Class::Part).then_some(profile.table[i])?
}

/// A table that was renamed keeps its alias. Those of partitions are numbers and say nothing.
fn alias(profile: &Profile<'_>, i: usize) -> Option<u64> {
    let is_member = profile.plan.nodes()[i].role == Role::Member;
    let is_scan = profile.class[i] == Class::Scan && !is_member;
    is_scan.then_some(profile.name[i])?.map(hash_of)
}

/// Fills the gaps between `anchors` (ascending on both sides) with what the keys have in common.
fn filled(anchors: Vec<(usize, usize)>, keys: [Vec<u64>; 2]) -> Vec<(usize, usize)> {
    let end = (keys[0].len(), keys[1].len());
    let mut all = Vec::with_capacity(end.0.min(end.1));
    let (mut a, mut b) = (0, 0);
    for (next_a, next_b) in anchors.into_iter().chain([end]) {
        let within = lcs::common(&keys[0][a..next_a], &keys[1][b..next_b]);
        all.extend(within.into_iter().map(|(i, j)| (a + i, b + j)));
        if (next_a, next_b) != end {
            all.push((next_a, next_b));
        }
        (a, b) = (next_a + 1, next_b + 1);
    }
    all
}

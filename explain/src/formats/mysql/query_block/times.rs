//! MariaDB's figures: those of a table are its own, those of a block include all; made inclusive here.
//!
//! What each one covers was measured on 10.11: `r_table_time_ms` is spent in the storage engine,
//! `r_other_time_ms` on conditions and their subqueries, but not on filling a derived table. A
//! filesort covers the table that it reads, but not the filling of a temporary table.

use super::super::access::Join;
use super::super::draft::At;
use super::Reader;
use crate::plan::{Actual, Operator, Role};

/// What a figure in milliseconds, over all loops, covers.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(super) enum Time {
    #[default]
    Unknown,
    /// The node, and the subqueries that its conditions run.
    Own(f64),
    /// The node and its inputs.
    Covers(f64),
}

/// What is known of a node and has no place on it.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) time: Time,
    /// Whether the node, or the block it is the top of, was measured.
    pub(super) measured: bool,
    /// Milliseconds of the block that it is the top of, all inside.
    pub(super) block_ms: Option<f64>,
    pub(super) loops: Option<f64>,
    /// Rows out, over all loops.
    pub(super) rows: Option<f64>,
    /// Pages that the node itself looked at, and those of them not in the cache.
    pub(super) accessed: Option<f64>,
    pub(super) pages_read: Option<f64>,
    /// A sort of a temporary table, whose filling it does not cover.
    pub(super) sorts_apart: bool,
    pub(super) is_join: bool,
    /// How the table joins those before it; and what was measured of the join.
    pub(super) join: Option<Box<Join>>,
    pub(super) join_ms: Option<f64>,
    pub(super) join_rows: Option<f64>,
    /// Verb and table of what is written.
    pub(super) writes: Vec<(String, String)>,
}

/// What the children of a node took.
#[derive(Default)]
struct Below {
    inputs: f64,
    /// Derived tables that the node waits for.
    derived: f64,
    subqueries: f64,
    rows: Option<f64>,
    accessed: f64,
    pages_read: f64,
    knows_pages: bool,
}

/// Of each node: inclusive milliseconds, rows, pages.
#[derive(Default, Clone, Copy)]
struct Sum {
    ms: f64,
    rows: Option<f64>,
    accessed: Option<f64>,
    pages_read: Option<f64>,
}

impl Reader<'_, '_> {
    /// Makes the figures inclusive. Says whether there are any.
    pub(super) fn settle(&mut self, order: &[u32]) -> bool {
        let of = |at: &u32| self.facts.get(&(*at as At));
        if !order.iter().filter_map(of).any(|facts| facts.measured) {
            return false;
        }
        let timed = order
            .iter()
            .filter_map(of)
            .any(|facts| facts.time != Time::Unknown || facts.block_ms.is_some());
        let mut sums: Vec<Sum> =
            vec![Sum::default(); order.iter().max().map_or(0, |most| *most as usize + 1)];
        for at in order.iter().rev().map(|&at| at as At) {
            let below = self.below(at, &sums);
            let sum = self.sum(at, &below);
            self.write_figures(at, &sum, timed);
            sums[at] = sum;
        }
        true
    }

    fn below(&self, at: At, sums: &[Sum]) -> Below {
        let mut below = Below::default();
        for child in self.draft.children(at) {
            let sum = sums[child];
            match self.draft.node(child).role {
                Role::SubPlan | Role::InitPlan => below.subqueries += sum.ms,
                Role::Subquery => below.derived += sum.ms,
                Role::Member if !self.draft.node(at).operator.is_scan() => {
                    below.inputs += sum.ms;
                    below.rows = Some(below.rows.unwrap_or(0.0) + sum.rows.unwrap_or(0.0));
                }
                // Rows out of a join are those of its inner table.
                _ => {
                    below.inputs += sum.ms;
                    below.rows = sum.rows;
                }
            }
            below.accessed += sum.accessed.unwrap_or(0.0);
            below.pages_read += sum.pages_read.unwrap_or(0.0);
            below.knows_pages |= sum.accessed.is_some();
        }
        below
    }

    fn sum(&self, at: At, below: &Below) -> Sum {
        let none = Facts::default();
        let facts = self.facts.get(&at).unwrap_or(&none);
        let inside = below.inputs + below.subqueries;
        let ms = match facts.time {
            Time::Own(own) if facts.is_join => own + inside,
            Time::Own(own) => own.max(inside),
            Time::Covers(own) if facts.sorts_apart => own + inside,
            Time::Covers(own) => own.max(inside),
            Time::Unknown => inside,
        };
        let ms = ms + below.derived;
        let plus = |own: Option<f64>, inner: f64| {
            (own.is_some() || below.knows_pages).then_some(own.unwrap_or(0.0) + inner)
        };
        let is_scan = self.draft.node(at).operator.is_scan();
        Sum {
            ms: facts.block_ms.map_or(ms, |block| block.max(ms)),
            rows: facts.rows.or(below.rows.filter(|_| !is_scan)),
            accessed: plus(facts.accessed, below.accessed),
            pages_read: plus(facts.pages_read, below.pages_read),
        }
    }

    fn write_figures(&mut self, at: At, sum: &Sum, timed: bool) {
        let loops = self.facts.get(&at).and_then(|facts| facts.loops);
        let node = self.draft.node_mut(at);
        if let Some(accessed) = sum.accessed {
            let read = sum.pages_read.unwrap_or(0.0).min(accessed);
            node.buffers.shared_hit = Some((accessed - read) as u64);
            node.buffers.shared_read = Some(read as u64);
        }
        // The indexes of a merge are not measured one by one.
        let is_part =
            node.role == Role::Member && node.operator == Operator::IndexScan && loops.is_none();
        if is_part {
            return;
        }
        let loops = loops.unwrap_or(1.0);
        let per_loop = |all: f64| if loops > 0.0 { all / loops } else { 0.0 };
        let actual = node.actual.get_or_insert_with(|| Actual {
            loops,
            rows_per_loop: per_loop(sum.rows.unwrap_or(0.0)),
            ..Actual::default()
        });
        if timed {
            // A table that never ran may still stand above one that did.
            if actual.loops == 0.0 && sum.ms > 0.0 {
                actual.loops = 1.0;
                actual.total_ms_per_loop = Some(sum.ms);
            } else {
                actual.total_ms_per_loop = Some(per_loop(sum.ms));
            }
        }
    }
}

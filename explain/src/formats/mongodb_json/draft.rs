//! The tree before it is a plan: stages with their figures, linked in any order.
//!
//! A pipeline is written from its first stage to its last, a tree of stages from its last to its
//! first, and figures may stand in another tree than the stages they belong to. So stages are
//! collected here, each after its parent, and become nodes when all is known.

use super::super::shell_json::Item;
use crate::plan::{Operator, Role};
use std::borrow::Cow;

/// What was measured at a stage, over all its loops.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Run {
    pub(super) loops: f64,
    pub(super) rows: f64,
    /// Milliseconds, inputs included.
    pub(super) ms: Option<f64>,
    pub(super) keys: Option<f64>,
    pub(super) docs: Option<f64>,
    /// Units of work that the stage itself was asked for.
    pub(super) works: Option<f64>,
}

/// A stage that becomes a node.
#[derive(Debug)]
pub(super) struct Draft<'d> {
    /// The engine's name, `IXSCAN` or `$group`.
    pub(super) name: Cow<'d, str>,
    pub(super) operator: Operator,
    pub(super) role: Role,
    /// Where the stage is described, the fullest description first.
    pub(super) told: [Option<Item<'d>>; 2],
    /// What stands under the key of a pipeline's stage.
    pub(super) spec: Option<Item<'d>>,
    /// Stages of the slot-based engine that did the work.
    pub(super) slots: Vec<Item<'d>>,
    /// The collection that the statement is about: an index into [`Drafts::homes`].
    pub(super) home: usize,
    /// The shard or facet that this stage is the top of.
    pub(super) part: Option<String>,
    measured: Option<Box<Run>>,
    /// Milliseconds of this part of the plan by the server's own clock, not by its stages'.
    pub(super) elapsed_ms: Option<f64>,
    /// Below a PROJECTION_COVERED, with nothing between that reads documents.
    pub(super) is_covered: bool,
    /// Planned, but run as a part of another stage: it has no figures of its own.
    pub(super) is_merged: bool,
    first_child: Link,
    last_child: Link,
    next: Link,
    parent: Link,
}

/// Another stage, or none: an index in four bytes, of which the highest is none.
#[derive(Debug, Clone, Copy)]
struct Link(u32);

impl Link {
    const NONE: Self = Self(u32::MAX);

    fn get(self) -> Option<usize> {
        (self.0 != u32::MAX).then_some(self.0 as usize)
    }
}

impl From<usize> for Link {
    fn from(at: usize) -> Self {
        Self(u32::try_from(at).unwrap_or(u32::MAX))
    }
}

impl<'d> Draft<'d> {
    pub(super) fn new(name: Cow<'d, str>, operator: Operator, role: Role) -> Self {
        Self {
            name,
            operator,
            role,
            told: [None, None],
            spec: None,
            slots: Vec::new(),
            home: 0,
            part: None,
            measured: None,
            elapsed_ms: None,
            is_covered: false,
            is_merged: false,
            first_child: Link::NONE,
            last_child: Link::NONE,
            next: Link::NONE,
            parent: Link::NONE,
        }
    }

    /// The value of a key, from the fullest description that has it.
    pub(super) fn get(&self, key: &str) -> Option<Item<'d>> {
        self.told.iter().flatten().find_map(|item| item.get(key))
    }

    /// What was measured.
    pub(super) fn run(&self) -> Option<Run> {
        self.measured.as_deref().copied()
    }

    /// Sets what was measured. It is held apart: a plan that was not run has none.
    pub(super) fn set_run(&mut self, run: Option<Run>) {
        self.measured = run.map(Box::new);
    }

    fn set_ms(&mut self, ms: f64) {
        if let Some(run) = self.measured.as_mut() {
            run.ms = Some(ms);
        }
    }

    fn ms(&self) -> Option<f64> {
        self.run().and_then(|run| run.ms)
    }
}

/// All stages; a parent comes before its children.
#[derive(Debug, Default)]
pub(super) struct Drafts<'d> {
    pub(super) list: Vec<Draft<'d>>,
    /// `database.collection` that statements and parts of them are about.
    pub(super) homes: Vec<Cow<'d, str>>,
}

impl<'d> Drafts<'d> {
    /// Adds a stage below `parent`, after the children it has.
    pub(super) fn add(&mut self, parent: Option<usize>, mut draft: Draft<'d>) -> usize {
        let at = self.list.len();
        draft.parent = parent.map_or(Link::NONE, Link::from);
        self.list.push(draft);
        if let Some(parent) = parent {
            let last = std::mem::replace(&mut self.list[parent].last_child, at.into());
            match last.get() {
                Some(last) => self.list[last].next = at.into(),
                None => self.list[parent].first_child = at.into(),
            }
        }
        at
    }

    /// The index of a home, made if there is none.
    pub(super) fn home(&mut self, namespace: Cow<'d, str>) -> usize {
        if self.homes.last() != Some(&namespace) {
            self.homes.push(namespace);
        }
        self.homes.len() - 1
    }

    pub(super) fn children(&self, at: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.list[at].first_child.get(), |&child| self.list[child].next.get())
    }

    /// All stages in preorder, each with its depth.
    pub(super) fn preorder(&self) -> impl Iterator<Item = (usize, usize)> {
        let mut next = (!self.list.is_empty()).then_some((0, 0));
        std::iter::from_fn(move || {
            let (at, depth) = next?;
            next = match self.list[at].first_child.get() {
                Some(child) => Some((child, depth + 1)),
                None => self.after(at, depth),
            };
            Some((at, depth))
        })
    }

    /// The stage after the subtree of `at`.
    fn after(&self, mut at: usize, mut depth: usize) -> Option<(usize, usize)> {
        loop {
            if let Some(next) = self.list[at].next.get() {
                return Some((next, depth));
            }
            at = self.list[at].parent.get()?;
            depth -= 1;
        }
    }

    /// Gives the whole plan the time of its statement.
    pub(super) fn set_elapsed(&mut self, ms: Option<f64>) {
        if let Some(root) = self.list.first_mut() {
            root.elapsed_ms = ms;
            if ms.is_some() && root.ms().is_none() {
                root.set_ms(0.0);
            }
        }
    }

    /// Makes the figures whole. Gives the names of stages that were not measured though their
    /// inputs were.
    ///
    /// The clock of most stages ticks in whole milliseconds, in older servers in tens, so that a
    /// stage may show less than its inputs, and all of them nothing while the statement took
    /// longer. A stage is therefore given at least what its inputs have: their sum, or the slowest
    /// where they ran side by side. Where no stage of a plan shows any time, the time of the
    /// statement is shared out by the units of work (`works`, else rows and keys) that each stage
    /// was asked for. Otherwise the root keeps what it has: what the statement took beyond it is
    /// planning, locking and answering, and no stage's own.
    pub(super) fn settle(&mut self) -> Vec<String> {
        let mut unmeasured = Vec::new();
        let mut weights = vec![0.0; self.list.len()];
        for at in (0..self.list.len()).rev() {
            if self.measure_by_inputs(at) {
                unmeasured.push(self.list[at].name.clone().into_owned());
            }
            weights[at] = self.own_weight(at) + self.children(at).map(|c| weights[c]).sum::<f64>();
            self.raise(at);
            self.share_out(at, &weights);
        }
        unmeasured
    }

    /// Gives a stage that was not measured the rows of its inputs, when those were.
    fn measure_by_inputs(&mut self, at: usize) -> bool {
        if self.list[at].measured.is_some() {
            return false;
        }
        let merges = matches!(self.list[at].operator, Operator::ShardMerge | Operator::Append);
        let Some(rows) = self.rows_of_inputs(at, merges) else { return false };
        self.list[at].set_run(Some(Run { loops: 1.0, rows, ..Run::default() }));
        // What merges returns what it is given: that is no guess.
        !merges && !self.list[at].is_merged
    }

    fn rows_of_inputs(&self, at: usize, merges: bool) -> Option<f64> {
        let mut inputs = self.children(at).filter_map(|child| self.list[child].run());
        let first = inputs.next()?.rows;
        Some(if merges { first + inputs.map(|run| run.rows).sum::<f64>() } else { first })
    }

    fn own_weight(&self, at: usize) -> f64 {
        let Some(run) = self.list[at].run() else { return 0.0 };
        let seen = run.keys.unwrap_or(0.0) + run.docs.unwrap_or(0.0);
        run.works.unwrap_or(run.rows + seen).max(seen)
    }

    fn raise(&mut self, at: usize) {
        let side_by_side = matches!(self.list[at].operator, Operator::ShardMerge)
            || self.list[at].name == "$facet";
        let inputs = self.children(at).filter_map(|child| self.list[child].ms());
        let least = match side_by_side {
            true => inputs.reduce(f64::max),
            false => inputs.reduce(|a, b| a + b),
        };
        if let Some(least) = least {
            let ms = self.list[at].ms().unwrap_or(0.0).max(least);
            self.list[at].set_ms(ms);
        }
    }

    fn share_out(&mut self, top: usize, weights: &[f64]) {
        let draft = &self.list[top];
        let Some(elapsed) = draft.elapsed_ms.filter(|ms| *ms > 0.0) else { return };
        if draft.measured.is_none() || draft.ms().is_some_and(|ms| ms > 0.0) {
            return;
        }
        let mut waiting = vec![top];
        while let Some(at) = waiting.pop() {
            waiting.extend(self.children(at));
            let share = match weights[top] > 0.0 {
                true => weights[at] / weights[top],
                false => f64::from(u8::from(at == top)),
            };
            self.list[at].set_ms(elapsed * share);
        }
    }
}

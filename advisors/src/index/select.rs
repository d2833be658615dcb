//! Index selection over the whole workload, sans IO.
//!
//! The selector asks questions ("what would statement S cost with these indexes?") and takes
//! answers; who answers (HypoPG, a clone of an SQLite schema, the cost model) is not its business.
//! It is a pure function of the answers so far: [`Selector::advance`] runs the selection from the
//! start and stops at the first answers it lacks. That costs microseconds and needs no state.
//!
//! 1. Each statement is priced as it is, and with all its candidates at once. Candidates that the
//!    planner does not pick even then are dropped, and with them most of the questions.
//! 2. Greedy growth: of the candidates that are left, the one that saves most time over all calls,
//!    net of what it costs to write, joins the selection; then again with it in place. Of
//!    candidates that are about as good as the best the smallest wins. Where none is worth it
//!    alone, those that a plan uses together are tried.
//! 3. What later choices made superfluous is taken out again.

mod outcome;
mod rank;

use super::candidates::{self, Candidate};
use super::redundancy;
use crate::advice::{Advice, Proof};
use crate::context::{Context, StatementContext};
use planscope_explain::workload::{Index, IndexKey, Table};
use rank::TIE_OF_ORDER;
use std::collections::{BTreeMap, BTreeSet};

/// Least share of a statement's cost that counts as saved: a planner's estimates are not better
/// than that.
const LEAST_SHARE: f64 = 0.10;

/// Least share of the cost of all statements it helps that an index must save. A covering index that
/// makes a whole-table aggregate a fifth cheaper is not worth its size and its upkeep.
const LEAST_GAIN: f64 = 0.30;

/// Least cost that it must save a call of some statement: two pages read at random. What is
/// below is nothing to keep an index, or a wider one, for.
const LEAST_COST: f64 = 10.0;

/// Most indexes that are only worth something together, as for the arms of an OR.
const MOST_TOGETHER: usize = 3;

/// Milliseconds of a unit of PostgreSQL's cost on cached data, where no time was measured.
const MS_OF_COST: f64 = 0.01;

/// Most share of cost by which an index may slow a statement down.
const MOST_HARM: f64 = 0.05;

/// Limits of a selection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Most indexes to advise.
    pub most_indexes: usize,
    /// Most bytes of all advised indexes together.
    pub most_bytes: f64,
    /// Tables with fewer rows get no index.
    pub least_rows: f64,
    /// How the answers come about.
    pub proof: Proof,
}

impl Default for Options {
    /// Ten indexes are as many as anybody reviews; 1,000 rows are a handful of pages.
    fn default() -> Self {
        Self {
            most_indexes: 10,
            most_bytes: f64::INFINITY,
            least_rows: 1_000.0,
            proof: Proof::Hypothetical,
        }
    }
}

/// A question: the cost of a statement if these indexes existed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// Position of the statement in the snapshot.
    pub statement: usize,
    /// Positions of the candidates ([`Selector::candidates`]), ascending.
    pub indexes: Vec<usize>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// Cost of one call in the planner's units; `None` when the planner could not say.
    pub cost: Option<f64>,
    /// Positions of the candidates that the plan uses.
    pub used: Vec<usize>,
    /// Estimated bytes of candidates, by position.
    pub sizes_bytes: Vec<(usize, f64)>,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Answer these, then call [`Selector::advance`] again.
    Ask(Vec<Question>),
    /// The selection is made.
    Done(Vec<Advice>),
}

/// An index selection under way.
#[derive(Debug)]
pub struct Selector<'a> {
    context: &'a Context<'a>,
    options: Options,
    candidates: Vec<Index>,
    /// Those that carry columns only to save the visit of the table.
    covering: Vec<bool>,
    /// For each statement its candidates.
    relevant: Vec<Vec<usize>>,
    answers: BTreeMap<Question, Answer>,
}

fn same_but_for_direction((a, b): (&IndexKey, &IndexKey)) -> bool {
    a.text() == b.text() && a.operator_class == b.operator_class && a.collation == b.collation
}

/// Answers are missing; the questions were noted.
struct Missing(BTreeSet<Question>);

impl<'a> Selector<'a> {
    /// Collects the candidates of all statements that have a plan.
    pub fn new(context: &'a Context<'a>, options: Options) -> Self {
        let mut selector = Self {
            context,
            options,
            candidates: Vec::new(),
            covering: Vec::new(),
            relevant: Vec::new(),
            answers: BTreeMap::new(),
        };
        for statement in &context.statements {
            let found = candidates::of_statement(statement, options.least_rows);
            let ids = found.into_iter().map(|candidate| selector.intern(candidate)).collect();
            selector.relevant.push(ids);
        }
        selector.share();
        selector
    }

    /// A candidate that begins with all keys of a statement's own one can serve it too.
    fn share(&mut self) {
        for statement in 0..self.relevant.len() {
            let own = self.relevant[statement].clone();
            let serves = |other: &usize| {
                let extends = |&mine: &usize| {
                    !self.covering[mine] && self.begins_with(*other, &self.candidates[mine])
                };
                !own.contains(other) && own.iter().any(extends)
            };
            let shared: Vec<usize> = (0..self.candidates.len()).filter(serves).collect();
            self.relevant[statement].extend(shared);
        }
    }

    /// Whether the keys of a candidate begin with those of `index`, of the same table. Directions
    /// are the planner's business: a B-tree is read both ways, and which way counts depends on
    /// which keys a statement pins.
    fn begins_with(&self, candidate: usize, index: &Index) -> bool {
        let longer = &self.candidates[candidate];
        longer.table == index.table
            && longer.schema == index.schema
            && longer.method == index.method
            && index.predicate.is_none()
            && !index.keys.is_empty()
            && index.keys.len() <= longer.keys.len()
            && index.keys.iter().zip(&longer.keys).all(same_but_for_direction)
    }

    fn intern(&mut self, Candidate { index, covering }: Candidate) -> usize {
        let same = |other: &Index| Index { name: index.name.clone(), ..other.clone() } == index;
        if let Some(at) = self.candidates.iter().position(same) {
            self.covering[at] &= covering;
            return at;
        }
        let mut index = index;
        // Covering and plain variants of the same keys need names of their own.
        let stem = index.name.clone();
        let mut n = 2;
        while self.candidates.iter().any(|other| other.name == index.name) {
            index.name = format!("{stem}{n}");
            n += 1;
        }
        self.candidates.push(index);
        self.covering.push(covering);
        self.candidates.len() - 1
    }

    /// The candidates.
    pub fn candidates(&self) -> &[Index] {
        &self.candidates
    }

    /// How many questions were answered.
    pub fn answered(&self) -> usize {
        self.answers.len()
    }

    /// The statement that a question is about.
    pub fn statement(&self, question: &Question) -> &StatementContext<'a> {
        &self.context.statements[question.statement]
    }

    /// The indexes that a question pretends.
    pub fn indexes(&self, question: &Question) -> Vec<&Index> {
        question.indexes.iter().map(|&i| &self.candidates[i]).collect()
    }

    /// Takes an answer.
    pub fn answer(&mut self, question: Question, answer: Answer) {
        self.answers.insert(question, answer);
    }

    /// Goes as far as the answers reach.
    pub fn advance(&self) -> Step {
        match self.run() {
            Ok(advice) => Step::Done(advice),
            Err(Missing(questions)) => Step::Ask(questions.into_iter().collect()),
        }
    }

    fn run(&self) -> Result<Vec<Advice>, Missing> {
        let survivors = self.survivors()?;
        let mut chosen: Vec<usize> = Vec::new();
        // Each round takes a candidate; the bound is for answers that contradict each other.
        for _ in 0..self.candidates.len() {
            let next = match self.best_addition(&chosen, &survivors)? {
                Some(next) => vec![next],
                None => self.best_group(&chosen)?,
            };
            if next.is_empty() {
                break;
            }
            chosen.retain(|&old| !next.iter().any(|&new| self.replaces(new, old)));
            chosen.extend(next);
        }
        self.prune(&mut chosen)?;
        let advice: Result<Vec<Advice>, Missing> =
            chosen.iter().map(|&index| self.advice(index, &chosen)).collect();
        advice.map(|advice| self.with_final_names(advice))
    }

    /// Statements that have a candidate.
    fn open_statements(&self) -> impl Iterator<Item = usize> {
        (0..self.relevant.len()).filter(|&s| !self.relevant[s].is_empty())
    }

    /// The candidates that some plan uses when all are offered, with their plainer variants.
    fn survivors(&self) -> Result<BTreeSet<usize>, Missing> {
        let mut missing = BTreeSet::new();
        let mut used = BTreeSet::new();
        for statement in self.open_statements() {
            self.need(statement, &[], &mut missing);
            if let Some(all) = self.need(statement, &self.relevant[statement], &mut missing) {
                for &index in &all.used {
                    used.insert(index);
                    used.extend(self.variants(statement, index));
                }
            }
        }
        if !missing.is_empty() {
            return Err(Missing(missing));
        }
        let longer = self.longer_ones(&used);
        used.extend(longer);
        Ok(used)
    }

    /// Candidates that begin with all keys of one in `used`, or of an index that exists and could
    /// then go: one index in the place of two.
    fn longer_ones(&self, used: &BTreeSet<usize>) -> Vec<usize> {
        let extends = |candidate: usize| {
            used.iter().any(|&shorter| {
                !self.covering[shorter] && self.begins_with(candidate, &self.candidates[shorter])
            })
        };
        let plain = (0..self.candidates.len()).filter(|&candidate| !self.covering[candidate]);
        plain
            .filter(|&c| {
                !used.contains(&c) && (extends(c) || self.made_redundant(c, &[]).next().is_some())
            })
            .collect()
    }

    /// Candidates of the statement on the same table that begin with the same column, shorter or
    /// not covering, or that have the same columns in another order: where the planner sees no
    /// difference it took any.
    fn variants(&self, statement: usize, of: usize) -> impl Iterator<Item = usize> {
        let leader = &self.candidates[of];
        self.relevant[statement].iter().copied().filter(move |&i| {
            let other = &self.candidates[i];
            other.table == leader.table
                && other.schema == leader.schema
                && other.keys.len() + other.include.len()
                    <= leader.keys.len() + leader.include.len()
                && (other.keys.first() == leader.keys.first()
                    || other.keys.iter().all(|key| leader.keys.contains(key)))
        })
    }

    /// The candidate that saves most on top of `chosen`, if any saves enough.
    fn best_addition(
        &self,
        chosen: &[usize],
        survivors: &BTreeSet<usize>,
    ) -> Result<Option<usize>, Missing> {
        let mut missing = BTreeSet::new();
        let mut rated: Vec<(usize, f64)> = Vec::new();
        let room = self.options.most_bytes - self.size_of_all(chosen);
        let is_full = chosen.len() >= self.options.most_indexes;
        for &candidate in survivors.iter().filter(|c| !chosen.contains(c)) {
            if is_full && !chosen.iter().any(|&old| self.replaces(candidate, old)) {
                continue;
            }
            let saving = self.net_saving(&[candidate], chosen, &mut missing);
            if let Some(saving) = saving.filter(|_| self.size(candidate).unwrap_or(0.0) <= room) {
                rated.push((candidate, saving));
            }
        }
        if !missing.is_empty() {
            return Err(Missing(missing));
        }
        let by_saving = |a: &&(usize, f64), b: &&(usize, f64)| a.1.total_cmp(&b.1);
        let Some(&(best, most)) = rated.iter().max_by(by_saving) else { return Ok(None) };
        let is_reordered = |&&(candidate, saving): &&(usize, f64)| {
            saving >= most * (1.0 - TIE_OF_ORDER) && self.is_reordered(candidate, best)
        };
        let by_room = |a: &&(usize, f64), b: &&(usize, f64)| self.smaller(a.0, b.0, chosen);
        let leader = rated.iter().filter(is_reordered).min_by(by_room);
        let &(best, most) = leader.unwrap_or(&(best, most));
        let is_near = |&(candidate, saving): &(usize, f64)| {
            saving >= most * (1.0 - self.tie(candidate, best, chosen))
                && (saving <= most || candidate == best || !self.is_reordered(candidate, best))
        };
        let near = rated.into_iter().filter(is_near).map(|(candidate, _)| candidate);
        Ok(near.min_by(|&a, &b| self.smaller(a, b, chosen)))
    }

    /// Where no single candidate saves enough: those that some plan uses together, as for the arms
    /// of an OR.
    fn best_group(&self, chosen: &[usize]) -> Result<Vec<usize>, Missing> {
        let mut missing = BTreeSet::new();
        let mut best: (f64, Vec<usize>) = (0.0, Vec::new());
        let count_left = self.options.most_indexes.saturating_sub(chosen.len());
        let room = self.options.most_bytes - self.size_of_all(chosen);
        for statement in self.open_statements() {
            let all = self.need(statement, &self.relevant[statement], &mut missing);
            let used = all.map(|answer| answer.used.clone()).unwrap_or_default();
            let group: Vec<usize> = used.into_iter().filter(|i| !chosen.contains(i)).collect();
            let fits = (2..=MOST_TOGETHER.min(count_left)).contains(&group.len())
                && self.size_of_all(&group) <= room;
            let saving = fits.then(|| self.net_saving(&group, chosen, &mut missing)).flatten();
            if let Some(saving) = saving.filter(|saving| *saving > best.0) {
                best = (saving, group);
            }
        }
        if missing.is_empty() { Ok(best.1) } else { Err(Missing(missing)) }
    }

    /// Existing indexes that a candidate can stand in for, and none of `chosen` does.
    fn made_redundant<'s>(
        &'s self,
        candidate: usize,
        chosen: &'s [usize],
    ) -> impl Iterator<Item = &'s Index> {
        let existing = self.context.snapshot.catalog.indexes.iter();
        existing.filter(move |index| {
            self.stands_in(index, &self.candidates[candidate])
                && !chosen.iter().any(|&other| {
                    other != candidate && self.stands_in(index, &self.candidates[other])
                })
        })
    }

    /// Whether candidate `new` does all that candidate `old` does.
    fn replaces(&self, new: usize, old: usize) -> bool {
        self.stands_in(&self.candidates[old], &self.candidates[new])
    }

    fn stands_in(&self, index: &Index, by: &Index) -> bool {
        redundancy::covered(self.context.engine(), index, by).is_some()
    }

    /// What `added` saves over the workload on top of `chosen`, in milliseconds; `None` when it
    /// saves too little, harms a statement, or answers are missing.
    fn net_saving(
        &self,
        added: &[usize],
        chosen: &[usize],
        missing: &mut BTreeSet<Question>,
    ) -> Option<f64> {
        let with: Vec<usize> = chosen.iter().chain(added).copied().collect();
        let (mut saved, mut touched, mut original) = (0.0, 0.0, 0.0);
        let mut most_of_a_call = 0.0_f64;
        for statement in self.open_statements() {
            if !added.iter().any(|index| self.relevant[statement].contains(index)) {
                continue;
            }
            let before = self.cost(statement, chosen, missing);
            let after = self.cost(statement, &with, missing);
            let (Some(before), Some(after)) = (before, after) else { continue };
            if after > before * (1.0 + MOST_HARM) {
                return None;
            }
            if after < before * (1.0 - LEAST_SHARE) {
                let weight = self.weight(statement);
                saved += (before - after) * weight;
                touched += before * weight;
                original += self.cost(statement, &[], missing).unwrap_or(before) * weight;
                most_of_a_call = most_of_a_call.max(before - after);
            }
        }
        let net = saved - added.iter().map(|&index| self.write_cost(index)).sum::<f64>();
        let least = (touched * LEAST_GAIN).max(original * self.least_of_original(added, chosen));
        (net > 0.0 && saved >= least && most_of_a_call >= LEAST_COST).then_some(net)
    }

    /// Calls of the statement; 1 where they are not known.
    fn calls(&self, statement: usize) -> f64 {
        let calls = self.context.statements[statement].statement.counters.calls;
        calls.filter(|&calls| calls > 0.0).unwrap_or(1.0)
    }

    /// Milliseconds of all calls that a unit of cost stands for: what was measured where it was,
    /// because a planner that does not know the values can be far off.
    fn weight(&self, statement: usize) -> f64 {
        let now = Question { statement, indexes: Vec::new() };
        let cost = self.answers.get(&now).and_then(|answer| answer.cost);
        let measured = self.context.statements[statement].statement.counters.total_ms;
        match (measured, cost.filter(|&cost| cost > 0.0)) {
            (Some(total_ms), Some(cost)) => total_ms / cost,
            _ => self.calls(statement) * MS_OF_COST,
        }
    }

    /// Milliseconds of keeping the index up over the window: a unit of cost a row written, which is
    /// a descent through cached pages and a share of a page written back.
    fn write_cost(&self, candidate: usize) -> f64 {
        let index = &self.candidates[candidate];
        let Some(table) = self.table(index) else { return 0.0 };
        let touching = table.inserts.unwrap_or(0.0)
            + table.deletes.unwrap_or(0.0)
            + (table.updates.unwrap_or(0.0) - table.hot_updates.unwrap_or(0.0)).max(0.0);
        // The rows that are there were once loaded, often before the first call that is counted:
        // only writes beyond them are the workload's.
        (touching - table.rows.unwrap_or(0.0)).max(0.0) * MS_OF_COST
    }

    fn table(&self, index: &Index) -> Option<&Table> {
        self.context.snapshot.catalog.table(index.schema.as_deref(), &index.table)
    }

    fn cost(
        &self,
        statement: usize,
        indexes: &[usize],
        missing: &mut BTreeSet<Question>,
    ) -> Option<f64> {
        self.need(statement, indexes, missing)?.cost
    }

    /// The answer for `statement` with those of `indexes` that are relevant to it.
    fn need(
        &self,
        statement: usize,
        indexes: &[usize],
        missing: &mut BTreeSet<Question>,
    ) -> Option<&Answer> {
        let relevant = &self.relevant[statement];
        let mut indexes: Vec<usize> =
            indexes.iter().copied().filter(|i| relevant.contains(i)).collect();
        indexes.sort_unstable();
        indexes.dedup();
        let question = Question { statement, indexes };
        let answer = self.answers.get(&question);
        if answer.is_none() {
            missing.insert(question);
        }
        answer
    }

    fn size(&self, candidate: usize) -> Option<f64> {
        let of = |answer: &Answer| {
            answer.sizes_bytes.iter().find(|(i, _)| *i == candidate).map(|(_, size)| *size)
        };
        self.answers.values().find_map(of)
    }

    fn size_of_all(&self, chosen: &[usize]) -> f64 {
        chosen.iter().filter_map(|&i| self.size(i)).sum()
    }

    /// Takes out what the others make superfluous, the earliest choice first.
    fn prune(&self, chosen: &mut Vec<usize>) -> Result<(), Missing> {
        for candidate in chosen.clone() {
            let rest: Vec<usize> = chosen.iter().copied().filter(|&c| c != candidate).collect();
            let mut missing = BTreeSet::new();
            let saving = self.net_saving(&[candidate], &rest, &mut missing);
            if !missing.is_empty() {
                return Err(Missing(missing));
            }
            if saving.is_none() {
                *chosen = rest;
            }
        }
        Ok(())
    }
}

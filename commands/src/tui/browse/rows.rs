//! The list of statements: a row each, sorted and filtered.

use super::known::Known;
use crate::tui::plan::search;
use planscope_collection::driver::Ranking;
use planscope_explain::diff::{Severity, Verdict};
use planscope_explain::workload::Counters;
use planscope_explain::{Fingerprint, Snapshot, Statement};
use std::collections::HashMap;

/// A figure that statements are listed and sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Time (or virtual machine steps) over all calls.
    Total,
    /// Calls.
    Calls,
    /// An average call.
    Mean,
    /// Blocks read, or rows looked at.
    Reads,
    /// Rows returned.
    Rows,
    /// What the rules could save, then how many findings there are.
    Findings,
    /// How much worse the plan is than before.
    Change,
}

impl Column {
    /// Every column, in the order of their keys.
    pub const ALL: [Self; 7] = [
        Self::Total,
        Self::Calls,
        Self::Mean,
        Self::Reads,
        Self::Rows,
        Self::Findings,
        Self::Change,
    ];

    /// The name, for heads and notices.
    pub fn name(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Calls => "calls",
            Self::Mean => "mean",
            Self::Reads => "reads",
            Self::Rows => "rows",
            Self::Findings => "findings",
            Self::Change => "change",
        }
    }

    /// The figure in counters; [`None`] for what counters do not say.
    pub fn of(self, counters: &Counters) -> Option<f64> {
        match self {
            Self::Total => counters.total_ms.or(counters.vm_steps),
            Self::Calls => counters.calls,
            Self::Mean => counters.mean_ms.or_else(|| {
                let calls = counters.calls.filter(|calls| *calls > 0.0)?;
                Some(Self::Total.of(counters)? / calls)
            }),
            Self::Reads => Some(Ranking::Reads.value(counters)).filter(|reads| *reads > 0.0),
            Self::Rows => counters.rows,
            Self::Findings | Self::Change => None,
        }
    }
}

/// How a statement stands against the snapshot before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// Whether its newest plan is another one: ✱.
    pub changed: bool,
    /// Whether it was not there before.
    pub new: bool,
    /// The verdict.
    pub verdict: Option<Verdict>,
}

/// A statement in the list.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its place in the snapshot.
    pub place: usize,
    /// The columns' figures, in their order.
    pub figures: [Option<f64>; 7],
    /// How many findings there are about it.
    pub findings: usize,
    /// The gravest of them.
    pub worst: Option<Severity>,
    /// How it stands against the snapshot before.
    pub mark: Mark,
}

/// Who a statement is, in snapshots of the same target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity(Fingerprint, Option<String>, Option<String>);

impl Identity {
    /// The identity of a statement.
    pub fn of(statement: &Statement) -> Self {
        Self(statement.fingerprint, statement.database.clone(), statement.user.clone())
    }
}

/// The rows of a snapshot, and which of them are listed in which order.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// All rows, in the order of the snapshot.
    pub all: Vec<Row>,
    /// Places in `all`, in the order of the list.
    pub listed: Vec<u32>,
    /// The largest figure of each column.
    pub most: [f64; 7],
    /// The sums of each column.
    pub sums: [f64; 7],
}

/// What is listed, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// By what it is sorted, the largest first.
    pub by: Column,
    /// The smallest first.
    pub reversed: bool,
    /// Words that a statement must hold.
    pub words: String,
    /// Only statements with findings.
    pub only_findings: bool,
    /// Only statements that ran in the reckoned time.
    pub only_ran: bool,
    /// Only statements whose plan changed, or that are new.
    pub only_changed: bool,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            by: Column::Total,
            reversed: false,
            words: String::new(),
            only_findings: false,
            only_ran: false,
            only_changed: false,
        }
    }
}

impl Rows {
    /// The rows of what is known. `counters` replace those of the snapshot where they are given.
    pub fn of(known: &Known, counters: Option<&HashMap<Fingerprint, Counters>>) -> Self {
        let statements = known.snapshot.statements.iter().enumerate();
        let all: Vec<Row> = statements
            .map(|(place, statement)| {
                let none = Counters::default();
                let figures = match counters {
                    Some(counters) => counters.get(&statement.fingerprint).unwrap_or(&none),
                    None => &statement.counters,
                };
                row(known, place, statement, figures)
            })
            .collect();
        let column = |i: usize| all.iter().filter_map(move |row| row.figures[i]);
        let most = std::array::from_fn(|i| column(i).fold(0.0, f64::max));
        let sums = std::array::from_fn(|i| column(i).sum());
        Self { all, listed: Vec::new(), most, sums }
    }

    /// Chooses and sorts.
    pub fn list(&mut self, snapshot: &Snapshot, choice: &Choice) {
        let words: Vec<String> = choice.words.split_whitespace().map(str::to_lowercase).collect();
        let fits = |row: &Row| {
            (!choice.only_ran
                || row.figures[..Column::Findings as usize].iter().any(Option::is_some))
                && (!choice.only_findings || row.findings > 0)
                && (!choice.only_changed || row.mark.changed || row.mark.new)
                && holds(&snapshot.statements[row.place], &words)
        };
        let mut listed: Vec<u32> =
            (0..self.all.len() as u32).filter(|&i| fits(&self.all[i as usize])).collect();
        let by = choice.by as usize;
        let figure = |i: &u32| self.all[*i as usize].figures[by];
        // What is not known comes last, whichever way round.
        listed.sort_by(|a, b| {
            let order = match (figure(a), figure(b)) {
                (Some(a), Some(b)) if choice.reversed => a.total_cmp(&b),
                (Some(a), Some(b)) => b.total_cmp(&a),
                (a, b) => b.is_some().cmp(&a.is_some()),
            };
            order.then(a.cmp(b))
        });
        self.listed = listed;
    }

    /// The row at a line of the list.
    pub fn at(&self, line: usize) -> Option<&Row> {
        self.all.get(*self.listed.get(line)? as usize)
    }

    /// The line of a statement.
    pub fn line_of(&self, snapshot: &Snapshot, who: &Identity) -> Option<usize> {
        let is = |i: &u32| {
            let place = self.all[*i as usize].place;
            let statement = &snapshot.statements[place];
            statement.fingerprint == who.0 && Identity::of(statement) == *who
        };
        self.listed.iter().position(is)
    }
}

fn row(known: &Known, place: usize, statement: &Statement, counters: &Counters) -> Row {
    let about = || known.findings_of(statement.fingerprint).map(|(_, finding)| finding);
    let findings = about().count();
    let worst = about().map(|finding| finding.severity).max();
    let saving: f64 = about().filter_map(|finding| finding.saving_ms).fold(0.0, f64::max);
    let diff = known.before.as_ref().and_then(|before| before.of(place));
    let mark = Mark {
        changed: known.before.as_ref().is_some_and(|before| before.is_changed(place)),
        new: known.before.is_some() && diff.is_none(),
        verdict: diff.map(|diff| diff.verdict),
    };
    let mut figures = Column::ALL.map(|column| column.of(counters));
    // Milliseconds count for more than any number of findings.
    figures[Column::Findings as usize] = (findings > 0).then_some(saving * 1e6 + findings as f64);
    figures[Column::Change as usize] = change(mark, diff.and_then(|d| d.plan.as_ref()?.cost_ratio));
    Row { place, figures, findings, worst, mark }
}

/// What got worse first, by how much; then what changed, then what is new, then what got better.
fn change(mark: Mark, ratio: Option<f64>) -> Option<f64> {
    let ratio = ratio.filter(|ratio| ratio.is_finite()).unwrap_or(1.0).clamp(1e-6, 1e6);
    match mark.verdict {
        Some(Verdict::Worse) => Some(4e6 + ratio),
        Some(Verdict::Changed) => Some(3e6 + ratio),
        Some(Verdict::Better) => Some(1e6 + 1.0 / ratio),
        _ if mark.changed => Some(3e6 + ratio),
        _ if mark.new => Some(2.5e6),
        _ => None,
    }
}

/// Whether a statement holds all words: in its text, name, database, user or fingerprint.
fn holds(statement: &Statement, words: &[String]) -> bool {
    let fingerprint = statement.fingerprint.to_string();
    let names = [&statement.name, &statement.database, &statement.user, &statement.engine_id];
    words.iter().all(|word| {
        search::find(&statement.text, word).is_some()
            || names
                .iter()
                .any(|name| name.as_ref().is_some_and(|n| search::find(n, word).is_some()))
            || fingerprint.starts_with(word.as_str())
    })
}

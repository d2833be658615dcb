//! Plan diff: what changed between two plans, and is it worse.
//!
//! A comparison goes through four stages, a file each: `profile` says of every node what it is and
//! what lies below it, `align` pairs the nodes, `changes` names the differences (with `access` for
//! the way a relation is read and `joins` for joins), `verdict` weighs them together with what was
//! measured: work, cost, time. `circumstances` says whether the two sides are alike enough for that.
//! `snapshots` does it for all statements of two snapshots, `trend` compares their times and the shares
//! of several plans, `counted` judges by counters alone what has no plans, `logs` what only logs need, `causes` looks for what may explain the result.
//!
//! Every stage is symmetric: comparing the other way round gives the mirror image.

mod access;
mod align;
mod causes;
mod change;
mod changes;
mod circumstances;
mod counted;
mod joins;
mod lcs;
mod logs;
mod measure;
pub mod noise;
mod profile;
mod reason;
mod snapshots;
mod tables;
#[cfg(test)]
mod tests;
mod trend;
mod verdict;
mod welch;

pub use causes::{Cause, CauseKind, Undo};
pub use change::{Change, ChangeKind, NEW_SEQ_SCAN, Severity};
pub use circumstances::{Difference, DifferenceKind, Withholds, moves_plans};
pub use noise::Timing;
pub use trend::{Flip, PlanShare, Rates, Trend};

use crate::plan::{NodeId, Plan};
use crate::workload::{Catalog, Counters, Fingerprint, Snapshot, TargetIdentity};
use std::collections::BTreeMap;

/// The outcome of a comparison, from harmless to grave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// No difference that matters.
    Same,
    /// Less work.
    Better,
    /// Another plan, about as good.
    Changed,
    /// More work.
    Worse,
    /// The two cannot be compared.
    NotComparable,
}

impl Verdict {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Better => "better",
            Self::Changed => "changed",
            Self::Worse => "worse",
            Self::NotComparable => "not-comparable",
        }
    }
}

/// One side of a comparison of two plans: the plan, and what is known around it.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Sizes of tables, definitions of indexes.
    pub catalog: Option<&'a Catalog>,
    /// The server and database. Two sides of one target are the same data at two times; of
    /// different (or unknown) targets, other data may be the reason for another plan.
    pub target: Option<&'a TargetIdentity>,
    /// The server's settings. Those that the plan lists count as well.
    pub settings: Option<&'a BTreeMap<String, String>>,
    /// The text of the statement: it tells tables from aliases where the plan does not.
    pub statement: Option<&'a str>,
    /// Counters of the statement's calls.
    pub counters: Option<&'a Counters>,
    /// Milliseconds of repeated runs, made in turns with those of the other side.
    pub runs_ms: &'a [f64],
}

impl<'a> Side<'a> {
    /// A plan of which nothing else is known.
    pub fn of(plan: &'a Plan) -> Self {
        Self {
            plan,
            catalog: None,
            target: None,
            settings: None,
            statement: None,
            counters: None,
            runs_ms: &[],
        }
    }

    /// A plan with what a snapshot tells of its server.
    pub fn within(plan: &'a Plan, snapshot: &'a Snapshot) -> Self {
        Self {
            catalog: Some(&snapshot.catalog),
            target: Some(&snapshot.target),
            settings: Some(&snapshot.settings),
            ..Self::of(plan)
        }
    }
}

/// A quantity that is known of both sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// `rows`, `blocks`, `examined`, `vm steps`, `cost` or `time`.
    pub name: &'static str,
    /// Before and after, over the whole statement; time in milliseconds.
    pub values: [f64; 2],
    /// What it says.
    pub says: Says,
}

/// What a quantity says of the plan after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// It is less, beyond tolerance.
    Less,
    /// It is about the same, or the noise is larger than the difference.
    Same,
    /// It is more, beyond tolerance.
    More,
    /// Too little on both sides to judge by.
    TooSmall,
    /// The two are in different units, or of different data.
    Withheld,
}

/// The comparison of two plans.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanDiff {
    /// The outcome.
    pub verdict: Verdict,
    /// Work (or, without it, cost) after ÷ before; `None` when neither is known.
    pub cost_ratio: Option<f64>,
    /// What `cost_ratio` compares, a name as in [`Measured`]; `shape` when there is none and the
    /// verdict follows from the changes alone.
    pub measured_by: &'static str,
    /// Everything that is known of both sides, in the order in which it counts.
    pub measures: Vec<Measured>,
    /// The test of repeated runs, when there were any.
    pub timing: Option<Timing>,
    /// What differs around the plans: version, settings, data.
    pub differences: Vec<Difference>,
    /// The changes, gravest first.
    pub changes: Vec<Change>,
    /// Pairs of nodes that stand for each other, in order of the plan before.
    pub pairs: Vec<(NodeId, NodeId)>,
    /// Why the verdict is what it is, in one sentence.
    pub reason: String,
}

/// Limits under which a difference does not count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Ratio from which more (or less) work counts.
    pub ratio: f64,
    /// Cost below which a plan is too small to judge.
    pub least_cost: f64,
    /// Rows below which a table is too small for its access path to matter.
    pub least_rows: f64,
    /// Milliseconds of a call below which times are not judged.
    pub least_ms: f64,
    /// How sure (0 to 1) the test of repeated runs must be before time counts.
    pub confidence: f64,
}

impl Default for Tolerance {
    /// 1.1: below 10 % the planner's estimates move with every ANALYZE. Cost 100 is about 100
    /// pages read in order; a table of 1,000 rows is read in a millisecond however it is read.
    /// Below a millisecond a call is mostly round trip.
    fn default() -> Self {
        Self { ratio: 1.1, least_cost: 100.0, least_rows: 1_000.0, least_ms: 1.0, confidence: 0.95 }
    }
}

/// A statement that both sides have.
#[derive(Debug, Clone, PartialEq)]
pub struct StatementDiff {
    /// Which statement.
    pub fingerprint: Fingerprint,
    /// Its places in the lists of statements of the two snapshots.
    pub places: [usize; 2],
    /// The comparison of its plans, the prevailing ones where there are several. Where a side has
    /// none, that of its counters alone: then no nodes are paired, and the only changes are of work
    /// and time. `None` when these cannot be judged either.
    pub plan: Option<PlanDiff>,
    /// Which of its plans were compared: places in the lists of plans of the two statements.
    pub compared: [usize; 2],
    /// How often each of its plans was seen, where there is more than one.
    pub flip: Option<Flip>,
    /// The outcome for the statement.
    pub verdict: Verdict,
    /// Mean milliseconds of a call before and after.
    pub mean_ms: [Option<f64>; 2],
    /// Calls and time an hour, before and after.
    pub rates: [Rates; 2],
    /// What became of the time of a call, whatever the plans are.
    pub trend: Trend,
    /// How sure it is that mean calls take another time at all, 0 to 1 (Welch's test); `None` where
    /// calls are too few or their spread is not known.
    pub confidence: Option<f64>,
    /// Milliseconds an hour that the statement takes more than before (less: negative).
    pub added_ms_per_hour: Option<f64>,
    /// What may explain it: places in [`SnapshotDiff::causes`], the likeliest first. Empty unless
    /// it is worse.
    pub causes: Vec<usize>,
    /// Why the verdict is what it is, in one sentence; also where there is no plan to compare.
    pub reason: String,
}

/// The comparison of two snapshots.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotDiff {
    /// The gravest verdict of all statements.
    pub verdict: Verdict,
    /// Statements on both sides: worse, then changed or better, same, not comparable; among these
    /// the one first whose time an hour changed most.
    pub statements: Vec<StatementDiff>,
    /// Statements only in the snapshot after, those that take most time an hour first.
    pub added: Vec<Fingerprint>,
    /// Statements only in the snapshot before, likewise.
    pub removed: Vec<Fingerprint>,
    /// The places of `removed` in the snapshot before, and of `added` in the one after.
    pub lone: [Vec<usize>; 2],
    /// Hours that the counters of each side cover, once what both cover is taken out; `None` when
    /// the server does not say.
    pub hours: [Option<f64>; 2],
    /// Indexes gone or come, settings changed, version changed: what may explain the rest.
    pub causes: Vec<Cause>,
    /// Why the two are not comparable, when they are not.
    pub not_comparable: Option<String>,
}

impl SnapshotDiff {
    /// Puts statements and verdict in order again, after a caller has compared some of them anew.
    pub fn settle(&mut self) {
        snapshots::settle(self);
    }
}

/// Compares two plans of which nothing else is known than, perhaps, the catalogs: they tell the
/// sizes of tables and the definitions of indexes where the plans do not.
///
/// The plans may come from different formats, versions or engines; what only one of them says is
/// not compared.
pub fn plans(
    before: &Plan,
    after: &Plan,
    catalogs: [Option<&Catalog>; 2],
    tolerance: Tolerance,
) -> PlanDiff {
    let [of_before, of_after] = catalogs;
    let before = Side { catalog: of_before, ..Side::of(before) };
    compare([before, Side { catalog: of_after, ..Side::of(after) }], tolerance)
}

/// Compares two plans with all that is known around them.
pub fn compare(sides: [Side<'_>; 2], tolerance: Tolerance) -> PlanDiff {
    verdict::compare(sides, tolerance)
}

/// Compares two snapshots, statement by statement.
///
/// Statements are matched by fingerprint, and by database and user where one side has several of
/// the same fingerprint. Without a plan on both sides its counters judge: work of a mean call first,
/// then time, if a test is sure enough. A statement that cannot be judged is `NotComparable`, which
/// does not count for the whole as long as another one can be.
pub fn snapshots(before: &Snapshot, after: &Snapshot, tolerance: Tolerance) -> SnapshotDiff {
    snapshots::compare(before, after, tolerance)
}

//! Plan diff: what changed between two plans, and is it worse.
//!
//! A comparison goes through four stages, a file each: `profile` says of every node what it is and
//! what lies below it, `align` pairs the nodes, `changes` names the differences (with `access` for
//! the way a relation is read and `joins` for joins), `verdict` weighs them together with the work
//! or the cost. `snapshots` does it for all statements of two snapshots, `causes` looks for what
//! may explain the result.
//!
//! Every stage is symmetric: comparing the other way round gives the mirror image.

mod access;
mod align;
mod causes;
mod changes;
mod joins;
mod lcs;
mod profile;
mod snapshots;
#[cfg(test)]
mod tests;
mod verdict;

use crate::plan::{NodeId, Plan};
use crate::workload::{Catalog, Fingerprint, Snapshot};

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

/// How much a change hurts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Small.
    Low,
    /// Worth a look.
    Medium,
    /// Hurts.
    High,
}

impl Severity {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What kind of change; a closed set, because builds fail on its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it; the manual describes each")]
pub enum ChangeKind {
    AccessPath,
    IndexSwapped,
    IndexRenamed,
    JoinMethod,
    JoinType,
    JoinOrder,
    SortAdded,
    SortRemoved,
    SortMethod,
    SpillAppeared,
    SpillGone,
    AggregateStrategy,
    Parallelism,
    ConditionMoved,
    NodeAdded,
    NodeRemoved,
    Estimate,
    Cost,
    Work,
}

impl ChangeKind {
    /// The name on the wire, e.g. `access-path`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessPath => "access-path",
            Self::IndexSwapped => "index-swapped",
            Self::IndexRenamed => "index-renamed",
            Self::JoinMethod => "join-method",
            Self::JoinType => "join-type",
            Self::JoinOrder => "join-order",
            Self::SortAdded => "sort-added",
            Self::SortRemoved => "sort-removed",
            Self::SortMethod => "sort-method",
            Self::SpillAppeared => "spill-appeared",
            Self::SpillGone => "spill-gone",
            Self::AggregateStrategy => "aggregate-strategy",
            Self::Parallelism => "parallelism",
            Self::ConditionMoved => "condition-moved",
            Self::NodeAdded => "node-added",
            Self::NodeRemoved => "node-removed",
            Self::Estimate => "estimate",
            Self::Cost => "cost",
            Self::Work => "work",
        }
    }
}

/// One difference between two plans.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The kind.
    pub kind: ChangeKind,
    /// How much it hurts.
    pub severity: Severity,
    /// The relation it is about, by its alias.
    pub relation: Option<String>,
    /// What was there, e.g. `IndexScan idx_orders_customer`.
    pub before: String,
    /// What is there now.
    pub after: String,
    /// Nodes of the plan before and of the plan after.
    pub nodes: [Vec<NodeId>; 2],
}

/// The comparison of two plans.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanDiff {
    /// The outcome.
    pub verdict: Verdict,
    /// Work (or, without it, cost) after ÷ before; `None` when neither is known.
    pub cost_ratio: Option<f64>,
    /// What `cost_ratio` compares: `rows`, `blocks`, `vm steps` or `cost`; `shape` when there is
    /// none and the verdict follows from the changes alone.
    pub measured_by: &'static str,
    /// The differences, gravest first.
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
}

impl Default for Tolerance {
    /// 1.1: below 10 % the planner's estimates move with every ANALYZE. Cost 100 is about 100
    /// pages read in order; a table of 1,000 rows is read in a millisecond however it is read.
    fn default() -> Self {
        Self { ratio: 1.1, least_cost: 100.0, least_rows: 1_000.0 }
    }
}

/// A statement that both sides have.
#[derive(Debug, Clone, PartialEq)]
pub struct StatementDiff {
    /// Which statement.
    pub fingerprint: Fingerprint,
    /// Its places in the lists of statements of the two snapshots.
    pub places: [usize; 2],
    /// The comparison of its newest plans; `None` when a side has no plan.
    pub plan: Option<PlanDiff>,
    /// The outcome for the statement.
    pub verdict: Verdict,
    /// Mean milliseconds of a call before and after.
    pub mean_ms: [Option<f64>; 2],
    /// Why the verdict is what it is, in one sentence; also where there is no plan to compare.
    pub reason: String,
}

/// The comparison of two snapshots.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotDiff {
    /// The gravest verdict of all statements.
    pub verdict: Verdict,
    /// Statements on both sides, gravest first.
    pub statements: Vec<StatementDiff>,
    /// Statements only in the snapshot after.
    pub added: Vec<Fingerprint>,
    /// Statements only in the snapshot before.
    pub removed: Vec<Fingerprint>,
    /// Indexes gone or come, settings changed, version changed: what may explain the rest.
    pub causes: Vec<String>,
    /// Why the two are not comparable, when they are not.
    pub not_comparable: Option<String>,
}

/// Compares two plans. `catalogs` tell the sizes of tables and the definitions of indexes where the
/// plans do not.
///
/// The plans may come from different formats, versions or engines; what only one of them says is
/// not compared. Whether the servers' cost settings agree is for the caller to know (as
/// [`snapshots`] does).
pub fn plans(
    before: &Plan,
    after: &Plan,
    catalogs: [Option<&Catalog>; 2],
    tolerance: Tolerance,
) -> PlanDiff {
    verdict::compare([before, after], catalogs, tolerance, verdict::Basis::default())
}

/// Compares two snapshots, statement by statement.
///
/// Statements are matched by fingerprint, and by database and user where one side has several of
/// the same fingerprint. Without a plan on both sides a statement is `NotComparable`, which does
/// not count for the whole as long as another one can be compared.
pub fn snapshots(before: &Snapshot, after: &Snapshot, tolerance: Tolerance) -> SnapshotDiff {
    snapshots::compare(before, after, tolerance)
}

//! One difference between two plans: its kind, its weight, where it is.

use crate::plan::NodeId;

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

/// Declares the kinds once: the enum, their names on the wire, and what they are read backwards.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal $mirror:ident,)+) => {
        /// What kind of change; a closed set, because builds fail on its names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ChangeKind {
            $($(#[$doc])* $kind,)+
        }

        impl ChangeKind {
            /// Every kind, in the order in which changes of one severity are told.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The name on the wire, e.g. `access-path`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            /// The kind of the same change when the plan after is compared with the plan before.
            pub fn mirrored(self) -> Self {
                match self {
                    $(Self::$kind => Self::$mirror,)+
                }
            }
        }
    };
}

kinds! {
    /// A relation is read another way: in order, by an index, by a bitmap, from an index alone.
    AccessPath "access-path" AccessPath,
    /// By another index.
    IndexSwapped "index-swapped" IndexSwapped,
    /// By the same index under another name.
    IndexRenamed "index-renamed" IndexRenamed,
    /// A condition that an index looked up filters now, or the other way round.
    ConditionMoved "condition-moved" ConditionMoved,
    /// An index-only scan has to visit the table for more (or fewer) of its rows.
    HeapFetches "heap-fetches" HeapFetches,
    /// More partitions are read.
    PartitionsAdded "partitions-added" PartitionsPruned,
    /// Fewer partitions are read.
    PartitionsPruned "partitions-pruned" PartitionsAdded,
    /// Nested loop, hash join, merge join.
    JoinMethod "join-method" JoinMethod,
    /// Inner, outer, semi, anti.
    JoinType "join-type" JoinType,
    /// Other relations first, or the inputs swapped.
    JoinOrder "join-order" JoinOrder,
    /// Rows that came in order are sorted.
    SortAdded "sort-added" SortRemoved,
    /// Rows that were sorted come in order.
    SortRemoved "sort-removed" SortAdded,
    /// A full sort became an incremental one, or the other way round.
    SortMethod "sort-method" SortMethod,
    /// A sort, hash or aggregate goes to disk.
    SpillAppeared "spill-appeared" SpillGone,
    /// It fits in memory now.
    SpillGone "spill-gone" SpillAppeared,
    /// Hashed, sorted, plain, in one or several steps.
    AggregateStrategy "aggregate-strategy" AggregateStrategy,
    /// Workers, and how many.
    Parallelism "parallelism" Parallelism,
    /// A common table expression that was computed once is now part of the statement around it.
    CteInlined "cte-inlined" CteMaterialized,
    /// A common table expression is computed once and read from there.
    CteMaterialized "cte-materialized" CteInlined,
    /// The inner side of a nested loop keeps results for keys that come again, or no longer does.
    Memoize "memoize" Memoize,
    /// The plan is compiled before it runs, or no longer is.
    Jit "jit" Jit,
    /// A node that nothing before stands for.
    NodeAdded "node-added" NodeRemoved,
    /// A node that nothing after stands for.
    NodeRemoved "node-removed" NodeAdded,
    /// The planner's rows are off by another order of magnitude.
    Estimate "estimate" Estimate,
    /// The planner's cost of the whole.
    Cost "cost" Cost,
    /// The measured work of the whole.
    Work "work" Work,
    /// The time of the whole, from repeated runs.
    Time "time" Time,
}

/// The name under which a build may ask for [`Change::new_full_scan`], besides the names of kinds.
pub const NEW_SEQ_SCAN: &str = "new-seq-scan";

impl ChangeKind {
    /// The kind of that wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
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
    /// Whether a relation that is not small is read from end to end and was not before.
    pub new_full_scan: bool,
}

impl Change {
    /// Whether a build that fails on `name` fails on this change: the name of its kind, or
    /// [`NEW_SEQ_SCAN`].
    pub fn is(&self, name: &str) -> bool {
        self.kind.name() == name || (name == NEW_SEQ_SCAN && self.new_full_scan)
    }
}

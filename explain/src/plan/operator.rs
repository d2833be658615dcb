//! Engine-neutral operators. The engine's own words stay on the node as its label.

use std::fmt;

/// What a node does, in words shared by all engines.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the field's own term for the operator")]
pub enum Operator {
    SeqScan,
    SampleScan,
    IndexScan,
    IndexOnlyScan,
    BitmapIndexScan,
    BitmapHeapScan,
    BitmapAnd,
    BitmapOr,
    TidScan,
    CteScan,
    WorkTableScan,
    SubqueryScan,
    FunctionScan,
    TableFunctionScan,
    ValuesScan,
    ForeignScan,
    CustomScan,
    VirtualTableScan,
    NestedLoop,
    HashJoin,
    MergeJoin,
    Hash,
    BloomFilter,
    AutomaticIndex,
    Sort,
    IncrementalSort,
    Aggregate,
    HashAggregate,
    GroupAggregate,
    Group,
    WindowAggregate,
    Distinct,
    SetOperation,
    Limit,
    Append,
    MergeAppend,
    RecursiveUnion,
    Materialize,
    Memoize,
    Gather,
    GatherMerge,
    LockRows,
    Modify,
    Result,
    ProjectSet,
    /// SQLite's `MULTI-INDEX OR`, MySQL's and MariaDB's index merge.
    MultiIndex,
    /// A heading that holds its children together and does no work (`QUERY PLAN`, `COMPOUND QUERY`).
    Heading,
    /// An operator this version of planscope does not know, by the engine's name.
    Other(String),
}

impl Operator {
    /// The name on the wire, e.g. `HashJoin`.
    pub fn name(&self) -> &str {
        match self {
            Self::SeqScan => "SeqScan",
            Self::SampleScan => "SampleScan",
            Self::IndexScan => "IndexScan",
            Self::IndexOnlyScan => "IndexOnlyScan",
            Self::BitmapIndexScan => "BitmapIndexScan",
            Self::BitmapHeapScan => "BitmapHeapScan",
            Self::BitmapAnd => "BitmapAnd",
            Self::BitmapOr => "BitmapOr",
            Self::TidScan => "TidScan",
            Self::CteScan => "CteScan",
            Self::WorkTableScan => "WorkTableScan",
            Self::SubqueryScan => "SubqueryScan",
            Self::FunctionScan => "FunctionScan",
            Self::TableFunctionScan => "TableFunctionScan",
            Self::ValuesScan => "ValuesScan",
            Self::ForeignScan => "ForeignScan",
            Self::CustomScan => "CustomScan",
            Self::VirtualTableScan => "VirtualTableScan",
            Self::NestedLoop => "NestedLoop",
            Self::HashJoin => "HashJoin",
            Self::MergeJoin => "MergeJoin",
            Self::Hash => "Hash",
            Self::BloomFilter => "BloomFilter",
            Self::AutomaticIndex => "AutomaticIndex",
            Self::Sort => "Sort",
            Self::IncrementalSort => "IncrementalSort",
            Self::Aggregate => "Aggregate",
            Self::HashAggregate => "HashAggregate",
            Self::GroupAggregate => "GroupAggregate",
            Self::Group => "Group",
            Self::WindowAggregate => "WindowAggregate",
            Self::Distinct => "Distinct",
            Self::SetOperation => "SetOperation",
            Self::Limit => "Limit",
            Self::Append => "Append",
            Self::MergeAppend => "MergeAppend",
            Self::RecursiveUnion => "RecursiveUnion",
            Self::Materialize => "Materialize",
            Self::Memoize => "Memoize",
            Self::Gather => "Gather",
            Self::GatherMerge => "GatherMerge",
            Self::LockRows => "LockRows",
            Self::Modify => "Modify",
            Self::Result => "Result",
            Self::ProjectSet => "ProjectSet",
            Self::MultiIndex => "MultiIndex",
            Self::Heading => "Heading",
            Self::Other(name) => name,
        }
    }

    /// The operator of that wire name; an unknown name is `Other`.
    pub fn from_name(name: &str) -> Self {
        ALL.iter().find(|op| op.name() == name).cloned().unwrap_or_else(|| Self::Other(name.into()))
    }

    /// Reads every row of a table or collection.
    pub fn is_full_scan(&self) -> bool {
        matches!(self, Self::SeqScan)
    }

    /// Reads rows through an index.
    pub fn is_index_access(&self) -> bool {
        matches!(
            self,
            Self::IndexScan
                | Self::IndexOnlyScan
                | Self::BitmapIndexScan
                | Self::BitmapHeapScan
                | Self::MultiIndex
        )
    }

    /// Is a leaf that reads a table, collection, function or other source of rows.
    pub fn is_scan(&self) -> bool {
        self.is_full_scan()
            || self.is_index_access()
            || matches!(
                self,
                Self::SampleScan
                    | Self::TidScan
                    | Self::CteScan
                    | Self::WorkTableScan
                    | Self::SubqueryScan
                    | Self::FunctionScan
                    | Self::TableFunctionScan
                    | Self::ValuesScan
                    | Self::ForeignScan
                    | Self::CustomScan
                    | Self::VirtualTableScan
            )
    }

    /// Combines two inputs.
    pub fn is_join(&self) -> bool {
        matches!(self, Self::NestedLoop | Self::HashJoin | Self::MergeJoin)
    }

    /// Puts rows in order.
    pub fn is_sort(&self) -> bool {
        matches!(self, Self::Sort | Self::IncrementalSort)
    }

    /// Groups or aggregates rows.
    pub fn is_aggregate(&self) -> bool {
        matches!(self, Self::Aggregate | Self::HashAggregate | Self::GroupAggregate | Self::Group)
    }

    /// Runs its input in several workers.
    pub fn is_gather(&self) -> bool {
        matches!(self, Self::Gather | Self::GatherMerge)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Every known operator; `Other` is not among them.
static ALL: &[Operator] = &[
    Operator::SeqScan,
    Operator::SampleScan,
    Operator::IndexScan,
    Operator::IndexOnlyScan,
    Operator::BitmapIndexScan,
    Operator::BitmapHeapScan,
    Operator::BitmapAnd,
    Operator::BitmapOr,
    Operator::TidScan,
    Operator::CteScan,
    Operator::WorkTableScan,
    Operator::SubqueryScan,
    Operator::FunctionScan,
    Operator::TableFunctionScan,
    Operator::ValuesScan,
    Operator::ForeignScan,
    Operator::CustomScan,
    Operator::VirtualTableScan,
    Operator::NestedLoop,
    Operator::HashJoin,
    Operator::MergeJoin,
    Operator::Hash,
    Operator::BloomFilter,
    Operator::AutomaticIndex,
    Operator::Sort,
    Operator::IncrementalSort,
    Operator::Aggregate,
    Operator::HashAggregate,
    Operator::GroupAggregate,
    Operator::Group,
    Operator::WindowAggregate,
    Operator::Distinct,
    Operator::SetOperation,
    Operator::Limit,
    Operator::Append,
    Operator::MergeAppend,
    Operator::RecursiveUnion,
    Operator::Materialize,
    Operator::Memoize,
    Operator::Gather,
    Operator::GatherMerge,
    Operator::LockRows,
    Operator::Modify,
    Operator::Result,
    Operator::ProjectSet,
    Operator::MultiIndex,
    Operator::Heading,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for op in ALL {
            assert_eq!(&Operator::from_name(op.name()), op);
        }
        assert_eq!(Operator::from_name("Warp"), Operator::Other("Warp".into()));
    }
}

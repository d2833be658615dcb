//! Engine-neutral operators. The engine's own words stay on the node as its label.

use std::fmt;

/// Declares the operators once: the enum, their names on the wire and the list of all.
macro_rules! operators {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// What a node does, in words shared by all engines.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each variant is the field's own term for the operator")]
        pub enum Operator {
            $($(#[$doc])* $name,)+
            /// An operator this version of planscope does not know, by the engine's name.
            Other(String),
        }

        impl Operator {
            /// The name on the wire, e.g. `HashJoin`.
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$name => stringify!($name),)+
                    Self::Other(name) => name,
                }
            }
        }

        /// Every known operator; `Other` is not among them.
        static ALL: &[Operator] = &[$(Operator::$name,)+];
    };
}

operators! {
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
    /// SQLite's `MULTI-INDEX OR`, MySQL's and MariaDB's index merge, MongoDB's AND_HASH and OR.
    MultiIndex,
    /// A heading that holds its children together and does no work (`QUERY PLAN`, `COMPOUND QUERY`).
    Heading,
    /// Throws rows away (MySQL's `Filter`, MongoDB's `$match` and SHARDING_FILTER).
    Filter,
    /// Computes or drops columns (MongoDB's PROJECTION stages, `$project`, `$addFields`).
    Projection,
    /// Throws the first rows away; an OFFSET that is a node of its own.
    Skip,
    /// Makes several rows of one (`$unwind`, the buckets of a time series).
    Unwind,
    /// Joins by looking up another collection row by row or by hashing it (`$lookup`, `$graphLookup`).
    Lookup,
    /// Merges what the shards of a cluster return.
    ShardMerge,
    /// Reads a full-text index.
    FullTextSearch,
    /// Reads a spatial index from a point outward.
    GeoNear,
    /// Reads the vectors next to one.
    VectorSearch,
    /// Reads rows by the addresses that its input gives (MongoDB's FETCH).
    Fetch,
    /// Counts rows in the storage engine, without giving them out.
    CountRows,
    /// Answers from the catalog or from what was read while planning; touches no row.
    MetadataRead,
}

impl Operator {
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
                | Self::FullTextSearch
                | Self::GeoNear
                | Self::VectorSearch
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
                    | Self::CountRows
                    | Self::MetadataRead
            )
    }

    /// Combines two inputs.
    pub fn is_join(&self) -> bool {
        matches!(self, Self::NestedLoop | Self::HashJoin | Self::MergeJoin | Self::Lookup)
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

//! The conditions a node shows: what it looks up, filters, joins, sorts and groups by.

use std::fmt;

/// Which part a condition plays at its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConditionKind {
    /// Bounds of an index lookup (`Index Cond`, `TID Cond`, SQLite's `(a=? AND b>?)`).
    Index,
    /// Rechecked after an index lookup (`Recheck Cond`, `Order By` distance rechecks).
    Recheck,
    /// Rows that fail it are thrown away (`Filter`).
    Filter,
    /// The join's condition (`Hash Cond`, `Merge Cond`).
    Join,
    /// Applied by a join after its condition (`Join Filter`).
    JoinFilter,
    /// Evaluated once for the whole node (`One-Time Filter`).
    OneTime,
    /// Keys of a sort, in order.
    SortKey,
    /// The leading part of the sort keys that comes in order already.
    PresortedKey,
    /// Keys of a grouping.
    GroupKey,
    /// Key of a Memoize cache.
    CacheKey,
    /// Order delivered by an index (`Order By` of a KNN search).
    OrderBy,
    /// Condition under which a window aggregate stops.
    Run,
    /// Columns or expressions the node puts out (`Output`, with VERBOSE).
    Output,
}

impl ConditionKind {
    /// Every kind, in the order of the enum.
    pub const ALL: [Self; 13] = [
        Self::Index,
        Self::Recheck,
        Self::Filter,
        Self::Join,
        Self::JoinFilter,
        Self::OneTime,
        Self::SortKey,
        Self::PresortedKey,
        Self::GroupKey,
        Self::CacheKey,
        Self::OrderBy,
        Self::Run,
        Self::Output,
    ];

    /// The name on the wire, e.g. `join-filter`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Recheck => "recheck",
            Self::Filter => "filter",
            Self::Join => "join",
            Self::JoinFilter => "join-filter",
            Self::OneTime => "one-time",
            Self::SortKey => "sort-key",
            Self::PresortedKey => "presorted-key",
            Self::GroupKey => "group-key",
            Self::CacheKey => "cache-key",
            Self::OrderBy => "order-by",
            Self::Run => "run",
            Self::Output => "output",
        }
    }

    /// The kind of that wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Words for people, e.g. `Join Filter`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Index => "Index Cond",
            Self::Recheck => "Recheck Cond",
            Self::Filter => "Filter",
            Self::Join => "Join Cond",
            Self::JoinFilter => "Join Filter",
            Self::OneTime => "One-Time Filter",
            Self::SortKey => "Sort Key",
            Self::PresortedKey => "Presorted Key",
            Self::GroupKey => "Group Key",
            Self::CacheKey => "Cache Key",
            Self::OrderBy => "Order By",
            Self::Run => "Run Condition",
            Self::Output => "Output",
        }
    }
}

impl fmt::Display for ConditionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A condition as the engine wrote it. A list (sort keys, output) is one condition an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The part it plays.
    pub kind: ConditionKind,
    /// The engine's own text.
    pub text: String,
}

impl Condition {
    /// A condition of `kind` that reads `text`.
    pub fn new(kind: ConditionKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for kind in ConditionKind::ALL {
            assert_eq!(ConditionKind::from_name(kind.name()), Some(kind));
        }
    }
}

//! PostgreSQL's names of operators, as EXPLAIN's text prints them.
//!
//! The other formats spell the same operator in pieces (`Node Type`, `Strategy`, `Join Type` …).
//! They are put together to the text's label first, and the label alone decides what the node is.
//! So all formats of one plan agree.

use crate::plan::Operator;
use serde_json::{Map, Value};

/// Names that stand alone, with what they are.
static NAMES: &[(&str, Operator)] = &[
    ("Aggregate", Operator::Aggregate),
    ("Append", Operator::Append),
    ("Bitmap Heap Scan", Operator::BitmapHeapScan),
    ("Bitmap Index Scan", Operator::BitmapIndexScan),
    ("BitmapAnd", Operator::BitmapAnd),
    ("BitmapOr", Operator::BitmapOr),
    ("CTE Scan", Operator::CteScan),
    ("Custom Scan", Operator::CustomScan),
    ("Delete", Operator::Modify),
    ("Distributed Subplan", Operator::Heading),
    ("Foreign Delete", Operator::ForeignScan),
    ("Foreign Insert", Operator::ForeignScan),
    ("Foreign Scan", Operator::ForeignScan),
    ("Foreign Update", Operator::ForeignScan),
    ("Function Scan", Operator::FunctionScan),
    ("Gather", Operator::Gather),
    ("Gather Merge", Operator::GatherMerge),
    ("Group", Operator::Group),
    ("GroupAggregate", Operator::GroupAggregate),
    ("Hash", Operator::Hash),
    ("HashAggregate", Operator::HashAggregate),
    ("HashSetOp", Operator::SetOperation),
    ("Incremental Sort", Operator::IncrementalSort),
    ("Index Only Scan", Operator::IndexOnlyScan),
    ("Index Only Scan Backward", Operator::IndexOnlyScan),
    ("Index Scan", Operator::IndexScan),
    ("Index Scan Backward", Operator::IndexScan),
    ("Insert", Operator::Modify),
    ("Limit", Operator::Limit),
    ("LockRows", Operator::LockRows),
    ("Materialize", Operator::Materialize),
    ("Memoize", Operator::Memoize),
    ("Merge", Operator::Modify),
    ("Merge Append", Operator::MergeAppend),
    ("MixedAggregate", Operator::Aggregate),
    ("ModifyTable", Operator::Modify),
    ("Nested Loop", Operator::NestedLoop),
    ("ProjectSet", Operator::ProjectSet),
    ("Recursive Union", Operator::RecursiveUnion),
    ("Result", Operator::Result),
    ("Result Cache", Operator::Memoize),
    ("Sample Scan", Operator::SampleScan),
    ("Seq Scan", Operator::SeqScan),
    ("SetOp", Operator::SetOperation),
    ("Sort", Operator::Sort),
    ("Subquery Scan", Operator::SubqueryScan),
    ("Table Function Scan", Operator::TableFunctionScan),
    ("Task", Operator::Heading),
    ("Tid Range Scan", Operator::TidScan),
    ("Tid Scan", Operator::TidScan),
    ("Unique", Operator::Distinct),
    ("Update", Operator::Modify),
    ("Values Scan", Operator::ValuesScan),
    ("WindowAgg", Operator::WindowAggregate),
    ("WorkTable Scan", Operator::WorkTableScan),
];

/// Words before the name that say how it runs.
const PREFIXES: [&str; 4] = ["Parallel ", "Async ", "Partial ", "Finalize "];

const JOINS: [(&str, Operator); 3] = [
    ("Hash", Operator::HashJoin),
    ("Merge", Operator::MergeJoin),
    ("Nested Loop", Operator::NestedLoop),
];

/// Words between a join's name and `Join`; none is an inner join.
const JOIN_TYPES: [&str; 9] =
    ["Inner", "Left", "Right", "Full", "Semi", "Anti", "Right Semi", "Right Anti", "Unique"];

/// What a label means: the operator and, of a join, its type. `None` for an unknown label.
pub(super) fn meaning(label: &str) -> Option<(Operator, Option<&'static str>)> {
    let mut name = label;
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)) {
        name = rest;
    }
    if let Some(join) = name.strip_suffix(" Join").and_then(join) {
        return Some(join);
    }
    let name = match name {
        custom if custom.starts_with("Custom Scan (") => "Custom Scan",
        set if set.starts_with("SetOp ") || set.starts_with("HashSetOp ") => "SetOp",
        // Citus numbers them.
        subplan if subplan.starts_with("Distributed Subplan ") => "Distributed Subplan",
        other => other,
    };
    let at = NAMES.binary_search_by(|(known, _)| known.cmp(&name)).ok()?;
    let operator = NAMES[at].1.clone();
    let join_type = operator.is_join().then_some("Inner");
    Some((operator, join_type))
}

fn join(name: &str) -> Option<(Operator, Option<&'static str>)> {
    let (kind, operator) = JOINS.iter().find(|(kind, _)| name.starts_with(kind))?;
    let rest = &name[kind.len()..];
    if rest.is_empty() {
        return Some((operator.clone(), Some("Inner")));
    }
    let word = rest.strip_prefix(' ')?;
    let join_type = JOIN_TYPES.into_iter().find(|known| *known == word)?;
    Some((operator.clone(), Some(join_type)))
}

/// The pieces in which formats other than text spell an operator, by their keys.
#[derive(Debug, Default)]
pub(super) struct Pieces(Map<String, Value>);

impl Pieces {
    const KEYS: [&'static str; 10] = [
        "Node Type",
        "Strategy",
        "Partial Mode",
        "Operation",
        "Command",
        "Custom Plan Provider",
        "Scan Direction",
        "Join Type",
        "Parallel Aware",
        "Async Capable",
    ];

    /// Takes the property if it is one of the pieces, else gives it back.
    pub(super) fn take(&mut self, key: &str, value: Value) -> Option<Value> {
        if !Self::KEYS.contains(&key) || !matches!(value, Value::String(_) | Value::Bool(_)) {
            return Some(value);
        }
        self.0.insert(key.to_owned(), value);
        None
    }

    fn word(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn is(&self, key: &str) -> bool {
        match self.0.get(key) {
            Some(Value::Bool(is)) => *is,
            Some(Value::String(word)) => word == "true",
            _ => false,
        }
    }

    /// Whether there is nothing to make a label of.
    pub(super) fn is_empty(&self) -> bool {
        self.word("Node Type").is_empty()
    }

    /// The type of a join, in the engine's word.
    pub(super) fn join_type(&self) -> Option<&str> {
        self.0.get("Join Type").and_then(Value::as_str)
    }

    /// The label that the text format prints, e.g. `Parallel Hash Left Join`.
    pub(super) fn label(&self) -> String {
        let mut label = String::new();
        for (key, prefix) in [("Parallel Aware", "Parallel "), ("Async Capable", "Async ")] {
            if self.is(key) {
                label.push_str(prefix);
            }
        }
        label.push_str(&self.name());
        label
    }

    fn name(&self) -> String {
        let node_type = self.word("Node Type");
        match node_type {
            "Hash Join" | "Merge Join" | "Nested Loop" => self.join_name(node_type),
            "Aggregate" => self.aggregate_name(),
            "ModifyTable" if !self.word("Operation").is_empty() => self.word("Operation").into(),
            "Foreign Scan" if !matches!(self.word("Operation"), "" | "Select") => {
                format!("Foreign {}", self.word("Operation"))
            }
            "Custom Scan" if !self.word("Custom Plan Provider").is_empty() => {
                format!("Custom Scan ({})", self.word("Custom Plan Provider"))
            }
            "SetOp" => {
                let hashed = if self.word("Strategy") == "Hashed" { "Hash" } else { "" };
                format!("{hashed}SetOp {}", self.word("Command")).trim_end().to_owned()
            }
            "Index Scan" | "Index Only Scan" if self.word("Scan Direction") == "Backward" => {
                format!("{node_type} Backward")
            }
            _ => node_type.to_owned(),
        }
    }

    fn join_name(&self, node_type: &str) -> String {
        let join_type = self.word("Join Type");
        if matches!(join_type, "" | "Inner") {
            return node_type.to_owned();
        }
        let kind = node_type.strip_suffix(" Join").unwrap_or(node_type);
        format!("{kind} {join_type} Join")
    }

    fn aggregate_name(&self) -> String {
        let name = match self.word("Strategy") {
            "Sorted" => "GroupAggregate",
            "Hashed" => "HashAggregate",
            "Mixed" => "MixedAggregate",
            _ => "Aggregate",
        };
        match self.word("Partial Mode") {
            "" | "Simple" => name.to_owned(),
            mode => format!("{mode} {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_for_the_search() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn labels_have_a_meaning() {
        let of = |label| meaning(label).map(|(operator, join)| (operator.to_string(), join));
        let plain = |name: &str| Some((name.to_owned(), None));
        assert_eq!(of("Seq Scan"), plain("SeqScan"));
        assert_eq!(of("Parallel Hash"), plain("Hash"));
        assert_eq!(of("Finalize GroupAggregate"), plain("GroupAggregate"));
        assert_eq!(of("Custom Scan (ChunkAppend)"), plain("CustomScan"));
        assert_eq!(of("HashSetOp Except All"), plain("SetOperation"));
        assert_eq!(of("Index Scan Backward"), plain("IndexScan"));
        assert_eq!(of("Hash Join"), Some(("HashJoin".into(), Some("Inner"))));
        assert_eq!(of("Nested Loop"), Some(("NestedLoop".into(), Some("Inner"))));
        assert_eq!(of("Nested Loop Left Join"), Some(("NestedLoop".into(), Some("Left"))));
        assert_eq!(
            of("Parallel Hash Right Anti Join"),
            Some(("HashJoin".into(), Some("Right Anti")))
        );
        assert_eq!(of("Warp Join"), None);
        assert_eq!(of("Hash Warp Join"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn pieces_make_the_label_of_the_text() {
        let label = |pairs: &[(&str, &str)]| {
            let mut pieces = Pieces::default();
            for (key, value) in pairs {
                assert_eq!(pieces.take(key, Value::from(*value)), None);
            }
            pieces.label()
        };
        let aggregate = ("Node Type", "Aggregate");
        assert_eq!(label(&[aggregate, ("Strategy", "Plain")]), "Aggregate");
        assert_eq!(
            label(&[("Partial Mode", "Partial"), aggregate, ("Strategy", "Hashed")]),
            "Partial HashAggregate"
        );
        let join = ("Node Type", "Hash Join");
        assert_eq!(
            label(&[("Join Type", "Left"), join, ("Parallel Aware", "true")]),
            "Parallel Hash Left Join"
        );
        assert_eq!(label(&[join, ("Join Type", "Inner")]), "Hash Join");
        assert_eq!(
            label(&[("Node Type", "Nested Loop"), ("Join Type", "Anti")]),
            "Nested Loop Anti Join"
        );
        assert_eq!(
            label(&[("Node Type", "SetOp"), ("Strategy", "Hashed"), ("Command", "Except")]),
            "HashSetOp Except"
        );
        assert_eq!(label(&[("Node Type", "ModifyTable"), ("Operation", "Update")]), "Update");
    }
}

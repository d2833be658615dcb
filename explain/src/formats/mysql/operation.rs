//! One operation of the iterator executor: a line of FORMAT=TREE, `operation` in FORMAT=JSON version 2.
//!
//! The words are those of MySQL 8.0.16 to 9.7: MySQL writes them for people and keeps changing
//! them, so what is read first is their pattern, `Verb on TABLE using INDEX (…)`.

use super::words::{parenthesized, split, split_once};
use crate::plan::{Condition, ConditionKind, Node, Operator};
use serde_json::Value;

/// The node of an operation. An unknown one is [`Operator::Other`] of its own text.
pub(super) fn node(text: &str) -> Node {
    let text = text.trim();
    join(text)
        .or_else(|| access(text))
        .or_else(|| step(text))
        .or_else(|| materialization(text))
        .or_else(|| write(text))
        .or_else(|| remark(text))
        .unwrap_or_else(|| Node::new(Operator::Other(head(text).to_owned()), text))
}

/// Whether `text` begins as only an operation of MySQL does.
pub(super) fn is_operation(text: &str) -> bool {
    let node = node(text);
    !matches!(node.operator, Operator::Other(_))
}

/// The words before whatever belongs to this one plan.
fn head(text: &str) -> &str {
    let end = text.find([':', '(', '\'', '`', '<']).unwrap_or(text.len());
    text.get(..end).unwrap_or(text).trim()
}

fn detail(node: &mut Node, key: &str, value: impl Into<Value>) {
    node.details.insert(key.to_owned(), value.into());
}

fn conditions<'a>(node: &mut Node, kind: ConditionKind, texts: impl IntoIterator<Item = &'a str>) {
    let texts = texts.into_iter().map(str::trim).filter(|text| !text.is_empty());
    node.conditions.extend(texts.map(|text| Condition::new(kind, text)));
}

// ---- joins ---------------------------------------------------------------------------------------

/// `Nested loop left join`, `Inner hash join (a = b), extra conditions: (…)`, `Batched key access inner
/// join`, `Nested loop semijoin with duplicate removal on i`.
fn join(text: &str) -> Option<Node> {
    let words = head(text);
    let lower = words.to_ascii_lowercase();
    let operator = match () {
        () if lower.starts_with("nested loop ") || lower.starts_with("batched key access ") => {
            Operator::NestedLoop
        }
        () if lower.contains("hash ") && lower.contains("join") => Operator::HashJoin,
        () => return None,
    };
    const TYPES: [(&str, &str); 6] = [
        ("semijoin", "Semi"),
        ("antijoin", "Anti"),
        ("left", "Left"),
        ("right", "Right"),
        ("full", "Full"),
        ("inner", "Inner"),
    ];
    let kind = TYPES.iter().find(|(word, _)| lower.contains(word)).map(|(_, kind)| *kind)?;
    let mut node = Node::new(operator, words);
    node.join_type = Some(kind.to_owned());
    join_conditions(&mut node, text.get(words.len()..).unwrap_or_default().trim());
    Some(node)
}

fn join_conditions(node: &mut Node, rest: &str) {
    let (keys, extra) = split_once(rest, ", extra conditions: ").unwrap_or((rest, ""));
    for key in split(keys, ", ") {
        match key.trim() {
            "" | "(no condition)" => {}
            strategy @ ("(LooseScan)" | "(FirstMatch)") => {
                node.label.push(' ');
                node.label.push_str(strategy);
            }
            key => conditions(node, ConditionKind::Join, [key]),
        }
    }
    conditions(node, ConditionKind::JoinFilter, split(extra, " and "));
}

// ---- tables and indexes --------------------------------------------------------------------------

/// `Covering index lookup on c using i (a = b.c), with index condition: (…)`.
fn access(text: &str) -> Option<Node> {
    let (verb, rest) = match text.split_once(" on ") {
        Some(parts) => parts,
        None => (["Constant row from", "Count rows in"]
            .iter()
            .find(|verb| text.starts_with(*verb))
            .copied())
        .and_then(|verb| Some((verb, text.get(verb.len() + 1..)?)))?,
    };
    let operator = access_operator(verb)?;
    let (rest, pushed) = match rest.split_once(", with index condition: ") {
        Some((before, pushed)) => (before, pushed),
        None => (rest, ""),
    };
    let mut node = Node::new(operator, verb);
    let (target, using) = match rest.split_once(" using ") {
        Some((target, using)) => (target, Some(using)),
        None => (rest, None),
    };
    let after = match using {
        Some(using) => {
            let (index, after) = index_name(using);
            node.index = Some(index.to_owned());
            node.relation = Some(target.to_owned());
            after
        }
        None => relation(&mut node, target),
    };
    bounds(&mut node, after);
    conditions(&mut node, ConditionKind::Index, [pushed]);
    if matches!(verb, "Index scan" | "Covering index scan") {
        detail(&mut node, "full", true);
    }
    Some(node)
}

fn access_operator(verb: &str) -> Option<Operator> {
    let lower = verb.to_ascii_lowercase();
    let is_access =
        [" scan", " lookup", " search", " from", " in"].iter().any(|end| lower.ends_with(end))
            || lower.ends_with(" scan for grouping")
            || lower.ends_with(" scan for deduplication");
    Some(match () {
        () if !is_access || lower.contains(':') => return None,
        () if lower == "table scan" => Operator::SeqScan,
        () if lower.contains("sample") => Operator::SampleScan,
        () if lower.starts_with("full-text") => Operator::FullTextSearch,
        () if lower.starts_with("count rows") => Operator::CountRows,
        () if lower.starts_with("constant row") => Operator::MetadataRead,
        () if lower.contains("covering") => Operator::IndexOnlyScan,
        () if lower.contains("index") => Operator::IndexScan,
        () if lower.contains("table scan") => Operator::SeqScan,
        () => return None,
    })
}

/// The index's name and what follows. Names with blanks are not quoted.
fn index_name(using: &str) -> (&str, &str) {
    const ENDS: [&str; 6] = [" (", " over ", ", ", " in secondary", " with ", " iterate"];
    let end = ENDS.iter().filter_map(|mark| using.find(mark)).min().unwrap_or(using.len());
    using.split_at(end)
}

/// A table scan's target, or that of an index scan that names no index.
fn relation<'a>(node: &mut Node, target: &'a str) -> &'a str {
    let ends = [" (", " in secondary"];
    let end = ends.iter().filter_map(|mark| target.find(mark)).min().unwrap_or(target.len());
    let (name, after) = target.split_at(end);
    node.relation = Some(name.trim().to_owned());
    after
}

/// ` (a = b, c = d)`, ` (reverse)`, ` over (1 < a) OR (…)`, ` (re-planned for each iteration)`.
fn bounds(node: &mut Node, after: &str) {
    let mut rest = after.trim();
    if let Some(ranges) = rest.strip_prefix("over ") {
        let (ranges, tail) = match ranges.strip_suffix("(reverse)") {
            Some(ranges) => (ranges, "(reverse)"),
            None => (ranges, ""),
        };
        conditions(node, ConditionKind::Index, [ranges]);
        rest = tail;
    }
    while let Some((inner, tail)) = parenthesized(rest) {
        match inner {
            "reverse" | "iterate backwards" => detail(node, "reverse", true),
            "re-planned for each iteration" => detail(node, "replanned_for_each_iteration", true),
            _ => conditions(node, ConditionKind::Index, split(inner, ", ")),
        }
        rest = tail.trim();
    }
    if !rest.is_empty() {
        detail(node, "remark", rest);
    }
}

// ---- steps over one input ------------------------------------------------------------------------

/// Operations with a colon: `Filter: (…)`, `Sort: a, b DESC, limit input to 5 row(s) per chunk`.
fn step(text: &str) -> Option<Node> {
    let (words, rest) = text.split_once(':').unwrap_or((text, ""));
    let rest = rest.trim();
    let mut node = match words {
        "Filter" => with(Operator::Filter, words, ConditionKind::Filter, [rest]),
        "Sort-deduplicate by row ID" => Node::new(Operator::MultiIndex, words),
        _ if words == "Sort" || words.starts_with("Sort ") => sort(words, rest),
        "Limit" | "Limit/Offset" | "Limit table size" => {
            let mut node = Node::new(Operator::Limit, text);
            detail(
                &mut node,
                "limit",
                rest.trim_end_matches(" row(s)").trim_end_matches(" unique"),
            );
            node
        }
        _ if words.starts_with("Window ") => {
            let mut node = Node::new(Operator::WindowAggregate, words);
            detail(&mut node, "functions", rest);
            node
        }
        _ => aggregate(words, rest)?,
    };
    if words.starts_with("Sort with duplicate removal") {
        detail(&mut node, "deduplication", true);
    }
    Some(node)
}

fn with<'a>(
    operator: Operator,
    label: &str,
    kind: ConditionKind,
    texts: impl IntoIterator<Item = &'a str>,
) -> Node {
    let mut node = Node::new(operator, label);
    conditions(&mut node, kind, texts);
    node
}

fn sort(words: &str, rest: &str) -> Node {
    let (keys, limit) = match rest.split_once(", limit input to ") {
        Some((keys, limit)) => (keys, Some(limit)),
        None => (rest, None),
    };
    let mut node = with(Operator::Sort, words, ConditionKind::SortKey, split(keys, ", "));
    if let Some(limit) = limit {
        detail(&mut node, "limit_input_to", limit);
    }
    node
}

fn aggregate(words: &str, rest: &str) -> Option<Node> {
    let operator = match words {
        "Aggregate using temporary table" => Operator::HashAggregate,
        _ if words == "Aggregate" || words.starts_with("Aggregate ") => Operator::Aggregate,
        _ if words.starts_with("Group aggregate") => Operator::GroupAggregate,
        _ if words == "Group"
            || words.starts_with("Group (")
            || words.starts_with("Group with") =>
        {
            Operator::Group
        }
        _ => return None,
    };
    let mut node = Node::new(operator, words);
    if !rest.is_empty() {
        detail(&mut node, "functions", rest);
    }
    Some(node)
}

// ---- temporary tables ----------------------------------------------------------------------------

/// `Materialize CTE x if needed (query plan printed elsewhere)`, `Union materialize with deduplication`,
/// `Temporary table with deduplication`.
fn materialization(text: &str) -> Option<Node> {
    let words = head(text);
    let lower = words.to_ascii_lowercase();
    let operator = match () {
        () if lower == "materialize table function" => Operator::TableFunctionScan,
        () if lower.starts_with("materialize") => Operator::Materialize,
        () if lower == "union all materialize" => Operator::Append,
        () if is_set_operation(&lower) => Operator::SetOperation,
        () if lower.starts_with("temporary table with deduplication") => Operator::Distinct,
        () if lower.starts_with("temporary table") => Operator::Materialize,
        () => return None,
    };
    let mut node = Node::new(operator, text);
    if let Some((_, name)) = words.split_once("CTE ") {
        let name = name.trim_end_matches(" if needed");
        node.subplan = Some(format!("CTE {name}"));
    }
    Some(node)
}

/// `Union CTE x if needed` is what 8.0 says of a CTE that is a union.
fn is_set_operation(lower: &str) -> bool {
    let first = ["union ", "intersect ", "except "].iter().any(|word| lower.starts_with(word));
    first && (lower.contains("materialize") || lower.contains(" cte "))
}

// ---- writes and the rest -------------------------------------------------------------------------

/// `Insert into t`, `Update c (buffered), o (immediate)`, `Delete from o (buffered)`.
fn write(text: &str) -> Option<Node> {
    let verbs = ["Insert into ", "Replace into ", "Delete from ", "Update "];
    let verb = verbs.iter().find(|verb| text.starts_with(*verb))?;
    let tables = text.get(verb.len()..)?;
    let mut node = Node::new(Operator::Modify, verb.trim());
    let first = tables.split(", ").next().unwrap_or(tables);
    node.relation = Some(first.split(" (").next().unwrap_or(first).to_owned());
    if tables.contains([',', '(']) {
        detail(&mut node, "tables", tables);
    }
    Some(node)
}

/// The single-table UPDATE and DELETE, and INSERT … VALUES: run without iterators.
pub(super) const NOT_EXECUTABLE: &str = "<not executable by iterator executor>";

fn remark(text: &str) -> Option<Node> {
    let operator = match text {
        NOT_EXECUTABLE => Operator::Modify,
        "Hash" => Operator::Hash,
        "Append" => Operator::Append,
        "Stream results" => Operator::Projection,
        "Repeat until convergence" => Operator::RecursiveUnion,
        "Rows fetched before execution" => Operator::MetadataRead,
        "Batch input rows" | "Disable deduplication" => Operator::Heading,
        _ => return begins(text),
    };
    Some(Node::new(operator, text))
}

/// What goes on after its first words.
fn begins(text: &str) -> Option<Node> {
    const WORDS: [(&str, Operator); 13] = [
        ("Scan new records on ", Operator::WorkTableScan),
        ("Deduplicate rows sorted by row ID", Operator::MultiIndex),
        ("Intersect rows sorted by row ID", Operator::MultiIndex),
        ("Remove duplicate", Operator::Distinct),
        ("Zero rows", Operator::Result),
        ("Zero input rows", Operator::Result),
        ("Table value constructor", Operator::ValuesScan),
        ("Invalidate materialized tables", Operator::Heading),
        ("Alternative plans for IN subquery", Operator::Heading),
        ("Select #", Operator::Heading),
        ("Materialized temporary table", Operator::Materialize),
        ("Rows fetched before execution", Operator::MetadataRead),
        ("Append", Operator::Append),
    ];
    let (words, operator) = WORDS.iter().find(|(words, _)| text.starts_with(words))?;
    let mut node = Node::new(operator.clone(), text);
    if *operator == Operator::WorkTableScan {
        node.label = words.trim_end_matches(" on ").to_owned();
        node.relation = text.get(words.len()..).map(str::to_owned);
    }
    Some(node)
}

#[cfg(test)]
#[path = "operation_tests.rs"]
mod tests;

//! One row of EXPLAIN QUERY PLAN: `SEARCH t USING INDEX i (a=? AND b>?)`.
//!
//! The words are those of `sqlite3WhereAddExplainText` and of the calls of `ExplainQueryPlan` in
//! SQLite's source, and the older spellings until 3.36 (`SCAN TABLE t AS x`).

use crate::plan::{Condition, ConditionKind, Node, Operator, Role};
use serde_json::Value;

/// The node of a row. An unknown row is [`Operator::Other`] of its text.
pub(super) fn node(detail: &str) -> Node {
    let detail = detail.trim();
    let words = || detail.split(' ');
    match words().next() {
        Some("SCAN") => access(detail, "SCAN"),
        Some("SEARCH") => access(detail, "SEARCH"),
        _ => temp_b_tree(detail)
            .or_else(|| subquery(detail))
            .or_else(|| filter(detail))
            .or_else(|| in_operator(detail))
            .or_else(|| heading(detail))
            .unwrap_or_else(|| Node::new(Operator::Other(detail.to_owned()), detail)),
    }
}

/// Whether the row is one loop of a nest of loops.
pub(super) fn is_loop(node: &Node) -> bool {
    matches!(node.label.as_str(), "SCAN" | "SEARCH" | "MULTI-INDEX OR")
}

/// The name of the subquery that a `MATERIALIZE` or `CO-ROUTINE` makes.
pub(super) fn made_name(node: &Node) -> Option<&str> {
    matches!(node.label.as_str(), "MATERIALIZE" | "CO-ROUTINE")
        .then_some(node.subplan.as_deref())
        .flatten()
}

fn access(detail: &str, word: &str) -> Node {
    let mut node = Node::new(Operator::SeqScan, word);
    let mut rest = suffixes(&mut node, detail[word.len()..].trim_start());
    if rest.ends_with("CONSTANT ROW") || rest.ends_with("CONSTANT ROWS") {
        node.operator = Operator::Result;
        node.label = detail.to_owned();
        return node;
    }
    if let Some((target, index)) = rest.split_once(" VIRTUAL TABLE INDEX ") {
        node.operator = Operator::VirtualTableScan;
        detail_of(&mut node, "virtual_table_index", index);
        rest = target;
    } else if let Some((target, using)) = split_using(rest) {
        node.operator = using_index(&mut node, using, word);
        rest = target;
    } else if word == "SEARCH" {
        // The statement asks for min() or max(). Of the rowid that is one step in the table's own
        // tree, of a column without an index it is a scan; SQLite writes both the same way.
        detail_of(&mut node, "min_or_max", true);
    }
    target(&mut node, rest);
    node
}

/// Takes off what may stand at the end: `LEFT-JOIN`, and the row estimate of very old versions.
fn suffixes<'a>(node: &mut Node, rest: &'a str) -> &'a str {
    let mut rest = rest;
    if let Some((before, rows)) = rest.rsplit_once(" (~")
        && let Some(count) = rows.strip_suffix(" rows)").or_else(|| rows.strip_suffix(" row)"))
    {
        node.estimate.rows_per_loop = count.parse().ok();
        rest = before;
    }
    if let Some(before) = rest.strip_suffix(" LEFT-JOIN") {
        node.join_type = Some("Left".into());
        rest = before;
    }
    rest
}

/// The target and what follows its `USING`.
fn split_using(rest: &str) -> Option<(&str, &str)> {
    const KINDS: [&str; 5] =
        ["INDEX ", "COVERING INDEX ", "AUTOMATIC ", "INTEGER PRIMARY KEY", "PRIMARY KEY"];
    rest.match_indices(" USING ").find_map(|(at, using)| {
        let after = &rest[at + using.len()..];
        KINDS.iter().any(|kind| after.starts_with(kind)).then(|| (&rest[..at], after))
    })
}

fn using_index(node: &mut Node, using: &str, word: &str) -> Operator {
    let (kind, bounds) = match using.split_once(" (") {
        Some((kind, bounds)) => (kind, Some(bounds.strip_suffix(')').unwrap_or(bounds))),
        None => (using, None),
    };
    if let Some(bounds) = bounds {
        node.conditions.push(Condition::new(ConditionKind::Index, format!("({bounds})")));
    }
    if kind.starts_with("AUTOMATIC ") {
        for (flag, name) in [("PARTIAL", "partial"), ("COVERING", "covering")] {
            if kind.contains(flag) {
                detail_of(node, name, true);
            }
        }
        return Operator::AutomaticIndex;
    }
    if kind == "INTEGER PRIMARY KEY" || kind == "PRIMARY KEY" {
        detail_of(
            node,
            if kind == "PRIMARY KEY" { "primary_key" } else { "integer_primary_key" },
            true,
        );
        return Operator::IndexScan;
    }
    let (covering, name) = match kind.strip_prefix("COVERING INDEX ") {
        Some(name) => (true, name),
        None => (false, kind.strip_prefix("INDEX ").unwrap_or(kind)),
    };
    node.index = Some(name.to_owned());
    if word == "SCAN" {
        detail_of(node, "full", true);
    }
    if covering { Operator::IndexOnlyScan } else { Operator::IndexScan }
}

/// The relation: `t`, `t AS x`, `TABLE t AS x` (until 3.35), `(subquery-2)`, `SUBQUERY 2 AS x`,
/// `3-ROW VALUES CLAUSE`, `t EXISTS`. Since 3.36 an alias stands in place of the table's name.
fn target(node: &mut Node, target: &str) {
    let target = match target.strip_suffix(" EXISTS") {
        Some(before) => {
            detail_of(node, "exists", true);
            before
        }
        None => target,
    };
    let is_plain = node.operator == Operator::SeqScan;
    if target.ends_with("-ROW VALUES CLAUSE") {
        node.operator = Operator::ValuesScan;
        detail_of(node, "values", target);
        return;
    }
    let target = target.strip_prefix("TABLE ").unwrap_or(target);
    let (name, alias) = match target.split_once(" AS ") {
        Some((name, alias)) => (name, Some(alias)),
        None => (target, None),
    };
    let is_subquery = name.starts_with("(subquery-")
        || name.starts_with("(join-")
        || name.strip_prefix("SUBQUERY ").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    if is_subquery && is_plain {
        node.operator = Operator::SubqueryScan;
    }
    node.relation = Some(name.to_owned());
    node.alias = alias.map(str::to_owned);
}

fn temp_b_tree(detail: &str) -> Option<Node> {
    let purpose = detail.strip_prefix("USE TEMP B-TREE FOR ")?;
    let distinct = purpose.contains("DISTINCT");
    let operator = if distinct { Operator::Distinct } else { Operator::Sort };
    Some(Node::new(operator, detail))
}

/// `CO-ROUTINE x`, `MATERIALIZE x`, `CORRELATED SCALAR SUBQUERY 2`, `EXECUTE LIST SUBQUERY 1`.
fn subquery(detail: &str) -> Option<Node> {
    for (word, operator) in
        [("CO-ROUTINE", Operator::Heading), ("MATERIALIZE", Operator::Materialize)]
    {
        if let Some(name) = detail.strip_prefix(word).and_then(|rest| rest.strip_prefix(' ')) {
            let mut node = Node::new(operator, word);
            node.role = Role::Cte;
            node.subplan = Some(name.to_owned());
            return Some(node);
        }
    }
    let inner = detail.strip_prefix("EXECUTE ").unwrap_or(detail);
    let (correlated, inner) = match inner.strip_prefix("CORRELATED ") {
        Some(inner) => (true, inner),
        None => (false, inner),
    };
    let is_subquery =
        ["SCALAR SUBQUERY ", "LIST SUBQUERY ", "REUSE LIST SUBQUERY ", "REUSE SUBQUERY "]
            .iter()
            .any(|word| inner.starts_with(word));
    is_subquery.then(|| {
        let mut node = Node::new(Operator::Heading, detail);
        node.role = if correlated { Role::SubPlan } else { Role::InitPlan };
        node.subplan = Some(inner.strip_prefix("REUSE ").unwrap_or(inner).to_owned());
        node
    })
}

/// `BLOOM FILTER ON p (country=?)`, `CREATE BLOOM FILTER`
fn filter(detail: &str) -> Option<Node> {
    if detail == "CREATE BLOOM FILTER" {
        return Some(Node::new(Operator::BloomFilter, detail));
    }
    let rest = detail.strip_prefix("BLOOM FILTER ON ")?;
    let mut node = Node::new(Operator::BloomFilter, "BLOOM FILTER");
    let (relation, terms) = rest.split_once(" (").unwrap_or((rest, ""));
    target(&mut node, relation);
    if let Some(terms) = terms.strip_suffix(')').filter(|terms| !terms.is_empty()) {
        node.conditions.push(Condition::new(ConditionKind::Filter, format!("({terms})")));
    }
    Some(node)
}

/// `USING INDEX i FOR IN-OPERATOR`, `USING ROWID SEARCH ON TABLE t FOR IN-OPERATOR`: the right side
/// of an IN is looked up in a tree that is there already.
fn in_operator(detail: &str) -> Option<Node> {
    let what = detail.strip_prefix("USING ")?.strip_suffix(" FOR IN-OPERATOR")?;
    let mut node = Node::new(Operator::IndexScan, "IN-OPERATOR");
    if let Some(table) = what.strip_prefix("ROWID SEARCH ON TABLE ") {
        node.relation = Some(table.to_owned());
        detail_of(&mut node, "integer_primary_key", true);
    } else {
        node.index = Some(what.strip_prefix("INDEX ").unwrap_or(what).to_owned());
    }
    node.role = Role::InitPlan;
    Some(node)
}

fn heading(detail: &str) -> Option<Node> {
    let (operator, role) = match detail {
        "QUERY PLAN" | "COMPOUND QUERY" => (Operator::Heading, Role::Outer),
        "LEFT-MOST SUBQUERY" => (Operator::Heading, Role::Member),
        "LEFT" | "SETUP" => (Operator::Heading, Role::Outer),
        "RIGHT" | "RECURSIVE STEP" => (Operator::Heading, Role::Inner),
        "MULTI-INDEX OR" => (Operator::MultiIndex, Role::Outer),
        "UNION ALL" => (Operator::Append, Role::Member),
        "MERGE (UNION ALL)" => (Operator::MergeAppend, Role::Outer),
        "UNION USING TEMP B-TREE"
        | "INTERSECT USING TEMP B-TREE"
        | "EXCEPT USING TEMP B-TREE"
        | "UNION"
        | "INTERSECT"
        | "EXCEPT" => (Operator::SetOperation, Role::Member),
        "MERGE (UNION)" | "MERGE (INTERSECT)" | "MERGE (EXCEPT)" => {
            (Operator::SetOperation, Role::Outer)
        }
        _ if detail.starts_with("COMPOUND SUBQUERIES ") => (Operator::SetOperation, Role::Outer),
        _ if is_numbered(detail, "INDEX ") => (Operator::Heading, Role::Member),
        _ if detail.starts_with("RIGHT-JOIN ") => {
            let mut node = Node::new(Operator::Heading, "RIGHT-JOIN");
            node.relation = detail.strip_prefix("RIGHT-JOIN ").map(str::to_owned);
            node.join_type = Some("Right".into());
            return Some(node);
        }
        _ => return None,
    };
    let mut node = Node::new(operator, detail);
    node.role = role;
    Some(node)
}

fn is_numbered(detail: &str, word: &str) -> bool {
    let number = detail.strip_prefix(word).unwrap_or_default();
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

fn detail_of(node: &mut Node, key: &str, value: impl Into<Value>) {
    node.details.insert(key.to_owned(), value.into());
}

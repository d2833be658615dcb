//! What each operation of the iterator executor becomes.

use super::*;

fn shown(text: &str) -> String {
    let node = node(text);
    let name = |part: &Option<String>| part.clone().unwrap_or_default();
    let conditions: Vec<String> =
        node.conditions.iter().map(|c| format!("{} {}", c.kind, c.text)).collect();
    let shown = [
        node.operator.name().to_owned(),
        node.label.clone(),
        name(&node.join_type),
        name(&node.relation),
        name(&node.index),
        conditions.join("; "),
    ];
    shown.join(" | ")
}

#[test]
fn accesses_are_read() {
    for (text, want) in [
        ("Table scan on my table", "SeqScan | Table scan |  | my table |  | "),
        ("Table scan on <temporary>", "SeqScan | Table scan |  | <temporary> |  | "),
        (
            "Covering index scan on o using i (reverse)",
            "IndexOnlyScan | Covering index scan |  | o | i | ",
        ),
        (
            "Index lookup on o using i (a = c.id, s = 'x, (y')",
            "IndexScan | Index lookup |  | o | i | index a = c.id; index s = 'x, (y'",
        ),
        (
            "Single-row covering index lookup on c using PRIMARY (id=o.c)",
            "IndexOnlyScan | Single-row covering index lookup |  | c | PRIMARY | index id=o.c",
        ),
        (
            "Index range scan on o using i over (1 <= a <= 2) OR (a = 7), with index condition: (o.b like '%,%')",
            "IndexScan | Index range scan |  | o | i | index (1 <= a <= 2) OR (a = 7); index (o.b like '%,%')",
        ),
        (
            "Covering index skip scan for deduplication on o using i",
            "IndexOnlyScan | Covering index skip scan for deduplication |  | o | i | ",
        ),
        (
            "Index range scan on t2 (re-planned for each iteration)",
            "IndexScan | Index range scan |  | t2 |  | ",
        ),
        (
            "Full-text index search on d using f (body = 'x')",
            "FullTextSearch | Full-text index search |  | d | f | index body = 'x'",
        ),
        ("Count rows in t", "CountRows | Count rows in |  | t |  | "),
        ("Constant row from c", "MetadataRead | Constant row from |  | c |  | "),
    ] {
        assert_eq!(shown(text), want);
    }
}

#[test]
fn joins_and_steps_are_read() {
    for (text, want) in [
        (
            "Nested loop inner join (LooseScan)",
            "NestedLoop | Nested loop inner join (LooseScan) | Inner |  |  | ",
        ),
        ("Nested loop antijoin", "NestedLoop | Nested loop antijoin | Anti |  |  | "),
        (
            "Left hash join (q.b = p.a), (q.c = p.c), extra conditions: (q.d > 1) and (p.x < 2)",
            "HashJoin | Left hash join | Left |  |  | join (q.b = p.a); join (q.c = p.c); join-filter (q.d > 1); join-filter (p.x < 2)",
        ),
        ("Inner hash join (no condition)", "HashJoin | Inner hash join | Inner |  |  | "),
        (
            "Hash semijoin (FirstMatch) (a = b)",
            "HashJoin | Hash semijoin | Semi |  |  | join (FirstMatch) (a = b)",
        ),
        ("Filter: (a = 'Sort: b')", "Filter | Filter |  |  |  | filter (a = 'Sort: b')"),
        (
            "Sort: o.total DESC, c.`name`, limit input to 10 row(s) per chunk",
            "Sort | Sort |  |  |  | sort-key o.total DESC; sort-key c.`name`",
        ),
        ("Limit/Offset: 7/3 row(s)", "Limit | Limit/Offset: 7/3 row(s) |  |  |  | "),
        (
            "Group aggregate with rollup: count(0)",
            "GroupAggregate | Group aggregate with rollup |  |  |  | ",
        ),
        ("Group (no aggregates)", "Group | Group (no aggregates) |  |  |  | "),
        (
            "Aggregate using temporary table",
            "HashAggregate | Aggregate using temporary table |  |  |  | ",
        ),
        ("Union all materialize", "Append | Union all materialize |  |  |  | "),
        (
            "Except materialize with deduplication",
            "SetOperation | Except materialize with deduplication |  |  |  | ",
        ),
        ("Scan new records on t", "WorkTableScan | Scan new records |  | t |  | "),
        ("Update c (buffered), o (immediate)", "Modify | Update |  | c |  | "),
        ("Zero rows (Impossible WHERE)", "Result | Zero rows (Impossible WHERE) |  |  |  | "),
        ("Warp the table: now", "Warp the table | Warp the table: now |  |  |  | "),
    ] {
        assert_eq!(shown(text), want);
    }
}

#[test]
fn materialization_names_its_cte() {
    let cte = node("Materialize CTE big if needed (query plan printed elsewhere)");
    assert_eq!((cte.operator, cte.subplan.as_deref()), (Operator::Materialize, Some("CTE big")));
    assert!(is_operation("Table scan on t") && !is_operation("FROM orders o JOIN items i ON 1"));
}

//! What each row of EXPLAIN QUERY PLAN means.

use super::*;
use crate::plan::ConditionKind;

fn row(id: i64, parent: i64, detail: &str) -> EqpRow {
    EqpRow { id, parent, notused: 0, detail: detail.into() }
}

/// The one node of a row, in short: operator, relation, index, conditions, other facts.
fn shown(detail: &str) -> String {
    let node = detail::node(detail);
    let conditions: Vec<String> =
        node.conditions.iter().map(|c| format!("{}:{}", c.kind, c.text)).collect();
    let details: Vec<String> = node.details.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let parts = [
        node.relation,
        node.alias.map(|a| format!("as {a}")),
        node.index.map(|i| format!("using {i}")),
    ];
    let facts = parts.into_iter().flatten().chain(node.join_type).chain(conditions).chain(details);
    std::iter::once(node.operator.name().to_owned()).chain(facts).collect::<Vec<_>>().join(" ")
}

#[test]
fn details_have_a_meaning() {
    for (detail, want) in [
        ("SCAN t", "SeqScan t"),
        ("SCAN TABLE t AS x", "SeqScan t as x"),
        ("SCAN my table", "SeqScan my table"),
        ("SCAN t USING INDEX i", "IndexScan t using i full=true"),
        ("SCAN t USING COVERING INDEX i", "IndexOnlyScan t using i full=true"),
        ("SEARCH t USING INDEX i (a=? AND b>?)", "IndexScan t using i index:(a=? AND b>?)"),
        (
            "SEARCH t USING COVERING INDEX i (ANY(a) AND b=?)",
            "IndexOnlyScan t using i index:(ANY(a) AND b=?)",
        ),
        (
            "SEARCH TABLE t AS x USING INTEGER PRIMARY KEY (rowid=?)",
            "IndexScan t as x index:(rowid=?) integer_primary_key=true",
        ),
        ("SEARCH t USING PRIMARY KEY (a=?)", "IndexScan t index:(a=?) primary_key=true"),
        ("SEARCH t", "IndexScan t"),
        (
            "SEARCH q USING AUTOMATIC PARTIAL COVERING INDEX (b=?) LEFT-JOIN",
            "AutomaticIndex q Left index:(b=?) partial=true covering=true",
        ),
        ("SEARCH t USING INDEX i (a=?) (~10 rows)", "IndexScan t using i index:(a=?)"),
        ("SCAN t EXISTS", "SeqScan t exists=true"),
        (
            "SCAN docs VIRTUAL TABLE INDEX 0:M1",
            "VirtualTableScan docs virtual_table_index=\"0:M1\"",
        ),
        ("SCAN CONSTANT ROW", "Result"),
        ("SCAN 2 CONSTANT ROWS", "Result"),
        ("SCAN 3-ROW VALUES CLAUSE", "ValuesScan values=\"3-ROW VALUES CLAUSE\""),
        ("SCAN SUBQUERY 1 AS x", "SubqueryScan SUBQUERY 1 as x"),
        ("SCAN (subquery-2)", "SubqueryScan (subquery-2)"),
        ("USE TEMP B-TREE FOR ORDER BY", "Sort sort-key:ORDER BY"),
        ("USE TEMP B-TREE FOR LAST TERM OF ORDER BY", "Sort sort-key:LAST TERM OF ORDER BY"),
        ("USE TEMP B-TREE FOR GROUP BY", "Sort sort-key:GROUP BY"),
        ("USE TEMP B-TREE FOR count(DISTINCT)", "Distinct sort-key:count(DISTINCT)"),
        ("BLOOM FILTER ON p (country=?)", "BloomFilter p filter:(country=?)"),
        ("MULTI-INDEX OR", "MultiIndex"),
        ("INDEX 2", "Heading"),
        ("UNION USING TEMP B-TREE", "SetOperation"),
        ("UNION ALL", "Append"),
        ("MERGE (EXCEPT)", "SetOperation"),
        ("RIGHT-JOIN t", "Heading t Right"),
        ("CORRELATED SCALAR SUBQUERY 2", "Heading"),
        ("USING INDEX i FOR IN-OPERATOR", "IndexScan using i"),
        ("WARP t", "WARP t"),
    ] {
        assert_eq!(shown(detail), want, "{detail}");
    }
}

#[test]
fn names_of_subqueries_are_no_tables() {
    let rows = [
        row(2, 0, "MATERIALIZE recent"),
        row(5, 2, "SCAN recent_orders"),
        row(9, 0, "CO-ROUTINE top"),
        row(12, 9, "SCAN orders"),
        row(20, 0, "SCAN recent"),
        row(22, 0, "SCAN t"),
        row(25, 0, "SEARCH c USING INTEGER PRIMARY KEY (rowid=?)"),
    ];
    let plan = from_rows(&rows).unwrap();
    let of = |name: &str| {
        plan.nodes()
            .iter()
            .find(|node| node.relation.as_deref() == Some(name))
            .map(|node| node.operator.clone())
    };
    assert_eq!(of("recent"), Some(Operator::CteScan));
    assert_eq!(of("t"), Some(Operator::SubqueryScan), "the alias of `top`");
    assert_eq!(of("orders"), Some(Operator::SeqScan));
    assert_eq!(of("recent_orders"), Some(Operator::SeqScan));
    assert_eq!(of("c"), Some(Operator::IndexScan));
}

#[test]
fn a_recursive_step_reads_its_queue() {
    let reading = &parse("QUERY PLAN\n|--CO-ROUTINE n\n|  |--SETUP\n|  |  `--SCAN CONSTANT ROW\n|  `--RECURSIVE STEP\n|     `--SCAN n\n`--SCAN n\n").unwrap()[0];
    let names: Vec<&str> = reading.plan.nodes().iter().map(|node| node.operator.name()).collect();
    assert_eq!(
        names,
        ["Heading", "Heading", "Heading", "Result", "Heading", "WorkTableScan", "SubqueryScan"]
    );
    assert_eq!(reading.notes, []);
}

#[test]
fn loops_stay_siblings() {
    let rows = [
        EqpRow { notused: 216, ..row(5, 0, "SCAN a") },
        row(7, 0, "BLOOM FILTER ON b (x=?)"),
        row(9, 0, "SEARCH b USING INDEX i (x=?)"),
        row(30, 0, "USE TEMP B-TREE FOR ORDER BY"),
    ];
    let plan = from_rows(&rows).unwrap();
    let roles: Vec<Role> = plan.nodes()[1..].iter().map(|node| node.role).collect();
    assert_eq!(roles, [Role::Outer, Role::Outer, Role::Inner, Role::Outer]);
    assert_eq!(plan.nodes()[1].details["log_est"], 216);
    let index: Vec<&str> = plan.nodes()[3].conditions_of(ConditionKind::Index).collect();
    assert_eq!(index, ["(x=?)"]);
}

#[test]
fn trees_and_rows_are_the_same_plan() {
    let rows = [
        row(1, 0, "COMPOUND QUERY"),
        row(2, 1, "LEFT-MOST SUBQUERY"),
        row(4, 2, "SCAN a"),
        row(8, 1, "UNION ALL"),
        row(10, 8, "SCAN b"),
        row(12, 8, "USE TEMP B-TREE FOR ORDER BY"),
    ];
    let tree = to_text(&rows);
    assert_eq!(
        tree,
        "QUERY PLAN\n`--COMPOUND QUERY\n   |--LEFT-MOST SUBQUERY\n   |  `--SCAN a\n   `--UNION ALL\n      |--SCAN b\n      `--USE TEMP B-TREE FOR ORDER BY\n"
    );
    let want = from_rows(&rows).unwrap();
    assert_eq!(want.nodes()[2].depth(), 2);
    let join = |sep: &str| {
        let line = |r: &EqpRow| {
            [r.id.to_string(), r.parent.to_string(), "0".into(), r.detail.clone()].join(sep)
        };
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    for text in [
        tree,
        join("|"),
        join("\t"),
        join("   "),
        format!("id|parent|notused|detail\n{}", join("|")),
    ] {
        assert!(detect(&text) > 50, "{text}");
        assert_eq!(parse(&text).unwrap()[0].plan, want, "{text}");
    }
}

#[test]
fn rows_that_make_no_tree_are_read_flat() {
    // Until 3.23 the columns were selectid, order and from; and nothing keeps a file from cycles.
    let plan =
        from_rows(&[row(0, 0, "SCAN TABLE a"), row(0, 1, "SCAN TABLE b"), row(3, 3, "SCAN c")])
            .unwrap();
    assert!(plan.nodes()[1..].iter().all(|node| node.depth() == 1));
    assert!(from_rows(&[]).is_err());
    assert!(parse("select 1").is_err());
    assert_eq!(detect("1 2 3 SCAN t"), 0);
}

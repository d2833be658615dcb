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
        ("SEARCH t", "SeqScan t min_or_max=true"),
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
        ("USE TEMP B-TREE FOR ORDER BY", "Sort"),
        ("USE TEMP B-TREE FOR LAST TERM OF ORDER BY", "Sort"),
        ("USE TEMP B-TREE FOR GROUP BY", "Sort"),
        ("USE TEMP B-TREE FOR count(DISTINCT)", "Distinct"),
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

/// The rows of one plan as every mode of the shell, Python and others print them.
#[test]
fn rows_are_read_in_every_mode() {
    const PLAN: &str = "id|parent|notused|detail\n3|0|0|SCAN t USING INDEX x (a=? AND b>?)\n5|3|0|USE TEMP B-TREE FOR ORDER BY\n";
    let want = parse(PLAN).unwrap().remove(0).plan;
    let rows = |begin: &str, between: &str, quote: &str, end: &str| {
        PLAN.lines()
            .skip(1)
            .map(|line| {
                let cells: Vec<&str> = line.split('|').collect();
                let numbers = cells[..3].join(between);
                format!("{begin}{numbers}{between}{quote}{}{quote}{end}\n", cells[3])
            })
            .collect::<String>()
    };
    let json = "[{\"id\":3,\"parent\":0,\"notused\":0,\"detail\":\"SCAN t USING INDEX x (a=? AND b>?)\"},\n{\"id\":5,\"parent\":3,\"notused\":0,\"detail\":\"USE TEMP B-TREE FOR ORDER BY\"}]\n";
    for text in [
        rows("", "|", "", ""),
        rows("", ",", "\"", ""),
        rows("", ",", "'", ""),
        rows("", "\t", "", ""),
        rows("\"", "\" \"", "", "\""),
        rows("", "\u{1f}", "", ""),
        rows("| ", " | ", "", " |"),
        rows("│ ", " │ ", "", " │"),
        rows("(", ", ", "'", ")"),
        rows("(", ", ", "'", "),").replace('\n', " ").replace("(3", "[(3").replace(" (5", "\n (5"),
        rows("INSERT INTO \"table\" VALUES(", ",", "'", ");"),
        rows("\"", "\",\"", "", "\""),
        format!("id  parent  notused  detail                   \n--  ------  -------  ------------------------------------\n{}", rows("", "       ", "", "  ")),
        format!("┌────┬────────┬─────────┬───┐\n│ id │ parent │ notused │                detail                │\n├────┼────────┼───┤\n{}└────┘\n", rows("│ ", "  │ ", "", " │")),
        format!("\"id\",\"parent\",\"notused\",\"detail\"\n{}", rows("", ",", "\"", "")),
        json.to_owned(),
        json.replace("},\n", "}, ").replace("\":", "\": "),
        json.replace(',', ",\n  ").replace('{', "{\n  "),
        json.replace('"', "'"),
        "     id = 3\n parent = 0\nnotused = 0\n detail = SCAN t USING INDEX x (a=? AND b>?)\n\n     id = 5\n parent = 3\nnotused = 0\n detail = USE TEMP B-TREE FOR ORDER BY\n".to_owned(),
        "QUERY PLAN\n`--SCAN t USING INDEX x (a=? AND b>?)\n   `--USE TEMP B-TREE FOR ORDER BY\n".to_owned(),
        "-- QUERY PLAN\n-- `--SCAN t USING INDEX x (a=? AND b>?)\n--    `--USE TEMP B-TREE FOR ORDER BY\n".to_owned(),
        "> QUERY PLAN\n> `--SCAN t USING INDEX x (a=? AND b>?)\n>    `--USE TEMP B-TREE FOR ORDER BY\n".to_owned(),
        "```\nQUERY PLAN\n`--SCAN t USING INDEX x (a=? AND b>?)\n   `--USE TEMP B-TREE FOR ORDER BY\n```\n".to_owned(),
        "sqlite> .eqp on\nsqlite> select 1;\n1|2|3|x\nQUERY PLAN\n`--SCAN t USING INDEX x (a=? AND b>?)\n   `--USE TEMP B-TREE FOR ORDER BY\n1|1|1|SCAN u\n2|2|2|hello\nRun Time: real 0.001 user 0.0 sys 0.0\n".to_owned(),
        "QUERY PLAN\n`--SCAN t USING INDEX x (a=? AND b>?)\n   `--USE TEMP B-TREE FOR ORDER BY\naddr  opcode         p1    p2    p3    p4             p5  comment      \n----  -------------  ----  ----  ----  -------------  --  -------------\n0     Init           0     23    0                    0   \n4       Column         0     1     1                    0   \n1|2|3|4\n".to_owned(),
    ] {
        let found = crate::formats::detect(&text).map(|format| format.name);
        assert_eq!(found, Some("sqlite-query-plan"), "{text}");
        let readings = crate::formats::read(&text, None).unwrap();
        assert_eq!(readings.len(), 1, "{text}");
        assert_eq!((&readings[0].plan, readings[0].notes.len()), (&want, 0), "{text}");
    }
}

#[test]
fn figures_of_scanstats_are_read() {
    let text = "QUERY PLAN (cycles=1000 [100%])\n|--SCAN t                 (cycles=930 [93%] loops=1 rows=100 rpl=100.0 est=200.0)\n`--SEARCH u USING INDEX i (a=?) (cycles=70 [7%] loops=100 rows=50)\n";
    let plan = parse(text).unwrap().remove(0).plan;
    let [root, scan, search] = plan.nodes() else { panic!("{plan:?}") };
    assert_eq!(
        (&root.details["cycles"], &root.details["cycles_share"]),
        (&1000.0.into(), &1.0.into())
    );
    assert_eq!(scan.relation.as_deref(), Some("t"));
    assert_eq!((scan.actual_rows(), scan.estimate.rows_per_loop), (Some(100.0), Some(200.0)));
    assert_eq!((search.actual.map(|a| a.loops), search.actual_rows()), (Some(100.0), Some(50.0)));
    assert_eq!(search.details["cycles_share"], 0.07);
    assert_eq!(search.conditions_of(ConditionKind::Index).collect::<Vec<_>>(), ["(a=?)"]);
    let old = "QUERY PLAN\n`--SCAN t\n1|2\n-------- scanstats --------\nLoop  1: SCAN t\n         nLoop=1        nRow=100      estRow=200      estRow/Loop=200     \n---------------------------\n";
    let plan = parse(old).unwrap().remove(0).plan;
    assert_eq!(plan.nodes().len(), 2);
    assert_eq!(
        (plan.nodes()[1].actual_rows(), plan.nodes()[1].estimate.rows_per_loop),
        (Some(100.0), Some(200.0))
    );
}

#[test]
fn old_columns_number_the_selects() {
    let text = "selectid|order|from|detail\n1|0|0|SCAN TABLE t\n1|0|0|USE TEMP B-TREE FOR GROUP BY\n0|0|0|SCAN SUBQUERY 1 AS x\n0|1|1|SEARCH TABLE u USING INDEX i (a=?)\n0|0|0|EXECUTE LIST SUBQUERY 2\n2|0|0|SCAN TABLE v\n";
    for text in [text, text.split_once('\n').unwrap().1] {
        let plan = parse(text).unwrap().remove(0).plan;
        let tree: Vec<(u32, &str)> = plan.nodes()[1..]
            .iter()
            .map(|n| (n.depth(), n.relation.as_deref().unwrap_or(&n.label)))
            .collect();
        let want = [
            (1, "SUBQUERY 1"),
            (2, "t"),
            (2, "USE TEMP B-TREE FOR GROUP BY"),
            (1, "u"),
            (1, "EXECUTE LIST SUBQUERY 2"),
            (2, "v"),
        ];
        assert_eq!(tree, want, "{text}");
    }
    // Subqueries that name one another, as no SQLite writes.
    assert_eq!(
        parse("1|0|0|SCAN SUBQUERY 2\n2|0|0|SCAN SUBQUERY 1\n0|0|0|SCAN t\n").unwrap()[0]
            .plan
            .nodes()
            .len(),
        4
    );
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

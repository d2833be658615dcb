//! Whole inputs: several pieces, several versions, several engines, hostile texts.

use crate::engine::Engine;
use crate::formats::{FormatError, Reading, by_name, detect, read};
use crate::plan::{ConditionKind, LimitError, MAX_DEPTH, Node, Operator, Plan, Role};
use proptest::prelude::*;

fn all(text: &str) -> Vec<Reading> {
    read(text, None).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn one(text: &str) -> Plan {
    let mut readings = all(text);
    assert_eq!(readings.len(), 1, "{text}");
    readings.remove(0).plan
}

fn shape(plan: &Plan) -> Vec<(u32, &str, &str)> {
    plan.nodes()
        .iter()
        .map(|n| (n.depth(), n.operator.name(), n.relation_name().unwrap_or("")))
        .collect()
}

const V1: &str = r#"{"query_block": {"select_id": 1, "cost_info": {"query_cost": "12.3K"}, "ordering_operation": {
  "using_temporary_table": true, "using_filesort": true, "nested_loop": [
  {"table": {"table_name": "c", "access_type": "ALL", "possible_keys": ["PRIMARY"], "rows_examined_per_scan": 100, "rows_produced_per_join": 10,
    "filtered": "10.00", "cost_info": {"read_cost": "1.00", "eval_cost": "1.00", "prefix_cost": "2.00"}, "attached_condition": "(`s`.`c`.`x` = 1)"}},
  {"table": {"table_name": "o", "access_type": "ref", "key": "i", "used_key_parts": ["c"], "ref": ["s.c.id"], "rows_examined_per_scan": 5,
    "rows_produced_per_join": 50, "filtered": "100.00", "cost_info": {"read_cost": "10.00", "eval_cost": "5.00", "prefix_cost": "17.00"}}}]}}}"#;

const V2: &str = r#"{"query": "/* select#1 */ select 1", "query_plan": {"operation": "Sort: o.total", "access_type": "sort", "estimated_rows": 50.0,
  "estimated_total_cost": 20.0, "inputs": [{"operation": "Nested loop inner join", "estimated_rows": 50.0, "estimated_total_cost": 17.0, "inputs": [
  {"operation": "Filter: (c.x = 1)", "estimated_rows": 10.0, "estimated_total_cost": 2.0, "inputs": [
    {"operation": "Table scan on c", "alias": "c", "table_name": "customers", "schema_name": "s", "access_type": "table", "estimated_rows": 100.0, "estimated_total_cost": 2.0}]},
  {"operation": "Index lookup on o using i (c=c.id)", "alias": "o", "table_name": "orders", "schema_name": "s", "index_name": "i", "estimated_rows": 5.0, "estimated_total_cost": 1.5}]}]},
  "query_type": "select", "json_schema_version": "2.0"}"#;

#[test]
fn version_1_is_a_tree() {
    let plan = one(V1);
    assert_eq!(
        shape(&plan),
        [
            (0, "Sort", ""),
            (1, "Materialize", ""),
            (2, "NestedLoop", ""),
            (3, "SeqScan", "c"),
            (3, "IndexScan", "o")
        ]
    );
    let [sort, _, join, c, o] = plan.nodes() else { panic!() };
    assert_eq!((sort.estimate.total_cost, join.estimate.total_cost), (Some(12_300.0), Some(17.0)));
    assert_eq!((c.estimate.rows_per_loop, o.estimate.rows_per_loop), (Some(10.0), Some(5.0)));
    assert_eq!(o.estimate.total_cost, Some(1.5), "of one of ten scans");
    assert_eq!(join.self_cost(), Some(0.0));
    assert_eq!(o.conditions_of(ConditionKind::Index).collect::<Vec<_>>(), ["c = s.c.id"]);
    assert_eq!((plan.engine, plan.format), (Engine::Mysql, "mysql-json"));
}

#[test]
fn both_versions_are_one_plan() {
    for text in [format!("{V1}\n{V2}"), format!("{V2}\n\n{V1}")] {
        let readings = all(&text);
        assert_eq!(readings.len(), 1);
        assert!(readings[0].notes[0].message.contains("read as one plan"));
        let plan = &readings[0].plan;
        assert_eq!(
            (plan.format, plan.statement.as_deref()),
            ("mysql-json-v2", Some("/* select#1 */ select 1"))
        );
        let scan = plan.nodes().iter().find(|node| node.operator == Operator::SeqScan).unwrap();
        assert_eq!(
            (scan.relation.as_deref(), scan.schema.as_deref()),
            (Some("customers"), Some("s"))
        );
        assert_eq!(scan.details["rows_examined_per_scan"], 100);
        assert_eq!(scan.details["possible_keys"][0], "PRIMARY");
        assert_eq!(scan.conditions_of(ConditionKind::Filter).next(), Some("(`s`.`c`.`x` = 1)"));
        assert_eq!(plan.root().details["using_temporary_table"], true);
    }
    let other = V2.replace("\"c\"", "\"zz\"").replace("on c", "on zz");
    assert_eq!(all(&format!("{V1}\n{other}")).len(), 2, "of two statements");
    let told = |sql: &str, json: &str| format!("mysql> EXPLAIN FORMAT=JSON {sql};\n{json}\n");
    assert_eq!(all(&(told("select 1", V1) + &told("select 2", V2))).len(), 2);
    assert_eq!(all(&(told("select 1", V1) + &told("select 1", V2))).len(), 1);
}

#[test]
fn statements_and_warnings_belong_to_their_plans() {
    let text = format!(
        "mysql> explain format=json select * from c;\n{V1}\n1 row in set, 1 warning (0.00 sec)\n\nmysql> SHOW WARNINGS\\G\n\
         *************************** 1. row ***************************\n  Level: Note\n   Code: 1003\nMessage: /* select#1 */ select 7\n\
         1 row in set (0.00 sec)\n\nmysql> explain format=tree select 2;\n+--+\n| EXPLAIN |\n+--+\n| -> Table scan on t\n |\n+--+\n"
    );
    let readings = all(&text);
    let [first, second] = readings.as_slice() else { panic!("{readings:?}") };
    assert_eq!(first.plan.statement.as_deref(), Some("select * from c"));
    assert_eq!(first.plan.details["rewritten_query"], "/* select#1 */ select 7");
    assert_eq!(
        (second.plan.format, second.plan.statement.as_deref()),
        ("mysql-tree", Some("select 2"))
    );
    assert!(!second.plan.details.contains_key("rewritten_query"));
    let cut = "-> Table scan on t  (cost=1 rows=1) (actual time=1..2 rows=1 loops=1)\n\nWarning (Code 1317): Query execution was interrupted\n";
    assert!(one(cut).partial);
}

#[test]
fn rows_and_plans_in_json_of_a_driver() {
    let rows = r#"[{"id": 1, "select_type": "SIMPLE", "table": "t", "partitions": null, "type": "ALL", "possible_keys": null, "key": null,
      "key_len": null, "ref": null, "rows": 12, "filtered": 50.0, "Extra": "Using where"}]"#;
    let plan = one(rows);
    assert_eq!((plan.format, plan.root().estimate.rows_per_loop), ("mysql-table", Some(6.0)));
    let inside = serde_json::json!([{"EXPLAIN": V1}]).to_string();
    assert_eq!(one(&inside).nodes().len(), 5);
    let tree = serde_json::json!([{"EXPLAIN": "-> Limit: 1 row(s)\n    -> Table scan on t\n"}])
        .to_string();
    assert_eq!(shape(&one(&tree)), [(0, "Limit", ""), (1, "SeqScan", "t")]);
    assert_eq!(one(&format!("[{V1}]")).nodes().len(), 5);
    assert_eq!(one(&format!("{{\"EXPLAIN\": {V2}}}")).nodes().len(), 5);
}

#[test]
fn engines_are_told_apart() {
    let engine = |text: &str| {
        (detect(text).map(|f| f.name), all(text)[0].plan.engine, all(text)[0].notes.len())
    };
    let table = |inner: &str| format!("{{\"query_block\": {{\"select_id\": 1, {inner}}}}}");
    let plain = "\"table_name\": \"t\", \"access_type\": \"ALL\", \"rows\": 5, \"filtered\": 100";
    let ambiguous = table(&format!("\"table\": {{{plain}}}"));
    assert_eq!(engine(&ambiguous), (Some("mysql-json"), Engine::Mysql, 1));
    assert_eq!(read(&ambiguous, by_name("mariadb-json")).unwrap()[0].plan.engine, Engine::Mariadb);
    let prompt = format!("MariaDB [s]> explain format=json select * from t;\n{ambiguous}");
    assert_eq!(engine(&prompt), (Some("mariadb-json"), Engine::Mariadb, 0));
    for (inner, want) in [
        (format!("\"nested_loop\": [{{\"table\": {{{plain}}}}}]"), Engine::Mariadb),
        (format!("\"table\": {{{plain}, \"attached_condition\": \"t.a = 5\"}}"), Engine::Mariadb),
        (
            format!("\"table\": {{{plain}, \"attached_condition\": \"(`s`.`t`.`a` = 5)\"}}"),
            Engine::Mysql,
        ),
        ("\"table\": {\"message\": \"No tables used\"}".to_owned(), Engine::Mariadb),
        ("\"message\": \"No tables used\"".to_owned(), Engine::Mysql),
    ] {
        let name = if want == Engine::Mysql { "mysql-json" } else { "mariadb-json" };
        assert_eq!(engine(&table(&inner)), (Some(name), want, 0), "{inner}");
    }
    for text in [
        "Limit  (cost=0.00..1.00 rows=1 width=4)\n  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n",
        "[{\"Plan\": {\"Node Type\": \"Seq Scan\", \"Filter\": \"(query_block = 'operation')\"}}]",
        "{\"queryPlanner\": {\"namespace\": \"a.query_plan\", \"winningPlan\": {\"stage\": \"COLLSCAN\"}}}",
        "QUERY PLAN\n`--SCAN t\n",
    ] {
        let name = detect(text).map_or("", |format| format.name);
        assert!(!name.starts_with('m') || name.starts_with("mongo"), "{name}: {text}");
    }
}

#[test]
fn old_joins_of_mariadb_repeat_their_key() {
    let text = r#"{"query_block": {"select_id": 1, "r_loops": 1, "r_total_time_ms": 5.0,
      "table": {"table_name": "a", "access_type": "ALL", "r_loops": 1, "rows": 10, "r_rows": 10, "r_total_time_ms": 1.0, "filtered": 100, "r_filtered": 50},
      "table": {"table_name": "b", "access_type": "ref", "key": "i", "r_loops": 5, "rows": 2, "r_rows": 3, "r_total_time_ms": 2.0, "filtered": 100, "r_filtered": 100}}}"#;
    let plan = one(text);
    assert_eq!(shape(&plan), [(0, "NestedLoop", ""), (1, "SeqScan", "a"), (1, "IndexScan", "b")]);
    let [join, a, b] = plan.nodes() else { panic!() };
    assert_eq!((join.total_ms(), a.self_ms(), b.self_ms()), (Some(5.0), Some(1.0), Some(2.0)));
    assert_eq!(
        (a.actual_rows(), a.removed.by_filter, a.examined.rows),
        (Some(5.0), Some(5.0), Some(10.0))
    );
    assert_eq!(join.actual_rows(), Some(15.0));
}

#[test]
fn old_scans_of_temporary_tables_include_their_filling() {
    let text = "-> Nested loop inner join  (actual time=5.0..6.0 rows=3 loops=1)\n    -> Table scan on <temporary>  (actual time=0.001..0.010 rows=3 loops=1)\n\
                \x20       -> Aggregate using temporary table  (actual time=4.9..5.0 rows=3 loops=1)\n            -> Table scan on t  (actual time=0.1..4.0 rows=99 loops=1)\n\
                \x20   -> Single-row index lookup on u using PRIMARY (id=t.id)  (actual time=0.1..0.1 rows=1 loops=3)\n";
    let plan = one(text);
    let own: Vec<f64> = plan
        .nodes()
        .iter()
        .map(|node| (node.self_ms().unwrap() * 1000.0).round() / 1000.0)
        .collect();
    assert_eq!(own, [0.69, 0.01, 1.0, 4.0, 0.3]);
    let heading = "-> Filter: (a = (select #2))  (cost=1 rows=1) (never executed)\n    -> Table scan on t  (cost=1 rows=1) (never executed)\n    -> Select #2 (subquery in condition; run only once)\n        -> Table scan on u  (never executed)\n";
    let plan = one(heading);
    assert!(plan.nodes().iter().all(Node::never_executed));
    assert_eq!(plan.nodes()[2].role, Role::InitPlan);
}

#[test]
fn tables_are_linked_by_their_numbers() {
    let header = "id\tselect_type\ttable\tpartitions\ttype\tpossible_keys\tkey\tkey_len\tref\trows\tfiltered\tExtra\n";
    let rows = "1\tPRIMARY\t<derived2>\tNULL\tALL\tNULL\tNULL\tNULL\tNULL\t10\t100.00\tUsing temporary; Using filesort\n\
        1\tPRIMARY\tc\tNULL\teq_ref\tPRIMARY\tPRIMARY\t4\td.id\t1\t100.00\tUsing where; Using join buffer (hash join)\n\
        2\tDERIVED\to\tNULL\tindex_merge\ta,b\ta,b\t4,4\tNULL\t5\t100.00\tUsing union(a,b)\n\
        3\tUNION\tp\tNULL\tALL\tNULL\tNULL\tNULL\tNULL\t7\t100.00\tNULL\n\
        NULL\tUNION RESULT\t<union2,3>\tNULL\tALL\tNULL\tNULL\tNULL\tNULL\tNULL\tNULL\tUsing temporary\n\
        4\tDEPENDENT SUBQUERY\tq\tNULL\tref\ti\ti\t4\ts.c.id\t2\t100.00\tUsing index\n";
    let plan = one(&format!("{header}{rows}"));
    let want = [
        (0, "Sort", ""),
        (1, "Materialize", ""),
        (2, "HashJoin", ""),
        (3, "SubqueryScan", "<derived2>"),
        (4, "Materialize", ""),
        (5, "SetOperation", ""),
        (6, "MultiIndex", "o"),
        (7, "IndexScan", "o"),
        (7, "IndexScan", "o"),
        (6, "SeqScan", "p"),
        (3, "IndexScan", "c"),
        (4, "IndexOnlyScan", "q"),
    ];
    assert_eq!(shape(&plan), want);
    assert_eq!(plan.nodes()[11].role, Role::SubPlan);
    let twice = all(&format!("{header}{rows}\n{header}{rows}"));
    assert_eq!(twice.len(), 2);
}

#[test]
fn errors_name_the_place() {
    let error = |text: &str| read(text, None).unwrap_err().to_string();
    assert_eq!(
        error("{\"query_block\": {\"table\": {"),
        "line 1, column 28: expected JSON of a plan (a key or `}`), found the end"
    );
    let odd = error("x\n{\"query_block\":\n {\"a\": ?}}");
    assert_eq!(odd, "line 3, column 8: expected JSON of a plan (a value), found `?}}`");
    let named = read("hello", by_name("mysql-tree")).unwrap_err().to_string();
    assert_eq!(named, "the input: expected a plan in the format mysql-tree, found `hello`");
    let other = read(V1, by_name("mysql-tree")).unwrap_err().to_string();
    assert!(other.ends_with("found mysql-json only"), "{other}");
}

const DEEP: usize = 50_000;

fn deep_v2(levels: usize) -> String {
    let open = "{\"operation\": \"Limit: 1 row(s)\", \"inputs\": [";
    format!(
        "{{\"query_plan\": {}{{\"operation\": \"Table scan on t\"}}{}}}",
        open.repeat(levels - 1),
        "]}".repeat(levels - 1)
    )
}

fn deep_v1(levels: usize) -> String {
    let open = "{\"query_block\": {\"table\": {\"table_name\": \"t\", \"access_type\": \"ALL\", \"materialized_from_subquery\": ";
    format!("{}{{}}{}", open.repeat(levels), "}}}".repeat(levels))
}

fn deepest(text: &str) -> usize {
    one(text).nodes().iter().map(|node| node.depth() as usize).max().unwrap()
}

#[test]
fn deep_plans_are_ordinary_plans() {
    assert_eq!(deepest(&deep_v2(DEEP)), DEEP - 1);
    assert_eq!(deepest(&deep_v1(DEEP / 2)), DEEP - 1);
    let line = |level: usize| format!("{}-> Limit: 1 row(s)\n", " ".repeat(level));
    assert_eq!(deepest(&(0..4_000).map(line).collect::<String>()), 3_999);
    let table = "{\"table\": {\"table_name\": \"t\", \"access_type\": \"ALL\", \"rows\": 1, \"filtered\": 100}},";
    let joins = format!(
        "{{\"query_block\": {{\"cost_info\": {{}}, \"nested_loop\": [{}{{}}]}}}}",
        table.repeat(DEEP)
    );
    assert_eq!(deepest(&joins), DEEP - 1);
    let header = "id\tselect_type\ttable\tpossible_keys\tkey_len\n";
    let row = |i: usize| format!("{i}\tDERIVED\t<derived{}>\tNULL\t1\n", i + 1);
    assert_eq!(
        deepest(&(header.to_owned() + &(1..DEEP / 2).map(row).collect::<String>())),
        DEEP - 4
    );
}

#[test]
fn too_deep_is_an_error() {
    let limit = Err(FormatError::Limit(LimitError::Depth));
    assert_eq!(read(&deep_v2(MAX_DEPTH + 1), None), limit);
    assert_eq!(read(&"{\"query_block\":".repeat(500_000), None), limit);
    assert!(read(&"{\"query_block\": [".repeat(100_000), None).is_err());
}

/// Work grows with the text and not with its square: each of these took minutes if it did.
#[test]
fn long_inputs_are_read_in_one_go() {
    let n = 20_000;
    let header = "id\tselect_type\ttable\tpossible_keys\tkey_len\n";
    for text in [
        "-> Limit: 1 row(s)\n".repeat(n),
        format!(
            "-> Limit: 1 row(s)\n{}",
            "-> Select #2 (subquery in projection; dependent)\n".repeat(n)
        ),
        format!("-> Sort: {}", "a, ".repeat(n)),
        format!("-> Filter: {}", "(a\n".repeat(n)),
        "{\"query_block\": {}}".repeat(n),
        "{}{".repeat(n),
        "\"{\" ".repeat(n),
        "*** 1. row ***\nEXPLAIN: {\n".repeat(n),
        "mysql> EXPLAIN\n".repeat(n),
        "EXPLAIN SELECT\n".repeat(n),
        "| EXPLAIN |\n+---+\n".repeat(n),
        "# explain: id\tselect_type\n".repeat(n),
        format!("{header}1\tSIMPLE\tt\n").repeat(n),
        format!("{header}{}", "1\tSIMPLE\tt\tk\tNULL\n".repeat(n)),
        format!("{header}{}", "2\tUNION\tt\tk\tNULL\n3\tUNION\tt\tk\tNULL\n".repeat(n)),
        format!(
            "{{\"query_block\": {{\"table\": {{\"attached_condition\": \"{}\", \"using_join_buffer\": \"x\"}}}}}}",
            "(a.".repeat(n)
        ),
        format!(
            "mysql> explain select 1;\n{}",
            "Note (Code 1003): x\n-> Table scan on t\n\n".repeat(n)
        ),
    ] {
        let _ = read(&text, None);
    }
}

const WORDS: [&str; 40] = [
    "-> ",
    "    -> ",
    "Table scan on t",
    "Nested loop inner join",
    "  (cost=1..2 rows=3)",
    " (actual time=1..2 rows=3 loops=4)",
    " (never executed)",
    "Select #2 (subquery in condition; run only once)",
    "Hash",
    "\n",
    "\n",
    "| ",
    " |",
    "+---+\n",
    "EXPLAIN\n",
    "*** 1. row ***\n",
    "{\"query_block\": {",
    "{\"query_plan\": {",
    "\"operation\": \"Limit: 1\",",
    "\"inputs\": [",
    "\"table\": {",
    "\"nested_loop\": [",
    "\"r_loops\": 3,",
    "\"r_total_time_ms\": 2.5,",
    "\"table_name\": \"t\"",
    "}",
    "]",
    ",",
    "\\n",
    "\"",
    "id\tselect_type\ttable\ttype\tpossible_keys\tkey_len\tr_rows\n",
    "1\tSIMPLE\tt\tALL\tk\tNULL\t5\n",
    "2\tUNION\t<derived1>\tref\tk\tNULL\t1\n",
    "NULL\tUNION RESULT\t<union1,2>\tALL\tk\tNULL\tNULL\n",
    "# explain: ",
    "mysql> EXPLAIN SELECT 1;\n",
    "MariaDB [x]> ",
    "Note (Code 1003): x\n",
    "1 row in set\n",
    "é`'",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_words_are_read_or_refused(words in prop::collection::vec(0..WORDS.len(), 0..60)) {
        let text: String = words.iter().map(|&word| WORDS[word]).collect();
        for name in ["mysql-tree", "mysql-json", "mysql-json-v2", "mysql-table", "mariadb-json", "mariadb-slow-log"] {
            for reading in read(&text, by_name(name)).into_iter().flatten() {
                prop_assert!(crate::formats::corpus_tests::adds_up(&reading.plan));
            }
        }
    }
}

//! Tests of reading PostgreSQL's YAML.

use super::super::postgres_json;
use super::*;
use crate::plan::{ConditionKind, Operator, Role};

fn one(text: &str) -> Reading {
    assert!(detect(text) > 0, "{text}");
    let mut readings = parse(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(readings.len(), 1, "{text}");
    readings.remove(0)
}

const HASH_JOIN: &str = r#"- Plan: 
    Node Type: "Hash Join"
    Parallel Aware: true
    Join Type: "Left"
    Total Cost: 20.25
    Plan Rows: 100
    Actual Rows: 7
    Actual Loops: 3
    Hash Cond: "(a.id = b.\"Id\")"
    Warp: 
      a: 
        - 1
        - "x: y"
      b: []
    Workers: 
    Plans: 
      - Node Type: "Seq Scan"
        Parent Relationship: "Outer"
        Relation Name: "a"
        Sort Key: 
          - "x"
          - "y\n\tz"
      - Node Type: "Hash"
        Parent Relationship: "Inner"
  Settings: 
    work_mem: "64MB"
  Query Identifier: -616535572753039263
  Triggers: 
    - Trigger Name: "t"
      Relation: "a"
      Time: 0.500
      Calls: 2
  Execution Time: 3.500
"#;

#[test]
fn a_plan_is_read_whole() {
    let Reading { mut plan, notes } = one(HASH_JOIN);
    assert_eq!(notes, []);
    let json = r#"[{"Plan": {"Node Type": "Hash Join", "Parallel Aware": true, "Join Type": "Left",
        "Total Cost": 20.25, "Plan Rows": 100, "Actual Rows": 7, "Actual Loops": 3, "Hash Cond": "(a.id = b.\"Id\")",
        "Warp": {"a": [1, "x: y"], "b": []}, "Workers": [], "Plans": [
          {"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Relation Name": "a", "Sort Key": ["x", "y\n\tz"]},
          {"Node Type": "Hash", "Parent Relationship": "Inner"}]},
        "Settings": {"work_mem": "64MB"}, "Query Identifier": -616535572753039263,
        "Triggers": [{"Trigger Name": "t", "Relation": "a", "Time": 0.5, "Calls": 2}], "Execution Time": 3.5}]"#;
    let want = (postgres_json::FORMAT.parse)(json).unwrap().remove(0).plan;
    plan.format = want.format;
    assert_eq!(plan, want);
    assert_eq!(plan.settings, [("work_mem".to_owned(), "64MB".to_owned())]);
}

#[test]
fn clients_put_things_around() {
    let bare = one(HASH_JOIN).plan;
    let lines: Vec<&str> = HASH_JOIN.lines().collect();
    let table = |line: &dyn Fn(&str) -> String| lines.iter().map(|l| line(l)).collect::<String>();
    for text in [
        format!(
            "db=# explain (format yaml)\n QUERY PLAN \n----\n{}(1 row)\n",
            table(&|l| format!(" {l:60}+\n"))
        ),
        format!(
            "+---+\n| QUERY PLAN |\n+---+\n{}+---+\n(1 row)\n",
            table(&|l| format!("| {l:60}+|\r\n"))
        ),
        format!("┌──┐\n│ QUERY PLAN │\n├──┤\n{}└──┘\n", table(&|l| format!("│ {l:60}↵│\n"))),
        format!("\"QUERY PLAN\"\n\"{}\"\n", HASH_JOIN.trim_end().replace('"', "\"\"")),
        // The heading was not copied.
        table(&|l| format!(" {l:60} +\n")),
        format!("{HASH_JOIN}Time: 3.456 ms\nthat was it\n"),
        format!("{}\n\n", HASH_JOIN.replace(":\n", ": \n\n")),
        // Dashes right below their key.
        HASH_JOIN
            .replace("      - Node", "    - Node")
            .replace("        Parent", "      Parent")
            .replace("        Relation", "      Relation")
            .replace("        Sort", "      Sort"),
    ] {
        assert_eq!(one(&text).plan, bare, "{text}");
    }
}

#[test]
fn several_plans_and_those_of_a_log() {
    let two = "- Plan: \n    Node Type: \"Result\"\n- Plan: \n    Node Type: \"Limit\"\n  Planning Time: 1\n";
    let labels = |text: &str| -> Vec<String> {
        parse(text).unwrap().iter().map(|reading| reading.plan.root().label.clone()).collect()
    };
    assert_eq!(labels(two), ["Result", "Limit"]);
    assert_eq!(labels(&format!("{two}\nand\n{two}")).len(), 4);
    let log = "2026 LOG:  duration: 1.5 ms  plan:\n\tQuery Text: \"SELECT 'a',\\n 1;\"\n\tPlan: \n\t  Node Type: \"Result\"\n\t  Output: \n\t    - \"1\"\n";
    let plan = one(log).plan;
    assert_eq!(plan.statement.as_deref(), Some("SELECT 'a',\n 1;"));
    assert_eq!(plan.root().conditions_of(ConditionKind::Output).collect::<Vec<_>>(), ["1"]);
    let both = format!("{log}{log}2026 LOG:  checkpoint: done\n");
    assert_eq!(labels(&both), ["Result", "Result"]);
    let close = log.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>();
    assert_eq!(labels(&close.repeat(2)), ["Result", "Result"]);
}

#[test]
fn bare_nodes_and_other_peoples_yaml() {
    let plan = one(
        "Node Type: Limit\nPlan Rows: 1\nPlans:\n- Node Type: 'Seq Scan'\n  Filter: 'a = ''b'''\n",
    )
    .plan;
    assert_eq!(plan.root().estimate.rows_per_loop, Some(1.0));
    assert_eq!(plan.nodes()[1].role, Role::Outer);
    assert_eq!(plan.nodes()[1].conditions[0].text, "a = 'b'");
    let plan = one("- Plan:\n    Grouping Sets:\n      - Group Keys:\n          - [\"a\", 'b']\n          - []\n          - [c]\n    Node Type: \"Aggregate\"\n").plan;
    let keys: Vec<&str> = plan.root().conditions_of(ConditionKind::GroupKey).collect();
    assert_eq!(keys, ["a", "b", "()", "c"]);
    let plan = one(
        "Plan:\n  Node Type: \"Warp\"\n  Remote Plan:\n    - Plan:\n        Node Type: \"Limit\"\n",
    );
    assert_eq!((plan.plan.nodes().len(), plan.notes.len()), (2, 1));
    assert_eq!(plan.plan.root().operator, Operator::Other("Warp".into()));
}

#[test]
fn errors_name_the_place() {
    let error = |text: &str| parse(text).unwrap_err().to_string();
    let node = " QUERY PLAN \n---\n - Plan: \n     Node Type: \"Limit\" +\n";
    assert_eq!(
        error(&format!("{node}     Filter: \"(a")),
        "line 5, column 14: expected a string with both its quotes, found `\\\"(a`"
    );
    assert_eq!(
        error(&format!("{node}      Filter: \"a\"\n")),
        "line 5, column 7: expected the indentation of a line above, found `Filter: \\\"a\\\"`"
    );
    assert!(error(&format!("{node}     what\n")).starts_with("line 5, column 6: expected `key"));
    assert!(error("hello").starts_with("the input: expected a line `Plan:`"));
    assert_eq!(detect("{\"Node Type\": \"Limit\"}"), 0);
    assert_eq!(detect("Limit\n  Filter: (a = 'Node Type: ')"), 0);
}

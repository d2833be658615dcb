//! Tests of reading PostgreSQL's XML.

use super::super::postgres_json;
use super::*;
use crate::plan::ConditionKind;

fn one(text: &str) -> Reading {
    assert!(detect(text) > 0, "{text}");
    let mut readings = parse(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(readings.len(), 1, "{text}");
    readings.remove(0)
}

const HASH_JOIN: &str = r#"<explain xmlns="http://www.postgresql.org/2009/explain">
  <Query>
    <Plan>
      <Node-Type>Hash Join</Node-Type>
      <Parallel-Aware>true</Parallel-Aware>
      <Join-Type>Left</Join-Type>
      <Total-Cost>20.25</Total-Cost>
      <Actual-Rows>7</Actual-Rows>
      <Actual-Loops>3</Actual-Loops>
      <Hash-Cond>(a.id &lt;&gt; &quot;b&quot;.c &amp;&#x0d;
x)</Hash-Cond>
      <Shared-I-O-Read-Time>0.500</Shared-I-O-Read-Time>
      <Warp>
        <A-b>1</A-b>
        <Thing>x</Thing>
      </Warp>
      <Workers>
      </Workers>
      <Plans>
        <Plan>
          <Node-Type>Incremental Sort</Node-Type>
          <Parent-Relationship>Outer</Parent-Relationship>
          <Sort-Key>
            <Item>1</Item>
            <Item>y</Item>
          </Sort-Key>
          <Incremental-Sort-Groups>
            <Group-Count>2</Group-Count>
            <Sort-Methods-Used>
              <Item>quicksort</Item>
              <Item>external merge</Item>
            </Sort-Methods-Used>
            <Sort-Space>
              <Peak-Sort-Space-Used>27</Peak-Sort-Space-Used>
            </Sort-Space>
            <Sort-Space>
              <Peak-Sort-Space-Used>99</Peak-Sort-Space-Used>
            </Sort-Space>
          </Incremental-Sort-Groups>
          <Incremental-Sort-Groups>
            <Sort-Methods-Used>
              <Item>external merge</Item>
            </Sort-Methods-Used>
            <Sort-Space>
              <Peak-Sort-Space-Used>88</Peak-Sort-Space-Used>
            </Sort-Space>
          </Incremental-Sort-Groups>
        </Plan>
        <Plan>
          <Node-Type>Seq Scan</Node-Type>
          <Parent-Relationship>Inner</Parent-Relationship>
          <Relation-Name>2024</Relation-Name>
          <Alias>true</Alias>
        </Plan>
      </Plans>
    </Plan>
    <Settings>
      <statement_timeout>0</statement_timeout>
    </Settings>
    <Query-Identifier>-616535572753039263</Query-Identifier>
    <Triggers>
      <Trigger>
        <Trigger-Name>7</Trigger-Name>
        <Relation>a</Relation>
        <Time>0.500</Time>
        <Calls>2</Calls>
      </Trigger>
    </Triggers>
    <Execution-Time>3.500</Execution-Time>
  </Query>
</explain>
"#;

#[test]
fn a_plan_is_read_whole() {
    let Reading { mut plan, notes } = one(HASH_JOIN);
    assert_eq!(notes, []);
    let json = r#"[{"Plan": {"Node Type": "Hash Join", "Parallel Aware": true, "Join Type": "Left",
        "Total Cost": 20.25, "Actual Rows": 7, "Actual Loops": 3, "Hash Cond": "(a.id <> \"b\".c &\r\nx)",
        "Shared I/O Read Time": 0.500, "Warp": {"A b": 1, "Thing": "x"}, "Workers": [], "Plans": [
          {"Node Type": "Incremental Sort", "Parent Relationship": "Outer", "Sort Key": ["1", "y"],
           "Full-sort Groups": {"Group Count": 2, "Sort Methods Used": ["quicksort", "external merge"],
             "Sort Space Memory": {"Peak Sort Space Used": 27}, "Sort Space Disk": {"Peak Sort Space Used": 99}},
           "Pre-sorted Groups": {"Sort Methods Used": ["external merge"], "Sort Space Disk": {"Peak Sort Space Used": 88}}},
          {"Node Type": "Seq Scan", "Parent Relationship": "Inner", "Relation Name": "2024", "Alias": "true"}]},
        "Settings": {"statement_timeout": "0"}, "Query Identifier": -616535572753039263,
        "Triggers": [{"Trigger Name": "7", "Relation": "a", "Time": 0.5, "Calls": 2}], "Execution Time": 3.5}]"#;
    let want = (postgres_json::FORMAT.parse)(json).unwrap().remove(0).plan;
    plan.format = want.format;
    assert_eq!(plan, want);
}

#[test]
fn clients_put_things_around() {
    let bare = one(HASH_JOIN).plan;
    let lines: Vec<&str> = HASH_JOIN.lines().collect();
    let table = |line: &dyn Fn(&str) -> String| lines.iter().map(|l| line(l)).collect::<String>();
    for text in [
        format!(
            "db=# explain (format xml)\n QUERY PLAN \n----\n{}(1 row)\n",
            table(&|l| format!(" {l:60}+\n"))
        ),
        format!(
            "+---+\n| QUERY PLAN |\n+---+\n{}+---+\n(1 row)\n",
            table(&|l| format!("| {l}+|\r\n"))
        ),
        format!("\"QUERY PLAN\"\n\"{}\"\n", HASH_JOIN.trim_end().replace('"', "\"\"")),
        format!("<?xml version=\"1.0\"?>\n<!-- a < b -->\n{HASH_JOIN}Time: 3.456 ms\nand 1 < 2\n"),
        HASH_JOIN.replace(" xmlns=\"http://www.postgresql.org/2009/explain\"", ""),
        HASH_JOIN.lines().skip(1).map(|line| format!("{line}\n")).collect(),
    ] {
        assert_eq!(one(&text).plan, bare, "{text}");
    }
}

#[test]
fn several_plans_and_those_of_a_log() {
    let plan = |name: &str| format!("<Query><Plan><Node-Type>{name}</Node-Type></Plan></Query>");
    let two = format!(
        "<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n{}\n{}</explain>\n",
        plan("Result"),
        plan("Limit")
    );
    let labels = |text: &str| -> Vec<String> {
        parse(text).unwrap().iter().map(|reading| reading.plan.root().label.clone()).collect()
    };
    assert_eq!(labels(&two), ["Result", "Limit"]);
    assert_eq!(labels(&format!("{two}<and>\n{two}{}", plan("Sort"))).len(), 5);
    let log = "2026 LOG:  duration: 1.5 ms  plan:\n\t<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n\t  \
        <Query-Text>SELECT 1\n\t  FROM a;</Query-Text>\n\t  <Plan>\n\t    <Node-Type>Result</Node-Type>\n\t    \
        <Output>\n\t      <Item>1</Item>\n\t    </Output>\n\t  </Plan>\n\t</explain>\n";
    let logged = one(log).plan;
    assert_eq!(logged.statement.as_deref(), Some("SELECT 1\n  FROM a;"));
    assert_eq!(logged.root().conditions_of(ConditionKind::Output).collect::<Vec<_>>(), ["1"]);
    assert_eq!(labels(&log.repeat(2)), ["Result", "Result"]);
}

#[test]
fn grouping_sets_and_foreign_plans() {
    let plan = one(
        "<Plan><Grouping-Sets><Grouping-Set><Group-Keys><Group-Key>\n<Item>a</Item><Item>b</Item></Group-Key>\
        <Group-Key>\n</Group-Key></Group-Keys></Grouping-Set><Grouping-Set><Hash-Keys><Hash-Key><Item>c</Item>\
        </Hash-Key></Hash-Keys></Grouping-Set></Grouping-Sets><Node-Type>Aggregate</Node-Type></Plan>",
    );
    let keys: Vec<&str> = plan.plan.root().conditions_of(ConditionKind::GroupKey).collect();
    assert_eq!(keys, ["a", "b", "()", "c"]);
    let citus =
        one("<Plan><Node-Type>Warp</Node-Type><Tasks><Task><Remote-Plan><explain><Query><Plan>\
        <Node-Type>Limit</Node-Type></Plan></Query></explain></Remote-Plan></Task></Tasks></Plan>");
    assert_eq!((citus.plan.nodes().len(), citus.notes.len()), (2, 1));
}

#[test]
fn errors_name_the_place() {
    let error = |text: &str| parse(text).unwrap_err().to_string();
    let head = " QUERY PLAN \n---\n <explain> +\n  <Plan><Node-Type>Limit</Node-Type>";
    let cut = error(&format!("{head}+\n  <Plans>+\n"));
    assert_eq!(
        cut,
        "line 5, column 10: expected XML of a plan (element without an end), found the end"
    );
    let odd = error(&format!("{head}<A>&what;</A></Plan></explain>"));
    assert_eq!(
        odd,
        "line 4, column 40: expected XML of a plan (unknown reference), found `&what;</A></Plan></explain>`"
    );
    let crossed = error(&format!("{head}</Plans></explain>"));
    assert!(
        crossed.starts_with("line 4, column 37: expected XML of a plan (ill-formed"),
        "{crossed}"
    );
    assert!(error("hello").starts_with("the input: expected an XML element `<explain>`"));
    assert_eq!(detect("Limit\n  Filter: (a = '<Node-Type>')"), 0);
}

//! Which format is found, and texts with several.

use super::*;

const TEXT: &str = "Limit  (cost=0.00..1.00 rows=1 width=4)\n  ->  Seq Scan on t  (cost=0.00..9.00 rows=9 width=4)\n";
const JSON: &str = "[\n  {\n    \"Plan\": {\n      \"Node Type\": \"Result\"\n    }\n  }\n]\n";
const YAML: &str = "- Plan: \n    Node Type: \"Result\"\n    Total Cost: 0.01\n";
const XML: &str = "<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n  <Query>\n    <Plan>\n      <Node-Type>Result</Node-Type>\n    </Plan>\n  </Query>\n</explain>\n";
const SQLITE: &str = "QUERY PLAN\n|--SCAN t\n`--USE TEMP B-TREE FOR ORDER BY\n";

fn names(text: &str) -> Vec<(&'static str, usize)> {
    let readings = super::super::read(text, None).unwrap_or_else(|error| panic!("{error}\n{text}"));
    for reading in &readings {
        assert_eq!(reading.notes, [], "{text}");
    }
    readings.iter().map(|reading| (reading.plan.format, reading.plan.nodes().len())).collect()
}

#[test]
fn plans_of_several_formats_come_in_order() {
    let all = [
        ("postgres-text", 2),
        ("postgres-json", 1),
        ("postgres-yaml", 1),
        ("postgres-xml", 1),
        ("sqlite-query-plan", 3),
    ];
    let parts = [TEXT, JSON, YAML, XML, SQLITE];
    for between in ["\n", "\n(2 rows)\n\nEXPLAIN SELECT 1;\n", "\n-----\n\n"] {
        assert_eq!(names(&parts.join(between)), all, "{between:?}");
    }
    assert_eq!(names(&format!("{TEXT}{JSON}{TEXT}")), [all[0], all[1], all[0]]);
    let blocks: Vec<String> =
        parts.iter().map(|part| format!("Some plan:\n\n```sql\n{part}```\n")).collect();
    assert_eq!(names(&blocks.join("\n")), all);
    let twice = format!("```\n{TEXT}```\nand\n```json\n{JSON}```\n```sql\nselect 1;\n```\n");
    assert_eq!(names(&twice), [all[0], all[1]]);
    assert_eq!(names(&format!("{{noformat}}\n{TEXT}{{noformat}}\n")), [all[0]]);
}

#[test]
fn places_are_those_of_the_whole_text() {
    let text = format!("{JSON}\n{TEXT}    what is this\n");
    let readings = super::super::read(&text, None).unwrap();
    assert_eq!(readings[1].notes[0].place, "line 11");
    let broken = format!("{TEXT}\n[{{\"Plan\": {{\"Node Type\": \"Limit\", ]\n");
    let readings = super::super::read(&broken, None).unwrap();
    assert_eq!(readings[0].notes.len(), 1, "{readings:?}");
    assert!(readings[0].notes[0].message.contains("line 4, column "), "{readings:?}");
}

#[test]
fn documents_in_conditions_are_none() {
    let text = "Seq Scan on t  (cost=0.00..9.00 rows=9 width=4)\n  Filter: (doc = '{\"Node Type\": \"Limit\"}'::jsonb)\n";
    assert_eq!(names(text), [("postgres-text", 1)]);
    let text = "Seq Scan on t  (cost=0.00..9.00 rows=9 width=4)\n  Filter: (doc = 'Node Type: x <Node-Type>'::text)\n";
    assert_eq!(names(text), [("postgres-text", 1)]);
}

#[test]
fn words_of_prose_are_no_plan() {
    for text in [
        "Result",
        "Seq Scan on t",
        "db=# EXPLAIN (COSTS OFF) SELECT 1;\n QUERY PLAN \n------------\n Result\n(1 row)\n",
        "Sort\n  Sort Key: a\n  ->  Seq Scan on t",
        "Aggregate\n  ->  Seq Scan on t",
    ] {
        assert_eq!(names(text)[0].0, "postgres-text", "{text}");
    }
    for text in [
        "Limit your expectations.",
        "Result\nThe query was slow.",
        "Update on Monday",
        "Insert on the table\nis slow",
        "Sort of slow.\nResult: none",
        "hello\nSort\nworld",
        "-> see above",
        "> Result\n> of the vote",
        "1. Sort\n2. the laundry",
        "select * from \"Result\"",
    ] {
        let error = super::super::read(text, None).unwrap_err();
        assert!(matches!(error, FormatError::Unknown { .. }), "{text}: {error}");
    }
}

#[test]
fn a_format_that_fails_leaves_the_text_to_the_next() {
    let text = format!("The \"Node Type\" in {{\"Plan\": 1 is:\n{TEXT}");
    assert_eq!(names(&text), [("postgres-text", 2)]);
}

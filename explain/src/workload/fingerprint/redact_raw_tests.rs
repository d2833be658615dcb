//! Tests of redacting raw plans.

use super::super::tests::sql_like;
use super::*;
use proptest::prelude::*;

#[test]
fn json_of_postgres() {
    let raw = r#"[ {"Query Text": "select 'SECRET' /* \u00e9 */ where a = 7 limit 3",
      "Plan": {"Node Type": "Seq Scan", "Relation Name": "t'5", "Alias": "t 5", "Plan Rows": 12,
      "Filter": "((a = 7) AND ((b)::text ~~ '%SECRET'::text))", "Output": ["a", "'SECRET'::text"],
      "Workers": [], "Actual Rows": 0.53},
      "Settings": {"work_mem": "64MB"} } ]"#;
    let expected = r#"[ {"Query Text": "select '?' /* é */ where a = ? limit 3",
      "Plan": {"Node Type": "Seq Scan", "Relation Name": "t'5", "Alias": "t 5", "Plan Rows": 12,
      "Filter": "((a = ?) AND ((b)::text ~~ '%?'::text))", "Output": ["a", "'?'::text"],
      "Workers": [], "Actual Rows": 0.53},
      "Settings": {"work_mem": "64MB"} } ]"#;
    assert_eq!(redact_raw(raw, "postgres-json", Engine::Postgres).as_deref(), Some(expected));
}

#[test]
fn what_is_no_json_is_dropped() {
    for raw in
        ["", "[", "{\"a\" 1}", "{\"a\": 1} x", "[1, ]", "{\"a\": tru}", "\"open", "[}", "{,}"]
    {
        assert_eq!(redact_raw(raw, "postgres-json", Engine::Postgres), None, "{raw}");
    }
    assert_eq!(redact_raw("a: b", "postgres-yaml", Engine::Postgres), None);
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    assert_eq!(redact_raw(&deep, "postgres-json", Engine::Postgres), Some(deep));
}

#[test]
fn text_of_postgres() {
    let raw = "Query Text: select *\nfrom t where a = 7 and b = 'SECRET'\nQuery Parameters: $1 = 'SECRET', $2 = '5'\n\
Limit  (cost=0.42..8.44 rows=1 width=4) (actual time=0.012..0.013 rows=1 loops=1)\n\
  ->  Index Scan using t_5 on t  (cost=0.42..8.44 rows=1 width=4)\n\
        Index Cond: (a = 7)\n\
        Filter: ((b)::text = 'SECRET\n and c = 9'::text)\n\
        Rows Removed by Filter: 12\n\
        Buffers: shared hit=3\n\
  SubPlan 1\n\
    ->  Result  (cost=0.00..0.01 rows=1)\n\
          One-Time Filter: (InitPlan 1).col1\n\
Settings: work_mem = '64MB'\n\
Planning Time: 0.1 ms";
    let expected = "Query Text: select *\nfrom t where a = ? and b = '?'\nQuery Parameters: $1 = '?', $2 = '?'\n\
Limit  (cost=0.42..8.44 rows=1 width=4) (actual time=0.012..0.013 rows=1 loops=1)\n\
  ->  Index Scan using t_5 on t  (cost=0.42..8.44 rows=1 width=4)\n\
        Index Cond: (a = ?)\n\
        Filter: ((b)::text = '?'::text)\n\
        Rows Removed by Filter: 12\n\
        Buffers: shared hit=3\n\
  SubPlan 1\n\
    ->  Result  (cost=0.00..0.01 rows=1)\n\
          One-Time Filter: (InitPlan 1).col1\n\
Settings: work_mem = '64MB'\n\
Planning Time: 0.1 ms";
    assert_eq!(redact_raw(raw, "postgres-text", Engine::Postgres).as_deref(), Some(expected));
}

#[test]
fn plans_of_mysql() {
    let tree = "-> Limit: 5 row(s)  (cost=496 rows=5)\n    \
-> Filter: (v.a between 3 and 4)  (cost=0.25 rows=0.07) (actual time=0.1..0.2 rows=0.08 loops=835)\n        \
-> Index lookup on y using idx_2 (status = 'SECRET', n = 7)  (cost=204 rows=835)\n";
    let expected = "-> Limit: 5 row(s)  (cost=496 rows=5)\n    \
-> Filter: (v.a between ? and ?)  (cost=0.25 rows=0.07) (actual time=0.1..0.2 rows=0.08 loops=835)\n        \
-> Index lookup on y using idx_2 (status = '?', n = ?)  (cost=204 rows=835)\n";
    assert_eq!(redact_raw(tree, "mysql-tree", Engine::Mysql).as_deref(), Some(expected));
    let json = r#"{"query_cost": "496.50", "key": "k", "attached_condition": "(a = 5)", "message": "x 'SECRET'"}"#;
    let expected = r#"{"query_cost": "496.50", "key": "k", "attached_condition": "(a = ?)", "message": "x '?'"}"#;
    assert_eq!(redact_raw(json, "mysql-json", Engine::Mysql).as_deref(), Some(expected));
    // Version 1 and version 2 of one plan.
    let two = format!("{json}\n{json}");
    let expected = format!("{expected}\n{expected}");
    assert_eq!(redact_raw(&two, "mysql-json-v2", Engine::Mysql).as_deref(), Some(&*expected));
}

#[test]
fn plans_of_mongodb() {
    let raw = r#"{"namespace": "a.b", "command": {"find": "b", "filter": {"x": {"$eq": "SECRET"}, "n": 42}, "sort": {"t": -1}, "limit": 5},
      "indexBounds": {"x": ["[\"SECRET\", \"SECRET\"]"], "y": ["[MinKey, MaxKey]"], "z": ["[/^SEC/, /^SEC/]"]}, "works": 150}"#;
    let expected = r#"{"namespace": "a.b", "command": {"find": "b", "filter": {"x": {"$eq": "?"}, "n": "?"}, "sort": {"t": -1}, "limit": 5},
      "indexBounds": {"x": ["[?, ?]"], "y": ["[MinKey, MaxKey]"], "z": ["[/^?/, /^?/]"]}, "works": 150}"#;
    assert_eq!(redact_raw(raw, "mongodb-json", Engine::Mongodb).as_deref(), Some(expected));
}

const FORMATS: [&str; 6] = [
    "postgres-json",
    "postgres-text",
    "mysql-json",
    "mysql-tree",
    "mongodb-json",
    "sqlite-query-plan",
];

proptest! {
    #[test]
    fn nothing_panics_and_twice_is_once(text in sql_like()) {
        let wrapped = format!("[{{\"Filter\": {}}}]", serde_json::Value::from(text.clone()));
        for format in FORMATS {
            for (raw, engine) in [(&text, Engine::Postgres), (&wrapped, Engine::Mysql)] {
                if let Some(once) = redact_raw(raw, format, engine) {
                    prop_assert_eq!(redact_raw(&once, format, engine), Some(once));
                }
            }
        }
    }
}

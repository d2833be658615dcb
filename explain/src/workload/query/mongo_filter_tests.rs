//! Filters as people and plans write them.

use super::*;
use crate::engine::Engine::Mongodb;
use crate::workload::query::{read_alternatives, read_condition};
use proptest::prelude::*;

fn shown(predicates: &[Predicate]) -> String {
    let one = |p: &Predicate| {
        let value = match &p.value {
            Operand::Literal(text) => text.clone(),
            Operand::Parameter => "?".to_owned(),
            Operand::Column(c) => {
                c.qualifier.iter().map(|q| format!("{q}.")).collect::<String>() + &c.name
            }
            Operand::Expression => "…".to_owned(),
        };
        let subject = p
            .wrapped
            .as_ref()
            .map_or(p.column.name.clone(), |w| format!("{} in {w}", p.column.name));
        format!("{subject} {:?} {value}", p.operator)
    };
    predicates.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn read(text: &str) -> String {
    shown(&read_condition(text, Mongodb))
}

#[test]
fn tests_become_predicates() {
    for (filter, want) in [
        (
            r#"{"status":"A","total":{"$gt":5,"$lte":9.5}}"#,
            r#"status Equal "A"; total Greater 5; total Less 9.5"#,
        ),
        (r#"{"$and":[{"a":{"$eq":1}},{"b.c":{"$ne":"x"}}]}"#, r#"a Equal 1; b.c NotEqual "x""#),
        (
            r#"{"a":{"$in":[1,2,3]},"b":{"$in":["x"]},"c":{"$nin":[1]}}"#,
            r#"a In(Some(3)) ?; b In(Some(1)) "x"; c NotEqual 1"#,
        ),
        (
            r#"{"a":null,"b":{"$exists":true},"c":{"$exists":false},"d":{"$ne":null}}"#,
            "a IsNull NULL; b IsNotNull NULL; c IsNull NULL; d IsNotNull NULL",
        ),
        (
            r#"{"a":{"$regex":"^ab"},"b":{"$regex":"ab"},"c":{"$regex":"^ab","$options":"i"}}"#,
            r#"a Prefix "^ab"; b Pattern "ab"; c Pattern "^ab""#,
        ),
        (
            "{a: /^ab/, b: /^ab/i, c: /^a|b/}",
            r#"a Prefix {"$regularExpression":{"pattern":"^ab","options":""}}; b Pattern {"$regularExpression":{"pattern":"^ab","options":"i"}}; c Pattern {"$regularExpression":{"pattern":"^a|b","options":""}}"#,
        ),
        (
            r#"{"a":{"$not":{"$gt":5}},"b":{"$not":{"$eq":1}},"c":{"$not":{"$exists":true}}}"#,
            "a Less 5; b NotEqual 1; c IsNull NULL",
        ),
        (
            r#"{"lines":{"$elemMatch":{"sku":3,"qty":{"$gt":1}}}}"#,
            "lines.sku Equal 3; lines.qty Greater 1",
        ),
        (
            r#"{"lines":{"$elemMatch":{"$and":[{"qty":{"$gt":1}},{"sku":{"$eq":3}}]}},"n":{"$elemMatch":{"$gt":1,"$lt":4}}}"#,
            "lines.qty Greater 1; lines.sku Equal 3; n Greater 1; n Less 4",
        ),
        (r#"{"$nor":[{"a":1},{"b":{"$gt":2}}]}"#, "a NotEqual 1; b Less 2"),
        (r#"{"$or":[{"a":1}]}"#, "a Equal 1"),
        (
            r#"{"at":{"$gte":{"$date":"2024-01-01T00:00:00Z"}},"id":{"$oid":"65"},"u":{"$binary":{"base64":"YQ==","subType":"00"}}}"#,
            r#"at Greater {"$date":"2024-01-01T00:00:00Z"}; id Equal {"$oid":"65"}; u Equal {"$binary":{"base64":"YQ==","subType":"00"}}"#,
        ),
        (
            r#"{"a":{"x":1},"b":[1],"c":"?","tags":{"$all":["x","y"]},"g":{"$geoWithin":{"$box":[]}},"t":{"$type":2}}"#,
            r#"a Equal {"x":1}; b Equal [1]; c Equal ?; tags Contains ["x","y"]; g Contains {"$box":[]}; t Other 2"#,
        ),
        (
            r#"{"$expr":{"$and":[{"$gt":["$a","$b"]},{"$eq":["$c",{"$const":5}]},{"$lt":[3,"$d"]},{"$eq":["$_id","$$x"]}]}}"#,
            "a Greater b; c Equal 5; d Greater 3; _id Equal ?",
        ),
        (
            r#"{"$expr":{"$eq":[{"$toLower":["$name"]},"x"]}}"#,
            r#"name in {"$toLower":["$name"]} Equal "x""#,
        ),
        (
            r#"{"control.min.at":{"$_internalExprLt":5},"$text":{"$search":"x"},"$where":"1","$comment":"c"}"#,
            "control.min.at Less 5",
        ),
        ("customer_id = customers._id.x", "customer_id Equal customers._id.x"),
    ] {
        assert_eq!(read(filter), want, "{filter}");
        assert!(read_alternatives(filter, Mongodb).is_empty(), "{filter}");
    }
    for nothing in ["", "{", "{a: 1} b", "[1]", "a", "$status", "{}", "a = b", "name: -1"] {
        assert_eq!(read(nothing), "", "{nothing}");
    }
}

#[test]
fn disjunctions_become_alternatives() {
    let arms = |filter: &str| -> Vec<String> {
        let one = |arms: &Vec<Vec<Predicate>>| {
            arms.iter().map(|arm| shown(arm)).collect::<Vec<_>>().join(" | ")
        };
        read_alternatives(filter, Mongodb).iter().map(one).collect()
    };
    assert_eq!(
        arms(r#"{"x":1,"$or":[{"a":1,"b":2},{"c":{"$gt":3}}]}"#),
        ["a Equal 1; b Equal 2 | c Greater 3"]
    );
    assert_eq!(read(r#"{"x":1,"$or":[{"a":1,"b":2},{"c":{"$gt":3}}]}"#), "x Equal 1");
    assert_eq!(
        arms(r#"{"$nor":[{"a":1,"b":2}],"c":{"$not":{"$gt":1,"$lt":5}}}"#),
        ["a NotEqual 1 | b NotEqual 2", "c Less 1 | c Greater 5"]
    );
    assert_eq!(
        arms(r#"{"$expr":{"$or":[{"$eq":["$a",1]},{"$eq":["$b",2]}]}}"#),
        ["a Equal 1 | b Equal 2"]
    );
    assert_eq!(arms(r#"{"$or":[{"a":1},{"$or":[{"b":1},{"c":1}]}]}"#), ["a Equal 1 | "]);
}

#[test]
fn depth_is_no_danger() {
    let n = 50_000;
    for (open, close) in [
        ("{\"$and\":[", "]}"),
        ("{\"a\":{\"$elemMatch\":", "}}"),
        ("{\"$or\":[", "]}"),
        ("{\"$nor\":[", "]}"),
    ] {
        let text = format!("{}{{\"b\":1}}{}", open.repeat(n), close.repeat(n));
        let _ = read(&text);
    }
    assert_eq!(read(&format!("{{a:{}1{}}}", "{$not:".repeat(n), "}".repeat(n))), "a Equal 1");
    assert_eq!(
        read(&format!("{{$expr:{}{{$eq:['$a',1]}}{}}}", "{$not:[".repeat(n), "]}".repeat(n))),
        "a Equal 1"
    );
    let _ = read(&format!("{{$expr:{{$eq:[{}'$a'{},1]}}}}", "{$abs:".repeat(n), "}".repeat(n)));
}

proptest! {
    #[test]
    fn any_filter_is_read_or_refused(parts in prop::collection::vec(0..24_usize, 0..30)) {
        const PARTS: [&str; 24] = ["{", "}", "[", "]", ",", ":", "a", "\"$or\"", "$and", "$not", "$elemMatch", "$expr", "$eq", "1", "'x'",
            "\"$a\"", "null", "/x/", "{$gt:1}", "{a:1}", "[{a:1},{b:2}]", "$nor:", "$in:[1,2]", "{$or:[{a:1},{a:2}]}"];
        let text: String = parts.iter().map(|&i| PARTS[i]).collect();
        let _ = read(&text);
        let _ = read(&format!("{{{text}}}"));
        let _ = read_alternatives(&text, Mongodb);
    }
}

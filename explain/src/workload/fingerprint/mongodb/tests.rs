//! Tests of shapes and of commands without data.

use crate::engine::Engine;
use crate::workload::fingerprint::{fingerprint, normalize, redact};
use proptest::prelude::*;

fn shape(text: &str) -> String {
    normalize(text, Engine::Mongodb)
}

fn bare(text: &str) -> String {
    redact(text, Engine::Mongodb)
}

#[test]
fn values_are_one_shape() {
    let cases = [
        (
            r#"{"find": "orders", "filter": {"customer": 7, "t": {"$gt": {"$date": "2024-01-01T00:00:00Z"}}},
                "sort": {"t": -1}, "limit": 5, "$db": "shop", "lsid": {"id": {"$uuid": "x"}}}"#,
            r#"{"find":"orders","filter":{"customer":?,"t":{"$gt":?}},"sort":{"t":-1},"limit":?}"#,
        ),
        (
            r#"{"find":"c","filter":{"a":{"$in":[1,2,3]},"$or":[{"x":1},{"x":2},{"y":{"$eq":"s"}}]}}"#,
            r#"{"find":"c","filter":{"a":{"$in":[?]},"$or":[{"x":?},{"y":?}]}}"#,
        ),
        (
            r#"{"find":"c","filter":{"a":{"$regex":"^abc","$options":"i"},"b":/x/i,"c":{"$exists":true},
                "d":{"$regularExpression":{"pattern":"a","options":""}},"e":ObjectId("00"),'f':{$ne:null}}}"#,
            r#"{"find":"c","filter":{"a":/?/,"b":/?/,"c":{"$exists":true},"d":/?/,"e":?,"f":{"$ne":?}}}"#,
        ),
        (
            r#"{"aggregate":"c","pipeline":[{"$match":{"from":"alice"}},{"$lookup":{"from":"d","localField":"x",
                "foreignField":"_id","as":"y","pipeline":[{"$match":{"$expr":{"$eq":["$a","$$b"]}}}]}},
                {"$group":{"_id":"$k","n":{"$sum":1}}},{"$sort":{"n":-1}},{"$limit":9},{"$out":"target"}],"cursor":{}}"#,
            r#"{"aggregate":"c","pipeline":[{"$match":{"from":?}},{"$lookup":{"from":"d","localField":"x","foreignField":"_id","as":"y","pipeline":[{"$match":{"$expr":{"$eq":["$a","$$b"]}}}]}},{"$group":{"_id":"$k","n":{"$sum":?}}},{"$sort":{"n":-1}},{"$limit":?},{"$out":"target"}]}"#,
        ),
        (
            r#"{"update":"c","updates":[{"q":{"_id":4},"u":{"$set":{"a":"x"},"$inc":{"n":2}},"multi":true}],"ordered":true}"#,
            r#"{"update":"c","updates":[{"q":{"_id":?},"u":{"$set":{"a":?},"$inc":{"n":?}},"multi":true}]}"#,
        ),
        (
            r#"{"distinct":"c","key":"a.b","query":{}}"#,
            r#"{"distinct":"c","key":"a.b","query":{}}"#,
        ),
        (
            r#"{"find":"c","projection":{"a":1,"b":{"$slice":["$x",3]},"_id":0},"comment":"trace 7","filter":{}}"#,
            r#"{"find":"c","projection":{"a":1,"b":{"$slice":["$x",?]},"_id":0},"filter":{}}"#,
        ),
    ];
    for (text, want) in cases {
        assert_eq!(shape(text), want);
        assert_eq!(shape(want), want, "a shape is its own shape");
    }
}

#[test]
fn redacted_keeps_what_advice_needs() {
    let text = r#"{"find": "c", "filter": {"a": "SECRET", "n": 4711, "i": {"$in": ["SECRET", 4711]}, "r": {"$regex": "^SECRET"},
 "s": {"$regularExpression": {"pattern": "SECRET", "options": "i"}}, "o": {"$oid": "SECRET"}, "t": true, "price": "$SECRET"}, "skip": 20, "limit": 4711}"#;
    let want = r#"{"find": "c", "filter": {"a": "?", "n": "?", "i": {"$in": ["?", "?"]}, "r": {"$regex": "^?"},
 "s": {"$regularExpression": {"pattern": "?", "options": "i"}}, "o": "?", "t": true, "price": "?"}, "skip": 20, "limit": 4711}"#;
    assert_eq!(bare(text), want);
    assert_eq!(bare(want), want);
    assert_eq!(fingerprint(text, Engine::Mongodb), fingerprint(want, Engine::Mongodb));
}

#[test]
fn parts_of_plans_lose_their_values() {
    let cases = [
        (r#"["SECRET", "SECRET"]"#, r#"["?", "?"]"#),
        ("[5, 7)", "[?, ?)"),
        ("(5, MaxKey]", "(?, MaxKey]"),
        ("[MinKey, MaxKey]", "[MinKey, MaxKey]"),
        ("[/^SEC/, /^SEC/]", "[/^?/, /^?/]"),
        ("[new Date(1700000000000), ObjectId('SECRET')]", "[new Date(?), ObjectId('?')]"),
        (
            r#"{"name":{"$eq":"SECRET"},"n":{"$gt":4711}}"#,
            r#"{"name":{"$eq":"?"},"n":{"$gt":"?"}}"#,
        ),
        (r#"{"$match":{"name":"SECRET"}}"#, r#"{"$match":{"name":"?"}}"#),
        ("IXSCAN { dest: 1, departed: -1 }", "IXSCAN { dest: 1, departed: -1 }"),
        ("forward", "forward"),
        ("shop.orders_2024", "shop.orders_2024"),
        ("6.0.5", "6.0.5"),
        ("2026-11-21T16:23:59.836Z", "2026-11-21T16:23:59.836Z"),
    ];
    for (text, want) in cases {
        assert_eq!(bare(text), want);
    }
}

/// People's snapshots hold these: a change is a change of every statement's identity.
#[test]
fn fingerprints_are_stable() {
    let text =
        r#"{"find":"orders","filter":{"customer":7,"status":{"$in":["a","b"]}},"sort":{"t":-1}}"#;
    let id = fingerprint(text, Engine::Mongodb).to_string();
    assert_eq!(id, fingerprint(&shape(text), Engine::Mongodb).to_string());
    assert_eq!(id, "68601bc91444889b");
}

#[test]
fn depth_and_length_are_no_danger() {
    let deep = format!("{}1{}", "{\"a\":[".repeat(50_000), "]}".repeat(50_000));
    assert!(shape(&deep).len() <= deep.len());
    let long =
        format!("{{\"find\":\"c\",\"filter\":{{\"a\":{{\"$in\":[{}]}}}}}}", "1,".repeat(100_000));
    assert_eq!(shape(&long), r#"{"find":"c","filter":{"a":{"$in":[?]}}}"#);
    shape(&"[".repeat(100_000));
    shape(&"\"".repeat(100_001));
    shape(&"/".repeat(100_001));
}

fn command_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ":",
        ",",
        " ",
        "\"a\"",
        "'b'",
        "$in",
        "\"$regex\"",
        "\"$eq\"",
        "find",
        "filter",
        "\"find\"",
        "\"filter\"",
        "\"pipeline\"",
        "\"$match\"",
        "\"$oid\"",
        "1",
        "-1",
        "4.5",
        "/^x/i",
        "/",
        "true",
        "null",
        "\\",
        "\"",
        "'",
        "é",
        "\"$a\"",
        "\"lsid\"",
        "ObjectId",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Documents as an application may write them.
fn document() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};
    let key = || {
        prop::sample::select(vec![
            "a", "b.c", "from", "key", "$in", "$eq", "$or", "$regex", "$options", "$oid", "$date",
            "$match", "$sort", "$group", "pipeline", "filter", "$limit", "$expr", "$lookup",
            "$exists",
        ])
    };
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(json!(1)),
        Just(json!("$path")),
        "[a-z^.\"'$ ]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..4)
                .prop_map(|pairs| pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn laws_hold_on_commands(filter in document(), stage in document(), command in any::<bool>()) {
        let command = match command {
            true => serde_json::json!({"find": "c", "filter": filter, "sort": {"a": 1}, "lsid": stage}),
            false => serde_json::json!({"aggregate": "c", "pipeline": [{"$match": filter}, stage], "let": {}}),
        };
        let text = command.to_string();
        let normal = shape(&text);
        prop_assert_eq!(shape(&normal), normal.clone());
        let once = bare(&text);
        prop_assert_eq!(bare(&once), once.clone());
        prop_assert_eq!(shape(&once), normal);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&once).is_ok(), "{once}");
    }

    #[test]
    fn any_text_has_a_shape(text in command_like(), other in "\\PC{0,80}") {
        for text in [text, other] {
            let _ = (shape(&text), bare(&text));
        }
    }
}

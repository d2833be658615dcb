//! Every spelling of a value, and any text.

use super::*;
use proptest::prelude::*;
use serde_json::Value;

/// The outermost value as compact relaxed JSON, or where it went wrong.
fn json(text: &str) -> Result<String, (usize, Option<&'static str>)> {
    let (document, outcome) = read(text, 0);
    match outcome {
        Ok(_) => Ok(document.root().map(Item::json).unwrap_or_default()),
        Err(trouble) => Err((trouble.at, trouble.expected)),
    }
}

#[test]
fn strict_json_is_that_of_serde_json() {
    for text in [
        r#"{"a": 1, "b": [true, false, null, -2.5, 1e3, "x\n\"\\ é😀 \u00e9\ud83d\ude00\/"], "c": {}, "d": []}"#,
        r#"[[], [[1]], {"a": {"b": {}}}]"#,
        r#"{"": "", "a b": 18446744073709551615}"#,
    ] {
        let want: Value = serde_json::from_str(text).unwrap();
        let (document, outcome) = read(text, 0);
        assert_eq!(outcome, Ok(text.len()));
        let root = document.root().unwrap();
        assert_eq!(root.detail(), want);
        assert_eq!(serde_json::from_str::<Value>(&root.json()).unwrap(), want);
    }
}

/// What a value is in relaxed Extended JSON, and its other spellings.
const SPELLINGS: [(&str, &[&str]); 13] = [
    (
        "5",
        &[
            "NumberLong(5)",
            "NumberLong(\"5\")",
            "Long('5')",
            "NumberInt(5)",
            "Int32(5)",
            "Int64(5)",
            "5.0",
            "+5",
            "{\"$numberInt\": \"5\"}",
            "{$numberLong: '5'}",
            "{\"$numberDouble\": \"5.0\"}",
            "Double(5)",
            "Long.fromString('5')",
        ],
    ),
    (
        "{\"$date\":\"2024-01-01T00:00:00Z\"}",
        &[
            "ISODate('2024-01-01T00:00:00.000Z')",
            "new Date(1704067200000)",
            "Date('2024-01-01T00:00:00Z')",
            "{$date: {$numberLong: '1704067200000'}}",
            "{\"$date\": 1704067200000}",
            "datetime.datetime(2024, 1, 1, 0, 0)",
        ],
    ),
    (
        "{\"$date\":\"2024-02-29T23:59:58.123Z\"}",
        &[
            "ISODate('2024-02-29T23:59:58.123Z')",
            "new Date(1709251198123)",
            "datetime.datetime(2024, 2, 29, 23, 59, 58, 123000)",
        ],
    ),
    ("{\"$date\":{\"$numberLong\":\"-5\"}}", &["{ $date: { $numberLong: \"-5\" } }"]),
    (
        "{\"$oid\":\"65a1b2c3d4e5f60718293a4b\"}",
        &["ObjectId('65a1b2c3d4e5f60718293a4b')", "ObjectId(\"65a1b2c3d4e5f60718293a4b\")"],
    ),
    ("{\"$numberDecimal\":\"1.50\"}", &["NumberDecimal(\"1.50\")", "Decimal128('1.50')"]),
    (
        "{\"$uuid\":\"d7ab9585-2014-4670-a771-e607581d8317\"}",
        &[
            "UUID('d7ab9585-2014-4670-a771-e607581d8317')",
            "{\"$binary\": {\"base64\": \"16uVhSAURnCnceYHWB2DFw==\", \"subType\": \"04\"}}",
            "{$uuid: \"d7ab9585-2014-4670-a771-e607581d8317\"}",
        ],
    ),
    (
        "{\"$binary\":{\"base64\":\"YWJj\",\"subType\":\"00\"}}",
        &["BinData(0,\"YWJj\")", "Binary.createFromBase64('YWJj', 0)"],
    ),
    ("{\"$timestamp\":{\"t\":1,\"i\":2}}", &["Timestamp(1, 2)", "Timestamp({ t: 1, i: 2 })"]),
    (
        "{\"$regularExpression\":{\"pattern\":\"^a/[/]\",\"options\":\"i\"}}",
        &["/^a\\/[/]/i", "BSONRegExp('^a/[/]', 'i')"],
    ),
    ("{\"$minKey\":1}", &["MinKey", "MinKey()"]),
    ("{\"$numberDouble\":\"-Infinity\"}", &["-Infinity", "{\"$numberDouble\": \"-Infinity\"}"]),
    (
        "\"it's \\\"a\\\"\"",
        &[
            "'it\\'s \"a\"'",
            "\"it's \\\"a\\\"\"",
            "`it's \"a\"`",
            "'it\\'s ' +\n  '\"a\"'",
            "'it\\x27s '\n '\\u0022a\"'",
        ],
    ),
];

#[test]
fn all_spellings_of_a_value_are_one() {
    for (want, spellings) in SPELLINGS {
        for text in spellings {
            assert_eq!(json(&format!("[{text},]")).as_deref(), Ok(&*format!("[{want}]")), "{text}");
            let deep = format!("{{ a: {text} /* c */, // d\n }}");
            assert_eq!(json(&deep).as_deref(), Ok(&*format!("{{\"a\":{want}}}")), "{text}");
            let (document, _) = read(&deep, 0);
            let value = document.root().unwrap().detail();
            assert_eq!(value, serde_json::from_str::<Value>(&format!("{{\"a\":{want}}}")).unwrap());
        }
    }
    assert_eq!(
        json("[True, False, None, undefined, NaN]").unwrap(),
        "[true,false,null,{\"$undefined\":true},{\"$numberDouble\":\"NaN\"}]"
    );
}

#[test]
fn what_the_shells_leave_out_is_seen() {
    for (text, want) in [
        ("{ a: [Object], b: 1 }", r#"{"a":"…","b":1}"#),
        ("{ a: [Array] }", r#"{"a":"…"}"#),
        ("[ 1, 2, ... 98 more items ]", "[1,2]"),
        ("{ a: [Object: null prototype] { b: 2 } }", r#"{"a":{"b":2}}"#),
        ("{ a: 'abc'... 70 more characters, b: 1 }", r#"{"a":"abc","b":1}"#),
    ] {
        assert_eq!(json(text).as_deref(), Ok(want), "{text}");
        assert_eq!(read(text, 0).0.elided, !text.contains("prototype"), "{text}");
    }
    for (text, want) in [
        ("{a: Foo { b: 1 }, 1: (2, 3)}", r#"{"a":{"b":1},"1":[2,3]}"#),
        // Ruby, Python with names of arguments, Node's references, colours of a terminal.
        (r#"{"a"=>{"b" => nil}}"#, r#"{"a":{"b":null}}"#),
        (
            "{'a': datetime.datetime(2024, 1, 2, 0, 0, tzinfo=datetime.timezone.utc)}",
            r#"{"a":{"$date":"2024-01-02T00:00:00Z"}}"#,
        ),
        ("<ref *1> { a: <Buffer 01 02>, b: 1 }", r#"{"a":"…","b":1}"#),
        (
            "{ a: \u{1b}[32m'x'\u{1b}[39m, \u{1b}[32m'b'\u{1b}[39m: \u{1b}[33m5\u{1b}[39m }",
            r#"{"a":"x","b":5}"#,
        ),
    ] {
        assert_eq!(json(text).as_deref(), Ok(want), "{text}");
    }
}

#[test]
fn errors_have_their_place() {
    assert_eq!(json("{a: }"), Err((4, Some("a value"))));
    assert_eq!(json("{a 1}"), Err((3, Some("`:`"))));
    assert_eq!(json("{a: 1 b: 2}"), Err((6, Some("`,` or `}`"))));
    assert_eq!(json("[1 2]"), Err((3, Some("`,` or `]`"))));
    assert_eq!(json("{a: 'x"), Err((4, Some("a string that ends"))));
    assert_eq!(json("{"), Err((1, Some("a key or `}`"))));
    assert_eq!(json(&"[".repeat(300_000)), Err((250_001, None)));
}

#[test]
fn depth_is_no_danger() {
    let n = 200_000;
    let text = format!("{}7{}", "[".repeat(n), "]".repeat(n));
    let (document, outcome) = read(&text, 0);
    assert_eq!(outcome, Ok(text.len()));
    let root = document.root().unwrap();
    assert_eq!(root.json(), text);
    assert_eq!(root.detail(), Value::String(text.clone()), "too deep for a value");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in r#"[\{\[]([\{\}\[\]\(\),:'"`/.\\$a-z0-9 \n+-]|\.\.\.|NumberLong\(|\PC){0,60}"#) {
        let (document, outcome) = read(&text, 0);
        if outcome.is_ok() {
            let root = document.root().unwrap();
            let json = root.json();
            prop_assert!(serde_json::from_str::<Value>(&json).is_ok(), "{json}");
            root.detail();
        }
        document.mentions(&["a"]);
    }

    #[test]
    fn values_survive_being_printed(values in prop::collection::vec((any::<f64>(), any::<i64>(), ".{0,10}"), 0..5)) {
        let finite = values.into_iter().filter(|(f, ..)| f.is_finite());
        let want: Vec<Value> = finite.map(|(f, i, s)| serde_json::json!({"f": f, "i": i, s.clone(): s})).collect();
        let text = serde_json::to_string(&want).unwrap();
        let (document, outcome) = read(&text, 0);
        prop_assert_eq!(outcome, Ok(text.len()));
        let again: Value = serde_json::from_str(&document.root().unwrap().json()).unwrap();
        // `5.0` is printed as `5`.
        let number = |value: &Value| value.as_f64();
        for (a, b) in want.iter().zip(again.as_array().unwrap()) {
            prop_assert_eq!(number(&a["f"]), number(&b["f"]));
            prop_assert_eq!(&a["i"], &b["i"]);
        }
    }
}

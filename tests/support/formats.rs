//! Whether what planscope writes for builds is what their formats ask for.
//!
//! The schemas here are written for these tests and allow less than the official ones (SARIF 2.1.0 of
//! OASIS, GitLab's code quality report, the JUnit schema of Jenkins' xUnit plugin), so that a document
//! which passes here is one of theirs as well.

use jsonschema::Validator;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Value, json};

fn check(schema: &Value, document: &Value) {
    let validator = Validator::new(schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{}\n{document:#}", errors.join("\n"));
}

/// An object with these properties and no others; those with a `!` have to be there.
fn object(properties: Value) -> Value {
    let mut plain = serde_json::Map::new();
    let mut required = Vec::new();
    for (name, schema) in properties.as_object().unwrap() {
        let bare = name.trim_end_matches('!');
        if bare != name {
            required.push(bare.to_owned());
        }
        plain.insert(bare.to_owned(), schema.clone());
    }
    json!({ "type": "object", "properties": plain, "required": required, "additionalProperties": false })
}

/// Checks a SARIF log and gives its results.
pub fn sarif(text: &str) -> Vec<Value> {
    let message = object(json!({ "text!": { "type": "string", "minLength": 1 } }));
    let string = json!({ "type": "string" });
    let level = json!({ "enum": ["none", "note", "warning", "error"] });
    let place = object(json!({ "physicalLocation!": object(json!({
        "artifactLocation!": object(json!({
            "uri!": { "type": "string", "pattern": "^[A-Za-z0-9/._~%-]+$" },
            "uriBaseId": { "const": "%SRCROOT%" },
        })),
        "region!": object(json!({ "startLine!": { "type": "integer", "minimum": 1 } })),
    })) }));
    let rule = object(json!({
        "id!": string, "name!": string, "shortDescription!": message, "help!": message,
        "defaultConfiguration!": object(json!({ "level!": level })),
    }));
    let result = object(json!({
        "ruleId!": string,
        "ruleIndex!": { "type": "integer", "minimum": 0 },
        "level!": level,
        "message!": message,
        "partialFingerprints!": { "type": "object", "additionalProperties": string },
        "locations": { "type": "array", "items": place },
        "suppressions": { "type": "array", "items": object(json!({
            "kind!": { "enum": ["inSource", "external"] }, "justification!": string
        })) },
    }));
    let driver = object(json!({
        "name!": { "const": "planscope" },
        "version!": { "type": "string", "pattern": "^[0-9]+[.][0-9]+[.][0-9]+" },
        "rules!": { "type": "array", "items": rule, "uniqueItems": true },
    }));
    let run = object(json!({
        "tool!": object(json!({ "driver!": driver })),
        "columnKind!": { "enum": ["utf16CodeUnits", "unicodeCodePoints"] },
        "originalUriBaseIds!": { "type": "object", "additionalProperties": object(json!({ "description!": message })) },
        "results!": { "type": "array", "items": result },
    }));
    let log = object(json!({
        "$schema!": { "type": "string", "pattern": "sarif-schema-2[.]1[.]0[.]json$" },
        "version!": { "const": "2.1.0" },
        "runs!": { "type": "array", "items": run, "minItems": 1 },
    }));
    let document: Value = serde_json::from_str(text).unwrap();
    check(&log, &document);
    let run = &document["runs"][0];
    let results = run["results"].as_array().unwrap().clone();
    for result in &results {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    }
    results
}

/// Checks a code quality report of GitLab and gives its entries.
pub fn gitlab(text: &str) -> Vec<Value> {
    let string = json!({ "type": "string", "minLength": 1 });
    let entry = object(json!({
        "description!": string, "check_name!": string, "fingerprint!": string,
        "severity!": { "enum": ["info", "minor", "major", "critical", "blocker"] },
        "location!": object(json!({
            "path!": { "type": "string", "pattern": "^[^/].*$" },
            "lines!": object(json!({ "begin!": { "type": "integer", "minimum": 1 } })),
        })),
    }));
    let document: Value = serde_json::from_str(text).unwrap();
    check(&json!({ "type": "array", "items": entry }), &document);
    let entries = document.as_array().unwrap().clone();
    let prints: std::collections::BTreeSet<&str> =
        entries.iter().map(|entry| entry["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), entries.len(), "GitLab merges entries of one fingerprint");
    entries
}

/// What a JUnit report counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Junit {
    pub tests: usize,
    pub failures: usize,
    pub skipped: usize,
}

/// Elements, what they may stand in, their attributes, those that have to be there first.
const JUNIT: [(&str, &str, &[&str], usize); 5] = [
    ("testsuites", "", &["name", "time", "tests", "failures", "errors"], 0),
    ("testsuite", "testsuites", &["name", "tests", "failures", "errors", "skipped", "time"], 2),
    ("testcase", "testsuite", &["name", "classname", "time"], 1),
    ("failure", "testcase", &["type", "message"], 0),
    ("skipped", "testcase", &["type", "message"], 0),
];

/// Checks a JUnit report: elements, attributes, and that the sums are those of its tests.
pub fn junit(text: &str) -> Junit {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut open: Vec<String> = Vec::new();
    let (mut counted, mut said) = (Junit::default(), Junit::default());
    loop {
        let event = reader.read_event().unwrap();
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                let name = element(start, open.last().map_or("", String::as_str));
                match name.as_str() {
                    "testsuite" => said = sums(start),
                    "testcase" => counted.tests += 1,
                    "failure" => counted.failures += 1,
                    "skipped" => counted.skipped += 1,
                    _ => {}
                }
                if matches!(event, Event::Start(_)) {
                    open.push(name);
                }
            }
            Event::End(_) => drop(open.pop()),
            Event::DocType(_) | Event::PI(_) | Event::CData(_) => panic!("unexpected in\n{text}"),
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty() && counted.tests > 0, "{text}");
    assert_eq!(counted, said, "{text}");
    counted
}

fn element(start: &BytesStart<'_>, parent: &str) -> String {
    let name = start.name().as_ref().to_owned();
    let known = JUNIT.iter().find(|(known, ..)| *known == name);
    let (_, inside, attributes, required) = known.unwrap_or_else(|| panic!("no element {name}"));
    assert_eq!(*inside, parent, "{name}");
    let given: Vec<String> =
        start.attributes().map(|a| a.unwrap().key.as_ref().to_owned()).collect();
    assert!(given.iter().all(|a| attributes.contains(&a.as_str())), "{name}: {given:?}");
    assert!(
        attributes[..*required].iter().all(|a| given.iter().any(|g| g == a)),
        "{name}: {given:?}"
    );
    name
}

fn sums(start: &BytesStart<'_>) -> Junit {
    let number = |name: &str| {
        let attribute = start.try_get_attribute(name).unwrap().unwrap();
        attribute.value.parse().unwrap()
    };
    Junit { tests: number("tests"), failures: number("failures"), skipped: number("skipped") }
}

/// A workflow command: its name, its properties, its message.
pub type WorkflowCommand = (String, Vec<(String, String)>, String);

/// Checks workflow commands of GitHub.
pub fn github(text: &str) -> Vec<WorkflowCommand> {
    let command = |line: &str| {
        let rest = line.strip_prefix("::").unwrap_or_else(|| panic!("no command: {line}"));
        let (head, message) = rest.split_once("::").unwrap();
        let (command, properties) = head.split_once(' ').unwrap();
        assert!(["error", "warning", "notice"].contains(&command), "{line}");
        let property = |text: &str| {
            let (name, value) = text.split_once('=').unwrap();
            assert!(["file", "line", "title"].contains(&name) && !value.is_empty(), "{line}");
            (name.to_owned(), value.to_owned())
        };
        (command.to_owned(), properties.split(',').map(property).collect(), message.to_owned())
    };
    text.lines().map(command).collect()
}

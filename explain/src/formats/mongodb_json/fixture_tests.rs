//! The plans in `fixtures/plans/mongodb/`, recorded by `dev/record-fixtures-mongodb`: drop a file, get
//! a test.

use crate::formats::corpus_tests::adds_up;
use crate::formats::{Reading, detect, read};
use crate::plan::{Node, Operator};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(super) fn files(ending: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/plans/mongodb");
    let versions = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let files =
        versions.flat_map(|v| std::fs::read_dir(v).unwrap().map(|entry| entry.unwrap().path()));
    let found: BTreeSet<PathBuf> =
        files.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    assert!(!found.is_empty(), "no {ending}");
    found.into_iter().collect()
}

fn readings(path: &Path) -> Vec<Reading> {
    let text = std::fs::read_to_string(path).unwrap();
    let shown = path.display();
    assert_eq!(detect(&text).map(|f| f.name), Some("mongodb-json"), "{shown}");
    let readings = read(&text, None).unwrap_or_else(|error| panic!("{shown}: {error}"));
    for reading in &readings {
        check(reading, &shown.to_string());
    }
    readings
}

fn check(reading: &Reading, shown: &str) {
    let plan = &reading.plan;
    assert!(adds_up(plan), "{shown}: self times do not add up");
    let unknown = |node: &Node| matches!(node.operator, Operator::Other(_));
    assert!(!plan.nodes().iter().any(unknown), "{shown}: {plan:#?}");
    assert_eq!(plan.is_analyzed(), plan.execution_ms.is_some(), "{shown}");
}

/// Stages and figures of one answer are the same however it is printed.
#[test]
fn all_forms_of_an_answer_are_the_same_plan() {
    for path in files(".relaxed.json") {
        let of = |ending: &str| {
            let name = path.to_string_lossy().replace(".relaxed.json", ending);
            readings(Path::new(&name))
        };
        let relaxed = readings(&path);
        for other in [of(".canonical.json"), of(".shell.txt")] {
            let shown = path.display();
            assert_eq!(relaxed.len(), other.len(), "{shown}");
            for (a, b) in relaxed.iter().zip(&other) {
                assert_eq!(a.plan.nodes(), b.plan.nodes(), "{shown}");
                assert_eq!(a.plan, b.plan, "{shown}");
                assert_eq!(a.notes, b.notes, "{shown}");
            }
        }
    }
}

#[test]
fn explains_are_read_without_a_doubt() {
    for path in files(".relaxed.json") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let readings = readings(&path);
        if name != "profile-all.relaxed.json" {
            assert_eq!(readings.len(), 1, "{name}");
        }
        for reading in &readings {
            let cut_short = name.starts_with("cut-short");
            assert_eq!(reading.plan.partial, cut_short, "{name}");
            let expected = usize::from(cut_short || name.starts_with("profile-all"));
            assert!(reading.notes.len() <= expected, "{name}: {:?}", reading.notes);
            assert!(reading.plan.statement.is_some(), "{name}");
        }
    }
}

/// Names of stages in an answer, wherever it tells of stages that were chosen.
fn stage_names(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            let name = map.get("stage").and_then(Value::as_str);
            names.extend(
                name.filter(|n| n.starts_with(|c: char| c.is_ascii_uppercase())).map(str::to_owned),
            );
            for (key, value) in map {
                if !["command", "rejectedPlans", "allPlansExecution"].contains(&key.as_str()) {
                    stage_names(value, names);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| stage_names(item, names)),
        _ => {}
    }
}

#[test]
fn every_stage_of_the_query_layer_is_a_node() {
    for path in files(".relaxed.json") {
        let answer: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let mut names = BTreeSet::new();
        stage_names(&answer, &mut names);
        let readings = readings(&path);
        let labels: BTreeSet<&str> =
            readings.iter().flat_map(|r| r.plan.nodes()).map(|node| node.label.as_str()).collect();
        let missing: Vec<&String> =
            names.iter().filter(|name| !labels.contains(name.as_str())).collect();
        assert_eq!(missing, Vec::<&String>::new(), "{}", path.display());
    }
}

/// Where the server tells totals of keys and documents, the nodes' own figures sum up to them.
#[test]
fn what_was_examined_adds_up() {
    for path in files(".relaxed.json") {
        let answer: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let Some(total) = answer.get("executionStats") else { continue };
        let plan = &readings(&path)[0].plan;
        let sum =
            |read: fn(&Node) -> Option<f64>| plan.nodes().iter().filter_map(read).sum::<f64>();
        let keys = sum(|node| node.examined.keys);
        let docs = sum(|node| node.examined.rows);
        let shown = path.display();
        assert_eq!(Some(keys), total["totalKeysExamined"].as_f64(), "{shown}");
        assert_eq!(Some(docs), total["totalDocsExamined"].as_f64(), "{shown}");
    }
}

#[test]
fn the_log_is_read() {
    for path in files(".log") {
        let text = std::fs::read_to_string(&path).unwrap();
        let read = readings(&path);
        let lines = text
            .lines()
            .filter(|line| line.contains("planSummary") && !line.contains("\"explain\""));
        assert_eq!(read.len(), lines.count());
        // A line that broke off does not take the others with it.
        let broken = format!("{}\n{text}", &text[..text.len().min(450)]);
        let again = crate::formats::read(&broken, None).unwrap();
        assert!(again.len() >= read.len());
    }
}

/// Every fixture in every mutilation is an answer or an error, not a panic, and adds up.
#[test]
fn mutilated_fixtures_do_not_panic() {
    let some = [".shell.txt", ".log"].into_iter().flat_map(files);
    let format = crate::formats::by_name("mongodb-json").unwrap();
    for path in some {
        let text = std::fs::read_to_string(&path).unwrap();
        let step = (text.len() / 9).max(1);
        for cut in (0..text.len()).step_by(step).filter(|&cut| text.is_char_boundary(cut)) {
            let end = (cut + step / 2).min(text.len());
            let without = text.get(end..).map(|rest| format!("{}{rest}", &text[..cut]));
            for part in [&text[..cut], &text[cut..]].into_iter().chain(without.as_deref()) {
                for reading in read(part, Some(format)).into_iter().flatten() {
                    assert!(adds_up(&reading.plan), "{} cut at {cut}", path.display());
                }
            }
        }
    }
}

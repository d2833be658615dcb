//! The plans in `fixtures/plans/`, recorded by `dev/record-fixtures`: drop a file, get a test.

use super::corpus_tests::adds_up;
use super::{Reading, by_name, detect, read};
use crate::plan::{Actual, Node, Operator, Plan, plan_hash};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/plans").join(folder);
    let mut found = BTreeSet::new();
    for version in std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()) {
        let entries = std::fs::read_dir(version).unwrap().map(|entry| entry.unwrap().path());
        found.extend(entries.filter(|path| path.extension().is_some_and(|e| e == extension)));
    }
    assert!(!found.is_empty(), "no .{extension} in {}", root.display());
    found.into_iter().collect()
}

fn reading(path: &Path, format: &str) -> Reading {
    let text = std::fs::read_to_string(path).unwrap();
    let shown = path.display();
    assert_eq!(detect(&text).map(|f| f.name), Some(format), "{shown}");
    let mut readings = read(&text, None).unwrap_or_else(|error| panic!("{shown}: {error}"));
    assert_eq!(readings.len(), 1, "{shown}");
    let reading = readings.remove(0);
    assert_eq!(reading.notes, [], "{shown}");
    assert!(adds_up(&reading.plan), "{shown}: self times do not add up");
    let unknown = |node: &Node| matches!(node.operator, Operator::Other(_));
    assert!(!reading.plan.nodes().iter().any(unknown), "{shown}: {:#?}", reading.plan);
    reading
}

/// What both formats say of a node, and two runs of a statement agree on.
fn shape(node: &Node) -> impl PartialEq + std::fmt::Debug {
    let conditions: Vec<String> =
        node.conditions.iter().map(|c| format!("{}: {}", c.kind, c.text)).collect();
    let e = node.estimate;
    (
        (
            node.depth(),
            node.role,
            node.operator.clone(),
            node.label.clone(),
            node.join_type.clone(),
        ),
        (node.schema.clone(), node.relation.clone(), node.alias.clone(), node.index.clone()),
        (node.subplan.clone(), conditions, node.workers),
        (e.rows_per_loop, e.width_bytes, e.startup_cost, e.total_cost),
    )
}

/// What two runs agree on only where no worker had a part in it.
fn measured(node: &Node) -> impl PartialEq + std::fmt::Debug {
    let actual = node.actual.map(|a: Actual| (a.loops, a.rows_per_loop, a.rows_rounding));
    let timed = node.actual.is_some_and(|a| a.total_ms_per_loop.is_some());
    let r = &node.removed;
    let m = &node.memory;
    (
        (actual, timed, node.buffers.touched().is_some_and(|blocks| blocks > 0)),
        (r.by_filter.unwrap_or(0.0), r.by_join_filter.unwrap_or(0.0), r.by_recheck.unwrap_or(0.0)),
        (m.method.clone(), m.batches, m.planned_batches),
        (m.peak_bytes.is_some(), m.disk_bytes.is_some(), m.spilled()),
    )
}

/// The details. The text leaves out what is zero, false or empty, and a few lists.
fn details(node: &Node, parallel: bool) -> Map<String, Value> {
    // `Inner Unique` is in the text with VERBOSE.
    const JSON_ONLY: [&str; 3] = ["Target Tables", "Grouping Sets", "Inner Unique"];
    // What was in the cache, and what workers did, differs from run to run.
    const UNSTABLE: [&str; 3] = ["I/O ", "WAL ", "Workers"];
    let says_nothing = |value: &Value| match value {
        Value::Bool(is) => !is,
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    let is_told = |(key, value): &(&String, &Value)| {
        !says_nothing(value)
            && !JSON_ONLY.contains(&key.as_str())
            && !UNSTABLE.iter().any(|word| key.contains(word))
    };
    let told = node.details.iter().filter(is_told);
    let value_of = |value: &Value| if parallel { Value::Null } else { value.clone() };
    let mut details: Map<String, Value> =
        told.map(|(key, value)| (key.clone(), value_of(value))).collect();
    details.sort_keys();
    details
}

fn check_pair(path: &Path, json: &Plan, text: &Plan) {
    let shown = path.display();
    let count = (json.nodes().len(), text.nodes().len());
    assert_eq!(count.0, count.1, "{shown}");
    let parallel = json.nodes().iter().any(|node| node.operator.is_gather());
    for ((id, j), (_, t)) in json.iter().zip(text.iter()) {
        assert_eq!(shape(j), shape(t), "{shown} {id}");
        assert_eq!(details(j, parallel), details(t, parallel), "{shown} {id}");
        if !parallel {
            assert_eq!(measured(j), measured(t), "{shown} {id}");
        }
    }
    assert_eq!(json.planning_ms.is_some(), text.planning_ms.is_some(), "{shown}");
    assert_eq!(json.execution_ms.is_some(), text.execution_ms.is_some(), "{shown}");
    assert_eq!(json.jit_ms.is_some(), text.jit_ms.is_some(), "{shown}");
    assert_eq!(json.settings, text.settings, "{shown}");
    let triggers = |plan: &Plan| -> Vec<(String, f64, bool)> {
        plan.triggers.iter().map(|t| (t.name.clone(), t.calls, t.total_ms.is_some())).collect()
    };
    assert_eq!(triggers(json), triggers(text), "{shown}");
}

#[test]
fn postgres_json_and_text_agree() {
    for path in files("postgres", "json") {
        let json = reading(&path, "postgres-json");
        let text = reading(&path.with_extension("txt"), "postgres-text");
        check_pair(&path, &json.plan, &text.plan);
    }
}

/// The names of what only this engine says, and the kind of each value.
fn kinds(details: &Map<String, Value>) -> Vec<(String, std::mem::Discriminant<Value>)> {
    details.iter().map(|(key, value)| (key.clone(), std::mem::discriminant(value))).collect()
}

#[test]
fn postgres_json_yaml_and_xml_agree() {
    for form in ["yaml", "xml"] {
        for path in files("postgres", form) {
            let json = reading(&path.with_extension("json"), "postgres-json").plan;
            let other = reading(&path, &format!("postgres-{form}")).plan;
            check_pair(&path, &json, &other);
            // Not one detail less, of the same kind and in the same order.
            let shown = path.display();
            assert_eq!(kinds(&json.details), kinds(&other.details), "{shown}");
            for ((id, j), (_, o)) in json.iter().zip(other.iter()) {
                assert_eq!(kinds(&j.details), kinds(&o.details), "{shown} {id}");
            }
        }
    }
}

/// The files in a folder of every version of PostgreSQL that has it.
fn files_in(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/plans/postgres");
    let versions = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path());
    let folders = versions.map(|version| version.join(folder)).filter(|folder| folder.is_dir());
    let entries = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    assert!(!found.is_empty(), "no {folder}");
    found
}

/// The statement's plan as psql prints it by default.
fn usual(path: &Path) -> Plan {
    let name = path.file_name().unwrap().to_str().unwrap().split('.').next().unwrap();
    let folder = path.parent().and_then(Path::parent).unwrap();
    reading(&folder.join(format!("{name}.txt")), "postgres-text").plan
}

#[test]
fn every_form_of_psql_is_read() {
    for path in files_in("clients") {
        let is_json = path.to_str().unwrap().contains(".json-");
        let plan = reading(&path, if is_json { "postgres-json" } else { "postgres-text" }).plan;
        let usual = usual(&path);
        let shown = path.display();
        assert_eq!(plan_hash(&plan), plan_hash(&usual), "{shown}");
        assert!(plan.execution_ms.is_some() && plan.planning_ms.is_some(), "{shown}");
        for ((id, got), (_, want)) in plan.iter().zip(usual.iter()) {
            assert_eq!(got.label, want.label, "{shown} {id}");
            assert_eq!(measured(got), measured(want), "{shown} {id}");
        }
    }
}

#[test]
fn real_logs_are_read() {
    for path in files_in("logs") {
        let shown = path.display();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(detect(&text).map(|f| f.name), Some("auto-explain"), "{shown}");
        let readings = read(&text, None).unwrap_or_else(|error| panic!("{shown}: {error}"));
        let [first, pid] = readings.as_slice() else { panic!("{shown}: {readings:?}") };
        let usual = usual(&path);
        assert_eq!(plan_hash(&first.plan), plan_hash(&usual), "{shown}");
        for Reading { plan, notes } in [first, pid] {
            assert_eq!(*notes, [], "{shown}");
            assert!(adds_up(plan), "{shown}");
            assert!(
                plan.statement.as_ref().is_some_and(|sql| sql.starts_with("SELECT ")),
                "{shown}"
            );
            assert!(plan.execution_ms >= plan.root().total_ms(), "{shown}");
        }
    }
}

#[test]
fn sqlite_trees_are_read() {
    for path in files("sqlite", "txt") {
        let plan = reading(&path, "sqlite-query-plan").plan;
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert_eq!(plan.nodes().len(), lines, "{}: a node a line", path.display());
        assert_eq!(plan.root().operator, Operator::Heading, "{}", path.display());
    }
}

/// Every fixture in every mutilation is an answer or an error, not a panic, and adds up.
#[test]
fn mutilated_fixtures_do_not_panic() {
    let postgres = ["txt", "json", "yaml", "xml"].into_iter().flat_map(|e| files("postgres", e));
    // One version is enough, every byte of all would take minutes.
    let some = postgres.filter(|path| path.parent().is_some_and(|dir| dir.ends_with("16")));
    for path in some.chain(files("sqlite", "txt")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let step = (text.len() / 12).max(1);
        for cut in (0..text.len()).step_by(step).filter(|&cut| text.is_char_boundary(cut)) {
            let end = (cut + step / 2).min(text.len());
            let without = text.get(end..).map(|rest| format!("{}{rest}", &text[..cut]));
            for part in [&text[..cut], &text[cut..]].into_iter().chain(without.as_deref()) {
                for format in super::ALL {
                    for reading in read(part, Some(format)).into_iter().flatten() {
                        assert!(adds_up(&reading.plan), "{} cut at {cut}", path.display());
                    }
                }
            }
        }
    }
    assert!(by_name("postgres-text").is_some());
}

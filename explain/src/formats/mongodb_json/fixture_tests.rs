//! The plans in `fixtures/plans/mongodb/`, recorded by `dev/record-fixtures-mongodb`: drop a file, get
//! a test.

use crate::formats::corpus_tests::adds_up;
use crate::formats::{Reading, detect, read};
use crate::plan::{Node, Operator, Plan};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(super) fn files(ending: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/plans/mongodb");
    let versions = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let files = versions.flat_map(|v| std::fs::read_dir(v).unwrap().map(|entry| entry.unwrap().path()));
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

/// A plan in lines: what people would compare.
fn drawn(plan: &Plan) -> String {
    let mut text = format!("{:?} ms, {:?} {:?}\n", plan.execution_ms, plan.engine_id, plan.statement);
    for node in plan.nodes() {
        text.push_str(&"  ".repeat(node.depth() as usize));
        text.push_str(&format!(
            "{:?} {} {} [{}.{} {}] ",
            node.role,
            node.operator,
            node.label,
            node.schema.as_deref().unwrap_or(""),
            node.relation.as_deref().unwrap_or(""),
            node.index.as_deref().unwrap_or("")
        ));
        if let Some(a) = node.actual {
            text.push_str(&format!("rows {} loops {} ms {:?}/{:?} ", a.rows(), a.loops, node.total_ms(), node.self_ms()));
        }
        text.push_str(&format!("ex {:?}/{:?} rm {:?} {:?} ", node.examined.keys, node.examined.rows, node.removed.by_filter, node.memory));
        for c in &node.conditions {
            text.push_str(&format!("<{}: {}> ", c.kind, c.text));
        }
        text.push_str(&format!("{:?}", node.details.keys().collect::<Vec<_>>()));
        text.push('\n');
    }
    text
}

#[test]
fn draw_all() {
    for path in files(".relaxed.json") {
        println!("##### {}", path.file_name().unwrap().to_string_lossy());
        for r in readings(&path) {
            println!("{}{:?}\n{:?}", drawn(&r.plan), r.notes, r.plan.details.keys().collect::<Vec<_>>());
        }
    }
}

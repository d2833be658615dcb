//! Canonical texts of small plans, and of the fixtures in every format and version.

use super::*;
use crate::engine::Engine;
use crate::formats;
use crate::plan::{Condition, PlanBuilder};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn scan(filter: &str) -> Node {
    let mut node = Node::new(Operator::SeqScan, "Parallel Seq Scan");
    node.relation = Some("orders".to_owned());
    node.alias = Some("o".to_owned());
    node.conditions.push(Condition::new(ConditionKind::Filter, filter));
    node
}

fn plan_of(node: Node) -> Plan {
    let mut b = PlanBuilder::new();
    b.leaf(node).unwrap();
    b.finish(Engine::Postgres, "test").unwrap()
}

#[test]
fn costs_and_literals_make_no_difference_and_columns_do() {
    let mut dear = scan("(status = 'done')");
    dear.estimate.total_cost = Some(9.0);
    let (a, b) = (plan_of(scan("(status = 'open')")), plan_of(dear));
    assert_eq!(canonical(&a), "SeqScan parallel orders as o [filter (status = ?)]\n");
    assert_eq!(plan_hash(&a), plan_hash(&b));
    assert_ne!(plan_hash(&a), plan_hash(&plan_of(scan("(state = 'open')"))));
}

#[test]
fn roles_are_named() {
    let mut b = PlanBuilder::new();
    b.open(Node::new(Operator::Modify, "Update")).unwrap();
    let mut cte = Node::new(Operator::Limit, "Limit");
    (cte.role, cte.subplan) = (Role::Cte, Some("CTE recent".to_owned()));
    b.leaf(cte).unwrap();
    let mut init = Node::new(Operator::Result, "Result");
    init.role = Role::InitPlan;
    b.leaf(init).unwrap();
    let plan = b.finish(Engine::Postgres, "test").unwrap();
    assert_eq!(canonical(&plan), "Modify update\n  CTE recent: Limit\n  InitPlan: Result\n");
}

#[test]
fn a_deep_plan_is_no_wall_of_blanks() {
    let mut b = PlanBuilder::new();
    for _ in 0..50_000 {
        b.open(Node::new(Operator::Limit, "Limit")).unwrap();
    }
    let text = canonical(&b.finish(Engine::Postgres, "test").unwrap());
    assert!(text.len() < 50_000 * 100, "{} bytes", text.len());
    assert!(text.ends_with("  [49999] Limit\n") && text.contains("\n  Limit\n    Limit\n"));
}

/// The fixtures of an engine by version and statement, each with its files of all formats.
fn fixtures(engine: &str) -> BTreeMap<(String, String), Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/plans").join(engine);
    let mut found: BTreeMap<_, Vec<PathBuf>> = BTreeMap::new();
    let folders = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    for folder in folders.filter(|path| path.is_dir()) {
        let version = folder.file_name().unwrap().to_string_lossy().into_owned();
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            if path
                .extension()
                .is_some_and(|e| ["txt", "json", "yaml", "xml"].iter().any(|x| e == *x))
            {
                found.entry((version.clone(), name)).or_default().push(path);
            }
        }
    }
    found
}

fn hashes(path: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(path).unwrap();
    let readings = formats::read(&text, None).unwrap();
    readings.iter().map(|reading| plan_hash(&reading.plan)).collect()
}

#[test]
fn all_formats_of_a_plan_have_one_hash() {
    for (what, paths) in fixtures("postgres") {
        let all: BTreeSet<Vec<u64>> = paths.iter().map(|path| hashes(path)).collect();
        assert_eq!(all.len(), 1, "{what:?}: {paths:?}");
    }
}

/// Statements that the recorded versions really run in different ways: another index, another order
/// of joins, an operator that is new.
const OTHER_PLANS: [&str; 7] = [
    "cte-used-twice",
    "index-only-scan",
    "init-plan-under-gather",
    "left-and-anti-join",
    "nested-loop-memoize",
    "never-executed",
    "set-operations",
];

#[test]
fn versions_that_only_spell_in_another_way_have_one_hash() {
    let mut by_name: BTreeMap<String, BTreeMap<u64, Vec<String>>> = BTreeMap::new();
    for ((version, name), paths) in fixtures("postgres") {
        let hash = hashes(&paths[0])[0];
        by_name.entry(name).or_default().entry(hash).or_default().push(version);
    }
    for (name, versions) in by_name {
        let one = versions.len() == 1;
        assert!(one || OTHER_PLANS.contains(&name.as_str()), "{name}: {versions:?}");
    }
}

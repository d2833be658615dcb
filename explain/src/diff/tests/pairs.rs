//! Pairs of plans recorded from real servers (`dev/record-pairs`), with what a comparison must say
//! of them in `fixtures/diff/expected.tsv`: drop a folder and a row, get a test.

use super::*;
use crate::diff::{Severity, Side, compare};
use crate::formats;
use crate::workload::TargetIdentity;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The kinds that are the verdict in figures.
const FIGURES: [ChangeKind; 3] = [ChangeKind::Cost, ChangeKind::Work, ChangeKind::Time];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/diff")
}

/// A row of the table: verdict and kinds.
struct Expected {
    name: String,
    verdict: String,
    kinds: BTreeSet<String>,
}

fn expected() -> Vec<Expected> {
    let table = fs::read_to_string(root().join("expected.tsv")).unwrap();
    let row = |line: &str| {
        let mut cells = line.split('\t').map(str::to_owned);
        let [name, verdict, kinds] = [(); 3].map(|()| cells.next().unwrap());
        let kinds: BTreeSet<String> =
            kinds.split(' ').filter(|k| *k != "-").map(String::from).collect();
        assert!(kinds.iter().all(|kind| ChangeKind::from_name(kind).is_some()), "{line}");
        Expected { name, verdict, kinds }
    };
    table.lines().filter(|line| !line.starts_with('#')).map(row).collect()
}

/// One side of a pair: the plan and what its server said of itself.
struct Recorded {
    plan: Plan,
    catalog: Catalog,
    settings: BTreeMap<String, String>,
    target: TargetIdentity,
    statement: String,
}

impl Recorded {
    fn read(folder: &Path, about: &Value, side: &str) -> Self {
        let file = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let file = file.into_iter().find(|path| path.file_stem().is_some_and(|stem| stem == side));
        let text = fs::read_to_string(file.unwrap()).unwrap();
        let mut readings = formats::read(&text, None).unwrap();
        assert_eq!(readings.len(), 1, "{}", folder.display());
        let plan = readings.remove(0).plan;
        assert_eq!(plan.engine.info().name, about["engine"].as_str().unwrap());
        let statement = about["statement"].as_str().unwrap().to_owned();
        let about = &about[side];
        let text_of = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            catalog: Catalog { tables: tables(about), indexes: indexes(about) },
            settings: about["settings"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(k, v)| (k.clone(), text_of(v)))
                .collect(),
            target: TargetIdentity {
                name: "pairs".into(),
                engine: plan.engine,
                version: text_of(&about["version"]),
                database: None,
            },
            plan,
            statement,
        }
    }

    fn side(&self) -> Side<'_> {
        Side {
            catalog: Some(&self.catalog),
            settings: Some(&self.settings),
            target: Some(&self.target),
            statement: Some(&self.statement),
            ..Side::of(&self.plan)
        }
    }
}

fn tables(about: &Value) -> Vec<Table> {
    let tables = about["tables"].as_object().unwrap().iter();
    tables.map(|(name, rows)| table(name, rows.as_f64().unwrap())).collect()
}

fn indexes(about: &Value) -> Vec<Index> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |of: &Value| {
        let columns: Vec<String> = of["columns"].as_array().unwrap().iter().map(text).collect();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let usable = of["usable"].as_bool().unwrap();
        Index { usable, ..index(&text(&of["table"]), &text(&of["name"]), &columns) }
    };
    about["indexes"].as_array().unwrap().iter().map(one).collect()
}

fn recorded(name: &str) -> [Recorded; 2] {
    let folder = root().join(name);
    let about = fs::read_to_string(folder.join("pair.json")).unwrap();
    let about: Value = serde_json::from_str(&about).unwrap();
    ["before", "after"].map(|side| Recorded::read(&folder, &about, side))
}

fn kinds(diff: &PlanDiff) -> BTreeSet<String> {
    let shapes = diff.changes.iter().filter(|change| !FIGURES.contains(&change.kind));
    shapes.map(|change| change.kind.name().to_owned()).collect()
}

#[test]
fn every_pair_says_what_the_table_says() {
    let table = expected();
    let mut wrong = String::new();
    for row in &table {
        let [before, after] = recorded(&row.name);
        let found = compare([before.side(), after.side()], Tolerance::default());
        if found.verdict.name() != row.verdict || kinds(&found) != row.kinds {
            wrong.push_str(&format!(
                "\n{}: {} {:?}, expected {} {:?}\n    {}\n    {:?}\n    {:?}",
                row.name,
                found.verdict.name(),
                kinds(&found),
                row.verdict,
                row.kinds,
                found.reason,
                lines(&found),
                found.measures,
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let neutral = table.iter().filter(|row| row.verdict == "same").count();
    assert!(table.len() >= 60 && neutral >= 20, "{} pairs, {neutral} neutral", table.len());
}

#[test]
fn every_pair_is_in_the_table_once() {
    let mut folders: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    folders.sort_unstable();
    let mut rows: Vec<String> = expected().into_iter().map(|row| row.name).collect();
    rows.sort_unstable();
    assert_eq!(folders, rows);
}

#[test]
fn pairs_mirror() {
    for row in expected() {
        let [before, after] = recorded(&row.name);
        let there = compare([before.side(), after.side()], Tolerance::default());
        let back = compare([after.side(), before.side()], Tolerance::default());
        assert_mirror_images(&there, &back, &row.name);
        let itself = compare([before.side(), before.side()], Tolerance::default());
        assert_eq!((itself.changes.len(), itself.verdict), (0, Verdict::Same), "{}", row.name);
    }
}

/// A build may ask for new full scans of whatever engine, but not of tiny tables.
#[test]
fn new_full_scans_can_be_asked_for() {
    let asked = |name: &str| {
        let [before, after] = recorded(name);
        let found = compare([before.side(), after.side()], Tolerance::default());
        found.changes.iter().any(|change| change.is(crate::diff::NEW_SEQ_SCAN))
    };
    let yes = [
        "pg-index-dropped",
        "pg-bitmap-to-seq-cost-only",
        "pg-limit-lost-order",
        "mysql-index-dropped-v1",
        "mysql-join-index-dropped",
        "mariadb-index-dropped",
        "mongodb-index-hidden",
        "sqlite-index-dropped",
        "pg-partition-lost-index",
    ];
    for name in yes {
        assert!(asked(name), "{name}");
    }
    for name in ["pg-tiny-table", "sqlite-tiny-table", "pg-index-added", "pg-second-run"] {
        assert!(!asked(name), "{name}");
    }
}

/// The same statement on every version that was recorded: never worse, whichever is "before".
#[test]
fn versions_of_postgresql_are_no_regressions() {
    let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/plans/postgres");
    let mut compared = 0;
    for (before, after) in [("13", "15"), ("15", "16"), ("16", "18"), ("13", "18"), ("15", "18")] {
        for entry in fs::read_dir(plans.join(before)).unwrap() {
            let path = entry.unwrap().path();
            let newer = plans.join(after).join(path.file_name().unwrap());
            if path.extension().is_none_or(|e| e != "json" && e != "txt") || !newer.exists() {
                continue;
            }
            let read =
                |path: &Path| formats::read(&fs::read_to_string(path).unwrap(), None).unwrap();
            let (was, is) = (read(&path).remove(0).plan, read(&newer).remove(0).plan);
            let targets = [before, after].map(|version| TargetIdentity {
                name: "pairs".into(),
                engine: Engine::Postgres,
                version: version.into(),
                database: None,
            });
            let side = |plan, target| Side { target: Some(target), ..Side::of(plan) };
            let sides = [side(&was, &targets[0]), side(&is, &targets[1])];
            let found = compare(sides, Tolerance::default());
            let shown = format!("{before} {after} {}: {}", path.display(), found.reason);
            assert_ne!(found.verdict, Verdict::Worse, "{shown}\n{:#?}", lines(&found));
            let grave = found.changes.iter().find(|change| change.severity == Severity::High);
            assert_eq!(grave, None, "{shown}");
            compared += 1;
        }
    }
    assert!(compared > 300, "{compared}");
}

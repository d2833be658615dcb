//! The plans in `fixtures/plans/{mysql,mariadb}`, recorded by `dev/record-fixtures-mysql`: drop a file,
//! get a test.

use crate::formats::corpus_tests::adds_up;
use crate::formats::{Reading, detect, read};
use crate::plan::{Node, Operator, Plan, Role};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Form, format, and whether it is of an execution.
const FORMS: [(&str, &str, &str, bool); 13] = [
    ("mysql", "v1.json", "mysql-json", false),
    ("mysql", "v2.json", "mysql-json-v2", false),
    ("mysql", "tree.txt", "mysql-tree", false),
    ("mysql", "analyze.txt", "mysql-tree", true),
    ("mysql", "analyze.json", "mysql-json-v2", true),
    ("mysql", "table.txt", "mysql-table", false),
    ("mysql", "vertical.txt", "mysql-table", false),
    ("mysql", "tsv", "mysql-table", false),
    ("mariadb", "json", "mariadb-json", false),
    ("mariadb", "analyze.json", "mariadb-json", true),
    ("mariadb", "table.txt", "mysql-table", false),
    ("mariadb", "analyze.txt", "mysql-table", true),
    ("mariadb", "slow.log", "mariadb-slow-log", true),
];

/// The statements of an engine: their `.sql` files.
fn statements(engine: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/plans");
    let versions = std::fs::read_dir(root.join(engine)).unwrap().map(|entry| entry.unwrap().path());
    let files = versions.flat_map(|version| std::fs::read_dir(version).unwrap());
    let files = files.map(|entry| entry.unwrap().path());
    let found: BTreeSet<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|e| e == "sql")).collect();
    assert!(!found.is_empty(), "no .sql of {engine}");
    found.into_iter().collect()
}

fn text_of(statement: &Path, form: &str) -> Option<(String, String)> {
    let path = statement.with_extension(form);
    let text = std::fs::read_to_string(&path).ok()?;
    Some((path.display().to_string(), text))
}

/// What MySQL answers for what its iterators do not run.
fn is_expected(note: &str) -> bool {
    note.contains("FORMAT=TRADITIONAL does") || note.contains("nothing tells MySQL from MariaDB")
}

fn reading(shown: &str, text: &str, format: &str) -> Reading {
    let mut readings = read(text, None).unwrap_or_else(|error| panic!("{shown}: {error}"));
    assert_eq!(readings.len(), 1, "{shown}");
    let reading = readings.remove(0);
    let guessed = reading.notes.iter().any(|note| note.message.contains("nothing tells"));
    if !guessed {
        assert_eq!(detect(text).map(|f| f.name), Some(format), "{shown}");
        assert_eq!(reading.plan.format, format, "{shown}");
    }
    for note in &reading.notes {
        assert!(is_expected(&note.message), "{shown}: {}", note.message);
    }
    assert!(adds_up(&reading.plan), "{shown}: self times do not add up");
    let unknown = |node: &Node| matches!(node.operator, Operator::Other(_));
    assert!(!reading.plan.nodes().iter().any(unknown), "{shown}: {:#?}", reading.plan);
    reading
}

/// Tables that the plan reads or writes, by the names that the statement gives them. Derived tables
/// have names in some forms and numbers in others.
fn relations(plan: &Plan) -> BTreeSet<&str> {
    let derived = |id| plan.children(id).any(|(_, child)| child.role == Role::Subquery);
    let tables = plan.iter().filter(|(id, node)| node.relation.is_some() && !derived(*id));
    let tables = tables.filter(|(_, node)| node.operator != Operator::WorkTableScan);
    tables
        .filter_map(|(_, node)| node.relation_name())
        .filter(|name| !name.starts_with('<'))
        .collect()
}

fn indexes(plan: &Plan) -> BTreeSet<&str> {
    let names = plan.nodes().iter().filter_map(|node| node.index.as_deref());
    names.filter(|name| !name.starts_with('<')).collect()
}

type Forms = BTreeMap<PathBuf, BTreeMap<&'static str, Plan>>;

/// The plans of all forms of every statement, read once for all tests.
fn forms(engine: &'static str) -> &'static Forms {
    static MYSQL: OnceLock<Forms> = OnceLock::new();
    static MARIADB: OnceLock<Forms> = OnceLock::new();
    let of_engine = if engine == "mysql" { &MYSQL } else { &MARIADB };
    of_engine.get_or_init(|| read_forms(engine))
}

fn read_forms(engine: &str) -> Forms {
    let mut all = BTreeMap::new();
    for statement in statements(engine) {
        let mut plans = BTreeMap::new();
        for (_, form, format, _) in FORMS.iter().filter(|(of, ..)| *of == engine) {
            let Some((shown, text)) = text_of(&statement, form) else { continue };
            // A hypergraph plan is in version 2 whatever is asked for.
            let format =
                if text.contains("json_schema_version") { "mysql-json-v2" } else { format };
            plans.insert(*form, reading(&shown, &text, format).plan);
        }
        assert!(plans.len() > 1, "{}", statement.display());
        all.insert(statement, plans);
    }
    all
}

#[test]
fn forms_of_mysql_agree() {
    for (statement, plans) in forms("mysql") {
        let shown = statement.display();
        let (tree, json) = (&plans["tree.txt"], &plans["v2.json"]);
        assert_eq!(relations(tree), relations(json), "{shown}: tree and version 2");
        assert_eq!(indexes(tree), indexes(json), "{shown}: tree and version 2");
        let v1 = &plans["v1.json"];
        for form in ["table.txt", "vertical.txt", "tsv"] {
            let Some(table) = plans.get(form) else { continue };
            assert_eq!(relations(v1), relations(table), "{shown}: version 1 and {form}");
            assert_eq!(indexes(v1), indexes(table), "{shown}: version 1 and {form}");
        }
        // Version 1 has tables that are read while planning, and those that are only looked up.
        let missing: Vec<&str> = indexes(tree).difference(&indexes(v1)).copied().collect();
        assert!(missing.is_empty(), "{shown}: {missing:?} is in the tree only");
    }
}

#[test]
fn trees_and_version_2_have_the_same_nodes() {
    for (statement, plans) in forms("mysql") {
        for (text, json) in [("tree.txt", "v2.json"), ("analyze.txt", "analyze.json")] {
            let (Some(tree), Some(json)) = (plans.get(text), plans.get(json)) else { continue };
            let shape = |plan: &Plan| -> Vec<(String, Vec<String>)> {
                let nodes = plan.nodes().iter().filter(|node| !is_heading(node));
                nodes
                    .map(|n| {
                        (n.label.clone(), n.conditions.iter().map(|c| c.text.clone()).collect())
                    })
                    .collect()
            };
            assert_eq!(shape(tree), shape(json), "{}", statement.display());
        }
    }
}

/// Lines of a tree that version 2 writes on the node below.
fn is_heading(node: &Node) -> bool {
    node.label.starts_with("Select #")
        || ["Hash", "Batch input rows", "Repeat until convergence"].contains(&node.label.as_str())
}

#[test]
fn forms_of_mariadb_agree() {
    let real = |name: &&str| !name.starts_with('#');
    for (statement, plans) in forms("mariadb") {
        let shown = statement.display();
        let json = &plans["json"];
        for (form, plan) in plans {
            if *form == "slow.log" {
                assert!(plan.statement.is_some() && plan.execution_ms.is_some(), "{shown}");
            }
            // Each is of a run of its own, but the plan is the same.
            assert_eq!(relations(json), relations(plan), "{shown}: {form}");
            let (a, b): (Vec<_>, Vec<_>) = (
                indexes(json).into_iter().filter(real).collect(),
                indexes(plan).into_iter().filter(real).collect(),
            );
            assert_eq!(a, b, "{shown}: {form}");
        }
    }
}

#[test]
fn executions_are_measured() {
    for engine in ["mysql", "mariadb"] {
        for (statement, plans) in forms(engine) {
            for (_, form, _, analyzed) in FORMS.iter().filter(|(of, ..)| *of == engine) {
                let Some(plan) = plans.get(form) else { continue };
                let is_message = plan.nodes().len() == 1 && plan.root().relation.is_none();
                assert!(
                    plan.is_analyzed() == *analyzed || is_message,
                    "{} {form}",
                    statement.display()
                );
            }
        }
    }
}

#[test]
fn mutilated_fixtures_do_not_panic() {
    for (engine, form, ..) in FORMS {
        // All of them would take a minute.
        for statement in statements(engine).into_iter().step_by(9) {
            let Some((shown, text)) = text_of(&statement, form) else { continue };
            let step = (text.len() / 12).max(1);
            for cut in (0..text.len()).step_by(step).filter(|&cut| text.is_char_boundary(cut)) {
                let end = (cut + step / 2).min(text.len());
                let without = text.get(end..).map(|rest| format!("{}{rest}", &text[..cut]));
                for part in [&text[..cut], &text[cut..]].into_iter().chain(without.as_deref()) {
                    for reading in read(part, None).into_iter().flatten() {
                        assert!(adds_up(&reading.plan), "{shown} cut at {cut}");
                    }
                }
            }
        }
    }
}

//! Logs that real servers wrote (`dev/record-log-forms`), against what was counted in them without
//! planscope: the lines of the general logs, the profiler's own figures.

use super::*;
use crate::guard::Stop;
use planscope_explain::workload::{Counters, Statement};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/log-forms")
}

fn read(path: &Path) -> LogDigest {
    let digest =
        digest(&[Input::Path(path.to_owned())], &Options::default(), &Stop::new()).unwrap();
    assert!(digest.rejects.is_empty(), "{}: {:?}", path.display(), digest.rejects);
    digest
}

/// What the digest says under a name of the expectation.
fn found(digest: &LogDigest, name: &str) -> Value {
    match name {
        "format" => digest.sources[0].format.into(),
        "version" => digest.snapshot.target.version.as_str().into(),
        "events" => digest.facts.events.into(),
        "steps" => digest.facts.steps.0.into(),
        counter => {
            let of = |mut counters: Counters| counters.slot(counter).and_then(|slot| *slot);
            let all = digest.snapshot.statements.iter().filter_map(|s| of(s.counters));
            (all.sum::<f64>() as u64).into()
        }
    }
}

#[test]
fn recorded_logs_are_read_as_counted() {
    let mut logs = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let beside = PathBuf::from(format!("{}.expected.json", path.display()));
        let Ok(expected) = std::fs::read_to_string(&beside) else { continue };
        let expected: BTreeMap<String, Value> = serde_json::from_str(&expected).unwrap();
        let digest = read(&path);
        for (name, wanted) in &expected {
            assert_eq!(found(&digest, name), *wanted, "{name} of {}", path.display());
        }
        logs += 1;
    }
    assert!(logs >= 5, "{logs}");
}

/// The log, the profiler's BSON and its canonical JSON tell of the same operations.
#[test]
fn notations_of_an_operation_are_one_statement() {
    let statements = |ending: &str| -> Vec<Statement> {
        let all = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
        let log = all.filter(|path| path.to_string_lossy().ends_with(ending)).min().unwrap();
        read(&log).snapshot.statements
    };
    let known = |all: &[Statement]| -> BTreeMap<_, _> {
        let figures = |c: &Counters| [c.calls, c.rows, c.rows_examined, c.keys_examined, c.sorts];
        all.iter().map(|s| (s.text.clone(), (s.fingerprint, figures(&s.counters)))).collect()
    };
    let log = known(&statements("-structured.log"));
    assert_eq!(log.len(), 9);
    assert_eq!(known(&statements("-profile.bson")), log);
    assert_eq!(known(&statements("-profile-canonical.json")), log);
}

#[test]
fn a_general_log_knows_who_ran_what_where() {
    for engine in ["mysql", "mariadb"] {
        let all = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
        let named = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with(engine) && name.ends_with("-general.log")
        };
        let digest = read(&all.filter(named).min().unwrap());
        let of = |start: &str| {
            let all = &digest.snapshot.statements;
            let found = all.iter().find(|s| s.text.starts_with(start)).unwrap();
            (found.counters.calls, found.database.as_deref(), found.user.as_deref())
        };
        let root = Some("root");
        assert_eq!(of("SELECT * FROM t WHERE id ="), (Some(2.0), Some("shop"), root), "{engine}");
        // What looks like a command inside of a string is none.
        assert_eq!(of("SELECT s FROM t"), (Some(1.0), Some("shop"), root));
        assert_eq!(of("SELECT a FROM t"), (Some(2.0), Some("shop"), root));
        assert_eq!(digest.facts.errors["Access denied for user"], 1);
        assert!(!digest.snapshot.statements.iter().any(|s| s.user.as_deref() == Some("Access")));
    }
}

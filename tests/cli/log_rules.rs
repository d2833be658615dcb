//! Logs of real servers: what `analyze` finds in each, and what `diff` says of two.

use crate::support::TestEnv;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/logs")
}

fn collect(env: &TestEnv, name: &str) {
    let log = folder().join(format!("{name}.log"));
    env.run(["collect", "--from-log", log.to_str().unwrap()]).code(0);
}

fn analyzed(name: &str) -> Value {
    let env = TestEnv::new();
    collect(&env, name);
    env.run(["analyze", "latest", "--format", "json"]).json()
}

/// The rules that find something in each log are exactly those that the workload was made for.
#[test]
fn logs_with_known_troubles_are_told_from_healthy_ones() {
    let expected = std::fs::read_to_string(folder().join("expected.tsv")).unwrap();
    let mut known = BTreeSet::new();
    for line in expected.lines() {
        let (name, rules) = line.split_once('\t').unwrap();
        let wanted: BTreeSet<&str> = rules.split_whitespace().collect();
        let document = analyzed(name);
        let findings = document["findings"].as_array().unwrap();
        let found: BTreeSet<&str> = findings.iter().map(|f| f["rule"].as_str().unwrap()).collect();
        assert_eq!(found, wanted, "{name}: {findings:#?}");
        known.insert(format!("{name}.log"));
    }
    let logs = std::fs::read_dir(folder()).unwrap();
    let logs: BTreeSet<String> = logs
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|file| file.ends_with(".log"))
        .collect();
    assert_eq!(logs, known, "a log without a row in expected.tsv");
}

#[test]
fn findings_of_a_log_name_what_happened() {
    let document = analyzed("postgres-troubled");
    let findings = document["findings"].as_array().unwrap();
    let of = |rule: &str| findings.iter().find(|f| f["rule"] == rule).unwrap();
    assert!(of("lock-waits")["title"].as_str().unwrap().contains("of waiting for locks"));
    assert!(of("lock-waits")["saving_ms"].as_f64().unwrap() > 2_000.0);
    assert!(of("recurring-errors")["title"].as_str().unwrap().contains("FROM jobs_old"));
    let files = of("temp-files-by-statement");
    assert_eq!(files["remedies"][0]["kind"], "setting");
    assert!(files["evidence"]["temp_bytes"].as_f64().unwrap() > 8e6, "{files}");
}

/// Yesterday's log and today's, with an index dropped in between.
#[test]
fn two_logs_are_compared_by_the_work_of_a_call() {
    let env = TestEnv::new();
    collect(&env, "mysql-indexed");
    collect(&env, "mysql-unindexed");
    let run = env.run(["diff", "@2", "latest", "--format", "json"]).code(1);
    let document = run.json();
    assert_eq!(document["verdict"], "worse");
    let statements = document["statements"].as_array().unwrap();
    let worse: Vec<&Value> = statements.iter().filter(|s| s["verdict"] == "worse").collect();
    assert_eq!(worse.len(), 1, "{worse:#?}");
    let [statement] = worse[..] else { return };
    assert_eq!(statement["measured_by"], "rows");
    assert!(statement["reason"].as_str().unwrap().contains("rows read"), "{statement}");
    assert!(statement["rates"][1]["examined_per_call"].as_f64().unwrap() > 10_000.0);
    assert_eq!(statement["rates"][0]["calls"], 14.0);
    let back = env.run(["diff", "latest", "@2", "--format", "json"]).code(0).json();
    assert_eq!(back["verdict"], "better");

    let text = env.run(["diff", "@2", "latest"]).code(1).stdout;
    assert!(text.contains("examined a call") && text.contains("too few calls to judge"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let junit = env.run(["diff", "@2", "latest", "--format", "junit"]).code(1).stdout;
    assert_eq!(junit.matches("<failure").count(), 1, "{junit}");
    assert!(junit.contains("not comparable: too few calls"), "{junit}");
    let github = env.run(["diff", "@2", "latest", "--format", "github"]).code(1).stdout;
    assert_eq!(github.lines().count(), 1, "{github}");
}

#[test]
fn a_log_compared_with_itself_is_the_same() {
    let env = TestEnv::new();
    collect(&env, "mysql-indexed");
    collect(&env, "mysql-indexed");
    let document = env.run(["diff", "@2", "latest", "--format", "json"]).code(0).json();
    assert_eq!(document["verdict"], "same");
    assert_eq!(document["added"].as_array().unwrap().len(), 0);
}

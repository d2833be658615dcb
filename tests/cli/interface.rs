//! The interface itself: help, version, rules, completions, schemas, fingerprints.

use crate::support::TestEnv;

#[test]
fn help_and_version_are_answers() {
    let env = TestEnv::new();
    assert!(env.run(["--version"]).code(0).stdout.starts_with("planscope 0."));
    assert!(env.run(["--help"]).code(0).stdout.contains("planscope demo"));
    for command in ["collect", "explain", "analyze", "advise", "diff", "demo", "doctor"] {
        let run = env.run([command, "--help"]).code(0);
        assert!(run.stdout.contains("Usage: planscope"), "{}", run.shown());
    }
}

#[test]
fn rules_print_their_manual() {
    let env = TestEnv::new();
    let list = env.run(["rules"]).code(0);
    assert!(list.stdout.contains("filter-without-index"), "{}", list.shown());
    let page = env.run(["rules", "filter-without-index"]).code(0);
    assert!(page.stdout.contains("## Remedy and its risk"), "{}", page.shown());
    let json = env.run(["rules", "large-offset", "--format", "json"]).code(0).json();
    assert_eq!(json["rules"][0]["name"], "large-offset");
}

#[test]
fn completions_for_every_shell() {
    let env = TestEnv::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(env.run(["completions", shell]).code(0).stdout.contains("planscope"));
    }
}

#[test]
fn statements_of_one_shape_have_one_fingerprint() {
    let env = TestEnv::new();
    let input = "SELECT * FROM orders WHERE id = 1; select  *  from orders where id = $1 -- x\n;";
    let run = env.run_with_input(["util", "fingerprint"], input).code(0);
    let ids: Vec<&str> = run.stdout.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert_eq!(ids.len(), 2, "{}", run.shown());
    assert_eq!(ids[0], ids[1]);
    let run = env.run_with_input(["util", "fingerprint", "--format", "json"], input).code(0);
    let first: serde_json::Value =
        serde_json::from_str(run.stdout.lines().next().unwrap_or_default()).unwrap();
    assert_eq!(first["fingerprint"], ids[0]);
    let jsonl = "\"SELECT 1\"\n{\"query\": \"SELECT 2\"}\n";
    let run = env.run_with_input(["util", "fingerprint", "--jsonl"], jsonl).code(0);
    assert_eq!(run.stdout.lines().count(), 2, "{}", run.shown());
    env.run_with_input(["util", "fingerprint", "--jsonl"], "42\n").code(2);
}

#[test]
fn an_empty_store_says_how_to_fill_it() {
    let env = TestEnv::new();
    let run = env.run(["snapshots", "--store", "none"]).code(0);
    assert!(run.stdout.contains("planscope collect"), "{}", run.shown());
    env.run(["analyze", "--store", "none"]).fails_with(2, "latest");
}

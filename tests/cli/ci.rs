//! The shell of the GitHub action and of the GitLab job, run as they run it.

use crate::formats;
use crate::support::{TestEnv, wait};
use std::path::Path;
use std::process::{Command, Stdio};

fn repository() -> TestEnv {
    let env = TestEnv::new();
    let database = rusqlite::Connection::open(env.path("shop.db")).unwrap();
    database
        .execute_batch(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, total REAL);
             CREATE INDEX orders_customer_idx ON orders (customer_id);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
             INSERT INTO orders SELECT i, i % 3000, i % 100 FROM n;
             ANALYZE;",
        )
        .unwrap();
    std::fs::create_dir(env.path("sql")).unwrap();
    env.file("sql/a.sql", "-- name: by_customer\nSELECT * FROM orders WHERE customer_id = 1;\n");
    env.run(["baseline", "init", "--queries", "sql", "--target", "shop.db"]).code(0);
    env
}

/// Runs the script as the action does: everything in variables.
fn gate(env: &TestEnv, place: &str, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci/gate.sh");
    let child = Command::new("bash")
        .arg(script)
        .arg(place)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", env.path(""))
        .env("PLANSCOPE", env!("CARGO_BIN_EXE_planscope"))
        .env("PLANSCOPE_AGAINST", "sqlite:shop.db")
        .envs(variables.iter().copied())
        .current_dir(env.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = wait(child);
    let text =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text)
}

#[test]
fn the_action_passes_fails_and_leaves_its_files() {
    let env = repository();
    let variables = [
        ("GITHUB_OUTPUT", "output"),
        ("GITHUB_STEP_SUMMARY", "summary"),
        ("PLANSCOPE_SARIF", "out/p.sarif"),
        ("PLANSCOPE_JUNIT", "out/junit.xml"),
        ("PLANSCOPE_COMMENT", "out/comment.md"),
        ("PLANSCOPE_QUALITY", "out/quality.json"),
        ("PLANSCOPE_QUERIES", "sql"),
        ("PLANSCOPE_FAIL_ON", "worse"),
    ];
    let read = |name: &str| std::fs::read_to_string(env.path(name)).unwrap();
    let (code, text) = gate(&env, "github", &variables);
    assert_eq!((code, text.as_str()), (Some(0), ""));
    assert_eq!(read("output"), "verdict=passed\nexit-code=0\n");
    assert_eq!(formats::junit(&read("out/junit.xml")).failures, 0);

    let database = rusqlite::Connection::open(env.path("shop.db")).unwrap();
    database.execute_batch("DROP INDEX orders_customer_idx").unwrap();
    let (code, text) = gate(&env, "github", &variables);
    assert_eq!(code, Some(1), "{text}");
    assert_eq!(formats::github(text.trim_end())[0].1[0], ("file".into(), "sql/a.sql".into()));
    assert!(read("output").ends_with("verdict=failed\nexit-code=1\n"));
    assert_eq!(formats::sarif(&read("out/p.sarif")).len(), 1);
    assert_eq!(formats::gitlab(&read("out/quality.json")).len(), 1);
    assert!(read("out/comment.md").contains("WORSE") && read("summary").contains("WORSE"));
    let (code, text) = gate(&env, "gitlab", &variables);
    assert!(code == Some(1) && text.contains("fails    it is worse"), "{text}");
}

#[test]
fn names_are_no_shell_and_a_missing_target_is_said() {
    let env = repository();
    let evil = [
        ("PLANSCOPE_AGAINST", "sqlite:$(touch pwned).db; touch pwned"),
        ("PLANSCOPE_FAIL_ON", "worse`touch pwned`"),
        ("PLANSCOPE_ARGS", "--top 3 ;touch pwned"),
        ("PLANSCOPE_SARIF", "$(touch pwned).sarif"),
    ];
    assert_eq!(gate(&env, "github", &evil).0, Some(2));
    assert!(!env.path("pwned").exists());
    let (code, text) = gate(&env, "github", &[("PLANSCOPE_AGAINST", "")]);
    assert!(code == Some(2) && text.contains("PLANSCOPE_AGAINST is empty"), "{text}");
}

#[test]
fn the_action_hands_every_input_to_the_script() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let (action, script) = (read("action.yml"), read("docs/ci/gate.sh"));
    let inputs = action.split("\ninputs:\n").nth(1).unwrap().split("\noutputs:\n").next().unwrap();
    let names = inputs.lines().filter(|l| l.starts_with("  ") && !l.starts_with("   "));
    let names: Vec<&str> = names.map(|line| line.trim().trim_end_matches(':')).collect();
    assert!(names.len() >= 9, "{names:?}");
    for name in names {
        let used = format!("${{{{ inputs.{name} }}}}");
        let line = action
            .lines()
            .find(|l| l.contains(&used))
            .unwrap_or_else(|| panic!("{name} is not used"));
        // In `env:` and never in `run:`, where it would be shell.
        let variable = line.trim().strip_suffix(&used).unwrap().trim().trim_end_matches(':');
        assert!(script.contains(variable), "{variable} is unknown to gate.sh");
    }
    let job = read("docs/ci/gitlab.yml");
    for line in job.lines().filter_map(|l| l.trim().strip_prefix("PLANSCOPE_")) {
        let variable = format!("PLANSCOPE_{}", line.split(':').next().unwrap());
        assert!(script.contains(&variable), "gitlab.yml: {variable}");
    }
}

//! `planscope browse` where there is no terminal: it prints.

use crate::support::TestEnv;

const QUERIES: &str = "\
-- name: counting
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99) SELECT count(*) FROM n;
-- name: one
SELECT 1;
";

/// A home with an empty database and two snapshots of it, a day apart.
fn shop() -> TestEnv {
    let env = TestEnv::new();
    env.file("empty.db", "");
    env.file("q.sql", QUERIES);
    for day in ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"] {
        let mut command = env.command(["collect", "sqlite:empty.db", "--queries", "q.sql"]);
        let status = command.env("PLANSCOPE_NOW", day).output().unwrap();
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    }
    env
}

#[test]
fn a_snapshot_is_printed_and_compared_with_the_one_before() {
    let env = shop();
    let run = env.run(["browse"]).code(0);
    assert!(run.stdout.contains("2 statements"), "{}", run.shown());
    assert!(run.stdout.contains("0 plans changed (*) since"), "{}", run.shown());
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 80), "{}", run.shown());
    let json = env.run(["browse", "latest", "@2", "--format", "json"]).code(0).json();
    assert_eq!(json["schema"], "planscope.browse/1");
    assert_eq!(json["statements"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["statements"][0]["plan_changed"], false);
    assert_eq!(json["statements"][0]["verdict"], "same");
    // The older one counts as the one before, however they are named.
    let other = env.run(["browse", "@2", "latest", "--format", "json"]).code(0).json();
    assert_eq!(other["taken_at"], json["taken_at"]);
    // The oldest has nothing before it.
    let first = env.run(["browse", "@2", "--format", "json"]).code(0).json();
    assert!(first["before"].is_null() && first["statements"][0]["plan_changed"].is_null());
}

#[test]
fn a_database_is_collected_from_and_printed() {
    let env = shop();
    let run = env.run(["browse", "sqlite:empty.db", "--queries", "q.sql"]).code(0);
    assert!(run.stdout.contains("counting"), "{}", run.shown());
    // Nothing was saved, and --every without a terminal prints once.
    let run = env.run(["browse", "sqlite:empty.db", "--queries", "q.sql", "--every", "1s"]).code(0);
    assert!(run.stdout.contains("counting"), "{}", run.shown());
    let list = env.run(["snapshots", "--format", "json"]).code(0).json();
    assert_eq!(list["snapshots"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_makes_no_sense_is_refused_with_a_hint() {
    let env = shop();
    env.run(["browse", "latest", "--every", "5s"]).fails_with(2, "does not change");
    assert!(env.run(["browse", "--budget", "3%"]).code(2).stderr.contains("--every"));
    env.run(["browse", "latest", "sqlite:empty.db"]).fails_with(2, "is a database, not a snapshot");
    env.run(["browse", "nowhere"]).fails_with(2, "no snapshot `nowhere`");
    assert!(env.run(["browse", "latest", "--every", "0s"]).code(2).stderr.contains("1ms"));
    let plan = env.file("plan.txt", "Seq Scan on t  (cost=0.00..35.50 rows=10 width=4)\n");
    let plan = plan.display().to_string();
    env.run(["browse", plan.as_str(), "latest"]).fails_with(2, "file of plans");
    env.run(["browse", "latest", plan.as_str()]).fails_with(2, "file of plans");
    // A plan alone is printed as explain prints it.
    let run = env.run(["browse", plan.as_str()]).code(0);
    assert!(run.stdout.contains("Seq Scan on t"), "{}", run.shown());
}

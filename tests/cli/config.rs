//! `planscope.toml`: targets, groups, secrets, and what is said of mistakes in it.

use crate::support::{Run, TestEnv};
use std::os::unix::fs::PermissionsExt;

/// Two databases and a file of statements that both have.
fn two_databases(env: &TestEnv) {
    for name in ["shop", "billing"] {
        let database = rusqlite::Connection::open(env.path(format!("{name}.db"))).unwrap();
        database.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)").unwrap();
    }
    env.file("all.sql", "-- name: by_a\nSELECT id FROM t WHERE a = 1;\n");
}

#[test]
fn a_group_is_collected_and_one_that_fails_does_not_stop_the_others() {
    let env = TestEnv::new();
    two_databases(&env);
    env.file(
        "planscope.toml",
        "[targets.shop]\nurl = \"sqlite:shop.db\"\ngroups = [\"prod\"]\n\
         [targets.billing]\nurl = \"sqlite:billing.db\"\ngroups = [\"prod\"]\n\
         [targets.lost]\nurl = \"sqlite:lost.db\"\n",
    );
    let collect = |which: &[&str]| {
        let rest = ["--queries", "all.sql", "--store", "s"];
        env.run(["collect"].iter().chain(which).chain(&rest))
    };
    let group = collect(&["--group", "prod"]).code(0);
    assert!(group.stdout.contains("billing") && group.stdout.contains("shop"), "{}", group.shown());
    let all = collect(&["--all"]).code(2);
    for word in ["billing", "shop", "lost", "no such file"] {
        assert!(all.stdout.to_lowercase().contains(word), "no {word} in {}", all.shown());
    }
    let snapshots = env.run(["snapshots", "list", "--store", "s", "--format", "json"]).code(0);
    assert_eq!(snapshots.json()["snapshots"].as_array().unwrap().len(), 4, "{}", snapshots.shown());
    collect(&["--group", "nobody"]).fails_with(2, "there is no group `nobody`");
}

#[test]
fn a_mistake_has_its_line() {
    let env = TestEnv::new();
    env.file("planscope.toml", "[targets.shop]\nurl = \"sqlite:shop.db\"\npasword = \"secret\"\n");
    let run = env.run(["doctor", "--config"]).code(1);
    assert!(run.stdout.contains("planscope.toml:3:1"), "{}", run.shown());
    assert!(!run.stdout.contains("secret"), "{}", run.shown());
    env.file("planscope.toml", "[thresholds]\nno-such-limit = 3\n");
    let run = env.run(["doctor", "--config"]).code(1);
    assert!(run.stdout.contains("planscope.toml:2:"), "{}", run.shown());
}

/// Asks for a target on a port that nobody listens on, with this as the keyring's client.
fn with_keyring(env: &TestEnv, client: &str) -> Run {
    let program = env.file("secret-tool", client);
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = env.command(["collect", "prod", "--store", "s"]);
    let path = format!("{}:/usr/bin:/bin", env.path("").display());
    let child = command.env("PATH", path).spawn().unwrap();
    Run::of(&crate::support::wait(child), env)
}

#[cfg(target_os = "linux")]
#[test]
fn the_keyring_is_asked_and_its_answer_never_shown() {
    let env = TestEnv::new();
    let url = "postgres://reader@127.0.0.1:1/shop";
    env.file("planscope.toml", format!("[targets.prod]\nurl = \"{url}\"\nkeyring = true\n"));
    let told = "#!/bin/sh\necho \"$@\" > asked\necho s3cret\n";
    let run = with_keyring(&env, told).fails_with(2, "127.0.0.1:1");
    assert!(!run.stderr.contains("s3cret"), "{}", run.shown());
    let asked = std::fs::read_to_string(env.path("asked")).unwrap();
    assert_eq!(asked, "lookup service planscope target prod\n");
    let run = with_keyring(&env, "#!/bin/sh\nexit 1\n").fails_with(2, "the keyring (secret-tool)");
    assert!(run.stderr.contains("secret-tool store --label="), "{}", run.shown());
    env.file(
        "planscope.toml",
        format!("[targets.prod]\nurl = \"{url}\"\nkeyring = true\npassword-command = \"pass x\"\n"),
    );
    env.run(["collect", "prod"]).fails_with(2, "both password-command and keyring");
}

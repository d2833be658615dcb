//! What goes wrong with a real server: one clear error, a hint, the right exit code.

use crate::database::Database;
use crate::proxy::{Proxy, Then};
use crate::servers::server;
use crate::support::{Run, TestEnv, signal, wait};

#[test]
fn wrong_password_and_unknown_database() {
    let Some(url) = server("PG15") else { return };
    let database = Database::create(&url, "planscope_e2e_password");
    let env = TestEnv::new();
    let run = env.run(["collect", &database.url_as("planscope", "wrong-secret")]);
    let run = run.fails_with(2, "password");
    assert!(!run.shown().contains("wrong-secret"), "{}", run.shown());
    let missing = database.url().replace(database.name(), "planscope_e2e_nowhere");
    env.run(["doctor", &missing]).fails_with(2, "planscope_e2e_nowhere");
}

#[test]
fn the_password_comes_from_pgpass() {
    use std::os::unix::fs::PermissionsExt;
    let Some(url) = server("PG15") else { return };
    let database = Database::create(&url, "planscope_e2e_pgpass");
    let env = TestEnv::new();
    let target = database.url().replace(":planscope@", "@");
    env.run(["doctor", &target]).fails_with(2, "password");
    let entry = format!("*:*:{}:planscope:planscope\n", database.name());
    let path = env.file(".pgpass", entry);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_ne!(env.run(["doctor", &target]).code, Some(2));
}

#[test]
fn missing_extension() {
    let Some(url) = server("PG16") else { return };
    let database = Database::create(&url, "planscope_e2e_extension");
    database.run("DROP EXTENSION IF EXISTS pg_stat_statements");
    let env = TestEnv::new();
    let run = env.run(["collect", &database.url(), "--store", "s"]);
    let run = run.fails_with(2, "pg_stat_statements");
    assert!(run.stderr.contains("CREATE EXTENSION pg_stat_statements"), "{}", run.shown());
    assert!(!env.path("s").exists());
    let doctor = env.run(["doctor", &database.url()]).code(1);
    assert!(doctor.stdout.contains("CREATE EXTENSION pg_stat_statements"), "{}", doctor.shown());
}

#[test]
fn no_privilege() {
    let Some(url) = server("PG15") else { return };
    let database = Database::create(&url, "planscope_e2e_privilege");
    let role = format!("{}_nobody", database.name());
    database.run(&format!(
        "CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
         DROP ROLE IF EXISTS {role};
         CREATE ROLE {role} LOGIN PASSWORD 'nobody';
         CREATE TABLE secrets (id int, secret text);
         SELECT * FROM secrets WHERE id = 1;"
    ));
    let env = TestEnv::new();
    let target = database.url_as(&role, "nobody");
    let run = env.run(["collect", &target, "--store", "s", "--format", "json"]).code(0);
    let problems = run.json()["problems"].to_string();
    assert!(problems.contains("pg_read_all_stats"), "{problems}");
    let explained = env.run(["explain", &target, "SELECT * FROM secrets"]).code(2);
    assert!(explained.stderr.contains("permission denied"), "{}", explained.shown());
    let doctor = env.run(["doctor", &target]);
    assert!(doctor.stdout.contains("GRANT pg_read_all_stats"), "{}", doctor.shown());
    database.run(&format!("DROP ROLE {role}"));
}

/// A database with one statement, collected from through a proxy.
fn behind(proxy: &Proxy, database: &Database) -> String {
    database.url().replace(&format!(":{}/", database.port()), &format!(":{}/", proxy.port))
}

fn with_a_statement(url: &str, name: &str) -> Database {
    let database = Database::create(url, name);
    database.run(
        "CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
         CREATE TABLE t (id int, a int); INSERT INTO t SELECT i, i FROM generate_series(1, 100) i;",
    );
    database.run("SELECT * FROM t WHERE a = 1");
    database
}

/// Texts that the client sends in the phases of a collection, in order.
const PHASES: [(&str, &str); 3] =
    [("statements", "pg_stat_statements"), ("catalog", "pg_index"), ("plans", "EXPLAIN")];

#[test]
fn ctrl_c_in_each_phase_ends_with_130_and_damages_nothing() {
    let Some(url) = server("PG15") else { return };
    let database = with_a_statement(&url, "planscope_e2e_ctrl_c");
    for (phase, text) in PHASES {
        let proxy = Proxy::start(database.port(), text, Then::Silence);
        let env = TestEnv::new();
        let target = behind(&proxy, &database);
        let child = env.command(["collect", &target, "--store", "s"]).spawn().unwrap();
        proxy.wait();
        signal(&child, "INT");
        let run = Run::of(&wait(child), &env);
        assert_eq!(run.code, Some(130), "in phase {phase}: {}", run.shown());
        // What was collected before is kept, and can be read.
        if env.path("s").exists() {
            env.run(["analyze", "latest", "--store", "s"]).code(0);
        }
    }
}

#[test]
fn a_connection_cut_in_the_middle_is_said() {
    let Some(url) = server("PG15") else { return };
    let database = with_a_statement(&url, "planscope_e2e_cut");
    let proxy = Proxy::start(database.port(), "pg_stat_statements", Then::Cut);
    let env = TestEnv::new();
    let run = env.run(["collect", &behind(&proxy, &database), "--store", "s"]).code(2);
    assert!(run.stderr.contains("connection"), "{}", run.shown());
    // The breaker took note of it; there is no snapshot.
    assert!(env.run(["snapshots", "path", "--store", "s"]).code(2).stdout.is_empty());
    // Later, what was read before is worth keeping: it is saved and the loss is said.
    let proxy = Proxy::start(database.port(), "EXPLAIN", Then::Cut);
    let args = ["collect", &behind(&proxy, &database), "--store", "s", "--format", "json"];
    let run = env.run(args).code(0);
    assert!(run.stdout.contains("connection"), "{}", run.shown());
}

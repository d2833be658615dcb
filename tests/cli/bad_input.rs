//! Bad input: one clear error, a hint, the right exit code, nothing damaged.

use crate::support::{Run, TestEnv, say, signal, wait};
use std::io::Read;
use std::net::TcpListener;
use std::process::{Command, Stdio};

/// A statement that runs until it is stopped.
const ENDLESS: &str = "-- name: endless
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;
";

#[test]
fn usage() {
    let env = TestEnv::new();
    let run = env.run(["explode"]).code(2);
    assert!(run.stderr.contains("unrecognized subcommand 'explode'"), "{}", run.shown());
    env.run(["analyze", "--rule", "no-such-rule"]).fails_with(2, "no rule `no-such-rule`");
    env.run(["rules", "no-such-rule"]).fails_with(2, "no rule `no-such-rule`");
}

#[test]
fn unknown_engine() {
    let env = TestEnv::new();
    env.run(["collect", "oracle://scott:tiger@host/db"]).fails_with(2, "oracle");
    let url = "mongodb://u:secret@127.0.0.1:1/db?readPreference=sometimes";
    let run = env.run(["collect", url]).fails_with(2, "not valid");
    assert!(!run.stderr.contains("secret"), "{}", run.shown());
    env.run(["collect", "shop"]).fails_with(2, "no target");
}

#[test]
fn unreachable_server() {
    let env = TestEnv::new();
    // A port that was free a moment ago and that nobody listens on.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("postgres://app:secret@127.0.0.1:{port}/shop");
    for command in ["collect", "doctor"] {
        let run = env.run([command, &url]).fails_with(2, &format!("127.0.0.1:{port}"));
        assert!(!run.shown().contains("secret"), "{}", run.shown());
    }
}

#[test]
fn errors_are_json_for_programs() {
    let env = TestEnv::new();
    let run = env.run(["explain", "missing.txt", "--format", "json"]).code(2);
    let error: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(error["schema"], "planscope.error/1");
    assert!(error["hints"].as_array().is_some_and(|hints| !hints.is_empty()), "{error}");
    let run = env.run(["explain", "--fromat", "x", "--format", "json"]).code(2);
    let error: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(error["kind"], "usage");
    env.run(["demo", "--format", "json"]).code(2);
}

#[test]
fn empty_garbage_and_huge_files() {
    let env = TestEnv::new();
    env.file("empty.txt", "");
    env.file("garbage.txt", "three in the morning\nand all is well\n");
    env.file("binary.txt", b"\xff\xfe\x00\x01garbage");
    env.file("cut.json", "[{\"Plan\": {\"Node Type\": \"Seq Scan\",");
    env.run(["explain", "empty.txt"]).fails_with(2, "empty.txt");
    env.run(["explain", "garbage.txt"]).fails_with(2, "garbage.txt");
    env.run(["explain", "binary.txt"]).fails_with(2, "not UTF-8");
    env.run(["explain", "cut.json"]).fails_with(2, "cut.json: line 1, column 36");
    env.run(["explain", "missing.txt"]).fails_with(2, "missing.txt");
    env.run(["explain", "."]).fails_with(2, "folder");
    // Sparse: 65 MiB that take no room.
    let huge = std::fs::File::create(env.path("huge.txt")).unwrap();
    huge.set_len(65 << 20).unwrap();
    env.run(["explain", "huge.txt"]).fails_with(2, "64 MiB");
    env.run_with_input(["explain"], "nothing here").fails_with(2, "stdin");
}

#[test]
fn plans_in_encodings_of_windows_are_read() {
    let env = TestEnv::new();
    // Two bytes a letter: byte 200, up to which a snapshot is looked for, falls into one.
    let plan = format!(
        " Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\r\n   Filter: (a = 'x{}')\r\n",
        "é".repeat(200)
    );
    let utf16: Vec<u8> =
        format!("\u{feff}{plan}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in
        [plan.as_bytes(), &plan.as_bytes()[1..], format!("\u{feff}{plan}").as_bytes(), &utf16]
    {
        env.file("plan.txt", bytes);
        let run = env.run(["explain", "plan.txt"]).code(0);
        assert!(run.stdout.contains("Seq Scan on t"), "{}", run.shown());
    }
}

#[test]
fn what_a_terminal_obeys_reaches_no_output() {
    let env = TestEnv::new();
    // An escape, a C1 control, a bell and a mark that turns the direction of writing.
    env.file(
        "evil.json",
        "[{\"Plan\": {\"Node Type\": \"Seq Scan\", \"Relation Name\": \"t\\u001b[31m\\u009b2J\\u0007\u{202e}\", \
         \"Startup Cost\": 0, \"Total Cost\": 99999, \"Plan Rows\": 5, \"Plan Width\": 4, \
         \"Filter\": \"(a = '\u{9b}2J\\u001b[2J')\"}}]",
    );
    let obeyed = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    for command in ["explain", "analyze"] {
        let for_plans: &[&str] = if command == "explain" { &["table", "canonical"] } else { &[] };
        for format in ["text", "json", "jsonl", "markdown", "html"].iter().chain(for_plans) {
            let run = env.run([command, "evil.json", "--format", format]).code(0);
            assert!(!run.shown().contains(obeyed), "{command} {format}: {:?}", run.stdout);
        }
    }
    let json = env.run(["explain", "evil.json", "--format", "json"]).json();
    assert_eq!(json["plans"][0]["nodes"][0]["relation"], "t\u{1b}[31m\u{9b}2J\u{7}\u{202e}");
    let run = env.run(["explain", "no\u{1b}[2Jfile"]).fails_with(2, "no snapshot");
    assert!(!run.stderr.contains(obeyed), "{:?}", run.stderr);
}

#[test]
fn what_looks_like_a_password_is_not_repeated() {
    let env = TestEnv::new();
    for name in ["host=h user=u password=tiger", "u:tiger@host/db"] {
        for command in ["collect", "explain", "doctor", "analyze"] {
            let run = env.run([command, name]).fails_with(2, "no target");
            assert!(!run.stderr.contains("tiger"), "{}", run.shown());
        }
    }
}

/// A small database, its statements, and a collected snapshot's path.
fn collected(env: &TestEnv) -> std::path::PathBuf {
    small_database(env);
    env.run(["collect", "sqlite:small.db", "--queries", "small.sql", "--store", "store"]).code(0);
    let path = env.run(["snapshots", "path", "--store", "store"]).code(0).stdout;
    env.path(path.trim().replace("[HOME]/", ""))
}

fn small_database(env: &TestEnv) {
    let database = rusqlite::Connection::open(env.path("small.db")).unwrap();
    database
        .execute_batch(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
             INSERT INTO t SELECT i, i % 5000, 'x' || i FROM n;
             ANALYZE;",
        )
        .unwrap();
    env.file("small.sql", "-- name: by_a\nSELECT * FROM t WHERE a = 42;\n");
}

#[test]
fn truncated_and_foreign_snapshots_are_refused_and_left_alone() {
    let env = TestEnv::new();
    let whole = std::fs::read(collected(&env)).unwrap();
    for len in [1, 4, 20, whole.len() / 2, whole.len() - 1] {
        let cut = env.file("cut.planscope", &whole[..len]);
        let run = env.run(["analyze", "cut.planscope"]).code(2);
        assert!(run.stderr.starts_with("error: "), "{} bytes: {}", len, run.shown());
        assert_eq!(std::fs::read(cut).unwrap(), whole[..len]);
    }
    env.file("foreign.planscope", b"PK\x03\x04 not ours");
    env.run(["analyze", "foreign.planscope"]).code(2);
    env.file("newer.planscope", "{\"schema\": \"planscope.snapshot/9\", \"target\": {}}");
    env.run(["analyze", "newer.planscope"]).fails_with(2, "newer");
    env.run(["analyze", "no-such-snapshot", "--store", "store"]).fails_with(2, "no-such-snapshot");
    for command in ["analyze", "explain"] {
        let run = env.run([command, "latest", "--store", "store", "--statement", "zz"]);
        let run = run.fails_with(2, "holds no statement `zz`");
        assert!(run.stderr.contains("hint: it holds by_a; "), "{}", run.shown());
    }
}

#[test]
fn queries_that_cannot_be_read() {
    let env = TestEnv::new();
    small_database(&env);
    env.file("empty.sql", "-- nothing\n");
    let collect =
        |file: &str| env.run(["collect", "sqlite:small.db", "--store", "store", "--queries", file]);
    collect("missing.sql").fails_with(2, "missing.sql");
    collect("empty.sql").fails_with(2, "empty.sql");
    std::fs::create_dir(env.path("folder")).unwrap();
    collect("folder").fails_with(2, "no file that ends with .sql");
    env.run(["collect", "--from-log", "folder"]).fails_with(2, "folder has no files");
    let audited = ["collect", "sqlite:small.db", "--queries", "small.sql", "--audit", "folder"];
    env.run(audited).fails_with(2, "cannot write the audit log folder");
    env.run(["collect", "sqlite:small.db", "--store", "store"]).fails_with(2, "--queries");
    env.run(["collect", "sqlite:missing.db", "--queries", "x.sql"]).fails_with(2, "missing.db");
    env.file("no.db", "this is no database, it only has the ending of one");
    env.run(["collect", "sqlite:no.db", "--queries", "empty.sql"]).code(2);
    assert!(!env.path("store").exists(), "a failed collection left a store behind");
}

#[test]
fn a_file_where_the_store_should_be() {
    let env = TestEnv::new();
    small_database(&env);
    env.file("file", "x");
    env.run(["snapshots", "--store", "file"]).fails_with(2, "no folder");
    let collect = ["collect", "sqlite:small.db", "--queries", "small.sql", "--store", "file"];
    env.run(collect).fails_with(2, "in the way");
    assert_eq!(std::fs::read(env.path("file")).unwrap(), b"x");
}

#[test]
fn a_store_that_cannot_be_written_is_noticed_before_the_work() {
    let env = TestEnv::new();
    small_database(&env);
    env.file("endless.sql", ENDLESS);
    env.file("taken", "a file, not a folder");
    let args = ["collect", "sqlite:small.db", "--queries", "endless.sql", "--store", "taken/store"];
    env.run(args).fails_with(2, "a file is in the way");
}

#[test]
fn a_full_disk_leaves_the_store_as_it_was() {
    let env = TestEnv::new();
    small_database(&env);
    // A file system of 64 KiB in a mount namespace of its own, filled up to the last block.
    let script = format!(
        "mkdir full && mount -t tmpfs -o size=64k tmpfs full || exit 77
         {bin} collect sqlite:small.db --queries small.sql --store full/store >/dev/null || exit 78
         dd if=/dev/zero of=full/filler bs=1k 2>/dev/null
         before=$(find full/store -type f -exec cksum {{}} +)
         {bin} collect sqlite:small.db --queries small.sql --store full/store
         code=$?
         after=$(find full/store -type f -exec cksum {{}} +)
         [ \"$before\" = \"$after\" ] || {{ echo damaged: $before / $after >&2; exit 79; }}
         exit $code",
        bin = env!("CARGO_BIN_EXE_planscope"),
    );
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", &script])
        .current_dir(env.path(""))
        .env("HOME", env.path(""))
        .output();
    let Ok(output) = output else {
        say("skipped: unshare is not installed");
        return;
    };
    let run = Run::of(&output, &env);
    let forbidden = run.stderr.contains("unshare failed") || run.code == Some(77);
    if forbidden && std::env::var_os("CI").is_none() {
        say(&format!("skipped: no right to mount a file system here: {}", run.stderr));
        return;
    }
    run.fails_with(2, "No space left");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let env = TestEnv::new();
    let mut child = env.command(["util", "schema", "snapshot"]).spawn().unwrap();
    // The reader takes one byte and goes away, as `head -c 1` does.
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0];
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let run = Run::of(&wait(child), &env).code(0);
    assert_eq!(run.stderr, "");
}

#[test]
fn a_full_stdout_is_an_error() {
    let env = TestEnv::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child = env.command(["rules"]).stdout(Stdio::from(full)).spawn().unwrap();
    Run::of(&wait(child), &env).fails_with(2, "No space left");
}

#[test]
fn ctrl_c_while_connecting() {
    let env = TestEnv::new();
    // A server that accepts and never says a word.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://app@{}/shop", listener.local_addr().unwrap());
    let child = env.command(["collect", &url, "--store", "store"]).spawn().unwrap();
    let (_silent, _) = listener.accept().unwrap();
    signal(&child, "INT");
    let run = Run::of(&wait(child), &env).code(130);
    assert!(!env.path("store").exists(), "{}", run.shown());
}

#[test]
fn ctrl_c_while_the_demo_makes_its_shop_leaves_nothing_behind() {
    let env = TestEnv::new();
    let mut command = env.command(["demo"]);
    let child = command.env("TMPDIR", env.path("")).spawn().unwrap();
    let folder = env.path(format!("planscope-demo-{}", child.id()));
    while !folder.join("shop.db").exists() {
        std::thread::yield_now();
    }
    signal(&child, "INT");
    Run::of(&wait(child), &env).code(130);
    assert!(!folder.exists());
}

#[test]
fn ctrl_c_while_a_statement_runs() {
    let env = TestEnv::new();
    small_database(&env);
    env.file("endless.sql", ENDLESS);
    let args = ["collect", "sqlite:small.db", "--queries", "endless.sql", "--store", "store"];
    let child = env.command(args).spawn().unwrap();
    // The database is open once the statement runs: wait for that, then interrupt.
    let opened = || {
        let open = std::fs::read_dir(format!("/proc/{}/fd", child.id())).into_iter().flatten();
        open.flatten()
            .filter_map(|entry| std::fs::read_link(entry.path()).ok())
            .any(|link| link.ends_with("small.db"))
    };
    while !opened() {
        std::thread::yield_now();
    }
    signal(&child, "INT");
    Run::of(&wait(child), &env).code(130);
    let left = std::fs::read_dir(env.path("store")).into_iter().flatten().flatten();
    let temporary = left.filter(|e| e.file_name().to_string_lossy().ends_with(".tmp")).count();
    assert_eq!(temporary, 0);
}

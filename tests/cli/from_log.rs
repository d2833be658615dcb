//! `collect --from-log`: whole runs over logs, from the file to what the other commands make of it.

use crate::support::{TestEnv, signal, wait};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};

/// Lines of a PostgreSQL log: a statement with literals a second, from 07:00 on.
fn log(seconds: std::ops::Range<u32>) -> String {
    let mut text = String::new();
    for n in seconds {
        let user = ["ann", "bob"][n as usize % 2];
        let head = format!(
            "2024-05-06 {:02}:{:02}:{:02}.250 UTC [{}] {user}@shop ",
            7 + n / 3600,
            n / 60 % 60,
            n % 60,
            100 + n % 3
        );
        let ms = if n % 100 == 99 { 250 } else { n % 7 };
        let statement = match n % 3 {
            0 => format!("SELECT * FROM orders WHERE id = {n}"),
            1 => format!("UPDATE orders\n\tSET total = {n} WHERE id IN ({n}, 2)"),
            _ => format!("SELECT 1 /*controller='carts',traceparent='{TRACE}'*/"),
        };
        writeln!(text, "{head}LOG:  duration: {ms}.125 ms  statement: {statement}").unwrap();
    }
    text
}

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// What a server says besides.
const FACTS: &str = "\
2024-05-06 07:05:00.000 UTC [9] LOG:  checkpoint complete: wrote 5 buffers (0.0%)
2024-05-06 07:05:01.000 UTC [8] LOG:  automatic vacuum of table \"shop.public.orders\": index scans: 1
2024-05-06 07:05:02.000 UTC [100] ann@shop ERROR:  relation \"s3cret\" does not exist at character 15
2024-05-06 07:05:02.000 UTC [100] ann@shop STATEMENT:  SELECT * FROM s3cret WHERE a = 'p4ss'
2024-05-06 07:05:03.000 UTC [101] bob@shop LOG:  temporary file: path \"base/pgsql_tmp/t1\", size 1048576
2024-05-06 07:05:03.000 UTC [101] bob@shop STATEMENT:  SELECT * FROM orders WHERE id = 4711
2024-05-06 07:05:04.000 UTC [101] bob@shop LOG:  process 101 still waiting for ShareLock on transaction 7 after 1000.1 ms
2024-05-06 07:05:05.000 UTC [101] bob@shop LOG:  process 101 acquired ShareLock on transaction 7 after 2500.000 ms
2024-05-06 07:05:05.000 UTC [101] bob@shop STATEMENT:  SELECT * FROM orders WHERE id = 4711
";

/// A plan that auto_explain wrote before its statement's duration.
const PLANNED: &str = "\
2024-05-06 07:06:00.000 UTC [100] ann@shop LOG:  duration: 300.000 ms  plan:
\tQuery Text: SELECT * FROM orders WHERE customer_id = 42
\tSeq Scan on orders  (cost=0.00..20000.00 rows=10 width=16) (actual time=0.010..299.000 rows=10 loops=1)
\t  Filter: (customer_id = 42)
\t  Rows Removed by Filter: 999990
2024-05-06 07:06:00.300 UTC [100] ann@shop LOG:  duration: 300.500 ms  statement: SELECT * FROM orders WHERE customer_id = 42
";

fn run_json(env: &TestEnv, args: &[&str]) -> Value {
    let all = ["collect", "--dry-run", "--format", "json", "--from-log"];
    env.run(all.iter().chain(args)).code(0).json()
}

/// Calls of each statement, by the beginning of its text.
fn calls(snapshot: &Value) -> Vec<(String, f64)> {
    let statements = snapshot["statements"].as_array().unwrap();
    let mut calls: Vec<_> = statements
        .iter()
        .map(|s| {
            let text = s["text"].as_str().unwrap().chars().take(8).collect::<String>();
            (text, s["counters"]["calls"].as_f64().unwrap())
        })
        .collect();
    calls.sort_by(|a, b| a.partial_cmp(b).unwrap());
    calls
}

#[test]
fn a_log_becomes_a_snapshot_with_all_that_it_says() {
    let env = TestEnv::new();
    env.file("postgresql.log", format!("{}{FACTS}{PLANNED}", log(0..300)));
    let snapshot = run_json(&env, &["postgresql.log"]);
    assert_eq!(snapshot["schema"], "planscope.snapshot/1");
    assert_eq!(snapshot["target"]["name"], "postgresql.log");
    assert_eq!(snapshot["window"]["from"], "2024-05-06T07:00:00.25Z");
    let statement = |part: &str| {
        let all = snapshot["statements"].as_array().unwrap();
        all.iter().find(|s| s["text"].as_str().unwrap().contains(part)).unwrap()
    };
    let first = statement("/*controller='carts',traceparent='00-0af7651916cd");
    let counters = &first["counters"];
    assert_eq!((&counters["calls"], &counters["max_ms"]), (&100.0.into(), &250.125.into()));
    for figure in ["total_ms", "mean_ms", "min_ms", "stddev_ms"] {
        assert!(counters[figure].is_number(), "{figure}: {counters:#}");
    }
    for figure in ["p50_ms", "p95_ms", "p99_ms"] {
        assert!(first["percentiles"][figure].is_number(), "{figure}: {first:#}");
    }
    let history = &first["history"];
    assert_eq!(history["first_seen"], "2024-05-06T07:00:02.25Z");
    assert_eq!(history["hours"][0]["calls"], 100);
    assert_eq!((&history["trace"], &history["slowest_ms"]), (&TRACE.into(), &250.125.into()));
    assert_eq!(history["tags"]["controller"], "carts");
    let by_id = statement("WHERE id = ");
    assert_eq!(by_id["counters"]["temp_blocks_written"], 128.0);
    assert_eq!(by_id["counters"]["lock_ms"], 2500.0);
    let log = &snapshot["log"];
    assert_eq!((&log["checkpoints"], &log["temp_bytes"]), (&1.into(), &1_048_576.into()));
    assert_eq!((&log["lock_waits"], &log["lock_ms"]), (&1.into(), &2500.0.into()));
    assert_eq!(log["autovacuum"][0]["name"], "shop.public.orders");
    assert_eq!(log["errors"][0]["name"], "relation \"…\" does not exist");
    assert_eq!(log["failed"][0]["text"], "SELECT * FROM s3cret WHERE a = '?'");
    assert_eq!(log["sources"][0]["format"], "postgres-stderr");
    assert_eq!((&log["sources"][0]["events"], &log["events"]), (&301.into(), &301.into()));
    // Private by default.
    let whole = snapshot.to_string();
    assert!(!whole.contains("p4ss") && !whole.contains("4711"), "{whole}");
    assert!(!env.path(".local").exists(), "a dry run writes nothing");
}

#[test]
fn the_summary_fits_and_says_what_was_read() {
    let env = TestEnv::new();
    env.file("postgresql.log", format!("a stray line\n{}{FACTS}{PLANNED}", log(0..7200)));
    let run = env.run(["collect", "--from-log", "postgresql.log", "--store", "s", "--top", "2"]);
    let run = run.code(0);
    for words in [
        "postgresql.log · PostgreSQL · 2024-05-06 07:00:00Z to 08:59:59Z",
        "7201 executions in",
        "of 4 different statements",
        "load  ",
        "each column 2.00 min",
        "hour (UTC)",
        "2024-05-06 08h   3600",
        "p95",
        "9616 lines, 7201 executions",
        "1: relation \"…\" does not exist (1)",
        "1 file, 1.00 MB",
        "1 wait over deadlock_timeout, 2.50 s until granted",
        "1: shop.public.orders (1)",
        "text outside of any record: 1 piece",
        "saved to s/postgresql.log-",
    ] {
        // Lines are wrapped.
        let text = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&words), "no `{words}` in\n{}", run.stdout);
    }
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 80), "{}", run.stdout);
    let ascii = env.run(["snapshots", "show", "@1", "--store", "s", "--ascii"]).code(0);
    assert!(ascii.stdout.is_ascii() && ascii.stdout.contains("load  "), "{}", ascii.stdout);
    assert!(ascii.stdout.lines().all(|line| line.len() <= 80), "{}", ascii.stdout);
    for format in ["markdown", "html"] {
        let shown =
            env.run(["snapshots", "show", "@1", "--store", "s", "--format", format]).code(0);
        assert!(shown.stdout.contains("checkpoints"), "{}", shown.stdout);
    }
}

#[test]
fn the_other_commands_work_on_it() {
    let env = TestEnv::new();
    env.file("old.log", format!("{}{PLANNED}", log(0..300)));
    env.file("new.log", format!("{}{FACTS}{PLANNED}", log(0..150)));
    let collect = |file: &str| {
        env.run(["collect", "--from-log", file, "--name", "shop", "--store", "s"]).code(0)
    };
    collect("old.log");
    collect("new.log");
    let found = env.run(["analyze", "latest", "--store", "s"]).code(0);
    assert!(found.stdout.contains("filter-without-index"), "{}", found.shown());
    let facts = env.run(["analyze", "shop", "--store", "s", "--format", "json"]).code(0).json();
    assert_eq!(facts["workload"]["log"]["temp_files"], 1, "{facts:#}");
    let plan = env.run(["explain", "latest", "--store", "s", "--format", "canonical"]).code(0);
    assert!(plan.stdout.contains("orders"), "{}", plan.shown());
    let diff = env.run(["diff", "@2", "@1", "--store", "s", "--format", "json"]).code(0).json();
    assert_eq!(diff["verdict"], "same", "{diff:#}");
    assert_eq!(diff["statements"].as_array().unwrap().len(), 4, "{diff:#}");
    // Without a catalog nothing can be advised, and that is said.
    let advice = env.run(["advise", "latest", "--store", "s"]);
    assert!(advice.code == Some(0) || advice.stderr.contains("hint: "), "{}", advice.shown());
}

#[test]
fn files_folders_patterns_and_stdin_are_the_same() {
    let env = TestEnv::new();
    std::fs::create_dir(env.path("logs")).unwrap();
    let mut pack = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    pack.write_all(log(0..100).as_bytes()).unwrap();
    env.file("logs/postgresql.log.2.gz", pack.finish().unwrap());
    env.file("logs/postgresql.log.1", log(100..200));
    env.file("logs/postgresql.log", log(200..300));
    env.file("whole.log", log(0..300));
    let wanted = run_json(&env, &["whole.log"]);
    let ways: [&[&str]; 3] = [
        &["logs"],
        &["logs/postgresql*"],
        &["logs/postgresql.log", "logs/postgresql.log.1", "logs/postgresql.log.2.gz"],
    ];
    for way in ways {
        let found = run_json(&env, way);
        assert_eq!(found["statements"], wanted["statements"], "{way:?}");
        let names: Vec<&str> = found["log"]["sources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|source| source["name"].as_str().unwrap())
            .collect();
        assert!(names[0].ends_with(".gz") && names[2].ends_with("postgresql.log"), "{names:?}");
    }
    let args = ["collect", "--dry-run", "--format", "json", "--from-log", "-"];
    let piped = env.run_with_input(args, log(0..300)).code(0).json();
    assert_eq!(piped["statements"], wanted["statements"]);
    assert_eq!(piped["target"]["name"], "stdin");
}

#[test]
fn filters_keep_what_they_name() {
    let env = TestEnv::new();
    env.file("a.log", log(0..300));
    let events = |args: &[&str]| {
        let args: Vec<&str> = ["a.log"].iter().chain(args).copied().collect();
        run_json(&env, &args)["log"]["events"].as_u64().unwrap()
    };
    assert_eq!(events(&["--since", "2024-05-06 07:04"]), 60);
    assert_eq!(events(&["--until", "2024-05-06T07:01:00Z"]), 60);
    assert_eq!(events(&["--since", "2024-05-06 09:01+02", "--until", "2024-05-06 07:02"]), 60);
    assert_eq!(events(&["--user", "ann"]), 150);
    assert_eq!(events(&["--exclude-user", "ann"]), 150);
    assert_eq!(events(&["--database", "shop,other"]), 300);
    let only = run_json(&env, &["a.log", "--matching", "^update", "--top", "5"]);
    assert_eq!(calls(&only), [("UPDATE o".to_owned(), 100.0)]);
    assert_eq!(only["coverage"]["of"], 3);
    let slow = run_json(&env, &["a.log", "--by", "calls", "--top", "1"]);
    assert_eq!(slow["statements"].as_array().unwrap().len(), 1);

    let collect = |args: &[&str]| {
        env.run(["collect", "--store", "s", "--from-log", "a.log"].iter().chain(args))
    };
    let none = collect(&["--since", "2h"]).fails_with(2, "none of the 300 executions");
    assert!(none.stderr.contains("2024-05-06T07:00:00.25Z to 2024-05-06T07:04:59.25Z"));
    collect(&["--app", "nobody"]).fails_with(2, "none of the 300 executions");
    collect(&["--since", "soon"]).fails_with(2, "`soon` is no time");
    collect(&["--since", "08:00", "--until", "07:00"]).fails_with(2, "is not before --until");
    assert!(!env.path("s").exists(), "bad input changes nothing on disk");
}

#[test]
fn what_is_not_read_is_counted_and_written() {
    let env = TestEnv::new();
    let text = log(0..50);
    let cut = &text[..text.len() - 30];
    env.file("a.log", format!("no entry\nnor this \u{1}\n{cut}"));
    let orphan = "2024-05-06 08:00:00.000 UTC [7] x@y LOG:  duration: 1.000 ms\n";
    env.file("b.log", orphan);
    let run = env.run([
        "collect",
        "--dry-run",
        "--from-log",
        "a.log",
        "b.log",
        "--rejects",
        "rejects.txt",
    ]);
    let run = run.code(0);
    assert!(run.stdout.contains("text outside of any record: 2 pieces"), "{}", run.shown());
    assert!(run.stdout.contains("a duration without its statement: 1 piece"), "{}", run.shown());
    let rejects = std::fs::read_to_string(env.path("rejects.txt")).unwrap();
    assert_eq!(rejects, "no entry\nnor this \u{1}\nduration: 1.000 ms\n");
    // A log is never overwritten.
    let same = env.run(["collect", "--from-log", "a.log", "--rejects", "./a.log"]);
    same.fails_with(2, "would overwrite the log");
    assert!(std::fs::read_to_string(env.path("a.log")).unwrap().starts_with("no entry"));
}

#[test]
fn what_is_no_log_is_refused_in_words() {
    let env = TestEnv::new();
    env.file("noise", [0u8, 159, 146, 150].repeat(5000));
    env.file("plain.txt", "hello\nworld\n");
    env.file("pg.log", log(0..3));
    env.file("slow.log", "# User@Host: a[a] @ h []\n# Query_time: 0.5  Lock_time: 0\nSELECT 1;\n");
    let collect =
        |args: &[&str]| env.run(["collect", "--store", "s", "--from-log"].iter().chain(args));
    collect(&["noise"]).fails_with(2, "noise is no log that planscope knows");
    collect(&["plain.txt"]).fails_with(2, "`hello`");
    collect(&["missing.log"]).fails_with(2, "missing.log cannot be read");
    collect(&["pg.log", "slow.log"]).fails_with(2, "a log of");
    collect(&["pg.log", "--log-format", "nonsense"]).code(2);
    let both = env.run(["collect", "sqlite:x.db", "--from-log", "pg.log"]).code(2);
    assert!(both.stderr.contains("cannot be used with"), "{}", both.shown());
    env.run(["collect", "--since", "2h"]).code(2);
    assert!(!env.path("s").exists(), "bad input changes nothing on disk");
    // A prefix of its own, and a format by name.
    let odd = "bob|shop|2024-05-06 07:00:00 UTC|9 LOG:  duration: 1.5 ms  statement: SELECT 1\n";
    env.file("odd.log", odd);
    let args = ["odd.log", "--log-format", "postgres-stderr", "--log-line-prefix", "%u|%d|%t|%p "];
    let found = run_json(&env, &args);
    assert_eq!(found["statements"][0]["user"], "bob");
    assert_eq!(found["statements"][0]["database"], "shop");
}

#[test]
fn a_rate_limit_is_weighed_and_said() {
    let env = TestEnv::new();
    let mut text = String::new();
    for n in 0..10 {
        write!(
            text,
            "# Time: 2024-05-06T07:00:0{n}.000000Z\n# User@Host: a[a] @ h []  Id: 1\n\
             # Schema: shop  Last_errno: 0  Killed: 0\n\
             # Query_time: 0.002000  Lock_time: 0.000100  Rows_sent: 1  Rows_examined: 50\n\
             # Log_slow_rate_type: query  Log_slow_rate_limit: 100\n\
             SET timestamp=1714978800;\nSELECT * FROM t WHERE a = {n};\n"
        )
        .unwrap();
    }
    env.file("slow.log", text);
    let found = run_json(&env, &["slow.log"]);
    let counters = &found["statements"][0]["counters"];
    assert_eq!(
        (&counters["calls"], &counters["rows_examined"]),
        (&1000.0.into(), &50_000.0.into())
    );
    assert_eq!(found["statements"][0]["history"]["events"], 10);
    assert_eq!(found["log"]["weighed"], 10);
    let shown = env.run(["collect", "--dry-run", "--from-log", "slow.log"]).code(0);
    assert!(shown.stdout.contains("log-rate-limited"), "{}", shown.shown());
}

#[test]
fn a_log_is_followed_until_it_is_stopped() {
    let env = TestEnv::new();
    let path = env.file("postgresql.log", log(0..100));
    let args =
        ["collect", "--from-log", "postgresql.log", "--follow", "--every", "200ms", "--store", "s"];
    let mut child = env.command(args).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("100 executions in") && first.contains("3 statements"), "{first}");
    let heaviest = lines.next().unwrap().unwrap();
    assert!(heaviest.contains(" % in SELECT * FROM orders"), "{heaviest}");
    // The server begins a new file.
    std::fs::rename(&path, env.path("postgresql.log.1")).unwrap();
    std::fs::write(&path, log(100..130)).unwrap();
    let second = lines.next().unwrap().unwrap();
    assert!(second.contains("30 executions in"), "{second}");
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    signal(&child, "STOP");
    file.write_all(log(130..135).as_bytes()).unwrap();
    // What is written before it is stopped is in the last snapshot.
    signal(&child, "INT");
    signal(&child, "CONT");
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    let output = wait(child);
    assert_eq!(output.status.code(), Some(0), "{rest:?}");
    let read: Vec<_> = std::fs::read_dir(env.path("s")).unwrap().flatten().collect();
    assert!(read.len() >= 3, "{rest:?}");
    let listed = env.run(["snapshots", "export", "@1", "--store", "s"]).code(0).json();
    assert_eq!(listed["target"]["name"], "postgresql.log");
}

#[test]
fn following_ends_after_its_rounds_and_prints_documents() {
    let env = TestEnv::new();
    env.file("postgresql.log", log(0..100));
    let args = [
        "collect",
        "--from-log",
        "postgresql.log",
        "--follow",
        "--every",
        "100ms",
        "--rounds",
        "1",
        "--dry-run",
        "--format",
        "json",
    ];
    let run = env.run(args).code(0);
    let document: Value = serde_json::from_str(run.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(document["schema"], "planscope.snapshot/1");
    assert_eq!(document["log"]["events"], 100);
    // Standard input that ends is followed to its end.
    let args = ["collect", "--from-log", "-", "--follow", "--dry-run", "--format", "json"];
    let run = env.run_with_input(args, log(0..30)).code(0);
    let document: Value = serde_json::from_str(run.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(document["log"]["events"], 30, "{}", run.shown());
}

#[test]
fn fingerprints_of_many_statements_are_printed() {
    let env = TestEnv::new();
    let lines = "\"select 1\"\n{\"query\": \"SELECT 2 -- c\", \"id\": 7}\n";
    let run = env.run_with_input(["util", "fingerprint", "--jsonl"], lines).code(0);
    let found: Vec<Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(found[0]["fingerprint"], found[1]["fingerprint"]);
    assert_eq!(found[0]["normalized"], "select ?");
    let text = "/*!40101 SET NAMES utf8 */;\nselect * from t where a = 1;";
    let run = env.run_with_input(["util", "fingerprint", "--engine", "mysql"], text).code(0);
    let lines: Vec<&str> = run.stdout.lines().map(|line| &line[18..]).collect();
    assert_eq!(lines, ["set names utf8", "select * from t where a = ?"]);
    let broken = env.run_with_input(["util", "fingerprint", "--jsonl"], "\"a\"\nnot json\n");
    broken.code(2);
    let mongo = r#"{"find":"orders","filter":{"a":5}}"#;
    let one = env.run_with_input(["util", "fingerprint", "--engine", "mongodb"], mongo).code(0);
    let other = mongo.replace('5', "7");
    let other = env.run_with_input(["util", "fingerprint", "--engine", "mongodb"], other).code(0);
    assert_eq!(one.stdout, other.stdout);
}

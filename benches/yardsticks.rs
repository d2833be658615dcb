//! What is promised in numbers, each as a ratio to a yardstick of the same run. No timed test: it
//! prints, and people (or a later gate) judge.
//!
//! Runs of the thing and of its yardstick alternate, and the median of the pairs counts, so that a busy
//! machine disturbs both alike.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench measures")]
#![expect(clippy::unwrap_used, reason = "a bench may stop at the first surprise")]

use planscope_explain::diff::{self, Tolerance};
use planscope_explain::workload::fingerprint::Normalizer;
use planscope_explain::{Engine, Plan, formats};
use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Pairs of runs; the median of eleven stands three disturbed ones.
const PAIRS: usize = 11;

fn main() {
    println!("{:<34} {:>11} {:>11} {:>7}  goal", "", "planscope", "yardstick", "ratio");
    parsing();
    differing();
    fingerprints();
    start_up();
}

/// Milliseconds of one call.
fn time(run: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64() * 1000.0
}

fn compare(name: &str, goal: &str, mut ours: impl FnMut(), mut yardstick: impl FnMut()) {
    let mut pairs: Vec<(f64, f64)> =
        (0..PAIRS).map(|_| (time(&mut ours), time(&mut yardstick))).collect();
    pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (ours, yardstick) = pairs[PAIRS / 2];
    let ratio = ours / yardstick;
    println!("{name:<34} {ours:>8.3} ms {yardstick:>8.3} ms {ratio:>6.2}×  {goal}");
}

/// EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) of a chain of joins with `nodes` nodes.
fn json_plan(nodes: usize) -> String {
    let scan = |i: usize| {
        format!(
            "{{\"Node Type\": \"Seq Scan\", \"Parent Relationship\": \"Outer\", \"Parallel Aware\": \
             false, \"Async Capable\": false, \"Relation Name\": \"orders_{i}\", \"Alias\": \"o{i}\", \
             \"Startup Cost\": 0.00, \"Total Cost\": 35.50, \"Plan Rows\": 2550, \"Plan Width\": 4, \
             \"Actual Startup Time\": 0.010, \"Actual Total Time\": 0.020, \"Actual Rows\": 10, \
             \"Actual Loops\": 1, \"Filter\": \"(status = 'open'::text)\", \
             \"Rows Removed by Filter\": 3, \"Shared Hit Blocks\": 12, \"Shared Read Blocks\": 0, \
             \"Shared Dirtied Blocks\": 0, \"Shared Written Blocks\": 0, \"Temp Read Blocks\": 0, \
             \"Temp Written Blocks\": 0}}"
        )
    };
    let members: Vec<String> = (1..nodes).map(scan).collect();
    format!(
        "[{{\"Plan\": {{\"Node Type\": \"Append\", \"Startup Cost\": 0, \"Total Cost\": 1e6, \
         \"Plan Rows\": 10, \"Plan Width\": 4, \"Actual Startup Time\": 0.1, \"Actual Total Time\": \
         5000.0, \"Actual Rows\": 10, \"Actual Loops\": 1, \"Shared Hit Blocks\": 12, \"Plans\": \
         [{}]}}, \"Planning Time\": 0.2, \"Execution Time\": 5001.0}}]",
        members.join(", ")
    )
}

fn parse(text: &str) -> Plan {
    formats::read(text, None).unwrap().swap_remove(0).plan
}

fn parsing() {
    for nodes in [10, 1_000, 50_000] {
        let text = json_plan(nodes);
        let times = 50_000 / nodes;
        compare(
            &format!("parse {nodes} nodes / serde_json::Value"),
            "≤ 2×",
            || (0..times).for_each(|_| drop(black_box(parse(&text)))),
            || {
                (0..times).for_each(|_| {
                    drop(black_box(serde_json::from_str::<serde_json::Value>(&text).unwrap()));
                });
            },
        );
    }
}

fn differing() {
    let text = json_plan(50_000);
    let (before, after) = (parse(&text), parse(&text.replace("orders_777\"", "orders_x\"")));
    compare(
        "diff 50,000 nodes / parse one",
        "≤ 3×",
        || {
            black_box(diff::plans(&before, &after, [None, None], Tolerance::default()));
        },
        || drop(black_box(parse(&text))),
    );
}

fn fingerprints() {
    let statements: Vec<String> = (0..20_000)
        .map(|i| {
            format!(
                "SELECT o.id, o.total /* page {i} */ FROM shop.orders o JOIN customers c ON c.id = \
                 o.customer_id WHERE c.email = 'user{i}@example.org' AND o.status IN ('open', \
                 'paid') AND o.total > {i}.50 ORDER BY o.created_at DESC LIMIT 20"
            )
        })
        .collect();
    let bytes: usize = statements.iter().map(String::len).sum();
    println!("{:<34} {:>8.1} MB", "statements to fingerprint", bytes as f64 / 1e6);
    let tokenize = || {
        let dialect = sqlparser::dialect::PostgreSqlDialect {};
        for sql in &statements {
            let tokens = sqlparser::tokenizer::Tokenizer::new(&dialect, sql).tokenize();
            drop(black_box(tokens));
        }
    };
    for engine in [Engine::Postgres, Engine::Mysql] {
        let mut normalizer = Normalizer::new(engine);
        let mut text = || {
            for sql in &statements {
                black_box(normalizer.normalize(sql));
            }
        };
        compare(&format!("{engine} text / sqlparser tokenizer"), "≤ 0.15×", &mut text, tokenize);
        let text_mb_s = megabytes_a_second(bytes, &mut text);
        let mut normalizer = Normalizer::new(engine);
        let mut hash = || {
            for sql in &statements {
                black_box(normalizer.fingerprint(sql));
            }
        };
        compare(&format!("{engine} hash / sqlparser tokenizer"), "≤ 0.1×", &mut hash, tokenize);
        let hash_mb_s = megabytes_a_second(bytes, &mut hash);
        println!(
            "{:<34} {text_mb_s:>6.0} MB/s {hash_mb_s:>6.0} MB/s  text ≥ 300",
            format!("{engine} text, hash")
        );
    }
}

/// The median of as many runs as there are pairs.
fn megabytes_a_second(bytes: usize, run: &mut dyn FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..PAIRS).map(|_| time(run)).collect();
    times.sort_by(f64::total_cmp);
    bytes as f64 / 1e3 / times[PAIRS / 2]
}

fn start_up() {
    let run = |program: &str, args: &[&str]| {
        let status = Command::new(program).args(args).stdout(Stdio::null()).status();
        assert!(status.unwrap().success());
    };
    compare(
        "planscope --version / git --version",
        "≤ 2×",
        || run(env!("CARGO_BIN_EXE_planscope"), &["--version"]),
        || run("git", &["--version"]),
    );
}

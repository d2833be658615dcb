//! How long it takes to compare two plans of 50,000 nodes, as a ratio to parsing one of them; the goal
//! is at most three times. One line for each shape of plan: what is easy for one is hard for another.
//!
//! Runs of the comparison and of the parser alternate, and the median of the pairs counts, so that a
//! busy machine disturbs both alike.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench measures")]
#![expect(clippy::unwrap_used, reason = "a bench may stop at the first surprise")]

use planscope_explain::diff::{self, Tolerance};
use planscope_explain::{Plan, formats};
use std::hint::black_box;
use std::time::Instant;

/// Nodes of a plan.
const NODES: usize = 50_000;
/// Pairs of runs; the median of seven stands two disturbed ones.
const PAIRS: usize = 7;

fn main() {
    println!("{:<44} {:>9} {:>9} {:>7}  goal ≤ 3×", "50,000 nodes", "diff", "parse", "ratio");
    let wide = wide(|i| format!("part_{i}"));
    compare("the same plan", &wide, &wide);
    compare("one table renamed", &wide, &wide.replace("part_777\"", "part_x\""));
    compare("every tenth partition gone", &wide, &thinned(10));
    compare("every scan another", &wide, &wide.replace("Seq Scan", "Index Scan"));
    compare("no table in common", &wide, &wide.replace("part_", "other_"));
    let alike = self::wide(|_| "part".to_owned());
    compare("equal siblings, every one dearer", &alike, &alike.replace("35.50", "99.50"));
    compare(
        "equal siblings, a third fewer",
        &alike,
        &of_kind(NODES * 2 / 3, |_| "part".to_owned()),
    );
    let joins = nested(NODES / 2, "Hash Join");
    compare("25,000 joins deep, another method", &joins, &nested(NODES / 2, "Merge Join"));
    compare("25,000 joins deep, the other way round", &joins, &turned(NODES / 2));
}

/// Milliseconds of one call.
fn time(run: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64() * 1000.0
}

fn parse(text: &str) -> Plan {
    formats::read(text, None).unwrap().swap_remove(0).plan
}

fn compare(name: &str, before: &str, after: &str) {
    let plans = [parse(before), parse(after)];
    let run = || {
        let mut ours = || {
            black_box(diff::plans(&plans[0], &plans[1], [None, None], Tolerance::default()));
        };
        (time(&mut ours), time(&mut || drop(black_box(parse(before)))))
    };
    let mut pairs: Vec<(f64, f64)> = (0..PAIRS).map(|_| run()).collect();
    pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (ours, yardstick) = pairs[PAIRS / 2];
    println!("{name:<44} {ours:>6.1} ms {yardstick:>6.1} ms {:>6.2}×", ours / yardstick);
}

/// A scan as EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) prints it.
fn scan(table: &str) -> String {
    format!(
        "{{\"Node Type\": \"Seq Scan\", \"Parent Relationship\": \"Outer\", \"Parallel Aware\": false, \
         \"Async Capable\": false, \"Relation Name\": \"{table}\", \"Alias\": \"{table}\", \
         \"Startup Cost\": 0.00, \"Total Cost\": 35.50, \"Plan Rows\": 2550, \"Plan Width\": 4, \
         \"Actual Startup Time\": 0.010, \"Actual Total Time\": 0.020, \"Actual Rows\": 10, \
         \"Actual Loops\": 1, \"Filter\": \"(status = 'open'::text)\", \"Rows Removed by Filter\": 3, \
         \"Shared Hit Blocks\": 12, \"Shared Read Blocks\": 0, \"Shared Dirtied Blocks\": 0, \
         \"Shared Written Blocks\": 0, \"Temp Read Blocks\": 0, \"Temp Written Blocks\": 0}}"
    )
}

const FIGURES: &str = "\"Startup Cost\": 0, \"Total Cost\": 1e6, \"Plan Rows\": 10, \"Plan Width\": 4, \
     \"Actual Startup Time\": 0.1, \"Actual Total Time\": 5000.0, \"Actual Rows\": 10, \"Actual Loops\": \
     1, \"Shared Hit Blocks\": 12";

fn appended(scans: &[String]) -> String {
    format!(
        "[{{\"Plan\": {{\"Node Type\": \"Append\", {FIGURES}, \"Plans\": [{}]}}}}]",
        scans.join(",")
    )
}

fn of_kind(nodes: usize, name: impl Fn(usize) -> String) -> String {
    appended(&(1..nodes).map(|i| scan(&name(i))).collect::<Vec<String>>())
}

fn wide(name: impl Fn(usize) -> String) -> String {
    of_kind(NODES, name)
}

fn thinned(every: usize) -> String {
    let left = (1..NODES).filter(|i| i % every != 0);
    appended(&left.map(|i| scan(&format!("part_{i}"))).collect::<Vec<String>>())
}

/// Joins nested on their outer side, over `order` from the inside out.
fn joined(order: impl Iterator<Item = usize>, method: &str) -> String {
    let mut text = String::new();
    let mut close = String::new();
    for i in order {
        text.push_str(&format!(
            "{{\"Node Type\": \"{method}\", \"Join Type\": \"Inner\", \"Parent Relationship\": \"Outer\", \
             {FIGURES}, \"Plans\": [{}, ",
            scan(&format!("part_{i}"))
        ));
        close.push_str("]}");
    }
    format!("[{{\"Plan\": {text}{}{close}}}]", scan("innermost"))
}

fn nested(joins: usize, method: &str) -> String {
    joined(0..joins, method)
}

fn turned(joins: usize) -> String {
    joined((0..joins).rev(), "Hash Join")
}

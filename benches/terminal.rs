//! The terminal interface on a plan of 100,000 nodes: how long it takes to open once the plan is read,
//! and how long a key takes from press to picture. No timed test: it prints, and people judge.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench measures")]
#![expect(clippy::unwrap_used, reason = "a bench may stop at the first surprise")]

use planscope_commands::headless::{Headless, Parsed};
use std::hint::black_box;
use std::time::Instant;

/// Nodes of the plan.
const NODES: usize = 100_000;
/// Times that a key is pressed; the median and the slowest are shown.
const PRESSES: usize = 41;

fn main() {
    let text = plan(NODES);
    println!("{:<44} {:>10} {:>10}  goal", format!("plan of {NODES} nodes"), "median", "slowest");
    opening(&text);
    for (what, keys) in KEYS {
        pressing(&text, what, keys);
    }
}

/// Keys that are pressed one after the other, again and again.
const KEYS: &[(&str, &[&str])] = &[
    ("down, up", &["j", "j", "k"]),
    ("page down, up", &["pgdn", "pgdn", "pgup"]),
    ("to the end, to the start", &["G", "g"]),
    ("fold, unfold the root", &["g", "space", "space"]),
    ("fold all, unfold all", &["-", "+"]),
    ("metric", &["m"]),
    ("only 1 %", &["%"]),
    ("next hot, next finding, sibling", &["]", "f", "J"]),
    ("flame graph", &["w", "j", "k"]),
    ("search, typed", &["/", "o", "r", "d", "e", "r", "s", "_", "9", "9", "enter", "n", "esc"]),
    ("search without a hit", &["/", "q", "z", "x", "j", "esc"]),
];

/// A tree: every tenth node has nine inputs; with filters, buffers and names as real plans have.
fn plan(nodes: usize) -> String {
    let scan = |i: usize| {
        format!(
            "        ->  Seq Scan on orders_{i} o{i}  (cost=0.00..35.50 rows=2550 width=4) (actual \
             time=0.010..{}.{:03} rows={} loops=1)\n              Filter: ((status = 'open'::text) AND (total > \
             {i}.5))\n              Rows Removed by Filter: 3\n              Buffers: shared hit=12 read=3\n",
            i % 7,
            i % 1000,
            i % 5000
        )
    };
    let mut text = String::from(
        "Append  (cost=0.00..1000000.00 rows=10 width=4) (actual time=0.1..900000.0 rows=10 loops=1)\n",
    );
    for i in 1..nodes {
        if i % 10 == 1 {
            text.push_str(
                "  ->  Append  (cost=0.00..1000.00 rows=10 width=4) (actual time=0.1..80.0 rows=10 loops=1)\n",
            );
        } else {
            text.push_str(&scan(i));
        }
    }
    text
}

fn ms(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64() * 1000.0
}

fn print(what: &str, mut times: Vec<f64>, goal: &str) {
    times.sort_by(f64::total_cmp);
    let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{what:<44} {median:>7.2} ms {slowest:>7.2} ms  {goal}");
}

fn opening(text: &str) {
    let mut times = Vec::new();
    for _ in 0..5 {
        let plans = Parsed::read(text).unwrap();
        times.push(ms(|| drop(black_box(Headless::open(plans, 120, 40).unwrap()))));
    }
    print("open, after parsing", times, "≤ 300 ms");
}

fn pressing(text: &str, what: &str, keys: &[&str]) {
    let mut shown = Headless::open(Parsed::read(text).unwrap(), 120, 40).unwrap();
    let mut times = Vec::new();
    for _ in 0..PRESSES.div_ceil(keys.len()) {
        times.extend(keys.iter().map(|key| ms(|| shown.press(key))));
    }
    black_box(shown.picture());
    print(what, times, "≤ 8 ms");
}

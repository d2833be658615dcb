//! A log needs no more memory the longer it is, nor the more different its statements are; and what
//! was summed up for it is said, with the heaviest statements exact.
//!
//! In a binary of its own, because the allocator that counts is the whole program's.

#![expect(clippy::unwrap_used, reason = "a log that cannot be written fails the test")]

use peak_alloc::PeakAlloc;
use planscope_collection::guard::Stop;
use planscope_collection::logs::{Input, LogDigest, Options, digest};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Most bytes at the height of reading any log, with the report.
const MOST: usize = 64 << 20;

/// Statements that differ, in the first log.
const DISTINCT: u64 = 60_000;

/// Milliseconds of the heavy statement; it is every fourth, and must be exact.
const HEAVY_MS: u64 = 50;

/// Reads the log and says how much memory that took at its height.
fn read(path: &Path, threads: usize) -> (LogDigest, usize) {
    let mut options = Options { threads, ..Options::default() };
    options.selection.top = 500;
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let read = digest(&[Input::Path(path.to_owned())], &options, &Stop::new()).unwrap();
    (read, ALLOCATOR.peak_usage() - before)
}

fn write(path: &Path, events: u64, text: impl Fn(u64) -> (u64, String)) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    for n in 0..events {
        let (ms, text) = text(n);
        let (minute, second, pid) = (n / 60_000 % 60, n / 1000 % 60, n % 16 + 100);
        writeln!(
            file,
            "2024-05-06 10:{minute:02}:{second:02}.{:03} UTC [{pid}] app@shop LOG:  duration: {ms}.000 ms  statement: {text}",
            n % 1000
        )
        .unwrap();
    }
}

fn check(read: &LogDigest, events: u64, heavy: u64, total_ms: u64) {
    assert_eq!(read.facts.events, events);
    assert_eq!(read.facts.total_ns, u128::from(total_ms) * 1_000_000);
    let first = &read.snapshot.statements[0];
    assert!(first.text.contains("the_heavy_one"), "{}", first.text);
    assert_eq!(first.counters.calls, Some(heavy as f64));
    assert_eq!(first.counters.total_ms, Some((heavy * HEAVY_MS) as f64));
}

/// That executions were summed up, and how many.
fn check_said(read: &LogDigest) {
    let said = read.snapshot.problems.iter().find(|problem| problem.kind == "log-summarised");
    let said = said.map(|problem| problem.message.as_str()).unwrap_or_default();
    assert!(
        said.starts_with(&format!("{} executions of light", read.facts.summarised.0)),
        "{said}"
    );
    assert!(read.facts.summarised.0 > 0);
}

#[test]
fn memory_is_bounded_whatever_the_statements() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("postgresql.log");
    let heavy = |n: u64| (HEAVY_MS, format!("SELECT * FROM the_heavy_one WHERE id = {n}"));
    let filler = "a_column_of_a_table, ".repeat(12);
    let events = DISTINCT * 4 / 3;
    write(&path, events, |n| match n % 4 {
        0 => heavy(n),
        _ => (1, format!("SELECT {filler}b FROM table_{} WHERE id = {n}", n - n / 4)),
    });
    for threads in [1, 2] {
        let (found, peak) = read(&path, threads);
        check(&found, events, events / 4, events / 4 * HEAVY_MS + events / 4 * 3);
        check_said(&found);
        assert!(peak <= MOST, "{threads} threads: {} MB", peak >> 20);
    }
    // Few statements, but long ones: names in them differ, so that none is like another.
    let events = 600;
    let long = |n: u64| {
        let columns = (0..4000).map(|at| format!("column_{at}_of_{n}, "));
        format!("SELECT {}b FROM t", columns.collect::<String>())
    };
    write(&path, events, |n| if n % 4 == 0 { heavy(n) } else { (1, long(n)) });
    let (found, peak) = read(&path, 1);
    check(&found, events, events / 4, events / 4 * HEAVY_MS + events / 4 * 3);
    assert!(peak <= MOST, "long statements: {} MB", peak >> 20);
}

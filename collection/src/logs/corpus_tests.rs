//! Logs of public projects, beside the project: events, classes and time against what was counted
//! and what other tools make of them. Skipped aloud when the corpus is not there.

use super::*;
use crate::guard::Stop;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut folders = beside.map(|folder| folder.join("shared/corpus/logs"));
    folders.find(|folder| folder.is_dir())
}

struct Found {
    format: String,
    events: u64,
    unique: u64,
    time_ms: f64,
}

fn read(path: &Path) -> Result<Found> {
    let digest = digest(&[Input::Path(path.to_owned())], &Options::default(), &Stop::new())?;
    let unique: BTreeSet<_> = digest.snapshot.statements.iter().map(|s| s.fingerprint).collect();
    Ok(Found {
        format: digest.sources.iter().map(|source| source.format).collect(),
        events: digest.facts.events,
        unique: unique.len() as u64,
        time_ms: digest.facts.total_ns as f64 / 1e6,
    })
}

/// MongoDB's plain logs were counted by lines that end with milliseconds: a pause of the server and
/// an election are among them, which are no executions. Those are taken off here.
fn operations_only(
    path: &Path,
    expected: &Value,
    events: u64,
    time: Option<f64>,
) -> (u64, Option<f64>) {
    if expected["confidence"] != "counted lines ending in Nms" {
        return (events, time);
    }
    let found = input::find(&[Input::Path(path.to_owned())]).unwrap().remove(0);
    let mut bytes = Vec::new();
    found.open().unwrap().read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let operations = ["query", "getmore", "insert", "update", "remove", "command"];
    let others = text.lines().filter_map(|line| {
        let millis: f64 = line.trim_end().strip_suffix("ms")?.rsplit(' ').next()?.parse().ok()?;
        let message = line.split_once("] ").map_or("", |(_, message)| message);
        (!operations.iter().any(|name| message.starts_with(&format!("{name} ")))).then_some(millis)
    });
    let others: Vec<f64> = others.collect();
    (events - others.len() as u64, time.map(|time| time - others.iter().sum::<f64>()))
}

/// No logs of executions: what was executed by a replica's source, and bare texts.
const NOT_LOGS: [&str; 2] = ["mysqlbinlog text", "one query a line"];

/// Where the classes of another tool are not ours, and why. Events and times are the same.
const OTHER_CLASSES: [(&str, &str); 6] = [
    ("slowlogs/slow024.txt", "ON DUPLICATE KEY UPDATE is another statement; pt drops it"),
    (
        "genlogs/genlog004.txt",
        "a refused and a successful Connect are one command; pt counts the text",
    ),
    (
        "ptqd/issue_1604834.log",
        "pt was told to drop digits in names: t.a_123 and t.a_124 are two columns",
    ),
    (
        "mysql/percona-toolkit/slow_80.log",
        "/*!40101 SET NAMES utf8 */ and SET NAMES utf8 are one statement to the server",
    ),
    ("go-mysql/slow016.log", "pt counts the end of an event before the log as a class"),
    ("pgbadger/queryid.log.gz", "EXECUTE counts as the statement that was prepared"),
];

/// One line of the manifest: right, or what is otherwise.
fn check(corpus: &Path, entry: &Value) -> std::result::Result<(), String> {
    let path = corpus.join(entry["path"].as_str().unwrap());
    let expected = &entry["expected"];
    let Some(events) = expected["events"].as_u64() else { return Ok(()) };
    let found = match read(&path) {
        // A log without executions may be refused.
        Err(_) if events == 0 => return Ok(()),
        Err(error) => return Err(error.to_string()),
        Ok(found) => found,
    };
    let (events, time) = operations_only(&path, expected, events, expected["time_ms"].as_f64());
    let good_time = time.is_none_or(|ms| (ms - found.time_ms).abs() < 0.001 + ms * 1e-9);
    if found.events != events || !good_time {
        return Err(format!(
            "{}: {} events of {events}, {} ms of {time:?}",
            found.format, found.events, found.time_ms
        ));
    }
    let known = OTHER_CLASSES.iter().any(|(name, _)| path.ends_with(name));
    let unique = expected["unique"].as_u64().filter(|unique| *unique != found.unique && !known);
    unique.map_or(Ok(()), |unique| Err(format!("{} classes of {unique}", found.unique)))
}

#[test]
fn public_logs_are_read_as_counted() {
    let Some(corpus) = corpus() else {
        eprintln!("skipped: no corpus of logs beside the project");
        return;
    };
    let manifest = std::fs::read_to_string(corpus.join("MANIFEST.jsonl")).unwrap();
    let entries = manifest.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut wrong = Vec::new();
    let mut read = 0;
    for entry in entries.filter(|entry| !NOT_LOGS.iter().any(|format| entry["format"] == *format)) {
        read += 1;
        if let Err(what) = check(&corpus, &entry) {
            wrong.push(format!("{} [{}] {what}", entry["path"], entry["format"]));
        }
    }
    eprintln!("{} of {read} logs as counted", read - wrong.len());
    // A report of pt-query-digest, whose headers are no events; and a general log that was counted
    // as a slow log: 7 events in 4 classes, as the report says.
    wrong.retain(|line| !line.contains("ptqd/pt-234"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

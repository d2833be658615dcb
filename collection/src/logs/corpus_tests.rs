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

#[test]
fn public_logs_are_read_as_counted() {
    let Some(corpus) = corpus() else {
        eprintln!("skipped: no corpus of logs beside the project");
        return;
    };
    let manifest = std::fs::read_to_string(corpus.join("MANIFEST.jsonl")).unwrap();
    let (mut right, mut wrong) = (0, Vec::new());
    for line in manifest.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let path = entry["path"].as_str().unwrap();
        let expected = &entry["expected"];
        let Some(events) = expected["events"].as_u64() else { continue };
        let outcome = read(&corpus.join(path));
        let say = match &outcome {
            Err(error) if events == 0 => {
                right += 1;
                let _ = error;
                continue;
            }
            Err(error) => format!("{error}"),
            Ok(found) => {
                let time = expected["time_ms"].as_f64();
                let unique = expected["unique"].as_u64();
                let (events, time) = operations_only(&corpus.join(path), expected, events, time);
                let good_time =
                    time.is_none_or(|time| (time - found.time_ms).abs() < 0.001 + time * 1e-9);
                if found.events == events && good_time && unique.is_none_or(|u| u == found.unique) {
                    right += 1;
                    continue;
                }
                format!(
                    "{} events {}/{events} unique {}/{unique:?} ms {}/{time:?}",
                    found.format, found.events, found.unique, found.time_ms
                )
            }
        };
        wrong.push(format!(
            "{path} [{}] {say} ({})",
            entry["format"].as_str().unwrap_or(""),
            expected["confidence"].as_str().unwrap_or("")
        ));
    }
    eprintln!("{right} right, {} otherwise:\n{}", wrong.len(), wrong.join("\n"));
}

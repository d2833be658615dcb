//! Logs that grow, turn over and shrink while they are read.

use super::*;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

fn line(second: u32, text: &str) -> String {
    format!("2024-05-06 07:{:02}:{:02}.000 UTC [7] a@shop LOG:  {text}\n", second / 60, second % 60)
}

fn statement(second: u32) -> String {
    line(second, &format!("duration: 2.000 ms  statement: SELECT * FROM t WHERE a = {second}"))
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Looks until nothing is new, and a last time.
fn settle(follower: &mut Follower<'_>) {
    while follower.poll().unwrap() > 0 {}
    follower.poll().unwrap();
}

fn calls(digest: &LogDigest) -> Option<f64> {
    let all: Vec<f64> =
        digest.snapshot.statements.iter().filter_map(|s| s.counters.calls).collect();
    (!all.is_empty()).then(|| all.iter().sum())
}

#[test]
fn what_is_appended_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("postgresql.log");
    append(&path, &(0..100).map(statement).collect::<String>());
    let options = Options::default();
    let mut follower = Follower::open(&[Input::Path(path.clone())], &options, false).unwrap();
    settle(&mut follower);
    assert_eq!(calls(&follower.take(false)), Some(100.0));
    // Half a record is no record yet.
    let next = statement(101);
    append(&path, &next[..40]);
    settle(&mut follower);
    append(&path, &next[40..]);
    append(&path, "\tAND b = 2\n");
    settle(&mut follower);
    let digest = follower.take(false);
    assert_eq!(calls(&digest), Some(1.0));
    assert!(digest.snapshot.statements[0].text.ends_with("AND b = ?"), "{digest:?}");
    assert!(digest.rejects.is_empty());
    assert_eq!(calls(&follower.take(true)), None);
}

#[test]
fn rotations_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("postgresql.log");
    append(&path, &(0..50).map(statement).collect::<String>());
    append(&path, &line(50, "statement: SELECT 1"));
    let options = Options::default();
    let mut follower = Follower::open(&[Input::Path(path.clone())], &options, false).unwrap();
    settle(&mut follower);
    // The server writes on into the renamed file, then into a new one.
    let old = folder.path().join("postgresql.log.1");
    fs::rename(&path, &old).unwrap();
    append(&old, &line(51, "duration: 3.000 ms"));
    append(&old, &line(52, "statement: SELECT 1"));
    follower.poll().unwrap();
    append(&path, &line(53, "duration: 4.000 ms"));
    append(&path, &(60..90).map(statement).collect::<String>());
    settle(&mut follower);
    settle(&mut follower);
    let digest = follower.take(true);
    assert_eq!(calls(&digest), Some(82.0));
    assert!(digest.rejects.is_empty(), "{:?}", digest.rejects);
    let read: u64 = digest.sources.iter().map(|source| source.events).sum();
    assert_eq!((read, digest.sources.len()), (82, 2));
}

#[test]
fn a_shorter_file_begins_anew_and_its_copy_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    append(&path, &(0..50).map(statement).collect::<String>());
    let options = Options::default();
    let inputs = [Input::Path(folder.path().to_owned())];
    let mut follower = Follower::open(&inputs, &options, false).unwrap();
    settle(&mut follower);
    fs::copy(&path, folder.path().join("a.log.1")).unwrap();
    fs::write(&path, "").unwrap();
    settle(&mut follower);
    append(&path, &(100..110).map(statement).collect::<String>());
    // A log with a name of its own, as servers with dates in the names write.
    append(&folder.path().join("b.log"), &(200..205).map(statement).collect::<String>());
    settle(&mut follower);
    let digest = follower.take(true);
    assert_eq!(calls(&digest), Some(65.0));
    let kinds: Vec<&str> = digest.snapshot.problems.iter().map(|p| p.kind.as_str()).collect();
    assert_eq!(kinds, ["log-copied", "log-truncated"]);
}

#[test]
fn a_log_may_be_empty_at_first_but_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slow.log");
    let options = Options::default();
    assert!(Follower::open(&[Input::Path(path.clone())], &options, false).is_err());
    append(&path, "");
    let mut follower = Follower::open(&[Input::Path(path.clone())], &options, false).unwrap();
    settle(&mut follower);
    append(&path, "# User@Host: a[a] @ h []\n# Query_time: 0.5  Lock_time: 0\nSELECT 1;\n");
    settle(&mut follower);
    let digest = follower.take(false);
    assert_eq!(digest.snapshot.target.engine, Engine::Mysql);
    assert_eq!(calls(&digest), Some(1.0));
    let foreign = folder.path().join("foreign");
    append(&foreign, "no log\nat all\n");
    let mut follower = Follower::open(&[Input::Path(foreign)], &options, false).unwrap();
    let errors = [follower.poll().is_err(), follower.poll().is_err()];
    assert!(errors.contains(&true));
}

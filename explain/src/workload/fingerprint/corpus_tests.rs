//! Grouping, measured against other normalizers over `shared/corpus/fingerprints`.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;

/// The folder beside (or above) the working tree that holds what is shared.
fn corpus() -> Option<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = |up: &std::path::Path| up.join("../shared/corpus/fingerprints");
    here.ancestors().map(folder).find(|path| path.is_dir())
}

fn lines(file: &str) -> Vec<serde_json::Value> {
    let Some(folder) = corpus() else {
        // Past the test runner, which keeps what a passing test prints to itself.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: no ../shared/corpus/fingerprints above {}",
            env!("CARGO_MANIFEST_DIR")
        );
        return Vec::new();
    };
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Share of pairs on which both say "same class", or both "other class".
fn agreement(classes: &[(String, String)]) -> f64 {
    let (mut agree, mut pairs) = (0_u32, 0_u32);
    for (at, one) in classes.iter().enumerate() {
        for other in &classes[at + 1..] {
            pairs += 1;
            agree += u32::from((one.0 == other.0) == (one.1 == other.1));
        }
    }
    f64::from(agree) / f64::from(pairs.max(1))
}

/// Statements that one side puts together and the other does not, for the reader of the test.
fn splits(
    classes: &[(String, String)],
    by: impl Fn(&(String, String)) -> (String, String),
) -> usize {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for class in classes {
        let (theirs, ours) = by(class);
        let group = groups.entry(theirs).or_default();
        if !group.contains(&ours) {
            group.push(ours);
        }
    }
    groups.retain(|_, ours| ours.len() > 1);
    for ours in groups.values() {
        for text in ours {
            println!("  {}", text.chars().take(150).collect::<String>());
        }
        println!("  --");
    }
    groups.len()
}

fn score(file: &str, expected: &str, engine: Engine, floor: f64) {
    let classes: Vec<(String, String)> = lines(file)
        .iter()
        .filter_map(|line| {
            let text = |key: &str| line[key].as_str().map(str::to_owned);
            Some((text(expected)?, normalize(&text("query")?, engine)))
        })
        .collect();
    if classes.is_empty() {
        return;
    }
    println!("{file}: they group, we split:");
    let split = splits(&classes, |(theirs, ours)| (theirs.clone(), ours.clone()));
    println!("{file}: we group, they split:");
    let merged = splits(&classes, |(theirs, ours)| (ours.clone(), theirs.clone()));
    let agreement = agreement(&classes);
    println!("{file}: {:.2} % of pairs, {split} split, {merged} merged", agreement * 100.0);
    assert!(agreement >= floor, "{file}: {agreement}");
}

/// How many classes we make for each of libpg_query's. What it calls one class and we do not is named
/// below; what we put together and it does not must not hide that, so those classes count once each.
#[test]
fn makes_few_classes_more_than_libpg_query() {
    let (mut theirs, mut ours) = (BTreeSet::new(), BTreeSet::new());
    for line in lines("libpg_query_13.jsonl") {
        let (Some(query), Some(class)) = (line["query"].as_str(), line["fingerprint"].as_str())
        else {
            continue;
        };
        ours.insert((class.to_owned(), fingerprint(query, Engine::Postgres)));
        theirs.insert(class.to_owned());
    }
    println!("{} classes, libpg_query has {}", ours.len(), theirs.len());
    assert!(ours.len() as f64 <= theirs.len() as f64 * 1.25);
}

/// What is missing to 100 % is on purpose: libpg_query sorts the items of lists and conditions,
/// forgets aliases, casts of constants and long digits in table names; without a syntax tree, or
/// because two tables are two tables, we do not.
#[test]
fn groups_like_libpg_query() {
    score("libpg_query_13.jsonl", "fingerprint", Engine::Postgres, 0.988);
}

#[test]
fn groups_like_percona_toolkit() {
    score("percona_toolkit.jsonl", "expected", Engine::Mysql, 0.99);
}

/// PostgreSQL's normalized text has the fingerprint of the text it came from.
#[test]
fn server_normalized_text_has_the_same_fingerprint() {
    let (mut same, mut all) = (0_u32, 0_u32);
    for line in lines("libpg_query_normalize.jsonl") {
        let (sent, kept) = (line["query"].as_str().unwrap(), line["normalized"].as_str().unwrap());
        let (sent, kept) = (normalize(sent, Engine::Postgres), normalize(kept, Engine::Postgres));
        all += 1;
        same += u32::from(sent == kept);
        if sent != kept {
            println!("{sent}\n{kept}\n--");
        }
    }
    assert_eq!(same, all);
}

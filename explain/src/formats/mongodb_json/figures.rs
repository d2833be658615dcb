//! The figures of a stage, as the classic engine, an aggregation and the slot-based engine tell them.

use super::super::shell_json::Item;
use super::draft::Run;
use std::borrow::Cow;
use std::collections::HashMap;

/// Milliseconds of a stage, from the finest clock that it shows.
fn millis(stage: Item<'_>) -> Option<f64> {
    const CLOCKS: [(&str, f64); 4] = [
        ("executionTimeNanos", 1e-6),
        ("executionTimeMicros", 1e-3),
        ("executionTimeMillisEstimate", 1.0),
        // A mongos has no estimate but a clock.
        ("executionTimeMillis", 1.0),
    ];
    let told = |(key, unit): &(&str, f64)| stage.number_of(key).map(|n| n.max(0.0) * unit);
    CLOCKS.iter().find_map(told)
}

fn count(stage: Item<'_>, key: &str) -> Option<f64> {
    stage.number_of(key).map(|n| n.max(0.0))
}

/// What a stage of the classic engine or of an aggregation says of itself; `None` if it did not run.
pub(super) fn classic(stage: Item<'_>) -> Option<Run> {
    let works = count(stage, "works");
    let rows = count(stage, "nReturned").or_else(|| count(stage, "advanced"));
    let ms = millis(stage);
    if rows.is_none() && works.is_none() && ms.is_none() {
        return None;
    }
    // COUNT gives out one number and calls it no row.
    let counted = count(stage, "nCounted").filter(|_| rows.unwrap_or(0.0) == 0.0);
    // A stage that was never asked and is not at its end was not reached.
    let is_reached = works != Some(0.0) || stage.truth_of("isEOF") == Some(true);
    Some(Run {
        loops: if is_reached { 1.0 } else { 0.0 },
        rows: counted.or(rows).unwrap_or(0.0),
        ms,
        keys: count(stage, "keysExamined").or_else(|| lookup_total(stage, "totalKeysExamined")),
        docs: count(stage, "docsExamined").or_else(|| lookup_total(stage, "totalDocsExamined")),
        works,
    })
}

/// `$lookup` tells what it read of the other collection as a total; mongos uses the same key for
/// the sum over its shards, which is not its own.
fn lookup_total(stage: Item<'_>, key: &str) -> Option<f64> {
    stage.get("shards").is_none().then(|| count(stage, key)).flatten()
}

/// Stages of the slot-based engine that belong to one node of the query plan.
#[derive(Debug, Clone)]
pub(super) struct Slots<'d> {
    pub(super) stages: Vec<Item<'d>>,
    pub(super) run: Run,
}

/// The stages of an executed slot-based tree by the `planNodeId` of the node they work for.
///
/// Of a node's stages, the topmost gives out the node's rows and its clock includes the others.
pub(super) fn by_plan_node(tree: Item<'_>) -> HashMap<i64, Slots<'_>> {
    let mut found: HashMap<i64, Slots<'_>> = HashMap::new();
    let mut waiting = vec![tree];
    while let Some(stage) = waiting.pop() {
        let below = waiting.len();
        waiting.extend(children(stage).map(|(_, child)| child));
        waiting[below..].reverse();
        let Some(id) = stage.number_of("planNodeId") else { continue };
        let slots =
            found.entry(id as i64).or_insert_with(|| Slots { stages: Vec::new(), run: top(stage) });
        add_reads(&mut slots.run, stage);
        slots.stages.push(stage);
    }
    found
}

/// The figures of one slot-based stage alone.
pub(super) fn slot_based(stage: Item<'_>) -> Run {
    let mut run = top(stage);
    add_reads(&mut run, stage);
    run
}

fn top(stage: Item<'_>) -> Run {
    Run {
        loops: count(stage, "opens").unwrap_or(1.0),
        rows: count(stage, "nReturned").unwrap_or(0.0),
        ms: millis(stage),
        keys: None,
        docs: None,
        works: None,
    }
}

/// Adds what a stage read itself; `totalDocsExamined` and the like of joins include their inputs.
fn add_reads(run: &mut Run, stage: Item<'_>) {
    let reads = || count(stage, "numReads").unwrap_or(0.0);
    match stage.text_of("stage").as_deref() {
        Some(name) if name.starts_with("ix") => {
            let keys = count(stage, "keysExamined").unwrap_or_else(reads);
            run.keys = Some(run.keys.unwrap_or(0.0) + keys);
        }
        Some("seek" | "scan" | "pscan" | "fetch" | "generic_scan" | "random_scan") => {
            run.docs = Some(run.docs.unwrap_or(0.0) + reads());
        }
        _ => {}
    }
}

/// The name of a stage.
pub(super) fn name(stage: Item<'_>) -> Option<Cow<'_, str>> {
    stage.text_of("stage").or_else(|| stage.text_of("nodeType"))
}

/// The stages below a stage, with the keys they stand under.
pub(super) fn children(stage: Item<'_>) -> impl Iterator<Item = (&'static str, Item<'_>)> {
    const BELOW: [&str; 10] = [
        "inputStage",
        "inputStages",
        "outerStage",
        "innerStage",
        "thenStage",
        "elseStage",
        // Of the optimizer that 7.0 had on trial.
        "child",
        "children",
        "leftChild",
        "rightChild",
    ];
    let is_stage = |item: &Item<'_>| name(*item).is_some();
    stage.members().flat_map(move |(key, value)| {
        let key = BELOW.iter().find(|below| **below == key).copied();
        let one = key.filter(|_| is_stage(&value)).map(|key| (key, value));
        let many = key
            .into_iter()
            .flat_map(move |key| value.items().filter(is_stage).map(move |item| (key, item)));
        one.into_iter().chain(many)
    })
}

//! Plans that were not chosen: their shape and what their trial showed, in the plan's details.

use super::super::shell_json::Item;
use super::figures::children;
use serde_json::{Map, Value, json};

/// The longest shape that is written.
const MAX_SHAPE: usize = 2_000;

/// Adds the rejected plans of a planner to `details`; `part` is the shard's name.
pub(super) fn of_planner(details: &mut Map<String, Value>, planner: Item<'_>, part: Option<&str>) {
    for plan in planner.array("rejectedPlans").into_iter().flat_map(Item::items) {
        let told = plan.object("queryPlan").unwrap_or(plan);
        if told.get("stage").is_some() || told.get("shards").is_some() {
            let shape = shape(told);
            let line = part.map_or_else(|| shape.clone(), |part| format!("{part}: {shape}"));
            push(details, "rejectedPlans", Value::String(line));
        }
    }
    if let Some(Value::Array(plans)) = details.get("rejectedPlans") {
        let count = plans.len();
        details.insert("rejectedPlanCount".to_owned(), count.into());
    }
}

/// Adds the trials of `allPlansExecution`, the winner's included.
pub(super) fn of_statistics(
    details: &mut Map<String, Value>,
    statistics: Item<'_>,
    part: Option<&str>,
) {
    for trial in statistics.array("allPlansExecution").into_iter().flat_map(Item::items) {
        match trial.array("allPlans") {
            Some(plans) => {
                let shard = trial.text_of("shardName");
                for plan in plans.items() {
                    push(details, "allPlansExecution", trial_of(plan, shard.as_deref()));
                }
            }
            None => push(details, "allPlansExecution", trial_of(trial, part)),
        }
    }
}

fn trial_of(trial: Item<'_>, part: Option<&str>) -> Value {
    let mut told = Map::new();
    if let Some(part) = part {
        told.insert("shardName".to_owned(), part.into());
    }
    if let Some(stages) = trial.object("executionStages") {
        told.insert("plan".to_owned(), shape(stages).into());
    }
    for (key, value) in trial.members().filter(|(key, _)| key != "executionStages") {
        told.insert(key.into_owned(), value.detail());
    }
    Value::Object(told)
}

fn push(details: &mut Map<String, Value>, key: &str, value: Value) {
    let list = details.entry(key).or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut() {
        list.push(value);
    }
}

/// A tree in a line: `LIMIT(FETCH(IXSCAN status_1))`.
pub(super) fn shape(stage: Item<'_>) -> String {
    enum Step<'d> {
        Stage(Item<'d>),
        Text(&'static str),
    }
    let mut text = String::new();
    let mut waiting = vec![Step::Stage(stage)];
    while let Some(step) = waiting.pop() {
        if text.len() > MAX_SHAPE {
            text.push('…');
            break;
        }
        let stage = match step {
            Step::Text(mark) => {
                text.push_str(mark);
                continue;
            }
            Step::Stage(stage) => stage,
        };
        text.push_str(&stage.text_of("stage").unwrap_or_default());
        if let Some(index) = stage.text_of("indexName") {
            text.push(' ');
            text.push_str(&index);
        }
        let inputs: Vec<Item<'_>> = children(stage).map(|(_, input)| input).collect();
        if inputs.is_empty() {
            continue;
        }
        text.push('(');
        waiting.push(Step::Text(")"));
        for (i, input) in inputs.into_iter().enumerate().rev() {
            waiting.push(Step::Stage(input));
            if i > 0 {
                waiting.push(Step::Text(", "));
            }
        }
    }
    text
}

//! What the stages of a pipeline demand: what stands under `$group`, `$lookup` and so on.

use super::super::shell_json::Item;
use super::node::{condition, name_collection_anew, sort_keys, text};
use crate::plan::{Condition, ConditionKind, Node};
use serde_json::Value;
use std::borrow::Cow;

/// Reads the specification of the stage that `node` is named after.
pub(super) fn apply(node: &mut Node, spec: Item<'_>) {
    let label = node.label.clone();
    match label.as_str() {
        "$cursor" | "$geoNearCursor" | "$facet" => {}
        "$match" => condition(node, ConditionKind::Filter, spec),
        "$project" | "$addFields" | "$set" | "$unset" | "$replaceRoot" | "$replaceWith" => {
            condition(node, ConditionKind::Output, spec);
        }
        "$sort" | "$_internalBoundedSort" => sort(node, spec),
        "$group" | "$bucketAuto" | "$_internalStreamingGroup" => group(node, spec),
        "$lookup" | "$_internalLookup" => lookup(node, spec),
        "$graphLookup" => graph_lookup(node, spec),
        "$unionWith" => details(node, spec, &["pipeline"]),
        "$out" | "$merge" => target(node, spec),
        "$setWindowFields" | "$_internalSetWindowFields" => window(node, spec),
        _ => details(node, spec, &[]),
    }
}

/// Keeps a specification as it is: its members, or its value under the name of the stage.
fn details(node: &mut Node, spec: Item<'_>, but: &[&str]) {
    if !spec.is_object() {
        let value = spec.detail();
        node.details.insert(node.label.clone(), value);
        return;
    }
    for (key, value) in spec.members().filter(|(key, _)| !but.contains(&&**key)) {
        node.details.insert(key.into_owned(), value.detail());
    }
}

/// `{sortKey: {a: 1}, limit: 5}`, or the keys alone where it was not run.
fn sort(node: &mut Node, spec: Item<'_>) {
    match spec.object("sortKey") {
        Some(keys) => {
            sort_keys(node, keys);
            details(node, spec, &["sortKey"]);
        }
        None => sort_keys(node, spec),
    }
}

fn group(node: &mut Node, spec: Item<'_>) {
    if let Some(id) = spec.get("_id").or_else(|| spec.get("groupBy")) {
        group_keys(node, id);
    }
    for (key, value) in spec.members().filter(|(key, _)| key != "_id" && key != "groupBy") {
        let text = format!("{key}: {}", text(value));
        node.conditions.push(Condition::new(ConditionKind::Output, text));
        // The options of `$bucketAuto` are no output.
        if key == "buckets" || key == "granularity" {
            node.conditions.pop();
            node.details.insert(key.into_owned(), value.detail());
        }
    }
}

/// One condition a key: `$status`, or `s: $status` of `{s: "$status"}`; none for a constant.
fn group_keys(node: &mut Node, id: Item<'_>) {
    let is_operator =
        |item: Item<'_>| item.members().next().is_some_and(|(key, _)| key.starts_with('$'));
    if id.get("$const").is_some() || id.get("$literal").is_some() {
        return;
    }
    if id.is_object() && !is_operator(id) {
        for (key, value) in id.members() {
            let text = format!("{key}: {}", text(value));
            node.conditions.push(Condition::new(ConditionKind::GroupKey, text));
        }
        return;
    }
    condition(node, ConditionKind::GroupKey, id);
}

fn lookup(node: &mut Node, spec: Item<'_>) {
    from(node, spec);
    let field = |key: &str| spec.text_of(key);
    if let (Some(local), Some(foreign)) = (field("localField"), field("foreignField")) {
        join(node, &local, &foreign);
    }
    node.join_type = Some("Left".to_owned());
    let unwinding = spec.object("unwinding");
    if unwinding.is_some_and(|how| how.truth_of("preserveNullAndEmptyArrays") == Some(false)) {
        node.join_type = Some("Inner".to_owned());
    }
    node.index = node
        .details
        .get("indexesUsed")
        .and_then(Value::as_array)
        .filter(|used| used.len() == 1)
        .and_then(|used| used.first()?.as_str().map(str::to_owned));
    details(node, spec, &["from", "pipeline"]);
}

fn graph_lookup(node: &mut Node, spec: Item<'_>) {
    from(node, spec);
    let field = |key: &str| spec.text_of(key);
    if let (Some(local), Some(foreign)) = (field("connectFromField"), field("connectToField")) {
        join(node, &local, &foreign);
    }
    node.join_type = Some("Left".to_owned());
    details(node, spec, &["from"]);
}

fn join(node: &mut Node, local: &str, foreign: &str) {
    let relation = node.relation.as_deref().unwrap_or("foreign");
    let text = format!("{local} = {relation}.{foreign}");
    node.conditions.push(Condition::new(ConditionKind::Join, text));
}

/// `"collection"` or `{db: "…", coll: "…"}`.
fn from(node: &mut Node, spec: Item<'_>) {
    if let Some(from) = spec.get("from") {
        collection(node, from);
    }
}

fn collection(node: &mut Node, named: Item<'_>) {
    if let Some(name) = named.text() {
        node.relation = Some(name.into_owned());
    } else if let Some(name) = named.text_of("coll") {
        node.relation = Some(name.into_owned());
        node.schema = named.text_of("db").map(Cow::into_owned);
    }
}

/// Where `$out` and `$merge` write.
fn target(node: &mut Node, spec: Item<'_>) {
    let into = spec.get("into").or_else(|| spec.get("coll").map(|_| spec)).unwrap_or(spec);
    match into.text() {
        Some(name) if name.contains('.') && spec.get("db").is_none() && !spec.is_object() => {
            name_collection_anew(node, &name);
        }
        _ => collection(node, into),
    }
    if spec.is_object() {
        details(node, spec, &["into"]);
    }
}

fn window(node: &mut Node, spec: Item<'_>) {
    if let Some(by) = spec.get("partitionBy") {
        group_keys(node, by);
    }
    if let Some(keys) = spec.object("sortBy") {
        sort_keys(node, keys);
    }
    if let Some(output) = spec.object("output") {
        condition(node, ConditionKind::Output, output);
    }
    details(node, spec, &["partitionBy", "sortBy", "output"]);
}

//! From a stage to a node: which key is which fact.

use super::super::shell_json::{Item, Kind};
use super::draft::{Draft, Drafts};
use super::operators::touches_collection;
use crate::plan::{Actual, Condition, ConditionKind, Examined, Node, Operator};
use serde_json::Map;
use std::borrow::Cow;
use std::collections::HashSet;

/// Keys that are read into the tree or the figures, and not kept as details.
const READ: [&str; 26] = [
    "stage",
    "nodeType",
    "child",
    "children",
    "leftChild",
    "rightChild",
    "inputStage",
    "inputStages",
    "outerStage",
    "innerStage",
    "thenStage",
    "elseStage",
    "shards",
    "nReturned",
    "keysExamined",
    "docsExamined",
    "executionTimeMillisEstimate",
    "executionTimeMicros",
    "executionTimeNanos",
    "executionTimeMillis",
    "filter",
    "indexName",
    "sortPattern",
    "indexBounds",
    "transformBy",
    "skipAmount",
];

/// The node of a stage.
pub(super) fn node(drafts: &Drafts<'_>, at: usize) -> Node {
    let draft = &drafts.list[at];
    let mut node = Node::new(draft.operator.clone(), draft.name.clone());
    node.role = draft.role;
    let kept = draft.told.iter().flatten().flat_map(|item| item.members());
    let kept = kept.filter(|(key, value)| is_detail(key, *value)).count();
    if kept > 0 {
        // To the measure: with a dozen keys a stage, room to spare would be half of a large plan.
        *node.details = Map::with_capacity(kept);
    }
    let mut seen: HashSet<Cow<'_, str>> = HashSet::new();
    let has_two = draft.told[1].is_some();
    for item in draft.told.iter().flatten() {
        for (key, value) in item.members() {
            if !has_two || seen.insert(key.clone()) {
                apply(&mut node, key, value);
            }
        }
    }
    if let Some(spec) = draft.spec {
        super::specs::apply(&mut node, spec);
    }
    name_collection(&mut node, drafts.homes.get(draft.home).map_or("", |home| home));
    refine(&mut node, draft);
    measure(&mut node, drafts, at);
    let input = drafts.children(at).next().and_then(|child| drafts.list[child].run());
    let rows = input.zip(draft.run()).map(|(input, run)| input.rows - run.rows);
    skipped(&mut node, draft.get("skipAmount").and_then(Item::number), rows);
    super::memory::apply(&mut node, draft);
    if let Some(part) = &draft.part {
        node.subplan = Some(part.clone());
    }
    // Most have one condition, for which a list makes room for four.
    node.conditions.shrink_to_fit();
    node
}

fn apply(node: &mut Node, key: Cow<'_, str>, value: Item<'_>) {
    match &*key {
        "filter" => condition(node, ConditionKind::Filter, value),
        "indexName" => node.index = value.text().map(Cow::into_owned),
        "indexBounds" => condition(node, ConditionKind::Index, value),
        "sortPattern" => sort_keys(node, value),
        "transformBy" => condition(node, ConditionKind::Output, value),
        "foreignCollection" | "namespace" | "nss" if value.text().is_some() => {
            let namespace = value.text().unwrap_or_default();
            name_collection_anew(node, &namespace);
        }
        "cardinalityEstimate" | "numDocsEstimate" if value.number().is_some() => {
            node.estimate.rows_per_loop = value.number();
        }
        "costEstimate" | "cost" if value.number().is_some() => {
            node.estimate.total_cost = value.number();
        }
        "chunkSkips" if value.number().is_some() => node.removed.by_filter = value.number(),
        _ => {}
    }
    if is_detail(&key, value) {
        node.details.insert(key.into_owned(), value.detail());
    }
}

/// Whether a member is kept as a detail. What is false, zero, empty or forward says nothing, and every stage
/// has a dozen such; the name of a pipeline's stage stands as a key beside its figures.
fn is_detail(key: &str, value: Item<'_>) -> bool {
    let says_nothing = match value.kind() {
        Kind::Null | Kind::False => true,
        Kind::Number | Kind::Call => value.number() == Some(0.0),
        // A number too, in Extended JSON.
        Kind::Object => value.members().next().is_none() || value.number() == Some(0.0),
        Kind::Array => value.items().next().is_none(),
        _ => key == "direction" && value.text().is_some_and(|way| way == "forward"),
    };
    !says_nothing && !READ.contains(&key) && !key.starts_with('$')
}

/// Adds a condition, if there is one.
pub(super) fn condition(node: &mut Node, kind: ConditionKind, value: Item<'_>) {
    let is_nothing = match value.kind() {
        Kind::Null | Kind::Elided => true,
        Kind::Object => value.members().next().is_none(),
        _ => false,
    };
    if !is_nothing {
        node.conditions.push(Condition::new(kind, text(value)));
    }
}

/// A value as the text of a condition: a string as it is, all else as JSON.
pub(super) fn text(value: Item<'_>) -> String {
    value.text().map_or_else(|| value.json(), Cow::into_owned)
}

/// `{name: -1, id: 1}` as one condition a key.
pub(super) fn sort_keys(node: &mut Node, keys: Item<'_>) {
    for (name, direction) in keys.members() {
        let text = format!("{name}: {}", text(direction));
        node.conditions.push(Condition::new(ConditionKind::SortKey, text));
    }
}

fn name_collection(node: &mut Node, namespace: &str) {
    if node.relation.is_none() && touches_collection(&node.operator) {
        name_collection_anew(node, namespace);
    }
}

/// `database.collection`, where only the collection may have dots.
pub(super) fn name_collection_anew(node: &mut Node, namespace: &str) {
    let (schema, relation) = match namespace.split_once('.') {
        Some((schema, relation)) => (Some(schema), relation),
        None => (None, namespace),
    };
    let some = |name: &str| Some(name.to_owned()).filter(|name| !name.is_empty());
    (node.schema, node.relation) = (schema.and_then(some), some(relation));
}

/// What a stage is beyond its name.
fn refine(node: &mut Node, draft: &Draft<'_>) {
    let is = |key: &str| draft.get(key).and_then(|value| value.truth()) == Some(true);
    match &*draft.name {
        "IXSCAN" if draft.is_covered => node.operator = Operator::IndexOnlyScan,
        "DISTINCT_SCAN" if is("isFetching") => node.operator = Operator::IndexScan,
        "IDHACK" => node.index = node.index.take().or_else(|| Some("_id_".to_owned())),
        "COLLSCAN" | "CLUSTERED_IXSCAN" => record_bounds(node, draft),
        "EQ_LOOKUP" | "EQ_LOOKUP_UNWIND" => eq_lookup(node, draft),
        _ => {}
    }
}

/// The bounds of a clustered collection's own order.
fn record_bounds(node: &mut Node, draft: &Draft<'_>) {
    for key in ["minRecord", "maxRecord"] {
        if let Some(value) = draft.get(key) {
            let text = format!("{{\"{key}\":{}}}", value.json());
            node.conditions.push(Condition::new(ConditionKind::Index, text));
        }
    }
}

fn eq_lookup(node: &mut Node, draft: &Draft<'_>) {
    let field = |key: &str| draft.get(key).and_then(Item::text);
    if let (Some(local), Some(foreign)) = (field("localField"), field("foreignField")) {
        let relation = node.relation.as_deref().unwrap_or("foreign");
        let text = format!("{local} = {relation}.{foreign}");
        node.conditions.push(Condition::new(ConditionKind::Join, text));
    }
    let unwinds = &*draft.name == "EQ_LOOKUP_UNWIND"
        && draft.get("preserveNullAndEmptyArrays").and_then(Item::truth) != Some(true);
    node.join_type = Some(if unwinds { "Inner" } else { "Left" }.to_owned());
}

fn measure(node: &mut Node, drafts: &Drafts<'_>, at: usize) {
    let Some(run) = drafts.list[at].run() else { return };
    let loops = run.loops;
    let a_loop = |value: f64| if loops > 0.0 { value / loops } else { 0.0 };
    node.actual = Some(Actual {
        loops,
        rows_per_loop: a_loop(run.rows),
        rows_rounding: 0.0,
        startup_ms_per_loop: None,
        total_ms_per_loop: run.ms.map(a_loop),
    });
    node.examined = Examined { keys: run.keys, rows: run.docs }.into();
    let input = || drafts.children(at).next().and_then(|child| drafts.list[child].run());
    let has_filter = node.conditions.iter().any(|c| c.kind == ConditionKind::Filter);
    let taken = match node.operator {
        Operator::Fetch | Operator::SeqScan if has_filter => run.docs,
        Operator::IndexScan | Operator::IndexOnlyScan if has_filter => {
            in_bounds(&drafts.list[at], run.keys).or(run.docs)
        }
        Operator::FullTextSearch => {
            let rejected = drafts.list[at].get("docsRejected").and_then(Item::number);
            rejected.map(|rejected| rejected + run.rows)
        }
        Operator::Filter if node.removed.by_filter.is_none() => input().map(|input| input.rows),
        _ => None,
    };
    if let Some(taken) = taken {
        node.removed.by_filter = Some((taken - run.rows).max(0.0));
    }
}

/// Keys that the filter of an index scan saw: of those examined, the key that ends each jump to the
/// next range is outside of the bounds, and duplicates are dropped before.
fn in_bounds(draft: &Draft<'_>, keys: Option<f64>) -> Option<f64> {
    let number = |key: &str| draft.get(key).and_then(Item::number).unwrap_or(0.0);
    keys.map(|keys| keys - (number("seeks") - 1.0).max(0.0) - number("dupsDropped"))
}

/// MongoDB counts `skipAmount` down while it runs and then shows 0.
fn skipped(node: &mut Node, told: Option<f64>, rows: Option<f64>) {
    let amount = told.filter(|amount| *amount > 0.0).or(rows.filter(|rows| *rows > 0.0));
    if let Some(amount) = amount.filter(|_| node.operator == Operator::Skip) {
        node.details.insert("skipAmount".to_owned(), (amount as u64).into());
    }
}

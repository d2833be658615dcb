//! Lines about the whole statement: times, triggers, settings, JIT.

use super::super::postgres_keys::{Summary, split_list};
use super::lines::key_of;
use super::properties::{expand, leading_number, scalar};
use crate::plan::Trigger;
use serde_json::{Map, Value};

/// Takes `key: rest` if it is about the statement. The answer is `None` when it is not, else the
/// name of the group that deeper lines belong to, if it opens one.
pub(super) fn line(summary: &mut Summary, key: &str, rest: &str) -> Option<Option<&'static str>> {
    let mut ms = |name: &str| {
        if let Some(ms) = leading_number(rest) {
            summary.apply(name, ms);
        }
    };
    match key {
        "Planning Time" | "Planning time" => ms("Planning Time"),
        "Execution Time" | "Execution time" | "Total runtime" | "Total Runtime" => {
            ms("Execution Time");
        }
        "Settings" => summary.apply("Settings", settings(rest)),
        "Query Identifier" => summary.apply("Query Identifier", scalar(rest)),
        "Serialization" => {
            summary.apply("Serialization", Value::Object(serialization(rest)));
            return Some(Some("Serialization"));
        }
        "JIT" if rest.is_empty() => return Some(Some("JIT")),
        "Planning" if rest.is_empty() => return Some(Some("Planning")),
        _ => return None,
    }
    Some(None)
}

/// Whether the line is one about the statement.
pub(super) fn is_key(text: &str) -> bool {
    const KEYS: [&str; 10] = [
        "Planning Time",
        "Planning time",
        "Execution Time",
        "Execution time",
        "Total runtime",
        "Total Runtime",
        "Settings",
        "Query Identifier",
        "Serialization",
        "Planning",
    ];
    key_of(text).is_some_and(|key| key == "JIT" || KEYS.contains(&key))
}

/// Takes a line below `JIT:`, `Planning:` or `Serialization: …`.
pub(super) fn group_line(summary: &mut Summary, group: &'static str, key: &str, rest: &str) {
    let Some(object) = summary.group(group) else { return };
    match (group, key) {
        ("JIT", "Options" | "Timing") => {
            object.insert(key.to_owned(), jit_list(rest));
        }
        _ => object.extend(expand(key, rest).into_iter().map(|(k, v)| (k.into_owned(), v))),
    }
}

/// `Trigger for constraint fk on orders: time=0.1 calls=3`; `None` when the line is no trigger.
pub(super) fn trigger(text: &str) -> Option<Trigger> {
    let rest = text.strip_prefix("Trigger ")?;
    let (name, figures) = rest.rsplit_once(": ")?;
    let figure = |key: &str| {
        let value = figures.split_whitespace().find_map(|word| word.strip_prefix(key))?;
        value.parse::<f64>().ok().filter(|n| n.is_finite())
    };
    let calls = figure("calls=")?;
    // With VERBOSE: `Trigger RI_…_a_1 for constraint fk on orders`.
    let name = name.rsplit_once("for constraint ").map_or(name, |(_, constraint)| constraint);
    let (name, relation) = match name.split_once(" on ") {
        Some((name, relation)) => (name, Some(relation.to_owned())),
        None => (name, None),
    };
    Some(Trigger { name: name.to_owned(), relation, total_ms: figure("time="), calls })
}

/// `work_mem = '64MB', jit = 'off'`
fn settings(rest: &str) -> Value {
    let pairs = split_list(rest).filter_map(|item| item.split_once(" = "));
    let bare = |value: &str| {
        let inner = value.strip_prefix('\'').and_then(|v| v.strip_suffix('\''));
        inner.map_or_else(|| value.to_owned(), |inner| inner.replace("''", "'"))
    };
    pairs
        .map(|(name, value)| (name.to_owned(), Value::from(bare(value))))
        .collect::<Map<_, _>>()
        .into()
}

/// `time=0.5 ms  output=3kB  format=text`
fn serialization(rest: &str) -> Map<String, Value> {
    let mut object = Map::new();
    for (key, value) in rest.split("  ").filter_map(|part| part.trim().split_once('=')) {
        let name = match key {
            "time" => "Time",
            "output" => "Output Volume",
            "format" => "Format",
            other => other,
        };
        object.insert(name.to_owned(), leading_number(value).unwrap_or_else(|| value.into()));
    }
    object
}

/// `Inlining false, Expressions true` and `Generation 0.3 ms (Deform 0.1 ms), Total 2.4 ms`
fn jit_list(rest: &str) -> Value {
    let mut object = Map::new();
    for item in split_list(rest) {
        let Some((key, value)) = item.split_once(' ') else { continue };
        let value = match value.split_once('(') {
            Some((total, part)) => {
                let part = part.trim_end_matches(')').split_once(' ');
                let mut parts = Map::new();
                if let Some((key, value)) = part {
                    parts.insert(key.to_owned(), leading_number(value).unwrap_or(Value::Null));
                }
                parts.insert("Total".into(), leading_number(total).unwrap_or(Value::Null));
                Value::Object(parts)
            }
            None => leading_number(value).unwrap_or_else(|| scalar(value)),
        };
        object.insert(key.to_owned(), value);
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn triggers_are_read() {
        let of = |text| trigger(text).map(|t| (t.name, t.relation, t.total_ms, t.calls));
        let some = |name: &str, relation: Option<&str>, ms, calls| {
            Some((name.to_owned(), relation.map(str::to_owned), ms, calls))
        };
        assert_eq!(
            of("Trigger for constraint fk on orders: time=0.250 calls=3"),
            some("fk", Some("orders"), Some(0.25), 3.0)
        );
        assert_eq!(
            of("Trigger RI_ConstraintTrigger_a_16 for constraint fk: time=0.5 calls=1"),
            some("fk", None, Some(0.5), 1.0)
        );
        assert_eq!(of("Trigger audit: calls=2"), some("audit", None, None, 2.0));
        assert_eq!(of("Trigger happy: yes"), None);
    }

    #[test]
    fn lists_are_read() {
        assert_eq!(
            settings("work_mem = '64MB', a.b = 'it''s, so'"),
            json!({"work_mem": "64MB", "a.b": "it's, so"})
        );
        assert_eq!(
            jit_list("Inlining false, Deforming true"),
            json!({"Inlining": false, "Deforming": true})
        );
        assert_eq!(
            jit_list("Generation 0.340 ms (Deform 0.1 ms), Total 2.414 ms"),
            json!({"Generation": {"Deform": 0.1, "Total": 0.34}, "Total": 2.414})
        );
    }
}

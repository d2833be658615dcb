//! Property lines, turned into the keys and values of the JSON format.

use super::super::postgres_keys::{condition_kind, split_list};
use super::node_line::{actuals, number};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A property under the key of the JSON format.
pub(super) type Property = (Cow<'static, str>, Value);

/// The properties that `key: rest` stands for.
pub(super) fn expand(key: &str, rest: &str) -> Vec<Property> {
    match key {
        "Buffers" => buffers(rest),
        "I/O Timings" => io_timings(rest),
        "WAL" => wal(rest),
        "Heap Blocks" => words(rest, |key| match key {
            "exact" => Some("Exact Heap Blocks"),
            "lossy" => Some("Lossy Heap Blocks"),
            _ => None,
        }),
        "Memory" if rest.starts_with("used=") => words(rest, |key| match key {
            "used" => Some("Memory Used"),
            "allocated" => Some("Memory Allocated"),
            _ => None,
        }),
        "Tuples" => words(rest, |key| match key {
            "inserted" => Some("Tuples Inserted"),
            "updated" => Some("Tuples Updated"),
            "deleted" => Some("Tuples Deleted"),
            "skipped" => Some("Tuples Skipped"),
            _ => None,
        }),
        "Sort Method" => sort_method(rest),
        "Full-sort Groups" | "Pre-sorted Groups" => vec![(key.to_owned().into(), groups(rest))],
        "Buckets" | "Batches" | "Planned Partitions" | "Hits" | "Storage" => segments(key, rest),
        "Conflict Arbiter Indexes" => {
            let names = split_list(rest).map(Value::from).collect();
            vec![(key.to_owned().into(), Value::Array(names))]
        }
        _ if condition_kind(key).is_some() => vec![(key.to_owned().into(), Value::from(rest))],
        _ => vec![(key.to_owned().into(), scalar(rest))],
    }
}

/// What follows `Worker 0:`. Either `actual time=…`, or a property of its own.
pub(super) fn worker(rest: &str) -> Vec<Property> {
    let rest = rest.trim();
    if let Some(group) = rest.strip_prefix("actual ") {
        let mut properties = Vec::new();
        actuals(group, &mut properties);
        return properties.into_iter().map(|(key, value)| (key.into(), value)).collect();
    }
    match rest.split_once(':') {
        Some((key, rest)) => expand(key.trim(), rest.trim()),
        None => Vec::new(),
    }
}

/// A number, `true`, `false`, or a text.
pub(super) fn scalar(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => number(text).unwrap_or_else(|| Value::from(text)),
    }
}

/// The number at the start of `25kB`, `0.5 ms`.
pub(super) fn leading_number(text: &str) -> Option<Value> {
    let text = text.trim_start();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
    number(&text[..end.unwrap_or(text.len())])
}

/// `shared hit=3 read=1, temp read=5 written=5`
fn buffers(rest: &str) -> Vec<Property> {
    grouped(rest, |kind, key| {
        let kind = match kind {
            "shared" => "Shared",
            "local" => "Local",
            "temp" => "Temp",
            _ => return None,
        };
        let what = match key {
            "hit" => "Hit",
            "read" => "Read",
            "dirtied" => "Dirtied",
            "written" => "Written",
            _ => return None,
        };
        Some(format!("{kind} {what} Blocks"))
    })
}

/// `read=0.1 write=0.2` (until 14), `shared/local read=0.1, temp write=0.2` (15, 16),
/// `shared read=0.1, local …, temp …` (since 17).
fn io_timings(rest: &str) -> Vec<Property> {
    grouped(rest, |kind, key| {
        let kind = match kind {
            "shared" => "Shared ",
            "local" => "Local ",
            "temp" => "Temp ",
            _ => "",
        };
        let what = match key {
            "read" => "Read",
            "write" => "Write",
            _ => return None,
        };
        Some(format!("{kind}I/O {what} Time"))
    })
}

/// `kind a=1 b=2, kind a=1`: the words with `=`, each with the kind before it.
fn grouped(rest: &str, key_of: fn(&str, &str) -> Option<String>) -> Vec<Property> {
    let mut found = Vec::new();
    let mut kind = "";
    for word in rest.split([' ', ',']).filter(|word| !word.is_empty()) {
        let Some((key, value)) = word.split_once('=') else {
            kind = word;
            continue;
        };
        if let (Some(key), Some(value)) = (key_of(kind, key), number(value)) {
            found.push((key.into(), value));
        }
    }
    found
}

/// `records=5 fpi=1 bytes=300 buffers full=2`
fn wal(rest: &str) -> Vec<Property> {
    words(rest, |key| match key {
        "records" => Some("WAL Records"),
        "fpi" => Some("WAL FPI"),
        "bytes" => Some("WAL Bytes"),
        "full" => Some("WAL Buffers Full"),
        _ => None,
    })
}

/// The words `key=number`; a unit after the number is left out.
fn words(rest: &str, key_of: fn(&str) -> Option<&'static str>) -> Vec<Property> {
    let pairs = rest.split_whitespace().filter_map(|word| word.split_once('='));
    pairs.filter_map(|(key, value)| Some((key_of(key)?.into(), leading_number(value)?))).collect()
}

/// `external merge  Disk: 1000kB`
fn sort_method(rest: &str) -> Vec<Property> {
    let mut parts = rest.split("  ");
    let method = parts.next().unwrap_or_default().trim();
    let mut found: Vec<Property> = vec![("Sort Method".into(), Value::from(method))];
    for (space, used) in parts.filter_map(|part| part.split_once(':')) {
        if let Some(used) = leading_number(used) {
            found.push(("Sort Space Used".into(), used));
            found.push(("Sort Space Type".into(), Value::from(space.trim())));
        }
    }
    found
}

/// `2  Sort Methods: quicksort, top-N heapsort  Average Memory: 25kB  Peak Memory: 26kB`
fn groups(rest: &str) -> Value {
    let mut parts = rest.split("  ");
    let mut object = Map::new();
    if let Some(count) = parts.next().and_then(leading_number) {
        object.insert("Group Count".into(), count);
    }
    for (key, value) in parts.filter_map(|part| part.split_once(':')) {
        match key.trim().split_once(' ') {
            Some(("Sort", _)) => {
                let methods = value.split(',').map(|method| Value::from(method.trim()));
                object.insert("Sort Methods Used".into(), methods.collect());
            }
            Some((which, space)) => {
                let space = object
                    .entry(format!("Sort Space {space}"))
                    .or_insert_with(|| Value::Object(Map::new()));
                if let (Some(space), Some(used)) = (space.as_object_mut(), leading_number(value)) {
                    space.insert(format!("{which} Sort Space Used"), used);
                }
            }
            None => {}
        }
    }
    Value::Object(object)
}

/// `Buckets: 1024  Batches: 4 (originally 1)  Memory Usage: 25kB`
fn segments(key: &str, rest: &str) -> Vec<Property> {
    let line = format!("{key}: {rest}");
    let of_hash = key == "Buckets";
    let mut found: Vec<Property> = Vec::new();
    for (key, value) in line.split("  ").filter_map(|part| part.split_once(':')) {
        let name = match key.trim() {
            "Buckets" => "Hash Buckets",
            "Batches" if of_hash => "Hash Batches",
            "Batches" => "HashAgg Batches",
            "Memory Usage" => "Peak Memory Usage",
            "Hits" => "Cache Hits",
            "Misses" => "Cache Misses",
            "Evictions" => "Cache Evictions",
            "Overflows" => "Cache Overflows",
            other => other,
        };
        let value = value.trim();
        let number_of = |text: &str| leading_number(text).unwrap_or_else(|| Value::from(text));
        if name.starts_with("Hash B") {
            // Only the JSON format repeats the number when it has not changed.
            let original = value.split_once("(originally ").map_or(value, |(_, original)| original);
            found.push((format!("Original {name}").into(), number_of(original)));
        }
        found.push((name.to_owned().into(), number_of(value)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(line: &str) -> Value {
        let (key, rest) = line.split_once(':').unwrap();
        let found =
            if key.starts_with("Worker ") { worker(rest) } else { expand(key, rest.trim()) };
        Value::Object(found.into_iter().map(|(k, v)| (k.into_owned(), v)).collect())
    }

    #[test]
    fn lines_become_the_keys_of_the_json_format() {
        for (line, want) in [
            (
                "Buffers: shared hit=3 read=1 dirtied=2, local written=4, temp read=5 written=6",
                json!({"Shared Hit Blocks": 3, "Shared Read Blocks": 1, "Shared Dirtied Blocks": 2,
                    "Local Written Blocks": 4, "Temp Read Blocks": 5, "Temp Written Blocks": 6}),
            ),
            (
                "I/O Timings: read=0.5 write=1.25",
                json!({"I/O Read Time": 0.5, "I/O Write Time": 1.25}),
            ),
            (
                "I/O Timings: shared/local read=0.5, temp write=2.5",
                json!({"I/O Read Time": 0.5, "Temp I/O Write Time": 2.5}),
            ),
            ("I/O Timings: shared read=0.5", json!({"Shared I/O Read Time": 0.5})),
            (
                "WAL: records=5 fpi=1 bytes=300 buffers full=2",
                json!({"WAL Records": 5, "WAL FPI": 1, "WAL Bytes": 300, "WAL Buffers Full": 2}),
            ),
            (
                "Sort Method: external merge  Disk: 1000kB",
                json!({"Sort Method": "external merge", "Sort Space Used": 1000, "Sort Space Type": "Disk"}),
            ),
            (
                "Buckets: 1024 (originally 512)  Batches: 4 (originally 1)  Memory Usage: 25kB",
                json!({"Hash Buckets": 1024, "Original Hash Buckets": 512, "Hash Batches": 4,
                    "Original Hash Batches": 1, "Peak Memory Usage": 25}),
            ),
            (
                "Planned Partitions: 4  Batches: 5  Memory Usage: 4145kB  Disk Usage: 88kB",
                json!({"Planned Partitions": 4, "HashAgg Batches": 5, "Peak Memory Usage": 4145, "Disk Usage": 88}),
            ),
            (
                "Hits: 9  Misses: 1  Evictions: 0  Overflows: 0  Memory Usage: 3kB",
                json!({"Cache Hits": 9, "Cache Misses": 1, "Cache Evictions": 0, "Cache Overflows": 0,
                    "Peak Memory Usage": 3}),
            ),
            (
                "Heap Blocks: exact=3 lossy=2",
                json!({"Exact Heap Blocks": 3, "Lossy Heap Blocks": 2}),
            ),
            (
                "Tuples: inserted=2 updated=3 deleted=1 skipped=4",
                json!({"Tuples Inserted": 2, "Tuples Updated": 3, "Tuples Deleted": 1, "Tuples Skipped": 4}),
            ),
            ("Heap Fetches: 0", json!({"Heap Fetches": 0})),
            ("Inner Unique: true", json!({"Inner Unique": true})),
            (
                "Full-sort Groups: 2  Sort Methods: quicksort, top-N heapsort  Average Memory: 25kB  Peak Memory: 26kB",
                json!({"Full-sort Groups": {"Group Count": 2,
                    "Sort Methods Used": ["quicksort", "top-N heapsort"],
                    "Sort Space Memory": {"Average Sort Space Used": 25, "Peak Sort Space Used": 26}}}),
            ),
            (
                "Worker 0:  actual time=0.1..0.2 rows=3 loops=1",
                json!({"Actual Startup Time": 0.1, "Actual Total Time": 0.2, "Actual Rows": 3, "Actual Loops": 1}),
            ),
            (
                "Worker 1:  Sort Method: quicksort  Memory: 25kB",
                json!({"Sort Method": "quicksort", "Sort Space Used": 25, "Sort Space Type": "Memory"}),
            ),
        ] {
            assert_eq!(object(line), want, "{line}");
        }
    }
}

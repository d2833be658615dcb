//! Values as compact, relaxed Extended JSON, and as values of serde_json.

use super::scalar::Scalar;
use super::{Item, Items, Kind, Members};
use crate::formats::json_value::MAX_KEPT_DEPTH;
use serde_json::{Map, Value};

/// A container that is being written.
enum Open<'d> {
    Object(Members<'d>),
    Array(Items<'d>),
}

impl Item<'_> {
    /// The value as compact JSON text, whatever its depth.
    pub(crate) fn json(self) -> String {
        let mut text = String::new();
        let mut open: Vec<(Open<'_>, bool)> = Vec::new();
        push_start(&mut text, self, &mut open);
        while let Some((container, is_first)) = open.last_mut() {
            let (next, end) = match container {
                Open::Object(members) => (members.next().map(|(k, v)| (Some(k), v)), '}'),
                Open::Array(items) => (items.next().map(|v| (None, v)), ']'),
            };
            let Some((key, value)) = next else {
                text.push(end);
                open.pop();
                continue;
            };
            if !std::mem::take(is_first) {
                text.push(',');
            }
            if let Some(key) = key {
                push_text(&mut text, &key);
                text.push(':');
            }
            push_start(&mut text, value, &mut open);
        }
        text.shrink_to_fit();
        text
    }

    /// The value for `details`; what is nested too deeply for a `Value` comes as its text.
    pub(crate) fn detail(self) -> Value {
        self.value().unwrap_or_else(|| Value::String(self.json()))
    }

    fn value(self) -> Option<Value> {
        let mut open: Vec<Building<'_>> = Vec::new();
        let mut done = begin(self, &mut open)?;
        loop {
            if let Some(value) = done.take() {
                match open.last_mut() {
                    None => return Some(value),
                    Some(building) => building.add(value),
                }
            }
            let building = open.last_mut()?;
            done = match building.next() {
                Some(item) => begin(item, &mut open)?,
                None => open.pop().map(Building::finish),
            };
        }
    }
}

/// Writes a scalar, or the beginning of a container.
fn push_start<'d>(text: &mut String, item: Item<'d>, open: &mut Vec<(Open<'d>, bool)>) {
    match item.scalar() {
        Some(scalar) => push_scalar(text, &scalar),
        None if item.kind() == Kind::Object => {
            text.push('{');
            open.push((Open::Object(item.members()), true));
        }
        None => {
            text.push('[');
            open.push((Open::Array(item.items()), true));
        }
    }
}

fn push_scalar(text: &mut String, scalar: &Scalar<'_>) {
    match scalar {
        Scalar::Null => text.push_str("null"),
        Scalar::Bool(is) => text.push_str(if *is { "true" } else { "false" }),
        Scalar::Number(digits) => text.push_str(digits),
        Scalar::Text(content) => push_text(text, content),
        Scalar::Json(json) => text.push_str(json),
        Scalar::Tagged(key, content) => {
            text.push('{');
            push_text(text, key);
            text.push(':');
            push_text(text, content);
            text.push('}');
        }
    }
}

/// Writes a string of JSON.
pub(super) fn push_text(text: &mut String, content: &str) {
    text.push('"');
    for c in content.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if c < ' ' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
}

/// A container of serde_json that is being filled.
enum Building<'d> {
    Object(Members<'d>, Map<String, Value>, String),
    Array(Items<'d>, Vec<Value>),
}

impl<'d> Building<'d> {
    fn next(&mut self) -> Option<Item<'d>> {
        match self {
            Self::Object(members, _, slot) => members.next().map(|(key, value)| {
                *slot = key.into_owned();
                value
            }),
            Self::Array(items, _) => items.next(),
        }
    }

    fn add(&mut self, value: Value) {
        match self {
            Self::Object(_, map, key) => {
                map.insert(std::mem::take(key), value);
            }
            Self::Array(_, items) => items.push(value),
        }
    }

    fn finish(self) -> Value {
        match self {
            Self::Object(_, map, _) => Value::Object(map),
            Self::Array(_, items) => Value::Array(items),
        }
    }
}

/// A scalar at once, a container opened; `None` where it is nested too deeply.
fn begin<'d>(item: Item<'d>, open: &mut Vec<Building<'d>>) -> Option<Option<Value>> {
    if let Some(scalar) = item.scalar() {
        return Some(Some(scalar_value(scalar)));
    }
    if open.len() >= MAX_KEPT_DEPTH {
        return None;
    }
    // To the measure: most are small, and there are many.
    open.push(match item.kind() {
        Kind::Object => {
            let map = Map::with_capacity(item.members().count());
            Building::Object(item.members(), map, String::new())
        }
        _ => Building::Array(item.items(), Vec::with_capacity(item.items().count())),
    });
    Some(None)
}

fn scalar_value(scalar: Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(is) => Value::Bool(is),
        Scalar::Number(digits) => serde_json::from_str(&digits).map_or(Value::Null, Value::Number),
        Scalar::Text(text) => Value::String(text.into_owned()),
        Scalar::Tagged(key, text) => {
            Value::Object(Map::from_iter([(key.to_owned(), Value::String(text))]))
        }
        // Our own text, three levels deep at most.
        Scalar::Json(json) => serde_json::from_str(&json).unwrap_or(Value::Null),
    }
}

//! JSON as MySQL and MariaDB write it, as an arena of spans.
//!
//! Readers for general use do not fit: MariaDB repeats keys in one object (`"table"` of a join, until
//! 10.8) and old versions leave control characters in strings. Values stand in preorder, so a walk
//! from the last to the first sees every value after all that is inside of it, without recursion.

use crate::formats::escapes;
use crate::plan::LimitError;
use serde_json::{Map, Number, Value};
use std::borrow::Cow;

/// Deepest nesting that is read; a level of a plan takes two or three levels of JSON.
const MAX_JSON_DEPTH: usize = 400_000;

/// Deepest nesting of what is kept as a detail.
const MAX_KEPT_DEPTH: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Literal,
    Number,
    Text,
    Array,
    Object,
}

/// A value: where its key and its text stand, and the index after all that is inside of it.
#[derive(Debug, Clone, Copy)]
struct Span {
    kind: Kind,
    key: (u32, u32),
    text: (u32, u32),
    after: u32,
}

/// A document.
#[derive(Debug)]
pub(super) struct Json<'a> {
    text: &'a str,
    values: Vec<Span>,
}

/// Where a document went wrong.
#[derive(Debug)]
pub(super) enum Broken {
    At { byte: usize, expected: &'static str },
    Limit(LimitError),
}

impl<'a> Json<'a> {
    /// Reads the document at the start of `text`; also says where it ends.
    pub(super) fn read(text: &'a str) -> Result<(Self, usize), Broken> {
        let mut reader =
            Reader { bytes: text.as_bytes(), at: 0, values: Vec::new(), open: Vec::new() };
        reader.document()?;
        let (at, mut values) = (reader.at, reader.values);
        values.shrink_to_fit();
        Ok((Self { text, values }, at))
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// How many values have that key.
    pub(super) fn count(&self, key: &str) -> usize {
        (0..self.len()).filter(|&at| self.key(at) == key).count()
    }

    pub(super) fn kind(&self, at: usize) -> Kind {
        self.values[at].kind
    }

    pub(super) fn is_object(&self, at: usize) -> bool {
        self.kind(at) == Kind::Object
    }

    /// The byte where the value begins.
    pub(super) fn start(&self, at: usize) -> usize {
        self.values[at].text.0 as usize
    }

    /// The index after everything inside of the value.
    pub(super) fn after(&self, at: usize) -> usize {
        self.values[at].after as usize
    }

    /// The key of the value; empty for items of arrays. Keys of plans have no escapes.
    pub(super) fn key(&self, at: usize) -> &'a str {
        let (start, end) = self.values[at].key;
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }

    fn raw(&self, at: usize) -> &'a str {
        let (start, end) = self.values[at].text;
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The values directly inside of an array or object.
    pub(super) fn children(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let end = self.after(at);
        let within = move |next: usize| Some(next).filter(|&next| next < end);
        std::iter::successors(within(at + 1), move |&child| within(self.after(child)))
    }

    pub(super) fn get(&self, at: usize, key: &str) -> Option<usize> {
        self.children(at).find(|&child| self.key(child) == key)
    }

    /// The text of a string; `None` for other values.
    pub(super) fn text(&self, at: usize) -> Option<Cow<'a, str>> {
        (self.kind(at) == Kind::Text).then(|| unescaped(self.raw(at)))
    }

    pub(super) fn text_of(&self, at: usize, key: &str) -> Option<Cow<'a, str>> {
        self.text(self.get(at, key)?)
    }

    /// A number, also one in a string, also with a unit (`"12.3K"`).
    pub(super) fn number(&self, at: usize) -> Option<f64> {
        match self.kind(at) {
            Kind::Number => self.raw(at).parse().ok(),
            Kind::Text => super::numbers::number(self.raw(at)),
            _ => None,
        }
    }

    pub(super) fn number_of(&self, at: usize, key: &str) -> Option<f64> {
        self.number(self.get(at, key)?)
    }

    /// Whether the value is `true`, or a number but 0: MariaDB writes `"update": 1`.
    pub(super) fn is_true(&self, at: usize, key: &str) -> bool {
        self.get(at, key).is_some_and(|value| match self.kind(value) {
            Kind::Literal => self.raw(value) == "true",
            Kind::Number => self.number(value) != Some(0.0),
            Kind::Text => matches!(self.raw(value), "true" | "1"),
            _ => false,
        })
    }

    /// The strings of an array, or the one string that stands in its place.
    pub(super) fn texts_of(&self, at: usize, key: &str) -> Vec<String> {
        let Some(value) = self.get(at, key) else { return Vec::new() };
        match self.text(value) {
            Some(text) => vec![text.into_owned()],
            None => {
                self.children(value).filter_map(|v| self.text(v)).map(Cow::into_owned).collect()
            }
        }
    }

    /// The value for the details of a node; what lies too deep is left out.
    pub(super) fn value(&self, at: usize) -> Value {
        self.value_within(at, MAX_KEPT_DEPTH)
    }

    fn value_within(&self, at: usize, levels: usize) -> Value {
        let inner = || self.children(at).filter(|_| levels > 0);
        match self.kind(at) {
            Kind::Literal => match self.raw(at) {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => Value::Null,
            },
            Kind::Number => {
                serde_json::from_str::<Number>(self.raw(at)).map_or(Value::Null, Value::Number)
            }
            Kind::Text => Value::String(unescaped(self.raw(at)).into_owned()),
            Kind::Array => {
                Value::Array(inner().map(|v| self.value_within(v, levels - 1)).collect())
            }
            Kind::Object => {
                let item = |v| (self.key(v).to_owned(), self.value_within(v, levels - 1));
                Value::Object(inner().map(item).collect::<Map<String, Value>>())
            }
        }
    }
}

/// Takes the escapes out of a string. What is no escape stays.
pub(super) fn unescaped(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return raw.into();
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = after.chars();
        let escape = chars.next();
        rest = chars.as_str();
        match escape {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => match escapes::unicode(rest) {
                Some((c, after)) => {
                    out.push(c);
                    rest = after;
                }
                None => out.push_str("\\u"),
            },
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out.push_str(rest);
    out.into()
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Span>,
    open: Vec<u32>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Broken> {
        let mut key = (0, 0);
        loop {
            self.value(key)?;
            loop {
                let Some(&container) = self.open.last() else { return Ok(()) };
                let container = container as usize;
                let is_array = self.values[container].kind == Kind::Array;
                let is_first = self.values.len() == container + 1;
                self.blanks();
                let end = if is_array { b']' } else { b'}' };
                match self.bytes.get(self.at) {
                    Some(byte) if *byte == end => self.close(container),
                    Some(b',') if !is_first => {
                        self.at += 1;
                        break;
                    }
                    Some(_) if is_first => break,
                    _ => return Err(self.broken(next_in(is_array, is_first))),
                }
            }
            let container = self.open.last().map_or(0, |&at| at as usize);
            key = if self.values[container].kind == Kind::Object { self.key()? } else { (0, 0) };
        }
    }

    fn close(&mut self, container: usize) {
        self.at += 1;
        self.open.pop();
        let after = self.values.len() as u32;
        if let Some(span) = self.values.get_mut(container) {
            span.after = after;
            span.text.1 = self.at as u32;
        }
    }

    fn key(&mut self) -> Result<(u32, u32), Broken> {
        self.blanks();
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err(self.broken("a key"));
        }
        let key = self.string()?;
        self.blanks();
        if self.bytes.get(self.at) != Some(&b':') {
            return Err(self.broken("`:`"));
        }
        self.at += 1;
        Ok(key)
    }

    fn value(&mut self, key: (u32, u32)) -> Result<(), Broken> {
        self.blanks();
        let start = self.at as u32;
        let (kind, text) = match self.bytes.get(self.at) {
            Some(b'{') => (Kind::Object, (start, start)),
            Some(b'[') => (Kind::Array, (start, start)),
            Some(b'"') => (Kind::Text, self.string()?),
            Some(b'-' | b'0'..=b'9') => (Kind::Number, self.word()),
            Some(b'a'..=b'z' | b'A'..=b'Z') => (Kind::Literal, self.word()),
            _ => return Err(self.broken("a value")),
        };
        let at = self.values.len() as u32;
        self.values.push(Span { kind, key, text, after: at + 1 });
        if matches!(kind, Kind::Object | Kind::Array) {
            self.at += 1;
            self.open.push(at);
            if self.open.len() > MAX_JSON_DEPTH {
                return Err(Broken::Limit(LimitError::Depth));
            }
        }
        Ok(())
    }

    /// The content of the string that begins here.
    fn string(&mut self) -> Result<(u32, u32), Broken> {
        let start = self.at + 1;
        let mut at = start;
        loop {
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(_) => at += 1,
                None => {
                    self.at = self.bytes.len();
                    return Err(self.broken("the end of a string"));
                }
            }
        }
        self.at = at + 1;
        Ok((start as u32, at as u32))
    }

    fn word(&mut self) -> (u32, u32) {
        let start = self.at;
        let is_part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-');
        self.at += self.bytes[start..].iter().take_while(is_part).count();
        (start as u32, self.at as u32)
    }

    fn blanks(&mut self) {
        self.at += self.bytes[self.at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    }

    fn broken(&self, expected: &'static str) -> Broken {
        Broken::At { byte: self.at, expected }
    }
}

/// What may stand next in a container.
fn next_in(is_array: bool, is_first: bool) -> &'static str {
    match (is_array, is_first) {
        (true, true) => "a value or `]`",
        (true, false) => "`,` or `]`",
        (false, true) => "a key or `}`",
        (false, false) => "`,` or `}`",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_serde_json() {
        for text in [
            r#"{"a": {"b": [], "c": {"d": 1}}, "e": [true, {"f": null}], "g": "x\n\"\u00e9\ud83d\ude00\\"}"#,
            "[[], {}, [1, [2.5e3]]]",
        ] {
            let (json, end) = Json::read(text).unwrap();
            assert_eq!(json.value(0), serde_json::from_str::<Value>(text).unwrap());
            assert_eq!(end, text.len());
        }
    }

    #[test]
    fn repeated_keys_and_control_characters_are_kept() {
        let (json, _) = Json::read("{\"t\": 1, \"t\": \"a\nb\"} rest").unwrap();
        assert_eq!(json.children(0).map(|at| json.key(at)).collect::<Vec<_>>(), ["t", "t"]);
        assert_eq!(json.text(2).unwrap(), "a\nb");
    }

    #[test]
    fn broken_documents_name_the_place() {
        for (text, byte) in
            [("{\"a\": ", 6), ("{\"a\" 1}", 5), ("[1 2]", 3), ("{\"a", 3), ("[1,]", 3)]
        {
            let Err(Broken::At { byte: at, .. }) = Json::read(text) else { panic!("{text}") };
            assert_eq!(at, byte, "{text}");
        }
        let deep = "[".repeat(MAX_JSON_DEPTH + 1);
        assert!(matches!(Json::read(&deep), Err(Broken::Limit(LimitError::Depth))));
    }
}

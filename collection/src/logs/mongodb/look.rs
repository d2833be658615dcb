//! One look at a command as it was logged: where it ends, what it is called, and a number for its
//! shape. Equal shapes have equal fingerprints, so that the statement and its fingerprint are made
//! once a shape and not once an event.
//!
//! The shape is finer than the fingerprint's own: values in conditions and documents go, and what a
//! driver adds; everything else stays as it was written, in the order in which it was written.

use super::super::json::{string_length, value_length};
use super::is_envelope;
use planscope_explain::workload::bytes;
use xxhash_rust::xxh3::xxh3_64;

/// A command that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::logs) struct Look<'t> {
    /// From its first brace to its last.
    pub text: &'t [u8],
    /// Its first key: what it does.
    pub name: &'t [u8],
    /// Whether the value of the first key is a string: a collection's name as a rule.
    pub is_named: bool,
    /// The number for its shape.
    pub shape: Shape,
}

/// Looks at the command that `text` begins with; `None` when there is none, or no end of it.
pub(in crate::logs) fn look(text: &[u8]) -> Option<Look<'_>> {
    Walk::new(text).run()
}

/// The shape of a statement in any notation.
pub(in crate::logs) fn shape_of(text: &[u8]) -> Shape {
    let mut walk = Walk::new(text);
    walk.is_whole = true;
    match walk.run() {
        Some(look) if look.text.len() == text.len() => look.shape,
        _ => Shape(xxh3_64(text)),
    }
}

/// A number that stands for what it was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::logs) struct Shape(pub u64);

/// What stands before a text in a shape.
const KEY: u64 = 1;
const STRING: u64 = 2;
const WORD: u64 = 3;
const NAME: u64 = 4;

/// Digits of pi: odd, with as many bits set as not.
const PI: u64 = 0x243f_6a88_85a3_08d3;
const MORE_OF_PI: u64 = 0x1319_8a2e_0370_7345;

/// Both halves of a product depend on all bits of both numbers.
#[inline(always)]
const fn mix(one: u64, other: u64) -> u64 {
    let product = one as u128 * other as u128;
    product as u64 ^ (product >> 64) as u64
}

/// A number for a kind of text with that many bytes.
#[inline(always)]
const fn sealed(kind: u64, length: usize) -> u64 {
    MORE_OF_PI.wrapping_add((length as u64) << 3 | kind)
}

impl Shape {
    /// The shape together with a name that belongs to it.
    #[inline]
    pub(in crate::logs) fn with(self, name: &[u8]) -> Self {
        let mut all = self.0;
        let mut rest = name;
        while rest.len() > 8
            && let Some((eight, after)) = rest.split_first_chunk()
        {
            all = mix(all ^ u64::from_le_bytes(*eight), PI);
            rest = after;
        }
        // Without a step for each byte: halves that may have bytes in common.
        let last = match (rest.first_chunk(), rest.last_chunk(), rest) {
            (Some(first), Some(last), _) => {
                u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
            }
            (_, _, [first, .., last]) => {
                u64::from(*first) | u64::from(rest[1]) << 8 | u64::from(*last) << 16
            }
            (_, _, [only]) => u64::from(*only),
            _ => 0,
        };
        Self(mix(all ^ last, sealed(NAME, name.len())))
    }

    /// Adds what stands in `all` from `start` to `end`.
    #[inline(always)]
    fn text(&mut self, kind: u64, all: &[u8], start: usize, end: usize) {
        let mut at = start;
        while end - at > 8 {
            self.0 = mix(self.0 ^ bytes::load(all, at), PI);
            at += 8;
        }
        let rest = bytes::lowest(bytes::load(all, at), end - at);
        self.0 = mix(self.0 ^ rest, sealed(kind, end - start));
    }

    /// Adds a bracket, or a value of which nothing else is known.
    #[inline(always)]
    fn sign(&mut self, sign: u8) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(sign)).wrapping_mul(PI);
    }
}

/// Keys of a command, and of a part of one, under which values are data.
fn is_data(key: &[u8]) -> bool {
    match key.len() {
        1 => matches!(key, b"q" | b"u"),
        3 => matches!(key, b"min" | b"max"),
        5 => key == b"query",
        6 => matches!(key, b"filter" | b"update"),
        9 => key == b"documents",
        _ => false,
    }
}

/// Keys in a condition whose values say what is done, or may name fields.
const SAID: [&[u8]; 5] = [b"$exists", b"$type", b"$meta", b"$options", b"$expr"];

/// The bytes that end a number or a word.
const ENDS: [bool; 256] = {
    let mut ends = [false; 256];
    let mut all: &[u8] = b",}]{[:\" ";
    while let [first, rest @ ..] = all {
        ends[*first as usize] = true;
        all = rest;
    }
    ends
};

/// Nesting of which is known whether it is data; what is deeper stays as it was written.
const DEPTH: u32 = 60;

struct Walk<'t> {
    text: &'t [u8],
    at: usize,
    depth: u32,
    /// A bit for each depth: whether its values are data.
    data: u64,
    /// Whether the value of the last key is data when it is an object or an array.
    opens: bool,
    /// Whether the value of the last key is kept, and whether it is when it has members.
    said: bool,
    is_pattern: bool,
    /// Whether what was read last is a value of which nothing is kept.
    after_value: bool,
    /// Whether nothing is left out.
    is_whole: bool,
    /// Whether the parts of an update or a delete are being read.
    in_parts: bool,
    /// Keys of the command so far.
    keys: u32,
    name: &'t [u8],
    is_named: bool,
    shape: Shape,
}

impl<'t> Walk<'t> {
    fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            data: 0,
            opens: false,
            said: false,
            is_pattern: false,
            after_value: false,
            is_whole: false,
            in_parts: false,
            keys: 0,
            name: b"",
            is_named: false,
            shape: Shape(PI),
        }
    }

    fn run(&mut self) -> Option<Look<'t>> {
        if self.text.first() != Some(&b'{') {
            return None;
        }
        loop {
            match *self.text.get(self.at)? {
                b'"' => self.string()?,
                b',' => {
                    self.forget_key();
                    self.at += 1;
                }
                sign @ (b'{' | b'[') => self.open(sign),
                sign @ (b'}' | b']') => {
                    self.sign(sign);
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(self.look());
                    }
                }
                b':' | b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                _ => self.word(),
            }
        }
    }

    fn look(&self) -> Look<'t> {
        let text = &self.text[..self.at];
        Look { text, name: self.name, is_named: self.is_named, shape: self.shape }
    }

    fn is_data(&self) -> bool {
        self.depth < DEPTH && self.data >> self.depth & 1 == 1 && !self.said
    }

    fn sign(&mut self, sign: u8) {
        self.shape.sign(sign);
        self.after_value = false;
        self.at += 1;
    }

    fn open(&mut self, sign: u8) {
        let data = self.opens || self.is_data() && !self.is_pattern;
        self.depth += 1;
        if self.depth < DEPTH {
            self.data = self.data & !(1 << self.depth) | u64::from(data) << self.depth;
        }
        self.forget_key();
        self.sign(sign);
    }

    #[inline(always)]
    fn forget_key(&mut self) {
        (self.opens, self.said, self.is_pattern) = (false, false, false);
    }

    fn string(&mut self) -> Option<()> {
        let start = self.at + 1;
        let end = self.at + string_length(&self.text[self.at..])? - 1;
        self.at = end + 1;
        while self.text.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        if self.text.get(self.at) == Some(&b':') {
            self.at += 1;
            return self.key(start, end);
        }
        self.is_named |= self.depth == 1 && self.keys == 1;
        if self.is_data() && self.text[start] != b'$' {
            self.value();
        } else {
            self.keep(STRING, start, end);
        }
        Some(())
    }

    fn key(&mut self, start: usize, end: usize) -> Option<()> {
        let key = &self.text[start..end];
        self.forget_key();
        if key.first() == Some(&b'$') {
            self.opens = key == b"$match";
            self.said = SAID.contains(&key);
        }
        self.is_pattern = matches!(key, b"$regex" | b"regex");
        if self.depth == 1 {
            if self.top_key(key) {
                return self.skip();
            }
        } else if self.depth == 3 && self.in_parts {
            self.opens |= is_data(key);
        }
        self.keep(KEY, start, end);
        Some(())
    }

    /// Notes a key of the command itself: whether it is left out.
    fn top_key(&mut self, key: &'t [u8]) -> bool {
        self.keys += 1;
        if self.keys == 1 {
            self.name = key;
            // A part of an update or a delete has nothing around it.
            self.is_whole |= key == b"q";
        } else if !self.is_whole && is_envelope(key) {
            return true;
        }
        self.in_parts = matches!(key, b"updates" | b"deletes");
        self.opens |= is_data(key);
        false
    }

    /// Passes the value of a key that is left out.
    fn skip(&mut self) -> Option<()> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.at += value_length(self.text.get(self.at..)?)?;
        Some(())
    }

    /// A number, `true`, `null`, or whatever stands there.
    fn word(&mut self) {
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|b| ENDS[usize::from(*b)]).unwrap_or(rest.len()).max(1);
        let start = self.at;
        self.at += length;
        if self.is_data() && rest.get(length) != Some(&b':') {
            self.value();
        } else {
            self.keep(WORD, start, start + length);
        }
    }

    #[inline(always)]
    fn keep(&mut self, kind: u64, start: usize, end: usize) {
        self.shape.text(kind, self.text, start, end);
        self.after_value = false;
    }

    /// A value; a list of values is one.
    fn value(&mut self) {
        if !self.after_value {
            self.shape.sign(b'?');
        }
        self.after_value = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::Engine;
    use planscope_explain::workload::fingerprint::fingerprint;
    use proptest::prelude::*;

    fn shape(text: &str) -> Shape {
        let found = look(text.as_bytes()).unwrap();
        assert_eq!(found.text, text.as_bytes());
        found.shape
    }

    #[test]
    fn values_go_and_names_stay() {
        let same = [
            (
                r#"{"find":"o","filter":{"a":{"$in":[1,2,3]},"b":"x"},"sort":{"a":-1}}"#,
                r#"{"find":"o","filter":{"a":{"$in":["4"]},"b":25},"sort":{"a":-1}}"#,
            ),
            (
                r#"{"aggregate":"o","pipeline":[{"$match":{"a":5}},{"$group":{"_id":"$b"}}]}"#,
                r#"{"aggregate":"o","pipeline":[{"$match":{"a":"\"}"}},{"$group":{"_id":"$b"}}]}"#,
            ),
            (
                r#"{"update":"o","updates":[{"q":{"a":1},"u":{"$set":{"b":"y"}}}]}"#,
                r#"{"update":"o","updates":[{"q":{"a":1.5},"u":{"$set":{"b":null}}}]}"#,
            ),
            (
                r#"{"find":"o","filter":{"a":1},"lsid":{"id":{"$uuid":"1"}},"limit":3,"$db":"x"}"#,
                r#"{"find":"o","filter":{"a":1},"comment" : "x","limit":3}"#,
            ),
        ];
        for (one, other) in same {
            assert_eq!(shape(one), shape(other), "{one} {other}");
        }
        let others = [
            r#"{"find":"o","filter":{"a":1}}"#,
            r#"{"find":"p","filter":{"a":1}}"#,
            r#"{"find":"o","filter":{"b":1}}"#,
            r#"{"find":"o","filter":{"a":[1]}}"#,
            r#"{"find":"o","filter":{"a":1},"sort":{"a":1}}"#,
            r#"{"find":"o","filter":{"a":1},"sort":{"a":-1}}"#,
            r#"{"find":"o","filter":{"a":{"$exists":true}}}"#,
            r#"{"find":"o","filter":{"a":{"$exists":false}}}"#,
            r#"{"find":"o","filter":{"$expr":{"$gt":["$a","$b"]}}}"#,
            r#"{"find":"o","filter":{"$expr":{"$gt":["$a","$c"]}}}"#,
            r#"{"find":"o","filter":{"a":1},"projection":{"q":{"a":1}}}"#,
            r#"{"find":"o","filter":{"a":1},"projection":{"q":{"a":0}}}"#,
        ];
        let mut shapes = others.map(|text| shape(text).0);
        shapes.sort_unstable();
        assert!(shapes.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn a_command_ends_at_its_brace() {
        let text = br#"{"find":"o","filter":{"a":"}\""}},"planSummary":"x"}"#;
        let found = look(text).unwrap();
        assert_eq!(found.text, br#"{"find":"o","filter":{"a":"}\""}}"#);
        assert_eq!((found.name, found.is_named), (&b"find"[..], true));
        assert!(!look(br#"{"getMore":5,"collection":"o"}"#).unwrap().is_named);
        for end in 0..found.text.len() {
            assert_eq!(look(&text[..end]), None);
        }
    }

    #[test]
    fn any_text_ends() {
        for text in ["", "{", "\"", "{\"a\"", "a:b", "{}}", &"[".repeat(200)] {
            shape_of(text.as_bytes());
        }
        let deep = format!("{}1{}", "{\"q\":".repeat(100), "}".repeat(100));
        shape(&deep);
    }

    /// Values, names and the like as commands have them.
    fn value() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec![
            "1", "2", "-1", "\"x\"", "\"$a\"", "true", "false", "null", "[]", "{}", "\"\\\"\"",
        ]);
        let key = prop::sample::select(vec![
            "a",
            "b",
            "q",
            "u",
            "filter",
            "query",
            "min",
            "max",
            "update",
            "$in",
            "$exists",
            "$expr",
            "$match",
            "$eq",
            "$oid",
            "$set",
            "lsid",
            "$regex",
            "regex",
            "$options",
            "$regularExpression",
            "pattern",
            "options",
        ]);
        leaf.prop_map(str::to_owned).prop_recursive(3, 12, 3, move |inner| {
            let list = prop::collection::vec(inner.clone(), 0..3);
            let members = prop::collection::vec((key.clone(), inner), 0..3);
            prop_oneof![
                list.prop_map(|all| format!("[{}]", all.join(","))),
                members.prop_map(|all| {
                    let all: Vec<_> = all.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
                    format!("{{{}}}", all.join(","))
                }),
            ]
        })
    }

    fn command() -> impl Strategy<Value = String> {
        let first = prop::sample::select(vec![
            r#""find":"o""#,
            r#""aggregate":"o""#,
            r#""update":"o""#,
            r#""findAndModify":"o""#,
        ]);
        let key = prop::sample::select(vec![
            "filter",
            "query",
            "pipeline",
            "updates",
            "deletes",
            "update",
            "projection",
            "sort",
            "limit",
            "let",
            "min",
            "lsid",
            "$db",
            "hint",
        ]);
        (first, prop::collection::vec((key, value()), 0..3)).prop_map(|(first, rest)| {
            let rest: String = rest.iter().map(|(k, v)| format!(",\"{k}\":{v}")).collect();
            format!("{{{first}{rest}}}")
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        /// The shape takes nothing away that the fingerprint keeps.
        #[test]
        fn equal_shapes_have_equal_fingerprints(one in command(), values in prop::collection::vec(value(), 4)) {
            // The same command with other values in it.
            let mut other = String::new();
            let mut values = values.iter().cycle();
            for (place, piece) in one.split(":1").enumerate() {
                if place > 0 {
                    other.push(':');
                    other.push_str(values.next().unwrap());
                }
                other.push_str(piece);
            }
            if shape(&one) == shape(&other) {
                prop_assert_eq!(fingerprint(&one, Engine::Mongodb), fingerprint(&other, Engine::Mongodb), "{} {}", one, other);
            }
        }
    }
}

//! The members of a JSON object in a log's line, without building anything: slices of the line.
//!
//! It does not check that the JSON is valid in all its corners; it finds the members' ends, and
//! says when it cannot.

use planscope_explain::formats::escapes;
use planscope_explain::workload::bytes;

/// A value of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A string between its quotes, escapes untouched.
    String(&'a [u8]),
    /// A number, a word, an object or an array, as written.
    Other(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The bytes of the value; a string's escapes are resolved in `scratch` when it has any.
    pub(super) fn text<'t>(self, scratch: &'t mut Vec<u8>) -> &'t [u8]
    where
        'a: 't,
    {
        match self {
            Self::String(raw) if memchr::memchr(b'\\', raw).is_some() => {
                scratch.clear();
                unescape(raw, scratch);
                scratch
            }
            Self::String(raw) | Self::Other(raw) => raw,
        }
    }

    /// The value as it stands, escapes and all.
    pub(super) fn raw(self) -> &'a [u8] {
        match self {
            Self::String(raw) | Self::Other(raw) => raw,
        }
    }
}

/// The members of an object (keys between their quotes) or the elements of an array (empty keys).
#[derive(Debug, Clone, Copy)]
pub(super) struct Members<'a> {
    text: &'a [u8],
    at: usize,
    keyed: bool,
    /// Whether the text was not as it should be.
    pub(super) broken: bool,
}

/// The members of the object or array that `text` begins with, blanks apart.
pub(super) fn members(text: &[u8]) -> Members<'_> {
    let at = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let opens = text.get(at);
    let keyed = opens == Some(&b'{');
    Members { text, at: at + 1, keyed, broken: !(keyed || opens == Some(&b'[')) }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken {
            return None;
        }
        self.blanks(b',');
        if matches!(self.text.get(self.at), Some(b'}' | b']')) {
            self.at += 1;
            self.text = self.text.get(..self.at)?;
            return None;
        }
        let member = self.member();
        self.broken = member.is_none();
        member
    }
}

impl<'a> Members<'a> {
    fn member(&mut self) -> Option<(&'a [u8], Value<'a>)> {
        let mut key: &[u8] = b"";
        if self.keyed {
            let length = string_length(self.text.get(self.at..)?)?;
            key = self.text.get(self.at + 1..self.at + length - 1)?;
            self.at += length;
            self.blanks(b':');
        }
        let value = self.text.get(self.at..)?;
        let length = value_length(value)?;
        self.at += length;
        let value = match value[0] {
            b'"' => Value::String(&value[1..length - 1]),
            _ => Value::Other(&value[..length]),
        };
        Some((key, value))
    }

    /// Passes blanks and one sign.
    fn blanks(&mut self, sign: u8) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|b| b.is_ascii_whitespace() || **b == sign).count();
    }
}

/// The length of the string at the start of `text`, quotes included.
fn string_length(text: &[u8]) -> Option<usize> {
    if text.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    // Keys and most values are short: a search would begin and end without having run.
    while at < text.len() {
        let eight = bytes::load(text, at);
        let step = bytes::before(bytes::first(eight, b'"') | bytes::first(eight, b'\\'));
        at += step;
        if step == 8 {
            continue;
        }
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
    None
}

/// The length of the value at the start of `text`.
fn value_length(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'"' => string_length(text),
        b'{' | b'[' => nested_length(text),
        _ => {
            let length = text
                .iter()
                .position(|b| matches!(b, b',' | b'}' | b']') || b.is_ascii_whitespace())?;
            (length > 0).then_some(length)
        }
    }
}

/// The length of the object or array at the start of `text`; `None` when it does not end.
pub(super) fn nested_length(text: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    while at < text.len() {
        let eight = bytes::load(text, at);
        // `[` and `]` differ from `{` and `}` by one bit.
        let folded = eight | bytes::eight(0x20);
        let brackets = bytes::first(folded, b'{') | bytes::first(folded, b'}');
        let step = bytes::before(brackets | bytes::first(eight, b'"'));
        at += step;
        if step == 8 {
            continue;
        }
        match text[at] {
            b'"' => {
                at += string_length(&text[at..])?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            _ => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
        }
        at += 1;
    }
    None
}

/// Resolves a JSON string's escapes.
pub(super) fn unescape(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let escape = rest.get(at + 1).copied().unwrap_or(b'\\');
        rest = rest.get(at + 2..).unwrap_or_default();
        match escape {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'u' => rest = code_point(rest, out),
            other => out.push(other),
        }
    }
    out.extend_from_slice(rest);
}

/// The character of the digits after `\u`: what follows them. Without digits it is no escape.
fn code_point<'a>(text: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    // As far as a pair of surrogates goes; behind it there may be anything, half a letter as well.
    let head = &text[..text.len().min(r"d83d\ude00".len())];
    let head = head.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let Some((letter, after)) = escapes::unicode(head) else {
        out.extend_from_slice(b"\\u");
        return text;
    };
    out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    &text[head.len() - after.len()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_slices() {
        let text = br#" {"a": "x\"y", "b":{"c":[1,"}"]},"d" : -1.5e3, "e":[],"f":true}"#;
        let all: Vec<_> = members(text).collect();
        assert_eq!(all[0], (&b"a"[..], Value::String(br#"x\"y"#)));
        assert_eq!(all[1], (&b"b"[..], Value::Other(br#"{"c":[1,"}"]}"#)));
        assert_eq!(all[2].1, Value::Other(b"-1.5e3"));
        assert_eq!(all.len(), 5);
        assert_eq!(
            members(b"[1, 2]").map(|(_, value)| value.raw()).collect::<Vec<_>>(),
            [b"1", b"2"]
        );
    }

    #[test]
    fn what_is_cut_short_is_broken() {
        for text in [&br#"{"a": "x"#[..], br#"{"a": {"b": 1}"#, br#"{"a""#, b"x", b""] {
            let mut all = members(text);
            all.by_ref().count();
            assert!(all.broken, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn escapes_are_resolved() {
        let mut out = Vec::new();
        unescape(br#"a\n\t\"\\\u00e9\ud83d\ude00\ud800x\/"#, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "a\n\t\"\\é😀\u{fffd}x/");
        let mut out = Vec::new();
        unescape(b"\\u00e9\xff \\u+041 \\u12", &mut out);
        assert_eq!(out, b"\xc3\xa9\xff \\u+041 \\u12");
    }
}

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

    /// A whole value.
    fn of(text: &'a [u8]) -> Self {
        match text {
            [b'"', content @ .., b'"'] => Self::String(content),
            _ => Self::Other(text),
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
        let key = if self.keyed { self.key()? } else { b"" };
        let value = self.text.get(self.at..)?;
        let length = value_length(value)?;
        self.at += length;
        Some((key, Value::of(&value[..length])))
    }

    #[inline]
    fn key(&mut self) -> Option<&'a [u8]> {
        let text = self.text.get(self.at..)?;
        let length = string_length(text)?;
        self.at += length;
        self.blanks(b':');
        text.get(1..length - 1)
    }

    /// Passes blanks and one sign.
    #[inline]
    fn blanks(&mut self, sign: u8) {
        while self.text.get(self.at).is_some_and(|b| *b == sign || b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// The key of the next member, for a caller that finds the end of its value itself: see
    /// [`Members::value`]. At the end, and in an array, there is none.
    #[inline]
    pub(super) fn next_key(&mut self) -> Option<&'a [u8]> {
        self.blanks(b',');
        if self.broken || !self.keyed || self.text.get(self.at) == Some(&b'}') {
            return None;
        }
        let key = self.key();
        self.broken = key.is_none();
        key
    }

    /// The value after a key of [`Members::next_key`].
    #[inline]
    pub(super) fn value(&mut self) -> Value<'a> {
        let rest = self.rest();
        let length = value_length(rest);
        self.broken |= length.is_none();
        let length = length.unwrap_or(0);
        self.at += length;
        Value::of(&rest[..length])
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Passes a value whose end the caller has found.
    pub(super) fn pass(&mut self, length: usize) {
        self.at += length;
    }
}

/// The length of the string at the start of `text`, quotes included.
#[inline(always)]
pub(super) fn string_length(text: &[u8]) -> Option<usize> {
    if text.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    // Keys and most values are short: a search would begin and end without having run.
    while at < text.len() {
        let eight = bytes::load(text, at);
        let marks = bytes::first(eight, b'"') | bytes::first(eight, b'\\');
        if marks == 0 {
            at += 8;
            continue;
        }
        at += bytes::before(marks);
        if text.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
    None
}

/// The length of the value at the start of `text`.
#[inline(always)]
pub(super) fn value_length(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'"' => string_length(text),
        b'{' | b'[' => nested_length(text),
        _ => {
            let length = text.iter().position(|b| ENDS[usize::from(*b)])?;
            (length > 0).then_some(length)
        }
    }
}

/// The bytes that end a number or a word.
const ENDS: [bool; 256] = {
    let mut ends = [false; 256];
    let mut all: &[u8] = b",}] \t\n\r\x0c";
    while let [first, rest @ ..] = all {
        ends[*first as usize] = true;
        all = rest;
    }
    ends
};

/// The length of the object or array at the start of `text`; `None` when it does not end.
pub(super) fn nested_length(text: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    while at < text.len() {
        let eight = bytes::load(text, at);
        // `[` and `]` differ from `{` and `}` by one bit.
        let folded = eight | bytes::eight(0x20);
        let brackets = bytes::first(folded, b'{') | bytes::first(folded, b'}');
        let marks = brackets | bytes::first(eight, b'"');
        if marks == 0 {
            at += 8;
            continue;
        }
        at += bytes::before(marks);
        match text.get(at)? {
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

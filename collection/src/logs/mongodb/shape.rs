//! A quick shape of a command: equal shapes have equal fingerprints, so that a fingerprint is made
//! once a shape and not once an event.
//!
//! It is finer than the fingerprint's own: values in conditions and documents go, everything else
//! stays as it was written.

/// Keys under which values are data.
const DATA: [&[u8]; 9] =
    [b"filter", b"query", b"q", b"u", b"min", b"max", b"documents", b"update", b"$match"];

/// Keys in a condition whose values say what is done, or may name fields.
const SAID: [&[u8]; 5] = [b"$exists", b"$type", b"$meta", b"$options", b"$expr"];

/// Nesting of which is known whether it is data; what is deeper stays as it was written.
const DEPTH: u32 = 60;

/// Writes the shape of a command in JSON.
pub(in crate::logs) fn of(text: &[u8], shape: &mut Vec<u8>) {
    shape.clear();
    let mut walk = Walk { text, at: 0, depth: 0, data: 0, opens: false, said: false };
    while walk.step(shape) {}
}

struct Walk<'t> {
    text: &'t [u8],
    at: usize,
    depth: u32,
    /// A bit for each depth: whether its values are data.
    data: u64,
    /// Whether the value of the last key is data when it is an object or an array.
    opens: bool,
    /// Whether the value of the last key is kept.
    said: bool,
}

impl Walk<'_> {
    fn is_data(&self) -> bool {
        self.depth < DEPTH && self.data >> self.depth & 1 == 1 && !self.said
    }

    /// Reads one token; `false` at the end.
    fn step(&mut self, shape: &mut Vec<u8>) -> bool {
        let Some(byte) = self.text.get(self.at) else { return false };
        match byte {
            b'{' | b'[' => self.open(*byte, shape),
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.one(*byte, shape);
            }
            b'"' => self.string(shape),
            b',' => {
                (self.opens, self.said) = (false, false);
                self.one(b',', shape);
            }
            b':' => self.one(b':', shape),
            b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
            _ => self.word(shape),
        }
        true
    }

    fn one(&mut self, byte: u8, shape: &mut Vec<u8>) {
        shape.push(byte);
        self.at += 1;
    }

    fn open(&mut self, byte: u8, shape: &mut Vec<u8>) {
        let data = self.opens || self.is_data();
        self.depth += 1;
        if self.depth < DEPTH {
            self.data = self.data & !(1 << self.depth) | u64::from(data) << self.depth;
        }
        (self.opens, self.said) = (false, false);
        self.one(byte, shape);
    }

    fn string(&mut self, shape: &mut Vec<u8>) {
        let rest = &self.text[self.at..];
        let length = string_length(rest);
        let (string, after) = rest.split_at(length);
        self.at += length;
        let blanks = after.iter().take_while(|b| **b == b' ').count();
        let content = string.get(1..length - 1).unwrap_or_default();
        if after.get(blanks) == Some(&b':') {
            self.opens = DATA.contains(&content);
            self.said = SAID.contains(&content);
            shape.extend_from_slice(string);
        } else if self.is_data() && content.first() != Some(&b'$') {
            value(shape);
        } else {
            shape.extend_from_slice(string);
        }
    }

    /// A number, `true`, `null`, or whatever stands there.
    fn word(&mut self, shape: &mut Vec<u8>) {
        let rest = &self.text[self.at..];
        let ends = |b: &u8| matches!(b, b',' | b'}' | b']' | b'{' | b'[' | b':' | b'"' | b' ');
        let length = rest.iter().position(ends).unwrap_or(rest.len()).max(1);
        self.at += length;
        if rest.get(length) != Some(&b':') && self.is_data() {
            value(shape);
        } else {
            shape.extend_from_slice(&rest[..length]);
        }
    }
}

/// A value; a list of values is one.
fn value(shape: &mut Vec<u8>) {
    if shape.ends_with(b"?,") && !shape.ends_with(b":?,") {
        shape.pop();
    } else {
        shape.push(b'?');
    }
}

/// The length of the string at the start of `text`, to the end when it is not closed.
fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if text[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> String {
        let mut out = Vec::new();
        of(text.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_go_and_names_stay() {
        assert_eq!(
            shape(
                r#"{"find":"orders","filter":{"a":{"$in":[1,2,3]},"b":"x","c":{"$exists":true}},"sort":{"a":-1}}"#
            ),
            r#"{"find":"orders","filter":{"a":{"$in":[?]},"b":?,"c":{"$exists":true}},"sort":{"a":-1}}"#
        );
        assert_eq!(
            shape(r#"{"aggregate":"o","pipeline":[{"$match":{"a":5}},{"$group":{"_id":"$b"}}]}"#),
            r#"{"aggregate":"o","pipeline":[{"$match":{"a":?}},{"$group":{"_id":"$b"}}]}"#
        );
        assert_eq!(
            shape(r#"{"update":"o","updates":[{"q":{"a":1},"u":{"$set":{"b":"y"}}}]}"#),
            r#"{"update":"o","updates":[{"q":{"a":?},"u":{"$set":{"b":?}}}]}"#
        );
        assert_eq!(
            shape(r#"{"find":"o","filter":{"$expr":{"$gt":["$a","$b"]},"z":1}}"#),
            r#"{"find":"o","filter":{"$expr":{"$gt":["$a","$b"]},"z":?}}"#
        );
    }

    #[test]
    fn any_text_ends() {
        for text in ["", "{", "\"", "{\"a\"", "a:b", &"[".repeat(200), &"{\"q\":".repeat(100)] {
            shape(text);
        }
    }
}

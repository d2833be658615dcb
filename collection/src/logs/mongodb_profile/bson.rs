//! BSON to JSON, for documents of the profiler: as relaxed Extended JSON, but without the bytes of
//! binary values, which are data only.

use super::super::time::rfc3339;
use std::io::Write;

/// An open document or array.
struct Frame {
    /// Where it ends, after its final zero.
    end: usize,
    is_array: bool,
    is_first: bool,
}

/// Deepest nesting that is read; the server allows 200.
const MOST_DEPTH: usize = 1000;

/// Writes a document as JSON; `None` when it is no BSON.
pub(super) fn to_json(document: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut bytes = Bytes { all: document, at: 0 };
    let mut open = vec![frame(&mut bytes, false)?];
    out.push(b'{');
    while let Some(frame) = open.last_mut() {
        let kind = bytes.take(1)?[0];
        if kind == 0 {
            if bytes.at != frame.end {
                return None;
            }
            out.push(if frame.is_array { b']' } else { b'}' });
            open.pop();
            continue;
        }
        let name = bytes.text()?;
        if !std::mem::replace(&mut frame.is_first, false) {
            out.push(b',');
        }
        if !frame.is_array {
            quoted(name, out);
            out.push(b':');
        }
        if matches!(kind, 3 | 4) {
            if open.len() >= MOST_DEPTH {
                return None;
            }
            out.push(if kind == 4 { b'[' } else { b'{' });
            open.push(self::frame(&mut bytes, kind == 4)?);
        } else {
            value(kind, &mut bytes, out)?;
        }
    }
    Some(())
}

fn frame(bytes: &mut Bytes<'_>, is_array: bool) -> Option<Frame> {
    let start = bytes.at;
    let length = usize::try_from(bytes.int()?).ok()?;
    Some(Frame { end: start.checked_add(length)?, is_array, is_first: true })
}

/// What is left to read.
struct Bytes<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.all.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn int(&mut self) -> Option<i32> {
        Some(i32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn long(&mut self) -> Option<i64> {
        Some(i64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    /// A text that ends with a zero.
    fn text(&mut self) -> Option<&'a [u8]> {
        let length = memchr::memchr(0, self.all.get(self.at..)?)?;
        let text = self.take(length)?;
        self.at += 1;
        Some(text)
    }

    /// A text with its length before it, and a zero at its end.
    fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.int()?).ok()?;
        self.take(length)?.split_last().map(|(_, text)| text)
    }
}

/// Writes a value that is no document and no array.
fn value(kind: u8, bytes: &mut Bytes<'_>, out: &mut Vec<u8>) -> Option<()> {
    // Writing to memory cannot fail; a value that it does not take would be no JSON.
    match kind {
        1 => {
            let number = f64::from_le_bytes(bytes.take(8)?.try_into().ok()?);
            if number.is_finite() {
                write!(out, "{number:?}").ok()?;
            } else {
                write!(out, "{{\"$numberDouble\":\"{number}\"}}").ok()?;
            }
        }
        2 | 0x0e => quoted(bytes.string()?, out),
        0x0d => wrapped(b"$code", bytes.string()?, out),
        5 => {
            let length = usize::try_from(bytes.int()?).ok()?;
            let subtype = bytes.take(1)?[0];
            bytes.take(length)?;
            write!(out, "{{\"$binary\":{{\"base64\":\"\",\"subType\":\"{subtype:02x}\"}}}}")
                .ok()?;
        }
        7 => {
            out.extend_from_slice(b"{\"$oid\":\"");
            bytes.take(12)?.iter().try_for_each(|byte| write!(out, "{byte:02x}")).ok()?;
            out.extend_from_slice(b"\"}");
        }
        8 => out.extend_from_slice(if bytes.take(1)?[0] == 0 { b"false" } else { b"true" }),
        9 => {
            let millis = bytes.long()?;
            match millis.checked_mul(1000).and_then(rfc3339) {
                Some(time) => wrapped(b"$date", time.as_bytes(), out),
                None => write!(out, "{{\"$date\":{{\"$numberLong\":\"{millis}\"}}}}").ok()?,
            }
        }
        6 | 0x0a => out.extend_from_slice(b"null"),
        0x0b => {
            out.extend_from_slice(b"{\"$regularExpression\":{\"pattern\":");
            quoted(bytes.text()?, out);
            out.extend_from_slice(b",\"options\":");
            quoted(bytes.text()?, out);
            out.extend_from_slice(b"}}");
        }
        0x0c => {
            quoted(bytes.string()?, out);
            bytes.take(12)?;
        }
        0x0f => {
            let length = usize::try_from(bytes.int()?).ok()?;
            bytes.take(length.checked_sub(4)?)?;
            out.extend_from_slice(b"{\"$code\":\"\"}");
        }
        0x10 => write!(out, "{}", bytes.int()?).ok()?,
        0x11 => {
            let (i, t) = (bytes.int()? as u32, bytes.int()? as u32);
            write!(out, "{{\"$timestamp\":{{\"t\":{t},\"i\":{i}}}}}").ok()?;
        }
        0x12 => write!(out, "{}", bytes.long()?).ok()?,
        0x13 => {
            bytes.take(16)?;
            out.extend_from_slice(b"{\"$numberDecimal\":\"0\"}");
        }
        0x7f => out.extend_from_slice(b"{\"$maxKey\":1}"),
        0xff => out.extend_from_slice(b"{\"$minKey\":1}"),
        _ => return None,
    }
    Some(())
}

fn wrapped(key: &[u8], text: &[u8], out: &mut Vec<u8>) {
    out.push(b'{');
    quoted(key, out);
    out.push(b':');
    quoted(text, out);
    out.push(b'}');
}

fn quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => out.push(b' '),
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(parts: &[&[u8]]) -> Vec<u8> {
        let inside = parts.concat();
        let length = inside.len() as u32 + 5;
        [&length.to_le_bytes()[..], &inside, &[0]].concat()
    }

    #[test]
    fn documents_become_json() {
        let list = document(&[b"\x100\0\x05\0\0\0", b"\x121\0\xff\xff\xff\xff\xff\xff\xff\xff"]);
        let all = document(&[
            b"\x02ns\0\x04\0\0\0a\"b\0",
            b"\x04list\0",
            &list,
            b"\x08yes\0\x01\x0anone\0",
            b"\x01half\0\0\0\0\0\0\0\xe0\x3f",
            b"\x09at\0\x00\x00\x00\x00\x00\x00\x00\x00",
            b"\x07id\0\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b",
        ]);
        let mut out = Vec::new();
        to_json(&all, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"ns":"a\"b","list":[5,-1],"yes":true,"none":null,"half":0.5,"at":{"$date":"1970-01-01T00:00:00Z"},"id":{"$oid":"000102030405060708090a0b"}}"#
        );
        for end in 0..all.len() {
            assert_eq!(to_json(&all[..end], &mut Vec::new()), None);
        }
    }
}

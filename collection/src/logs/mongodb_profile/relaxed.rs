//! A document of an export as the log writes it: without layout, and with Extended JSON's numbers as
//! numbers, so that the same command has the same fingerprint in each notation.

use super::super::json::{members, nested_length, string_length};

/// The numbers that relaxed Extended JSON writes as such.
const NUMBERS: [&[u8]; 3] = [b"$numberInt", b"$numberLong", b"$numberDouble"];

/// Writes the document to the end of `out`; what is no JSON stays as it is.
pub(super) fn relaxed(document: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(byte) = document.get(at) {
        let rest = &document[at..];
        at += match byte {
            b' ' | b'\t' | b'\r' | b'\n' => 1,
            b'"' => {
                let length = string_length(rest).unwrap_or(rest.len());
                out.extend_from_slice(&rest[..length]);
                length
            }
            b'{' if let Some((number, length)) = number(rest) => {
                out.extend_from_slice(number);
                length
            }
            byte => {
                out.push(*byte);
                1
            }
        };
    }
}

/// `{"$numberInt":"5"}` at the start of `text`: the number, and the length of all.
fn number(text: &[u8]) -> Option<(&[u8], usize)> {
    if !text[1..].trim_ascii_start().starts_with(b"\"$number") {
        return None;
    }
    let mut all = members(text);
    let (_, value) = all.next().filter(|(key, _)| NUMBERS.contains(key))?;
    if all.next().is_some() || all.broken {
        return None;
    }
    let digits = value.raw();
    // Not `Infinity`, which is no JSON; and not what its key only pretends.
    let is_number = digits.iter().any(u8::is_ascii_digit)
        && digits.iter().all(|b| b.is_ascii_digit() || b"+-.eE".contains(b));
    is_number.then_some((digits, nested_length(text)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_layout_are_those_of_the_log() {
        let check = |text: &str, wanted: &str| {
            let mut out = Vec::new();
            relaxed(text.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), wanted);
        };
        check(
            r#"{ "a" : { "$numberInt" : "-5" }, "b": [ {"$numberLong":"7"}, { "$numberDouble": "1.5e3" } ] }"#,
            r#"{"a":-5,"b":[7,1.5e3]}"#,
        );
        check(r#"{"a": {"$numberDouble": "NaN"}}"#, r#"{"a":{"$numberDouble":"NaN"}}"#);
        check(r#"{"a": {"$numberDecimal": "1"}}"#, r#"{"a":{"$numberDecimal":"1"}}"#);
        check(
            r#"{"a b": "x \" { \"$numberInt\" : \"5\" }"}"#,
            r#"{"a b":"x \" { \"$numberInt\" : \"5\" }"}"#,
        );
        for text in ["", "{", "{\"", "{\"$numberInt\"", "{\"$numberInt\":\"5\"", "{ \"$number"] {
            relaxed(text.as_bytes(), &mut Vec::new());
        }
    }
}

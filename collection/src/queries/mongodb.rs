//! Files of MongoDB commands: JSON documents one after the other, one a line, or in an array.
//!
//! Beside the command's own keys a document may have `name` (or `$comment`) and `calls`; a comment
//! `// name: x` above it does the same.

use super::{QueryText, Source, header};
use crate::error::{CollectError, ErrorKind, Result};
use serde_json::{Map, Value};
use std::path::Path;

/// Endings of the files of a folder that are read.
pub(super) const ENDINGS: [&str; 4] = ["json", "jsonl", "ndjson", "js"];

/// A document of the file.
struct Found<'a> {
    text: &'a str,
    /// What stands between it and the one before.
    before: &'a str,
    line: u32,
}

/// The commands of one text.
pub(super) fn parse(text: &str, file: &Path) -> Result<Vec<QueryText>> {
    let stem = file.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
    let mut queries = Vec::new();
    for found in documents(text, file)? {
        let wrong = |line: u32, why: &str| {
            CollectError::new(ErrorKind::Input, format!("{}:{line}: {why}", file.display())).hint(
                "write a command as JSON: {\"find\": \"orders\", \"filter\": {\"status\": \"new\"}}",
            )
        };
        let mut command: Map<String, Value> =
            serde_json::from_str(found.text).map_err(|error| {
                let line = found.line + u32::try_from(error.line()).unwrap_or(1).saturating_sub(1);
                let why = error.to_string();
                let why = why.split(" at line ").next().unwrap_or_default();
                wrong(line, &format!("no JSON: {why}"))
            })?;
        let above = header(found.before, "//").map_err(|why| wrong(found.line, why))?;
        let calls = match command.remove("calls") {
            None => above.calls.unwrap_or(1),
            Some(calls) => whole(&calls)
                .ok_or_else(|| wrong(found.line, "its calls are no whole number from 1"))?,
        };
        let name = name(&mut command).or(above.name);
        // `{"name": …, "command": {…}}`
        if let (1, Some(Value::Object(inner))) = (command.len(), command.get("command")) {
            command = inner.clone();
        }
        queries.push(QueryText {
            name: name.unwrap_or_else(|| format!("{stem}-{}", queries.len() + 1)),
            text: Value::Object(command).to_string(),
            source: Source { file: file.display().to_string(), line: found.line },
            calls,
        });
    }
    Ok(queries)
}

fn name(command: &mut Map<String, Value>) -> Option<String> {
    let names = ["name", "$comment"].map(|key| command.shift_remove(key));
    names.into_iter().flatten().find_map(|name| name.as_str().map(str::to_owned))
}

fn whole(calls: &Value) -> Option<u32> {
    calls.as_u64().and_then(|calls| u32::try_from(calls).ok()).filter(|calls| *calls > 0)
}

/// The objects that are not inside of another.
fn documents<'a>(text: &'a str, file: &Path) -> Result<Vec<Found<'a>>> {
    let mut found = Vec::new();
    let (mut end, mut line) = (0, 1);
    while let Some(before) = next_object(text.get(end..).unwrap_or_default()) {
        let gap = text.get(end..end + before).unwrap_or_default();
        line += lines(gap);
        let start = end + before;
        let rest = text.get(start..).unwrap_or_default();
        let Some(length) = object_length(rest) else {
            let message = format!("{}:{line}: a document is not closed", file.display());
            return Err(CollectError::new(ErrorKind::Input, message));
        };
        let document = rest.get(..length).unwrap_or_default();
        found.push(Found { text: document, before: gap, line });
        line += lines(document);
        end = start + length;
    }
    Ok(found)
}

fn lines(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX)
}

/// Where the next object begins; braces in comments do not count.
fn next_object(text: &str) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let code = line.find("//").map_or(line, |comment| line.get(..comment).unwrap_or_default());
        if let Some(brace) = code.find('{') {
            return Some(at + brace);
        }
        at += line.len();
    }
    None
}

/// The length of the object that opens `text`.
fn object_length(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at + 1),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<QueryText>> {
        parse(text, Path::new("shop/heavy.json"))
    }

    #[test]
    fn documents_have_names_lines_and_calls() {
        let text = "// name: newest {orders}\n// calls: 40\n{\"find\": \"orders\",\n \"filter\": {\"s\": \"}\"}}\n\
                    {\"name\": \"n\", \"calls\": 3, \"count\": \"orders\"}\n[{\"find\":\"a\"},\n{\"name\":\"w\",\"command\":{\"find\":\"b\"}}]";
        let queries = read(text).unwrap();
        let seen: Vec<_> = queries
            .iter()
            .map(|q| (q.name.as_str(), q.source.line, q.calls, q.text.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                ("newest {orders}", 3, 40, r#"{"find":"orders","filter":{"s":"}"}}"#),
                ("n", 5, 3, r#"{"count":"orders"}"#),
                ("heavy-3", 6, 1, r#"{"find":"a"}"#),
                ("w", 7, 1, r#"{"find":"b"}"#),
            ]
        );
    }

    #[test]
    fn errors_name_file_and_line() {
        let message = |text: &str| read(text).unwrap_err().to_string();
        assert!(
            message("\n{\"a\":\n b}").starts_with("shop/heavy.json:3: no JSON: expected value")
        );
        assert_eq!(message("{\"a\":1}\n{\"a\":"), "shop/heavy.json:2: a document is not closed");
        assert_eq!(
            message("{\"find\":\"a\",\"calls\":0}"),
            "shop/heavy.json:1: its calls are no whole number from 1"
        );
    }
}

//! The plans that auto_explain logs: their statement, and their text without the log's decoration.

use memchr::memmem;
use std::borrow::Cow;

/// A logged message without the tab that the server puts before each further line.
pub(in crate::logs) fn without_tabs(message: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(message);
    if memmem::find(message, b"\n\t").is_some() {
        Cow::Owned(text.replace("\n\t", "\n"))
    } else {
        text
    }
}

/// The statement of a plan that auto_explain logged, in any of its formats; empty when it is not
/// said.
pub(in crate::logs) fn statement(plan: &str) -> Cow<'_, str> {
    if let Some(after) = after(plan, "\"Query Text\": ").or_else(|| after(plan, "\"Query Text\":"))
    {
        return json_string(after);
    }
    if let Some(after) = after(plan, "<Query-Text>") {
        return xml_text(after.split_once("</Query-Text>").map_or(after, |(text, _)| text));
    }
    let Some(after) = after(plan, "Query Text: ") else { return Cow::Borrowed("") };
    if after.starts_with('"') {
        return json_string(after);
    }
    Cow::Borrowed(before_plan(after).trim_end())
}

fn after<'p>(plan: &'p str, mark: &str) -> Option<&'p str> {
    plan.split_once(mark).map(|(_, after)| after)
}

/// A statement in a text plan ends before the parameters or the first node.
fn before_plan(text: &str) -> &str {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        let is_node = line.contains("(cost=") && line.contains(" width=");
        if end > 0 && (is_node || line.starts_with("Query Parameters: ")) {
            break;
        }
        end += line.len();
    }
    &text[..end]
}

/// The JSON string that `text` begins with (YAML's double quotes escape alike).
fn json_string(text: &str) -> Cow<'_, str> {
    let Some(inside) = text.strip_prefix('"') else { return Cow::Borrowed("") };
    let mut escaped = false;
    let end = inside.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    let Some(end) = end else { return Cow::Borrowed(inside) };
    if !inside[..end].contains('\\') {
        return Cow::Borrowed(&inside[..end]);
    }
    let quoted = &text[..end + 2];
    serde_json::from_str(quoted).map_or(Cow::Borrowed(&inside[..end]), Cow::Owned)
}

fn xml_text(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    // The ampersand last, or `&amp;lt;` would become `<`.
    let plain = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x0d;", "\r")
        .replace("&amp;", "&");
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_found_in_every_format() {
        let text = "Query Text: select 1\nfrom t\nSeq Scan on t  (cost=0.00..1.00 rows=1 width=4)";
        assert_eq!(statement(text), "select 1\nfrom t");
        assert_eq!(
            statement("{\n \"Query Text\": \"select \\\"a\\\"\",\n \"Plan\": {}}"),
            "select \"a\""
        );
        assert_eq!(statement("<explain>\n<Query-Text>a &lt; b</Query-Text>"), "a < b");
        assert_eq!(statement("Query Text: \"select 1\"\nPlan: \n"), "select 1");
        assert_eq!(statement("Seq Scan on t"), "");
    }
}

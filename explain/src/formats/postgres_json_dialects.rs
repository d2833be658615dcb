//! What programs print in place of JSON: Python's and Ruby's own notation, objects of JavaScript,
//! commas before a bracket. It is turned into JSON of as many lines.

/// Whether the text is a plan in a notation that is no JSON.
pub(super) fn is_one(text: &str) -> bool {
    ["'Node Type':", "\"Node Type\"=>", "\"Node Type\" =>", "'Node Type' =>", "'Node Type'=>"]
        .iter()
        .any(|mark| text.contains(mark))
}

/// The text as JSON; `None` where it is that already, for all that can be told.
pub(super) fn to_json(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let used = match c {
            '"' | '\'' | '`' => string(rest, c, &mut out),
            ',' => comma(rest, &mut out),
            '=' if rest.starts_with("=>") => {
                out.push(':');
                2
            }
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            c if c.is_ascii_alphabetic() || c == '_' => word(rest, &mut out),
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
        rest = rest.get(used..).unwrap_or_default();
    }
    (out != text).then_some(out)
}

/// A string in any quotes, with JSON's. The line of one without an end stays as it is.
fn string(rest: &str, quote: char, out: &mut String) -> usize {
    let Some(inner) = closed(rest, quote) else {
        let end = rest.find('\n').unwrap_or(rest.len());
        out.push_str(&rest[..end]);
        return end;
    };
    let used = inner.len() + 2;
    if quote == '"' {
        out.push_str(&rest[..used].replace('\n', "\\n"));
        // As many lines as before.
        out.extend(inner.matches('\n'));
        return used;
    }
    out.push('"');
    let mut escaped = false;
    for c in inner.chars() {
        match c {
            '\'' | '`' if escaped => out.push(c),
            '"' => out.push_str("\\\""),
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            // JSON knows no `\x`; a string over several lines keeps them out of sight.
            c if escaped && !"nrtbfu\\/".contains(c) => out.extend(['\\', '\\', c]),
            c if escaped => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
        escaped = false;
    }
    out.push('"');
    used
}

/// What stands between the quotes. JSON's own may hold line feeds, where a log was put together.
fn closed(rest: &str, quote: char) -> Option<&str> {
    /// Longest string that may hold line feeds.
    const FAR: usize = 2_000;
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' if quote != '"' || at > FAR => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return rest.get(1..at),
            _ => {}
        }
    }
    None
}

/// A comma, unless what is around it ends there.
fn comma(rest: &str, out: &mut String) -> usize {
    let next = rest[1..].bytes().find(|b| !b.is_ascii_whitespace());
    if !matches!(next, Some(b'}' | b']' | b')')) {
        out.push(',');
    }
    1
}

/// `True`, `None`, `nil`, or a key without quotes.
fn word(rest: &str, out: &mut String) -> usize {
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '$')));
    let len = end.unwrap_or(rest.len());
    let (word, after) = rest.split_at(len);
    let is_key = after.trim_start_matches([' ', '\t']).starts_with(':');
    match word {
        "True" => out.push_str("true"),
        "False" => out.push_str("false"),
        "None" | "nil" | "undefined" | "NULL" => out.push_str("null"),
        _ if is_key => out.extend(["\"", word, "\""]),
        _ => out.push_str(word),
    }
    len
}

#[cfg(test)]
mod tests {
    use crate::formats::{detect, read};

    const JSON: &str = r#"[{"Plan": {"Node Type": "Sort", "Parallel Aware": false, "Sort Key": ["a", "\"b\""],
        "Alias": null, "Plans": [{"Node Type": "Seq Scan", "Relation Name": "t", "Filter": "(a = 'it''s'::text)"}]},
        "Execution Time": 1.5}]"#;

    #[test]
    fn notations_of_programs_are_read() {
        let want = read(JSON, None).unwrap().remove(0).plan;
        let python = JSON
            .replace("\"(a = 'it''s'::text)\"", "D")
            .replace("\"\\\"b\\\"\"", "'\"b\"'")
            .replace('"', "'")
            .replace("''b''", "'\"b\"'")
            .replace("'''", "'\"")
            .replace('D', "\"(a = 'it''s'::text)\"")
            .replace("false", "False")
            .replace("null", "None");
        let ruby = JSON.replace("\": ", "\"=>").replace("null", "nil");
        let script = JSON
            .replace("\"Plan\":", "Plan:")
            .replace("\"Plans\":", "Plans:")
            .replace("\"Alias\": null", "Alias: undefined");
        let commas = JSON.replace("}]}", "},],}").replace("1.5}", "1.5,\n}");
        for text in [
            python.clone(),
            format!("[({python},)]"),
            format!("[{{'QUERY PLAN': {python}}}]"),
            ruby,
            script,
            commas,
            format!("[{{\"QUERY PLAN\": {JSON}}}]"),
            format!(
                "{{\"rows\": [{{\"QUERY PLAN\": {JSON}}}], \"fields\": [{{\"name\": \"QUERY PLAN\"}}]}}"
            ),
            format!("[[{JSON}]]"),
            serde_json::to_string(JSON).unwrap(),
            serde_json::to_string(&serde_json::to_string(JSON).unwrap()).unwrap(),
            format!("[{{\"QUERY PLAN\": {}}}]", serde_json::to_string(JSON).unwrap()),
        ] {
            assert_eq!(detect(&text).map(|f| f.name), Some("postgres-json"), "{text}");
            let readings = read(&text, None).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(readings.len(), 1, "{text}");
            assert_eq!(readings[0].plan, want, "{text}");
        }
    }

    #[test]
    fn an_error_is_that_of_the_text_as_it_is() {
        let error = read("[{'Plan': {'Node Type': 'Limit',\n 'Plan Rows': N}}]", None).unwrap_err();
        assert!(error.to_string().starts_with("the input: "), "{error}");
        let error =
            read("[{\"Plan\": {\"Node Type\": \"Limit\",\n \"Plan Rows\": N}}]", None).unwrap_err();
        assert!(error.to_string().starts_with("line 2, column 15"), "{error}");
    }
}

//! Plans in the strings of a program: rows as a driver returns them, printed by a debugger, a test
//! or a notebook (`[{"QUERY PLAN": "Limit …"}, …]`, `[('Limit …',), …]`), and texts with `\n` in them.

use super::{Kind, Line};
use crate::formats::escapes;
use crate::formats::postgres_text::likeness;
use std::borrow::Cow;

/// Most levels of strings inside strings.
const MOST_LEVELS: usize = 3;

/// The lines inside the strings of `text`, if that is where the plan is.
pub(super) fn rows(text: &str) -> Option<Vec<Line<'static>>> {
    let mut found = rows_of(text)?;
    for _ in 1..MOST_LEVELS {
        let joined: String = found.iter().flat_map(|line| [&*line.text, "\n"]).collect();
        let Some(inner) = rows_of(&joined) else { break };
        let number = |line: &Line<'_>| found.get(line.number - 1).map_or(1, |outer| outer.number);
        found = inner.into_iter().map(|line| Line { number: number(&line), ..line }).collect();
    }
    Some(found)
}

fn rows_of(text: &str) -> Option<Vec<Line<'static>>> {
    if !may_be(text) {
        return None;
    }
    let listed = text.trim_start().starts_with(['[', '{', '(']);
    let is_value = |literal: &Literal<'_>| literal.is_value(listed);
    let wanted =
        Literals::new(text).find(|literal| is_value(literal) && literal.is_plan(listed))?;
    let mut lines = Vec::new();
    for literal in Literals::new(text) {
        if is_value(&literal) && literal.key == wanted.key {
            literal.lines(&mut lines);
        }
    }
    Some(lines)
}

/// Whether it is worth a look: only few texts have plans in strings.
fn may_be(text: &str) -> bool {
    let has = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
    // The other formats have strings of their own.
    const KEYS: [&str; 5] =
        ["Node Type\":", "Node Type\"\"", "Node Type':", "Node Type\"=>", "Node Type\" "];
    let is_document = || {
        // One letter is looked for much faster than a word.
        if !text.contains('N') || !text.contains("Node") {
            return false;
        }
        text.contains("Node Type") && has(&KEYS) && !text.contains("\\\"Node Type")
            || text.contains("Node Type: ") && !text.contains("Node Type: \\\"")
            || text.contains("<Node-Type>") && !text.contains("\\n")
    };
    let bytes = text.as_bytes();
    let is_escape = |(at, _): (usize, &str)| matches!(bytes.get(at + 1), Some(b'n' | b'"'));
    let opens = |(at, _): (usize, &str)| {
        let before = text[..at].trim_end_matches([' ', '\n', '\r', '\t']);
        matches!(before.as_bytes().last(), None | Some(b'[' | b'(' | b'{' | b':' | b'>'))
    };
    let is_near = || {
        text.match_indices('\\').any(is_escape)
            || text.match_indices('"').any(opens)
            || text.match_indices('\'').any(opens)
    };
    is_near()
        && !is_document()
        && has(&["(cost=", "(actual ", "->  ", "Node Type", "Node-Type", "Scan", "Result"])
}

/// A string of the text.
struct Literal<'a> {
    /// The key before it, if there is one.
    key: Option<&'a str>,
    /// Between its quotes, escaped.
    inner: &'a str,
    quote: char,
    /// The line it begins on.
    number: usize,
    /// Whether it is alone on its line, as pgAdmin copies every line.
    alone: bool,
    /// Whether it is itself a key.
    is_key: bool,
}

impl Literal<'_> {
    fn is_value(&self, listed: bool) -> bool {
        !self.is_key
            && (listed || !self.alone || self.inner.contains("\\n") || self.inner.contains("\\\""))
    }

    fn is_plan(&self, listed: bool) -> bool {
        let first = self.inner.trim_start_matches([' ', '\\', 'n', 't']).as_bytes().first();
        if !first.is_some_and(|b| b.is_ascii_uppercase() || b"-[{<\"".contains(b)) {
            return false;
        }
        // No more than the beginning: a plan shows early, and most strings are none.
        let end = (0..=400.min(self.inner.len())).rev().find(|&i| self.inner.is_char_boundary(i));
        let start = unescaped(&self.inner[..end.unwrap_or(0)], self.quote);
        let trimmed = start.trim_start();
        let is_document = trimmed.starts_with(['[', '{', '<', '-'])
            && ["\"Plan\"", "\"Node Type\"", "Node Type: ", "<Plan>", "<explain", "- Plan:"]
                .iter()
                .any(|mark| start.contains(mark));
        // A string of a document in quotes of its own.
        let is_quoted = trimmed.starts_with('"') && start.contains("\\\"Plan\\\"");
        // `"Node Type": "Limit"` is no plan, and a statement may say much.
        let least = match self.key {
            Some(key) if !key.to_ascii_lowercase().contains("plan") => 80,
            Some(_) => 50,
            // In a program, and not in a statement or a condition.
            None if listed => 50,
            None => 70,
        };
        is_document || is_quoted || start.lines().take(4).any(|line| likeness(line.trim()) >= least)
    }

    fn lines(&self, lines: &mut Vec<Line<'static>>) {
        for line in unescaped(self.inner, self.quote).split('\n') {
            let text = Cow::Owned(line.trim_end_matches('\r').to_owned());
            lines.push(Line { number: self.number, removed: 0, kind: Kind::Text, text });
        }
    }
}

/// The strings of a text, in order. A string ends on its line.
struct Literals<'a> {
    text: &'a str,
    at: usize,
    number: usize,
    key: Option<&'a str>,
}

impl<'a> Literals<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, number: 1, key: None }
    }
}

impl<'a> Iterator for Literals<'a> {
    type Item = Literal<'a>;

    fn next(&mut self) -> Option<Literal<'a>> {
        let bytes = self.text.as_bytes();
        loop {
            let quote = *bytes.get(self.at)?;
            self.at += 1;
            match quote {
                b'\n' => self.number += 1,
                b'{' | b'(' | b'[' if quote != b'[' => self.key = None,
                b'"' | b'\'' | b'`' => {
                    let start = self.at;
                    let Some(len) = literal_len(&bytes[start..], quote) else {
                        continue;
                    };
                    self.at = start + len + 1;
                    let rest = self.text[self.at..].trim_start_matches(' ');
                    let is_key =
                        rest.starts_with(':') && !rest.starts_with("::") || rest.starts_with("=>");
                    let before = self.text[..start - 1].trim_end_matches([' ', '\t']);
                    let alone = (before.is_empty() || before.ends_with('\n'))
                        && (rest.is_empty() || rest.starts_with(['\n', '\r']));
                    let inner = &self.text[start..start + len];
                    let literal = Literal {
                        key: self.key,
                        inner,
                        quote: char::from(quote),
                        number: self.number,
                        alone,
                        is_key,
                    };
                    if is_key {
                        self.key = Some(inner);
                    }
                    return Some(literal);
                }
                _ => {}
            }
        }
    }
}

/// The length of a string up to its closing quote, which must stand on the same line.
fn literal_len(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        match *bytes.get(at)? {
            b'\n' if quote != b'`' => return None,
            b'\\' => at += 2,
            byte if byte == quote => return Some(at),
            _ => at += 1,
        }
    }
}

/// The text without its escapes; an unknown one stays.
pub(in crate::formats) fn unescaped(inner: &str, quote: char) -> String {
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('u') => match escapes::unicode(chars.as_str()) {
                Some((c, after)) => {
                    out.push(c);
                    chars = after.chars();
                }
                None => out.push_str("\\u"),
            },
            Some(c @ ('\\' | '/' | '"' | '\'')) => out.push(c),
            Some(c) if c == quote => out.push(c),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Option<Vec<String>> {
        Some(rows(text)?.into_iter().map(|line| line.text.into_owned()).collect())
    }

    #[test]
    fn rows_of_drivers_are_lines() {
        let want =
            Some(vec!["Limit  (cost=0.00..1.00 rows=1 width=4)".into(), "  ->  Result".to_owned()]);
        for text in [
            r#"[{"QUERY PLAN": "Limit  (cost=0.00..1.00 rows=1 width=4)"}, {"QUERY PLAN": "  ->  Result"}]"#,
            r"[('Limit  (cost=0.00..1.00 rows=1 width=4)',), ('  ->  Result',)]",
            r#"[["Limit  (cost=0.00..1.00 rows=1 width=4)"], ["  ->  Result"]]"#,
            r#""Limit  (cost=0.00..1.00 rows=1 width=4)\n  ->  Result""#,
            r#"[{"QUERY PLAN"=>"Limit  (cost=0.00..1.00 rows=1 width=4)"}, {"QUERY PLAN"=>"  ->  Result"}]"#,
            r#"{"rowCount": 2, "rows": [{"QUERY PLAN": "Limit  (cost=0.00..1.00 rows=1 width=4)"}, {"QUERY PLAN": "  ->  Result"}], "fields": [{"name": "QUERY PLAN", "format": "text"}]}"#,
        ] {
            assert_eq!(lines(text), want, "{text}");
        }
    }

    #[test]
    fn documents_in_strings_are_documents() {
        let text = r#"{"QUERY PLAN": "[\n  {\n    \"Plan\": {\"Node Type\": \"Result\"}}]"}"#;
        assert_eq!(lines(text).unwrap().len(), 3);
        let twice = r#""\"[{\\\"Plan\\\": {\\\"Node Type\\\": \\\"Result\\\"}}]\"""#;
        assert_eq!(lines(twice).unwrap(), [r#"[{"Plan": {"Node Type": "Result"}}]"#]);
    }

    #[test]
    fn other_texts_have_none() {
        for text in [
            "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n  Filter: (a = ANY ('{\"x\\n\"}'::text[]))",
            "[{\"Plan\": {\"Node Type\": \"Limit\", \"Sort Key\": [\"a\"]}}]",
            "\"Limit  (cost=0.00..1.00 rows=1 width=4)\"\n\"  ->  Result\"",
        ] {
            assert_eq!(lines(text), None, "{text}");
        }
    }
}

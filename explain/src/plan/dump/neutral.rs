//! Conditions without literals, and without what versions of an engine spell in different ways.

use crate::engine::Engine;
use crate::plan::{Condition, ConditionKind};
use crate::workload::fingerprint;

/// The condition's text without literals.
pub(super) fn condition(condition: &Condition, engine: Engine) -> String {
    let text = &condition.text;
    match engine {
        Engine::Postgres => windows(&fingerprint::normalize(&subplans(text), engine)),
        // Numbers of sort and index keys are directions.
        Engine::Mongodb if is_key(condition.kind) => text.clone(),
        Engine::Mongodb => without_values(text),
        _ => fingerprint::normalize(text, engine),
    }
}

fn is_key(kind: ConditionKind) -> bool {
    matches!(kind, ConditionKind::SortKey | ConditionKind::OrderBy | ConditionKind::GroupKey)
}

/// A pair of parentheses that is open.
struct Open {
    /// Where it starts in the output.
    at: usize,
    /// The words of a subplan inside it.
    subplan: Option<&'static str>,
}

/// PostgreSQL's references to subplans in one spelling.
///
/// Before version 17: `$0`, `(hashed SubPlan 1)`, `(SubPlan 1)`. Since then: `(InitPlan 1).col1`,
/// `(ANY (a = (hashed SubPlan 1).col1))`, `EXISTS(SubPlan 1)`.
fn subplans(text: &str) -> String {
    if !text.contains("Plan ") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut open: Vec<Open> = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let len = match c {
            '\'' | '"' => quoted_len(rest, c),
            _ => c.len_utf8(),
        };
        let (taken, after) = rest.split_at(len);
        rest = after;
        match c {
            '(' => {
                open.push(Open { at: out.len(), subplan: None });
                out.push(c);
            }
            ')' => {
                out.push(c);
                let Some(group) = open.pop() else { continue };
                let found = close(&mut out, &group);
                if found.is_some() {
                    rest = without_column(rest);
                    if let Some(above) = open.last_mut() {
                        above.subplan = found.or(above.subplan);
                    }
                }
            }
            _ => out.push_str(taken),
        }
    }
    out
}

/// Replaces the group that ends the output when it is a reference to a subplan, or a comparison
/// with one; gives the words of the subplan in it.
fn close(out: &mut String, group: &Open) -> Option<&'static str> {
    let content = out.get(group.at + 1..out.len() - 1).unwrap_or_default();
    let words = match content.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "InitPlan " => {
            out.truncate(group.at);
            out.push_str("$0");
            return Some("InitPlan");
        }
        "hashed SubPlan " => Some("hashed SubPlan"),
        "SubPlan " => Some("SubPlan"),
        _ if content.starts_with("ANY (") || content.starts_with("ALL (") => {
            group.subplan.filter(|words| words.ends_with("SubPlan"))
        }
        _ => None,
    };
    let Some(words) = words else { return group.subplan };
    out.truncate(group.at);
    if out.ends_with("EXISTS") {
        out.truncate(out.len() - "EXISTS".len());
    }
    out.push_str(&format!("({words})"));
    Some(words)
}

/// `text` after a `.col1` at its start.
fn without_column(text: &str) -> &str {
    match text.strip_prefix(".col") {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => text,
    }
}

/// Bytes of the quoted text at the start of `text`, quotes included.
fn quoted_len(text: &str, quote: char) -> usize {
    text[1..].find(quote).map_or(text.len(), |end| end + 2)
}

/// Windows in one spelling: `over (?)` before version 18, `over w1` since then.
fn windows(text: &str) -> String {
    const OVER: &str = " over ";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(OVER) {
        let (before, after) = rest.split_at(at + OVER.len());
        out.push_str(before);
        out.push_str("window");
        rest = after.strip_prefix('(').map_or_else(
            || after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
            |inner| inner.split_once(')').map_or("", |(_, rest)| rest),
        );
    }
    out.push_str(rest);
    out
}

/// MongoDB's JSON with `?` for its values; a list of values is `[...]`.
fn without_values(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let len = match c {
            '"' => json_string_len(rest),
            '-' | '.' | '0'..='9' => word_len(rest),
            c if c.is_alphabetic() || c == '$' || c == '_' => word_len(rest),
            c => c.len_utf8(),
        };
        let (word, after) = rest.split_at(len.max(c.len_utf8()));
        rest = after;
        let is_key = after.trim_start().starts_with(':');
        let is_value = c == '"' || c == '-' || c.is_ascii_digit();
        let is_constant = matches!(word, "true" | "false" | "null");
        match (is_value || is_constant) && !is_key {
            true => out.push('?'),
            false => out.push_str(word),
        }
        if out.ends_with("?, ?") || out.ends_with("?,?") {
            out.truncate(out.trim_end_matches(['?', ',', ' ']).len());
            out.push_str("...");
            rest = skip_values(rest);
        }
    }
    out
}

/// `text` after the further values of a list.
fn skip_values(text: &str) -> &str {
    let mut rest = text;
    while let Some(next) = rest.strip_prefix(',') {
        let value = next.trim_start();
        let len = match value.chars().next() {
            Some('"') => json_string_len(value),
            Some('-' | '0'..='9') => word_len(value),
            _ => return rest,
        };
        rest = &value[len..];
    }
    rest
}

fn json_string_len(text: &str) -> usize {
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return i + 1,
            _ => {}
        }
    }
    text.len()
}

fn word_len(text: &str) -> usize {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '-' | '+');
    text.find(|c| !part(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn postgres(text: &str) -> String {
        condition(&Condition::new(ConditionKind::Filter, text), Engine::Postgres)
    }

    fn mongodb(text: &str) -> String {
        condition(&Condition::new(ConditionKind::Filter, text), Engine::Mongodb)
    }

    #[test]
    fn versions_of_postgresql_agree_on_subplans() {
        let pairs = [
            ("(total > $1)", "(total > (InitPlan 1).col1)"),
            ("(NOT (hashed SubPlan 1))", "(NOT (ANY (a = (hashed SubPlan 2).col1)))"),
            ("((SubPlan 1) = 'a)b')", "((SubPlan 2) = 'x')"),
            ("(SubPlan 1)", "EXISTS(SubPlan 3)"),
            ("((a = 1) OR (SubPlan 1))", "((a = 2) OR (ANY ((a = (SubPlan 1).col1) AND (b = 1))))"),
        ];
        for (old, new) in pairs {
            assert_eq!(postgres(old), postgres(new));
        }
        assert_ne!(postgres("(hashed SubPlan 1)"), postgres("(SubPlan 1)"));
        assert_eq!(postgres("(a = ANY ('{1,2}'::int[]))"), postgres("(a = ANY ('{3}'::int[]))"));
    }

    #[test]
    fn versions_of_postgresql_agree_on_windows() {
        assert_eq!(postgres("rank() OVER (?)"), postgres("rank() OVER w1"));
        assert_eq!(postgres("sum(x) OVER w1 + 1"), "sum(x) over window + ?");
    }

    #[test]
    fn values_of_mongodb_vanish_and_fields_stay() {
        assert_eq!(mongodb("{\"a\":{\"$gt\":5},\"b\":\"x\\\"y\"}"), "{\"a\":{\"$gt\":?},\"b\":?}");
        let list = "{\"a\": {\"$in\": [1, -2.5, \"z\"]}}";
        assert_eq!(mongodb(list), "{\"a\": {\"$in\": [...]}}");
        assert_eq!(mongodb(list), mongodb("{\"a\": {\"$in\": [7, 8]}}"));
        assert_eq!(mongodb("a: [MinKey, MaxKey]"), "a: [MinKey, MaxKey]");
        let key = Condition::new(ConditionKind::SortKey, "{\"a\": -1}");
        assert_eq!(condition(&key, Engine::Mongodb), "{\"a\": -1}");
    }
}

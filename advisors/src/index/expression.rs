//! Expressions that an index can be made on: always the same result for the same row.

use planscope_explain::Engine;
use planscope_explain::workload::Column;

/// Functions whose result depends on their arguments alone, whatever the session's settings.
static IMMUTABLE: &[&str] = &[
    "abs",
    "btrim",
    "ceil",
    "char_length",
    "coalesce",
    "floor",
    "json_extract",
    "left",
    "length",
    "lower",
    "ltrim",
    "md5",
    "nullif",
    "replace",
    "reverse",
    "right",
    "round",
    "rtrim",
    "substr",
    "substring",
    "trim",
    "upper",
];

/// Immutable on what has no time zone only: with one, the day depends on the session.
static OF_LOCAL_TIME: &[&str] = &["date", "date_part", "date_trunc", "extract"];

/// Whether `text`, a canonical expression around `column`, can be the key of an index: calls of
/// immutable functions on it, or a member of a JSON document as text.
pub(super) fn is_indexable(engine: Engine, text: &str, column: Option<&Column>) -> bool {
    // A placeholder, a redacted literal or a cast: what it comes to is not known.
    let is_open = text.contains(['$', '?', '@']) && !text.contains("'$.") || text.contains("::");
    let makes_indexes = matches!(engine, Engine::Postgres | Engine::Sqlite | Engine::Mysql);
    if is_open || !makes_indexes {
        return false;
    }
    let local = engine == Engine::Sqlite
        || column.is_some_and(|c| {
            c.data_type.starts_with("timestamp") && !c.data_type.contains("with time zone")
        });
    let calls = calls(text);
    let is_fine = |name: &String| {
        IMMUTABLE.contains(&name.as_str()) || local && OF_LOCAL_TIME.contains(&name.as_str())
    };
    let reads_json = text.contains("->>");
    (reads_json || !calls.is_empty()) && calls.iter().all(is_fine)
}

/// Words before an opening parenthesis, in lower case; strings are passed over.
fn calls(text: &str) -> Vec<String> {
    let (mut found, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '\'' => quoted = !quoted,
            _ if quoted => {}
            '(' if !word.is_empty() => found.push(std::mem::take(&mut word)),
            c if c.is_alphanumeric() || c == '_' => word.push(c.to_ascii_lowercase()),
            _ => word.clear(),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indexable(text: &str, data_type: &str) -> bool {
        let column = Column { data_type: data_type.into(), ..Column::default() };
        is_indexable(Engine::Postgres, text, Some(&column))
    }

    #[test]
    fn what_depends_on_the_row_alone_is_indexable() {
        assert!(indexable("lower(email)", "text"));
        assert!(indexable("lower(trim(email))", "text"));
        assert!(indexable("attrs ->> 'color'", "jsonb"));
        assert!(indexable("date_trunc('day', at)", "timestamp without time zone"));
    }

    #[test]
    fn what_depends_on_the_session_or_is_unknown_is_not() {
        assert!(!indexable("date_trunc('day', at)", "timestamp with time zone"));
        assert!(!indexable("attrs ->> $1", "jsonb"));
        assert!(!indexable("attrs ->> '?'", "jsonb"));
        assert!(!indexable("my_function(email)", "text"));
        assert!(!indexable("total * 2", "numeric"));
        assert!(!indexable("(at)::date", "timestamp without time zone"));
    }
}

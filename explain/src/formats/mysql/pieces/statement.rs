//! Statements beside a plan: typed at a prompt, saved in a script, logged.

use super::{Cursor, grid};

/// What stands before a statement at a prompt.
pub(super) struct Prompt<'a> {
    pub(super) is_mariadb: bool,
    rest: &'a str,
}

/// `mysql> …`, `MariaDB [shop]> …`, `mysql [localhost] {root} (shop) > …`.
pub(super) fn prompt(text: &str) -> Option<Prompt<'_>> {
    let is_mariadb = text.starts_with("MariaDB [");
    if !is_mariadb && !text.starts_with("mysql") {
        return None;
    }
    let (before, rest) = text.split_once('>')?;
    (before.len() < 120).then_some(Prompt { is_mariadb, rest: rest.trim() })
}

/// Whether the line begins a statement that explains another.
pub(super) fn begins(text: &str) -> bool {
    explained(text).is_some()
}

/// Reads the statement that begins at the line; `None` if it explains nothing.
pub(super) fn read(lines: &mut Cursor<'_>) -> Option<String> {
    let first = lines.peek()?.trim();
    let prompted = prompt(first);
    let mut text = prompted.as_ref().map_or(first, |prompt| prompt.rest).to_owned();
    lines.advance();
    while !ends(&text) {
        let Some(line) = lines.peek().map(str::trim) else { break };
        if line.is_empty() || is_output(line) {
            break;
        }
        let line = if prompted.is_some() { line.strip_prefix("->").unwrap_or(line) } else { line };
        text.push('\n');
        text.push_str(line.trim());
        lines.advance();
    }
    explained(unended(&text)).map(str::to_owned)
}

/// The statement of an entry of the slow log.
pub(super) fn logged(lines: &mut Cursor<'_>) -> Option<String> {
    let mut text = String::new();
    while let Some(line) = lines.peek().filter(|line| !line.starts_with("# ")) {
        lines.advance();
        let lower = line.trim().to_ascii_lowercase();
        let is_setting = lower.starts_with("set timestamp=") || lower.starts_with("use ");
        if text.is_empty() && (is_setting || lower.is_empty()) {
            continue;
        }
        text.push_str(line);
        if ends(line) {
            break;
        }
        text.push('\n');
    }
    Some(unended(text.trim()).to_owned()).filter(|text| !text.is_empty())
}

fn is_output(line: &str) -> bool {
    grid::is_framed(line)
        || grid::row_number(line).is_some()
        || line.starts_with(['{', '['])
        || line == "EXPLAIN"
}

fn ends(text: &str) -> bool {
    let text = text.trim_end();
    text.ends_with(';') || text.ends_with("\\G") || text.ends_with("\\g")
}

fn unended(text: &str) -> &str {
    let text = text.trim().trim_end_matches(';').trim_end();
    let text = text.strip_suffix("\\G").or_else(|| text.strip_suffix("\\g")).unwrap_or(text);
    text.trim_end().trim_end_matches(';').trim_end()
}

/// The statement behind `EXPLAIN ANALYZE FORMAT=JSON INTO @v FOR SCHEMA s`.
pub(super) fn explained(text: &str) -> Option<&str> {
    let mut rest = text;
    let mut words = 0;
    loop {
        let trimmed = rest.trim_start();
        let end = trimmed.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(trimmed.len());
        let (word, after) = trimmed.split_at(end);
        let word = word.to_ascii_lowercase();
        rest = match word.as_str() {
            "explain" | "desc" | "describe" | "analyze" | "extended" | "partitions" => after,
            "format" => after_value(after.trim_start().strip_prefix('=')?),
            "into" | "for" => {
                let next = after.trim_start();
                let scoped = ["schema ", "database ", "@"].iter().any(|word| {
                    next.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
                });
                if !scoped {
                    return None;
                }
                let named = next.split_once(' ').map_or("", |(_, rest)| rest);
                if next.starts_with('@') { named } else { after_value(named) }
            }
            "select" | "with" | "insert" | "update" | "delete" | "replace" | "table" | "values"
                if words > 0 && !(word == "table" && first_word_is(text, "analyze")) =>
            {
                return Some(trimmed.trim_end());
            }
            _ if words > 0 && word.starts_with('(') => return Some(trimmed.trim_end()),
            _ => return None,
        };
        words += 1;
    }
}

fn first_word_is(text: &str, word: &str) -> bool {
    text.trim_start().get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn after_value(text: &str) -> &str {
    let text = text.trim_start();
    text.get(text.find(char::is_whitespace).unwrap_or(text.len())..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_behind_explain() {
        for (text, want) in [
            ("EXPLAIN SELECT 1", Some("SELECT 1")),
            ("explain analyze format = json into @v select 1", Some("select 1")),
            (
                "EXPLAIN FORMAT=TREE FOR SCHEMA shop WITH x AS (SELECT 1) SELECT 2",
                Some("WITH x AS (SELECT 1) SELECT 2"),
            ),
            ("ANALYZE FORMAT=JSON DELETE FROM t", Some("DELETE FROM t")),
            ("ANALYZE TABLE t", None),
            ("EXPLAIN FOR CONNECTION 5", None),
            ("EXPLAIN", None),
            ("DESC orders", None),
            ("select 1", None),
        ] {
            assert_eq!(explained(text), want, "{text}");
        }
    }
}

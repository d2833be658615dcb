//! The line of a node: `Index Scan using i on s.t a  (cost=…) (actual …)`.

use super::super::postgres_label::meaning;
use serde_json::Value;

/// A node's line in its parts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NodeLine {
    /// The label without what follows `using` and `on`.
    pub(super) label: String,
    /// What follows, by the keys of the JSON format.
    pub(super) properties: Vec<(&'static str, Value)>,
    /// Whether the label is known.
    pub(super) known: bool,
    /// Whether there are costs or actuals.
    pub(super) has_figures: bool,
    /// Whether a figure could not be read.
    pub(super) odd_figures: bool,
}

/// Reads a line without its arrow and indentation. `None` when it is no node's line.
pub(super) fn parse(text: &str) -> Option<NodeLine> {
    let text = text.trim();
    let (head, tail) = split_figures(text);
    let mut properties = Vec::new();
    let label = head_parts(head, &mut properties);
    if label.is_empty() || !label.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let known = meaning(label).is_some();
    let (has_figures, odd_figures) = figures(tail, &mut properties);
    // `Sort  (cos` is a node's line that the terminal broke.
    let is_node = has_figures || known && (tail.is_empty() || tail.starts_with('('));
    is_node.then(|| NodeLine {
        label: label.to_owned(),
        properties,
        known,
        has_figures,
        odd_figures,
    })
}

/// Whether `text` is a line with costs or actuals, whatever its label.
pub(super) fn has_figures(text: &str) -> bool {
    let (_, tail) = split_figures(text.trim());
    ["(cost=", "(actual ", "(never executed)"].iter().any(|start| tail.starts_with(start))
}

/// Splits `Hash Join  (cost=…) (actual …)` before the first figures.
fn split_figures(text: &str) -> (&str, &str) {
    let mut in_quotes = false;
    for (i, c) in text.char_indices() {
        match c {
            '"' => in_quotes = !in_quotes,
            '(' if !in_quotes => {
                let rest = &text[i..];
                let starts = ["(cost=", "(actual ", "(never executed)"];
                let wide = text[..i].ends_with("  ");
                if wide || starts.iter().any(|start| rest.starts_with(start)) {
                    return (text[..i].trim_end(), rest);
                }
            }
            _ => {}
        }
    }
    (text, "")
}

/// Splits `Index Scan using i on s.t a` and returns the label.
fn head_parts<'a>(head: &'a str, properties: &mut Vec<(&'static str, Value)>) -> &'a str {
    let (label, using, on) = split_head(head);
    let index_only = label == "Bitmap Index Scan";
    if let Some(name) = using {
        properties.push(("Index Name", Value::from(identifier(name).0)));
    }
    let Some(on) = on else { return label };
    let (first, rest) = identifier(on);
    if index_only {
        properties.push(("Index Name", Value::from(first)));
        return label;
    }
    let (schema, name, rest) = match rest.strip_prefix('.') {
        Some(rest) => {
            let (name, rest) = identifier(rest);
            (Some(first), name, rest)
        }
        None => (None, first, rest),
    };
    if let Some(schema) = schema {
        properties.push(("Schema", Value::from(schema)));
    }
    // A subquery and a VALUES list have no name but the alias.
    let nameless = label.contains("Subquery Scan") || label.contains("Values Scan");
    properties.push((if nameless { "Alias" } else { "Relation Name" }, Value::from(name)));
    let alias = rest.trim_start();
    if !alias.is_empty() {
        properties.push(("Alias", Value::from(identifier(alias).0)));
    }
    label
}

/// The label, what follows `using`, and what follows `on`.
fn split_head(head: &str) -> (&str, Option<&str>, Option<&str>) {
    if let Some(alias) = head.strip_prefix("Subquery Scan ").filter(|rest| !rest.starts_with("on "))
    {
        // Until 8.4: no `on`.
        return ("Subquery Scan", None, Some(alias));
    }
    let (mut on, mut using, mut in_quotes) = (None, None, false);
    for (i, c) in head.char_indices() {
        match c {
            '"' => in_quotes = !in_quotes,
            ' ' if in_quotes => {}
            ' ' if head[i..].starts_with(" on ") => {
                on = Some(i);
                break;
            }
            ' ' if using.is_none() && head[i..].starts_with(" using ") => using = Some(i),
            _ => {}
        }
    }
    let end = using.or(on).unwrap_or(head.len());
    let used = using.map(|i| &head[i + " using ".len()..on.unwrap_or(head.len())]);
    (&head[..end], used, on.map(|i| &head[i + " on ".len()..]))
}

/// The identifier at the start of `text` without its quotes, and the rest.
fn identifier(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(['.', ' ']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut name = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        if c != '"' {
            name.push(c);
        } else if chars.next_if(|(_, next)| *next == '"').is_some() {
            name.push('"');
        } else {
            return (name, &quoted[i + 1..]);
        }
    }
    (name, "")
}

/// Reads `(cost=0.00..2.50 rows=1 width=4) (actual time=0.1..0.2 rows=0 loops=1)`. Returns whether
/// there were figures, and whether one could not be read.
fn figures(tail: &str, properties: &mut Vec<(&'static str, Value)>) -> (bool, bool) {
    let (mut any, mut odd) = (false, false);
    for group in tail.split('(').skip(1) {
        let group = group.split(')').next().unwrap_or_default();
        if group == "never executed" {
            properties.push(("Actual Loops", Value::from(0)));
            any = true;
        } else if let Some(actual) = group.strip_prefix("actual ") {
            odd |= !actuals(actual, properties);
            any = true;
        } else if group.starts_with("cost=") {
            odd |= !estimates(group, properties);
            any = true;
        }
    }
    (any, odd)
}

fn estimates(group: &str, properties: &mut Vec<(&'static str, Value)>) -> bool {
    pairs(group, properties, |key| {
        Some(match key {
            "cost" => ("Startup Cost", Some("Total Cost")),
            "rows" => ("Plan Rows", None),
            "width" => ("Plan Width", None),
            _ => return None,
        })
    })
}

/// Reads `time=0.1..0.2 rows=0 loops=1`; `false` when a figure could not be read.
pub(super) fn actuals(group: &str, properties: &mut Vec<(&'static str, Value)>) -> bool {
    pairs(group, properties, |key| {
        Some(match key {
            "time" => ("Actual Startup Time", Some("Actual Total Time")),
            "rows" => ("Actual Rows", None),
            "loops" => ("Actual Loops", None),
            _ => return None,
        })
    })
}

type Keys = (&'static str, Option<&'static str>);

fn pairs(
    group: &str,
    properties: &mut Vec<(&'static str, Value)>,
    keys: fn(&str) -> Option<Keys>,
) -> bool {
    let mut all_read = true;
    for (key, value) in group.split_whitespace().filter_map(|word| word.split_once('=')) {
        let Some((first, second)) = keys(key) else { continue };
        let parts = match (second, value.split_once("..")) {
            (Some(second), Some((from, to))) => vec![(first, from), (second, to)],
            (Some(second), None) => vec![(second, value)],
            (None, _) => vec![(first, value)],
        };
        for (key, text) in parts {
            match number(text) {
                Some(number) => properties.push((key, number)),
                None => all_read = false,
            }
        }
    }
    all_read
}

/// A number as JSON has it: whole numbers stay whole, `1.00` is fractional.
pub(super) fn number(text: &str) -> Option<Value> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(Value::from(whole));
    }
    if !text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E')) {
        return None;
    }
    let number = text.parse::<f64>().ok()?;
    serde_json::Number::from_f64(number).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn properties(text: &str) -> (String, Value) {
        let line = parse(text).unwrap();
        let map = line.properties.into_iter().map(|(k, v)| (k.to_owned(), v));
        (line.label, Value::Object(map.collect()))
    }

    #[test]
    fn targets_are_told_apart() {
        let (label, got) = properties("Index Scan Backward using \"I on t\" on s.\"T\"\"x\" a");
        assert_eq!(label, "Index Scan Backward");
        let want =
            json!({"Index Name": "I on t", "Schema": "s", "Relation Name": "T\"x", "Alias": "a"});
        assert_eq!(got, want);
        let (label, got) =
            properties("Bitmap Index Scan on orders_pkey  (cost=0.00..1.50 rows=3 width=0)");
        assert_eq!(label, "Bitmap Index Scan");
        assert_eq!(got["Index Name"], "orders_pkey");
        assert_eq!(properties("Subquery Scan on \"*SELECT* 1\"").1, json!({"Alias": "*SELECT* 1"}));
        assert_eq!(properties("Subquery Scan old").1, json!({"Alias": "old"}));
        assert_eq!(
            properties("CTE Scan on recent r").1,
            json!({"Relation Name": "recent", "Alias": "r"})
        );
        let (label, got) =
            properties("Custom Scan (ChunkAppend) on metrics (actual rows=3 loops=1)");
        assert_eq!(label, "Custom Scan (ChunkAppend)");
        assert_eq!(got, json!({"Relation Name": "metrics", "Actual Rows": 3, "Actual Loops": 1}));
    }

    #[test]
    fn figures_are_read() {
        let (_, got) = properties(
            "Sort  (cost=32.88..32.96 rows=32 width=224) (actual time=0.5..0.6 rows=0.53 loops=3)",
        );
        let want = json!({"Startup Cost": 32.88, "Total Cost": 32.96, "Plan Rows": 32, "Plan Width": 224,
            "Actual Startup Time": 0.5, "Actual Total Time": 0.6, "Actual Rows": 0.53, "Actual Loops": 3});
        assert_eq!(got, want);
        assert_eq!(properties("Sort (never executed)").1, json!({"Actual Loops": 0}));
        assert!(parse("Sort  (cost=N.N..N.N rows=N width=N)").unwrap().odd_figures);
    }

    #[test]
    fn other_lines_are_no_nodes() {
        for text in
            ["", "Filter: (a = 1)", "select 1", "SubPlan 1", "Planning:", "(3 rows)", "Sort by a"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(!parse("Warp Scan on t  (cost=1.00..2.00 rows=1 width=1)").unwrap().known);
    }
}

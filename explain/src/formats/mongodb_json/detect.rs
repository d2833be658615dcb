//! Whether a text holds MongoDB's plans, without reading it.

use super::operators::is_query_stage;

/// How sure it is. A key is known by its name, by the colon after it, by the kind of its value and
/// by what stands close inside, so that no literal in another engine's plan is taken for one.
pub(super) fn detect(text: &str) -> u8 {
    const NEAR: [(&str, &[&str], u8); 8] = [
        ("queryPlanner", &["winningPlan", "namespace", "parsedQuery", "plannerVersion"], 98),
        ("executionStats", &["executionStages", "executionSuccess", "nReturned"], 97),
        ("winningPlan", &["stage", "queryPlan", "shards", "optimizerPlan"], 97),
        ("executionStages", &["stage", "nReturned"], 97),
        ("execStats", &["stage", "nReturned"], 97),
        ("$cursor", &["queryPlanner"], 97),
        ("cachedPlan", &["stage", "slots"], 97),
        ("attr", &["planSummary", "execStats"], 97),
    ];
    let mut best = 0;
    for (key, inside, sure) in NEAR {
        if values(text, key).any(|value| value.starts_with('{') && mentions(value, inside)) {
            best = best.max(sure);
        }
    }
    const STAGES: [&str; 4] = ["$cursor", "$geoNearCursor", "nReturned", "executionTimeMillis"];
    if values(text, "stages").any(|value| value.starts_with('[') && mentions(value, &STAGES)) {
        best = best.max(95);
    }
    let is_summary = |value: &str| value.starts_with(['"', '\'']) && starts_with_stage(&value[1..]);
    if best == 0 && values(text, "planSummary").any(is_summary) {
        best = 96;
    }
    if best == 0 && values(text, "stage").any(is_summary) {
        best = 90;
    }
    best
}

/// What follows each key of that name and its colon.
fn values<'t>(text: &'t str, key: &'t str) -> impl Iterator<Item = &'t str> {
    /// Looking close around every one of many would take long.
    const MOST: usize = 200;
    let found = text.match_indices(key).filter_map(move |(at, _)| {
        let before = text.as_bytes().get(at.wrapping_sub(1)).copied();
        let quote = before.filter(|b| matches!(b, b'"' | b'\'')).map(char::from);
        let is_bare = before.is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'{' | b','));
        if quote.is_none() && !is_bare {
            return None;
        }
        // A quote in a string of JSON is escaped: what follows is no key of ours.
        if quote.is_some() && at >= 2 && text.as_bytes().get(at - 2) == Some(&b'\\') {
            return None;
        }
        let rest = &text[at + key.len()..];
        let rest = quote.map_or(Some(rest), |quote| rest.strip_prefix(quote))?;
        let rest = rest.trim_start();
        let value = rest.strip_prefix(':').or_else(|| rest.strip_prefix("=>"))?.trim_start();
        (!value.starts_with(':')).then_some(value)
    });
    found.take(MOST)
}

/// Whether one of the words stands close by.
fn mentions(text: &str, words: &[&str]) -> bool {
    /// Figures of a stage may stand before its name; a parsed filter before the plan.
    const CLOSE: usize = 4_000;
    let end = (0..=CLOSE.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    let close = text.get(..end.unwrap_or(0)).unwrap_or_default();
    words.iter().any(|word| close.contains(word))
}

fn starts_with_stage(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = text.split(|c| !is_part(c)).next().unwrap_or_default();
    is_query_stage(name)
}

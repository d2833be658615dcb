//! Two texts as one: what went, what came, with the words marked that differ.

use crate::output::document::{Span, Tone, dim};
use similar::{ChangeTag, TextDiff};

/// Lines around a change that are shown.
const CONTEXT: usize = 2;
/// Texts longer than this are compared line by line at most: words of a megabyte take minutes.
const MOST_BYTES: usize = 200_000;

/// The difference of two statements; `None` when they are the same but for blanks.
pub fn text_diff(before: &str, after: &str) -> Option<Vec<Vec<Span>>> {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words(before) == words(after) {
        return None;
    }
    Some(diff_lines(before, after))
}

/// The difference of two texts, a sign before each line: `-` went, `+` came.
pub fn diff_lines(before: &str, after: &str) -> Vec<Vec<Span>> {
    let diff = TextDiff::from_lines(before, after);
    let is_short = before.len() + after.len() <= MOST_BYTES;
    let mut lines: Vec<Vec<Span>> = Vec::new();
    for (i, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if i > 0 {
            lines.push(vec![dim("  …")]);
        }
        for op in group {
            if is_short {
                for change in diff.iter_inline_changes(op) {
                    let parts = change
                        .iter_strings_lossy()
                        .map(|(marked, text)| (marked, text.into_owned()));
                    lines.push(line(change.tag(), parts));
                }
            } else {
                for change in diff.iter_changes(op) {
                    lines
                        .push(line(change.tag(), [(false, change.value().to_owned())].into_iter()));
                }
            }
        }
    }
    lines
}

/// Words that differ are stronger than their line.
fn line(tag: ChangeTag, parts: impl Iterator<Item = (bool, String)>) -> Vec<Span> {
    let (sign, tone, marked) = match tag {
        ChangeTag::Delete => ("- ", Tone::Hot, Tone::Burning),
        ChangeTag::Insert => ("+ ", Tone::Good, Tone::Good),
        ChangeTag::Equal => ("  ", Tone::Dim, Tone::Dim),
    };
    let mut spans = vec![Span::new(sign, tone)];
    for (is_marked, text) in parts {
        let text = text.trim_end_matches(['\n', '\r']).to_owned();
        spans.push(Span::new(text, if is_marked { marked } else { tone }));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &[Vec<Span>]) -> Vec<String> {
        lines.iter().map(|line| line.iter().map(|span| span.text.as_str()).collect()).collect()
    }

    #[test]
    fn lines_have_signs_and_far_ones_are_left_out() {
        let before = "a\nb\nc\nd\ne\nf\ng\nSELECT x FROM t\n";
        let after = "a\nb\nc\nd\ne\nf\ng\nSELECT y FROM t\n";
        let lines = text_diff(before, after).unwrap();
        assert_eq!(shown(&lines), ["  f", "  g", "- SELECT x FROM t", "+ SELECT y FROM t"]);
        let marked: Vec<&str> =
            lines[2].iter().filter(|s| s.tone == Tone::Burning).map(|s| s.text.as_str()).collect();
        assert_eq!(marked, ["x"]);
        assert!(text_diff("SELECT  1", "SELECT 1\n").is_none());
    }
}

//! Takes off what psql, other clients and copy-and-paste put around a plan: frames, rules, the
//! column's heading, the row count, marks of continued lines, quotes, margins, escapes.
//!
//! Lines keep their number, so that an error can name the place in the original text.

mod chars;
mod frame;
mod margin;
mod strings;

use chars::Habits;
use frame::Frame;
use std::borrow::Cow;
pub(super) use strings::unescaped;

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A line of the plan, or of whatever stands around it.
    Text,
    /// The heading `QUERY PLAN`: what stands before it is not part of the plan.
    Header,
    /// The row count: the plan is over.
    Footer,
}

/// A line without its wrapping.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    /// Its number in the original text, from 1.
    pub(super) number: usize,
    /// Bytes taken off at its left.
    pub(super) removed: usize,
    /// What it is for.
    pub(super) kind: Kind,
    /// The text, trailing blanks included: a wrapped line may need them.
    pub(super) text: Cow<'a, str>,
}

impl Line<'_> {
    /// Takes that many bytes off at the left.
    fn drop_left(&mut self, bytes: usize) {
        self.removed += bytes;
        cut(&mut self.text, bytes, usize::MAX);
    }
}

/// Keeps the bytes from `start` up to `end`.
fn cut(text: &mut Cow<'_, str>, start: usize, end: usize) {
    let end = end.min(text.len());
    let start = start.min(end);
    match text {
        Cow::Borrowed(text) => *text = text.get(start..end).unwrap_or_default(),
        Cow::Owned(text) => {
            text.truncate(end);
            text.drain(..start);
        }
    }
}

/// The lines of `text`, unwrapped. Rules and frames are left out.
pub(super) fn unwrap(text: &str) -> Vec<Line<'_>> {
    Frame::of(text).take_off(clean_margins(text))
}

/// The lines of `text` without colours, odd blanks and escapes; margins and frames stay.
fn clean(text: &str) -> Vec<Line<'_>> {
    if let Some(rows) = strings::rows(text) {
        return rows;
    }
    let habits = Habits::of(text);
    // `split` and not `lines`: a lone carriage return at the end must not hide a frame.
    let end = if text.contains('\n') { '\n' } else { '\r' };
    text.split(end).enumerate().map(|(i, raw)| line_of(i + 1, raw, habits)).collect()
}

fn line_of(number: usize, raw: &str, habits: Habits) -> Line<'_> {
    let text = habits.clean(raw.strip_suffix('\r').unwrap_or(raw));
    Line { number, removed: 0, kind: Kind::Text, text }
}

/// The lines of `text` without colours, odd blanks and margins; frames stay.
pub(super) fn clean_margins(text: &str) -> Vec<Line<'_>> {
    let mut lines = clean(text);
    margin::take_off(&mut lines);
    lines
}

/// The lines of a log without what was put before all of them; nothing else is changed.
pub(super) fn margins_off(text: &str) -> Vec<Cow<'_, str>> {
    let mut lines: Vec<Line<'_>> = text
        .lines()
        .enumerate()
        .map(|(i, raw)| Line { number: i + 1, removed: 0, kind: Kind::Text, text: raw.into() })
        .collect();
    margin::take_off(&mut lines);
    lines.into_iter().map(|line| line.text).collect()
}

/// Whether a line is one of a plan in any format that PostgreSQL or SQLite has.
fn is_plan_like(text: &str) -> bool {
    const MARKS: [&str; 7] = [
        "\"Plan\"",
        "\"Node Type\"",
        "Node Type: ",
        "<Node-Type>",
        "<explain",
        "<Plan>",
        " ms  plan:",
    ];
    let inner = text.trim().trim_matches(['|', '│', '║', '"', '\'']).trim();
    matches!(inner, "Plan:" | "- Plan:")
        || ["|--", "`--", "--SCAN", "--SEARCH"].iter().any(|mark| text.contains(mark))
        || MARKS.iter().any(|mark| text.contains(mark))
        || super::postgres_text::likeness(inner) >= 50
}

/// The plan's lines as one text, and where they come from.
pub(super) struct Source {
    /// The text; every line ends in `\n`.
    pub(super) text: String,
    /// Of each line: its start, its number in the original text, bytes taken off at its left.
    lines: Vec<(usize, usize, usize)>,
}

impl Source {
    /// Unwraps `text`.
    pub(super) fn new(text: &str) -> Self {
        let mut joined = String::with_capacity(text.len());
        let mut lines = Vec::new();
        for line in unwrap(text) {
            if line.kind == Kind::Text {
                lines.push((joined.len(), line.number, line.removed));
                joined.push_str(&line.text);
                joined.push('\n');
            }
        }
        Self { text: joined, lines }
    }

    /// A text without any wrapping.
    pub(super) fn plain(text: &str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        let lines = starts.enumerate().map(|(i, start)| (start, i + 1, 0)).collect();
        Self { text: text.to_owned(), lines }
    }

    /// Puts another text in place, of as many lines.
    pub(super) fn replace(&mut self, text: String) {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        for (line, start) in self.lines.iter_mut().zip(starts) {
            line.0 = start;
        }
        self.text = text;
    }

    /// The number of the original line of a byte.
    pub(super) fn line(&self, at: usize) -> usize {
        self.origin(at).1
    }

    /// The place of a byte in the original text.
    pub(super) fn place(&self, at: usize) -> String {
        // The end is behind the last character and not on an empty line below.
        let at = at.min(self.text.trim_end().len());
        let (start, number, removed) = self.origin(at);
        format!("line {number}, column {}", at - start + 1 + removed)
    }

    fn origin(&self, at: usize) -> (usize, usize, usize) {
        let after = self.lines.partition_point(|(start, ..)| *start <= at);
        self.lines.get(after.saturating_sub(1)).copied().unwrap_or((0, 1, 0))
    }
}

#[cfg(test)]
mod tests;

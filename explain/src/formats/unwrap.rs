//! Takes off what psql, other clients and copy-and-paste put around a plan: frames, rules, the
//! column's heading, the row count, marks of continued lines, quotes.
//!
//! Lines keep their number, so that an error can name the place in the original text.

use std::borrow::Cow;

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

const BARS: [char; 3] = ['|', '│', '║'];

/// The lines of `text`, unwrapped. Rules and frames are left out.
pub(super) fn unwrap(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    const CELLS: [&str; 3] =
        ["\"\"Node Type\"\"", "Node Type: \"\"", "=\"\"http://www.postgresql.org/"];
    let cell = CELLS.iter().any(|mark| text.contains(mark));
    let mut state = State { quoted: is_quoted(text), cell, ..State::default() };
    // `split` and not `lines`: a lone carriage return at the end must not hide a frame.
    for (i, raw) in text.split('\n').enumerate() {
        let raw = raw.strip_suffix('\r').unwrap_or(raw);
        if let Some(line) = state.line(i + 1, raw) {
            lines.push(line);
        }
    }
    lines
}

/// What earlier lines told about the wrapping.
#[derive(Debug, Default)]
struct State {
    /// Every line stands in quotes.
    quoted: bool,
    /// A plan in one CSV cell of many lines, its quotes doubled.
    cell: bool,
    /// Inside a psql table, where a `+` at the end marks a line break in the value.
    table: bool,
    /// The heading had a bar at its right end only.
    right_bar: bool,
}

impl State {
    fn line<'a>(&mut self, number: usize, raw: &'a str) -> Option<Line<'a>> {
        if is_rule(raw) {
            self.table = true;
            return None;
        }
        let (removed, inner) = self.unframed(raw);
        let (removed, text) = match unquoted(inner) {
            Some(text) if self.quoted => (removed + 1, text),
            _ if self.cell => (removed, Cow::Owned(uncelled(inner))),
            _ => (removed, Cow::Borrowed(inner)),
        };
        let trimmed = text.trim();
        let kind = match trimmed {
            "QUERY PLAN" | "--- QUERY PLAN ---" => Kind::Header,
            other if is_row_count(other) => Kind::Footer,
            _ => Kind::Text,
        };
        match kind {
            Kind::Header => (self.table, self.right_bar) = (true, ends_with_bar(raw)),
            Kind::Footer => (self.table, self.right_bar) = (false, false),
            Kind::Text => {}
        }
        let text = if self.table || is_marked(trimmed) { uncontinued(text) } else { text };
        Some(Line { number, removed, kind, text })
    }

    /// The line without bars on its sides, and how many bytes went off at the left.
    fn unframed<'a>(&self, raw: &'a str) -> (usize, &'a str) {
        let trimmed = raw.trim_end();
        let Some(inner) = trimmed.strip_suffix(BARS) else { return (0, raw) };
        let from_left = inner.trim_start();
        match from_left.strip_prefix(BARS) {
            // psql puts one blank inside the frame, as it does where there is no frame.
            Some(rest) => (inner.len() - rest.len(), rest),
            None if self.right_bar || inner.trim() == "QUERY PLAN" => (0, inner),
            None => (0, raw),
        }
    }
}

fn ends_with_bar(raw: &str) -> bool {
    raw.trim_end().ends_with(BARS)
}

/// A line of dashes or frame parts only, at least three of them.
fn is_rule(raw: &str) -> bool {
    let is_part = |c: char| matches!(c, '-' | '+' | '|' | '=') || ('─'..='╬').contains(&c);
    let trimmed = raw.trim();
    trimmed.chars().all(is_part) && trimmed.chars().filter(|c| !BARS.contains(c)).count() >= 3
}

/// `(1 row)`, `(8 lignes)`, `(3 Zeilen)`.
fn is_row_count(trimmed: &str) -> bool {
    let inner = trimmed.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let Some((count, word)) = inner.and_then(|inner| inner.split_once(' ')) else { return false };
    let is_number = !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit());
    is_number && !word.is_empty() && word.chars().all(char::is_alphabetic)
}

/// Whether every line stands in quotes, as pgAdmin copies them. One such line alone is nothing: it
/// may be an item of a JSON array.
fn is_quoted(text: &str) -> bool {
    text.split('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .all(|line| unquoted(line).is_some())
}

/// The text between the quotes around the whole line; quotes inside are doubled.
/// Old versions used single quotes and did not double them.
fn unquoted(inner: &str) -> Option<Cow<'_, str>> {
    let inner = inner.trim_end();
    if let Some(text) = inner.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return Some(text.into());
    }
    let text = inner.strip_prefix('"')?.strip_suffix('"')?;
    Some(if text.contains('"') { text.replace("\"\"", "\"").into() } else { text.into() })
}

/// A line of a CSV cell: `"[`, `"<` or `"- ` at its start, `]"` or `>"` at its end, every other
/// quote doubled.
fn uncelled(inner: &str) -> String {
    let single = inner.trim_end().replace("\"\"", "\"");
    let start = single.strip_prefix('"').filter(|rest| rest.starts_with(['[', '{', '<', '-']));
    let text = start.unwrap_or(&single);
    let end = text.strip_suffix('"').filter(|rest| rest.ends_with([']', '}', '>']));
    end.unwrap_or(text).to_owned()
}

/// A line of JSON or XML with psql's mark, where the heading was not copied.
fn is_marked(trimmed: &str) -> bool {
    trimmed.ends_with('+') && trimmed.starts_with(['[', '{', ']', '}', '"', '<'])
}

/// The line without psql's mark of a line break in the value: `+`, or `↵` in unicode.
fn uncontinued(text: Cow<'_, str>) -> Cow<'_, str> {
    let trimmed = text.trim_end();
    let Some(rest) = trimmed.strip_suffix(['+', '↵']) else { return text };
    let len = rest.len();
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..len]),
        Cow::Owned(mut text) => {
            text.truncate(len);
            Cow::Owned(text)
        }
    }
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
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let lines = unwrap(text).into_iter().filter(|line| line.kind == Kind::Text);
        lines.map(|line| line.text.trim_end().to_owned()).filter(|t| !t.is_empty()).collect()
    }

    #[test]
    fn frames_and_rules_are_taken_off() {
        let plain = ["Limit", "  ->  Result"];
        assert_eq!(texts("QUERY PLAN\n----------\nLimit\n  ->  Result\n(2 rows)\n"), plain);
        assert_eq!(texts("\"Limit\"\n\"  ->  Result\"\n"), plain);
        let psql = [" Limit", "   ->  Result"];
        assert_eq!(texts(" QUERY PLAN \n────────\n Limit\n   ->  Result\n(2 Zeilen)\n"), psql);
        let framed =
            "+------+\n| QUERY PLAN |\n+------+\n| Limit |\n|   ->  Result |\n+-----+\n(2 rows)";
        assert_eq!(texts(framed), psql);
        let unicode = "┌────┐\n│ QUERY PLAN │\n╞════╡\n│ Limit │\n│   ->  Result │\n└────┘\n";
        assert_eq!(texts(unicode), psql);
        assert_eq!(texts("QUERY PLAN   |\n------+\nLimit  |\n  ->  Result|\n"), plain);
    }

    #[test]
    fn continued_lines_lose_their_mark() {
        assert_eq!(
            texts(" QUERY PLAN \n-------\n [     +\n   {}  +\n ]\n(1 row)\n"),
            [" [", "   {}", " ]"]
        );
        assert_eq!(texts("\"a\": 1, +\r\n"), ["\"a\": 1,"]);
        assert_eq!(texts("Filter: (a = b +"), ["Filter: (a = b +"]);
    }

    #[test]
    fn quotes_are_taken_off_where_all_lines_have_them() {
        assert_eq!(texts("'Limit'\n'  Filter: (a = 'x')'\n"), ["Limit", "  Filter: (a = 'x')"]);
        assert_eq!(texts("\"Filter: (\"\"A\"\" = 1)\"\n"), ["Filter: (\"A\" = 1)"]);
        // An item of an array stands alone in quotes too.
        assert_eq!(texts("[\n\"a\"\n]"), ["[", "\"a\"", "]"]);
        let cell = "\"QUERY PLAN\"\n\"[\n {\"\"Node Type\"\": \"\"Limit\"\"}\n]\"\n";
        assert_eq!(texts(cell)[1..], ["[", " {\"Node Type\": \"Limit\"}", "]"]);
    }

    #[test]
    fn lines_keep_their_numbers() {
        let lines = unwrap("x\n---\n| a |\n");
        let at: Vec<(usize, usize)> = lines.iter().map(|l| (l.number, l.removed)).collect();
        assert_eq!(at, [(1, 0), (3, 1), (4, 0)]);
    }
}

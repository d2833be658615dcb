//! The tables of psql, pgcli, DBeaver, pgAdmin and others around the lines of a plan.

use super::{Kind, Line, cut, is_plan_like};
use std::borrow::Cow;

const BARS: [char; 3] = ['|', '│', '║'];

/// psql's marks of a line that goes on in the next.
const WRAPS: [char; 2] = ['.', '…'];

/// What earlier lines told about the wrapping.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// Every line stands in quotes.
    quoted: bool,
    /// A plan in one CSV cell of many lines, its quotes doubled.
    cell: bool,
    /// A document: lines in quotes are its own.
    document: bool,
    /// Inside a psql table, where a `+` at the end marks a line break in the value.
    table: bool,
    /// Characters of the table's rule.
    width: usize,
    /// The table puts a blank before every value.
    blank: bool,
    /// The heading had a bar at its right end only.
    right_bar: bool,
    /// Rows have a bar at their left end only.
    left_bar: bool,
    /// Bytes before the value where the heading stands in every row.
    expanded: Option<usize>,
}

impl Frame {
    /// That of a text.
    pub(super) fn of(text: &str) -> Self {
        const CELLS: [&str; 3] =
            ["\"\"Node Type\"\"", "Node Type: \"\"", "=\"\"http://www.postgresql.org/"];
        let has = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
        let document = text.contains('N')
            && text.contains("Node")
            && has(&["Node Type\"", "Node Type: ", "<Node-Type>"]);
        let cell = text.contains("\"\"") && has(&CELLS);
        Self { quoted: is_quoted(text), cell, document, ..Self::default() }
    }

    /// The lines without the frame; rules are left out, wrapped lines put together.
    pub(super) fn take_off(mut self, lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
        let mut kept: Vec<Line<'_>> = Vec::with_capacity(lines.len());
        let mut lines = lines.into_iter().peekable();
        let mut goes_on = None;
        while let Some(mut line) = lines.next() {
            let next = lines.peek().map_or("", |next| &next.text);
            if self.rule(&line.text, next) {
                if self.expanded == Some(0) {
                    kept.push(Line { kind: Kind::Header, text: Cow::Borrowed(""), ..line });
                    self.expanded = None;
                }
                goes_on = None;
                continue;
            }
            let wraps = self.wraps(&line.text, next);
            self.inner(&mut line);
            if let Some((mark, _)) = wraps {
                let end = line.text.trim_end().strip_suffix(mark).map_or(usize::MAX, str::len);
                cut(&mut line.text, 0, end);
            }
            match (goes_on, kept.last_mut()) {
                (Some((mark, is_marked)), Some(last)) => {
                    let text = &line.text;
                    let rest = text.strip_prefix(mark).filter(|_| is_marked).unwrap_or(text);
                    last.text.to_mut().push_str(rest);
                }
                _ => kept.push(line),
            }
            goes_on = wraps;
        }
        kept
    }

    /// Takes a rule or the heading of a record; `false` for any other line.
    fn rule(&mut self, text: &str, next: &str) -> bool {
        if let Some(record) = record(text) {
            self.table = true;
            if record <= 1 {
                // The plan begins anew.
                self.expanded = Some(0);
            }
            return true;
        }
        if !is_rule(text) {
            return false;
        }
        self.table = true;
        self.width = text.trim().chars().count();
        self.left_bar = text.trim().starts_with("|===");
        let (_, inner) = self.unframed(next);
        self.blank = inner.starts_with(' ');
        true
    }

    /// The mark at the end of a line that psql wrapped, and whether the next has it too.
    fn wraps(&self, text: &str, next: &str) -> Option<(char, bool)> {
        if !self.table {
            return None;
        }
        let (_, inner) = self.unframed(text);
        let mark = inner.trim_end().chars().next_back().filter(|c| WRAPS.contains(c))?;
        let width = text.trim_end().chars().count();
        let (_, below) = self.unframed(next);
        let marked = width == self.width && below.starts_with(mark);
        // Without a frame and a margin there is only the mark at the right.
        let bare = !self.blank && width == self.width + 1;
        (marked || bare).then_some((mark, marked))
    }

    /// Takes off what stands around the value and tells what the line is for.
    fn inner(&mut self, line: &mut Line<'_>) {
        let is_full = self.table && line.text.chars().count() == self.width;
        let has_right_bar = line.text.trim_end().ends_with(BARS);
        let (removed, end) = {
            let (removed, inner) = self.unframed(&line.text);
            (removed, removed + inner.len())
        };
        cut(&mut line.text, removed, end);
        line.removed += removed;
        if self.blank && self.table && line.text.starts_with(' ') {
            let text = line.text.trim_end_matches('\n');
            let is_padded = text.ends_with(' ') && (has_right_bar || is_full);
            let end = if is_padded { text.len() - 1 } else { text.len() };
            cut(&mut line.text, 1, end.max(1));
            line.removed += 1;
        }
        self.value(line);
        if let Some(text) = self.unquoted_line(&line.text) {
            line.text = Cow::Owned(text);
            line.removed += usize::from(self.quoted);
        }
        let trimmed = line.text.trim();
        line.kind = match trimmed {
            heading if is_heading(heading) => Kind::Header,
            other if is_row_count(other) => Kind::Footer,
            _ => Kind::Text,
        };
        match line.kind {
            Kind::Header => (self.table, self.right_bar) = (true, has_right_bar),
            Kind::Footer => {
                (self.table, self.right_bar, self.left_bar) = (false, false, false);
                self.expanded = None;
            }
            Kind::Text => {}
        }
        if self.table || is_marked(trimmed) {
            uncontinue(&mut line.text);
        }
    }

    fn unquoted_line(&self, text: &str) -> Option<String> {
        if self.quoted {
            return unquoted(text).map(Cow::into_owned);
        }
        if self.cell {
            return Some(uncelled(text));
        }
        if self.document || !text.starts_with(['"', '\'']) {
            return None;
        }
        // A CSV quotes only the rows that need it.
        let inner = unquoted(text)?;
        (is_plan_like(&inner) || is_property(&inner) || is_heading(inner.trim()))
            .then(|| inner.into_owned())
    }

    /// The line without bars on its sides, and how many bytes went off at the left.
    fn unframed<'t>(&self, raw: &'t str) -> (usize, &'t str) {
        let trimmed = raw.trim_end();
        let from_left = trimmed.trim_start();
        if self.left_bar
            && let Some(rest) = from_left.strip_prefix('|')
        {
            return (trimmed.len() - rest.len(), rest);
        }
        let Some(inner) = trimmed.strip_suffix(BARS) else { return (0, raw) };
        let from_left = inner.trim_start();
        match from_left.strip_prefix(BARS) {
            // psql puts one blank inside the frame, as it does where there is no frame.
            Some(rest) => (inner.len() - rest.len(), rest),
            None if self.right_bar || is_heading(inner.trim()) => (0, inner),
            None => (0, raw),
        }
    }

    /// Takes off the heading that stands in every row: `QUERY PLAN | Limit`, `QUERY PLAN,Limit`.
    fn value(&mut self, line: &mut Line<'_>) {
        if let Some(start) = row_heading(&line.text) {
            self.expanded = Some(start);
            return line.drop_left(start);
        }
        let Some(start) = self.expanded.filter(|start| *start > 0) else { return };
        let is_margin = |c: char| c == ' ' || BARS.contains(&c);
        if line.text.get(..start).is_some_and(|margin| margin.chars().all(is_margin)) {
            line.drop_left(start);
        }
    }
}

/// Where the value begins behind a heading on the same line.
fn row_heading(text: &str) -> Option<usize> {
    let inner = text.trim_start();
    let rest = inner.strip_prefix("QUERY PLAN")?;
    let value = rest.trim_start_matches(' ');
    if value.is_empty() {
        return None;
    }
    let from = match value.strip_prefix(BARS) {
        Some(value) => value.strip_prefix(' ').filter(|_| rest.starts_with(' ')).unwrap_or(value),
        None if rest.starts_with([',', '\t', ':']) => &rest[1..],
        // psql without borders: one blank.
        None => rest.strip_prefix(' ').filter(|_| !rest.starts_with(" ("))?,
    };
    Some(text.len() - from.len())
}

fn is_heading(trimmed: &str) -> bool {
    /// Longest heading with signs around it.
    const MOST: usize = 40;
    if trimmed.len() > MOST || !trimmed.contains(['P', 'p']) {
        return false;
    }
    let inner = trimmed
        .trim_start_matches("^l|")
        .trim_start_matches("\\textit{")
        .trim_start_matches("\\fI")
        .trim_end_matches("\\fP")
        .trim_matches(['"', '\'', '`', '}', '|', '│', ' ', '#', '*', '▼', '▲']);
    ["QUERY PLAN", "query_plan", "--- QUERY PLAN ---"]
        .iter()
        .any(|heading| inner.eq_ignore_ascii_case(heading))
        || trimmed == "--- QUERY PLAN ---"
}

/// `-[ RECORD 12 ]----`, `┌─[ RECORD 1 ]──┐`, `* Record 1`: the number.
fn record(text: &str) -> Option<u64> {
    let trimmed = text.trim();
    if !trimmed.starts_with(|c| c == '*' || is_frame_part(c)) {
        return None;
    }
    let words = match trimmed.strip_prefix("* ") {
        Some(words) => words,
        None => {
            let (before, rest) = trimmed.split_once("[ ")?;
            let is_frame = !before.is_empty() && before.chars().all(is_frame_part);
            let (words, after) = rest.split_once(" ]").filter(|_| is_frame)?;
            after.chars().all(is_frame_part).then_some(words)?
        }
    };
    let (word, number) = words.rsplit_once(' ')?;
    let is_word = !word.is_empty() && word.chars().all(char::is_alphabetic);
    number.parse().ok().filter(|_| is_word)
}

fn is_frame_part(c: char) -> bool {
    matches!(c, '-' | '+' | '|' | '=' | ':') || ('─'..='╬').contains(&c)
}

/// A line of dashes or frame parts only, at least three of them.
fn is_rule(raw: &str) -> bool {
    let trimmed = raw.trim();
    trimmed.chars().all(|c| is_frame_part(c) && c != ':')
        && trimmed.chars().filter(|c| !BARS.contains(c)).count() >= 3
        || is_markdown_rule(trimmed)
}

/// `|:---|`
fn is_markdown_rule(trimmed: &str) -> bool {
    trimmed.starts_with('|')
        && trimmed.contains("--")
        && trimmed.chars().all(|c| matches!(c, '-' | '|' | ':' | ' '))
}

/// `(1 row)`, `(8 lignes)`, `(3 Zeilen)`, `(2 行记录)`, `(2개 행)`.
fn is_row_count(trimmed: &str) -> bool {
    const MOST: usize = 40;
    let Some(inner) = trimmed.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else {
        return false;
    };
    let word = inner.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_text = |c: char| c.is_alphabetic() || matches!(c, ' ' | '\u{a0}' | '\'');
    word.len() < inner.len()
        && inner.len() <= MOST
        && word.chars().all(is_text)
        && word.chars().any(char::is_alphabetic)
}

/// Whether every line stands in quotes, as pgAdmin copies them. One such line alone is nothing: it
/// may be an item of a JSON array.
fn is_quoted(text: &str) -> bool {
    text.split('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty() && !is_heading(line) && !is_row_count(line))
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

/// `    Sort Key: a, b`
fn is_property(inner: &str) -> bool {
    let trimmed = inner.trim_start();
    trimmed.split_once(": ").is_some_and(|(key, _)| {
        key.starts_with(|c: char| c.is_ascii_uppercase())
            && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '/' | '-'))
    })
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

/// Takes off psql's mark of a line break in the value: `+`, or `↵` in unicode.
fn uncontinue(text: &mut Cow<'_, str>) {
    if let Some(rest) = text.trim_end().strip_suffix(['+', '↵']) {
        let len = rest.trim_end().len();
        cut(text, 0, len);
    }
}

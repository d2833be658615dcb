//! Rows and columns as clients print them: framed, vertical, separated by tabs, commas or blanks.

use super::{Cursor, Line};

/// Rows with named columns.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::formats::mysql) struct Grid {
    /// Lower case.
    columns: Vec<String>,
    rows: Vec<Row>,
}

/// Cells are found by name, one after the other.
const MAX_COLUMNS: usize = 64;

/// A row's cells in one text, each before a [`CELL_END`].
pub(in crate::formats::mysql) type Row = Box<str>;

/// A character that no client prints.
const CELL_END: char = '\u{1f}';

impl Grid {
    pub(in crate::formats::mysql) fn new(columns: Vec<String>) -> Self {
        let columns = columns.into_iter().map(|name| name.to_ascii_lowercase()).collect();
        Self { columns, rows: Vec::new() }
    }

    pub(in crate::formats::mysql) fn push<'a>(&mut self, cells: impl Iterator<Item = &'a str>) {
        let mut row = String::new();
        for cell in cells {
            row.push_str(cell.trim());
            row.push(CELL_END);
        }
        self.rows.push(row.into());
    }

    /// From lines of `mysql -B`, of which the first names the columns.
    pub(super) fn from_tabs<'a>(mut lines: impl Iterator<Item = &'a str>) -> Self {
        let names = lines.next().unwrap_or_default();
        let mut grid = Self::new(names.split('\t').map(|name| name.trim().to_owned()).collect());
        lines.for_each(|line| grid.push(line.split('\t')));
        grid
    }

    pub(in crate::formats::mysql) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(in crate::formats::mysql) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The cell of that column; `None` if it is `NULL`, empty or missing.
    pub(in crate::formats::mysql) fn cell<'a>(
        &self,
        row: &'a Row,
        column: &str,
    ) -> Option<&'a str> {
        let at = self.columns.iter().position(|name| name == column)?;
        let cell = row.split_terminator(CELL_END).nth(at)?;
        Some(cell).filter(|cell| !cell.is_empty() && *cell != "NULL")
    }

    pub(in crate::formats::mysql) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    /// Whether these are the rows of a tabular EXPLAIN.
    pub(in crate::formats::mysql) fn is_plan(&self) -> bool {
        self.columns.len() <= MAX_COLUMNS && self.has("select_type") && self.has("table")
    }

    /// Whether these are the rows of SHOW WARNINGS.
    pub(super) fn is_warnings(&self) -> bool {
        self.columns.len() <= MAX_COLUMNS
            && self.has("level")
            && self.has("code")
            && self.has("message")
    }

    fn is_known(&self) -> bool {
        self.is_plan() || self.is_warnings()
    }
}

const BARS: [char; 3] = ['|', '│', '┃'];

/// A line of a frame: `+----+---+`, `|----|`, `├────┤`.
pub(super) fn is_rule(text: &str) -> bool {
    let is_part = |c: char| matches!(c, '-' | '+' | '|' | '=' | ':') || ('─'..='╬').contains(&c);
    text.len() >= 3
        && text.chars().all(is_part)
        && text.chars().any(|c| matches!(c, '-' | '=' | '─' | '═' | '━'))
}

pub(super) fn is_framed(text: &str) -> bool {
    text.starts_with(BARS) || is_rule(text) && text.starts_with(['+', '┌', '╔', '├', '└'])
}

/// `1 row in set (0.00 sec)`, `(1 row)`, `Query OK`, `Empty set`.
pub(super) fn is_end(text: &str) -> bool {
    let starts_with_digit = text.trim_start_matches('(').starts_with(|c: char| c.is_ascii_digit());
    starts_with_digit
        && (text.contains(" in set") || text.ends_with("row)") || text.ends_with("rows)"))
        || text.starts_with("Query OK")
        || text.starts_with("Empty set")
}

/// The number in `*************************** 1. row ***************************`.
pub(super) fn row_number(text: &str) -> Option<u32> {
    let inner = text.trim().strip_prefix("***")?.trim_matches('*').trim();
    inner.strip_suffix(". row")?.parse().ok()
}

/// What follows the name of the one column that holds a plan: `EXPLAIN: {`.
pub(super) fn is_value_label(text: &str) -> Option<&str> {
    let (name, value) = text.split_once(':')?;
    let name = name.trim();
    let is_it = ["EXPLAIN", "ANALYZE", "SHOW EXPLAIN", "SHOW ANALYZE", "QUERY PLAN"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known));
    let value = value.trim_start();
    (is_it && (value.starts_with(['{', '[']) || value.starts_with("->"))).then_some(value)
}

// ---- frames --------------------------------------------------------------------------------------

/// What a frame holds.
pub(super) enum Framed<'a> {
    /// One cell of many lines.
    Cell(Vec<Line<'a>>),
    /// Rows, and the line of the heading.
    Table((Grid, usize)),
    Nothing,
}

/// Reads the frame that begins at the line.
pub(super) fn framed<'a>(lines: &mut Cursor<'a>) -> Framed<'a> {
    rules(lines);
    let Some(header) = lines.peek().map(str::trim).filter(|line| line.starts_with(BARS)) else {
        return Framed::Nothing;
    };
    let number = lines.number;
    let names = cells(header, usize::MAX);
    lines.advance();
    if names.len() <= 1 {
        rules(lines);
        return Framed::Cell(cell_lines(lines));
    }
    rules(lines);
    let mut grid = Grid::new(names.iter().map(|name| (*name).to_owned()).collect());
    // Lines that the frame does not begin go on with the row above.
    let mut row = String::new();
    while let Some(line) = lines.peek() {
        let text = line.trim();
        let begins = text.starts_with(BARS);
        if is_rule(text) || !begins && (row.is_empty() || row.trim_end().ends_with(BARS)) {
            break;
        }
        if begins && row.trim_end().ends_with(BARS) {
            grid.push(cells(row.trim(), names.len()).into_iter());
            row.clear();
        }
        if !row.is_empty() {
            row.push('\n');
        }
        row.push_str(text);
        lines.advance();
    }
    if !row.is_empty() {
        grid.push(cells(row.trim(), names.len()).into_iter());
    }
    rules(lines);
    if grid.is_known() { Framed::Table((grid, number)) } else { Framed::Nothing }
}

fn rules(lines: &mut Cursor<'_>) {
    while lines.peek().is_some_and(|line| is_rule(line.trim())) {
        lines.advance();
    }
}

/// The cells of a framed line, at most `most`: the last may hold bars.
fn cells(line: &str, most: usize) -> Vec<&str> {
    let inner = line.strip_prefix(BARS).unwrap_or(line);
    let inner = inner.strip_suffix(BARS).unwrap_or(inner);
    let padded: Vec<&str> = [" | ", " │ ", " ┃ "]
        .iter()
        .map(|bar| inner.splitn(most, bar).collect::<Vec<_>>())
        .max_by_key(Vec::len)
        .unwrap_or_default();
    let is_whole = padded.len() > 1 && (most == usize::MAX || padded.len() == most);
    let parts = if is_whole { padded } else { inner.splitn(most, BARS).collect() };
    parts.into_iter().map(str::trim).collect()
}

/// The lines of the one cell of a frame. Only the first and the last have bars, or all.
fn cell_lines<'a>(lines: &mut Cursor<'a>) -> Vec<Line<'a>> {
    let mut found = lines.lines_while(|line| !is_rule(line.trim()) && !is_end(line.trim()));
    rules(lines);
    for line in &mut found {
        if let std::borrow::Cow::Borrowed(text) = line.text {
            let text = match text.trim_start().strip_prefix(BARS) {
                Some(rest) => rest.strip_prefix(' ').unwrap_or(rest),
                None => text,
            };
            let text = text.trim_end();
            line.text = text.strip_suffix(BARS).unwrap_or(text).trim_end().into();
        }
    }
    found
}

// ---- \G ------------------------------------------------------------------------------------------

/// Reads rows of `\G`. Rows are numbered from 1 in each result.
pub(super) fn vertical(lines: &mut Cursor<'_>) -> Vec<(Grid, usize)> {
    let mut grids: Vec<(Grid, usize)> = Vec::new();
    while let Some(number) = lines.peek().and_then(row_number) {
        let line = lines.number;
        lines.advance();
        let (names, values) = fields(lines);
        if number == 1 || grids.is_empty() {
            grids.push((Grid::new(names), line));
        }
        if let Some((grid, _)) = grids.last_mut() {
            grid.push(values.iter().map(String::as_str));
        }
    }
    grids.retain(|(grid, _)| grid.is_known());
    grids
}

const NAMES: [&str; 18] = [
    "id",
    "select_type",
    "table",
    "partitions",
    "type",
    "possible_keys",
    "key",
    "key_len",
    "ref",
    "rows",
    "r_rows",
    "filtered",
    "r_filtered",
    "extra",
    "level",
    "code",
    "message",
    "query",
];

/// The names and values of one row.
fn fields(lines: &mut Cursor<'_>) -> (Vec<String>, Vec<String>) {
    let (mut names, mut values) = (Vec::new(), Vec::<String>::new());
    while let Some(line) =
        lines.peek().filter(|line| row_number(line).is_none() && !is_end(line.trim()))
    {
        let (name, value) = line.split_once(':').unwrap_or(("", ""));
        let name = name.trim();
        if NAMES.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            names.push(name.to_owned());
            values.push(value.trim().to_owned());
        } else if line.trim().is_empty() {
            break;
        } else if let Some(last) = values.last_mut() {
            last.push('\n');
            last.push_str(line);
        }
        lines.advance();
    }
    (names, values)
}

// ---- separators ----------------------------------------------------------------------------------

/// How the cells of a line are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Apart {
    By(char),
    ByBlanks,
}

/// Reads rows that a line of names begins, such as those of `mysql -B` or CSV.
pub(super) fn delimited(lines: &mut Cursor<'_>, header: &str) -> Option<(Grid, usize)> {
    let lower = header.to_ascii_lowercase();
    if !(lower.contains("select_type") || lower.contains("level") && lower.contains("message")) {
        return None;
    }
    let ways = ['\t', ';', ',', '|', '│'].map(Apart::By).into_iter().chain([Apart::ByBlanks]);
    let named = |apart| (apart, Grid::new(apart_cells(header, apart, usize::MAX)));
    let (apart, mut grid) = ways.map(named).find(|(_, grid)| grid.is_known())?;
    let number = lines.number;
    lines.advance();
    rules(lines);
    let width = grid.columns.len();
    while let Some(line) =
        lines.peek().filter(|line| !line.trim().is_empty() && !is_end(line.trim()))
    {
        let cells = apart_cells(line, apart, width);
        // The last column may be empty and cut off.
        if cells.len() > width || cells.len() + 1 < width || !begins_row(&grid, cells.first()) {
            break;
        }
        grid.push(cells.iter().map(String::as_str));
        lines.advance();
    }
    Some((grid, number))
}

/// A row begins with an id or `NULL`; one of SHOW WARNINGS with its level.
fn begins_row(grid: &Grid, first: Option<&String>) -> bool {
    let first = first.map(|cell| cell.trim()).unwrap_or_default();
    grid.is_warnings()
        || first.is_empty()
        || first == "NULL"
        || first.bytes().all(|b| b.is_ascii_digit())
}

fn apart_cells(line: &str, apart: Apart, width: usize) -> Vec<String> {
    match apart {
        Apart::By('\t') => {
            line.split('\t').map(|cell| super::unescaped(cell).into_owned()).collect()
        }
        Apart::By(mark) => separated(line.trim_matches(BARS), mark),
        Apart::ByBlanks => by_blanks(line, width),
    }
}

/// Cells of CSV: in quotes where they need to be.
fn separated(line: &str, mark: char) -> Vec<String> {
    let mut cells = Vec::new();
    let mut rest = Some(line);
    while let Some(text) = rest {
        let start = text.trim_start();
        if let Some(inner) = start.strip_prefix('"') {
            let (content, end) = quoted(inner, '"');
            cells.push(content);
            let after = inner.get(end..).unwrap_or_default();
            rest = after.split_once(mark).map(|(_, rest)| rest);
        } else {
            let (cell, after) =
                text.split_once(mark).map_or((text, None), |(cell, rest)| (cell, Some(rest)));
            cells.push(cell.trim().to_owned());
            rest = after;
        }
    }
    cells
}

/// The content of a string up to its quote, and the byte behind that. Quotes inside are doubled or
/// behind a `\`.
pub(super) fn quoted(inner: &str, quote: char) -> (String, usize) {
    let bytes = inner.as_bytes();
    let quote = quote as u8;
    let (mut at, mut doubled, mut escaped) = (0, false, false);
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' {
            escaped |= bytes.get(at + 1) == Some(&quote);
            at += 1;
        } else if byte == quote {
            if bytes.get(at + 1) != Some(&quote) {
                break;
            }
            doubled = true;
            at += 1;
        }
        at += 1;
    }
    let at = at.min(bytes.len());
    let content = inner.get(..at).unwrap_or_default();
    let (once, twice) = ((quote as char).to_string(), (quote as char).to_string().repeat(2));
    let content = match () {
        () if doubled => content.replace(&twice, &once),
        () if escaped => super::unescaped(content).into_owned(),
        () => content.to_owned(),
    };
    (content, (at + 1).min(bytes.len()))
}

/// Types of more than one word.
const SELECT_TYPES: [&str; 4] = ["SUBQUERY", "UNION", "DERIVED", "RESULT"];

/// Cells apart by blanks, as forums and chats leave a table. The last takes what is left.
fn by_blanks(line: &str, width: usize) -> Vec<String> {
    let mut cells: Vec<String> = Vec::new();
    let mut words = line.split_whitespace().peekable();
    while let Some(word) = words.next() {
        if cells.len() + 1 == width {
            let rest: Vec<&str> = std::iter::once(word).chain(words.by_ref()).collect();
            cells.push(rest.join(" "));
            break;
        }
        let mut cell = word.to_owned();
        let first_of_two = matches!(
            word,
            "DEPENDENT"
                | "UNCACHEABLE"
                | "UNION"
                | "LATERAL"
                | "RECURSIVE"
                | "UNIT"
                | "INTERSECT"
                | "EXCEPT"
        );
        while cells.len() == 1
            && first_of_two
            && words.peek().is_some_and(|next| SELECT_TYPES.contains(next))
        {
            cell.push(' ');
            cell.push_str(words.next().unwrap_or_default());
        }
        // `7 (3%)` of MariaDB.
        if words.peek().is_some_and(|next| next.starts_with('(') && next.ends_with("%)")) {
            cell.push(' ');
            cell.push_str(words.next().unwrap_or_default());
        }
        cells.push(cell);
    }
    cells
}

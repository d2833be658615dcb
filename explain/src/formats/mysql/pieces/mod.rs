//! Splits what was pasted, piped or saved into pieces: statements, documents, trees, tables, warnings.
//!
//! Knows how the clients print: the frame of `mysql`, `\G`, `mysql -B` with `\n` in its cells, CSV,
//! Markdown, prompts and row counts. Every line is looked at once, so the work grows with the text.

mod grid;
mod statement;

pub(super) use grid::Grid;

use super::json::{Broken, Json, unescaped};
use super::{operation, tree};
use std::borrow::Cow;

/// A line and its number in the original text, from 1.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) text: Cow<'a, str>,
}

/// What stands in the input, in order.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// A statement that was explained.
    Statement(String),
    /// JSON that is complete, or broken and of a plan; and the line where it begins.
    Document(Cow<'a, str>, usize),
    /// Lines of FORMAT=TREE.
    Tree(Vec<Line<'a>>),
    /// Rows with named columns, and the line of the names.
    Table(Grid, usize),
    /// An entry of the slow log: its plan, statement and milliseconds.
    Slow { plan: Grid, line: usize, statement: Option<String>, query_ms: Option<f64> },
    /// A warning: what SHOW WARNINGS lists.
    Warning { code: u32, message: String },
    /// Something only MariaDB prints, such as its prompt.
    Mariadb,
}

/// The lines of a text, one by one.
#[derive(Debug, Clone, Copy)]
struct Cursor<'a> {
    text: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<&'a str> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let line = rest.split('\n').next().unwrap_or(rest);
        Some(line.strip_suffix('\r').unwrap_or(line))
    }

    fn advance(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.find('\n').map_or(rest.len(), |end| end + 1);
        self.number += 1;
    }

    /// Goes on behind that byte, on a line of its own.
    fn skip_to(&mut self, byte: usize) {
        let byte = byte.clamp(self.at, self.text.len());
        self.number += self.text.as_bytes()[self.at..byte].iter().filter(|b| **b == b'\n').count();
        self.at = byte;
    }

    fn lines_while(&mut self, mut wanted: impl FnMut(&str) -> bool) -> Vec<Line<'a>> {
        let mut lines = Vec::new();
        while let Some(text) = self.peek().filter(|line| wanted(line)) {
            lines.push(Line { number: self.number, text: text.into() });
            self.advance();
        }
        lines
    }
}

/// The pieces of `text`.
pub(super) fn split(text: &str) -> Vec<Piece<'_>> {
    let mut splitter = Splitter::new(text);
    while let Some(line) = splitter.lines.peek() {
        splitter.piece(line);
    }
    splitter.pieces
}

/// The pieces of `text` up to the first document of a plan.
pub(super) fn first_document(text: &str) -> Vec<Piece<'_>> {
    let mut splitter = Splitter::new(text);
    while let Some(line) = splitter.lines.peek() {
        splitter.stops_early = true;
        splitter.piece(line);
        if splitter.has_plan() {
            break;
        }
    }
    splitter.pieces
}

struct Splitter<'a> {
    lines: Cursor<'a>,
    pieces: Vec<Piece<'a>>,
    /// Of the entry of the slow log that is open.
    query_ms: Option<f64>,
    /// Only the first plan is wanted.
    stops_early: bool,
}

impl<'a> Splitter<'a> {
    fn new(text: &'a str) -> Self {
        let lines = Cursor { text, at: 0, number: 1 };
        Self { lines, pieces: Vec::new(), query_ms: None, stops_early: false }
    }

    /// Whether the last piece is a document of a plan.
    fn has_plan(&self) -> bool {
        matches!(self.pieces.last(), Some(Piece::Document(text, _)) if text.contains("query_block"))
    }

    /// Reads the piece that begins at the line, or leaves the line out.
    fn piece(&mut self, line: &'a str) {
        let text = line.trim();
        match text.as_bytes().first() {
            None => self.lines.advance(),
            Some(b'{' | b'[') => self.document(line),
            Some(b'"' | b'\'') if self.cell(line) => {}
            Some(b'#') => self.comment(text),
            Some(b'*') if grid::row_number(text).is_some() => self.vertical(),
            Some(b'-') if tree::is_node(line) => self.tree(line),
            _ if grid::is_framed(text) => self.framed(),
            _ => self.words(line, text),
        }
    }

    fn words(&mut self, line: &'a str, text: &str) {
        if let Some(prompt) = statement::prompt(text) {
            if prompt.is_mariadb {
                self.pieces.push(Piece::Mariadb);
            }
            self.pieces.extend(statement::read(&mut self.lines).map(Piece::Statement));
        } else if let Some((code, message)) = warning(text) {
            self.pieces.push(Piece::Warning { code, message: message.to_owned() });
            self.lines.advance();
        } else if grid::is_value_label(text).is_some() {
            self.labelled();
        } else if statement::begins(text) {
            self.pieces.extend(statement::read(&mut self.lines).map(Piece::Statement));
        } else if let Some(grid) = grid::delimited(&mut self.lines, line) {
            self.table(grid);
        } else {
            self.lines.advance();
        }
    }

    // ---- documents and trees ---------------------------------------------------------------------

    fn document(&mut self, line: &'a str) {
        if line.trim_start().starts_with("{\\n") {
            // As `mysql -B` prints it.
            let number = self.lines.number;
            self.lines.advance();
            return self.value(vec![Line { number, text: line.into() }], true);
        }
        let mut at = self.lines.at + (line.len() - line.trim_start().len());
        let mut end = at;
        // Several may follow each other on a line. What else is on it is left out.
        while let Some(rest) = self.lines.text.get(at..).filter(|rest| rest.starts_with(['{', '[']))
        {
            self.lines.skip_to(at);
            end = at + self.one_document(rest);
            if self.stops_early && self.has_plan() {
                break;
            }
            let blanks = self.lines.text.as_bytes()[end..].iter();
            at = end + blanks.take_while(|byte| matches!(byte, b' ' | b',' | b';')).count();
        }
        self.lines.skip_to(end);
        self.lines.advance();
    }

    /// Reads the document at the start of `rest`, and says where it ends or breaks off.
    fn one_document(&mut self, rest: &'a str) -> usize {
        let number = self.lines.number;
        let broken_at = match Json::read(rest) {
            Ok((_, end)) => {
                self.pieces.push(Piece::Document(rest.get(..end).unwrap_or(rest).into(), number));
                return end;
            }
            Err(Broken::At { byte, .. }) => byte.clamp(1, rest.len()),
            Err(Broken::Limit(_)) => rest.len(),
        };
        if !is_plan(rest.get(..broken_at).unwrap_or(rest)) {
            return broken_at;
        }
        // The rest is kept, so that the error can show what stands there.
        self.pieces.push(Piece::Document(rest.into(), number));
        rest.len()
    }

    fn tree(&mut self, line: &'a str) {
        // As `mysql -B` prints it: a cell that ends with a line break. In a literal, MySQL writes
        // one as `\n` too.
        if line.trim_end().ends_with("\\n") {
            let number = self.lines.number;
            self.lines.advance();
            return self.value(vec![Line { number, text: line.into() }], true);
        }
        let lines = self.tree_lines();
        self.push_tree(lines);
    }

    /// The lines of a tree: until a blank line that no deeper node follows, or another piece.
    fn tree_lines(&mut self) -> Vec<Line<'a>> {
        self.lines.lines_while(|line| {
            let text = line.trim();
            tree::is_node(line)
                || !(text.is_empty()
                    || grid::is_rule(text)
                    || grid::is_end(text)
                    || text.starts_with("```"))
                    && statement::prompt(text).is_none()
                    && grid::row_number(text).is_none()
        })
    }

    fn push_tree(&mut self, lines: Vec<Line<'a>>) {
        // The continued lines of a statement at the prompt look the same: `    -> FROM t`.
        let first = lines.first().map(|line| line.text.trim().trim_start_matches("->").trim());
        if first.is_some_and(operation::is_operation) {
            self.pieces.push(Piece::Tree(lines));
        }
    }

    /// The text of a cell: JSON or a tree.
    fn value(&mut self, mut lines: Vec<Line<'a>>, escaped: bool) {
        let number = lines.first().map_or(1, |line| line.number);
        if escaped {
            let whole: String =
                lines.iter().map(|line| line.text.as_ref()).collect::<Vec<_>>().join("\n");
            let inner = unescaped(&whole).into_owned();
            lines = inner
                .split('\n')
                .map(|text| Line { number, text: text.to_owned().into() })
                .collect();
        }
        let blank = lines.iter().take_while(|line| line.text.trim().is_empty()).count();
        lines.drain(..blank);
        let Some(first) = lines.first() else { return };
        let (number, start) = (first.number, first.text.trim_start());
        if start.starts_with(['{', '[']) {
            let mut text =
                String::with_capacity(lines.iter().map(|line| line.text.len() + 1).sum());
            for line in &lines {
                text.push_str(&line.text);
                text.push('\n');
            }
            self.pieces.push(Piece::Document(text.into(), number));
        } else if start.starts_with("->") {
            let end =
                lines.iter().rposition(|line| !line.text.trim().is_empty()).map_or(0, |at| at + 1);
            lines.truncate(end);
            self.push_tree(lines);
        }
    }

    // ---- cells and tables ------------------------------------------------------------------------

    /// A cell of CSV, or a string of JSON, with a plan in it.
    fn cell(&mut self, line: &'a str) -> bool {
        let start = self.lines.at + (line.len() - line.trim_start().len());
        let rest = self.lines.text.get(start..).unwrap_or_default();
        let Some(quote) = rest.chars().next() else { return false };
        let inner = rest.get(1..).unwrap_or_default();
        if !inner.trim_start().starts_with(['{', '[']) && !inner.starts_with("->") {
            let Some(grid) = grid::delimited(&mut self.lines, line) else { return false };
            self.table(grid);
            return true;
        }
        let number = self.lines.number;
        let (content, end) = grid::quoted(inner, quote);
        let lines = content.split('\n').enumerate();
        let owned = |(i, text): (usize, &str)| Line {
            number: number + i,
            text: text.trim_end_matches('\r').to_owned().into(),
        };
        let lines = lines.map(owned).collect();
        self.lines.skip_to(start + end);
        self.lines.advance();
        self.value(lines, false);
        true
    }

    fn framed(&mut self) {
        match grid::framed(&mut self.lines) {
            grid::Framed::Cell(lines) => {
                let escaped =
                    lines.len() == 1 && lines.iter().any(|line| line.text.contains("\\n"));
                self.value(lines, escaped);
            }
            grid::Framed::Table(grid) => self.table(grid),
            grid::Framed::Nothing => {}
        }
    }

    fn vertical(&mut self) {
        let value_follows = {
            let mut ahead = self.lines;
            ahead.advance();
            ahead.peek().is_some_and(|line| grid::is_value_label(line.trim()).is_some())
        };
        if value_follows {
            self.lines.advance();
            self.labelled();
        } else {
            let grids = grid::vertical(&mut self.lines);
            grids.into_iter().for_each(|grid| self.table(grid));
        }
    }

    /// `EXPLAIN: -> Limit…` of `\G`.
    fn labelled(&mut self) {
        let number = self.lines.number;
        let first = self
            .lines
            .peek()
            .and_then(|line| grid::is_value_label(line.trim()))
            .unwrap_or_default();
        self.lines.advance();
        let mut lines = vec![Line { number, text: first.into() }];
        if first.starts_with(['{', '[']) {
            // Braces say better than lines where a document ends.
            let mut braces = Braces::default();
            let mut open = braces.after(first);
            lines.extend(self.lines.lines_while(|line| {
                let wanted = open;
                open = open && braces.after(line);
                wanted
            }));
        } else {
            lines.extend(self.tree_lines());
        }
        self.value(lines, false);
    }

    fn table(&mut self, (grid, line): (Grid, usize)) {
        if !grid.is_warnings() {
            self.pieces.push(Piece::Table(grid, line));
            return;
        }
        for row in grid.rows() {
            let code = grid.cell(row, "code").and_then(|code| code.parse().ok());
            if let (Some(code), Some(message)) = (code, grid.cell(row, "message")) {
                self.pieces.push(Piece::Warning { code, message: message.to_owned() });
            }
        }
    }

    // ---- the slow log ----------------------------------------------------------------------------

    /// `# Query_time: 0.5 …` and `# explain: …` of MariaDB's slow log.
    fn comment(&mut self, text: &str) {
        if !text.starts_with("# explain:") {
            if let Some(rest) = text.strip_prefix("# Query_time: ") {
                let seconds = rest.split(' ').next().and_then(super::numbers::number);
                self.query_ms = seconds.map(|seconds| seconds * 1000.0);
            }
            self.lines.advance();
            return;
        }
        let line = self.lines.number;
        let lines = self.lines.lines_while(|line| line.trim_start().starts_with("# explain:"));
        let rows = lines.iter().map(|line| line.text.trim_start().trim_start_matches("# explain:"));
        let plan = Grid::from_tabs(rows.map(|row| row.strip_prefix(' ').unwrap_or(row)));
        // What is left of the header, until the statement.
        self.lines.lines_while(|line| line.trim_start().starts_with('#') || line.trim().is_empty());
        let statement = statement::logged(&mut self.lines);
        let query_ms = self.query_ms.take();
        self.pieces.push(Piece::Slow { plan, line, statement, query_ms });
    }
}

/// Whether braces are open after lines of JSON.
#[derive(Default)]
struct Braces {
    depth: usize,
    quoted: bool,
}

impl Braces {
    fn after(&mut self, line: &str) -> bool {
        let mut bytes = line.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'\\' if self.quoted => drop(bytes.next()),
                b'"' => self.quoted = !self.quoted,
                b'{' | b'[' if !self.quoted => self.depth += 1,
                b'}' | b']' if !self.quoted => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        self.depth > 0
    }
}

/// Whether a document, though broken, is of a plan of MySQL or MariaDB.
pub(super) fn is_plan(text: &str) -> bool {
    ["\"query_block\"", "\"query_plan\"", "\"operation\""].iter().any(|key| text.contains(key))
}

/// `Note (Code 1003): …`, as `mysql --show-warnings` prints it.
fn warning(text: &str) -> Option<(u32, &str)> {
    let rest = ["Note (Code ", "Warning (Code ", "Error (Code "]
        .iter()
        .find_map(|start| text.strip_prefix(start))?;
    let (code, message) = rest.split_once("): ")?;
    Some((code.parse().ok()?, message))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

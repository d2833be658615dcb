//! The statement with the colours of its dialect, the part that the node serves marked.

use super::heading;
use crate::tui::plan::PlanState;
use crate::tui::plan::statement::Statement;
use crate::tui::theme::Paint;
use crate::tui::view::text::{Line, dim, run};
use planscope_explain::workload::lexer::{Token, TokenKind};
use std::ops::Range;
use unicode_width::UnicodeWidthStr;

/// Columns by which a broken line goes on.
const CONTINUED: usize = 4;

/// The pane's lines.
pub fn lines(state: &PlanState, columns: usize) -> Vec<Line> {
    let Some(statement) = &state.statement else {
        return vec![vec![dim("the statement of this plan is not known")]];
    };
    let node = &state.plan().nodes()[state.selected().index()];
    let marks = statement.marks(state.plan(), node);
    let note = match marks.is_empty() {
        true => "no part of it is known to be this node's",
        false => "underlined: what the node serves",
    };
    let mut lines = vec![heading("Statement"), vec![dim(note)], Line::new()];
    lines.extend(painted(statement, &marks, columns));
    lines
}

/// The statement's lines, broken at blanks so that they fit into `columns`.
pub fn painted(statement: &Statement, marks: &[Range<usize>], columns: usize) -> Vec<Line> {
    let text = statement.text();
    let mut writer = Writer { lines: vec![Line::new()], used: 0, columns };
    let tokens = statement.tokens();
    for (i, token) in tokens.iter().enumerate() {
        // What has neither blank nor comma inside stays together: `orders.total`, `"status":"paid"`.
        let ends = |token: &Token| matches!(token.kind, TokenKind::Blank | TokenKind::Comma);
        let begins = i == 0 || ends(&tokens[i - 1]);
        if begins && !ends(token) {
            let chunk = tokens[i..].iter().take_while(|token| !ends(token));
            let end = chunk.last().map_or(token.end, |last| last.end);
            let first_line = text[token.start..end].split('\n').next().unwrap_or_default();
            writer.make_room(first_line.width());
        }
        let paint = paint(token.kind, token.text(text));
        for (piece, marked) in pieces(token.start..token.end, marks) {
            let paint = if marked { Paint::Mark } else { paint };
            for (n, part) in text[piece].split('\n').enumerate() {
                if n > 0 {
                    writer.lines.push(Line::new());
                    writer.used = 0;
                }
                writer.push(part, paint);
            }
        }
    }
    writer.lines
}

/// Lines that grow.
struct Writer {
    lines: Vec<Line>,
    used: usize,
    columns: usize,
}

impl Writer {
    /// Begins a new line where `wide` columns do not fit.
    fn make_room(&mut self, wide: usize) {
        if self.used + wide > self.columns && self.used > CONTINUED {
            self.lines.push(vec![run(" ".repeat(CONTINUED), Paint::Plain)]);
            self.used = CONTINUED;
        }
    }

    /// Adds a piece; what is wider than a line is cut.
    fn push(&mut self, piece: &str, paint: Paint) {
        let mut rest = piece;
        while !rest.is_empty() {
            if self.used >= self.columns {
                self.make_room(1);
                rest = rest.trim_start_matches(' ');
            }
            let room = self.columns.saturating_sub(self.used).max(1);
            let cut = if rest.width() <= room { rest.len() } else { cut_at(rest, room) };
            if let Some(line) = self.lines.last_mut() {
                line.push(run(&rest[..cut], paint));
            }
            self.used += rest[..cut].width();
            rest = &rest[cut..];
        }
    }
}

/// The bytes that take at most `room` columns; at least one character.
fn cut_at(text: &str, room: usize) -> usize {
    let mut end = 0;
    for (at, c) in text.char_indices() {
        let next = at + c.len_utf8();
        if end > 0 && text[..next].width() > room {
            break;
        }
        end = next;
    }
    end
}

/// A token cut where marks begin and end.
fn pieces(token: Range<usize>, marks: &[Range<usize>]) -> Vec<(Range<usize>, bool)> {
    let mut pieces = Vec::new();
    let mut at = token.start;
    for mark in marks.iter().filter(|m| m.start < token.end && m.end > token.start) {
        let (from, to) = (mark.start.max(token.start), mark.end.min(token.end));
        if from > at {
            pieces.push((at..from, false));
        }
        pieces.push((from..to, true));
        at = to;
    }
    if at < token.end {
        pieces.push((at..token.end, false));
    }
    pieces
}

/// The colour of a token.
pub fn paint(kind: TokenKind, text: &str) -> Paint {
    match kind {
        TokenKind::Word if is_keyword(text) => Paint::Keyword,
        TokenKind::String | TokenKind::Number | TokenKind::Placeholder => Paint::Literal,
        TokenKind::Comment => Paint::Comment,
        _ => Paint::Plain,
    }
}

/// The words that make up the frame of a statement in any of the dialects; sorted.
static KEYWORDS: &[&str] = &[
    "all",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "cast",
    "collate",
    "conflict",
    "create",
    "cross",
    "current",
    "default",
    "delete",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "escape",
    "except",
    "exists",
    "explain",
    "false",
    "fetch",
    "filter",
    "first",
    "following",
    "for",
    "from",
    "full",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "inner",
    "insert",
    "intersect",
    "interval",
    "into",
    "is",
    "join",
    "last",
    "lateral",
    "left",
    "like",
    "limit",
    "locked",
    "materialized",
    "merge",
    "natural",
    "next",
    "not",
    "nothing",
    "null",
    "nulls",
    "of",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "over",
    "partition",
    "preceding",
    "range",
    "recursive",
    "regexp",
    "replace",
    "returning",
    "right",
    "rollup",
    "row",
    "rows",
    "select",
    "set",
    "share",
    "similar",
    "skip",
    "some",
    "straight_join",
    "table",
    "then",
    "ties",
    "to",
    "true",
    "unbounded",
    "union",
    "unique",
    "update",
    "using",
    "values",
    "when",
    "where",
    "window",
    "with",
    "within",
];

/// Whether a word is part of the frame of a statement, in any of the dialects.
pub fn is_keyword(word: &str) -> bool {
    word.len() <= 13 && KEYWORDS.binary_search(&word.to_ascii_lowercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::view::text::text_of;
    use planscope_explain::Engine;

    #[test]
    fn keywords_are_sorted() {
        assert!(KEYWORDS.is_sorted());
        assert!(is_keyword("Select") && is_keyword("WITHIN") && !is_keyword("orders"));
    }

    #[test]
    fn lines_break_between_tokens_and_marks_split_them() {
        let statement =
            Statement::read("SELECT alpha, beta FROM t\nWHERE x = 'long text'", Engine::Postgres);
        let marks = vec![Range { start: 7, end: 12 }];
        let lines = painted(&statement, &marks, 20);
        let texts: Vec<String> = lines.iter().map(|line| text_of(line)).collect();
        assert_eq!(texts, ["SELECT alpha, beta ", "    FROM t", "WHERE x = ", "    'long text'"]);
        let json = Statement::read("{\"a\":\"b\",\"status\":\"paid\"}", Engine::Mongodb);
        let texts: Vec<String> = painted(&json, &[], 22).iter().map(|line| text_of(line)).collect();
        assert_eq!(texts, ["{\"a\":\"b\",", "    \"status\":\"paid\"}"]);
        let marked = lines[0].iter().find(|run| run.paint == Paint::Mark).unwrap();
        assert_eq!(marked.text, "alpha");
    }
}

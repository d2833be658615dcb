//! A text of several statements, taken apart at its semicolons.

use crate::engine::Engine;
use crate::workload::lexer::{Lexer, TokenKind};

/// One statement of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementText<'a> {
    /// The statement, from its first to its last token, without semicolon.
    pub sql: &'a str,
    /// The byte at which it begins.
    pub start: usize,
    /// The line on which it begins, from 1.
    pub line: u32,
    /// The comments before it, as they stand (`-- name: top_customers`); empty when there are none.
    pub comment: &'a str,
}

/// The statements of `text`, split at semicolons outside of strings, comments and dollar quotes.
/// Bodies in BEGIN … END are not recognised: they come in pieces.
pub fn split_statements(text: &str, engine: Engine) -> Vec<StatementText<'_>> {
    let mut found = Vec::new();
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut comment: Option<(usize, usize)> = None;
    let mut statement: Option<(usize, usize)> = None;
    let slice = |range: Option<(usize, usize)>| {
        range.and_then(|(start, end)| text.get(start..end)).unwrap_or_default()
    };
    let mut close = |comment: &mut Option<(usize, usize)>,
                     statement: &mut Option<(usize, usize)>| {
        if let Some((start, _)) = *statement {
            let line = lines.of(start);
            found.push(StatementText {
                sql: slice(*statement),
                start,
                line,
                comment: slice(*comment),
            });
        }
        (*comment, *statement) = (None, None);
    };
    for token in Lexer::new(text, engine) {
        let (start, end) = (token.start, token.end);
        match token.kind {
            TokenKind::Blank => {}
            TokenKind::Comment if statement.is_none() => {
                comment = Some((comment.map_or(start, |(first, _)| first), end));
            }
            TokenKind::Comment => {}
            TokenKind::Semicolon => close(&mut comment, &mut statement),
            _ => statement = Some((statement.map_or(start, |(first, _)| first), end)),
        }
    }
    close(&mut comment, &mut statement);
    found
}

/// Counts lines while going forward.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn of(&mut self, byte: usize) -> u32 {
        let passed = self.text.as_bytes().get(self.at..byte).unwrap_or_default();
        let breaks = passed.iter().filter(|b| **b == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        self.at = byte;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_have_lines_and_names() {
        let text =
            "\n-- name: first\nselect ';' -- a; b\n from t;\n;/* x */ -- name: second\n\nselect 2";
        let found = split_statements(text, Engine::Postgres);
        let seen: Vec<(&str, u32, &str)> =
            found.iter().map(|s| (s.sql, s.line, s.comment)).collect();
        assert_eq!(
            seen,
            [
                ("select ';' -- a; b\n from t", 3, "-- name: first"),
                ("select 2", 7, "/* x */ -- name: second"),
            ]
        );
        assert_eq!(found[1].start, text.len() - 8);
        assert!(split_statements("  -- only a comment\n;;", Engine::Mysql).is_empty());
        assert_eq!(split_statements("do $$ begin; end $$; select 1", Engine::Postgres).len(), 2);
    }
}

//! The tokens of a PostgreSQL text that carry meaning, as rewriting needs them.

use planscope_explain::Engine;
use planscope_explain::workload::lexer::{Lexer, TokenKind};
use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or an identifier, quoted or not.
    Word,
    /// A number.
    Number,
    /// A string in any of its notations.
    Text,
    /// `$1`.
    Parameter(u32),
    /// Anything else, by its first byte: `(`, `,`, `::`, `->>` …
    Symbol(u8),
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its bytes.
    pub span: Range<usize>,
}

impl Token {
    /// Whether it is that keyword, in any case.
    pub fn is(&self, sql: &str, word: &str) -> bool {
        self.kind == Kind::Word && self.text(sql).eq_ignore_ascii_case(word)
    }

    /// Its text.
    pub fn text<'a>(&self, sql: &'a str) -> &'a str {
        sql.get(self.span.clone()).unwrap_or_default()
    }

    /// The number of the parameter, if it is one.
    pub fn parameter(&self) -> Option<u32> {
        match self.kind {
            Kind::Parameter(number) => Some(number),
            _ => None,
        }
    }
}

/// The tokens of a text; blanks and comments are left out.
pub(super) fn tokens(sql: &str) -> Vec<Token> {
    let significant = Lexer::new(sql, Engine::Postgres).filter(|token| token.is_significant());
    let read = |token: planscope_explain::workload::lexer::Token| Token {
        kind: kind(token.kind, token.text(sql)),
        span: token.start..token.end,
    };
    significant.map(read).collect()
}

fn kind(kind: TokenKind, text: &str) -> Kind {
    let number = text.strip_prefix('$').and_then(|digits| digits.parse().ok());
    match (kind, number) {
        (TokenKind::Word | TokenKind::Quoted, _) => Kind::Word,
        (TokenKind::Number, _) => Kind::Number,
        (TokenKind::String, _) => Kind::Text,
        (TokenKind::Placeholder, Some(number)) => Kind::Parameter(number),
        _ => Kind::Symbol(text.bytes().next().unwrap_or(b' ')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_comments_are_left_out() {
        let sql = "select \"a b\", $12 /* x */ from t where d ? 'x' and y::int = -5 -- end";
        let expected = [
            Kind::Word,
            Kind::Word,
            Kind::Symbol(b','),
            Kind::Parameter(12),
            Kind::Word,
            Kind::Word,
            Kind::Word,
            Kind::Word,
            Kind::Symbol(b'?'),
            Kind::Text,
            Kind::Word,
            Kind::Word,
            Kind::Symbol(b':'),
            Kind::Word,
            Kind::Symbol(b'='),
            Kind::Symbol(b'-'),
            Kind::Number,
        ];
        let kinds: Vec<Kind> = tokens(sql).into_iter().map(|token| token.kind).collect();
        assert_eq!(kinds, expected);
    }
}

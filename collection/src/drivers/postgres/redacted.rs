//! Redacted texts as statements with parameters.
//!
//! A snapshot keeps `?` and `'?'` where literals were. PostgreSQL cannot plan the one (a syntax error)
//! and plans the other for a value that no row has. As `$n` both get the plan for a value that is not
//! known, which is what is meant.

use planscope_explain::Engine;
use planscope_explain::workload::lexer::{Lexer, Token, TokenKind};
use std::borrow::Cow;

/// `sql` with `$n` for every literal that was replaced, numbered after the parameters it has.
pub(super) fn with_parameters(sql: &str) -> Cow<'_, str> {
    let tokens: Vec<Token> = Lexer::new(sql, Engine::Postgres).collect();
    if !(0..tokens.len()).any(|i| is_redacted(&tokens[i..], sql)) {
        return Cow::Borrowed(sql);
    }
    let mut next = 1 + tokens.iter().filter_map(|t| parameter(t, sql)).max().unwrap_or(0);
    let mut text = String::with_capacity(sql.len() + 16);
    for (i, token) in tokens.iter().enumerate() {
        if is_redacted(&tokens[i..], sql) {
            text.push_str(&format!("${next}"));
            next += 1;
        } else {
            text.push_str(token.text(sql));
        }
    }
    Cow::Owned(text)
}

/// Whether the first of `tokens` stands for a literal. A `?` with a value right behind it is the
/// operator of jsonb.
fn is_redacted(tokens: &[Token], sql: &str) -> bool {
    let Some((token, rest)) = tokens.split_first() else { return false };
    let is_value = |token: &Token| {
        matches!(token.kind, TokenKind::String | TokenKind::Placeholder | TokenKind::Number)
    };
    match token.kind {
        TokenKind::Placeholder if token.text(sql) == "?" => {
            !rest.iter().find(|token| token.is_significant()).is_some_and(is_value)
        }
        TokenKind::String => matches!(token.text(sql), "'?'" | "E'?'" | "e'?'"),
        _ => false,
    }
}

fn parameter(token: &Token, sql: &str) -> Option<u32> {
    let is_parameter = token.kind == TokenKind::Placeholder;
    token.text(sql).strip_prefix('$').filter(|_| is_parameter)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_a_literal_becomes_a_parameter() {
        let cases = [
            ("SELECT * FROM t WHERE a = ? AND b > '?'", "SELECT * FROM t WHERE a = $1 AND b > $2"),
            ("SELECT * FROM t WHERE a = $3 AND b = ?", "SELECT * FROM t WHERE a = $3 AND b = $4"),
            ("SELECT * FROM t WHERE a IN (?, ?)", "SELECT * FROM t WHERE a IN ($1, $2)"),
            ("SELECT * FROM t WHERE n LIKE '?%'", "SELECT * FROM t WHERE n LIKE '?%'"),
            ("SELECT * FROM t WHERE j ? '?'", "SELECT * FROM t WHERE j ? $1"),
            ("SELECT 1 -- ?", "SELECT 1 -- ?"),
        ];
        for (sql, want) in cases {
            assert_eq!(with_parameters(sql), want);
        }
    }
}

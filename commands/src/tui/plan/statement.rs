//! The statement's text made readable: one clause a line where it came as one long line, and read
//! into tokens for colours and marks.

use super::marks;
use super::outline::{Word, words};
use crate::safe::visible;
use planscope_explain::Engine;
use planscope_explain::plan::{Node, Plan};
use planscope_explain::workload::lexer::{Lexer, Token, TokenKind};
use std::ops::Range;

/// Longer statements are cut: nobody reads a list of 10,000 values.
const MOST_BYTES: usize = 64 * 1024;

/// A statement, laid out.
#[derive(Debug)]
pub struct Statement {
    text: String,
    tokens: Vec<Token>,
    words: Vec<Word>,
}

impl Statement {
    /// Lays a statement out.
    pub fn read(text: &str, engine: Engine) -> Self {
        let mut text = visible(text.trim()).replace('\t', "    ");
        if text.len() > MOST_BYTES {
            let mut end = MOST_BYTES;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text.push_str(" …");
        }
        if !text.contains('\n') && engine != Engine::Mongodb {
            text = lay_out(&text, engine);
        }
        let tokens: Vec<Token> = Lexer::new(&text, engine).collect();
        Self { words: words(&text, &tokens), text, tokens }
    }

    /// The text, with line feeds.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tokens, without gaps.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The significant tokens with their places.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// The parts of the text that a node serves, in bytes and in order; empty where that is not known.
    pub fn marks(&self, plan: &Plan, node: &Node) -> Vec<Range<usize>> {
        marks::of(self, plan, node)
    }
}

/// Words that begin a line.
const CLAUSES: [&str; 23] = [
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "FETCH",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "JOIN",
    "LEFT",
    "RIGHT",
    "FULL",
    "INNER",
    "CROSS",
    "NATURAL",
    "SET",
    "VALUES",
    "RETURNING",
    "WINDOW",
];

/// Words after which the next clause word goes on in the same line: `LEFT OUTER JOIN`.
const JOINED: [&str; 7] = ["LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL", "OUTER"];

/// Whether the text of a token is that word, in any case.
fn is(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A parenthesis that is open.
struct Open {
    /// Whether a query stands in it; in others (`extract(year FROM d)`) no clause begins.
    is_query: bool,
    /// Whether the line of a condition is being written, where AND begins a line.
    in_condition: bool,
    /// BETWEEN waits for its AND.
    between: bool,
}

fn lay_out(text: &str, engine: Engine) -> String {
    let tokens: Vec<Token> = Lexer::new(text, engine).collect();
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let mut open = vec![Open { is_query: true, in_condition: false, between: false }];
    let mut last = "";
    let mut blank = false;
    for (i, token) in tokens.iter().enumerate() {
        let word = token.text(text);
        if token.kind == TokenKind::Blank {
            blank = true;
            continue;
        }
        let depth = open.iter().filter(|o| o.is_query).count() - 1;
        let breaks = begins_line(token, word, last, &mut open);
        if let Some(indent) = breaks.filter(|_| !out.is_empty()) {
            let kept = out.trim_end_matches(' ').len();
            out.truncate(kept);
            out.push('\n');
            out.push_str(&"  ".repeat(2 * depth + indent));
        } else if blank {
            out.push(' ');
        }
        out.push_str(word);
        match token.kind {
            TokenKind::Open => {
                let next = tokens[i + 1..].iter().find(|t| t.is_significant());
                let is_query = next.is_some_and(|t| is(t.text(text), &["SELECT", "WITH"]));
                open.push(Open { is_query, in_condition: false, between: false });
            }
            TokenKind::Close if open.len() > 1 => drop(open.pop()),
            _ => {}
        }
        (last, blank) = (word, false);
    }
    out
}

/// How far a token that begins a line is indented below its query; [`None`] for all others.
fn begins_line(token: &Token, word: &str, last: &str, open: &mut [Open]) -> Option<usize> {
    let here = open.last_mut()?;
    if token.kind != TokenKind::Word || !here.is_query {
        return None;
    }
    if is(word, &["BETWEEN"]) {
        here.between = true;
    } else if is(word, &["AND", "OR"]) {
        let ends_between = std::mem::take(&mut here.between);
        return (here.in_condition && !ends_between).then_some(1);
    } else if is(word, &["ON"]) {
        here.in_condition = true;
    } else if is(word, &CLAUSES) && !is(last, &JOINED) && last != "." {
        here.in_condition = is(word, &["WHERE", "HAVING"]);
        // `FOR UPDATE … SET`, `ON DUPLICATE KEY`, `left(x, 3)`: words that are no clauses there do
        // no harm but a line more.
        return Some(0);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid(text: &str) -> String {
        Statement::read(text, Engine::Postgres).text().to_owned()
    }

    #[test]
    fn one_long_line_becomes_clauses() {
        let text = "SELECT a, count(*) FROM t LEFT JOIN u ON t.id = u.id AND u.x = $1 WHERE a \
                    BETWEEN 1 AND 2 AND b IN (SELECT c FROM v WHERE d = 3) ORDER BY a LIMIT 10";
        assert_eq!(
            laid(text),
            "SELECT a, count(*)\nFROM t\nLEFT JOIN u ON t.id = u.id\n  AND u.x = $1\nWHERE a BETWEEN \
             1 AND 2\n  AND b IN (\n    SELECT c\n    FROM v\n    WHERE d = 3)\nORDER BY a\nLIMIT 10"
        );
    }

    #[test]
    fn what_has_lines_keeps_them_and_functions_are_no_clauses() {
        assert_eq!(laid("SELECT 1\n  FROM t"), "SELECT 1\n  FROM t");
        assert_eq!(
            laid("SELECT extract(year FROM d) FROM t"),
            "SELECT extract(year FROM d)\nFROM t"
        );
    }
}

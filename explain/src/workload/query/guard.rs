//! What may be sent to a server: guards that err on the side of refusing.
//!
//! They look at tokens first, because tokens hide nothing: a function is denied wherever its name
//! stands before a parenthesis. What is to be executed must parse as well.

use super::denied::denied_functions;
use super::{QueryKind, prepare, split_statements};
use crate::engine::Engine;
use crate::workload::lexer::{Lexer, Token, TokenKind};
use sqlparser::ast::{SetExpr, Statement};
use std::borrow::Cow;

/// Whether `sql` is exactly one statement that only reads (SELECT, WITH … SELECT, VALUES, TABLE), so
/// that executing it for EXPLAIN ANALYZE inside a read-only transaction is harmless: no writing CTE,
/// no INTO, no row locks, no function known to act beyond the transaction. The error says why not.
///
/// A function that users wrote themselves is not recognised: the transaction must be read-only.
pub fn is_single_select_without_side_effects(sql: &str, engine: Engine) -> Result<(), String> {
    let kind = explainable(sql, engine)?;
    if kind != QueryKind::Select {
        return Err("it writes".to_owned());
    }
    let words = Words::of(sql, engine);
    words.refuse_hidden_code()?;
    words.refuse_writing()?;
    words.refuse_functions(engine)?;
    let statements = prepare::strict_statements(&words.without_table_command(), engine)?;
    match statements.as_slice() {
        [Statement::Query(query)] if only_reads(&query.body) => Ok(()),
        [_] => Err("it is not a SELECT".to_owned()),
        _ => Err("it is not one statement".to_owned()),
    }
}

/// What plain EXPLAIN (without ANALYZE) can be asked of `sql`: its kind, or why it cannot.
pub fn explainable(sql: &str, engine: Engine) -> Result<QueryKind, String> {
    if engine == Engine::Mongodb {
        return Err("MongoDB has no SQL".to_owned());
    }
    match split_statements(sql, engine).len() {
        0 => return Err("it is empty".to_owned()),
        1 => {}
        count => return Err(format!("it is {count} statements")),
    }
    let words = Words::of(sql, engine);
    let cut = words.tokens.last().is_some_and(|token| token.kind == TokenKind::Ellipsis);
    if cut {
        return Err("its text is cut off".to_owned());
    }
    let Some(first) = words.tokens.iter().position(|token| token.kind != TokenKind::Open) else {
        return Err("it is empty".to_owned());
    };
    let word = words.word(first);
    if word == "with" {
        return words.kind_of_with(first);
    }
    match statement_kind(&word) {
        Some(_) if word == "merge" && engine != Engine::Postgres => {
            Err(format!("{} has no MERGE", engine.label()))
        }
        Some(kind) => Ok(kind),
        None if matches!(word.as_str(), "explain" | "describe" | "desc") => {
            Err("it is an EXPLAIN itself".to_owned())
        }
        None => Err(format!("EXPLAIN does not take {}", word.to_uppercase())),
    }
}

fn statement_kind(word: &str) -> Option<QueryKind> {
    Some(match word {
        "select" | "values" | "table" => QueryKind::Select,
        "insert" | "replace" => QueryKind::Insert,
        "update" | "merge" => QueryKind::Update,
        "delete" => QueryKind::Delete,
        _ => return None,
    })
}

/// Down the leftmost arms: every arm is an expression of the same kind, and CTEs were looked at by
/// their words.
fn only_reads(body: &SetExpr) -> bool {
    let mut todo = vec![body];
    while let Some(body) = todo.pop() {
        match body {
            SetExpr::Select(select) if select.into.is_none() => {}
            SetExpr::Values(_) | SetExpr::Table(_) => {}
            SetExpr::Query(query) if query.locks.is_empty() => todo.push(&query.body),
            SetExpr::SetOperation { left, right, .. } => todo.extend([left.as_ref(), right]),
            _ => return false,
        }
    }
    true
}

/// The tokens of a statement, as words to look at.
struct Words<'a> {
    sql: &'a str,
    engine: Engine,
    /// Significant tokens, without the semicolons at the end.
    tokens: Vec<Token>,
}

impl<'a> Words<'a> {
    fn of(sql: &'a str, engine: Engine) -> Self {
        let keep = |token: &Token| token.is_significant() && token.kind != TokenKind::Semicolon;
        Self { sql, engine, tokens: Lexer::new(sql, engine).filter(keep).collect() }
    }

    /// The word at `at` in lower case; empty when no unquoted word stands there.
    fn word(&self, at: usize) -> String {
        match self.tokens.get(at) {
            Some(token) if token.kind == TokenKind::Word => {
                token.text(self.sql).to_ascii_lowercase()
            }
            Some(token) => token.text(self.sql).chars().take(20).collect(),
            None => String::new(),
        }
    }

    /// The statement; `TABLE t`, which sqlparser does not read, as the SELECT that it stands for.
    fn without_table_command(&self) -> Cow<'a, str> {
        match self.tokens.first() {
            Some(first) if self.word(0) == "table" => {
                let rest = self.sql.get(first.end..).unwrap_or_default();
                Cow::Owned(format!("select * from {rest}"))
            }
            _ => Cow::Borrowed(self.sql),
        }
    }

    fn kind(&self, at: usize) -> Option<TokenKind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    /// `WITH … SELECT`: the verb after the CTEs, or that of a CTE that writes.
    fn kind_of_with(&self, with: usize) -> Result<QueryKind, String> {
        let mut main = None;
        for at in with + 1..self.tokens.len() {
            let begins = matches!(self.kind(at - 1), Some(TokenKind::Open | TokenKind::Close));
            let Some(kind) = statement_kind(&self.word(at)).filter(|_| begins) else { continue };
            if kind != QueryKind::Select && self.kind(at + 1) != Some(TokenKind::Open) {
                return Ok(kind);
            }
            main = main.or(Some(kind));
        }
        main.ok_or_else(|| "no statement follows its WITH".to_owned())
    }

    /// Comments that MySQL and MariaDB execute, and names in which escapes hide letters.
    fn refuse_hidden_code(&self) -> Result<(), String> {
        let executed = |text: &str| text.starts_with("/*!") || text.starts_with("/*M!");
        let mysql = matches!(self.engine, Engine::Mysql | Engine::Mariadb);
        let mut all = Lexer::new(self.sql, self.engine);
        if mysql && all.any(|token| executed(token.text(self.sql))) {
            return Err("it holds a comment that the server executes".to_owned());
        }
        let escaped =
            |token: &Token| token.kind == TokenKind::Quoted && token.text(self.sql).contains('\\');
        if self.tokens.iter().any(escaped) {
            return Err("it holds a name with a backslash".to_owned());
        }
        // Where such a string ends depends on the server's settings, and so what is code.
        let ambiguous = |token: &Token| {
            let text = token.text(self.sql);
            token.kind == TokenKind::String && (text.contains("\\'") || text.contains("\\\""))
        };
        if self.tokens.iter().any(ambiguous) {
            return Err("it holds a string with a backslash before a quote".to_owned());
        }
        Ok(())
    }

    fn refuse_writing(&self) -> Result<(), String> {
        for at in 0..self.tokens.len() {
            let (word, next) = (self.word(at), self.word(at + 1));
            let begins =
                at == 0 || matches!(self.kind(at - 1), Some(TokenKind::Open | TokenKind::Close));
            match word.as_str() {
                "into" => return Err("it has an INTO".to_owned()),
                "for" if matches!(next.as_str(), "update" | "share" | "no" | "key") => {
                    return Err("it locks rows".to_owned());
                }
                "lock" if next == "in" => return Err("it locks rows".to_owned()),
                "next" if next == "value" => return Err("it advances a sequence".to_owned()),
                ":=" if self.engine != Engine::Postgres => {
                    return Err("it assigns a variable".to_owned());
                }
                "insert" | "update" | "delete" | "merge" | "truncate" | "create" | "alter"
                | "drop" | "call" | "do" | "copy"
                    if begins && self.kind(at + 1) != Some(TokenKind::Open) =>
                {
                    return Err(format!("it holds {}", word.to_uppercase()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn refuse_functions(&self, engine: Engine) -> Result<(), String> {
        let denied = denied_functions(engine);
        for (token, next) in self.tokens.iter().zip(self.tokens.iter().skip(1)) {
            if next.kind != TokenKind::Open {
                continue;
            }
            let name = match token.kind {
                TokenKind::Word => token.text(self.sql).to_ascii_lowercase(),
                // A string is a name where the server has ANSI_QUOTES.
                TokenKind::Quoted | TokenKind::String => {
                    token.text(self.sql).trim_matches(['"', '`', '[', ']']).to_ascii_lowercase()
                }
                _ => continue,
            };
            if denied(&name) {
                return Err(format!("it calls {name}()"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;

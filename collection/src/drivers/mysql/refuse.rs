//! What is not sent to the server, not even in an EXPLAIN.

use planscope_explain::Engine;
use planscope_explain::workload::lexer::{Lexer, Token, TokenKind};
use std::borrow::Cow;

/// Functions that do or wait for something when EXPLAIN optimises a constant subquery.
const ACTING: &[&str] = &[
    "asynchronous_connection_failover_add_source",
    "asynchronous_connection_failover_delete_source",
    "benchmark",
    "get_lock",
    "group_replication_switch_to_multi_primary_mode",
    "group_replication_switch_to_single_primary_mode",
    "load_file",
    "master_gtid_wait",
    "master_pos_wait",
    "nextval",
    "release_all_locks",
    "release_lock",
    "setval",
    "sleep",
    "source_pos_wait",
    "sys_eval",
    "sys_exec",
    "wait_for_executed_gtid_set",
    "wait_until_sql_thread_after_gtids",
];

/// Why a statement is not planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The kind of the problem.
    pub kind: &'static str,
    /// For a person.
    pub why: String,
}

fn refusal(kind: &'static str, why: impl Into<String>) -> Refusal {
    Refusal { kind, why: why.into() }
}

/// A statement as EXPLAIN may have it: without the clause at its end that locks rows, which has no
/// part in the plan and is refused in a read-only session.
///
/// # Errors
/// When planning it could do more than plan.
pub(super) fn plannable<'a>(
    sql: &'a str,
    engine: Engine,
    sql_mode: &str,
) -> Result<Cow<'a, str>, Refusal> {
    let tokens: Vec<Token> =
        Lexer::new(sql, engine).filter(|t| t.kind != TokenKind::Blank).collect();
    refuse_hidden(sql, &tokens, sql_mode)?;
    let words: Vec<Token> = tokens.into_iter().filter(Token::is_significant).collect();
    let text = |at: usize| {
        let text = words.get(at).map_or("", |token| token.text(sql));
        text.trim_matches('`').to_ascii_lowercase()
    };
    let is_open = |at: usize| words.get(at).is_some_and(|token| token.kind == TokenKind::Open);
    let mut end = None;
    for at in 0..words.len() {
        let word = text(at);
        if is_open(at + 1) && ACTING.binary_search(&word.as_str()).is_ok() {
            return Err(refusal(
                "side-effects",
                format!("it calls {word}(), and EXPLAIN may execute that"),
            ));
        }
        let next = text(at + 1);
        let is_word = words[at].kind == TokenKind::Word;
        match (word.as_str(), next.as_str()) {
            ("into", "outfile" | "dumpfile") => {
                return Err(refusal("side-effects", "it writes a file"));
            }
            ("for", "update" | "share") | ("lock", "in") if is_word => {
                match locks_to_the_end(&words[at..], sql) {
                    true => end = end.or(Some(words[at].start)),
                    false => return Err(refusal("locks-rows", "a part of it locks rows")),
                }
            }
            _ => {}
        }
    }
    Ok(match end {
        Some(end) => Cow::Borrowed(sql[..end].trim_end()),
        None => Cow::Borrowed(sql),
    })
}

/// Code that does not look like code, or text of which it depends on the server's mode where it ends.
fn refuse_hidden(sql: &str, tokens: &[Token], sql_mode: &str) -> Result<(), Refusal> {
    let other_quotes = ["NO_BACKSLASH_ESCAPES", "ANSI_QUOTES", "ANSI"];
    let ambiguous = sql_mode.split(',').any(|mode| other_quotes.contains(&mode));
    let mut inside = false;
    for token in tokens {
        let text = token.text(sql);
        if token.kind == TokenKind::Comment {
            let executed = text.starts_with("/*!") || text.starts_with("/*M!");
            inside = executed || (inside && text != "*/");
        } else if inside && (token.kind == TokenKind::Semicolon || text.contains("*/")) {
            // A server of another version skips it, and then it ends where its text says.
            return Err(refusal(
                "side-effects",
                "a comment that the server executes ends it early",
            ));
        }
        let is_string = matches!(token.kind, TokenKind::String | TokenKind::Quoted);
        if ambiguous && is_string && text.contains('\\') {
            let why = "it holds a backslash in quotes, which sql_mode gives another meaning";
            return Err(refusal("not-explainable", why));
        }
    }
    Ok(())
}

/// Whether nothing but the rest of a locking clause follows.
fn locks_to_the_end(tokens: &[Token], sql: &str) -> bool {
    tokens.iter().all(|token| match token.kind {
        TokenKind::Comma | TokenKind::Dot | TokenKind::Quoted | TokenKind::Semicolon => true,
        TokenKind::Number | TokenKind::Placeholder => true,
        TokenKind::Word => {
            let word = token.text(sql).to_ascii_lowercase();
            !["where", "order", "limit", "union", "select", "from", "on"].contains(&word.as_str())
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(sql: &str) -> Result<Cow<'_, str>, Refusal> {
        plannable(sql, Engine::Mysql, "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES")
    }

    #[test]
    fn functions_are_sorted() {
        assert!(ACTING.is_sorted());
    }

    #[test]
    fn locks_at_the_end_are_left_out() {
        let cases = [
            ("select 1 from t for update", "select 1 from t"),
            ("select 1 from t FOR UPDATE OF `t`, u SKIP LOCKED", "select 1 from t"),
            ("select 1 from t lock in share mode", "select 1 from t"),
            ("select 1 from t FOR UPDATE WAIT ?", "select 1 from t"),
            ("select 1 from t for share;", "select 1 from t"),
            ("select 'for update' from t", "select 'for update' from t"),
            ("select a from t use index for join (x)", "select a from t use index for join (x)"),
        ];
        for (sql, want) in cases {
            assert_eq!(plan(sql).as_deref(), Ok(want));
        }
        let inner = "select * from (select 1 from t for update) x where 1";
        assert_eq!(plan(inner).unwrap_err().kind, "locks-rows");
    }

    #[test]
    fn what_acts_is_refused() {
        for sql in [
            "select * from t where a = (select sleep(1))",
            "select GET_LOCK ('a', 1)",
            "select `benchmark`(1, 2)",
            "select 1 into outfile '/tmp/x'",
            "select 1 /*! ; drop table t */",
            "select 1 /*!99999 ' */ ; drop table t -- '",
            "select 1 /*M!100000 /* c */ + 1 ; drop table t */",
        ] {
            assert_eq!(plan(sql).unwrap_err().kind, "side-effects", "{sql}");
        }
        assert!(plan("select sleep from t where a = 'sleep(1)' /* sleep(1); */").is_ok());
        assert!(plan("select /*!40001 SQL_NO_CACHE */ * from t /* a; b */;").is_ok());
    }

    #[test]
    fn quotes_that_the_mode_changes_are_refused() {
        let sql = r"select 'a\'; drop table t; -- '";
        assert!(plannable(sql, Engine::Mysql, "").is_ok());
        for mode in ["NO_BACKSLASH_ESCAPES", "STRICT_ALL_TABLES,ANSI_QUOTES"] {
            assert!(plannable(sql, Engine::Mysql, mode).is_err());
        }
    }
}

//! What may be handed to EXPLAIN, and what may be run.

use crate::drivers::postgres_tokens::{Kind, Token, tokens};
use planscope_explain::Engine;
use planscope_explain::workload::query::split_statements;

/// Whether EXPLAIN takes the text: one SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES or WITH.
pub(crate) fn explainable(sql: &str) -> bool {
    const FIRST: [&str; 8] =
        ["select", "insert", "update", "delete", "merge", "values", "with", "table"];
    split_statements(sql, Engine::Postgres).len() == 1
        && first_word(sql).is_some_and(|token| FIRST.iter().any(|word| token.is(sql, word)))
}

fn first_word(sql: &str) -> Option<Token> {
    tokens(sql).into_iter().find(|token| token.kind != Kind::Symbol(b'('))
}

/// Whether running the text changes nothing: one SELECT that neither writes, locks nor calls a
/// function known to do either.
pub(crate) fn is_single_select_without_side_effects(sql: &str) -> bool {
    const WRITES: [&str; 9] =
        ["insert", "update", "delete", "merge", "into", "share", "lock", "call", "copy"];
    const CALLS: [&str; 12] = [
        "nextval",
        "setval",
        "dblink",
        "lo_",
        "pg_advisory",
        "pg_try_advisory",
        "pg_reload",
        "pg_terminate",
        "pg_cancel",
        "set_config",
        "txid_current",
        "pg_",
    ];
    let tokens = tokens(sql);
    let writes = |token: &Token| WRITES.iter().any(|word| token.is(sql, word));
    let calls = |pair: &[Token]| {
        let name = pair[0].text(sql).to_ascii_lowercase();
        pair[0].kind == Kind::Word
            && pair[1].kind == Kind::Symbol(b'(')
            && CALLS.iter().any(|start| name.starts_with(start))
    };
    explainable(sql)
        && first_word(sql).is_some_and(|t| {
            ["select", "with", "values", "table"].iter().any(|word| t.is(sql, word))
        })
        && !tokens.iter().any(writes)
        && !tokens.windows(2).any(calls)
}

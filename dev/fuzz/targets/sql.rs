//! Any text as SQL of every engine: nothing panics, and the laws of normalizing and redacting hold.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use planscope_explain::Engine;
use planscope_explain::workload::fingerprint::{fingerprint, normalize, redact};
use planscope_explain::workload::lexer::Lexer;
use planscope_explain::workload::query::{
    Query, canonical_expression, explainable, is_single_select_without_side_effects,
    read_alternatives, read_condition, split_statements,
};

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(sql) = std::str::from_utf8(data) else { return Corpus::Reject };
    for engine in Engine::ALL {
        lexer_leaves_nothing_out(sql, engine);
        // MongoDB's texts are JSON; of others it is only said that they do no harm.
        match engine {
            Engine::Mongodb => drop((normalize(sql, engine), redact(sql, engine))),
            _ => laws(sql, engine),
        }
        statements_are_in_the_text(sql, engine);
        let _ = Query::read(sql, engine);
        let _ = read_condition(sql, engine);
        let _ = read_alternatives(sql, engine);
        let _ = canonical_expression(sql, engine);
        let reads = is_single_select_without_side_effects(sql, engine);
        // What may be executed may be explained.
        assert!(reads.is_err() || explainable(sql, engine).is_ok(), "{engine}: {sql:?}");
    }
    Corpus::Keep
});

fn lexer_leaves_nothing_out(sql: &str, engine: Engine) {
    let mut at = 0;
    for token in Lexer::new(sql, engine) {
        assert!(token.start == at && token.end > at, "{engine}: {token:?} at {at} of {sql:?}");
        assert!(sql.get(token.start..token.end).is_some(), "{engine}: {token:?} of {sql:?}");
        at = token.end;
    }
    assert_eq!(at, sql.len(), "{engine}: {sql:?}");
}

fn laws(sql: &str, engine: Engine) {
    let normal = normalize(sql, engine);
    assert_eq!(normalize(&normal, engine), normal, "{engine}: normalize twice, {sql:?}");
    let redacted = redact(sql, engine);
    assert_eq!(redact(&redacted, engine), redacted, "{engine}: redact twice, {sql:?}");
    let same = fingerprint(&redacted, engine) == fingerprint(sql, engine);
    assert!(same, "{engine}: {sql:?} was redacted to {redacted:?}");
}

fn statements_are_in_the_text(sql: &str, engine: Engine) {
    for statement in split_statements(sql, engine) {
        let found = sql.get(statement.start..).unwrap_or_default();
        assert!(found.starts_with(statement.sql), "{engine}: {statement:?} of {sql:?}");
    }
}

//! What to try when the server refuses a normalized text: parameters get the types that its error
//! asks for. Pure functions.

use super::generic::Edits;
use super::lexer::{Kind, Token, tokens};
use std::ops::Range;

/// A failure of the server, as far as it helps to mend the text.
#[derive(Debug, Clone)]
pub(super) struct Failure<'a> {
    /// SQLSTATE.
    pub code: &'a str,
    /// The message, in English or not: only what is in it literally is looked for.
    pub message: &'a str,
    /// Byte of the text that the server points at.
    pub at: Option<usize>,
}

/// How many parameters stand before a byte of the text: a place that adding casts does not move.
pub(super) fn parameters_before(sql: &str, at: usize) -> usize {
    let before = |token: &&Token| token.span.start < at && token.parameter().is_some();
    tokens(sql).iter().filter(before).count()
}

/// Texts to try after a failure, the likeliest first. Each is an improvement on the same text.
pub(super) fn repairs(sql: &str, failure: &Failure<'_>) -> Vec<String> {
    let tokens = tokens(sql);
    let near = failure.at.map(|at| tokens.partition_point(|token| token.span.end <= at));
    match failure.code {
        // syntax_error: `mytype $1`
        "42601" => near.and_then(|i| user_type_literal(sql, &tokens, i)).into_iter().collect(),
        // ambiguous_parameter: one parameter, two types
        "42P08" => vec![separated(sql)],
        // indeterminate_datatype: could not determine data type of parameter $1
        "42P18" => {
            let named = number_in(failure.message);
            let at: Vec<usize> = match named {
                Some(n) => {
                    (0..tokens.len()).filter(|i| tokens[*i].parameter() == Some(n)).collect()
                }
                None => Vec::new(),
            };
            casts(sql, &tokens, &at, &["text", "integer"])
        }
        // ambiguous_function, undefined_function, datatype_mismatch, cannot_coerce …
        "42725" | "42883" | "42804" | "42846" | "42809" | "42P13" => {
            let types = types_for(failure);
            let groups = near.map(|i| untyped_groups(sql, &tokens, i)).unwrap_or_default();
            groups.iter().flat_map(|at| casts(sql, &tokens, at, &types)).collect()
        }
        _ => Vec::new(),
    }
}

/// `mytype $1` where the grammar stumbles over `$1`.
fn user_type_literal(sql: &str, tokens: &[Token], at: usize) -> Option<String> {
    let number = tokens.get(at)?.parameter()?;
    let name = tokens.get(at.checked_sub(1)?)?;
    if name.kind != Kind::Word {
        return None;
    }
    let mut edits = Edits::default();
    let span = name.span.start..tokens[at].span.end;
    edits.replace(span, format!("${number}::{}", name.text(sql)));
    Some(edits.apply(sql))
}

/// Every parameter gets a number of its own.
fn separated(sql: &str) -> String {
    let mut edits = Edits::default();
    let parameters = tokens(sql).into_iter().filter(|token| token.parameter().is_some());
    for (i, token) in parameters.enumerate() {
        edits.replace(token.span, format!("${}", i + 1));
    }
    edits.apply(sql)
}

/// The number after the last `$`, whatever the language of the message.
fn number_in(message: &str) -> Option<u32> {
    let (_, after) = message.rsplit_once('$')?;
    let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    after[..digits].parse().ok()
}

/// What to cast to: what the constants of such texts usually are, and the types that the message
/// names beside `text` and `unknown`: before the others when the other side of an operator has one.
fn types_for(failure: &Failure<'_>) -> Vec<&'static str> {
    const NAMES: [&str; 20] = [
        "bigint",
        "boolean",
        "bytea",
        "character varying",
        "date",
        "double precision",
        "inet",
        "integer",
        "interval",
        "jsonb",
        "money",
        "name",
        "numeric",
        "oid",
        "real",
        "smallint",
        "time without time zone",
        "timestamp with time zone",
        "timestamp without time zone",
        "uuid",
    ];
    const USUAL: [&str; 6] = ["integer", "text", "numeric", "timestamptz", "text[]", "integer[]"];
    let named = NAMES.into_iter().filter(|name| has_words(failure.message, name));
    let mut types: Vec<&str> = match failure.code {
        _ if failure.message.contains("json") => vec!["text", "integer", "jsonb"],
        "42725" => USUAL.into_iter().chain(named).collect(),
        _ => named.chain(USUAL).collect(),
    };
    let mut seen = Vec::new();
    types.retain(|name| {
        let is_new = !seen.contains(name);
        seen.push(*name);
        is_new
    });
    types
}

/// Whether `words` stand in the text and are not part of longer ones.
fn has_words(text: &str, words: &str) -> bool {
    let outside = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    text.match_indices(words).any(|(i, found)| {
        outside(text[..i].chars().next_back()) && outside(text[i + found.len()..].chars().next())
    })
}

/// The parameters without a cast that a failure at token `near` may be about, the likeliest set
/// first: the arguments of a call, the operands beside an operator, and at last whatever stands
/// for a result somewhere in the text.
fn untyped_groups(sql: &str, tokens: &[Token], near: usize) -> Vec<Vec<usize>> {
    let untyped = |i: &usize| {
        let is_cast = tokens.get(i + 1).is_some_and(|t| t.kind == Kind::Symbol(b':'));
        tokens[*i].parameter().is_some() && !is_cast
    };
    let is_result = |i: &usize| {
        let before = i.checked_sub(1).map(|before| &tokens[before]);
        before.is_some_and(|t| {
            let opens = matches!(t.kind, Kind::Symbol(b'(' | b',' | b'['));
            opens || t.is(sql, "then") || t.is(sql, "else")
        })
    };
    let inside = |range: Range<usize>| -> Vec<usize> {
        range.take_while(|i| *i < tokens.len()).filter(untyped).collect()
    };
    let results = |all: &[usize]| -> Vec<usize> { all.iter().copied().filter(is_result).collect() };
    let after_operator = (near..tokens.len())
        .find(|i| !matches!(tokens[*i].kind, Kind::Symbol(byte) if !b"([".contains(&byte)))
        .unwrap_or(near);
    let beside: Vec<usize> = [near.checked_sub(1), Some(after_operator)]
        .into_iter()
        .flatten()
        .flat_map(|i| inside(i..i + 1))
        .collect();
    let arguments = inside(near + 1..closing(tokens, near + 1));
    let mut groups = match tokens.get(near).map(|token| token.kind) {
        Some(Kind::Symbol(_)) => vec![beside, results(&arguments)],
        _ => vec![results(&arguments), arguments.iter().copied().take(1).collect()],
    };
    groups.push(arguments);
    groups.push(results(&inside(0..tokens.len())));
    let mut seen = Vec::new();
    groups.retain(|group| {
        let is_new = !group.is_empty() && !seen.contains(group);
        seen.push(group.clone());
        is_new
    });
    groups
}

/// The token after the bracket that closes the first one at or shortly after `from`.
fn closing(tokens: &[Token], from: usize) -> usize {
    let opens = |i: &usize| matches!(tokens[*i].kind, Kind::Symbol(b'(' | b'['));
    let Some(open) = (from..tokens.len().min(from + 4)).find(opens) else { return from };
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Symbol(b'(' | b'[') => depth += 1,
            Kind::Symbol(b')' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return i + 1;
        }
    }
    tokens.len()
}

/// The text with those parameters cast, once for each type.
fn casts(sql: &str, tokens: &[Token], at: &[usize], types: &[&str]) -> Vec<String> {
    if at.is_empty() {
        return Vec::new();
    }
    let cast = |name: &&str| {
        let mut edits = Edits::default();
        for &i in at {
            let text = tokens[i].text(sql);
            edits.replace(tokens[i].span.clone(), format!("{text}::{name}"));
        }
        edits.apply(sql)
    };
    types.iter().map(cast).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repair(sql: &str, code: &str, message: &str, at: Option<&str>) -> Vec<String> {
        let at = at.map(|needle| sql.find(needle).unwrap());
        repairs(sql, &Failure { code, message, at })
    }

    #[test]
    fn unknown_types_are_tried() {
        let message = "could not determine data type of parameter $1";
        assert_eq!(
            repair("select concat($1)", "42P18", message, None)[0],
            "select concat($1::text)"
        );
        let message = "function generate_series(unknown, unknown) is not unique";
        let sql = "select * from generate_series($1, $2) g";
        assert_eq!(
            repair(sql, "42725", message, Some("generate"))[0],
            "select * from generate_series($1::integer, $2::integer) g"
        );
        let message = "operator does not exist: integer = text";
        let sql = "select * from t where a = $1 and id = any(array[$2, $3])";
        assert_eq!(
            repair(sql, "42883", message, Some("= any"))[0],
            "select * from t where a = $1 and id = any(array[$2::integer, $3::integer])"
        );
        let message = "function sum(text) does not exist";
        let sql = "select sum(case when s = $1 then $2 else $3 end) from t";
        assert_eq!(
            repair(sql, "42883", message, Some("sum"))[0],
            "select sum(case when s = $1 then $2::integer else $3::integer end) from t"
        );
    }

    #[test]
    fn other_failures_have_their_own_repairs() {
        assert_eq!(
            repair("select mytype $1", "42601", "syntax error", Some("$1")),
            ["select $1::mytype"]
        );
        assert_eq!(
            repair("select a = $1 or b = $1", "42P08", "inconsistent types", None),
            ["select a = $1 or b = $2"]
        );
        assert!(repair("select a", "42P01", "relation", None).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_text_survives(sql in "[a-z$0-9()',. +=-]{0,60}", at in 0_usize..70) {
            for code in ["42601", "42P08", "42P18", "42725", "42883"] {
                repairs(&sql, &Failure { code, message: "x $1", at: Some(at) });
            }
        }
    }
}

//! Making normalized texts plannable again.
//!
//! pg_stat_statements puts `$1` where a constant stood, and about a fifth of such texts are no
//! valid SQL: `interval $1` has no grammar, `extract($1 from x)` neither, a constant that is
//! repeated in GROUP BY is replaced in the select list only, and a parameter has no type where a
//! constant had one. [`rewrite`] mends what can be seen; [`repairs`] proposes what to try after
//! the server's error. Pure functions; the texts are only planned, never run.

use super::lexer::{Kind, Token, tokens};
use std::collections::BTreeMap;
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

/// The highest parameter of a text.
pub(super) fn parameter_count(sql: &str) -> u32 {
    tokens(sql).iter().filter_map(Token::parameter).max().unwrap_or(0)
}

/// Types whose literals are written `type 'text'`, which leaves `type $1`.
const LITERAL_TYPES: [&str; 22] = [
    "bit",
    "bool",
    "boolean",
    "box",
    "bytea",
    "cidr",
    "date",
    "decimal",
    "float",
    "inet",
    "int",
    "integer",
    "interval",
    "json",
    "jsonb",
    "numeric",
    "point",
    "time",
    "timestamp",
    "timestamptz",
    "timetz",
    "uuid",
];

/// Words that may follow an interval literal as its unit.
const INTERVAL_UNITS: [&str; 6] = ["day", "hour", "minute", "month", "second", "year"];

/// Replacements of parts of a text, applied all at once.
#[derive(Default)]
struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    fn replace(&mut self, span: Range<usize>, text: impl Into<String>) {
        self.0.push((span, text.into()));
    }

    fn apply(mut self, sql: &str) -> String {
        self.0.sort_by_key(|(span, _)| span.start);
        let mut out = String::with_capacity(sql.len() + 16 * self.0.len());
        let mut at = 0;
        for (span, text) in self.0 {
            // Of two edits that overlap, the first wins.
            if span.start >= at {
                out.push_str(&sql[at..span.start]);
                out.push_str(&text);
                at = span.end;
            }
        }
        out.push_str(&sql[at..]);
        out
    }
}

/// Mends what can be seen to be wrong.
pub(super) fn rewrite(sql: &str) -> String {
    renumber(&type_literals(&extracts(&repeated_literals(sql))))
}

/// `interval $1` → `$1::interval`; `timestamp with time zone $1` → `$1::timestamptz`.
fn type_literals(sql: &str) -> String {
    let tokens = tokens(sql);
    let mut edits = Edits::default();
    for (i, token) in tokens.iter().enumerate() {
        let Some(number) = token.parameter() else { continue };
        let Some((start, name)) = type_before(sql, &tokens[..i]) else { continue };
        let mut end = i;
        if name.starts_with("interval") {
            end = end_of_units(sql, &tokens, i);
        }
        let span = tokens[start].span.start..tokens[end].span.end;
        edits.replace(span, format!("${number}::{name}"));
    }
    edits.apply(sql)
}

/// The type that a parameter is a literal of: where its name starts, and the name.
fn type_before(sql: &str, before: &[Token]) -> Option<(usize, String)> {
    let mut end = before.len();
    let ends_with = |end: usize, words: &[&str]| {
        end >= words.len()
            && before[end - words.len()..end].iter().zip(words).all(|(t, word)| t.is(sql, word))
    };
    let mut zone = None;
    if ends_with(end, &["with", "time", "zone"]) {
        zone = Some("tz");
    } else if ends_with(end, &["without", "time", "zone"]) {
        zone = Some("");
    }
    end -= if zone.is_some() { 3 } else { 0 };
    if ends_with(end, &["double", "precision"]) {
        return Some((end - 2, "double precision".to_owned()));
    }
    let modifier = modifier_before(sql, &before[..end]);
    end -= if modifier.is_empty() { 0 } else { 3 };
    let word = before.get(end.checked_sub(1)?)?;
    let name = word.text(sql).to_ascii_lowercase();
    let is_type = word.kind == Kind::Word && LITERAL_TYPES.contains(&name.as_str());
    // `x::date $1` and `t.date $1` cannot be; `"date" $1` is a quoted type of the user's.
    is_type.then(|| (end - 1, format!("{name}{}{modifier}", zone.unwrap_or_default())))
}

/// `(3)` of `timestamp(3) $1`.
fn modifier_before(sql: &str, before: &[Token]) -> String {
    match before {
        [.., open, number, close]
            if open.kind == Kind::Symbol(b'(')
                && number.kind == Kind::Number
                && close.kind == Kind::Symbol(b')') =>
        {
            format!("({})", number.text(sql))
        }
        _ => String::new(),
    }
}

/// The last token of `$1 day` or `$1 day to second`, whose parameter is token `at`.
fn end_of_units(sql: &str, tokens: &[Token], at: usize) -> usize {
    let unit =
        |i: usize| tokens.get(i).is_some_and(|t| INTERVAL_UNITS.iter().any(|unit| t.is(sql, unit)));
    match (unit(at + 1), tokens.get(at + 2)) {
        (true, Some(to)) if to.is(sql, "to") && unit(at + 3) => at + 3,
        (true, _) => at + 1,
        (false, _) => at,
    }
}

/// `extract($1 from x)` → `date_part($1::text, x)`.
fn extracts(sql: &str) -> String {
    let tokens = tokens(sql);
    let mut edits = Edits::default();
    for four in tokens.windows(4) {
        let [extract, open, field, from] = four else { continue };
        let Some(number) = field.parameter() else { continue };
        if extract.is(sql, "extract") && open.kind == Kind::Symbol(b'(') && from.is(sql, "from") {
            edits.replace(extract.span.clone(), "pg_catalog.date_part");
            edits.replace(field.span.clone(), format!("${number}::text"));
            edits.replace(from.span.clone(), ",");
        }
    }
    edits.apply(sql)
}

/// Of an expression that stands in several of select list, GROUP BY, ORDER BY and DISTINCT ON, the
/// server keeps one and forgets where the constants of the others stood: `select date_trunc($1, at)
/// … group by date_trunc('day', at)`. Copies the literals that were left to the expression's twins.
fn repeated_literals(sql: &str) -> String {
    let all = tokens(sql);
    let mut edits = Edits::default();
    let mut copied: BTreeMap<usize, String> = BTreeMap::new();
    for item in by_items(sql, &all) {
        let pattern = literals_merged(sql, &all[item.clone()]);
        let has_field = pattern.iter().any(|(_, text)| text.eq_ignore_ascii_case("extract"));
        if pattern.len() < 2 || !(has_field || pattern.iter().any(is_literal)) {
            continue;
        }
        for window in all.windows(pattern.len()) {
            for (token, literal) in matched(sql, window, &pattern) {
                copied.entry(token.span.start).or_insert_with(|| literal.clone());
                edits.replace(token.span.clone(), literal);
            }
        }
    }
    if copied.is_empty() { sql.to_owned() } else { edits.apply(sql) }
}

/// The parameters of `window` with the literals that `pattern` has in their places; none when the
/// two are not the same expression.
fn matched<'a>(
    sql: &str,
    window: &'a [Token],
    pattern: &[(Kind, String)],
) -> Vec<(&'a Token, String)> {
    let mut pairs = Vec::new();
    for (i, (token, (kind, text))) in window.iter().zip(pattern).enumerate() {
        let is_field = || i >= 2 && window[i - 2].is(sql, "extract");
        match token.kind {
            Kind::Parameter(_) if is_literal(&(*kind, String::new())) || is_field() => {
                pairs.push((token, text.clone()));
            }
            kind_here if kind_here == *kind => {
                let same = match kind {
                    Kind::Word => token.text(sql).eq_ignore_ascii_case(text),
                    _ => token.text(sql) == text,
                };
                if !same {
                    return Vec::new();
                }
            }
            _ => return Vec::new(),
        }
    }
    pairs
}

fn is_literal((kind, _): &(Kind, String)) -> bool {
    matches!(kind, Kind::Number | Kind::Text)
}

/// The tokens with the sign of a number joined to it, as pg_stat_statements takes them.
fn literals_merged(sql: &str, tokens: &[Token]) -> Vec<(Kind, String)> {
    let mut merged: Vec<(Kind, String)> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let text = token.text(sql);
        let follows_operand = merged.len() >= 2
            && match &merged[merged.len() - 2] {
                (Kind::Symbol(byte), _) => matches!(byte, b')' | b']'),
                (Kind::Word, word) => !word.eq_ignore_ascii_case("then"),
                _ => true,
            };
        match merged.last_mut() {
            Some(last)
                if token.kind == Kind::Number
                    && last.0 == Kind::Symbol(b'-')
                    && !follows_operand =>
            {
                *last = (Kind::Number, format!("-{text}"));
            }
            _ => merged.push((token.kind, text.to_owned())),
        }
    }
    merged
}

/// The items of every GROUP BY, ORDER BY and DISTINCT ON, as ranges of tokens.
fn by_items(sql: &str, tokens: &[Token]) -> Vec<Range<usize>> {
    let mut items = Vec::new();
    for i in 1..tokens.len() {
        let follows =
            |word: &str, before: &str| tokens[i].is(sql, word) && tokens[i - 1].is(sql, before);
        if follows("by", "group") || follows("by", "order") {
            items.extend(items_from(sql, tokens, i + 1));
        } else if follows("on", "distinct") {
            items.extend(items_from(sql, tokens, i + 2));
        }
    }
    items
}

const ENDS_OF_BY: [&str; 14] = [
    "asc",
    "desc",
    "except",
    "fetch",
    "for",
    "group",
    "having",
    "intersect",
    "limit",
    "nulls",
    "offset",
    "order",
    "union",
    "window",
];

fn items_from(sql: &str, tokens: &[Token], start: usize) -> Vec<Range<usize>> {
    let mut items = Vec::new();
    let mut depth = 0_usize;
    let mut from = start;
    let mut i = start;
    while i < tokens.len() {
        let token = &tokens[i];
        match token.kind {
            Kind::Symbol(b'(' | b'[') => depth += 1,
            Kind::Symbol(b')' | b']') if depth > 0 => depth -= 1,
            Kind::Symbol(b')' | b';') => break,
            Kind::Symbol(b',') if depth == 0 => {
                items.push(from..i);
                from = i + 1;
            }
            Kind::Word if depth == 0 && ENDS_OF_BY.iter().any(|word| token.is(sql, word)) => {
                // After `desc` or `nulls` another item may follow.
                items.push(from..i);
                while i + 1 < tokens.len()
                    && ["asc", "desc", "nulls", "first", "last"]
                        .iter()
                        .any(|word| tokens[i].is(sql, word))
                {
                    i += 1;
                }
                if tokens[i].kind != Kind::Symbol(b',') {
                    return items;
                }
                from = i + 1;
            }
            _ => {}
        }
        i += 1;
    }
    items.push(from..i);
    items.retain(|item| !item.is_empty());
    items
}

/// Numbers the parameters from 1 without gaps, which PREPARE insists on.
fn renumber(sql: &str) -> String {
    let tokens = tokens(sql);
    let mut numbers: Vec<u32> = tokens.iter().filter_map(Token::parameter).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.iter().zip(1..).all(|(have, want)| *have == want) {
        return sql.to_owned();
    }
    let mut edits = Edits::default();
    for token in &tokens {
        let place = token.parameter().and_then(|number| numbers.binary_search(&number).ok());
        if let Some(place) = place {
            edits.replace(token.span.clone(), format!("${}", place + 1));
        }
    }
    edits.apply(sql)
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
#[path = "generic_tests.rs"]
mod tests;

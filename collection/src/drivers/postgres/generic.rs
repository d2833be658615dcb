//! Making normalized texts plannable again.
//!
//! pg_stat_statements puts `$1` where a constant stood, and about a fifth of such texts are no
//! valid SQL: `interval $1` has no grammar, `extract($1 from x)` neither, a constant that is
//! repeated in GROUP BY is replaced in the select list only, and a parameter has no type where a
//! constant had one. [`rewrite`] mends what can be seen; `repairs.rs` proposes what to try after the
//! server's error. Pure functions; the texts are only planned, never run.

use super::lexer::{Kind, Token, tokens};
use std::collections::BTreeMap;
use std::ops::Range;

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
pub(super) struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    pub fn replace(&mut self, span: Range<usize>, text: impl Into<String>) {
        self.0.push((span, text.into()));
    }

    pub fn apply(mut self, sql: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_literals_become_casts() {
        let cases = [
            ("select now() - interval $1", "select now() - $1::interval"),
            ("select interval $1 day to second", "select $1::interval"),
            ("select interval $1 day, $2", "select $1::interval, $2"),
            ("where d > date $1 and t < timestamp $2", "where d > $1::date and t < $2::timestamp"),
            ("select timestamp with time zone $1", "select $1::timestamptz"),
            ("select time(3) without time zone $1", "select $1::time(3)"),
            ("select double precision $1", "select $1::double precision"),
            ("select x from t where y = $1 limit $2", "select x from t where y = $1 limit $2"),
            ("select 'interval $1'", "select 'interval $1'"),
        ];
        for (sql, expected) in cases {
            assert_eq!(rewrite(sql), expected);
        }
    }

    #[test]
    fn extract_becomes_a_function() {
        assert_eq!(
            rewrite("select extract($1 from a.at), $2"),
            "select pg_catalog.date_part($1::text , a.at), $2"
        );
    }

    #[test]
    fn literals_left_in_group_by_are_copied_back() {
        let cases = [
            (
                "select date_trunc($1, at), n > $2 from t group by date_trunc('day', at), n",
                "select date_trunc('day', at), n > $1 from t group by date_trunc('day', at), n",
            ),
            (
                "select extract($1 from at) from t group by extract(year from at)",
                "select extract(year from at) from t group by extract(year from at)",
            ),
            (
                "select case when x > $1 then $2 else $3 end from t where y = $4 \
                 group by case when x > -1 then 'a' else 'b' end order by 1",
                "select case when x > -1 then 'a' else 'b' end from t where y = $1 \
                 group by case when x > -1 then 'a' else 'b' end order by 1",
            ),
            (
                "select count(*) from t group by f($1, x) order by f('a', x) desc limit $2",
                "select count(*) from t group by f('a', x) order by f('a', x) desc limit $1",
            ),
            ("select a from t where b = $1 order by 1", "select a from t where b = $1 order by 1"),
        ];
        for (sql, expected) in cases {
            assert_eq!(rewrite(sql), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_survives(sql in "[a-z$0-9()',. -]{0,60}") {
            rewrite(&sql);
        }
    }
}

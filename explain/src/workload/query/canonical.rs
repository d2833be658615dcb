//! Expressions in one spelling, so that a statement's, a plan's and an index's can be compared.

use crate::engine::Engine;
use crate::workload::fingerprint::WordClass;
use crate::workload::lexer::{Lexer, Token, TokenKind};

/// An expression over the columns of one table in one spelling: `lower((o.email)::text)` and
/// `LOWER(email)` are `lower(email)`. Keywords and unquoted names in lower case, one blank between
/// words, no qualifiers, no casts of columns and strings to text (PostgreSQL adds them to every plan
/// and index definition), no parentheses around names and around the whole. Literals stay.
pub fn canonical_expression(text: &str, engine: Engine) -> String {
    let significant = Lexer::new(text, engine).filter(Token::is_significant);
    let mut pieces: Vec<Piece> =
        significant.map(|token| Piece::new(&token, text, engine)).collect();
    strip_outer(&mut pieces);
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        out.push(piece);
        drop_qualifier(&mut out);
        drop_parentheses(&mut out);
        drop_text_cast(&mut out);
    }
    drop_text_cast_at_end(&mut out);
    strip_outer(&mut out);
    join(&out)
}

/// A token with its text in the common spelling.
#[derive(Debug, Clone)]
struct Piece {
    kind: TokenKind,
    text: String,
}

impl Piece {
    fn new(token: &Token, sql: &str, engine: Engine) -> Self {
        let text = token.text(sql);
        let text = match token.kind {
            TokenKind::Word => text.to_lowercase(),
            TokenKind::Quoted => unquoted(text, engine),
            _ => text.to_owned(),
        };
        Self { kind: token.kind, text }
    }

    fn is_name(&self) -> bool {
        let plain = || WordClass::of(self.text.as_bytes()) == WordClass::Plain;
        self.kind == TokenKind::Quoted || self.kind == TokenKind::Word && plain()
    }

    fn class(&self) -> WordClass {
        WordClass::of(self.text.as_bytes())
    }
}

/// A quoted name without its quotes where it needs none.
fn unquoted(text: &str, engine: Engine) -> String {
    let mut chars = text.chars();
    let inner = match (chars.next(), chars.next_back()) {
        (Some(_), Some(_)) => chars.as_str(),
        _ => text,
    };
    engine.quoted(&inner.replace("\"\"", "\"").replace("``", "`"))
}

fn kinds<const N: usize>(pieces: &[Piece]) -> Option<[TokenKind; N]> {
    let tail = pieces.len().checked_sub(N)?;
    let mut kinds = [TokenKind::Blank; N];
    for (kind, piece) in kinds.iter_mut().zip(pieces.iter().skip(tail)) {
        *kind = piece.kind;
    }
    Some(kinds)
}

/// `o.email` is `email`; `pg_catalog.lower(` becomes `lower(` too.
fn drop_qualifier(out: &mut Vec<Piece>) {
    let [.., qualifier, dot, name] = out.as_slice() else { return };
    if qualifier.is_name() && dot.kind == TokenKind::Dot && name.is_name() {
        let name = name.clone();
        out.truncate(out.len() - 3);
        out.push(name);
    }
}

/// `(email)` is `email`, unless it is what a function is called with.
fn drop_parentheses(out: &mut Vec<Piece>) {
    let [before @ .., open, name, close] = out.as_slice() else { return };
    let around = open.kind == TokenKind::Open && close.kind == TokenKind::Close && name.is_name();
    let called = before.last().is_some_and(|before| {
        before.kind == TokenKind::Quoted || before.kind == TokenKind::Word && before.class().calls()
    });
    if around && !called && !before.last().is_some_and(|b| b.class() == WordClass::In) {
        let name = name.clone();
        out.truncate(out.len() - 3);
        out.push(name);
    }
}

/// `email::text` and `'x'::character varying` lose their casts once what follows is known.
fn drop_text_cast(out: &mut Vec<Piece>) {
    let Some(next) = out.pop() else { return };
    let goes_on = next.kind == TokenKind::Word && next.text == "varying"
        || matches!(next.kind, TokenKind::OpenBracket | TokenKind::Open);
    if !goes_on {
        drop_text_cast_at_end(out);
    }
    out.push(next);
}

fn drop_text_cast_at_end(out: &mut Vec<Piece>) {
    let words = match out.as_slice() {
        [.., a, b] if a.text == "character" && b.text == "varying" => 2,
        [.., a] if matches!(a.text.as_str(), "text" | "varchar" | "bpchar") => 1,
        _ => return,
    };
    let at = out.len() - words;
    let cast = kinds::<2>(out.get(..at).unwrap_or_default());
    if matches!(
        cast,
        Some([TokenKind::Word | TokenKind::Quoted | TokenKind::String, TokenKind::Cast])
    ) {
        out.truncate(at - 1);
    }
}

/// Takes away the parentheses around it all.
fn strip_outer(pieces: &mut Vec<Piece>) {
    while let [open, inner @ .., close] = pieces.as_slice() {
        let mut depth = 1_usize;
        let closes_early = inner.iter().any(|piece| {
            match piece.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        });
        if open.kind != TokenKind::Open || close.kind != TokenKind::Close || closes_early {
            return;
        }
        pieces.pop();
        pieces.remove(0);
    }
}

fn join(pieces: &[Piece]) -> String {
    let mut text = String::new();
    let mut last: Option<&Piece> = None;
    for piece in pieces {
        let tight = match (last, piece.kind) {
            (None, _) => true,
            (_, TokenKind::Comma | TokenKind::Close | TokenKind::CloseBracket) => true,
            (_, TokenKind::Dot | TokenKind::Cast | TokenKind::OpenBracket) => true,
            (Some(last), TokenKind::Open) => match last.kind {
                TokenKind::Word => last.class().calls(),
                kind => matches!(kind, TokenKind::Quoted | TokenKind::Open),
            },
            (Some(last), _) => matches!(
                last.kind,
                TokenKind::Open | TokenKind::OpenBracket | TokenKind::Dot | TokenKind::Cast
            ),
        };
        if !tight {
            text.push(' ');
        }
        text.push_str(&piece.text);
        last = Some(piece);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_meet() {
        let cases = [
            ("lower((o.email)::text)", "lower(email)"),
            ("LOWER(email)", "lower(email)"),
            ("lower(\"email\")", "lower(email)"),
            ("((created_at)::date)", "created_at::date"),
            ("date_trunc('day'::text, t.created_at)", "date_trunc('day', created_at)"),
            ("((data ->> 'k'::text))", "data ->> 'k'"),
            ("EXTRACT(YEAR FROM x)", "extract(year from x)"),
            ("(a)::character varying || ('x'::character varying)::text", "a || ('x')::text"),
            ("(a + 1) * (b)", "(a + 1) * b"),
            ("pg_catalog.lower(a)", "lower(a)"),
            ("COALESCE(\"Name\", 'X y')", "coalesce(\"Name\", 'X y')"),
            ("x::text[]", "x::text[]"),
        ];
        for (text, expected) in cases {
            assert_eq!(canonical_expression(text, Engine::Postgres), expected);
            assert_eq!(canonical_expression(expected, Engine::Postgres), expected);
        }
        assert_eq!(canonical_expression("CAST(`v`.`d` AS DATE)", Engine::Mysql), "cast(d as date)");
    }
}

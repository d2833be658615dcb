//! A quick shape of a statement: statements of one shape have one fingerprint, so that a normalized
//! text is made once a shape and not once a statement.
//!
//! The shape is finer than the fingerprint: it is a hash of the tokens as they stand, values apart,
//! without the normalizer's knowledge of what words do. What makes statements of one kind differ
//! most goes all the same: a list of IN or ARRAY and rows of VALUES in which every token is plainly
//! constant count as one, however long they are. Where that is not plain (a column, a subquery), the
//! tokens count one by one, and the normalizer decides.

use super::words::WordClass;
use crate::engine::Engine;
use crate::workload::bytes;
use crate::workload::lexer::{Lexer, Reader, Token, TokenKind};

/// What may stand before a list that counts as one.
#[derive(Clone, Copy)]
enum Lead {
    None,
    /// `IN`: the list is in parentheses.
    Members,
    /// `VALUES`.
    Rows,
    /// A row of VALUES that counted as one.
    Row,
    /// … and the comma after it; the shape before the comma.
    RowComma(u64),
    /// `ARRAY`: the list is in brackets.
    Elements,
}

/// The shape of a statement.
pub(super) fn shape(sql: &str, engine: Engine) -> u64 {
    let mut walk = Walk { text: sql.as_bytes(), shape: SEED, lead: Lead::None };
    Lexer::new(sql, engine).read(&mut walk);
    walk.shape
}

struct Walk<'a> {
    text: &'a [u8],
    shape: u64,
    lead: Lead,
}

/// What stands for a token that counts by its kind only: numbers that no text of a token gives, as
/// the first byte of those is none of these.
mod mark {
    pub(super) const VALUE: u64 = 1;
    pub(super) const LIST: u64 = 2;
    pub(super) const ELEMENTS: u64 = 3;
    pub(super) const OPEN: u64 = 4;
    pub(super) const COMMA: u64 = 5;
    pub(super) const OPEN_BRACKET: u64 = 6;
    /// The first of the other kinds.
    pub(super) const KIND: u64 = 7;
}

/// Where every shape begins, so that a first piece of zeros is seen.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// A shape and one more piece: both halves of the product depend on all bits of both.
#[inline(always)]
fn mixed(shape: u64, piece: u64) -> u64 {
    let product = u128::from(shape ^ piece) * 0xd6e8_feb8_6659_fd93_u128;
    (product as u64) ^ (product >> 64) as u64
}

impl Reader for Walk<'_> {
    #[inline(always)]
    fn token(&mut self, lexer: &mut Lexer<'_>, token: Token, head: u64) -> bool {
        let lead = std::mem::replace(&mut self.lead, Lead::None);
        match token.kind {
            TokenKind::Word => self.word(token, head),
            TokenKind::Comma => {
                if matches!(lead, Lead::Row) {
                    self.lead = Lead::RowComma(self.shape);
                }
                self.piece(mark::COMMA);
            }
            TokenKind::String | TokenKind::Number | TokenKind::Placeholder => {
                self.piece(mark::VALUE);
            }
            TokenKind::Open => self.open(lexer, lead),
            TokenKind::OpenBracket => {
                let all = matches!(lead, Lead::Elements)
                    && self.is_constant(lexer, TokenKind::CloseBracket);
                self.piece(if all { mark::ELEMENTS } else { mark::OPEN_BRACKET });
            }
            TokenKind::Quoted | TokenKind::Operator => self.text(token, head),
            kind => self.piece(mark::KIND + kind as u64),
        }
        true
    }
}

impl Walk<'_> {
    #[inline(always)]
    fn piece(&mut self, piece: u64) {
        self.shape = mixed(self.shape, piece);
    }

    /// Adds the bytes of a token, eight at a time.
    #[inline(always)]
    fn text(&mut self, token: Token, head: u64) {
        let (mut at, mut eight) = (token.start, head);
        while token.end - at > 8 {
            // Turned, so that a piece with more after it is never taken for a last one.
            self.shape = mixed(self.shape, eight).rotate_left(23);
            at += 8;
            eight = bytes::load(self.text, at);
        }
        // One to eight bytes: moved up, what follows them goes, and how many they are shows.
        self.piece(eight << ((8 * (8 - (token.end - at))) & 63));
    }

    #[inline(always)]
    fn word(&mut self, token: Token, head: u64) {
        self.text(token, head);
        let length = token.end - token.start;
        // As long as one of the words below.
        if length > 6 || 1 << length & 0b110_0100 == 0 {
            return;
        }
        // The words of WordClass::{In, Values, Array}.
        self.lead = match &bytes::lowest(bytes::lower(head), length).to_le_bytes() {
            b"in\0\0\0\0\0\0" => Lead::Members,
            b"values\0\0" | b"value\0\0\0" => Lead::Rows,
            b"array\0\0\0" => Lead::Elements,
            _ => Lead::None,
        };
    }

    fn open(&mut self, lexer: &mut Lexer<'_>, lead: Lead) {
        let leads = matches!(lead, Lead::Members | Lead::Rows | Lead::RowComma(_));
        if !leads || !self.is_constant(lexer, TokenKind::Close) {
            self.piece(mark::OPEN);
            return;
        }
        match lead {
            // A further row says nothing.
            Lead::RowComma(before) => self.shape = before,
            _ => self.piece(mark::LIST),
        }
        self.lead = if matches!(lead, Lead::Members) { Lead::None } else { Lead::Row };
    }

    /// Whether the list that was opened is plainly constant; if so it is passed.
    fn is_constant(&self, lexer: &mut Lexer<'_>, close: TokenKind) -> bool {
        let mut ahead = lexer.clone();
        let mut constants = Constants::new(self.text, close);
        ahead.read(&mut constants);
        if constants.closed {
            *lexer = ahead;
        }
        constants.closed
    }
}

/// What of the normalizer's state decides whether a list is constant.
struct Constants<'a> {
    text: &'a [u8],
    close: TokenKind,
    /// The list came to its end, and everything in it was plainly constant.
    closed: bool,
    /// A name came that is a column unless `(` or a value follows.
    name: bool,
    /// After `::`: words are types.
    in_type: bool,
    after_value: bool,
    depth: u32,
}

impl<'a> Constants<'a> {
    fn new(text: &'a [u8], close: TokenKind) -> Self {
        let (closed, name, in_type, after_value) = (false, false, false, false);
        Self { text, close, closed, name, in_type, after_value, depth: 0 }
    }
}

impl Reader for Constants<'_> {
    #[inline(always)]
    fn token(&mut self, _: &mut Lexer<'_>, token: Token, head: u64) -> bool {
        if token.kind == self.close && self.depth == 0 {
            self.closed = !self.name;
            return false;
        }
        let name = std::mem::take(&mut self.name);
        let after_value = std::mem::take(&mut self.after_value);
        match token.kind {
            TokenKind::String | TokenKind::Number | TokenKind::Placeholder => {
                (self.after_value, self.in_type) = (true, false);
                true
            }
            TokenKind::Open => {
                self.depth += 1;
                true
            }
            TokenKind::Word => self.word(token, head, name, after_value),
            _ if name => false,
            TokenKind::Comma | TokenKind::Operator => {
                self.in_type = false;
                true
            }
            TokenKind::Close if self.depth > 0 => {
                self.depth -= 1;
                self.in_type = false;
                true
            }
            TokenKind::Cast => {
                self.in_type = true;
                true
            }
            _ => false,
        }
    }
}

impl Constants<'_> {
    #[inline(never)]
    fn word(&mut self, token: Token, head: u64, name: bool, after_value: bool) -> bool {
        match WordClass::of_any(self.text, token.start, token.end, head) {
            // As good as a value: none of the words that make them a test is let through.
            WordClass::Null | WordClass::Bool => {
                (self.after_value, self.in_type) = (true, false);
                true
            }
            _ if name => false,
            WordClass::Constant => true,
            WordClass::Operand => {
                self.in_type = false;
                true
            }
            WordClass::Plain | WordClass::Keyword => {
                self.name = !self.in_type && !after_value;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::fingerprint::normalize;
    use std::collections::HashMap;

    /// What the shape has rules for, and what stands around it.
    const PIECES: [&str; 40] = [
        "(",
        "(",
        ")",
        ")",
        ",",
        ",",
        "1",
        "'x'",
        "$1",
        "?",
        "in",
        "in (",
        "values",
        "values (",
        "), (",
        "array",
        "array[",
        "[",
        "]",
        "null",
        "true",
        "is",
        "not",
        "now()",
        "f(",
        "::",
        "int",
        "a",
        "\"q\"",
        "-",
        "+",
        "date",
        "interval",
        "select",
        "...",
        ";",
        "= any (",
        "default",
        "with time zone",
        "from",
    ];

    /// Texts of a few pieces, the same in every run.
    fn texts(count: u64) -> impl Iterator<Item = String> {
        let mut state = 1_u64;
        let mut next = move |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        (0..count).map(move |_| {
            let length = 2 + next(9);
            let pieces = (0..length).map(|_| PIECES[next(PIECES.len() as u64) as usize]);
            pieces.collect::<Vec<_>>().join(" ")
        })
    }

    #[test]
    fn texts_of_one_shape_have_one_normalized_text() {
        for engine in [Engine::Postgres, Engine::Mysql, Engine::Sqlite] {
            let mut known: HashMap<u64, (String, String)> = HashMap::new();
            let mut shared = 0;
            for text in texts(60_000) {
                let normal = normalize(&text, engine);
                let (first, expected) = known
                    .entry(shape(&text, engine))
                    .or_insert_with(|| (text.clone(), normal.clone()));
                shared += u32::from(*first != text);
                assert_eq!(normal, *expected, "{engine}: {text:?} has the shape of {first:?}");
            }
            assert!(shared > 500, "{engine}: only {shared} texts share a shape");
        }
    }

    #[test]
    fn lists_of_any_length_have_one_shape() {
        let same = [
            ["a in (1)", "a in ('x', 2, -3, null, now() - interval '3 days', '1'::int)"],
            [
                "insert into t values (1, 'a')",
                "insert into t values (2, null), (3, default), (now(), 1)",
            ],
            ["select array[1]", "select array[1, 2, 3]"],
            ["a in ((1, 2))", "a in ((1, 2), (3, 4))"],
        ];
        for [one, other] in same {
            assert_eq!(shape(one, Engine::Postgres), shape(other, Engine::Postgres), "{other}");
        }
        let different = [
            ["a in (1)", "a in (b)"],
            ["a in (select 1)", "a in (select 1), (select 1)"],
            ["select 1", "select a"],
            ["values (1), (a)", "values (1), (a), (a)"],
            ["abcdefgh", "abcdefghi"],
            ["abcdefgh", "abcdefg"],
            ["a b", "ab"],
        ];
        for [one, other] in different {
            assert_ne!(shape(one, Engine::Postgres), shape(other, Engine::Postgres), "{other}");
        }
    }
}

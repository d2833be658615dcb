//! The tokens of a PostgreSQL text, for rewriting normalized statements.
//!
//! Total and linear: any text gives tokens; what is not closed ends with the text.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword or an identifier, quoted or not.
    Word,
    /// A number.
    Number,
    /// A string in any of its notations.
    Text,
    /// `$1`.
    Parameter(u32),
    /// A single other character.
    Symbol(u8),
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its bytes.
    pub span: Range<usize>,
}

impl Token {
    /// Whether it is that keyword, in any case.
    pub fn is(&self, sql: &str, word: &str) -> bool {
        self.kind == Kind::Word && self.text(sql).eq_ignore_ascii_case(word)
    }

    /// Its text.
    pub fn text<'a>(&self, sql: &'a str) -> &'a str {
        sql.get(self.span.clone()).unwrap_or_default()
    }

    /// The number of the parameter, if it is one.
    pub fn parameter(&self) -> Option<u32> {
        match self.kind {
            Kind::Parameter(number) => Some(number),
            _ => None,
        }
    }
}

/// The tokens of a text; blanks and comments are left out.
pub(crate) fn tokens(sql: &str) -> Vec<Token> {
    let bytes = sql.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if let Some(end) = blank(bytes, at) {
            at = end;
            continue;
        }
        let (kind, end) = token(bytes, at);
        tokens.push(Token { kind, span: at..end });
        at = end;
    }
    tokens
}

/// The end of the blank or comment that starts here.
fn blank(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    if rest[0].is_ascii_whitespace() {
        return Some(at + 1);
    }
    if rest.starts_with(b"--") {
        return Some(at + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with(b"/*") {
        return None;
    }
    // Comments nest in PostgreSQL.
    let mut depth = 0_usize;
    let mut i = 0;
    while i < rest.len() {
        if rest[i..].starts_with(b"/*") {
            depth += 1;
            i += 2;
        } else if rest[i..].starts_with(b"*/") {
            depth -= 1;
            i += 2;
            if depth == 0 {
                break;
            }
        } else {
            i += 1;
        }
    }
    Some(at + i)
}

fn token(bytes: &[u8], at: usize) -> (Kind, usize) {
    let next = bytes.get(at + 1).copied();
    match bytes[at] {
        b'\'' => (Kind::Text, quoted(bytes, at, b'\'', false)),
        b'"' => (Kind::Word, quoted(bytes, at, b'"', false)),
        b'e' | b'E' if next == Some(b'\'') => (Kind::Text, quoted(bytes, at + 1, b'\'', true)),
        b'b' | b'B' | b'x' | b'X' | b'n' | b'N' if next == Some(b'\'') => {
            (Kind::Text, quoted(bytes, at + 1, b'\'', false))
        }
        b'u' | b'U' if next == Some(b'&') => match bytes.get(at + 2) {
            Some(b'\'') => (Kind::Text, quoted(bytes, at + 2, b'\'', false)),
            Some(b'"') => (Kind::Word, quoted(bytes, at + 2, b'"', false)),
            _ => (Kind::Word, at + 1),
        },
        b'$' => dollar(bytes, at),
        b'0'..=b'9' => (Kind::Number, number(bytes, at)),
        b'.' if next.is_some_and(|b| b.is_ascii_digit()) => (Kind::Number, number(bytes, at)),
        byte if starts_word(byte) => {
            let is_word = |b: &u8| starts_word(*b) || b.is_ascii_digit() || *b == b'$';
            let len = bytes[at..].iter().take_while(|b| is_word(b)).count();
            (Kind::Word, at + len)
        }
        byte => (Kind::Symbol(byte), at + 1),
    }
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

/// The end of a quoted text whose opening quote is at `at`; a doubled quote does not end it.
fn quoted(bytes: &[u8], at: usize, quote: u8, escapes: bool) -> usize {
    let mut i = at + 1;
    while i < bytes.len() {
        match bytes[i] {
            b'\\' if escapes => i += 2,
            byte if byte == quote && bytes.get(i + 1) == Some(&quote) => i += 2,
            byte if byte == quote => return i + 1,
            _ => i += 1,
        }
    }
    bytes.len()
}

/// `$1`, `$$text$$`, `$tag$text$tag$`, or a lone `$`.
fn dollar(bytes: &[u8], at: usize) -> (Kind, usize) {
    let rest = &bytes[at + 1..];
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits > 0 {
        let number = std::str::from_utf8(&rest[..digits]).ok().and_then(|d| d.parse().ok());
        return (Kind::Parameter(number.unwrap_or(u32::MAX)), at + 1 + digits);
    }
    let tag = rest.iter().take_while(|b| starts_word(**b) || b.is_ascii_digit()).count();
    if rest.get(tag) != Some(&b'$') {
        return (Kind::Symbol(b'$'), at + 1);
    }
    let delimiter = &bytes[at..at + tag + 2];
    let body = &bytes[at + delimiter.len()..];
    let end = body.windows(delimiter.len()).position(|window| window == delimiter);
    let len = end.map_or(body.len(), |end| end + delimiter.len());
    (Kind::Text, at + delimiter.len() + len)
}

/// The end of a number: digits, `.`, `_`, an exponent with its sign, hex digits.
fn number(bytes: &[u8], at: usize) -> usize {
    let mut i = at;
    while i < bytes.len() {
        let exponent = matches!(bytes[i], b'e' | b'E')
            && !bytes[at..].starts_with(b"0x")
            && matches!(bytes.get(i + 1), Some(b'+' | b'-'));
        match bytes[i] {
            _ if exponent => i += 2,
            b'.' if bytes.get(i + 1) == Some(&b'.') => break,
            b'.' | b'_' => i += 1,
            byte if byte.is_ascii_alphanumeric() => i += 1,
            _ => break,
        }
    }
    i
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(sql: &str) -> Vec<&str> {
        tokens(sql).iter().map(|token| token.text(sql)).collect()
    }

    #[test]
    fn every_notation_is_one_token() {
        let sql = r#"select "a b", E'it\'s', $1 /* x /* y */ z */, $q$;$q$, 1.5e-3 -- end
                     from t where u&'x' = 'it''s'"#;
        let expected = [
            "select",
            "\"a b\"",
            ",",
            r"E'it\'s'",
            ",",
            "$1",
            ",",
            "$q$;$q$",
            ",",
            "1.5e-3",
            "from",
            "t",
            "where",
            "u&'x'",
            "=",
            "'it''s'",
        ];
        assert_eq!(texts(sql), expected);
        assert_eq!(tokens("$12")[0].parameter(), Some(12));
    }

    #[test]
    fn what_is_not_closed_ends_with_the_text() {
        assert_eq!(texts("a 'b"), ["a", "'b"]);
        assert_eq!(texts("a /* b"), ["a"]);
        assert_eq!(texts(r"E'\"), [r"E'\"]);
        assert_eq!(texts("$x$ b"), ["$x$ b"]);
    }

    proptest! {
        #[test]
        fn any_text_is_cut_at_its_characters(sql in "\\PC{0,80}") {
            let tokens = tokens(&sql);
            prop_assert!(tokens.iter().all(|token| sql.get(token.span.clone()).is_some()));
            prop_assert!(tokens.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
        }
    }
}

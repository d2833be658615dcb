//! One byte-level lexer for the SQL of every engine; normalizing, redacting and splitting stand on it.
//!
//! It is total: every byte belongs to exactly one token, what is not closed ends with the text, and
//! tokens begin and end at ASCII bytes, so that their texts are valid UTF-8. It knows no grammar.
//! Where one character means two things (`?`, `%s`, `:name`), the byte before it decides, and all
//! bytes that may end a value count alike: that is what keeps the tokens of a text the same after
//! [`redact`](super::fingerprint::redact) has put `?` where a number or a string was.

mod classes;
mod reading;

use super::bytes;
use crate::engine::Engine;
use classes::{CLASSES, Class, IN_WORD, ends_operand};
pub(in crate::workload) use reading::Reader;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// White space.
    Blank,
    /// `-- …`, `/* … */` and, where the engine has it, `# …`.
    Comment,
    /// An unquoted identifier or keyword; MySQL's `@variables` too.
    Word,
    /// A quoted identifier.
    Quoted,
    /// A string literal with its prefix, also dollar-quoted, hexadecimal and bit strings.
    String,
    /// A number without its sign.
    Number,
    /// `$1`, `?`, `?1`, `:name`, `@name` (SQLite), `%s`, `%(name)s`.
    Placeholder,
    /// `...`, which MySQL writes in a digest for the rest of a list.
    Ellipsis,
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// `[`, where it does not quote.
    OpenBracket,
    /// `]`.
    CloseBracket,
    /// `,`.
    Comma,
    /// `;`.
    Semicolon,
    /// `.`.
    Dot,
    /// `::`.
    Cast,
    /// Any other operator, and any byte without a meaning in SQL.
    Operator,
}

/// A token: its kind and its place in the text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

impl Token {
    /// The token's text.
    pub fn text<'a>(&self, sql: &'a str) -> &'a str {
        sql.get(self.start..self.end).unwrap_or_default()
    }

    /// Its bytes.
    pub(in crate::workload) fn bytes<'a>(&self, sql: &'a [u8]) -> &'a [u8] {
        sql.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether it carries meaning: neither white space nor a comment.
    pub fn is_significant(&self) -> bool {
        !matches!(self.kind, TokenKind::Blank | TokenKind::Comment)
    }
}

/// What differs between the engines for a lexer.
#[derive(Debug, Clone, Copy)]
struct Dialect {
    backslash_escapes: bool,
    double_quoted_strings: bool,
    hash_comments: bool,
    /// `/* /* */ */` is one comment, dollar quotes, `E'…'`, operators made of any symbols.
    postgres: bool,
    /// `` `name` `` quotes an identifier.
    backquotes: bool,
    /// `[name]` quotes an identifier; `@name`, `$name` and `?1` are placeholders.
    sqlite: bool,
    /// `@name` is a variable.
    variables: bool,
}

impl Dialect {
    fn of(engine: Engine) -> Self {
        let info = engine.info();
        Self {
            backslash_escapes: info.backslash_escapes,
            double_quoted_strings: info.double_quoted_strings,
            hash_comments: info.hash_comments,
            postgres: engine == Engine::Postgres,
            backquotes: info.quote == '`' || engine == Engine::Sqlite,
            sqlite: engine == Engine::Sqlite,
            variables: info.quote == '`',
        }
    }
}

/// The tokens of a text, in order and without gaps.
#[derive(Debug, Clone)]
pub struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    dialect: Dialect,
}

impl<'a> Lexer<'a> {
    /// The tokens of `sql`.
    pub fn new(sql: &'a str, engine: Engine) -> Self {
        Self { text: sql.as_bytes(), at: 0, dialect: Dialect::of(engine) }
    }

    /// The tokens of `sql` from the byte `start` on, which must begin a token.
    pub fn starting_at(sql: &'a str, start: usize, engine: Engine) -> Self {
        Self { at: start.min(sql.len()), ..Self::new(sql, engine) }
    }
}

impl Lexer<'_> {
    #[inline(never)]
    fn rare(&self, start: usize, first: u8) -> (TokenKind, usize) {
        match CLASSES[first as usize] {
            Class::Blank => (TokenKind::Blank, self.run(start, Class::Blank)),
            Class::Letter => self.word(start, first),
            Class::Digit => self.number(start),
            Class::Quote => self.quoted(start, first),
            Class::Open => (TokenKind::Open, start + 1),
            Class::Close => (TokenKind::Close, start + 1),
            Class::Comma => (TokenKind::Comma, start + 1),
            Class::Dot => self.dot(start),
            Class::Mark | Class::Sign => self.mark(start, first),
            Class::Other => (TokenKind::Operator, start + 1),
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let start = self.at;
        let first = *self.text.get(start)?;
        let (kind, end) = self.rare(start, first);
        self.at = end.min(self.text.len());
        Some(Token { kind, start, end: self.at })
    }
}

impl Lexer<'_> {
    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    fn run(&self, start: usize, class: Class) -> usize {
        let mut at = start;
        while self.text.get(at).is_some_and(|b| CLASSES[*b as usize] == class) {
            at += 1;
        }
        at
    }

    /// Where the bytes of a name that begin at `start` end; at `start` when it is beyond the text.
    #[inline(always)]
    fn word_end(&self, start: usize) -> usize {
        let mut at = start;
        loop {
            let length = bytes::before(!bytes::in_word(bytes::load(self.text, at)) & bytes::HIGH);
            at += length;
            if length < 8 {
                return at;
            }
        }
    }

    /// Where the digits that begin at `start` end.
    #[inline(always)]
    fn digits_end(&self, start: usize) -> usize {
        let mut at = start;
        loop {
            let length = bytes::before(!bytes::digits(bytes::load(self.text, at)) & bytes::HIGH);
            at += length;
            if length < 8 {
                return at;
            }
        }
    }

    /// Whether the byte before `at` ends a value or a name.
    fn follows_operand(&self, at: usize) -> bool {
        at > 0 && ends_operand(self.byte(at - 1))
    }

    fn word(&self, start: usize, first: u8) -> (TokenKind, usize) {
        // The first byte is one of a name as well.
        let end = self.word_end(start);
        if end == start + 1
            && let Some(close) = self.prefixed_string(start, first)
        {
            return (TokenKind::String, close);
        }
        (TokenKind::Word, end)
    }

    /// The end of `E'…'`, `N'…'`, `X'…'`, `B'…'` or `U&'…'` that starts here.
    #[inline(never)]
    fn prefixed_string(&self, start: usize, first: u8) -> Option<usize> {
        let quote = start + 1;
        match (first | 0x20, self.byte(quote)) {
            (b'e', b'\'') if self.dialect.postgres => Some(self.string_end(quote, b'\'', true)),
            (b'n' | b'x' | b'b', b'\'') => {
                Some(self.string_end(quote, b'\'', self.dialect.backslash_escapes))
            }
            (b'u', b'&') if self.dialect.postgres && self.byte(quote + 1) == b'\'' => {
                Some(self.string_end(quote + 1, b'\'', false))
            }
            _ => None,
        }
    }

    #[inline(always)]
    fn quoted(&self, start: usize, quote: u8) -> (TokenKind, usize) {
        let dialect = self.dialect;
        let kind = match quote {
            b'\'' => TokenKind::String,
            b'"' if dialect.double_quoted_strings => TokenKind::String,
            b'`' if !dialect.backquotes => return (TokenKind::Operator, start + 1),
            _ => TokenKind::Quoted,
        };
        let backslash = kind == TokenKind::String && dialect.backslash_escapes;
        (kind, self.string_end(start, quote, backslash))
    }

    /// The end of what the quote at `open` begins; a doubled quote does not end it.
    #[inline(always)]
    fn string_end(&self, open: usize, quote: u8, backslash: bool) -> usize {
        let escape = if backslash { b'\\' } else { quote };
        let mut at = open + 1;
        while at < self.text.len() {
            let eight = bytes::load(self.text, at);
            let step = bytes::before(bytes::first(eight, quote) | bytes::first(eight, escape));
            at += step;
            if step == 8 {
                continue;
            }
            if self.byte(at) == quote && self.byte(at + 1) != quote {
                return at + 1;
            }
            // A doubled quote, or an escape with what it escapes.
            at += 2;
        }
        at
    }

    /// A number; digits that run into letters are a name, as MySQL allows (`2fa_tokens`).
    fn number(&self, start: usize) -> (TokenKind, usize) {
        let digits = self.digits_end(start);
        let next = self.byte(digits);
        // Most numbers are digits and nothing else.
        if next != b'.' && !IN_WORD[next as usize] {
            return (TokenKind::Number, digits);
        }
        self.long_number(start, digits)
    }

    #[inline(never)]
    fn long_number(&self, start: usize, digits: usize) -> (TokenKind, usize) {
        if self.byte(start) == b'0' && matches!(self.byte(start + 1) | 0x20, b'x' | b'b' | b'o') {
            let hex = |b: &u8| b.is_ascii_hexdigit() || *b == b'_';
            let tail = self.text.get(start + 2..).unwrap_or_default();
            let end = start + 2 + tail.iter().take_while(|b| hex(b)).count();
            return self.number_or_name(start, end);
        }
        let mut end = digits;
        if self.byte(end) == b'.' && self.byte(end + 1) != b'.' {
            end = self.digits_end(end + 1);
        }
        self.number_or_name(start, self.exponent_end(end))
    }

    fn exponent_end(&self, end: usize) -> usize {
        if self.byte(end) | 0x20 != b'e' {
            return end;
        }
        let sign = usize::from(matches!(self.byte(end + 1), b'+' | b'-'));
        let digits = self.digits_end(end + 1 + sign);
        if digits > end + 1 + sign { digits } else { end }
    }

    fn number_or_name(&self, start: usize, end: usize) -> (TokenKind, usize) {
        let integer = self.text.get(start..end).unwrap_or_default();
        let runs_on = IN_WORD[self.byte(end) as usize] && self.byte(end) != b'$';
        if !runs_on {
            return (TokenKind::Number, end);
        }
        if integer.iter().all(|b| IN_WORD[*b as usize]) {
            return (TokenKind::Word, self.word_end(end));
        }
        // `1.5px`, `1e-3x`: no engine reads it; the digits before the dot or sign are the number.
        (TokenKind::Number, self.digits_end(start))
    }

    fn mark(&self, start: usize, first: u8) -> (TokenKind, usize) {
        let next = self.byte(start + 1);
        match first {
            b';' => (TokenKind::Semicolon, start + 1),
            b'[' if self.dialect.sqlite => self.bracketed(start),
            b'[' => (TokenKind::OpenBracket, start + 1),
            b']' => (TokenKind::CloseBracket, start + 1),
            b':' if next == b':' => (TokenKind::Cast, start + 2),
            b':' => self.colon(start),
            b'?' => self.question_mark(start),
            b'$' => self.dollar(start),
            b'@' => self.at_sign(start),
            b'%' => self.percent(start),
            b'-' if next == b'-' => (TokenKind::Comment, self.line_end(start)),
            b'/' if next == b'*' => (TokenKind::Comment, self.comment_end(start)),
            b'*' if self.ends_executed(start) => (TokenKind::Comment, start + 2),
            b'#' if self.dialect.hash_comments => self.hash(start),
            _ => self.operator(start),
        }
    }

    fn bracketed(&self, start: usize) -> (TokenKind, usize) {
        let tail = self.text.get(start..).unwrap_or_default();
        let close = tail.iter().position(|b| *b == b']');
        (TokenKind::Quoted, close.map_or(self.text.len(), |at| start + at + 1))
    }

    fn dot(&self, start: usize) -> (TokenKind, usize) {
        if self.byte(start + 1) == b'.' && self.byte(start + 2) == b'.' {
            return (TokenKind::Ellipsis, start + 3);
        }
        if self.byte(start + 1).is_ascii_digit() && !self.follows_operand(start) {
            let end = self.exponent_end(self.digits_end(start + 1));
            if !IN_WORD[self.byte(end) as usize] {
                return (TokenKind::Number, end);
            }
        }
        (TokenKind::Dot, start + 1)
    }

    /// `:name` and `:1`; but `a[1:n]` is a slice.
    fn colon(&self, start: usize) -> (TokenKind, usize) {
        if self.byte(start + 1) == b'=' {
            return (TokenKind::Operator, start + 2);
        }
        let end = self.word_end(start + 1);
        let placeholder = end > start + 1 && !self.follows_operand(start);
        if placeholder { (TokenKind::Placeholder, end) } else { (TokenKind::Operator, start + 1) }
    }

    /// Always a token of its own: PostgreSQL's `?|` and `?&` are then two tokens, which costs
    /// nothing, whereas `1|2` redacted to `?|?` must not become another operator.
    fn question_mark(&self, start: usize) -> (TokenKind, usize) {
        let end = if self.dialect.sqlite { self.digits_end(start + 1) } else { start + 1 };
        (TokenKind::Placeholder, end)
    }

    fn dollar(&self, start: usize) -> (TokenKind, usize) {
        let digits = self.digits_end(start + 1);
        if digits > start + 1 {
            return (TokenKind::Placeholder, digits);
        }
        let end = self.word_end(start + 1);
        match self.dialect {
            Dialect { postgres: true, .. } => self.dollar_quoted(start),
            Dialect { sqlite: true, .. } if end > start + 1 => (TokenKind::Placeholder, end),
            Dialect { variables: true, .. } => (TokenKind::Word, end),
            _ => (TokenKind::Operator, start + 1),
        }
    }

    /// `$$…$$` or `$tag$…$tag$`.
    fn dollar_quoted(&self, start: usize) -> (TokenKind, usize) {
        let mut tag_end = start + 1;
        while self.byte(tag_end) != b'$' && IN_WORD[self.byte(tag_end) as usize] {
            tag_end += 1;
        }
        if self.byte(tag_end) != b'$' {
            return (TokenKind::Operator, start + 1);
        }
        let tag = self.text.get(start..=tag_end).unwrap_or_default();
        let mut at = tag_end + 1;
        while let Some(rest) = self.text.get(at..).filter(|rest| !rest.is_empty()) {
            if rest.starts_with(tag) {
                return (TokenKind::String, at + tag.len());
            }
            // From one dollar sign to the next: the tag cannot begin anywhere else.
            at += 1 + rest[1..].iter().position(|b| *b == b'$').unwrap_or(rest.len() - 1);
        }
        (TokenKind::String, self.text.len())
    }

    fn at_sign(&self, start: usize) -> (TokenKind, usize) {
        let name = start + 1 + usize::from(self.byte(start + 1) == b'@');
        let end = self.word_end(name);
        match self.dialect {
            Dialect { variables: true, .. } if end > name => (TokenKind::Word, end),
            Dialect { sqlite: true, .. } if end > name => (TokenKind::Placeholder, end),
            _ => self.operator(start),
        }
    }

    /// `%s` and `%(name)s` of Python's drivers; `a%s` and `a % s` are arithmetic.
    fn percent(&self, start: usize) -> (TokenKind, usize) {
        match self.python_placeholder(start) {
            Some(end) => (TokenKind::Placeholder, end),
            None => self.operator(start),
        }
    }

    fn python_placeholder(&self, start: usize) -> Option<usize> {
        let mut at = start + 1;
        if self.byte(at) == b'(' {
            at = self.word_end(at + 1);
            at += usize::from(self.byte(at) == b')');
        }
        let ends = self.byte(at) == b's' && !IN_WORD[self.byte(at + 1) as usize];
        let closed = at == start + 1 || self.byte(at - 1) == b')';
        (ends && closed && !self.follows_operand(start)).then_some(at + 1)
    }

    fn line_end(&self, start: usize) -> usize {
        let tail = self.text.get(start..).unwrap_or_default();
        tail.iter().position(|b| *b == b'\n').map_or(self.text.len(), |at| start + at)
    }

    /// The end of a comment; of one that MySQL executes (`/*!50003 …`, MariaDB's `/*M!…`) only its
    /// mark and version are one, and what follows is SQL.
    fn comment_end(&self, start: usize) -> usize {
        if !self.dialect.variables {
            return self.block_end(start);
        }
        let mark = start + 2 + usize::from(self.byte(start + 2) == b'M');
        if self.byte(mark) != b'!' {
            return self.block_end(start);
        }
        let digits = self.text.get(mark + 1..self.run(mark + 1, Class::Digit)).unwrap_or_default();
        match digits.len() {
            // What is for no version that there is is a comment everywhere.
            5 | 6 if digits.starts_with(b"99999") => self.block_end(start),
            5 | 6 => mark + 1 + digits.len(),
            _ => mark + 1,
        }
    }

    /// The end of an executed comment; `a*/**/b` is a product.
    fn ends_executed(&self, start: usize) -> bool {
        self.dialect.variables && self.byte(start + 1) == b'/' && self.byte(start + 2) != b'*'
    }

    fn block_end(&self, start: usize) -> usize {
        let mut depth = 1_usize;
        let mut at = start + 2;
        while at < self.text.len() {
            match (self.byte(at), self.byte(at + 1)) {
                (b'*', b'/') => {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        return at;
                    }
                }
                (b'/', b'*') if self.dialect.postgres => {
                    depth += 1;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        at
    }

    /// MySQL's plans name a subquery `(select #2)`: no comment, or it would hide what follows.
    fn hash(&self, start: usize) -> (TokenKind, usize) {
        let before = self.text.get(..start).unwrap_or_default().trim_ascii_end();
        let number = self.digits_end(start + 1);
        let is_select =
            before.len() >= 6 && before[before.len() - 6..].eq_ignore_ascii_case(b"select");
        // MariaDB's plans say `(subquery#2)`.
        let names_subquery = is_select || before.ends_with(b"(subquery");
        if names_subquery && number > start + 1 {
            return (TokenKind::Word, self.word_end(number));
        }
        (TokenKind::Comment, self.line_end(start))
    }

    fn operator(&self, start: usize) -> (TokenKind, usize) {
        let end = if self.dialect.postgres {
            self.postgres_operator_end(start)
        } else {
            start + common_operator_length(self.text.get(start..).unwrap_or_default())
        };
        (TokenKind::Operator, end)
    }

    /// PostgreSQL's rule: as long as possible, ends before a comment, and does not end in a sign
    /// (so that `a=-1` is `a = -1`).
    fn postgres_operator_end(&self, start: usize) -> usize {
        let mut end = start;
        while self.extends_operator(end) {
            end += 1;
        }
        while end > start + 1 && matches!(self.byte(end - 1), b'+' | b'-') {
            end -= 1;
        }
        end.max(start + 1)
    }

    fn extends_operator(&self, at: usize) -> bool {
        let next = self.byte(at + 1);
        match self.byte(at) {
            b'-' => next != b'-',
            b'/' => next != b'*',
            b'%' => self.python_placeholder(at).is_none(),
            byte => matches!(
                byte,
                b'+' | b'*' | b'<' | b'>' | b'=' | b'~' | b'!' | b'@' | b'#' | b'^' | b'&' | b'|'
            ),
        }
    }
}

fn common_operator_length(rest: &[u8]) -> usize {
    const LONG: [&[u8]; 13] = [
        b"<=>", b"->>", b"<=", b">=", b"<>", b"!=", b"==", b"||", b"&&", b"<<", b">>", b"->", b":=",
    ];
    LONG.iter().find(|operator| rest.starts_with(operator)).map_or(1, |operator| operator.len())
}

#[cfg(test)]
#[path = "lexer_tests.rs"]
mod tests;

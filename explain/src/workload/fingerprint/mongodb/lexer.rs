//! Tokens of a command of MongoDB: JSON, and what its shell and its plans write beside it.
//!
//! Unquoted names, single quotes, `/regular/i` expressions and `ObjectId("…")` are read as well. Every
//! text has tokens; what is open at its end ends there.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Blanks and line breaks.
    Blank,
    OpenObject,
    CloseObject,
    OpenArray,
    CloseArray,
    /// `(`, after a name as in `ObjectId(`.
    OpenCall,
    CloseCall,
    Colon,
    Comma,
    /// In single or double quotes.
    String,
    Number,
    /// A name or a word without quotes.
    Word,
    /// `/pattern/flags`
    Regex,
    /// Anything else, one character of it.
    Other,
}

/// A token and where it stands, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

impl Token {
    /// Its text.
    pub fn text(self, all: &str) -> &str {
        all.get(self.start..self.end).unwrap_or_default()
    }

    /// What stands between the quotes, still escaped; the text itself without quotes.
    pub fn content(self, all: &str) -> &str {
        let text = self.text(all);
        let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return text;
        };
        let inside = text.get(1..).unwrap_or_default();
        inside.strip_suffix(quote).unwrap_or(inside)
    }
}

/// The tokens of a text, one after the other.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Whether a value may begin here, so that `/` begins a regular expression.
    value: bool,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, value: true }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The kind of the token that begins with `first`, and its length.
    fn measure(&self, first: char, second: Option<char>) -> (Kind, usize) {
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let single = |kind| (kind, first.len_utf8());
        match first {
            '{' => single(Kind::OpenObject),
            '}' => single(Kind::CloseObject),
            '[' => single(Kind::OpenArray),
            ']' => single(Kind::CloseArray),
            '(' => single(Kind::OpenCall),
            ')' => single(Kind::CloseCall),
            ':' => single(Kind::Colon),
            ',' => single(Kind::Comma),
            '"' | '\'' => (Kind::String, self.quoted(first)),
            '/' if self.value => (Kind::Regex, self.regex()),
            c if c.is_whitespace() => (Kind::Blank, self.run(char::is_whitespace)),
            c if c.is_ascii_digit() || (matches!(c, '-' | '+' | '.') && digit(second)) => {
                (Kind::Number, self.run(|c| is_word(c) || matches!(c, '.' | '+' | '-')))
            }
            c if is_word(c) => (Kind::Word, self.run(|c| is_word(c) || matches!(c, '.' | '-'))),
            _ => single(Kind::Other),
        }
    }

    /// Length of what `member` holds for, at least one character.
    fn run(&self, member: impl Fn(char) -> bool) -> usize {
        let rest = self.rest();
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let tail = rest.get(first..).unwrap_or_default();
        first + tail.find(|c| !member(c)).unwrap_or(tail.len())
    }

    /// Length up to the closing `quote`, both included.
    fn quoted(&self, quote: char) -> usize {
        let mut escaped = false;
        for (at, c) in self.rest().char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == quote => return at + c.len_utf8(),
                _ => {}
            }
        }
        self.rest().len()
    }

    fn regex(&self) -> usize {
        let length = self.quoted('/');
        let flags = self.rest().get(length..).unwrap_or_default();
        length + flags.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(flags.len())
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '@') || !c.is_ascii() && !c.is_whitespace()
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let mut chars = self.rest().chars();
        let first = chars.next()?;
        let (kind, length) = self.measure(first, chars.next());
        let token = Token { kind, start: self.at, end: self.at + length };
        self.at = token.end;
        if kind != Kind::Blank {
            self.value = matches!(
                kind,
                Kind::Colon | Kind::Comma | Kind::OpenArray | Kind::OpenCall | Kind::OpenObject
            );
        }
        Some(token)
    }
}

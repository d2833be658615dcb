//! The lexer's hot loop: tokens that say something, handed to who reads them.
//!
//! A token's kind is known where its end is found; what is done with it is inlined there, so that
//! neither is asked for twice. What text is mostly made of is read here, and all else is a call.

use super::classes::{CLASSES, Class, EXTENDS, IN_WORD};
use super::{Lexer, Token, TokenKind};
use crate::workload::bytes;

/// Who reads tokens.
pub(in crate::workload) trait Reader {
    /// Takes a token that is neither white space nor a comment; whether more are wanted. `head` is
    /// its first eight bytes, those that follow it included; the lexer stands behind it.
    fn token(&mut self, lexer: &mut Lexer<'_>, token: Token, head: u64) -> bool;
}

impl Lexer<'_> {
    /// Hands tokens to the reader until it wants no more, or there are none.
    #[inline(always)]
    pub(in crate::workload) fn read(&mut self, reader: &mut impl Reader) {
        // Each arm has a call of its own, with a kind that the reader's code there is made for.
        loop {
            let start = self.at + usize::from(self.byte(self.at) == b' ');
            let head = bytes::load(self.text, start);
            let wants_more = match CLASSES[head as u8 as usize] {
                Class::Letter => match self.word_or_string(start, head) {
                    (TokenKind::Word, end) => {
                        self.hand(reader, (TokenKind::Word, end), start, head)
                    }
                    found => self.hand(reader, found, start, head),
                },
                Class::Comma => self.hand(reader, (TokenKind::Comma, start + 1), start, head),
                Class::Quote => match self.quoted(start, head as u8) {
                    (TokenKind::Quoted, end) => {
                        self.hand(reader, (TokenKind::Quoted, end), start, head)
                    }
                    (TokenKind::String, end) => {
                        self.hand(reader, (TokenKind::String, end), start, head)
                    }
                    found => self.hand(reader, found, start, head),
                },
                Class::Digit => match self.plain_number(start, head) {
                    Some(end) => self.hand(reader, (TokenKind::Number, end), start, head),
                    None => self.hand(reader, self.number(start), start, head),
                },
                Class::Dot if !may_go_on_after_dot((head >> 8) as u8) => {
                    self.hand(reader, (TokenKind::Dot, start + 1), start, head)
                }
                Class::Sign if !EXTENDS[(head >> 8) as u8 as usize] => {
                    self.hand(reader, (TokenKind::Operator, start + 1), start, head)
                }
                Class::Open => self.hand(reader, (TokenKind::Open, start + 1), start, head),
                Class::Close => self.hand(reader, (TokenKind::Close, start + 1), start, head),
                Class::Blank => {
                    self.at = self.run(start, Class::Blank);
                    true
                }
                _ => self.read_rare(reader, start, head),
            };
            if !wants_more {
                return;
            }
        }
    }

    #[inline(always)]
    fn hand(
        &mut self,
        reader: &mut impl Reader,
        (kind, end): (TokenKind, usize),
        start: usize,
        head: u64,
    ) -> bool {
        // What is open at the end closes there; an escape may have reached one byte further.
        self.at = end.min(self.text.len());
        let token = Token { kind, start, end: self.at };
        reader.token(self, token, head)
    }

    #[inline(never)]
    fn read_rare(&mut self, reader: &mut impl Reader, start: usize, head: u64) -> bool {
        if start >= self.text.len() {
            self.at = self.text.len();
            return false;
        }
        let (kind, end) = self.rare(start, head as u8);
        if kind == TokenKind::Comment {
            self.at = end.min(self.text.len());
            return true;
        }
        self.hand(reader, (kind, end), start, head)
    }

    #[inline(always)]
    fn word_or_string(&self, start: usize, head: u64) -> (TokenKind, usize) {
        match bytes::before(!bytes::in_word(head) & bytes::HIGH) {
            1 => self.word(start, head as u8),
            8 => (TokenKind::Word, self.word_end(start + 8)),
            length => (TokenKind::Word, start + length),
        }
    }

    /// The end of a number that is up to seven digits and nothing else.
    #[inline(always)]
    fn plain_number(&self, start: usize, head: u64) -> Option<usize> {
        let length = bytes::before(!bytes::digits(head) & bytes::HIGH);
        let next = (head >> ((8 * length) & 63)) as u8;
        (length < 8 && next != b'.' && !IN_WORD[next as usize]).then_some(start + length)
    }
}

/// `.5` and `...`.
#[inline(always)]
fn may_go_on_after_dot(next: u8) -> bool {
    matches!(CLASSES[next as usize], Class::Digit | Class::Dot)
}

//! Quoted names in a normalized text: without their quotes where these say nothing.

use super::Normalizer;
use crate::engine::Engine;
use crate::workload::bytes;
use crate::workload::fingerprint::state::Last;
use crate::workload::fingerprint::words::WordClass;
use crate::workload::lexer::Token;

impl Normalizer {
    pub(super) fn quoted(&mut self, sql: &[u8], token: Token) {
        if self.follows_made_up_names() {
            return self.value();
        }
        self.separate(self.blank_before_word());
        let simple = self.simple_name(sql, token) || self.any_name(token.bytes(sql));
        self.pend_column();
        self.went(if simple { Last::Word(WordClass::Plain) } else { Last::Quoted });
    }

    /// Writes a name that says the same without its quotes, as most do; says whether this is one.
    fn simple_name(&mut self, sql: &[u8], token: Token) -> bool {
        let (start, end) = (token.start + 1, token.end - 1);
        let fold = self.engine != Engine::Postgres;
        let read =
            |at| if fold { bytes::lower(bytes::load(sql, at)) } else { bytes::load(sql, at) };
        let head = read(start);
        // What is left open may have no quote at its end.
        let close = match sql.get(token.start) {
            Some(b'[') => Some(&b']'),
            open => open,
        };
        if start >= end || sql.get(end) != close || (head as u8).is_ascii_digit() {
            return false;
        }
        let (mut at, mut eight) = (start, head);
        while bytes::before(!bytes::in_simple_name(eight) & bytes::HIGH) >= (end - at).min(8) {
            at += 8;
            if at >= end {
                let plain = WordClass::of_any(sql, start, end, head) == WordClass::Plain;
                if plain {
                    self.push_lower(sql, start, end, head);
                }
                return plain;
            }
            eight = read(at);
        }
        false
    }

    /// Writes any quoted name; says whether it needed no quotes.
    #[inline(never)]
    fn any_name(&mut self, text: &[u8]) -> bool {
        self.decode_name(text);
        if is_simple(&self.name) && WordClass::of(&self.name) == WordClass::Plain {
            self.out.extend(&self.name);
            return true;
        }
        let quote = self.engine.info().quote as u8;
        self.out.push(quote);
        for &byte in &self.name {
            self.out.push(byte);
            if byte == quote {
                self.out.push(quote);
            }
        }
        self.out.push(quote);
        false
    }

    /// The name between its quotes; in lower case where quotes do not make names case-sensitive.
    fn decode_name(&mut self, text: &[u8]) {
        self.name.clear();
        let (close, text) = match text.split_first() {
            Some((b'[', rest)) => (b']', rest),
            Some((quote, rest)) => (*quote, rest),
            None => return,
        };
        let fold = self.engine != Engine::Postgres;
        let mut skip = false;
        for (at, &byte) in text.iter().enumerate() {
            if skip {
                skip = false;
                continue;
            }
            if byte == close {
                if text.get(at + 1) != Some(&close) {
                    break;
                }
                skip = true;
            }
            self.name.push(if fold { byte.to_ascii_lowercase() } else { byte });
        }
    }
}

/// Whether a name says the same without quotes.
pub(super) fn is_simple(name: &[u8]) -> bool {
    let starts = name.first().is_some_and(|b| b.is_ascii_lowercase() || *b == b'_');
    starts && name.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_')
}

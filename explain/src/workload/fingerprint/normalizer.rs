//! Normalized text: the tokens of a statement, reduced while they come, as MySQL's digest does it.
//!
//! The text is written once into a buffer that is cut back when a list turns out to be one of
//! constants, so its size is that of the result, not of a million rows of VALUES.
//!
//! The rules, for every engine alike:
//! * comments, layout and semicolons at the ends go; keywords and unquoted names in lower case;
//!   a quoted name that needs no quotes loses them;
//! * a literal or placeholder, its sign included, is `?`; TRUE, FALSE and NULL too (as
//!   pg_stat_statements has it) unless they follow IS, IS NOT, or (NULL) NOT, SET, ON;
//! * values in a row, `?, ?, ?`, are `?, ...`, and `(...)` when nothing else is in the parentheses;
//! * a list of IN, a row of VALUES, an ARRAY of which every member is constant — functions of
//!   constants, casts, arithmetic, rows — is `(...)`; further such rows of VALUES vanish;
//! * `= ANY (constant)` is `in (...)`, `<> ALL (constant)` is `not in (...)`;
//! * the name after SAVEPOINT, RELEASE, DEALLOCATE is `?`;
//! * the field of PostgreSQL's `extract(year FROM …)` is `?`;
//! * `!=` is `<>`, `==` is `=`, ASC vanishes.
//!
//! Not done, on purpose: digits in names stay (`orders_2024` and `orders_2025` are two tables), and
//! nothing is reordered.

use super::Fingerprint;
use super::shape::shape;
use super::state::{Frame, Last, List, Quantifiable, Run, Sign, State};
use super::words::WordClass;
use crate::engine::Engine;
use crate::workload::bytes;
use crate::workload::lexer::{Lexer, Token, TokenKind};
use xxhash_rust::xxh3::xxh3_64;

/// Makes normalized texts and fingerprints, one after the other in the same memory.
#[derive(Debug)]
pub struct Normalizer {
    engine: Engine,
    out: Vec<u8>,
    frames: Vec<Frame>,
    name: Vec<u8>,
    state: State,
    /// Fingerprints by [`shape`]: a statement of a shape that is known is only lexed.
    known: Vec<(u64, Fingerprint)>,
}

/// Shapes that are remembered; a power of two. Some 130 kB, made when the first is.
const KNOWN_SHAPES: usize = 1 << 13;

impl Normalizer {
    /// A normalizer for the texts of `engine`.
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            out: Vec::with_capacity(256),
            known: Vec::new(),
            frames: Vec::with_capacity(8),
            name: Vec::new(),
            state: State::START,
        }
    }

    /// The fingerprint of `sql`. Statements that differ in their values only are normalized once.
    pub fn fingerprint(&mut self, sql: &str) -> Fingerprint {
        // The shape of nothing is 0, and so is an empty slot's.
        let shape = shape(sql, self.engine) | 1;
        if self.known.is_empty() {
            self.known.resize(KNOWN_SHAPES, (0, Fingerprint(0)));
        }
        let slot = (shape >> 1) as usize & (KNOWN_SHAPES - 1);
        if self.known[slot].0 != shape {
            self.known[slot] = (shape, self.hash(sql));
        }
        self.known[slot].1
    }

    /// The hash of the normalized text.
    pub(super) fn hash(&mut self, sql: &str) -> Fingerprint {
        self.read(sql);
        Fingerprint(xxh3_64(&self.out))
    }

    /// The normalized text of `sql`.
    pub fn normalize(&mut self, sql: &str) -> &str {
        self.read(sql);
        // Tokens end at ASCII bytes, and only whole tokens are written: it cannot fail.
        std::str::from_utf8(&self.out).unwrap_or_default()
    }

    fn read(&mut self, sql: &str) {
        self.out.clear();
        self.frames.clear();
        self.frames.push(Frame::new(List::Plain, 0));
        self.state = State::START;
        // Seldom longer; then nothing grows token by token.
        self.out.reserve(sql.len() + 16);
        let mut lexer = Lexer::new(sql, self.engine);
        while let Some(token) = lexer.next_significant() {
            self.push(sql.as_bytes(), token);
        }
    }

    #[inline(always)]
    fn push(&mut self, sql: &[u8], token: Token) {
        if self.state.semicolon && token.kind != TokenKind::Semicolon {
            self.settle_column(token.kind);
            self.end_statement();
        }
        if token.kind == TokenKind::Word {
            return self.word(sql, token);
        }
        let text = sql.get(token.start..token.end).unwrap_or_default();
        self.settle_column(token.kind);
        match token.kind {
            TokenKind::Blank | TokenKind::Comment | TokenKind::Word => {}
            TokenKind::Quoted => self.quoted(text),
            TokenKind::String | TokenKind::Number | TokenKind::Placeholder => self.value(),
            TokenKind::Ellipsis => self.ellipsis(),
            TokenKind::Open => self.open(),
            TokenKind::Close => self.close(b')', Last::Close),
            TokenKind::OpenBracket => self.open_bracket(),
            TokenKind::CloseBracket => self.close(b']', Last::CloseBracket),
            TokenKind::Comma => self.comma(),
            TokenKind::Semicolon => self.state.semicolon = !self.out.is_empty(),
            TokenKind::Dot => self.dot(),
            TokenKind::Cast => self.cast(),
            TokenKind::Operator => self.operator(text),
        }
    }

    /// Writes the semicolon that turned out to stand between two statements.
    fn end_statement(&mut self) {
        self.separate(false);
        self.state.semicolon = false;
        self.out.push(b';');
        self.went(Last::Semicolon);
    }

    /// A name is no column when `(` follows (a function) or a value (`date '…'`).
    fn settle_column(&mut self, next: TokenKind) {
        if !self.state.pending_column {
            return;
        }
        self.state.pending_column = false;
        let follows = matches!(
            next,
            TokenKind::Open | TokenKind::String | TokenKind::Number | TokenKind::Placeholder
        );
        if !follows {
            self.not_constant();
        }
    }

    fn not_constant(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.constant = false;
        }
    }

    /// Writes what separates the next token from the last, and forgets what it ends.
    fn separate(&mut self, blank: bool) {
        if blank {
            self.out.push(b' ');
        }
        self.state.run = Run::None;
        self.state.sign = None;
    }

    fn went(&mut self, last: Last) {
        self.state.before = self.state.last;
        self.state.last = last;
    }

    /// Whether a word, value or operator needs a blank before it.
    fn blank_before_word(&self) -> bool {
        !matches!(self.state.last, Last::Start | Last::Open | Last::Dot | Last::Cast)
    }

    #[inline(always)]
    fn word(&mut self, sql: &[u8], token: Token) {
        let class = WordClass::of_any(sql, token.start, token.end);
        if class != WordClass::Plain && self.special_word(class) {
            return;
        }
        if matches!(class, WordClass::Plain | WordClass::All) && self.follows_made_up_names() {
            return self.value();
        }
        self.settle_column(TokenKind::Word);
        if self.blank_before_word() {
            self.out.push(b' ');
        }
        self.push_lower(sql, token);
        self.state.run = Run::None;
        self.state.sign = None;
        self.note_word(class);
        self.went(Last::Word(class));
    }

    /// Writes a word in lower case, eight bytes at a time; those too many are cut off again.
    #[inline(always)]
    fn push_lower(&mut self, sql: &[u8], token: Token) {
        let end = self.out.len() + token.end - token.start;
        let mut at = token.start;
        while at < token.end {
            self.out.extend_from_slice(&bytes::lower(bytes::load(sql, at)).to_le_bytes());
            at += 8;
        }
        self.out.truncate(end);
    }

    /// Words that are not written as they are; says whether this was one.
    fn special_word(&mut self, class: WordClass) -> bool {
        match class {
            WordClass::Null | WordClass::Bool if !self.is_tested(class) => {
                self.settle_column(TokenKind::Number);
                self.value();
                true
            }
            WordClass::Ascending => self.follows_sort_key(),
            _ => false,
        }
    }

    /// Whether NULL, TRUE or FALSE belongs to a test or a constraint and is no value.
    fn is_tested(&self, class: WordClass) -> bool {
        match self.state.last {
            Last::Word(WordClass::Is) => true,
            Last::Word(WordClass::Not) => {
                class == WordClass::Null || self.state.before == Last::Word(WordClass::Is)
            }
            Last::Word(WordClass::Set) => class == WordClass::Null,
            _ => false,
        }
    }

    fn follows_made_up_names(&self) -> bool {
        self.state.last == Last::Word(WordClass::Names)
            && matches!(
                self.state.before,
                Last::Start | Last::Semicolon | Last::Word(WordClass::Names)
            )
    }

    fn follows_sort_key(&self) -> bool {
        matches!(
            self.state.last,
            Last::Word(WordClass::Plain)
                | Last::Quoted
                | Last::Value
                | Last::Close
                | Last::CloseBracket
        )
    }

    fn note_word(&mut self, class: WordClass) {
        match class {
            WordClass::Select => self.not_constant(),
            WordClass::As => self.state.in_type = true,
            WordClass::Operand if self.state.before == Last::Open => {
                self.state.in_type = false;
                self.extracted_field();
            }
            WordClass::Operand | WordClass::EndsKeys | WordClass::In => self.state.in_type = false,
            WordClass::Plain | WordClass::Keyword => {
                self.pend_column();
            }
            _ => {}
        }
    }

    /// PostgreSQL takes the field of `extract(year FROM …)` for a constant: its statistics have a
    /// parameter there.
    fn extracted_field(&mut self) {
        if self.engine != Engine::Postgres {
            return;
        }
        let Some(head) = self.out.strip_suffix(b" from") else { return };
        let Some(open) = head.iter().rposition(|byte| *byte == b'(') else { return };
        let is_extract = head.get(..open).is_some_and(|before| before.ends_with(b"extract"));
        if is_extract && head.get(open + 1..).is_some_and(is_simple) {
            self.out.truncate(open + 1);
            self.out.extend_from_slice(b"? from");
        }
    }

    /// After a value only a unit (`interval ? day`) or an alias can stand, no column.
    fn pend_column(&mut self) {
        self.state.pending_column = !self.state.in_type && self.state.last != Last::Value;
    }

    fn quoted(&mut self, text: &[u8]) {
        if self.follows_made_up_names() {
            return self.value();
        }
        let blank = self.blank_before_word();
        self.separate(blank);
        self.decode_name(text);
        let simple = is_simple(&self.name) && WordClass::of(&self.name) == WordClass::Plain;
        if simple {
            self.out.extend_from_slice(&self.name);
        } else {
            let quote = self.engine.info().quote as u8;
            self.out.push(quote);
            for &byte in &self.name {
                self.out.push(byte);
                if byte == quote {
                    self.out.push(quote);
                }
            }
            self.out.push(quote);
        }
        self.pend_column();
        self.went(if simple { Last::Word(WordClass::Plain) } else { Last::Quoted });
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

    fn value(&mut self) {
        if let Some(sign) = self.state.sign {
            self.out.truncate(sign.at);
            self.state.last = sign.last;
            self.state.before = sign.before;
        }
        match self.state.run {
            Run::Comma(start) => self.lengthen_run(start),
            _ => {
                let blank = self.blank_before_word();
                self.separate(blank);
                self.state.run = Run::Value(self.out.len());
                self.out.push(b'?');
            }
        }
        self.state.sign = None;
        self.state.in_type = false;
        self.went(Last::Value);
    }

    /// `?, ?` and `?, ..., ?` are `?, ...`.
    fn lengthen_run(&mut self, start: usize) {
        const LONG: &[u8] = b"?, ...";
        // From the third value on it stands there already.
        if self.out.len() > start + LONG.len() {
            self.out.truncate(start + LONG.len());
        } else {
            self.out.truncate(start);
            self.out.extend_from_slice(LONG);
        }
        self.state.run = Run::Value(start);
    }

    /// MySQL's own `...`: the rest of a list, or all of it.
    fn ellipsis(&mut self) {
        if let Run::Comma(start) = self.state.run {
            self.lengthen_run(start);
            self.state.sign = None;
            self.went(Last::Value);
            return;
        }
        let blank = !matches!(self.state.last, Last::Start | Last::Open);
        self.separate(blank);
        self.out.extend_from_slice(b"...");
        self.went(Last::Ellipsis);
    }

    fn open(&mut self) {
        let list = self.list_opening();
        self.state.in_type &= list == List::Plain;
        let blank = match self.state.last {
            Last::Word(class) => !class.calls(),
            Last::Start | Last::Open | Last::Quoted | Last::Dot | Last::Cast => false,
            _ => true,
        };
        self.separate(blank);
        self.out.push(b'(');
        self.frames.push(Frame::new(list, self.out.len()));
        self.went(Last::Open);
    }

    fn list_opening(&self) -> List {
        let from = self.state.operator_at;
        match (self.state.last, self.state.operator) {
            (Last::Word(WordClass::In), _) => List::Members,
            (Last::Word(WordClass::Values), _) => List::Row,
            (Last::Word(WordClass::Any), Quantifiable::Equal) if self.after_operator() => {
                List::Quantified { from, negated: false }
            }
            (Last::Word(WordClass::All), Quantifiable::Unequal) if self.after_operator() => {
                List::Quantified { from, negated: true }
            }
            (Last::Comma, _) if self.top().rows_end == Some(self.out.len() - 1) => List::Row,
            _ => List::Plain,
        }
    }

    fn after_operator(&self) -> bool {
        self.state.before == Last::Operator
    }

    fn top(&self) -> Frame {
        self.frames.last().copied().unwrap_or(Frame::new(List::Plain, 0))
    }

    fn open_bracket(&mut self) {
        let elements = self.state.last == Last::Word(WordClass::Array);
        self.separate(false);
        self.out.push(b'[');
        let list = if elements { List::Elements } else { List::Plain };
        self.frames.push(Frame::new(list, self.out.len()));
        self.went(Last::Open);
    }

    fn close(&mut self, bracket: u8, last: Last) {
        self.separate(false);
        self.state.in_type = false;
        // A bracket without its partner closes nothing.
        let Some(frame) = (self.frames.len() > 1).then(|| self.frames.pop()).flatten() else {
            self.out.push(bracket);
            self.went(last);
            return;
        };
        if !frame.constant {
            self.not_constant();
        }
        let reduced = frame.constant && self.reduce(frame, bracket);
        if !reduced {
            let inside = self.out.get(frame.inside..).unwrap_or_default();
            if inside == b"?, ..." {
                self.out.truncate(frame.inside);
                self.out.extend_from_slice(b"...");
            }
            self.out.push(bracket);
        }
        self.went(last);
    }

    /// Shortens a list of constants; says whether it did.
    fn reduce(&mut self, frame: Frame, bracket: u8) -> bool {
        match frame.list {
            List::Plain => return false,
            List::Members | List::Elements => self.out.truncate(frame.inside),
            List::Row => return self.reduce_row(frame, bracket),
            List::Quantified { from, negated } => {
                self.out.truncate(from);
                self.out.extend_from_slice(if negated { b"not in (" } else { b"in (" });
            }
        }
        self.out.extend_from_slice(b"...");
        self.out.push(bracket);
        true
    }

    fn reduce_row(&mut self, frame: Frame, bracket: u8) -> bool {
        // `(...)`, comma, blank, parenthesis: this row follows one that was reduced.
        match self.top().rows_end.filter(|end| end + 3 == frame.inside) {
            Some(end) => self.out.truncate(end),
            None => {
                self.out.truncate(frame.inside);
                self.out.extend_from_slice(b"...");
                self.out.push(bracket);
            }
        }
        let end = self.out.len();
        if let Some(top) = self.frames.last_mut() {
            top.rows_end = Some(end);
        }
        true
    }

    fn comma(&mut self) {
        let run = match self.state.run {
            Run::Value(start) => Run::Comma(start),
            _ => Run::None,
        };
        self.separate(false);
        self.state.run = run;
        self.state.in_type = false;
        self.out.push(b',');
        self.went(Last::Comma);
    }

    fn dot(&mut self) {
        let blank = self.state.last == Last::Dot;
        self.separate(blank);
        self.out.push(b'.');
        self.went(Last::Dot);
    }

    fn cast(&mut self) {
        let blank = self.state.last == Last::Operator;
        self.separate(blank);
        self.out.extend_from_slice(b"::");
        self.state.in_type = true;
        self.went(Last::Cast);
    }

    fn operator(&mut self, text: &[u8]) {
        let run = self.state.run;
        let sign = self.sign(text);
        let blank = self.blank_before_word();
        self.separate(blank);
        self.state.operator_at = self.out.len();
        let text: &[u8] = match text {
            b"!=" => b"<>",
            b"==" => b"=",
            other => other,
        };
        self.out.extend_from_slice(text);
        if sign.is_some() {
            self.state.run = run;
        }
        self.state.sign = sign;
        self.state.in_type = false;
        self.state.operator = match text {
            b"=" => Quantifiable::Equal,
            b"<>" => Quantifiable::Unequal,
            _ => Quantifiable::No,
        };
        self.went(Last::Operator);
    }

    /// What to go back to should this be the sign of a value.
    fn sign(&self, text: &[u8]) -> Option<Sign> {
        if !matches!(text, b"-" | b"+") {
            return None;
        }
        if self.state.sign.is_some() {
            return self.state.sign;
        }
        let expected = match self.state.last {
            Last::Word(class) => class.expects_operand(),
            Last::Start | Last::Open | Last::Comma | Last::Operator => true,
            _ => false,
        };
        let here = Sign { at: self.out.len(), last: self.state.last, before: self.state.before };
        expected.then_some(here)
    }
}

/// Whether a name says the same without quotes.
fn is_simple(name: &[u8]) -> bool {
    let starts = name.first().is_some_and(|b| b.is_ascii_lowercase() || *b == b'_');
    starts && name.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_')
}

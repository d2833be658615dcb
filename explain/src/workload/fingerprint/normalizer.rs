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

mod names;

use super::Fingerprint;
use super::buffer::Buffer;
use super::shape::shape;
use super::state::{Frame, Last, List, Quantifiable, Run, Sign, State};
use super::words::WordClass;
use crate::engine::Engine;
use crate::workload::bytes;
use crate::workload::lexer::{Lexer, Reader, Token, TokenKind};
use names::is_simple;
use xxhash_rust::xxh3::xxh3_64;

/// Makes normalized texts and fingerprints, one after the other in the same memory.
#[derive(Debug)]
pub struct Normalizer {
    engine: Engine,
    out: Buffer,
    /// What is open around it: the innermost one, and those around that.
    top: Frame,
    frames: Vec<Frame>,
    name: Vec<u8>,
    state: State,
    /// Fingerprints by [`shape`]: a statement of a shape that is known is only lexed.
    known: Vec<[(u64, Fingerprint); PLACES]>,
}

/// Shapes that are remembered; a power of two. Some 130 kB, made when the first is.
const KNOWN_SHAPES: usize = 1 << 13;

/// Places for each of them, of which the newest shape takes the oldest's: a line of the cache.
const PLACES: usize = 4;

impl Normalizer {
    /// A normalizer for the texts of `engine`.
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            out: Buffer::default(),
            known: Vec::new(),
            top: Frame::new(List::Plain, 0),
            frames: Vec::with_capacity(8),
            name: Vec::new(),
            state: State::START,
        }
    }

    /// The fingerprint of `sql`. Statements that differ in their values only are normalized once.
    pub fn fingerprint(&mut self, sql: &str) -> Fingerprint {
        // No shape is 0, as an empty place has it.
        let shape = shape(sql, self.engine) | 1;
        if self.known.is_empty() {
            self.known.resize(KNOWN_SHAPES / PLACES, [(0, Fingerprint(0)); PLACES]);
        }
        let slot = (shape >> 1) as usize & (KNOWN_SHAPES / PLACES - 1);
        if let Some((_, known)) = self.known[slot].iter().find(|known| known.0 == shape) {
            return *known;
        }
        let fingerprint = self.hash(sql);
        self.known[slot].rotate_right(1);
        self.known[slot][0] = (shape, fingerprint);
        fingerprint
    }

    /// The hash of the normalized text.
    pub(super) fn hash(&mut self, sql: &str) -> Fingerprint {
        self.read(sql);
        Fingerprint(xxh3_64(self.out.text()))
    }

    /// The normalized text of `sql`.
    pub fn normalize(&mut self, sql: &str) -> &str {
        self.read(sql);
        // Tokens end at ASCII bytes, and only whole tokens are written: it cannot fail.
        std::str::from_utf8(self.out.text()).unwrap_or_default()
    }

    fn read(&mut self, sql: &str) {
        self.out.truncate(0);
        self.frames.clear();
        self.top = Frame::new(List::Plain, 0);
        self.state = State::START;
        let mut reader = Statement { sql: sql.as_bytes(), normalizer: self };
        Lexer::new(sql, reader.normalizer.engine).read(&mut reader);
    }

    /// Writes the semicolon that turned out to stand between two statements.
    fn end_statement(&mut self) {
        self.separate(false);
        self.state.semicolon = false;
        self.out.push(b';');
        self.went(Last::Semicolon);
    }

    /// A name is no column when `(` follows (a function) or a value (`date '…'`).
    #[inline(always)]
    fn settle_column(&mut self, next: TokenKind) {
        let follows = matches!(
            next,
            TokenKind::Open | TokenKind::String | TokenKind::Number | TokenKind::Placeholder
        );
        self.top.constant &= follows || !self.state.pending_column;
        self.state.pending_column = false;
    }

    fn not_constant(&mut self) {
        self.top.constant = false;
    }

    /// Writes what separates the next token from the last, and forgets what it ends.
    fn separate(&mut self, blank: bool) {
        self.out.push_blank(blank);
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
    fn word(&mut self, sql: &[u8], token: Token, head: u64) {
        let class = WordClass::of_any(sql, token.start, token.end, head);
        if class != WordClass::Plain && self.special_word(class) {
            return;
        }
        if matches!(class, WordClass::Plain | WordClass::All) && self.follows_made_up_names() {
            return self.value();
        }
        self.settle_column(TokenKind::Word);
        self.separate(self.blank_before_word());
        self.push_lower(sql, token.start, token.end, head);
        if class == WordClass::Plain {
            self.pend_column();
        } else {
            self.note_word(class);
        }
        self.went(Last::Word(class));
    }

    /// Writes a word in lower case, eight bytes at a time.
    #[inline(always)]
    fn push_lower(&mut self, sql: &[u8], start: usize, end: usize, head: u64) {
        self.out.push_eight(bytes::lower(head), (end - start).min(8));
        let mut at = start + 8;
        while at < end {
            self.out.push_eight(bytes::lower(bytes::load(sql, at)), (end - at).min(8));
            at += 8;
        }
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
        let Some(head) = self.out.text().strip_suffix(b" from") else { return };
        let Some(open) = head.iter().rposition(|byte| *byte == b'(') else { return };
        let is_extract = head.get(..open).is_some_and(|before| before.ends_with(b"extract"));
        if is_extract && head.get(open + 1..).is_some_and(is_simple) {
            self.out.truncate(open + 1);
            self.out.extend(b"? from");
        }
    }

    /// After a value only a unit (`interval ? day`) or an alias can stand, no column.
    fn pend_column(&mut self) {
        self.state.pending_column = !self.state.in_type && self.state.last != Last::Value;
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
            self.out.extend(LONG);
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
        self.out.extend(b"...");
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
        self.enter(list);
        self.went(Last::Open);
    }

    fn enter(&mut self, list: List) {
        let around = std::mem::replace(&mut self.top, Frame::new(list, self.out.len()));
        self.frames.push(around);
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
            (Last::Comma, _) if self.top.rows_end == Some(self.out.len() - 1) => List::Row,
            _ => List::Plain,
        }
    }

    fn after_operator(&self) -> bool {
        self.state.before == Last::Operator
    }

    fn open_bracket(&mut self) {
        let elements = self.state.last == Last::Word(WordClass::Array);
        self.separate(false);
        self.out.push(b'[');
        let list = if elements { List::Elements } else { List::Plain };
        self.enter(list);
        self.went(Last::Open);
    }

    fn close(&mut self, bracket: u8, last: Last) {
        self.separate(false);
        self.state.in_type = false;
        // A bracket without its partner closes nothing.
        let Some(around) = self.frames.pop() else {
            self.out.push(bracket);
            self.went(last);
            return;
        };
        let frame = std::mem::replace(&mut self.top, around);
        self.top.constant &= frame.constant;
        let reduced = frame.constant && self.reduce(frame, bracket);
        if !reduced {
            let inside = self.out.text().get(frame.inside..).unwrap_or_default();
            if inside == b"?, ..." {
                self.out.truncate(frame.inside);
                self.out.extend(b"...");
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
                self.out.extend(if negated { b"not in (" } else { b"in (" });
            }
        }
        self.out.extend(b"...");
        self.out.push(bracket);
        true
    }

    fn reduce_row(&mut self, frame: Frame, bracket: u8) -> bool {
        // `(...)`, comma, blank, parenthesis: this row follows one that was reduced.
        match self.top.rows_end.filter(|end| end + 3 == frame.inside) {
            Some(end) => self.out.truncate(end),
            None => {
                self.out.truncate(frame.inside);
                self.out.extend(b"...");
                self.out.push(bracket);
            }
        }
        let end = self.out.len();
        self.top.rows_end = Some(end);
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
        self.out.extend(b"::");
        self.state.in_type = true;
        self.went(Last::Cast);
    }

    /// An operator of one byte, as nearly all are.
    #[inline(always)]
    fn sign(&mut self, byte: u8) {
        if matches!(byte, b'-' | b'+') {
            return self.plus_or_minus(byte);
        }
        let operator = if byte == b'=' { Quantifiable::Equal } else { Quantifiable::No };
        self.begin_operator(operator);
        self.out.push(byte);
    }

    #[inline(never)]
    fn plus_or_minus(&mut self, byte: u8) {
        let (run, sign) = (self.state.run, self.operand_sign());
        self.begin_operator(Quantifiable::No);
        self.out.push(byte);
        if sign.is_some() {
            (self.state.run, self.state.sign) = (run, sign);
        }
    }

    fn operator(&mut self, text: &[u8]) {
        let (text, operator): (&[u8], _) = match text {
            b"!=" | b"<>" => (b"<>", Quantifiable::Unequal),
            b"==" => (b"=", Quantifiable::Equal),
            other => (other, Quantifiable::No),
        };
        self.begin_operator(operator);
        self.out.extend(text);
    }

    #[inline(always)]
    fn begin_operator(&mut self, operator: Quantifiable) {
        self.separate(self.blank_before_word());
        self.state.operator_at = self.out.len();
        self.state.operator = operator;
        self.state.in_type = false;
        self.went(Last::Operator);
    }

    /// What to go back to should this be the sign of a value.
    fn operand_sign(&self) -> Option<Sign> {
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

/// A statement that is being normalized.
struct Statement<'a> {
    sql: &'a [u8],
    normalizer: &'a mut Normalizer,
}

impl Reader for Statement<'_> {
    #[inline(always)]
    fn token(&mut self, _: &mut Lexer<'_>, token: Token, head: u64) -> bool {
        let Self { sql, normalizer } = self;
        if normalizer.state.semicolon && token.kind != TokenKind::Semicolon {
            normalizer.end_statement();
        }
        if token.kind == TokenKind::Word {
            normalizer.word(sql, token, head);
            return true;
        }
        normalizer.settle_column(token.kind);
        match token.kind {
            TokenKind::Blank | TokenKind::Comment | TokenKind::Word => {}
            TokenKind::Quoted => normalizer.quoted(sql, token),
            TokenKind::String | TokenKind::Number | TokenKind::Placeholder => normalizer.value(),
            TokenKind::Ellipsis => normalizer.ellipsis(),
            TokenKind::Open => normalizer.open(),
            TokenKind::Close => normalizer.close(b')', Last::Close),
            TokenKind::OpenBracket => normalizer.open_bracket(),
            TokenKind::CloseBracket => normalizer.close(b']', Last::CloseBracket),
            TokenKind::Comma => normalizer.comma(),
            TokenKind::Semicolon => normalizer.state.semicolon = normalizer.out.len() > 0,
            TokenKind::Dot => normalizer.dot(),
            TokenKind::Cast => normalizer.cast(),
            TokenKind::Operator if token.end - token.start == 1 => normalizer.sign(head as u8),
            TokenKind::Operator => normalizer.operator(token.bytes(sql)),
        }
        true
    }
}

//! The reading itself: one pass over the bytes, containers on an explicit stack.

use super::{Document, Entry, Kind};

/// Most containers inside each other. A level of a plan is at most two of them.
const MAX_NESTING: usize = 250_000;

/// Why a document could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// The byte of the text where it went wrong.
    pub(crate) at: usize,
    /// What should stand there; `None` when it is nested too deeply.
    pub(crate) expected: Option<&'static str>,
}

/// Reads the document that begins at byte `from` of `text`. Gives what was read, also when it broke
/// off, and the byte after its end.
pub(crate) fn read(text: &str, from: usize) -> (Document<'_>, Result<usize, Trouble>) {
    let mut reader =
        Reader { bytes: text.as_bytes(), at: from, entries: Vec::new(), elided: false };
    let outcome = reader.document().map(|()| reader.at);
    let Reader { mut entries, elided, .. } = reader;
    entries.shrink_to_fit();
    (Document { text, entries, elided }, outcome)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    entries: Vec<Entry>,
    elided: bool,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Trouble> {
        let mut open: Vec<usize> = Vec::new();
        if let Some(container) = self.value()? {
            open.push(container);
        }
        while let Some(&container) = open.last() {
            if open.len() > MAX_NESTING {
                return Err(Trouble { at: self.at, expected: None });
            }
            if let Some(inner) = self.step(container)? {
                open.push(inner);
            } else if self.entries[container].end != 0 {
                open.pop();
            }
        }
        Ok(())
    }

    /// Reads one item or member of a container, or its end. Gives the container that begins.
    fn step(&mut self, container: usize) -> Result<Option<usize>, Trouble> {
        self.blanks();
        // Also where nothing stands before or after it: trailing commas are common.
        while self.peek() == Some(b',') {
            self.at += 1;
            self.blanks();
        }
        let kind = self.entries[container].kind;
        let closes = match kind {
            Kind::Object => b'}',
            Kind::Array => b']',
            _ => b')',
        };
        match self.peek() {
            // A tuple of Python is an array.
            Some(byte @ (b']' | b'}' | b')'))
                if byte == closes || kind == Kind::Array && byte == b')' =>
            {
                self.at += 1;
                self.close(container);
                Ok(None)
            }
            Some(b'.') if self.rest().starts_with(b"...") => {
                self.elision();
                Ok(None)
            }
            _ if kind == Kind::Object => self.member(),
            _ => {
                let mut inner = self.value()?;
                if kind == Kind::Call && inner.is_none() && self.peek() == Some(b'=') {
                    // The name of an argument, as in Python: the value is what follows.
                    self.entries.pop();
                    self.at += 1;
                    inner = self.value()?;
                }
                self.after_item(inner, closes)?;
                Ok(inner)
            }
        }
    }

    fn member(&mut self) -> Result<Option<usize>, Trouble> {
        self.key()?;
        self.blanks();
        match self.peek() {
            Some(b':') => self.at += 1,
            // Ruby.
            Some(b'=') if self.rest().starts_with(b"=>") => self.at += 2,
            _ => return self.trouble("`:`"),
        }
        self.blanks();
        let inner = self.value()?;
        self.after_item(inner, b'}')?;
        Ok(inner)
    }

    /// After a value there is a comma or the container's end.
    fn after_item(&mut self, inner: Option<usize>, closes: u8) -> Result<(), Trouble> {
        if inner.is_some() {
            return Ok(());
        }
        self.blanks();
        match self.peek() {
            Some(b',' | b'}' | b']' | b')' | b'.') => Ok(()),
            _ if closes == b'}' => self.trouble("`,` or `}`"),
            _ if closes == b']' => self.trouble("`,` or `]`"),
            _ => self.trouble("`,` or `)`"),
        }
    }

    fn close(&mut self, container: usize) {
        let end = self.entries.len() as u32;
        let entry = &mut self.entries[container];
        entry.end = end;
        if entry.kind != Kind::Call {
            entry.len = (self.at - entry.start as usize) as u32;
        }
    }

    /// Adds an entry without content.
    fn add(&mut self, kind: Kind, start: usize, end: usize) -> usize {
        let next = self.entries.len();
        let (start, len) = (start as u32, (end - start) as u32);
        self.entries.push(Entry { kind, start, len, end: next as u32 + 1 });
        next
    }

    /// Adds a container, which is open as long as its `end` is 0.
    fn open(&mut self, kind: Kind, start: usize, end: usize) -> Option<usize> {
        let at = self.add(kind, start, end);
        self.entries[at].end = 0;
        Some(at)
    }

    fn key(&mut self) -> Result<(), Trouble> {
        let start = self.at;
        match self.peek() {
            Some(quote @ (b'"' | b'\'' | b'`')) => {
                let has_escapes = self.quoted(quote)?;
                self.add_string(start, self.at, has_escapes);
                Ok(())
            }
            Some(b'0'..=b'9') => {
                self.digits();
                self.add(Kind::Word, start, self.at);
                Ok(())
            }
            Some(byte) if is_word(byte) => {
                self.word();
                self.add(Kind::Word, start, self.at);
                Ok(())
            }
            _ => self.trouble("a key or `}`"),
        }
    }

    /// Reads a value; gives the container that it begins.
    fn value(&mut self) -> Result<Option<usize>, Trouble> {
        let start = self.at;
        match self.peek() {
            Some(b'{') => {
                self.at += 1;
                return Ok(self.open(Kind::Object, start, start + 1));
            }
            Some(b'[') => return Ok(self.array()),
            Some(b'(') => {
                self.at += 1;
                return Ok(self.open(Kind::Array, start, start + 1));
            }
            Some(quote @ (b'"' | b'\'' | b'`')) => self.string(quote)?,
            Some(b'0'..=b'9' | b'-' | b'+') => self.number()?,
            Some(b'.') if self.rest().starts_with(b"...") => self.elision(),
            Some(b'.') => self.number()?,
            Some(b'/') => self.regex()?,
            Some(b'<') => return self.angle(),
            Some(byte) if is_word(byte) => return self.name(),
            _ => return self.trouble("a value"),
        }
        Ok(None)
    }

    /// `[`, or what Node prints where it left something out.
    fn array(&mut self) -> Option<usize> {
        const LEFT_OUT: [&[u8]; 6] =
            [b"[Object]", b"[Array]", b"[Circular", b"[Function", b"[Getter", b"[Object: null"];
        let start = self.at;
        let rest = self.rest();
        let Some(mark) = LEFT_OUT.iter().find(|mark| rest.starts_with(mark)) else {
            self.at += 1;
            return self.open(Kind::Array, start, start + 1);
        };
        let len = rest.iter().position(|&b| b == b']').map_or(mark.len(), |at| at + 1);
        self.at += len;
        if mark.ends_with(b"null") {
            self.blanks();
            if self.peek() == Some(b'{') {
                self.at += 1;
                return self.open(Kind::Object, self.at - 1, self.at);
            }
        }
        self.elided = true;
        self.add(Kind::Elided, start, self.at);
        None
    }

    /// `<Buffer 01 02>`, or a mark before a value: `<ref *1> {`.
    fn angle(&mut self) -> Result<Option<usize>, Trouble> {
        let start = self.at;
        let ends = self.rest().iter().position(|b| matches!(b, b'>' | b'\n'));
        let Some(len) = ends.filter(|len| self.rest().get(*len) == Some(&b'>')) else {
            return self.trouble("a value");
        };
        self.at += len + 1;
        let end = self.at;
        self.blanks();
        match self.peek() {
            Some(b'{') => return self.value(),
            Some(b'[') => return Ok(self.array()),
            _ => self.at = end,
        }
        self.elided = true;
        self.add(Kind::Elided, start, end);
        Ok(None)
    }

    /// `... 3 more items`.
    fn elision(&mut self) {
        self.elided = true;
        let ends = |b: &u8| matches!(b, b'\n' | b',' | b']' | b'}');
        let rest = self.rest();
        self.at += rest.iter().position(ends).unwrap_or(rest.len());
    }

    /// A word, a call, or the class before an object.
    fn name(&mut self) -> Result<Option<usize>, Trouble> {
        let mut start = self.at;
        self.word();
        if &self.bytes[start..self.at] == b"new" {
            self.blanks();
            start = self.at;
            self.word();
        }
        // Python: b'bytes', r'raw'.
        if self.at - start <= 2 && matches!(self.peek(), Some(b'\'' | b'"')) {
            let quote = self.bytes[self.at];
            return self.string(quote).map(|()| None);
        }
        let end = self.at;
        self.blanks();
        match self.peek() {
            Some(b'(') => {
                self.at += 1;
                return Ok(self.open(Kind::Call, start, end));
            }
            Some(b'{') => {
                self.at += 1;
                return Ok(self.open(Kind::Object, self.at - 1, self.at));
            }
            _ => self.at = end,
        }
        let kind = match &self.bytes[start..end] {
            b"null" => Kind::Null,
            b"true" => Kind::True,
            b"false" => Kind::False,
            _ => Kind::Word,
        };
        self.add(kind, start, end);
        Ok(None)
    }

    fn number(&mut self) -> Result<(), Trouble> {
        let start = self.at;
        let is_signed = matches!(self.peek(), Some(b'-' | b'+'));
        self.at += usize::from(is_signed);
        if self.peek().is_some_and(|b| b.is_ascii_alphabetic()) && is_signed {
            self.word();
            self.add(Kind::Word, start, self.at);
            return Ok(());
        }
        self.digits();
        if !self.bytes[start..self.at].iter().any(u8::is_ascii_digit) {
            self.at = start;
            return self.trouble("a value");
        }
        self.add(Kind::Number, start, self.at);
        Ok(())
    }

    fn digits(&mut self) {
        let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-' | b'_');
        let rest = self.rest();
        self.at += rest.iter().position(|b| !is_part(b)).unwrap_or(rest.len());
    }

    fn word(&mut self) {
        let is_part = |b: u8| is_word(b) || b == b'.' || b.is_ascii_digit();
        let rest = self.rest();
        self.at += rest.iter().position(|&b| !is_part(b)).unwrap_or(rest.len());
    }

    /// A string, with what is joined to it: `'a' +\n 'b'` (Node) or `'a'\n 'b'` (Python).
    fn string(&mut self, quote: u8) -> Result<(), Trouble> {
        let start = self.at;
        let mut has_escapes = self.quoted(quote)?;
        let mut end = self.at;
        let mut parts = 1;
        loop {
            self.blanks();
            if self.peek() == Some(b'+') {
                self.at += 1;
                self.blanks();
            }
            match self.peek() {
                Some(next @ (b'"' | b'\'' | b'`')) => {
                    has_escapes |= self.quoted(next)?;
                    (parts, end) = (parts + 1, self.at);
                }
                // Node cuts long strings: `'abc'... 70 more characters`.
                Some(b'.') if self.rest().starts_with(b"...") => {
                    self.elision();
                    break;
                }
                _ => {
                    self.at = end;
                    break;
                }
            }
        }
        self.add_string(start, end, has_escapes || parts > 1);
        Ok(())
    }

    /// Adds a string, the quotes of which are inside of `start` and `end`.
    fn add_string(&mut self, start: usize, end: usize, has_escapes: bool) {
        match has_escapes {
            true => self.add(Kind::Escaped, start, end),
            false => self.add(Kind::Plain, start + 1, end - 1),
        };
    }

    /// One string in quotes; the answer says whether it has escapes.
    fn quoted(&mut self, quote: u8) -> Result<bool, Trouble> {
        let start = self.at;
        self.at += 1;
        let mut has_escapes = false;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            if byte == quote {
                return Ok(has_escapes);
            }
            if byte == b'\\' {
                has_escapes = true;
                self.at += 1;
            }
        }
        // A lone quote takes the rest of the text with it: what is wrong is where it stands.
        self.at = start;
        self.trouble("a string that ends")
    }

    fn regex(&mut self) -> Result<(), Trouble> {
        let start = self.at;
        let mut at = start + 1;
        let mut in_class = false;
        loop {
            match self.bytes.get(at) {
                Some(b'\\') => at += 1,
                Some(b'[') => in_class = true,
                Some(b']') => in_class = false,
                Some(b'/') if !in_class => break,
                None | Some(b'\n') => return self.trouble("a value"),
                _ => {}
            }
            at += 1;
        }
        self.at = at + 1;
        self.word();
        self.add(Kind::Regex, start, self.at);
        Ok(())
    }

    /// Passes over blanks and comments.
    fn blanks(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                b'/' if self.rest().starts_with(b"//") => self.pass(b"\n"),
                b'/' if self.rest().starts_with(b"/*") => self.pass(b"*/"),
                // A byte order mark or a no-break space, from a web page.
                0xEF if self.rest().starts_with("\u{FEFF}".as_bytes()) => self.at += 3,
                0x1B if self.rest().starts_with(b"\x1b[") => self.colour(),
                0xC2 if self.rest().starts_with("\u{A0}".as_bytes()) => self.at += 2,
                _ => return,
            }
        }
    }

    /// Passes over a colour of a terminal: `ESC [ 32 m`.
    fn colour(&mut self) {
        self.at += 2;
        let is_part = |b: &u8| b.is_ascii_digit() || matches!(b, b';' | b'?');
        let rest = self.rest();
        self.at += rest.iter().position(|b| !is_part(b)).map_or(rest.len(), |at| at + 1);
    }

    fn pass(&mut self, mark: &[u8]) {
        let rest = self.rest();
        let found = rest.windows(mark.len()).skip(1).position(|window| window == mark);
        self.at += found.map_or(rest.len(), |at| at + 1 + mark.len());
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn trouble<T>(&self, expected: &'static str) -> Result<T, Trouble> {
        Err(Trouble { at: self.at, expected: Some(expected) })
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

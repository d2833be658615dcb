//! `log_line_prefix`: what stands before the severity of each line.

use super::super::time::{Clock, Micros, digits, number};
use super::{Severity, severity};
use memchr::memmem;

/// A field or a fixed text of the prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(Vec<u8>),
    /// `%t`, `%m`.
    Time,
    /// `%n`: seconds since 1970.
    Epoch,
    /// `%p`.
    Pid,
    /// A number without a meaning here (`%l`, `%x`).
    Number,
    /// `%u`, `%d`, `%a`, `%Q`, or text without a meaning here.
    Text(Name),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    User,
    Database,
    App,
    QueryId,
    Nothing,
}

/// A `log_line_prefix`, ready to read lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::logs) struct Prefix {
    pieces: Vec<Piece>,
}

/// The beginning of a line, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::logs) struct Head<'a> {
    pub(in crate::logs) time: Option<Micros>,
    pub(in crate::logs) pid: u32,
    pub(in crate::logs) user: &'a [u8],
    pub(in crate::logs) database: &'a [u8],
    pub(in crate::logs) app: &'a [u8],
    pub(in crate::logs) query_id: &'a [u8],
    pub(in crate::logs) severity: Severity,
    /// Where the message begins.
    pub(in crate::logs) body: usize,
    /// Whether the whole prefix was there (background processes leave out what follows `%q`).
    pub(in crate::logs) whole: bool,
}

impl Prefix {
    /// The prefix that a server with this `log_line_prefix` writes.
    pub(in crate::logs) fn new(setting: &str) -> Self {
        let mut pieces = Vec::new();
        let mut literal = Vec::new();
        let mut bytes = setting.bytes().peekable();
        while let Some(byte) = bytes.next() {
            if byte != b'%' {
                literal.push(byte);
                continue;
            }
            // A number pads the field: `%-10u`.
            while bytes.next_if(|b| *b == b'-' || b.is_ascii_digit()).is_some() {}
            let piece = match bytes.next() {
                Some(b't' | b'm' | b's') => Piece::Time,
                Some(b'n') => Piece::Epoch,
                Some(b'p') => Piece::Pid,
                Some(b'l' | b'x' | b'P') => Piece::Number,
                Some(b'u') => Piece::Text(Name::User),
                Some(b'd') => Piece::Text(Name::Database),
                Some(b'a') => Piece::Text(Name::App),
                Some(b'Q') => Piece::Text(Name::QueryId),
                Some(b'%') => {
                    literal.push(b'%');
                    continue;
                }
                // After it nothing is there for background processes: any piece may be missing.
                Some(b'q') | None => continue,
                Some(_) => Piece::Text(Name::Nothing),
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(piece);
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Self { pieces }
    }

    /// Reads the beginning of a line; `None` when it does not begin an entry or a part of one.
    pub(in crate::logs) fn read<'a>(&self, line: &'a [u8], clock: &mut Clock) -> Option<Head<'a>> {
        let mut head = Head {
            time: None,
            pid: 0,
            user: b"",
            database: b"",
            app: b"",
            query_id: b"",
            severity: Severity::Other,
            body: 0,
            whole: true,
        };
        let mut at = 0;
        for (index, piece) in self.pieces.iter().enumerate() {
            match head.take(piece, self.pieces.get(index + 1), line.get(at..)?, clock) {
                Some(length) => at += length,
                None => {
                    head.whole = false;
                    break;
                }
            }
        }
        head.finish(line, at)
    }

    /// How many fields it has.
    pub(super) fn fields(&self) -> usize {
        self.pieces.iter().filter(|piece| !matches!(piece, Piece::Literal(_))).count()
    }
}

impl<'a> Head<'a> {
    /// Reads one piece: its length.
    fn take(
        &mut self,
        piece: &Piece,
        next: Option<&Piece>,
        text: &'a [u8],
        clock: &mut Clock,
    ) -> Option<usize> {
        match piece {
            Piece::Literal(literal) => match literal.as_slice() {
                [only] => (text.first() == Some(only)).then_some(1),
                [one, two] => (text.get(..2) == Some(&[*one, *two])).then_some(2),
                literal => text.starts_with(literal).then_some(literal.len()),
            },
            Piece::Time => {
                let (time, length) = clock.read(text)?;
                self.time.get_or_insert(time);
                Some(length)
            }
            Piece::Epoch => {
                let length = digits(text);
                let seconds = number(&text[..length])?;
                let (micros, more) = super::super::time::fraction(&text[length..]);
                self.time.get_or_insert(seconds.checked_mul(1_000_000)? + micros);
                Some(length + more)
            }
            Piece::Pid => {
                let (value, length) = padded_number(text)?;
                self.pid = value as u32;
                Some(length)
            }
            Piece::Number => padded_number(text).map(|(_, length)| length),
            Piece::Text(name) => {
                let length = text_length(text, next)?;
                self.set(*name, &text[..length]);
                Some(length)
            }
        }
    }

    fn set(&mut self, name: Name, value: &'a [u8]) {
        let value = value.trim_ascii();
        let value = if value == b"[unknown]" { b"" } else { value };
        match name {
            Name::User => self.user = value,
            Name::Database => self.database = value,
            Name::App => self.app = value,
            Name::QueryId => self.query_id = if value == b"0" { b"" } else { value },
            Name::Nothing => {}
        }
    }

    /// Reads the severity after the prefix; blanks between them do not count.
    fn finish(mut self, line: &[u8], at: usize) -> Option<Self> {
        let rest = line.get(at..)?;
        let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
        let (severity, length) = severity(&rest[blanks..])?;
        // A line of a statement may begin with `LOG: ` too; without any prefix it is no entry.
        if !self.whole && at == 0 {
            return None;
        }
        self.severity = severity;
        self.body = at + blanks + length;
        Some(self)
    }
}

/// A number, perhaps padded with blanks: value and length.
fn padded_number(text: &[u8]) -> Option<(i64, usize)> {
    let blanks = text.iter().take_while(|byte| **byte == b' ').count();
    let length = digits(&text[blanks..]);
    let value = number(&text[blanks..blanks + length])?;
    Some((value, blanks + length))
}

/// The length of a text that ends where the next piece begins.
fn text_length(text: &[u8], next: Option<&Piece>) -> Option<usize> {
    /// Names have at most 63 bytes each; a prefix is no longer than this.
    const MOST: usize = 400;
    let window = text.get(..MOST).unwrap_or(text);
    // Names are short: a loop is over before a search has begun.
    let end = |ends: fn(u8, u8) -> bool, byte: u8| {
        let end = window.iter().position(|b| ends(*b, byte) || *b == b'\n')?;
        (window[end] != b'\n').then_some(end)
    };
    match next {
        Some(Piece::Literal(literal)) => match literal.as_slice() {
            [byte] => end(|a, b| a == b, *byte),
            literal => {
                let line = &window[..memchr::memchr(b'\n', window).unwrap_or(window.len())];
                memmem::find(line, literal)
            }
        },
        // Two fields without anything between them cannot be told apart: the first gets a word.
        _ => end(|b, _| matches!(b, b' ' | b':' | b',' | b'['), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head<'a>(prefix: &str, line: &'a str) -> Option<Head<'a>> {
        Prefix::new(prefix).read(line.as_bytes(), &mut Clock::default())
    }

    #[test]
    fn fields_are_found() {
        let line = "2024-01-02 03:04:05.678 UTC [42]: [7-1] user=bob,db=shop,app=my app,client=::1 \
                    LOG:  duration: 1 ms";
        let head = head("%m [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ", line).unwrap();
        assert_eq!(
            (head.pid, head.user, head.database, head.app),
            (42, &b"bob"[..], &b"shop"[..], &b"my app"[..])
        );
        assert_eq!(&line[head.body..], "duration: 1 ms");
    }

    #[test]
    fn background_processes_stop_early() {
        let prefix = "%m [%p] %q%u@%d ";
        let checkpoint = head(prefix, "2024-01-02 03:04:05.678 CET [9] LOG:  checkpoint").unwrap();
        assert_eq!((checkpoint.pid, checkpoint.user), (9, &b""[..]));
        let query = head(prefix, "2024-01-02 03:04:05.678 CET [9] a@b LOG:  x").unwrap();
        assert_eq!((query.user, query.database), (&b"a"[..], &b"b"[..]));
        assert_eq!(head(prefix, "SELECT 1"), None);
        assert_eq!(head(prefix, "LOG:  x"), None);
    }

    #[test]
    fn rds_and_epoch_and_padding() {
        let rds =
            head("%t:%r:%u@%d:[%p]:", "2024-01-02 03:04:05 UTC:10.0.0.1(55):u@d:[12]:LOG:  x");
        assert_eq!(rds.unwrap().database, b"d");
        let padded = head("%n %6p %-8u|", "1700000000.250     77 bob     |LOG:  x").unwrap();
        assert_eq!(
            (padded.time, padded.pid, padded.user),
            (Some(1_700_000_000_250_000), 77, &b"bob"[..])
        );
        assert!(head("", "LOG:  x").is_some());
    }
}

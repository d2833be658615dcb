//! PostgreSQL's log by way of syslog: BSD, ISO 8601 and RFC 5424 lines, and Heroku's logplex.
//!
//! A server cuts its messages at ends of lines and after 900 bytes, and numbers the pieces:
//! `[5-2]` is the second piece of the fifth message of its process. They are put together into the
//! lines of a plain log, with the time and the process of the syslog line before each.

use super::facts::Reason;
use super::postgres::infer::prefix_length;
use super::postgres_stderr::Plain;
use super::reader::{Hints, LogReader, Parser, Records, Unwrap, content, last_line_end, lines};
use super::time::{Micros, Years, civil, clock_time, days, digits, fraction, month, number, zone};
use jiff::tz::TimeZone;
use memchr::memmem;
use planscope_explain::Engine;
use rustc_hash::FxHashMap;
use std::io::Write;

/// PostgreSQL's log by way of syslog.
pub static READER: LogReader = LogReader {
    name: "postgres-syslog",
    engine: Engine::Postgres,
    summary: "PostgreSQL's log by way of syslog or logplex",
    detect,
    open,
};

/// Most messages that are put together at one time.
const MOST_OPEN: usize = 1024;

fn detect(sample: &[u8]) -> u8 {
    let mut head = Heads { years: Years::from(2000) };
    let good = lines(sample)
        .take(500)
        .filter_map(|line| head.read(content(line)))
        .filter(|(_, rest)| prefix_length(rest).is_some())
        .take(3)
        .count();
    if good > 0 { 85 } else { 0 }
}

fn open(sample: &[u8], hints: &Hints) -> Box<dyn Parser> {
    let first = lines(sample).find_map(|line| {
        let line = content(line);
        month(line).or_else(|| month(&line[memchr::memchr(b'>', line.get(..6)?)? + 1..]))
    });
    let years = hints.year.map_or_else(|| Years::guessed(first), |year| Years::from(year.into()));
    let mut plain = Vec::new();
    Pieces::new(years).unwrap(sample, true, &mut plain);
    // What the server put before the severity is behind the time and the process.
    let hints = Hints {
        log_line_prefix: hints.log_line_prefix.as_ref().map(|own| format!("%m [%p] {own}")),
        ..Hints::default()
    };
    Box::new(Syslog { plain: Plain::new(&plain, &hints), years })
}

struct Syslog {
    plain: Plain,
    years: Years,
}

impl Parser for Syslog {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    fn cut(&self, block: &[u8]) -> usize {
        self.plain.cut(block)
    }

    /// Unwrapping takes longer than reading.
    fn is_stateless(&self) -> bool {
        false
    }

    fn start(&self) -> Box<dyn Records> {
        self.plain.start()
    }

    fn unwrapper(&self) -> Option<Box<dyn Unwrap>> {
        Some(Box::new(Pieces::new(self.years)))
    }
}

/// What a line of syslog says before the text.
struct Head<'a> {
    time: Micros,
    pid: &'a [u8],
    /// The numbers of message and piece, `5-2`; empty when the server does not number.
    message: &'a [u8],
    piece: i64,
}

/// Reads the beginnings of lines.
struct Heads {
    years: Years,
}

impl Heads {
    /// The beginning of a line of PostgreSQL, and what follows it.
    fn read<'a>(&mut self, line: &'a [u8]) -> Option<(Head<'a>, &'a [u8])> {
        let mut text = line;
        let mut structured = false;
        if text.first() == Some(&b'<') {
            let end = memchr::memchr(b'>', text.get(..6)?)?;
            text = &text[end + 1..];
            if let Some(rest) = text.strip_prefix(b"1 ") {
                (text, structured) = (rest, true);
            }
        }
        let (time, length) = self.time(text)?;
        let rest = text[length..].trim_ascii_start();
        let (pid, rest) = if structured { five_four(rest)? } else { tagged(rest)? };
        let (message, piece, rest) = numbered(rest);
        Some((Head { time, pid, message, piece }, rest))
    }

    /// `Feb 11 13:15:39`, `2019-03-14T00:22:56.123+00:00`.
    fn time(&mut self, text: &[u8]) -> Option<(Micros, usize)> {
        if let Some((local, length)) = civil(text).filter(|_| text[10] == b'T') {
            let (seconds, more) = zone(&text[length..]).unwrap_or((None, 0));
            return Some((local - seconds.unwrap_or(0) * 1_000_000, length + more));
        }
        let month = month(text)?;
        let day = text.get(3..)?.strip_prefix(b" ")?.trim_ascii_start();
        let length = digits(day);
        let number = number(&day[..length])?;
        let rest = day[length..].strip_prefix(b" ")?;
        let (time, more) = clock_time(rest)?;
        let (micros, fraction) = fraction(&rest[more..]);
        let used = text.len() - rest.len() + more + fraction;
        Some((days(self.years.of(month), month, number) * 86_400_000_000 + time + micros, used))
    }
}

/// `host postgres[123]: `, `app[postgres.123]: [GREEN] `: the process and the rest.
fn tagged(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let window = text.get(..200).unwrap_or(text);
    let (pid, rest) = memchr::memchr_iter(b'[', window).find_map(|open| {
        // `UTC [123]` is a prefix of the server's own.
        let named = open > 0 && window[open - 1] != b' ';
        let inside = window.get(open + 1..).filter(|_| named)?;
        let inside = &inside[..memchr::memchr(b']', inside)?];
        let pid = memchr::memrchr(b'.', inside).map_or(inside, |dot| &inside[dot + 1..]);
        let rest = &text[open + inside.len() + 2..];
        let rest = rest.strip_prefix(b":").unwrap_or(rest).strip_prefix(b" ")?;
        (!pid.is_empty() && digits(pid) == pid.len()).then_some((pid, rest))
    })?;
    // The color of the database that logplex names.
    let color = rest
        .strip_prefix(b"[")
        .filter(|after| after.first().is_some_and(u8::is_ascii_alphabetic))
        .and_then(|after| memmem::find(after.get(..40).unwrap_or(after), b"] ["));
    Some((pid, color.map_or(rest, |close| &rest[close + 3..])))
}

/// `host postgres 123 - - `: the process and the rest.
fn five_four(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = text;
    let mut word = || {
        let end = memchr::memchr(b' ', rest)?;
        let found = &rest[..end];
        rest = &rest[end + 1..];
        Some(found)
    };
    let (_host, _app, pid, _id) = (word()?, word()?, word()?, word()?);
    let rest = if let Some(rest) = rest.strip_prefix(b"-") {
        rest
    } else {
        &rest[memmem::find(rest, b"] ").map(|at| at + 1)?..]
    };
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    Some((pid, rest.strip_prefix("\u{feff}".as_bytes()).unwrap_or(rest)))
}

/// `[5-2] text`: the message's number, the piece's, and the text after one blank.
fn numbered(text: &[u8]) -> (&[u8], i64, &[u8]) {
    let read = || {
        let inside = text.strip_prefix(b"[")?;
        let end = memchr::memchr(b']', inside.get(..24).unwrap_or(inside))?;
        let dash = memchr::memchr(b'-', &inside[..end])?;
        number(&inside[..dash])?;
        let piece = number(&inside[dash + 1..end])?;
        let rest = &inside[end + 1..];
        Some((&inside[..dash], piece, rest.strip_prefix(b" ").unwrap_or(rest)))
    };
    read().unwrap_or((b"", 0, text))
}

/// Puts the pieces of messages together.
struct Pieces {
    heads: Heads,
    /// The message of each process that is not complete, with its number.
    open: FxHashMap<Vec<u8>, (Vec<u8>, Vec<u8>)>,
    rejects: Vec<(Reason, Vec<u8>)>,
}

impl Pieces {
    fn new(years: Years) -> Self {
        Self { heads: Heads { years }, open: FxHashMap::default(), rejects: Vec::new() }
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let Some((head, text)) = self.heads.read(line) else {
            // Other programs write into the same log.
            self.rejects.push((Reason::NoRecord, line.to_owned()));
            return;
        };
        if self.open.len() >= MOST_OPEN {
            self.flush(out);
        }
        let text = unescaped(text);
        let begins = prefix_length(&text).is_some();
        let known = self.open.get_mut(head.pid);
        match known {
            Some((number, message))
                if number == head.message && head.piece != 1 && (head.piece > 0 || !begins) =>
            {
                if text.starts_with(b"\t") {
                    message.push(b'\n');
                } else if begins {
                    message.push(b'\n');
                    stamp(&head, message);
                }
                message.extend_from_slice(&text);
            }
            // Another program's; or the rest of a message that began before this log.
            _ if !begins => self.rejects.push((Reason::NoRecord, line.to_owned())),
            _ => {
                let (number, message) = self.open.entry(head.pid.to_owned()).or_default();
                if !message.is_empty() {
                    out.append(message);
                    out.push(b'\n');
                }
                number.clear();
                number.extend_from_slice(head.message);
                stamp(&head, message);
                message.extend_from_slice(&text);
            }
        }
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        let mut left: Vec<_> = self.open.drain().collect();
        left.sort();
        for (_, (_, message)) in left {
            out.extend_from_slice(&message);
            out.push(b'\n');
        }
    }
}

impl Unwrap for Pieces {
    fn unwrap(&mut self, block: &[u8], last: bool, out: &mut Vec<u8>) -> usize {
        let used = if last { block.len() } else { last_line_end(block) };
        for line in lines(&block[..used]) {
            let line = content(line);
            if !line.is_empty() {
                self.line(line, out);
            }
        }
        if last {
            self.flush(out);
        }
        used
    }

    fn rejects(&mut self) -> Vec<(Reason, Vec<u8>)> {
        std::mem::take(&mut self.rejects)
    }
}

/// The time and the process, as `%m [%p] ` writes them.
fn stamp(head: &Head<'_>, message: &mut Vec<u8>) {
    stamp_time(head.time, message);
    message.extend_from_slice(b"[");
    message.extend_from_slice(head.pid);
    message.extend_from_slice(b"] ");
}

/// `YYYY-MM-DD HH:MM:SS.ffffff UTC `.
pub(super) fn stamp_time(time: Micros, out: &mut Vec<u8>) {
    let Ok(stamp) = jiff::Timestamp::from_microsecond(time) else { return };
    let at = stamp.to_zoned(TimeZone::UTC);
    let micros = time.rem_euclid(1_000_000);
    // Writing to memory cannot fail.
    let written = write!(
        out,
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{micros:06} UTC ",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    );
    debug_assert!(written.is_ok(), "memory takes any text");
}

/// Control characters that a syslog daemon has written as `#011` (octal).
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memmem::find(rest, b"#01") {
        out.extend_from_slice(&rest[..at]);
        let letter = match rest.get(at + 3) {
            Some(b'1') => b'\t',
            Some(b'2') => b'\n',
            Some(b'5') => b'\r',
            _ => b'#',
        };
        out.push(letter);
        rest = &rest[if letter == b'#' { at + 1 } else { at + 4 }..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        let mut out = Vec::new();
        Pieces::new(Years::from(2024)).unwrap(text.as_bytes(), true, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn pieces_become_lines() {
        let text = "Feb  1 13:15:39 pc postgres[7]: [3-1] db=a LOG:  statement: SELECT a,\n\
                    Feb  1 13:15:39 pc postgres[8]: [1-1] db=b LOG:  x\n\
                    Feb  1 13:15:39 pc postgres[7]: [3-2] #011 b\n\
                    Feb  1 13:15:39 pc postgres[7]: [3-3]  , c\n\
                    Feb  1 13:15:39 pc postgres[7]: [3-4] db=a DETAIL:  d\n";
        assert_eq!(
            plain(text),
            "2024-02-01 13:15:39.000000 UTC [7] db=a LOG:  statement: SELECT a,\n\t b , c\n\
             2024-02-01 13:15:39.000000 UTC [7] db=a DETAIL:  d\n\
             2024-02-01 13:15:39.000000 UTC [8] db=b LOG:  x\n"
        );
    }

    #[test]
    fn every_head_is_read() {
        let wanted = "2019-03-14 00:22:56.250000 UTC [48] LOG:  x\n";
        for head in [
            "2019-03-14T00:22:56.25+00:00 host postgres[48]: [1-1] ",
            "2019-03-14T01:22:56.25+01:00 app[postgres.48]: [GREEN] [1-1] ",
            "2019-03-14T01:22:56.25+01:00 d.af-1 app[postgres.48] [AQUA] [92-1] ",
            "<134>1 2019-03-14T00:22:56.25Z host postgres 48 - - [1-1] ",
            "<134>1 2019-03-14T00:22:56.25Z host postgres 48 ID [a@1 b=\"c\"] [1-1] ",
            "2019-03-14T00:22:56.25Z host postgres[48]: ",
        ] {
            assert_eq!(plain(&format!("{head}LOG:  x\n")), wanted, "{head}");
        }
        assert_eq!(plain("Mar 14 00:22:56 host systemd[1]: Started PostgreSQL"), "");
        assert_eq!(plain("nothing"), "");
    }
}

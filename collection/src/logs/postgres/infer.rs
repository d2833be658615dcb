//! Which `log_line_prefix` wrote a log: read from its lines.
//!
//! Each line of a sample that has a severity gives one guess, from the shapes that people use
//! (`[123]`, `[7-1]`, `user=…,db=…`, `user@db`, `10.0.0.1(5432)`); the guess that reads most lines
//! wins.

use super::super::reader::{content, lines};
use super::super::time::{Clock, civil, digits, zone};
use super::prefix::Prefix;
use super::severity;
use std::collections::BTreeMap;

/// Lines of a sample that are looked at.
const MOST_LINES: usize = 400;

/// Longest prefix that is believed.
const PREFIX_MAX_BYTES: usize = 300;

/// The prefix that reads most of the sample, as a setting; `None` when no line looks like the
/// beginning of an entry.
pub(in crate::logs) fn infer(sample: &[u8]) -> Option<String> {
    let lines: Vec<&[u8]> = lines(sample)
        .map(content)
        .filter(|line| prefix_length(line).is_some())
        .take(MOST_LINES)
        .collect();
    let mut guesses: BTreeMap<String, usize> = BTreeMap::new();
    for line in &lines {
        let length = prefix_length(line).unwrap_or_default();
        *guesses.entry(guess(&line[..length])).or_default() += 1;
    }
    let mut ranked: Vec<_> = guesses.into_iter().collect();
    ranked.sort_by(|(a, count_a), (b, count_b)| count_b.cmp(count_a).then(a.cmp(b)));
    ranked.truncate(24);
    ranked.into_iter().map(|(setting, _)| (score(&setting, &lines), setting)).max().map(|(_, s)| s)
}

/// Lines read whole, then lines read at all, then fields.
fn score(setting: &str, lines: &[&[u8]]) -> (usize, usize, usize) {
    let prefix = Prefix::new(setting);
    let mut clock = Clock::default();
    let heads: Vec<_> = lines.iter().map(|line| prefix.read(line, &mut clock)).collect();
    let read = heads.iter().flatten().count();
    let whole = heads.iter().flatten().filter(|head| head.whole).count();
    // A guess that reads a few lines less but knows who ran them is the better one.
    (read * 20 + whole, prefix.fields(), heads.len())
}

/// Where the severity of a line begins.
pub(in crate::logs) fn prefix_length(line: &[u8]) -> Option<usize> {
    let window = line.get(..PREFIX_MAX_BYTES).unwrap_or(line);
    let starts = std::iter::once(0).chain(
        memchr::memchr3_iter(b' ', b':', b']', window).map(|separator| separator + 1).chain(
            window
                .iter()
                .enumerate()
                .filter(|(_, b)| matches!(b, b'|' | b',' | b'>' | b')'))
                .map(|(i, _)| i + 1),
        ),
    );
    starts
        .filter(|start| {
            line.get(*start..).and_then(severity).is_some_and(|(_, length)| {
                line[start + length - 1] == b' ' || line.len() == start + length
            })
        })
        .min()
}

/// What the fields of one line may be.
#[derive(Default)]
struct Guess {
    setting: String,
    time: bool,
    pid: bool,
    line: bool,
    user: bool,
    database: bool,
    app: bool,
}

fn guess(prefix: &[u8]) -> String {
    let mut guess = Guess::default();
    let mut at = 0;
    while at < prefix.len() {
        at += guess.step(&prefix[at..]).max(1);
    }
    guess.setting
}

impl Guess {
    /// Reads one field or one byte: its length.
    fn step(&mut self, text: &[u8]) -> usize {
        self.timestamp(text)
            .or_else(|| self.bracket(text))
            .or_else(|| self.keyed(text))
            .or_else(|| self.user_at_database(text))
            .or_else(|| self.address(text))
            .or_else(|| self.bare(text))
            .unwrap_or_else(|| self.literal(&text[..1]))
    }

    fn literal(&mut self, text: &[u8]) -> usize {
        self.setting.push_str(&String::from_utf8_lossy(text).replace('%', "%%"));
        text.len()
    }

    fn field(&mut self, field: &str, length: usize) -> Option<usize> {
        self.setting.push_str(field);
        Some(length)
    }

    fn timestamp(&mut self, text: &[u8]) -> Option<usize> {
        if let Some((_, mut length)) = civil(text) {
            let field = if self.time {
                "%s"
            } else if length > 19 {
                "%m"
            } else {
                "%t"
            };
            self.time = true;
            let rest = &text[length..];
            if let Some((_, more)) = rest.strip_prefix(b" ").and_then(zone) {
                length += 1 + more;
            } else if let Some((_, more)) = zone(rest).filter(|_| !rest.starts_with(b"-")) {
                length += more;
            }
            return self.field(field, length);
        }
        let whole = digits(text);
        let fraction = text[whole..].strip_prefix(b".").map_or(0, digits);
        if !self.time && whole == 10 && fraction == 3 {
            self.time = true;
            return self.field("%n", 14);
        }
        None
    }

    /// `[123]`, `[123-4]`, `[5f3c1a2b.1d2]`, `[local]`, `[anything]`.
    fn bracket(&mut self, text: &[u8]) -> Option<usize> {
        let inside = text.strip_prefix(b"[")?;
        let end = memchr::memchr(b']', inside)?;
        let inside = &inside[..end];
        if inside == b"unknown" && text.get(end + 2) == Some(&b'@') {
            return None;
        }
        let first = digits(inside);
        let after = &inside[first..];
        self.setting.push('[');
        if first > 0 && after.is_empty() {
            self.number();
        } else if first > 0 && after.starts_with(b"-") && digits(&after[1..]) + 1 == after.len() {
            if self.pid {
                self.setting.push_str("%l");
                self.literal(after);
            } else {
                self.setting.push_str("%p-%l");
                (self.pid, self.line) = (true, true);
            }
        } else if let Some(equals) = memchr::memchr(b'=', inside) {
            self.literal(&inside[..=equals]);
            let field = self.named(&inside[..equals]);
            self.setting.push_str(field);
        } else {
            self.setting.push_str(if inside == b"local" || is_session(inside) {
                "%c"
            } else {
                "%a"
            });
        }
        self.setting.push(']');
        Some(end + 2)
    }

    fn number(&mut self) {
        let field = if !self.pid {
            self.pid = true;
            "%p"
        } else if !self.line {
            self.line = true;
            "%l"
        } else {
            "%x"
        };
        self.setting.push_str(field);
    }

    /// `user=bob`, `db = shop`: the value ends before the next key, or at a blank.
    fn keyed(&mut self, text: &[u8]) -> Option<usize> {
        let key = key_length(text)?;
        let sign = key + memchr::memchr(b'=', &text[key..])? + 1;
        let after = text[sign..].trim_ascii_start();
        // A blank behind the sign of an empty value belongs to what follows.
        let is_empty = after.is_empty() || key_length(after).is_some();
        let equals = if is_empty { sign } else { text.len() - after.len() };
        let value = &text[equals..];
        let end = next_key(value).map_or_else(
            || value_end(value),
            |next| {
                let before = &value[..next];
                before
                    .iter()
                    .rposition(|b| !matches!(b, b' ' | b',' | b';' | b'|' | b'[' | b'('))
                    .map_or(0, |last| last + 1)
            },
        );
        self.literal(&text[..equals]);
        let field = self.named(&text[..key]);
        self.setting.push_str(field);
        Some(equals + end)
    }

    /// The field that a key stands for.
    fn named(&mut self, key: &[u8]) -> &'static str {
        match key.to_ascii_lowercase().as_slice() {
            b"user" | b"usr" | b"u" | b"username" | b"user_name" | b"role" => {
                self.user = true;
                "%u"
            }
            b"db" | b"d" | b"database" | b"dbname" | b"database_name" => {
                self.database = true;
                "%d"
            }
            b"app" | b"a" | b"appli" | b"application" | b"application_name" | b"appname" => {
                self.app = true;
                "%a"
            }
            b"pid" | b"p" | b"process" => {
                self.pid = true;
                "%p"
            }
            b"queryid" | b"query_id" | b"qid" | b"q" => "%Q",
            // Any text that this reader has no use for.
            _ => "%c",
        }
    }

    /// `bob@shop`, where either may be empty or `[unknown]`.
    fn user_at_database(&mut self, text: &[u8]) -> Option<usize> {
        let stop = |b: &u8| matches!(b, b' ' | b',' | b':' | b'|' | b'(' | b')');
        let end = text.iter().position(stop).unwrap_or(text.len());
        let word = &text[..end];
        let at = memchr::memchr(b'@', word)?;
        if self.user || word[..at].contains(&b'=') {
            return None;
        }
        (self.user, self.database) = (true, true);
        // A bracket that opened before the word closes after it.
        let end = if word[at..].contains(&b'[') {
            end
        } else {
            at + memchr::memchr(b']', &word[at..]).unwrap_or(end - at)
        };
        self.field("%u@%d", end)
    }

    /// `10.0.0.1`, `10.0.0.1(5432)`, `::1(5432)`.
    fn address(&mut self, text: &[u8]) -> Option<usize> {
        if text.starts_with(b":") && !text.starts_with(b"::") {
            return None;
        }
        let length = text.iter().position(|b| !(b.is_ascii_hexdigit() || matches!(b, b'.' | b':')));
        let length = length.unwrap_or(text.len());
        let dots = text[..length].iter().filter(|b| **b == b'.').count();
        let open = text.get(length) == Some(&b'(');
        if dots != 3 && !(open && length > 1) {
            return None;
        }
        if open {
            let close = memchr::memchr(b')', &text[length..])?;
            return self.field("%r", length + close + 1);
        }
        // `10.0.0.1:bob@shop`: the colon and what follows are not the address's.
        let length = text[..length].iter().position(|b| *b == b':').unwrap_or(length);
        self.field("%h", length)
    }

    /// A number or a word without any sign around it.
    fn bare(&mut self, text: &[u8]) -> Option<usize> {
        let stop = |b: &u8| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'/' | b'.' | b'-'));
        let length = text.iter().position(stop).unwrap_or(text.len());
        let word = &text[..length];
        if length == 0 {
            return None;
        }
        if digits(word) == length && length < 10 && !(self.pid && length == 5) {
            self.number();
            return Some(length);
        }
        if word.iter().any(u8::is_ascii_digit)
            && (word.contains(&b'/') || is_session(word) || is_sqlstate(word))
        {
            return self.field("%c", length);
        }
        let field = if !self.user {
            self.user = true;
            "%u"
        } else if !self.database {
            self.database = true;
            "%d"
        } else if !self.app {
            self.app = true;
            "%a"
        } else {
            "%c"
        };
        self.field(field, length)
    }
}

/// `%c`: two hexadecimal numbers.
fn is_session(word: &[u8]) -> bool {
    let mut parts = word.split(|b| *b == b'.');
    let hex = |part: Option<&[u8]>| {
        part.is_some_and(|p| !p.is_empty() && p.iter().all(u8::is_ascii_hexdigit))
    };
    hex(parts.next()) && hex(parts.next()) && parts.next().is_none()
}

/// `%e`: five digits or capitals.
fn is_sqlstate(word: &[u8]) -> bool {
    word.len() == 5 && word.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

/// The length of a key that `=` follows.
fn key_length(text: &[u8]) -> Option<usize> {
    let length = text.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_'))?;
    let rest = text[length..].trim_ascii_start();
    (length > 0
        && text[0].is_ascii_alphabetic()
        && rest.starts_with(b"=")
        && !rest.starts_with(b"=="))
    .then_some(length)
}

/// Where the next key of `value` begins.
fn next_key(value: &[u8]) -> Option<usize> {
    (0..value.len()).find(|at| {
        let begins = *at == 0 || !(value[at - 1].is_ascii_alphanumeric() || value[at - 1] == b'_');
        begins && key_length(&value[*at..]).is_some()
    })
}

fn value_end(value: &[u8]) -> usize {
    value
        .iter()
        .position(|b| matches!(b, b' ' | b',' | b';' | b'|' | b']' | b')'))
        .unwrap_or(value.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> String {
        infer(format!("{}\n", lines.join("\n")).as_bytes()).unwrap_or_default()
    }

    #[test]
    fn common_prefixes_are_inferred() {
        let time = "2024-01-02 03:04:05.678 UTC";
        let check = |rest: &str, wanted: &str| {
            assert_eq!(of(&[&format!("{time}{rest}LOG:  duration: 1 ms")]), wanted, "{rest}");
        };
        check(" [12] ", "%m [%p] ");
        check(" [12] bob@shop ", "%m [%p] %u@%d ");
        check(" [12-3] [unknown]@[unknown] ", "%m [%p-%l] %u@%d ");
        check(
            " [12]: [7-1] user=bob,db=shop,app=[unknown],client=1.2.3.4 ",
            "%m [%p]: [%l-1] user=%u,db=%d,app=%a,client=%c ",
        );
        check(" [12]: user=,db=,app= ", "%m [%p]: user=%u,db=%d,app=%a ");
        check(" user = bob db = shop ", "%m user = %u db = %d ");
        check(":1.2.3.4(55):bob@shop:[12]:", "%m:%r:%u@%d:[%p]:");
        check(":1.2.3.4:bob@shop:[12]:", "%m:%h:%u@%d:[%p]:");
        check(" [12] [queryid=-55] bob@shop ", "%m [%p] [queryid=%Q] %u@%d ");
        check(" 12 bob shop ", "%m %p %u %d ");
        assert_eq!(of(&["1700000000.123 [12] LOG:  x"]), "%n [%p] ");
        assert_eq!(of(&["no log", "SELECT 1"]), "");
    }

    #[test]
    fn the_guess_that_reads_most_wins() {
        let lines = [
            "2024-01-02 03:04:05 UTC [1] LOG:  checkpoint starting: time",
            "2024-01-02 03:04:05 UTC [1] LOG:  checkpoint complete",
            "2024-01-02 03:04:06 UTC [2] bob@shop LOG:  duration: 1 ms  statement: SELECT",
            "\tSTATEMENT: 1",
        ];
        assert_eq!(of(&lines), "%t [%p] %u@%d ");
    }
}

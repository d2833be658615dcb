//! Finds the entries of auto_explain in a log and brings their text back to what the server wrote.

use crate::formats::unwrap::{margins_off, unescaped};
use std::borrow::Cow;

/// An entry: `duration: 1.5 ms  plan:` and what follows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// Milliseconds.
    pub(super) duration: f64,
    /// What stands below, without the log's own marks.
    pub(super) body: String,
    /// The number of the body's first line in the log, from 1.
    pub(super) line: usize,
    /// The whole body stands on one line of the log.
    pub(super) one_line: bool,
    /// Whoever carried the log cut it short.
    pub(super) is_cut: bool,
}

/// The head of an entry within a line of the log.
pub(super) struct Header<'a> {
    before: &'a str,
    duration: f64,
    after: &'a str,
}

/// The header of an entry, if the line has one.
pub(super) fn header(line: &str) -> Option<Header<'_>> {
    let end = line.find(" plan:")?;
    let before = line.get(..end)?.trim_end().strip_suffix("ms")?.trim_end();
    let start = before.rfind(|c: char| !(c.is_ascii_digit() || c == '.')).map_or(0, |at| at + 1);
    let duration = before.get(start..)?.parse().ok().filter(|ms: &f64| ms.is_finite())?;
    let before = before.get(..start)?.trim_end().strip_suffix("duration:")?;
    Some(Header { before, duration, after: &line[end + " plan:".len()..] })
}

/// All entries of a log, in its order.
pub(super) fn all(text: &str) -> Vec<Entry> {
    let lines = margins_off(text);
    let mut entries = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let Some(head) = header(line) else { continue };
        let rest = &lines[at..];
        let (entry, used) = match () {
            () if head.after.trim_start().starts_with(['\\', '#']) => (escaped(&head, at), 0),
            () if head.before.matches('"').count() % 2 == 1 => field(&head, rest, at),
            () => match syslog(&head, rest, at) {
                // Lines of other processes may stand between.
                Some(entry) => (entry, 0),
                None => plain(&head, rest, at),
            },
        };
        at += used;
        entries.push(entry);
    }
    entries
}

fn entry(head: &Header<'_>, body: String, line: usize) -> Entry {
    const CUT: &str = "[Your log message was truncated]";
    let is_cut = body.contains(CUT);
    let body = if is_cut { body.replace(CUT, "") } else { body };
    Entry { duration: head.duration, body, line, one_line: false, is_cut }
}

/// The entry in a string of JSON, or with syslog's codes for line feeds and tabs.
fn escaped(head: &Header<'_>, number: usize) -> Entry {
    let after = head.after.trim_start();
    let body = if after.starts_with('#') {
        after.replace("#012", "\n").replace("#011", "\t")
    } else {
        let marks = after.bytes().take_while(|b| *b == b'\\').count();
        let mut body = after[..literal_end(after, marks)].to_owned();
        // JSON in JSON doubles the marks.
        for _ in 0..marks.ilog2() + 1 {
            body = unescaped(&body, '"');
        }
        body
    };
    let lines: Vec<Cow<'_, str>> = body.split('\n').skip(1).map(Cow::Borrowed).collect();
    let body = without_tabs(&lines);
    Entry { one_line: true, ..entry(head, body, number) }
}

/// Where a string ends that has so many marks before the `n` of a line feed.
fn literal_end(text: &str, marks: usize) -> usize {
    let bytes = text.as_bytes();
    let mut run = 0;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\\' => run += 1,
            b'"' if run < marks => return at - run,
            _ => run = 0,
        }
    }
    text.len()
}

/// The entry in a field of CSV, which goes on over lines. Also how many of them.
fn field(head: &Header<'_>, rest: &[Cow<'_, str>], number: usize) -> (Entry, usize) {
    let mut body = String::new();
    for (i, line) in rest.iter().enumerate() {
        let end = closing_quote(line);
        body.push_str(&line[..end.unwrap_or(line.len())].replace("\"\"", "\""));
        body.push('\n');
        if end.is_some() {
            return (entry(head, detabbed(&body), number + 1), i + 1);
        }
    }
    (entry(head, detabbed(&body), number + 1), rest.len())
}

/// Where a quote stands that is not doubled.
fn closing_quote(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|b| *b == b'"')?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

fn detabbed(body: &str) -> String {
    let lines: Vec<Cow<'_, str>> = body.lines().map(Cow::Borrowed).collect();
    without_tabs(&lines)
}

/// The tab that the server puts before every line but the first, behind the blank of a quoted mail.
fn tab(line: &str) -> Option<&'static str> {
    ["\t", " \t"].into_iter().find(|tab| line.starts_with(tab))
}

/// The lines without that tab.
fn without_tabs(lines: &[Cow<'_, str>]) -> String {
    let tab = lines.first().and_then(|line| tab(line)).unwrap_or_default();
    let mut body = String::new();
    for line in lines {
        body.push_str(line.strip_prefix(tab).unwrap_or(line));
        body.push('\n');
    }
    body
}

/// An entry over the lines that follow, and how many they are.
fn plain(head: &Header<'_>, rest: &[Cow<'_, str>], number: usize) -> (Entry, usize) {
    let tab = rest.first().and_then(|line| tab(line));
    let is_ours = |line: &str| tab.is_some_and(|tab| line.starts_with(tab));
    let len = rest
        .iter()
        .position(|line| !is_ours(line) && is_log_line(line.trim_start()))
        .unwrap_or(rest.len());
    (entry(head, without_tabs(&rest[..len]), number + 1), len)
}

/// Whether a line begins another message of the log: it begins with a date, or has a level.
fn is_log_line(line: &str) -> bool {
    const FAR: usize = 300;
    let is_date = |text: &str| {
        let mut parts = text.get(..10).unwrap_or_default().split(['-', '/']);
        let digits = |part: Option<&str>, len| {
            part.is_some_and(|p| p.len() == len && p.bytes().all(|b| b.is_ascii_digit()))
        };
        digits(parts.next(), 4) && digits(parts.next(), 2) && digits(parts.next(), 2)
    };
    if is_date(line) || line.starts_with('{') && line.contains("\"timestamp\"") {
        return true;
    }
    // `LOG:  `, in any language; a plan's own `Worker 0:  ` has no capitals before its colon.
    line.match_indices(":  ").take_while(|(at, _)| *at < FAR).any(|(at, _)| {
        let word = line[..at].rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
        word.chars().count() >= 3 && word.chars().all(|c| !c.is_lowercase())
    })
}

/// The number that syslog's messages have, `[3-1]`: what stands before it, the message and the part.
fn part(line: &str) -> Option<(&str, u64, u64, &str)> {
    const FAR: usize = 200;
    line.match_indices('[').take_while(|(at, _)| *at < FAR).find_map(|(at, _)| {
        let (numbers, after) = line[at + 1..].split_once(']')?;
        let (message, part) = numbers.split_once('-')?;
        // Behind the time, whose seconds differ from line to line.
        let program = line[..at].trim_end().rsplit(' ').next().unwrap_or_default();
        Some((
            program,
            message.parse().ok()?,
            part.parse().ok()?,
            after.strip_prefix(' ').unwrap_or(after),
        ))
    })
}

/// An entry whose every line has syslog's own head.
fn syslog(head: &Header<'_>, rest: &[Cow<'_, str>], number: usize) -> Option<Entry> {
    /// Most lines of other processes between two of an entry.
    const MOST_BETWEEN: usize = 200;
    let (program, message, first, _) = part(head.before)?;
    let mut chunks: Vec<&str> = Vec::new();
    let mut between = 0;
    for line in rest {
        match part(line) {
            Some((other, id, n, text)) if other == program && id == message && n > first => {
                chunks.push(text);
                between = 0;
            }
            Some((other, ..)) if other == program => break,
            _ => between += 1,
        }
        if between > MOST_BETWEEN {
            break;
        }
    }
    let tab = |text: &str| text.strip_prefix("#011").or(text.strip_prefix('\t')).map(str::len);
    let tabbed = tab(chunks.first()?).is_some();
    let mut body = String::new();
    for text in chunks {
        let inner = tab(text).map_or(text, |len| &text[text.len() - len..]);
        // A part without a tab goes on with a line that was too long.
        if !body.is_empty() && (!tabbed || tab(text).is_some()) {
            body.push('\n');
        }
        body.push_str(&inner.replace("#011", "\t"));
    }
    Some(entry(head, body, number + 1))
}

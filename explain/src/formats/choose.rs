//! Which format a text is in, where nobody says it; and the parts of a text that has plans in
//! several.

use super::postgres_json;
use super::postgres_keys::note;
use super::{ALL, Format, FormatError, Reading, shift_error, shift_place, shortened};
use crate::engine::Engine;

/// How sure a format must be for a text to be taken apart for it.
const SURE: u8 = 70;

/// How sure a format of JSON must be for the formats of text not to be asked.
const CERTAIN: u8 = 90;

/// The formats that may have written the text, the surest first, ties by name.
fn candidates(text: &str) -> Vec<(u8, &'static Format)> {
    let of_json = |format: &&Format| format.name.contains("json") || is_log(format);
    if is_json(text) {
        let found = scored(text, &mut ALL.iter().copied().filter(of_json));
        if found.first().is_some_and(|(sure, _)| *sure >= CERTAIN) {
            return found;
        }
    }
    scored(text, &mut ALL.iter().copied())
}

/// Those of the formats that may have written the text.
fn scored(
    text: &str,
    formats: &mut dyn Iterator<Item = &'static Format>,
) -> Vec<(u8, &'static Format)> {
    let mut found = Vec::new();
    for format in formats {
        let sure = (format.detect)(text);
        if sure > 0 {
            found.push((sure, format));
        }
        // A log holds plans in every other format.
        if sure >= 99 {
            break;
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.name.cmp(b.1.name)));
    found
}

/// Whether the format is that of logs, which may be JSON as well.
fn is_log(format: &Format) -> bool {
    format.name == "auto-explain"
}

/// Whether every line is JSON's by its first characters: then no format of text needs to be asked.
fn is_json(text: &str) -> bool {
    let starts_as_json = |line: &str| match line.trim_start().as_bytes() {
        [] | [b'{' | b'}' | b'[' | b']' | b'"' | b',' | b':', ..] => true,
        [b'-', next, ..] => next.is_ascii_digit(),
        [first, ..] if first.is_ascii_digit() => true,
        rest => [b"true".as_slice(), b"false", b"null"].iter().any(|word| rest.starts_with(word)),
    };
    text.trim_start().starts_with(['{', '[']) && text.split('\n').all(starts_as_json)
}

/// The format that is surest of the text.
pub(super) fn detect(text: &str) -> Option<&'static Format> {
    candidates(text).first().map(|(_, format)| *format)
}

/// Reads every plan, whatever its format.
///
/// # Errors
/// The error of the surest format, when no format can read the text.
pub(super) fn read(text: &str) -> Result<Vec<Reading>, FormatError> {
    if let Some(readings) = postgres_json::read_plain(text) {
        return Ok(readings);
    }
    if let Some(readings) = fenced(text) {
        return Ok(readings);
    }
    let candidates = candidates(text);
    let sure: Vec<_> = candidates.iter().filter(|(sure, _)| *sure >= SURE).collect();
    let is_log = candidates.first().is_some_and(|(sure, _)| *sure >= 99);
    if sure.len() > 1
        && !is_log
        && !sure.iter().all(|(_, format)| reads_its_siblings(format))
        && let Some(readings) = mixed(text)
    {
        return Ok(readings);
    }
    first_of(text, candidates)
}

/// Whether the format reads the engine's other formats as well: MySQL's two JSON forms of one
/// statement become one plan, so they must not be taken apart.
fn reads_its_siblings(format: &Format) -> bool {
    matches!(format.engine, Engine::Mysql | Engine::Mariadb)
}

fn first_of(
    text: &str,
    candidates: Vec<(u8, &'static Format)>,
) -> Result<Vec<Reading>, FormatError> {
    let mut surest = None;
    for (_, format) in candidates {
        match (format.parse)(text) {
            Ok(readings) => return Ok(readings),
            Err(limit @ FormatError::Limit(_)) => return Err(limit),
            Err(error) => surest = surest.or(Some(error)),
        }
    }
    Err(surest.unwrap_or_else(|| FormatError::Unknown { found: shortened(text) }))
}

/// A part of a text.
struct Part<'a> {
    text: &'a str,
    /// Where it begins.
    start: usize,
    /// Lines before it.
    above: usize,
    format: &'static Format,
}

/// Reads the parts in order. A part that cannot be read is a note; `None` when none can.
fn read_parts(parts: &[Part<'_>]) -> Option<Vec<Reading>> {
    let mut readings: Vec<Reading> = Vec::new();
    let mut failed = Vec::new();
    for part in parts {
        match (part.format.parse)(part.text) {
            Ok(mut found) => {
                for note in found.iter_mut().flat_map(|reading| &mut reading.notes) {
                    note.place = shift_place(&note.place, part.above);
                }
                readings.append(&mut found);
            }
            Err(error) => failed.push((part.above + 1, shift_error(error, part.above))),
        }
    }
    let first = readings.first_mut()?;
    for (line, error) in failed {
        let message = format!("a part of the text was left out ({error})");
        note(&mut first.notes, &format!("line {line}"), message);
    }
    Some(readings)
}

/// What stands on a line that opens or closes a block of code.
fn fence(line: &str) -> Option<&'static str> {
    const FENCES: [&str; 6] = ["```", "~~~", "{code", "{noformat", "[code", "[/code"];
    let inner = line.trim_start_matches([' ', '\t', '>']);
    let found = FENCES.into_iter().find(|fence| inner.starts_with(fence))?;
    // Text on a line of its own, and no `code` within a sentence.
    let is_inline = found == "```" && inner[3..].contains('`');
    (!is_inline).then_some(if found == "[/code" { "[code" } else { found })
}

/// The plans in the blocks of code of a text, if there are any. What stands around them is prose,
/// unless it is surely a plan.
fn fenced(text: &str) -> Option<Vec<Reading>> {
    const MARKS: [&str; 5] = ["```", "~~~", "{code", "{noformat", "[code"];
    if !MARKS.iter().any(|mark| text.contains(mark)) {
        return None;
    }
    let mut parts = Vec::new();
    let mut open: Option<&str> = None;
    let (mut start, mut above, mut number, mut at) = (0, 0, 0, 0);
    let mut blocks = 0;
    for line in text.split_inclusive('\n') {
        let mark = fence(line).filter(|mark| open.is_none_or(|open| open == *mark));
        if let Some(mark) = mark {
            let found = part(&text[start..at], above, if open.is_some() { 1 } else { SURE });
            blocks += usize::from(open.is_some() && found.is_some());
            parts.extend(found);
            open = if open.is_some() { None } else { Some(mark) };
            (start, above) = (at + line.len(), number + 1);
        }
        at += line.len();
        number += 1;
    }
    let found = part(&text[start..], above, if open.is_some() { 1 } else { SURE });
    blocks += usize::from(open.is_some() && found.is_some());
    parts.extend(found);
    if blocks > 0 { read_parts(&parts) } else { None }
}

fn part(text: &str, above: usize, least: u8) -> Option<Part<'_>> {
    let (sure, format) = candidates(text).into_iter().next()?;
    (sure >= least).then_some(Part { text, start: 0, above, format })
}

/// The plans of a text in several formats, if it falls into parts that have one each.
fn mixed(text: &str) -> Option<Vec<Reading>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let (mut start, mut above) = (0, 0);
    for (end, lines) in pieces(text) {
        let Some(format) = detect(&text[start..end]) else { continue };
        match parts.last_mut() {
            Some(last) if last.format.name == format.name => {
                last.text = &text[last.start..end];
            }
            _ => parts.push(Part { text: &text[start..end], start, above, format }),
        }
        (start, above) = (end, lines);
    }
    let several = parts.windows(2).any(|pair| pair[0].format.name != pair[1].format.name);
    if several { read_parts(&parts) } else { None }
}

/// Where the pieces of a text end, and how many lines are before that: at blank lines, and before
/// and behind documents in braces or tags.
fn pieces(text: &str) -> Vec<(usize, usize)> {
    let mut ends = Vec::new();
    let (mut at, mut number) = (0, 0);
    let mut braces = 0_i64;
    let mut in_tags = false;
    for line in text.split_inclusive('\n') {
        let inner =
            line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '|' | '│' | '║' | '+'));
        let opens = inner.starts_with(['[', '{']) || inner.starts_with("<explain");
        let is_inside = braces > 0 || in_tags;
        if at > 0 && !is_inside && (opens || inner.starts_with("- Plan:") || inner == "QUERY PLAN")
        {
            ends.push((at, number));
        }
        if is_inside || opens {
            braces += balance(inner);
            in_tags = (in_tags || inner.starts_with("<explain")) && !inner.contains("</explain>");
        }
        at += line.len();
        number += 1;
        let closes = (is_inside || opens) && braces <= 0 && !in_tags;
        if closes || inner.is_empty() && !(braces > 0 || in_tags) {
            braces = 0;
            ends.push((at, number));
        }
    }
    ends.push((at, number));
    ends.dedup();
    ends
}

/// Braces and brackets that a line opens and does not close, strings left out.
fn balance(line: &str) -> i64 {
    let (mut balance, mut in_string, mut escaped) = (0, false, false);
    for byte in line.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => balance += 1,
            b'}' | b']' if !in_string => balance -= 1,
            _ => {}
        }
    }
    balance
}

#[cfg(test)]
#[path = "choose_tests.rs"]
mod tests;

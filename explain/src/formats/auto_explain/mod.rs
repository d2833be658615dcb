//! The entries of PostgreSQL's auto_explain in a log: as the server writes it to stderr, syslog,
//! CSV or JSON, and as the hosts of managed servers hand it out.
//!
//! Every entry is a reading of its own, with its statement and its duration; other lines of the log
//! are not read. The plan inside is in any of PostgreSQL's four formats.

mod entries;

use super::postgres_keys::{note, number};
use super::{
    Format, FormatError, Note, Reading, postgres_json, postgres_text, postgres_xml, postgres_yaml,
    shortened,
};
use crate::engine::Engine;
use entries::Entry;
use serde_json::Value;

pub(super) static FORMAT: Format = Format {
    name: "auto-explain",
    engine: Engine::Postgres,
    summary: "PostgreSQL's log with entries of auto_explain: stderr, syslog, CSV or JSON",
    detect,
    parse,
};

fn detect(text: &str) -> u8 {
    let has_entry = || text.lines().any(|line| entries::header(line).is_some());
    if text.contains(" plan:") && has_entry() { 99 } else { 0 }
}

fn parse(text: &str) -> Result<Vec<Reading>, FormatError> {
    let mut readings: Vec<Reading> = Vec::new();
    let mut failed: Vec<(usize, FormatError)> = Vec::new();
    for entry in entries::all(text) {
        match read(&entry) {
            Ok(found) => readings.extend(found.into_iter().map(|reading| told(reading, &entry))),
            Err(limit @ FormatError::Limit(_)) => return Err(limit),
            Err(error) => failed.push((entry.line, moved(error, &entry))),
        }
    }
    let Some(first) = readings.first_mut() else {
        return Err(failed.into_iter().next().map_or_else(|| none(text), |(_, error)| error));
    };
    for (line, error) in failed {
        let place = format!("line {line}");
        note(&mut first.notes, &place, format!("an entry of the log was left out ({error})"));
    }
    Ok(readings)
}

fn none(text: &str) -> FormatError {
    FormatError::Malformed {
        place: "the input".into(),
        expected: "an entry of auto_explain, such as `LOG:  duration: 1.5 ms  plan:`".into(),
        found: shortened(text),
    }
}

/// The plan of an entry. Its format shows in its first character, but for YAML and text.
fn read(entry: &Entry) -> Result<Vec<Reading>, FormatError> {
    let body = entry.body.as_str();
    let is_yaml = || body.lines().any(|line| matches!(line.trim(), "Plan:" | "- Plan:"));
    match body.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => (postgres_json::FORMAT.parse)(body),
        Some(b'<') => (postgres_xml::FORMAT.parse)(body),
        _ if is_yaml() => (postgres_yaml::FORMAT.parse)(body),
        _ => text_plan(body),
    }
}

/// A plan as text stands behind the statement, whose lines are anything.
fn text_plan(body: &str) -> Result<Vec<Reading>, FormatError> {
    let mut head = String::new();
    let mut parameters = None;
    let mut start = 0;
    for line in body.split_inclusive('\n') {
        let trimmed = line.trim();
        if postgres_text::likeness(trimmed) >= 80 {
            break;
        }
        start += line.len();
        match trimmed.strip_prefix("Query Parameters: ") {
            Some(text) => parameters = Some(text.to_owned()),
            None if parameters.is_none() => head.push_str(line),
            None => {}
        }
    }
    let lines = body[..start].matches('\n').count();
    let mut readings =
        (postgres_text::FORMAT.parse)(&body[start..]).map_err(|error| shifted(error, lines))?;
    for reading in &mut readings {
        shift_notes(&mut reading.notes, lines);
        if let Some((_, statement)) = head.split_once("Query Text: ") {
            reading.plan.statement = Some(statement.trim_end().to_owned());
        }
        if let Some(text) = &parameters {
            reading.plan.details.insert("Query Parameters".into(), Value::from(text.as_str()));
        }
    }
    Ok(readings)
}

/// The reading with what the log says of it. PostgreSQL's own figure goes first.
fn told(mut reading: Reading, entry: &Entry) -> Reading {
    let plan = &mut reading.plan;
    plan.format = FORMAT.name;
    let duration = Value::from(entry.duration);
    plan.execution_ms = plan.execution_ms.or(number(&duration));
    if entry.is_cut {
        note(&mut reading.notes, "line 1", "the log cut the plan off");
    }
    place_notes(&mut reading.notes, entry);
    reading
}

fn place_notes(notes: &mut [Note], entry: &Entry) {
    if entry.one_line {
        for note in notes {
            note.place = format!("line {}", entry.line);
        }
    } else {
        shift_notes(notes, entry.line - 1);
    }
}

fn shift_notes(notes: &mut [Note], lines: usize) {
    for note in notes {
        note.place = super::shift_place(&note.place, lines);
    }
}

fn shifted(error: FormatError, lines: usize) -> FormatError {
    super::shift_error(error, lines)
}

fn moved(error: FormatError, entry: &Entry) -> FormatError {
    match error {
        FormatError::Malformed { expected, found, .. } if entry.one_line => {
            FormatError::Malformed { place: format!("line {}", entry.line), expected, found }
        }
        error => shifted(error, entry.line - 1),
    }
}

#[cfg(test)]
mod tests;

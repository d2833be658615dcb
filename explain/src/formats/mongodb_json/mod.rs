//! MongoDB's plans, 4.4 to 8: explain of every command, documents of the profiler, slow-query lines
//! of the server's log, the plan cache and bare stages.
//!
//! Reads JSON, Extended JSON and what the shells print (see [`super::shell_json`]), one document or
//! many, with anything around: prompts, the command, fences, other lines of a log. A plan is found
//! wherever it stands in a document, so wrappers of drivers and tools need no names.
//!
//! The tree is what a person draws: the last stage of a pipeline or plan is the root. Where the
//! slot-based engine ran the plan, nodes are those of the query plan and their figures come from
//! the slots' stages with the same `planNodeId`. Each shard is a subtree with its name on it.

mod build;
mod detect;
mod draft;
mod figures;
#[cfg(test)]
mod fixture_tests;
mod kinds;
mod memory;
mod node;
mod operators;
mod reading;
mod record;
mod rejected;
mod specs;
mod summary;
#[cfg(test)]
mod tests;

use super::shell_json::{self, Document, Item, Trouble};
use super::{Format, FormatError, Note, Reading, shortened};
use crate::engine::Engine;
use crate::plan::LimitError;
use kinds::Kind;

pub(super) static FORMAT: Format = Format {
    name: "mongodb-json",
    engine: Engine::Mongodb,
    summary: "MongoDB's explain, profiler documents and slow-query log, as JSON or as a shell prints it",
    detect: detect::detect,
    parse,
};

/// Keys that only a plan has, by which a document that broke off is known to be one.
const MARKS: [&str; 6] = [
    "queryPlanner",
    "winningPlan",
    "executionStats",
    "executionStages",
    "execStats",
    "planSummary",
];

fn parse(text: &str) -> Result<Vec<Reading>, FormatError> {
    if text.len() > super::MAX_BYTES {
        return Err(FormatError::TooLarge(text.len()));
    }
    let mut found = Found::default();
    let mut from = 0;
    // Each may read the whole rest once more.
    let mut retries = 8;
    while let Some(start) = next_document(text, from) {
        let (document, outcome) = shell_json::read(text, start);
        from = match outcome {
            Ok(end) => {
                found.document(&document)?;
                end
            }
            Err(trouble) if !document.mentions(&MARKS) => trouble.at.max(start + 1),
            // One line of a log that broke off is no reason to lose the others.
            Err(trouble) if kinds::is_log_line(&document) => {
                found.lost.get_or_insert_with(|| (place(text, trouble.at), 0)).1 += 1;
                line_end(text, start)
            }
            // What stood before the plan, such as half a command, may have taken it in.
            Err(trouble) => match line_document(text, start + 1, trouble.at) {
                Some(next) if retries > 0 => {
                    retries -= 1;
                    next
                }
                _ => return Err(broken(text, trouble)),
            },
        };
    }
    found.finish(text)
}

/// Where the next document may begin.
fn next_document(text: &str, from: usize) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    rest.iter().position(|b| matches!(b, b'{' | b'[')).map(|at| from + at)
}

/// The first document that begins a line there.
fn line_document(text: &str, from: usize, to: usize) -> Option<usize> {
    let part = text.as_bytes().get(from..to)?;
    let begins = |pair: &[u8]| matches!(pair, [b'\n', b'{' | b'[']);
    part.windows(2).position(begins).map(|at| from + at + 1)
}

fn line_end(text: &str, from: usize) -> usize {
    text.get(from..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| from + at)
}

fn broken(text: &str, trouble: Trouble) -> FormatError {
    let Some(expected) = trouble.expected else { return LimitError::Depth.into() };
    let rest = text.get(trouble.at..).unwrap_or_default();
    let found = if rest.trim().is_empty() { "the end".to_owned() } else { shortened(rest) };
    FormatError::Malformed { place: place(text, trouble.at), expected: expected.to_owned(), found }
}

/// Line and column of a byte.
fn place(text: &str, at: usize) -> String {
    // The end is behind the last character and not on an empty line below.
    let at = at.min(text.trim_end().len());
    let before = text.as_bytes().get(..at).unwrap_or_default();
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
    format!("line {line}, column {column}")
}

/// What was read so far.
#[derive(Default)]
struct Found {
    readings: Vec<Reading>,
    /// Explains that someone ran, seen by the profiler or the log; of no interest beside others.
    explains: Vec<Reading>,
    /// Where the first line of a log broke off, and how many did.
    lost: Option<(String, usize)>,
    /// Where a plan stood that says nothing of its stages.
    hollow: Option<String>,
}

impl Found {
    fn document(&mut self, document: &Document<'_>) -> Result<(), FormatError> {
        if let Some(stages) = document.root().filter(|root| kinds::is_explained_pipeline(*root)) {
            return self.keep(document, stages, false, summary::pipeline(stages));
        }
        let mut outcome = Ok(());
        document.visit_objects(|object| {
            let Some(kind) = kinds::kind(object).filter(|_| outcome.is_ok()) else { return false };
            let of_explain = kinds::is_of_explain(object, kind);
            outcome = self.keep(document, object, of_explain, read_plan(object, kind));
            true
        });
        outcome
    }

    /// Keeps a plan that was read in `item`.
    fn keep(
        &mut self,
        document: &Document<'_>,
        item: Item<'_>,
        of_explain: bool,
        read: Result<Option<Reading>, LimitError>,
    ) -> Result<(), FormatError> {
        let place = || place(document.text(), item.start());
        match read? {
            Some(mut reading) => {
                if document.elided {
                    let message = "the shell left parts of the plan out (`[Object]`, `...`)";
                    reading.notes.push(reading::note(message.to_owned()));
                }
                if of_explain { &mut self.explains } else { &mut self.readings }.push(reading);
            }
            None if self.hollow.is_none() => self.hollow = Some(place()),
            None => {}
        }
        Ok(())
    }

    fn finish(self, text: &str) -> Result<Vec<Reading>, FormatError> {
        let Self { mut readings, explains, lost, hollow } = self;
        let mut messages = Vec::new();
        if readings.is_empty() {
            readings = explains;
        } else if !explains.is_empty() {
            let message = format!("{} explain commands were left out", explains.len());
            messages.push(Note { place: "the input".into(), message });
        }
        if let Some((place, count)) = &lost {
            let message = format!("{count} lines of the log break off");
            messages.push(Note { place: place.clone(), message });
        }
        let suspect = hollow.or(lost.map(|(place, _)| place));
        match readings.first_mut() {
            Some(first) => first.notes.extend(messages),
            None => {
                return Err(FormatError::Malformed {
                    place: suspect.unwrap_or_else(|| "the input".into()),
                    expected:
                        "a MongoDB explain, a profiler document or a slow-query line with a plan"
                            .into(),
                    found: shortened(text),
                });
            }
        }
        Ok(readings)
    }
}

/// The plan of an object; `None` when no stage is in it.
fn read_plan(object: Item<'_>, kind: Kind) -> Result<Option<Reading>, LimitError> {
    match kind {
        Kind::Explain => summary::explain(object),
        Kind::Stage => summary::bare(object),
        Kind::Cached => summary::cached(object),
        Kind::Profile => record::profile(object),
        Kind::Log => record::log(object),
    }
}

//! The EXPLAIN formats: text in, plans out.
//!
//! A format is one file with a `static` of type [`Format`] and a row in [`ALL`]. Its parser is
//! total: any text gives plans or an error that says where, what was expected and what was found.
//! It keeps to the limits below, never panics and never recurses with its input.

mod auto_explain;
mod choose;
pub mod escapes;
mod json_value;
mod mariadb_json;
mod mariadb_slow_log;
mod mongodb_json;
mod mysql;
mod mysql_json;
mod mysql_json_v2;
mod mysql_table;
mod mysql_tree;
mod postgres_json;
mod postgres_json_dialects;
mod postgres_keys;
mod postgres_label;
mod postgres_text;
mod postgres_tree;
mod postgres_xml;
mod postgres_yaml;
pub(crate) mod shell_json;
pub mod sqlite_query_plan;
mod unwrap;

use crate::engine::Engine;
use crate::plan::{LimitError, Plan};
use thiserror::Error;

/// Every format, sorted by name.
pub static ALL: &[&Format] = &[
    &auto_explain::FORMAT,
    &mariadb_json::FORMAT,
    &mariadb_slow_log::FORMAT,
    &mongodb_json::FORMAT,
    &mysql_json::FORMAT,
    &mysql_json_v2::FORMAT,
    &mysql_table::FORMAT,
    &mysql_tree::FORMAT,
    &postgres_json::FORMAT,
    &postgres_text::FORMAT,
    &postgres_xml::FORMAT,
    &postgres_yaml::FORMAT,
    &sqlite_query_plan::FORMAT,
];

/// Most bytes of one input.
pub const MAX_BYTES: usize = 64 << 20;

/// One way in which an engine writes plans.
#[derive(Debug)]
pub struct Format {
    /// The name on the wire and on the command line, e.g. `postgres-json`.
    pub name: &'static str,
    /// The engine that writes it.
    pub engine: Engine,
    /// One line for help texts.
    pub summary: &'static str,
    /// How sure the format is that the text is its own: 0 is no, 100 is certain.
    pub detect: fn(&str) -> u8,
    /// Reads all plans in the text; at least one, or an error.
    pub parse: fn(&str) -> Result<Vec<Reading>, FormatError>,
}

/// A plan as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The plan.
    pub plan: Plan,
    /// What the reader did not know or had to guess.
    pub notes: Vec<Note>,
}

/// Something a reader of the plan should know about how it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where: `line 12` or a JSON path.
    pub place: String,
    /// What.
    pub message: String,
}

/// Text that is no plan.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FormatError {
    /// No format knows the text as its own.
    #[error("no EXPLAIN output was found in the input: {found}")]
    Unknown {
        /// What was found instead.
        found: String,
    },
    /// The text broke off or went wrong at a place.
    #[error("{place}: expected {expected}, found {found}")]
    Malformed {
        /// Where: `line 3, column 7` or a JSON path.
        place: String,
        /// What should stand there.
        expected: String,
        /// What stands there, shortened.
        found: String,
    },
    /// The text is over [`MAX_BYTES`].
    #[error("the input has {0} bytes; the limit is {MAX_BYTES}")]
    TooLarge(usize),
    /// The plan is over a limit of its own.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

/// The format of that name.
pub fn by_name(name: &str) -> Option<&'static Format> {
    ALL.iter().find(|format| format.name == name).copied()
}

/// The format that is surest of the text.
pub fn detect(text: &str) -> Option<&'static Format> {
    choose::detect(text)
}

/// Reads every plan in `text`, in order; `format` is detected where it is not given, part by part
/// where a text holds plans in several.
///
/// # Errors
/// When no format knows the text, or the one that does finds it broken or over a limit.
pub fn read(text: &str, format: Option<&Format>) -> Result<Vec<Reading>, FormatError> {
    if text.len() > MAX_BYTES {
        return Err(FormatError::TooLarge(text.len()));
    }
    match format {
        Some(format) => (format.parse)(text),
        None => choose::read(text),
    }
}

/// `line 3, column 7`, that many lines further down; any other place as it is.
pub(crate) fn shift_place(place: &str, lines: usize) -> String {
    let parts = place.strip_prefix("line ").map(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        rest.split_at(digits)
    });
    match parts.and_then(|(number, rest)| Some((number.parse::<usize>().ok()?, rest))) {
        Some((number, rest)) => format!("line {}{rest}", number + lines),
        None => place.to_owned(),
    }
}

/// The error, with its place that many lines further down.
pub(crate) fn shift_error(error: FormatError, lines: usize) -> FormatError {
    match error {
        FormatError::Malformed { place, expected, found } => {
            FormatError::Malformed { place: shift_place(&place, lines), expected, found }
        }
        error => error,
    }
}

/// The first words of `text` for an error message, at most 60 characters, control characters shown.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    let text = text.trim();
    if text.is_empty() {
        return "nothing".to_owned();
    }
    let mut shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod decoration_tests;
#[cfg(test)]
mod fixture_tests;
#[cfg(test)]
mod robustness_tests;

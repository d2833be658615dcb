//! Logs: the statements, plans and facts that servers have already written.
//!
//! A reader is one file with a `static` of type [`LogReader`] and a row in [`ALL`]. It takes slices
//! of the log and gives [`Event`]s; [`digest`] puts them together into the same snapshot as a
//! collection from a server. What is not read is counted by reason: nothing is dropped silently.

mod class;
mod event;
mod facts;
mod follow;
mod input;
mod json;
mod load;
mod mongodb;
mod mongodb_json;
mod mongodb_profile;
mod mongodb_text;
mod mysql_general;
mod mysql_slow;
mod pipeline;
mod postgres;
mod postgres_csv;
mod postgres_json;
mod postgres_stderr;
mod postgres_syslog;
mod postgres_wrapped;
mod reader;
mod reading;
mod report;
mod sink;
mod sketch;
mod summary;
pub mod time;
mod trace;

pub use class::LoggedPlan;
pub use event::{Event, Filter, MARKS, Session};
pub use facts::{Facts, Reason, Rejected, Rejects};
pub use follow::Follower;
pub use input::Input;
pub use reader::{Hints, LogReader, Parser, Records, Unwrap};
pub use report::LogDigest;
pub use sink::Sink;

use crate::collect;
use crate::driver::Ranking;
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::Stop;
use crate::select::Selection;
use std::io::{self, Write};

/// Every reader, sorted by name.
pub static ALL: &[&LogReader] = &[
    &mongodb_json::READER,
    &mongodb_profile::READER,
    &mongodb_text::READER,
    &mysql_general::READER,
    &mysql_slow::READER,
    &postgres_csv::READER,
    &postgres_json::READER,
    &postgres_stderr::READER,
    &postgres_syslog::READER,
    &postgres_wrapped::READER,
];

/// What to read of the logs, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which events count.
    pub filter: Filter,
    /// The reader; detected for each log where it is not given.
    pub reader: Option<&'static LogReader>,
    /// What is known of the logs.
    pub hints: Hints,
    /// Which statements are kept; what the others took still counts in the totals. Names belong
    /// into `filter`, which sees each execution.
    pub selection: Selection,
    /// Whether literals stay in texts and plans.
    pub keep_literals: bool,
    /// Threads; 0 is one for each processor.
    pub threads: usize,
    /// How to call what wrote the logs; by default like the first of them.
    pub name: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            reader: None,
            hints: Hints::default(),
            selection: Selection {
                top: usize::MAX,
                by: vec![Ranking::default()],
                ..Selection::default()
            },
            keep_literals: false,
            threads: 0,
            name: None,
        }
    }
}

/// The reader of that name.
pub fn by_name(name: &str) -> Option<&'static LogReader> {
    ALL.iter().find(|reader| reader.name == name).copied()
}

/// The reader that is surest of a log with this beginning.
pub fn detect(sample: &[u8]) -> Option<&'static LogReader> {
    let sure = ALL.iter().map(|reader| ((reader.detect)(sample), *reader));
    // The first of equals.
    let best = sure.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.filter(|(sure, _)| *sure > 0).map(|(_, reader)| reader)
}

/// Told of the bytes that have been read of a log.
pub type Progress<'w> = dyn FnMut(&str, u64) + Send + 'w;

/// Where a reading reports to while it goes on.
#[derive(Default)]
pub struct Outlets<'w> {
    /// Takes what is not read, one piece a line.
    pub rejects: Option<&'w mut (dyn Write + Send)>,
    /// Is told of the log that is read, and of how many of its bytes were.
    pub progress: Option<&'w mut Progress<'w>>,
}

/// Reads logs into a snapshot: in the order of their times, whatever the order of `inputs`.
///
/// # Errors
/// When a log cannot be read, no reader knows it, or the logs come from different engines. When the
/// user stops it, what was read is returned, with a problem of kind `stopped`.
pub fn digest(inputs: &[Input], options: &Options, stop: &Stop) -> Result<LogDigest> {
    digest_with(inputs, options, stop, Outlets::default())
}

/// Like [`digest`], and reports to `outlets`.
///
/// # Errors
/// As [`digest`]; and when the rejects cannot be written.
pub fn digest_with(
    inputs: &[Input],
    options: &Options,
    stop: &Stop,
    outlets: Outlets<'_>,
) -> Result<LogDigest> {
    let mut digest = reading::read(inputs, options, stop, outlets)?;
    if !options.keep_literals {
        collect::redact(&mut digest.snapshot);
    }
    Ok(digest)
}

/// A log that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRead {
    /// Its name.
    pub name: String,
    /// The reader's name; `empty` when there was nothing in it.
    pub format: &'static str,
    /// Its bytes, without compression.
    pub bytes: u64,
    /// Its lines, without compression.
    pub lines: u64,
    /// Executions that were found in it.
    pub events: u64,
}

fn input_error(name: &str, error: &io::Error) -> CollectError {
    let known = CollectError::new(ErrorKind::Input, format!("{name} cannot be read: {error}"));
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            known.hint("the file is damaged or not whole: copy it again")
        }
        _ => known,
    }
}

/// Most bytes of a log's first line that are shown.
const SHOWN_BYTES: usize = 40;

fn unknown(name: &str, head: &[u8]) -> CollectError {
    let error = |what: &str| {
        CollectError::new(
            ErrorKind::Input,
            format!("{name} is no log that planscope knows: {what}"),
        )
    };
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return error("it is UTF-16").hint("write it as UTF-8: iconv -f UTF-16 -t UTF-8");
    }
    if head.contains(&0) {
        return error("it is no text")
            .hint("unpack it: planscope takes off gz, zst, bz2 and xz by itself")
            .hint("what is no text is read of MongoDB only: system.profile.bson, as mongodump writes it");
    }
    let line = head.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    let line = line.unwrap_or_default();
    let shown = String::from_utf8_lossy(line.get(..SHOWN_BYTES).unwrap_or(line));
    let names: Vec<&str> = ALL.iter().map(|reader| reader.name).collect();
    error(&format!("`{}`", shown.escape_debug()))
        .hint(format!("name its format: {}", names.join(", ")))
        .hint("for PostgreSQL, give the server's log_line_prefix")
}

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod encoding_tests;
#[cfg(test)]
mod fixture_tests;
#[cfg(test)]
mod robustness_tests;

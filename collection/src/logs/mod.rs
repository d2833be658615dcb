//! Logs: the statements, plans and facts that servers have already written.
//!
//! A reader is one file with a `static` of type [`LogReader`] and a row in [`ALL`]. It takes slices
//! of the log and gives [`Event`]s; [`digest`] puts them together into the same snapshot as a
//! collection from a server. What is not read is counted by reason: nothing is dropped silently.

mod class;
mod event;
mod facts;
mod input;
mod json;
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
mod report;
mod sink;
mod sketch;
pub mod time;

pub use class::LoggedPlan;
pub use event::{Event, Filter, MARKS, Session};
pub use facts::{Facts, Reason, Rejected, Rejects};
pub use input::Input;
pub use reader::{Hints, LogReader, Parser, Records, Unwrap};
pub use report::{Failed, History, LogDigest};
pub use sink::Sink;

use crate::collect;
use crate::driver::Ranking;
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::Stop;
use input::Found;
use pipeline::Blocks;
use planscope_explain::Engine;
use planscope_explain::workload::Problem;
use std::io::{self, Read, Write};

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

/// How much of a log is looked at to know what it is.
const SAMPLE_BYTES: usize = 1 << 20;

/// What to read of the logs, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which events count.
    pub filter: Filter,
    /// The reader; detected for each log where it is not given.
    pub reader: Option<&'static LogReader>,
    /// What is known of the logs.
    pub hints: Hints,
    /// Most statements in the snapshot.
    pub top: usize,
    /// By what they are chosen.
    pub by: Ranking,
    /// Whether literals stay in texts and plans.
    pub keep_literals: bool,
    /// Threads; 0 is one for each processor.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            reader: None,
            hints: Hints::default(),
            top: usize::MAX,
            by: Ranking::default(),
            keep_literals: false,
            threads: 0,
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

/// Reads logs into a snapshot.
///
/// # Errors
/// When a log cannot be read, no reader knows it, or the logs come from different engines. When the
/// user stops it, what was read is returned, with a problem of kind `stopped`.
pub fn digest(inputs: &[Input], options: &Options, stop: &Stop) -> Result<LogDigest> {
    digest_with_rejects(inputs, options, stop, None)
}

/// Like [`digest`]; what is not read is written to `rejects`, one piece a line.
///
/// # Errors
/// As [`digest`]; and when `rejects` cannot be written.
pub fn digest_with_rejects(
    inputs: &[Input],
    options: &Options,
    stop: &Stop,
    rejects: Option<&mut (dyn Write + Send)>,
) -> Result<LogDigest> {
    let mut reading = Reading {
        options,
        stop,
        rejects,
        engine: None,
        sinks: Vec::new(),
        sources: Vec::new(),
        problems: Vec::new(),
    };
    for found in input::find(inputs)? {
        reading.log(found)?;
        if stop.is_stopped() {
            break;
        }
    }
    let mut digest = reading.finish();
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
    /// The reader's name.
    pub format: &'static str,
    /// Its bytes, without compression.
    pub bytes: u64,
}

struct Reading<'o, 'w> {
    options: &'o Options,
    stop: &'o Stop,
    rejects: Option<&'w mut (dyn Write + Send)>,
    engine: Option<Engine>,
    /// One for each thread.
    sinks: Vec<Sink<'o>>,
    sources: Vec<SourceRead>,
    problems: Vec<Problem>,
}

impl Reading<'_, '_> {
    fn log(&mut self, found: Found) -> Result<()> {
        let name = found.name.clone();
        let unreadable = |error: io::Error| input_error(&name, &error);
        let mut source = found.open()?;
        let mut head = Vec::new();
        let begun = source.by_ref().take(SAMPLE_BYTES as u64).read_to_end(&mut head);
        if let Err(error) = begun {
            if head.is_empty() {
                return Err(unreadable(error));
            }
            self.broke(&name, &error);
        }
        if head.trim_ascii().is_empty() {
            self.sources.push(SourceRead { name, format: "empty", bytes: head.len() as u64 });
            return Ok(());
        }
        let reader = self.options.reader.or_else(|| detect(&head));
        let reader = reader.ok_or_else(|| unknown(&name, &head))?;
        let parser = (reader.open)(&head, &self.options.hints);
        self.same_engine(&name, parser.engine())?;
        let mut blocks = Blocks::new(source, head, parser.as_ref());
        let outcome = self.blocks(&mut blocks, parser.is_stateless());
        if let Some(error) = &blocks.broke {
            self.broke(&name, error);
        }
        if self.stop.is_stopped() {
            self.problem("stopped", format!("stopped while {name} was read"));
        } else {
            outcome.map_err(unreadable)?;
        }
        self.sources.push(SourceRead { name, format: reader.name, bytes: blocks.bytes });
        Ok(())
    }

    /// A log that ends early keeps what came before.
    fn broke(&mut self, name: &str, error: &io::Error) {
        self.problem("log-broken", format!("{name} cannot be read to its end: {error}"));
    }

    fn problem(&mut self, kind: &str, message: String) {
        self.problems.push(Problem { kind: kind.to_owned(), message, statement: None });
    }

    fn blocks(&mut self, blocks: &mut Blocks<'_>, stateless: bool) -> io::Result<()> {
        let (stop, rejects) = (self.stop, &mut self.rejects);
        let mut after = |sink: &mut Sink<'_>| {
            if stop.is_stopped() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            match rejects {
                Some(file) => file.write_all(&sink.take_rejected()),
                None => Ok(()),
            }
        };
        match self.sinks.as_mut_slice() {
            [first, ..] if !stateless => pipeline::read_alone(blocks, first, &mut after),
            [only] => pipeline::read_alone(blocks, only, &mut after),
            all => pipeline::read_together(blocks, all, &mut after),
        }
    }

    /// The first log decides; MySQL and MariaDB write alike.
    fn same_engine(&mut self, name: &str, engine: Engine) -> Result<()> {
        let family = |engine| if engine == Engine::Mariadb { Engine::Mysql } else { engine };
        let known = *self.engine.get_or_insert(engine);
        if family(known) != family(engine) {
            let message = format!(
                "{name} is a log of {}, those before it are of {}",
                engine.info().label,
                known.info().label
            );
            return Err(CollectError::new(ErrorKind::Input, message)
                .hint("read the logs of one engine at a time"));
        }
        if self.sinks.is_empty() {
            let (options, keep) = (self.options, self.rejects.is_some());
            let count = threads(options);
            let sinks = (0..count).map(|_| Sink::new(known, &options.filter, keep, count));
            self.sinks = sinks.collect();
        }
        Ok(())
    }

    fn finish(self) -> LogDigest {
        let engine = self.engine.unwrap_or(Engine::Postgres);
        let mut sinks = self.sinks.into_iter();
        let empty = || Sink::new(engine, &self.options.filter, false, 1);
        let mut all = sinks.next().unwrap_or_else(empty);
        sinks.for_each(|sink| all.merge(sink));
        let mut digest = report::report(all, engine, self.options, self.sources);
        digest.snapshot.problems.extend(self.problems);
        digest
    }
}

fn threads(options: &Options) -> usize {
    let most = std::thread::available_parallelism().map_or(1, usize::from);
    if options.threads == 0 { most.min(8) } else { options.threads.min(64) }
}

fn input_error(name: &str, error: &io::Error) -> CollectError {
    CollectError::new(ErrorKind::Input, format!("{name} cannot be read: {error}"))
}

fn unknown(name: &str, head: &[u8]) -> CollectError {
    let line = head.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    let shown: String = String::from_utf8_lossy(line.unwrap_or_default())
        .chars()
        .take(80)
        .flat_map(char::escape_debug)
        .collect();
    let names: Vec<&str> = ALL.iter().map(|reader| reader.name).collect();
    CollectError::new(ErrorKind::Input, format!("{name} is no log that planscope knows: `{shown}`"))
        .hint(format!("name its format: {}", names.join(", ")))
        .hint("for PostgreSQL, give the server's log_line_prefix")
}

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod encoding_tests;
#[cfg(test)]
mod robustness_tests;

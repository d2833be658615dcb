//! From a list of logs to what is in them: each with its reader, in the order of their times.
//!
//! A log that goes on where the one before it ended (a server began a new file) takes over what
//! waits there: a statement in one file and its duration in the next belong together.

use super::input::{self, Found};
use super::pipeline::{self, Blocks};
use super::reader::{LogReader, Parser, Records};
use super::sink::Sink;
use super::time::Micros;
use super::{
    Filter, Input, LogDigest, Options, Outlets, SourceRead, detect, input_error, report, unknown,
};
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::Stop;
use planscope_explain::Engine;
use planscope_explain::workload::Problem;
use std::io::{self, Cursor, Read};

/// How much of a log is looked at to know what it is.
const SAMPLE_BYTES: usize = 1 << 20;

/// How much of a log is looked at to know when it begins.
const BEGINNING_BYTES: usize = 64 << 10;

/// Reads `inputs` with all that goes with it; literals are as they were logged.
pub(super) fn read(
    inputs: &[Input],
    options: &Options,
    stop: &Stop,
    outlets: Outlets<'_>,
) -> Result<LogDigest> {
    let mut reading = Reading {
        options,
        stop,
        outlets,
        engine: None,
        sinks: Vec::new(),
        sources: Vec::new(),
        problems: Vec::new(),
        waiting: None,
    };
    for log in in_order(input::find(inputs)?, options)? {
        reading.log(log)?;
        if stop.is_stopped() {
            break;
        }
    }
    reading.finish()
}

/// A log that was looked at.
struct Log {
    name: String,
    found: Option<Found>,
    /// The source and its first bytes, where it cannot be opened again.
    opened: Option<Opened>,
    begins: Option<Micros>,
}

struct Opened {
    source: Box<dyn Read + Send>,
    head: Vec<u8>,
    /// Why the head ended early.
    broke: Option<io::Error>,
}

/// The logs, the earliest first. One without a time stays behind the one before it.
fn in_order(found: Vec<Found>, options: &Options) -> Result<Vec<Log>> {
    if let [_] = found.as_slice() {
        let log = |found: Found| {
            let name = found.name.clone();
            Log { name, found: Some(found), opened: None, begins: None }
        };
        return Ok(found.into_iter().map(log).collect());
    }
    let mut logs = Vec::with_capacity(found.len());
    let mut before = None;
    for found in found {
        let kept = found.again();
        let name = found.name.clone();
        let opened = open(&name, found)?;
        let begins = beginning(&opened.head, options).or(before);
        before = begins;
        let opened = kept.is_none().then_some(opened);
        logs.push(Log { name, found: kept, opened, begins });
    }
    logs.sort_by_key(|log| log.begins);
    Ok(logs)
}

fn open(name: &str, found: Found) -> Result<Opened> {
    let mut source = found.open()?;
    let mut head = Vec::new();
    let begun = source.by_ref().take(SAMPLE_BYTES as u64).read_to_end(&mut head);
    match begun {
        Err(error) if head.is_empty() => Err(input_error(name, &error)),
        begun => Ok(Opened { source, head, broke: begun.err() }),
    }
}

/// The first time in a log.
pub(super) fn beginning(head: &[u8], options: &Options) -> Option<Micros> {
    let reader = options.reader.or_else(|| detect(head))?;
    let parser = (reader.open)(head, &options.hints);
    let start = head.get(..BEGINNING_BYTES).unwrap_or(head).to_vec();
    let filter = Filter::default();
    let mut sink = Sink::new(parser.engine(), &filter, false, 1);
    let mut blocks = Blocks::new(Box::new(Cursor::new(Vec::new())), start, parser.as_ref());
    let mut records = parser.start();
    // Reading memory does not fail.
    pipeline::read_alone(&mut blocks, records.as_mut(), &mut sink, &mut |_, _| Ok(())).ok()?;
    records.finish(&mut sink);
    sink.facts.span.map(|(first, _)| first)
}

/// What a log has left that the next one may go on with.
struct Waiting {
    reader: &'static str,
    records: Box<dyn Records>,
    /// The last time seen.
    end: Option<Micros>,
}

struct Reading<'o, 'w> {
    options: &'o Options,
    stop: &'o Stop,
    outlets: Outlets<'w>,
    engine: Option<Engine>,
    /// One for each thread.
    sinks: Vec<Sink<'o>>,
    sources: Vec<SourceRead>,
    problems: Vec<Problem>,
    waiting: Option<Waiting>,
}

impl Reading<'_, '_> {
    fn log(&mut self, log: Log) -> Result<()> {
        let name = log.name;
        let opened = match (log.opened, log.found) {
            (Some(opened), _) => opened,
            (None, Some(found)) => open(&name, found)?,
            (None, None) => return Ok(()),
        };
        let Opened { source, head, broke } = opened;
        if let Some(error) = broke {
            self.broke(&name, &error);
        }
        if head.trim_ascii().is_empty() {
            let bytes = head.len() as u64;
            self.sources.push(SourceRead { name, format: "empty", bytes, lines: 0, events: 0 });
            return Ok(());
        }
        let reader = self.options.reader.or_else(|| detect(&head));
        let reader = reader.ok_or_else(|| unknown(&name, &head))?;
        let parser = (reader.open)(&head, &self.options.hints);
        self.same_engine(&name, parser.engine())?;
        let (lines, events) = self.counted();
        let mut blocks = Blocks::new(source, head, parser.as_ref());
        let outcome = self.blocks(&name, reader, log.begins, &mut blocks);
        if let Some(error) = &blocks.broke {
            self.broke(&name, error);
        }
        if self.stop.is_stopped() {
            self.problem("stopped", format!("stopped while {name} was read"));
        } else {
            outcome.map_err(|error| input_error(&name, &error))?;
        }
        let (bytes, format, after) = (blocks.bytes, reader.name, self.counted());
        let (lines, events) = (after.0 - lines, after.1 - events);
        self.sources.push(SourceRead { name, format, bytes, lines, events });
        Ok(())
    }

    /// Lines and executions so far.
    fn counted(&self) -> (u64, u64) {
        let facts = self.sinks.iter().map(|sink| &sink.facts);
        facts.fold((0, 0), |(lines, events), f| (lines + f.lines, events + f.events))
    }

    /// A log that ends early keeps what came before.
    fn broke(&mut self, name: &str, error: &io::Error) {
        self.problem("log-broken", format!("{name} cannot be read to its end: {error}"));
    }

    fn problem(&mut self, kind: &str, message: String) {
        self.problems.push(Problem { kind: kind.to_owned(), message, statement: None });
    }

    fn blocks(
        &mut self,
        name: &str,
        reader: &'static LogReader,
        begins: Option<Micros>,
        blocks: &mut Blocks<'_>,
    ) -> io::Result<()> {
        let parser = blocks.parser();
        let alone = !parser.is_stateless() || self.sinks.len() == 1;
        let records = if alone { Some(self.records(reader, begins, parser)) } else { None };
        self.settle();
        let (stop, rejects, progress) =
            (self.stop, &mut self.outlets.rejects, &mut self.outlets.progress);
        let mut read = 0;
        let mut after = |sink: &mut Sink<'_>, bytes: u64| {
            if stop.is_stopped() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            read += bytes;
            if let Some(progress) = progress {
                progress(name, read);
            }
            match rejects {
                Some(file) => file.write_all(&sink.take_rejected()),
                None => Ok(()),
            }
        };
        let Some(mut records) = records else {
            return pipeline::read_together(blocks, &mut self.sinks, &mut after);
        };
        let Some(first) = self.sinks.first_mut() else { return Ok(()) };
        let outcome = pipeline::read_alone(blocks, records.as_mut(), first, &mut after);
        let (kept, left_out) = (first.facts.span, first.facts.left_out);
        let end = kept.into_iter().chain(left_out).map(|(_, last)| last).max();
        self.waiting = Some(Waiting { reader: reader.name, records, end });
        outcome
    }

    /// What reads the records of a log, with what the log before it left where this one goes on.
    fn records(
        &mut self,
        reader: &'static LogReader,
        begins: Option<Micros>,
        parser: &dyn Parser,
    ) -> Box<dyn Records> {
        let mut records = parser.start();
        let goes_on = |waiting: &&mut Waiting| {
            waiting.reader == reader.name
                && begins.zip(waiting.end).is_none_or(|(begins, end)| begins >= end)
        };
        let state = self.waiting.as_mut().filter(goes_on).and_then(|w| w.records.hand_over());
        if let Some(state) = state {
            records.take_over(state);
        }
        records
    }

    /// Nothing goes on with what waits.
    fn settle(&mut self) {
        if let (Some(mut waiting), Some(sink)) = (self.waiting.take(), self.sinks.first_mut()) {
            waiting.records.finish(sink);
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
            let (options, keep) = (self.options, self.outlets.rejects.is_some());
            let count = threads(options);
            let sinks = (0..count).map(|_| Sink::new(known, &options.filter, keep, count));
            self.sinks = sinks.collect();
        }
        Ok(())
    }

    fn finish(mut self) -> Result<LogDigest> {
        self.settle();
        if let (Some(file), Some(sink)) = (&mut self.outlets.rejects, self.sinks.first_mut()) {
            let written = file.write_all(&sink.take_rejected()).and_then(|()| file.flush());
            written.map_err(|error| input_error("the file of rejects", &error))?;
        }
        let engine = self.engine.unwrap_or(Engine::Postgres);
        let mut sinks = self.sinks.into_iter();
        let empty = || Sink::new(engine, &self.options.filter, false, 1);
        let mut all = sinks.next().unwrap_or_else(empty);
        sinks.for_each(|sink| all.merge(sink));
        let mut digest = report::report(all, engine, self.options, self.sources);
        digest.snapshot.problems.extend(self.problems);
        Ok(digest)
    }
}

fn threads(options: &Options) -> usize {
    let most = std::thread::available_parallelism().map_or(1, usize::from);
    if options.threads == 0 { most.min(8) } else { options.threads.min(64) }
}

//! Logs that are still written: what is new in them, through rotation and truncation.
//!
//! A file is known by its device and inode, not by its name. One that is renamed is read to its end
//! while the new one under its name begins; one that became shorter begins anew. Nothing here
//! waits: whoever calls [`Follower::poll`] decides how often.

mod tail;

use super::event::Filter;
use super::facts::Facts;
use super::input::{self, Input};
use super::sink::Sink;
use super::{LogDigest, Options, SourceRead, report};
use crate::collect;
use crate::error::{CollectError, ErrorKind, Result};
use planscope_explain::Engine;
use planscope_explain::workload::Problem;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use tail::{Fed, Tail};

/// Device and inode.
type Identity = (u64, u64);

/// How many logs may be open at one time.
const MOST_OPEN: usize = 512;

/// Reads logs while they are written.
pub struct Follower<'o> {
    inputs: Vec<Input>,
    options: &'o Options,
    keep_rejects: bool,
    tails: Vec<Tail>,
    /// Files that are no logs of their own: packed or copied ones that appeared later.
    ignored: BTreeSet<Identity>,
    sink: Option<Sink<'o>>,
    engine: Option<Engine>,
    problems: Vec<Problem>,
    /// The logs that have ended since the last digest.
    ended: Vec<SourceRead>,
    begun: bool,
}

impl<'o> Follower<'o> {
    /// Opens the logs and reads nothing yet.
    ///
    /// # Errors
    /// When one of them is not there.
    pub fn open(inputs: &[Input], options: &'o Options, keep_rejects: bool) -> Result<Self> {
        let mut follower = Self {
            inputs: inputs.to_vec(),
            options,
            keep_rejects,
            tails: Vec::new(),
            ignored: BTreeSet::new(),
            sink: None,
            engine: None,
            problems: Vec::new(),
            ended: Vec::new(),
            begun: false,
        };
        for input in inputs {
            match input {
                Input::Path(path) => {
                    input::files(path)?;
                }
                Input::Stdin => follower.tails.push(Tail::stdin()?),
                Input::Bytes(..) => {}
            }
        }
        follower.look()?;
        follower.tails.sort_by_cached_key(|tail| tail.begins(options));
        follower.begun = true;
        Ok(follower)
    }

    /// Whether nothing more can come: standard input was all, and has ended.
    pub fn is_over(&self) -> bool {
        self.tails.is_empty() && self.inputs.iter().all(|input| *input == Input::Stdin)
    }

    /// Reads what was written since the last time, up to a limit: how many bytes that were.
    ///
    /// # Errors
    /// When the first of the logs are none that a reader knows, or of several engines.
    pub fn poll(&mut self) -> Result<u64> {
        self.look()?;
        let mut read = 0;
        for place in 0..self.tails.len() {
            read += self.read(place)?;
        }
        self.close_ended();
        Ok(read)
    }

    /// What was read since the last digest. The `last` one has what waited for more as well.
    pub fn take(&mut self, last: bool) -> LogDigest {
        if last {
            self.finish();
        }
        let engine = self.engine.unwrap_or(Engine::Postgres);
        let empty = || Sink::new(engine, &self.options.filter, self.keep_rejects, 1);
        let sink = self.sink.replace(empty()).unwrap_or_else(empty);
        let mut sources = std::mem::take(&mut self.ended);
        sources.extend(self.tails.iter_mut().filter_map(Tail::take_read));
        let mut digest = report::report(sink, engine, self.options, sources);
        digest.snapshot.problems.append(&mut self.problems);
        if !self.options.keep_literals {
            collect::redact(&mut digest.snapshot);
        }
        digest
    }

    /// The pieces that were not read since the last call.
    pub fn take_rejected(&mut self) -> Vec<u8> {
        self.sink.as_mut().map(Sink::take_rejected).unwrap_or_default()
    }

    /// What was counted since the last digest.
    pub fn facts(&self) -> Option<&Facts> {
        self.sink.as_ref().map(|sink| &sink.facts)
    }

    fn problem(&mut self, kind: &str, message: String) {
        self.problems.push(Problem { kind: kind.to_owned(), message, statement: None });
    }

    /// Looks for files that are new under the names, and for those that are gone.
    fn look(&mut self) -> Result<()> {
        let mut listed = BTreeSet::new();
        for path in self.listed() {
            let Ok(known) = fs::metadata(&path) else { continue };
            let identity = (known.dev(), known.ino());
            listed.insert(identity);
            match self.tails.iter_mut().find(|tail| tail.is(identity)) {
                Some(tail) => tail.path = Some(path),
                None if self.ignored.contains(&identity) => {}
                None => self.begin(path, identity)?,
            }
        }
        for tail in &mut self.tails {
            if tail.identity.is_some_and(|identity| !listed.contains(&identity)) {
                tail.path = None;
            }
        }
        Ok(())
    }

    /// The files under the names, now. What cannot be listed for a moment is in a rotation.
    fn listed(&self) -> Vec<PathBuf> {
        let paths = self.inputs.iter().filter_map(|input| match input {
            Input::Path(path) => Some(path),
            _ => None,
        });
        paths.flat_map(|path| input::files(path).unwrap_or_default()).collect()
    }

    fn begin(&mut self, path: PathBuf, identity: Identity) -> Result<()> {
        if self.tails.len() >= MOST_OPEN {
            return Err(CollectError::new(
                ErrorKind::Input,
                format!("more than {MOST_OPEN} logs cannot be followed at once"),
            )
            .hint("name the one that is written now"));
        }
        let name = path.display().to_string();
        let tail = match Tail::open(path, identity) {
            Ok(tail) => tail,
            // It may be gone again; at first it must be there.
            Err(_) if self.begun => return Ok(()),
            Err(error) => return Err(super::input_error(&name, &error)),
        };
        if self.begun && (tail.is_packed() || self.tails.iter().any(|old| old.has_copy(&tail))) {
            self.ignored.insert(identity);
            let what = "is a copy of a log that was read: it is left out";
            self.problem("log-copied", format!("{name} {what}"));
            return Ok(());
        }
        // The one that it goes on from is read first.
        self.tails.push(tail);
        Ok(())
    }

    fn read(&mut self, place: usize) -> Result<u64> {
        let (before, rest) = self.tails.split_at_mut(place);
        let Some(tail) = rest.first_mut() else { return Ok(0) };
        let name = tail.name();
        match tail.more() {
            Ok(true) => {
                let what = "became shorter: it is read from its beginning; what was written between \
                            the last look and then is not known";
                self.problems.push(Problem {
                    kind: "log-truncated".into(),
                    message: format!("{name} {what}"),
                    statement: None,
                });
            }
            Ok(false) => {}
            Err(error) => {
                let message = format!("{name} cannot be read on: {error}");
                tail.is_broken = true;
                self.problems.push(Problem { kind: "log-broken".into(), message, statement: None });
            }
        }
        let engine = tail.know(self.options, self.begun && place > 0)?;
        let Some(engine) = engine else { return Ok(tail.bytes_now()) };
        same_engine(&name, *self.engine.get_or_insert(engine), engine)?;
        tail.go_on_from(before);
        let (options, keep) = (self.options, self.keep_rejects);
        let sink = self.sink.get_or_insert_with(|| new_sink(engine, &options.filter, keep));
        match tail.feed(sink) {
            Fed::Some(bytes) => Ok(bytes),
            Fed::Nothing => Ok(0),
        }
    }

    /// Ends the logs that are gone and quiet.
    fn close_ended(&mut self) {
        let Some(sink) = &mut self.sink else {
            self.tails.retain(|tail| !tail.is_over());
            return;
        };
        let ended = &mut self.ended;
        self.tails.retain_mut(|tail| {
            if tail.is_over() {
                tail.finish(sink);
                ended.extend(tail.take_read());
                return false;
            }
            true
        });
    }

    /// What waits for more of a log will not get it.
    fn finish(&mut self) {
        if let Some(sink) = &mut self.sink {
            self.tails.iter_mut().for_each(|tail| tail.finish(sink));
        }
    }
}

fn new_sink(engine: Engine, filter: &Filter, keep_rejects: bool) -> Sink<'_> {
    Sink::new(engine, filter, keep_rejects, 1)
}

fn same_engine(name: &str, known: Engine, engine: Engine) -> Result<()> {
    let family = |engine| if engine == Engine::Mariadb { Engine::Mysql } else { engine };
    if family(known) == family(engine) {
        return Ok(());
    }
    let (engine, known) = (engine.info().label, known.info().label);
    let message = format!("{name} is a log of {engine}, those before it are of {known}");
    Err(CollectError::new(ErrorKind::Input, message)
        .hint("follow the logs of one engine at a time"))
}

#[cfg(test)]
mod tests;

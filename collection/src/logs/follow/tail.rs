//! One log that is still written.

use super::super::pipeline::RECORD_MAX_BYTES;
use super::super::reader::{LogReader, Parser, Records, Unwrap};
use super::super::reading::beginning;
use super::super::sink::Sink;
use super::super::time::Micros;
use super::super::{Options, SourceRead, detect, unknown};
use super::Identity;
use crate::error::Result;
use planscope_explain::Engine;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

/// Most bytes of a log that one look reads.
const LOOK_BYTES: u64 = 32 << 20;

/// From so many bytes on it is known what a log is.
const SURE_BYTES: usize = 1 << 20;

/// Bytes at the beginning by which a copy is known.
const HEAD_BYTES: usize = 1024;

/// Where the bytes come from.
enum Source {
    File(File),
    /// A compressed file, which nobody writes to.
    Packed(Box<dyn Read + Send>),
    /// Standard input, read by a thread.
    Pipe(Receiver<Vec<u8>>),
}

/// What a log is.
struct Known {
    reader: &'static LogReader,
    parser: Box<dyn Parser>,
    records: Box<dyn Records>,
    unwrapper: Option<Box<dyn Unwrap>>,
    /// Whether what the log before it left was taken over, or there was nothing.
    went_on: bool,
}

/// One log.
pub(super) struct Tail {
    /// Under which name it is found; `None` when it is not any more.
    pub(super) path: Option<PathBuf>,
    pub(super) identity: Option<Identity>,
    /// Nothing more can be read of it.
    pub(super) is_broken: bool,
    name: String,
    source: Source,
    /// How much of the file was read.
    at: u64,
    head: Vec<u8>,
    known: Option<Known>,
    /// Bytes with their wrapping on.
    raw: Vec<u8>,
    /// Bytes that are no whole record yet.
    left: Vec<u8>,
    /// Bytes of the last look.
    now: u64,
    /// Whether the source has ended, and stays so.
    ended: bool,
    /// Looks in a row that found nothing.
    quiet: u32,
    /// Since the last digest.
    read: SourceRead,
}

/// What feeding came to.
pub(super) enum Fed {
    /// So many bytes were new.
    Some(u64),
    /// Nothing was new.
    Nothing,
}

impl Tail {
    pub(super) fn open(path: PathBuf, identity: Identity) -> io::Result<Self> {
        let name = path.display().to_string();
        let mut file = File::open(&path)?;
        let mut head = Vec::new();
        file.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        file.seek(SeekFrom::Start(0))?;
        let source = if super::super::input::is_packed(&head) {
            Source::Packed(super::super::input::decompressed(Box::new(file))?)
        } else {
            Source::File(file)
        };
        Ok(Self { path: Some(path), identity: Some(identity), head, ..Self::new(name, source) })
    }

    pub(super) fn stdin() -> Result<Self> {
        // A thread of its own, because standard input cannot be asked whether it has something.
        let (give, take) = mpsc::sync_channel(4);
        let reading = thread::Builder::new().name("stdin".into()).spawn(move || {
            let mut stdin = io::stdin().lock();
            loop {
                let mut chunk = vec![0; 64 << 10];
                match stdin.read(&mut chunk) {
                    Ok(0) | Err(_) => return,
                    Ok(count) => chunk.truncate(count),
                }
                if give.send(chunk).is_err() {
                    return;
                }
            }
        });
        reading.map_err(|error| super::super::input_error("-", &error))?;
        Ok(Self::new("-".to_owned(), Source::Pipe(take)))
    }

    fn new(name: String, source: Source) -> Self {
        let read =
            SourceRead { name: name.clone(), format: "empty", bytes: 0, lines: 0, events: 0 };
        Self {
            path: None,
            identity: None,
            is_broken: false,
            name,
            source,
            at: 0,
            head: Vec::new(),
            known: None,
            raw: Vec::new(),
            left: Vec::new(),
            now: 0,
            ended: false,
            quiet: 0,
            read,
        }
    }

    pub(super) fn is(&self, identity: Identity) -> bool {
        self.identity == Some(identity)
    }

    /// Its name, for messages.
    pub(super) fn name(&self) -> String {
        self.name.clone()
    }

    pub(super) fn is_packed(&self) -> bool {
        matches!(self.source, Source::Packed(_))
    }

    /// Whether `other` begins as this one does, as a copy that a rotation made.
    pub(super) fn has_copy(&self, other: &Self) -> bool {
        let shorter = self.head.len().min(other.head.len());
        shorter >= 64 && self.head[..shorter] == other.head[..shorter]
    }

    /// The first time in it.
    pub(super) fn begins(&self, options: &Options) -> Option<Micros> {
        beginning(&self.head, options)
    }

    /// Whether nothing more will come.
    pub(super) fn is_over(&self) -> bool {
        // Its writer may still have it open for a moment after it was renamed.
        self.is_broken || self.ended || (self.path.is_none() && self.quiet >= 2 && self.is_file())
    }

    fn is_file(&self) -> bool {
        matches!(self.source, Source::File(_))
    }

    pub(super) fn bytes_now(&self) -> u64 {
        self.now
    }

    /// Reads what is new: whether the file became shorter.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        self.now = 0;
        let before = self.raw.len();
        let mut shorter = false;
        match &mut self.source {
            Source::File(file) => {
                if file.metadata()?.len() < self.at {
                    shorter = true;
                    self.at = file.seek(SeekFrom::Start(0))?;
                }
                file.by_ref().take(LOOK_BYTES).read_to_end(&mut self.raw)?;
            }
            Source::Packed(source) => {
                let read = source.by_ref().take(LOOK_BYTES).read_to_end(&mut self.raw)?;
                self.ended = read == 0;
            }
            Source::Pipe(take) => loop {
                match take.try_recv() {
                    Ok(chunk) => self.raw.extend_from_slice(&chunk),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => {
                        self.ended = true;
                        break;
                    }
                }
                if (self.raw.len() - before) as u64 >= LOOK_BYTES {
                    break;
                }
            },
        }
        let new = &self.raw[before..];
        if self.head.len() < HEAD_BYTES && !self.is_packed() {
            let missing = HEAD_BYTES - self.head.len();
            if self.at == 0 {
                self.head.clear();
            }
            if self.at as usize == self.head.len() {
                self.head.extend_from_slice(new.get(..missing).unwrap_or(new));
            }
        }
        self.now = new.len() as u64;
        self.at += self.now;
        self.read.bytes += self.now;
        self.read.lines += memchr::memchr_iter(b'\n', new).count() as u64;
        self.quiet = if self.now == 0 { self.quiet + 1 } else { 0 };
        Ok(shorter)
    }

    /// The engine, as soon as it is clear what the log is. A file that is none is left alone where
    /// it `may_be_foreign`.
    pub(super) fn know(
        &mut self,
        options: &Options,
        may_be_foreign: bool,
    ) -> Result<Option<Engine>> {
        if let Some(known) = &self.known {
            return Ok(Some(known.parser.engine()));
        }
        let sample = self.raw.get(..SURE_BYTES).unwrap_or(&self.raw);
        if sample.trim_ascii().is_empty() {
            return Ok(None);
        }
        // The last line may be half written.
        let sure = self.quiet > 0 || self.ended || sample.len() == SURE_BYTES;
        let Some(reader) = options.reader.or_else(|| detect(sample)) else {
            return match sure && !may_be_foreign {
                true => Err(unknown(&self.name, sample)),
                false => Ok(None),
            };
        };
        if !sure && sample.len() < HEAD_BYTES {
            return Ok(None);
        }
        let parser = (reader.open)(sample, &options.hints);
        let engine = parser.engine();
        self.read.format = reader.name;
        let (records, unwrapper) = (parser.start(), parser.unwrapper());
        self.known = Some(Known { reader, parser, records, unwrapper, went_on: false });
        Ok(Some(engine))
    }

    /// Takes over what the newest of the logs `before` has left, which this one goes on from.
    pub(super) fn go_on_from(&mut self, before: &mut [Self]) {
        let Some(known) = self.known.as_mut().filter(|known| !known.went_on) else { return };
        known.went_on = true;
        let same = |tail: &&mut Self| {
            tail.known.as_ref().is_some_and(|old| old.reader.name == known.reader.name)
        };
        let old = before.iter_mut().rev().find(same).and_then(|tail| tail.known.as_mut());
        if let Some(state) = old.and_then(|old| old.records.hand_over()) {
            known.records.take_over(state);
        }
    }

    /// Reads the whole records; what is left when nothing came since the last look is whole, too.
    pub(super) fn feed(&mut self, sink: &mut Sink<'_>) -> Fed {
        let Some(known) = &mut self.known else { return Fed::Nothing };
        let idle = self.now == 0;
        let events = sink.facts.events;
        match &mut known.unwrapper {
            None => self.left.append(&mut self.raw),
            Some(unwrapper) => {
                let used = unwrapper.unwrap(&self.raw, idle, &mut self.left);
                self.raw.drain(..used);
                for (reason, piece) in unwrapper.rejects() {
                    sink.reject(reason, &piece);
                }
            }
        }
        let whole = idle && (self.left.ends_with(b"\n") || self.ended);
        let end = match known.parser.cut(&self.left) {
            _ if whole => self.left.len(),
            0 if self.left.len() >= RECORD_MAX_BYTES => self.left.len(),
            end => end,
        };
        if end > 0 {
            known.records.read(&self.left[..end], sink);
            self.left.drain(..end);
        }
        self.read.events += sink.facts.events - events;
        if self.now > 0 { Fed::Some(self.now) } else { Fed::Nothing }
    }

    /// Reads what is left, whole or not.
    pub(super) fn finish(&mut self, sink: &mut Sink<'_>) {
        let Some(known) = &mut self.known else { return };
        let events = sink.facts.events;
        if let Some(unwrapper) = &mut known.unwrapper {
            let used = unwrapper.unwrap(&self.raw, true, &mut self.left);
            self.raw.drain(..used);
            for (reason, piece) in unwrapper.rejects() {
                sink.reject(reason, &piece);
            }
        }
        if !self.left.is_empty() {
            known.records.read(&self.left, sink);
            self.left.clear();
        }
        known.records.finish(sink);
        self.read.events += sink.facts.events - events;
    }

    /// What was read since the last digest.
    pub(super) fn take_read(&mut self) -> Option<SourceRead> {
        let taken = self.read.clone();
        (self.read.bytes, self.read.lines, self.read.events) = (0, 0, 0);
        (taken.bytes > 0).then_some(taken)
    }
}

//! From a stream of bytes to sinks: blocks that end with a record, read by several threads where
//! the log allows it.

use super::facts::Reason;
use super::reader::{Parser, Records, Unwrap};
use super::sink::Sink;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

/// Bytes that are read at a time: small enough for a cache, large enough to hide the hand-over.
const BLOCK_BYTES: usize = 1 << 20;

/// Longest record; what is longer is cut, and its rest rejected. Longer than any statement that
/// servers take by default (MySQL and MongoDB: 16 MiB), and there may be a few of them at a time.
pub(super) const RECORD_MAX_BYTES: usize = 17 << 20;

/// Largest block whose memory is used again.
const KEPT_BYTES: usize = 4 << 20;

/// A piece of a log.
struct Block {
    bytes: Vec<u8>,
    /// Set where it belongs to a record that was too long: whether it is the first such piece.
    rest: Option<bool>,
}

impl Block {
    fn read(&self, records: &mut dyn Records, sink: &mut Sink<'_>) {
        sink.facts.lines += line_count(self);
        let Some(is_first) = self.rest else { return records.read(&self.bytes, sink) };
        sink.reject(Reason::TooLong, &self.bytes);
        if !is_first && let Some(rejected) = sink.rejects.get_mut(&Reason::TooLong) {
            // All the pieces of a record are one reject.
            rejected.count -= 1;
        }
    }

    /// Its memory, for the next one.
    fn memory(self) -> Vec<u8> {
        if self.bytes.capacity() > KEPT_BYTES { Vec::new() } else { self.bytes }
    }
}

/// Gives blocks of whole records.
pub(super) struct Blocks<'p> {
    source: Box<dyn Read + Send>,
    parser: &'p dyn Parser,
    unwrapper: Option<Box<dyn Unwrap>>,
    /// Bytes of the source that are not unwrapped yet.
    raw: Vec<u8>,
    /// Bytes after the last whole record.
    left: Vec<u8>,
    ended: bool,
    /// Inside of a record that was too long: whether nothing of its rest was given yet.
    too_long: Option<bool>,
    /// Why the source ended early: a damaged compressed file, a disk. What came before it is read.
    pub(super) broke: Option<io::Error>,
    /// Bytes read of the source.
    pub(super) bytes: u64,
}

impl<'p> Blocks<'p> {
    /// Blocks of `source`, whose first bytes were read into `head` before.
    pub(super) fn new(source: Box<dyn Read + Send>, head: Vec<u8>, parser: &'p dyn Parser) -> Self {
        let bytes = head.len() as u64;
        let unwrapper = parser.unwrapper();
        let (raw, left) = if unwrapper.is_some() { (head, Vec::new()) } else { (Vec::new(), head) };
        Self {
            source,
            parser,
            unwrapper,
            raw,
            left,
            ended: false,
            too_long: None,
            broke: None,
            bytes,
        }
    }

    /// What reads the log.
    pub(super) fn parser(&self) -> &'p dyn Parser {
        self.parser
    }

    /// The next block; `None` at the end.
    fn next(&mut self, mut block: Vec<u8>) -> Option<Block> {
        block.clear();
        std::mem::swap(&mut block, &mut self.left);
        if let Some(is_first) = self.too_long {
            return self.rest_of_record(block, is_first);
        }
        let mut wanted = BLOCK_BYTES;
        loop {
            self.fill(&mut block, wanted);
            if self.ended {
                return (!block.is_empty()).then_some(Block { bytes: block, rest: None });
            }
            let mut end = self.parser.cut(&block);
            if end == 0 && block.len() >= RECORD_MAX_BYTES {
                end = block.len();
                self.too_long = Some(true);
            }
            if end > 0 {
                self.left.clear();
                self.left.extend_from_slice(&block[end..]);
                block.truncate(end);
                return Some(Block { bytes: block, rest: None });
            }
            wanted = (block.len() * 2).min(RECORD_MAX_BYTES);
        }
    }

    /// What follows the part of a record that was read, up to the end of its line.
    fn rest_of_record(&mut self, mut block: Vec<u8>, is_first: bool) -> Option<Block> {
        self.fill(&mut block, BLOCK_BYTES);
        if block.is_empty() {
            return None;
        }
        self.too_long = Some(false);
        if let Some(end) = memchr::memchr(b'\n', &block) {
            self.left.extend_from_slice(&block[end + 1..]);
            block.truncate(end + 1);
            self.too_long = None;
        }
        Some(Block { bytes: block, rest: Some(is_first) })
    }

    /// Reads until `block` has `wanted` bytes or the source ends.
    fn fill(&mut self, block: &mut Vec<u8>, wanted: usize) {
        while block.len() < wanted && !self.ended {
            let missing = (wanted - block.len()) as u64;
            let Some(unwrapper) = &mut self.unwrapper else {
                let read = read_some(&mut self.source, missing, block, &mut self.broke);
                self.bytes += read;
                self.ended = read < missing;
                continue;
            };
            let used = unwrapper.unwrap(&self.raw, false, block);
            self.raw.drain(..used);
            // A line of the wrapping longer than a record may be is not waited for.
            let is_stuck = self.raw.len() >= RECORD_MAX_BYTES;
            let wanted = BLOCK_BYTES as u64;
            let read = read_some(&mut self.source, wanted, &mut self.raw, &mut self.broke);
            self.bytes += read;
            if read < wanted || is_stuck {
                let used = unwrapper.unwrap(&self.raw, true, block);
                self.raw.drain(..used);
                self.ended = read < wanted;
            }
        }
    }

    fn rejects(&mut self) -> Vec<(Reason, Vec<u8>)> {
        self.unwrapper.as_mut().map(|unwrapper| unwrapper.rejects()).unwrap_or_default()
    }
}

/// Reads up to `wanted` bytes to the end of `into`: how many there were before the end or a failure.
fn read_some(
    source: &mut Box<dyn Read + Send>,
    wanted: u64,
    into: &mut Vec<u8>,
    broke: &mut Option<io::Error>,
) -> u64 {
    let before = into.len();
    if let Err(error) = source.by_ref().take(wanted).read_to_end(into) {
        *broke = Some(error);
    }
    (into.len() - before) as u64
}

/// What to do after each block, e.g. to write rejects and to see whether to stop.
/// The number is of the block's bytes.
pub(super) type AfterBlock<'a> = dyn FnMut(&mut Sink<'_>, u64) -> io::Result<()> + Send + 'a;

/// Reads all blocks into `sink` on this thread; `records` is not finished.
pub(super) fn read_alone(
    blocks: &mut Blocks<'_>,
    records: &mut dyn Records,
    sink: &mut Sink<'_>,
    after: &mut AfterBlock<'_>,
) -> io::Result<()> {
    let mut block = Vec::new();
    while let Some(next) = blocks.next(block) {
        next.read(records, sink);
        for (reason, piece) in blocks.rejects() {
            sink.reject(reason, &piece);
        }
        after(sink, next.bytes.len() as u64)?;
        block = next.memory();
    }
    for (reason, piece) in blocks.rejects() {
        sink.reject(reason, &piece);
    }
    after(sink, 0)
}

/// Reads all blocks with a thread for each of `sinks`; the log's records do not need each other, and
/// have no wrapping.
pub(super) fn read_together(
    blocks: &mut Blocks<'_>,
    sinks: &mut [Sink<'_>],
    after: &mut AfterBlock<'_>,
) -> io::Result<()> {
    let parser = blocks.parser;
    let (give, take) = mpsc::sync_channel::<Block>(sinks.len());
    let (give_back, take_back) = mpsc::channel::<Vec<u8>>();
    let take = Mutex::new(take);
    let after = Mutex::new(after);
    thread::scope(|scope| {
        let workers: Vec<_> = sinks
            .iter_mut()
            .map(|sink| {
                let (take, after, give_back) = (&take, &after, give_back.clone());
                scope.spawn(move || work(parser, take, &give_back, sink, after))
            })
            .collect();
        feed(blocks, &give, &take_back);
        drop(give);
        let mut outcome = Ok(());
        for worker in workers {
            let done = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            outcome = outcome.and(done);
        }
        outcome
    })
}

fn feed(
    blocks: &mut Blocks<'_>,
    give: &mpsc::SyncSender<Block>,
    take_back: &mpsc::Receiver<Vec<u8>>,
) {
    while let Some(block) = blocks.next(take_back.try_recv().unwrap_or_default()) {
        // Workers that are gone have failed; they say why when they are joined.
        if give.send(block).is_err() {
            break;
        }
    }
}

/// The ends of lines in a block. Only the last block of a log and a record that is cut have none at
/// their end; the latter's comes with its rest.
fn line_count(block: &Block) -> u64 {
    let open = block.rest.is_none() && block.bytes.last().is_some_and(|byte| *byte != b'\n');
    let open = open && block.bytes.len() < RECORD_MAX_BYTES;
    memchr::memchr_iter(b'\n', &block.bytes).count() as u64 + u64::from(open)
}

fn work(
    parser: &dyn Parser,
    take: &Mutex<mpsc::Receiver<Block>>,
    give_back: &mpsc::Sender<Vec<u8>>,
    sink: &mut Sink<'_>,
    after: &Mutex<&mut AfterBlock<'_>>,
) -> io::Result<()> {
    let mut records: Box<dyn Records> = parser.start();
    loop {
        let next = take.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(block) = next else { break };
        block.read(records.as_mut(), sink);
        let bytes = block.bytes.len() as u64;
        (after.lock().unwrap_or_else(PoisonError::into_inner))(sink, bytes)?;
        // The reader may be done and gone; then nobody needs the memory.
        give_back.send(block.memory()).ok();
    }
    records.finish(sink);
    (after.lock().unwrap_or_else(PoisonError::into_inner))(sink, 0)
}

//! What a log reader is.

use super::facts::Reason;
use super::sink::Sink;
use planscope_explain::Engine;
use std::any::Any;

/// A kind of log that can be read: how to know it, and how to open it.
#[derive(Debug)]
pub struct LogReader {
    /// The name on the wire and on the command line, e.g. `postgres-stderr`.
    pub name: &'static str,
    /// The engine that writes it. MariaDB's logs are told from MySQL's when they are opened.
    pub engine: Engine,
    /// One line for help texts.
    pub summary: &'static str,
    /// How sure the reader is that a log with this beginning is its own: 0 is no, 100 is certain.
    pub detect: fn(&[u8]) -> u8,
    /// Opens a log with this beginning.
    pub open: fn(&[u8], &Hints) -> Box<dyn Parser>,
}

/// What the user knows about a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// PostgreSQL's `log_line_prefix`; inferred where it is not given.
    pub log_line_prefix: Option<String>,
    /// The year of timestamps that have none (syslog, MongoDB before 2.6).
    pub year: Option<i32>,
}

/// A log that is open: what its beginning told.
pub trait Parser: Send + Sync {
    /// The engine that wrote it.
    fn engine(&self) -> Engine;

    /// Where the last whole record of `block` ends; 0 when there is none. `block` begins with a
    /// record.
    fn cut(&self, block: &[u8]) -> usize;

    /// Whether records can be read without those before them, so that parts of a log can be read
    /// at the same time.
    fn is_stateless(&self) -> bool;

    /// Begins to read records.
    fn start(&self) -> Box<dyn Records>;

    /// What takes off a wrapping (syslog, JSON around text) before the records are read.
    fn unwrapper(&self) -> Option<Box<dyn Unwrap>> {
        None
    }
}

/// Reads records in order.
pub trait Records {
    /// Reads whole records.
    fn read(&mut self, chunk: &[u8], sink: &mut Sink<'_>);

    /// The log ends here.
    fn finish(&mut self, _sink: &mut Sink<'_>) {}

    /// What the next log goes on with: the server began a new file. Nothing waits here after it.
    fn hand_over(&mut self) -> Option<Box<dyn Any>> {
        None
    }

    /// Goes on with what the log before this one of the same reader handed over.
    fn take_over(&mut self, _state: Box<dyn Any>) {}
}

/// Takes a wrapping off, line by line.
pub trait Unwrap {
    /// Unwraps whole lines of `block` to the end of `out`: how many bytes of it were used.
    fn unwrap(&mut self, block: &[u8], last: bool, out: &mut Vec<u8>) -> usize;

    /// What could not be unwrapped since the last call.
    fn rejects(&mut self) -> Vec<(Reason, Vec<u8>)>;
}

/// The lines of `block` with their ends.
pub(super) fn lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = block;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(end);
        rest = after;
        Some(line)
    })
}

/// A line without its end.
pub(super) fn content(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Where the last whole line of `block` ends.
pub(super) fn last_line_end(block: &[u8]) -> usize {
    memchr::memrchr(b'\n', block).map_or(0, |at| at + 1)
}

/// The start of the last line of `block` that `begins` a record, the first line left out: what
/// comes before it is whole.
pub(super) fn last_start(block: &[u8], mut begins: impl FnMut(&[u8]) -> bool) -> usize {
    memchr::memrchr_iter(b'\n', block)
        .map(|end| end + 1)
        .find(|start| block.get(*start..).is_some_and(&mut begins))
        .unwrap_or(0)
}

//! The `# Key: value` lines above a statement.

use super::super::postgres::duration;
use super::super::time::{Clock, Micros, clock_time, days, fraction, number};

/// The bits of the marks, in the order of [`MARKS`](super::super::MARKS).
const FULL_SCAN: u8 = 1;
const FULL_JOIN: u8 = 2;
pub(super) const TEMP_ON_DISK: u8 = 4;
const SORT_ON_DISK: u8 = 8;
const FAILED: u8 = 16;

/// `slow_query_log_always_write_time`: what takes longer is logged whatever the rate limit, and
/// stands for itself only. 10 s is the default, which the log does not name.
const ALWAYS_WRITTEN_NS: u64 = 10_000_000_000;

/// What the header lines say.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Header<'a> {
    pub(super) time: Option<Micros>,
    pub(super) user: &'a [u8],
    pub(super) database: &'a [u8],
    /// Whether there is a `Query_time`, readable or not.
    pub(super) timed: bool,
    pub(super) duration_ns: Option<u64>,
    pub(super) lock_ns: Option<u64>,
    rows_sent: Option<u64>,
    rows_affected: Option<u64>,
    pub(super) rows_examined: Option<u64>,
    pub(super) temp_bytes: Option<u64>,
    pub(super) marks: u8,
    rate: u32,
    /// The lines with `# explain: ` before them, which follow each other.
    pub(super) explain_lines: &'a [u8],
}

impl<'a> Header<'a> {
    /// Reads the header that an event begins with, and its length: lines with `#` up to the
    /// `Query_time`, and those after it that belong to it.
    pub(super) fn read(event: &'a [u8], clock: &mut Clock) -> (Self, usize) {
        let mut header = Self::default();
        let mut at = 0;
        while event.get(at) == Some(&b'#') {
            let rest = &event[at..];
            if header.ends_before(rest) {
                break;
            }
            let end = at + memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            match &event[at..end] {
                [b'#', b' ', b'T', b'i', b'm', b'e', b':', b' ', line @ ..] => {
                    header.time_line(line, clock);
                }
                [b'#', b' ', line @ ..] if line.starts_with(b"User@Host: ") => {
                    header.user_line(&line[11..]);
                }
                [b'#', b' ', line @ ..] if line.starts_with(b"explain: ") => {
                    let start = at - header.explain_lines.len();
                    header.explain_lines = &event[start..end];
                }
                [b'#', b' ', line @ ..] => header.fields(line),
                _ => {}
            }
            at = end;
        }
        (header, at)
    }

    /// Whether a line with `#` begins the statement, or another event.
    fn ends_before(&self, line: &[u8]) -> bool {
        match line.get(2) {
            Some(b'a') => line.starts_with(b"# administrator command: "),
            Some(b'T' | b'U' | b'Q') => {
                self.timed && super::begins(line) && !line.starts_with(b"# Thread_id: ")
            }
            _ => false,
        }
    }

    /// Rows returned, or changed when none were returned.
    pub(super) fn rows(&self) -> Option<u64> {
        self.rows_sent.filter(|rows| *rows > 0).or(self.rows_affected).or(self.rows_sent)
    }

    /// How many executions the event stands for.
    pub(super) fn weight(&self) -> u32 {
        let always = self.duration_ns.is_some_and(|ns| ns >= ALWAYS_WRITTEN_NS);
        if always { 1 } else { self.rate.max(1) }
    }

    /// `2018-02-05T02:46:47.273786Z`, `071218 11:48:27`, perhaps with `# User@Host: …` after it.
    fn time_line(&mut self, line: &'a [u8], clock: &mut Clock) {
        self.time = clock.read(line).map(|(time, _)| time).or_else(|| short_time(line));
        if let Some(at) = memchr::memchr(b'#', line)
            && let Some(user) = line[at..].strip_prefix(b"# User@Host: ")
        {
            self.user_line(user);
        }
    }

    /// `priv_user[user] @ host [ip]  Id: 8`, and fields after it in some versions.
    fn user_line(&mut self, line: &'a [u8]) {
        let Some(open) = memchr::memchr(b'[', line) else { return };
        let close = memchr::memchr(b']', &line[open..]).map_or(line.len(), |at| open + at);
        let inside = line[open + 1..close].trim_ascii();
        self.user = if inside.is_empty() { line[..open].trim_ascii() } else { inside };
        let mut places = memchr::memchr_iter(b'S', line);
        if let Some(at) = places.find(|at| line[*at..].starts_with(b"Schema: ")) {
            self.fields(&line[at..]);
        }
    }

    /// `Key: value  Key: value`; a value may be empty.
    fn fields(&mut self, line: &'a [u8]) {
        let (mut at, mut key) = (0, 0);
        while let Some(byte) = line.get(at) {
            match byte {
                b' ' => key = at + 1,
                b':' => {
                    let rest = &line[at + 1..];
                    // One blank, then the value, or a second blank where there is none.
                    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
                    let length = rest.iter().position(u8::is_ascii_whitespace);
                    let length = length.unwrap_or(rest.len());
                    self.field(&line[key..at], &rest[..length]);
                    at = line.len() - rest.len() + length;
                    key = at;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }

    fn field(&mut self, key: &[u8], value: &'a [u8]) {
        let seconds = || duration(value, 1_000_000_000).map(|(ns, _)| ns);
        let count = || number(value).and_then(|value| u64::try_from(value).ok());
        match key {
            b"Query_time" => {
                self.timed = true;
                self.duration_ns = seconds();
            }
            b"Lock_time" => self.lock_ns = seconds(),
            b"Rows_sent" => self.rows_sent = count(),
            b"Rows_examined" => self.rows_examined = count(),
            b"Rows_affected" => self.rows_affected = count(),
            b"Schema" => self.database = value,
            b"Log_slow_rate_limit" => self.rate = count().map_or(1, |n| n.min(1 << 30) as u32),
            b"Tmp_table_sizes" => self.temp_bytes = count(),
            b"Full_scan" => self.mark(FULL_SCAN, value),
            b"Full_join" => self.mark(FULL_JOIN, value),
            b"Tmp_table_on_disk" | b"Tmp_disk_tables" | b"Created_tmp_disk_tables" => {
                self.mark(TEMP_ON_DISK, value);
            }
            b"Filesort_on_disk" | b"Sort_merge_passes" => self.mark(SORT_ON_DISK, value),
            b"Last_errno" | b"Errno" => self.mark(FAILED, value),
            _ => {}
        }
    }

    /// `Yes`, or a number other than 0.
    fn mark(&mut self, bit: u8, value: &[u8]) {
        if value == b"Yes" || number(value).is_some_and(|value| value > 0) {
            self.marks |= bit;
        }
    }
}

/// `YYMMDD HH:MM:SS[.frac]`, where the hour may have one digit after two blanks.
pub(in crate::logs) fn short_time(text: &[u8]) -> Option<Micros> {
    let date = text.get(..6)?;
    let (year, month, day) = (number(&date[..2])?, number(&date[2..4])?, number(&date[4..])?);
    let rest = text[6..].strip_prefix(b" ")?.trim_ascii_start();
    let (time, length) = clock_time(rest)?;
    let (micros, _) = fraction(&rest[length..]);
    // MySQL is of 1995.
    let year = if year >= 70 { 1900 + year } else { 2000 + year };
    (1..=12).contains(&month).then(|| days(year, month, day) * 86_400_000_000 + time + micros)
}

#[cfg(test)]
mod tests {
    use super::super::super::time::rfc3339;
    use super::*;

    #[test]
    fn every_field_is_found() {
        let lines = b"# Time: 2018-02-05T02:46:47.273786Z\n# User@Host: root[bob] @ localhost []  Id: 8\n\
            # Schema: shop  Last_errno: 1064  Killed: 0\n\
            # Query_time: 0.000153  Lock_time: 0.1  Rows_sent: 1  Rows_examined: 20  Rows_affected: 0\n\
            # Full_scan: Yes  Full_join: No  Tmp_table: No  Tmp_table_on_disk: Yes\n\
            # Log_slow_rate_type: query  Log_slow_rate_limit: 100\n\
            # explain: id\ttable\n# explain: 1\tt\n";
        let (header, length) = Header::read(lines, &mut Clock::default());
        assert_eq!(length, lines.len());
        assert_eq!((header.user, header.database), (&b"bob"[..], &b"shop"[..]));
        assert_eq!((header.duration_ns, header.lock_ns), (Some(153_000), Some(100_000_000)));
        assert_eq!((header.rows(), header.rows_examined), (Some(1), Some(20)));
        assert_eq!((header.weight(), header.marks), (100, FULL_SCAN | TEMP_ON_DISK | FAILED));
        assert_eq!(header.explain_lines, b"# explain: id\ttable\n# explain: 1\tt\n");
        assert_eq!(rfc3339(header.time.unwrap()).unwrap(), "2018-02-05T02:46:47.273786Z");
    }

    #[test]
    fn values_may_be_empty() {
        let read = |line: &'static [u8]| Header::read(line, &mut Clock::default()).0;
        let header = read(b"# Thread_id: 8  Schema:   QC_hit: No\n");
        assert_eq!(header.database, b"");
        let header = read(b"# Schema:   Last_errno: 0  Killed: 0\n");
        assert_eq!((header.database, header.marks), (&b""[..], 0));
    }

    #[test]
    fn old_times_have_two_digits_of_the_year() {
        let shown = |text: &[u8]| short_time(text).and_then(rfc3339);
        assert_eq!(shown(b"071218  1:48:27").as_deref(), Some("2007-12-18T01:48:27Z"));
        assert_eq!(
            shown(b"120315 18:01:58.479076").as_deref(),
            Some("2012-03-15T18:01:58.479076Z")
        );
        assert_eq!(shown(b"nothing"), None);
    }
}

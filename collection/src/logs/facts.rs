//! What a log says besides executions, and what could not be read of it.

use super::load::Load;
use super::time::Micros;
use std::collections::BTreeMap;

/// Most names kept in any list of facts; what is beyond is counted under an empty name.
const MOST_NAMES: usize = 1000;

/// Facts of a log that are no executions.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Executions with a duration, before rate limits are weighed.
    pub events: u64,
    /// Nanoseconds of those.
    pub total_ns: u128,
    /// Executions that say nothing (`;`, a comment): in the totals, and in no statement.
    pub empty: u64,
    /// Statements logged without a duration (`log_statement`): not counted as executions.
    pub untimed: u64,
    /// Steps that are logged beside the execution they belong to (parse, bind; the command around
    /// MongoDB's updates): number and nanoseconds. Not executions.
    pub steps: (u64, u128),
    /// Administrator commands (Ping, Quit …) among the events.
    pub administrator_commands: u64,
    /// Executions of planscope itself, left out.
    pub own: u64,
    /// Events that the filters left out.
    pub filtered: u64,
    /// Events that stand for more than one execution (rate limits).
    pub weighed: u64,
    /// Executions that are only in the totals: their statements were too many and too light.
    pub summarised: (u64, u128),
    /// Errors per message, literals removed.
    pub errors: BTreeMap<String, u64>,
    /// Temporary files: number and bytes.
    pub temp_files: (u64, u64),
    /// Checkpoints that were completed.
    pub checkpoints: u64,
    /// Why checkpoints began: `time`, `wal`, `request`.
    pub checkpoint_starts: BTreeMap<String, u64>,
    /// Warnings that checkpoints come too often.
    pub checkpoint_warnings: u64,
    /// Nanoseconds of the longest sync of a checkpoint.
    pub checkpoint_sync_ns: u64,
    /// Autovacuum runs per table.
    pub autovacuum: BTreeMap<String, u64>,
    /// Autovacuum runs per table that had to leave many dead rows.
    pub vacuum_held_back: BTreeMap<String, u64>,
    /// Autoanalyze runs per table.
    pub autoanalyze: BTreeMap<String, u64>,
    /// Waits for a lock over `deadlock_timeout`.
    pub lock_waits: u64,
    /// Nanoseconds of those whose end was logged.
    pub lock_ns: u128,
    /// Deadlocks.
    pub deadlocks: u64,
    /// Connections that were made.
    pub connections: u64,
    /// Settings that the log names (`Slow query` thresholds, versions …).
    pub said: BTreeMap<String, String>,
    /// The first and last time in the log.
    pub span: Option<(Micros, Micros)>,
    /// The first and last time of what the filters left out.
    pub left_out: Option<(Micros, Micros)>,
    /// Lines.
    pub lines: u64,
    /// The work over time.
    pub(super) load: Load,
    /// The work per hour.
    pub(super) hours: Load,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            events: 0,
            total_ns: 0,
            empty: 0,
            untimed: 0,
            steps: (0, 0),
            administrator_commands: 0,
            own: 0,
            filtered: 0,
            weighed: 0,
            summarised: (0, 0),
            errors: BTreeMap::new(),
            temp_files: (0, 0),
            checkpoints: 0,
            checkpoint_starts: BTreeMap::new(),
            checkpoint_warnings: 0,
            checkpoint_sync_ns: 0,
            autovacuum: BTreeMap::new(),
            vacuum_held_back: BTreeMap::new(),
            autoanalyze: BTreeMap::new(),
            lock_waits: 0,
            lock_ns: 0,
            deadlocks: 0,
            connections: 0,
            said: BTreeMap::new(),
            span: None,
            left_out: None,
            lines: 0,
            load: Load::fine(),
            hours: Load::hourly(),
        }
    }
}

impl Facts {
    /// Adds everything that `other` has.
    pub fn merge(&mut self, other: Self) {
        self.events += other.events;
        self.total_ns += other.total_ns;
        self.empty += other.empty;
        self.untimed += other.untimed;
        add(&mut self.steps, other.steps);
        self.administrator_commands += other.administrator_commands;
        self.own += other.own;
        self.filtered += other.filtered;
        self.weighed += other.weighed;
        add(&mut self.summarised, other.summarised);
        self.temp_files.0 += other.temp_files.0;
        self.temp_files.1 += other.temp_files.1;
        self.checkpoints += other.checkpoints;
        self.checkpoint_warnings += other.checkpoint_warnings;
        self.checkpoint_sync_ns = self.checkpoint_sync_ns.max(other.checkpoint_sync_ns);
        merge_names(&mut self.checkpoint_starts, other.checkpoint_starts);
        self.lock_waits += other.lock_waits;
        self.lock_ns += other.lock_ns;
        self.deadlocks += other.deadlocks;
        self.connections += other.connections;
        merge_names(&mut self.errors, other.errors);
        merge_names(&mut self.autovacuum, other.autovacuum);
        merge_names(&mut self.vacuum_held_back, other.vacuum_held_back);
        merge_names(&mut self.autoanalyze, other.autoanalyze);
        self.said.extend(other.said);
        self.lines += other.lines;
        self.load.merge(other.load);
        self.hours.merge(other.hours);
        if let Some((first, last)) = other.span {
            self.saw(first);
            self.saw(last);
        }
        for time in other.left_out.iter().flat_map(|(first, last)| [*first, *last]) {
            widen(&mut self.left_out, time);
        }
    }

    /// Notes that something happened then.
    pub(super) fn saw(&mut self, time: Micros) {
        widen(&mut self.span, time);
    }

    /// Notes that an execution was left out by the filters.
    pub(super) fn left_out(&mut self, time: Option<Micros>) {
        self.filtered += 1;
        if let Some(time) = time {
            widen(&mut self.left_out, time);
        }
    }

    /// Notes an execution that stands for `weight` of them.
    pub(super) fn worked(&mut self, time: Micros, ns: u64, weight: u32) {
        self.saw(time);
        self.load.add(time, ns, weight.max(1));
        self.hours.add(time, ns, weight.max(1));
    }
}

fn widen(span: &mut Option<(Micros, Micros)>, time: Micros) {
    let (first, last) = span.unwrap_or((time, time));
    *span = Some((first.min(time), last.max(time)));
}

fn add(sum: &mut (u64, u128), more: (u64, u128)) {
    sum.0 += more.0;
    sum.1 += more.1;
}

fn merge_names(into: &mut BTreeMap<String, u64>, from: BTreeMap<String, u64>) {
    for (name, count) in from {
        count_name(into, &name, count);
    }
}

/// Counts a name in a list that cannot grow without end.
pub(super) fn count_name(names: &mut BTreeMap<String, u64>, name: &str, count: u64) {
    if let Some(known) = names.get_mut(name) {
        *known += count;
    } else {
        let name = if names.len() < MOST_NAMES { name } else { "" };
        *names.entry(name.to_owned()).or_default() += count;
    }
}

/// Why a piece of a log was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Text before the first record, or between records, that belongs to none.
    NoRecord,
    /// A record whose header or fields are broken.
    Malformed,
    /// The input ends, or another record begins, within a record.
    CutShort,
    /// A duration whose statement is not in the log.
    NoStatement,
    /// A record longer than the limit.
    TooLong,
    /// Bytes that are no text.
    Binary,
}

impl Reason {
    /// A stable word for the reason.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoRecord => "no-record",
            Self::Malformed => "malformed",
            Self::CutShort => "cut-short",
            Self::NoStatement => "no-statement",
            Self::TooLong => "too-long",
            Self::Binary => "binary",
        }
    }

    /// The reason in words.
    pub fn text(self) -> &'static str {
        match self {
            Self::NoRecord => "text outside of any record",
            Self::Malformed => "a record with broken fields",
            Self::CutShort => "a record that is cut short",
            Self::NoStatement => "a duration without its statement",
            Self::TooLong => "a record that is too long",
            Self::Binary => "bytes that are no text",
        }
    }
}

/// Rejects of one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejected {
    /// How many pieces.
    pub count: u64,
    /// How many bytes in all.
    pub bytes: u64,
    /// The beginning of one of them.
    pub sample: String,
}

/// What was not read, by reason.
pub type Rejects = BTreeMap<Reason, Rejected>;

/// Adds the rejects of another part.
pub(super) fn merge_rejects(into: &mut Rejects, from: Rejects) {
    for (reason, more) in from {
        let known = into.entry(reason).or_default();
        known.count += more.count;
        known.bytes += more.bytes;
        // The smaller one, so that the order of the parts does not show.
        if known.sample.is_empty() || more.sample < known.sample {
            known.sample = more.sample;
        }
    }
}

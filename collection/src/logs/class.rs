//! What is kept of one statement: sums, extremes, a sketch of its times, its hours, one example.

use super::event::{Event, FAILED, FULL_JOIN, FULL_SCAN, MARKS, SORT_ON_DISK, TEMP_ON_DISK};
use super::sketch::Sketch;
use super::time::Micros;
use planscope_explain::workload::{Counters, Fingerprint, Percentiles};

/// Most hours of a histogram; a log of more than a year is summed up in its last hours.
const MOST_HOURS: usize = 24 * 400;

/// Most plans kept of a statement, the slowest first.
const MOST_PLANS: usize = 2;

const HOUR: Micros = 3_600_000_000;

/// A plan that was logged with an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedPlan {
    /// Nanoseconds of that execution.
    pub duration_ns: u64,
    /// The plan in the engine's own words.
    pub raw: String,
}

/// Everything known of a statement in a database.
#[derive(Debug, Clone, Default)]
pub(super) struct Class {
    pub(super) fingerprint: Fingerprint,
    /// Events, and the executions that they stand for.
    pub(super) events: u64,
    calls: u64,
    /// Nanoseconds of all that.
    pub(super) total_ns: u128,
    times: Times,
    /// Those of fetching more of a result, which is no execution.
    more: Option<Box<Times>>,
    lock_ns: Option<u128>,
    rows: Option<u64>,
    rows_examined: Option<u64>,
    keys_examined: Option<u64>,
    sorts: Option<u64>,
    io_ns: Option<u64>,
    pub(super) temp_bytes: Option<u64>,
    pub(super) errors: u64,
    /// Events with each mark.
    pub(super) marks: [u64; MARKS.len()],
    /// First and last time seen.
    pub(super) span: Option<(Micros, Micros)>,
    /// Executions per hour since 1970, in order.
    pub(super) hours: Vec<(i32, u32)>,
    pub(super) engine_id: String,
    /// Users and applications: the one, or none when there were several.
    pub(super) user: Sole,
    pub(super) app: Sole,
    /// The slowest execution's text (the first of equals).
    pub(super) example: Vec<u8>,
    pub(super) example_time: Option<Micros>,
    /// Whether the example was cut at the limit.
    pub(super) cut: bool,
    pub(super) plans: Vec<LoggedPlan>,
    pub(super) plan_count: u64,
}

/// Times of executions. Whole numbers, so that the order of adding changes nothing.
#[derive(Debug, Clone, Default)]
struct Times {
    count: u64,
    total_ns: u128,
    squares: u128,
    min_ns: u64,
    max_ns: u64,
    sketch: Sketch,
}

impl Times {
    fn add(&mut self, ns: u64, weight: u32) {
        let times = u128::from(weight);
        self.min_ns = if self.count == 0 { ns } else { self.min_ns.min(ns) };
        self.max_ns = self.max_ns.max(ns);
        self.count += u64::from(weight);
        self.total_ns += u128::from(ns) * times;
        self.squares = self.squares.saturating_add(u128::from(ns) * u128::from(ns) * times);
        self.sketch.add(ns, weight);
    }

    fn merge(&mut self, other: &Self) {
        if self.count == 0 || (other.count > 0 && other.min_ns < self.min_ns) {
            self.min_ns = other.min_ns;
        }
        self.max_ns = self.max_ns.max(other.max_ns);
        self.count += other.count;
        self.total_ns += other.total_ns;
        self.squares = self.squares.saturating_add(other.squares);
        self.sketch.merge(&other.sketch);
    }

    /// Variance in ns²: n·Σx² − (Σx)² in whole numbers where they fit, so that nothing cancels.
    fn variance(&self) -> Option<f64> {
        let n = u128::from(self.count);
        if n == 0 {
            return None;
        }
        let exact = n
            .checked_mul(self.squares)
            .zip(self.total_ns.checked_mul(self.total_ns))
            .map(|(a, b)| a.saturating_sub(b) as f64);
        let n = n as f64;
        let total = self.total_ns as f64;
        let spread = exact.unwrap_or_else(|| (self.squares as f64 * n - total * total).max(0.0));
        Some(spread / (n * n))
    }
}

/// A name that is kept while it stays the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Sole {
    #[default]
    None,
    One(Vec<u8>),
    Many,
}

impl Sole {
    fn add(&mut self, name: &[u8]) {
        match self {
            Self::None if !name.is_empty() => *self = Self::One(name.to_owned()),
            Self::One(known) if known != name && !name.is_empty() => *self = Self::Many,
            _ => {}
        }
    }

    fn merge(&mut self, other: &Self) {
        match other {
            Self::None => {}
            Self::One(name) => self.add(name),
            Self::Many => *self = Self::Many,
        }
    }

    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::One(name) => Some(String::from_utf8_lossy(name).into_owned()),
            _ => None,
        }
    }
}

fn plus<T: std::ops::AddAssign + Copy>(sum: &mut Option<T>, more: Option<T>) {
    if let Some(more) = more {
        match sum {
            Some(sum) => *sum += more,
            None => *sum = Some(more),
        }
    }
}

impl Class {
    /// A statement of which nothing is known yet.
    pub(super) fn new(fingerprint: Fingerprint) -> Self {
        Self { fingerprint, ..Self::default() }
    }

    /// Bytes that it takes beside itself.
    #[inline]
    pub(super) fn heap_bytes(&self) -> usize {
        let plans = self.plans.iter().map(|plan| plan.raw.capacity()).sum::<usize>();
        let more =
            self.more.as_ref().map_or(0, |more| size_of::<Times>() + more.sketch.heap_bytes());
        let times = self.times.sketch.heap_bytes() + more;
        self.example.capacity() + times + self.hours.capacity() * 8 + plans
    }

    /// The times that say how long an execution takes: those of fetching more of a result only
    /// where no execution itself was logged.
    fn own(&self) -> &Times {
        match &self.more {
            Some(more) if self.calls == 0 => more,
            _ => &self.times,
        }
    }

    /// How slow the example is. An execution goes before the fetching of more.
    fn pace(&self) -> (bool, u64) {
        (self.calls > 0, self.own().max_ns)
    }

    fn is_slower(&self, event: &Event<'_>) -> bool {
        self.events == 0
            || self.calls == 0 && !event.is_more
            || event.duration_ns.is_some_and(|ns| (!event.is_more, ns) > self.pace())
    }

    /// Whether the text of an execution would become the example, or may.
    pub(super) fn wants_text(&self, event: &Event<'_>) -> bool {
        let pace = (!event.is_more, event.duration_ns.unwrap_or(0));
        self.is_slower(event) || pace == self.pace() && event.time <= self.example_time
    }

    /// Adds an execution. Its statement is not looked at unless [`Class::wants_text`], and no more
    /// than `room` bytes are kept of it.
    pub(super) fn add(&mut self, event: &Event<'_>, room: usize) {
        let weight = event.weight.max(1);
        let slower = self.is_slower(event);
        self.events += 1;
        self.calls += if event.is_more { 0 } else { u64::from(weight) };
        if let Some(ns) = event.duration_ns {
            self.total_ns += u128::from(ns) * u128::from(weight);
            let times = match event.is_more {
                true => self.more.get_or_insert_default(),
                false => &mut self.times,
            };
            times.add(ns, weight);
        }
        let weighed = |value: Option<u64>| value.map(|v| v.saturating_mul(u64::from(weight)));
        plus(&mut self.lock_ns, weighed(event.lock_ns).map(u128::from));
        plus(&mut self.rows, weighed(event.rows));
        plus(&mut self.rows_examined, weighed(event.rows_examined));
        plus(&mut self.keys_examined, weighed(event.keys_examined));
        plus(&mut self.sorts, weighed(event.sorts));
        plus(&mut self.io_ns, weighed(event.io_ns));
        plus(&mut self.temp_bytes, weighed(event.temp_bytes));
        if let Some(time) = event.time {
            self.saw(time);
            if !event.is_more {
                self.count_hour(time.div_euclid(HOUR) as i32, weight);
            }
        }
        self.user.add(event.session.user);
        self.app.add(event.session.app);
        if self.engine_id.is_empty() && !event.engine_id.is_empty() {
            self.engine_id = String::from_utf8_lossy(event.engine_id).into_owned();
        }
        if slower || self.is_earlier(event) {
            self.keep_example(event.statement, event.time, room);
        }
        for (bit, count) in self.marks.iter_mut().enumerate() {
            *count += u64::from(event.marks >> bit & 1) * u64::from(weight);
        }
        if let Some(raw) = event.plan {
            self.add_plan(event.duration_ns.unwrap_or(0), raw, room);
        } else if !event.explain_lines.is_empty() {
            self.add_explain_lines(event, room);
        }
    }

    /// Whether `event` is as slow as the example and came before it: the order of parts must not
    /// decide which example is kept.
    fn is_earlier(&self, event: &Event<'_>) -> bool {
        (!event.is_more, event.duration_ns.unwrap_or(0)) == self.pace()
            && (event.time, event.statement) < (self.example_time, self.example.as_slice())
            && event.time.is_some() == self.example_time.is_some()
    }

    /// Keeps a statement that failed, when nothing is known of it yet.
    pub(super) fn add_error(&mut self, statement: &[u8], time: Option<Micros>, room: usize) {
        if self.events == 0 && self.example.is_empty() {
            self.keep_example(statement, time, room);
        }
        self.errors += 1;
    }

    /// Adds a temporary file, or a wait for a lock, of a statement.
    pub(super) fn add_cost(&mut self, temp_bytes: Option<u64>, lock_ns: Option<u64>) {
        plus(&mut self.temp_bytes, temp_bytes);
        plus(&mut self.lock_ns, lock_ns.map(u128::from));
    }

    /// Keeps a statement as the example while no execution gave one.
    pub(super) fn keep_text(&mut self, statement: &[u8], time: Option<Micros>, room: usize) {
        if self.example.is_empty() {
            self.keep_example(statement, time, room);
        }
    }

    fn keep_example(&mut self, statement: &[u8], time: Option<Micros>, room: usize) {
        let kept = statement.get(..room).unwrap_or(statement);
        self.cut = kept.len() < statement.len();
        self.example.clear();
        self.example.extend_from_slice(kept);
        self.example_time = time;
    }

    fn add_explain_lines(&mut self, event: &Event<'_>, room: usize) {
        let duration_ns = event.duration_ns.unwrap_or(0);
        let is_full = self.plans.len() == MOST_PLANS;
        if is_full && self.plans.last().is_some_and(|plan| plan.duration_ns > duration_ns) {
            self.plan_count += 1;
            return;
        }
        let mut plan = String::new();
        let lines = super::reader::lines(event.explain_lines);
        for line in lines.filter_map(|line| line.strip_prefix(b"# explain: ")) {
            plan.push_str(&String::from_utf8_lossy(line));
        }
        self.add_plan(duration_ns, &plan, room);
    }

    pub(super) fn add_plan(&mut self, duration_ns: u64, raw: &str, room: usize) {
        self.plan_count += 1;
        if raw.len() > room.saturating_mul(8) {
            return;
        }
        let place = self.plans.partition_point(|plan| {
            (std::cmp::Reverse(plan.duration_ns), plan.raw.as_str())
                < (std::cmp::Reverse(duration_ns), raw)
        });
        if place < MOST_PLANS {
            self.plans.insert(place, LoggedPlan { duration_ns, raw: raw.to_owned() });
            self.plans.truncate(MOST_PLANS);
        }
    }

    fn saw(&mut self, time: Micros) {
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
    }

    fn count_hour(&mut self, hour: i32, calls: u32) {
        let place = match self.hours.last() {
            Some((last, _)) if *last == hour => Ok(self.hours.len() - 1),
            Some((last, _)) if *last < hour => Err(self.hours.len()),
            _ => self.hours.binary_search_by_key(&hour, |(hour, _)| *hour),
        };
        match place {
            Ok(place) => self.hours[place].1 = self.hours[place].1.saturating_add(calls),
            Err(place) if self.hours.len() < MOST_HOURS => self.hours.insert(place, (hour, calls)),
            Err(_) => {
                if let Some((_, count)) = self.hours.last_mut() {
                    *count = count.saturating_add(calls);
                }
            }
        }
    }

    /// Adds everything that another part of the log knows of the same statement.
    pub(super) fn merge(&mut self, other: Self) {
        let slower = (other.pace(), std::cmp::Reverse((other.example_time, &other.example)))
            > (self.pace(), std::cmp::Reverse((self.example_time, &self.example)));
        let theirs = other.events > 0 && (self.events == 0 || slower);
        self.events += other.events;
        self.calls += other.calls;
        self.total_ns += other.total_ns;
        self.times.merge(&other.times);
        if let Some(more) = &other.more {
            self.more.get_or_insert_default().merge(more);
        }
        plus(&mut self.lock_ns, other.lock_ns);
        plus(&mut self.rows, other.rows);
        plus(&mut self.rows_examined, other.rows_examined);
        plus(&mut self.keys_examined, other.keys_examined);
        plus(&mut self.sorts, other.sorts);
        plus(&mut self.io_ns, other.io_ns);
        plus(&mut self.temp_bytes, other.temp_bytes);
        self.errors += other.errors;
        for (count, more) in self.marks.iter_mut().zip(other.marks) {
            *count += more;
        }
        if let Some((first, last)) = other.span {
            self.saw(first);
            self.saw(last);
        }
        for (hour, calls) in other.hours {
            self.count_hour(hour, calls);
        }
        if self.engine_id.is_empty() || (!other.engine_id.is_empty() && theirs) {
            self.engine_id = other.engine_id;
        }
        self.user.merge(&other.user);
        self.app.merge(&other.app);
        if theirs || self.example.is_empty() {
            (self.example, self.cut) = (other.example, other.cut);
            self.example_time = other.example_time;
        }
        let more = other.plan_count - other.plans.len() as u64;
        for plan in other.plans {
            self.add_plan(plan.duration_ns, &plan.raw, usize::MAX);
        }
        self.plan_count += more;
    }

    /// The counters: executions as weighed, times in milliseconds.
    pub(super) fn counters(&self) -> Counters {
        let own = self.own();
        let times = (own.count > 0).then_some(own.count as f64);
        // Where only more was fetched it is not known of how many results.
        let calls = if self.calls == 0 { own.count } else { self.calls };
        let ms = |ns: f64| ns / 1e6;
        let mean = times.map(|n| self.total_ns as f64 / n);
        Counters {
            calls: Some(calls as f64),
            total_ms: times.map(|_| ms(self.total_ns as f64)),
            mean_ms: mean.map(ms),
            min_ms: times.map(|_| ms(own.min_ns as f64)),
            max_ms: times.map(|_| ms(own.max_ns as f64)),
            stddev_ms: own.variance().map(|ns2| ms(ns2.sqrt())),
            rows: self.rows.map(|v| v as f64),
            rows_examined: self.rows_examined.map(|v| v as f64),
            keys_examined: self.keys_examined.map(|v| v as f64),
            sorts: self.sorts.map(|v| v as f64),
            io_ms: self.io_ns.map(|ns| ns as f64 / 1e6),
            // The server counts temporary files in bytes, the counters in blocks of 8 KiB.
            temp_blocks_written: self.temp_bytes.map(|v| v as f64 / 8192.0),
            lock_ms: self.lock_ns.map(|ns| ns as f64 / 1e6),
            no_index_used: self.marked(FULL_SCAN),
            full_joins: self.marked(FULL_JOIN),
            tmp_disk_tables: self.marked(TEMP_ON_DISK),
            sort_merge_passes: self.marked(SORT_ON_DISK),
            errors: match self.errors {
                0 => self.marked(FAILED),
                errors => Some(errors as f64),
            },
            ..Counters::default()
        }
    }

    /// The percentiles in milliseconds, within 1 %, and never outside of what was seen.
    pub(super) fn percentiles(&self) -> Percentiles {
        let own = self.own();
        let at = |share| {
            let ns = own.sketch.quantile(share)?;
            Some(ns.clamp(own.min_ns as f64, own.max_ns as f64) / 1e6)
        };
        Percentiles { p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99) }
    }

    /// Executions with a mark: at least so many scans, joins or tables. A log that does not say is
    /// not told from one that says no.
    fn marked(&self, mark: usize) -> Option<f64> {
        self.marks.get(mark).filter(|count| **count > 0).map(|count| *count as f64)
    }
}

//! What was read from logs, for people: the load over time, the heaviest statements, the facts.

use super::super::Style;
use super::super::document::{Block, Document, Item, Tone, plain};
use crate::report::{CollectReport, counted, statement_line};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use planscope_explain::Snapshot;
use planscope_explain::units::{Bytes, Count, Millis, Share};
use planscope_explain::workload::log::{Counted, LoadStep, LogFacts};

/// Statements in the table.
const MOST_STATEMENTS: usize = 15;

/// Rows of the table of hours.
const MOST_HOURS: usize = 24;

/// Names of a kind that are shown.
const MOST_NAMES: usize = 5;

/// Heights of a bar, from low to high.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_BARS: [char; 8] = ['.', ':', '-', '=', '+', '*', '#', '@'];

pub(super) fn document(report: &CollectReport, log: &LogFacts, style: &Style) -> Document {
    let snapshot = &report.snapshot;
    let mut document = Document::default();
    document.heading(heading(snapshot));
    document.paragraph(covered(report, log));
    load(&mut document, log, style);
    if !snapshot.statements.is_empty() {
        document.blocks.push(super::statement_table(snapshot, MOST_STATEMENTS, style));
    }
    hours(&mut document, log, style);
    facts(&mut document, log, style);
    super::problems(&mut document, snapshot);
    document.paragraph(super::where_saved(report));
    document
}

/// `postgresql.log · PostgreSQL 15 · 2026-11-21 15:00:00Z to 16:10:00Z`.
fn heading(snapshot: &Snapshot) -> String {
    let mut heading = super::target_line(snapshot).trim_end().to_owned();
    if let (Some(from), Some(to)) = (&snapshot.window.from, &snapshot.window.to) {
        let (from, to) = (super::to_seconds(from), super::to_seconds(to));
        let same_day = from.get(..10) == to.get(..10);
        let to = if same_day { to.get(11..).unwrap_or(&to) } else { &to };
        heading.push_str(&format!(" · {from} to {to}"));
    }
    heading
}

/// What the statements below stand for.
fn covered(report: &CollectReport, log: &LogFacts) -> String {
    let snapshot = &report.snapshot;
    let coverage = &snapshot.coverage;
    if log.events == 0 {
        return "No execution is in the logs that has a duration.".to_owned();
    }
    let different = counted(coverage.of as usize, "different statement", "different statements");
    let executions = if log.events == 1 { "execution" } else { "executions" };
    let mut text = format!(
        "{} {executions} in {} of {different}. ",
        Count(log.events as f64),
        Millis(log.total_ms)
    );
    text.push_str(&match coverage.statements == coverage.of {
        true => "All are kept".to_owned(),
        false => format!("The {} kept", coverage.statements),
    });
    if let Some(by) = &report.by
        && coverage.statements < coverage.of
    {
        text.push_str(&format!(", chosen by {by},"));
    }
    if let Some(share) = coverage.time_share
        && coverage.statements < coverage.of
    {
        text.push_str(&format!(" took {} of the time", Share(share)));
    }
    let shown = snapshot.statements.len().min(MOST_STATEMENTS);
    let of_shown: f64 =
        snapshot.statements.iter().take(shown).filter_map(|s| s.counters.total_ms).sum();
    if shown < snapshot.statements.len() && log.total_ms > 0.0 {
        let share = (of_shown / total_ms(snapshot)).min(1.0);
        text.push_str(&format!(", the {shown} shown {}", Share(share)));
    }
    let planned = snapshot.statements.iter().filter(|s| !s.plans.is_empty()).count();
    if planned > 0 {
        text.push_str(&format!("; {} with a plan", counted(planned, "statement", "statements")));
    }
    text.push('.');
    text
}

/// Milliseconds of everything, whatever was kept.
fn total_ms(snapshot: &Snapshot) -> f64 {
    let share = snapshot.coverage.time_share.filter(|share| *share > 0.0);
    snapshot.total_ms() / share.unwrap_or(1.0)
}

/// The seconds since 1970 of a step's start.
fn second(step: &LoadStep) -> Option<i64> {
    step.start.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// What a step weighs: its time, or its calls in a log without times.
fn weight(step: &LoadStep, timed: bool) -> f64 {
    if timed { step.total_ms } else { step.calls as f64 }
}

/// The steps put together into at most `columns` columns: seconds of a column, and weights.
fn columns(log: &LogFacts, columns: usize, timed: bool) -> Option<(i64, Vec<f64>)> {
    let step_s = i64::try_from(log.load_step_s).ok().filter(|step| *step > 0)?;
    let (first, last) = (second(log.load.first()?)?, second(log.load.last()?)?);
    let steps = usize::try_from((last - first) / step_s + 1).ok()?;
    let together = steps.div_ceil(columns.max(1)).max(1);
    let count = steps.div_ceil(together);
    let together = i64::try_from(together).ok()?;
    let mut weights = vec![0.0; count];
    for step in &log.load {
        let place = usize::try_from((second(step)? - first) / step_s / together).ok()?;
        *weights.get_mut(place)? += weight(step, timed);
    }
    Some((step_s * together, weights))
}

/// Bars of weights; what is not zero is seen.
fn sparkline(weights: &[f64], ascii: bool) -> String {
    let bars = if ascii { ASCII_BARS } else { BARS };
    let most = weights.iter().copied().fold(0.0, f64::max);
    let bar = |weight: &f64| {
        if *weight <= 0.0 || most <= 0.0 {
            return ' ';
        }
        let height = (weight / most * bars.len() as f64).ceil() as usize;
        bars[height.clamp(1, bars.len()) - 1]
    };
    weights.iter().map(bar).collect()
}

fn load(document: &mut Document, log: &LogFacts, style: &Style) {
    let timed = log.total_ms > 0.0;
    let room = style.width.saturating_sub(6).min(120);
    let Some((seconds, weights)) = columns(log, room, timed) else { return };
    // One bar says nothing.
    if weights.len() < 2 {
        return;
    }
    let most = weights.iter().copied().fold(0.0, f64::max);
    let span = Millis(seconds as f64 * 1000.0);
    // The whole time of an execution is where the log tells of it: at its end.
    let highest = match timed {
        true => format!("{} ended in one", Millis(most)),
        false => format!("{} executions in one", Count(most)),
    };
    let line = format!("load  {}", sparkline(&weights, style.ascii));
    let from = log.load.first().and_then(|step| step.start.get(11..16)).unwrap_or_default();
    let legend = format!("      from {from}, each column {span}; at most {highest}");
    let lines = vec![vec![plain(line)], vec![plain(legend)]];
    document.blocks.push(Block::Lines { language: "text", lines });
}

/// An hour, or an hour of the day: label, calls, milliseconds.
type Hour = (String, u64, f64);

/// The hours in order; those of many days by the hour of the day.
fn hours_of(log: &LogFacts) -> (&'static str, Vec<Hour>) {
    let time = |step: &LoadStep| {
        step.start.parse::<Timestamp>().ok().map(|time| time.to_zoned(TimeZone::UTC))
    };
    if log.hours.len() <= MOST_HOURS {
        let row = |step: &LoadStep| {
            let time = time(step)?;
            Some((format!("{} {:02}h", time.date(), time.hour()), step.calls, step.total_ms))
        };
        return ("hour (UTC)", log.hours.iter().filter_map(row).collect());
    }
    let mut hours: Vec<Hour> = (0..24).map(|hour| (format!("{hour:02}h"), 0, 0.0)).collect();
    for step in &log.hours {
        let hour = time(step).and_then(|time| usize::try_from(time.hour()).ok());
        if let Some(hour) = hour.and_then(|hour| hours.get_mut(hour)) {
            hour.1 += step.calls;
            hour.2 += step.total_ms;
        }
    }
    ("hour of the day (UTC)", hours)
}

fn hours(document: &mut Document, log: &LogFacts, style: &Style) {
    let (head, hours) = hours_of(log);
    if hours.len() < 2 {
        return;
    }
    let weight = |hour: &Hour| if log.total_ms > 0.0 { hour.2 } else { hour.1 as f64 };
    let most = hours.iter().map(weight).fold(0.0, f64::max);
    let room = style.room(44).clamp(8, 40);
    let bar = if style.ascii { "#" } else { "█" };
    let row = |hour: &Hour| {
        let length = if most > 0.0 { weight(hour) / most * room as f64 } else { 0.0 };
        let length = length.ceil() as usize;
        vec![
            hour.0.clone(),
            Count(hour.1 as f64).to_string(),
            Millis(hour.2).to_string(),
            bar.repeat(length.min(room)),
        ]
    };
    let rows = hours.iter().map(row).collect();
    document.blocks.push(Block::Table { head: vec![head, ">calls", ">total", ""], rows });
}

fn item(marker: &str, tone: Tone, text: String) -> Item {
    Item { marker: format!("{marker:<12}"), tone, text, details: Vec::new() }
}

/// What the logs of a snapshot say besides its statements.
pub(super) fn besides(document: &mut Document, snapshot: &Snapshot, style: &Style) {
    let Some(log) = &snapshot.log else { return };
    let mut items = Vec::new();
    happened(log, style, &mut |marker, tone, text| items.push(item(marker, tone, text)));
    if !items.is_empty() {
        document.heading("The log says besides");
        document.list(items);
    }
}

fn facts(document: &mut Document, log: &LogFacts, style: &Style) {
    let mut items = Vec::new();
    let mut say = |marker: &str, tone: Tone, text: String| items.push(item(marker, tone, text));
    read(log, &mut say);
    happened(log, style, &mut say);
    not_counted(log, &mut say);
    document.list(items);
}

/// What happened on the server.
fn happened(log: &LogFacts, style: &Style, say: &mut impl FnMut(&str, Tone, String)) {
    if !log.errors.is_empty() {
        say("errors", Tone::Warm, names(&log.errors));
    }
    if let Some(worst) = log.failed.first() {
        let line = statement_line(&worst.text, None, style.room(44).max(20));
        let count = counted(log.failed.len(), "statement", "statements");
        say("only failed", Tone::Warm, format!("{count}, most often ({}): {line}", worst.errors));
    }
    if log.temp_files > 0 {
        let files = counted(log.temp_files as usize, "file", "files");
        say("temp files", Tone::Warm, format!("{files}, {}", Bytes(log.temp_bytes as f64)));
    }
    if log.lock_waits > 0 || log.lock_ms > 0.0 {
        let waits = counted(log.lock_waits as usize, "wait", "waits");
        let text = format!("{waits} over deadlock_timeout, {} until granted", Millis(log.lock_ms));
        say("locks", Tone::Warm, text);
    }
    if log.deadlocks > 0 {
        say("deadlocks", Tone::Warm, log.deadlocks.to_string());
    }
    if log.checkpoints > 0 {
        say("checkpoints", Tone::Plain, log.checkpoints.to_string());
    }
    if !log.autovacuum.is_empty() {
        say("autovacuum", Tone::Plain, names(&log.autovacuum));
    }
    if !log.autoanalyze.is_empty() {
        say("autoanalyze", Tone::Plain, names(&log.autoanalyze));
    }
    if log.connections > 0 {
        say("connections", Tone::Plain, Count(log.connections as f64).to_string());
    }
}

/// The logs.
fn read(log: &LogFacts, say: &mut impl FnMut(&str, Tone, String)) {
    for source in log.sources.iter().take(MOST_NAMES) {
        let events = counted(source.events as usize, "execution", "executions");
        let lines = counted(source.lines as usize, "line", "lines");
        let size = Bytes(source.bytes as f64);
        let name = shortened(&source.name);
        let text = format!("{name} ({}): {size}, {lines}, {events}", source.format);
        say("read", Tone::Plain, text);
    }
    if log.sources.len() > MOST_NAMES {
        let bytes: u64 = log.sources.iter().skip(MOST_NAMES).map(|source| source.bytes).sum();
        let more = log.sources.len() - MOST_NAMES;
        say("", Tone::Plain, format!("and {more} more, {}", Bytes(bytes as f64)));
    }
}

/// A path that has a line to itself: its end tells logs apart.
fn shortened(path: &str) -> String {
    const MOST: usize = 60;
    let count = path.chars().count();
    match count > MOST {
        true => path
            .chars()
            .skip(count - MOST + 1)
            .fold("…".to_owned(), |name, c| name + &c.to_string()),
        false => path.to_owned(),
    }
}

/// What is in the logs and in no statement.
fn not_counted(log: &LogFacts, say: &mut impl FnMut(&str, Tone, String)) {
    let executions = |n: u64| counted(n as usize, "execution", "executions");
    if log.steps > 0 {
        let steps = counted(log.steps as usize, "step", "steps");
        let text =
            format!("{steps} beside their executions (parse, bind …), {}", Millis(log.steps_ms));
        say("not counted", Tone::Plain, text);
    }
    if log.administrator_commands > 0 {
        let commands = counted(log.administrator_commands as usize, "command", "commands");
        say("of drivers", Tone::Plain, format!("{commands} (Ping, Quit …) among the executions"));
    }
    if log.empty > 0 {
        say("empty", Tone::Plain, format!("{} of nothing but a comment", executions(log.empty)));
    }
    if log.filtered > 0 {
        say("left out", Tone::Plain, format!("{} by the filters", executions(log.filtered)));
    }
    if log.own > 0 {
        say("left out", Tone::Plain, format!("{} of planscope's own", executions(log.own)));
    }
    for rejected in &log.rejects {
        let pieces = counted(rejected.count as usize, "piece", "pieces");
        let bytes = Bytes(rejected.bytes as f64);
        say("not read", Tone::Warm, format!("{}: {pieces}, {bytes}", rejected.reason));
    }
}

/// `12: a (7), b (5)`.
fn names(list: &[Counted]) -> String {
    let all: u64 = list.iter().map(|counted| counted.count).sum();
    let shown = list.iter().take(MOST_NAMES).map(|counted| match counted.name.as_str() {
        "" => format!("others ({})", counted.count),
        name => format!("{name} ({})", counted.count),
    });
    let mut text = format!("{all}: {}", shown.collect::<Vec<_>>().join(", "));
    if list.len() > MOST_NAMES {
        text.push_str(&format!(" and {} more", list.len() - MOST_NAMES));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(seconds: &[(i64, f64)]) -> LogFacts {
        let step = |(second, total_ms): &(i64, f64)| LoadStep {
            start: Timestamp::from_second(*second).unwrap().to_string(),
            calls: 1,
            total_ms: *total_ms,
        };
        let load: Vec<LoadStep> = seconds.iter().map(step).collect();
        LogFacts { load_step_s: 10, load, ..LogFacts::default() }
    }

    #[test]
    fn a_sparkline_shows_gaps_and_heights() {
        assert_eq!(sparkline(&[0.0, 0.01, 4.0, 8.0], false), " ▁▄█");
        assert_eq!(sparkline(&[0.0, 0.01, 4.0, 8.0], true), " .=@");
        assert_eq!(sparkline(&[0.0], false), " ");
    }

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let log = steps(&[(1000, 1.0), (1010, 2.0), (1070, 4.0)]);
        assert_eq!(columns(&log, 80, true).unwrap().1, [1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0]);
        assert_eq!(columns(&log, 4, true), Some((20, vec![3.0, 0.0, 0.0, 4.0])));
        assert_eq!(columns(&steps(&[]), 4, true), None);
    }

    #[test]
    fn many_days_are_one() {
        let hour = |hour: i64| LoadStep {
            start: Timestamp::from_second(hour * 3600).unwrap().to_string(),
            calls: 2,
            total_ms: 1.0,
        };
        let log = LogFacts { hours: (0..49).map(hour).collect(), ..LogFacts::default() };
        let (head, hours) = hours_of(&log);
        assert_eq!((head, hours.len()), ("hour of the day (UTC)", 24));
        assert_eq!(hours[0], ("00h".to_owned(), 6, 3.0));
        assert_eq!(hours[23], ("23h".to_owned(), 4, 2.0));
    }
}

//! What is told of statements that were judged by their counters: windows, rates, new and gone ones.

use super::{digits, times};
use crate::compare::{self, Compared};
use crate::output::Style;
use crate::output::document::{Document, Item, Tone, plain};
use crate::report::{DiffContent, DiffReport, counted, statement_line};
use planscope_explain::diff::Rates;
use planscope_explain::units::{Count, Millis};
use std::collections::BTreeMap;

/// Most new (and gone) statements that are shown; JSON has all.
const MOST_LONE: usize = 5;

/// Whether any statement was judged by its counters alone.
fn is_counted(statement: &Compared<'_>) -> bool {
    statement.plans.contains(&None) && statement.counted.is_some()
}

/// Whether a statement that is judged by its counters takes twice the time an hour, or half of it,
/// though its calls are as they were: there are more of them, or more of them are slow enough for
/// the log.
pub(super) fn is_loading(statement: &Compared<'_>) -> bool {
    const LEAST_MS_PER_HOUR: f64 = 1_000.0;
    let Some(counted) = statement.counted.filter(|_| is_counted(statement)) else { return false };
    let [Some(was), Some(is)] = counted.rates.map(|rates| rates.total_ms_per_hour) else {
        return false;
    };
    was.max(is) >= 2.0 * was.min(is) && (is - was).abs() >= LEAST_MS_PER_HOUR
}

/// The times that logs cover: figures are of an hour of them.
pub(super) fn windows(report: &DiffReport) -> Option<String> {
    let DiffContent::Snapshots { diff, snapshots, .. } = &report.content else { return None };
    if snapshots.iter().all(|snapshot| snapshot.log.is_none()) {
        return None;
    }
    let [Some(before), Some(after)] = diff.hours else { return None };
    let [before, after] = [before, after].map(|hours| Millis(hours * 3_600_000.0));
    Some(format!("the logs cover {before} before and {after} after; totals are of an hour"))
}

/// How calls, times and rows of a statement changed, where its plans do not tell.
pub(super) fn figures(statement: &Compared<'_>) -> Option<String> {
    let [was, is] = &statement.counted.filter(|_| is_counted(statement))?.rates;
    let mut facts = Vec::new();
    let mut add = |what: &str, of: fn(&Rates) -> Option<f64>, in_words: fn(f64) -> String| {
        let (Some(was), Some(is)) = (of(was), of(is)) else { return };
        let ratio = match was > 0.0 && (is / was >= 1.1 || is / was <= 1.0 / 1.1) {
            true => format!(" ({})", times(is / was)),
            false => String::new(),
        };
        facts.push(format!("{what} {} → {}{ratio}", in_words(was), in_words(is)));
    };
    let count = |value: f64| Count(digits(value)).to_string();
    let ms = |value: f64| Millis(value).to_string();
    add("calls an hour", |rates| rates.calls_per_hour, count);
    add("p95", |rates| rates.p95_ms, ms);
    add("rows a call", |rates| rates.rows_per_call, count);
    add("examined a call", |rates| rates.examined_per_call, count);
    add("time an hour", |rates| rates.total_ms_per_hour, ms);
    (!facts.is_empty()).then(|| facts.join(", "))
}

/// How many statements could not be judged, by reason.
pub(super) fn left_open(statements: &[&Compared<'_>]) -> Option<String> {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for statement in statements {
        let general = statement.reason.split(':').next().unwrap_or_default();
        *reasons.entry(general).or_default() += 1;
    }
    let reasons: Vec<String> = reasons.iter().map(|(why, n)| format!("{why} ({n})")).collect();
    (!reasons.is_empty()).then(|| format!("not judged: {}", reasons.join(", ")))
}

/// The heaviest statements that only one side has, of those that have no name.
pub(super) fn lone(document: &mut Document, report: &DiffReport, style: &Style) {
    for (side, marker, what) in [(1, "new", "after"), (0, "gone", "before")] {
        let lone = compare::lone(report, side);
        let unnamed: Vec<_> = lone.iter().filter(|lone| lone.statement.name.is_none()).collect();
        let mut items: Vec<Item> =
            unnamed.iter().take(MOST_LONE).map(|lone| item(marker, lone, style)).collect();
        let more = unnamed.len().saturating_sub(MOST_LONE);
        if let Some(last) = items.last_mut().filter(|_| more > 0) {
            let more = counted(more, "more statement", "more statements");
            last.details.push(vec![plain(format!("and {more} only {what}"))]);
        }
        document.list(items);
        if let Some(unsure) = unsure(report, side).filter(|_| !unnamed.is_empty()) {
            document.toned(unsure, Tone::Dim);
        }
    }
}

fn item(marker: &str, lone: &compare::Lone<'_>, style: &Style) -> Item {
    let rates = &lone.rates;
    let mut facts = vec![crate::output::pages::short(lone.statement.fingerprint)];
    facts.extend(rates.calls.map(|calls| format!("{} calls", Count(calls))));
    facts.extend(rates.mean_ms.map(|ms| format!("mean {}", Millis(ms))));
    facts.extend(rates.total_ms_per_hour.map(|ms| format!("{} an hour", Millis(ms))));
    let text = statement_line(&lone.statement.text, None, style.room(9).max(24));
    Item {
        marker: format!("{marker:<7}"),
        tone: Tone::Plain,
        text: facts.join(" · "),
        details: vec![vec![plain(text)]],
    }
}

/// What is only on one side may be on the other, among the statements that were not chosen there.
fn unsure(report: &DiffReport, side: usize) -> Option<String> {
    let DiffContent::Snapshots { snapshots, .. } = &report.content else { return None };
    let other = &snapshots[1 - side].coverage;
    let which = ["before", "after"][1 - side];
    (other.of > other.statements).then(|| {
        format!(
            "the snapshot {which} holds {} of {} statements, so they may have run {which} too; \
             collect with a larger --top to be sure",
            other.statements, other.of
        )
    })
}

//! Why the verdict is what it is, in one sentence: the main change, then the figures.

use super::changes::{Effect, Found, NONE};
use super::circumstances::Withholds;
use super::measure::{Measure, Measures};
use super::{Change, ChangeKind, Difference, DifferenceKind, Severity, Verdict};
use crate::units::Count;
use std::cmp::Ordering;

/// One sentence: the main change, then the figures; what forbids a comparison comes first.
pub(super) fn sentence(
    verdict: Verdict,
    found: &[Found],
    measures: &Measures,
    measure: Option<&Measure>,
    differences: &[Difference],
) -> String {
    let main = main_change(verdict, found).map(phrase);
    if verdict == Verdict::NotComparable {
        let main = main.map_or(String::new(), |main| format!("; {main}"));
        return format!("{}{main}", obstacles(differences, measures.withheld));
    }
    let asked = differences.iter().find(|d| d.kind == DifferenceKind::Parameters);
    let figures = match measure {
        _ if asked.is_some() => asked.map(ToString::to_string),
        Some(_) if measures.contradicts() => {
            Some(contradiction(&measures.work, measures.together().as_ref()))
        }
        Some(measure) => {
            figures(measure).map(|text| format!("{text}{}", sureness(measure, measures)))
        }
        None if measures.withheld == Withholds::Everything => None,
        None if measures.costs_withheld() => Some("costs are not comparable".to_owned()),
        None => None,
    };
    match (main, figures) {
        (Some(main), Some(figures)) => format!("{main}; {figures}"),
        (Some(main), None) => main,
        (None, Some(figures)) if measure.is_some() || asked.is_some() => {
            format!("the same plan; {figures}")
        }
        (None, _) => "the plans are the same".to_owned(),
    }
}

/// How sure the test of repeated runs is, where time decided.
fn sureness(measure: &Measure, measures: &Measures) -> String {
    let Some(timing) = measures.timing.as_ref().filter(|_| measure.name == "time") else {
        return String::new();
    };
    let [before, after] = timing.runs;
    format!(", {} % sure after {before} and {after} runs", percent(timing.confidence))
}

/// Never 100 %: no number of runs makes that sure.
pub(super) fn percent(confidence: f64) -> String {
    number((confidence * 1000.0).floor().min(999.0) / 10.0)
}

/// What stands in the way, and what that forbids.
fn obstacles(differences: &[Difference], withheld: Withholds) -> String {
    const MOST: usize = 3;
    let grave: Vec<String> = differences
        .iter()
        .filter(|difference| difference.withholds == withheld)
        .map(ToString::to_string)
        .collect();
    let more = grave.len().saturating_sub(MOST);
    let mut text = grave[..grave.len().min(MOST)].join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    let what = match withheld {
        Withholds::Everything => "so this is about other data",
        _ => "so costs do not count, and nothing was measured",
    };
    format!("{text}, {what}")
}

/// The heaviest change that speaks for the verdict, else the heaviest.
fn main_change(verdict: Verdict, found: &[Found]) -> Option<&Found> {
    let wanted = match verdict {
        Verdict::Worse => Effect::Harm,
        Verdict::Better => Effect::Help,
        _ => Effect::Neutral,
    };
    let speaks = |f: &Found| wanted != Effect::Neutral && f.effect == wanted;
    // What speaks against the verdict is no reason for it, however heavy.
    let against = |f: &Found| {
        !matches!(wanted, Effect::Neutral) && f.effect != wanted && f.effect != Effect::Neutral
    };
    let rank = |f: &Found| {
        let is_harm = f.effect == Effect::Harm;
        (!against(f), speaks(f) && f.weight >= Severity::Medium, f.weight, speaks(f), is_harm)
    };
    let heavier = |best, next| if rank(next) > rank(best) { next } else { best };
    found.iter().reduce(heavier)
}

fn phrase(found: &Found) -> String {
    let Change { kind, before, after, relation, .. } = &found.change;
    let what = &found.what;
    let whose = relation.as_deref().map_or(String::new(), |r| format!(" of {r}"));
    match kind {
        ChangeKind::AccessPath => access_phrase(what, before, after),
        ChangeKind::IndexSwapped => format!("{what} is read by {after} instead of {before}"),
        ChangeKind::IndexRenamed => format!("an index of {what} was renamed ({before} → {after})"),
        ChangeKind::JoinMethod => format!("the join{whose} went from {before} to {after}"),
        ChangeKind::JoinType => format!("the join{whose} went from {before} to {after} join"),
        ChangeKind::JoinOrder => format!("the join order went from {before} to {after}"),
        ChangeKind::SortAdded => format!("a sort was added: {after}"),
        ChangeKind::SortRemoved => format!("a sort is gone: {before}"),
        ChangeKind::NodeAdded => format!("a node was added: {after}{whose}"),
        ChangeKind::NodeRemoved => format!("a node is gone: {before}{whose}"),
        ChangeKind::ConditionMoved => format!("a condition{whose} went from {before} to {after}"),
        ChangeKind::PartitionsAdded | ChangeKind::PartitionsPruned => {
            format!("{after}{whose} instead of {before}")
        }
        ChangeKind::CteMaterialized => format!("{what} is computed on its own now"),
        ChangeKind::CteInlined => format!("{what} is no longer computed on its own"),
        ChangeKind::HeapFetches => format!("{what} takes {after} instead of {before}"),
        ChangeKind::Jit => format!("the plan is {after}"),
        ChangeKind::Memoize | ChangeKind::AggregateStrategy if before == NONE => {
            format!("a node was added: {after}")
        }
        ChangeKind::Memoize | ChangeKind::AggregateStrategy if after == NONE => {
            format!("a node is gone: {before}")
        }
        ChangeKind::Estimate => format!("the estimate{whose} went from {before} to {after}"),
        _ => format!("{before} became {after}"),
    }
}

fn access_phrase(what: &str, before: &str, after: &str) -> String {
    // `IndexScan idx_a`: the operator, then the indexes.
    let [(was, lost), (is, gained)] = [before, after].map(|text| {
        let split = text.strip_prefix("full ").unwrap_or(text).split_once(' ');
        split.map_or((text, None), |(operator, indexes)| (operator, Some(indexes)))
    });
    match (lost, gained) {
        (Some(index), None) => format!("{what} lost index {index} ({was} → {is})"),
        (None, Some(index)) => format!("{what} gained index {index} ({was} → {is})"),
        _ => format!("{what} went from {before} to {after}"),
    }
}

/// The figures in words; nothing when they are equal.
pub(super) fn figures(measure: &Measure) -> Option<String> {
    let [before, after] = measure.values.map(number);
    let name = noun(measure.name);
    let change = format!("{name} {before} → {after}");
    Some(match measure.direction {
        _ if measure.values[0] == measure.values[1] => return None,
        Ordering::Equal => format!("{change}, about the same"),
        _ if measure.is_small => format!("{change}, too small to judge"),
        Ordering::Greater => format!("{change} (×{})", number(measure.factor())),
        Ordering::Less => format!("{change} (÷{})", number(measure.factor())),
    })
}

fn contradiction(work: &[Measure], together: Option<&Measure>) -> String {
    let parts: Vec<String> = work.iter().filter_map(figures).collect();
    let parts = parts.join(", ");
    match together {
        Some(both) => format!("{parts}: {} in all", change_of(both.direction)),
        None => format!("{parts}: more of one, less of the other"),
    }
}

fn change_of(direction: Ordering) -> &'static str {
    if direction == Ordering::Greater { "more" } else { "less" }
}

pub(super) fn noun(measure: &'static str) -> &'static str {
    match measure {
        "rows" => "rows read",
        "time" => "milliseconds",
        _ => measure,
    }
}

/// `8.4`, `4,512`, `4.56G`.
pub(super) fn number(value: f64) -> String {
    if value.abs() >= 1e9 {
        return Count(value).to_string();
    }
    if value.abs() < 99.95 {
        let text = format!("{value:.1}");
        return text.strip_suffix(".0").map_or(text.clone(), str::to_owned);
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        let left = digits.len() - i;
        if i > 0 && left % 3 == 0 && digit.is_ascii_digit() {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let shown = [8.4, 0.0, 100.0, 4_512.3, 999_999.0, 1_234_567.0, 4.56e9].map(number);
        assert_eq!(shown, ["8.4", "0", "100", "4,512", "999,999", "1,234,567", "4.56G"]);
    }
}

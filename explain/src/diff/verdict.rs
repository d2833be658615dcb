//! The verdict: measured work first, then cost, then the shape of the plans, with a reason.

use super::align::Alignment;
use super::changes::{self, Effect, Found, Sides};
use super::joins;
use super::profile::Profile;
use super::{Change, ChangeKind, PlanDiff, Severity, Tolerance, Verdict};
use crate::plan::Plan;
use crate::units::Count;
use crate::workload::Catalog;
use std::cmp::Ordering;

/// SQLite's virtual machine takes about ten steps for a row, so this many are a row's worth.
const VM_STEPS_PER_ROW: f64 = 10.0;

/// What the caller knows of the circumstances of two plans.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Basis {
    /// Costs must not be compared: another version or other cost settings.
    pub costs_differ: bool,
    /// Steps of SQLite's virtual machine for a mean call.
    pub vm_steps: Option<Sides<f64>>,
}

/// A quantity of both plans.
#[derive(Debug, Clone, Copy)]
struct Measure {
    name: &'static str,
    values: Sides<f64>,
    /// Which is more, beyond tolerance: `Greater` when it is the plan after.
    direction: Ordering,
    /// Too little on both sides to judge by.
    is_small: bool,
}

impl Measure {
    /// `values` as (least, likely, most) that each can be; `floor` keeps ratios finite.
    fn new(
        name: &'static str,
        ranges: Sides<(f64, f64, f64)>,
        (floor, least): (f64, f64),
        tolerance: Tolerance,
    ) -> Self {
        let [before, after] =
            ranges.map(|(low, mid, high)| (low.max(floor), mid.max(floor), high.max(floor)));
        let direction = if after.0 > before.2 * tolerance.ratio {
            Ordering::Greater
        } else if before.0 > after.2 * tolerance.ratio {
            Ordering::Less
        } else {
            Ordering::Equal
        };
        let values = ranges.map(|(_, mid, _)| mid);
        let is_small = values[0].max(values[1]) < least;
        Self { name, values, direction, is_small }
    }

    fn exact(
        name: &'static str,
        values: Sides<f64>,
        bounds: (f64, f64),
        tolerance: Tolerance,
    ) -> Self {
        Self::new(name, values.map(|v| (v, v, v)), bounds, tolerance)
    }

    /// After ÷ before.
    fn ratio(&self) -> f64 {
        self.values[1] / self.values[0]
    }

    /// The larger ÷ the smaller.
    fn factor(&self) -> f64 {
        let [before, after] = self.values;
        before.max(after) / before.min(after)
    }

    fn decides(&self) -> bool {
        self.direction != Ordering::Equal && !self.is_small
    }
}

/// Compares two plans under the given circumstances.
pub(super) fn compare(
    plans: Sides<&Plan>,
    catalogs: Sides<Option<&Catalog>>,
    tolerance: Tolerance,
    basis: Basis,
) -> PlanDiff {
    let [before, after] = plans.map(Profile::new);
    let alignment = Alignment::new(&before, &after);
    let profiles = [&before, &after];
    let mut found = changes::find(profiles, &alignment, catalogs, tolerance);
    let costs_differ = basis.costs_differ || before.plan.engine != after.plan.engine;
    let costs = cost(plans, tolerance);
    let judged_by = Measures {
        tolerance,
        work: vm_steps(basis, tolerance).map_or_else(|| work(profiles, tolerance), |m| vec![m]),
        cost: costs.filter(|_| !costs_differ),
        costs_withheld: costs_differ && costs.is_some(),
    };
    let (verdict, measure) = judged_by.judge(&found);
    let reason = reason(verdict, &found, &judged_by, measure.as_ref());
    found.extend(measure.filter(Measure::decides).map(measured_change));
    PlanDiff {
        verdict,
        cost_ratio: measure.map(|m| m.ratio()),
        measured_by: measure.map_or("shape", |m| m.name),
        changes: sorted(found),
        pairs: alignment.pairs().collect(),
        reason,
    }
}

fn sorted(mut found: Vec<Found>) -> Vec<Change> {
    found.sort_by(|a, b| {
        let key = |f: &Found| (f.change.severity, f.weight);
        key(b).cmp(&key(a)).then_with(|| a.change.kind.cmp(&b.change.kind))
    });
    found.into_iter().map(|f| f.change).collect()
}

/// What there is to judge by.
struct Measures {
    tolerance: Tolerance,
    work: Vec<Measure>,
    cost: Option<Measure>,
    costs_withheld: bool,
}

impl Measures {
    fn judge(&self, found: &[Found]) -> (Verdict, Option<Measure>) {
        let heaviest = found.iter().map(|f| f.weight).max().unwrap_or(Severity::Info);
        let undecided = if heaviest >= Severity::Medium { Verdict::Changed } else { Verdict::Same };
        if self.contradicts() {
            return (Verdict::Changed, self.work.first().copied());
        }
        let Some(measure) = self.strongest().or(self.cost) else {
            return (self.by_shape(found, undecided), None);
        };
        let verdict = match measure.direction {
            _ if measure.is_small => undecided,
            Ordering::Greater => Verdict::Worse,
            Ordering::Less => Verdict::Better,
            Ordering::Equal => undecided,
        };
        (verdict, Some(measure))
    }

    /// Whether one kind of work became more and the other less.
    fn contradicts(&self) -> bool {
        let towards = |direction| self.work.iter().any(|m| m.decides() && m.direction == direction);
        towards(Ordering::Less) && towards(Ordering::Greater)
    }

    /// The kind of work that changed most.
    fn strongest(&self) -> Option<Measure> {
        let strength = |m: &Measure| (m.decides(), m.factor());
        // The first of equals: rows before blocks.
        self.work.iter().copied().reduce(|best, next| {
            let (a, b) = (strength(&best), strength(&next));
            if b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).is_gt() { next } else { best }
        })
    }

    /// Where nothing was measured and costs are unknown or must not be compared, only the changes
    /// speak. Plans without any cost (SQLite's) are all there is, so there a change of medium
    /// weight is enough; where costs were withheld (another version) only a grave one is, because
    /// versions differ in harmless ways.
    fn by_shape(&self, found: &[Found], undecided: Verdict) -> Verdict {
        let enough = if self.costs_withheld { Severity::High } else { Severity::Medium };
        let of =
            |effect: Effect| found.iter().filter(move |f| f.effect == effect && f.weight >= enough);
        let heaviest = |effect: Effect| of(effect).map(|f| f.weight).max();
        // A nest of loops turned round scans one table instead of another: the larger one counts.
        let rows = |effect: Effect| {
            let heavy = of(effect).filter(|f| Some(f.weight) == heaviest(effect));
            heavy.map(|f| f.rows).reduce(|a, b| Some(a? + b?)).flatten()
        };
        let by_rows = || {
            let (harm, help) = (rows(Effect::Harm)?, rows(Effect::Help)?);
            let is_more = |a: f64, b: f64| a > b * self.tolerance.ratio;
            Some(is_more(harm, help).cmp(&is_more(help, harm)))
        };
        let weights = heaviest(Effect::Harm).cmp(&heaviest(Effect::Help));
        match weights.then_with(|| by_rows().unwrap_or(Ordering::Equal)) {
            Ordering::Greater => Verdict::Worse,
            Ordering::Less => Verdict::Better,
            Ordering::Equal => undecided,
        }
    }
}

fn vm_steps(basis: Basis, tolerance: Tolerance) -> Option<Measure> {
    let least = tolerance.least_rows * VM_STEPS_PER_ROW;
    basis.vm_steps.map(|steps| Measure::exact("vm steps", steps, (1.0, least), tolerance))
}

/// Rows read and blocks touched, when both plans were run to their end.
fn work(profiles: Sides<&Profile<'_>>, tolerance: Tolerance) -> Vec<Measure> {
    let plans = profiles.map(|p| p.plan);
    if !plans.iter().all(|plan| plan.is_analyzed() && !plan.partial) {
        return Vec::new();
    }
    let rows = profiles.map(rows_read);
    let mut measures = vec![Measure::new("rows", rows, (1.0, tolerance.least_rows), tolerance)];
    let same_engine = plans[0].engine == plans[1].engine;
    if let [Some(before), Some(after)] = plans.map(|plan| plan.root().buffers.touched())
        && same_engine
    {
        let blocks = [before as f64, after as f64];
        let bounds = (1.0, tolerance.least_cost);
        measures.push(Measure::exact("blocks", blocks, bounds, tolerance));
    }
    measures
}

/// Rows that all nodes read over all loops: the least, the likely and the most that the printed
/// averages can stand for. Nodes that hand on what they get are left out, so that a Gather or a
/// Limit more is not more work.
fn rows_read(profile: &Profile<'_>) -> (f64, f64, f64) {
    let mut sum = (0.0, 0.0, 0.0);
    for (node, class) in profile.plan.nodes().iter().zip(&profile.class) {
        let Some(actual) = node.actual.filter(|_| !joins::passes_on(*class, &node.operator)) else {
            continue;
        };
        let removed = node.removed.total();
        let (low, high) = actual.rows_interval();
        sum = (sum.0 + low + removed, sum.1 + actual.rows() + removed, sum.2 + high + removed);
    }
    sum
}

fn cost(plans: Sides<&Plan>, tolerance: Tolerance) -> Option<Measure> {
    let [before, after] = plans.map(|plan| plan.root().estimate.total_cost);
    let bounds = (0.01, tolerance.least_cost);
    Some(Measure::exact("cost", [before?, after?], bounds, tolerance))
}

fn measured_change(measure: Measure) -> Found {
    let kind = if measure.name == "cost" { ChangeKind::Cost } else { ChangeKind::Work };
    let weight = match measure.factor() {
        r if r >= 10.0 => Severity::High,
        r if r >= 2.0 => Severity::Medium,
        _ => Severity::Low,
    };
    let is_harm = measure.direction == Ordering::Greater;
    let severity = if is_harm { weight } else { Severity::Info };
    let effect = if is_harm { Effect::Harm } else { Effect::Help };
    let [before, after] = measure.values.map(|v| format!("{} {}", noun(measure.name), number(v)));
    let change =
        Change { kind, severity, relation: None, before, after, nodes: [Vec::new(), Vec::new()] };
    Found { change, effect, weight, rows: None, what: String::new() }
}

/// One sentence: the main change, then the figures.
fn reason(
    verdict: Verdict,
    found: &[Found],
    measures: &Measures,
    measure: Option<&Measure>,
) -> String {
    let main = main_change(verdict, found).map(phrase);
    let figures = match measure {
        Some(_) if measures.contradicts() => Some(contradiction(&measures.work)),
        Some(measure) => figures(measure),
        None if measures.costs_withheld => Some("costs are not comparable".to_owned()),
        None => None,
    };
    match (main, figures) {
        (Some(main), Some(figures)) => format!("{main}; {figures}"),
        (Some(main), None) => main,
        (None, Some(figures)) if measure.is_some() => format!("the same plan; {figures}"),
        (None, _) => "the plans are the same".to_owned(),
    }
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
fn figures(measure: &Measure) -> Option<String> {
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

fn contradiction(work: &[Measure]) -> String {
    let parts: Vec<String> = work.iter().filter_map(figures).collect();
    format!("{}: more of one, less of the other", parts.join(", "))
}

fn noun(measure: &'static str) -> &'static str {
    if measure == "rows" { "rows read" } else { measure }
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

//! What was measured or estimated on both sides, and what it says: work, cost, time.

use super::changes::Sides;
use super::circumstances::{Withholds, is_same_place};
use super::noise::{self, Timing};
use super::profile::Profile;
use super::{Difference, DifferenceKind, Measured, Says, Side, Tolerance, joins};
use crate::engine::Engine;
use crate::plan::Plan;
use crate::workload::Counters;
use std::cmp::Ordering;

/// SQLite's virtual machine takes about ten steps for a row, so this many are a row's worth.
const VM_STEPS_PER_ROW: f64 = 10.0;
/// Bytes of a block of PostgreSQL, in which spilled bytes are counted.
const BLOCK_BYTES: f64 = 8192.0;
/// Rows that take as long as a block that is in the cache: about half a microsecond.
const ROWS_PER_BLOCK: f64 = 10.0;
/// How much more rows and blocks together must be where they contradict each other.
const CLEARLY: f64 = 1.5;
/// How many more blocks the same data may take in the files of another server: they fill up and are
/// vacuumed at other times.
const OTHER_FILES: f64 = 1.5;
/// Calls of each side from which what a mean call touched is held against another.
const LEAST_CALLS: f64 = 5.0;
/// How much more a mean call may touch: other parameters alone make a difference.
const CALLS_RATIO: f64 = 2.0;

/// A quantity of both plans.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    /// The name on the wire.
    pub name: &'static str,
    /// Before and after.
    pub values: Sides<f64>,
    /// Which is more, beyond tolerance: `Greater` when it is the plan after.
    pub direction: Ordering,
    /// Too little on both sides to judge by.
    pub is_small: bool,
}

impl Measure {
    /// `values` as (least, likely, most) that each can be; `floor` keeps ratios finite.
    fn new(
        name: &'static str,
        ranges: Sides<(f64, f64, f64)>,
        (floor, least): (f64, f64),
        ratio: f64,
    ) -> Self {
        let [before, after] =
            ranges.map(|(low, mid, high)| (low.max(floor), mid.max(floor), high.max(floor)));
        let direction = if after.0 > before.2 * ratio {
            Ordering::Greater
        } else if before.0 > after.2 * ratio {
            Ordering::Less
        } else {
            Ordering::Equal
        };
        let values = ranges.map(|(_, mid, _)| mid);
        let is_small = values[0].max(values[1]) < least;
        Self { name, values, direction, is_small }
    }

    fn exact(name: &'static str, values: Sides<f64>, bounds: (f64, f64), ratio: f64) -> Self {
        Self::new(name, values.map(|v| (v, v, v)), bounds, ratio)
    }

    /// After ÷ before; finite, for 0 is read as 1.
    pub fn ratio(&self) -> f64 {
        let [before, after] = self.values;
        if before > 0.0 { after / before } else { after.max(1.0) }
    }

    /// The larger ÷ the smaller.
    pub fn factor(&self) -> f64 {
        let ratio = self.ratio();
        if ratio >= 1.0 { ratio } else { 1.0 / ratio.max(f64::MIN_POSITIVE) }
    }

    /// Whether it says that one side is more.
    pub fn decides(&self) -> bool {
        self.direction != Ordering::Equal && !self.is_small
    }

    /// For the report: what it is, and what it says.
    pub fn listed(&self) -> Measured {
        Measured { name: self.name, values: self.values, says: self.says() }
    }

    fn says(&self) -> Says {
        match self.direction {
            _ if self.is_small => Says::TooSmall,
            Ordering::Greater => Says::More,
            Ordering::Less => Says::Less,
            Ordering::Equal => Says::Same,
        }
    }
}

/// What there is to judge by.
pub(super) struct Measures {
    /// Limits.
    pub tolerance: Tolerance,
    /// Measured work, the kind first that counts most.
    pub work: Vec<Measure>,
    /// The planner's cost.
    pub cost: Option<Measure>,
    /// Time of repeated runs.
    pub time: Option<Measure>,
    /// The test of those runs.
    pub timing: Option<Timing>,
    /// What must not be compared.
    pub withheld: Withholds,
    /// Whether both plans were run.
    pub analyzed: bool,
    /// Whether the engine samples its statistics.
    pub samples: bool,
}

impl Measures {
    /// Everything that is known of both sides.
    pub fn new(
        sides: Sides<&Side<'_>>,
        profiles: Sides<&Profile<'_>>,
        differences: &[Difference],
        tolerance: Tolerance,
    ) -> Self {
        let withheld = differences.first().map_or(Withholds::Nothing, |first| first.withholds);
        let plans = sides.map(|side| side.plan);
        let timing = noise::judge(sides.map(|side| side.runs_ms), tolerance.confidence);
        let other_server = differences.iter().any(|d| d.kind == DifferenceKind::Version);
        let mut work = ran(profiles, tolerance, other_server);
        let analyzed = !work.is_empty();
        if let [Some(before), Some(after)] = sides.map(|side| side.counters)
            && plans[0].engine == plans[1].engine
        {
            let same_place = is_same_place(sides.map(|side| side.target));
            let counted = of_calls([before, after], tolerance, same_place);
            // SQLite counts every step of every call, which its plans cannot.
            let steps = counted.iter().any(|measure| measure.name == VM_STEPS);
            if steps || !analyzed {
                work = counted;
            }
        }
        Self {
            tolerance,
            work,
            cost: cost(plans, tolerance),
            time: timing.as_ref().map(|timing| time(timing, tolerance)),
            timing,
            withheld,
            analyzed,
            samples: matches!(plans[0].engine, Engine::Mysql | Engine::Mariadb),
        }
    }

    /// Rows and blocks as one figure, where one became more and the other less and one of them
    /// clearly prevails.
    pub fn together(&self) -> Option<Measure> {
        let of = |name: &str| self.work.iter().find(|measure| measure.name == name);
        let (rows, blocks) = (of("rows")?, of("blocks")?);
        let sum = [0, 1].map(|side| rows.values[side] + blocks.values[side] * ROWS_PER_BLOCK);
        let ratio = self.tolerance.ratio.max(CLEARLY);
        let both = Measure::exact("rows and blocks", sum, (1.0, self.tolerance.least_rows), ratio);
        both.decides().then_some(both)
    }

    /// Whether there are costs that must not be compared.
    pub fn costs_withheld(&self) -> bool {
        self.withheld >= Withholds::Costs && self.cost.is_some()
    }

    /// The cost, where it may be compared.
    pub fn usable_cost(&self) -> Option<Measure> {
        self.cost.filter(|_| self.withheld < Withholds::Costs)
    }

    /// For the report: everything, and what it says.
    pub fn listed(&self) -> Vec<Measured> {
        let listed = |measure: &Measure, withholds: Withholds| Measured {
            name: measure.name,
            values: measure.values,
            says: if self.withheld >= withholds { Says::Withheld } else { measure.says() },
        };
        let work = self.work.iter().map(|m| listed(m, Withholds::Everything));
        let cost = self.cost.iter().map(|m| listed(m, Withholds::Costs));
        let time = self.time.iter().map(|m| listed(m, Withholds::Everything));
        work.chain(cost).chain(time).collect()
    }

    /// Whether one kind of work became more and the other less.
    pub fn contradicts(&self) -> bool {
        let towards = |direction| self.work.iter().any(|m| m.decides() && m.direction == direction);
        towards(Ordering::Less) && towards(Ordering::Greater)
    }

    /// The kind of work that changed most.
    pub fn strongest(&self) -> Option<Measure> {
        let strength = |m: &Measure| (m.decides(), m.factor());
        // The first of equals: rows before blocks.
        self.work.iter().copied().reduce(|best, next| {
            let (a, b) = (strength(&best), strength(&next));
            if b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).is_gt() { next } else { best }
        })
    }
}

const VM_STEPS: &str = "vm steps";

/// Work of a mean call where there are no plans at all: with keys of indexes, which elsewhere the
/// plans tell of.
pub(super) fn counted(counters: Sides<&Counters>, tolerance: Tolerance) -> Vec<Measure> {
    let mut work = of_calls(counters, tolerance, true);
    let per_call = counters.map(|c| Some(c.keys_examined? / c.calls.filter(|calls| *calls > 0.0)?));
    if let ([Some(before), Some(after)], false) = (per_call, work.is_empty()) {
        let ratio = tolerance.ratio.max(CALLS_RATIO);
        let bounds = (1.0, tolerance.least_rows);
        let keys = Measure::exact("keys", [before, after], bounds, ratio);
        // A key more for each document is the price of an index.
        if !work.iter().any(Measure::decides) {
            work.push(keys);
        }
    }
    work
}

/// The time of a mean call, where `trend` says which way it went.
pub(super) fn of_trend(mean_ms: Sides<f64>, direction: Ordering, tolerance: Tolerance) -> Measure {
    let values = mean_ms;
    let is_small = values[0].max(values[1]) < tolerance.least_ms;
    Measure { name: "time", values, direction, is_small }
}

/// Work of a mean call that needs no clock and no plan.
fn of_calls(counters: Sides<&Counters>, tolerance: Tolerance, same_place: bool) -> Vec<Measure> {
    let calls = counters.map(|c| c.calls.unwrap_or(0.0));
    let per_call = |value: fn(&Counters) -> Option<f64>| -> Option<Sides<f64>> {
        let [before, after] = counters.map(value);
        (calls[0].min(calls[1]) > 0.0).then_some([before? / calls[0], after? / calls[1]])
    };
    // Every run of the virtual machine takes the same steps for the same rows.
    if let Some(steps) = per_call(|c| c.vm_steps) {
        let bounds = (1.0, tolerance.least_rows * VM_STEPS_PER_ROW);
        return vec![Measure::exact(VM_STEPS, steps, bounds, tolerance.ratio)];
    }
    // Elsewhere other users ask for other things.
    if !same_place || calls[0].min(calls[1]) < LEAST_CALLS {
        return Vec::new();
    }
    let ratio = tolerance.ratio.max(CALLS_RATIO);
    let blocks = per_call(|c| {
        let temp = c.temp_blocks_read.unwrap_or(0.0) + c.temp_blocks_written.unwrap_or(0.0);
        Some(c.shared_blocks_hit? + c.shared_blocks_read? + temp)
    });
    let rows = per_call(|c| c.rows_examined);
    let rows = rows.map(|rows| Measure::exact("rows", rows, (1.0, tolerance.least_rows), ratio));
    let blocks =
        blocks.map(|blocks| Measure::exact("blocks", blocks, (1.0, tolerance.least_cost), ratio));
    rows.into_iter().chain(blocks).collect()
}

/// Rows read and blocks touched, when both plans were run to their end.
fn ran(profiles: Sides<&Profile<'_>>, tolerance: Tolerance, other_server: bool) -> Vec<Measure> {
    let plans = profiles.map(|p| p.plan);
    if !plans.iter().all(|plan| plan.is_analyzed() && !plan.partial) {
        return Vec::new();
    }
    let bounds = (1.0, tolerance.least_rows);
    let exact = |name, values| Measure::exact(name, values, bounds, tolerance.ratio);
    let same_engine = plans[0].engine == plans[1].engine;
    let counts = |plan: &Plan| plan.nodes().iter().any(|node| node.examined.total().is_some());
    if same_engine && plans[0].engine == Engine::Mongodb && plans.into_iter().all(counts) {
        return examined(plans, exact);
    }
    let mut measures = vec![Measure::new("rows", profiles.map(rows_read), bounds, tolerance.ratio)];
    if same_engine && let Some(blocks) = blocks(plans) {
        let bounds = (1.0, tolerance.least_cost);
        let ratio = tolerance.ratio.max(if other_server { OTHER_FILES } else { 1.0 });
        measures.push(Measure::exact("blocks", blocks, bounds, ratio));
    }
    measures
}

/// Documents examined, and keys where the documents do not decide: a key more for each document is
/// the price of an index, not a loss.
fn examined(
    plans: Sides<&Plan>,
    exact: impl Fn(&'static str, Sides<f64>) -> Measure,
) -> Vec<Measure> {
    let sum = |plan: &Plan| {
        let examined = plan.nodes().iter().map(|node| (node.examined.rows, node.examined.keys));
        examined.fold((0.0, 0.0), |sum, (docs, keys)| {
            (sum.0 + docs.unwrap_or(0.0), sum.1 + keys.unwrap_or(0.0))
        })
    };
    let [before, after] = plans.map(sum);
    let docs = exact("documents", [before.0, after.0]);
    let keys = exact("keys", [before.1, after.1]);
    if docs.decides() || before.1 == 0.0 || after.1 == 0.0 { vec![docs] } else { vec![docs, keys] }
}

/// Blocks touched in the cache or read, and those that went to disk and back.
fn blocks(plans: Sides<&Plan>) -> Option<Sides<f64>> {
    let of_buffers = |plan: &Plan| {
        let buffers = &plan.root().buffers;
        let temp = buffers.temp_read.unwrap_or(0).saturating_add(buffers.temp_written.unwrap_or(0));
        Some(buffers.touched()?.saturating_add(temp) as f64)
    };
    if let [Some(before), Some(after)] = plans.map(of_buffers) {
        return Some([before, after]);
    }
    let spilled = |plan: &Plan| {
        let bytes = plan.nodes().iter().filter_map(|node| node.memory.disk_bytes);
        bytes.fold(0.0, |sum, bytes| sum + bytes as f64) / BLOCK_BYTES
    };
    let spilled = plans.map(spilled);
    (spilled != [0.0, 0.0]).then_some(spilled)
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
    Some(Measure::exact("cost", [before?, after?], bounds, tolerance.ratio))
}

/// The medians, where the test is as sure as asked for.
fn time(timing: &Timing, tolerance: Tolerance) -> Measure {
    let bounds = (0.001, tolerance.least_ms);
    let mut measure = Measure::exact("time", timing.median_ms, bounds, tolerance.ratio);
    if measure.direction != timing.slower {
        measure.direction = Ordering::Equal;
    }
    measure
}

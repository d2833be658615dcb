//! What differs around two plans: engine, version, settings, data, schema.
//!
//! Some of it puts costs in another unit, so that they cannot be compared; some of it means that the
//! plans are about other data, so that nothing can. The rest is only worth knowing.

use super::profile::Profile;
use super::{Side, Tolerance};
use crate::engine::Engine;
use crate::units::Count;
use crate::workload::catalog::TableKind;
use crate::workload::{Table, TargetIdentity};
use std::collections::BTreeMap;
use std::fmt;

/// Settings in which the planner's cost is counted: plans made under other values have costs in
/// another unit.
const COST_UNITS: &[&str] = &[
    "cpu_index_tuple_cost",
    "cpu_operator_cost",
    "cpu_tuple_cost",
    "optimizer_switch",
    "parallel_setup_cost",
    "parallel_tuple_cost",
    "random_page_cost",
    "seq_page_cost",
];

/// Other settings that move plans, of all engines; those that begin with a prefix below as well.
const PLANNER: &[&str] = &[
    "allow_partial_scans",
    "automatic_index",
    "case_sensitive_like",
    "constraint_exclusion",
    "cursor_tuple_fraction",
    "debug_parallel_query",
    "default_statistics_target",
    "effective_cache_size",
    "effective_io_concurrency",
    "eq_range_index_dive_limit",
    "force_parallel_mode",
    "from_collapse_limit",
    "hash_mem_multiplier",
    "histogram_size",
    "jit",
    "join_buffer_size",
    "join_cache_level",
    "join_collapse_limit",
    "maintenance_work_mem",
    "max_heap_table_size",
    "max_parallel_workers",
    "max_parallel_workers_per_gather",
    "max_seeks_for_key",
    "max_worker_processes",
    "min_parallel_index_scan_size",
    "min_parallel_table_scan_size",
    "parallel_leader_participation",
    "plan_cache_mode",
    "recursive_worktable_factor",
    "search_path",
    "shared_buffers",
    "sort_buffer_size",
    "tmp_table_size",
    "work_mem",
];

const PLANNER_PREFIXES: &[&str] =
    &["enable_", "geqo", "innodb_stats_", "internalQuery", "jit_", "optimizer_"];

/// What a plan's list of settings leaves out has its default value.
const DEFAULT: &str = "the default";

/// Rows, one ÷ the other, from which two tables hold other data.
const OTHER_DATA: f64 = 10.0;

/// What PostgreSQL up to 17 adds to the cost of a node that a setting forbids.
const DISABLED_COST: f64 = 1e10;

/// Relations of a plan past which no more are looked up.
const MOST_RELATIONS: usize = 10_000;

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// The engine.
    Engine,
    /// The release series of the server.
    Version,
    /// A setting that moves plans.
    Setting,
    /// The rows of a table, by an order of magnitude.
    Rows,
    /// A table that has statistics on one side only.
    Statistics,
    /// The kind of a relation, or the type of a column.
    Schema,
    /// The values that a relation is searched for, and with them the rows.
    Parameters,
}

impl DifferenceKind {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Version => "version",
            Self::Setting => "setting",
            Self::Rows => "rows",
            Self::Statistics => "statistics",
            Self::Schema => "schema",
            Self::Parameters => "parameters",
        }
    }
}

/// Something around the plans that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is.
    pub kind: DifferenceKind,
    /// The setting, table or column it is about.
    pub subject: Option<String>,
    /// What it is before.
    pub before: String,
    /// What it is after.
    pub after: String,
    /// What must not be compared because of it.
    pub withholds: Withholds,
}

/// What must not be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withholds {
    /// Nothing.
    Nothing,
    /// Costs: they are in other units.
    Costs,
    /// Costs and work: they are of other data.
    Everything,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, after, .. } = self;
        let subject = self.subject.as_deref().unwrap_or_default();
        match self.kind {
            DifferenceKind::Engine => write!(f, "the engines differ ({before}, {after})"),
            DifferenceKind::Version => write!(f, "the versions differ ({before}, {after})"),
            DifferenceKind::Setting => write!(f, "{subject} differs ({before}, {after})"),
            DifferenceKind::Rows => write!(f, "the rows of {subject} differ ({before}, {after})"),
            DifferenceKind::Statistics => {
                write!(f, "the statistics of {subject} differ ({before}, {after})")
            }
            DifferenceKind::Schema => write!(f, "{subject} is another ({before}, {after})"),
            DifferenceKind::Parameters => {
                write!(f, "other values of {subject} were asked for ({before}, {after})")
            }
        }
    }
}

/// Everything that differs around two plans, what withholds most first.
pub(super) fn differences(
    sides: [&Side<'_>; 2],
    profiles: [&Profile<'_>; 2],
    tolerance: Tolerance,
) -> Vec<Difference> {
    let mut found = Vec::new();
    found.extend(engine(sides.map(|side| side.plan.engine)));
    found.extend(sides_version(sides));
    found.extend(settings(sides, profiles));
    if found.first().is_none_or(|first| first.kind != DifferenceKind::Engine) {
        found.extend(data(sides, profiles, tolerance));
    }
    found.sort_by(|a, b| b.withholds.cmp(&a.withholds).then_with(|| a.kind.cmp(&b.kind)));
    found
}

fn engine([before, after]: [Engine; 2]) -> Option<Difference> {
    (before != after).then(|| Difference {
        kind: DifferenceKind::Engine,
        subject: None,
        before: before.label().to_owned(),
        after: after.label().to_owned(),
        withholds: Withholds::Costs,
    })
}

fn sides_version(sides: [&Side<'_>; 2]) -> Option<Difference> {
    let [Some(before), Some(after)] = sides.map(|side| side.target) else { return None };
    releases_differ([before, after]).then(|| Difference {
        kind: DifferenceKind::Version,
        subject: None,
        before: before.version.clone(),
        after: after.version.clone(),
        withholds: Withholds::Costs,
    })
}

/// Whether the servers are of different release series, known on both sides.
pub(super) fn releases_differ(targets: [&TargetIdentity; 2]) -> bool {
    let [before, after] = targets.map(|target| release(&target.version, target.engine));
    before.is_some() && after.is_some() && before != after
}

/// The release series: `15` of PostgreSQL's `15.18`, `10.11` of MariaDB's `10.11.19`.
fn release(version: &str, engine: Engine) -> Option<Vec<u32>> {
    // Since version 10, PostgreSQL's second number only counts bug fixes.
    let parts = if engine == Engine::Postgres { 1 } else { 2 };
    let from = version.find(|c: char| c.is_ascii_digit())?;
    let numbers = version[from..].split(|c: char| !c.is_ascii_digit()).take(parts);
    numbers.map(|number| number.parse().ok()).collect()
}

/// Whether two sides are known to be one database at two times.
pub(super) fn is_same_place(targets: [Option<&TargetIdentity>; 2]) -> bool {
    let [Some(before), Some(after)] = targets else { return false };
    before.name == after.name && before.database == after.database
}

/// Whether a setting moves plans.
pub fn moves_plans(name: &str) -> bool {
    COST_UNITS.contains(&name)
        || PLANNER.contains(&name)
        || PLANNER_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Settings that both snapshots have, with other values: (name, before, after).
pub(super) fn changed_settings(
    [before, after]: [&BTreeMap<String, String>; 2],
) -> impl Iterator<Item = (&str, [&str; 2])> {
    before.iter().filter_map(|(name, old)| {
        let new = after.get(name).filter(|new| *new != old)?;
        moves_plans(name).then_some((name.as_str(), [old.as_str(), new.as_str()]))
    })
}

fn settings(sides: [&Side<'_>; 2], profiles: [&Profile<'_>; 2]) -> Vec<Difference> {
    let listed = sides.map(|side| {
        let settings = side.plan.settings.iter();
        settings.map(|(name, value)| (name.as_str(), value.as_str())).collect::<BTreeMap<_, _>>()
    });
    let value = |side: usize, name: &str| -> Option<&str> {
        let server = || sides[side].settings.and_then(|all| all.get(name)).map(String::as_str);
        listed[side].get(name).copied().or_else(server)
    };
    let mut names: Vec<&str> = listed.iter().flat_map(|side| side.keys().copied()).collect();
    if let [Some(before), Some(after)] = sides.map(|side| side.settings) {
        names.extend(changed_settings([before, after]).map(|(name, _)| name));
    }
    names.sort_unstable();
    names.dedup();
    let forbids = profiles.map(|profile| {
        let cost = profile.plan.root().estimate.total_cost;
        cost.is_some_and(|cost| cost >= DISABLED_COST)
    });
    let difference = |name: &&str| {
        let [before, after] = [0, 1].map(|side| value(side, name).unwrap_or(DEFAULT));
        let other_units =
            COST_UNITS.contains(name) || (name.starts_with("enable_") && forbids[0] != forbids[1]);
        let withholds = if other_units { Withholds::Costs } else { Withholds::Nothing };
        (before != after && moves_plans(name)).then(|| Difference {
            kind: DifferenceKind::Setting,
            subject: Some((*name).to_owned()),
            before: shown(before).to_owned(),
            after: shown(after).to_owned(),
            withholds,
        })
    };
    names.iter().filter_map(difference).collect()
}

/// An empty value in words.
pub(super) fn shown(value: &str) -> &str {
    if value.is_empty() { "nothing" } else { value }
}

/// Tables of the statement that hold other data, or are defined otherwise, on the two sides.
///
/// In one database at two times that is history, and a cause; in two databases it means that the
/// plans cannot be held against each other.
fn data(
    sides: [&Side<'_>; 2],
    profiles: [&Profile<'_>; 2],
    tolerance: Tolerance,
) -> Vec<Difference> {
    let same_place = is_same_place(sides.map(|side| side.target));
    let withholds = if same_place { Withholds::Nothing } else { Withholds::Everything };
    let [before, after] = profiles.map(known);
    let mut found = Vec::new();
    for (name, old) in before {
        if let Some(new) = after.get(name) {
            let of_table = table([old, new], tolerance).into_iter();
            found.extend(of_table.map(|difference| Difference { withholds, ..difference }));
        }
    }
    found
}

/// The tables that a plan reads, as far as the catalog knows them.
fn known<'a>(profile: &Profile<'a>) -> BTreeMap<&'a str, &'a Table> {
    let tables = profile.known.iter().flatten().take(MOST_RELATIONS);
    tables.map(|table| (table.name.as_str(), *table)).collect()
}

/// How two tables of one name differ.
pub(super) fn table([before, after]: [&Table; 2], tolerance: Tolerance) -> Vec<Difference> {
    let differs = |kind, subject: String, [before, after]: [String; 2]| Difference {
        kind,
        subject: Some(subject),
        before,
        after,
        withholds: Withholds::Nothing,
    };
    let mut found = Vec::new();
    let name = || after.name.clone();
    if let (Some(old), Some(new)) = (before.rows, after.rows)
        && old.max(new) >= tolerance.least_rows
        && old.max(new) >= OTHER_DATA * old.min(new).max(1.0)
    {
        let rows = [old, new].map(|rows| Count(rows.max(0.0)).to_string());
        found.push(differs(DifferenceKind::Rows, name(), rows));
    }
    let analyzed = [before, after].map(|table| table.analyzed_at.as_deref().map(str::is_empty));
    let rows = before.rows.unwrap_or(0.0).max(after.rows.unwrap_or(0.0));
    if let [Some(old), Some(new)] = analyzed
        && old != new
        && rows >= tolerance.least_rows
    {
        let words = [old, new].map(|never| if never { "never analyzed" } else { "analyzed" });
        found.push(differs(DifferenceKind::Statistics, name(), words.map(str::to_owned)));
    }
    if before.kind != after.kind && ![before.kind, after.kind].contains(&TableKind::Other) {
        let kinds = [before.kind, after.kind].map(|kind| kind.name().to_owned());
        found.push(differs(DifferenceKind::Schema, name(), kinds));
    }
    for column in &before.columns {
        let Some(new) = after.column(&column.name) else { continue };
        if new.data_type != column.data_type {
            let types = [column.data_type.clone(), new.data_type.clone()];
            found.push(differs(
                DifferenceKind::Schema,
                format!("{}.{}", name(), column.name),
                types,
            ));
        }
    }
    found
}

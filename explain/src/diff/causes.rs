//! What may explain a difference between two snapshots: indexes, version, settings, sizes.
//!
//! A catalog holds what was collected, which may be only the tables that the statements use. So an
//! index counts as dropped (or added) only when its table is in both catalogs.

use super::Tolerance;
use super::access::same_index;
use super::verdict::number;
use crate::engine::Engine;
use crate::units::Count;
use crate::workload::{Catalog, Index, Snapshot, Table};

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
    "default_statistics_target",
    "effective_cache_size",
    "effective_io_concurrency",
    "eq_range_index_dive_limit",
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
    "plan_cache_mode",
    "recursive_worktable_factor",
    "shared_buffers",
    "sort_buffer_size",
    "tmp_table_size",
    "work_mem",
];

const PLANNER_PREFIXES: &[&str] =
    &["enable_", "geqo", "innodb_stats_", "internalQuery", "jit_", "optimizer_"];

/// Rows after ÷ before from which a table has become another one.
const GROWTH: f64 = 2.0;

/// Everything that may explain a difference, the likeliest first.
pub(super) fn find(sides: [&Snapshot; 2], tolerance: Tolerance) -> Vec<String> {
    let catalogs = sides.map(|side| &side.catalog);
    let mut causes = Vec::new();
    let (lost, gained) = indexes(catalogs);
    causes.extend(lost);
    causes.extend(version(sides));
    causes.extend(settings(sides));
    causes.extend(tables(catalogs, tolerance));
    causes.extend(gained);
    causes
}

/// Whether costs of the two snapshots are in different units.
pub(super) fn costs_differ(sides: [&Snapshot; 2]) -> bool {
    let differs = |name: &&str| {
        let [before, after] = sides.map(|side| side.settings.get(*name));
        before.is_some() && after.is_some() && before != after
    };
    releases_differ(sides) || COST_UNITS.iter().any(differs)
}

/// Whether the servers are of different release series, known on both sides.
fn releases_differ(sides: [&Snapshot; 2]) -> bool {
    let [before, after] = sides.map(|s| release(&s.target.version, s.target.engine));
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

fn version(sides: [&Snapshot; 2]) -> Option<String> {
    let [before, after] = sides.map(|side| side.target.version.as_str());
    if before == after || before.is_empty() || after.is_empty() {
        return None;
    }
    let mut text = format!("the server's version changed from {before} to {after}");
    if releases_differ(sides) {
        text.push_str("; plans are compared by shape and work, not by cost");
    }
    Some(text)
}

/// A setting that only one side has was not collected on the other: that says nothing.
fn settings(sides: [&Snapshot; 2]) -> Vec<String> {
    let [before, after] = sides.map(|side| &side.settings);
    let matters = |name: &str| {
        COST_UNITS.contains(&name)
            || PLANNER.contains(&name)
            || PLANNER_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    let changed = |(name, old): (&String, &String)| {
        let new = after.get(name).filter(|new| *new != old)?;
        matters(name).then(|| format!("{name} changed from {} to {}", shown(old), shown(new)))
    };
    before.iter().filter_map(changed).collect()
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "nothing" } else { value }
}

fn table_of<'a>(catalog: &'a Catalog, index: &Index) -> Option<&'a Table> {
    catalog.table(index.schema.as_deref(), &index.table)
}

fn same_place(a: &Index, b: &Index) -> bool {
    a.name == b.name && a.table == b.table && a.schema == b.schema
}

/// Indexes of `from` that `to` should have (it knows the table) and has not.
fn missing<'a>(from: &'a Catalog, to: &Catalog) -> Vec<&'a Index> {
    let is_missing = |index: &&Index| {
        table_of(to, index).is_some() && !to.indexes.iter().any(|other| same_place(index, other))
    };
    from.indexes.iter().filter(is_missing).collect()
}

/// Indexes dropped, made useless, redefined or renamed; and indexes added.
fn indexes([before, after]: [&Catalog; 2]) -> (Vec<String>, Vec<String>) {
    let mut added = missing(after, before);
    let (mut lost, mut renamed) = (Vec::new(), Vec::new());
    for index in missing(before, after) {
        match added.iter().position(|new| same_index(index, new)) {
            Some(place) => {
                let new = &added.remove(place).name;
                renamed.push(format!("{} was renamed to {new}", described(index)));
            }
            None => lost.push(format!("{} was dropped", described(index))),
        }
    }
    for index in &before.indexes {
        let now = after.indexes.iter().find(|other| same_place(index, other));
        lost.extend(now.and_then(|now| changed(index, now)));
    }
    lost.extend(renamed);
    (lost, added.into_iter().map(|index| format!("{} was added", described(index))).collect())
}

fn changed(before: &Index, after: &Index) -> Option<String> {
    if !same_index(before, after) {
        let [old, new] = [before, after].map(definition);
        return Some(format!("index {} changed from {old} to {new}", before.name));
    }
    match (before.usable, after.usable) {
        (true, false) => Some(format!("{} can no longer be used", described(before))),
        (false, true) => Some(format!("{} can be used now", described(before))),
        _ => None,
    }
}

fn described(index: &Index) -> String {
    format!("index {} on {}", index.name, definition(index))
}

fn definition(index: &Index) -> String {
    let schema = index.schema.as_deref().filter(|schema| *schema != "public");
    let table = schema.map_or(index.table.clone(), |schema| format!("{schema}.{}", index.table));
    let keys: Vec<&str> = index.keys.iter().map(|key| key.text()).collect();
    let mut text = format!("{table} ({})", keys.join(", "));
    if !index.include.is_empty() {
        text.push_str(&format!(" include ({})", index.include.join(", ")));
    }
    if let Some(predicate) = &index.predicate {
        text.push_str(&format!(" where {predicate}"));
    }
    text
}

fn tables([before, after]: [&Catalog; 2], tolerance: Tolerance) -> Vec<String> {
    let (mut sizes, mut statistics) = (Vec::new(), Vec::new());
    for table in &after.tables {
        let Some(old) = before.table(table.schema.as_deref(), &table.name) else { continue };
        sizes.extend(growth(old, table, tolerance));
        // Never analyzed: known to be so, which is `Some("")`.
        if table.analyzed_at.as_deref() == Some("") {
            statistics.push(format!("{} was never analyzed", table.name));
        }
    }
    sizes.append(&mut statistics);
    sizes
}

fn growth(before: &Table, after: &Table, tolerance: Tolerance) -> Option<String> {
    let (old, new) = (before.rows?, after.rows?);
    let ratio = new.max(1.0) / old.max(1.0);
    if new.max(old) < tolerance.least_rows || (ratio < GROWTH && ratio > 1.0 / GROWTH) {
        return None;
    }
    let [from, to] = [old, new].map(Count);
    let name = &after.name;
    Some(if ratio >= GROWTH {
        format!("{name} has {} times the rows ({from} → {to})", number(ratio))
    } else {
        format!("{name} has shrunk ({from} → {to} rows)")
    })
}

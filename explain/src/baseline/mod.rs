//! Baselines: accepted plans as text for version control, one statement a text.
//!
//! A text holds what a later comparison needs and nothing that changes by itself: the statement and
//! the plan without literals, rows and costs to two digits, the tables and indexes that the plan is
//! about, the server's release series, the settings that bear on plans. `write` makes the text, `read`
//! reads it back; both are of this version of the format only.
//!
//! Rows and costs move a little with every ANALYZE. So that accepting a baseline anew does not change
//! files in which nothing happened, [`Entry::is_about`] tells when two entries say the same.

mod read;
mod settings;
mod tokens;
mod write;

#[cfg(test)]
mod tests;

pub use read::{BaselineError, read};
pub use settings::with_defaults;
pub use write::write;

use crate::engine::Engine;
use crate::plan::{ConditionKind, Estimate, Node, Plan, Rare, Workers};
use crate::workload::{
    Catalog, Coverage, Fingerprint, Index, PlanRecord, Snapshot, Source, Statement, Table,
    TargetIdentity, Window, fingerprint,
};
use std::collections::{BTreeMap, BTreeSet};

/// The first words of every baseline; the number is the format's.
pub const MAGIC: &str = "planscope baseline 1";

/// Details of nodes that comparisons look at.
const DETAILS: [&str; 3] = ["Disabled", "Subplans Removed", "Planned Partitions"];

/// Ratio up to which two estimates are the same: sampling moves them by a tenth or so.
const SAME_RATIO: f64 = 1.5;

/// One statement of a baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Name of the statement, unique within a baseline.
    pub name: String,
    /// The statement.
    pub fingerprint: Fingerprint,
    /// Where it stood when it was accepted.
    pub source: Option<Source>,
    /// The engine.
    pub engine: Engine,
    /// Release series of the server: `15`, `10.11`.
    pub version: String,
    /// Settings that bear on plans.
    pub settings: BTreeMap<String, String>,
    /// Tables that the plan reads or writes, with schema, name and rows only.
    pub tables: Vec<Table>,
    /// The indexes of these tables.
    pub indexes: Vec<Index>,
    /// The statement's text without literals.
    pub text: String,
    /// The plan: structure, conditions without literals, rows and costs to two digits.
    pub plan: Plan,
}

impl Entry {
    /// The entry of a statement of a snapshot; `None` when it has no plan.
    pub fn of(snapshot: &Snapshot, statement: &Statement) -> Option<Self> {
        let engine = snapshot.target.engine;
        let plan = plain(statement.plans.first()?.plan.clone());
        let tables = tables_of(&plan, &snapshot.catalog);
        let of_tables = |index: &&Index| {
            tables.iter().any(|t| {
                t.name == index.table && (t.schema == index.schema || index.schema.is_none())
            })
        };
        let mut indexes: Vec<Index> =
            snapshot.catalog.indexes.iter().filter(of_tables).map(plain_index).collect();
        indexes.sort_by(|a, b| (&a.schema, &a.table, &a.name).cmp(&(&b.schema, &b.table, &b.name)));
        Some(Self {
            name: statement.name.clone().unwrap_or_else(|| statement.fingerprint.to_string()),
            fingerprint: statement.fingerprint,
            source: statement.source.clone(),
            engine,
            version: series(&snapshot.target.version, engine),
            settings: settings::kept(&snapshot.settings, engine),
            tables,
            indexes,
            text: trimmed(&fingerprint::redact(&statement.text, engine)),
            plan,
        })
    }

    /// Whether `newer` says the same as this entry: equal but for rows and costs that moved by less
    /// than sampling moves them, and but for the line at which the statement stands.
    pub fn is_about(&self, newer: &Self) -> bool {
        let file = |entry: &Self| entry.source.as_ref().map(|source| source.file.clone());
        let head = |e: &Self| (e.name.clone(), e.fingerprint, e.version.clone(), file(e));
        head(self) == head(newer)
            && self.settings == newer.settings
            && self.indexes == newer.indexes
            && self.text == newer.text
            && alike(&self.tables, &newer.tables, |a, b| {
                (&a.schema, &a.name) == (&b.schema, &b.name) && near(a.rows, b.rows)
            })
            && write::plan_shape(&self.plan) == write::plan_shape(&newer.plan)
            && alike(self.plan.nodes(), newer.plan.nodes(), |a, b| {
                near(a.estimate.rows_per_loop, b.estimate.rows_per_loop)
                    && near(a.estimate.total_cost, b.estimate.total_cost)
            })
    }

    /// The entry as a statement of a snapshot.
    pub fn statement(&self) -> Statement {
        Statement {
            fingerprint: self.fingerprint,
            text: self.text.clone(),
            name: Some(self.name.clone()),
            source: self.source.clone(),
            plans: vec![PlanRecord { plan: self.plan.clone(), raw: None }],
            ..Statement::default()
        }
    }
}

/// Baseline entries as a snapshot, to be compared like one. `None` for none.
///
/// Version and settings are those of the first entry; see [`disagreement`].
pub fn snapshot(entries: &[Entry], name: &str) -> Option<Snapshot> {
    let first = entries.first()?;
    let mut catalog = Catalog::default();
    for entry in entries {
        for table in &entry.tables {
            let known = catalog
                .tables
                .iter_mut()
                .find(|t| t.schema == table.schema && t.name == table.name);
            match known {
                Some(known) => {
                    known.rows = known.rows.into_iter().chain(table.rows).reduce(f64::max)
                }
                None => catalog.tables.push(table.clone()),
            }
        }
        for index in &entry.indexes {
            let is_it = |i: &Index| {
                i.name == index.name && i.table == index.table && i.schema == index.schema
            };
            if !catalog.indexes.iter().any(is_it) {
                catalog.indexes.push(index.clone());
            }
        }
    }
    Some(Snapshot {
        target: TargetIdentity {
            name: name.to_owned(),
            engine: first.engine,
            version: first.version.clone(),
            database: None,
        },
        taken_at: String::new(),
        window: Window::default(),
        coverage: Coverage { statements: entries.len() as u64, ..Coverage::default() },
        statements: entries.iter().map(Entry::statement).collect(),
        catalog,
        settings: first.settings.clone(),
        log: None,
        problems: Vec::new(),
    })
}

/// Two entries that were accepted on different servers: their numbers in the list, and what differs.
/// A baseline is of one server.
pub fn disagreement(entries: &[Entry]) -> Option<([usize; 2], String)> {
    let first = entries.first()?;
    entries.iter().enumerate().skip(1).find_map(|(i, entry)| {
        let what = if entry.engine != first.engine {
            format!("{} and {}", first.engine.label(), entry.engine.label())
        } else if entry.version != first.version {
            let label = first.engine.label();
            format!("{label} {} and {}", first.version, entry.version)
        } else {
            let (name, old, new) = other_setting(&first.settings, &entry.settings)?;
            format!("{name} = {old} and {new}")
        };
        Some(([0, i], what))
    })
}

fn other_setting<'a>(
    a: &'a BTreeMap<String, String>,
    b: &'a BTreeMap<String, String>,
) -> Option<(&'a str, &'a str, &'a str)> {
    // What one of them leaves out has its default there.
    let names = a.keys().chain(b.keys());
    let value = |map: &'a BTreeMap<String, String>, name: &String| {
        map.get(name).map_or("the default", String::as_str)
    };
    let mut pairs = names.map(|name| (name.as_str(), value(a, name), value(b, name)));
    pairs.find(|(_, old, new)| old != new)
}

/// The release series of a version: `15` of PostgreSQL's `15.18`, `10.11` of MariaDB's `10.11.19-…`.
pub fn series(version: &str, engine: Engine) -> String {
    // Since version 10, PostgreSQL's second number only counts bug fixes.
    let parts = if engine == Engine::Postgres { 1 } else { 2 };
    let start = version.find(|c: char| c.is_ascii_digit()).unwrap_or(version.len());
    let numbers = version[start..].split(|c: char| !c.is_ascii_digit()).take(parts);
    numbers.collect::<Vec<_>>().join(".")
}

/// Two digits: what is left of an estimate that samples move.
pub fn rounded(value: f64) -> f64 {
    if !value.is_finite() {
        return 0.0;
    }
    format!("{value:.1e}").parse().unwrap_or(value)
}

fn near(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => {
            let (low, high) = (a.min(b).max(1.0), a.max(b).max(1.0));
            high <= low * SAME_RATIO
        }
        (a, b) => a.is_none() && b.is_none(),
    }
}

fn alike<T>(a: &[T], b: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

/// The plan with only what a baseline keeps.
fn plain(plan: Plan) -> Plan {
    let engine = plan.engine;
    let mut plan = plan.map_nodes(|node| plain_node(node, engine));
    plan.format = "baseline";
    (plan.statement, plan.engine_id, plan.planning_ms, plan.execution_ms) =
        (None, None, None, None);
    (plan.partial, plan.jit_ms) = (false, None);
    plan.settings.clear();
    plan.triggers.clear();
    plan.details.clear();
    plan
}

fn plain_node(node: &mut Node, engine: Engine) {
    node.estimate = Estimate {
        rows_per_loop: node.estimate.rows_per_loop.map(rounded),
        total_cost: node.estimate.total_cost.map(rounded),
        ..Estimate::default()
    };
    node.actual = None;
    node.buffers = Rare::default();
    node.examined = Rare::default();
    node.removed = Rare::default();
    node.memory = Rare::default();
    let planned = node.workers.and_then(|workers| workers.planned);
    node.workers = planned.map(|planned| Workers { planned: Some(planned), launched: None });
    node.conditions.retain(|condition| condition.kind != ConditionKind::Output);
    for condition in &mut node.conditions {
        condition.text = fingerprint::redact(&condition.text, engine);
    }
    node.details = kept_details(node);
}

/// Facts that only one engine says and that comparisons look at: numbers and flags, never texts,
/// which may hold literals.
fn kept_details(node: &Node) -> Rare<serde_json::Map<String, serde_json::Value>> {
    let mut kept = serde_json::Map::new();
    for name in DETAILS {
        if let Some(value) = node.details.get(name).filter(|v| v.is_number() || v.is_boolean()) {
            kept.insert((*name).to_owned(), value.clone());
        }
    }
    kept.into()
}

fn tables_of(plan: &Plan, catalog: &Catalog) -> Vec<Table> {
    let names: BTreeSet<(Option<&str>, &str)> = plan
        .nodes()
        .iter()
        .filter_map(|node| Some((node.schema.as_deref(), node.relation.as_deref()?)))
        .collect();
    let mut tables: Vec<Table> = Vec::new();
    for (schema, name) in names {
        let Some(table) = catalog.table(schema, name) else { continue };
        if !tables.iter().any(|t| t.schema == table.schema && t.name == table.name) {
            tables.push(Table {
                schema: table.schema.clone(),
                name: table.name.clone(),
                rows: table.rows.map(rounded),
                ..Table::default()
            });
        }
    }
    tables.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    tables
}

/// An index as it is defined, without what its use, size and statistics say.
fn plain_index(index: &Index) -> Index {
    Index {
        size_bytes: None,
        scans: None,
        definition: None,
        entries: None,
        entries_per_key: Vec::new(),
        ..index.clone()
    }
}

/// Without tabs, blanks at the ends of lines and empty lines, which editors change.
fn trimmed(text: &str) -> String {
    let text = text.replace('\t', "    ");
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

//! What may explain a difference between two snapshots: indexes, version, settings, sizes.
//!
//! A catalog holds what was collected, which may be only the tables that the statements use. So an
//! index counts as dropped (or added) only when its table is in both catalogs.

use super::Tolerance;
use super::access::same_index;
use super::circumstances::{changed_settings, is_same_place, releases_differ, shown, table};
use super::reason::number;
use crate::units::Count;
use crate::workload::{Catalog, Index, Snapshot, Table};

/// Rows after ÷ before from which a table has become another one.
const GROWTH: f64 = 2.0;
/// Share of a table's rows that has to change before its statistics are old; autovacuum analyzes at
/// a tenth.
const STALE: f64 = 0.2;

/// What a cause is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CauseKind {
    /// An index is gone.
    IndexDropped,
    /// An index is there and cannot be used: invalid, invisible.
    IndexUnusable,
    /// An index of the same name has another definition.
    IndexChanged,
    /// The version of the server.
    Version,
    /// A setting that moves plans.
    Setting,
    /// A table has many times the rows, or far fewer.
    Rows,
    /// The statistics of a table are missing or older than its data.
    Statistics,
    /// The type of a column, or the kind of a table.
    Schema,
    /// An index has another name; rarely a reason, but a hint may name it.
    IndexRenamed,
    /// An index is new, or can be used now.
    IndexAdded,
}

impl CauseKind {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::IndexDropped => "index-dropped",
            Self::IndexUnusable => "index-unusable",
            Self::IndexChanged => "index-changed",
            Self::Version => "version",
            Self::Setting => "setting",
            Self::Rows => "rows",
            Self::Statistics => "statistics",
            Self::Schema => "schema",
            Self::IndexRenamed => "index-renamed",
            Self::IndexAdded => "index-added",
        }
    }
}

/// Something that changed between two snapshots and moves plans.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// What it is about.
    pub kind: CauseKind,
    /// The table that it concerns; `None` where it is all of them.
    pub table: Option<String>,
    /// One sentence for people.
    pub text: String,
    /// What would undo it; `None` where nothing sensible does.
    pub undo: Option<Undo>,
}

impl Cause {
    /// The index that it is about, by the name that plans know.
    pub(super) fn index(&self) -> Option<&str> {
        match self.undo.as_ref()? {
            Undo::CreateIndex(index) | Undo::RepairIndex(index) | Undo::DropIndex(index) => {
                Some(&index.name)
            }
            Undo::RecreateIndex { was, .. } => Some(&was.name),
            Undo::Setting { .. } | Undo::Analyze { .. } => None,
        }
    }
}

/// What undoes a cause, as data: advice and its SQL are made of it elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub enum Undo {
    /// Make the index again.
    CreateIndex(Index),
    /// Drop what is there and make it as it was.
    RecreateIndex {
        /// As it is now.
        now: Index,
        /// As it was.
        was: Box<Index>,
    },
    /// The index is there: build it anew or make it visible.
    RepairIndex(Index),
    /// Drop the index that is new.
    DropIndex(Index),
    /// Give the setting its old value.
    Setting {
        /// The setting.
        name: String,
        /// The value before.
        value: String,
    },
    /// Refresh the statistics.
    Analyze {
        /// The table's schema.
        schema: Option<String>,
        /// The table.
        table: String,
    },
}

/// Everything that may explain a difference, the likeliest first.
pub(super) fn find(sides: [&Snapshot; 2], tolerance: Tolerance) -> Vec<Cause> {
    let catalogs = sides.map(|side| &side.catalog);
    let mut causes = indexes(catalogs);
    causes.extend(version(sides));
    causes.extend(settings(sides));
    let same_place = is_same_place(sides.map(|side| Some(&side.target)));
    causes.extend(tables(catalogs, tolerance, same_place));
    causes.sort_by_key(|cause| cause.kind);
    causes
}

fn version(sides: [&Snapshot; 2]) -> Option<Cause> {
    let [before, after] = sides.map(|side| side.target.version.as_str());
    if before == after || before.is_empty() || after.is_empty() {
        return None;
    }
    let mut text = format!("the server's version changed from {before} to {after}");
    if releases_differ(sides.map(|side| &side.target)) {
        text.push_str("; plans are compared by shape and work, not by cost");
    }
    Some(Cause { kind: CauseKind::Version, table: None, text, undo: None })
}

/// A setting that only one side has was not collected on the other: that says nothing.
fn settings(sides: [&Snapshot; 2]) -> Vec<Cause> {
    let cause = |(name, [old, new]): (&str, [&str; 2])| Cause {
        kind: CauseKind::Setting,
        table: None,
        text: format!("{name} changed from {} to {}", shown(old), shown(new)),
        undo: Some(Undo::Setting { name: name.to_owned(), value: old.to_owned() }),
    };
    changed_settings(sides.map(|side| &side.settings)).map(cause).collect()
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

/// Indexes dropped, made useless, redefined, renamed, added.
fn indexes([before, after]: [&Catalog; 2]) -> Vec<Cause> {
    let mut added = missing(after, before);
    let mut causes = Vec::new();
    for index in missing(before, after) {
        let renamed = added.iter().position(|new| same_index(index, new));
        causes.push(match renamed.map(|place| added.remove(place)) {
            Some(new) => {
                let text = format!("{} was renamed to {}", described(index), new.name);
                about(CauseKind::IndexRenamed, index, text, None)
            }
            None => {
                let text = format!("{} was dropped", described(index));
                let undo = Undo::CreateIndex(index.clone());
                about(CauseKind::IndexDropped, index, text, Some(undo))
            }
        });
    }
    for index in &before.indexes {
        let now = after.indexes.iter().find(|other| same_place(index, other));
        causes.extend(now.and_then(|now| changed(index, now)));
    }
    causes.extend(added.into_iter().map(|index| {
        let text = format!("{} was added", described(index));
        about(CauseKind::IndexAdded, index, text, Some(Undo::DropIndex(index.clone())))
    }));
    causes
}

fn about(kind: CauseKind, index: &Index, text: String, undo: Option<Undo>) -> Cause {
    Cause { kind, table: Some(index.table.clone()), text, undo }
}

fn changed(before: &Index, after: &Index) -> Option<Cause> {
    if !same_index(before, after) {
        let [old, new] = [before, after].map(definition);
        let text = format!("index {} changed from {old} to {new}", before.name);
        let undo = Undo::RecreateIndex { now: after.clone(), was: Box::new(before.clone()) };
        return Some(about(CauseKind::IndexChanged, before, text, Some(undo)));
    }
    match (before.usable, after.usable) {
        (true, false) => {
            let text = format!("{} can no longer be used", described(before));
            let undo = Undo::RepairIndex(after.clone());
            Some(about(CauseKind::IndexUnusable, before, text, Some(undo)))
        }
        (false, true) => {
            let text = format!("{} can be used now", described(before));
            Some(about(CauseKind::IndexAdded, before, text, None))
        }
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

fn tables([before, after]: [&Catalog; 2], tolerance: Tolerance, same_place: bool) -> Vec<Cause> {
    let mut causes = Vec::new();
    for now in &after.tables {
        let Some(old) = before.table(now.schema.as_deref(), &now.name) else { continue };
        let of = |kind, text, undo| Cause { kind, table: Some(now.name.clone()), text, undo };
        causes.extend(growth(old, now, tolerance).map(|text| of(CauseKind::Rows, text, None)));
        if let Some(text) = staleness(old, now, same_place) {
            let undo = Undo::Analyze { schema: now.schema.clone(), table: now.name.clone() };
            causes.push(of(CauseKind::Statistics, text, Some(undo)));
        }
        let schema = table([old, now], tolerance).into_iter();
        let schema = schema.filter(|found| found.kind == super::DifferenceKind::Schema);
        causes.extend(schema.map(|found| {
            let subject = found.subject.unwrap_or_default();
            let text = format!("{subject} changed from {} to {}", found.before, found.after);
            of(CauseKind::Schema, text, None)
        }));
    }
    causes
}

/// Why the statistics of a table are not what its data is.
fn staleness(before: &Table, after: &Table, same_place: bool) -> Option<String> {
    let name = &after.name;
    // Never analyzed: known to be so, which is `Some("")`.
    if after.analyzed_at.as_deref() == Some("") {
        return Some(format!("{name} was never analyzed"));
    }
    let [old, new] = [before, after].map(|table| table.modified_since_analyze.unwrap_or(0.0));
    let rows = after.rows.unwrap_or(0.0).max(1.0);
    if new < rows * STALE || new <= old {
        return None;
    }
    // The same time of ANALYZE on both sides: the data moved on and the statistics did not.
    let since = match after.analyzed_at.as_deref() {
        Some(at) if same_place && before.analyzed_at == after.analyzed_at => {
            format!("since its last ANALYZE ({at}, before both)")
        }
        _ => "since its last ANALYZE".to_owned(),
    };
    Some(format!("{} rows of {name} changed {since}", Count(new)))
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

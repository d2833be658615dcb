//! The workload: statements with their counters and plans, the catalog, and the snapshot that
//! holds them together.

pub mod bytes;
pub mod catalog;
pub mod ddl;
pub mod delta;
pub mod fingerprint;
pub mod lexer;
pub mod log;
pub mod query;
pub mod statement;
pub mod time;

pub use catalog::{Catalog, Column, Index, IndexKey, Table};
pub use fingerprint::Fingerprint;
pub use log::{History, LogFacts};
pub use statement::{Counters, Percentiles, PlanRecord, Source, Statement};

use crate::engine::Engine;
use std::collections::BTreeMap;

/// What a target is, without how to get in: nothing here is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetIdentity {
    /// The name under which the user knows it.
    pub name: String,
    /// Its engine.
    pub engine: Engine,
    /// The server's version as it says it, e.g. `15.18`.
    pub version: String,
    /// The database that was looked at.
    pub database: Option<String>,
}

/// The time that the counters cover. Times are RFC 3339 texts: this crate has no clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window {
    /// When the counters began; `None` when the server does not say.
    pub from: Option<String>,
    /// When they were read.
    pub to: Option<String>,
}

/// How much of the workload the statements of a snapshot stand for.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Coverage {
    /// Statements in the snapshot.
    pub statements: u64,
    /// Statements that the server knew.
    pub of: u64,
    /// Share of all execution time, 0 to 1; `None` when times are not known.
    pub time_share: Option<f64>,
}

/// Something that was not collected, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A stable word for the kind: `explain-failed`, `permission`, `timeout`, `not-explainable` …
    pub kind: String,
    /// What happened, for a person.
    pub message: String,
    /// The statement it is about.
    pub statement: Option<Fingerprint>,
}

/// What was collected from a target at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// What was looked at.
    pub target: TargetIdentity,
    /// When, as an RFC 3339 text.
    pub taken_at: String,
    /// The time that the counters cover.
    pub window: Window,
    /// How much of the workload is here.
    pub coverage: Coverage,
    /// The statements, heaviest first.
    pub statements: Vec<Statement>,
    /// Tables and indexes that the statements use.
    pub catalog: Catalog,
    /// Server settings that matter to plans and advice.
    pub settings: BTreeMap<String, String>,
    /// What was not collected, and why.
    pub problems: Vec<Problem>,
    /// What logs say besides; `None` when the snapshot was not made of logs.
    pub log: Option<Box<LogFacts>>,
}

impl Snapshot {
    /// The first statement of that fingerprint.
    pub fn statement(&self, fingerprint: Fingerprint) -> Option<&Statement> {
        self.statements.iter().find(|s| s.fingerprint == fingerprint)
    }

    /// The statement meant by `id`: a name, an engine's id, or a fingerprint (a prefix of at least
    /// four digits will do when it fits only one).
    pub fn find(&self, id: &str) -> Option<&Statement> {
        let exact = |s: &&Statement| {
            s.name.as_deref() == Some(id)
                || s.engine_id.as_deref() == Some(id)
                || s.fingerprint.to_string() == id
        };
        if let Some(found) = self.statements.iter().find(exact) {
            return Some(found);
        }
        if id.len() < 4 {
            return None;
        }
        let mut fits = self.statements.iter().filter(|s| s.fingerprint.to_string().starts_with(id));
        fits.next().filter(|_| fits.next().is_none())
    }

    /// Execution time of all statements in milliseconds.
    pub fn total_ms(&self) -> f64 {
        self.statements.iter().filter_map(|s| s.counters.total_ms).sum()
    }
}

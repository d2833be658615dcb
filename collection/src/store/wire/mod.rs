//! The wire: `planscope.snapshot/1` as it stands in a snapshot file.
//!
//! These types are a promise to scripts and to later releases; the domain types are not. Names are
//! added, never changed. A field that a file lacks is absent, a field that this version does not
//! know is skipped, so files of every minor release can be read by every other.

mod catalog;
mod condition;
mod log;
mod plan;

pub use catalog::{CatalogDoc, ColumnDoc, ForeignKeyDoc, IndexDoc, IndexKeyDoc, TableDoc};
pub use condition::{ConditionDoc, PredicateDoc};
pub use log::{
    CountedDoc, FailedDoc, HistoryDoc, HourDoc, LoadStepDoc, LogDoc, LogSourceDoc, RejectedDoc,
};
pub use plan::{
    MemoryDoc, NodeDoc, NoteDoc, PlanDoc, RemovedDoc, SettingDoc, TriggerDoc, WorkersDoc,
};

use planscope_explain::Engine;
use planscope_explain::workload::{
    Catalog, Counters, Coverage, Fingerprint, History, LogFacts, Percentiles, PlanRecord, Problem,
    Snapshot, Source, Statement, TargetIdentity, Window,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The schema that this version writes.
pub const SNAPSHOT_SCHEMA: &str = "planscope.snapshot/1";

/// Declares a wire type with the fields of a domain type, by the same names, and both conversions.
macro_rules! mirrored {
    ($(#[$meta:meta])* $doc:ident of $domain:ty {
        $($(#[$field_meta:meta])* $field:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(default)]
        pub struct $doc {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl From<&$domain> for $doc {
            fn from(from: &$domain) -> Self {
                Self { $($field: Clone::clone(&from.$field),)* }
            }
        }

        impl From<$doc> for $domain {
            fn from(from: $doc) -> Self {
                Self { $($field: from.$field,)* }
            }
        }
    };
}
use mirrored;

/// A document that does not make sense, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    place: String,
    what: String,
}

impl Broken {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }

    fn within(self, outer: &str) -> Self {
        Self { place: format!("{outer}.{}", self.place), what: self.what }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

impl std::error::Error for Broken {}

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SnapshotDoc {
    /// `planscope.snapshot/1`.
    pub schema: String,
    /// What was looked at.
    pub target: TargetDoc,
    /// When, RFC 3339.
    pub taken_at: String,
    /// The time that the counters cover.
    pub window: WindowDoc,
    /// How much of the workload is here.
    pub coverage: CoverageDoc,
    /// The statements, heaviest first.
    pub statements: Vec<StatementDoc>,
    /// Tables and indexes.
    pub catalog: CatalogDoc,
    /// Settings that matter.
    pub settings: BTreeMap<String, String>,
    /// What was not collected, and why.
    pub problems: Vec<ProblemDoc>,
    /// What logs say besides; null when the snapshot was not made of logs.
    pub log: Option<LogDoc>,
}

/// What a target is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TargetDoc {
    /// The name under which the user knows it.
    pub name: String,
    /// Its engine, e.g. `postgresql`.
    pub engine: String,
    /// The server's version.
    pub version: String,
    /// The database.
    pub database: Option<String>,
}

mirrored! {
    /// The time that the counters cover.
    WindowDoc of Window {
        /// When the counters began.
        from: Option<String>,
        /// When they were read.
        to: Option<String>,
    }
}

mirrored! {
    /// How much of the workload the statements stand for.
    CoverageDoc of Coverage {
        /// Statements in the snapshot.
        statements: u64,
        /// Statements that the server knew.
        of: u64,
        /// Share of all execution time, 0 to 1.
        time_share: Option<f64>,
    }
}

/// Something that was not collected.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProblemDoc {
    /// A stable word for the kind.
    pub kind: String,
    /// What happened.
    pub message: String,
    /// Fingerprint of the statement it is about.
    pub statement: Option<String>,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StatementDoc {
    /// 16 hexadecimal digits.
    pub fingerprint: String,
    /// The engine's own id.
    pub engine_id: Option<String>,
    /// The text.
    pub text: String,
    /// The name given in a file of statements.
    pub name: Option<String>,
    /// Where it stands in that file.
    pub source: Option<SourceDoc>,
    /// Database it ran in.
    pub database: Option<String>,
    /// User who ran it.
    pub user: Option<String>,
    /// Application that ran it, where the source says so and there was only one.
    pub application: Option<String>,
    /// What its executions cost.
    pub counters: CountersDoc,
    /// Distribution of its times.
    pub percentiles: PercentilesDoc,
    /// Its plans, newest first.
    pub plans: Vec<PlanDoc>,
    /// What could not be collected of it.
    pub problems: Vec<ProblemDoc>,
    /// When it ran; null when no log tells.
    pub history: Option<HistoryDoc>,
}

mirrored! {
    /// A place in a file.
    SourceDoc of Source {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u32,
    }
}

mirrored! {
    /// Distribution of a statement's times.
    PercentilesDoc of Percentiles {
        /// Median.
        p50_ms: Option<f64>,
        /// 95th percentile.
        p95_ms: Option<f64>,
        /// 99th percentile.
        p99_ms: Option<f64>,
    }
}

mirrored! {
    /// Figures over all executions of a statement; `null` is not known.
    CountersDoc of Counters {
        /// Executions.
        calls: Option<f64>,
        /// Milliseconds over all calls.
        total_ms: Option<f64>,
        /// Milliseconds of an average call.
        mean_ms: Option<f64>,
        /// Milliseconds of the fastest call.
        min_ms: Option<f64>,
        /// Milliseconds of the slowest call.
        max_ms: Option<f64>,
        /// Standard deviation of a call's milliseconds.
        stddev_ms: Option<f64>,
        /// Milliseconds of planning over all calls.
        planning_ms: Option<f64>,
        /// Rows returned or changed.
        rows: Option<f64>,
        /// Rows looked at (SQLite: steps of full scans).
        rows_examined: Option<f64>,
        /// Keys of indexes looked at (MongoDB).
        keys_examined: Option<f64>,
        /// Blocks found in the shared buffers.
        shared_blocks_hit: Option<f64>,
        /// Blocks read into the shared buffers.
        shared_blocks_read: Option<f64>,
        /// Blocks changed.
        shared_blocks_dirtied: Option<f64>,
        /// Blocks written out.
        shared_blocks_written: Option<f64>,
        /// Temporary blocks read.
        temp_blocks_read: Option<f64>,
        /// Temporary blocks written.
        temp_blocks_written: Option<f64>,
        /// Milliseconds of reading and writing blocks.
        io_ms: Option<f64>,
        /// Bytes of write-ahead log.
        wal_bytes: Option<f64>,
        /// Sorts (SQLite, MySQL, MariaDB).
        sorts: Option<f64>,
        /// Rows put into automatic indexes (SQLite).
        auto_index_rows: Option<f64>,
        /// Virtual machine steps (SQLite).
        vm_steps: Option<f64>,
        /// Milliseconds of waiting for locks (MySQL, MariaDB).
        lock_ms: Option<f64>,
        /// Executions that scanned a table without an index (MySQL, MariaDB).
        no_index_used: Option<f64>,
        /// Joins that scanned the inner table without an index (MySQL, MariaDB).
        full_joins: Option<f64>,
        /// Temporary tables made (MySQL, MariaDB).
        tmp_tables: Option<f64>,
        /// Temporary tables made on disk (MySQL, MariaDB).
        tmp_disk_tables: Option<f64>,
        /// Passes of merging that sorts made because they did not fit in memory (MySQL, MariaDB).
        sort_merge_passes: Option<f64>,
        /// Executions that failed (MySQL, MariaDB).
        errors: Option<f64>,
    }
}

impl From<&Snapshot> for SnapshotDoc {
    fn from(snapshot: &Snapshot) -> Self {
        Self {
            schema: SNAPSHOT_SCHEMA.to_owned(),
            target: TargetDoc::from(&snapshot.target),
            taken_at: snapshot.taken_at.clone(),
            window: WindowDoc::from(&snapshot.window),
            coverage: CoverageDoc::from(&snapshot.coverage),
            statements: snapshot.statements.iter().map(StatementDoc::from).collect(),
            catalog: CatalogDoc::from(&snapshot.catalog),
            settings: snapshot.settings.clone(),
            problems: snapshot.problems.iter().map(ProblemDoc::from).collect(),
            log: snapshot.log.as_deref().map(LogDoc::from),
        }
    }
}

impl TryFrom<SnapshotDoc> for Snapshot {
    type Error = Broken;

    fn try_from(doc: SnapshotDoc) -> Result<Self, Broken> {
        let statement = |(i, statement): (usize, StatementDoc)| {
            Statement::try_from(statement).map_err(|e| e.within(&format!("statements[{i}]")))
        };
        let statements: Result<Vec<Statement>, Broken> =
            doc.statements.into_iter().enumerate().map(statement).collect();
        Ok(Self {
            target: TargetIdentity::try_from(doc.target).map_err(|e| e.within("target"))?,
            taken_at: doc.taken_at,
            window: doc.window.into(),
            coverage: doc.coverage.into(),
            statements: statements?,
            catalog: Catalog::from(doc.catalog),
            settings: doc.settings,
            problems: problems(doc.problems)?,
            log: doc
                .log
                .map(|log| LogFacts::try_from(log).map(Box::new))
                .transpose()
                .map_err(|e| e.within("log"))?,
        })
    }
}

impl From<&TargetIdentity> for TargetDoc {
    fn from(target: &TargetIdentity) -> Self {
        Self {
            name: target.name.clone(),
            engine: target.engine.name().to_owned(),
            version: target.version.clone(),
            database: target.database.clone(),
        }
    }
}

impl TryFrom<TargetDoc> for TargetIdentity {
    type Error = Broken;

    fn try_from(doc: TargetDoc) -> Result<Self, Broken> {
        let engine = Engine::from_name(&doc.engine)
            .ok_or_else(|| Broken::new("engine", format!("unknown engine `{}`", doc.engine)))?;
        Ok(Self { name: doc.name, engine, version: doc.version, database: doc.database })
    }
}

impl From<&Statement> for StatementDoc {
    fn from(statement: &Statement) -> Self {
        Self {
            fingerprint: statement.fingerprint.to_string(),
            engine_id: statement.engine_id.clone(),
            text: statement.text.clone(),
            name: statement.name.clone(),
            source: statement.source.as_ref().map(SourceDoc::from),
            database: statement.database.clone(),
            user: statement.user.clone(),
            application: statement.application.clone(),
            counters: CountersDoc::from(&statement.counters),
            percentiles: PercentilesDoc::from(&statement.percentiles),
            plans: statement.plans.iter().map(PlanDoc::from).collect(),
            problems: statement.problems.iter().map(ProblemDoc::from).collect(),
            history: statement.history.as_deref().map(HistoryDoc::from),
        }
    }
}

impl TryFrom<StatementDoc> for Statement {
    type Error = Broken;

    fn try_from(doc: StatementDoc) -> Result<Self, Broken> {
        let record = |(i, plan): (usize, PlanDoc)| {
            PlanRecord::try_from(plan).map_err(|e| e.within(&format!("plans[{i}]")))
        };
        let plans: Result<Vec<PlanRecord>, Broken> =
            doc.plans.into_iter().enumerate().map(record).collect();
        Ok(Self {
            fingerprint: read_fingerprint("fingerprint", &doc.fingerprint)?,
            engine_id: doc.engine_id,
            text: doc.text,
            name: doc.name,
            source: doc.source.map(Source::from),
            database: doc.database,
            user: doc.user,
            application: doc.application,
            counters: doc.counters.into(),
            percentiles: doc.percentiles.into(),
            plans: plans?,
            problems: problems(doc.problems)?,
            history: doc.history.map(|history| Box::new(History::from(history))),
        })
    }
}

impl From<&Problem> for ProblemDoc {
    fn from(problem: &Problem) -> Self {
        Self {
            kind: problem.kind.clone(),
            message: problem.message.clone(),
            statement: problem.statement.map(|fingerprint| fingerprint.to_string()),
        }
    }
}

fn problems(docs: Vec<ProblemDoc>) -> Result<Vec<Problem>, Broken> {
    let read = |doc: ProblemDoc| {
        let statement =
            doc.statement.map(|text| read_fingerprint("problems.statement", &text)).transpose()?;
        Ok(Problem { kind: doc.kind, message: doc.message, statement })
    };
    docs.into_iter().map(read).collect()
}

fn read_fingerprint(place: &str, text: &str) -> Result<Fingerprint, Broken> {
    text.parse().map_err(|_| Broken::new(place, format!("`{text}` is no fingerprint")))
}

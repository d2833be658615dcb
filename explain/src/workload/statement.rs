//! A statement: normalized text, counters, plans.

use super::{Fingerprint, History, Problem};
use crate::plan::Plan;

/// A normalized query and what is known of its executions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Statement {
    /// Identity across engines' own ids, servers and releases of planscope.
    pub fingerprint: Fingerprint,
    /// The engine's own id (queryid, digest, queryHash), as text.
    pub engine_id: Option<String>,
    /// The text; literals replaced unless the user asked to keep them.
    pub text: String,
    /// The name given in the file of statements (`-- name: top_customers`).
    pub name: Option<String>,
    /// Where the text stands, when it came from a file.
    pub source: Option<Source>,
    /// Database it ran in.
    pub database: Option<String>,
    /// User who ran it.
    pub user: Option<String>,
    /// Application that ran it, where the source says so and there was only one.
    pub application: Option<String>,
    /// What its executions cost.
    pub counters: Counters,
    /// Distribution of its times.
    pub percentiles: Percentiles,
    /// Its plans, the newest first.
    pub plans: Vec<PlanRecord>,
    /// What could not be collected of it, and why.
    pub problems: Vec<Problem>,
    /// When it ran, where a log tells.
    pub history: Option<Box<History>>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file as the user named it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// A plan, with its text.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanRecord {
    /// The plan.
    pub plan: Plan,
    /// The engine's own text of it; literals replaced unless the user asked to keep them.
    pub raw: Option<String>,
}

/// Figures over all executions of a statement in the window. Absent is `None`, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Counters {
    /// Executions.
    pub calls: Option<f64>,
    /// Milliseconds over all calls.
    pub total_ms: Option<f64>,
    /// Milliseconds of an average call.
    pub mean_ms: Option<f64>,
    /// Milliseconds of the fastest call.
    pub min_ms: Option<f64>,
    /// Milliseconds of the slowest call.
    pub max_ms: Option<f64>,
    /// Standard deviation of a call's milliseconds.
    pub stddev_ms: Option<f64>,
    /// Milliseconds of planning over all calls.
    pub planning_ms: Option<f64>,
    /// Rows returned or changed over all calls.
    pub rows: Option<f64>,
    /// Rows looked at over all calls.
    pub rows_examined: Option<f64>,
    /// Keys of indexes looked at over all calls (MongoDB).
    pub keys_examined: Option<f64>,
    /// Blocks found in the shared buffers.
    pub shared_blocks_hit: Option<f64>,
    /// Blocks read into the shared buffers.
    pub shared_blocks_read: Option<f64>,
    /// Blocks changed.
    pub shared_blocks_dirtied: Option<f64>,
    /// Blocks written out.
    pub shared_blocks_written: Option<f64>,
    /// Temporary blocks read.
    pub temp_blocks_read: Option<f64>,
    /// Temporary blocks written.
    pub temp_blocks_written: Option<f64>,
    /// Milliseconds of reading and writing blocks, where the server times it.
    pub io_ms: Option<f64>,
    /// Bytes of write-ahead log.
    pub wal_bytes: Option<f64>,
    /// Sort operations (SQLite, MySQL, MariaDB; MongoDB from logs and the profiler).
    pub sorts: Option<f64>,
    /// Automatic indexes built (SQLite), in rows inserted.
    pub auto_index_rows: Option<f64>,
    /// Virtual machine steps (SQLite): work without a clock.
    pub vm_steps: Option<f64>,
    /// Milliseconds of waiting for locks (MySQL, MariaDB; MongoDB and PostgreSQL from logs).
    pub lock_ms: Option<f64>,
    /// Executions that scanned a table without an index (MySQL, MariaDB, MongoDB).
    pub no_index_used: Option<f64>,
    /// Joins that scanned the inner table without an index (MySQL, MariaDB).
    pub full_joins: Option<f64>,
    /// Temporary tables made (MySQL, MariaDB).
    pub tmp_tables: Option<f64>,
    /// Temporary tables made on disk (MySQL, MariaDB).
    pub tmp_disk_tables: Option<f64>,
    /// Passes of merging that sorts made because they did not fit in memory (MySQL, MariaDB).
    pub sort_merge_passes: Option<f64>,
    /// Executions that failed (MySQL, MariaDB).
    pub errors: Option<f64>,
}

impl Counters {
    /// The counters with their names on the wire, for anything that walks over all of them.
    pub fn named(&self) -> [(&'static str, Option<f64>); 28] {
        [
            ("calls", self.calls),
            ("total_ms", self.total_ms),
            ("mean_ms", self.mean_ms),
            ("min_ms", self.min_ms),
            ("max_ms", self.max_ms),
            ("stddev_ms", self.stddev_ms),
            ("planning_ms", self.planning_ms),
            ("rows", self.rows),
            ("rows_examined", self.rows_examined),
            ("keys_examined", self.keys_examined),
            ("shared_blocks_hit", self.shared_blocks_hit),
            ("shared_blocks_read", self.shared_blocks_read),
            ("shared_blocks_dirtied", self.shared_blocks_dirtied),
            ("shared_blocks_written", self.shared_blocks_written),
            ("temp_blocks_read", self.temp_blocks_read),
            ("temp_blocks_written", self.temp_blocks_written),
            ("io_ms", self.io_ms),
            ("wal_bytes", self.wal_bytes),
            ("sorts", self.sorts),
            ("auto_index_rows", self.auto_index_rows),
            ("vm_steps", self.vm_steps),
            ("lock_ms", self.lock_ms),
            ("no_index_used", self.no_index_used),
            ("full_joins", self.full_joins),
            ("tmp_tables", self.tmp_tables),
            ("tmp_disk_tables", self.tmp_disk_tables),
            ("sort_merge_passes", self.sort_merge_passes),
            ("errors", self.errors),
        ]
    }

    /// The counter of that name (as in [`Counters::named`]), to be filled in.
    pub fn slot(&mut self, name: &str) -> Option<&mut Option<f64>> {
        Some(match name {
            "calls" => &mut self.calls,
            "total_ms" => &mut self.total_ms,
            "mean_ms" => &mut self.mean_ms,
            "min_ms" => &mut self.min_ms,
            "max_ms" => &mut self.max_ms,
            "stddev_ms" => &mut self.stddev_ms,
            "planning_ms" => &mut self.planning_ms,
            "rows" => &mut self.rows,
            "rows_examined" => &mut self.rows_examined,
            "keys_examined" => &mut self.keys_examined,
            "shared_blocks_hit" => &mut self.shared_blocks_hit,
            "shared_blocks_read" => &mut self.shared_blocks_read,
            "shared_blocks_dirtied" => &mut self.shared_blocks_dirtied,
            "shared_blocks_written" => &mut self.shared_blocks_written,
            "temp_blocks_read" => &mut self.temp_blocks_read,
            "temp_blocks_written" => &mut self.temp_blocks_written,
            "io_ms" => &mut self.io_ms,
            "wal_bytes" => &mut self.wal_bytes,
            "sorts" => &mut self.sorts,
            "auto_index_rows" => &mut self.auto_index_rows,
            "vm_steps" => &mut self.vm_steps,
            "lock_ms" => &mut self.lock_ms,
            "no_index_used" => &mut self.no_index_used,
            "full_joins" => &mut self.full_joins,
            "tmp_tables" => &mut self.tmp_tables,
            "tmp_disk_tables" => &mut self.tmp_disk_tables,
            "sort_merge_passes" => &mut self.sort_merge_passes,
            "errors" => &mut self.errors,
            _ => return None,
        })
    }
}

/// Distribution of a statement's times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Percentiles {
    /// Half of the calls took at most this.
    pub p50_ms: Option<f64>,
    /// 95 % of the calls took at most this.
    pub p95_ms: Option<f64>,
    /// 99 % of the calls took at most this.
    pub p99_ms: Option<f64>,
}

//! What was estimated and what was measured at a node.
//!
//! A name says whether a figure is per loop or over all loops: `…_per_loop` is per loop, all others
//! are over all loops.

/// The planner's estimate.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Estimate {
    /// Rows out, for one loop.
    pub rows_per_loop: Option<f64>,
    /// Average width of a row in bytes.
    pub width_bytes: Option<f64>,
    /// Cost until the first row, for one loop, in the planner's units, inputs included.
    pub startup_cost: Option<f64>,
    /// Cost until the last row, for one loop, in the planner's units, inputs included.
    pub total_cost: Option<f64>,
}

/// What an execution measured. Present when the node was measured, even if it never ran.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Actual {
    /// How often the node ran, over all workers; 0 when it never did.
    pub loops: f64,
    /// Average rows out of one loop, as printed.
    pub rows_per_loop: f64,
    /// Half of the last printed digit of `rows_per_loop`: 0.5 where the engine prints whole rows
    /// of an average over several loops, 0.005 where it prints two decimals, 0 where it is exact.
    pub rows_rounding: f64,
    /// Average milliseconds until the first row of a loop.
    pub startup_ms_per_loop: Option<f64>,
    /// Average milliseconds until the last row of a loop, inputs included.
    pub total_ms_per_loop: Option<f64>,
}

impl Actual {
    /// Whether the node never ran.
    pub fn never_executed(&self) -> bool {
        self.loops == 0.0
    }

    /// Rows out over all loops.
    pub fn rows(&self) -> f64 {
        self.rows_per_loop * self.loops
    }

    /// The least and the most rows that the printed, rounded average can stand for, all loops.
    pub fn rows_interval(&self) -> (f64, f64) {
        if self.loops <= 1.0 {
            return (self.rows(), self.rows());
        }
        let low = (self.rows_per_loop - self.rows_rounding).max(0.0);
        (low * self.loops, (self.rows_per_loop + self.rows_rounding) * self.loops)
    }
}

/// Blocks touched, inputs included, over all loops and workers. Absent is `None`, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[expect(missing_docs, reason = "PostgreSQL's own names of the counters, in blocks")]
pub struct Buffers {
    pub shared_hit: Option<u64>,
    pub shared_read: Option<u64>,
    pub shared_dirtied: Option<u64>,
    pub shared_written: Option<u64>,
    pub local_hit: Option<u64>,
    pub local_read: Option<u64>,
    pub local_dirtied: Option<u64>,
    pub local_written: Option<u64>,
    pub temp_read: Option<u64>,
    pub temp_written: Option<u64>,
}

impl Buffers {
    /// The counters with their names, for anything that walks over all of them.
    pub fn named(&self) -> [(&'static str, Option<u64>); 10] {
        [
            ("shared_hit", self.shared_hit),
            ("shared_read", self.shared_read),
            ("shared_dirtied", self.shared_dirtied),
            ("shared_written", self.shared_written),
            ("local_hit", self.local_hit),
            ("local_read", self.local_read),
            ("local_dirtied", self.local_dirtied),
            ("local_written", self.local_written),
            ("temp_read", self.temp_read),
            ("temp_written", self.temp_written),
        ]
    }

    /// The counter of that name (as in [`Buffers::named`]), to be filled in.
    pub fn slot(&mut self, name: &str) -> Option<&mut Option<u64>> {
        Some(match name {
            "shared_hit" => &mut self.shared_hit,
            "shared_read" => &mut self.shared_read,
            "shared_dirtied" => &mut self.shared_dirtied,
            "shared_written" => &mut self.shared_written,
            "local_hit" => &mut self.local_hit,
            "local_read" => &mut self.local_read,
            "local_dirtied" => &mut self.local_dirtied,
            "local_written" => &mut self.local_written,
            "temp_read" => &mut self.temp_read,
            "temp_written" => &mut self.temp_written,
            _ => return None,
        })
    }

    /// Blocks looked at in the shared and local buffers, in cache or not; `None` if none is known.
    pub fn touched(&self) -> Option<u64> {
        let parts = [self.shared_hit, self.shared_read, self.local_hit, self.local_read];
        parts.iter().flatten().copied().reduce(u64::saturating_add)
    }

    /// Blocks that were read because they were not in the cache, temporary ones included; `None` if
    /// no counter is known: the text format leaves out those that are 0.
    pub fn read(&self) -> Option<u64> {
        let parts = [self.shared_read, self.local_read, self.temp_read];
        let read = parts.iter().flatten().copied().fold(0, u64::saturating_add);
        (!self.is_empty()).then_some(read)
    }

    /// Whether no counter is known.
    pub fn is_empty(&self) -> bool {
        self.named().iter().all(|(_, value)| value.is_none())
    }
}

/// What the node itself looked at, over all loops, where the engine counts it (MongoDB, MySQL,
/// MariaDB). Its inputs are not included. Absent is `None`, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Examined {
    /// Index entries.
    pub keys: Option<f64>,
    /// Rows or documents.
    pub rows: Option<f64>,
}

impl Examined {
    /// Keys and rows together; `None` if neither is known.
    pub fn total(&self) -> Option<f64> {
        [self.keys, self.rows].into_iter().flatten().reduce(|a, b| a + b)
    }
}

/// Rows thrown away, over all loops.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Removed {
    /// By the filter of a scan or another node.
    pub by_filter: Option<f64>,
    /// By the join filter.
    pub by_join_filter: Option<f64>,
    /// By rechecking an index condition.
    pub by_recheck: Option<f64>,
}

impl Removed {
    /// All rows thrown away; 0 when nothing is known.
    pub fn total(&self) -> f64 {
        [self.by_filter, self.by_join_filter, self.by_recheck].iter().flatten().sum()
    }
}

/// How a sort, hash or aggregate used memory and disk.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Memory {
    /// The method in the engine's words (`external merge`, `quicksort`).
    pub method: Option<String>,
    /// Largest memory used, in bytes.
    pub peak_bytes: Option<u64>,
    /// Written to disk, in bytes, over all workers.
    pub disk_bytes: Option<u64>,
    /// Batches that a hash was split in.
    pub batches: Option<u64>,
    /// Batches that the planner had foreseen.
    pub planned_batches: Option<u64>,
}

impl Memory {
    /// Whether the node had to go to disk.
    pub fn spilled(&self) -> bool {
        self.disk_bytes.is_some_and(|bytes| bytes > 0) || self.batches.is_some_and(|b| b > 1)
    }
}

/// Parallel workers of a Gather.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Workers {
    /// Workers the plan asked for.
    pub planned: Option<u32>,
    /// Workers the server could start.
    pub launched: Option<u32>,
}

//! Guards: what keeps a collection harmless.

mod audit;
pub mod breaker;
pub mod registry;
mod stop;

pub use audit::Audit;
pub use stop::Stop;

use std::time::Duration;

/// The limits that a session keeps to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Longest time to connect.
    pub connect_timeout: Duration,
    /// Longest time of one statement of ours.
    pub statement_timeout: Duration,
    /// Longest wait for a lock.
    pub lock_timeout: Duration,
    /// Longest time of a statement that the user asked us to run (`--analyze`, SQLite workloads).
    pub analyze_timeout: Duration,
    /// Where everything that is sent to a server is recorded.
    pub audit: Audit,
}

impl Default for Policy {
    /// 10 s to connect crosses an ocean and a sleepy pooler; 5 s is plenty for a catalog query
    /// and a plan; 1 s of waiting for a lock is already a queue behind DDL.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(1),
            analyze_timeout: Duration::from_secs(60),
            audit: Audit::default(),
        }
    }
}

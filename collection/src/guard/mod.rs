//! Guards: what keeps a collection harmless.

mod audit;
pub mod breaker;
mod budget;
mod load;
mod pulse;
pub mod registry;
mod stop;

pub use audit::{Audit, Sent};
pub use budget::Budget;
pub(crate) use budget::Spending;
pub use load::{Gate, Load, LoadLimits};
pub(crate) use pulse::Pulse;
pub use stop::Stop;

use planscope_explain::Statement;
use std::time::Duration;

/// The limits that a session keeps to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Longest time to connect.
    pub connect_timeout: Duration,
    /// Longest time of one statement of ours. Plans get less from a server that answers quickly: see
    /// [`Policy::plan_factor`].
    pub statement_timeout: Duration,
    /// Longest wait for a lock.
    pub lock_timeout: Duration,
    /// Longest time of a statement that the user asked us to run (`--analyze`, SQLite workloads).
    pub analyze_timeout: Duration,
    /// A plan may take this many times as long as the server's slowest answer of this session, at
    /// least [`Policy::least_plan_timeout`] and at most `statement_timeout`.
    pub plan_factor: u32,
    /// See `plan_factor`.
    pub least_plan_timeout: Duration,
    /// A statement that is run may take this many times as long as the server says that it took.
    pub analyze_factor: u32,
    /// Most tables of a target whose catalog is read whole; of more only those that the chosen statements
    /// use are looked at. `None` is what is cheap on the engine.
    pub whole_catalog: Option<usize>,
    /// Most connections of a session; one more is opened to end what another runs.
    pub connections: u32,
    /// Where everything that is sent to a server is recorded.
    pub audit: Audit,
    /// Send nothing, and answer in the server's stead.
    pub rehearsal: Option<Rehearsal>,
}

/// A session without a server: everything takes the way that it always takes, up to where it would be
/// sent. What the server would answer is made up, just enough to go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rehearsal {
    /// The server's version, on which some texts depend (`15`, `8.0`); the newest that planscope is
    /// tested with when `None`.
    pub version: Option<String>,
}

impl Rehearsal {
    /// The statement that stands for each of the chosen ones.
    pub(crate) const TABLE: &str = "each_chosen_statement";

    /// The version to assume.
    pub(crate) fn version_or(&self, newest: &str) -> String {
        self.version.clone().unwrap_or_else(|| newest.to_owned())
    }
}

impl Policy {
    /// Longest time of a plan, when the server's slowest answer took `slowest`.
    pub fn plan_timeout(&self, slowest: Duration) -> Duration {
        let least = self.least_plan_timeout.min(self.statement_timeout);
        slowest.saturating_mul(self.plan_factor).clamp(least, self.statement_timeout)
    }

    /// Longest time of a statement that is run: some times what its 95th percentile or its slowest
    /// call took, when that is known, and never more than `analyze_timeout`.
    pub fn run_timeout(&self, statement: &Statement) -> Duration {
        let known = statement.percentiles.p95_ms.or(statement.counters.max_ms);
        let Some(ms) = known.filter(|ms| ms.is_finite() && *ms > 0.0) else {
            return self.analyze_timeout;
        };
        // A day is longer than any limit, and short enough for the arithmetic.
        let took = Duration::from_secs_f64(ms.min(86_400_000.0) / 1000.0);
        let least = LEAST_RUN.min(self.analyze_timeout);
        took.saturating_mul(self.analyze_factor).clamp(least, self.analyze_timeout)
    }
}

/// EXPLAIN ANALYZE takes its time to measure: a call of a millisecond must not fail for that.
const LEAST_RUN: Duration = Duration::from_secs(1);

impl Default for Policy {
    /// 10 s to connect crosses an ocean and a sleepy pooler; 5 s is plenty for a catalog query
    /// and a plan; 1 s of waiting for a lock is already a queue behind DDL. A plan of hundreds of
    /// joins takes a second where a catalog query takes a tenth; twice the 95th percentile is what
    /// a run that goes as runs go needs.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(1),
            analyze_timeout: Duration::from_secs(60),
            plan_factor: 20,
            least_plan_timeout: Duration::from_secs(2),
            analyze_factor: 2,
            whole_catalog: None,
            connections: 1,
            audit: Audit::default(),
            rehearsal: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::workload::{Counters, Percentiles};

    #[test]
    fn limits_follow_what_the_server_did_within_bounds() {
        let policy = Policy::default();
        let ms = Duration::from_millis;
        assert_eq!(policy.plan_timeout(ms(1)), ms(2000));
        assert_eq!(policy.plan_timeout(ms(150)), ms(3000));
        assert_eq!(policy.plan_timeout(ms(9000)), ms(5000));
        assert_eq!(policy.plan_timeout(Duration::MAX), ms(5000));
        let short = Policy { statement_timeout: ms(100), ..policy.clone() };
        assert_eq!(short.plan_timeout(ms(1)), ms(100));

        let of = |p95_ms, max_ms| Statement {
            percentiles: Percentiles { p95_ms, ..Percentiles::default() },
            counters: Counters { max_ms, ..Counters::default() },
            ..Statement::default()
        };
        assert_eq!(policy.run_timeout(&of(None, None)), ms(60_000));
        assert_eq!(policy.run_timeout(&of(None, Some(f64::NAN))), ms(60_000));
        assert_eq!(policy.run_timeout(&of(Some(3000.0), Some(9000.0))), ms(6000));
        assert_eq!(policy.run_timeout(&of(None, Some(9000.0))), ms(18_000));
        assert_eq!(policy.run_timeout(&of(None, Some(1e300))), ms(60_000));
        assert_eq!(policy.run_timeout(&of(Some(0.2), None)), ms(1000));
        let short = Policy { analyze_timeout: ms(300), ..policy };
        assert_eq!(short.run_timeout(&of(Some(0.2), None)), ms(300));
    }
}

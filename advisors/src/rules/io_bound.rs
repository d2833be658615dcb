//! `io-bound`: statements that mostly wait for the disk.

use crate::context::{Context, StatementContext, severity_of_share};
use crate::finding::{Finding, Severity};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::units::{Count, Millis, Share};

declare_rule! {
    /// ## What it does
    ///
    /// Finds statements that spend at least half of their time on reading and writing blocks, by the
    /// server's counters. It needs track_io_timing, and says nothing of statements that take less
    /// than 5 % of all time.
    ///
    /// ## Why it matters
    ///
    /// Such a statement gets faster by touching fewer blocks or by finding them in memory, not by
    /// more processors.
    ///
    /// ## Example
    ///
    /// ```text
    /// total_exec_time 90000 ms, shared_blk_read_time 81000 ms, shared_blks_read 4000000
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// An index that reads less, a table without bloat, or more memory for the cache when what it reads
    /// is read all the time. A report once a night may as well read from disk.
    ///
    /// ## References
    ///
    /// PostgreSQL manual, "track_io_timing", "pg_stat_statements".
    pub(super) static RULE = {
        name: "io-bound",
        summary: "A statement mostly waits for the disk",
        category: AccessPath,
        engines: &[Engine::Postgres],
        check: check,
    };
}

/// Share of a statement's time that reading and writing takes.
const MOSTLY: f64 = 0.5;
/// Share of all time below which it does not matter what a statement waits for.
const LEAST_OF_ALL: f64 = 0.05;

fn check(context: &Context<'_>) -> Vec<Finding> {
    let all_ms = context.snapshot.total_ms();
    context.statements.iter().filter_map(|s| look_at(context, s, all_ms)).collect()
}

fn look_at(
    context: &Context<'_>,
    statement: &StatementContext<'_>,
    all_ms: f64,
) -> Option<Finding> {
    let counters = &statement.statement.counters;
    let (io, total) = (counters.io_ms?, counters.total_ms.filter(|ms| *ms > 0.0)?);
    let share = (io / total).min(1.0);
    let of_all = total / all_ms;
    if share < MOSTLY || of_all < LEAST_OF_ALL || !context.is_worth_it(statement, share) {
        return None;
    }
    let blocks = counters
        .shared_blocks_read
        .map_or(String::new(), |blocks| format!(", {} blocks read", Count(blocks)));
    let title = format!("{} of its time goes to the disk ({}{blocks})", Share(share), Millis(io));
    let severity = severity_of_share(of_all).min(Severity::Medium);
    let mut finding =
        Finding::new(RULE.name, severity, title).with("io_ms", io).with("share", share);
    finding.confidence = 0.7;
    finding.statement = Some(statement.statement.fingerprint);
    finding.remedies = vec![Remedy::act(
        "touch fewer blocks (an index, less bloat), or more shared_buffers where the same blocks are \
         read again and again",
    )];
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{counted, findings_of};
    use planscope_explain::workload::{Counters, Statement};

    fn waiting(io_ms: f64, others_ms: f64) -> Vec<Finding> {
        let counters = Counters {
            calls: Some(100.0),
            total_ms: Some(9_000.0),
            mean_ms: Some(90.0),
            io_ms: Some(io_ms),
            shared_blocks_read: Some(4e6),
            ..Counters::default()
        };
        let mut snapshot = counted(Engine::Postgres, "SELECT * FROM big", counters);
        let mut others = Statement::default();
        others.counters.total_ms = Some(others_ms);
        snapshot.statements.push(others);
        findings_of(&RULE, &snapshot)
    }

    #[test]
    fn a_statement_that_waits_for_the_disk_is_found() {
        let found = waiting(8_100.0, 1_000.0);
        assert_eq!(found[0].title, "90 % of its time goes to the disk (8.10 s, 4.00M blocks read)");
    }

    #[test]
    fn the_cache_and_a_small_part_of_the_load_are_fine() {
        assert_eq!(waiting(900.0, 1_000.0), []);
        assert_eq!(waiting(0.0, 1_000.0), []);
        assert_eq!(waiting(8_100.0, 9e6), []);
    }
}

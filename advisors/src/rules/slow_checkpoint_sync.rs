//! `slow-checkpoint-sync`: a checkpoint whose files take long to reach the disk.

use crate::context::Context;
use crate::finding::{Finding, Severity};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::units::Millis;

declare_rule! {
    /// ## What it does
    ///
    /// Finds logs with a checkpoint that took ten seconds and more to sync its files.
    ///
    /// ## Why it matters
    ///
    /// Writing is spread over the interval, syncing is not: the system's page cache held the pages
    /// back, and while it writes them all at once, commits wait.
    ///
    /// ## Example
    ///
    /// ```text
    /// LOG:  checkpoint complete: wrote 90112 buffers (68.8%); … write=269.6 s, sync=31.2 s, …
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// Let the system write earlier: checkpoint_flush_after (256 kB on Linux), a smaller
    /// vm.dirty_background_bytes, checkpoint_completion_target 0.9. Look at the disk itself as well:
    /// a backup or another tenant may have kept it busy.
    ///
    /// ## References
    ///
    /// PostgreSQL manual, "WAL Configuration", "checkpoint_flush_after".
    pub(super) static RULE = {
        name: "slow-checkpoint-sync",
        summary: "A checkpoint takes long to sync its files",
        category: Catalog,
        engines: &[Engine::Postgres],
        check: check,
    };
}

fn check(context: &Context<'_>) -> Vec<Finding> {
    let limit = context.thresholds.checkpoint_sync_ms;
    let longest = context.log().map(|log| log.checkpoint_sync_ms);
    let slow = longest.filter(|ms| *ms >= limit);
    slow.map(|ms| finding(ms, limit)).into_iter().collect()
}

fn finding(ms: f64, limit: f64) -> Finding {
    let severity = if ms >= 3.0 * limit { Severity::Medium } else { Severity::Low };
    let title = format!("a checkpoint took {} to sync its files", Millis(ms));
    let mut finding = Finding::new(RULE.name, severity, title).with("sync_ms", ms);
    finding.remedies = vec![Remedy::act(
        "let the system write earlier (checkpoint_flush_after, vm.dirty_background_bytes), and see \
         what else used the disk then",
    )];
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{findings_of, logged};
    use planscope_explain::workload::LogFacts;

    fn of(checkpoint_sync_ms: f64) -> Vec<Finding> {
        findings_of(&RULE, &logged(LogFacts { checkpoint_sync_ms, ..LogFacts::default() }))
    }

    #[test]
    fn a_long_sync_is_found() {
        assert_eq!(of(31_200.0)[0].title, "a checkpoint took 31.2 s to sync its files");
        assert_eq!(of(31_200.0)[0].severity, Severity::Medium);
    }

    #[test]
    fn a_short_one_is_fine() {
        assert_eq!((of(0.0), of(900.0)), (vec![], vec![]));
    }
}

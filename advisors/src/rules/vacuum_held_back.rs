//! `vacuum-held-back`: vacuums that must leave dead rows because somebody may still see them.

use crate::context::Context;
use crate::finding::{Finding, Severity};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::workload::log::Counted;

declare_rule! {
    /// ## What it does
    ///
    /// Finds tables of which the log tells at least three runs of autovacuum, and most of them, that
    /// left a thousand dead rows and more because they were not yet removable.
    ///
    /// ## Why it matters
    ///
    /// Autovacuum reads the table again and again and frees nothing, while the table grows and every
    /// scan reads the dead rows as well.
    ///
    /// ## Example
    ///
    /// ```text
    /// LOG:  automatic vacuum of table "shop.public.jobs": index scans: 0
    ///     tuples: 0 removed, 91000 remain, 90000 are dead but not yet removable
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// Find what holds the oldest snapshot: a transaction left open (pg_stat_activity.backend_xmin),
    /// a prepared transaction, a replication slot, a replica with hot_standby_feedback. Ending a session
    /// rolls its work back.
    ///
    /// ## References
    ///
    /// PostgreSQL manual, "Routine Vacuuming: Recovering Disk Space",
    /// "idle_in_transaction_session_timeout".
    pub(super) static RULE = {
        name: "vacuum-held-back",
        summary: "Autovacuum must leave dead rows behind, again and again",
        category: Catalog,
        engines: &[Engine::Postgres],
        check: check,
    };
}

/// Runs from which it is no accident: one long report is.
const LEAST: u64 = 3;

fn check(context: &Context<'_>) -> Vec<Finding> {
    let Some(log) = context.log() else { return Vec::new() };
    // What is beyond the lists is counted under an empty name.
    let held = log.vacuum_held_back.iter().filter(|held| !held.name.is_empty());
    held.filter_map(|held| {
        let runs = log.autovacuum.iter().find(|run| run.name == held.name)?.count;
        (held.count >= LEAST && held.count * 2 >= runs).then(|| finding(held, runs))
    })
    .collect()
}

fn finding(held: &Counted, runs: u64) -> Finding {
    let title = format!(
        "{}: {} of {runs} autovacuum runs left dead rows that somebody may still see",
        held.name, held.count
    );
    let mut finding = Finding::new(RULE.name, Severity::Medium, title)
        .with("table", held.name.as_str())
        .with("held_back", held.count as f64)
        .with("runs", runs as f64);
    finding.remedies = vec![Remedy::act(
        "find the oldest snapshot: backend_xmin in pg_stat_activity, pg_prepared_xacts, \
         pg_replication_slots, hot_standby_feedback",
    )];
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{findings_of, logged, names};
    use planscope_explain::workload::LogFacts;

    fn of(runs: u64, held: u64) -> Vec<Finding> {
        let facts = LogFacts {
            autovacuum: names(&[("shop.public.jobs", runs)]),
            vacuum_held_back: names(&[("shop.public.jobs", held)]),
            ..LogFacts::default()
        };
        findings_of(&RULE, &logged(facts))
    }

    #[test]
    fn vacuums_in_vain_are_found() {
        assert_eq!(
            of(40, 38)[0].title,
            "shop.public.jobs: 38 of 40 autovacuum runs left dead rows that somebody may still see"
        );
    }

    #[test]
    fn a_busy_queue_that_is_cleaned_is_fine() {
        assert_eq!((of(900, 0), of(900, 12), of(2, 2)), (vec![], vec![], vec![]));
    }
}

//! `checkpoints-by-wal`: checkpoints that come because there is too much WAL, not in their time.

use crate::context::Context;
use crate::finding::{Evidence, Finding, Severity};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::workload::LogFacts;

declare_rule! {
    /// ## What it does
    ///
    /// Finds logs in which at least half of the checkpoints (and three of them) began because of the
    /// amount of WAL, or in which the server warns that they come too often. Checkpoints that were
    /// asked for (backups, shutdowns) do not count.
    ///
    /// ## Why it matters
    ///
    /// After each checkpoint the first change of every page writes the whole page to the WAL. The more
    /// checkpoints, the more WAL, the sooner the next one; and all that was changed is written to
    /// the files again and again.
    ///
    /// ## Example
    ///
    /// ```text
    /// LOG:  checkpoints are occurring too frequently (18 seconds apart)
    /// HINT:  Consider increasing the configuration parameter "max_wal_size".
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// A larger max_wal_size: as much WAL as is written in a checkpoint_timeout, and half as much
    /// again. It takes disk, and recovery after a crash takes longer.
    ///
    /// ## References
    ///
    /// PostgreSQL manual, "WAL Configuration", "checkpoint_warning" (30 s by default).
    pub(super) static RULE = {
        name: "checkpoints-by-wal",
        summary: "Checkpoints come because of the amount of WAL",
        category: Catalog,
        engines: &[Engine::Postgres],
        check: check,
    };
}

/// Checkpoints by WAL below which a bulk load is the likelier reason.
const LEAST: u64 = 3;
/// Warnings an hour that are no bulk load.
const MANY_WARNINGS: f64 = 10.0;

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.log().and_then(|log| found(context, log)).into_iter().collect()
}

fn found(context: &Context<'_>, log: &LogFacts) -> Option<Finding> {
    let of = |why: &str| {
        let starts = log.checkpoint_starts.iter().filter(|start| start.name == why);
        starts.map(|start| start.count).sum::<u64>()
    };
    let (by_wal, by_time) = (of("wal"), of("time"));
    let share = by_wal as f64 / (by_wal + by_time).max(1) as f64;
    let is_mostly = by_wal >= LEAST && share >= context.thresholds.wal_checkpoint_share;
    let warnings = log.checkpoint_warnings;
    if !is_mostly && warnings < LEAST {
        return None;
    }
    let often = context.hours().map(|hours| warnings as f64 / hours.max(1.0));
    let severity = match often {
        Some(often) if often >= MANY_WARNINGS => Severity::High,
        _ if warnings > 0 => Severity::Medium,
        _ => Severity::Low,
    };
    let mut facts = Vec::new();
    if by_wal > 0 {
        facts.push(format!("{by_wal} of {} checkpoints began by WAL", by_wal + by_time));
    }
    if warnings > 0 {
        facts.push(format!("{warnings} warnings that they come too often"));
    }
    let mut finding = Finding::new(RULE.name, severity, facts.join(", "))
        .with("by_wal", by_wal as f64)
        .with("by_time", by_time as f64)
        .with("warnings", warnings as f64);
    let size = context.snapshot.settings.get("max_wal_size");
    if let Some(size) = size {
        finding.evidence.push(("max_wal_size", Evidence::Text(size.clone())));
    }
    finding.remedies = vec![Remedy::act(
        "raise max_wal_size to half as much again as the WAL of a checkpoint_timeout (1 GB is the \
         default; pg_stat_wal or pg_current_wal_lsn() twice tells how much that is)",
    )];
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{findings_of, logged, names};

    fn of(starts: &[(&str, u64)], warnings: u64) -> Vec<Finding> {
        let facts = LogFacts {
            checkpoint_starts: names(starts),
            checkpoint_warnings: warnings,
            ..LogFacts::default()
        };
        findings_of(&RULE, &logged(facts))
    }

    #[test]
    fn checkpoints_by_wal_are_found() {
        let found = of(&[("wal", 30), ("time", 4)], 25);
        assert_eq!(
            found[0].title,
            "30 of 34 checkpoints began by WAL, 25 warnings that they come too often"
        );
        assert_eq!(found[0].severity, Severity::High);
        assert_eq!(of(&[("wal", 5), ("time", 4)], 0)[0].severity, Severity::Low);
    }

    #[test]
    fn checkpoints_by_time_and_a_bulk_load_are_fine() {
        assert_eq!(of(&[("time", 24), ("wal", 2)], 1), []);
        assert_eq!(of(&[("request", 9), ("wal", 2)], 0), []);
        assert_eq!(of(&[("time", 24), ("wal", 9)], 0), []);
        assert_eq!(of(&[], 0), []);
    }
}

//! `deadlocks`: transactions that were rolled back because they waited for each other.

use crate::context::Context;
use crate::finding::{Finding, Severity};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;

declare_rule! {
    /// ## What it does
    ///
    /// Tells of the deadlocks that the log reports.
    ///
    /// ## Why it matters
    ///
    /// Of each, one transaction was rolled back, after all that waited had waited for
    /// deadlock_timeout. Unless the application runs it again, its work is lost.
    ///
    /// ## Example
    ///
    /// ```text
    /// ERROR:  deadlock detected
    /// DETAIL:  Process 7 waits for ShareLock on transaction 12; blocked by process 8.
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// Let all transactions lock rows in one order (`SELECT … ORDER BY id FOR UPDATE`), and let the
    /// application repeat what was rolled back.
    ///
    /// ## References
    ///
    /// PostgreSQL manual, "Explicit Locking: Deadlocks".
    pub(super) static RULE = {
        name: "deadlocks",
        summary: "Transactions are rolled back because they wait for each other",
        category: Catalog,
        engines: &[Engine::Postgres],
        check: check,
    };
}

/// Deadlocks an hour from which it is no accident any more.
const MANY: f64 = 1.0;

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.log().and_then(|log| found(context, log.deadlocks)).into_iter().collect()
}

fn found(context: &Context<'_>, deadlocks: u64) -> Option<Finding> {
    if deadlocks == 0 {
        return None;
    }
    let title = match deadlocks {
        1 => "a deadlock: a transaction was rolled back".to_owned(),
        n => format!("{n} deadlocks: as many transactions were rolled back"),
    };
    // Of less than an hour one says little.
    let often = context.hours().map(|hours| deadlocks as f64 / hours.max(1.0));
    let severity = match often {
        Some(often) if often >= MANY && deadlocks > 1 => Severity::Medium,
        _ => Severity::Low,
    };
    let mut finding = Finding::new(RULE.name, severity, title).with("deadlocks", deadlocks as f64);
    finding.confidence = 1.0;
    finding.remedies = vec![Remedy::act(
        "lock rows in one order everywhere, and repeat transactions that were rolled back; the log \
         names both sides of each deadlock",
    )];
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{findings_of, logged};
    use planscope_explain::workload::LogFacts;

    fn of(deadlocks: u64) -> Vec<Finding> {
        findings_of(&RULE, &logged(LogFacts { deadlocks, ..LogFacts::default() }))
    }

    #[test]
    fn deadlocks_are_told_by_how_often_they_are() {
        assert_eq!(of(1)[0].severity, Severity::Low);
        assert_eq!(of(6)[0].title, "6 deadlocks: as many transactions were rolled back");
        assert_eq!(of(6)[0].severity, Severity::Medium);
    }

    #[test]
    fn none_is_fine() {
        assert_eq!(of(0), []);
    }
}

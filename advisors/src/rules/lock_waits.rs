//! `lock-waits`: statements that wait for locks.

use crate::context::{Context, StatementContext, severity_of_share};
use crate::finding::{Finding, Severity};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::units::{Millis, Share};
use planscope_explain::workload::LogFacts;

declare_rule! {
    /// ## What it does
    ///
    /// Finds statements that wait for locks at least a second in all and a tenth of their time, by the
    /// log (PostgreSQL's log_lock_waits, Lock_time of a slow log) or the statement digests.
    ///
    /// ## Why it matters
    ///
    /// The statement is not slow, it stands in a queue: behind a transaction that holds a row or
    /// table. No index makes that shorter unless it is the holder that needs one.
    ///
    /// ## Example
    ///
    /// ```text
    /// LOG:  process 101 acquired ShareLock on transaction 7 after 2500.000 ms
    /// STATEMENT:  UPDATE counters SET n = n + 1 WHERE id = 1
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// Shorter transactions: change contended rows last, keep waiting for users and other services
    /// out of them, touch rows in one order. For queues SKIP LOCKED; for changes of tables a
    /// lock_timeout, so that they do not make everybody wait.
    ///
    /// ## References
    ///
    /// PostgreSQL manual, "log_lock_waits", "deadlock_timeout"; MySQL manual, "The Slow Query Log:
    /// Lock_time".
    pub(super) static RULE = {
        name: "lock-waits",
        summary: "A statement waits for locks",
        category: Catalog,
        engines: &[Engine::Postgres, Engine::Mysql, Engine::Mariadb],
        check: check,
    };
}

fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        context.statements.iter().filter_map(|statement| look_at(context, statement)).collect();
    findings.extend(context.log().and_then(|log| of_nobody(context, log)));
    findings
}

fn look_at(context: &Context<'_>, statement: &StatementContext<'_>) -> Option<Finding> {
    let limits = context.thresholds;
    let waited = statement.statement.counters.lock_ms.filter(|ms| *ms >= limits.lock_ms)?;
    let total = statement.statement.counters.total_ms?;
    // A log may tell of the wait and not of the execution: then it is all that is known.
    let share = (waited / total.max(waited)).min(1.0);
    if share < limits.lock_share {
        return None;
    }
    let title = format!("{} of waiting for locks, {} of its time", Millis(waited), Share(share));
    let severity = severity_of_share(share).min(match waited {
        ms if ms >= 60.0 * limits.lock_ms => Severity::High,
        ms if ms >= 5.0 * limits.lock_ms => Severity::Medium,
        _ => Severity::Low,
    });
    let mut finding =
        Finding::new(RULE.name, severity, title).with("lock_ms", waited).with("share", share);
    statement.saves(share, &mut finding);
    finding.remedies = vec![shorter()];
    Some(finding)
}

/// Waits whose statements are not among those of the snapshot.
fn of_nobody(context: &Context<'_>, log: &LogFacts) -> Option<Finding> {
    let limits = context.thresholds;
    let known: f64 = context.statements.iter().filter_map(|s| s.statement.counters.lock_ms).sum();
    let left = log.lock_ms - known;
    if left < limits.lock_ms || left < known {
        return None;
    }
    let title = format!(
        "{} of waiting for locks by statements that have no duration in the log",
        Millis(left)
    );
    let mut finding = Finding::new(RULE.name, Severity::Low, title).with("lock_ms", left);
    finding.saving_ms = Some(left);
    finding.remedies = vec![shorter()];
    Some(finding)
}

fn shorter() -> Remedy {
    Remedy::act(
        "find who holds the lock: shorter transactions, contended rows last and in one order; \
         SKIP LOCKED for queues, lock_timeout for changes of tables",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{counted, findings_of, logged};
    use planscope_explain::workload::Counters;

    fn waiting(lock_ms: f64, total_ms: f64) -> Vec<Finding> {
        let counters = Counters {
            calls: Some(10.0),
            total_ms: Some(total_ms),
            lock_ms: Some(lock_ms),
            ..Counters::default()
        };
        let sql = "UPDATE counters SET n = n + 1 WHERE id = 1";
        findings_of(&RULE, &counted(Engine::Postgres, sql, counters))
    }

    #[test]
    fn a_statement_in_a_queue_is_found() {
        let found = waiting(90_000.0, 100_000.0);
        assert_eq!(found[0].title, "90.0 s of waiting for locks, 90 % of its time");
        assert_eq!((found[0].severity, found[0].saving_ms), (Severity::High, Some(90_000.0)));
        assert_eq!(waiting(1_500.0, 2_000.0)[0].severity, Severity::Low);
    }

    #[test]
    fn short_waits_and_small_shares_are_fine() {
        assert_eq!(waiting(400.0, 500.0), []);
        assert_eq!(waiting(2_000.0, 500_000.0), []);
    }

    #[test]
    fn waits_of_unknown_statements_are_told_once() {
        let facts = LogFacts { lock_waits: 3, lock_ms: 8_000.0, ..LogFacts::default() };
        let found = findings_of(&RULE, &logged(facts));
        assert!(found.len() == 1 && found[0].statement.is_none(), "{found:?}");
        assert_eq!(findings_of(&RULE, &logged(LogFacts::default())), []);
    }
}

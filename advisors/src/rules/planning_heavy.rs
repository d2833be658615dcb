//! `planning-heavy`: statements that are planned for longer than they run.

use crate::context::{Context, StatementContext, severity_of_share};
use crate::finding::{Finding, Severity};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::units::Millis;

declare_rule! {
    /// ## What it does
    ///
    /// Finds statements whose calls take at least 10 ms of planning, and as long as they then run: by
    /// the server's counters (pg_stat_statements.track_planning), else by a measured plan.
    ///
    /// ## Why it matters
    ///
    /// The plan is made anew for every call, and thrown away. Many joins, thousands of partitions or
    /// a bloated catalog make it dear.
    ///
    /// ## Example
    ///
    /// ```text
    /// Planning Time: 45.210 ms
    /// Execution Time: 1.022 ms
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// A prepared statement keeps its plan (plan_cache_mode = force_generic_plan where the values do not
    /// matter); a generic plan knows no values, so compare the two. Else fewer partitions, or a
    /// condition on the partition key.
    ///
    /// ## References
    ///
    /// PostgreSQL manual, "PREPARE", "pg_stat_statements.track_planning".
    pub(super) static RULE = {
        name: "planning-heavy",
        summary: "A statement is planned for longer than it runs",
        category: StatementText,
        engines: &[Engine::Postgres],
        check: check,
    };
}

/// Milliseconds of planning from which a call is worth a word: fifty joins, or a thousand
/// partitions.
const LEAST_MS: f64 = 10.0;

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.statements.iter().filter_map(look_at).collect()
}

fn look_at(statement: &StatementContext<'_>) -> Option<Finding> {
    let (planning, execution) = counted(statement).or_else(|| measured(statement))?;
    if planning < LEAST_MS || planning < execution {
        return None;
    }
    let calls = statement.calls().unwrap_or(1.0);
    let title =
        format!("{} of planning for {} of execution a call", Millis(planning), Millis(execution));
    let share = planning / (planning + execution);
    let severity = severity_of_share(share).min(Severity::Medium);
    let mut finding = Finding::new(RULE.name, severity, title)
        .with("planning_ms", planning)
        .with("execution_ms", execution);
    finding.statement = Some(statement.statement.fingerprint);
    finding.saving_ms = Some(planning * calls);
    finding.remedies = vec![Remedy::act(
        "prepare the statement once and keep its plan (compare plan_cache_mode = \
         force_generic_plan), or let the partition key limit what is planned",
    )];
    Some(finding)
}

/// Milliseconds of planning and execution of a call, as the server counted them. Zero is what it
/// counts while track_planning is off.
fn counted(statement: &StatementContext<'_>) -> Option<(f64, f64)> {
    let planning = statement.statement.counters.planning_ms.filter(|ms| *ms > 0.0)?;
    Some((planning / statement.calls()?, statement.statement.counters.mean_ms?))
}

fn measured(statement: &StatementContext<'_>) -> Option<(f64, f64)> {
    let plan = statement.plan?;
    Some((plan.planning_ms?, plan.execution_ms?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{counted, findings_of};
    use planscope_explain::workload::Counters;

    fn planned(planning_ms: f64, mean_ms: f64) -> Vec<Finding> {
        let counters = Counters {
            calls: Some(100.0),
            total_ms: Some(100.0 * mean_ms),
            mean_ms: Some(mean_ms),
            planning_ms: Some(100.0 * planning_ms),
            ..Counters::default()
        };
        findings_of(&RULE, &counted(Engine::Postgres, "SELECT * FROM a, b, c", counters))
    }

    #[test]
    fn more_planning_than_execution_is_found() {
        let found = planned(45.0, 1.0);
        assert_eq!(found[0].title, "45.0 ms of planning for 1.00 ms of execution a call");
        assert_eq!(found[0].saving_ms, Some(4_500.0));
    }

    #[test]
    fn quick_planning_and_long_execution_are_fine() {
        assert_eq!(planned(0.3, 0.1), []);
        assert_eq!(planned(45.0, 900.0), []);
        assert_eq!(planned(0.0, 1.0), []);
    }
}

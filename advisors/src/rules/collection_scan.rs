//! `collection-scan`: documents found by reading the whole collection, by what was counted.

use crate::context::{Context, StatementContext, severity_of_share};
use crate::finding::{Finding, Severity};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::units::Count;

declare_rule! {
    /// ## What it does
    ///
    /// Finds commands whose executions mostly scan their collection (`planSummary: COLLSCAN` in the
    /// log or the profiler), examine 10,000 documents and more, and return less than a tenth of them.
    ///
    /// ## Why it matters
    ///
    /// The whole collection is read for a few documents, through the cache, where it takes the place
    /// of what others need.
    ///
    /// ## Example
    ///
    /// ```text
    /// "Slow query" … "command":{"find":"docs","filter":{"foo":5}},"planSummary":"COLLSCAN",
    /// "docsExamined":100000,"nreturned":1
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// An index on the fields of the filter: those compared for equality first, then those of the
    /// sort, then ranges. Every write of the collection pays for it.
    ///
    /// ## References
    ///
    /// MongoDB manual, "Explain Slow Queries", "The ESR (Equality, Sort, Range) Guideline".
    pub(super) static RULE = {
        name: "collection-scan",
        summary: "Few documents are found by reading the whole collection",
        category: AccessPath,
        engines: &[Engine::Mongodb],
        check: check,
    };
}

/// Share of the executions from which it is the rule.
const MOSTLY: f64 = 0.5;

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.statements.iter().filter_map(|statement| look_at(context, statement)).collect()
}

fn look_at(context: &Context<'_>, statement: &StatementContext<'_>) -> Option<Finding> {
    let counters = &statement.statement.counters;
    let calls = statement.calls()?;
    let examined = counters.rows_examined? / calls;
    let returned = counters.rows.unwrap_or(0.0) / calls;
    let limits = context.thresholds;
    let scans = counters.no_index_used? / calls;
    if scans < MOSTLY
        || statement.plan.is_some()
        || statement.is_summary()
        || examined < limits.least_rows_read
        || returned > examined * limits.selective_share
    {
        return None;
    }
    let share = 1.0 - returned / examined;
    if !context.is_worth_it(statement, share) {
        return None;
    }
    let title = format!(
        "the collection is scanned: {} documents examined, {} returned",
        Count(examined.round()),
        Count(returned.round())
    );
    let weight = context.weight(statement, 1.0);
    let severity = severity_of_share(weight).max(Severity::Medium);
    let mut finding = Finding::new(RULE.name, severity, title)
        .with("examined_per_call", examined)
        .with("returned_per_call", returned)
        .with("calls", calls);
    finding.confidence = 0.85;
    statement.saves(share, &mut finding);
    finding.remedies = vec![Remedy::act(
        "an index on the fields of the filter, those compared for equality first, then the sort's, \
         then ranges",
    )];
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{counted, findings_of};
    use planscope_explain::workload::Counters;

    fn finding_in(command: &str, scans: f64, examined: f64, returned: f64) -> Vec<Finding> {
        let counters = Counters {
            calls: Some(10.0),
            total_ms: Some(300.0),
            mean_ms: Some(30.0),
            no_index_used: Some(scans),
            rows_examined: Some(examined * 10.0),
            rows: Some(returned * 10.0),
            ..Counters::default()
        };
        findings_of(&RULE, &counted(Engine::Mongodb, command, counters))
    }

    const FIND: &str = r#"{ find: "docs", filter: { foo: "?" } }"#;

    #[test]
    fn a_scan_for_one_document_is_found() {
        let found = finding_in(FIND, 10.0, 100_000.0, 1.0);
        assert_eq!(
            found[0].title,
            "the collection is scanned: 100k documents examined, 1 returned"
        );
        assert!(found[0].saving_ms.is_some_and(|ms| ms > 299.0));
    }

    #[test]
    fn an_index_small_collections_and_whole_results_are_fine() {
        assert_eq!(finding_in(FIND, 0.0, 1.0, 1.0), []);
        assert_eq!(finding_in(FIND, 10.0, 500.0, 1.0), []);
        assert_eq!(finding_in(FIND, 10.0, 100_000.0, 90_000.0), []);
        assert_eq!(finding_in(r#"{ count: "docs" }"#, 10.0, 100_000.0, 0.0), []);
    }
}

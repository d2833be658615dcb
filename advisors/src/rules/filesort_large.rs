//! `filesort-large`: sorts that did not fit in the sort buffer.

use crate::context::{Context, StatementContext, severity_of_share};
use crate::finding::{Finding, Severity, several};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;

declare_rule! {
    /// ## What it does
    ///
    /// Finds statements of which at least a tenth of the calls merged sorted pieces from disk, by the
    /// statement digests (`SORT_MERGE_PASSES`) or the slow log (`Sort_merge_passes`,
    /// `Filesort_on_disk`).
    ///
    /// ## Why it matters
    ///
    /// A sort larger than sort_buffer_size is written to a file in pieces that are merged in passes,
    /// each of which reads and writes all rows again.
    ///
    /// ## Example
    ///
    /// ```text
    /// # Query_time: 2.1  Rows_sent: 20  Rows_examined: 900000  Sort_merge_passes: 14
    /// SELECT * FROM orders ORDER BY total LIMIT 20;
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// An index that gives the order sorts nothing; fewer and narrower columns sort less. A larger
    /// sort_buffer_size for the session helps; globally it slows down every small sort.
    ///
    /// ## References
    ///
    /// MySQL manual, "ORDER BY Optimization", "Server Status Variables: Sort_merge_passes".
    pub(super) static RULE = {
        name: "filesort-large",
        summary: "A sort does not fit in the sort buffer",
        category: Memory,
        engines: &[Engine::Mysql, Engine::Mariadb],
        check: check,
    };
}

/// Share of the calls from which it is the rule.
const OFTEN: f64 = 0.1;

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.statements.iter().filter_map(|statement| look_at(context, statement)).collect()
}

fn look_at(context: &Context<'_>, statement: &StatementContext<'_>) -> Option<Finding> {
    let calls = statement.calls()?;
    let passes = statement.statement.counters.sort_merge_passes?;
    let share = (passes / calls).min(1.0);
    if share < OFTEN || !context.is_worth_it(statement, share) {
        return None;
    }
    // A log only tells that a call merged, not how often.
    let merged = match context.log().is_some() {
        true => several(passes, "sort that merged on disk", "sorts that merged on disk"),
        false => several(passes, "merge pass", "merge passes"),
    };
    let title = format!("{merged} in {}", several(calls, "call", "calls"));
    let weight = context.weight(statement, share);
    let severity = severity_of_share(weight).min(Severity::Medium);
    let mut finding = Finding::new(RULE.name, severity, title)
        .with("sort_merge_passes", passes)
        .with("calls", calls);
    finding.statement = Some(statement.statement.fingerprint);
    finding.confidence = 0.8;
    finding.remedies = vec![Remedy::act(
        "an index that gives the order; else fewer columns, or a larger sort_buffer_size for this \
         session only",
    )];
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{counted, findings_of};
    use planscope_explain::workload::Counters;

    fn merging(passes: f64) -> Vec<Finding> {
        let counters = Counters {
            calls: Some(20.0),
            total_ms: Some(2_000.0),
            mean_ms: Some(100.0),
            sort_merge_passes: Some(passes),
            ..Counters::default()
        };
        let sql = "SELECT * FROM t ORDER BY a";
        findings_of(&RULE, &counted(Engine::Mariadb, sql, counters))
    }

    #[test]
    fn merged_sorts_are_found() {
        assert_eq!(merging(60.0)[0].title, "60 merge passes in 20 calls");
    }

    #[test]
    fn sorts_in_memory_are_fine() {
        assert_eq!((merging(0.0), merging(1.0)), (vec![], vec![]));
    }
}

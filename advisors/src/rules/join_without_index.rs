//! `join-without-index`: joins that scan the inner table, by what was counted.

use crate::context::{Context, StatementContext};
use crate::finding::{Finding, Severity};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::units::{Count, Share};

declare_rule! {
    /// ## What it does
    ///
    /// Finds statements of which most calls joined a table by scanning it, and looked at 10,000 rows
    /// and more a call: by the statement digests (`SELECT_FULL_JOIN`) or the slow log
    /// (`Full_join`, `Select_full_join`).
    ///
    /// ## Why it matters
    ///
    /// Without an index on the join's columns every row of one table is held against every row of the
    /// other (in a join buffer, or hashed since MySQL 8.0.18): the work grows with both tables.
    ///
    /// ## Example
    ///
    /// ```sql
    /// SELECT * FROM customers c JOIN orders o ON o.customer_id = c.id  -- no index on customer_id
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// An index on the join's columns of the inner table. Every write of that table pays for it; a
    /// join of most rows of both tables is faster hashed, so look at the plan first.
    ///
    /// ## References
    ///
    /// MySQL manual, "Server Status Variables: Select_full_join" ("if this value is not 0, you should
    /// carefully check the indexes of your tables").
    pub(super) static RULE = {
        name: "join-without-index",
        summary: "A join scans the inner table",
        category: AccessPath,
        engines: &[Engine::Mysql, Engine::Mariadb],
        check: check,
    };
}

/// Share of the calls from which it is the rule.
const MOSTLY: f64 = 0.5;

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.statements.iter().filter_map(|statement| look_at(context, statement)).collect()
}

fn look_at(context: &Context<'_>, statement: &StatementContext<'_>) -> Option<Finding> {
    let counters = &statement.statement.counters;
    let calls = statement.calls()?;
    let share = counters.full_joins? / calls;
    let examined = counters.rows_examined? / calls;
    if share < MOSTLY || examined < context.thresholds.least_rows_read {
        return None;
    }
    // What an index would leave of the work is not known; the rows that come out are the least.
    let kept = (counters.rows.unwrap_or(0.0) / calls / examined).min(1.0);
    if !context.is_worth_it(statement, 1.0 - kept) {
        return None;
    }
    let title = format!(
        "a join without an index in {} of the calls, {} rows looked at in each",
        Share(share.min(1.0)),
        Count(examined.round())
    );
    let severity = if kept <= 0.01 { Severity::High } else { Severity::Medium };
    let mut finding = Finding::new(RULE.name, severity, title)
        .with("full_joins", share * calls)
        .with("rows_examined_per_call", examined)
        .with("calls", calls);
    finding.confidence = 0.7;
    statement.saves(1.0 - kept, &mut finding);
    finding.remedies = vec![Remedy::act(
        "an index on the columns by which the inner table is joined; `planscope advise` with a \
         connection finds it",
    )];
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{counted, findings_of};
    use planscope_explain::workload::Counters;

    fn joining(full: f64, examined: f64, rows: f64) -> Vec<Finding> {
        let counters = Counters {
            calls: Some(10.0),
            total_ms: Some(900.0),
            mean_ms: Some(90.0),
            full_joins: Some(full),
            rows_examined: Some(examined * 10.0),
            rows: Some(rows * 10.0),
            ..Counters::default()
        };
        let sql = "SELECT * FROM a JOIN b ON b.x = a.y";
        findings_of(&RULE, &counted(Engine::Mysql, sql, counters))
    }

    #[test]
    fn a_join_by_scanning_is_found() {
        let found = joining(10.0, 270_000.0, 300.0);
        assert_eq!(
            found[0].title,
            "a join without an index in 100 % of the calls, 270k rows looked at in each"
        );
        assert_eq!(found[0].severity, Severity::High);
        assert!(found[0].saving_ms.is_some_and(|ms| ms > 890.0));
    }

    #[test]
    fn small_tables_and_joins_by_index_are_fine() {
        assert_eq!(joining(10.0, 400.0, 10.0), []);
        assert_eq!(joining(0.0, 270_000.0, 300.0), []);
        assert_eq!(joining(10.0, 270_000.0, 270_000.0), []);
    }
}

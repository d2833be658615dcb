//! `temp-table-on-disk`: statements whose temporary tables do not fit in memory.

use crate::context::{Context, StatementContext, severity_of_share};
use crate::finding::{Finding, Severity, several};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::units::Share;

declare_rule! {
    /// ## What it does
    ///
    /// Finds statements of which at least a tenth of the calls made a temporary table on disk, by the
    /// statement digests or the slow log.
    ///
    /// ## Why it matters
    ///
    /// GROUP BY, DISTINCT, UNION and sorts of joins gather rows in a temporary table. One that
    /// outgrows memory, or holds what memory tables cannot (TEXT and BLOB in MariaDB and old MySQL),
    /// is written to a file, row by row.
    ///
    /// ## Example
    ///
    /// ```text
    /// # Query_time: 1.205  Rows_examined: 400000  Created_tmp_disk_tables: 1
    /// SELECT customer_id, count(*) FROM orders GROUP BY customer_id ORDER BY 2;
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// An index in the order of GROUP BY or ORDER BY needs no temporary table; neither do fewer
    /// and narrower columns. More tmp_table_size (MySQL 8: also temptable_max_ram) is memory that
    /// every session may take.
    ///
    /// ## References
    ///
    /// MySQL manual, "Internal Temporary Table Use in MySQL"; MariaDB, "Internal Temporary Tables".
    pub(super) static RULE = {
        name: "temp-table-on-disk",
        summary: "A statement's temporary tables go to disk",
        category: Memory,
        engines: &[Engine::Mysql, Engine::Mariadb],
        check: check,
    };
}

/// Share of the calls from which it is the rule: now and then a large result is normal.
const OFTEN: f64 = 0.1;

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.statements.iter().filter_map(|statement| look_at(context, statement)).collect()
}

fn look_at(context: &Context<'_>, statement: &StatementContext<'_>) -> Option<Finding> {
    let calls = statement.calls()?;
    let tables = statement.statement.counters.tmp_disk_tables?;
    let share = (tables / calls).min(1.0);
    // What the disk costs of a call is not known; a quick call loses nothing worth a word.
    if share < OFTEN || !context.is_worth_it(statement, share) {
        return None;
    }
    let title = format!(
        "{} on disk in {} ({})",
        several(tables, "temporary table", "temporary tables"),
        several(calls, "call", "calls"),
        Share(share)
    );
    let weight = context.weight(statement, share);
    let severity = severity_of_share(weight).min(Severity::Medium);
    let mut finding = Finding::new(RULE.name, severity, title)
        .with("tmp_disk_tables", tables)
        .with("calls", calls);
    finding.statement = Some(statement.statement.fingerprint);
    finding.confidence = 0.8;
    finding.remedies = vec![Remedy::act(
        "an index in the order of GROUP BY or ORDER BY, or fewer and narrower columns; then \
         tmp_table_size for this session",
    )];
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{counted, findings_of};
    use planscope_explain::workload::Counters;

    fn making(tables: f64, mean_ms: f64) -> Vec<Finding> {
        let counters = Counters {
            calls: Some(100.0),
            total_ms: Some(100.0 * mean_ms),
            mean_ms: Some(mean_ms),
            tmp_disk_tables: Some(tables),
            ..Counters::default()
        };
        let sql = "SELECT a, count(*) FROM t GROUP BY a";
        findings_of(&RULE, &counted(Engine::Mysql, sql, counters))
    }

    #[test]
    fn tables_on_disk_in_most_calls_are_found() {
        let found = making(100.0, 40.0);
        assert_eq!(found[0].title, "100 temporary tables on disk in 100 calls (100 %)");
        assert_eq!(found[0].severity, Severity::Medium);
    }

    #[test]
    fn now_and_then_and_quick_calls_are_fine() {
        assert_eq!(making(3.0, 40.0), []);
        assert_eq!(making(100.0, 0.3), []);
        assert_eq!(making(0.0, 40.0), []);
    }
}

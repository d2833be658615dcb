//! `examined-over-returned`: many rows looked at for each one returned.

use crate::context::{Context, StatementContext, severity_of_share};
use crate::finding::{Finding, Severity};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::units::Count;

declare_rule! {
    /// ## What it does
    ///
    /// Finds queries without a plan in the snapshot that look at 10,000 rows (documents, keys) and
    /// more a call, and at least ten for each one they return. Queries that count, sum or group
    /// are left out: few rows are their purpose. So are joins without an index and collection scans,
    /// which have rules of their own.
    ///
    /// ## Why it matters
    ///
    /// What is looked at and thrown away is read, locked and compared for nothing. The ratio tells how
    /// well the indexes fit the conditions, whatever the machine.
    ///
    /// ## Example
    ///
    /// ```text
    /// # Query_time: 0.31  Rows_sent: 4  Rows_examined: 400000
    /// SELECT * FROM orders WHERE status = 'open' AND customer_id = 42;
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// An index that begins with the columns compared for equality, then those of the order, then one
    /// range. Every write pays for it. `planscope advise` with a connection proves it.
    ///
    /// ## References
    ///
    /// MongoDB manual, "Analyze Query Performance" and Atlas, "Query Targeting" (alerts above 1,000);
    /// MySQL manual, "The Slow Query Log".
    pub(super) static RULE = {
        name: "examined-over-returned",
        summary: "Many rows are looked at for each one returned",
        category: AccessPath,
        engines: &[Engine::Mysql, Engine::Mariadb, Engine::Mongodb],
        check: check,
    };
}

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.statements.iter().filter_map(|statement| look_at(context, statement)).collect()
}

fn look_at(context: &Context<'_>, statement: &StatementContext<'_>) -> Option<Finding> {
    let counters = &statement.statement.counters;
    let calls = statement.calls()?;
    if statement.plan.is_some() || statement.is_summary() || has_own_rule(statement, calls) {
        return None;
    }
    let looked_at = counters.rows_examined.into_iter().chain(counters.keys_examined);
    let examined = looked_at.reduce(f64::max)? / calls;
    let returned = counters.rows? / calls;
    let ratio = examined / returned.max(1.0);
    let limits = context.thresholds;
    if examined < limits.least_rows_read || ratio < limits.examined_ratio {
        return None;
    }
    let share = 1.0 - 1.0 / ratio;
    if !context.is_worth_it(statement, share) {
        return None;
    }
    let scans = counters.no_index_used.is_some_and(|scans| scans * 2.0 >= calls);
    let title = format!(
        "{} rows looked at for {} returned{}",
        Count(examined.round()),
        if returned < 1.0 {
            "less than one".to_owned()
        } else {
            Count(returned.round()).to_string()
        },
        if scans { ", without an index" } else { "" },
    );
    // Both how badly it fits, and how much of the whole it is.
    let weight = context.weight(statement, 1.0);
    let fit = match ratio {
        r if r >= 1_000.0 => Severity::High,
        r if r >= 100.0 => Severity::Medium,
        _ => Severity::Low,
    };
    let mut finding = Finding::new(RULE.name, fit.min(severity_of_share(weight)), title)
        .with("examined_per_call", examined)
        .with("returned_per_call", returned)
        .with("ratio", ratio)
        .with("calls", calls);
    finding.confidence = if scans { 0.85 } else { 0.7 };
    statement.saves(share, &mut finding);
    finding.remedies = vec![Remedy::act(advice(statement))];
    Some(finding)
}

fn has_own_rule(statement: &StatementContext<'_>, calls: f64) -> bool {
    let counters = &statement.statement.counters;
    let most = |count: Option<f64>| count.is_some_and(|count| count * 2.0 >= calls);
    most(counters.full_joins)
        || (statement.engine == Engine::Mongodb && most(counters.no_index_used))
}

/// The columns that are compared, where the text tells them.
fn advice(statement: &StatementContext<'_>) -> String {
    let scopes = statement.query.iter().flat_map(|query| &query.scopes);
    let mut columns: Vec<&str> = Vec::new();
    for predicate in scopes.flat_map(|scope| &scope.predicates) {
        if !columns.contains(&predicate.column.name.as_str()) {
            columns.push(&predicate.column.name);
        }
    }
    let proof = "`planscope advise` with a connection proves it";
    match columns.is_empty() {
        true => format!("an index that fits the conditions; {proof}"),
        false => format!("an index for the conditions on {}; {proof}", columns.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{counted, findings_of};
    use planscope_explain::workload::Counters;

    fn reading(engine: Engine, sql: &str, examined: f64, returned: f64) -> Vec<Finding> {
        let counters = Counters {
            calls: Some(10.0),
            total_ms: Some(3_000.0),
            mean_ms: Some(300.0),
            rows_examined: Some(examined * 10.0),
            rows: Some(returned * 10.0),
            ..Counters::default()
        };
        findings_of(&RULE, &counted(engine, sql, counters))
    }

    const SEARCH: &str = "SELECT * FROM orders WHERE status = ? AND customer_id = ?";

    #[test]
    fn a_search_of_a_whole_table_is_found_with_its_columns() {
        let found = reading(Engine::Mysql, SEARCH, 400_000.0, 4.0);
        assert_eq!(found[0].title, "400k rows looked at for 4 returned");
        assert_eq!(found[0].severity, Severity::High);
        let advice = found[0].remedies[0].describe();
        assert!(
            advice.starts_with("an index for the conditions on status, customer_id"),
            "{advice}"
        );
        let find = r#"{ find: "docs", filter: { foo: "?" } }"#;
        assert_eq!(reading(Engine::Mongodb, find, 100_000.0, 1.0).len(), 1);
    }

    #[test]
    fn an_index_silences_it_and_summaries_are_left_alone() {
        assert_eq!(reading(Engine::Mysql, SEARCH, 4.0, 4.0), []);
        assert_eq!(reading(Engine::Mysql, SEARCH, 400_000.0, 300_000.0), []);
        for sql in
            ["SELECT count(*) FROM orders", "UPDATE orders SET a = 1", "SELECT DISTINCT a FROM t"]
        {
            assert_eq!(reading(Engine::Mariadb, sql, 400_000.0, 1.0), [], "{sql}");
        }
        for command in [
            r#"{ aggregate: "docs", pipeline: [ { $group: { _id: "$a" } } ] }"#,
            r#"{"aggregate":"docs","pipeline":[{"$match":{"a":"?"}},{"$count":"n"}]}"#,
            r#"{"count":"docs","query":{"a":"?"}}"#,
            r#"{"distinct":"docs","key":"a"}"#,
        ] {
            assert_eq!(reading(Engine::Mongodb, command, 100_000.0, 1.0), [], "{command}");
        }
        let search = r#"{"aggregate":"docs","pipeline":[{"$match":{"count":"?"}}]}"#;
        assert_eq!(reading(Engine::Mongodb, search, 100_000.0, 1.0).len(), 1);
    }
}

//! `large-offset`: rows produced only to be skipped.

use crate::context::{Context, StatementContext, severity_of_share};
use crate::finding::{Finding, Severity};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::plan::{NodeId, Operator, Plan};
use planscope_explain::units::Count;
use planscope_explain::workload::query::{Bound, OrderKey, Scope};

declare_rule! {
    /// ## What it does
    ///
    /// Finds statements that skip at least 1,000 rows with OFFSET: by the number in the text, or by
    /// a measured plan whose LIMIT is fed ten times the rows it passes on.
    ///
    /// ## Why it matters
    ///
    /// Skipped rows are found, joined and sorted like any others and then thrown away. Page 1,000
    /// costs a thousand times page 1, and rows inserted in between shift the pages under the reader.
    ///
    /// ## Example
    ///
    /// ```sql
    /// SELECT * FROM orders ORDER BY created_at DESC LIMIT 20 OFFSET 20000
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// Keyset pagination: remember the last row's sort key and ask for the rows after it. It needs a
    /// unique last sort column, an index in the sort order, and gives up jumping to page N.
    ///
    /// ## References
    ///
    /// Markus Winand, "Paging Through Results" (use-the-index-luke).
    pub(super) static RULE = {
        name: "large-offset",
        summary: "Many rows are produced only to be skipped by OFFSET",
        category: StatementText,
        engines: &[Engine::Postgres, Engine::Mysql, Engine::Mariadb, Engine::Sqlite],
        check: check,
    };
}

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.statements.iter().filter_map(|statement| look_at(context, statement)).collect()
}

fn look_at(context: &Context<'_>, statement: &StatementContext<'_>) -> Option<Finding> {
    let scopes = statement.query.as_ref().map_or(&[][..], |query| &query.scopes);
    let scope = scopes.iter().find(|scope| scope.offset.is_some());
    let written = scope.and_then(|scope| match scope.offset {
        Some(Bound::Number(rows)) => Some(rows),
        _ => None,
    });
    let measured = statement.plan.and_then(skipped_by_plan);
    // A LIMIT without OFFSET in the text stops early; nothing is skipped there.
    if scope.is_none() && statement.query.is_some() {
        return None;
    }
    let least = context.thresholds.large_offset_rows;
    let measured = measured.filter(|m| m.skipped >= least);
    let skipped = measured.as_ref().map(|m| m.skipped).or(written).filter(|&s| s >= least)?;
    let passed = measured.as_ref().map(|m| m.passed).or_else(|| limit_of(scope)).unwrap_or(0.0);
    let share = skipped / (skipped + passed).max(1.0);
    if !context.is_worth_it(statement, share) {
        return None;
    }
    let title = format!(
        "OFFSET skips {} rows to return {}",
        Count(skipped),
        if passed > 0.0 { Count(passed).to_string() } else { "a few".to_owned() },
    );
    let severity = severity_of_share(share).min(match skipped {
        s if s >= 100.0 * least => Severity::High,
        s if s >= 10.0 * least => Severity::Medium,
        _ => Severity::Low,
    });
    let mut finding = Finding::new(RULE.name, severity, title)
        .with("rows_skipped", skipped)
        .with("rows_returned", passed);
    finding.nodes =
        measured.map(|m| m.limit).or_else(|| limit_node(statement)).into_iter().collect();
    statement.saves(share, &mut finding);
    finding.remedies = vec![keyset(statement.engine, scope)];
    Some(finding)
}

struct Skipped {
    limit: NodeId,
    skipped: f64,
    passed: f64,
}

/// Rows that went into the topmost LIMIT and not out of it.
fn skipped_by_plan(plan: &Plan) -> Option<Skipped> {
    let (id, limit) = plan.iter().find(|(_, node)| node.operator == Operator::Limit)?;
    let passed = limit.actual_rows()?;
    let (_, input) = plan.children(id).next()?;
    let skipped = input.actual_rows()? - passed;
    (skipped >= 9.0 * passed).then_some(Skipped { limit: id, skipped, passed })
}

fn limit_node(statement: &StatementContext<'_>) -> Option<NodeId> {
    let mut nodes = statement.plan?.iter();
    nodes.find(|(_, node)| node.operator == Operator::Limit).map(|(id, _)| id)
}

fn limit_of(scope: Option<&Scope>) -> Option<f64> {
    match scope?.limit {
        Some(Bound::Number(rows)) => Some(rows),
        _ => None,
    }
}

fn keyset(engine: Engine, scope: Option<&Scope>) -> Remedy {
    let order = scope.and_then(|scope| scope.order_by.as_deref()).unwrap_or_default();
    let description = "keyset pagination: keep the last row's sort key and ask for what comes after \
                       it; not equivalent where the sort key is not unique, so end it with the \
                       primary key";
    Remedy::Rewrite { description: description.to_owned(), sql: keyset_sql(engine, order) }
}

/// The condition in place of OFFSET; `None` where the order is unknown or of mixed directions.
fn keyset_sql(engine: Engine, order: &[OrderKey]) -> Option<String> {
    let first = order.first()?;
    if order.iter().any(|key| key.descending != first.descending) {
        return None;
    }
    let columns: Vec<String> = order.iter().map(|k| column(engine, k)).collect();
    let last: Vec<String> = order.iter().map(|k| format!(":last_{}", k.column.name)).collect();
    let after = if first.descending { "<" } else { ">" };
    let direction = if first.descending { " DESC" } else { "" };
    let by: Vec<String> = columns.iter().map(|c| format!("{c}{direction}")).collect();
    let (left, right) = match columns.as_slice() {
        [only] => (only.clone(), last[0].clone()),
        _ => (format!("({})", columns.join(", ")), format!("({})", last.join(", "))),
    };
    Some(format!("... WHERE {left} {after} {right} ORDER BY {} LIMIT n", by.join(", ")))
}

fn column(engine: Engine, key: &OrderKey) -> String {
    let name = engine.quoted(&key.column.name);
    match &key.column.qualifier {
        Some(qualifier) => format!("{}.{name}", engine.quoted(qualifier)),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Shop, findings_of};

    #[test]
    fn a_large_number_is_found_and_keyset_silences_it() {
        let sql = "SELECT * FROM orders ORDER BY created_at DESC, id DESC LIMIT 20 OFFSET 20000";
        let found = findings_of(&RULE, &Shop::scanning(sql, 300_000.0, 20.0).snapshot());
        assert_eq!(found.len(), 1);
        let Remedy::Rewrite { sql: Some(rewritten), .. } = &found[0].remedies[0] else { panic!() };
        assert_eq!(
            rewritten,
            "... WHERE (created_at, id) < (:last_created_at, :last_id) ORDER BY created_at DESC, \
             id DESC LIMIT n"
        );
        let keyset = "SELECT * FROM orders WHERE (created_at, id) < ($1, $2) \
                      ORDER BY created_at DESC, id DESC LIMIT 20";
        assert_eq!(findings_of(&RULE, &Shop::scanning(keyset, 300_000.0, 20.0).snapshot()), []);
    }

    #[test]
    fn a_small_or_unknown_offset_is_no_evidence() {
        for offset in ["40", "$1"] {
            let sql = format!("SELECT * FROM orders ORDER BY id LIMIT 20 OFFSET {offset}");
            assert_eq!(findings_of(&RULE, &Shop::scanning(&sql, 300_000.0, 20.0).snapshot()), []);
        }
    }
}

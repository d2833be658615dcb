//! Plans: `EXPLAIN QUERY PLAN`, which plans a statement and runs nothing of it.

use super::SqliteSession;
use super::catalog::read_stat1;
use super::connect::first_line;
use super::cost;
use super::database::Database;
use super::estimate::Statistics;
use crate::driver::PlanOutcome;
use crate::error::Result;
use planscope_explain::formats::sqlite_query_plan::{EqpRow, from_rows, to_text};
use planscope_explain::workload::{PlanRecord, Problem, Statement};

impl SqliteSession {
    /// Plans the statements in order, with rows and costs estimated at the nodes.
    pub(super) fn plan_all(
        &mut self,
        statements: &[Statement],
        found: &mut dyn FnMut(PlanOutcome),
    ) -> Result<()> {
        let stat1 = self.timed(read_stat1)?;
        self.known_catalog()?;
        let empty = Default::default();
        let catalog = self.catalog.as_ref().unwrap_or(&empty);
        let statistics = Statistics { catalog, stat1: &stat1, pretended: &[] };
        let limit = self.policy.plan_timeout(self.pulse.slowest());
        for statement in statements {
            self.watch.stop.check()?;
            let _limit = self.watch.limit(limit);
            found(plan_one(&self.connection, statement, &statistics));
        }
        Ok(())
    }
}

fn plan_one(
    connection: &Database,
    statement: &Statement,
    statistics: &Statistics<'_>,
) -> PlanOutcome {
    let problem = |message: String| Problem {
        kind: "explain-failed".into(),
        message,
        statement: Some(statement.fingerprint),
    };
    let rows = query_plan(connection, &statement.text).map_err(|e| problem(first_line(&e)))?;
    if rows.is_empty() {
        return Err(problem("SQLite has no plan for it: it reads no table".into()));
    }
    let plan = from_rows(&rows).map_err(|error| problem(error.to_string()))?;
    let plan = cost::annotate(plan, statistics, &statement.text);
    Ok(PlanRecord { plan, raw: Some(to_text(&rows)) })
}

/// The rows of EXPLAIN QUERY PLAN. Parameters need no values.
pub(super) fn query_plan(connection: &Database, sql: &str) -> rusqlite::Result<Vec<EqpRow>> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(EqpRow {
            id: row.get(0)?,
            parent: row.get(1)?,
            notused: row.get(2)?,
            detail: row.get(3)?,
        });
    }
    Ok(found)
}

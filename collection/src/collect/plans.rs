//! The plans of a collection: in parts, with a look at the load and the budget before each.

use super::{Request, Step};
use crate::driver::{Execution, PlanOutcome, Session};
use crate::error::Result;
use crate::guard::{Gate, Spending};
use planscope_explain::workload::{Problem, Snapshot, Statement};

/// Plans asked for between two looks at the load: enough to keep a connection's pipeline full, and
/// less than a tenth of a second of a server's time.
const PART: usize = 256;

/// Gets the plan of every statement of the snapshot, as far as load and budget allow.
pub(super) async fn plan_all(
    session: &mut dyn Session,
    request: &Request,
    snapshot: &mut Snapshot,
    gate: &mut Gate,
    spending: &mut Spending,
    progress: &mut (dyn FnMut(Step) + Send),
) -> Result<()> {
    let of = snapshot.statements.len();
    // What runs statements is looked at before each of them.
    let part = if request.execution == Execution::Analyze { 1 } else { PART };
    let mut done = 0;
    progress(Step::Plans(0, of));
    while done < of {
        if let Some(what) = spending.used_up() {
            snapshot.statements.iter_mut().skip(done).for_each(|s| not_planned(s, &what));
            return Ok(());
        }
        gate.pass(session).await?;
        let size = part.min(spending.plans_left()).min(of - done);
        let mut found: Vec<PlanOutcome> = Vec::with_capacity(size);
        let mut each = |outcome| {
            found.push(outcome);
            progress(Step::Plans(done + found.len(), of));
        };
        let statements = snapshot.statements.get(done..done + size).unwrap_or_default();
        let all = session.plans(statements, request.execution, &mut each).await;
        for (statement, outcome) in snapshot.statements.iter_mut().skip(done).zip(found) {
            spending.spend(1, weight(&outcome));
            take(statement, outcome);
        }
        all?;
        done += size;
    }
    Ok(())
}

fn take(statement: &mut Statement, outcome: PlanOutcome) {
    match outcome {
        Ok(record) => statement.plans.push(record),
        Err(problem) => statement.problems.push(problem),
    }
}

fn weight(outcome: &PlanOutcome) -> u64 {
    outcome.as_ref().ok().and_then(|record| record.raw.as_ref()).map_or(0, |raw| raw.len() as u64)
}

fn not_planned(statement: &mut Statement, what: &str) {
    statement.problems.push(Problem {
        kind: "budget".to_owned(),
        message: format!("not planned: the budget of {what} is spent"),
        statement: Some(statement.fingerprint),
    });
}

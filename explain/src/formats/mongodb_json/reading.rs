//! The plan itself: drafts become nodes, in preorder.

use super::super::{Note, Reading, shortened};
use super::FORMAT;
use super::build::Builder;
use super::node;
use crate::plan::{LimitError, Operator, PlanBuilder};
use std::collections::BTreeSet;

/// Most unknown operators that are named in notes.
const MAX_NAMED: usize = 20;

/// The plan of the collected stages, its statement's facts still empty; `None` without a stage.
pub(super) fn reading(
    builder: Builder<'_>,
    elapsed_ms: Option<f64>,
) -> Result<Option<Reading>, LimitError> {
    let mut drafts = builder.into_drafts();
    if drafts.list.is_empty() {
        return Ok(None);
    }
    drafts.list.shrink_to_fit();
    drafts.set_elapsed(elapsed_ms);
    let unmeasured = drafts.settle();
    let mut plan = PlanBuilder::expecting(drafts.list.len());
    let mut unknown = BTreeSet::new();
    for (at, depth) in drafts.preorder() {
        plan.close_to_depth(depth);
        let node = node::node(&drafts, at);
        if let Operator::Other(name) = &node.operator
            && unknown.len() < MAX_NAMED
        {
            unknown.insert(shortened(name));
        }
        plan.open(node)?;
    }
    drop(drafts);
    let mut notes: Vec<Note> =
        unknown.into_iter().map(|name| note(format!("unknown operator {name}"))).collect();
    if !unmeasured.is_empty() {
        let names: BTreeSet<&str> = unmeasured.iter().map(String::as_str).take(MAX_NAMED).collect();
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        notes.push(note(format!("not measured, shown with the figures of the input: {names}")));
    }
    let plan = plan.finish(FORMAT.engine, FORMAT.name)?;
    Ok(Some(Reading { plan, notes }))
}

/// A note on the plan as a whole.
pub(super) fn note(message: String) -> Note {
    Note { place: "the plan".to_owned(), message }
}

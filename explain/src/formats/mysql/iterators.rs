//! What FORMAT=TREE and FORMAT=JSON version 2 have in common: both show the tree of iterators.
//!
//! Times are averages per loop and include the inputs, with three exceptions that are put right
//! here, so that self times add up to what the statement took:
//!
//! * Subqueries of the select list run when a row is sent, outside of the topmost iterator.
//! * A subquery that runs only once may run while the statement is optimised, before its parent.
//! * Headings have no figures, and until 8.0.2x the scan of a temporary table did not include the
//!   filling of the table that it is printed above.

use super::draft::{At, Draft};
use crate::engine::Engine;
use crate::plan::{Actual, LimitError, Node, Operator, Plan, Role};
use std::collections::{HashMap, HashSet};

/// Whether the node is the heading of a subquery, or its top under version 2.
pub(super) fn is_subquery(heading: &str) -> bool {
    heading.starts_with("Select #")
}

/// Names the subquery: `Select #2 (subquery in condition; dependent)`.
pub(super) fn name_subquery(node: &mut Node, heading: &str) {
    let name = heading.split(" (").next().unwrap_or(heading);
    node.subplan = Some(name.to_owned());
}

/// How the subquery of that heading hangs on its parent.
pub(super) fn subquery_role(heading: &str) -> Role {
    if heading.contains("run only once") { Role::InitPlan } else { Role::SubPlan }
}

/// How the input of that number hangs on `parent`.
pub(super) fn input_role(parent: &Node, number: usize) -> Role {
    match parent.operator {
        Operator::Append | Operator::SetOperation | Operator::MultiIndex => Role::Member,
        Operator::Materialize if parent.label.starts_with("Materialize recursive") => Role::Member,
        _ if parent.operator.is_join() && number > 0 => Role::Inner,
        _ if parent.operator.is_scan() && parent.operator != Operator::MultiIndex => Role::Subquery,
        _ => Role::Outer,
    }
}

/// The plan of the tree at `root`. `outside` are the subqueries of its select list.
pub(super) fn finish(
    mut draft: Draft,
    root: At,
    outside: &HashSet<At>,
    format: &'static str,
) -> Result<Plan, LimitError> {
    let order = draft.preorder(root);
    name_scans(&mut draft, &order);
    if order.iter().any(|&at| draft.node(at as usize).actual.is_some()) {
        settle(&mut draft, &order, outside);
        count_removed(&mut draft, &order);
    }
    drop(order);
    draft.finish(root, Engine::Mysql, format)
}

/// A scan of what was materialised is no scan of a table.
fn name_scans(draft: &mut Draft, order: &[u32]) {
    for at in order.iter().map(|&at| at as usize) {
        if draft.node(at).operator != Operator::SeqScan {
            continue;
        }
        let input = draft.children(at).next();
        let made = input
            .map(|child| (draft.node(child).operator.clone(), draft.node(child).subplan.is_some()));
        let internal = draft.node(at).relation.as_ref().is_some_and(|name| name.starts_with('<'));
        draft.node_mut(at).operator = match made {
            Some((Operator::TableFunctionScan, _)) => Operator::TableFunctionScan,
            Some((_, true)) => Operator::CteScan,
            Some(_) => Operator::SubqueryScan,
            None if internal => Operator::SubqueryScan,
            None => continue,
        };
        if let Some(child) = input
            && draft.node(child).operator == Operator::TableFunctionScan
        {
            draft.node_mut(child).operator = Operator::Materialize;
        }
    }
}

/// Milliseconds over all loops.
fn total(actual: Option<Actual>) -> f64 {
    actual.map_or(0.0, |a| a.total_ms_per_loop.unwrap_or(0.0) * a.loops)
}

/// What the children of a node took.
#[derive(Default)]
struct Inputs {
    /// Its inputs.
    inputs: f64,
    /// Subqueries that run only once.
    once: f64,
    /// Subqueries of the select list of the whole statement.
    outside: f64,
    /// What ran before the statement and is known only further up.
    before: f64,
    /// The first child.
    first: Option<Actual>,
}

fn settle(draft: &mut Draft, order: &[u32], outside: &HashSet<At>) {
    let mut before = HashMap::new();
    for at in order.iter().rev().map(|&at| at as usize) {
        let mut of = Inputs::default();
        for child in draft.children(at) {
            let node = draft.node(child);
            let took = total(node.actual);
            match node.role {
                _ if outside.contains(&child) => of.outside += took,
                Role::InitPlan => of.once += took,
                _ => of.inputs += took,
            }
            of.first = of.first.or(node.actual);
            of.before += before.remove(&child).unwrap_or(0.0);
        }
        let is_scan = draft.node(at).operator.is_scan();
        let (actual, lifted) = settled(draft.node(at).actual, &of, is_scan);
        draft.node_mut(at).actual = actual;
        if lifted > 0.0 {
            before.insert(at, lifted);
        }
    }
}

/// The node's figures with what they lack, and the part that its parents lack too.
fn settled(actual: Option<Actual>, of: &Inputs, is_scan: bool) -> (Option<Actual>, f64) {
    let sum = of.inputs + of.once + of.outside;
    let Some(mut actual) = actual else {
        let Some(first) = of.first else { return (None, 0.0) };
        let per_loop = if first.loops > 0.0 { sum / first.loops } else { 0.0 };
        let total = first.total_ms_per_loop.map(|_| per_loop);
        return (Some(Actual { total_ms_per_loop: total, ..first }), of.before);
    };
    let own = total(Some(actual));
    // Clocks differ by some percent and figures are rounded to three digits.
    let is_in = |part: f64, whole: f64| part <= whole * 1.1 + 0.01;
    let mut lifted = of.before + of.outside;
    let mut missing = of.outside;
    if !is_in(of.inputs + of.once, own) && of.once > 0.0 {
        lifted += of.once;
        missing += of.once;
    } else if is_scan && !is_in(of.inputs, own) {
        missing += of.inputs;
    }
    if actual.loops > 0.0
        && let Some(per_loop) = &mut actual.total_ms_per_loop
    {
        *per_loop += (missing + of.before) / actual.loops;
    }
    (Some(actual), lifted)
}

/// A filter throws away what comes in and does not go out.
fn count_removed(draft: &mut Draft, order: &[u32]) {
    for at in order.iter().map(|&at| at as usize) {
        if draft.node(at).operator != Operator::Filter {
            continue;
        }
        let input = draft.children(at).find(|&child| draft.node(child).role == Role::Outer);
        let rows_in = input.and_then(|child| draft.node(child).actual_rows());
        let node = draft.node_mut(at);
        if let (Some(rows_in), Some(rows_out)) = (rows_in, node.actual_rows()) {
            node.removed.by_filter = Some((rows_in - rows_out).max(0.0));
        }
    }
}

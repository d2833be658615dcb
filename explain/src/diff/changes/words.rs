//! The words for what stands on each side of a change.

use crate::diff::access::{Access, Reach, Term, shortened};
use crate::diff::profile::{Class, Profile, temp_b_tree};
use crate::plan::{ConditionKind, Node, NodeId};

use super::Sides;

/// What stands on a side that does not have the thing.
pub(in crate::diff) const NONE: &str = "none";

/// What a thing on `side` is called: gone if it was before, new if it is after.
pub(super) fn sided<T>(side: usize, removed: T, added: T) -> T {
    if side == 0 { removed } else { added }
}

/// A value for the side that has the thing and one for the other.
pub(super) fn sides_of<T>(side: usize, there: T, absent: T) -> Sides<T> {
    if side == 0 { [there, absent] } else { [absent, there] }
}

/// The two paths in words. Where one looks an index up and the other reads one from end to end,
/// the operators may be the same, so it is said.
pub(super) fn access_texts(paths: &Sides<Access<'_>>) -> Sides<String> {
    let mut texts = [paths[0].text(), paths[1].text()];
    for (side, text) in texts.iter_mut().enumerate() {
        let reaches = [paths[side].reach, paths[1 - side].reach];
        if reaches == [Some(Reach::WholeIndex), Some(Reach::Lookup)] {
            text.insert_str(0, "full ");
        }
    }
    texts
}

/// SQLite has one operator for all of its temporary b-trees; the label says which it is.
pub(super) fn operator_text(node: &Node) -> String {
    match temp_b_tree(node) {
        Some(purpose) => format!("TEMP B-TREE {purpose}").trim_end().to_owned(),
        None => node.operator.name().to_owned(),
    }
}

pub(super) fn sort_text(node: &Node) -> String {
    let keys: Vec<&str> = node.conditions_of(ConditionKind::SortKey).collect();
    let text = operator_text(node);
    if keys.is_empty() || temp_b_tree(node).is_some() {
        text
    } else {
        format!("{text} ({})", shortened(&keys.join(", ")))
    }
}

pub(super) fn gather_text(node: &Node) -> String {
    let name = node.operator.name();
    match node.workers.and_then(|w| w.planned) {
        Some(1) => format!("{name}, 1 worker"),
        Some(workers) => format!("{name}, {workers} workers"),
        None => name.to_owned(),
    }
}

pub(super) fn node_text(plan: &Profile<'_>, id: NodeId) -> String {
    if plan.class[id.index()] == Class::Scan {
        return Access::new(plan, id).text();
    }
    let node = plan.node(id);
    if node.operator.name().is_empty() { node.label.clone() } else { node.operator.name().into() }
}

pub(super) fn joined(terms: &[Term]) -> String {
    let texts: Vec<&str> = terms.iter().map(|term| term.text.as_str()).collect();
    shortened(&texts.join(" AND "))
}

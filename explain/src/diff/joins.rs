//! Joins in words: which relations, in which order, of which type.

use super::profile::{Class, Profile, is_detached};
use crate::plan::{Node, NodeId, Operator};

/// Characters past which a list of relations is cut.
const MOST_CHARS: usize = 120;
/// Nodes below a join past which its relations are not listed: nobody reads that many, and every
/// join of a deep nest would list all below it.
const MOST_NODES: u32 = 200;

/// The relations below a pair of joins of the same relations, sorted, so that the text does not
/// depend on their order.
pub(super) fn relations(plans: [&Profile<'_>; 2], ids: [NodeId; 2]) -> Option<String> {
    if (0..2).any(|side| plans[side].node(ids[side]).subtree_len() > MOST_NODES) {
        return None;
    }
    // Where the aliases are others, the lesser text, so that it is the same in both directions.
    let texts = [0, 1].map(|side| listed(names_below(plans[side], ids[side])));
    texts.into_iter().min().filter(|text| !text.is_empty())
}

fn listed(mut names: Vec<&str>) -> String {
    names.sort_unstable();
    let mut text = String::new();
    for name in names {
        if text.chars().count() + name.chars().count() > MOST_CHARS {
            text.push_str(", …");
            break;
        }
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(name);
    }
    text
}

fn names_below<'a>(profile: &Profile<'a>, id: NodeId) -> Vec<&'a str> {
    let nodes = profile.plan.nodes();
    let end = id.index() + nodes[id.index()].subtree_len() as usize;
    let mut names = Vec::new();
    let mut i = id.index();
    while i < end {
        if i != id.index() && is_detached(&nodes[i]) {
            i += nodes[i].subtree_len() as usize;
            continue;
        }
        if profile.is_leaf(i) {
            names.extend(profile.name[i]);
        }
        i += 1;
    }
    names
}

/// Something still to be written.
enum Piece {
    Text(&'static str),
    /// A subtree; a join that is not the first input gets parentheses.
    Node {
        id: NodeId,
        first: bool,
    },
}

/// The join order below a node: `a, b, c` joins a with b and the result with c; `a, (b, c)` joins
/// b with c first.
pub(super) fn order(profile: &Profile<'_>, id: NodeId) -> String {
    let mut text = String::new();
    let mut waiting = vec![Piece::Node { id, first: true }];
    while let Some(piece) = waiting.pop() {
        if text.len() > MOST_CHARS {
            text.push('…');
            break;
        }
        match piece {
            Piece::Text(piece) => text.push_str(piece),
            Piece::Node { id, first } => spread(profile, id, first, &mut text, &mut waiting),
        }
    }
    text
}

fn spread(
    profile: &Profile<'_>,
    id: NodeId,
    first: bool,
    text: &mut String,
    waiting: &mut Vec<Piece>,
) {
    if profile.is_leaf(id.index()) {
        text.push_str(profile.name[id.index()].unwrap_or_default());
        return;
    }
    let inputs: Vec<NodeId> =
        profile.inputs(id).filter(|input| profile.order[input.index()] != 0).collect();
    let grouped = !first && inputs.len() > 1;
    if grouped {
        text.push('(');
        waiting.push(Piece::Text(")"));
    }
    for (i, input) in inputs.iter().enumerate().rev() {
        // One input only: whatever it is, it stands where its parent stands.
        let first = if inputs.len() == 1 { first } else { i == 0 };
        waiting.push(Piece::Node { id: *input, first });
        if i > 0 {
            waiting.push(Piece::Text(", "));
        }
    }
}

/// The type of a join, whichever input is on which side: an engine that swaps them writes
/// `Right` for the same `Left` join.
pub(super) fn join_type(node: &Node) -> &str {
    match node.join_type.as_deref().unwrap_or("Inner") {
        "Right" => "Left",
        "Right Semi" => "Semi",
        "Right Anti" => "Anti",
        other => other,
    }
}

/// Whether the node merely hands on what it gets, so that counting its rows counts work twice.
pub(super) fn passes_on(class: Class, operator: &Operator) -> bool {
    matches!(class, Class::Part | Class::Gather | Class::Hash | Class::Heading)
        || matches!(
            operator,
            Operator::Limit
                | Operator::Materialize
                | Operator::Memoize
                | Operator::Append
                | Operator::MergeAppend
                | Operator::SubqueryScan
                | Operator::Result
                | Operator::LockRows
                | Operator::Sort
                | Operator::IncrementalSort
        )
}

//! Who spent it: self time, self cost and self buffers, so that they add up to the root's.
//!
//! Every engine reports inclusive figures. Taking the children's from the parent's is right only
//! for inputs that the parent itself runs. Three cases differ in PostgreSQL:
//!
//! * An **InitPlan** hangs on the top of its query level, but runs inside whichever node first
//!   needs its value; it is charged there (or to the Gather above that node, which evaluates it
//!   before it starts workers).
//! * A **CTE** is drawn row by row by the CTE scans of its name, wherever they are.
//! * Below a **Gather** the printed average is over all participants, so a total over all loops is
//!   divided by the loops of the Gather's child: the participants that really ran.
//!
//! Clocks are rounded and rescans are averaged, so children may sum up to more than their parent.
//! They are then scaled down to what the parent has. Hence the sum over a plan is exact by
//! construction and no self figure is negative.

use super::{Derived, Node, NodeId, Operator, OwnBlocks, Role};
use std::collections::HashMap;

/// Fills in everything derived.
pub(super) fn derive(nodes: &mut [Node]) {
    let users = Users::find(nodes);
    let time = root_known(nodes, |n| n.actual.and_then(|a| a.total_ms_per_loop).is_some())
        .then(|| elapsed(nodes));
    let self_ms = time.as_ref().map(|time| users.settle(nodes, time, no_elastic));
    let self_cost = root_known(nodes, |n| n.estimate.total_cost.is_some())
        .then(|| Users::default().settle(nodes, &cost_all_loops(nodes), elastic_for_cost));
    let blocks = |read: fn(&Node) -> Option<u64>| {
        let values: Vec<f64> = nodes.iter().map(|n| read(n).unwrap_or(0) as f64).collect();
        root_known(nodes, |n| read(n).is_some()).then(|| users.settle(nodes, &values, no_elastic))
    };
    let touched = blocks(|n| n.buffers.touched());
    let read = blocks(|n| n.buffers.read());
    let temp_written = blocks(|n| n.buffers.temp_written);
    for (i, node) in nodes.iter_mut().enumerate() {
        let at = |values: &Option<Vec<f64>>| values.as_ref().map(|v| v[i]);
        let own =
            OwnBlocks { touched: at(&touched), read: at(&read), temp_written: at(&temp_written) };
        node.derived = Derived {
            total_ms: at(&time).into(),
            self_ms: at(&self_ms).into(),
            self_cost: at(&self_cost).into(),
            blocks: own.into(),
        };
    }
}

fn root_known(nodes: &[Node], known: impl Fn(&Node) -> bool) -> bool {
    nodes.first().is_some_and(known)
}

/// Inclusive milliseconds over all loops; below a Gather, of the average participant.
fn elapsed(nodes: &[Node]) -> Vec<f64> {
    let mut participants = vec![1.0_f64; nodes.len()];
    let mut total = Vec::with_capacity(nodes.len());
    for (i, node) in nodes.iter().enumerate() {
        if let Some(parent) = node.parent() {
            participants[i] = participants_below(nodes, parent, node, &participants);
        }
        let actual = node.actual.unwrap_or_default();
        let per_loop = actual.total_ms_per_loop.unwrap_or(0.0);
        total.push(bounded(per_loop * actual.loops / participants[i]));
    }
    total
}

/// Never infinite, not even as the sum over all nodes: infinite figures cannot add up.
fn bounded(value: f64) -> f64 {
    const MOST: f64 = 1e300;
    if value > MOST { MOST } else { value.max(0.0) }
}

fn participants_below(nodes: &[Node], parent: NodeId, node: &Node, above: &[f64]) -> f64 {
    let gather = &nodes[parent.index()];
    if !gather.operator.is_gather() || node.role == Role::InitPlan {
        return above[parent.index()];
    }
    let loops = |n: &Node| n.actual.map_or(0.0, |a| a.loops);
    (loops(node) / loops(gather).max(1.0)).max(1.0)
}

/// Inclusive cost over all the loops the planner foresaw: the inner side of a nested loop is
/// priced once per outer row.
fn cost_all_loops(nodes: &[Node]) -> Vec<f64> {
    let mut loops = vec![1.0_f64; nodes.len()];
    let mut outer_rows = vec![1.0_f64; nodes.len()];
    let mut total = Vec::with_capacity(nodes.len());
    for (i, node) in nodes.iter().enumerate() {
        if let Some(parent) = node.parent() {
            let p = parent.index();
            let rows = node.estimate.rows_per_loop.unwrap_or(1.0).max(1.0);
            let repeated = match (node.role, &nodes[p].operator) {
                (Role::Inner, Operator::NestedLoop) => outer_rows[p],
                (Role::SubPlan, _) => nodes[p].estimate.rows_per_loop.unwrap_or(1.0).max(1.0),
                _ => 1.0,
            };
            if node.role == Role::Outer {
                outer_rows[p] = rows;
            }
            loops[i] = (loops[p] * repeated).min(1e30);
        }
        total.push(bounded(node.estimate.total_cost.unwrap_or(0.0) * loops[i]));
    }
    total
}

fn no_elastic(_: &Node, _: &Node) -> bool {
    false
}

/// Children whose number of loops is a guess give way before those that ran once.
fn elastic_for_cost(parent: &Node, child: &Node) -> bool {
    child.role == Role::SubPlan
        || (child.role == Role::Inner && parent.operator == Operator::NestedLoop)
}

/// For each InitPlan and CTE, the nodes that pay for it.
#[derive(Debug, Default)]
struct Users {
    /// Top of the detached subtree, and who pays. In preorder.
    detached: Vec<(usize, Vec<usize>)>,
}

impl Users {
    fn find(nodes: &[Node]) -> Self {
        let tops: Vec<usize> = (0..nodes.len())
            .filter(|&i| nodes[i].parent().is_some())
            .filter(|&i| matches!(nodes[i].role, Role::InitPlan | Role::Cte))
            .collect();
        if tops.is_empty() {
            return Self::default();
        }
        let mentions = Mentions::collect(nodes);
        let with_users = |top: usize| (top, payers(nodes, top, &mentions));
        Self { detached: tops.into_iter().map(with_users).collect() }
    }

    /// Self values of all nodes, given their inclusive `values`.
    fn settle(
        &self,
        nodes: &[Node],
        values: &[f64],
        elastic: fn(&Node, &Node) -> bool,
    ) -> Vec<f64> {
        let mut books = Books::new(nodes, values, elastic, &self.detached);
        books.settle_region(0, values.first().copied().unwrap_or(0.0));
        // From the last to the first: a later CTE draws from an earlier one, so one pass does it.
        let mut waiting: Vec<&(usize, Vec<usize>)> = self.detached.iter().rev().collect();
        while !waiting.is_empty() {
            let before = waiting.len();
            waiting.retain(|(top, users)| !books.all_settled(users) || books.charge(*top, users));
            if waiting.len() == before {
                // Users that wait for each other: the owner pays.
                let forced = waiting.iter().position(|(top, _)| books.owner_settled(*top));
                let Some(next) = forced else { break };
                let (top, users) = waiting.remove(next);
                books.charge(*top, users);
            }
        }
        books.own
    }
}

/// Working state of one settlement.
struct Books<'a> {
    nodes: &'a [Node],
    values: &'a [f64],
    elastic: fn(&Node, &Node) -> bool,
    is_detached: Vec<bool>,
    settled: Vec<bool>,
    inclusive: Vec<f64>,
    own: Vec<f64>,
}

impl<'a> Books<'a> {
    fn new(
        nodes: &'a [Node],
        values: &'a [f64],
        elastic: fn(&Node, &Node) -> bool,
        detached: &[(usize, Vec<usize>)],
    ) -> Self {
        let mut is_detached = vec![false; nodes.len()];
        for (top, _) in detached {
            is_detached[*top] = true;
        }
        let n = nodes.len();
        Self {
            nodes,
            values,
            elastic,
            is_detached,
            settled: vec![false; n],
            inclusive: vec![0.0; n],
            own: vec![0.0; n],
        }
    }

    fn all_settled(&self, users: &[usize]) -> bool {
        users.iter().all(|&u| self.settled[u])
    }

    fn owner_settled(&self, top: usize) -> bool {
        self.nodes[top].parent().is_none_or(|p| self.settled[p.index()])
    }

    /// Shares `amount` out over the subtree at `top`, leaving out detached subtrees within.
    fn settle_region(&mut self, top: usize, amount: f64) {
        let end = top + self.nodes[top].subtree_len() as usize;
        self.inclusive[top] = amount;
        let mut i = top;
        while i < end {
            if i != top && self.is_detached[i] {
                i += self.nodes[i].subtree_len() as usize;
                continue;
            }
            self.settled[i] = true;
            self.own[i] = self.share_out(i);
            i += 1;
        }
    }

    /// Gives the attached children of `i` their inclusive shares; returns what is left for `i`.
    fn share_out(&mut self, i: usize) -> f64 {
        let (mut rigid, mut elastic) = (0.0, 0.0);
        let node = &self.nodes[i];
        for c in self.attached_children(i) {
            if (self.elastic)(node, &self.nodes[c]) {
                elastic += self.values[c];
            } else {
                rigid += self.values[c];
            }
        }
        let available = self.inclusive[i];
        let rigid_scale = scale(rigid, available);
        let elastic_scale = scale(elastic, available - rigid * rigid_scale);
        let mut next = i + 1;
        let end = i + node.subtree_len() as usize;
        while next < end {
            if !self.is_detached[next] {
                let by = if (self.elastic)(node, &self.nodes[next]) {
                    elastic_scale
                } else {
                    rigid_scale
                };
                self.inclusive[next] = self.values[next] * by;
            }
            next += self.nodes[next].subtree_len() as usize;
        }
        (available - rigid * rigid_scale - elastic * elastic_scale).max(0.0)
    }

    fn attached_children(&self, i: usize) -> impl Iterator<Item = usize> {
        let end = i + self.nodes[i].subtree_len() as usize;
        let step = |c: usize| c + self.nodes[c].subtree_len() as usize;
        std::iter::successors((i + 1 < end).then_some(i + 1), move |&c| {
            Some(step(c)).filter(|&next| next < end)
        })
        .filter(|&c| !self.is_detached[c])
    }

    /// Moves the value of the detached subtree `top` from its users to itself. Returns `false`,
    /// which says that it waits no longer.
    fn charge(&mut self, top: usize, users: &[usize]) -> bool {
        let amount = self.take(users, top);
        self.settle_region(top, amount);
        false
    }

    /// Takes the value of the detached subtree `top` out of its users' own, then its owner's.
    /// Returns what could be taken.
    fn take(&mut self, users: &[usize], top: usize) -> f64 {
        let wanted = self.values[top];
        let users: Vec<usize> = users.iter().copied().filter(|&u| self.settled[u]).collect();
        let mut taken = self.take_from_one(&users, wanted, top);
        if taken == 0.0 {
            taken = self.take_pro_rata(&users, wanted);
        }
        if let Some(owner) = self.nodes[top].parent().map(NodeId::index)
            && self.settled[owner]
        {
            taken += self.take_pro_rata(&[owner], wanted - taken);
        }
        taken
    }

    /// An InitPlan runs once, inside the first node that needs it: that one pays it all.
    fn take_from_one(&mut self, users: &[usize], wanted: f64, top: usize) -> f64 {
        if self.nodes[top].role != Role::InitPlan {
            return 0.0;
        }
        // 5 %: the clocks of two nodes around the same work differ by that much.
        let Some(&payer) = users.iter().find(|&&u| self.own[u] >= wanted * 0.95) else {
            return 0.0;
        };
        self.take_pro_rata(&[payer], wanted)
    }

    fn take_pro_rata(&mut self, users: &[usize], wanted: f64) -> f64 {
        let available: f64 = users.iter().map(|&u| self.own[u]).sum();
        if available <= 0.0 || wanted <= 0.0 {
            return 0.0;
        }
        let taken = wanted.min(available);
        for &user in users {
            self.own[user] *= 1.0 - taken / available;
        }
        taken
    }
}

fn scale(wanted: f64, available: f64) -> f64 {
    if wanted > available && wanted > 0.0 { (available / wanted).max(0.0) } else { 1.0 }
}

/// Which nodes mention which parameter (`$3`), init plan (`InitPlan 2`) or CTE name.
#[derive(Debug, Default)]
struct Mentions<'a> {
    params: HashMap<&'a str, Vec<usize>>,
    init_plans: HashMap<&'a str, Vec<usize>>,
    ctes: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Mentions<'a> {
    fn collect(nodes: &'a [Node]) -> Self {
        let mut found = Self::default();
        for (i, node) in nodes.iter().enumerate() {
            if node.operator == Operator::CteScan
                && let Some(name) = &node.relation
            {
                found.ctes.entry(name).or_default().push(i);
            }
            for condition in &node.conditions {
                found.scan(&condition.text, i);
            }
        }
        found
    }

    fn scan(&mut self, text: &'a str, node: usize) {
        for name in digits_after(text, "$") {
            push_once(self.params.entry(name).or_default(), node);
        }
        for name in digits_after(text, "InitPlan ") {
            push_once(self.init_plans.entry(name).or_default(), node);
        }
    }
}

fn push_once(list: &mut Vec<usize>, node: usize) {
    if list.last() != Some(&node) {
        list.push(node);
    }
}

/// The runs of digits that follow `prefix` in `text`.
fn digits_after<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(prefix).filter_map(move |(at, _)| {
        let rest = &text[at + prefix.len()..];
        let len = rest.bytes().take_while(u8::is_ascii_digit).count();
        (len > 0).then(|| &rest[..len])
    })
}

/// Who pays for the detached subtree at `top`: nodes of its owner's subtree that mention it.
fn payers(nodes: &[Node], top: usize, mentions: &Mentions<'_>) -> Vec<usize> {
    let Some(owner) = nodes[top].parent().map(NodeId::index) else { return Vec::new() };
    let name = nodes[top].subplan.as_deref().unwrap_or_default();
    let mut found: Vec<usize> = Vec::new();
    if nodes[top].role == Role::Cte {
        let cte = name.strip_prefix("CTE ").unwrap_or(name);
        found.extend(mentions.ctes.get(cte).into_iter().flatten());
    } else {
        for param in digits_after(name, "$") {
            found.extend(mentions.params.get(param).into_iter().flatten());
        }
        for number in digits_after(name, "InitPlan ") {
            found.extend(mentions.init_plans.get(number).into_iter().flatten());
        }
    }
    let end_of = |i: usize| i + nodes[i].subtree_len() as usize;
    // A CTE may be used by its sisters, which hang on the same owner; itself it cannot feed.
    found.retain(|&u| u >= owner && u < end_of(owner) && !(u >= top && u < end_of(top)));
    if nodes[top].role == Role::InitPlan {
        found = found.into_iter().map(|u| gather_above(nodes, u, owner)).collect();
    }
    found.sort_unstable();
    found.dedup();
    if found.is_empty() { vec![owner] } else { found }
}

/// The outermost Gather between `user` and `owner`, both included; else `user`.
fn gather_above(nodes: &[Node], user: usize, owner: usize) -> usize {
    let mut at = user;
    let mut payer = user;
    loop {
        if nodes[at].operator.is_gather() {
            payer = at;
        }
        let Some(parent) = nodes[at].parent().filter(|_| at != owner) else { return payer };
        at = parent.index();
    }
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;

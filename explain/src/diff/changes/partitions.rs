//! Partitions: how many of a table are read, told once and not partition by partition.

use super::words::sides_of;
use super::{Effect, Finder, Sides};
use crate::diff::profile::{Class, Profile};
use crate::diff::{ChangeKind, Severity};
use crate::plan::{Node, NodeId, Operator};
use serde_json::Value;

/// Partitions, one ÷ the other, from which it is a change of its own weight: a partition that comes
/// every month or goes is not.
const MANY_MORE: f64 = 2.0;

/// Levels of sorts, limits and the like between an Append and the scan of a partition.
const MOST_LEVELS: usize = 8;

/// The partitions that an Append reads.
struct Members {
    /// The table, as far as its name can be told.
    table: String,
    /// Those that ran, or would.
    read: Vec<NodeId>,
}

impl Finder<'_> {
    /// Finds where more or fewer partitions are read. Must run before nodes of one side are looked
    /// at, which it excuses.
    pub(super) fn partitions(&mut self) {
        for side in [0, 1] {
            let appends = self.plans[side].plan.iter();
            let appends: Vec<NodeId> =
                appends.filter(|(_, node)| is_append(node)).map(|(id, _)| id).collect();
            for append in appends {
                match self.alignment.partner(side, append) {
                    Some(_) if side == 1 => {}
                    Some(partner) => self.compare_members([append, partner]),
                    None => self.lone_members(side, append),
                }
            }
        }
    }

    fn compare_members(&mut self, ids: Sides<NodeId>) {
        let [before, after] = [0, 1].map(|side| self.members(side, ids[side]));
        let (Some(before), Some(after)) = (before, after) else { return };
        let counts = [before.read.len(), after.read.len()];
        let lone = [0, 1].map(|side| {
            let read = if side == 0 { &before.read } else { &after.read };
            let lone = read.iter().filter(|id| self.alignment.partner(side, **id).is_none());
            lone.copied().collect::<Vec<NodeId>>()
        });
        if counts[0] != counts[1] {
            self.excuse(&lone);
            self.report_partitions(before.table.min(after.table).as_str(), counts, lone);
        }
    }

    /// An Append of which the other side has at most a single partition left, without an Append.
    fn lone_members(&mut self, side: usize, append: NodeId) {
        let Some(members) = self.members(side, append) else { return };
        let (paired, mut lone): (Vec<NodeId>, Vec<NodeId>) =
            members.read.iter().partition(|id| self.alignment.partner(side, **id).is_some());
        if paired.len() > 1 {
            return;
        }
        lone.push(append);
        let lone = sides_of(side, lone, Vec::new());
        self.excuse(&lone);
        let counts = sides_of(side, members.read.len(), paired.len());
        self.report_partitions(&members.table, counts, lone);
    }

    fn excuse(&mut self, lone: &Sides<Vec<NodeId>>) {
        for (side, ids) in lone.iter().enumerate() {
            self.told[side].extend(ids.iter().copied());
        }
    }

    /// The partitions below an Append; `None` when its members are something else (UNION ALL).
    fn members(&self, side: usize, append: NodeId) -> Option<Members> {
        let plan = self.plans[side];
        let scans: Vec<NodeId> =
            plan.inputs(append).filter_map(|member| scan_below(plan, member)).collect();
        let table = scans.iter().find_map(|id| table_of(plan, *id))?;
        let is_one = |id: &NodeId| table_of(plan, *id).is_some_and(|other| other == table);
        let runs = |id: &NodeId| !plan.node(*id).never_executed();
        scans
            .iter()
            .all(is_one)
            .then(|| Members { read: scans.iter().copied().filter(runs).collect(), table })
    }

    fn report_partitions(
        &mut self,
        table: &str,
        [before, after]: Sides<usize>,
        nodes: Sides<Vec<NodeId>>,
    ) {
        let more = after > before;
        let kind = if more { ChangeKind::PartitionsAdded } else { ChangeKind::PartitionsPruned };
        let ratio = before.max(after) as f64 / before.min(after).max(1) as f64;
        let weight = if ratio >= MANY_MORE { Severity::Medium } else { Severity::Low };
        let effect = if more { Effect::Harm } else { Effect::Help };
        let texts = [before, after].map(|count| match count {
            1 => "1 partition".to_owned(),
            _ => format!("{count} partitions"),
        });
        self.push(kind, (effect, weight), Some(table.to_owned()), texts, nodes);
    }

    /// MySQL and MariaDB list the partitions at the scan.
    pub(super) fn compare_listed_partitions(&mut self, ids: Sides<NodeId>) {
        let [before, after] = [0, 1].map(|side| listed(self.plans[side].node(ids[side])));
        if let (Some(before), Some(after)) = (before, after)
            && before != after
        {
            let table = self.relation(ids).unwrap_or_default();
            self.report_partitions(&table, [before, after], ids.map(|id| vec![id]));
        }
    }
}

fn is_append(node: &Node) -> bool {
    matches!(node.operator, Operator::Append | Operator::MergeAppend)
}

/// The only scan below a member: whatever sorts or limits its rows has one input.
fn scan_below(plan: &Profile<'_>, member: NodeId) -> Option<NodeId> {
    let mut at = member;
    for _ in 0..MOST_LEVELS {
        if plan.class[at.index()] == Class::Scan {
            return Some(at);
        }
        let mut inputs = plan.inputs(at);
        at = inputs.next()?;
        if inputs.next().is_some() {
            return None;
        }
    }
    None
}

/// The partitioned table that a scan reads a partition of: as the catalog has it, else by the
/// alias, which PostgreSQL makes of the table's and a number (`events_3`).
fn table_of(plan: &Profile<'_>, id: NodeId) -> Option<String> {
    let node = plan.node(id);
    if let Some(parent) = plan.known[id.index()].and_then(|table| table.parent.clone()) {
        return Some(parent);
    }
    let (stem, number) = node.relation_name()?.rsplit_once('_')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| stem.to_owned())
}

/// How many partitions a scan lists.
fn listed(node: &Node) -> Option<usize> {
    match node.details.get("partitions")? {
        Value::Array(names) => Some(names.len()),
        Value::String(names) => Some(names.split(',').filter(|name| !name.is_empty()).count()),
        _ => None,
    }
}

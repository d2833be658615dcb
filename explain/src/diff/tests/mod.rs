//! Helpers: plans written as an outline, and what a comparison of them says in a line.

mod counted;
mod kinds;
mod pairs;
mod properties;
mod snapshots;
mod verdicts;

use super::{ChangeKind, PlanDiff, Tolerance, Verdict, plans};
use crate::engine::Engine;
use crate::plan::{
    Actual, Condition, ConditionKind, Node, Operator, Plan, PlanBuilder, Role, Workers,
};
use crate::workload::{Catalog, Index, IndexKey, Table};

/// Reads an outline: one node a line, two blanks a level.
///
/// `IndexScan orders o using=idx_a cost=8.4 rows=10 actual=10x1 removed=5 [index customer_id = 1]`:
/// the operator, then relation and alias, `key=value` and conditions in brackets.
fn outline(engine: Engine, text: &str) -> Plan {
    let mut builder = PlanBuilder::new();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let indent = |line: &&str| line.len() - line.trim_start().len();
    // The root stands behind a quote, so the first level below it tells the margin.
    let margin = lines[1..].iter().map(indent).min().unwrap_or(0);
    builder.open(node(lines[0].trim())).unwrap();
    for line in &lines[1..] {
        builder.close_to_depth(1 + (indent(line) - margin) / 2);
        builder.open(node(line.trim())).unwrap();
    }
    builder.finish(engine, "test").unwrap()
}

fn pg(text: &str) -> Plan {
    outline(Engine::Postgres, text)
}

fn sqlite(text: &str) -> Plan {
    outline(Engine::Sqlite, text)
}

fn node(line: &str) -> Node {
    let (words, conditions) = line.split_once('[').unwrap_or((line, ""));
    let mut words = words.split_whitespace();
    let operator = Operator::from_name(words.next().unwrap());
    let mut node = Node::new(operator.clone(), operator.name());
    for word in words {
        match word.split_once('=') {
            Some((key, value)) => set(&mut node, key, value),
            None if node.relation.is_none() => node.relation = Some(word.into()),
            None => node.alias = Some(word.into()),
        }
    }
    for condition in conditions.split(['[', ']']).filter(|text| !text.trim().is_empty()) {
        let (kind, text) = condition.split_once(' ').unwrap();
        node.conditions.push(Condition::new(ConditionKind::from_name(kind).unwrap(), text));
    }
    node
}

fn set(node: &mut Node, key: &str, value: &str) {
    let number = || value.parse::<f64>().unwrap();
    match key {
        "using" => node.index = Some(value.into()),
        "schema" => node.schema = Some(value.into()),
        "cost" => node.estimate.total_cost = Some(number()),
        "rows" => node.estimate.rows_per_loop = Some(number()),
        "actual" => node.actual = Some(actual(value)),
        "removed" => node.removed.by_filter = Some(number()),
        "blocks" => node.buffers.shared_hit = Some(number() as u64),
        "batches" => node.memory.batches = Some(number() as u64),
        "disk" => node.memory.disk_bytes = Some(number() as u64),
        "type" => node.join_type = Some(value.into()),
        "workers" => {
            node.workers = Some(Workers { planned: Some(number() as u32), launched: None });
        }
        "label" => node.label = value.replace('_', " "),
        "role" => node.role = Role::from_name(value).unwrap(),
        "subplan" => node.subplan = Some(value.replace('_', " ")),
        _ => panic!("no such key: {key}"),
    }
}

/// `rows x loops`.
fn actual(value: &str) -> Actual {
    let (rows, loops) = value.split_once('x').unwrap();
    Actual {
        loops: loops.parse().unwrap(),
        rows_per_loop: rows.parse().unwrap(),
        rows_rounding: 0.5,
        ..Actual::default()
    }
}

fn table(name: &str, rows: f64) -> Table {
    Table { name: name.into(), rows: Some(rows), ..Table::default() }
}

fn index(table: &str, name: &str, columns: &[&str]) -> Index {
    Index {
        table: table.into(),
        name: name.into(),
        method: "btree".into(),
        usable: true,
        keys: columns.iter().map(|column| IndexKey::column(*column)).collect(),
        ..Index::default()
    }
}

fn diff(before: &Plan, after: &Plan) -> PlanDiff {
    plans(before, after, [None, None], Tolerance::default())
}

fn diff_with(before: &Plan, after: &Plan, catalogs: [&Catalog; 2]) -> PlanDiff {
    plans(before, after, catalogs.map(Some), Tolerance::default())
}

/// `severity kind relation: before → after` of each change.
fn lines(diff: &PlanDiff) -> Vec<String> {
    let line = |c: &super::Change| {
        let relation = c.relation.as_deref().map_or(String::new(), |r| format!(" {r}"));
        format!("{} {}{relation}: {} → {}", c.severity.name(), c.kind.name(), c.before, c.after)
    };
    diff.changes.iter().map(line).collect()
}

fn mirrored_verdict(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Better => Verdict::Worse,
        Verdict::Worse => Verdict::Better,
        same => same,
    }
}

/// Fails unless comparing the other way round gives the mirror image.
fn assert_mirrors(before: &Plan, after: &Plan, catalogs: [Option<&Catalog>; 2]) {
    let there = plans(before, after, catalogs, Tolerance::default());
    let [b, a] = catalogs;
    let back = plans(after, before, [a, b], Tolerance::default());
    assert_mirror_images(&there, &back, "");
}

/// Fails unless one comparison is the other turned round.
fn assert_mirror_images(there: &PlanDiff, back: &PlanDiff, name: &str) {
    assert_eq!(
        there.verdict,
        mirrored_verdict(back.verdict),
        "{name} {} / {}",
        there.reason,
        back.reason
    );
    let pairs = |diff: &PlanDiff| diff.pairs.clone();
    let mut turned: Vec<_> = pairs(back).into_iter().map(|(b, a)| (a, b)).collect();
    turned.sort_unstable();
    assert_eq!(pairs(there), turned, "{name}");
    let mut changes: Vec<String> = there
        .changes
        .iter()
        .map(|c| format!("{:?}", (c.kind, &c.relation, &c.before, &c.after, &c.nodes)))
        .collect();
    let mut turned: Vec<String> = back
        .changes
        .iter()
        .map(|c| {
            let [b, a] = &c.nodes;
            format!("{:?}", (c.kind.mirrored(), &c.relation, &c.after, &c.before, [a, b]))
        })
        .collect();
    changes.sort();
    turned.sort();
    assert_eq!(changes, turned, "{name}");
}

//! Any tree adds up, and the special cases of PostgreSQL are charged where they ran.

use super::super::{Actual, Condition, ConditionKind, Estimate, Node, Operator, Plan, PlanBuilder};
use super::*;
use crate::engine::Engine;
use proptest::prelude::*;

/// A node with `loops` loops of `ms` milliseconds each.
fn timed(operator: Operator, ms: f64, loops: f64) -> Node {
    let mut node = Node::new(operator, "x");
    node.actual = Some(Actual {
        loops,
        rows_per_loop: 1.0,
        total_ms_per_loop: Some(ms),
        ..Actual::default()
    });
    node
}

fn with_filter(mut node: Node, text: &str) -> Node {
    node.conditions.push(Condition::new(ConditionKind::Filter, text));
    node
}

fn sub(mut node: Node, role: Role, name: &str) -> Node {
    node.role = role;
    node.subplan = Some(name.into());
    node
}

/// Builds a plan from `(depth, node)` in preorder.
fn plan(nodes: Vec<(usize, Node)>) -> Plan {
    let mut b = PlanBuilder::new();
    for (depth, node) in nodes {
        b.close_to_depth(depth);
        b.open(node).unwrap();
    }
    b.finish(Engine::Postgres, "test").unwrap()
}

fn self_ms(plan: &Plan) -> Vec<f64> {
    plan.nodes().iter().map(|n| n.self_ms().unwrap()).collect()
}

fn assert_close(got: &[f64], want: &[f64]) {
    let same = got.len() == want.len() && got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-6);
    assert!(same, "got {got:?}, want {want:?}");
}

/// Figures that no server prints, but a file may.
#[test]
fn huge_figures_add_up() {
    let huge = || {
        let mut node = timed(Operator::NestedLoop, 1e308, 1e308);
        node.estimate.total_cost = Some(f64::MAX);
        node.estimate.rows_per_loop = Some(f64::MAX);
        node
    };
    let plan = plan(vec![(0, huge()), (1, huge()), (1, sub(huge(), Role::Inner, "")), (2, huge())]);
    let total = plan.root().total_ms().unwrap();
    let sum: f64 = self_ms(&plan).iter().sum();
    assert!(total.is_finite() && (sum - total).abs() <= total * 0.01, "{sum} of {total}");
    assert!(plan.nodes().iter().all(|n| n.self_cost().unwrap().is_finite()));
}

#[test]
fn loops_multiply() {
    let plan = plan(vec![
        (0, timed(Operator::NestedLoop, 100.0, 1.0)),
        (1, timed(Operator::SeqScan, 10.0, 1.0)),
        (1, timed(Operator::IndexScan, 0.04, 2000.0)),
    ]);
    assert_close(&self_ms(&plan), &[10.0, 10.0, 80.0]);
}

#[test]
fn init_plan_is_charged_to_the_node_that_uses_it() {
    let plan = plan(vec![
        (0, timed(Operator::Aggregate, 100.0, 1.0)),
        (1, sub(timed(Operator::Aggregate, 60.0, 1.0), Role::InitPlan, "InitPlan 1 (returns $0)")),
        (1, with_filter(timed(Operator::SeqScan, 95.0, 1.0), "(price > $0)")),
    ]);
    assert_close(&self_ms(&plan), &[5.0, 60.0, 35.0]);
}

#[test]
fn init_plan_names_since_17_and_two_digits() {
    let plan = plan(vec![
        (0, timed(Operator::Aggregate, 100.0, 1.0)),
        (1, sub(timed(Operator::Result, 20.0, 1.0), Role::InitPlan, "InitPlan 1")),
        (1, sub(timed(Operator::Result, 30.0, 1.0), Role::InitPlan, "InitPlan 10")),
        (1, with_filter(timed(Operator::SeqScan, 50.0, 1.0), "(a > (InitPlan 10).col1)")),
        (1, with_filter(timed(Operator::SeqScan, 40.0, 1.0), "(a > (InitPlan 1).col1)")),
    ]);
    assert_close(&self_ms(&plan), &[10.0, 20.0, 30.0, 20.0, 20.0]);
}

#[test]
fn init_plan_below_a_gather_is_charged_to_the_gather() {
    let plan = plan(vec![
        (0, timed(Operator::Gather, 100.0, 1.0)),
        (1, sub(timed(Operator::Result, 60.0, 1.0), Role::InitPlan, "InitPlan 1 (returns $0)")),
        (1, with_filter(timed(Operator::SeqScan, 30.0, 3.0), "(a > $0)")),
    ]);
    assert_close(&self_ms(&plan), &[10.0, 60.0, 30.0]);
}

#[test]
fn cte_is_charged_to_its_scans() {
    let cte_scan = |ms| {
        let mut node = timed(Operator::CteScan, ms, 1.0);
        node.relation = Some("recent".into());
        node
    };
    let plan = plan(vec![
        (0, timed(Operator::HashJoin, 100.0, 1.0)),
        (1, sub(timed(Operator::SeqScan, 50.0, 1.0), Role::Cte, "CTE recent")),
        (1, cte_scan(55.0)),
        (1, cte_scan(5.0)),
    ]);
    let own = self_ms(&plan);
    assert_close(&own[..2], &[40.0, 50.0]);
    assert!((own[2] + own[3] - 10.0).abs() < 1e-6 && own[2] > own[3]);
}

#[test]
fn ctes_that_draw_from_each_other_add_up() {
    let scan = |of: &str, ms| {
        let mut node = timed(Operator::CteScan, ms, 1.0);
        node.relation = Some(of.into());
        node
    };
    let plan = plan(vec![
        (0, scan("b", 100.0)),
        (1, sub(timed(Operator::SeqScan, 60.0, 1.0), Role::Cte, "CTE a")),
        (1, sub(scan("a", 90.0), Role::Cte, "CTE b")),
    ]);
    assert_close(&self_ms(&plan), &[10.0, 60.0, 30.0]);
}

#[test]
fn workers_divide_by_the_participants_that_ran() {
    // The leader did not take part: 2 workers, 2 loops.
    let plan = plan(vec![
        (0, timed(Operator::Gather, 50.0, 1.0)),
        (1, timed(Operator::NestedLoop, 45.0, 2.0)),
        (2, timed(Operator::SeqScan, 20.0, 2.0)),
        (2, timed(Operator::IndexScan, 0.01, 4000.0)),
    ]);
    assert_close(&self_ms(&plan), &[5.0, 5.0, 20.0, 20.0]);
}

#[test]
fn never_executed_nodes_cost_no_time() {
    let plan = plan(vec![
        (0, timed(Operator::NestedLoop, 1.0, 1.0)),
        (1, timed(Operator::SeqScan, 1.0, 1.0)),
        (1, timed(Operator::IndexScan, 0.0, 0.0)),
    ]);
    assert_close(&self_ms(&plan), &[0.0, 1.0, 0.0]);
    assert!(plan.nodes()[2].never_executed());
}

#[test]
fn the_inner_side_of_a_nested_loop_is_priced_per_outer_row() {
    let costed = |operator, role, cost, rows| {
        let mut node = Node::new(operator, "x");
        node.role = role;
        node.estimate =
            Estimate { total_cost: Some(cost), rows_per_loop: Some(rows), ..Estimate::default() };
        node
    };
    let plan = plan(vec![
        (0, costed(Operator::NestedLoop, Role::Outer, 100.0, 5.0)),
        (1, costed(Operator::SeqScan, Role::Outer, 20.0, 10.0)),
        (1, costed(Operator::IndexScan, Role::Inner, 7.0, 1.0)),
    ]);
    let own: Vec<f64> = plan.nodes().iter().map(|n| n.self_cost().unwrap()).collect();
    assert_close(&own, &[10.0, 20.0, 70.0]);
}

#[derive(Debug, Clone)]
struct Draft {
    up: usize,
    role: u8,
    operator: u8,
    ms: f64,
    loops: f64,
    mentions: u8,
}

fn draft() -> impl Strategy<Value = Draft> {
    let loops = prop_oneof![Just(1.0), Just(0.0), 1.0..500.0];
    (0..4usize, 0..8u8, 0..7u8, 0.0..100.0, loops, 0..6u8).prop_map(
        |(up, role, operator, ms, loops, mentions)| Draft {
            up,
            role,
            operator,
            ms,
            loops,
            mentions,
        },
    )
}

fn node_of(i: usize, draft: &Draft) -> Node {
    let operator = match draft.operator {
        0 => Operator::NestedLoop,
        1 => Operator::Gather,
        2 => Operator::CteScan,
        3 => Operator::Append,
        _ => Operator::SeqScan,
    };
    let mut node = timed(operator, draft.ms, draft.loops);
    node.estimate.total_cost = Some(draft.ms * 2.0);
    node.estimate.rows_per_loop = Some(draft.loops);
    node.buffers.shared_hit = Some(draft.ms as u64);
    node.relation = Some(format!("c{}", draft.mentions));
    node = with_filter(node, &format!("x = ${}", draft.mentions));
    match draft.role {
        0 if i > 0 => sub(node, Role::InitPlan, &format!("InitPlan 1 (returns ${})", i % 6)),
        1 if i > 0 => sub(node, Role::Cte, &format!("CTE c{}", i % 6)),
        2 => sub(node, Role::SubPlan, "SubPlan 1"),
        3 => {
            node.role = Role::Inner;
            node
        }
        _ => node,
    }
}

proptest! {
    #[test]
    fn any_tree_is_a_preorder_arena_and_adds_up(drafts in prop::collection::vec(draft(), 1..80)) {
        let mut b = PlanBuilder::new();
        for (i, draft) in drafts.iter().enumerate() {
            let depth = b.depth().saturating_sub(draft.up).max(usize::from(i > 0));
            b.close_to_depth(depth);
            b.open(node_of(i, draft)).unwrap();
        }
        let plan = b.finish(Engine::Postgres, "test").unwrap();
        assert_preorder(&plan);
        let root = plan.root();
        let sum = |f: fn(&Node) -> Option<f64>| plan.nodes().iter().filter_map(f).sum::<f64>();
        let close = |sum: f64, whole: f64| (sum - whole).abs() <= whole * 1e-6 + 1e-9;
        prop_assert!(close(sum(Node::self_ms), root.total_ms().unwrap()));
        prop_assert!(close(sum(Node::self_cost), root.estimate.total_cost.unwrap()));
        prop_assert!(close(sum(Node::self_buffers), root.buffers.touched().unwrap() as f64));
        prop_assert!(plan.nodes().iter().all(|n| n.self_ms() >= Some(0.0)));
        prop_assert!(plan.nodes().iter().all(|n| n.self_cost() >= Some(0.0)));
    }
}

fn assert_preorder(plan: &Plan) {
    for (id, node) in plan.iter() {
        if let Some(parent) = node.parent() {
            assert!(parent < id);
            let above = plan.get(parent).unwrap();
            assert_eq!(node.depth(), above.depth() + 1);
            assert!(id.index() < parent.index() + above.subtree_len() as usize);
        } else {
            assert_eq!(id, NodeId::ROOT);
        }
        let below: u32 = plan.children(id).map(|(_, c)| c.subtree_len()).sum();
        assert_eq!(node.subtree_len(), below + 1);
        assert!(plan.children(id).all(|(_, c)| c.parent() == Some(id)));
    }
}

#[test]
fn a_plan_ten_thousand_levels_deep_is_an_ordinary_plan() {
    let nodes = (0..10_000).map(|d| (d, timed(Operator::Append, (10_000 - d) as f64, 1.0)));
    let plan = plan(nodes.collect());
    assert!(self_ms(&plan).iter().all(|ms| (ms - 1.0).abs() < 1e-6));
    assert_eq!(plan.ancestors(NodeId(9_999)).count(), 9_999);
}

//! What holds for any two plans.

use super::*;
use crate::plan::NodeId;
use proptest::prelude::*;

/// One node of a random plan: how many levels to go up from the last, and what it is.
type Draft = (u8, u8, u8, u8);

fn drafted(drafts: &[Draft]) -> Vec<(usize, Node)> {
    const OPERATORS: [Operator; 16] = [
        Operator::SeqScan,
        Operator::IndexScan,
        Operator::BitmapHeapScan,
        Operator::BitmapIndexScan,
        Operator::NestedLoop,
        Operator::HashJoin,
        Operator::Hash,
        Operator::Sort,
        Operator::IncrementalSort,
        Operator::Limit,
        Operator::Materialize,
        Operator::HashAggregate,
        Operator::GroupAggregate,
        Operator::Gather,
        Operator::Append,
        Operator::MultiIndex,
    ];
    let mut depth: usize = 0;
    let mut nodes = Vec::new();
    for (i, (up, what, name, details)) in drafts.iter().enumerate() {
        depth = if i == 0 { 0 } else { (depth + 1).saturating_sub(usize::from(*up)).max(1) };
        let operator = OPERATORS[usize::from(*what) % OPERATORS.len()].clone();
        nodes.push((depth, furnished(operator, *name, *details)));
    }
    nodes
}

fn furnished(operator: Operator, name: u8, details: u8) -> Node {
    let mut node = Node::new(operator.clone(), operator.name());
    if operator.is_scan() && operator != Operator::BitmapIndexScan && !name.is_multiple_of(7) {
        node.relation = Some(format!("t{}", name % 3));
        node.alias = Some(format!("a{}", name % 4));
    }
    if operator.is_index_access() {
        node.index = Some(format!("i{}", name % 2));
    }
    if details & 1 == 1 {
        let kind = if details & 2 == 0 { ConditionKind::Index } else { ConditionKind::Filter };
        node.conditions.push(Condition::new(kind, format!("c{} = x", name % 2)));
    }
    node.role = match details % 16 {
        2 => Role::Inner,
        5 => Role::InitPlan,
        7 => Role::SubPlan,
        9 => Role::Member,
        _ => Role::Outer,
    };
    node.estimate.total_cost = (details & 32 == 0).then_some(f64::from(name) * 7.0);
    node.estimate.rows_per_loop = Some(f64::from(details) * 40.0);
    node.actual = (details & 64 == 0).then(|| Actual {
        loops: f64::from(name % 3),
        rows_per_loop: f64::from(details) * 30.0,
        rows_rounding: 0.5,
        ..Actual::default()
    });
    node.memory.disk_bytes = (details & 128 != 0).then_some(4096);
    node
}

fn built(nodes: &[(usize, Node)]) -> Plan {
    let mut builder = PlanBuilder::new();
    for (depth, node) in nodes {
        builder.close_to_depth(*depth);
        builder.open(node.clone()).unwrap();
    }
    builder.finish(Engine::Postgres, "test").unwrap()
}

/// Puts a node of `operator` above the node at `place`, whose role it takes.
fn inserted(nodes: &[(usize, Node)], place: usize, operator: Operator) -> Vec<(usize, Node)> {
    let mut nodes = nodes.to_vec();
    let (depth, old) = nodes[place].clone();
    let mut new = Node::new(operator.clone(), operator.name());
    new.role = old.role;
    new.estimate = old.estimate;
    new.actual = old.actual;
    new.buffers = old.buffers.clone();
    nodes[place].1.role = Role::Outer;
    let end = (place + 1..nodes.len()).find(|&i| nodes[i].0 <= depth).unwrap_or(nodes.len());
    for (depth, _) in &mut nodes[place..end] {
        *depth += 1;
    }
    nodes.insert(place, (depth, new));
    nodes
}

fn drafts() -> impl Strategy<Value = Vec<Draft>> {
    prop::collection::vec((0_u8..4, any::<u8>(), any::<u8>(), any::<u8>()), 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_plan_is_the_same_as_itself(drafts in drafts()) {
        let plan = built(&drafted(&drafts));
        let found = diff(&plan, &plan);
        prop_assert_eq!(lines(&found), Vec::<String>::new());
        prop_assert_eq!(found.verdict, Verdict::Same);
        let identity: Vec<_> = plan.iter().map(|(id, _)| (id, id)).collect();
        prop_assert_eq!(found.pairs, identity);
    }

    #[test]
    fn there_and_back_are_mirror_images(a in drafts(), b in drafts()) {
        assert_mirrors(&built(&drafted(&a)), &built(&drafted(&b)), [None, None]);
    }

    /// As when a plan was edited in places: most of it is the same.
    #[test]
    fn edited_plans_mirror(a in drafts(), place in any::<prop::sample::Index>(), b in drafts()) {
        let mut edited = a.clone();
        let at = place.index(a.len());
        edited.splice(at..at, b.into_iter().take(3));
        assert_mirrors(&built(&drafted(&a)), &built(&drafted(&edited)), [None, None]);
    }

    #[test]
    fn one_node_more_shifts_nothing(
        drafts in drafts(),
        place in any::<prop::sample::Index>(),
        what in 0_usize..4,
    ) {
        const NEW: [(Operator, ChangeKind); 4] = [
            (Operator::Gather, ChangeKind::Parallelism),
            (Operator::Sort, ChangeKind::SortAdded),
            (Operator::Limit, ChangeKind::NodeAdded),
            (Operator::Materialize, ChangeKind::NodeAdded),
        ];
        let (operator, kind) = NEW[what].clone();
        let nodes = drafted(&drafts);
        let place = place.index(nodes.len());
        let [before, after] = [built(&nodes), built(&inserted(&nodes, place, operator.clone()))];
        // Between an access path and its parts no engine puts a node.
        let within = |plan: &Plan, at: usize| {
            let id = NodeId(at as u32);
            plan.ancestors(id).any(|(_, node)| {
                matches!(node.operator, Operator::BitmapHeapScan | Operator::MultiIndex)
            })
        };
        prop_assume!(!within(&before, place));
        let found = diff(&before, &after);
        prop_assert_eq!(found.pairs.len(), before.nodes().len());
        let new: Vec<&Node> = after
            .iter()
            .filter(|(id, _)| !found.pairs.iter().any(|(_, a)| a == id))
            .map(|(_, node)| node)
            .collect();
        prop_assert_eq!(new.len(), 1);
        // It may be an equal neighbour that counts as the new one.
        prop_assert_eq!(&new[0].operator, &operator);
        let shapes: Vec<ChangeKind> = found
            .changes
            .iter()
            .map(|change| change.kind)
            .filter(|kind| !matches!(kind, ChangeKind::Estimate | ChangeKind::Cost | ChangeKind::Work))
            .collect();
        prop_assert_eq!(shapes, vec![kind]);
    }
}

/// Plans of real servers, one of each pair.
fn recorded_plans() -> Vec<(String, Plan)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/diff");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let folder = entry.unwrap().path();
        let before = ["json", "txt"].map(|suffix| folder.join(format!("before.{suffix}")));
        let Some(file) = before.iter().find(|path| path.exists()) else { continue };
        let text = std::fs::read_to_string(file).unwrap();
        let plan = crate::formats::read(&text, None).unwrap().swap_remove(0).plan;
        found.push((file.display().to_string(), plan));
    }
    found
}

/// A node put above each node of each recorded plan in turn leaves all others paired with
/// themselves, and is the only change of shape.
#[test]
fn one_node_more_shifts_nothing_in_recorded_plans() {
    const NEW: [(Operator, ChangeKind); 3] = [
        (Operator::Gather, ChangeKind::Parallelism),
        (Operator::Memoize, ChangeKind::Memoize),
        (Operator::Materialize, ChangeKind::NodeAdded),
    ];
    for (file, before) in recorded_plans() {
        let nodes: Vec<(usize, Node)> =
            before.nodes().iter().map(|n| (n.depth() as usize, n.clone())).collect();
        for place in 0..nodes.len() {
            let within = |(_, node): (NodeId, &Node)| node.operator == Operator::BitmapHeapScan;
            let filters = |(_, node): (NodeId, &Node)| {
                matches!(node.operator, Operator::Append | Operator::Filter | Operator::Fetch)
            };
            let id = NodeId(place as u32);
            // Between these and their inputs no engine puts a node.
            if before.ancestors(id).any(within) || before.ancestors(id).take(1).any(filters) {
                continue;
            }
            let (operator, kind) = NEW[place % NEW.len()].clone();
            if nodes.iter().any(|(_, node)| node.operator == operator) {
                continue;
            }
            let mut builder = PlanBuilder::new();
            for (depth, node) in inserted(&nodes, place, operator) {
                builder.close_to_depth(depth);
                builder.open(node).unwrap();
            }
            let after = builder.finish(before.engine, "test").unwrap();
            let found = diff(&before, &after);
            let expected: Vec<(NodeId, NodeId)> = (0..nodes.len())
                .map(|i| (NodeId(i as u32), NodeId((i + usize::from(i >= place)) as u32)))
                .collect();
            assert_eq!(found.pairs, expected, "{file} at {place}");
            let shapes: Vec<ChangeKind> = found.changes.iter().map(|change| change.kind).collect();
            let figures = [ChangeKind::Estimate, ChangeKind::Cost, ChangeKind::Work];
            let shapes: Vec<ChangeKind> =
                shapes.into_iter().filter(|kind| !figures.contains(kind)).collect();
            assert_eq!(shapes, vec![kind], "{file} at {place}");
        }
    }
}

#[test]
fn fifty_thousand_equal_siblings() {
    let siblings = |count: usize, cost: usize| {
        let mut builder = PlanBuilder::new();
        builder.open(node("Append cost=100")).unwrap();
        for _ in 0..count {
            builder.leaf(node(&format!("SeqScan t cost={cost} role=member"))).unwrap();
        }
        builder.finish(Engine::Postgres, "test").unwrap()
    };
    let all = siblings(50_000, 7);
    assert!(diff(&all, &siblings(50_000, 8)).changes.is_empty());
    let fewer = siblings(30_000, 7);
    let found = diff(&all, &fewer);
    assert_eq!((found.pairs.len(), found.changes.len()), (30_001, 20_000));
}

#[test]
fn fifty_thousand_nodes() {
    let partitions = |using: &str, skip: usize| {
        let mut builder = PlanBuilder::new();
        builder.open(node("Append cost=100")).unwrap();
        for i in (skip..50_000_usize).filter(|i| skip == 0 || !i.is_multiple_of(1_000)) {
            builder.leaf(node(&format!("{using} p{i} p_{i} role=member"))).unwrap();
        }
        builder.finish(Engine::Postgres, "test").unwrap()
    };
    let plan = partitions("SeqScan", 0);
    assert!(diff(&plan, &plan).changes.is_empty());
    let fewer = partitions("SeqScan", 1);
    assert_eq!(
        lines(&diff(&plan, &fewer)),
        ["low partitions-pruned p: 50000 partitions → 49950 partitions".replace("low", "info")]
    );
    let other = partitions("IndexScan", 1);
    assert_eq!(diff(&plan, &other).pairs.len(), other.nodes().len());
}

#[test]
fn fifty_thousand_levels() {
    let chain = |from: usize| {
        let mut builder = PlanBuilder::new();
        for i in from..50_000 {
            let what = if i.is_multiple_of(3) { "NestedLoop" } else { "Materialize" };
            builder.open(node(what)).unwrap();
        }
        builder.open(node("SeqScan t")).unwrap();
        builder.finish(Engine::Postgres, "test").unwrap()
    };
    let found = diff(&chain(0), &chain(3));
    assert_eq!(found.changes.len(), 3);
}

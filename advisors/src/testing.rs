//! Snapshots for the rules' tests, and remedies applied to them.

use crate::context::{Context, Thresholds};
use crate::finding::Finding;
use crate::remedy::Remedy;
use crate::rule::Rule;
use planscope_explain::plan::{
    Actual, Condition, ConditionKind, Memory, Node, Operator, Plan, PlanBuilder, Role, Workers,
};
use planscope_explain::workload::log::Counted;
use planscope_explain::workload::{
    Catalog, Column, Counters, Coverage, LogFacts, PlanRecord, Statement, Table, TargetIdentity,
    Window, fingerprint,
};
use planscope_explain::{Engine, Snapshot};

/// What `rule` finds with the default thresholds.
pub(crate) fn findings_of(rule: &Rule, snapshot: &Snapshot) -> Vec<Finding> {
    let thresholds = Thresholds::default();
    (rule.check)(&Context::new(snapshot, &thresholds))
}

/// The snapshot after the remedy was carried out.
pub(crate) fn apply(mut snapshot: Snapshot, remedy: &Remedy) -> Snapshot {
    match remedy {
        Remedy::CreateIndex(index) => snapshot.catalog.indexes.push(index.clone()),
        Remedy::DropIndex { index, .. } => {
            snapshot.catalog.indexes.retain(|other| other.name != index.name);
        }
        other => panic!("a test cannot carry out {other:?}"),
    }
    snapshot
}

/// A plan under construction.
#[derive(Clone)]
pub(crate) struct Tree {
    nodes: Vec<(usize, Node)>,
    estimated: bool,
}

impl Tree {
    /// A root that took `ms`, inputs included, once.
    pub(crate) fn new(operator: Operator, label: &str, ms: f64) -> Self {
        let mut node = Node::new(operator, label);
        node.estimate.total_cost = Some(ms * 100.0);
        node.estimate.rows_per_loop = Some(1.0);
        node.actual = Some(Actual {
            loops: 1.0,
            rows_per_loop: 1.0,
            total_ms_per_loop: Some(ms),
            ..Actual::default()
        });
        Self { nodes: vec![(0, node)], estimated: false }
    }

    /// A full scan of a table in `public`.
    pub(crate) fn scan(table: &str, ms: f64) -> Self {
        let mut tree = Self::new(Operator::SeqScan, "Seq Scan", ms);
        tree.root().relation = Some(table.into());
        tree.root().alias = Some(table.into());
        tree
    }

    fn root(&mut self) -> &mut Node {
        &mut self.nodes[0].1
    }

    /// Estimated and actual rows of the root.
    pub(crate) fn rows(mut self, estimated: f64, actual: f64) -> Self {
        self.root().estimate.rows_per_loop = Some(estimated);
        if let Some(measured) = &mut self.root().actual {
            measured.rows_per_loop = actual;
        }
        self
    }

    /// Rows that the root's filter threw away in each of `loops`.
    pub(crate) fn removed(mut self, rows: f64, loops: f64) -> Self {
        self.root().removed.by_filter = Some(rows);
        if let Some(measured) = &mut self.root().actual {
            measured.loops = loops;
            measured.total_ms_per_loop = measured.total_ms_per_loop.map(|ms| ms / loops);
        }
        self
    }

    /// Total cost of the root.
    pub(crate) fn cost(mut self, total: f64) -> Self {
        self.root().estimate.total_cost = Some(total);
        self
    }

    /// Planned and launched workers of the root.
    pub(crate) fn workers(mut self, count: u32) -> Self {
        self.root().workers = Some(Workers { planned: Some(count), launched: Some(count) });
        self
    }

    /// A filter at the root.
    pub(crate) fn filter(mut self, text: &str) -> Self {
        self.root().conditions.push(Condition::new(ConditionKind::Filter, text));
        self
    }

    /// Sort method, disk and keys of the root.
    pub(crate) fn sort(mut self, method: &str, disk_bytes: Option<u64>, keys: &[&str]) -> Self {
        let root = self.root();
        root.memory =
            Memory { method: Some(method.into()), disk_bytes, ..Memory::default() }.into();
        let key = |key: &&str| Condition::new(ConditionKind::SortKey, *key);
        root.conditions.extend(keys.iter().map(key));
        self
    }

    /// Hangs `child` below the root at `depth`.
    pub(crate) fn child(mut self, depth: usize, mut child: Tree) -> Self {
        if self.nodes.len() > 1 {
            child.root().role = Role::Inner;
        }
        let below = child.nodes.into_iter().map(|(d, node)| (if d == 0 { depth } else { d }, node));
        let nested: Vec<(usize, Node)> = below.collect();
        self.nodes.extend(nested);
        self
    }

    /// The same plan, not run.
    pub(crate) fn estimated(mut self) -> Self {
        self.estimated = true;
        self
    }

    fn plan(&self) -> Plan {
        let mut builder = PlanBuilder::new();
        for (depth, node) in &self.nodes {
            let mut node = node.clone();
            if self.estimated {
                node.actual = None;
            }
            builder.close_to_depth(*depth);
            builder.open(node).unwrap();
        }
        builder.finish(Engine::Postgres, "postgres-json").unwrap()
    }

    /// A PostgreSQL snapshot with this plan of one statement.
    pub(crate) fn snapshot(&self) -> Snapshot {
        snapshot_of("SELECT 1", self.plan())
    }
}

/// A statement over one table `orders` that is scanned.
pub(crate) struct Shop {
    sql: String,
    read: f64,
    kept: f64,
}

impl Shop {
    /// `sql` reads `read` rows of `orders` and keeps `kept`; its WHERE is the scan's filter.
    pub(crate) fn scanning(sql: &str, read: f64, kept: f64) -> Self {
        Self { sql: sql.into(), read, kept }
    }

    /// The snapshot.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut tree = Tree::scan("orders", 100.0).rows(self.kept, self.kept);
        if let Some((_, filter)) = self.sql.split_once(" WHERE ") {
            let filter = filter.split(" ORDER BY ").next().unwrap();
            tree = tree.filter(&format!("({filter})"));
        }
        tree.root().removed.by_filter = Some(self.read - self.kept);
        snapshot_of(&self.sql, tree.plan())
    }
}

/// A snapshot of two hours with one statement that has counters and no plan.
pub(crate) fn counted(engine: Engine, sql: &str, counters: Counters) -> Snapshot {
    let mut snapshot = logged(LogFacts::default());
    snapshot.log = None;
    snapshot.target.engine = engine;
    snapshot.statements = vec![Statement {
        fingerprint: fingerprint::fingerprint(sql, engine),
        text: sql.into(),
        counters,
        ..Statement::default()
    }];
    snapshot
}

/// A PostgreSQL snapshot of two hours of a log without statements.
pub(crate) fn logged(facts: LogFacts) -> Snapshot {
    let mut snapshot = Tree::scan("orders", 1.0).snapshot();
    snapshot.statements.clear();
    snapshot.catalog = Catalog::default();
    snapshot.window = Window {
        from: Some("2026-01-01T00:00:00Z".into()),
        to: Some("2026-01-01T02:00:00Z".into()),
    };
    snapshot.log = Some(Box::new(facts));
    snapshot
}

/// Names with their counts.
pub(crate) fn names(names: &[(&str, u64)]) -> Vec<Counted> {
    names.iter().map(|(name, count)| Counted { name: (*name).into(), count: *count }).collect()
}

fn snapshot_of(sql: &str, plan: Plan) -> Snapshot {
    let engine = Engine::Postgres;
    Snapshot {
        target: TargetIdentity {
            name: "shop".into(),
            engine,
            version: "15.18".into(),
            database: Some("shop".into()),
        },
        taken_at: "2026-01-01T00:00:00Z".into(),
        window: Window::default(),
        coverage: Coverage::default(),
        statements: vec![Statement {
            fingerprint: fingerprint::fingerprint(sql, engine),
            text: sql.into(),
            counters: Counters {
                calls: Some(10.0),
                total_ms: Some(1_000.0),
                mean_ms: Some(100.0),
                ..Counters::default()
            },
            plans: vec![PlanRecord { plan, raw: None }],
            ..Statement::default()
        }],
        catalog: catalog(),
        settings: Default::default(),
        problems: Vec::new(),
        log: None,
    }
}

fn catalog() -> Catalog {
    let column = |name: &str, distinct: f64| Column {
        name: name.into(),
        distinct: Some(distinct),
        ..Column::default()
    };
    let orders = Table {
        schema: Some("public".into()),
        name: "orders".into(),
        rows: Some(300_000.0),
        columns: vec![
            column("id", 300_000.0),
            column("customer_id", 20_000.0),
            column("status", 5.0),
            column("created_at", 250_000.0),
        ],
        ..Table::default()
    };
    Catalog { tables: vec![orders], indexes: Vec::new() }
}

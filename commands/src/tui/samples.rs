//! A web shop's snapshots for tests of the lists: five of one target, the last two compared.

use super::browse::BrowseScreen;
use super::browse::known::{Known, Sources};
use super::browse::live::Live;
use planscope_advisors::Thresholds;
use planscope_explain::diff::Tolerance;
use planscope_explain::plan::Plan;
use planscope_explain::workload::{
    Counters, Coverage, Index, IndexKey, Percentiles, PlanRecord, Problem, Table, fingerprint,
};
use planscope_explain::{Engine, Snapshot, Statement, formats};
use std::sync::Arc;

const BY_CUSTOMER: &str =
    "SELECT * FROM orders WHERE customer_id = $1 ORDER BY created DESC LIMIT 10";
const REPORT: &str = "SELECT c.city, sum(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id \
                      WHERE o.status = $1 GROUP BY c.city ORDER BY 2 DESC";

const SCAN: &str = "\
Limit  (cost=1193.10..1193.13 rows=10 width=26)
  ->  Sort  (cost=1193.10..1193.13 rows=12 width=26)
        Sort Key: created DESC
        ->  Seq Scan on orders  (cost=0.00..1192.00 rows=12 width=26)
              Filter: (customer_id = $1)
";

const INDEXED: &str = "\
Limit  (cost=48.10..48.13 rows=10 width=26)
  ->  Sort  (cost=48.10..48.13 rows=12 width=26)
        Sort Key: created DESC
        ->  Index Scan using orders_customer on orders  (cost=0.29..47.00 rows=12 width=26)
              Index Cond: (customer_id = $1)
";

const JOINED: &str = "\
Sort  (cost=3501.00..3502.00 rows=50 width=40)
  Sort Key: (sum(o.total)) DESC
  ->  HashAggregate  (cost=3498.00..3499.50 rows=50 width=40)
        Group Key: c.city
        ->  Hash Join  (cost=154.50..3398.00 rows=20000 width=16)
              Hash Cond: (o.customer_id = c.id)
              ->  Seq Scan on orders o  (cost=0.00..3192.00 rows=20000 width=12)
                    Filter: (status = $1)
              ->  Hash  (cost=92.00..92.00 rows=5000 width=12)
                    ->  Seq Scan on customers c  (cost=0.00..92.00 rows=5000 width=12)
";

fn plan(text: &str) -> Plan {
    formats::read(text, None).unwrap().swap_remove(0).plan
}

fn statement(text: &str, calls: f64, mean_ms: f64, plans: &[&str]) -> Statement {
    let record = |text: &&str| PlanRecord { plan: plan(text), raw: Some((*text).to_owned()) };
    Statement {
        fingerprint: fingerprint::fingerprint(text, Engine::Postgres),
        text: text.to_owned(),
        database: Some("shop".to_owned()),
        user: Some("web".to_owned()),
        counters: Counters {
            calls: Some(calls),
            total_ms: Some(calls * mean_ms),
            mean_ms: Some(mean_ms),
            min_ms: Some(mean_ms / 3.0),
            max_ms: Some(mean_ms * 9.0),
            rows: Some(calls * 10.0),
            shared_blocks_hit: Some(calls * mean_ms * 100.0),
            shared_blocks_read: Some(if mean_ms > 5.0 { calls * 30.0 } else { 0.0 }),
            ..Counters::default()
        },
        percentiles: Percentiles { p95_ms: Some(mean_ms * 2.0), ..Percentiles::default() },
        plans: plans.iter().map(record).collect(),
        ..Statement::default()
    }
}

/// The shop after so many hours; from the fourth on the index on the customer is gone.
pub fn snapshot(hour: u32) -> Snapshot {
    let calls = f64::from(hour) * 1000.0;
    let by_customer = match hour {
        0..4 => statement(BY_CUSTOMER, calls * 4.0, 0.9, &[INDEXED]),
        _ => statement(BY_CUSTOMER, calls * 4.0, 12.0, &[SCAN, INDEXED]),
    };
    let mut report = statement(REPORT, f64::from(hour), 480.0, &[JOINED]);
    report.name = Some("cities".to_owned());
    let mut update = statement("UPDATE orders SET status = $1 WHERE id = $2", calls, 0.2, &[]);
    update.problems.push(Problem {
        kind: "permission".to_owned(),
        message: "permission denied for table orders".to_owned(),
        statement: None,
    });
    let mut statements = vec![by_customer, report, update];
    if hour >= 4 {
        statements.push(statement("SELECT count(*) FROM carts WHERE age > $1", 40.0, 3.0, &[]));
    }
    let mut snapshot = crate::input::snapshot_of(Engine::Postgres, "shop", statements);
    snapshot.target.version = "18.1".to_owned();
    snapshot.taken_at = format!("2026-01-02T0{hour}:00:00Z");
    snapshot.coverage = Coverage { statements: 4, of: 90, time_share: Some(0.9) };
    catalog(&mut snapshot, hour < 4);
    snapshot
}

fn catalog(snapshot: &mut Snapshot, is_indexed: bool) {
    let table = |name: &str, rows: f64| Table {
        schema: Some("public".to_owned()),
        name: name.to_owned(),
        rows: Some(rows),
        size_bytes: Some(rows * 80.0),
        ..Table::default()
    };
    snapshot.catalog.tables = vec![table("orders", 60_000.0), table("customers", 5_000.0)];
    if is_indexed {
        snapshot.catalog.indexes.push(Index {
            schema: Some("public".to_owned()),
            table: "orders".to_owned(),
            name: "orders_customer".to_owned(),
            keys: vec![IndexKey::column("customer_id")],
            ..Index::default()
        });
    }
}

/// The rules, the advisor, and three snapshots in the store.
pub fn sources() -> Sources {
    Sources {
        judge: Arc::new(|snapshot| {
            (planscope_advisors::analyze(snapshot, &Thresholds::default()), 0)
        }),
        advise: Arc::new(crate::cmd::estimated_advice),
        past: Arc::new(|_, each| {
            for hour in 1..=3 {
                each(format!("shop-{hour}.planscope"), snapshot(hour));
            }
        }),
        tolerance: Tolerance::default(),
    }
}

/// The shop after four hours, of which nothing else is known yet.
pub fn known() -> Known {
    Known::new("shop-4.planscope".to_owned(), Arc::new(snapshot(4)), sources())
}

/// The lists of the shop.
pub fn browse() -> BrowseScreen {
    BrowseScreen::new(known(), None)
}

/// The lists of the shop while it is watched; orders go nowhere.
pub fn watched() -> BrowseScreen {
    let nothing = super::browse::live::nothing_yet(Engine::Postgres, "shop");
    let known = Known::new("shop".to_owned(), nothing, sources());
    let live = Live::new(Arc::new(|_| ()), std::time::Duration::from_secs(5), 0.05);
    BrowseScreen::new(known, Some(live))
}

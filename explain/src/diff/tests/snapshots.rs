//! Snapshots: matching, causes, ranking.

use super::*;
use crate::diff::{Cause, CauseKind, SnapshotDiff, Trend, Undo, snapshots};
use crate::workload::{
    Coverage, Fingerprint, PlanRecord, Snapshot, Statement, TargetIdentity, Window,
};

fn snapshot(engine: Engine, version: &str, statements: Vec<Statement>) -> Snapshot {
    Snapshot {
        target: TargetIdentity {
            name: "shop".into(),
            engine,
            version: version.into(),
            database: None,
        },
        taken_at: String::new(),
        window: Window::default(),
        coverage: Coverage::default(),
        statements,
        catalog: Catalog::default(),
        settings: Default::default(),
        problems: Vec::new(),
        log: None,
    }
}

fn statement(print: u64, total_ms: f64, plan: Option<Plan>) -> Statement {
    let mut statement = Statement { fingerprint: Fingerprint(print), ..Statement::default() };
    statement.counters.calls = Some(10.0);
    statement.counters.total_ms = Some(total_ms);
    statement.plans.extend(plan.map(|plan| PlanRecord { plan, raw: None }));
    statement
}

fn pg_snapshot(statements: Vec<Statement>) -> Snapshot {
    snapshot(Engine::Postgres, "15.18", statements)
}

fn compare(before: &Snapshot, after: &Snapshot) -> SnapshotDiff {
    snapshots(before, after, Tolerance::default())
}

fn texts(diff: &SnapshotDiff) -> Vec<&str> {
    diff.causes.iter().map(|cause| cause.text.as_str()).collect()
}

fn lookup() -> Option<Plan> {
    Some(pg("IndexScan orders using=orders_customer_id_idx cost=8.4 [index customer_id = 1]"))
}

fn scan() -> Option<Plan> {
    Some(pg("SeqScan orders cost=4512 [filter customer_id = 1]"))
}

#[test]
fn a_dropped_index_is_named() {
    let mut before = pg_snapshot(vec![statement(1, 9.0, lookup()), statement(2, 90.0, scan())]);
    let mut after = pg_snapshot(vec![statement(2, 90.0, scan()), statement(1, 500.0, scan())]);
    for side in [&mut before, &mut after] {
        side.catalog.tables.push(table("orders", 1e6));
    }
    before.catalog.indexes.push(index("orders", "orders_customer_id_idx", &["customer_id"]));
    let diff = compare(&before, &after);
    assert_eq!(diff.verdict, Verdict::Worse);
    assert_eq!(texts(&diff), ["index orders_customer_id_idx on orders (customer_id) was dropped"]);
    let order: Vec<_> = diff.statements.iter().map(|s| (s.fingerprint.0, s.verdict)).collect();
    assert_eq!(order, [(1, Verdict::Worse), (2, Verdict::Same)]);
    assert_eq!(diff.statements[0].mean_ms, [Some(0.9), Some(50.0)]);
    assert_eq!(diff.statements[0].places, [0, 1]);
    let back = compare(&after, &before);
    assert_eq!(back.verdict, Verdict::Better);
    assert_eq!(texts(&back), ["index orders_customer_id_idx on orders (customer_id) was added"]);
}

#[test]
fn missing_plans_do_not_hide_the_rest() {
    let before = pg_snapshot(vec![statement(1, 9.0, None), statement(2, 1.0, scan())]);
    let after = pg_snapshot(vec![
        statement(1, 9.0, scan()),
        statement(2, 1.0, scan()),
        statement(3, 1.0, scan()),
    ]);
    let diff = compare(&before, &after);
    assert_eq!(diff.verdict, Verdict::Same);
    assert_eq!(diff.statements[1].verdict, Verdict::NotComparable);
    assert_eq!(diff.statements[1].reason, "there is no plan before");
    assert_eq!((diff.added, diff.removed), (vec![Fingerprint(3)], vec![]));
    assert_eq!(diff.not_comparable, None);
}

#[test]
fn what_cannot_be_compared_at_all() {
    let none = compare(&pg_snapshot(vec![]), &pg_snapshot(vec![statement(1, 1.0, scan())]));
    assert_eq!(none.verdict, Verdict::NotComparable);
    assert_eq!(none.not_comparable.as_deref(), Some("no statement is in both snapshots"));
    let mysql = snapshot(Engine::Mysql, "8.4.0", vec![statement(1, 1.0, scan())]);
    let engines = compare(&pg_snapshot(vec![statement(1, 1.0, scan())]), &mysql);
    assert_eq!(engines.verdict, Verdict::NotComparable);
    let reason = engines.not_comparable.as_deref();
    assert_eq!(reason, Some("the engines differ: PostgreSQL and MySQL"));
    let planless =
        [statement(1, 1.0, None), statement(1, 1.0, scan())].map(|s| pg_snapshot(vec![s]));
    assert_eq!(compare(&planless[0], &planless[1]).verdict, Verdict::NotComparable);
}

#[test]
fn versions_and_cost_settings_withhold_costs() {
    let dearer = Some(pg("SeqScan orders cost=90000 [filter customer_id = 1]"));
    let before = pg_snapshot(vec![statement(1, 1.0, scan())]);
    let mut after = pg_snapshot(vec![statement(1, 1.0, dearer)]);
    assert_eq!(compare(&before, &after).verdict, Verdict::Worse);
    after.target.version = "18.4".into();
    let diff = compare(&before, &after);
    assert_eq!(diff.verdict, Verdict::Same);
    assert_eq!(
        texts(&diff),
        ["the server's version changed from 15.18 to 18.4; \
         plans are compared by shape and work, not by cost"]
    );
    after.target.version = "15.19".into();
    assert_eq!(compare(&before, &after).verdict, Verdict::Worse);
    let set = |s: &mut Snapshot, cost: &str| {
        s.settings.insert("random_page_cost".into(), cost.into());
    };
    let mut before = before;
    set(&mut before, "4");
    assert_eq!(compare(&before, &after).verdict, Verdict::Worse);
    set(&mut after, "1.1");
    let diff = compare(&before, &after);
    assert_eq!(diff.verdict, Verdict::Same);
    assert_eq!(texts(&diff)[1], "random_page_cost changed from 4 to 1.1");
}

#[test]
fn a_version_that_sorts_more_is_not_worse() {
    let plan = |text: &str| vec![statement(1, 1.0, Some(pg(text)))];
    let before = snapshot(
        Engine::Postgres,
        "15.18",
        plan(
            "Aggregate cost=10
                SeqScan orders cost=9 rows=50000",
        ),
    );
    let after = snapshot(
        Engine::Postgres,
        "16.14",
        plan(
            "Aggregate cost=10
                Sort cost=9 rows=50000
                  SeqScan orders cost=9 rows=50000",
        ),
    );
    // Nothing says whether it is better: costs of two versions are no measure.
    let diff = compare(&before, &after);
    assert_eq!(diff.verdict, Verdict::NotComparable);
    assert_eq!(
        diff.not_comparable.as_deref(),
        Some(
            "the versions differ (15.18, 16.14), so costs do not count, and nothing was measured; \
             a sort was added: Sort"
        )
    );
}

#[test]
fn steps_of_the_virtual_machine_decide() {
    let side = |steps: f64, plan: &str| {
        let mut statement = statement(1, 1.0, Some(sqlite(plan)));
        statement.counters.vm_steps = Some(steps);
        snapshot(Engine::Sqlite, "3.54.1", vec![statement])
    };
    let search = "Heading label=QUERY_PLAN
                    IndexScan orders using=i [index a=?]";
    let scan = "Heading label=QUERY_PLAN
                  SeqScan orders";
    let diff = compare(&side(300.0, search), &side(9e6, scan));
    let plan = diff.statements[0].plan.as_ref().unwrap();
    assert_eq!((plan.verdict, plan.measured_by), (Verdict::Worse, "vm steps"));
    assert_eq!(
        plan.reason,
        "orders lost index i (IndexScan → SeqScan); vm steps 30 → 900,000 (×30,000)"
    );
    assert_eq!(compare(&side(300.0, search), &side(700.0, search)).verdict, Verdict::Same);
    assert_eq!(compare(&side(9e6, scan), &side(9e6, scan)).verdict, Verdict::Same);
}

#[test]
fn a_nest_turned_round_is_weighed_by_the_tables_it_scans() {
    let side = |plan: &str| {
        let mut side =
            snapshot(Engine::Sqlite, "3.54.1", vec![statement(1, 1.0, Some(sqlite(plan)))]);
        side.catalog.tables = vec![table("customers", 2_000.0), table("orders", 20_000.0)];
        side
    };
    let before = side(
        "Heading label=QUERY_PLAN
           SeqScan customers c
           IndexScan orders o using=i [index customer_id=?]",
    );
    let after = side(
        "Heading label=QUERY_PLAN
           SeqScan orders o
           BloomFilter customers c
           IndexScan customers c [index rowid=?]",
    );
    let diff = compare(&before, &after);
    assert_eq!(diff.verdict, Verdict::Worse);
    assert_eq!(diff.statements[0].reason, "orders o lost index i (IndexScan → SeqScan)");
    assert_eq!(compare(&after, &before).verdict, Verdict::Better);
}

#[test]
fn several_of_one_fingerprint_go_by_database_and_user() {
    let of = |database: &str, total_ms: f64, plan: Option<Plan>| Statement {
        database: Some(database.into()),
        ..statement(1, total_ms, plan)
    };
    let before = pg_snapshot(vec![of("eu", 9.0, lookup()), of("us", 5.0, scan())]);
    let after = pg_snapshot(vec![of("us", 9.0, scan()), of("eu", 5.0, lookup())]);
    let diff = compare(&before, &after);
    assert_eq!(diff.verdict, Verdict::Same);
    assert!(diff.statements.iter().all(|s| s.plan.as_ref().unwrap().changes.is_empty()));
    let elsewhere = pg_snapshot(vec![of("asia", 5.0, lookup())]);
    let diff = compare(&before, &elsewhere);
    assert_eq!((diff.statements.len(), diff.removed.len()), (1, 1));
}

#[test]
fn causes_beyond_indexes() {
    let mut before = pg_snapshot(vec![]);
    let mut after = pg_snapshot(vec![]);
    before.settings.insert("work_mem".into(), "64MB".into());
    after.settings.insert("work_mem".into(), "4MB".into());
    before.settings.insert("log_min_duration".into(), "1".into());
    after.settings.insert("log_min_duration".into(), "2".into());
    before.catalog.tables = vec![table("orders", 1_000.0), table("tiny", 1.0), table("big", 1e6)];
    after.catalog.tables = vec![table("orders", 50_000.0), table("tiny", 9.0), table("big", 1.1e6)];
    after.catalog.tables[2].analyzed_at = Some(String::new());
    before.catalog.indexes = vec![
        index("orders", "a", &["x"]),
        index("orders", "c", &["z"]),
        index("gone", "g", &["z"]),
    ];
    after.catalog.indexes = vec![index("orders", "b", &["x"]), index("orders", "c", &["z", "y"])];
    assert_eq!(
        texts(&compare(&before, &after)),
        [
            "index c changed from orders (z) to orders (z, y)",
            "work_mem changed from 64MB to 4MB",
            "orders has 50 times the rows (1000 → 50.0k)",
            "big was never analyzed",
            "index a on orders (x) was renamed to b",
        ]
    );
}

fn windowed(mut snapshot: Snapshot, from: &str, to: &str) -> Snapshot {
    snapshot.window = Window { from: Some(from.into()), to: Some(to.into()) };
    snapshot
}

/// `calls` of `mean_ms`, with a spread of a tenth.
fn timed(print: u64, calls: f64, mean_ms: f64, plan: Option<Plan>) -> Statement {
    let mut statement = statement(print, calls * mean_ms, plan);
    statement.counters.calls = Some(calls);
    statement.counters.mean_ms = Some(mean_ms);
    statement.counters.stddev_ms = Some(mean_ms / 10.0);
    statement
}

#[test]
fn rates_are_of_an_hour_whatever_the_windows_are() {
    let before = windowed(
        pg_snapshot(vec![timed(1, 1_000.0, 10.0, scan()), timed(2, 100.0, 50.0, scan())]),
        "2026-11-21T10:00:00Z",
        "2026-11-21T12:00:00Z",
    );
    let after = windowed(
        pg_snapshot(vec![timed(1, 250.0, 40.0, scan()), timed(2, 25.0, 50.0, scan())]),
        "2026-11-21T13:00:00Z",
        "2026-11-21T13:30:00Z",
    );
    let diff = compare(&before, &after);
    assert_eq!(diff.hours, [Some(2.0), Some(0.5)]);
    let first = &diff.statements[0];
    assert_eq!((first.fingerprint.0, first.trend), (1, Trend::Regressed));
    assert_eq!(first.rates.map(|rates| rates.calls_per_hour), [Some(500.0), Some(500.0)]);
    assert_eq!(first.added_ms_per_hour, Some(15_000.0));
    // The same plan, four times the time over many calls of one server: worse, and it says why.
    assert_eq!(first.verdict, Verdict::Worse);
    assert_eq!(first.reason, "the plans are the same; a call took 10 ms and takes 40 ms");
    let second = &diff.statements[1];
    assert_eq!((second.trend, second.verdict), (Trend::Steady, Verdict::Same));
    assert_eq!(second.added_ms_per_hour, Some(0.0));
    let back = compare(&after, &before);
    assert_eq!(back.statements[0].trend, Trend::Improved);
    assert_eq!(back.statements[0].verdict, Verdict::Better);
}

#[test]
fn what_both_windows_cover_counts_once() {
    let reset = "2026-11-21T10:00:00Z";
    let before =
        windowed(pg_snapshot(vec![timed(1, 1_000.0, 10.0, scan())]), reset, "2026-11-21T11:00:00Z");
    // 1,000 calls of 10 ms, then 100 of 120 ms: the mean of all is 20 ms.
    let after =
        windowed(pg_snapshot(vec![timed(1, 1_100.0, 20.0, scan())]), reset, "2026-11-21T12:00:00Z");
    let diff = compare(&before, &after);
    assert_eq!(diff.hours, [Some(1.0), Some(1.0)]);
    let rates = diff.statements[0].rates;
    assert_eq!(rates[1].calls, Some(100.0));
    assert_eq!(rates[1].mean_ms, Some(120.0));
    assert_eq!(diff.statements[0].trend, Trend::Regressed);
}

#[test]
fn few_calls_and_noise_are_no_trend() {
    let pair = |was: Statement, is: Statement| {
        compare(&pg_snapshot(vec![was]), &pg_snapshot(vec![is])).statements.remove(0).trend
    };
    assert_eq!(pair(timed(1, 2.0, 10.0, None), timed(1, 900.0, 90.0, None)), Trend::Unknown);
    assert_eq!(pair(timed(1, 900.0, 0.1, None), timed(1, 900.0, 0.9, None)), Trend::Steady);
    let mut noisy = timed(1, 10.0, 20.0, None);
    noisy.counters.stddev_ms = Some(60.0);
    assert_eq!(pair(timed(1, 10.0, 10.0, None), noisy), Trend::Steady);
    assert_eq!(pair(timed(1, 10.0, 10.0, None), timed(1, 10.0, 20.0, None)), Trend::Regressed);
}

#[test]
fn several_plans_are_compared_by_those_that_prevail() {
    let of = |plans: &[Option<Plan>]| {
        let mut statement = statement(1, 10.0, None);
        let records = plans.iter().flatten();
        statement.plans =
            records.map(|plan| PlanRecord { plan: plan.clone(), raw: None }).collect();
        pg_snapshot(vec![statement])
    };
    let mostly_lookups = of(&[scan(), lookup(), lookup(), lookup(), lookup()]);
    let mostly_scans = of(&[lookup(), scan(), scan(), scan(), scan()]);
    let diff = compare(&mostly_lookups, &mostly_scans);
    let statement = &diff.statements[0];
    assert_eq!((statement.verdict, statement.compared), (Verdict::Worse, [1, 1]));
    let flip = statement.flip.as_ref().unwrap();
    assert!(flip.flipped && (flip.shift - 0.6).abs() < 1e-9, "{flip:?}");
    assert!(flip.plans.iter().any(|plan| plan.places == [Some(0), Some(1)]), "{flip:?}");
    assert!(
        statement.reason.contains("went from 20 % to 80 % of the plans seen"),
        "{}",
        statement.reason
    );
    let steady = compare(&mostly_lookups, &of(&[lookup(), scan(), lookup(), lookup(), lookup()]));
    let flip = steady.statements[0].flip.as_ref().unwrap();
    assert!(!flip.flipped && steady.statements[0].verdict == Verdict::Same);
    assert_eq!(compare(&of(&[scan()]), &of(&[lookup()])).statements[0].flip, None);
}

#[test]
fn a_worse_statement_names_its_own_cause_and_what_undoes_it() {
    let elsewhere = Some(pg("SeqScan lines cost=9000 [filter sku = 1]"));
    let mut before = pg_snapshot(vec![statement(1, 9.0, lookup()), statement(2, 9.0, elsewhere)]);
    let other = Some(pg("SeqScan lines cost=90000 [filter sku = 1]"));
    let mut after = pg_snapshot(vec![statement(1, 500.0, scan()), statement(2, 90.0, other)]);
    before.catalog.tables = vec![table("orders", 1e6), table("lines", 1e5)];
    after.catalog.tables = vec![table("orders", 1e6), table("lines", 1e6)];
    let dropped = index("orders", "orders_customer_id_idx", &["customer_id"]);
    before.catalog.indexes.push(dropped.clone());
    before.settings.insert("work_mem".into(), "64MB".into());
    after.settings.insert("work_mem".into(), "4MB".into());
    let diff = compare(&before, &after);
    let causes = |print: u64| -> Vec<&Cause> {
        let statement = diff.statements.iter().find(|s| s.fingerprint.0 == print).unwrap();
        statement.causes.iter().map(|place| &diff.causes[*place]).collect()
    };
    let of_first = causes(1);
    assert_eq!(of_first[0].kind, CauseKind::IndexDropped);
    assert_eq!(of_first[0].undo, Some(Undo::CreateIndex(dropped)));
    assert_eq!(
        of_first[1].undo,
        Some(Undo::Setting { name: "work_mem".into(), value: "64MB".into() })
    );
    assert_eq!(of_first.len(), 2, "{of_first:?}");
    assert_eq!(causes(2)[0].text, "lines has 10 times the rows (100k → 1.00M)");
}

#[test]
fn stale_statistics_are_a_cause() {
    let mut before = pg_snapshot(vec![]);
    let mut after = pg_snapshot(vec![]);
    let with = |modified: f64| Table {
        modified_since_analyze: Some(modified),
        analyzed_at: Some("2026-11-01T00:00:00Z".into()),
        ..table("orders", 1e6)
    };
    before.catalog.tables = vec![with(1_000.0)];
    after.catalog.tables = vec![with(400_000.0)];
    let diff = compare(&before, &after);
    assert_eq!(
        texts(&diff),
        ["400k rows of orders changed since its last ANALYZE (2026-11-01T00:00:00Z, before both)"]
    );
    let undo = Undo::Analyze { schema: None, table: "orders".into() };
    assert_eq!(diff.causes[0].undo, Some(undo));
}

/// An empty database of a build is not the production that the baseline is of.
#[test]
fn other_data_is_not_comparable() {
    let mut production = pg_snapshot(vec![statement(1, 9.0, lookup())]);
    production.catalog.tables = vec![table("orders", 1e6)];
    let mut build = pg_snapshot(vec![statement(1, 9.0, scan())]);
    build.target.name = "ci".into();
    build.catalog.tables = vec![table("orders", 12.0)];
    let diff = compare(&production, &build);
    assert_eq!(diff.verdict, Verdict::NotComparable);
    assert_eq!(
        diff.not_comparable.as_deref(),
        Some(
            "the rows of orders differ (1.00M, 12), so this is about other data; orders lost index \
             orders_customer_id_idx (IndexScan → SeqScan)"
        )
    );
    // The same plan on other data is still the same plan.
    build.statements = vec![statement(1, 9.0, lookup())];
    assert_eq!(compare(&production, &build).verdict, Verdict::Same);
    // In one database that is history: it may be judged.
    build.statements = vec![statement(1, 9.0, scan())];
    build.target.name = production.target.name.clone();
    build.catalog.tables = vec![table("orders", 1e7)];
    production.catalog.tables = vec![table("orders", 1e5)];
    assert_eq!(compare(&production, &build).verdict, Verdict::Worse);
}

#[test]
fn blocks_of_many_calls_are_work_without_a_run() {
    let of = |blocks: f64, plan: Option<Plan>| {
        let mut statement = timed(1, 100.0, 0.5, plan);
        statement.counters.shared_blocks_hit = Some(blocks * 100.0);
        statement.counters.shared_blocks_read = Some(0.0);
        pg_snapshot(vec![statement])
    };
    let diff = compare(&of(2_000.0, lookup()), &of(50.0, scan()));
    let plan = diff.statements[0].plan.as_ref().unwrap();
    assert_eq!((plan.verdict, plan.measured_by), (Verdict::Better, "blocks"));
    // Half as many again is other parameters.
    let diff = compare(&of(2_000.0, scan()), &of(3_000.0, scan()));
    assert_eq!(diff.statements[0].verdict, Verdict::Same);
}

#[test]
fn a_setting_that_is_known_to_spill_comes_before_one_that_is_not() {
    let sorted = |disk: &str| {
        Some(pg(&format!(
            "Sort cost=9000 actual=100000x1 blocks=900 {disk}
               SeqScan orders cost=4512 actual=100000x1 blocks=900"
        )))
    };
    let mut before = pg_snapshot(vec![statement(1, 9.0, sorted("batches=1"))]);
    let mut after = pg_snapshot(vec![statement(1, 90.0, sorted("disk=9000000"))]);
    for (name, old, new) in [("jit", "off", "on"), ("work_mem", "64MB", "1MB")] {
        before.settings.insert(name.into(), old.into());
        after.settings.insert(name.into(), new.into());
    }
    let diff = compare(&before, &after);
    assert_eq!(diff.verdict, Verdict::Worse);
    let causes: Vec<&str> =
        diff.statements[0].causes.iter().map(|i| diff.causes[*i].text.as_str()).collect();
    assert_eq!(causes, ["work_mem changed from 64MB to 1MB", "jit changed from off to on"]);
}

/// Blocks of a mean call depend on who calls, steps of the virtual machine on the data alone.
#[test]
fn counters_of_another_server_count_only_where_they_repeat() {
    let of = |name: &str, blocks: f64| {
        let mut statement = timed(1, 100.0, 0.5, scan());
        statement.counters.shared_blocks_hit = Some(blocks * 100.0);
        statement.counters.shared_blocks_read = Some(0.0);
        let mut snapshot = pg_snapshot(vec![statement]);
        snapshot.target.name = name.into();
        snapshot
    };
    assert_eq!(compare(&of("a", 2_000.0), &of("a", 90_000.0)).verdict, Verdict::Worse);
    assert_eq!(compare(&of("a", 2_000.0), &of("b", 90_000.0)).verdict, Verdict::Same);
    let steps = |name: &str, steps: f64| {
        let mut statement = statement(1, 1.0, Some(sqlite("Heading\n  SeqScan orders")));
        statement.counters.vm_steps = Some(steps);
        let mut snapshot = snapshot(Engine::Sqlite, "3.54.1", vec![statement]);
        snapshot.target.name = name.into();
        snapshot
    };
    assert_eq!(compare(&steps("a.db", 3e5), &steps("b.db", 9e6)).verdict, Verdict::Worse);
}

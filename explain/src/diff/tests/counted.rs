//! Snapshots without plans, as logs give them: counters judge.

use super::*;
use crate::diff::{SnapshotDiff, Trend, snapshots};
use crate::workload::log::{LogFacts, LogSource};
use crate::workload::{
    Counters, Coverage, Fingerprint, Percentiles, Snapshot, Statement, TargetIdentity, Window,
};
use proptest::prelude::*;

/// A log of `hours` hours.
fn log(file: &str, hours: u32, statements: Vec<Statement>) -> Snapshot {
    let source = LogSource { name: format!("/var/log/{file}"), ..LogSource::default() };
    let facts = LogFacts { sources: vec![source], ..LogFacts::default() };
    Snapshot {
        target: TargetIdentity {
            name: file.into(),
            engine: Engine::Mysql,
            version: String::new(),
            database: None,
        },
        taken_at: String::new(),
        window: Window {
            from: Some(format!("2026-11-{}T00:00:00Z", if file == "a.log" { 20 } else { 21 })),
            to: Some(format!(
                "2026-11-{}T{hours:02}:00:00Z",
                if file == "a.log" { 20 } else { 21 }
            )),
        },
        coverage: Coverage::default(),
        statements,
        catalog: Catalog::default(),
        settings: Default::default(),
        problems: Vec::new(),
        log: Some(Box::new(facts)),
    }
}

/// `calls` of `mean_ms`, with a spread of a tenth; each examines `examined` rows and returns one.
fn ran(print: u64, calls: f64, mean_ms: f64, examined: Option<f64>) -> Statement {
    Statement {
        fingerprint: Fingerprint(print),
        counters: Counters {
            calls: Some(calls),
            total_ms: Some(calls * mean_ms),
            mean_ms: Some(mean_ms),
            stddev_ms: Some(mean_ms / 10.0),
            min_ms: Some(mean_ms / 2.0),
            rows: examined.map(|_| calls),
            rows_examined: examined.map(|rows| rows * calls),
            ..Counters::default()
        },
        percentiles: Percentiles {
            p50_ms: Some(mean_ms),
            p95_ms: Some(mean_ms * 1.2),
            p99_ms: Some(mean_ms * 1.3),
        },
        ..Statement::default()
    }
}

fn compare(before: Vec<Statement>, after: Vec<Statement>) -> SnapshotDiff {
    let (before, after) = (log("a.log", 12, before), log("b.log", 6, after));
    snapshots(&before, &after, Tolerance::default())
}

fn only(before: Statement, after: Statement) -> (Verdict, String) {
    let diff = compare(vec![before], vec![after]);
    (diff.statements[0].verdict, diff.statements[0].reason.clone())
}

#[test]
fn more_work_a_call_is_worse_whatever_the_windows_are() {
    let before = vec![ran(1, 1_200.0, 2.0, Some(20.0)), ran(2, 600.0, 5.0, Some(10.0))];
    let after = vec![ran(1, 300.0, 30.0, Some(90_000.0)), ran(3, 60.0, 9.0, Some(10.0))];
    let diff = compare(before, after);
    assert_eq!(diff.verdict, Verdict::Worse);
    assert_eq!(
        (diff.added.clone(), diff.removed.clone()),
        (vec![Fingerprint(3)], vec![Fingerprint(2)])
    );
    let first = &diff.statements[0];
    assert_eq!(
        first.reason,
        "a call: rows read 20 → 90,000 (×4,500); \
         a call took 2 ms and takes 30 ms, 99.9 % sure after 1,200 and 300 calls"
    );
    let plan = first.plan.as_ref().unwrap();
    assert_eq!((plan.measured_by, plan.cost_ratio), ("rows", Some(4_500.0)));
    assert_eq!(plan.changes[0].kind, ChangeKind::Work);
    assert_eq!(first.rates.map(|rates| rates.calls_per_hour), [Some(100.0), Some(50.0)]);
    assert_eq!(first.rates.map(|rates| rates.examined_per_call), [Some(20.0), Some(90_000.0)]);
    assert_eq!(first.added_ms_per_hour, Some(300.0 * 30.0 / 6.0 - 200.0));
}

#[test]
fn time_counts_where_a_test_is_sure_and_most_calls_are_slower() {
    let was = ran(1, 500.0, 10.0, None);
    assert_eq!(only(was.clone(), ran(1, 500.0, 10.4, None)).0, Verdict::Same);
    let (verdict, reason) = only(was.clone(), ran(1, 500.0, 13.0, None));
    assert!(verdict == Verdict::Same && reason.contains("less than ×1.5"), "{reason}");
    assert_eq!(only(was.clone(), ran(1, 500.0, 40.0, None)).0, Verdict::Worse);
    assert_eq!(only(ran(1, 500.0, 40.0, None), was.clone()).0, Verdict::Better);
    // One call of an hour: the mean says ×14, no other call knows of it.
    let mut outlier = ran(1, 500.0, 140.0, None);
    outlier.percentiles = was.percentiles;
    outlier.counters.stddev_ms = Some(50.0);
    let (verdict, reason) = only(was.clone(), outlier);
    assert!(verdict == Verdict::Same && reason.contains("a few calls stand out"), "{reason}");
    let mut noisy = ran(1, 20.0, 20.0, None);
    noisy.counters.stddev_ms = Some(60.0);
    let (verdict, reason) = only(ran(1, 20.0, 10.0, None), noisy);
    assert!(verdict == Verdict::Same && reason.contains("within the noise"), "{reason}");
}

/// At 95 %, five of a hundred statements that did not change would fail a build.
#[test]
fn the_more_statements_the_surer_a_test_must_be() {
    // 2.6 standard errors apart: 99 % sure.
    let of = |mean: f64| {
        let mut statement = ran(1, 100.0, mean, None);
        statement.counters.stddev_ms = Some(15.0);
        statement
    };
    let crowd = |first: Statement| {
        let others = (2..50).map(|print| ran(print, 100.0, 10.0, None));
        std::iter::once(first).chain(others).collect::<Vec<_>>()
    };
    assert_eq!(only(of(10.0), of(15.5)).0, Verdict::Worse);
    assert_eq!(compare(crowd(of(10.0)), crowd(of(15.5))).verdict, Verdict::Same);
}

#[test]
fn what_was_asked_for_is_no_loss() {
    let returning = |rows: f64, mean_ms: f64| {
        let mut statement = ran(1, 100.0, mean_ms, Some(rows));
        statement.counters.rows = Some(100.0 * rows);
        statement
    };
    let (verdict, reason) = only(returning(500.0, 5.0), returning(20_000.0, 90.0));
    assert_eq!(verdict, Verdict::Changed);
    assert!(reason.ends_with("for 500 → 20,000 rows returned"), "{reason}");
    // As many rows as before out of forty times as many.
    let mut searching = returning(500.0, 90.0);
    searching.counters.rows_examined = Some(100.0 * 20_000.0);
    assert_eq!(only(returning(500.0, 5.0), searching).0, Verdict::Worse);
}

#[test]
fn work_and_time_that_disagree_are_a_change() {
    let (verdict, _) = only(ran(1, 100.0, 50.0, Some(20.0)), ran(1, 100.0, 5.0, Some(90_000.0)));
    assert_eq!(verdict, Verdict::Changed);
}

#[test]
fn what_cannot_be_judged_says_why() {
    let few = only(ran(1, 2.0, 10.0, Some(20.0)), ran(1, 900.0, 90.0, Some(9e4)));
    assert_eq!(few, (Verdict::NotComparable, "too few calls to judge: 2 before, 900 after".into()));
    let mut bare = ran(1, 100.0, 10.0, None);
    bare.counters.stddev_ms = None;
    assert_eq!(
        only(bare.clone(), bare.clone()).1,
        "neither its work nor the spread of its times is known"
    );
    bare.fingerprint = Fingerprint(2);
    let all =
        compare(vec![ran(1, 2.0, 1.0, None), bare.clone()], vec![ran(1, 2.0, 1.0, None), bare]);
    assert_eq!(
        all.not_comparable.as_deref(),
        Some(
            "no statement has a plan in both snapshots, nor can its calls tell: too few calls to \
             judge (1), neither its work nor the spread of its times is known (1)"
        )
    );
}

#[test]
fn a_log_is_known_by_its_file_until_it_is_given_a_name() {
    let named = |name: &str, file: &str| {
        let mut log = log(file, 6, vec![ran(1, 100.0, 10.0, None)]);
        log.target.name = name.into();
        log
    };
    let verdict = |a: &Snapshot, b: &Snapshot| {
        let diff = snapshots(a, b, Tolerance::default());
        (diff.verdict, diff.not_comparable)
    };
    let (eu, us) = (named("eu", "a.log"), named("us", "b.log"));
    assert_eq!(
        verdict(&eu, &us),
        (Verdict::NotComparable, Some("ran elsewhere: eu before, us after".into()))
    );
    assert_eq!(verdict(&eu, &named("eu", "b.log")).0, Verdict::Same);
    assert_eq!(verdict(&eu, &named("b.log", "b.log")).0, Verdict::Same);
    let mut databases = [named("eu", "a.log"), named("eu", "b.log")];
    databases[0].statements[0].database = Some("shop".into());
    databases[1].statements[0].database = Some("stock".into());
    let [before, after] = &databases;
    assert_eq!(
        verdict(before, after).1.as_deref(),
        Some("ran elsewhere: shop before, stock after")
    );
}

/// `long_query_time = 0.1` yesterday, 0 today: ten times the calls, a tenth of the mean, and
/// nothing happened.
#[test]
fn a_log_that_leaves_out_fast_calls_is_no_measure_of_them() {
    let least = |mut statement: Statement, least_ms: f64| {
        statement.counters.min_ms = Some(least_ms);
        statement
    };
    let before = (1..7).map(|i| least(ran(i, 50.0, 150.0, None), 100.0 + i as f64)).collect();
    let mut after: Vec<_> =
        (1..7).map(|i| least(ran(i, 900.0, 9.0, None), 0.2 * i as f64)).collect();
    after[0] = least(ran(1, 60.0, 900.0, None), 101.5);
    let diff = compare(before, after);
    let of = |print: u64| diff.statements.iter().find(|s| s.fingerprint.0 == print).unwrap();
    assert_eq!(of(1).verdict, Verdict::Worse, "{}", of(1).reason);
    assert_eq!(
        (of(2).verdict, of(2).reason.as_str()),
        (
            Verdict::NotComparable,
            "the logs hold calls from different durations on: the one before has none under 101 ms"
        )
    );
}

#[test]
fn counters_of_a_live_snapshot_without_plans_judge_as_well() {
    let live = |mean_ms: f64| {
        let mut snapshot = log("a.log", 6, vec![ran(1, 100.0, mean_ms, None)]);
        snapshot.log = None;
        snapshot
    };
    let diff = snapshots(&live(10.0), &live(90.0), Tolerance::default());
    assert_eq!(diff.verdict, Verdict::Worse);
    assert!(diff.statements[0].reason.starts_with("there is no plan on either side; a call took"));
}

fn statement() -> impl Strategy<Value = Statement> {
    let figures = (0.0..40.0_f64, 0.1..500.0_f64, 0.0..300.0_f64, 0.0..1e5_f64, 0.0..1e4_f64);
    (0_u64..6, figures, any::<[bool; 3]>()).prop_map(|(print, figures, known)| {
        let (calls, mean, spread, examined, rows) = figures;
        let mut statement = ran(print, calls.floor(), mean, known[0].then_some(examined));
        statement.counters.stddev_ms = known[1].then_some(spread);
        statement.counters.rows = known[2].then_some(rows * calls);
        statement
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn there_and_back_are_mirror_images(
        before in prop::collection::vec(statement(), 0..8),
        after in prop::collection::vec(statement(), 0..8),
    ) {
        let mut sides = [log("a.log", 12, before), log("b.log", 6, after)];
        for side in &mut sides {
            side.statements.sort_by_key(|s| s.fingerprint);
            side.statements.dedup_by_key(|s| s.fingerprint);
        }
        let [before, after] = &sides;
        let there = snapshots(before, after, Tolerance::default());
        let back = snapshots(after, before, Tolerance::default());
        prop_assert_eq!(&there.added, &back.removed);
        prop_assert_eq!(&there.removed, &back.added);
        prop_assert_eq!(there.statements.len(), back.statements.len());
        for statement in &there.statements {
            let mirror = back.statements.iter().find(|s| s.fingerprint == statement.fingerprint);
            let mirror = mirror.unwrap();
            prop_assert_eq!(statement.verdict, mirrored_verdict(mirror.verdict), "{}", statement.reason);
            prop_assert_eq!(statement.trend, turned(mirror.trend));
            let ratio = |s: &crate::diff::StatementDiff| s.plan.as_ref().and_then(|p| p.cost_ratio);
            prop_assert_eq!(ratio(statement).is_some(), ratio(mirror).is_some());
        }
        let itself = snapshots(before, before, Tolerance::default());
        prop_assert!(matches!(itself.verdict, Verdict::Same | Verdict::NotComparable));
    }
}

fn turned(trend: Trend) -> Trend {
    match trend {
        Trend::Regressed => Trend::Improved,
        Trend::Improved => Trend::Regressed,
        other => other,
    }
}

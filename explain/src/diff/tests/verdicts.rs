//! Verdicts and their reasons.

use super::*;
use crate::diff::{Side, compare};

fn verdict(before: &str, after: &str) -> (Verdict, String, &'static str) {
    let plans = [pg(before), pg(after)];
    assert_mirrors(&plans[0], &plans[1], [None, None]);
    let found = diff(&plans[0], &plans[1]);
    (found.verdict, found.reason, found.measured_by)
}

#[test]
fn reasons_name_the_change_and_the_figures() {
    let cases = [
        (
            "IndexScan orders using=idx cost=8.4 rows=10 [index a = 1]",
            "SeqScan orders cost=4512 rows=10",
            Verdict::Worse,
            "orders lost index idx (IndexScan → SeqScan); cost 8.4 → 4,512 (×537)",
        ),
        (
            "SeqScan orders o cost=4512 rows=10",
            "IndexScan orders o using=idx cost=8.4 rows=10 [index a = 1]",
            Verdict::Better,
            "orders o gained index idx (SeqScan → IndexScan); cost 4,512 → 8.4 (÷537)",
        ),
        (
            "SeqScan orders cost=1000",
            "SeqScan orders cost=1080",
            Verdict::Same,
            "the same plan; cost 1,000 → 1,080, about the same",
        ),
        (
            "SeqScan orders cost=1000",
            "SeqScan orders cost=5000",
            Verdict::Worse,
            "the same plan; cost 1,000 → 5,000 (×5)",
        ),
        (
            "SeqScan orders cost=5",
            "SeqScan orders cost=50",
            Verdict::Same,
            "the same plan; cost 5 → 50, too small to judge",
        ),
        ("SeqScan orders cost=5", "SeqScan orders cost=5", Verdict::Same, "the plans are the same"),
        (
            "IndexScan orders using=idx [index a = 1]",
            "SeqScan orders",
            Verdict::Worse,
            "orders lost index idx (IndexScan → SeqScan)",
        ),
    ];
    for (before, after, expected, reason) in cases {
        let (verdict, because, _) = verdict(before, after);
        assert_eq!((verdict, because.as_str()), (expected, reason));
    }
}

#[test]
fn work_comes_before_cost() {
    // The planner thinks it dearer; it read far less.
    let (found, reason, by) = verdict(
        "SeqScan orders cost=100 rows=10 actual=10x1 removed=99990",
        "IndexScan orders using=idx cost=200 rows=10 actual=10x1 [index a = 1]",
    );
    assert_eq!((found, by), (Verdict::Better, "rows"));
    assert_eq!(
        reason,
        "orders gained index idx (SeqScan → IndexScan); rows read 100,000 → 10 (÷10,000)"
    );
}

#[test]
fn blocks_are_work_too() {
    let (found, _, by) =
        verdict("HashJoin actual=100000x1 blocks=2000", "HashJoin actual=100000x1 blocks=9000");
    assert_eq!((found, by), (Verdict::Worse, "blocks"));
    let (found, reason, _) = verdict(
        "SeqScan orders actual=100000x1 blocks=1000",
        "IndexScan orders using=i actual=10000x1 blocks=10000",
    );
    assert_eq!(found, Verdict::Changed);
    assert!(reason.contains("more of one, less of the other"), "{reason}");
}

#[test]
fn rounded_rows_are_no_change_in_work() {
    // 0 and 1 rows a loop, printed as whole numbers, may be 0.49 and 0.51.
    let (found, _, _) = verdict(
        "IndexScan orders using=i actual=0x100000 [index a = b]",
        "IndexScan orders using=i actual=1x100000 [index a = b]",
    );
    assert_eq!(found, Verdict::Same);
}

#[test]
fn a_limit_counts_what_was_read() {
    let (found, _, by) = verdict(
        "Limit cost=2 rows=10 actual=10x1
           SeqScan orders cost=20000 rows=90000 actual=10x1",
        "Limit cost=2 rows=10 actual=10x1
           SeqScan orders cost=20000 rows=90000 actual=10x1 removed=70000",
    );
    assert_eq!((found, by), (Verdict::Worse, "rows"));
}

#[test]
fn engines_do_not_share_costs() {
    let before = pg("SeqScan orders cost=10 rows=1");
    let after = outline(Engine::Mysql, "SeqScan orders cost=9000 rows=1");
    let found = diff(&before, &after);
    assert_eq!((found.verdict, found.cost_ratio), (Verdict::Same, None));
    let lookup = pg("IndexScan orders using=i cost=8 rows=1 [index a = 1]");
    assert_eq!(diff(&lookup, &after).verdict, Verdict::Worse);
}

#[test]
fn lost_index_at_the_same_cost_is_a_change() {
    let (found, reason, _) = verdict(
        "IndexScan orders using=idx cost=4000 rows=90000 [index a = 1]",
        "SeqScan orders cost=4100 rows=90000",
    );
    assert_eq!(found, Verdict::Changed);
    assert!(reason.ends_with("cost 4,000 → 4,100, about the same"), "{reason}");
}

#[test]
fn mongodb_scans_need_no_name() {
    let before = outline(
        Engine::Mongodb,
        "Other actual=10x1
           IndexScan using=dest_1 actual=10x1 [index {\"dest\":{\"$eq\":5}}]",
    );
    let after = outline(Engine::Mongodb, "SeqScan harbor.voyages actual=10x1 removed=30000");
    let found = diff(&before, &after);
    assert_eq!(found.verdict, Verdict::Worse);
    assert!(lines(&found)[0].contains("IndexScan dest_1 → SeqScan"), "{:?}", lines(&found));
    assert_mirrors(&before, &after, [None, None]);
}

#[test]
fn time_counts_where_work_and_cost_are_silent_and_the_test_is_sure() {
    let plan = pg("SeqScan orders cost=4000 rows=10 actual=10x1 removed=99990");
    let side = |runs_ms: &'static [f64]| Side { runs_ms, ..Side::of(&plan) };
    let quick = [10.0, 10.2, 9.9, 10.1, 10.3, 9.8];
    let slow = [30.0, 30.2, 29.9, 30.1, 30.3, 29.8];
    let noisy = [9.0, 30.0, 9.5, 10.0, 9.9, 31.0];
    let [quick, slow, noisy] = [quick, slow, noisy].map(|runs| &*Box::leak(Box::new(runs)));
    let judged = |before, after| compare([side(before), side(after)], Tolerance::default());
    let found = judged(quick, slow);
    assert_eq!((found.verdict, found.measured_by), (Verdict::Worse, "time"));
    assert_eq!(
        found.reason,
        "the same plan; milliseconds 10.1 → 30.1 (×3), 99.7 % sure after 6 and 6 runs"
    );
    assert_eq!(lines(&found), ["medium time: milliseconds 10.1 → milliseconds 30.1"]);
    assert_eq!(judged(slow, quick).verdict, Verdict::Better);
    assert_eq!(judged(quick, noisy).verdict, Verdict::Same);
    assert_eq!(judged(&quick[..3], &slow[..3]).verdict, Verdict::Same);
    assert_eq!(judged(quick, slow).timing.unwrap().runs, [6, 6]);
}

#[test]
fn time_against_work_is_a_change() {
    let scan = pg("SeqScan orders cost=4000 rows=10 actual=10x1 removed=99990");
    let lookup = pg("IndexScan orders using=i cost=8 rows=10 actual=10x1 [index a = 1]");
    let quick = [1.5, 1.6, 1.4, 1.7, 1.55];
    let slow = [20.0, 20.2, 19.9, 20.1, 20.3];
    let sides =
        [Side { runs_ms: &quick, ..Side::of(&scan) }, Side { runs_ms: &slow, ..Side::of(&lookup) }];
    assert_eq!(compare(sides, Tolerance::default()).verdict, Verdict::Changed);
}

#[test]
fn settings_of_the_plan_withhold_its_cost() {
    let [mut before, mut after] = [
        "HashJoin cost=2000\n  SeqScan orders o cost=900\n  SeqScan customers c role=inner cost=80",
        "MergeJoin cost=90000\n  SeqScan orders o cost=900\n  SeqScan customers c role=inner cost=80",
    ]
    .map(pg);
    assert_eq!(diff(&before, &after).verdict, Verdict::Worse);
    after.settings = vec![("random_page_cost".into(), "1.1".into())];
    let found = diff(&before, &after);
    assert_eq!(found.verdict, Verdict::NotComparable);
    assert_eq!(
        found.reason,
        "random_page_cost differs (the default, 1.1), so costs do not count, and nothing was \
         measured; the join of c, o went from HashJoin to MergeJoin"
    );
    // A setting that is no unit of cost forbids nothing.
    after.settings = vec![("work_mem".into(), "1MB".into())];
    assert_eq!(diff(&before, &after).verdict, Verdict::Worse);
    // With measured work, units do not matter.
    after.settings = vec![("random_page_cost".into(), "1.1".into())];
    for (plan, rows) in [(&mut before, 100.0), (&mut after, 90_000.0)] {
        let ran = |node: &mut Node| {
            node.actual = Some(Actual { loops: 1.0, rows_per_loop: rows, ..Actual::default() });
        };
        *plan = plan.clone().map_nodes(ran);
    }
    assert_eq!(diff(&before, &after).verdict, Verdict::Worse);
}

#[test]
fn other_values_are_another_question() {
    let before = pg("IndexScan orders using=i cost=8 rows=10 [index a = 1]");
    let after = pg("SeqScan orders cost=4000 rows=90000 [filter a = 2]");
    let found = diff(&before, &after);
    assert_eq!((found.verdict, found.cost_ratio), (Verdict::Changed, None));
    assert!(found.reason.contains("other values of orders were asked for (a = 1, a = 2)"));
    assert_mirrors(&before, &after, [None, None]);
    // As many rows: the same question.
    let after = pg("SeqScan orders cost=4000 rows=11 [filter a = 2]");
    assert_eq!(diff(&before, &after).verdict, Verdict::Worse);
    // What a placeholder stood for is not known.
    let after = pg("SeqScan orders cost=4000 rows=90000 [filter a = $1]");
    assert_eq!(diff(&before, &after).verdict, Verdict::Worse);
}

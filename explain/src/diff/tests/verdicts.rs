//! Verdicts and their reasons.

use super::*;

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

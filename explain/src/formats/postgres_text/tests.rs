//! What each line of a plan means.

use super::*;
use crate::plan::{ConditionKind, Role};

fn all(text: &str) -> Vec<Reading> {
    parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn one(text: &str) -> Reading {
    let mut readings = all(text);
    assert_eq!(readings.len(), 1);
    readings.remove(0)
}

/// Depth, role, operator and name of every node.
fn tree(reading: &Reading) -> Vec<String> {
    let plan = &reading.plan;
    let line = |node: &Node| {
        let name = node.relation_name().or(node.index.as_deref()).unwrap_or("-");
        format!("{} {} {} {name}", node.depth(), node.role.name(), node.operator)
    };
    plan.nodes().iter().map(line).collect()
}

#[test]
fn arrows_and_headings_nest() {
    let reading = one(" Hash Left Join  (cost=1.00..9.00 rows=5 width=4)
   Hash Cond: (a.id = b.id)
   CTE c
     ->  Seq Scan on s.t t1  (cost=0.00..1.00 rows=1 width=4)
           Filter: (x > 1)
   InitPlan 2 (returns $1)
     ->  Limit  (cost=0.00..1.00 rows=1 width=4)
           ->  Index Only Scan using i on u  (cost=0.00..1.00 rows=1 width=4)
   ->  CTE Scan on c a  (cost=0.00..1.00 rows=1 width=4)
         SubPlan 3
           ->  Result  (cost=0.00..0.01 rows=1 width=4)
   ->  Hash  (cost=0.00..1.00 rows=1 width=4)
         ->  Bitmap Heap Scan on b  (cost=0.00..1.00 rows=1 width=4)
               ->  Bitmap Index Scan on b_i  (cost=0.00..1.00 rows=1 width=0)
");
    assert_eq!(reading.notes, []);
    let want = [
        "0 outer HashJoin -",
        "1 cte SeqScan t1",
        "1 init-plan Limit -",
        "2 outer IndexOnlyScan u",
        "1 outer CteScan a",
        "2 sub-plan Result -",
        "1 inner Hash -",
        "2 outer BitmapHeapScan b",
        "3 outer BitmapIndexScan b_i",
    ];
    assert_eq!(tree(&reading), want);
    let plan = reading.plan;
    assert_eq!(plan.root().join_type.as_deref(), Some("Left"));
    assert_eq!(plan.nodes()[1].subplan.as_deref(), Some("CTE c"));
    assert_eq!(plan.nodes()[1].schema.as_deref(), Some("s"));
    assert_eq!(plan.nodes()[2].subplan.as_deref(), Some("InitPlan 2 (returns $1)"));
    assert_eq!(plan.nodes()[5].subplan.as_deref(), Some("SubPlan 3"));
}

#[test]
fn one_old_heading_stands_over_several_plans() {
    let reading = one("Result  (cost=0.00..1.00 rows=1 width=4)
  InitPlan
    ->  Seq Scan on a  (cost=0.00..1.00 rows=1 width=4)
    ->  Limit  (cost=0.00..1.00 rows=1 width=4)
          ->  Seq Scan on b  (cost=0.00..1.00 rows=1 width=4)
  ->  Seq Scan on c  (cost=0.00..1.00 rows=1 width=4)
");
    let want = [
        "0 outer Result -",
        "1 init-plan SeqScan a",
        "1 init-plan Limit -",
        "2 outer SeqScan b",
        "1 outer SeqScan c",
    ];
    assert_eq!(tree(&reading), want);
}

#[test]
fn properties_belong_to_their_node() {
    let reading =
        one("Sort  (cost=1.00..2.00 rows=3 width=4) (actual time=0.100..0.500 rows=3 loops=1)
  Sort Key: a, (f(b, 'x, y')) DESC, \"c,d\"
  Sort Method: external merge  Disk: 8kB
  Worker 0:  actual time=0.1..0.2 rows=1 loops=1
    Sort Method: quicksort  Memory: 25kB
    Buffers: shared hit=1
  Worker 1:  Sort Method: external merge  Disk: 16kB
  Buffers: shared hit=10 read=2, temp read=3 written=4
  ->  Seq Scan on t  (cost=0.00..1.00 rows=3 width=4) (actual time=0.010..0.020 rows=2 loops=4)
        Filter: ((a > 1) AND (b = 'it''s'::text))
        Rows Removed by Filter: 5
        Heap Fetches: 7
  ->  Materialize  (cost=0.00..1.00 rows=3 width=4) (never executed)
Planning:
  Buffers: shared hit=90
Planning Time: 0.250 ms
JIT:
  Functions: 3
  Timing: Generation 0.340 ms, Total 2.414 ms
Trigger for constraint fk: time=1.500 calls=2
Settings: work_mem = '1MB'
Execution Time: 0.750 ms
");
    assert_eq!(reading.notes, []);
    let plan = reading.plan;
    let [sort, scan, never] = plan.nodes() else { panic!("{plan:?}") };
    let keys: Vec<&str> = sort.conditions_of(ConditionKind::SortKey).collect();
    assert_eq!(keys, ["a", "(f(b, 'x, y')) DESC", "\"c,d\""]);
    assert_eq!(sort.memory.method.as_deref(), Some("external merge"));
    assert_eq!(sort.memory.disk_bytes, Some(24 * 1024), "over all workers");
    assert_eq!(sort.memory.peak_bytes, Some(25 * 1024));
    let workers = sort.details["Workers"].as_array().unwrap();
    assert_eq!((workers.len(), &workers[0]["Shared Hit Blocks"]), (2, &1.into()));
    assert_eq!((sort.buffers.shared_hit, sort.buffers.temp_written), (Some(10), Some(4)));
    assert_eq!(scan.buffers.shared_hit, Some(0), "left out where it is zero");
    assert_eq!(scan.removed.by_filter, Some(20.0), "five in each of four loops");
    assert_eq!(scan.actual.map(|a| a.rows_rounding), Some(0.5));
    assert_eq!(scan.details["Heap Fetches"], 7);
    assert!(never.never_executed() && never.actual.unwrap().total_ms_per_loop.is_none());
    assert_eq!(
        (plan.planning_ms, plan.execution_ms, plan.jit_ms),
        (Some(0.25), Some(0.75), Some(2.414))
    );
    assert_eq!(plan.details["Planning"]["Shared Hit Blocks"], 90);
    assert_eq!(plan.triggers[0].total_ms, Some(1.5));
    assert_eq!(plan.settings, [("work_mem".to_owned(), "1MB".to_owned())]);
}

#[test]
fn rounding_of_rows_depends_on_the_version() {
    let rounding = |figures: &str| {
        let plan = one(&format!("Result  (cost=0.00..0.01 rows=1 width=4) ({figures})")).plan;
        plan.root().actual.map(|actual| (actual.rows_per_loop, actual.rows_rounding))
    };
    assert_eq!(rounding("actual time=0.1..0.2 rows=3 loops=1"), Some((3.0, 0.0)));
    assert_eq!(rounding("actual rows=3 loops=2"), Some((3.0, 0.5)));
    assert_eq!(rounding("actual time=0.1..0.2 rows=0.53 loops=2"), Some((0.53, 0.005)));
    assert_eq!(rounding("actual time=0.1..0.2 rows=1.00 loops=2"), Some((1.0, 0.005)));
}

#[test]
fn targets_of_a_modify_table_are_no_nodes() {
    let reading = one(" Update on public.ab
   Update on public.ab_1
   Update on ab_2 x
   ->  Append
         ->  Seq Scan on ab_1
         ->  Seq Scan on ab_2 x
");
    let want =
        ["0 outer Modify ab", "1 outer Append -", "2 member SeqScan ab_1", "2 member SeqScan x"];
    assert_eq!(tree(&reading), want);
    assert_eq!(reading.plan.root().details["Target Tables"].as_array().map(Vec::len), Some(2));
}

#[test]
fn several_plans_in_one_text() {
    let text = "                QUERY PLAN
-----------------------------------
 Delete on t2
   ->  Seq Scan on t2
\x20
 Delete on t1
   ->  Seq Scan on t1
(5 rows)

=# EXPLAIN SELECT 1;
 QUERY PLAN
------------
 Result  (cost=0.00..0.01 rows=1 width=4)
(1 row)
";
    let roots: Vec<(String, usize)> =
        all(text).iter().map(|r| (r.plan.root().label.clone(), r.plan.nodes().len())).collect();
    assert_eq!(roots, [("Delete".into(), 2), ("Delete".into(), 2), ("Result".into(), 1)]);
}

#[test]
fn a_log_tells_the_statement() {
    let reading = one("LOG:  duration: 3.651 ms  plan:
\tQuery Text: SELECT count(*)
\t  FROM t; -- don't (
\tAggregate  (cost=16.79..16.80 rows=1 width=0) (actual time=3.626..3.627 rows=1 loops=1)
\t  ->  Seq Scan on t  (cost=0.00..9.55 rows=255 width=4) (actual time=0.016..0.140 rows=255 loops=1)
");
    assert_eq!(reading.plan.statement.as_deref(), Some("SELECT count(*)\nFROM t; -- don't ("));
    assert_eq!(reading.plan.execution_ms, Some(3.651));
    assert_eq!(tree(&reading), ["0 outer Aggregate -", "1 outer SeqScan t"]);
}

#[test]
fn what_is_not_understood_is_a_note() {
    let notes = |text: &str| -> Vec<String> {
        one(text).notes.iter().map(|note| format!("{}: {}", note.place, note.message)).collect()
    };
    let root = "Seq Scan on t  (cost=0.00..9.55 rows=255 width=4)\n";
    assert_eq!(
        notes(&format!("{root}  what is this\n")),
        ["line 2: the line `what is this` was not understood"]
    );
    assert_eq!(notes(&format!("{root}  Filter: (a = \n")), ["line 2: the line breaks off"]);
    assert_eq!(notes(&format!("{root}  Warp: 9\n")), Vec::<String>::new());
    assert_eq!(
        notes("Warp Scan on t  (cost=0.00..9.55 rows=255 width=4)"),
        ["the plan: unknown operator `Warp Scan`"]
    );
    assert_eq!(
        notes("Sort  (cost=N.N..N.N rows=N width=N)\n"),
        ["line 1: some figures are no numbers and were left out"]
    );
    assert_eq!(
        notes(&format!("{root}[Your log message was truncated]\n")),
        ["line 2: the log cut the plan off"]
    );
}

#[test]
fn pasted_text_that_lost_its_first_blank() {
    let reading = one("Limit  (cost=0.00..1.00 rows=1 width=4)
   Output: a
   ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)
 Planning Time: 0.5 ms
");
    assert_eq!(tree(&reading), ["0 outer Limit -", "1 outer SeqScan t"]);
    assert_eq!(reading.plan.planning_ms, Some(0.5));
}

#[test]
fn only_plans_are_detected() {
    assert_eq!(detect("Seq Scan on t  (cost=0.00..9.55 rows=255 width=4)"), 90);
    assert!(detect("Seq Scan on t") > 0);
    for text in [
        "",
        "select 1",
        "-> Nested loop inner join  (cost=496 rows=60.5)\n    -> Table scan on t  (cost=4 rows=2)\n",
        "QUERY PLAN\n|--SCAN t\n`--USE TEMP B-TREE FOR ORDER BY\n",
        "- Plan: \n    Node Type: \"Limit\"\n",
        "{\"Plan\": {\"Node Type\": \"Limit\"}}",
    ] {
        assert_eq!(detect(text), 0, "{text}");
    }
    assert!(parse("select 1").is_err());
}

#[test]
fn roles_without_words() {
    let reading = one("Append
  ->  Subquery Scan on x
        ->  Result
  ->  Merge Join
        ->  Sort
        ->  Materialize
  ->  Custom Scan (ChunkAppend) on m
        ->  Seq Scan on c1
        ->  Seq Scan on c2
");
    let roles: Vec<Role> = reading.plan.nodes().iter().map(|node| node.role).collect();
    use Role::{Inner, Member, Outer, Subquery};
    assert_eq!(roles, [Outer, Member, Subquery, Member, Outer, Inner, Member, Member, Member]);
}

#[test]
fn extensions_go_on_behind_a_subplan() {
    let reading = one(" Custom Scan (Citus Adaptive)  (cost=0.00..0.00 rows=0 width=0)
   ->  Distributed Subplan 3_1
         ->  Limit  (cost=0.00..1.00 rows=1 width=4)
               ->  Seq Scan on u  (cost=0.00..1.00 rows=1 width=4)
   Task Count: 2
   ->  Task
         Node: host=localhost port=9701 dbname=postgres
         ->  Aggregate  (cost=0.00..1.00 rows=1 width=4)
               ->  Seq Scan on t_1 t  (cost=0.00..1.00 rows=1 width=4)
                     Vectorized Filter: (a > 3)
             Planning Time: 0.025 ms
 Planning Time: 0.700 ms
");
    assert_eq!(reading.notes, []);
    let nodes = reading.plan.nodes();
    assert_eq!(nodes[0].details["Task Count"], 2);
    assert_eq!((&nodes[1].operator, &nodes[4].operator), (&Operator::Heading, &Operator::Heading));
    assert_eq!(nodes[5].details["Planning Time"], "0.025 ms");
    assert_eq!(nodes[6].conditions_of(ConditionKind::Filter).collect::<Vec<_>>(), ["(a > 3)"]);
    assert_eq!(reading.plan.planning_ms, Some(0.7));
}

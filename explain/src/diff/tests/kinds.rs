//! One case and more of each kind of change.

use super::*;

/// Plan before, plan after, what the comparison says: verdict, then a line a change.
struct Case {
    name: &'static str,
    before: &'static str,
    after: &'static str,
    verdict: Verdict,
    changes: &'static [&'static str],
}

fn check(engine: Engine, catalogs: [&Catalog; 2], cases: &[Case]) {
    for case in cases {
        let plans = [case.before, case.after].map(|text| outline(engine, text));
        let found = diff_with(&plans[0], &plans[1], catalogs);
        assert_eq!(lines(&found), case.changes, "{}: {}", case.name, found.reason);
        assert_eq!(found.verdict, case.verdict, "{}: {}", case.name, found.reason);
        assert_mirrors(&plans[0], &plans[1], catalogs.map(Some));
    }
}

fn shop() -> Catalog {
    Catalog {
        tables: vec![
            table("orders", 1e6),
            table("customers", 5e4),
            table("lines", 3e6),
            table("countries", 200.0),
        ],
        indexes: vec![index("orders", "idx_a", &["customer_id"])],
    }
}

const LOOKUP: &str = "IndexScan orders o using=idx_a cost=8.4 rows=10 [index customer_id = 1]";

#[test]
fn access_paths() {
    let shop = shop();
    check(
        Engine::Postgres,
        [&shop, &shop],
        &[
            Case {
                name: "index lost",
                before: LOOKUP,
                after: "SeqScan orders o cost=4512 rows=10 [filter customer_id = 1]",
                verdict: Verdict::Worse,
                changes: &[
                    "high access-path o: IndexScan idx_a → SeqScan",
                    "high cost: cost 8.4 → cost 4,512",
                ],
            },
            Case {
                name: "index gained",
                before: "SeqScan orders o cost=4512 rows=10 [filter customer_id = 1]",
                after: LOOKUP,
                verdict: Verdict::Better,
                changes: &[
                    "info access-path o: SeqScan → IndexScan idx_a",
                    "info cost: cost 4,512 → cost 8.4",
                ],
            },
            Case {
                name: "bitmap to seq is as grave, at equal cost",
                before: "BitmapHeapScan orders o cost=4000 rows=900 [recheck customer_id = 1]
                       BitmapIndexScan using=idx_a cost=8 rows=900 [index customer_id = 1]",
                after: "SeqScan orders o cost=4300 rows=900 [filter customer_id = 1]",
                verdict: Verdict::Changed,
                changes: &["high access-path o: BitmapHeapScan idx_a → SeqScan"],
            },
            Case {
                name: "bitmap of two indexes is one path",
                before: LOOKUP,
                after: "BitmapHeapScan orders o cost=8.4 rows=10
                      BitmapAnd cost=4
                        BitmapIndexScan using=idx_a cost=2 [index customer_id = 1]
                        BitmapIndexScan using=idx_b cost=2 [index status = 1]",
                verdict: Verdict::Changed,
                changes: &["medium access-path o: IndexScan idx_a → BitmapHeapScan idx_a, idx_b"],
            },
            Case {
                name: "no longer index only",
                before: "IndexOnlyScan orders o using=idx_a cost=100 [index customer_id = 1]",
                after: "IndexScan orders o using=idx_a cost=105 [index customer_id = 1]",
                verdict: Verdict::Changed,
                changes: &["medium access-path o: IndexOnlyScan idx_a → IndexScan idx_a"],
            },
            Case {
                name: "lookup became a full index scan",
                before: "IndexScan orders o using=idx_a cost=300 [index customer_id = 1]",
                after: "IndexScan orders o using=idx_a cost=310 [filter status = 1]",
                verdict: Verdict::Changed,
                changes: &["medium access-path o: IndexScan idx_a → full IndexScan idx_a"],
            },
            Case {
                name: "tiny table",
                before: "IndexScan countries c using=idx_c cost=8.2 rows=1 [index code = 1]",
                after: "SeqScan countries c cost=4.5 rows=1 [filter code = 1]",
                verdict: Verdict::Same,
                changes: &["info access-path c: IndexScan idx_c → SeqScan"],
            },
        ],
    );
}

#[test]
fn indexes_swapped_or_renamed() {
    let [mut before, mut after] = [shop(), shop()];
    before.indexes.push(index("orders", "old_name", &["placed"]));
    after.indexes.push(index("orders", "new_name", &["placed"]));
    check(
        Engine::Postgres,
        [&before, &after],
        &[
            Case {
                name: "renamed",
                before: "IndexScan orders o using=old_name cost=120 [index placed > 1]",
                after: "IndexScan orders o using=new_name cost=120 [index placed > 1]",
                verdict: Verdict::Same,
                changes: &["info index-renamed o: IndexScan old_name → IndexScan new_name"],
            },
            Case {
                name: "swapped",
                before: "IndexScan orders o using=old_name cost=120 [index placed > 1]",
                after: "IndexScan orders o using=idx_a cost=121 [index customer_id = 1]",
                verdict: Verdict::Changed,
                changes: &["medium index-swapped o: IndexScan old_name → IndexScan idx_a"],
            },
            Case {
                name: "unknown index, same bounds",
                before: "IndexScan orders o using=gone cost=120 [index (placed > x)]",
                after: "IndexScan orders o using=new_name cost=120 [index (placed > x)]",
                verdict: Verdict::Same,
                changes: &["info index-renamed o: IndexScan gone → IndexScan new_name"],
            },
        ],
    );
    let plans = ["old_name", "new_name"]
        .map(|name| pg(&format!("IndexScan orders o using={name} cost=120 [index placed > 1]")));
    assert_eq!(
        lines(&diff(&plans[0], &plans[1])),
        ["medium index-swapped o: IndexScan old_name → IndexScan new_name"]
    );
}

#[test]
fn joins() {
    let shop = shop();
    check(
        Engine::Postgres,
        [&shop, &shop],
        &[
            Case {
                name: "method; the hash is part of it",
                before: "NestedLoop cost=100 type=Inner
                       SeqScan customers c cost=10
                       SeqScan orders o role=inner cost=80",
                after: "HashJoin cost=100 type=Inner [join o.customer_id = c.id]
                      SeqScan customers c cost=10
                      Hash role=inner cost=80
                        SeqScan orders o cost=80",
                verdict: Verdict::Changed,
                changes: &["medium join-method c, o: NestedLoop → HashJoin"],
            },
            Case {
                name: "sides of a hash join swapped: the same join from the other side",
                before: "HashJoin cost=100 type=Left
                       SeqScan customers c cost=10
                       Hash role=inner cost=80
                         SeqScan orders o cost=80",
                after: "HashJoin cost=104 type=Right
                      SeqScan orders o cost=80
                      Hash role=inner cost=10
                        SeqScan customers c cost=10",
                verdict: Verdict::Same,
                changes: &["low join-order: c, o → o, c"],
            },
            Case {
                name: "order of three",
                before: "HashJoin cost=100
                       HashJoin cost=50
                         SeqScan orders o
                         Hash role=inner
                           SeqScan customers c
                       Hash role=inner
                         SeqScan lines l",
                after: "HashJoin cost=100
                      SeqScan orders o
                      Hash role=inner
                        HashJoin cost=50
                          SeqScan lines l
                          Hash role=inner
                            SeqScan customers c",
                verdict: Verdict::Same,
                changes: &["low join-order: o, c, l → o, (l, c)"],
            },
        ],
    );
}

#[test]
fn join_types_and_self_joins() {
    let shop = shop();
    check(
        Engine::Postgres,
        [&shop, &shop],
        &[
            Case {
                name: "type",
                before: "HashJoin cost=100 type=Anti
                       SeqScan customers c
                       SeqScan orders o role=inner",
                after: "HashJoin cost=100 type=Inner
                      SeqScan customers c
                      SeqScan orders o role=inner",
                verdict: Verdict::Changed,
                changes: &["medium join-type c, o: Anti → Inner"],
            },
            Case {
                name: "a semi join done with distinct keys",
                before: "HashJoin cost=100 type=Semi
                       SeqScan customers c
                       SeqScan orders o role=inner",
                after: "HashJoin cost=100 type=Inner
                      SeqScan customers c
                      HashAggregate role=inner
                        SeqScan orders o",
                verdict: Verdict::Same,
                changes: &[
                    "low join-type c, o: Semi → Inner",
                    "low node-added: none → HashAggregate",
                ],
            },
            Case {
                name: "a self join is told apart by alias",
                before: "NestedLoop cost=200
                       SeqScan orders o1 cost=10
                       IndexScan orders o2 role=inner using=idx_a cost=8 [index id = o1.parent]",
                after: "NestedLoop cost=210
                      SeqScan orders o1 cost=10
                      SeqScan orders o2 role=inner cost=8000 [filter id = o1.parent]",
                verdict: Verdict::Changed,
                changes: &["high access-path o2: IndexScan idx_a → SeqScan"],
            },
        ],
    );
}

#[test]
fn sorts() {
    let shop = shop();
    check(
        Engine::Postgres,
        [&shop, &shop],
        &[
            Case {
                name: "sort added",
                before: "Limit cost=100 rows=5000
                       IndexScan orders o using=idx_a cost=100 rows=5000",
                after: "Limit cost=105 rows=5000
                      Sort cost=105 rows=5000 [sort-key placed]
                        IndexScan orders o using=idx_a cost=100 rows=5000",
                verdict: Verdict::Changed,
                changes: &["medium sort-added: none → Sort (placed)"],
            },
            Case {
                name: "a sort of few rows",
                before: "SeqScan orders o cost=5000 rows=5",
                after: "Sort cost=5000 rows=5 [sort-key placed]
                      SeqScan orders o cost=5000 rows=5",
                verdict: Verdict::Same,
                changes: &["info sort-added: none → Sort (placed)"],
            },
            Case {
                name: "sort by parts",
                before: "Sort cost=100 [sort-key a] [sort-key b]
                       SeqScan orders o",
                after: "IncrementalSort cost=100 [sort-key a] [sort-key b] [presorted-key a]
                      SeqScan orders o",
                verdict: Verdict::Same,
                changes: &["low sort-method: Sort → IncrementalSort"],
            },
            Case {
                name: "sort of a merge join belongs to it",
                before: "HashJoin cost=100
                       SeqScan orders o
                       Hash role=inner
                         SeqScan customers c",
                after: "MergeJoin cost=100
                      Sort [sort-key o.customer_id]
                        SeqScan orders o
                      Sort role=inner [sort-key c.id]
                        SeqScan customers c",
                verdict: Verdict::Changed,
                changes: &[
                    "medium join-method c, o: HashJoin → MergeJoin",
                    "low sort-added: none → Sort (o.customer_id)",
                    "low sort-added: none → Sort (c.id)",
                ],
            },
        ],
    );
}

#[test]
fn spills_and_aggregates() {
    let shop = shop();
    check(
        Engine::Postgres,
        [&shop, &shop],
        &[
            Case {
                name: "spill",
                before: "Sort actual=5000x1
                       SeqScan orders o actual=5000x1",
                after: "Sort actual=5000x1 disk=8000000
                      SeqScan orders o actual=5000x1",
                verdict: Verdict::Worse,
                changes: &[
                    "high work: blocks 0 → blocks 977",
                    "medium spill-appeared: Sort in memory → Sort on disk",
                ],
            },
            Case {
                name: "a spill of ten blocks",
                before: "Sort actual=5000x1
                       SeqScan orders o actual=5000x1",
                after: "Sort actual=5000x1 disk=80000
                      SeqScan orders o actual=5000x1",
                verdict: Verdict::Same,
                changes: &["low spill-appeared: Sort in memory → Sort on disk"],
            },
            Case {
                name: "a hash in batches, with no word of how much",
                before: "HashJoin actual=5000x1
                       SeqScan orders o actual=5000x1
                       Hash role=inner actual=5000x1
                         SeqScan lines l actual=5000x1",
                after: "HashJoin actual=5000x1
                      SeqScan orders o actual=5000x1
                      Hash role=inner actual=5000x1 batches=4
                        SeqScan lines l actual=5000x1",
                verdict: Verdict::Worse,
                changes: &["medium spill-appeared: Hash in memory → Hash on disk"],
            },
            Case {
                name: "aggregate strategy",
                before: "HashAggregate cost=100 [group-key a]
                       SeqScan orders o",
                after: "GroupAggregate cost=102 [group-key a]
                      Sort [sort-key a]
                        SeqScan orders o",
                verdict: Verdict::Same,
                changes: &[
                    "low sort-added: none → Sort (a)",
                    "low aggregate-strategy: HashAggregate → GroupAggregate",
                ],
            },
        ],
    );
}

#[test]
fn the_rest() {
    let shop = shop();
    check(
        Engine::Postgres,
        [&shop, &shop],
        &[
            Case {
                name: "parallel",
                before: "Aggregate cost=5000
                       SeqScan orders o",
                after: "Aggregate cost=4900
                      Gather workers=2
                        SeqScan orders o",
                verdict: Verdict::Same,
                changes: &["low parallelism: serial → Gather, 2 workers"],
            },
            Case {
                name: "more workers",
                before: "Gather workers=2 cost=100
                       SeqScan orders o",
                after: "Gather workers=4 cost=100
                      SeqScan orders o",
                verdict: Verdict::Same,
                changes: &["low parallelism: Gather, 2 workers → Gather, 4 workers"],
            },
            Case {
                name: "condition moved",
                before: "IndexScan orders o using=idx_a cost=100 [index ((a = x) AND (b = y))]",
                after: "IndexScan orders o using=idx_a cost=105 [index (a = x)] [filter (b = y)]",
                verdict: Verdict::Changed,
                changes: &["medium condition-moved o: Index b = y → Filter b = y"],
            },
            Case {
                name: "estimate, at the lowest node",
                before: "HashJoin rows=100 actual=120x1
                       SeqScan orders o rows=90 actual=100x1
                       SeqScan customers c role=inner rows=10 actual=10x1",
                after: "HashJoin rows=1 actual=120x1
                      SeqScan orders o rows=1 actual=100x1
                      SeqScan customers c role=inner rows=10 actual=10x1",
                verdict: Verdict::Same,
                changes: &["low estimate o: rows off ×1 → rows off ×100"],
            },
            Case {
                name: "fewer rows than expected below a limit are no misestimate",
                before: "Limit rows=10 actual=10x1
                       SeqScan orders o rows=10 actual=10x1",
                after: "Limit rows=10 actual=10x1
                      SeqScan orders o rows=90000 actual=10x1",
                verdict: Verdict::Same,
                changes: &[],
            },
            Case {
                name: "partition gone; the numbers of aliases shift",
                before: "Append cost=300
                       SeqScan m2023 m_1 role=member
                       SeqScan m2024 m_2 role=member
                       SeqScan m2025 m_3 role=member",
                after: "Append cost=290
                      SeqScan m2024 m_1 role=member
                      SeqScan m2025 m_2 role=member",
                verdict: Verdict::Same,
                changes: &["info partitions-pruned m: 3 partitions → 2 partitions"],
            },
        ],
    );
}

#[test]
fn other_aliases_are_the_same_relations() {
    let before = pg("HashJoin cost=1000 [join o.customer_id = c.id]
                       SeqScan orders o cost=500
                       Hash role=inner
                         SeqScan customers c cost=80");
    let after = pg("NestedLoop cost=1000
                      SeqScan orders ord cost=500
                      IndexScan customers cust role=inner using=pk cost=8 [index id = ord.c]");
    let found = diff(&before, &after);
    let kinds: Vec<ChangeKind> = found.changes.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::JoinMethod, ChangeKind::AccessPath]);
    assert_mirrors(&before, &after, [None, None]);
    // Two tables that change places keep theirs.
    let before = pg("NestedLoop cost=1000
                       SeqScan a b
                       SeqScan b a role=inner");
    let found = diff(&before, &before);
    assert_eq!((found.verdict, found.changes.len()), (Verdict::Same, 0));
}

#[test]
fn one_alias_in_several_scopes() {
    let before = pg("Aggregate cost=100
                       SeqScan orders o [filter x]
                       Aggregate role=init-plan subplan=InitPlan_1
                         SeqScan orders o
                       Aggregate role=sub-plan subplan=SubPlan_2
                         IndexScan orders o using=idx_a [index id = y]");
    let after = pg("Aggregate cost=100
                      SeqScan orders o [filter x]
                      Aggregate role=init-plan subplan=InitPlan_1
                        SeqScan orders o
                      Aggregate role=sub-plan subplan=SubPlan_2
                        SeqScan orders o [filter id = y]");
    let found = diff(&before, &after);
    assert_eq!(lines(&found), ["high access-path o: IndexScan idx_a → SeqScan"]);
    assert_eq!(found.pairs.len(), 6);
    assert_mirrors(&before, &after, [None, None]);
}

#[test]
fn sqlite_plans() {
    let shop = shop();
    check(
        Engine::Sqlite,
        [&shop, &shop],
        &[
            Case {
                name: "search became scan",
                before: "Heading label=QUERY_PLAN
                       IndexScan orders label=SEARCH_orders using=idx_a [index customer_id=?]",
                after: "Heading label=QUERY_PLAN
                      SeqScan orders label=SCAN_orders",
                verdict: Verdict::Worse,
                changes: &["high access-path orders: IndexScan idx_a → SeqScan"],
            },
            Case {
                name: "temp b-tree",
                before: "Heading label=QUERY_PLAN
                       IndexScan orders label=SCAN_orders using=idx_a",
                after: "Heading label=QUERY_PLAN
                      IndexScan orders label=SCAN_orders using=idx_a
                      Sort label=USE_TEMP_B-TREE_FOR_ORDER_BY",
                verdict: Verdict::Worse,
                changes: &["medium sort-added: none → TEMP B-TREE FOR ORDER BY"],
            },
            Case {
                name: "temp b-tree over a small table",
                before: "Heading label=QUERY_PLAN
                       SeqScan countries label=SCAN_countries",
                after: "Heading label=QUERY_PLAN
                      SeqScan countries label=SCAN_countries
                      Sort label=USE_TEMP_B-TREE_FOR_ORDER_BY",
                verdict: Verdict::Same,
                changes: &["info sort-added: none → TEMP B-TREE FOR ORDER BY"],
            },
        ],
    );
}

#[test]
fn sqlite_indexes() {
    let shop = shop();
    check(
        Engine::Sqlite,
        [&shop, &shop],
        &[
            Case {
                name: "automatic index",
                before: "Heading label=QUERY_PLAN
                       SeqScan customers label=SCAN_customers
                       IndexScan orders using=idx_a [index customer_id=?]",
                after: "Heading label=QUERY_PLAN
                      SeqScan customers label=SCAN_customers
                      AutomaticIndex orders [index customer_id=?]",
                verdict: Verdict::Worse,
                changes: &["high access-path orders: IndexScan idx_a → AutomaticIndex"],
            },
            Case {
                name: "the nest turned round",
                before: "Heading label=QUERY_PLAN
                       SeqScan customers label=SCAN_customers
                       IndexScan orders using=idx_a [index customer_id=?]",
                after: "Heading label=QUERY_PLAN
                      SeqScan orders label=SCAN_orders
                      IndexScan customers using=pk [index rowid=?]",
                verdict: Verdict::Worse,
                changes: &[
                    "high access-path orders: IndexScan idx_a → SeqScan",
                    "low join-order: customers, orders → orders, customers",
                    "info access-path customers: SeqScan → IndexScan pk",
                ],
            },
            Case {
                name: "several indexes are one path",
                before: "Heading label=QUERY_PLAN
                       MultiIndex label=MULTI-INDEX_OR
                         Heading label=INDEX_1
                           IndexScan orders using=idx_a [index customer_id=?]
                         Heading label=INDEX_2
                           IndexScan orders using=idx_b [index status=?]",
                after: "Heading label=QUERY_PLAN
                      SeqScan orders label=SCAN_orders",
                verdict: Verdict::Worse,
                changes: &["high access-path orders: MultiIndex idx_a, idx_b → SeqScan"],
            },
            Case {
                name: "fewer columns looked up",
                before: "Heading label=QUERY_PLAN
                       IndexScan orders using=idx_a [index a=? AND b>?]",
                after: "Heading label=QUERY_PLAN
                      IndexScan orders using=idx_a [index a=?]",
                verdict: Verdict::Worse,
                changes: &["medium condition-moved orders: Index b>? → Filter b>?"],
            },
        ],
    );
}

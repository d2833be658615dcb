//! Shapes of answers that the recorded server does not give: shards (after the server's
//! documentation and its own tests), later versions, other printers; and what is refused.

use crate::formats::corpus_tests::adds_up;
use crate::formats::{FormatError, Reading, by_name, detect, read};
use crate::plan::{ConditionKind, LimitError, Operator, Plan, Role};
use proptest::prelude::*;
use serde_json::json;

fn all(text: &str) -> Vec<Reading> {
    assert_eq!(detect(text).map(|format| format.name), Some("mongodb-json"), "{text}");
    let readings = read(text, None).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(readings.iter().all(|reading| adds_up(&reading.plan)), "{text}");
    readings
}

fn one(text: &str) -> Plan {
    let mut readings = all(text);
    assert_eq!(readings.len(), 1, "{text}");
    assert_eq!(readings[0].notes, [], "{text}");
    readings.remove(0).plan
}

/// Depth, role and label of every node.
fn shape(plan: &Plan) -> Vec<String> {
    let line = |node: &crate::plan::Node| {
        let part = node.subplan.as_ref().map_or(String::new(), |part| format!(" @{part}"));
        format!("{}{} {}{part}", " ".repeat(node.depth() as usize), node.role.name(), node.label)
    };
    plan.nodes().iter().map(line).collect()
}

fn leaf(rows: u64, ms: u64) -> serde_json::Value {
    json!({"stage": "SHARDING_FILTER", "nReturned": rows, "executionTimeMillisEstimate": ms, "works": rows + 5,
        "chunkSkips": 2, "inputStage": {"stage": "COLLSCAN", "filter": {"a": {"$gt": 1}}, "nReturned": rows + 2,
        "executionTimeMillisEstimate": ms, "works": rows + 7, "direction": "forward", "docsExamined": rows + 6}})
}

#[test]
fn a_find_on_shards_is_a_subtree_a_shard() {
    let planned = json!({"stage": "SHARDING_FILTER", "inputStage": {"stage": "COLLSCAN", "direction": "forward"}});
    let shard = |name: &str| {
        json!({"shardName": name, "connectionString": "h", "namespace": "shop.orders",
        "queryHash": "AB", "winningPlan": planned, "rejectedPlans": [{"stage": "FETCH", "inputStage": {"stage": "IXSCAN", "indexName": "i"}}]})
    };
    let executed = |name: &str, rows, ms: u64| {
        json!({"shardName": name, "executionSuccess": true, "nReturned": rows,
        "executionTimeMillis": ms + 3, "executionStages": leaf(rows, ms)})
    };
    let plan = one(&json!({
        "queryPlanner": {"mongosPlannerVersion": 1, "winningPlan": {"stage": "SHARD_MERGE", "shards": [shard("s0"), shard("s1")]}},
        "executionStats": {"nReturned": 30, "executionTimeMillis": 40, "totalKeysExamined": 0, "totalDocsExamined": 42,
            "executionStages": {"stage": "SHARD_MERGE", "nReturned": 30, "executionTimeMillis": 40, "totalKeysExamined": 0,
                "totalDocsExamined": 42, "totalChildMillis": {"$numberLong": "60"}, "shards": [executed("s0", 10, 30), executed("s1", 20, 0)]},
            "allPlansExecution": [{"shardName": "s0", "allPlans": [{"nReturned": 0, "executionStages": {"stage": "EOF"}}]}]},
        "ok": 1}).to_string());
    assert_eq!(
        shape(&plan),
        [
            "outer SHARD_MERGE",
            " member SHARDING_FILTER @s0",
            "  outer COLLSCAN",
            " member SHARDING_FILTER @s1",
            "  outer COLLSCAN"
        ]
    );
    let [merge, first, scan, second, _] = plan.nodes() else { panic!() };
    assert_eq!(
        (merge.operator.name(), merge.actual_rows(), merge.total_ms()),
        ("ShardMerge", Some(30.0), Some(40.0))
    );
    assert_eq!((first.total_ms(), first.removed.by_filter), (Some(30.0), Some(2.0)));
    // The second shard's stages show no time, but the shard does.
    assert_eq!(second.total_ms(), Some(3.0));
    assert_eq!((scan.schema.as_deref(), scan.relation.as_deref()), (Some("shop"), Some("orders")));
    assert_eq!((scan.examined.rows, scan.removed.by_filter), (Some(16.0), Some(4.0)));
    assert_eq!(merge.examined.total(), None, "the totals are the shards'");
    assert_eq!(plan.engine_id.as_deref(), Some("AB"));
    assert_eq!(plan.details["rejectedPlans"][1], "s1: FETCH(IXSCAN i)");
    assert_eq!(plan.details["rejectedPlanCount"], 2);
    assert_eq!(plan.details["allPlansExecution"][0]["shardName"], "s0");
}

#[test]
fn shards_of_the_slot_based_engine_keep_their_figures_apart() {
    let planned = json!({"queryPlan": {"stage": "FETCH", "planNodeId": 2, "inputStage": {"stage": "IXSCAN", "planNodeId": 1, "indexName": "a_1"}},
        "slotBasedPlan": {"slots": "", "stages": "[2] nlj"}});
    let ran = |rows: u64| {
        json!({"stage": "nlj", "planNodeId": 2, "nReturned": rows, "opens": 1, "executionTimeMillisEstimate": 4,
        "outerStage": {"stage": "ixseek", "planNodeId": 1, "nReturned": rows, "opens": 1, "keysExamined": rows, "executionTimeMillisEstimate": 1},
        "innerStage": {"stage": "seek", "planNodeId": 2, "nReturned": rows, "opens": rows, "numReads": rows, "executionTimeMillisEstimate": 2}})
    };
    let plan = one(&json!({"explainVersion": "2", "queryPlanner": {"winningPlan": {"stage": "SINGLE_SHARD", "shards": [
            {"shardName": "x", "namespace": "d.c", "winningPlan": planned}, {"shardName": "y", "namespace": "d.c", "winningPlan": planned}]}},
        "executionStats": {"executionTimeMillis": 9, "executionStages": {"stage": "SINGLE_SHARD", "nReturned": 8, "executionTimeMillis": 9,
            "shards": [{"shardName": "x", "executionStages": ran(3)}, {"shardName": "y", "executionStages": ran(5)}]}}}).to_string());
    let rows: Vec<Option<f64>> = plan.nodes().iter().map(crate::plan::Node::actual_rows).collect();
    assert_eq!(rows, [Some(8.0), Some(3.0), Some(3.0), Some(5.0), Some(5.0)]);
    assert_eq!(plan.nodes()[4].examined.keys, Some(5.0));
    assert_eq!(plan.details["slotBasedPlan"], "[2] nlj");
}

#[test]
fn an_aggregation_on_shards_has_the_merger_on_top() {
    let shard = |rows: u64, ms: u64| {
        json!({"host": "h:1", "stages": [
        {"$cursor": {"queryPlanner": {"namespace": "d.c", "winningPlan": {"stage": "COLLSCAN"}},
            "executionStats": {"executionSuccess": true, "executionTimeMillis": ms,
                "executionStages": {"stage": "COLLSCAN", "nReturned": 9, "executionTimeMillisEstimate": 1, "works": 11, "docsExamined": 9}}},
            "nReturned": 9, "executionTimeMillisEstimate": 1},
        {"$group": {"_id": "$a", "$doingMerge": false}, "nReturned": rows, "executionTimeMillisEstimate": ms}]})
    };
    let explain = |split: serde_json::Value, merge: &str| {
        json!({"mergeType": merge, "splitPipeline": split,
        "shards": {"s0": shard(3, 5), "s1": shard(4, 8)}, "serverInfo": {}, "ok": 1})
        .to_string()
    };
    let merger = json!({"shardsPart": [{"$group": {"_id": "$a"}}],
        "mergerPart": [{"$mergeCursors": {"nss": "d.c"}}, {"$group": {"_id": "$$ROOT._id", "$doingMerge": true}}, {"$limit": 3}]});
    let readings = all(&explain(merger, "mongos"));
    let plan = &readings[0].plan;
    assert_eq!(
        shape(plan),
        [
            "outer $limit",
            " outer $group",
            "  outer $mergeCursors",
            "   member $group @s0",
            "    outer $cursor",
            "     outer COLLSCAN",
            "   member $group @s1",
            "    outer $cursor",
            "     outer COLLSCAN"
        ]
    );
    assert_eq!(plan.execution_ms, Some(8.0), "that of the slowest shard");
    assert_eq!((plan.root().total_ms(), plan.nodes()[2].actual_rows()), (Some(8.0), Some(7.0)));
    assert!(readings[0].notes[0].message.contains("not measured"), "{:?}", readings[0].notes);
    // A pipeline that is not split, and one before 5.3, which shows no $mergeCursors.
    let whole = one(&explain(serde_json::Value::Null, "mongos"));
    assert_eq!(shape(&whole)[..2], ["outer mongos", " member $group @s0"]);
    let old = &all(&explain(json!({"mergerPart": [{"$limit": 3}]}), "anyShard"))[0].plan;
    assert_eq!(shape(old)[..3], ["outer $limit", " outer anyShard", "  member $group @s0"]);
    let single = one(&json!({"splitPipeline": null, "shards": {"s0": shard(3, 5)}}).to_string());
    assert_eq!(shape(&single)[..2], ["outer $group @s0", " outer $cursor"]);
}

#[test]
fn later_versions_are_read() {
    // 8.0: the express path, renamed ids, the time of planning.
    let plan = one(
        r#"{explainVersion: '1', queryPlanner: {namespace: 'd.c', parsedQuery: {_id: {$eq: 1}}, planCacheShapeHash: 'A1',
        planCacheKey: 'B2', optimizationTimeMillis: 3, winningPlan: {isCached: false, stage: 'EXPRESS_UPDATE', keyPattern: '{ _id: 1 }',
        indexName: '_id_'}, rejectedPlans: []}, queryShapeHash: 'C3', executionStats: {executionSuccess: true, nReturned: 1,
        executionTimeMillis: 2, totalKeysExamined: 1, totalDocsExamined: 1, executionStages: {isCached: false, stage: 'EXPRESS_UPDATE',
        keyPattern: '{ _id: 1 }', indexName: '_id_', keysExamined: 1, docsExamined: 1, nReturned: 1, executionTimeMillisEstimate: 0}}}"#,
    );
    let root = plan.root();
    assert_eq!((root.operator.clone(), root.index.as_deref()), (Operator::Modify, Some("_id_")));
    assert_eq!((plan.engine_id.as_deref(), plan.planning_ms), (Some("A1"), Some(3.0)));
    assert_eq!((root.total_ms(), root.examined.keys), (Some(2.0), Some(1.0)));
    assert_eq!(plan.details["queryShapeHash"], "C3");
    // Estimates of the cost-based ranker stand in the plan only.
    let plan = one(
        r#"{"queryPlanner": {"namespace": "d.c", "winningPlan": {"isCached": false, "stage": "FETCH", "cardinalityEstimate": 7.5,
        "costEstimate": 0.25, "inputStage": {"stage": "DISTINCT_SCAN", "isFetching": true, "isShardFiltering": false, "indexName": "a_1"}}},
        "executionStats": {"executionStages": {"stage": "FETCH", "nReturned": 4, "executionTimeMillisEstimate": 1, "executionTimeMicros": 1500,
        "executionTimeNanos": {"$numberLong": "1500700"}, "works": 5, "inputStage": {"stage": "DISTINCT_SCAN", "isFetching": true, "nReturned": 4, "works": 0, "isEOF": 0}}}}"#,
    );
    let [fetch, scan] = plan.nodes() else { panic!() };
    assert_eq!((fetch.estimate.rows_per_loop, fetch.estimate.total_cost), (Some(7.5), Some(0.25)));
    assert_eq!((fetch.total_ms(), scan.operator.clone()), (Some(1.5007), Operator::IndexScan));
    assert!(scan.never_executed());
    // Amazon DocumentDB writes numbers as strings.
    let plan = one(
        r#"{ "queryPlanner" : { "plannerVersion" : 1, "namespace" : "d.c", "winningPlan" : { "stage" : "IXSCAN", "indexName" : "a_1", "direction" : "forward" } },
        "executionStats" : { "executionSuccess" : true, "executionTimeMillis" : "1.173", "planningTimeMillis" : "0.5",
        "executionStages" : { "stage" : "IXSCAN", "nReturned" : "1", "executionTimeMillisEstimate" : "1.12", "indexName" : "a_1", "direction" : "forward" } }, "ok" : 1 }"#,
    );
    assert_eq!((plan.execution_ms, plan.planning_ms), (Some(1.173), Some(0.5)));
    assert_eq!((plan.root().actual_rows(), plan.root().total_ms()), (Some(1.0), Some(1.12)));
}

#[test]
fn figures_are_those_of_the_work() {
    // A child above its parent: the parent is given what the child has.
    let plan = one(
        r#"{"executionStages": {"stage": "LIMIT", "nReturned": 2, "executionTimeMillisEstimate": 3, "works": 3, "limitAmount": 2,
        "inputStage": {"stage": "FETCH", "filter": {"b": {"$eq": 1}}, "nReturned": 2, "executionTimeMillisEstimate": 10, "works": 9, "docsExamined": 8,
        "inputStage": {"stage": "IXSCAN", "filter": {"a": {"$ne": 3}}, "nReturned": 8, "keysExamined": 15, "seeks": 3, "dupsDropped": 1,
        "executionTimeMillisEstimate": 4, "works": 15, "indexName": "a_1", "indexBounds": {"a": ["[1, 2]"]}}}}}"#,
    );
    let selves: Vec<f64> = plan.nodes().iter().filter_map(|node| node.self_ms()).collect();
    assert_eq!(selves, [0.0, 6.0, 4.0]);
    let [_, fetch, scan] = plan.nodes() else { panic!() };
    assert_eq!((fetch.removed.by_filter, scan.removed.by_filter), (Some(6.0), Some(4.0)));
    assert_eq!(
        scan.conditions_of(ConditionKind::Index).collect::<Vec<_>>(),
        [r#"{"a":["[1, 2]"]}"#]
    );
    // Nothing but the statement shows a time: it is shared out by the work.
    let plan = one(
        r#"{"executionStats": {"executionTimeMillis": 40, "executionStages": {"stage": "SORT", "type": "simple", "usedDisk": true, "spills": 3,
        "spilledDataStorageSize": 900, "sortPattern": {"a": -1, "b": 1}, "nReturned": 10, "works": 10, "executionTimeMillisEstimate": 0,
        "inputStage": {"stage": "COLLSCAN", "nReturned": 30, "works": 30, "docsExamined": 30, "executionTimeMillisEstimate": 0}}}}"#,
    );
    let selves: Vec<f64> = plan.nodes().iter().filter_map(|node| node.self_ms()).collect();
    assert_eq!(selves, [10.0, 30.0]);
    let sort = plan.root();
    assert_eq!(sort.conditions_of(ConditionKind::SortKey).collect::<Vec<_>>(), ["a: -1", "b: 1"]);
    assert_eq!(
        (sort.memory.batches, sort.memory.disk_bytes, sort.memory.peak_bytes),
        (Some(4), Some(900), None)
    );
    // A slot-based inner side that was opened for each row.
    let plan = one(
        r#"{"queryPlanner": {"namespace": "d.c", "winningPlan": {"queryPlan": {"stage": "FETCH", "planNodeId": 1}, "slotBasedPlan": {"stages": ""}}},
        "executionStats": {"executionTimeMillis": 5, "executionStages": {"stage": "seek", "planNodeId": 1, "nReturned": 20, "opens": 10, "numReads": 20, "executionTimeMillisEstimate": 5}}}"#,
    );
    let actual = plan.root().actual.unwrap();
    assert_eq!(
        (actual.loops, actual.rows_per_loop, actual.total_ms_per_loop),
        (10.0, 2.0, Some(0.5))
    );
}

#[test]
fn parts_that_stand_alone_are_plans() {
    for text in [
        r#"{"stage": "FETCH", "inputStage": {"stage": "IXSCAN", "indexName": "a_1"}}"#,
        r#"winningPlan: { stage: "FETCH", inputStage: { stage: 'IXSCAN', indexName: 'a_1', }, }, "#,
        r#"{"winningPlan": {"stage": "FETCH", "inputStage": {"stage": "IXSCAN", "indexName": "a_1"}}}"#,
        r#"{"explain": {"queryPlanner": {"winningPlan": {"stage": "FETCH", "inputStage": {"stage": "IXSCAN", "indexName": "a_1"}}}}}"#,
        r#"{"cursor": {"firstBatch": [{"queryPlanner": {"winningPlan": {"stage": "FETCH", "inputStage": {"stage": "IXSCAN", "indexName": "a_1"}}}}]}, "ok": 1}"#,
        r#"{"queryHash": "A", "createdFromQuery": {"query": {"a": 1}}, "isActive": true, "works": 3, "cachedPlan": {"stage": "FETCH", "inputStage": {"stage": "IXSCAN", "indexName": "a_1"}}}"#,
    ] {
        assert_eq!(shape(&one(text)), ["outer FETCH", " outer IXSCAN"], "{text}");
    }
    let stages = r#"[ { '$cursor': { queryPlanner: { namespace: 'd.c', winningPlan: { stage: 'EOF' } } }, nReturned: Long('0') }, { '$limit': Long('3'), nReturned: Long('0') } ]"#;
    assert_eq!(shape(&one(stages)), ["outer $limit", " outer $cursor", "  outer EOF"]);
    let cached = r#"{"createdFromQuery": {"query": {}}, "cachedPlan": {"slots": "", "stages": "[1] scan"}, "creationExecStats": [
        {"nReturned": 1, "executionStages": {"stage": "scan", "planNodeId": 1, "opens": 1, "nReturned": 1, "numReads": 9}}]}"#;
    assert_eq!(one(cached).root().examined.rows, Some(9.0));
    // What the slot-based engine merged into another stage has the figures of its input.
    let merged = one(
        r#"{"queryPlanner": {"namespace": "d.c", "winningPlan": {"queryPlan": {"stage": "EQ_LOOKUP_UNWIND", "planNodeId": 3, "strategy": "HashJoin",
        "foreignCollection": "d.x.y", "localField": "a", "foreignField": "b", "inputStage": {"stage": "PROJECTION_SIMPLE", "planNodeId": 2,
        "inputStage": {"stage": "COLLSCAN", "planNodeId": 1}}}}}, "executionStats": {"executionStages": {"stage": "hash_lookup", "planNodeId": 3,
        "opens": 1, "nReturned": 5, "executionTimeMillisEstimate": 9, "usedDisk": true, "spilledBytes": 77, "inputStage": {"stage": "scan", "planNodeId": 1, "opens": 1,
        "nReturned": 4, "numReads": 4, "executionTimeMillisEstimate": 6}}}}"#,
    );
    let selves: Vec<f64> = merged.nodes().iter().filter_map(|node| node.self_ms()).collect();
    assert_eq!(selves, [3.0, 0.0, 6.0]);
    let lookup = merged.root();
    assert_eq!(
        (lookup.schema.as_deref(), lookup.relation.as_deref(), lookup.join_type.as_deref()),
        (Some("d"), Some("x.y"), Some("Inner"))
    );
    assert_eq!(lookup.conditions_of(ConditionKind::Join).collect::<Vec<_>>(), ["a = x.y.b"]);
    assert!(lookup.memory.spilled());
    // The optimizer that 7.0 had on trial.
    let trial = one(
        r#"{"queryPlanner": {"namespace": "d.c", "winningPlan": {"optimizerPlan": {"nodeType": "Root", "planNodeId": 2, "cost": 0.5,
        "child": {"nodeType": "Filter", "planNodeId": 1, "child": {"nodeType": "PhysicalScan", "planNodeId": 0}}}}}}"#,
    );
    assert_eq!(shape(&trial), ["outer Root", " outer Filter", "  outer PhysicalScan"]);
    let slots = one(
        r#"{"executionStages": {"stage": "nlj", "planNodeId": 2, "nReturned": 3, "opens": 1, "outerStage": {"stage": "ixseek", "nReturned": 3,
        "opens": 1, "numReads": 4, "indexName": "a_1"}, "innerStage": {"stage": "seek", "opens": 3, "nReturned": 3, "numReads": 3}}}"#,
    );
    assert_eq!(shape(&slots), ["outer nlj", " outer ixseek", " inner seek"]);
    assert_eq!(slots.nodes()[2].actual.unwrap().loops, 3.0);
}

#[test]
fn records_without_stages_are_read_from_their_summary() {
    let profile = r#"{"op": "query", "ns": "d.c.x", "command": {"find": "c.x", "filter": {"a": 1}}, "keysExamined": 9, "docsExamined": 8, "hasSortStage": true,
        "nreturned": 2, "queryHash": "Q", "millis": 24, "planSummary": "IXSCAN { a: 1, b: -1 }", "ts": {"$date": "2024-01-01T00:00:00Z"}}"#;
    let plan = one(profile);
    assert_eq!(shape(&plan), ["outer SORT", " outer IXSCAN { a: 1, b: -1 }"]);
    assert_eq!((plan.execution_ms, plan.root().total_ms()), (Some(24.0), Some(24.0)));
    assert_eq!(plan.nodes()[1].self_ms().map(f64::round), Some(22.0), "by what was examined");
    assert_eq!(
        (plan.nodes()[1].relation.as_deref(), plan.engine_id.as_deref()),
        (Some("c.x"), Some("Q"))
    );
    assert_eq!(plan.statement.as_deref(), Some(r#"{"find":"c.x","filter":{"a":1}}"#));
    let log = |command: &str, summary: &str| {
        format!(
            r#"{{"t":{{"$date":"2024-01-01T00:00:00.000+00:00"}},"s":"I","c":"COMMAND","id":51803,"ctx":"conn1","msg":"Slow query","attr":{{"type":"command","ns":"d.c","command":{command},"planSummary":"{summary}","planningTimeMicros":250,"keysExamined":5,"docsExamined":6,"nreturned":1,"planCacheShapeHash":"H","durationMillis":101}}}}"#
        )
    };
    let text = [
        log(r#"{"find":"c"}"#, "COLLSCAN"),
        "2024 some other line {".to_owned(),
        log(r#"{"find":"c"}"#, r#"IXSCAN { a: 1 }, IXSCAN { b: \"2d, x\" }"#),
        log(r#"{"explain":{"find":"c"}}"#, "IXSCAN { a: 1 }"),
        r#"{"t":{"$date":"2024-01-01T00:00:00.000+00:00"},"msg":"Slow query","attr":{"command":{"insert":"c"},"durationMillis":200}}"#.to_owned(),
        log(r#"{"getMore":5,"collection":"c"},"originatingCommand":{"find":"c","filter":{}}"#, "EXPRESS_IXSCAN { _id: 1 },EXPRESS_UPDATE"),
    ]
    .join("\r\n");
    let readings = all(&text);
    let shapes: Vec<Vec<String>> = readings.iter().map(|reading| shape(&reading.plan)).collect();
    assert_eq!(shapes[0], ["outer COLLSCAN"]);
    assert_eq!(
        shapes[1],
        ["outer planSummary", " member IXSCAN { a: 1 }", " member IXSCAN { b: \"2d, x\" }"]
    );
    assert_eq!(shapes[2], ["outer EXPRESS_UPDATE", " outer EXPRESS_IXSCAN { _id: 1 }"]);
    assert_eq!(shapes.len(), 3);
    assert_eq!(readings[2].plan.statement.as_deref(), Some(r#"{"find":"c","filter":{}}"#));
    assert_eq!(
        (readings[0].plan.planning_ms, readings[0].plan.engine_id.as_deref()),
        (Some(0.25), Some("H"))
    );
    assert_eq!(readings[0].notes[0].message, "1 explain commands were left out");
    // Alone, the explain is what was asked for.
    assert_eq!(all(&log(r#"{"explain":{"find":"c"}}"#, "COLLSCAN")).len(), 1);
}

#[test]
fn whatever_stands_around_is_passed_over() {
    let plan = "{\r\n  queryPlanner: {\r\n    namespace: 'd.c', // the collection\r\n    winningPlan: { stage: 'COLLSCAN', filter: { a: { '$lt': Long('5') } }, direction: 'forward' }\r\n  }\r\n}\r\n";
    for text in [
        format!(
            "Atlas atlas-abc-shard-0 [primary] test> db.c.find({{a: {{$lt: 5}}}}).explain()\r\n{plan}Atlas atlas-abc-shard-0 [primary] test> "
        ),
        format!(
            "Here is the plan:\n\n```js\n> db.c.find({{ 'a': /x[/]/i }}).explain(\"queryPlanner\")\n{plan}```\nIt isn't fast {{really}}.\n"
        ),
        format!("/* 1 */\n{plan}"),
        format!("\u{feff}result = {plan};"),
        plan.replace('\'', "\"").replace("Long(\"5\")", "NumberLong(5)"),
        plan.replace("Long('5')", "Int64(5)").replace("queryPlanner:", "'queryPlanner':"),
    ] {
        let plan = one(&text);
        assert_eq!(
            plan.root().conditions_of(ConditionKind::Filter).collect::<Vec<_>>(),
            [r#"{"a":{"$lt":5}}"#],
            "{text}"
        );
    }
    // A command that was cut, or written over several lines.
    for before in [
        "test> db.c.aggregate([\n... {$match: {a: 1}},\n... ]).explain({\n",
        "db.c.find({a: {$lt: 'x}).explain()\n",
        "[{(\n",
    ] {
        assert_eq!(one(&format!("{before}{plan}")).nodes().len(), 1, "{before}");
    }
    assert_eq!(all(&plan.repeat(3)).len(), 3);
    assert_eq!(all(&format!("[{plan}, {plan}]")).len(), 2);
    let cut = all(
        "{ queryPlanner: { namespace: 'd.c', winningPlan: { stage: 'FETCH', filter: [Object], inputStage: { stage: 'IXSCAN', keys: [ 1, ... 2 more items ] } } } }",
    );
    assert_eq!((shape(&cut[0].plan).len(), cut[0].notes.len()), (2, 1));
}

#[test]
fn what_is_no_plan_is_refused_with_its_place() {
    let mongodb = by_name("mongodb-json");
    let place = |text: &str| match read(text, mongodb) {
        Err(FormatError::Malformed { place, expected, found }) => {
            format!("{place}: {expected}: {found}")
        }
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(
        place("{\"queryPlanner\": {\n  \"winningPlan\": {\"stage\" \"FETCH\"}}}"),
        "line 2, column 27: `:`: `\\\"FETCH\\\"}}}`"
    );
    assert_eq!(
        place("{queryPlanner: {winningPlan: {stage: 'A'"),
        "line 1, column 41: `,` or `}`: the end"
    );
    assert!(place("{\"a\": 1}").starts_with("the input: a MongoDB explain"));
    assert!(
        place("\n{queryPlanner: {winningPlan: [Object]}, executionStats: {nReturned: 1}}")
            .starts_with("line 2, column 1: ")
    );
    for text in [
        r#"[{"Plan": {"Node Type": "Seq Scan", "Filter": "((doc ->> 'planSummary'::text) = 'COLLSCAN'::text)"}}]"#,
        r#"db.jobs.find({stage: 'group', filter: 1, nReturned: 5})"#,
        r#"{"query_block": {"select_id": 1, "table": {"attached_condition": "(`t`.`doc` = '{\"queryPlanner\": {\"winningPlan\": {\"stage\": \"COLLSCAN\"}}}')"}}}"#,
        "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n  Filter: (stage = 'x: \"COLLSCAN\"'::text)",
    ] {
        assert_ne!(detect(text).map(|format| format.name), Some("mongodb-json"), "{text}");
    }
}

#[test]
fn deep_plans_do_not_overflow() {
    let deep = |levels: usize| {
        format!(
            "{{winningPlan: {}{{stage: 'COLLSCAN'}}{}}}",
            "{stage: 'LIMIT', inputStage: ".repeat(levels),
            "}".repeat(levels)
        )
    };
    let plan = one(&deep(50_000));
    assert_eq!(plan.nodes().len(), 50_001);
    assert_eq!(read(&deep(100_001), None), Err(LimitError::Depth.into()));
    let pipeline = format!(
        "{{stages: [{}]}}",
        "{$limit: 5, nReturned: NumberLong(1), executionTimeMillisEstimate: 1},".repeat(20_000)
    );
    assert_eq!(one(&pipeline).nodes().len(), 20_000);
    let unions = 5_000;
    let nested = format!(
        "{{stages: [{{nReturned: 1, {}{}}}]}}",
        "$unionWith: {coll: 'c', pipeline: [{".repeat(unions),
        "}]}".repeat(unions)
    );
    assert_eq!(
        one(&nested).nodes().iter().filter(|node| node.role == Role::Member).count(),
        unions - 1
    );
    let filter = format!(
        "{{winningPlan: {{stage: 'COLLSCAN', filter: {}1{}, x: {}1{}}}}}",
        "{a:".repeat(60_000),
        "}".repeat(60_000),
        "[".repeat(60_000),
        "]".repeat(60_000)
    );
    assert!(one(&filter).root().details["x"].is_string(), "too deep for a value");
}

const WORDS: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\n",
    "queryPlanner:",
    "\"winningPlan\":",
    "executionStats:",
    "executionStages:",
    "stage: 'FETCH'",
    "stage: 'IXSCAN'",
    "stage: 'SHARD_MERGE'",
    "stage: 'nlj'",
    "inputStage:",
    "inputStages:",
    "shards:",
    "shardName: 's'",
    "queryPlan:",
    "planNodeId: 1",
    "nReturned: NumberLong(5)",
    "executionTimeMillisEstimate: 1e308",
    "executionTimeMillis: 7",
    "works: 3",
    "opens: 0",
    "stages:",
    "'$cursor':",
    "$group: {_id: '$a'}",
    "$facet:",
    "$unionWith: {pipeline:",
    "$lookup: {from: 'c', pipeline:",
    "splitPipeline: {mergerPart:",
    "rejectedPlans:",
    "allPlansExecution:",
    "op: 'query', ns: 'd.c', command: {},",
    "planSummary: 'IXSCAN { a: 1 }, COLLSCAN'",
    "millis: -3",
    "{\"t\":1,\"attr\":",
    "[Object]",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_words_are_read_or_refused(words in prop::collection::vec(0..WORDS.len(), 0..50), commas in any::<bool>()) {
        let words: Vec<&str> = words.iter().map(|&word| WORDS[word]).collect();
        let text = words.join(if commas { "," } else { " " });
        let _ = detect(&text);
        for text in [text.clone(), format!("{{winningPlan: {{stage: 'OR', {text}}}}}"), format!("{{stages: [{{{text}}}]}}")] {
            for reading in read(&text, by_name("mongodb-json")).into_iter().flatten() {
                prop_assert!(adds_up(&reading.plan), "{text}");
            }
        }
    }
}

/// Work grows with the text and not with its square.
#[test]
fn long_texts_are_read_in_one_go() {
    let n = 20_000;
    let mongodb = by_name("mongodb-json");
    for text in [
        "{queryPlanner:".repeat(n),
        "\n{queryPlanner:".repeat(n),
        "{queryPlanner:{}}\n".repeat(n),
        "{'".repeat(n),
        "{\"t\":1,\"attr\":{\"planSummary\"\n".repeat(n / 4),
        "{winningPlan: [Object], ".repeat(n),
        format!("{{winningPlan: {{stage: 'OR', inputStages: [{}]}}}}", "{stage: 'XX'},".repeat(n)),
        format!("{{winningPlan: {{stage: 'OR', {}}}}}", "inputStage: {stage: 'EOF'},".repeat(n)),
        format!("{{winningPlan: {{stage: 'FETCH', {}}}}}", "a: 1,".repeat(n)),
        format!("{{stages: [{{$facet: {{{}}}, nReturned: 1}}]}}", "a: [{$limit: 1}],".repeat(n)),
    ] {
        let _ = detect(&text);
        let _ = read(&text, mongodb);
    }
}

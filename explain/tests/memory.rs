//! Reading a plan takes at most twelve times the memory of its text.
//!
//! In a binary of its own, because the allocator that counts is the whole program's.

use peak_alloc::PeakAlloc;
use planscope_explain::formats;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Most bytes at the height of reading, per byte of the text; the text itself is not counted.
const MOST: f64 = 12.0;
const NODES: usize = 20_000;

/// The peak of memory while `text` is read, per byte of it.
fn ratio(text: &str, format: &str) -> f64 {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let readings = formats::read(text, formats::by_name(format)).unwrap_or_default();
    let peak = ALLOCATOR.peak_usage() - before;
    let nodes: usize = readings.iter().map(|reading| reading.plan.nodes().len()).sum();
    assert!(nodes >= NODES, "{format}: {nodes} nodes");
    peak as f64 / text.len() as f64
}

/// A first line and then one piece a node.
fn many(first: &str, piece: impl Fn(usize) -> String, last: &str) -> String {
    let mut text = first.to_owned();
    (0..NODES).for_each(|i| text.push_str(&piece(i)));
    text.push_str(last);
    text
}

fn postgres_text() -> String {
    many(
        "Append  (cost=0.00..1000000.00 rows=10 width=4)\n",
        |i| format!("  ->  Seq Scan on orders_{i} o{i}  (cost=0.00..35.50 rows=2550 width=4)\n"),
        "",
    )
}

fn postgres_text_analyzed() -> String {
    many(
        "Append  (cost=0.00..1000000.00 rows=10 width=4) (actual time=0.1..9.0 rows=10 loops=1)\n",
        |i| {
            format!(
                "  ->  Seq Scan on orders_{i} o{i}  (cost=0.00..35.50 rows=2550 width=4) \
                 (actual time=0.010..0.020 rows=10 loops=1)\n\
                 \x20       Filter: (status = 'open'::text)\n\
                 \x20       Rows Removed by Filter: 3\n\
                 \x20       Buffers: shared hit=12\n"
            )
        },
        "Execution Time: 10.0 ms\n",
    )
}

const JSON_FIELDS: [(&str, &str); 9] = [
    ("Node Type", "\"Seq Scan\""),
    ("Parent Relationship", "\"Member\""),
    ("Parallel Aware", "false"),
    ("Relation Name", "\"orders\""),
    ("Alias", "\"o\""),
    ("Startup Cost", "0.00"),
    ("Total Cost", "35.50"),
    ("Plan Rows", "2550"),
    ("Plan Width", "4"),
];

fn postgres_json() -> String {
    let fields: Vec<String> = JSON_FIELDS.iter().map(|(k, v)| format!("\"{k}\": {v}")).collect();
    let node = format!(",\n{{{}}}", fields.join(", "));
    let first = r#"[{"Plan": {"Node Type": "Append", "Plans": [{"Node Type": "Result"}"#;
    many(first, |_| node.clone(), "]}}]")
}

fn postgres_yaml() -> String {
    let fields: Vec<String> = JSON_FIELDS.iter().map(|(k, v)| format!("{k}: {v}")).collect();
    let node = format!("      - {}\n", fields.join("\n        "));
    many("- Plan:\n    Node Type: \"Append\"\n    Plans:\n", |_| node.clone(), "")
}

fn postgres_xml() -> String {
    let field = |(key, value): &(&str, &str)| {
        let (tag, value) = (key.replace(' ', "-"), value.trim_matches('"'));
        format!("<{tag}>{value}</{tag}>\n")
    };
    let node = format!("<Plan>\n{}</Plan>\n", JSON_FIELDS.iter().map(field).collect::<String>());
    let first = "<explain xmlns=\"http://www.postgresql.org/2009/explain\"><Query><Plan>\
                 <Node-Type>Append</Node-Type><Plans>\n";
    many(first, |_| node.clone(), "</Plans></Plan></Query></explain>")
}

fn mysql_tree() -> String {
    many(
        "-> Append  (cost=0..1e+6 rows=10)\n",
        |_| {
            "    -> Index lookup on orders using orders_customer (customer_id = c.id)  (cost=2.67 rows=10.3)\n".to_owned()
        },
        "",
    )
}

fn mysql_tree_analyzed() -> String {
    mysql_tree().replace(")\n", ") (actual time=0.0151..0.016 rows=10 loops=34)\n")
}

fn mysql_json_v2() -> String {
    let node = ",\n      {\n        \"covering\": false,\n        \"operation\": \"Table scan on orders\",\n        \
                \"table_name\": \"orders\",\n        \"access_type\": \"table\",\n        \"schema_name\": \"shop\",\n        \
                \"estimated_rows\": 99.0,\n        \"estimated_total_cost\": 20.1\n      }";
    let first =
        "{\"query_plan\": {\"operation\": \"Append\", \"inputs\": [{\"operation\": \"Hash\"}";
    many(first, |_| node.to_owned(), "]}, \"json_schema_version\": \"2.0\"}")
}

/// A join has a node of its own for every table but the first.
fn mysql_json() -> String {
    let node = "{\n      \"table\": {\n        \"table_name\": \"o\",\n        \"access_type\": \"ref\",\n        \
                \"possible_keys\": [\n          \"orders_customer\"\n        ],\n        \"key\": \"orders_customer\",\n        \
                \"used_key_parts\": [\n          \"customer_id\"\n        ],\n        \"key_length\": \"4\",\n        \"ref\": [\n          \
                \"shop.c.id\"\n        ],\n        \"rows_examined_per_scan\": 10,\n        \"rows_produced_per_join\": 192,\n        \
                \"filtered\": \"9.33\",\n        \"cost_info\": {\n          \"read_cost\": \"514.20\",\n          \"eval_cost\": \"19.20\",\n          \
                \"prefix_cost\": \"744.38\",\n          \"data_read_per_join\": \"17K\"\n        },\n        \"used_columns\": [\n          \"id\"\n        ]\n      }\n    },";
    many("{\"query_block\": {\"nested_loop\": [", |_| node.to_owned(), "{}]}}")
}

fn mariadb_json() -> String {
    let node = "{\n      \"table\": {\n        \"table_name\": \"o\",\n        \"access_type\": \"ref\",\n        \
                \"possible_keys\": [\"orders_customer\"],\n        \"key\": \"orders_customer\",\n        \"key_length\": \"4\",\n        \
                \"used_key_parts\": [\"customer_id\"],\n        \"ref\": [\"shop.c.id\"],\n        \"r_loops\": 200,\n        \"rows\": 5,\n        \
                \"r_rows\": 9.995,\n        \"r_table_time_ms\": 1.932067814,\n        \"r_other_time_ms\": 0.224743386,\n        \
                \"r_engine_stats\": {\n          \"pages_accessed\": 4404\n        },\n        \"filtered\": 100,\n        \"r_filtered\": 100\n      }\n    },";
    many("{\"query_block\": {\"nested_loop\": [", |_| node.to_owned(), "{}]}}")
}

fn mongodb_planned() -> String {
    let node = r#"{"stage":"IXSCAN","keyPattern":{"a":1},"indexName":"a_1","isMultiKey":false,"direction":"forward","indexBounds":{"a":["[5, 5]"]}},"#;
    let first = r#"{"queryPlanner":{"namespace":"d.c","winningPlan":{"stage":"OR","inputStages":["#;
    many(first, |_| node.to_owned(), "]}}}")
}

fn mongodb_executed() -> String {
    let node = r#"{"stage":"IXSCAN","nReturned":9,"executionTimeMillisEstimate":1,"works":9,"advanced":9,"needTime":0,"needYield":0,"saveState":1,
        "restoreState":1,"isEOF":1,"keyPattern":{"a":1},"indexName":"a_1","indexBounds":{"a":["[5, 5]"]},"keysExamined":9,"seeks":1},"#;
    let first = r#"{"executionStats":{"executionTimeMillis":9,"executionStages":{"stage":"OR","nReturned":9,"inputStages":["#;
    many(first, |_| node.to_owned(), "]}}}")
}

fn mongodb_log() -> String {
    let line = r#"{"t":{"$date":"2024-01-01T00:00:00.000+00:00"},"s":"I","c":"COMMAND","id":51803,"ctx":"conn1","msg":"Slow query","attr":{"type":"command","ns":"d.c","command":{"find":"c","filter":{"a":5}},"planSummary":"IXSCAN { a: 1 }","keysExamined":5,"docsExamined":6,"nreturned":1,"queryHash":"H","durationMillis":101}}"#;
    many("", |_| format!("{line}\n"), "")
}

#[test]
fn reading_takes_at_most_twelve_times_the_text() {
    let texts = [
        ("postgres-text", postgres_text()),
        ("postgres-text", postgres_text_analyzed()),
        ("postgres-json", postgres_json()),
        ("postgres-yaml", postgres_yaml()),
        ("postgres-xml", postgres_xml()),
        ("mysql-tree", mysql_tree()),
        ("mysql-tree", mysql_tree_analyzed()),
        ("mysql-json-v2", mysql_json_v2()),
        ("mysql-json", mysql_json()),
        ("mariadb-json", mariadb_json()),
        ("mongodb-json", mongodb_planned()),
        ("mongodb-json", mongodb_executed()),
        ("mongodb-json", mongodb_log()),
    ];
    let ratios = texts.map(|(format, text)| (format, ratio(&text, format)));
    assert!(ratios.iter().all(|(_, ratio)| *ratio <= MOST), "{ratios:.1?}");
}

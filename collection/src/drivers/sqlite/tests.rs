//! The driver against small databases made here.

use super::*;
use crate::demo;
use planscope_explain::workload::Source;
use std::time::Instant;

fn queries(sql: &str) -> Vec<QueryText> {
    let header = |part: &str, key: &str| {
        let line = part.lines().find_map(|line| line.strip_prefix(key));
        line.map(|value| value.trim().to_owned())
    };
    let query = |part: &str| QueryText {
        name: header(part, "-- name:").unwrap_or_default(),
        text: part.trim().to_owned(),
        source: Source { file: "shop.sql".into(), line: 1 },
        calls: header(part, "-- calls:").and_then(|n| n.parse().ok()).unwrap_or(1),
    };
    sql.split(';').filter(|part| !part.trim().is_empty()).map(query).collect()
}

#[test]
#[ignore = "prints how long the demo takes"]
#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
fn the_demo_by_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let start = Instant::now();
    demo::create_shop(&path, &Stop::new(), &mut |_, _| {}).unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!("create {:?} {bytes} bytes", start.elapsed());
    let mut session = SqliteSession::open(&path, &Policy::default(), Stop::new()).unwrap();
    let start = Instant::now();
    let workload = session.measure_all(&queries(demo::SHOP_SQL), &mut |_| {}).unwrap();
    println!("workload {:?}", start.elapsed());
    for s in &workload.statements {
        let c = &s.counters;
        println!(
            "{:>34} calls {:>4} total {:>7.1} mean {:>7.3} rows {:>6} scan {:>9} auto {:>8} {:?}",
            s.name.as_deref().unwrap_or_default(),
            c.calls.unwrap_or(0.0),
            c.total_ms.unwrap_or(0.0),
            c.mean_ms.unwrap_or(0.0),
            c.rows.unwrap_or(0.0),
            c.rows_examined.unwrap_or(0.0),
            c.auto_index_rows.unwrap_or(0.0),
            s.problems,
        );
    }
    let start = Instant::now();
    let catalog = session.read_catalog().unwrap();
    println!("catalog {:?}", start.elapsed());
    for table in &catalog.tables {
        println!("{} {:?} {:?}", table.name, table.rows, table.size_bytes);
        for c in &table.columns {
            println!(
                "   {} d={:?} null={:?} w={:?} {:?}",
                c.name, c.distinct, c.null_share, c.width_bytes, c.common_shares
            );
        }
    }
    for index in &catalog.indexes {
        println!("{index:?}");
    }
}

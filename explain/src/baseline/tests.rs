//! Entries that go to text and back: small ones, hostile ones, and every recorded plan.

use super::*;
use crate::diff::{self, Tolerance, Verdict};
use crate::formats;
use crate::plan::{Condition, ConditionKind, Operator, PlanBuilder};
use crate::workload::IndexKey;
use std::path::{Path, PathBuf};

fn shop() -> Snapshot {
    let text = "Limit  (cost=0.42..8.44 rows=10 width=12)
  ->  Index Scan using orders_customer_idx on public.orders o  (cost=0.42..812.44 rows=1034 width=12)
        Index Cond: (o.customer_id = 4711)
        Filter: (o.status = 's3cret'::text)
";
    let plan = formats::read(text, None).unwrap().swap_remove(0).plan;
    let statement = Statement {
        fingerprint: Fingerprint(0xabc),
        text: "SELECT *\n\tFROM orders o  \n\nWHERE customer_id = 4711 AND status = 's3cret'"
            .into(),
        name: Some("orders of customer".into()),
        source: Some(Source { file: "sql/shop.sql".into(), line: 12 }),
        plans: vec![PlanRecord { plan, raw: None }],
        ..Statement::default()
    };
    let table = |schema: &str, name: &str, rows| Table {
        schema: Some(schema.into()),
        name: name.into(),
        rows: Some(rows),
        size_bytes: Some(81920.0),
        ..Table::default()
    };
    let index = Index {
        schema: Some("public".into()),
        table: "orders".into(),
        name: "orders_customer_idx".into(),
        method: "btree".into(),
        usable: true,
        keys: vec![
            IndexKey::column("customer_id"),
            IndexKey { descending: true, nulls_first: Some(true), ..IndexKey::column("desc") },
            IndexKey {
                expression: Some("lower(a, \"b c\")".into()),
                collation: Some("C".into()),
                ..IndexKey::default()
            },
        ],
        include: vec!["total sum".into()],
        predicate: Some("status <> 'gone'".into()),
        size_bytes: Some(5.0),
        entries: Some(9.0),
        entries_per_key: vec![3.0],
        ..Index::default()
    };
    Snapshot {
        target: TargetIdentity {
            name: "shop".into(),
            engine: Engine::Postgres,
            version: "15.18 (Debian)".into(),
            database: None,
        },
        taken_at: "2026-01-02T03:04:05Z".into(),
        window: Window::default(),
        coverage: Coverage::default(),
        statements: vec![statement],
        catalog: Catalog {
            tables: vec![table("public", "orders", 198_777.0), table("public", "customers", 5.0)],
            indexes: vec![index],
        },
        settings: [
            ("random_page_cost".into(), "1.1".into()),
            ("server_version".into(), "15".into()),
        ]
        .into(),
        problems: Vec::new(),
        log: None,
    }
}

fn entry() -> Entry {
    let snapshot = shop();
    Entry::of(&snapshot, &snapshot.statements[0]).unwrap()
}

#[test]
fn the_text_is_short_and_without_literals() {
    let text = write(&entry());
    insta::assert_snapshot!(text, @r#"
    planscope baseline 1
    query: "orders of customer"
    fingerprint: 0000000000000abc
    source: sql/shop.sql 12
    server: postgresql 15

    settings:
      random_page_cost 1.1

    tables:
      orders in public  rows 200000

    indexes:
      orders_customer_idx on orders in public (customer_id, "desc" desc nulls-first, expr "lower(a, \"b c\")" collate C) include ("total sum") where "status <> 'gone'"

    statement:
      SELECT *
          FROM orders o
      WHERE customer_id = ? AND status = '?'

    plan:
      Limit  rows 10  cost 8.4
        IndexScan on orders in public as o using orders_customer_idx  rows 1000  cost 810
          | index: (o.customer_id = ?)
          | filter: (o.status = '?'::text)
    "#);
    assert!(!text.contains("4711") && !text.contains("s3cret"), "{text}");
    assert!(!text.contains('\t'));
}

#[test]
fn an_entry_comes_back_as_it_was() {
    let entry = entry();
    assert_eq!(read(&write(&entry)).unwrap(), entry);
    let windows = format!("\u{feff}{}", write(&entry).replace('\n', "\r\n"));
    assert_eq!(read(&windows).unwrap(), entry);
}

#[test]
fn what_sampling_moves_is_no_change_and_what_people_do_is() {
    let old = entry();
    let moved = |change: fn(&mut Snapshot)| {
        let mut snapshot = shop();
        change(&mut snapshot);
        old.is_about(&Entry::of(&snapshot, &snapshot.statements[0]).unwrap())
    };
    assert!(moved(|s| s.catalog.tables[0].rows = Some(230_000.0)));
    assert!(moved(|s| s.statements[0].source.as_mut().unwrap().line = 40));
    assert!(moved(|s| s.taken_at = "later".into()));
    assert!(!moved(|s| s.catalog.tables[0].rows = Some(2_300_000.0)));
    assert!(!moved(|s| s.catalog.indexes.clear()));
    assert!(!moved(|s| drop(s.settings.insert("random_page_cost".into(), "4".into()))));
    assert!(!moved(|s| s.target.version = "16.1".into()));
    assert!(!moved(|s| {
        let record = &mut s.statements[0].plans[0];
        record.plan = record.plan.clone().map_nodes(|node| node.index = None);
    }));
}

#[test]
fn hostile_names_cannot_write_lines() {
    let mut snapshot = shop();
    let evil = "x\nplan:\n  SeqScan \u{1b}[2J\u{202e} rows 1";
    snapshot.statements[0].name = Some(evil.into());
    snapshot.statements[0].source = Some(Source { file: evil.into(), line: 1 });
    snapshot.catalog.tables[0].name = evil.into();
    let record = &mut snapshot.statements[0].plans[0];
    record.plan = record.plan.clone().map_nodes(|node| {
        node.relation = node.relation.take().map(|_| evil.to_owned());
        node.alias = Some("rows".into());
        node.operator = Operator::Other("[3] | index: \"".into());
        node.conditions.push(Condition::new(ConditionKind::Filter, "\"a\"\n = 1"));
    });
    let entry = Entry::of(&snapshot, &snapshot.statements[0]).unwrap();
    let text = write(&entry);
    assert_eq!(read(&text).unwrap(), entry, "{text}");
    assert_eq!(text.lines().filter(|line| *line == "plan:").count(), 1, "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
}

#[test]
fn what_is_not_ours_is_refused_with_its_line() {
    let good = write(&entry());
    let wrong = |text: &str| read(text).unwrap_err().to_string();
    assert_eq!(wrong(""), format!("line 1: it does not begin with `{MAGIC}`"));
    assert!(read("hello").unwrap_err().is_foreign);
    assert!(wrong("planscope baseline 7\n").contains("another version"));
    let conflict = good.replace("\nplan:\n", "\n<<<<<<< ours\nplan:\n");
    assert!(wrong(&conflict).contains("merge conflict is not resolved"), "{}", wrong(&conflict));
    for (from, to, what) in [
        ("\nplan:", "\nplane:", "`plane` has no meaning"),
        ("  Limit", "      Limit", "level does not fit"),
        ("rows 200000", "rows many", "`many` is no number"),
        ("| filter:", "| flter:", "no kind of condition `flter`"),
        ("server: postgresql 15", "server: oracle 23", "no engine `oracle`"),
        ("fingerprint: 0000000000000abc\n", "", "`fingerprint:` is missing"),
    ] {
        assert!(good.contains(from), "{from}: {good}");
        assert!(
            wrong(&good.replacen(from, to, 1)).contains(what),
            "{}",
            wrong(&good.replacen(from, to, 1))
        );
    }
    for end in 0..good.len() {
        if good.is_char_boundary(end) {
            let _ = read(&good[..end]);
        }
    }
}

#[test]
fn a_plan_of_many_levels_comes_back() {
    let mut b = PlanBuilder::new();
    for _ in 0..20_000 {
        b.open(Node::new(Operator::Limit, "Limit")).unwrap();
    }
    let mut entry = entry();
    entry.plan = b.finish(Engine::Postgres, "baseline").unwrap();
    let text = write(&entry);
    assert!(text.len() < 20_000 * 120, "{} bytes", text.len());
    assert_eq!(read(&text).unwrap().plan, entry.plan);
}

fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/plans");
    let mut waiting = vec![root];
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                waiting.push(path);
            } else if matches!(ending.as_str(), "txt" | "json") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(found.len() > 300, "{}", found.len());
    found
}

#[test]
fn every_recorded_plan_comes_back_and_is_the_same_as_itself() {
    let mut count = 0;
    for path in fixtures() {
        let text = std::fs::read_to_string(&path).unwrap();
        let Ok(readings) = formats::read(&text, None) else { continue };
        for reading in readings {
            let mut snapshot = shop();
            let plan = reading.plan;
            snapshot.target.engine = plan.engine;
            snapshot.statements[0].plans[0].plan = plan.clone();
            let entry = Entry::of(&snapshot, &snapshot.statements[0]).unwrap();
            let back = read(&write(&entry))
                .unwrap_or_else(|e| panic!("{}: {e}\n{}", path.display(), write(&entry)));
            assert_eq!(back, entry, "{}", path.display());
            // Run once and kept: the estimates stay, the actuals go.
            let diff = diff::plans(&back.plan, &plan, [None, None], Tolerance::default());
            let shapes: Vec<_> =
                diff.changes.iter().filter(|c| c.severity >= diff::Severity::Medium).collect();
            assert_eq!(
                diff.verdict,
                Verdict::Same,
                "{}: {} {shapes:?}\n{}",
                path.display(),
                diff.reason,
                write(&entry)
            );
            count += 1;
        }
    }
    assert!(count > 300, "{count}");
}

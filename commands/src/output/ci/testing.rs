//! A report whose names, texts and files try to break out of every format.

use crate::gate::{Allow, FailOn, Gate, Which};
use crate::input;
use crate::report::{DiffContent, DiffReport, Report};
use planscope_explain::diff::{self, Tolerance};
use planscope_explain::workload::{Index, IndexKey, PlanRecord, Source, Table};
use planscope_explain::{Engine, Fingerprint, Snapshot, Statement, formats};

/// What XML, JSON, Markdown, workflow commands, terminals and shells would obey.
pub const EVIL: &str = "x]]></failure>\"'&<script>\u{1b}[2J\u{0}\u{202e}%0A::error::\n::set-output \
    name=a::b|*_`@team\u{ffff}";

const INDEXED: &str = "Index Scan using orders_idx on orders  (cost=0.42..8.44 rows=10 width=12)
  Index Cond: (customer_id = 1)
";
const SCANNED: &str = "Seq Scan on orders  (cost=0.00..4511.44 rows=10 width=12)
  Filter: (customer_id = 1)
";

fn snapshot(plans: [&str; 3], with_index: bool) -> Snapshot {
    let statement = |(i, text): (usize, &&str)| Statement {
        fingerprint: Fingerprint(0x1111_0000_0000_0000 + i as u64),
        text: format!("SELECT * FROM orders WHERE customer_id = $1 -- {EVIL}"),
        name: Some(if i == 0 { EVIL.to_owned() } else { format!("query_{i}") }),
        source: (i < 2).then(|| Source {
            file: format!("./sql/{}.sql", if i == 0 { EVIL } else { "a b" }),
            line: 7,
        }),
        plans: vec![PlanRecord {
            plan: formats::read(text, None).unwrap().swap_remove(0).plan,
            raw: None,
        }],
        ..Statement::default()
    };
    let mut snapshot = input::snapshot_of(
        Engine::Postgres,
        "shop",
        plans.iter().enumerate().map(statement).collect(),
    );
    snapshot.catalog.tables =
        vec![Table { name: "orders".into(), rows: Some(2e5), ..Table::default() }];
    if with_index {
        snapshot.catalog.indexes = vec![Index {
            table: "orders".into(),
            name: "orders_idx".into(),
            method: "btree".into(),
            usable: true,
            keys: vec![IndexKey::column("customer_id")],
            ..Index::default()
        }];
    }
    snapshot
}

/// Three statements: one that fails and is named in the worst way, one that is allowed, one that is
/// the same.
pub fn report() -> Report {
    let snapshots =
        [snapshot([INDEXED, INDEXED, INDEXED], true), snapshot([SCANNED, SCANNED, INDEXED], false)];
    let diff = diff::snapshots(&snapshots[0], &snapshots[1], Tolerance::default());
    let sources = ["plans".to_owned(), EVIL.to_owned()];
    let content = DiffContent::Snapshots { diff, snapshots: Box::new(snapshots), top: 10 };
    let mut report = DiffReport::new(sources, content);
    report.advise();
    report.judge(Gate {
        fail_on: vec![FailOn::Worse, FailOn::NewSeqScan],
        policies: Vec::new(),
        allows: vec![Allow {
            which: Which { query: Some("query_1".into()), fingerprint: None },
            kinds: Vec::new(),
            reason: EVIL.to_owned(),
            expires: "2099-12-31".into(),
            place: "planscope.toml:3".into(),
        }],
        today: "2026-11-21".into(),
    });
    Report::Diff(report)
}

/// Renders it in an output.
pub fn rendered(output: &super::super::Output) -> String {
    let style = crate::output::Style { width: 80, color: false, ascii: false };
    String::from_utf8((output.render)(&report(), &style).unwrap()).unwrap()
}

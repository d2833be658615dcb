//! More tables than are looked at: those that are used are, and no other is opened.

use super::support::{Database, statement, target, urls, with_database};
use crate::collect::{Request, Statements, collect, dry_run};
use crate::guard::{Audit, Policy, Sent, Stop};
use crate::queries::QueryText;
use crate::wanted::Wanted;
use planscope_explain::workload::{Snapshot, Source};

/// More than twenty tables: each with two indexes, `child` with a foreign key, `parts` in two
/// partitions, `seen` a view of `t7`.
async fn many(database: &Database) {
    let mut client = database.client().await;
    for number in 0..20 {
        let columns = "id INT PRIMARY KEY, b INT, a INT, KEY k (a), KEY j (b, a)";
        client.run(&format!("CREATE TABLE t{number} ({columns}) STATS_AUTO_RECALC=0")).await;
    }
    client
        .run(
            "CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY fk (p) REFERENCES t1 (id))
             CREATE TABLE parts (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2
             CREATE VIEW seen AS SELECT a FROM t7
             INSERT INTO t3 VALUES (1, 1, 1), (2, 1, 2)
             ANALYZE TABLE t3",
        )
        .await;
}

fn small(limit: usize, audit: &Audit) -> Policy {
    Policy { whole_catalog: Some(limit), audit: audit.clone(), ..Policy::default() }
}

fn request() -> Request {
    let texts = [
        "SELECT * FROM t3 WHERE a = 1",
        "SELECT c.id FROM child c JOIN parts USING (id)",
        "SELECT a FROM seen WHERE a = 5",
    ];
    let query = |text: &&str| QueryText {
        name: "test".into(),
        text: (*text).to_owned(),
        source: Source { file: "test".into(), line: 1 },
        calls: 1,
    };
    let statements = Statements::Queries(texts.iter().map(query).collect());
    Request { statements, ..Request::default() }
}

async fn collected(database: &Database, policy: &Policy) -> Snapshot {
    let mut session = database.session_with(policy, Stop::new()).await;
    collect(session.as_mut(), &request(), &mut |_| ()).await.unwrap()
}

#[tokio::test]
async fn of_many_tables_those_that_are_used_are_looked_at() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            many(&database).await;
            let whole = collected(&database, &small(23, &Audit::default())).await.catalog;
            assert_eq!(whole.tables.len(), 25, "{server}");
            let audit = Audit::in_memory();
            let some = collected(&database, &small(22, &audit)).await;
            let names: Vec<&str> = some.catalog.tables.iter().map(|t| t.name.as_str()).collect();
            let used = ["child", "parts", "parts#p#p0", "parts#p#p1", "seen", "t3", "t7"];
            assert_eq!(names, used, "{server}");
            // What is known of them is the same.
            for table in &some.catalog.tables {
                let of = whole.tables.iter().find(|other| other.name == table.name);
                assert_eq!(Some(table), of, "{server}");
            }
            for index in &some.catalog.indexes {
                let same = |other: &&_| *other == index;
                assert!(whole.indexes.iter().find(same).is_some(), "{server}: {index:?}");
            }
            assert_eq!(some.catalog.indexes.len(), 9, "{server}");
            let problem = some.problems.iter().find(|problem| problem.kind == "catalog").unwrap();
            let message = &problem.message;
            assert!(message.starts_with("18 other tables were not looked at"), "{message}");
            if server == "MARIADB" {
                check_that_no_other_is_opened(&database, &audit).await;
            }
        })
        .await;
    }
}

/// MariaDB says in its plans which of its own tables it fills by opening what.
async fn check_that_no_other_is_opened(database: &Database, audit: &Audit) {
    let mut client = database.client().await;
    let mut lookups = 0;
    let about = [".TABLES", ".COLUMNS", ".STATISTICS", ".KEY_COLUMN_USAGE", ".PARTITIONS"];
    for text in texts(&audit.list()) {
        // What else is asked of the schema for the plans opens no more than the definitions.
        let is_of_catalog = text.contains("TABLE_SCHEMA AS db");
        let is_one = |name: &&str| text.contains(&format!("information_schema{name}"));
        if !is_of_catalog || !about.iter().any(is_one) {
            continue;
        }
        let plan = client.last_values(&format!("EXPLAIN {text}")).await;
        let is_lookup = plan.iter().filter(|extra| extra.contains("Scanned 0 databases")).count();
        let opens_none = plan.iter().all(|extra| extra.contains("Skip_open_table"));
        let of_tables = text.matches("AND TABLE_NAME = ").count();
        assert!(opens_none || (is_lookup > 0 && is_lookup == of_tables), "{text}\n{plan:?}");
        lookups += is_lookup;
    }
    assert_eq!(lookups, 5 * (4 + 1), "five questions of four tables, and of t7 after the plans");
}

/// The texts that were sent.
fn texts(sent: &[Sent]) -> Vec<&str> {
    let mut texts = Vec::new();
    for sent in sent {
        if let Sent::Text(text) = sent {
            texts.push(text.as_str());
        }
    }
    texts
}

#[tokio::test]
async fn a_name_in_another_case_is_found() {
    for (server, url) in urls() {
        with_database(&url, async |database| {
            many(&database).await;
            let policy = small(3, &Audit::default());
            let mut session = database.session_with(&policy, Stop::new()).await;
            let wanted = Wanted::by(
                &[statement(&format!("SELECT * FROM `{}` . T3", database.name))],
                session.identity().engine,
                None,
            );
            let found = session.catalog(&wanted).await.unwrap();
            assert_eq!((found.catalog.tables.len(), found.limit), (1, 3), "{server}");
            assert_eq!(found.left_out, 22, "{server}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_dry_run_asks_for_the_names_first() {
    for engine in ["mysql", "mariadb"] {
        let url = format!("{engine}://nobody@127.0.0.1:1/shop");
        let sent = dry_run(&target(&url), &Policy::default(), &request(), None).await.unwrap();
        let sent = texts(&sent);
        let at = |what: &str| sent.iter().position(|text| text.contains(what)).unwrap();
        assert!(at("TABLE_NAME AS name\n  FROM information_schema.TABLES") < at(".COLUMNS"));
    }
}

//! A dry run takes the way of a real collection, sends nothing, and is complete.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use planscope_collection::Target;
use planscope_collection::collect::{Request, Statements, dry_run};
use planscope_collection::driver::Execution;
use planscope_collection::guard::{Policy, Sent};
use planscope_collection::queries::QueryText;
use planscope_collection::target::Environment;
use planscope_explain::workload::Source;

/// A port at which nobody listens, of an address that leads nowhere.
const NOWHERE: &str = "192.0.2.1:1";

async fn sent(scheme: &str, version: Option<&str>, request: &Request) -> Vec<String> {
    let url = format!("{scheme}://someone:SECRET@{NOWHERE}/shop");
    let target = Target::parse_with(&url, &Environment::default()).unwrap();
    let list = dry_run(&target, &Policy::default(), request, version).await.unwrap();
    let texts: Vec<String> = list
        .into_iter()
        .map(|sent| match sent {
            Sent::Text(text) => text,
            Sent::Act(act) => format!("-- {act}"),
        })
        .collect();
    assert!(!texts.join("\n").contains("SECRET"));
    texts
}

fn has(texts: &[String], parts: &[&str]) -> bool {
    texts.iter().any(|text| parts.iter().all(|part| text.contains(part)))
}

fn assert_has(texts: &[String], wanted: &[&[&str]]) {
    for parts in wanted {
        assert!(has(texts, parts), "no {parts:?} in\n{}", texts.join("\n"));
    }
}

#[tokio::test]
async fn postgres() {
    let texts = sent("postgres", None, &Request::default()).await;
    assert_has(
        &texts,
        &[
            &["-- connects as someone to shop", "default_transaction_read_only=on"],
            &["statement_timeout=5000", "lock_timeout=1000"],
            &["pg_stat_activity"],
            &["pg_stat_statements", "total_exec_time"],
            &["pg_index"],
            &["EXPLAIN (GENERIC_PLAN, FORMAT JSON, SETTINGS)", "each_chosen_statement"],
        ],
    );
    let old = sent("postgres", Some("13"), &Request::default()).await;
    assert_has(&old, &[&["PREPARE", "each_chosen_statement"], &["force_generic_plan"]]);
    assert!(!has(&old, &["GENERIC_PLAN"]));
    let oldest = sent("postgres", Some("12"), &Request::default()).await;
    assert!(!has(&oldest, &["total_exec_time"]));
}

#[tokio::test]
async fn mysql_and_mariadb() {
    let texts = sent("mysql", None, &Request::default()).await;
    assert_has(
        &texts,
        &[
            &["-- connects as someone to shop"],
            &["SET /* planscope */ SESSION TRANSACTION READ ONLY"],
            &["max_execution_time"],
            &["lock_wait_timeout"],
            &["events_statements_summary_by_digest"],
            &["information_schema.ROUTINES"],
            &["explain_json_format_version = 2"],
            &["EXPLAIN /* planscope */ FORMAT=JSON SELECT * FROM `each_chosen_statement`"],
        ],
    );
    let old = sent("mysql", Some("8.0.36"), &Request::default()).await;
    assert!(!has(&old, &["explain_json_format_version ="]));
    let texts = sent("mariadb", None, &Request::default()).await;
    assert_has(&texts, &[&["max_statement_time"], &["EXPLAIN /* planscope */ FORMAT=JSON SELECT"]]);
}

#[tokio::test]
async fn mongodb() {
    let texts = sent("mongodb", None, &Request::default()).await;
    assert_has(
        &texts,
        &[
            &["\"hello\""],
            &["system.profile"],
            &["$collStats"],
            &["$indexStats"],
            &["\"explain\"", "each_chosen_statement", "queryPlanner", "maxTimeMS"],
        ],
    );
}

/// Statements of files are not made up: these very texts would be sent.
#[tokio::test]
async fn statements_from_files_stand_for_themselves() {
    let query = |text: &str| QueryText {
        name: "q".to_owned(),
        text: text.to_owned(),
        source: Source { file: "q.sql".to_owned(), line: 1 },
        calls: 1,
    };
    let queries = vec![query("SELECT 7 FROM t"), query("DELETE FROM t")];
    let request = Request {
        statements: Statements::Queries(queries),
        execution: Execution::Analyze,
        ..Request::default()
    };
    let texts = sent("postgres", None, &request).await;
    assert_has(&texts, &[&["EXPLAIN (ANALYZE", "SELECT 7 FROM t"], &["DELETE FROM t"]]);
    assert!(!has(&texts, &["ANALYZE", "DELETE FROM t"]), "{texts:#?}");
    let texts = sent("mysql", None, &request).await;
    assert_has(&texts, &[&["ANALYZE FORMAT=JSON SELECT 7 FROM t"]]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.db");
    let url = format!("sqlite:{}", path.display());
    let target = Target::parse_with(&url, &Environment::default()).unwrap();
    let list = dry_run(&target, &Policy::default(), &request, None).await.unwrap();
    let wanted = Sent::Text("EXPLAIN QUERY PLAN SELECT 7 FROM t".to_owned());
    assert!(list.contains(&wanted), "{list:#?}");
    assert!(!path.exists());
}

#[tokio::test]
async fn what_runs_now_is_planned_too() {
    let request = Request { statements: Statements::Running, ..Request::default() };
    let texts = sent("postgres", None, &request).await;
    assert_has(
        &texts,
        &[&["pg_blocking_pids"], &["EXPLAIN (FORMAT JSON", "each_chosen_statement"]],
    );
    let texts = sent("mysql", None, &request).await;
    assert_has(&texts, &[&["PROCESSLIST_INFO"], &["FOR CONNECTION 2"], &["each_chosen_statement"]]);
    let texts = sent("mongodb", None, &request).await;
    assert_has(&texts, &[&["$currentOp"], &["\"explain\"", "each_chosen_statement"]]);
}

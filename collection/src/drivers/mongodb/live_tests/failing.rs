//! What goes wrong, and how it is told.

use super::support::{Database, clock, shop, target, url, with_database};
use crate::driver::{CheckStatus, Execution, all_plans};
use crate::drivers;
use crate::error::{CollectError, ErrorKind};
use crate::guard::{Policy, Stop};
use crate::wanted::Wanted;
use bson::doc;
use planscope_explain::workload::Statement;
use std::io::Write as _;
use std::time::Duration;

async fn refused(url: &str) -> CollectError {
    let policy = Policy { connect_timeout: Duration::from_secs(5), ..Policy::default() };
    let opened = drivers::connect(&target(url), &policy, Stop::new()).await;
    let error = opened.err().expect("nobody should be let in");
    let all = format!("{error} {error:?} {}", error.hints.join(" "));
    assert!(!all.contains("geheim"), "{all}");
    error
}

/// Joins that take minutes.
fn endless() -> Statement {
    let all = r#"{"$lookup":{"from":"orders","pipeline":[{"$match":{"$expr":{"$gt":["$total",1]}}}],"as":"o"}}"#;
    let text = format!(r#"{{"aggregate":"orders","pipeline":[{all},{{"$project":{{"_id":1}}}}]}}"#);
    Statement { text, ..Statement::default() }
}

/// How many operations of ours the server runs.
async fn running(database: &Database) -> usize {
    let mine = doc! { "$match": { "appName": "planscope", "ns": format!("{}.orders", database.name), "active": true } };
    let stages = vec![doc! { "$currentOp": { "allUsers": true } }, mine];
    let admin = database.client.database("admin");
    let found = admin.run_command(doc! { "aggregate": 1, "pipeline": stages, "cursor": {} }).await;
    found.unwrap().get_document("cursor").unwrap().get_array("firstBatch").unwrap().len()
}

#[tokio::test]
async fn a_stop_ends_the_work_on_the_server() {
    with_database(async |database| {
        shop(&database).await;
        let stop = Stop::new();
        let mut session = database.session_with(&Policy::default(), stop.clone()).await;
        let statements = [endless()];
        let work = all_plans(session.as_mut(), &statements, Execution::Analyze);
        let stopping = async {
            while running(&database).await == 0 {
                tokio::task::yield_now().await;
            }
            stop.stop();
            clock()
        };
        let (outcome, stopped) = tokio::join!(work, stopping);
        assert_eq!(outcome.unwrap_err().kind, ErrorKind::Stopped);
        assert!(stopped.elapsed() < Duration::from_secs(1), "{:?}", stopped.elapsed());
        assert_eq!(running(&database).await, 0);
        let again = session.settings().await.unwrap_err();
        assert_eq!(again.kind, ErrorKind::Stopped);
    })
    .await;
}

#[tokio::test]
async fn the_server_ends_what_takes_too_long() {
    with_database(async |database| {
        shop(&database).await;
        let policy = Policy { analyze_timeout: Duration::from_millis(200), ..Policy::default() };
        let mut session = database.session_with(&policy, Stop::new()).await;
        // Each document takes a hundred thousand additions.
        let sum = r#"{"$sum":{"$range":[0,{"$add":[100000,"$customer"]}]}}"#;
        let find = format!(r#"{{"find":"orders","filter":{{"$expr":{{"$lt":[{sum},0]}}}}}}"#);
        let find = Statement { text: find, ..Statement::default() };
        let statements = [endless(), find];
        let plans = all_plans(session.as_mut(), &statements, Execution::Analyze).await.unwrap();
        assert_eq!(plans[0].as_ref().unwrap_err().kind, "timeout");
        let cut_short = &plans[1].as_ref().unwrap().plan;
        assert!(cut_short.partial && cut_short.is_analyzed(), "what it had done by then is told");
        assert_eq!(running(&database).await, 0);
        assert!(session.settings().await.is_ok(), "the session goes on");
    })
    .await;
}

#[tokio::test]
async fn refusals_say_what_to_type() {
    let Some(url) = url() else { return };
    let (_, host) = url.split_once('@').unwrap();
    let (host, _) = host.split_once('/').unwrap();
    let error = refused(&format!("mongodb://planscope:geheim@{host}/?authSource=admin")).await;
    assert_eq!(error.kind, ErrorKind::Authentication);
    assert!(error.message.contains("refuses planscope of the database admin"), "{error}");
    let error = refused(&format!("mongodb://planscope:geheim@{host}/shop")).await;
    assert_eq!(error.kind, ErrorKind::Authentication);
    assert!(error.hints.iter().any(|hint| hint.contains("?authSource=admin")));
    let error = refused(&format!("mongodb://{host}/shop")).await;
    assert_eq!(error.kind, ErrorKind::Authentication);
    assert!(error.message.contains("wants a user and a password"), "{error}");
    let began = clock();
    let error = refused("mongodb://planscope:geheim@127.0.0.1:1/shop").await;
    assert_eq!(error.kind, ErrorKind::Connection);
    assert!(error.message.starts_with("cannot reach 127.0.0.1:1: "), "{error}");
    assert!(began.elapsed() < Duration::from_secs(2));
    let error =
        refused(&format!("{}no_such_database?authSource=admin", url.split_once('?').unwrap().0))
            .await;
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.contains("there is no database no_such_database"), "{error}");
    let error = refused("mongodb://planscope:geheim@127.0.0.1/shop?readPreference=sometimes").await;
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.starts_with("the target's URL is not valid: "), "{error}");
}

#[tokio::test]
async fn what_is_not_mongodb_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // Whoever comes gets a few words and is shown the door; the thread ends with the process.
    std::thread::spawn(move || {
        for mut caller in listener.incoming().flatten() {
            let _ = caller
                .write_all(b"220 mail.example ESMTP, and some more words to fill a header\r\n");
        }
    });
    let began = clock();
    let error = refused(&format!("mongodb://planscope:geheim@127.0.0.1:{port}/shop")).await;
    assert_eq!(error.kind, ErrorKind::Connection);
    assert!(error.message.contains("does not answer as MongoDB does"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn nothing_kept_is_told_with_its_remedy() {
    with_database(async |database| {
        database.run(doc! { "create": "orders" }).await;
        let mut session = database.session().await;
        let error = session.workload(&Default::default()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Missing);
        assert!(error.hints[0].contains("setProfilingLevel(1"), "{:?}", error.hints);
        assert_eq!(session.what_if_method().await.unwrap_err().kind, ErrorKind::Missing);
    })
    .await;
}

#[tokio::test]
async fn an_unprivileged_user_is_told_what_is_hidden() {
    with_database(async |database| {
        shop(&database).await;
        let user = format!("{}_user", database.name);
        let admin = database.client.database("admin");
        let roles = vec![doc! { "role": "read", "db": &database.name }];
        admin
            .run_command(doc! { "createUser": &user, "pwd": "geheim", "roles": roles })
            .await
            .unwrap();
        let target = target(&database.url(Some((&user, "geheim"))));
        let mut session = drivers::connect(&target, &Policy::default(), Stop::new()).await.unwrap();
        let error = session.workload(&Default::default()).await.unwrap_err();
        let checks = session.doctor().await.unwrap();
        let catalog = session.catalog(&Wanted::default()).await.unwrap().catalog;
        admin.run_command(doc! { "dropUser": &user }).await.unwrap();
        assert_eq!(error.kind, ErrorKind::Permission);
        assert!(
            error.hints.iter().any(|hint| hint.contains("clusterMonitor")),
            "{:?}",
            error.hints
        );
        let check = checks.iter().find(|check| check.id == "profiler").unwrap();
        assert_eq!(check.status, CheckStatus::Warn);
        assert!(check.remedy.as_ref().unwrap().contains("grantRolesToUser"), "{check:?}");
        assert!(catalog.index("by_customer").is_some());
    })
    .await;
}

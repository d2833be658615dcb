//! What keeps a session harmless. Each test fails when its guard is taken away.

use super::support::{Database, clock, shop, target, url, with_database, workload};
use crate::collect::{Request, collect};
use crate::driver::{Execution, all_plans};
use crate::drivers;
use crate::drivers::test_proxy::{Proxy, place, through};
use crate::error::ErrorKind;
use crate::guard::{Audit, LoadLimits, Policy, Sent, Stop};
use crate::select::Selection;
use bson::{Bson, Document, doc};
use planscope_explain::workload::Statement;
use std::collections::BTreeMap;
use std::time::Duration;

fn statement(text: &str) -> Statement {
    Statement { text: text.to_owned(), ..Statement::default() }
}

/// A condition that takes a hundred thousand additions for each document.
const SLOW: &str = r#"{"$lt":[{"$sum":{"$range":[0,{"$add":[100000,"$customer"]}]}},0]}"#;

/// Two candidate indexes: the server tries both, even when it is only asked for its plan.
#[tokio::test]
async fn candidate_trials_end_at_the_limit() {
    with_database(async |database| {
        shop(&database).await;
        let indexes = vec![
            doc! { "key": { "customer": 1 }, "name": "one" },
            doc! { "key": { "customer": 1, "status": 1 }, "name": "two" },
        ];
        database.run(doc! { "createIndexes": "orders", "indexes": indexes }).await;
        let find =
            format!(r#"{{"find":"orders","filter":{{"customer":{{"$gte":0}},"$expr":{SLOW}}}}}"#);
        let policy = Policy { statement_timeout: Duration::from_millis(300), ..Policy::default() };
        let mut session = database.session_with(&policy, Stop::new()).await;
        let asked = [statement(&find), statement(r#"{"find":"orders","filter":{"_id":1}}"#)];
        let begun = clock();
        let plans = all_plans(&mut *session, &asked, Execution::PlanOnly).await.unwrap();
        assert_eq!(plans[0].as_ref().unwrap_err().kind, "timeout");
        // Our own watchdog would come 3 s after the limit, and end the connection.
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        assert!(plans[1].is_ok());
    })
    .await;
}

/// The limit is the explain's, not the explained command's, where it would do nothing.
#[tokio::test]
async fn the_outer_limit_counts() {
    with_database(async |database| {
        shop(&database).await;
        let policy = Policy { analyze_timeout: Duration::from_millis(300), ..Policy::default() };
        let mut session = database.session_with(&policy, Stop::new()).await;
        let slow = format!(r#""filter":{{"$expr":{SLOW}}}"#);
        let asked = [
            statement(&format!(r#"{{"find":"orders",{slow},"maxTimeMS":999999}}"#)),
            statement(&format!(r#"{{"aggregate":"orders","pipeline":[{{"$match":{{"$expr":{SLOW}}}}},{{"$group":{{"_id":1}}}}]}}"#)),
        ];
        let begun = clock();
        let plans = all_plans(&mut *session, &asked, Execution::Analyze).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        assert!(plans[0].as_ref().unwrap().plan.partial, "a find tells what it has done");
        match &plans[1] {
            Ok(record) => assert!(record.plan.partial),
            Err(problem) => assert_eq!(problem.kind, "timeout"),
        }
    })
    .await;
}

#[tokio::test]
async fn javascript_is_not_run() {
    with_database(async |database| {
        shop(&database).await;
        let texts = [
            r#"{"find":"orders","filter":{"$where":"sleep(60000) || true"}}"#,
            r#"{"find":"orders","filter":{"$expr":{"$function":{"body":"function(){sleep(60000)}","args":[],"lang":"js"}}}}"#,
            r#"{"aggregate":"orders","pipeline":[{"$facet":{"a":[{"$match":{"$where":"sleep(60000)"}}]}}]}"#,
            r#"{"mapReduce":"orders","map":"function(){}","reduce":"function(){}","out":"copy"}"#,
        ];
        let mut session = database.session().await;
        for execution in [Execution::PlanOnly, Execution::Analyze] {
            let plans = all_plans(&mut *session, &texts.map(statement), execution).await.unwrap();
            for (plan, text) in plans.iter().zip(texts) {
                assert_eq!(plan.as_ref().unwrap_err().kind, "runs-code", "{text}");
            }
        }
    })
    .await;
}

/// A server that is only compatible would execute them: they do not even get there.
#[tokio::test]
async fn outputs_are_not_sent() {
    with_database(async |database| {
        shop(&database).await;
        let audit = Audit::in_memory();
        let policy = Policy { audit: audit.clone(), ..Policy::default() };
        let mut session = database.session_with(&policy, Stop::new()).await;
        let texts = [
            r#"{"aggregate":"orders","pipeline":[{"$match":{"customer":3}},{"$out":"copy"}]}"#,
            r#"{"aggregate":"orders","pipeline":[{"$merge":{"into":"copy"}}]}"#,
        ];
        for execution in [Execution::PlanOnly, Execution::Analyze] {
            let plans = all_plans(&mut *session, &texts.map(statement), execution).await.unwrap();
            assert!(plans.iter().all(Result::is_ok), "{plans:?}");
        }
        let sent = format!("{:?}", audit.list());
        assert!(!sent.contains("$out") && !sent.contains("$merge"), "{sent}");
        let names = database.plain().list_collection_names().await.unwrap();
        assert!(!names.contains(&"copy".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn load_is_seen() {
    with_database(async |database| {
        shop(&database).await;
        let mut session = database.session().await;
        let client = database.client.clone();
        let name = database.name.clone();
        let busy = tokio::spawn(async move {
            let filter = doc! { "$expr": { "$lt": [{ "$sum": { "$range": [0, { "$add": [300_000, "$customer"] }] } }, 0] } };
            let find = doc! { "find": "orders", "filter": filter, "maxTimeMS": 20_000 };
            client.database(&name).run_command(find).await
        });
        // Other tests may be busy as well: ours has to be.
        let ours = doc! { "currentOp": 1, "active": true, "ns": format!("{}.orders", database.name) };
        let admin = database.client.database("admin");
        while admin.run_command(ours.clone()).await.unwrap().get_array("inprog").unwrap().is_empty()
        {
            assert!(!busy.is_finished(), "it was not busy");
        }
        let load = session.load().await.unwrap();
        assert!(load.active > Some(0) && load.waiting.is_some() && load.lag.is_none(), "{load:?}");
        let limits =
            LoadLimits { active: Some(0), patience: Duration::ZERO, ..LoadLimits::none() };
        let request = Request { limits, ..Request::default() };
        let error = collect(&mut *session, &request, &mut |_| ()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused, "{error}");
        busy.abort();
    })
    .await;
}

fn everything() -> Request {
    Request { selection: Selection { top: 500, ..Selection::default() }, ..Request::default() }
}

/// The commands in what a client sent: the first section of each OP_MSG.
fn commands(heard: &[u8]) -> Vec<Document> {
    let (mut found, mut rest) = (Vec::new(), heard);
    while let [a, b, c, d, ..] = rest {
        let len = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        let (message, after) = rest.split_at(len.min(rest.len()));
        // 16 bytes of header (the opcode is the last four), 4 of flags, 1 of the section's kind.
        if message.get(12..16) == Some(&2013_u32.to_le_bytes()) && message.get(20) == Some(&0) {
            found.push(bson::deserialize_from_slice(&message[21..]).unwrap());
        }
        rest = after;
    }
    found
}

/// Name and comment of a command, and how often it was there.
fn counted(commands: impl Iterator<Item = Document>) -> BTreeMap<String, usize> {
    // The library watches the server by itself, before and beside us.
    let watching = ["hello", "isMaster", "ismaster", "saslStart", "saslContinue"];
    let mut counts = BTreeMap::new();
    for mut command in commands {
        let name = command.keys().next().unwrap().clone();
        if watching.contains(&name.as_str()) {
            continue;
        }
        for key in ["lsid", "$db", "$clusterTime", "$readPreference", "txnNumber"] {
            command.remove(key);
        }
        // The numbers of cursors come from the server, and so do the ids of sessions.
        if name == "getMore" || name == "killCursors" || name == "endSessions" {
            command = doc! { &name: 1 };
        }
        let text = Bson::Document(command).into_relaxed_extjson().to_string();
        *counts.entry(text).or_insert(0) += 1;
    }
    counts
}

/// What goes over the wire beside our own record.
#[tokio::test]
async fn the_audit_is_what_the_server_saw() {
    let Some(server) = url() else { return };
    with_database(async |database| {
        shop(&database).await;
        database.profile(true).await;
        for _ in 0..30 {
            workload(&database).await;
        }
        database.profile(false).await;
        let proxy = Proxy::before(place(&server), usize::MAX).await;
        let url = format!("{}&directConnection=true", through(&database.url(None), &proxy));
        let audit = Audit::in_memory();
        let policy = Policy { audit: audit.clone(), ..Policy::default() };
        let mut session = drivers::connect(&target(&url), &policy, Stop::new()).await.unwrap();
        let request = Request { keep_literals: true, ..everything() };
        collect(&mut *session, &request, &mut |_| ()).await.unwrap();
        session.doctor().await.unwrap();
        let recorded = audit.list().into_iter().filter_map(|sent| match sent {
            Sent::Text(text) => super::super::document::parse(&text).ok(),
            Sent::Act(_) => None,
        });
        let recorded = counted(recorded);
        let heard = proxy.heard();
        let seen = counted(heard.iter().flat_map(|line| commands(line)));
        assert_eq!(seen, recorded);
        assert!(seen.keys().any(|text| text.contains("getMore")), "{seen:#?}");
        // One for work; those on which the library watches the server say nothing but hello.
        let working = heard.iter().filter(|line| !counted(commands(line).into_iter()).is_empty());
        assert_eq!(working.count(), 1, "one connection");
    })
    .await;
}

/// Cuts the line after every third message that a collection sends.
#[tokio::test]
async fn a_line_that_is_cut_anywhere_leaves_what_came_before() {
    let Some(server) = url() else { return };
    with_database(async |database: Database| {
        shop(&database).await;
        database.profile(true).await;
        workload(&database).await;
        database.profile(false).await;
        let policy = Policy { connect_timeout: Duration::from_millis(500), ..Policy::default() };
        let mut outcomes = Vec::new();
        for most in (2..).step_by(3) {
            let proxy = Proxy::before(place(&server), most).await;
            let url = format!("{}&directConnection=true", through(&database.url(None), &proxy));
            let opened = drivers::connect(&target(&url), &policy, Stop::new()).await;
            let collected = async {
                let mut session = opened?;
                collect(&mut *session, &everything(), &mut |_| ()).await
            };
            let collected = tokio::time::timeout(Duration::from_secs(20), collected).await;
            outcomes.push(match collected.expect("a cut line must be noticed") {
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::Connection, "after {most}: {error:?}");
                    "nothing"
                }
                Ok(snapshot) if snapshot.problems.iter().all(|p| p.kind == "sampled") => break,
                Ok(snapshot) => {
                    let lost = snapshot.problems.iter().any(|p| p.kind == "connection-lost");
                    assert!(lost && !snapshot.statements.is_empty(), "{:?}", snapshot.problems);
                    "a part"
                }
            });
        }
        println!("cut {} times", outcomes.len());
        assert!(outcomes.len() > 5 && outcomes.contains(&"a part"));
    })
    .await;
}

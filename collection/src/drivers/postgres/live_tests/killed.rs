//! A server that is killed and started again, under a watch and in each phase of a collection. Debian's
//! PostgreSQL 15 is run for it, with data of the test's own.

use super::own_server::Server;
use super::support::{client, target};
use crate::collect::{Request, collect};
use crate::drivers;
use crate::drivers::test_proxy::{Proxy, through};
use crate::error::ErrorKind;
use crate::guard::{LoadLimits, Policy, Stop};
use crate::store::Store;
use crate::watch::{Event, Pace, Watch, run};
use futures_util::FutureExt as _;
use std::time::Duration;

async fn with_statements(server: &Server) {
    let admin = client(&server.url()).await;
    let schema = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements; DROP TABLE IF EXISTS t; \
                  CREATE TABLE t (a int)";
    admin.batch_execute(schema).await.unwrap();
    for i in 0..9 {
        let sql = format!("SELECT a FROM t WHERE a = 1 {}", "AND a > 0 ".repeat(i));
        admin.batch_execute(&sql).await.unwrap();
    }
}

fn request() -> Request {
    Request { limits: LoadLimits::none(), ..Request::default() }
}

#[tokio::test]
async fn killed_in_each_phase_it_is_told_and_what_came_is_kept() {
    let Some(server) = Server::make() else { return };
    let policy = Policy { connect_timeout: Duration::from_secs(2), ..Policy::default() };
    for (phase, is_kept) in [
        ("server_version_num", false),
        ("FROM pg_extension", false),
        ("pg_index", true),
        ("EXPLAIN", true),
    ] {
        server.start();
        with_statements(&server).await;
        let place = format!("127.0.0.1:{}", server.port);
        let proxy = Proxy::before(&place, usize::MAX).await;
        let target = target(&through(&server.url(), &proxy));
        let work = async {
            let mut session = drivers::connect(&target, &policy, Stop::new()).await?;
            collect(&mut *session, &request(), &mut |_| ()).await
        };
        let killing = async {
            proxy.hears(phase).await;
            server.kill();
        };
        let both = async { tokio::join!(work, killing).0 };
        let outcome = tokio::time::timeout(Duration::from_secs(30), both).await;
        match outcome.unwrap_or_else(|_| panic!("{phase}: nobody noticed the dead server")) {
            Err(error) => {
                assert_eq!(error.kind, ErrorKind::Connection, "{phase}: {error:?}");
                assert!(!is_kept, "{phase}: {error:?}");
            }
            Ok(snapshot) => {
                // The answer may have been on its way already.
                assert!(
                    snapshot.problems.is_empty() || snapshot.problems[0].kind == "connection-lost"
                );
                assert!(!snapshot.statements.is_empty(), "{phase}");
            }
        }
    }
}

#[tokio::test]
async fn a_watch_survives_the_servers_death() {
    let Some(server) = Server::make() else { return };
    server.start();
    with_statements(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path());
    let target = target(&server.url());
    let (policy, stop) = (Policy::default(), Stop::new());
    let open = || drivers::connect(&target, &policy, stop.clone()).boxed();
    let short = Duration::from_millis(20);
    let pace = Pace { first: short, shortest: short, longest: short, budget_percent: 100.0 };
    let watch = Watch {
        open: &open,
        request: request(),
        store: &store,
        keep: None,
        pace,
        rounds: None,
        stop: stop.clone(),
    };
    let mut story = Vec::new();
    let mut tell = |event: Event<'_>| match event {
        Event::Saved { snapshot, .. } if snapshot.problems.is_empty() => match story.as_slice() {
            [] => {
                story.push("saved");
                server.kill();
            }
            [.., "failed"] => {
                story.push("saved again");
                stop.stop();
            }
            _ => {}
        },
        Event::Failed(error) => {
            assert_eq!(error.kind, ErrorKind::Connection, "{error:?}");
            if story.last() == Some(&"saved") {
                story.push("failed");
                server.start();
            }
        }
        Event::Saved { .. } | Event::Pausing(..) => {}
    };
    tokio::time::timeout(Duration::from_secs(60), run(&watch, &mut tell)).await.unwrap().unwrap();
    assert_eq!(story, ["saved", "failed", "saved again"]);
    for entry in store.list().unwrap() {
        Store::load(&entry.path).unwrap();
    }
}

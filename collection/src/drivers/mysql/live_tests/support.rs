//! Servers and databases for the tests.

use crate::driver::Session;
use crate::drivers::connect;
use crate::drivers::test_servers::named;
use crate::guard::{Policy, Stop};
use crate::select::Selection;
use crate::target::{Environment, Target};
use futures_util::FutureExt as _;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts};
use planscope_explain::workload::Statement;
use std::collections::BTreeSet;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::Mutex;

/// The servers, by the end of their variable's name.
pub const SERVERS: [&str; 2] = ["MYSQL", "MARIADB"];

/// The URLs of the servers that are up.
pub fn urls() -> Vec<(&'static str, String)> {
    SERVERS.into_iter().filter_map(|server| Some((server, named(server)?))).collect()
}

/// A database of a test's own.
pub struct Database {
    /// `scheme://user:password@host:port`.
    base: String,
    pub name: String,
}

impl Database {
    /// The URL, with parameters appended.
    pub fn url(&self, params: &str) -> String {
        format!("{}/{}{params}", self.base, self.name)
    }

    /// The URL for another user.
    pub fn url_as(&self, user: &str, password: &str) -> String {
        let (scheme, rest) = self.base.split_once("://").unwrap();
        let (_, host) = rest.split_once('@').unwrap();
        format!("{scheme}://{user}:{password}@{host}/{}", self.name)
    }

    /// A plain connection, for preparing and disturbing.
    pub async fn client(&self) -> Client {
        Client::open(&self.url("")).await
    }

    pub async fn session(&self) -> Box<dyn Session> {
        self.session_with(&Policy::default(), Stop::new()).await
    }

    pub async fn session_with(&self, policy: &Policy, stop: Stop) -> Box<dyn Session> {
        connect(&target(&self.url("")), policy, stop).await.unwrap()
    }
}

pub fn target(url: &str) -> Target {
    Target::parse_with(url, &Environment::default()).unwrap()
}

/// A connection of the test's own.
pub struct Client(Conn);

impl Client {
    pub async fn open(url: &str) -> Self {
        let url = url.replacen("mariadb://", "mysql://", 1);
        Self(Conn::new(Opts::from_url(&url).unwrap()).await.unwrap())
    }

    /// Runs statements, one a line.
    pub async fn run(&mut self, sql: &str) {
        for line in sql.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let done = self.0.query_drop(line).await;
            done.unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    /// The first value of the first row, as text.
    pub async fn value(&mut self, sql: &str) -> String {
        let value: Option<Option<String>> = self.0.query_first(sql).await.unwrap();
        value.flatten().unwrap_or_default()
    }
}

/// Runs the test on a new database, and drops it whatever happens.
pub async fn with_database<F: Future<Output = ()>>(url: &str, test: impl FnOnce(Database) -> F) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("planscope_mydrv_{}_{number}", std::process::id());
    let (base, _) = url.rsplit_once('/').unwrap();
    let mut admin = Client::open(url).await;
    make_room(url, &mut admin).await;
    admin.run(&format!("CREATE DATABASE {name}")).await;
    let database = Database { base: base.to_owned(), name: name.clone() };
    let outcome = AssertUnwindSafe(test(database)).catch_unwind().await;
    admin.run(&format!("DROP DATABASE {name}")).await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// What is left of dropped databases fills the digests until there is no room: begins anew, once for
/// each server and run.
async fn make_room(url: &str, admin: &mut Client) {
    static DONE: Mutex<BTreeSet<String>> = Mutex::const_new(BTreeSet::new());
    // Held to the end: what another test counts would be thrown away.
    let mut done = DONE.lock().await;
    if done.insert(url.to_owned()) {
        let digests = "performance_schema.events_statements_summary_by_digest";
        let count = admin.value(&format!("SELECT COUNT(*) FROM {digests}")).await;
        if count.parse().is_ok_and(|count: u32| count > 2500) {
            admin.run(&format!("TRUNCATE {digests}")).await;
        }
    }
}

/// A small shop.
pub async fn shop(database: &Database) -> Client {
    let mut client = database.client().await;
    client.run(include_str!("schema.sql")).await;
    client
}

pub fn statement(text: &str) -> Statement {
    Statement { text: text.to_owned(), ..Statement::default() }
}

/// So many statements.
pub fn most(top: usize) -> Selection {
    Selection { top, ..Selection::default() }
}

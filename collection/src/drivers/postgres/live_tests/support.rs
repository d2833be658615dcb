//! Servers and databases for the tests.

use crate::driver::Session;
use crate::drivers::connect;
use crate::drivers::test_servers::{known, named};
use crate::guard::{Policy, Stop};
use crate::target::{Environment, Target};
use futures_util::FutureExt as _;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_postgres::{Client, NoTls};

/// The servers, by the end of their variable's name.
pub const SERVERS: [&str; 7] = ["PG12", "PG13", "PG14", "PG15", "PG16", "PG17", "PG18"];

/// The URL of a server; without one the test says so and passes, unless servers are required.
pub fn url(server: &str) -> Option<String> {
    match ["PG13", "PG15", "PG16", "PG18"].contains(&server) {
        true => named(server),
        false => known(server),
    }
}

/// The log of a server that is up.
pub fn log(server: &str) -> Option<String> {
    named(&format!("{server}_LOG"))
}

/// The URLs of the servers that are up.
pub fn urls() -> Vec<(&'static str, String)> {
    SERVERS.into_iter().filter_map(|server| Some((server, url(server)?))).collect()
}

/// A database of a test's own.
pub struct Database {
    /// `user:password@host:port` and so on, without the database.
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
        client(&self.url("")).await
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

pub async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Runs the test on a new database, and drops it whatever happens.
pub async fn with_database<F: Future<Output = ()>>(url: &str, test: impl FnOnce(Database) -> F) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("planscope_pgdrv_{}_{number}", std::process::id());
    let (base, _) = url.rsplit_once('/').unwrap();
    let admin = client(url).await;
    admin.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let database = Database { base: base.to_owned(), name: name.clone() };
    let outcome = AssertUnwindSafe(test(database)).catch_unwind().await;
    // What is left of a dropped database fills the statistics until others are evicted.
    let forget = "SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = ";
    admin.batch_execute(&format!("{forget}'{name}'")).await.unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ";
    admin.batch_execute(&format!("{end}'{name}'")).await.unwrap();
    admin.batch_execute(&format!("DROP DATABASE {name}")).await.unwrap();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// The shop, with the extension.
pub async fn shop(database: &Database) -> Client {
    let client = database.client().await;
    client.batch_execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").await.unwrap();
    client.batch_execute(include_str!("schema.sql")).await.unwrap();
    client
}

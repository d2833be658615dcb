//! The server and databases for the tests.

use crate::driver::Session;
use crate::drivers::connect;
use crate::drivers::test_servers::named;
use crate::guard::{Policy, Stop};
use crate::target::{Environment, Target};
use bson::{Document, doc};
use futures_util::FutureExt as _;
use mongodb::Client;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

/// The URL of the server; without one the test says so and passes, unless servers are required.
pub fn url() -> Option<String> {
    named("MONGODB")
}

/// A database of a test's own, and a plain connection for preparing and disturbing.
pub struct Database {
    server: String,
    pub name: String,
    pub client: Client,
}

impl Database {
    /// The URL of a user's, or of the server's administrator.
    pub fn url(&self, user: Option<(&str, &str)>) -> String {
        let (before, query) = self.server.split_once("/?").unwrap();
        let (_, host) = before.split_once('@').unwrap();
        let before = match user {
            Some((name, password)) => format!("mongodb://{name}:{password}@{host}"),
            None => before.to_owned(),
        };
        format!("{before}/{}?{query}", self.name)
    }

    pub fn plain(&self) -> mongodb::Database {
        self.client.database(&self.name)
    }

    /// Runs a command on the database.
    pub async fn run(&self, command: Document) -> Document {
        self.plain().run_command(command).await.unwrap()
    }

    pub async fn session(&self) -> Box<dyn Session> {
        self.session_with(&Policy::default(), Stop::new()).await
    }

    pub async fn session_with(&self, policy: &Policy, stop: Stop) -> Box<dyn Session> {
        connect(&target(&self.url(None)), policy, stop).await.unwrap()
    }

    /// Whether the profiler writes everything down; only in this database.
    pub async fn profile(&self, on: bool) {
        self.run(doc! { "profile": if on { 2 } else { 0 } }).await;
    }
}

/// What time it is, for limits that a person would notice.
#[expect(clippy::disallowed_methods, reason = "the tests measure how long the driver takes")]
pub fn clock() -> Instant {
    Instant::now()
}

pub fn target(url: &str) -> Target {
    Target::parse_with(url, &Environment::default()).unwrap()
}

/// Runs the test on a new database, and drops it and its users whatever happens.
pub async fn with_database<F: Future<Output = ()>>(test: impl FnOnce(Database) -> F) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let Some(server) = url() else { return };
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("planscope_mongodrv_{}_{number}", std::process::id());
    let client = Client::with_uri_str(&server).await.unwrap();
    let database = Database { server, name: name.clone(), client: client.clone() };
    let outcome = AssertUnwindSafe(test(database)).catch_unwind().await;
    let plain = client.database(&name);
    plain.run_command(doc! { "profile": 0 }).await.unwrap();
    plain.drop().await.unwrap();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// A shop with a few thousand orders.
pub async fn shop(database: &Database) {
    let orders = (0..3000).map(|i| {
        doc! {
            "_id": i, "customer": i % 100, "status": (["new", "paid", "sent"][i as usize % 3]),
            "total": f64::from(i) * 1.5, "ship": { "city": format!("city {}", i % 7) },
        }
    });
    let plain = database.plain();
    plain.collection("orders").insert_many(orders).await.unwrap();
    let customers = (0..100).map(|i| doc! { "_id": i, "name": format!("customer {i}") });
    plain.collection("customers").insert_many(customers).await.unwrap();
    let indexes = vec![
        doc! { "key": { "customer": 1, "total": -1 }, "name": "by_customer" },
        doc! { "key": { "total": 1 }, "name": "by_total", "partialFilterExpression": { "status": "new" } },
        doc! { "key": { "ship.city": "hashed" }, "name": "by_city", "hidden": true },
    ];
    database.run(doc! { "createIndexes": "orders", "indexes": indexes }).await;
    let view = doc! { "create": "paid", "viewOn": "orders", "pipeline": [{ "$match": { "status": "paid" } }] };
    database.run(view).await;
}

/// Every kind of statement, some of them writing.
pub async fn workload(database: &Database) {
    for i in 0..5 {
        let commands = [
            doc! { "find": "orders", "filter": { "customer": i, "status": "paid" }, "sort": { "total": -1 }, "limit": 5 },
            doc! { "find": "orders", "filter": { "status": { "$in": ["new", "paid"] } }, "batchSize": 10 },
            doc! { "aggregate": "orders", "pipeline": [
                { "$match": { "total": { "$gt": 10 * i } } }, { "$group": { "_id": "$status", "n": { "$sum": 1 } } },
            ], "cursor": {} },
            doc! { "aggregate": "orders", "pipeline": [
                { "$match": { "customer": i } }, { "$merge": { "into": "copy" } },
            ], "cursor": {} },
            doc! { "update": "orders", "updates": [{ "q": { "status": "new", "customer": i }, "u": { "$set": { "seen": i } }, "multi": true }] },
            doc! { "delete": "orders", "deletes": [{ "q": { "total": -5 - i }, "limit": 0 }] },
            doc! { "distinct": "orders", "key": "status", "query": { "customer": i } },
            doc! { "count": "orders", "query": { "status": "new" } },
            doc! { "findAndModify": "orders", "query": { "customer": i, "status": "sent" }, "update": { "$set": { "x": i } } },
            doc! { "insert": "orders", "documents": [{ "customer": 7 }] },
        ];
        for command in commands {
            database.run(command).await;
        }
    }
}

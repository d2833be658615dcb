//! What a collection costs: its own time beside the same EXPLAINs pipelined, a plain collection of each
//! engine, the size of a snapshot, and what pgbench and sysbench lose while a watch collects every second.
//!
//! `dev/servers up; eval "$(dev/servers env)"; cargo bench -p planscope-collection --bench collecting`,
//! `-- plans` (or `plain`, `snapshot`, `watch`) for one part. Pairs of runs alternate; the median counts.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(
    clippy::disallowed_methods,
    reason = "a bench measures, and is told where the servers are"
)]
#![expect(clippy::unwrap_used, reason = "a bench may stop at the first surprise")]

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use mysql_async::prelude::Queryable as _;
use planscope_collection::collect::{Request, collect};
use planscope_collection::driver::{Execution, Session};
use planscope_collection::guard::{Audit, Policy, Sent};
use planscope_collection::select::Selection;
use planscope_collection::store::Store;
use planscope_collection::target::Environment;
use planscope_collection::watch::{Event, Pace, Watch, run};
use planscope_collection::{Stop, Target, drivers};
use planscope_explain::workload::Snapshot;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

/// Pairs of runs; the median of nine stands two disturbed ones.
const PAIRS: usize = 9;
/// Seconds of one run of pgbench or sysbench.
const SECONDS: u32 = 10;
/// Statements of the large workload.
const STATEMENTS: usize = 500;

fn main() {
    let part = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let wanted = |name: &str| part.as_deref().is_none_or(|part| part == name);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        if wanted("plans") {
            plans().await;
        }
        if wanted("plain") {
            plain().await;
        }
        if wanted("snapshot") {
            snapshot().await;
        }
        if wanted("watch") {
            watch_postgres().await;
            watch_mysql().await;
        }
    });
}

fn url(server: &str) -> Option<String> {
    let url = std::env::var(format!("PLANSCOPE_TEST_{server}")).ok();
    if url.is_none() {
        println!("{server}: skipped, it is not up");
    }
    url
}

fn target(url: &str) -> Target {
    Target::parse_with(url, &Environment::default()).unwrap()
}

async fn session(url: &str, policy: &Policy) -> Box<dyn Session> {
    drivers::connect(&target(url), policy, Stop::new()).await.unwrap()
}

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A database of the bench's own on a PostgreSQL server, dropped at the end.
struct Shop {
    server: String,
    name: String,
}

impl Shop {
    async fn open(server: &str) -> Self {
        let name = format!("planscope_bench_{}", std::process::id());
        let admin = client(server).await;
        admin.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        Self { server: server.to_owned(), name }
    }

    fn url(&self) -> String {
        format!("{}/{}", self.server.rsplit_once('/').unwrap().0, self.name)
    }

    async fn close(self) {
        let admin = client(&self.server).await;
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ";
        admin.batch_execute(&format!("{end}'{}'", self.name)).await.unwrap();
        let forget = "SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = ";
        admin.batch_execute(&format!("{forget}'{}'", self.name)).await.unwrap();
        admin.batch_execute(&format!("DROP DATABASE {}", self.name)).await.unwrap();
    }
}

/// Statements that differ in shape, not in values: joins of one, two or three tables.
fn texts() -> Vec<String> {
    let mut texts = Vec::new();
    for i in 0..STATEMENTS {
        let (a, b, c) = (i % 20, i / 20 % 20, i / 400 % 20);
        texts.push(match i % 3 {
            0 => format!("SELECT w.c{a} FROM wide w WHERE w.c{b} = 1 AND w.c{c} > 2 ORDER BY w.c{a}"),
            1 => format!("SELECT w.c{a}, count(*) FROM wide w JOIN narrow n ON n.id = w.c{b} WHERE n.a = 3 AND w.c{c} < 9 GROUP BY w.c{a}"),
            _ => format!("SELECT x.c{a} FROM wide x JOIN wide y ON x.id = y.c{b} JOIN narrow n ON n.id = y.c{c} WHERE n.a = 5 AND x.c{a} BETWEEN 1 AND 7 LIMIT 9"),
        });
    }
    texts
}

async fn workload(shop: &Shop) {
    let admin = client(&shop.url()).await;
    let columns: Vec<String> = (0..20).map(|i| format!("c{i} int")).collect();
    let values: Vec<String> = (0..20).map(|i| format!("(i * {}) % 1000", i + 3)).collect();
    let schema = format!(
        "CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
         CREATE TABLE wide (id int PRIMARY KEY, {});
         INSERT INTO wide SELECT i, {} FROM generate_series(1, 2000) i;
         CREATE TABLE narrow (id int PRIMARY KEY, a int);
         INSERT INTO narrow SELECT i, i % 10 FROM generate_series(1, 1000) i;
         CREATE INDEX ON wide (c1); CREATE INDEX ON wide (c2, c3); ANALYZE",
        columns.join(", "),
        values.join(", ")
    );
    admin.batch_execute(&schema).await.unwrap();
    for text in texts() {
        admin.batch_execute(&text).await.unwrap();
    }
}

fn request(top: usize) -> Request {
    Request { selection: Selection { top, ..Selection::default() }, ..Request::default() }
}

async fn collected(url: &str, top: usize) -> Snapshot {
    let mut session = session(url, &Policy::default()).await;
    collect(&mut *session, &request(top), &mut |_| ()).await.unwrap()
}

/// 500 plans beside the very same messages, all sent at once on one connection and not looked at.
async fn plans() {
    for server in ["PG13", "PG15", "PG18"] {
        let Some(url) = url(server) else { continue };
        let shop = Shop::open(&url).await;
        workload(&shop).await;
        let audit = Audit::in_memory();
        let policy = Policy { audit: audit.clone(), ..Policy::default() };
        let mut planning = session(&shop.url(), &policy).await;
        let selection = request(STATEMENTS).selection;
        let statements = planning.workload(&selection).await.unwrap().statements;
        let before = audit.list().len();
        let mut failed = 0;
        let mut each = |outcome: planscope_collection::driver::PlanOutcome| {
            failed += usize::from(outcome.is_err());
        };
        planning.plans(&statements, Execution::PlanOnly, &mut each).await.unwrap();
        let sent: Vec<String> = audit
            .list()
            .split_off(before)
            .into_iter()
            .filter_map(|sent| match sent {
                Sent::Text(text) => Some(text).filter(|text| text.contains("EXPLAIN")),
                Sent::Act(_) => None,
            })
            .collect();
        let mut planning = session(&shop.url(), &Policy::default()).await;
        let plain = client(&shop.url()).await;
        let mut pairs = Vec::new();
        for _ in 0..PAIRS {
            let begun = Instant::now();
            planning.plans(&statements, Execution::PlanOnly, &mut |_| ()).await.unwrap();
            let ours = begun.elapsed().as_secs_f64() * 1000.0;
            let begun = Instant::now();
            join_all(sent.iter().map(|text| plain.simple_query(text))).await;
            pairs.push((ours, begun.elapsed().as_secs_f64() * 1000.0));
        }
        pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
        let (ours, yardstick) = pairs[PAIRS / 2];
        println!(
            "{server}: {} plans ({failed} failed) {ours:.0} ms, the same EXPLAINs pipelined {yardstick:.0} ms: {:.2}x (goal <= 1.5x)",
            statements.len(),
            ours / yardstick
        );
        shop.close().await;
    }
}

/// A plain collection of 50 statements on loopback, connecting included.
async fn plain() {
    if let Some(url) = url("PG18") {
        let shop = Shop::open(&url).await;
        workload(&shop).await;
        plain_of("PG18", &shop.url()).await;
        shop.close().await;
    }
    for server in ["MYSQL", "MARIADB"] {
        let Some(url) = url(server) else { continue };
        mysql_workload(&url).await;
        plain_of(server, &format!("{}/planscope_bench", url.rsplit_once('/').unwrap().0)).await;
        mysql(&url).await.query_drop("DROP DATABASE planscope_bench").await.unwrap();
    }
    if let Some(url) = url("MONGODB") {
        let client = mongodb::Client::with_uri_str(&url).await.unwrap();
        let database = client.database("planscope_bench");
        database.run_command(bson::doc! { "profile": 2 }).await.unwrap();
        let orders = database.collection::<bson::Document>("orders");
        orders.insert_many((0..2000).map(|i| bson::doc! { "_id": i, "a": i % 9 })).await.unwrap();
        for i in 0..60 {
            let mut filter = bson::doc! { "a": 1 };
            filter.insert(format!("b{i}"), bson::doc! { "$gt": 1 });
            orders.find_one(filter).await.unwrap();
        }
        database.run_command(bson::doc! { "profile": 0 }).await.unwrap();
        plain_of("MONGODB", &url.replacen("/?", "/planscope_bench?", 1)).await;
        database.drop().await.unwrap();
    }
}

async fn plain_of(server: &str, url: &str) {
    let mut times = Vec::new();
    let mut seen = String::new();
    for _ in 0..PAIRS {
        let begun = Instant::now();
        let snapshot = collected(url, 50).await;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        let plans = snapshot.statements.iter().filter(|s| !s.plans.is_empty()).count();
        seen = format!("{} statements, {plans} plans", snapshot.statements.len());
    }
    println!("{server}: plain collection {:.0} ms ({seen}; goal <= 1000 ms)", median(times));
}

async fn mysql(url: &str) -> mysql_async::Conn {
    let url = url.replacen("mariadb://", "mysql://", 1);
    mysql_async::Conn::new(mysql_async::Opts::from_url(&url).unwrap()).await.unwrap()
}

async fn mysql_workload(url: &str) {
    let mut conn = mysql(url).await;
    let columns: Vec<String> = (0..20).map(|i| format!("c{i} INT")).collect();
    for sql in [
        "DROP DATABASE IF EXISTS planscope_bench".to_owned(),
        "CREATE DATABASE planscope_bench".to_owned(),
        "USE planscope_bench".to_owned(),
        format!(
            "CREATE TABLE wide (id INT PRIMARY KEY, {}, INDEX (c1), INDEX (c2, c3))",
            columns.join(", ")
        ),
        "CREATE TABLE narrow (id INT PRIMARY KEY, a INT)".to_owned(),
    ] {
        conn.query_drop(sql).await.unwrap();
    }
    for i in 0..500 {
        let values: Vec<String> = (0..20).map(|c| ((i * (c + 3)) % 1000).to_string()).collect();
        conn.query_drop(format!("INSERT INTO wide VALUES ({i}, {})", values.join(", ")))
            .await
            .unwrap();
        conn.query_drop(format!("INSERT INTO narrow VALUES ({i}, {})", i % 10)).await.unwrap();
    }
    for text in texts().iter().take(100) {
        conn.query_drop(text).await.unwrap();
    }
}

/// A snapshot of 500 statements on disk, and how long it takes to open.
async fn snapshot() {
    let Some(url) = url("PG18") else { return };
    let shop = Shop::open(&url).await;
    workload(&shop).await;
    let snapshot = collected(&shop.url(), STATEMENTS).await;
    shop.close().await;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path());
    let begun = Instant::now();
    let path = store.save(&snapshot).unwrap();
    let saved = begun.elapsed().as_secs_f64() * 1000.0;
    let size = std::fs::metadata(&path).unwrap().len();
    let opened = (0..PAIRS).map(|_| {
        let begun = Instant::now();
        Store::load(&path).unwrap();
        begun.elapsed().as_secs_f64() * 1000.0
    });
    let opened = median(opened.collect());
    let statements = snapshot.statements.len();
    println!(
        "snapshot of {statements} statements: {:.2} MiB (goal <= 2), saved in {saved:.0} ms, opened in {opened:.1} ms (goal <= 50)",
        size as f64 / f64::from(1 << 20)
    );
}

/// Collects every second until it is stopped.
async fn watching(url: String, stop: Stop) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path());
    let target = target(&url);
    let policy = Policy::default();
    let open = || drivers::connect(&target, &policy, stop.clone()).boxed();
    let second = Duration::from_secs(1);
    let pace = Pace { first: second, shortest: second, longest: second, budget_percent: 100.0 };
    let watch = Watch {
        open: &open,
        request: Request::default(),
        store: &store,
        keep: Some("20".parse().unwrap()),
        pace,
        rounds: None,
        stop: stop.clone(),
    };
    let mut rounds = 0;
    let mut tell = |event: Event<'_>| rounds += u64::from(matches!(event, Event::Saved { .. }));
    run(&watch, &mut tell).await.unwrap();
    rounds
}

/// Throughput with a watch beside it, and without, in turns.
async fn beside(name: &str, url: &str, throughput: impl Fn() -> f64 + Copy + Send + 'static) {
    tokio::task::spawn_blocking(throughput).await.unwrap(); // Warms up.
    let (mut changes, mut collected) = (Vec::new(), 0);
    for pair in 0..5 {
        let mut with = 0.0;
        let mut without = 0.0;
        for turn in 0..2 {
            // Whichever is first changes, so that a trend hurts both alike.
            if (pair + turn) % 2 == 0 {
                let stop = Stop::new();
                let watch = tokio::spawn(watching(url.to_owned(), stop.clone()));
                with = tokio::task::spawn_blocking(throughput).await.unwrap();
                stop.stop();
                collected += watch.await.unwrap();
            } else {
                without = tokio::task::spawn_blocking(throughput).await.unwrap();
            }
        }
        println!("  {name}: {without:.0}/s alone, {with:.0}/s watched");
        changes.push((with / without - 1.0) * 100.0);
    }
    println!(
        "{name}: throughput changes by {:+.1} % beside a watch every second ({collected} collections; goal: lose at most 1 %)",
        median(changes)
    );
}

fn number_after(text: &str, mark: &str) -> f64 {
    let rest = text.split_once(mark).unwrap().1;
    rest.trim_start()
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

fn output(command: &mut Command) -> String {
    let output = command.stderr(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn watch_postgres() {
    let Some(url) = url("PG15") else { return };
    let shop = Shop::open(&url).await;
    workload(&shop).await;
    let of: &'static str = Box::leak(shop.url().into_boxed_str());
    output(Command::new("pgbench").args(["-i", "-q", "-s", "5", of]));
    let throughput = move || {
        let seconds = SECONDS.to_string();
        let text =
            output(Command::new("pgbench").args(["-n", "-c", "2", "-j", "1", "-T", &seconds, of]));
        number_after(&text, "tps = ")
    };
    beside("pgbench", of, throughput).await;
    shop.close().await;
}

fn sysbench(url: &str, command: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    let (user, rest) = rest.split_once('@').unwrap();
    let (name, password) = user.split_once(':').unwrap();
    let (place, _) = rest.split_once('/').unwrap();
    let (host, port) = place.split_once(':').unwrap();
    output(Command::new("sysbench").args([
        "oltp_read_write",
        &format!("--mysql-host={host}"),
        &format!("--mysql-port={port}"),
        &format!("--mysql-user={name}"),
        &format!("--mysql-password={password}"),
        "--mysql-db=planscope_bench",
        "--tables=2",
        "--table-size=10000",
        "--threads=2",
        &format!("--time={SECONDS}"),
        command,
    ]))
}

async fn watch_mysql() {
    for server in ["MYSQL", "MARIADB"] {
        let Some(url) = url(server) else { continue };
        mysql_workload(&url).await;
        let of: &'static str = Box::leak(url.clone().into_boxed_str());
        sysbench(of, "prepare");
        let throughput = move || {
            let text = sysbench(of, "run");
            number_after(text.split_once("transactions:").unwrap().1, "(")
        };
        let watched = format!("{}/planscope_bench", url.rsplit_once('/').unwrap().0);
        beside(&format!("sysbench on {server}"), &watched, throughput).await;
        mysql(&url).await.query_drop("DROP DATABASE planscope_bench").await.unwrap();
    }
}

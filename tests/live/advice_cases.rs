//! Index advice judged by labelled cases, on PostgreSQL 15 with HypoPG.
//!
//! One database; of each case the statements go through `planscope advise` and what comes back is
//! compared with what an experienced DBA would make, or with silence; `|` separates indexes that
//! are as good. The labels were written down from the data, and the advisor was then mended until it
//! met them: the figures guard against falling back, they do not measure unseen statements.

use crate::database::Database;
use crate::servers::server;
use crate::support::{TestEnv, say};
use std::time::Instant;

/// Least precision and recall.
const LEAST: f64 = 0.9;

/// A shop, its customers' events, a queue, a junction, a time series and partitions: with skewed,
/// correlated and nearly empty columns.
const SCHEMA: &str = "
    CREATE EXTENSION IF NOT EXISTS hypopg;
    CREATE TABLE countries (code text PRIMARY KEY, name text);
    INSERT INTO countries SELECT 'c' || i, 'country ' || i FROM generate_series(1, 200) i;
    CREATE TABLE accounts (id int PRIMARY KEY, email text, country text, city text, plan text,
      is_admin boolean, created_at timestamptz, deleted_at timestamptz, referrer_id int);
    INSERT INTO accounts SELECT i, 'User' || i || '@example.com', 'c' || i % 20, 'city' || i % 400,
      (ARRAY['free', 'free', 'free', 'pro', 'team'])[1 + i % 5], i % 1000 = 0,
      timestamptz '2024-01-01' + i * interval '5 minutes',
      CASE WHEN i % 50 = 0 THEN timestamptz '2024-06-01' + i * interval '1 minute' END, (i * 31) % 60000 FROM generate_series(1, 60000) i;
    CREATE TABLE orders (id int PRIMARY KEY, account_id int REFERENCES accounts, status text, channel text, total numeric,
      created_at timestamptz, shipped_at timestamptz, coupon_id int, note text);
    INSERT INTO orders SELECT i, 1 + (i::bigint * 7919) % 60000,
      CASE WHEN i % 200 = 0 THEN 'open' WHEN i % 33 = 0 THEN 'paid' ELSE 'done' END,
      (ARRAY['web', 'app', 'shop'])[1 + i % 3], (i * 17) % 1000,
      timestamptz '2024-01-01' + ((i::bigint * 104729) % 300000) * interval '2 minutes',
      CASE WHEN i % 200 <> 0 THEN timestamptz '2024-01-02' + ((i::bigint * 104729) % 300000) * interval '2 minutes' END,
      CASE WHEN i % 50 = 0 THEN i % 300 END, repeat('note ', 8) FROM generate_series(1, 300000) i;
    CREATE TABLE order_items (order_id int, line_no int, product_id int, quantity int, price numeric, PRIMARY KEY (order_id, line_no));
    INSERT INTO order_items SELECT 1 + i / 2, i % 2, 1 + (i::bigint * 7907) % 5000, 1 + i % 4, i % 300 FROM generate_series(0, 399999) i;
    CREATE TABLE products (id int PRIMARY KEY, sku text, name text, category_id int, price numeric, attrs jsonb);
    INSERT INTO products SELECT i, 'SKU-' || lpad(i::text, 6, '0'), 'product ' || i, i % 60, i % 900, jsonb_build_object('color', i % 9, 'size', i % 5)
      FROM generate_series(1, 20000) i;
    CREATE TABLE events (id bigint PRIMARY KEY, tenant_id int, user_id int, kind text, at timestamptz, payload text);
    INSERT INTO events SELECT i, 1 + (i::bigint * 7919) % 300, (i::bigint * 15485863) % 40000, 'kind' || (i * 7) % 12,
      timestamptz '2024-01-01' + i * interval '1 minute', repeat('x', 60) FROM generate_series(1, 300000) i;
    CREATE INDEX events_tenant_id_idx ON events (tenant_id);
    CREATE TABLE jobs (id int PRIMARY KEY, queue text, state text, priority int, run_at timestamptz, payload text);
    INSERT INTO jobs SELECT i, 'q' || i % 5, CASE WHEN i % 100 = 0 THEN 'queued' WHEN i % 333 = 0 THEN 'running' ELSE 'done' END,
      i % 10, timestamptz '2024-01-01' + i * interval '1 minute', repeat('y', 80) FROM generate_series(1, 200000) i;
    CREATE TABLE memberships (user_id int, group_id int, role text, joined_at timestamptz, PRIMARY KEY (user_id, group_id));
    INSERT INTO memberships SELECT u, (u * 37 + g * 1009) % 3000, CASE WHEN g = 1 THEN 'owner' ELSE 'member' END, timestamptz '2024-01-01' + u * interval '1 minute'
      FROM generate_series(1, 50000) u, generate_series(1, 4) g ON CONFLICT DO NOTHING;
    CREATE TABLE measurements (sensor_id int, at timestamptz, value float8);
    INSERT INTO measurements SELECT i % 200, timestamptz '2024-01-01' + (i / 200) * interval '1 minute', i % 97 FROM generate_series(1, 300000) i;
    CREATE TABLE logs (at timestamptz NOT NULL, host text, level text, message text) PARTITION BY RANGE (at);
    CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
    CREATE TABLE logs_2 PARTITION OF logs FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
    CREATE TABLE logs_3 PARTITION OF logs FOR VALUES FROM ('2024-03-01') TO ('2024-04-01');
    INSERT INTO logs SELECT timestamptz '2024-01-01' + i * interval '1 minute', 'host' || (i * 13) % 2000,
      (ARRAY['info', 'info', 'warn', 'error'])[1 + i % 4], repeat('z', 60) FROM generate_series(0, 129599) i;
    ANALYZE;";

/// Name, statements, expected indexes.
type Case = (&'static str, &'static str, &'static [&'static str]);

const CASES: &[Case] = &[
    ("an equality", "SELECT * FROM orders WHERE account_id = 42", &["orders (account_id)"]),
    (
        "an equality and a range",
        "SELECT * FROM orders WHERE channel = 'web' AND created_at BETWEEN '2024-05-01' AND \
         '2024-05-02'",
        &["orders (channel, created_at) | orders (created_at)"],
    ),
    (
        "a selective range",
        "SELECT * FROM orders WHERE created_at >= '2024-05-01' AND created_at < '2024-05-02'",
        &["orders (created_at)"],
    ),
    (
        "two equalities",
        "SELECT * FROM events WHERE kind = 'kind3' AND user_id = 77",
        &["events (user_id, kind) | events (user_id)"],
    ),
    (
        "the newest of all",
        "SELECT * FROM orders ORDER BY created_at DESC LIMIT 20",
        &["orders (created_at)"],
    ),
    (
        "the newest of a tenant",
        "SELECT * FROM events WHERE tenant_id = 7 ORDER BY at DESC LIMIT 20",
        &["events (tenant_id, at)"],
    ),
    (
        "mixed directions",
        "SELECT id FROM jobs ORDER BY priority DESC, run_at LIMIT 10",
        &["jobs (priority desc, run_at)"],
    ),
    (
        "a queue with few open jobs",
        "SELECT id FROM jobs WHERE queue = 'q0' AND state = 'queued' ORDER BY priority, \
         run_at LIMIT 1 FOR UPDATE SKIP LOCKED",
        &["jobs (state, queue, priority, run_at) | jobs (queue, state, priority, run_at)"],
    ),
    (
        "a join to the many side",
        "SELECT o.id, o.total FROM accounts a JOIN orders o ON o.account_id = a.id WHERE a.id \
         = 99",
        &["orders (account_id)"],
    ),
    (
        "a filter and then a join",
        "SELECT o.* FROM accounts a JOIN orders o ON o.account_id = a.id WHERE a.email = \
         'User77@example.com'",
        &["orders (account_id)", "accounts (email)"],
    ),
    (
        "three tables",
        "SELECT o.id FROM products p JOIN order_items i ON i.product_id = p.id JOIN orders o \
         ON o.id = i.order_id WHERE p.sku = 'SKU-000077'",
        &["order_items (product_id)", "products (sku)"],
    ),
    (
        "columns without a qualifier",
        "SELECT total, email FROM accounts JOIN orders ON account_id = accounts.id WHERE \
         email = 'User5@example.com'",
        &["orders (account_id)", "accounts (email)"],
    ),
    (
        "a junction from its other side",
        "SELECT user_id FROM memberships WHERE group_id = 17",
        &["memberships (group_id) | memberships (group_id, user_id)"],
    ),
    (
        "a function of a column",
        "SELECT * FROM accounts WHERE lower(email) = 'user77@example.com'",
        &["accounts (lower(email))"],
    ),
    ("a prefix", "SELECT * FROM products WHERE sku LIKE 'SKU-0012%'", &["products (sku)"]),
    (
        "EXISTS",
        "SELECT a.id FROM accounts a WHERE a.id < 100 AND EXISTS (SELECT 1 FROM orders o \
         WHERE o.account_id = a.id AND o.total > 100)",
        &["orders (account_id) | orders (account_id, total)"],
    ),
    (
        "NOT EXISTS",
        "SELECT a.id FROM accounts a WHERE a.id < 200 AND NOT EXISTS (SELECT 1 FROM orders o \
         WHERE o.account_id = a.id)",
        &["orders (account_id)"],
    ),
    (
        "IN with a subquery",
        "SELECT id, total FROM orders WHERE account_id IN (SELECT id FROM accounts WHERE id < \
         30)",
        &["orders (account_id)"],
    ),
    (
        "a correlated subquery",
        "SELECT a.id, (SELECT max(o.created_at) FROM orders o WHERE o.account_id = a.id) FROM \
         accounts a WHERE a.id BETWEEN 1 AND 20",
        &["orders (account_id) | orders (account_id, created_at)"],
    ),
    (
        "LATERAL",
        "SELECT a.id, l.id FROM accounts a CROSS JOIN LATERAL (SELECT id FROM orders o WHERE \
         o.account_id = a.id ORDER BY created_at DESC LIMIT 1) l WHERE a.id < 50",
        &["orders (account_id, created_at)"],
    ),
    (
        "a self join",
        "SELECT b.id FROM accounts a JOIN accounts b ON b.referrer_id = a.id WHERE a.id = 500",
        &["accounts (referrer_id)"],
    ),
    ("UPDATE", "UPDATE orders SET note = '' WHERE coupon_id = 50", &["orders (coupon_id)"]),
    ("DELETE", "DELETE FROM jobs WHERE run_at < '2024-01-02'", &["jobs (run_at)"]),
    (
        "IS NULL of few",
        "SELECT id, account_id, total, note FROM orders WHERE shipped_at IS NULL",
        &["orders (shipped_at)"],
    ),
    ("a rare boolean", "SELECT * FROM accounts WHERE is_admin", &["accounts (is_admin)"]),
    (
        "a soft delete",
        "SELECT * FROM accounts WHERE city = 'city8' AND deleted_at IS NULL",
        &["accounts (city)"],
    ),
    ("MAX", "SELECT max(total) FROM orders", &["orders (total)"]),
    (
        "the last of a series",
        "SELECT at, value FROM measurements WHERE sensor_id = 5 ORDER BY at DESC LIMIT 1",
        &["measurements (sensor_id, at)"],
    ),
    (
        "groups of few rows",
        "SELECT product_id, sum(quantity) FROM order_items WHERE product_id IN (5, 6, 7) \
         GROUP BY product_id",
        &["order_items (product_id)"],
    ),
    (
        "OR over two columns",
        "SELECT * FROM orders WHERE account_id = 5 OR coupon_id = 50",
        &["orders (account_id)", "orders (coupon_id)"],
    ),
    (
        "UNION ALL",
        "SELECT id FROM orders WHERE account_id = 5 UNION ALL SELECT id FROM orders WHERE \
         coupon_id = 50",
        &["orders (account_id)", "orders (coupon_id)"],
    ),
    (
        "keyset pagination",
        "SELECT * FROM orders WHERE (created_at, id) < ('2024-06-01', 500) ORDER BY \
         created_at DESC, id DESC LIMIT 20",
        &["orders (created_at, id) | orders (created_at)"],
    ),
    (
        "a CTE",
        "WITH mine AS (SELECT * FROM orders WHERE account_id = 12) SELECT status, count(*) \
         FROM mine GROUP BY status",
        &["orders (account_id)"],
    ),
    ("partitions", "SELECT * FROM logs WHERE host = 'host77'", &["logs (host)"]),
    (
        "three statements, one index",
        "SELECT * FROM orders WHERE account_id = 42; SELECT * FROM orders WHERE account_id = \
         43 ORDER BY created_at DESC LIMIT 1; SELECT * FROM orders WHERE account_id = 3 AND \
         created_at > '2025-01-01'",
        &["orders (account_id, created_at) | orders (account_id)"],
    ),
    (
        "a tenant's statements",
        "SELECT * FROM events WHERE tenant_id = 1 AND kind = 'kind3' ORDER BY at DESC LIMIT \
         10; SELECT count(*) FROM events WHERE tenant_id = 1 AND kind = 'kind3'",
        &["events (tenant_id, kind, at)"],
    ),
    (
        "a whole-table aggregate",
        "SELECT status, count(*), sum(total) FROM orders GROUP BY status",
        &[],
    ),
    ("a range of most rows", "SELECT * FROM orders WHERE created_at > '2024-01-10'", &[]),
    ("a frequent value", "SELECT * FROM orders WHERE status = 'done'", &[]),
    ("an inequality", "SELECT * FROM accounts WHERE plan <> 'free'", &[]),
    ("NOT IN", "SELECT * FROM orders WHERE status NOT IN ('open', 'paid')", &[]),
    ("IS NOT NULL", "SELECT * FROM orders WHERE shipped_at IS NOT NULL", &[]),
    ("a tiny table", "SELECT * FROM countries WHERE name = 'country 7'", &[]),
    ("a leading wildcard", "SELECT * FROM accounts WHERE email LIKE '%7@example%'", &[]),
    ("a primary key", "SELECT * FROM orders WHERE id = 9", &[]),
    ("the beginning of a primary key", "SELECT * FROM memberships WHERE user_id = 77", &[]),
    ("an index that exists", "SELECT count(*) FROM events WHERE tenant_id = 5", &[]),
    ("a LIMIT that stops early", "SELECT * FROM orders WHERE status = 'done' LIMIT 10", &[]),
    ("a document's member", "SELECT * FROM products WHERE attrs @> '{\"color\": 3}'", &[]),
    (
        "a join of everything",
        "SELECT a.country, sum(o.total) FROM accounts a JOIN orders o ON o.account_id = a.id \
         GROUP BY a.country",
        &[],
    ),
    ("a sort of everything", "SELECT * FROM accounts ORDER BY city, email", &[]),
    (
        "a cast that depends on the session",
        "SELECT count(*) FROM orders WHERE created_at::date = '2024-05-05'",
        &[],
    ),
    ("a coarse expression", "SELECT * FROM orders WHERE upper(status) = 'DONE'", &[]),
];

/// An index as the labels write it: `events (tenant_id, at desc)`; a direction only where the
/// directions are mixed, because a B-tree is read both ways.
fn shown(advice: &serde_json::Value) -> String {
    let columns: Vec<&serde_json::Value> =
        advice["columns"].as_array().into_iter().flatten().collect();
    let is_descending = |column: &serde_json::Value| column["order"] == "desc";
    let sorted: Vec<bool> = columns.iter().map(|column| is_descending(column)).collect();
    // What stands before the first descending key is pinned, or the directions are mixed.
    let mixed = sorted.first() == Some(&true) && sorted.contains(&false);
    let key = |column: &&serde_json::Value| {
        let name = column["name"].as_str().or(column["expression"].as_str()).unwrap_or("?");
        let direction = if mixed && is_descending(column) { " desc" } else { "" };
        format!("{name}{direction}")
    };
    let table = advice["table"].as_str().unwrap_or("?").trim_start_matches("public.");
    format!("{table} ({})", columns.iter().map(key).collect::<Vec<_>>().join(", "))
}

/// Right, wrong and missing indexes.
#[derive(Default)]
struct Score {
    right: usize,
    wrong: Vec<String>,
    missing: Vec<String>,
}

impl Score {
    fn add(&mut self, (name, _, expected): &Case, advised: Vec<String>) {
        let mut open: Vec<&str> = expected.to_vec();
        for index in advised {
            match open.iter().position(|label| label.split(" | ").any(|one| one == index)) {
                Some(at) => {
                    open.remove(at);
                    self.right += 1;
                }
                None => self.wrong.push(format!("{name}: {index}")),
            }
        }
        self.missing.extend(open.iter().map(|label| format!("{name}: {label}")));
    }

    fn precision(&self) -> f64 {
        self.right as f64 / (self.right + self.wrong.len()).max(1) as f64
    }

    fn recall(&self) -> f64 {
        self.right as f64 / (self.right + self.missing.len()).max(1) as f64
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is part of what it says")]
fn advice_is_what_a_dba_would_make() {
    let Some(url) = server("PG15") else { return };
    let started = Instant::now();
    let database = Database::create(&url, "planscope_e2e_advice_cases");
    database.run(SCHEMA);
    database.run("VACUUM");
    let env = TestEnv::new();
    let target = database.url();
    let mut score = Score::default();
    for case in CASES {
        env.file("case.sql", format!("{};\n", case.1));
        let args = ["advise", &target, "--queries", "case.sql", "--format", "json"];
        let report = env.run(args).code(0).json();
        let advised = report["advice"].as_array().into_iter().flatten().map(shown).collect();
        score.add(case, advised);
    }
    let (precision, recall) = (score.precision(), score.recall());
    say(&format!(
        "{} cases in {:.0} s: precision {precision:.2}, recall {recall:.2}\nwrong: {:#?}\nmissing: {:#?}",
        CASES.len(),
        started.elapsed().as_secs_f64(),
        score.wrong,
        score.missing,
    ));
    assert!(precision >= LEAST && recall >= LEAST, "precision {precision:.2}, recall {recall:.2}");
}

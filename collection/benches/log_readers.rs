//! How fast logs are read, beside `wc -l` on the same bytes in the same minute: one thread, the best
//! of interleaved runs. `cargo bench -p planscope-collection`; sizes in MB with `LOG_BENCH_MB`, a real
//! log instead of the made ones with its path as argument.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]
#![expect(
    clippy::expect_used,
    reason = "a bench that cannot write its logs has nothing to measure"
)]

use planscope_collection::guard::Stop;
use planscope_collection::logs::{Input, LogDigest, Options, digest};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Interleaved pairs of runs.
const PAIRS: usize = 5;

#[expect(clippy::disallowed_methods, reason = "a bench measures, and is told its size")]
fn main() {
    let size_mb = std::env::var("LOG_BENCH_MB").ok().and_then(|mb| mb.parse().ok()).unwrap_or(48);
    let real: Vec<PathBuf> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).map(PathBuf::from).collect();
    let folder = std::env::temp_dir().join(format!("planscope-log-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the logs");
    let logs = if real.is_empty() { made(&folder, size_mb << 20) } else { real };
    println!(
        "{:<24} {:>8} {:>9} {:>9} {:>9} {:>8} {:>8} {:>8}",
        "log", "MB", "MB/s", "events/s", "wc MB/s", "x wc -l", "events", "classes"
    );
    for log in &logs {
        measure(log);
    }
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

#[expect(clippy::disallowed_methods, reason = "a bench measures")]
fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let done = work();
    (start.elapsed().as_secs_f64(), done)
}

fn count_lines(log: &Path) {
    let input = File::open(log).expect("the log is there");
    let status = Command::new("wc").arg("-l").stdin(input).stdout(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "wc counts lines");
}

fn read(log: &Path) -> LogDigest {
    let mut options = Options { threads: 1, ..Options::default() };
    options.selection.top = 500;
    digest(&[Input::Path(log.to_owned())], &options, &Stop::new()).expect("the log is known")
}

fn measure(log: &Path) {
    let (mut ours, mut theirs) = (f64::MAX, f64::MAX);
    let mut last = read(log);
    for _ in 0..PAIRS {
        theirs = theirs.min(timed(|| count_lines(log)).0);
        let (seconds, digest) = timed(|| read(log));
        (ours, last) = (ours.min(seconds), digest);
    }
    let mb = std::fs::metadata(log).map_or(0.0, |file| file.len() as f64 / 1e6);
    let name = log.file_name().unwrap_or_default().to_string_lossy().into_owned();
    println!(
        "{name:<24} {mb:>8.1} {:>9.0} {:>9.0} {:>9.0} {:>8.1} {:>8} {:>8}",
        mb / ours,
        last.facts.events as f64 / ours,
        mb / theirs,
        ours / theirs,
        last.facts.events,
        last.snapshot.coverage.of,
    );
}

/// Statements of 1,500 kinds with fresh literals, some of several lines.
fn statement(n: usize) -> String {
    let kind = n % 1500;
    let (a, b) = (n * 7919 % 100_003, n * 31 % 997);
    match n % 8 {
        0 => format!(
            "SELECT o.id, o.total, c.name FROM orders_{kind} o JOIN customers c ON c.id = o.customer_id WHERE o.id = {a} AND o.status = 'state {b}' ORDER BY o.created_at DESC LIMIT {b}"
        ),
        1 => format!(
            "INSERT INTO events_{kind} (id, kind, payload) VALUES ({a}, 'click', '{{\"x\": {b}}}'), ({b}, 'view', NULL)"
        ),
        2 => format!("UPDATE accounts_{kind} SET balance = balance + {b}.25 WHERE id = {a}"),
        3 => format!(
            "SELECT \"t{kind}\".\"id\", \"t{kind}\".\"name\" FROM \"t{kind}\" WHERE \"t{kind}\".\"id\" IN ({a}, {b}, {}, {}, {})",
            a + 1,
            a + 2,
            b + 3
        ),
        4 => format!(
            "SELECT count(*)\n  FROM visits_{kind} v\n  LEFT JOIN users u ON u.id = v.user_id\n WHERE v.at > '2024-01-01 00:00:{:02}'\n   AND u.email = 'user{a}@example.com'",
            b % 60
        ),
        5 => format!(
            "/* controller:Shop,action:show */ SELECT * FROM products_{kind} WHERE sku = 'SKU-{a}' AND price < {b}.99"
        ),
        6 => format!(
            "WITH recent AS (SELECT id FROM logs_{kind} WHERE at > now() - interval '{b} days')\nDELETE FROM logs_{kind} USING recent WHERE recent.id = logs_{kind}.id AND logs_{kind}.level = {a}"
        ),
        _ => format!("SELECT c FROM sbtest{} WHERE id={a}", kind % 10),
    }
}

/// Writes one event.
type Writer = fn(usize, &mut String);

fn made(folder: &Path, bytes: usize) -> Vec<PathBuf> {
    let writers: [(&str, Writer); 7] = [
        ("pg-stderr-adhoc", stderr),
        ("pg-stderr-prepared", prepared),
        ("pg-csv", csv),
        ("pg-json", json),
        ("mysql-slow", slow),
        ("mariadb-slow-explain", slow_explain),
        ("mongodb-json", mongodb),
    ];
    writers
        .map(|(name, write)| {
            let path = folder.join(name);
            let mut file = File::create(&path).expect("a log");
            let (mut text, mut written, mut n) = (String::new(), 0, 0);
            while written < bytes {
                text.clear();
                while text.len() < 1 << 20 {
                    write(n, &mut text);
                    n += 1;
                }
                file.write_all(text.as_bytes()).expect("the log takes it");
                written += text.len();
            }
            path
        })
        .to_vec()
}

fn time(n: usize) -> String {
    format!(
        "2024-05-06 {:02}:{:02}:{:02}.{:03}",
        n / 360_000 % 24,
        n / 6000 % 60,
        n / 100 % 60,
        n % 1000
    )
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).and_then(|()| out.write_char('\n')).expect("memory takes it");
}

fn stderr(n: usize, out: &mut String) {
    let text = statement(n).replace('\n', "\n\t");
    line(
        out,
        format_args!(
            "{} UTC [{}] app@shop LOG:  duration: {}.{:03} ms  statement: {text}",
            time(n),
            1000 + n % 16,
            n % 90,
            n % 1000
        ),
    );
}

fn prepared(n: usize, out: &mut String) {
    let text = [
        "UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2",
        "SELECT abalance FROM pgbench_accounts WHERE aid = $1",
    ][n % 2];
    let head = format!("{} UTC [{}] app@shop ", time(n), 1000 + n % 16);
    line(out, format_args!("{head}LOG:  duration: 0.{:03} ms  parse P_1: {text}", n % 1000));
    line(out, format_args!("{head}LOG:  duration: 0.{:03} ms  bind P_1: {text}", n % 1000));
    line(out, format_args!("{head}DETAIL:  parameters: $1 = '{n}', $2 = '{}'", n * 7));
    line(out, format_args!("{head}LOG:  duration: 0.{:03} ms  execute P_1: {text}", n % 1000));
    line(out, format_args!("{head}DETAIL:  parameters: $1 = '{n}', $2 = '{}'", n * 7));
}

fn csv(n: usize, out: &mut String) {
    let text = statement(n).replace('"', "\"\"");
    line(
        out,
        format_args!(
            "{} UTC,\"app\",\"shop\",{},\"127.0.0.1:5555\",65f.1,{n},\"SELECT\",2024-05-06 00:00:00 UTC,1/2,0,LOG,00000,\"duration: {}.{:03} ms  statement: {text}\",,,,,,,,,\"psql\",\"client backend\",,{}",
            time(n),
            1000 + n % 16,
            n % 90,
            n % 1000,
            n % 1500 + 1
        ),
    );
}

fn json(n: usize, out: &mut String) {
    let text = statement(n).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    line(
        out,
        format_args!(
            "{{\"timestamp\":\"{} UTC\",\"user\":\"app\",\"dbname\":\"shop\",\"pid\":{},\"remote_host\":\"[local]\",\"session_id\":\"65f.1\",\"line_num\":{n},\"ps\":\"SELECT\",\"session_start\":\"2024-05-06 00:00:00 UTC\",\"vxid\":\"1/2\",\"txid\":0,\"error_severity\":\"LOG\",\"message\":\"duration: {}.{:03} ms  statement: {text}\",\"application_name\":\"psql\",\"backend_type\":\"client backend\",\"query_id\":{}}}",
            time(n),
            1000 + n % 16,
            n % 90,
            n % 1000,
            n % 1500 + 1
        ),
    );
}

fn slow(n: usize, out: &mut String) {
    let text = statement(n).replace('"', "`");
    line(
        out,
        format_args!(
            "# Time: {}Z\n# User@Host: app[app] @ localhost []  Id: {}\n# Query_time: 0.{:06}  Lock_time: 0.000002 Rows_sent: {}  Rows_examined: {}\nSET timestamp=1714953600;\n{text};",
            time(n).replace(' ', "T"),
            n % 16,
            n % 1_000_000,
            n % 10,
            n % 1000
        ),
    );
}

fn slow_explain(n: usize, out: &mut String) {
    let text = statement(n).replace('"', "`");
    line(
        out,
        format_args!(
            "# Time: 240506 00:{:02}:{:02}\n# User@Host: app[app] @ localhost []\n# Thread_id: {}  Schema: shop  QC_hit: No\n# Query_time: 0.{:06}  Lock_time: 0.000002  Rows_sent: {}  Rows_examined: {}\n# Rows_affected: 0  Bytes_sent: 100\n# Full_scan: No  Full_join: No  Tmp_table: No  Tmp_table_on_disk: No\n# Filesort: No  Filesort_on_disk: No  Merge_passes: 0  Priority_queue: No\n#\n# explain: id\tselect_type\ttable\ttype\tpossible_keys\tkey\tkey_len\tref\trows\tr_rows\tfiltered\tr_filtered\tExtra\n# explain: 1\tSIMPLE\tt\tconst\tPRIMARY\tPRIMARY\t4\tconst\t1\t1.00\t100.00\t100.00\t\n#\nSET timestamp=1714953600;\n{text};",
            n / 6000 % 60,
            n / 100 % 60,
            n % 16,
            n % 1_000_000,
            n % 10,
            n % 1000
        ),
    );
}

fn mongodb(n: usize, out: &mut String) {
    let kind = n % 400;
    line(
        out,
        format_args!(
            "{{\"t\":{{\"$date\":\"{}+00:00\"}},\"s\":\"I\",  \"c\":\"COMMAND\",  \"id\":51803,   \"ctx\":\"conn{}\",\"msg\":\"Slow query\",\"attr\":{{\"type\":\"command\",\"ns\":\"shop.orders_{kind}\",\"appName\":\"shop\",\"command\":{{\"find\":\"orders_{kind}\",\"filter\":{{\"customer_id\":{n},\"status\":{{\"$in\":[\"paid\",\"sent\"]}}}},\"sort\":{{\"created_at\":-1}},\"limit\":20,\"lsid\":{{\"id\":{{\"$uuid\":\"f47a9d86-066d-480b-ac20-931d5c8124fb\"}}}},\"$db\":\"shop\"}},\"planSummary\":\"IXSCAN {{ customer_id: 1 }}\",\"keysExamined\":{},\"docsExamined\":{},\"cursorExhausted\":true,\"numYields\":0,\"nreturned\":{},\"queryHash\":\"980CC718\",\"planCacheKey\":\"4DA1182B\",\"reslen\":720,\"locks\":{{\"FeatureCompatibilityVersion\":{{\"acquireCount\":{{\"r\":1}}}},\"Global\":{{\"acquireCount\":{{\"r\":1}}}},\"Mutex\":{{\"acquireCount\":{{\"r\":1}}}}}},\"storage\":{{}},\"remote\":\"127.0.0.1:36790\",\"protocol\":\"op_msg\",\"durationMillis\":{}}}}}",
            time(n).replace(' ', "T"),
            n % 16,
            n % 100,
            n % 100,
            n % 20,
            n % 50
        ),
    );
}

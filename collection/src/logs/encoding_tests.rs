//! The same events in every encoding of PostgreSQL, by one thread or many, give one snapshot.

use super::*;
use crate::guard::Stop;
use planscope_explain::workload::{LogFacts, Statement};
use std::fmt::Write as _;

/// An entry of a log, before it is written in an encoding.
struct Entry {
    at: u32,
    pid: u32,
    user: &'static str,
    severity: &'static str,
    message: String,
    statement: &'static str,
}

/// Fixed events: plain, of several lines, prepared, with quotes; an error, a temporary file.
fn entries() -> Vec<Entry> {
    let texts = [
        "statement: SELECT * FROM orders WHERE id = {n}",
        "statement: SELECT a,\n  b -- comment\nFROM \"Odd, name\"\nWHERE c = 'it''s {n}'",
        "execute S_1: UPDATE orders SET total = $1 WHERE id = $2",
        "parse S_1: UPDATE orders SET total = $1 WHERE id = $2",
        "statement: INSERT INTO t VALUES ({n}, 'tab\there; \\ back', E'\\u00e9 é')",
    ];
    let mut entries = Vec::new();
    for n in 0..500u32 {
        let text = texts[n as usize % texts.len()].replace("{n}", &n.to_string());
        let message = format!("duration: {}.{:03} ms  {text}", n % 37, n % 1000);
        let user = ["ann", "bob"][n as usize % 2];
        let pid = 100 + n % 7;
        entries.push(Entry { at: n, pid, user, severity: "LOG", message, statement: "" });
        if n % 50 == 3 {
            let message = format!("relation \"x{n}\" does not exist");
            let statement = "SELECT 1\nFROM x";
            entries.push(Entry { at: n, pid, user, severity: "ERROR", message, statement });
            let message = format!("temporary file: path \"base/pgsql_tmp/t{n}\", size {}", n * 100);
            let statement = "SELECT * FROM orders WHERE id = 1";
            entries.push(Entry { at: n, pid, user, severity: "LOG", message, statement });
        }
    }
    entries
}

impl Entry {
    fn time(&self) -> String {
        format!("2024-05-06 {:02}:{:02}:{:02}.250", 7 + self.at / 100, self.at % 60, self.at % 53)
    }

    fn tabbed(text: &str) -> String {
        text.replace('\n', "\n\t")
    }

    fn plain(&self, prefix: &str) -> String {
        let mut text = format!("{prefix}{}:  {}\n", self.severity, Self::tabbed(&self.message));
        if !self.statement.is_empty() {
            writeln!(text, "{prefix}STATEMENT:  {}", Self::tabbed(self.statement)).unwrap();
        }
        text
    }

    fn stderr(&self) -> String {
        let prefix = format!("{} UTC [{}] {}@shop ", self.time(), self.pid, self.user);
        self.plain(&prefix)
    }

    fn rds(&self) -> String {
        let time = self.time();
        let prefix = format!("{} UTC:10.0.0.1(5555):{}@shop:[{}]:", time, self.user, self.pid);
        self.plain(&prefix)
    }

    fn csv(&self) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let statement =
            if self.statement.is_empty() { String::new() } else { quoted(self.statement) };
        format!(
            "{} UTC,\"{}\",\"shop\",{},\"[local]\",65f.1,1,\"SELECT\",2024-05-06 07:00:00 UTC,1/2,0,\
             {},00000,{},,,,,,{statement},,,\"\",\"client backend\",,0\n",
            self.time(),
            self.user,
            self.pid,
            self.severity,
            quoted(&self.message)
        )
    }

    fn json(&self) -> String {
        let mut object = serde_json::json!({
            "timestamp": format!("{} UTC", self.time()), "user": self.user, "dbname": "shop",
            "pid": self.pid, "error_severity": self.severity, "message": self.message,
            "backend_type": "client backend", "query_id": 0,
        });
        if !self.statement.is_empty() {
            object["statement"] = self.statement.into();
        }
        format!("{object}\n")
    }

    fn operator(&self) -> String {
        let record: serde_json::Value = serde_json::from_str(&self.json()).unwrap();
        let record = serde_json::json!({
            "log_time": record["timestamp"], "user_name": self.user, "database_name": "shop",
            "process_id": self.pid.to_string(), "error_severity": self.severity,
            "message": self.message, "query": self.statement,
        });
        let line = serde_json::json!({"level": "info", "logger": "postgres", "record": record});
        format!("{line}\n")
    }

    fn cloud(&self) -> String {
        let prefix = format!("[{}]: [1-1] db=shop,user={} ", self.pid, self.user);
        let time = self.time().replace(' ', "T") + "Z";
        let line = serde_json::json!({"textPayload": self.plain(&prefix), "timestamp": time});
        format!("{line}\n")
    }

    /// Messages are cut at ends of lines and after 60 bytes; the number is that of the entry.
    fn syslog(&self, number: usize) -> String {
        let prefix = format!("user={},db=shop ", self.user);
        let head = format!(
            "{}+00:00 host postgres[{}]: [{number}-",
            self.time().replace(' ', "T"),
            self.pid
        );
        let mut out = String::new();
        let mut piece = 0;
        for line in self.plain(&prefix).lines() {
            let mut rest = line;
            while !rest.is_empty() {
                let cut = rest.char_indices().map(|(at, _)| at).find(|at| *at >= 60);
                let (part, after) = rest.split_at(cut.unwrap_or(rest.len()));
                piece += 1;
                writeln!(out, "{head}{piece}] {}", part.replace('\t', "#011")).unwrap();
                rest = after;
            }
        }
        out
    }
}

fn read(text: String, threads: usize) -> LogDigest {
    let options = Options { threads, keep_literals: true, ..Options::default() };
    let input = Input::Bytes("log".into(), text.into_bytes());
    digest(&[input], &options, &Stop::new()).unwrap()
}

/// What must be the same: layout in the example may differ.
fn comparable(digest: &LogDigest) -> (Vec<Statement>, LogFacts) {
    let mut statements = digest.snapshot.statements.clone();
    for statement in &mut statements {
        statement.text = statement.text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let mut facts = *digest.snapshot.log.clone().unwrap();
    facts.sources.clear();
    for failed in &mut facts.failed {
        failed.text = failed.text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    (statements, facts)
}

#[test]
fn every_encoding_gives_the_same_snapshot() {
    let entries = entries();
    let all = |write: &dyn Fn(&Entry) -> String| entries.iter().map(write).collect::<String>();
    let wanted = read(all(&Entry::stderr), 1);
    assert_eq!(wanted.snapshot.statements.len(), 4);
    assert_eq!(wanted.facts.events, 400);
    assert_eq!(wanted.facts.steps.0, 100);
    assert_eq!(wanted.facts.temp_files.0, 10);
    assert_eq!(wanted.snapshot.log.as_ref().unwrap().failed[0].errors, 10);
    let numbered = entries.iter().enumerate().map(|(number, e)| e.syslog(number + 1)).collect();
    let encodings = [
        ("postgres-stderr", all(&Entry::rds)),
        ("postgres-csv", all(&Entry::csv)),
        ("postgres-json", all(&Entry::json)),
        ("postgres-json", all(&Entry::operator)),
        ("postgres-wrapped", all(&Entry::cloud)),
        ("postgres-syslog", numbered),
    ];
    for (format, text) in encodings {
        let found = read(text, 1);
        assert_eq!(found.sources[0].format, format);
        assert!(found.rejects.is_empty(), "{format}: {:?}", found.rejects);
        assert_eq!(comparable(&found), comparable(&wanted), "{format}");
    }
}

#[test]
fn threads_change_nothing() {
    let entries = entries();
    let text: String = entries.iter().map(Entry::stderr).collect::<String>().repeat(40);
    assert!(text.len() > 2 << 20, "more than one block");
    let (one, many) = (read(text.clone(), 1), read(text, 4));
    assert_eq!(comparable(&one), comparable(&many));
    assert_eq!(one.facts.events, 16_000);
    assert_eq!(one.snapshot.statements, many.snapshot.statements);
}

#[test]
fn files_are_merged_and_filtered() {
    let entries = entries();
    let text: String = entries.iter().map(Entry::stderr).collect();
    let filter = Filter { users: vec!["ann".into()], ..Filter::default() };
    let options = Options { filter, ..Options::default() };
    let inputs = ["a", "b"].map(|name| Input::Bytes(name.into(), text.clone().into_bytes()));
    let digest = digest(&inputs, &options, &Stop::new()).unwrap();
    assert_eq!(digest.facts.events, 400);
    assert_eq!(digest.facts.filtered, 400);
    assert!(digest.snapshot.statements.iter().all(|s| s.user.as_deref() == Some("ann")));
}

/// The lines of a server that logs the statement and its duration apart.
fn pairs(pid: u32, from: u32, count: u32) -> Vec<String> {
    let line = |second: u32, text: String| {
        format!(
            "2024-05-06 07:{:02}:{:02}.000 UTC [{pid}] a@shop LOG:  {text}\n",
            second / 60,
            second % 60
        )
    };
    let pair = |n: u32| {
        let at = from + n;
        [
            line(at, format!("statement: SELECT * FROM t{pid}")),
            line(at, format!("duration: {n}.5 ms")),
        ]
    };
    (0..count).flat_map(pair).collect()
}

#[test]
fn a_duration_in_the_next_file_finds_its_statement() {
    let lines = pairs(7, 0, 20);
    let whole = read(lines.concat(), 2);
    assert_eq!((whole.facts.events, whole.facts.untimed), (20, 0));
    // A rotation between a statement and its duration; and names that sort the wrong way round.
    for cut in [1, 19, 20] {
        let (old, new) = (lines[..cut].concat(), lines[cut..].concat());
        let input = |name: &str, text: String| Input::Bytes(name.into(), text.into_bytes());
        let inputs = [input("postgresql.log", new), input("postgresql.log.1", old)];
        let options = Options { keep_literals: true, threads: 2, ..Options::default() };
        let parts = digest(&inputs, &options, &Stop::new()).unwrap();
        assert_eq!(parts.snapshot.statements, whole.snapshot.statements, "{cut}");
        assert!(parts.rejects.is_empty(), "{cut}: {:?}", parts.rejects);
        assert_eq!(parts.sources[0].name, "postgresql.log.1");
    }
}

#[test]
fn logs_of_other_times_do_not_pair() {
    // Of two servers with the same process id: the first ends with a statement, the second begins
    // with a duration, but before that.
    let (first, second) = (pairs(7, 60, 3), pairs(7, 0, 3));
    let input = |name: &str, text: String| Input::Bytes(name.into(), text.into_bytes());
    let inputs = [input("a", second[1..].concat()), input("b", first[..5].concat())];
    let digest = digest(&inputs, &Options::default(), &Stop::new()).unwrap();
    assert_eq!((digest.facts.events, digest.facts.untimed), (4, 1));
    assert_eq!(digest.rejects[&Reason::NoStatement].count, 1);
}

#[test]
fn interleaved_processes_keep_their_own_durations() {
    let (seven, eight) = (pairs(7, 0, 20), pairs(8, 0, 20));
    let mixed: String = seven.iter().zip(&eight).flat_map(|(a, b)| [a.as_str(), b]).collect();
    let digest = read(mixed, 1);
    assert_eq!((digest.facts.events, digest.facts.untimed, digest.rejects.len()), (40, 0, 0));
    for statement in &digest.snapshot.statements {
        assert_eq!(statement.counters.calls, Some(20.0), "{}", statement.text);
        assert_eq!(statement.counters.total_ms, Some(200.0), "{}", statement.text);
    }
}

//! Where the test servers are, and what a test reads of their logs.

use crate::guard::Stop;
use crate::logs::{Filter, Input, LogDigest, Options, digest};
use planscope_explain::workload::{Fingerprint, Statement};
use std::collections::BTreeMap;
use std::io::Write as _;

/// What `PLANSCOPE_TEST_{name}` says: the URL of a server, or its log. Without one the test says so
/// and passes, unless servers are required.
pub fn named(name: &str) -> Option<String> {
    let value = known(name);
    assert!(value.is_some() || !is_required(), "PLANSCOPE_TEST_{name} is not set, but required");
    value
}

/// As [`named`], of a server that may be missing even where servers are required.
#[expect(clippy::disallowed_methods, reason = "where the servers are, only dev/servers knows")]
pub fn known(name: &str) -> Option<String> {
    let variable = format!("PLANSCOPE_TEST_{name}");
    let value = std::env::var(&variable).ok();
    if value.is_none() {
        say(&format!(
            "skipped: {variable} is not set (dev/servers up; eval \"$(dev/servers env)\")"
        ));
    }
    value
}

/// Says something past the test runner, which keeps what a passing test prints to itself.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Whether a test must not be skipped, as in CI.
#[expect(clippy::disallowed_methods, reason = "a switch of the tests' own")]
pub fn is_required() -> bool {
    std::env::var("PLANSCOPE_TEST_REQUIRE_SERVERS").is_ok_and(|value| value == "1")
}

/// What a server's log says of one database.
pub fn read_log(log: &str, database: &str) -> LogDigest {
    let filter = Filter { databases: vec![database.to_owned()], ..Filter::default() };
    let options = Options { filter, keep_literals: true, ..Options::default() };
    digest(&[Input::Path(log.into())], &options, &Stop::new()).unwrap()
}

/// How often each statement was called, with a text of it.
pub fn calls(statements: &[Statement]) -> BTreeMap<Fingerprint, (f64, String)> {
    let mut calls: BTreeMap<Fingerprint, (f64, String)> = BTreeMap::new();
    for statement in statements {
        let known = calls.entry(statement.fingerprint).or_default();
        known.0 += statement.counters.calls.unwrap();
        known.1.clone_from(&statement.text);
    }
    calls
}

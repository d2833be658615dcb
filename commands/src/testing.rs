//! What tests need from the machine: a server, a program; and whether they may go without.

use std::io::Write as _;

/// The URL of a test server; without one the test says so and passes, unless servers are required.
#[expect(clippy::disallowed_methods, reason = "where the servers are, only dev/servers knows")]
pub fn server(name: &str) -> Option<String> {
    let variable = format!("PLANSCOPE_TEST_{name}");
    let url = std::env::var(&variable).ok();
    if url.is_none() {
        skip(&format!("{variable} is not set (dev/servers up; eval \"$(dev/servers env)\")"));
    }
    url
}

/// Says why a test is skipped; where nothing may be missing, as in CI, it fails.
#[expect(clippy::disallowed_methods, reason = "a switch of the tests' own")]
pub fn skip(why: &str) {
    let required = std::env::var("PLANSCOPE_TEST_REQUIRE_SERVERS").is_ok_and(|value| value == "1");
    assert!(!required, "{why}, and must be there");
    // Past the test runner, which keeps what a passing test prints to itself.
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

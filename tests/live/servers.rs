//! Which test servers there are.

use crate::support::say;

/// The URL of a test server, or `None` after saying that the test is skipped. Where servers are
/// required (CI) a missing one fails.
pub fn server(name: &str) -> Option<String> {
    let variable = format!("PLANSCOPE_TEST_{name}");
    if let Ok(url) = std::env::var(&variable) {
        return Some(url);
    }
    let required = std::env::var_os("PLANSCOPE_TEST_REQUIRE_SERVERS").is_some();
    assert!(!required, "{variable} is not set, but servers are required");
    say(&format!("skipped: {variable} is not set (dev/servers up; eval \"$(dev/servers env)\")"));
    None
}

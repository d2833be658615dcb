//! Which test servers there are, and whether tests may go without.

use crate::support::say;

/// The URL of a test server, or `None` after saying that the test is skipped. Where servers are
/// required (CI) a missing one fails.
pub fn server(name: &str) -> Option<String> {
    let variable = format!("PLANSCOPE_TEST_{name}");
    let url = std::env::var(&variable).ok();
    if url.is_none() {
        assert!(!is_required(), "{variable} is not set, but servers are required");
        say(&format!(
            "skipped: {variable} is not set (dev/servers up; eval \"$(dev/servers env)\")"
        ));
    }
    url
}

/// Whether a test must not be skipped, as in CI.
pub fn is_required() -> bool {
    std::env::var("PLANSCOPE_TEST_REQUIRE_SERVERS").is_ok_and(|value| value == "1")
}

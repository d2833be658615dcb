//! The one place that asks what time it is.

use jiff::Timestamp;

/// Now, as an RFC 3339 text in UTC with milliseconds. `PLANSCOPE_NOW` fixes it for tests.
pub fn now() -> String {
    timestamp().to_string()
}

/// Today in UTC, `2026-11-21`.
pub fn today() -> String {
    part(0, 10)
}

/// The time of day in UTC, `15:00:59`.
pub fn time_of_day() -> String {
    part(11, 19)
}

fn part(from: usize, to: usize) -> String {
    now().get(from..to).unwrap_or_default().to_owned()
}

/// Milliseconds since 1970, for comparing with another machine's clock: never fixed.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub(crate) fn real_millis() -> i64 {
    Timestamp::now().as_millisecond()
}

/// Now, rounded to milliseconds.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub(crate) fn timestamp() -> Timestamp {
    let fixed = std::env::var("PLANSCOPE_NOW").ok().and_then(|text| text.parse().ok());
    let now: Timestamp = fixed.unwrap_or_else(Timestamp::now);
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

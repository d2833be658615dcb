//! Points in time as people write them: `2026-11-21 15:00`, `15:00`, `yesterday`, `2h`.
//!
//! A time without a zone is of UTC, as every time that planscope prints; a date is its first moment.

use crate::duration;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// What a person may write.
pub const HOW_TO_WRITE: &str =
    "write 2026-11-21 15:00, 2026-11-21T15:00:05Z, 15:00, 2h (ago), yesterday or now";

/// Reads a point in time as seen from `now`.
///
/// # Errors
/// What is wrong with it, for a person.
pub fn parse(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    let today = now.to_zoned(TimeZone::UTC).date();
    let start_of = |date: Date| at(date.to_datetime(Time::midnight()));
    let found = match text {
        "now" => Some(now),
        "today" => start_of(today),
        "yesterday" => today.checked_sub(1.day()).ok().and_then(start_of),
        _ => written(text, today).or_else(|| before(text, now)),
    };
    found.ok_or_else(|| format!("`{text}` is no time"))
}

fn at(time: DateTime) -> Option<Timestamp> {
    time.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp())
}

/// A time with a zone, without one, of today, or a date.
fn written(text: &str, today: Date) -> Option<Timestamp> {
    let utc = text.strip_suffix(" UTC").or_else(|| text.strip_suffix(" GMT")).unwrap_or(text);
    if let Some(seconds) = text.strip_prefix('@') {
        return Timestamp::from_second(seconds.parse().ok()?).ok();
    }
    if let Ok(exact) = text.parse::<Timestamp>() {
        return Some(exact);
    }
    // A date alone is its midnight.
    if let Ok(time) = utc.parse::<DateTime>() {
        return at(time);
    }
    // `2026` is a year to a person, and 20:26 to the parser.
    let time = utc.contains(':').then(|| utc.parse::<Time>().ok())?;
    time.and_then(|time| at(today.to_datetime(time)))
}

/// `2h`, `90m ago`, `1d12h`.
fn before(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.strip_suffix("ago").map_or(text, str::trim_end);
    let mut rest = text.strip_prefix('-').unwrap_or(text);
    // A bare number could be seconds, or a year.
    if rest.is_empty() || rest.ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut back = std::time::Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let unit = rest.get(digits..)?.find(|c: char| c.is_ascii_digit());
        let (one, after) = rest.split_at(unit.map_or(rest.len(), |unit| digits + unit));
        back = back.checked_add(duration::parse(one.trim()).ok()?)?;
        rest = after;
    }
    now.checked_sub(back).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_time() {
        let now: Timestamp = "2026-11-21T15:30:00Z".parse().unwrap();
        let read = |text: &str| parse(text, now).map(|time| time.to_string());
        let check =
            |text: &str, wanted: &str| assert_eq!(read(text), Ok(wanted.to_owned()), "{text}");
        check("2026-11-20", "2026-11-20T00:00:00Z");
        check("2026-11-20 14:05", "2026-11-20T14:05:00Z");
        check("2026-11-20T14:05:06.250", "2026-11-20T14:05:06.25Z");
        check("2026-11-20 14:05:06 UTC", "2026-11-20T14:05:06Z");
        check("2026-11-20T14:05:06+02:00", "2026-11-20T12:05:06Z");
        check("2026-11-20 14:05:06+02", "2026-11-20T12:05:06Z");
        check("14:05", "2026-11-21T14:05:00Z");
        check("yesterday", "2026-11-20T00:00:00Z");
        check("today", "2026-11-21T00:00:00Z");
        check("now", "2026-11-21T15:30:00Z");
        check("2h", "2026-11-21T13:30:00Z");
        check("-90m", "2026-11-21T14:00:00Z");
        check("1d12h", "2026-11-20T03:30:00Z");
        check("2h ago", "2026-11-21T13:30:00Z");
        check("@1700000000", "2023-11-14T22:13:20Z");
        for text in ["", "soon", "2026-13-01", "25:00", "2", "2026", "2y", "ago", "-", "1e9d"] {
            assert!(read(text).is_err(), "{text}: {:?}", read(text));
        }
    }
}

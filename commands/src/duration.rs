//! Durations as people write them: `500ms`, `60s`, `5m`, `2h`, `30d`; a number alone is seconds.

use std::time::Duration;

/// Units, and their length in milliseconds.
const UNITS: [(&str, u64); 6] = [
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
];

/// Reads a duration above zero; for clap.
///
/// # Errors
/// What is wrong with it, for a person.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration: write 500ms, 60s, 5m, 2h or 30d");
    let digits =
        text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let unit = if unit.is_empty() { "s" } else { unit };
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    let millis = number * *millis as f64;
    // A year is longer than anybody waits, and far from any overflow.
    if !(1.0..=366.0 * 86_400_000.0).contains(&millis) {
        return Err(format!("`{text}` is not between 1ms and 366d"));
    }
    Ok(Duration::from_millis(millis as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_nonsense_is_not() {
        let millis = |text| parse(text).map(|d| d.as_millis());
        assert_eq!(millis("60"), Ok(60_000));
        assert_eq!(
            (millis("1.5m"), millis("500ms"), millis("2h")),
            (Ok(90_000), Ok(500), Ok(7_200_000))
        );
        for text in ["", "s", "-1s", "5 m", "1y", "0", "1e9d", "999d", "..s"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

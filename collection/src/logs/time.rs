//! Timestamps in logs: civil times with zones, to microseconds since 1970 in UTC.

use crate::clock;
use jiff::tz::TimeZone;
use planscope_explain::workload::bytes;

/// Microseconds since 1970-01-01 in UTC.
pub type Micros = i64;

const SECOND: i64 = 1_000_000;

/// Days from 1970-01-01 to a civil date of the Gregorian calendar.
pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last one.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let era = year.div_euclid(400);
    let year = year.rem_euclid(400);
    era * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year - 719_468
}

/// The number that the digits of `text` write; `None` for any other byte.
pub(super) fn number(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    let mut value = 0;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(value)
}

/// How many bytes at the start of `text` are digits.
pub(super) fn digits(text: &[u8]) -> usize {
    text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len())
}

/// A fraction of a second at the start of `text` (`.123` or `,123`): microseconds and its length.
pub(super) fn fraction(text: &[u8]) -> (i64, usize) {
    let ([b'.' | b',', rest @ ..], mut micros) = (text, 0) else { return (0, 0) };
    let mut length = 0;
    while let Some(digit) = rest.get(length).map(|byte| byte.wrapping_sub(b'0')).filter(|d| *d < 10)
    {
        if length < 6 {
            micros = micros * 10 + i64::from(digit);
        }
        length += 1;
    }
    if length == 0 {
        return (0, 0);
    }
    for _ in length..6 {
        micros *= 10;
    }
    (micros, length + 1)
}

/// `HH:MM:SS` at the start of `text` (the hour may have one digit): microseconds and its length.
pub(super) fn clock_time(text: &[u8]) -> Option<(Micros, usize)> {
    let hour_end = digits(text);
    let hour = number(text.get(..hour_end.min(3))?)?;
    let rest = text.get(hour_end..hour_end + 6)?;
    if rest.first() != Some(&b':') || rest.get(3) != Some(&b':') || hour > 24 {
        return None;
    }
    let minute = number(rest.get(1..3)?)?;
    let second = number(rest.get(4..6)?)?;
    (minute < 60 && second < 62)
        .then_some(((hour * 3600 + minute * 60 + second) * SECOND, hour_end + 6))
}

/// `YYYY-MM-DD` and `HH:MM:SS[.frac]` with a blank or a `T` between them, at the start of `text`:
/// microseconds as if it were UTC, and its length.
pub(super) fn civil(text: &[u8]) -> Option<(Micros, usize)> {
    let date = text.get(..11)?;
    if date[4] != b'-' || date[7] != b'-' || !matches!(date[10], b' ' | b'T') {
        return None;
    }
    let (year, month, day) = (number(&date[..4])?, number(&date[5..7])?, number(&date[8..10])?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (time, length) = clock_time(text.get(11..)?)?;
    let (micros, more) = fraction(text.get(11 + length..)?);
    Some((days(year, month, day) * 86_400 * SECOND + time + micros, 11 + length + more))
}

/// A time zone at the start of `text`: its offset from UTC in seconds (`None` when the name is
/// unknown) and its length. Names are abbreviations as servers print them; of those that mean
/// several zones the one in wider use is taken.
pub(super) fn zone(text: &[u8]) -> Option<(Option<i64>, usize)> {
    match text.first()? {
        b'+' | b'-' => {
            let length = text[1..]
                .iter()
                .position(|byte| !byte.is_ascii_digit() && *byte != b':')
                .map_or(text.len(), |end| end + 1)
                .min(9);
            offset(&text[..length]).map(|seconds| (Some(seconds), length))
        }
        first if first.is_ascii_alphabetic() => {
            let length = text.iter().position(|b| !b.is_ascii_alphabetic()).unwrap_or(text.len());
            (length <= 6).then(|| (named_zone(&text[..length]), length))
        }
        _ => None,
    }
}

/// `+02`, `+0200`, `-03:30`, `+05:30:00` in seconds.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, rest) = text.split_first()?;
    let mut figures = rest.iter().copied().filter(u8::is_ascii_digit).map(|b| i64::from(b - b'0'));
    let mut pair = || Some(figures.next()? * 10 + figures.next()?);
    let hours = pair()?;
    let minutes = pair().unwrap_or(0);
    let seconds = hours * 3600 + minutes * 60;
    Some(if *sign == b'-' { -seconds } else { seconds })
}

fn named_zone(name: &[u8]) -> Option<i64> {
    const MINUTES: [(&[u8], i64); 34] = [
        (b"UTC", 0),
        (b"GMT", 0),
        (b"Z", 0),
        (b"WET", 0),
        (b"BST", 60),
        (b"IST", 330),
        (b"WEST", 60),
        (b"CET", 60),
        (b"MET", 60),
        (b"CEST", 120),
        (b"MEST", 120),
        (b"EET", 120),
        (b"SAST", 120),
        (b"EEST", 180),
        (b"MSK", 180),
        (b"TRT", 180),
        (b"PKT", 300),
        (b"WIB", 420),
        (b"SGT", 480),
        (b"HKT", 480),
        (b"AWST", 480),
        (b"JST", 540),
        (b"KST", 540),
        (b"AEST", 600),
        (b"AEDT", 660),
        (b"NZST", 720),
        (b"NZDT", 780),
        (b"EST", -300),
        (b"EDT", -240),
        (b"CST", -360),
        (b"CDT", -300),
        (b"MST", -420),
        (b"MDT", -360),
        (b"PST", -480),
    ];
    if name == b"PDT" {
        return Some(-420 * 60);
    }
    MINUTES.iter().find(|(known, _)| *known == name).map(|(_, minutes)| minutes * 60)
}

/// Reads the timestamps of one log, remembering the last minute and zone: neighbours share them.
#[derive(Debug, Default, Clone)]
pub(super) struct Clock {
    minute: [u8; 17],
    minute_start: Micros,
    /// The zone's text, where it has at most eight bytes; the others are zero.
    zone: [u8; 8],
    zone_length: usize,
    zone_seconds: i64,
    /// Whether a zone's name was not known, so that its times were taken for UTC.
    pub(super) unknown_zone: bool,
}

impl Clock {
    /// `YYYY-MM-DD HH:MM:SS[.frac]`, with ` ZONE` when there is one: UTC and its length.
    pub(super) fn read(&mut self, text: &[u8]) -> Option<(Micros, usize)> {
        let (local, length) = self.civil(text)?;
        let rest = &text[length..];
        let blank = usize::from(rest.first() == Some(&b' '));
        if let Some(known) = self.known_zone(rest.get(blank..).unwrap_or_default()) {
            return Some((local - self.zone_seconds * SECOND, length + blank + known));
        }
        let Some((seconds, zone_length)) = zone(&rest[blank..]) else {
            return Some((local, length));
        };
        self.unknown_zone |= seconds.is_none();
        self.zone_seconds = seconds.unwrap_or(0);
        self.zone_length = if zone_length > self.zone.len() { 0 } else { zone_length };
        self.zone = [0; 8];
        self.zone[..self.zone_length].copy_from_slice(&rest[blank..blank + self.zone_length]);
        Some((local - self.zone_seconds * SECOND, length + blank + zone_length))
    }

    /// The length of the zone that `text` begins with, when it is the one that is remembered.
    fn known_zone(&self, text: &[u8]) -> Option<usize> {
        let length = self.zone_length;
        // Eight bytes at once: a comparison of so few that is called costs more than all the rest.
        let head = bytes::lowest(bytes::load(text, 0), length);
        let same = length > 0 && head == u64::from_le_bytes(self.zone);
        (same && !text.get(length).is_some_and(u8::is_ascii_alphanumeric)).then_some(length)
    }

    fn civil(&mut self, text: &[u8]) -> Option<(Micros, usize)> {
        if let Some(head) = text.get(..19)
            && head[..17] == self.minute
        {
            let second = number(&head[17..])?;
            let (micros, more) = fraction(&text[19..]);
            return Some((self.minute_start + second * SECOND + micros, 19 + more));
        }
        let found = civil(text)?;
        if let (Some(head), Some((start, 19))) = (text.get(..17), civil(text.get(..19)?)) {
            let second = number(text.get(17..19)?)?;
            self.minute.copy_from_slice(head);
            self.minute_start = start - second * SECOND;
        }
        Some(found)
    }
}

/// The years of a log whose times have none: they go on where the months begin anew.
#[derive(Debug, Clone, Copy)]
pub(super) struct Years {
    year: i64,
    month: i64,
}

impl Years {
    /// Years from this one on.
    pub(super) fn from(year: i64) -> Self {
        Self { year, month: 0 }
    }

    /// The years of a log that begins in this month, as far as can be told: what would lie in the
    /// future is of last year.
    pub(super) fn guessed(first_month: Option<i64>) -> Self {
        let now = clock::timestamp().to_zoned(TimeZone::UTC);
        let ahead = first_month.is_some_and(|month| month > i64::from(now.month()));
        Self::from(i64::from(now.year()) - i64::from(ahead))
    }

    /// The year of a time in that month. A line that is a little late changes nothing.
    pub(super) fn of(&mut self, month: i64) -> i64 {
        // January after December; December after January is a line out of order.
        if month + 6 < self.month {
            self.year += 1;
            self.month = month;
        } else if month > self.month + 6 && self.month > 0 {
            return self.year - 1;
        } else {
            self.month = month;
        }
        self.year
    }
}

/// RFC 3339 in UTC; `None` outside the years 1 to 9999.
pub fn rfc3339(micros: Micros) -> Option<String> {
    jiff::Timestamp::from_microsecond(micros).ok().map(|time| time.to_string())
}

/// The full English or three-letter month name at the start of `text`, from 1.
pub(super) fn month(text: &[u8]) -> Option<i64> {
    const NAMES: [&[u8; 3]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let head = text.get(..3)?;
    (1..).zip(NAMES).find(|(_, name)| head.eq_ignore_ascii_case(*name)).map(|(month, _)| month)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, usize)> {
        let (micros, length) = Clock::default().read(text.as_bytes())?;
        Some((rfc3339(micros)?, length))
    }

    #[test]
    fn zones_are_names_or_offsets() {
        let noon = |text| read(text).unwrap().0;
        assert_eq!(noon("2024-02-29 12:00:00.125 UTC [1]"), "2024-02-29T12:00:00.125Z");
        assert_eq!(noon("2024-02-29 14:00:00 CEST [1]"), "2024-02-29T12:00:00Z");
        assert_eq!(noon("2024-02-29 12:00:00.5 +05:30"), "2024-02-29T06:30:00.5Z");
        assert_eq!(noon("2024-02-29T12:00:00-03"), "2024-02-29T15:00:00Z");
        assert_eq!(noon("2024-02-29 12:00:00"), "2024-02-29T12:00:00Z");
        assert_eq!(read("2024-02-29 12:00:00 [1]").unwrap().1, 19);
        assert_eq!(read("2024-13-29 12:00:00"), None);
        assert_eq!(read("2024-02-29 12:00"), None);
    }

    #[test]
    fn years_go_on_at_new_year() {
        let mut years = Years::from(2023);
        let months = [11, 12, 12, 1, 12, 1, 2, 12, 1];
        assert_eq!(
            months.map(|month| years.of(month)),
            [2023, 2023, 2023, 2024, 2023, 2024, 2024, 2023, 2024]
        );
        let this = Years::guessed(None).year;
        assert!(matches!(Years::guessed(Some(1)).year, year if year == this));
    }

    #[test]
    fn the_remembered_minute_changes_nothing() {
        let mut clock = Clock::default();
        for text in
            ["2024-01-01 00:00:59.1 UTC x", "2024-01-01 00:00:01 UTC", "2024-01-01 00:01:01.25 CET"]
        {
            assert_eq!(clock.read(text.as_bytes()), Clock::default().read(text.as_bytes()));
        }
    }
}

//! Times as RFC 3339 texts: how far two of them are apart. This crate has no clock and no calendar
//! but this.

/// Hours from one time to another, negative when the second is earlier; `None` when one is no
/// RFC 3339 text.
pub fn hours_between(from: &str, to: &str) -> Option<f64> {
    Some((seconds(to)? - seconds(from)?) / 3600.0)
}

/// Seconds since 1970-01-01T00:00:00Z. A blank instead of the T and an offset without minutes, as
/// PostgreSQL writes them, are read as well.
fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let at = time.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = time.split_at(at);
    let days = days_since_1970(&numbers(date, '-', 3)?)?;
    let [hours, minutes, seconds] = numbers(time, ':', 3)?.try_into().ok()?;
    let within = hours * 3600.0 + minutes * 60.0 + seconds;
    (within < 86_401.0).then_some(days * 86_400.0 + within - offset(zone)?)
}

/// Seconds that a zone is ahead of UTC.
fn offset(zone: &str) -> Option<f64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0.0);
    }
    let (sign, rest) = zone.split_at(1);
    let parts = numbers(rest, ':', 2)?;
    let seconds = parts[0] * 3600.0 + parts.get(1).unwrap_or(&0.0) * 60.0;
    Some(if sign == "-" { -seconds } else { seconds })
}

/// Up to `most` numbers without signs.
fn numbers(text: &str, between: char, most: usize) -> Option<Vec<f64>> {
    let is_plain = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_digit())
            && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    let parts: Vec<&str> = text.split(between).collect();
    if parts.len() > most || !parts.iter().all(|part| is_plain(part)) {
        return None;
    }
    parts.iter().map(|part| part.parse().ok()).collect()
}

/// Days of the Gregorian calendar, counted in years that begin with March, so that a leap day ends
/// one.
fn days_since_1970(date: &[f64]) -> Option<f64> {
    let [year, month, day] = *date else { return None };
    let is_date = (1.0..=12.0).contains(&month) && (1.0..=31.0).contains(&day) && year < 10_000.0;
    if !is_date {
        return None;
    }
    let (year, month) = if month > 2.0 { (year, month - 3.0) } else { (year - 1.0, month + 9.0) };
    let leaps = (year / 4.0).floor() - (year / 100.0).floor() + (year / 400.0).floor();
    let of_months = ((153.0 * month + 2.0) / 5.0).floor();
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    Some(year * 365.0 + leaps + of_months + day - 1.0 - 719_468.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        let cases = [
            ("1970-01-01T00:00:00Z", Some(0.0)),
            ("2000-03-01T00:00:00Z", Some(951_868_800.0)),
            ("2024-02-29T12:30:15.5Z", Some(1_709_209_815.5)),
            ("2026-11-21T18:37:05.123456+02:00", Some(1_795_279_025.123_456)),
            ("2026-11-21 16:37:05+00", Some(1_795_279_025.0)),
            ("2026-11-21", None),
            ("2026-11-21T18:37:05", None),
            ("2026-13-21T18:37:05Z", None),
            ("2026-11-21T18:37:05+é", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(seconds(text), expected, "{text}");
        }
        assert_eq!(hours_between("2026-11-21T10:00:00Z", "2026-11-22T11:30:00Z"), Some(25.5));
    }
}

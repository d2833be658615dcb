//! Quantities for people: a number with its unit, in at most seven characters.

use std::fmt;

/// A duration in milliseconds; prints as `870 µs`, `12.3 ms`, `4.56 s`, `3.2 min`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Millis(pub f64);

/// A number of rows, calls, blocks …; prints as `950`, `12.3k`, `4.56M`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Count(pub f64);

/// A size in bytes; prints as `512 B`, `12.0 kB`, `3.4 MB` (powers of 1024, as PostgreSQL writes).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Bytes(pub f64);

/// A share between 0 and 1; prints as `12 %`, `0.4 %`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Share(pub f64);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0;
        let text = match ms.abs() {
            a if a >= 7_200_000.0 => format!("{} h", significant(ms / 3_600_000.0)),
            a if a >= 120_000.0 => format!("{} min", significant(ms / 60_000.0)),
            a if a >= 1_000.0 => format!("{} s", significant(ms / 1_000.0)),
            a if a >= 1.0 => format!("{} ms", significant(ms)),
            a if a > 0.0 => format!("{} µs", significant(ms * 1_000.0)),
            _ => "0 ms".to_owned(),
        };
        f.pad(&text)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0;
        let text = match n.abs() {
            a if a >= 999_500_000_000.0 => format!("{}T", significant(n / 1e12)),
            a if a >= 999_500_000.0 => format!("{}G", significant(n / 1e9)),
            a if a >= 999_500.0 => format!("{}M", significant(n / 1e6)),
            a if a >= 10_000.0 => format!("{}k", significant(n / 1e3)),
            _ => plain(n),
        };
        f.pad(&text)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
        let mut value = self.0;
        let mut unit = 0;
        while value.abs() >= 1024.0 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        let number = if unit == 0 { plain(value) } else { significant(value) };
        f.pad(&format!("{number} {}", UNITS[unit]))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.0 * 100.0;
        let text = match percent.abs() {
            a if a >= 10.0 => format!("{percent:.0} %"),
            a if a >= 0.05 => format!("{percent:.1} %"),
            a if a > 0.0 => "<0.1 %".to_owned(),
            _ => "0 %".to_owned(),
        };
        f.pad(&text)
    }
}

/// Three significant digits, no exponent.
fn significant(value: f64) -> String {
    match value.abs() {
        a if a >= 99.95 => format!("{value:.0}"),
        a if a >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Whole numbers without a fraction, others with at most two digits of it.
fn plain(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_well() {
        let shown = |d: &dyn fmt::Display| d.to_string();
        assert_eq!(shown(&Millis(0.0)), "0 ms");
        assert_eq!(shown(&Millis(0.87)), "870 µs");
        assert_eq!(shown(&Millis(12.34)), "12.3 ms");
        assert_eq!(shown(&Millis(4567.0)), "4.57 s");
        assert_eq!(shown(&Millis(190_000.0)), "3.17 min");
        assert_eq!(shown(&Count(950.0)), "950");
        assert_eq!(shown(&Count(0.53)), "0.53");
        assert_eq!(shown(&Count(12_345.0)), "12.3k");
        assert_eq!(shown(&Count(300_000.0)), "300k");
        assert_eq!(shown(&Count(4_560_000.0)), "4.56M");
        assert_eq!(shown(&Bytes(512.0)), "512 B");
        assert_eq!(shown(&Bytes(8192.0)), "8.00 kB");
        assert_eq!(shown(&Share(0.934)), "93 %");
        assert_eq!(shown(&Share(0.0001)), "<0.1 %");
    }

    #[test]
    fn padding_is_honoured() {
        assert_eq!(format!("{:>8}", Count(5.0)), "       5");
    }
}

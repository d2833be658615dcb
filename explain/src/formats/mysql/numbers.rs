//! Numbers as MySQL and MariaDB print them: rounded, in exponents, with units.

/// `12.3`, `1.44e+9`, `12.3K`, `1.2M`. Units are powers of 1000, as MySQL counts rows and costs.
pub(super) fn number(text: &str) -> Option<f64> {
    with_unit(text, 1000.0)
}

/// `10KiB`, `1.5M`, `360`: bytes, in powers of 1024.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let value = with_unit(text.trim_end_matches(['B', 'i']), 1024.0)?;
    (value >= 0.0).then_some(value as u64)
}

fn with_unit(text: &str, step: f64) -> Option<f64> {
    let text = text.trim();
    let unit = text.chars().next_back().and_then(|c| "KMGTPEZ".find(c.to_ascii_uppercase()));
    let (digits, factor) = match unit {
        Some(power) => (&text[..text.len() - 1], step.powi(power as i32 + 1)),
        None => (text, 1.0),
    };
    // `inf` and `nan` are no numbers of a plan.
    let is_number = digits.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    digits.parse::<f64>().ok().filter(|_| is_number).map(|value| value * factor)
}

/// Half of the last digit of a printed number.
pub(super) fn rounding(text: &str) -> f64 {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let decimals = digits.split_once('.').map_or(0, |(_, after)| after.len().min(300)) as i32;
    let power = exponent.parse::<i32>().unwrap_or(0).clamp(-300, 300);
    0.5 * 10_f64.powi(power - decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_exponents_and_digits() {
        let numbers =
            ["12.50", "1.44e+9", "866e-6", "12.3K", "2M", "-1"].map(|text| number(text).unwrap());
        assert_eq!(numbers, [12.5, 1.44e9, 866e-6, 12_300.0, 2_000_000.0, -1.0]);
        assert_eq!(["", "K", "inf", "NULL", "1 2"].map(number), [None; 5]);
        assert_eq!(["62KiB", "360", "1.5M"].map(bytes), [Some(63_488), Some(360), Some(1_572_864)]);
        assert_eq!(["10", "9.99", "1.33e+6"].map(rounding), [0.5, 0.005, 5000.0]);
    }
}

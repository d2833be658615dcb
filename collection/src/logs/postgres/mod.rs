//! What PostgreSQL logs, whatever the encoding: entries, and what they mean.

pub(super) mod infer;
pub(super) mod message;
pub(super) mod plan;
pub(super) mod prefix;

use super::event::Session;
use super::time::Micros;

/// How severe an entry is, or which part of one a line gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    /// LOG, and what is reported like it.
    Log,
    /// ERROR, FATAL, PANIC.
    Error,
    /// DEBUG, INFO, NOTICE, WARNING.
    Other,
    /// DETAIL of the entry before.
    Detail,
    /// STATEMENT of the entry before.
    Statement,
    /// HINT, QUERY, CONTEXT, LOCATION, BACKTRACE of the entry before.
    More,
}

impl Severity {
    /// The severity of that word, in upper case as servers print it.
    pub(super) fn of(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"LOG" => Self::Log,
            b"ERROR" | b"FATAL" | b"PANIC" => Self::Error,
            b"INFO" | b"NOTICE" | b"WARNING" | b"DEBUG" | b"DEBUG1" | b"DEBUG2" | b"DEBUG3"
            | b"DEBUG4" | b"DEBUG5" => Self::Other,
            b"DETAIL" => Self::Detail,
            b"STATEMENT" => Self::Statement,
            b"HINT" | b"QUERY" | b"CONTEXT" | b"LOCATION" | b"BACKTRACE" => Self::More,
            _ => return None,
        })
    }

    /// Whether a line of it begins an entry.
    pub(super) fn begins_entry(self) -> bool {
        matches!(self, Self::Log | Self::Error | Self::Other)
    }
}

/// `LOG:  ` at the start of `text` (some shippers leave one blank, or none): its severity and the
/// length with the blanks. With `log_error_verbosity = verbose` the SQLSTATE counts as a blank.
pub(super) fn severity(text: &[u8]) -> Option<(Severity, usize)> {
    let (severity, colon) = match text {
        [b'L', b'O', b'G', b':', ..] => (Severity::Log, 3),
        _ => {
            // The longest word, STATEMENT and BACKTRACE, has nine letters.
            let head = text.get(..10).unwrap_or(text);
            let colon = head.iter().position(|byte| *byte == b':')?;
            (Severity::of(&head[..colon])?, colon)
        }
    };
    let mut length = colon + 1;
    length += text[length..].iter().take_while(|byte| **byte == b' ').count();
    let code = text.get(length..length + 7).unwrap_or_default();
    let verbose = code.ends_with(b": ")
        && severity.begins_entry()
        && code[..5].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && code[..5].iter().any(u8::is_ascii_digit);
    Some((severity, if verbose { length + 7 } else { length }))
}

/// One entry of a log with its parts; empty is absent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) time: Option<Micros>,
    pub(super) pid: u32,
    pub(super) session: Session<'a>,
    pub(super) severity: Severity,
    /// The message; lines after the first begin with a tab in some encodings.
    pub(super) message: &'a [u8],
    pub(super) detail: &'a [u8],
    pub(super) statement: &'a [u8],
    pub(super) query_id: &'a [u8],
}

/// Nanoseconds of `12.345` at the start of `text`, a number of units of `unit_ns`, and its length.
pub(super) fn duration(text: &[u8], unit_ns: u64) -> Option<(u64, usize)> {
    let whole = super::time::digits(text);
    let mut ns =
        u64::try_from(super::time::number(text.get(..whole)?)?).ok()?.checked_mul(unit_ns)?;
    let Some(b'.') = text.get(whole) else { return Some((ns, whole)) };
    let mut at = whole + 1;
    let mut unit = unit_ns;
    while let Some(digit) = text.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|d| *d < 10) {
        unit /= 10;
        ns = ns.checked_add(u64::from(digit) * unit)?;
        at += 1;
    }
    Some((ns, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_have_one_or_two_blanks_and_perhaps_a_code() {
        assert_eq!(severity(b"LOG:  duration: 1"), Some((Severity::Log, 6)));
        assert_eq!(severity(b"LOG: duration: 1"), Some((Severity::Log, 5)));
        assert_eq!(severity(b"ERROR:  42P01: relation"), Some((Severity::Error, 15)));
        assert_eq!(severity(b"STATEMENT:  SELECT"), Some((Severity::Statement, 12)));
        assert_eq!(severity(b"LOG C-0x1: x"), None);
        assert_eq!(severity(b"LOGS: x"), None);
    }

    #[test]
    fn durations_are_exact() {
        assert_eq!(duration(b"12.345 ms", 1_000_000), Some((12_345_000, 6)));
        assert_eq!(duration(b"7 ms", 1_000_000), Some((7_000_000, 1)));
        assert_eq!(duration(b"0.000012", 1_000_000_000), Some((12_000, 8)));
        assert_eq!(duration(b"99999999999999999999", 1), None);
        assert_eq!(duration(b"x", 1), None);
    }
}

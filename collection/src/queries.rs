//! Files of statements: SQL separated by semicolons, with `-- name: x` headers.

use planscope_explain::workload::Source;

/// A statement from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryText {
    /// The name in the header above it, or the file's stem with a number.
    pub name: String,
    /// The statement, without the final semicolon.
    pub text: String,
    /// Where it stands.
    pub source: Source,
    /// How often the workload runs it, from `-- calls: 40`; 1 by default.
    pub calls: u32,
}

//! Exit codes: an interface that builds and scripts rely on.

use std::process::ExitCode;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// The question was answered and nothing is over `--fail-on`.
    Success,
    /// Findings or regressions at or over `--fail-on`.
    Failure,
    /// The question could not be answered: usage, config, connection, bad input.
    Error,
    /// The two sides cannot be compared.
    NotComparable,
    /// A defect of planscope.
    InternalError,
    /// Stopped by the user.
    Interrupted,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Success => 0,
            ExitStatus::Failure => 1,
            ExitStatus::Error => 2,
            ExitStatus::NotComparable => 3,
            ExitStatus::InternalError => 101,
            ExitStatus::Interrupted => 130,
        })
    }
}

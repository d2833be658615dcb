//! The one error at the edge: its kind picks the exit code, its hints say what to type next.

use crate::exit::ExitStatus;
use planscope_collection::{CollectError, ErrorKind};
use planscope_explain::formats::FormatError;
use std::error::Error as StdError;
use std::fmt;

/// What kind of failure, for the exit code and for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandErrorKind {
    /// The command line is wrong.
    Usage,
    /// A target or setting is wrong.
    Config,
    /// The server cannot be reached, or refuses.
    Connection,
    /// A file or statement is not what it should be.
    Input,
    /// A snapshot or the store cannot be read or written.
    Store,
    /// A defect of planscope.
    Internal,
    /// The user stopped it.
    Interrupted,
    /// Whoever read our output went away.
    BrokenPipe,
}

impl CommandErrorKind {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Config => "config",
            Self::Connection => "connection",
            Self::Input => "input",
            Self::Store => "store",
            Self::Internal => "internal",
            Self::Interrupted => "interrupted",
            Self::BrokenPipe => "broken-pipe",
        }
    }
}

/// A failure of a command.
#[derive(Debug)]
pub struct CommandError {
    /// The kind.
    pub kind: CommandErrorKind,
    /// What happened and where, in lower case, without a full stop.
    pub message: String,
    /// What to type next.
    pub hints: Vec<String>,
    /// The messages underneath, outermost first.
    pub sources: Vec<String>,
}

/// The result of a command.
pub type Result<T, E = CommandError> = std::result::Result<T, E>;

impl CommandError {
    /// A failure of that kind.
    pub fn new(kind: CommandErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new(), sources: Vec::new() }
    }

    /// The command line is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(CommandErrorKind::Usage, message)
    }

    /// A target or setting is wrong.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(CommandErrorKind::Config, message)
    }

    /// A file or statement is not what it should be.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(CommandErrorKind::Input, message)
    }

    /// Adds what to type next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Puts where it happened before the message.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// The exit code.
    pub fn status(&self) -> ExitStatus {
        match self.kind {
            CommandErrorKind::BrokenPipe => ExitStatus::Success,
            CommandErrorKind::Interrupted => ExitStatus::Interrupted,
            CommandErrorKind::Internal => ExitStatus::InternalError,
            _ => ExitStatus::Error,
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<CollectError> for CommandError {
    fn from(error: CollectError) -> Self {
        let kind = match error.kind {
            ErrorKind::Config => CommandErrorKind::Config,
            ErrorKind::Connection
            | ErrorKind::Authentication
            | ErrorKind::Permission
            | ErrorKind::Missing
            | ErrorKind::Refused
            | ErrorKind::Timeout => CommandErrorKind::Connection,
            ErrorKind::Input => CommandErrorKind::Input,
            ErrorKind::Store => CommandErrorKind::Store,
            ErrorKind::Stopped => CommandErrorKind::Interrupted,
        };
        let mut sources = Vec::new();
        let mut next = error.source();
        while let Some(source) = next {
            // The Postgres client puts a cause of these two words before every real one.
            let text = source.to_string();
            if text != "db error" {
                sources.push(text);
            }
            next = source.source();
        }
        Self { kind, message: error.message.clone(), hints: error.hints.clone(), sources }
    }
}

impl From<FormatError> for CommandError {
    fn from(error: FormatError) -> Self {
        let shown = Self::input(error.to_string());
        match error {
            FormatError::Unknown { .. } => shown.hint(
                "paste the whole output of EXPLAIN; where its format is not recognised, \
                 planscope explain --input-format names it",
            ),
            FormatError::Malformed { .. } => {
                shown.hint("the plan may be cut off: save it again in full")
            }
            FormatError::TooLarge(_) | FormatError::Limit(_) => shown,
        }
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::BrokenPipe => CommandErrorKind::BrokenPipe,
            _ => CommandErrorKind::Input,
        };
        let shown = Self::new(kind, error.to_string());
        match error.kind() {
            std::io::ErrorKind::NotFound => shown.hint("check the path"),
            std::io::ErrorKind::PermissionDenied => shown.hint("check who may do that: ls -l"),
            _ => shown,
        }
    }
}

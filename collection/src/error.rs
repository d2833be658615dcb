//! What can go wrong between planscope and a server or a file.

use std::error::Error as StdError;
use std::fmt;

/// What kind of failure, for whoever branches on it: the exit code, the circuit breaker, the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The target's text or a setting is wrong.
    Config,
    /// The server cannot be reached, or the connection broke.
    Connection,
    /// The server refused the user or the password.
    Authentication,
    /// The user lacks a privilege.
    Permission,
    /// The server lacks an extension or a feature.
    Missing,
    /// A file, statement or answer is not what it should be.
    Input,
    /// The server took too long and was stopped.
    Timeout,
    /// A guard of planscope's own left the server alone.
    Refused,
    /// The user stopped it.
    Stopped,
    /// A snapshot or the store cannot be read or written.
    Store,
}

/// A failure with its cause and what to do about it. Never holds a secret.
#[derive(Debug)]
pub struct CollectError {
    /// What kind of failure.
    pub kind: ErrorKind,
    /// What happened and where, in lower case, without a full stop.
    pub message: String,
    /// What to type next, most likely first.
    pub hints: Vec<String>,
    /// The error underneath.
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl CollectError {
    /// A failure of that kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new(), source: None }
    }

    /// The user stopped it.
    pub fn stopped() -> Self {
        Self::new(ErrorKind::Stopped, "stopped")
    }

    /// Adds what to type next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds the error underneath.
    #[must_use]
    pub fn caused_by(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }
}

impl fmt::Display for CollectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for CollectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// The result of anything in this crate.
pub type Result<T, E = CollectError> = std::result::Result<T, E>;

//! A target: the only type that holds a secret.

use crate::error::{CollectError, ErrorKind, Result};
use planscope_explain::Engine;
use std::fmt;

/// A database to look at. `Debug` and `Display` mask the password.
#[derive(Clone)]
pub struct Target {
    /// The engine.
    pub engine: Engine,
    /// The URL as given, secret included.
    url: String,
}

impl Target {
    /// Reads a target from a URL.
    ///
    /// # Errors
    /// When the scheme is unknown or the URL is malformed.
    pub fn parse(text: &str) -> Result<Self> {
        Err(CollectError::new(ErrorKind::Config, format!("unknown target {text}")))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = &self.url;
        f.write_str(self.engine.name())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

//! The environment variables that complete a target, read in one place.

use std::collections::BTreeMap;

/// The variables that matter, as they were when it was made.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

/// What libpq and the clients of MySQL read and planscope honours, what says who and where the user
/// is, and what the terminal can.
const NAMES: [&str; 28] = [
    "HOME",
    "LOGNAME",
    "MYSQL_HOST",
    "MYSQL_PWD",
    "MYSQL_TCP_PORT",
    "MYSQL_UNIX_PORT",
    "NO_COLOR",
    "PGCONNECT_TIMEOUT",
    "PGDATABASE",
    "PGHOST",
    "PGOPTIONS",
    "PGPASSFILE",
    "PGPASSWORD",
    "PGPORT",
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGSSLMODE",
    "PGSSLROOTCERT",
    "PGSYSCONFDIR",
    "PGUSER",
    "PLANSCOPE_TARGET",
    "TERM",
    "USER",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
];

impl Environment {
    /// The environment of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads it")]
    pub fn of_process() -> Self {
        let read = |name: &str| std::env::var(name).ok().map(|value| (name.to_owned(), value));
        Self { variables: NAMES.into_iter().filter_map(read).collect() }
    }

    /// This environment with one variable more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The value of a variable; one that is set to nothing counts as not set, as in libpq.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl std::fmt::Debug for Environment {
    /// The names only: one of the values is a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

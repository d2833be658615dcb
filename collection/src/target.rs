//! A target: the only type that holds a secret.
//!
//! A target is read from a URL (or the path of an SQLite file) and completed from the environment
//! as the engine's own tools would. Everything that can be shown masks the password; an error
//! about a malformed URL names the part that is wrong and never repeats the text, because a
//! password with an unescaped `@` or `/` in it could stand anywhere in it.

mod environment;
mod mysql;
mod postgres;
mod service;
mod url;

pub use environment::Environment;

use crate::error::{CollectError, ErrorKind, Result};
use planscope_explain::Engine;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A database to look at. `Debug` and `Display` mask the password.
#[derive(Clone)]
pub struct Target {
    /// The engine.
    pub engine: Engine,
    hosts: Vec<Host>,
    user: Option<String>,
    password: Option<Secret>,
    database: Option<String>,
    path: Option<PathBuf>,
    params: Vec<(String, String)>,
    password_hint: Option<String>,
    /// The scheme as it was written, in lower case, where it is not the engine's first.
    scheme: Option<String>,
    label: Option<String>,
}

/// A server, or the folder of its Unix socket.
#[derive(Clone, Debug)]
pub struct Host {
    /// Name or address without brackets; a folder when it starts with `/`.
    pub name: String,
    /// Port; the engine's own when the URL has none.
    pub port: u16,
    /// The password that a password file has for this host.
    password: Option<Secret>,
}

/// A text that cannot be printed.
#[derive(Clone)]
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Target {
    /// Reads a target from a URL or the path of an SQLite file, and completes it from the
    /// environment of the process (`PGPASSWORD`, `~/.pgpass` …).
    ///
    /// # Errors
    /// When the scheme is unknown or the URL is malformed.
    pub fn parse(text: &str) -> Result<Self> {
        Self::parse_with(text, &Environment::of_process())
    }

    /// As [`Target::parse`], with an environment of the caller's.
    ///
    /// # Errors
    /// When the scheme is unknown or the URL is malformed.
    pub fn parse_with(text: &str, environment: &Environment) -> Result<Self> {
        let text = text.trim();
        if let Some(target) = sqlite(text)? {
            return Ok(target);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(unknown(text));
        };
        let scheme = scheme.to_ascii_lowercase();
        let of_scheme = |engine: &Engine| engine.info().schemes.contains(&scheme.as_str());
        let Some(engine) = Engine::ALL.into_iter().find(of_scheme) else {
            return Err(unknown(text));
        };
        let mut target = url::parse(engine, rest)?;
        target.scheme = Some(scheme).filter(|scheme| scheme != engine.info().schemes[0]);
        match engine {
            Engine::Postgres => postgres::complete(&mut target, environment)?,
            Engine::Mysql | Engine::Mariadb => mysql::complete(&mut target, environment)?,
            Engine::Mongodb | Engine::Sqlite => {}
        }
        Ok(target)
    }

    /// The hosts in the order in which they are tried; empty for a file.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The user.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The database.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// The file, for an engine without a server.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether the host's name stands for a list of servers in DNS (`mongodb+srv://`).
    pub fn is_srv(&self) -> bool {
        self.scheme.as_deref().is_some_and(|scheme| scheme.ends_with("+srv"))
    }

    /// The target as a URL with its password and all parameters, for a driver that reads one itself.
    pub(crate) fn url_with_password(&self) -> String {
        let mut url = format!("{}://", self.scheme());
        if let Some(user) = &self.user {
            url.push_str(&url::encoded(user));
            if let Some(password) = &self.password {
                url.push(':');
                url.push_str(&url::encoded(&password.0));
            }
            url.push('@');
        }
        let hosts: Vec<String> = self.hosts.iter().map(|host| self.place_of(host)).collect();
        url.push_str(&if hosts.is_empty() { "localhost".to_owned() } else { hosts.join(",") });
        url.push('/');
        url.push_str(&url::encoded(self.database.as_deref().unwrap_or_default()));
        for (at, (key, value)) in self.params.iter().enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            url.push_str(&format!("{}={}", url::encoded(key), url::encoded(value)));
        }
        url
    }

    /// `text` without the password, should it be in there.
    pub(crate) fn without_password(&self, text: &str) -> String {
        match &self.password {
            Some(secret) if !secret.0.is_empty() => {
                text.replace(&url::encoded(&secret.0), "***").replace(&secret.0, "***")
            }
            _ => text.to_owned(),
        }
    }

    fn scheme(&self) -> &str {
        self.scheme.as_deref().unwrap_or(self.engine.info().schemes[0])
    }

    /// `host:port`; a name that DNS resolves to a list of servers has no port.
    fn place_of(&self, host: &Host) -> String {
        if self.is_srv() { host.name.clone() } else { host.authority() }
    }

    /// The parameter of that name, from the URL's query.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The password for a host.
    pub(crate) fn password_for<'a>(&'a self, host: &'a Host) -> Option<&'a str> {
        self.password.as_ref().or(host.password.as_ref()).map(|secret| secret.0.as_str())
    }

    /// Why a password file was not used, when there is one.
    pub(crate) fn password_hint(&self) -> Option<&str> {
        self.password_hint.as_deref()
    }

    /// The target under the name that the user gave it.
    #[must_use]
    pub fn named(mut self, label: &str) -> Self {
        self.label = Some(label.to_owned());
        self
    }

    /// The target with a password; one that the URL has goes first.
    #[must_use]
    pub fn with_password(mut self, password: String) -> Self {
        self.password.get_or_insert(Secret(password));
        self
    }

    /// Whether a password is known.
    pub fn has_password(&self) -> bool {
        self.password.is_some() || self.hosts.iter().any(|host| host.password.is_some())
    }

    /// A short name for people: the one that the user gave it, else `shop@127.0.0.1:5432`, or the
    /// path of the file.
    pub fn name(&self) -> String {
        if let Some(label) = &self.label {
            return label.clone();
        }
        if let Some(path) = &self.path {
            return path.display().to_string();
        }
        // Without a database all of MongoDB's are looked at.
        if let (Engine::Mongodb, None, Some(host)) =
            (self.engine, &self.database, self.hosts.first())
        {
            return self.place_of(host);
        }
        let database = self.database.as_deref().unwrap_or("default");
        match self.hosts.first() {
            Some(host) => format!("{database}@{}", self.place_of(host)),
            None => database.to_owned(),
        }
    }

    /// The name as the stem of a file's name: letters, digits and `._@-` only, at most 100 bytes.
    pub fn file_stem(&self) -> String {
        let safe = |c: char| c.is_ascii_alphanumeric() || "._@-".contains(c);
        let name = self.name();
        let stem: String = name.chars().map(|c| if safe(c) { c } else { '_' }).collect();
        let stem = stem.trim_start_matches(['.', '_', '-']);
        // The end tells files in deep folders apart, so that is what is kept.
        let stem = &stem[stem.len().saturating_sub(100)..];
        if stem.is_empty() { "target".to_owned() } else { stem.to_owned() }
    }
}

impl Host {
    /// Whether it is the folder of a Unix socket.
    pub fn is_socket(&self) -> bool {
        self.name.starts_with('/')
    }

    /// Where it is, for messages: `host:port`, or the file of the socket.
    pub fn place(&self) -> String {
        match self.is_socket() {
            true if self.name.ends_with(".sock") => self.name.clone(),
            true => format!("{}/.s.PGSQL.{}", self.name, self.port),
            false => self.authority(),
        }
    }

    /// `host:port`, an IPv6 address in brackets; a socket is `localhost`.
    pub fn authority(&self) -> String {
        match self.name.as_str() {
            name if name.starts_with('/') => format!("localhost:{}", self.port),
            name if name.contains(':') => format!("[{name}]:{}", self.port),
            name => format!("{name}:{}", self.port),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            return write!(f, "sqlite:{}", path.display());
        }
        write!(f, "{}://", self.scheme())?;
        if let Some(user) = &self.user {
            write!(f, "{}{}@", url::encoded(user), if self.has_password() { ":***" } else { "" })?;
        }
        let hosts: Vec<String> = self.hosts.iter().map(|host| self.place_of(host)).collect();
        f.write_str(&hosts.join(","))?;
        match &self.database {
            Some(database) => write!(f, "/{}", url::encoded(database)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

/// A target that is a file of SQLite: by its scheme, by its name, or by its first bytes.
fn sqlite(text: &str) -> Result<Option<Target>> {
    let by_name = |text: &str| {
        let extension = Path::new(text).extension().and_then(|e| e.to_str()).unwrap_or_default();
        ["db", "sqlite", "sqlite3"].contains(&extension.to_ascii_lowercase().as_str())
    };
    let (path, params) = if let Some(rest) = text.strip_prefix("sqlite://") {
        url::file(rest)?
    } else if let Some(rest) = text.strip_prefix("file:") {
        // `file:///folder/x` and `file:x`, as SQLite's own URIs.
        url::file(rest.strip_prefix("//").unwrap_or(rest))?
    } else if let Some(rest) = text.strip_prefix("sqlite:") {
        (rest.to_owned(), Vec::new())
    } else if !text.contains("://") && (by_name(text) || has_sqlite_magic(Path::new(text))) {
        (text.to_owned(), Vec::new())
    } else {
        return Ok(None);
    };
    if path.is_empty() {
        return Err(CollectError::new(ErrorKind::Config, "the target names no file")
            .hint("write sqlite:FILE, e.g. sqlite:shop.db"));
    }
    Ok(Some(Target {
        engine: Engine::Sqlite,
        hosts: Vec::new(),
        user: None,
        password: None,
        database: None,
        path: Some(PathBuf::from(path)),
        params,
        password_hint: None,
        scheme: None,
        label: None,
    }))
}

fn has_sqlite_magic(path: &Path) -> bool {
    const MAGIC: &[u8; 16] = b"SQLite format 3\0";
    let mut start = [0; MAGIC.len()];
    path.is_file()
        && File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok()
        && &start == MAGIC
}

/// The error for a text that is no target. It repeats the text only when no password can be in it.
fn unknown(text: &str) -> CollectError {
    let harmless = |c: char| c.is_alphanumeric() || "._-/".contains(c);
    let message = match text.split_once("://") {
        Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+') => {
            format!("planscope knows no database with the scheme {scheme}://")
        }
        None if !text.is_empty() && text.chars().all(harmless) => {
            format!("{text} is neither a database URL nor an SQLite file")
        }
        _ => "the target is neither a database URL nor an SQLite file".to_owned(),
    };
    CollectError::new(ErrorKind::Config, message).hint(format!("targets are {}", schemes()))
}

fn schemes() -> String {
    let of_servers = Engine::ALL.into_iter().filter(|engine| *engine != Engine::Sqlite);
    let mut all: Vec<String> = of_servers
        .flat_map(|engine| engine.info().schemes)
        .map(|scheme| format!("{scheme}://user@host/database"))
        .collect();
    all.push("sqlite:FILE".to_owned());
    all.join(", ")
}

#[cfg(test)]
mod tests;

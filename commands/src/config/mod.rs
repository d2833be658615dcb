//! `planscope.toml`: targets by name, groups of them, thresholds, suppressed findings, what holds for
//! comparisons, where the baseline is.
//!
//! Two files are read: the project's (in the working directory or, inside a repository, above it up
//! to its root) and the user's. What both name, the project's says.

mod gate;
mod places;
mod schema;

pub use gate::{BaselineSettings, DiffSettings};
pub use places::Places;
pub use schema::{InterfaceEntry, TargetEntry};

use crate::error::{CommandError, Result};
use planscope_advisors::{Suppression, Thresholds};
use schema::FileText;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Most bytes of a file: a list of targets is small, and a wrong path may be a database.
const MAX_BYTES: u64 = 1 << 20;

/// Everything that the files say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// The files that were read, the user's first.
    pub files: Vec<PathBuf>,
    /// Targets by name.
    pub targets: BTreeMap<String, TargetEntry>,
    /// Groups: names of targets.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Limits of the rules.
    pub thresholds: Thresholds,
    /// Findings that are not shown.
    pub suppressions: Vec<Suppression>,
    /// The terminal interface.
    pub interface: InterfaceEntry,
    /// What holds for `planscope diff`.
    pub diff: DiffSettings,
    /// Where the baseline is and what it is made of.
    pub baseline: BaselineSettings,
}

impl Config {
    /// Reads the files that are there.
    ///
    /// # Errors
    /// With file, line and column, when one cannot be read or says something unknown.
    pub fn load(places: &Places) -> Result<Self> {
        let mut config = Self::default();
        for path in places.files() {
            let text = read(&path)?;
            config.add(&text, &path)?;
            config.files.push(path);
        }
        config.check()?;
        Ok(config)
    }

    /// Adds what a file says to what is known.
    fn add(&mut self, text: &str, path: &Path) -> Result<()> {
        let file: FileText = toml::from_str(text).map_err(|error| broken(text, path, &error))?;
        for (name, target) in file.targets {
            let entry = target.read(&name).map_err(|(at, what)| placed(text, path, at, &what))?;
            for group in &entry.groups {
                push_once(self.groups.entry(group.clone()).or_default(), &name);
            }
            self.targets.insert(name, entry);
        }
        for (group, names) in file.groups {
            for name in names {
                push_once(self.groups.entry(group.clone()).or_default(), &name);
            }
        }
        for (name, value) in file.thresholds {
            let (at, value) = (value.span(), value.into_inner());
            self.thresholds.set(&name, value).map_err(|what| placed(text, path, at, &what))?;
        }
        self.interface = file.interface.or(self.interface);
        for suppression in file.suppress {
            let at = suppression.span();
            let read = suppression.into_inner().read();
            self.suppressions.push(read.map_err(|what| placed(text, path, at, &what))?);
        }
        let place = |at: usize| format!("{}:{}", short(path), line_of(text, at));
        self.diff.add(file.diff, &place).map_err(|(at, what)| placed(text, path, at, &what))?;
        self.baseline
            .add(file.baseline, path)
            .map_err(|(at, what)| placed(text, path, at, &what))?;
        Ok(())
    }

    /// What needs all files: groups name targets.
    fn check(&self) -> Result<()> {
        for (group, names) in &self.groups {
            let Some(unknown) = names.iter().find(|name| !self.targets.contains_key(*name)) else {
                continue;
            };
            let files: Vec<String> = self.files.iter().map(|f| f.display().to_string()).collect();
            return Err(CommandError::config(format!(
                "{}: the group `{group}` names the target `{unknown}`, which is not there",
                files.join(", ")
            ))
            .hint(format!("add [targets.{unknown}] with its url")));
        }
        Ok(())
    }

    /// The names of a group's targets.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn group(&self, name: &str) -> Result<&[String]> {
        let Some(names) = self.groups.get(name) else {
            let known: Vec<&str> = self.groups.keys().map(String::as_str).collect();
            let hint = match known.as_slice() {
                [] => "write groups = [\"prod\"] below a [targets.NAME]".to_owned(),
                known => format!("groups are {}", known.join(", ")),
            };
            return Err(CommandError::config(format!("there is no group `{name}`")).hint(hint));
        };
        Ok(names)
    }
}

fn push_once(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

fn read(path: &Path) -> Result<String> {
    let unreadable = |error: std::io::Error| {
        CommandError::config(format!("{}: cannot be read: {error}", path.display()))
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_BYTES {
        return Err(CommandError::config(format!("{}: more than 1 MiB", path.display()))
            .hint("name the config file with --config-file FILE"));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

/// What toml says of a broken file, with the place first.
fn broken(text: &str, path: &Path, error: &toml::de::Error) -> CommandError {
    placed(text, path, error.span().unwrap_or_default(), error.message())
}

fn placed(text: &str, path: &Path, at: std::ops::Range<usize>, what: &str) -> CommandError {
    let before = text.get(..at.start).unwrap_or(text);
    let line = line_of(text, at.start);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    // What stands in the file is not repeated: it may be a URL with a password.
    let what = what.lines().next().unwrap_or(what);
    CommandError::config(format!("{}:{line}:{column}: {what}", path.display()))
        .hint("`planscope doctor --config` checks the file")
}

/// The line of a byte, from 1.
fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}

/// The file's name, for a place.
fn short(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;

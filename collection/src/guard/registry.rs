//! Which collectors run on this machine, so that one command can end them all.
//!
//! Each has a file in a folder of the user's, locked while it runs: a file that can be locked is left
//! over from a process that died, whatever its number is now.

use crate::error::{CollectError, ErrorKind, Result};
use crate::target::Environment;
use rustix::process::{Pid, Signal, getuid, kill_process};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A running collector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Its process.
    pub pid: i32,
    /// The target's name.
    pub target: String,
    /// Since when, RFC 3339.
    pub since: String,
    /// Its file.
    #[serde(skip)]
    path: PathBuf,
}

/// The folder of the user's running collectors.
#[derive(Debug, Clone)]
pub struct Registry {
    folder: PathBuf,
}

/// Kept while a collector runs.
#[derive(Debug)]
pub struct Registration {
    path: PathBuf,
    _lock: File,
}

impl Drop for Registration {
    fn drop(&mut self) {
        // Left behind, it is found unlocked and removed by the next one who looks.
        let _ = fs::remove_file(&self.path);
    }
}

impl Registry {
    /// In the folder that the system has for such files, else in the temporary one.
    pub fn of_user(environment: &Environment) -> Self {
        let folder = match environment.get("XDG_RUNTIME_DIR").map(Path::new) {
            Some(runtime) if runtime.is_absolute() => runtime.join("planscope"),
            _ => std::env::temp_dir().join(format!("planscope-{}", getuid().as_raw())),
        };
        Self { folder }
    }

    /// In that folder.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Registers this process as a collector of `target`.
    ///
    /// # Errors
    /// When the folder cannot be written, or is somebody else's.
    pub fn register(&self, target: &str) -> Result<Registration> {
        let failed = |error: std::io::Error| {
            let message = format!("cannot register in {}: {error}", self.folder.display());
            CollectError::new(ErrorKind::Store, message).caused_by(error)
        };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(failed)?;
        // In /tmp anybody could have made it first, and would then choose whom we signal.
        if fs::metadata(&self.folder).map_err(failed)?.uid() != getuid().as_raw() {
            return Err(failed(std::io::ErrorKind::PermissionDenied.into()));
        }
        let pid = std::process::id();
        for number in 0..1000 {
            // Under its final name only when it is locked: who finds it unlocked removes it.
            let path = self.folder.join(format!("{pid}-{number}.json"));
            let early = path.with_extension("new");
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&early);
            let mut file = match made {
                _ if path.exists() => {
                    let _ = fs::remove_file(&early);
                    continue;
                }
                Ok(file) => file,
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(failed(error)),
            };
            file.lock().map_err(failed)?;
            let running = Running {
                pid: i32::try_from(pid).unwrap_or_default(),
                target: target.to_owned(),
                since: crate::clock::now(),
                path: path.clone(),
            };
            let text = serde_json::to_string(&running).unwrap_or_default();
            file.write_all(text.as_bytes()).map_err(failed)?;
            fs::rename(&early, &path).map_err(failed)?;
            return Ok(Registration { path, _lock: file });
        }
        Err(failed(std::io::ErrorKind::AlreadyExists.into()))
    }

    /// The collectors that run, by process. What dead ones left behind is removed.
    pub fn running(&self) -> Vec<Running> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let mut all: Vec<Running> =
            entries.flatten().filter_map(|entry| running(&entry.path())).collect();
        all.sort_by(|a, b| (a.pid, &a.target).cmp(&(b.pid, &b.target)));
        all
    }
}

fn running(path: &Path) -> Option<Running> {
    path.extension().filter(|extension| *extension == "json")?;
    let file = File::open(path).ok()?;
    if file.try_lock().is_ok() {
        let _ = fs::remove_file(path);
        return None;
    }
    let running: Running = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
    Some(Running { path: path.to_owned(), ..running })
}

impl Running {
    /// Asks the process to stop: it cancels what the server runs, saves what it has and ends.
    ///
    /// # Errors
    /// When it is gone already, or somebody else's.
    pub fn stop(&self) -> std::io::Result<()> {
        let pid = Pid::from_raw(self.pid).filter(|_| self.pid > 1);
        let pid = pid.ok_or(std::io::ErrorKind::InvalidData)?;
        Ok(kill_process(pid, Signal::TERM)?)
    }

    /// Waits until the process has ended, at most so long; whether it has.
    pub fn ended_within(&self, patience: Duration) -> bool {
        let Ok(file) = File::open(&self.path) else { return true };
        let (ended, wait) = std::sync::mpsc::channel();
        // The lock comes free when its holder ends; a thread, because waiting for it has no limit.
        std::thread::spawn(move || {
            let _ = file.lock();
            let _ = ended.send(());
        });
        wait.recv_timeout(patience).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_listed_while_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::in_folder(folder.path());
        assert_eq!(registry.running(), []);
        let one = registry.register("shop").unwrap();
        let _two = registry.register("old").unwrap();
        let targets = |r: &Registry| r.running().into_iter().map(|r| r.target).collect::<Vec<_>>();
        assert_eq!(targets(&registry), ["old", "shop"]);
        let shop = registry.running().remove(1);
        assert!(!shop.ended_within(Duration::from_millis(1)));
        drop(one);
        assert!(shop.ended_within(Duration::from_secs(60)));
        assert_eq!(targets(&registry), ["old"]);
    }

    #[test]
    fn what_a_dead_process_left_is_removed_and_never_signalled() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join("1-0.json");
        fs::write(&left, r#"{"pid":1,"target":"shop","since":""}"#).unwrap();
        let registry = Registry::in_folder(folder.path());
        assert_eq!(registry.running(), []);
        assert!(!left.exists());
        let (since, path) = (String::new(), left);
        let init = Running { pid: 1, target: "x".into(), since, path };
        assert!(init.stop().is_err());
    }
}

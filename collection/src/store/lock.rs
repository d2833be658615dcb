//! One collector for a target and a store: a file lock that dies with its process.

use super::Store;
use crate::error::{CollectError, ErrorKind, Result};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;

/// Held while a collector watches its target; released when it is dropped or the process ends.
#[derive(Debug)]
pub struct CollectorLock {
    _file: File,
}

impl Store {
    /// Takes the lock of the target with that file stem.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when another process holds it; the message has its process id.
    pub fn lock(&self, stem: &str) -> Result<CollectorLock> {
        let folder = self.folder().join(".locks");
        let failed = |what: &str, error: std::io::Error| {
            let message = format!("cannot {what} in {}: {error}", folder.display());
            CollectError::new(ErrorKind::Store, message)
                .hint("choose another folder with `--store DIR`")
                .caused_by(error)
        };
        let mut folders = fs::DirBuilder::new();
        folders.recursive(true).mode(0o700);
        folders.create(&folder).map_err(|error| failed("make the folder of locks", error))?;
        let path = folder.join(format!("{stem}.lock"));
        let options =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.map_err(|error| failed("open a lock", error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(&mut file)),
            Err(TryLockError::Error(error)) => return Err(failed("lock", error)),
        }
        // For whoever finds it taken; the lock itself does not depend on it.
        let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(CollectorLock { _file: file })
    }
}

fn taken(file: &mut File) -> CollectError {
    let mut text = String::new();
    let _ = file.rewind().and_then(|()| file.take(20).read_to_string(&mut text));
    let who = match text.trim().parse::<u32>() {
        Ok(pid) => format!("process {pid}"),
        Err(_) => "another process".to_owned(),
    };
    let message = format!("{who} is collecting from this target into this store already");
    CollectError::new(ErrorKind::Store, message)
        .hint("`planscope stop` ends the collectors of this machine")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_locked_once_and_free_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        let held = store.lock("shop").unwrap();
        let error = store.lock("shop").unwrap_err();
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
        store.lock("other").unwrap();
        drop(held);
        store.lock("shop").unwrap();
    }
}

//! The file into which what could not be read of a log is written.

use crate::error::{CommandError, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Made when the first piece is written, or when all was read: a log that is not there leaves what
/// the file held. Readable by its owner only, because pieces hold the values of statements.
pub struct Rejects {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Rejects {
    /// The file at `path`, which must be none of the `logs`.
    pub fn new(path: &Path, logs: &[PathBuf]) -> Result<Self> {
        let identity = |path: &Path| fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
        let ours = identity(path);
        if let Some(log) = logs.iter().find(|log| ours.is_some() && identity(log) == ours) {
            let message = format!("--rejects {} would overwrite the log", log.display());
            return Err(CommandError::usage(message).hint("name another file"));
        }
        Ok(Self { path: path.to_owned(), file: None })
    }

    /// What went wrong with it.
    pub fn failed(&self, error: io::Error) -> CommandError {
        CommandError::from(error).at(format!("--rejects {}", self.path.display()))
    }

    fn file(&mut self) -> io::Result<&mut BufWriter<File>> {
        if self.file.is_none() {
            let mut options = OpenOptions::new();
            let file = options.write(true).create(true).truncate(true).mode(0o600);
            self.file = Some(BufWriter::new(file.open(&self.path)?));
        }
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Write for Rejects {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() { Ok(0) } else { self.file()?.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file()?.flush()
    }
}

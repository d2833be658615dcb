//! A record of everything that is sent to a server, for whoever has to answer for it.
//!
//! One JSON object a line: when, to which target, what. It holds the texts as they were sent, literals
//! included, so only its owner may read the file.

use crate::clock;
use crate::error::{CollectError, ErrorKind, Result};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Where a session records what it sends; by default nowhere. Clones write to the same file.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    file: Option<Arc<Mutex<File>>>,
}

impl Audit {
    /// Appends to the file, which is made when it is not there.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn to_file(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        let file = file.map_err(|error| {
            let message = format!("cannot write the audit log {}: {error}", path.display());
            CollectError::new(ErrorKind::Config, message).caused_by(error)
        })?;
        Ok(Self { file: Some(Arc::new(Mutex::new(file))) })
    }

    /// Records a text just before it is sent.
    ///
    /// # Errors
    /// When it cannot be written: what cannot be recorded must not be sent.
    pub fn sent(&self, target: &str, text: &str) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let line = json!({ "at": clock::now(), "target": target, "sent": text }).to_string() + "\n";
        let mut file = file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // One write, so that lines of several processes do not mix.
        file.write_all(line.as_bytes()).map_err(|error| {
            let message = format!("cannot write the audit log: {error}");
            CollectError::new(ErrorKind::Config, message).caused_by(error)
        })
    }
}

impl PartialEq for Audit {
    /// Whether both write to the same place.
    fn eq(&self, other: &Self) -> bool {
        match (&self.file, &other.file) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }
}

impl Eq for Audit {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_a_line_and_older_lines_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        for text in ["SELECT 1;\nSELECT '2'", "EXPLAIN SELECT 3"] {
            Audit::to_file(&path).unwrap().sent("shop", text).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap();
        let texts: Vec<String> = written
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .map(|line| line["sent"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(texts, ["SELECT 1;\nSELECT '2'", "EXPLAIN SELECT 3"]);
        assert!(Audit::to_file(folder.path()).is_err(), "a folder is no file");
        Audit::default().sent("shop", "SELECT 1").unwrap();
    }
}

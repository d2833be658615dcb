//! A record of everything that is sent to a server, for whoever has to answer for it.
//!
//! One JSON object a line: when, to which target, what (`sent` a text, or `did` something that has none). It holds the texts as they were sent, literals
//! included, so only its owner may read the file.

use crate::clock;
use crate::error::{CollectError, ErrorKind, Result};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Where a session records what it sends; by default nowhere. Clones write to the same place.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    place: Option<Arc<Mutex<Place>>>,
    count: Arc<AtomicU64>,
}

/// Where the records go.
#[derive(Debug)]
enum Place {
    /// Lines of a file; nothing any more once one could not be written.
    File { file: File, broken: Option<String> },
    /// A list, for a dry run.
    Memory(Vec<Sent>),
}

/// What to do where the audit log cannot be written.
const ELSEWHERE: &str = "name a file that can be written: --audit FILE";

/// Something that was sent, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// A statement or command, as it is sent.
    Text(String),
    /// Something that is no text of a language: opening a connection, cancelling.
    Act(String),
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
            CollectError::new(ErrorKind::Config, message).hint(ELSEWHERE).caused_by(error)
        })?;
        Ok(Self::to(Place::File { file, broken: None }))
    }

    /// Keeps a list.
    pub fn in_memory() -> Self {
        Self::to(Place::Memory(Vec::new()))
    }

    fn to(place: Place) -> Self {
        Self { place: Some(Arc::new(Mutex::new(place))), count: Arc::default() }
    }

    /// What was recorded in memory, in order; nothing of what went to a file.
    pub fn list(&self) -> Vec<Sent> {
        match self.place.as_ref().map(|place| place.lock().unwrap_or_else(PoisonError::into_inner))
        {
            Some(place) => match &*place {
                Place::Memory(list) => list.clone(),
                Place::File { .. } => Vec::new(),
            },
            None => Vec::new(),
        }
    }

    /// How many texts and acts were recorded or would have been, by all clones.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Records a text just before it is sent.
    ///
    /// # Errors
    /// When it cannot be written: what cannot be recorded must not be sent.
    pub fn sent(&self, target: &str, text: &str) -> Result<()> {
        self.record(target, || Sent::Text(text.to_owned()))
    }

    /// Records what is done at the server without a text: a connection, a cancellation.
    ///
    /// # Errors
    /// As [`Audit::sent`].
    pub fn did(&self, target: &str, act: &str) -> Result<()> {
        self.record(target, || Sent::Act(act.to_owned()))
    }

    fn record(&self, target: &str, sent: impl FnOnce() -> Sent) -> Result<()> {
        self.count.fetch_add(1, Ordering::Relaxed);
        let Some(place) = &self.place else { return Ok(()) };
        let failed = |why: &str| {
            CollectError::new(ErrorKind::Config, format!("cannot write the audit log: {why}"))
                .hint(ELSEWHERE)
        };
        match &mut *place.lock().unwrap_or_else(PoisonError::into_inner) {
            Place::Memory(list) => list.push(sent()),
            Place::File { broken: Some(why), .. } => return Err(failed(why)),
            Place::File { file, broken } => {
                // One write, so that lines of several processes do not mix.
                if let Err(error) = file.write_all(line(target, &sent()).as_bytes()) {
                    *broken = Some(error.to_string());
                    return Err(failed(&error.to_string()).caused_by(error));
                }
            }
        }
        Ok(())
    }
}

fn line(target: &str, sent: &Sent) -> String {
    let (key, text) = match sent {
        Sent::Text(text) => ("sent", text),
        Sent::Act(act) => ("did", act),
    };
    json!({ "at": clock::now(), "target": target, key: text }).to_string() + "\n"
}

impl PartialEq for Audit {
    /// Whether both write to the same place.
    fn eq(&self, other: &Self) -> bool {
        match (&self.place, &other.place) {
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
        let nowhere = Audit::default();
        nowhere.clone().sent("shop", "SELECT 1").unwrap();
        assert_eq!(nowhere.count(), 1);
    }

    #[test]
    fn a_list_keeps_the_order() {
        let audit = Audit::in_memory();
        audit.did("shop", "connected").unwrap();
        audit.clone().sent("shop", "SELECT 1").unwrap();
        let want = [Sent::Act("connected".to_owned()), Sent::Text("SELECT 1".to_owned())];
        assert_eq!(audit.list(), want);
        assert!(Audit::default().list().is_empty());
    }

    /// What could not be recorded once is not followed by something that can.
    #[test]
    fn after_a_failure_nothing_more_is_sent() {
        let audit = Audit::to_file(Path::new("/dev/full")).unwrap();
        for _ in 0..2 {
            let error = audit.sent("shop", "SELECT 1").unwrap_err();
            assert!(error.message.starts_with("cannot write the audit log: "), "{error}");
        }
    }
}

//! The circuit breaker of a target: after failures in a row it is left alone for a while.
//!
//! A server that is overloaded answers late or not at all, and each new attempt makes it worse: a cron
//! job every minute, or five colleagues at once. The state lives beside the snapshots, so that it
//! holds for all of them. Closed: attempts go through. Open: none does, until its time is over. Then
//! one is let through (half-open): it closes the breaker or opens it for twice as long.

use crate::clock;
use crate::error::{CollectError, ErrorKind, Result};
use crate::store::Store;
use serde::{Deserialize, Serialize};
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

/// Failures in a row that open it.
const OPENS_AT: u32 = 3;
/// For how long, at first.
const FIRST_SECONDS: i64 = 30;
/// For how long, at most.
const LONGEST_SECONDS: i64 = 15 * 60;

/// What is remembered of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// Failures in a row.
    failures: u32,
    /// Until when no attempt is made, in seconds since 1970.
    open_until: Option<i64>,
    /// What the last failure was.
    reason: String,
}

/// A target's breaker.
#[derive(Debug)]
pub struct Breaker {
    path: PathBuf,
    state: State,
}

impl Breaker {
    /// The breaker of the target with that file stem. A state that cannot be read counts as closed:
    /// it protects the server, and must never be in the way of looking at it.
    pub fn of(store: &Store, stem: &str) -> Self {
        let path = store.folder().join(".state").join(format!("{stem}.json"));
        let text = fs::read_to_string(&path).unwrap_or_default();
        Self { path, state: serde_json::from_str(&text).unwrap_or_default() }
    }

    /// Whether an attempt may be made now.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] while it is open.
    pub fn admit(&self) -> Result<()> {
        self.state.admit(clock::timestamp().as_second())
    }

    /// Takes note of how an attempt ended.
    pub fn note(&mut self, outcome: std::result::Result<(), &CollectError>) {
        let before = self.state.clone();
        self.state.note(outcome, clock::timestamp().as_second());
        if self.state == State::default() {
            let _ = fs::remove_file(&self.path);
        } else if self.state != before {
            // Not being able to remember is no reason to fail.
            let mut folders = fs::DirBuilder::new();
            folders.recursive(true).mode(0o700);
            let _ = self.path.parent().map(|folder| folders.create(folder));
            let _ = fs::write(&self.path, serde_json::to_string(&self.state).unwrap_or_default());
        }
    }
}

impl State {
    fn admit(&self, now: i64) -> Result<()> {
        let seconds = self.open_until.unwrap_or(0).saturating_sub(now);
        if seconds <= 0 {
            return Ok(());
        }
        let message = format!(
            "the target failed {} times in a row and is left alone for another {seconds} s; the last \
             time: {}",
            self.failures, self.reason
        );
        Err(CollectError::new(ErrorKind::Refused, message)
            .hint("--force tries nevertheless")
            .hint("planscope doctor TARGET looks at the server"))
    }

    fn note(&mut self, outcome: std::result::Result<(), &CollectError>, now: i64) {
        match outcome {
            Ok(()) => *self = Self::default(),
            Err(error) if is_overload(error.kind) => {
                self.failures = self.failures.saturating_add(1);
                self.reason = error.to_string();
                let over = self.failures.checked_sub(OPENS_AT);
                self.open_until = over.map(|times| {
                    now.saturating_add((FIRST_SECONDS << times.min(10)).min(LONGEST_SECONDS))
                });
            }
            // A wrong password says nothing about how the server feels.
            Err(_) => {}
        }
    }
}

fn is_overload(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Timeout | ErrorKind::Connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> i64 {
        1_767_225_600 + second
    }

    #[test]
    fn it_opens_at_the_third_failure_and_for_longer_each_time() {
        let (mut state, late) = (State::default(), CollectError::new(ErrorKind::Timeout, "late"));
        for second in 0..2 {
            state.note(Err(&late), at(second));
            state.admit(at(second)).unwrap();
        }
        state.note(Err(&late), at(2));
        assert!(state.admit(at(31)).unwrap_err().to_string().contains("another 1 s"));
        // Half-open: one attempt goes through, and fails.
        state.admit(at(32)).unwrap();
        state.note(Err(&late), at(32));
        assert!(state.admit(at(91)).is_err());
        state.admit(at(92)).unwrap();
        state.note(Ok(()), at(92));
        assert_eq!(state, State::default());
        for second in 0..100 {
            state.note(Err(&late), at(second));
        }
        state.admit(at(99 + 15 * 60)).unwrap();
    }

    #[test]
    fn only_what_an_overload_can_cause_counts() {
        let mut state = State::default();
        for _ in 0..9 {
            state.note(Err(&CollectError::new(ErrorKind::Authentication, "no")), at(0));
        }
        assert_eq!(state, State::default());
    }

    #[test]
    fn the_state_is_kept_between_runs_and_rubbish_counts_as_closed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        let gone = CollectError::new(ErrorKind::Connection, "gone");
        for _ in 0..3 {
            Breaker::of(&store, "shop").note(Err(&gone));
        }
        assert!(Breaker::of(&store, "shop").admit().is_err());
        Breaker::of(&store, "other").admit().unwrap();
        fs::write(folder.path().join(".state/shop.json"), "{").unwrap();
        Breaker::of(&store, "shop").admit().unwrap();
    }
}

//! The circuit breaker of a target: after failures in a row it is left alone for a while.
//!
//! A server that is overloaded answers late or not at all, and each new attempt makes it worse: a cron
//! job every minute, or five colleagues at once. The state lives beside the snapshots, so that it
//! holds for all of them. Closed: attempts go through. Open: none does, until its time is over. Then
//! one is let through (half-open), and no other until it is known how that went: it closes the
//! breaker or opens it for twice as long.

use crate::clock;
use crate::error::{CollectError, ErrorKind, Result};
use crate::store::Store;
use planscope_explain::Snapshot;
use planscope_explain::workload::Problem;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// Failures in a row that open it.
const OPENS_AT: u32 = 3;
/// For how long, at first.
const FIRST_SECONDS: i64 = 30;
/// For how long, at most.
const LONGEST_SECONDS: i64 = 15 * 60;
/// How long an attempt that was let through may stay silent before another one is: its process may
/// have died.
const PROBE_SECONDS: i64 = 120;

/// What a breaker does with attempts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// Lets them through.
    #[default]
    Closed,
    /// Lets none through.
    Open,
    /// Has let one through and waits for how that went.
    HalfOpen,
}

/// What is remembered of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct State {
    position: Position,
    /// Failures in a row.
    failures: u32,
    /// Until when no attempt is made, in seconds since 1970.
    open_until: Option<i64>,
    /// When the attempt was let through that decides, in seconds since 1970.
    probe_since: Option<i64>,
    /// What the last failure was.
    reason: String,
}

/// A target's breaker.
#[derive(Debug)]
pub struct Breaker {
    path: PathBuf,
}

impl Breaker {
    /// The breaker of the target with that file stem. A state that cannot be read counts as closed:
    /// it protects the server, and must never be in the way of looking at it.
    pub fn of(store: &Store, stem: &str) -> Self {
        Self { path: store.folder().join(".state").join(format!("{stem}.json")) }
    }

    /// Whether an attempt may be made now. Of an open breaker whose time is over one attempt is let
    /// through: whoever asked must [`Breaker::note`] how it went.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] while it is open, or half-open with an attempt under way.
    pub fn admit(&self) -> Result<()> {
        if !self.path.exists() {
            return Ok(());
        }
        self.change(|state| state.admit(clock::timestamp().as_second()))
    }

    /// Takes note of how an attempt ended.
    pub fn note(&self, outcome: std::result::Result<(), &CollectError>) {
        let worth_it = self.path.exists() || outcome.is_err_and(|error| is_overload(error.kind));
        if worth_it {
            self.change(|state| state.note(outcome, clock::timestamp().as_second()));
        }
    }

    /// Takes note of how a collection ended. One that was stopped, or whose connection broke, half way
    /// gave a snapshot, and says of the server what the failure would have said.
    pub fn note_collected(&self, collected: &Result<Snapshot>) {
        let snapshot = match collected {
            Ok(snapshot) => snapshot,
            Err(error) => return self.note(Err(error)),
        };
        let ends = |problem: &Problem| {
            let kind = match problem.kind.as_str() {
                "connection-lost" => ErrorKind::Connection,
                "stopped" => ErrorKind::Stopped,
                _ => return None,
            };
            Some(CollectError::new(kind, problem.message.clone()))
        };
        match snapshot.problems.iter().find_map(ends) {
            Some(error) => self.note(Err(&error)),
            None => self.note(Ok(())),
        }
    }

    /// What it does with attempts now.
    pub fn position(&self) -> Position {
        self.read().position
    }

    fn read(&self) -> State {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Changes the state as one step, whatever other processes do. Not being able to remember is no
    /// reason to fail.
    fn change<T>(&self, step: impl FnOnce(&mut State) -> T) -> T {
        let _lock = self.lock();
        let before = self.read();
        let mut state = before.clone();
        let answer = step(&mut state);
        if state == State::default() {
            let _ = fs::remove_file(&self.path);
        } else if state != before {
            let early = self.path.with_extension("new");
            let text = serde_json::to_string(&state).unwrap_or_default();
            let _ = fs::write(&early, text).and_then(|()| fs::rename(&early, &self.path));
        }
        answer
    }

    /// Held while the state is changed; a lock that cannot be had is done without.
    fn lock(&self) -> Option<File> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).ok()?;
        let file = File::create(self.path.with_extension("lock")).ok()?;
        file.lock().ok()?;
        Some(file)
    }
}

impl State {
    fn admit(&mut self, now: i64) -> Result<()> {
        let left = |since: Option<i64>, seconds: i64| {
            since.map_or(0, |since| since.saturating_add(seconds).saturating_sub(now))
        };
        let seconds = match self.position {
            Position::Closed => return Ok(()),
            Position::Open => left(self.open_until, 0),
            Position::HalfOpen => left(self.probe_since, PROBE_SECONDS),
        };
        if seconds <= 0 {
            self.position = Position::HalfOpen;
            self.probe_since = Some(now);
            return Ok(());
        }
        Err(self.refusal(seconds))
    }

    fn refusal(&self, seconds: i64) -> CollectError {
        let times = self.failures;
        let why = match self.position {
            Position::HalfOpen => {
                format!("another attempt is under way; it has {seconds} s to tell how it went")
            }
            _ => format!("it is left alone for another {seconds} s"),
        };
        let message = format!(
            "the target failed {times} times in a row and {why}; the last time: {}",
            self.reason
        );
        CollectError::new(ErrorKind::Refused, message)
            .hint("--force tries nevertheless")
            .hint("planscope doctor TARGET looks at the server")
    }

    fn note(&mut self, outcome: std::result::Result<(), &CollectError>, now: i64) {
        match outcome {
            Ok(()) => *self = Self::default(),
            Err(error) if is_overload(error.kind) => {
                self.failures = self.failures.saturating_add(1);
                self.reason = error.to_string();
                self.probe_since = None;
                let Some(over) = self.failures.checked_sub(OPENS_AT) else { return };
                let seconds = (FIRST_SECONDS << over.min(10)).min(LONGEST_SECONDS);
                self.position = Position::Open;
                self.open_until = Some(now.saturating_add(seconds));
            }
            // A wrong password says nothing about how the server feels: the next one may try.
            Err(_) if self.position == Position::HalfOpen => {
                self.position = Position::Open;
                self.probe_since = None;
            }
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
            assert_eq!(state.position, Position::Closed);
        }
        state.note(Err(&late), at(2));
        assert_eq!(state.position, Position::Open);
        assert!(state.admit(at(31)).unwrap_err().to_string().contains("another 1 s"));
        // Half-open: one attempt goes through, a second waits for it, and it fails.
        state.admit(at(32)).unwrap();
        assert_eq!(state.position, Position::HalfOpen);
        assert!(state.admit(at(33)).unwrap_err().to_string().contains("under way"));
        state.note(Err(&late), at(34));
        assert!(state.admit(at(93)).is_err());
        state.admit(at(94)).unwrap();
        state.note(Ok(()), at(94));
        assert_eq!(state, State::default());
        for second in 0..100 {
            state.note(Err(&late), at(second));
        }
        assert!(state.admit(at(98 + 15 * 60)).is_err());
        state.admit(at(99 + 15 * 60)).unwrap();
    }

    #[test]
    fn an_attempt_that_is_never_heard_of_again_blocks_nobody() {
        let (mut state, late) = (State::default(), CollectError::new(ErrorKind::Timeout, "late"));
        (0..3).for_each(|_| state.note(Err(&late), at(0)));
        state.admit(at(30)).unwrap();
        assert!(state.admit(at(149)).is_err());
        state.admit(at(150)).unwrap();
        // One that ended for a reason of its own lets the next one try at once.
        state.note(Err(&CollectError::new(ErrorKind::Stopped, "stopped")), at(151));
        state.admit(at(151)).unwrap();
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
        assert_eq!(Breaker::of(&store, "shop").position(), Position::Open);
        Breaker::of(&store, "other").admit().unwrap();
        Breaker::of(&store, "other").note(Ok(()));
        assert!(!folder.path().join(".state/other.json").exists());
        fs::write(folder.path().join(".state/shop.json"), "{").unwrap();
        Breaker::of(&store, "shop").admit().unwrap();
    }

    #[test]
    fn a_snapshot_that_broke_off_counts_as_its_failure() {
        let folder = tempfile::tempdir().unwrap();
        let breaker = Breaker::of(&Store::open(folder.path()), "shop");
        let with = |kind: &str| {
            Ok(Snapshot {
                target: planscope_explain::workload::TargetIdentity {
                    name: "shop".into(),
                    engine: planscope_explain::Engine::Postgres,
                    version: "18".into(),
                    database: None,
                },
                taken_at: String::new(),
                window: Default::default(),
                coverage: Default::default(),
                statements: Vec::new(),
                catalog: Default::default(),
                settings: Default::default(),
                problems: vec![Problem {
                    kind: kind.to_owned(),
                    message: "no".to_owned(),
                    statement: None,
                }],
                log: None,
            })
        };
        (0..2).for_each(|_| breaker.note_collected(&with("connection-lost")));
        // That the user had enough says nothing of the server.
        breaker.note_collected(&with("stopped"));
        assert_eq!(breaker.position(), Position::Closed);
        breaker.note_collected(&with("connection-lost"));
        assert_eq!(breaker.position(), Position::Open);
        breaker.note_collected(&with("permission"));
        assert_eq!(breaker.position(), Position::Closed);
    }

    /// Of many processes that come when the time is over, one goes through.
    #[test]
    fn one_of_many_is_let_through() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        let state = r#"{"position":"open","failures":3,"open_until":1}"#;
        fs::create_dir(folder.path().join(".state")).unwrap();
        fs::write(folder.path().join(".state/shop.json"), state).unwrap();
        let admitted: usize = std::thread::scope(|scope| {
            let attempt = || usize::from(Breaker::of(&store, "shop").admit().is_ok());
            let attempts: Vec<_> = (0..8).map(|_| scope.spawn(attempt)).collect();
            attempts.into_iter().map(|attempt| attempt.join().unwrap()).sum()
        });
        assert_eq!(admitted, 1);
        assert_eq!(Breaker::of(&store, "shop").position(), Position::HalfOpen);
    }
}

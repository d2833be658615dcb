//! Collecting again and again: more often while something changes, seldom while nothing does.
//!
//! [`Watcher`] decides and is pure; [`run`] does what it says. A server that goes away is tried again
//! with growing pauses; what cannot get better by waiting (a wrong password) ends the watch.

use crate::clock;
use crate::collect::{self, Request};
use crate::driver::Session;
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::Stop;
use crate::store::{Keep, Store};
use futures_util::future::BoxFuture;
use planscope_explain::plan::plan_hash;
use planscope_explain::workload::{Fingerprint, Snapshot};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Between which bounds the pause moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// The first pause.
    pub first: Duration,
    /// The shortest.
    pub shortest: Duration,
    /// The longest.
    pub longest: Duration,
    /// Most of the time that may be spent collecting, in percent: the pause is as much longer than
    /// the round was.
    pub budget_percent: f64,
}

impl Pace {
    /// Around a pause: down to a quarter of it, up to eight times.
    pub fn around(first: Duration, budget_percent: f64) -> Self {
        Self { first, shortest: first / 4, longest: first * 8, budget_percent }
    }
}

/// What to do after a round.
#[derive(Debug)]
pub enum Next {
    /// Wait so long, for this reason.
    Pause(Duration, String),
    /// Waiting would not help.
    End(CollectError),
}

/// What the last round saw: of each statement the plan.
type Seen = BTreeMap<Fingerprint, Option<u64>>;

/// Decides when to collect again. Holds one round, whatever their number.
#[derive(Debug)]
pub struct Watcher {
    pace: Pace,
    pause: Duration,
    seen: Option<Seen>,
    failures: u32,
}

/// The first pause after a failure; it doubles with each.
const BACK_OFF: Duration = Duration::from_secs(1);
/// The longest.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(60);

impl Watcher {
    /// One that has seen nothing yet.
    pub fn new(pace: Pace) -> Self {
        Self { pace, pause: pace.first, seen: None, failures: 0 }
    }

    /// What follows from a round that took `took`.
    pub fn after(&mut self, round: Result<&Snapshot>, took: Duration) -> Next {
        match round {
            Ok(snapshot) => self.after_success(snapshot, took),
            Err(error) => self.after_failure(error),
        }
    }

    fn after_success(&mut self, snapshot: &Snapshot, took: Duration) -> Next {
        self.failures = 0;
        let seen = seen(snapshot);
        let change = self.seen.as_ref().map(|before| change(before, &seen));
        self.seen = Some(seen);
        let (pause, reason) = match change {
            None => (self.pace.first, "the first round".to_owned()),
            Some(Some(what)) => (self.pause / 2, what),
            Some(None) => (self.pause.mul_f64(1.5), "nothing changed".to_owned()),
        };
        self.pause = pause.clamp(self.pace.shortest, self.pace.longest);
        let least = took.mul_f64((100.0 / self.pace.budget_percent.max(0.01) - 1.0).max(0.0));
        if least > self.pause {
            let percent = self.pace.budget_percent;
            return Next::Pause(least, format!("{reason}; to stay within {percent} % of the time"));
        }
        Next::Pause(self.pause, reason)
    }

    fn after_failure(&mut self, error: CollectError) -> Next {
        if !passes(error.kind) {
            return Next::End(error);
        }
        let pause = BACK_OFF.saturating_mul(1 << self.failures.min(10)).min(LONGEST_BACK_OFF);
        self.failures = self.failures.saturating_add(1);
        Next::Pause(pause, error.to_string())
    }
}

/// Whether a failure may pass by itself.
fn passes(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::Input)
}

fn seen(snapshot: &Snapshot) -> Seen {
    let plan = |s: &planscope_explain::Statement| s.plans.first().map(|p| plan_hash(&p.plan));
    snapshot.statements.iter().map(|s| (s.fingerprint, plan(s))).collect()
}

/// What changed, for a person; `None` when nothing did.
fn change(before: &Seen, after: &Seen) -> Option<String> {
    let changed: Vec<&Fingerprint> = after
        .iter()
        .filter(|(id, plan)| plan.is_some() && before.get(id).is_some_and(|old| old != *plan))
        .map(|(id, _)| id)
        .collect();
    if let Some(first) = changed.first() {
        return Some(match changed.len() {
            1 => format!("the plan of {first} changed"),
            n => format!("{n} plans changed, {first} among them"),
        });
    }
    let new = after.keys().filter(|id| !before.contains_key(id)).count();
    (new > 0).then(|| format!("{new} statements are new among the heaviest"))
}

/// What happened, for whoever watches.
#[derive(Debug)]
pub enum Event<'a> {
    /// A snapshot was saved.
    Saved {
        /// The snapshot.
        snapshot: &'a Snapshot,
        /// Its file.
        path: PathBuf,
        /// How many old ones were deleted.
        pruned: usize,
    },
    /// The round failed.
    Failed(&'a CollectError),
    /// The next round comes after this pause, for this reason.
    Pausing(Duration, &'a str),
}

/// Opens a session.
pub type Open<'a> = dyn Fn() -> BoxFuture<'a, Result<Box<dyn Session>>> + Send + Sync + 'a;

/// What to watch and where to put it.
pub struct Watch<'a> {
    /// Opens a session, at the start and whenever the last one broke.
    pub open: &'a Open<'a>,
    /// What to collect.
    pub request: Request,
    /// Where the snapshots go.
    pub store: &'a Store,
    /// How long they are kept.
    pub keep: Option<Keep>,
    /// How often.
    pub pace: Pace,
    /// Rounds after which it ends; `None` is never.
    pub rounds: Option<u64>,
    /// Ends it.
    pub stop: Stop,
}

/// Collects until it is stopped.
///
/// # Errors
/// When waiting would not help: a wrong password, a missing extension, a store that cannot be written.
pub async fn run(watch: &Watch<'_>, tell: &mut (dyn FnMut(Event<'_>) + Send)) -> Result<()> {
    let mut watcher = Watcher::new(watch.pace);
    let mut session: Option<Box<dyn Session>> = None;
    let mut left = watch.rounds;
    while left != Some(0) && !watch.stop.is_stopped() {
        let began = clock::timestamp();
        let round = round(watch, &mut session, tell).await;
        let took = clock::timestamp().duration_since(began).unsigned_abs();
        if let Err(error) = &round {
            if error.kind == ErrorKind::Stopped {
                return Ok(());
            }
            tell(Event::Failed(error));
            session = None;
        }
        left = left.map(|left| left - 1);
        match watcher.after(round.as_ref().map_err(CollectError::alike), took) {
            Next::End(error) => return Err(error),
            Next::Pause(..) if left == Some(0) => {}
            Next::Pause(pause, reason) => {
                tell(Event::Pausing(pause, &reason));
                if watch.stop.pause(pause).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

async fn round(
    watch: &Watch<'_>,
    session: &mut Option<Box<dyn Session>>,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Snapshot> {
    let open = match session {
        Some(open) => open,
        None => session.insert((watch.open)().await?),
    };
    let snapshot = collect::collect(&mut **open, &watch.request, &mut |_| {}).await?;
    // The connection broke half way: what came is kept, and the next round opens another.
    if snapshot.problems.iter().any(|problem| problem.kind == "connection-lost") {
        *session = None;
    }
    let path = watch.store.save(&snapshot)?;
    let target = Some(snapshot.target.name.as_str());
    let pruned = match &watch.keep {
        Some(keep) => watch.store.delete(&watch.store.superfluous(keep, target)?)?.len(),
        None => 0,
    };
    tell(Event::Saved { snapshot: &snapshot, path, pruned });
    Ok(snapshot)
}

#[cfg(test)]
mod tests;

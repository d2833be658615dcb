//! Collecting again and again: more often while something changes, seldom while nothing does.
//!
//! [`Watcher`] decides and is pure; [`run`] does what it says. A server that goes away is tried again
//! with growing pauses; what cannot get better by waiting (a wrong password) ends the watch.

use crate::collect::{self, Request};
use crate::driver::Session;
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::Stop;
use crate::select::Known;
use crate::store::{Keep, Store};
use futures_util::future::BoxFuture;
use planscope_explain::plan::plan_hash;
use planscope_explain::workload::{Fingerprint, Snapshot};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;

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

    /// How long to wait after a round that took `took`, and why.
    pub fn succeeded(&mut self, snapshot: &Snapshot, took: Duration) -> (Duration, String) {
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
        let percent = self.pace.budget_percent;
        let least = took.mul_f64((100.0 / percent.max(0.01) - 1.0).max(0.0));
        if least > self.pause {
            return (least, format!("{reason}; to stay within {percent} % of the time"));
        }
        (self.pause, reason)
    }

    /// How long to wait after a failure; `None` when waiting would not help.
    pub fn failed(&mut self, error: &CollectError) -> Option<Duration> {
        if !passes(error.kind) {
            return None;
        }
        let pause = BACK_OFF.saturating_mul(1 << self.failures.min(10)).min(LONGEST_BACK_OFF);
        self.failures = self.failures.saturating_add(1);
        Some(pause)
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
    /// What to collect; what its selection knows is replaced by each round.
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
    let mut request = watch.request.clone();
    while left != Some(0) && !watch.stop.is_stopped() {
        // Not by the clock on the wall, which may be set while a round runs.
        let began = Instant::now();
        let round = round(watch, &request, &mut session, tell).await;
        let took = began.elapsed();
        let (pause, reason) = match round {
            Ok(snapshot) => {
                let known = request.selection.known.as_mut();
                known.into_iter().for_each(|known| *known = Known::of(&snapshot));
                watcher.succeeded(&snapshot, took)
            }
            Err(error) if error.kind == ErrorKind::Stopped => return Ok(()),
            Err(error) => {
                tell(Event::Failed(&error));
                session = None;
                let Some(pause) = watcher.failed(&error) else { return Err(error) };
                (pause, error.to_string())
            }
        };
        left = left.map(|left| left - 1);
        if left != Some(0) {
            tell(Event::Pausing(pause, &reason));
            if watch.stop.pause(pause).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

async fn round(
    watch: &Watch<'_>,
    request: &Request,
    session: &mut Option<Box<dyn Session>>,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Snapshot> {
    let open = match session {
        Some(open) => open,
        None => session.insert((watch.open)().await?),
    };
    let snapshot = collect::collect(&mut **open, request, &mut |_| {}).await?;
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

//! The load gate: a server that is busy is left alone until it is not.
//!
//! [`Gate`] is passed before a collection and again between its parts. A server over its limits is
//! waited for, a little; then the collection ends with what it has.

use crate::driver::Session;
use crate::error::{CollectError, ErrorKind, Result};
use std::time::Duration;
use tokio::time::Instant;

/// How busy a server is, as far as it says; our own session is not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Sessions that run a statement (`Threads_running`, active backends, active operations).
    pub active: Option<u32>,
    /// Of them, those that wait for a lock or for their turn.
    pub waiting: Option<u32>,
    /// How far a replica is behind, beyond the delay that it was told to keep.
    pub lag: Option<Duration>,
}

/// From when on a server is left alone; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadLimits {
    /// Most sessions that run a statement.
    pub active: Option<u32>,
    /// Most sessions that wait for a lock or for their turn.
    pub waiting: Option<u32>,
    /// Longest replication lag.
    pub lag: Option<Duration>,
    /// How long to wait for the load to fall before giving up.
    pub patience: Duration,
    /// Shortest time between two looks.
    pub between: Duration,
}

impl Default for LoadLimits {
    /// A peak hour is no reason to stop, a jam is: 200 statements at once are more than any machine
    /// runs, 20 that wait are a queue behind a lock, a replica 5 minutes late is short of breath.
    fn default() -> Self {
        Self {
            active: Some(200),
            waiting: Some(20),
            lag: Some(Duration::from_secs(300)),
            patience: Duration::from_secs(10),
            between: Duration::from_millis(500),
        }
    }
}

impl LoadLimits {
    /// No limit: the server is not even asked.
    pub fn none() -> Self {
        Self { active: None, waiting: None, lag: None, ..Self::default() }
    }

    fn is_none(&self) -> bool {
        self.active.is_none() && self.waiting.is_none() && self.lag.is_none()
    }

    /// What is too much, for a person; `None` when nothing is.
    pub fn exceeded(&self, load: &Load) -> Option<String> {
        let over = |have: Option<u32>, most: Option<u32>| {
            have.zip(most).filter(|(have, most)| have > most)
        };
        if let Some((have, most)) = over(load.active, self.active) {
            return Some(format!("{have} statements run at once, the limit is {most}"));
        }
        if let Some((have, most)) = over(load.waiting, self.waiting) {
            return Some(format!("{have} statements wait for locks, the limit is {most}"));
        }
        let late = load.lag.zip(self.lag).filter(|(lag, most)| lag > most);
        late.map(|(lag, most)| {
            let (lag, most) = (lag.as_secs(), most.as_secs());
            format!("the replica is {lag} s behind, the limit is {most} s")
        })
    }
}

/// Passed before each part of a collection.
#[derive(Debug)]
pub struct Gate {
    limits: LoadLimits,
    looked: Option<Instant>,
}

impl Gate {
    /// A gate with these limits.
    pub fn new(limits: LoadLimits) -> Self {
        Self { limits, looked: None }
    }

    /// Lets through when the server is not too busy, or has been looked at a moment ago; else waits
    /// for that. What the server does not say is no reason to stop.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] when the load did not fall in time; [`ErrorKind::Stopped`] and
    /// [`ErrorKind::Connection`] as they come.
    pub async fn pass(&mut self, session: &mut dyn Session) -> Result<()> {
        let begun = now();
        let is_fresh = |looked: Instant| begun.duration_since(looked) < self.limits.between;
        if self.limits.is_none() || self.looked.is_some_and(is_fresh) {
            return Ok(());
        }
        loop {
            let load = match session.load().await {
                Ok(load) => load,
                Err(error) if matters(&error) => return Err(error),
                Err(_) => Load::default(),
            };
            self.looked = Some(now());
            let Some(why) = self.limits.exceeded(&load) else { return Ok(()) };
            if begun.elapsed() >= self.limits.patience {
                return Err(busy(&why));
            }
            session.stop().clone().pause(self.limits.between).await?;
        }
    }
}

/// The runtime's clock, which tests can stop.
fn now() -> Instant {
    Instant::now()
}

fn matters(error: &CollectError) -> bool {
    matches!(error.kind, ErrorKind::Stopped | ErrorKind::Connection)
}

fn busy(why: &str) -> CollectError {
    CollectError::new(ErrorKind::Refused, format!("the server is busy and is left alone: {why}"))
        .hint("try again later, or look at a replica")
        .hint("--force looks nevertheless")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_holds_and_what_is_not_known_passes() {
        let limits = LoadLimits::default();
        let load = |active, waiting, lag: u64| Load {
            active: Some(active),
            waiting: Some(waiting),
            lag: Some(Duration::from_secs(lag)),
        };
        assert_eq!(limits.exceeded(&load(200, 20, 300)), None);
        assert!(limits.exceeded(&load(201, 0, 0)).unwrap().starts_with("201 statements run"));
        assert!(limits.exceeded(&load(0, 21, 0)).unwrap().starts_with("21 statements wait"));
        assert!(limits.exceeded(&load(0, 0, 301)).unwrap().contains("301 s behind"));
        assert_eq!(limits.exceeded(&Load::default()), None);
        assert_eq!(LoadLimits::none().exceeded(&load(9999, 9999, 9999)), None);
    }
}

//! The state of a watched database: what the last round cost, whether it stands still, what went wrong.

use crate::error::CommandError;
use crate::report::counted;
use crate::tui::message::Work;
use planscope_collection::live::{Cost, Order};
use planscope_explain::Snapshot;
use planscope_explain::units::{Millis, Share};
use planscope_explain::workload::{Counters, delta};
use planscope_explain::{Engine, Fingerprint};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Hands an order to the collecting task.
pub type Orders = Arc<dyn Fn(Order) + Send + Sync>;

/// What the collecting task found out.
pub enum LiveNews {
    /// It is at this step.
    Step(String),
    /// A round is over.
    Round {
        /// What was collected.
        snapshot: Arc<Snapshot>,
        /// What it cost.
        cost: Cost,
        /// Until the next one.
        next: Duration,
    },
    /// A round failed.
    Failed {
        /// Why.
        error: CommandError,
        /// Until the next attempt; [`None`] when there is none.
        retry: Option<Duration>,
    },
}

/// From when on figures count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reckoning {
    /// Everything that the server counted.
    #[default]
    All,
    /// Since browsing began.
    SinceStart,
    /// Since the last round.
    LastRound,
}

/// What goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Doing {
    /// Collecting, at this step.
    Collecting(String),
    /// Waiting for the next round.
    Waiting(Duration),
    /// The last round failed; the next attempt comes after that time, if at all.
    Failed(String, Option<Duration>),
}

/// A watched database.
pub struct Live {
    orders: Orders,
    every: Duration,
    /// Most of the time that may be spent collecting, 0 to 1.
    budget: f64,
    /// Whether it stands still.
    pub paused: bool,
    /// What goes on.
    pub doing: Doing,
    /// What it cost.
    pub cost: Cost,
    /// Rounds that went well.
    pub rounds: u64,
    /// From when on figures count.
    pub reckoning: Reckoning,
    /// The first round.
    pub first: Option<Arc<Snapshot>>,
    /// The round before the last.
    pub previous: Option<Arc<Snapshot>>,
    /// Whether the store was asked what was before.
    pub has_looked_back: bool,
    /// The last failure, whole.
    pub failure: Option<Vec<String>>,
}

impl Live {
    /// A database that nothing is known of yet.
    pub fn new(orders: Orders, every: Duration, budget: f64) -> Self {
        Self {
            orders,
            every,
            budget,
            paused: false,
            doing: Doing::Collecting("connecting".to_owned()),
            cost: Cost::default(),
            rounds: 0,
            reckoning: Reckoning::default(),
            first: None,
            previous: None,
            has_looked_back: false,
            failure: None,
        }
    }

    /// Pauses or goes on.
    pub fn toggle(&mut self) -> Work {
        self.paused = !self.paused;
        self.order(if self.paused { Order::Pause } else { Order::Resume })
    }

    /// Collects now.
    pub fn now(&mut self) -> Work {
        self.paused = false;
        self.order(Order::Now)
    }

    fn order(&self, order: Order) -> Work {
        let orders = Arc::clone(&self.orders);
        Work::new(move || {
            orders(order);
            None::<()>
        })
    }

    /// The next reckoning.
    pub fn next_reckoning(&mut self) {
        self.reckoning = match self.reckoning {
            Reckoning::All => Reckoning::SinceStart,
            Reckoning::SinceStart => Reckoning::LastRound,
            Reckoning::LastRound => Reckoning::All,
        };
    }

    /// The counters of what ran in the reckoned time; [`None`] for all time.
    pub fn counters(&self, now: &Snapshot) -> Option<HashMap<Fingerprint, Counters>> {
        let from = match self.reckoning {
            Reckoning::All => return None,
            Reckoning::SinceStart => self.first.as_ref(),
            Reckoning::LastRound => self.previous.as_ref(),
        };
        let from = from.map_or(&now.statements, |snapshot| &snapshot.statements);
        let ran = delta::between(from, now.statements.clone());
        Some(ran.statements.into_iter().map(|s| (s.fingerprint, s.counters)).collect())
    }

    /// Takes note of a failure.
    pub fn failed(&mut self, error: &CommandError, retry: Option<Duration>) {
        let mut lines = vec![error.message.clone()];
        lines.extend(error.hints.iter().map(|hint| format!("hint: {hint}")));
        self.failure = Some(lines);
        self.doing = Doing::Failed(error.message.clone(), retry);
    }

    /// What goes on, in a word and a sentence, whether it is bad news, the most important first.
    pub fn line(&self) -> (String, bool) {
        let text = match &self.doing {
            Doing::Failed(why, Some(pause)) => {
                let when = format!("! lost, tries again in {} (R: now)", seconds(*pause));
                return (format!("{when}: {why}"), true);
            }
            Doing::Failed(why, None) => return (format!("! stopped (R tries again): {why}"), true),
            _ if self.paused => "‖ paused, p goes on".to_owned(),
            Doing::Collecting(step) => format!("● {step:<24}"),
            Doing::Waiting(pause) if *pause > self.every => {
                let next = format!("next in {} (budget)", seconds(*pause));
                format!("● {next:<24}")
            }
            Doing::Waiting(_) => {
                let every = format!("every {}", seconds(self.every));
                format!("● {every:<24}")
            }
        };
        (text, false)
    }

    /// What failed, with what to do about it, when the last round did.
    pub fn trouble(&self) -> Option<String> {
        let (line, is_bad) = self.line();
        let hints = self.failure.iter().flatten().skip(1).cloned();
        is_bad.then(|| std::iter::once(line).chain(hints).collect::<Vec<_>>().join(" · "))
    }

    /// What it costs the server.
    pub fn costs(&self) -> String {
        if self.rounds == 0 {
            return String::new();
        }
        let sent = match self.cost.sent {
            0 => String::new(),
            n => format!(", {}", counted(n as usize, "statement", "statements")),
        };
        format!(
            "costs {} of the time, budget {} · last {}{sent}",
            Share(self.cost.share),
            Share(self.budget),
            Millis(self.cost.round_ms),
        )
    }

    /// Which figures are shown.
    pub fn since(&self) -> &'static str {
        match self.reckoning {
            Reckoning::All => "figures of all the time",
            Reckoning::SinceStart => "figures since the start",
            Reckoning::LastRound => "figures of the last round",
        }
    }
}

/// A pause for people: whole seconds from one on.
fn seconds(pause: Duration) -> String {
    let ms = pause.as_secs_f64() * 1000.0;
    match pause.as_secs() {
        0 => Millis(ms).to_string(),
        1..120 => format!("{} s", (ms / 1000.0).round()),
        _ => Millis(ms).to_string(),
    }
}

/// A snapshot of a database of which nothing was collected yet.
pub fn nothing_yet(engine: Engine, name: &str) -> Arc<Snapshot> {
    Arc::new(crate::input::snapshot_of(engine, name, Vec::new()))
}

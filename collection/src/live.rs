//! Collecting for somebody who looks on: a round every few seconds, held still and hurried by orders.
//!
//! It keeps to the budget as a watch does, asks the target's breaker before every attempt, and goes
//! on after a failure: whoever looks sees it, and decides. Nothing is saved.

use crate::collect::{self, Request, Step};
use crate::driver::Session;
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::breaker::Breaker;
use crate::guard::{Audit, Stop};
use crate::watch::{Open, Pace, Watcher};
use planscope_explain::workload::Snapshot;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

/// How long to wait before the breaker is asked again.
const ASK_BREAKER_AGAIN: Duration = Duration::from_secs(5);

/// What the looker wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// No more rounds.
    Pause,
    /// Rounds again, the first one now.
    Resume,
    /// A round now, even where the breaker is open.
    Now,
}

/// What happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// A round is at this step.
    Step(Step),
    /// A round went well.
    Round {
        /// What was collected.
        snapshot: Box<Snapshot>,
        /// What it cost.
        cost: Cost,
        /// Until the next one.
        next: Duration,
    },
    /// A round failed.
    Failed {
        /// Why.
        error: &'a CollectError,
        /// Until the next attempt; [`None`] when only an order brings one.
        retry: Option<Duration>,
    },
}

/// What the server can have spent on the rounds, at most: the time in which they ran.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Of the last round, in milliseconds.
    pub round_ms: f64,
    /// Texts sent in the last round; 0 where nothing is sent (SQLite).
    pub sent: u64,
    /// Of all rounds, in milliseconds.
    pub all_ms: f64,
    /// Share of the time since the start in which rounds ran, 0 to 1.
    pub share: f64,
}

/// What to look at, and how.
pub struct Live<'a> {
    /// Opens a session, at the start and whenever the last one broke.
    pub open: &'a Open<'a>,
    /// What to collect.
    pub request: Request,
    /// From the end of a round to the next.
    pub every: Duration,
    /// Most of the time that may be spent collecting, in percent.
    pub budget_percent: f64,
    /// What protects the target.
    pub breaker: Breaker,
    /// Whether the breaker is asked.
    pub heeds_breaker: bool,
    /// Counts what is sent.
    pub audit: Audit,
    /// What the looker wants; its end ends the rounds.
    pub orders: UnboundedReceiver<Order>,
    /// Ends it, in the midst of a round as well.
    pub stop: Stop,
}

/// What is remembered between rounds.
struct Rounds {
    watcher: Watcher,
    session: Option<Box<dyn Session>>,
    began: Instant,
    cost: Cost,
}

/// Collects until it is stopped or nobody looks any more.
pub async fn run(mut live: Live<'_>, tell: &mut (dyn FnMut(Event<'_>) + Send)) {
    let pace = Pace {
        first: live.every,
        shortest: live.every,
        longest: live.every,
        budget_percent: live.budget_percent,
    };
    let mut rounds = Rounds {
        watcher: Watcher::new(pace),
        session: None,
        began: Instant::now(),
        cost: Cost::default(),
    };
    let mut is_urgent = !live.heeds_breaker;
    while !live.stop.is_stopped() {
        let pause = match round(&mut live, &mut rounds, is_urgent, tell).await {
            Ok(pause) => Some(pause),
            Err(error) if error.kind == ErrorKind::Stopped => return,
            Err(error) => {
                rounds.session = None;
                let retry = match error.kind {
                    ErrorKind::Refused => Some(ASK_BREAKER_AGAIN),
                    _ => rounds.watcher.failed(&error),
                };
                tell(Event::Failed { error: &error, retry });
                retry
            }
        };
        match wait(&mut live, pause).await {
            Some(order) => is_urgent = order == Order::Now || !live.heeds_breaker,
            None => return,
        }
    }
}

/// One round; how long to wait after it.
async fn round(
    live: &mut Live<'_>,
    rounds: &mut Rounds,
    is_urgent: bool,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Duration> {
    if !is_urgent {
        live.breaker.admit()?;
    }
    let (began, sent) = (Instant::now(), live.audit.count());
    let collected = collect_once(live, rounds, tell).await;
    live.breaker.note_collected(&collected);
    let snapshot = collected?;
    live.stop.check()?;
    let took = began.elapsed();
    let (next, _) = rounds.watcher.succeeded(&snapshot, took);
    let cost = &mut rounds.cost;
    cost.round_ms = took.as_secs_f64() * 1000.0;
    cost.sent = live.audit.count().saturating_sub(sent);
    cost.all_ms += cost.round_ms;
    // The pause that follows belongs to the round.
    let all = rounds.began.elapsed() + next;
    cost.share = (cost.all_ms / 1000.0 / all.as_secs_f64().max(0.001)).min(1.0);
    let cost = *cost;
    tell(Event::Round { snapshot: Box::new(snapshot), cost, next });
    Ok(next)
}

async fn collect_once(
    live: &Live<'_>,
    rounds: &mut Rounds,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Snapshot> {
    let session = match &mut rounds.session {
        Some(open) => open,
        None => rounds.session.insert((live.open)().await?),
    };
    let mut step = |step| tell(Event::Step(step));
    let snapshot = collect::collect(&mut **session, &live.request, &mut step).await?;
    // The connection broke half way: what came is shown, and the next round opens another.
    if snapshot.problems.iter().any(|problem| problem.kind == "connection-lost") {
        rounds.session = None;
    }
    Ok(snapshot)
}

/// Waits for the next round; [`None`] when there is none. An order to pause holds until another one.
async fn wait(live: &mut Live<'_>, pause: Option<Duration>) -> Option<Order> {
    let ordered = tokio::select! {
        ordered = live.orders.recv() => Some(ordered?),
        () = over(pause) => None,
        () = live.stop.stopped() => return None,
    };
    // What piled up during the round: the last order counts.
    let mut last = ordered;
    loop {
        while let Ok(order) = live.orders.try_recv() {
            last = Some(order);
        }
        if last != Some(Order::Pause) {
            return Some(last.unwrap_or(Order::Resume));
        }
        last = tokio::select! {
            order = live.orders.recv() => Some(order?),
            () = live.stop.stopped() => return None,
        };
    }
}

/// Ends with the pause; never where there is none.
async fn over(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}

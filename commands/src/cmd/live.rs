//! `planscope browse TARGET --every TIME`: the task that collects while somebody looks on.

use super::workload::WorkloadArgs;
use crate::ctx::Ctx;
use crate::error::{CommandError, CommandErrorKind, Result};
use crate::runtime;
use crate::tui::browse::live::{LiveNews, Orders};
use crate::tui::event::Mailbox;
use crate::tui::message::Message;
use futures_util::FutureExt as _;
use planscope_collection::collect::{Request, Step};
use planscope_collection::guard::Policy;
use planscope_collection::guard::breaker::Breaker;
use planscope_collection::live::{self, Event, Live, Order};
use planscope_collection::{Stop, Target, drivers};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How long to wait at the end for the server to have been told.
const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that the task needs; none of it belongs to the screen.
pub struct Task {
    /// What is looked at.
    pub target: Target,
    /// How it is asked.
    pub policy: Policy,
    /// What it is asked for.
    pub request: Request,
    /// From the end of a round to the next.
    pub every: Duration,
    /// Most of the time that may be spent collecting, in percent.
    pub budget_percent: f64,
    /// What protects the target.
    pub breaker: Breaker,
    /// Whether the breaker is asked.
    pub heeds_breaker: bool,
    /// Ends it.
    pub stop: Stop,
}

impl Task {
    /// The task for these arguments.
    pub fn new(
        ctx: &Ctx,
        target: Target,
        of: &WorkloadArgs,
        (every, budget_percent): (Duration, f64),
    ) -> Result<Self> {
        let store = ctx.store()?;
        Ok(Self {
            policy: of.connection.policy()?,
            request: of.request(target.engine, None)?,
            every,
            budget_percent,
            breaker: Breaker::of(&store, &target.file_stem()),
            heeds_breaker: !of.force,
            stop: ctx.stop.clone(),
            target,
        })
    }
}

/// A running task. When it is dropped the task is stopped: what the server does for it is cancelled.
pub struct Running {
    stop: Stop,
    ended: Receiver<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.stop();
        // The sender is dropped when the task has ended: that is the end that is waited for.
        let _ = self.ended.recv_timeout(PATIENCE);
    }
}

/// Where orders for a task are put, and where it finds them.
pub fn orders() -> (Orders, UnboundedReceiver<Order>) {
    let (sender, receiver): (UnboundedSender<Order>, _) = unbounded_channel();
    let orders = move |order| {
        // A task that has ended takes no orders.
        let _ = sender.send(order);
    };
    (Arc::new(orders), receiver)
}

/// Starts the task in a thread of its own; what it finds goes into the mailbox.
pub fn start(task: Task, orders: UnboundedReceiver<Order>, mailbox: Mailbox) -> Result<Running> {
    let stop = task.stop.clone();
    let (ends, ended) = channel();
    let runtime = runtime()?;
    let work = move || {
        let _ends = ends;
        runtime.block_on(run(task, orders, &mailbox));
    };
    std::thread::Builder::new()
        .name("live".to_owned())
        .spawn(work)
        .map_err(|error| CommandError::new(CommandErrorKind::Internal, error.to_string()))?;
    Ok(Running { stop, ended })
}

async fn run(task: Task, orders: UnboundedReceiver<Order>, mailbox: &Mailbox) {
    let Task { target, policy, request, every, budget_percent, breaker, heeds_breaker, stop } =
        task;
    let open = || async { drivers::connect(&target, &policy, stop.clone()).await }.boxed();
    let live = Live {
        open: &open,
        request,
        every,
        budget_percent,
        breaker,
        heeds_breaker,
        audit: policy.audit.clone(),
        orders,
        stop: stop.clone(),
    };
    let mut tell = |event: Event<'_>| {
        // Nobody looks any more when the mailbox is gone: then the switch is thrown, too.
        let _ = mailbox.send(Message::News(Box::new(news(event))));
    };
    live::run(live, &mut tell).await;
}

fn news(event: Event<'_>) -> LiveNews {
    match event {
        Event::Step(step) => LiveNews::Step(match step {
            Step::Statements(..) => "reading the statements".to_owned(),
            Step::Interval(_) => "waiting for the second reading".to_owned(),
            Step::Catalog => "reading the catalog".to_owned(),
            Step::Plans(done, of) => format!("asking for plans, {done} of {of}"),
        }),
        Event::Round { snapshot, cost, next } => {
            LiveNews::Round { snapshot: Arc::from(snapshot), cost, next }
        }
        Event::Failed { error, retry } => {
            let mut shown = CommandError::new(CommandErrorKind::Connection, error.message.clone());
            shown.hints.clone_from(&error.hints);
            LiveNews::Failed { error: shown, retry }
        }
    }
}

#[cfg(test)]
mod tests;

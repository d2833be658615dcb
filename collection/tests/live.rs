//! A database that somebody looks at, made up, with a clock that stands still.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "support/fake.rs"]
mod fake;

use fake::{Answers, Fake, SEQ_SCAN};
use futures_util::FutureExt as _;
use planscope_collection::collect::Request;
use planscope_collection::driver::{Session, Workload};
use planscope_collection::error::Result;
use planscope_collection::guard::Audit;
use planscope_collection::guard::breaker::{Breaker, Position};
use planscope_collection::live::{Cost, Event, Live, Order, run};
use planscope_collection::store::Store;
use planscope_collection::{CollectError, ErrorKind, Stop};
use planscope_explain::workload::Statement;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// A server with one statement; `plan` is how long its plan takes.
struct Server {
    plan: Duration,
    round: Arc<AtomicUsize>,
    /// How the first rounds fail.
    failures: &'static [ErrorKind],
}

impl Answers for Server {
    fn workload(&mut self) -> Result<Workload> {
        let round = self.round.fetch_add(1, Ordering::Relaxed);
        match self.failures.get(round) {
            Some(kind) => Err(CollectError::new(*kind, "no")),
            None => Ok(Workload { statements: vec![Statement::default()], ..Workload::default() }),
        }
    }

    fn plan(&mut self) -> (&'static str, Duration) {
        (SEQ_SCAN, self.plan)
    }
}

/// What a look at a server shows.
struct Seen {
    /// A line a round or failure, with the second in which it was told.
    told: Vec<String>,
    costs: Vec<Cost>,
    /// How often a session was opened.
    opened: usize,
    /// When it was over.
    ended: Duration,
    breaker: Position,
}

/// Looks at a server every ten seconds for at most 10 % of the time, until `looker` is through: it
/// gets where to put orders, and the switch.
async fn seen<F: Future<Output = ()>>(
    plan: Duration,
    failures: &'static [ErrorKind],
    looker: impl FnOnce(UnboundedSender<Order>, Stop) -> F,
) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    let breaker = || Breaker::of(&Store::open(folder.path()), "live");
    let (round, opened) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
    let stop = Stop::new();
    let open = || {
        opened.fetch_add(1, Ordering::Relaxed);
        let server = Server { plan, round: Arc::clone(&round), failures };
        ready(Ok(Box::new(Fake::new(server, stop.clone())) as Box<dyn Session>)).boxed()
    };
    let (sender, orders) = unbounded_channel();
    let live = Live {
        open: &open,
        request: Request::default(),
        every: SECOND * 10,
        budget_percent: 10.0,
        breaker: breaker(),
        heeds_breaker: true,
        audit: Audit::default(),
        orders,
        stop: stop.clone(),
    };
    let (begun, mut told, mut costs) = (Instant::now(), Vec::new(), Vec::new());
    let mut tell = |event: Event<'_>| {
        let second = begun.elapsed().as_secs();
        match event {
            Event::Step(_) => {}
            Event::Round { cost, next, .. } => {
                told.push(format!("{second}: next in {next:?}"));
                costs.push(cost);
            }
            Event::Failed { error, retry } => {
                told.push(format!("{second}: {:?}, again in {retry:?}", error.kind));
            }
        }
    };
    let rounds = async {
        run(live, &mut tell).await;
        begun.elapsed()
    };
    let (ended, ()) = tokio::join!(rounds, looker(sender, stop.clone()));
    let opened = opened.load(Ordering::Relaxed);
    Seen { told, costs, opened, ended, breaker: breaker().position() }
}

#[tokio::test(start_paused = true)]
async fn orders_hold_it_still_and_hurry_it() {
    let seen = seen(Duration::ZERO, &[], async |orders, _stop| {
        sleep(SECOND * 15).await;
        orders.send(Order::Pause).unwrap();
        sleep(SECOND * 1000).await;
        orders.send(Order::Resume).unwrap();
        sleep(SECOND * 12).await;
        orders.send(Order::Now).unwrap();
        sleep(SECOND * 3).await;
        // What comes at once is one order, the last.
        orders.send(Order::Resume).unwrap();
        orders.send(Order::Pause).unwrap();
        sleep(SECOND * 100).await;
        orders.send(Order::Now).unwrap();
        sleep(SECOND * 15).await;
    })
    .await;
    let seconds: Vec<&str> = seen.told.iter().map(|l| l.split_once(':').unwrap().0).collect();
    assert_eq!(seconds, ["0", "10", "1015", "1025", "1027", "1130", "1140"], "{:?}", seen.told);
    assert_eq!(seen.opened, 1);
    // Nobody looks any more.
    assert_eq!(seen.ended, SECOND * 1145);
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_while_it_is_held_still_ends_it() {
    let seen = seen(Duration::ZERO, &[], async |orders, _stop| {
        orders.send(Order::Pause).unwrap();
        sleep(SECOND * 100).await;
    })
    .await;
    assert_eq!((seen.told.len(), seen.ended), (1, SECOND * 100));
}

#[tokio::test(start_paused = true)]
async fn failures_are_tried_again_until_the_breaker_opens_and_an_order_closes_it() {
    const GONE: [ErrorKind; 3] = [ErrorKind::Connection, ErrorKind::Timeout, ErrorKind::Connection];
    let seen = seen(Duration::ZERO, &GONE, async |orders, _stop| {
        sleep(SECOND * 14).await;
        orders.send(Order::Now).unwrap();
        sleep(SECOND * 15).await;
    })
    .await;
    assert_eq!(
        seen.told,
        [
            "0: Connection, again in Some(1s)",
            "1: Timeout, again in Some(2s)",
            "3: Connection, again in Some(4s)",
            "7: Refused, again in Some(5s)",
            "12: Refused, again in Some(5s)",
            "14: next in 10s",
            "24: next in 10s",
        ]
    );
    // Each failure costs a session; what was refused opened none.
    assert_eq!((seen.opened, seen.breaker), (4, Position::Closed));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_by_itself_waits_for_an_order() {
    let seen = seen(Duration::ZERO, &[ErrorKind::Authentication], async |orders, _stop| {
        sleep(SECOND * 500).await;
        orders.send(Order::Resume).unwrap();
        sleep(SECOND * 5).await;
    })
    .await;
    assert_eq!(seen.told, ["0: Authentication, again in None", "500: next in 10s"]);
}

#[tokio::test(start_paused = true)]
async fn the_budget_lengthens_the_pause_and_the_cost_is_told() {
    let seen = seen(SECOND * 2, &[], async |_orders, _stop| sleep(SECOND * 30).await).await;
    assert_eq!(seen.told, ["2: next in 18s", "22: next in 18s"]);
    let cost = |all_ms| Cost { round_ms: 2000.0, sent: 0, all_ms, share: 0.1 };
    assert_eq!(seen.costs, [cost(2000.0), cost(4000.0)]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_it_in_the_midst_of_a_round() {
    let seen = seen(SECOND * 1000, &[], async |orders, stop| {
        sleep(SECOND * 5).await;
        stop.stop();
        stop.stopped().await;
        drop(orders);
    })
    .await;
    assert_eq!((seen.told.len(), seen.ended), (0, SECOND * 5));
}

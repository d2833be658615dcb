//! A replayed server, and a watch over it.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use crate::fake::{Answers, Fake, INDEX_SCAN, SEQ_SCAN};
use futures_util::FutureExt as _;
use planscope_collection::collect::Request;
use planscope_collection::driver::{Session, Workload};
use planscope_collection::error::Result;
use planscope_collection::store::Store;
use planscope_collection::watch::{Event, Pace, Watch, run};
use planscope_collection::{CollectError, ErrorKind, Stop};
use planscope_explain::Fingerprint;
use planscope_explain::workload::{Counters, Statement};
use std::future::ready;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A server whose statement has one plan in the first five rounds and another after them; in the
/// seventh it is gone.
struct Replay(Arc<AtomicU64>);

impl Answers for Replay {
    fn workload(&mut self) -> Result<Workload> {
        let round = self.0.fetch_add(1, Ordering::Relaxed);
        if round == 7 {
            return Err(CollectError::new(ErrorKind::Connection, "gone"));
        }
        let counters = Counters { calls: Some(round as f64), ..Counters::default() };
        let text = "SELECT * FROM t WHERE a = $1".to_owned();
        let fingerprint = Fingerprint(1);
        let statements = vec![Statement { fingerprint, text, counters, ..Statement::default() }];
        Ok(Workload { statements, of: 1, ..Workload::default() })
    }

    fn plan(&mut self) -> (&'static str, Duration) {
        let text = match self.0.load(Ordering::Relaxed) {
            0..=5 => INDEX_SCAN,
            _ => SEQ_SCAN,
        };
        (text, Duration::ZERO)
    }
}

/// Watches the replay for some rounds, telling each event; gives how many files are left.
pub async fn watch(
    folder: &Path,
    rounds: u64,
    keep: &str,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> usize {
    let store = Store::open(folder);
    let (round, stop) = (Arc::new(AtomicU64::new(0)), Stop::new());
    let open = || {
        let replay = Fake::new(Replay(round.clone()), stop.clone());
        ready(Ok(Box::new(replay) as Box<dyn Session>)).boxed()
    };
    let watch = Watch {
        open: &open,
        request: Request::default(),
        store: &store,
        keep: Some(keep.parse().unwrap()),
        pace: Pace::around(Duration::from_secs(60), 5.0),
        rounds: Some(rounds),
        stop: stop.clone(),
    };
    run(&watch, tell).await.unwrap();
    store.list().unwrap().len()
}

//! A replayed server, and a watch over it.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use planscope_collection::collect::Request;
use planscope_collection::driver::{
    Check, Execution, PlanOutcome, Session, WhatIfAnswer, WhatIfQuestion, Workload,
};
use planscope_collection::error::Result;
use planscope_collection::queries::QueryText;
use planscope_collection::select::Selection;
use planscope_collection::store::Store;
use planscope_collection::watch::{Event, Pace, Watch, run};
use planscope_collection::{CollectError, ErrorKind, Stop};
use planscope_explain::workload::{
    Catalog, Counters, PlanRecord, Statement, TargetIdentity, Window,
};
use planscope_explain::{Engine, Fingerprint};
use std::collections::BTreeMap;
use std::future::ready;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A server whose statement has one plan in the first five rounds and another after them.
struct Replay {
    identity: TargetIdentity,
    round: Arc<AtomicU64>,
    stop: Stop,
}

impl Session for Replay {
    fn identity(&self) -> &TargetIdentity {
        &self.identity
    }

    fn stop(&self) -> &Stop {
        &self.stop
    }

    fn settings(&mut self) -> BoxFuture<'_, Result<BTreeMap<String, String>>> {
        ready(Ok(BTreeMap::new())).boxed()
    }

    fn workload<'a>(&'a mut self, _: &'a Selection) -> BoxFuture<'a, Result<Workload>> {
        let round = self.round.fetch_add(1, Ordering::Relaxed);
        if round == 7 {
            return ready(Err(CollectError::new(ErrorKind::Connection, "gone"))).boxed();
        }
        let counters = Counters { calls: Some(round as f64), ..Counters::default() };
        let text = "SELECT * FROM t WHERE a = $1".to_owned();
        let statement =
            Statement { fingerprint: Fingerprint(1), text, counters, ..Statement::default() };
        let statements = vec![statement];
        let window = Window::default();
        ready(Ok(Workload { statements, of: 1, window, ..Workload::default() })).boxed()
    }

    fn measure<'a>(
        &'a mut self,
        _: &'a [QueryText],
        _: Execution,
        _: &'a mut (dyn FnMut(usize) + Send),
    ) -> BoxFuture<'a, Result<Workload>> {
        ready(Ok(Workload::default())).boxed()
    }

    fn plans<'a>(
        &'a mut self,
        _: &'a [Statement],
        _: Execution,
        found: &'a mut (dyn FnMut(PlanOutcome) + Send),
    ) -> BoxFuture<'a, Result<()>> {
        let text = match self.round.load(Ordering::Relaxed) {
            0..=5 => "Index Scan using i on t  (cost=0.00..8.27 rows=1 width=4)\n",
            _ => "Seq Scan on t  (cost=0.00..35.50 rows=10 width=4)\n",
        };
        let plan = planscope_explain::formats::read(text, None).unwrap().swap_remove(0).plan;
        found(Ok(PlanRecord { plan, raw: Some(text.to_owned()) }));
        ready(Ok(())).boxed()
    }

    fn catalog(&mut self) -> BoxFuture<'_, Result<Catalog>> {
        ready(Ok(Catalog::default())).boxed()
    }

    fn what_if_method(&mut self) -> BoxFuture<'_, Result<String>> {
        ready(Err(CollectError::new(ErrorKind::Missing, "none"))).boxed()
    }

    fn what_if<'a>(
        &'a mut self,
        _: &'a [WhatIfQuestion],
    ) -> BoxFuture<'a, Result<Vec<Result<WhatIfAnswer>>>> {
        ready(Ok(Vec::new())).boxed()
    }

    fn doctor(&mut self) -> BoxFuture<'_, Result<Vec<Check>>> {
        ready(Ok(Vec::new())).boxed()
    }
}

fn identity() -> TargetIdentity {
    TargetIdentity {
        name: "replay".into(),
        engine: Engine::Postgres,
        version: "18".into(),
        database: None,
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
        let replay = Replay { identity: identity(), round: round.clone(), stop: stop.clone() };
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

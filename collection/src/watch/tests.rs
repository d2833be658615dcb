//! Tests of the decisions; what a watch does is in tests/watch.rs.

use super::*;
use planscope_explain::Engine;
use planscope_explain::workload::{Catalog, Statement, TargetIdentity, Window};
use std::collections::BTreeMap;

const SECOND: Duration = Duration::from_secs(1);

fn identity() -> TargetIdentity {
    TargetIdentity {
        name: "replay".into(),
        engine: Engine::Postgres,
        version: "18".into(),
        database: None,
    }
}

#[test]
fn the_pause_stays_in_its_bounds_and_in_the_budget() {
    let pace = Pace::around(SECOND * 8, 2.0);
    let mut watcher = Watcher::new(pace);
    let snapshot = |id: u64| Snapshot {
        target: identity(),
        taken_at: String::new(),
        window: Window::default(),
        coverage: Default::default(),
        statements: vec![Statement { fingerprint: Fingerprint(id), ..Statement::default() }],
        catalog: Catalog::default(),
        settings: BTreeMap::new(),
        problems: Vec::new(),
        log: None,
    };
    let mut pause = |id, took| watcher.succeeded(&snapshot(id), took).0;
    let idle: Vec<Duration> = (0..20).map(|_| pause(1, Duration::ZERO)).collect();
    assert_eq!((idle[0], idle[19]), (pace.first, pace.longest));
    let busy: Vec<Duration> = (2..20).map(|id| pause(id, Duration::ZERO)).collect();
    assert_eq!(busy.last(), Some(&pace.shortest));
    assert_eq!(pause(99, SECOND), SECOND * 49);
}

#[test]
fn what_waiting_cannot_mend_ends_it() {
    let mut watcher = Watcher::new(Pace::around(SECOND, 5.0));
    let mut after = |kind| watcher.failed(&CollectError::new(kind, "no"));
    assert_eq!(after(ErrorKind::Connection), Some(SECOND));
    assert_eq!(after(ErrorKind::Timeout), Some(SECOND * 2));
    assert_eq!(after(ErrorKind::Authentication), None);
}

//! Load gate and budgets over a server that is made up, with a clock that stands still.

#[path = "support/fake.rs"]
mod fake;

use fake::{Answers, Fake, SEQ_SCAN};
use planscope_collection::collect::{Request, collect};
use planscope_collection::driver::Workload;
use planscope_collection::error::Result;
use planscope_collection::guard::{Budget, Load, LoadLimits};
use planscope_collection::wanted::{Found, Wanted};
use planscope_collection::{CollectError, ErrorKind, Stop};
use planscope_explain::Fingerprint;
use planscope_explain::workload::{Catalog, Snapshot, Statement, Table};
use std::time::Duration;

/// A server with 600 statements, whose load is read off a list: the last value stays.
struct Busy {
    active: Vec<u32>,
    looks: usize,
    planned: usize,
    /// Why there is no catalog.
    catalog: Option<ErrorKind>,
    /// How many tables it has that are not looked at.
    left_out: usize,
    /// What catalogs were asked for.
    wanted: Vec<Wanted>,
}

impl Answers for Busy {
    fn load(&mut self) -> Load {
        let active = self.active.get(self.looks).or(self.active.last()).copied();
        self.looks += 1;
        Load { active, ..Load::default() }
    }

    fn workload(&mut self) -> Result<Workload> {
        let statement = |id| Statement { fingerprint: Fingerprint(id), ..Statement::default() };
        let statements = (0..600).map(statement).collect();
        Ok(Workload { statements, of: 600, ..Workload::default() })
    }

    fn plan(&mut self) -> (&'static str, Duration) {
        self.planned += 1;
        (SEQ_SCAN, Duration::from_millis(10))
    }

    /// Of the tables that are asked for it has `t`.
    fn catalog(&mut self, wanted: &Wanted) -> Result<Found> {
        self.wanted.push(wanted.clone());
        if let Some(kind) = self.catalog {
            return Err(CollectError::new(kind, "no catalog"));
        }
        let table = wanted
            .used
            .iter()
            .find(|table| table.name == "t")
            .map(|table| Table { name: table.name.clone(), ..Table::default() });
        let catalog = Catalog { tables: table.into_iter().collect(), indexes: Vec::new() };
        Ok(Found { catalog, left_out: self.left_out, limit: 1000, ..Found::default() })
    }
}

fn busy(active: &[u32]) -> Fake<Busy> {
    let busy = Busy {
        active: active.to_vec(),
        looks: 0,
        planned: 0,
        catalog: None,
        left_out: 0,
        wanted: Vec::new(),
    };
    Fake::new(busy, Stop::new())
}

fn limits() -> LoadLimits {
    LoadLimits { active: Some(10), ..LoadLimits::default() }
}

async fn collected(server: &mut Fake<Busy>, request: &Request) -> Result<Snapshot> {
    collect(server, request, &mut |_| ()).await
}

fn plans(snapshot: &Snapshot) -> usize {
    snapshot.statements.iter().filter(|statement| !statement.plans.is_empty()).count()
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_not_begun_with() {
    let mut server = busy(&[11]);
    let begun = tokio::time::Instant::now();
    let request = Request { limits: limits(), ..Request::default() };
    let error = collected(&mut server, &request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.message.contains("11 statements run at once, the limit is 10"), "{error}");
    assert_eq!(begun.elapsed(), Duration::from_secs(10), "it was waited for");
    assert_eq!(server.answers.planned, 0);
    // Without limits nobody asks.
    let mut server = busy(&[11]);
    let request = Request { limits: LoadLimits::none(), ..Request::default() };
    assert_eq!(plans(&collected(&mut server, &request).await.unwrap()), 600);
    assert_eq!(server.answers.looks, 0);
}

#[tokio::test(start_paused = true)]
async fn a_peak_that_passes_is_waited_for() {
    let mut server = busy(&[11, 11, 11, 3]);
    let begun = tokio::time::Instant::now();
    let request = Request { limits: limits(), ..Request::default() };
    let snapshot = collected(&mut server, &request).await.unwrap();
    assert_eq!((plans(&snapshot), snapshot.problems.len()), (600, 0));
    assert_eq!(begun.elapsed(), Duration::from_millis(3 * 500 + 600 * 10));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_becomes_busy_ends_it_and_what_came_is_kept() {
    let mut server = busy(&[1, 1, 99]);
    let request = Request { limits: limits(), ..Request::default() };
    let snapshot = collected(&mut server, &request).await.unwrap();
    // The third look comes before the third part.
    assert_eq!((plans(&snapshot), server.answers.planned), (512, 512));
    assert_eq!(snapshot.problems[0].kind, "load");
    assert!(snapshot.problems[0].message.contains("99 statements run"));
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_waiting_at_the_gate() {
    let mut server = busy(&[99]);
    let stop = server.stop.clone();
    let request = Request { limits: limits(), ..Request::default() };
    let begun = tokio::time::Instant::now();
    let (outcome, ()) = tokio::join!(collected(&mut server, &request), async {
        tokio::time::sleep(Duration::from_millis(1200)).await;
        stop.stop();
    });
    assert_eq!(outcome.unwrap_err().kind, ErrorKind::Stopped);
    assert_eq!(begun.elapsed(), Duration::from_millis(1200));
}

#[tokio::test(start_paused = true)]
async fn statements_beyond_the_budget_are_kept_without_plans() {
    let none = Budget { plans: None, bytes: None, time: None };
    let bytes = SEQ_SCAN.len() as u64;
    let cases = [
        (Budget { plans: Some(270), ..none }, 270, "270 plans"),
        (Budget { plans: Some(0), ..none }, 0, "0 plans"),
        // Looked at after each part of 256.
        (Budget { bytes: Some(bytes * 60), ..none }, 256, "bytes"),
        (Budget { time: Some(Duration::from_secs(3)), ..none }, 512, "3 s"),
    ];
    for (budget, want, words) in cases {
        let request = Request { budget, ..Request::default() };
        let snapshot = collected(&mut busy(&[0]), &request).await.unwrap();
        assert_eq!((plans(&snapshot), snapshot.statements.len()), (want, 600), "{words}");
        let problem = &snapshot.statements[599].problems[0];
        assert_eq!(problem.kind, "budget");
        assert!(problem.message.contains(words), "{}", problem.message);
    }
}

#[tokio::test(start_paused = true)]
async fn a_catalog_that_takes_too_long_costs_no_plan() {
    for (kind, planned, problem) in [
        (ErrorKind::Timeout, 600, "timeout"),
        (ErrorKind::Permission, 600, "permission"),
        (ErrorKind::Connection, 0, "connection-lost"),
        (ErrorKind::Stopped, 0, "stopped"),
    ] {
        let mut server = busy(&[0]);
        server.answers.catalog = Some(kind);
        let snapshot = collected(&mut server, &Request::default()).await.unwrap();
        assert_eq!((plans(&snapshot), snapshot.problems[0].kind.as_str()), (planned, problem));
    }
}

/// The statements have no text: only their plans show that they use `t`.
#[tokio::test(start_paused = true)]
async fn tables_that_only_the_plans_show_are_asked_for_once_more() {
    let mut whole = busy(&[0]);
    let snapshot = collected(&mut whole, &Request::default()).await.unwrap();
    assert_eq!((whole.answers.wanted.len(), snapshot.problems.len()), (1, 0));

    let mut large = busy(&[0]);
    large.answers.left_out = 9000;
    let snapshot = collected(&mut large, &Request::default()).await.unwrap();
    let wanted = &large.answers.wanted;
    assert_eq!(wanted.len(), 2);
    let (first, again) = (&wanted[0], &wanted[1]);
    assert_eq!((first.others, first.used.len()), (true, 0));
    assert_eq!((again.others, again.used.len()), (false, 1));
    assert_eq!(snapshot.catalog.tables[0].name, "t");
    assert_eq!(snapshot.problems.len(), 1);
    let problem = &snapshot.problems[0];
    assert_eq!(problem.kind, "catalog");
    assert!(problem.message.starts_with("8999 other tables were not"), "{}", problem.message);
    assert!(problem.message.contains("more than 1000"), "{}", problem.message);
}

#[tokio::test(start_paused = true)]
async fn when_the_time_is_over_only_used_tables_are_looked_at() {
    let mut server = busy(&[0]);
    server.answers.left_out = 9000;
    let budget = Budget { time: Some(Duration::ZERO), ..Budget::default() };
    let snapshot = collected(&mut server, &Request { budget, ..Request::default() }).await.unwrap();
    assert!(!server.answers.wanted[0].others);
    let problem = snapshot.problems.iter().find(|problem| problem.kind == "catalog").unwrap();
    assert!(problem.message.contains("the time of the budget was over"), "{}", problem.message);
}

//! What runs now: the statements of the other connections, with the time that they have taken so far.

use super::link::Link;
use crate::clock;
use crate::driver::Workload;
use crate::error::Result;
use planscope_explain::Engine;
use planscope_explain::units::Millis;
use planscope_explain::workload::fingerprint::fingerprint;
use planscope_explain::workload::{Counters, Problem, Statement, Window};
use serde::Deserialize;

pub(super) const RUNNING: &str = include_str!("../sql/postgres/running.sql");

/// What the server shows of a statement to whoever may not see it.
const HIDDEN: &str = "<insufficient privilege>";

/// A connection that is at work.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Backend {
    pid: i64,
    id: Option<String>,
    query: String,
    usename: Option<String>,
    datname: Option<String>,
    application: Option<String>,
    wait_event_type: Option<String>,
    wait_event: Option<String>,
    blockers: Option<Vec<i64>>,
    elapsed_ms: Option<f64>,
    text_limit: Option<String>,
    text_bytes: u64,
}

/// The statements that run, longest first. Several connections with one statement are one, with as
/// many calls.
pub(super) async fn running(link: &Link) -> Result<Workload> {
    let backends: Vec<Backend> = link.records(RUNNING).await?;
    let mut workload = workload_of(&backends, &link.facts.user);
    workload.window = Window { from: None, to: Some(clock::now()) };
    Ok(workload)
}

fn workload_of(backends: &[Backend], user: &str) -> Workload {
    let mut workload = Workload::default();
    let (hidden, shown): (Vec<_>, Vec<_>) = backends.iter().partition(|b| b.query == HIDDEN);
    shown.into_iter().for_each(|backend| take(&mut workload, backend));
    workload.of = workload.statements.len() as u64;
    workload.total_ms = workload.statements.iter().map(|s| s.counters.total_ms).sum();
    if !hidden.is_empty() {
        let grantee = Engine::Postgres.quoted(user);
        workload.problems.push(Problem {
            kind: "permission".to_owned(),
            message: format!(
                "the statements of {} connections are hidden from {user}; GRANT pg_read_all_stats TO {grantee}",
                hidden.len()
            ),
            statement: None,
        });
    }
    workload
}

fn take(workload: &mut Workload, backend: &Backend) {
    let id = fingerprint(&backend.query, Engine::Postgres);
    let elapsed = backend.elapsed_ms.unwrap_or(0.0).max(0.0);
    if let Some(same) = workload.statements.iter_mut().find(|s| s.fingerprint == id) {
        same.counters.calls = same.counters.calls.map(|calls| calls + 1.0);
        same.counters.total_ms = same.counters.total_ms.map(|ms| ms + elapsed);
        same.problems.extend(backend.problems());
        return;
    }
    workload.statements.push(Statement {
        fingerprint: id,
        engine_id: backend.id.clone(),
        text: backend.query.clone(),
        database: backend.datname.clone(),
        user: backend.usename.clone(),
        application: backend.application.clone(),
        counters: Counters {
            calls: Some(1.0),
            total_ms: Some(elapsed),
            max_ms: Some(elapsed),
            ..Counters::default()
        },
        problems: backend.problems().collect(),
        ..Statement::default()
    });
}

impl Backend {
    /// What a person should know of it: that it waits and for whom, that its text is not whole.
    fn problems(&self) -> impl Iterator<Item = Problem> + use<> {
        let problem = |kind: &str, message| Problem { kind: kind.into(), message, statement: None };
        let waits = self.waits().map(|message| problem("waiting", message));
        let cut = self.cut().map(|message| problem("truncated", message));
        waits.into_iter().chain(cut)
    }

    fn waits(&self) -> Option<String> {
        let blockers = self.blockers.as_deref().filter(|pids| !pids.is_empty())?;
        let pids: Vec<String> = blockers.iter().map(i64::to_string).collect();
        let lock = self.wait_event.as_deref().unwrap_or("object");
        let time = Millis(self.elapsed_ms.unwrap_or(0.0).max(0.0));
        Some(format!(
            "process {} runs for {time} and waits for a lock ({lock}) that process {} holds",
            self.pid,
            pids.join(", ")
        ))
    }

    /// The server keeps the beginning of a long text only.
    fn cut(&self) -> Option<String> {
        let limit: u64 = self.text_limit.as_deref()?.parse().ok()?;
        // A character of several bytes is not cut in two: so it may be a few bytes short of the limit.
        (self.text_bytes + 4 >= limit).then(|| {
            format!("its text is cut off: track_activity_query_size is {limit}; a restart with more helps")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::postgres::link::read_json;

    fn backend(json: &str) -> Backend {
        read_json(json).unwrap()
    }

    #[test]
    fn connections_with_one_statement_are_one() {
        let backends = [
            backend(r#"{"pid":1,"query":"SELECT 1","elapsed_ms":50.5,"application":"app"}"#),
            backend(r#"{"pid":2,"query":"select  2","elapsed_ms":10}"#),
            backend(r#"{"pid":3,"query":"<insufficient privilege>"}"#),
        ];
        let workload = workload_of(&backends, "me");
        assert_eq!(workload.statements.len(), 1);
        let statement = &workload.statements[0];
        assert_eq!(statement.counters.calls, Some(2.0));
        assert_eq!(statement.counters.total_ms, Some(60.5));
        assert_eq!(statement.counters.max_ms, Some(50.5));
        assert_eq!(statement.application.as_deref(), Some("app"));
        assert!(workload.problems[0].message.contains("GRANT pg_read_all_stats TO"));
    }

    #[test]
    fn who_waits_and_what_is_cut_is_said() {
        let waiting = backend(
            r#"{"pid":7,"query":"UPDATE t SET a = 1","elapsed_ms":1500,"wait_event":"transactionid",
                "wait_event_type":"Lock","blockers":[9,11],"text_limit":"1024","text_bytes":18}"#,
        );
        let said: Vec<String> = waiting.problems().map(|p| p.message).collect();
        assert_eq!(
            said,
            [
                "process 7 runs for 1.50 s and waits for a lock (transactionid) that process 9, 11 holds"
            ]
        );
        let cut = backend(r#"{"pid":7,"query":"SELECT","text_limit":"1024","text_bytes":1023}"#);
        assert_eq!(cut.problems().next().unwrap().kind, "truncated");
    }
}

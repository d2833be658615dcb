//! What runs now: the statements of the other connections, with the time that they have taken so far.

use super::known::{Known, Sample};
use super::link::{Link, MARK, Row};
use super::statements::quoted_account;
use crate::clock;
use crate::driver::Workload;
use crate::error::{CollectError, ErrorKind, Result};
use planscope_explain::Engine;
use planscope_explain::workload::fingerprint::fingerprint;
use planscope_explain::workload::{Counters, Statement, Window};

const MYSQL: &str = include_str!("../sql/mysql/running_mysql.sql");
const MARIADB: &str = include_str!("../sql/mysql/running_mariadb.sql");

/// The statements that run, longest first. Several connections with one statement are one, with as
/// many calls.
pub(super) async fn running(link: &mut Link, known: &mut Known) -> Result<Workload> {
    let engine = link.facts.engine;
    let sql = if engine == Engine::Mariadb { MARIADB } else { MYSQL };
    let rows = link.ask(sql).await.map_err(|error| explained(error, &link.facts.account))?;
    let mut workload =
        Workload { window: Window { from: None, to: Some(clock::now()) }, ..Workload::default() };
    let database = link.facts.database.as_deref();
    let is_wanted = |row: &&Row| database.is_none_or(|name| row.text("db") == Some(name));
    for row in rows.iter().filter(is_wanted) {
        take(&mut workload, row, engine, known);
    }
    workload.of = workload.statements.len() as u64;
    workload.total_ms = workload.statements.iter().map(|s| s.counters.total_ms).sum();
    Ok(workload)
}

fn take(workload: &mut Workload, row: &Row, engine: Engine, known: &mut Known) {
    // What has no plan (an ALTER TABLE that waits) is worth knowing all the more; `plans` says why.
    let Some(text) = row.text("text").filter(|text| !text.contains(MARK)) else { return };
    let id = fingerprint(text, engine);
    let elapsed = row.number("elapsed").unwrap_or(0.0).max(0.0);
    if let Some(same) = workload.statements.iter_mut().find(|s| s.fingerprint == id) {
        same.counters.calls = same.counters.calls.map(|calls| calls + 1.0);
        same.counters.total_ms = same.counters.total_ms.map(|ms| ms + elapsed);
        return;
    }
    known.remember(
        id,
        Sample {
            schema: row.text("db").map(str::to_owned),
            text: Some(text.to_owned()),
            connection: row.text("id").and_then(|id| id.parse().ok()),
        },
    );
    workload.statements.push(Statement {
        fingerprint: id,
        text: text.to_owned(),
        database: row.text("db").map(str::to_owned),
        user: row.text("account").map(str::to_owned),
        application: row.text("application").map(str::to_owned),
        counters: Counters {
            calls: Some(1.0),
            total_ms: Some(elapsed),
            max_ms: Some(elapsed),
            rows: row.number("sent"),
            rows_examined: row.number("examined"),
            ..Counters::default()
        },
        ..Statement::default()
    });
}

fn explained(error: CollectError, account: &str) -> CollectError {
    if error.kind != ErrorKind::Permission {
        return error;
    }
    let account = quoted_account(account);
    CollectError { hints: Vec::new(), ..error }.hint(format!(
        "GRANT SELECT ON performance_schema.* TO {account}; GRANT PROCESS ON *.* TO {account};"
    ))
}

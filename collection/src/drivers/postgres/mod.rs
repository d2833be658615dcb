//! PostgreSQL.
//!
//! `connect` opens a guarded [`link::Link`]; each question of the [`Session`] trait has a file of
//! its own; the SQL is in `drivers/sql/postgres`.

mod catalog;
mod connect;
mod doctor;
mod errors;
mod explain;
mod generic;
mod inject;
mod lexer;
mod link;
mod load;
mod redacted;
mod rehearsal;
mod repairs;
mod routines;
mod running;
mod settings;
mod socket;
mod statements;
mod tls;
mod what_if;

#[cfg(test)]
mod live_tests;

use crate::driver::{
    Check, Driver, Execution, Inject, Injected, PlanOutcome, Session, WhatIfAnswer, WhatIfQuestion,
    Workload,
};
use crate::error::Result;
use crate::guard::{Load, Policy, Stop};
use crate::queries::{self, QueryText};
use crate::select::Selection;
use crate::target::Target;
use crate::wanted::{Found, Wanted};
use futures_util::future::BoxFuture;
use link::Link;
use planscope_explain::workload::{Statement, TargetIdentity};
use planscope_explain::{Engine, Snapshot};
use std::collections::BTreeMap;

pub(super) static DRIVER: Driver =
    Driver { engine: Engine::Postgres, connect, inject: Inject::By(inject_statistics) };

fn connect<'a>(
    target: &'a Target,
    policy: &'a Policy,
    stop: Stop,
) -> BoxFuture<'a, Result<Box<dyn Session>>> {
    Box::pin(async move {
        let link = connect::open(target, policy, stop).await?;
        let identity = TargetIdentity {
            name: target.name(),
            engine: Engine::Postgres,
            version: link.facts.version.clone(),
            database: Some(link.facts.database.clone()),
        };
        Ok(Box::new(Postgres { link, identity, policy: policy.clone() }) as Box<dyn Session>)
    })
}

/// Writes the statistics of `snapshot` into a scratch database.
fn inject_statistics<'a>(
    target: &'a Target,
    policy: &'a Policy,
    stop: Stop,
    snapshot: &'a Snapshot,
) -> BoxFuture<'a, Result<Injected>> {
    Box::pin(
        async move { inject::inject(&connect::open(target, policy, stop).await?, snapshot).await },
    )
}

/// A session with a server.
struct Postgres {
    link: Link,
    identity: TargetIdentity,
    policy: Policy,
}

impl Session for Postgres {
    fn identity(&self) -> &TargetIdentity {
        &self.identity
    }

    fn stop(&self) -> &Stop {
        &self.link.stop
    }

    fn load(&mut self) -> BoxFuture<'_, Result<Load>> {
        Box::pin(load::load(&self.link))
    }

    fn settings(&mut self) -> BoxFuture<'_, Result<BTreeMap<String, String>>> {
        Box::pin(settings::settings(&self.link))
    }

    fn workload<'a>(&'a mut self, selection: &'a Selection) -> BoxFuture<'a, Result<Workload>> {
        Box::pin(statements::workload(&self.link, selection))
    }

    fn running(&mut self) -> BoxFuture<'_, Result<Workload>> {
        Box::pin(running::running(&self.link))
    }

    /// Nothing is run here: a server does not count a statement's work for us alone. `plans` runs
    /// what may be run; of the others it is said why not.
    fn measure<'a>(
        &'a mut self,
        queries: &'a [QueryText],
        execution: Execution,
        progress: &'a mut (dyn FnMut(usize) + Send),
    ) -> BoxFuture<'a, Result<Workload>> {
        Box::pin(async move {
            self.link.stop.check()?;
            let database = Some(self.link.facts.database.clone());
            let mut workload = queries::unmeasured(queries, Engine::Postgres, database);
            if execution == Execution::Analyze {
                workload.statements.iter_mut().for_each(explain::note_not_run);
            }
            progress(queries.len());
            Ok(workload)
        })
    }

    fn plans<'a>(
        &'a mut self,
        statements: &'a [Statement],
        execution: Execution,
        found: &'a mut (dyn FnMut(PlanOutcome) + Send),
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(explain::plans(&self.link, &self.policy, statements, execution, found))
    }

    /// All tables: nothing is opened for it, and 10,000 take seconds.
    fn catalog<'a>(&'a mut self, _wanted: &'a Wanted) -> BoxFuture<'a, Result<Found>> {
        Box::pin(async { catalog::catalog(&self.link).await.map(Found::all) })
    }

    fn what_if_method(&mut self) -> BoxFuture<'_, Result<String>> {
        Box::pin(async { Ok(what_if::Hypopg::find(&self.link).await?.method()) })
    }

    fn what_if<'a>(
        &'a mut self,
        questions: &'a [WhatIfQuestion],
    ) -> BoxFuture<'a, Result<Vec<Result<WhatIfAnswer>>>> {
        Box::pin(what_if::answers(&self.link, questions))
    }

    fn doctor(&mut self) -> BoxFuture<'_, Result<Vec<Check>>> {
        Box::pin(doctor::checks(&self.link))
    }
}

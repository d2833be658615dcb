//! MongoDB.
//!
//! `connect` opens a guarded [`link::Link`] to one member; each question of the [`Session`] trait has a
//! file of its own. Statements come from several places (`sources`) and are put together by shape
//! (`shapes`); the session keeps one real command of each, which alone can be explained.

mod asking;
mod catalog;
mod command;
mod connect;
mod doctor;
mod document;
mod errors;
mod explain;
mod link;
mod load;
mod operation;
mod rehearsal;
mod sample;
mod settings;
mod shapes;
mod sources;
mod workload;

#[cfg(test)]
mod live_tests;

use crate::driver::{
    Check, Driver, Execution, Inject, PlanOutcome, Session, WhatIfAnswer, WhatIfQuestion, Workload,
};
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::{Load, Policy, Stop};
use crate::queries::{self, QueryText};
use crate::select::Selection;
use crate::target::Target;
use crate::wanted::{Found, Wanted};
use futures_util::future::BoxFuture;
use link::Link;
use planscope_explain::Engine;
use planscope_explain::workload::{Statement, TargetIdentity};
use shapes::{Key, Known};
use std::collections::BTreeMap;

pub(super) static DRIVER: Driver = Driver {
    engine: Engine::Mongodb,
    connect,
    inject: Inject::Cannot("it keeps none, and tries plans on the documents that are there"),
};

fn connect<'a>(
    target: &'a Target,
    policy: &'a Policy,
    stop: Stop,
) -> BoxFuture<'a, Result<Box<dyn Session>>> {
    Box::pin(async move {
        let link = connect::open(target, policy, stop).await?;
        let identity = TargetIdentity {
            name: target.name(),
            engine: Engine::Mongodb,
            version: link.facts.version.clone(),
            database: target.database().map(str::to_owned),
        };
        Ok(Box::new(Mongodb { link, identity, known: BTreeMap::new() }) as Box<dyn Session>)
    })
}

/// A session with a server.
struct Mongodb {
    link: Link,
    identity: TargetIdentity,
    /// One real command of each statement of the workload.
    known: BTreeMap<Key, Known>,
}

impl Mongodb {
    /// Keeps what was found beside the workload. Values that are there are older than these.
    fn keep(&mut self, found: workload::Found) -> Workload {
        self.known.extend(found.known);
        found.workload
    }
}

impl Session for Mongodb {
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
        Box::pin(async move {
            let found = workload::workload(&self.link, selection).await?;
            Ok(self.keep(found))
        })
    }

    fn running(&mut self) -> BoxFuture<'_, Result<Workload>> {
        Box::pin(async move {
            let found = workload::running(&self.link).await?;
            Ok(self.keep(found))
        })
    }

    /// Nothing is run here: a server does not count a statement's work for us alone.
    fn measure<'a>(
        &'a mut self,
        queries: &'a [QueryText],
        execution: Execution,
        progress: &'a mut (dyn FnMut(usize) + Send),
    ) -> BoxFuture<'a, Result<Workload>> {
        Box::pin(async move {
            self.link.stop.check()?;
            let database = self.link.facts.databases.first().cloned();
            let whole: Vec<QueryText> = queries.iter().map(explain::canonical).collect();
            let mut workload = queries::unmeasured(&whole, Engine::Mongodb, database);
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
        Box::pin(explain::plans(&self.link, &self.known, statements, execution, found))
    }

    fn catalog<'a>(&'a mut self, wanted: &'a Wanted) -> BoxFuture<'a, Result<Found>> {
        Box::pin(catalog::catalog(&self.link, wanted))
    }

    fn what_if_method(&mut self) -> BoxFuture<'_, Result<String>> {
        Box::pin(async { Err(no_what_if()) })
    }

    fn what_if<'a>(
        &'a mut self,
        _: &'a [WhatIfQuestion],
    ) -> BoxFuture<'a, Result<Vec<Result<WhatIfAnswer>>>> {
        Box::pin(async { Err(no_what_if()) })
    }

    fn doctor(&mut self) -> BoxFuture<'_, Result<Vec<Check>>> {
        Box::pin(doctor::checks(&self.link))
    }
}

fn no_what_if() -> CollectError {
    CollectError::new(ErrorKind::Missing, "MongoDB cannot plan with an index that is not there")
        .hint("advice is estimated from the counters; make the index hidden on a test server with the same data and compare: planscope diff BEFORE AFTER")
}

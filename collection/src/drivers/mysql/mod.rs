//! MySQL 8.0 to 9 and MariaDB 10.5 to 11: one driver, two rows in the list.
//!
//! `connect` opens a guarded [`link::Link`]; each question of the [`Session`] trait has a file of
//! its own; the SQL is in `drivers/sql/mysql`. A server that turns out to be the other engine is
//! used as what it is, and the identity says so.

mod catalog;
mod connect;
mod dml;
mod doctor;
mod errors;
mod explain;
mod known;
mod link;
mod load;
mod refuse;
mod rehearsal;
mod routines;
mod running;
mod samples;
mod settings;
mod statements;
mod texts;
mod tls;
mod values;

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
use known::Known;
use link::Link;
use planscope_explain::Engine;
use planscope_explain::workload::{Statement, TargetIdentity};
use std::collections::BTreeMap;

pub(super) static DRIVER: Driver =
    Driver { engine: Engine::Mysql, connect, inject: Inject::Cannot(NO_INJECTION) };

pub(super) static MARIADB_DRIVER: Driver =
    Driver { engine: Engine::Mariadb, connect, inject: Inject::Cannot(NO_INJECTION) };

/// Tried on MySQL 9.7 and MariaDB 10.11: with the figures of a table of 300,000 rows written to
/// mysql.innodb_table_stats and innodb_index_stats, `WHERE customer_id = 5` is still planned for one row.
const NO_INJECTION: &str = "InnoDB counts the rows of a condition in the index itself while it plans, and \
    the index of an empty table has none, whatever the statistics say";

fn connect<'a>(
    target: &'a Target,
    policy: &'a Policy,
    stop: Stop,
) -> BoxFuture<'a, Result<Box<dyn Session>>> {
    Box::pin(async move {
        let link = connect::open(target, policy, stop).await?;
        let identity = TargetIdentity {
            name: target.name(),
            engine: link.facts.engine,
            version: link.facts.version.clone(),
            database: link.facts.database.clone(),
        };
        let session = Mysql {
            link,
            identity,
            policy: policy.clone(),
            asked: target.engine,
            known: Known::default(),
        };
        Ok(Box::new(session) as Box<dyn Session>)
    })
}

/// A session with a server.
struct Mysql {
    link: Link,
    identity: TargetIdentity,
    policy: Policy,
    /// The engine that the URL named.
    asked: Engine,
    known: Known,
}

impl Session for Mysql {
    fn identity(&self) -> &TargetIdentity {
        &self.identity
    }

    fn stop(&self) -> &Stop {
        &self.link.stop
    }

    fn load(&mut self) -> BoxFuture<'_, Result<Load>> {
        Box::pin(load::load(&mut self.link))
    }

    fn settings(&mut self) -> BoxFuture<'_, Result<BTreeMap<String, String>>> {
        Box::pin(settings::settings(&mut self.link))
    }

    fn workload<'a>(&'a mut self, selection: &'a Selection) -> BoxFuture<'a, Result<Workload>> {
        Box::pin(statements::workload(&mut self.link, selection, &mut self.known))
    }

    fn running(&mut self) -> BoxFuture<'_, Result<Workload>> {
        Box::pin(running::running(&mut self.link, &mut self.known))
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
            let engine = self.link.facts.engine;
            let database = self.link.facts.database.clone();
            let mut workload = queries::unmeasured(queries, engine, database);
            if execution == Execution::Analyze {
                workload.statements.iter_mut().for_each(|s| explain::note_not_run(s, engine));
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
        let Self { link, known, policy, .. } = self;
        Box::pin(explain::plans(link, known, policy, statements, execution, found))
    }

    fn catalog<'a>(&'a mut self, wanted: &'a Wanted) -> BoxFuture<'a, Result<Found>> {
        Box::pin(catalog::catalog(&mut self.link, wanted, self.policy.whole_catalog))
    }

    fn what_if_method(&mut self) -> BoxFuture<'_, Result<String>> {
        let engine = self.link.facts.engine;
        Box::pin(async move { Err(no_what_if(engine)) })
    }

    fn what_if<'a>(
        &'a mut self,
        _questions: &'a [WhatIfQuestion],
    ) -> BoxFuture<'a, Result<Vec<Result<WhatIfAnswer>>>> {
        let engine = self.link.facts.engine;
        Box::pin(async move { Err(no_what_if(engine)) })
    }

    fn doctor(&mut self) -> BoxFuture<'_, Result<Vec<Check>>> {
        Box::pin(doctor::checks(&mut self.link, self.asked))
    }
}

fn no_what_if(engine: Engine) -> CollectError {
    let label = engine.label();
    let on_a_copy = match engine {
        Engine::Mariadb => {
            "on a copy: CREATE INDEX …, then EXPLAIN; ALTER TABLE … ALTER INDEX … IGNORED tries life without one"
        }
        _ => {
            "on a copy: CREATE INDEX … INVISIBLE, then SET optimizer_switch = 'use_invisible_indexes=on' and EXPLAIN"
        }
    };
    CollectError::new(ErrorKind::Missing, format!("{label} cannot pretend indexes"))
        .hint("planscope advise estimates the effect instead")
        .hint(on_a_copy)
}

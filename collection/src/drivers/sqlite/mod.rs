//! SQLite: a file instead of a server.
//!
//! There is no one to ask for the heaviest statements, so a workload comes from a file of statements
//! and is measured by running it, read-only, with SQLite's own counters of work. There is no load to
//! spare and no network either: every call runs to its end on the thread that asks. A stop and a
//! deadline are looked at every few thousand instructions of SQLite's virtual machine.

mod catalog;
mod connect;
mod cost;
mod database;
mod doctor;
mod estimate;
mod explain;
mod inject;
mod measure;
mod sample;
mod schema_text;
mod what_if;

#[cfg(test)]
mod harmless_tests;
#[cfg(test)]
mod tests;

use crate::driver::{
    Check, Driver, Execution, Inject, Injected, PlanOutcome, Session, WhatIfAnswer, WhatIfQuestion,
    Workload,
};
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::{Policy, Pulse, Stop};
use crate::queries::QueryText;
use crate::select::Selection;
use crate::target::Target;
use connect::Watch;
use database::Database;
use futures_util::future::{BoxFuture, FutureExt, ready};
use planscope_explain::workload::{Catalog, Statement, TargetIdentity};
use planscope_explain::{Engine, Snapshot};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(super) static DRIVER: Driver =
    Driver { engine: Engine::Sqlite, connect, inject: Inject::By(inject_statistics) };

fn connect<'a>(
    target: &'a Target,
    policy: &'a Policy,
    stop: Stop,
) -> BoxFuture<'a, Result<Box<dyn Session>>> {
    let session = file_of(target).and_then(|path| SqliteSession::open(path, policy, stop));
    ready(session.map(|session| Box::new(session) as Box<dyn Session>)).boxed()
}

/// Writes the statistics of `snapshot` into an empty database file.
fn inject_statistics<'a>(
    target: &'a Target,
    policy: &'a Policy,
    stop: Stop,
    snapshot: &'a Snapshot,
) -> BoxFuture<'a, Result<Injected>> {
    let injected = file_of(target).and_then(|path| inject::inject(path, policy, stop, snapshot));
    ready(injected).boxed()
}

fn file_of(target: &Target) -> Result<&Path> {
    target.path().ok_or_else(|| {
        CollectError::new(ErrorKind::Config, format!("{target} names no file"))
            .hint("write `sqlite:FILE`")
    })
}

/// An open database file, read-only.
pub(crate) struct SqliteSession {
    connection: Database,
    watch: Watch,
    path: PathBuf,
    identity: TargetIdentity,
    policy: Policy,
    /// Read once: statistics are sampled, and plans and what-if need them too.
    catalog: Option<Catalog>,
    /// Made when the first question is asked.
    clone: Option<what_if::Clone>,
    /// How quickly the file is read.
    pulse: Pulse,
}

impl SqliteSession {
    /// Opens a database file.
    ///
    /// # Errors
    /// When there is no such file, it is no database, or it cannot be read now.
    pub(crate) fn open(path: &Path, policy: &Policy, stop: Stop) -> Result<Self> {
        let watch = Watch::new(stop);
        let connection = connect::open(path, policy, &watch)?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let identity = TargetIdentity {
            name,
            engine: Engine::Sqlite,
            version: rusqlite::version().to_owned(),
            database: None,
        };
        let (path, policy) = (path.to_owned(), policy.clone());
        Ok(Self {
            connection,
            watch,
            path,
            identity,
            policy,
            catalog: None,
            clone: None,
            pulse: Pulse::default(),
        })
    }

    /// Runs `work` within the time of one statement of ours.
    fn timed<T>(&self, work: impl FnOnce(&Database) -> rusqlite::Result<T>) -> Result<T> {
        self.watch.stop.check()?;
        let _limit = self.watch.limit(self.policy.statement_timeout);
        let begun = connect::now();
        let done = work(&self.connection).map_err(|error| self.error(error))?;
        self.pulse.note(begun.elapsed());
        Ok(done)
    }

    fn error(&self, error: rusqlite::Error) -> CollectError {
        self.watch.error(&self.path, error)
    }

    fn known_catalog(&mut self) -> Result<&Catalog> {
        if self.catalog.is_none() {
            self.catalog = Some(self.read_catalog()?);
        }
        // Set just above; an empty catalog is never seen here.
        Ok(self.catalog.get_or_insert_default())
    }
}

impl Session for SqliteSession {
    fn identity(&self) -> &TargetIdentity {
        &self.identity
    }

    fn stop(&self) -> &Stop {
        &self.watch.stop
    }

    fn settings(&mut self) -> BoxFuture<'_, Result<BTreeMap<String, String>>> {
        ready(self.read_settings()).boxed()
    }

    fn workload<'a>(&'a mut self, _: &'a Selection) -> BoxFuture<'a, Result<Workload>> {
        let file = self.path.display();
        let error = CollectError::new(ErrorKind::Missing, "SQLite keeps no statement statistics")
            .hint(format!("planscope collect sqlite:{file} --queries FILE.sql"));
        ready(Err(error)).boxed()
    }

    fn measure<'a>(
        &'a mut self,
        queries: &'a [QueryText],
        _execution: Execution,
        progress: &'a mut (dyn FnMut(usize) + Send),
    ) -> BoxFuture<'a, Result<Workload>> {
        ready(self.measure_all(queries, progress)).boxed()
    }

    fn plans<'a>(
        &'a mut self,
        statements: &'a [Statement],
        _execution: Execution,
        found: &'a mut (dyn FnMut(PlanOutcome) + Send),
    ) -> BoxFuture<'a, Result<()>> {
        ready(self.plan_all(statements, found)).boxed()
    }

    fn catalog(&mut self) -> BoxFuture<'_, Result<Catalog>> {
        ready(self.known_catalog().cloned()).boxed()
    }

    fn what_if_method(&mut self) -> BoxFuture<'_, Result<String>> {
        ready(Ok("sqlite clone".to_owned())).boxed()
    }

    fn what_if<'a>(
        &'a mut self,
        questions: &'a [WhatIfQuestion],
    ) -> BoxFuture<'a, Result<Vec<Result<WhatIfAnswer>>>> {
        ready(self.answer_all(questions)).boxed()
    }

    fn doctor(&mut self) -> BoxFuture<'_, Result<Vec<Check>>> {
        ready(Ok(self.check_all())).boxed()
    }
}

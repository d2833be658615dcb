//! The workload: what the profiler kept, what the server sums up, what the plan cache and the log know.
//!
//! No source of MongoDB before `$queryStats` counts every execution. So the figures are exact of what is
//! there, and a problem of the snapshot says what that is.

use super::errors::{self, UNKNOWN_STAGE};
use super::link::Link;
use super::operation::Operation;
use super::shapes::{Key, Known, Shapes};
use super::sources::{self, Profiler};
use crate::clock;
use crate::driver::Workload;
use crate::error::{CollectError, ErrorKind, Result};
use crate::select::{Filter, Origin, Selection};
use bson::{Document, doc};
use planscope_explain::workload::{Problem, Window};
use std::collections::{BTreeMap, BTreeSet};

/// A workload, and what the session is to know of its statements.
pub(super) struct Found {
    pub workload: Workload,
    pub known: BTreeMap<Key, Known>,
}

/// Reads all sources.
pub(super) async fn workload(link: &Link, selection: &Selection) -> Result<Found> {
    let filter = &selection.filter;
    let mut reader = Reader::new(link, filter);
    reader.profiles_and_log().await?;
    reader.query_stats().await?;
    reader.plan_caches().await?;
    if reader.shapes.is_empty() {
        return Err(nothing(link, reader.problems));
    }
    Ok(reader.finish(selection))
}

/// What runs now, as statements with the time they have run for.
pub(super) async fn running(link: &Link) -> Result<Found> {
    let everything = Selection { top: usize::MAX, ..Selection::default() };
    let mut reader = Reader::new(link, &everything.filter);
    let operations = match sources::running(link, true).await {
        Err(error) if error.kind == ErrorKind::Permission => {
            let what = "only your own operations are visible";
            reader.failed("currentOp", what, &error, "clusterMonitor");
            sources::running(link, false).await?
        }
        other => other?,
    };
    let wanted: BTreeSet<&String> = link.facts.databases.iter().collect();
    for operation in operations.into_iter().filter(|o| wanted.contains(&o.database)) {
        reader.shapes.add(operation);
    }
    Ok(reader.finish(&everything))
}

struct Reader<'a> {
    link: &'a Link,
    filter: &'a Filter,
    shapes: Shapes,
    problems: Vec<Problem>,
    /// When the server's sums began.
    since: Option<String>,
}

impl<'a> Reader<'a> {
    fn new(link: &'a Link, filter: &'a Filter) -> Self {
        Self { link, filter, shapes: Shapes::default(), problems: Vec::new(), since: None }
    }

    /// Adds an execution, unless it is another's: the figures of a shape are then those of the wanted.
    fn add(&mut self, operation: Operation) {
        let of = Origin {
            database: Some(&operation.database),
            user: operation.user.as_deref(),
            application: operation.application.as_deref(),
        };
        if self.filter.passes_origin(of) {
            self.shapes.add(operation);
        }
    }

    /// The profiler of each database; the log for those where it is off.
    async fn profiles_and_log(&mut self) -> Result<()> {
        let link = self.link;
        let mut unprofiled = BTreeSet::new();
        for database in &link.facts.databases {
            let setting = sources::profiler(link, database).await;
            let setting = self.kept(setting, database, "the profiler's setting")?;
            let entries = sources::profile(link, database).await;
            let entries =
                self.kept(entries, database, "the profiler's entries")?.unwrap_or_default();
            if entries.is_empty() {
                unprofiled.insert(database.clone());
                continue;
            }
            self.profiled(database, &setting.unwrap_or_default(), &entries);
            entries.into_iter().for_each(|entry| self.add(entry));
        }
        if unprofiled.is_empty() {
            return Ok(());
        }
        let logged = sources::log(link).await;
        let logged = self.kept(logged, "admin", "the log in memory")?.unwrap_or_default();
        let wanted = |operation: &Operation| unprofiled.contains(&operation.database);
        let logged: Vec<Operation> = logged.into_iter().filter(wanted).collect();
        if !logged.is_empty() {
            self.logged(&logged);
        }
        logged.into_iter().for_each(|entry| self.add(entry));
        Ok(())
    }

    async fn query_stats(&mut self) -> Result<()> {
        let found = match sources::query_stats(self.link).await {
            // Only Atlas and 8.0 have it; and a lack of it is no news on the others.
            Err(error) if errors::code(&error) == Some(UNKNOWN_STAGE) => return Ok(()),
            Err(error) if error.kind == ErrorKind::Missing => return Ok(()),
            found => self.kept(found, "admin", "$queryStats")?.unwrap_or_default(),
        };
        for one in found.into_iter().filter(|one| self.link.facts.databases.contains(&one.database))
        {
            if self.since.is_none() || one.since < self.since {
                self.since = one.since;
            }
            self.shapes.add_sums(&one.database, one.command, one.hash, one.sums);
        }
        Ok(())
    }

    async fn plan_caches(&mut self) -> Result<()> {
        let link = self.link;
        for database in &link.facts.databases {
            let names = collections(link, database).await;
            let names = self.kept(names, database, "the list of collections")?.unwrap_or_default();
            for collection in names {
                match sources::plan_cache(link, database, &collection).await {
                    Ok(found) => {
                        for (command, hash) in found {
                            self.shapes.add_cached(database, command, hash);
                        }
                    }
                    Err(error) if errors::matters_to_all(&error) => return Err(error),
                    Err(error) if error.kind == ErrorKind::Permission => {
                        let what = "the plan cache cannot be read";
                        self.failed(database, what, &error, "read");
                        break;
                    }
                    // A collection that was dropped meanwhile, or that has no plan cache.
                    Err(_) => {}
                }
            }
        }
        Ok(())
    }

    /// What was read, or a problem in its stead; an error only when nothing else will work either.
    fn kept<T>(&mut self, read: Result<T>, database: &str, what: &str) -> Result<Option<T>> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error) if errors::matters_to_all(&error) => Err(error),
            Err(error) => {
                self.failed(database, &format!("{what} cannot be read"), &error, "clusterMonitor");
                Ok(None)
            }
        }
    }

    fn failed(&mut self, place: &str, what: &str, error: &CollectError, role: &str) {
        let (kind, remedy) = match error.kind {
            ErrorKind::Permission => ("permission", format!("; the role {role} gives it")),
            ErrorKind::Timeout => ("timeout", String::new()),
            _ => ("failed", String::new()),
        };
        let message = format!("{place}: {what}: {error}{remedy}");
        self.problems.push(Problem { kind: kind.to_owned(), message, statement: None });
    }

    /// Says what the figures from a profiler are of.
    fn profiled(&mut self, database: &str, setting: &Profiler, entries: &[Operation]) {
        if setting.level == 2 {
            return;
        }
        let mut kept = match setting {
            Profiler { has_filter: true, .. } => {
                "the executions that its filter lets through".to_owned()
            }
            Profiler { level: 0, .. } => "what it kept before it was switched off".to_owned(),
            _ => format!("the executions slower than {} ms", setting.slow_ms),
        };
        if setting.sample_rate < 1.0 {
            kept.push_str(&format!(", {} % of them", setting.sample_rate * 100.0));
        }
        let message = format!(
            "{database}: the profiler holds {kept}: the figures are of the {} that are there",
            entries.len()
        );
        self.problems.push(Problem { kind: "sampled".to_owned(), message, statement: None });
    }

    fn logged(&mut self, entries: &[Operation]) {
        let message = format!(
            "the profiler is off: the figures are of {} slow executions among the last lines of the log",
            entries.len()
        );
        self.problems.push(Problem { kind: "sampled".to_owned(), message, statement: None });
    }

    fn finish(self, selection: &Selection) -> Found {
        let window =
            Window { from: self.since.or(self.shapes.from.clone()), to: Some(clock::now()) };
        let (statements, known) = self.shapes.finish();
        let total = statements.iter().filter_map(|s| s.counters.total_ms).reduce(|a, b| a + b);
        let workload = Workload {
            of: statements.len() as u64,
            total_ms: total,
            window,
            problems: self.problems,
            statements: selection.choose(statements),
        };
        Found { workload, known }
    }
}

/// The collections of a database, without views and the server's own.
pub(super) async fn collections(link: &Link, database: &str) -> Result<Vec<String>> {
    let command = doc! {
        "listCollections": 1, "nameOnly": true, "authorizedCollections": true,
        "filter": { "type": "collection" },
    };
    let rows = link.rows(database, command, usize::MAX).await?;
    let name = |row: &Document| row.get_str("name").ok().map(str::to_owned);
    let names = rows.iter().filter_map(name).filter(|name| !name.starts_with("system."));
    Ok(names.collect())
}

/// Nothing was found: what to type, and what was in the way.
fn nothing(link: &Link, problems: Vec<Problem>) -> CollectError {
    let database = link.facts.databases.first().map_or("test", String::as_str);
    let of = match link.facts.databases.len() {
        1 => format!("the database {database}"),
        count => format!("the {count} databases"),
    };
    let kind = match problems.iter().any(|problem| problem.kind == "permission") {
        true => ErrorKind::Permission,
        false => ErrorKind::Missing,
    };
    let mut error = CollectError::new(
        kind,
        format!(
            "the server kept no statements of {of}: no profile, no slow operations in its log, no plan cache"
        ),
    );
    for problem in problems {
        error = error.hint(problem.message);
    }
    error
        .hint(format!("db.getSiblingDB({database:?}).setProfilingLevel(1, {{ slowms: 100 }}) in mongosh keeps the slow ones"))
        .hint("without it: planscope collect --queries FILE takes commands from a file")
}

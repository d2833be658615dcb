//! Plans, by EXPLAIN.
//!
//! What is planned is an executed text (the server's sample), or a text with made-up values where
//! there is none. MySQL's two forms of JSON each say what the other leaves out (version 1 conditions
//! and DML, version 2 the tree): both are asked for, and read as one plan.

use super::connect;
use super::dml;
use super::errors;
use super::known::{Known, Sample};
use super::link::{Link, MARK, Row, SELECT};
use super::refuse::Refusal;
use super::routines::Routines;
use super::texts::{Planable, lacking};
use super::values::Names;
use crate::driver::{Execution, PlanOutcome};
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::Policy;
use planscope_explain::workload::query::{QueryKind, is_single_select_without_side_effects};
use planscope_explain::workload::{PlanRecord, Problem, Statement};
use planscope_explain::{Engine, formats};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The key under which a plan says why it holds no times though they were asked for.
const NOT_RUN: &str = "planscope.not_run";

/// The key under which a plan says that its values were made up.
const MADE_UP: &str = "planscope.values";

/// The key under which a plan says that it is only a part of the statement's.
const PLANNED_AS: &str = "planscope.planned_as";

/// The key under which a plan says that it is the one of a statement in execution.
const RUNNING: &str = "planscope.running";

/// How plans are asked for on this server.
pub(super) struct Explainer<'a> {
    pub link: &'a mut Link,
    known: &'a Known,
    policy: &'a Policy,
    pub routines: Routines,
    /// By schema.
    pub names: BTreeMap<String, Arc<Names>>,
    /// The schema that is selected now.
    pub schema: Option<String>,
    /// The version of JSON that is selected now; 0 is not known.
    version: u8,
}

/// Gives the plans of statements to `found`, in order.
pub(super) async fn plans(
    link: &mut Link,
    known: &Known,
    policy: &Policy,
    statements: &[Statement],
    execution: Execution,
    found: &mut (dyn FnMut(PlanOutcome) + Send),
) -> Result<()> {
    if statements.is_empty() {
        return Ok(());
    }
    let limit = policy.plan_timeout(link.pulse.slowest());
    let routines = Routines::read(link).await?;
    let schema = link.facts.database.clone();
    let names = BTreeMap::new();
    let mut explainer = Explainer { link, known, policy, routines, names, schema, version: 0 };
    explainer.limit(limit).await?;
    for statement in statements {
        let outcome = explainer.outcome(statement, execution).await?;
        found(outcome);
    }
    explainer.limit(policy.statement_timeout).await
}

impl Explainer<'_> {
    /// Longest time of what is sent from now on.
    async fn limit(&mut self, limit: Duration) -> Result<()> {
        if self.link.limit != limit {
            connect::limit_statements(self.link, limit).await?;
            self.link.limit = limit;
        }
        Ok(())
    }

    /// A statement's plan or problem; an error only when going on is pointless.
    async fn outcome(
        &mut self,
        statement: &Statement,
        execution: Execution,
    ) -> Result<PlanOutcome> {
        let known = self.known;
        let sample = known.sample(statement.fingerprint);
        let schema = sample.and_then(|sample| sample.schema.as_deref());
        let schema = schema.or(statement.database.as_deref()).map(str::to_owned);
        let planned = match self.select_schema(schema.as_deref()).await {
            Ok(()) => self.planned(statement, sample, execution).await,
            Err(error) => Err(error),
        };
        match planned {
            Ok(outcome) => Ok(outcome.map_err(|refusal| Problem {
                kind: refusal.kind.to_owned(),
                message: refusal.why,
                statement: Some(statement.fingerprint),
            })),
            Err(error) if errors::matters_to_all(&error) => Err(error),
            Err(error) => Ok(Err(errors::problem(&error, statement.fingerprint))),
        }
    }

    async fn planned(
        &mut self,
        statement: &Statement,
        sample: Option<&Sample>,
        execution: Execution,
    ) -> Result<Result<PlanRecord, Refusal>> {
        if let Some(record) = self.running(sample).await? {
            return Ok(Ok(record));
        }
        let planable = match self.planable(statement, sample).await? {
            Ok(planable) => planable,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let not_run = self.not_run(&planable);
        let record = match (execution, &not_run) {
            (Execution::Analyze, None) => {
                let limit = self.policy.run_timeout(statement);
                let before = self.link.limit;
                self.limit(limit).await?;
                let record = self.analyzed(&planable.sql).await;
                self.limit(before).await?;
                record
            }
            _ => self.explained(&planable).await,
        };
        let mut record = match (record, &planable.made_up) {
            (Ok(record), _) => record,
            // What was left out of a digest may leave no valid text.
            (Err(error), Some(made_up)) if error.kind == ErrorKind::Input => {
                return Ok(Err(lacking(sample, format!("{made_up}; then: {error}"))));
            }
            (Err(error), _) => return Err(error),
        };
        if let Some(made_up) = planable.made_up {
            if is_empty_by_value(record.raw.as_deref().unwrap_or_default()) {
                let why = format!("{made_up}; no row has such values, so the plan says nothing");
                return Ok(Err(lacking(sample, why)));
            }
            record.plan.details.insert(MADE_UP.to_owned(), Value::String(made_up));
        }
        if let (Execution::Analyze, Some(why)) = (execution, not_run) {
            record.plan.details.insert(NOT_RUN.to_owned(), Value::String(why));
        }
        Ok(Ok(record))
    }

    /// The plan with which a connection runs its statement: as long as it does, and we may see it.
    async fn running(&mut self, sample: Option<&Sample>) -> Result<Option<PlanRecord>> {
        let Some(connection) = sample.and_then(|sample| sample.connection) else {
            return Ok(None);
        };
        if self.link.facts.has_json_v2 {
            // Without the statement's text, version 2 has aliases for tables.
            self.set_version(1).await?;
        }
        let sql = format!("EXPLAIN {MARK} FORMAT=JSON FOR CONNECTION {connection}");
        let rows = self.link.ask_if_allowed(&sql).await?.unwrap_or_default();
        let record = read(&text_of(&rows), self.link.facts.engine).ok();
        // The connection may have gone on to another statement.
        let sql = format!(
            "{SELECT} INFO AS text FROM information_schema.PROCESSLIST WHERE ID = {connection}"
        );
        let runs = self.link.ask_if_allowed(&sql).await?.unwrap_or_default();
        let text = runs.first().and_then(|row| row.text("text"));
        let is_same = sample.is_some_and(|sample| sample.text.as_deref() == text);
        Ok(record.filter(|_| is_same).map(|mut record| {
            let connection = Value::String(format!("connection {connection}"));
            record.plan.details.insert(RUNNING.to_owned(), connection);
            record
        }))
    }

    /// Why a statement is not run though it was asked for; `None` when it may be.
    fn not_run(&self, planable: &Planable) -> Option<String> {
        if planable.made_up.is_some() {
            return Some("not run: its values are not known".to_owned());
        }
        let safe = is_single_select_without_side_effects(&planable.sql, self.link.facts.engine);
        safe.err().map(|why| format!("not run: {why}"))
    }

    async fn select_schema(&mut self, schema: Option<&str>) -> Result<()> {
        let Some(schema) = schema.filter(|schema| Some(*schema) != self.schema.as_deref()) else {
            return Ok(());
        };
        self.link.ask(&format!("USE {MARK} `{}`", schema.replace('`', "``"))).await?;
        self.schema = Some(schema.to_owned());
        Ok(())
    }

    /// Plans without running.
    async fn explained(&mut self, planable: &Planable) -> Result<PlanRecord> {
        let sql = format!("EXPLAIN {MARK} FORMAT=JSON {}", planable.sql);
        if planable.kind != QueryKind::Select {
            return match self.unlocked(&sql).await {
                Ok(text) => read(&text, self.link.facts.engine),
                Err(error) if error.kind == ErrorKind::Permission => {
                    self.reading_half(planable, error).await
                }
                Err(error) => Err(error),
            };
        }
        self.both_forms(&sql).await
    }

    /// Plans how a statement that the account may not run finds its rows.
    async fn reading_half(
        &mut self,
        planable: &Planable,
        denied: CollectError,
    ) -> Result<PlanRecord> {
        let engine = self.link.facts.engine;
        let Some(select) = dml::as_select(&planable.sql, planable.kind, engine) else {
            return Err(denied);
        };
        let mut record = self.both_forms(&format!("EXPLAIN {MARK} FORMAT=JSON {select}")).await?;
        let why = format!("planned as the SELECT that finds its rows: {denied}");
        record.plan.details.insert(PLANNED_AS.to_owned(), Value::String(why));
        Ok(record)
    }

    async fn both_forms(&mut self, sql: &str) -> Result<PlanRecord> {
        if !self.link.facts.has_json_v2 {
            let rows = self.link.ask(sql).await?;
            return read(&text_of(&rows), self.link.facts.engine);
        }
        // From statement to statement the version is changed once, not twice.
        let order = if self.version == 2 { [2, 1] } else { [1, 2] };
        let mut texts = BTreeMap::new();
        let mut failed = None;
        for version in order {
            self.set_version(version).await?;
            match self.link.ask(sql).await {
                Ok(rows) => drop(texts.insert(version, text_of(&rows))),
                Err(error) if errors::matters_to_all(&error) => return Err(error),
                // One form may refuse what the other can.
                Err(error) => failed = Some(error),
            }
        }
        match (failed, texts.is_empty()) {
            (Some(error), true) => Err(error),
            _ => {
                let texts: Vec<String> = texts.into_values().collect();
                read(&texts.join("\n"), self.link.facts.engine)
            }
        }
    }

    async fn set_version(&mut self, version: u8) -> Result<()> {
        if self.version != version {
            let sql = format!("SET {MARK} SESSION explain_json_format_version = {version}");
            self.link.ask(&sql).await?;
            self.version = version;
        }
        Ok(())
    }

    /// Plans a statement that writes. A read-only session plans none; it is not executed, and nothing
    /// else is sent before the session is read-only again.
    async fn unlocked(&mut self, sql: &str) -> Result<String> {
        if self.link.facts.has_json_v2 {
            self.set_version(1).await?;
        }
        self.link.ask(&format!("SET {MARK} TRANSACTION READ WRITE")).await?;
        let rows = self.link.ask(sql).await;
        let locked = self.link.ask(&format!("SET {MARK} SESSION TRANSACTION READ ONLY")).await;
        let rows = rows?;
        locked?;
        Ok(text_of(&rows))
    }

    /// Runs a SELECT for its plan. The server ends it at its limit; should it not, we do.
    async fn analyzed(&mut self, sql: &str) -> Result<PlanRecord> {
        let engine = self.link.facts.engine;
        let asked = match (engine, self.link.facts.has_json_v2) {
            (Engine::Mariadb, _) => format!("ANALYZE {MARK} FORMAT=JSON {sql}"),
            (_, true) => {
                self.set_version(2).await?;
                format!("EXPLAIN {MARK} ANALYZE FORMAT=JSON {sql}")
            }
            (_, false) => format!("EXPLAIN {MARK} ANALYZE FORMAT=TREE {sql}"),
        };
        let rows = self.link.ask(&asked).await?;
        let mut record = read(&text_of(&rows), engine)?;
        // MySQL gives what it has when the limit is reached, and only warns.
        let warnings = self.link.ask(&format!("SHOW {MARK} WARNINGS")).await?;
        record.plan.partial |= warnings.iter().any(|row| row.text("code") == Some("1317"));
        Ok(record)
    }
}

/// Whether the plan ends before it begins, because no row has the value.
fn is_empty_by_value(raw: &str) -> bool {
    ["Impossible WHERE", "no matching row in const table", "Zero rows"]
        .iter()
        .any(|message| raw.contains(message))
}

/// The plan's text: one row with one column, the last.
fn text_of(rows: &[Row]) -> String {
    let lines: Vec<&str> = rows.iter().filter_map(|row| row.at(0)).collect();
    lines.join("\n")
}

fn read(text: &str, engine: Engine) -> Result<PlanRecord> {
    // A plan that is the same on both engines is the server's that made it.
    let format = (engine == Engine::Mariadb).then(|| formats::by_name("mariadb-json")).flatten();
    let unreadable = |error: formats::FormatError| {
        CollectError::new(ErrorKind::Input, format!("the plan cannot be read: {error}"))
    };
    let readings = formats::read(text, format).map_err(unreadable)?;
    let Some(reading) = readings.into_iter().next() else {
        return Err(CollectError::new(ErrorKind::Input, "the answer holds no plan"));
    };
    Ok(PlanRecord { plan: reading.plan, raw: Some(text.to_owned()) })
}

/// Tells at a statement that is to be run why it will not be.
pub(super) fn note_not_run(statement: &mut Statement, engine: Engine) {
    if let Err(why) = is_single_select_without_side_effects(&statement.text, engine) {
        statement.problems.push(Problem {
            kind: "not-run".to_owned(),
            message: format!("not run: {why}"),
            statement: Some(statement.fingerprint),
        });
    }
}

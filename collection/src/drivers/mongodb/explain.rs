//! Plans: those that the profiler kept, else by `explain`.
//!
//! `explain` writes nothing. Still it tries candidate plans, and so its time is limited, outside: a limit
//! inside the explained command does nothing. Commands that would run code of the user's are refused.

use super::command::Command;
use super::document::{Fields as _, json, parse};
use super::errors;
use super::link::Link;
use super::shapes::{Key, Known};
use crate::driver::{Execution, PlanOutcome};
use crate::error::{CollectError, ErrorKind, Result};
use crate::queries::QueryText;
use bson::{Bson, Document, doc};
use planscope_explain::workload::fingerprint::redact;
use planscope_explain::workload::{PlanRecord, Problem, Statement};
use planscope_explain::{Engine, formats};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a plan's details say of where it comes from.
const SOURCE: &str = "planscope.source";
/// What was left out of the command, or explained in its stead.
const EXPLAINED: &str = "planscope.explained";
/// Why a command was not run though it was asked for.
const NOT_RUN: &str = "planscope.not_run";

/// Operators that run JavaScript.
const CODE: [&str; 3] = ["$where", "$function", "$accumulator"];

/// Gives the plans of statements to `found`, in order.
pub(super) async fn plans(
    link: &Link,
    known: &BTreeMap<Key, Known>,
    statements: &[Statement],
    execution: Execution,
    found: &mut (dyn FnMut(PlanOutcome) + Send),
) -> Result<()> {
    for statement in statements {
        let outcome = match outcome(link, known, statement, execution).await {
            Ok(record) => Ok(record),
            Err(Failure::Problem(kind, message)) => Err(Problem {
                kind: kind.to_owned(),
                message,
                statement: Some(statement.fingerprint),
            }),
            Err(Failure::Error(error)) if errors::matters_to_all(&error) => return Err(error),
            Err(Failure::Error(error)) => Err(errors::problem(&error, statement.fingerprint)),
        };
        found(outcome);
    }
    Ok(())
}

/// Why there is no plan.
enum Failure {
    /// A problem of that kind, with its message.
    Problem(&'static str, String),
    Error(CollectError),
}

impl From<CollectError> for Failure {
    fn from(error: CollectError) -> Self {
        Self::Error(error)
    }
}

async fn outcome(
    link: &Link,
    known: &BTreeMap<Key, Known>,
    statement: &Statement,
    execution: Execution,
) -> std::result::Result<PlanRecord, Failure> {
    let first = || link.facts.databases.first().cloned().unwrap_or_default();
    let database = statement.database.clone().unwrap_or_else(first);
    let key = (database, statement.fingerprint);
    let known = known.get(&key);
    let database = key.0;
    let kept = known.and_then(|known| known.plan.as_ref());
    if let Some(plan) = kept.filter(|_| execution == Execution::PlanOnly)
        && let Ok(record) = kept_plan(plan)
    {
        return Ok(of_statement(record, &statement.text));
    }
    let command = match known {
        // A shape of `$queryStats` has `?number` for values; such a text says so itself.
        Some(known) => known.command.clone(),
        None => written(&statement.text)?,
    };
    let mut asked = Asked::of(&command, execution)?;
    asked.limit = match asked.analyze {
        true => link.policy.run_timeout(statement),
        false => link.policy.plan_timeout(link.pulse.slowest()),
    };
    Ok(of_statement(asked.answer(link, &database).await?, &statement.text))
}

/// The profiler has only a part of an update, an answer of `explain` our limits.
fn of_statement(mut record: PlanRecord, text: &str) -> PlanRecord {
    record.plan.statement = Some(text.to_owned());
    record
}

/// A command from a statement's text.
fn written(text: &str) -> std::result::Result<Command, Failure> {
    let refuse = |why: String| Failure::Problem("not-explainable", why);
    const EXAMPLE: &str = r#"{"find": "orders", "filter": {"status": "new"}}"#;
    let document = parse(text).map_err(|why| {
        refuse(format!("the statement has no plan: {why}; write a command as {EXAMPLE}"))
    })?;
    let document = document.document("explain").cloned().unwrap_or(document);
    let found = Command::of(&document);
    found.ok_or_else(|| {
        let name = document.keys().next().map_or("it", String::as_str);
        refuse(format!("the statement has no plan: {name} is no command that explain takes"))
    })
}

/// A command of a file as the workload would have it, so that it has the same fingerprint.
pub(super) fn canonical(query: &QueryText) -> QueryText {
    let text = written(&query.text).map_or_else(|_| query.text.clone(), |command| command.text());
    QueryText { text, ..query.clone() }
}

/// The plan that the profiler kept of an execution.
fn kept_plan(entry: &Document) -> Result<PlanRecord> {
    let mut record = read(entry.clone())?;
    let at = entry.get("ts").and_then(super::document::moment).unwrap_or_default();
    note(&mut record, SOURCE, format!("system.profile, executed {at}"));
    Ok(record)
}

/// What is asked of the server.
struct Asked {
    command: Document,
    analyze: bool,
    /// Longest time.
    limit: Duration,
    /// What to say at the plan.
    notes: Vec<(&'static str, String)>,
}

impl Asked {
    fn of(command: &Command, execution: Execution) -> std::result::Result<Self, Failure> {
        refuse(command)?;
        let document = command.document.clone();
        let limit = Duration::ZERO;
        let mut asked = Self { command: document, analyze: false, limit, notes: Vec::new() };
        let writes_result = asked.strip_output();
        if command.name() == "aggregate" {
            asked.command.insert("cursor", doc! {});
        }
        let reads = matches!(command.name(), "find" | "aggregate" | "count" | "distinct");
        asked.analyze = execution == Execution::Analyze && reads && !writes_result;
        if execution == Execution::Analyze && !asked.analyze {
            asked.notes.push((NOT_RUN, "not run: it writes".to_owned()));
        }
        Ok(asked)
    }

    /// Takes `$out` or `$merge` away: servers that only look like MongoDB execute it.
    fn strip_output(&mut self) -> bool {
        let Ok(pipeline) = self.command.get_array_mut("pipeline") else { return false };
        let last = pipeline.last().and_then(Bson::as_document).and_then(|s| s.keys().next());
        let Some(stage) = last.filter(|name| matches!(name.as_str(), "$out" | "$merge")).cloned()
        else {
            return false;
        };
        pipeline.pop();
        self.notes.push((EXPLAINED, format!("without {stage}")));
        true
    }

    async fn answer(
        mut self,
        link: &Link,
        database: &str,
    ) -> std::result::Result<PlanRecord, Failure> {
        let answer = match self.explain(link, database).await {
            Ok(answer) => answer,
            Err(error) => match self.reading_half(link, &error) {
                Some((find, why)) => {
                    self.command = find;
                    self.notes.push((EXPLAINED, format!("as a find: {why}")));
                    self.explain(link, database).await?
                }
                None => return Err(error.into()),
            },
        };
        let mut record = read(answer)?;
        for (key, text) in self.notes {
            note(&mut record, key, text);
        }
        Ok(record)
    }

    /// Who may only read, and whom a secondary refuses, can still see how a write finds its documents.
    fn reading_half(&self, link: &Link, error: &CollectError) -> Option<(Document, &'static str)> {
        let why = match error.kind {
            ErrorKind::Permission => "explaining a write needs the privilege to write",
            ErrorKind::Input if link.facts.state == "secondary" => "a secondary explains no writes",
            _ => return None,
        };
        Some((as_find(&self.command)?, why))
    }

    async fn explain(&self, link: &Link, database: &str) -> Result<Document> {
        let verbosity = if self.analyze { "executionStats" } else { "queryPlanner" };
        let command = doc! { "explain": self.command.clone(), "verbosity": verbosity };
        let mut answer = link.run_for(database, command, self.limit).await?;
        for key in ["$clusterTime", "operationTime", "$configTime", "$topologyTime"] {
            answer.remove(key);
        }
        Ok(answer)
    }
}

/// Refuses what has no plan or must not be asked for.
fn refuse(command: &Command) -> std::result::Result<(), Failure> {
    let problem = |kind, message: String| Err(Failure::Problem(kind, message));
    if command.is_truncated {
        let why = "the server cut the command off, it is too long for its profiler or log";
        return problem("truncated", why.to_owned());
    }
    match command.name() {
        "insert" => return problem("not-explainable", "an insert has no plan".to_owned()),
        "mapReduce" => return problem("runs-code", "mapReduce runs JavaScript".to_owned()),
        _ => {}
    }
    if let Some(operator) = code_in(&command.document) {
        return problem("runs-code", format!("not explained: {operator} runs JavaScript"));
    }
    let parts =
        ["updates", "deletes"].iter().filter_map(|key| command.document.get_array(key).ok());
    if let Some(parts) = parts.into_iter().find(|parts| parts.len() != 1) {
        let message =
            format!("explain takes one part of a write at a time, these are {}", parts.len());
        return problem("not-explainable", message);
    }
    if is_redacted(&command.text()) {
        let message = "its values were replaced: give the command as the application sends it";
        return problem("not-explainable", message.to_owned());
    }
    Ok(())
}

/// Whether a text is one of a snapshot, with `?` where values were.
fn is_redacted(text: &str) -> bool {
    let typed =
        ["\"?number\"", "\"?string\"", "\"?array<", "\"?objectId\"", "\"?date\"", "\"?bool\""];
    typed.iter().any(|mark| text.contains(mark))
        || (text.contains("\"?\"") && redact(text, Engine::Mongodb) == text)
}

/// The first operator that runs JavaScript, however deep.
fn code_in(command: &Document) -> Option<&'static str> {
    let mut waiting: Vec<&Document> = vec![command];
    while let Some(document) = waiting.pop() {
        for (key, value) in document {
            if let Some(operator) = CODE.iter().find(|operator| *operator == key) {
                return Some(operator);
            }
            match value {
                Bson::Document(inner) => waiting.push(inner),
                Bson::JavaScriptCode(_) | Bson::JavaScriptCodeWithScope(_) => return Some("code"),
                Bson::Array(items) => waiting.extend(documents_in(items)),
                _ => {}
            }
        }
    }
    None
}

/// The documents of an array, those of arrays in it included.
fn documents_in(items: &[Bson]) -> Vec<&Document> {
    let mut waiting: Vec<&Bson> = items.iter().collect();
    let mut found = Vec::new();
    while let Some(item) = waiting.pop() {
        match item {
            Bson::Document(document) => found.push(document),
            Bson::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    found
}

/// The reading half of a write.
fn as_find(command: &Document) -> Option<Document> {
    let (name, collection) = command.iter().next()?;
    let part = match name.as_str() {
        "update" => command.documents("updates").into_iter().next()?,
        "delete" => command.documents("deletes").into_iter().next()?,
        "findAndModify" => command,
        _ => return None,
    };
    let filter = part.get("q").or(part.get("query")).cloned();
    let mut find = doc! { "find": collection.clone() };
    find.insert("filter", filter.unwrap_or_else(|| Bson::Document(Document::new())));
    for key in ["sort", "hint", "collation", "let"] {
        if let Some(value) = part.get(key) {
            find.insert(key, value.clone());
        }
    }
    let is_one = name == "findAndModify"
        || (name == "update" && !part.flag("multi"))
        || (name == "delete" && part.flag("limit"));
    if is_one {
        find.insert("limit", 1);
    }
    Some(find)
}

/// Reads an answer of `explain`, or a document of the profiler.
fn read(answer: Document) -> Result<PlanRecord> {
    let raw = json(answer);
    let format = formats::by_name("mongodb-json");
    let unreadable = |error: formats::FormatError| {
        CollectError::new(ErrorKind::Input, format!("the plan cannot be read: {error}"))
    };
    let readings = formats::read(&raw, format).map_err(unreadable)?;
    let Some(reading) = readings.into_iter().next() else {
        return Err(CollectError::new(ErrorKind::Input, "the answer holds no plan"));
    };
    Ok(PlanRecord { plan: reading.plan, raw: Some(raw) })
}

fn note(record: &mut PlanRecord, key: &str, text: String) {
    record.plan.details.insert(key.to_owned(), Value::String(text));
}

/// Tells at a statement that is to be run why it will not be.
pub(super) fn note_not_run(statement: &mut Statement) {
    let Ok(command) = written(&statement.text) else { return };
    let Ok(asked) = Asked::of(&command, Execution::Analyze) else { return };
    if let Some((_, message)) = asked.notes.into_iter().find(|(key, _)| *key == NOT_RUN) {
        let kind = "not-run".to_owned();
        let id = Some(statement.fingerprint);
        statement.problems.push(Problem { kind, message, statement: id });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let command = match written(text) {
            Ok(command) => command,
            Err(Failure::Problem(kind, message)) => return format!("{kind}: {message}"),
            Err(Failure::Error(error)) => return error.to_string(),
        };
        match Asked::of(&command, Execution::Analyze) {
            Ok(asked) => format!("{} {:?}", asked.analyze, asked.notes),
            Err(Failure::Problem(kind, _)) => kind.to_owned(),
            Err(Failure::Error(error)) => error.to_string(),
        }
    }

    #[test]
    fn what_must_not_be_asked_is_refused() {
        let cases = [
            (r#"{"find":"c","filter":{"a":1}}"#, "true []"),
            (r#"{"explain":{"count":"c","query":{}}}"#, "true []"),
            (r#"{"find":"c","filter":{"$or":[[{"$where":"1"}]]}}"#, "runs-code"),
            (
                r#"{"aggregate":"c","pipeline":[{"$group":{"_id":1,"x":{"$accumulator":{}}}}]}"#,
                "runs-code",
            ),
            (r#"{"mapReduce":"c"}"#, "runs-code"),
            (r#"{"insert":"c","documents":[]}"#, "not-explainable"),
            (r#"{"find":"c","filter":{"a":"?"}}"#, "not-explainable"),
            (r#"{"find":"c","filter":{"a":"?number"}}"#, "not-explainable"),
            (r#"{"find":"c","filter":{"a":"?","b":"x"}}"#, "true []"),
            (r#"{"find":"c","$truncated":true}"#, "truncated"),
            (r#"{"update":"c","updates":[{"q":{},"u":{}},{"q":{},"u":{}}]}"#, "not-explainable"),
            (
                r#"{"delete":"c","deletes":[{"q":{},"limit":0}]}"#,
                r#"false [("planscope.not_run", "not run: it writes")]"#,
            ),
            (
                r#"{"aggregate":"c","pipeline":[{"$match":{}},{"$merge":"d"}]}"#,
                r#"false [("planscope.explained", "without $merge"), ("planscope.not_run", "not run: it writes")]"#,
            ),
        ];
        for (text, want) in cases {
            assert_eq!(refused(text), want, "{text}");
        }
        assert!(
            refused("select 1")
                .starts_with("not-explainable: the statement has no plan: it is no JSON")
        );
        assert!(refused(r#"{"drop":"c"}"#).contains("drop is no command that explain takes"));
    }

    #[test]
    fn writes_have_a_reading_half() {
        let find = |text: &str| as_find(&parse(text).unwrap()).map(json);
        assert_eq!(
            find(r#"{"update":"c","updates":[{"q":{"a":1},"u":{},"hint":"h"}]}"#).unwrap(),
            r#"{"find":"c","filter":{"a":1},"hint":"h","limit":1}"#
        );
        assert_eq!(
            find(r#"{"delete":"c","deletes":[{"q":{"a":1},"limit":0}]}"#).unwrap(),
            r#"{"find":"c","filter":{"a":1}}"#
        );
        assert_eq!(
            find(r#"{"findAndModify":"c","query":{"a":1},"sort":{"t":-1},"remove":true}"#).unwrap(),
            r#"{"find":"c","filter":{"a":1},"sort":{"t":-1},"limit":1}"#
        );
        assert_eq!(find(r#"{"find":"c"}"#), None);
    }
}

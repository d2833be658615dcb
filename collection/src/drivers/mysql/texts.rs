//! Which text is planned: one that was executed, or the statement's own with made-up values.

use super::explain::Explainer;
use super::known::Sample;
use super::link::{SELECT, literal};
use super::refuse::{self, Refusal};
use super::samples::is_cut;
use super::values::{self, Names};
use crate::error::Result;
use planscope_explain::workload::Statement;
use planscope_explain::workload::query::{QueryKind, explainable};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A text that can be planned.
pub(super) struct Planable {
    /// Without the semicolon at its end.
    pub sql: String,
    /// What it does.
    pub kind: QueryKind,
    /// Why its values are not those of an execution.
    pub made_up: Option<String>,
}

impl Explainer<'_> {
    /// The text to plan: what was executed, or the statement's own with values put in.
    pub async fn planable(
        &mut self,
        statement: &Statement,
        sample: Option<&Sample>,
    ) -> Result<Result<Planable, Refusal>> {
        let engine = self.link.facts.engine;
        let executed = sample.and_then(|sample| sample.text.as_deref());
        let whole = executed.filter(|text| !is_cut(text));
        let (sql, made_up) = match (whole, sample) {
            (Some(text), _) => (text.to_owned(), None),
            (None, from_server) => {
                let names = self.names().await?;
                match values::filled(&statement.text, engine, &names) {
                    // A digest has blanks that the server itself does not take: COUNT ( * ).
                    Ok(filled) if filled.count == 0 && from_server.is_some() => (filled.sql, None),
                    Ok(filled) if filled.count == 0 => (statement.text.clone(), None),
                    Ok(filled) => (filled.sql, Some(why_made_up(from_server, executed))),
                    Err(why) => {
                        let made_up = why_made_up(from_server, executed);
                        return Ok(Err(lacking(sample, format!("{made_up}; {why}"))));
                    }
                }
            }
        };
        let kind = match explainable(&sql, engine) {
            Ok(kind) => kind,
            Err(why) => {
                let why = format!("the statement has no plan: {why}");
                return Ok(Err(Refusal { kind: "not-explainable", why }));
            }
        };
        if let Some(refusal) = self.routines.refusal(&sql, engine) {
            return Ok(Err(refusal));
        }
        let plannable = refuse::plannable(&sql, engine, &self.link.facts.sql_mode);
        Ok(plannable.map(|text| Planable {
            sql: text.trim_end().trim_end_matches(';').to_owned(),
            kind,
            made_up,
        }))
    }

    /// Names in the selected schema.
    async fn names(&mut self) -> Result<Arc<Names>> {
        let schema = self.schema.clone().unwrap_or_default();
        if let Some(names) = self.names.get(&schema) {
            return Ok(Arc::clone(names));
        }
        let of = literal(&schema);
        let columns = format!(
            "{SELECT} LOWER(COLUMN_NAME) AS name, LOWER(DATA_TYPE) AS value \
             FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {of} \
             AND DATA_TYPE IN ('date', 'datetime', 'json', 'time', 'timestamp', 'year')"
        );
        let tables = format!(
            "{SELECT} LOWER(TABLE_NAME) AS name, TABLE_NAME AS value \
             FROM information_schema.TABLES WHERE TABLE_SCHEMA = {of}"
        );
        let names =
            Names { types: self.pairs(&columns).await?, tables: self.pairs(&tables).await? };
        let names = Arc::new(names);
        self.names.insert(schema, Arc::clone(&names));
        Ok(names)
    }

    async fn pairs(&mut self, sql: &str) -> Result<BTreeMap<String, String>> {
        let rows = self.link.ask_if_allowed(sql).await?.unwrap_or_default();
        Ok(rows.iter().map(|row| (row.string("name"), row.string("value"))).collect())
    }
}

/// Why a text has to be planned with values that nobody used.
fn why_made_up(sample: Option<&Sample>, executed: Option<&str>) -> String {
    match (sample, executed) {
        (None, _) => "its placeholders have no values, and some were made up",
        (_, Some(_)) => "its values were made up: the server kept only the beginning of its text",
        (_, None) => "its values were made up: the server kept no executed text",
    }
    .to_owned()
}

/// The problem of a statement that cannot be planned without a text that was executed.
pub(super) fn lacking(sample: Option<&Sample>, why: String) -> Refusal {
    let has_beginning = sample.is_some_and(|sample| sample.text.is_some());
    Refusal { kind: if has_beginning { "truncated-sample" } else { "no-sample" }, why }
}

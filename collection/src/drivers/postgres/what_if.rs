//! Hypothetical indexes, by the extension HypoPG.
//!
//! They live in the memory of one backend. Every question is one message: forget, pretend, EXPLAIN,
//! forget; so no question sees another's indexes, a pooler cannot come between, and HypoPG's small
//! supply of object ids (some 2,500) is given back each time.

use super::explain::{Explainer, PIPELINE, matters_to_all};
use super::link::{Link, MARK, Row};
use crate::driver::{WhatIfAnswer, WhatIfQuestion};
use crate::error::{CollectError, ErrorKind, Result};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use planscope_explain::Engine;
use planscope_explain::plan::Plan;
use planscope_explain::workload::query::explainable;
use planscope_explain::workload::{Index, ddl};

/// The extension in this database.
pub(super) struct Hypopg {
    /// The schema it is in, quoted where needed.
    schema: String,
    version: String,
    can_hide: bool,
}

const FIND: &str = include_str!("../sql/postgres/hypopg.sql");

impl Hypopg {
    /// Finds the extension.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] with the statement that installs it.
    pub async fn find(link: &Link) -> Result<Self> {
        let rows = link.rows(FIND).await?;
        let Some(row) = rows.first() else {
            let database = &link.facts.database;
            let message = format!("the database {database} does not have the extension hypopg");
            return Err(CollectError::new(ErrorKind::Missing, message)
                .hint("CREATE EXTENSION hypopg;")
                .hint("its package is postgresql-NN-hypopg on Debian, hypopg_NN from PGDG"));
        };
        Ok(Self {
            schema: row.get(0).unwrap_or("public").to_owned(),
            version: row.get(1).unwrap_or_default().to_owned(),
            can_hide: row.flag(2),
        })
    }

    /// For people.
    pub fn method(&self) -> String {
        format!("hypopg {}", self.version)
    }

    /// Why it must not be asked, if it must not.
    fn refusal(&self, question: &WhatIfQuestion, server: u32) -> Option<CollectError> {
        let refuse = |message: &str| CollectError::new(ErrorKind::Missing, message);
        if !question.without.is_empty() && !self.can_hide {
            return Some(
                refuse("this version of hypopg cannot hide an index")
                    .hint("hypopg 1.4 can: ALTER EXTENSION hypopg UPDATE;"),
            );
        }
        // https://github.com/HypoPG/hypopg/issues/116: the whole server goes down.
        let crashes = server >= 180_000 && self.version.starts_with("1.4");
        if crashes && question.indexes.iter().any(|index| index.predicate.is_some()) {
            let message = "hypopg 1.4 can crash PostgreSQL 18 when it pretends a partial index";
            return Some(refuse(message));
        }
        None
    }

    fn forget(&self) -> String {
        let schema = &self.schema;
        let unhide = match self.can_hide {
            true => format!(" SELECT {MARK} {schema}.hypopg_unhide_all_indexes();"),
            false => String::new(),
        };
        format!("SELECT {MARK} {schema}.hypopg_reset();{unhide}")
    }

    /// The statements that pretend, before an EXPLAIN.
    fn pretend(&self, question: &WhatIfQuestion) -> String {
        let schema = &self.schema;
        let mut sql = self.forget();
        for index in &question.indexes {
            let create = literal(&ddl::create_index(Engine::Postgres, index));
            sql.push_str(&format!(
                "SELECT {MARK} 'pretended', h.indexname, {schema}.hypopg_relation_size(h.indexrelid) \
                 FROM {schema}.hypopg_create_index({create}) h;"
            ));
        }
        for name in &question.without {
            let name = literal(name);
            sql.push_str(&format!(
                "SELECT {MARK} {schema}.hypopg_hide_index(c.oid) FROM pg_catalog.pg_class c \
                 WHERE c.relkind IN ('i', 'I') AND (c.relname = {name} \
                 OR c.oid = pg_catalog.to_regclass({name}));"
            ));
        }
        sql
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The planner's answers, in order.
pub(super) async fn answers(
    link: &Link,
    questions: &[WhatIfQuestion],
) -> Result<Vec<Result<WhatIfAnswer>>> {
    let hypopg = Hypopg::find(link).await?;
    let work = async {
        let mut asked: Vec<BoxFuture<'_, Result<WhatIfAnswer>>> = Vec::new();
        for question in questions {
            asked.push(Box::pin(answer(link, &hypopg, question)));
        }
        let mut answers = stream::iter(asked).buffered(PIPELINE);
        let mut done = Vec::with_capacity(questions.len());
        while let Some(answer) = answers.next().await {
            match answer {
                Err(error) if matters_to_all(&error) => return Err(error),
                answer => done.push(answer),
            }
        }
        // A message that failed half way has not come to its own end.
        link.ask(&hypopg.forget()).await?;
        Ok(done)
    };
    link.until_stopped(work).await
}

async fn answer(link: &Link, hypopg: &Hypopg, question: &WhatIfQuestion) -> Result<WhatIfAnswer> {
    if let Some(refusal) = hypopg.refusal(question, link.facts.version_num) {
        return Err(refusal);
    }
    if let Err(why) = explainable(&question.sql, Engine::Postgres) {
        let message = format!("the statement has no plan: {why}");
        return Err(CollectError::new(ErrorKind::Input, message));
    }
    let explainer = Explainer { link, before: hypopg.pretend(question), after: hypopg.forget() };
    let planned = explainer.planned(&question.sql).await?;
    let pretended: Vec<&Row> = planned
        .sets
        .iter()
        .filter_map(|rows| rows.first())
        .filter(|row| row.get(0) == Some("pretended"))
        .collect();
    let names: Vec<Option<&str>> = pretended.iter().map(|row| row.get(1)).collect();
    let size = |row: &&Row| row.get(2).and_then(|text| text.parse().ok());
    let plan = with_names(planned.record.plan, &names, &question.indexes);
    Ok(WhatIfAnswer {
        cost: plan.root().estimate.total_cost,
        sizes_bytes: pretended.iter().map(size).collect(),
        plan,
    })
}

/// The plan with the question's names in the place of HypoPG's (`<13543>btree_orders_at`).
fn with_names(plan: Plan, pretended: &[Option<&str>], indexes: &[Index]) -> Plan {
    plan.map_nodes(|node| {
        let place = node
            .index
            .as_deref()
            .and_then(|name| pretended.iter().position(|pretended| *pretended == Some(name)));
        if let Some(index) = place.and_then(|place| indexes.get(place)) {
            node.index = Some(index.name.clone());
        }
    })
}

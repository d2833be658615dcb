//! A server that is made up: a test says what it answers, everything else is empty.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![allow(dead_code, reason = "no test needs all of it")]

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use planscope_collection::driver::{
    Check, Execution, PlanOutcome, Session, WhatIfAnswer, WhatIfQuestion, Workload,
};
use planscope_collection::error::Result;
use planscope_collection::guard::Load;
use planscope_collection::queries::QueryText;
use planscope_collection::select::Selection;
use planscope_collection::{CollectError, ErrorKind, Stop};
use planscope_explain::Engine;
use planscope_explain::workload::{Catalog, PlanRecord, Statement, TargetIdentity};
use std::collections::BTreeMap;
use std::future::ready;
use std::time::Duration;

pub const SEQ_SCAN: &str = "Seq Scan on t  (cost=0.00..35.50 rows=10 width=4)\n";
pub const INDEX_SCAN: &str = "Index Scan using i on t  (cost=0.00..8.27 rows=1 width=4)\n";

/// What it answers.
pub trait Answers: Send {
    /// How busy it is.
    fn load(&mut self) -> Load {
        Load::default()
    }

    /// Its statistics.
    fn workload(&mut self) -> Result<Workload>;

    /// The text of a statement's plan, and how long that takes.
    fn plan(&mut self) -> (&'static str, Duration);

    /// Its tables.
    fn catalog(&mut self) -> Result<Catalog> {
        Ok(Catalog::default())
    }
}

/// A session of it.
pub struct Fake<A> {
    identity: TargetIdentity,
    pub stop: Stop,
    pub answers: A,
}

impl<A: Answers> Fake<A> {
    pub fn new(answers: A, stop: Stop) -> Self {
        let identity = TargetIdentity {
            name: "fake".into(),
            engine: Engine::Postgres,
            version: "18".into(),
            database: None,
        };
        Self { identity, stop, answers }
    }
}

/// An answer that is there at once.
fn at_once<'a, T: Send + 'a>(answer: Result<T>) -> BoxFuture<'a, Result<T>> {
    ready(answer).boxed()
}

impl<A: Answers> Session for Fake<A> {
    fn identity(&self) -> &TargetIdentity {
        &self.identity
    }

    fn stop(&self) -> &Stop {
        &self.stop
    }

    fn load(&mut self) -> BoxFuture<'_, Result<Load>> {
        at_once(Ok(self.answers.load()))
    }

    fn settings(&mut self) -> BoxFuture<'_, Result<BTreeMap<String, String>>> {
        at_once(Ok(BTreeMap::new()))
    }

    fn workload<'a>(&'a mut self, _: &'a Selection) -> BoxFuture<'a, Result<Workload>> {
        at_once(self.answers.workload())
    }

    fn measure<'a>(
        &'a mut self,
        _: &'a [QueryText],
        _: Execution,
        _: &'a mut (dyn FnMut(usize) + Send),
    ) -> BoxFuture<'a, Result<Workload>> {
        at_once(Ok(Workload::default()))
    }

    fn plans<'a>(
        &'a mut self,
        statements: &'a [Statement],
        _: Execution,
        found: &'a mut (dyn FnMut(PlanOutcome) + Send),
    ) -> BoxFuture<'a, Result<()>> {
        async move {
            for _ in statements {
                let (text, takes) = self.answers.plan();
                if !takes.is_zero() {
                    self.stop.pause(takes).await?;
                }
                let reading = planscope_explain::formats::read(text, None).unwrap().swap_remove(0);
                found(Ok(PlanRecord { plan: reading.plan, raw: Some(text.to_owned()) }));
            }
            Ok(())
        }
        .boxed()
    }

    fn catalog(&mut self) -> BoxFuture<'_, Result<Catalog>> {
        at_once(self.answers.catalog())
    }

    fn what_if_method(&mut self) -> BoxFuture<'_, Result<String>> {
        at_once(Err(CollectError::new(ErrorKind::Missing, "none")))
    }

    fn what_if<'a>(
        &'a mut self,
        _: &'a [WhatIfQuestion],
    ) -> BoxFuture<'a, Result<Vec<Result<WhatIfAnswer>>>> {
        at_once(Ok(Vec::new()))
    }

    fn doctor(&mut self) -> BoxFuture<'_, Result<Vec<Check>>> {
        at_once(Ok(Vec::new()))
    }
}

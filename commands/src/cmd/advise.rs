//! `planscope advise`: indexes that were checked with the planner.

use super::workload::{self, WorkloadArgs};
use crate::block_on;
use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::input::{self, Input};
use crate::report::{AdviseReport, Report};
use clap::Args;
use planscope_advisors::index::cost;
use planscope_advisors::index::select::{Answer, Options, Question, Selector, Step};
use planscope_advisors::{Context, Finding, Proof, Thresholds, rules};
use planscope_collection::driver::{Session, WhatIfAnswer, WhatIfQuestion};
use planscope_explain::Snapshot;
use planscope_explain::workload::Index;

/// Advise indexes that were checked with the planner
///
/// Candidates come from the whole workload; the planner is asked what each statement would cost with
/// them: through HypoPG on PostgreSQL, through a clone of schema and statistics on SQLite. Without a
/// database to ask, a cost model of planscope's own answers and the advice is marked as estimated.
#[derive(Debug, Args)]
pub struct AdviseArgs {
    /// Snapshot (file, `latest`, `@2`, name of a target) or database
    #[arg(default_value = "latest")]
    pub input: String,
    /// Database whose planner answers for a snapshot
    #[arg(long, value_name = "TARGET")]
    pub ask: Option<String>,
    /// Most indexes to advise
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub max_indexes: usize,
    /// Most bytes of all advised indexes together, e.g. 500MB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub max_size: Option<f64>,
    #[command(flatten)]
    pub workload: WorkloadArgs,
}

/// Reads `500MB`, `2GiB`, `1000`; units are powers of 1024.
fn size(text: &str) -> Result<f64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.trim().parse().map_err(|_| "not a size, e.g. 500MB".to_owned())?;
    let exponent = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        unit => return Err(format!("unknown unit `{unit}`; kB, MB or GB")),
    };
    Ok(number * 1024_f64.powi(exponent))
}

/// Runs the command.
pub fn run(args: &AdviseArgs, ctx: &Ctx) -> Result<ExitStatus> {
    let options = Options {
        most_indexes: args.max_indexes,
        most_bytes: args.max_size.unwrap_or(f64::INFINITY),
        ..Options::default()
    };
    let policy = args.workload.connection.policy()?;
    let thresholds = &ctx.config()?.thresholds;
    let asked = args.ask.as_deref().map(|name| input::target(ctx, name)).transpose()?;
    let report = match (input::resolve(ctx, &args.input)?, asked) {
        (Input::Snapshot(snapshot, source), Some(target)) => block_on(ctx, async {
            let mut session = workload::connect(ctx, &target, &policy).await?;
            with_session(*snapshot, source, &mut *session, options, thresholds).await
        })?,
        (Input::Snapshot(snapshot, source), None) => {
            without_session(*snapshot, source, options, thresholds)
        }
        (Input::Target(target), asked) => block_on(ctx, async {
            let mut session = workload::connect(ctx, &target, &policy).await?;
            // Nothing is stored, and the planner answers better with the literals.
            let kept = WorkloadArgs { keep_literals: true, ..args.workload.clone() };
            let snapshot = workload::collect(ctx, &mut *session, &kept).await?;
            let source = target.name();
            match asked {
                Some(other) => {
                    let mut session = workload::connect(ctx, &other, &policy).await?;
                    with_session(snapshot, source, &mut *session, options, thresholds).await
                }
                None => with_session(snapshot, source, &mut *session, options, thresholds).await,
            }
        })?,
        (Input::Text(..), _) => {
            return Err(CommandError::usage("advice needs a snapshot or a database, not a plan")
                .hint("planscope collect TARGET, then planscope advise latest --ask TARGET"));
        }
    };
    super::show(ctx, &Report::Advise(report))?;
    Ok(ExitStatus::Success)
}

/// Advice with a planner to ask; without the means to pretend an index, by the cost model.
pub async fn with_session(
    snapshot: Snapshot,
    source: String,
    session: &mut dyn Session,
    options: Options,
    thresholds: &Thresholds,
) -> Result<AdviseReport> {
    let engine = session.identity().engine;
    if engine != snapshot.target.engine {
        return Err(CommandError::usage(format!(
            "the snapshot is of {}, the database to ask is {}",
            snapshot.target.engine.label(),
            engine.label()
        ))
        .hint("name the database that the snapshot was collected from"));
    }
    let method = match session.what_if_method().await {
        Ok(method) => method,
        Err(error) => {
            let mut report = without_session(snapshot, source, options, thresholds);
            report.notes.insert(0, error.to_string());
            report.notes.extend(error.hints.iter().map(|hint| format!("hint: {hint}")));
            return Ok(report);
        }
    };
    let context = Context::new(&snapshot, thresholds);
    let mut selector = Selector::new(&context, options);
    let mut refused: Vec<String> = Vec::new();
    let advice = loop {
        let questions = match selector.advance() {
            Step::Done(advice) => break advice,
            Step::Ask(questions) => questions,
        };
        let asked: Vec<WhatIfQuestion> =
            questions.iter().map(|question| what_if(&selector, question)).collect();
        let answers = session.what_if(&asked).await?;
        for (question, answer) in questions.into_iter().zip(answers) {
            let answer = match answer {
                Ok(answer) => translate(&selector, &question, &answer),
                Err(error) => {
                    refused.push(error.to_string());
                    Answer::default()
                }
            };
            selector.answer(question, answer);
        }
    };
    let (candidates, questions) = (selector.candidates().len(), selector.answered());
    let redundant = redundant(&context);
    drop(selector);
    Ok(AdviseReport {
        source,
        advice,
        redundant,
        method,
        candidates,
        questions,
        notes: refusals(&refused),
        snapshot,
    })
}

fn refusals(refused: &[String]) -> Vec<String> {
    let first = refused.first();
    first
        .map(|why| format!("{} questions had no answer, the first: {why}", refused.len()))
        .into_iter()
        .collect()
}

fn redundant(context: &Context<'_>) -> Vec<Finding> {
    rules::by_name("redundant-index").map(|rule| (rule.check)(context)).unwrap_or_default()
}

fn what_if(selector: &Selector<'_>, question: &Question) -> WhatIfQuestion {
    WhatIfQuestion {
        sql: selector.statement(question).statement.text.clone(),
        indexes: selector.indexes(question).into_iter().cloned().collect(),
        without: Vec::new(),
    }
}

fn translate(selector: &Selector<'_>, question: &Question, answer: &WhatIfAnswer) -> Answer {
    let used = |index: &&usize| {
        let name = &selector.candidates()[**index].name;
        answer.plan.nodes().iter().any(|node| node.index.as_ref() == Some(name))
    };
    let sizes = question.indexes.iter().zip(&answer.sizes_bytes);
    Answer {
        cost: answer.cost,
        used: question.indexes.iter().filter(used).copied().collect(),
        sizes_bytes: sizes.filter_map(|(&index, size)| size.map(|size| (index, size))).collect(),
    }
}

/// The indexes that the cost model advises for a snapshot's statements.
pub fn estimated(snapshot: Snapshot) -> Vec<planscope_advisors::Advice> {
    let options = Options::default();
    without_session(snapshot, String::new(), options, &Thresholds::default()).advice
}

/// Advice by the cost model alone.
pub fn without_session(
    snapshot: Snapshot,
    source: String,
    options: Options,
    thresholds: &Thresholds,
) -> AdviseReport {
    let context = Context::new(&snapshot, thresholds);
    let mut selector = Selector::new(&context, Options { proof: Proof::Estimated, ..options });
    let advice = loop {
        let questions = match selector.advance() {
            Step::Done(advice) => break advice,
            Step::Ask(questions) => questions,
        };
        for question in questions {
            let indexes: Vec<&Index> = selector.indexes(&question);
            let answer = Answer {
                cost: cost::estimate(selector.statement(&question), &indexes),
                used: question.indexes.clone(),
                sizes_bytes: Vec::new(),
            };
            selector.answer(question, answer);
        }
    };
    let (candidates, questions) = (selector.candidates().len(), selector.answered());
    let redundant = redundant(&context);
    drop(selector);
    AdviseReport {
        source,
        advice,
        redundant,
        method: "the cost model of planscope".to_owned(),
        candidates,
        questions,
        notes: vec!["estimated only: --ask TARGET lets the planner answer".to_owned()],
        snapshot,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(size("1000"), Ok(1000.0));
        assert_eq!(size("2kB"), Ok(2048.0));
        assert_eq!(size("1.5 GiB"), Ok(1.5 * 1024_f64.powi(3)));
        assert!(size("many").is_err());
        assert!(size("5 parsecs").is_err());
    }
}

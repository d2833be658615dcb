//! `--runs`: the same statements on both sides, again and again, in turns.
//!
//! A machine gets slower and faster while it measures. So the sides take turns, the side that begins
//! changes from round to round, and the first round, which fills the caches, does not count.

use super::sides::LiveArgs;
use crate::block_on;
use crate::ctx::{Ctx, working_directory};
use crate::error::Result;
use crate::project;
use planscope_collection::driver::{Execution, Session, all_plans};
use planscope_collection::queries::{self, QueryText};
use planscope_collection::{Target, drivers};
use planscope_explain::{Snapshot, Statement};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The times of statements, by their places in the two snapshots.
#[derive(Debug, Default)]
pub struct Runs {
    ms: BTreeMap<[usize; 2], [Vec<f64>; 2]>,
}

impl Runs {
    /// The milliseconds of the runs of a statement on both sides.
    pub fn of(&self, places: [usize; 2]) -> Option<&[Vec<f64>; 2]> {
        self.ms.get(&places).filter(|sides| sides.iter().all(|runs| !runs.is_empty()))
    }
}

/// A statement to run, and its places in the snapshots.
struct Asked {
    query: QueryText,
    places: [usize; 2],
}

/// Runs the statements that both snapshots have `rounds` times on both targets.
pub fn take(
    ctx: &Ctx,
    targets: [&Target; 2],
    args: &LiveArgs,
    snapshots: &[&Snapshot; 2],
    rounds: u16,
) -> Result<Runs> {
    let asked = asked(args.paths(ctx)?, targets[0], snapshots)?;
    let policy = args.connection.policy()?;
    block_on(ctx, async {
        let mut sessions: [Box<dyn Session>; 2] = [
            drivers::connect(targets[0], &policy, ctx.stop.clone()).await?,
            drivers::connect(targets[1], &policy, ctx.stop.clone()).await?,
        ];
        let bar = ctx.ui.progress("runs", u64::from(rounds) + 1);
        let mut runs = Runs::default();
        for round in 0..=usize::from(rounds) {
            for turn in [round % 2, 1 - round % 2] {
                let times = one_round(&mut *sessions[turn], &asked).await?;
                for (asked, ms) in asked.iter().zip(times) {
                    let sides = runs.ms.entry(asked.places).or_default();
                    sides[turn].extend(ms.filter(|_| round > 0));
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(runs)
    })
}

/// The texts with their literals, which a snapshot no longer has.
fn asked(paths: &[PathBuf], target: &Target, snapshots: &[&Snapshot; 2]) -> Result<Vec<Asked>> {
    let cwd = working_directory()?;
    let mut texts = Vec::new();
    for path in paths {
        texts.extend(queries::read(path, target.engine)?);
    }
    let place = |snapshot: &Snapshot, query: &QueryText| {
        let file = project::from_root(&query.source.file, &cwd);
        snapshot.statements.iter().position(|s| {
            s.source.as_ref().is_some_and(|at| at.file == file && at.line == query.source.line)
        })
    };
    let asked = texts.into_iter().filter_map(|query| {
        let places = [place(snapshots[0], &query)?, place(snapshots[1], &query)?];
        Some(Asked { query: QueryText { calls: 1, ..query }, places })
    });
    Ok(asked.collect())
}

/// Milliseconds of one run of each statement; `None` of what was not run.
async fn one_round(session: &mut dyn Session, asked: &[Asked]) -> Result<Vec<Option<f64>>> {
    let queries: Vec<QueryText> = asked.iter().map(|asked| asked.query.clone()).collect();
    let statements: Vec<Statement> =
        session.measure(&queries, Execution::Analyze, &mut |_| {}).await?.statements;
    // An engine without a server measures at once; of the others the plans tell the time.
    let time =
        |query: &QueryText, statement: &Statement| statement.source.as_ref() == Some(&query.source);
    let find = |query: &QueryText| statements.iter().position(|s| time(query, s));
    if statements.iter().any(|s| s.counters.mean_ms.is_some()) {
        let ms = queries.iter().map(|query| statements[find(query)?].counters.mean_ms);
        return Ok(ms.collect());
    }
    let plans = all_plans(session, &statements, Execution::Analyze).await?;
    let ms = queries.iter().map(|query| {
        let record = plans.get(find(query)?)?.as_ref().ok()?;
        record.plan.is_analyzed().then(|| record.plan.elapsed_ms())?
    });
    Ok(ms.collect())
}

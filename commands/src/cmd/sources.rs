//! How the lists of the terminal interface find things out: rules, advisor, store.

use super::advise;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::runtime;
use crate::tui::browse::known::{Advise, Judge, Past, Sources};
use planscope_advisors::index::select::Options;
use planscope_advisors::suppress::suppress;
use planscope_advisors::{Suppression, Thresholds};
use planscope_collection::guard::Policy;
use planscope_collection::store::{Entry, Store};
use planscope_collection::{Stop, Target, clock, drivers};
use planscope_explain::Snapshot;
use planscope_explain::diff::Tolerance;
use std::sync::Arc;

/// Earlier snapshots that the history is read from.
const MOST_PAST: usize = 16;

/// A database whose planner answers the advisor's questions.
pub struct Planner {
    /// The database.
    pub target: Target,
    /// How long to wait for it.
    pub policy: Policy,
}

/// Rules, advisor and store as the user's config and arguments say.
pub fn of(ctx: &Ctx, planner: Option<Planner>, tolerance: Tolerance) -> Result<Sources> {
    let config = ctx.config()?;
    let thresholds = config.thresholds;
    Ok(Sources {
        judge: judge(thresholds, config.suppressions.clone()),
        advise: match planner {
            Some(planner) => asking(planner, ctx.stop.clone(), thresholds),
            None => guessing(thresholds),
        },
        // Without a place for snapshots there are none.
        past: past(ctx.store().ok()),
        tolerance,
    })
}

fn judge(thresholds: Thresholds, suppressions: Vec<Suppression>) -> Arc<Judge> {
    Arc::new(move |snapshot| {
        let mut findings = planscope_advisors::analyze(snapshot, &thresholds);
        let held = suppress(&mut findings, &suppressions, &clock::today()).findings.len();
        (findings, held)
    })
}

/// Advice by the cost model alone.
fn guessing(thresholds: Thresholds) -> Arc<Advise> {
    Arc::new(move |snapshot| {
        let source = snapshot.target.name.clone();
        Ok(advise::without_session(snapshot.clone(), source, Options::default(), &thresholds))
    })
}

/// Advice with a planner to ask, in a session of its own.
fn asking(planner: Planner, stop: Stop, thresholds: Thresholds) -> Arc<Advise> {
    Arc::new(move |snapshot| {
        let source = snapshot.target.name.clone();
        runtime()?.block_on(async {
            let mut session =
                drivers::connect(&planner.target, &planner.policy, stop.clone()).await?;
            let options = Options::default();
            advise::with_session(snapshot.clone(), source, &mut *session, options, &thresholds)
                .await
        })
    })
}

/// The target's earlier snapshots, read one by one.
fn past(store: Option<Store>) -> Arc<Past> {
    Arc::new(move |now, each| {
        let entries = store.as_ref().and_then(|store| store.list().ok()).unwrap_or_default();
        let earlier = entries.iter().filter(|entry| is_earlier(entry, now)).take(MOST_PAST);
        let earlier: Vec<&Entry> = earlier.collect();
        for entry in earlier.into_iter().rev() {
            if let Ok(snapshot) = Store::load(&entry.path) {
                each(entry.file_name(), snapshot);
            }
        }
    })
}

fn is_earlier(entry: &Entry, now: &Snapshot) -> bool {
    let Ok(summary) = &entry.content else { return false };
    // RFC 3339 in UTC sorts as text, fractions of a second aside.
    let second = |time: &str| time.get(..19).unwrap_or(time).to_owned();
    let is_same = summary.target == now.target.name && summary.engine == now.target.engine.name();
    is_same && second(&summary.taken_at) < second(&now.taken_at)
}

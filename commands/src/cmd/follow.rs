//! `planscope collect --from-log … --follow`: a snapshot of each stretch of a log that goes on.

use super::rejects::Rejects;
use super::watch::WatchArgs;
use super::workload::WorkloadArgs;
use crate::block_on;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exit::ExitStatus;
use crate::output;
use crate::report::{CollectReport, Report, counted, statement_line};
use planscope_collection::clock;
use planscope_collection::logs::{Follower, Input, LogDigest, Options};
use planscope_collection::store::Store;
use planscope_explain::Snapshot;
use planscope_explain::units::{Count, Millis, Share};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// How often the logs are looked at.
const LOOK: Duration = Duration::from_millis(250);

struct Following<'a> {
    follower: Follower<'a>,
    watching: &'a WatchArgs,
    of: &'a WorkloadArgs,
    store: Option<&'a Store>,
    rejects: Option<Rejects>,
    ctx: &'a Ctx,
}

/// Runs the command. Being stopped is how it ends.
pub fn run(
    inputs: &[Input],
    options: &Options,
    watching: &WatchArgs,
    of: &WorkloadArgs,
    store: Option<&Store>,
    rejects: Option<Rejects>,
    ctx: &Ctx,
) -> Result<ExitStatus> {
    let follower = Follower::open(inputs, options, rejects.is_some())?;
    let mut following = Following { follower, watching, of, store, rejects, ctx };
    block_on(ctx, following.run())?;
    Ok(ExitStatus::Success)
}

impl Following<'_> {
    async fn run(&mut self) -> Result<()> {
        let mut rounds = 0;
        while self.stretch(self.watching.every).await? {
            rounds += 1;
            if self.watching.rounds.is_some_and(|most| rounds >= most) {
                break;
            }
            self.round(false)?;
        }
        self.round(true)
    }

    /// Reads until it is time for a snapshot: whether to go on after it.
    async fn stretch(&mut self, time: Duration) -> Result<bool> {
        let end = tokio::time::sleep(time);
        tokio::pin!(end);
        loop {
            let read = self.follower.poll()?;
            self.write_rejects()?;
            if self.ctx.stop.is_stopped() || self.follower.is_over() {
                return Ok(false);
            }
            let pause = if read > 0 { Duration::ZERO } else { LOOK };
            tokio::select! {
                biased;
                () = &mut end => return Ok(true),
                () = self.ctx.stop.stopped() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn write_rejects(&mut self) -> Result<()> {
        let Some(file) = &mut self.rejects else { return Ok(()) };
        let written = file.write_all(&self.follower.take_rejected()).and_then(|()| file.flush());
        written.map_err(|error| file.failed(error))
    }

    /// Saves and shows what was logged since the last round.
    fn round(&mut self, last: bool) -> Result<()> {
        let digest = self.follower.take(last);
        self.write_rejects()?;
        if is_nothing(&digest) {
            return Ok(());
        }
        let snapshot = digest.snapshot;
        let mut pruned = 0;
        let path = match self.store {
            Some(store) => {
                let path = store.save(&snapshot)?;
                if let Some(keep) = &self.watching.keep {
                    let old = store.superfluous(keep, Some(&snapshot.target.name))?;
                    pruned = store.delete(&old)?.len();
                }
                Some(path)
            }
            None => None,
        };
        self.show(snapshot, path, pruned)
    }

    /// A line a round; where nothing is saved, or another form is asked for, the whole page.
    fn show(&self, snapshot: Snapshot, path: Option<PathBuf>, pruned: usize) -> Result<()> {
        let output = self.ctx.output;
        if let (Some(path), "text") = (&path, output.name) {
            return self.ctx.ui.data(line(&snapshot, path, pruned).as_bytes());
        }
        let report =
            Report::Collect(CollectReport { snapshot, path, by: Some(self.of.chosen_by()) });
        let lines = output::by_name("jsonl").filter(|_| output.machine_readable);
        let bytes = (lines.unwrap_or(output).render)(&report, &self.ctx.style)?;
        self.ctx.ui.data(&bytes)
    }
}

/// Whether nothing was logged that a snapshot could say.
fn is_nothing(digest: &LogDigest) -> bool {
    let bytes: u64 = digest.sources.iter().map(|source| source.bytes).sum();
    bytes == 0 || (digest.facts.events == 0 && digest.facts.errors.is_empty())
}

fn line(snapshot: &Snapshot, path: &std::path::Path, pruned: usize) -> String {
    let time = clock::time_of_day();
    let log = snapshot.log.as_deref();
    let (events, total) = log.map_or((0, 0.0), |log| (log.events, log.total_ms));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let pruned = if pruned > 0 { format!(", {pruned} deleted") } else { String::new() };
    let statements = counted(snapshot.statements.len(), "statement", "statements");
    let mut text = format!(
        "{time}  {} executions in {}, {statements}: {name}{pruned}\n",
        Count(events as f64),
        Millis(total)
    );
    if let Some(worst) = snapshot.statements.first() {
        let share = worst.counters.total_ms.filter(|_| total > 0.0).map(|ms| ms / total);
        let share = share.map_or(String::new(), |share| format!("{} in ", Share(share)));
        let statement = statement_line(&worst.text, None, 58);
        text.push_str(&format!("          {share}{statement}\n"));
    }
    text
}

//! `--inject-stats`: an empty scratch database gets the statistics of a snapshot.

use super::sides::LiveArgs;
use crate::block_on;
use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::input::{self, Input};
use crate::report::counted;
use crate::safe::repeatable;
use planscope_collection::{Target, drivers};

/// Injects when it was asked for. That something is written is said whatever `--quiet` says of talk:
/// it is the one thing that planscope ever writes into a database.
pub fn maybe(ctx: &Ctx, target: &Target, args: &LiveArgs) -> Result<()> {
    let Some(name) = &args.inject_stats else { return Ok(()) };
    let Input::Snapshot(snapshot, source) = input::resolve(ctx, name)? else {
        return Err(CommandError::usage(format!("`{}` is no snapshot", repeatable(name)))
            .hint("name a snapshot of production: planscope collect makes one"));
    };
    let place = target.name();
    ctx.ui.warn(&format!("WRITING the statistics of {source} into the scratch database {place}"));
    let policy = args.connection.policy()?;
    let injected = block_on(ctx, async {
        Ok(drivers::inject(target, &policy, ctx.stop.clone(), &snapshot).await?)
    })?;
    for note in &injected.notes {
        ctx.ui.say(&format!("note: {note}"));
    }
    let tables = counted(injected.tables, "table", "tables");
    ctx.ui.say(&format!(
        "{tables} of {place} plan like those of {source} now, until ANALYZE runs there"
    ));
    Ok(())
}

//! `planscope rules`: the rules and their manual pages.

use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::report::{Report, RulesReport};
use clap::Args;
use planscope_advisors::rules;

/// List the rules, or print the manual page of one
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// The rule
    pub name: Option<String>,
}

/// Runs the command.
pub fn run(args: &RulesArgs, ctx: &Ctx) -> Result<ExitStatus> {
    let report = match &args.name {
        None => RulesReport { rules: rules::ALL.to_vec(), in_full: false },
        Some(name) => {
            let rule = rules::by_name(name).ok_or_else(|| {
                CommandError::usage(format!("there is no rule `{name}`"))
                    .hint("`planscope rules` lists them")
            })?;
            RulesReport { rules: vec![rule], in_full: true }
        }
    };
    super::show(ctx, &Report::Rules(report))?;
    Ok(ExitStatus::Success)
}

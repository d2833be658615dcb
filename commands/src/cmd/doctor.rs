//! `planscope doctor`: is a target fit to be looked at.

use super::workload::{self, ConnectionArgs};
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exit::ExitStatus;
use crate::report::{DoctorReport, Report};
use crate::safe::repeatable;
use crate::{block_on, input};
use clap::Args;
use planscope_collection::driver::{Check, CheckStatus};
use planscope_collection::{Target, baselines, clock};

/// Check whether a target is fit to be looked at
///
/// Each check that fails comes with the statement or setting that mends it. Exit 1 when planscope
/// cannot do its work.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Database: postgres://user@host/db, mysql://…, mariadb://…, sqlite:FILE, or a name in planscope.toml
    #[arg(env = "PLANSCOPE_TARGET", hide_env_values = true, required_unless_present = "config")]
    pub target: Option<String>,
    /// Look at planscope.toml instead: its syntax, URLs, groups, limits, suppressions, policies
    #[arg(long)]
    pub config: bool,
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Runs the command.
pub fn run(args: &DoctorArgs, ctx: &Ctx) -> Result<ExitStatus> {
    if args.config {
        return of_config(ctx);
    }
    let target = input::target(ctx, args.target.as_deref().unwrap_or_default())?;
    let checks = block_on(ctx, async {
        let mut session = workload::connect(ctx, &target, &args.connection.policy()?).await?;
        Ok(session.doctor().await?)
    })?;
    show(ctx, DoctorReport { target: target.to_string(), subject: "target", checks })
}

fn show(ctx: &Ctx, report: DoctorReport) -> Result<ExitStatus> {
    let fit = report.is_fit();
    super::show(ctx, &Report::Doctor(report))?;
    Ok(if fit { ExitStatus::Success } else { ExitStatus::Failure })
}

fn show_config(ctx: &Ctx, files: String, checks: Vec<Check>) -> Result<ExitStatus> {
    show(ctx, DoctorReport { target: files, subject: "configuration", checks })
}

/// Checks the config files; connects to nothing and runs no password command.
fn of_config(ctx: &Ctx) -> Result<ExitStatus> {
    let check = |id: &str, status, message: String, remedy| Check {
        id: id.to_owned(),
        status,
        message,
        remedy,
    };
    let config = match ctx.config() {
        Ok(config) => config,
        Err(error) => {
            let broken = check("config", CheckStatus::Fail, error.message, None);
            return show_config(ctx, "planscope.toml".to_owned(), vec![broken]);
        }
    };
    let files: Vec<String> = config.files.iter().map(|f| f.display().to_string()).collect();
    if files.is_empty() {
        let none = "there is no planscope.toml here, nor in the user's config folder";
        let remedy = Some("write [targets.shop] with url = \"postgres://user@host/db\"".to_owned());
        let missing = check("config", CheckStatus::Warn, none.to_owned(), remedy);
        return show_config(ctx, "planscope.toml".to_owned(), vec![missing]);
    }
    let mut checks = Vec::new();
    for (name, entry) in &config.targets {
        let id = format!("target {name}");
        checks.push(match Target::parse_with(&entry.url, &ctx.environment) {
            Ok(target) => check(&id, CheckStatus::Ok, target.to_string(), None),
            Err(error) => {
                check(&id, CheckStatus::Fail, error.message, error.hints.first().cloned())
            }
        });
    }
    for (group, names) in &config.groups {
        checks.push(check(&format!("group {group}"), CheckStatus::Ok, names.join(", "), None));
    }
    let today = clock::today();
    let of_time = |id: &str, holds: bool, message: String| {
        let status = if holds { CheckStatus::Ok } else { CheckStatus::Warn };
        let remedy = (!holds).then(|| "its time is over: remove or renew it".to_owned());
        check(id, status, message, remedy)
    };
    for suppression in &config.suppressions {
        let until = suppression.until.as_ref().map(|day| format!(", until {day}"));
        let message = format!("{}{}", suppression.reason, until.unwrap_or_default());
        checks.push(of_time("suppression", suppression.holds_on(&today), message));
    }
    for allow in &config.diff.allows {
        let message = format!("{}: {}, until {}", allow.place, allow.reason, allow.expires);
        checks.push(of_time("diff.allow", allow.holds_on(&today), message));
    }
    checks.extend(baseline(config, ctx));
    show_config(ctx, files.join(", "), checks)
}

/// Whether what `[baseline]` names is there.
fn baseline(config: &Config, ctx: &Ctx) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut look = |what: &str, found: bool, remedy: &str| {
        checks.push(Check {
            id: "baseline".to_owned(),
            status: if found { CheckStatus::Ok } else { CheckStatus::Warn },
            message: if found { what.to_owned() } else { format!("{what} is not there") },
            remedy: (!found).then(|| remedy.to_owned()),
        });
    };
    if let Some(folder) = &config.baseline.folder {
        let remedy = "planscope baseline init makes it";
        look(&folder.display().to_string(), baselines::is_baseline(folder), remedy);
    }
    for path in &config.baseline.queries {
        look(
            &path.display().to_string(),
            path.exists(),
            "name files of statements, or their folder",
        );
    }
    if let Some(name) = &config.baseline.target {
        let known =
            config.targets.contains_key(name) || Target::parse_with(name, &ctx.environment).is_ok();
        look(repeatable(name), known, "name a target of this file, or a URL");
    }
    checks
}

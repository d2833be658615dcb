//! `planscope collect --from-log`: the same snapshot from what the server has already written.

use super::follow;
use super::rejects::Rejects;
use super::watch::WatchArgs;
use super::workload::WorkloadArgs;
use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::moment;
use crate::report::{CollectReport, Report};
use clap::Args;
use clap::builder::PossibleValuesParser;
use jiff::Timestamp;
use planscope_collection::clock;
use planscope_collection::logs::{self, Hints, Input, LogDigest, Options, Outlets};
use planscope_collection::select::Filter;
use std::io::Write;
use std::path::PathBuf;

/// Logs, and how to read them.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logs")]
pub struct FromLogArgs {
    /// Logs instead of a database: files, folders, patterns, `-` for stdin; gz, zst, bz2, xz or not
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["target", "all", "group", "queries", "running", "interval", "analyze", "watch"])]
    pub from_log: Vec<PathBuf>,
    /// Format of the logs; detected by default
    #[arg(long, value_name = "FORMAT", requires = "from_log", value_parser = formats_parser())]
    pub log_format: Option<String>,
    /// PostgreSQL's log_line_prefix; found in the log by default
    #[arg(long, value_name = "PREFIX", requires = "from_log")]
    pub log_line_prefix: Option<String>,
    /// Year of times that have none (syslog, old MongoDB); this year by default
    #[arg(long, value_name = "YEAR", requires = "from_log", value_parser = clap::value_parser!(i32).range(1970..=9999))]
    pub log_year: Option<i32>,
    /// Only what happened since then: 2026-11-21 15:00 (UTC), 15:00, 2h (ago), yesterday
    #[arg(long, value_name = "TIME", requires = "from_log")]
    pub since: Option<String>,
    /// Only what happened before then
    #[arg(long, value_name = "TIME", requires = "from_log")]
    pub until: Option<String>,
    /// Go on with what is written to the logs, through rotation and truncation; a snapshot --every
    /// so often of what was logged in between
    #[arg(long, requires = "from_log", group = "repeating")]
    pub follow: bool,
    /// Write what is not read into this file, one piece a line
    #[arg(long, value_name = "FILE", requires = "from_log")]
    pub rejects: Option<PathBuf>,
    /// The name of the snapshot's target; by default that of the first file
    #[arg(long, value_name = "NAME", requires = "from_log")]
    pub name: Option<String>,
}

fn formats_parser() -> PossibleValuesParser {
    PossibleValuesParser::new(logs::ALL.iter().map(|reader| reader.name))
}

/// Runs the command.
pub fn run(
    args: &FromLogArgs,
    of: &WorkloadArgs,
    watching: &WatchArgs,
    dry_run: bool,
    ctx: &Ctx,
) -> Result<ExitStatus> {
    let inputs = args.inputs();
    let mut options = args.options(of)?;
    let store = ctx.store()?;
    if !dry_run {
        store.check_writable()?;
    }
    let mut rejects =
        args.rejects.as_deref().map(|p| Rejects::new(p, &args.from_log)).transpose()?;
    ctx.watch_signals()?;
    if args.follow {
        let store = (!dry_run).then_some(&store);
        return follow::run(&inputs, &options, watching, of, store, rejects, ctx);
    }
    if let Some(name) = args.target_name() {
        options.selection.known = of.known(&name, &store);
    }
    let digest = digest(&inputs, &options, rejects.as_mut(), ctx)?;
    if digest.is_all_left_out() {
        return Err(nothing_left(&digest));
    }
    let snapshot = digest.snapshot;
    let path = if dry_run { None } else { Some(store.save(&snapshot)?) };
    let by = Some(of.chosen_by());
    super::show(ctx, &Report::Collect(CollectReport { snapshot, path, by }))?;
    Ok(if ctx.stop.is_stopped() { ExitStatus::Interrupted } else { ExitStatus::Success })
}

fn digest(
    inputs: &[Input],
    options: &Options,
    rejects: Option<&mut Rejects>,
    ctx: &Ctx,
) -> Result<LogDigest> {
    let size = |input: &Input| match input {
        Input::Path(path) => std::fs::metadata(path).map_or(0, |file| file.len()),
        _ => 0,
    };
    let megabytes = |bytes: u64| bytes >> 20;
    let bar = ctx.ui.progress("reading", megabytes(inputs.iter().map(size).sum()));
    let mut before = (String::new(), 0);
    let mut progress = |name: &str, bytes: u64| {
        if before.0 != name {
            before = (name.to_owned(), 0);
            bar.set_message(format!("MB of {name}"));
        }
        bar.inc(megabytes(bytes).saturating_sub(megabytes(before.1)));
        before.1 = bytes;
        // A compressed log is longer than its file.
        bar.set_length(bar.length().unwrap_or(0).max(bar.position()));
    };
    let rejects = rejects.map(|file| file as &mut (dyn Write + Send));
    let outlets = Outlets { rejects, progress: Some(&mut progress) };
    let digest = logs::digest_with(inputs, options, &ctx.stop, outlets);
    bar.finish_and_clear();
    Ok(digest?)
}

impl FromLogArgs {
    /// What to read.
    fn inputs(&self) -> Vec<Input> {
        let input = |path: &PathBuf| match path.to_str() {
            Some("-") => Input::Stdin,
            _ => Input::Path(path.clone()),
        };
        self.from_log.iter().map(input).collect()
    }

    /// The name under which the last snapshot of these logs would be found.
    fn target_name(&self) -> Option<String> {
        let first = || self.from_log.first()?.file_name()?.to_str().map(str::to_owned);
        self.name.clone().or_else(first)
    }

    fn options(&self, of: &WorkloadArgs) -> Result<Options> {
        let mut selection = of.selection(None)?;
        // A log has names for each execution; a statement may have several.
        let Filter {
            databases,
            not_databases,
            users,
            not_users,
            applications: apps,
            not_applications: not_apps,
            ..
        } = std::mem::take(&mut selection.filter);
        let texts = of.filter.filter()?;
        selection.filter =
            Filter { texts: texts.texts, not_texts: texts.not_texts, ..Filter::default() };
        let (since, until) = self.window()?;
        Ok(Options {
            filter: logs::Filter {
                since,
                until,
                databases,
                not_databases,
                users,
                not_users,
                apps,
                not_apps,
            },
            reader: self.log_format.as_deref().and_then(logs::by_name),
            hints: Hints { log_line_prefix: self.log_line_prefix.clone(), year: self.log_year },
            selection,
            keep_literals: of.keep_literals,
            threads: 0,
            name: self.name.clone(),
        })
    }

    /// `--since` and `--until`, in microseconds.
    fn window(&self) -> Result<(Option<i64>, Option<i64>)> {
        // Our own clock always writes a time.
        let now: Timestamp = clock::now().parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let read = |name: &str, text: &Option<String>| {
            let Some(text) = text else { return Ok(None) };
            let moment = moment::parse(text, now);
            moment.map(Some).map_err(|error| {
                CommandError::usage(format!("{name}: {error}")).hint(moment::HOW_TO_WRITE)
            })
        };
        let (since, until) = (read("--since", &self.since)?, read("--until", &self.until)?);
        if let (Some(since), Some(until)) = (since, until)
            && since >= until
        {
            let message = format!("--since {since} is not before --until {until}");
            return Err(CommandError::usage(message)
                .hint("times without a zone are of UTC; 2h means two hours ago"));
        }
        Ok((since.map(Timestamp::as_microsecond), until.map(Timestamp::as_microsecond)))
    }
}

/// The filters left nothing over.
fn nothing_left(digest: &LogDigest) -> CommandError {
    let shown = |time: i64| logs::time::rfc3339(time).unwrap_or_default();
    let facts = &digest.facts;
    let error = CommandError::input(format!(
        "none of the {} executions in the logs is left by --since, --until and the other filters",
        facts.filtered
    ));
    match facts.left_out {
        Some((first, last)) => {
            error.hint(format!("they are from {} to {}", shown(first), shown(last)))
        }
        None => error.hint("their times are not known: leave --since and --until out"),
    }
}

//! The command line. The doc comments are the help, the man pages and the completions.

use crate::cmd;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// See, explain, advise and hold the line on database query plans
///
/// planscope collects the heaviest statements and their plans into local snapshot files, shows a
/// plan so that the eye goes to what hurts, says what is wrong, advises indexes that it has checked,
/// and fails a build when a plan gets worse.
#[derive(Debug, Parser)]
#[command(name = "planscope", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Start with `planscope demo`: it needs no server and takes half a minute.")]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
    /// Options that every command understands
    #[command(flatten)]
    pub global: GlobalArgs,
}

/// Options that every command understands.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// How to print the result
    #[arg(long, global = true, value_name = "FORMAT", value_parser = crate::output::format_names())]
    pub format: Option<String>,
    /// When to colour text; NO_COLOR is respected
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorWhen,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Columns of text output; by default those of the terminal, else 80
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(40..=1000))]
    pub width: Option<u16>,
    /// Say nothing on stderr but errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Config file instead of planscope.toml of the project and of the user
    #[arg(long, global = true, value_name = "FILE", env = "PLANSCOPE_CONFIG")]
    pub config_file: Option<PathBuf>,
    /// Folder of snapshots; by default .planscope/ where it exists, else the user's data folder
    #[arg(long, global = true, value_name = "DIR", env = "PLANSCOPE_STORE")]
    pub store: Option<PathBuf>,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal that can, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The subcommands. Their help is the doc comment of their arguments, which a comment here would
/// hide.
#[derive(Debug, Subcommand)]
pub enum Command {
    Collect(Box<cmd::collect::CollectArgs>),
    Explain(cmd::explain::ExplainArgs),
    Browse(cmd::browse::BrowseArgs),
    Analyze(cmd::analyze::AnalyzeArgs),
    Advise(cmd::advise::AdviseArgs),
    Baseline(cmd::baseline::BaselineArgs),
    Diff(cmd::diff::DiffArgs),
    Demo(cmd::demo::DemoArgs),
    Doctor(cmd::doctor::DoctorArgs),
    Rules(cmd::rules::RulesArgs),
    Stop(cmd::stop::StopArgs),
    Snapshots(cmd::snapshots::SnapshotsArgs),
    Completions(cmd::completions::CompletionsArgs),
    Util(cmd::util::UtilArgs),
}

//! The sides of a comparison: a plan, a snapshot, a baseline, or a database that is asked now.

use super::explain::no_statement;
use super::workload::{ConnectionArgs, Guarded, registered};
use crate::block_on;
use crate::ctx::{Ctx, working_directory};
use crate::error::{CommandError, Result};
use crate::input::{self, Input};
use crate::project;
use clap::Args;
use planscope_collection::Target;
use planscope_collection::baselines::{self, BaselineFile};
use planscope_collection::collect::{Request, Statements};
use planscope_collection::driver::Execution;
use planscope_collection::queries::{self, QueryText};
use planscope_collection::select::{Filter, Selection};
use planscope_explain::baseline::{self, Entry};
use planscope_explain::plan::Plan;
use planscope_explain::workload::{Source, Statement};
use planscope_explain::{Engine, Snapshot};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How many times the work or cost may grow against a baseline before it counts: its figures have two
/// digits, and ANALYZE has run since.
pub const BASELINE_RATIO: f64 = 1.2;

/// How a database is asked for its plans.
#[derive(Debug, Clone, Args)]
pub struct LiveArgs {
    /// Statements from files (or all *.sql files of a folder); by default those that the other side
    /// came from, else the server's statistics
    #[arg(long, value_name = "FILE|DIR")]
    pub queries: Vec<PathBuf>,
    /// Run each statement for its plan: parsed SELECTs without side effects only
    #[arg(long)]
    pub analyze: bool,
    /// Give an empty scratch database the statistics of this snapshot first, so that it plans like
    /// the database that the snapshot was collected from
    #[arg(long, value_name = "SNAPSHOT")]
    pub inject_stats: Option<String>,
    /// Look at a target that failed several times in a row, without waiting
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

impl LiveArgs {
    /// Files of statements: those named, else those of planscope.toml.
    pub fn paths<'a>(&'a self, ctx: &'a Ctx) -> Result<&'a [PathBuf]> {
        match self.queries.is_empty() {
            true => Ok(&ctx.config()?.baseline.queries),
            false => Ok(&self.queries),
        }
    }
}

/// A side of a comparison.
pub enum Side {
    /// One plan, and how to call it.
    Plan(Box<Plan>, String),
    /// A snapshot, and how to call it.
    Snapshot(Box<Snapshot>, String),
    /// A baseline, and how to call it.
    Baseline(Vec<BaselineFile>, String),
    /// A database.
    Target(Box<Target>),
}

impl Side {
    /// Finds out what `name` is.
    pub fn resolve(ctx: &Ctx, name: &str) -> Result<Self> {
        let path = Path::new(name);
        if name != "-" && (path.is_dir() || baselines::is_baseline(path)) {
            return Ok(Self::Baseline(load_baseline(path)?, name.to_owned()));
        }
        Ok(match input::resolve(ctx, name)? {
            Input::Target(target) => Self::Target(target),
            Input::Snapshot(snapshot, name) => Self::Snapshot(snapshot, name),
            Input::Text(text, name) => Self::Plan(Box::new(one_plan(&text, &name)?), name),
        })
    }

    /// How to call it.
    pub fn name(&self) -> String {
        match self {
            Self::Plan(_, name) | Self::Snapshot(_, name) | Self::Baseline(_, name) => name.clone(),
            Self::Target(target) => target.name(),
        }
    }

    /// Whether it is a baseline.
    pub fn is_baseline(&self) -> bool {
        matches!(self, Self::Baseline(..))
    }
}

/// The entries of a baseline, all of one server.
pub fn load_baseline(path: &Path) -> Result<Vec<BaselineFile>> {
    let files = baselines::load(path)?;
    let entries: Vec<Entry> = files.iter().map(|file| file.entry.clone()).collect();
    if let Some(([a, b], what)) = baseline::disagreement(&entries) {
        let [a, b] = [a, b].map(|i| files[i].path.display().to_string());
        return Err(CommandError::input(format!(
            "{a} and {b} were accepted on different servers: {what}"
        ))
        .hint("accept all of it on one server: planscope baseline accept --all"));
    }
    Ok(files)
}

fn one_plan(text: &str, name: &str) -> Result<Plan> {
    let mut readings = input::plans(text, name, None)?;
    match readings.len() {
        1 => Ok(readings.swap_remove(0).plan),
        n => Err(CommandError::input(format!("{name} holds {n} plans, one is needed"))
            .hint("save the plan to compare in a file of its own")),
    }
}

/// What a database is to be compared with.
pub struct Reference<'a> {
    /// Its statements.
    pub snapshot: &'a Snapshot,
    /// The files of the baseline that it is.
    pub baseline: Option<&'a [BaselineFile]>,
}

/// Asks a database for what `reference` has; for its heaviest statements where there is none.
pub fn ask(
    ctx: &Ctx,
    target: &Target,
    args: &LiveArgs,
    reference: Option<&Reference<'_>>,
) -> Result<Snapshot> {
    super::inject::maybe(ctx, target, args)?;
    let paths = args.paths(ctx)?;
    let no_sources = |files: &[BaselineFile]| files.iter().all(|file| file.entry.source.is_none());
    let texts = reference.and_then(|reference| reference.baseline);
    let texts = texts.filter(|files| paths.is_empty() && no_sources(files));
    collect(ctx, target, args, |engine| match texts {
        Some(files) => Ok(Questions::of_baseline(files, engine)),
        None => Questions::of(paths, reference.map(|reference| reference.snapshot), engine),
    })
}

/// What a database is asked for.
enum Questions {
    /// These statements.
    Texts(Vec<QueryText>),
    /// Those of its own statistics that the other side has.
    Known(BTreeSet<planscope_explain::Fingerprint>),
    /// The heaviest of its own statistics.
    Heaviest,
}

impl Questions {
    /// What to ask a database of `engine` for when the other side is `reference`.
    fn of(paths: &[PathBuf], reference: Option<&Snapshot>, engine: Engine) -> Result<Self> {
        let cwd = working_directory()?;
        if !paths.is_empty() {
            return Ok(Self::Texts(read(paths, engine, &cwd)?));
        }
        let Some(reference) = reference else { return Ok(Self::Heaviest) };
        let files: BTreeSet<&str> = reference
            .statements
            .iter()
            .filter_map(|s| Some(s.source.as_ref()?.file.as_str()))
            .collect();
        if files.is_empty() {
            let known = reference.statements.iter().map(|s| s.fingerprint).collect();
            return Ok(Self::Known(known));
        }
        let mut paths: Vec<PathBuf> =
            files.iter().map(|file| project::path_of(file, &cwd)).collect();
        let first = paths.first().map(|path| path.display().to_string()).unwrap_or_default();
        // A file that is gone takes its statements with it; all of them gone is a wrong folder.
        paths.retain(|path| path.is_file());
        if paths.is_empty() {
            let message = format!("the statements came from {first}, which is not there");
            return Err(CommandError::input(message).hint("name their files: --queries DIR"));
        }
        Ok(Self::Texts(read(&paths, engine, &cwd)?))
    }

    /// The statements of a baseline that did not come from files. PostgreSQL plans a text without
    /// values; the others are asked for what they have run.
    fn of_baseline(files: &[BaselineFile], engine: Engine) -> Self {
        if engine != Engine::Postgres {
            return Self::Known(files.iter().map(|file| file.entry.fingerprint).collect());
        }
        let text = |file: &BaselineFile| QueryText {
            name: file.entry.name.clone(),
            text: file.entry.text.clone(),
            source: Source { file: file.path.display().to_string(), line: 1 },
            calls: 1,
        };
        Self::Texts(files.iter().map(text).collect())
    }

    /// As a request. A comparison leaves no statement out.
    fn request(&self, args: &LiveArgs) -> Request {
        let mut selection = Selection { top: usize::MAX, ..Selection::default() };
        let mut statements = Statements::Statistics;
        match self {
            Self::Texts(queries) => statements = Statements::Queries(queries.clone()),
            Self::Known(wanted) => {
                selection.filter =
                    Filter { fingerprints: Some(wanted.clone()), ..Filter::default() };
            }
            Self::Heaviest => selection = Selection::default(),
        }
        Request {
            statements,
            selection,
            execution: if args.analyze { Execution::Analyze } else { Execution::PlanOnly },
            ..Request::default()
        }
    }
}

fn read(paths: &[PathBuf], engine: Engine, cwd: &Path) -> Result<Vec<QueryText>> {
    let mut texts = Vec::new();
    for path in paths {
        texts.extend(queries::read(path, engine)?);
    }
    for text in &mut texts {
        text.source.file = project::from_root(&text.source.file, cwd);
    }
    Ok(texts)
}

/// Collects from a database what `questions` say, behind the guards of every collection.
fn collect(
    ctx: &Ctx,
    target: &Target,
    args: &LiveArgs,
    questions: impl FnOnce(Engine) -> Result<Questions>,
) -> Result<Snapshot> {
    let store = ctx.store()?;
    let _registered = registered(ctx, target);
    let guarded =
        Guarded { target, policy: args.connection.policy()?, force: args.force, store: &store };
    let mut snapshot = block_on(ctx, async {
        guarded.collect(ctx, |engine| Ok(questions(engine)?.request(args))).await
    })?;
    if ctx.stop.is_stopped() {
        return Err(CommandError::new(crate::error::CommandErrorKind::Interrupted, "stopped"));
    }
    if args.inject_stats.is_some() {
        // Injected statistics are as good as those of ANALYZE, which must not be run there now.
        for table in &mut snapshot.catalog.tables {
            table.analyzed_at = None;
        }
    }
    say_if_empty(ctx, target, &snapshot);
    Ok(snapshot)
}

/// Plans of empty tables say little about those of full ones.
fn say_if_empty(ctx: &Ctx, target: &Target, snapshot: &Snapshot) {
    let tables = &snapshot.catalog.tables;
    let is_empty = |rows: Option<f64>| rows.is_none_or(|rows| rows < 1.0);
    if !tables.is_empty() && tables.iter().all(|table| is_empty(table.rows)) {
        ctx.ui.say(&format!(
            "note: every table of {} is empty or was never analyzed: its plans are not those of a full \
             one; --inject-stats SNAPSHOT makes it plan like one",
            target.name()
        ));
    }
}

/// The statement of a snapshot that a plan belongs to.
pub fn statement_for<'a>(
    snapshot: &'a Snapshot,
    plan: &Plan,
    id: Option<&str>,
    name: &str,
) -> Result<&'a Statement> {
    let of_plan = || {
        let text = plan.statement.as_deref()?;
        snapshot.statement(planscope_explain::workload::fingerprint::fingerprint(text, plan.engine))
    };
    let only =
        || Some(&snapshot.statements[..]).filter(|all| all.len() == 1).and_then(<[_]>::first);
    let found = match id {
        Some(id) => snapshot.find(id),
        None => of_plan().or_else(only),
    };
    found.ok_or_else(|| match id {
        Some(id) => no_statement(snapshot, name, id),
        None => CommandError::usage(format!("which statement of {name} is the plan of?"))
            .hint("--statement ID names it: a name, a fingerprint"),
    })
}

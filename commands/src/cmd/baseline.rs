//! `planscope baseline`: accepted plans as files for version control.

use super::sides::{self, LiveArgs, Reference, Side};
use crate::ctx::{Ctx, working_directory};
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::match_up;
use crate::report::{BaselineReport, FileAction, FileChange, Report};
use clap::{Args, Subcommand};
use planscope_collection::baselines::{self, BaselineFile, Changes};
use planscope_explain::Snapshot;
use planscope_explain::baseline::{self, Entry};
use planscope_explain::diff::{self, Side as PlanSide, Tolerance};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Keep accepted plans as files in version control
///
/// A baseline is a folder of small texts, one a statement, without literals, times and dates. `init`
/// makes it, `planscope diff BASELINE --against TARGET` holds the plans of today against it, and
/// `accept` takes over, after review, what has changed.
#[derive(Debug, Args)]
pub struct BaselineArgs {
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with a baseline.
#[derive(Debug, Subcommand)]
pub enum Action {
    Init(InitArgs),
    Accept(AcceptArgs),
}

const AFTER_HELP: &str = "\
Examples:
  planscope baseline init --queries sql/ --target postgres://ci@localhost/shop --out plans/
  planscope diff plans/ --against postgres://ci@localhost/shop
  planscope baseline accept orders_of_customer --target postgres://ci@localhost/shop";

/// Make a baseline of the plans of today
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct InitArgs {
    /// The folder to make; by default that of planscope.toml, else plans/
    #[arg(long, value_name = "DIR", alias = "baseline")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub from: FromArgs,
}

/// Take over what has changed, after review
///
/// Without an ID and without --all it only shows what would change. Rows and costs that moved no
/// more than samples move them are no change.
#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// Statements to accept: names, or fingerprints
    #[arg(value_name = "ID", conflicts_with = "all")]
    pub ids: Vec<String>,
    /// Accept everything: changed, new and removed statements
    #[arg(long)]
    pub all: bool,
    /// The baseline's folder; by default that of planscope.toml, else plans/
    #[arg(long, value_name = "DIR", alias = "out")]
    pub baseline: Option<PathBuf>,
    #[command(flatten)]
    pub from: FromArgs,
}

/// Where the plans come from.
#[derive(Debug, Args)]
pub struct FromArgs {
    /// Database or snapshot that has the plans; by default the database of planscope.toml's
    /// [baseline], else of PLANSCOPE_TARGET
    #[arg(long, value_name = "TARGET|SNAPSHOT", alias = "against")]
    pub target: Option<String>,
    #[command(flatten)]
    pub live: LiveArgs,
}

/// Runs the command.
pub fn run(args: &BaselineArgs, ctx: &Ctx) -> Result<ExitStatus> {
    let report = match &args.action {
        Action::Init(args) => init(args, ctx)?,
        Action::Accept(args) => accept(args, ctx)?,
    };
    super::show(ctx, &Report::Baseline(report))?;
    Ok(ExitStatus::Success)
}

fn init(args: &InitArgs, ctx: &Ctx) -> Result<BaselineReport> {
    let folder = folder(args.out.as_ref(), ctx)?;
    if baselines::is_baseline(&folder) {
        let shown = folder.display();
        return Err(CommandError::input(format!("{shown} holds a baseline already"))
            .hint("planscope baseline accept shows what has changed, and takes it over")
            .hint(format!("to begin anew: rm -r {shown}")));
    }
    if folder.is_file() {
        return Err(CommandError::input(format!("{} is a file", folder.display()))
            .hint("name a folder: --out plans/"));
    }
    let now = Now::collect(&args.from, ctx, None)?;
    if now.entries.is_empty() {
        let why = now.notes.first().map_or("", String::as_str);
        return Err(CommandError::input(format!("no statement has a plan: {why}"))
            .hint("check that the target is the database of the statements"));
    }
    let mut files = changes(&[], now.entries, &folder);
    files.iter_mut().for_each(|file| file.is_chosen = true);
    write(&folder, &files)?;
    Ok(BaselineReport { folder, written: true, files, notes: now.notes })
}

fn accept(args: &AcceptArgs, ctx: &Ctx) -> Result<BaselineReport> {
    let folder = folder(args.baseline.as_ref(), ctx)?;
    let old = if args.all { baselines::load(&folder)? } else { sides::load_baseline(&folder)? };
    let now = Now::collect(&args.from, ctx, Some((&old, &folder)))?;
    let mut notes = now.notes;
    let mut files = changes(&old, now.entries, &folder);
    // A statement that has a plan no more is a problem to look at, not one that was removed.
    let lost =
        |file: &FileChange| file.action == FileAction::Remove && now.lost.contains(&file.query);
    for file in files.iter_mut().filter(|file| lost(file)) {
        file.action = FileAction::Keep;
        notes.push(format!("{} has no plan now; its file stays as it is", file.query));
    }
    choose(&mut files, args)?;
    let written = args.all || !args.ids.is_empty();
    if written {
        check_servers(&old, &files, args.all)?;
        write(&folder, &files)?;
    }
    Ok(BaselineReport { folder, written, files, notes })
}

/// The folder: as named, else that of the config, else `plans`.
fn folder(named: Option<&PathBuf>, ctx: &Ctx) -> Result<PathBuf> {
    let cwd = working_directory()?;
    let config = ctx.config()?.baseline.folder.as_ref();
    let configured = config.map(|path| path.strip_prefix(&cwd).unwrap_or(path).to_owned());
    Ok(named.cloned().or(configured).unwrap_or_else(|| PathBuf::from("plans")))
}

/// The plans of today.
struct Now {
    entries: Vec<Entry>,
    /// Names of statements that are there and have no plan.
    lost: BTreeSet<String>,
    notes: Vec<String>,
}

impl Now {
    fn collect(args: &FromArgs, ctx: &Ctx, old: Option<(&[BaselineFile], &Path)>) -> Result<Self> {
        let configured = ctx.config()?.baseline.target.as_deref();
        let name =
            args.target.as_deref().or(configured).or(ctx.environment.get("PLANSCOPE_TARGET"));
        let Some(name) = name else {
            return Err(CommandError::usage("which database has the plans?")
                .hint("name it: --target postgres://user@host/db"));
        };
        let snapshot = match Side::resolve(ctx, name)? {
            Side::Snapshot(snapshot, _) => *snapshot,
            Side::Target(target) => {
                let snapshot = old.map(|(files, folder)| {
                    match_up::baseline_snapshot(files, &folder.display().to_string())
                });
                let snapshot = snapshot.transpose()?;
                let baseline = old.map(|(files, _)| files);
                let reference = snapshot.as_ref().map(|snapshot| Reference { snapshot, baseline });
                sides::ask(ctx, &target, &args.live, reference.as_ref())?
            }
            side => {
                return Err(CommandError::usage(format!("{} has no plans of today", side.name()))
                    .hint("name a database or a snapshot: --target postgres://user@host/db"));
            }
        };
        Self::of(&snapshot, old.map(|(files, _)| files).unwrap_or_default())
    }

    fn of(snapshot: &Snapshot, old: &[BaselineFile]) -> Result<Self> {
        let mut now = Self { entries: Vec::new(), lost: BTreeSet::new(), notes: Vec::new() };
        for statement in &snapshot.statements {
            match Entry::of(snapshot, statement) {
                Some(entry) => now.add(entry, old)?,
                None => {
                    let name =
                        statement.name.clone().unwrap_or_else(|| statement.fingerprint.to_string());
                    let why = statement.problems.first().map_or("no plan", |p| p.message.as_str());
                    now.notes.push(format!("{name}: {why}"));
                    now.lost.insert(name);
                }
            }
        }
        let all = snapshot.problems.iter().map(|problem| problem.message.clone());
        now.notes.extend(all);
        Ok(now)
    }

    /// Adds an entry. Without a name of its own it keeps the one that the baseline gave it.
    fn add(&mut self, mut entry: Entry, old: &[BaselineFile]) -> Result<()> {
        if entry.source.is_none()
            && let Some(known) = old.iter().find(|file| file.entry.fingerprint == entry.fingerprint)
        {
            entry.name.clone_from(&known.entry.name);
        }
        // The place of a text that came out of the baseline is no place to remember.
        let came_from = old
            .iter()
            .find(|f| entry.source.as_ref().is_some_and(|s| Path::new(&s.file) == f.path));
        if let Some(file) = came_from {
            entry.source.clone_from(&file.entry.source);
        }
        if let Some(other) = self.entries.iter().find(|other| other.name == entry.name) {
            let place = |entry: &Entry| {
                entry
                    .source
                    .as_ref()
                    .map_or("the server".to_owned(), |s| format!("{}:{}", s.file, s.line))
            };
            if other.source.is_none() && entry.source.is_none() {
                // The same statement of several users or databases: the heaviest stands for it.
                return Ok(());
            }
            return Err(CommandError::input(format!(
                "{} and {}: two statements have the name {}",
                place(other),
                place(&entry),
                entry.name
            ))
            .hint("give each a name of its own: -- name: orders_of_customer"));
        }
        self.entries.push(entry);
        Ok(())
    }
}

/// What becomes of each file when today's entries are taken over.
fn changes(old: &[BaselineFile], now: Vec<Entry>, folder: &Path) -> Vec<FileChange> {
    let by_name = |entry: &Entry| old.iter().position(|file| file.entry.name == entry.name);
    let names: BTreeSet<&str> = now.iter().map(|entry| entry.name.as_str()).collect();
    let mut used: BTreeSet<usize> = now.iter().filter_map(by_name).collect();
    let mut taken: BTreeSet<String> =
        old.iter().filter_map(|f| Some(f.path.file_stem()?.to_str()?.to_lowercase())).collect();
    let mut files = Vec::new();
    for entry in &now {
        // A name that is gone and a fingerprint that is not: renamed.
        let renamed = || {
            old.iter().enumerate().position(|(i, file)| {
                !used.contains(&i)
                    && file.entry.fingerprint == entry.fingerprint
                    && !names.contains(file.entry.name.as_str())
            })
        };
        let known = by_name(entry);
        let place = known.or_else(renamed);
        used.extend(place);
        let text = baseline::write(entry);
        let Some(file) = place.map(|place| &old[place]) else {
            let path = folder.join(baselines::file_name(entry, &mut taken));
            files.push(change(entry, path, FileAction::Add, [String::new(), text], None));
            continue;
        };
        let before = baseline::write(&file.entry);
        let action = match known {
            None => FileAction::Rename,
            Some(_) if file.entry.is_about(entry) => FileAction::Keep,
            Some(_) => FileAction::Change,
        };
        let path = match action {
            FileAction::Rename => folder.join(baselines::file_name(entry, &mut taken)),
            _ => file.path.clone(),
        };
        let replaces = (action == FileAction::Rename).then(|| file.path.clone());
        let reason = Some(reason(&file.entry, entry));
        files.push(FileChange { replaces, ..change(entry, path, action, [before, text], reason) });
    }
    files.extend(
        old.iter().enumerate().filter(|(i, _)| !used.contains(i)).map(|(_, file)| removed(file)),
    );
    files.sort_by(|a, b| a.query.cmp(&b.query));
    files
}

fn change(
    entry: &Entry,
    path: PathBuf,
    action: FileAction,
    texts: [String; 2],
    reason: Option<String>,
) -> FileChange {
    FileChange {
        query: entry.name.clone(),
        path,
        replaces: None,
        action,
        is_chosen: false,
        texts,
        reason,
    }
}

fn removed(file: &BaselineFile) -> FileChange {
    let texts = [baseline::write(&file.entry), String::new()];
    change(&file.entry, file.path.clone(), FileAction::Remove, texts, None)
}

/// What the comparison of the two plans says.
fn reason(old: &Entry, now: &Entry) -> String {
    let of = |entry: &Entry| baseline::snapshot(std::slice::from_ref(entry), &entry.name);
    let (Some(before), Some(mut after)) = (of(old), of(now)) else { return String::new() };
    after.settings = baseline::with_defaults(&after.settings, &before.settings, now.engine);
    let sides = [PlanSide::within(&old.plan, &before), PlanSide::within(&now.plan, &after)];
    let diff =
        diff::compare(sides, Tolerance { ratio: sides::BASELINE_RATIO, ..Tolerance::default() });
    format!("{}: {}", diff.verdict.name(), diff.reason)
}

/// Marks what was asked for.
fn choose(files: &mut [FileChange], args: &AcceptArgs) -> Result<()> {
    for file in files.iter_mut().filter(|_| args.all) {
        file.is_chosen = true;
    }
    for id in &args.ids {
        let fits = |file: &FileChange| {
            let print = |text: &String| {
                text.lines().any(|l| {
                    l.strip_prefix("fingerprint: ").is_some_and(|p| p.starts_with(id.as_str()))
                })
            };
            let path = |path: &PathBuf| path == Path::new(id);
            let named =
                file.query == *id || path(&file.path) || file.replaces.as_ref().is_some_and(path);
            named || (id.len() >= 4 && file.texts.iter().any(print))
        };
        let mut found = false;
        for file in files.iter_mut().filter(|file| fits(file)) {
            (file.is_chosen, found) = (true, true);
        }
        if !found {
            return Err(CommandError::usage(format!("there is no statement `{id}`"))
                .hint("planscope baseline accept, without an ID, lists what has changed"));
        }
    }
    Ok(())
}

/// A baseline is of one server: after an upgrade or another setting all of it is accepted.
fn check_servers(old: &[BaselineFile], files: &[FileChange], all: bool) -> Result<()> {
    let server = |text: &str| {
        let entry = baseline::read(text).ok()?;
        Some((entry.engine, entry.version, entry.settings))
    };
    let accepted = files.iter().filter(|f| f.is_chosen && f.action != FileAction::Keep);
    let accepted = accepted.filter_map(|file| server(&file.texts[1])).next();
    let is_left = |file: &&BaselineFile| {
        let is_it = |f: &FileChange| f.path == file.path || f.replaces.as_ref() == Some(&file.path);
        !files.iter().any(|f| f.is_chosen && is_it(f) && f.action != FileAction::Keep)
    };
    let left = old.iter().find(is_left).map(|file| &file.entry);
    if let (Some(accepted), Some(left), false) = (accepted, left, all)
        && accepted != (left.engine, left.version.clone(), left.settings.clone())
    {
        let message = "the baseline was accepted on another server: other version or settings";
        return Err(CommandError::input(message).hint(
            "a baseline is of one server; accept all of it: planscope baseline accept --all",
        ));
    }
    Ok(())
}

/// Writes what was chosen and has changed.
fn write(folder: &Path, files: &[FileChange]) -> Result<()> {
    let mut changes = Changes::default();
    for file in files.iter().filter(|file| file.is_chosen) {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match file.action {
            FileAction::Keep => {}
            FileAction::Remove => changes.remove.push(file.path.clone()),
            FileAction::Add | FileAction::Change | FileAction::Rename => {
                changes.write.push((name, file.texts[1].clone()));
                changes.remove.extend(file.replaces.clone());
            }
        }
    }
    Ok(baselines::apply(folder, &changes)?)
}

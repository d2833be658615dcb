//! `planscope demo`: everything once, on a web shop in an embedded database.

use super::advise;
use super::workload::{self, ConnectionArgs};
use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::exit::ExitStatus;
use crate::output::Style;
use crate::report::{
    AnalyzeReport, CollectReport, DiffContent, DiffReport, ExplainReport, Report, ShownPlan,
};
use crate::{block_on, output};
use clap::Args;
use planscope_advisors::index::select::Options;
use planscope_advisors::{Advice, Finding, Thresholds};
use planscope_collection::collect::{Request, Statements};
use planscope_collection::driver::Ranking;
use planscope_collection::select::Selection;
use planscope_collection::store::Store;
use planscope_collection::{Target, demo, queries};
use planscope_explain::Snapshot;
use planscope_explain::diff::{self, Tolerance, Verdict};
use planscope_explain::units::{Count, Millis};
use planscope_explain::workload::ddl;
use std::path::{Path, PathBuf};
use unicode_width::UnicodeWidthStr;

/// Walk through everything on a web shop in an embedded database
///
/// Makes an SQLite database of a web shop, runs and measures 25 statements, explains the worst, says
/// what is wrong, advises indexes that SQLite's planner has confirmed, makes them, measures again and
/// compares. Needs no server and takes less than half a minute.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Leave database, statements and snapshots in this folder
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// Indexes that the walk makes: the first ones save nearly all.
const INDEXES: usize = 6;
/// Findings that the walk shows.
const FINDINGS: usize = 5;
/// Statements of the comparison that the walk shows.
const DIFFERENCES: usize = 3;

/// Runs the command.
pub fn run(args: &DemoArgs, ctx: &Ctx) -> Result<ExitStatus> {
    if ctx.output.name != "text" {
        return Err(CommandError::usage(format!("the demo has no --format {}", ctx.output.name))
            .hint("planscope demo --keep DIR leaves its snapshots: each command writes of them"));
    }
    // Before there is a folder: Ctrl-C must not leave one behind.
    ctx.watch_signals()?;
    let folder = Folder::make(args.keep.as_deref())?;
    let walk = Walk { ctx, folder: &folder };
    walk.run(args.keep.is_some())?;
    Ok(ExitStatus::Success)
}

/// The demo's folder; removed at the end unless it is kept.
struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Folder {
    fn make(keep: Option<&Path>) -> Result<Self> {
        let (path, temporary) = match keep {
            Some(path) => (path.to_owned(), false),
            None => {
                let unique = format!("planscope-demo-{}", std::process::id());
                (std::env::temp_dir().join(unique), true)
            }
        };
        let failed = |error: std::io::Error| {
            CommandError::from(error).at(path.display()).hint("name a new folder: --keep DIR")
        };
        let taken = path.read_dir().is_ok_and(|mut entries| entries.next().is_some());
        if taken {
            return Err(CommandError::usage(format!("{} is not empty", path.display()))
                .hint("name a new folder; nothing in it was touched"));
        }
        std::fs::create_dir_all(&path).map_err(failed)?;
        Ok(Self { path, temporary })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            // What cannot be removed lies in the system's temporary folder, which is cleaned anyway.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// The walk, step by step.
struct Walk<'a> {
    ctx: &'a Ctx,
    folder: &'a Folder,
}

impl Walk<'_> {
    fn run(&self, kept: bool) -> Result<()> {
        let database = self.folder.path.join("shop.db");
        self.step(1, "a web shop in an SQLite file")?;
        self.make_shop(&database)?;
        self.step(2, "collect: run its 25 statements, measure them, keep their plans")?;
        let before = self.collect(&database)?;
        self.step(3, "explain: the plan of the heaviest statement")?;
        let findings = planscope_advisors::analyze(&before, &Thresholds::default());
        self.explain_worst(&before, &findings)?;
        self.step(4, "analyze: what is wrong")?;
        self.show_findings(&before, findings)?;
        self.step(5, "advise: indexes that SQLite's planner would use, tried in a clone")?;
        let advice = self.advise(&database, before.clone())?;
        self.step(6, "make them, and collect again")?;
        let statements: Vec<String> = advice
            .iter()
            .map(|advice| ddl::create_index(before.target.engine, &advice.index))
            .collect();
        demo::apply(&database, &statements, &self.ctx.stop)?;
        let after = self.collect(&database)?;
        self.step(7, "diff: what it did")?;
        self.compare(before, after)?;
        self.what_next(kept)
    }

    fn step(&self, number: usize, what: &str) -> Result<()> {
        self.ctx.stop.check()?;
        let style = self.ctx.style;
        let rule = if style.ascii { "=" } else { "━" };
        let title = format!("{rule}{rule} {number}. {what} ");
        let fill = style.width.saturating_sub(title.width());
        self.ctx.ui.data(format!("\n{title}{}\n\n", rule.repeat(fill)).as_bytes())
    }

    fn show(&self, report: &Report) -> Result<()> {
        let text = output::by_name("text").unwrap_or(self.ctx.output);
        let style: &Style = &self.ctx.style;
        self.ctx.ui.data(&(text.render)(report, style)?)
    }

    fn make_shop(&self, database: &Path) -> Result<()> {
        let bar = self.ctx.ui.progress("making the shop", 1);
        let mut progress = |done: u64, of: u64| {
            bar.set_length(of);
            bar.set_position(done);
        };
        demo::create_shop(database, &self.ctx.stop, &mut progress)?;
        let rows = bar.length().unwrap_or_default();
        bar.finish_and_clear();
        let sql = self.folder.path.join("shop.sql");
        let failed = |error: std::io::Error| CommandError::from(error).at(sql.display());
        std::fs::write(&sql, demo::SHOP_SQL).map_err(failed)?;
        let said = format!(
            "{}: {} rows\n{}: 25 statements\n",
            database.display(),
            Count(rows as f64),
            sql.display()
        );
        self.ctx.ui.data(said.as_bytes())
    }

    fn target(&self, database: &Path) -> Result<Target> {
        let url = format!("sqlite:{}", database.display());
        Ok(Target::parse_with(&url, &self.ctx.environment)?)
    }

    fn collect(&self, database: &Path) -> Result<Snapshot> {
        let target = self.target(database)?;
        let request = Request {
            selection: Selection { by: vec![Ranking::TotalTime], ..Selection::default() },
            statements: Statements::Queries(queries::read(
                &self.folder.path.join("shop.sql"),
                target.engine,
            )?),
            ..Request::default()
        };
        let policy = ConnectionArgs { timeout: 5, analyze_timeout: 60, audit: None }.policy()?;
        let snapshot = block_on(self.ctx, async {
            let mut session = workload::connect(self.ctx, &target, &policy).await?;
            Ok(workload::collect_request(self.ctx, &mut *session, &request).await?)
        })?;
        self.ctx.stop.check()?;
        let path = Store::open(self.folder.path.join(".planscope")).save(&snapshot)?;
        let by = Some(Ranking::TotalTime.name().to_owned());
        self.show(&Report::Collect(CollectReport {
            snapshot: snapshot.clone(),
            path: Some(path),
            by,
        }))?;
        Ok(snapshot)
    }

    fn explain_worst(&self, snapshot: &Snapshot, findings: &[Finding]) -> Result<()> {
        let Some(worst) = snapshot.statements.iter().find(|s| !s.plans.is_empty()) else {
            return Err(CommandError::input("the demo has no plan to show"));
        };
        let of_it = |finding: &&Finding| finding.statement == Some(worst.fingerprint);
        let plans = vec![ShownPlan {
            plan: worst.plans[0].plan.clone(),
            source: worst.name.clone().unwrap_or_default(),
            statement: Some(worst.text.clone()),
            fingerprint: Some(worst.fingerprint),
            notes: Vec::new(),
            findings: findings.iter().filter(of_it).cloned().collect(),
        }];
        self.show(&Report::Explain(ExplainReport { plans, metric: None }))
    }

    fn show_findings(&self, snapshot: &Snapshot, mut findings: Vec<Finding>) -> Result<()> {
        let more = findings.len().saturating_sub(FINDINGS);
        findings.truncate(FINDINGS);
        let source = "shop.db".to_owned();
        let snapshot = snapshot.clone();
        self.show(&Report::Analyze(AnalyzeReport { source, snapshot, findings, more }))
    }

    fn advise(&self, database: &Path, snapshot: Snapshot) -> Result<Vec<Advice>> {
        let target = self.target(database)?;
        let policy = ConnectionArgs { timeout: 5, analyze_timeout: 60, audit: None }.policy()?;
        let report = block_on(self.ctx, async {
            let mut session = workload::connect(self.ctx, &target, &policy).await?;
            let options = Options { most_indexes: INDEXES, ..Options::default() };
            advise::with_session(
                snapshot,
                "shop.db".to_owned(),
                &mut *session,
                options,
                &Thresholds::default(),
            )
            .await
        })?;
        let advice = report.advice.clone();
        self.show(&Report::Advise(report))?;
        Ok(advice)
    }

    fn compare(&self, before: Snapshot, after: Snapshot) -> Result<()> {
        let diff = diff::snapshots(&before, &after, Tolerance::default());
        let verdict = diff.verdict;
        let [was, is] = [before.total_ms(), after.total_ms()];
        let snapshots = Box::new([before, after]);
        let content = DiffContent::Snapshots { diff, snapshots, top: DIFFERENCES };
        let report = DiffReport::new(["before".to_owned(), "after".to_owned()], content);
        self.show(&Report::Diff(report))?;
        let exit = if verdict == Verdict::Worse { 1 } else { 0 };
        let text = format!(
            "\nThe workload took {} and now takes {}. `planscope diff` would exit {exit}.\n",
            Millis(was),
            Millis(is)
        );
        self.ctx.ui.data(text.as_bytes())
    }

    fn what_next(&self, kept: bool) -> Result<()> {
        let mut text = String::from("\nWhat to type next:\n");
        if kept {
            let dir = self.folder.path.display();
            text.push_str(&format!(
                "  cd {dir}\n  planscope snapshots\n  planscope explain latest\n  \
                 planscope analyze @2\n  planscope diff @2 @1\n"
            ));
        } else {
            text.push_str("  planscope demo --keep DIR        leaves the files to play with\n");
        }
        text.push_str(
            "  planscope doctor postgres://user@host/db\n  planscope collect postgres://user@host/db\n",
        );
        self.ctx.ui.data(text.as_bytes())
    }
}

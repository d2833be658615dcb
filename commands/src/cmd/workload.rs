//! Collecting from a live target, shared by every command that can look at one.

use super::limits::LimitArgs;
use crate::ctx::Ctx;
use crate::duration;
use crate::error::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;
use planscope_collection::collect::{self, Request, Statements, Step};
use planscope_collection::driver::{Execution, Ranking, Session};
use planscope_collection::guard::breaker::Breaker;
use planscope_collection::guard::registry::{Registration, Registry};
use planscope_collection::guard::{Audit, Policy};
use planscope_collection::select::{Filter, Known, Selection};
use planscope_collection::store::Store;
use planscope_collection::{CollectError, Target, drivers, queries};
use planscope_explain::{Engine, Snapshot};
use std::path::PathBuf;
use std::time::Duration;

/// What to collect from a target.
#[derive(Debug, Clone, Args)]
pub struct WorkloadArgs {
    /// Statements from files (or those of a folder) instead of the server's statistics: SQL with
    /// `-- name:` headers in *.sql, MongoDB commands in *.json
    #[arg(long, value_name = "FILE|DIR")]
    pub queries: Vec<PathBuf>,
    /// What runs at this moment instead of the server's statistics: times are those so far
    #[arg(long, conflicts_with_all = ["queries", "interval"])]
    pub running: bool,
    /// Most statements
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub top: u32,
    /// By what statements are chosen; the first one orders them, `new` is what is new or slower
    /// since the target's last snapshot. By default each figure has a say
    #[arg(long, value_name = "FIGURE", value_delimiter = ',', value_parser = rankings_parser())]
    pub by: Vec<String>,
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Take two readings of the server's counters, so far apart (60s, 5m), and look at what ran in
    /// between
    #[arg(long, value_name = "TIME", conflicts_with = "queries", value_parser = duration::parse)]
    pub interval: Option<Duration>,
    /// Run each statement for its plan: parsed SELECTs without side effects only
    #[arg(long)]
    pub analyze: bool,
    /// Look at a target that failed several times in a row, or that is busy
    #[arg(long)]
    pub force: bool,
    /// Keep literals in stored texts and plans; by default they are replaced
    #[arg(long)]
    pub keep_literals: bool,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Which statements may be chosen at all.
#[derive(Debug, Clone, Default, Args)]
pub struct FilterArgs {
    /// Only statements of this database
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub database: Vec<String>,
    /// No statement of this database
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub exclude_database: Vec<String>,
    /// Only statements of this user
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub user: Vec<String>,
    /// No statement of this user
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub exclude_user: Vec<String>,
    /// Only statements of this application; known of what runs and of logs
    #[arg(long = "app", value_name = "NAME", value_delimiter = ',')]
    pub application: Vec<String>,
    /// No statement of this application
    #[arg(long = "exclude-app", value_name = "NAME", value_delimiter = ',')]
    pub exclude_application: Vec<String>,
    /// Only statements whose text this regular expression finds
    #[arg(long, value_name = "REGEX")]
    pub matching: Vec<String>,
    /// No statement whose text this regular expression finds
    #[arg(long, value_name = "REGEX")]
    pub exclude: Vec<String>,
}

impl FilterArgs {
    /// The filter.
    pub fn filter(&self) -> Result<Filter> {
        let read = |patterns: &[String]| {
            patterns.iter().map(|pattern| Filter::regex(pattern)).collect::<Result<_, _>>()
        };
        Ok(Filter {
            databases: self.database.clone(),
            not_databases: self.exclude_database.clone(),
            users: self.user.clone(),
            not_users: self.exclude_user.clone(),
            applications: self.application.clone(),
            not_applications: self.exclude_application.clone(),
            texts: read(&self.matching)?,
            not_texts: read(&self.exclude)?,
            fingerprints: None,
        })
    }
}

/// How long to wait for a server.
#[derive(Debug, Clone, Args)]
pub struct ConnectionArgs {
    /// Longest time of one statement of planscope's own, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    /// Longest time of one statement that is run for its plan, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub analyze_timeout: u64,
    /// Append everything that is sent to the server to this file, a JSON object a line
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
}

impl ConnectionArgs {
    /// The policy of a session.
    pub fn policy(&self) -> Result<Policy> {
        let audit = self.audit.as_deref().map(Audit::to_file).transpose()?;
        Ok(Policy {
            audit: audit.unwrap_or_default(),
            statement_timeout: Duration::from_secs(self.timeout),
            analyze_timeout: Duration::from_secs(self.analyze_timeout),
            ..Policy::default()
        })
    }
}

/// The name of what is not a figure: new or slower since the last snapshot.
const NEWS: &str = "new";

fn rankings_parser() -> PossibleValuesParser {
    PossibleValuesParser::new(Ranking::ALL.map(Ranking::name).into_iter().chain([NEWS]))
}

impl WorkloadArgs {
    /// The rankings that were asked for; else all.
    pub fn rankings(&self) -> Vec<Ranking> {
        let named = |name: &String| Ranking::ALL.into_iter().find(|r| r.name() == name);
        let asked: Vec<Ranking> = self.by.iter().filter_map(named).collect();
        if self.by.is_empty() { Ranking::ALL.to_vec() } else { asked }
    }

    /// Whether what is new since the last snapshot has a say.
    fn wants_news(&self) -> bool {
        self.by.is_empty() || self.by.iter().any(|by| by == NEWS)
    }

    /// The rankings in words.
    pub fn chosen_by(&self) -> String {
        match self.rankings().as_slice() {
            [one] => one.name().to_owned(),
            [first, others @ ..] => format!("{} and {} other figures", first.name(), others.len()),
            [] => "total-time, what is new or slower since the last snapshot".to_owned(),
        }
    }

    /// What to choose.
    pub fn selection(&self, known: Option<Known>) -> Result<Selection> {
        Ok(Selection {
            top: self.top as usize,
            by: self.rankings(),
            filter: self.filter.filter()?,
            known,
        })
    }

    /// What the target's last snapshot knew, where that has a say in what is chosen.
    pub fn known(&self, target: &str, store: &Store) -> Option<Known> {
        let has_news = self.wants_news() && !self.running && self.queries.is_empty();
        has_news.then(|| store.newest_of(target).as_ref().map(Known::of).unwrap_or_default())
    }

    fn statements(&self, engine: Engine) -> Result<Statements> {
        if self.running {
            return Ok(Statements::Running);
        }
        if self.queries.is_empty() {
            return Ok(Statements::Statistics);
        }
        let mut texts = Vec::new();
        for path in &self.queries {
            texts.extend(queries::read(path, engine)?);
        }
        Ok(Statements::Queries(texts))
    }

    /// What to ask for.
    pub fn request(&self, engine: Engine, known: Option<Known>) -> Result<Request> {
        Ok(Request {
            statements: self.statements(engine)?,
            selection: self.selection(known)?,
            interval: self.interval,
            execution: if self.analyze { Execution::Analyze } else { Execution::PlanOnly },
            keep_literals: self.keep_literals,
            budget: self.limits.budget(),
            limits: self.limits.load(self.force),
        })
    }
}

/// Opens a guarded session.
pub async fn connect(ctx: &Ctx, target: &Target, policy: &Policy) -> Result<Box<dyn Session>> {
    Ok(drivers::connect(target, policy, ctx.stop.clone()).await?)
}

/// Collects a snapshot with a progress bar.
pub async fn collect(
    ctx: &Ctx,
    session: &mut dyn Session,
    args: &WorkloadArgs,
) -> Result<Snapshot> {
    let request = args.request(session.identity().engine, None)?;
    Ok(collect_request(ctx, session, &request).await?)
}

/// Makes this process known to `planscope stop`; where that fails it is said.
pub fn registered(ctx: &Ctx, target: &Target) -> Option<Registration> {
    let registered = Registry::of_user(&ctx.environment).register(&target.name());
    registered
        .inspect_err(|error| ctx.ui.say(&format!("planscope stop will not find this: {error}")))
        .ok()
}

/// Collects from a target whose breaker is closed, and lets it know how that went.
pub async fn collect_guarded(
    ctx: &Ctx,
    target: &Target,
    args: &WorkloadArgs,
    store: &Store,
) -> Result<Snapshot> {
    let guard = Guarded { target, policy: args.connection.policy()?, force: args.force, store };
    let known = args.known(&target.name(), store);
    guard.collect(ctx, |engine| args.request(engine, known)).await
}

/// A target behind its guards.
pub struct Guarded<'a> {
    /// The target.
    pub target: &'a Target,
    /// The limits of a session.
    pub policy: Policy,
    /// Look at it though it failed several times in a row.
    pub force: bool,
    /// Where its breaker is kept.
    pub store: &'a Store,
}

impl Guarded<'_> {
    /// Collects what `request` asks for, once the engine is known.
    pub async fn collect(
        &self,
        ctx: &Ctx,
        request: impl FnOnce(Engine) -> Result<Request>,
    ) -> Result<Snapshot> {
        let breaker = Breaker::of(self.store, &self.target.file_stem());
        if !self.force {
            breaker.admit()?;
        }
        let connected = drivers::connect(self.target, &self.policy, ctx.stop.clone()).await;
        let mut session = match connected {
            Ok(session) => session,
            Err(error) => {
                breaker.note(Err(&error));
                return Err(error.into());
            }
        };
        let request = request(session.identity().engine)?;
        let collected = collect_request(ctx, &mut *session, &request).await;
        breaker.note_collected(&collected);
        Ok(collected?)
    }
}

/// Collects what `request` asks for, with a progress bar.
pub async fn collect_request(
    ctx: &Ctx,
    session: &mut dyn Session,
    request: &Request,
) -> std::result::Result<Snapshot, CollectError> {
    let bar = ctx.ui.progress("connecting", 1);
    let mut report = |step: Step| {
        let (message, done, of) = match step {
            Step::Statements(done, of) => ("statements", done, of),
            Step::Interval(_) => ("waiting for the second reading", 0, 1),
            Step::Catalog => ("catalog", 0, 1),
            Step::Plans(done, of) => ("plans", done, of),
        };
        bar.set_message(message);
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    };
    let snapshot = collect::collect(session, request, &mut report).await;
    bar.finish_and_clear();
    snapshot
}

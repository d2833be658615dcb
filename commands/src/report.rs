//! Reports: what a command found out, as values. Outputs render them.

use crate::compare::Advised;
use crate::gate::{Gate, Leftover, Ruling};
use planscope_advisors::{Advice, Finding};
use planscope_collection::driver::{Check, CheckStatus};
use planscope_collection::guard::Sent;
use planscope_collection::store::Entry;
use planscope_explain::diff::{PlanDiff, SnapshotDiff, Verdict};
use planscope_explain::formats::Note;
use planscope_explain::heat::Metric;
use planscope_explain::plan::Plan;
use planscope_explain::{Engine, Fingerprint, Snapshot};
use std::path::PathBuf;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What a command found out.
pub enum Report {
    /// Plans, shown.
    Explain(ExplainReport),
    /// A snapshot, collected.
    Collect(CollectReport),
    /// Findings.
    Analyze(AnalyzeReport),
    /// Advice.
    Advise(AdviseReport),
    /// A comparison.
    Diff(DiffReport),
    /// A baseline, made or changed.
    Baseline(BaselineReport),
    /// Checks of a target.
    Doctor(DoctorReport),
    /// The rules.
    Rules(RulesReport),
    /// The statements of a snapshot with all that is known of them.
    Browse(BrowseReport),
    /// Snapshots of many targets, collected.
    Fleet(FleetReport),
    /// What a collection would send.
    DryRun(DryRunReport),
    /// The store.
    Snapshots(SnapshotsReport),
}

impl Report {
    /// The subcommand that makes it, e.g. `analyze`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Explain(_) => "explain",
            Self::Collect(_) | Self::Fleet(_) | Self::DryRun(_) => "collect",
            Self::Browse(_) => "browse",
            Self::Analyze(_) => "analyze",
            Self::Advise(_) => "advise",
            Self::Diff(_) => "diff",
            Self::Baseline(_) => "baseline",
            Self::Doctor(_) => "doctor",
            Self::Rules(_) => "rules",
            Self::Snapshots(_) => "snapshots",
        }
    }
}

/// Plans to show.
pub struct ExplainReport {
    /// The plans.
    pub plans: Vec<ShownPlan>,
    /// What heat is measured in.
    pub metric: Option<Metric>,
}

/// A plan with what is known of it.
#[derive(Clone)]
pub struct ShownPlan {
    /// The plan.
    pub plan: Plan,
    /// Where it came from: a file, `-`, a target, a snapshot.
    pub source: String,
    /// The statement's text.
    pub statement: Option<String>,
    /// The statement's fingerprint.
    pub fingerprint: Option<Fingerprint>,
    /// What the reader of the plan did not know.
    pub notes: Vec<Note>,
    /// What the rules say of it.
    pub findings: Vec<Finding>,
}

/// What a collection would send, in order.
pub struct DryRunReport {
    /// The target, without its password.
    pub target: String,
    /// What would be sent.
    pub sent: Vec<Sent>,
}

/// A collected snapshot.
pub struct CollectReport {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Where it was saved; `None` when it was not.
    pub path: Option<PathBuf>,
    /// By what the statements were chosen; `None` for one that was there already.
    pub by: Option<String>,
}

/// What came of many collections.
pub struct FleetReport {
    /// The targets, by name.
    pub rows: Vec<FleetRow>,
}

/// What came of one of many collections.
pub struct FleetRow {
    /// The target's name.
    pub name: String,
    /// The snapshot and where it was saved, or why there is none.
    pub outcome: crate::error::Result<(Snapshot, PathBuf)>,
}

/// Findings about a snapshot or a plan.
pub struct AnalyzeReport {
    /// What was analyzed.
    pub source: String,
    /// The snapshot; for a plan alone one of that plan.
    pub snapshot: Snapshot,
    /// The findings, the most important first.
    pub findings: Vec<Finding>,
    /// How many more there are than asked for.
    pub more: usize,
}

/// Advice for a snapshot.
pub struct AdviseReport {
    /// What was looked at.
    pub source: String,
    /// The snapshot.
    pub snapshot: Snapshot,
    /// The advice, in the order in which it was chosen.
    pub advice: Vec<Advice>,
    /// Indexes that others make superfluous.
    pub redundant: Vec<Finding>,
    /// How the questions were answered, e.g. `hypopg 1.3.1`.
    pub method: String,
    /// How many candidates there were.
    pub candidates: usize,
    /// How many questions were asked.
    pub questions: usize,
    /// What stood in the way.
    pub notes: Vec<String>,
}

/// A comparison.
pub struct DiffReport {
    /// What was before and after.
    pub sources: [String; 2],
    /// What is compared.
    pub content: DiffContent,
    /// What holds for it.
    pub gate: Gate,
    /// What the gate says of each statement, in their order.
    pub rulings: Vec<Ruling>,
    /// Allows that were of no use.
    pub leftover: Leftover,
    /// What would undo what got worse.
    pub advice: Vec<Advised>,
    /// Statements whose text is another one than before: their fingerprints.
    pub rewritten: Vec<[Fingerprint; 2]>,
}

impl DiffReport {
    /// A comparison that nobody has judged yet.
    pub fn new(sources: [String; 2], content: DiffContent) -> Self {
        Self {
            sources,
            content,
            gate: Gate::default(),
            rulings: Vec::new(),
            leftover: Leftover::default(),
            advice: Vec::new(),
            rewritten: Vec::new(),
        }
    }

    /// The outcome of the whole.
    pub fn verdict(&self) -> Verdict {
        match &self.content {
            DiffContent::Snapshots { diff, .. } => diff.verdict,
            DiffContent::Plans { diff, .. } => diff.verdict,
        }
    }

    /// Whether the run fails.
    pub fn fails(&self) -> bool {
        self.rulings.iter().any(Ruling::fails)
    }

    /// What is said of allows that were of no use.
    pub fn leftovers(&self) -> Vec<String> {
        let allow = |place: &usize| self.gate.allows.get(*place);
        let expired = self.leftover.expired.iter().filter_map(allow).map(|allow| {
            format!(
                "{}: the allow expired on {} ({}); remove or renew it",
                allow.place, allow.expires, allow.reason
            )
        });
        let unused = self.leftover.unused.iter().filter_map(allow).map(|allow| {
            format!("{}: the allow lets nothing pass ({}); remove it", allow.place, allow.reason)
        });
        expired.chain(unused).collect()
    }
}

/// What a comparison compares.
pub enum DiffContent {
    /// Two snapshots.
    Snapshots {
        /// The comparison.
        diff: SnapshotDiff,
        /// Before and after.
        snapshots: Box<[Snapshot; 2]>,
        /// Most statements to show.
        top: usize,
    },
    /// Two plans.
    Plans {
        /// The comparison.
        diff: PlanDiff,
        /// Before and after.
        plans: Box<[Plan; 2]>,
    },
}

/// What was done, or would be done, to a baseline.
pub struct BaselineReport {
    /// The folder.
    pub folder: PathBuf,
    /// Whether the files were written.
    pub written: bool,
    /// What becomes of each file, by name.
    pub files: Vec<FileChange>,
    /// What stood in the way.
    pub notes: Vec<String>,
}

/// What becomes of a file of a baseline.
pub struct FileChange {
    /// The statement's name.
    pub query: String,
    /// The file.
    pub path: PathBuf,
    /// The file that goes, when the statement was renamed.
    pub replaces: Option<PathBuf>,
    /// What becomes of it.
    pub action: FileAction,
    /// Whether it was asked for: another one stays as it is.
    pub is_chosen: bool,
    /// The text before and after; empty where there is none.
    pub texts: [String; 2],
    /// What the comparison of the plans says, where there are two.
    pub reason: Option<String>,
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileAction {
    /// It is new.
    Add,
    /// It says something else.
    Change,
    /// Its statement has another name.
    Rename,
    /// Its statement is gone.
    Remove,
    /// It stays as it is.
    Keep,
}

impl FileAction {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Rename => "rename",
            Self::Remove => "remove",
            Self::Keep => "keep",
        }
    }
}

/// The statements of a snapshot with all that is known of them.
pub struct BrowseReport {
    /// What was looked at.
    pub source: String,
    /// The snapshot; of the statements those that are listed, in their order.
    pub snapshot: Snapshot,
    /// A row for each of them.
    pub rows: Vec<BrowseRow>,
    /// How many statements the snapshot holds.
    pub of: usize,
    /// All findings, the most important first.
    pub findings: Vec<Finding>,
    /// What it is compared with.
    pub before: Option<String>,
}

/// What is known of a statement beside what its snapshot says.
#[derive(Debug, Clone, Default)]
pub struct BrowseRow {
    /// Whether its newest plan is another one than before; [`None`] when that is not known.
    pub plan_changed: Option<bool>,
    /// How it compares with what was before.
    pub verdict: Option<Verdict>,
    /// Numbers of the findings about it, from 1.
    pub findings: Vec<usize>,
}

/// Checks of a target.
pub struct DoctorReport {
    /// The target, without its password; of the config files their names.
    pub target: String,
    /// What was looked at: `target`, `configuration`.
    pub subject: &'static str,
    /// The checks.
    pub checks: Vec<Check>,
}

impl DoctorReport {
    /// Whether planscope can do its work.
    pub fn is_fit(&self) -> bool {
        self.checks.iter().all(|check| check.status != CheckStatus::Fail)
    }
}

/// The rules, or one of them.
pub struct RulesReport {
    /// The rules to show.
    pub rules: Vec<&'static planscope_advisors::Rule>,
    /// Whether to show the manual page.
    pub in_full: bool,
}

/// The snapshots of a store.
pub struct SnapshotsReport {
    /// The folder.
    pub folder: PathBuf,
    /// Its snapshots, newest first.
    pub entries: Vec<Entry>,
}

/// A statement in one line: its name, else its text cut to `most` characters.
pub fn statement_line(text: &str, name: Option<&str>, most: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = match name {
        Some(name) => format!("{name}: {text}"),
        None => text,
    };
    cut(&text, most)
}

/// `1 index`, `2 indexes`.
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// `text` cut to `most` columns, with an ellipsis.
pub fn cut(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut room = most.saturating_sub(1);
    for c in text.chars() {
        let width = c.width().unwrap_or(0);
        if width > room {
            break;
        }
        room -= width;
        cut.push(c);
    }
    cut.push('…');
    cut
}

/// The engine of a report's statements, for rendering remedies.
pub fn engine_of(snapshot: &Snapshot) -> Engine {
    snapshot.target.engine
}

//! What is known of a snapshot: itself at once; findings, the snapshot before, the history and advice
//! as they are found out beside the screen. Clones are cheap, so that every screen has its own.

use super::history::History;
use crate::error::CommandError;
use crate::report::{AdviseReport, BrowseReport, BrowseRow};
use crate::tui::message::Work;
use planscope_advisors::Finding;
use planscope_explain::diff::{self, SnapshotDiff, StatementDiff, Tolerance};
use planscope_explain::plan::plan_hash;
use planscope_explain::workload::Catalog;
use planscope_explain::{Fingerprint, Snapshot, Statement};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// The findings about a snapshot, and how many were held back by the user's config.
pub type Judge = dyn Fn(&Snapshot) -> (Vec<Finding>, usize) + Send + Sync;
/// Advice for a snapshot.
pub type Advise = dyn Fn(&Snapshot) -> Result<AdviseReport, CommandError> + Send + Sync;
/// Gives the earlier snapshots of the same target with their names, the oldest first.
pub type Past = dyn Fn(&Snapshot, &mut dyn FnMut(String, Snapshot)) + Send + Sync;

/// How things are found out. The screens only pass it on; it works in threads of their own.
#[derive(Clone)]
pub struct Sources {
    /// The rules.
    pub judge: Arc<Judge>,
    /// The advisor.
    pub advise: Arc<Advise>,
    /// The store.
    pub past: Arc<Past>,
    /// The limits of comparisons.
    pub tolerance: Tolerance,
}

/// What is known.
#[derive(Clone)]
pub struct Known {
    /// What the user calls it.
    pub name: String,
    /// The snapshot.
    pub snapshot: Arc<Snapshot>,
    /// What the rules say.
    pub findings: Option<Arc<Findings>>,
    /// What it is compared with.
    pub before: Option<Arc<Before>>,
    /// How long calls took in earlier snapshots.
    pub history: Arc<History>,
    /// The advice, once it was asked for.
    pub advice: Option<Arc<Advised>>,
    /// How more is found out.
    pub sources: Sources,
    catalog: OnceCell<Rc<Catalog>>,
}

/// What the rules say.
pub struct Findings {
    /// The findings, the most important first.
    pub all: Vec<Finding>,
    /// How many the user's config holds back.
    pub held: usize,
    of: HashMap<Fingerprint, Vec<u32>>,
}

/// A snapshot that was before, compared.
pub struct Before {
    /// What the user calls it.
    pub name: String,
    /// The snapshot.
    pub snapshot: Arc<Snapshot>,
    /// The comparison.
    pub diff: SnapshotDiff,
    /// Of every statement of the snapshot after its row in the comparison.
    rows: HashMap<usize, usize>,
    /// Of every statement of the snapshot after, whether its newest plan is another one.
    changed: Vec<bool>,
}

/// What the advisor says.
pub struct Advised {
    /// The report, or why there is none.
    pub outcome: Result<AdviseReport, CommandError>,
    /// The snapshot it is about.
    of: Arc<Snapshot>,
}

/// What was found out beside the screen.
pub enum BrowseNews {
    /// The findings about a snapshot.
    Findings(Arc<Snapshot>, Arc<Findings>),
    /// What was before a snapshot.
    Past {
        /// The snapshot.
        of: Arc<Snapshot>,
        /// The one it is compared with.
        before: Option<Arc<Before>>,
        /// The history of its statements.
        history: Arc<History>,
    },
    /// The advice.
    Advice(Arc<Advised>),
}

impl Findings {
    /// Findings with an index of their statements.
    pub fn new((all, held): (Vec<Finding>, usize)) -> Self {
        let mut of: HashMap<Fingerprint, Vec<u32>> = HashMap::new();
        for (i, finding) in all.iter().enumerate() {
            if let Some(statement) = finding.statement {
                of.entry(statement).or_default().push(i as u32);
            }
        }
        Self { all, held, of }
    }

    /// The numbers of the findings about a statement, from 0.
    pub fn of(&self, statement: Fingerprint) -> &[u32] {
        self.of.get(&statement).map_or(&[], Vec::as_slice)
    }
}

impl Before {
    /// Compares two snapshots.
    pub fn compare(
        name: String,
        before: Arc<Snapshot>,
        after: &Snapshot,
        tolerance: Tolerance,
    ) -> Self {
        let diff = diff::snapshots(&before, after, tolerance);
        Self::of_diff(name, before, after, diff)
    }

    /// Two snapshots that are compared already.
    pub fn of_diff(
        name: String,
        before: Arc<Snapshot>,
        after: &Snapshot,
        diff: SnapshotDiff,
    ) -> Self {
        let rows: HashMap<usize, usize> =
            diff.statements.iter().enumerate().map(|(row, s)| (s.places[1], row)).collect();
        let hash = |snapshot: &Snapshot, place: usize| {
            let plan = snapshot.statements.get(place).and_then(|s| s.plans.first());
            plan.map(|record| plan_hash(&record.plan))
        };
        let is_changed = |place: usize| {
            let row = rows.get(&place).and_then(|row| diff.statements.get(*row));
            let plans = row.and_then(|s| hash(&before, s.places[0]).zip(hash(after, place)));
            plans.is_some_and(|(old, new)| old != new)
        };
        let changed = (0..after.statements.len()).map(is_changed).collect();
        Self { name, snapshot: before, diff, rows, changed }
    }

    /// The comparison of the statement at a place of the snapshot after.
    pub fn of(&self, place: usize) -> Option<&StatementDiff> {
        self.diff.statements.get(*self.rows.get(&place)?)
    }

    /// Whether the newest plan of the statement at that place is another one than before.
    pub fn is_changed(&self, place: usize) -> bool {
        self.changed.get(place).copied().unwrap_or(false)
    }

    /// The statement as it was before.
    pub fn statement(&self, place: usize) -> Option<&Statement> {
        self.snapshot.statements.get(self.of(place)?.places[0])
    }
}

impl Known {
    /// A snapshot of which nothing else is known yet.
    pub fn new(name: String, snapshot: Arc<Snapshot>, sources: Sources) -> Self {
        Self {
            name,
            snapshot,
            findings: None,
            before: None,
            history: Arc::default(),
            advice: None,
            sources,
            catalog: OnceCell::new(),
        }
    }

    /// What it is called where there is little room: the target's name.
    pub fn short_name(&self) -> &str {
        let target = &self.snapshot.target.name;
        if target.is_empty() { &self.name } else { target }
    }

    /// What the two snapshots are called beside each other: by their times when they are of one target.
    pub fn both_names(&self) -> Option<[String; 2]> {
        let before = self.before.as_ref()?;
        let (old, new) = (&before.snapshot, &self.snapshot);
        let times = [time_of(old, new), time_of(new, old)];
        let is_one = old.target.name == new.target.name && times[0] != times[1];
        Some(match is_one && times.iter().all(|time| !time.is_empty()) {
            true => times,
            false => [before.name.clone(), self.name.clone()],
        })
    }

    /// Its catalog, for the plan view.
    pub fn catalog(&self) -> Rc<Catalog> {
        Rc::clone(self.catalog.get_or_init(|| Rc::new(self.snapshot.catalog.clone())))
    }

    /// Takes a newer snapshot in; what was found out about the older one stays until there is better.
    pub fn renew(&mut self, snapshot: Arc<Snapshot>) {
        self.snapshot = snapshot;
        self.catalog = OnceCell::new();
    }

    /// Takes note of what was found out; whether it was about this snapshot.
    pub fn learn(&mut self, news: &BrowseNews) -> bool {
        match news {
            BrowseNews::Findings(of, findings) if Arc::ptr_eq(of, &self.snapshot) => {
                self.findings = Some(Arc::clone(findings));
            }
            BrowseNews::Past { of, before, history } if Arc::ptr_eq(of, &self.snapshot) => {
                self.before.clone_from(before);
                self.history = Arc::clone(history);
            }
            BrowseNews::Advice(advice) => self.advice = Some(Arc::clone(advice)),
            BrowseNews::Findings(..) | BrowseNews::Past { .. } => return false,
        }
        true
    }

    /// The findings about a statement.
    pub fn findings_of(&self, statement: Fingerprint) -> impl Iterator<Item = (usize, &Finding)> {
        let findings = self.findings.as_deref();
        let numbers = findings.map_or(&[][..], |f| f.of(statement)).iter();
        numbers.filter_map(move |&i| Some((i as usize, findings?.all.get(i as usize)?)))
    }

    /// These statements, in this order, with what is known of them.
    pub fn report(&self, places: &[usize]) -> BrowseReport {
        let before = self.before.as_ref();
        let row = |place: &usize, statement: &Statement| BrowseRow {
            plan_changed: before.map(|before| before.is_changed(*place)),
            verdict: before.and_then(|before| Some(before.of(*place)?.verdict)),
            findings: self.findings_of(statement.fingerprint).map(|(i, _)| i + 1).collect(),
        };
        let statements = places.iter().filter_map(|place| {
            let statement = self.snapshot.statements.get(*place)?;
            Some((row(place, statement), statement.clone()))
        });
        let (rows, statements) = statements.unzip();
        let now = &self.snapshot;
        BrowseReport {
            source: self.name.clone(),
            snapshot: Snapshot {
                target: now.target.clone(),
                taken_at: now.taken_at.clone(),
                window: now.window.clone(),
                coverage: now.coverage,
                statements,
                catalog: Catalog::default(),
                settings: Default::default(),
                problems: now.problems.clone(),
                log: now.log.clone(),
            },
            rows,
            of: now.statements.len(),
            findings: self
                .findings
                .as_ref()
                .map(|findings| findings.all.clone())
                .unwrap_or_default(),
            before: before.map(|before| before.name.clone()),
        }
    }

    /// Asks the rules.
    pub fn judge(&self) -> Work {
        let (snapshot, judge) = (Arc::clone(&self.snapshot), Arc::clone(&self.sources.judge));
        Work::new(move || {
            let findings = Findings::new(judge(&snapshot));
            Some(BrowseNews::Findings(snapshot, Arc::new(findings)))
        })
    }

    /// Looks back: at the history in the store, and at the snapshot to compare with, which is the last
    /// one there unless another is known already.
    pub fn look_back(&self) -> Work {
        let (now, sources) = (Arc::clone(&self.snapshot), self.sources.clone());
        let known = self.before.clone();
        Work::new(move || {
            let (mut history, mut last) = (History::default(), None);
            (sources.past)(&now, &mut |name, earlier| {
                history.add(&earlier);
                last = Some((name, earlier));
            });
            history.add(&now);
            let before = known.or_else(|| {
                let (name, before) = last?;
                Some(Arc::new(Before::compare(name, Arc::new(before), &now, sources.tolerance)))
            });
            Some(BrowseNews::Past { of: now, before, history: Arc::new(history) })
        })
    }

    /// Adds the snapshot to the history.
    pub fn recall(&mut self) {
        Arc::make_mut(&mut self.history).add(&self.snapshot);
    }

    /// Compares with the same snapshot as before; where there was none, with another one.
    pub fn compare_again(&self, name: &str, other: Arc<Snapshot>) -> Work {
        let (now, history) = (Arc::clone(&self.snapshot), Arc::clone(&self.history));
        let (name, other) = match &self.before {
            Some(before) => (before.name.clone(), Arc::clone(&before.snapshot)),
            None => (name.to_owned(), other),
        };
        let tolerance = self.sources.tolerance;
        Work::new(move || {
            let before = Some(Arc::new(Before::compare(name, other, &now, tolerance)));
            Some(BrowseNews::Past { of: now, before, history })
        })
    }

    /// Asks the advisor.
    pub fn ask_advisor(&self) -> Work {
        let (of, advise) = (Arc::clone(&self.snapshot), Arc::clone(&self.sources.advise));
        Work::new(move || {
            let outcome = advise(&of);
            Some(BrowseNews::Advice(Arc::new(Advised { outcome, of })))
        })
    }

    /// Whether the advice is about an older snapshot.
    pub fn is_advice_old(&self) -> bool {
        self.advice.as_ref().is_some_and(|advice| !Arc::ptr_eq(&advice.of, &self.snapshot))
    }
}

/// When a snapshot was taken, without the day where the other one is of the same.
fn time_of(snapshot: &Snapshot, other: &Snapshot) -> String {
    let part = |range| snapshot.taken_at.get(range).unwrap_or_default();
    match part(0..10) == other.taken_at.get(0..10).unwrap_or_default() {
        true => part(11..19).to_owned(),
        false => part(0..16).replace('T', " "),
    }
}

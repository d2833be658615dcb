//! The gate: which differences fail a build, and which of them somebody has allowed for a while.

use planscope_explain::diff::{Change, ChangeKind, NEW_SEQ_SCAN, PlanDiff, Severity, Verdict};
use planscope_explain::workload::Fingerprint;
use std::str::FromStr;

/// What fails a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// Nothing.
    Never,
    /// A statement got worse.
    Worse,
    /// A plan changed, for worse or not.
    Changed,
    /// A table that is not small is read from end to end and was not before.
    NewSeqScan,
    /// A change of this kind.
    Kind(ChangeKind),
}

impl FailOn {
    /// The name on the command line and in the config.
    pub fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Worse => "worse",
            Self::Changed => "changed",
            Self::NewSeqScan => NEW_SEQ_SCAN,
            Self::Kind(kind) => kind.name(),
        }
    }

    /// Every name.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let words = [Self::Never, Self::Worse, Self::Changed, Self::NewSeqScan].map(Self::name);
        words.into_iter().chain(ChangeKind::ALL.iter().map(|kind| kind.name()))
    }
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = [Self::Never, Self::Worse, Self::Changed, Self::NewSeqScan];
        if let Some(word) = words.into_iter().find(|word| word.name() == text) {
            return Ok(word);
        }
        ChangeKind::from_name(text).map(Self::Kind).ok_or_else(|| {
            let names: Vec<&str> = Self::names().collect();
            format!("there is no `{text}` to fail on; there is {}", names.join(", "))
        })
    }
}

/// Which statements a policy is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Which {
    /// By name; `*` stands for any characters.
    pub query: Option<String>,
    /// By the first digits of the fingerprint.
    pub fingerprint: Option<String>,
}

impl Which {
    fn fits(&self, name: Option<&str>, fingerprint: Option<Fingerprint>) -> bool {
        let by_name =
            self.query.as_deref().is_none_or(|glob| name.is_some_and(|name| matches(glob, name)));
        let by_print = self.fingerprint.as_deref().is_none_or(|wanted| {
            fingerprint.is_some_and(|print| print.to_string().starts_with(&wanted.to_lowercase()))
        });
        by_name && by_print
    }
}

/// Whether `text` fits `glob`, in which `*` stands for any characters.
fn matches(glob: &str, text: &str) -> bool {
    let mut parts = glob.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(part) = last.replace(part) {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |part| rest.ends_with(part))
}

/// What holds for some statements in place of what holds for all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Policy {
    /// The statements.
    pub which: Which,
    /// Their tolerance.
    pub tolerance: Option<f64>,
    /// What fails on them.
    pub fail_on: Option<Vec<FailOn>>,
}

/// A difference that somebody has looked at and lets pass for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// The statements.
    pub which: Which,
    /// What is allowed: names as of `--fail-on`; empty is everything.
    pub kinds: Vec<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds, `2026-12-31`.
    pub expires: String,
    /// Where it is written, `planscope.toml:12`.
    pub place: String,
}

impl Allow {
    /// Whether it still holds on `today`. Days written so sort as text.
    pub fn holds_on(&self, today: &str) -> bool {
        today <= self.expires.as_str()
    }

    fn covers(&self, failure: &Failure, plan: Option<&PlanDiff>) -> bool {
        let listed = |name: &str| self.kinds.iter().any(|kind| kind == name);
        if self.kinds.is_empty() || listed(failure.rule) {
            return true;
        }
        let of_kinds = |change: &Change| self.kinds.iter().any(|kind| change.is(kind));
        match failure.change {
            Some(place) => plan.and_then(|plan| plan.changes.get(place)).is_some_and(of_kinds),
            // Worse or changed: allowed when all that makes it so is.
            None => {
                let grave = plan.iter().flat_map(|plan| &plan.changes).filter(|c| is_a_reason(c));
                let mut grave = grave.peekable();
                grave.peek().is_some() && grave.all(of_kinds)
            }
        }
    }
}

/// Whether a change makes a plan worse, not only tells by how much it is.
fn is_a_reason(change: &Change) -> bool {
    let is_sum = matches!(change.kind, ChangeKind::Cost | ChangeKind::Work | ChangeKind::Time);
    change.severity >= Severity::Medium && !is_sum
}

/// Something that fails a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What of `--fail-on` it is.
    pub rule: &'static str,
    /// The place of the change among the plan's, where it is one change.
    pub change: Option<usize>,
}

/// What the gate says of one statement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ruling {
    /// What fails.
    pub failures: Vec<Failure>,
    /// What would fail and is allowed, with the place of the [`Allow`].
    pub allowed: Vec<(Failure, usize)>,
}

impl Ruling {
    /// Whether it fails the run.
    pub fn fails(&self) -> bool {
        !self.failures.is_empty()
    }
}

/// A statement that was compared.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its name.
    pub name: Option<&'a str>,
    /// Its fingerprint.
    pub fingerprint: Option<Fingerprint>,
    /// The outcome.
    pub verdict: Verdict,
    /// The comparison of its plans.
    pub plan: Option<&'a PlanDiff>,
}

/// What holds in a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gate {
    /// What fails.
    pub fail_on: Vec<FailOn>,
    /// Exceptions, the last that fits first.
    pub policies: Vec<Policy>,
    /// What is let pass.
    pub allows: Vec<Allow>,
    /// Today, `2026-11-21`.
    pub today: String,
}

/// What became of the allows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Leftover {
    /// Places of those that let nothing pass.
    pub unused: Vec<usize>,
    /// Places of those whose time is over.
    pub expired: Vec<usize>,
}

impl Gate {
    /// Whether anything can fail.
    pub fn is_armed(&self) -> bool {
        let arms = |list: &[FailOn]| list.iter().any(|word| *word != FailOn::Never);
        arms(&self.fail_on) || self.policies.iter().filter_map(|p| p.fail_on.as_deref()).any(arms)
    }

    /// The tolerance of a statement, when it has one of its own.
    pub fn tolerance(&self, name: Option<&str>, fingerprint: Option<Fingerprint>) -> Option<f64> {
        let fitting = self.policies.iter().rev().filter(|p| p.which.fits(name, fingerprint));
        fitting.filter_map(|policy| policy.tolerance).next()
    }

    fn fail_on(&self, subject: &Subject<'_>) -> &[FailOn] {
        let fitting =
            self.policies.iter().rev().filter(|p| p.which.fits(subject.name, subject.fingerprint));
        fitting.filter_map(|policy| policy.fail_on.as_deref()).next().unwrap_or(&self.fail_on)
    }

    /// What it says of a statement.
    pub fn judge(&self, subject: &Subject<'_>) -> Ruling {
        let mut ruling = Ruling::default();
        for failure in failures(self.fail_on(subject), subject) {
            let allow = self.allows.iter().position(|allow| {
                allow.holds_on(&self.today)
                    && allow.which.fits(subject.name, subject.fingerprint)
                    && allow.covers(&failure, subject.plan)
            });
            match allow {
                Some(place) => ruling.allowed.push((failure, place)),
                None => ruling.failures.push(failure),
            }
        }
        ruling
    }

    /// Which allows were of no use.
    pub fn leftover<'r>(&self, rulings: impl Iterator<Item = &'r Ruling>) -> Leftover {
        let used: Vec<usize> = rulings.flat_map(|r| r.allowed.iter().map(|(_, by)| *by)).collect();
        let mut leftover = Leftover::default();
        for (place, allow) in self.allows.iter().enumerate() {
            if !allow.holds_on(&self.today) {
                leftover.expired.push(place);
            } else if !used.contains(&place) {
                leftover.unused.push(place);
            }
        }
        leftover
    }
}

fn failures(fail_on: &[FailOn], subject: &Subject<'_>) -> Vec<Failure> {
    let mut found: Vec<Failure> = Vec::new();
    let mut add = |rule: &'static str, change: Option<usize>| {
        let failure = Failure { rule, change };
        if !found.contains(&failure) {
            found.push(failure);
        }
    };
    let changes = subject.plan.map_or(&[][..], |plan| &plan.changes);
    // That it is worse says more than that it is another plan.
    let worse = subject.verdict == Verdict::Worse;
    let wants = |word: FailOn| fail_on.contains(&word);
    if worse && (wants(FailOn::Worse) || wants(FailOn::Changed)) {
        add("worse", None);
    } else if wants(FailOn::Changed) && is_another_plan(subject) {
        add("changed", None);
    }
    for word in fail_on {
        let fits = |change: &Change| match word {
            FailOn::NewSeqScan => change.new_full_scan,
            FailOn::Kind(kind) => change.kind == *kind,
            FailOn::Never | FailOn::Worse | FailOn::Changed => false,
        };
        for place in (0..changes.len()).filter(|place| fits(&changes[*place])) {
            add(word.name(), Some(place));
        }
    }
    found
}

/// A plan that got better changed, too; one that only got cheaper by its figures did not.
fn is_another_plan(subject: &Subject<'_>) -> bool {
    match subject.verdict {
        Verdict::Changed => true,
        Verdict::Better => subject.plan.is_some_and(|plan| plan.changes.iter().any(is_a_change)),
        Verdict::Same | Verdict::Worse | Verdict::NotComparable => false,
    }
}

fn is_a_change(change: &Change) -> bool {
    !matches!(
        change.kind,
        ChangeKind::Cost
            | ChangeKind::Work
            | ChangeKind::Time
            | ChangeKind::Estimate
            | ChangeKind::IndexRenamed
    )
}

#[cfg(test)]
mod tests;

//! A comparison as a list of statements: what every output shows, whatever was compared.

use crate::gate::{Failure, Ruling};
use crate::report::{DiffContent, DiffReport};
use planscope_advisors::Remedy;
use planscope_explain::diff::{Cause, PlanDiff, Rates, StatementDiff, Undo, Verdict};
use planscope_explain::plan::Plan;
use planscope_explain::workload::Source;
use planscope_explain::{Engine, Fingerprint, Snapshot, Statement};

/// A statement of a comparison.
#[derive(Clone)]
pub struct Compared<'a> {
    /// Its name.
    pub name: Option<&'a str>,
    /// Its fingerprint; `None` of a plan that does not tell its statement.
    pub fingerprint: Option<Fingerprint>,
    /// Its text before and after.
    pub texts: [Option<&'a str>; 2],
    /// Where it stands now, else where it stood.
    pub source: Option<&'a Source>,
    /// The engine.
    pub engine: Engine,
    /// The outcome.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub reason: String,
    /// The comparison of its plans; of its counters, where a side has no plan.
    pub plan: Option<&'a PlanDiff>,
    /// The plans that were compared.
    pub plans: [Option<&'a Plan>; 2],
    /// The comparison of what was counted; `None` of plans alone.
    pub counted: Option<&'a StatementDiff>,
    /// What may explain it, the likeliest first.
    pub causes: Vec<&'a Cause>,
    /// What would undo it.
    pub advice: Vec<&'a Advised>,
    /// What the gate says.
    pub ruling: &'a Ruling,
    /// Whether its text is another one than before.
    pub is_rewritten: bool,
}

/// What would undo a regression.
#[derive(Debug, Clone, PartialEq)]
pub struct Advised {
    /// The statement's place in the comparison.
    pub statement: usize,
    /// What to do.
    pub remedy: Remedy,
    /// `undo` of what changed, or `estimated` by the cost model.
    pub proof: &'static str,
}

impl Compared<'_> {
    /// Whether it is one of a log, or of other counters without plans, that could not be judged: too
    /// few calls, mostly. There may be hundreds of them, and none is worth a line of its own.
    pub fn is_left_open(&self) -> bool {
        let is_unknown = self.verdict == Verdict::NotComparable && self.name.is_none();
        is_unknown && self.counted.is_some() && self.plans == [None, None] && !self.ruling.fails()
    }

    /// Its name, else the first digits of its fingerprint, else `plan`.
    pub fn label(&self) -> String {
        match (self.name, self.fingerprint) {
            (Some(name), _) => name.to_owned(),
            (None, Some(print)) => print.to_string()[..8].to_owned(),
            (None, None) => "plan".to_owned(),
        }
    }

    /// What fails, in words: the reason, or the change.
    pub fn failure_text(&self, failure: &Failure) -> String {
        let change = failure.change.and_then(|place| self.plan?.changes.get(place));
        match change {
            None => self.reason.clone(),
            Some(change) => {
                let relation = change.relation.as_ref().map_or(String::new(), |r| format!("{r}: "));
                let [before, after] = [&change.before, &change.after]
                    .map(|text| if text.is_empty() { "nothing" } else { text });
                format!("{relation}{before} → {after}")
            }
        }
    }
}

/// The ruling where nobody has judged yet.
static NO_RULING: Ruling = Ruling { failures: Vec::new(), allowed: Vec::new() };

/// Every statement of a comparison, gravest first.
pub fn all(report: &DiffReport) -> Vec<Compared<'_>> {
    match &report.content {
        DiffContent::Snapshots { diff, snapshots, .. } => {
            let statements = diff.statements.iter().enumerate();
            statements.map(|(i, s)| of_snapshots(report, i, s, snapshots, &diff.causes)).collect()
        }
        DiffContent::Plans { diff, plans } => vec![of_plans(report, diff, plans)],
    }
}

/// A statement that only one side has.
pub struct Lone<'a> {
    /// The statement.
    pub statement: &'a Statement,
    /// How much it runs.
    pub rates: Rates,
}

/// The statements that only one side (0 is before) has, those first that take most time.
pub fn lone(report: &DiffReport, side: usize) -> Vec<Lone<'_>> {
    let DiffContent::Snapshots { diff, snapshots, .. } = &report.content else { return Vec::new() };
    let places = diff.lone[side].iter().filter_map(|place| snapshots[side].statements.get(*place));
    let of = |statement: &'_ Statement| {
        Rates::of(&statement.counters, &statement.percentiles, diff.hours[side])
    };
    places.map(|statement| Lone { statement, rates: of(statement) }).collect()
}

fn of_snapshots<'a>(
    report: &'a DiffReport,
    number: usize,
    diff: &'a StatementDiff,
    snapshots: &'a [Snapshot; 2],
    causes: &'a [Cause],
) -> Compared<'a> {
    let statements: [&Statement; 2] =
        [0, 1].map(|side| &snapshots[side].statements[diff.places[side]]);
    let plan_of = |side: usize| {
        let record = statements[side].plans.get(diff.compared[side])?;
        Some(&record.plan)
    };
    let [before, after] = statements;
    let problem = || after.problems.first().filter(|_| after.plans.is_empty());
    let reason = match problem() {
        Some(problem) if diff.plan.is_none() => format!("{}: {}", diff.reason, problem.message),
        _ => diff.reason.clone(),
    };
    let rewritten = report.rewritten.iter().any(|[old, _]| *old == diff.fingerprint);
    Compared {
        name: after.name.as_deref().or(before.name.as_deref()),
        fingerprint: Some(diff.fingerprint),
        texts: [Some(before.text.as_str()), Some(after.text.as_str())],
        source: after.source.as_ref().or(before.source.as_ref()),
        engine: snapshots[1].target.engine,
        verdict: diff.verdict,
        reason,
        plan: diff.plan.as_ref(),
        plans: [plan_of(0), plan_of(1)],
        counted: Some(diff),
        causes: diff.causes.iter().filter_map(|place| causes.get(*place)).collect(),
        advice: report.advice.iter().filter(|advised| advised.statement == number).collect(),
        ruling: report.rulings.get(number).unwrap_or(&NO_RULING),
        is_rewritten: rewritten,
    }
}

fn of_plans<'a>(report: &'a DiffReport, diff: &'a PlanDiff, plans: &'a [Plan; 2]) -> Compared<'a> {
    Compared {
        name: None,
        fingerprint: None,
        texts: [plans[0].statement.as_deref(), plans[1].statement.as_deref()],
        source: None,
        engine: plans[1].engine,
        verdict: diff.verdict,
        reason: diff.reason.clone(),
        plan: Some(diff),
        plans: [Some(&plans[0]), Some(&plans[1])],
        counted: None,
        causes: Vec::new(),
        advice: Vec::new(),
        ruling: report.rulings.first().unwrap_or(&NO_RULING),
        is_rewritten: false,
    }
}

impl DiffReport {
    /// Finds what would undo what got worse: what undoes a cause, else an index by the cost model.
    pub fn advise(&mut self) {
        let DiffContent::Snapshots { diff, snapshots, .. } = &self.content else { return };
        let mut advice = Vec::new();
        let mut unexplained = Vec::new();
        let worse = diff.statements.iter().enumerate().filter(|(_, s)| s.verdict == Verdict::Worse);
        for (number, statement) in worse {
            let causes = statement.causes.iter().filter_map(|place| diff.causes.get(*place));
            let undone: Vec<Advised> = causes
                .filter_map(|cause| cause.undo.as_ref())
                .flat_map(undoing)
                .map(|remedy| Advised { statement: number, remedy, proof: "undo" })
                .collect();
            if undone.is_empty() {
                unexplained.push((number, statement.places[1]));
            }
            advice.extend(undone);
        }
        advice.extend(estimated(&snapshots[1], &unexplained));
        self.advice = advice;
    }
}

/// Most statements for which indexes are looked for: the heaviest are first.
const MOST_ESTIMATED: usize = 20;

/// The indexes that the cost model would make for statements, by their numbers and places.
fn estimated(snapshot: &Snapshot, worse: &[(usize, usize)]) -> Vec<Advised> {
    let worse = &worse[..worse.len().min(MOST_ESTIMATED)];
    if worse.is_empty() {
        return Vec::new();
    }
    let statements = worse.iter().map(|(_, place)| snapshot.statements[*place].clone()).collect();
    let alone = Snapshot { statements, ..snapshot.clone() };
    let mut advised = Vec::new();
    for advice in crate::cmd::advise::estimated(alone) {
        for (number, place) in worse {
            let print = snapshot.statements[*place].fingerprint;
            if advice.statements.iter().any(|effect| effect.fingerprint == print) {
                let remedy = Remedy::CreateIndex(advice.index.clone());
                advised.push(Advised { statement: *number, remedy, proof: "estimated" });
            }
        }
    }
    advised
}

/// What undoes a cause, as remedies in the order in which they are done.
pub fn undoing(undo: &Undo) -> Vec<Remedy> {
    let drop = |index: &planscope_explain::workload::Index, because: &str| Remedy::DropIndex {
        index: index.clone(),
        because: because.to_owned(),
    };
    match undo {
        Undo::CreateIndex(index) => vec![Remedy::CreateIndex(index.clone())],
        Undo::RecreateIndex { now, was } => {
            vec![drop(now, "it is made again as it was"), Remedy::CreateIndex((**was).clone())]
        }
        Undo::RepairIndex(index) => {
            vec![
                drop(index, "it cannot be used and is made again"),
                Remedy::CreateIndex(index.clone()),
            ]
        }
        Undo::DropIndex(index) => vec![drop(index, "it was not there before")],
        Undo::Setting { name, value } => vec![Remedy::Setting {
            name: name.clone(),
            value: value.clone(),
            note: "its value before".to_owned(),
        }],
        Undo::Analyze { schema, table } => {
            vec![Remedy::Analyze { schema: schema.clone(), table: table.clone() }]
        }
    }
}

//! A comparison as a document: verdict, causes, then each statement with what changed.

use crate::output::Style;
use crate::output::document::{Block, Document, Item, Tone, plain};
use crate::output::tree;
use crate::report::{DiffContent, DiffReport, statement_line};
use planscope_explain::Snapshot;
use planscope_explain::diff::{
    Cause, Change, PlanDiff, Severity, SnapshotDiff, StatementDiff, Verdict,
};
use planscope_explain::heat::Metric;
use planscope_explain::plan::Plan;
use planscope_explain::units::{Count, Millis};

pub(super) fn document(report: &DiffReport, style: &Style) -> Document {
    let mut document = Document::default();
    let [before, after] = &report.sources;
    match &report.content {
        DiffContent::Snapshots { diff, snapshots, top } => {
            verdict(&mut document, diff.verdict, before, after);
            of_snapshots(&mut document, diff, snapshots, *top, style);
        }
        DiffContent::Plans { diff, plans } => {
            verdict(&mut document, diff.verdict, before, after);
            document.paragraph(diff.reason.clone());
            changes(&mut document, &diff.changes);
            if diff.verdict != Verdict::Same {
                trees(&mut document, diff, plans, style);
            }
        }
    }
    document
}

fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Worse => Tone::Burning,
        Verdict::Changed | Verdict::NotComparable => Tone::Warm,
        Verdict::Better => Tone::Good,
        Verdict::Same => Tone::Strong,
    }
}

fn verdict(document: &mut Document, verdict: Verdict, before: &str, after: &str) {
    let word = verdict.name().to_uppercase();
    document.toned(format!("{word}  {before} → {after}"), tone(verdict));
}

fn of_snapshots(
    document: &mut Document,
    diff: &SnapshotDiff,
    snapshots: &[Snapshot; 2],
    top: usize,
    style: &Style,
) {
    if let Some(why) = &diff.not_comparable {
        document.paragraph(why.clone());
    }
    let of = |verdict| diff.statements.iter().filter(|s| s.verdict == verdict).count();
    document.paragraph(format!(
        "{} worse, {} changed, {} better, {} same, {} not comparable; {} added, {} removed",
        of(Verdict::Worse),
        of(Verdict::Changed),
        of(Verdict::Better),
        of(Verdict::Same),
        of(Verdict::NotComparable),
        diff.added.len(),
        diff.removed.len(),
    ));
    let cause = |cause: &Cause| Item {
        marker: "cause".to_owned(),
        tone: Tone::Strong,
        text: cause.text.clone(),
        details: Vec::new(),
    };
    document.list(diff.causes.iter().map(cause).collect());
    let differs = |s: &&StatementDiff| s.verdict != Verdict::Same;
    let mut shown = 0;
    for statement in diff.statements.iter().filter(differs).take(top) {
        one_statement(document, statement, snapshots, style);
        shown += 1;
    }
    let more = diff.statements.iter().filter(differs).count() - shown;
    if more > 0 {
        document.paragraph(format!("and {more} more; --top {} shows them", shown + more));
    }
}

fn one_statement(
    document: &mut Document,
    diff: &StatementDiff,
    snapshots: &[Snapshot; 2],
    style: &Style,
) {
    let find = |snapshot: &Snapshot| {
        snapshot.statement(diff.fingerprint).map(|s| (s.text.clone(), s.name.clone()))
    };
    let (text, name) = find(&snapshots[1]).or_else(|| find(&snapshots[0])).unwrap_or_default();
    let mut facts =
        vec![diff.verdict.name().to_uppercase(), diff.fingerprint.to_string()[..8].to_owned()];
    if let Some(plan) = &diff.plan {
        facts.extend(plan.cost_ratio.map(|ratio| format!("{} {}", plan.measured_by, times(ratio))));
    }
    if let [Some(before), Some(after)] = diff.mean_ms {
        facts.push(format!("mean {} → {}", Millis(before), Millis(after)));
    }
    document.toned(facts.join(" · "), tone(diff.verdict));
    document.toned(statement_line(&text, name.as_deref(), 2 * style.width), Tone::Dim);
    if let Some(plan) = &diff.plan {
        document.paragraph(plan.reason.clone());
        changes(document, &plan.changes);
    }
}

/// `×9.1` for more, `÷12` for less.
fn times(ratio: f64) -> String {
    match ratio {
        r if r >= 1.0 => format!("×{}", Count(digits(r))),
        r if r > 0.0 => format!("÷{}", Count(digits(1.0 / r))),
        _ => "→ 0".to_owned(),
    }
}

fn digits(value: f64) -> f64 {
    if value >= 10.0 { value.round() } else { (value * 100.0).round() / 100.0 }
}

fn changes(document: &mut Document, list: &[Change]) {
    let item = |change: &Change| {
        let relation = change.relation.as_ref().map_or(String::new(), |r| format!("{r}: "));
        Item {
            marker: format!("{:<6}", change.severity.name()),
            tone: match change.severity {
                Severity::High => Tone::Burning,
                Severity::Medium => Tone::Warm,
                Severity::Low | Severity::Info => Tone::Plain,
            },
            text: format!(
                "{relation}{} → {} [{}]",
                or_nothing(&change.before),
                or_nothing(&change.after),
                change.kind.name()
            ),
            details: Vec::new(),
        }
    };
    document.list(list.iter().map(item).collect());
}

fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}

fn trees(document: &mut Document, diff: &PlanDiff, plans: &[Plan; 2], style: &Style) {
    // One metric for both, so that the two can be read against each other.
    let of_both = Metric::best_for(&plans[0]);
    let metric = if of_both == Metric::best_for(&plans[1]) { of_both } else { Metric::Cost };
    let _ = diff;
    for (name, plan) in ["before", "after"].iter().zip(plans) {
        document.blocks.push(Block::Paragraph(vec![plain(format!("{name}:"))]));
        let lines = tree::lines(plan, metric, &[], style);
        document.blocks.push(Block::Lines { language: "text", lines });
    }
}

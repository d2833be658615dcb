//! Details of the row under the cursor.

use super::lists::{paint_of, saving};
use crate::output::node::rounded;
use crate::report::cut;
use crate::tui::browse::{BrowseScreen, View, open};
use crate::tui::plan::statement::Statement as Text;
use crate::tui::theme::Paint;
use crate::tui::view::plan::painted;
use crate::tui::view::text::{Line, dim, plain, run, wrapped};
use planscope_advisors::{Advice, Finding, Proof};
use planscope_explain::Engine;
use planscope_explain::diff::{StatementDiff, Verdict};
use planscope_explain::units::{Bytes, Count, Millis};
use planscope_explain::workload::ddl;

/// The lines of the details.
pub fn lines(screen: &BrowseScreen, columns: usize) -> Vec<Line> {
    match screen.view {
        View::Statements => statement(screen, columns),
        View::Findings => finding(screen, columns),
        View::Advice => advice(screen, columns),
    }
}

/// The paint of a verdict.
pub fn paint_of_verdict(verdict: Verdict) -> Paint {
    match verdict {
        Verdict::Worse => Paint::Bad,
        Verdict::Better => Paint::Good,
        Verdict::Changed | Verdict::NotComparable => Paint::Strong,
        Verdict::Same => Paint::Dim,
    }
}

/// A comparison in a line: the verdict, by how much, why.
pub fn verdict_line(diff: &StatementDiff) -> Line {
    let mut facts = Vec::new();
    if let Some(plan) = &diff.plan {
        facts.extend(plan.cost_ratio.map(|ratio| format!("{} {}", plan.measured_by, times(ratio))));
    }
    if let [Some(before), Some(after)] = diff.mean_ms {
        facts.push(format!("a call {} → {}", Millis(before), Millis(after)));
    }
    facts.push(diff.reason.clone());
    vec![
        run(diff.verdict.name().to_uppercase(), paint_of_verdict(diff.verdict)),
        plain(format!("  {}", facts.join(" · "))),
    ]
}

/// `×9.1` for more, `÷12` for less.
pub fn times(ratio: f64) -> String {
    match ratio {
        r if r >= 1.0 => format!("×{}", Count(rounded(r))),
        r if r > 0.0 => format!("÷{}", Count(rounded(1.0 / r))),
        _ => "→ 0".to_owned(),
    }
}

/// What hurts first, then the text.
fn statement(screen: &BrowseScreen, columns: usize) -> Vec<Line> {
    let Some(statement) = screen.statement() else { return Vec::new() };
    let place = screen.row().map_or(0, |row| row.place);
    let mut out = Vec::new();
    let diff = screen.known.before.as_ref().and_then(|before| before.of(place));
    if let Some(diff) = diff.filter(|diff| diff.verdict != Verdict::Same) {
        let line = verdict_line(diff);
        out.extend(wrapped(&crate::tui::view::text::text_of(&line), line[0].paint, columns));
    }
    for (_, finding) in screen.known.findings_of(statement.fingerprint).take(3) {
        out.push(finding_line(finding));
    }
    for problem in statement.problems.iter().take(1) {
        out.push(vec![run("no plan: ", Paint::Strong), plain(problem.message.clone())]);
    }
    let text = Text::read(&cut(&statement.text, 4000), screen.known.snapshot.target.engine);
    out.extend(painted(&text, &[], columns));
    out
}

/// A finding in a line.
pub fn finding_line(finding: &Finding) -> Line {
    let saving = saving(finding);
    let mut line = vec![run(format!("! {} ", finding.severity.name()), paint_of(finding.severity))];
    if !saving.is_empty() {
        line.push(run(format!("{saving} to save  "), Paint::Good));
    }
    line.push(plain(finding.title.clone()));
    line
}

fn finding(screen: &BrowseScreen, columns: usize) -> Vec<Line> {
    let Some(finding) = screen.finding() else { return Vec::new() };
    let engine = screen.known.snapshot.target.engine;
    let mut out = finding_lines(finding, engine, columns);
    let Some(statement) = finding.statement.and_then(|id| screen.known.snapshot.statement(id))
    else {
        return out;
    };
    out.push(Line::new());
    out.push(vec![
        dim("in "),
        run(open::name_of(statement), Paint::Strong),
        dim(if finding.nodes.is_empty() { "" } else { "; Enter goes to the node" }),
    ]);
    let text = Text::read(&cut(&statement.text, 4000), engine);
    out.extend(painted(&text, &[], columns));
    out
}

/// A finding whole: what, how sure, what to do.
pub fn finding_lines(finding: &Finding, engine: Engine, columns: usize) -> Vec<Line> {
    let mut out = wrapped(&finding.title, Paint::Strong, columns);
    let sure = planscope_explain::units::Share(finding.confidence);
    let mut facts = vec![finding.rule.to_owned(), format!("{sure} sure")];
    let saving = saving(finding);
    if !saving.is_empty() {
        facts.push(format!("up to {saving} to save"));
    }
    out.push(vec![
        run(finding.severity.name(), paint_of(finding.severity)),
        dim(format!(" · {}", facts.join(" · "))),
    ]);
    for remedy in &finding.remedies {
        out.extend(wrapped(&format!("→ {}", remedy.describe()), Paint::Plain, columns));
        if let Some(sql) = remedy.sql(engine) {
            out.extend(wrapped(&format!("{sql};"), Paint::Code, columns));
        }
    }
    out
}

fn advice(screen: &BrowseScreen, columns: usize) -> Vec<Line> {
    let Some(report) = screen.known.advice.as_ref().and_then(|a| a.outcome.as_ref().ok()) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    if let Some(advice) = screen.advice() {
        out.extend(one_advice(screen, advice, columns));
        out.push(Line::new());
    }
    if screen.known.is_advice_old() {
        out.push(vec![run("of an earlier round; a asks again", Paint::Strong)]);
    }
    let asked = format!(
        "{} candidates, {} questions answered by {}",
        report.candidates, report.questions, report.method
    );
    out.extend(wrapped(&asked, Paint::Dim, columns));
    for note in &report.notes {
        out.extend(wrapped(note, Paint::Strong, columns));
    }
    let engine = screen.known.snapshot.target.engine;
    if !report.redundant.is_empty() {
        out.push(Line::new());
        out.push(vec![run("Indexes that others make superfluous", Paint::Title)]);
        for finding in &report.redundant {
            out.extend(finding_lines(finding, engine, columns));
        }
    }
    out
}

fn one_advice(screen: &BrowseScreen, advice: &Advice, columns: usize) -> Vec<Line> {
    let snapshot = &screen.known.snapshot;
    let engine = snapshot.target.engine;
    let mut out = wrapped(
        &format!("{};", ddl::create_index_online(engine, &advice.index)),
        Paint::Code,
        columns,
    );
    let proof = match advice.proof {
        Proof::Hypothetical => "proof: the planner uses it when it is pretended",
        Proof::Measured => "proof: measured, the index was built and the statements ran",
        Proof::Estimated => "proof: none, estimated by planscope's own cost model",
    };
    out.extend(wrapped(proof, Paint::Good, columns));
    let mut facts = vec![format!(
        "cost {} → {}",
        Count(advice.cost_before.round()),
        Count(advice.cost_after.round())
    )];
    facts.extend(
        advice.saving_ms.filter(|ms| *ms >= 0.01).map(|ms| format!("about {} to save", Millis(ms))),
    );
    facts.extend(advice.size_bytes.map(|bytes| format!("size {}", Bytes(bytes))));
    out.extend(wrapped(&facts.join(" · "), Paint::Plain, columns));
    for effect in &advice.statements {
        let statement = snapshot.statement(effect.fingerprint);
        let figures = format!(
            "  {:>7} → {:<7} ",
            Count(effect.before.round()).to_string(),
            Count(effect.after.round()).to_string()
        );
        let room = columns.saturating_sub(figures.chars().count());
        let text =
            statement.map_or_else(|| open::short(effect.fingerprint), |s| open::line_of(s, room));
        out.push(vec![plain(figures), dim(text)]);
    }
    for note in &advice.notes {
        out.extend(wrapped(&format!("note: {note}"), Paint::Plain, columns));
    }
    let undo = ddl::drop_index_online(engine, &advice.index);
    out.extend(wrapped(&format!("undo: {undo};"), Paint::Dim, columns));
    out
}

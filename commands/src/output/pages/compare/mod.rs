//! A comparison as a document: the verdict, then of each statement the reasons, what would undo
//! them, what changed, and the two plans side by side.

mod counted;
mod texts;
mod tree;

use super::sql_lines;
use crate::compare::{self, Compared};
use crate::output::Style;
use crate::output::document::{Block, Document, Item, Span, Tone, plain};
use crate::report::{DiffContent, DiffReport, counted, statement_line};
use planscope_explain::diff::{Change, PlanDiff, Says, Severity, SnapshotDiff, Trend, Verdict};
use planscope_explain::units::{Count, Millis, Share};

pub use texts::{diff_lines, text_diff};

/// Most lines of two plans in the middle of other statements; alone, a comparison shows all.
const MOST_TREE_LINES: usize = 60;

pub(super) fn document(report: &DiffReport, style: &Style) -> Document {
    let mut document = Document::default();
    let [before, after] = &report.sources;
    let word = report.verdict().name().to_uppercase();
    document.toned(format!("{word}  {before} → {after}"), tone(report.verdict()));
    let compared = compare::all(report);
    match &report.content {
        DiffContent::Snapshots { diff, top, .. } => {
            summary(&mut document, report, diff);
            gate(&mut document, report, &compared);
            statements(&mut document, diff, &compared, *top, style);
            counted::lone(&mut document, report, style);
        }
        DiffContent::Plans { .. } => {
            for statement in &compared {
                details(&mut document, statement, None, style);
            }
            gate(&mut document, report, &compared);
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

fn summary(document: &mut Document, report: &DiffReport, diff: &SnapshotDiff) {
    if let Some(why) = &diff.not_comparable {
        document.paragraph(why.clone());
    }
    let of = |verdict| diff.statements.iter().filter(|s| s.verdict == verdict).count();
    let mut text = format!(
        "{} worse, {} changed, {} better, {} same, {} not comparable; {} added, {} removed",
        of(Verdict::Worse),
        of(Verdict::Changed),
        of(Verdict::Better),
        of(Verdict::Same),
        of(Verdict::NotComparable),
        diff.added.len(),
        diff.removed.len(),
    );
    let trend = |trend| diff.statements.iter().filter(|s| s.trend == trend).count();
    let (slower, faster) = (trend(Trend::Regressed), trend(Trend::Improved));
    if slower + faster > 0 {
        text.push_str(&format!("; {slower} take longer, {faster} less long"));
    }
    document.paragraph(text);
    if let Some(windows) = counted::windows(report) {
        document.toned(windows, Tone::Dim);
    }
    for (what, list, side) in [("added", &diff.added, 1), ("removed", &diff.removed, 0)] {
        if let Some(names) = names(report, list, side) {
            document.toned(format!("{what}: {names}"), Tone::Dim);
        }
    }
}

/// The names of statements that only one side has; nothing where they have none.
fn names(
    report: &DiffReport,
    list: &[planscope_explain::Fingerprint],
    side: usize,
) -> Option<String> {
    const MOST: usize = 8;
    let DiffContent::Snapshots { snapshots, .. } = &report.content else { return None };
    let name = |print| snapshots[side].statement(print)?.name.clone();
    let names: Vec<String> = list.iter().filter_map(|print| name(*print)).take(MOST).collect();
    let more = list.len().saturating_sub(names.len());
    match names.is_empty() {
        true => None,
        false if more > 0 => Some(format!("{} and {more} more", names.join(", "))),
        false => Some(names.join(", ")),
    }
}

/// What the gate looked for and found.
fn gate(document: &mut Document, report: &DiffReport, compared: &[Compared<'_>]) {
    if !report.gate.is_armed() {
        return;
    }
    let failing = compared.iter().filter(|s| s.ruling.fails()).count();
    let allowed = compared.iter().filter(|s| !s.ruling.allowed.is_empty()).count();
    let names: Vec<&str> = report.gate.fail_on.iter().map(|word| word.name()).collect();
    let mut text = match failing {
        0 => "the gate is passed".to_owned(),
        n => format!("{} fail", counted(n, "statement", "statements"))
            .replace("statement fail", "statement fails"),
    };
    text.push_str(&format!(" (fails on {})", names.join(", ")));
    if allowed > 0 {
        text.push_str(&format!("; {} allowed", counted(allowed, "statement is", "statements are")));
    }
    document.toned(text, if failing > 0 { Tone::Burning } else { Tone::Good });
    document.list(report.leftovers().iter().map(|line| item("allow", Tone::Warm, line)).collect());
}

fn statements(
    document: &mut Document,
    diff: &SnapshotDiff,
    compared: &[Compared<'_>],
    top: usize,
    style: &Style,
) {
    let differs = |s: &&Compared<'_>| {
        s.verdict != Verdict::Same || s.ruling.fails() || s.is_rewritten || is_moving(s)
    };
    let (open, listed): (Vec<&Compared<'_>>, Vec<_>) =
        compared.iter().filter(differs).partition(|statement| statement.is_left_open());
    let unexplained = listed.iter().all(|s| s.causes.is_empty());
    if unexplained && !listed.is_empty() {
        // Nothing got worse; what changed around the plans is still worth a line.
        document.list(
            diff.causes.iter().map(|cause| item("around", Tone::Plain, &cause.text)).collect(),
        );
    }
    for statement in listed.iter().take(top) {
        head(document, statement, style);
        details(document, statement, Some(MOST_TREE_LINES), style);
    }
    let more = listed.len().saturating_sub(top);
    if more > 0 {
        document.paragraph(format!("and {more} more; --top {} shows them", listed.len()));
    }
    if let Some(open) = counted::left_open(&open) {
        document.toned(open, Tone::Dim);
    }
}

fn is_moving(statement: &Compared<'_>) -> bool {
    let moving = |trend| matches!(trend, Trend::Regressed | Trend::Improved);
    statement.counted.is_some_and(|counted| moving(counted.trend) || counted.flip.is_some())
        || counted::is_loading(statement)
}

/// The statement in two lines: outcome and figures, then its text.
fn head(document: &mut Document, statement: &Compared<'_>, style: &Style) {
    let mut facts = vec![statement.verdict.name().to_uppercase()];
    facts.extend(statement.fingerprint.map(super::short));
    if let Some(plan) = statement.plan {
        facts.extend(plan.cost_ratio.map(|ratio| format!("{} {}", plan.measured_by, times(ratio))));
    }
    if let Some(counted) = statement.counted {
        if let [Some(before), Some(after)] = counted.mean_ms {
            facts.push(format!("mean {} → {}", Millis(before), Millis(after)));
        }
        facts.extend(counted.added_ms_per_hour.filter(|ms| ms.abs() >= 1.0).map(|ms| {
            let sign = if ms > 0.0 { "+" } else { "-" };
            format!("{sign}{} an hour", Millis(ms.abs()))
        }));
    }
    facts.extend(statement.source.map(|source| format!("{}:{}", source.file, source.line)));
    document.toned(facts.join(" · "), tone(statement.verdict));
    let text = statement.texts[1].or(statement.texts[0]).unwrap_or_default();
    document.toned(statement_line(text, statement.name, 2 * style.width), Tone::Dim);
}

/// Reasons, causes, advice, changes, plans.
fn details(
    document: &mut Document,
    statement: &Compared<'_>,
    most_lines: Option<usize>,
    style: &Style,
) {
    document.paragraph(statement.reason.clone());
    document.list(reasons(statement, style));
    if let Some(plan) = statement.plan {
        document.list(plan.changes.iter().map(change).collect());
    }
    if statement.is_rewritten || statement.counted.is_none() {
        texts(document, statement);
    }
    if let (Some(plan), [Some(before), Some(after)]) = (statement.plan, statement.plans)
        && (statement.verdict != Verdict::Same || statement.ruling.fails())
    {
        let lines = tree::lines([before, after], plan, most_lines, style);
        document.blocks.push(Block::Folded { summary: "plans before and after".to_owned(), lines });
    }
}

fn texts(document: &mut Document, statement: &Compared<'_>) {
    if let [Some(before), Some(after)] = statement.texts
        && let Some(lines) = text_diff(before, after)
    {
        document
            .blocks
            .push(Block::Folded { summary: "the text of the statement".to_owned(), lines });
    }
}

fn item(marker: &str, tone: Tone, text: &str) -> Item {
    Item { marker: format!("{marker:<7}"), tone, text: text.to_owned(), details: Vec::new() }
}

/// Why it fails, why it got worse, what would undo it, what is known of its times.
fn reasons(statement: &Compared<'_>, style: &Style) -> Vec<Item> {
    let mut items = Vec::new();
    for failure in &statement.ruling.failures {
        let text = match failure.change {
            Some(_) => format!("{} [{}]", statement.failure_text(failure), failure.rule),
            None => format!("it is {}", failure.rule),
        };
        items.push(item("fails", Tone::Burning, &text));
    }
    for (failure, by) in &statement.ruling.allowed {
        let text = format!("{} is allowed by number {} of [[diff.allow]]", failure.rule, by + 1);
        items.push(item("allowed", Tone::Warm, &text));
    }
    for cause in &statement.causes {
        items.push(item("why", Tone::Strong, &cause.text));
    }
    for advised in &statement.advice {
        let sql = advised.remedy.sql(statement.engine);
        let proof = if advised.proof == "estimated" { " (estimated only)" } else { "" };
        let mut item = item("undo", Tone::Good, &format!("{}{proof}", advised.remedy.describe()));
        let room = style.room(9).max(24);
        let lines = sql.iter().flat_map(|sql| sql_lines(sql, room));
        item.details = lines.map(|line| vec![Span::new(line, Tone::Code)]).collect();
        items.push(item);
    }
    if let Some(plan) = statement.plan {
        items.extend(measures(plan).map(|text| item("measure", Tone::Plain, &text)));
        items.extend(counted::figures(statement).map(|text| item("counted", Tone::Plain, &text)));
        let noted = plan.differences.iter().map(ToString::to_string);
        items.extend(noted.map(|text| item("around", Tone::Dim, &text)));
    }
    items.extend(statement.counted.and_then(|counted| counted.flip.as_ref()).map(|flip| {
        let shares = flip.plans.iter().take(4).map(|plan| {
            let [before, after] = plan.shares.map(Share);
            format!("{:08x} {before} → {after}", plan.hash >> 32)
        });
        item("plans", Tone::Plain, &shares.collect::<Vec<_>>().join(", "))
    }));
    items
}

/// What else was measured than what the reason tells, and how sure the times are.
fn measures(plan: &PlanDiff) -> impl Iterator<Item = String> {
    let told = plan.measured_by;
    let others = plan.measures.iter().filter(move |m| {
        m.name != told && m.name != "time" && matches!(m.says, Says::More | Says::Less)
    });
    let others = others.map(|measure| {
        let [before, after] = measure.values.map(|value| Count(digits(value)));
        format!("{} {before} → {after}", measure.name)
    });
    let timing = plan.timing.as_ref().map(|timing| {
        let [before, after] = timing.median_ms.map(Millis);
        let [n, m] = timing.runs;
        let sure = (timing.confidence * 1000.0).floor() / 10.0;
        let word = if timing.slower.is_eq() { "within the noise" } else { "beyond the noise" };
        format!("time {before} → {after}: medians of {n} and {m} runs, {word} ({sure} % sure)")
    });
    timing.into_iter().chain(others).collect::<Vec<_>>().into_iter()
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

fn change(change: &Change) -> Item {
    let relation = change.relation.as_ref().map_or(String::new(), |r| format!("{r}: "));
    Item {
        marker: format!("{:<7}", change.severity.name()),
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
}

fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}

/// The document of a baseline that was made or changed.
pub(super) fn baseline(report: &crate::report::BaselineReport) -> Document {
    use crate::report::FileAction;
    let mut document = Document::default();
    let changed: Vec<_> = report.files.iter().filter(|f| f.action != FileAction::Keep).collect();
    let kept = report.files.len() - changed.len();
    let chosen = changed.iter().filter(|file| file.is_chosen).count();
    let folder = report.folder.display();
    document.heading(match report.written {
        true => {
            format!("{folder} · {} written, {kept} unchanged", counted(chosen, "file", "files"))
        }
        false => format!(
            "{folder} · {} would change, {kept} unchanged",
            counted(changed.len(), "file", "files")
        ),
    });
    let is_new = changed.iter().all(|file| file.action == FileAction::Add);
    let mut items = Vec::new();
    for file in &changed {
        let mark = if file.is_chosen || !report.written { "" } else { " (left as it is)" };
        let from = file
            .replaces
            .as_ref()
            .map_or(String::new(), |path| format!(", was {}", path.display()));
        let text = format!("{}  {}{from}{mark}", file.query, file.path.display());
        let mut item = item(file.action.name(), tone_of(file.action), &text);
        item.details.extend(file.reason.iter().map(|reason| vec![plain(reason.clone())]));
        items.push(item);
        if !(report.written && is_new) && file.action != FileAction::Remove {
            document.list(std::mem::take(&mut items));
            let lines = diff_lines(&file.texts[0], &file.texts[1]);
            document.blocks.push(Block::Folded { summary: file.path.display().to_string(), lines });
        }
    }
    document.list(items);
    document.list(report.notes.iter().map(|note| item("note", Tone::Warm, note)).collect());
    document.paragraph(match (report.written, changed.is_empty()) {
        (true, _) => "Commit the folder; `planscope diff` holds later plans against it.",
        (false, true) => "Nothing to accept.",
        (false, false) => {
            "`planscope baseline accept ID…` takes over some of it, --all everything."
        }
    });
    document
}

fn tone_of(action: crate::report::FileAction) -> Tone {
    use crate::report::FileAction;
    match action {
        FileAction::Add => Tone::Good,
        FileAction::Change | FileAction::Rename => Tone::Warm,
        FileAction::Remove => Tone::Hot,
        FileAction::Keep => Tone::Dim,
    }
}

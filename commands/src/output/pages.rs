//! Each report as a document for people.

use super::Style;
use super::document::{Block, Document, Item, Span, Tone, dim, plain};
use super::{table, tree};
use crate::report::{
    AdviseReport, AnalyzeReport, CollectReport, DoctorReport, ExplainReport, Report, RulesReport,
    SnapshotsReport, counted, cut, engine_of, statement_line,
};
use planscope_advisors::{Advice, Finding, Proof, Remedy};
use planscope_collection::driver::CheckStatus;
use planscope_explain::diff::Severity;
use planscope_explain::units::{Bytes, Count, Millis, Share};
use planscope_explain::workload::{Problem, ddl};
use planscope_explain::{Engine, Fingerprint, Snapshot};

mod browse;
mod compare;
mod dry_run;
mod fleet;
mod logs;
mod plans;

pub use plans::{facts, is_known, more_facts, nothing_known};

/// The document of plans as tables.
pub fn plan_table(report: &ExplainReport, style: &Style) -> Document {
    let mut document = plans::document(report, table::lines, style);
    document.make_safe();
    document
}

/// The document of a report.
pub fn document(report: &Report, style: &Style) -> Document {
    let mut document = match report {
        Report::Explain(report) => plans::document(report, tree::lines, style),
        Report::Collect(report) => collect(report, style),
        Report::Browse(report) => browse::document(report, style),
        Report::Analyze(report) => analyze(report, style),
        Report::Advise(report) => advise(report, style),
        Report::Diff(report) => compare::document(report, style),
        Report::Baseline(report) => compare::baseline(report),
        Report::Doctor(report) => doctor(report),
        Report::Rules(report) => rules(report),
        Report::Fleet(report) => fleet::document(report),
        Report::DryRun(report) => dry_run::document(report),
        Report::Snapshots(report) => snapshots(report),
    };
    document.make_safe();
    document
}

fn tone_of(severity: Severity) -> Tone {
    match severity {
        Severity::High => Tone::Burning,
        Severity::Medium => Tone::Warm,
        Severity::Low | Severity::Info => Tone::Plain,
    }
}

/// Findings as a numbered list; `snapshot` tells the text of their statements.
fn findings(
    document: &mut Document,
    list: &[Finding],
    engine: Engine,
    of: Option<&Snapshot>,
    style: &Style,
) {
    // The marker and the indentation below it take eleven columns.
    let room = style.room(11).max(24);
    let items = list.iter().enumerate().map(|(i, finding)| {
        let saving = match (finding.saving_ms, finding.saving_cost) {
            (Some(ms), _) if ms >= 0.01 => format!(" · up to {} to save", Millis(ms)),
            (None, Some(cost)) if cost >= 1.0 => {
                format!(" · up to {} of cost to save", Count(cost.round()))
            }
            _ => String::new(),
        };
        let mut details = Vec::new();
        if let Some(statement) = finding.statement.and_then(|f| of?.statement(f)) {
            let line = statement_line(&statement.text, statement.name.as_deref(), room - 12);
            details.push(vec![dim(format!("in {} {line}", short(statement.fingerprint)))]);
        }
        for remedy in &finding.remedies {
            details.extend(remedy_lines(remedy, engine, room));
        }
        Item {
            marker: format!("{:>2} {:<6}", i + 1, finding.severity.name()),
            tone: tone_of(finding.severity),
            text: format!("{} [{}]{saving}", finding.title, finding.rule),
            details,
        }
    });
    document.list(items.collect());
}

/// A remedy as a sentence where it needs one, and its SQL.
fn remedy_lines(remedy: &Remedy, engine: Engine, room: usize) -> Vec<Vec<Span>> {
    let mut lines = Vec::new();
    let sql = remedy.sql(engine);
    if sql.is_none()
        || matches!(remedy, Remedy::Act { .. } | Remedy::Rewrite { .. } | Remedy::Setting { .. })
    {
        for line in super::text::wrap(&remedy.describe(), room) {
            lines.push(vec![plain(line)]);
        }
    }
    for line in sql.iter().flat_map(|sql| sql_lines(sql, room)) {
        lines.push(vec![Span::new(line, Tone::Code)]);
    }
    lines
}

/// A statement with its semicolon, broken at blanks where it is too wide: it can still be pasted.
/// One with blanks between quotes stays whole, because they count.
fn sql_lines(sql: &str, room: usize) -> Vec<String> {
    let sql = format!("{sql};");
    let mut quoted = sql.split(['\'', '"', '`']).skip(1).step_by(2);
    if quoted.any(|text| text.contains(char::is_whitespace)) {
        return vec![sql];
    }
    let mut lines = super::text::wrap(&sql, room.saturating_sub(2));
    for line in lines.iter_mut().skip(1) {
        line.insert_str(0, "  ");
    }
    lines
}

/// The first eight digits of a fingerprint: enough to tell statements of a snapshot apart.
fn short(fingerprint: Fingerprint) -> String {
    fingerprint.to_string()[..8].to_owned()
}

fn target_line(snapshot: &Snapshot) -> String {
    let target = &snapshot.target;
    format!("{} · {} {}", target.name, target.engine.label(), target.version)
}

fn collect(report: &CollectReport, style: &Style) -> Document {
    let snapshot = &report.snapshot;
    if let Some(log) = &snapshot.log {
        return logs::document(report, log, style);
    }
    let mut document = Document::default();
    document.heading(format!("{} · {}", target_line(snapshot), snapshot.taken_at));
    let coverage = &snapshot.coverage;
    let planned = snapshot.statements.iter().filter(|s| !s.plans.is_empty()).count();
    let mut summary = format!("{} of {} statements", coverage.statements, coverage.of);
    if let Some(by) = &report.by {
        summary.push_str(&format!(", chosen by {by}"));
    }
    if let Some(share) = coverage.time_share {
        summary.push_str(&format!(", {} of the execution time", Share(share)));
    }
    summary.push_str(&format!(
        "; {}; {}",
        counted(planned, "plan", "plans"),
        counted(snapshot.catalog.tables.len(), "table", "tables")
    ));
    document.paragraph(summary);
    document.blocks.push(statement_table(snapshot, 10, style));
    problems(&mut document, snapshot);
    document.paragraph(where_saved(report));
    document
}

/// The last line of a collection.
fn where_saved(report: &CollectReport) -> String {
    let saved = if report.by.is_some() { "saved to " } else { "" };
    match &report.path {
        Some(path) => format!("{saved}{}", path.display()),
        None => "not saved (--dry-run)".to_owned(),
    }
}

/// The heaviest statements.
fn statement_table(snapshot: &Snapshot, most: usize, style: &Style) -> Block {
    // Shares are of all that the server did, not of the statements that were chosen from it.
    let total = snapshot.total_ms() / snapshot.coverage.time_share.unwrap_or(1.0);
    let narrow = style.width < 60;
    let p95 = !narrow && snapshot.statements.iter().any(|s| s.percentiles.p95_ms.is_some());
    let taken = if narrow { 27 } else { 46 } + if p95 { 11 } else { 0 };
    let room = style.room(taken).max(12);
    let shown = snapshot.statements.iter().take(most);
    let first = snapshot.statements.first().and_then(|s| s.database.as_deref());
    let several = shown.clone().any(|s| s.database.as_deref() != first);
    let row = |statement: &planscope_explain::Statement| {
        let counters = &statement.counters;
        // One statement in two databases is two rows.
        let database = statement.database.as_deref().filter(|_| several);
        let ms = |value: Option<f64>| value.map_or(String::new(), |ms| Millis(ms).to_string());
        let share = counters.total_ms.filter(|_| total > 0.0).map(|ms| ms / total);
        vec![
            short(statement.fingerprint),
            share.map_or(String::new(), |share| Share(share).to_string()),
            ms(counters.total_ms),
            counters.calls.map_or(String::new(), |calls| Count(calls).to_string()),
            ms(counters.mean_ms),
            statement_line(&statement.text, statement.name.as_deref().or(database), room),
        ]
    };
    let mut head = vec!["id", ">share", ">total", ">calls", ">mean", "statement"];
    let mut rows: Vec<Vec<String>> = shown.map(row).collect();
    if p95 {
        head.insert(5, ">p95");
        for (row, statement) in rows.iter_mut().zip(&snapshot.statements) {
            let p95 = statement.percentiles.p95_ms;
            row.insert(5, p95.map_or(String::new(), |ms| Millis(ms).to_string()));
        }
    }
    if narrow {
        head.drain(3..5);
        rows.iter_mut().for_each(|row| drop(row.drain(3..5)));
    }
    Block::Table { head, rows }
}

/// What was not collected: one line a kind, with its first message.
fn problems(document: &mut Document, snapshot: &Snapshot) {
    let all = snapshot.problems.iter().chain(snapshot.statements.iter().flat_map(|s| &s.problems));
    let mut kinds: Vec<(&str, usize, &str)> = Vec::new();
    // What a log has that was not read is said with its facts, each reason by itself.
    let said = |problem: &&Problem| snapshot.log.is_some() && problem.kind == "log-rejected";
    for problem in all.filter(|problem| !said(problem)) {
        match kinds.iter_mut().find(|(kind, ..)| *kind == problem.kind) {
            Some((_, count, _)) => *count += 1,
            None => kinds.push((&problem.kind, 1, &problem.message)),
        }
    }
    let item = |(kind, count, message): (&str, usize, &str)| Item {
        marker: "not collected".to_owned(),
        tone: Tone::Warm,
        text: match count {
            1 => format!("{kind}: {message}"),
            n => format!("{kind} ({n} times), the first: {message}"),
        },
        details: Vec::new(),
    };
    document.list(kinds.into_iter().map(item).collect());
}

fn analyze(report: &AnalyzeReport, style: &Style) -> Document {
    let mut document = Document::default();
    let snapshot = &report.snapshot;
    document.heading(format!(
        "{} · {}",
        report.source,
        counted(report.findings.len() + report.more, "finding", "findings")
    ));
    if report.findings.is_empty() && report.more == 0 {
        document.paragraph("Nothing found that is worth a word.");
        logs::besides(&mut document, snapshot, style);
        return document;
    }
    let engine = engine_of(snapshot);
    findings(&mut document, &report.findings, engine, Some(snapshot), style);
    if report.more > 0 {
        document.paragraph(format!(
            "and {} more; --findings {} shows them",
            report.more,
            report.findings.len() + report.more
        ));
    }
    logs::besides(&mut document, snapshot, style);
    document
}

fn advise(report: &AdviseReport, style: &Style) -> Document {
    let mut document = Document::default();
    let engine = engine_of(&report.snapshot);
    document.heading(format!(
        "{} · {} advised",
        report.source,
        counted(report.advice.len(), "index", "indexes")
    ));
    document.paragraph(format!(
        "{}, {} answered by {}",
        counted(report.candidates, "candidate", "candidates"),
        counted(report.questions, "question", "questions"),
        report.method
    ));
    if report.advice.len() > 1 {
        document.paragraph("Costs before and after are on top of the other advised indexes.");
    }
    for note in &report.notes {
        document.toned(note.clone(), Tone::Warm);
    }
    if report.advice.is_empty() {
        document.paragraph(
            "No index would pay: none makes a statement clearly cheaper than it costs to keep.",
        );
    }
    for (i, advice) in report.advice.iter().enumerate() {
        one_advice(&mut document, i + 1, advice, report, engine, style);
    }
    if !report.redundant.is_empty() {
        document.heading("Indexes that others make superfluous");
        findings(&mut document, &report.redundant, engine, None, style);
    }
    document
}

fn one_advice(
    document: &mut Document,
    number: usize,
    advice: &Advice,
    report: &AdviseReport,
    engine: Engine,
    style: &Style,
) {
    let mut facts = vec![format!(
        "{number}. cost {} → {}",
        Count(advice.cost_before.round()),
        Count(advice.cost_after.round())
    )];
    let ratio = advice.cost_before / advice.cost_after;
    if ratio.is_finite() && ratio > 1.0 {
        facts.push(format!(
            "÷{}",
            Count(if ratio < 10.0 { (ratio * 10.0).round() / 10.0 } else { ratio.round() })
        ));
    }
    facts.extend(
        advice.saving_ms.filter(|&ms| ms >= 0.01).map(|ms| format!("about {} to save", Millis(ms))),
    );
    facts.extend(advice.size_bytes.map(|bytes| format!("size {}", Bytes(bytes))));
    facts.push(match advice.proof {
        Proof::Hypothetical => "proof: the planner uses it".to_owned(),
        other => format!("proof: {}", other.name()),
    });
    document.heading(facts.join(" · "));
    document.sql(sql_lines(&ddl::create_index_online(engine, &advice.index), style.width));
    let room = style.room(36).max(24);
    let rows = advice.statements.iter().map(|effect| {
        let statement = report.snapshot.statement(effect.fingerprint);
        let line = statement.map(|s| statement_line(&s.text, s.name.as_deref(), room));
        vec![
            short(effect.fingerprint),
            Count(effect.before.round()).to_string(),
            Count(effect.after.round()).to_string(),
            line.unwrap_or_default(),
        ]
    });
    document.blocks.push(Block::Table {
        head: vec!["statement", ">before", ">after", ""],
        rows: rows.collect(),
    });
    let note = |note: &String| Item {
        marker: "note".to_owned(),
        tone: Tone::Dim,
        text: note.clone(),
        details: Vec::new(),
    };
    let undo = format!("undo: {}", ddl::drop_index_online(engine, &advice.index));
    document.list(advice.notes.iter().chain([&undo]).map(note).collect());
}

fn doctor(report: &DoctorReport) -> Document {
    let mut document = Document::default();
    document.heading(report.target.clone());
    let items = report.checks.iter().map(|check| Item {
        marker: format!("{:<7}", check.status.name()),
        tone: match check.status {
            CheckStatus::Ok => Tone::Good,
            CheckStatus::Warn => Tone::Warm,
            CheckStatus::Fail => Tone::Burning,
            CheckStatus::Skipped => Tone::Dim,
        },
        text: format!("{}: {}", check.id, check.message),
        details: check
            .remedy
            .iter()
            .flat_map(|remedy| remedy.lines())
            .map(|line| vec![Span::new(line, Tone::Code)])
            .collect(),
    });
    document.list(items.collect());
    let subject = report.subject;
    document.paragraph(match report.is_fit() {
        true => format!("planscope can work with this {subject}."),
        false => format!("planscope cannot work with this {subject} yet."),
    });
    document
}

fn rules(report: &RulesReport) -> Document {
    let mut document = Document::default();
    if report.in_full {
        for rule in &report.rules {
            document.heading(format!("{} · {}", rule.name, rule.category.label()));
            document.paragraph(rule.summary);
            // Doc comments keep the blank after `///`.
            let page: String = rule
                .docs
                .lines()
                .map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned() + "\n")
                .collect();
            document.blocks.push(Block::Markdown(page));
        }
        return document;
    }
    let row = |rule: &&'static planscope_advisors::Rule| {
        let engines: Vec<&str> = rule.engines.iter().map(|engine| engine.name()).collect();
        vec![rule.name.to_owned(), rule.summary.to_owned(), engines.join(" ")]
    };
    document.blocks.push(Block::Table {
        head: vec!["rule", "what it finds", "engines"],
        rows: report.rules.iter().map(row).collect(),
    });
    document.paragraph("planscope rules NAME prints the manual page of one.");
    document
}

fn snapshots(report: &SnapshotsReport) -> Document {
    let mut document = Document::default();
    document.heading(report.folder.display().to_string());
    if report.entries.is_empty() {
        document.paragraph("No snapshots yet: `planscope collect TARGET` makes one.");
        return document;
    }
    let mut age = 0;
    let rows = report.entries.iter().map(|entry| {
        let size = Bytes(entry.size_bytes as f64).to_string();
        match &entry.content {
            Ok(summary) => {
                age += 1;
                vec![
                    format!("@{age}"),
                    to_seconds(&summary.taken_at),
                    summary.target.clone(),
                    summary.statements.to_string(),
                    size,
                ]
            }
            Err(why) => {
                let why = format!("{}: {}", entry.file_name(), cut(why, 60));
                vec!["broken".into(), String::new(), why, String::new(), size]
            }
        }
    });
    document.blocks.push(Block::Table {
        head: vec!["", "taken at", "target", ">statements", ">size"],
        rows: rows.collect(),
    });
    document.paragraph("`planscope snapshots path @1` prints the path of one.");
    document
}

/// `2026-01-02 03:04:05Z`: a list is read by eye, fractions of a second only hide the day.
fn to_seconds(timestamp: &str) -> String {
    let whole = timestamp.split(['.', 'Z']).next().unwrap_or(timestamp);
    format!("{}Z", whole.replace('T', " "))
}

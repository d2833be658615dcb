//! The statements of a snapshot as a table, and what is wrong with them.

use super::{findings, problems, short, target_line};
use crate::output::Style;
use crate::output::document::{Block, Document};
use crate::report::{BrowseReport, BrowseRow, counted, statement_line};
use planscope_explain::Statement;
use planscope_explain::diff::Verdict;
use planscope_explain::units::{Count, Millis, Share};

/// Most findings below the table; `analyze` prints all.
const MOST_FINDINGS: usize = 10;

/// The document of a list of statements.
pub fn document(report: &BrowseReport, style: &Style) -> Document {
    let snapshot = &report.snapshot;
    let mut document = Document::default();
    document.heading(format!("{} · {}", target_line(snapshot), snapshot.taken_at));
    let listed = snapshot.statements.len();
    let mut facts = match listed == report.of {
        true => vec![counted(listed, "statement", "statements")],
        false => vec![format!("{listed} of {} statements", report.of)],
    };
    facts.extend(snapshot.coverage.time_share.map(|share| format!("{} of the time", Share(share))));
    facts.push(counted(report.findings.len(), "finding", "findings"));
    facts.extend(report.before.as_ref().map(|before| {
        let changed = report.rows.iter().filter(|row| row.plan_changed == Some(true)).count();
        format!("{} since {before}", counted(changed, "plan changed (*)", "plans changed (*)"))
    }));
    document.paragraph(facts.join("; "));
    document.blocks.push(table(report, style));
    problems(&mut document, snapshot);
    let some = report.findings.len().min(MOST_FINDINGS);
    if some > 0 {
        document.heading("Findings");
        let engine = snapshot.target.engine;
        findings(&mut document, &report.findings[..some], engine, Some(snapshot), style);
    }
    if report.findings.len() > some {
        let more = report.findings.len() - some;
        document.paragraph(format!("and {more} more; planscope analyze shows them"));
    }
    document
}

fn table(report: &BrowseReport, style: &Style) -> Block {
    let snapshot = &report.snapshot;
    let total = snapshot.total_ms() / snapshot.coverage.time_share.unwrap_or(1.0);
    let narrow = style.width < 70;
    let room = style.room(if narrow { 32 } else { 58 }).max(12);
    let row = |(statement, row): (&Statement, &BrowseRow)| {
        let counters = &statement.counters;
        let ms = |value: Option<f64>| value.map_or(String::new(), |ms| Millis(ms).to_string());
        let share = counters.total_ms.filter(|_| total > 0.0).map(|ms| ms / total);
        vec![
            mark(row),
            short(statement.fingerprint),
            share.map_or(String::new(), |share| Share(share).to_string()),
            ms(counters.total_ms),
            counters.calls.map_or(String::new(), |calls| Count(calls).to_string()),
            ms(counters.mean_ms),
            statement.plans.len().to_string(),
            if row.findings.is_empty() { String::new() } else { row.findings.len().to_string() },
            statement_line(&statement.text, statement.name.as_deref(), room),
        ]
    };
    let mut head =
        vec!["", "id", ">share", ">total", ">calls", ">mean", ">plans", ">!", "statement"];
    let mut rows: Vec<Vec<String>> =
        snapshot.statements.iter().zip(&report.rows).map(row).collect();
    if narrow {
        head.drain(4..7);
        rows.iter_mut().for_each(|row| drop(row.drain(4..7)));
    }
    Block::Table { head, rows }
}

/// `*` another plan, with `worse` or `better` where it is.
fn mark(row: &BrowseRow) -> String {
    let star = if row.plan_changed == Some(true) { "*" } else { "" };
    let word = match row.verdict {
        Some(Verdict::Worse) => "worse",
        Some(Verdict::Better) => "better",
        _ => "",
    };
    format!("{star}{word}")
}

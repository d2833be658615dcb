//! Writing and copying what is shown.

use super::{PlanState, PlansScreen, Side};
use crate::error::CommandError;
use crate::output::{self, Style};
use crate::report::{ExplainReport, Report, ShownPlan};
use crate::tui::message::{Action, Effect};
use crate::tui::state::{Menu, MenuItem, Notice};
use crate::tui::view;
use planscope_advisors::Remedy;
use planscope_explain::plan::plan_hash;

/// Columns of texts in files.
const WIDTH: usize = 100;

/// Which format?
pub fn menu() -> Vec<Effect> {
    let item = |key, label: &str, format| MenuItem {
        key: Some(key),
        label: label.to_owned(),
        action: Action::ExportAs(format),
    };
    let items = vec![
        item('j', "JSON, for programs", "json"),
        item('m', "Markdown, for a ticket", "markdown"),
        item('h', "HTML, a page of its own", "html"),
        item('t', "text", "text"),
        item('s', "SQL: the statement and what mends it", "sql"),
    ];
    vec![Effect::Menu(Menu { title: "write to a file".to_owned(), items, chosen: 0 })]
}

/// The plan in that format, as a new file.
pub fn write(screen: &PlansScreen, format: &'static str) -> Vec<Effect> {
    let state = screen.plan();
    let stem = format!("plan-{:08x}", plan_hash(state.plan()) >> 32);
    let ending = match format {
        "markdown" => "md",
        "text" => "txt",
        other => other,
    };
    let bytes = if format == "sql" { Ok(sql(state)) } else { rendered(state, format) };
    match bytes {
        Ok(bytes) => vec![Effect::Write { stem, ending, bytes }],
        Err(error) => vec![Effect::Say(Notice::error(error.message))],
    }
}

fn rendered(state: &PlanState, format: &str) -> Result<Vec<u8>, CommandError> {
    let Some(output) = output::by_name(format) else {
        return Err(CommandError::usage(format!("there is no format {format}")));
    };
    let report = ExplainReport {
        plans: vec![ShownPlan::clone(&state.shown)],
        metric: Some(state.measured.metric),
    };
    let style = Style { width: WIDTH, color: false, ascii: false };
    (output.render)(&Report::Explain(report), &style)
}

/// The statement, and the SQL of the remedies as comments behind it: a file of DDL that is run by
/// mistake must do nothing.
fn sql(state: &PlanState) -> Vec<u8> {
    let mut text = String::new();
    if let Some(statement) = &state.shown.statement {
        text.push_str(statement.trim().trim_end_matches(';'));
        text.push_str(";\n");
    }
    for finding in &state.shown.findings {
        text.push_str(&format!("\n-- {} [{}]\n", one_line(&finding.title), finding.rule));
        for remedy in &finding.remedies {
            let sql = remedy.sql(state.plan().engine).unwrap_or_else(|| remedy.describe());
            for line in sql.lines() {
                text.push_str(&format!("--   {line}\n"));
            }
        }
    }
    text.into_bytes()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the pane with the keys shows.
pub fn copy(screen: &PlansScreen) -> Vec<Effect> {
    let state = screen.plan();
    let (text, what) = match (screen.side, &state.shown.statement) {
        (Side::Sql, Some(statement)) => (statement.clone(), "the statement"),
        _ => (view::plan::detail_text(screen), "the node's details"),
    };
    vec![Effect::Copy { text, what: what.to_owned() }]
}

/// The SQL of the first remedy of the node's findings, else of the plan's.
pub fn copy_remedy(screen: &PlansScreen) -> Vec<Effect> {
    let state = screen.plan();
    let engine = state.plan().engine;
    let node = state.selected();
    let here = state.shown.findings.iter().filter(|finding| finding.nodes.contains(&node));
    let findings = here.chain(&state.shown.findings);
    let sql = findings.flat_map(|f| &f.remedies).find_map(|remedy: &Remedy| remedy.sql(engine));
    match sql {
        Some(text) => {
            let what = one_line(&text);
            vec![Effect::Copy { text: format!("{text};"), what: crate::report::cut(&what, 60) }]
        }
        None => vec![Effect::Say(Notice::info("no finding of this plan has SQL that mends it"))],
    }
}

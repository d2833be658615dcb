//! Writing and copying what is listed.

use super::{BrowseScreen, View, open};
use crate::error::CommandError;
use crate::output::{self, Style};
use crate::report::{AdviseReport, AnalyzeReport, BrowseReport, Report, cut};
use crate::tui::message::{Action, Effect};
use crate::tui::state::{Menu, MenuItem, Notice};
use planscope_advisors::{Advice, Finding};
use planscope_explain::workload::ddl;
use planscope_explain::{Engine, Snapshot};

/// Columns of texts in files.
const WIDTH: usize = 100;

/// A menu of formats; `sql` says what is in a file of SQL.
pub fn formats(title: &str, sql: Option<&str>) -> Vec<Effect> {
    let item = |key, label: &str, format| MenuItem {
        key: Some(key),
        label: label.to_owned(),
        action: Action::ExportAs(format),
    };
    let mut items = vec![
        item('j', "JSON, for programs", "json"),
        item('m', "Markdown, for a ticket", "markdown"),
        item('h', "HTML, a page of its own", "html"),
        item('t', "text", "text"),
    ];
    items.extend(sql.map(|what| item('s', what, "sql")));
    vec![Effect::Menu(Menu { title: title.to_owned(), items, chosen: 0 })]
}

/// The ending of files in a format.
fn ending(format: &'static str) -> &'static str {
    match format {
        "markdown" => "md",
        "text" => "txt",
        other => other,
    }
}

/// A report in a format of `--format` as a new file.
pub fn write_report(stem: String, format: &'static str, report: &Report) -> Vec<Effect> {
    let style = Style { width: WIDTH, color: false, ascii: false };
    let rendered = output::by_name(format)
        .ok_or_else(|| CommandError::usage(format!("there is no format {format}")))
        .and_then(|output| (output.render)(report, &style));
    match rendered {
        Ok(bytes) => vec![Effect::Write { stem, ending: ending(format), bytes }],
        Err(error) => vec![Effect::Say(Notice::error(error.message))],
    }
}

/// Text as a new file of SQL.
pub fn write_sql(stem: String, text: String) -> Vec<Effect> {
    vec![Effect::Write { stem, ending: "sql", bytes: text.into_bytes() }]
}

/// Which format?
pub fn menu(screen: &BrowseScreen) -> Vec<Effect> {
    match screen.view {
        View::Statements => formats("write the listed statements", Some("SQL: the statements")),
        View::Findings => {
            formats("write the listed findings", Some("SQL: what mends them, as comments"))
        }
        View::Advice if screen.advised().is_empty() => {
            vec![Effect::Say(Notice::info("there is no advice to write"))]
        }
        View::Advice => formats("write the advice", Some("SQL: the indexes, and how to undo them")),
    }
}

/// What is listed in that format, as a new file.
pub fn write(screen: &BrowseScreen, format: &'static str) -> Vec<Effect> {
    let engine = screen.known.snapshot.target.engine;
    match (screen.view, format) {
        (View::Statements, "sql") => write_sql("statements".to_owned(), statements_sql(screen)),
        (View::Statements, _) => {
            write_report("statements".to_owned(), format, &Report::Browse(listed(screen)))
        }
        (View::Findings, "sql") => {
            let all = screen.known.findings.as_ref().map_or(&[][..], |findings| &findings.all);
            let listed = screen.findings.iter().filter_map(|&i| all.get(i as usize));
            write_sql("findings".to_owned(), listed.map(|f| finding_sql(f, engine)).collect())
        }
        (View::Findings, _) => {
            write_report("findings".to_owned(), format, &Report::Analyze(findings(screen)))
        }
        (View::Advice, "sql") => {
            let advice = screen.advised().iter();
            write_sql("advice".to_owned(), advice.map(|a| advice_sql(a, engine)).collect())
        }
        (View::Advice, _) => match advice(screen) {
            Some(report) => write_report("advice".to_owned(), format, &Report::Advise(report)),
            None => Vec::new(),
        },
    }
}

/// The statements that are listed, in their order, as a report.
fn listed(screen: &BrowseScreen) -> BrowseReport {
    let known = &screen.known;
    let places = screen.rows.listed.iter().map(|&i| screen.rows.all[i as usize].place);
    let places: Vec<usize> = places.collect();
    known.report(&places)
}

fn findings(screen: &BrowseScreen) -> AnalyzeReport {
    let all = screen.known.findings.as_ref().map_or(&[][..], |findings| &findings.all);
    let listed = screen.findings.iter().filter_map(|&i| all.get(i as usize).cloned());
    AnalyzeReport {
        source: screen.known.name.clone(),
        snapshot: Snapshot::clone(&screen.known.snapshot),
        findings: listed.collect(),
        more: 0,
    }
}

fn advice(screen: &BrowseScreen) -> Option<AdviseReport> {
    let report = screen.known.advice.as_ref()?.outcome.as_ref().ok()?;
    Some(AdviseReport {
        source: report.source.clone(),
        snapshot: report.snapshot.clone(),
        advice: report.advice.clone(),
        redundant: report.redundant.clone(),
        method: report.method.clone(),
        candidates: report.candidates,
        questions: report.questions,
        notes: report.notes.clone(),
    })
}

fn statements_sql(screen: &BrowseScreen) -> String {
    let snapshot = &screen.known.snapshot;
    let statements = screen.rows.listed.iter();
    statements
        .map(|&i| {
            let statement = &snapshot.statements[screen.rows.all[i as usize].place];
            format!("-- name: {}\n{};\n\n", open::name_of(statement), sql_text(&statement.text))
        })
        .collect()
}

/// A statement without its last semicolon.
pub fn sql_text(text: &str) -> &str {
    text.trim().trim_end_matches(';')
}

/// What mends a finding, as comments: a file that is run by mistake must do nothing.
pub fn finding_sql(finding: &Finding, engine: Engine) -> String {
    let title = finding.title.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = format!("-- {title} [{}]\n", finding.rule);
    for remedy in &finding.remedies {
        let sql = remedy.sql(engine).unwrap_or_else(|| remedy.describe());
        for line in sql.lines() {
            text.push_str(&format!("--   {line}\n"));
        }
    }
    text + "\n"
}

/// The statement that makes an index, and as a comment the one that undoes it.
pub fn advice_sql(advice: &Advice, engine: Engine) -> String {
    let undo = ddl::drop_index_online(engine, &advice.index).replace('\n', " ");
    format!(
        "-- proof: {}\n{};\n-- undo: {undo};\n\n",
        advice.proof.name(),
        ddl::create_index_online(engine, &advice.index)
    )
}

/// A finding as a text: what, and what to do.
pub fn finding_text(finding: &Finding, engine: Engine) -> String {
    let mut text = format!("{} [{}]\n", finding.title, finding.rule);
    for remedy in &finding.remedies {
        text.push_str(&format!("{}\n", remedy.describe()));
        if let Some(sql) = remedy.sql(engine) {
            text.push_str(&format!("{sql};\n"));
        }
    }
    text
}

fn copied(text: String, what: &str) -> Vec<Effect> {
    vec![Effect::Copy { text, what: what.to_owned() }]
}

/// What is under the cursor.
pub fn copy(screen: &BrowseScreen) -> Vec<Effect> {
    let engine = screen.known.snapshot.target.engine;
    let nothing = || vec![Effect::Say(Notice::info("nothing is selected"))];
    match screen.view {
        View::Statements => {
            screen.statement().map_or_else(nothing, |s| copied(s.text.clone(), "the statement"))
        }
        View::Findings => {
            let finding = screen.finding();
            finding.map_or_else(nothing, |f| copied(finding_text(f, engine), "the finding"))
        }
        View::Advice => {
            let advice = screen.advice();
            advice.map_or_else(nothing, |a| copied(advice_sql(a, engine), "the index"))
        }
    }
}

/// The SQL that mends what is under the cursor.
pub fn copy_remedy(screen: &BrowseScreen) -> Vec<Effect> {
    let engine = screen.known.snapshot.target.engine;
    let of_finding = |f: &Finding| f.remedies.iter().find_map(|remedy| remedy.sql(engine));
    let sql = match screen.view {
        View::Statements => screen.statement().and_then(|statement| {
            let mut findings = screen.known.findings_of(statement.fingerprint);
            findings.find_map(|(_, finding)| of_finding(finding))
        }),
        View::Findings => screen.finding().and_then(of_finding),
        View::Advice => {
            screen.advice().map(|advice| ddl::create_index_online(engine, &advice.index))
        }
    };
    match sql {
        Some(sql) => {
            let what = cut(&sql.split_whitespace().collect::<Vec<_>>().join(" "), 60);
            copied(format!("{sql};"), &what)
        }
        None => vec![Effect::Say(Notice::info("no SQL is known that mends this"))],
    }
}

//! What the formats for builds share: the differences that matter, each with its place in a file.

use crate::compare::{self, Compared};
use crate::report::{DiffReport, Report};
use crate::safe::visible;
use planscope_explain::diff::Verdict;

/// How much a difference matters to a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Somebody has allowed it.
    Allowed,
    /// Worth a look; the build goes on.
    Warning,
    /// The build fails on it.
    Error,
}

/// A difference that a build shows.
pub(super) struct Issue {
    /// What of `--fail-on` it is, or `not-comparable`.
    pub rule: &'static str,
    /// How much it matters.
    pub level: Level,
    /// The statement's name.
    pub statement: String,
    /// One line.
    pub title: String,
    /// Reason, causes and advice, a line each.
    pub message: String,
    /// File, from the repository's root, and line of the statement.
    pub place: Option<(String, u32)>,
    /// The same for the same problem in the next run.
    pub key: String,
    /// Why it is allowed.
    pub allowed: Option<String>,
}

/// The comparison in a report. Other reports have no such formats.
pub(super) fn comparison(report: &Report) -> Option<&DiffReport> {
    match report {
        Report::Diff(report) => Some(report),
        _ => None,
    }
}

/// Everything that a build shows, in the order of the statements.
pub(super) fn issues(report: &DiffReport) -> Vec<Issue> {
    let mut issues = Vec::new();
    for statement in compare::all(report) {
        let failures = statement.ruling.failures.iter();
        issues.extend(failures.map(|failure| {
            let text = statement.failure_text(failure);
            issue(&statement, failure.rule, Level::Error, &text)
        }));
        for (failure, by) in &statement.ruling.allowed {
            let allow = report.gate.allows.get(*by);
            let why = allow.map(|a| format!("{} (until {}, {})", a.reason, a.expires, a.place));
            let text = statement.failure_text(failure);
            issues.push(Issue {
                allowed: why.map(|why| visible(&why)),
                ..issue(&statement, failure.rule, Level::Allowed, &text)
            });
        }
        let is_quiet = !statement.ruling.fails() && statement.ruling.allowed.is_empty();
        let rule = match statement.verdict {
            Verdict::Worse => "worse",
            Verdict::NotComparable if !statement.is_left_open() => "not-comparable",
            _ => continue,
        };
        if is_quiet {
            issues.push(issue(&statement, rule, Level::Warning, &statement.reason));
        }
    }
    issues
}

fn issue(statement: &Compared<'_>, rule: &'static str, level: Level, text: &str) -> Issue {
    let label = one_line(&statement.label());
    let fingerprint = statement.fingerprint.map(|print| print.to_string()).unwrap_or_default();
    let place = statement.source.map(|source| (slashes(&source.file), source.line.max(1)));
    let mut lines = vec![text.to_owned()];
    if *text != statement.reason {
        lines.push(statement.reason.clone());
    }
    lines.extend(statement.causes.iter().map(|cause| format!("why: {}", cause.text)));
    lines.extend(statement.advice.iter().map(|advised| {
        let sql = advised.remedy.sql(statement.engine);
        format!("undo: {}", sql.unwrap_or_else(|| advised.remedy.describe()))
    }));
    Issue {
        rule,
        level,
        title: visible(&format!("{label}: {rule}")),
        statement: visible(&label),
        message: visible(&lines.join("\n")),
        place: place.map(|(file, line)| (visible(&one_line(&file)), line)),
        key: format!(
            "{label}/{fingerprint}/{rule}/{}",
            if level == Level::Error { text } else { "" }
        ),
        allowed: None,
    }
}

/// A name without line feeds: it stands in places that have one line.
pub(super) fn one_line(text: &str) -> String {
    text.replace(['\n', '\r', '\t'], " ")
}

/// A path as it is named from the root of a repository.
fn slashes(file: &str) -> String {
    let file = file.replace('\\', "/");
    file.strip_prefix("./").map(str::to_owned).unwrap_or(file)
}

/// What a rule is about, in a sentence.
pub(super) fn description(rule: &str) -> String {
    match rule {
        "worse" => "The statement does more work, or costs more, than before.".to_owned(),
        "changed" => "The statement has another plan than before.".to_owned(),
        "not-comparable" => "Neither plans nor calls of the statement can be compared.".to_owned(),
        "new-seq-scan" => {
            "A table that is not small is read from end to end, and was not before.".to_owned()
        }
        kind => format!("The plan changed: {}.", kind.replace('-', " ")),
    }
}

/// A comparison with everything that a hostile name can try, for the formats' own tests.
#[cfg(test)]
pub(super) mod testing;

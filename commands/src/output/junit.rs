//! `junit`: a test a statement, for everything that reads test reports.
//!
//! The elements and attributes are those that both the schema of Jenkins' xUnit plugin and GitLab
//! know, so the file and the line stand in the text of a failure.

use super::ci::{self, Issue, Level};
use super::{Output, Style};
use crate::compare::{self, Compared};
use crate::error::Result;
use crate::report::{DiffReport, Report};
use crate::safe::{escaped_markup, visible};
use planscope_explain::diff::Verdict;

pub(super) static OUTPUT: Output =
    Output { name: "junit", machine_readable: true, only_for: &["diff"], render };

fn render(report: &Report, _style: &Style) -> Result<Vec<u8>> {
    let text = ci::comparison(report).map(suites).unwrap_or_default();
    Ok(text.into_bytes())
}

fn suites(report: &DiffReport) -> String {
    let issues = ci::issues(report);
    let statements = compare::all(report);
    let mut cases = String::new();
    let (mut failures, mut skipped) = (0, 0);
    for statement in &statements {
        let label = visible(&ci::one_line(&statement.label()));
        let errors: Vec<&Issue> =
            of(&issues, &label).filter(|issue| issue.level == Level::Error).collect();
        let content = if !errors.is_empty() {
            failures += 1;
            failure(&errors)
        } else if let Some(why) = reason_to_skip(statement, of(&issues, &label)) {
            skipped += 1;
            format!("      <skipped message=\"{}\"/>\n", attribute(&why))
        } else {
            String::new()
        };
        let name = attribute(&label);
        cases.push_str(&match content.is_empty() {
            true => format!("    <testcase name=\"{name}\" classname=\"planscope\" time=\"0\"/>\n"),
            false => format!(
                "    <testcase name=\"{name}\" classname=\"planscope\" time=\"0\">\n{content}    </testcase>\n"
            ),
        });
    }
    let [before, after] = &report.sources;
    let name = attribute(&visible(&format!("{before} and {after}")));
    let tests = statements.len();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"planscope\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" time=\"0\">\n  \
         <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" \
         skipped=\"{skipped}\" time=\"0\">\n{cases}  </testsuite>\n</testsuites>\n"
    )
}

fn of<'a>(issues: &'a [Issue], label: &'a str) -> impl Iterator<Item = &'a Issue> {
    issues.iter().filter(move |issue| issue.statement == label)
}

/// One failure a test: several elements are more than some readers take.
fn failure(errors: &[&Issue]) -> String {
    let rules: Vec<&str> = errors.iter().map(|issue| issue.rule).collect();
    let mut text = String::new();
    for issue in errors {
        if let Some((file, line)) = &issue.place {
            text.push_str(&format!("{file}:{line}: "));
        }
        text.push_str(&format!("{}\n", issue.message));
    }
    let first = errors.first().map_or("", |issue| issue.message.lines().next().unwrap_or_default());
    format!(
        "      <failure type=\"{}\" message=\"{}\">{}</failure>\n",
        attribute(&rules.join(",")),
        attribute(first),
        escape(&text)
    )
}

fn reason_to_skip<'a>(
    statement: &Compared<'_>,
    mut issues: impl Iterator<Item = &'a Issue>,
) -> Option<String> {
    let issue = issues.next();
    match (statement.verdict, issue) {
        (Verdict::NotComparable, Some(issue)) => Some(format!("not comparable: {}", issue.message)),
        (Verdict::NotComparable, None) => {
            Some(format!("not comparable: {}", visible(&statement.reason)))
        }
        (_, Some(issue)) if issue.level == Level::Allowed => {
            Some(format!("allowed: {}", issue.allowed.as_deref().unwrap_or_default()))
        }
        _ => None,
    }
}

/// Text as XML. What XML 1.0 has no character for is replaced.
fn escape(text: &str) -> String {
    let fit = |c: char| match c {
        '\t' | '\n' => c,
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    escaped_markup(&text.chars().map(fit).collect::<String>())
}

/// As [`escape`], for an attribute, in which a line feed would become a blank.
fn attribute(text: &str) -> String {
    escape(text).replace('\n', "&#10;").replace('\t', "&#9;")
}

#[cfg(test)]
mod tests {
    use super::super::ci::testing::{EVIL, rendered};
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_place() {
        let text = rendered(&OUTPUT);
        assert!(text.contains("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""), "{text}");
        assert!(
            !text.contains("<script>") && !text.contains('\u{1b}') && !text.contains('\u{ffff}')
        );
        assert_eq!(text.matches("</failure>").count(), 1, "{text}");
        assert_eq!(text.matches("<testcase ").count(), 3);
        assert_eq!(escape("a<b>&\"\u{0}"), "a&lt;b&gt;&amp;&quot;\u{fffd}");
        assert!(!attribute(EVIL).contains('\n'));
    }
}

//! `gitlab`: a code quality report, which GitLab shows in the merge request.

use super::ci::{self, Issue, Level};
use super::json::internal;
use super::{Output, Style};
use crate::error::Result;
use crate::report::Report;
use crate::safe::escaped_json;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) static OUTPUT: Output =
    Output { name: "gitlab", machine_readable: true, only_for: &["diff"], render };

/// What GitLab shows where a statement came from no file: the report needs a path.
const NO_FILE: &str = "planscope.toml";

/// What is allowed is left out: GitLab has no word for it.
fn render(report: &Report, _style: &Style) -> Result<Vec<u8>> {
    let issues = ci::comparison(report).map(ci::issues).unwrap_or_default();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let shown = issues.iter().filter(|issue| issue.level != Level::Allowed);
    let list: Vec<Value> = shown.map(|issue| entry(issue, &mut seen)).collect();
    let text = serde_json::to_string_pretty(&list).map_err(internal)?;
    Ok((escaped_json(&text) + "\n").into_bytes())
}

fn entry(issue: &Issue, seen: &mut BTreeMap<String, usize>) -> Value {
    let (file, line) = issue.place.clone().unwrap_or_else(|| (NO_FILE.to_owned(), 1));
    let severity = match issue.level {
        Level::Error => "major",
        Level::Warning | Level::Allowed => "minor",
    };
    // GitLab merges entries of one fingerprint.
    let number = seen.entry(issue.key.clone()).and_modify(|n| *n += 1).or_insert(0);
    json!({
        "description": format!("{}: {}", issue.title, issue.message.replace('\n', "; ")),
        "check_name": format!("planscope/{}", issue.rule),
        "fingerprint": super::ci_key(&format!("{}/{number}", issue.key)),
        "severity": severity,
        "location": { "path": file, "lines": { "begin": line } },
    })
}

#[cfg(test)]
mod tests {
    use super::super::ci::testing::rendered;
    use super::*;

    #[test]
    fn every_entry_has_what_gitlab_asks_for() {
        let text = rendered(&OUTPUT);
        let entries: Vec<Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(entries.len(), 2, "{text}");
        for entry in &entries {
            assert!(entry["description"].is_string() && entry["check_name"].is_string());
            let severities = ["info", "minor", "major", "critical", "blocker"];
            assert!(severities.contains(&entry["severity"].as_str().unwrap()));
            assert!(entry["location"]["path"].is_string());
            assert_eq!(entry["location"]["lines"]["begin"], 7);
        }
        assert_ne!(entries[0]["fingerprint"], entries[1]["fingerprint"]);
    }
}

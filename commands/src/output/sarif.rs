//! `sarif`: SARIF 2.1.0 (OASIS), which code scanning shows at the line of the statement.

use super::ci::{self, Issue, Level};
use super::json::internal;
use super::{Output, Style};
use crate::error::Result;
use crate::report::Report;
use crate::safe::escaped_json;
use serde_json::{Value, json};

pub(super) static OUTPUT: Output =
    Output { name: "sarif", machine_readable: true, only_for: &["diff"], render };

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

fn render(report: &Report, _style: &Style) -> Result<Vec<u8>> {
    let issues = ci::comparison(report).map(ci::issues).unwrap_or_default();
    let mut rules: Vec<&str> = issues.iter().map(|issue| issue.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let results: Vec<Value> = issues.iter().map(|issue| result(issue, &rules)).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "planscope",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|name| rule(name)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                "%SRCROOT%": { "description": { "text": "The root of the repository." } }
            },
            "results": results,
        }]
    });
    let text = serde_json::to_string_pretty(&document).map_err(internal)?;
    Ok((escaped_json(&text) + "\n").into_bytes())
}

fn rule(name: &str) -> Value {
    let description = ci::description(name);
    json!({
        "id": format!("planscope/{name}"),
        "name": name,
        "shortDescription": { "text": description },
        "help": { "text": format!("{description} `planscope diff` shows the plans.") },
        "defaultConfiguration": { "level": "error" },
    })
}

fn result(issue: &Issue, rules: &[&str]) -> Value {
    let level = match issue.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Allowed => "note",
    };
    let mut result = json!({
        "ruleId": format!("planscope/{}", issue.rule),
        "ruleIndex": rules.iter().position(|rule| *rule == issue.rule),
        "level": level,
        "message": { "text": format!("{}: {}", issue.statement, issue.message) },
        "partialFingerprints": { "planscope/v1": super::ci_key(&issue.key) },
    });
    if let Some((file, line)) = &issue.place {
        result["locations"] = json!([{ "physicalLocation": {
            "artifactLocation": { "uri": uri(file), "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": line },
        }}]);
    }
    if let Some(why) = &issue.allowed {
        result["suppressions"] = json!([{ "kind": "external", "justification": why }]);
    }
    result
}

/// A path as a relative reference: every byte that has a meaning in a URI is escaped.
fn uri(file: &str) -> String {
    let mut out = String::with_capacity(file.len());
    for byte in file.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b'~' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::ci::testing::rendered;
    use super::*;

    #[test]
    fn results_have_rules_places_and_suppressions() {
        let text = rendered(&OUTPUT);
        let document: Value = serde_json::from_str(&text).unwrap();
        let run = &document["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 4, "{text}");
        for result in results {
            let rule =
                &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
            assert_eq!(rule["id"], result["ruleId"]);
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["region"]["startLine"], 7);
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            assert!(
                uri.starts_with("sql/") && uri.is_ascii() && !uri.contains(['<', ' ', '"', ':']),
                "{uri}"
            );
        }
        let allowed = results.iter().filter(|result| result["suppressions"].is_array()).count();
        assert_eq!(allowed, 2);
        assert!(!text.contains('\u{202e}'));
    }

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("sql/größe #1.sql"), "sql/gr%C3%B6%C3%9Fe%20%231.sql");
    }
}

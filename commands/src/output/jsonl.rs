//! `jsonl`: the document of `json`, one line a record. Every line is a document of the same schema
//! with one record in its list, so whatever reads the one reads the other.

use super::json::{internal, value};
use super::{Output, Style};
use crate::error::Result;
use crate::report::Report;
use crate::safe::escaped_json;
use serde_json::Value;

pub(super) static OUTPUT: Output =
    Output { name: "jsonl", machine_readable: true, only_for: &[], render };

fn render(report: &Report, _style: &Style) -> Result<Vec<u8>> {
    let mut text = String::new();
    for line in lines(value(report)?, records(report)) {
        text.push_str(&escaped_json(&serde_json::to_string(&line).map_err(internal)?));
        text.push('\n');
    }
    Ok(text.into_bytes())
}

/// The list whose items are the records; a collection is one record.
fn records(report: &Report) -> Option<&'static str> {
    match report {
        Report::Explain(_) => Some("plans"),
        // Every line would repeat all findings.
        Report::Collect(_) | Report::Browse(_) => None,
        Report::Analyze(_) => Some("findings"),
        Report::Advise(_) => Some("advice"),
        Report::Diff(_) => Some("statements"),
        Report::Baseline(_) => Some("files"),
        Report::Doctor(_) => Some("checks"),
        Report::Rules(_) => Some("rules"),
        Report::Fleet(_) => Some("targets"),
        Report::DryRun(_) => Some("sent"),
        Report::Snapshots(_) => Some("snapshots"),
    }
}

/// A document a record. Without records it is one line: what else the document says is not lost.
fn lines(mut document: Value, records: Option<&str>) -> Vec<Value> {
    let list = records.and_then(|name| document.get_mut(name)).map(Value::take);
    let (Some(name), Some(Value::Array(items))) = (records, list) else { return vec![document] };
    document[name] = Value::Array(Vec::new());
    if items.is_empty() {
        return vec![document];
    }
    let line = |item: Value| {
        let mut line = document.clone();
        line[name] = Value::Array(vec![item]);
        line
    };
    items.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_line_is_a_document_with_one_record() {
        let document = json!({"schema": "s", "plans": [{"a": 1}, {"a": 2}], "more": 3});
        let expected = [
            json!({"schema": "s", "plans": [{"a": 1}], "more": 3}),
            json!({"schema": "s", "plans": [{"a": 2}], "more": 3}),
        ];
        assert_eq!(lines(document, Some("plans")), expected);
        let none = json!({"plans": []});
        assert_eq!(lines(none.clone(), Some("plans")), std::slice::from_ref(&none));
        assert_eq!(lines(none.clone(), None), [none]);
    }
}

//! `canonical`: the shape of the plans, for version control: no costs, no times, no literals.

use super::{Output, Style};
use crate::error::Result;
use crate::report::Report;
use crate::safe::visible;
use planscope_explain::plan::canonical;

pub(super) static OUTPUT: Output =
    Output { name: "canonical", machine_readable: false, only_for: &["explain"], render };

/// The canonical texts, a blank line between them: nothing in it says where a plan came from, so
/// that equal plans make equal files.
fn render(report: &Report, _style: &Style) -> Result<Vec<u8>> {
    let texts: Vec<String> = match report {
        Report::Explain(report) => {
            report.plans.iter().map(|shown| visible(&canonical(&shown.plan))).collect()
        }
        _ => Vec::new(),
    };
    Ok(texts.join("\n").into_bytes())
}

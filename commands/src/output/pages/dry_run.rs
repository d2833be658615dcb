//! What a collection would send, as a script that can be read and reviewed.

use crate::output::document::{Block, Document, Span, dim, plain};
use crate::report::{DryRunReport, counted};
use planscope_collection::guard::Sent;

/// The document of a dry run.
pub fn document(report: &DryRunReport) -> Document {
    let mut document = Document::default();
    let count = counted(report.sent.len(), "message", "messages");
    document.heading(format!("{} · {count} would be sent, none was", report.target));
    let mut lines: Vec<Vec<Span>> = Vec::new();
    for sent in &report.sent {
        match sent {
            Sent::Act(act) => lines.push(vec![dim(format!("-- {act}"))]),
            Sent::Text(text) => {
                lines.push(Vec::new());
                lines.extend(text.trim_end().lines().map(|line| vec![plain(line.to_owned())]));
            }
        }
    }
    document.blocks.push(Block::Lines { language: "sql", lines });
    document
}

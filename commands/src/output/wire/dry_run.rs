//! `planscope.dry-run/1`: what a collection would send.

use crate::report::DryRunReport;
use planscope_collection::guard::Sent;
use schemars::JsonSchema;
use serde::Serialize;

/// `planscope.dry-run/1`: what a collection would send, in order; nothing was sent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DryRunDoc {
    /// `planscope.dry-run/1`.
    pub schema: String,
    /// The target, without its password.
    pub target: String,
    /// What would be sent.
    pub sent: Vec<SentDoc>,
}

/// Something that would be sent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SentDoc {
    /// A statement or command, as it would be sent.
    pub text: Option<String>,
    /// Something that is no text: opening a connection, cancelling.
    pub act: Option<String>,
}

/// The document of a dry run.
pub fn dry_run(report: &DryRunReport) -> DryRunDoc {
    let sent = report.sent.iter().map(|sent| match sent {
        Sent::Text(text) => SentDoc { text: Some(text.clone()), act: None },
        Sent::Act(act) => SentDoc { text: None, act: Some(act.clone()) },
    });
    DryRunDoc {
        schema: "planscope.dry-run/1".to_owned(),
        target: report.target.clone(),
        sent: sent.collect(),
    }
}

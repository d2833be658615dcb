//! What planning a statement needs beside its normalized text: executed texts hold values, and stay
//! in the session.

use planscope_explain::workload::Fingerprint;
use std::collections::BTreeMap;

/// What is known of a statement that the server told us about.
#[derive(Debug, Clone, Default)]
pub(super) struct Sample {
    /// The schema in which it ran.
    pub schema: Option<String>,
    /// A text that was executed; it may be cut.
    pub text: Option<String>,
    /// The connection that runs it now.
    pub connection: Option<u64>,
}

/// The samples of a session.
#[derive(Debug, Default)]
pub(super) struct Known {
    samples: BTreeMap<Fingerprint, Sample>,
}

impl Known {
    /// Keeps a sample.
    pub fn remember(&mut self, statement: Fingerprint, sample: Sample) {
        self.samples.insert(statement, sample);
    }

    /// The sample of a statement that came from the server.
    pub fn sample(&self, statement: Fingerprint) -> Option<&Sample> {
        self.samples.get(&statement)
    }
}

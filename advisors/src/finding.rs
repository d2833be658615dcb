//! A finding: a rule's pattern, seen somewhere, with its evidence.

use crate::remedy::Remedy;
pub use planscope_explain::diff::Severity;
use planscope_explain::units::Count;
use planscope_explain::{Fingerprint, NodeId};
use std::cmp::Ordering;

/// A number or a word that supports a finding.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// A figure; its unit is in its name (`rows_read`, `disk_bytes`).
    Number(f64),
    /// A name or a text.
    Text(String),
    /// Several names.
    List(Vec<String>),
}

impl From<f64> for Evidence {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for Evidence {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Evidence {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<String>> for Evidence {
    fn from(value: Vec<String>) -> Self {
        Self::List(value)
    }
}

/// `1 call`, `2 calls`, `12.3k calls`.
pub(crate) fn several(count: f64, one: &str, many: &str) -> String {
    format!("{} {}", Count(count), if count == 1.0 { one } else { many })
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// How much it hurts.
    pub severity: Severity,
    /// How sure the rule is, 0 to 1.
    pub confidence: f64,
    /// What was found, in one sentence with its figures.
    pub title: String,
    /// The statement; `None` for findings about the catalog or the server.
    pub statement: Option<Fingerprint>,
    /// Nodes of the statement's newest plan, the lowest that explains the problem.
    pub nodes: Vec<NodeId>,
    /// Figures and names behind the title.
    pub evidence: Vec<(&'static str, Evidence)>,
    /// Milliseconds that the remedy could save, over all calls in the window.
    pub saving_ms: Option<f64>,
    /// Planner cost that the remedy could save, over all calls; where there is no time.
    pub saving_cost: Option<f64>,
    /// What to do about it, the best first.
    pub remedies: Vec<Remedy>,
}

impl Finding {
    /// A finding of `rule`, without place, evidence or remedy.
    pub fn new(rule: &'static str, severity: Severity, title: impl Into<String>) -> Self {
        Self {
            rule,
            severity,
            confidence: 0.9,
            title: title.into(),
            statement: None,
            nodes: Vec::new(),
            evidence: Vec::new(),
            saving_ms: None,
            saving_cost: None,
            remedies: Vec::new(),
        }
    }

    /// Adds evidence.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Evidence>) -> Self {
        self.evidence.push((name, value.into()));
        self
    }

    /// The evidence of that name, when it is a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.evidence.iter().find(|(n, _)| *n == name).and_then(|(_, value)| match value {
            Evidence::Number(number) => Some(*number),
            _ => None,
        })
    }

    /// What saves most time first, then most cost, then by severity and name.
    pub(crate) fn by_importance(&self, other: &Self) -> Ordering {
        let most_first = |f: fn(&Self) -> Option<f64>| {
            f(other).unwrap_or(0.0).total_cmp(&f(self).unwrap_or(0.0))
        };
        most_first(|f| f.saving_ms)
            .then_with(|| most_first(|f| f.saving_cost))
            .then_with(|| other.severity.cmp(&self.severity))
            .then_with(|| self.rule.cmp(other.rule))
            .then_with(|| self.title.cmp(&other.title))
    }
}

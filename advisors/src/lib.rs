//! The conclusions of planscope: rules that find what is wrong, index selection and advice.
//!
//! This crate is pure: it takes a snapshot and gives values. It does no IO, has no clock and no
//! async. What only a server can answer, the selector asks as a question and takes as an answer.

#![deny(missing_docs)]

pub mod advice;
pub mod context;
pub mod finding;
pub mod index;
pub mod remedy;
pub mod rule;
pub mod rules;
pub mod suppress;
#[cfg(test)]
mod testing;

pub use advice::{Advice, Proof};
pub use context::{Context, Thresholds};
pub use finding::{Evidence, Finding};
pub use remedy::Remedy;
pub use rule::Rule;
pub use suppress::Suppression;

use planscope_explain::Snapshot;

/// Everything the rules find in `snapshot`, what could save most first.
pub fn analyze(snapshot: &Snapshot, thresholds: &Thresholds) -> Vec<Finding> {
    let context = Context::new(snapshot, thresholds);
    let mut findings: Vec<Finding> = rules::ALL
        .iter()
        .filter(|rule| rule.engines.contains(&snapshot.target.engine))
        .flat_map(|rule| (rule.check)(&context))
        .collect();
    findings.sort_by(Finding::by_importance);
    findings
}

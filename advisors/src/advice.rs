//! Advice: a remedy with its expected and, where possible, proven effect.

use planscope_explain::Fingerprint;
use planscope_explain::workload::Index;

/// How the effect of an advice is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// By planscope's own cost model, from statistics.
    Estimated,
    /// The planner was asked with the index pretended.
    Hypothetical,
    /// The index was built and the statements were run.
    Measured,
}

impl Proof {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Estimated => "estimated",
            Self::Hypothetical => "hypothetical",
            Self::Measured => "measured",
        }
    }
}

/// The effect on one statement, in the planner's cost of one call.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The statement.
    pub fingerprint: Fingerprint,
    /// Cost without the advice.
    pub before: f64,
    /// Cost with it.
    pub after: f64,
    /// Milliseconds that all calls together could save; `None` without times.
    pub saving_ms: Option<f64>,
}

/// An index to make.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// The index.
    pub index: Index,
    /// How its effect is known.
    pub proof: Proof,
    /// Estimated size in bytes.
    pub size_bytes: Option<f64>,
    /// Cost of the statements it touches without it, weighted by calls.
    pub cost_before: f64,
    /// The same with it.
    pub cost_after: f64,
    /// Milliseconds that all calls together could save; `None` without times.
    pub saving_ms: Option<f64>,
    /// The statements it touches, what it helps most first.
    pub statements: Vec<Effect>,
    /// What to know before pasting it.
    pub notes: Vec<String>,
}

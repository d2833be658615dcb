//! Raw plans without their literals.

use super::redact;
use crate::engine::Engine;

/// The raw text of a plan with its literals replaced; `None` when the format is not known here or
/// the text is not what its format says: then it cannot be kept.
pub fn redact_raw(raw: &str, format: &str, engine: Engine) -> Option<String> {
    let _ = (raw, format, engine, redact);
    None
}

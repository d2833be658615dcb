//! Stub.

use super::{Format, FormatError, Reading, shortened};
use crate::engine::Engine;

pub(super) static FORMAT: Format =
    Format { name: "sqlite-query-plan", engine: Engine::Sqlite, summary: "", detect: |_| 0, parse };

fn parse(text: &str) -> Result<Vec<Reading>, FormatError> {
    Err(FormatError::Unknown { found: shortened(text) })
}

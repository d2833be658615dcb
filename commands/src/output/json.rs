//! `json`: one document, stable, with its schema's name first.

use super::wire;
use super::{Output, Style};
use crate::error::{CommandError, CommandErrorKind, Result};
use crate::report::Report;
use crate::safe::escaped_json;
use serde_json::Value;

pub(super) static OUTPUT: Output =
    Output { name: "json", machine_readable: true, only_for: &[], render };

fn render(report: &Report, _style: &Style) -> Result<Vec<u8>> {
    let text = wire::to_text(report).map_err(internal)?;
    Ok((escaped_json(&text) + "\n").into_bytes())
}

/// The document as a value.
pub(super) fn value(report: &Report) -> Result<Value> {
    wire::to_value(report).map_err(internal)
}

pub(super) fn internal(error: serde_json::Error) -> CommandError {
    CommandError::new(CommandErrorKind::Internal, error.to_string())
}

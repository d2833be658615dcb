//! `json`: one document, stable, with its schema's name first.

use super::wire;
use super::{Output, Style};
use crate::error::{CommandError, CommandErrorKind, Result};
use crate::report::Report;
use crate::safe::escaped_json;

pub(super) static OUTPUT: Output = Output { name: "json", machine_readable: true, render };

fn render(report: &Report, _style: &Style) -> Result<Vec<u8>> {
    let text = wire::to_text(report)
        .map_err(|error| CommandError::new(CommandErrorKind::Internal, error.to_string()))?;
    Ok((escaped_json(&text) + "\n").into_bytes())
}

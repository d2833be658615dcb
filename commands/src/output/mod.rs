//! The output formats. A new one costs its file and two lines here.

pub mod document;
mod json;
mod markdown;
mod pages;
mod text;
mod tree;
pub mod wire;

use crate::error::Result;
use crate::report::Report;
use clap::builder::PossibleValuesParser;

/// Every output, `text` first because it is the default.
pub static ALL: &[&Output] = &[&text::OUTPUT, &json::OUTPUT, &markdown::OUTPUT];

/// An output format.
pub struct Output {
    /// The name on the command line.
    pub name: &'static str,
    /// Whether programs read it: errors are then written as JSON too.
    pub machine_readable: bool,
    /// Renders a report.
    pub render: fn(&Report, &Style) -> Result<Vec<u8>>,
}

/// How text is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns.
    pub width: usize,
    /// Whether to colour.
    pub color: bool,
    /// Whether to draw with ASCII only.
    pub ascii: bool,
}

/// The output of that name.
pub fn by_name(name: &str) -> Option<&'static Output> {
    ALL.iter().find(|output| output.name == name).copied()
}

/// The names, for the command line.
pub fn format_names() -> PossibleValuesParser {
    PossibleValuesParser::new(ALL.iter().map(|output| output.name))
}

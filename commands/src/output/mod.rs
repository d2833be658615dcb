//! The output formats. A new one costs its file and two lines here.

mod canonical;
mod ci;
pub mod document;
mod github;
mod gitlab;
mod html;
mod json;
mod jsonl;
mod junit;
mod markdown;
pub mod node;
pub mod pages;
mod sarif;
mod table;
mod text;
mod tree;
pub mod wire;

pub use text::{ascii, wrap_all};

use crate::error::{CommandError, Result};
use crate::report::{Report, cut};
use clap::builder::PossibleValuesParser;

/// Every output, `text` first because it is the default.
pub static ALL: &[&Output] = &[
    &text::OUTPUT,
    &table::OUTPUT,
    &json::OUTPUT,
    &jsonl::OUTPUT,
    &markdown::OUTPUT,
    &html::OUTPUT,
    &canonical::OUTPUT,
    &junit::OUTPUT,
    &sarif::OUTPUT,
    &github::OUTPUT,
    &gitlab::OUTPUT,
];

/// An output format.
pub struct Output {
    /// The name on the command line.
    pub name: &'static str,
    /// Whether programs read it: errors are then written as JSON too.
    pub machine_readable: bool,
    /// The subcommands that can be printed so; empty where all can.
    pub only_for: &'static [&'static str],
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

impl Output {
    /// Whether programs read it, or the log of a build: what people should know goes to stderr then.
    pub fn is_for_builds(&self) -> bool {
        self.machine_readable || self.only_for == ["diff"]
    }
}

impl Style {
    /// `text` in the characters that may be drawn, so that it is measured as it is shown.
    pub fn text(&self, text: &str) -> String {
        if self.ascii { text::ascii(text) } else { text.to_owned() }
    }

    /// `text` cut to `most` columns, with an ellipsis.
    pub fn cut(&self, text: &str, most: usize) -> String {
        if !self.ascii {
            return cut(text, most);
        }
        let text = self.text(text);
        match text.len() > most {
            true => format!("{:.*}...", most.saturating_sub(3), text),
            false => text,
        }
    }

    /// Columns beside `taken` for a text that [`cut`] shortens: its ellipsis takes three in ASCII.
    pub fn room(&self, taken: usize) -> usize {
        self.width.saturating_sub(taken + if self.ascii { 2 } else { 0 })
    }
}

/// The output of that name.
pub fn by_name(name: &str) -> Option<&'static Output> {
    ALL.iter().find(|output| output.name == name).copied()
}

/// Refuses a format that does not suit the subcommand, before any work is done.
pub fn check(output: &Output, command: &str) -> Result<()> {
    let suits = |o: &Output| o.only_for.is_empty() || o.only_for.contains(&command);
    if suits(output) {
        return Ok(());
    }
    let others = ALL.iter().filter(|o| suits(o)).map(|o| o.name).collect::<Vec<_>>();
    let name = output.name;
    Err(CommandError::usage(format!("`planscope {command}` has no --format {name}")).hint(format!(
        "it has {}; --format {name} is for `planscope {}`",
        others.join(", "),
        output.only_for.join("`, `planscope ")
    )))
}

/// A key as 16 hexadecimal digits: the same text is the same key in every run and release.
fn ci_key(text: &str) -> String {
    planscope_explain::workload::fingerprint::hash(text)
}

/// The names, for the command line.
pub fn format_names() -> PossibleValuesParser {
    PossibleValuesParser::new(ALL.iter().map(|output| output.name))
}

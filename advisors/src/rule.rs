//! A rule: one pattern of trouble, recognised in a snapshot.

use crate::context::Context;
use crate::finding::Finding;
use planscope_explain::Engine;

/// A rule. Its documentation is the product's manual: `planscope rules NAME` prints it.
#[derive(Debug)]
pub struct Rule {
    /// The pattern's name, e.g. `filter-without-index`; never the remedy's.
    pub name: &'static str,
    /// One line for lists.
    pub summary: &'static str,
    /// What area it belongs to.
    pub category: Category,
    /// Engines whose snapshots it understands.
    pub engines: &'static [Engine],
    /// The manual page, in Markdown, with the headings of [`HEADINGS`].
    pub docs: &'static str,
    /// The file that holds it.
    pub file: &'static str,
    /// Looks for the pattern.
    pub check: fn(&Context<'_>) -> Vec<Finding>,
}

/// The headings that every rule's manual page has, in this order.
pub const HEADINGS: [&str; 5] =
    ["What it does", "Why it matters", "Example", "Remedy and its risk", "References"];

/// The area a rule belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// How rows are reached.
    AccessPath,
    /// The planner's row estimates.
    RowEstimates,
    /// Memory and disk of sorts, hashes and aggregates.
    Memory,
    /// The statement's text.
    StatementText,
    /// Tables, indexes and the server.
    Catalog,
}

impl Category {
    /// Words for lists.
    pub fn label(self) -> &'static str {
        match self {
            Self::AccessPath => "access path",
            Self::RowEstimates => "row estimates",
            Self::Memory => "memory and disk",
            Self::StatementText => "statement text",
            Self::Catalog => "catalog and server",
        }
    }
}

/// Declares a rule whose doc comment is kept as its manual page.
macro_rules! declare_rule {
    (
        $(#[doc = $doc:literal])+
        $visibility:vis static $static:ident = {
            name: $name:literal,
            summary: $summary:literal,
            category: $category:ident,
            engines: $engines:expr,
            check: $check:expr $(,)?
        };
    ) => {
        $(#[doc = $doc])+
        $visibility static $static: $crate::rule::Rule = $crate::rule::Rule {
            name: $name,
            summary: $summary,
            category: $crate::rule::Category::$category,
            engines: $engines,
            docs: concat!($($doc, "\n"),+),
            file: file!(),
            check: $check,
        };
    };
}
pub(crate) use declare_rule;

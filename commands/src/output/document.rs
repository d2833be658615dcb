//! A document for people: blocks of text that `text` and `markdown` draw each in its own way.

use crate::safe::visible;

/// A document.
#[derive(Debug, Default)]
pub struct Document {
    /// The blocks, from top to bottom.
    pub blocks: Vec<Block>,
}

/// A block of a document.
#[derive(Debug)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// A paragraph, wrapped to the width.
    Paragraph(Vec<Span>),
    /// Items, each a paragraph with a marker.
    List(Vec<Item>),
    /// Lines as they are: trees, SQL.
    Lines {
        /// What the lines are, for Markdown's fence: `sql`, `text`.
        language: &'static str,
        /// The lines.
        lines: Vec<Vec<Span>>,
    },
    /// Lines as they are, folded away where the output can: a difference, two plans.
    Folded {
        /// What the lines are.
        summary: String,
        /// The lines.
        lines: Vec<Vec<Span>>,
    },
    /// A table.
    Table {
        /// Column heads; a head that starts with `>` is of a column aligned right.
        head: Vec<&'static str>,
        /// Rows of cells.
        rows: Vec<Vec<String>>,
    },
    /// Text that is Markdown already.
    Markdown(String),
}

/// An item of a list.
#[derive(Debug)]
pub struct Item {
    /// The marker: `1.`, `high`, `✓`.
    pub marker: String,
    /// How the marker is toned.
    pub tone: Tone,
    /// The text.
    pub text: String,
    /// Lines below it, indented: details, SQL.
    pub details: Vec<Vec<Span>>,
}

/// A piece of text in one tone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The text.
    pub text: String,
    /// Its tone.
    pub tone: Tone,
}

/// What a text means; a theme turns it into colour. Meaning is never in the tone alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary.
    Plain,
    /// Less important.
    Dim,
    /// More important.
    Strong,
    /// Good.
    Good,
    /// Warm: 10 % or more, a warning.
    Warm,
    /// Hot: 40 % or more, bad.
    Hot,
    /// Burning: 90 % or more.
    Burning,
    /// SQL, names to type.
    Code,
}

impl Span {
    /// A span.
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

/// A plain span.
pub fn plain(text: impl Into<String>) -> Span {
    Span::new(text, Tone::Plain)
}

/// A dim span.
pub fn dim(text: impl Into<String>) -> Span {
    Span::new(text, Tone::Dim)
}

impl Document {
    /// Adds a heading.
    pub fn heading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading(text.into()));
    }

    /// Adds a plain paragraph.
    pub fn paragraph(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph(vec![plain(text)]));
    }

    /// Adds a paragraph in a tone.
    pub fn toned(&mut self, text: impl Into<String>, tone: Tone) {
        self.blocks.push(Block::Paragraph(vec![Span::new(text, tone)]));
    }

    /// Adds a list, unless it is empty.
    pub fn list(&mut self, items: Vec<Item>) {
        if !items.is_empty() {
            self.blocks.push(Block::List(items));
        }
    }

    /// Replaces what a terminal would obey in every text that is not our own.
    pub fn make_safe(&mut self) {
        self.rewrite(visible);
    }

    /// Replaces every text but the heads of tables, which are our own, and Markdown.
    pub fn rewrite(&mut self, new: impl Fn(&str) -> String) {
        let safe = |text: &mut String| *text = new(text);
        let safe_lines = |lines: &mut Vec<Vec<Span>>| {
            lines.iter_mut().flatten().for_each(|span| safe(&mut span.text));
        };
        for block in &mut self.blocks {
            match block {
                Block::Heading(text) => safe(text),
                Block::Paragraph(spans) => spans.iter_mut().for_each(|s| safe(&mut s.text)),
                Block::List(items) => {
                    for item in items {
                        safe(&mut item.marker);
                        safe(&mut item.text);
                        safe_lines(&mut item.details);
                    }
                }
                Block::Lines { lines, .. } => safe_lines(lines),
                Block::Folded { summary, lines } => {
                    safe(summary);
                    safe_lines(lines);
                }
                Block::Table { rows, .. } => rows.iter_mut().flatten().for_each(safe),
                // The manual pages of the rules.
                Block::Markdown(_) => {}
            }
        }
    }

    /// Adds lines of SQL.
    pub fn sql(&mut self, lines: impl IntoIterator<Item = String>) {
        let lines = lines.into_iter().map(|line| vec![Span::new(line, Tone::Code)]).collect();
        self.blocks.push(Block::Lines { language: "sql", lines });
    }
}

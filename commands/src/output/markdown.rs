//! `markdown`: for pull requests, tickets and wikis.

use super::document::{Block, Document, Item, Span};
use super::{Output, Style, pages};
use crate::error::Result;
use crate::report::Report;

pub(super) static OUTPUT: Output = Output { name: "markdown", machine_readable: false, render };

/// Columns of trees inside a fence: what a code block on a wide page holds.
const TREE_WIDTH: usize = 110;

fn render(report: &Report, style: &Style) -> Result<Vec<u8>> {
    let style = Style { width: TREE_WIDTH, color: false, ascii: style.ascii };
    Ok(draw(&pages::document(report, &style)).into_bytes())
}

fn draw(document: &Document) -> String {
    let mut blocks: Vec<String> = Vec::new();
    for block in &document.blocks {
        blocks.push(match block {
            Block::Heading(text) => format!("### {}\n", escape(text)),
            Block::Paragraph(spans) => format!("{}\n", escape(&joined(spans))),
            Block::List(items) => items.iter().map(item).collect(),
            Block::Lines { language, lines } => fence(language, lines),
            Block::Table { head, rows } => table(head, rows),
            Block::Markdown(text) => format!("{}\n", text.trim_end()),
        });
    }
    blocks.join("\n")
}

fn joined(spans: &[Span]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}

fn item(item: &Item) -> String {
    let mut text = format!("- **{}** {}\n", escape(&item.marker), escape(&item.text));
    for detail in &item.details {
        let detail = joined(detail);
        text.push_str(&format!("  - `{}`\n", detail.trim().replace('`', "'")));
    }
    text
}

/// A fence longer than any run of backticks inside.
fn fence(language: &str, lines: &[Vec<Span>]) -> String {
    let body: String = lines.iter().map(|line| joined(line).trim_end().to_owned() + "\n").collect();
    let mut marks = "```".to_owned();
    while body.contains(&marks) {
        marks.push('`');
    }
    format!("{marks}{language}\n{body}{marks}\n")
}

fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head.iter().map(|h| escape(h.trim_start_matches('>'))).collect());
    let rule = |h: &&str| if h.starts_with('>') { "---:" } else { "---" }.to_owned();
    text.push_str(&line(head.iter().map(rule).collect()));
    for row in rows {
        text.push_str(&line(row.iter().map(|cell| escape(cell).replace('\n', " ")).collect()));
    }
    text
}

/// Escapes what Markdown would read as markup.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::document::plain;

    #[test]
    fn fences_hold_backticks() {
        let text = fence("text", &[vec![plain("a ``` b")]]);
        assert!(text.starts_with("````text\n") && text.ends_with("````\n"));
    }

    #[test]
    fn tables_escape_pipes() {
        let text = table(&["a", ">b"], &[vec!["x|y".into(), "1".into()]]);
        assert_eq!(text, "| a | b |\n| --- | ---: |\n| x\\|y | 1 |\n");
    }
}

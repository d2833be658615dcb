//! `markdown`: for pull requests, tickets and wikis.

use super::document::{Block, Document, Item, Span, Tone};
use super::{Output, Style, pages};
use crate::error::Result;
use crate::report::Report;

pub(super) static OUTPUT: Output =
    Output { name: "markdown", machine_readable: false, only_for: &[], render };

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
            Block::Paragraph(spans) => paragraph(spans),
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

/// What a terminal shows in colour stands out here, too.
fn paragraph(spans: &[Span]) -> String {
    let text = escape(joined(spans).trim());
    match tone(spans) {
        Tone::Plain | Tone::Dim | Tone::Code => format!("{text}\n"),
        _ => format!("**{text}**\n"),
    }
}

fn tone(spans: &[Span]) -> Tone {
    spans.first().map_or(Tone::Plain, |span| span.tone)
}

/// Lines of one tone below an item belong together: SQL is a block, a sentence is one again.
fn item(item: &Item) -> String {
    // Blanks beside the asterisks would make them text.
    let marker: Vec<&str> = item.marker.split_whitespace().collect();
    let mut text = format!("- **{}** {}\n", escape(&marker.join(" ")), escape(&item.text));
    for lines in item.details.chunk_by(|a, b| tone(a) == tone(b)) {
        if lines.first().is_some_and(|line| tone(line) == Tone::Code) {
            for line in fence("sql", lines).lines() {
                text.push_str(&format!("  {line}\n"));
            }
        } else {
            let words: Vec<String> = lines.iter().map(|l| joined(l).trim().to_owned()).collect();
            text.push_str(&format!("  - {}\n", escape(&words.join(" "))));
        }
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
    fn items_hold_blocks_of_sql_and_whole_sentences() {
        let code = |text: &str| vec![Span::new(text, Tone::Code)];
        let details = vec![vec![plain("one")], vec![plain("two")], code("CREATE"), code("  x;")];
        let item = Item {
            marker: " 1 high  ".to_owned(),
            tone: Tone::Hot,
            text: "bad".to_owned(),
            details,
        };
        let expected = "- **1 high** bad\n  - one two\n  ```sql\n  CREATE\n    x;\n  ```\n";
        assert_eq!(super::item(&item), expected);
    }

    #[test]
    fn tables_escape_pipes() {
        let text = table(&["a", ">b"], &[vec!["x|y".into(), "1".into()]]);
        assert_eq!(text, "| a | b |\n| --- | ---: |\n| x\\|y | 1 |\n");
    }
}

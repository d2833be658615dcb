//! Any other report as a page: the blocks of its document.

use super::escape;
use crate::output::document::{Block, Document, Item, Span, Tone};

/// Draws a document.
pub(super) fn draw(document: &Document, out: &mut String) {
    for block in &document.blocks {
        match block {
            Block::Heading(text) => out.push_str(&format!("<h2>{}</h2>\n", escape(text))),
            Block::Paragraph(spans) => out.push_str(&format!("<p>{}</p>\n", joined(spans))),
            Block::List(items) => list(items, out),
            Block::Lines { lines, .. } => pre(lines, out),
            Block::Folded { summary, lines } => {
                out.push_str(&format!("<details open><summary>{}</summary>\n", escape(summary)));
                pre(lines, out);
                out.push_str("</details>\n");
            }
            Block::Table { head, rows } => table(head, rows, out),
            Block::Markdown(text) => out.push_str(&format!("<pre>{}</pre>\n", escape(text))),
        }
    }
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain | Tone::Code => "",
        Tone::Dim => "dim",
        Tone::Strong => "strong",
        Tone::Good => "good",
        Tone::Warm => "medium",
        Tone::Hot | Tone::Burning => "high",
    }
}

fn joined(spans: &[Span]) -> String {
    let span = |span: &Span| match class(span.tone) {
        "" => escape(&span.text),
        class => format!("<span class=\"tone {class}\">{}</span>", escape(&span.text)),
    };
    spans.iter().map(span).collect()
}

fn pre(lines: &[Vec<Span>], out: &mut String) {
    let lines: Vec<String> = lines.iter().map(|line| joined(line)).collect();
    out.push_str(&format!("<pre>{}</pre>\n", lines.join("\n")));
}

/// Lines of one tone below an item belong together: SQL is a block, a sentence is one again.
fn list(items: &[Item], out: &mut String) {
    out.push_str("<ul class=\"findings\">\n");
    let tone = |line: &Vec<Span>| line.first().map_or(Tone::Plain, |span| span.tone);
    for item in items {
        let (class, marker) = (class(item.tone), escape(item.marker.trim()));
        let text = escape(&item.text);
        out.push_str(&format!("<li><b class=\"tone {class}\">{marker}</b> {text}"));
        for lines in item.details.chunk_by(|a, b| tone(a) == tone(b)) {
            match lines.first().map(tone) {
                Some(Tone::Code) => pre(lines, out),
                _ => {
                    let words: Vec<String> = lines.iter().map(|line| joined(line)).collect();
                    out.push_str(&format!("<p>{}</p>", words.join(" ")));
                }
            }
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ul>\n");
}

fn table(head: &[&str], rows: &[Vec<String>], out: &mut String) {
    out.push_str("<div class=\"wide\"><table><thead><tr>");
    let number = |name: &str| if name.starts_with('>') { " class=\"number\"" } else { "" };
    for name in head {
        let (class, name) = (number(name), escape(name.trim_start_matches('>')));
        out.push_str(&format!("<th{class}>{name}</th>"));
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for (cell, name) in row.iter().zip(head) {
            out.push_str(&format!("<td{}>{}</td>", number(name), escape(cell)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

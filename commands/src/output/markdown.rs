//! `markdown`: for pull requests, tickets and wikis.

use super::document::{Block, Document, Item, Span, Tone};
use super::{Output, Style, pages};
use crate::error::Result;
use crate::report::Report;

pub(super) static OUTPUT: Output =
    Output { name: "markdown", machine_readable: false, only_for: &[], render };

/// Columns of trees inside a fence: what a code block on a wide page holds.
const TREE_WIDTH: usize = 110;

/// Most bytes of a comment: GitHub takes 65,536 characters.
const MOST_BYTES: usize = 65_000;

fn render(report: &Report, style: &Style) -> Result<Vec<u8>> {
    let style = Style { width: TREE_WIDTH, color: false, ascii: style.ascii };
    let document = pages::document(report, &style);
    let text = match report {
        Report::Diff(_) => draw_within(document, MOST_BYTES),
        _ => draw(&document),
    };
    Ok(text.into_bytes())
}

/// Draws as much as `most` bytes hold: first what is folded goes, from the end, then blocks. What is
/// missing is said.
fn draw_within(mut document: Document, most: usize) -> String {
    let text = draw(&document);
    if text.len() <= most {
        return text;
    }
    let note = |what: &str| format!("**Cut: {what}, because a comment holds {most} bytes.**\n");
    let sizes: Vec<usize> =
        document.blocks.iter().map(|block| draw_block(block).len() + 1).collect();
    let mut size: usize = sizes.iter().sum();
    let room =
        most.saturating_sub(note("00000 plans and 00000 paragraphs were left out").len() + 2);
    let (mut plans, mut others) = (0, 0);
    for i in (0..sizes.len())
        .rev()
        .filter(|i| matches!(document.blocks[*i], Block::Folded { .. }))
        .collect::<Vec<_>>()
    {
        if size <= room {
            break;
        }
        document.blocks.remove(i);
        (size, plans) = (size - sizes[i], plans + 1);
    }
    let mut left: Vec<usize> = document.blocks.iter().map(|b| draw_block(b).len() + 1).collect();
    while size > room
        && let Some(last) = left.pop()
    {
        document.blocks.pop();
        (size, others) = (size - last, others + 1);
    }
    let what = match others {
        0 => format!("{plans} plans were left out"),
        _ => format!("{plans} plans and {others} paragraphs were left out"),
    };
    format!("{}\n{}", draw(&document), note(&what))
}

/// Folded lines: HTML, which is all that Markdown has for it.
fn folded(summary: &str, lines: &[Vec<Span>]) -> String {
    let summary = escape(summary);
    format!("<details><summary>{summary}</summary>\n\n{}\n</details>\n", fence("diff", lines))
}

fn draw(document: &Document) -> String {
    let blocks: Vec<String> = document.blocks.iter().map(draw_block).collect();
    blocks.join("\n")
}

fn draw_block(block: &Block) -> String {
    match block {
        Block::Heading(text) => format!("### {}\n", escape(text)),
        Block::Paragraph(spans) => paragraph(spans),
        Block::List(items) => items.iter().map(item).collect(),
        Block::Lines { language, lines } => fence(language, lines),
        Block::Folded { summary, lines } => folded(summary, lines),
        Block::Table { head, rows } => table(head, rows),
        Block::Markdown(text) => format!("{}\n", text.trim_end()),
    }
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
        // An entity would be read as what it stands for, and `@team` would call a team.
        match c {
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            _ => {}
        }
        if matches!(c, '&' | '@') {
            continue;
        }
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
    fn a_comment_is_cut_and_says_so() {
        let mut document = Document::default();
        for i in 0..200 {
            document.paragraph(format!("statement {i} {}", "x".repeat(100)));
            let lines = vec![vec![plain("y".repeat(80))]; 10];
            document.blocks.push(Block::Folded { summary: format!("plans {i}"), lines });
        }
        let text = draw_within(document, 30_000);
        assert!(text.len() <= 30_000 && text.len() > 28_000, "{}", text.len());
        assert!(text.contains("statement 199") && text.contains("plans were left out"), "{text}");
        let mut document = Document::default();
        (0..500).for_each(|_| document.paragraph("é".repeat(100)));
        let text = draw_within(document, 10_000);
        assert!(
            text.len() <= 10_000 && text.contains("paragraphs were left out"),
            "{}",
            text.len()
        );
    }

    #[test]
    fn names_call_nobody_and_open_no_tags() {
        let text = crate::output::ci::testing::rendered(&OUTPUT);
        let mut fenced = false;
        for line in text.lines() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            } else if !fenced {
                assert!(!line.contains("@team"), "{line}");
                let tags = ["<details><summary>", "</summary>", "</details>"];
                let plain =
                    tags.iter().fold(line.replace("\\<", ""), |text, tag| text.replace(tag, ""));
                assert!(!plain.contains('<'), "{line}");
            }
        }
        assert!(
            !fenced && text.contains("<details><summary>plans before and after</summary>"),
            "{text}"
        );
    }

    #[test]
    fn tables_escape_pipes() {
        let text = table(&["a", ">b"], &[vec!["x|y".into(), "1".into()]]);
        assert_eq!(text, "| a | b |\n| --- | ---: |\n| x\\|y | 1 |\n");
    }
}

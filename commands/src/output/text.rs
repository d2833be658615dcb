//! `text`: for people at a terminal, and for pipes.

use super::document::{Block, Document, Item, Span, Tone};
use super::{Output, Style, pages};
use crate::error::Result;
use crate::report::Report;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub(super) static OUTPUT: Output =
    Output { name: "text", machine_readable: false, only_for: &[], render };

fn render(report: &Report, style: &Style) -> Result<Vec<u8>> {
    Ok(draw(pages::document(report, style), style).into_bytes())
}

/// Draws a document: blocks with a blank line between them, no trailing blanks.
pub fn draw(mut document: Document, style: &Style) -> String {
    if style.ascii {
        // Before lines are broken: `→` takes one column and `->` two.
        document.rewrite(ascii);
    }
    let mut blocks: Vec<String> = Vec::new();
    for block in &document.blocks {
        let mut text = String::new();
        draw_block(block, style, &mut text);
        if !text.is_empty() {
            blocks.push(text);
        }
    }
    let text = blocks.join("\n");
    // The manual pages of the rules, and what replaces a control character.
    if style.ascii { ascii(&text) } else { text }
}

fn draw_block(block: &Block, style: &Style, out: &mut String) {
    match block {
        Block::Heading(text) => {
            for line in wrap(text, style.width) {
                draw_line(&[Span::new(line, Tone::Strong)], style, out);
            }
        }
        Block::Paragraph(spans) => draw_paragraph(spans, style, out),
        Block::List(items) => items.iter().for_each(|item| draw_item(item, style, out)),
        Block::Lines { lines, .. } | Block::Folded { lines, .. } => {
            lines.iter().for_each(|line| draw_line(line, style, out))
        }
        Block::Table { head, rows } => draw_table(head, rows, style, out),
        Block::Markdown(text) => {
            out.push_str(text.trim_end());
            out.push('\n');
        }
    }
}

fn draw_line(spans: &[Span], style: &Style, out: &mut String) {
    spans.iter().for_each(|span| paint(span, style, out));
    let trimmed = out.trim_end_matches(' ').len();
    out.truncate(trimmed);
    out.push('\n');
}

fn draw_paragraph(spans: &[Span], style: &Style, out: &mut String) {
    let text: String = spans.iter().map(|span| span.text.as_str()).collect();
    let tone = spans.first().map_or(Tone::Plain, |span| span.tone);
    for line in wrap(&text, style.width) {
        draw_line(&[Span::new(line, tone)], style, out);
    }
}

fn draw_item(item: &Item, style: &Style, out: &mut String) {
    let indent = item.marker.width() + 2;
    let lines = wrap(&item.text, style.width.saturating_sub(indent).max(20));
    for (i, line) in lines.iter().enumerate() {
        if i == 0 {
            paint(&Span::new(&item.marker, item.tone), style, out);
            out.push_str("  ");
        } else {
            out.push_str(&" ".repeat(indent));
        }
        out.push_str(line);
        out.push('\n');
    }
    for detail in &item.details {
        out.push_str(&" ".repeat(indent));
        draw_line(detail, style, out);
    }
}

fn draw_table(head: &[&str], rows: &[Vec<String>], style: &Style, out: &mut String) {
    let mut table = Table::new();
    table.load_style(comfy_table::TableStyle::new());
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(style.width.min(usize::from(u16::MAX)) as u16);
    table.set_header(head.iter().map(|name| name.trim_start_matches('>')));
    for row in rows {
        table.add_row(row.clone());
    }
    for (i, name) in head.iter().enumerate() {
        if let Some(column) = table.column_mut(i) {
            column.set_padding((0, 2));
            if name.starts_with('>') {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    keep_whole(&mut table, style.width);
    for line in table.to_string().lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// Lets the widest column wrap and no other: numbers and names broken in two cannot be read.
fn keep_whole(table: &mut Table, width: usize) {
    let widths = table.column_max_content_widths();
    let Some(widest) = (0..widths.len()).max_by_key(|&i| widths[i]) else { return };
    let others = |i: &usize| *i != widest;
    let taken: usize = (0..widths.len()).filter(others).map(|i| usize::from(widths[i]) + 2).sum();
    if taken + 16 > width {
        return;
    }
    for i in (0..widths.len()).filter(others) {
        if let Some(column) = table.column_mut(i) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

/// Breaks `text` at blanks into lines of at most `width` characters; a longer word stays whole.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let len = word.width();
        if used > 0 && used + 1 + len > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += len;
    }
    lines.push(line);
    lines
}

/// As [`wrap`], but a longer word is broken as well, after punctuation where there is some: JSON and
/// generated SQL have no blanks.
pub fn wrap_all(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in wrap(text, width) {
        let mut rest = line.as_str();
        while rest.width() > width {
            let (line, after) = rest.split_at(break_at(rest, width));
            lines.push(line.to_owned());
            rest = after;
        }
        if !rest.is_empty() || lines.is_empty() {
            lines.push(rest.to_owned());
        }
    }
    lines
}

/// Where to break `text`, in bytes: within `width` columns, and after the last punctuation in their
/// second half.
fn break_at(text: &str, width: usize) -> usize {
    let (mut used, mut end, mut good) = (0, 0, None);
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width && end > 0 {
            break;
        }
        end = at + c.len_utf8();
        if used > width / 2 && matches!(c, ',' | ';' | ':' | '.' | ')' | ']' | '}' | '/') {
            good = Some(end);
        }
    }
    good.unwrap_or(end)
}

/// Control characters in a name or a text must not reach the terminal as commands.
fn paint(span: &Span, style: &Style, out: &mut String) {
    let safe: String =
        span.text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let code = match span.tone {
        _ if !style.color => "",
        Tone::Plain => "",
        Tone::Dim => "2",
        Tone::Strong => "1",
        Tone::Good => "32",
        Tone::Warm => "33",
        Tone::Hot => "31",
        Tone::Burning => "1;31",
        Tone::Code => "36",
    };
    if code.is_empty() {
        out.push_str(&safe);
    } else {
        out.push_str(&format!("\x1b[{code}m{safe}\x1b[0m"));
    }
}

/// Replaces what is not ASCII by what is.
pub fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_ascii() => out.push(c),
            '├' | '└' => out.push('+'),
            '─' => out.push('-'),
            '│' => out.push('|'),
            '█' | '▉' | '▊' | '▋' | '▌' => out.push('#'),
            '▍' | '▎' | '▏' => out.push('='),
            '×' => out.push('x'),
            '→' => out.push_str("->"),
            '↑' => out.push('^'),
            '↓' => out.push('v'),
            '≥' => out.push_str(">="),
            '…' => out.push_str("..."),
            'µ' => out.push('u'),
            '÷' => out.push('/'),
            '·' => out.push('-'),
            '◀' => out.push('<'),
            '✓' => out.push_str("ok"),
            '–' | '—' => out.push('-'),
            _ => out.push('?'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_wraps_at_blanks() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("unbreakable", 4), ["unbreakable"]);
        assert_eq!(wrap("", 4), [""]);
        // Chinese characters take two columns each.
        assert_eq!(wrap("顧客 注文", 5), ["顧客", "注文"]);
        assert_eq!(crate::report::cut("顧客注文", 5), "顧客…");
    }

    #[test]
    fn words_without_blanks_break_after_punctuation() {
        assert_eq!(wrap_all("a {\"bc\":1,\"d\":2}", 9), ["a", "{\"bc\":1,", "\"d\":2}"]);
        assert_eq!(wrap_all("unbreakable", 4), ["unbr", "eaka", "ble"]);
        assert_eq!(wrap_all("顧客注文", 5), ["顧客", "注文"]);
        // Wider than a column by itself: it still goes on.
        assert_eq!(wrap_all("顧客", 1), ["顧", "客"]);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let mut out = String::new();
        let style = Style { width: 80, color: false, ascii: false };
        paint(&Span::new("a\x1b[2Jb", Tone::Plain), &style, &mut out);
        assert_eq!(out, "a\u{fffd}[2Jb");
    }
}

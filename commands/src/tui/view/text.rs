//! Text for screens: runs of one paint, lines of runs, and how they get into a buffer.

use crate::output::wrap_all;
use crate::tui::theme::{Look, Paint};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

/// A piece of text in one paint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The text.
    pub text: String,
    /// What it means.
    pub paint: Paint,
}

/// A line of runs.
pub type Line = Vec<Run>;

/// A run.
pub fn run(text: impl Into<String>, paint: Paint) -> Run {
    Run { text: text.into(), paint }
}

/// A plain run.
pub fn plain(text: impl Into<String>) -> Run {
    run(text, Paint::Plain)
}

/// A dim run.
pub fn dim(text: impl Into<String>) -> Run {
    run(text, Paint::Dim)
}

/// Columns of a line.
pub fn width(line: &[Run]) -> usize {
    line.iter().map(|run| run.text.width()).sum()
}

/// The text of a line.
pub fn text_of(line: &[Run]) -> String {
    line.iter().map(|run| run.text.as_str()).collect()
}

/// `text` in lines of at most `columns`, all of one paint.
pub fn wrapped(text: &str, paint: Paint, columns: usize) -> Vec<Line> {
    wrap_all(text, columns.max(1)).into_iter().map(|line| vec![run(line, paint)]).collect()
}

/// Draws a line at `x`, `y`, at most `columns` wide; gives the column behind it. What is cut off ends
/// with an ellipsis.
pub fn put(
    buffer: &mut Buffer,
    look: &Look,
    (x, y): (u16, u16),
    columns: u16,
    line: &[Run],
) -> u16 {
    let end = x.saturating_add(columns).min(buffer.area.right());
    if y >= buffer.area.bottom() || y < buffer.area.top() {
        return x;
    }
    let mut at = x;
    for run in line {
        let room = end.saturating_sub(at);
        if room == 0 {
            break;
        }
        let style = look.style(run.paint);
        (at, _) = buffer.set_stringn(at, y, &run.text, room.into(), style);
    }
    if width(line) > usize::from(end.saturating_sub(x)) && end > x {
        buffer[(end - 1, y)].set_symbol("…");
    }
    at
}

/// Draws a line so that it ends before the column `end`.
pub fn put_right(buffer: &mut Buffer, look: &Look, (end, y): (u16, u16), line: &[Run]) -> u16 {
    let columns = width(line).min(usize::from(end)) as u16;
    let x = end - columns;
    put(buffer, look, (x, y), columns, line);
    x
}

/// Fills a row of cells with a style; their text stays.
pub fn shade(buffer: &mut Buffer, area: Rect, style: Style) {
    buffer.set_style(area.intersection(buffer.area), style);
}

/// Empties an area.
pub fn clear(buffer: &mut Buffer, area: Rect) {
    let area = area.intersection(buffer.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            buffer[(x, y)].reset();
        }
    }
}

/// A horizontal bar of eighths of a cell: `share` of `cells`.
pub fn bar(share: f64, cells: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * (cells * 8) as f64).round() as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

/// A scroll bar in the column `x`, where there is more than fits.
pub fn scroll_bar(buffer: &mut Buffer, look: &Look, area: Rect, top: usize, of: usize) {
    let shown = usize::from(area.height);
    if of <= shown || area.width == 0 || shown == 0 {
        return;
    }
    let length = (shown * shown / of).clamp(1, shown);
    let from = (top * (shown - length)).div_ceil((of - shown).max(1)).min(shown - length);
    let x = area.right() - 1;
    for y in (area.top()..area.bottom()).skip(from).take(length) {
        buffer.set_string(x, y, "┃", look.style(Paint::Border));
    }
}

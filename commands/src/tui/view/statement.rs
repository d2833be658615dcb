//! A statement's page: its lines at the left, its text at the right where there is room.

use super::text::{put, run, scroll_bar, shade};
use crate::tui::screen::Page;
use crate::tui::statement::StatementScreen;
use crate::tui::statement::page::{self, Layout};
use crate::tui::theme::Paint;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws the screen.
pub fn draw(screen: &StatementScreen, page: &Page<'_>, buffer: &mut Buffer) {
    let layout = Layout::of(page);
    let (look, area) = (page.look, layout.main);
    let rows = page::rows(screen, page);
    let list = &screen.list;
    let shown = list.shown(area.height.into());
    for (line, y) in shown.zip(area.top()..area.bottom()) {
        let Some((text, link)) = rows.get(line) else { continue };
        let room = area.width.saturating_sub(3);
        put(buffer, look, (area.x + 2, y), room, text);
        let is_here = line == list.cursor();
        if link.is_some() {
            let pointer = if is_here { "▸" } else { "›" };
            put(buffer, look, (area.x, y), 1, &[run(pointer, Paint::Strong)]);
        }
        if is_here {
            let paint = if screen.in_text { Paint::SelectedElsewhere } else { Paint::Selected };
            shade(buffer, Rect { y, height: 1, ..area }, look.style(paint));
        }
    }
    scroll_bar(buffer, look, area, list.top(), rows.len());
    text(screen, page, layout.text, buffer);
}

fn text(screen: &StatementScreen, page: &Page<'_>, area: Rect, buffer: &mut Buffer) {
    if area.width == 0 {
        return;
    }
    let look = page.look;
    let line = if screen.in_text { "┃" } else { "│" };
    for y in area.top()..area.bottom() {
        put(buffer, look, (area.x - 2, y), 1, &[run(line, Paint::Border)]);
    }
    put(buffer, look, (area.x, area.y), area.width, &[run("Statement", Paint::Title)]);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let lines = page::text(screen, usize::from(area.width.saturating_sub(1)).max(20));
    for (line, y) in lines.iter().skip(screen.text_top).zip(body.top()..body.bottom()) {
        put(buffer, look, (body.x, y), body.width.saturating_sub(1), line);
    }
    scroll_bar(buffer, look, body, screen.text_top, lines.len());
}

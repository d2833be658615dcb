//! The plan view: tabs, minimap, tree or flame graph, details or statement.

mod detail;
mod flame;
pub mod icons;
mod minimap;
mod sql;
mod tabs;
mod tree;

use super::text::{Line, put, run, scroll_bar, text_of};
use crate::tui::plan::layout::Layout;
use crate::tui::plan::{PlansScreen, Side};
use crate::tui::screen::Page;
use crate::tui::theme::{Look, Paint};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub use sql::is_keyword;
pub use sql::painted;
pub use tabs::{at as tab_at, name as tab_name};

/// Draws the screen.
pub fn draw(screen: &PlansScreen, page: &Page<'_>, buffer: &mut Buffer) {
    let layout = Layout::of(screen, page);
    tabs::draw(screen, page, layout.tabs, buffer);
    minimap::draw(screen.plan(), page, layout.minimap, buffer);
    if layout.main.height > 0 {
        match screen.plan().is_flame {
            true => flame::draw(screen, page, &layout, buffer),
            false => tree::draw(screen, page, &layout, buffer),
        }
    }
    for y in layout.divider.top()..layout.divider.bottom() {
        let line = if screen.in_side { "┃" } else { "│" };
        buffer.set_string(layout.divider.x, y, line, page.look.style(Paint::Border));
    }
    side(screen, page, layout.side, buffer);
    detail::peek(screen, page, layout.peek, buffer);
}

fn side(screen: &PlansScreen, page: &Page<'_>, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let lines = side_lines(screen, page);
    let top = screen.plan().side_top;
    for (line, y) in lines.iter().skip(top).zip(area.top()..area.bottom()) {
        put(buffer, page.look, (area.x, y), area.width.saturating_sub(1), line);
    }
    scroll_bar(buffer, page.look, area, top, lines.len());
}

/// The lines of the second pane as it is laid out now.
fn side_lines(screen: &PlansScreen, page: &Page<'_>) -> Vec<Line> {
    let columns = usize::from(Layout::of(screen, page).side.width.saturating_sub(1)).max(20);
    match screen.side {
        Side::Sql => sql::lines(screen.plan(), columns),
        Side::Detail | Side::Hidden => detail::lines(screen, columns),
    }
}

/// The last first line of the second pane: the one that shows its end.
pub fn last_side_top(screen: &PlansScreen, page: &Page<'_>) -> usize {
    let height = usize::from(Layout::of(screen, page).side.height);
    if height == 0 {
        return 0;
    }
    side_lines(screen, page).len().saturating_sub(height)
}

/// The first line of the statement's pane that shows what the node serves.
pub fn mark_top(screen: &PlansScreen, page: &Page<'_>) -> usize {
    let is_marked = |line: &Line| line.iter().any(|run| run.paint == Paint::Mark);
    side_lines(screen, page).iter().position(is_marked).unwrap_or(0).saturating_sub(3)
}

/// The details as text, for the clipboard.
pub fn detail_text(screen: &PlansScreen) -> String {
    let lines = detail::lines(screen, 100);
    lines.iter().map(|line| text_of(line).trim_end().to_owned() + "\n").collect()
}

/// The signs of the tree, and the icons.
pub fn legend(look: &Look) -> Vec<(String, &'static str)> {
    let sign = |text: &str| text.to_owned();
    let mut legend = vec![
        (sign("5→90 ↑18×"), "rows estimated and actual, over all loops; 18 times more came"),
        (sign("⟳20"), "it ran twenty times"),
        (sign("~5"), "estimated only: the plan was not run"),
        (sign("◀"), "the hottest node"),
        (sign("!1"), "the number of a finding about it"),
        (sign("+12"), "so many nodes are folded away"),
        (sign("…37"), "its level: too deep to be indented"),
    ];
    let icon = |icon: &icons::Icon| if look.ascii { icon.letter } else { icon.symbol };
    legend.extend(icons::ALL.iter().map(|(i, meaning)| (icon(i).to_owned(), *meaning)));
    legend
}

/// A heading of a group.
fn heading(text: &str) -> Line {
    vec![run(text, Paint::Title)]
}

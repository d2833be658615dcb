//! The plans' names in one line, where there are several.

use crate::tui::plan::{PlanState, PlansScreen};
use crate::tui::screen::Page;
use crate::tui::theme::Paint;
use crate::tui::view::text::{put, run, shade};
use planscope_explain::units::Millis;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// What a plan is called: its root and how long it took.
pub fn name(state: &PlanState) -> String {
    let root = state.plan().root();
    let what = root.relation.as_ref().map_or(root.label.clone(), |r| format!("{} {r}", root.label));
    let what = crate::report::cut(&what, 24);
    match state.plan().elapsed_ms() {
        Some(ms) => format!("{what} {}", Millis(ms)),
        None => what,
    }
}

/// The tabs that fit, the shown one among them: number, first column, width.
fn fitting(screen: &PlansScreen, area: Rect) -> Vec<(usize, u16, u16, String)> {
    let label = |i: usize| format!(" {} {} ", i + 1, name(&screen.plans[i]));
    let widths = |from: usize| {
        let mut x = area.x + u16::from(from > 0) * 2;
        let mut tabs = Vec::new();
        for i in from..screen.plans.len() {
            let text = label(i);
            let width = text.width() as u16;
            if x + width > area.right().saturating_sub(2) && i > from {
                break;
            }
            tabs.push((i, x, width.min(area.right().saturating_sub(x)), text));
            x += width;
        }
        tabs
    };
    // As few as possible are left out at the left.
    let current = screen.current;
    let first = (current.saturating_sub(16)..=current)
        .find(|&from| widths(from).iter().any(|(i, ..)| *i == current))
        .unwrap_or(current);
    widths(first)
}

/// Draws them.
pub fn draw(screen: &PlansScreen, page: &Page<'_>, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let tabs = fitting(screen, area);
    if tabs.first().is_some_and(|(i, ..)| *i > 0) {
        put(buffer, page.look, (area.x, area.y), 1, &[run("‹", Paint::Dim)]);
    }
    for (i, x, width, text) in &tabs {
        let is_current = *i == screen.current;
        let paint = if is_current { Paint::Strong } else { Paint::Dim };
        let text = if is_current { format!("[{}]", text.trim()) } else { text.clone() };
        put(buffer, page.look, (*x, area.y), *width, &[run(text, paint)]);
        if is_current {
            shade(buffer, Rect::new(*x, area.y, *width, 1), page.look.style(Paint::Selected));
        }
    }
    if tabs.last().is_some_and(|(i, ..)| i + 1 < screen.plans.len()) {
        let more = [run("›", Paint::Dim)];
        put(buffer, page.look, (area.right() - 1, area.y), 1, &more);
    }
}

/// The plan whose name is at that column.
pub fn at(screen: &PlansScreen, area: Rect, x: u16) -> Option<usize> {
    let hit = |(_, from, width, _): &(usize, u16, u16, String)| (*from..from + width).contains(&x);
    fitting(screen, area).iter().find(|tab| hit(tab)).map(|(i, ..)| *i)
}

//! Where the parts of a comparison are: the same for drawing, scrolling and the mouse.

use super::CompareScreen;
use crate::tui::screen::Page;
use ratatui::layout::Rect;

/// The parts. What is not shown has no cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Layout {
    /// The verdict.
    pub verdict: Rect,
    /// Column heads.
    pub head: Rect,
    /// The rows.
    pub main: Rect,
    /// The line above the details.
    pub rule: Rect,
    /// What is known of the change under the cursor.
    pub detail: Rect,
}

impl Layout {
    /// The layout of a screen.
    pub fn of(screen: &CompareScreen, page: &Page<'_>) -> Self {
        let all = page.area;
        let verdict = Rect { height: 1, ..all };
        let head = Rect { y: all.y + 1, height: 1, ..all };
        let mut main = Rect { y: all.y + 2, height: all.height.saturating_sub(2), ..all };
        let (mut rule, mut detail) = (Rect::default(), Rect::default());
        let rows = (main.height / 3).min(10);
        if screen.detail && rows >= 2 {
            main.height -= rows + 1;
            rule = Rect { y: main.bottom(), height: 1, ..all };
            detail = Rect { y: rule.bottom(), height: rows, ..all };
        }
        Self { verdict, head, main, rule, detail }
    }
}

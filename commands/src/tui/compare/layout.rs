//! Where the parts of a comparison are: the same for drawing, scrolling and the mouse.

use super::CompareScreen;
use crate::tui::screen::{Page, take_rows};
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
        let (all, mut main) = (page.area, page.area);
        let [verdict, head] = [1, 1].map(|rows| take_rows(&mut main, rows));
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

//! Where the parts of the plan view are: the same for drawing, scrolling and the mouse.

use super::{PlansScreen, Side};
use crate::tui::screen::{Page, take_rows};
use ratatui::layout::Rect;

/// The parts. What is not shown has no cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Layout {
    /// The plans' names, where there are several.
    pub tabs: Rect,
    /// The icicle of the whole plan.
    pub minimap: Rect,
    /// Column heads of the tree.
    pub head: Rect,
    /// The tree or the flame graph.
    pub main: Rect,
    /// The line between the panes.
    pub divider: Rect,
    /// Details or statement.
    pub side: Rect,
    /// A few lines about the node where there is no room for a second pane.
    pub peek: Rect,
}

/// Fewest rows in which a few lines about the node leave enough of the tree.
const LEAST_FOR_PEEK: u16 = 16;
/// Its rows, the line above it included.
const PEEK: u16 = 5;

impl Layout {
    /// The layout of a screen.
    pub fn of(screen: &PlansScreen, page: &Page<'_>) -> Self {
        let mut rest = page.area;
        let mut take = |rows| take_rows(&mut rest, rows);
        let tabs = take(u16::from(screen.plans.len() > 1));
        let minimap = take(1);
        let head = take(1);
        let mut layout = Self { tabs, minimap, head, main: rest, ..Self::default() };
        if page.is_narrow() {
            layout.one_pane(screen);
        } else if screen.side != Side::Hidden {
            layout.two_panes();
        }
        layout
    }

    /// One pane at a time; below the plan a few lines about the node.
    fn one_pane(&mut self, screen: &PlansScreen) {
        if screen.in_side {
            // The statement and the details need every row.
            let top = self.head.y;
            self.side = Rect { y: top, height: self.main.bottom() - top, ..self.main };
            self.head.height = 0;
            self.main.height = 0;
        } else if self.main.height >= LEAST_FOR_PEEK && screen.side != Side::Hidden {
            self.main.height -= PEEK;
            self.peek = Rect { y: self.main.bottom(), height: PEEK, ..self.main };
        }
    }

    fn two_panes(&mut self) {
        let all = self.main;
        // Facts need forty columns; beyond that the tree, whose titles are long, gets two thirds.
        let left = all.width - (all.width * 7 / 20).max(41);
        self.main.width = left;
        self.head.width = left;
        let y = self.head.y;
        let height = all.bottom() - y;
        self.divider = Rect { x: all.x + left, y, width: 1, height };
        self.side = Rect { x: all.x + left + 2, y, width: all.width - left - 2, height };
    }
}

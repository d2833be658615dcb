//! Where the parts of the lists are: the same for drawing, scrolling and the mouse.

use super::BrowseScreen;
use crate::tui::screen::{Page, take_rows};
use ratatui::layout::Rect;

/// The parts. What is not shown has no cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Layout {
    /// The names of the lists.
    pub tabs: Rect,
    /// How the watched database does.
    pub live: Rect,
    /// Column heads.
    pub head: Rect,
    /// The list.
    pub main: Rect,
    /// The line above the details.
    pub rule: Rect,
    /// Details of the selected row.
    pub detail: Rect,
}

impl Layout {
    /// The layout of a screen.
    pub fn of(screen: &BrowseScreen, page: &Page<'_>) -> Self {
        let mut rest = page.area;
        let mut take = |rows| take_rows(&mut rest, rows);
        let tabs = take(1);
        let is_lost = screen.live.as_ref().is_some_and(|live| live.trouble().is_some());
        let live = take(u16::from(screen.live.is_some()) + u16::from(is_lost));
        let head = take(1);
        let mut layout = Self { tabs, live, head, main: rest, ..Self::default() };
        if screen.shows_detail(page) {
            layout.split(screen.detail_room());
        }
        layout
    }

    fn split(&mut self, room: Room) {
        let all = self.main;
        let rows = (all.height / room.part).min(room.most);
        if all.height < room.least || rows < 2 {
            return;
        }
        self.main.height = all.height - rows - 1;
        self.rule = Rect { y: self.main.bottom(), height: 1, ..all };
        self.detail = Rect { y: self.rule.bottom(), height: rows, ..all };
    }
}

/// How much room the details of a list have.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// One part of so many.
    pub part: u16,
    /// Most rows.
    pub most: u16,
    /// Fewest rows of list and details together; with less there are no details.
    pub least: u16,
}

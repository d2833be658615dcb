//! A list that scrolls: its cursor, and the first row shown.

use super::message::Action;
use std::ops::Range;

/// Rows kept visible above and below the cursor, where there are some.
const MARGIN: usize = 2;

/// The state of a list; what its rows are is the owner's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    len: usize,
    cursor: usize,
    top: usize,
}

impl List {
    /// The row of the cursor; 0 in an empty list.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The first row shown.
    pub fn top(&self) -> usize {
        self.top
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The list has that many rows now; the cursor stays where it can.
    pub fn resize(&mut self, len: usize) {
        self.len = len;
        self.go_to(self.cursor);
    }

    /// Moves the cursor to a row, at most to the last.
    pub fn go_to(&mut self, row: usize) {
        self.cursor = row.min(self.len.saturating_sub(1));
    }

    /// Moves as an action says; whether it is one that moves.
    pub fn act(&mut self, action: Action, height: usize) -> bool {
        let page = height.saturating_sub(1).max(1) as isize;
        let by = match action {
            Action::Down => 1,
            Action::Up => -1,
            Action::PageDown => page,
            Action::PageUp => -page,
            Action::HalfDown => (page / 2).max(1),
            Action::HalfUp => -(page / 2).max(1),
            Action::First => isize::MIN / 2,
            Action::Last => isize::MAX / 2,
            _ => return false,
        };
        let to = self.cursor as isize + by;
        self.go_to(usize::try_from(to).unwrap_or(0));
        self.scroll(height);
        true
    }

    /// Scrolls so that the cursor is among `height` rows.
    pub fn scroll(&mut self, height: usize) {
        let height = height.max(1);
        let margin = MARGIN.min((height - 1) / 2);
        let last = self.len.saturating_sub(height);
        let (cursor, margin) = (self.cursor, margin);
        let lowest = (cursor + margin + 1).saturating_sub(height);
        self.top = self.top.clamp(lowest.min(last), cursor.saturating_sub(margin).max(lowest));
        self.top = self.top.min(last);
    }

    /// Scrolls by rows, as a wheel does; the cursor goes along where it must.
    pub fn wheel(&mut self, rows: isize, height: usize) {
        let height = height.max(1);
        let last = self.len.saturating_sub(height);
        self.top = self.top.saturating_add_signed(rows).min(last);
        let margin = MARGIN.min((height - 1) / 2);
        let first = if self.top == 0 { 0 } else { self.top + margin };
        let end = if self.top == last { self.len } else { self.top + height - margin };
        self.go_to(self.cursor.clamp(first, end.saturating_sub(1).max(first)));
    }

    /// The rows that are shown on `height` lines.
    pub fn shown(&self, height: usize) -> Range<usize> {
        self.top..(self.top + height).min(self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hundred() -> List {
        List { len: 100, ..List::default() }
    }

    #[test]
    fn the_cursor_stays_in_the_list_and_on_the_screen() {
        let mut list = hundred();
        for action in [Action::Last, Action::PageUp, Action::HalfDown, Action::Up, Action::First] {
            assert!(list.act(action, 10));
            assert!(list.shown(10).contains(&list.cursor()), "{action:?} {list:?}");
        }
        assert!(!list.act(Action::Open, 10));
        list.act(Action::Last, 10);
        assert_eq!((list.cursor(), list.top()), (99, 90));
        list.resize(5);
        list.scroll(10);
        assert_eq!((list.cursor(), list.top(), list.shown(10)), (4, 0, 0..5));
        list.resize(0);
        assert!(list.act(Action::Down, 10) && list.cursor() == 0 && list.shown(10).is_empty());
    }

    #[test]
    fn the_wheel_takes_the_cursor_along_only_where_it_must() {
        let mut list = hundred();
        list.go_to(5);
        list.wheel(3, 10);
        assert_eq!((list.top(), list.cursor()), (3, 5));
        list.wheel(30, 10);
        assert!(list.shown(10).contains(&list.cursor()));
        list.wheel(-100, 10);
        assert_eq!(list.top(), 0);
        for height in 0..4 {
            list.wheel(1, height);
            list.scroll(height);
        }
    }
}

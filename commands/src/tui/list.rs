//! What scrolls: a list with its cursor and the first row shown, and a text, which has no cursor.

use super::message::Action;
use std::ops::Range;

/// Rows that a turn of the wheel moves.
pub const WHEEL: isize = 3;

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

/// The first row shown of a text after an action: `top` is that before it, `height` how many rows are
/// shown, `last` the top of the last page. [`None`] when it is no action that scrolls.
pub fn scrolled(top: usize, action: Action, height: usize, last: usize) -> Option<usize> {
    // A row of the page before is left, to go on reading from.
    let page = height.saturating_sub(1).max(1);
    let to = match action {
        Action::Down => top + 1,
        Action::Up => top.saturating_sub(1),
        Action::PageDown => top + page,
        Action::PageUp => top.saturating_sub(page),
        Action::HalfDown => top + (height / 2).max(1),
        Action::HalfUp => top.saturating_sub((height / 2).max(1)),
        Action::First => 0,
        Action::Last => last,
        _ => return None,
    };
    Some(to.min(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_scrolls_from_its_first_page_to_its_last() {
        let mut top = 0;
        let mut after = |action| {
            top = scrolled(top, action, 10, 25).unwrap();
            top
        };
        assert_eq!([Action::Down, Action::PageDown, Action::HalfDown].map(&mut after), [1, 10, 15]);
        assert_eq!([Action::Last, Action::PageDown, Action::Up].map(&mut after), [25, 25, 24]);
        assert_eq!([Action::PageUp, Action::HalfUp, Action::First].map(&mut after), [15, 10, 0]);
        assert_eq!(after(Action::PageUp), 0);
        assert_eq!(scrolled(3, Action::Open, 10, 25), None);
        // However small it is, a page leads on.
        assert_eq!(scrolled(3, Action::PageDown, 0, 25), Some(4));
    }

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

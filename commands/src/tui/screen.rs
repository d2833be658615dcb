//! What a view is: it has keys, acts on them, and draws itself into the room it is given.

use super::keymap::KeyTable;
use super::message::{Action, Ask, Effect, Mouse, News, Typing};
use super::theme::Look;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The room of a screen, and how it is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Its cells; never smaller than 40×10.
    pub area: Rect,
    /// Colours and characters.
    pub look: &'a Look,
}

impl Page<'_> {
    /// Below 100 columns panes do not stand side by side.
    pub fn is_narrow(&self) -> bool {
        self.area.width < 100
    }
}

/// Cuts rows off the top of `rest`, as far as there are any.
pub fn take_rows(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    let part = Rect { height: rows, ..*rest };
    rest.y += rows;
    rest.height -= rows;
    part
}

/// A view with its state. `act`, `mouse`, `typed` and `receive` are its update: they change the state
/// and say what else is to be done. They do nothing else; no screen touches terminal, files or clock.
pub trait Screen {
    /// Where we are, for the top line: `plan.json`, `statement 3f2a…`.
    fn title(&self) -> String;

    /// What is worth knowing at the right of the top line.
    fn facts(&self) -> String {
        String::new()
    }

    /// It is shown for the first time: what is to be found out beside the screen.
    fn begin(&mut self) -> Vec<Effect> {
        Vec::new()
    }

    /// Its key tables, the most special first. The tables for everywhere are added behind them.
    fn keys(&self) -> Vec<&'static KeyTable>;

    /// Signs that it draws, and what they mean; shown below the keys in the help.
    fn legend(&self, _look: &Look) -> Vec<(String, &'static str)> {
        Vec::new()
    }

    /// Does what a key means. Actions it does not know give [`None`], so that they may mean something
    /// to the program.
    fn act(&mut self, action: Action, page: &Page<'_>) -> Option<Vec<Effect>>;

    /// The mouse.
    fn mouse(&mut self, _mouse: Mouse, _page: &Page<'_>) -> Vec<Effect> {
        Vec::new()
    }

    /// The text in a prompt that this screen opened.
    fn typed(&mut self, _ask: Ask, _text: &str, _typing: Typing, _page: &Page<'_>) -> Vec<Effect> {
        Vec::new()
    }

    /// What a background task found out; [`Err`] gives it back when it is for another screen.
    fn receive(&mut self, news: News, _page: &Page<'_>) -> Result<Vec<Effect>, News> {
        Err(news)
    }

    /// The room changed: what is selected must stay visible.
    fn resized(&mut self, _page: &Page<'_>) {}

    /// Draws it.
    fn draw(&self, page: &Page<'_>, buffer: &mut Buffer);
}

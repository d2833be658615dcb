//! The whole state: a stack of screens, an overlay, a notice.

use super::keymap::{EVERYWHERE, KeyTable, MOVING};
use super::message::{Action, Ask};
use super::screen::{Page, Screen};
use super::theme::Look;
use ratatui::layout::Rect;

/// Fewest columns and rows in which anything can be read.
pub const LEAST_SIZE: (u16, u16) = (40, 12);

/// Everything that is shown.
pub struct App {
    /// The screens, the shown one last. Never empty.
    pub screens: Vec<Box<dyn Screen>>,
    /// What lies over the screen.
    pub overlay: Option<Overlay>,
    /// The bottom line, until the next key.
    pub notice: Option<Notice>,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Colours and characters.
    pub look: Look,
    /// Whether the mouse is ours.
    pub mouse: bool,
}

/// A line for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The text.
    pub text: String,
    /// Whether something went wrong.
    pub is_error: bool,
}

impl Notice {
    /// Something to know.
    pub fn info(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_error: false }
    }

    /// Something that did not work.
    pub fn error(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_error: true }
    }
}

/// What lies over the screen and takes the keys.
pub enum Overlay {
    /// The keys, from the key tables.
    Help {
        /// First line shown.
        top: usize,
    },
    /// Commands by their names.
    Palette {
        /// What was typed.
        input: String,
        /// The chosen one of those that fit.
        chosen: usize,
    },
    /// A line of input for the screen.
    Prompt {
        /// For what.
        ask: Ask,
        /// What was typed.
        input: String,
    },
    /// A choice.
    Menu(Menu),
    /// A text in a box: an error with its hints.
    Text {
        /// The heading.
        title: String,
        /// The lines.
        lines: Vec<String>,
        /// First line shown.
        top: usize,
    },
}

/// A choice between actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// The heading.
    pub title: String,
    /// The rows.
    pub items: Vec<MenuItem>,
    /// The chosen row.
    pub chosen: usize,
}

/// A row of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuItem {
    /// The key that chooses it at once.
    pub key: Option<char>,
    /// What it says.
    pub label: String,
    /// What it does.
    pub action: Action,
}

impl App {
    /// A program that shows `screen`.
    pub fn new(screen: Box<dyn Screen>, look: Look, size: (u16, u16)) -> Self {
        let mut app =
            Self { screens: vec![screen], overlay: None, notice: None, size, look, mouse: true };
        app.with_screen(|screen, page| screen.resized(page));
        app
    }

    /// The screen that is shown.
    pub fn screen(&self) -> Option<&dyn Screen> {
        self.screens.last().map(AsRef::as_ref)
    }

    /// Calls the shown screen with its page.
    pub fn with_screen<T>(
        &mut self,
        call: impl FnOnce(&mut dyn Screen, &Page<'_>) -> T,
    ) -> Option<T> {
        let page = Page { area: body_of(self.size), look: &self.look };
        self.screens.last_mut().map(|screen| call(screen.as_mut(), &page))
    }

    /// The page of the shown screen.
    pub fn page(&self) -> Page<'_> {
        Page { area: body_of(self.size), look: &self.look }
    }

    /// All key tables that hold now, the most special first.
    pub fn tables(&self) -> Vec<&'static KeyTable> {
        let mut tables = self.screen().map(Screen::keys).unwrap_or_default();
        tables.extend([&MOVING, &EVERYWHERE]);
        tables
    }

    /// Whether nothing can be read in this size.
    pub fn is_too_small(&self) -> bool {
        self.size.0 < LEAST_SIZE.0 || self.size.1 < LEAST_SIZE.1
    }
}

/// The cells between the top line and the bottom line.
pub fn body_of((width, height): (u16, u16)) -> Rect {
    let (width, height) = (width.max(LEAST_SIZE.0), height.max(LEAST_SIZE.1));
    Rect::new(0, 1, width, height - 2)
}

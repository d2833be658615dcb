//! The interface without a terminal, for benches: what is promised in milliseconds is measured here.
//! The rules are left out: large plans are shown before they are done.

use super::message::{Key, Message};
use super::plan::PlansScreen;
use super::state::App;
use super::theme::{Background, Depth, Look, Palette};
use super::{update::update, view};
use crate::cmd;
use crate::report::ShownPlan;
use planscope_explain::workload::Catalog;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::rc::Rc;

/// Plans that were read.
pub struct Parsed(Vec<ShownPlan>);

impl Parsed {
    /// Reads the plans in a text.
    ///
    /// # Errors
    /// What is wrong with the text, for a person.
    pub fn read(text: &str) -> Result<Self, String> {
        cmd::plans_of_text(text, "bench", false).map(Self).map_err(|error| error.message)
    }
}

/// The view of plans, and the picture of it.
pub struct Headless {
    app: App,
    buffer: Buffer,
}

impl Headless {
    /// Opens the view and draws it; [`None`] when there are no plans.
    pub fn open(plans: Parsed, columns: u16, rows: u16) -> Option<Self> {
        let screen = PlansScreen::new(plans.0, None, Rc::new(Catalog::default()))?;
        let look = Look {
            background: Background::Dark,
            palette: Palette::Default,
            depth: Depth::True,
            ascii: false,
        };
        let app = App::new(Box::new(screen), look, (columns, rows));
        let mut shown = Self { app, buffer: Buffer::empty(Rect::new(0, 0, columns, rows)) };
        shown.draw();
        Some(shown)
    }

    /// Presses a key by its name and draws what it changed.
    pub fn press(&mut self, key: &str) {
        update(&mut self.app, Message::Key(Key(key.to_owned())));
        self.draw();
    }

    fn draw(&mut self) {
        self.buffer.reset();
        view::draw(&self.app, &mut self.buffer);
    }

    /// The text of the picture.
    pub fn picture(&self) -> String {
        let cells: Vec<&str> = self.buffer.content.iter().map(|cell| cell.symbol()).collect();
        cells.chunks(self.buffer.area.width.max(1).into()).map(|row| row.concat() + "\n").collect()
    }
}

//! Drawing: from the state into a buffer, and nothing else.
//!
//! A frame is a top line (where we are, and the facts), the screen's body, and a bottom line (keys, or
//! a notice). Over it lies at most one overlay. At the end every cell is made harmless.

pub mod browse;
pub mod compare;
mod finish;
mod frame;
pub mod overlay;
pub mod plan;
pub mod statement;
pub mod text;

use super::state::App;
use super::theme::Paint;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws everything.
pub fn draw(app: &App, buffer: &mut Buffer) {
    if app.is_too_small() {
        too_small(app, buffer);
    } else {
        frame::top(app, buffer);
        if let Some(screen) = app.screen() {
            screen.draw(&app.page(), buffer);
        }
        frame::bottom(app, buffer);
        overlay::draw(app, buffer);
    }
    finish::finish(buffer, app.look.ascii);
}

/// A sentence instead of a picture that cannot be read.
fn too_small(app: &App, buffer: &mut Buffer) {
    let (width, height) = app.size;
    let sentence = format!("planscope needs 40×12; this terminal has {width}×{height} (q leaves)");
    let area = Rect::new(0, 0, width, height).intersection(buffer.area);
    let lines = crate::output::wrap_all(&sentence, usize::from(area.width.max(1)));
    for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
        buffer.set_stringn(area.x, y, line, area.width.into(), app.look.style(Paint::Plain));
    }
}

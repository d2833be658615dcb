//! Key scripts and pictures: what a view shows after some keys, in four sizes, with Unicode and with
//! ASCII, compared with text files beside the code. `UPDATE_GENERATED=1 cargo test` writes them.

#![expect(clippy::disallowed_methods, reason = "a test's own switch")]

use super::message::{Effect, Key, Message};
use super::screen::Screen;
use super::state::App;
use super::theme::{Background, Depth, Look, Palette};
use super::update::{begin, update};
use super::view;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::path::{Path, PathBuf};

/// The sizes of pictures.
pub const SIZES: [(u16, u16); 4] = [(40, 12), (80, 24), (120, 40), (200, 60)];

/// A look for pictures of text.
pub fn plain_look(ascii: bool) -> Look {
    Look { background: Background::Dark, palette: Palette::Default, depth: Depth::True, ascii }
}

/// A program of that size that shows `screen`.
pub fn app(screen: Box<dyn Screen>, size: (u16, u16), ascii: bool) -> App {
    let mut app = App::new(screen, plain_look(ascii), size);
    let begun = begin(&mut app);
    work_off(&mut app, begun);
    app
}

/// Presses keys, written by their names with blanks between them; `"text"` types each character.
/// Gives the effects that are left for the loop.
pub fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for name in keys.split_whitespace() {
        let typed = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        let names: Vec<String> = match typed {
            Some(text) => text.chars().map(String::from).collect(),
            None => vec![name.to_owned()],
        };
        for name in names {
            let done = update(app, Message::Key(Key(name)));
            effects.extend(work_off(app, done));
        }
    }
    effects
}

/// Does the work among `effects` here and now, and what comes of it; gives the other effects.
pub fn work_off(app: &mut App, effects: Vec<Effect>) -> Vec<Effect> {
    let mut left = Vec::new();
    let mut waiting = std::collections::VecDeque::from(effects);
    while let Some(effect) = waiting.pop_front() {
        match effect {
            Effect::Work(work) => {
                if let Some(news) = work.run() {
                    waiting.extend(update(app, Message::News(news)));
                }
            }
            other => left.push(other),
        }
    }
    left
}

/// What is drawn.
pub fn buffer(app: &App) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, app.size.0, app.size.1));
    view::draw(app, &mut buffer);
    buffer
}

/// The text of what is drawn, without blanks at the ends of lines.
pub fn picture(app: &App) -> String {
    let buffer = buffer(app);
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            // A wide character covers the cell behind it.
            if skip == 0 {
                line.push_str(symbol);
                skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Compares what a screen shows after `keys` with its pictures, in all sizes, Unicode and ASCII.
pub fn pictures(name: &str, screen: impl Fn() -> Box<dyn Screen>, keys: &str) {
    let mut wrong = Vec::new();
    for size in SIZES {
        for ascii in [false, true] {
            let mut app = app(screen(), size, ascii);
            press(&mut app, keys);
            wrong.extend(differs(name, &app, size, ascii));
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_GENERATED=1 cargo test writes them", wrong.join("\n"));
}

/// Compares what a program shows now with the picture of that size.
pub fn compare(name: &str, app: &App, size: (u16, u16), ascii: bool) {
    let wrong = differs(name, app, size, ascii).unwrap_or_default();
    assert!(wrong.is_empty(), "{wrong}\nUPDATE_GENERATED=1 cargo test writes it");
}

/// What is shown, when the picture of that size shows something else.
fn differs(name: &str, app: &App, size: (u16, u16), ascii: bool) -> Option<String> {
    let ending = if ascii { ".ascii.txt" } else { ".txt" };
    let file = format!("{name}-{}x{}{ending}", size.0, size.1);
    let shown = picture(app);
    assert!(!ascii || shown.is_ascii(), "{file} is not ASCII");
    (!agrees(&folder().join(&file), &shown)).then(|| format!("{file} is now\n{shown}"))
}

/// The folder of the pictures.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui/pictures")
}

/// Whether a file holds `text`; writes it when that is asked for.
pub fn agrees(path: &Path, text: &str) -> bool {
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(path, text).unwrap();
    }
    std::fs::read_to_string(path).is_ok_and(|committed| committed == text)
}

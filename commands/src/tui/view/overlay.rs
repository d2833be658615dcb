//! What lies over a screen: help, palette, menus, texts.

use super::text::{Line, clear, dim, plain, put, run, scroll_bar, shade, width, wrapped};
use crate::tui::keymap::{self, Binding, KeyTable};
use crate::tui::state::{App, Menu, MenuItem, Overlay};
use crate::tui::theme::Paint;
use crate::tui::update::fitting;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns of the keys in the help.
const KEYS: usize = 14;

/// Draws the overlay, if there is one.
pub fn draw(app: &App, buffer: &mut Buffer) {
    match &app.overlay {
        None | Some(Overlay::Prompt { .. }) => {}
        Some(Overlay::Help { top }) => text_box(app, buffer, "keys", &help(app), *top),
        Some(Overlay::Text { title, lines, top }) => {
            text_box(app, buffer, title, &boxed(app, lines), *top);
        }
        Some(overlay @ Overlay::Palette { input, chosen }) => {
            if let Some(choices) = Choices::of(app, overlay) {
                palette(app, buffer, &choices, input, *chosen);
            }
        }
        Some(overlay @ Overlay::Menu(menu)) => {
            if let Some(choices) = Choices::of(app, overlay) {
                draw_menu(app, buffer, &choices, menu);
            }
        }
    }
}

/// The last first line of a text that scrolls: the one that shows its end.
pub fn last_top(app: &App, overlay: &Overlay) -> usize {
    let lines = match overlay {
        Overlay::Help { .. } => help(app).len(),
        Overlay::Text { lines, .. } => boxed(app, lines).len(),
        _ => 0,
    };
    lines.saturating_sub(usize::from(app.size.1.saturating_sub(4)))
}

/// Columns inside of a box of text.
fn room(app: &App) -> usize {
    usize::from(app.size.0.min(96)) - 6
}

fn boxed(app: &App, lines: &[String]) -> Vec<Line> {
    let paint = |line: &str| match line.starts_with("hint:") {
        true => Paint::Good,
        false => Paint::Plain,
    };
    lines.iter().flat_map(|line| wrapped(line, paint(line), room(app))).collect()
}

/// The key tables as text. Pressed on any screen it shows what holds there.
fn help(app: &App) -> Vec<Line> {
    let mut lines = Vec::new();
    for table in app.tables() {
        if !lines.is_empty() {
            lines.push(Line::new());
        }
        lines.push(vec![run(table.title, Paint::Title)]);
        lines.extend(table_lines(table, room(app)));
    }
    let legend = app.screen().map(|screen| screen.legend(&app.look)).unwrap_or_default();
    if !legend.is_empty() {
        lines.extend([Line::new(), vec![run("Signs", Paint::Title)]]);
    }
    for (sign, meaning) in legend {
        let pad = KEYS.saturating_sub(unicode_width::UnicodeWidthStr::width(sign.as_str()));
        let mut line = vec![run(sign, Paint::Strong), plain(" ".repeat(pad))];
        line.extend(wrapped(meaning, Paint::Plain, room(app) - KEYS).into_iter().flatten());
        lines.push(line);
    }
    lines
}

fn table_lines(table: &KeyTable, room: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for row in table.rows {
        let keys = match row.keys {
            [] => format!(":{}", row.name),
            keys => keys.iter().map(|key| keymap::shown(key)).collect::<Vec<_>>().join(" "),
        };
        let columns = unicode_width::UnicodeWidthStr::width(keys.as_str());
        let mut helps = wrapped(row.help, Paint::Plain, room.saturating_sub(KEYS)).into_iter();
        let mut first = vec![run(keys, Paint::Strong)];
        if columns >= KEYS {
            lines.push(std::mem::take(&mut first));
        }
        let pad = if first.is_empty() { KEYS } else { KEYS - columns };
        first.push(plain(" ".repeat(pad)));
        first.extend(helps.next().into_iter().flatten());
        lines.push(first);
        for more in helps {
            lines.push([vec![plain(" ".repeat(KEYS))], more].concat());
        }
    }
    lines
}

/// Where the rows of a choice lie.
pub struct Choices {
    /// The box with its frame.
    pub area: Rect,
    /// The cells of the rows.
    list: Rect,
    /// The row that is shown first.
    top: usize,
    /// How many rows there are.
    count: usize,
}

impl Choices {
    /// The rows of an overlay that offers a choice.
    pub fn of(app: &App, overlay: &Overlay) -> Option<Self> {
        let (area, above, chosen, count) = match overlay {
            Overlay::Palette { input, chosen } => {
                let rows = app.size.1.saturating_sub(4).min(16);
                // The first line is the input.
                (middle(app, 76, rows), 1, *chosen, fitting(app, input).len())
            }
            Overlay::Menu(menu) => (menu_area(app, menu), 0, menu.chosen, menu.items.len()),
            _ => return None,
        };
        let inside = inside(area);
        let height = inside.height.saturating_sub(above);
        let list = Rect { y: inside.y + above, height, ..inside };
        let top = (chosen + 1).saturating_sub(usize::from(height));
        Some(Self { area, list, top, count })
    }

    /// The row at a cell.
    pub fn row_at(&self, x: u16, y: u16) -> Option<usize> {
        let row = self.top + usize::from(y.checked_sub(self.list.y)?);
        (self.list.contains((x, y).into()) && row < self.count).then_some(row)
    }

    /// The rows that are shown, and where.
    fn shown(&self) -> impl Iterator<Item = (usize, u16)> {
        (self.top..self.count).zip(self.list.top()..self.list.bottom())
    }
}

/// A box of that size in the middle, frame included.
fn middle(app: &App, columns: u16, rows: u16) -> Rect {
    let (width, height) = (columns.min(app.size.0), rows.min(app.size.1));
    Rect::new((app.size.0 - width) / 2, (app.size.1 - height) / 2, width, height)
}

/// What a frame leaves for the text.
fn inside(area: Rect) -> Rect {
    let (width, height) = (area.width.saturating_sub(4), area.height.saturating_sub(2));
    Rect::new(area.x + 2, area.y + 1, width, height)
}

/// Draws a box; gives the area inside.
fn frame(app: &App, buffer: &mut Buffer, title: &str, area: Rect) -> Rect {
    let width = area.width;
    clear(buffer, area);
    let style = app.look.style(Paint::Border);
    let line = "─".repeat(usize::from(width.saturating_sub(2)));
    buffer.set_string(area.x, area.y, format!("┌{line}┐"), style);
    buffer.set_string(area.x, area.bottom() - 1, format!("└{line}┘"), style);
    for y in area.y + 1..area.bottom() - 1 {
        buffer.set_string(area.x, y, "│", style);
        buffer.set_string(area.right() - 1, y, "│", style);
    }
    let title = [run(format!(" {title} "), Paint::Title)];
    put(buffer, &app.look, (area.x + 2, area.y), width.saturating_sub(4), &title);
    inside(area)
}

fn text_box(app: &App, buffer: &mut Buffer, title: &str, lines: &[Line], top: usize) {
    let columns = lines.iter().map(|line| width(line)).max().unwrap_or(0).max(20) as u16 + 6;
    let rows = (lines.len() + 2).min(usize::from(app.size.1.saturating_sub(2))) as u16;
    let inside = frame(app, buffer, title, middle(app, columns, rows));
    for (line, y) in lines.iter().skip(top).zip(inside.top()..inside.bottom()) {
        put(buffer, &app.look, (inside.x, y), inside.width, line);
    }
    let bar = Rect { width: inside.width + 2, ..inside };
    scroll_bar(buffer, &app.look, bar, top, lines.len());
}

fn palette(app: &App, buffer: &mut Buffer, choices: &Choices, input: &str, chosen: usize) {
    let fits = fitting(app, input);
    let inside = frame(app, buffer, "commands", choices.area);
    let prompt = [run(":", Paint::Title), plain(input), plain("█")];
    put(buffer, &app.look, (inside.x, inside.y), inside.width, &prompt);
    let list = choices.list;
    for (i, y) in choices.shown() {
        put(buffer, &app.look, (list.x + 2, y), list.width - 2, &command(fits[i]));
        if i == chosen {
            pointed(app, buffer, list, y);
        }
    }
    if fits.is_empty() {
        let none = [dim("no command has these words in its name or help")];
        put(buffer, &app.look, (list.x + 2, list.y), list.width - 2, &none);
    }
}

/// Marks the chosen row: a pointer for eyes without colour.
fn pointed(app: &App, buffer: &mut Buffer, list: Rect, y: u16) {
    buffer.set_string(list.x, y, "▸", app.look.style(Paint::Strong));
    shade(buffer, Rect::new(list.x, y, list.width, 1), app.look.style(Paint::Selected));
}

fn command(row: &Binding) -> Line {
    let key = row.keys.first().map(|key| keymap::shown(key)).unwrap_or_default();
    vec![run(format!("{:<18}", row.name), Paint::Strong), dim(format!("{key:<8}")), plain(row.help)]
}

fn label(item: &MenuItem) -> String {
    item.key.map_or(String::new(), |key| format!("{key}  ")) + &item.label
}

fn menu_area(app: &App, menu: &Menu) -> Rect {
    let width = |item| unicode_width::UnicodeWidthStr::width(label(item).as_str());
    let widest = menu.items.iter().map(width).max();
    let columns = widest.unwrap_or(0).max(menu.title.len() + 2).min(200) as u16 + 6;
    let rows = (menu.items.len() + 2).min(usize::from(app.size.1.saturating_sub(2))) as u16;
    middle(app, columns, rows)
}

fn draw_menu(app: &App, buffer: &mut Buffer, choices: &Choices, menu: &Menu) {
    let list = frame(app, buffer, &menu.title, choices.area);
    for (i, y) in choices.shown() {
        let label = [plain(label(&menu.items[i]))];
        put(buffer, &app.look, (list.x + 2, y), list.width.saturating_sub(2), &label);
        if i == menu.chosen {
            pointed(app, buffer, list, y);
        }
    }
}

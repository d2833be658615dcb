//! What lies over a screen: help, palette, menus, texts.

use super::text::{Line, clear, dim, plain, put, run, scroll_bar, shade, width, wrapped};
use crate::tui::keymap::{self, Binding, KeyTable};
use crate::tui::state::{App, Menu, Overlay};
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
        Some(Overlay::Palette { input, chosen }) => palette(app, buffer, input, *chosen),
        Some(Overlay::Menu(menu)) => draw_menu(app, buffer, menu),
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

/// A box in the middle; gives the area inside.
fn frame(app: &App, buffer: &mut Buffer, title: &str, columns: u16, rows: u16) -> Rect {
    let (width, height) = (columns.min(app.size.0), rows.min(app.size.1));
    let area = Rect::new((app.size.0 - width) / 2, (app.size.1 - height) / 2, width, height);
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
    Rect::new(area.x + 2, area.y + 1, width.saturating_sub(4), height.saturating_sub(2))
}

fn text_box(app: &App, buffer: &mut Buffer, title: &str, lines: &[Line], top: usize) {
    let columns = lines.iter().map(|line| width(line)).max().unwrap_or(0).max(20) as u16 + 6;
    let rows = (lines.len() + 2).min(usize::from(app.size.1.saturating_sub(2))) as u16;
    let inside = frame(app, buffer, title, columns, rows);
    for (line, y) in lines.iter().skip(top).zip(inside.top()..inside.bottom()) {
        put(buffer, &app.look, (inside.x, y), inside.width, line);
    }
    let bar = Rect { width: inside.width + 2, ..inside };
    scroll_bar(buffer, &app.look, bar, top, lines.len());
}

fn palette(app: &App, buffer: &mut Buffer, input: &str, chosen: usize) {
    let fits = fitting(app, input);
    let rows = (app.size.1.saturating_sub(4)).min(16);
    let inside = frame(app, buffer, "commands", 76, rows);
    let prompt = [run(":", Paint::Title), plain(input), plain("█")];
    put(buffer, &app.look, (inside.x, inside.y), inside.width, &prompt);
    let list = Rect { y: inside.y + 1, height: inside.height.saturating_sub(1), ..inside };
    let top = (chosen + 1).saturating_sub(usize::from(list.height));
    for ((i, row), y) in fits.iter().enumerate().skip(top).zip(list.top()..list.bottom()) {
        put(buffer, &app.look, (list.x + 2, y), list.width - 2, &command(row));
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

fn draw_menu(app: &App, buffer: &mut Buffer, menu: &Menu) {
    let label = |item: &crate::tui::state::MenuItem| {
        item.key.map_or(String::new(), |key| format!("{key}  ")) + &item.label
    };
    let labels: Vec<String> = menu.items.iter().map(label).collect();
    let widest = labels.iter().map(|l| unicode_width::UnicodeWidthStr::width(l.as_str())).max();
    let columns = widest.unwrap_or(0).max(menu.title.len() + 2).min(200) as u16 + 6;
    let rows = (labels.len() + 2).min(usize::from(app.size.1.saturating_sub(2))) as u16;
    let list = frame(app, buffer, &menu.title, columns, rows);
    let top = (menu.chosen + 1).saturating_sub(usize::from(list.height));
    for ((i, label), y) in labels.iter().enumerate().skip(top).zip(list.top()..list.bottom()) {
        put(buffer, &app.look, (list.x + 2, y), list.width.saturating_sub(2), &[plain(label)]);
        if i == menu.chosen {
            pointed(app, buffer, list, y);
        }
    }
}

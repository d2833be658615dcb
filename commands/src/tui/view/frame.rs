//! The top line and the bottom line.

use super::text::{Line, dim, plain, put, put_right, run, shade, width};
use crate::tui::keymap;
use crate::tui::screen::Screen;
use crate::tui::state::{App, Overlay};
use crate::tui::theme::Paint;
use crate::tui::update::{hints, path};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// Where we are at the left, what is worth knowing at the right.
pub fn top(app: &App, buffer: &mut Buffer) {
    let columns = app.size.0;
    let mut path = path(app);
    // Where there is little room the way here is cut at its beginning.
    let long = |path: &[String]| path.iter().map(|name| name.width() + 3).sum::<usize>();
    while path.len() > 2 && long(&path) > usize::from(columns) * 2 / 3 {
        path.remove(0);
        path[0] = "…".to_owned();
    }
    if path.len() == 2 && long(&path) > usize::from(columns) {
        path[0] = "…".to_owned();
    }
    let (last, before) = path.split_last().map_or(("", &[][..]), |(l, b)| (l.as_str(), b));
    let mut left: Line = before.iter().map(|name| dim(format!("{name} › "))).collect();
    let room = usize::from(columns).saturating_sub(width(&left));
    left.push(run(end_of(last, room), Paint::Title));
    let facts = app.screen().map(Screen::facts).unwrap_or_default();
    let taken = width(&left) as u16 + 2;
    if taken + 8 < columns {
        let room = usize::from(columns - taken);
        put_right(buffer, &app.look, (columns, 0), &[dim(fitting(&facts, room))]);
    }
    put(buffer, &app.look, (0, 0), columns, &left);
}

/// The end of a name that does not fit: of a path the file is what matters.
fn end_of(name: &str, room: usize) -> String {
    let mut from = 0;
    while UnicodeWidthStr::width(&name[from..]) > room.saturating_sub(usize::from(from > 0)) {
        from += name[from..].chars().next().map_or(1, char::len_utf8);
    }
    if from == 0 { name.to_owned() } else { format!("…{}", &name[from..]) }
}

/// As many of the facts, which are parted by ` · `, as fit; the first ones are the most important.
fn fitting(facts: &str, room: usize) -> String {
    let mut kept = String::new();
    for fact in facts.split(" · ") {
        let longer = if kept.is_empty() { fact.to_owned() } else { format!("{kept} · {fact}") };
        if UnicodeWidthStr::width(longer.as_str()) > room {
            break;
        }
        kept = longer;
    }
    kept
}

/// A prompt, a notice, or the keys.
pub fn bottom(app: &App, buffer: &mut Buffer) {
    let (columns, rows) = app.size;
    let y = rows - 1;
    let line: Line = match (&app.overlay, &app.notice) {
        (Some(Overlay::Prompt { ask, input }), _) => {
            vec![run(ask.label(), Paint::Title), plain(input.clone()), run("█", Paint::Plain)]
        }
        (_, Some(notice)) if notice.is_error => vec![run(format!("! {}", notice.text), Paint::Bad)],
        (_, Some(notice)) => vec![run(notice.text.clone(), Paint::Strong)],
        _ => keys(app, usize::from(columns)),
    };
    put(buffer, &app.look, (0, y), columns, &line);
    if app.overlay.is_some() && !matches!(app.overlay, Some(Overlay::Prompt { .. })) {
        shade(buffer, Rect::new(0, y, columns, 1), app.look.style(Paint::Dim));
    }
}

/// As many keys as fit. Help and leaving come first: who knows them finds the rest.
fn keys(app: &App, room: usize) -> Line {
    let all = hints(app);
    let last = all.len().saturating_sub(2);
    let mut order: Vec<usize> = (last..all.len()).collect();
    order.extend(0..last);
    let (mut chosen, mut used) = (Vec::new(), 0);
    for i in order {
        let (key, word) = all[i];
        let columns = keymap::shown(key).chars().count() + 1 + word.chars().count() + 2;
        if used + columns <= room + 2 {
            used += columns;
            chosen.push(i);
        }
    }
    chosen.sort_unstable();
    let mut line = Line::new();
    for i in chosen {
        let (key, word) = all[i];
        let gap = if line.is_empty() { "" } else { "  " };
        line.push(run(format!("{gap}{}", keymap::shown(key)), Paint::Strong));
        line.push(dim(format!(" {word}")));
    }
    line
}

//! `update`: what a message changes, and what is to be done about it. Pure: no terminal, no file.

use super::keymap::{self, Binding};
use super::list::scrolled;
use super::message::{Action, Ask, Effect, Key, Message, Mouse, MouseKind, Typing};
use super::screen::Screen;
use super::state::{App, Menu, Notice, Overlay};
use super::view::overlay::Choices;
use crate::error::CommandError;
use crate::exit::ExitStatus;
use std::collections::VecDeque;

/// Changes `app` and says what the loop has to do.
pub fn update(app: &mut App, message: Message) -> Vec<Effect> {
    let effects = match message {
        Message::Key(key) => {
            app.notice = None;
            pressed(app, &key)
        }
        Message::Paste(text) => pasted(app, &text),
        Message::Mouse(mouse) => moused(app, mouse),
        Message::Resize(width, height) => {
            app.size = (width, height);
            app.with_screen(|screen, page| screen.resized(page));
            Vec::new()
        }
        Message::Notice(notice) => vec![Effect::Say(notice)],
        Message::Failed(error) => {
            app.overlay = Some(failure(&error));
            Vec::new()
        }
        Message::News(news) => received(app, news),
    };
    settle(app, effects)
}

/// Does those effects that only change the state; the others are for the loop.
fn settle(app: &mut App, effects: Vec<Effect>) -> Vec<Effect> {
    let mut left = Vec::new();
    let mut waiting = VecDeque::from(effects);
    while let Some(effect) = waiting.pop_front() {
        match effect {
            Effect::Push(screen) => {
                app.screens.push(screen);
                app.overlay = None;
                waiting.extend(begun(app));
            }
            Effect::Back if app.screens.len() > 1 => {
                app.screens.pop();
                app.with_screen(|screen, page| screen.resized(page));
            }
            Effect::Back => {}
            Effect::Ask(ask) => {
                app.overlay = Some(Overlay::Prompt { ask, input: String::new() });
            }
            Effect::Menu(menu) => app.overlay = Some(Overlay::Menu(menu)),
            Effect::Say(notice) => app.notice = Some(notice),
            other => left.push(other),
        }
    }
    left
}

/// What the shown screen does when it is shown for the first time.
pub fn begin(app: &mut App) -> Vec<Effect> {
    let effects = begun(app);
    settle(app, effects)
}

fn begun(app: &mut App) -> Vec<Effect> {
    let begun = app.with_screen(|screen, page| {
        screen.resized(page);
        screen.begin()
    });
    begun.unwrap_or_default()
}

fn failure(error: &CommandError) -> Overlay {
    let mut lines = vec![error.message.clone()];
    let causes = error.sources.iter().filter(|cause| !error.message.contains(cause.as_str()));
    lines.extend(causes.map(|cause| format!("caused by: {cause}")));
    lines.extend(error.hints.iter().map(|hint| format!("hint: {hint}")));
    Overlay::Text { title: "error".to_owned(), lines, top: 0 }
}

/// The screen on top first; what started in one below is news for that one.
fn received(app: &mut App, mut news: super::message::News) -> Vec<Effect> {
    let page = app.page();
    let (look, area) = (*page.look, page.area);
    let page = super::screen::Page { area, look: &look };
    for screen in app.screens.iter_mut().rev() {
        match screen.receive(news, &page) {
            Ok(effects) => return effects,
            Err(back) => news = back,
        }
    }
    Vec::new()
}

fn pressed(app: &mut App, key: &Key) -> Vec<Effect> {
    if key.0 == "ctrl-c" {
        return vec![Effect::Quit(ExitStatus::Interrupted)];
    }
    if app.is_too_small() {
        return match key.0.as_str() {
            "q" => vec![Effect::Quit(ExitStatus::Success)],
            "ctrl-z" => vec![Effect::Suspend],
            _ => Vec::new(),
        };
    }
    match app.overlay.take() {
        None => match keymap::find(&app.tables(), key) {
            Some(action) => act(app, action),
            None => Vec::new(),
        },
        Some(overlay @ (Overlay::Help { .. } | Overlay::Text { .. })) => in_text(app, key, overlay),
        Some(Overlay::Prompt { ask, input }) => prompted(app, key, ask, input),
        Some(Overlay::Palette { input, chosen }) => in_palette(app, key, input, chosen),
        Some(Overlay::Menu(menu)) => in_menu(app, key, menu),
    }
}

/// Keys in a text that scrolls; any other key closes it.
fn in_text(app: &mut App, key: &Key, mut overlay: Overlay) -> Vec<Effect> {
    let last = super::view::overlay::last_top(app, &overlay);
    let (Overlay::Help { top: at } | Overlay::Text { top: at, .. }) = &mut overlay else {
        return Vec::new();
    };
    let height = usize::from(app.size.1.saturating_sub(6));
    let action = keymap::find(&[&keymap::MOVING], key);
    let Some(to) = action.and_then(|action| scrolled(*at, action, height, last)) else {
        return Vec::new();
    };
    *at = to;
    app.overlay = Some(overlay);
    Vec::new()
}

fn prompted(app: &mut App, key: &Key, ask: Ask, mut input: String) -> Vec<Effect> {
    let typing = match key.0.as_str() {
        "enter" => Typing::Done,
        "esc" => Typing::Cancelled,
        "backspace" if input.is_empty() => Typing::Cancelled,
        name => {
            if !edited(&mut input, name, key) {
                app.overlay = Some(Overlay::Prompt { ask, input });
                return Vec::new();
            }
            Typing::Changed
        }
    };
    let said = app.with_screen(|screen, page| screen.typed(ask, &input, typing, page));
    if typing == Typing::Changed {
        app.overlay = Some(Overlay::Prompt { ask, input });
    }
    said.unwrap_or_default()
}

/// Changes a line of input as the key says; whether it did.
fn edited(input: &mut String, name: &str, key: &Key) -> bool {
    match name {
        "backspace" => input.pop().is_some(),
        "ctrl-u" => {
            input.clear();
            true
        }
        "ctrl-w" => {
            let kept = input.trim_end().rfind(char::is_whitespace).map_or(0, |at| at + 1);
            input.truncate(kept);
            true
        }
        _ => key.typed().map(|c| input.push(c)).is_some(),
    }
}

fn pasted(app: &mut App, text: &str) -> Vec<Effect> {
    let line: String = text.chars().filter(|c| !c.is_control()).take(1000).collect();
    match app.overlay.take() {
        Some(Overlay::Prompt { ask, mut input }) => {
            input.push_str(&line);
            let said = app.with_screen(|s, page| s.typed(ask, &input, Typing::Changed, page));
            app.overlay = Some(Overlay::Prompt { ask, input });
            said.unwrap_or_default()
        }
        Some(Overlay::Palette { mut input, .. }) => {
            input.push_str(&line);
            app.overlay = Some(Overlay::Palette { input, chosen: 0 });
            Vec::new()
        }
        other => {
            app.overlay = other;
            Vec::new()
        }
    }
}

/// The commands whose name or help holds every word of `input`; names first.
pub fn fitting(app: &App, input: &str) -> Vec<&'static Binding> {
    let words: Vec<String> = input.split_whitespace().map(str::to_lowercase).collect();
    let rows: Vec<&'static Binding> = app
        .tables()
        .into_iter()
        .flat_map(|table| table.rows)
        .filter(|r| !r.name.is_empty())
        .collect();
    let by_name = |row: &&&Binding| words.iter().all(|word| row.name.contains(word.as_str()));
    let by_help = |row: &&&Binding| {
        let text = format!("{} {}", row.name, row.help.to_lowercase());
        !by_name(row) && words.iter().all(|word| text.contains(word.as_str()))
    };
    let mut fits: Vec<&'static Binding> = rows.iter().filter(by_name).copied().collect();
    fits.extend(rows.iter().filter(by_help));
    fits
}

fn in_palette(app: &mut App, key: &Key, mut input: String, chosen: usize) -> Vec<Effect> {
    let count = fitting(app, &input).len();
    let chosen = match key.0.as_str() {
        "esc" => return Vec::new(),
        "backspace" if input.is_empty() => return Vec::new(),
        "enter" => {
            return match fitting(app, &input).get(chosen) {
                Some(row) => act(app, row.action),
                None => {
                    vec![Effect::Say(Notice::error(format!("there is no command `{input}`")))]
                }
            };
        }
        "down" | "ctrl-n" | "tab" => (chosen + 1).min(count.saturating_sub(1)),
        "up" | "ctrl-p" | "shift-tab" => chosen.saturating_sub(1),
        name => {
            edited(&mut input, name, key);
            0
        }
    };
    app.overlay = Some(Overlay::Palette { input, chosen });
    Vec::new()
}

fn in_menu(app: &mut App, key: &Key, mut menu: Menu) -> Vec<Effect> {
    let by_key = menu.items.iter().find(|item| item.key.is_some() && item.key == key.typed());
    if let Some(action) = by_key.map(|item| item.action) {
        return act(app, action);
    }
    let last = menu.items.len().saturating_sub(1);
    let page = usize::from(app.size.1.saturating_sub(6));
    menu.chosen = match (key.0.as_str(), keymap::find(&[&keymap::MOVING], key)) {
        ("enter", _) => {
            let action = menu.items.get(menu.chosen).map(|item| item.action);
            return action.map(|action| act(app, action)).unwrap_or_default();
        }
        (_, Some(Action::Down)) => (menu.chosen + 1).min(last),
        (_, Some(Action::Up)) => menu.chosen.saturating_sub(1),
        (_, Some(Action::PageDown | Action::HalfDown)) => (menu.chosen + page).min(last),
        (_, Some(Action::PageUp | Action::HalfUp)) => menu.chosen.saturating_sub(page),
        (_, Some(Action::First)) => 0,
        (_, Some(Action::Last)) => last,
        _ => return Vec::new(),
    };
    app.overlay = Some(Overlay::Menu(menu));
    Vec::new()
}

/// Does an action: the screen first, then the program.
fn act(app: &mut App, action: Action) -> Vec<Effect> {
    if let Some(Some(effects)) = app.with_screen(|screen, page| screen.act(action, page)) {
        return effects;
    }
    match action {
        Action::Help => app.overlay = Some(Overlay::Help { top: 0 }),
        Action::Palette => {
            app.overlay = Some(Overlay::Palette { input: String::new(), chosen: 0 });
        }
        Action::Back if app.screens.len() > 1 => return vec![Effect::Back],
        Action::Back => {
            return vec![Effect::Say(Notice::info("q leaves planscope, ? shows the keys"))];
        }
        Action::Quit => return vec![Effect::Quit(ExitStatus::Success)],
        Action::Interrupt => return vec![Effect::Quit(ExitStatus::Interrupted)],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::Mouse => {
            app.mouse = !app.mouse;
            let text = match app.mouse {
                true => "the mouse moves and folds; hold Shift to select text",
                false => "the mouse selects text",
            };
            return vec![Effect::Mouse(app.mouse), Effect::Say(Notice::info(text))];
        }
        _ => {}
    }
    Vec::new()
}

fn moused(app: &mut App, mouse: Mouse) -> Vec<Effect> {
    if app.is_too_small() {
        return Vec::new();
    }
    let Some(overlay) = app.overlay.take() else {
        app.notice = None;
        return app.with_screen(|screen, page| screen.mouse(mouse, page)).unwrap_or_default();
    };
    // Over an overlay the wheel is the arrows.
    let wheel = match mouse.kind {
        MouseKind::Click => return clicked(app, mouse, overlay),
        MouseKind::WheelUp => "up",
        MouseKind::WheelDown => "down",
    };
    app.overlay = Some(overlay);
    pressed(app, &Key(wheel.to_owned()))
}

/// A click on a row does what Enter does there; it closes what only shows something, and a choice that
/// it misses.
fn clicked(app: &mut App, mouse: Mouse, overlay: Overlay) -> Vec<Effect> {
    let choices = Choices::of(app, &overlay);
    let row = choices.as_ref().and_then(|choices| choices.row_at(mouse.x, mouse.y));
    let inside = choices.is_some_and(|choices| choices.area.contains((mouse.x, mouse.y).into()));
    let action = match (&overlay, row) {
        (Overlay::Menu(menu), Some(row)) => menu.items.get(row).map(|item| item.action),
        (Overlay::Palette { input, .. }, Some(row)) => {
            fitting(app, input).get(row).map(|row| row.action)
        }
        _ => None,
    };
    if let Some(action) = action {
        return act(app, action);
    }
    if inside || matches!(overlay, Overlay::Prompt { .. }) {
        app.overlay = Some(overlay);
    }
    Vec::new()
}

/// What the bottom line offers now.
pub fn hints(app: &App) -> Vec<(&'static str, &'static str)> {
    let shown = |row: &'static Binding| Some((*row.keys.first()?, row.hint));
    let rows = app.tables().into_iter().flat_map(|table| table.rows);
    rows.filter(|row| !row.hint.is_empty()).filter_map(shown).collect()
}

/// The screen's name and those below it.
pub fn path(app: &App) -> Vec<String> {
    app.screens.iter().map(|screen| Screen::title(screen.as_ref())).collect()
}

//! Key tables: data that dispatches, prints its own help, fills the palette and the bottom line.

use super::message::{Action, Key};

/// A row of a key table.
#[derive(Debug)]
pub struct Binding {
    /// The keys' names, the one to show first.
    pub keys: &'static [&'static str],
    /// What they mean.
    pub action: Action,
    /// The name in the palette: `metric-next`.
    pub name: &'static str,
    /// What it does, for the help.
    pub help: &'static str,
    /// A word for the bottom line; empty where it is not worth the room.
    pub hint: &'static str,
}

/// A group of keys.
#[derive(Debug)]
pub struct KeyTable {
    /// The heading in the help.
    pub title: &'static str,
    /// The rows.
    pub rows: &'static [Binding],
}

/// A row: keys, action, palette name, help, hint.
pub const fn row(
    keys: &'static [&'static str],
    action: Action,
    name: &'static str,
    help: &'static str,
    hint: &'static str,
) -> Binding {
    Binding { keys, action, name, help, hint }
}

/// Moving in lists, trees and texts.
pub static MOVING: KeyTable = KeyTable {
    title: "Moving",
    rows: &[
        row(&["j", "down", "ctrl-n"], Action::Down, "down", "next line", ""),
        row(&["k", "up", "ctrl-p"], Action::Up, "up", "previous line", ""),
        row(&["ctrl-d"], Action::HalfDown, "half-down", "half a page down", ""),
        row(&["ctrl-u"], Action::HalfUp, "half-up", "half a page up", ""),
        row(&["pgdn", "ctrl-f"], Action::PageDown, "page-down", "a page down", ""),
        row(&["pgup", "ctrl-b"], Action::PageUp, "page-up", "a page up", ""),
        row(&["g", "home"], Action::First, "first", "to the first line", ""),
        row(&["G", "end"], Action::Last, "last", "to the last line", ""),
    ],
};

/// What works in every screen.
pub static EVERYWHERE: KeyTable = KeyTable {
    title: "Everywhere",
    rows: &[
        row(&["?", "f1"], Action::Help, "help", "this help", "help"),
        row(&[":"], Action::Palette, "palette", "find a command by its name", ""),
        row(&["esc", "backspace"], Action::Back, "back", "back to where you came from", ""),
        row(&["q"], Action::Quit, "quit", "leave planscope", "quit"),
        row(&["ctrl-c"], Action::Interrupt, "interrupt", "leave with exit code 130", ""),
        row(&["ctrl-z"], Action::Suspend, "suspend", "stop; `fg` comes back", ""),
        row(&["ctrl-l"], Action::Redraw, "redraw", "draw everything anew", ""),
        row(&[], Action::Mouse, "mouse", "mouse on or off (off: the terminal selects text)", ""),
    ],
};

/// The action of `key` in the first table that has it.
pub fn find(tables: &[&'static KeyTable], key: &Key) -> Option<Action> {
    let rows = tables.iter().flat_map(|table| table.rows);
    rows.into_iter().find(|row| row.keys.contains(&key.0.as_str())).map(|row| row.action)
}

/// A key as people read it.
pub fn shown(key: &str) -> String {
    match key {
        "up" => "↑".to_owned(),
        "down" => "↓".to_owned(),
        "left" => "←".to_owned(),
        "right" => "→".to_owned(),
        "pgup" => "PgUp".to_owned(),
        "pgdn" => "PgDn".to_owned(),
        key => match key.strip_prefix("ctrl-") {
            Some(letter) => format!("Ctrl-{}", letter.to_uppercase()),
            None if key.chars().count() > 1 => capitalized(key),
            None => key.to_owned(),
        },
    }
}

fn capitalized(key: &str) -> String {
    let mut chars = key.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_table_wins_and_keys_read_well() {
        let key = |name: &str| Key(name.to_owned());
        assert_eq!(find(&[&MOVING, &EVERYWHERE], &key("j")), Some(Action::Down));
        assert_eq!(find(&[&MOVING, &EVERYWHERE], &key("q")), Some(Action::Quit));
        assert_eq!(find(&[&MOVING], &key("q")), None);
        let names = ["ctrl-d", "space", "j", "pgdn", "up"].map(shown);
        assert_eq!(names, ["Ctrl-D", "Space", "j", "PgDn", "↑"]);
    }

    #[test]
    fn no_key_means_two_things_in_one_table() {
        for table in [&MOVING, &EVERYWHERE] {
            let keys: Vec<&str> = table.rows.iter().flat_map(|row| row.keys).copied().collect();
            for key in &keys {
                assert_eq!(keys.iter().filter(|k| *k == key).count(), 1, "{key}");
            }
        }
    }
}

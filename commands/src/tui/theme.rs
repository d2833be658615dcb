//! What a text means (paint) becomes colour: by background, palette, and what the terminal can show.
//!
//! The terminal's own foreground and background stay as the user chose them; only accents are ours.
//! Colour never carries meaning alone: bars, arrows, icons and words say the same, and paints that
//! must be told apart without colour have modifiers (bold, underlined, reversed).

mod palette;

use planscope_explain::heat::HeatClass;
use ratatui::style::{Color, Modifier, Style};

pub use palette::{Background, Palette, Theme};

/// How things are drawn: colours and characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// What stands behind the text.
    pub background: Background,
    /// The colours of heat and kinds.
    pub palette: Palette,
    /// How many colours the terminal has.
    pub depth: Depth,
    /// Whether to draw with ASCII only.
    pub ascii: bool,
}

/// How many colours a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: modifiers only.
    Mono,
    /// The sixteen of the terminal's own theme.
    Ansi16,
    /// A cube of 216 and 24 greys.
    Ansi256,
    /// 24 bits.
    True,
}

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Ordinary.
    Plain,
    /// Less important.
    Dim,
    /// More important.
    Strong,
    /// A heading.
    Title,
    /// Lines between panes.
    Border,
    /// Good.
    Good,
    /// Something went wrong.
    Bad,
    /// As hot as that.
    Heat(HeatClass),
    /// A kind of operator.
    Kind(Kind),
    /// A name to type, a literal piece of the engine's text.
    Code,
    /// A keyword of SQL.
    Keyword,
    /// A string, number or placeholder of SQL.
    Literal,
    /// A comment of SQL.
    Comment,
    /// The part of the statement that the node serves.
    Mark,
    /// Found by the search.
    Match,
    /// The line of the cursor.
    Selected,
    /// The line of the cursor in a pane that does not have the keys.
    SelectedElsewhere,
}

/// Kinds of operators that are told apart by icon and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Reads everything.
    Scan,
    /// Reads through an index.
    Index,
    /// Combines inputs.
    Join,
    /// Orders rows.
    Sort,
    /// Groups rows.
    Aggregate,
    /// Writes rows.
    Modify,
    /// Hands rows on.
    Other,
}

/// What the environment says of the terminal.
#[derive(Debug, Clone, Copy, Default)]
pub struct Surroundings<'a> {
    /// `COLORTERM`.
    pub colorterm: Option<&'a str>,
    /// `TERM`.
    pub term: Option<&'a str>,
    /// `COLORFGBG`.
    pub colorfgbg: Option<&'a str>,
    /// Whether colour was refused: `NO_COLOR`, `--color never`.
    pub no_color: bool,
}

impl Surroundings<'_> {
    /// How many colours there are. An unknown terminal has the sixteen that all have.
    pub fn depth(&self) -> Depth {
        let term = self.term.unwrap_or_default();
        let colorterm = self.colorterm.unwrap_or_default();
        let has = |names: &[&str]| names.iter().any(|name| term.contains(name));
        if self.no_color || matches!(term, "dumb") || term.ends_with("-m") || term == "vt100" {
            Depth::Mono
        } else if matches!(colorterm, "truecolor" | "24bit")
            || has(&["direct", "truecolor", "kitty", "alacritty", "wezterm", "ghostty", "foot"])
        {
            Depth::True
        } else if has(&["256"]) {
            Depth::Ansi256
        } else {
            Depth::Ansi16
        }
    }

    /// The background, where the terminal says it (`15;0` is light on dark); most are dark.
    pub fn background(&self) -> Background {
        let last = self.colorfgbg.and_then(|both| both.rsplit(';').next());
        match last.and_then(|number| number.parse::<u8>().ok()) {
            Some(7 | 9..=15) => Background::Light,
            _ => Background::Dark,
        }
    }
}

impl Look {
    /// The style of a paint.
    pub fn style(&self, paint: Paint) -> Style {
        let style = Style::new().add_modifier(self.modifiers(paint));
        match self.color(paint) {
            Some(color) if paint == Paint::Selected || paint == Paint::SelectedElsewhere => {
                style.bg(color)
            }
            Some(color) => style.fg(color),
            None => style,
        }
    }

    /// A box filled with a heat's colour and text that can be read on it. Without colours it is plain.
    pub fn filled(&self, class: HeatClass) -> Style {
        let Some(color) = self.color(Paint::Heat(class)) else { return Style::new() };
        let tint = self.palette.tint(self.background, Paint::Heat(class));
        let on_dark = tint.is_some_and(|tint| tint.is_dark());
        let text = if on_dark { Color::White } else { Color::Black };
        Style::new().fg(text).bg(color)
    }

    /// The same for the box under the cursor, which has a pointer too: it stays as hot as it is.
    pub fn pointed(&self, class: HeatClass) -> Style {
        let style = self.filled(class).add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        if self.depth == Depth::Mono { style.add_modifier(Modifier::REVERSED) } else { style }
    }

    fn color(&self, paint: Paint) -> Option<Color> {
        let tint = self.palette.tint(self.background, paint)?;
        match self.depth {
            Depth::Mono => None,
            // A background of the sixteen may hide the text: those lines are reversed.
            Depth::Ansi16 if matches!(paint, Paint::Selected | Paint::SelectedElsewhere) => None,
            Depth::Ansi16 => Some(tint.ansi),
            Depth::Ansi256 => Some(tint.in_256()),
            Depth::True => Some(Color::Rgb(tint.rgb.0, tint.rgb.1, tint.rgb.2)),
        }
    }

    fn modifiers(&self, paint: Paint) -> Modifier {
        let few = self.depth <= Depth::Ansi16;
        match paint {
            Paint::Dim | Paint::Comment | Paint::Border if self.depth == Depth::Mono => {
                Modifier::DIM
            }
            Paint::Strong | Paint::Title | Paint::Keyword | Paint::Bad => Modifier::BOLD,
            Paint::Heat(HeatClass::Hot | HeatClass::Burning) => Modifier::BOLD,
            Paint::Mark => Modifier::UNDERLINED | Modifier::BOLD,
            Paint::Match => Modifier::REVERSED,
            Paint::Selected if few => Modifier::REVERSED,
            Paint::SelectedElsewhere if few => Modifier::UNDERLINED,
            _ => Modifier::empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_says_what_it_can() {
        let depth = |colorterm, term, no_color| {
            Surroundings { colorterm, term, colorfgbg: None, no_color }.depth()
        };
        assert_eq!(depth(Some("truecolor"), Some("xterm-256color"), false), Depth::True);
        assert_eq!(depth(None, Some("xterm-256color"), false), Depth::Ansi256);
        assert_eq!(depth(None, Some("xterm-kitty"), false), Depth::True);
        assert_eq!(depth(None, Some("linux"), false), Depth::Ansi16);
        assert_eq!(depth(None, None, false), Depth::Ansi16);
        assert_eq!(depth(Some("truecolor"), Some("xterm"), true), Depth::Mono);
        assert_eq!(depth(None, Some("dumb"), false), Depth::Mono);
        let background =
            |text| Surroundings { colorfgbg: Some(text), ..Surroundings::default() }.background();
        assert_eq!(background("0;15"), Background::Light);
        assert_eq!(background("15;default;0"), Background::Dark);
        assert_eq!(background("12;8"), Background::Dark);
    }

    #[test]
    fn without_colours_what_matters_is_still_told_apart() {
        let look = Look {
            background: Background::Dark,
            palette: Palette::Default,
            depth: Depth::Mono,
            ascii: false,
        };
        let plain = look.style(Paint::Plain);
        for paint in [Paint::Selected, Paint::Match, Paint::Mark, Paint::Strong, Paint::Dim] {
            assert_ne!(look.style(paint), plain, "{paint:?}");
        }
        assert_ne!(look.style(Paint::Selected), look.style(Paint::SelectedElsewhere));
        let colored = |style: Style| style.fg.is_some() || style.bg.is_some();
        assert!(!colored(look.style(Paint::Heat(HeatClass::Hot))));
        assert!(!colored(look.filled(HeatClass::Hot)));
    }
}

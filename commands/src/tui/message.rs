//! What happens (messages), what a key means (actions), what is to be done about it (effects).

use super::screen::Screen;
use super::state::{Menu, Notice};
use crate::error::CommandError;
use crate::exit::ExitStatus;
use std::any::Any;

/// Something that happened.
pub enum Message {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(Mouse),
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// A line for the bottom.
    Notice(Notice),
    /// Something failed: shown in a box with its hints.
    Failed(CommandError),
    /// A background task has something for the screen that knows its type.
    News(News),
}

/// What a background task found out. The screen that started it knows what it is.
pub type News = Box<dyn Any + Send>;

/// Something that takes time. It runs beside the screen, and what it finds out comes back as news.
pub struct Work(Box<dyn FnOnce() -> Option<News> + Send>);

impl Work {
    /// Work that may find something out.
    pub fn new<T: Any + Send>(work: impl FnOnce() -> Option<T> + Send + 'static) -> Self {
        Self(Box::new(move || work().map(|news| Box::new(news) as News)))
    }

    /// Does it, here and now.
    pub fn run(self) -> Option<News> {
        (self.0)()
    }
}

/// A key by its name: `j`, `J`, `ctrl-d`, `alt-x`, `space`, `enter`, `esc`, `tab`, `shift-tab`,
/// `up`, `pgdn`, `home`, `del`, `f1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(pub String);

impl Key {
    /// The character that the key types, if it types one.
    pub fn typed(&self) -> Option<char> {
        if self.0 == "space" {
            return Some(' ');
        }
        let mut chars = self.0.chars();
        chars.next().filter(|_| chars.next().is_none())
    }
}

/// What the mouse did, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    /// What.
    pub kind: MouseKind,
    /// Column from 0.
    pub x: u16,
    /// Row from 0.
    pub y: u16,
}

/// What a mouse can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseKind {
    /// The first button was pressed.
    Click,
    /// The wheel turned up.
    WheelUp,
    /// The wheel turned down.
    WheelDown,
}

/// What a key means. One list for all screens: the same word means the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    // Moving.
    Up,
    Down,
    PageUp,
    PageDown,
    HalfUp,
    HalfDown,
    First,
    Last,
    Left,
    Right,
    // Everywhere.
    Help,
    Palette,
    Back,
    Quit,
    Interrupt,
    Suspend,
    Redraw,
    Mouse,
    // What is shown.
    Open,
    SwitchPane,
    Search,
    NextMatch,
    PreviousMatch,
    Copy,
    CopyRemedy,
    Export,
    ExportAs(&'static str),
    // Plans.
    Fold,
    FoldAll,
    UnfoldAll,
    Parent,
    NextSibling,
    PreviousSibling,
    Hottest,
    NextHot,
    PreviousHot,
    NextFinding,
    PreviousFinding,
    OnlyHot,
    NextMetric,
    PreviousMetric,
    Metric(u8),
    Inclusive,
    Detail,
    Sql,
    Flame,
    Zoom,
    NextPlan,
    PreviousPlan,
    ListPlans,
    GoTo(usize),
    // Lists of statements.
    SortBy(u8),
    NextSort,
    PreviousSort,
    Reverse,
    Filter,
    OnlyFindings,
    OnlyChanged,
    Statements,
    Findings,
    Advice,
    NextList,
    PreviousList,
    Compare,
    Reckoning,
    // Live.
    Pause,
    RefreshNow,
    // Comparisons.
    NextChange,
    PreviousChange,
    Both,
    Before,
    After,
    NextSide,
}

/// What a prompt asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Text to find.
    Search,
    /// Words that what is listed must hold.
    Filter,
}

impl Ask {
    /// What stands before the input.
    pub fn label(self) -> &'static str {
        match self {
            Self::Search => "/",
            Self::Filter => "only: ",
        }
    }
}

/// How far typing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    /// Another character.
    Changed,
    /// Enter.
    Done,
    /// Esc: as it was before.
    Cancelled,
}

/// What is to be done. The first group is done by `update`, the second by the loop.
pub enum Effect {
    /// Shows another screen on top.
    Push(Box<dyn Screen>),
    /// Leaves the screen; leaving the last one ends the program.
    Back,
    /// Opens a line of input.
    Ask(Ask),
    /// Opens a menu.
    Menu(Menu),
    /// Says something in the bottom line.
    Say(Notice),

    /// Ends the program.
    Quit(ExitStatus),
    /// Stops the program as Ctrl-Z does.
    Suspend,
    /// Draws everything anew.
    Redraw,
    /// Turns mouse reports on or off, so that the terminal's own selection works.
    Mouse(bool),
    /// Does something beside the screen.
    Work(Work),
    /// Puts a text on the clipboard of the user's terminal.
    Copy {
        /// The text.
        text: String,
        /// What it is, for the notice.
        what: String,
    },
    /// Writes a new file into the working directory.
    Write {
        /// Its name without the ending.
        stem: String,
        /// Its ending.
        ending: &'static str,
        /// Its content.
        bytes: Vec<u8>,
    },
}

//! Entering and leaving the terminal. Whatever ends the program, the terminal is as it was before.

use super::theme::Background;
use crossterm::clipboard::CopyToClipboard;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, event, execute, queue};
use ratatui::Frame;
use ratatui::backend::CrosstermBackend;
use std::io::{self, BufWriter, Stdout, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use terminal_colorsaurus::{QueryOptions, background_color};

/// Whether the terminal is ours now.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// Whether something panicked, so that the terminal was given back under our feet.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// Reports of clicks and of the wheel, with wide coordinates; no reports of mere movement, which would
/// wake the program for nothing.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// Longest text for the clipboard: terminals drop longer sequences (xterm's limit is near 100 kB of
/// base64).
const MOST_COPIED: usize = 70_000;

type Inner = ratatui::Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// The terminal while it is ours; dropping it gives it back.
pub struct Terminal {
    inner: Inner,
    mouse: bool,
}

impl Terminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When it does not let itself be taken.
    pub fn enter() -> io::Result<Self> {
        give_back_on_panic();
        let mut terminal = Self { inner: fresh()?, mouse: true };
        terminal.take()?;
        Ok(terminal)
    }

    /// Takes it (again), and draws everything at the next draw.
    pub fn take(&mut self) -> io::Result<()> {
        ENTERED.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        let out = self.inner.backend_mut();
        execute!(out, EnterAlternateScreen, event::EnableBracketedPaste, cursor::Hide)?;
        self.set_mouse(self.mouse)?;
        self.clear()
    }

    /// Draws everything at the next draw. Not by ratatui's own `clear`: that asks the terminal where
    /// the cursor is, and the answer would be read by the thread that reads the keys.
    pub fn clear(&mut self) -> io::Result<()> {
        self.inner = fresh()?;
        execute!(self.inner.backend_mut(), Clear(ClearType::All))
    }

    /// Columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.inner.size()?;
        Ok((size.width, size.height))
    }

    /// Draws what changed, at once where the terminal can do that.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.inner.backend_mut(), BeginSynchronizedUpdate)?;
        self.inner.draw(view)?;
        execute!(self.inner.backend_mut(), EndSynchronizedUpdate)
    }

    /// Turns reports of the mouse on or off.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        self.write(if on { MOUSE_ON } else { MOUSE_OFF })
    }

    /// Puts `text` on the clipboard of the terminal, which may be far away over ssh (OSC 52); false
    /// when it is too long for that.
    pub fn copy(&mut self, text: &str) -> io::Result<bool> {
        if text.len() > MOST_COPIED {
            return Ok(false);
        }
        execute!(self.inner.backend_mut(), CopyToClipboard::to_clipboard_from(text))?;
        Ok(true)
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        let out = self.inner.backend_mut();
        out.write_all(text.as_bytes())?;
        Write::flush(out)
    }

    /// Gives the terminal back until [`Terminal::take`].
    pub fn leave(&mut self) {
        give_back();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// A terminal that knows nothing of what is on the screen.
fn fresh() -> io::Result<Inner> {
    ratatui::Terminal::new(CrosstermBackend::new(BufWriter::new(io::stdout())))
}

/// The background that the terminal says it has (OSC 11): the truth, where COLORFGBG may have come along
/// from another terminal. [`None`] where it does not say. To be asked before the keys are read; most
/// answer at once, one that never does is waited for a second.
pub fn background() -> Option<Background> {
    let color = background_color(QueryOptions::default()).ok()?;
    let is_light = color.perceived_lightness() > 0.5;
    Some(if is_light { Background::Light } else { Background::Dark })
}

/// Gives the terminal back, if it is ours. Can be called from anywhere, more than once.
pub fn give_back() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // Nobody is left to be told when the terminal is gone.
    let mut out = io::stdout();
    let _ = out.write_all(MOUSE_OFF.as_bytes());
    let _ = execute!(
        out,
        EndSynchronizedUpdate,
        event::DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
}

/// Whether something panicked.
pub fn has_panicked() -> bool {
    PANICKED.load(Ordering::SeqCst)
}

/// Makes a panic give the terminal back before it says anything.
fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICKED.store(true, Ordering::SeqCst);
            give_back();
            before(panic);
        }));
    });
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the test runs itself again, with a switch")]
mod tests {
    use super::*;
    use std::process::Command;

    const SWITCH: &str = "PLANSCOPE_TEST_PANIC_INSIDE";

    /// Does nothing by itself; run in a terminal by the test below, it panics where the terminal is
    /// taken.
    #[test]
    fn panics_inside() {
        if std::env::var_os(SWITCH).is_some() {
            let _terminal = Terminal::enter().unwrap();
            panic!("as it was asked to");
        }
    }

    /// `script` (of bsdutils, which every Debian has) gives a terminal and keeps what is written to it.
    #[test]
    fn a_panic_gives_the_terminal_back_before_it_speaks() {
        let exe = std::env::current_exe().unwrap();
        let inner = format!(
            "{}=1 TERM=xterm {} --exact tui::terminal::tests::panics_inside --nocapture",
            SWITCH,
            exe.display()
        );
        let Ok(output) = Command::new("script").args(["-qec", &inner, "/dev/null"]).output() else {
            return crate::testing::skip("there is no `script` to make a terminal");
        };
        let shown = String::from_utf8_lossy(&output.stdout);
        let place =
            |text: &str| shown.find(text).unwrap_or_else(|| panic!("no {text:?} in {shown:?}"));
        let entered = place("\u{1b}[?1049h");
        let left = place("\u{1b}[?1049l");
        assert!(entered < left && left < place("as it was asked to"), "{shown:?}");
        for given_back in ["\u{1b}[?1000l", "\u{1b}[?2004l", "\u{1b}[?25h"] {
            place(given_back);
        }
        // Once only: dropping the terminal afterwards does nothing more.
        assert_eq!(shown.matches("\u{1b}[?1049l").count(), 1, "{shown:?}");
    }
}

//! The loop: waits for an event, updates, carries effects out, draws. All that is not pure is here and
//! in `terminal.rs` and `event.rs`.

use super::event::{Event, Events, Mailbox};
use super::message::{Effect, Message, Work};
use super::screen::Screen;
use super::state::{App, Notice};
use super::terminal::{self, Terminal};
use super::theme::{Depth, Look, Surroundings};
use super::update::{begin, update};
use super::view;
use crate::ctx::Ctx;
use crate::error::{CommandError, CommandErrorKind, Result};
use crate::exit::ExitStatus;
use crate::ui::Ui;
use rustix::process::{Signal, getpid, kill_current_process_group, kill_process};
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

/// Most files of one name.
const MOST_FILES: u32 = 1000;

/// Whether a terminal can be taken over: stdout is one that can do more than print, there is a
/// keyboard (stdin may be a pipe: then it is that of `/dev/tty`), and nobody asked for a format.
pub fn is_possible(ctx: &Ctx) -> bool {
    let dumb = ctx.environment.get("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    let keyboard = || std::io::stdin().is_terminal() || File::open("/dev/tty").is_ok();
    ctx.global.format.is_none() && !dumb && std::io::stdout().is_terminal() && keyboard()
}

/// The look that arguments, config, terminal and environment ask for.
pub fn look(ctx: &Ctx, wishes: Wishes) -> Look {
    let around = Surroundings {
        colorterm: ctx.environment.get("COLORTERM"),
        term: ctx.environment.get("TERM"),
        colorfgbg: ctx.environment.get("COLORFGBG"),
        no_color: !ctx.style.color,
    };
    let depth = around.depth();
    let asked = || if depth == Depth::Mono { None } else { terminal::background() };
    Look {
        background: wishes.background.or_else(asked).unwrap_or_else(|| around.background()),
        palette: wishes.palette.unwrap_or_default(),
        depth,
        ascii: ctx.style.ascii,
    }
}

/// Shows `screen` until the user leaves. `start` may begin background work with the mailbox; what it
/// gives is kept until the end.
///
/// # Errors
/// When the terminal breaks.
pub fn run<T>(
    ctx: &Ctx,
    look: Look,
    screen: Box<dyn Screen>,
    start: impl FnOnce(Mailbox) -> T,
) -> Result<ExitStatus> {
    ctx.watch_signals()?;
    let _silence = Silence::on(&ctx.ui);
    let events = Events::new();
    let mut terminal = Terminal::enter().map_err(broken)?;
    events.listen(ctx.stop.clone()).map_err(broken)?;
    let app = App::new(screen, look, terminal.size().map_err(broken)?);
    let _work = start(events.mailbox());
    let status = Loop { app, terminal: &mut terminal, events: &events, own_suspends: 0 }.run();
    drop(terminal);
    status
}

/// Keeps everybody else from writing to the terminal, until it is dropped.
struct Silence<'a>(&'a Ui);

impl<'a> Silence<'a> {
    fn on(ui: &'a Ui) -> Self {
        ui.silence(true);
        Self(ui)
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        self.0.silence(false);
    }
}

fn broken(error: std::io::Error) -> CommandError {
    CommandError::new(CommandErrorKind::Input, format!("the terminal: {error}"))
        .hint("--format text prints instead")
}

struct Loop<'a> {
    app: App,
    terminal: &'a mut Terminal,
    events: &'a Events,
    /// Stop signals of our own that are still on their way back to us.
    own_suspends: u32,
}

impl Loop<'_> {
    fn run(&mut self) -> Result<ExitStatus> {
        self.draw()?;
        let begun = begin(&mut self.app);
        if let Some(status) = self.carry_out(begun)? {
            return Ok(status);
        }
        while let Some(first) = self.events.wait() {
            // What has piled up is done before anything is drawn.
            let mut next = Some(first);
            while let Some(event) = next {
                if let Some(status) = self.on(event)? {
                    return Ok(status);
                }
                next = self.events.pending();
            }
            self.draw()?;
        }
        Ok(ExitStatus::Success)
    }

    fn draw(&mut self) -> Result<()> {
        if terminal::has_panicked() {
            return Err(CommandError::new(
                CommandErrorKind::Internal,
                "a task in the background panicked, see above",
            ));
        }
        let app = &self.app;
        self.terminal.draw(|frame| view::draw(app, frame.buffer_mut())).map_err(broken)
    }

    /// Handles an event; an exit status ends the program.
    fn on(&mut self, event: Event) -> Result<Option<ExitStatus>> {
        match event {
            Event::Message(message) => return self.update(message),
            Event::Stopped => return Ok(Some(ExitStatus::Interrupted)),
            Event::Suspended if self.own_suspends > 0 => self.own_suspends -= 1,
            Event::Suspended => self.suspend()?,
            Event::Continued => self.resume()?,
            Event::Broken(error) => return Err(broken(error)),
        }
        Ok(None)
    }

    fn update(&mut self, message: Message) -> Result<Option<ExitStatus>> {
        let effects = update(&mut self.app, message);
        self.carry_out(effects)
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Result<Option<ExitStatus>> {
        for effect in effects {
            match effect {
                Effect::Quit(status) => return Ok(Some(status)),
                Effect::Suspend => self.suspend()?,
                Effect::Redraw => self.terminal.clear().map_err(broken)?,
                Effect::Mouse(on) => self.terminal.set_mouse(on).map_err(broken)?,
                Effect::Copy { text, what } => {
                    let copied = self.terminal.copy(&text).map_err(broken)?;
                    self.app.notice = Some(match copied {
                        true => Notice::info(format!("copied {what}")),
                        false => Notice::error(format!(
                            "{what} is too long for the clipboard; e writes a file"
                        )),
                    });
                }
                Effect::Write { stem, ending, bytes } => {
                    let written = write_new(&stem, ending, &bytes);
                    let message = written.map_or_else(Message::Failed, |path| {
                        Message::Notice(Notice::info(format!("wrote {}", path.display())))
                    });
                    update(&mut self.app, message);
                }
                Effect::Work(work) => self.start(work),
                // `update` has done these.
                Effect::Push(_)
                | Effect::Back
                | Effect::Ask(_)
                | Effect::Menu(_)
                | Effect::Say(_) => {}
            }
        }
        Ok(None)
    }

    /// Work in a thread of its own; what it finds out comes through the queue.
    fn start(&mut self, work: Work) {
        let mailbox = self.events.mailbox();
        let run = move || {
            if let Some(news) = work.run() {
                mailbox.send(Message::News(news));
            }
        };
        let started = std::thread::Builder::new().name("tui-work".to_owned()).spawn(run);
        if let Err(error) = started {
            update(&mut self.app, Message::Failed(error.into()));
        }
    }

    /// Stops as the shell expects it: with everything else that belongs to the job.
    fn suspend(&mut self) -> Result<()> {
        self.terminal.leave();
        // We catch this signal, and will hear of it later; what runs with us (a wrapper script) stops.
        self.own_suspends += 1;
        let stopped = kill_current_process_group(Signal::TSTP);
        let stopped = stopped.and_then(|()| kill_process(getpid(), Signal::STOP));
        self.resume()?;
        stopped.map_err(|error| broken(error.into()))
    }

    fn resume(&mut self) -> Result<()> {
        self.terminal.take().map_err(broken)?;
        self.app.size = self.terminal.size().map_err(broken)?;
        let (width, height) = self.app.size;
        update(&mut self.app, Message::Resize(width, height));
        Ok(())
    }
}

/// Writes a file that was not there before: `stem.ending`, else `stem-2.ending` and so on.
fn write_new(stem: &str, ending: &str, bytes: &[u8]) -> Result<PathBuf> {
    for number in 1..=MOST_FILES {
        let path = PathBuf::from(match number {
            1 => format!("{stem}.{ending}"),
            n => format!("{stem}-{n}.{ending}"),
        });
        let failed = |error: std::io::Error| CommandError::from(error).at(path.display());
        match File::create_new(&path) {
            Ok(mut file) => {
                let written = file.write_all(bytes).and_then(|()| file.sync_all());
                return match written {
                    Ok(()) => Ok(path),
                    Err(error) => {
                        // Half a file is worse than none.
                        let _ = std::fs::remove_file(&path);
                        Err(failed(error))
                    }
                };
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(CommandError::input(format!("there are {MOST_FILES} files {stem}-N.{ending} already")))
}

/// What was asked for explicitly; the environment decides the rest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes {
    /// Dark or light.
    pub background: Option<super::theme::Background>,
    /// The palette.
    pub palette: Option<super::theme::Palette>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let stem = folder.path().join("plan").display().to_string();
        let first = write_new(&stem, "json", b"1").unwrap();
        let second = write_new(&stem, "json", b"2").unwrap();
        assert!(first.ends_with("plan.json") && second.ends_with("plan-2.json"));
        assert_eq!(std::fs::read(first).unwrap(), b"1");
        let nowhere = folder.path().join("no/plan").display().to_string();
        assert!(write_new(&nowhere, "json", b"").unwrap_err().message.contains("no/plan.json"));
    }
}

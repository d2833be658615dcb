//! Raw arguments and environment become settings, once.

use crate::cli::{ColorWhen, GlobalArgs};
use crate::ctx::Ctx;
use crate::output::{self, Style};
use crate::ui::Ui;
use planscope_collection::Stop;
use planscope_collection::target::Environment;
use std::cell::{Cell, OnceCell};
use std::io::IsTerminal;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Columns where stdout is no terminal: what every terminal and mail has.
const DEFAULT_WIDTH: u16 = 80;

/// Resolves the options that every command understands.
pub fn resolve(global: &GlobalArgs) -> Ctx {
    let environment = Environment::of_process();
    let name = global.format.as_deref().unwrap_or("text");
    let output = output::by_name(name).unwrap_or(output::ALL[0]);
    let terminal = std::io::stdout().is_terminal();
    let no_color = environment.get("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = environment.get("TERM").is_some_and(|term| term == "dumb");
    let color = match global.color {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => terminal && !no_color && !dumb,
    };
    let columns = || terminal_size::terminal_size().map(|(width, _)| width.0).filter(|_| terminal);
    let width = global.width.or_else(columns).unwrap_or(DEFAULT_WIDTH).max(40);
    Ctx {
        global: global.clone(),
        output,
        style: Style { width: width.into(), color, ascii: global.ascii },
        ui: Ui::new(global.quiet),
        stop: Stop::new(),
        watched: Cell::new(false),
        environment,
        config: OnceCell::new(),
    }
}

/// Throws the switch at Ctrl-C and SIGTERM from now on until the process ends. A thread of its own
/// does it: once a signal is caught nothing else answers it, not even while no runtime runs.
pub fn watch_in_background(stop: Stop, ui: Ui) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let signals = runtime.block_on(async { Signals::catch() })?;
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || runtime.block_on(watch_signals(signals, stop, ui)))?;
    Ok(())
}

/// Ctrl-C and SIGTERM, caught from the moment it is made.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Catches the signals; must be called inside a runtime.
    fn catch() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Throws the switch at the first signal; at the second it does not wait for the server.
async fn watch_signals(mut signals: Signals, stop: Stop, ui: Ui) {
    signals.next().await;
    ui.say("stopping (Ctrl-C again to leave at once)");
    stop.stop();
    signals.next().await;
    crate::tui::terminal::give_back();
    #[expect(clippy::exit, reason = "the user asked twice and waits no longer")]
    std::process::exit(130);
}

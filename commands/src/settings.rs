//! Raw arguments and environment become settings, once.

use crate::cli::{ColorWhen, GlobalArgs};
use crate::ctx::Ctx;
use crate::output::{self, Style};
use crate::ui::Ui;
use planscope_collection::Stop;
use planscope_collection::target::Environment;
use std::io::IsTerminal;

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
        environment,
    }
}

/// Throws the switch at Ctrl-C or SIGTERM; a second Ctrl-C does not wait for the server.
pub async fn watch_signals(stop: Stop, ui: Ui) {
    let Ok(mut terminate) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    else {
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    ui.say("stopping (Ctrl-C again to leave at once)");
    stop.stop();
    if tokio::signal::ctrl_c().await.is_ok() {
        #[expect(clippy::exit, reason = "the user asked twice and waits no longer")]
        std::process::exit(130);
    }
}

//! The language of journeys, a step a line:
//!
//! ```text
//! terminal 80x24 TERM=xterm-256color    a terminal of that size, with these variables
//! needs PG16                            skips the journey without that server; $PG16 is the URL of a
//!                                       database of the journey's own, with a statement
//! run planscope explain $FIXTURES/…     types a command and Enter into the shell
//! keys j j enter ctrl-d                 presses keys by their names
//! type some text                        types it
//! click 10 3                            clicks a cell (column and row from 0)
//! resize 120x40
//! see TEXT / unsee TEXT                 waits until the screen shows it / no longer does
//! signal TERM                           to the program in the foreground
//! restored                              the shell has its terminal back: screen, cursor, mouse, echo
//! ```

use crate::database::Database;
use crate::servers::server;
use crate::support::TestEnv;
use crate::tmux::Tmux;
use std::path::Path;
use std::process::Command;

/// Walks a journey; a step that fails shows the screen.
pub fn walk(path: &Path) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).expect("a journey");
    let env = TestEnv::new();
    // Dropped last: nobody is connected any more.
    let mut databases = Vec::new();
    let mut terminal = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let place = format!("{name}:{}: {line}", number + 1);
        if verb == "needs" {
            let Some(url) = server(rest) else { return };
            databases.push((rest.to_owned(), database(&url)));
            continue;
        }
        if verb == "terminal" {
            terminal = Some(start(rest, &env, &databases));
            continue;
        }
        let terminal = terminal.as_ref().unwrap_or_else(|| panic!("{place}: no terminal yet"));
        if let Err(screen) = step(terminal, verb, rest.trim()) {
            panic!("{place}\n----- the screen -----\n{screen}");
        }
    }
}

/// A database whose statistics have a statement, whatever else runs on the server.
fn database(url: &str) -> Database {
    let database = Database::create(url, "planscope_journey");
    database.run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements; CREATE TABLE orders (id int)");
    database.run("SELECT count(*) FROM orders");
    database
}

fn size(text: &str) -> (u16, u16) {
    let (width, height) = text.split_once('x').expect("WxH");
    (width.parse().expect("columns"), height.parse().expect("rows"))
}

fn start(rest: &str, env: &TestEnv, databases: &[(String, Database)]) -> Tmux {
    let mut words = rest.split_whitespace();
    let size = size(words.next().expect("a size"));
    let binary = Path::new(env!("CARGO_BIN_EXE_planscope")).parent().expect("a folder");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/plans");
    let mut variables = vec![
        ("PATH", format!("{}:/usr/bin:/bin", binary.display())),
        ("HOME", env.path("").display().to_string()),
        ("FIXTURES", fixtures.display().to_string()),
        ("PS1", "ready> ".to_owned()),
        ("LC_ALL", "C.UTF-8".to_owned()),
        ("TERM", "screen-256color".to_owned()),
    ];
    variables.extend(databases.iter().map(|(name, database)| (name.as_str(), database.url())));
    for (name, value) in words.filter_map(|word| word.split_once('=')) {
        variables.retain(|(known, _)| *known != name);
        variables.push((name, value.to_owned()));
    }
    let terminal = Tmux::start(size, &env.path(""), &variables);
    terminal.wait_until(|screen| screen.contains("ready>")).expect("a shell");
    terminal
}

fn step(terminal: &Tmux, verb: &str, rest: &str) -> Result<(), String> {
    let send = |args: &[&str]| {
        let args: Vec<&str> = ["send-keys", "-t", "journey"].iter().chain(args).copied().collect();
        terminal.command(&args);
    };
    match verb {
        "run" => {
            send(&["-l", rest]);
            send(&["Enter"]);
        }
        "type" => send(&["-l", rest]),
        "keys" => rest.split_whitespace().for_each(|key| send(&[&tmux_name(key)])),
        "click" => {
            let (x, y) = rest.split_once(' ').expect("column and row");
            let cell = |text: &str| text.parse::<u16>().expect("a number") + 1;
            let (x, y) = (cell(x), cell(y));
            send(&["-l", &format!("\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m")]);
        }
        "resize" => {
            let (width, height) = size(rest);
            let (width, height) = (width.to_string(), height.to_string());
            terminal.command(&["resize-window", "-t", "journey", "-x", &width, "-y", &height]);
        }
        "see" => return terminal.wait_until(|screen| screen.contains(rest)),
        "unsee" => return terminal.wait_until(|screen| !screen.contains(rest)),
        "signal" => signal(terminal, rest),
        "restored" => return restored(terminal),
        _ => panic!("there is no step `{verb}`"),
    }
    Ok(())
}

fn tmux_name(key: &str) -> String {
    match key {
        "enter" => "Enter".to_owned(),
        "esc" => "Escape".to_owned(),
        "tab" => "Tab".to_owned(),
        "space" => "Space".to_owned(),
        "up" | "down" | "left" | "right" | "home" | "end" => key[..1].to_uppercase() + &key[1..],
        "pgdn" => "PageDown".to_owned(),
        "pgup" => "PageUp".to_owned(),
        "backspace" => "BSpace".to_owned(),
        key => key.replace("ctrl-", "C-"),
    }
}

/// Sends a signal to the shell's child.
fn signal(terminal: &Tmux, name: &str) {
    let shell = terminal.value("pane_pid");
    let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children"));
    let children = children.expect("the shell's children");
    let child = children.split_whitespace().last().expect("a program in the foreground");
    let sent = Command::new("kill").args([&format!("-{name}"), child]).status();
    assert!(sent.is_ok_and(|status| status.success()), "kill -{name} {child}");
}

/// Everything that the interface changed is as it was.
fn restored(terminal: &Tmux) -> Result<(), String> {
    terminal.wait_until(|screen| screen.trim_end().ends_with("ready>"))?;
    let value = |name: &str| (name.to_owned(), terminal.value(name));
    let found = ["alternate_on", "cursor_flag", "mouse_any_flag", "mouse_sgr_flag"].map(value);
    let expected = ["0", "1", "0", "0"];
    for ((name, found), expected) in found.iter().zip(expected) {
        if found != expected {
            return Err(format!("{name} is {found}\n{}", terminal.screen()));
        }
    }
    step(terminal, "run", "clear; stty -a | grep -ow -e '-*icanon' -e '-*echo' | tr '\\n' ' '")?;
    terminal.wait_until(|screen| screen.contains("icanon echo ready>"))
}

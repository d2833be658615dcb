//! A terminal that says how bright its background is: what the interface shows suits it.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// What the interface writes on such a terminal until it was left, by a terminal that answers the
/// question for the background (OSC 11) with `color`, and the question for what it is (DA1).
fn shown_on(color: &str) -> String {
    let pty = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&pty).and_then(|()| unlockpt(&pty)).expect("its other end");
    let size = Winsize { ws_row: 30, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&pty, size).expect("a size");
    let name = ptsname(&pty, Vec::new()).expect("a name").into_string().expect("a path");
    let end = OpenOptions::new().read(true).write(true).open(name).expect("its other end");
    let stdio = || Stdio::from(end.try_clone().expect("a copy"));
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("commands/src/tui/pictures/shop.txt");
    // `setsid -c` (util-linux) makes it the program's own terminal.
    let mut child = Command::new("setsid")
        .args(["-c", env!("CARGO_BIN_EXE_planscope"), "explain"])
        .arg(plan)
        .env_clear()
        .env("TERM", "xterm-256color")
        .stdin(stdio())
        .stdout(stdio())
        .stderr(stdio())
        .spawn()
        .expect("setsid");
    drop(end);
    let mut terminal = File::from(pty);
    let (mut written, mut part) = (Vec::new(), [0; 4096]);
    let (mut answered, mut left) = (false, false);
    // Reading ends with an error once nobody has the other end.
    while let Ok(count @ 1..) = terminal.read(&mut part) {
        written.extend_from_slice(&part[..count]);
        let has = |text: &str| written.windows(text.len()).any(|w| w == text.as_bytes());
        if !answered && has("\x1b]11;?") {
            answered = true;
            write!(terminal, "\x1b]11;rgb:{color}\x1b\\\x1b[?62c").expect("an answer");
        }
        if !left && has("hottest") {
            left = true;
            terminal.write_all(b"q").expect("a key");
        }
    }
    assert!(child.wait().expect("an end").success());
    assert!(answered, "it never asked");
    String::from_utf8_lossy(&written).into_owned()
}

#[test]
fn the_palette_suits_the_background_that_the_terminal_says() {
    let (light, dark) = (shown_on("ffff/ffff/eeee"), shown_on("1111/1111/1111"));
    assert_ne!(colors(&light), colors(&dark));
}

/// The indexed foreground colours that are used, in order.
fn colors(written: &str) -> std::collections::BTreeSet<&str> {
    let after = written.split("\x1b[38;5;").skip(1);
    after.filter_map(|rest| rest.split('m').next()).collect()
}

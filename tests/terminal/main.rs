//! Journeys through the terminal interface of the real binary, in a real terminal: tmux. Each file of
//! `tests/journeys/` is one; drop a file, get a test run.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests stop a test as its assertions do, and read its switches"
)]

#[path = "../live/database.rs"]
#[allow(dead_code, reason = "a journey needs a part of what end-to-end tests share")]
mod database;
#[path = "../support/servers.rs"]
mod servers;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "a journey needs a part of what end-to-end tests share")]
mod support;

mod background;
mod journey;
mod tmux;

use crate::servers::is_required;
use crate::support::say;
use std::path::Path;
use std::process::Command;

/// Whether tmux is there; says so where it is not. Where servers are required (CI) it must be.
fn has_tmux() -> bool {
    let found = Command::new("tmux").arg("-V").output().is_ok_and(|out| out.status.success());
    assert!(found || !is_required(), "tmux is required: dev/tools up");
    if !found {
        say("skipped: journeys through the terminal interface need tmux (dev/tools up)");
    }
    found
}

#[test]
fn journeys() {
    if !has_tmux() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journeys");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 1, "there are journeys");
    for file in files {
        journey::walk(&file);
    }
}

//! End-to-end tests of the binary that need no server: exit code, stdout and stderr of whole runs.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests stop a test as its assertions do, and read its switches"
)]

#[path = "../support/formats.rs"]
mod formats;
#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod browse;
mod ci;
mod config;
mod explain;
mod explain_outputs;
mod from_log;
mod gate;
mod interface;
mod log_rules;
mod sqlite;

//! End-to-end tests of the binary that need no server: exit code, stdout and stderr of whole runs.

#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod explain;
mod interface;
mod sqlite;

//! End-to-end tests of the binary against the real servers of `dev/servers`.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests stop a test as its assertions do, and read its switches"
)]

#[path = "../support/formats.rs"]
mod formats;
#[path = "../support/servers.rs"]
mod servers;
#[path = "../support/mod.rs"]
mod support;

mod advice_cases;
mod database;
mod failures;
mod gate;
mod postgres;
mod proxy;

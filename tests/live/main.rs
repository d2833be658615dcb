//! End-to-end tests of the binary against the real servers of `dev/servers`.

#[path = "../support/mod.rs"]
mod support;

mod advice_cases;
mod database;
mod failures;
mod postgres;
mod proxy;

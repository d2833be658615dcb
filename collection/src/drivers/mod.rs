//! The engines' drivers.

use crate::driver::Driver;
use planscope_explain::Engine;

mod postgres;
mod sqlite;

/// Every driver, in the order of the engines.
pub static ALL: &[&Driver] = &[&postgres::DRIVER, &sqlite::DRIVER];

/// The driver of an engine.
pub fn of(engine: Engine) -> Option<&'static Driver> {
    ALL.iter().find(|driver| driver.engine == engine).copied()
}

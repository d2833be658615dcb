//! The engines' drivers.

use crate::driver::{Driver, Session};
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::{Policy, Stop};
use crate::target::Target;
use planscope_explain::Engine;

mod checks;
mod counters;
mod hosts;
mod mongodb;
mod mysql;
mod postgres;
mod sqlite;
#[cfg(test)]
mod test_proxy;

/// Every driver, in the order of the engines.
pub static ALL: &[&Driver] =
    &[&postgres::DRIVER, &mysql::DRIVER, &mysql::MARIADB_DRIVER, &mongodb::DRIVER, &sqlite::DRIVER];

/// The driver of an engine.
pub fn of(engine: Engine) -> Option<&'static Driver> {
    ALL.iter().find(|driver| driver.engine == engine).copied()
}

/// Opens a session with the driver of the target's engine.
///
/// # Errors
/// When there is no driver for it yet, or the session cannot be opened.
pub async fn connect(target: &Target, policy: &Policy, stop: Stop) -> Result<Box<dyn Session>> {
    let Some(driver) = of(target.engine) else {
        let engine = target.engine.label();
        return Err(CollectError::new(
            ErrorKind::Config,
            format!("planscope cannot connect to {engine} yet"),
        )
        .hint("planscope connects to PostgreSQL, MySQL, MariaDB, MongoDB and SQLite"));
    };
    (driver.connect)(target, policy, stop).await
}

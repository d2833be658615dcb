//! The engines' drivers.

use crate::driver::{Driver, Inject, Injected, Session};
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::{Policy, Stop};
use crate::target::Target;
use planscope_explain::{Engine, Snapshot};

mod checks;
mod counters;
mod hosts;
mod mongodb;
mod mysql;
mod postgres;
mod sqlite;
#[cfg(test)]
mod test_proxy;
#[cfg(test)]
mod test_servers;

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

/// Gives an empty scratch database the statistics of a snapshot, so that it plans like the database
/// that the snapshot was collected from.
///
/// # Errors
/// [`ErrorKind::Refused`] when the engine cannot, when the snapshot is of another engine, or when the
/// database has rows; else when it cannot be reached or written.
pub async fn inject(
    target: &Target,
    policy: &Policy,
    stop: Stop,
    snapshot: &Snapshot,
) -> Result<Injected> {
    let engine = target.engine;
    let refused = |message: String| CollectError::new(ErrorKind::Refused, message);
    if snapshot.target.engine != engine {
        let message = format!(
            "the statistics are of {}, the database is {}",
            snapshot.target.engine.label(),
            engine.label()
        );
        return Err(refused(message).hint("name a snapshot of the same engine"));
    }
    match of(engine).map(|driver| &driver.inject) {
        Some(Inject::By(write)) => write(target, policy, stop, snapshot).await,
        Some(Inject::Cannot(why)) => {
            let message = format!("statistics cannot be injected into {}: {why}", engine.label());
            Err(refused(message).hint("compare on a copy of production that has its data"))
        }
        None => Err(refused(format!("planscope cannot connect to {} yet", engine.label()))),
    }
}

//! Stub.

use crate::driver::{Driver, Session};
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::{Policy, Stop};
use crate::target::Target;
use futures_util::future::BoxFuture;
use planscope_explain::Engine;

pub(super) static DRIVER: Driver = Driver { engine: Engine::Sqlite, connect };

fn connect<'a>(
    _target: &'a Target,
    _policy: &'a Policy,
    _stop: Stop,
) -> BoxFuture<'a, Result<Box<dyn Session>>> {
    Box::pin(async { Err(CollectError::new(ErrorKind::Missing, "not built yet")) })
}

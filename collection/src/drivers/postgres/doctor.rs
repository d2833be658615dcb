//! The checks of `doctor`.

use super::link::Link;
use crate::driver::Check;
use crate::error::Result;

/// Looks.
pub(super) async fn checks(_link: &Link) -> Result<Vec<Check>> {
    Ok(Vec::new())
}

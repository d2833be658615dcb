//! Stopping: one switch that the signal handler throws and every session watches.

use crate::error::{CollectError, Result};
use std::time::Duration;
use tokio::sync::watch;

/// A switch that is thrown once. Clones share it.
#[derive(Debug, Clone)]
pub struct Stop {
    sender: std::sync::Arc<watch::Sender<bool>>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { sender: std::sync::Arc::new(watch::Sender::new(false)) }
    }
}

impl Stop {
    /// A switch that is not thrown.
    pub fn new() -> Self {
        Self::default()
    }

    /// Throws it.
    pub fn stop(&self) {
        self.sender.send_replace(true);
    }

    /// Whether it is thrown; for code that cannot wait.
    pub fn is_stopped(&self) -> bool {
        *self.sender.borrow()
    }

    /// An error when it is thrown.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Stopped`].
    pub fn check(&self) -> Result<()> {
        if self.is_stopped() { Err(CollectError::stopped()) } else { Ok(()) }
    }

    /// Waits for that time.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Stopped`] as soon as the switch is thrown.
    pub async fn pause(&self, time: Duration) -> Result<()> {
        tokio::select! {
            () = tokio::time::sleep(time) => self.check(),
            () = self.stopped() => Err(CollectError::stopped()),
        }
    }

    /// Waits until it is thrown.
    pub async fn stopped(&self) {
        let mut receiver = self.sender.subscribe();
        // The sender lives in `self`: the wait cannot fail.
        let _ = receiver.wait_for(|stopped| *stopped).await;
    }
}

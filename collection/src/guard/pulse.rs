//! How quickly a server answers, as its answers so far show.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// The slowest answer of a session.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    slowest_us: AtomicU64,
}

impl Pulse {
    /// Waits for an answer and takes note of how long that took. One that never came says nothing.
    pub async fn feel<T, E>(&self, answer: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let begun = Instant::now();
        let answer = answer.await;
        if answer.is_ok() {
            self.note(begun.elapsed());
        }
        answer
    }

    /// Takes note of an answer that took that long.
    pub fn note(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.slowest_us.fetch_max(took, Ordering::Relaxed);
    }

    /// How long the slowest took; nothing before the first.
    pub fn slowest(&self) -> Duration {
        Duration::from_micros(self.slowest_us.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_slowest_answer_counts_and_failures_do_not() {
        let pulse = Pulse::default();
        assert_eq!(pulse.slowest(), Duration::ZERO);
        for (ms, answer) in [(30, Ok(())), (10, Ok(())), (900, Err(()))] {
            let late = async {
                tokio::time::advance(Duration::from_millis(ms)).await;
                answer
            };
            assert_eq!(pulse.feel(late).await, answer);
        }
        assert_eq!(pulse.slowest(), Duration::from_millis(30));
    }
}

//! What a collection may cost at most.

use std::time::Duration;
use tokio::time::Instant;

/// Limits of one collection; `None` is no limit. Connections are no part of it: a session has one
/// (see [`crate::guard::Policy::connections`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Most plans that are asked for.
    pub plans: Option<usize>,
    /// Most bytes of plans and statement texts that are fetched.
    pub bytes: Option<u64>,
    /// Longest time of the whole collection; the statement under way is not cut short.
    pub time: Option<Duration>,
}

impl Default for Budget {
    /// A snapshot of 500 statements has 2 MB of plans; 256 MiB is where a laptop begins to notice.
    fn default() -> Self {
        Self { plans: None, bytes: Some(256 << 20), time: None }
    }
}

/// What has been spent of a budget.
#[derive(Debug)]
pub(crate) struct Spending {
    budget: Budget,
    begun: Instant,
    plans: usize,
    bytes: u64,
}

impl Spending {
    pub fn new(budget: Budget) -> Self {
        Self { budget, begun: Instant::now(), plans: 0, bytes: 0 }
    }

    /// Takes note of what came.
    pub fn spend(&mut self, plans: usize, bytes: u64) {
        self.plans += plans;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// How many more plans may be asked for.
    pub fn plans_left(&self) -> usize {
        self.budget.plans.map_or(usize::MAX, |most| most.saturating_sub(self.plans))
    }

    /// What is used up, for a person; `None` while something is left.
    pub fn used_up(&self) -> Option<String> {
        let budget = &self.budget;
        if self.plans_left() == 0 {
            return Some(format!("{} plans", self.plans));
        }
        if let Some(most) = budget.bytes.filter(|most| self.bytes >= *most) {
            return Some(format!("{most} bytes"));
        }
        self.time_spent().map(|most| format!("{} s", most.as_secs_f64()))
    }

    /// The longest time, when it is over.
    pub fn time_spent(&self) -> Option<Duration> {
        self.budget.time.filter(|most| self.begun.elapsed() >= *most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_limit_ends_it() {
        let none = Budget { plans: None, bytes: None, time: None };
        let mut free = Spending::new(none);
        free.spend(1000, u64::MAX);
        assert_eq!((free.used_up(), free.plans_left()), (None, usize::MAX));

        let mut plans = Spending::new(Budget { plans: Some(3), ..none });
        plans.spend(2, 0);
        assert_eq!((plans.used_up(), plans.plans_left()), (None, 1));
        plans.spend(1, 0);
        assert_eq!(plans.used_up().as_deref(), Some("3 plans"));

        let mut bytes = Spending::new(Budget { bytes: Some(10), ..none });
        bytes.spend(1, 9);
        assert_eq!(bytes.used_up(), None);
        bytes.spend(1, 1);
        assert_eq!(bytes.used_up().as_deref(), Some("10 bytes"));

        let time = Spending::new(Budget { time: Some(Duration::from_secs(2)), ..none });
        assert_eq!(time.used_up(), None);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(time.used_up().as_deref(), Some("2 s"));
    }
}

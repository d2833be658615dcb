//! What a collection may cost, and from when on a server is left alone.

use crate::duration;
use clap::Args;
use planscope_collection::guard::{Budget, LoadLimits};
use std::time::Duration;

/// Limits of a collection.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Most plans to ask for; of the statements beyond it it is said that they have none
    #[arg(long, value_name = "N")]
    pub max_plans: Option<usize>,
    /// Most bytes of texts and plans to fetch: 20MiB; by default 256MiB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub max_bytes: Option<u64>,
    /// Longest time of a collection: 30s, 5m
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub max_time: Option<Duration>,
    /// Leave the server alone while more sessions than this run a statement; by default 200
    #[arg(long, value_name = "N")]
    pub max_active: Option<u32>,
    /// Leave the server alone while more sessions than this wait for a lock; by default 20
    #[arg(long, value_name = "N")]
    pub max_waiting: Option<u32>,
    /// Leave a replica alone that is further behind than this; by default 5m
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub max_lag: Option<Duration>,
}

impl LimitArgs {
    /// What a collection may cost.
    pub fn budget(&self) -> Budget {
        let default = Budget::default();
        Budget {
            plans: self.max_plans.or(default.plans),
            bytes: self.max_bytes.or(default.bytes),
            time: self.max_time.or(default.time),
        }
    }

    /// From when on the server is left alone; never, when the user insists.
    pub fn load(&self, force: bool) -> LoadLimits {
        if force {
            return LoadLimits::none();
        }
        let default = LoadLimits::default();
        LoadLimits {
            active: self.max_active.or(default.active),
            waiting: self.max_waiting.or(default.waiting),
            lag: self.max_lag.or(default.lag),
            ..default
        }
    }
}

/// Units of sizes, and their bytes.
const UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)];

/// Reads a size such as `20MiB`; for clap.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size: write 500KiB, 20MiB or 1GiB");
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let (_, bytes) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(*bytes).filter(|size| *size > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_nonsense_is_not() {
        assert_eq!(size("20MiB"), Ok(20 << 20));
        assert_eq!(size("500"), Ok(500));
        for text in ["", "0", "MiB", "-1", "1.5GiB", "1 GiB", "99999999999GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn who_insists_meets_no_gate() {
        let args = LimitArgs { max_active: Some(3), ..LimitArgs::default() };
        assert_eq!(args.load(false).active, Some(3));
        assert_eq!(args.load(false).waiting, LoadLimits::default().waiting);
        assert_eq!(args.load(true), LoadLimits::none());
        assert_eq!(args.budget(), Budget::default());
    }
}

//! Checks of `doctor` that every server has.

use crate::driver::{Check, CheckStatus};
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::{Load, LoadLimits};
use std::time::Duration;

/// Clocks of one network agree to much less; a log's lines are told apart by seconds.
const SKEW: Duration = Duration::from_secs(2);

/// How the server's clock differs from ours. It was asked between `before` and `after` (milliseconds
/// since 1970, ours), and said `server`.
pub(super) fn clock_skew(before: i64, server: f64, after: i64) -> Check {
    const ID: &str = "clock-skew";
    // It answered at some moment between: what that leaves open is no skew.
    let (before, after) = (before as f64, after as f64);
    let ahead = if server > after { server - after } else { (server - before).min(0.0) };
    let seconds = ahead.abs() / 1000.0;
    if ahead.abs() <= SKEW.as_millis() as f64 {
        return ok(ID, "the server's clock agrees with this machine's");
    }
    let way = if ahead > 0.0 { "ahead of" } else { "behind" };
    warn(
        ID,
        format!(
            "the server's clock is {seconds:.1} s {way} this machine's: windows and logs do not match"
        ),
        "timedatectl set-ntp true # on the machine whose clock is wrong",
    )
}

/// Whether the load gate would let a collection through now.
pub(super) fn busy(load: Result<Load>) -> Result<Check> {
    const ID: &str = "busy";
    let load = match load {
        Ok(load) => load,
        Err(error) if matters_to_all(&error) => return Err(error),
        Err(error) => return Ok(skipped(ID, &error)),
    };
    let mut seen: Vec<String> = Vec::new();
    seen.extend(load.active.map(|n| format!("{n} statements run")));
    seen.extend(load.waiting.map(|n| format!("{n} wait for locks")));
    seen.extend(load.lag.map(|lag| format!("{:.1} s behind its primary", lag.as_secs_f64())));
    if seen.is_empty() {
        return Ok(check(ID, CheckStatus::Skipped, "the server does not say how busy it is"));
    }
    Ok(match LoadLimits::default().exceeded(&load) {
        None => ok(ID, seen.join(", ")),
        Some(why) => {
            warn(ID, why, "planscope collect waits for the load to fall; --force does not")
        }
    })
}

fn matters_to_all(error: &CollectError) -> bool {
    matches!(error.kind, ErrorKind::Stopped | ErrorKind::Connection)
}

pub(super) fn check(id: &str, status: CheckStatus, message: impl Into<String>) -> Check {
    Check { id: id.to_owned(), status, message: message.into(), remedy: None }
}

pub(super) fn ok(id: &str, message: impl Into<String>) -> Check {
    check(id, CheckStatus::Ok, message)
}

pub(super) fn warn(id: &str, message: impl Into<String>, remedy: impl Into<String>) -> Check {
    Check { remedy: Some(remedy.into()), ..check(id, CheckStatus::Warn, message) }
}

pub(super) fn fail(id: &str, message: impl Into<String>, remedy: impl Into<String>) -> Check {
    Check { remedy: Some(remedy.into()), ..check(id, CheckStatus::Fail, message) }
}

pub(super) fn skipped(id: &str, error: &CollectError) -> Check {
    check(id, CheckStatus::Skipped, format!("could not be looked at: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_way_cannot_explain_is_skew() {
        let status = |server| clock_skew(10_000, server, 20_000).status;
        for server in [8_000.0, 10_000.0, 15_000.0, 20_000.0, 22_000.0] {
            assert_eq!(status(server), CheckStatus::Ok, "{server}");
        }
        for (server, words) in [(7_000.0, "3.0 s behind"), (25_000.0, "5.0 s ahead of")] {
            let check = clock_skew(10_000, server, 20_000);
            assert_eq!(check.status, CheckStatus::Warn);
            assert!(check.message.contains(words), "{}", check.message);
        }
    }

    #[test]
    fn a_busy_server_is_told() {
        let load = Load { active: Some(3), waiting: Some(21), lag: None };
        assert_eq!(busy(Ok(load)).unwrap().status, CheckStatus::Warn);
        let load = Load { waiting: Some(1), ..load };
        assert_eq!(busy(Ok(load)).unwrap().message, "3 statements run, 1 wait for locks");
        assert_eq!(busy(Ok(Load::default())).unwrap().status, CheckStatus::Skipped);
        let denied = CollectError::new(ErrorKind::Permission, "no");
        assert_eq!(busy(Err(denied)).unwrap().status, CheckStatus::Skipped);
        assert!(busy(Err(CollectError::stopped())).is_err());
    }
}

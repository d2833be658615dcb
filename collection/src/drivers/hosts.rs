//! What connecting to one of several hosts has in common, whatever the engine.

use crate::error::{CollectError, ErrorKind};
use crate::guard::Policy;
use crate::target::Target;
use std::time::Duration;

/// How long one host may take: what the target's parameter asks for, in seconds, else the policy.
pub(super) fn limit(target: &Target, parameter: &str, policy: &Policy) -> Duration {
    let asked = target.param(parameter).and_then(|text| text.parse().ok());
    asked.filter(|seconds| *seconds > 0).map_or(policy.connect_timeout, Duration::from_secs)
}

/// One failure for those of all hosts: the first one's kind and hints, and what the others said.
pub(super) fn all_failed(failures: Vec<CollectError>) -> CollectError {
    let mut failures = failures.into_iter();
    let Some(mut first) = failures.next() else {
        return CollectError::new(ErrorKind::Config, "the target names no host");
    };
    for other in failures {
        first.message = format!("{}; {other}", first.message);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_is_heard_and_the_first_decides() {
        let failed = |kind, message: &str| CollectError::new(kind, message).hint(message);
        let all =
            vec![failed(ErrorKind::Timeout, "a late"), failed(ErrorKind::Connection, "b gone")];
        let error = all_failed(all);
        assert_eq!(
            (error.kind, error.to_string().as_str()),
            (ErrorKind::Timeout, "a late; b gone")
        );
        assert_eq!(error.hints, ["a late"]);
        assert_eq!(all_failed(Vec::new()).kind, ErrorKind::Config);
    }
}

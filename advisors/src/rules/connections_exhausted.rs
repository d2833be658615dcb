//! `connections-exhausted`: clients that were turned away because all connections were taken.

use crate::context::Context;
use crate::finding::{Finding, Severity};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;

declare_rule! {
    /// ## What it does
    ///
    /// Finds logs in which the server turned clients away because all of its connections, or those
    /// of a role or database, were taken.
    ///
    /// ## Why it matters
    ///
    /// For the application the database is down. It mostly comes with a wave of slow statements: each
    /// client opens one connection more while the others wait.
    ///
    /// ## Example
    ///
    /// ```text
    /// FATAL:  sorry, too many clients already
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// A pool in front of the server, or smaller pools in the applications; then what made the
    /// statements slow. More max_connections takes memory and makes all of them slower together.
    ///
    /// ## References
    ///
    /// PostgreSQL manual, "max_connections", "superuser_reserved_connections".
    pub(super) static RULE = {
        name: "connections-exhausted",
        summary: "Clients are turned away because all connections are taken",
        category: Catalog,
        engines: &[Engine::Postgres],
        check: check,
    };
}

/// How the server says it, of all versions. Names in them are gone.
const REFUSALS: [&str; 4] = [
    "too many clients already",
    "remaining connection slots are reserved",
    "too many connections for role",
    "too many connections for database",
];

fn check(context: &Context<'_>) -> Vec<Finding> {
    let errors = context.log().map_or(&[][..], |log| &log.errors);
    let refusals =
        errors.iter().filter(|error| REFUSALS.iter().any(|text| error.name.contains(text)));
    let count: u64 = refusals.clone().map(|error| error.count).sum();
    if count == 0 {
        return Vec::new();
    }
    let said: Vec<String> = refusals.map(|error| error.name.clone()).collect();
    let clients = if count == 1 { "client was" } else { "clients were" };
    let title = format!("{count} {clients} turned away: all connections were taken");
    let mut finding = Finding::new(RULE.name, Severity::High, title)
        .with("refused", count as f64)
        .with("messages", said);
    finding.confidence = 1.0;
    finding.remedies = vec![Remedy::act(
        "a pool in front of the server or smaller pools in the applications, then what was slow at \
         that time; not simply more max_connections",
    )];
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{findings_of, logged, names};
    use planscope_explain::workload::LogFacts;

    fn of(errors: &[(&str, u64)]) -> Vec<Finding> {
        findings_of(&RULE, &logged(LogFacts { errors: names(errors), ..LogFacts::default() }))
    }

    #[test]
    fn refused_clients_are_found() {
        let found = of(&[
            ("sorry, too many clients already", 40),
            ("too many connections for role \"…\"", 2),
        ]);
        assert_eq!(found[0].title, "42 clients were turned away: all connections were taken");
    }

    #[test]
    fn other_errors_are_not_about_connections() {
        assert_eq!(of(&[("password authentication failed for user \"…\"", 9)]), []);
    }
}

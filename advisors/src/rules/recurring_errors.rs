//! `recurring-errors`: statements that fail again and again.

use crate::context::{Context, StatementContext};
use crate::finding::{Finding, Severity};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::units::{Count, Share};
use planscope_explain::workload::log::FailedStatement;

declare_rule! {
    /// ## What it does
    ///
    /// Finds statements that failed at least ten times and in at least a twentieth of their runs, by
    /// the log or the statement digests; also those that only ever failed.
    ///
    /// ## Why it matters
    ///
    /// What fails was work for nothing, and in a transaction all before it was too. A statement that
    /// always fails is mostly a forgotten job or a version of the application that does not fit the
    /// schema.
    ///
    /// ## Example
    ///
    /// ```text
    /// ERROR:  relation "jobs_old" does not exist at character 15
    /// STATEMENT:  SELECT * FROM jobs_old
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// Read the message: the log's summary lists them. Duplicate keys that are meant are better
    /// written as ON CONFLICT, ON DUPLICATE KEY or an upsert.
    ///
    /// ## References
    ///
    /// PostgreSQL manual, "Error Reporting and Logging: log_min_error_statement"; MySQL manual,
    /// "Statement Summary Tables: SUM_ERRORS".
    pub(super) static RULE = {
        name: "recurring-errors",
        summary: "A statement fails again and again",
        category: StatementText,
        engines: &[Engine::Postgres, Engine::Mysql, Engine::Mariadb],
        check: check,
    };
}

/// Most statements that are told; the log's summary has all.
const MOST: usize = 10;

fn check(context: &Context<'_>) -> Vec<Finding> {
    let of_known = context.statements.iter().filter_map(|statement| look_at(context, statement));
    let failed = context.log().map_or(&[][..], |log| &log.failed);
    let least = context.thresholds.least_errors;
    let of_failed = failed.iter().filter(|failed| failed.errors as f64 >= least).map(only_failed);
    let mut findings: Vec<Finding> = of_known.chain(of_failed).collect();
    let errors = |finding: &Finding| finding.number("errors").unwrap_or(0.0);
    findings.sort_by(|a, b| errors(b).total_cmp(&errors(a)));
    findings.truncate(MOST);
    findings
}

fn look_at(context: &Context<'_>, statement: &StatementContext<'_>) -> Option<Finding> {
    let limits = context.thresholds;
    let counters = &statement.statement.counters;
    let errors = counters.errors.filter(|errors| *errors >= limits.least_errors)?;
    // PostgreSQL's log has no duration of what failed, MySQL counts it as a call.
    let runs = match context.engine() {
        Engine::Postgres => counters.calls.unwrap_or(0.0) + errors,
        _ => counters.calls.unwrap_or(0.0).max(errors),
    };
    let share = errors / runs;
    if share < limits.error_share {
        return None;
    }
    let title = format!("{} of {} runs failed ({})", Count(errors), Count(runs), Share(share));
    let severity = if share >= 0.5 { Severity::Medium } else { Severity::Low };
    let mut finding =
        Finding::new(RULE.name, severity, title).with("errors", errors).with("runs", runs);
    finding.statement = Some(statement.statement.fingerprint);
    finding.remedies = vec![read_it()];
    Some(finding)
}

fn only_failed(failed: &FailedStatement) -> Finding {
    const MOST_LETTERS: usize = 60;
    let words: Vec<&str> = failed.text.split_whitespace().collect();
    let mut text = words.join(" ");
    if let Some((end, _)) = text.char_indices().nth(MOST_LETTERS) {
        text.truncate(end);
        text.push('…');
    }
    let title = format!("a statement only ever failed, {} times: {text}", failed.errors);
    let mut finding = Finding::new(RULE.name, Severity::Medium, title)
        .with("errors", failed.errors as f64)
        .with("fingerprint", failed.fingerprint.to_string());
    finding.remedies = vec![read_it()];
    finding
}

fn read_it() -> Remedy {
    Remedy::act("read its message in the log; keys that are meant to collide are better upserted")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{counted, findings_of, logged};
    use planscope_explain::workload::{Counters, LogFacts};

    fn failing(engine: Engine, calls: f64, errors: f64) -> Vec<Finding> {
        let counters = Counters { calls: Some(calls), errors: Some(errors), ..Counters::default() };
        findings_of(&RULE, &counted(engine, "INSERT INTO t VALUES (?)", counters))
    }

    #[test]
    fn what_fails_often_is_found() {
        assert_eq!(failing(Engine::Postgres, 60.0, 40.0)[0].title, "40 of 100 runs failed (40 %)");
        assert_eq!(failing(Engine::Mysql, 60.0, 40.0)[0].title, "40 of 60 runs failed (67 %)");
    }

    #[test]
    fn a_few_failures_are_fine() {
        assert_eq!(failing(Engine::Postgres, 3.0, 3.0), []);
        assert_eq!(failing(Engine::Postgres, 90_000.0, 40.0), []);
        assert_eq!(failing(Engine::Mysql, 50.0, 0.0), []);
    }

    #[test]
    fn what_only_failed_is_told_with_its_text() {
        let of = |errors: u64| {
            let failed = FailedStatement {
                text: format!("SELECT *\n  FROM jobs_old WHERE {}", "x".repeat(90)),
                errors,
                ..FailedStatement::default()
            };
            findings_of(&RULE, &logged(LogFacts { failed: vec![failed], ..LogFacts::default() }))
        };
        let title = &of(12)[0].title;
        assert!(
            title.starts_with("a statement only ever failed, 12 times: SELECT * FROM jobs_old")
        );
        assert!(title.ends_with("x…"), "{title}");
        assert_eq!(of(2), []);
    }
}

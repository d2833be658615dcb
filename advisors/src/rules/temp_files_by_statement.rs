//! `temp-files-by-statement`: statements that write temporary files, by what was counted of them.

use crate::context::{Context, StatementContext};
use crate::finding::{Finding, Severity, several};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::units::Bytes;
use planscope_explain::workload::LogFacts;

declare_rule! {
    /// ## What it does
    ///
    /// Finds statements whose calls together wrote at least 8 MB of temporary files, by the server's
    /// counters or its log. Where a plan shows the sort that did it, `sort-spill` tells instead.
    ///
    /// ## Why it matters
    ///
    /// What does not fit in memory is written and read again, often more than once. Many such
    /// statements at a time fill the disk, and then every statement fails that needs a file.
    ///
    /// ## Example
    ///
    /// ```text
    /// LOG:  temporary file: path "base/pgsql_tmp/pgsql_tmp101.0", size 52428800
    /// STATEMENT:  SELECT * FROM orders ORDER BY total
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// First fewer rows or an index that gives the order. Otherwise more work_mem for this statement
    /// or role, two to three times a call's files: every sort and hash of every session may take as
    /// much, so never globally. `log_temp_files = 0` logs every file with its statement.
    ///
    /// ## References
    ///
    /// PostgreSQL manual, "Resource Consumption: work_mem", "Error Reporting and Logging:
    /// log_temp_files".
    pub(super) static RULE = {
        name: "temp-files-by-statement",
        summary: "A statement writes temporary files",
        category: Memory,
        engines: &[Engine::Postgres],
        check: check,
    };
}

/// Bytes of a block of PostgreSQL's temporary files.
const BLOCK_BYTES: f64 = 8192.0;
/// Bytes of a call's files from which more memory is no answer: three times as much would be needed.
const MOST_IN_MEMORY: f64 = 512.0 * 1_048_576.0;
const MIB: f64 = 1_048_576.0;

fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        context.statements.iter().filter_map(|statement| look_at(context, statement)).collect();
    findings.extend(context.log().and_then(|log| of_nobody(context, log)));
    findings
}

fn bytes_of(statement: &StatementContext<'_>) -> Option<f64> {
    statement.statement.counters.temp_blocks_written.map(|blocks| blocks * BLOCK_BYTES)
}

fn look_at(context: &Context<'_>, statement: &StatementContext<'_>) -> Option<Finding> {
    let bytes = bytes_of(statement).filter(|bytes| *bytes >= context.thresholds.temp_bytes)?;
    let calls = statement.calls().unwrap_or(1.0);
    let a_call = bytes / calls;
    // Plans tell more; one call in a hundred that needs a page more than it has is nothing.
    if a_call < BLOCK_BYTES || !super::sort_spill::of_statement(context, statement).is_empty() {
        return None;
    }
    let memory = context.snapshot.settings.get("work_mem");
    let of_memory = memory.map_or(String::new(), |memory| format!(", work_mem is {memory}"));
    let title = format!(
        "{} of temporary files in {}: {} a call{of_memory}",
        Bytes(bytes),
        several(calls, "call", "calls"),
        Bytes(a_call)
    );
    let mut finding = Finding::new(RULE.name, severity(bytes), title)
        .with("temp_bytes", bytes)
        .with("temp_bytes_per_call", a_call)
        .with("calls", calls);
    finding.statement = Some(statement.statement.fingerprint);
    finding.remedies = vec![match a_call <= MOST_IN_MEMORY {
        true => Remedy::Setting {
            name: "work_mem".to_owned(),
            value: super::sort_spill::work_mem(a_call),
            note: "for this statement or its role only, never globally".to_owned(),
        },
        false => Remedy::act(
            "read fewer rows, or let an index give the order: this is too much for memory",
        ),
    }];
    Some(finding)
}

/// Files whose statements are not among those of the snapshot: the log has no duration of theirs.
fn of_nobody(context: &Context<'_>, log: &LogFacts) -> Option<Finding> {
    let known: f64 = context.statements.iter().filter_map(bytes_of).sum();
    // Blocks are rounded, so that nothing is left where all are known.
    let left = log.temp_bytes as f64 - known;
    if left < context.thresholds.temp_bytes || left < known {
        return None;
    }
    let title = format!(
        "{} of the {} of temporary files belong to no statement with a duration in the log",
        Bytes(left),
        Bytes(log.temp_bytes as f64)
    );
    let mut finding = Finding::new(RULE.name, severity(left), title).with("temp_bytes", left);
    finding.remedies = vec![Remedy::act(
        "log the durations as well: log_min_duration_statement, or log_min_duration_sample for some",
    )];
    Some(finding)
}

/// A gigabyte is more than most servers keep of it in their page cache.
fn severity(bytes: f64) -> Severity {
    match bytes {
        b if b >= 1024.0 * MIB => Severity::High,
        b if b >= 100.0 * MIB => Severity::Medium,
        _ => Severity::Low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tree, counted, findings_of, logged};
    use planscope_explain::plan::Operator;
    use planscope_explain::workload::Counters;

    fn writing(blocks: f64) -> planscope_explain::Snapshot {
        let counters = Counters {
            calls: Some(10.0),
            temp_blocks_written: Some(blocks),
            ..Counters::default()
        };
        counted(Engine::Postgres, "SELECT * FROM orders ORDER BY total", counters)
    }

    #[test]
    fn files_are_found_with_the_memory_that_a_call_would_need() {
        let mut snapshot = writing(64_000.0);
        snapshot.settings.insert("work_mem".into(), "4MB".into());
        let found = findings_of(&RULE, &snapshot);
        assert_eq!(
            found[0].title,
            "500 MB of temporary files in 10 calls: 50.0 MB a call, work_mem is 4MB"
        );
        assert_eq!(found[0].severity, Severity::Medium);
        assert_eq!(
            found[0].remedies[0].sql(Engine::Postgres).unwrap(),
            "SET LOCAL work_mem = '150MB'"
        );
        let huge = findings_of(&RULE, &writing(6_400_000.0));
        assert!(matches!(huge[0].remedies[0], Remedy::Act { .. }), "{huge:?}");
    }

    #[test]
    fn little_or_nothing_is_fine_and_a_plan_tells_more() {
        assert_eq!(findings_of(&RULE, &writing(100.0)), []);
        assert_eq!(findings_of(&RULE, &writing(0.0)), []);
        let scan = Tree::scan("orders", 40.0).rows(300_000.0, 300_000.0);
        let mut snapshot = Tree::new(Operator::Sort, "Sort", 100.0)
            .sort("external merge", Some(52_428_800), &["total"])
            .child(1, scan)
            .snapshot();
        snapshot.statements[0].counters.temp_blocks_written = Some(64_000.0);
        assert_eq!(findings_of(&RULE, &snapshot), []);
    }

    #[test]
    fn files_of_statements_without_durations_are_told() {
        let facts = LogFacts { temp_files: 5, temp_bytes: 84_803_584, ..LogFacts::default() };
        let found = findings_of(&RULE, &logged(facts.clone()));
        assert!(found.len() == 1 && found[0].statement.is_none(), "{found:?}");
        let mut known = writing(84_803_584.0 / 8192.0);
        known.log = Some(Box::new(facts));
        assert!(findings_of(&RULE, &known).iter().all(|finding| finding.statement.is_some()));
    }
}

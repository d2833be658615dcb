//! What was counted in logs, as a snapshot keeps it.

use super::SourceRead;
use super::facts::{Facts, Rejects};
use planscope_explain::workload::log::{
    Counted, FailedStatement, LogFacts, LogSource, RejectedPieces,
};
use std::collections::BTreeMap;

fn ms(ns: u128) -> f64 {
    ns as f64 / 1e6
}

pub(super) fn facts(
    facts: &Facts,
    rejects: &Rejects,
    sources: &[SourceRead],
    failed: Vec<FailedStatement>,
) -> LogFacts {
    LogFacts {
        sources: sources.iter().map(source).collect(),
        events: facts.events,
        total_ms: ms(facts.total_ns),
        filtered: facts.filtered,
        own: facts.own,
        untimed: facts.untimed,
        empty: facts.empty,
        steps: facts.steps.0,
        steps_ms: ms(facts.steps.1),
        administrator_commands: facts.administrator_commands,
        weighed: facts.weighed,
        summarised: facts.summarised.0,
        summarised_ms: ms(facts.summarised.1),
        errors: counted(&facts.errors),
        failed,
        temp_files: facts.temp_files.0,
        temp_bytes: facts.temp_files.1,
        checkpoints: facts.checkpoints,
        checkpoint_starts: counted(&facts.checkpoint_starts),
        checkpoint_warnings: facts.checkpoint_warnings,
        checkpoint_sync_ms: facts.checkpoint_sync_ns as f64 / 1e6,
        autovacuum: counted(&facts.autovacuum),
        vacuum_held_back: counted(&facts.vacuum_held_back),
        autoanalyze: counted(&facts.autoanalyze),
        lock_waits: facts.lock_waits,
        lock_ms: ms(facts.lock_ns),
        deadlocks: facts.deadlocks,
        connections: facts.connections,
        rejects: rejected(rejects),
        load_step_s: facts.load.step_s(),
        load: facts.load.steps(),
        hours: facts.hours.steps(),
    }
}

fn source(source: &SourceRead) -> LogSource {
    LogSource {
        name: source.name.clone(),
        format: source.format.to_owned(),
        bytes: source.bytes,
        lines: source.lines,
        events: source.events,
    }
}

/// Most frequent first; names in order where they are as frequent.
fn counted(names: &BTreeMap<String, u64>) -> Vec<Counted> {
    let mut all: Vec<Counted> =
        names.iter().map(|(name, count)| Counted { name: name.clone(), count: *count }).collect();
    all.sort_by_key(|counted| std::cmp::Reverse(counted.count));
    all
}

fn rejected(rejects: &Rejects) -> Vec<RejectedPieces> {
    let piece = |(reason, rejected): (&super::Reason, &super::Rejected)| RejectedPieces {
        kind: reason.name().to_owned(),
        reason: reason.text().to_owned(),
        count: rejected.count,
        bytes: rejected.bytes,
    };
    rejects.iter().map(piece).collect()
}

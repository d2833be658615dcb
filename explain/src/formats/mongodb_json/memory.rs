//! Memory and disk of sorts, groups and joins. The words changed with the versions of the server.

use super::super::shell_json::Item;
use super::draft::Draft;
use crate::plan::{Memory, Node};

/// Reads what a stage says of its memory, from itself and from the slots that did its work.
pub(super) fn apply(node: &mut Node, draft: &Draft<'_>) {
    let sources = || draft.told.iter().flatten().chain(&draft.slots);
    let number = |keys: &[&str]| {
        let told = |key: &&str| sources().filter_map(|item| item.number_of(key)).reduce(f64::max);
        keys.iter().find_map(told).filter(|n| *n >= 0.0)
    };
    let spilled = sources().any(|item| item.truth_of("usedDisk") == Some(true));
    let mut memory = Memory::default();
    if let Some(kind) = draft.get("type").and_then(Item::text).filter(|_| node.operator.is_sort()) {
        memory.method = Some(kind.into_owned());
    }
    let used =
        number(&["peakTrackedMemBytes", "maxUsedMemBytes", "maxMemoryUsageBytes", "memUsage"]);
    let sorted = number(&["totalDataSizeSorted", "totalDataSizeSortedBytesEstimate"]);
    let accumulated = draft.get("maxAccumulatorMemoryUsageBytes").map(sum);
    // What was sorted was in memory at once only where none of it went to disk.
    let in_memory = sorted.filter(|_| !spilled).or(accumulated);
    memory.peak_bytes = used.or(in_memory).map(|bytes| bytes as u64);
    if spilled {
        let spills = number(&["spills", "numSpills"]).unwrap_or(1.0).max(1.0);
        memory.batches = Some(spills as u64 + 1);
        let bytes = number(&["spilledDataStorageSize", "spilledBytes", "spillFileSizeBytes"]);
        memory.disk_bytes = bytes.filter(|bytes| *bytes > 0.0).map(|bytes| bytes as u64);
    }
    node.memory = memory.into();
    keep_limits(node, draft);
}

/// One figure an accumulator.
fn sum(accumulators: Item<'_>) -> f64 {
    accumulators.members().filter_map(|(_, bytes)| bytes.number()).sum()
}

/// What only the slots say of disk and memory.
fn keep_limits(node: &mut Node, draft: &Draft<'_>) {
    const KEPT: [&str; 7] = [
        "usedDisk",
        "spills",
        "numSpills",
        "spilledRecords",
        "spilledDataStorageSize",
        "memLimit",
        "totalDataSizeSorted",
    ];
    for slot in &draft.slots {
        for key in KEPT {
            if let Some(value) = slot.get(key)
                && !node.details.contains_key(key)
            {
                node.details.insert(key.to_owned(), value.detail());
            }
        }
    }
}

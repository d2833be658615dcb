//! What `.scanstats` measured: `SCAN t (cycles=9 [93%] loops=1 rows=100 rpl=100.0 est=1048576.0)`,
//! and until 3.40 a list of `Loop 1: SCAN t` with `nLoop=1 nRow=100 estRow=…` below.

use crate::plan::{Actual, Node};
use serde_json::Value;

/// The figures of a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Stats {
    /// CPU cycles, of this row alone or with all below it; and their share of the statement, 0 to 1.
    cycles: Option<f64>,
    share: Option<f64>,
    loops: Option<f64>,
    rows: Option<f64>,
    /// Estimated rows of one loop.
    est: Option<f64>,
}

impl Stats {
    /// Puts the figures on their node. Cycles are no time: they stay a detail.
    pub(super) fn put(&self, node: &mut Node) {
        if let (Some(loops), rows) = (self.loops.or(self.rows.map(|_| 1.0)), self.rows) {
            let per_loop = if loops > 0.0 { rows.unwrap_or(0.0) / loops } else { 0.0 };
            node.actual = Some(Actual { loops, rows_per_loop: per_loop, ..Actual::default() });
        }
        node.estimate.rows_per_loop = self.est.or(node.estimate.rows_per_loop);
        for (key, value) in [("cycles", self.cycles), ("cycles_share", self.share)] {
            if let Some(value) = value {
                node.details.insert(key.to_owned(), Value::from(value));
            }
        }
    }
}

/// Splits the figures off the end of a row.
pub(super) fn split(detail: &str) -> (&str, Option<Stats>) {
    let split = detail.trim_end().strip_suffix(')').and_then(|inner| inner.rsplit_once('('));
    let Some((before, figures)) = split else { return (detail, None) };
    let is_stats =
        ["cycles=", "loops=", "rows=", "nLoop="].iter().any(|key| figures.starts_with(key));
    match read(figures).filter(|_| is_stats) {
        Some(stats) => (before.trim_end(), Some(stats)),
        None => (detail, None),
    }
}

/// The figures of `nLoop=1 nRow=100 estRow=9 estRow/Loop=9`; `None` where there are none.
pub(super) fn read(text: &str) -> Option<Stats> {
    let mut stats = Stats::default();
    for word in text.split_whitespace() {
        if let Some(percent) = word.strip_prefix('[').and_then(|word| word.strip_suffix("%]")) {
            stats.share = percent.parse::<f64>().ok().map(|percent| percent / 100.0);
            continue;
        }
        let Some((key, value)) = word.split_once('=') else { continue };
        let value = value.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
        match key {
            "cycles" | "nCycle" => stats.cycles = value,
            "loops" | "nLoop" => stats.loops = value,
            "rows" | "nRow" | "visited" => stats.rows = value,
            "est" | "estRow/Loop" => stats.est = value,
            _ => {}
        }
    }
    (stats != Stats::default()).then_some(stats)
}

/// The row of `Loop  1: SCAN t`.
pub(super) fn old_row(line: &str) -> Option<&str> {
    let (number, detail) = line.trim_start().strip_prefix("Loop ")?.split_once(": ")?;
    let number = number.trim();
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_number.then_some(detail.trim())
}

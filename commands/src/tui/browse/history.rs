//! How long a call of each statement took, snapshot after snapshot.

use planscope_explain::workload::Counters;
use planscope_explain::{Fingerprint, Snapshot};
use std::collections::HashMap;

/// Points kept of a statement: as many as the widest sparkline has cells.
const MOST_POINTS: usize = 32;

/// The history of all statements.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Snapshots taken in.
    rounds: usize,
    points: HashMap<Fingerprint, Points>,
}

#[derive(Debug, Clone, Default)]
struct Points {
    /// The round of the first value.
    first: usize,
    /// A mean call's milliseconds (or virtual machine steps), `None` where it did not run.
    values: Vec<Option<f64>>,
    last: Counters,
}

/// What a call cost, over all calls.
fn work(counters: &Counters) -> Option<f64> {
    counters.total_ms.or(counters.vm_steps)
}

impl History {
    /// Takes a snapshot in; each must be younger than the one before.
    pub fn add(&mut self, snapshot: &Snapshot) {
        for statement in &snapshot.statements {
            let rounds = self.rounds;
            let new = || Points { first: rounds, ..Points::default() };
            let points = self.points.entry(statement.fingerprint).or_insert_with(new);
            // Several of one fingerprint (databases, users): the heaviest speaks for them.
            if points.first + points.values.len() > rounds {
                continue;
            }
            points.values.resize(rounds - points.first, None);
            let value = call(&points.last, &statement.counters, points.values.is_empty());
            points.values.push(value);
            points.last = statement.counters;
            if points.values.len() > MOST_POINTS {
                points.values.remove(0);
                points.first += 1;
            }
        }
        self.rounds += 1;
    }

    /// The newest `most` values of a statement, the oldest first; empty below two.
    pub fn of(&self, statement: Fingerprint, most: usize) -> Vec<Option<f64>> {
        let Some(points) = self.points.get(&statement) else { return Vec::new() };
        let mut values = points.values.clone();
        values.resize(self.rounds - points.first, None);
        let known = values.iter().flatten().count();
        if known < 2 {
            return Vec::new();
        }
        values.split_off(values.len().saturating_sub(most))
    }
}

/// What a mean call took since the reading before. Counters that only grow give the calls in between;
/// where they were set back, or do not grow at all (measured files), the reading speaks for itself.
fn call(from: &Counters, to: &Counters, is_first: bool) -> Option<f64> {
    let mean = |total: Option<f64>, calls: Option<f64>| {
        total.zip(calls.filter(|calls| *calls > 0.0)).map(|(total, calls)| total / calls)
    };
    let whole = to.mean_ms.or_else(|| mean(work(to), to.calls)).or(work(to));
    let (Some(calls), Some(total)) = (to.calls, work(to)) else { return whole };
    let (Some(old_calls), Some(old_total)) = (from.calls, work(from)) else { return whole };
    if is_first || calls < old_calls || total < old_total {
        return whole;
    }
    match calls > old_calls {
        true => mean(Some(total - old_total), Some(calls - old_calls)),
        // It did not run; or this is a measurement, and not a counter.
        false if total == old_total => None,
        false => whole,
    }
}

/// Values as a row of blocks, one a value: higher is more, a blank is nothing.
pub fn sparkline(values: &[Option<f64>]) -> String {
    const BLOCKS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let top = values.iter().flatten().copied().fold(0.0, f64::max);
    let block = |value: &Option<f64>| match value {
        None => " ",
        Some(_) if top <= 0.0 => BLOCKS[0],
        Some(value) => BLOCKS[((value / top * 7.0).round() as usize).min(7)],
    };
    values.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::Statement;

    fn snapshot(readings: &[(u64, f64, f64)]) -> Snapshot {
        let statement = |&(id, calls, total): &(u64, f64, f64)| Statement {
            fingerprint: Fingerprint(id),
            counters: Counters {
                calls: Some(calls),
                total_ms: Some(total),
                mean_ms: Some(total / calls),
                ..Counters::default()
            },
            ..Statement::default()
        };
        let statements = readings.iter().map(statement).collect();
        crate::input::snapshot_of(planscope_explain::Engine::Postgres, "shop", statements)
    }

    #[test]
    fn the_history_is_what_a_call_took_in_between() {
        let mut history = History::default();
        history.add(&snapshot(&[(1, 10.0, 100.0)]));
        history.add(&snapshot(&[(1, 20.0, 300.0), (2, 1.0, 5.0)]));
        history.add(&snapshot(&[(1, 20.0, 300.0)]));
        // Set back.
        history.add(&snapshot(&[(1, 2.0, 8.0), (2, 2.0, 14.0)]));
        assert_eq!(history.of(Fingerprint(1), 9), [Some(10.0), Some(20.0), None, Some(4.0)]);
        assert_eq!(history.of(Fingerprint(2), 9), [Some(5.0), None, Some(9.0)]);
        assert_eq!(history.of(Fingerprint(1), 2), [None, Some(4.0)]);
        assert_eq!(history.of(Fingerprint(3), 9), []);
        assert_eq!(sparkline(&history.of(Fingerprint(1), 9)), "▅█ ▂");
    }

    #[test]
    fn a_measured_file_is_no_counter_and_the_history_stays_small() {
        let mut history = History::default();
        for total in 0..100 {
            history.add(&snapshot(&[(1, 1.0, f64::from(total))]));
        }
        let values = history.of(Fingerprint(1), 99);
        assert_eq!((values.len(), values[MOST_POINTS - 1]), (MOST_POINTS, Some(99.0)));
    }
}

//! Adding up counters: one statement may have several entries in a server's statistics.

use planscope_explain::workload::Counters;

/// Adds the counters of another entry of the same statement.
pub(super) fn add(to: &mut Counters, more: &Counters) {
    let (calls, other_calls) = (to.calls.unwrap_or(0.0), more.calls.unwrap_or(0.0));
    let all = calls + other_calls;
    let mean = to.mean_ms.zip(more.mean_ms).map(|(a, b)| (a * calls + b * other_calls) / all);
    let stddev = pooled_stddev(to, more, mean);
    let (min, max) = (to.min_ms, to.max_ms);
    for (name, value) in more.named() {
        if let Some(slot) = to.slot(name) {
            *slot = match (*slot, value) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            };
        }
    }
    to.mean_ms = mean.or(more.mean_ms);
    to.stddev_ms = stddev;
    to.min_ms = min.into_iter().chain(more.min_ms).reduce(f64::min);
    to.max_ms = max.into_iter().chain(more.max_ms).reduce(f64::max);
}

/// The standard deviation over both sets of calls.
fn pooled_stddev(a: &Counters, b: &Counters, mean: Option<f64>) -> Option<f64> {
    let mean = mean?;
    let squares = |c: &Counters| {
        let away = c.mean_ms? - mean;
        Some(c.calls? * (c.stddev_ms?.powi(2) + away.powi(2)))
    };
    let calls = a.calls? + b.calls?;
    Some(((squares(a)? + squares(b)?) / calls).sqrt())
}

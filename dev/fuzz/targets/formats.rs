//! Any text in every format: a plan or an error, and the times of a plan add up.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use planscope_explain::formats::{self, ALL, Reading};
use planscope_explain::plan::{Node, Plan, canonical, plan_hash};
use planscope_explain::workload::fingerprint::redact_raw;

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    for format in ALL {
        check(&formats::read(text, Some(format)).unwrap_or_default(), format.name);
        let _ = redact_raw(text, format.name, format.engine);
    }
    check(&formats::read(text, None).unwrap_or_default(), "the detected format");
    Corpus::Keep
});

fn check(readings: &[Reading], format: &str) {
    for Reading { plan, .. } in readings {
        assert!(adds_up(plan), "{format}: self times do not add up: {plan:#?}");
        let _ = canonical(plan);
        assert_eq!(plan_hash(plan), plan_hash(&plan.clone()));
    }
}

/// Self time sums up to the root's within 1 %.
fn adds_up(plan: &Plan) -> bool {
    let Some(total) = plan.root().total_ms() else { return true };
    let sum: f64 = plan.nodes().iter().filter_map(Node::self_ms).sum();
    (sum - total).abs() <= total.abs() * 0.01 + 1e-9
}

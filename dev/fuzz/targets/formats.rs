//! Any text in every format: a plan or an error, and the times of a plan add up.
//!
//! With `PLANSCOPE_FUZZ_FORMAT=mysql-tree` that format only, and what its plans can be turned into.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use planscope_explain::formats::{self, ALL, Format, Reading};
use planscope_explain::heat::{self, Metric};
use planscope_explain::plan::{Node, Plan, canonical, plan_hash};
use planscope_explain::workload::fingerprint::redact_raw;
use std::sync::OnceLock;

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    for format in chosen() {
        check(&formats::read(text, Some(format)).unwrap_or_default(), format.name);
        let _ = redact_raw(text, format.name, format.engine);
    }
    if chosen().len() == ALL.len() {
        check(&formats::read(text, None).unwrap_or_default(), "the detected format");
    }
    Corpus::Keep
});

/// The formats to try.
fn chosen() -> &'static [&'static Format] {
    static CHOSEN: OnceLock<Vec<&'static Format>> = OnceLock::new();
    CHOSEN.get_or_init(|| match std::env::var("PLANSCOPE_FUZZ_FORMAT") {
        Ok(name) => vec![formats::by_name(&name).expect("no such format")],
        Err(_) => ALL.to_vec(),
    })
}

fn check(readings: &[Reading], format: &str) {
    for Reading { plan, .. } in readings {
        assert!(adds_up(plan), "{format}: self times do not add up: {plan:#?}");
        let _ = canonical(plan);
        for metric in Metric::ALL {
            let shares = heat::shares(plan, metric);
            assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{format}: {shares:?}");
        }
        assert_eq!(plan_hash(plan), plan_hash(&plan.clone()));
    }
}

/// Self time sums up to the root's within 1 %.
fn adds_up(plan: &Plan) -> bool {
    let Some(total) = plan.root().total_ms() else { return true };
    let sum: f64 = plan.nodes().iter().filter_map(Node::self_ms).sum();
    (sum - total).abs() <= total.abs() * 0.01 + 1e-9
}

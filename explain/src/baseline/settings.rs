//! The settings that a baseline keeps: those that move plans and are not at PostgreSQL's default.
//!
//! A server has a hundred of them, and most are at their defaults. Left out of the text they keep it
//! short; filled in again for a comparison, a setting that is switched off later is still seen.

use crate::diff;
use crate::engine::Engine;
use std::collections::BTreeMap;

/// Settings of PostgreSQL that decide plans, with their defaults in versions 12 to 18. Where the
/// default depends on the version there is none here, and the value is always kept.
const POSTGRES: &[(&str, Option<&str>)] = &[
    ("constraint_exclusion", Some("partition")),
    ("cpu_index_tuple_cost", Some("0.005")),
    ("cpu_operator_cost", Some("0.0025")),
    ("cpu_tuple_cost", Some("0.01")),
    ("cursor_tuple_fraction", Some("0.1")),
    ("default_statistics_target", Some("100")),
    ("effective_cache_size", Some("4GB")),
    ("from_collapse_limit", Some("8")),
    ("geqo", Some("on")),
    ("geqo_threshold", Some("12")),
    ("hash_mem_multiplier", None),
    ("jit", None),
    ("jit_above_cost", Some("100000")),
    ("join_collapse_limit", Some("8")),
    ("max_parallel_workers_per_gather", Some("2")),
    ("min_parallel_index_scan_size", Some("512kB")),
    ("min_parallel_table_scan_size", Some("8MB")),
    ("parallel_setup_cost", Some("1000")),
    ("parallel_tuple_cost", Some("0.1")),
    ("plan_cache_mode", Some("auto")),
    ("random_page_cost", Some("4")),
    ("recursive_worktable_factor", Some("10")),
    ("seq_page_cost", Some("1")),
    ("work_mem", Some("4MB")),
];

/// Kinds of plans that PostgreSQL does not make unless told to.
const OFF: [&str; 2] = ["enable_partitionwise_aggregate", "enable_partitionwise_join"];

/// The settings worth keeping.
pub(super) fn kept(all: &BTreeMap<String, String>, engine: Engine) -> BTreeMap<String, String> {
    let is_kept = |name: &str, value: &str| match engine {
        Engine::Postgres => is_listed(name) && default(name) != Some(value),
        _ => diff::moves_plans(name),
    };
    let pairs = all.iter().filter(|(name, value)| is_kept(name, value));
    pairs.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Puts back the defaults of those settings that the other side of a comparison has.
pub fn with_defaults(
    kept: &BTreeMap<String, String>,
    other: &BTreeMap<String, String>,
    engine: Engine,
) -> BTreeMap<String, String> {
    let mut all = kept.clone();
    if engine == Engine::Postgres {
        for name in other.keys().filter(|name| !kept.contains_key(*name)) {
            if let Some(value) = default(name) {
                all.insert(name.clone(), value.to_owned());
            }
        }
    }
    all
}

fn is_listed(name: &str) -> bool {
    name.starts_with("enable_") || POSTGRES.iter().any(|(listed, _)| *listed == name)
}

fn default(name: &str) -> Option<&'static str> {
    if name.starts_with("enable_") {
        return Some(if OFF.contains(&name) { "off" } else { "on" });
    }
    POSTGRES.iter().find(|(listed, _)| *listed == name).and_then(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn defaults_are_left_out_and_put_back() {
        let all = map(&[
            ("enable_seqscan", "on"),
            ("enable_hashjoin", "off"),
            ("enable_partitionwise_join", "off"),
            ("jit", "on"),
            ("random_page_cost", "1.1"),
            ("search_path", "public"),
            ("work_mem", "4MB"),
        ]);
        let short = kept(&all, Engine::Postgres);
        assert_eq!(
            short,
            map(&[("enable_hashjoin", "off"), ("jit", "on"), ("random_page_cost", "1.1")])
        );
        let other = map(&[("enable_seqscan", "off"), ("work_mem", "64MB"), ("search_path", "x")]);
        let full = with_defaults(&short, &other, Engine::Postgres);
        assert_eq!((full["enable_seqscan"].as_str(), full["work_mem"].as_str()), ("on", "4MB"));
        assert!(!full.contains_key("search_path"));
    }
}

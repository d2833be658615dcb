//! The server's settings that matter to plans and advice.

use super::link::{Link, MARK};
use crate::error::Result;
use std::collections::BTreeMap;

/// Of both engines; a server shows those that it has.
const NAMES: &[&str] = &[
    "default_storage_engine",
    "eq_range_index_dive_limit",
    "explain_format",
    "explain_json_format_version",
    "histogram_size",
    "histogram_type",
    "innodb_buffer_pool_size",
    "innodb_page_size",
    "innodb_stats_persistent",
    "innodb_stats_persistent_sample_pages",
    "internal_tmp_mem_storage_engine",
    "join_buffer_size",
    "join_buffer_space_limit",
    "join_cache_level",
    "long_query_time",
    "lower_case_table_names",
    "max_heap_table_size",
    "optimizer_adjust_secondary_key_costs",
    "optimizer_disk_read_cost",
    "optimizer_disk_read_ratio",
    "optimizer_key_lookup_cost",
    "optimizer_prune_level",
    "optimizer_row_lookup_cost",
    "optimizer_search_depth",
    "optimizer_switch",
    "optimizer_use_condition_selectivity",
    "optimizer_where_cost",
    "performance_schema",
    "performance_schema_digests_size",
    "performance_schema_max_digest_length",
    "performance_schema_max_sql_text_length",
    "range_optimizer_max_mem_size",
    "read_only",
    "read_rnd_buffer_size",
    "slow_query_log",
    "sort_buffer_size",
    "sql_mode",
    "temptable_max_ram",
    "tmp_table_size",
    "use_stat_tables",
    "userstat",
    "version",
    "version_comment",
];

/// Reads them. They are the server's, not the session's: what we set for ourselves is not among them.
pub(super) async fn settings(link: &mut Link) -> Result<BTreeMap<String, String>> {
    global(link, NAMES).await
}

/// The server's values of these variables, as far as it has them.
pub(super) async fn global(link: &mut Link, names: &[&str]) -> Result<BTreeMap<String, String>> {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    let list = quoted.join(", ");
    let sql = format!("SHOW {MARK} GLOBAL VARIABLES WHERE Variable_name IN ({list})");
    let rows = link.ask(&sql).await?;
    let pair = |row: &super::link::Row| Some((row.at(0)?.to_owned(), row.at(1)?.to_owned()));
    Ok(rows.iter().filter_map(pair).collect())
}

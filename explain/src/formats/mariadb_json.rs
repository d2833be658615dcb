//! MariaDB's EXPLAIN, ANALYZE and SHOW EXPLAIN FORMAT=JSON, since 10.1.

use super::{Format, mysql};
use crate::engine::Engine;

pub(super) static FORMAT: Format = Format {
    name: "mariadb-json",
    engine: Engine::Mariadb,
    summary: "MariaDB's EXPLAIN and ANALYZE FORMAT=JSON (`query_block`)",
    detect,
    parse: |text| mysql::read(text, "mariadb-json"),
};

fn detect(text: &str) -> u8 {
    if is_query_block(text) && is_mariadb(text) { 92 } else { 0 }
}

/// Whether there is a document of query blocks, be it in quotes or not.
pub(super) fn is_query_block(text: &str) -> bool {
    text.contains("query_block") && text.contains('{') && !text.contains("\"Node Type\"")
}

/// Keys that only one of them writes, also where quotes are doubled or escaped.
const MYSQL: [&str; 6] = [
    "cost_info",
    "rows_examined_per_scan",
    "used_columns",
    "ordering_operation",
    "grouping_operation",
    "_subqueries",
];
const MARIADB: [&str; 8] = [
    "r_loops",
    "r_rows",
    "query_optimization",
    "block-nl-join",
    "read_sorted_file",
    "expression_cache",
    "rowid_filter",
    "MariaDB [",
];

/// Whether it is MariaDB that wrote the query blocks.
pub(super) fn is_mariadb(text: &str) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| text.contains(key));
    match (has(&MYSQL), has(&MARIADB)) {
        (true, false) => false,
        (false, true) => true,
        _ => mysql::is_mariadb(text),
    }
}

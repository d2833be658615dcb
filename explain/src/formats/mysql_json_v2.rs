//! MySQL's EXPLAIN FORMAT=JSON, version 2: since 8.3, and with EXPLAIN ANALYZE since 9.0.

use super::{Format, mysql};
use crate::engine::Engine;

pub(super) static FORMAT: Format = Format {
    name: "mysql-json-v2",
    engine: Engine::Mysql,
    summary: "MySQL's EXPLAIN [ANALYZE] FORMAT=JSON, version 2 (`query_plan`)",
    detect,
    parse: |text| mysql::read(text, "mysql-json-v2"),
};

fn detect(text: &str) -> u8 {
    let has = |key: &str| text.contains(key);
    match () {
        () if !has("{") || !has("operation") || has("\"Node Type\"") => 0,
        () if has("json_schema_version") || has("\"query_plan\"") => 94,
        // The keys of a plan without anything around it, or in a string.
        () if has("access_type") && (has("estimated_total_cost") || has("estimated_rows")) => 91,
        () if has("query_plan") => 60,
        () => 0,
    }
}

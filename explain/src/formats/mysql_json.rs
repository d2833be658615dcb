//! MySQL's EXPLAIN FORMAT=JSON, version 1: since 5.6, and the only one until 8.2.

use super::{Format, mariadb_json, mysql};
use crate::engine::Engine;

pub(super) static FORMAT: Format = Format {
    name: "mysql-json",
    engine: Engine::Mysql,
    summary: "MySQL's EXPLAIN FORMAT=JSON, version 1 (`query_block`)",
    detect,
    parse: |text| mysql::read(text, "mysql-json"),
};

fn detect(text: &str) -> u8 {
    let is_block = mariadb_json::is_query_block(text);
    if is_block && !mariadb_json::is_mariadb(text) { 90 } else { 0 }
}

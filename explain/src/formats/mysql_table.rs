//! The tabular EXPLAIN of MySQL and MariaDB, in all the ways in which clients print it.

use super::{Format, mysql};
use crate::engine::Engine;

pub(super) static FORMAT: Format = Format {
    name: "mysql-table",
    engine: Engine::Mysql,
    summary: "the tabular EXPLAIN of MySQL and MariaDB: framed, \\G, tab-separated, CSV",
    detect,
    parse: |text| mysql::read(text, "mysql-table"),
};

fn detect(text: &str) -> u8 {
    let has = |name: &str| text.contains(name);
    let columns = has("select_type") && has("possible_keys") && has("key_len");
    if columns && !has("# explain:") && !has("\"Node Type\"") { 88 } else { 0 }
}

//! MySQL or MariaDB: the keys that only one of them writes.

use super::super::json::{Json, Kind};
use crate::engine::Engine;

/// How many keys speak for each.
#[derive(Debug, Default, Clone, Copy)]
struct Marks {
    mysql: usize,
    mariadb: usize,
}

/// The engine that wrote the document, and whether that is a guess.
pub(in crate::formats::mysql) fn engine_of(
    json: &Json<'_>,
    hint: Option<Engine>,
) -> (Engine, bool) {
    let mut marks = Marks::default();
    for at in 0..json.len() {
        marks.count(json, at);
    }
    match marks.mysql.cmp(&marks.mariadb) {
        std::cmp::Ordering::Greater => (Engine::Mysql, false),
        std::cmp::Ordering::Less => (Engine::Mariadb, false),
        std::cmp::Ordering::Equal => (hint.unwrap_or(Engine::Mysql), hint.is_none()),
    }
}

impl Marks {
    fn count(&mut self, json: &Json<'_>, at: usize) {
        let key = json.key(at);
        let is_mysql = MYSQL.contains(&key) || key.ends_with("_subqueries");
        let is_mariadb = MARIADB.contains(&key) || key.starts_with("r_");
        self.mysql += usize::from(is_mysql);
        self.mariadb += usize::from(is_mariadb);
        match key {
            // MySQL quotes every name, MariaDB only those that need it.
            "attached_condition" | "index_condition" => {
                let quoted = json.text(at).is_some_and(|text| text.contains("`.`"));
                let count = if quoted { &mut self.mysql } else { &mut self.mariadb };
                *count += 1;
            }
            // Of MySQL the message of a block, of MariaDB that of a table.
            "query_block" if json.get(at, "message").is_some() => self.mysql += 1,
            "table" if json.get(at, "message").is_some() => self.mariadb += 1,
            // MariaDB since 10.9 lists even a single table.
            "nested_loop" if json.kind(at) == Kind::Array && json.children(at).nth(1).is_none() => {
                self.mariadb += 1
            }
            _ => {}
        }
    }
}

const MYSQL: [&str; 17] = [
    "attached_subqueries",
    "buffer_result",
    "cacheable",
    "cost_info",
    "dependent",
    "grouping_operation",
    "insert_from",
    "materialized_from_subquery",
    "ordering_operation",
    "rows_examined_per_scan",
    "rows_produced_per_join",
    "used_columns",
    "using_filesort",
    "using_join_buffer",
    "using_temporary_table",
    "windowing",
    "backward_index_scan",
];

const MARIADB: [&str; 21] = [
    "block-nl-join",
    "buffer_type",
    "const_condition",
    "cost",
    "expression_cache",
    "filesort",
    "having_condition",
    "loops",
    "materialization",
    "materialized",
    "mrr_type",
    "outer_ref_condition",
    "query_optimization",
    "range-checked-for-each-record",
    "read_sorted_file",
    "recursive_union",
    "rowid_filter",
    "sort_key",
    "subqueries",
    "temporary_table",
    "window_functions_computation",
];

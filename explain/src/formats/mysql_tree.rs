//! MySQL's EXPLAIN FORMAT=TREE and EXPLAIN ANALYZE, since 8.0.16.

use super::{Format, mysql};
use crate::engine::Engine;

pub(super) static FORMAT: Format = Format {
    name: "mysql-tree",
    engine: Engine::Mysql,
    summary: "MySQL's EXPLAIN FORMAT=TREE and EXPLAIN ANALYZE (`-> ` lines)",
    detect,
    parse: |text| mysql::read(text, "mysql-tree"),
};

/// Lines that are looked at.
const MOST_LINES: usize = 200;

fn detect(text: &str) -> u8 {
    if !text.contains("-> ") {
        return 0;
    }
    // Bars, quotes and names of columns may stand before the first line.
    let starts = text.lines().map(|line| line.trim_start_matches(['|', '│', '"', '\'', ' ', '\t']));
    let unlabelled = starts.map(|line| line.strip_prefix("EXPLAIN: ").unwrap_or(line));
    let nodes = unlabelled.filter(|line| mysql::is_tree_line(line)).take(MOST_LINES);
    // As a driver gives it: in a string of JSON, on one line.
    let strings = text.match_indices("\"-> ").take(MOST_LINES).map(|(at, _)| &text[at + 1..]);
    // PostgreSQL's lines have the width of a row, MySQL's never.
    let operation = |line: &str| {
        let own = !line.lines().next().unwrap_or_default().contains(" width=");
        let line = line.split('\n').next().unwrap_or(line);
        let line = line.split("\\n").next().unwrap_or(line).trim_end_matches(['"', '}', ']']);
        own && mysql::is_operation(line.trim_start_matches("->").trim())
    };
    // At a prompt, the continued lines of a statement begin alike.
    if nodes.chain(strings).any(operation) { 96 } else { 0 }
}

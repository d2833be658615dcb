//! MySQL and MariaDB: what is common to their formats.
//!
//! One input often holds several: a statement with its plan in two formats, SHOW WARNINGS, the
//! prompt. So all formats read the whole input, piece by piece, and differ in what they recognise.

mod access;
mod draft;
mod iterators;
mod json;
mod merge;
mod numbers;
mod operation;
mod pieces;
mod query_block;
mod query_plan;
mod rows;
mod session;
mod tree;
mod words;

pub(super) use session::read;

/// Whether the line is one of a tree: `-> ` with one blank.
pub(super) fn is_tree_line(line: &str) -> bool {
    tree::is_node(line)
}

/// Whether the text behind `-> ` is one of MySQL's operations.
pub(super) fn is_operation(text: &str) -> bool {
    operation::is_operation(text)
}

/// Whether the first plan of query blocks is MariaDB's.
pub(super) fn is_mariadb(text: &str) -> bool {
    session::first_block(text) == Some(crate::engine::Engine::Mariadb)
}

#[cfg(test)]
mod fixture_tests;
#[cfg(test)]
mod tests;

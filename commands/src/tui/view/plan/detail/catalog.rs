//! What the catalog says of the node's table and its indexes.

use super::groups::Group;
use crate::tui::theme::Paint;
use crate::tui::view::text::{Line, dim, plain, run};
use planscope_explain::plan::Node;
use planscope_explain::units::{Bytes, Count};
use planscope_explain::workload::{Catalog, Index, Table};

/// Most columns that are listed.
const MOST_COLUMNS: usize = 40;

/// The entries of the node's table and indexes, where the catalog has them.
pub fn entries(catalog: &Catalog, node: &Node, columns: usize, out: &mut Vec<Line>) {
    let by_index = || node.index.as_deref().and_then(|name| catalog.index(name));
    let table = match &node.relation {
        Some(relation) => catalog.table(node.schema.as_deref(), relation),
        None => by_index().and_then(|index| catalog.table(index.schema.as_deref(), &index.table)),
    };
    let Some(table) = table else { return };
    facts(table, &mut Group::new(out, "Table", columns));
    let mut group = Group::new(out, "Indexes", columns);
    for entry in catalog.indexes_of(table) {
        let is_used = node.index.as_deref() == Some(entry.name.as_str());
        index(entry, is_used, &mut group);
    }
    of_columns(table, &mut Group::new(out, "Columns", columns));
}

fn facts(table: &Table, group: &mut Group<'_>) {
    let schema = table.schema.as_ref().map_or(String::new(), |schema| format!("{schema}."));
    group.row("name", format!("{schema}{}", table.name));
    let count = |n: Option<f64>| n.map_or(String::new(), |n| Count(n.round()).to_string());
    group.row("rows", count(table.rows));
    group.row("size", table.size_bytes.map_or(String::new(), |n| Bytes(n).to_string()));
    group.row("changed since", count(table.modified_since_analyze));
    group.row(
        "analyzed",
        match table.analyzed_at.as_deref() {
            Some("") => "never".to_owned(),
            at => at.unwrap_or_default().to_owned(),
        },
    );
    group.row("full scans", count(table.full_scans));
    group.row("index scans", count(table.index_scans));
    group.row("writes", count(table.writes()));
}

fn index(index: &Index, is_used: bool, group: &mut Group<'_>) {
    let keys: Vec<&str> = index.keys.iter().map(|key| key.text()).collect();
    let mark = if is_used { "▸ " } else { "  " };
    let kind = match (index.primary, index.unique) {
        (true, _) => " primary key",
        (_, true) => " unique",
        _ => "",
    };
    let paint = if is_used { Paint::Strong } else { Paint::Plain };
    group.line(vec![run(format!("{mark}{}", index.name), paint), dim(kind)]);
    let mut text = format!("    {} ({})", index.method, keys.join(", "));
    if !index.include.is_empty() {
        text.push_str(&format!(" include ({})", index.include.join(", ")));
    }
    if let Some(predicate) = &index.predicate {
        text.push_str(&format!(" where {predicate}"));
    }
    group.line(vec![plain(text)]);
    let mut facts: Vec<String> = index.size_bytes.iter().map(|n| Bytes(*n).to_string()).collect();
    facts.extend(index.scans.map(|n| format!("{} scans", Count(n))));
    if !index.usable {
        facts.push("not usable".to_owned());
    }
    if !facts.is_empty() {
        group.line(vec![dim(format!("    {}", facts.join(" · ")))]);
    }
}

fn of_columns(table: &Table, group: &mut Group<'_>) {
    for column in table.columns.iter().take(MOST_COLUMNS) {
        let mut facts = vec![column.data_type.clone()];
        facts.extend(column.distinct.map(|n| format!("{} distinct", Count(n.round()))));
        facts.extend(
            column
                .null_share
                .filter(|&n| n > 0.0)
                .map(|n| format!("{} null", planscope_explain::units::Share(n))),
        );
        group.row(&column.name, facts.join(" · "));
    }
    if table.columns.len() > MOST_COLUMNS {
        group.line(vec![dim(format!("… and {} more", table.columns.len() - MOST_COLUMNS))]);
    }
}

//! `redundant-index`: an index that another one can stand in for.

use crate::context::Context;
use crate::finding::{Finding, Severity};
use crate::index::redundancy::{self, Cover};
use crate::remedy::Remedy;
use crate::rule::declare_rule;
use planscope_explain::Engine;
use planscope_explain::units::Bytes;
use planscope_explain::workload::{Catalog, Index};

declare_rule! {
    /// ## What it does
    ///
    /// Finds indexes whose key columns begin the key of another index of the same table, with the
    /// same method, predicate, expressions, collations and order, and exact duplicates.
    ///
    /// ## Why it matters
    ///
    /// Every index is written with every row. One that adds nothing costs disk, cache, WAL and the
    /// planner's time on every statement that touches the table.
    ///
    /// ## Example
    ///
    /// ```sql
    /// CREATE INDEX a ON orders (customer_id);
    /// CREATE INDEX b ON orders (customer_id, created_at);  -- does all that `a` does
    /// ```
    ///
    /// ## Remedy and its risk
    ///
    /// Drop the shorter one. The longer index is larger, so a scan of the shorter one alone can be a
    /// little faster; hide it first where the engine can (INVISIBLE, IGNORED). Unique and primary
    /// key indexes, and those a constraint owns, are never reported.
    ///
    /// ## References
    ///
    /// PostgreSQL manual, "Multicolumn Indexes"; pt-duplicate-key-checker.
    pub(super) static RULE = {
        name: "redundant-index",
        summary: "An index whose columns begin another index of the same table",
        category: Catalog,
        engines: &[Engine::Postgres, Engine::Mysql, Engine::Mariadb, Engine::Sqlite],
        check: check,
    };
}

fn check(context: &Context<'_>) -> Vec<Finding> {
    let original = &context.snapshot.catalog;
    let bare = without_implicit_keys(context.engine(), original);
    let mut findings = Vec::new();
    for index in bare.indexes.iter().filter(|index| index.usable) {
        let Some((by, cover)) = redundancy::stand_in(context.engine(), &bare, index) else {
            continue;
        };
        let as_made = |index: &Index| {
            original
                .indexes
                .iter()
                .find(|other| {
                    (&other.schema, &other.table, &other.name)
                        == (&index.schema, &index.table, &index.name)
                })
                .cloned()
        };
        if let (Some(index), Some(by)) = (as_made(index), as_made(by)) {
            findings.push(finding(&index, &by, cover));
        }
    }
    findings
}

/// InnoDB ends every secondary index with the primary key: `(a, id)` is `(a)`. Such tails are cut
/// off, so that the two compare as equal.
fn without_implicit_keys(engine: Engine, catalog: &Catalog) -> Catalog {
    let mut bare = catalog.clone();
    if !engine.info().clustered_primary_key {
        return bare;
    }
    for index in bare.indexes.iter_mut().filter(|index| !index.unique && !index.constraint) {
        let is_its_primary = |other: &&Index| {
            other.primary && other.table == index.table && other.schema == index.schema
        };
        let primary = catalog.indexes.iter().find(is_its_primary);
        let tail = primary.map_or(&[][..], |primary| &primary.keys);
        let head = index.keys.strip_suffix(tail).filter(|head| !head.is_empty());
        if let Some(head) = head.map(<[_]>::to_vec) {
            index.keys = head;
        }
    }
    bare
}

fn finding(index: &Index, by: &Index, cover: Cover) -> Finding {
    let keys = |index: &Index| {
        index.keys.iter().map(|key| key.text().to_owned()).collect::<Vec<_>>().join(", ")
    };
    let size = index.size_bytes.map_or(String::new(), |bytes| format!(", {}", Bytes(bytes)));
    let (severity, how) = match cover {
        Cover::Duplicate => (Severity::Medium, "is the same as"),
        Cover::Prefix => (Severity::Low, "is the beginning of"),
    };
    let title = format!(
        "{}: index {} ({}){size} {how} {} ({})",
        index.table,
        index.name,
        keys(index),
        by.name,
        keys(by),
    );
    let mut finding = Finding::new(RULE.name, severity, title)
        .with("table", index.table.as_str())
        .with("index", index.name.as_str())
        .with("covered_by", by.name.as_str());
    if let Some(bytes) = index.size_bytes {
        finding = finding.with("size_bytes", bytes);
    }
    if let Some(scans) = index.scans {
        finding = finding.with("scans", scans);
    }
    finding.remedies = vec![Remedy::DropIndex {
        index: index.clone(),
        because: format!("{} serves the same lookups", by.name),
    }];
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Shop, apply, findings_of};
    use planscope_explain::workload::IndexKey;

    fn with_indexes(indexes: &[(&str, &[&str])]) -> planscope_explain::Snapshot {
        let mut snapshot = Shop::scanning("SELECT 1", 1.0, 1.0).snapshot();
        for (name, keys) in indexes {
            snapshot.catalog.indexes.push(Index {
                schema: Some("public".into()),
                table: "orders".into(),
                name: (*name).into(),
                method: "btree".into(),
                usable: true,
                keys: keys.iter().map(|key| IndexKey::column(*key)).collect(),
                ..Index::default()
            });
        }
        snapshot
    }

    #[test]
    fn a_prefix_is_found_and_dropping_it_silences_the_rule() {
        let snapshot =
            with_indexes(&[("a", &["customer_id"]), ("b", &["customer_id", "created_at"])]);
        let found = findings_of(&RULE, &snapshot);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].remedies[0].sql(Engine::Postgres).unwrap(),
            "DROP INDEX CONCURRENTLY public.a"
        );
        assert_eq!(findings_of(&RULE, &apply(snapshot, &found[0].remedies[0])), []);
    }

    #[test]
    fn of_two_duplicates_one_stays() {
        let snapshot = with_indexes(&[("a", &["customer_id"]), ("b", &["customer_id"])]);
        let found = findings_of(&RULE, &snapshot);
        assert_eq!(found.len(), 1);
        assert_eq!(findings_of(&RULE, &apply(snapshot, &found[0].remedies[0])), []);
    }

    #[test]
    fn a_primary_key_tail_is_redundant_where_the_engine_adds_it() {
        let mut snapshot = with_indexes(&[
            ("a", &["customer_id"]),
            ("b", &["customer_id", "id"]),
            ("pk", &["id"]),
        ]);
        let pk = snapshot.catalog.indexes.last_mut().unwrap();
        (pk.primary, pk.unique, pk.constraint) = (true, true, true);
        let names = |snapshot: &planscope_explain::Snapshot| {
            let found = findings_of(&RULE, snapshot);
            found.iter().map(|f| f.title.clone()).collect::<Vec<_>>()
        };
        let in_postgres = names(&snapshot);
        assert!(in_postgres.len() == 1 && in_postgres[0].contains("is the beginning of"));
        snapshot.target.engine = Engine::Mysql;
        let in_mysql = names(&snapshot);
        assert!(in_mysql.len() == 1 && in_mysql[0].contains("is the same as"), "{in_mysql:?}");
    }

    #[test]
    fn other_columns_are_another_index() {
        let snapshot = with_indexes(&[("a", &["status"]), ("b", &["customer_id", "status"])]);
        assert_eq!(findings_of(&RULE, &snapshot), []);
    }
}

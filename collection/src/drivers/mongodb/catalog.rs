//! Collections, their indexes and their fields, as far as the user may see them.

use super::asking::Asking;
use super::document::{Fields as _, json};
use super::link::Link;
use super::sample;
use crate::error::Result;
use crate::wanted::{self, Case, Chosen, Found, Name, Wanted};
use bson::{Bson, Document, doc};
use futures_util::{StreamExt as _, stream};
use planscope_explain::workload::catalog::{Catalog, Index, IndexKey, Table, TableKind};
use std::collections::BTreeMap;

/// Most collections of a target that are all looked at. Each costs four commands; `$collStats` opens the
/// files of the collection and of its indexes, and takes 9 to 14 ms where they were closed (measured with
/// 7,000 collections on two busy cores).
const WHOLE: usize = 500;

/// Most indexes of a collection, and shards that tell of them.
const MOST_ROWS: usize = 1000;

/// The catalog of the databases.
pub(super) async fn catalog(link: &Link, wanted: &Wanted) -> Result<Found> {
    let limit = link.policy.whole_catalog.unwrap_or(WHOLE);
    let asking = Asking::new(link);
    let listed = asking.names().await?;
    let names = listed.keys().cloned().collect();
    let Chosen { names, left_out } = wanted::choose(names, wanted, limit, Case::Matters);
    let mut catalog = Catalog::default();
    let is_view = |name: &Name| listed.get(name).copied().unwrap_or_default();
    let each: Vec<_> = names.iter().map(|name| collection(&asking, name, is_view(name))).collect();
    let mut looked = stream::iter(each).buffered(link.policy.connections.max(1) as usize);
    while let Some(found) = looked.next().await {
        if let Some((table, indexes)) = found? {
            catalog.tables.push(table);
            catalog.indexes.extend(indexes);
        }
    }
    drop(looked);
    Ok(Found { catalog, left_out, limit, problems: asking.into_problems() })
}

/// A collection and its indexes; `None` when the server was too slow for others before.
async fn collection(
    asking: &Asking<'_>,
    (database, name): &Name,
    is_view: bool,
) -> Result<Option<(Table, Vec<Index>)>> {
    let mut table = Table {
        schema: Some(database.clone()),
        name: name.clone(),
        kind: if is_view { TableKind::Other } else { TableKind::Table },
        ..Table::default()
    };
    if is_view {
        // A question to a view runs its pipeline.
        return Ok(Some((table, Vec::new())));
    }
    if asking.is_over() {
        return Ok(None);
    }
    let of = |what: &str| format!("{what} of {database}.{name}");
    let command = doc! { "aggregate": name, "pipeline": stats_stages(), "cursor": {} };
    let stats = asking.rows(&of("$collStats"), database, command, MOST_ROWS).await?;
    let sum = |path: &str| stats.iter().filter_map(|s| s.number(path)).reduce(|a, b| a + b);
    table.rows = sum("storageStats.count");
    table.size_bytes = sum("storageStats.storageSize");
    table.full_scans = sum("queryExecStats.collectionScans.total");
    let data = sum("storageStats.size");
    let average = data.zip(table.rows).filter(|(_, n)| *n > 0.0).map(|(size, n)| size / n);
    let command = doc! { "listIndexes": name };
    let listed = asking.rows(&of("the indexes"), database, command, MOST_ROWS).await?;
    let uses = uses(asking, database, name).await?;
    let indexes: Vec<Index> = listed
        .iter()
        .map(|listed| {
            let mut index = read_index(database, name, listed);
            index.size_bytes = sum_of_index(&stats, &index.name);
            index.scans = uses.get(&index.name).copied();
            index
        })
        .collect();
    table.index_scans = indexes.iter().filter_map(|index| index.scans).reduce(|a, b| a + b);
    table.columns = sample::columns(asking, database, name, table.rows, average).await?;
    Ok(Some((table, indexes)))
}

/// Only what is read of it is sent: without that, 38 kB of WiredTiger's counters come with two indexes.
fn stats_stages() -> Vec<Document> {
    let figures = ["count", "size", "storageSize", "indexSizes"];
    let mut wanted: Document =
        figures.iter().map(|name| (format!("storageStats.{name}"), Bson::Int32(1))).collect();
    wanted.insert("queryExecStats.collectionScans.total", 1);
    vec![
        doc! { "$collStats": { "storageStats": {}, "queryExecStats": {} } },
        doc! { "$project": wanted },
    ]
}

/// The size of an index; its name may hold dots.
fn sum_of_index(stats: &[Document], name: &str) -> Option<f64> {
    let sizes = stats.iter().filter_map(|s| s.document("storageStats.indexSizes"));
    sizes.filter_map(|sizes| sizes.get(name).and_then(super::document::number)).reduce(|a, b| a + b)
}

/// How often each index was used, on this server since it started.
async fn uses(asking: &Asking<'_>, database: &str, name: &str) -> Result<BTreeMap<String, f64>> {
    let stages = vec![doc! { "$indexStats": {} }];
    let command = doc! { "aggregate": name, "pipeline": stages, "cursor": {} };
    let what = format!("$indexStats of {database}.{name}");
    let rows = asking.rows(&what, database, command, MOST_ROWS).await?;
    let mut uses = BTreeMap::new();
    for row in &rows {
        if let Some((name, ops)) = row.text("name").zip(row.number("accesses.ops")) {
            *uses.entry(name.to_owned()).or_insert(0.0) += ops;
        }
    }
    Ok(uses)
}

fn read_index(database: &str, table: &str, listed: &Document) -> Index {
    let name = listed.text("name").unwrap_or_default().to_owned();
    let pattern = listed.document("key").cloned().unwrap_or_default();
    let is_id = name == "_id_";
    let collation = listed.text("collation.locale").map(str::to_owned);
    Index {
        schema: Some(database.to_owned()),
        table: table.to_owned(),
        method: method(&pattern).to_owned(),
        unique: is_id || listed.flag("unique"),
        primary: is_id,
        // What expires documents is not there for queries: it must not pass for unused.
        constraint: is_id || listed.contains_key("expireAfterSeconds"),
        usable: !listed.flag("hidden"),
        keys: keys(&pattern, listed, collation.as_deref()),
        predicate: predicate(&pattern, listed),
        definition: (!is_id).then(|| definition(table, &pattern, listed)),
        name,
        ..Index::default()
    }
}

fn method(pattern: &Document) -> &str {
    if pattern.keys().any(|key| key == "$**" || key.ends_with(".$**")) {
        return "wildcard";
    }
    pattern.values().find_map(Bson::as_str).unwrap_or("btree")
}

fn keys(pattern: &Document, listed: &Document, collation: Option<&str>) -> Vec<IndexKey> {
    let mut keys = Vec::new();
    for (name, kind) in pattern {
        match name.as_str() {
            "_ftsx" => {}
            // The fields of a text index are those that have a weight.
            "_fts" => {
                let weights = listed.document("weights").cloned().unwrap_or_default();
                keys.extend(weights.keys().map(|field| special(field, "text")));
            }
            name if name.ends_with("$**") => {
                keys.push(IndexKey { expression: Some(name.to_owned()), ..IndexKey::default() });
            }
            name => keys.push(match kind.as_str() {
                Some(kind) => special(name, kind),
                None => IndexKey {
                    descending: super::document::number(kind).is_some_and(|n| n < 0.0),
                    collation: collation.map(str::to_owned),
                    ..IndexKey::column(name)
                },
            }),
        }
    }
    keys
}

fn special(field: &str, kind: &str) -> IndexKey {
    IndexKey { operator_class: Some(kind.to_owned()), ..IndexKey::column(field) }
}

/// The condition of a partial index; a sparse one leaves out documents without any of its fields.
fn predicate(pattern: &Document, listed: &Document) -> Option<String> {
    if let Some(filter) = listed.document("partialFilterExpression") {
        return Some(json(filter.clone()));
    }
    if !listed.flag("sparse") {
        return None;
    }
    let mut each: Vec<Document> =
        pattern.keys().map(|key| doc! { key: { "$exists": true } }).collect();
    Some(json(if each.len() == 1 {
        each.remove(0)
    } else {
        doc! { "$or": each }
    }))
}

/// The statement of the shell that makes it.
fn definition(table: &str, pattern: &Document, listed: &Document) -> String {
    const OWN: [&str; 8] = [
        "v",
        "key",
        "ns",
        "background",
        "textIndexVersion",
        "2dsphereIndexVersion",
        "weights",
        "wildcardVersion",
    ];
    let mut pattern = pattern.clone();
    if pattern.contains_key("_fts") {
        let weights = listed.document("weights").cloned().unwrap_or_default();
        pattern = weights.keys().map(|field| (field.clone(), Bson::from("text"))).collect();
    }
    let options = listed.iter().filter(|(key, _)| !OWN.contains(&key.as_str()));
    let options: Document = options.map(|(key, value)| (key.clone(), value.clone())).collect();
    let collection = Bson::from(table).into_relaxed_extjson();
    format!("db.getCollection({collection}).createIndex({}, {})", json(pattern), json(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(listed: Document) -> Index {
        read_index("shop", "orders", &listed)
    }

    #[test]
    fn indexes_of_every_kind() {
        let plain = index(
            doc! { "v": 2, "key": { "a": 1, "b.c": -1.0 }, "name": "ab", "unique": true, "hidden": true },
        );
        assert_eq!((plain.method.as_str(), plain.unique, plain.usable), ("btree", true, false));
        assert_eq!(plain.leading_columns().collect::<Vec<_>>(), ["a", "b.c"]);
        assert!(plain.keys[1].descending && !plain.keys[0].descending);
        assert_eq!(
            plain.definition.unwrap(),
            r#"db.getCollection("orders").createIndex({"a":1,"b.c":-1.0}, {"name":"ab","unique":true,"hidden":true})"#
        );
        let id = index(doc! { "key": { "_id": 1 }, "name": "_id_" });
        assert!(id.primary && id.unique && id.definition.is_none());
        let partial = index(
            doc! { "key": { "a": 1 }, "name": "a", "partialFilterExpression": { "s": "new" } },
        );
        assert_eq!(partial.predicate.as_deref(), Some(r#"{"s":"new"}"#));
        let sparse = index(doc! { "key": { "a": 1, "b": 1 }, "name": "a", "sparse": true });
        assert_eq!(
            sparse.predicate.as_deref(),
            Some(r#"{"$or":[{"a":{"$exists":true}},{"b":{"$exists":true}}]}"#)
        );
        let expiring = index(doc! { "key": { "a": 1 }, "name": "a", "expireAfterSeconds": 60 });
        assert!(expiring.constraint);
        let text = index(
            doc! { "key": { "_fts": "text", "_ftsx": 1 }, "name": "t", "weights": { "title": 1, "body": 2 } },
        );
        assert_eq!(text.method, "text");
        assert_eq!(text.leading_columns().collect::<Vec<_>>(), ["title", "body"]);
        assert!(text.definition.unwrap().contains(r#"{"title":"text","body":"text"}"#));
        let wildcard = index(doc! { "key": { "a.$**": 1 }, "name": "w" });
        assert_eq!((wildcard.method.as_str(), wildcard.keys[0].text()), ("wildcard", "a.$**"));
        let hashed = index(doc! { "key": { "a": "hashed" }, "name": "h" });
        assert_eq!((hashed.method.as_str(), hashed.keys[0].text()), ("hashed", "a"));
    }
}

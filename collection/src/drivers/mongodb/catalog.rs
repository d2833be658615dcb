//! Collections, their indexes and their fields, as far as the user may see them.

use super::document::{Fields as _, json};
use super::errors;
use super::link::Link;
use super::sample;
use crate::error::Result;
use bson::{Bson, Document, doc};
use futures_util::{StreamExt as _, stream};
use planscope_explain::workload::catalog::{Catalog, Index, IndexKey, Table, TableKind};
use std::collections::BTreeMap;

/// Most collections of a database: each costs four questions.
const MOST_COLLECTIONS: usize = 5000;

/// The catalog of the databases.
pub(super) async fn catalog(link: &Link) -> Result<Catalog> {
    let mut catalog = Catalog::default();
    for database in &link.facts.databases {
        let list = doc! { "listCollections": 1, "authorizedCollections": true, "nameOnly": false };
        let listed = match link.rows(database, list, MOST_COLLECTIONS).await {
            Err(error) if errors::matters_to_all(&error) => return Err(error),
            Err(_) => names_only(link, database).await?,
            Ok(listed) => listed,
        };
        let looked = listed.iter().filter_map(|entry| {
            let name = entry.text("name").filter(|name| !name.starts_with("system."))?;
            Some(collection(link, database, name, entry))
        });
        let looked: Vec<_> = looked.collect();
        let mut looked = stream::iter(looked).buffered(link.policy.connections.max(1) as usize);
        while let Some(found) = looked.next().await {
            let (table, indexes) = found?;
            catalog.tables.push(table);
            catalog.indexes.extend(indexes);
        }
    }
    let name = |table: &Table| (table.schema.clone(), table.name.clone());
    catalog.tables.sort_by_key(name);
    Ok(catalog)
}

/// Without the privilege to list them, those that the user may read.
async fn names_only(link: &Link, database: &str) -> Result<Vec<Document>> {
    let list = doc! { "listCollections": 1, "authorizedCollections": true, "nameOnly": true };
    optional(link.rows(database, list, MOST_COLLECTIONS).await)
}

/// Nothing, where the server refuses an answer to one question.
fn optional(rows: Result<Vec<Document>>) -> Result<Vec<Document>> {
    match rows {
        Err(error) if errors::matters_to_all(&error) => Err(error),
        rows => Ok(rows.unwrap_or_default()),
    }
}

async fn collection(
    link: &Link,
    database: &str,
    name: &str,
    entry: &Document,
) -> Result<(Table, Vec<Index>)> {
    let mut table = Table {
        schema: Some(database.to_owned()),
        name: name.to_owned(),
        kind: if entry.text("type") == Some("view") { TableKind::Other } else { TableKind::Table },
        ..Table::default()
    };
    if table.kind == TableKind::Other {
        // A question to a view runs its pipeline.
        return Ok((table, Vec::new()));
    }
    let stages = vec![doc! { "$collStats": { "storageStats": {}, "queryExecStats": {} } }];
    let command = doc! { "aggregate": name, "pipeline": stages, "cursor": {} };
    let stats = optional(link.rows(database, command, 1000).await)?;
    let sum = |path: &str| stats.iter().filter_map(|s| s.number(path)).reduce(|a, b| a + b);
    table.rows = sum("storageStats.count");
    table.size_bytes = sum("storageStats.storageSize");
    table.full_scans = sum("queryExecStats.collectionScans.total");
    let data = sum("storageStats.size");
    let average = data.zip(table.rows).filter(|(_, n)| *n > 0.0).map(|(size, n)| size / n);
    let listed = link.rows(database, doc! { "listIndexes": name }, 1000).await;
    let uses = uses(link, database, name).await?;
    let indexes: Vec<Index> = optional(listed)?
        .iter()
        .map(|listed| {
            let mut index = read_index(database, name, listed);
            index.size_bytes = sum_of_index(&stats, &index.name);
            index.scans = uses.get(&index.name).copied();
            index
        })
        .collect();
    table.index_scans = indexes.iter().filter_map(|index| index.scans).reduce(|a, b| a + b);
    table.columns = sample::columns(link, database, name, table.rows, average).await?;
    Ok((table, indexes))
}

/// The size of an index; its name may hold dots.
fn sum_of_index(stats: &[Document], name: &str) -> Option<f64> {
    let sizes = stats.iter().filter_map(|s| s.document("storageStats.indexSizes"));
    sizes.filter_map(|sizes| sizes.get(name).and_then(super::document::number)).reduce(|a, b| a + b)
}

/// How often each index was used, on this server since it started.
async fn uses(link: &Link, database: &str, name: &str) -> Result<BTreeMap<String, f64>> {
    let stages = vec![doc! { "$indexStats": {} }];
    let command = doc! { "aggregate": name, "pipeline": stages, "cursor": {} };
    let rows = optional(link.rows(database, command, 1000).await)?;
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

//! The fields of a collection, from a few of its documents.
//!
//! There is no schema to read. Names, types and how often a value comes again are looked at here and
//! forgotten: no value leaves this file.

use super::asking::Asking;
use crate::error::Result;
use bson::{Bson, Document, doc};
use planscope_explain::workload::catalog::Column;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Most documents of a sample.
const MOST_DOCUMENTS: f64 = 100.0;

/// Most bytes of a sample.
const MOST_BYTES: f64 = 4e6;

/// Most fields of a collection, and how deep they are looked for.
const MOST_FIELDS: usize = 500;
const MOST_DEPTH: usize = 6;

/// The fields, by a sample of a collection of `rows` documents of `average` bytes.
pub(super) async fn columns(
    asking: &Asking<'_>,
    database: &str,
    collection: &str,
    rows: Option<f64>,
    average: Option<f64>,
) -> Result<Vec<Column>> {
    let size = (MOST_BYTES / average.unwrap_or(1.0).max(1.0)).clamp(1.0, MOST_DOCUMENTS) as i64;
    let stages = vec![doc! { "$sample": { "size": size } }];
    let command = doc! { "aggregate": collection, "pipeline": stages, "cursor": {} };
    let what = format!("a sample of {database}.{collection}");
    let found = asking.rows(&what, database, command, MOST_DOCUMENTS as usize).await?;
    Ok(read(&found, rows))
}

/// What was seen of a field.
#[derive(Default)]
struct Field {
    types: BTreeSet<&'static str>,
    /// Documents in which it has a value that is not null.
    documents: usize,
    /// How often each value was seen; the value as its bytes.
    values: HashMap<Vec<u8>, u32>,
    bytes: usize,
    last: usize,
}

fn read(documents: &[Document], rows: Option<f64>) -> Vec<Column> {
    let mut order: Vec<String> = Vec::new();
    let mut fields: BTreeMap<String, Field> = BTreeMap::new();
    for (number, document) in documents.iter().enumerate() {
        let mut waiting: Vec<(String, &Bson, usize)> = children("", document, 0);
        while let Some((path, value, depth)) = waiting.pop() {
            if !fields.contains_key(&path) {
                if order.len() == MOST_FIELDS {
                    continue;
                }
                order.push(path.clone());
            }
            let field = fields.entry(path.clone()).or_default();
            field.see(value, number + 1);
            waiting.extend(inside(&path, value, depth + 1));
        }
    }
    let whole = rows.is_some_and(|rows| documents.len() as f64 >= rows);
    let column = |name: String| {
        let field = fields.remove(&name)?;
        Some(field.column(name, documents.len(), whole, rows))
    };
    order.into_iter().filter_map(column).collect()
}

/// The fields of a document, the first on top of the stack.
fn children<'a>(
    path: &str,
    document: &'a Document,
    depth: usize,
) -> Vec<(String, &'a Bson, usize)> {
    let name = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let mut children: Vec<_> =
        document.iter().map(|(key, value)| (name(key), value, depth)).collect();
    children.reverse();
    children
}

/// What is inside a value, under the same path for the members of an array.
fn inside<'a>(path: &str, value: &'a Bson, depth: usize) -> Vec<(String, &'a Bson, usize)> {
    let documents: Vec<&Document> = match value {
        _ if depth > MOST_DEPTH => Vec::new(),
        Bson::Document(document) => vec![document],
        Bson::Array(items) => items.iter().filter_map(Bson::as_document).take(20).collect(),
        _ => Vec::new(),
    };
    documents.into_iter().flat_map(|document| children(path, document, depth)).collect()
}

impl Field {
    /// Notes a value in the document of that number, which counts once.
    fn see(&mut self, value: &Bson, number: usize) {
        self.types.insert(type_name(value));
        if matches!(value, Bson::Null | Bson::Undefined) {
            return;
        }
        if self.last != number {
            self.last = number;
            self.documents += 1;
        }
        let bytes = bson::serialize_to_vec(&doc! { "": value.clone() }).unwrap_or_default();
        self.bytes += bytes.len();
        *self.values.entry(bytes).or_default() += 1;
    }

    fn column(self, name: String, of: usize, whole: bool, rows: Option<f64>) -> Column {
        let seen = self.values.values().map(|count| f64::from(*count)).sum::<f64>();
        let again = self.values.values().all(|count| *count > 1);
        let is_simple = !self.types.contains("object") && !self.types.contains("array");
        // When every value of the sample came again there are hardly more than those; else the
        // sample says little about how many there are.
        let distinct = match name.as_str() {
            "_id" => rows,
            _ => (is_simple && seen > 0.0 && (whole || again)).then_some(self.values.len() as f64),
        };
        let types: Vec<&str> = self.types.iter().copied().filter(|name| *name != "null").collect();
        Column {
            data_type: if types.is_empty() { "null".to_owned() } else { types.join("|") },
            nullable: self.documents < of || self.types.contains("null"),
            // Below an array a field may be missing in some members only.
            null_share: (of > 0).then(|| 1.0 - self.documents as f64 / of as f64),
            width_bytes: (seen > 0.0).then(|| self.bytes as f64 / seen - ENVELOPE_BYTES),
            distinct,
            name,
            ..Column::default()
        }
    }
}

/// A document of one field without a name: length, type, name, end.
const ENVELOPE_BYTES: f64 = 7.0;

/// The type as `$type` names it.
fn type_name(value: &Bson) -> &'static str {
    match value {
        Bson::Double(_) => "double",
        Bson::String(_) => "string",
        Bson::Array(_) => "array",
        Bson::Document(_) => "object",
        Bson::Boolean(_) => "bool",
        Bson::Null | Bson::Undefined => "null",
        Bson::RegularExpression(_) => "regex",
        Bson::JavaScriptCode(_) | Bson::JavaScriptCodeWithScope(_) => "javascript",
        Bson::Int32(_) => "int",
        Bson::Int64(_) => "long",
        Bson::Timestamp(_) => "timestamp",
        Bson::Binary(_) => "binData",
        Bson::ObjectId(_) => "objectId",
        Bson::DateTime(_) => "date",
        Bson::Symbol(_) => "symbol",
        Bson::Decimal128(_) => "decimal",
        Bson::MaxKey => "maxKey",
        Bson::MinKey => "minKey",
        Bson::DbPointer(_) => "dbPointer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_paths_types_and_shares() {
        let documents: Vec<Document> = (0..10)
            .map(|i| {
                let mut document = doc! {
                    "_id": i, "city": { "name": if i % 2 == 0 { "x" } else { "y" } },
                    "items": [{ "sku": i }, { "sku": i }],
                };
                if i < 4 {
                    document.insert("note", "once");
                    document
                        .insert("code", if i == 0 { Bson::Null } else { Bson::Int64(i.into()) });
                }
                document
            })
            .collect();
        let columns = read(&documents, Some(1000.0));
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["_id", "city", "city.name", "items", "items.sku", "note", "code"]);
        let of = |name: &str| columns.iter().find(|column| column.name == name).unwrap();
        assert_eq!(of("_id").distinct, Some(1000.0));
        assert_eq!((of("city.name").distinct, of("city.name").null_share), (Some(2.0), Some(0.0)));
        assert_eq!((of("city").distinct, of("items").distinct), (None, None));
        assert_eq!(of("note").null_share, Some(0.6));
        let code = of("code");
        assert_eq!((code.distinct, code.nullable, code.data_type.as_str()), (None, true, "long"));
        assert_eq!(of("items.sku").data_type, "int");
        assert!(read(&[], None).is_empty());
        assert_eq!(read(&documents, Some(10.0)).last().unwrap().distinct, Some(3.0));
    }
}

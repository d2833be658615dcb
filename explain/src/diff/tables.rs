//! Tables of a catalog by name, for plans that name many.

use crate::workload::{Catalog, Table};
use std::collections::HashMap;

/// Look-ups from which an index is made of the names: below, going through the list is quicker.
const MANY: usize = 64;

/// The tables of a catalog.
pub(super) struct Tables<'a> {
    catalog: &'a Catalog,
    by_name: Option<HashMap<String, Vec<&'a Table>>>,
}

impl<'a> Tables<'a> {
    /// For about as many look-ups.
    pub fn new(catalog: &'a Catalog, lookups: usize) -> Self {
        let index = || {
            let mut by_name: HashMap<String, Vec<&'a Table>> = HashMap::new();
            for table in &catalog.tables {
                by_name.entry(table.name.to_ascii_lowercase()).or_default().push(table);
            }
            by_name
        };
        Self { catalog, by_name: (lookups >= MANY).then(index) }
    }

    /// As [`Catalog::table`].
    pub fn get(&self, schema: Option<&str>, name: &str) -> Option<&'a Table> {
        let Some(by_name) = &self.by_name else { return self.catalog.table(schema, name) };
        match by_name.get(&name.to_ascii_lowercase())?.as_slice() {
            [only] if schema.is_none() || only.schema.is_none() => Some(only),
            _ => self.catalog.table(schema, name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_answers_as_the_catalog_does() {
        let table = |schema: Option<&str>, name: &str, rows: f64| Table {
            schema: schema.map(str::to_owned),
            name: name.to_owned(),
            rows: Some(rows),
            ..Table::default()
        };
        let catalog = Catalog {
            tables: vec![
                table(Some("app"), "Orders", 1.0),
                table(Some("public"), "orders", 2.0),
                table(None, "lines", 3.0),
                table(Some("app"), "users", 4.0),
            ],
            indexes: Vec::new(),
        };
        let [few, many] = [1, 1_000].map(|lookups| Tables::new(&catalog, lookups));
        for schema in [None, Some("app"), Some("APP"), Some("public"), Some("gone")] {
            for name in ["orders", "ORDERS", "lines", "users", "nothing"] {
                let expected = catalog.table(schema, name);
                assert_eq!(few.get(schema, name), expected, "{schema:?} {name}");
                assert_eq!(many.get(schema, name), expected, "{schema:?} {name}");
            }
        }
    }
}

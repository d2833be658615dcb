//! The questions of a catalog: what the server refuses, or is too slow for, is missing and nothing else.

use super::document::Fields as _;
use super::errors;
use super::link::Link;
use crate::error::{ErrorKind, Result};
use crate::wanted::{Late, Name};
use bson::{Document, doc};
use planscope_explain::workload::Problem;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Most collections of a database that are listed. WiredTiger, with two files and more for each, comes to
/// its end before that.
const MOST_NAMES: usize = 200_000;

/// Asks, and keeps count of what took too long.
pub(super) struct Asking<'l> {
    link: &'l Link,
    /// Several are asked at once.
    late: Mutex<Late>,
}

impl<'l> Asking<'l> {
    pub fn new(link: &'l Link) -> Self {
        Self { link, late: Mutex::default() }
    }

    /// Every collection that the user may see, and whether it is a view. Names alone take no lock of a
    /// collection, and need no privilege but to read it.
    pub async fn names(&self) -> Result<BTreeMap<Name, bool>> {
        let mut names = BTreeMap::new();
        for database in &self.link.facts.databases {
            let list =
                doc! { "listCollections": 1, "authorizedCollections": true, "nameOnly": true };
            let what = format!("the collections of {database}");
            for entry in self.rows(&what, database, list, MOST_NAMES).await? {
                let name = entry.text("name").filter(|name| !name.starts_with("system."));
                let is_view = entry.text("type") == Some("view");
                names.extend(name.map(|name| ((database.clone(), name.to_owned()), is_view)));
            }
        }
        Ok(names)
    }

    /// The documents of a command's cursor; none where the server refuses, or takes too long, which is
    /// said to be of `what`.
    pub async fn rows(
        &self,
        what: &str,
        database: &str,
        command: Document,
        most: usize,
    ) -> Result<Vec<Document>> {
        if self.is_over() {
            return Ok(Vec::new());
        }
        match self.link.rows(database, command, most).await {
            Err(error) if errors::matters_to_all(&error) => Err(error),
            Err(error) if error.kind == ErrorKind::Timeout => {
                let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
                late.add(what, &error.message);
                Ok(Vec::new())
            }
            rows => Ok(rows.unwrap_or_default()),
        }
    }

    /// Whether so much took too long that nothing more is asked.
    pub fn is_over(&self) -> bool {
        self.late.lock().unwrap_or_else(PoisonError::into_inner).is_over()
    }

    /// What took too long.
    pub fn into_problems(self) -> Vec<Problem> {
        self.late.into_inner().unwrap_or_else(PoisonError::into_inner).problems
    }
}

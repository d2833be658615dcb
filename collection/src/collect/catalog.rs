//! The catalog of a collection: the tables that the chosen statements use, and the others where that is
//! cheap. What plans show of tables that no text names, as behind a view, is asked for once more.

use crate::driver::Session;
use crate::error::Result;
use crate::guard::Gate;
use crate::wanted::{TableName, Wanted};
use planscope_explain::Engine;
use planscope_explain::workload::{Catalog, Problem, Snapshot, Table, TargetIdentity};
use std::collections::BTreeSet;

/// What a catalog lacks.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    tables: usize,
    limit: usize,
    /// Whether it was to have them, had there been fewer.
    others: bool,
    asked: BTreeSet<TableName>,
}

/// Asks for the tables that the texts name, and for the others as long as the budget is not spent.
pub(super) async fn look(
    session: &mut dyn Session,
    snapshot: &mut Snapshot,
    others: bool,
) -> Result<LeftOut> {
    let wanted = Wanted { others, ..wanted(snapshot) };
    let asked = session.catalog(&wanted).await;
    let found = super::or_problem(asked, snapshot)?;
    snapshot.catalog = found.catalog;
    snapshot.problems.extend(found.problems);
    Ok(LeftOut { tables: found.left_out, limit: found.limit, others, asked: wanted.used })
}

/// Asks for the tables that only the plans show, where not all were looked at.
pub(super) async fn look_again(
    session: &mut dyn Session,
    snapshot: &mut Snapshot,
    left_out: &mut LeftOut,
    gate: &mut Gate,
) -> Result<()> {
    let mut used = wanted(snapshot).used;
    used.retain(|table| !left_out.asked.contains(table));
    if left_out.tables == 0 || used.is_empty() {
        return Ok(());
    }
    gate.pass(session).await?;
    let asked = session.catalog(&Wanted { used, others: false }).await;
    let found = super::or_problem(asked, snapshot)?;
    snapshot.problems.extend(found.problems);
    left_out.tables -= add(&mut snapshot.catalog, found.catalog).min(left_out.tables);
    Ok(())
}

/// Adds what is new; gives how many tables that is, without their partitions.
fn add(catalog: &mut Catalog, found: Catalog) -> usize {
    let name = |table: &Table| (table.schema.clone(), table.name.clone());
    let known: BTreeSet<_> = catalog.tables.iter().map(name).collect();
    let is_new =
        |schema: &Option<String>, table: &str| !known.contains(&(schema.clone(), table.to_owned()));
    let before = catalog.tables.len();
    let tables = found.tables.into_iter().filter(|table| is_new(&table.schema, &table.name));
    catalog.tables.extend(tables);
    let indexes = found.indexes.into_iter().filter(|index| is_new(&index.schema, &index.table));
    catalog.indexes.extend(indexes);
    let new = catalog.tables.get(before..).unwrap_or_default();
    let count = new.iter().filter(|table| table.parent.is_none()).count();
    catalog.tables.sort_by_key(name);
    count
}

fn wanted(snapshot: &Snapshot) -> Wanted {
    let target = &snapshot.target;
    Wanted::by(&snapshot.statements, target.engine, target.database.as_deref())
}

impl LeftOut {
    /// What is missing, if anything, and what brings more of it in.
    pub fn problem(&self, target: &TargetIdentity) -> Option<Problem> {
        let (count, limit) = (self.tables, self.limit);
        let tables = match target.engine {
            Engine::Mongodb => "collections",
            _ => "tables",
        };
        let why = match self.others {
            true => format!("there are more than {limit}"),
            false => "the time of the budget was over".to_owned(),
        };
        let narrower = match target.database {
            Some(_) => "",
            None => ", and a database in the target's URL leaves the rest aside",
        };
        let message = format!(
            "{count} other {tables} were not looked at, as {why}: the catalog has those that the \
             chosen statements use; a larger --top takes in more of them{narrower}"
        );
        (count > 0).then(|| Problem { kind: "catalog".to_owned(), message, statement: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::workload::Index;

    #[test]
    fn what_is_found_later_is_added_once() {
        let table = |name: &str, parent: Option<&str>| Table {
            schema: Some("s".into()),
            name: name.into(),
            parent: parent.map(str::to_owned),
            ..Table::default()
        };
        let index = |table: &str| Index {
            schema: Some("s".into()),
            table: table.into(),
            ..Index::default()
        };
        let mut catalog = Catalog { tables: vec![table("m", None)], indexes: vec![index("m")] };
        let found = Catalog {
            tables: vec![table("m", None), table("a", None), table("a#p#0", Some("a"))],
            indexes: vec![index("m"), index("a")],
        };
        assert_eq!(add(&mut catalog, found), 1);
        let names: Vec<&str> = catalog.tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["a", "a#p#0", "m"]);
        assert_eq!(catalog.indexes.len(), 2);
    }
}

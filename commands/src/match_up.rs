//! Which statements of the two sides go together where names tell more than fingerprints.
//!
//! In files of statements a name stays when the text is rewritten, and two statements that differ in
//! their literals alone have two names and one fingerprint.

use crate::error::{CommandError, Result};
use planscope_collection::baselines::BaselineFile;
use planscope_explain::baseline::{self, Entry};
use planscope_explain::{Fingerprint, Snapshot};

/// What was matched up by name.
#[derive(Debug, Default)]
pub struct Matched {
    /// Statements whose text is another one now, with their fingerprints before and after.
    pub rewritten: Vec<[Fingerprint; 2]>,
}

/// A baseline as a snapshot.
pub fn baseline_snapshot(files: &[BaselineFile], name: &str) -> Result<Snapshot> {
    let entries: Vec<Entry> = files.iter().map(|file| file.entry.clone()).collect();
    baseline::snapshot(&entries, name).ok_or_else(|| {
        CommandError::input(format!("{name} holds no baseline")).hint("check the path")
    })
}

/// Makes statements of one name a pair. What a baseline leaves out because it is the default, and
/// the digits of a version behind its release series, are taken from the other side.
pub fn by_name(before: &mut Snapshot, after: &mut Snapshot, is_gate: bool) -> Matched {
    let mut matched = Matched::default();
    let all_named = |snapshot: &Snapshot| snapshot.statements.iter().all(|s| s.name.is_some());
    if all_named(before) && all_named(after) {
        matched.rewritten = pair_rewritten(before, after);
        for statement in before.statements.iter_mut().chain(&mut after.statements) {
            // Statements of one fingerprint are told apart by database and user.
            statement.database = None;
            statement.user.clone_from(&statement.name);
        }
    }
    if is_gate {
        complete(before, after);
        complete(after, before);
        move_schema(before, after);
    }
    matched
}

/// A baseline of a database `shop` is held against one called `shop_ci`: where the engine has no
/// schemas inside of databases, every name in the baseline begins with the other database's.
fn move_schema(before: &mut Snapshot, after: &Snapshot) {
    let mut schemas = before.catalog.tables.iter().map(|table| table.schema.clone());
    let Some(Some(old)) = schemas.next() else { return };
    let Some(new) = after.target.database.clone() else { return };
    let is_one = schemas.all(|schema| schema.as_deref() == Some(&old));
    let is_there =
        |name: &str| after.catalog.tables.iter().any(|t| t.schema.as_deref() == Some(name));
    if !is_one || is_there(&old) || !is_there(&new) {
        return;
    }
    let moved = |schema: &mut Option<String>| {
        if schema.as_deref() == Some(&old) {
            *schema = Some(new.clone());
        }
    };
    before.catalog.tables.iter_mut().for_each(|table| moved(&mut table.schema));
    before.catalog.indexes.iter_mut().for_each(|index| moved(&mut index.schema));
    for record in before.statements.iter_mut().flat_map(|statement| &mut statement.plans) {
        record.plan = record.plan.clone().map_nodes(|node| moved(&mut node.schema));
    }
}

/// Gives a statement that was rewritten the fingerprint that it had, so that it is compared.
fn pair_rewritten(before: &Snapshot, after: &mut Snapshot) -> Vec<[Fingerprint; 2]> {
    let mut rewritten = Vec::new();
    for old in &before.statements {
        let is_there =
            after.statements.iter().any(|s| s.fingerprint == old.fingerprint && s.name == old.name);
        let now = after.statements.iter_mut().find(|s| s.name == old.name);
        if let Some(now) = now.filter(|_| !is_there) {
            rewritten.push([old.fingerprint, now.fingerprint]);
            now.fingerprint = old.fingerprint;
        }
    }
    rewritten
}

fn complete(side: &mut Snapshot, other: &Snapshot) {
    let engine = side.target.engine;
    if side.target.version == baseline::series(&other.target.version, engine) {
        side.target.version.clone_from(&other.target.version);
    }
    if side.taken_at.is_empty() {
        side.settings = baseline::with_defaults(&side.settings, &other.settings, engine);
    }
}

/// Leaves only the statement meant by `id` on both sides.
pub fn keep_only(
    before: &mut Snapshot,
    after: &mut Snapshot,
    id: &str,
    sources: &[String; 2],
) -> Result<()> {
    let found = before.find(id).or_else(|| after.find(id));
    let Some((print, name)) = found.map(|s| (s.fingerprint, s.name.clone())) else {
        let [a, b] = sources;
        return Err(CommandError::usage(format!("neither {a} nor {b} holds a statement `{id}`"))
            .hint("name it by its name, its fingerprint or the engine's id"));
    };
    for snapshot in [before, after] {
        snapshot
            .statements
            .retain(|s| s.fingerprint == print || (name.is_some() && s.name == name));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input;
    use planscope_explain::{Engine, Statement};

    fn snapshot(statements: &[(&str, u64)]) -> Snapshot {
        let statement = |(name, print): &(&str, u64)| Statement {
            name: Some((*name).to_owned()),
            fingerprint: Fingerprint(*print),
            ..Statement::default()
        };
        input::snapshot_of(Engine::Postgres, "s", statements.iter().map(statement).collect())
    }

    #[test]
    fn a_rewritten_statement_keeps_its_partner() {
        let mut before = snapshot(&[("a", 1), ("b", 2), ("c", 2)]);
        let mut after = snapshot(&[("c", 2), ("b", 2), ("a", 9), ("d", 4)]);
        let matched = by_name(&mut before, &mut after, true);
        assert_eq!(matched.rewritten, [[Fingerprint(1), Fingerprint(9)]]);
        let of =
            |name: &str| after.statements.iter().find(|s| s.name.as_deref() == Some(name)).unwrap();
        assert_eq!(of("a").fingerprint, Fingerprint(1));
        assert_eq!((of("c").user.as_deref(), of("d").fingerprint), (Some("c"), Fingerprint(4)));
    }

    #[test]
    fn another_database_has_the_same_tables() {
        use planscope_explain::workload::{Index, Table};
        let side = |database: &str, schema: &str| {
            let mut side = snapshot(&[]);
            side.target.database = Some(database.to_owned());
            let schema = Some(schema.to_owned());
            side.catalog.tables =
                vec![Table { schema: schema.clone(), name: "t".into(), ..Table::default() }];
            side.catalog.indexes = vec![Index { schema, table: "t".into(), ..Index::default() }];
            side
        };
        let (mut before, mut after) = (side("", "shop"), side("shop_ci", "shop_ci"));
        by_name(&mut before, &mut after, true);
        assert_eq!(before.catalog, after.catalog);
        // PostgreSQL has schemas inside of a database.
        let (mut before, mut after) = (side("", "public"), side("shop_ci", "sales"));
        by_name(&mut before, &mut after, true);
        assert_eq!(before.catalog.tables[0].schema.as_deref(), Some("public"));
    }

    #[test]
    fn one_statement_is_left() {
        let (mut before, mut after) =
            (snapshot(&[("a", 1), ("b", 2)]), snapshot(&[("a", 9), ("b", 2)]));
        let sources = ["x".to_owned(), "y".to_owned()];
        keep_only(&mut before, &mut after, "a", &sources).unwrap();
        assert_eq!((before.statements.len(), after.statements.len()), (1, 1));
        assert!(keep_only(&mut before, &mut after, "zzz", &sources).is_err());
    }
}

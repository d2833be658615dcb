//! Which tables a catalog is asked for: those that the chosen statements use, and all of them where that
//! is cheap.

mod used;

use planscope_explain::workload::{Catalog, Problem};
use std::collections::BTreeSet;

/// A table as a statement or a plan names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableName {
    /// Schema, or MongoDB's database; `None` when it is not known.
    pub schema: Option<String>,
    /// Table, or collection.
    pub name: String,
}

/// What a catalog is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The tables that the chosen statements use, and names that turn out to be none.
    pub used: BTreeSet<TableName>,
    /// Whether to look at all tables where the database is small enough.
    pub others: bool,
}

impl Default for Wanted {
    /// Everything, as far as it is cheap.
    fn default() -> Self {
        Self { used: BTreeSet::new(), others: true }
    }
}

/// A catalog, and what it lacks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Tables and indexes.
    pub catalog: Catalog,
    /// Tables that were not looked at, because there are more than `limit`.
    pub left_out: usize,
    /// Most tables of a target that are all looked at.
    pub limit: usize,
    /// Questions that were not answered.
    pub problems: Vec<Problem>,
}

impl Found {
    /// All tables there are.
    pub fn all(catalog: Catalog) -> Self {
        Self { catalog, ..Self::default() }
    }
}

/// Schema and table, as the server writes them.
pub(crate) type Name = (String, String);

/// When two names are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// Byte by byte.
    Matters,
    /// It depends on the server's file system: all that could be meant are.
    MayNotMatter,
}

impl Case {
    fn fold(self, name: &str) -> String {
        match self {
            Self::Matters => name.to_owned(),
            Self::MayNotMatter => name.to_lowercase(),
        }
    }
}

/// The tables to look at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// These.
    pub names: Vec<Name>,
    /// How many others there are.
    pub left_out: usize,
}

/// Chooses from the names that the server has: all of them when there are at most `most`, else those
/// that are used. A part of the others would be another one each time, and no rule could trust it.
pub(crate) fn choose(names: Vec<Name>, wanted: &Wanted, most: usize, case: Case) -> Chosen {
    if wanted.others && names.len() <= most {
        return Chosen { names, left_out: 0 };
    }
    let used: BTreeSet<(Option<String>, String)> = wanted
        .used
        .iter()
        .map(|table| (table.schema.as_deref().map(|s| case.fold(s)), case.fold(&table.name)))
        .collect();
    let is_used = |(schema, name): &Name| {
        let name = case.fold(name);
        used.contains(&(Some(case.fold(schema)), name.clone())) || used.contains(&(None, name))
    };
    let all = names.len();
    let names: Vec<Name> = names.into_iter().filter(is_used).collect();
    Chosen { left_out: all - names.len(), names }
}

/// The used tables themselves, for when the server did not say in time which names it has; those
/// without a schema are taken to be in `database`.
pub(crate) fn unlisted(wanted: &Wanted, database: Option<&str>) -> Vec<Name> {
    let name = |table: &TableName| {
        let schema = table.schema.as_deref().or(database)?;
        Some((schema.to_owned(), table.name.clone()))
    };
    wanted.used.iter().filter_map(name).collect()
}

/// How many questions of a catalog may take too long before no more are asked: the first may have had
/// bad luck.
const MOST_LATE: usize = 2;

/// The questions of a catalog that took too long.
#[derive(Debug, Default)]
pub(crate) struct Late {
    /// What is said of them.
    pub problems: Vec<Problem>,
}

impl Late {
    /// One more; `what` is what was asked for.
    pub fn add(&mut self, what: &str, why: &str) {
        self.say(what, why);
        if self.problems.len() == MOST_LATE {
            self.say("the rest", "not asked for, as two of its questions took too long");
        }
    }

    fn say(&mut self, what: &str, why: &str) {
        let message = format!("catalog: {what}: {why}");
        self.problems.push(Problem { kind: "timeout".to_owned(), message, statement: None });
    }

    /// Whether nothing more is asked.
    pub fn is_over(&self) -> bool {
        self.problems.len() >= MOST_LATE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[(&str, &str)]) -> Vec<Name> {
        list.iter().map(|(schema, name)| ((*schema).to_owned(), (*name).to_owned())).collect()
    }

    fn wanted(list: &[(Option<&str>, &str)], others: bool) -> Wanted {
        let table = |(schema, name): &(Option<&str>, &str)| TableName {
            schema: schema.map(str::to_owned),
            name: (*name).to_owned(),
        };
        Wanted { used: list.iter().map(table).collect(), others }
    }

    #[test]
    fn a_small_database_is_looked_at_whole_and_of_a_large_one_what_is_used() {
        let all = [("a", "T1"), ("a", "t2"), ("b", "t1"), ("b", "t3")];
        let used = wanted(&[(Some("A"), "t1"), (None, "T3"), (Some("a"), "gone")], true);
        let choose = |wanted: &Wanted, most, case| choose(names(&all), wanted, most, case);
        let whole = choose(&used, 4, Case::Matters);
        assert_eq!(whole, Chosen { names: names(&all), left_out: 0 });
        let some = choose(&used, 3, Case::MayNotMatter);
        assert_eq!(some, Chosen { names: names(&[("a", "T1"), ("b", "t3")]), left_out: 2 });
        // Byte by byte nothing of it is there.
        assert_eq!(choose(&used, 3, Case::Matters), Chosen { names: Vec::new(), left_out: 4 });
        let exact = wanted(&[(Some("b"), "t1"), (None, "t2")], true);
        let some = choose(&exact, 3, Case::Matters);
        assert_eq!(some.names, names(&[("a", "t2"), ("b", "t1")]));
        // Nothing but these, however small the database.
        let only = choose(&Wanted { others: false, ..exact }, 4, Case::Matters);
        assert_eq!((only.names.len(), only.left_out), (2, 2));
    }

    #[test]
    fn names_that_the_server_did_not_list_are_taken_at_their_word() {
        let used = wanted(&[(Some("a"), "t"), (None, "u")], true);
        assert_eq!(unlisted(&used, Some("shop")), names(&[("shop", "u"), ("a", "t")]));
        assert_eq!(unlisted(&used, None), names(&[("a", "t")]));
    }

    #[test]
    fn after_two_that_were_late_no_more_are_asked() {
        let mut late = Late::default();
        late.add("columns", "no answer within 5 s");
        assert!(!late.is_over());
        late.add("indexes", "no answer within 5 s");
        assert!(late.is_over());
        let said: Vec<&str> =
            late.problems.iter().map(|problem| problem.message.as_str()).collect();
        let rest = "catalog: the rest: not asked for, as two of its questions took too long";
        assert_eq!(said[0], "catalog: columns: no answer within 5 s");
        assert_eq!((said.len(), said[2]), (3, rest));
    }
}

//! What a reader finds in a log: executions of statements, in slices of the log's bytes.

use super::time::Micros;

/// Who ran a statement; empty is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Session<'a> {
    /// Database.
    pub database: &'a [u8],
    /// User.
    pub user: &'a [u8],
    /// Application name.
    pub app: &'a [u8],
}

/// What a log may say that an execution did: the bits of [`Event::marks`] from the lowest.
pub const MARKS: [&str; 5] = ["full-scan", "full-join", "temp-on-disk", "sort-on-disk", "failed"];

/// Where each stands in [`MARKS`].
pub(super) const FULL_SCAN: usize = 0;
pub(super) const FULL_JOIN: usize = 1;
pub(super) const TEMP_ON_DISK: usize = 2;
pub(super) const SORT_ON_DISK: usize = 3;
pub(super) const FAILED: usize = 4;

/// One execution of a statement. Absent is `None`, never 0.
#[derive(Debug, Clone, Copy, Default)]
pub struct Event<'a> {
    /// When, in microseconds since 1970 in UTC.
    pub time: Option<Micros>,
    /// The statement as logged; bytes that are no UTF-8 are kept as they are.
    pub statement: &'a [u8],
    /// Nanoseconds that it took.
    pub duration_ns: Option<u64>,
    /// Nanoseconds that it waited for locks.
    pub lock_ns: Option<u64>,
    /// Rows returned or changed.
    pub rows: Option<u64>,
    /// Rows looked at.
    pub rows_examined: Option<u64>,
    /// Keys of indexes looked at.
    pub keys_examined: Option<u64>,
    /// Sorts.
    pub sorts: Option<u64>,
    /// Nanoseconds of reading and writing data.
    pub io_ns: Option<u64>,
    /// Bytes of temporary files.
    pub temp_bytes: Option<u64>,
    /// Who ran it.
    pub session: Session<'a>,
    /// The engine's own id of the statement; empty is unknown.
    pub engine_id: &'a [u8],
    /// Whether it only fetched more of an earlier result: its time and rows are the statement's, and
    /// it is no execution of its own.
    pub is_more: bool,
    /// How many executions this one stands for (rate limits); 0 counts as 1.
    pub weight: u32,
    /// What it did, as bits of [`MARKS`].
    pub marks: u8,
    /// Its plan in the engine's own words, without the log's decoration.
    pub plan: Option<&'a str>,
    /// Its plan as MariaDB's slow log has it, in lines with `# explain: ` before them; most are not
    /// worth the copy without. Empty is none.
    pub explain_lines: &'a [u8],
}

/// Which events count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Not before this time.
    pub since: Option<Micros>,
    /// Before this time.
    pub until: Option<Micros>,
    /// In one of these databases; empty is any.
    pub databases: Vec<String>,
    /// In none of these databases.
    pub not_databases: Vec<String>,
    /// By one of these users; empty is any.
    pub users: Vec<String>,
    /// By none of these users.
    pub not_users: Vec<String>,
    /// By one of these applications; empty is any.
    pub apps: Vec<String>,
    /// By none of these applications.
    pub not_apps: Vec<String>,
}

impl Filter {
    /// Whether something that happened then, in that session, counts. What a log does not say
    /// (no time, no database) does not fit a filter that asks for it.
    pub fn keeps(&self, time: Option<Micros>, session: &Session<'_>) -> bool {
        let among = |names: &[String], name: &[u8]| names.iter().any(|n| n.as_bytes() == name);
        let named = |names: &[String], name: &[u8]| names.is_empty() || among(names, name);
        self.since.is_none_or(|since| time.is_some_and(|time| time >= since))
            && self.until.is_none_or(|until| time.is_some_and(|time| time < until))
            && named(&self.databases, session.database)
            && named(&self.users, session.user)
            && named(&self.apps, session.app)
            && !among(&self.not_databases, session.database)
            && !among(&self.not_users, session.user)
            && !among(&self.not_apps, session.app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_want_everything_they_name() {
        let session = Session { database: b"shop", user: b"app", app: b"" };
        let keeps = |filter: Filter, time| filter.keeps(time, &session);
        assert!(keeps(Filter::default(), None));
        let window = Filter { since: Some(10), until: Some(20), ..Filter::default() };
        let at = |time| keeps(window.clone(), time);
        assert_eq!(
            [at(Some(9)), at(Some(10)), at(Some(20)), at(None)],
            [false, true, false, false]
        );
        let names = |databases: &[&str], users: &[&str]| Filter {
            databases: databases.iter().map(ToString::to_string).collect(),
            users: users.iter().map(ToString::to_string).collect(),
            ..Filter::default()
        };
        assert!(keeps(names(&["other", "shop"], &["app"]), None));
        assert!(!keeps(names(&["shop"], &["root"]), None));
        assert!(!keeps(Filter { apps: vec!["psql".into()], ..Filter::default() }, None));
    }
}

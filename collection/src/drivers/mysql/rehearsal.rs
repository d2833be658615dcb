//! What a dry run takes for the server's answers: enough for the next question to be asked.

use super::link::Row;
use crate::guard::Rehearsal;
use crate::target::Target;
use planscope_explain::Engine;

/// The newest versions that planscope is tested with.
const NEWEST: &str = "9.7.0";
const NEWEST_MARIADB: &str = "11.8.0-MariaDB";

/// The first version with `explain_json_format_version`.
const JSON_V2: (u32, u32) = (8, 3);

/// A digest of a statement.
const DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A server that is not there.
pub(super) struct Answers {
    engine: Engine,
    version: String,
    user: String,
    /// The database that the target names.
    database: Option<String>,
}

impl Answers {
    pub fn new(rehearsal: &Rehearsal, target: &Target) -> Self {
        let version = match target.engine {
            Engine::Mariadb => match &rehearsal.version {
                Some(version) => format!("{version}-MariaDB"),
                None => NEWEST_MARIADB.to_owned(),
            },
            _ => rehearsal.version_or(NEWEST),
        };
        let user = target.user().unwrap_or("planscope").to_owned();
        let database = target.database().map(str::to_owned);
        Self { engine: target.engine, version, user, database }
    }

    /// The answer to a statement; most questions find nothing.
    pub fn to(&self, sql: &str) -> Vec<Row> {
        let account = format!("{}@%", self.user);
        let text = format!("SELECT * FROM `{}` WHERE `id` = 1", Rehearsal::TABLE);
        let schema = self.database.as_deref().unwrap_or("each_database");
        let digest = [("name", schema), ("digest", DIGEST)];
        if sql.contains("VERSION() AS version") {
            let mut seen = vec![
                ("version", self.version.as_str()),
                ("account", &account),
                ("connection", "1"),
                ("is_replica", "0"),
            ];
            seen.extend(self.database.as_deref().map(|name| ("name", name)));
            return vec![Row::made_up(&seen)];
        }
        if sql.contains("SESSION VARIABLES") {
            let mut rows =
                vec![Row::made_up(&[("name", "transaction_read_only"), ("value", "ON")])];
            if self.has_json_v2() {
                rows.push(Row::made_up(&[("name", "explain_json_format_version"), ("value", "1")]));
            }
            return rows;
        }
        if sql.contains("GLOBAL VARIABLES") {
            return vec![Row::made_up(&[("name", "performance_schema"), ("value", "ON")])];
        }
        if sql.contains("SUM_TIMER_WAIT AS total") {
            let counted = [("calls", "1"), ("total", "1"), ("since", "2026-01-01 00:00:00")];
            return vec![Row::made_up(&[&digest[..], &counted].concat())];
        }
        if sql.contains("DIGEST_TEXT AS text") {
            return vec![Row::made_up(&[&digest[..], &[("text", text.as_str())]].concat())];
        }
        if sql.contains("AS sample") {
            return vec![Row::made_up(&[&digest[..], &[("sample", text.as_str())]].concat())];
        }
        if sql.contains("AS elapsed") {
            let runs = [("id", "2"), ("db", schema), ("text", text.as_str()), ("elapsed", "1")];
            return vec![Row::made_up(&runs)];
        }
        if sql.starts_with("EXPLAIN") || sql.starts_with("ANALYZE") {
            return vec![Row::made_up(&[("EXPLAIN", r#"{"query_block":{"select_id":1}}"#)])];
        }
        Vec::new()
    }

    fn has_json_v2(&self) -> bool {
        let mut parts = self.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        self.engine == Engine::Mysql && version >= JSON_V2
    }
}

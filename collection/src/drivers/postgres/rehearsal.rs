//! What a dry run takes for the server's answers: enough for the next question to be asked.

use super::connect::FACTS;
use super::link::Row;
use super::running::RUNNING;
use super::statements::VIEW;
use crate::guard::{Policy, Rehearsal};
use crate::target::Target;

/// The newest version that planscope is tested with.
const NEWEST: &str = "18.0";

/// A server that is not there.
pub(super) struct Answers {
    version: String,
    database: String,
    user: String,
    /// Proof for the driver that no pooler stands between.
    lock_timeout: String,
}

impl Answers {
    pub fn new(rehearsal: &Rehearsal, target: &Target, policy: &Policy) -> Self {
        let user = target.user().unwrap_or("planscope").to_owned();
        Self {
            version: rehearsal.version_or(NEWEST),
            database: target.database().unwrap_or(&user).to_owned(),
            user,
            lock_timeout: policy.lock_timeout.as_millis().max(1).to_string(),
        }
    }

    /// The answer to a message; most questions find nothing.
    pub fn to(&self, sql: &str) -> Vec<Vec<Row>> {
        let major = self.major();
        let row = if sql.contains(FACTS) {
            self.facts(major)
        } else if sql.contains(VIEW) {
            let times = if major >= 13 { "total_exec_time" } else { "total_time" };
            let has_info = if major >= 14 { "t" } else { "f" };
            ["public", "1.10", times, has_info, "t"].map(|t| Some(t.to_owned())).to_vec()
        } else if sql.contains("all_statements") {
            vec![Some(statement())]
        } else if sql.contains(RUNNING) {
            vec![Some(running())]
        } else if sql.contains("EXPLAIN") {
            vec![Some(r#"[{"Plan": {"Node Type": "Result"}}]"#.to_owned())]
        } else {
            return vec![Vec::new()];
        };
        vec![vec![Row::MadeUp(row)]]
    }

    fn major(&self) -> u32 {
        let digits = self.version.split('.').next().unwrap_or_default();
        // Nobody has a version of 2^32.
        digits.trim().parse::<u16>().map_or(18, u32::from)
    }

    fn facts(&self, major: u32) -> Vec<Option<String>> {
        let number = major * 10_000;
        let facts = [
            number.to_string(),
            self.version.clone(),
            self.database.clone(),
            self.user.clone(),
            "off".to_owned(),
            "t".to_owned(),
            "t".to_owned(),
            self.lock_timeout.clone(),
            "f".to_owned(),
        ];
        facts.map(Some).to_vec()
    }
}

/// A row of pg_stat_statements.
fn statement() -> String {
    let text = format!("SELECT * FROM {} WHERE id = $1", Rehearsal::TABLE);
    serde_json::json!({
        "id": "1", "query": text, "calls": 1, "total_exec_time": 1, "rows": 1,
        "all_statements": 1, "all_ms": 1,
    })
    .to_string()
}

/// A connection that is at work.
fn running() -> String {
    let text = format!("SELECT * FROM {} WHERE id = 1", Rehearsal::TABLE);
    serde_json::json!({ "pid": 1, "query": text, "elapsed_ms": 1 }).to_string()
}

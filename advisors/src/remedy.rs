//! A remedy: what to do, typed, and rendered per engine in this one place.

use planscope_explain::Engine;
use planscope_explain::workload::{Index, ddl};

/// What mends a finding.
#[derive(Debug, Clone, PartialEq)]
pub enum Remedy {
    /// Make an index.
    CreateIndex(Index),
    /// Drop an index; `because` names what serves in its place.
    DropIndex {
        /// The index to drop.
        index: Index,
        /// Why it is not needed.
        because: String,
    },
    /// Do something that is no statement of SQL, or not one that is known here.
    Act {
        /// What, and what to mind.
        description: String,
    },
    /// Write the statement differently.
    Rewrite {
        /// What to write instead, and when it is not equivalent.
        description: String,
        /// The new text, when it could be made.
        sql: Option<String>,
    },
    /// Refresh the statistics of a table.
    Analyze {
        /// Its schema.
        schema: Option<String>,
        /// The table.
        table: String,
    },
    /// Teach the planner that columns depend on each other (PostgreSQL).
    CreateStatistics {
        /// The table's schema.
        schema: Option<String>,
        /// The table.
        table: String,
        /// The columns.
        columns: Vec<String>,
    },
    /// Change a setting, for the statement or its role only.
    Setting {
        /// The setting.
        name: String,
        /// Its new value.
        value: String,
        /// What to mind.
        note: String,
    },
}

impl Remedy {
    /// Something to do that is no statement.
    pub fn act(description: impl Into<String>) -> Self {
        Self::Act { description: description.into() }
    }

    /// The kind on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CreateIndex(_) => "create-index",
            Self::DropIndex { .. } => "drop-index",
            Self::Act { .. } => "act",
            Self::Rewrite { .. } => "rewrite",
            Self::Analyze { .. } => "analyze",
            Self::CreateStatistics { .. } => "create-statistics",
            Self::Setting { .. } => "setting",
        }
    }

    /// The statement that does it on `engine`; `None` where it is not one statement.
    pub fn sql(&self, engine: Engine) -> Option<String> {
        match self {
            Self::CreateIndex(index) => Some(ddl::create_index_online(engine, index)),
            Self::DropIndex { index, .. } => Some(ddl::drop_index_online(engine, index)),
            Self::Act { .. } => None,
            Self::Rewrite { sql, .. } => sql.clone(),
            Self::Analyze { schema, table } => Some(analyze(engine, schema.as_deref(), table)),
            Self::CreateStatistics { schema, table, columns } => {
                (engine == Engine::Postgres).then(|| statistics(schema.as_deref(), table, columns))
            }
            Self::Setting { name, value, .. } => {
                (engine == Engine::Postgres).then(|| format!("SET LOCAL {name} = '{value}'"))
            }
        }
    }

    /// One sentence for people, without the statement.
    pub fn describe(&self) -> String {
        match self {
            Self::CreateIndex(index) => {
                let keys: Vec<&str> = index.keys.iter().map(|key| key.text()).collect();
                format!("an index on {} ({})", index.table, keys.join(", "))
            }
            Self::DropIndex { index, because } => format!("drop {}: {because}", index.name),
            Self::Act { description } | Self::Rewrite { description, .. } => description.clone(),
            Self::Analyze { table, .. } => format!("refresh the statistics of {table}"),
            Self::CreateStatistics { table, columns, .. } => {
                format!("teach the planner that {} of {table} go together", columns.join(" and "))
            }
            Self::Setting { name, value, note } => format!("{name} = {value}; {note}"),
        }
    }
}

fn qualified(engine: Engine, schema: Option<&str>, name: &str) -> String {
    match schema {
        Some(schema) => format!("{}.{}", engine.quoted(schema), engine.quoted(name)),
        None => engine.quoted(name),
    }
}

fn analyze(engine: Engine, schema: Option<&str>, table: &str) -> String {
    let table = qualified(engine, schema, table);
    match engine {
        Engine::Mysql | Engine::Mariadb => format!("ANALYZE TABLE {table}"),
        _ => format!("ANALYZE {table}"),
    }
}

fn statistics(schema: Option<&str>, table: &str, columns: &[String]) -> String {
    let engine = Engine::Postgres;
    let mut name = format!("{table}_{}_stats", columns.join("_"));
    truncate(&mut name, engine.info().identifier_max_bytes);
    let columns: Vec<String> = columns.iter().map(|column| engine.quoted(column)).collect();
    format!(
        "CREATE STATISTICS {} (dependencies, mcv) ON {} FROM {}; ANALYZE {}",
        engine.quoted(&name),
        columns.join(", "),
        qualified(engine, schema, table),
        qualified(engine, schema, table),
    )
}

/// Cuts a name to `most` bytes at a character's border.
pub(crate) fn truncate(name: &mut String, most: usize) {
    let mut end = most.min(name.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_written_per_engine() {
        let analyze = Remedy::Analyze { schema: Some("shop".into()), table: "order".into() };
        assert_eq!(analyze.sql(Engine::Postgres).unwrap(), "ANALYZE shop.\"order\"");
        assert_eq!(analyze.sql(Engine::Mysql).unwrap(), "ANALYZE TABLE shop.`order`");
        let statistics = Remedy::CreateStatistics {
            schema: None,
            table: "addresses".into(),
            columns: vec!["city".into(), "zip".into()],
        };
        assert_eq!(
            statistics.sql(Engine::Postgres).unwrap(),
            "CREATE STATISTICS addresses_city_zip_stats (dependencies, mcv) ON city, zip FROM \
             addresses; ANALYZE addresses"
        );
        assert_eq!(statistics.sql(Engine::Sqlite), None);
    }
}

//! The tables that statements use, by their texts and their plans.
//!
//! Every name of a text that could be a table's is taken for one: a catalog holds them against the names
//! that the server has, so that one too many costs nothing, and one too few would cost advice. That way
//! digests that the server cut off, and statements that no parser knows, are no exception.

use super::{TableName, Wanted};
use planscope_explain::Engine;
use planscope_explain::workload::Statement;
use planscope_explain::workload::fingerprint::mongodb::is_command;
use planscope_explain::workload::lexer::{Lexer, Token, TokenKind};
use serde_json::Value;
use std::collections::BTreeSet;

/// What names a collection in a pipeline, besides the commands themselves.
const COLLECTION_KEYS: [&str; 6] = ["from", "coll", "into", "$unionWith", "$out", "$merge"];

fn names_collection(key: &str) -> bool {
    is_command(key) || COLLECTION_KEYS.contains(&key)
}

impl Wanted {
    /// All tables where that is cheap, and in any case those that `statements` use. Names without a
    /// schema are of the statement's database, or else of the target's.
    pub fn by(statements: &[Statement], engine: Engine, database: Option<&str>) -> Self {
        let mut used = BTreeSet::new();
        for statement in statements {
            let database = statement.database.as_deref().or(database);
            match engine {
                Engine::Mongodb => in_command(&statement.text, database, &mut used),
                _ => in_sql(&statement.text, database, engine, &mut used),
            }
            in_plans(statement, database, &mut used);
        }
        Self { used, others: true }
    }
}

fn table(schema: Option<&str>, name: &str) -> TableName {
    TableName { schema: schema.map(str::to_owned), name: name.to_owned() }
}

fn in_plans(statement: &Statement, database: Option<&str>, used: &mut BTreeSet<TableName>) {
    for node in statement.plans.iter().flat_map(|record| record.plan.nodes()) {
        if let Some(relation) = &node.relation {
            // The documents of a time series are in a collection of the server's own.
            let name = relation.strip_prefix("system.buckets.").unwrap_or(relation);
            used.insert(table(node.schema.as_deref().or(database), name));
        }
    }
}

/// Every name, and what stands before a dot as its schema.
fn in_sql(sql: &str, database: Option<&str>, engine: Engine, used: &mut BTreeSet<TableName>) {
    let mut before: Option<String> = None;
    let mut is_after_dot = false;
    for token in Lexer::new(sql, engine).filter(Token::is_significant) {
        let text = token.text(sql);
        if token.kind == TokenKind::Dot || text == "." {
            is_after_dot = true;
            continue;
        }
        let name = identifier(token.kind, text);
        if let Some(name) = &name {
            let schema = before.as_deref().filter(|_| is_after_dot).or(database);
            used.insert(table(schema, name));
        }
        (before, is_after_dot) = (name, false);
    }
}

/// The name that a token is. With `ANSI_QUOTES` double quotes are around a name and not a string.
fn identifier(kind: TokenKind, text: &str) -> Option<String> {
    let quote = match text.chars().next()? {
        '[' => ']',
        other => other,
    };
    match kind {
        TokenKind::Word => Some(text.to_owned()),
        TokenKind::String if quote != '"' => None,
        TokenKind::Quoted | TokenKind::String => {
            let inner = text.get(1..)?;
            let inner = inner.strip_suffix(quote).unwrap_or(inner);
            Some(inner.replace(&format!("{quote}{quote}"), &quote.to_string()))
        }
        _ => None,
    }
}

/// The collection of a command, and those of its `$lookup`, `$graphLookup`, `$unionWith`, `$merge` …
fn in_command(text: &str, database: Option<&str>, used: &mut BTreeSet<TableName>) {
    let Ok(command) = serde_json::from_str::<Value>(text) else { return };
    let mut waiting = vec![&command];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Object(entries) => {
                let other = entries.get("db").and_then(Value::as_str);
                for (key, value) in entries {
                    let name = value.as_str().filter(|_| names_collection(key));
                    used.extend(name.map(|name| table(other.or(database), name)));
                    waiting.push(value);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::formats;
    use planscope_explain::workload::PlanRecord;

    fn used(text: &str, engine: Engine) -> BTreeSet<TableName> {
        let statement = Statement {
            text: text.to_owned(),
            database: Some("shop".to_owned()),
            ..Statement::default()
        };
        Wanted::by(&[statement], engine, Some("other")).used
    }

    fn has(found: &BTreeSet<TableName>, names: &[(&str, &str)]) {
        for (schema, name) in names {
            assert!(found.contains(&table(Some(schema), name)), "{schema}.{name} in {found:?}");
        }
    }

    #[test]
    fn tables_of_any_text_of_sql() {
        let join = "SELECT o . * FROM `orders` AS `o` JOIN `crm` . `peo``ple` ON ( `o` . `c` = ? )";
        has(&used(join, Engine::Mysql), &[("shop", "orders"), ("crm", "peo`ple")]);
        // Cut off by the server, and what no parser reads.
        let cut = "INSERT INTO t1 SELECT * FROM t2 , ( SELECT * FROM crm.t3 WHERE ...";
        has(&used(cut, Engine::Mariadb), &[("shop", "t1"), ("shop", "t2"), ("crm", "t3")]);
        let quoted = r#"UPDATE "order lines" SET a = 'orders' WHERE b IN (SELECT id FROM T4)"#;
        let found = used(quoted, Engine::Mysql);
        has(&found, &[("shop", "order lines"), ("shop", "T4")]);
        assert!(!found.contains(&table(Some("shop"), "orders")), "a string is no name");
        let unknown = Statement { text: "select * from t9".into(), ..Statement::default() };
        let found = Wanted::by(&[unknown], Engine::Mysql, None).used;
        assert!(found.contains(&table(None, "t9")));
    }

    #[test]
    fn collections_of_commands_and_their_pipelines() {
        let command = r#"{"aggregate":"orders","pipeline":[
            {"$match":{"status":"find"}},
            {"$lookup":{"from":"customers","pipeline":[{"$unionWith":"archive"}]}},
            {"$unionWith":{"coll":"old","pipeline":[{"$graphLookup":{"from":"parts"}}]}},
            {"$merge":{"into":{"db":"reports","coll":"daily"}}}]}"#;
        let found = used(command, Engine::Mongodb);
        let here = ["orders", "customers", "archive", "old", "parts"].map(|name| ("shop", name));
        has(&found, &here);
        has(&found, &[("reports", "daily")]);
        assert_eq!(found.len(), 6, "{found:?}");
        assert!(used("{\"find\":", Engine::Mongodb).is_empty());
    }

    #[test]
    fn relations_of_plans_are_used_too() {
        let raw = r#"{"queryPlanner":{"namespace":"shop.system.buckets.weather",
            "winningPlan":{"stage":"COLLSCAN"}}}"#;
        let plan = formats::read(raw, None).unwrap().swap_remove(0).plan;
        let statement = Statement {
            text: r#"{"find":"weather_view"}"#.into(),
            plans: vec![PlanRecord { plan, raw: None }],
            ..Statement::default()
        };
        let found = Wanted::by(&[statement], Engine::Mongodb, Some("shop")).used;
        has(&found, &[("shop", "weather_view"), ("shop", "weather")]);
    }
}

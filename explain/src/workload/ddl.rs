//! DDL of an index, per engine. The one place that writes `CREATE INDEX` and `DROP INDEX`.

use super::{Index, IndexKey};
use crate::engine::Engine;

/// The plain statement that makes `index`, without a final semicolon.
pub fn create_index(engine: Engine, index: &Index) -> String {
    statement(engine, index, "")
}

/// The statement that makes `index` without blocking writers, as far as the engine can.
pub fn create_index_online(engine: Engine, index: &Index) -> String {
    match engine {
        Engine::Postgres => statement(engine, index, "CONCURRENTLY "),
        Engine::Mysql => format!("{} ALGORITHM=INPLACE LOCK=NONE", statement(engine, index, "")),
        Engine::Mariadb => format!("{} ALGORITHM=NOCOPY LOCK=NONE", statement(engine, index, "")),
        Engine::Sqlite | Engine::Mongodb => statement(engine, index, ""),
    }
}

/// The statement that drops `index` without blocking writers, as far as the engine can.
pub fn drop_index_online(engine: Engine, index: &Index) -> String {
    match engine {
        Engine::Postgres => {
            format!("DROP INDEX CONCURRENTLY {}", qualified(engine, &index.schema, &index.name))
        }
        Engine::Mysql | Engine::Mariadb => {
            let table = qualified(engine, &index.schema, &index.table);
            format!("DROP INDEX {} ON {table}", engine.quoted(&index.name))
        }
        Engine::Mongodb => format!("db.{}.dropIndex({:?})", index.table, index.name),
        Engine::Sqlite => format!("DROP INDEX {}", engine.quoted(&index.name)),
    }
}

fn statement(engine: Engine, index: &Index, concurrently: &str) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let table = qualified(engine, &index.schema, &index.table);
    let name = engine.quoted(&index.name);
    let keys: Vec<String> = index.keys.iter().map(|key| key_text(engine, key)).collect();
    let using = match index.method.as_str() {
        "" | "btree" => String::new(),
        method if engine == Engine::Postgres => format!("USING {method} "),
        _ => String::new(),
    };
    let mut sql = format!(
        "CREATE {unique}INDEX {concurrently}{name} ON {table} {using}({})",
        keys.join(", ")
    );
    if !index.include.is_empty() && engine.info().include_columns {
        let payload: Vec<String> = index.include.iter().map(|c| engine.quoted(c)).collect();
        sql.push_str(&format!(" INCLUDE ({})", payload.join(", ")));
    }
    if let Some(predicate) = index.predicate.as_ref().filter(|_| engine.info().partial_indexes) {
        sql.push_str(&format!(" WHERE {predicate}"));
    }
    sql
}

fn key_text(engine: Engine, key: &IndexKey) -> String {
    let mut text = match (&key.column, &key.expression) {
        (Some(column), _) => engine.quoted(column),
        (None, Some(expression)) => format!("({expression})"),
        (None, None) => String::new(),
    };
    if let Some(length) = key.prefix_length {
        text.push_str(&format!("({length})"));
    }
    if let Some(collation) = &key.collation {
        text.push_str(&format!(" COLLATE {}", engine.quoted(collation)));
    }
    if let Some(class) = &key.operator_class {
        text.push_str(&format!(" {class}"));
    }
    if key.descending {
        text.push_str(" DESC");
    }
    match key.nulls_first {
        Some(true) if !key.descending => text.push_str(" NULLS FIRST"),
        Some(false) if key.descending => text.push_str(" NULLS LAST"),
        _ => {}
    }
    text
}

/// SQLite writes the schema before the index, not before its table; a snapshot of it has none.
fn qualified(engine: Engine, schema: &Option<String>, name: &str) -> String {
    match schema {
        Some(schema) if engine != Engine::Sqlite => {
            format!("{}.{}", engine.quoted(schema), engine.quoted(name))
        }
        _ => engine.quoted(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        Index {
            schema: Some("shop".into()),
            table: "orders".into(),
            name: "orders_customer_id_created_at_idx".into(),
            method: "btree".into(),
            keys: vec![
                IndexKey::column("customer_id"),
                IndexKey { descending: true, ..IndexKey::column("created_at") },
            ],
            include: vec!["total".into()],
            predicate: Some("status = 'open'".into()),
            ..Index::default()
        }
    }

    #[test]
    fn each_engine_gets_its_own_words() {
        assert_eq!(
            create_index_online(Engine::Postgres, &index()),
            "CREATE INDEX CONCURRENTLY orders_customer_id_created_at_idx ON shop.orders \
             (customer_id, created_at DESC) INCLUDE (total) WHERE status = 'open'"
        );
        assert_eq!(
            create_index_online(Engine::Mysql, &index()),
            "CREATE INDEX orders_customer_id_created_at_idx ON shop.orders \
             (customer_id, created_at DESC) ALGORITHM=INPLACE LOCK=NONE"
        );
        assert_eq!(
            create_index(Engine::Sqlite, &index()),
            "CREATE INDEX orders_customer_id_created_at_idx ON orders \
             (customer_id, created_at DESC) WHERE status = 'open'"
        );
        assert_eq!(
            drop_index_online(Engine::Postgres, &index()),
            "DROP INDEX CONCURRENTLY shop.orders_customer_id_created_at_idx"
        );
    }
}

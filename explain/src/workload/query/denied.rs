//! Functions that do something beyond reading inside their transaction: they advance sequences, take
//! locks, sleep, reach other servers or files, administer the server, or execute text as SQL.

use crate::engine::Engine;

/// Whether a function may do something beyond reading inside its transaction.
pub(super) fn denied_functions(engine: Engine) -> fn(&str) -> bool {
    match engine {
        Engine::Postgres => denied_by_postgres,
        Engine::Mysql | Engine::Mariadb => denied_by_mysql,
        Engine::Sqlite | Engine::Mongodb => denied_by_sqlite,
    }
}

/// Functions of PostgreSQL's own administration all begin with `pg_`: only known ones pass.
fn denied_by_postgres(name: &str) -> bool {
    let administers = name.starts_with("pg_")
        && !POSTGRES_HARMLESS.contains(&name)
        && !name.starts_with("pg_get_")
        && !name.starts_with("pg_stat_get_");
    administers
        || POSTGRES_NAMES.contains(&name)
        || POSTGRES_PREFIXES.iter().any(|start| name.starts_with(start))
}

fn denied_by_mysql(name: &str) -> bool {
    MYSQL_NAMES.contains(&name) || MYSQL_PREFIXES.iter().any(|start| name.starts_with(start))
}

fn denied_by_sqlite(name: &str) -> bool {
    SQLITE_NAMES.contains(&name)
}

static POSTGRES_HARMLESS: &[&str] = &[
    "pg_backend_pid",
    "pg_char_to_encoding",
    "pg_client_encoding",
    "pg_collation_for",
    "pg_collation_is_visible",
    "pg_column_compression",
    "pg_column_size",
    "pg_conf_load_time",
    "pg_database_size",
    "pg_encoding_to_char",
    "pg_function_is_visible",
    "pg_has_role",
    "pg_index_column_has_property",
    "pg_index_has_property",
    "pg_indexes_size",
    "pg_input_is_valid",
    "pg_is_in_recovery",
    "pg_is_other_temp_schema",
    "pg_my_temp_schema",
    "pg_partition_ancestors",
    "pg_partition_root",
    "pg_partition_tree",
    "pg_postmaster_start_time",
    "pg_relation_filenode",
    "pg_relation_size",
    "pg_size_bytes",
    "pg_size_pretty",
    "pg_table_is_visible",
    "pg_table_size",
    "pg_tablespace_size",
    "pg_total_relation_size",
    "pg_type_is_visible",
    "pg_typeof",
];

static POSTGRES_PREFIXES: &[&str] = &[
    "lo_",
    "dblink",
    "crosstab",
    "connectby",
    "binary_upgrade_",
    "brin_summarize",
    "brin_desummarize",
    "http",
    "query_to_xml",
    "table_to_xml",
    "schema_to_xml",
    "database_to_xml",
    "cursor_to_xml",
    "hypopg_",
    "cron_",
];

static POSTGRES_NAMES: &[&str] = &[
    "nextval",
    "setval",
    "set_config",
    "loread",
    "lowrite",
    "gin_clean_pending_list",
    "xpath_table",
    "ts_stat",
    "ts_rewrite",
    "txid_current",
    "set_limit",
    "set_bit_lock",
    "schedule",
    "unschedule",
];

static MYSQL_PREFIXES: &[&str] = &[
    "sys_",
    "asynchronous_connection_failover_",
    "group_replication_",
    "wait_",
    "ps_",
    "release_",
    "keyring_",
    "audit_",
    "firewall_",
    "mysql_firewall_",
    "version_tokens_",
    "service_",
    "gen_",
];

static MYSQL_NAMES: &[&str] = &[
    "sleep",
    "benchmark",
    "get_lock",
    "load_file",
    "master_pos_wait",
    "source_pos_wait",
    "master_gtid_wait",
    "last_insert_id",
    "nextval",
    "setval",
    "lastval",
    "analyse",
    "extractvalue_exec",
    "set_user",
    "spider_direct_sql",
    "spider_bg_direct_sql",
    "spider_copy_tables",
    "spider_flush_table_mon_cache",
];

static SQLITE_NAMES: &[&str] = &[
    "load_extension",
    "writefile",
    "readfile",
    "edit",
    "fts3_tokenizer",
    "sqlite_rename_table",
    "sqlite_rename_column",
    "shell_add_schema",
    "eval",
    "lsmode",
];

//! The checks of `doctor`: is it harmless, does it count statements, and may the account see them.

use super::errors;
use super::link::{Link, MARK, SELECT, literal};
use super::load;
use super::settings;
use super::statements::{SYSTEM, quoted_account};
use crate::clock;
use crate::driver::Check;
use crate::drivers::checks::{busy, clock_skew, fail, ok, warn};
use crate::error::Result;
use planscope_explain::Engine;
use std::collections::BTreeMap;

/// Below these nothing is tested.
const OLDEST_MYSQL: (u32, u32, u32) = (8, 0, 0);
const OLDEST_MARIADB: (u32, u32, u32) = (10, 5, 0);

/// Ours is a second; a minute is what somebody may have asked for.
const LONGEST_LOCK_WAIT: f64 = 60.0;

/// Long statements are cut by the servers' default of 1024.
const LONG_TEXT: u64 = 4096;

/// All checks.
pub(super) async fn checks(link: &mut Link, asked: Engine) -> Result<Vec<Check>> {
    let names = [
        "performance_schema",
        "performance_schema_digests_size",
        "performance_schema_max_sql_text_length",
        "performance_schema_max_digest_length",
        "max_digest_length",
    ];
    let settings = settings::global(link, &names).await?;
    let mut checks = vec![
        connection(link),
        engine(link, asked),
        encryption(link),
        read_only(link),
        limits(link).await?,
        proxy(link),
        performance_schema(link, &settings),
    ];
    if settings.get("performance_schema").is_some_and(|value| value == "ON") {
        checks.extend(digests(link, &settings).await?);
        checks.push(samples(link, &settings).await?);
        checks.push(digest_length(&settings));
    }
    checks.push(tables(link).await?);
    checks.push(statistics(link).await?);
    checks.push(busy(load::load(link).await)?);
    checks.extend(skew(link).await?);
    Ok(checks)
}

/// Whether the server took our limits.
async fn limits(link: &mut Link) -> Result<Check> {
    const ID: &str = "limits";
    let name = match link.facts.engine {
        Engine::Mariadb => "max_statement_time",
        _ => "max_execution_time",
    };
    let sql = format!(
        "SHOW {MARK} SESSION VARIABLES WHERE Variable_name IN ('{name}', 'lock_wait_timeout')"
    );
    let rows = link.ask(&sql).await?;
    let value = |name: &str| {
        let row = rows.iter().find(|row| row.at(0) == Some(name))?;
        row.at(1)?.parse::<f64>().ok()
    };
    let (time, lock) = (value(name).unwrap_or(0.0), value("lock_wait_timeout").unwrap_or(f64::MAX));
    Ok(match time > 0.0 && lock <= LONGEST_LOCK_WAIT {
        true => ok(
            ID,
            format!(
                "the server ends our statements ({name} = {time}) and our waits for locks after {lock} s"
            ),
        ),
        false => fail(
            ID,
            "the session has no time limits although it asked for them",
            "connect to the server itself, not through a proxy that drops SET SESSION",
        ),
    })
}

/// ProxySQL, MaxScale and their like greet with a number of their own.
fn proxy(link: &Link) -> Check {
    const ID: &str = "pooler";
    if !link.facts.is_proxied {
        return ok(ID, "the connection goes to the server itself");
    }
    warn(
        ID,
        "a proxy stands between: settings of the session may get lost, and a stop may come late",
        "connect to the server itself, e.g. on port 3306",
    )
}

/// Statements that are the same up to there are counted as one.
fn digest_length(settings: &BTreeMap<String, String>) -> Check {
    const ID: &str = "digest-length";
    let number = |name: &str| settings.get(name).and_then(|value| value.parse::<u64>().ok());
    let lengths = ["max_digest_length", "performance_schema_max_digest_length"].map(number);
    let shortest = lengths.into_iter().flatten().min().unwrap_or(1024);
    if shortest >= LONG_TEXT {
        return ok(ID, format!("statements are told apart by their first {shortest} bytes"));
    }
    warn(
        ID,
        format!(
            "statements are told apart by their first {shortest} bytes only: longer ones that begin alike are counted as one"
        ),
        "in my.cnf: max_digest_length = 4096 and performance_schema_max_digest_length = 4096, then restart the server",
    )
}

async fn skew(link: &mut Link) -> Result<Option<Check>> {
    let before = clock::real_millis();
    // The session's time zone is UTC, and SYSDATE unlike NOW is the moment itself.
    let rows = link.ask(&format!("{SELECT} UNIX_TIMESTAMP(SYSDATE(6)) * 1000 AS now")).await?;
    let after = clock::real_millis();
    let server = rows.first().and_then(|row| row.number("now"));
    Ok(server.map(|server| clock_skew(before, server, after)))
}

fn connection(link: &Link) -> Check {
    const ID: &str = "connection";
    let facts = &link.facts;
    let label = facts.engine.label();
    let message = format!("{label} {} at {} as {}", facts.version, link.server, facts.account);
    let oldest = match facts.engine {
        Engine::Mariadb => OLDEST_MARIADB,
        _ => OLDEST_MYSQL,
    };
    if facts.number < oldest {
        let remedy = format!(
            "upgrade: {label} below {}.{} is not tested and out of support",
            oldest.0, oldest.1
        );
        return warn(ID, message, remedy);
    }
    let role = if facts.is_replica_like { "; it takes no writes, as a replica should" } else { "" };
    ok(ID, format!("{message}{role}"))
}

fn engine(link: &Link, asked: Engine) -> Check {
    const ID: &str = "engine";
    let found = link.facts.engine;
    if found == asked {
        return ok(ID, format!("the server is {}, as the target says", found.label()));
    }
    warn(
        ID,
        format!(
            "the target says {}, the server is {}: it is used as that",
            asked.label(),
            found.label()
        ),
        format!("write {}://… in the target", found.info().schemes[0]),
    )
}

fn encryption(link: &Link) -> Check {
    const ID: &str = "encryption";
    let is_local = ["127.", "localhost", "[::1]", "/"].iter().any(|at| link.server.starts_with(at));
    match (link.facts.is_encrypted, is_local) {
        (true, _) => ok(ID, "the connection is encrypted"),
        (_, true) => ok(ID, "the connection is not encrypted, and does not leave this machine"),
        _ => warn(
            ID,
            "statements and plans travel unencrypted",
            "add ?ssl-mode=verify_identity to the target (or required, which checks no certificate)",
        ),
    }
}

fn read_only(link: &Link) -> Check {
    const ID: &str = "read-only";
    match link.facts.is_read_only {
        true => ok(ID, "the session is read-only and refuses to write"),
        false => fail(
            ID,
            "the session can write although it asked not to",
            "connect to the server itself, not through a proxy",
        ),
    }
}

fn performance_schema(link: &Link, settings: &BTreeMap<String, String>) -> Check {
    const ID: &str = "performance-schema";
    if settings.get("performance_schema").is_some_and(|value| value == "ON") {
        return ok(ID, "performance_schema is on");
    }
    let group = if link.facts.engine == Engine::Mariadb { "mariadbd" } else { "mysqld" };
    fail(
        ID,
        "performance_schema is off: nothing is known of the statements",
        format!("in my.cnf under [{group}]: performance_schema = ON, then restart the server"),
    )
}

/// What counts statements, and whether we may see it.
async fn digests(link: &mut Link, settings: &BTreeMap<String, String>) -> Result<Vec<Check>> {
    const ID: &str = "statements-digest";
    const VISIBLE: &str = "statement-visibility";
    let account = quoted_account(&link.facts.account);
    let sql = format!(
        "{SELECT} COUNT(*) AS entries, SUM(CASE WHEN DIGEST IS NULL THEN COUNT_STAR END) AS lost \
         FROM performance_schema.events_statements_summary_by_digest"
    );
    let rows = match link.ask(&sql).await {
        Ok(rows) => rows,
        Err(error) if errors::matters_to_all(&error) => return Err(error),
        Err(error) => {
            let remedy = format!("GRANT SELECT ON performance_schema.* TO {account};");
            return Ok(vec![fail(VISIBLE, error.to_string(), remedy)]);
        }
    };
    let number = |name: &str| rows.first().and_then(|row| row.number(name)).unwrap_or(0.0);
    let mut checks = vec![ok(VISIBLE, "the statistics of all statements can be read")];
    let sql = format!(
        "{SELECT} NAME AS name, ENABLED AS enabled FROM performance_schema.setup_consumers"
    );
    let consumers = link.ask_if_allowed(&sql).await?.unwrap_or_default();
    let is_off = |row: &super::link::Row| {
        matches!(row.text("name"), Some("statements_digest" | "global_instrumentation"))
            && row.text("enabled") != Some("YES")
    };
    checks.push(match consumers.iter().any(is_off) {
        true => fail(
            ID,
            "statements are not counted: the consumer is switched off",
            "UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' \
             WHERE NAME IN ('statements_digest', 'global_instrumentation');",
        ),
        false => ok(ID, "statements are counted"),
    });
    checks.push(room(number("entries"), number("lost"), settings));
    Ok(checks)
}

fn room(entries: f64, lost: f64, settings: &BTreeMap<String, String>) -> Check {
    const ID: &str = "digests-size";
    let size = settings.get("performance_schema_digests_size");
    let most: f64 = size.and_then(|size| size.parse().ok()).unwrap_or(10_000.0);
    let message = format!("{entries} of {most} entries; {lost} executions found no room");
    if lost > 0.0 || entries * 10.0 >= most * 9.0 {
        let remedy = format!(
            "in my.cnf: performance_schema_digests_size = {}, then restart; or start anew: \
             TRUNCATE performance_schema.events_statements_summary_by_digest;",
            most * 2.0
        );
        return warn(ID, message, remedy);
    }
    ok(ID, message)
}

/// Texts that were executed: without them plans need made-up values.
async fn samples(link: &mut Link, settings: &BTreeMap<String, String>) -> Result<Check> {
    const ID: &str = "samples";
    let length = settings.get("performance_schema_max_sql_text_length");
    let length: u64 = length.and_then(|length| length.parse().ok()).unwrap_or(1024);
    if link.facts.engine == Engine::Mariadb {
        let sql = format!(
            "{SELECT} NAME AS name FROM performance_schema.setup_consumers WHERE ENABLED = 'YES' \
             AND NAME IN ('events_statements_history', 'events_statements_history_long')"
        );
        if link.ask_if_allowed(&sql).await?.is_none_or(|rows| rows.is_empty()) {
            return Ok(warn(
                ID,
                "no executed texts are kept: plans are made with made-up values",
                "UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' \
                 WHERE NAME LIKE 'events_statements_%' AND NAME NOT LIKE '%cpu'; \
                 -- until the next restart; in my.cnf: performance-schema-consumer-events-statements-current = ON and performance-schema-consumer-events-statements-history-long = ON",
            ));
        }
    }
    if length < LONG_TEXT {
        return Ok(warn(
            ID,
            format!(
                "executed texts are cut after {length} bytes: longer ones are planned with made-up values"
            ),
            "in my.cnf: performance_schema_max_sql_text_length = 8192, then restart the server",
        ));
    }
    Ok(ok(ID, format!("executed texts are kept up to {length} bytes")))
}

/// EXPLAIN needs what the statement needs; what the account may not read it does not see.
async fn tables(link: &mut Link) -> Result<Check> {
    const ID: &str = "table-privileges";
    let account = quoted_account(&link.facts.account);
    let scope = match &link.facts.database {
        Some(database) => format!("TABLE_SCHEMA = {}", literal(database)),
        None => format!("TABLE_SCHEMA NOT IN ({SYSTEM})"),
    };
    let sql = format!("{SELECT} COUNT(*) AS seen FROM information_schema.TABLES WHERE {scope}");
    let rows = link.ask(&sql).await?;
    let seen = rows.first().and_then(|row| row.number("seen")).unwrap_or(0.0);
    let on = match &link.facts.database {
        Some(database) => format!("`{}`.*", database.replace('`', "``")),
        None => "*.*".to_owned(),
    };
    Ok(match seen > 0.0 {
        true => ok(ID, format!("{seen} tables and views can be seen")),
        false => warn(
            ID,
            "no table can be seen: statements get no plan, and there is no catalog",
            format!("GRANT SELECT, SHOW VIEW ON {on} TO {account};"),
        ),
    })
}

/// Sizes of indexes and how many different values they hold.
async fn statistics(link: &mut Link) -> Result<Check> {
    const ID: &str = "index-statistics";
    let sql = format!("{SELECT} stat_name AS name FROM mysql.innodb_index_stats LIMIT 1");
    let tables = format!("{SELECT} n_rows AS entries FROM mysql.innodb_table_stats LIMIT 1");
    let can =
        link.ask_if_allowed(&sql).await?.is_some() && link.ask_if_allowed(&tables).await?.is_some();
    let account = quoted_account(&link.facts.account);
    Ok(match can {
        true => ok(ID, "sizes of indexes and their numbers of values can be read"),
        false => warn(
            ID,
            "sizes of indexes are not known, and statistics may be a day old",
            format!(
                "GRANT SELECT ON mysql.innodb_index_stats TO {account}; \
                 GRANT SELECT ON mysql.innodb_table_stats TO {account};"
            ),
        ),
    })
}

//! The checks of `doctor`: what planscope needs of this server, and the SQL that gives it.

use super::link::Link;
use super::load;
use super::statements::{self, View};
use crate::clock;
use crate::driver::{Check, CheckStatus};
use crate::drivers::checks::{busy, check, clock_skew, fail, ok, skipped, warn};
use crate::error::{CollectError, ErrorKind, Result};
use planscope_explain::Engine;
use serde::Deserialize;

const SEEN: &str = include_str!("../sql/postgres/doctor.sql");

/// The oldest server that planscope is tested with.
const OLDEST: u32 = 120_000;

/// Statements of programs are longer than the servers' default of 1024 bytes.
const LONG_TEXT: u64 = 4096;

#[derive(Deserialize)]
struct Seen {
    read_only: String,
    is_local: bool,
    track_io_timing: String,
    compute_query_id: Option<String>,
    track: Option<String>,
    preloaded: Option<String>,
    auto_explain: bool,
    auto_explain_min: Option<String>,
    statements_available: Option<String>,
    hypopg_available: Option<String>,
    hypopg: Option<String>,
    reads_all_stats: bool,
    unreadable_tables: u64,
    invalid_indexes: Vec<String>,
    activity_size: u64,
    statement_timeout: u64,
    lock_timeout: u64,
}

/// Looks at everything.
pub(super) async fn checks(link: &Link) -> Result<Vec<Check>> {
    let mut checks = vec![connection(link)];
    let seen: Seen = match link.records(SEEN).await {
        Ok(rows) => match rows.into_iter().next() {
            Some(seen) => seen,
            None => return Ok(checks),
        },
        Err(error) if matters_to_all(&error) => return Err(error),
        Err(error) => {
            checks.push(skipped("server", &error));
            return Ok(checks);
        }
    };
    checks.extend([encryption(link, &seen), read_only(&seen), pooler(link)]);
    checks.extend(statistics(link, &seen).await?);
    checks.extend([
        own_statements(link),
        io_timing(&seen),
        hypopg(link, &seen),
        auto_explain(&seen),
        privileges(link, &seen),
        invalid_indexes(&seen),
        activity_texts(&seen),
        limits(link, &seen),
        busy(load::load(link).await)?,
    ]);
    checks.extend(skew(link).await?);
    Ok(checks)
}

fn matters_to_all(error: &CollectError) -> bool {
    matches!(error.kind, ErrorKind::Stopped | ErrorKind::Connection)
}

fn connection(link: &Link) -> Check {
    let facts = &link.facts;
    let standby = if facts.is_standby { ", a standby" } else { "" };
    let message = format!(
        "PostgreSQL {} at {}{standby}, database {} as {}",
        facts.version, link.server, facts.database, facts.user
    );
    if facts.version_num < OLDEST {
        let remedy = "upgrade: PostgreSQL below 12 is not tested and out of support";
        return warn("connection", message, remedy);
    }
    ok("connection", message)
}

fn encryption(link: &Link, seen: &Seen) -> Check {
    match link.facts.is_encrypted {
        Some(true) => ok("encryption", "the connection is encrypted"),
        _ if seen.is_local => {
            ok("encryption", "the connection is not encrypted, and does not leave this machine")
        }
        Some(false) => warn(
            "encryption",
            "statements and plans travel unencrypted",
            "add ?sslmode=verify-full to the target (or require, which checks no certificate)",
        ),
        None => check("encryption", CheckStatus::Skipped, "the server does not say"),
    }
}

fn read_only(seen: &Seen) -> Check {
    match seen.read_only.as_str() {
        "on" => ok("read-only", "the session is read-only and refuses to write"),
        _ => fail(
            "read-only",
            "the session can write although it asked not to",
            "connect to the server itself, not through a pooler",
        ),
    }
}

fn pooler(link: &Link) -> Check {
    if link.facts.is_pooled {
        return warn(
            "pooler",
            "a pooler stands between and keeps no settings of a session (PgBouncer with pool_mode = \
             transaction): limits travel with every statement, plans work, and a stop may come late",
            "connect to the server itself, e.g. on port 5432",
        );
    }
    ok("pooler", "the connection goes to the server itself")
}

/// The checks of pg_stat_statements: none of the later ones means anything without the first.
async fn statistics(link: &Link, seen: &Seen) -> Result<Vec<Check>> {
    const ID: &str = "pg-stat-statements";
    let view = match View::find(link).await {
        Ok(view) => view,
        Err(error) if matters_to_all(&error) => return Err(error),
        Err(_) => return Ok(vec![without_extension(ID, link, seen)]),
    };
    let level = match statements::fill_level(link, &view).await {
        Ok(level) => level,
        Err(error) if matters_to_all(&error) => return Err(error),
        Err(error) if error.kind == ErrorKind::Missing => {
            return Ok(vec![fail(
                ID,
                "the extension is there, its library is not loaded",
                preload(seen, ""),
            )]);
        }
        Err(error) => return Ok(vec![skipped(ID, &error)]),
    };
    let mut checks = vec![counting(ID, &view, seen)];
    checks.push(extension_version(&view, seen));
    checks.push(fill(link, &view, level).await?);
    checks.push(visibility(link, seen));
    Ok(checks)
}

fn without_extension(id: &str, link: &Link, seen: &Seen) -> Check {
    let message =
        format!("the database {} has no extension pg_stat_statements", link.facts.database);
    match seen.statements_available {
        Some(_) if seen.track.is_none() => {
            fail(id, message, preload(seen, ", then CREATE EXTENSION pg_stat_statements;"))
        }
        Some(_) => fail(id, message, "CREATE EXTENSION pg_stat_statements;"),
        None => fail(id, message, "install the package postgresql-contrib, then restart"),
    }
}

/// How to have the library loaded, what is loaded already kept. Each name is a string of its own:
/// `'a, b'` would be one library, and the server would not start again.
fn preload(seen: &Seen, then: &str) -> String {
    let loaded = seen.preloaded.as_deref().unwrap_or_default().split(',');
    let mut names: Vec<&str> = loaded.map(|name| name.trim().trim_matches('"')).collect();
    names.retain(|name| !name.is_empty() && *name != "pg_stat_statements");
    names.push("pg_stat_statements");
    let list: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    let careful = match seen.preloaded {
        Some(_) => "",
        None => " add what is loaded already (SHOW shared_preload_libraries),",
    };
    format!(
        "ALTER SYSTEM SET shared_preload_libraries = {}; --{careful} restart the server{then}",
        list.join(", ")
    )
}

fn counting(id: &str, view: &View, seen: &Seen) -> Check {
    if seen.compute_query_id.as_deref() == Some("off") {
        let remedy = "ALTER SYSTEM SET compute_query_id = auto; SELECT pg_reload_conf();";
        return fail(id, "it counts nothing: compute_query_id is off", remedy);
    }
    if seen.track.as_deref() == Some("none") {
        let remedy = "ALTER SYSTEM SET pg_stat_statements.track = 'top'; SELECT pg_reload_conf();";
        return fail(id, "it counts nothing: pg_stat_statements.track is none", remedy);
    }
    ok(id, format!("pg_stat_statements {} counts statements", view.version))
}

fn extension_version(view: &View, seen: &Seen) -> Check {
    const ID: &str = "pg-stat-statements-version";
    match &seen.statements_available {
        Some(newest) if *newest != view.version => warn(
            ID,
            format!(
                "the extension is {}, the server has {newest}: newer counters are missing",
                view.version
            ),
            "ALTER EXTENSION pg_stat_statements UPDATE;",
        ),
        _ => ok(ID, format!("{} is the server's newest", view.version)),
    }
}

async fn fill(link: &Link, view: &View, (entries, max): (u64, Option<u64>)) -> Result<Check> {
    const ID: &str = "pg-stat-statements-max";
    let evicted = match view.has_info {
        true => statements::evictions(link, view).await?,
        false => None,
    };
    let most = max.unwrap_or(5000);
    let message = match evicted {
        Some(times) => format!("{entries} of {most} entries; it was full {times} times"),
        None => format!("{entries} of {most} entries"),
    };
    if evicted.unwrap_or(0) > 0 || entries * 10 >= most * 9 {
        let remedy = format!(
            "ALTER SYSTEM SET pg_stat_statements.max = {}; -- then restart the server",
            most * 2
        );
        return Ok(warn(ID, message, remedy));
    }
    Ok(ok(ID, message))
}

fn visibility(link: &Link, seen: &Seen) -> Check {
    const ID: &str = "statement-visibility";
    if link.facts.is_superuser || seen.reads_all_stats {
        return ok(ID, "the statements of all users are visible");
    }
    let user = Engine::Postgres.quoted(&link.facts.user);
    warn(
        ID,
        "only this user's own statements are visible",
        format!("GRANT pg_read_all_stats TO {user};"),
    )
}

fn own_statements(link: &Link) -> Check {
    const ID: &str = "own-statements";
    if link.facts.is_untracked {
        return ok(ID, "what planscope does is not counted in pg_stat_statements");
    }
    let user = Engine::Postgres.quoted(&link.facts.user);
    let remedy = match link.facts.version_num {
        150_000.. => format!("GRANT SET ON PARAMETER pg_stat_statements.track TO {user};"),
        _ => format!("ALTER ROLE {user} SET pg_stat_statements.track = 'none'; -- as a superuser"),
    };
    warn(ID, "each EXPLAIN of planscope takes an entry in pg_stat_statements", remedy)
}

fn io_timing(seen: &Seen) -> Check {
    const ID: &str = "track-io-timing";
    match seen.track_io_timing.as_str() {
        "on" => ok(ID, "the time of reading and writing blocks is measured"),
        _ => warn(
            ID,
            "the time of reading and writing blocks is not measured",
            "ALTER SYSTEM SET track_io_timing = on; SELECT pg_reload_conf();",
        ),
    }
}

fn hypopg(link: &Link, seen: &Seen) -> Check {
    const ID: &str = "hypopg";
    let major = link.facts.version_num / 10_000;
    match (&seen.hypopg, &seen.hypopg_available) {
        (Some(version), _) => ok(ID, format!("hypopg {version}: indexes are tried before advised")),
        (None, Some(version)) => warn(
            ID,
            format!(
                "hypopg {version} is on the server, not in this database: the effect of an index is estimated"
            ),
            "CREATE EXTENSION hypopg;",
        ),
        (None, None) => warn(
            ID,
            "hypopg is not on the server: the effect of an index is estimated",
            format!(
                "apt-get install postgresql-{major}-hypopg (or hypopg_{major} from PGDG), then CREATE EXTENSION hypopg;"
            ),
        ),
    }
}

/// Nice to have: plans of real executions in the log.
fn auto_explain(seen: &Seen) -> Check {
    const ID: &str = "auto-explain";
    match (seen.auto_explain, seen.auto_explain_min.as_deref()) {
        (true, Some("-1") | None) => ok(ID, "auto_explain is loaded and logs nothing"),
        (true, Some(limit)) => {
            ok(ID, format!("auto_explain logs the plans of statements over {limit} ms"))
        }
        (false, _) => ok(ID, "auto_explain is not loaded; its log would hold executed plans"),
    }
}

fn privileges(link: &Link, seen: &Seen) -> Check {
    const ID: &str = "table-privileges";
    if seen.unreadable_tables == 0 {
        return ok(ID, "all tables can be read, so their statements can be planned");
    }
    let user = Engine::Postgres.quoted(&link.facts.user);
    let remedy = match link.facts.version_num {
        140_000.. => format!("GRANT pg_read_all_data TO {user};"),
        _ => format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user}; -- for each schema"),
    };
    let message =
        format!("{} tables cannot be read: statements on them get no plan", seen.unreadable_tables);
    warn(ID, message, remedy)
}

fn invalid_indexes(seen: &Seen) -> Check {
    const ID: &str = "invalid-indexes";
    if seen.invalid_indexes.is_empty() {
        return ok(ID, "every index is valid");
    }
    let remedy: Vec<String> = seen
        .invalid_indexes
        .iter()
        .map(|name| format!("REINDEX INDEX CONCURRENTLY {name};"))
        .collect();
    let message = format!("written but never read: {}", seen.invalid_indexes.join(", "));
    warn(ID, message, remedy.join(" "))
}

/// What runs now is read from pg_stat_activity, which cuts texts.
fn activity_texts(seen: &Seen) -> Check {
    const ID: &str = "activity-texts";
    if seen.activity_size >= LONG_TEXT {
        return ok(
            ID,
            format!("texts of running statements are kept up to {} bytes", seen.activity_size),
        );
    }
    warn(
        ID,
        format!(
            "texts of running statements are cut after {} bytes: longer ones cannot be planned while they run",
            seen.activity_size
        ),
        "ALTER SYSTEM SET track_activity_query_size = 16384; -- then restart the server",
    )
}

/// Whether the server took our limits.
fn limits(link: &Link, seen: &Seen) -> Check {
    const ID: &str = "limits";
    if seen.statement_timeout > 0 && seen.lock_timeout > 0 {
        let (statement, lock) = (seen.statement_timeout, seen.lock_timeout);
        return ok(
            ID,
            format!(
                "the server ends our statements after {statement} ms and our waits for locks after {lock} ms"
            ),
        );
    }
    let user = Engine::Postgres.quoted(&link.facts.user);
    fail(
        ID,
        "the session has no time limits although it asked for them",
        format!(
            "ALTER ROLE {user} SET statement_timeout = '5s'; ALTER ROLE {user} SET lock_timeout = '1s';"
        ),
    )
}

async fn skew(link: &Link) -> Result<Option<Check>> {
    let before = clock::real_millis();
    let rows =
        link.rows("SELECT /* planscope */ extract(epoch FROM clock_timestamp()) * 1000").await;
    let after = clock::real_millis();
    let rows = match rows {
        Err(error) if matters_to_all(&error) => return Err(error),
        other => other.unwrap_or_default(),
    };
    let server = rows.first().and_then(|row| row.get(0)?.parse().ok());
    Ok(server.map(|server| clock_skew(before, server, after)))
}

//! The checks of `doctor`: what planscope needs of this server, and what to type in mongosh to give it.

use super::document::Fields as _;
use super::errors::{self, UNKNOWN_STAGE};
use super::link::Link;
use super::load as work;
use super::sources::{self, Profiler};
use super::workload;
use crate::clock;
use crate::driver::{Check, CheckStatus};
use crate::drivers::checks::{busy, check, clock_skew, ok, skipped, warn};
use crate::error::{ErrorKind, Result};
use bson::doc;

/// The oldest server that planscope reads.
const OLDEST: (u32, u32) = (4, 4);

/// Looks at everything.
pub(super) async fn checks(link: &Link) -> Result<Vec<Check>> {
    let mut checks = vec![connection(link), encryption(link), load(link)];
    for database in &link.facts.databases {
        checks.push(profiler(link, database).await?);
        checks.extend(profile_size(link, database).await?);
    }
    checks.push(query_stats(link).await?);
    checks.push(
        allowed(
            link,
            "server-statistics",
            "serverStatus",
            doc! { "serverStatus": 1, "repl": 0, "metrics": 0, "locks": 0 },
        )
        .await?,
    );
    checks.push(allowed(link, "log", "the log in memory", doc! { "getLog": "global" }).await?);
    let others = sources::running(link, true).await.map(|_| ());
    checks.push(told(link, "current-operations", "running operations of all users", others)?);
    checks.push(reading(link).await?);
    checks.push(writes(link));
    checks.push(busy(work::load(link).await)?);
    checks.extend(skew(link).await?);
    Ok(checks)
}

async fn skew(link: &Link) -> Result<Option<Check>> {
    let before = clock::real_millis();
    let answer = link.run("admin", doc! { "hello": 1 }).await;
    let after = clock::real_millis();
    let answer = match answer {
        Err(error) if errors::matters_to_all(&error) => return Err(error),
        other => other.unwrap_or_default(),
    };
    let server = answer.get_datetime("localTime").ok().map(|time| time.timestamp_millis() as f64);
    Ok(server.map(|server| clock_skew(before, server, after)))
}

/// A capped collection forgets its oldest entries.
async fn profile_size(link: &Link, database: &str) -> Result<Option<Check>> {
    let id = "profiler-size";
    let stages = vec![doc! { "$collStats": { "storageStats": {} } }];
    let command = doc! { "aggregate": "system.profile", "pipeline": stages, "cursor": {} };
    let rows = match link.rows(database, command, 10).await {
        Err(error) if errors::matters_to_all(&error) => return Err(error),
        // Not there, or not to be seen: the profiler's own check says so.
        other => other.unwrap_or_default(),
    };
    let Some(stats) = rows.first().and_then(|row| row.document("storageStats")) else {
        return Ok(None);
    };
    let (size, most) =
        (stats.number("size").unwrap_or(0.0), stats.number("maxSize").unwrap_or(0.0));
    Ok((most > 0.0).then(|| sized(id, database, size, most)))
}

fn sized(id: &str, database: &str, size: f64, most: f64) -> Check {
    let message = format!("{database}: the profile has {size} of {most} bytes");
    if size * 10.0 < most * 9.0 {
        return ok(id, message);
    }
    let larger = (most * 16.0).min(f64::from(1 << 30));
    let remedy = format!(
        "d = db.getSiblingDB({database:?}); l = d.getProfilingStatus().was; d.setProfilingLevel(0); d.system.profile.drop(); \
         d.createCollection(\"system.profile\", {{ capped: true, size: {larger} }}); d.setProfilingLevel(l)"
    );
    warn(id, format!("{message}: it is full, and forgets its oldest entries"), remedy)
}

/// What gives the user the roles that planscope needs.
fn grant(link: &Link) -> String {
    let user = link.facts.user.as_deref().unwrap_or("planscope@admin");
    let (name, of) = user.rsplit_once('@').unwrap_or((user, "admin"));
    let reads: Vec<String> = link
        .facts
        .databases
        .iter()
        .map(|database| format!("{{ role: \"read\", db: {database:?} }}"))
        .collect();
    let reads = if reads.len() == 1 { reads.concat() } else { "\"readAnyDatabase\"".to_owned() };
    format!(
        "db.getSiblingDB({of:?}).grantRolesToUser({name:?}, [{{ role: \"clusterMonitor\", db: \"admin\" }}, {reads}])"
    )
}

fn connection(link: &Link) -> Check {
    let facts = &link.facts;
    let set = facts.replica_set.as_ref().map_or(String::new(), |set| format!(" of {set}"));
    let user = facts.user.as_deref().unwrap_or("nobody: access control is off");
    let message = format!(
        "MongoDB {} at {}, {}{set}, {} as {user}",
        facts.version,
        link.server,
        facts.state,
        match facts.databases.as_slice() {
            [one] => format!("database {one}"),
            all => format!("{} databases", all.len()),
        }
    );
    let mut numbers = facts.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version < OLDEST {
        let remedy = "upgrade: MongoDB below 4.4 is not tested and out of support";
        return warn("connection", message, remedy);
    }
    ok("connection", message)
}

fn encryption(link: &Link) -> Check {
    let host = link.server.rsplit_once(':').map_or(link.server.as_str(), |(host, _)| host);
    if link.facts.is_encrypted {
        return ok("encryption", "the connection is encrypted");
    }
    if matches!(host, "localhost" | "127.0.0.1" | "::1" | "[::1]") {
        return ok(
            "encryption",
            "the connection is not encrypted, and does not leave this machine",
        );
    }
    warn("encryption", "commands and plans travel unencrypted", "add ?tls=true to the target")
}

/// Reads belong on a secondary.
fn load(link: &Link) -> Check {
    match link.facts.state {
        "primary" => warn(
            "load",
            "the questions go to the primary",
            "add ?readPreference=secondary to the target, without directConnection",
        ),
        "mongos" => warn(
            "load",
            "a mongos has no profiler and no plan cache of its own",
            "name a shard's member: mongodb://user@member/database?directConnection=true",
        ),
        state => ok("load", format!("the questions go to a {state}")),
    }
}

async fn profiler(link: &Link, database: &str) -> Result<Check> {
    let id = "profiler";
    let setting = match sources::profiler(link, database).await {
        Ok(setting) => setting,
        Err(error) => return told(link, id, &format!("the profiler of {database}"), Err(error)),
    };
    let entries = sources::profile(link, database).await;
    let count = match entries {
        Ok(entries) => entries.len(),
        Err(error) => return told(link, id, &format!("the profile of {database}"), Err(error)),
    };
    Ok(judged(database, &setting, count))
}

fn judged(database: &str, setting: &Profiler, count: usize) -> Check {
    let id = "profiler";
    let on = format!("db.getSiblingDB({database:?}).setProfilingLevel(1, {{ slowms: 100 }})");
    let Profiler { level, slow_ms, sample_rate, has_filter } = setting;
    match level {
        0 => warn(
            id,
            format!(
                "{database}: the profiler is off ({count} statements from before); the log's last slow operations have to do"
            ),
            on,
        ),
        2 => warn(
            id,
            format!(
                "{database}: the profiler writes every operation down, which costs writes ({count} statements)"
            ),
            on,
        ),
        _ => {
            let what = match has_filter {
                true => "what its filter lets through".to_owned(),
                false => format!("operations over {slow_ms} ms, {} % of them", sample_rate * 100.0),
            };
            ok(id, format!("{database}: the profiler keeps {what} ({count} statements)"))
        }
    }
}

async fn query_stats(link: &Link) -> Result<Check> {
    let id = "query-stats";
    match sources::query_stats(link).await {
        Ok(found) => {
            Ok(ok(id, format!("$queryStats counts every execution ({} shapes)", found.len())))
        }
        Err(error)
            if errors::code(&error) == Some(UNKNOWN_STAGE) || error.kind == ErrorKind::Missing =>
        {
            Ok(check(
                id,
                CheckStatus::Skipped,
                "this server has no $queryStats (8.0, Atlas since 7.0): the figures are of what the profiler or the log kept",
            ))
        }
        Err(error) => told(link, id, "$queryStats", Err(error)),
    }
}

async fn allowed(link: &Link, id: &str, what: &str, command: bson::Document) -> Result<Check> {
    let answer = link.run("admin", command).await.map(|_| ());
    told(link, id, what, answer)
}

/// Whether a question is answered; who may not ask is told how to be allowed.
fn told(link: &Link, id: &str, what: &str, answer: Result<()>) -> Result<Check> {
    match answer {
        Ok(()) => Ok(ok(id, format!("{what} can be read"))),
        Err(error) if errors::matters_to_all(&error) => Err(error),
        Err(error) if error.kind == ErrorKind::Permission => {
            Ok(warn(id, format!("{what} cannot be read: {error}"), grant(link)))
        }
        Err(error) => Ok(skipped(id, &error)),
    }
}

/// Plans and the catalog need the privilege to read the collections.
async fn reading(link: &Link) -> Result<Check> {
    let id = "reading";
    for database in &link.facts.databases {
        let names = workload::collections(link, database).await;
        let names = match names {
            Ok(names) => names,
            Err(error) => return told(link, id, "the list of collections", Err(error)),
        };
        let Some(name) = names.first() else { continue };
        let find = doc! { "find": name.as_str(), "filter": { "_id": 0 } };
        let command = doc! { "explain": find, "verbosity": "queryPlanner" };
        let answer = link.run(database, command).await;
        let plan = answer.map(|answer| answer.document("queryPlanner").is_some());
        match plan {
            Ok(_) => {}
            Err(error) => {
                return told(link, id, &format!("plans of {database}"), Err(error));
            }
        }
    }
    Ok(ok(id, "collections can be read: plans of reads, indexes, fields"))
}

fn writes(link: &Link) -> Check {
    let id = "plans-of-writes";
    let half = "of a write the search for its documents is explained";
    if link.facts.state == "secondary" {
        return ok(id, format!("a secondary explains no writes: {half}"));
    }
    match link.facts.databases.iter().all(|database| link.may("update", database)) {
        true => ok(id, "the user may write: writes are explained as they are, and never executed"),
        false => ok(id, format!("the user may not write: {half}")),
    }
}

//! Where statements come from: the profiler, the log, `$queryStats`, the plan cache, what runs now.

use super::command::{self, Command};
use super::document::{Fields, number, parse};
use super::link::Link;
use super::operation::{self, Operation};
use crate::error::Result;
use bson::{Bson, Document, doc};
use planscope_explain::workload::Counters;

/// Most entries of a profiler that are read: the newest. Its usual size, 1 MB, holds some hundred.
const MOST_ENTRIES: usize = 20_000;

/// Most shapes of `$queryStats` and of a collection's plan cache.
const MOST_SHAPES: usize = 10_000;

/// The profiler of a database: what it is set to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Profiler {
    /// 0 off, 1 slow operations, 2 all.
    pub level: i64,
    /// What is slow, in milliseconds.
    pub slow_ms: f64,
    /// Share of the slow operations that is kept, 0 to 1.
    pub sample_rate: f64,
    /// Whether a condition of the administrator's decides instead.
    pub has_filter: bool,
}

/// Reads the setting.
pub(super) async fn profiler(link: &Link, database: &str) -> Result<Profiler> {
    let answer = link.run(database, doc! { "profile": -1 }).await?;
    Ok(Profiler {
        level: answer.number("was").unwrap_or(0.0) as i64,
        slow_ms: answer.number("slowms").unwrap_or(100.0),
        sample_rate: answer.number("sampleRate").unwrap_or(1.0),
        has_filter: answer.contains_key("filter"),
    })
}

/// The executions that the profiler of a database kept, the newest first.
pub(super) async fn profile(link: &Link, database: &str) -> Result<Vec<Operation>> {
    let command = doc! {
        "find": "system.profile",
        "filter": { "op": { "$in": ["query", "command", "getmore", "update", "remove", "insert"] } },
        "sort": { "$natural": -1 },
        "limit": MOST_ENTRIES as i64,
        "projection": { "locks": 0, "flowControl": 0, "storage": 0, "allUsers": 0 },
    };
    let entries = link.rows(database, command, MOST_ENTRIES).await?;
    Ok(entries.iter().filter_map(Operation::of_profile).collect())
}

/// The slow executions among the last thousand lines of the log, the newest first.
pub(super) async fn log(link: &Link) -> Result<Vec<Operation>> {
    let answer = link.run("admin", doc! { "getLog": "global" }).await?;
    let lines = answer.get_array("log").ok();
    let lines = lines.into_iter().flatten().rev().filter_map(Bson::as_str);
    Ok(lines.filter_map(log_line).collect())
}

fn log_line(line: &str) -> Option<Operation> {
    // Most lines are of other things; reading JSON is dear.
    if !line.contains("\"Slow query\"") {
        return None;
    }
    let line = parse(line).ok()?;
    Operation::of_log(line.document("attr")?, operation::log_moment(&line))
}

/// A statement with the server's own sums.
pub(super) struct Summed {
    pub database: String,
    pub command: Command,
    pub hash: String,
    pub sums: Counters,
    /// When the sums began, as an RFC 3339 text.
    pub since: Option<String>,
}

/// `$queryStats`: Atlas since 7.0, others since 8.0.
pub(super) async fn query_stats(link: &Link) -> Result<Vec<Summed>> {
    let command = doc! { "aggregate": 1, "pipeline": [{ "$queryStats": {} }], "cursor": {} };
    let rows = link.rows("admin", command, MOST_SHAPES).await?;
    Ok(rows.iter().filter_map(summed).collect())
}

fn summed(row: &Document) -> Option<Summed> {
    let shape = row.document("key.queryShape")?;
    if row.text("key.client.application.name").is_some_and(|name| name == super::link::MARK) {
        return None;
    }
    let (database, collection) = (shape.text("cmdNs.db")?, shape.text("cmdNs.coll")?);
    command::split_namespace(&format!("{database}.{collection}"))?;
    let name = shape.text("command")?;
    let mut sent = doc! { name: collection };
    sent.extend(
        shape
            .iter()
            .filter(|(key, _)| *key != "cmdNs" && *key != "command")
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    let hash = row.text("queryShapeHash").or(row.text("keyHash"))?;
    Some(Summed {
        database: database.to_owned(),
        command: Command::of(&sent)?,
        hash: hash.to_owned(),
        sums: sums(row.document("metrics")?),
        since: row.at("metrics.firstSeenTimestamp").and_then(super::document::moment),
    })
}

fn sums(metrics: &Document) -> Counters {
    let calls = metrics.number("execCount");
    let millis = |key: &str| metrics.number(&format!("totalExecMicros.{key}")).map(|n| n / 1000.0);
    let total = millis("sum");
    let mean = total.zip(calls).filter(|(_, calls)| *calls > 0.0).map(|(ms, calls)| ms / calls);
    let squares = metrics.number("totalExecMicros.sumOfSquares").map(|n| n / 1e6);
    let variance = squares
        .zip(calls.filter(|calls| *calls > 0.0))
        .zip(mean)
        .map(|((squares, calls), mean)| (squares / calls - mean * mean).max(0.0));
    let sum = |key: &str| metrics.at(&format!("{key}.sum")).or(metrics.at(key)).and_then(number);
    Counters {
        calls,
        total_ms: total,
        mean_ms: mean,
        min_ms: millis("min"),
        max_ms: millis("max"),
        stddev_ms: variance.map(f64::sqrt),
        rows: sum("docsReturned"),
        rows_examined: sum("docsExamined"),
        keys_examined: sum("keysExamined"),
        ..Counters::default()
    }
}

/// A statement of a collection's plan cache, with the server's id of its shape.
pub(super) type Cached = (Command, String);

/// The statements that a collection's plan cache was filled by.
pub(super) async fn plan_cache(
    link: &Link,
    database: &str,
    collection: &str,
) -> Result<Vec<Cached>> {
    let stages = vec![
        doc! { "$planCacheStats": {} },
        doc! { "$project": { "queryHash": 1, "planCacheShapeHash": 1, "createdFromQuery": 1 } },
    ];
    let command = doc! { "aggregate": collection, "pipeline": stages, "cursor": {} };
    let rows = link.rows(database, command, MOST_SHAPES).await?;
    Ok(rows.iter().filter_map(|row| cached(collection, row)).collect())
}

fn cached(collection: &str, row: &Document) -> Option<Cached> {
    let hash = row.text("planCacheShapeHash").or(row.text("queryHash"))?;
    let from = row.document("createdFromQuery")?;
    let mut sent = doc! { "find": collection, "filter": from.document("query")?.clone() };
    for key in ["sort", "projection", "collation"] {
        if let Some(value) = from.get(key) {
            sent.insert(key, value.clone());
        }
    }
    Some((Command::of(&sent)?, hash.to_owned()))
}

/// What runs now: each with the milliseconds that it has run for.
pub(super) async fn running(link: &Link, all_users: bool) -> Result<Vec<Operation>> {
    let stages = vec![
        doc! { "$currentOp": { "allUsers": all_users, "idleConnections": false } },
        doc! { "$match": { "active": true, "type": "op", "ns": { "$exists": true } } },
    ];
    let command = doc! { "aggregate": 1, "pipeline": stages, "cursor": {} };
    let rows = link.rows("admin", command, MOST_SHAPES).await?;
    Ok(rows.iter().filter_map(running_operation).collect())
}

fn running_operation(row: &Document) -> Option<Operation> {
    let mut entry = row.clone();
    entry.insert("millis", row.number("microsecs_running").unwrap_or(0.0) / 1000.0);
    entry.remove("execStats");
    let user = row.documents("effectiveUsers").first().and_then(|user| user.text("user"));
    if let Some(user) = user {
        entry.insert("user", user);
    }
    if let Some(original) = row.document("cursor.originatingCommand") {
        entry.insert("originatingCommand", original.clone());
    }
    Operation::of_profile(&entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the manual of 8.0 shows it.
    #[test]
    fn sums_of_the_server_are_counters() {
        let row = parse(
            r#"{"key":{"queryShape":{"cmdNs":{"db":"shop","coll":"orders"},"command":"find","filter":{"a":{"$eq":"?number"}},
                "sort":{"b":-1}},"client":{"application":{"name":"app"}},"collectionType":"collection"},"keyHash":"K","queryShapeHash":"H",
                "metrics":{"lastExecutionMicros":{"$numberLong":"4254"},"execCount":{"$numberLong":"2"},
                "totalExecMicros":{"sum":{"$numberLong":"4000"},"max":{"$numberLong":"3000"},"min":{"$numberLong":"1000"},
                "sumOfSquares":{"$numberDecimal":"10000000"}},"docsReturned":{"sum":{"$numberLong":"7"}},
                "keysExamined":{"sum":{"$numberLong":"8"}},"docsExamined":{"sum":{"$numberLong":"9"}},
                "firstSeenTimestamp":{"$date":"2024-05-01T00:00:00Z"}}}"#,
        )
        .unwrap();
        let found = summed(&row).unwrap();
        assert_eq!(
            found.command.text(),
            r#"{"find":"orders","filter":{"a":{"$eq":"?number"}},"sort":{"b":-1}}"#
        );
        let sums = found.sums;
        assert_eq!((sums.calls, sums.total_ms, sums.mean_ms), (Some(2.0), Some(4.0), Some(2.0)));
        assert_eq!((sums.min_ms, sums.max_ms, sums.stddev_ms), (Some(1.0), Some(3.0), Some(1.0)));
        assert_eq!((sums.rows, sums.rows_examined), (Some(7.0), Some(9.0)));
        assert_eq!((found.hash.as_str(), sums.keys_examined), ("H", Some(8.0)));
        assert_eq!(found.since.as_deref(), Some("2024-05-01T00:00:00Z"));
        let mut own = row;
        let key = own.get_document_mut("key").unwrap();
        key.insert("client", doc! { "application": { "name": "planscope" } });
        assert!(summed(&own).is_none());
    }

    #[test]
    fn lines_of_the_log_are_executions() {
        let line = r#"{"t":{"$date":"2026-11-21T16:07:03.403+00:00"},"s":"I","c":"COMMAND","id":51803,"msg":"Slow query","attr":{"type":"command","ns":"shop.orders",
            "command":{"find":"orders","filter":{"_id":{"$oid":"65f000000000000000000000"}},"$db":"shop"},"planSummary":"IDHACK","keysExamined":1,"docsExamined":1,
            "nreturned":1,"durationMillis":120}}"#;
        let found = log_line(line).unwrap();
        assert_eq!((found.millis, found.docs_examined), (120.0, Some(1.0)));
        assert!(found.at.unwrap().starts_with("2026-11-21T16:07:03.403"));
        assert!(found.command.text().contains(r#"{"$oid":"65f000000000000000000000"}"#));
        assert!(log_line(r#"{"msg":"Connection ended"}"#).is_none());
        assert!(log_line(r#"{"msg":"Slow query""#).is_none());
    }

    #[test]
    fn the_plan_cache_names_its_statements() {
        let row = doc! {
            "queryHash": "AB",
            "createdFromQuery": { "query": { "a": 1 }, "sort": {}, "projection": { "b": 1 } },
        };
        let (command, hash) = cached("orders", &row).unwrap();
        assert_eq!(command.text(), r#"{"find":"orders","filter":{"a":1},"projection":{"b":1}}"#);
        assert_eq!(hash, "AB");
    }
}

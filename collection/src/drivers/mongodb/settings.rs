//! The server's settings that matter to plans and advice; each is left out when the user may not see it.

use super::document::Fields as _;
use super::errors;
use super::link::Link;
use super::sources;
use crate::error::Result;
use bson::{Bson, Document, doc};
use std::collections::BTreeMap;

/// Parameters; a server gives those that it has.
const PARAMETERS: [&str; 20] = [
    "featureCompatibilityVersion",
    "notablescan",
    "allowDiskUseByDefault",
    "ttlMonitorEnabled",
    "planCacheSize",
    "internalQueryFrameworkControl",
    "internalQueryForceClassicEngine",
    "internalQueryEnableSlotBasedExecutionEngine",
    "internalQueryPlannerEnableHashIntersection",
    "internalQueryPlannerEnableIndexIntersection",
    "internalQueryPlannerMaxIndexedSolutions",
    "internalQueryPlanEvaluationWorks",
    "internalQueryPlanEvaluationCollFraction",
    "internalQueryPlanEvaluationMaxResults",
    "internalQueryCacheMaxEntriesPerCollection",
    "internalQueryMaxBlockingSortMemoryUsageBytes",
    "internalDocumentSourceGroupMaxMemoryBytes",
    "internalDocumentSourceLookupCacheSizeBytes",
    "internalQueryStatsRateLimit",
    "internalQueryStatsCacheSize",
];

/// Reads them.
pub(super) async fn settings(link: &Link) -> Result<BTreeMap<String, String>> {
    let mut settings = BTreeMap::new();
    let mut ask = doc! { "getParameter": 1 };
    ask.extend(PARAMETERS.iter().map(|name| ((*name).to_owned(), Bson::Int32(1))));
    let parameters = optional(link.run("admin", ask).await)?;
    for name in PARAMETERS {
        // The compatibility version is a document of its own.
        let value = parameters.at(&format!("{name}.version")).or(parameters.get(name));
        if let Some(value) = value {
            settings.insert(name.to_owned(), text(value));
        }
    }
    let status = doc! {
        "serverStatus": 1, "metrics": 0, "locks": 0, "tcmalloc": 0, "repl": 0, "network": 0,
    };
    take_status(&mut settings, &optional(link.run("admin", status).await)?);
    take_profilers(&mut settings, link).await?;
    let mut put = |name: &str, value: &str| settings.insert(name.to_owned(), value.to_owned());
    put("state", link.facts.state);
    if let Some(name) = &link.facts.replica_set {
        put("replication.replSetName", name);
    }
    Ok(settings)
}

fn optional(answer: Result<Document>) -> Result<Document> {
    match answer {
        Err(error) if errors::matters_to_all(&error) => Err(error),
        answer => Ok(answer.unwrap_or_default()),
    }
}

fn take_status(settings: &mut BTreeMap<String, String>, status: &Document) {
    let facts = [
        ("storage.engine", status.at("storageEngine.name")),
        (
            "storage.wiredTiger.cacheSizeBytes",
            status.at("wiredTiger.cache.maximum bytes configured"),
        ),
        ("uptimeSeconds", status.get("uptime")),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            settings.insert(name.to_owned(), text(value));
        }
    }
}

/// How the profiler of each database is set; slowms and the rate are the server's.
async fn take_profilers(settings: &mut BTreeMap<String, String>, link: &Link) -> Result<()> {
    let several = link.facts.databases.len() > 1;
    for database in &link.facts.databases {
        let profiler = match sources::profiler(link, database).await {
            Ok(profiler) => profiler,
            Err(error) if errors::matters_to_all(&error) => return Err(error),
            Err(_) => continue,
        };
        let level = match several {
            true => format!("profile.level.{database}"),
            false => "profile.level".to_owned(),
        };
        settings.insert(level, profiler.level.to_string());
        settings.insert("profile.slowms".to_owned(), profiler.slow_ms.to_string());
        settings.insert("profile.sampleRate".to_owned(), profiler.sample_rate.to_string());
    }
    Ok(())
}

fn text(value: &Bson) -> String {
    match value {
        Bson::String(text) => text.clone(),
        other => match super::document::number(other) {
            Some(number) => number.to_string(),
            None => other.clone().into_relaxed_extjson().to_string(),
        },
    }
}

//! How busy the server is.

use super::document::{Fields as _, number};
use super::errors;
use super::link::Link;
use crate::error::Result;
use crate::guard::Load;
use bson::{Bson, Document, doc};
use std::time::Duration;

/// Operations that run or queue, and how far a secondary is behind; what the user may not ask is not
/// known.
pub(super) async fn load(link: &Link) -> Result<Load> {
    // The sections that cost something or are long are left out.
    let status = doc! {
        "serverStatus": 1, "metrics": 0, "locks": 0, "repl": 0, "wiredTiger": 0, "tcmalloc": 0,
        "mirroredReads": 0, "opLatencies": 0,
    };
    let status = asked(link, status).await?;
    let count = |path: &str| status.as_ref().and_then(|s| s.number(path)).map(|n| n as u32);
    let sum = |a: Option<u32>, b: Option<u32>| Some(a?.saturating_add(b?));
    let active =
        sum(count("globalLock.activeClients.readers"), count("globalLock.activeClients.writers"));
    let lag = match link.facts.state {
        "secondary" => asked(link, doc! { "replSetGetStatus": 1 }).await?.as_ref().and_then(lag),
        _ => None,
    };
    Ok(Load { active, waiting: count("globalLock.currentQueue.total"), lag })
}

async fn asked(link: &Link, command: Document) -> Result<Option<Document>> {
    match link.run("admin", command).await {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if errors::matters_to_all(&error) => Err(error),
        Err(_) => Ok(None),
    }
}

/// How much older this member's last operation is than the primary's.
fn lag(status: &Document) -> Option<Duration> {
    let members = status.documents("members");
    let moment = |member: &&Document| match member.get("optimeDate") {
        Some(Bson::DateTime(moment)) => Some(moment.timestamp_millis()),
        _ => None,
    };
    let primary = members.iter().find(|m| m.get("state").and_then(number) == Some(1.0))?;
    let own = members.iter().find(|m| m.flag("self"))?;
    let late = moment(primary)?.saturating_sub(moment(own)?);
    Some(Duration::from_millis(u64::try_from(late).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_the_distance_to_the_primary() {
        let at = |ms| Bson::DateTime(bson::DateTime::from_millis(ms));
        let status = doc! { "members": [
            { "state": 1, "optimeDate": at(90_000) },
            { "state": 2, "optimeDate": at(89_000) },
            { "state": 2, "optimeDate": at(60_000), "self": true },
        ] };
        assert_eq!(lag(&status), Some(Duration::from_secs(30)));
        assert_eq!(lag(&doc! { "members": [{ "state": 2, "self": true }] }), None);
    }
}

//! The server's settings that matter to plans and advice.

use super::link::Link;
use crate::error::Result;
use std::collections::BTreeMap;

const SETTINGS: &str = include_str!("../sql/postgres/settings.sql");

/// Reads them. Nothing that the session sets for itself is among them.
pub(super) async fn settings(link: &Link) -> Result<BTreeMap<String, String>> {
    let rows = link.rows(SETTINGS).await?;
    let pair = |row: &super::link::Row| {
        let (name, value) = row.get(0).zip(row.get(1))?;
        Some((name.to_owned(), value.to_owned()))
    };
    let mut settings: BTreeMap<String, String> = rows.iter().filter_map(pair).collect();
    if link.facts.is_untracked {
        // We switched it off for ourselves.
        settings.remove("pg_stat_statements.track");
    }
    Ok(settings)
}

//! How busy the server is.

use super::link::{Link, Row};
use crate::error::Result;
use crate::guard::Load;
use std::time::Duration;

const SESSIONS: &str = include_str!("../sql/postgres/sessions.sql");
const LAG: &str = include_str!("../sql/postgres/lag.sql");

/// Sessions of others that run or wait, and how far a standby is behind. Without pg_read_all_stats
/// (or pg_monitor) the sessions of other users show neither, and are not known.
pub(super) async fn load(link: &Link) -> Result<Load> {
    let rows = link.rows(SESSIONS).await?;
    let number = |row: &Row, column| row.get(column).and_then(|text| text.parse().ok());
    let mut load = Load::default();
    if let Some(row) = rows.first() {
        load.active = number(row, 0);
        load.waiting = number(row, 1);
    }
    if link.facts.is_standby {
        // Some managed servers lack a function that this needs.
        let rows = match link.rows(LAG).await {
            Ok(rows) => rows,
            Err(error) if super::explain::matters_to_all(&error) => return Err(error),
            Err(_) => Vec::new(),
        };
        let seconds = rows.first().and_then(|row| row.get(0)).and_then(|text| text.parse().ok());
        load.lag = seconds.map(|seconds: f64| Duration::from_secs_f64(seconds.clamp(0.0, 1e9)));
    }
    Ok(load)
}

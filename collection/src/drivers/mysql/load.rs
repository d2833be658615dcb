//! How busy the server is.

use super::link::{Link, MARK, Row, SELECT};
use crate::error::Result;
use crate::guard::Load;
use planscope_explain::Engine;
use std::time::Duration;

/// What runs, what waits for locks, and how far a replica is behind; what the account may not see is
/// not known.
pub(super) async fn load(link: &mut Link) -> Result<Load> {
    let sql = format!(
        "SHOW {MARK} GLOBAL STATUS WHERE Variable_name IN \
         ('Threads_running', 'Innodb_row_lock_current_waits')"
    );
    let rows = link.ask_if_allowed(&sql).await?.unwrap_or_default();
    let status = |name: &str| {
        let row = rows.iter().find(|row| row.at(0).is_some_and(|n| n.eq_ignore_ascii_case(name)));
        row.and_then(|row| row.at(1)).and_then(|value| value.parse::<u32>().ok())
    };
    let running = status("Threads_running");
    let rows_waited_for = status("Innodb_row_lock_current_waits");
    let tables_waited_for = metadata_waits(link).await?;
    Ok(Load {
        // We run this.
        active: running.map(|running| running.saturating_sub(1)),
        waiting: match (rows_waited_for, tables_waited_for) {
            (None, None) => None,
            (rows, tables) => Some(rows.unwrap_or(0).saturating_add(tables.unwrap_or(0))),
        },
        lag: lag(link).await?,
    })
}

/// Statements that wait for somebody who changes a table.
async fn metadata_waits(link: &mut Link) -> Result<Option<u32>> {
    let sql = match link.facts.engine {
        // Its processlist takes no lock of the server's, unlike that of information_schema.
        Engine::Mysql => format!(
            "{SELECT} COUNT(*) AS waits FROM performance_schema.metadata_locks \
             WHERE LOCK_STATUS = 'PENDING'"
        ),
        _ => format!(
            "{SELECT} COUNT(*) AS waits FROM information_schema.PROCESSLIST \
             WHERE STATE LIKE 'Waiting for table%lock'"
        ),
    };
    let rows = link.ask_if_allowed(&sql).await?.unwrap_or_default();
    Ok(rows.first().and_then(|row| row.text("waits")?.parse().ok()))
}

/// Of several channels the one that is furthest behind.
async fn lag(link: &mut Link) -> Result<Option<Duration>> {
    let word = match link.facts.engine {
        Engine::Mysql if link.facts.number >= (8, 0, 22) => "REPLICA",
        Engine::Mysql => "SLAVE",
        _ => "ALL SLAVES",
    };
    let rows = link.ask_if_allowed(&format!("SHOW {MARK} {word} STATUS")).await?;
    Ok(rows.unwrap_or_default().iter().filter_map(channel_lag).max())
}

/// Beyond the delay that the replica is told to keep.
fn channel_lag(row: &Row) -> Option<Duration> {
    let number = |names: [&str; 2]| {
        names.iter().find_map(|name| row.text(name)).and_then(|text| text.parse::<u64>().ok())
    };
    let behind = number(["Seconds_Behind_Source", "Seconds_Behind_Master"])?;
    let told = row.text("SQL_Delay").and_then(|text| text.parse().ok()).unwrap_or(0);
    Some(Duration::from_secs(behind.saturating_sub(told)))
}

//! The plans in MariaDB's slow log: `log_slow_verbosity=query_plan,explain`, since 10.0.5.

use super::{Format, mysql};
use crate::engine::Engine;

pub(super) static FORMAT: Format = Format {
    name: "mariadb-slow-log",
    engine: Engine::Mariadb,
    summary: "MariaDB's slow log with log_slow_verbosity=explain (`# explain:` lines)",
    detect,
    parse: |text| mysql::read(text, "mariadb-slow-log"),
};

fn detect(text: &str) -> u8 {
    if text.contains("# explain:") && text.contains("select_type") { 97 } else { 0 }
}

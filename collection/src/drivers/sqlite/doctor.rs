//! The checks of `planscope doctor sqlite:FILE`.

use super::SqliteSession;
use super::catalog::read_stat1;
use crate::driver::{Check, CheckStatus};
use crate::error::Result;
use std::fs::{self, OpenOptions};
use std::io::Read as _;

impl SqliteSession {
    pub(super) fn check_all(&self) -> Vec<Check> {
        vec![
            self.check_file(),
            self.check_version(),
            self.check_statistics(),
            self.check_stat4(),
            self.check_wal(),
            self.check_free_pages(),
            self.check_writer(),
            self.check_workload(),
        ]
    }

    fn pragma(&self, name: &str) -> Result<String> {
        self.timed(|c| c.pragma(name, |row| row.get::<_, rusqlite::types::Value>(0))).map(|value| {
            match value {
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Text(text) => text,
                other => format!("{other:?}"),
            }
        })
    }

    fn check_file(&self) -> Check {
        let bytes = fs::metadata(&self.path).map_or(0, |meta| meta.len());
        let tables = self.timed(|c| {
            c.query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'table'", [], |row| {
                row.get::<_, i64>(0)
            })
        });
        match tables {
            Ok(0) => warn("file-readable", "the database has no tables", None),
            Ok(tables) => ok("file-readable", format!("readable, {tables} tables, {bytes} bytes")),
            Err(error) => check("file-readable", CheckStatus::Fail, error.to_string(), None),
        }
    }

    fn check_version(&self) -> Check {
        let version = rusqlite::version();
        let (pages, mode) = (self.pragma("page_size"), self.pragma("journal_mode"));
        match (pages, mode) {
            (Ok(page), Ok(mode)) => ok(
                "sqlite-version",
                format!(
                    "planned by SQLite {version}, which planscope brings along; page size {page}, journal mode {mode}"
                ),
            ),
            (Err(error), _) | (_, Err(error)) => {
                check("sqlite-version", CheckStatus::Fail, error.to_string(), None)
            }
        }
    }

    fn check_statistics(&self) -> Check {
        match self.timed(read_stat1) {
            Ok(stat1) if stat1.is_empty() => warn(
                "statistics",
                "ANALYZE never ran: the planner guesses at every table's size",
                Some("PRAGMA optimize=0x10002; -- or ANALYZE;"),
            ),
            Ok(stat1) => ok("statistics", format!("sqlite_stat1 knows {} indexes", stat1.len())),
            Err(error) => check("statistics", CheckStatus::Fail, error.to_string(), None),
        }
    }

    fn check_stat4(&self) -> Check {
        let compiled = self.timed(|c| {
            c.query_row("SELECT sqlite_compileoption_used('ENABLE_STAT4')", [], |row| row.get(0))
        });
        let present = self.timed(|c| c.prepare("SELECT 1 FROM sqlite_stat4 LIMIT 1").map(drop));
        match (compiled, present) {
            (Ok(true), Ok(())) => ok("stat4", "histograms of indexed values are there and used"),
            (Ok(true), Err(_)) => ok(
                "stat4",
                "no histograms in the file: the planner counts on average keys, as the \
                 application's SQLite does",
            ),
            _ => check("stat4", CheckStatus::Skipped, "this SQLite does not use histograms", None),
        }
    }

    /// A database in WAL mode cannot be read without writing beside it.
    fn check_wal(&self) -> Check {
        if self.pragma("journal_mode").ok().as_deref() != Some("wal") {
            return ok("wal-folder", "not in WAL mode: reading leaves no files behind");
        }
        let mut shared = self.path.clone().into_os_string();
        shared.push("-shm");
        let writable = OpenOptions::new().write(true).open(&shared).is_ok();
        if writable {
            return ok("wal-folder", "in WAL mode, and the files beside the database can be used");
        }
        warn(
            "wal-folder",
            "in WAL mode, and the folder cannot be written to: readable only while another \
             process has it open",
            Some("VACUUM INTO 'copy.db';"),
        )
    }

    /// Pages that hold nothing are read by nobody, but a scan's neighbours lie further apart.
    fn check_free_pages(&self) -> Check {
        let number = |name: &str| self.pragma(name).ok().and_then(|text| text.parse::<f64>().ok());
        let Some((free, all)) = number("freelist_count").zip(number("page_count")) else {
            return check("free-pages", CheckStatus::Skipped, "SQLite does not say", None);
        };
        let message = format!("{free} of {all} pages are free");
        match free * 4.0 > all && all > 1000.0 {
            true => warn("free-pages", &message, Some("VACUUM; -- it writes the whole file anew")),
            false => ok("free-pages", message),
        }
    }

    /// The version that wrote last stands in the file's header; the application's planner is that one.
    fn check_writer(&self) -> Check {
        let Some(writer) = self.writer() else {
            return check("written-by", CheckStatus::Skipped, "the file does not say", None);
        };
        let text = |n: u32| format!("{}.{}.{}", n / 1_000_000, n / 1000 % 1000, n % 1000);
        let ours = rusqlite::version_number().cast_unsigned();
        let message = format!("last written by SQLite {}", text(writer));
        match writer / 1000 == ours / 1000 {
            true => ok("written-by", format!("{message}, the version that plans here")),
            false => ok(
                "written-by",
                format!("{message}; planned here by {}, which may choose otherwise", text(ours)),
            ),
        }
    }

    /// Bytes 96 to 99 of the file, as the format's description has it.
    fn writer(&self) -> Option<u32> {
        let mut header = [0; 100];
        fs::File::open(&self.path).ok()?.read_exact(&mut header).ok()?;
        let [.., a, b, c, d] = header;
        Some(u32::from_be_bytes([a, b, c, d])).filter(|version| *version > 0)
    }

    fn check_workload(&self) -> Check {
        let message = "SQLite keeps no statement statistics: name a file of statements";
        let remedy = format!("planscope collect sqlite:{} --queries FILE.sql", self.path.display());
        check("workload", CheckStatus::Ok, message, Some(remedy))
    }
}

fn check(
    id: &str,
    status: CheckStatus,
    message: impl Into<String>,
    remedy: Option<String>,
) -> Check {
    Check { id: id.to_owned(), status, message: message.into(), remedy }
}

fn ok(id: &str, message: impl Into<String>) -> Check {
    check(id, CheckStatus::Ok, message, None)
}

fn warn(id: &str, message: &str, remedy: Option<&str>) -> Check {
    check(id, CheckStatus::Warn, message, remedy.map(str::to_owned))
}

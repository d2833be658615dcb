//! How long snapshots are kept: by age, by number, by bytes.

use super::{Entry, Store};
use crate::clock;
use crate::error::{CollectError, ErrorKind, Result};
use jiff::Timestamp;
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// What is kept; absent is no limit. The newest snapshot of a target is always kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keep {
    /// Snapshots that are not older.
    pub age: Option<Duration>,
    /// This many of each target.
    pub count: Option<usize>,
    /// As many as fit, the newest of any target first.
    pub bytes: Option<u64>,
}

impl FromStr for Keep {
    type Err = String;

    /// `30d`, `500`, `2GiB`, or several of them: `30d,500`.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let mut keep = Self::default();
        for part in text.split(',').map(str::trim) {
            let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, unit) = part.split_at(digits);
            let wrong = || format!("`{part}` is no limit: write 30d, 500 or 2GiB");
            let number: u64 = number.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
            let seconds = |each: u64| Duration::from_secs(number.saturating_mul(each));
            match unit {
                "" => keep.count = Some(number as usize),
                "h" => keep.age = Some(seconds(3600)),
                "d" => keep.age = Some(seconds(86_400)),
                "w" => keep.age = Some(seconds(7 * 86_400)),
                _ => keep.bytes = Some(number.saturating_mul(unit_bytes(unit).ok_or_else(wrong)?)),
            }
        }
        Ok(keep)
    }
}

fn unit_bytes(unit: &str) -> Option<u64> {
    Some(match unit {
        "kB" => 1000,
        "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "GiB" => 1 << 30,
        _ => return None,
    })
}

impl Store {
    /// The snapshots that `keep` does not keep, oldest last. `target` limits it to one target's.
    /// Files that cannot be read are nobody's to delete.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when the store cannot be read.
    pub fn superfluous(&self, keep: &Keep, target: Option<&str>) -> Result<Vec<Entry>> {
        let entries = self.list()?;
        let of_target = |entry: &Entry| {
            entry.content.as_ref().is_ok_and(|c| target.is_none_or(|target| c.target == target))
        };
        let now = clock::timestamp();
        Ok(choose(entries.into_iter().filter(of_target).collect(), keep, now))
    }

    /// Deletes the files; one that is gone already is no failure.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] at the first one that cannot be deleted.
    pub fn delete(&self, entries: &[Entry]) -> Result<Vec<PathBuf>> {
        let mut deleted = Vec::new();
        for entry in entries {
            match fs::remove_file(&entry.path) {
                Ok(()) => deleted.push(entry.path.clone()),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    let message = format!("cannot delete {}: {error}", entry.path.display());
                    return Err(CollectError::new(ErrorKind::Store, message).caused_by(error));
                }
            }
        }
        Ok(deleted)
    }
}

/// Entries come newest first.
fn choose(entries: Vec<Entry>, keep: &Keep, now: Timestamp) -> Vec<Entry> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut bytes = 0_u64;
    let mut superfluous = Vec::new();
    for entry in entries {
        let Ok(content) = &entry.content else { continue };
        let nth = seen.entry(content.target.clone()).or_default();
        *nth += 1;
        bytes = bytes.saturating_add(entry.size_bytes);
        let age = entry.taken_at().map(|taken| now.as_second().saturating_sub(taken.as_second()));
        let too_old = keep.age.zip(age).is_some_and(|(most, age)| age > most.as_secs() as i64);
        let too_many = keep.count.is_some_and(|most| *nth > most);
        let too_large = keep.bytes.is_some_and(|most| bytes > most);
        if *nth > 1 && (too_old || too_many || too_large) {
            superfluous.push(entry);
        }
    }
    superfluous
}

#[cfg(test)]
mod tests {
    use super::super::Summary;
    use super::*;

    fn entry(target: &str, day: u32, size_bytes: u64) -> Entry {
        let content = Summary {
            target: target.to_owned(),
            engine: "postgresql".to_owned(),
            taken_at: format!("2026-01-{day:02}T00:00:00Z"),
            statements: 1,
        };
        Entry { path: PathBuf::from(format!("{target}-{day}")), size_bytes, content: Ok(content) }
    }

    fn names(entries: Vec<Entry>, keep: &str) -> Vec<String> {
        let now: Timestamp = "2026-01-31T00:00:00Z".parse().unwrap();
        let gone = choose(entries, &keep.parse().unwrap(), now);
        gone.iter().map(|entry| entry.path.display().to_string()).collect()
    }

    #[test]
    fn each_limit_counts_and_the_newest_of_a_target_stays() {
        let all =
            || vec![entry("a", 30, 10), entry("a", 20, 10), entry("b", 2, 10), entry("a", 1, 10)];
        assert_eq!(names(all(), "5d"), ["a-20", "a-1"]);
        assert_eq!(names(all(), "2"), ["a-1"]);
        assert_eq!(names(all(), "20kB"), Vec::<String>::new());
        let large: Vec<Entry> = all().into_iter().map(|e| Entry { size_bytes: 900, ..e }).collect();
        assert_eq!(names(large, "2kB"), ["a-1"]);
        assert_eq!(names(all(), "20d,1"), ["a-20", "a-1"]);
    }

    #[test]
    fn nonsense_is_no_limit() {
        for text in ["", "d", "-1", "0", "5y", "1.5d", "2 GiB", "30d,"] {
            assert!(text.parse::<Keep>().is_err(), "{text}");
        }
    }
}

//! Folders of baselines: one file a statement, in version control.
//!
//! Every file with our ending must be one of ours: a foreign or a broken one is refused, and nothing
//! is written before all of it is known to be writable. Files are replaced whole, by renaming.

use crate::error::{CollectError, ErrorKind, Result};
use planscope_explain::baseline::{self, BaselineError, Entry, MAGIC};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Ending of the files.
pub const ENDING: &str = "plan";

/// Most bytes of a file: a plan of a million nodes is a few hundred MiB, and no baseline.
const MAX_BYTES: u64 = 64 << 20;

/// Longest part of a statement's name in a file's name.
const MOST_NAME: usize = 80;

/// A file of a baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselineFile {
    /// The file.
    pub path: PathBuf,
    /// What it says.
    pub entry: Entry,
}

/// Whether `path` is a baseline: a file that begins like one, or a folder with such a file.
pub fn is_baseline(path: &Path) -> bool {
    if !path.is_dir() {
        return begins_like_one(path);
    }
    plan_files(path).is_ok_and(|files| files.iter().any(|file| begins_like_one(file)))
}

fn begins_like_one(path: &Path) -> bool {
    // The number of the format may be another one: that is said by whoever reads the file.
    let magic = MAGIC.trim_end_matches(|c: char| c.is_ascii_digit()).as_bytes();
    let mut head = vec![0; magic.len()];
    path.is_file()
        && File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok()
        && head == magic
}

/// What to type when there is no baseline.
const MAKE_ONE: &str = "make one: planscope baseline init --queries sql/ --target URL --out plans/";

/// Reads a baseline: a folder, or one file of it. Sorted by name of file.
///
/// # Errors
/// [`ErrorKind::Input`] when a file cannot be read, is foreign or broken, when two files are of one
/// query, or when there is none.
pub fn load(path: &Path) -> Result<Vec<BaselineFile>> {
    let paths = if path.is_dir() { plan_files(path)? } else { vec![path.to_owned()] };
    let mut files: Vec<BaselineFile> = Vec::with_capacity(paths.len());
    for path in paths {
        let entry = load_file(&path)?;
        if let Some(other) = files.iter().find(|file| file.entry.name == entry.name) {
            let message = format!(
                "{} and {} are both of the query {}",
                other.path.display(),
                path.display(),
                entry.name
            );
            return Err(input(message).hint("delete the one that is out of date"));
        }
        files.push(BaselineFile { path, entry });
    }
    if files.is_empty() {
        return Err(input(format!("{} holds no baseline", path.display())).hint(MAKE_ONE));
    }
    Ok(files)
}

fn load_file(path: &Path) -> Result<Entry> {
    let shown = path.display();
    let unreadable = |error: io::Error| {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => MAKE_ONE,
            _ => "check the path",
        };
        input(format!("{shown} cannot be read: {error}")).hint(hint).caused_by(error)
    };
    let size = fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_BYTES {
        return Err(
            input(format!("{shown} is larger than 64 MiB")).hint("a baseline is a small text")
        );
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        input(format!("{shown} is no baseline: it is not UTF-8 text")).hint(FOREIGN)
    })?;
    baseline::read(&text).map_err(|error| broken(path, error))
}

const FOREIGN: &str = "keep other files out of the folder, or name them without .plan";

fn broken(path: &Path, error: BaselineError) -> CollectError {
    let shown = path.display();
    match error.is_foreign {
        true => {
            input(format!("{shown} is no baseline of this planscope: {}", error.what)).hint(FOREIGN)
        }
        false => input(format!("{shown}:{}: {}", error.line, error.what)).hint(
            "take it from version control, or delete it and planscope baseline accept it anew",
        ),
    }
}

fn input(message: String) -> CollectError {
    CollectError::new(ErrorKind::Input, message)
}

fn plan_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error: io::Error| {
        let message = format!("{} cannot be read: {error}", folder.display());
        input(message).hint("check the path").caused_by(error)
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_file() && path.extension().is_some_and(|ending| ending == ENDING) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The name of the file of an entry, not among `taken` (in lower case: some file systems do not tell
/// cases apart), to which it is added.
pub fn file_name(entry: &Entry, taken: &mut BTreeSet<String>) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let plain: String = entry.name.chars().map(safe).take(MOST_NAME).collect();
    let plain = plain.trim_matches(['-', '.']);
    let short = &entry.fingerprint.to_string()[..8];
    let is_whole = plain == entry.name;
    let first = match plain {
        "" => short.to_owned(),
        plain if is_whole => plain.to_owned(),
        plain => format!("{plain}-{short}"),
    };
    let numbered = (2..).map(|n| format!("{first}-{short}-{n}"));
    let mut names = [first.clone(), format!("{first}-{short}")].into_iter().chain(numbered);
    // One of them is free: `taken` is finite.
    let name = names.find(|name| !taken.contains(&name.to_lowercase())).unwrap_or(first);
    taken.insert(name.to_lowercase());
    format!("{name}.{ENDING}")
}

/// What to do with a folder.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Files to write, by name, with their texts.
    pub write: Vec<(String, String)>,
    /// Files to remove.
    pub remove: Vec<PathBuf>,
}

/// Writes and removes files of a baseline's folder, which is made when it is missing.
///
/// # Errors
/// [`ErrorKind::Input`] when a file that is not ours is in the way, or one cannot be written; until
/// then only temporary files were made, and they are removed again.
pub fn apply(folder: &Path, changes: &Changes) -> Result<()> {
    let failed = |path: &Path, error: io::Error| {
        let message = format!("cannot write {}: {error}", path.display());
        input(message).hint("check who may write there: ls -ld").caused_by(error)
    };
    for (name, _) in &changes.write {
        let path = folder.join(name);
        if path.exists() && !begins_like_one(&path) {
            let message = format!("{} is in the way: it is no baseline", path.display());
            return Err(input(message).hint(FOREIGN));
        }
    }
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut pending = Pending(Vec::new());
    for (name, text) in &changes.write {
        let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
        pending.0.push(temporary.clone());
        write_whole(&temporary, text).map_err(|error| failed(&folder.join(name), error))?;
    }
    for ((name, _), temporary) in changes.write.iter().zip(&pending.0) {
        let path = folder.join(name);
        fs::rename(temporary, &path).map_err(|error| failed(&path, error))?;
    }
    for path in &changes.remove {
        fs::remove_file(path).map_err(|error| failed(path, error))?;
    }
    sync(folder).map_err(|error| failed(folder, error))
}

/// Temporary files, removed when it is dropped; those that were renamed are gone already.
struct Pending(Vec<PathBuf>);

impl Drop for Pending {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "planscope baseline 1\nquery: q1\nfingerprint: 0000000000000abc\n\
        server: sqlite 3.50\n\nstatement:\n  SELECT 1\n\nplan:\n  SeqScan on t\n";

    fn entry(name: &str) -> Entry {
        Entry { name: name.to_owned(), ..baseline::read(TEXT).unwrap() }
    }

    #[test]
    fn names_of_files_are_plain_and_differ() {
        let mut taken = BTreeSet::new();
        let mut name = |of: &str| file_name(&entry(of), &mut taken);
        assert_eq!(name("orders_of_customer"), "orders_of_customer.plan");
        assert_eq!(name("Orders_of_customer"), "Orders_of_customer-00000000.plan");
        assert_eq!(name("../../etc/passwd"), "etc-passwd-00000000.plan");
        assert_eq!(name("top customers"), "top-customers-00000000.plan");
        assert_eq!(name("表"), "00000000.plan");
        assert_eq!(name("表2"), "2-00000000.plan");
        let long = name(&"x".repeat(300));
        assert!(long.len() < 120, "{long}");
    }

    #[test]
    fn folders_are_written_whole_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let plans = folder.path().join("a/plans");
        let write = |name: &str, text: &str| Changes {
            write: vec![(name.to_owned(), text.to_owned())],
            remove: Vec::new(),
        };
        apply(&plans, &write("q1.plan", TEXT)).unwrap();
        assert!(is_baseline(&plans) && is_baseline(&plans.join("q1.plan")));
        fs::write(plans.join("README.md"), "ours").unwrap();
        assert_eq!(load(&plans).unwrap()[0].entry, entry("q1"));
        let second = TEXT.replace("q1", "q2");
        let changes = Changes { remove: vec![plans.join("q1.plan")], ..write("q2.plan", &second) };
        apply(&plans, &changes).unwrap();
        assert_eq!(load(&plans).unwrap()[0].entry.name, "q2");
        let left: BTreeSet<_> =
            fs::read_dir(&plans).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }

    #[test]
    fn foreign_and_broken_files_are_refused_and_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.plan");
        fs::write(&path, "Seq Scan on t").unwrap();
        let error = load(folder.path()).unwrap_err();
        assert!(error.message.contains("x.plan is no baseline"), "{error}");
        let changes = Changes { write: vec![("x.plan".into(), TEXT.into())], remove: Vec::new() };
        assert!(apply(folder.path(), &changes).unwrap_err().message.contains("in the way"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "Seq Scan on t");
        fs::write(&path, TEXT.replace("SeqScan on t", "SeqScan on t rows x")).unwrap();
        let error = load(folder.path()).unwrap_err();
        assert!(error.message.ends_with("x.plan:10: `x` is no number"), "{error}");
        fs::write(&path, TEXT).unwrap();
        fs::write(folder.path().join("y.plan"), TEXT).unwrap();
        assert!(load(folder.path()).unwrap_err().message.contains("both of the query q1"));
        fs::write(&path, b"\xff\xfe").unwrap();
        assert!(load(&path).unwrap_err().message.contains("not UTF-8"));
    }

    #[test]
    fn an_empty_folder_is_no_baseline() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_baseline(folder.path()) && !is_baseline(&folder.path().join("none")));
        assert!(load(folder.path()).unwrap_err().message.ends_with("holds no baseline"));
    }
}

//! The snapshot store: a folder of snapshot files.
//!
//! There is no index and no lock: the folder is the truth, every file stands for itself and can be
//! copied, mailed or deleted. `wire` is what a file says, `codec` its bytes, `layout` its name and
//! how it gets onto the disk.

pub mod codec;
mod layout;
mod lock;
mod retention;
pub mod wire;

#[cfg(test)]
mod tests;

pub use layout::EXTENSION;
pub use lock::CollectorLock;
pub use retention::Keep;

use crate::error::{CollectError, ErrorKind, Result};
use jiff::Timestamp;
use planscope_explain::workload::Snapshot;
use std::cmp::Reverse;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where a store may be, as the caller found it in flags and environment.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// `--store DIR`.
    pub explicit: Option<&'a Path>,
    /// The working directory.
    pub cwd: &'a Path,
    /// `XDG_DATA_HOME`, when set.
    pub xdg_data_home: Option<&'a Path>,
    /// The home directory.
    pub home: Option<&'a Path>,
}

/// A folder of snapshot files. It need not exist before the first save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    folder: PathBuf,
}

/// A file of the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The file.
    pub path: PathBuf,
    /// Size of the file.
    pub size_bytes: u64,
    /// What is in it; the message when it cannot be read.
    pub content: std::result::Result<Summary, String>,
}

/// What a snapshot file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The target's name.
    pub target: String,
    /// The engine's wire name.
    pub engine: String,
    /// When it was taken, RFC 3339.
    pub taken_at: String,
    /// How many statements it holds.
    pub statements: usize,
}

impl Entry {
    /// The file's name.
    pub fn file_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn taken_at(&self) -> Option<Timestamp> {
        self.content.as_ref().ok()?.taken_at.parse().ok()
    }
}

impl Store {
    /// The store in that folder.
    pub fn open(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The store to use: the explicit one; else `.planscope/` in the working directory or, inside
    /// a repository, in one of its parents up to the repository's root; else the XDG data folder.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when there is neither such a folder nor a home.
    pub fn locate(places: Places<'_>) -> Result<Self> {
        if let Some(folder) = places.explicit {
            return Ok(Self::open(folder));
        }
        let nearby = project_folders(places.cwd).into_iter().map(|dir| dir.join(".planscope"));
        if let Some(folder) = nearby.into_iter().find(|folder| folder.is_dir()) {
            return Ok(Self::open(folder));
        }
        // The XDG specification says to ignore a relative path.
        let data = places.xdg_data_home.filter(|path| path.is_absolute()).map(Path::to_owned);
        let data = data.or_else(|| places.home.map(|home| home.join(".local/share")));
        data.map(|data| Self::open(data.join("planscope/snapshots"))).ok_or_else(|| {
            CollectError::new(ErrorKind::Config, "no place for snapshots: HOME is not set")
                .hint("name a folder with `--store DIR`")
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Tries whether a snapshot could be saved, before the work of collecting one is done.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when it could not.
    pub fn check_writable(&self) -> Result<()> {
        layout::check_writable(&self.folder)
    }

    /// Writes a snapshot as a new file, whole or not at all, readable by its owner only.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when it cannot be written; nothing is left behind then.
    pub fn save(&self, snapshot: &Snapshot) -> Result<PathBuf> {
        let bytes = codec::encode(snapshot)?;
        let stem = layout::stem(&snapshot.target.name, &snapshot.taken_at);
        layout::write_new(&self.folder, &stem, &bytes)
    }

    /// The snapshots, newest first; then the files that cannot be read. No folder is no snapshot.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when the folder exists and cannot be read.
    pub fn list(&self) -> Result<Vec<Entry>> {
        let listing = match fs::read_dir(&self.folder) {
            Ok(listing) => listing,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(cannot_read(&self.folder, error)),
        };
        let paths = listing.flatten().map(|entry| entry.path());
        let mut entries: Vec<Entry> = paths.filter(|path| is_snapshot(path)).map(entry).collect();
        // Of two of the same moment the one with the larger number in its name is newer.
        entries.sort_by_cached_key(|entry| {
            Reverse((entry.taken_at(), entry.path.as_os_str().len(), entry.path.clone()))
        });
        Ok(entries)
    }

    /// The newest snapshot of a target that can be read. Only files whose names fit are opened: the
    /// store may hold thousands.
    pub fn newest_of(&self, target: &str) -> Option<Snapshot> {
        let prefix = layout::prefix(target);
        let name = |path: &PathBuf| path.file_name()?.to_str().map(str::to_owned);
        let fits = |path: &PathBuf| {
            is_snapshot(path) && name(path).is_some_and(|name| name.starts_with(&prefix))
        };
        let listing = fs::read_dir(&self.folder).ok()?;
        let mut paths: Vec<PathBuf> = listing.flatten().map(|e| e.path()).filter(fits).collect();
        // The time in the name sorts as text; `-2` of one second is longer than the first.
        paths.sort_by_cached_key(|path| {
            let name = name(path).unwrap_or_default();
            let moment: String = name.chars().skip(prefix.chars().count()).take(16).collect();
            Reverse((moment, name.len(), name))
        });
        let of_target = |snapshot: &Snapshot| snapshot.target.name == target;
        paths.iter().filter_map(|path| Self::load(path).ok()).find(of_target)
    }

    /// Reads a snapshot file, wherever it is.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when it cannot be read or is no snapshot.
    pub fn load(path: &Path) -> Result<Snapshot> {
        codec::decode(&read(path)?, path)
    }

    /// The file meant by `reference`: `latest` or `@1` (the newest), `@2` (the one before) …, a path, the
    /// name of a file in the store, or the name of a target (its newest snapshot).
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when there is none; the message says what there is.
    pub fn resolve(&self, reference: &str) -> Result<PathBuf> {
        let age = if reference == "latest" { Some("1") } else { reference.strip_prefix('@') };
        if let Some(Ok(age)) = age.map(str::parse::<usize>) {
            return self.by_age(age, reference);
        }
        let path = Path::new(reference);
        if path.is_file() {
            return Ok(path.to_owned());
        }
        let names = [self.folder.join(path), self.folder.join(format!("{reference}.{EXTENSION}"))];
        if let Some(path) = names.into_iter().find(|path| path.is_file()) {
            return Ok(path);
        }
        let entries = self.list()?;
        let is_of_target =
            |entry: &&Entry| entry.content.as_ref().is_ok_and(|c| c.target == reference);
        let newest = entries.iter().find(is_of_target);
        newest.map(|e| e.path.clone()).ok_or_else(|| self.not_found(reference, &entries))
    }

    fn by_age(&self, age: usize, reference: &str) -> Result<PathBuf> {
        let entries = self.list()?;
        let mut whole = entries.iter().filter(|entry| entry.content.is_ok());
        let found = age.checked_sub(1).and_then(|skip| whole.nth(skip));
        found.map(|e| e.path.clone()).ok_or_else(|| self.not_found(reference, &entries))
    }

    fn not_found(&self, reference: &str, entries: &[Entry]) -> CollectError {
        let folder = self.folder.display();
        let error = CollectError::new(
            ErrorKind::Store,
            format!("no snapshot `{reference}`: neither a file nor in the store {folder}"),
        );
        let names: Vec<String> = entries.iter().take(5).map(Entry::file_name).collect();
        if names.is_empty() {
            return error
                .hint("make one with `planscope collect TARGET`")
                .hint("name another store with `--store DIR`");
        }
        let more = if entries.len() > names.len() { " …" } else { "" };
        error
            .hint(format!(
                "the store holds {} {}: {}{more}",
                entries.len(),
                if entries.len() == 1 { "snapshot" } else { "snapshots" },
                names.join(", ")
            ))
            .hint("`latest`, `@2` (the one before) or a target's name will do, too")
    }
}

/// The working directory and, when it is inside a repository, its parents up to the root of it.
/// Without a repository the parents are left alone: they may be anybody's, like `/tmp`.
fn project_folders(cwd: &Path) -> Vec<&Path> {
    let root = cwd.ancestors().position(|folder| folder.join(".git").exists());
    cwd.ancestors().take(root.unwrap_or(0) + 1).collect()
}

fn is_snapshot(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == EXTENSION) && path.is_file()
}

fn entry(path: PathBuf) -> Entry {
    let size_bytes = fs::metadata(&path).map_or(0, |meta| meta.len());
    let head = read(&path).and_then(|bytes| codec::decode_head(&bytes, &path));
    let content = head.map_err(|error| error.to_string()).map(|head| Summary {
        target: head.target.name,
        engine: head.target.engine,
        taken_at: head.taken_at,
        statements: head.statements.len(),
    });
    Entry { path, size_bytes, content }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(|error| cannot_read(path, error))?;
    let meta = file.metadata().map_err(|error| cannot_read(path, error))?;
    if meta.is_dir() {
        let message = format!("{} is a folder, not a snapshot", path.display());
        return Err(CollectError::new(ErrorKind::Store, message)
            .hint("name a file, or the folder with `--store DIR`"));
    }
    let mut bytes = Vec::new();
    file.take(codec::MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| cannot_read(path, error))?;
    if bytes.len() as u64 > codec::MAX_BYTES {
        return Err(codec::too_large(path));
    }
    Ok(bytes)
}

fn cannot_read(path: &Path, error: std::io::Error) -> CollectError {
    let (why, hint) = match error.kind() {
        std::io::ErrorKind::NotADirectory => {
            ("it is no folder", "name the folder of snapshots with `--store DIR`")
        }
        std::io::ErrorKind::PermissionDenied => {
            ("permission denied", "choose a folder that you may read with `--store DIR`")
        }
        kind => (unreadable(kind), "`planscope snapshots` lists what the store holds"),
    };
    CollectError::new(ErrorKind::Store, format!("cannot read {}: {why}", path.display()))
        .hint(hint)
        .caused_by(error)
}

fn unreadable(kind: std::io::ErrorKind) -> &'static str {
    match kind {
        std::io::ErrorKind::NotFound => "there is no such file",
        _ => "reading failed",
    }
}

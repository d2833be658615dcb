//! Files of the store: their names, and writing them so that nothing is ever half written.
//!
//! A snapshot is written to a temporary file in the store's own folder, flushed to the disk, and
//! only then given its name; the folder is flushed after that. Whatever happens in between (a full
//! disk, `kill -9`, a power cut), the store holds whole snapshots only, and at worst a leftover
//! `.tmp` that a later save clears away.

use crate::clock;
use crate::error::{CollectError, ErrorKind, Result};
use jiff::Timestamp;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Extension of a snapshot file.
pub const EXTENSION: &str = "planscope";

/// A leftover of a killed process is cleared after this: no save takes an hour.
const LEFTOVER_SECONDS: i64 = 3600;

/// `shop-20260131T142501Z` for a target `shop.db`.
pub(super) fn stem(target: &str, taken_at: &str) -> String {
    let time: String = match taken_at.parse::<Timestamp>() {
        Ok(time) => time.strftime("%Y%m%dT%H%M%SZ").to_string(),
        Err(_) => plain(taken_at, 20),
    };
    format!("{}{time}", prefix(target))
}

/// How the names of a target's files begin. Other targets' may begin so as well.
pub(super) fn prefix(target: &str) -> String {
    let name = Path::new(target).file_name().and_then(|name| name.to_str()).unwrap_or(target);
    let name = [".db", ".sqlite", ".sqlite3", ".db3"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name);
    let name = plain(name, 60);
    format!("{}-", if name.is_empty() { "snapshot" } else { &name })
}

/// Only what every file system and shell takes as it is; no leading dot or dash.
fn plain(text: &str, most: usize) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let text: String = text.chars().map(safe).collect();
    text.trim_matches(['-', '.']).chars().take(most).collect()
}

/// Writes `bytes` as a new file `<stem>.planscope` (or `<stem>-2.planscope` …) and returns its path.
pub(super) fn write_new(folder: &Path, stem: &str, bytes: &[u8]) -> Result<PathBuf> {
    create_folder(folder)?;
    clear_leftovers(folder);
    let temporary = folder.join(format!(".{stem}.{}.tmp", std::process::id()));
    let written = write_temporary(&temporary, bytes)
        .map_err(|error| cannot_write(&temporary, folder, error))
        .and_then(|()| publish(&temporary, folder, stem));
    // Gone already when the rename took it; a failure to remove it must not hide the first error.
    let _ = fs::remove_file(&temporary);
    let path = written?;
    sync_folder(folder).map_err(|error| cannot_write(&path, folder, error))?;
    Ok(path)
}

/// Tries whether a file could be made in `folder`, or in the nearest folder above it that is there.
/// Leaves nothing behind.
pub(super) fn check_writable(folder: &Path) -> Result<()> {
    let is_there = |path: &&Path| !path.as_os_str().is_empty() && path.exists();
    let nearest = folder.ancestors().find(is_there).unwrap_or(Path::new("."));
    if !nearest.is_dir() {
        return Err(cannot_write(folder, folder, io::ErrorKind::NotADirectory.into()));
    }
    let probe = nearest.join(format!(".planscope-{}.tmp", std::process::id()));
    let made = File::options().write(true).create_new(true).open(&probe);
    let _ = fs::remove_file(&probe);
    made.map(drop).map_err(|error| cannot_write(folder, folder, error))
}

fn create_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| cannot_write(folder, folder, error))
}

fn write_temporary(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Left by an earlier process of the same id: nobody else writes it.
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Gives the file its name. A hard link fails where the name is taken, a rename would overwrite.
fn publish(temporary: &Path, folder: &Path, stem: &str) -> Result<PathBuf> {
    for number in 1..=10_000 {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{stem}{suffix}.{EXTENSION}"));
        match fs::hard_link(temporary, &path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            // A file system without hard links: the check and the rename are two steps there.
            Err(_) if !path.exists() => {
                let renamed = fs::rename(temporary, &path);
                return renamed.map(|()| path).map_err(|e| cannot_write(folder, folder, e));
            }
            Err(_) => {}
        }
    }
    Err(CollectError::new(
        ErrorKind::Store,
        format!("{} holds too many snapshots of one second", folder.display()),
    ))
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Removes temporary files that a killed process left long ago. Failing at it harms nothing.
fn clear_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|n| n.starts_with('.') && n.ends_with(".tmp"));
        if is_ours && age_seconds(&entry).is_some_and(|age| age > LEFTOVER_SECONDS) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn age_seconds(entry: &fs::DirEntry) -> Option<i64> {
    let modified = Timestamp::try_from(entry.metadata().ok()?.modified().ok()?).ok()?;
    Some(clock::timestamp().as_second() - modified.as_second())
}

fn cannot_write(path: &Path, folder: &Path, error: io::Error) -> CollectError {
    let why = match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full",
        io::ErrorKind::QuotaExceeded => "the disk quota is used up",
        io::ErrorKind::PermissionDenied => "permission denied",
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => "a file is in the way",
        _ => "writing failed",
    };
    // The temporary name says nothing to the user where the folder itself is the trouble.
    let shown = if path.extension().is_some_and(|e| e == "tmp") { folder } else { path };
    CollectError::new(
        ErrorKind::Store,
        format!("cannot save the snapshot in {}: {why}", shown.display()),
    )
    .hint("choose another folder with `--store DIR`")
    .caused_by(error)
}

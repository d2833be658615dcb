//! Bytes of a snapshot file: one zstd frame, with checksum, around the JSON document.
//!
//! zstd makes the files about ten times smaller, and its length and checksum tell a file that was
//! cut off or damaged from one that is whole. Plain JSON is read too, so that a script can make or
//! edit a snapshot. Nothing here trusts its input: sizes are bounded before they are unpacked.

use super::wire::{SNAPSHOT_SCHEMA, SnapshotDoc};
use crate::error::{CollectError, ErrorKind, Result};
use planscope_explain::workload::Snapshot;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::io::{self, Read, Write};
use std::path::Path;

/// Most bytes of a document: ten thousand statements with large plans are a few hundred MiB, and a
/// file that unpacks to more is a mistake or a trap.
pub const MAX_BYTES: u64 = 1 << 30;

const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
/// Level 3 writes 300 MB/s or so; higher levels win a tenth of the size for three times the work.
const LEVEL: i32 = 3;

/// What a file holds, without its statements and catalog: quick to read for a list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Head {
    pub target: super::wire::TargetDoc,
    pub taken_at: String,
    pub statements: Vec<IgnoredAny>,
}

/// The bytes of a snapshot file.
///
/// # Errors
/// [`ErrorKind::Store`] when it cannot be written as JSON or compressed.
pub fn encode(snapshot: &Snapshot) -> Result<Vec<u8>> {
    let failed = |error: io::Error| {
        CollectError::new(ErrorKind::Store, "cannot encode the snapshot").caused_by(error)
    };
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), LEVEL).map_err(failed)?;
    encoder.include_checksum(true).map_err(failed)?;
    let mut buffered = io::BufWriter::with_capacity(1 << 16, encoder);
    serde_json::to_writer(&mut buffered, &SnapshotDoc::from(snapshot))
        .map_err(|error| failed(error.into()))?;
    buffered.write_all(b"\n").map_err(failed)?;
    let encoder = buffered.into_inner().map_err(|error| failed(error.into_error()))?;
    encoder.finish().map_err(failed)
}

/// The snapshot as a JSON document for people and scripts, ending with a line feed.
///
/// # Errors
/// [`ErrorKind::Store`] when a number is not finite, which would be a defect.
pub fn to_json(snapshot: &Snapshot) -> Result<String> {
    let text = serde_json::to_string_pretty(&SnapshotDoc::from(snapshot)).map_err(|error| {
        CollectError::new(ErrorKind::Store, "cannot write the snapshot as JSON").caused_by(error)
    })?;
    Ok(text + "\n")
}

/// Reads the bytes of a snapshot file; `path` is for the messages.
///
/// # Errors
/// [`ErrorKind::Store`] when the bytes are empty, cut off, damaged, too large, of a newer version
/// or no snapshot at all.
pub fn decode(bytes: &[u8], path: &Path) -> Result<Snapshot> {
    decode_within(bytes, path, MAX_BYTES)
}

/// As [`decode`], with another limit: a test need not fill a GiB.
pub(super) fn decode_within(bytes: &[u8], path: &Path, most_bytes: u64) -> Result<Snapshot> {
    let document: SnapshotDoc = read_document(bytes, path, most_bytes)?;
    Snapshot::try_from(document)
        .map_err(|broken| refuse(path, "is damaged").hint(AGAIN).caused_by(broken))
}

/// Reads only the head of the document.
pub(super) fn decode_head(bytes: &[u8], path: &Path) -> Result<Head> {
    read_document(bytes, path, MAX_BYTES)
}

const AGAIN: &str = "collect again with `planscope collect`, or restore the file from a copy";
const FOREIGN: &str = "snapshots are made by `planscope collect`";

fn read_document<T: DeserializeOwned>(bytes: &[u8], path: &Path, most_bytes: u64) -> Result<T> {
    let json = unpack(bytes, path, most_bytes)?;
    check_schema(&json, path)?;
    serde_json::from_slice(&json).map_err(|error| broken_json(error, &json, path))
}

/// The JSON document as bytes.
fn unpack(bytes: &[u8], path: &Path, most_bytes: u64) -> Result<Vec<u8>> {
    if bytes.is_empty() {
        return Err(refuse(path, "is empty").hint(AGAIN));
    }
    if bytes.trim_ascii_start().first() == Some(&b'{') {
        return Ok(bytes.to_vec());
    }
    if MAGIC.starts_with(bytes) {
        return Err(truncated(path));
    }
    if !bytes.starts_with(&MAGIC) {
        return Err(refuse(path, "is not a planscope snapshot").hint(FOREIGN));
    }
    decompress(bytes, path, most_bytes)
}

fn decompress(bytes: &[u8], path: &Path, most_bytes: u64) -> Result<Vec<u8>> {
    let damaged = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => truncated(path),
        _ => refuse(path, "is damaged").hint(AGAIN).caused_by(error),
    };
    let decoder = zstd::stream::Decoder::with_buffer(bytes).map_err(damaged)?;
    let mut limited = decoder.single_frame().take(most_bytes + 1);
    let mut json = Vec::new();
    limited.read_to_end(&mut json).map_err(damaged)?;
    if json.len() as u64 > most_bytes {
        return Err(too_large(path));
    }
    if !limited.into_inner().finish().is_empty() {
        return Err(refuse(path, "is damaged: there are bytes after its end").hint(AGAIN));
    }
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(refuse(path, "is not a planscope snapshot").hint(FOREIGN));
    }
    Ok(json)
}

/// Looks at the `schema` field alone, so that a newer document is named as such whatever is in it.
fn check_schema(json: &[u8], path: &Path) -> Result<()> {
    #[derive(Deserialize)]
    struct Probe {
        schema: Option<String>,
    }
    let probe: Probe =
        serde_json::from_slice(json).map_err(|error| broken_json(error, json, path))?;
    let schema = probe.schema.unwrap_or_default();
    if schema == SNAPSHOT_SCHEMA {
        return Ok(());
    }
    let version = schema.strip_prefix("planscope.snapshot/").map(str::parse::<u64>);
    Err(match version {
        Some(Ok(version)) if version > 1 => {
            refuse(path, &format!("was written by a newer planscope: {schema}"))
                .hint("install the current release of planscope")
        }
        _ if schema.starts_with("planscope.") => {
            refuse(path, &format!("is a {schema} document, not a snapshot")).hint(FOREIGN)
        }
        _ => refuse(path, "is not a planscope snapshot").hint(FOREIGN),
    })
}

fn broken_json(error: serde_json::Error, json: &[u8], path: &Path) -> CollectError {
    // A number that breaks off (`7.`) is no end to serde_json, but a number that is wrong.
    let in_number = matches!(json.last(), Some(b'.' | b'-' | b'+' | b'e' | b'E'));
    if error.is_eof() || (error.is_syntax() && in_number) {
        return truncated(path);
    }
    let what = if error.is_data() { "is damaged" } else { "is not a planscope snapshot" };
    refuse(path, what).hint(if error.is_data() { AGAIN } else { FOREIGN }).caused_by(error)
}

fn truncated(path: &Path) -> CollectError {
    refuse(path, "is truncated: its end is missing").hint(AGAIN)
}

pub(super) fn too_large(path: &Path) -> CollectError {
    refuse(path, "is larger than 1 GiB").hint("collect fewer statements with `--top`")
}

fn refuse(path: &Path, what: &str) -> CollectError {
    CollectError::new(ErrorKind::Store, format!("{} {what}", path.display()))
}

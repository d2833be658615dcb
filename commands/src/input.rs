//! What the user named: a target, a snapshot, or the text of a plan.

use crate::ctx::Ctx;
use crate::error::{CommandError, Result};
use crate::safe::repeatable;
use crate::secret;
use planscope_collection::Target;
use planscope_collection::store::Store;
use planscope_explain::formats::{self, Format, MAX_BYTES, Reading};
use planscope_explain::plan::Plan;
use planscope_explain::workload::{
    Catalog, Coverage, PlanRecord, Snapshot, Statement, TargetIdentity, Window, fingerprint,
};
use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::Path;

/// What the user named.
pub enum Input {
    /// A database.
    Target(Box<Target>),
    /// A snapshot, and how to call it.
    Snapshot(Box<Snapshot>, String),
    /// Text that should hold plans, and how to call it.
    Text(String, String),
}

/// The first bytes of a zstd frame, in which snapshots are kept.
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// The first bytes of an SQLite database.
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";

/// Finds out what `name` is: `-` is stdin, then URLs, files, and snapshots in the store.
pub fn resolve(ctx: &Ctx, name: &str) -> Result<Input> {
    if name == "-" {
        if std::io::stdin().is_terminal() {
            ctx.ui.say("paste the output of EXPLAIN, then press Ctrl-D (Ctrl-C to leave)");
        }
        let text = read_text(std::io::stdin().lock(), "stdin")?;
        return Ok(Input::Text(text, "stdin".to_owned()));
    }
    let path = Path::new(name);
    if is_url(name) {
        return Ok(Input::Target(Box::new(Target::parse_with(name, &ctx.environment)?)));
    }
    if path.is_file() {
        return from_file(ctx, path, name);
    }
    if path.is_dir() {
        return Err(CommandError::input(format!("{name} is a folder"))
            .hint("name a plan file, a snapshot or a target"));
    }
    if repeatable(name) != name {
        return Err(no_target(name));
    }
    if let Some(target) = from_config(ctx, name)? {
        return Ok(Input::Target(Box::new(target)));
    }
    match ctx.store()?.resolve(name) {
        Ok(path) => snapshot_at(&path),
        Err(error) => Err(CommandError::from(error).hint(
            "a target is written as a URL: postgres://user@host/db, mysql://user@host/db, sqlite:FILE; \
             a plan file as its path",
        )),
    }
}

/// The target of that name in the config, with its password where a command gives it.
fn from_config(ctx: &Ctx, name: &str) -> Result<Option<Target>> {
    let Some(entry) = ctx.config()?.targets.get(name) else { return Ok(None) };
    let target = Target::parse_with(&entry.url, &ctx.environment)
        .map_err(|error| CommandError::from(error).at(format!("target {name}")))?
        .named(name);
    if target.has_password() {
        return Ok(Some(target));
    }
    let password = match (&entry.password_command, entry.keyring) {
        (Some(command), _) => secret::from_command(command, name)?,
        (None, true) => secret::from_keyring(name)?,
        (None, false) => return Ok(Some(target)),
    };
    Ok(Some(target.with_password(password)))
}

/// As [`resolve`], and it must be a target.
pub fn target(ctx: &Ctx, name: &str) -> Result<Target> {
    match resolve_target(ctx, name)? {
        Some(target) => Ok(target),
        None => Err(no_target(name)),
    }
}

fn no_target(name: &str) -> CommandError {
    CommandError::usage(format!("`{}` is no target", repeatable(name)))
        .hint("write it as a URL: postgres://user@host/db, mysql://user@host/db, sqlite:FILE")
}

fn resolve_target(ctx: &Ctx, name: &str) -> Result<Option<Target>> {
    let path = Path::new(name);
    if is_url(name) || (path.is_file() && starts_with(path, SQLITE_MAGIC)) {
        return Ok(Some(Target::parse_with(name, &ctx.environment)?));
    }
    from_config(ctx, name)
}

/// Whether it begins like `scheme:`; one letter is a drive, not a scheme.
fn is_url(name: &str) -> bool {
    name.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+')
    }) && !Path::new(name).exists()
}

fn starts_with(path: &Path, magic: &[u8]) -> bool {
    let mut head = vec![0; magic.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == magic
}

fn from_file(ctx: &Ctx, path: &Path, name: &str) -> Result<Input> {
    if starts_with(path, SQLITE_MAGIC) {
        return Ok(Input::Target(Box::new(Target::parse_with(name, &ctx.environment)?)));
    }
    if starts_with(path, ZSTD_MAGIC) {
        return snapshot_at(path);
    }
    let file = File::open(path).map_err(|error| CommandError::from(error).at(name))?;
    let text = read_text(file, name)?;
    let head: String = text.chars().take(200).collect();
    if head.trim_start().starts_with('{') && head.contains("planscope.snapshot/") {
        return snapshot_at(path);
    }
    Ok(Input::Text(text, name.to_owned()))
}

fn snapshot_at(path: &Path) -> Result<Input> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Input::Snapshot(Box::new(Store::load(path)?), name))
}

/// Reads text up to the limit of a plan.
fn read_text(source: impl Read, name: &str) -> Result<String> {
    let mut bytes = Vec::new();
    let most = MAX_BYTES as u64 + 1;
    source
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| CommandError::from(error).at(name))?;
    if bytes.len() as u64 == most {
        return Err(CommandError::input(format!("{name}: more than {} MiB", MAX_BYTES >> 20))
            .hint("planscope reads plans, not whole logs: cut the plan out"));
    }
    if let Some(text) = from_utf16(&bytes) {
        return Ok(text);
    }
    // Windows marks UTF-8 as well.
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        CommandError::input(format!("{name}: not UTF-8 text (byte {at})"))
            .hint("is this a plan? Save the output of EXPLAIN as text or JSON")
    })
}

/// The text of UTF-16 with its byte order mark, which is what `>` writes in PowerShell.
fn from_utf16(bytes: &[u8]) -> Option<String> {
    let (unit, units): (fn([u8; 2]) -> u16, _) = match bytes {
        [0xff, 0xfe, units @ ..] => (u16::from_le_bytes, units),
        [0xfe, 0xff, units @ ..] => (u16::from_be_bytes, units),
        _ => return None,
    };
    if units.len() % 2 != 0 {
        return None;
    }
    let units: Vec<u16> = units.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok()
}

/// The plans in `text`.
pub fn plans(text: &str, name: &str, format: Option<&'static Format>) -> Result<Vec<Reading>> {
    formats::read(text, format).map_err(|error| CommandError::from(error).at(name))
}

/// A snapshot that holds plans read from text, each as a statement of its own.
pub fn snapshot_of_plans(readings: &[Reading], name: &str) -> Option<Snapshot> {
    let engine = readings.first()?.plan.engine;
    let statement = |reading: &Reading| statement_of(reading.plan.clone());
    Some(snapshot_of(engine, name, readings.iter().map(statement).collect()))
}

/// A plan as the only one of its statement.
pub fn statement_of(plan: Plan) -> Statement {
    let text = plan.statement.clone().unwrap_or_default();
    Statement {
        fingerprint: fingerprint::fingerprint(&text, plan.engine),
        text,
        plans: vec![PlanRecord { plan, raw: None }],
        ..Statement::default()
    }
}

/// A snapshot of these statements and nothing else.
pub fn snapshot_of(
    engine: planscope_explain::Engine,
    name: &str,
    statements: Vec<Statement>,
) -> Snapshot {
    Snapshot {
        target: TargetIdentity {
            name: name.to_owned(),
            engine,
            version: String::new(),
            database: None,
        },
        taken_at: String::new(),
        window: Window::default(),
        coverage: Coverage { statements: statements.len() as u64, ..Coverage::default() },
        statements,
        catalog: Catalog::default(),
        settings: Default::default(),
        problems: Vec::new(),
        log: None,
    }
}

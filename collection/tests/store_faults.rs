//! What the store survives: `kill -9` at any moment of a save, and a full disk.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![expect(
    clippy::disallowed_methods,
    reason = "the child learns from its environment what it is, the kills are spread over a save"
)]

use planscope_collection::ErrorKind;
use planscope_collection::store::Store;
use planscope_explain::Engine;
use planscope_explain::workload::{
    Coverage, Fingerprint, PlanRecord, Snapshot, Statement, TargetIdentity, Window,
};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where the child is to save; set only for it.
const FOLDER: &str = "PLANSCOPE_TEST_SAVE_INTO";

/// A snapshot of about that many bytes, of which little can be compressed away.
fn snapshot(statements: u64) -> Snapshot {
    let plan = "Seq Scan on t  (cost=0.00..35.50 rows=10 width=4)\n";
    let statement = |id: u64| {
        let plan = planscope_explain::formats::read(plan, None).unwrap().swap_remove(0).plan;
        let noise: String =
            (0..512).map(|i| format!("{:016x}", mixed(id * 512 + i))).collect::<Vec<_>>().concat();
        Statement {
            fingerprint: Fingerprint(id),
            text: format!("SELECT c{noise} FROM t"),
            plans: vec![PlanRecord { plan, raw: None }],
            ..Statement::default()
        }
    };
    Snapshot {
        target: TargetIdentity {
            name: "shop".into(),
            engine: Engine::Postgres,
            version: "18".into(),
            database: None,
        },
        taken_at: "2026-11-21T10:00:00Z".into(),
        window: Window::default(),
        coverage: Coverage::default(),
        statements: (0..statements).map(statement).collect(),
        catalog: Default::default(),
        settings: Default::default(),
        log: None,
        problems: Vec::new(),
    }
}

/// Splitmix64: the same on every machine.
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 31)
}

/// Not a test by itself: the process that is killed.
#[test]
fn child_that_saves() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = Store::open(folder);
    let snapshot = snapshot(8);
    let mut out = std::io::stdout();
    for _ in 0..20 {
        writeln!(out, "begin").unwrap();
        out.flush().unwrap();
        let path = store.save(&snapshot).unwrap();
        writeln!(out, "saved {}", path.display()).unwrap();
        out.flush().unwrap();
    }
}

fn child(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child_that_saves", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// How long the child takes for a save.
fn time_of_a_save() -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let mut child = child(folder.path());
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut begun = lines.map_while(Result::ok).filter(|line| line.ends_with("begin"));
    begun.next();
    let start = Instant::now();
    let saves = begun.count();
    child.wait().unwrap();
    start.elapsed() / u32::try_from(saves).unwrap()
}

/// Starts the child, waits until it has begun a save or two and then some more, and kills it; gives
/// what it said it had saved.
fn killed(folder: &Path, round: usize, more: Duration) -> Vec<PathBuf> {
    let mut child = child(folder);
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    let mut text = String::new();
    let mut begun = 0;
    while begun <= round % 3 && lines.read_line(&mut line).unwrap() > 0 {
        begun += usize::from(line.ends_with("begin\n"));
        text.push_str(&line);
        line.clear();
    }
    let start = Instant::now();
    while start.elapsed() < more {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    lines.read_to_string(&mut text).unwrap();
    let saved = text.lines().filter_map(|line| line.split_once("saved "));
    saved.map(|(_, path)| PathBuf::from(path)).collect()
}

#[test]
fn killed_two_hundred_times_it_opens_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path());
    let first = store.save(&snapshot(3)).unwrap();
    let mut promised = vec![first];
    let mut interrupted = 0;
    let save = time_of_a_save();
    for round in 0..200 {
        // Another moment of the save each time.
        let more = save * u32::try_from(round).unwrap() / 200;
        promised.extend(killed(folder.path(), round, more));
        let leftover =
            |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().ends_with(".tmp");
        let leftovers: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().flatten().filter(leftover).collect();
        interrupted += leftovers.len();
        // A later save would do it after an hour.
        leftovers.iter().for_each(|entry| std::fs::remove_file(entry.path()).unwrap());
    }
    let entries = store.list().unwrap();
    for entry in &entries {
        assert!(entry.content.is_ok(), "{entry:?}");
        assert!(Store::load(&entry.path).is_ok(), "{entry:?}");
    }
    for path in &promised {
        assert!(entries.iter().any(|entry| entry.path == *path), "{} is lost", path.display());
    }
    let size: u64 = entries.iter().map(|entry| entry.size_bytes).sum();
    println!(
        "a save takes {save:?}; {} snapshots, {size} bytes, {} promised, {interrupted} saves killed in the middle",
        entries.len(),
        promised.len()
    );
    assert!(interrupted > 0, "no kill came in the middle of a save");
    store.save(&snapshot(3)).unwrap();
}

/// A file system of 256 KiB, for whoever may mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
            .arg(folder)
            .stderr(Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_said_and_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_disk) = SmallDisk::mount(folder.path()) else {
        // Past the test runner, which keeps what a passing test prints to itself.
        let _ = writeln!(std::io::stderr(), "skipped: mounting a small disk takes root");
        return;
    };
    let store = Store::open(folder.path().join("store"));
    let kept = store.save(&snapshot(3)).unwrap();
    let error = store.save(&snapshot(100)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Store);
    assert!(error.message.contains("No space left") || error.message.contains("full"), "{error}");
    assert!(!error.hints.is_empty());
    // Nothing is left of the attempt, and what was there is whole.
    let names: Vec<_> = std::fs::read_dir(store.folder()).unwrap().flatten().collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert_eq!(Store::load(&kept).unwrap(), Store::load(&kept).unwrap());
    store.save(&snapshot(3)).unwrap();
}

//! The store: round trips, and everything that can be wrong with a file.

use super::*;
use planscope_explain::Engine;
use planscope_explain::plan::{
    Actual, Condition, ConditionKind, Node, Operator, Plan, PlanBuilder, Role, Trigger, Workers,
};
use planscope_explain::workload::{
    Catalog, Column, Coverage, Fingerprint, Index, IndexKey, PlanRecord, Problem, Source,
    Statement, Table, TargetIdentity, Window,
};
use proptest::prelude::*;

fn node(operator: Operator, seed: u32) -> Node {
    let mut node = Node::new(operator, format!("label {seed}"));
    node.role = if seed.is_multiple_of(3) { Role::InitPlan } else { Role::Inner };
    node.relation = Some("orders".into());
    node.alias = Some("o".into());
    node.subplan = Some("InitPlan 1 (returns $0)".into());
    node.join_type = Some("Left".into());
    node.estimate.rows_per_loop = Some(f64::from(seed) + 0.5);
    node.estimate.total_cost = Some(f64::from(seed) * 8.0);
    node.actual = (!seed.is_multiple_of(5)).then(|| Actual {
        loops: f64::from(seed % 4),
        rows_per_loop: 2.5,
        rows_rounding: 0.005,
        startup_ms_per_loop: Some(0.25),
        total_ms_per_loop: Some(f64::from(seed)),
    });
    node.buffers.shared_hit = Some(u64::from(seed));
    node.removed.by_filter = Some(7.0);
    node.memory.method = Some("external merge".into());
    node.memory.disk_bytes = Some(1 << 40);
    node.workers = Some(Workers { planned: Some(2), launched: Some(1) });
    node.conditions.push(Condition::new(ConditionKind::JoinFilter, "(a = \"b\")"));
    node.details.insert("Sort Space".into(), serde_json::json!({"Used": [1, null, "ü"]}));
    node
}

/// A plan whose node `i` hangs on the ancestor that `closes[i]` levels up leaves open.
fn plan_of(closes: &[u32]) -> Plan {
    let mut builder = PlanBuilder::new();
    builder.open(node(Operator::NestedLoop, 0)).unwrap();
    for (i, up) in closes.iter().enumerate() {
        let depth = builder.depth().saturating_sub(*up as usize).max(1);
        builder.close_to_depth(depth);
        builder.open(node(Operator::IndexScan, i as u32 + 1)).unwrap();
    }
    let mut plan = builder.finish(Engine::Postgres, "postgres-json").unwrap();
    plan.settings.push(("work_mem".into(), "1MB".into()));
    plan.triggers.push(Trigger {
        name: "t".into(),
        relation: None,
        total_ms: Some(1.5),
        calls: 3.0,
    });
    plan.execution_ms = Some(12.25);
    plan
}

fn statement(plan: Plan) -> Statement {
    let fingerprint = Fingerprint(0xfedc_ba98_7654_3210);
    let mut statement = Statement {
        fingerprint,
        engine_id: Some("-8123456789012345678".into()),
        text: "select *\nfrom orders where id = $1 -- ü".into(),
        name: Some("orders_by_id".into()),
        source: Some(Source { file: "q.sql".into(), line: 3 }),
        plans: vec![PlanRecord { plan, raw: Some("raw\ttext".into()) }],
        problems: vec![Problem {
            kind: "timeout".into(),
            message: "5 s".into(),
            statement: Some(fingerprint),
        }],
        ..Statement::default()
    };
    statement.counters.calls = Some(40.0);
    statement.counters.vm_steps = Some(4_503_599_627_370.5);
    statement.percentiles.p95_ms = Some(0.125);
    statement
}

fn catalog() -> Catalog {
    let column = Column {
        name: "id".into(),
        data_type: "integer".into(),
        distinct: Some(1e6),
        common_shares: vec![0.5, 0.25],
        ..Column::default()
    };
    let table = Table { name: "orders".into(), columns: vec![column], ..Table::default() };
    let keys = vec![IndexKey { descending: true, ..IndexKey::column("id") }];
    let index = Index { table: "orders".into(), name: "i".into(), keys, ..Index::default() };
    Catalog { tables: vec![table], indexes: vec![index] }
}

pub(crate) fn snapshot(target: &str, taken_at: &str, plan: Plan) -> Snapshot {
    Snapshot {
        target: TargetIdentity {
            name: target.into(),
            engine: Engine::Postgres,
            version: "18.1".into(),
            database: Some("shop".into()),
        },
        taken_at: taken_at.into(),
        window: Window { from: None, to: Some(taken_at.into()) },
        coverage: Coverage { statements: 1, of: 7, time_share: Some(0.75) },
        statements: vec![statement(plan)],
        catalog: catalog(),
        settings: [("work_mem".to_owned(), "4MB".to_owned())].into(),
        problems: Vec::new(),
        log: None,
    }
}

fn example() -> Snapshot {
    snapshot("shop.db", "2026-01-31T14:25:01.5Z", plan_of(&[0, 1, 0, 2, 5, 0]))
}

fn error_of(bytes: &[u8]) -> CollectError {
    let error = codec::decode(bytes, Path::new("some.planscope")).expect_err("must be refused");
    assert_eq!(error.kind, ErrorKind::Store);
    assert!(error.message.starts_with("some.planscope "), "{error}");
    assert!(!error.hints.is_empty());
    error
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_tree_survives_the_file(closes in prop::collection::vec(0_u32..6, 0..40)) {
        let original = snapshot("t", "2026-01-31T14:25:01Z", plan_of(&closes));
        let bytes = codec::encode(&original).unwrap();
        prop_assert_eq!(codec::decode(&bytes, Path::new("x")).unwrap(), original);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), json: bool) {
        let mut input = if json { b"{\"schema\":\"planscope.snapshot/1\",".to_vec() } else { vec![] };
        input.extend(bytes);
        let _ = codec::decode(&input, Path::new("x"));
    }
}

#[test]
fn a_deep_plan_survives_the_file() {
    let original = snapshot("t", "2026-01-31T14:25:01Z", plan_of(&[0; 20_000]));
    let bytes = codec::encode(&original).unwrap();
    assert_eq!(codec::decode(&bytes, Path::new("x")).unwrap(), original);
}

#[test]
fn save_list_load_resolve() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("a/b"));
    assert_eq!(store.list().unwrap(), []);
    let first = store.save(&example()).unwrap();
    let second = store.save(&example()).unwrap();
    let later = snapshot("prod", "2026-02-01T00:00:00Z", plan_of(&[]));
    let third = store.save(&later).unwrap();
    assert_eq!(first.file_name().unwrap(), "shop-20260131T142501Z.planscope");
    assert_eq!(second.file_name().unwrap(), "shop-20260131T142501Z-2.planscope");
    assert_eq!(Store::load(&first).unwrap(), example());

    let broken = store.folder().join("zzz.planscope");
    fs::write(&broken, "nonsense").unwrap();
    let entries = store.list().unwrap();
    assert_eq!(entries.len(), 4);
    assert_eq!(entries[0].path, third);
    let summary = entries[0].content.clone().unwrap();
    assert_eq!((summary.target.as_str(), summary.statements), ("prod", 1));
    assert!(entries[3].content.as_ref().unwrap_err().contains("is not a planscope snapshot"));

    assert_eq!(store.resolve("latest").unwrap(), third);
    assert_eq!(store.resolve("@2").unwrap(), second);
    assert_eq!(store.resolve("@3").unwrap(), first);
    assert_eq!(store.resolve("prod").unwrap(), third);
    assert_eq!(store.resolve("shop-20260131T142501Z").unwrap(), first);
    assert_eq!(store.resolve(first.to_str().unwrap()).unwrap(), first);
    let error = store.resolve("@9").unwrap_err();
    assert!(error.hints[0].contains("holds 4 snapshots: prod-"), "{:?}", error.hints);
}

#[cfg(unix)]
#[test]
fn files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("s"));
    let path = store.save(&example()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(store.folder()), 0o700);
}

#[test]
fn every_truncation_is_told() {
    let bytes = codec::encode(&example()).unwrap();
    for len in (1..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        assert!(error_of(&bytes[..len]).message.contains("is truncated"), "at {len}");
    }
    let json = serde_json::to_vec(&wire::SnapshotDoc::from(&example())).unwrap();
    assert_eq!(codec::decode(&json, Path::new("x")).unwrap(), example());
    for len in (1..json.len()).step_by(7) {
        assert!(error_of(&json[..len]).message.contains("is truncated"), "at {len}");
    }
}

#[test]
fn every_flipped_byte_is_noticed() {
    let bytes = codec::encode(&example()).unwrap();
    for at in (0..bytes.len()).step_by(13) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        error_of(&damaged);
    }
}

#[test]
fn foreign_files_are_refused_and_left_alone() {
    let says = |bytes: &[u8]| error_of(bytes).message;
    assert!(says(b"").contains("is empty"));
    assert!(says(b"SQLite format 3\0").contains("is not a planscope snapshot"));
    assert!(says(b"{\"a\": 1}").contains("is not a planscope snapshot"));
    assert!(
        says(b"{\"schema\": \"planscope.explain/1\"}").contains("planscope.explain/1 document")
    );
    assert!(
        says(b"{\"schema\": \"planscope.snapshot/2\", \"statements\": 3}")
            .contains("was written by a newer planscope: planscope.snapshot/2")
    );
    assert!(says(b"{\"schema\": \"planscope.snapshot/1\", \"statements\": 3}").contains("damaged"));
    let foreign = zstd::encode_all(&b"PNG"[..], 1).unwrap();
    assert!(says(&foreign).contains("is not a planscope snapshot"));
    let mut trailing = codec::encode(&example()).unwrap();
    trailing.extend(b"more");
    assert!(says(&trailing).contains("after its end"));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.planscope");
    fs::write(&path, "my notes").unwrap();
    assert!(Store::load(&path).is_err());
    assert_eq!(fs::read(&path).unwrap(), b"my notes");
}

#[test]
fn a_bomb_is_refused() {
    let blanks = std::io::repeat(b' ').take(2 << 20);
    let bomb = zstd::encode_all(b"{".chain(blanks), 1).unwrap();
    assert!(bomb.len() < 1000);
    let error = codec::decode_within(&bomb, Path::new("x"), 1 << 20).unwrap_err();
    assert!(error.message.contains("larger than 1 GiB"), "{error}");
}

#[test]
fn a_damaged_tree_is_refused() {
    let mut doc = wire::SnapshotDoc::from(&example());
    doc.statements[0].plans[0].nodes[2].depth = 9;
    let error = error_of(&serde_json::to_vec(&doc).unwrap());
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.starts_with("statements[0].plans[0]."), "{cause}");
}

#[test]
fn a_failed_save_leaves_nothing_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("store");
    fs::write(&in_the_way, "a file").unwrap();
    let error = Store::open(in_the_way.join("deeper")).save(&example()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Store);
    assert!(error.message.contains("a file is in the way"), "{error}");
    assert!(error.hints[0].contains("--store DIR"));
    assert_eq!(fs::read(&in_the_way).unwrap(), b"a file");
}

#[test]
fn leftovers_are_ignored_and_cleared_when_old() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join(".shop-1.1.tmp");
    let fresh = folder.path().join(".shop-2.2.tmp");
    fs::write(&old, "half").unwrap();
    fs::write(&fresh, "half").unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
    let store = Store::open(folder.path());
    assert_eq!(store.list().unwrap(), []);
    store.save(&example()).unwrap();
    assert!(!old.exists() && fresh.exists());
}

#[test]
fn the_nearest_store_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let deep = root.join("repo/src/deep");
    fs::create_dir_all(&deep).unwrap();
    let at = |cwd: &Path, explicit: Option<&Path>| {
        let home = Some(root);
        let places = Places { explicit, cwd, xdg_data_home: Some(Path::new("relative")), home };
        Store::locate(places).unwrap().folder().to_owned()
    };
    let xdg = root.join(".local/share/planscope/snapshots");
    fs::create_dir(root.join(".planscope")).unwrap();
    assert_eq!(at(&deep, None), xdg, "outside a repository parents are not searched");
    assert_eq!(at(root, None), root.join(".planscope"));
    fs::create_dir(root.join("repo/.git")).unwrap();
    assert_eq!(at(&deep, None), xdg, "nor beyond the root of the repository");
    fs::create_dir(root.join("repo/.planscope")).unwrap();
    assert_eq!(at(&deep, None), root.join("repo/.planscope"));
    assert_eq!(at(&deep, Some(Path::new("/x"))), Path::new("/x"));
}

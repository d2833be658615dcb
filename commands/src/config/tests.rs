//! Tests of reading config files.

use super::*;
use crate::gate::FailOn;

fn read(text: &str) -> Result<Config> {
    let mut config = Config::default();
    config.add(text, Path::new("planscope.toml"))?;
    config.check()?;
    Ok(config)
}

fn message(text: &str) -> String {
    read(text).map(|_| ()).unwrap_err().message
}

const WHOLE: &str = r#"
[targets.shop]
url = "postgres://planscope@db1/shop"
groups = ["prod"]
password-command = "pass show shop"

[targets.old]
url = "mysql://db2/old"

[groups]
prod = ["old"]

[thresholds]
large-offset-rows = 50

[[suppress]]
rule = "sort-spill"
relation = "audit"
reason = "nightly report"
until = "2026-12-31"
"#;

#[test]
fn targets_groups_limits_and_suppressions_are_read() {
    let config = read(WHOLE).unwrap();
    assert_eq!(config.targets["shop"].url, "postgres://planscope@db1/shop");
    let mut prod = config.group("prod").unwrap().to_vec();
    prod.sort();
    assert_eq!(prod, ["old", "shop"]);
    assert_eq!(config.thresholds.large_offset_rows, 50.0);
    assert_eq!(config.suppressions[0].relation.as_deref(), Some("audit"));
    assert_eq!(config.group("test").unwrap_err().hints, ["groups are prod"]);
}

#[test]
fn errors_have_file_line_and_column_and_no_secret() {
    let place = |text: &str| message(text).split_once(": ").map(|(at, _)| at.to_owned());
    assert_eq!(place("\n[thresholds]\nwarp = 1\n").as_deref(), Some("planscope.toml:3:8"));
    assert_eq!(place("[targets.a]\nurl = 5\n").as_deref(), Some("planscope.toml:2:7"));
    assert_eq!(place("x = \n").as_deref(), Some("planscope.toml:1:5"));
    assert!(message("[targets.a]\nurl = \"x\"\npasword = \"s3cret\"\n").contains("unknown field"));
    for broken in ["[targets.a]\nurl = \"postgres://u:s3cret@h/d\n", "[targets.a]\nurl = s3cret"] {
        assert!(!message(broken).contains("s3cret"), "{}", message(broken));
    }
}

#[test]
fn suppressions_must_make_sense() {
    let with = |body: &str| message(&format!("[[suppress]]\n{body}"));
    assert!(with("reason = \"x\"").contains("names a rule, a statement or a relation"));
    assert!(with("rule = \"nope\"\nreason = \"x\"").contains("no rule `nope`"));
    assert!(with("rule = \"sort-spill\"").contains("missing field `reason`"));
    let day = with("rule = \"sort-spill\"\nreason = \"x\"\nuntil = \"31.12.2026\"");
    assert!(day.contains("is no day"), "{day}");
}

const GATE: &str = r#"
[baseline]
folder = "plans"
queries = ["sql", "more/x.sql"]
target = "ci"

[diff]
fail-on = ["worse", "new-seq-scan"]
tolerance = 1.5
least-rows = 500

[[diff.policy]]
query = "report_*"
tolerance = 3
fail-on = ["never"]

[[diff.allow]]
query = "orders_of_customer"
kinds = ["access-path"]
reason = "until the index is back"
expires = "2026-12-31"
"#;

#[test]
fn the_gate_is_read_with_its_places() {
    let config = read(GATE).unwrap();
    assert_eq!(config.diff.fail_on, Some(vec![FailOn::Worse, FailOn::NewSeqScan]));
    assert_eq!((config.diff.tolerance, config.diff.least_rows), (Some(1.5), Some(500.0)));
    assert_eq!(config.diff.policies[0].tolerance, Some(3.0));
    assert_eq!(config.diff.allows[0].place, "planscope.toml:17");
    assert_eq!(config.diff.allows[0].kinds, ["access-path"]);
    assert_eq!(config.baseline.folder.as_deref(), Some(Path::new("plans")));
    assert_eq!(config.baseline.queries.len(), 2);
    assert_eq!(config.baseline.target.as_deref(), Some("ci"));
}

#[test]
fn a_gate_that_makes_no_sense_is_refused_with_its_line() {
    let wrong = |text: &str, what: &str| {
        let message = message(text);
        assert!(message.contains(what), "{message}");
        message.split(": ").next().unwrap_or_default().to_owned()
    };
    assert_eq!(
        wrong("[diff]\nfail-on = [\"warp\"]\n", "no `warp` to fail on"),
        "planscope.toml:2:12"
    );
    assert_eq!(wrong("[diff]\ntolerance = 0.5\n", "1 or more"), "planscope.toml:2:13");
    wrong("[diff]\nconfidence = 1\n", "between 0 and 1");
    wrong("[diff]\nleast-cost = -1\n", "0 or more");
    wrong("[[diff.policy]]\ntolerance = 2\n", "names its statements");
    wrong("[[diff.policy]]\nquery = \"a\"\n", "says a tolerance or fail-on");
    let allow = |body: &str, what: &str| wrong(&format!("\n[[diff.allow]]\n{body}"), what);
    let at = allow("reason = \"x\"\nexpires = \"2026-12-31\"", "names its statements");
    assert_eq!(at, "planscope.toml:2:1");
    allow("query = \"a\"\nexpires = \"2026-12-31\"", "missing field `reason`");
    allow("query = \"a\"\nreason = \"x\"", "missing field `expires`");
    allow("query = \"a\"\nreason = \" \"\nexpires = \"2026-12-31\"", "says its reason");
    allow("query = \"a\"\nreason = \"x\"\nexpires = \"soon\"", "is no day");
    allow("query = \"a\"\nreason = \"x\"\nexpires = \"2026-12-31\"\nkinds = [\"x\"]", "no `x`");
    allow("fingerprint = \"xyz\"\nreason = \"x\"\nexpires = \"2026-12-31\"", "hexadecimal");
}

#[test]
fn a_group_names_targets_that_are_there() {
    let text = "[groups]\nprod = [\"shop\"]\n";
    assert!(message(text).contains("names the target `shop`, which is not there"));
}

#[test]
fn the_project_wins_over_the_user() {
    let folder = tempfile::tempdir().unwrap();
    let user = folder.path().join("home/.config/planscope");
    let project = folder.path().join("repo/sub");
    std::fs::create_dir_all(&user).unwrap();
    std::fs::create_dir_all(&project).unwrap();
    std::fs::create_dir_all(folder.path().join("repo/.git")).unwrap();
    let target = |url: &str| format!("[targets.shop]\nurl = \"{url}\"\n");
    std::fs::write(user.join("planscope.toml"), target("mysql://user")).unwrap();
    std::fs::write(folder.path().join("repo/planscope.toml"), target("mysql://project")).unwrap();
    let home = Some(folder.path().join("home"));
    let places = Places { cwd: project, home, ..Places::default() };
    let config = Config::load(&places).unwrap();
    assert_eq!((config.files.len(), config.targets["shop"].url.as_str()), (2, "mysql://project"));
    let outside = Places { cwd: folder.path().join("home"), ..places };
    assert_eq!(Config::load(&outside).unwrap().targets["shop"].url, "mysql://user");
}

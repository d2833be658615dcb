//! What `explain` shows of the recorded plans, in every output.

use crate::support::TestEnv;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Recorded plans of one version of each engine: forty of each, evenly chosen, because every one is a
/// run of the program. (Every fixture is read by the tests of planscope-explain.)
fn fixtures() -> Vec<PathBuf> {
    const OF_EACH: usize = 40;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/plans");
    let folders = |at: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path());
        let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        folders.sort();
        folders
    };
    let newest = folders(&root).into_iter().filter_map(|engine| folders(&engine).pop());
    let is_plan = |path: &PathBuf| {
        let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        matches!(ending.as_str(), "txt" | "json" | "yaml" | "xml")
    };
    let of_engine = |at: PathBuf| {
        let entries = std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = entries.filter(is_plan).collect();
        files.sort();
        let step = files.len().div_ceil(OF_EACH).max(1);
        files.into_iter().step_by(step)
    };
    let files: Vec<PathBuf> = newest.flat_map(of_engine).collect();
    assert!(files.len() > 50, "{files:?}");
    files
}

fn shown(env: &TestEnv, plan: &Path, args: &[&str]) -> String {
    let plan = plan.display().to_string();
    let all = ["explain", plan.as_str()].into_iter().chain(args.iter().copied());
    env.run(all).code(0).stdout
}

/// Our own lines; SQL that can be pasted and names of files may be longer.
fn widest(text: &str) -> usize {
    let ours = text.lines().filter(|line| !line.contains('/') && !line.contains("CREATE"));
    ours.map(|line| line.chars().count()).max().unwrap_or(0)
}

#[test]
fn trees_and_tables_of_all_plans_fit_with_and_without_ascii() {
    let env = TestEnv::new();
    for plan in fixtures() {
        for (format, width, ascii) in
            [("text", 80, false), ("table", 80, true), ("text", 40, true), ("table", 40, false)]
        {
            let width_text = width.to_string();
            let mut args = vec!["--format", format, "--width", &width_text];
            args.extend(ascii.then_some("--ascii"));
            let text = shown(&env, &plan, &args);
            assert!(widest(&text) <= width, "{} {args:?}\n{text}", plan.display());
            assert!(!ascii || text.is_ascii(), "{}\n{text}", plan.display());
        }
    }
}

#[test]
fn every_metric_is_shown_or_its_absence_is() {
    let env = TestEnv::new();
    let spill = env.file(
        "spill.txt",
        "Sort  (cost=9.00..9.00 rows=9 width=4) (actual time=90.0..99.0 rows=9000 loops=1)
  Sort Method: external merge  Disk: 40960kB
  Buffers: shared hit=700 read=30, temp read=5120 written=5130
  ->  Seq Scan on orders  (cost=0.00..8.00 rows=9 width=4) (actual time=0.1..9.0 rows=9000 loops=1)
        Buffers: shared hit=700 read=30
",
    );
    let with = |metric| shown(&env, &spill, &["--metric", metric]);
    for (metric, head, figure) in [
        ("time", "self time", "90.0 ms"),
        ("cost", "self cost", "89 %"),
        ("rows", "rows read", "9000"),
        ("buffers", "blocks", "730"),
        ("io", "I/O blocks", "10.2k"),
        ("misestimate", "rows off by", "↑1000×"),
    ] {
        let text = with(metric);
        let pointed = text.contains("◀ hottest") || text.contains("◀ worst");
        assert!(text.contains(head) && text.contains(figure) && pointed, "{metric}: {text}");
    }
    assert!(with("io").contains("spilled: external merge"), "{}", with("io"));
    let estimate = "Seq Scan on orders  (cost=0.00..8.00 rows=9 width=4)\n";
    let run = env.run_with_input(["explain", "--metric", "io", "--width", "120"], estimate).code(0);
    assert!(run.stdout.contains("says nothing of blocks"), "{}", run.shown());
    assert!(run.stdout.contains("it has cost, rows"), "{}", run.shown());
}

#[test]
fn json_says_hash_heat_and_what_conditions_compare() {
    let env = TestEnv::new();
    let plan = "Seq Scan on orders o  (cost=0.00..8.00 rows=9 width=4) (actual time=0.1..9.0 rows=900 loops=1)
  Filter: ((status = 'open'::text) AND (total > 5))
  Buffers: shared hit=7 read=30
";
    let run = env.run_with_input(["explain", "--format", "json", "--metric", "misestimate"], plan);
    let document = run.code(0).json();
    let plan = &document["plans"][0];
    assert_eq!(plan["metric"], "misestimate");
    assert_eq!(plan["plan_hash"].as_str().map(str::len), Some(16));
    let node = &plan["nodes"][0];
    assert_eq!((&node["heat_class"], &node["misestimate"]), (&"hot".into(), &100.0.into()));
    assert_eq!((&node["self_buffers"], &node["self_reads"]), (&37.0.into(), &30.0.into()));
    let condition = &node["conditions"][0];
    assert_eq!(condition["columns"], serde_json::json!(["status", "total"]));
    let predicate = &condition["predicates"][0];
    assert_eq!((&predicate["column"], &predicate["operator"]), (&"status".into(), &"=".into()));
}

#[test]
fn a_line_of_jsonl_is_a_document_with_one_record() {
    let env = TestEnv::new();
    let fixtures = fixtures();
    let texts = fixtures.iter().filter(|path| path.extension().is_some_and(|e| e == "txt"));
    let texts = texts.filter(|path| path.to_string_lossy().contains("postgres")).take(2);
    let both: String = texts.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let run = env.run_with_input(["explain", "--format", "jsonl"], &both).code(0);
    let schema = env.run(["util", "schema", "explain"]).code(0).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert_eq!(run.stdout.lines().count(), 2, "{}", run.shown());
    for line in run.stdout.lines() {
        let document: Value = serde_json::from_str(line).unwrap();
        assert!(validator.is_valid(&document));
        assert!(line.starts_with("{\"schema\":\"planscope.explain/1\""));
        assert_eq!(document["plans"].as_array().map(Vec::len), Some(1));
    }
    let rules = env.run(["rules", "--format", "jsonl"]).code(0);
    assert!(rules.stdout.lines().count() > 3, "{}", rules.shown());
    env.run(["explain", "missing", "--format", "jsonl"]).code(2);
}

#[test]
fn the_canonical_text_has_no_figures_and_is_the_same_for_all_formats() {
    let env = TestEnv::new();
    for plan in fixtures() {
        let text = shown(&env, &plan, &["--format", "canonical"]);
        for word in ["cost", "actual", "loops", "ms", "Buffers"] {
            assert!(!text.split([' ', '=']).any(|w| w == word), "{word} in {text}");
        }
        let json = plan.with_extension("json");
        if json.exists() && plan.components().any(|part| part.as_os_str() == "postgres") {
            let other = shown(&env, &json, &["--format", "canonical"]);
            assert_eq!(text, other, "{}", plan.display());
        }
    }
}

#[test]
fn a_page_of_html_needs_nothing_and_obeys_nothing() {
    let env = TestEnv::new();
    env.file(
        "evil.json",
        r#"[{"Plan": {"Node Type": "Seq Scan", "Relation Name": "</script><img onerror=alert(1)>",
             "Startup Cost": 0, "Total Cost": 99999, "Plan Rows": 5, "Plan Width": 4,
             "Filter": "(a = '</style><script>alert(1)</script>')"}}]"#,
    );
    let run = env.run(["explain", "evil.json", "--format", "html"]).code(0);
    let page = &run.stdout;
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"), "{}", run.shown());
    for word in ["<script", "</script", "<img", "<link", "http://", "https://", "url("] {
        assert!(!page.contains(word), "{word}: {page}");
    }
    assert_eq!(page.matches("</style>").count(), 1);
    for word in ["Content-Security-Policy", "class=\"flame\"", "<details", "prefers-color-scheme"] {
        assert!(page.contains(word), "no {word} in {page}");
    }
    for args in [&["analyze", "evil.json"][..], &["diff", "evil.json", "evil.json"]] {
        let run = env.run(args.iter().chain(&["--format", "html"])).code(0);
        let page = &run.stdout;
        assert!(page.starts_with("<!DOCTYPE html>") && !page.contains("<script"), "{page}");
    }
}

#[test]
fn formats_that_do_not_suit_a_command_are_refused_at_once() {
    let env = TestEnv::new();
    for format in ["table", "canonical"] {
        let run = env.run(["diff", "missing", "too", "--format", format]);
        let run = run.fails_with(2, &format!("`planscope diff` has no --format {format}"));
        assert!(run.stderr.contains("text, json, jsonl, markdown"), "{}", run.shown());
        env.run(["collect", "postgres://nowhere/x", "--format", format]).fails_with(2, "collect");
    }
}

#[test]
fn one_of_several_plans_is_picked_by_its_number() {
    let env = TestEnv::new();
    let one = "Seq Scan on a  (cost=0.00..8.00 rows=9 width=4)\n";
    let both = format!("{one}\n{}", one.replace(" a ", " b "));
    let plan = |which: &str| env.run_with_input(["explain", "--plan", which], &both);
    assert!(plan("all").code(0).stdout.matches("Seq Scan").count() == 2);
    assert!(plan("1").code(0).stdout.contains("Seq Scan on a"));
    plan("9").fails_with(2, "--plan 9: there are 2 plans");
    for wrong in ["0", "-1", "first", ""] {
        let run = plan(wrong).code(2);
        assert!(run.stderr.contains("neither a number from 1 nor `all`") || wrong == "-1");
    }
    env.run_with_input(["explain", "--plan", "2"], one).fails_with(2, "there is 1 plan");
}

//! `explain` and `diff` on plans from files and stdin.

use crate::support::TestEnv;

const SCAN: &str = " Seq Scan on orders  (cost=0.00..5981.00 rows=13 width=40)
   Filter: (customer_id = 42)
(2 rows)
";
const LOOKUP: &str =
    " Index Scan using orders_customer_id_idx on orders  (cost=0.42..52.01 rows=13 width=40)
   Index Cond: (customer_id = 42)
(2 rows)
";

const SPILL: &str = " Sort  (cost=100.00..200.00 rows=100000 width=40) (actual time=900.000..990.000 rows=100000 loops=1)
   Sort Key: total
   Sort Method: external merge  Disk: 40960kB
   ->  Seq Scan on orders  (cost=0.00..90.00 rows=100000 width=40) (actual time=0.010..90.000 rows=100000 loops=1)
 Execution Time: 1000.000 ms
";

#[test]
fn a_plan_from_stdin_is_a_tree_that_fits_80_columns() {
    let env = TestEnv::new();
    let run = env.run_with_input(["explain"], SCAN).code(0);
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 80), "{}", run.shown());
    assert!(run.stdout.contains("Seq Scan on orders"), "{}", run.shown());
    assert!(!run.stdout.contains('\x1b'), "colour in a pipe: {}", run.shown());
    let ascii = env.run_with_input(["explain", "--ascii"], SCAN).code(0);
    assert!(ascii.stdout.is_ascii(), "{}", ascii.shown());
    let colour = env.run_with_input(["explain", "--color", "always"], SCAN).code(0);
    assert!(colour.stdout.contains("\x1b["), "{}", colour.shown());
}

#[test]
fn a_deep_tree_fits_narrow_screens_too() {
    let env = TestEnv::new();
    let mut plan = String::from(" Limit  (cost=0.00..9.00 rows=1 width=4)\n");
    for depth in 1..40 {
        let indent = " ".repeat(3 + 6 * (depth - 1));
        plan.push_str(&format!(
            "{indent}->  Nested Loop Left Join  (cost=0.00..9.00 rows=384000 width=4) \
             (actual time=0.1..0.2 rows=38000 loops=1582)\n"
        ));
    }
    for width in [40, 60, 80, 120] {
        let run = env.run_with_input(["explain", "--width", &width.to_string()], &plan).code(0);
        let widest = run.stdout.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(width), "{width}: {widest:?} {}", run.shown());
    }
}

#[test]
fn json_has_the_fixed_names() {
    let env = TestEnv::new();
    let run = env.run_with_input(["explain", "--format", "json"], SCAN).code(0);
    let document = run.json();
    assert!(run.stdout.starts_with("{\n  \"schema\": \"planscope.explain/1\""), "{}", run.shown());
    let plan = &document["plans"][0];
    assert_eq!(plan["engine"], "postgresql");
    assert_eq!(plan["format"], "postgres-text");
    let node = &plan["nodes"][0];
    assert_eq!(node["operator"], "SeqScan");
    assert_eq!(node["relation"], "orders");
    assert_eq!(node["total_cost"], 5981.0);
    assert_eq!(node["conditions"][0]["kind"], "filter");
    assert!(plan["findings"].is_array());
}

#[test]
fn documents_match_their_schemas() {
    let env = TestEnv::new();
    env.file("scan.txt", SCAN);
    env.file("lookup.txt", LOOKUP);
    let cases: [(&str, &[&str]); 4] = [
        ("explain", &["explain", "scan.txt"]),
        ("analyze", &["analyze", "scan.txt"]),
        ("diff", &["diff", "lookup.txt", "scan.txt", "--fail-on", "never"]),
        ("rules", &["rules", "sort-spill"]),
    ];
    for (name, args) in cases {
        let document = env.run(args.iter().chain(&["--format", "json"])).code(0).json();
        let schema = env.run(["util", "schema", name]).code(0).json();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        assert_eq!(document["schema"], format!("planscope.{name}/1"));
    }
}

#[test]
fn markdown_is_a_fence_and_a_heading() {
    let env = TestEnv::new();
    let run = env.run_with_input(["explain", "--format", "markdown"], SCAN).code(0);
    assert!(run.stdout.starts_with("### ") && run.stdout.contains("```text\n"), "{}", run.shown());
}

#[test]
fn findings_that_are_not_shown_are_counted() {
    let env = TestEnv::new();
    env.file("spill.txt", SPILL);
    let run = env.run(["analyze", "spill.txt", "--findings", "0", "--fail-on", "low"]).code(1);
    assert!(
        run.stdout.contains("and 1 more") && !run.stdout.contains("Nothing"),
        "{}",
        run.shown()
    );
}

#[test]
fn a_lost_index_fails_a_build_and_the_way_back_does_not() {
    let env = TestEnv::new();
    env.file("scan.txt", SCAN);
    env.file("lookup.txt", LOOKUP);
    let worse = env.run(["diff", "lookup.txt", "scan.txt"]).code(1);
    assert!(worse.stdout.contains("orders_customer_id_idx"), "{}", worse.shown());
    env.run(["diff", "scan.txt", "lookup.txt"]).code(0);
    env.run(["diff", "scan.txt", "scan.txt"]).code(0);
    env.run(["diff", "lookup.txt", "scan.txt", "--fail-on", "never"]).code(0);
    env.run(["diff", "scan.txt", "missing.txt"]).code(2);
}

#[test]
fn several_plans_are_shown_or_picked() {
    let env = TestEnv::new();
    let both = format!("{SCAN}\n{LOOKUP}");
    let run = env.run_with_input(["explain", "--plan", "2"], &both).code(0);
    assert!(
        run.stdout.contains("Index Scan") && !run.stdout.contains("Seq Scan"),
        "{}",
        run.shown()
    );
    env.run_with_input(["explain", "--plan", "3"], &both).fails_with(2, "there are 2 plans");
}

//! The plans of public projects: how many are read, and whether their figures are right.
//!
//! They lie in `shared/corpus` beside the project and are never copied into it. Where the folder is
//! missing, the test says so and passes.

use super::{by_name, read};
use crate::plan::Plan;
use serde_json::Value;
use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The corpus, if it lies beside one of the folders above.
fn corpus() -> Option<PathBuf> {
    let start = Path::new(env!("CARGO_MANIFEST_DIR"));
    start.ancestors().map(|dir| dir.join("shared/corpus")).find(|dir| dir.is_dir())
}

/// Reads the texts of plans; bundles are read once.
struct Texts {
    root: PathBuf,
    bundles: HashMap<PathBuf, HashMap<String, String>>,
}

impl Texts {
    fn text(&mut self, path: &str) -> Option<String> {
        let Some((bundle, id)) = path.split_once('#') else {
            let bytes = std::fs::read(self.root.join(path)).ok()?;
            return Some(String::from_utf8_lossy(&bytes).into_owned());
        };
        let bundle = self.root.join(bundle);
        let plans = self.bundles.entry(bundle).or_insert_with_key(|bundle| {
            let lines = std::fs::read_to_string(bundle).unwrap_or_default();
            let parsed = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            parsed
                .filter_map(|plan| {
                    Some((plan["id"].as_str()?.to_owned(), plan["plan"].as_str()?.to_owned()))
                })
                .collect()
        });
        plans.get(id).cloned()
    }
}

/// Whether self time adds up to the root's total.
pub(super) fn adds_up(plan: &Plan) -> bool {
    let Some(total) = plan.root().total_ms() else { return true };
    let sum: f64 = plan.nodes().iter().filter_map(crate::plan::Node::self_ms).sum();
    (sum - total).abs() <= total * 0.01 + 1e-9
}

#[derive(Default)]
struct Score {
    plans: usize,
    countable: usize,
    nodes_right: usize,
    depth_right: usize,
    timed: usize,
    noted: usize,
    wrong: Vec<String>,
}

#[test]
fn corpus_of_postgres_plans() {
    let Some(root) = corpus() else {
        // Past the test runner, which keeps what a passing test prints to itself.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: no shared/corpus above {}",
            env!("CARGO_MANIFEST_DIR")
        );
        return;
    };
    let root = root.join("plans/postgres");
    let manifest = std::fs::read_to_string(root.join("MANIFEST.jsonl")).unwrap();
    let mut texts = Texts { root, bundles: HashMap::new() };
    let mut scores: HashMap<String, Score> = HashMap::new();
    for entry in manifest.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let path = entry["path"].as_str().unwrap();
        let format = entry["format"].as_str().unwrap();
        let score = scores.entry(format.to_owned()).or_default();
        let Some(text) = texts.text(path) else { panic!("{path} is missing") };
        score.plans += 1;
        check(score, &entry, path, format, &text);
    }
    let (mut countable, mut nodes_right, mut depth_right) = (0, 0, 0);
    for name in ["text", "json", "yaml", "xml"] {
        let Some(score) = scores.get(name) else { continue };
        println!(
            "{name}: {} plans, {} countable, nodes right {}, depth right {}, timed and adding up {}, with notes {}",
            score.plans,
            score.countable,
            score.nodes_right,
            score.depth_right,
            score.timed,
            score.noted
        );
        for wrong in &score.wrong {
            println!("  {wrong}");
        }
        if by_name(&format!("postgres-{name}")).is_some() {
            countable += score.countable;
            nodes_right += score.nodes_right;
            depth_right += score.depth_right;
        }
    }
    let share = |right: usize| right as f64 / countable as f64;
    println!("all: nodes right {:.4}, depth right {:.4}", share(nodes_right), share(depth_right));
    assert!(share(nodes_right) >= 0.995, "node counts");
    assert!(share(depth_right) >= 0.99, "depths");
}

fn check(score: &mut Score, entry: &Value, path: &str, format: &str, text: &str) {
    // Detection included; and every reader must survive every text.
    let readings = read(text, None);
    for reader in super::ALL {
        let _ = read(text, Some(reader));
    }
    let plans: Vec<Plan> = readings.iter().flatten().map(|reading| reading.plan.clone()).collect();
    for plan in &plans {
        assert!(adds_up(plan), "{path}: self times do not add up");
        score.timed += usize::from(plan.root().total_ms().is_some());
    }
    score.noted += usize::from(readings.iter().flatten().any(|reading| !reading.notes.is_empty()));
    if entry["countable"] != true {
        return;
    }
    score.countable += 1;
    let nodes: usize = plans.iter().map(|plan| plan.nodes().len()).sum();
    let depth = plans.iter().flat_map(Plan::nodes).map(|node| node.depth() + 1).max().unwrap_or(0);
    let known = by_name(&format!("postgres-{format}"));
    let right_format = plans.iter().all(|plan| {
        // The manifest names the format of the plan, not that of the log around it.
        plan.format == "auto-explain" || known.is_some_and(|known| known.name == plan.format)
    });
    let nodes_right = Some(nodes as u64) == entry["expected_node_count"].as_u64() && right_format;
    let depth_right = Some(u64::from(depth)) == entry["max_depth"].as_u64();
    score.nodes_right += usize::from(nodes_right);
    score.depth_right += usize::from(depth_right);
    if known.is_some() && !(nodes_right && depth_right) {
        let (want, want_depth) = (&entry["expected_node_count"], &entry["max_depth"]);
        let why = readings.err().map_or_else(String::new, |error| error.to_string());
        score.wrong.push(format!(
            "{path}: {nodes} nodes, not {want}; depth {depth}, not {want_depth} {why}"
        ));
    }
}

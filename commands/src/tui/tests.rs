//! Journeys through the plan view: keys in, pictures out.

use super::plan::PlansScreen;
use super::screen::Screen;
use super::testing::pictures;
use crate::report::ShownPlan;
use planscope_explain::workload::Catalog;
use std::path::Path;
use std::rc::Rc;

/// The plans in a file of `fixtures/plans/`, with what the rules say of them.
pub fn plans(file: &str) -> Vec<ShownPlan> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/plans").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let statement = std::fs::read_to_string(path.with_extension("sql")).ok();
    let mut plans = crate::cmd::plans_of_text(&text, &name).unwrap();
    for plan in &mut plans {
        let sql = |text: &String| {
            let lines: Vec<&str> = text.lines().filter(|l| !l.starts_with("--")).collect();
            lines.join("\n")
        };
        plan.statement = plan.statement.take().or(statement.as_ref().map(sql));
    }
    plans
}

fn screen(file: &str) -> Box<dyn Screen> {
    Box::new(PlansScreen::new(plans(file), None, Rc::new(Catalog::default())).unwrap())
}

#[test]
fn pictures_of_the_tree() {
    pictures("plan", || screen("postgres/15/hash-join-batches.txt"), "");
    pictures("plan-nested", || screen("postgres/15/correlated-subplan.json"), "g l m i");
}

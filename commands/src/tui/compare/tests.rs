//! Journeys through comparisons.

use super::{CompareScreen, Show};
use crate::tui::message::Effect;
use crate::tui::samples::{known, snapshot};
use crate::tui::screen::Screen;
use crate::tui::state::App;
use crate::tui::testing::{app, picture, pictures, press};
use planscope_explain::diff::{self, Tolerance};
use planscope_explain::plan::Plan;
use std::path::Path;

fn compared(before: &Plan, after: &Plan) -> CompareScreen {
    let diff = diff::plans(before, after, [None, None], Tolerance::default());
    let names = ["before.txt".to_owned(), "after.txt".to_owned()];
    CompareScreen::new(names, [before.clone(), after.clone()], diff)
}

fn fixture(file: &str) -> Plan {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/plans").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    planscope_explain::formats::read(&text, None).unwrap().swap_remove(0).plan
}

/// The index on the customer was dropped.
fn dropped() -> Box<dyn Screen> {
    let plan = |hour: u32| snapshot(hour).statements[0].plans[0].plan.clone();
    Box::new(compared(&plan(3), &plan(4)))
}

/// A part of a large plan is another one.
fn joined() -> Box<dyn Screen> {
    let before = fixture("postgres/15/hash-join-batches.txt");
    let after = fixture("postgres/15/correlated-subplan.json");
    Box::new(compared(&before, &after))
}

fn opened(screen: Box<dyn Screen>, keys: &str) -> App {
    let mut app = app(screen, (120, 40), false);
    press(&mut app, keys);
    app
}

#[test]
fn pictures_of_comparisons() {
    pictures("compare", dropped, "");
    pictures("compare-other", joined, "+");
}

#[test]
fn sides_are_switched_and_scroll_in_step() {
    let mut app = opened(dropped(), "");
    let shown = picture(&app);
    assert!(
        shown.contains("Index Scan using orders_customer") && shown.contains("Seq Scan on orders")
    );
    press(&mut app, "tab");
    assert!(!picture(&app).contains("▸     ≡ Seq Scan"), "{}", picture(&app));
    press(&mut app, "tab");
    let body: String = picture(&app).lines().skip(2).take(8).collect();
    assert!(body.contains("Seq Scan on orders") && !body.contains("Index Scan"), "{body}");
    press(&mut app, "B");
    assert_eq!(app.notice.as_ref().unwrap().text, "both plans");
}

#[test]
fn the_cursor_begins_at_the_gravest_change_and_goes_round() {
    let mut app = opened(dropped(), "");
    let line = |app: &App| {
        picture(app).lines().find(|line| line.starts_with('▸')).map(str::to_owned).unwrap()
    };
    assert!(line(&app).contains("~ access-path"), "{}", line(&app));
    assert!(line(&app).contains('×'), "{}", line(&app));
    let first = line(&app);
    press(&mut app, "f F");
    assert_eq!(line(&app), first);
    press(&mut app, "enter");
    assert_eq!(app.screens.len(), 2);
    assert!(picture(&app).contains("after"), "{}", picture(&app));
}

#[test]
fn what_did_not_change_is_folded_and_found_again() {
    // The same plan below another root.
    let old = snapshot(4).statements[1].plans[0].plan.clone();
    let text = "Limit  (cost=3501.00..3502.00 rows=50 width=40)\n  ->  Sort  (cost=3501.00..3502.00 rows=50 width=40)\n        \
                Sort Key: (sum(o.total)) DESC\n        ->  HashAggregate  (cost=3498.00..3499.50 rows=50 width=40)\n              \
                Group Key: c.city\n              ->  Hash Join  (cost=154.50..3398.00 rows=20000 width=16)\n                    \
                Hash Cond: (o.customer_id = c.id)\n                    ->  Seq Scan on orders o  (cost=0.00..3192.00 rows=20000 width=12)\n                          \
                Filter: (status = $1)\n                    ->  Hash  (cost=92.00..92.00 rows=5000 width=12)\n                          \
                ->  Seq Scan on customers c  (cost=0.00..92.00 rows=5000 width=12)\n";
    let new = planscope_explain::formats::read(text, None).unwrap().swap_remove(0).plan;
    let mut app = opened(Box::new(compared(&old, &new)), "");
    let shown = picture(&app);
    assert!(shown.contains("the same") && !shown.contains("Seq Scan on customers"), "{shown}");
    press(&mut app, "/ \"customers\" enter");
    assert!(picture(&app).contains("Seq Scan on customers"), "{}", picture(&app));
    press(&mut app, "-");
    assert!(!picture(&app).contains("Seq Scan on customers"), "{}", picture(&app));
}

#[test]
fn a_comparison_is_copied_as_text() {
    let mut app = app(dropped(), (80, 24), false);
    let effects = press(&mut app, "y");
    assert!(matches!(&effects[..], [Effect::Copy { text, .. }] if text.contains("access-path")));
}

#[test]
fn without_a_plan_before_there_is_nothing_to_compare() {
    let known = known();
    let opened = crate::tui::browse::open::compare_with_before(&known, 0);
    assert!(opened.err().unwrap().contains("no earlier snapshot"));
    let screen = compared(
        &known.snapshot.statements[1].plans[0].plan,
        &known.snapshot.statements[1].plans[0].plan,
    );
    assert_eq!((screen.show, screen.shown.len()), (Show::Both, screen.rows.len()));
}

//! Journeys through the plan view: keys in, pictures out.

use super::message::{Action, Effect, Key, Message, Mouse, MouseKind};
use super::plan::{Findings, PlansScreen};
use super::screen::Screen;
use super::state::{App, Notice};
use super::svg;
use super::testing::{app, buffer, picture, pictures, press};
use super::theme::{Background, Depth, Paint, Palette};
use super::update::update;
use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::report::ShownPlan;
use planscope_explain::workload::{Catalog, Column, Index, IndexKey, Table};
use std::path::{Path, PathBuf};
use std::rc::Rc;

fn fixture(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/plans").join(file)
}

/// The plans in a file, with what the rules say of them and the statement beside it.
fn plans(path: &Path) -> Vec<ShownPlan> {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let statement = std::fs::read_to_string(path.with_extension("sql")).ok();
    let without_comments = |text: &String| {
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("--")).collect();
        lines.join("\n").trim().to_owned()
    };
    let mut plans = crate::cmd::plans_of_text(&text, &name, true).unwrap();
    for plan in &mut plans {
        plan.statement = plan.statement.take().or(statement.as_ref().map(without_comments));
    }
    plans
}

fn screen_of(plans: Vec<ShownPlan>, catalog: Catalog) -> Box<dyn Screen> {
    Box::new(PlansScreen::new(plans, None, Rc::new(catalog)).unwrap())
}

fn of(file: &str) -> Box<dyn Screen> {
    screen_of(plans(&fixture(file)), Catalog::default())
}

/// A shop's report, recorded from PostgreSQL 15.18 with work_mem = 256kB: a subplan that scans orders
/// once for each of twenty rows, a sort that spills, columns that go together.
fn shop() -> Box<dyn Screen> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui/pictures/shop.txt");
    let column = |name: &str, data_type: &str, distinct: f64| Column {
        name: name.to_owned(),
        data_type: data_type.to_owned(),
        distinct: Some(distinct),
        ..Column::default()
    };
    let orders = Table {
        schema: Some("public".to_owned()),
        name: "orders".to_owned(),
        rows: Some(200_000.0),
        size_bytes: Some(12_050_432.0),
        columns: vec![
            column("id", "integer", 200_000.0),
            column("customer_id", "integer", 10_000.0),
        ],
        ..Table::default()
    };
    let primary = Index {
        schema: Some("public".to_owned()),
        table: "orders".to_owned(),
        name: "orders_pkey".to_owned(),
        method: "btree".to_owned(),
        unique: true,
        primary: true,
        usable: true,
        keys: vec![IndexKey::column("id")],
        size_bytes: Some(4_513_792.0),
        scans: Some(0.0),
        ..Index::default()
    };
    screen_of(plans(&path), Catalog { tables: vec![orders], indexes: vec![primary] })
}

#[test]
fn pictures_of_the_tree() {
    pictures("tree", shop, "");
    pictures("tree-metrics", || of("postgres/15/correlated-subplan.json"), "m i g l");
    pictures("tree-never-executed", || of("postgres/15/never-executed.txt"), "G");
    pictures("tree-mysql", || of("mysql/9.7/hash-join.analyze.txt"), "");
    pictures("tree-mongodb", || of("mongodb/6.0/aggregate-pushed-down.relaxed.json"), "");
    pictures("tree-sqlite", || of("sqlite/3.40/automatic-index.txt"), "");
    pictures("tree-folded", shop, "g - %");
}

#[test]
fn pictures_of_the_panes() {
    pictures("detail", shop, "enter");
    pictures("detail-scrolled", shop, "enter G");
    pictures("statement", shop, "s");
    pictures("only-the-plan", shop, "d");
}

#[test]
fn pictures_of_the_flame_graph() {
    pictures("flame", shop, "w");
    pictures("flame-zoomed", shop, "w g down down z");
}

#[test]
fn pictures_of_overlays() {
    pictures("help", shop, "?");
    pictures("help-end", shop, "? G");
    pictures("palette", shop, ": \"hot\" down");
    pictures("search", shop, "/ \"orders\"");
    pictures("search-done", shop, "/ \"orders\" enter n");
    pictures("export", shop, "e j");
    let several = || {
        let mut all = plans(&fixture("postgres/15/hash-join.txt"));
        all.extend(plans(&fixture("postgres/15/limit.txt")));
        all.extend(plans(&fixture("postgres/15/merge-join.txt")));
        screen_of(all, Catalog::default())
    };
    pictures("plans", several, "t L");
    pictures("plans-tabs", several, "T");
}

/// For README and docs. Part of `make generated` by its name.
#[test]
fn generated_pictures_of_the_documentation() {
    let drawn = |keys: &str, size, background, palette| {
        let mut app = app(shop(), size, false);
        app.look.background = background;
        app.look.palette = palette;
        press(&mut app, keys);
        buffer(&app)
    };
    let dark = |keys, size| drawn(keys, size, Background::Dark, Palette::Default);
    svg::check("plan.svg", &dark("", (120, 30)), true);
    svg::check("plan-80x24.svg", &dark("", (80, 24)), true);
    svg::check("statement.svg", &dark("s", (120, 30)), true);
    svg::check("flame.svg", &dark("w", (120, 20)), true);
    let light = drawn("", (120, 30), Background::Light, Palette::Default);
    svg::check("plan-light.svg", &light, false);
    let safe = drawn("", (120, 30), Background::Dark, Palette::OkabeIto);
    svg::check("plan-okabe-ito.svg", &safe, true);
}

fn shop_app() -> App {
    app(shop(), (120, 40), false)
}

/// The line with the cursor.
fn cursor_line(app: &App) -> String {
    let shown = picture(app);
    // Below the minimap, which has a pointer too.
    shown.lines().skip(2).find(|line| line.starts_with('▸')).unwrap_or_default().to_owned()
}

#[track_caller]
fn at(app: &mut App, keys: &str, wanted: &str) {
    press(app, keys);
    let line = cursor_line(app);
    assert!(line.contains(wanted), "after {keys}: {line}\n{}", picture(app));
}

#[test]
fn it_opens_at_what_hurts_most() {
    at(&mut shop_app(), "", "orders p");
}

#[test]
fn keys_go_where_it_hurts() {
    let mut app = shop_app();
    at(&mut app, "g", "Limit");
    at(&mut app, "f", "orders o");
    at(&mut app, "f", "customers c");
    at(&mut app, "f", "orders p");
    at(&mut app, "f", "orders o");
    at(&mut app, "F", "orders p");
    at(&mut app, "g H", "orders p");
    at(&mut app, "[", "order_lines l");
    at(&mut app, "p", "Nested Loop");
    at(&mut app, "l J", "order_lines l");
    at(&mut app, "K", "Hash Join");
    at(&mut app, "h h", "Nested Loop");
}

#[test]
fn folding_and_filters_give_way_to_what_is_looked_for() {
    let mut app = shop_app();
    at(&mut app, "g space", "Limit +12");
    at(&mut app, "H", "orders p");
    assert!(picture(&app).contains("─▾ # Hash"), "{}", picture(&app));
    press(&mut app, "g %");
    assert!(!picture(&app).contains("─▾ # Hash"), "{}", picture(&app));
    at(&mut app, "/ \"customers\" enter", "customers c");
    press(&mut app, "H p z");
    assert!(picture(&app).contains("zoomed"), "{}", picture(&app));
    at(&mut app, "n", "customers c");
    assert!(!picture(&app).contains("zoomed"), "{}", picture(&app));
}

#[test]
fn esc_goes_back_a_step_at_a_time() {
    let mut app = shop_app();
    press(&mut app, "z / \"sort\" enter enter");
    // The pane, then the search (which had taken the zoom away), and never out of the last screen.
    for _ in 0..4 {
        assert!(press(&mut app, "esc").is_empty());
    }
    assert!(picture(&app).contains("q leaves planscope"), "{}", picture(&app));
    let mut app = shop_app();
    press(&mut app, "/ \"limit\"");
    at(&mut app, "esc", "orders p");
}

#[test]
fn a_metric_that_the_plan_lacks_says_what_would_help() {
    let mut app = app(of("postgres/15/no-analyze.txt"), (120, 40), false);
    press(&mut app, "1");
    assert!(picture(&app).contains("! the plan says nothing of times (EXPLAIN ANALYZE does)"));
    press(&mut app, "2");
    assert!(picture(&app).contains("self cost"));
}

#[test]
fn leaving_and_stopping_are_effects() {
    let ends = |keys: &str, wanted: ExitStatus| {
        let effects = press(&mut shop_app(), keys);
        matches!(effects[..], [Effect::Quit(status)] if status == wanted)
    };
    assert!(ends("q", ExitStatus::Success));
    assert!(ends("ctrl-c", ExitStatus::Interrupted));
    // Also while something is typed.
    assert!(ends("/ ctrl-c", ExitStatus::Interrupted));
    assert!(ends(": \"quit\" enter", ExitStatus::Success));
    assert!(matches!(press(&mut shop_app(), "ctrl-z")[..], [Effect::Suspend]));
    // What is typed is no command.
    assert!(press(&mut shop_app(), "/ q").is_empty());
}

#[test]
fn files_and_copies_are_effects_with_their_content() {
    let written = |keys: &str| match press(&mut shop_app(), keys).pop() {
        Some(Effect::Write { stem, ending, bytes }) => {
            (stem, ending, String::from_utf8(bytes).unwrap())
        }
        _ => panic!("{keys} writes nothing"),
    };
    let (stem, ending, json) = written("e j");
    assert!(stem.starts_with("plan-") && ending == "json", "{stem}");
    assert!(json.contains("\"schema\": \"planscope.explain/1\""), "{json}");
    let (_, ending, markdown) = written("e m");
    assert!(ending == "md" && markdown.contains("orders p"));
    let (_, ending, sql) = written("e s");
    assert!(ending == "sql" && sql.starts_with("SELECT c.city"), "{sql}");
    assert!(sql.contains("--   CREATE INDEX CONCURRENTLY orders_customer_id_idx"), "{sql}");
    let copied = |keys: &str| match press(&mut shop_app(), keys).pop() {
        Some(Effect::Copy { text, .. }) => text,
        _ => panic!("{keys} copies nothing"),
    };
    assert!(copied("y").contains("orders p"));
    assert!(copied("s y").starts_with("SELECT c.city"));
    assert!(copied("Y").starts_with("CREATE INDEX CONCURRENTLY orders_customer_id_idx"));
}

#[test]
fn the_mouse_points_folds_and_scrolls() {
    let mut app = shop_app();
    let mut act = |kind, x, y| {
        assert!(update(&mut app, Message::Mouse(Mouse { kind, x, y })).is_empty());
        cursor_line(&app)
    };
    assert!(act(MouseKind::Click, 10, 3).contains("Limit"));
    assert!(act(MouseKind::Click, 10, 3).contains("Limit +12"));
    assert!(act(MouseKind::Click, 10, 3).contains("Limit"));
    // The minimap: most of it is the subplan's scan, at its right end before the Result.
    assert!(act(MouseKind::Click, 80, 1).contains("orders p"));
    act(MouseKind::Click, 100, 20);
    act(MouseKind::WheelDown, 100, 20);
    let shown = picture(&app);
    assert!(!shown.contains("│ ≡ Seq Scan on orders p"), "{shown}");
}

#[test]
fn a_click_chooses_from_menus_and_the_palette_or_closes_them() {
    let mut app = shop_app();
    let click =
        |app: &mut App, x, y| update(app, Message::Mouse(Mouse { kind: MouseKind::Click, x, y }));
    let place = |app: &App, text: &str| {
        let shown = picture(app);
        let (y, line) = shown.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap();
        (line[..line.find(text).unwrap()].chars().count() as u16, y as u16)
    };
    press(&mut app, "e");
    let (x, y) = place(&app, "Markdown");
    let wrote = click(&mut app, x, y);
    assert!(matches!(&wrote[..], [Effect::Write { ending, .. }] if *ending == "md"));
    press(&mut app, "e");
    let (x, y) = place(&app, "write to a file");
    click(&mut app, x, y);
    assert!(picture(&app).contains("write to a file"), "the frame chooses nothing");
    click(&mut app, 0, 5);
    assert!(!picture(&app).contains("write to a file"));
    press(&mut app, ": \"flame\"");
    let (x, y) = place(&app, "flame graph or tree");
    click(&mut app, x, y);
    assert!(picture(&app).contains("flame graph ·"));
}

#[test]
fn errors_are_shown_with_their_hints_until_a_key() {
    let mut app = shop_app();
    let error = CommandError::input("the disk is full").hint("make room");
    update(&mut app, Message::Failed(error));
    let shown = picture(&app);
    assert!(shown.contains("the disk is full") && shown.contains("hint: make room"), "{shown}");
    press(&mut app, "esc");
    assert!(!picture(&app).contains("disk"));
    update(&mut app, Message::Notice(Notice::error("nothing there")));
    assert!(picture(&app).contains("! nothing there"));
    press(&mut app, "j");
    assert!(!picture(&app).contains("nothing there"));
}

#[test]
fn findings_that_come_later_take_their_place() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui/pictures/shop.txt");
    let mut plans = plans(&path);
    let findings = std::mem::take(&mut plans[0].findings);
    let screen = PlansScreen::new(plans, None, Rc::default()).unwrap().waiting_for(1);
    let mut app = app(Box::new(screen), (120, 40), false);
    assert!(picture(&app).contains("the rules are at work"));
    assert!(!picture(&app).contains("!1"));
    update(&mut app, Message::News(Box::new(Findings { plan: 0, findings })));
    let shown = picture(&app);
    assert!(shown.contains("3 findings; f goes there") && shown.contains("!1 high"), "{shown}");
    assert!(!shown.contains("at work"));
    // News that no screen knows is dropped.
    assert!(update(&mut app, Message::News(Box::new(7_u8))).is_empty());
}

#[test]
fn a_small_terminal_gets_a_sentence_and_comes_back() {
    let mut app = shop_app();
    update(&mut app, Message::Resize(30, 8));
    let shown = picture(&app);
    assert!(shown.contains("planscope needs 40×12;") && shown.contains("30×8"), "{shown}");
    press(&mut app, "j j");
    for size in [(1, 1), (40, 12), (0, 0), (500, 3), (3, 500)] {
        update(&mut app, Message::Resize(size.0, size.1));
        picture(&app);
    }
    update(&mut app, Message::Resize(120, 40));
    at(&mut app, "", "orders p");
}

#[test]
fn every_key_of_the_help_is_bound_once_in_the_plan_view() {
    let app = shop_app();
    let mut keys: Vec<&str> = app
        .tables()
        .iter()
        .flat_map(|table| table.rows)
        .flat_map(|row| row.keys)
        .copied()
        .collect();
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count, "a key stands in two tables");
    let mut names: Vec<&str> =
        app.tables().iter().flat_map(|t| t.rows).map(|row| row.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a command has two names");
    assert!(app.tables().iter().flat_map(|t| t.rows).any(|row| row.action == Action::Help));
}

/// Whatever is pressed in whatever order: no panic, and the cursor is on the screen.
#[test]
fn any_keys_in_any_order_leave_a_picture() {
    let keys: Vec<&str> = shop_app()
        .tables()
        .iter()
        .flat_map(|table| table.rows)
        .flat_map(|row| row.keys.iter().take(1))
        .copied()
        .filter(|key| !["q", "ctrl-c", "ctrl-z"].contains(key))
        .collect();
    let files = [
        "postgres/15/recursive-cte.txt",
        "postgres/18/set-operations.txt",
        "mysql/9.7/union.v2.json",
        "mariadb/10.11/left-hash-join.analyze.json",
        "mongodb/6.0/aggregate-pushed-down.canonical.json",
        "sqlite/3.40/automatic-index.txt",
    ];
    // A linear congruential generator: the same walk each time.
    let mut state = 20_261_121_u64;
    for file in files {
        for size in [(40, 12), (99, 20), (120, 40)] {
            let mut app = app(of(file), size, false);
            for _ in 0..100 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let key = keys[(state >> 33) as usize % keys.len()];
                update(&mut app, Message::Key(Key(key.to_owned())));
                assert!(picture(&app).lines().count() == usize::from(size.1), "{file} {key}");
            }
        }
    }
}

#[test]
fn without_colour_no_cell_has_any() {
    let mut app = shop_app();
    app.look.depth = Depth::Mono;
    for keys in ["", "w", "w s", "?", "esc :"] {
        press(&mut app, keys);
        let drawn = buffer(&app);
        let plain = |cell: &ratatui::buffer::Cell| {
            let reset = ratatui::style::Color::Reset;
            cell.fg == reset && cell.bg == reset
        };
        assert!(drawn.content.iter().all(plain), "after {keys}");
    }
    app.look.depth = Depth::Ansi16;
    press(&mut app, "esc esc");
    assert!(app.look.style(Paint::Bad).fg.is_some());
}

#[test]
fn what_a_name_holds_does_not_reach_the_terminal() {
    let text = "Seq Scan on \"evil\u{1b}[2J\u{202e}name\"  (cost=0..8 rows=5 width=4)\n  Filter: (a = '\u{9b}31m')\n";
    let plans = crate::cmd::plans_of_text(text, "a\u{1b}]0;b\u{7}", true).unwrap();
    let mut app = app(screen_of(plans, Catalog::default()), (120, 40), false);
    for keys in ["", "w", "enter", "/ \"ev\"", "esc e", "esc L"] {
        press(&mut app, keys);
        let shown = picture(&app);
        assert!(!shown.chars().any(|c| c != '\n' && crate::safe::is_unsafe(c)), "{shown:?}");
    }
}

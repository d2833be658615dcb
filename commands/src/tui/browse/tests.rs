//! Journeys through the lists: keys in, pictures and effects out.

use super::live::{Doing, LiveNews, Reckoning};
use super::rows::{Choice, Column, Rows};
use super::{BrowseScreen, View};
use crate::error::{CommandError, CommandErrorKind};
use crate::tui::message::{Effect, Message, Mouse, MouseKind};
use crate::tui::samples::{self, browse, known, snapshot, watched};
use crate::tui::screen::Screen;
use crate::tui::state::{App, Overlay};
use crate::tui::svg;
use crate::tui::testing::{app, buffer, picture, pictures, press, work_off};
use crate::tui::update::update;
use planscope_collection::live::Cost;
use planscope_explain::{Engine, Fingerprint, Statement};
use std::sync::Arc;
use std::time::Duration;

const SIZE: (u16, u16) = (120, 40);

fn boxed() -> Box<dyn Screen> {
    Box::new(browse())
}

fn opened(keys: &str) -> (App, Vec<Effect>) {
    let mut app = app(boxed(), SIZE, false);
    let effects = press(&mut app, keys);
    (app, effects)
}

fn notice(app: &App) -> &str {
    app.notice.as_ref().map_or("", |notice| notice.text.as_str())
}

#[test]
fn pictures_of_the_lists() {
    pictures("browse", boxed, "");
    pictures("browse-changes", boxed, "7 *");
    pictures("browse-findings", boxed, "f");
    pictures("browse-advice", boxed, "a");
}

#[test]
fn pictures_for_the_manual() {
    let dark = |keys: &str| {
        let mut app = app(boxed(), (120, 30), false);
        press(&mut app, keys);
        buffer(&app)
    };
    svg::check("browse.svg", &dark(""), true);
    svg::check("browse-advice.svg", &dark("a"), true);
    svg::check("compare.svg", &dark("c"), true);
}

#[test]
fn pictures_of_a_statement() {
    pictures("browse-statement", boxed, "enter");
}

#[test]
fn the_way_goes_from_statement_to_plan_to_node_and_back() {
    let (mut app, _) = opened("enter enter");
    assert_eq!(app.screens.len(), 3);
    assert!(picture(&app).contains("Seq Scan on orders"), "{}", picture(&app));
    press(&mut app, "esc esc");
    assert_eq!(app.screens.len(), 1);
    // A finding leads to its node, and back to its statement.
    press(&mut app, "f enter");
    assert_eq!(app.screens.len(), 3);
    let shown = picture(&app);
    let line = shown.lines().rfind(|line| line.starts_with('▸')).unwrap().to_owned();
    assert!(line.contains("Seq Scan on orders"), "{shown}");
    press(&mut app, "esc");
    assert!(picture(&app).contains("Plans"), "{}", picture(&app));
}

#[test]
fn what_changed_is_marked_and_compared() {
    let (mut app, _) = opened("");
    let shown = picture(&app);
    assert!(
        shown.lines().any(|line| line.contains("✱↑!") && line.contains("FROM orders")),
        "{shown}"
    );
    assert!(shown.lines().any(|line| line.contains('+') && line.contains("carts")), "{shown}");
    press(&mut app, "c");
    let shown = picture(&app);
    assert!(shown.contains("WORSE") && shown.contains("~ access-path"), "{shown}");
    // The same from the statement, and its older plan against the newest.
    press(&mut app, "esc enter c");
    assert!(picture(&app).contains("access-path"), "{}", picture(&app));
    // Out of the comparison, into the text and out of it, to the list.
    press(&mut app, "esc tab esc esc j c");
    assert!(picture(&app).contains("SAME"), "{}", picture(&app));
}

#[test]
fn a_statement_without_a_plan_says_why() {
    let (mut app, _) = opened("/ \"update\" enter enter enter");
    assert_eq!(notice(&app), "permission denied for table orders");
    press(&mut app, "c");
    assert!(notice(&app).contains("no plan of this statement"), "{}", notice(&app));
}

#[test]
fn lists_are_filtered_while_it_is_typed() {
    let (mut app, _) = opened("/ \"cities\"");
    let shown = picture(&app);
    assert!(shown.contains("Statements 1/4") && !shown.contains("carts"), "{shown}");
    press(&mut app, "esc");
    assert!(picture(&app).contains("Statements 4]"));
    press(&mut app, "/ \"nothing\" \"holds\" enter");
    assert!(notice(&app).contains("nothing holds"), "{}", notice(&app));
    press(&mut app, "esc !");
    assert!(!picture(&app).contains("carts"), "only findings");
    // Nothing is left to go back to: the program stays.
    press(&mut app, "esc esc esc");
    assert_eq!(app.screens.len(), 1);
}

#[test]
fn sorting_goes_by_key_and_by_click_and_the_cursor_survives_news() {
    let (mut app, _) = opened("2");
    assert_eq!(notice(&app), "sorted by calls");
    let first = |app: &App| picture(app).lines().nth(3).unwrap().to_owned();
    assert!(first(&app).contains("FROM orders"), "{}", first(&app));
    press(&mut app, "r");
    assert!(first(&app).contains("cities"), "{}", first(&app));
    let head = picture(&app).lines().nth(2).unwrap().to_owned();
    let x = head.chars().collect::<String>().find("mean").map(|at| head[..at].chars().count());
    let click = |x, y| Message::Mouse(Mouse { kind: MouseKind::Click, x, y });
    update(&mut app, click(x.unwrap() as u16, 2));
    assert_eq!(notice(&app), "sorted by mean");
    // A click goes there, another one opens.
    update(&mut app, click(40, 4));
    update(&mut app, click(40, 4));
    assert_eq!(app.screens.len(), 2);
}

#[test]
fn what_is_listed_is_written_and_copied() {
    let (mut app, _) = opened("");
    for (keys, stem, ending, holds) in [
        ("e j", "statements", "json", "\"schema\": \"planscope.browse/1\""),
        ("e m", "statements", "md", "customer_id"),
        ("e h", "statements", "html", "<table"),
        ("e s", "statements", "sql", "-- name: cities\nSELECT c.city"),
        ("f e j", "findings", "json", "planscope.analyze/1"),
        ("e s", "findings", "sql", "-- "),
        ("a e j", "advice", "json", "planscope.advise/1"),
        ("e s", "advice", "sql", "CREATE INDEX"),
        ("S 1 g enter e j", "statement-", "json", "planscope.explain/1"),
        ("e s", "statement-", "sql", "WHERE customer_id = $1"),
        ("c e j", "diff-", "json", "planscope.diff/1"),
        ("e m", "diff-", "md", "access-path"),
    ] {
        let effects = press(&mut app, keys);
        let written = effects.iter().find_map(|effect| match effect {
            Effect::Write { stem, ending, bytes } => Some((stem, ending, bytes)),
            _ => None,
        });
        let (is_stem, is_ending, bytes) = written.unwrap_or_else(|| panic!("{keys} wrote nothing"));
        assert!(is_stem.starts_with(stem) && *is_ending == ending, "{keys}: {is_stem}.{is_ending}");
        let text = String::from_utf8_lossy(bytes);
        assert!(text.contains(holds), "{keys}: {text}");
    }
    press(&mut app, "esc esc");
    for (keys, holds) in
        [("y", "customer_id"), ("Y", "CREATE INDEX"), ("a y", "-- undo:"), ("f Y", "CREATE")]
    {
        let copied = press(&mut app, keys).into_iter().find_map(|effect| match effect {
            Effect::Copy { text, .. } => Some(text),
            _ => None,
        });
        assert!(copied.as_deref().is_some_and(|text| text.contains(holds)), "{keys}: {copied:?}");
    }
}

#[test]
fn every_command_is_in_the_palette_and_the_help_is_that_of_the_screen() {
    let (mut app, _) = opened(": \"sort-reads\" enter");
    assert_eq!(notice(&app), "sorted by reads");
    press(&mut app, "?");
    let shown = picture(&app);
    assert!(shown.contains("sort by blocks read or rows looked at"), "{shown}");
    for table in app.tables() {
        for row in table.rows {
            assert!(!row.name.is_empty() && !row.help.is_empty(), "{row:?}");
        }
    }
}

fn tell(app: &mut App, news: LiveNews) {
    let effects = update(app, Message::News(Box::new(news)));
    work_off(app, effects);
}

fn round(hour: u32) -> LiveNews {
    let cost = Cost { round_ms: 84.0, sent: 12, all_ms: 84.0, share: 0.017 };
    LiveNews::Round { snapshot: Arc::new(snapshot(hour)), cost, next: Duration::from_secs(5) }
}

fn lost(retry: Option<Duration>) -> LiveNews {
    let error = CommandError::new(CommandErrorKind::Connection, "cannot connect to shop: refused")
        .hint("is the server running?");
    LiveNews::Failed { error, retry }
}

#[test]
fn pictures_of_a_watched_database() {
    for size in crate::tui::testing::SIZES {
        for ascii in [false, true] {
            let mut app = app(Box::new(watched()), size, ascii);
            tell(&mut app, round(3));
            tell(&mut app, round(4));
            crate::tui::testing::compare("browse-live", &app, size, ascii);
        }
    }
}

#[test]
fn a_watched_database_keeps_the_cursor_shows_its_costs_and_survives_a_loss() {
    let mut app = app(Box::new(watched()), SIZE, false);
    assert!(picture(&app).contains("the first round is on its way"));
    tell(&mut app, lost(Some(Duration::from_secs(1))));
    let shown = picture(&app);
    assert!(
        shown.contains("tries again in 1 s") && shown.contains("is the server running?"),
        "{shown}"
    );
    tell(&mut app, round(3));
    press(&mut app, "/ \"cities\" enter");
    press(&mut app, "esc");
    tell(&mut app, round(4));
    let shown = picture(&app);
    let line = shown.lines().find(|line| line.starts_with('▸')).unwrap().to_owned();
    assert!(line.contains("cities"), "{shown}");
    assert!(shown.contains("costs 1.7 % of the time, budget 5.0 %"), "{shown}");
    // Only the carts came after the third hour; what did not run in the last round is not listed.
    press(&mut app, "w w");
    assert!(picture(&app).contains("figures of the last round"));
    tell(&mut app, lost(None));
    let shown = picture(&app);
    assert!(shown.contains("! stopped (R tries again)") && shown.contains("cities"), "{shown}");
}

#[test]
fn pausing_and_hurrying_are_orders() {
    let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
    let orders = Arc::clone(&heard);
    let live = super::live::Live::new(
        Arc::new(move |order| orders.lock().unwrap().push(order)),
        Duration::from_secs(5),
        0.05,
    );
    let nothing = super::live::nothing_yet(Engine::Postgres, "shop");
    let known = super::known::Known::new("shop".to_owned(), nothing, samples::sources());
    let mut app = app(Box::new(BrowseScreen::new(known, Some(live))), SIZE, false);
    press(&mut app, "p");
    assert!(picture(&app).contains("paused, p goes on"));
    press(&mut app, "space R");
    use planscope_collection::live::Order;
    assert_eq!(*heard.lock().unwrap(), [Order::Pause, Order::Resume, Order::Now]);
}

#[test]
fn a_statement_that_is_open_is_renewed_by_a_round() {
    let mut app = app(Box::new(watched()), SIZE, false);
    tell(&mut app, round(3));
    press(&mut app, "enter");
    assert!(
        picture(&app).contains("12.0k calls") || picture(&app).contains("12.0k"),
        "{}",
        picture(&app)
    );
    tell(&mut app, round(4));
    assert!(picture(&app).contains("16.0k"), "{}", picture(&app));
}

#[test]
fn reckonings_come_round() {
    let mut live = watched().live.unwrap();
    let all: Vec<Reckoning> = (0..3)
        .map(|_| {
            live.next_reckoning();
            live.reckoning
        })
        .collect();
    assert_eq!(all, [Reckoning::SinceStart, Reckoning::LastRound, Reckoning::All]);
    assert_eq!(live.doing, Doing::Collecting("connecting".to_owned()));
}

/// A statement of its own for every number.
fn many(count: u64) -> BrowseScreen {
    let mut known = known();
    known.sources.judge = Arc::new(|_| (Vec::new(), 0));
    let mut snapshot = (*known.snapshot).clone();
    let like = snapshot.statements[2].clone();
    let one = |i: u64| Statement {
        fingerprint: Fingerprint(i),
        text: format!("SELECT {i} FROM t_{i} WHERE a = $1 AND b IN ($2, $3)"),
        ..like.clone()
    };
    snapshot.statements = (0..count).map(one).collect();
    known.snapshot = Arc::new(snapshot);
    BrowseScreen::new(known, None)
}

#[test]
fn of_many_statements_only_those_seen_are_laid_out() {
    let mut few = app(Box::new(many(100)), SIZE, false);
    let mut app = app(Box::new(many(10_000)), SIZE, false);
    press(&mut app, "G");
    press(&mut few, "G");
    let rows = |app: &App| picture(app).lines().filter(|line| line.contains("FROM t_")).count();
    assert_eq!(rows(&app), rows(&few));
    assert!(picture(&app).contains("t_9999"));
    press(&mut app, "/ \"t_77\" \"77\" enter");
    assert!(picture(&app).contains("/10000]"), "{}", picture(&app));
    assert_eq!(buffer(&app).area.width, SIZE.0);
}

#[test]
fn what_is_not_known_sorts_last_both_ways() {
    let known = known();
    let mut rows = Rows::of(&known, None);
    let mut choice = Choice { by: Column::Reads, ..Choice::default() };
    for reversed in [false, true] {
        choice.reversed = reversed;
        rows.list(&known.snapshot, &choice);
        let figures: Vec<Option<f64>> = (0..rows.listed.len())
            .map(|i| rows.at(i).unwrap().figures[Column::Reads as usize])
            .collect();
        let known = figures.iter().take_while(|figure| figure.is_some()).count();
        assert!(figures[known..].iter().all(Option::is_none), "{figures:?}");
    }
}

#[test]
fn advice_that_failed_says_why() {
    let mut known = known();
    known.sources.advise =
        Arc::new(|_| Err(CommandError::input("no planner").hint("ask another one")));
    let mut app = app(Box::new(BrowseScreen::new(known, None)), SIZE, false);
    press(&mut app, "a");
    let shown = picture(&app);
    assert!(shown.contains("no planner") && shown.contains("hint: ask another one"), "{shown}");
    assert!(app.overlay.is_none() || !matches!(app.overlay, Some(Overlay::Text { .. })));
    assert_eq!(View::ALL.len(), 3);
}

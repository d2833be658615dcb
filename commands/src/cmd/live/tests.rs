//! Databases watched through the list of statements: an SQLite file, and a real PostgreSQL.

use super::*;
use crate::testing::server;
use crate::tui::browse::BrowseScreen;
use crate::tui::browse::known::Known;
use crate::tui::browse::live::{self as shown, nothing_yet};
use crate::tui::event::{Event as Happened, Events};
use crate::tui::samples::sources;
use crate::tui::testing::{app, picture, press, work_off};
use crate::tui::update::update;
use planscope_collection::collect::Statements;
use planscope_collection::queries;
use planscope_collection::store::Store;
use planscope_collection::target::Environment;
use std::path::Path;

/// A task that asks for this, round after round.
fn task(url: &str, request: Request, folder: &Path) -> Task {
    let target = Target::parse_with(url, &Environment::default()).unwrap();
    Task {
        policy: Policy::default(),
        request,
        every: Duration::from_millis(1),
        budget_percent: 100.0,
        breaker: Breaker::of(&Store::open(folder), "live"),
        heeds_breaker: true,
        stop: Stop::new(),
        target,
    }
}

/// Runs the task with the list of its statements before it, presses `keys` as soon as the screen shows
/// `first`, and gives what is shown once it shows `last`.
fn watched(task: Task, first: &str, keys: &str, last: &str) -> String {
    let events = Events::new();
    let (orders, orders_of_task) = orders();
    let nothing = nothing_yet(task.target.engine, "live");
    let known = Known::new("live".to_owned(), nothing, sources());
    let live = shown::Live::new(orders, task.every, task.budget_percent / 100.0);
    let mut app = app(Box::new(BrowseScreen::new(known, Some(live))), (120, 40), false);
    let stop = task.stop.clone();
    let running = start(task, orders_of_task, events.mailbox()).unwrap();
    let mut is_pressed = false;
    loop {
        let Some(Happened::Message(message)) = events.wait() else { panic!("the queue is closed") };
        let effects = update(&mut app, message);
        work_off(&mut app, effects);
        let screen = picture(&app);
        if !is_pressed && screen.contains(first) {
            press(&mut app, keys);
            is_pressed = true;
        } else if is_pressed && screen.contains(last) {
            drop(running);
            assert!(stop.is_stopped());
            return screen;
        }
    }
}

#[test]
fn an_sqlite_file_is_watched() {
    let folder = tempfile::tempdir().unwrap();
    let (database, sql) = (folder.path().join("empty.db"), folder.path().join("q.sql"));
    std::fs::write(&database, "").unwrap();
    let text = "-- name: counting\nWITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9)\n\
                SELECT count(*) FROM n;\n";
    std::fs::write(&sql, text).unwrap();
    let url = format!("sqlite:{}", database.display());
    let engine = planscope_explain::Engine::Sqlite;
    let texts = queries::read(&sql, engine).unwrap();
    let request = Request { statements: Statements::Queries(texts), ..Request::default() };
    // It goes on after it was paused and told to.
    let screen = watched(task(&url, request, folder.path()), "counting", "p p R", "● every");
    assert!(screen.contains("counting") && screen.contains("SQLite"), "{screen}");
}

#[test]
fn a_file_that_is_gone_is_shown_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("gone.db").display());
    let screen = watched(task(&url, Request::default(), folder.path()), "!", "R", "!");
    assert!(screen.contains("gone.db"), "{screen}");
}

#[test]
fn a_postgresql_is_watched() {
    let Some(url) = server("PG16") else { return };
    let folder = tempfile::tempdir().unwrap();
    let screen = watched(task(&url, Request::default(), folder.path()), "costs", "w w w", "costs");
    assert!(screen.contains("PostgreSQL 16") && screen.contains("statements"), "{screen}");
    // What is sent is counted.
    assert!(screen.contains(" ms, ") || screen.contains(" s, "), "{screen}");
}

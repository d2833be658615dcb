//! Tests of the selection, with a planner of a few lines.

use super::select::{Answer, Options, Selector, Step};
use crate::context::{Context, Thresholds};
use crate::testing::Shop;
use planscope_explain::Snapshot;
use planscope_explain::workload::{Index, IndexKey};

/// A snapshot of statements over `orders`, each a full scan now.
fn workload(statements: &[&str]) -> Snapshot {
    let mut all = statements.iter().map(|sql| Shop::scanning(sql, 300_000.0, 10.0).snapshot());
    let mut snapshot = all.next().unwrap();
    snapshot.statements.extend(all.flat_map(|one| one.statements));
    snapshot
}

/// What is advised when `cost` says what a statement costs with an index alone; a statement takes
/// the cheapest, and a full scan costs 7,000.
fn advised(snapshot: &Snapshot, cost: impl Fn(&str, &Index) -> Option<f64>) -> Vec<String> {
    let thresholds = Thresholds::default();
    selected(&Context::new(snapshot, &thresholds), Options::default(), cost)
}

fn selected(
    context: &Context<'_>,
    options: Options,
    cost: impl Fn(&str, &Index) -> Option<f64>,
) -> Vec<String> {
    let mut selector = Selector::new(context, options);
    loop {
        let questions = match selector.advance() {
            Step::Done(advice) => return advice.iter().map(|a| shown(&a.index)).collect(),
            Step::Ask(questions) => questions,
        };
        for question in questions {
            let sql = &selector.statement(&question).statement.text;
            let priced = question.indexes.iter().filter_map(|&i| {
                Some((i, cost(sql, &selector.candidates()[i])?)).filter(|(_, cost)| *cost < 7_000.0)
            });
            let best = priced.min_by(|(_, a), (_, b)| a.total_cmp(b));
            let answer = Answer {
                cost: Some(best.map_or(7_000.0, |(_, cost)| cost)),
                used: best.map(|(index, _)| index).into_iter().collect(),
                sizes_bytes: Vec::new(),
            };
            selector.answer(question, answer);
        }
    }
}

fn shown(index: &Index) -> String {
    let keys: Vec<&str> = index.keys.iter().map(IndexKey::text).collect();
    let include = match index.include.as_slice() {
        [] => String::new(),
        payload => format!(" + {}", payload.join(", ")),
    };
    format!("{}{include}", keys.join(", "))
}

fn keys(index: &Index) -> Vec<&str> {
    index.keys.iter().map(IndexKey::text).collect()
}

#[test]
fn one_longer_index_serves_two_statements() {
    let by_customer = "SELECT * FROM orders WHERE customer_id = $1";
    let newest = "SELECT * FROM orders WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 1";
    let snapshot = workload(&[by_customer, newest]);
    let cost = |sql: &str, index: &Index| match keys(index).as_slice() {
        ["customer_id", "created_at", ..] if sql.contains("LIMIT") => Some(4.0),
        ["customer_id", ..] => Some(24.0 + index.keys.len() as f64 / 10.0),
        _ => None,
    };
    assert_eq!(advised(&snapshot, cost), ["customer_id, created_at"]);
}

#[test]
fn the_most_selective_column_leads_unless_another_is_shared() {
    let both = "SELECT * FROM orders WHERE status = $1 AND customer_id = $2";
    let cost = |_: &str, index: &Index| match keys(index).as_slice() {
        ["customer_id", "status"] => Some(600.0),
        ["status", "customer_id"] => Some(8.0),
        ["customer_id"] => Some(2_000.0),
        ["status"] => Some(5_000.0),
        _ => None,
    };
    // The planner has a bias for one order, and it is not a large one.
    assert_eq!(advised(&workload(&[both]), cost), ["customer_id, status"]);

    let by_status = "SELECT * FROM orders WHERE status = $1";
    let cost = |sql: &str, index: &Index| match (sql == by_status, keys(index).as_slice()) {
        (true, ["status", ..]) => Some(500.0),
        (true, _) => None,
        _ => cost(sql, index),
    };
    assert_eq!(advised(&workload(&[both, by_status]), cost), ["status, customer_id"]);
}

#[test]
fn payload_must_save_much_of_what_the_statement_costs_now() {
    let sql = "SELECT status FROM orders WHERE customer_id = $1";
    let with_plain_cost = |plain: f64| {
        move |_: &str, index: &Index| match (keys(index).as_slice(), index.include.is_empty()) {
            (["customer_id"], true) => Some(plain),
            (["customer_id"], false) => Some(4.0),
            _ => None,
        }
    };
    assert_eq!(advised(&workload(&[sql]), with_plain_cost(24.0)), ["customer_id"]);
    assert_eq!(advised(&workload(&[sql]), with_plain_cost(5_000.0)), ["customer_id + status"]);
}

#[test]
fn an_existing_index_is_extended_rather_than_joined_by_another() {
    let sql = "SELECT * FROM orders WHERE status = $1 AND customer_id = $2";
    let mut snapshot = workload(&[sql]);
    snapshot.catalog.indexes.push(Index {
        schema: Some("public".into()),
        table: "orders".into(),
        name: "orders_status_idx".into(),
        method: "btree".into(),
        usable: true,
        keys: vec![IndexKey::column("status")],
        size_bytes: Some(2_000_000.0),
        ..Index::default()
    });
    let cost = |_: &str, index: &Index| (index.keys.len() == 2).then_some(8.0);
    assert_eq!(advised(&snapshot, cost), ["status, customer_id"]);
}

#[test]
fn both_directions_of_an_order_are_one_index() {
    let newest = "SELECT * FROM orders ORDER BY created_at DESC LIMIT 20";
    let of_a_day = "SELECT * FROM orders WHERE created_at > $1 AND created_at < $2";
    let cost = |_: &str, index: &Index| (keys(index) == ["created_at"]).then_some(50.0);
    assert_eq!(advised(&workload(&[newest, of_a_day]), cost), ["created_at"]);
}

#[test]
fn measured_time_weighs_more_than_cost() {
    let slow = "SELECT * FROM orders WHERE status = $1";
    let quick = "SELECT * FROM orders WHERE customer_id = $1";
    let mut snapshot = workload(&[slow, quick]);
    let thresholds = Thresholds::default();
    snapshot.statements[1].counters.total_ms = Some(1.0);
    let context = Context::new(&snapshot, &thresholds);
    let options = Options { most_indexes: 1, ..Options::default() };
    let cost = |sql: &str, index: &Index| match (sql == slow, keys(index).as_slice()) {
        (true, ["status"]) => Some(3_000.0),
        (false, ["customer_id"]) => Some(10.0),
        _ => None,
    };
    assert_eq!(selected(&context, options, cost), ["status"]);
}

#[test]
fn an_extension_of_a_chosen_index_takes_no_further_place() {
    let by_customer = "SELECT * FROM orders WHERE customer_id = $1";
    let newest = "SELECT * FROM orders WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 1";
    let snapshot = workload(&[by_customer, newest]);
    let thresholds = Thresholds::default();
    let context = Context::new(&snapshot, &thresholds);
    let options = Options { most_indexes: 1, ..Options::default() };
    let cost = |sql: &str, index: &Index| match keys(index).as_slice() {
        ["customer_id", "created_at", ..] if sql.contains("LIMIT") => Some(4.0),
        ["customer_id", ..] => Some(24.0),
        _ => None,
    };
    assert_eq!(selected(&context, options, cost), ["customer_id, created_at"]);
}

#[test]
fn walking_along_the_order_is_no_equal_of_filtering_first() {
    let sql = "SELECT * FROM orders WHERE status = $1 ORDER BY created_at DESC LIMIT 1";
    let cost = |_: &str, index: &Index| match keys(index).as_slice() {
        ["created_at"] => Some(9.0),
        ["status"] => Some(3_000.0),
        ["status", "created_at"] => Some(4.0),
        _ => None,
    };
    let snapshot = workload(&[sql]);
    assert_eq!(advised(&snapshot, cost), ["status, created_at"]);
}

#[test]
fn another_index_must_save_a_share_of_what_there_was() {
    let newest = "SELECT * FROM orders WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 1";
    let open = "SELECT * FROM orders WHERE customer_id = $1 AND status = $2";
    let cost = |sql: &str, index: &Index| match keys(index).as_slice() {
        ["customer_id", "created_at"] if sql == newest => Some(4.0),
        ["customer_id", "status"] if sql == open => Some(8.0),
        ["customer_id", ..] => Some(24.0),
        _ => None,
    };
    assert_eq!(advised(&workload(&[newest, open]), cost), ["customer_id, created_at"]);
}

#[test]
fn groups_of_the_whole_table_ask_for_no_index() {
    let sql = "SELECT status, count(*) FROM orders GROUP BY status";
    assert_eq!(advised(&workload(&[sql]), |_, _| Some(100.0)), [""; 0]);
}

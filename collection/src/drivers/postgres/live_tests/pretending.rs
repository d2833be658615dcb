//! Hypothetical indexes.

use super::support::{Database, shop, url, with_database};
use crate::driver::WhatIfQuestion;
use crate::error::ErrorKind;
use planscope_explain::plan::Operator;
use planscope_explain::workload::{Index, IndexKey};

const SQL: &str = "SELECT * FROM orders WHERE day = date $1 AND total > $2";

fn index(column: &str) -> Index {
    Index {
        schema: Some("public".into()),
        table: "orders".into(),
        name: format!("orders_{column}_idx"),
        method: "btree".into(),
        keys: vec![IndexKey::column(column)],
        ..Index::default()
    }
}

fn question(sql: &str, indexes: Vec<Index>) -> WhatIfQuestion {
    WhatIfQuestion { sql: sql.into(), indexes, without: Vec::new() }
}

async fn with_hypopg(database: &Database) {
    let client = shop(database).await;
    client.batch_execute("CREATE EXTENSION IF NOT EXISTS hypopg").await.unwrap();
}

#[tokio::test]
async fn hypothetical_index_changes_the_plan_and_goes_away() {
    let Some(url) = url("PG15") else { return };
    with_database(&url, async |database| {
        with_hypopg(&database).await;
        let mut session = database.session().await;
        assert!(session.what_if_method().await.unwrap().starts_with("hypopg "));
        let questions = [
            question(SQL, vec![]),
            question(SQL, vec![index("weight"), index("day")]),
            question(SQL, vec![]),
        ];
        let answers = session.what_if(&questions).await.unwrap();
        let [before, with, after] = answers.as_slice() else { panic!("three answers") };
        let [before, with, after] = [before, with, after].map(|answer| answer.as_ref().unwrap());
        assert_eq!(before.plan.root().operator, Operator::SeqScan);
        let used: Vec<_> = with.plan.nodes().iter().filter_map(|n| n.index.as_deref()).collect();
        assert_eq!(used, ["orders_day_idx"]);
        assert!(with.cost.unwrap() < before.cost.unwrap() / 2.0);
        assert!(with.sizes_bytes.len() == 2 && with.sizes_bytes[1].unwrap() > 8192.0);
        assert_eq!(after.cost, before.cost);
        let plan = &session.what_if(&[question(SQL, vec![])]).await.unwrap();
        assert_eq!(plan[0].as_ref().unwrap().cost, before.cost);
    })
    .await;
}

#[tokio::test]
async fn one_question_that_fails_hurts_no_other() {
    let Some(url) = url("PG15") else { return };
    with_database(&url, async |database| {
        with_hypopg(&database).await;
        let mut session = database.session().await;
        let odd = Index { method: "gin".into(), ..index("day") };
        let hide = WhatIfQuestion { without: vec!["orders_pkey".into()], ..question(SQL, vec![]) };
        let partial = Index { predicate: Some("status = 'open'".into()), ..index("day") };
        let open = "SELECT * FROM orders WHERE day = '2024-01-05' AND status = 'open'";
        let questions = [
            question(SQL, vec![odd]),
            question("SELECT * FROM no_such_table", vec![]),
            question("SELECT 1; DROP TABLE orders", vec![]),
            hide,
            question(open, vec![partial]),
            question(SQL, vec![index("day")]),
        ];
        let answers = session.what_if(&questions).await.unwrap();
        assert!(answers[..3].iter().all(Result::is_err));
        // 1.3 cannot hide.
        assert!(
            answers[3].as_ref().is_ok_and(|a| a.cost.is_some())
                || answers[3].as_ref().is_err_and(|e| e.kind == ErrorKind::Missing)
        );
        assert!(answers[4..].iter().all(Result::is_ok), "{:?}", answers[4]);
        assert_eq!(
            answers[4].as_ref().unwrap().plan.nodes().last().unwrap().index.as_deref(),
            Some("orders_day_idx")
        );
    })
    .await;
}

/// HypoPG has some 2,500 object ids to give, and gets each back.
#[tokio::test]
async fn many_questions_do_not_use_up_the_ids() {
    let Some(url) = url("PG15") else { return };
    with_database(&url, async |database| {
        with_hypopg(&database).await;
        let mut session = database.session().await;
        let columns = ["day", "weight", "total"].map(index).to_vec();
        let questions = vec![question(SQL, columns); 1200];
        let answers = session.what_if(&questions).await.unwrap();
        assert!(answers.iter().all(Result::is_ok), "{:?}", answers.iter().find(|a| a.is_err()));
    })
    .await;
}

#[tokio::test]
async fn without_the_extension_its_statement_is_told() {
    let Some(url) = url("PG16") else { return };
    with_database(&url, async |database| {
        let error = database.session().await.what_if_method().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Missing);
        assert_eq!(error.hints[0], "CREATE EXTENSION hypopg;");
    })
    .await;
}

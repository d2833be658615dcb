//! The shop: the same bytes every time, and nothing left behind.

use super::*;

#[test]
fn two_shops_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a.db"), folder.path().join("b.db"));
    create_small(&a).unwrap();
    create_small(&b).unwrap();
    assert!(fs::read(&a).unwrap() == fs::read(&b).unwrap());
    assert_eq!(create_small(&a).unwrap_err().kind, ErrorKind::Input, "never overwrites");
}

#[test]
fn a_stop_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let stop = Stop::new();
    let error = create(&path, Scale::FULL, &stop, &mut |done, of| {
        if done * 20 > of {
            stop.stop();
        }
    });
    assert_eq!(error.unwrap_err().kind, ErrorKind::Stopped);
    assert!(!path.exists());
}

#[test]
fn advised_indexes_are_applied_all_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    create_small(&path).unwrap();
    let indexes = || -> i64 {
        let connection = Connection::open(&path).unwrap();
        let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'index'";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let before = indexes();
    let good = "CREATE INDEX orders_customer_id_idx ON orders (customer_id)".to_owned();
    let bad = "CREATE INDEX broken ON orders (nothing)".to_owned();
    assert!(apply(&path, &[good.clone(), bad], &Stop::new()).is_err());
    assert_eq!(indexes(), before);
    apply(&path, &[good, "DROP INDEX idx_orders_status".to_owned()], &Stop::new()).unwrap();
    assert_eq!(indexes(), before);
    let drop_table = "DROP TABLE orders".to_owned();
    assert_eq!(apply(&path, &[drop_table], &Stop::new()).unwrap_err().kind, ErrorKind::Input);
}

#[test]
fn the_workload_is_25_queries_that_the_shop_can_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    create_small(&path).unwrap();
    let connection = Connection::open(&path).unwrap();
    let statements: Vec<&str> =
        SHOP_SQL.split(';').filter(|sql| sql.contains("-- name:")).collect();
    assert_eq!(statements.len(), 25);
    for sql in statements {
        let statement = connection.prepare(sql).expect(sql);
        assert!(statement.readonly() && sql.contains("-- calls: "), "{sql}");
    }
}

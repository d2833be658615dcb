//! Texts of pg_stat_statements that PostgreSQL does not read as they are.

use super::*;

#[test]
fn type_literals_become_casts() {
    let cases = [
        ("select now() - interval $1", "select now() - $1::interval"),
        ("select interval $1 day to second", "select $1::interval"),
        ("select interval $1 day, $2", "select $1::interval, $2"),
        ("where d > date $1 and t < timestamp $2", "where d > $1::date and t < $2::timestamp"),
        ("select timestamp with time zone $1", "select $1::timestamptz"),
        ("select time(3) without time zone $1", "select $1::time(3)"),
        ("select double precision $1", "select $1::double precision"),
        ("select x from t where y = $1 limit $2", "select x from t where y = $1 limit $2"),
        ("select 'interval $1'", "select 'interval $1'"),
    ];
    for (sql, expected) in cases {
        assert_eq!(rewrite(sql), expected);
    }
}

#[test]
fn extract_becomes_a_function() {
    assert_eq!(
        rewrite("select extract($1 from a.at), $2"),
        "select pg_catalog.date_part($1::text , a.at), $2"
    );
}

#[test]
fn literals_left_in_group_by_are_copied_back() {
    let cases = [
        (
            "select date_trunc($1, at), n > $2 from t group by date_trunc('day', at), n",
            "select date_trunc('day', at), n > $1 from t group by date_trunc('day', at), n",
        ),
        (
            "select extract($1 from at) from t group by extract(year from at)",
            "select extract(year from at) from t group by extract(year from at)",
        ),
        (
            "select case when x > $1 then $2 else $3 end from t where y = $4 \
             group by case when x > -1 then 'a' else 'b' end order by 1",
            "select case when x > -1 then 'a' else 'b' end from t where y = $1 \
             group by case when x > -1 then 'a' else 'b' end order by 1",
        ),
        (
            "select count(*) from t group by f($1, x) order by f('a', x) desc limit $2",
            "select count(*) from t group by f('a', x) order by f('a', x) desc limit $1",
        ),
        ("select a from t where b = $1 order by 1", "select a from t where b = $1 order by 1"),
    ];
    for (sql, expected) in cases {
        assert_eq!(rewrite(sql), expected);
    }
}

fn repair(sql: &str, code: &str, message: &str, at: Option<&str>) -> Vec<String> {
    let at = at.map(|needle| sql.find(needle).unwrap());
    repairs(sql, &Failure { code, message, at })
}

#[test]
fn unknown_types_are_tried() {
    let message = "could not determine data type of parameter $1";
    assert_eq!(repair("select concat($1)", "42P18", message, None)[0], "select concat($1::text)");
    let message = "function generate_series(unknown, unknown) is not unique";
    let sql = "select * from generate_series($1, $2) g";
    assert_eq!(
        repair(sql, "42725", message, Some("generate"))[0],
        "select * from generate_series($1::integer, $2::integer) g"
    );
    let message = "operator does not exist: integer = text";
    let sql = "select * from t where a = $1 and id = any(array[$2, $3])";
    assert_eq!(
        repair(sql, "42883", message, Some("= any"))[0],
        "select * from t where a = $1 and id = any(array[$2::integer, $3::integer])"
    );
    let message = "function sum(text) does not exist";
    let sql = "select sum(case when s = $1 then $2 else $3 end) from t";
    assert_eq!(
        repair(sql, "42883", message, Some("sum"))[0],
        "select sum(case when s = $1 then $2::integer else $3::integer end) from t"
    );
}

#[test]
fn other_failures_have_their_own_repairs() {
    assert_eq!(
        repair("select mytype $1", "42601", "syntax error", Some("$1")),
        ["select $1::mytype"]
    );
    assert_eq!(
        repair("select a = $1 or b = $1", "42P08", "inconsistent types", None),
        ["select a = $1 or b = $2"]
    );
    assert!(repair("select a", "42P01", "relation", None).is_empty());
}

proptest::proptest! {
    #[test]
    fn any_text_survives(sql in "[a-z$0-9()',. -]{0,60}", at in 0_usize..70) {
        let rewritten = rewrite(&sql);
        for code in ["42601", "42P08", "42P18", "42725"] {
            repairs(&rewritten, &Failure { code, message: "x $1", at: Some(at) });
        }
    }
}

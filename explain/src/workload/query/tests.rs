//! Tests of reading SQL.

use super::*;
use crate::workload::fingerprint::tests::sql_like;
use proptest::prelude::*;

use Engine::{Mariadb, Mysql, Postgres, Sqlite};

fn column(column: &ColumnRef) -> String {
    match &column.qualifier {
        Some(qualifier) => format!("{qualifier}.{}", column.name),
        None => column.name.clone(),
    }
}

fn predicate(predicate: &Predicate) -> String {
    let subject = predicate.wrapped.clone().unwrap_or_else(|| column(&predicate.column));
    let cast = predicate.cast.as_ref().map(|cast| format!("::{cast}")).unwrap_or_default();
    let value = match &predicate.value {
        Operand::Literal(text) => text.clone(),
        Operand::Parameter => "?".to_owned(),
        Operand::Column(other) => column(other),
        Operand::Expression => "expr".to_owned(),
    };
    format!("{subject}{cast} {:?} {value}", predicate.operator)
}

fn predicates(list: &[Predicate]) -> String {
    list.iter().map(predicate).collect::<Vec<_>>().join("; ")
}

fn columns(list: &[ColumnRef]) -> String {
    list.iter().map(column).collect::<Vec<_>>().join(" ")
}

/// A scope in one line, parts that are empty left out.
fn scope(scope: &Scope) -> String {
    let mut parts = Vec::new();
    let mut add = |name: &str, text: String| {
        if !text.is_empty() {
            parts.push(format!("{name} {text}"));
        }
    };
    let table = |t: &TableUse| {
        let schema = t.schema.as_ref().map(|s| format!("{s}.")).unwrap_or_default();
        let nullable = if t.nullable_side { "?" } else { "" };
        format!("{schema}{}:{}{nullable}", t.name, t.alias)
    };
    add("from", scope.tables.iter().map(table).collect::<Vec<_>>().join(" "));
    add("where", predicates(&scope.predicates));
    for arms in &scope.alternatives {
        add("or", arms.iter().map(|arm| format!("({})", predicates(arm))).collect());
    }
    add("having", predicates(&scope.having));
    add("group", columns(&scope.group_by));
    let key = |key: &OrderKey| {
        let nulls = key.nulls_first.map(|first| if first { "^" } else { "_" }).unwrap_or_default();
        format!("{}{}{nulls}", column(&key.column), if key.descending { "-" } else { "" })
    };
    match &scope.order_by {
        Some(keys) => add("order", keys.iter().map(key).collect::<Vec<_>>().join(" ")),
        None => add("order", "expr".to_owned()),
    }
    let bound = |bound: Option<Bound>| bound.map(|b| format!("{b:?}")).unwrap_or_default();
    add("limit", bound(scope.limit));
    add("offset", bound(scope.offset));
    add("reads", scope.columns.as_ref().map_or("*".to_owned(), |list| columns(list)));
    if scope.aggregates {
        parts.push("aggregates".to_owned());
    }
    if scope.distinct {
        parts.push("distinct".to_owned());
    }
    parts.join(" | ")
}

fn read(sql: &str, engine: Engine) -> String {
    match Query::read(sql, engine) {
        Some(query) => {
            let scopes: Vec<String> = query.scopes.iter().map(scope).collect();
            format!("{:?} {}", query.kind, scopes.join("\n"))
        }
        None => "unreadable".to_owned(),
    }
}

fn conditions(text: &str, engine: Engine) -> String {
    let arms = |arms: &Vec<Vec<Predicate>>| {
        arms.iter().map(|arm| format!(" ({})", predicates(arm))).collect::<String>()
    };
    let alternatives: String = read_alternatives(text, engine).iter().map(arms).collect();
    predicates(&read_condition(text, engine)) + &alternatives
}

#[test]
fn statements_are_taken_apart() {
    for (engine, sql, expected) in STATEMENTS {
        assert_eq!(read(sql, *engine), *expected, "{engine}: {sql}");
    }
}

#[test]
fn conditions_of_plans_are_read() {
    for (engine, text, expected) in CONDITIONS {
        assert_eq!(conditions(text, *engine), *expected, "{engine}: {text}");
    }
}

#[test]
fn what_cannot_be_read_is_none() {
    let long = "x".repeat(1 << 20);
    let chain = format!("select * from t where a = 1{}", " or a = 1".repeat(100_000));
    let deep = format!("select {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let cases = ["", "select", "select 1; select 2", "not sql at all", &long, &chain, &deep];
    for sql in cases {
        assert_eq!(Query::read(sql, Postgres), None);
    }
    assert_eq!(Query::read("{\"find\": \"t\"}", Engine::Mongodb), None);
    assert_eq!(read_condition(&deep, Postgres), Vec::new());
}

/// Advice must not depend on whether literals were kept.
#[test]
fn redacted_text_reads_alike() {
    let sql = "select * from t where a = 5 and b in (1, 2, 3) and c like '%x' and d > '2024-01-01' \
               and e = any ('{1,2}'::int[]) order by 1 limit 10 offset 1000";
    let kept = Query::read(sql, Postgres).unwrap();
    let redacted =
        Query::read(&crate::workload::fingerprint::redact(sql, Postgres), Postgres).unwrap();
    let shape = |query: &Query| {
        let scope = &query.scopes[0];
        let operators: Vec<_> =
            scope.predicates.iter().map(|p| (p.column.clone(), p.operator)).collect();
        (operators, scope.order_by.clone(), scope.limit, scope.offset)
    };
    assert_eq!(shape(&kept), shape(&redacted));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn nothing_panics(sql in sql_like()) {
        for engine in Engine::ALL {
            let _ = Query::read(&sql, engine);
            let _ = Query::read(&format!("select {sql} from t where {sql}"), engine);
            let _ = read_condition(&sql, engine);
            let _ = canonical_expression(&sql, engine);
            let _ = explainable(&sql, engine);
            let _ = is_single_select_without_side_effects(&format!("select {sql}"), engine);
        }
    }

    #[test]
    fn splitting_loses_no_statement(pieces in proptest::collection::vec(sql_like(), 0..4)) {
        let text = pieces.join(";");
        for engine in Engine::ALL {
            let found = split_statements(&text, engine);
            for statement in &found {
                prop_assert!(text[statement.start..].starts_with(statement.sql));
                prop_assert!(!statement.sql.is_empty());
                let line = text[..statement.start].matches('\n').count() + 1;
                prop_assert_eq!(statement.line as usize, line);
            }
        }
    }
}

const STATEMENTS: &[(Engine, &str, &str)] = &[
    (
        Postgres,
        "SELECT o.id, count(*) FROM shop.orders o JOIN customers c ON c.id = o.customer_id LEFT JOIN lines l USING (order_id) WHERE o.status = $1 AND c.\"Country\" IN ($2, $3 /*, ... */) AND lower(c.email) LIKE $4 AND o.created_at >= now() - interval $5 GROUP BY 1 ORDER BY 2 DESC, id LIMIT 10 OFFSET $6",
        "Select from shop.orders:o customers:c lines:l? | where c.id Equal o.customer_id; l.order_id Equal c.order_id; o.status Equal ?; c.Country In(None) ?; lower(email) LikeUnknown ?; o.created_at Greater ? | group o.id | order expr | limit Number(10.0) | offset Unknown | reads c.id o.customer_id o.id o.status c.Country c.email o.created_at l.order_id c.order_id | aggregates",
    ),
    (
        Postgres,
        "select * from a, b where a.x = b.y and (a.p = 1 or b.q > 2) and not a.deleted and (a.u, a.v) > ($1, $2)",
        "Select from a:a b:b | where a.x Equal b.y; a.deleted Equal false; a.u Greater ? | or (a.p Equal 1)(b.q Greater 2) | reads *",
    ),
    (
        Postgres,
        "with t as (select id from orders where total > ?), u as (select * from t) select * from u join t using (id) where exists (select 1 from lines l where l.order_id = u.id and l.sku = 'x') union all select a from b order by 1 limit 5",
        "Select order expr | limit Number(5.0)\nfrom orders:orders | where total Greater ? | reads id total\nreads *\nwhere t.id Equal u.id | reads *\nfrom b:b | reads a\nfrom lines:l | where l.order_id Equal u.id; l.sku Equal 'x' | reads l.order_id u.id l.sku",
    ),
    (
        Postgres,
        "select id from a union select id from b order by id desc nulls last",
        "Select order id-_\nfrom a:a | reads id\nfrom b:b | reads id",
    ),
    (
        Mysql,
        "SELECT `a` . `b` FROM `t` `a` WHERE `a` . `c` IN (...) AND `d` LIKE ? LIMIT ?, ...",
        "Select from t:a | where a.c In(None) ?; d LikeUnknown ? | limit Unknown | offset Unknown | reads a.b a.c d",
    ),
    (
        Mysql,
        "update t join u on t.id = u.tid set t.a = u.b where u.c < 5 order by t.z limit 3",
        "Update from t:t u:u | where t.id Equal u.tid; u.c Less 5 | order t.z | limit Number(3.0) | reads t.id u.tid u.c u.b t.z",
    ),
    (
        Mysql,
        "delete t from t left join u on u.id = t.uid where u.id is null",
        "Delete from t:t u:u? | where u.id Equal t.uid; u.id IsNull NULL | reads u.id t.uid",
    ),
    (
        Mysql,
        "select sql_no_cache timestampdiff(day, a, b) from t force index (i) where match (x, y) against ('z') and c regexp '^a' order by null",
        "Select from t:t | where x Contains ?; y Contains ?; c Pattern '^a' | reads a b x y c",
    ),
    (
        Mysql,
        "replace into t select * from u where v = 1",
        "Insert from u:u | where v Equal 1 | reads *",
    ),
    (
        Sqlite,
        "delete from t where a is null and b glob 'abc*' and [c d] between 1 and ?2",
        "Delete from t:t | where a IsNull NULL; b Prefix 'abc*'; c d Between ? | reads a b c d",
    ),
    (
        Sqlite,
        "select a from t where b = :x and c == @y and d like '%' || $z limit 10",
        "Select from t:t | where b Equal ?; c Equal ?; d Pattern ? | limit Number(10.0) | reads a b c d",
    ),
    (
        Postgres,
        "insert into t (a) select x from y where z = any($1)",
        "Insert from y:y | where z In(None) ? | reads x z",
    ),
    (Postgres, "insert into t (a) values (1), (2)", "Insert "),
    (
        Postgres,
        "EXPLAIN (ANALYZE, BUFFERS) select distinct a from t where date(b) = date $1 and c = '{1,2}' and extract($2 from d) = $3 fetch first 5 rows only",
        "Select from t:t | where date(b) Equal ?; c Equal '{1,2}'; extract(epoch from d) Equal ? | group a | limit Number(5.0) | reads a b c d | distinct",
    ),
    (
        Postgres,
        "select data->>'k', (select max(x) from s where s.id = t.id) from t where data @> $1 and data ? 'x' and tags && array['a'] order by lower(a)",
        "Select from t:t | where data Contains ?; data Contains 'x'; tags Contains ? | order expr | reads data tags a t.id\nfrom s:s | where s.id Equal t.id | reads x s.id t.id | aggregates",
    ),
    (
        Postgres,
        "select a from t where b = ? and c like ? limit ? offset 20",
        "Select from t:t | where b Equal ?; c LikeUnknown ? | limit Unknown | offset Number(20.0) | reads a b c",
    ),
    (
        Postgres,
        "select a from t where b = '?' and c like '%?' and d in (?, ?, ?) and e between ? and '?'",
        "Select from t:t | where b Equal ?; c Pattern '%?'; d In(Some(3)) ?; e Between ? | reads a b c d e",
    ),
    (
        Postgres,
        "select created_at::date as day, count(*) from e where created_at::date = '2024-01-01' and id::text = 'x' and n + 1 > 5 group by day having count(*) > 5 and max(a) = 3 order by day",
        "Select from e:e | where created_at::date Equal '2024-01-01'; id::text Equal 'x'; n + 1 Greater 5 | having max(a) Equal 3 | order expr | reads created_at id n a | aggregates",
    ),
    (
        Postgres,
        "select distinct on (a) a, b from t order by a, b desc nulls last",
        "Select from t:t | group a | order a b-_ | reads a b | distinct",
    ),
    (
        Postgres,
        "with moved as (delete from q where id in (select id from q order by id limit 5 for update skip locked) returning *) select * from moved",
        "Delete reads *\nfrom q:q | where id In(None) expr | reads id\nfrom q:q | order id | limit Number(5.0) | reads id",
    ),
    (
        Postgres,
        "select a from (select b as a from t where c = 1) x, lateral (select 1 from u where u.id = x.a) y, generate_series(1, 5) g",
        "Select reads a\nfrom t:t | where c Equal 1 | reads b c\nfrom u:u | where u.id Equal x.a | reads u.id x.a",
    ),
    (
        Postgres,
        "select t.* from t where a = b and 5 < c and not (d = 1 or e > 2) and f is not true and now() between g and h",
        "Select from t:t | where a Equal b; c Greater 5; d NotEqual 1; e Less 2; f NotEqual true; g Less ?; h Greater ? | reads *",
    ),
    (Postgres, "with t as (select * from t) select * from t", "Select reads *\nfrom t:t | reads *"),
    (
        Postgres,
        "with recursive t as (select id from n where p is null union all select n.id from n join t on n.p = t.id) select * from t",
        "Select reads *\nfrom n:n | where p IsNull NULL | reads id p\nfrom n:n | where n.p Equal t.id | reads n.p t.id n.id",
    ),
    (
        Postgres,
        "merge into a using b on a.id = b.id when matched then delete",
        "Update from a:a b:b | where a.id Equal b.id | reads a.id b.id",
    ),
    (Postgres, "table t", "Select from t:t | reads *"),
    (
        Postgres,
        "select a from t full join u on t.x = u.x right join v on v.y = t.y",
        "Select from t:t? u:u? v:v | where t.x Equal u.x; v.y Equal t.y | reads t.x u.x v.y t.y a",
    ),
    (
        Postgres,
        "update t set a = (select max(z) from w where w.id = t.id) from u where u.id = t.uid and t.s = 'x' returning t.id",
        "Update from t:t u:u | where u.id Equal t.uid; t.s Equal 'x' | reads u.id t.uid t.s t.id\nfrom w:w | where w.id Equal t.id | reads z w.id t.id | aggregates",
    ),
    (Postgres, "vacuum t", "Other "),
];

const CONDITIONS: &[(Engine, &str, &str)] = &[
    (Postgres, "(x >= 'a'::text COLLATE \"C\")", "x Greater 'a'"),
    (
        Postgres,
        "((t1.b === 505) AND (device OPERATOR(public.===) ?))",
        "t1.b Other 505; device Other ?",
    ),
    (Postgres, "(ALL (\"time\" >= (SubPlan 1).col1))", "time Greater expr"),
    (Postgres, "((o.status)::text = 'open'::text)", "o.status::text Equal 'open'"),
    (Postgres, "((status)::text = ANY ('{a,\"b,c\"}'::text[]))", "status::text In(Some(2)) ?"),
    (Postgres, "(id = ANY ('{?,?,?}'::integer[]))", "id In(Some(3)) ?"),
    (Postgres, "(5 = ANY (tags))", "tags Contains 5"),
    (Postgres, "(id <> ALL ('{1,2}'::integer[]))", "id NotEqual ?"),
    (
        Postgres,
        "((name)::text ~~ '%x%'::text) AND (email ~~* 'a%'::text) AND (a !~~ 'x'::text) AND (b ~ '^a'::text) AND (c ~~ 'a%'::text) AND (d ~~ $1)",
        "name::text Pattern '%x%'; email Pattern 'a%'; a NotEqual 'x'; b Pattern '^a'; c Prefix 'a%'; d LikeUnknown ?",
    ),
    (Postgres, "(created_at > (now() - '7 days'::interval))", "created_at Greater ?"),
    (Postgres, "(customer_id = (hashed SubPlan 1).col1)", "customer_id Equal expr"),
    (Postgres, "(ANY (customer_id = (hashed SubPlan 1).col1))", "customer_id Equal expr"),
    (
        Postgres,
        "((NOT (hashed SubPlan 1)) AND (id < $0) AND active AND (NOT deleted))",
        "id Less ?; active Equal true; deleted Equal false",
    ),
    (Postgres, "(a > (InitPlan 1).col1)", "a Greater expr"),
    (
        Postgres,
        "(((created_at)::date = '2024-01-01'::date) OR (b = 1))",
        " (created_at::date Equal '2024-01-01') (b Equal 1)",
    ),
    (Postgres, "(ROW(a, b) > ROW(1, 2))", "a Greater 1"),
    (Postgres, "((a = 1) AND (b OPERATOR(x.#=) 5) AND (c = 2))", "a Equal 1; b Other 5; c Equal 2"),
    (Postgres, "((a = 1) AND (b @@@ @@@ 5) AND (c BETWEEN 1 AND 2))", "a Equal 1; c Between ?"),
    (Postgres, "((status)::text = '?'::text)", "status::text Equal ?"),
    (
        Postgres,
        "((o.id = l.order_id) AND (o.x > lower(l.y)))",
        "o.id Equal l.order_id; o.x Greater expr; lower(y) Less o.x",
    ),
    (Postgres, "((data ->> 'k'::text) = 'v'::text)", "data ->> 'k' Equal 'v'"),
    (
        Postgres,
        "(date_trunc('day'::text, created_at) = '2024-01-01 00:00:00'::timestamp without time zone)",
        "date_trunc('day', created_at) Equal '2024-01-01 00:00:00'",
    ),
    (
        Postgres,
        "((kind = 'r'::\"char\") AND ((a)::numeric > 1.5) AND (b IS DISTINCT FROM 1))",
        "kind Equal 'r'; a::numeric Greater 1.5; b NotEqual 1",
    ),
    (
        Postgres,
        "((to_tsvector('english'::regconfig, body) @@ '''x'''::tsquery) AND (tags @> '{a}'::text[]))",
        "to_tsvector('english'::regconfig, body) Contains '''x'''; tags Contains '{a}'",
    ),
    (
        Postgres,
        "((EXTRACT(year FROM created_at) = '2024'::numeric) AND ((x AT TIME ZONE 'UTC'::text) > now()))",
        "extract(year from created_at) Equal '2024'; x at time zone 'UTC' Greater ?",
    ),
    (
        Mysql,
        "(<cache>((`t`.`a`)) = 5) and (`db`.`t`.`b` = 'x') and <in_optimizer>(a,<exists>(select #2))",
        "t.a Equal 5; t.b Equal 'x'",
    ),
    (
        Mysql,
        "((v.`status` = 'delayed') and (v.dest in (1,2)) and (v.n like '%x%') and (cast(v.d as date) = DATE'2024-01-01'))",
        "v.status Equal 'delayed'; v.dest In(Some(2)) ?; v.n Pattern '%x%'; cast(d as date) Equal '2024-01-01'",
    ),
    (Mysql, "(10 <= a < 20) and (b > 1)", "a Greater 10; a Less 20; b Greater 1"),
    (
        Mysql,
        "<if>(is_not_null_compl(q), ((`s`.`q`.`b` = `s`.`p`.`a`) and (q.c = 1)), true) and (p.d = 2)",
        "q.b Equal p.a; q.c Equal 1; p.d Equal 2",
    ),
    (
        Mysql,
        "<in_optimizer>(p.b,p.b in ( <materialize> (/* select#2 */ select 1), <primary_index_lookup>(p.b in <temporary table> on <auto_distinct_key> where ((p.b = 1))))) and (p.c = 3)",
        "p.b In(None) expr; p.c Equal 3",
    ),
    (
        Mysql,
        "((match `d`.`body`,`d`.`t` against ('x')) and (`d`.`id` > 10))",
        "d.body Contains ?; d.t Contains ?; d.id Greater 10",
    ),
    (
        Mariadb,
        "trigcond(q.b = p.a) and o.total > (subquery#2) and <in_optimizer>(c.x,c.x in (subquery#3))",
        "q.b Equal p.a; o.total Greater expr; c.x In(None) expr",
    ),
    (Sqlite, "a=? AND b>?", "a Equal ?; b Greater ?"),
];

#[test]
fn min_and_max_of_a_plain_column_are_extremes() {
    let sql = "SELECT max(o.total), min(created_at), sum(total), max(total + 1) FROM orders o";
    let query = Query::read(sql, Engine::Postgres).unwrap();
    let names: Vec<&str> = query.scopes[0].extremes.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["total", "created_at"]);
}

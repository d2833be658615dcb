//! Tests of reading SQL.

use super::*;
use Engine::{Mysql, Postgres, Sqlite};

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
            format!("{:?} {}", query.kind, scopes.join("\n       "))
        }
        None => "unreadable".to_owned(),
    }
}

#[test]
fn explore() {
    let cases = [
        (
            Postgres,
            "SELECT o.id, count(*) FROM shop.orders o JOIN customers c ON c.id = o.customer_id LEFT JOIN lines l USING (order_id) WHERE o.status = $1 AND c.\"Country\" IN ($2, $3 /*, ... */) AND lower(c.email) LIKE $4 AND o.created_at >= now() - interval $5 GROUP BY 1 ORDER BY 2 DESC, id LIMIT 10 OFFSET $6",
        ),
        (
            Postgres,
            "select * from a, b where a.x = b.y and (a.p = 1 or b.q > 2) and not a.deleted and (a.u, a.v) > ($1, $2)",
        ),
        (
            Postgres,
            "with t as (select id from orders where total > ?), u as (select * from t) select * from u join t using (id) where exists (select 1 from lines l where l.order_id = u.id and l.sku = 'x') union all select a from b order by 1 limit 5",
        ),
        (
            Mysql,
            "SELECT `a` . `b` FROM `t` `a` WHERE `a` . `c` IN (...) AND `d` LIKE ? LIMIT ?, ...",
        ),
        (Mysql, "update t join u on t.id = u.tid set t.a = u.b where u.c < 5 order by t.z limit 3"),
        (Sqlite, "delete from t where a is null and b glob 'abc*' and [c d] between 1 and ?2"),
        (Postgres, "insert into t (a) select x from y where z = any($1)"),
        (
            Postgres,
            "EXPLAIN (ANALYZE, BUFFERS) select distinct a from t where date(b) = date $1 and c = '{1,2}' and extract($2 from d) = $3 fetch first 5 rows only",
        ),
        (
            Postgres,
            "select data->>'k', (select max(x) from s where s.id = t.id) from t where data @> $1 and data ? 'x' and tags && array['a'] order by lower(a)",
        ),
        (Postgres, "select a from t where b = ? limit ?"),
    ];
    for (engine, sql) in cases {
        println!("{sql}\n    => {}", read(sql, engine));
    }
    let conditions = [
        (Postgres, "((o.status)::text = 'open'::text)"),
        (Postgres, "((status)::text = ANY ('{a,b}'::text[]))"),
        (
            Postgres,
            "((name)::text ~~ '%x%'::text) AND (email ~~* 'a%'::text) AND (a !~~ 'x'::text)",
        ),
        (Postgres, "(created_at > (now() - '7 days'::interval))"),
        (Postgres, "(customer_id = (hashed SubPlan 1).col1)"),
        (Postgres, "(ANY (customer_id = (hashed SubPlan 1).col1))"),
        (Postgres, "((NOT (hashed SubPlan 1)) AND (id < $0) AND active AND (NOT deleted))"),
        (Postgres, "(((created_at)::date = '2024-01-01'::date) OR (b = 1))"),
        (Postgres, "(ROW(a, b) > ROW(1, 2))"),
        (Postgres, "((a = 1) AND (b OPERATOR(x.#=) 5) AND (c = 2))"),
        (Postgres, "((status)::text = '?'::text)"),
        (
            Mysql,
            "(<cache>((`t`.`a`)) = 5) and (`db`.`t`.`b` = 'x') and <in_optimizer>(a,<exists>(select #2))",
        ),
        (Sqlite, "a=? AND b>?"),
    ];
    for (engine, text) in conditions {
        println!(
            "{text}\n    => {} || {:?}",
            predicates(&read_condition(text, engine)),
            read_alternatives(text, engine).len()
        );
    }
}

//! Conditions on the wire: the engine's text and, beside it, what could be read out of it.

use planscope_explain::Engine;
use planscope_explain::plan::{Condition, ConditionKind};
use planscope_explain::workload::query::{
    ColumnRef, Comparison, Operand, Predicate, read_alternatives, read_condition,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A condition of a node.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ConditionDoc {
    /// `index`, `filter`, `join`, `sort-key` …
    pub kind: String,
    /// The engine's text.
    pub text: String,
    /// The columns it is about, qualified where the text is: `o.status`. Only in
    /// `planscope.explain`; empty where the text could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The comparisons that must all hold. Only in `planscope.explain`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub predicates: Vec<PredicateDoc>,
    /// Of each OR that must hold, its arms; of each arm, the comparisons that must all hold. Only in
    /// `planscope.explain`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Vec<Vec<PredicateDoc>>>,
}

/// A comparison: `column operator value`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PredicateDoc {
    /// The column, without its qualifier; of MongoDB the path of the field.
    pub column: String,
    /// Alias or table before the dot.
    pub qualifier: Option<String>,
    /// `=`, `<>`, `<` (and `<=`), `>` (and `>=`), `in`, `between`, `prefix` (LIKE 'abc%'), `pattern`
    /// (LIKE '%abc', regular expressions), `like` (of an unknown pattern), `is-null`, `is-not-null`,
    /// `contains` (`@>`, `&&`, full-text search …) or `other`.
    pub operator: String,
    /// A literal as written, `?` for a parameter, a column's name, or `null` for anything else.
    pub value: Option<String>,
    /// What `value` is: `literal`, `parameter`, `column` or `expression`.
    pub value_kind: String,
    /// The expression around the column, when it is not compared by itself: `lower(email)`.
    pub expression: Option<String>,
    /// How many values `in` lists, when that is known.
    pub values: Option<u32>,
}

impl ConditionDoc {
    /// The condition with its text only.
    pub(super) fn of(condition: &Condition) -> Self {
        Self {
            kind: condition.kind.name().to_owned(),
            text: condition.text.clone(),
            ..Self::default()
        }
    }

    /// Reads columns and comparisons out of the text.
    pub(super) fn read(&mut self, engine: Engine) {
        let Some(kind) = ConditionKind::from_name(&self.kind) else { return };
        if is_key(kind) {
            let key = key_expression(&self.text);
            let used = read_condition(key, engine);
            self.columns = columns(used.iter().map(|p| name(&p.column)));
        } else if kind != ConditionKind::Output && engine == Engine::Mongodb {
            self.predicates = match kind {
                ConditionKind::Index => of_bounds(&self.text),
                _ => of_mongodb(&self.text),
            };
            self.columns = columns(self.predicates.iter().map(|p| p.column.clone()));
        } else if kind != ConditionKind::Output {
            self.read_sql(engine);
        }
    }

    fn read_sql(&mut self, engine: Engine) {
        let predicates = read_condition(&self.text, engine);
        let alternatives = read_alternatives(&self.text, engine);
        let all = predicates.iter().chain(alternatives.iter().flatten().flatten());
        let both = |p: &Predicate| match &p.value {
            Operand::Column(other) => vec![name(&p.column), name(other)],
            _ => vec![name(&p.column)],
        };
        self.columns = columns(all.flat_map(both));
        self.predicates = predicates.iter().map(PredicateDoc::of).collect();
        let arm = |arm: &Vec<Predicate>| arm.iter().map(PredicateDoc::of).collect();
        let arms = |arms: &Vec<Vec<Predicate>>| arms.iter().map(arm).collect();
        self.alternatives = alternatives.iter().map(arms).collect();
    }
}

/// Whether the text is a column or expression, not a comparison.
fn is_key(kind: ConditionKind) -> bool {
    matches!(
        kind,
        ConditionKind::SortKey
            | ConditionKind::PresortedKey
            | ConditionKind::GroupKey
            | ConditionKind::CacheKey
            | ConditionKind::OrderBy
    )
}

/// A sort key without its direction.
fn key_expression(text: &str) -> &str {
    const ENDS: [&str; 6] = [" DESC", " ASC", " NULLS FIRST", " NULLS LAST", " desc", " asc"];
    let mut text = text.trim();
    while let Some(shorter) = ENDS.iter().find_map(|end| text.strip_suffix(end)) {
        text = shorter.trim_end();
    }
    text
}

fn name(column: &ColumnRef) -> String {
    match &column.qualifier {
        Some(qualifier) => format!("{qualifier}.{}", column.name),
        None => column.name.clone(),
    }
}

/// Each once, in order. A condition names few columns.
fn columns(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    for name in names {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    once
}

impl PredicateDoc {
    fn of(predicate: &Predicate) -> Self {
        let (value, value_kind) = match &predicate.value {
            Operand::Literal(text) => (Some(text.clone()), "literal"),
            Operand::Parameter => (Some("?".to_owned()), "parameter"),
            Operand::Column(column) => (Some(name(column)), "column"),
            Operand::Expression => (None, "expression"),
        };
        Self {
            column: predicate.column.name.clone(),
            qualifier: predicate.column.qualifier.clone(),
            operator: operator(predicate.operator).to_owned(),
            value,
            value_kind: value_kind.to_owned(),
            expression: predicate.wrapped.clone(),
            values: match predicate.operator {
                Comparison::In(values) => values,
                _ => None,
            },
        }
    }
}

fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::In(_) => "in",
        Comparison::Less => "<",
        Comparison::Greater => ">",
        Comparison::Between => "between",
        Comparison::Prefix => "prefix",
        Comparison::Pattern => "pattern",
        Comparison::LikeUnknown => "like",
        Comparison::IsNull => "is-null",
        Comparison::IsNotNull => "is-not-null",
        Comparison::NotEqual => "<>",
        Comparison::Contains => "contains",
        Comparison::Other => "other",
    }
}

/// The comparisons of a filter of MongoDB: its fields and those of `$and`.
fn of_mongodb(text: &str) -> Vec<PredicateDoc> {
    let mut found = Vec::new();
    let mut waiting = match serde_json::from_str(text) {
        Ok(Value::Object(filter)) => vec![filter],
        _ => Vec::new(),
    };
    while let Some(filter) = waiting.pop() {
        for (field, test) in filter {
            match test {
                Value::Array(arms) if field == "$and" => {
                    let objects = arms.into_iter().rev();
                    waiting.extend(objects.filter_map(|arm| match arm {
                        Value::Object(filter) => Some(filter),
                        _ => None,
                    }));
                }
                _ if field.starts_with('$') => {}
                Value::Object(tests) if tests.keys().all(|key| is_test(key)) => {
                    found.extend(tests.iter().map(|(test, value)| of_field(&field, test, value)));
                }
                value => found.push(of_field(&field, "$eq", &value)),
            }
        }
    }
    found
}

/// Whether `{"$gt": 5}` is a test; `{"$oid": "…"}` and `{"$date": …}` are values.
fn is_test(key: &str) -> bool {
    const VALUES: [&str; 10] = [
        "$oid",
        "$date",
        "$numberLong",
        "$numberInt",
        "$numberDouble",
        "$numberDecimal",
        "$binary",
        "$uuid",
        "$timestamp",
        "$regularExpression",
    ];
    key.starts_with('$') && !VALUES.contains(&key)
}

fn of_field(field: &str, test: &str, value: &Value) -> PredicateDoc {
    if let ("$not", Some((test, value))) = (test, only_test(value)) {
        let predicate = of_field(field, test, value);
        return PredicateDoc { operator: negative(&predicate.operator).to_owned(), ..predicate };
    }
    let operator = match test {
        "$eq" if value.is_null() => "is-null",
        "$exists" if value == false => "is-null",
        "$exists" => "is-not-null",
        "$eq" => "=",
        "$ne" | "$nin" | "$not" => "<>",
        "$lt" | "$lte" => "<",
        "$gt" | "$gte" => ">",
        "$in" => "in",
        "$regex" => "pattern",
        "$all" | "$elemMatch" | "$text" => "contains",
        _ => "other",
    };
    let values = value.as_array().filter(|_| operator == "in").map(|list| list.len() as u32);
    mongodb(field, operator, value, values)
}

/// The one test that `{"$not": …}` turns around; a `$not` inside it is left alone.
fn only_test(value: &Value) -> Option<(&str, &Value)> {
    let tests = value.as_object().filter(|tests| tests.len() == 1)?;
    let (test, value) = tests.iter().next()?;
    (test != "$not" && is_test(test)).then_some((test.as_str(), value))
}

fn negative(operator: &str) -> &'static str {
    match operator {
        "is-null" => "is-not-null",
        "is-not-null" => "is-null",
        "<" => ">",
        ">" => "<",
        "<>" => "=",
        "=" | "in" | "pattern" => "<>",
        _ => "other",
    }
}

fn mongodb(field: &str, operator: &str, value: &Value, values: Option<u32>) -> PredicateDoc {
    let literal = (value != "?").then(|| value.to_string());
    PredicateDoc {
        column: field.to_owned(),
        operator: operator.to_owned(),
        value_kind: if literal.is_some() { "literal" } else { "parameter" }.to_owned(),
        value: literal.or(Some("?".to_owned())),
        values,
        ..PredicateDoc::default()
    }
}

/// The bounds of an index scan, `{"a": ["[5, 5]"], "b": ["[MinKey, MaxKey]"]}`. A field that is not
/// bounded is in the index only.
fn of_bounds(text: &str) -> Vec<PredicateDoc> {
    let Ok(Value::Object(bounds)) = serde_json::from_str(text) else { return Vec::new() };
    let of_field = |(field, ranges): (&String, &Value)| {
        let list = ranges.as_array()?;
        let operator = match list.as_slice() {
            [one] => of_range(one.as_str()?)?,
            _ => "in",
        };
        let many = (operator == "in").then_some(list.len() as u32);
        Some(mongodb(field, operator, ranges, many))
    };
    bounds.iter().filter_map(of_field).collect()
}

/// What `[low, high)` demands; nothing when both ends are open.
fn of_range(range: &str) -> Option<&'static str> {
    let inner = range.trim_start_matches(['[', '(']).trim_end_matches([']', ')']);
    let low_open = ["MinKey", "-inf"].iter().any(|end| inner.starts_with(end));
    let high_open = ["MaxKey", " inf", " inf.0", " {}"].iter().any(|end| inner.ends_with(end));
    // `5, 5` and `"a, b", "a, b"`: the same on both sides of the middle.
    let half = inner.len().saturating_sub(2) / 2;
    let is_point = inner.len() > 2 && inner.get(..half) == inner.get(half + 2..);
    Some(match (low_open, high_open) {
        (true, true) => return None,
        _ if is_point => "=",
        (true, false) => "<",
        (false, true) => ">",
        (false, false) => "between",
    })
}

/// The conditions that the documents stand for.
pub(super) fn conditions(docs: Vec<ConditionDoc>) -> Result<Vec<Condition>, String> {
    let read = |doc: ConditionDoc| match ConditionKind::from_name(&doc.kind) {
        Some(kind) => Ok(Condition::new(kind, doc.text)),
        None => Err(format!("unknown kind of condition `{}`", doc.kind)),
    };
    docs.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: ConditionKind, text: &str, engine: Engine) -> ConditionDoc {
        let mut doc = ConditionDoc::of(&Condition::new(kind, text));
        doc.read(engine);
        doc
    }

    fn shown(doc: &ConditionDoc) -> Vec<String> {
        let one = |p: &PredicateDoc| {
            format!("{} {} {}", p.column, p.operator, p.value.as_deref().unwrap_or("…"))
        };
        doc.predicates.iter().map(one).collect()
    }

    #[test]
    fn conditions_of_sql_are_taken_apart() {
        let text = "((o.status = 'open'::text) AND (o.total > $1) AND (o.customer_id = c.id))";
        let doc = read(ConditionKind::Filter, text, Engine::Postgres);
        assert_eq!(shown(&doc), ["status = 'open'", "total > ?", "customer_id = c.id"]);
        assert_eq!(doc.columns, ["o.status", "o.total", "o.customer_id", "c.id"]);
        let or = read(ConditionKind::Filter, "((a = 1) OR (b = 2))", Engine::Postgres);
        assert_eq!((or.alternatives[0].len(), or.columns.len()), (2, 2));
        let mysql = read(ConditionKind::Filter, "(`shop`.`o`.`status` = 'open')", Engine::Mysql);
        assert_eq!(shown(&mysql), ["status = 'open'"]);
    }

    #[test]
    fn keys_have_columns() {
        let key = |text| read(ConditionKind::SortKey, text, Engine::Postgres).columns;
        assert_eq!(key("o.total DESC NULLS LAST"), ["o.total"]);
        assert_eq!(key("(lower(name))"), ["name"]);
    }

    #[test]
    fn filters_of_mongodb_are_taken_apart() {
        let text = r#"{"$and":[{"status":{"$eq":"open"}},{"n":{"$gte":1,"$lt":"?"}}],"_id":{"$oid":"5f"}}"#;
        let doc = read(ConditionKind::Filter, text, Engine::Mongodb);
        assert_eq!(shown(&doc), [r#"_id = {"$oid":"5f"}"#, "status = \"open\"", "n > 1", "n < ?"]);
        let negated = r#"{"a":{"$not":{"$exists":true}},"b":{"$not":{"$gt":5}}}"#;
        let doc = read(ConditionKind::Filter, negated, Engine::Mongodb);
        assert_eq!(shown(&doc), ["a is-null true", "b < 5"]);
        let bounds = r#"{"a":["[5, 5]"],"b":["[-inf.0, 20)"],"c":["[MinKey, MaxKey]"],"d":["[1, 1]","[2, 2]"],"e":["(1, 9]"]}"#;
        let doc = read(ConditionKind::Index, bounds, Engine::Mongodb);
        let operators: Vec<String> =
            doc.predicates.iter().map(|p| format!("{} {}", p.column, p.operator)).collect();
        assert_eq!(operators, ["a =", "b <", "d in", "e between"]);
        assert!(read(ConditionKind::Filter, "[[[", Engine::Mongodb).predicates.is_empty());
    }
}

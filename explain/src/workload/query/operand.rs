//! One side of a comparison: a column, a column inside something, a constant, or more than that.

use super::canonical::canonical_expression;
use super::children::Parts;
use super::{ColumnRef, Operand};
use crate::engine::Engine;
use sqlparser::ast::{DataType, Expr, Ident, ObjectName, ObjectNamePart, UnaryOperator, Value};

/// What one side of a comparison is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Side {
    /// A column, perhaps inside something.
    Column(Subject),
    /// Constant while the statement runs.
    Constant(Operand),
    /// Several columns, or a subquery.
    Complex,
}

/// The column that a predicate is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Subject {
    pub(super) column: ColumnRef,
    /// The expression around it.
    pub(super) wrapped: Option<String>,
    /// A cast to a text type around it.
    pub(super) cast: Option<String>,
}

impl Subject {
    /// Whether it is the column itself, as far as an index cares.
    pub(super) fn is_plain(&self) -> bool {
        self.wrapped.is_none()
    }
}

/// Marks the rest of a list whose length is not known; put in by `prepare`.
pub(super) const REST: &str = ":planscope_rest";

/// What `expr` is.
pub(super) fn side(expr: &Expr, engine: Engine) -> Side {
    let (inner, cast) = unwrap_harmless(expr);
    if let Some(column) = column(inner, engine) {
        return Side::Column(Subject { column, wrapped: None, cast });
    }
    let Some(mut columns) = columns(expr, engine) else { return Side::Complex };
    columns.dedup();
    match columns.pop() {
        None => Side::Constant(constant(expr)),
        Some(column) if columns.is_empty() => {
            let wrapped = Some(canonical_expression(&expr.to_string(), engine));
            Side::Column(Subject { column, wrapped, cast: None })
        }
        Some(_) => Side::Complex,
    }
}

/// The expression inside any number of parentheses.
pub(super) fn strip_parentheses(mut expr: &Expr) -> &Expr {
    while let Expr::Nested(inner) = expr {
        expr = inner;
    }
    expr
}

/// Strips parentheses and casts to text; says to which type the outermost one was.
fn unwrap_harmless(mut expr: &Expr) -> (&Expr, Option<String>) {
    let mut cast = None;
    loop {
        expr = match expr {
            Expr::Nested(inner) => inner,
            Expr::Cast { expr: inner, data_type, .. } if is_text(data_type) => {
                cast.get_or_insert_with(|| data_type.to_string().to_ascii_lowercase());
                inner
            }
            _ => return (expr, cast),
        };
    }
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Text
        | DataType::Varchar(_)
        | DataType::CharacterVarying(_)
        | DataType::CharVarying(_)
        | DataType::Char(_)
        | DataType::Character(_) => true,
        DataType::Custom(name, _) => name.to_string().eq_ignore_ascii_case("bpchar"),
        _ => false,
    }
}

/// The column that `expr` is, if it is nothing but one.
pub(super) fn column(expr: &Expr, engine: Engine) -> Option<ColumnRef> {
    match strip_parentheses(expr) {
        Expr::Identifier(name) if !is_moment(name) => {
            Some(ColumnRef { qualifier: None, name: identifier(name, engine) })
        }
        Expr::CompoundIdentifier(parts) => from_parts(parts, engine),
        _ => None,
    }
}

fn from_parts(parts: &[Ident], engine: Engine) -> Option<ColumnRef> {
    let (name, before) = parts.split_last()?;
    let qualifier = before.last().map(|part| identifier(part, engine));
    Some(ColumnRef { qualifier, name: identifier(name, engine) })
}

/// A qualified name as a column.
pub(super) fn object_column(name: &ObjectName, engine: Engine) -> Option<ColumnRef> {
    let parts: Vec<Ident> = name.0.iter().filter_map(ObjectNamePart::as_ident).cloned().collect();
    from_parts(&parts, engine)
}

/// The name that an identifier stands for.
pub(super) fn identifier(name: &Ident, engine: Engine) -> String {
    if engine == Engine::Postgres && name.quote_style.is_none() {
        name.value.to_lowercase()
    } else {
        name.value.clone()
    }
}

/// Names that are functions without parentheses.
fn is_moment(name: &Ident) -> bool {
    const MOMENTS: &[&str] = &[
        "current_date",
        "current_time",
        "current_timestamp",
        "localtime",
        "localtimestamp",
        "current_user",
        "session_user",
        "utc_date",
        "utc_timestamp",
        "default",
        "etc",
    ];
    name.quote_style.is_none() && MOMENTS.iter().any(|it| name.value.eq_ignore_ascii_case(it))
        || name.value.starts_with('@')
}

/// All columns inside `expr`, each once a place; `None` when there is a subquery in it.
fn columns(expr: &Expr, engine: Engine) -> Option<Vec<ColumnRef>> {
    let mut found = Vec::new();
    let mut todo = vec![expr];
    while let Some(expr) = todo.pop() {
        if let Some(column) = column(expr, engine) {
            found.push(column);
            continue;
        }
        if let Expr::MatchAgainst { columns, .. } = expr {
            found.extend(columns.iter().filter_map(|name| object_column(name, engine)));
        }
        let parts = Parts::of(expr);
        if !parts.queries.is_empty() {
            return None;
        }
        todo.extend(parts.exprs);
    }
    Some(found)
}

/// A constant expression: the literal in it if it is one (under casts, signs and parentheses),
/// else a parameter.
pub(super) fn constant(expr: &Expr) -> Operand {
    let mut negative = false;
    let mut inner = expr;
    loop {
        inner = match inner {
            Expr::Nested(e) | Expr::Cast { expr: e, .. } | Expr::Collate { expr: e, .. } => e,
            Expr::UnaryOp { op: UnaryOperator::Minus, expr: e } => {
                negative = !negative;
                e
            }
            Expr::UnaryOp { op: UnaryOperator::Plus, expr: e } => e,
            Expr::Prefixed { value, .. } => value,
            _ => break,
        };
    }
    let value = match inner {
        Expr::Value(value) => &value.value,
        Expr::TypedString(typed) => &typed.value.value,
        _ => return Operand::Parameter,
    };
    let text = match value {
        Value::Placeholder(_) => return Operand::Parameter,
        Value::Null => "NULL".to_owned(),
        value => value.to_string(),
    };
    match text.as_str() {
        // What a redacted string looks like: nothing is known of it.
        "'?'" | "E'?'" | "N'?'" | "\"?\"" => Operand::Parameter,
        _ if negative => Operand::Literal(format!("-{text}")),
        _ => Operand::Literal(text),
    }
}

/// The content of a string literal, under casts and parentheses.
pub(super) fn string_content(expr: &Expr) -> Option<&str> {
    let mut inner = expr;
    loop {
        inner = match inner {
            Expr::Nested(e) | Expr::Cast { expr: e, .. } | Expr::Collate { expr: e, .. } => e,
            Expr::Prefixed { value, .. } => value,
            _ => break,
        };
    }
    let value = match inner {
        Expr::Value(value) => &value.value,
        Expr::TypedString(typed) => &typed.value.value,
        _ => return None,
    };
    match value {
        Value::SingleQuotedString(text)
        | Value::DoubleQuotedString(text)
        | Value::EscapedStringLiteral(text)
        | Value::NationalStringLiteral(text) => Some(text),
        Value::DollarQuotedString(quoted) => Some(&quoted.value),
        _ => None,
    }
}

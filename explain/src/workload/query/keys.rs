//! GROUP BY, DISTINCT, ORDER BY, LIMIT, and whether a SELECT aggregates.

use super::children::Parts;
use super::operand::{self, column, identifier};
use super::scope::{Draft, Reader};
use super::{Bound, ColumnRef, Operand, OrderKey};
use crate::engine::Engine;
use sqlparser::ast;
use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, LimitClause, OrderByExpr, OrderByKind, OrderBySort, Select,
    SelectItem, SetExpr, Value,
};

impl<'a> Reader<'a> {
    pub(super) fn group_by(&self, draft: &mut Draft<'a>, select: &'a Select) {
        if let GroupByExpr::Expressions(exprs, _) = &select.group_by {
            for expr in exprs {
                let expr = resolved(expr, &select.projection, self.engine);
                draft.exprs.push(expr);
                draft.scope.group_by.extend(column(expr, self.engine));
            }
        }
        let distinct: Vec<&Expr> = match &select.distinct {
            None | Some(Distinct::All) => return,
            Some(Distinct::Distinct) => select.projection.iter().filter_map(item_expr).collect(),
            Some(Distinct::On(exprs)) => exprs.iter().collect(),
        };
        draft.scope.distinct = true;
        draft.exprs.extend(&distinct);
        for column in distinct.into_iter().filter_map(|expr| column(expr, self.engine)) {
            if !draft.scope.group_by.contains(&column) {
                draft.scope.group_by.push(column);
            }
        }
    }

    pub(super) fn order_and_limit(
        &self,
        draft: &mut Draft<'a>,
        query: &'a ast::Query,
        projection: &'a [SelectItem],
    ) {
        if let Some(order) = &query.order_by {
            match &order.kind {
                OrderByKind::Expressions(items) => self.order_by(draft, items, projection),
                OrderByKind::All(_) => draft.scope.order_by = None,
            }
        }
        match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, .. }) => {
                draft.scope.limit = limit.as_ref().and_then(bound);
                draft.scope.offset = offset.as_ref().and_then(|offset| bound(&offset.value));
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
                draft.scope.limit = bound(limit);
                draft.scope.offset = bound(offset);
            }
            None => {}
        }
        if let Some(fetch) = &query.fetch {
            // `FETCH FIRST ROW ONLY` is one row.
            draft.scope.limit = fetch.quantity.as_ref().map_or(Some(Bound::Number(1.0)), bound);
        }
    }

    pub(super) fn order_by(
        &self,
        draft: &mut Draft<'a>,
        items: &'a [OrderByExpr],
        projection: &'a [SelectItem],
    ) {
        let mut keys = Some(Vec::new());
        for item in items {
            let expr = resolved(&item.expr, projection, self.engine);
            draft.exprs.push(expr);
            let key = match column(expr, self.engine) {
                Some(column) => OrderKey {
                    column,
                    descending: item.options.sort == Some(OrderBySort::Desc),
                    nulls_first: item.options.nulls_first,
                },
                // `ORDER BY NULL` sorts by nothing.
                None if is_null(expr) => continue,
                None => {
                    keys = None;
                    continue;
                }
            };
            if let Some(keys) = &mut keys {
                keys.push(key);
            }
        }
        draft.scope.order_by = keys;
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if value.value == Value::Null)
}

/// What a key of ORDER BY or GROUP BY means: an ordinal or the name of an output column stands for its
/// expression.
fn resolved<'a>(expr: &'a Expr, projection: &'a [SelectItem], engine: Engine) -> &'a Expr {
    match expr {
        Expr::Value(value) => {
            let Value::Number(digits, _) = &value.value else { return expr };
            let ordinal = digits.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
            ordinal.and_then(|at| projection.get(at)).and_then(item_expr).unwrap_or(expr)
        }
        Expr::Identifier(name) => {
            let name = identifier(name, engine);
            let named = |item: &'a SelectItem| match item {
                SelectItem::ExprWithAlias { expr, alias } => {
                    (identifier(alias, engine) == name).then_some(expr)
                }
                SelectItem::UnnamedExpr(expr) => {
                    column(expr, engine).filter(|output| output.name == name).map(|_| expr)
                }
                _ => None,
            };
            projection.iter().find_map(named).unwrap_or(expr)
        }
        _ => expr,
    }
}

/// What the first arm of a UNION puts out.
pub(super) fn first_projection(body: &SetExpr) -> &[SelectItem] {
    let mut first = body;
    loop {
        first = match first {
            SetExpr::SetOperation { left, .. } => left,
            SetExpr::Query(inner) => &inner.body,
            SetExpr::Select(select) => return &select.projection,
            _ => return &[],
        };
    }
}

pub(super) fn item_expr(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

/// A row count; `None` for LIMIT NULL, which is no limit.
pub(super) fn bound(expr: &Expr) -> Option<Bound> {
    match operand::constant(expr) {
        Operand::Literal(text) if text == "NULL" => None,
        Operand::Literal(text) => Some(text.parse().map_or(Bound::Unknown, Bound::Number)),
        _ => Some(Bound::Unknown),
    }
}

pub(super) fn groups(select: &Select) -> bool {
    match &select.group_by {
        GroupByExpr::Expressions(exprs, modifiers) => !exprs.is_empty() || !modifiers.is_empty(),
        GroupByExpr::All(_) => true,
    }
}

/// Aggregates of all engines.
static AGGREGATES: &[&str] = &[
    "any_value",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "covar_pop",
    "covar_samp",
    "every",
    "group_concat",
    "json_agg",
    "json_arrayagg",
    "json_group_array",
    "json_group_object",
    "json_object_agg",
    "json_objectagg",
    "jsonb_agg",
    "jsonb_object_agg",
    "max",
    "min",
    "mode",
    "percentile_cont",
    "percentile_disc",
    "range_agg",
    "regr_slope",
    "std",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sum",
    "total",
    "var_pop",
    "var_samp",
    "variance",
    "xmlagg",
];

/// The column of `min(column)` and `max(column)`.
pub(super) fn extreme(expr: &Expr, engine: Engine) -> Option<ColumnRef> {
    let Expr::Function(function) = operand::strip_parentheses(expr) else { return None };
    let name = function.name.to_string();
    let picks_an_end = name.eq_ignore_ascii_case("min") || name.eq_ignore_ascii_case("max");
    match Parts::of(operand::strip_parentheses(expr)).exprs.as_slice() {
        [only] if picks_an_end && function.over.is_none() => column(only, engine),
        _ => None,
    }
}

/// Whether an aggregate is called in `expr` at this level, not as a window function.
pub(super) fn contains_aggregate(expr: &Expr) -> bool {
    let mut todo = vec![expr];
    while let Some(expr) = todo.pop() {
        if let Expr::Function(function) = expr
            && function.over.is_none()
            && AGGREGATES.contains(&function.name.to_string().to_ascii_lowercase().as_str())
        {
            return true;
        }
        todo.extend(Parts::of(expr).exprs);
    }
    false
}
